//! Rows into files: one file a folder, everything computed before the first object is written.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::{Arc, PoisonError};

use bytes::Bytes;
use datafusion::arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringArray, UInt32Array};
use datafusion::arrow::compute;
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::arrow::json::LineDelimitedWriter;
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::basic::{Compression, GzipLevel};
use datafusion::parquet::file::properties::WriterProperties;
use datafusion::physical_plan::ExecutionPlanProperties;
use futures::StreamExt;

use super::frame::Frame;
use super::publish::{self, Publication};
use super::report::TargetReport;
use super::run::Run;
use super::transform::column;
use crate::engine::error::{Error, Result};
use crate::engine::spark::cast;
use crate::engine::table::partition::{NULL_VALUE, escape};
use crate::engine::table::types::{hive_type, is_scalar};
use crate::glue::hive_type::HiveType;
use crate::store::{Objects, S3Uri};

/// The format of a target's files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileFormat {
    /// Parquet, by Glue's own writer.
    GlueParquet(Codec),
    /// Parquet, by Spark's writer.
    SparkParquet(Codec),
    /// One JSON object a line; NULLs are left out.
    Json {
        /// Whether files are compressed.
        gzip: bool,
    },
}

/// How Parquet pages are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Codec {
    /// Snappy, the default.
    Snappy,
    /// gzip.
    Gzip,
    /// Not at all.
    Uncompressed,
}

impl Codec {
    /// From `Compression` of a target; the error names what is not written.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "" | "snappy" => Some(Self::Snappy),
            "gzip" => Some(Self::Gzip),
            "none" | "uncompressed" => Some(Self::Uncompressed),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Snappy => "snappy",
            Self::Gzip => "gzip",
            Self::Uncompressed => "uncompressed",
        }
    }

    /// The same for the writer.
    pub fn parquet(self) -> Compression {
        match self {
            Self::Snappy => Compression::SNAPPY,
            Self::Gzip => Compression::GZIP(GzipLevel::default()),
            Self::Uncompressed => Compression::UNCOMPRESSED,
        }
    }
}

/// Everything one target will write.
#[derive(Debug)]
pub struct Staged {
    /// What it is, in numbers.
    pub report: TargetReport,
    /// The objects.
    pub objects: Vec<StagedObject>,
    /// What the catalog is to learn of it.
    pub publication: Option<Publication>,
}

/// An object to be written.
#[derive(Debug)]
pub struct StagedObject {
    /// Where to.
    pub at: S3Uri,
    body: Bytes,
}

/// Where and how a target writes.
#[derive(Clone, Debug)]
pub struct Layout {
    /// The folder.
    pub folder: S3Uri,
    /// The format of the files.
    pub format: FileFormat,
    /// Columns that become folders, outermost first.
    pub keys: Vec<String>,
}

/// A column as a folder's name or the catalog shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenColumn {
    /// The name as written.
    pub name: String,
    /// Its type.
    pub of: HiveType,
}

/// What was computed for a layout.
#[derive(Debug)]
pub struct Written {
    /// Report and objects; no publication yet.
    pub staged: Staged,
    /// The columns inside the files.
    pub data: Vec<WrittenColumn>,
    /// The columns that became folders.
    pub keys: Vec<WrittenColumn>,
    /// Values and folder of each partition written to, as the catalog keeps them.
    pub partitions: Vec<(Vec<String>, S3Uri)>,
}

/// Computes the rows of `input` into the files of `layout`.
pub async fn stage(run: &Run<'_>, input: &Frame, layout: &Layout) -> Result<Written> {
    let mut keys = Vec::new();
    for key in &layout.keys {
        keys.push(column(input, key)?.name);
    }
    let schema = input.schema();
    let mut shape = Shape::new(&schema, &keys, layout.format)?;
    let physical = run.session.physical(input.plan()).await?;
    let mut folders: BTreeMap<Vec<Option<String>>, Encoder> = BTreeMap::new();
    let mut rows = 0u64;
    for at in 0..physical.output_partitioning().partition_count() {
        let mut batches = physical.execute(at, run.session.context().task_ctx())?;
        while let Some(batch) = batches.next().await {
            let batch = batch?;
            rows += batch.num_rows() as u64;
            shape.deal(&batch, &mut folders)?;
        }
    }
    let stem = stem(run, layout).await?;
    let mut written = Written {
        staged: Staged {
            report: TargetReport {
                path: layout.folder.to_string(),
                rows,
                ..TargetReport::default()
            },
            objects: Vec::new(),
            publication: None,
        },
        data: shape.columns(&shape.data)?,
        keys: shape.columns(&shape.keys)?,
        partitions: Vec::new(),
    };
    for (values, encoder) in folders {
        let mut key = layout.folder.folder();
        for ((name, _), value) in shape.keys.iter().zip(&values) {
            key.push_str(&format!("{name}={}/", escape(value.as_deref())));
        }
        let folder = S3Uri {
            bucket: layout.folder.bucket.clone(),
            key: key.clone(),
        };
        if !values.is_empty() {
            let below = key.get(layout.folder.folder().len()..).unwrap_or(&key);
            let below = below.trim_end_matches('/').to_owned();
            written.staged.report.partitions.push(below);
            let texts = values
                .iter()
                .map(|value| value.as_deref().unwrap_or(NULL_VALUE));
            written
                .partitions
                .push((texts.map(str::to_owned).collect(), folder));
        }
        let body = encoder.finish()?;
        written.staged.report.objects += 1;
        written.staged.report.bytes += body.len() as u64;
        written.staged.objects.push(StagedObject {
            at: S3Uri {
                bucket: layout.folder.bucket.clone(),
                key: format!("{key}{stem}"),
            },
            body,
        });
    }
    Ok(written)
}

/// The name of the files of a target, as Glue gives them. Two runs in one millisecond, which a
/// virtual clock makes likely, must not overwrite each other's files, nor two targets of one run
/// that write to one folder: the later one counts on.
async fn stem(run: &Run<'_>, layout: &Layout) -> Result<String> {
    if let FileFormat::SparkParquet(codec) = layout.format {
        let suffix = match codec {
            Codec::Uncompressed => String::new(),
            Codec::Snappy => ".snappy".to_owned(),
            Codec::Gzip => ".gz".to_owned(),
        };
        return Ok(format!(
            "part-00000-{}-c000{suffix}.parquet",
            run.ids.uuid()
        ));
    }
    let folder = S3Uri {
        bucket: layout.folder.bucket.clone(),
        key: layout.folder.folder(),
    };
    let present = run.session.objects().list(&folder).await?;
    let mut taken = run.stems.lock().unwrap_or_else(PoisonError::into_inner);
    let mut millis = run.call.now.millis();
    while taken.contains(&millis)
        || present.iter().any(|object| {
            object.key.contains(&format!("/run-{millis}-part-"))
                || object.key.starts_with(&format!("run-{millis}-part-"))
        })
    {
        millis += 1;
    }
    taken.insert(millis);
    drop(taken);
    Ok(match layout.format {
        FileFormat::GlueParquet(codec) => format!(
            "run-{millis}-part-block-0-0-r-00000-{}.parquet",
            codec.name()
        ),
        FileFormat::Json { gzip: true } => format!("run-{millis}-part-r-00000.gz"),
        _ => format!("run-{millis}-part-r-00000"),
    })
}

/// Columns of the rows, split into those inside the files and those in folder names.
struct Shape {
    keys: Vec<(String, usize)>,
    data: Vec<(String, usize)>,
    input: SchemaRef,
    files: SchemaRef,
    format: FileFormat,
}

impl Shape {
    fn new(schema: &SchemaRef, keys: &[String], format: FileFormat) -> Result<Self> {
        let place = |name: &String| {
            let at = schema.index_of(name)?;
            Ok::<_, Error>((name.clone(), at))
        };
        let keys = keys.iter().map(place).collect::<Result<Vec<_>>>()?;
        let data: Vec<(String, usize)> = schema
            .fields()
            .iter()
            .enumerate()
            .filter(|(at, _)| keys.iter().all(|(_, key)| key != at))
            .map(|(at, field)| (field.name().clone(), at))
            .collect();
        if data.is_empty() {
            return Err(Error::Invalid(
                "all columns are partition keys: nothing would be left in the files".to_owned(),
            ));
        }
        let mut seen: Vec<String> = Vec::new();
        for field in schema.fields() {
            let name = field.name().to_lowercase();
            if seen.contains(&name) {
                return Err(Error::Invalid(format!("there are two columns `{name}`")));
            }
            seen.push(name);
        }
        let files = data
            .iter()
            .map(|(name, at)| {
                let of = cast::plain_type(schema.field(*at).data_type());
                let of = match (format, &of) {
                    (_, DataType::Null) => DataType::Utf8,
                    (FileFormat::Json { .. }, DataType::Timestamp(_, _)) => DataType::Utf8,
                    _ => of,
                };
                hive_type(&of).map_err(|why| Error::Invalid(format!("column `{name}`: {why}")))?;
                Ok(Field::new(name, of, true))
            })
            .collect::<Result<Vec<_>>>()?;
        Ok(Self {
            keys,
            data,
            input: Arc::clone(schema),
            files: Arc::new(Schema::new(files)),
            format,
        })
    }

    fn columns(&self, of: &[(String, usize)]) -> Result<Vec<WrittenColumn>> {
        of.iter()
            .map(|(name, at)| {
                let field = self.input.field(*at);
                let typed = match self.files.field_with_name(name) {
                    Ok(written) => written.data_type().clone(),
                    Err(_) => cast::plain_type(field.data_type()),
                };
                let hive = hive_type(&typed).map_err(Error::Invalid)?;
                Ok(WrittenColumn {
                    name: name.clone(),
                    of: hive.settled(),
                })
            })
            .collect()
    }

    /// Gives every row of a batch to the file of its folder.
    fn deal(
        &mut self,
        batch: &RecordBatch,
        folders: &mut BTreeMap<Vec<Option<String>>, Encoder>,
    ) -> Result<()> {
        let mut columns = Vec::new();
        for ((_, at), field) in self.data.iter().zip(self.files.fields()) {
            columns.push(cast::cast(batch.column(*at), field.data_type())?);
        }
        let data = RecordBatch::try_new(Arc::clone(&self.files), columns)?;
        if self.keys.is_empty() {
            return self.folder(folders, Vec::new())?.write(&data);
        }
        let mut texts = Vec::new();
        for (name, at) in &self.keys {
            texts.push(folder_text(name, batch.column(*at))?);
        }
        let texts: Vec<&StringArray> = texts.iter().map(|text| text.as_string()).collect();
        let mut groups: BTreeMap<Vec<Option<&str>>, Vec<u32>> = BTreeMap::new();
        // Rows of one folder often follow each other: a key is made for each such stretch.
        let mut from = 0;
        while from < batch.num_rows() {
            let same = |row: &usize| {
                let mut texts = texts.iter();
                texts.all(|text| folder_value(text, *row) == folder_value(text, from))
            };
            let to = from + (from..batch.num_rows()).take_while(same).count();
            let key = texts.iter().map(|text| folder_value(text, from));
            let index = |row: usize| u32::try_from(row).map_err(|e| Error::Internal(e.to_string()));
            groups
                .entry(key.collect())
                .or_default()
                .extend(index(from)?..index(to)?);
            from = to;
        }
        for (key, rows) in groups {
            let rows = if rows.len() == data.num_rows() {
                data.clone()
            } else {
                compute::take_record_batch(&data, &UInt32Array::from(rows))?
            };
            let key = key.into_iter().map(|text| text.map(str::to_owned));
            self.folder(folders, key.collect())?.write(&rows)?;
        }
        Ok(())
    }

    fn folder<'f>(
        &self,
        folders: &'f mut BTreeMap<Vec<Option<String>>, Encoder>,
        key: Vec<Option<String>>,
    ) -> Result<&'f mut Encoder> {
        use std::collections::btree_map::Entry;
        Ok(match folders.entry(key) {
            Entry::Occupied(found) => found.into_mut(),
            Entry::Vacant(new) => new.insert(Encoder::new(self.format, &self.files)?),
        })
    }
}

/// A row's value as its folder tells it: the empty text has no folder of its own, it is NULL's.
fn folder_value(texts: &StringArray, row: usize) -> Option<&str> {
    let text = texts.is_valid(row).then(|| texts.value(row));
    text.filter(|text| !text.is_empty() && *text != NULL_VALUE)
}

/// The text of partition values; of a type whose text is one value's only.
fn folder_text(name: &str, values: &ArrayRef) -> Result<ArrayRef> {
    let of = cast::plain_type(values.data_type());
    let hive = hive_type(&of).map_err(|why| Error::Invalid(format!("column `{name}`: {why}")))?;
    if !is_scalar(&hive) || of.is_floating() || of == DataType::Binary {
        return Err(Error::Unsupported(format!(
            "partitioning by `{name}`, which is {hive}, is not executed by windfarm"
        )));
    }
    cast::cast(values, &DataType::Utf8)
}

/// What Parquet files name as their writer.
pub const CREATED_BY: &str = concat!("windfarm ", env!("CARGO_PKG_VERSION"));

/// A file being built.
enum Encoder {
    Parquet(Box<ArrowWriter<Vec<u8>>>),
    Json(Vec<u8>, bool),
}

/// Rows of a row group. Parquet's usual million would be held in memory for every open folder.
const ROW_GROUP_ROWS: usize = 128 * 1024;

impl Encoder {
    fn new(format: FileFormat, schema: &SchemaRef) -> Result<Self> {
        let codec = match format {
            FileFormat::Json { gzip } => return Ok(Self::Json(Vec::new(), gzip)),
            FileFormat::GlueParquet(codec) | FileFormat::SparkParquet(codec) => codec,
        };
        let properties = WriterProperties::builder()
            .set_compression(codec.parquet())
            .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
            .set_created_by(CREATED_BY.to_owned())
            .build();
        let writer = ArrowWriter::try_new(Vec::new(), Arc::clone(schema), Some(properties))
            .map_err(encoding)?;
        Ok(Self::Parquet(Box::new(writer)))
    }

    fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        match self {
            Self::Parquet(writer) => writer.write(batch).map_err(encoding),
            Self::Json(out, _) => {
                let mut writer = LineDelimitedWriter::new(out);
                writer.write(batch)?;
                Ok(writer.finish()?)
            }
        }
    }

    fn finish(self) -> Result<Bytes> {
        Ok(match self {
            Self::Parquet(writer) => Bytes::from(writer.into_inner().map_err(encoding)?),
            Self::Json(out, false) => Bytes::from(out),
            Self::Json(out, true) => {
                let mut packed =
                    flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
                let done = packed.write_all(&out).and_then(|()| packed.finish());
                Bytes::from(done.map_err(|error| Error::Internal(error.to_string()))?)
            }
        })
    }
}

fn encoding(error: datafusion::parquet::errors::ParquetError) -> Error {
    Error::Internal(format!("the file could not be encoded: {error}"))
}

/// Writes what all targets staged, then publishes it. When a write fails, what was written is
/// deleted again and nothing is published.
pub async fn write_all(
    objects: &Arc<dyn Objects>,
    staged: Vec<(String, Staged)>,
    run: &Run<'_>,
) -> Result<Vec<TargetReport>> {
    // What the catalog would refuse is refused before anything is written.
    for (_, target) in &staged {
        if let Some(publication) = &target.publication {
            publish::check(run, publication)?;
        }
    }
    let mut done: Vec<S3Uri> = Vec::new();
    let mut reports = Vec::new();
    let mut publications = Vec::new();
    for (id, target) in staged {
        for object in target.objects {
            let headers = BTreeMap::from([(
                "content-type".to_owned(),
                "application/octet-stream".to_owned(),
            )]);
            let at = &object.at;
            let outcome = objects
                .write(&at.bucket, &at.key, object.body, headers)
                .await;
            if let Err(error) = outcome {
                return Err(take_back(objects, &done, error.into()).await);
            }
            done.push(object.at);
        }
        publications.extend(target.publication);
        reports.push(TargetReport {
            id,
            ..target.report
        });
    }
    for publication in publications {
        if let Err(error) = publish::apply(run, publication) {
            return Err(take_back(objects, &done, error).await);
        }
    }
    Ok(reports)
}

async fn take_back(objects: &Arc<dyn Objects>, written: &[S3Uri], error: Error) -> Error {
    let mut left = Vec::new();
    for at in written {
        if objects.delete(&at.bucket, &at.key).await.is_err() {
            left.push(at.to_string());
        }
    }
    if left.is_empty() {
        return error;
    }
    Error::Invalid(format!(
        "{error}; these objects were written and could not be deleted again: {}",
        left.join(", ")
    ))
}
