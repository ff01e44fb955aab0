//! HTTP and the AWS protocols: requests in, replies out. (Being built.)

pub mod adapter;
pub mod json;
pub mod kinesis;
pub mod model;
pub mod query;
pub mod scope;
pub mod service;
pub mod firehose;
/// S3 over HTTP.
pub mod s3;
pub mod glue;
