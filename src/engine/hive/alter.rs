//! ALTER TABLE.

use std::collections::BTreeSet;

use super::Run;
use super::ast::{Alteration, PartitionSpec, TableName};
use super::create_table::{check_distinct, check_location};
use super::error::{HiveError, Result};
use super::show::partition_name;
use crate::glue::api::{Column, Partition, PartitionInput, StorageDescriptor, Table};

/// The table's names of partition columns, in order.
pub(super) fn keys(table: &Table) -> Vec<&str> {
    let keys = table.partition_keys.iter().flatten();
    keys.map(|key| key.name.as_str()).collect()
}

/// A partition's storage: the table's, elsewhere.
pub(super) fn stored_at(table: &Table, location: String) -> StorageDescriptor {
    StorageDescriptor {
        location: Some(location),
        ..table.storage_descriptor.clone().unwrap_or_default()
    }
}

/// The location of a table as a folder.
pub(super) fn folder(table: &Table) -> String {
    let descriptor = table.storage_descriptor.as_ref();
    let location = descriptor.and_then(|d| d.location.as_deref());
    format!("{}/", location.unwrap_or_default().trim_end_matches('/'))
}

/// The values of all partition columns in the table's order.
fn full_values(table: &Table, spec: &PartitionSpec) -> Result<Vec<String>> {
    check_spec(table, spec)?;
    let keys = keys(table);
    if spec.len() != keys.len() {
        return Err(HiveError::semantic(
            10006,
            format!(
                "Partition not found {}: every partition column needs a value",
                shown(spec)
            ),
        ));
    }
    Ok(keys
        .iter()
        .filter_map(|key| spec.iter().find(|(name, _)| name == key))
        .map(|(_, value)| value.clone())
        .collect())
}

fn check_spec(table: &Table, spec: &PartitionSpec) -> Result<()> {
    let keys = keys(table);
    let mut seen = BTreeSet::new();
    for (name, _) in spec {
        if !keys.contains(&name.as_str()) || !seen.insert(name) {
            return Err(HiveError::semantic(
                10098,
                format!("Non-Partition column appears in the partition specification:  {name}"),
            ));
        }
    }
    Ok(())
}

fn shown(spec: &PartitionSpec) -> String {
    let parts: Vec<String> = spec.iter().map(|(k, v)| format!("{k}={v}")).collect();
    parts.join("/")
}

impl Run<'_> {
    pub(super) fn alter(&self, name: &TableName, alteration: Alteration) -> Result<()> {
        let table = self.hive_table(name)?;
        let database = self.database_of(name);
        match alteration {
            Alteration::AddPartitions {
                if_not_exists,
                partitions,
            } => self.add_partitions(database, &table, if_not_exists, partitions),
            Alteration::DropPartitions { if_exists, specs } => {
                self.drop_partitions(database, &table, if_exists, &specs)
            }
            Alteration::RenamePartition { from, to } => {
                self.rename_partition(database, &table, &from, &to)
            }
            Alteration::AddColumns(added) => {
                let mut columns = data_columns(&table);
                columns.extend(added);
                self.set_columns(database, table, columns)
            }
            Alteration::ReplaceColumns(columns) => self.set_columns(database, table, columns),
            Alteration::SetLocation {
                partition,
                location,
            } => {
                check_location(&location)?;
                match partition {
                    Some(spec) => self.move_partition(database, &table, &spec, location),
                    None => self.update(database, table, |table| {
                        let descriptor = table.storage_descriptor.get_or_insert_default();
                        descriptor.location = Some(location);
                    }),
                }
            }
            Alteration::SetProperties(properties) => {
                if let Some((key, value)) = properties.iter().find(|(key, value)| {
                    key.eq_ignore_ascii_case("table_type") && !value.eq_ignore_ascii_case("hive")
                }) {
                    return Err(HiveError::Unsupported(format!(
                        "setting '{key}'='{value}' on a table"
                    )));
                }
                self.update(database, table, |table| {
                    table.parameters.get_or_insert_default().extend(properties);
                })
            }
        }
    }

    fn update(
        &self,
        database: &str,
        mut table: Table,
        change: impl FnOnce(&mut Table),
    ) -> Result<()> {
        change(&mut table);
        Ok(self
            .catalog
            .update_table(self.call, database, table.into())?)
    }

    /// Partitions keep their own columns, as in Hive without CASCADE.
    fn set_columns(&self, database: &str, table: Table, columns: Vec<Column>) -> Result<()> {
        check_distinct(columns.iter().map(|c| c.name.as_str()), keys(&table))?;
        self.update(database, table, |table| {
            table.storage_descriptor.get_or_insert_default().columns = Some(columns);
        })
    }

    fn partitions(&self, database: &str, table: &Table) -> Result<Vec<Partition>> {
        Ok(self.catalog.partitions(database, &table.name, None)?)
    }

    /// Checked as a whole before the first is added: all of them or none.
    fn add_partitions(
        &self,
        database: &str,
        table: &Table,
        if_not_exists: bool,
        partitions: Vec<(PartitionSpec, Option<String>)>,
    ) -> Result<()> {
        if keys(table).is_empty() {
            return Err(not_partitioned(table));
        }
        let existing: BTreeSet<Vec<String>> = self
            .partitions(database, table)?
            .into_iter()
            .filter_map(|partition| partition.values)
            .collect();
        let mut named = BTreeSet::new();
        let mut inputs = Vec::new();
        for (spec, location) in partitions {
            let values = full_values(table, &spec)?;
            if existing.contains(&values) || !named.insert(values.clone()) {
                if if_not_exists {
                    continue;
                }
                return Err(HiveError::Execution(
                    "AlreadyExistsException(message:Partition already exists.)".to_owned(),
                ));
            }
            let location = match location {
                Some(location) => {
                    check_location(&location)?;
                    location
                }
                None => format!("{}{}", folder(table), partition_name(&keys(table), &values)),
            };
            inputs.push(self.partition_input(table, values, location));
        }
        self.catalog
            .add_partitions(self.call, database, &table.name, inputs)?;
        Ok(())
    }

    pub(super) fn partition_input(
        &self,
        table: &Table,
        values: Vec<String>,
        location: String,
    ) -> PartitionInput {
        let stamp = ("transient_lastDdlTime".to_owned(), self.seconds());
        PartitionInput {
            values: Some(values),
            storage_descriptor: Some(stored_at(table, location)),
            parameters: Some([stamp].into()),
            ..PartitionInput::default()
        }
    }

    /// A specification without all columns means every partition that has its values.
    fn drop_partitions(
        &self,
        database: &str,
        table: &Table,
        if_exists: bool,
        specs: &[PartitionSpec],
    ) -> Result<()> {
        let keys = keys(table);
        let existing = self.partitions(database, table)?;
        let mut dropped = BTreeSet::new();
        for spec in specs {
            check_spec(table, spec)?;
            let before = dropped.len();
            let fits = |values: &Vec<String>| {
                spec.iter().all(|(name, value)| {
                    let at = keys.iter().position(|key| key == name);
                    at.and_then(|at| values.get(at)) == Some(value)
                })
            };
            dropped.extend(
                existing
                    .iter()
                    .filter_map(|p| p.values.clone())
                    .filter(fits),
            );
            if dropped.len() == before && !if_exists {
                return Err(HiveError::semantic(
                    10006,
                    format!("Partition not found {}", shown(spec)),
                ));
            }
        }
        let dropped: Vec<_> = dropped.into_iter().collect();
        self.catalog
            .delete_partitions(self.call, database, &table.name, &dropped)?;
        Ok(())
    }

    fn one_partition(
        &self,
        database: &str,
        table: &Table,
        spec: &PartitionSpec,
    ) -> Result<Partition> {
        let values = full_values(table, spec)?;
        let all = self.partitions(database, table)?;
        all.into_iter()
            .find(|partition| partition.values.as_ref() == Some(&values))
            .ok_or_else(|| {
                HiveError::semantic(10006, format!("Partition not found {}", shown(spec)))
            })
    }

    /// The data stay where they are, as for every partition of an external table.
    fn rename_partition(
        &self,
        database: &str,
        table: &Table,
        from: &PartitionSpec,
        to: &PartitionSpec,
    ) -> Result<()> {
        let partition = self.one_partition(database, table, from)?;
        let values = full_values(table, to)?;
        if self.one_partition(database, table, to).is_ok() {
            return Err(HiveError::Execution(format!(
                "AlreadyExistsException(message:Partition already exists: {})",
                shown(to)
            )));
        }
        let old = partition.values.clone().unwrap_or_default();
        let mut input = PartitionInput::from(partition);
        input.values = Some(values.clone());
        self.catalog
            .add_partitions(self.call, database, &table.name, vec![input])?;
        let removed = self
            .catalog
            .delete_partitions(self.call, database, &table.name, &[old]);
        if let Err(error) = removed {
            // All or nothing: the partition keeps its old name.
            self.catalog
                .delete_partitions(self.call, database, &table.name, &[values])?;
            return Err(error.into());
        }
        Ok(())
    }

    fn move_partition(
        &self,
        database: &str,
        table: &Table,
        spec: &PartitionSpec,
        location: String,
    ) -> Result<()> {
        let mut input = PartitionInput::from(self.one_partition(database, table, spec)?);
        input.storage_descriptor.get_or_insert_default().location = Some(location);
        Ok(self
            .catalog
            .update_partitions(self.call, database, &table.name, vec![input])?)
    }
}

pub(super) fn data_columns(table: &Table) -> Vec<Column> {
    let descriptor = table.storage_descriptor.clone();
    descriptor.and_then(|d| d.columns).unwrap_or_default()
}

pub(super) fn not_partitioned(table: &Table) -> HiveError {
    HiveError::semantic(
        10241,
        format!("Table {} is not a partitioned table", table.name),
    )
}
