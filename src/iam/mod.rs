//! (being built)

pub mod api;
pub mod sts_api;
