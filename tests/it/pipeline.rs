//! The whole pipeline, in this process and through a socket.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use windfarm::pipeline::query::query;
use windfarm::pipeline::teardown::teardown;
use windfarm::pipeline::{Clients, Plan, Report};
use windfarm::reading::KeyChoice;

use crate::world;

const BIN: &str = env!("CARGO_BIN_EXE_windfarm");

#[tokio::test(flavor = "multi_thread")]
async fn a_day_of_readings_comes_out_where_and_as_it_should() {
    let plan = Plan::new("lake");
    let production = world::production(1);
    let (clients, report) = world::run(1, &plan, &production).await;
    world::check_books(1, &report);
    assert_eq!(report.sent.records, 144 * 2 * 3);
    assert!(
        report.verdict.rejected_rows > 0,
        "5 % of the readings are dirty"
    );

    // Arrival folders are in UTC, event dates in the farm's time: 20:00Z is 17:00 on the farm.
    let hours = report.delivered.hours();
    assert_eq!(hours.first().unwrap(), "raw/2025/04/30/20");
    assert_eq!(hours.last().unwrap(), "raw/2025/05/01/19");
    let dates: BTreeSet<_> = report
        .curated
        .partitions
        .iter()
        .map(String::as_str)
        .collect();
    let expected = BTreeSet::from(["event_date=2025-04-30", "event_date=2025-05-01"]);
    assert_eq!(dates, expected);

    // The course's trap: `data` is text, and Athena does not compare text with numbers.
    let refused = query(&clients, &plan, "select * from rejected where data > 0.9").await;
    let text = refused.unwrap_err().to_string();
    assert!(text.contains("TYPE_MISMATCH"), "{text}");

    let deleted = teardown(&clients, &plan).await.unwrap();
    assert_eq!(deleted.len(), report.provisioned.made.len(), "{deleted:?}");
}

/// Everything observable about a run: where the objects lie, what is in them, what Athena said.
async fn fingerprint(clients: &Clients, plan: &Plan, report: &Report) -> Vec<String> {
    let listed = clients
        .s3
        .list_objects_v2()
        .bucket(&plan.bucket)
        .send()
        .await
        .unwrap();
    let objects = listed.contents().iter().map(|object| {
        format!(
            "{} {} {:?}",
            object.key().unwrap(),
            object.e_tag().unwrap(),
            object.last_modified().unwrap()
        )
    });
    let answers = report
        .verdict
        .answered
        .iter()
        .map(|answered| format!("{:?}", answered.answer));
    objects
        .chain(answers)
        .chain([format!("{:?}", clients.clock.now())])
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_seed_gives_the_same_objects_at_the_same_instants() {
    let plan = Plan::new("lake");
    let mut production = world::production(7);
    production.duration = Duration::from_secs(4 * 3_600);
    let mut prints = Vec::new();
    for _ in 0..2 {
        let (clients, report) = world::run(7, &plan, &production).await;
        prints.push(fingerprint(&clients, &plan, &report).await);
    }
    let (first, second) = (&prints[0], &prints[1]);
    assert!(first.len() > 20);
    for (one, other) in first.iter().zip(second) {
        assert_eq!(one, other);
    }
    assert_eq!(first.len(), second.len());
}

#[test]
fn the_books_balance_for_any_seed_rate_duration_shards_and_buffer() {
    let cases = std::env::var("PROPTEST_CASES")
        .ok()
        .and_then(|cases| cases.parse().ok())
        .unwrap_or(6);
    let mut runner = TestRunner::new(Config {
        cases,
        failure_persistence: None,
        max_shrink_iters: 20,
        ..Config::default()
    });
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let inputs = (
        any::<u64>(),
        1u32..4,
        60u64..1_800,
        1u64..30,
        1i32..4,
        prop_oneof![Just(0), 1..60, 60..=900],
        prop_oneof![
            Just(KeyChoice::Course),
            Just(KeyChoice::Source),
            Just(KeyChoice::Spread)
        ],
        prop_oneof![Just(0.0), 0.0..0.3],
    );
    runner
        .run(
            &inputs,
            |(seed, turbines, interval, ticks, shards, buffer, key, dirt)| {
                let mut plan = Plan::new("lake");
                plan.shards = Some(shards);
                plan.buffer_seconds = buffer;
                let mut production = world::production(seed);
                production.turbines = turbines;
                production.interval = Duration::from_secs(interval);
                production.duration = Duration::from_secs(interval * ticks);
                production.key = key;
                production.dirt = dirt;
                let (_, report) = runtime.block_on(world::run(seed, &plan, &production));
                prop_assert!(
                    report.verdict.holds(),
                    "{:#?}",
                    report
                        .verdict
                        .checks
                        .iter()
                        .filter(|check| !check.holds)
                        .collect::<Vec<_>>()
                );
                Ok(())
            },
        )
        .unwrap();
}

/// A `windfarm up` process on a free port, stopped by pid when dropped.
struct Up {
    process: Child,
    endpoint: String,
    /// Kept open: a program whose output nobody reads any more may as well stop.
    _output: std::io::Lines<BufReader<std::process::ChildStdout>>,
}

impl Up {
    fn start() -> Self {
        let mut process = Command::new(BIN)
            .args(["up", "--port", "0"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let first = lines.next().unwrap().unwrap();
        let endpoint = first
            .strip_prefix("export AWS_ENDPOINT_URL=")
            .unwrap()
            .to_owned();
        Self {
            process,
            endpoint,
            _output: lines,
        }
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn target_aws_runs_the_same_pipeline_against_whatever_the_environment_names() {
    let up = Up::start();
    let output = Command::new(BIN)
        .args([
            "demo",
            "--target",
            "aws",
            "--json",
            "--turbines",
            "2",
            "--interval",
            "10m",
        ])
        .args([
            "--duration",
            "6h",
            "--buffer-seconds",
            "1",
            "--seed",
            "3",
            "--dirt",
            "0.05",
        ])
        .env("AWS_ENDPOINT_URL", &up.endpoint)
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .env("AWS_REGION", "us-east-1")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .output()
        .unwrap();
    let (out, err) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{out}\n{err}");
    let report: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(report["holds"], true);
    assert_eq!(report["stages"][0]["records"], 36 * 2 * 3);
}
