//! An AWS stream-to-query stack on one machine that really executes, and the wind farm it serves.
//!
//! The modules below are rooms, in layer order: each may import only from rooms above it (a test
//! enforces that). `ARCHITECTURE.md` follows one reading through all of them.

// Time, identity, seeds and the numbers AWS documents.
pub mod base;
// Turbines and their sensors: pure and deterministic.
pub mod turbine;
// The records turbines send, and readers that return rows and rejects.
pub mod reading;
// State that lasts: objects and the traits through which rooms meet.
pub mod store;
// Kinesis Data Streams, a pure state machine.
pub mod kinesis;
// S3, a pure state machine.
pub mod s3;
// IAM and STS, pure state machines.
pub mod iam;
// Data Firehose, a pure state machine.
pub mod firehose;
// Glue: Data Catalog, crawlers and jobs as pure state machines.
pub mod glue;
// Athena's API, a pure state machine.
pub mod athena;
// Everything that executes on DataFusion: Athena's SQL, Glue's job graphs, file formats.
pub mod engine;
// HTTP and the AWS protocols: requests in, replies out.
pub mod wire;
// Services, clock and server put together; the SDK's in-process connector.
pub mod emulator;
// The wind farm's pipeline, written against AWS SDK clients alone.
pub mod pipeline;
// Where the pipeline runs: in this process, on an endpoint, on AWS.
pub mod target;
// The command line.
pub mod cli;
