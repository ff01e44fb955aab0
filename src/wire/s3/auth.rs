//! Who sends a request. Signatures are parsed and removed; presigned URLs expire. Whether a signature
//! is right has been decided before, by [`signature`](crate::wire::signature), if anybody asked.

use http::request::Parts;
use http::{HeaderName, HeaderValue, Uri, header};

use crate::base::{AccountId, Call, Region, Timestamp, limits};
use crate::wire::s3::answer::ErrorAnswer;
use crate::wire::signature::basic_date;

/// What a signature says about its signer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Signer {
    access_key: Option<String>,
    region: Option<String>,
}

impl Signer {
    /// The call this signer makes: an access key of twelve digits names its account.
    pub(super) fn call(&self, now: Timestamp) -> Call {
        let mut call = Call::root(now);
        if let Some(account) = self.access_key.as_deref().and_then(AccountId::parse) {
            call.caller_arn = format!("arn:aws:iam::{account}:root");
            call.account = account;
        }
        if let Some(region) = &self.region {
            call.region = Region::new(region.as_str());
        }
        call
    }

    /// From a credential scope: `key/date/region/service/aws4_request`.
    fn from_scope(scope: &str) -> Option<Self> {
        let mut parts = scope.rsplitn(5, '/');
        let (_end, _service) = (parts.next()?, parts.next()?);
        let (region, _date, access_key) = (parts.next()?, parts.next()?, parts.next()?);
        Some(Self {
            access_key: Some(access_key.to_owned()),
            region: Some(region.to_owned()),
        })
    }
}

/// Query parameters that are a signature's and nothing else's.
const SIGNATURE_PARAMETERS: [&str; 8] = [
    "x-amz-algorithm",
    "x-amz-credential",
    "x-amz-date",
    "x-amz-expires",
    "x-amz-signedheaders",
    "x-amz-signature",
    "x-amz-security-token",
    "x-amz-region-set",
];

/// Whether the signature is in the query.
pub(super) fn is_presigned(parts: &Parts) -> bool {
    let query = parts.uri.query().unwrap_or_default();
    query
        .split('&')
        .any(|pair| pair.starts_with("X-Amz-Signature=") || pair.starts_with("Signature="))
}

/// Takes a request's signature out of it: the `Authorization` header, or the parameters of a
/// presigned URL, whose other `x-amz-*` parameters become the headers they stand for.
pub(super) fn take(parts: &mut Parts, now: Timestamp) -> Result<Signer, ErrorAnswer> {
    let from_header = match parts.headers.remove(header::AUTHORIZATION) {
        Some(value) => Some(header_signer(&value)?),
        None => None,
    };
    let Some(query) = parts.uri.query() else {
        return Ok(from_header.unwrap_or_default());
    };
    let parameters: Vec<(String, String)> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(name), decode(value))
        })
        .collect();
    let find = |name: &str| {
        let found = parameters
            .iter()
            .find(|(n, _)| n.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    };
    let v4 = find("X-Amz-Signature").is_some() || find("X-Amz-Algorithm").is_some();
    let v2 = find("AWSAccessKeyId").is_some() || find("Signature").is_some();
    let signer = if v4 {
        presigned_v4(find, now)?
    } else if v2 {
        presigned_v2(find, now)?
    } else {
        return Ok(from_header.unwrap_or_default());
    };
    let mut kept = Vec::new();
    for (pair, (name, value)) in query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .zip(&parameters)
    {
        let lower = name.to_ascii_lowercase();
        if v2 && matches!(name.as_str(), "AWSAccessKeyId" | "Signature" | "Expires") {
            continue;
        }
        if SIGNATURE_PARAMETERS.contains(&lower.as_str()) {
            continue;
        }
        if lower.starts_with("x-amz-")
            && let (Ok(name), Ok(value)) = (
                HeaderName::try_from(lower.as_str()),
                HeaderValue::try_from(value.as_str()),
            )
        {
            parts.headers.entry(name).or_insert(value);
            continue;
        }
        kept.push(pair);
    }
    parts.uri = with_query(&parts.uri, &kept.join("&"))?;
    Ok(signer)
}

fn header_signer(value: &HeaderValue) -> Result<Signer, ErrorAnswer> {
    let text = value.to_str().unwrap_or_default();
    if let Some(rest) = text.strip_prefix("AWS4-") {
        let scope = rest
            .split([',', ' '])
            .find_map(|field| field.trim().strip_prefix("Credential="));
        return scope.and_then(Signer::from_scope).ok_or_else(|| {
            ErrorAnswer::new(
                400,
                "AuthorizationHeaderMalformed",
                "The authorization header is malformed; the authorization header requires three \
                 components: Credential, SignedHeaders, and Signature.",
            )
        });
    }
    if let Some(rest) = text.strip_prefix("AWS ") {
        return Ok(Signer {
            access_key: rest.split_once(':').map(|(key, _)| key.to_owned()),
            region: None,
        });
    }
    Err(
        ErrorAnswer::new(400, "InvalidArgument", "Unsupported Authorization Type")
            .member("ArgumentName", "Authorization")
            .member("ArgumentValue", text),
    )
}

fn presigned_v4<'p>(
    find: impl Fn(&str) -> Option<&'p str>,
    now: Timestamp,
) -> Result<Signer, ErrorAnswer> {
    let malformed =
        |message: &str| ErrorAnswer::new(400, "AuthorizationQueryParametersError", message);
    let missing = || {
        malformed(
            "Query-string authentication version 4 requires the X-Amz-Algorithm, \
             X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and \
             X-Amz-Expires parameters.",
        )
    };
    let required = |name| find(name).ok_or_else(missing);
    required("X-Amz-Algorithm")?;
    required("X-Amz-Signature")?;
    required("X-Amz-SignedHeaders")?;
    let scope = required("X-Amz-Credential")?;
    let date = required("X-Amz-Date")?;
    let expires_text = required("X-Amz-Expires")?;
    let signer = Signer::from_scope(scope).ok_or_else(|| {
        malformed(
            "Error parsing the X-Amz-Credential parameter; the Credential is mal-formed; \
             expecting \"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request\".",
        )
    })?;
    let signed_at = basic_date(date).ok_or_else(|| {
        malformed("X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"")
    })?;
    let expires: i64 = expires_text
        .parse()
        .map_err(|_| malformed("X-Amz-Expires should be a number"))?;
    if expires < 0 {
        return Err(malformed("X-Amz-Expires must be non-negative"));
    }
    if expires > limits::s3::PRESIGNED_MAX_SECS {
        return Err(malformed(
            "X-Amz-Expires must be less than a week (in seconds); that is, the given \
             X-Amz-Expires must be less than 604800 seconds",
        ));
    }
    let ends = Timestamp::from_secs(signed_at.secs().saturating_add(expires));
    if now > ends {
        return Err(expired(ends, now).member("X-Amz-Expires", expires_text));
    }
    Ok(signer)
}

fn presigned_v2<'p>(
    find: impl Fn(&str) -> Option<&'p str>,
    now: Timestamp,
) -> Result<Signer, ErrorAnswer> {
    let (Some(access_key), Some(_), Some(expires)) =
        (find("AWSAccessKeyId"), find("Signature"), find("Expires"))
    else {
        return Err(ErrorAnswer::new(
            403,
            "AccessDenied",
            "Query-string authentication requires the Signature, Expires and AWSAccessKeyId \
             parameters",
        ));
    };
    let Ok(ends) = expires.parse::<i64>().map(Timestamp::from_secs) else {
        return Err(ErrorAnswer::new(
            403,
            "AccessDenied",
            format!("Invalid date (should be seconds since epoch): {expires}"),
        ));
    };
    if now > ends {
        return Err(expired(ends, now));
    }
    Ok(Signer {
        access_key: Some(access_key.to_owned()),
        region: None,
    })
}

fn expired(ends: Timestamp, now: Timestamp) -> ErrorAnswer {
    let date = |at: Timestamp| at.utc().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    ErrorAnswer::new(403, "AccessDenied", "Request has expired")
        .member("Expires", date(ends))
        .member("ServerTime", date(now))
}

fn with_query(uri: &Uri, query: &str) -> Result<Uri, ErrorAnswer> {
    let mut parts = uri.clone().into_parts();
    let path = uri.path();
    let text = if query.is_empty() {
        path.to_owned()
    } else {
        format!("{path}?{query}")
    };
    let bad = |_| ErrorAnswer::new(400, "InvalidURI", "Couldn't parse the specified URI.");
    parts.path_and_query = Some(text.parse().map_err(bad)?);
    Uri::from_parts(parts)
        .map_err(|_| ErrorAnswer::new(400, "InvalidURI", "Couldn't parse the specified URI."))
}

/// Undoes percent-encoding; what is not valid stays as it is.
pub(super) fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let escaped = match (first, tail) {
            (b'%', [high, low, ..]) => hex::decode([*high, *low]).ok(),
            _ => None,
        };
        match escaped {
            Some(byte) => {
                bytes.extend(byte);
                rest = tail.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
