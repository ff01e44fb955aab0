//! HTTP and the AWS protocols: requests in, replies out. (Being built.)

pub mod adapter;
pub mod fidelity;
pub mod iam;
pub mod json;
pub mod model;
pub mod query;
pub mod router;
pub mod scope;
pub mod server;
pub mod service;
pub mod sts;
