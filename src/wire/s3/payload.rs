//! Request bodies: collecting them, undoing `aws-chunked`, and checking what was said about them.

use bytes::{Buf as _, Bytes, BytesMut};
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use http_body_util::BodyExt as _;

use crate::s3::{Algorithm, Body, Integrity};
use crate::wire::s3::answer::ErrorAnswer;

/// Up to this size a body is one run of bytes of its own; above it is kept as it arrived. A small
/// body would otherwise keep a whole network buffer alive.
const COPY_BELOW_BYTES: usize = 64 * 1024;

const CONTENT_SHA256: HeaderName = HeaderName::from_static("x-amz-content-sha256");
const DECODED_LENGTH: HeaderName = HeaderName::from_static("x-amz-decoded-content-length");
const TRAILER: HeaderName = HeaderName::from_static("x-amz-trailer");
const CONTENT_MD5: HeaderName = HeaderName::from_static("content-md5");

/// Collects a request's body and undoes its transport. Trailers become headers.
pub(super) async fn read(parts: &mut Parts, body: s3s::Body) -> Result<Body, ErrorAnswer> {
    let body = collect(body).await?;
    let sha256 = parts.headers.remove(CONTENT_SHA256);
    let sha256 = sha256.as_ref().and_then(|value| value.to_str().ok());
    let body = if sha256.is_some_and(|hash| hash.starts_with("STREAMING-"))
        || is_chunked(&parts.headers)
    {
        unchunk(parts, &body)?
    } else {
        check_length(&parts.headers, CONTENT_LENGTH, &body)?;
        if let Some(sent) = sha256.filter(|hash| hash.len() == 64) {
            check_sha256(sent, &body)?;
        }
        body
    };
    if parts.headers.contains_key(CONTENT_LENGTH) {
        parts
            .headers
            .insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
    }
    check_document(parts, &body)?;
    Ok(body)
}

async fn collect(mut body: s3s::Body) -> Result<Body, ErrorAnswer> {
    let mut frames = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| {
            ErrorAnswer::new(
                400,
                "IncompleteBody",
                format!("The request body could not be read: {error}"),
            )
        })?;
        if let Ok(data) = frame.into_data() {
            frames.push(data);
        }
    }
    let len: usize = frames.iter().map(Bytes::len).sum();
    if frames.len() == 1 && len >= COPY_BELOW_BYTES {
        return Ok(frames.into_iter().collect());
    }
    // One allocation of the exact size instead of many small segments.
    let mut whole = BytesMut::with_capacity(len);
    for frame in frames {
        whole.extend_from_slice(&frame);
    }
    Ok(Body::from(whole.freeze()))
}

fn is_chunked(headers: &HeaderMap) -> bool {
    headers
        .get_all(CONTENT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|encoding| encoding.trim() == "aws-chunked")
}

fn check_length(headers: &HeaderMap, name: HeaderName, body: &Body) -> Result<(), ErrorAnswer> {
    let sent = headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.parse::<u64>().ok());
    if sent.is_some_and(|sent| sent != body.len()) {
        return Err(ErrorAnswer::new(
            400,
            "IncompleteBody",
            "You did not provide the number of bytes specified by the Content-Length HTTP header.",
        ));
    }
    Ok(())
}

fn check_sha256(sent: &str, body: &Body) -> Result<(), ErrorAnswer> {
    let computed = hex::encode(Algorithm::Sha256.digest(body.segments().iter().map(|s| &s[..])));
    if computed.eq_ignore_ascii_case(sent) {
        return Ok(());
    }
    Err(ErrorAnswer::new(
        400,
        "XAmzContentSHA256Mismatch",
        "The provided 'x-amz-content-sha256' header does not match what was computed.",
    )
    .member("ClientComputedContentSHA256", sent)
    .member("S3ComputedContentSHA256", computed))
}

fn unchunk(parts: &mut Parts, body: &Body) -> Result<Body, ErrorAnswer> {
    let (body, trailers) = decode_chunks(body.to_bytes())?;
    check_length(&parts.headers, DECODED_LENGTH, &body)?;
    let malformed = || {
        ErrorAnswer::new(
            400,
            "MalformedTrailerError",
            "The request contained trailing data that was not well-formed or did not conform to \
             our published schema.",
        )
    };
    if let Some(declared) = parts.headers.remove(TRAILER) {
        let declared = declared.to_str().unwrap_or_default();
        for name in declared.split(',').map(str::trim) {
            if !trailers.iter().any(|(sent, _)| sent == name) {
                return Err(malformed());
            }
        }
    }
    for (name, value) in trailers {
        if name == "x-amz-trailer-signature" {
            continue;
        }
        let (Ok(name), Ok(value)) = (
            HeaderName::try_from(name.as_str()),
            HeaderValue::try_from(value.as_str()),
        ) else {
            return Err(malformed());
        };
        parts.headers.append(name, value);
    }
    parts.headers.remove(DECODED_LENGTH);
    strip_aws_chunked(&mut parts.headers);
    Ok(body)
}

/// `aws-chunked, gzip` is stored as `gzip`.
fn strip_aws_chunked(headers: &mut HeaderMap) {
    let rest: Vec<String> = headers
        .get_all(CONTENT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|encoding| encoding.trim().to_owned())
        .filter(|encoding| encoding != "aws-chunked" && !encoding.is_empty())
        .collect();
    headers.remove(CONTENT_ENCODING);
    if !rest.is_empty()
        && let Ok(value) = HeaderValue::try_from(rest.join(","))
    {
        headers.insert(CONTENT_ENCODING, value);
    }
}

type Trailers = Vec<(String, String)>;

/// Undoes `aws-chunked`: `size[;extension]` CRLF data CRLF …, a chunk of size 0, and trailer lines.
/// The data is found by its length, never by a delimiter; the last CRLF may be missing.
fn decode_chunks(mut rest: Bytes) -> Result<(Body, Trailers), ErrorAnswer> {
    let incomplete = || {
        ErrorAnswer::new(
            400,
            "IncompleteBody",
            "The request body terminated unexpectedly",
        )
    };
    let mut chunks = Vec::new();
    loop {
        let line = take_line(&mut rest).ok_or_else(incomplete)?;
        let size = line.split(';').next().unwrap_or_default().trim();
        let size = usize::from_str_radix(size, 16).map_err(|_| {
            ErrorAnswer::new(
                400,
                "InvalidRequest",
                format!("`{size}` is not the size of a chunk"),
            )
        })?;
        if size == 0 {
            break;
        }
        if rest.len() < size {
            return Err(incomplete());
        }
        chunks.push(rest.split_to(size));
        if rest.starts_with(b"\r\n") {
            rest.advance(2);
        } else if !rest.is_empty() {
            return Err(incomplete());
        }
    }
    let mut trailers = Vec::new();
    while let Some(line) = take_line(&mut rest) {
        if let Some((name, value)) = line.split_once(':') {
            trailers.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
    Ok((chunks.into_iter().collect(), trailers))
}

/// The text up to the next CRLF or the end; `None` at the end.
fn take_line(rest: &mut Bytes) -> Option<String> {
    if rest.is_empty() {
        return None;
    }
    let end = rest.windows(2).position(|pair| pair == b"\r\n");
    let line = rest.split_to(end.unwrap_or(rest.len()));
    if end.is_some() {
        rest.advance(2);
    }
    Some(
        String::from_utf8_lossy(&line)
            .trim_end_matches('\n')
            .to_owned(),
    )
}

/// What the headers (and former trailers) say about the body's integrity. An unknown
/// `x-amz-checksum-…` algorithm is refused.
pub(super) fn integrity(headers: &HeaderMap) -> Result<Integrity, crate::s3::Error> {
    let text = |name: &HeaderName| {
        let value = headers.get(name)?;
        Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    let mut integrity = Integrity {
        content_md5: text(&CONTENT_MD5),
        ..Integrity::default()
    };
    if let Some(name) = text(&HeaderName::from_static("x-amz-sdk-checksum-algorithm")) {
        integrity.promised = Some(Algorithm::parse(&name)?);
    }
    for (name, value) in headers {
        let Some(algorithm) = name.as_str().strip_prefix("x-amz-checksum-") else {
            continue;
        };
        if matches!(algorithm, "algorithm" | "type" | "mode") {
            continue;
        }
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        integrity
            .checksums
            .push((Algorithm::parse(algorithm)?, value));
    }
    Ok(integrity)
}

/// Checks the integrity of documents (XML bodies); those of objects and parts are the core's to
/// check. DeleteObjects must be protected.
fn check_document(parts: &Parts, body: &Body) -> Result<(), ErrorAnswer> {
    let query = parts.uri.query().unwrap_or_default();
    let has = |name: &str| {
        query
            .split('&')
            .any(|pair| pair.split('=').next() == Some(name))
    };
    let deletes = parts.method == Method::POST && has("delete");
    let sub_resource = parts.method == Method::PUT
        && !body.is_empty()
        && query
            .split('&')
            .any(|pair| !pair.contains('=') || pair.ends_with('='))
        && !has("uploadId");
    if !deletes && !sub_resource {
        return Ok(());
    }
    let integrity = integrity(&parts.headers).map_err(crate::s3::Error::into_answer)?;
    if deletes && integrity.content_md5.is_none() && integrity.checksums.is_empty() {
        return Err(ErrorAnswer::new(
            400,
            "InvalidRequest",
            "Missing required header for this request: Content-MD5 OR x-amz-checksum-*",
        ));
    }
    integrity
        .verify(body, None)
        .map(|_| ())
        .map_err(crate::s3::Error::into_answer)
}

/// Headers that are kept from `s3s`: it refuses values that S3 ignores, or parses away their text.
const RAW_HEADERS: [&str; 11] = [
    "range",
    "if-match",
    "if-none-match",
    "if-modified-since",
    "if-unmodified-since",
    "x-amz-copy-source-if-match",
    "x-amz-copy-source-if-none-match",
    "x-amz-copy-source-if-modified-since",
    "x-amz-copy-source-if-unmodified-since",
    "expires",
    "x-amz-object-lock-retain-until-date",
];

/// Takes these headers out, and copies those that say something about the body.
pub(super) fn take_raw_headers(headers: &mut HeaderMap) -> HeaderMap {
    let mut raw = HeaderMap::new();
    for name in RAW_HEADERS {
        if let Some(value) = headers.remove(name) {
            raw.insert(HeaderName::from_static(name), value);
        }
    }
    for (name, value) in headers.iter() {
        let name_text = name.as_str();
        if name_text.starts_with("x-amz-checksum-")
            || name_text == "content-md5"
            || name_text == "x-amz-sdk-checksum-algorithm"
        {
            raw.append(name.clone(), value.clone());
        }
    }
    raw
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(wire: &str, body: &str, trailers: &[(&str, &str)]) {
        let (decoded, found) = decode_chunks(Bytes::from(wire.to_owned())).unwrap();
        assert_eq!(decoded.to_bytes(), body.as_bytes());
        let found: Vec<(&str, &str)> = found.iter().map(|(n, v)| (&n[..], &v[..])).collect();
        assert_eq!(found, trailers);
    }

    #[test]
    fn chunked_bodies_are_decoded_by_length() {
        check(
            "5\r\nHello\r\n0\r\nx-amz-checksum-crc32:98yNHg==\r\n\r\n",
            "Hello",
            &[("x-amz-checksum-crc32", "98yNHg==")],
        );
        check(
            "5;chunk-signature=ab\r\nHello\r\n0;chunk-signature=cd\r\n\r\n",
            "Hello",
            &[],
        );
        check(
            "5;chunk-signature=ab\r\nHello\r\n0;chunk-signature=cd\r\nx-amz-checksum-sha256:aa\r\nx-amz-trailer-signature:ee\r\n\r\n",
            "Hello",
            &[
                ("x-amz-checksum-sha256", "aa"),
                ("x-amz-trailer-signature", "ee"),
            ],
        );
        check(
            "0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n",
            "",
            &[("x-amz-checksum-crc32", "AAAAAA==")],
        );
        check(
            "6\r\na\r\n;b\n\r\n3\r\n0\r\n\r\n0\r\n",
            "a\r\n;b\n0\r\n",
            &[],
        );
        check("5\r\nHello\r\n0", "Hello", &[]);
    }

    #[test]
    fn broken_chunks_are_refused() {
        for wire in [
            "",
            "5\r\nHel",
            "zz\r\nHello\r\n0\r\n",
            "5\r\nHello, world\r\n0\r\n",
        ] {
            assert!(decode_chunks(Bytes::from(wire)).is_err(), "{wire:?}");
        }
    }
}
