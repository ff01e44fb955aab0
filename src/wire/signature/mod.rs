//! Signature Version 4: whether a request was signed by who it says, lately enough, for this service.
//!
//! One verifier for all services. It is asked only with `--auth verify`; otherwise
//! [`scope`] reads the credential scope and any secret will do. What is wrong is a
//! [`Problem`], and each protocol has its own words for it (`refusal`).
//!
//! Facts: "Signature Version 4 signing process" (IAM guide), "Authenticating Requests" (S3 API
//! reference). The keyed hashes are those of `aws-sigv4`, the crate the SDK signs with; the canonical
//! request is ours, because a verifier hashes the headers that the client chose to sign.

mod canonical;
mod chunks;
mod refusal;

#[cfg(test)]
mod tests;

use std::time::{Duration, SystemTime};

use aws_sigv4::sign::v4::{calculate_signature, generate_signing_key};
use http::HeaderMap;
use http::header::{AUTHORIZATION, DATE};
use http::request::Parts;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::base::limits::wire::MAX_CLOCK_SKEW;
use crate::base::{ServiceError, Timestamp};
use crate::iam::Secret;
use crate::wire::scope::{self, Auth, Scope};

pub use chunks::ChunkSigner;
pub use refusal::Dialect;
pub(in crate::wire) use refusal::MISMATCH;

/// Whether signatures are looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Authentication {
    /// Any credentials are accepted; the access key still names the account.
    #[default]
    Off,
    /// Every request must carry a valid signature by a key that is known here.
    Verify,
}

/// Why a request is not who it says it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// There is no signature.
    Unsigned,
    /// There is one that cannot be read: the refusal says why.
    Unreadable(ServiceError),
    /// Signature Version 2.
    Version2,
    /// Neither `X-Amz-Date` nor `Date`.
    NoDate,
    /// A date in another form: the text.
    BadDate(String),
    /// The scope's day is not the date's.
    OtherDay {
        /// Day in the scope, `yyyyMMdd`.
        scope: String,
        /// The request's date, `yyyyMMddTHHmmssZ`.
        date: String,
    },
    /// Signed for another service.
    OtherService {
        /// The service in the scope.
        found: String,
        /// The service that was asked.
        expected: String,
    },
    /// `host` is not among the signed headers.
    HostUnsigned,
    /// S3 wants every `x-amz-*` header signed; these are not.
    HeadersUnsigned(Vec<String>),
    /// S3 wants to be told the payload's hash, or that there is none.
    NoPayloadHash,
    /// Signed too long ago, or (`later`) in the future.
    Skewed {
        /// When the request was signed.
        signed: Timestamp,
        /// When it arrived.
        now: Timestamp,
        /// Whether it was signed after it arrived.
        later: bool,
    },
    /// A presigned URL that has run out.
    Expired {
        /// When it was signed.
        signed: Timestamp,
        /// How long it was good for, in seconds.
        expires: i64,
        /// When it arrived.
        now: Timestamp,
    },
    /// A presigned URL that is not good yet.
    Early {
        /// When it was signed.
        signed: Timestamp,
        /// When it arrived.
        now: Timestamp,
    },
    /// Nobody here issued the access key.
    UnknownKey(String),
    /// Temporary credentials that have run out.
    ExpiredToken,
    /// Another session token than the one issued with the key, or none.
    WrongToken {
        /// Whether one was sent.
        sent: bool,
        /// The access key.
        access_key: String,
    },
    /// The signature is another than the one computed here.
    Mismatch {
        /// The access key.
        access_key: String,
        /// The signature that was sent.
        sent: String,
        /// What should have been signed.
        string_to_sign: String,
        /// The request in canonical form.
        canonical: String,
    },
}

/// What the signature covers of the body.
#[derive(Clone, Copy, Debug)]
pub enum Payload<'b> {
    /// The whole body, as it came over the wire.
    Body(&'b [u8]),
    /// What `x-amz-content-sha256` says, as S3 does; the body is checked against that where it is read.
    AsDeclared,
}

/// Everything a signature says about itself.
struct Signature {
    scope: Scope,
    signed_headers: Vec<String>,
    text: String,
    /// `yyyyMMddTHHmmssZ`.
    date: String,
    signed: Timestamp,
    token: Option<String>,
    presigned: bool,
    /// Seconds a presigned URL is good for; `None` if that is not a number.
    expires: Option<i64>,
}

/// Verifies the signature of a request to `service` and returns what signs the chunks of its body.
///
/// `key` finds a key by its id. In this order: form, scope, time, key, token, signature.
///
/// # Errors
/// The first [`Problem`].
pub fn verify(
    parts: &Parts,
    service: &str,
    payload: Payload<'_>,
    key: impl FnOnce(&str) -> Option<Secret>,
    now: Timestamp,
) -> Result<ChunkSigner, Problem> {
    let query = parts.uri.query().unwrap_or_default();
    let scope = match Auth::read(&parts.headers, query).map_err(Problem::Unreadable)? {
        Auth::Anonymous => return Err(Problem::Unsigned),
        Auth::Legacy(_) => return Err(Problem::Version2),
        Auth::Signed(scope) => scope,
    };
    let signature = if parts.headers.contains_key(AUTHORIZATION) {
        from_header(&parts.headers, scope)?
    } else {
        from_query(query, scope)?
    };
    if signature.presigned && signature.expires.is_none() && service != "s3" {
        return Err(Problem::Unreadable(scope::incomplete(
            "X-Amz-Expires should be a number",
        )));
    }
    check_scope(&signature, service)?;
    check_time(&signature, now)?;
    let access_key = &signature.scope.access_key;
    let key = key(access_key).ok_or_else(|| Problem::UnknownKey(access_key.clone()))?;
    if key.expired {
        return Err(Problem::ExpiredToken);
    }
    if !same(
        key.token.as_deref().unwrap_or_default(),
        signature.token.as_deref().unwrap_or_default(),
    ) {
        return Err(Problem::WrongToken {
            sent: signature.token.is_some(),
            access_key: access_key.clone(),
        });
    }
    let s3 = service == "s3";
    check_signed_headers(&signature, &parts.headers, s3)?;
    let declared = declared_hash(parts, query);
    let hash = match payload {
        Payload::Body(body) => sha256(body),
        Payload::AsDeclared => match declared {
            Some(declared) => declared,
            None if signature.presigned => UNSIGNED_PAYLOAD.to_owned(),
            None => return Err(Problem::NoPayloadHash),
        },
    };
    let canonical = canonical::request(parts, &signature.signed_headers, &hash, s3);
    let scope_text = format!(
        "{}/{}/{service}/aws4_request",
        signature.scope.date, signature.scope.region
    );
    let string_to_sign = format!(
        "AWS4-HMAC-SHA256\n{}\n{scope_text}\n{}",
        signature.date,
        sha256(canonical.as_bytes())
    );
    let signing_key = generate_signing_key(
        &key.secret,
        system_time(signature.signed),
        signature.scope.region.as_str(),
        service,
    );
    let expected = calculate_signature(&signing_key, string_to_sign.as_bytes());
    if !same(&expected, &signature.text) {
        tracing::debug!(%canonical, %string_to_sign, "signature does not match");
        return Err(Problem::Mismatch {
            access_key: access_key.clone(),
            sent: signature.text,
            string_to_sign,
            canonical,
        });
    }
    Ok(ChunkSigner::new(
        signing_key.as_ref().to_vec(),
        signature.date,
        scope_text,
        expected,
    ))
}

/// Names a body that is not signed.
const UNSIGNED_PAYLOAD: &str = "UNSIGNED-PAYLOAD";

fn from_header(headers: &HeaderMap, scope: Scope) -> Result<Signature, Problem> {
    let text = |name: &http::HeaderName| {
        let value = headers.get(name)?;
        Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    let header = text(&AUTHORIZATION).unwrap_or_default();
    if !header.starts_with("AWS4-HMAC-SHA256") {
        let algorithm = header.split(' ').next().unwrap_or_default();
        return Err(Problem::Unreadable(scope::incomplete(format!(
            "Unsupported AWS 'algorithm': '{algorithm}'. Authorization={header}"
        ))));
    }
    let (Some(signature), Some(signed_headers)) = (
        scope::header_parameter(&header, "Signature"),
        scope::header_parameter(&header, "SignedHeaders"),
    ) else {
        return Err(Problem::Unreadable(scope::missing_parameters(
            &header, headers,
        )));
    };
    let amz_date = http::HeaderName::from_static("x-amz-date");
    let sent = text(&amz_date).or_else(|| text(&DATE));
    let sent = sent.ok_or(Problem::NoDate)?;
    let signed = basic_date(&sent)
        .or_else(|| http_date(&sent))
        .ok_or(Problem::BadDate(sent))?;
    Ok(Signature {
        scope,
        signed_headers: signed_headers.split(';').map(str::to_owned).collect(),
        text: signature.to_owned(),
        date: render_date(signed),
        signed,
        token: text(&http::HeaderName::from_static("x-amz-security-token")),
        presigned: false,
        expires: None,
    })
}

fn from_query(query: &str, scope: Scope) -> Result<Signature, Problem> {
    let find = |wanted: &str| scope::parameter(query, wanted);
    let required = |name: &str| {
        find(name).ok_or_else(|| {
            Problem::Unreadable(scope::incomplete(format!(
                "AWS query-string parameters must include '{name}'. Re-examine the query-string \
                 parameters."
            )))
        })
    };
    let algorithm = required("X-Amz-Algorithm")?;
    if algorithm != "AWS4-HMAC-SHA256" {
        return Err(Problem::Unreadable(scope::incomplete(format!(
            "Unsupported AWS 'algorithm': '{algorithm}'."
        ))));
    }
    let date = required("X-Amz-Date")?;
    let signed = basic_date(&date).ok_or(Problem::BadDate(date))?;
    // S3 alone insists on an expiry; elsewhere a presigned request is good for as long as any other.
    let expires = match find("X-Amz-Expires") {
        Some(text) => text.parse().ok(),
        None => Some(i64::try_from(MAX_CLOCK_SKEW.as_secs()).unwrap_or(i64::MAX)),
    };
    Ok(Signature {
        scope,
        signed_headers: required("X-Amz-SignedHeaders")?
            .split(';')
            .map(str::to_owned)
            .collect(),
        text: required("X-Amz-Signature")?,
        date: render_date(signed),
        signed,
        token: find("X-Amz-Security-Token"),
        presigned: true,
        expires,
    })
}

fn check_scope(signature: &Signature, service: &str) -> Result<(), Problem> {
    if !signature
        .date
        .starts_with(&format!("{}T", signature.scope.date))
    {
        return Err(Problem::OtherDay {
            scope: signature.scope.date.clone(),
            date: signature.date.clone(),
        });
    }
    if signature.scope.service != service {
        return Err(Problem::OtherService {
            found: signature.scope.service.clone(),
            expected: service.to_owned(),
        });
    }
    Ok(())
}

fn check_time(signature: &Signature, now: Timestamp) -> Result<(), Problem> {
    let signed = signature.signed;
    let early = now + MAX_CLOCK_SKEW < signed;
    if !signature.presigned {
        return if early || signed + MAX_CLOCK_SKEW < now {
            Err(Problem::Skewed {
                signed,
                now,
                later: early,
            })
        } else {
            Ok(())
        };
    }
    if early {
        return Err(Problem::Early { signed, now });
    }
    // What is no number S3 refuses in its own words when it takes the signature off the request.
    let Some(expires) = signature.expires else {
        return Ok(());
    };
    if now.secs() > signed.secs().saturating_add(expires) {
        return Err(Problem::Expired {
            signed,
            expires,
            now,
        });
    }
    Ok(())
}

fn check_signed_headers(
    signature: &Signature,
    headers: &HeaderMap,
    s3: bool,
) -> Result<(), Problem> {
    let signed = |name: &str| signature.signed_headers.iter().any(|signed| signed == name);
    if !signed("host") {
        return Err(Problem::HostUnsigned);
    }
    if s3 {
        let mut unsigned: Vec<String> = headers
            .keys()
            .map(|name| name.as_str())
            .filter(|name| name.starts_with("x-amz-") && !signed(name))
            .map(str::to_owned)
            .collect();
        unsigned.sort();
        if !unsigned.is_empty() {
            return Err(Problem::HeadersUnsigned(unsigned));
        }
    }
    Ok(())
}

/// What the request says of its payload: a SHA-256, `UNSIGNED-PAYLOAD`, or `STREAMING-…`.
fn declared_hash(parts: &Parts, query: &str) -> Option<String> {
    let header = parts.headers.get("x-amz-content-sha256");
    header
        .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
        .or_else(|| scope::parameter(query, "X-Amz-Content-Sha256"))
}

/// Lower-case hexadecimal SHA-256.
fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// Whether two secrets are the same, in a time that does not tell where they differ.
fn same(one: &str, other: &str) -> bool {
    one.as_bytes().ct_eq(other.as_bytes()).into()
}

/// `yyyyMMddTHHmmssZ`.
pub(in crate::wire) fn basic_date(text: &str) -> Option<Timestamp> {
    let date = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%SZ", text).ok()?;
    let instant = jiff::tz::TimeZone::UTC.to_timestamp(date).ok()?;
    Some(Timestamp::from_jiff(instant))
}

/// `Mon, 09 Sep 2011 23:36:00 GMT`, which older clients sign in the `Date` header.
fn http_date(text: &str) -> Option<Timestamp> {
    let zoned = jiff::fmt::rfc2822::DateTimeParser::new()
        .parse_timestamp(text)
        .ok()?;
    Some(Timestamp::from_jiff(zoned))
}

fn render_date(at: Timestamp) -> String {
    at.utc().strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// The signing crate's notion of an instant. Nobody signs before 1970.
fn system_time(at: Timestamp) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(at.secs()).unwrap_or(0))
}
