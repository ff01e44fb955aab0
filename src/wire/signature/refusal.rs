//! A problem with a signature in the words of each protocol.
//!
//! Sources: "Common errors" of the API references, "Troubleshooting signed requests" (IAM guide),
//! "Error responses" (S3 API reference). Canonical requests are shown by S3 alone, as on AWS; for the
//! other services they are in the log at level `debug`.

use super::{Problem, render_date};
use crate::base::limits::wire::MAX_CLOCK_SKEW;
use crate::base::{ServiceError, Timestamp};

/// Whose words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// JSON and CBOR: status 400, codes that end in `Exception`.
    Json,
    /// IAM and STS: status 403.
    Query,
    /// S3.
    S3,
}

impl Problem {
    /// The refusal.
    pub fn refusal(self, dialect: Dialect) -> ServiceError {
        match dialect {
            Dialect::S3 => s3(self),
            Dialect::Json => signed(self, &JSON),
            Dialect::Query => signed(self, &QUERY),
        }
    }
}

/// The codes of a family of services.
struct Codes {
    status: u16,
    unsigned: (&'static str, &'static str),
    incomplete: &'static str,
    mismatch: &'static str,
    unknown_key: &'static str,
    expired_token: &'static str,
}

const JSON: Codes = Codes {
    status: 400,
    unsigned: (
        "MissingAuthenticationTokenException",
        "Missing Authentication Token",
    ),
    incomplete: "IncompleteSignatureException",
    mismatch: "InvalidSignatureException",
    unknown_key: "UnrecognizedClientException",
    expired_token: "ExpiredTokenException",
};

const QUERY: Codes = Codes {
    status: 403,
    unsigned: (
        "MissingAuthenticationToken",
        "Request is missing Authentication Token",
    ),
    incomplete: "IncompleteSignature",
    mismatch: "SignatureDoesNotMatch",
    unknown_key: "InvalidClientTokenId",
    expired_token: "ExpiredToken",
};

fn signed(problem: Problem, codes: &Codes) -> ServiceError {
    let error =
        |code: &str, message: String| ServiceError::with_status(codes.status, code, message);
    let mismatch = |message: String| error(codes.mismatch, message);
    let skew = |at: Timestamp, sign: &str| {
        let minutes = MAX_CLOCK_SKEW.as_secs() / 60;
        format!("({} {sign} {minutes} min.)", render_date(at))
    };
    match problem {
        Problem::Unsigned => error(codes.unsigned.0, codes.unsigned.1.to_owned()),
        Problem::Unreadable(refusal) => refusal,
        Problem::Version2 => error(
            codes.incomplete,
            "Unsupported AWS 'algorithm': Signature Version 2. Sign with 'AWS4-HMAC-SHA256'."
                .to_owned(),
        ),
        Problem::NoDate => error(
            codes.incomplete,
            "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."
                .to_owned(),
        ),
        Problem::BadDate(text) => error(
            codes.incomplete,
            format!(
                "Date must be in ISO-8601 'basic format'. Got '{text}'. See \
                 http://en.wikipedia.org/wiki/ISO_8601"
            ),
        ),
        Problem::OtherDay { scope, date } => {
            let day = date.get(..8).unwrap_or_default();
            mismatch(format!(
                "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date \
                 from HTTP: '{scope}' != '{day}', from '{date}'."
            ))
        }
        Problem::OtherService { expected, .. } => mismatch(format!(
            "Credential should be scoped to correct service: '{expected}'. "
        )),
        Problem::HostUnsigned => mismatch(
            "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.".to_owned(),
        ),
        Problem::HeadersUnsigned(names) => mismatch(format!(
            "These headers must be signed: {}",
            names.join(", ")
        )),
        Problem::NoPayloadHash => error(
            codes.incomplete,
            "Missing required header for this request: x-amz-content-sha256".to_owned(),
        ),
        Problem::Skewed {
            signed,
            now,
            later: false,
        } => mismatch(format!(
            "Signature expired: {} is now earlier than {} {}",
            render_date(signed),
            render_date(minus_skew(now)),
            skew(now, "-")
        )),
        Problem::Skewed { signed, now, .. } | Problem::Early { signed, now } => mismatch(format!(
            "Signature not yet current: {} is still later than {} {}",
            render_date(signed),
            render_date(now + MAX_CLOCK_SKEW),
            skew(now, "+")
        )),
        Problem::Expired {
            signed,
            expires,
            now,
        } => mismatch(format!(
            "Signature expired: {} is now earlier than {} ({expires} s after {})",
            render_date(ends(signed, expires)),
            render_date(now),
            render_date(signed)
        )),
        Problem::UnknownKey(_) | Problem::WrongToken { .. } => error(
            codes.unknown_key,
            "The security token included in the request is invalid.".to_owned(),
        ),
        Problem::ExpiredToken => error(
            codes.expired_token,
            "The security token included in the request is expired".to_owned(),
        ),
        Problem::Mismatch { .. } => mismatch(
            "The request signature we calculated does not match the signature you provided. Check \
             your AWS Secret Access Key and signing method. Consult the service documentation for \
             details."
                .to_owned(),
        ),
    }
}

fn s3(problem: Problem) -> ServiceError {
    let denied = |message: &str| ServiceError::with_status(403, "AccessDenied", message);
    let malformed = |reason: String| {
        ServiceError::client(
            "AuthorizationHeaderMalformed",
            format!("The authorization header is malformed; {reason}"),
        )
    };
    let date = |at: Timestamp| at.utc().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    match problem {
        Problem::Unsigned => denied("Access Denied"),
        Problem::Unreadable(refusal) => refusal,
        Problem::Version2 => ServiceError::client(
            "InvalidRequest",
            "The authorization mechanism you have provided is not supported. Please use \
             AWS4-HMAC-SHA256.",
        ),
        Problem::NoDate | Problem::BadDate(_) => {
            denied("AWS authentication requires a valid Date or x-amz-date header")
        }
        Problem::OtherDay { scope, date } => malformed(format!(
            "Invalid credential date \"{scope}\". This date is not the same as X-Amz-Date: \"{}\".",
            date.get(..8).unwrap_or_default()
        )),
        Problem::OtherService { found, expected } => malformed(format!(
            "incorrect service \"{found}\". This endpoint belongs to \"{expected}\"."
        )),
        Problem::HostUnsigned => {
            denied("There were headers present in the request which were not signed")
                .member("HeadersNotSigned", "host")
        }
        Problem::HeadersUnsigned(names) => {
            denied("There were headers present in the request which were not signed")
                .member("HeadersNotSigned", names.join(", "))
        }
        Problem::NoPayloadHash => ServiceError::client(
            "InvalidRequest",
            "Missing required header for this request: x-amz-content-sha256",
        ),
        Problem::Skewed { signed, now, .. } => ServiceError::with_status(
            403,
            "RequestTimeTooSkewed",
            "The difference between the request time and the current time is too large.",
        )
        .member("RequestTime", render_date(signed))
        .member("ServerTime", date(now))
        .member(
            "MaxAllowedSkewMilliseconds",
            MAX_CLOCK_SKEW.as_millis().to_string(),
        ),
        Problem::Early { signed, now } => denied("Request is not valid yet")
            .member("X-Amz-Date", render_date(signed))
            .member("ServerTime", date(now)),
        Problem::Expired {
            signed,
            expires,
            now,
        } => denied("Request has expired")
            .member("X-Amz-Expires", expires.to_string())
            .member("Expires", date(ends(signed, expires)))
            .member("ServerTime", date(now)),
        Problem::UnknownKey(key)
        | Problem::WrongToken {
            sent: false,
            access_key: key,
        } => ServiceError::with_status(
            403,
            "InvalidAccessKeyId",
            "The AWS Access Key Id you provided does not exist in our records.",
        )
        .member("AWSAccessKeyId", key),
        Problem::WrongToken { .. } => ServiceError::client(
            "InvalidToken",
            "The provided token is malformed or otherwise invalid.",
        ),
        Problem::ExpiredToken => {
            ServiceError::client("ExpiredToken", "The provided token has expired.")
        }
        Problem::Mismatch {
            access_key,
            sent,
            string_to_sign,
            canonical,
        } => ServiceError::with_status(403, "SignatureDoesNotMatch", MISMATCH)
            .member("AWSAccessKeyId", access_key)
            .member("StringToSignBytes", spaced_hex(&string_to_sign))
            .member("StringToSign", string_to_sign)
            .member("SignatureProvided", sent)
            .member("CanonicalRequestBytes", spaced_hex(&canonical))
            .member("CanonicalRequest", canonical),
    }
}

/// S3's text for a signature that is not right, of a request or of a chunk.
pub(in crate::wire) const MISMATCH: &str = "The request signature we calculated does not match the \
     signature you provided. Check your key and signing method.";

/// `41 57 53 34`: how S3 shows exactly what it hashed.
fn spaced_hex(text: &str) -> String {
    let bytes: Vec<String> = text.bytes().map(|byte| hex::encode([byte])).collect();
    bytes.join(" ")
}

fn ends(signed: Timestamp, expires: i64) -> Timestamp {
    Timestamp::from_secs(signed.secs().saturating_add(expires))
}

fn minus_skew(at: Timestamp) -> Timestamp {
    let skew = i64::try_from(MAX_CLOCK_SKEW.as_micros()).unwrap_or(0);
    Timestamp::from_micros(at.micros().saturating_sub(skew))
}
