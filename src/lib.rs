//! An AWS stream-to-query stack on one machine that really executes, and the wind farm it serves.
//!
//! The modules below are rooms, in layer order: each may import only from rooms above it (a test
//! enforces that). `ARCHITECTURE.md` follows one reading through all of them.

/// Athena's API, a pure state machine.
pub mod athena;
/// Time, identity, seeds and the numbers AWS documents.
pub mod base;
/// The command line.
pub mod cli;
/// Services, clock and server put together; the SDK's in-process connector.
pub mod emulator;
/// Everything that executes on DataFusion: Athena's SQL, Glue's job graphs, file formats.
pub mod engine;
/// Data Firehose, a pure state machine.
pub mod firehose;
/// Glue: Data Catalog, crawlers and jobs as pure state machines.
pub mod glue;
/// IAM and STS, pure state machines.
pub mod iam;
/// Kinesis Data Streams, a pure state machine.
pub mod kinesis;
/// The wind farm's pipeline, written against AWS SDK clients alone.
pub mod pipeline;
/// The records turbines send, and readers that return rows and rejects.
pub mod reading;
/// S3, a pure state machine.
pub mod s3;
/// State that lasts: objects and the traits through which rooms meet.
pub mod store;
/// Where the pipeline runs: in this process, on an endpoint, on AWS.
pub mod target;
/// Turbines and their sensors: pure and deterministic.
pub mod turbine;
/// HTTP and the AWS protocols: requests in, replies out.
pub mod wire;
