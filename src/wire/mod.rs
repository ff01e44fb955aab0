//! (being built)

pub mod adapter;
pub mod glue;
