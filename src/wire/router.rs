//! The front door: one request in, the right service's reply out.
//!
//! All services share one port. A request is recognised by, in this order: the program's own paths
//! (`/_windfarm/`, `/_localstack/`); `X-Amz-Target`; a form with an `Action`; the service of the
//! credential scope. What is left is S3. The socket and the SDK's in-process connector call the same
//! [`Router::call`].
//!
//! Invariant: a service is asked only for an operation its API has, with a request that satisfies
//! the API model. What nobody handles is refused by name; there is no default answer.

use std::io::Read as _;
use std::sync::Arc;

use async_trait::async_trait;
use base64::Engine as _;
use bytes::{Bytes, BytesMut};
use http::header::{ALLOW, CONTENT_ENCODING, CONTENT_TYPE, USER_AGENT};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method};
use http_body::Body as _;
use http_body_util::BodyExt as _;
use md5::{Digest as _, Md5};
use s3s::Body;
use serde_json::Value;

use crate::base::limits::wire::{
    FORM_BODY_MAX_BYTES, HEADER_MAX_BYTES, JSON_BODY_MAX_BYTES, S3_HEADER_MAX_BYTES,
};
use crate::base::{AccountId, Call, Origin, ServiceError, Timestamp};
use crate::iam::Secret;
use crate::wire::event_stream::{self, Encoding, Messages};
use crate::wire::model::{Facts, Operation, validate};
use crate::wire::query::Form;
use crate::wire::s3::refusal as s3_error;
use crate::wire::scope::{self, Auth};
use crate::wire::server::Peer;
use crate::wire::service::{Protocol, Service};
use crate::wire::signature::{self, Authentication, Dialect, Payload, Problem};
use crate::wire::{cbor, json, query};

/// An owner of access keys, as the services behind the door know them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The account the key belongs to.
    pub account: AccountId,
    /// What STS GetCallerIdentity answers as `Arn`.
    pub caller_arn: String,
}

/// What stands behind the front door.
#[async_trait]
pub trait Backend: Send + Sync {
    /// The present instant of the emulator's clock.
    fn now(&self) -> Timestamp;

    /// A fresh request id.
    fn request_id(&self) -> String;

    /// The owner of an access key that IAM or STS here issued; `None` for any other key.
    fn identity(&self, access_key: &str) -> Option<Identity>;

    /// The secret of an access key that IAM or STS here issued; `None` for any other key.
    fn secret(&self, access_key: &str) -> Option<Secret>;

    /// Runs one operation of a JSON or Query service. `input` satisfies the API model.
    ///
    /// # Errors
    /// The service's refusal; `ServiceError::not_implemented` for operations without a handler.
    async fn call(
        &self,
        service: Service,
        operation: &str,
        call: &Call,
        input: Value,
    ) -> Result<Value, ServiceError>;

    /// Starts an operation whose reply is an event stream. `input` satisfies the API model.
    ///
    /// # Errors
    /// The service's refusal; `ServiceError::not_implemented` for operations without a handler.
    async fn stream(
        &self,
        service: Service,
        operation: &str,
        _call: &Call,
        _input: Value,
    ) -> Result<Messages, ServiceError> {
        Err(ServiceError::not_implemented(format!(
            "{service}:{operation}"
        )))
    }

    /// Answers an S3 request.
    async fn s3(&self, call: &Call, request: http::Request<Body>) -> http::Response<Body>;

    /// Answers a request to the program's own paths.
    async fn admin(&self, request: http::Request<Body>) -> http::Response<Body>;
}

/// Recognises requests, checks them and hands them to a [`Backend`].
pub struct Router {
    backend: Arc<dyn Backend>,
    authentication: Authentication,
}

impl std::fmt::Debug for Router {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Router").finish_non_exhaustive()
    }
}

/// Where a request goes.
enum Route {
    Admin,
    Json,
    Form,
    S3,
}

impl Router {
    /// A router before `backend`.
    pub fn new(backend: Arc<dyn Backend>, authentication: Authentication) -> Self {
        Self {
            backend,
            authentication,
        }
    }

    /// Answers one request. Never fails: errors are replies.
    pub async fn call(&self, request: http::Request<Body>) -> http::Response<Body> {
        let request_id = self.backend.request_id();
        let (parts, body) = request.into_parts();
        let response = match route(&parts) {
            Route::Admin => {
                let request = http::Request::from_parts(parts, body);
                self.backend.admin(request).await
            }
            Route::S3 => return self.s3(parts, body, &request_id).await,
            Route::Json => self.json(&parts, body, &request_id).await,
            Route::Form => match self.collect_form(&parts, body).await {
                Ok(body) => match self.form(&parts, &body, &request_id).await {
                    Some(response) => response,
                    None => return self.s3(parts, body.wire.into(), &request_id).await,
                },
                Err(error) => query::error(None, &error, &request_id),
            },
        };
        with_request_id(response, &request_id)
    }

    /// Who calls, where and when.
    fn caller(&self, auth: &Auth, parts: &Parts) -> Call {
        let peer = parts.extensions.get::<Peer>();
        let user_agent = parts.headers.get(USER_AGENT);
        let origin = Origin {
            access_key: auth.access_key().map(str::to_owned),
            source_ip: peer.map(|peer| peer.address),
            user_agent: user_agent
                .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()),
            secure: peer.is_some_and(|peer| peer.secure),
        };
        let access_key = auth.access_key().unwrap_or_default();
        let identity = self.backend.identity(access_key).unwrap_or_else(|| {
            let account = scope::account_of(access_key);
            let caller_arn = format!("arn:aws:iam::{account}:root");
            Identity {
                account,
                caller_arn,
            }
        });
        Call {
            now: self.backend.now(),
            account: identity.account,
            region: auth.region(),
            caller_arn: identity.caller_arn,
            origin: Arc::new(origin),
        }
    }

    /// Holds the signature against the key it names, if signatures are looked at.
    fn authenticate(
        &self,
        parts: &Parts,
        service: &str,
        payload: Payload<'_>,
    ) -> Result<Option<signature::ChunkSigner>, Problem> {
        if self.authentication == Authentication::Off {
            return Ok(None);
        }
        let key = |access_key: &str| {
            let issued = self.backend.secret(access_key);
            issued.or_else(|| scope::root_key(access_key))
        };
        signature::verify(parts, service, payload, key, self.backend.now()).map(Some)
    }

    async fn collect_form(&self, parts: &Parts, body: Body) -> Result<Collected, ServiceError> {
        check_headers(&parts.headers)?;
        collect(&parts.headers, body, FORM_BODY_MAX_BYTES).await
    }

    async fn s3(&self, mut parts: Parts, body: Body, request_id: &str) -> http::Response<Body> {
        // Smithy's own protocols use paths, which S3 would take for buckets.
        if let Some(protocol) = parts.headers.get("smithy-protocol") {
            let name = String::from_utf8_lossy(protocol.as_bytes());
            let error = ServiceError::not_implemented(format!("the protocol `{name}`"));
            return with_request_id(json::error(None, &error), request_id);
        }
        let query = parts.uri.query().unwrap_or_default();
        let auth = match Auth::read(&parts.headers, query) {
            Ok(auth) => auth,
            Err(error) => return s3_error(&error, &parts.method, request_id),
        };
        // A signed request for a service that is neither S3 nor spoken here must not fall into S3.
        if let Some(service) = auth.service()
            && !matches!(service, "s3" | "s3-object-lambda")
        {
            let error = if Service::by_name(service).is_some() {
                ServiceError::client("UnknownOperationException", "")
            } else {
                ServiceError::not_implemented(format!("the service `{service}`"))
            };
            return with_request_id(json::error(None, &error), request_id);
        }
        if header_bytes(&parts.headers) > S3_HEADER_MAX_BYTES {
            let error = ServiceError::client(
                "RequestHeaderSectionTooLarge",
                "Your request header section exceeds the maximum allowed size.",
            )
            .member("MaxSizeAllowed", S3_HEADER_MAX_BYTES.to_string());
            return s3_error(&error, &parts.method, request_id);
        }
        match self.authenticate(&parts, "s3", Payload::AsDeclared) {
            Ok(None) => {}
            Ok(Some(chunks)) => {
                parts.extensions.insert(chunks);
            }
            Err(problem) => {
                let error = problem.refusal(Dialect::S3);
                return s3_error(&error, &parts.method, request_id);
            }
        }
        let call = self.caller(&auth, &parts);
        let request = http::Request::from_parts(parts, body);
        self.backend.s3(&call, request).await
    }

    async fn json(&self, parts: &Parts, body: Body, request_id: &str) -> http::Response<Body> {
        let target = parts.headers.get("x-amz-target");
        let target = target.and_then(|value| value.to_str().ok());
        let (service, operation) = target.and_then(|t| t.split_once('.')).unwrap_or_default();
        let service = Service::by_target(service);
        // Only Kinesis is spoken to in CBOR.
        let encoding = match service {
            Some(Service::Kinesis) if is_cbor(&parts.headers) => Encoding::Cbor,
            _ => Encoding::Json,
        };
        let answer = self
            .json_call(parts, body, service, operation, encoding)
            .await;
        let mut response = answer.unwrap_or_else(|error| match (service, encoding) {
            (Some(service), Encoding::Cbor) => cbor::error(service, &error),
            _ => json::error(service, &error),
        });
        if parts.method != Method::POST {
            response
                .headers_mut()
                .insert(ALLOW, HeaderValue::from_static("POST"));
        }
        if service == Some(Service::Kinesis)
            && let Ok(id) = HeaderValue::from_str(&extended_id(request_id))
        {
            response.headers_mut().insert("x-amz-id-2", id);
        }
        response
    }

    /// In AWS's order: the operation, the document, the signature, the constraints.
    async fn json_call(
        &self,
        parts: &Parts,
        body: Body,
        service: Option<Service>,
        operation: &str,
        encoding: Encoding,
    ) -> Result<http::Response<Body>, ServiceError> {
        let unknown = || ServiceError::client("UnknownOperationException", "");
        if parts.method != Method::POST {
            return Err(ServiceError {
                status: 405,
                ..unknown()
            });
        }
        let service = service.ok_or_else(unknown)?;
        let facts = Facts::of(service);
        let operation = facts.operation(operation).ok_or_else(unknown)?;
        check_headers(&parts.headers)?;
        let body = collect(&parts.headers, body, JSON_BODY_MAX_BYTES).await?;
        let mut input = match encoding {
            Encoding::Json => json::parse(&body.unpacked)?,
            Encoding::Cbor => cbor::parse(&body.unpacked)?,
        };
        let auth = Auth::read(&parts.headers, parts.uri.query().unwrap_or_default())?;
        if auth == Auth::Anonymous {
            return Err(Problem::Unsigned.refusal(Dialect::Json));
        }
        self.authenticate(parts, service.name(), Payload::Body(&body.wire))
            .map_err(|problem| problem.refusal(Dialect::Json))?;
        drop(body);
        validate::check(facts, operation, &mut input)?;
        let call = self.caller(&auth, parts);
        if operation.streams {
            let messages = self.backend.stream(service, &operation.name, &call, input);
            let messages = messages.await?;
            return Ok(event_stream::reply(facts, operation, encoding, messages));
        }
        let output = self.backend.call(service, &operation.name, &call, input);
        let output = output.await?;
        Ok(match encoding {
            Encoding::Json => json::reply(operation, &output),
            Encoding::Cbor => cbor::reply(facts, operation, &output),
        })
    }

    /// A Query request; `None` for a form without an action that no Query service was signed for,
    /// which is S3's to answer.
    async fn form(
        &self,
        parts: &Parts,
        body: &Collected,
        request_id: &str,
    ) -> Option<http::Response<Body>> {
        let encoded_query = parts.uri.query().unwrap_or_default();
        let auth = Auth::read(&parts.headers, encoded_query);
        let scope_service = auth.as_ref().ok().and_then(Auth::service);
        let mut form = Form::parse(&body.unpacked);
        form.extend(Form::parse(encoded_query.as_bytes()));
        let signed_for_query = scope_service
            .and_then(Service::by_name)
            .is_some_and(|service| service.protocol() == Protocol::Query);
        if form.get("Action").is_none() && !signed_for_query {
            return None;
        }
        let (facts, operation) = match query::target(&form, scope_service) {
            Ok(target) => target,
            Err(error) => return Some(query::error(None, &error, request_id)),
        };
        let unsigned = matches!(auth, Ok(Auth::Anonymous));
        let authentic = if unsigned && UNSIGNED_OPERATIONS.contains(&operation.name.as_str()) {
            Ok(None)
        } else {
            self.authenticate(parts, facts.service.name(), Payload::Body(&body.wire))
        };
        if let Err(problem) = authentic {
            let error = problem.refusal(Dialect::Query);
            return Some(query::error(Some(facts), &error, request_id));
        }
        let answer = self.form_call(facts, operation, &form, auth, parts).await;
        Some(match answer {
            Ok(output) => query::reply(facts, operation, &output, request_id),
            Err(error) => query::error(Some(facts), &error, request_id),
        })
    }

    async fn form_call(
        &self,
        facts: &'static Facts,
        operation: &'static Operation,
        form: &Form,
        auth: Result<Auth, ServiceError>,
        parts: &Parts,
    ) -> Result<Value, ServiceError> {
        let auth = auth?;
        if auth == Auth::Anonymous && !UNSIGNED_OPERATIONS.contains(&operation.name.as_str()) {
            return Err(Problem::Unsigned.refusal(Dialect::Query));
        }
        let mut input = form.input(facts, operation)?;
        validate::check(facts, operation, &mut input)?;
        let call = self.caller(&auth, parts);
        self.backend
            .call(facts.service, &operation.name, &call, input)
            .await
    }
}

/// Federated callers have no AWS credentials yet: these two are unsigned by design.
const UNSIGNED_OPERATIONS: [&str; 2] = ["AssumeRoleWithWebIdentity", "AssumeRoleWithSAML"];

fn is_cbor(headers: &HeaderMap) -> bool {
    headers
        .get(CONTENT_TYPE)
        .is_some_and(|content| content.as_bytes().starts_with(cbor::CONTENT.as_bytes()))
}

fn route(parts: &Parts) -> Route {
    let path = parts.uri.path();
    if ["/_windfarm", "/_localstack"].iter().any(|own| {
        path.strip_prefix(own)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }) {
        return Route::Admin;
    }
    if parts.headers.contains_key("x-amz-target") {
        return Route::Json;
    }
    let content = parts.headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes);
    let is = |kind: &str| content.is_some_and(|content| content.starts_with(kind.as_bytes()));
    let documents = is("application/x-amz-json") || is("application/x-amz-cbor");
    if documents && parts.method == Method::POST && path == "/" {
        return Route::Json;
    }
    let posted = parts.method == Method::POST && is("application/x-www-form-urlencoded");
    let asked = parts.method == Method::GET
        && parts.uri.query().is_some_and(|query| {
            form_urlencoded::parse(query.as_bytes()).any(|(name, _)| name == "Action")
        });
    if path == "/" && (posted || asked) {
        return Route::Form;
    }
    Route::S3
}

fn with_request_id(mut response: http::Response<Body>, id: &str) -> http::Response<Body> {
    if let Ok(id) = HeaderValue::from_str(id) {
        response.headers_mut().insert("x-amzn-requestid", id);
    }
    response
}

/// A body as it came, and as it reads.
struct Collected {
    /// What was sent, and signed.
    wire: Bytes,
    /// The same without the compression it may have come in.
    unpacked: Bytes,
}

/// Bytes of a header section: names, values, and the four characters that each line adds.
fn header_bytes(headers: &HeaderMap) -> usize {
    headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len() + 4)
        .sum()
}

/// hyper refuses what is far larger without an answer of ours; see the server.
fn check_headers(headers: &HeaderMap) -> Result<(), ServiceError> {
    if header_bytes(headers) <= HEADER_MAX_BYTES {
        return Ok(());
    }
    Err(ServiceError::with_status(
        431,
        "RequestHeaderFieldsTooLargeException",
        format!("Request headers must be smaller than {HEADER_MAX_BYTES} bytes"),
    ))
}

/// The whole body, unpacked, if it is no longer than `limit` bytes.
async fn collect(
    headers: &HeaderMap,
    mut body: Body,
    limit: usize,
) -> Result<Collected, ServiceError> {
    let too_large = || {
        ServiceError::with_status(
            413,
            "RequestEntityTooLargeException",
            format!("Request must be smaller than {limit} bytes"),
        )
    };
    // What says that it is too long is not read first.
    if body.size_hint().lower() > limit as u64 {
        return Err(too_large());
    }
    let mut collected = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| {
            ServiceError::client("RequestAbortedException", format!("body not read: {error}"))
        })?;
        if let Ok(data) = frame.into_data() {
            if collected.len() + data.len() > limit {
                return Err(too_large());
            }
            collected.extend_from_slice(&data);
        }
    }
    let wire = collected.freeze();
    let encoding = headers.get(CONTENT_ENCODING).map(HeaderValue::as_bytes);
    // Other encodings are names that old SDKs put there (`amz-1.0`) and mean nothing.
    if !encoding.is_some_and(|encoding| encoding.eq_ignore_ascii_case(b"gzip")) {
        let unpacked = wire.clone();
        return Ok(Collected { wire, unpacked });
    }
    let mut unpacked = Vec::new();
    // One byte beyond the limit tells a full body from one that goes on.
    flate2::read::MultiGzDecoder::new(&wire[..])
        .take(limit as u64 + 1)
        .read_to_end(&mut unpacked)
        .map_err(|_| validate::serialization(""))?;
    if unpacked.len() > limit {
        return Err(too_large());
    }
    Ok(Collected {
        wire,
        unpacked: unpacked.into(),
    })
}

/// Kinesis' second request id: 72 bytes in base64, as long as AWS's, derived from the first.
pub(super) fn extended_id(request_id: &str) -> String {
    let mut bytes = Vec::with_capacity(80);
    for block in 0..5u8 {
        let digest = Md5::new().chain_update(request_id).chain_update([block]);
        bytes.extend_from_slice(&digest.finalize());
    }
    bytes.truncate(72);
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

#[cfg(test)]
mod tests;
