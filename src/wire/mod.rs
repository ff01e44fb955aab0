//! HTTP and the AWS protocols: requests in, replies out.
//!
//! One [`Router`] recognises every request, checks it against the API model and hands it to a
//! [`Backend`]; one thin adapter a service turns JSON into the core's types and back.
//!
//! Invariant: nothing here executes anything, and nothing here knows DataFusion.

pub mod adapter;
pub mod fidelity;
pub mod firehose;
pub mod glue;
pub mod iam;
pub mod json;
pub mod kinesis;
pub mod model;
pub mod query;
pub mod router;
pub mod s3;
pub mod scope;
pub mod server;
pub mod service;
pub mod sts;

pub use router::{Backend, Identity, Router};
pub use service::Service;
