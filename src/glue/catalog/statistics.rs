//! Column statistics of tables and partitions: kept as writers report them.
//!
//! Spark and Hive read them while planning, and fail when the calls are not answered.

use std::collections::BTreeMap;

use super::{Catalog, TableEntry, fold, own_catalog};
use crate::base::Call;
use crate::glue::api::{
    ColumnError, ColumnStatistics, ColumnStatisticsError,
    DeleteColumnStatisticsForPartitionRequest, DeleteColumnStatisticsForPartitionResponse,
    DeleteColumnStatisticsForTableRequest, DeleteColumnStatisticsForTableResponse,
    GetColumnStatisticsForPartitionRequest, GetColumnStatisticsForPartitionResponse,
    GetColumnStatisticsForTableRequest, GetColumnStatisticsForTableResponse, Table,
    UpdateColumnStatisticsForPartitionRequest, UpdateColumnStatisticsForPartitionResponse,
    UpdateColumnStatisticsForTableRequest, UpdateColumnStatisticsForTableResponse,
};
use crate::glue::error::{Error, Result};

/// Statistics by column name.
pub(super) type Statistics = BTreeMap<String, ColumnStatistics>;

/// The statistics of a table and of its partitions, which have their own.
#[derive(Clone, Debug, Default)]
pub(super) struct AllStatistics {
    table: Statistics,
    partitions: BTreeMap<Vec<String>, Statistics>,
}

impl AllStatistics {
    /// A partition is gone, and its statistics with it.
    pub(super) fn forget_partition(&mut self, values: &[String]) {
        self.partitions.remove(values);
    }

    /// A partition has other values now.
    pub(super) fn rename_partition(&mut self, old: &[String], new: Vec<String>) {
        if let Some(statistics) = self.partitions.remove(old) {
            self.partitions.insert(new, statistics);
        }
    }

    /// Columns that the table no longer has lose their statistics.
    pub(super) fn keep_columns_of(&mut self, table: &Table) {
        for statistics in std::iter::once(&mut self.table).chain(self.partitions.values_mut()) {
            statistics.retain(|column, _| has_column(table, column));
        }
    }
}

impl TableEntry {
    fn partition_statistics(&self, values: &[String]) -> Result<Option<&Statistics>> {
        self.check_partition(values)?;
        Ok(self.statistics.partitions.get(values))
    }

    fn partition_statistics_mut(&mut self, values: &[String]) -> Result<&mut Statistics> {
        self.check_partition(values)?;
        Ok(self
            .statistics
            .partitions
            .entry(values.to_vec())
            .or_default())
    }

    fn check_partition(&self, values: &[String]) -> Result<()> {
        if self.stored().contains_key(values) {
            return Ok(());
        }
        Err(Error::EntityNotFound("Cannot find partition.".to_owned()))
    }
}

impl Catalog {
    /// UpdateColumnStatisticsForTable: what cannot be kept is an item in `Errors`.
    pub fn update_column_statistics_for_table(
        &mut self,
        call: &Call,
        request: UpdateColumnStatisticsForTableRequest,
    ) -> Result<UpdateColumnStatisticsForTableResponse> {
        own_catalog(call, request.catalog_id.as_ref())?;
        let entry = self.entry_mut(&request.database_name, &request.table_name)?;
        let errors = update(
            &entry.table,
            &mut entry.statistics.table,
            request.column_statistics_list,
        );
        Ok(UpdateColumnStatisticsForTableResponse {
            errors: Some(errors),
        })
    }

    /// GetColumnStatisticsForTable: columns without any are items in `Errors`.
    pub fn get_column_statistics_for_table(
        &self,
        call: &Call,
        request: &GetColumnStatisticsForTableRequest,
    ) -> Result<GetColumnStatisticsForTableResponse> {
        own_catalog(call, request.catalog_id.as_ref())?;
        let entry = self.entry(&request.database_name, &request.table_name)?;
        let (found, errors) = get(Some(&entry.statistics.table), &request.column_names);
        Ok(GetColumnStatisticsForTableResponse {
            column_statistics_list: Some(found),
            errors: Some(errors),
        })
    }

    /// DeleteColumnStatisticsForTable.
    pub fn delete_column_statistics_for_table(
        &mut self,
        call: &Call,
        request: &DeleteColumnStatisticsForTableRequest,
    ) -> Result<DeleteColumnStatisticsForTableResponse> {
        own_catalog(call, request.catalog_id.as_ref())?;
        let entry = self.entry_mut(&request.database_name, &request.table_name)?;
        delete(&mut entry.statistics.table, &request.column_name)?;
        Ok(DeleteColumnStatisticsForTableResponse {})
    }

    /// UpdateColumnStatisticsForPartition: what cannot be kept is an item in `Errors`.
    pub fn update_column_statistics_for_partition(
        &mut self,
        call: &Call,
        request: UpdateColumnStatisticsForPartitionRequest,
    ) -> Result<UpdateColumnStatisticsForPartitionResponse> {
        own_catalog(call, request.catalog_id.as_ref())?;
        let entry = self.entry_mut(&request.database_name, &request.table_name)?;
        let table = entry.table.clone();
        let kept = entry.partition_statistics_mut(&request.partition_values)?;
        Ok(UpdateColumnStatisticsForPartitionResponse {
            errors: Some(update(&table, kept, request.column_statistics_list)),
        })
    }

    /// GetColumnStatisticsForPartition: columns without any are items in `Errors`.
    pub fn get_column_statistics_for_partition(
        &self,
        call: &Call,
        request: &GetColumnStatisticsForPartitionRequest,
    ) -> Result<GetColumnStatisticsForPartitionResponse> {
        own_catalog(call, request.catalog_id.as_ref())?;
        let entry = self.entry(&request.database_name, &request.table_name)?;
        let kept = entry.partition_statistics(&request.partition_values)?;
        let (found, errors) = get(kept, &request.column_names);
        Ok(GetColumnStatisticsForPartitionResponse {
            column_statistics_list: Some(found),
            errors: Some(errors),
        })
    }

    /// DeleteColumnStatisticsForPartition.
    pub fn delete_column_statistics_for_partition(
        &mut self,
        call: &Call,
        request: &DeleteColumnStatisticsForPartitionRequest,
    ) -> Result<DeleteColumnStatisticsForPartitionResponse> {
        own_catalog(call, request.catalog_id.as_ref())?;
        let entry = self.entry_mut(&request.database_name, &request.table_name)?;
        let kept = entry.partition_statistics_mut(&request.partition_values)?;
        delete(kept, &request.column_name)?;
        Ok(DeleteColumnStatisticsForPartitionResponse {})
    }
}

fn update(
    table: &Table,
    kept: &mut Statistics,
    list: Vec<ColumnStatistics>,
) -> Vec<ColumnStatisticsError> {
    let mut errors = Vec::new();
    for mut statistics in list {
        statistics.column_name = fold(&statistics.column_name);
        match check(table, &statistics) {
            Ok(()) => {
                kept.insert(statistics.column_name.clone(), statistics);
            }
            Err(error) => errors.push(ColumnStatisticsError {
                column_statistics: Some(statistics),
                error: Some(error.into()),
            }),
        }
    }
    errors
}

/// Statistics are of a column of the table and carry the figures of their type.
fn check(table: &Table, statistics: &ColumnStatistics) -> Result<()> {
    if !has_column(table, &statistics.column_name) {
        let name = &statistics.column_name;
        return Err(Error::EntityNotFound(format!("Column {name} not found.")));
    }
    let data = &statistics.statistics_data;
    let carried = match data.r#type.as_str() {
        "BOOLEAN" => data.boolean_column_statistics_data.is_some(),
        "DATE" => data.date_column_statistics_data.is_some(),
        "DECIMAL" => data.decimal_column_statistics_data.is_some(),
        "DOUBLE" => data.double_column_statistics_data.is_some(),
        "LONG" => data.long_column_statistics_data.is_some(),
        "STRING" => data.string_column_statistics_data.is_some(),
        "BINARY" => data.binary_column_statistics_data.is_some(),
        _ => false,
    };
    if carried {
        return Ok(());
    }
    Err(Error::InvalidInput(format!(
        "Statistics of type {} lack the data of that type.",
        data.r#type
    )))
}

fn has_column(table: &Table, name: &str) -> bool {
    let columns = table
        .storage_descriptor
        .as_ref()
        .and_then(|sd| sd.columns.as_ref());
    let mut names = columns.into_iter().chain(&table.partition_keys).flatten();
    names.any(|column| column.name == name)
}

fn get(kept: Option<&Statistics>, names: &[String]) -> (Vec<ColumnStatistics>, Vec<ColumnError>) {
    let mut found = Vec::new();
    let mut errors = Vec::new();
    for name in names {
        match kept.and_then(|kept| kept.get(&fold(name))) {
            Some(statistics) => found.push(statistics.clone()),
            None => errors.push(ColumnError {
                column_name: Some(name.clone()),
                error: Some(missing().into()),
            }),
        }
    }
    (found, errors)
}

fn delete(kept: &mut Statistics, name: &str) -> Result<()> {
    kept.remove(&fold(name)).map(drop).ok_or_else(missing)
}

fn missing() -> Error {
    Error::EntityNotFound("Statistics do not exist for this column".to_owned())
}

#[cfg(test)]
mod tests;
