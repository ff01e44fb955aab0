//! Tables of the Data Catalog as DataFusion reads them.
//!
//! [`CatalogTable`] is the seam: Athena's analyzer and Glue's sources get one for a database and a
//! table name, with the catalog's column types beside Arrow's. Parquet is read by DataFusion with
//! columns found by name; JSON by our own reader with the SerDe's rules.

pub mod columns;
pub mod files;
pub mod joda;
pub mod json;
pub mod json_strict;
pub mod json_value;
pub mod parquet;
pub mod partition;
mod serde;
pub mod types;

use std::sync::Arc;

use datafusion::arrow::datatypes::{Field, FieldRef, Schema, SchemaRef};
use datafusion::catalog::{Session, TableProvider};
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use futures::future::BoxFuture;

use self::files::{File, split};
use self::json::{JsonScan, Output, Reading, StreamCounts};
use self::parquet::ParquetScan;
use self::partition::{Partition, is_decidable, prune};
pub use self::serde::is_view;
use self::types::{arrow_type, is_scalar};
use crate::engine::error::{Error, Result};
use crate::engine::objects::MeteredObjects;
use crate::engine::shared::Shared;
use crate::glue::api::{Column, Table};
use crate::glue::catalog::CatalogReader;
use crate::glue::hive_type::HiveType;
use crate::store::S3Uri;

/// How a table's files are read.
#[derive(Clone, Debug)]
pub enum Format {
    /// Parquet, columns by name.
    Parquet,
    /// JSON.
    Json(Reading),
}

/// A column as the catalog describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableColumn {
    /// Its name: in lower case for a table of the catalog, as written for files by path.
    pub name: String,
    /// Its type.
    pub of: HiveType,
    /// Whether it is a partition column: those follow the others.
    pub is_partition: bool,
}

/// A table of the catalog with its partitions, ready to be scanned.
#[derive(Debug)]
pub struct CatalogTable {
    objects: MeteredObjects,
    columns: Vec<TableColumn>,
    data: SchemaRef,
    partition_fields: Vec<FieldRef>,
    partition_schema: SchemaRef,
    schema: SchemaRef,
    partitions: Vec<Partition>,
    /// Files known beforehand, instead of those of the partitions.
    files: Option<Vec<File>>,
    format: Format,
    counts: Option<Arc<StreamCounts>>,
}

impl CatalogTable {
    /// Opens a table for Athena: partitions from the catalog, files by its SerDe.
    pub fn open(
        objects: MeteredObjects,
        catalog: &dyn CatalogReader,
        database: &str,
        table: &str,
    ) -> Result<Self> {
        let found = find(catalog, database, table)?;
        let format = serde::athena_format(&found)?;
        Self::with_format(objects, catalog, &found, database, format)
    }

    /// Opens a table with a reading of its files other than Athena's.
    pub fn with_format(
        objects: MeteredObjects,
        catalog: &dyn CatalogReader,
        table: &Table,
        database: &str,
        format: Format,
    ) -> Result<Self> {
        let descriptor = table.storage_descriptor.clone().unwrap_or_default();
        let data = typed(descriptor.columns.as_deref().unwrap_or_default(), false)?;
        let keys = typed(table.partition_keys.as_deref().unwrap_or_default(), true)?;
        if let Some(nested) = keys.iter().find(|key| !is_scalar(&key.of)) {
            return Err(Error::Metastore(format!(
                "partition column `{}` of `{}` cannot be of type {}",
                nested.name, table.name, nested.of
            )));
        }
        let location = descriptor.location.as_deref().unwrap_or("");
        let partitions = if keys.is_empty() {
            vec![Partition {
                values: Vec::new(),
                location: address(&table.name, location)?,
            }]
        } else {
            catalog
                .partitions(database, &table.name, None)
                .map_err(|error| Error::Metastore(error.to_string()))?
                .iter()
                .map(|partition| serde::partition(table, &descriptor, &keys, partition))
                .collect::<Result<Vec<_>>>()?
        };
        let mut columns = data;
        columns.extend(keys);
        Self::new(objects, columns, partitions, format)
    }

    /// A table that is described by its parts. Partition columns follow the others.
    pub fn new(
        objects: MeteredObjects,
        columns: Vec<TableColumn>,
        partitions: Vec<Partition>,
        format: Format,
    ) -> Result<Self> {
        let mut names: Vec<&str> = columns.iter().map(|c| c.name.as_str()).collect();
        names.sort_unstable();
        if let Some(twice) = names.windows(2).find(|pair| pair.first() == pair.last()) {
            return Err(Error::Metastore(format!(
                "the table has more than one column `{}`",
                twice.first().copied().unwrap_or_default()
            )));
        }
        let fields = |partition: bool| -> Vec<FieldRef> {
            columns
                .iter()
                .filter(|column| column.is_partition == partition)
                .map(|c| Arc::new(Field::new(&c.name, arrow_type(&c.of), true)))
                .collect()
        };
        let (data, keys) = (fields(false), fields(true));
        let all: Vec<FieldRef> = data.iter().chain(&keys).cloned().collect();
        Ok(Self {
            objects,
            data: Arc::new(Schema::new(data)),
            partition_schema: Arc::new(Schema::new(keys.clone())),
            partition_fields: keys,
            schema: Arc::new(Schema::new(all)),
            columns,
            partitions,
            files: None,
            format,
            counts: None,
        })
    }

    /// An unpartitioned table of given files.
    pub fn of_files(
        objects: MeteredObjects,
        columns: Vec<TableColumn>,
        files: Vec<File>,
        format: Format,
    ) -> Result<Self> {
        let mut table = Self::new(objects, columns, Vec::new(), format)?;
        table.files = Some(files);
        Ok(table)
    }

    /// The same table, counting on `counts` the Parquet files it scans. JSON counts by itself.
    #[must_use]
    pub fn counting(mut self, counts: Arc<StreamCounts>) -> Self {
        self.counts = Some(counts);
        self
    }

    /// The columns with the catalog's types, in the order of the schema.
    pub fn columns(&self) -> &[TableColumn] {
        &self.columns
    }

    /// The partitions, before any pruning; an unpartitioned table has one.
    pub fn partitions(&self) -> &[Partition] {
        &self.partitions
    }

    fn outputs(&self, projection: Option<&Vec<usize>>) -> (Vec<Output>, SchemaRef) {
        let data = self.data.fields().len();
        let wanted: Vec<usize> = match projection {
            Some(projection) => projection.clone(),
            None => (0..self.columns.len()).collect(),
        };
        let outputs = wanted
            .iter()
            .filter_map(|at| {
                let column = self.columns.get(*at)?;
                Some(match at.checked_sub(data) {
                    Some(key) => Output::Partition(key),
                    None => Output::Data(column.name.clone(), column.of.clone()),
                })
            })
            .collect();
        let fields: Vec<FieldRef> = wanted
            .iter()
            .filter_map(|at| self.schema.fields().get(*at).cloned())
            .collect();
        (outputs, Arc::new(Schema::new(fields)))
    }
}

/// A table of the catalog, or the error Athena gives for a missing one.
pub fn find(catalog: &dyn CatalogReader, database: &str, table: &str) -> Result<Table> {
    catalog
        .table(database, table)
        .ok_or_else(|| Error::TableNotFound {
            database: database.to_owned(),
            table: table.to_owned(),
        })
}

/// The address of a folder in the catalog.
pub fn address(table: &str, location: &str) -> Result<S3Uri> {
    S3Uri::parse(location).ok_or_else(|| {
        Error::Metastore(format!(
            "the location `{location}` of `{table}` is not an s3:// address"
        ))
    })
}

/// Columns of the catalog with their types parsed.
pub fn typed(columns: &[Column], is_partition: bool) -> Result<Vec<TableColumn>> {
    columns
        .iter()
        .map(|column| {
            let text = column.r#type.as_deref().unwrap_or("");
            let of = text
                .parse::<HiveType>()
                .map_err(|error| Error::Metastore(format!("column `{}`: {error}", column.name)))?;
            Ok(TableColumn {
                name: column.name.to_lowercase(),
                of,
                is_partition,
            })
        })
        .collect()
}

impl TableProvider for CatalogTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> datafusion::common::Result<Vec<TableProviderFilterPushDown>> {
        Ok(filters
            .iter()
            .map(|filter| {
                if is_decidable(filter, &self.partition_schema) {
                    TableProviderFilterPushDown::Exact
                } else if matches!(self.format, Format::Parquet) && !filter.is_volatile() {
                    TableProviderFilterPushDown::Inexact
                } else {
                    TableProviderFilterPushDown::Unsupported
                }
            })
            .collect())
    }

    // Spelled out: the future must not hold the filters as they are (see `engine::shared`).
    fn scan<'a, 'b, 'c, 'd, 'e>(
        &'a self,
        state: &'b dyn Session,
        projection: Option<&'c Vec<usize>>,
        filters: &'d [Expr],
        limit: Option<usize>,
    ) -> BoxFuture<'e, datafusion::common::Result<Arc<dyn ExecutionPlan>>>
    where
        'a: 'e,
        'b: 'e,
        'c: 'e,
        'd: 'e,
        Self: 'e,
    {
        let (by_partition, rest): (Vec<Expr>, Vec<Expr>) = filters
            .iter()
            .cloned()
            .partition(|filter| is_decidable(filter, &self.partition_schema));
        let partitions = prune(
            state,
            &self.partition_schema,
            self.partitions.clone(),
            &by_partition,
        );
        let rest = Shared::new(rest);
        Box::pin(async move {
            let files = match &self.files {
                Some(files) => files.clone(),
                None => files::list(&self.objects, &partitions?).await?,
            };
            self.scan_files(state, files, projection, &rest, limit)
        })
    }
}

impl CatalogTable {
    /// Reads `files`; `filters` are those that partitions do not decide.
    fn scan_files(
        &self,
        state: &dyn Session,
        files: Vec<File>,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> datafusion::common::Result<Arc<dyn ExecutionPlan>> {
        if let (Format::Parquet, Some(counts)) = (&self.format, &self.counts) {
            files.iter().for_each(|file| counts.opened(file.info.size));
        }
        match &self.format {
            Format::Parquet => Ok(ParquetScan {
                objects: &self.objects,
                data: &self.data,
                partitions: &self.partition_fields,
                files,
                projection,
                filters,
                // A limit may only cut what no filter is still to see.
                limit: limit.filter(|_| filters.is_empty()),
            }
            .plan(state)?),
            Format::Json(reading) => {
                let (outputs, schema) = self.outputs(projection);
                if files.is_empty() {
                    return Ok(Arc::new(EmptyExec::new(schema)));
                }
                let groups = split(files, state.config().target_partitions());
                let objects = self.objects.clone();
                let scan = JsonScan::new(objects, groups, outputs, reading.clone(), schema);
                Ok(Arc::new(scan))
            }
        }
    }
}

#[cfg(test)]
mod tests;
