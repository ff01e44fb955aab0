//! The service through the real SDK client, in the process, and through bare HTTP requests where the
//! SDK hides what is sent.

mod buckets;
mod objects;
mod protocol;

use std::sync::Arc;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::{BehaviorVersion, Credentials, SharedHttpClient};
use aws_sdk_s3::error::{ProvideErrorMetadata as _, SdkError};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::Value;

use crate::base::{Call, Clock, Ids, Seed, Timestamp};
use crate::s3::S3;
use crate::wire::s3::{Gate, Hosts, Refused, Service, service};

fn start() -> Timestamp {
    Timestamp::parse("2025-04-29T12:00:00Z").unwrap()
}

/// A gate that is never shut.
#[derive(Debug)]
struct Open;

impl Gate for Open {
    fn looks(&self) -> bool {
        false
    }

    fn permit(&self, _: &Call, _: &str, _: &Value) -> Result<(), Refused> {
        Ok(())
    }
}

fn new_service() -> Service {
    let ids = Arc::new(Ids::seeded(Seed::new(5)));
    service(
        Arc::new(S3::new(ids.clone())),
        Clock::starting_at(start()),
        ids,
        Hosts::default(),
        Arc::new(Open),
    )
}

/// Hands the SDK's requests to the service without a socket.
#[derive(Clone)]
struct InProcess(Service);

impl std::fmt::Debug for InProcess {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("InProcess")
    }
}

impl HttpConnector for InProcess {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let service = self.0.clone();
        HttpConnectorFuture::new(async move {
            let other = |error: Box<dyn std::error::Error + Send + Sync>| {
                ConnectorError::other(error, None)
            };
            let request = request.try_into_http1x().map_err(|e| other(e.into()))?;
            let request = request.map(s3s::Body::http_body_unsync);
            let response = service.call(request).await;
            let (parts, body) = response.into_parts();
            let body = body.collect().await.map_err(other)?.to_bytes();
            Response::from_parts(parts, SdkBody::from(body))
                .try_into()
                .map_err(|e: aws_smithy_runtime_api::http::HttpError| other(e.into()))
        })
    }
}

impl HttpClient for InProcess {
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

/// A client of `service` over plain http, so that chunks are signed; path style or not.
fn client_of(service: &Service, path_style: bool) -> Client {
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .credentials_provider(Credentials::for_tests())
        .region(aws_sdk_s3::config::Region::new("us-east-1"))
        .endpoint_url("http://localhost:4566")
        .force_path_style(path_style)
        .http_client(SharedHttpClient::new(InProcess(service.clone())))
        .build();
    Client::from_conf(config)
}

async fn client() -> Client {
    let client = client_of(&new_service(), true);
    client.create_bucket().bucket("lake").send().await.unwrap();
    client
}

#[track_caller]
fn check_code<T: std::fmt::Debug, E>(result: Result<T, SdkError<E>>, status: u16, code: &str)
where
    E: aws_sdk_s3::error::ProvideErrorMetadata + std::fmt::Debug,
{
    let error = result.unwrap_err();
    let response = error.raw_response().expect("a response");
    assert_eq!(response.status().as_u16(), status);
    assert_eq!(error.code(), Some(code));
}

async fn bare(
    service: &Service,
    request: http::request::Builder,
    body: &'static str,
) -> (StatusCode, http::HeaderMap, String) {
    let request = request.body(s3s::Body::from(Bytes::from(body))).unwrap();
    let response = service.call(request).await;
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    (
        parts.status,
        parts.headers,
        String::from_utf8_lossy(&body).into_owned(),
    )
}

fn request(method: &str, uri: &str) -> http::request::Builder {
    Request::builder()
        .method(method)
        .uri(uri)
        .header("host", "localhost:4566")
}
