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
    ("athena:StartQueryExecution", "partly: queries only; other statements fail by name. Result reuse is refused", "pipeline::a_day_of_readings_comes_out_where_and_as_it_should"),
    ("firehose:CreateDeliveryStream", "partly: S3 destinations. Lambda, format conversion, MSK and databases are refused", "firehose::tests"),
    ("firehose:PutRecord", "records stay in memory until delivered", "firehose::tests"),
    ("glue:CreateCrawler", "partly: S3 targets only; other targets and custom classifiers are refused", "glue::crawler::tests"),
    ("glue:StartJobRun", "partly: jobs with a graph (`CodeGenConfigurationNodes`) run on DataFusion; a script's run FAILS saying so", "pipeline::a_day_of_readings_comes_out_where_and_as_it_should"),
    ("glue:CreateJob", "partly: graphs are checked when they are stored; nodes that are not executed are refused", "engine::job::tests"),
    ("iam:PutRolePolicy", "stored and checked for grammar; permissions are not enforced", "iam::tests"),
    ("kinesis:PutRecords", "capacity is a token bucket that holds one second's allowance of a shard", "kinesis::tests"),
    ("kinesis:StartStreamEncryption", "state only: nothing is encrypted in memory", "kinesis::tests"),
    ("s3:PutObject", "signatures are parsed and not verified", "wire::s3::tests"),
];

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
        writeln!(text, "| {service} | {executed} | {} |", rows.len() - executed).unwrap();
    }
    for (service, rows) in &services {
        write!(text, "\n## {service}\n\n| operation | state | shown by |\n|---|---|---|\n").unwrap();
        for row in rows.iter().filter(|row| row.handled) {
            let name = format!("{service}:{}", row.operation);
            let remark = REMARKS.iter().find(|(operation, ..)| *operation == name);
            let (state, shown) = remark.map_or_else(
                || ("supported".to_owned(), format!("`{}`", home(service))),
                |(_, state, test)| ((*state).to_owned(), format!("`{test}`")),
            );
            writeln!(text, "| {} | {state} | {shown} |", row.operation).unwrap();
        }
        let refused: Vec<&str> = rows.iter().filter(|row| !row.handled).map(|row| row.operation).collect();
        if !refused.is_empty() {
            write!(text, "\nRefused: {}.\n", refused.join(", ")).unwrap();
        }
    }
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
    assert!(written == rendered, "docs/fidelity.md is stale: UPDATE_FIDELITY=1 cargo test --test it fidelity");
}

#[test]
fn remarks_are_about_operations_that_are_executed() {
    let rows = table(&handled()).unwrap();
    for (operation, ..) in REMARKS {
        let known = rows
            .iter()
            .any(|row| row.handled && format!("{}:{}", row.service.name(), row.operation) == *operation);
        assert!(known, "{operation}");
    }
}
