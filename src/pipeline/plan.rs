//! What the pipeline is made of: the names of its resources and where its data lies.

use std::time::Duration;

use jiff::tz::TimeZone;

use crate::base::Timestamp;
use crate::reading::KeyChoice;

/// Names, places and sizes of one pipeline. Everything it makes is named here.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Kinesis stream, `windfarm` as in the original project.
    pub stream: String,
    /// Shards of the stream; `None` for on-demand capacity.
    pub shards: Option<i32>,
    /// Delivery stream.
    pub delivery_stream: String,
    /// Firehose buffer interval in seconds, 0 to 900.
    pub buffer_seconds: i32,
    /// Firehose buffer size in MiB, 1 to 128.
    pub buffer_mb: i32,
    /// Bucket for raw objects, curated and rejected rows and query results.
    pub bucket: String,
    /// Key prefix of raw objects; Firehose adds `yyyy/MM/dd/HH/`.
    pub raw_prefix: String,
    /// Role that Firehose assumes.
    pub firehose_role: String,
    /// Role that Glue assumes.
    pub glue_role: String,
    /// Glue database.
    pub database: String,
    /// Crawler over the raw objects.
    pub raw_crawler: String,
    /// Crawler over what the job wrote.
    pub curated_crawler: String,
    /// Glue job.
    pub job: String,
    /// Athena work group.
    pub work_group: String,
}

impl Plan {
    /// The original project's names, in a bucket of one's own.
    pub fn new(bucket: impl Into<String>) -> Self {
        Self {
            stream: "windfarm".to_owned(),
            shards: Some(1),
            delivery_stream: "windfarm".to_owned(),
            buffer_seconds: 60,
            buffer_mb: 5,
            bucket: bucket.into(),
            raw_prefix: "raw/".to_owned(),
            firehose_role: "windfarm-firehose".to_owned(),
            glue_role: "windfarm-glue".to_owned(),
            database: "wind_farm_project".to_owned(),
            raw_crawler: "windfarm-raw".to_owned(),
            curated_crawler: "windfarm-curated".to_owned(),
            job: "windfarm-curate".to_owned(),
            work_group: "primary".to_owned(),
        }
    }

    /// Table the crawler makes of the raw objects.
    pub fn raw_table(&self) -> &'static str {
        "raw"
    }

    /// Table of curated rows.
    pub fn curated_table(&self) -> &'static str {
        "curated"
    }

    /// Table of rejected rows.
    pub fn rejected_table(&self) -> &'static str {
        "rejected"
    }

    /// Folder of curated rows, with a trailing slash.
    pub fn curated_prefix(&self) -> &'static str {
        "curated/"
    }

    /// Folder of rejected rows, with a trailing slash.
    pub fn rejected_prefix(&self) -> &'static str {
        "rejected/"
    }

    /// Where Athena writes results.
    pub fn results_location(&self) -> String {
        format!("s3://{}/athena-results/", self.bucket)
    }

    /// Address of a key prefix in the bucket.
    pub fn location(&self, prefix: &str) -> String {
        format!("s3://{}/{prefix}", self.bucket)
    }
}

/// What the generators send, and when.
#[derive(Clone, Debug)]
pub struct Production {
    /// Root of everything random.
    pub seed: crate::base::Seed,
    /// The first tick.
    pub start: Timestamp,
    /// How long to send.
    pub duration: Duration,
    /// Time from tick to tick.
    pub interval: Duration,
    /// Turbines, each read by every app.
    pub turbines: u32,
    /// Zone of the clock that stamps the readings.
    pub zone: TimeZone,
    /// Share of readings that are dirty, in `0..=1`.
    pub dirt: f64,
    /// What decides the shard.
    pub key: KeyChoice,
}
