//! (being built)

pub mod adapter;
