//! (being built)

pub mod adapter;
/// S3 over HTTP.
pub mod s3;
