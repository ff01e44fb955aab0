//! What a request asks for, in the members of the API model: what whoever judges requests is told.

use http::Method;
use http::request::Parts;
use serde_json::{Map, Value};

use crate::base::Call;
use crate::s3::Error;
use crate::wire::s3::auth::decode;

/// Says whether a request may be carried out.
pub trait Gate: Send + Sync + std::fmt::Debug {
    /// Whether anything is judged at all.
    fn looks(&self) -> bool;

    /// Whether the caller may have this done. `asked` has the members `Bucket`, `Key`, `VersionId`,
    /// `CopySource` and what else of the request policies may ask for.
    ///
    /// # Errors
    /// The refusal.
    fn permit(&self, call: &Call, operation: &str, asked: &Value) -> Result<(), Refused>;
}

/// Why a request may not be carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Policies do not allow it; what they say.
    Denied(String),
    /// It cannot be judged; what is missing.
    Unjudged(String),
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Denied(message) => Self::NotAuthorized(message),
            Refused::Unjudged(what) => Self::NotImplemented(what),
        }
    }
}

/// Query parameters and headers, and the members they are.
const PARAMETERS: [(&str, &str); 5] = [
    ("versionId", "VersionId"),
    ("prefix", "Prefix"),
    ("delimiter", "Delimiter"),
    ("max-keys", "MaxKeys"),
    ("uploadId", "UploadId"),
];
const HEADERS: [(&str, &str); 12] = [
    ("x-amz-content-sha256", "ContentSha256"),
    ("x-amz-grant-full-control", "GrantFullControl"),
    ("x-amz-grant-read", "GrantRead"),
    ("x-amz-grant-read-acp", "GrantReadACP"),
    ("x-amz-grant-write", "GrantWrite"),
    ("x-amz-grant-write-acp", "GrantWriteACP"),
    ("x-amz-metadata-directive", "MetadataDirective"),
    ("x-amz-server-side-encryption-aws-kms-key-id", "SSEKMSKeyId"),
    ("x-amz-tagging", "Tagging"),
    ("x-amz-acl", "ACL"),
    ("x-amz-server-side-encryption", "ServerSideEncryption"),
    ("x-amz-storage-class", "StorageClass"),
];

/// Reads a request in path style.
pub(super) fn of(parts: &Parts, presigned: bool) -> Value {
    let mut asked = Map::new();
    let mut set = |member: &str, value: String| {
        asked.insert(member.to_owned(), Value::String(value));
    };
    let path = parts.uri.path().trim_start_matches('/');
    let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
    if !bucket.is_empty() {
        set("Bucket", decode(bucket));
    }
    if !key.is_empty() {
        set("Key", decode(key));
    }
    if presigned {
        set("AuthType", "REST-QUERY-STRING".to_owned());
    }
    let query = parts.uri.query().unwrap_or_default();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let name = decode(name);
        if let Some((_, member)) = PARAMETERS.iter().find(|(known, _)| *known == name) {
            set(member, decode(value));
        }
    }
    let header = |name: &str| {
        let value = parts.headers.get(name)?;
        Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    for (name, member) in HEADERS {
        if let Some(value) = header(name) {
            set(member, value);
        }
    }
    if parts.method == Method::PUT
        && let Some(source) = header("x-amz-copy-source")
    {
        let (source, version) = match source.split_once("?versionId=") {
            Some((source, version)) => (source, Some(version)),
            None => (source.as_str(), None),
        };
        set("CopySource", decode(source.trim_start_matches('/')));
        if let Some(version) = version {
            set("CopySourceVersionId", version.to_owned());
        }
    }
    Value::Object(asked)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(method: &str, uri: &str, headers: &[(&str, &str)], expected: Value) {
        let mut request = http::Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        assert_eq!(of(&parts, false), expected, "{method} {uri}");
    }

    #[test]
    fn buckets_keys_and_parameters_are_read() {
        check(
            "GET",
            "/lake/a%20b/c+d?versionId=v1&x=1",
            &[],
            json!({"Bucket": "lake", "Key": "a b/c+d", "VersionId": "v1"}),
        );
        check(
            "GET",
            "/lake?list-type=2&prefix=raw%2F&delimiter=/&max-keys=5",
            &[],
            json!({"Bucket": "lake", "Prefix": "raw/", "Delimiter": "/", "MaxKeys": "5"}),
        );
        check("GET", "/", &[], json!({}));
    }

    #[test]
    fn a_copy_names_its_source() {
        let source = ("x-amz-copy-source", "/pond/b%2Bc?versionId=v2");
        check(
            "PUT",
            "/lake/a",
            &[source, ("x-amz-tagging", "t=1")],
            json!({"Bucket": "lake", "Key": "a", "CopySource": "pond/b+c",
                "CopySourceVersionId": "v2", "Tagging": "t=1"}),
        );
    }
}
