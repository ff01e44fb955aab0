//! Everything that executes on DataFusion.

pub mod trino;
