//! An emulator in the test's process, and the pipeline's clients for it.

use std::sync::Arc;
use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_types::retry::RetryConfig;
use windfarm::base::{Clock, Seed, Timestamp};
use windfarm::emulator::{Emulator, Settings};
use windfarm::pipeline::plan::Production;
use windfarm::pipeline::produce::Pace;
use windfarm::pipeline::progress::Silent;
use windfarm::pipeline::{self, Clients, Plan, Report};
use windfarm::reading::KeyChoice;
use windfarm::target::{self, Target};

/// When the generators of a test start: the last evening of a month, three hours west of Greenwich.
pub fn start() -> Timestamp {
    Timestamp::parse("2025-04-30T20:00:00Z").unwrap()
}

/// A small production: one day that crosses a UTC midnight and a month's end.
pub fn production(seed: u64) -> Production {
    Production {
        seed: Seed::new(seed),
        start: start(),
        duration: Duration::from_secs(86_400),
        interval: Duration::from_secs(600),
        turbines: 2,
        zone: windfarm::base::time::parse_offset("-03:00").unwrap(),
        dirt: 0.05,
        key: KeyChoice::Course,
    }
}

/// An emulator on a virtual clock half an hour before the generators start.
pub fn emulator(seed: u64) -> Emulator {
    Emulator::start(Settings {
        clock: Clock::starting_at(start() - Duration::from_secs(1_800)),
        seed: Seed::new(seed),
        ..Settings::default()
    })
}

/// Clients for an emulator in this process.
pub async fn clients(emulator: &Emulator) -> Clients {
    Target::Local(emulator.clone()).clients().await
}

/// Clients for an emulator in this process that sign with some credentials.
pub fn clients_as(emulator: &Emulator, credentials: Credentials) -> Clients {
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .endpoint_url("http://windfarm.local")
        .http_client(emulator.http_client())
        .retry_config(RetryConfig::disabled())
        .time_source(emulator.time_source())
        .build();
    target::clients(&config, emulator.clock().clone())
}

/// Makes a bucket.
pub async fn bucket(clients: &Clients, name: &str) {
    let call = clients.s3.create_bucket().bucket(name);
    call.send().await.unwrap();
}

/// The ARN of a new role named `delivery` that trusts a service.
pub async fn role(clients: &Clients, service: &str) -> String {
    let trust = serde_json::json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": {"Service": service},
            "Action": "sts:AssumeRole",
        }],
    });
    let call = clients.iam.create_role().role_name("delivery");
    let call = call.assume_role_policy_document(trust.to_string());
    call.send().await.unwrap().role().unwrap().arn().to_owned()
}

/// The whole pipeline in this process.
pub async fn run(seed: u64, plan: &Plan, production: &Production) -> (Clients, Report) {
    let clients = clients(&emulator(seed)).await;
    let report = pipeline::run(&clients, plan, production, &Pace::Target, Arc::new(Silent))
        .await
        .unwrap_or_else(|error| panic!("seed {seed}: {error}"));
    (clients, report)
}

/// Fails with every check that does not hold.
pub fn check_books(seed: u64, report: &Report) {
    let wrong: Vec<_> = report
        .verdict
        .checks
        .iter()
        .filter(|check| !check.holds)
        .collect();
    assert!(wrong.is_empty(), "seed {seed}: {wrong:#?}");
    assert!(report.verdict.checks.len() > 10, "the books were looked at");
}
