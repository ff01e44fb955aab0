//! Everything that executes on DataFusion: Athena's SQL, Glue's job graphs, file formats.
//!
//! The only room that names DataFusion. It reads no clock: the time of a query or run comes in as
//! an argument. What it cannot execute it refuses by name before it reads the first byte.

pub mod calendar;
pub mod convert;
pub mod error;
pub mod hive;
pub mod job;
pub mod objects;
pub mod query;
pub mod sample;
pub mod session;
mod shared;
pub mod spark;
pub mod statement;
pub mod table;
#[cfg(test)]
mod testing;
pub mod trino;

pub use error::{Error, Result};
pub use session::{Engine, Limits, Session};
