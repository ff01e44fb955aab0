//! HTTP and the AWS protocols: requests in, replies out. (Being built.)

pub mod adapter;
pub mod firehose;
pub mod json;
pub mod kinesis;
pub mod model;
pub mod query;
pub mod scope;
pub mod service;
