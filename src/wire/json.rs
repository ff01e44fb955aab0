//! JSON 1.1: `X-Amz-Target` names the operation, JSON documents go both ways.

use http::HeaderValue;
use http::header::CONTENT_TYPE;
use s3s::Body;
use serde_json::{Map, Value};

use crate::base::ServiceError;
use crate::wire::model::{Facts, Operation};
use crate::wire::service::Service;

/// The content type of requests and replies.
pub const CONTENT: &str = "application/x-amz-json-1.1";

/// The request document.
///
/// # Errors
/// `SerializationException` without a message, as AWS answers what is no JSON (measured).
pub fn parse(body: &[u8]) -> Result<Value, ServiceError> {
    serde_json::from_slice(body).map_err(|_| ServiceError::client("SerializationException", ""))
}

/// A successful reply. An operation that answers nothing has an empty body, not an empty document.
pub fn reply(operation: &Operation, output: &Value) -> http::Response<Body> {
    let body = match operation.output {
        Some(_) => Body::from(output.to_string()),
        None => Body::empty(),
    };
    with_type(http::Response::new(body), CONTENT)
}

/// The error document: `__type`, the message, and members of the error's own.
///
/// The message's capital follows the API model. An empty message is left out: AWS answers some
/// errors with their type alone. `x-amzn-errortype` is not sent by Athena (measured) nor by Kinesis.
pub fn error(service: Option<Service>, error: &ServiceError) -> http::Response<Body> {
    let document = error_document(service, error);
    let mut response = with_type(
        http::Response::new(Body::from(document.to_string())),
        CONTENT,
    );
    *response.status_mut() =
        http::StatusCode::from_u16(error.status).unwrap_or(http::StatusCode::BAD_REQUEST);
    if !matches!(service, Some(Service::Athena | Service::Kinesis) | None)
        && let Ok(code) = HeaderValue::from_str(&error.code)
    {
        response.headers_mut().insert("x-amzn-errortype", code);
    }
    response
}

/// The document of an error, without its HTTP response.
pub fn error_document(service: Option<Service>, error: &ServiceError) -> Value {
    let mut document = Map::new();
    document.insert("__type".to_owned(), error.code.clone().into());
    if !error.message.is_empty() {
        let member = service.map_or("message", |s| Facts::of(s).message_member(&error.code));
        document.insert(member.to_owned(), error.message.clone().into());
    }
    for (name, value) in &error.members {
        document.insert(name.clone(), value.clone().into());
    }
    Value::Object(document)
}

fn with_type(mut response: http::Response<Body>, content: &'static str) -> http::Response<Body> {
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(content));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(service: Option<Service>, raised: &ServiceError, document: &str, header: bool) {
        assert_eq!(error_document(service, raised).to_string(), document);
        let response = error(service, raised);
        assert_eq!(response.status().as_u16(), raised.status);
        assert_eq!(response.headers().contains_key("x-amzn-errortype"), header);
    }

    #[test]
    fn error_documents_have_their_services_shape() {
        let missing = ServiceError::client("ResourceNotFoundException", "gone");
        check(
            Some(Service::Kinesis),
            &missing,
            r#"{"__type":"ResourceNotFoundException","message":"gone"}"#,
            false,
        );
        check(
            Some(Service::Athena),
            &ServiceError::client("InvalidRequestException", "no")
                .member("AthenaErrorCode", "INVALID_INPUT"),
            r#"{"__type":"InvalidRequestException","Message":"no","AthenaErrorCode":"INVALID_INPUT"}"#,
            false,
        );
        check(
            Some(Service::Glue),
            &ServiceError::client("EntityNotFoundException", "no"),
            r#"{"__type":"EntityNotFoundException","Message":"no"}"#,
            true,
        );
        check(
            None,
            &ServiceError::client("UnknownOperationException", ""),
            r#"{"__type":"UnknownOperationException"}"#,
            false,
        );
        check(
            Some(Service::Firehose),
            &ServiceError::not_implemented("firehose:X"),
            r#"{"__type":"NotImplemented","message":"firehose:X is not implemented by windfarm; see docs/fidelity.md"}"#,
            true,
        );
    }

    #[test]
    fn numbers_are_written_as_plain_decimals() {
        let kinesis = Facts::of(Service::Kinesis);
        let operation = kinesis.operation("DescribeStreamSummary").unwrap();
        let instant = crate::base::Timestamp::from_millis(1_500_000_000_000);
        let output = serde_json::json!({ "At": instant });
        assert_eq!(output.to_string(), r#"{"At":1500000000.0}"#);
        for millis in [1, -1, 999, 1_000_000_000_001, 253_402_300_799_999] {
            let instant = crate::base::Timestamp::from_millis(millis);
            let text = serde_json::json!(instant).to_string();
            let plain = |c: char| c.is_ascii_digit() || c == '.' || c == '-';
            assert!(text.chars().all(plain), "{text}");
        }
        assert_eq!(reply(operation, &output).headers()[CONTENT_TYPE], CONTENT);
    }
}
