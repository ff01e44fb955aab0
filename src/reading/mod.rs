//! (being built)

pub mod json_stream;
mod scan;
