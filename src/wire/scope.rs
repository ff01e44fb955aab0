//! Who a request says it comes from: the credential scope of its signature.
//!
//! The scope names access key, day, region and service; that is all an emulator needs to keep
//! accounts and regions apart. Signatures are not verified here: unless
//! [`signature`](crate::wire::signature) is told to, any secret is accepted. What is checked is that a
//! signature is there and readable, because clients branch on those errors.

use http::HeaderMap;
use http::header::AUTHORIZATION;

use crate::base::{AccountId, Region, ServiceError};
use crate::iam::Secret;

/// What the signature tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Auth {
    /// Not signed.
    Anonymous,
    /// Signature Version 4, in the header or in the query (presigned).
    Signed(Scope),
    /// Signature Version 2, which only old S3 clients use: an access key and no scope.
    Legacy(String),
}

/// `ACCESS_KEY/yyyyMMdd/region/service/aws4_request`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// Access key id.
    pub access_key: String,
    /// Day of the signature, `yyyyMMdd`.
    pub date: String,
    /// Region the request is for.
    pub region: Region,
    /// Service name the request is for, e.g. `kinesis`.
    pub service: String,
}

impl Auth {
    /// Reads header and query.
    ///
    /// # Errors
    /// `IncompleteSignatureException` when a signature is there but unreadable,
    /// `InvalidSignatureException` for two of them, 501 for SigV4A.
    pub fn read(headers: &HeaderMap, query: &str) -> Result<Self, ServiceError> {
        let algorithm = parameter(query, "X-Amz-Algorithm");
        let Some(header) = headers.get(AUTHORIZATION) else {
            return match (algorithm, parameter(query, "X-Amz-Credential")) {
                (None, _) => Ok(legacy_query(query)),
                (Some(algorithm), _) if is_sigv4a(&algorithm) => Err(sigv4a()),
                (Some(_), Some(credential)) => Scope::parse(&credential).map(Self::Signed),
                (Some(_), None) => Err(incomplete(
                    "AWS query-string parameters must include 'X-Amz-Credential'.",
                )),
            };
        };
        if algorithm.is_some() {
            return Err(ServiceError::client(
                "InvalidSignatureException",
                "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP \
                 header.",
            ));
        }
        let header = String::from_utf8_lossy(header.as_bytes());
        if is_sigv4a(&header) {
            return Err(sigv4a());
        }
        if let Some(rest) = header.strip_prefix("AWS ") {
            let access_key = rest.split(':').next().unwrap_or_default();
            return Ok(Self::Legacy(access_key.trim().to_owned()));
        }
        match header_parameter(&header, "Credential") {
            Some(credential) => Scope::parse(credential).map(Self::Signed),
            None => Err(missing_parameters(&header, headers)),
        }
    }

    /// The access key, if there is one.
    pub fn access_key(&self) -> Option<&str> {
        match self {
            Self::Anonymous => None,
            Self::Signed(scope) => Some(&scope.access_key),
            Self::Legacy(access_key) => Some(access_key),
        }
    }

    /// The region of the scope, or the default one.
    pub fn region(&self) -> Region {
        match self {
            Self::Signed(scope) => scope.region.clone(),
            _ => Region::default(),
        }
    }

    /// The service of the scope.
    pub fn service(&self) -> Option<&str> {
        match self {
            Self::Signed(scope) => Some(&scope.service),
            _ => None,
        }
    }
}

/// The account of an access key nobody issued: a 12-digit key is the account itself, a convention
/// of emulators; any other key belongs to the default account.
pub fn account_of(access_key: &str) -> AccountId {
    AccountId::parse(access_key).unwrap_or_default()
}

/// The access key of the default account's root.
pub const ROOT_KEY: &str = "test";
/// The secret of every account's root key.
pub const ROOT_SECRET: &str = "test";

/// The root keys that exist without having been made: [`ROOT_KEY`] for the default account, and every
/// account's id for itself. Their secret is [`ROOT_SECRET`].
pub fn root_key(access_key: &str) -> Option<Secret> {
    let known = access_key == ROOT_KEY || AccountId::parse(access_key).is_some();
    known.then(|| Secret {
        secret: ROOT_SECRET.to_owned(),
        token: None,
        expired: false,
    })
}

impl Scope {
    fn parse(credential: &str) -> Result<Self, ServiceError> {
        // From the right: S3-compatible clients use access keys with slashes in them.
        let mut parts = credential.rsplitn(5, '/');
        let mut next = || parts.next().filter(|part| !part.is_empty());
        match (next(), next(), next(), next(), next()) {
            (Some("aws4_request"), Some(service), Some(region), Some(date), Some(access_key)) => {
                Ok(Self {
                    access_key: access_key.to_owned(),
                    date: date.to_owned(),
                    region: Region::new(region),
                    service: service.to_owned(),
                })
            }
            _ => Err(incomplete(format!(
                "Credential must have exactly 5 slash-delimited elements, e.g. \
                 keyid/date/region/service/term, got '{credential}'"
            ))),
        }
    }
}

/// The first parameter of that name in a query.
pub(super) fn parameter(query: &str, wanted: &str) -> Option<String> {
    form_urlencoded::parse(query.as_bytes())
        .find(|(name, _)| name == wanted)
        .map(|(_, value)| value.into_owned())
}

pub(super) fn incomplete(message: impl std::fmt::Display) -> ServiceError {
    ServiceError::client("IncompleteSignatureException", message)
}

fn is_sigv4a(text: &str) -> bool {
    text.starts_with("AWS4-ECDSA-P256-SHA256")
}

pub(super) fn sigv4a() -> ServiceError {
    ServiceError::not_implemented("Signature Version 4A (AWS4-ECDSA-P256-SHA256)")
}

/// A presigned URL of Signature Version 2, or no signature at all.
fn legacy_query(query: &str) -> Auth {
    match (
        parameter(query, "AWSAccessKeyId"),
        parameter(query, "Signature"),
    ) {
        (Some(access_key), Some(_)) => Auth::Legacy(access_key),
        _ => Auth::Anonymous,
    }
}

pub(super) fn header_parameter<'a>(header: &'a str, name: &str) -> Option<&'a str> {
    header
        .split([',', ' '])
        .filter_map(|part| part.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value)
}

/// AWS names everything that is missing, then quotes the header.
pub(super) fn missing_parameters(header: &str, headers: &HeaderMap) -> ServiceError {
    let mut message = String::new();
    for name in ["Credential", "Signature", "SignedHeaders"] {
        if header_parameter(header, name).is_none() {
            message.push_str(&format!(
                "Authorization header requires '{name}' parameter. "
            ));
        }
    }
    if !headers.contains_key("x-amz-date") && !headers.contains_key("date") {
        message.push_str(
            "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ",
        );
    }
    incomplete(format!("{message}Authorization={header}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(authorization: &str, query: &str) -> Result<Auth, ServiceError> {
        let mut headers = HeaderMap::new();
        if !authorization.is_empty() {
            headers.insert(AUTHORIZATION, authorization.parse().unwrap());
        }
        Auth::read(&headers, query)
    }

    #[test]
    fn the_scope_is_read_from_header_and_query() {
        let scope = Scope {
            access_key: "AKIDEXAMPLE".to_owned(),
            date: "20250430".to_owned(),
            region: Region::new("eu-west-1"),
            service: "kinesis".to_owned(),
        };
        for (header, query) in [
            (
                "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20250430/eu-west-1/kinesis/aws4_request, \
                 SignedHeaders=host, Signature=0",
                "",
            ),
            (
                "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20250430/eu-west-1/kinesis/aws4_request,\
                 SignedHeaders=host,Signature=0",
                "",
            ),
            (
                "",
                "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=\
                 AKIDEXAMPLE%2F20250430%2Feu-west-1%2Fkinesis%2Faws4_request",
            ),
        ] {
            assert_eq!(read(header, query).unwrap(), Auth::Signed(scope.clone()));
        }
        assert_eq!(read("", "list-type=2").unwrap(), Auth::Anonymous);
        let legacy = read("AWS AKID:c2lnbmF0dXJl", "").unwrap();
        assert_eq!(legacy, Auth::Legacy("AKID".to_owned()));
        let legacy = read("", "AWSAccessKeyId=AKID&Signature=x&Expires=1").unwrap();
        assert_eq!(legacy.access_key(), Some("AKID"));
    }

    #[test]
    fn unreadable_signatures_are_refused_as_on_aws() {
        let error = read("X", "").unwrap_err();
        assert_eq!(error.code, "IncompleteSignatureException");
        assert_eq!(
            error.message,
            "Authorization header requires 'Credential' parameter. \
             Authorization header requires 'Signature' parameter. \
             Authorization header requires 'SignedHeaders' parameter. \
             Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. \
             Authorization=X"
        );
        let both = read("X", "X-Amz-Algorithm=AWS4-HMAC-SHA256").unwrap_err();
        assert_eq!(both.code, "InvalidSignatureException");
        let short = read("AWS4-HMAC-SHA256 Credential=AKID", "").unwrap_err();
        assert!(short.message.ends_with("got 'AKID'"), "{short}");
        let v4a = read("AWS4-ECDSA-P256-SHA256 Credential=a/b/c/aws4_request", "").unwrap_err();
        assert_eq!((v4a.status, v4a.code.as_str()), (501, "NotImplemented"));
    }

    #[test]
    fn root_keys_are_known_without_being_made() {
        for known in ["test", "123456789012"] {
            assert_eq!(
                root_key(known).map(|key| key.secret),
                Some("test".to_owned())
            );
        }
        assert_eq!(root_key("AKIDEXAMPLE"), None);
    }

    #[test]
    fn a_twelve_digit_access_key_is_its_account() {
        assert_eq!(account_of("123456789012").as_str(), "123456789012");
        assert_eq!(account_of("test").as_str(), AccountId::DEFAULT);
    }
}
