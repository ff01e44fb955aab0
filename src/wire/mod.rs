//! HTTP and the AWS protocols: requests in, replies out. (Being built.)

pub mod adapter;
pub mod fidelity;
pub mod iam;
pub mod json;
pub mod kinesis;
pub mod model;
pub mod query;
pub mod router;
pub mod scope;
pub mod server;
pub mod service;
pub mod firehose;
/// S3 over HTTP.
pub mod s3;
pub mod glue;
pub mod sts;
