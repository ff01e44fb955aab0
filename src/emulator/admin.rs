//! The program's own paths: health, reset, and what happened to a stream.

use http::{Method, Response, StatusCode};
use s3s::Body;
use serde_json::{Value, json};

use crate::emulator::{State, streams};
use crate::wire::Service;

/// A stream's books lie below this, under its name.
const STREAMS: &str = "/_windfarm/streams/";

/// The services that are executed, by their names in health documents.
const RUNNING: &[Service] = &[
    Service::Athena,
    Service::Firehose,
    Service::Glue,
    Service::Iam,
    Service::Kinesis,
    Service::S3,
    Service::Sts,
];

/// Answers a request under `/_windfarm/`, or for LocalStack's health document, which tools that wait
/// for LocalStack look for.
pub(super) fn answer(state: &State, request: &http::Request<Body>) -> Response<Body> {
    match (request.method(), request.uri().path()) {
        (&Method::GET | &Method::HEAD, "/_windfarm/health") => json(StatusCode::OK, &health(state)),
        (&Method::GET | &Method::HEAD, "/_localstack/health" | "/health") => {
            json(StatusCode::OK, &localstack_health())
        }
        (&Method::POST, "/_windfarm/reset") => {
            state.reset();
            json(StatusCode::OK, &json!({"reset": true}))
        }
        (&Method::GET | &Method::HEAD, "/_windfarm/iam/audit") => {
            json(StatusCode::OK, &state.gate.report())
        }
        (&Method::DELETE, "/_windfarm/iam/audit") => {
            state.gate.forget();
            json(StatusCode::OK, &json!({"forgotten": true}))
        }
        (&Method::GET | &Method::HEAD, path) if path.starts_with(STREAMS) => {
            let name = path.strip_prefix(STREAMS).unwrap_or_default();
            let query = request.uri().query().unwrap_or_default();
            match streams::document(state, name, query) {
                Ok(document) => json(StatusCode::OK, &document),
                Err((status, error)) => json(
                    StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST),
                    &json!({"error": error}),
                ),
            }
        }
        (method, path) => json(
            StatusCode::NOT_FOUND,
            &json!({
                "error": format!("{method} {path} is not one of windfarm's own paths"),
                "paths": ["GET /_windfarm/health", "POST /_windfarm/reset", "GET /_windfarm/iam/audit", "DELETE /_windfarm/iam/audit", "GET /_windfarm/streams/NAME", "GET /_localstack/health"],
            }),
        ),
    }
}

fn health(state: &State) -> Value {
    json!({
        "status": "running",
        "version": env!("CARGO_PKG_VERSION"),
        "clock": if state.clock.is_virtual() { "virtual" } else { "real" },
        "now": state.clock.now().iso_millis(),
        "services": RUNNING.iter().map(|service| service.name()).collect::<Vec<_>>(),
    })
}

/// The document LocalStack answers with. `edition` tells who really answers.
fn localstack_health() -> Value {
    let services: serde_json::Map<String, Value> = RUNNING
        .iter()
        .map(|service| (service.name().to_owned(), json!("running")))
        .collect();
    json!({
        "services": services,
        "edition": "windfarm",
        "version": env!("CARGO_PKG_VERSION"),
    })
}

fn json(status: StatusCode, document: &Value) -> Response<Body> {
    let mut response = Response::new(Body::from(format!("{document}\n")));
    *response.status_mut() = status;
    response.headers_mut().insert(
        http::header::CONTENT_TYPE,
        http::HeaderValue::from_static("application/json"),
    );
    response
}
