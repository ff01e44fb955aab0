//! Lambda processors: events posted to an endpoint of the test's own, and what becomes of records.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_firehose::primitives::Blob;
use aws_sdk_firehose::types::{
    BufferingHints, ExtendedS3DestinationConfiguration, ProcessingConfiguration, Processor,
    ProcessorParameter, ProcessorParameterName, ProcessorType, Record,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use windfarm::base::{Clock, Seed};
use windfarm::emulator::{Emulator, Functions, Settings};
use windfarm::pipeline::Clients;

use crate::world;

const ARN: &str = "arn:aws:lambda:us-east-1:000000000000:function:clean";

/// The events a function got.
type Seen = Arc<Mutex<Vec<Value>>>;

/// A function on a free port: fails the first `failures` times, then answers each record by its
/// text.
async fn function(failures: usize) -> (String, Seen) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/clean", listener.local_addr().unwrap());
    let seen = Seen::default();
    let events = Arc::clone(&seen);
    tokio::spawn(async move {
        loop {
            let (connection, _) = listener.accept().await.unwrap();
            let events = Arc::clone(&events);
            let answering =
                service_fn(move |request| answer(request, Arc::clone(&events), failures));
            let served = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(connection), answering);
            tokio::spawn(served);
        }
    });
    (url, seen)
}

async fn answer(
    request: http::Request<Incoming>,
    seen: Seen,
    failures: usize,
) -> Result<http::Response<Full<Bytes>>, Infallible> {
    assert_eq!(
        (request.method().as_str(), request.uri().path()),
        ("POST", "/clean")
    );
    let body = request.into_body().collect().await.unwrap().to_bytes();
    let event: Value = serde_json::from_slice(&body).unwrap();
    let records = event["records"].as_array().unwrap().iter();
    let answers: Vec<Value> = records.filter_map(answer_to).collect();
    let invocations = {
        let mut seen = seen.lock().unwrap();
        seen.push(event.clone());
        seen.len()
    };
    let mut response = http::Response::builder();
    if invocations <= failures {
        response = response.status(500);
    }
    let reply = json!({"records": answers}).to_string();
    Ok(response.body(Full::from(reply)).unwrap())
}

fn answer_to(record: &Value) -> Option<Value> {
    let data = STANDARD.decode(record["data"].as_str().unwrap()).unwrap();
    let text = String::from_utf8(data).unwrap();
    let result = match text.as_str() {
        "drop" => "Dropped",
        "fail" => "ProcessingFailed",
        "forget" => return None,
        _ => "Ok",
    };
    Some(json!({
        "recordId": record["recordId"],
        "result": result,
        "data": STANDARD.encode(text.to_uppercase()),
    }))
}

/// An emulator that knows a function, and its clients with a bucket and a role.
async fn clients(seed: u64, functions: Functions) -> (Clients, String) {
    let emulator = Emulator::start(Settings {
        clock: Clock::starting_at(world::start()),
        seed: Seed::new(seed),
        functions,
        ..Settings::default()
    });
    let clients = world::clients(&emulator).await;
    world::bucket(&clients, "lake").await;
    let role = world::role(&clients, "firehose.amazonaws.com").await;
    (clients, role)
}

async fn create_stream(clients: &Clients, role: &str, retries: &str) {
    let parameter = |name, value: &str| {
        let parameter = ProcessorParameter::builder().parameter_name(name);
        parameter.parameter_value(value).build().unwrap()
    };
    let processor = Processor::builder()
        .r#type(ProcessorType::Lambda)
        .parameters(parameter(
            ProcessorParameterName::LambdaArn,
            &format!("{ARN}:$LATEST"),
        ))
        .parameters(parameter(
            ProcessorParameterName::LambdaNumberOfRetries,
            retries,
        ))
        .build()
        .unwrap();
    let processing = ProcessingConfiguration::builder()
        .enabled(true)
        .processors(processor);
    let hints = BufferingHints::builder()
        .size_in_mbs(1)
        .interval_in_seconds(60);
    let destination = ExtendedS3DestinationConfiguration::builder()
        .role_arn(role)
        .bucket_arn("arn:aws:s3:::lake")
        .prefix("clean/")
        .buffering_hints(hints.build())
        .processing_configuration(processing.build())
        .build()
        .unwrap();
    let call = clients
        .firehose
        .create_delivery_stream()
        .delivery_stream_name("clean");
    call.extended_s3_destination_configuration(destination)
        .send()
        .await
        .unwrap();
    pass(clients, 5).await;
}

async fn put(clients: &Clients, texts: &[&str]) {
    let records = texts.iter().map(|text| {
        let blob = Blob::new(text.as_bytes());
        Record::builder().data(blob).build().unwrap()
    });
    let call = clients
        .firehose
        .put_record_batch()
        .delivery_stream_name("clean");
    call.set_records(Some(records.collect()))
        .send()
        .await
        .unwrap();
}

async fn pass(clients: &Clients, seconds: u64) {
    let mut me = clients.clock.join();
    me.sleep(Duration::from_secs(seconds)).await;
}

/// The bodies of all objects under a prefix, joined.
async fn under(clients: &Clients, prefix: &str) -> String {
    let listed = clients
        .s3
        .list_objects_v2()
        .bucket("lake")
        .prefix(prefix)
        .send()
        .await
        .unwrap();
    let mut text = String::new();
    for object in listed.contents() {
        let call = clients
            .s3
            .get_object()
            .bucket("lake")
            .key(object.key().unwrap());
        let body = call.send().await.unwrap().body.collect().await.unwrap();
        text.push_str(&String::from_utf8(body.to_vec()).unwrap());
    }
    text
}

/// Error lines as code, attempts and record.
fn told(lines: &str) -> Vec<(String, u64, String)> {
    lines
        .lines()
        .map(|line| {
            let line: Value = serde_json::from_str(line).unwrap();
            assert_eq!(line["lambdaARN"], format!("{ARN}:$LATEST"));
            let raw = STANDARD.decode(line["rawData"].as_str().unwrap()).unwrap();
            let code = line["errorCode"].as_str().unwrap().to_owned();
            let attempts = line["attemptsMade"].as_u64().unwrap();
            (code, attempts, String::from_utf8(raw).unwrap())
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_transforms_drops_and_fails_records_after_its_retries() {
    let (url, seen) = function(1).await;
    let mut functions = Functions::default();
    functions.register(ARN, &url).unwrap();
    let (clients, role) = clients(1, functions).await;
    create_stream(&clients, &role, "3").await;
    put(&clients, &["a", "drop", "fail", "forget", "b"]).await;
    pass(&clients, 300).await;

    assert_eq!(under(&clients, "clean/2025/").await, "AB");
    let errors = under(&clients, "clean/processing-failed/").await;
    assert_eq!(
        told(&errors),
        [
            (
                "Lambda.ProcessingFailedStatus".to_owned(),
                1,
                "fail".to_owned()
            ),
            ("Lambda.MissingRecordId".to_owned(), 1, "forget".to_owned()),
        ]
    );
    let seen = seen.lock().unwrap();
    assert_eq!(seen.len(), 2, "one failure, one retry");
    let event = &seen[1];
    assert_eq!(event["region"], "us-east-1");
    assert_eq!(
        event["deliveryStreamArn"],
        "arn:aws:firehose:us-east-1:000000000000:deliverystream/clean"
    );
    assert_eq!(event["records"].as_array().unwrap().len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_keeps_failing_loses_no_record() {
    let (url, seen) = function(usize::MAX).await;
    let mut functions = Functions::default();
    functions.register(ARN, &url).unwrap();
    let (clients, role) = clients(2, functions).await;
    create_stream(&clients, &role, "2").await;
    put(&clients, &["a", "b"]).await;
    pass(&clients, 600).await;
    assert_eq!(seen.lock().unwrap().len(), 3);
    let errors = under(&clients, "clean/processing-failed/").await;
    assert_eq!(
        told(&errors),
        ["a", "b"].map(|text| ("Lambda.FunctionError".to_owned(), 3, text.to_owned()))
    );
    assert_eq!(under(&clients, "clean/2025/").await, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_nobody_registered_or_nobody_serves_fails_loudly() {
    let mut unserved = Functions::default();
    unserved.register(ARN, "http://127.0.0.1:1/").unwrap();
    for (seed, functions, code) in [
        (3, Functions::default(), "Lambda.ResourceNotFound"),
        (4, unserved, "Lambda.FunctionError"),
    ] {
        let (clients, role) = clients(seed, functions).await;
        create_stream(&clients, &role, "0").await;
        put(&clients, &["a"]).await;
        pass(&clients, 600).await;
        let errors = under(&clients, "clean/processing-failed/").await;
        assert_eq!(told(&errors), [(code.to_owned(), 1, "a".to_owned())]);
    }
}
