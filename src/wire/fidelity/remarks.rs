//! What is partly done, or differs from AWS where a client can notice.

/// One operation's remark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remark {
    /// `service:Operation`.
    pub operation: &'static str,
    /// Whether something of it is refused; otherwise it is whole and differs from AWS.
    pub partly: bool,
    /// What is left out or differs.
    pub text: &'static str,
    /// A test that shows it: the path of a test or of a module of tests.
    pub shown_by: &'static str,
}

const fn partly(operation: &'static str, text: &'static str, shown_by: &'static str) -> Remark {
    Remark {
        operation,
        partly: true,
        text,
        shown_by,
    }
}

const fn whole(operation: &'static str, text: &'static str, shown_by: &'static str) -> Remark {
    Remark {
        operation,
        partly: false,
        text,
        shown_by,
    }
}

/// Every remark, by operation.
pub const REMARKS: &[Remark] = &[
    whole(
        "athena:GetQueryResults",
        "rows stay in memory with their execution",
        "athena::executions::tests",
    ),
    partly(
        "athena:StartQueryExecution",
        "queries, EXPLAIN and Hive's definitions (see Athena's SQL below); other statements fail by name. Result reuse, encryption by KMS and managed results are refused",
        "pipeline::a_day_of_readings_comes_out_where_and_as_it_should",
    ),
    whole(
        "athena:StopQueryExecution",
        "the execution is CANCELLED at once; work that is under way ends in the background and is not heeded",
        "athena::executions::tests",
    ),
    partly(
        "firehose:CreateDeliveryStream",
        "S3 destinations with backup, all compressions, dynamic partitioning by jq, Lambda processors (functions are HTTP endpoints), conversion to Parquet. ORC, MSK, databases and other destinations are refused",
        "firehose::tests",
    ),
    whole(
        "firehose:PutRecord",
        "records stay in memory until they are delivered",
        "firehose::tests",
    ),
    whole(
        "firehose:StartDeliveryStreamEncryption",
        "state only: nothing is encrypted in memory",
        "firehose::tests",
    ),
    partly(
        "glue:CreateCrawler",
        "S3 targets. Other targets, custom classifiers and event mode are refused",
        "glue::crawler::tests",
    ),
    partly(
        "glue:CreateJob",
        "graphs are checked when they are stored, and nodes that are not executed refused by node and member",
        "engine::job::tests",
    ),
    whole(
        "glue:GetPartitionIndexes",
        "always empty: CreatePartitionIndex is refused",
        "glue::catalog",
    ),
    partly(
        "glue:StartJobRun",
        "jobs with a graph (`CodeGenConfigurationNodes`) run on DataFusion; the run of a script FAILS saying so. Bookmarks are refused",
        "pipeline::a_day_of_readings_comes_out_where_and_as_it_should",
    ),
    whole(
        "iam:PutRolePolicy",
        "stored and checked for grammar; judged by with `--iam enforce`",
        "iam::role",
    ),
    whole(
        "kinesis:GetRecords",
        "a Firehose source reads beside the shard's read capacity",
        "kinesis::tests",
    ),
    whole(
        "kinesis:PutRecords",
        "capacity is a token bucket that holds one second's allowance of a shard",
        "kinesis::tests",
    ),
    whole(
        "kinesis:PutResourcePolicy",
        "checked for form; judged by with `--iam enforce`",
        "kinesis::tests",
    ),
    whole(
        "kinesis:StartStreamEncryption",
        "state only: nothing is encrypted in memory",
        "kinesis::tests",
    ),
    whole(
        "kinesis:SubscribeToShard",
        "events are said when records arrive; empty ones after five silent seconds (observed, not documented)",
        "kinesis::fan_out",
    ),
    whole("s3:ListBuckets", "`BucketArn` is absent", "wire::s3::tests"),
    whole(
        "s3:PutBucketCors",
        "stored and answered; preflight requests are refused",
        "s3",
    ),
    whole(
        "s3:PutBucketEncryption",
        "state only: nothing is encrypted in memory",
        "s3",
    ),
    whole(
        "s3:PutBucketLifecycleConfiguration",
        "expiration acts at midnight UTC of the clock; transitions are refused",
        "s3::lifecycle",
    ),
    whole(
        "s3:PutBucketPolicy",
        "stored; judged by with `--iam enforce`",
        "s3",
    ),
    whole(
        "s3:PutObject",
        "signatures are verified with `--auth verify` alone; SSE-KMS is state only; SSE-C is refused",
        "wire::s3::tests",
    ),
    whole(
        "sts:AssumeRole",
        "the role's trust policy decides; conditions other than the external id and the source account count as met unless `--iam enforce` judges them",
        "iam::sts",
    ),
];
