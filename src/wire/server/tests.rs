//! The server over an in-memory connection: no port, no clock.

use async_trait::async_trait;
use s3s::Body;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};

use super::*;
use crate::base::{Call, ServiceError, Timestamp};
use crate::iam::Secret;
use crate::wire::router::{Backend, Identity};
use crate::wire::service::Service;
use crate::wire::signature::Authentication;

struct Echo;

#[async_trait]
impl Backend for Echo {
    fn now(&self) -> Timestamp {
        Timestamp::EPOCH
    }

    fn request_id(&self) -> String {
        "id".to_owned()
    }

    fn secret(&self, _: &str) -> Option<Secret> {
        None
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
/// A client of this machine.
fn peer() -> Peer {
    Peer {
        address: IpAddr::from([127, 0, 0, 1]),
        secure: false,
    }
}

fn connect() -> (DuplexStream, GracefulShutdown, tokio::task::JoinHandle<()>) {
    let (client, server) = tokio::io::duplex(64 * 1024);
    let connections = GracefulShutdown::new();
    let router = Arc::new(Router::new(Arc::new(Echo), Authentication::Off));
    let task = tokio::spawn(serve(server, peer(), router, connections.watcher()));
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

/// Asks for the health over HTTP/2, twice at once on one connection.
async fn ask_over_http_2<I>(io: I)
where
    I: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    use http_body_util::BodyExt as _;
    let (mut client, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(io))
            .await
            .unwrap();
    let connection = tokio::spawn(connection);
    let ask = || {
        let uri = "http://localhost/_windfarm/health";
        http::Request::get(uri).body(Body::empty()).unwrap()
    };
    let (one, other) = tokio::join!(
        client.clone().send_request(ask()),
        client.send_request(ask())
    );
    for response in [one, other] {
        let response = response.unwrap();
        assert_eq!(response.version(), http::Version::HTTP_2);
        assert!(response.headers().contains_key("x-amzn-requestid"));
        let body = response.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(body, "healthy");
    }
    drop(client);
    connection.await.unwrap().unwrap();
}

#[tokio::test]
async fn http_2_is_spoken_with_prior_knowledge() {
    let (client, _connections, _task) = connect();
    ask_over_http_2(client).await;
}

#[tokio::test]
async fn headers_that_are_far_too_long_are_refused_and_the_connection_closed() {
    let (mut client, _connections, task) = connect();
    let much = "m".repeat(3 * HEADER_MAX_BYTES);
    let request = format!("GET / HTTP/1.1\r\nhost: localhost\r\nx-much: {much}\r\n\r\n");
    // The server stops reading when it has had enough.
    let _ = client.write_all(request.as_bytes()).await;
    let answer = read_until(&mut client, "\r\n\r\n", 1).await;
    assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
    drop(client);
    task.await.unwrap();
}

/// A TLS client that trusts `pem`, connected to a served router until the second of the pair goes.
async fn connect_tls(
    tls: &Tls,
    pem: &str,
    name: &str,
    protocol: &str,
) -> std::io::Result<(
    tokio_rustls::client::TlsStream<DuplexStream>,
    GracefulShutdown,
)> {
    use tokio_rustls::rustls::pki_types::pem::PemObject as _;
    use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
    use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto::ring};
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_slice(pem.as_bytes()).unwrap())
        .unwrap();
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
    let (client, server) = tokio::io::duplex(64 * 1024);
    let router = Arc::new(Router::new(Arc::new(Echo), Authentication::Off));
    let connections = GracefulShutdown::new();
    let watcher = connections.watcher();
    tokio::spawn(serve_tls(server, peer(), tls.clone(), router, watcher));
    let stream = tokio_rustls::TlsConnector::from(Arc::new(config))
        .connect(ServerName::try_from(name.to_owned()).unwrap(), client)
        .await?;
    Ok((stream, connections))
}

fn self_signed() -> Tls {
    // Certificates are held against the machine's clock by the client.
    let addresses = ["192.0.2.7".parse().unwrap()];
    Tls::self_signed(Clock::system().now(), &addresses, &["farm.test".to_owned()]).unwrap()
}

#[tokio::test]
async fn tls_agrees_on_http_2_or_http_1() {
    let tls = self_signed();
    let pem = tls.authority_pem();
    let (stream, _connections) = connect_tls(&tls, pem, "localhost", "h2").await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    ask_over_http_2(stream).await;

    let (mut stream, _connections) = connect_tls(&tls, pem, "127.0.0.1", "http/1.1")
        .await
        .unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
    let health = "GET /_windfarm/health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    stream.write_all(health.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.ends_with("healthy"), "{answer}");
}

#[tokio::test]
async fn the_certificate_is_for_the_emulators_names_and_signed_by_its_own_authority() {
    let tls = self_signed();
    for name in [
        "localhost",
        "lake.s3.localhost",
        "s3.localhost.localstack.cloud",
        "lake.s3.localhost.localstack.cloud",
        "farm.test",
        "lake.farm.test",
        "192.0.2.7",
        "::1",
    ] {
        let trusted = connect_tls(&tls, tls.authority_pem(), name, "h2").await;
        assert!(trusted.is_ok(), "{name}: {:?}", trusted.err());
    }
    let other = connect_tls(&tls, tls.authority_pem(), "example.com", "h2").await;
    assert!(other.is_err(), "a name that is not its own");
    let stranger = connect_tls(&tls, self_signed().authority_pem(), "localhost", "h2").await;
    assert!(stranger.is_err(), "another run's authority");
}

#[tokio::test]
async fn who_speaks_no_tls_where_tls_is_spoken_is_let_go() {
    let (mut client, server) = tokio::io::duplex(1024);
    let router = Arc::new(Router::new(Arc::new(Echo), Authentication::Off));
    let watcher = GracefulShutdown::new().watcher();
    let task = tokio::spawn(serve_tls(server, peer(), self_signed(), router, watcher));
    client.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    task.await.unwrap();
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
