//! The canonical request: one form for all the ways in which the same request can be written.

use std::borrow::Cow;

use http::header::HOST;
use http::request::Parts;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode};

/// What stays as it is: RFC 3986's unreserved characters.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// The same, and the separators of a path.
const ENCODED_PATH: &AsciiSet = &ENCODED.remove(b'/');

/// Method, path, query, signed headers, their names, and the payload's hash; one a line.
pub(super) fn request(
    parts: &Parts,
    signed_headers: &[String],
    payload_hash: &str,
    s3: bool,
) -> String {
    let path = parts.uri.path();
    let path = if s3 {
        object_path(path)
    } else {
        service_path(path)
    };
    let query = query(parts.uri.query().unwrap_or_default());
    let mut headers = String::new();
    for name in signed_headers {
        headers.push_str(name);
        headers.push(':');
        headers.push_str(&header(parts, name));
        headers.push('\n');
    }
    format!(
        "{}\n{path}\n{query}\n{headers}\n{}\n{payload_hash}",
        parts.method,
        signed_headers.join(";")
    )
}

/// S3's path: encoded once, nothing normalised, because keys may hold `//` and `..`. A slash that came
/// encoded stays so: whoever sends it signed it.
fn object_path(path: &str) -> String {
    let segments: Vec<String> = path
        .split('/')
        .map(|segment| {
            let decoded: Cow<'_, [u8]> = percent_decode_str(segment).into();
            percent_encode(&decoded, ENCODED).to_string()
        })
        .collect();
    segments.join("/")
}

/// Every other service's path: without `.`, `..` and empty segments, and what came encoded is encoded
/// once more.
fn service_path(path: &str) -> String {
    let mut segments = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                segments.pop();
            }
            segment => segments.push(segment),
        }
    }
    let last = path.rsplit('/').next().unwrap_or_default();
    let open = matches!(last, "" | "." | "..") && !segments.is_empty();
    let normal = format!("/{}{}", segments.join("/"), if open { "/" } else { "" });
    percent_encode(normal.as_bytes(), ENCODED_PATH).to_string()
}

/// Parameters sorted by name and value in their encoded form; the signature itself is left out.
fn query(query: &str) -> String {
    let mut pairs: Vec<(String, String)> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (reencoded(name), reencoded(value))
        })
        .filter(|(name, _)| name != "X-Amz-Signature")
        .collect();
    pairs.sort();
    let pairs: Vec<String> = pairs
        .into_iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    pairs.join("&")
}

/// A part of a query in the one canonical encoding. A plus sign is a space, as in forms.
fn reencoded(text: &str) -> String {
    let spaced = text.replace('+', " ");
    let decoded: Cow<'_, [u8]> = percent_decode_str(&spaced).into();
    percent_encode(&decoded, ENCODED).to_string()
}

/// A header's values, trimmed, with single spaces, joined by commas.
fn header(parts: &Parts, name: &str) -> String {
    if name == "host" && !parts.headers.contains_key(HOST) {
        return authority(parts);
    }
    let values: Vec<String> = parts
        .headers
        .get_all(name)
        .iter()
        .map(|value| {
            let text = String::from_utf8_lossy(value.as_bytes());
            let words: Vec<&str> = text
                .split([' ', '\t'])
                .filter(|word| !word.is_empty())
                .collect();
            words.join(" ")
        })
        .collect();
    values.join(",")
}

/// The host of HTTP/2, and of clients in this process. A scheme's own port is not signed.
fn authority(parts: &Parts) -> String {
    let Some(authority) = parts.uri.authority() else {
        return String::new();
    };
    match (parts.uri.scheme_str(), authority.port_u16()) {
        (Some("http"), Some(80)) | (Some("https"), Some(443)) => authority.host().to_owned(),
        _ => authority.as_str().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_normalised_for_all_but_s3() {
        for (sent, service, object) in [
            ("/", "/", "/"),
            ("/a/./b/../c", "/a/c", "/a/./b/../c"),
            ("//a//", "/a/", "//a//"),
            ("/..", "/", "/.."),
            ("/a%20b", "/a%2520b", "/a%20b"),
            ("/a%2fb", "/a%252fb", "/a%2Fb"),
            ("/a=b+c@d", "/a%3Db%2Bc%40d", "/a%3Db%2Bc%40d"),
            ("/%e1%88%b4", "/%25e1%2588%25b4", "/%E1%88%B4"),
        ] {
            assert_eq!(service_path(sent), service, "{sent}");
            assert_eq!(object_path(sent), object, "{sent}");
        }
    }

    #[test]
    fn queries_are_sorted_in_one_encoding() {
        for (sent, canonical) in [
            ("", ""),
            ("Param2=b&Param1=a", "Param1=a&Param2=b"),
            (
                "Param-3=Value3&Param=Value2&%E1%88%B4=Value1",
                "%E1%88%B4=Value1&Param=Value2&Param-3=Value3",
            ),
            ("a=2&a=1&delete", "a=1&a=2&delete="),
            ("key=a/b%20c+d&X-Amz-Signature=00", "key=a%2Fb%20c%20d"),
            ("p=%c3%bc%ff", "p=%C3%BC%FF"),
        ] {
            assert_eq!(query(sent), canonical, "{sent}");
        }
    }
}
