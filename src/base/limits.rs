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

/// IAM and STS.
pub mod iam {
    use std::time::Duration;

    /// Tags of an entity. "IAM and AWS STS quotas", IAM guide.
    pub const MAX_TAGS: usize = 50;
    /// Managed policies attached to a role or a user. "IAM and AWS STS quotas".
    pub const ATTACHED_POLICIES_MAX: usize = 10;
    /// All inline policies of a role, without whitespace. "IAM and AWS STS quotas".
    pub const INLINE_ROLE_MAX_CHARS: usize = 10_240;
    /// All inline policies of a user, without whitespace. "IAM and AWS STS quotas".
    pub const INLINE_USER_MAX_CHARS: usize = 2_048;
    /// A managed policy's document, without whitespace. "IAM and AWS STS quotas".
    pub const MANAGED_POLICY_MAX_CHARS: usize = 6_144;
    /// A role's trust policy, without whitespace. "IAM and AWS STS quotas".
    pub const TRUST_POLICY_MAX_CHARS: usize = 2_048;
    /// Versions of a managed policy. "IAM and AWS STS quotas".
    pub const POLICY_VERSIONS_MAX: usize = 5;
    /// Access keys of a user. "IAM and AWS STS quotas".
    pub const ACCESS_KEYS_MAX: usize = 2;
    /// Items of a list page when none is asked for. API reference, ListRoles.
    pub const DEFAULT_MAX_ITEMS: usize = 100;
    /// Longest session of a role unless it says otherwise. API reference, CreateRole.
    pub const DEFAULT_MAX_SESSION_SECS: i32 = 3_600;
    /// Longest session when a role's credentials assume another role. API reference, AssumeRole.
    pub const ROLE_CHAINING_MAX_SECS: i32 = 3_600;
    /// Session of GetSessionToken and GetFederationToken. API reference.
    pub const DEFAULT_TOKEN_LIFETIME: Duration = Duration::from_secs(43_200);
    /// The same for the account's root. API reference, GetSessionToken.
    pub const ROOT_TOKEN_LIFETIME: Duration = Duration::from_secs(3_600);
}

/// HTTP. These bounds are this program's own: AWS's front ends do not document theirs.
pub mod wire {
    use std::time::Duration;

    /// Body of a JSON request. The largest AWS accepts is a PutRecords of 10 MiB, which base64 and
    /// JSON blow up to about 14 MiB.
    pub const JSON_BODY_MAX_BYTES: usize = 16 * 1024 * 1024;
    /// Body of a Query request: policy documents of some kilobytes, percent-encoded.
    pub const FORM_BODY_MAX_BYTES: usize = 1024 * 1024;
    /// Request line and headers.
    pub const HEADER_MAX_BYTES: usize = 64 * 1024;
    /// How long a client may take to send its headers.
    pub const HEADER_READ_TIMEOUT: Duration = Duration::from_secs(30);
    /// How long requests under way may take to finish after the stop signal.
    pub const SHUTDOWN_GRACE: Duration = Duration::from_secs(10);
}
