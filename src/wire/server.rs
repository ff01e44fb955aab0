//! The socket side of the front door.
//!
//! HTTP/1.1 (keep-alive, pipelining) and HTTP/2 with prior knowledge on one listener; hyper tells
//! them apart by the first bytes. The caller owns the listener and the stop signal, so tests and the
//! command line start and stop it alike.

use std::convert::Infallible;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;

use crate::base::Clock;
use crate::base::limits::wire::{HEADER_MAX_BYTES, HEADER_READ_TIMEOUT, SHUTDOWN_GRACE};
use crate::wire::router::Router;

/// Serves until `shutdown` completes, then finishes the requests under way (for at most
/// [`SHUTDOWN_GRACE`]) and returns.
pub async fn run(listener: TcpListener, router: Arc<Router>, shutdown: impl Future<Output = ()>) {
    let connections = GracefulShutdown::new();
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    // Out of descriptors, most likely: give the open connections time to close.
                    tracing::warn!(%error, "cannot accept a connection");
                    Clock::sleep_real(Duration::from_millis(50)).await;
                    continue;
                }
            },
            () = &mut shutdown => break,
        };
        // Replies are small and whole: waiting to fill a packet only costs time.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY");
        }
        tokio::spawn(serve(stream, Arc::clone(&router), connections.watcher()));
    }
    drop(listener);
    tokio::select! {
        () = connections.shutdown() => {}
        () = Clock::sleep_real(SHUTDOWN_GRACE) => {
            tracing::warn!("connections still open after {SHUTDOWN_GRACE:?}, closing them");
        }
    }
}

/// One connection, until the client closes it or the watcher asks to finish.
async fn serve<I>(io: I, router: Arc<Router>, watcher: Watcher)
where
    I: AsyncRead + AsyncWrite + Unpin + 'static,
{
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_READ_TIMEOUT)
        .max_buf_size(HEADER_MAX_BYTES)
        .pipeline_flush(true);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(u32::try_from(HEADER_MAX_BYTES).unwrap_or(u32::MAX));
    let service = service_fn(move |request: http::Request<hyper::body::Incoming>| {
        let router = Arc::clone(&router);
        async move { Ok::<_, Infallible>(router.call(request.map(Into::into)).await) }
    });
    let connection = builder.serve_connection(TokioIo::new(io), service);
    if let Err(error) = watcher.watch(connection).await {
        tracing::debug!(error = %error, "connection ended");
    }
}

#[cfg(test)]
mod tests {
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
}
