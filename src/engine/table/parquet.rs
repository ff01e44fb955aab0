//! Scanning Parquet files by column name, with Athena's verdict where a file's type differs.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};
use datafusion::catalog::Session;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::parquet::{
    DefaultParquetFileReaderFactory, ParquetFileReaderFactory,
};
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::datasource::table_schema::TableSchema;
use datafusion::execution::object_store::{ObjectStoreRegistry, ObjectStoreUrl};
use datafusion::logical_expr::Expr;
use datafusion::logical_expr::utils::conjunction;
use datafusion::parquet::arrow::arrow_reader::ArrowReaderOptions;
use datafusion::parquet::arrow::async_reader::AsyncFileReader;
use datafusion::parquet::arrow::parquet_to_arrow_schema;
use datafusion::parquet::errors::ParquetError;
use datafusion::parquet::file::metadata::ParquetMetaData;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::{CastExpr, Column, Literal};
use datafusion::physical_expr_adapter::{PhysicalExprAdapter, PhysicalExprAdapterFactory};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use datafusion::physical_plan::union::UnionExec;
use futures::FutureExt;
use futures::future::BoxFuture;

use super::files::{File, split};
use crate::engine::error::{Error, Result};
use crate::engine::objects::{MeteredObjects, object_meta};

/// What a Parquet scan reads.
pub struct ParquetScan<'a> {
    /// The object space.
    pub objects: &'a MeteredObjects,
    /// Columns of the files, as the table has them.
    pub data: &'a SchemaRef,
    /// Partition columns.
    pub partitions: &'a [FieldRef],
    /// The files.
    pub files: Vec<File>,
    /// Columns asked, by their place among data and then partition columns.
    pub projection: Option<&'a Vec<usize>>,
    /// Filters that may spare row groups; rows that fail them may still be returned.
    pub filters: &'a [Expr],
    /// Rows enough for the query.
    pub limit: Option<usize>,
}

impl ParquetScan<'_> {
    /// The physical plan.
    pub fn plan(self, state: &dyn Session) -> Result<Arc<dyn ExecutionPlan>> {
        let schema = TableSchema::builder(Arc::clone(self.data))
            .with_table_partition_cols(self.partitions.to_vec())
            .build();
        let mut by_bucket: Vec<(String, Vec<File>)> = Vec::new();
        for file in self.files {
            match by_bucket.last_mut() {
                Some((bucket, files)) if *bucket == file.bucket => files.push(file),
                _ => by_bucket.push((file.bucket.clone(), vec![file])),
            }
        }
        let wanted: Vec<usize> = match self.projection {
            Some(projection) => projection.clone(),
            None => (0..schema.table_schema().fields().len()).collect(),
        };
        let mut plans: Vec<Arc<dyn ExecutionPlan>> = Vec::new();
        for (bucket, files) in by_bucket {
            let url = ObjectStoreUrl::parse(format!("s3://{bucket}"))?;
            let store = self.objects.get_store(url.as_ref())?;
            let readers = CheckedReaders {
                bucket,
                checked: self.data.project(
                    &wanted
                        .iter()
                        .copied()
                        .filter(|at| *at < self.data.fields().len())
                        .collect::<Vec<_>>(),
                )?,
                inner: DefaultParquetFileReaderFactory::new(store),
            };
            let mut options = state.config_options().execution.parquet.clone();
            options.pushdown_filters = false;
            let mut source = ParquetSource::new(schema.clone())
                .with_parquet_file_reader_factory(Arc::new(readers));
            if let Some(filter) = conjunction(self.filters.iter().cloned()) {
                let names = DFSchema::try_from(Arc::clone(schema.table_schema()))?;
                let filter = super::partition::unqualified(filter)?;
                source = source.with_predicate(state.create_physical_expr(filter, &names)?);
            }
            let groups = split(files, state.config().target_partitions())
                .into_iter()
                .map(|files| {
                    let files = files
                        .into_iter()
                        .map(|file| {
                            Ok(PartitionedFile::new_from_meta(object_meta(&file.info)?)
                                .with_partition_values(file.values))
                        })
                        .collect::<Result<Vec<_>>>()?;
                    Ok(FileGroup::new(files))
                })
                .collect::<Result<Vec<_>>>()?;
            let config = FileScanConfigBuilder::new(url, Arc::new(source))
                .with_file_groups(groups)
                .with_projection_indices(Some(wanted.clone()))?
                .with_limit(self.limit)
                .with_expr_adapter(Some(Arc::new(ByName)))
                .build();
            plans.push(DataSourceExec::from_data_source(config));
        }
        match plans.len() {
            0 => {
                let schema = schema.table_schema().project(&wanted)?;
                Ok(Arc::new(EmptyExec::new(Arc::new(schema))))
            }
            1 => plans
                .pop()
                .ok_or_else(|| Error::Internal("a scan was lost".to_owned())),
            _ => Ok(UnionExec::try_new(plans)?),
        }
    }
}

/// Whether a column of type `file` can be read as `table`, as Athena reads Parquet.
///
/// Whole numbers and decimals may change width (values that do not fit fail), `float` widens to
/// `double`, text and bytes are one, timestamps of any unit or zone are one. Nothing else: above
/// all no number is read as text and no text as a number.
pub fn is_readable(file: &DataType, table: &DataType) -> bool {
    use DataType::*;
    let whole = |of: &DataType| of.is_integer();
    let text = |of: &DataType| {
        matches!(
            of,
            Utf8 | LargeUtf8 | Utf8View | Binary | LargeBinary | BinaryView
        )
    };
    match (file, table) {
        (a, b) if a == b => true,
        (Dictionary(_, value), b) => is_readable(value, b),
        (a, b) if whole(a) && whole(b) => true,
        (Float16 | Float32, Float64) | (Float16, Float32) => true,
        (a, b) if text(a) && text(b) => true,
        (FixedSizeBinary(_), Binary) => true,
        (a, b) if a.is_decimal() && b.is_decimal() => true,
        (a, Decimal128(_, _)) if whole(a) => true,
        (Timestamp(_, _), Timestamp(_, _)) => true,
        (Date32 | Date64, Date32) => true,
        (List(a) | LargeList(a) | ListView(a) | FixedSizeList(a, _), List(b)) => {
            is_readable(a.data_type(), b.data_type())
        }
        (Map(a, _), Map(b, _)) => match (a.data_type(), b.data_type()) {
            (Struct(a), Struct(b)) => {
                a.len() == b.len()
                    && a.iter()
                        .zip(b)
                        .all(|(a, b)| is_readable(a.data_type(), b.data_type()))
            }
            _ => false,
        },
        (Struct(file), Struct(table)) => table.iter().all(|wanted| {
            match file
                .iter()
                .find(|field| field.name().eq_ignore_ascii_case(wanted.name()))
            {
                // A member that differs in case alone would be read as NULL; refuse it instead.
                Some(found) => {
                    found.name() == wanted.name()
                        && is_readable(found.data_type(), wanted.data_type())
                }
                None => true,
            }
        }),
        _ => false,
    }
}

fn find<'a>(schema: &'a Schema, name: &str) -> Option<(usize, &'a Field)> {
    let exact = schema.fields().iter().position(|f| f.name() == name);
    let at = exact.or_else(|| {
        schema
            .fields()
            .iter()
            .position(|f| f.name().eq_ignore_ascii_case(name))
    })?;
    schema.fields().get(at).map(|field| (at, field.as_ref()))
}

/// Opens files whose columns can be read as the table's, and names those that cannot.
struct CheckedReaders {
    bucket: String,
    checked: Schema,
    inner: DefaultParquetFileReaderFactory,
}

impl fmt::Debug for CheckedReaders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CheckedReaders({})", self.bucket)
    }
}

impl ParquetFileReaderFactory for CheckedReaders {
    fn create_reader(
        &self,
        partition: usize,
        file: PartitionedFile,
        hint: Option<usize>,
        metrics: &ExecutionPlanMetricsSet,
    ) -> datafusion::common::Result<Box<dyn AsyncFileReader + Send>> {
        let uri = format!("s3://{}/{}", self.bucket, file.object_meta.location);
        let inner = self.inner.create_reader(partition, file, hint, metrics)?;
        Ok(Box::new(CheckedReader {
            uri,
            wanted: self.checked.clone(),
            inner,
        }))
    }
}

struct CheckedReader {
    uri: String,
    wanted: Schema,
    inner: Box<dyn AsyncFileReader + Send>,
}

impl CheckedReader {
    fn check(&self, metadata: &ParquetMetaData) -> std::result::Result<(), ParquetError> {
        let file = metadata.file_metadata();
        let schema = parquet_to_arrow_schema(file.schema_descr(), file.key_value_metadata())?;
        for wanted in self.wanted.fields() {
            if let Some((_, found)) = find(&schema, wanted.name())
                && !is_readable(found.data_type(), wanted.data_type())
            {
                return Err(ParquetError::External(Box::new(Error::BadData(format!(
                    "Field {}'s type {} in parquet file {} is incompatible with type {} defined in table schema",
                    wanted.name(),
                    name_of(found.data_type()),
                    self.uri,
                    name_of(wanted.data_type()),
                )))));
            }
        }
        Ok(())
    }
}

fn name_of(of: &DataType) -> String {
    super::types::hive_type(of).map_or_else(|_| of.to_string(), |of| of.to_string())
}

impl AsyncFileReader for CheckedReader {
    fn get_bytes(
        &mut self,
        range: Range<u64>,
    ) -> BoxFuture<'_, datafusion::parquet::errors::Result<Bytes>> {
        self.inner.get_bytes(range)
    }

    fn get_byte_ranges(
        &mut self,
        ranges: Vec<Range<u64>>,
    ) -> BoxFuture<'_, datafusion::parquet::errors::Result<Vec<Bytes>>> {
        self.inner.get_byte_ranges(ranges)
    }

    fn get_metadata<'a>(
        &'a mut self,
        options: Option<&'a ArrowReaderOptions>,
    ) -> BoxFuture<'a, datafusion::parquet::errors::Result<Arc<ParquetMetaData>>> {
        async move {
            let metadata = self
                .inner
                .get_metadata(options)
                .await
                .map_err(|error| match error {
                    ParquetError::External(_) => error,
                    other => ParquetError::External(Box::new(Error::BadData(format!(
                        "{} is not a Parquet file: {other}",
                        self.uri
                    )))),
                })?;
            self.check(&metadata)?;
            Ok(metadata)
        }
        .boxed()
    }
}

/// Finds a table's columns in a file by name, without regard to case; missing ones are NULL.
#[derive(Debug)]
struct ByName;

impl PhysicalExprAdapterFactory for ByName {
    fn create(
        &self,
        table: SchemaRef,
        file: SchemaRef,
    ) -> datafusion::common::Result<Arc<dyn PhysicalExprAdapter>> {
        Ok(Arc::new(Adapter { table, file }))
    }
}

#[derive(Debug)]
struct Adapter {
    table: SchemaRef,
    file: SchemaRef,
}

impl PhysicalExprAdapter for Adapter {
    fn rewrite(
        &self,
        expr: Arc<dyn PhysicalExpr>,
    ) -> datafusion::common::Result<Arc<dyn PhysicalExpr>> {
        expr.transform(|expr| {
            let Some(column) = expr.downcast_ref::<Column>() else {
                return Ok(Transformed::no(expr));
            };
            let wanted = self.table.field_with_name(column.name())?;
            let Some((at, found)) = find(&self.file, column.name()) else {
                let null = ScalarValue::try_from(wanted.data_type())?;
                return Ok(Transformed::yes(Arc::new(Literal::new(null)) as _));
            };
            let read: Arc<dyn PhysicalExpr> = Arc::new(Column::new(found.name(), at));
            if found.data_type() == wanted.data_type() {
                return Ok(Transformed::yes(read));
            }
            Ok(Transformed::yes(Arc::new(CastExpr::new_with_target_field(
                read,
                Arc::new(wanted.clone()),
                None,
            )) as _))
        })
        .data()
    }
}
