//! The kinds of nodes. One file a kind: its members, its check and its execution.

use std::fmt::Debug;
use std::ops::RangeInclusive;

use async_trait::async_trait;

use super::frame::Frame;
use super::members::Members;
use super::run::Run;
use super::{mapping, source, target, transform};
use crate::engine::error::Result;
use crate::engine::job::report::SourceReport;
use crate::engine::job::write::Staged;

/// What a node does.
#[derive(Debug)]
pub enum Node {
    /// Reads.
    Source(Box<dyn Source>),
    /// Makes rows of rows.
    Transform(Box<dyn Transform>),
    /// Writes.
    Target(Box<dyn Target>),
}

/// A node that reads.
#[async_trait]
pub trait Source: Debug + Send + Sync {
    /// Opens what is to be read.
    async fn open(&self, run: &Run<'_>) -> Result<Opened>;
}

/// A source ready to be read.
pub struct Opened {
    /// Its rows.
    pub frame: Frame,
    /// What it will have read once the frame has run; `rows` is filled by the node's counter.
    pub report: Box<dyn FnOnce() -> SourceReport + Send>,
}

/// A node between sources and targets.
pub trait Transform: Debug + Send + Sync {
    /// The plan over its inputs, in the order in which the node names them.
    fn apply(&self, run: &Run<'_>, inputs: &[Frame]) -> Result<Frame>;
}

/// A node that writes.
#[async_trait]
pub trait Target: Debug + Send + Sync {
    /// Computes everything that is to be written, and writes nothing yet.
    async fn stage(&self, run: &Run<'_>, input: &Frame) -> Result<Staged>;
}

type Parsed = (&'static str, Node, RangeInclusive<usize>);

/// Parses a node of `kind`; the error says that the kind or a member is not executed.
pub fn parse(
    id: &str,
    kind: &str,
    members: Members,
    inputs: &[String],
) -> std::result::Result<Parsed, String> {
    let (none, one, two) = (0..=0, 1..=1, 2..=2);
    Ok(match kind {
        "CatalogSource" => ("CatalogSource", source::catalog(members)?, none),
        "S3CatalogSource" => ("S3CatalogSource", source::catalog(members)?, none),
        "S3JsonSource" => ("S3JsonSource", source::json(members)?, none),
        "S3ParquetSource" => ("S3ParquetSource", source::parquet(members)?, none),
        "ApplyMapping" => ("ApplyMapping", mapping::parse(members)?, one),
        "SelectFields" => ("SelectFields", transform::select_fields(members)?, one),
        "DropFields" => ("DropFields", transform::drop_fields(members)?, one),
        "RenameField" => ("RenameField", transform::rename_field(members)?, one),
        "DropDuplicates" => ("DropDuplicates", transform::drop_duplicates(members)?, one),
        "Filter" => ("Filter", super::filter::parse(members)?, one),
        "Union" => ("Union", transform::union(members)?, two),
        "Join" => ("Join", super::join::parse(members, inputs)?, two),
        "SparkSQL" => (
            "SparkSQL",
            super::sql::parse(members, inputs)?,
            1..=usize::MAX,
        ),
        "S3GlueParquetTarget" => ("S3GlueParquetTarget", target::glue_parquet(members)?, one),
        "S3DirectTarget" => ("S3DirectTarget", target::direct(members)?, one),
        "CatalogTarget" => ("CatalogTarget", target::catalog(members)?, one),
        "S3CatalogTarget" => ("S3CatalogTarget", target::catalog(members)?, one),
        other => {
            return Err(format!(
                "node `{id}` is of kind {other}, which windfarm does not execute yet"
            ));
        }
    })
}
