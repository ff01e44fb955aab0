//! What every answer of S3 has: request ids, the server's name, and complete error documents.

use http::header::{CONTENT_LENGTH, CONTENT_TYPE, ETAG, HeaderValue, LAST_MODIFIED, SERVER};
use http::{HeaderMap, HeaderName, Method, Response, StatusCode};
use http_body_util::BodyExt as _;

use crate::base::{Ids, ServiceError, Timestamp};
use crate::s3::Error;
use crate::wire::router::extended_id;

/// The two ids by which AWS support finds a request.
pub(super) struct Marks {
    request_id: String,
    host_id: String,
}

impl Marks {
    pub(super) fn draw(ids: &Ids) -> Self {
        Self {
            request_id: ids.alphanumeric(16).to_ascii_uppercase(),
            host_id: ids.alphanumeric(76),
        }
    }

    /// Marks that follow from an id drawn elsewhere.
    pub(super) fn of(request_id: &str) -> Self {
        let digits = request_id.chars().filter(char::is_ascii_alphanumeric);
        Self {
            request_id: digits.take(16).collect::<String>().to_ascii_uppercase(),
            host_id: extended_id(request_id),
        }
    }
}

/// An error as it goes over the wire.
#[derive(Clone, Debug)]
pub(super) struct ErrorAnswer {
    status: u16,
    code: String,
    message: String,
    members: Vec<(String, String)>,
    headers: Vec<(HeaderName, String)>,
}

impl ErrorAnswer {
    pub(super) fn new(status: u16, code: &str, message: impl Into<String>) -> Self {
        Self {
            status,
            code: code.to_owned(),
            message: message.into(),
            members: Vec::new(),
            headers: Vec::new(),
        }
    }

    pub(super) fn not_implemented(operation: &str) -> Self {
        Error::NotImplemented(format!("s3:{operation}")).into_answer()
    }

    pub(super) fn member(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.members.push((name.into(), value.into()));
        self
    }

    fn header(mut self, name: HeaderName, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    fn document(&self, marks: &Marks) -> String {
        let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error>");
        let head = [("Code", &self.code), ("Message", &self.message)];
        let tail = [("RequestId", &marks.request_id), ("HostId", &marks.host_id)];
        let members = self
            .members
            .iter()
            .map(|(name, value)| (name.as_str(), value));
        for (name, value) in head.into_iter().chain(members).chain(tail) {
            xml.push_str(&format!("<{name}>{}</{name}>", escape(value)));
        }
        xml.push_str("</Error>");
        xml
    }
}

impl From<&ServiceError> for ErrorAnswer {
    fn from(error: &ServiceError) -> Self {
        let answer = Self::new(error.status, &error.code, &error.message);
        let members = error.members.iter();
        members.fold(answer, |answer, (name, value)| answer.member(name, value))
    }
}

impl Error {
    /// The refusal with the headers that belong to it.
    pub(super) fn into_answer(self) -> ErrorAnswer {
        let mut answer = ErrorAnswer::new(self.status(), self.code(), self.to_string());
        for (name, value) in self.members() {
            answer = answer.member(name, value);
        }
        match self {
            Self::NotModified { etag, modified } => answer
                .header(ETAG, format!("\"{etag}\""))
                .header(LAST_MODIFIED, http_date(modified)),
            Self::NoSuchKey {
                marker: Some(version),
                ..
            } => answer
                .header(DELETE_MARKER, "true")
                .header(VERSION_ID, version),
            Self::MethodNotAllowed {
                version_id,
                modified,
                ..
            } => answer
                .header(DELETE_MARKER, "true")
                .header(VERSION_ID, version_id)
                .header(http::header::ALLOW, "DELETE")
                .header(LAST_MODIFIED, http_date(modified)),
            Self::InvalidRange { size, .. } => {
                answer.header(http::header::CONTENT_RANGE, format!("bytes */{size}"))
            }
            _ => answer,
        }
    }
}

const DELETE_MARKER: HeaderName = HeaderName::from_static("x-amz-delete-marker");
const VERSION_ID: HeaderName = HeaderName::from_static("x-amz-version-id");

/// `Wed, 21 Oct 2015 07:28:00 GMT`.
pub(super) fn http_date(at: Timestamp) -> String {
    at.utc().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            // XML 1.0 has no way to write most control characters.
            c if c.is_control() && !matches!(c, '\t' | '\n' | '\r') => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}

/// The response to a refused request.
pub(super) fn error(refused: &ErrorAnswer, marks: &Marks) -> Response<s3s::Body> {
    let mut response = Response::new(s3s::Body::from(refused.document(marks)));
    *response.status_mut() =
        StatusCode::from_u16(refused.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/xml"));
    for (name, value) in &refused.headers {
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(name.clone(), value);
        }
    }
    response
}

/// Texts for codes that `s3s` answers without one.
fn default_message(code: &str) -> &'static str {
    match code {
        "InvalidBucketName" => "The specified bucket is not valid.",
        "KeyTooLongError" => "Your key is too long",
        "InvalidURI" => "Couldn't parse the specified URI.",
        "MalformedXML" => {
            "The XML you provided was not well-formed or did not validate against our published \
             schema"
        }
        "MissingRequestBodyError" => "Request Body is empty",
        "MissingContentLength" => "You must provide the Content-Length HTTP header.",
        "MethodNotAllowed" => "The specified method is not allowed against this resource.",
        _ => "The request was refused.",
    }
}

/// Among a response's extensions: its document has an entity tag that goes without quotes, as
/// GetObjectAttributes alone answers it. `s3s` quotes them all.
#[derive(Clone, Copy, Debug)]
pub(super) struct BareEtag;

/// Completes a document that `s3s` wrote: errors get their missing parts. Passes everything else
/// through.
pub(super) async fn complete(response: Response<s3s::Body>, marks: &Marks) -> Response<s3s::Body> {
    let bare_etag = response.extensions().get::<BareEtag>().is_some();
    let failed = response.status().is_client_error() || response.status().is_server_error();
    if !failed && !bare_etag {
        return response;
    }
    let (parts, body) = response.into_parts();
    let text = match body.collect().await {
        Ok(body) => String::from_utf8_lossy(&body.to_bytes()).into_owned(),
        Err(_) => String::new(),
    };
    if bare_etag {
        let bare = text
            .replace("<ETag>\"", "<ETag>")
            .replace("\"</ETag>", "</ETag>");
        return Response::from_parts(parts, s3s::Body::from(bare));
    }
    let between = |name: &str| {
        let (_, rest) = text.split_once(&format!("<{name}>"))?;
        Some(rest.split_once(&format!("</{name}>"))?.0.to_owned())
    };
    let code = between("Code").unwrap_or_else(|| "InternalError".to_owned());
    let message = between("Message")
        .map(|text| unescape(&text))
        .unwrap_or_else(|| default_message(&code).to_owned());
    let answer = match message.strip_suffix(" is not implemented yet") {
        Some(operation) if code == "NotImplemented" => ErrorAnswer::not_implemented(operation),
        _ => ErrorAnswer::new(parts.status.as_u16(), &code, message),
    };
    error(&answer, marks)
}

fn unescape(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&apos;", "'")
        .replace("&amp;", "&")
}

/// Puts on every answer what S3 puts on it. Answers to HEAD, and 304, have no body.
pub(super) fn finish(
    mut response: Response<s3s::Body>,
    method: &Method,
    marks: &Marks,
) -> Response<s3s::Body> {
    let failed = !response.status().is_success();
    let bodiless = response.status() == StatusCode::NOT_MODIFIED
        || (failed && *method == Method::HEAD)
        || response.status() == StatusCode::NO_CONTENT;
    if bodiless {
        *response.body_mut() = s3s::Body::empty();
        response.headers_mut().remove(CONTENT_TYPE);
        response.headers_mut().remove(CONTENT_LENGTH);
    }
    let headers: &mut HeaderMap = response.headers_mut();
    headers.insert(SERVER, HeaderValue::from_static("AmazonS3"));
    for (name, value) in [
        ("x-amz-request-id", &marks.request_id),
        ("x-amz-id-2", &marks.host_id),
    ] {
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(name, value);
        }
    }
    response
}
