//! Every number AWS documents, once, with where it is documented.
//!
//! Names say what is limited; units are in the name. Page titles are those of the AWS guides.

/// Kinesis Data Streams.
pub mod kinesis {
    use std::time::Duration;

    /// Write throughput of a shard. "Quotas and limits", Kinesis Data Streams guide.
    pub const SHARD_WRITE_BYTES_PER_SEC: usize = 1024 * 1024;
    /// Write throughput of a shard. "Quotas and limits".
    pub const SHARD_WRITE_RECORDS_PER_SEC: usize = 1_000;
    /// Read throughput of a shard, shared by all readers without fan-out. "Quotas and limits".
    pub const SHARD_READ_BYTES_PER_SEC: usize = 2 * 1024 * 1024;
    /// GetRecords calls a shard answers per second. "Quotas and limits".
    pub const SHARD_READ_CALLS_PER_SEC: usize = 5;
    /// Entries of one PutRecords call. API reference, PutRecords.
    pub const PUT_RECORDS_MAX_ENTRIES: usize = 500;
    /// Data and partition keys of one PutRecords call. API reference, PutRecords.
    pub const PUT_RECORDS_MAX_BYTES: usize = 10 * 1024 * 1024;
    /// Data of a record on a stream left at its default. API reference, PutRecord.
    pub const DEFAULT_MAX_RECORD_BYTES: usize = 1024 * 1024;
    /// Records one GetRecords call returns at the most, and by default. API reference, GetRecords.
    pub const GET_RECORDS_MAX_RECORDS: usize = 10_000;
    /// Bytes one GetRecords call returns at the most. API reference, GetRecords.
    pub const GET_RECORDS_MAX_BYTES: usize = 10 * 1024 * 1024;
    /// How long GetRecords is refused after a reply of the maximum size. API reference, GetRecords.
    pub const GET_RECORDS_PENALTY: Duration = Duration::from_secs(5);
    /// Lifetime of a shard iterator. API reference, GetShardIterator.
    pub const ITERATOR_LIFETIME: Duration = Duration::from_secs(300);
    /// Retention a stream starts with. "Changing the Data Retention Period".
    pub const DEFAULT_RETENTION_HOURS: i32 = 24;
    /// Longest retention. "Changing the Data Retention Period".
    pub const MAX_RETENTION_HOURS: i32 = 8_760;
    /// Open shards of a new on-demand stream. "Choosing the Data Stream Capacity Mode".
    pub const ON_DEMAND_INITIAL_SHARDS: usize = 4;
}

/// Data Firehose.
pub mod firehose {
    /// A record's data. API reference, PutRecord.
    pub const RECORD_MAX_BYTES: usize = 1_024_000;
    /// Entries of one PutRecordBatch call. API reference, PutRecordBatch.
    pub const BATCH_MAX_RECORDS: usize = 500;
    /// Data of one PutRecordBatch call. API reference, PutRecordBatch.
    pub const BATCH_MAX_BYTES: usize = 4 * 1024 * 1024;
    /// Buffer size when none is given. API reference, BufferingHints.
    pub const DEFAULT_BUFFER_MB: i32 = 5;
    /// Buffer interval when none is given. API reference, BufferingHints.
    pub const DEFAULT_BUFFER_SECS: i32 = 300;
    /// Length of an evaluated prefix. "Custom Prefixes for Amazon S3 Objects".
    pub const PREFIX_MAX_CHARS: usize = 512;
}

/// S3.
pub mod s3 {
    /// Every part but the last. "Amazon S3 multipart upload limits".
    pub const PART_MIN_BYTES: u64 = 5 * 1024 * 1024;
    /// Highest part number. "Amazon S3 multipart upload limits".
    pub const PART_MAX_NUMBER: i32 = 10_000;
    /// Keys of one listing page. API reference, ListObjectsV2.
    pub const LIST_MAX_KEYS: i32 = 1_000;
    /// UTF-8 bytes of a key. "Creating object key names".
    pub const KEY_MAX_BYTES: usize = 1_024;
}

/// Glue.
pub mod glue {
    /// Entries of one BatchCreatePartition call. API reference.
    pub const BATCH_CREATE_PARTITION_MAX: usize = 100;
    /// Entries of one BatchDeletePartition call. API reference.
    pub const BATCH_DELETE_PARTITION_MAX: usize = 25;
    /// Entries of one BatchGetPartition call. API reference.
    pub const BATCH_GET_PARTITION_MAX: usize = 1_000;
    /// Entries of one BatchUpdatePartition call. API reference.
    pub const BATCH_UPDATE_PARTITION_MAX: usize = 100;
    /// Databases, tables or versions of one page. API reference, GetTables.
    pub const CATALOG_PAGE_MAX: usize = 100;
    /// Partitions of one page. API reference, GetPartitions.
    pub const PARTITION_PAGE_MAX: usize = 1_000;
    /// Crawlers, crawls, jobs or runs of one page. API reference, GetJobs.
    pub const PAGE_MAX: usize = 1_000;
    /// Jobs of one page. "GetJobRuns", API reference: at most 200 runs.
    pub const JOB_RUN_PAGE_MAX: usize = 200;
    /// Job runs one BatchStopJobRun call stops. API reference.
    pub const BATCH_STOP_JOB_RUN_MAX: usize = 25;
    /// Jobs or crawlers of one batch read. API reference, BatchGetCrawlers.
    pub const BATCH_GET_MAX: usize = 100;
    /// Shortest period of a crawler's schedule, in minutes. "Time-based schedules for jobs and
    /// crawlers", Glue guide.
    pub const SCHEDULE_MIN_PERIOD_MINS: i64 = 5;
    /// Minutes a run may take when nobody said, Glue 4.0 and older. API reference, CreateJob.
    pub const DEFAULT_TIMEOUT_MINS_GLUE_4: i32 = 2_880;
    /// Minutes a run may take when nobody said, Glue 5.0 and newer. API reference, CreateJob.
    pub const DEFAULT_TIMEOUT_MINS_GLUE_5: i32 = 480;
    /// Longest time a run may take, in minutes. API reference, CreateJob.
    pub const MAX_TIMEOUT_MINS: i32 = 10_080;
    /// Tags of one resource. "AWS tags in AWS Glue".
    pub const TAGS_MAX: usize = 50;
    /// Schema similarity above which folders become partitions of one table. "Setting crawler
    /// configuration options", Glue guide.
    pub const TABLE_SIMILARITY_THRESHOLD: f64 = 0.7;
}

/// Athena.
pub mod athena {
    /// UTF-8 bytes of a query string. "Service quotas", Athena guide.
    pub const QUERY_MAX_BYTES: usize = 262_144;
    /// Rows of one GetQueryResults page, the header row included. API reference, GetQueryResults.
    pub const RESULT_PAGE_MAX_ROWS: i32 = 1_000;
}
