//! S3 over HTTP: the `s3s` crate's protocol over our core, with an edge of our own around it.
//!
//! A request passes, in this order: [`host`] (path style from here on),
//! [`auth`] (who signed it, and whether a presigned URL has
//! expired), [`guard`] (sub-resources `s3s` does not know must not fall through to CreateBucket or
//! ListObjects), [`payload`] (aws-chunked bodies and payload hashes), then `s3s`, which parses it
//! and calls [`adapter`]; [`answer`] puts the finishing touches on what comes back. The edge exists
//! because `s3s` verifies signatures or refuses them, with nothing in between, and reads the
//! machine's clock for it; and because its errors carry no members beyond code and message.

mod adapter;
mod answer;
mod asked;
mod auth;
mod bucket_settings;
mod buckets;
mod convert;
mod guard;
mod host;
mod listings;
mod objects;
mod payload;
mod uploads;

#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, PoisonError};

use http::{HeaderMap, Request, Response};
use s3s::service::{S3Service, S3ServiceBuilder};
use serde_json::Value;

use crate::base::{Call, Clock, Ids, ServiceError};
use crate::s3::{Body, Error, S3};

pub use adapter::OPERATIONS;
pub use asked::{Gate, Refused};
pub use host::Hosts;

/// No document is larger; `s3s` has the same limit.
const MAX_DOCUMENT_BYTES: u64 = 20 * 1024 * 1024;

/// What an operation learns about its request besides the parsed input. Travels as an extension of
/// the HTTP request.
#[derive(Clone)]
struct Context {
    call: Call,
    /// The decoded body.
    body: Body,
    /// Headers that `s3s` would refuse where S3 ignores them, or reads less exactly than S3.
    raw: HeaderMap,
    /// Whom to ask whether the request may be carried out, and what it asks for.
    gate: Arc<dyn Gate>,
    asked: Arc<Value>,
    /// The refusal of the operation, with what `s3s` cannot carry.
    refusal: Arc<Mutex<Option<Error>>>,
}

/// The answer to a request that was refused before it came here: one whose signature is not right.
pub(super) fn refusal(
    error: &ServiceError,
    method: &http::Method,
    request_id: &str,
) -> Response<s3s::Body> {
    let code = match error.code.as_str() {
        "IncompleteSignatureException" => "AuthorizationHeaderMalformed",
        "InvalidSignatureException" => "InvalidArgument",
        code => code,
    };
    let marks = answer::Marks::of(request_id);
    let refused = answer::ErrorAnswer::from(&ServiceError {
        code: code.to_owned(),
        ..error.clone()
    });
    answer::finish(answer::error(&refused, &marks), method, &marks)
}

/// S3 as an HTTP service. Clones share everything.
#[derive(Clone)]
pub struct Service {
    inner: S3Service,
    clock: Clock,
    ids: Arc<Ids>,
    hosts: Arc<Hosts>,
    gate: Arc<dyn Gate>,
}

/// The HTTP service over `core`. Requests are dated by `clock`, their ids drawn from `ids`; `hosts`
/// says which host names carry a bucket, `gate` which requests may be carried out.
///
/// Signatures are parsed for account and region, not verified here. When a request has a
/// [`Call`] among its extensions, that decides who calls, in which account and region; when it has a
/// [`ChunkSigner`](crate::wire::signature::ChunkSigner), the chunks of its body must be signed.
pub fn service(
    core: Arc<S3>,
    clock: Clock,
    ids: Arc<Ids>,
    hosts: Hosts,
    gate: Arc<dyn Gate>,
) -> Service {
    Service {
        inner: S3ServiceBuilder::new(adapter::Adapter::new(core)).build(),
        clock,
        ids,
        hosts: Arc::new(hosts),
        gate,
    }
}

impl Service {
    /// Answers one request, path style or virtual-host style. Never fails: what goes wrong is an
    /// error document.
    pub async fn call(&self, request: Request<s3s::Body>) -> Response<s3s::Body> {
        let method = request.method().clone();
        let marks = answer::Marks::draw(&self.ids);
        let refusal = Arc::default();
        let response = match self.pass(request, &refusal).await {
            Ok(response) => {
                let refused = refusal
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .take();
                match refused {
                    Some(error) => answer::error(&error.into_answer(), &marks),
                    None => answer::complete(response, &marks).await,
                }
            }
            Err(refused) => answer::error(&refused, &marks),
        };
        answer::finish(response, &method, &marks)
    }

    async fn pass(
        &self,
        request: Request<s3s::Body>,
        refusal: &Arc<Mutex<Option<Error>>>,
    ) -> Result<Response<s3s::Body>, answer::ErrorAnswer> {
        let (mut parts, body) = request.into_parts();
        let now = self.clock.now();
        host::to_path_style(&mut parts, &self.hosts)?;
        let presigned = auth::is_presigned(&parts);
        let signer = auth::take(&mut parts, now)?;
        guard::check(&parts)?;
        let asked = match self.gate.looks() {
            true => asked::of(&parts, presigned),
            false => Value::Null,
        };
        let body = payload::read(&mut parts, body).await?;
        let mut call = parts
            .extensions
            .remove::<Call>()
            .unwrap_or_else(|| signer.call(now));
        call.now = now;
        // A body of one segment, which all but aws-chunked uploads are, is shared and not copied.
        // `s3s` needs the body only where it is a document.
        let document = match body.segments() {
            [one] => one.clone(),
            _ if body.len() <= MAX_DOCUMENT_BYTES => body.to_bytes(),
            _ => bytes::Bytes::new(),
        };
        parts.extensions.insert(Context {
            call,
            body,
            gate: Arc::clone(&self.gate),
            asked: Arc::new(asked),
            raw: payload::take_raw_headers(&mut parts.headers),
            refusal: refusal.clone(),
        });
        let request = Request::from_parts(parts, s3s::Body::from(document));
        self.inner
            .call(request)
            .await
            .map_err(|error| answer::ErrorAnswer::new(500, "InternalError", format!("{error:?}")))
    }
}
