//! The server over an in-memory connection: no port, no clock.

use async_trait::async_trait;
use s3s::Body;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};

use super::*;
use crate::base::{Call, ServiceError, Timestamp};
use crate::wire::router::{Backend, Identity};
use crate::wire::service::Service;

struct Echo;

#[async_trait]
impl Backend for Echo {
    fn now(&self) -> Timestamp {
        Timestamp::EPOCH
    }

    fn request_id(&self) -> String {
        "id".to_owned()
    }

    fn identity(&self, _: &str) -> Option<Identity> {
        None
    }

    async fn call(
        &self,
        _: Service,
        _: &str,
        _: &Call,
        input: Value,
    ) -> Result<Value, ServiceError> {
        Ok(json!({"StreamNames": [input["ExclusiveStartStreamName"]], "HasMoreStreams": false}))
    }

    async fn s3(&self, _: &Call, request: http::Request<Body>) -> http::Response<Body> {
        http::Response::new(Body::from(request.uri().path().to_owned()))
    }

    async fn admin(&self, _: http::Request<Body>) -> http::Response<Body> {
        http::Response::new(Body::from("healthy".to_owned()))
    }
}

/// A connection to a served router, the handle to stop it, and the serving task.
fn connect() -> (DuplexStream, GracefulShutdown, tokio::task::JoinHandle<()>) {
    let (client, server) = tokio::io::duplex(64 * 1024);
    let connections = GracefulShutdown::new();
    let router = Arc::new(Router::new(Arc::new(Echo)));
    let task = tokio::spawn(serve(server, router, connections.watcher()));
    (client, connections, task)
}

/// Reads until `end` has come `times` times.
async fn read_until(client: &mut DuplexStream, end: &str, times: usize) -> String {
    let mut seen = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&seen).into_owned();
        if text.matches(end).count() >= times {
            return text;
        }
        let mut chunk = [0; 1024];
        let read = client.read(&mut chunk).await.unwrap();
        assert!(read > 0, "closed after {text:?}");
        seen.extend_from_slice(&chunk[..read]);
    }
}

fn list_streams(start: &str) -> String {
    let body = json!({"ExclusiveStartStreamName": start}).to_string();
    format!(
        "POST / HTTP/1.1\r\nhost: localhost\r\nx-amz-target: Kinesis_20131202.ListStreams\r\n\
         content-type: application/x-amz-json-1.1\r\ncontent-length: {}\r\n\
         authorization: AWS4-HMAC-SHA256 Credential=test/20250430/us-east-1/kinesis/aws4_request\r\n\
         \r\n{body}",
        body.len()
    )
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order_on_one_connection() {
    let (mut client, _connections, _task) = connect();
    let both = list_streams("first") + &list_streams("second");
    client.write_all(both.as_bytes()).await.unwrap();
    let replies = read_until(&mut client, "HasMoreStreams", 2).await;
    assert_eq!(replies.matches("HTTP/1.1 200 OK").count(), 2, "{replies}");
    assert!(replies.find("first").unwrap() < replies.find("second").unwrap());
    assert!(replies.contains("x-amzn-requestid: id"), "{replies}");
    // A third on the same connection: it was kept alive.
    let health = "GET /_windfarm/health HTTP/1.1\r\nhost: localhost\r\n\r\n";
    client.write_all(health.as_bytes()).await.unwrap();
    read_until(&mut client, "healthy", 1).await;
}

#[tokio::test]
async fn http_2_is_spoken_with_prior_knowledge() {
    let (mut client, _connections, _task) = connect();
    client
        .write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        .await
        .unwrap();
    // An empty SETTINGS frame; the server answers with its own and acknowledges ours.
    client
        .write_all(&[0, 0, 0, 4, 0, 0, 0, 0, 0])
        .await
        .unwrap();
    let mut header = [0; 9];
    client.read_exact(&mut header).await.unwrap();
    assert_eq!(header[3], 4, "a SETTINGS frame comes first: {header:?}");
    let length = usize::from(header[1]) << 8 | usize::from(header[2]);
    client.read_exact(&mut vec![0; length]).await.unwrap();
}

#[tokio::test]
async fn stopping_finishes_the_connection() {
    let (mut client, connections, task) = connect();
    client
        .write_all(list_streams("x").as_bytes())
        .await
        .unwrap();
    read_until(&mut client, "HasMoreStreams", 1).await;
    connections.shutdown().await;
    task.await.unwrap();
    assert_eq!(client.read(&mut [0; 8]).await.unwrap(), 0, "closed");
}

#[tokio::test]
async fn what_is_no_http_closes_the_connection() {
    let (mut client, _connections, task) = connect();
    client
        .write_all(b"\x16\x03\x01\0\0 not http\r\n\r\n")
        .await
        .unwrap();
    client.shutdown().await.unwrap();
    task.await.unwrap();
}
