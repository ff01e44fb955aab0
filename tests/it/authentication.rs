//! The front door as the SDK finds it: signatures that are looked at, TLS, host names, packed bodies.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::primitives::ByteStream;
use aws_smithy_async::time::SharedTimeSource;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::{Builder, tls};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_types::retry::RetryConfig;
use http_body_util::BodyExt as _;
use windfarm::base::{Clock, Seed};
use windfarm::emulator::{Emulator, Settings};
use windfarm::wire::Authentication;

use crate::world;

/// An emulator that looks at signatures, on a clock of its own.
fn verifying() -> Emulator {
    Emulator::start(Settings {
        clock: Clock::starting_at(world::start()),
        seed: Seed::new(1),
        authentication: Authentication::Verify,
        s3_hosts: vec!["farm.test".to_owned()],
        ..Settings::default()
    })
}

fn config(emulator: &Emulator, credentials: Credentials) -> SdkConfig {
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .endpoint_url("http://farm.test")
        .http_client(emulator.http_client())
        .retry_config(RetryConfig::disabled())
        .time_source(emulator.time_source())
        .build()
}

fn secret(access_key: &str, secret: &str, token: Option<&str>) -> Credentials {
    Credentials::new(access_key, secret, token.map(str::to_owned), None, "test")
}

fn root() -> Credentials {
    secret("test", "test", None)
}

/// The code of a refusal by Kinesis, STS and S3, in this order.
async fn codes(config: &SdkConfig) -> [String; 3] {
    let kinesis = aws_sdk_kinesis::Client::new(config).list_streams().send();
    let kinesis = kinesis.await.unwrap_err().into_service_error();
    let sts = aws_sdk_sts::Client::new(config)
        .get_caller_identity()
        .send();
    let sts = sts.await.unwrap_err().into_service_error();
    let s3 = aws_sdk_s3::Client::new(config).list_buckets().send();
    let s3 = s3.await.unwrap_err().into_service_error();
    [kinesis.meta(), sts.meta(), s3.meta()].map(|meta| meta.code().unwrap_or_default().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_signs_with_a_known_secret_is_let_in() {
    let emulator = verifying();
    let config_of = |credentials| config(&emulator, credentials);
    let root = config_of(root());
    let identity = |config: SdkConfig| async move {
        let answer = aws_sdk_sts::Client::new(&config)
            .get_caller_identity()
            .send();
        answer.await.unwrap().arn.unwrap()
    };
    assert_eq!(
        identity(root.clone()).await,
        "arn:aws:iam::000000000000:root"
    );
    let other = secret("123456789012", "test", None);
    assert_eq!(
        identity(config_of(other)).await,
        "arn:aws:iam::123456789012:root"
    );

    let iam = aws_sdk_iam::Client::new(&root);
    iam.create_user().user_name("ana").send().await.unwrap();
    let made = iam
        .create_access_key()
        .user_name("ana")
        .send()
        .await
        .unwrap();
    let made = made.access_key.unwrap();
    let ana = config_of(secret(&made.access_key_id, &made.secret_access_key, None));
    assert_eq!(
        identity(ana.clone()).await,
        "arn:aws:iam::000000000000:user/ana"
    );

    let session = aws_sdk_sts::Client::new(&ana)
        .get_session_token()
        .duration_seconds(900);
    let session = session.send().await.unwrap().credentials.unwrap();
    let (id, key) = (session.access_key_id(), session.secret_access_key());
    let with = config_of(secret(id, key, Some(session.session_token())));
    assert_eq!(
        identity(with.clone()).await,
        "arn:aws:iam::000000000000:user/ana"
    );
    // Every protocol is let in by the same credentials.
    aws_sdk_kinesis::Client::new(&with)
        .list_streams()
        .send()
        .await
        .unwrap();
    aws_sdk_glue::Client::new(&with)
        .get_databases()
        .send()
        .await
        .unwrap();
    aws_sdk_s3::Client::new(&with)
        .list_buckets()
        .send()
        .await
        .unwrap();

    let without = codes(&config_of(secret(id, key, None))).await;
    assert_eq!(
        without,
        [
            "UnrecognizedClientException",
            "InvalidClientTokenId",
            "InvalidAccessKeyId"
        ]
    );
    let wrong = codes(&config_of(secret(id, key, Some("other")))).await;
    assert_eq!(
        wrong,
        [
            "UnrecognizedClientException",
            "InvalidClientTokenId",
            "InvalidToken"
        ]
    );
    let mut me = emulator.clock().join();
    me.sleep(Duration::from_secs(901)).await;
    let late = codes(&with).await;
    assert_eq!(
        late,
        ["ExpiredTokenException", "ExpiredToken", "ExpiredToken"]
    );

    iam.update_access_key()
        .user_name("ana")
        .access_key_id(&made.access_key_id)
        .status(aws_sdk_iam::types::StatusType::Inactive)
        .send()
        .await
        .unwrap();
    let unknown = [
        "UnrecognizedClientException",
        "InvalidClientTokenId",
        "InvalidAccessKeyId",
    ];
    assert_eq!(codes(&ana).await, unknown);
    assert_eq!(
        codes(&config_of(secret("AKIDNOBODY", "x", None))).await,
        unknown
    );
    assert_eq!(
        codes(&config_of(secret("test", "guess", None))).await,
        [
            "InvalidSignatureException",
            "SignatureDoesNotMatch",
            "SignatureDoesNotMatch"
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signature_is_as_old_as_the_emulators_clock_says() {
    let emulator = verifying();
    let stopped: std::time::SystemTime =
        std::time::UNIX_EPOCH + Duration::from_secs(u64::try_from(world::start().secs()).unwrap());
    let stopped = aws_smithy_async::time::StaticTimeSource::new(stopped);
    let slow = config(&emulator, root())
        .to_builder()
        .time_source(SharedTimeSource::new(stopped))
        .build();
    let mut me = emulator.clock().join();
    me.sleep(Duration::from_secs(900)).await;
    aws_sdk_kinesis::Client::new(&slow)
        .list_streams()
        .send()
        .await
        .unwrap();
    me.sleep(Duration::from_secs(1)).await;
    assert_eq!(
        codes(&slow).await,
        [
            "InvalidSignatureException",
            "SignatureDoesNotMatch",
            "RequestTimeTooSkewed"
        ]
    );
}

/// Sends a request as it is to the emulator's router.
async fn raw(emulator: &Emulator, request: http::Request<s3s::Body>) -> (u16, String) {
    let response = emulator.router().call(request).await;
    assert!(
        ["x-amzn-requestid", "x-amz-request-id"]
            .iter()
            .any(|id| response.headers().contains_key(*id)),
        "every answer has a request id"
    );
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8_lossy(&body).into_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn objects_go_in_and_out_signed_streamed_and_presigned() {
    let emulator = verifying();
    let s3 = aws_sdk_s3::Client::new(&config(&emulator, root()));
    let eu = aws_sdk_s3::types::CreateBucketConfiguration::builder()
        .location_constraint(aws_sdk_s3::types::BucketLocationConstraint::EuWest1)
        .build();
    // Virtual-host style, under the domain of the settings: `lake.farm.test`.
    s3.create_bucket()
        .bucket("lake")
        .create_bucket_configuration(eu)
        .send()
        .await
        .unwrap();
    let key = "raw/a b+c/ü=1/x//y.json";
    for algorithm in [None, Some(aws_sdk_s3::types::ChecksumAlgorithm::Sha256)] {
        let mut put = s3.put_object().bucket("lake").key(key);
        put = put.set_checksum_algorithm(algorithm);
        put.body(ByteStream::from_static(b"{}"))
            .send()
            .await
            .unwrap();
    }
    let got = s3
        .get_object()
        .bucket("lake")
        .key(key)
        .send()
        .await
        .unwrap();
    assert_eq!(got.body.collect().await.unwrap().to_vec(), b"{}");
    let listed = s3
        .list_objects_v2()
        .bucket("lake")
        .prefix("raw/a b+c")
        .send()
        .await
        .unwrap();
    assert_eq!(listed.key_count(), Some(1));

    // The SDK dates a presigned URL by the machine unless told.
    let starts = Duration::from_secs(u64::try_from(world::start().secs()).unwrap());
    let expires = PresigningConfig::builder()
        .start_time(std::time::UNIX_EPOCH + starts)
        .expires_in(Duration::from_secs(60))
        .build()
        .unwrap();
    let url = s3
        .get_object()
        .bucket("lake")
        .key(key)
        .presigned(expires)
        .await
        .unwrap();
    let get = |uri: &str| http::Request::get(uri).body(s3s::Body::empty()).unwrap();
    assert_eq!(raw(&emulator, get(url.uri())).await, (200, "{}".to_owned()));
    let (status, xml) = raw(&emulator, get(&url.uri().replace("y.json", "z.json"))).await;
    assert_eq!(status, 403);
    for member in [
        "<Code>SignatureDoesNotMatch</Code>",
        "<CanonicalRequest>GET",
        "<StringToSign>AWS4-HMAC",
    ] {
        assert!(xml.contains(member), "{xml}");
    }
    let mut me = emulator.clock().join();
    me.sleep(Duration::from_secs(61)).await;
    let (status, xml) = raw(&emulator, get(url.uri())).await;
    assert!(
        status == 403 && xml.contains("Request has expired"),
        "{xml}"
    );
    let (status, xml) = raw(&emulator, get("http://farm.test/lake/x")).await;
    assert!(
        status == 403 && xml.contains("<Code>AccessDenied</Code>"),
        "{xml}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn buckets_are_part_of_the_host_name() {
    let emulator = world::emulator(1);
    let ask = |method: &str, uri: &str, body: &str| {
        http::Request::builder()
            .method(method)
            .uri(uri)
            .body(s3s::Body::from(body.to_owned()))
            .unwrap()
    };
    assert_eq!(
        raw(&emulator, ask("PUT", "http://localhost/lake", ""))
            .await
            .0,
        200
    );
    assert_eq!(
        raw(&emulator, ask("PUT", "http://lake.localhost:4566/one", "x"))
            .await
            .0,
        200
    );
    for uri in [
        "http://lake.s3.localhost.localstack.cloud:4566/one",
        "http://lake.s3.us-east-1.localhost.localstack.cloud/one",
        "http://s3.localhost/lake/one",
        "http://127.0.0.1:4566/lake/one",
    ] {
        assert_eq!(
            raw(&emulator, ask("GET", uri, "")).await,
            (200, "x".to_owned()),
            "{uri}"
        );
    }
    // A host prefix of another service is not a bucket.
    let kinesis = http::Request::post("http://111122223333.data-kinesis.localhost/")
        .header("x-amz-target", "Kinesis_20131202.ListStreams")
        .header("content-type", "application/x-amz-json-1.1")
        .header(
            "authorization",
            "AWS4-HMAC-SHA256 Credential=test/20250430/us-east-1/kinesis/aws4_request, \
             SignedHeaders=host, Signature=00",
        )
        .body(s3s::Body::from("{}".to_owned()))
        .unwrap();
    let (status, body) = raw(&emulator, kinesis).await;
    assert_eq!(status, 200, "{body}");
    let large = http::Request::get("http://localhost/lake/one")
        .header("x-amz-meta-much", "m".repeat(9_000))
        .body(s3s::Body::empty())
        .unwrap();
    let (status, xml) = raw(&emulator, large).await;
    assert!(
        status == 400 && xml.contains("RequestHeaderSectionTooLarge"),
        "{xml}"
    );
}

/// `windfarm up` with TLS and signatures looked at.
struct Up {
    process: Child,
    endpoint: String,
    certificate: String,
}

impl Up {
    fn start() -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_windfarm"))
            .args(["up", "--port", "0", "--tls", "--auth", "verify"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let lines: Vec<String> = lines.take(4).map(Result::unwrap).collect();
        let find = |name: &str| {
            let prefix = format!("export {name}=");
            let line = lines.iter().find_map(|line| line.strip_prefix(&prefix));
            line.unwrap_or_else(|| panic!("{lines:?}"))
                .trim_matches('\'')
                .to_owned()
        };
        Self {
            process,
            endpoint: find("AWS_ENDPOINT_URL"),
            certificate: find("AWS_CA_BUNDLE"),
        }
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = std::fs::remove_file(&self.certificate);
    }
}

fn trusting(certificate: &str) -> SharedHttpClient {
    let mut pem = Vec::new();
    std::fs::File::open(certificate)
        .unwrap()
        .read_to_end(&mut pem)
        .unwrap();
    let store = tls::TrustStore::empty().with_pem_certificate(pem);
    let context = tls::TlsContext::builder()
        .with_trust_store(store)
        .build()
        .unwrap();
    Builder::new()
        .tls_provider(tls::Provider::Rustls(CryptoMode::Ring))
        .tls_context(context)
        .build_https()
}

#[tokio::test(flavor = "multi_thread")]
async fn over_tls_the_sdk_trusts_the_printed_certificate() {
    let up = Up::start();
    let config = |client: SharedHttpClient| {
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .credentials_provider(SharedCredentialsProvider::new(root()))
            .endpoint_url(&up.endpoint)
            .http_client(client)
            .retry_config(RetryConfig::disabled())
            .build()
    };
    assert!(
        up.endpoint.starts_with("https://127.0.0.1:"),
        "{}",
        up.endpoint
    );
    let trusted = config(trusting(&up.certificate));
    let who = aws_sdk_sts::Client::new(&trusted)
        .get_caller_identity()
        .send();
    assert_eq!(who.await.unwrap().account(), Some("000000000000"));
    let s3 = aws_sdk_s3::config::Builder::from(&trusted)
        .force_path_style(true)
        .build();
    let s3 = aws_sdk_s3::Client::from_conf(s3);
    s3.create_bucket().bucket("lake").send().await.unwrap();
    let put = s3
        .put_object()
        .bucket("lake")
        .key("k")
        .body(ByteStream::from_static(b"x"));
    put.send().await.unwrap();

    let stranger = config(
        Builder::new()
            .tls_provider(tls::Provider::Rustls(CryptoMode::Ring))
            .build_https(),
    );
    let refused = aws_sdk_sts::Client::new(&stranger)
        .get_caller_identity()
        .send();
    assert!(refused.await.is_err(), "nobody else trusts it");
}
