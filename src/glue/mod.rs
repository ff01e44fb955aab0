//! (being built)

pub mod api;
pub mod hive_type;
