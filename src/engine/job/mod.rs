//! Glue jobs as the graphs that Glue Studio stores: `CodeGenConfigurationNodes`.
//!
//! A graph is parsed and checked before anything runs: a kind of node or a member that is not
//! executed is refused with its name. A run computes everything it will write before it writes the
//! first object, and takes back what it wrote when a later write fails.
//!
//! # What a run reads
//!
//! JSON sources read every object of a file, whatever stands between them, as Glue does; bytes that
//! are no record are counted, never skipped in silence. A column has the type the catalog gives it.
//! A value of another type is cast when it means the same (`"7"` in an `int` column); otherwise it
//! is NULL, its row is kept, and the report counts a conflict. Real Glue would carry both types in
//! a choice column until the graph resolves it; a graph without custom code cannot, and casting is
//! what its `ApplyMapping` then does.
//!
//! | file | nodes |
//! |---|---|
//! | `source` | CatalogSource, S3CatalogSource, S3JsonSource, S3ParquetSource |
//! | `mapping` `filter` `join` `sql` `transform` | the transforms |
//! | `target` | S3GlueParquetTarget, S3DirectTarget, CatalogTarget, S3CatalogTarget |
//! | `write` | files in Hive folders, all or nothing |
//! | `publish` | the catalog after a run |

mod filter;
mod frame;
mod graph;
mod join;
mod mapping;
mod members;
mod node;
mod publish;
mod report;
mod run;
mod source;
mod sql;
mod target;
mod transform;
pub(super) mod write;

pub use report::{JobReport, NodeReport, SourceReport, TargetReport};
pub use run::{GraphRun, JobError};

#[cfg(test)]
mod tests;
