//! Grok: patterns made of named patterns, `%{NAME:column}`.

use std::collections::BTreeMap;

use regex::Regex;

use super::{compiled, unsupported};
use crate::engine::error::{Error, Result};

/// Patterns inside patterns beyond which an expression is refused: one may name itself.
const MAX_DEPTH: usize = 32;

/// The patterns that every Grok knows, under the names of "Grok SerDe", Athena guide.
const PATTERNS: &[(&str, &str)] = &[
    ("USERNAME", "[a-zA-Z0-9._-]+"),
    ("USER", "%{USERNAME}"),
    ("INT", "[+-]?[0-9]+"),
    ("BASE10NUM", r"[+-]?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)"),
    ("NUMBER", "%{BASE10NUM}"),
    ("BASE16NUM", "[+-]?(?:0x)?[0-9A-Fa-f]+"),
    ("POSINT", r"\b[1-9][0-9]*\b"),
    ("NONNEGINT", r"\b[0-9]+\b"),
    ("BOOLEAN", "(?i:true|false)"),
    ("WORD", r"\b\w+\b"),
    ("NOTSPACE", r"\S+"),
    ("SPACE", r"\s*"),
    ("DATA", ".*?"),
    ("GREEDYDATA", ".*"),
    (
        "QUOTEDSTRING",
        r#""(?:\\.|[^\\"]+)+"|""|'(?:\\.|[^\\']+)+'|''"#,
    ),
    ("QS", "%{QUOTEDSTRING}"),
    (
        "UUID",
        "[A-Fa-f0-9]{8}-(?:[A-Fa-f0-9]{4}-){3}[A-Fa-f0-9]{12}",
    ),
    (
        "MAC",
        "(?:[A-Fa-f0-9]{2}[:-]){5}[A-Fa-f0-9]{2}|(?:[A-Fa-f0-9]{4}\\.){2}[A-Fa-f0-9]{4}",
    ),
    (
        "IPV4",
        r"(?:(?:25[0-5]|2[0-4][0-9]|[01]?[0-9]{1,2})\.){3}(?:25[0-5]|2[0-4][0-9]|[01]?[0-9]{1,2})",
    ),
    ("IPV6", "(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}"),
    ("IP", "(?:%{IPV6}|%{IPV4})"),
    (
        "HOSTNAME",
        r"\b[0-9A-Za-z][0-9A-Za-z-]{0,62}(?:\.[0-9A-Za-z][0-9A-Za-z-]{0,62})*\.?",
    ),
    ("HOST", "%{HOSTNAME}"),
    ("IPORHOST", "(?:%{IP}|%{HOSTNAME})"),
    ("HOSTPORT", "%{IPORHOST}:%{POSINT}"),
    ("PATH", "(?:%{UNIXPATH}|%{WINPATH})"),
    ("UNIXPATH", r"(?:/[\w_%!$@:.,~-]*)+"),
    ("WINPATH", r"(?:[A-Za-z]:|\\)(?:\\[^\\?*]*)+"),
    ("URIPROTO", r"[A-Za-z]+(?:\+[A-Za-z+]+)?"),
    ("URIHOST", "%{IPORHOST}(?::%{POSINT})?"),
    ("URIPATH", r"(?:/[A-Za-z0-9$.+!*'(){},~:;=@#%_-]*)+"),
    ("URIPARAM", r"\?[A-Za-z0-9$.+!*'|(){},~@#%&/=:;_?\[\]-]*"),
    ("URIPATHPARAM", "%{URIPATH}(?:%{URIPARAM})?"),
    (
        "URI",
        "%{URIPROTO}://(?:%{USER}(?::[^@]*)?@)?(?:%{URIHOST})?(?:%{URIPATHPARAM})?",
    ),
    (
        "MONTH",
        r"\b(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sep(?:tember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)\b",
    ),
    ("MONTHNUM", "0?[1-9]|1[0-2]"),
    ("MONTHDAY", "0[1-9]|[12][0-9]|3[01]|[1-9]"),
    (
        "DAY",
        r"\b(?:Mon(?:day)?|Tue(?:sday)?|Wed(?:nesday)?|Thu(?:rsday)?|Fri(?:day)?|Sat(?:urday)?|Sun(?:day)?)\b",
    ),
    ("YEAR", "[0-9]{4}|[0-9]{2}"),
    ("HOUR", "2[0-3]|[01]?[0-9]"),
    ("MINUTE", "[0-5][0-9]"),
    ("SECOND", "(?:[0-5]?[0-9]|60)(?:[:.,][0-9]+)?"),
    ("TIME", "%{HOUR}:%{MINUTE}(?::%{SECOND})?"),
    ("DATE_US", "%{MONTHNUM}[/-]%{MONTHDAY}[/-]%{YEAR}"),
    ("DATE_EU", "%{MONTHDAY}[./-]%{MONTHNUM}[./-]%{YEAR}"),
    ("DATE", "%{DATE_US}|%{DATE_EU}"),
    ("DATESTAMP", "%{DATE}[- ]%{TIME}"),
    ("ISO8601_TIMEZONE", "Z|[+-]%{HOUR}(?::?%{MINUTE})"),
    (
        "TIMESTAMP_ISO8601",
        "%{YEAR}-%{MONTHNUM}-%{MONTHDAY}[T ]%{HOUR}:?%{MINUTE}(?::?%{SECOND})?(?:%{ISO8601_TIMEZONE})?",
    ),
    ("TZ", "[PMCE][SD]T|UTC"),
    ("HTTPDATE", "%{MONTHDAY}/%{MONTH}/%{YEAR}:%{TIME} %{INT}"),
    ("SYSLOGTIMESTAMP", "%{MONTH} +%{MONTHDAY} %{TIME}"),
    ("PROG", r"[\w._/%-]+"),
    (
        "LOGLEVEL",
        "(?i:trace|debug|notice|info(?:rmation)?|warn(?:ing)?|err(?:or)?|crit(?:ical)?|fatal|severe|emerg(?:ency)?|alert)",
    ),
    (
        "COMMONAPACHELOG",
        r#"%{IPORHOST:clientip} %{USER:ident} %{USER:auth} \[%{HTTPDATE:timestamp}\] "(?:%{WORD:verb} %{NOTSPACE:request}(?: HTTP/%{NUMBER:httpversion})?|%{DATA:rawrequest})" %{NUMBER:response} (?:%{NUMBER:bytes}|-)"#,
    ),
    (
        "COMBINEDAPACHELOG",
        "%{COMMONAPACHELOG} %{QS:referrer} %{QS:agent}",
    ),
];

/// The pattern of a table's `input.format`. Its named parts are the columns of those names.
///
/// # Errors
/// An unknown pattern, or one that the engine's regular expressions do not have, by name.
pub(super) fn pattern(parameters: &BTreeMap<String, String>) -> Result<Regex> {
    let format = parameters.get("input.format").ok_or_else(|| {
        Error::Metastore("This table does not have serde property \"input.format\"!".to_owned())
    })?;
    let own = parameters
        .get("input.grokCustomPatterns")
        .map(|text| custom(text))
        .unwrap_or_default();
    let mut names = Vec::new();
    let expanded = expand(format, &own, &mut names, 0)?;
    compiled(&expanded, false)
}

/// One pattern a line: its name, blanks, the pattern.
fn custom(text: &str) -> BTreeMap<String, String> {
    text.lines()
        .filter_map(|line| line.trim().split_once(char::is_whitespace))
        .map(|(name, pattern)| (name.to_owned(), pattern.trim().to_owned()))
        .collect()
}

fn expand(
    format: &str,
    own: &BTreeMap<String, String>,
    names: &mut Vec<String>,
    depth: usize,
) -> Result<String> {
    if depth > MAX_DEPTH {
        return Err(unsupported("a Grok pattern contains itself"));
    }
    let mut out = String::new();
    let mut rest = format;
    while let Some(start) = rest.find("%{") {
        let (before, behind) = rest.split_at(start);
        out.push_str(before);
        let Some(end) = behind.find('}') else {
            break;
        };
        let inside = behind.get(2..end).unwrap_or_default();
        rest = behind.get(end + 1..).unwrap_or_default();
        let mut parts = inside.split(':');
        let name = parts.next().unwrap_or_default().trim();
        let column = parts.next().map(|column| column.trim().to_lowercase());
        let known = PATTERNS
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, pattern)| *pattern);
        let pattern = own.get(name).map(String::as_str).or(known).ok_or_else(|| {
            unsupported(format!(
                "the Grok pattern %{{{name}}} is not known to windfarm"
            ))
        })?;
        let inner = expand(pattern, own, names, depth + 1)?;
        match column {
            // Of equal names the first is the column.
            Some(column) if is_name(&column) && !names.contains(&column) => {
                out.push_str(&format!("(?P<{column}>{inner})"));
                names.push(column);
            }
            _ => out.push_str(&format!("(?:{inner})")),
        }
    }
    out.push_str(rest);
    Ok(out)
}

fn is_name(column: &str) -> bool {
    let mut characters = column.chars();
    characters
        .next()
        .is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && characters.all(|c| c.is_ascii_alphanumeric() || c == '_')
}
