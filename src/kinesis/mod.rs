//! (being built)

pub mod api;
