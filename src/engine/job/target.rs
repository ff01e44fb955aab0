//! Nodes that write.

use std::sync::Arc;

use async_trait::async_trait;

use super::frame::Frame;
use super::members::Members;
use super::node::{Node, Target};
use super::publish::{Publication, SchemaChange};
use super::run::Run;
use super::write::{Codec, FileFormat, Layout, Staged, stage};
use crate::engine::error::{Error, Result};
use crate::engine::table::json::StreamCounts;
use crate::engine::table::{Format, address, find};
use crate::store::S3Uri;

/// `S3GlueParquetTarget` and `S3DirectTarget`: files under a path.
#[derive(Debug)]
struct Direct {
    layout: Layout,
    publish: Option<(String, String, SchemaChange)>,
}

fn folder(members: &mut Members) -> std::result::Result<S3Uri, String> {
    let path = members.required("Path")?;
    S3Uri::parse(&path).ok_or_else(|| {
        format!(
            "`Path` of {}: `{path}` is not an s3:// address",
            members.place()
        )
    })
}

/// Members of targets that are executed only with the value that asks nothing.
fn common(members: &mut Members) -> std::result::Result<(), String> {
    if let Some(mut quality) = members.structure("AutoDataQuality")? {
        if quality.flag("IsEnabled")? == Some(true) {
            return quality.refuse("IsEnabled");
        }
        quality.harmless(&["EvaluationContext"]);
        quality.finish()?;
    }
    match members.text("NumberTargetPartitions")?.as_deref() {
        // Glue's default: as many files as the rows have partitions in memory.
        None | Some("" | "0" | "1") => Ok(()),
        Some(_) => members.refuse("NumberTargetPartitions"),
    }
}

fn update_behavior(policy: &mut Members) -> std::result::Result<SchemaChange, String> {
    match policy.text("UpdateBehavior")?.as_deref() {
        None | Some("" | "UPDATE_IN_DATABASE") => Ok(SchemaChange::Update),
        Some("LOG") => Ok(SchemaChange::Log),
        Some(_) => policy.refuse("UpdateBehavior"),
    }
}

fn policy(
    members: &mut Members,
) -> std::result::Result<Option<(String, String, SchemaChange)>, String> {
    let Some(mut policy) = members.structure("SchemaChangePolicy")? else {
        return Ok(None);
    };
    if policy.flag("EnableUpdateCatalog")? != Some(true) {
        // Nothing is updated; what else it says is Glue Studio's memory.
        policy.harmless(&["UpdateBehavior", "Table", "Database"]);
        policy.finish()?;
        return Ok(None);
    }
    let change = update_behavior(&mut policy)?;
    let target = (
        policy.required("Database")?,
        policy.required("Table")?,
        change,
    );
    policy.finish()?;
    Ok(Some(target))
}

fn codec(members: &mut Members) -> std::result::Result<Codec, String> {
    let text = members.text("Compression")?.unwrap_or_default();
    match Codec::parse(&text) {
        Some(codec) => Ok(codec),
        None => Err(format!(
            "`Compression` {text} of {} is not executed by windfarm yet",
            members.place()
        )),
    }
}

/// Parses `S3GlueParquetTarget`.
pub fn glue_parquet(mut members: Members) -> std::result::Result<Node, String> {
    let folder = folder(&mut members)?;
    let format = FileFormat::GlueParquet(codec(&mut members)?);
    finish(members, folder, format)
}

/// Parses `S3DirectTarget`.
pub fn direct(mut members: Members) -> std::result::Result<Node, String> {
    let folder = folder(&mut members)?;
    let format = match members.required("Format")?.as_str() {
        "parquet" => FileFormat::SparkParquet(codec(&mut members)?),
        "json" => match members.text("Compression")?.as_deref() {
            None | Some("" | "none" | "uncompressed") => FileFormat::Json { gzip: false },
            Some("gzip") => FileFormat::Json { gzip: true },
            Some(_) => return members.refuse("Compression"),
        },
        other => {
            return Err(format!(
                "`Format` {other} of {} is not executed by windfarm yet",
                members.place()
            ));
        }
    };
    finish(members, folder, format)
}

fn finish(
    mut members: Members,
    folder: S3Uri,
    format: FileFormat,
) -> std::result::Result<Node, String> {
    let keys = members.columns("PartitionKeys")?;
    let publish = policy(&mut members)?;
    common(&mut members)?;
    members.finish()?;
    Ok(Node::Target(Box::new(Direct {
        layout: Layout {
            folder,
            format,
            keys,
        },
        publish,
    })))
}

#[async_trait]
impl Target for Direct {
    async fn stage(&self, run: &Run<'_>, input: &Frame) -> Result<Staged> {
        let written = stage(run, input, &self.layout).await?;
        let publication = self
            .publish
            .clone()
            .map(|(database, table, schema)| Publication {
                database,
                table,
                schema,
                location: self.layout.folder.clone(),
                format: self.layout.format,
                data: written.data,
                keys: written.keys,
                partitions: written.partitions,
            });
        Ok(Staged {
            publication,
            ..written.staged
        })
    }
}

/// `CatalogTarget` and `S3CatalogTarget`: a table of the Data Catalog.
#[derive(Debug)]
struct Catalog {
    database: String,
    table: String,
    keys: Vec<String>,
    schema: SchemaChange,
}

/// Parses `CatalogTarget` or `S3CatalogTarget`.
pub fn catalog(mut members: Members) -> std::result::Result<Node, String> {
    let database = members.required("Database")?;
    let table = members.required("Table")?;
    let keys = members.columns("PartitionKeys")?;
    let mut schema = SchemaChange::Log;
    if let Some(mut policy) = members.structure("SchemaChangePolicy")? {
        let enabled = policy.flag("EnableUpdateCatalog")? == Some(true);
        let change = update_behavior(&mut policy)?;
        policy.finish()?;
        if enabled {
            schema = change;
        }
    }
    common(&mut members)?;
    members.finish()?;
    Ok(Node::Target(Box::new(Catalog {
        database,
        table,
        keys,
        schema,
    })))
}

#[async_trait]
impl Target for Catalog {
    async fn stage(&self, run: &Run<'_>, input: &Frame) -> Result<Staged> {
        let found = find(run.session.catalog().as_ref(), &self.database, &self.table)?;
        let format = match Format::of_job(&found, &Arc::<StreamCounts>::default())? {
            Format::Parquet => FileFormat::GlueParquet(Codec::Snappy),
            Format::Json(_) => FileFormat::Json { gzip: false },
            Format::Text(_) => {
                return Err(Error::Unsupported(format!(
                    "writing lines of text to the table `{}` is not executed by windfarm",
                    found.name
                )));
            }
        };
        let descriptor = found.storage_descriptor.clone().unwrap_or_default();
        let keys = found.partition_keys.clone().unwrap_or_default();
        let keys: Vec<String> = keys.into_iter().map(|key| key.name).collect();
        let same = |a: &[String], b: &[String]| {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.eq_ignore_ascii_case(b))
        };
        if !self.keys.is_empty() && !same(&self.keys, &keys) {
            return Err(Error::Invalid(format!(
                "`PartitionKeys` are [{}], and the table `{}.{}` is partitioned by [{}]",
                self.keys.join(", "),
                self.database,
                self.table,
                keys.join(", ")
            )));
        }
        let layout = Layout {
            folder: address(&found.name, descriptor.location.as_deref().unwrap_or(""))?,
            format,
            keys,
        };
        let written = stage(run, input, &layout).await?;
        Ok(Staged {
            publication: Some(Publication {
                database: self.database.clone(),
                table: self.table.clone(),
                schema: self.schema,
                location: layout.folder,
                format,
                data: written.data,
                keys: written.keys,
                partitions: written.partitions,
            }),
            ..written.staged
        })
    }
}
