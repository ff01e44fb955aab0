//! Tables of the Data Catalog as DataFusion reads them.
//!
//! [`CatalogTable`] is the seam: Athena's analyzer and Glue's sources get one for a database and a
//! table name, with the catalog's column types beside Arrow's. Parquet is read by DataFusion with
//! columns found by name; JSON by our own reader with the SerDe's rules.

pub mod columns;
pub mod compression;
pub mod files;
pub mod joda;
pub mod json;
pub mod json_strict;
pub mod json_value;
pub mod parquet;
pub mod partition;
pub mod projection;
mod serde;
pub mod text;
pub mod types;

use std::sync::Arc;

use datafusion::arrow::datatypes::{Field, FieldRef, Schema, SchemaRef};
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::ScalarValue;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use futures::future::BoxFuture;

use self::files::{File, split};
use self::json::{JsonScan, Output, Reading, StreamCounts};
use self::parquet::ParquetScan;
use self::partition::{Partition, is_decidable, prune, verdicts};
use self::projection::{Projection, is_projected};
pub use self::serde::{check_kind, is_view};
use self::text::TextSerDe;
use self::types::{arrow_type, is_scalar};
use crate::base::Timestamp;
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
    /// Lines of text.
    Text(Arc<TextSerDe>),
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

/// A column that tells of the file a row comes from. "Hidden columns", Athena guide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hidden {
    /// `$path`: the file's address.
    Path,
    /// `$file_size`: its bytes.
    FileSize,
    /// `$partition`: the partition's name, `key=value/key=value`.
    Partition,
}

impl Hidden {
    const ALL: [Self; 3] = [Self::Path, Self::FileSize, Self::Partition];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Path => "$path",
            Self::FileSize => "$file_size",
            Self::Partition => "$partition",
        }
    }

    /// By its name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|hidden| hidden.name() == name)
    }

    const fn of(self) -> HiveType {
        match self {
            Self::Path | Self::Partition => HiveType::String,
            Self::FileSize => HiveType::BigInt,
        }
    }

    fn value(self, file: &File, keys: &[FieldRef]) -> ScalarValue {
        match self {
            Self::Path => ScalarValue::from(file.uri().to_string()),
            Self::FileSize => ScalarValue::from(i64::try_from(file.info.size).unwrap_or(i64::MAX)),
            Self::Partition => {
                let parts = keys.iter().zip(&file.values).map(|(key, value)| {
                    let text = projection::text_of(value);
                    format!("{}={}", key.name(), partition::escape(text.as_deref()))
                });
                ScalarValue::from(parts.collect::<Vec<_>>().join("/"))
            }
        }
    }
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
    /// How partitions are computed, instead of those.
    projection: Option<Projection>,
    /// Columns that tell of the file a row comes from; they follow the partition columns.
    hidden: Vec<Hidden>,
    /// Files known beforehand, instead of those of the partitions.
    files: Option<Vec<File>>,
    format: Format,
    counts: Option<Arc<StreamCounts>>,
}

impl CatalogTable {
    /// Opens a table for Athena: partitions from the catalog or by projection as of `now`, files by its
    /// SerDe, `hidden` columns behind its own.
    pub fn open(
        objects: MeteredObjects,
        catalog: &dyn CatalogReader,
        database: &str,
        table: &str,
        now: Timestamp,
        hidden: &[Hidden],
    ) -> Result<Self> {
        let found = find(catalog, database, table)?;
        let format = serde::athena_format(&found)?;
        let mut opened = if is_projected(&found) && found.partition_keys.is_some() {
            let mut columns = data_columns(&found)?;
            let keys = key_columns(&found)?;
            let projection = Projection::of(&found, database, &keys, now)?;
            columns.extend(keys);
            let mut opened = Self::new(objects, columns, Vec::new(), format)?;
            opened.projection = Some(projection);
            opened
        } else {
            Self::with_format(objects, catalog, &found, database, format)?
        };
        opened.show(hidden);
        Ok(opened)
    }

    /// Puts hidden columns behind the others.
    fn show(&mut self, hidden: &[Hidden]) {
        let mut all: Vec<FieldRef> = self.schema.fields().iter().cloned().collect();
        for one in hidden {
            let field = Arc::new(Field::new(one.name(), arrow_type(&one.of()), true));
            self.partition_fields.push(Arc::clone(&field));
            all.push(field);
            self.columns.push(TableColumn {
                name: one.name().to_owned(),
                of: one.of(),
                is_partition: true,
            });
        }
        self.hidden = hidden.to_vec();
        self.schema = Arc::new(Schema::new(all));
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
        let data = data_columns(table)?;
        let keys = key_columns(table)?;
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
            projection: None,
            hidden: Vec::new(),
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

fn data_columns(table: &Table) -> Result<Vec<TableColumn>> {
    let descriptor = table.storage_descriptor.as_ref();
    let columns = descriptor.and_then(|descriptor| descriptor.columns.as_deref());
    typed(columns.unwrap_or_default(), false)
}

fn key_columns(table: &Table) -> Result<Vec<TableColumn>> {
    let keys = typed(table.partition_keys.as_deref().unwrap_or_default(), true)?;
    match keys.iter().find(|key| !is_scalar(&key.of)) {
        None => Ok(keys),
        Some(nested) => Err(Error::Metastore(format!(
            "partition column `{}` of `{}` cannot be of type {}",
            nested.name, table.name, nested.of
        ))),
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
                if is_decidable(filter, &self.partition_schema) || self.is_of_files(filter) {
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
        let partitions = match &self.projection {
            Some(projection) => projection.partitions(state, &self.partition_schema, &by_partition),
            None => prune(
                state,
                &self.partition_schema,
                self.partitions.clone(),
                &by_partition,
            ),
        };
        let rest = Shared::new(rest);
        Box::pin(async move {
            let files = match &self.files {
                Some(files) => files.clone(),
                None => files::list(&self.objects, &partitions?).await?,
            };
            let (files, rest) = self.told_apart(state, files, &rest)?;
            self.scan_files(state, files, projection, &rest, limit)
        })
    }
}

impl CatalogTable {
    /// Columns that all rows of a file share: partition columns, and hidden ones.
    fn of_files_schema(&self) -> SchemaRef {
        Arc::new(Schema::new(self.partition_fields.clone()))
    }

    /// Whether a filter is decided by the hidden columns of files.
    fn is_of_files(&self, filter: &Expr) -> bool {
        !self.hidden.is_empty() && is_decidable(filter, &self.of_files_schema())
    }

    /// The files with their hidden columns, without those that a filter on these excludes; and the
    /// filters that are left.
    fn told_apart(
        &self,
        state: &dyn Session,
        mut files: Vec<File>,
        filters: &[Expr],
    ) -> Result<(Vec<File>, Vec<Expr>)> {
        if self.hidden.is_empty() {
            return Ok((files, filters.to_vec()));
        }
        let keys = self.partition_schema.fields();
        for file in &mut files {
            let told: Vec<ScalarValue> = self
                .hidden
                .iter()
                .map(|one| one.value(file, keys))
                .collect();
            file.values.extend(told);
        }
        let (own, rest): (Vec<Expr>, Vec<Expr>) = filters
            .iter()
            .cloned()
            .partition(|filter| self.is_of_files(filter));
        let rows: Vec<&[ScalarValue]> = files.iter().map(|file| file.values.as_slice()).collect();
        let kept = verdicts(state, &self.of_files_schema(), &rows, &own)?;
        let mut kept = kept.into_iter();
        files.retain(|_| kept.next().unwrap_or(true));
        Ok((files, rest))
    }

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
            Format::Json(reading) => Ok(self.lines(state, files, projection, reading.clone())),
            Format::Text(serde) => {
                let reading = Reading::Text(Arc::clone(serde));
                Ok(self.lines(state, files, projection, reading))
            }
        }
    }
}

impl CatalogTable {
    /// Reads files of records, one a line or one behind the other.
    fn lines(
        &self,
        state: &dyn Session,
        files: Vec<File>,
        projection: Option<&Vec<usize>>,
        reading: Reading,
    ) -> Arc<dyn ExecutionPlan> {
        let (outputs, schema) = self.outputs(projection);
        if files.is_empty() {
            return Arc::new(EmptyExec::new(schema));
        }
        let groups = split(files, state.config().target_partitions());
        let objects = self.objects.clone();
        Arc::new(JsonScan::new(objects, groups, outputs, reading, schema))
    }
}

#[cfg(test)]
mod tests;
