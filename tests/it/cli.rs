//! The program as it is typed: help, output, and one line for everything that cannot be done.

use std::net::TcpListener;
use std::process::{Command, Output};

fn windfarm(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_windfarm"))
        .args(args)
        .env_remove("AWS_ENDPOINT_URL")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .output()
        .unwrap()
}

/// Exit code 2, and one line on standard error with every one of `words`.
fn check_refused(args: &[&str], words: &[&str]) {
    let output = windfarm(args);
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{args:?}: {error}");
    for word in words {
        assert!(
            error.contains(word),
            "{args:?} should say `{word}`: {error}"
        );
    }
    let ours = error
        .lines()
        .filter(|line| line.starts_with("windfarm: "))
        .count();
    assert!(ours <= 1, "{args:?}: {error}");
    assert!(!error.contains("panicked"), "{error}");
    assert!(!error.contains(" { "), "{args:?}: no debug output: {error}");
}

#[test]
fn what_cannot_be_done_is_said_in_one_line_with_exit_code_2() {
    check_refused(
        &["replay", "--input", "no-such-file.csv", "--print"],
        &["no-such-file.csv", "fetch-lhb"],
    );
    check_refused(
        &["replay", "--input", "Cargo.toml", "--print"],
        &["Cargo.toml"],
    );
    check_refused(&["produce", "--interval", "10"], &["unit"]);
    check_refused(&["produce", "--rate", "0", "--print"], &["--rate 0"]);
    check_refused(&["produce", "--dirt", "2", "--print"], &["--dirt 2"]);
    check_refused(&["produce", "--turbines", "0", "--print"], &["turbine"]);
    check_refused(&["produce"], &["windfarm up", "--print"]);
    check_refused(&["demo", "--buffer-seconds", "901"], &["901"]);
    check_refused(&["demo", "--frobnicate"], &["--frobnicate"]);
    check_refused(
        &["health", "--endpoint", "http://127.0.0.1:9"],
        &["127.0.0.1:9", "windfarm up"],
    );
    check_refused(&["health", "--endpoint", "4566"], &["no endpoint"]);
    check_refused(
        &[
            "produce",
            "--endpoint",
            "http://127.0.0.1:9",
            "--duration",
            "10s",
            "--interval",
            "10s",
            "--json",
        ],
        &["no answer", "endpoint"],
    );
}

#[test]
fn a_port_in_use_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    check_refused(&["up", "--port", &port], &[&port, "--port"]);
}

#[test]
fn the_course_profile_prints_the_original_bytes_and_the_same_for_the_same_seed() {
    let args = [
        "produce",
        "--print",
        "--seed",
        "5",
        "--turbines",
        "1",
        "--interval",
        "10s",
        "--duration",
        "60s",
        "--start",
        "2025-04-30T17:35:00Z",
        "--dirt",
        "0",
    ];
    let (first, second) = (windfarm(&args), windfarm(&args));
    assert!(first.status.success());
    assert_eq!(first.stdout, second.stdout);
    let text = String::from_utf8(first.stdout).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 18, "{text}");
    assert!(
        lines[0].starts_with("{\"idtemp\": \"1\", \"data\": \"0."),
        "{}",
        lines[0]
    );
    assert!(
        lines[0].ends_with("\"type\": \"powerfactor\", \"timestamp\": \"2025-04-30 14:35:00\"}"),
        "{}",
        lines[0]
    );
}

#[test]
fn help_names_every_command() {
    let output = windfarm(&["--help"]);
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    for command in ["demo", "up", "health", "operations", "produce", "replay"] {
        assert!(text.contains(command), "{text}");
    }
}

#[test]
fn operations_are_listed_with_what_becomes_of_them() {
    let lines = |args: &[&str]| {
        let output = windfarm(args);
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap()
    };
    let text = lines(&["operations", "--service", "kinesis"]);
    assert_eq!(text.lines().count(), 57, "{text}");
    let starts = |start: &str| text.lines().any(|line| line.starts_with(start));
    assert!(starts("kinesis:PutRecord "), "{text}");
    let all = lines(&["operations", "--json"]);
    let rows: Vec<serde_json::Value> = serde_json::from_str(&all).unwrap();
    assert!(rows.len() > 800, "{}", rows.len());
    let job = rows.iter().find(|row| row["operation"] == "StartJobRun");
    let job = job.unwrap();
    assert_eq!(
        (&job["service"], &job["state"]),
        (&"glue".into(), &"partly".into())
    );
    assert!(
        job["remark"].as_str().unwrap().contains("DataFusion"),
        "{job}"
    );
    check_refused(
        &["operations", "--service", "lambda"],
        &["lambda", "kinesis"],
    );
}
