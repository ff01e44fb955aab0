//! URLs taken apart and their parts escaped.

use super::super::error::{Code, Result, TrinoError};
use super::super::function::Function;
use super::super::types::{Type, VARCHAR};
use super::super::value::Value;
use super::{Resolution, failing, found};

fn invalid(message: impl Into<String>) -> TrinoError {
    TrinoError::in_data(Code::InvalidFunctionArgument, message)
}

fn text_of(value: Option<&Value>) -> &str {
    match value {
        Some(Value::Text(text)) => text,
        _ => "",
    }
}

/// The parts of a URI as RFC 3986 cuts it.
#[derive(Debug, Default, PartialEq)]
struct Parts<'a> {
    scheme: Option<&'a str>,
    authority: Option<&'a str>,
    path: &'a str,
    query: Option<&'a str>,
    fragment: Option<&'a str>,
}

/// `None` for what Java refuses as a URI.
fn parts(url: &str) -> Option<Parts<'_>> {
    let escapes = |text: &str| {
        text.match_indices('%').all(|(at, _)| {
            text.get(at + 1..at + 3)
                .is_some_and(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()))
        })
    };
    let forbidden = |c: char| {
        c.is_control()
            || c.is_whitespace()
            || matches!(c, '"' | '<' | '>' | '\\' | '^' | '`' | '{' | '|' | '}')
    };
    if url.contains(forbidden) || !escapes(url) {
        return None;
    }
    let mut parts = Parts::default();
    let (rest, fragment) = match url.split_once('#') {
        Some((rest, fragment)) => (rest, Some(fragment)),
        None => (url, None),
    };
    parts.fragment = fragment;
    let (rest, query) = match rest.split_once('?') {
        Some((rest, query)) => (rest, Some(query)),
        None => (rest, None),
    };
    parts.query = query;
    let rest = match rest.split_once(':') {
        Some((scheme, after)) if is_scheme(scheme) => {
            parts.scheme = Some(scheme);
            after
        }
        Some((before, _)) if !before.contains('/') => return None,
        _ => rest,
    };
    parts.path = rest;
    if let Some(after) = rest.strip_prefix("//") {
        let end = after.find('/').unwrap_or(after.len());
        let (authority, path) = after.split_at_checked(end)?;
        parts.authority = Some(authority);
        parts.path = path;
    }
    let empty = parts.path.is_empty() && parts.authority.is_none_or(str::is_empty);
    (!(parts.scheme.is_some() && empty)).then_some(parts)
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
}

impl Parts<'_> {
    /// Host and port, if the authority is of a server.
    fn server(&self) -> Option<(&str, Option<i64>)> {
        let authority = self.authority?;
        let server = authority.rsplit_once('@').map_or(authority, |(_, s)| s);
        let (host, port) = match server.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host, port),
            _ => (server, ""),
        };
        if !port.bytes().all(|b| b.is_ascii_digit()) || host.is_empty() || host.contains('_') {
            return None;
        }
        Some((host, port.parse().ok()))
    }
}

/// Bytes of `%XX` as text.
fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text)
        .decode_utf8_lossy()
        .into_owned()
}

/// Finds a function of this family.
pub fn resolve(name: &str, arguments: &[Type]) -> Resolution {
    let kept = match arguments.first() {
        Some(Type::Varchar(length)) => Type::Varchar(*length),
        _ => VARCHAR,
    };
    let part: fn(&Parts<'_>) -> Option<String> = match name {
        "url_extract_protocol" => |p| Some(p.scheme.unwrap_or_default().to_string()),
        "url_extract_host" => |p| Some(p.server().map_or("", |(host, _)| host).to_string()),
        "url_extract_path" => |p| Some(decoded(p.path)),
        "url_extract_query" => |p| Some(decoded(p.query.unwrap_or_default())),
        "url_extract_fragment" => |p| Some(decoded(p.fragment.unwrap_or_default())),
        "url_extract_port" => {
            return super::simple(name, arguments, &[VARCHAR], Type::Bigint, |a| {
                let port = parts(text_of(a.first())).and_then(|p| p.server().and_then(|(_, p)| p));
                Ok(port.map_or(Value::Null, Value::Int))
            });
        }
        "url_extract_parameter" => {
            return super::simple(name, arguments, &[VARCHAR, VARCHAR], kept, |a| {
                Ok(parameter(text_of(a.first()), text_of(a.get(1)))
                    .map_or(Value::Null, Value::Text))
            });
        }
        "url_encode" => {
            let result = match kept {
                Type::Varchar(Some(length)) => Type::Varchar(length.checked_mul(12)),
                _ => VARCHAR,
            };
            return super::simple(name, arguments, &[VARCHAR], result, |a| {
                Ok(Value::Text(encoded(text_of(a.first()))))
            });
        }
        "url_decode" => {
            return failing(name, arguments, &[VARCHAR], kept, |a| {
                decode_form(text_of(a.first())).map(Value::Text)
            });
        }
        _ => return Resolution::Unknown,
    };
    let function = super::fits(arguments, &[VARCHAR]).then(|| {
        Function::new(name, vec![VARCHAR], kept, move |a| {
            let parts = parts(text_of(a.first()));
            Ok(parts
                .and_then(|parts| part(&parts))
                .map_or(Value::Null, Value::Text))
        })
    });
    found(function, "f(varchar)")
}

/// The first parameter of a name; one without `=` is empty.
fn parameter(url: &str, wanted: &str) -> Option<String> {
    let parts = parts(url)?;
    parts.query?.split('&').find_map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decoded_form(name) == wanted).then(|| decoded_form(value))
    })
}

fn decoded_form(text: &str) -> String {
    decoded(&text.replace('+', " "))
}

/// As a form field: letters, digits and `-_.*` stay, a blank is `+`.
fn encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b' ' => out.push('+'),
            b if b.is_ascii_alphanumeric() || b"-_.*".contains(&b) => out.push(char::from(b)),
            b => out.push_str(&format!("%{b:02X}")),
        }
    }
    out
}

fn decode_form(text: &str) -> Result<String> {
    for (at, _) in text.match_indices('%') {
        let Some(digits) = text.get(at + 1..at + 3) else {
            return Err(invalid(
                "URLDecoder: Incomplete trailing escape (%) pattern",
            ));
        };
        if !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(invalid(format!(
                "URLDecoder: Illegal hex characters in escape (%) pattern - Error at index 0 in: \"{digits}\""
            )));
        }
    }
    Ok(decoded_form(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_has_parts() {
        let url = "http://user@example.com:8080/a%20b?k1=v1&k2&k1=x#Ref1";
        let cut = parts(url).unwrap();
        assert_eq!(cut.scheme, Some("http"));
        assert_eq!(cut.server(), Some(("example.com", Some(8080))));
        assert_eq!(decoded(cut.path), "/a b");
        assert_eq!(cut.fragment, Some("Ref1"));
        assert_eq!(parameter(url, "k1").as_deref(), Some("v1"));
        assert_eq!(parameter(url, "k2").as_deref(), Some(""));
        assert_eq!(parameter(url, "k3"), None);
        assert_eq!(parts("foo bar"), None);
        assert_eq!(parts("http://a/%zz"), None);
    }

    #[test]
    fn form_fields_are_escaped() {
        assert_eq!(encoded("a b~é*"), "a+b%7E%C3%A9*");
        assert_eq!(decode_form("a+b%7E%C3%A9*").unwrap(), "a b~é*");
        assert!(decode_form("%z").is_err());
        assert!(decode_form("%zz").is_err());
    }
}
