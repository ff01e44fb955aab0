//! The wind farm's pipeline, written against AWS SDK clients alone.
//!
//! The same code runs in this process, on any endpoint and on AWS: what differs is made in
//! `target/`. One step a file, in the order of a reading's life.
//!
//! Invariant: nothing here knows the emulator. Time comes from the [`Clock`] of the target.

pub mod crawl;
pub mod deliver;
pub mod error;
mod patience;
pub mod plan;
pub mod produce;
pub mod progress;
pub mod provision;
pub mod query;
pub mod run;
pub mod stored;
pub mod teardown;
pub mod transform;
pub mod verify;

use crate::base::Clock;

pub use error::{Error, Result};
pub use plan::Plan;
pub use progress::{Progress, Step};
pub use run::{Report, run};

/// One SDK client a service, all for the same place.
#[derive(Clone, Debug)]
pub struct Clients {
    /// Kinesis Data Streams.
    pub kinesis: aws_sdk_kinesis::Client,
    /// Data Firehose.
    pub firehose: aws_sdk_firehose::Client,
    /// S3.
    pub s3: aws_sdk_s3::Client,
    /// Glue.
    pub glue: aws_sdk_glue::Client,
    /// Athena.
    pub athena: aws_sdk_athena::Client,
    /// IAM.
    pub iam: aws_sdk_iam::Client,
    /// STS.
    pub sts: aws_sdk_sts::Client,
    /// The clock on which this place's resources change state.
    pub clock: Clock,
}
