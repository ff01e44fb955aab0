//! The image: built from this build's binary, started, driven with the AWS SDK, stopped.
//!
//! Where no engine answers the test says so and passes, unless `WINDFARM_TEST_DOCKER=require` is set, as
//! `.ci/run` does when it has an engine. Names and ports are the engine's choice or random.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write as _};
use std::net::TcpStream;
use std::process::{Command, Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use aws_sdk_kinesis::primitives::Blob;
use aws_sdk_kinesis::types::{ShardIteratorType, StreamStatus};
use windfarm::base::{Clock, Ids, Seed};
use windfarm::pipeline::Clients;
use windfarm::target::Target;

/// Long for an engine to say that it is there, or for the emulator to listen; short for a person.
const PATIENCE: Duration = Duration::from_secs(60);

fn docker(args: &[&str]) -> Output {
    Command::new("docker").args(args).output().unwrap()
}

/// Standard output of a `docker` command that must succeed, without the newline at its end.
fn check_docker(args: &[&str]) -> String {
    let output = docker(args);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "docker {args:?}: {error}");
    String::from_utf8(output.stdout)
        .unwrap()
        .trim_end()
        .to_owned()
}

/// Whether an engine answers; an engine that hangs does not.
fn engine_answers() -> bool {
    let Ok(mut child) = Command::new("docker")
        .args(["info", "--format", "{{.ServerVersion}}"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
    else {
        return false;
    };
    let mut stdout = child.stdout.take().unwrap();
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let mut text = String::new();
        let _ = stdout.read_to_string(&mut text);
        sender.send(text)
    });
    // The client may print an empty line and fail when there is no engine behind it.
    let answered = receiver
        .recv_timeout(PATIENCE)
        .is_ok_and(|version| !version.trim().is_empty());
    if !answered {
        let _ = child.kill();
    }
    child.wait().unwrap().success() && answered
}

/// An image that goes when the test does.
struct Image {
    tag: String,
}

impl Image {
    /// Builds it as a person does.
    fn build() -> Self {
        let name = Ids::seeded(Seed::random()).hex(12);
        let image = Self {
            tag: format!("windfarm-test:{name}"),
        };
        let output = Command::new("docker/build.sh")
            .args([env!("CARGO_BIN_EXE_windfarm"), &image.tag])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .unwrap();
        let (told, error) = (
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr),
        );
        assert!(output.status.success(), "{told}{error}");
        let version = format!("windfarm {}", env!("CARGO_PKG_VERSION"));
        assert!(told.contains(&version), "the image runs: {told}");
        image
    }
}

impl Drop for Image {
    fn drop(&mut self) {
        docker(&["image", "rm", "--force", &self.tag]);
    }
}

/// A container that goes when the test does.
struct Container {
    id: String,
}

impl Container {
    /// Starts the image as `docker/compose.yml` does, on a loopback port of the engine's choice.
    fn start(image: &Image) -> Self {
        let id = check_docker(&[
            "run",
            "--detach",
            "--publish",
            "127.0.0.1::4566",
            "--read-only",
            "--tmpfs",
            "/tmp",
            "--cap-drop",
            "ALL",
            "--security-opt",
            "no-new-privileges",
            &image.tag,
        ]);
        Self { id }
    }

    /// Waits until the program says that it listens, by following its output: no polling.
    fn wait_until_it_listens(&self) {
        let mut logs = Command::new("docker")
            .args(["logs", "--follow", &self.id])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(logs.stdout.take().unwrap()).lines();
        let (sender, receiver) = mpsc::channel();
        std::thread::spawn(move || {
            let listening = lines
                .map_while(Result::ok)
                .any(|line| line == "export AWS_ENDPOINT_URL=http://127.0.0.1:4566");
            sender.send(listening)
        });
        let listening = receiver.recv_timeout(PATIENCE).unwrap_or(false);
        let _ = logs.kill();
        logs.wait().unwrap();
        assert!(listening, "{}", self.logs());
    }

    fn logs(&self) -> String {
        let output = docker(&["logs", &self.id]);
        let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
        write!(text, "{}", String::from_utf8_lossy(&output.stderr)).unwrap();
        text
    }

    /// Where the port is published, e.g. `127.0.0.1:49153`.
    fn address(&self) -> String {
        let ports = check_docker(&["port", &self.id, "4566/tcp"]);
        ports.lines().next().unwrap().to_owned()
    }

    fn inspect(&self, format: &str) -> String {
        check_docker(&["inspect", "--format", format, &self.id])
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        docker(&["rm", "--force", &self.id]);
    }
}

/// The answer to one GET, head and body.
fn get(address: &str, path: &str) -> String {
    let mut connection = TcpStream::connect(address).unwrap();
    connection.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(
        connection,
        "GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    answer
}

/// A record put is the record got.
async fn check_kinesis(clients: &Clients) {
    let kinesis = &clients.kinesis;
    let stream = "windfarm";
    kinesis
        .create_stream()
        .stream_name(stream)
        .shard_count(1)
        .send()
        .await
        .unwrap();
    loop {
        let described = kinesis
            .describe_stream_summary()
            .stream_name(stream)
            .send()
            .await
            .unwrap();
        let summary = described.stream_description_summary().unwrap();
        if *summary.stream_status() == StreamStatus::Active {
            break;
        }
        assert_eq!(*summary.stream_status(), StreamStatus::Creating);
        Clock::sleep_real(Duration::from_millis(50)).await;
    }
    let data = br#"{"idtemp": "1", "data": "0.98", "type": "powerfactor"}"#;
    let put = kinesis
        .put_record()
        .stream_name(stream)
        .partition_key("02")
        .data(Blob::new(data))
        .send()
        .await
        .unwrap();
    let iterator = kinesis
        .get_shard_iterator()
        .stream_name(stream)
        .shard_id(put.shard_id())
        .shard_iterator_type(ShardIteratorType::TrimHorizon)
        .send()
        .await
        .unwrap();
    let got = kinesis
        .get_records()
        .shard_iterator(iterator.shard_iterator().unwrap())
        .send()
        .await
        .unwrap();
    let [record] = got.records() else {
        panic!("one record: {got:?}")
    };
    assert_eq!(record.data().as_ref(), data);
    assert_eq!(record.partition_key(), Some("02"));
    assert_eq!(record.sequence_number(), put.sequence_number());
}

/// An object put is the object got.
async fn check_s3(clients: &Clients) {
    let (bucket, key) = ("wind-farm-project", "2025/04/30/17/object");
    clients
        .s3
        .create_bucket()
        .bucket(bucket)
        .send()
        .await
        .unwrap();
    let body = b"}{".repeat(100_000);
    clients
        .s3
        .put_object()
        .bucket(bucket)
        .key(key)
        .body(body.clone().into())
        .send()
        .await
        .unwrap();
    let got = clients
        .s3
        .get_object()
        .bucket(bucket)
        .key(key)
        .send()
        .await
        .unwrap();
    let read = got.body.collect().await.unwrap().into_bytes();
    assert!(read == body, "{} bytes of {}", read.len(), body.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_image_answers_the_sdk_and_stops_when_told() {
    if !engine_answers() {
        assert!(
            std::env::var("WINDFARM_TEST_DOCKER").as_deref() != Ok("require"),
            "WINDFARM_TEST_DOCKER=require, and no Docker engine answers"
        );
        // Straight to the stream: what a passing test prints through the macros nobody sees.
        std::io::stderr()
            .write_all(b"docker: skipped: no Docker engine answers\n")
            .unwrap();
        return;
    }
    let image = Image::build();
    let container = Container::start(&image);
    container.wait_until_it_listens();
    let address = container.address();

    let health = get(&address, "/_windfarm/health");
    assert!(health.starts_with("HTTP/1.1 200 "), "{health}");
    assert!(health.contains(r#""status":"running""#), "{health}");
    // What the engine's health check runs.
    let asked = check_docker(&["exec", &container.id, "/usr/bin/windfarm", "health"]);
    assert!(asked.contains(r#""status":"running""#), "{asked}");
    let endpoint = format!("http://{address}");
    let clients = Target::Endpoint(endpoint).clients().await;
    check_kinesis(&clients).await;
    check_s3(&clients).await;
    assert_eq!(container.inspect("{{.Config.User}}"), "10001:10001");

    check_docker(&["stop", "--time", "30", &container.id]);
    let logs = container.logs();
    assert_eq!(container.inspect("{{.State.ExitCode}}"), "0", "{logs}");
    assert!(logs.contains("windfarm: stopped"), "{logs}");
}
