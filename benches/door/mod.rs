//! The front door: what validation adds to parsing, and how many small requests a socket takes.

use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use windfarm::base::clock::Stopwatch;
use windfarm::emulator::{Emulator, Settings};
use windfarm::wire::Service;
use windfarm::wire::json;
use windfarm::wire::model::{Facts, validate};

/// Rounds of parsing against parsing and validating, taken in turns.
const ROUNDS: usize = 200;
/// Connections that are kept, each with one request under way.
const CONNECTIONS: usize = 8;
/// Requests on each of them.
const REQUESTS: usize = 10_000;

/// A PutRecords of 500 readings as an SDK sends it, parsed with and without validation: the ratio is to
/// stay below 1.3.
pub fn validation_against_parsing() {
    let data = "eyJpZHRlbXAiOiAiMSIsICJkYXRhIjogIjAuOTUiLCAidHlwZSI6ICJwb3dlcmZhY3RvciIsICJ0aW1lc3RhbXAi\
                OiAiMjAyNS0wNC0zMCAxNDozNTowMCJ9";
    let entries: Vec<_> = (0..500)
        .map(|n| json!({"Data": data, "PartitionKey": n.to_string()}))
        .collect();
    let body = json!({"StreamName": "bench", "Records": entries}).to_string();
    let facts = Facts::of(Service::Kinesis);
    let operation = facts.operation("PutRecords").unwrap();
    let (mut parsing, mut validating) = (Duration::MAX, Duration::MAX);
    for _ in 0..ROUNDS {
        let watch = Stopwatch::start();
        let document = json::parse(body.as_bytes()).unwrap();
        parsing = parsing.min(watch.elapsed());
        drop(document);
        let watch = Stopwatch::start();
        let mut document = json::parse(body.as_bytes()).unwrap();
        validate::check(facts, operation, &mut document).unwrap();
        validating = validating.min(watch.elapsed());
    }
    let ratio = validating.as_secs_f64() / parsing.as_secs_f64().max(1e-9);
    println!(
        "{:<44} {ratio:>14.2} times parsing   (parsed in {parsing:.2?}, validated in {validating:.2?})",
        "wire: PutRecords of 500, validated"
    );
}

/// Empty GetCallerIdentity requests over eight connections that are kept alive.
pub fn small_requests() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let elapsed = runtime.block_on(async {
        let emulator = Emulator::start(Settings::default());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let server = tokio::spawn(async move {
            let stopped = async {
                let _ = stopped.await;
            };
            emulator.serve(listener, stopped).await;
        });
        let watch = Stopwatch::start();
        let clients: Vec<_> = (0..CONNECTIONS)
            .map(|_| tokio::spawn(ask_again_and_again(address)))
            .collect();
        for client in clients {
            client.await.unwrap();
        }
        let elapsed = watch.elapsed();
        stop.send(()).unwrap();
        server.await.unwrap();
        elapsed
    });
    let count = CONNECTIONS * REQUESTS;
    let rate = count as f64 / elapsed.as_secs_f64().max(1e-9);
    println!(
        "{:<44} {rate:>14.0} requests/s   ({count} in {elapsed:.2?}, the client's work included)",
        "door: GetCallerIdentity on 8 connections"
    );
}

async fn ask_again_and_again(address: std::net::SocketAddr) {
    let body = "Action=GetCallerIdentity&Version=2011-06-15";
    let request = format!(
        "POST / HTTP/1.1\r\nhost: {address}\r\n\
         authorization: AWS4-HMAC-SHA256 Credential=test/20250430/us-east-1/sts/aws4_request, \
         SignedHeaders=host, Signature=00\r\n\
         content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut connection = TcpStream::connect(address).await.unwrap();
    connection.set_nodelay(true).unwrap();
    let mut answer = Vec::with_capacity(4_096);
    for _ in 0..REQUESTS {
        connection.write_all(request.as_bytes()).await.unwrap();
        answer.clear();
        // The document is the end of the answer: its length need not be read.
        while !answer.ends_with(b"</GetCallerIdentityResponse>") {
            let read = connection.read_buf(&mut answer).await.unwrap();
            assert!(read > 0, "the connection was closed");
        }
        assert!(answer.starts_with(b"HTTP/1.1 200 "));
    }
}
