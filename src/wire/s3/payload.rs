//! Request bodies: collecting them, undoing `aws-chunked`, and checking what was said about them.

use bytes::{Buf as _, Bytes, BytesMut};
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use http_body::Body as _;
use http_body_util::BodyExt as _;

use crate::base::limits::s3::UPLOAD_MAX_BYTES;
use crate::s3::{Algorithm, Body, Integrity};
use crate::wire::s3::answer::ErrorAnswer;
use crate::wire::scope;
use crate::wire::signature::{ChunkSigner, MISMATCH};

/// Up to this size a body is one run of bytes of its own; above it is kept as it arrived. A small
/// body would otherwise keep a whole network buffer alive.
const COPY_BELOW_BYTES: usize = 64 * 1024;

/// The largest upload with the lines around its chunks: a generous sixteenth more.
const CHUNKED_MAX_BYTES: u64 = UPLOAD_MAX_BYTES + UPLOAD_MAX_BYTES / 16;

const CONTENT_SHA256: HeaderName = HeaderName::from_static("x-amz-content-sha256");
const DECODED_LENGTH: HeaderName = HeaderName::from_static("x-amz-decoded-content-length");
const TRAILER: HeaderName = HeaderName::from_static("x-amz-trailer");
const CONTENT_MD5: HeaderName = HeaderName::from_static("content-md5");

/// Collects a request's body and undoes its transport. Trailers become headers.
pub(super) async fn read(parts: &mut Parts, body: s3s::Body) -> Result<Body, ErrorAnswer> {
    let body = collect(body).await?;
    let sha256 = parts.headers.remove(CONTENT_SHA256);
    let sha256 = sha256.as_ref().map(|value| value.to_str().unwrap_or(""));
    if let Some(sha256) = sha256 {
        check_form(sha256)?;
    }
    let signer = parts.extensions.remove::<ChunkSigner>();
    // The word says whether the chunks are signed; it is signed itself.
    let signer = signer.filter(|_| sha256.is_some_and(|hash| hash.starts_with(SIGNED_CHUNKS)));
    let body = if sha256.is_some_and(|hash| hash.starts_with("STREAMING-"))
        || is_chunked(&parts.headers)
    {
        unchunk(parts, &body, signer)?
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

/// How `x-amz-content-sha256` begins when every chunk of the body is signed.
const SIGNED_CHUNKS: &str = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";

/// A SHA-256, or one of the words that stand for none.
fn check_form(sha256: &str) -> Result<(), ErrorAnswer> {
    if sha256.starts_with("STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD") {
        return Err(ErrorAnswer::from(&scope::sigv4a()));
    }
    let words = [
        "UNSIGNED-PAYLOAD",
        "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        SIGNED_CHUNKS,
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
    ];
    let hash = sha256.len() == 64 && sha256.bytes().all(|byte| byte.is_ascii_hexdigit());
    if hash || words.contains(&sha256) {
        return Ok(());
    }
    Err(ErrorAnswer::new(
        400,
        "InvalidArgument",
        "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, \
         STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or a valid \
         sha256 value.",
    )
    .member("ArgumentName", "x-amz-content-sha256")
    .member("ArgumentValue", sha256))
}

fn too_large(proposed: u64) -> ErrorAnswer {
    ErrorAnswer::new(
        400,
        "EntityTooLarge",
        "Your proposed upload exceeds the maximum allowed size",
    )
    .member("ProposedSize", proposed.to_string())
    .member("MaxSizeAllowed", UPLOAD_MAX_BYTES.to_string())
}

async fn collect(mut body: s3s::Body) -> Result<Body, ErrorAnswer> {
    // What says that it is too long is not read first; what says nothing is cut off.
    let announced = body.size_hint().lower();
    if announced > CHUNKED_MAX_BYTES {
        return Err(too_large(announced));
    }
    let mut received = 0;
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
            received += data.len() as u64;
            if received > CHUNKED_MAX_BYTES {
                return Err(too_large(received));
            }
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

fn unchunk(
    parts: &mut Parts,
    body: &Body,
    signer: Option<ChunkSigner>,
) -> Result<Body, ErrorAnswer> {
    let trailed = parts.headers.contains_key(TRAILER);
    let (body, trailers) = decode_chunks(body.to_bytes(), signer, trailed)?;
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
        if name == TRAILER_SIGNATURE {
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
///
/// With a `signer` every chunk must be signed, and the trailers if any were announced (`trailed`) or
/// came.
fn decode_chunks(
    mut rest: Bytes,
    mut signer: Option<ChunkSigner>,
    trailed: bool,
) -> Result<(Body, Trailers), ErrorAnswer> {
    let incomplete = || {
        ErrorAnswer::new(
            400,
            "IncompleteBody",
            "The request body terminated unexpectedly",
        )
    };
    let forged = || ErrorAnswer::new(403, "SignatureDoesNotMatch", MISMATCH);
    let mut chunks = Vec::new();
    loop {
        let line = take_line(&mut rest).ok_or_else(incomplete)?;
        let mut parts = line.split(';');
        let size = parts.next().unwrap_or_default().trim();
        let size = usize::from_str_radix(size, 16).map_err(|_| {
            ErrorAnswer::new(
                400,
                "InvalidRequest",
                format!("`{size}` is not the size of a chunk"),
            )
        })?;
        if rest.len() < size {
            return Err(incomplete());
        }
        let chunk = rest.split_to(size);
        if let Some(signer) = &mut signer {
            let sent = parts.find_map(|part| part.trim().strip_prefix("chunk-signature="));
            if !signer.chunk(&chunk, sent.unwrap_or_default()) {
                return Err(forged());
            }
        }
        if size == 0 {
            break;
        }
        chunks.push(chunk);
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
    if let Some(signer) = &mut signer
        && (trailed || !trailers.is_empty())
    {
        let (signatures, signed): (Vec<_>, Vec<_>) = trailers
            .iter()
            .partition(|(name, _)| name == TRAILER_SIGNATURE);
        let signed: String = signed
            .iter()
            .map(|(name, value)| format!("{name}:{value}\n"))
            .collect();
        let sent = signatures.first().map_or("", |(_, value)| value.as_str());
        if !signer.trailers(&signed, sent) {
            return Err(forged());
        }
    }
    Ok((chunks.into_iter().collect(), trailers))
}

/// The trailer that signs the others.
const TRAILER_SIGNATURE: &str = "x-amz-trailer-signature";

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
        let (decoded, found) = decode_chunks(Bytes::from(wire.to_owned()), None, false).unwrap();
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

    /// A signer that has just seen the request of the S3 API reference's example with trailers.
    fn signer() -> ChunkSigner {
        let headers = [
            ("host", "s3.amazonaws.com"),
            ("x-amz-date", "20130524T000000Z"),
            ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
            (
                "x-amz-content-sha256",
                "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
            ),
            ("content-encoding", "aws-chunked"),
            ("x-amz-decoded-content-length", "66560"),
            ("x-amz-trailer", "x-amz-checksum-crc32c"),
            (
                "authorization",
                "AWS4-HMAC-SHA256 \
                 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,\
                 SignedHeaders=content-encoding;host;x-amz-content-sha256;x-amz-date;\
                 x-amz-decoded-content-length;x-amz-storage-class;x-amz-trailer,\
                 Signature=106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e",
            ),
        ];
        let mut request = http::Request::put("/examplebucket/chunkObject.txt");
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let key = |_: &str| {
            Some(crate::iam::Secret {
                secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".to_owned(),
                token: None,
                expired: false,
            })
        };
        let now = crate::base::Timestamp::parse("2013-05-24T00:00:00Z").unwrap();
        let payload = crate::wire::signature::Payload::AsDeclared;
        crate::wire::signature::verify(&parts, "s3", payload, key, now).unwrap()
    }

    #[test]
    fn signed_chunks_and_trailers_are_verified() {
        let (first, second) = ("a".repeat(65_536), "a".repeat(1_024));
        let wire = format!(
            "10000;chunk-signature=b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2\r\n\
             {first}\r\n\
             400;chunk-signature=1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7\r\n\
             {second}\r\n\
             0;chunk-signature=2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992\r\n\
             x-amz-checksum-crc32c:sOO8/Q==\r\n\
             x-amz-trailer-signature:\
             d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n\r\n"
        );
        let decode = |wire: String| decode_chunks(Bytes::from(wire), Some(signer()), true);
        let (body, trailers) = decode(wire.clone()).unwrap();
        assert_eq!((body.len(), trailers.len()), (66_560, 2));
        for (from, to) in [
            ("aaaa\r\n400", "aaab\r\n400"),
            ("400;chunk-signature=1c", "400;chunk-signature=1d"),
            ("10000;chunk-signature=", "10000;other="),
            (";chunk-signature=2ca2", ";chunk-signature=2ca3"),
            ("sOO8/Q==", "sOO8/A=="),
            ("trailer-signature:d8", "trailer-signature:d9"),
        ] {
            assert!(wire.contains(from), "{from}");
            assert!(decode(wire.replacen(from, to, 1)).is_err(), "{to}");
        }
        // A body that stops before its trailers, and one without its last chunk.
        let (before, _) = wire.split_once("x-amz-checksum").unwrap();
        assert!(decode(before.to_owned()).is_err());
        let (before, _) = wire.split_once("\r\n0;chunk").unwrap();
        assert!(decode(before.to_owned()).is_err());
    }

    #[test]
    fn a_payload_hash_is_a_hash_or_a_word() {
        for good in [
            "UNSIGNED-PAYLOAD",
            "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
            "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
            "E3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        ] {
            assert!(check_form(good).is_ok(), "{good}");
        }
        for bad in ["", "required", "STREAMING-", "zz"] {
            assert!(check_form(bad).is_err(), "{bad}");
        }
        let v4a = check_form("STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER").unwrap_err();
        assert!(format!("{v4a:?}").contains("Version 4A"), "{v4a:?}");
    }

    #[test]
    fn broken_chunks_are_refused() {
        for wire in [
            "",
            "5\r\nHel",
            "zz\r\nHello\r\n0\r\n",
            "5\r\nHello, world\r\n0\r\n",
        ] {
            assert!(
                decode_chunks(Bytes::from(wire), None, false).is_err(),
                "{wire:?}"
            );
        }
    }
}
