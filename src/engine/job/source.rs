//! Nodes that read.

use std::sync::Arc;

use async_trait::async_trait;
use datafusion::parquet::arrow::parquet_to_arrow_schema;
use datafusion::parquet::file::metadata::ParquetMetaDataReader;

use super::frame::Frame;
use super::members::Members;
use super::node::{Node, Opened, Source};
use super::report::SourceReport;
use super::run::Run;
use crate::engine::error::{Error, Result};
use crate::engine::table::files::{self, File};
use crate::engine::table::json::StreamCounts;
use crate::engine::table::partition::Partition;
use crate::engine::table::types::hive_type;
use crate::engine::table::{CatalogTable, Format, TableColumn, find};
use crate::store::S3Uri;

/// Members of S3 sources that change how reading is divided, not what is read.
const READING_SIZES: [&str; 4] = ["GroupSize", "GroupFiles", "MaxBand", "MaxFilesInBand"];

fn opened(table: CatalogTable, counts: Arc<StreamCounts>) -> Result<Opened> {
    let frame = Frame::of_table(Arc::new(table))?;
    let report = move || SourceReport {
        objects: counts.objects(),
        bytes: counts.bytes(),
        rejects: counts.rejects(),
        conflicts: counts.conflicts(),
        examples: counts.examples(),
        ..SourceReport::default()
    };
    Ok(Opened {
        frame,
        report: Box::new(report),
    })
}

/// `CatalogSource` and `S3CatalogSource`: a table of the Data Catalog.
#[derive(Debug)]
struct Catalog {
    database: String,
    table: String,
}

/// Parses `CatalogSource` or `S3CatalogSource`.
pub fn catalog(mut members: Members) -> std::result::Result<Node, String> {
    let node = Catalog {
        database: members.required("Database")?,
        table: members.required("Table")?,
    };
    members.finish()?;
    Ok(Node::Source(Box::new(node)))
}

#[async_trait]
impl Source for Catalog {
    async fn open(&self, run: &Run<'_>) -> Result<Opened> {
        let catalog = run.session.catalog().as_ref();
        let table = find(catalog, &self.database, &self.table)?;
        let counts = Arc::<StreamCounts>::default();
        let format = Format::of_job(&table, &counts)?;
        let objects = run.session.objects().clone();
        let table = CatalogTable::with_format(objects, catalog, &table, &self.database, format)?;
        opened(table.counting(Arc::clone(&counts)), counts)
    }
}

/// What the S3 sources have in common.
#[derive(Debug)]
struct Paths {
    folders: Vec<S3Uri>,
    recurse: bool,
}

fn paths(members: &mut Members) -> std::result::Result<Paths, String> {
    let texts = members.texts("Paths")?;
    if texts.is_empty() {
        return Err(format!("`Paths` of {} is missing", members.place()));
    }
    let folders = texts
        .iter()
        .map(|text| {
            S3Uri::parse(text).ok_or_else(|| {
                format!(
                    "`Paths` of {}: `{text}` is not an s3:// address",
                    members.place()
                )
            })
        })
        .collect::<std::result::Result<Vec<_>, String>>()?;
    members.harmless(&READING_SIZES);
    let recurse = members.flag("Recurse")?.unwrap_or(false);
    if let Some(mut options) = members.structure("AdditionalOptions")? {
        if options.flag("EnableSamplePath")? == Some(true) {
            return options.refuse("EnableSamplePath");
        }
        options.harmless(&["SamplePath"]);
        options.finish()?;
    }
    Ok(Paths { folders, recurse })
}

impl Paths {
    /// The files, in the order of paths and keys.
    async fn files(&self, run: &Run<'_>) -> Result<Vec<File>> {
        let mut found = Vec::new();
        for folder in &self.folders {
            let partition = Partition {
                values: Vec::new(),
                location: folder.clone(),
            };
            let below = files::list(run.session.objects(), &[partition]).await?;
            if below.is_empty() {
                // A path may also name one object.
                let objects = run.session.objects();
                let exact = objects.list(folder).await?;
                let exact = exact.into_iter().filter(|info| info.key == folder.key);
                found.extend(exact.map(|info| File {
                    bucket: folder.bucket.clone(),
                    info,
                    values: Vec::new(),
                }));
            }
            let depth = folder.folder().len();
            found.extend(below.into_iter().filter(|file| {
                let rest = file.info.key.get(depth..).unwrap_or("");
                self.recurse || !rest.contains('/')
            }));
        }
        if found.is_empty() {
            let paths: Vec<_> = self.folders.iter().map(ToString::to_string).collect();
            return Err(Error::Invalid(format!(
                "no file lies directly under {}{}",
                paths.join(", "),
                if self.recurse {
                    " or below"
                } else {
                    "; set `Recurse` to read folders below"
                }
            )));
        }
        for file in &found {
            if file
                .info
                .key
                .split('/')
                .rev()
                .skip(1)
                .any(|part| part.contains('='))
            {
                return Err(Error::Unsupported(format!(
                    "{} lies in a partition folder; a source by path does not make columns of those yet: use a catalog source",
                    file.uri()
                )));
            }
        }
        Ok(found)
    }
}

/// `S3ParquetSource`: Parquet files by path.
#[derive(Debug)]
struct Parquet {
    paths: Paths,
}

/// Parses `S3ParquetSource`.
pub fn parquet(mut members: Members) -> std::result::Result<Node, String> {
    let paths = paths(&mut members)?;
    // Parquet says itself how its pages are compressed.
    members.harmless(&["CompressionType"]);
    members.finish()?;
    Ok(Node::Source(Box::new(Parquet { paths })))
}

#[async_trait]
impl Source for Parquet {
    async fn open(&self, run: &Run<'_>) -> Result<Opened> {
        let files = self.paths.files(run).await?;
        let Some(first) = files.first() else {
            return Err(Error::Internal("no file".to_owned()));
        };
        // As Spark does without schema merging: one file's columns are taken for all.
        let body = run.session.objects().read(&first.uri()).await?;
        let not_parquet = |error: &dyn std::fmt::Display| {
            Error::BadData(format!("{} is not a Parquet file: {error}", first.uri()))
        };
        let metadata = ParquetMetaDataReader::new()
            .parse_and_finish(&body)
            .map_err(|error| not_parquet(&error))?;
        let file = metadata.file_metadata();
        let schema = parquet_to_arrow_schema(file.schema_descr(), file.key_value_metadata())
            .map_err(|error| not_parquet(&error))?;
        let columns = schema
            .fields()
            .iter()
            .map(|field| {
                let of = hive_type(field.data_type()).map_err(Error::Unsupported)?;
                Ok(TableColumn {
                    name: field.name().clone(),
                    of,
                    is_partition: false,
                })
            })
            .collect::<Result<Vec<_>>>()?;
        let counts = Arc::<StreamCounts>::default();
        let objects = run.session.objects().clone();
        let table = CatalogTable::of_files(objects, columns, files, Format::Parquet)?;
        opened(table.counting(Arc::clone(&counts)), counts)
    }
}

/// `S3JsonSource`: JSON files by path. Its columns are those of all records.
#[derive(Debug)]
struct Json {
    paths: Paths,
}

/// Parses `S3JsonSource`.
pub fn json(mut members: Members) -> std::result::Result<Node, String> {
    let paths = paths(&mut members)?;
    if members
        .text("CompressionType")?
        .is_some_and(|t| !t.is_empty())
    {
        return Err(format!(
            "`CompressionType` of {} is not executed by windfarm: files are read by their extension; leave it out",
            members.place()
        ));
    }
    // Records are found wherever they begin and end, on one line or several.
    members.harmless(&["Multiline"]);
    members.finish()?;
    Ok(Node::Source(Box::new(Json { paths })))
}

#[async_trait]
impl Source for Json {
    async fn open(&self, run: &Run<'_>) -> Result<Opened> {
        let files = self.paths.files(run).await?;
        let objects = run.session.objects().clone();
        let columns = crate::engine::table::json::infer(&objects, &files).await?;
        let counts = Arc::<StreamCounts>::default();
        let format = Format::Json(crate::engine::table::json::Reading::Stream(Arc::clone(
            &counts,
        )));
        let table = CatalogTable::of_files(objects, columns, files, format)?;
        opened(table, counts)
    }
}
