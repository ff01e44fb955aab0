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
    /// GetShardIterator calls a shard answers per second. API reference, GetShardIterator.
    pub const SHARD_ITERATOR_CALLS_PER_SEC: usize = 5;
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
    /// How long an on-demand stream takes to grow. "Choosing the Data Stream Capacity Mode".
    pub const ON_DEMAND_SCALES_WITHIN: Duration = Duration::from_secs(15 * 60);
    /// Shards an on-demand stream grows to: 200 MiB/s of writes, the default quota of most regions.
    /// "Quotas and limits".
    pub const ON_DEMAND_MAX_SHARDS: usize = 200;
    /// Shortest retention. "Changing the Data Retention Period".
    pub const MIN_RETENTION_HOURS: i32 = 24;
    /// Record ceiling of a stream left at its default, in KiB. API reference, CreateStream.
    pub const DEFAULT_MAX_RECORD_KIB: i32 = 1_024;
    /// Lifetime of a page token. API reference, ListShards.
    pub const NEXT_TOKEN_LIFETIME: Duration = Duration::from_secs(300);
    /// Shards one DescribeStream call returns at the most, and by default. API reference.
    pub const DESCRIBE_STREAM_MAX_SHARDS: usize = 100;
    /// Shards one ListShards call returns at the most, and by default. API reference.
    pub const LIST_SHARDS_MAX_RESULTS: usize = 1_000;
    /// Streams one ListStreams call returns by default. API reference.
    pub const LIST_STREAMS_DEFAULT: usize = 100;
    /// Consumers one ListStreamConsumers call returns by default. API reference.
    pub const LIST_CONSUMERS_DEFAULT: usize = 100;
    /// Tags one ListTagsForStream call returns by default. API reference.
    pub const LIST_TAGS_DEFAULT: usize = 50;
    /// Streams of an account that may be CREATING at once. API reference, CreateStream.
    pub const MAX_CREATING_STREAMS: usize = 5;
    /// Open shards of an account's provisioned streams: the highest default, that of us-east-1.
    /// "Quotas and limits".
    pub const ACCOUNT_SHARD_LIMIT: usize = 20_000;
    /// On-demand streams of an account. "Quotas and limits".
    pub const ON_DEMAND_STREAM_LIMIT: usize = 50;
    /// Target of UpdateShardCount. API reference.
    pub const UPDATE_SHARD_COUNT_MAX: usize = 10_000;
    /// UpdateShardCount calls a stream takes in 24 hours. API reference.
    pub const UPDATE_SHARD_COUNT_PER_DAY: usize = 10;
    /// Switches of a stream's mode in 24 hours. API reference, UpdateStreamMode.
    pub const MODE_SWITCHES_PER_DAY: usize = 2;
    /// StartStreamEncryption calls of a stream in 24 hours. API reference.
    pub const ENCRYPTION_STARTS_PER_DAY: usize = 25;
    /// Tags of a stream or consumer. API reference, AddTagsToStream.
    pub const MAX_TAGS: usize = 50;
    /// Consumers of a stream. "Quotas and limits".
    pub const MAX_CONSUMERS: usize = 20;
    /// Read throughput a shard gives each consumer of enhanced fan-out. "Quotas and limits".
    pub const FAN_OUT_BYTES_PER_SEC: usize = 2 * 1024 * 1024;
    /// How long a subscription lasts. API reference, SubscribeToShard.
    pub const SUBSCRIPTION_LIFETIME: Duration = Duration::from_secs(300);
    /// How soon a consumer may subscribe to the same shard again. API reference, SubscribeToShard.
    pub const SUBSCRIBE_AGAIN_AFTER: Duration = Duration::from_secs(5);
    /// SubscribeToShard calls of a consumer for a shard. API reference, SubscribeToShard.
    pub const SUBSCRIBE_CALLS_PER_SEC: usize = 1;
    /// Longest silence of a subscription: events without records come about so often. Observed, not
    /// documented.
    pub const FAN_OUT_HEARTBEAT: Duration = Duration::from_secs(5);
    /// Data and partition keys of one event, unless a record alone is larger. Not documented; one
    /// second's allowance here.
    pub const FAN_OUT_EVENT_MAX_BYTES: usize = FAN_OUT_BYTES_PER_SEC;
    /// Consumers of a stream that may be CREATING at once. API reference, RegisterStreamConsumer.
    pub const MAX_CREATING_CONSUMERS: usize = 5;
    /// CreateStream calls an account makes per second. API reference.
    pub const CREATE_STREAM_CALLS_PER_SEC: usize = 5;
    /// DeleteStream calls an account makes per second. API reference.
    pub const DELETE_STREAM_CALLS_PER_SEC: usize = 5;
    /// DescribeStream calls an account makes per second. API reference.
    pub const DESCRIBE_STREAM_CALLS_PER_SEC: usize = 10;
    /// DescribeStreamSummary calls an account makes per second. API reference.
    pub const DESCRIBE_SUMMARY_CALLS_PER_SEC: usize = 20;
    /// ListStreams calls an account makes per second. API reference.
    pub const LIST_STREAMS_CALLS_PER_SEC: usize = 5;
    /// ListShards calls a stream answers per second. API reference.
    pub const LIST_SHARDS_CALLS_PER_SEC: usize = 1_000;
    /// DescribeLimits calls an account makes per second. API reference.
    pub const DESCRIBE_LIMITS_CALLS_PER_SEC: usize = 1;
    /// SplitShard calls, and MergeShards calls, an account makes per second. API reference.
    pub const RESHARD_CALLS_PER_SEC: usize = 5;
    /// UpdateShardCount calls an account makes per second. API reference.
    pub const UPDATE_SHARD_COUNT_CALLS_PER_SEC: usize = 10;
}

/// Data Firehose.
pub mod firehose {
    use std::time::Duration;

    /// A record's data. API reference, PutRecord.
    pub const RECORD_MAX_BYTES: usize = 1_024_000;
    /// Entries of one PutRecordBatch call. API reference, PutRecordBatch.
    pub const BATCH_MAX_RECORDS: usize = 500;
    /// Data of one PutRecordBatch call. API reference, PutRecordBatch.
    pub const BATCH_MAX_BYTES: usize = 4 * 1024 * 1024;
    /// Regions in which a delivery stream takes more by direct put. "Amazon Data Firehose Quota".
    pub const LARGE_PUT_REGIONS: [&str; 3] = ["us-east-1", "us-west-2", "eu-west-1"];
    /// Requests a second by direct put there. "Amazon Data Firehose Quota".
    pub const LARGE_PUT_REQUESTS_PER_SEC: usize = 2_000;
    /// Records a second by direct put there. "Amazon Data Firehose Quota".
    pub const LARGE_PUT_RECORDS_PER_SEC: usize = 500_000;
    /// Bytes a second by direct put there. "Amazon Data Firehose Quota".
    pub const LARGE_PUT_BYTES_PER_SEC: usize = 5 * 1024 * 1024;
    /// Requests a second by direct put elsewhere. "Amazon Data Firehose Quota".
    pub const PUT_REQUESTS_PER_SEC: usize = 1_000;
    /// Records a second by direct put elsewhere. "Amazon Data Firehose Quota".
    pub const PUT_RECORDS_PER_SEC: usize = 100_000;
    /// Bytes a second by direct put elsewhere. "Amazon Data Firehose Quota".
    pub const PUT_BYTES_PER_SEC: usize = 1024 * 1024;
    /// Buffer size when none is given. API reference, BufferingHints.
    pub const DEFAULT_BUFFER_MB: i32 = 5;
    /// Buffer interval when none is given. API reference, BufferingHints.
    pub const DEFAULT_BUFFER_SECS: i32 = 300;
    /// Length of an evaluated prefix. "Custom Prefixes for Amazon S3 Objects".
    pub const PREFIX_MAX_CHARS: usize = 512;
    /// Delivery streams of an account in a region. API reference, CreateDeliveryStream.
    pub const STREAMS_MAX: usize = 5_000;
    /// Tags of a delivery stream. API reference, TagDeliveryStream.
    pub const TAGS_MAX: usize = 50;
    /// How long delivery to S3 is retried before records are dropped. "Data Delivery Failure
    /// Handling".
    pub const RETRY_FOR: Duration = Duration::from_secs(24 * 3_600);
    /// From a failed attempt to the next, doubled with every failure. Ours: AWS documents none.
    pub const RETRY_FIRST: Duration = Duration::from_secs(5);
    /// The longest time from a failed attempt to the next. Ours: AWS documents none.
    pub const RETRY_LONGEST: Duration = Duration::from_secs(300);
    /// CREATING → ACTIVE, DELETING → gone, ENABLING → ENABLED. Ours: on AWS up to a minute or so.
    pub const STATUS_CHANGE: Duration = Duration::from_secs(1);
    /// From a failed invocation of a function to the next, doubled with every failure. Ours: AWS
    /// documents none.
    pub const INVOCATION_RETRY_FIRST: Duration = Duration::from_secs(1);
    /// The longest time from a failed invocation to the next. Ours: AWS documents none.
    pub const INVOCATION_RETRY_LONGEST: Duration = Duration::from_secs(60);
    /// How long a function may take. "Data Transformation".
    pub const FUNCTION_TIMEOUT: Duration = Duration::from_secs(300);
    /// Payload of a function's reply. "Lambda quotas", Lambda guide.
    pub const FUNCTION_REPLY_MAX_BYTES: usize = 6 * 1024 * 1024;
    /// Smallest buffer size under record format conversion. "Record Format Conversion
    /// Requirements".
    pub const CONVERSION_MIN_BUFFER_MB: i32 = 64;
    /// Buffer size under record format conversion when none is given. "Record Format Conversion
    /// Requirements".
    pub const CONVERSION_DEFAULT_BUFFER_MB: i32 = 128;
    /// Encoded bytes of a row group of a converted file. API reference, ParquetSerDe.
    pub const PARQUET_DEFAULT_BLOCK_BYTES: usize = 256 * 1024 * 1024;
    /// Bytes of a page of a converted file. API reference, ParquetSerDe.
    pub const PARQUET_DEFAULT_PAGE_BYTES: usize = 1024 * 1024;
    /// Smallest buffer size under dynamic partitioning. "Dynamic Partitioning".
    pub const PARTITIONED_MIN_BUFFER_MB: i32 = 64;
    /// Buffer size under dynamic partitioning when none is given. "Buffering hints".
    pub const PARTITIONED_DEFAULT_BUFFER_MB: i32 = 128;
    /// Partitions with records in their buffers at once. "Quotas".
    pub const ACTIVE_PARTITIONS_MAX: usize = 500;
    /// Records that the Kinesis Producer Library may have packed into one for Firehose to unpack
    /// them. "Writing to Kinesis Data Firehose Using Kinesis Data Streams".
    pub const KPL_MAX_RECORDS: usize = 500;
    /// Delivery errors remembered for each delivery stream. Ours.
    pub const LOG_EVENTS_KEPT: usize = 1_000;
}

/// S3.
pub mod s3 {
    /// Every part but the last. "Amazon S3 multipart upload limits".
    pub const PART_MIN_BYTES: u64 = 5 * 1024 * 1024;
    /// Highest part number. "Amazon S3 multipart upload limits".
    pub const PART_MAX_NUMBER: i32 = 10_000;
    /// Body of one PutObject or UploadPart call. "Amazon S3 multipart upload limits".
    pub const UPLOAD_MAX_BYTES: u64 = 5 * 1024 * 1024 * 1024;
    /// Keys of one listing page. API reference, ListObjectsV2.
    pub const LIST_MAX_KEYS: i32 = 1_000;
    /// Buckets of one ListBuckets page. API reference, ListBuckets.
    pub const LIST_MAX_BUCKETS: i32 = 10_000;
    /// Keys of one DeleteObjects call. API reference, DeleteObjects.
    pub const DELETE_MAX_KEYS: usize = 1_000;
    /// UTF-8 bytes of a key. "Creating object key names".
    pub const KEY_MAX_BYTES: usize = 1_024;
    /// Bytes of all user metadata names and values. "Working with object metadata".
    pub const METADATA_MAX_BYTES: usize = 2_048;
    /// Tags of an object. "Categorizing your objects using tags".
    pub const OBJECT_MAX_TAGS: usize = 10;
    /// Tags of a bucket. "Using cost allocation S3 bucket tags".
    pub const BUCKET_MAX_TAGS: usize = 50;
    /// Characters of a tag's key. "Categorizing your objects using tags".
    pub const TAG_KEY_MAX_CHARS: usize = 128;
    /// Characters of a tag's value. "Categorizing your objects using tags".
    pub const TAG_VALUE_MAX_CHARS: usize = 256;
    /// Rules of a lifecycle configuration. "Lifecycle configuration elements".
    pub const LIFECYCLE_MAX_RULES: usize = 1_000;
    /// Characters of a lifecycle rule's id. "Lifecycle configuration elements".
    pub const LIFECYCLE_ID_MAX_CHARS: usize = 255;
    /// Bytes of a bucket policy. "Bucket policies".
    pub const POLICY_MAX_BYTES: usize = 20 * 1024;
    /// Longest life of a presigned URL in seconds. "Sharing objects with presigned URLs".
    pub const PRESIGNED_MAX_SECS: i64 = 604_800;
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
    /// Records of an object a crawler samples. "Setting crawler configuration options", Glue guide.
    pub const SAMPLE_MAX_RECORDS: u64 = 1_000;
    /// Bytes of an object a crawler samples, decompressed. Same page.
    pub const SAMPLE_MAX_BYTES: u64 = 1024 * 1024;
    /// Schema similarity above which folders become partitions of one table. "Setting crawler
    /// configuration options", Glue guide.
    pub const TABLE_SIMILARITY_THRESHOLD: f64 = 0.7;
}

/// Athena.
pub mod athena {
    use std::time::Duration;

    /// UTF-8 bytes of a query string. "Service quotas", Athena guide.
    pub const QUERY_MAX_BYTES: usize = 262_144;
    /// UTF-8 bytes of a client request token. API reference, StartQueryExecution.
    pub const CLIENT_TOKEN_MAX_BYTES: usize = 128;
    /// Rows of one GetQueryResults page, the header row included. API reference, GetQueryResults.
    pub const RESULT_PAGE_MAX_ROWS: i32 = 1_000;
    /// Items of one page of a list. API reference, ListQueryExecutions, ListWorkGroups.
    pub const LIST_PAGE_MAX: usize = 50;
    /// Engine versions of one page. API reference, ListEngineVersions.
    pub const ENGINE_VERSIONS_PAGE_MAX: usize = 10;
    /// How long executions are remembered. "View recent queries", Athena guide.
    pub const HISTORY: Duration = Duration::from_secs(45 * 24 * 60 * 60);
    /// Work groups of an account in a region. "Service quotas".
    pub const WORK_GROUPS_MAX: usize = 1_000;
    /// How old a reused result may be when the request does not say. API reference,
    /// ResultReuseByAgeConfiguration.
    pub const REUSE_MINUTES_DEFAULT: i32 = 60;
    /// Prepared statements of a work group. "Considerations and limitations" of prepared statements,
    /// Athena guide.
    pub const PREPARED_STATEMENTS_MAX: usize = 1_000;
    /// Partitions times buckets that one statement writes to. "Partitioning and bucketing in Athena" and
    /// the text of HIVE_TOO_MANY_OPEN_PARTITIONS, Athena guide.
    pub const OPEN_WRITERS_MAX: usize = 100;
    /// Tags of one resource. "Tag restrictions", Athena guide.
    pub const TAGS_MAX: usize = 50;
}

/// IAM and STS.
pub mod iam {
    use std::time::Duration;

    /// Tags of an entity. "IAM and AWS STS quotas", IAM guide.
    pub const MAX_TAGS: usize = 50;
    /// Managed policies attached to a role, a user or a group. "IAM and AWS STS quotas".
    pub const ATTACHED_POLICIES_MAX: usize = 10;
    /// All inline policies of a role, without whitespace. "IAM and AWS STS quotas".
    pub const INLINE_ROLE_MAX_CHARS: usize = 10_240;
    /// All inline policies of a user, without whitespace. "IAM and AWS STS quotas".
    pub const INLINE_USER_MAX_CHARS: usize = 2_048;
    /// All inline policies of a group, without whitespace. "IAM and AWS STS quotas".
    pub const INLINE_GROUP_MAX_CHARS: usize = 5_120;
    /// A managed policy's document, without whitespace. "IAM and AWS STS quotas".
    pub const MANAGED_POLICY_MAX_CHARS: usize = 6_144;
    /// A role's trust policy, without whitespace. "IAM and AWS STS quotas".
    pub const TRUST_POLICY_MAX_CHARS: usize = 2_048;
    /// Versions of a managed policy. "IAM and AWS STS quotas".
    pub const POLICY_VERSIONS_MAX: usize = 5;
    /// Access keys of a user. "IAM and AWS STS quotas".
    pub const ACCESS_KEYS_MAX: usize = 2;
    /// Users of an account. "IAM and AWS STS quotas".
    pub const USERS_MAX: usize = 5_000;
    /// Groups of an account. "IAM and AWS STS quotas".
    pub const GROUPS_MAX: usize = 300;
    /// Roles of an account. "IAM and AWS STS quotas".
    pub const ROLES_MAX: usize = 1_000;
    /// Instance profiles of an account. "IAM and AWS STS quotas".
    pub const INSTANCE_PROFILES_MAX: usize = 1_000;
    /// Customer managed policies of an account. "IAM and AWS STS quotas".
    pub const POLICIES_MAX: usize = 1_500;
    /// Groups a user is in. "IAM and AWS STS quotas".
    pub const GROUPS_PER_USER_MAX: usize = 10;
    /// Items of a list page when none is asked for. API reference, ListRoles.
    pub const DEFAULT_MAX_ITEMS: usize = 100;
    /// Questions (an action on a resource) that the policy simulator answers in one page. This
    /// program's own bound; AWS says that pages may be shorter than asked and not how short.
    pub const SIMULATED_AT_ONCE: usize = 10_000;
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
    /// Headers of an S3 request. "Working with object metadata", S3 guide: "the PUT request header".
    pub const S3_HEADER_MAX_BYTES: usize = 8 * 1024;
    /// How far a signature's date may be from now. "Signature Version 4 signing process", IAM guide.
    pub const MAX_CLOCK_SKEW: Duration = Duration::from_secs(15 * 60);
    /// How long a client may take to send its headers.
    pub const HEADER_READ_TIMEOUT: Duration = Duration::from_secs(30);
    /// How long requests under way may take to finish after the stop signal.
    pub const SHUTDOWN_GRACE: Duration = Duration::from_secs(10);
}
