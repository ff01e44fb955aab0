//! HTTP and the AWS protocols: requests in, replies out.
//!
//! The way of a request: [`server`] (or the SDK's in-process connector) → [`router`] recognises the
//! service → [`json`], [`cbor`] or [`query`] reads it into a JSON value → [`model`] checks it against the API's
//! facts → the backend's adapter for that service (one module a service here) makes it a typed
//! request of a core. The reply goes back the same way; [`event_stream`] frames the one that goes on. S3 is spoken by the `s3s` crate.
//!
//! Invariant: adapters translate and decide nothing; what AWS has and no adapter handles answers 501
//! by name ([`fidelity`] lists it).

pub mod adapter;
pub mod athena;
pub mod cbor;
pub mod event_stream;
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
pub mod signature;
pub mod sts;
pub mod tls;

pub use router::{Backend, Identity, Router};
pub use service::Service;
pub use signature::Authentication;
