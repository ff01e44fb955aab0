//! The Query protocol of IAM and STS: a form in, an XML document out.

pub mod form;
pub mod xml;

use http::HeaderValue;
use http::header::CONTENT_TYPE;
use s3s::Body;
use serde_json::Value;

use crate::base::ServiceError;
use crate::wire::model::{Facts, Operation};
use crate::wire::service::Service;

pub use form::Form;

/// The service and operation a form asks for.
///
/// The scope's service decides; an unsigned form is recognised by its API version, which IAM and STS
/// do not share.
///
/// # Errors
/// `MissingAction`, and `InvalidAction` for what neither service has.
pub fn target(
    form: &Form,
    scope_service: Option<&str>,
) -> Result<(&'static Facts, &'static Operation), ServiceError> {
    let Some(action) = form.get("Action").filter(|action| !action.is_empty()) else {
        return Err(ServiceError::client(
            "MissingAction",
            "Missing Action in the request",
        ));
    };
    let version = form.get("Version").unwrap_or_default();
    let unknown = || {
        ServiceError::client(
            "InvalidAction",
            format!("Could not find operation {action} for version {version}"),
        )
    };
    let candidates = [Facts::of(Service::Iam), Facts::of(Service::Sts)];
    let facts = candidates
        .into_iter()
        .find(|facts| match scope_service.and_then(Service::by_name) {
            Some(service) => service == facts.service,
            None => facts.version == version,
        })
        .filter(|facts| version.is_empty() || facts.version == version)
        .ok_or_else(unknown)?;
    let operation = facts.operation(action).ok_or_else(unknown)?;
    Ok((facts, operation))
}

/// A successful reply.
pub fn reply(
    facts: &Facts,
    operation: &Operation,
    output: &Value,
    request_id: &str,
) -> http::Response<Body> {
    response(200, xml::reply(facts, operation, output, request_id))
}

/// An error document. JSON's names of signature errors become those of Query.
pub fn error(
    facts: Option<&Facts>,
    error: &ServiceError,
    request_id: &str,
) -> http::Response<Body> {
    let (status, code, message) = match error.code.as_str() {
        "MissingAuthenticationTokenException" => (
            403,
            "MissingAuthenticationToken",
            "Request is missing Authentication Token",
        ),
        "IncompleteSignatureException" => (403, "IncompleteSignature", error.message.as_str()),
        "InvalidSignatureException" => (403, "InvalidSignature", error.message.as_str()),
        code => (error.status, code, error.message.as_str()),
    };
    let namespace = facts.map_or("", |facts| facts.namespace.as_str());
    let document = xml::error(namespace, status, code, message, request_id);
    response(status, document)
}

fn response(status: u16, document: String) -> http::Response<Body> {
    let mut response = http::Response::new(Body::from(document));
    *response.status_mut() =
        http::StatusCode::from_u16(status).unwrap_or(http::StatusCode::BAD_REQUEST);
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("text/xml"));
    response
}
