//! `docs/fidelity.md` says what is executed and what is refused. The lists come from the program, the
//! remarks from here, and every remark names the test that shows it.
//!
//! `UPDATE_FIDELITY=1 cargo test --test it fidelity` writes the file anew.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use windfarm::wire::fidelity::{handled, table};

/// Operation → what of it is partly done or differs from AWS, and a test that shows it.
const REMARKS: &[(&str, &str, &str)] = &[
    (
        "athena:GetQueryResults",
        "rows stay in memory with their execution",
        "athena::executions::tests",
    ),
    (
        "athena:StartQueryExecution",
        "partly: queries and EXPLAIN (see Athena's SQL below); other statements fail by name. Result reuse, encryption by KMS and managed results are refused",
        "pipeline::a_day_of_readings_comes_out_where_and_as_it_should",
    ),
    (
        "athena:StopQueryExecution",
        "the execution is CANCELLED at once; work that is under way ends in the background and is not heeded",
        "athena::executions::tests",
    ),
    (
        "firehose:CreateDeliveryStream",
        "partly: S3 destinations with backup, all compressions, dynamic partitioning by jq, Lambda processors, conversion to Parquet. ORC, MSK, databases and other destinations are refused",
        "firehose::tests",
    ),
    (
        "firehose:PutRecord",
        "records stay in memory until they are delivered",
        "firehose::tests",
    ),
    (
        "firehose:StartDeliveryStreamEncryption",
        "state only: nothing is encrypted in memory",
        "firehose::tests",
    ),
    (
        "glue:CreateCrawler",
        "partly: S3 targets. Other targets, custom classifiers and event mode are refused",
        "glue::crawler::tests",
    ),
    (
        "glue:CreateJob",
        "partly: graphs are checked when they are stored, and nodes that are not executed refused by node and member",
        "engine::job::tests",
    ),
    (
        "glue:GetPartitionIndexes",
        "always empty: CreatePartitionIndex is refused",
        "glue::catalog",
    ),
    (
        "glue:StartJobRun",
        "partly: jobs with a graph (`CodeGenConfigurationNodes`) run on DataFusion; the run of a script FAILS saying so. Bookmarks are refused",
        "pipeline::a_day_of_readings_comes_out_where_and_as_it_should",
    ),
    (
        "iam:PutRolePolicy",
        "stored and checked for grammar; permissions are not enforced",
        "iam::role",
    ),
    (
        "kinesis:GetRecords",
        "a Firehose source reads beside the shard's read capacity",
        "kinesis::tests",
    ),
    (
        "kinesis:PutRecords",
        "capacity is a token bucket that holds one second's allowance of a shard",
        "kinesis::tests",
    ),
    (
        "kinesis:PutResourcePolicy",
        "checked for form; not enforced",
        "kinesis::tests",
    ),
    (
        "kinesis:RegisterStreamConsumer",
        "consumers are kept; reading as one is not there: SubscribeToShard is refused",
        "kinesis::tests",
    ),
    (
        "kinesis:StartStreamEncryption",
        "state only: nothing is encrypted in memory",
        "kinesis::tests",
    ),
    ("s3:ListBuckets", "`BucketArn` is absent", "wire::s3::tests"),
    (
        "s3:PutBucketCors",
        "stored and answered; preflight requests are refused",
        "s3",
    ),
    (
        "s3:PutBucketEncryption",
        "state only: nothing is encrypted in memory",
        "s3",
    ),
    (
        "s3:PutBucketLifecycleConfiguration",
        "expiration acts at midnight UTC of the clock; transitions are refused",
        "s3::lifecycle",
    ),
    ("s3:PutBucketPolicy", "stored; not enforced", "s3"),
    (
        "s3:PutObject",
        "signatures are parsed and not verified; SSE-KMS is state only; SSE-C is refused",
        "wire::s3::tests",
    ),
    (
        "sts:AssumeRole",
        "the role's trust policy decides; conditions other than the external id and the source account count as met",
        "iam::sts",
    ),
];

/// What no table of operations shows.
const LANGUAGES: &str = "
## Athena's SQL

A Trino 414 front end of our own plans queries for DataFusion: names, types, coercions, errors and values are Trino's,
with Athena's rule that `1.5` is a double. What is not built fails with `NOT_SUPPORTED` or as a syntax error, naming it:

* types `time`, `json`, `uuid`, `ipaddress`, geometry; timestamps beyond microseconds, zoned ones beyond milliseconds;
* correlated subqueries, LATERAL, quantified comparisons, IN (subquery) on floating point;
* WITH RECURSIVE, TABLESAMPLE, NATURAL JOIN, INTERSECT and EXCEPT ALL, WITH TIES, RANGE frames with an offset;
* MATCH_RECOGNIZE, time travel, JSON functions, LISTAGG, `approx_percentile`, hidden columns such as `\"$path\"`;
* every statement but queries and EXPLAIN; SerDes other than Parquet and OpenX JSON; views; partition projection.

Known to differ: `ORDER BY` an expression that DISTINCT does not select is accepted; a failing element of an IN list
behind the matching one is not noticed. Shown by `engine::trino::tests` and `engine::query::tests`.

## Glue's jobs

Graphs run on DataFusion. Executed: catalog, S3 JSON and S3 Parquet sources; ApplyMapping, SelectFields, DropFields,
RenameField, Filter, Join, Union, DropDuplicates, SparkSQL; Glue Parquet, S3 direct and catalog targets. Spark's SQL passes
a gate that lets through what is executed with Spark's meaning; everything else is refused by name. Shown by
`engine::job::tests` and `engine::spark::tests`.

## Firehose's conversion and functions

JSON becomes Parquet with the columns of a table of the same account and region, at its latest or a fixed version, by
the OpenX or Hive's SerDe; what does not fit goes to the error prefix, record by record. Refused by name when the stream
is made: ORC, `MaxPaddingBytes`, maps whose keys are no text, `binary` under OpenX, and in `TimestampFormats` eras, weeks
and zone names. Known to differ: timestamps are INT64 microseconds where AWS writes INT96; behind `Encountered malformed
JSON.` the words are our own; a fraction or a number too large for its column is always a refusal; a table that is gone
when an object is due is waited for, up to a day. Shown by `engine::convert::tests` and the integration test
`conversion`.

A Lambda processor's function is an HTTP endpoint registered for its ARN (`windfarm up --lambda ARN=URL`): the event is
posted there and the body of the answer is the reply. A status other than 2xx, or the header `X-Amz-Function-Error`, is a
function's error. A function nobody registered fails its records as `Lambda.ResourceNotFound`. Shown by the integration
test `functions`.
";
fn render() -> String {
    let rows = table(&handled()).expect("adapters list operations that exist");
    let mut services: BTreeMap<&str, Vec<_>> = BTreeMap::new();
    for row in &rows {
        services.entry(row.service.name()).or_default().push(row);
    }
    let mut text = String::from(
        "# Fidelity\n\nWhat is executed, what is refused, and how it differs from AWS. Written by \
         `UPDATE_FIDELITY=1 cargo test --test it fidelity`; a test compares it with the program.\n\n\
         An operation that is refused is validated against the API model first and then answers \
         `501 NotImplemented`, naming itself. Parameters that are not acted on are refused by name, too.\n\n\
         All state is in memory and gone when the process ends.\n\n\
         | service | executed | refused |\n|---|---|---|\n",
    );
    for (service, rows) in &services {
        let executed = rows.iter().filter(|row| row.handled).count();
        writeln!(
            text,
            "| {service} | {executed} | {} |",
            rows.len() - executed
        )
        .unwrap();
    }
    for (service, rows) in &services {
        write!(
            text,
            "\n## {service}\n\n| operation | state | shown by |\n|---|---|---|\n"
        )
        .unwrap();
        for row in rows.iter().filter(|row| row.handled) {
            let name = format!("{service}:{}", row.operation);
            let remark = REMARKS.iter().find(|(operation, ..)| *operation == name);
            let (state, shown) = remark.map_or_else(
                || ("supported".to_owned(), format!("`{}`", home(service))),
                |(_, state, test)| ((*state).to_owned(), format!("`{test}`")),
            );
            writeln!(text, "| {} | {state} | {shown} |", row.operation).unwrap();
        }
        let refused: Vec<&str> = rows
            .iter()
            .filter(|row| !row.handled)
            .map(|row| row.operation)
            .collect();
        if !refused.is_empty() {
            write!(text, "\nRefused: {}.\n", refused.join(", ")).unwrap();
        }
    }
    text.push_str(LANGUAGES);
    text
}

/// The module whose tests exercise a service's operations.
fn home(service: &str) -> String {
    match service {
        "sts" => "iam::sts".to_owned(),
        other => other.to_owned(),
    }
}

#[test]
fn the_fidelity_table_says_what_the_program_does() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/fidelity.md");
    let rendered = render();
    if std::env::var_os("UPDATE_FIDELITY").is_some() {
        fs::write(&path, &rendered).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == rendered,
        "docs/fidelity.md is stale: UPDATE_FIDELITY=1 cargo test --test it fidelity"
    );
}

#[test]
fn remarks_are_about_operations_that_are_executed() {
    let rows = table(&handled()).unwrap();
    for (operation, ..) in REMARKS {
        let known = rows.iter().any(|row| {
            row.handled && format!("{}:{}", row.service.name(), row.operation) == *operation
        });
        assert!(known, "{operation}");
    }
}
