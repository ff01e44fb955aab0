//! HTTP and the AWS protocols: requests in, replies out. (Being built.)

pub mod adapter;
pub mod kinesis;
pub mod json;
pub mod model;
pub mod query;
pub mod scope;
pub mod service;
