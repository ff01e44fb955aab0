//! Regular expressions. Trino's are Java's; patterns that mean something else here, or that this
//! engine cannot run (look-around, back-references), are refused.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use regex::{Captures, Regex};

use super::super::error::{Code, Result, TrinoError};
use super::super::function::Function;
use super::super::types::{Type, VARCHAR};
use super::super::value::Value;
use super::{Resolution, fits, found};

fn invalid(message: impl Into<String>) -> TrinoError {
    TrinoError::in_data(Code::InvalidFunctionArgument, message)
}

/// Compiled patterns of one function call; a query has few of them.
#[derive(Clone, Default)]
pub struct Cache(Arc<Mutex<HashMap<String, Regex>>>);

impl Cache {
    /// The pattern, compiled.
    pub fn compile(&self, pattern: &str) -> Result<Regex> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(regex) = held.get(pattern) {
            return Ok(regex.clone());
        }
        let pattern_here = translated(pattern);
        if let Some(construct) = foreign(&pattern_here) {
            return Err(TrinoError::in_data(
                Code::NotSupported,
                format!("Regular expression construct {construct} is not supported by windfarm"),
            ));
        }
        let regex = Regex::new(&pattern_here).map_err(|e| invalid(e.to_string()))?;
        if held.len() < 64 {
            held.insert(pattern.to_string(), regex.clone());
        }
        Ok(regex)
    }
}

fn compile(cache: &Cache, pattern: &str) -> Result<Regex> {
    cache.compile(pattern)
}

/// What of a pattern this engine cannot run, or would read otherwise.
fn foreign(pattern: &str) -> Option<String> {
    [
        "(?=", "(?!", "(?<=", "(?<!", "(?>", "\\G", "\\Z", "++", "*+", "?+", "[:",
    ]
    .iter()
    .find(|construct| pattern.contains(**construct))
    .map(ToString::to_string)
    .or_else(|| back_reference(pattern))
}

fn back_reference(pattern: &str) -> Option<String> {
    let mut escaped = false;
    for c in pattern.chars() {
        if escaped && (c.is_ascii_digit() && c != '0' || c == 'k') {
            return Some(format!("\\{c}"));
        }
        escaped = c == '\\' && !escaped;
    }
    None
}

/// Java's spelling of what this engine spells otherwise: `\Q…\E`.
fn translated(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len());
    let mut rest = pattern;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at_checked(at).unwrap_or((rest, ""));
        out.push_str(before);
        if let Some(quoted) = escape.strip_prefix("\\Q") {
            let (literal, after) = quoted.split_once("\\E").unwrap_or((quoted, ""));
            out.push_str(&regex::escape(literal));
            rest = after;
        } else {
            let length = escape.chars().take(2).map(char::len_utf8).sum();
            let (kept, after) = escape.split_at_checked(length).unwrap_or((escape, ""));
            out.push_str(kept);
            rest = after;
        }
    }
    out.push_str(rest);
    out
}

/// All matches of a pattern, each with its groups.
pub fn matches<'t>(regex: &Regex, text: &'t str) -> Vec<Captures<'t>> {
    regex.captures_iter(text).collect()
}

fn text_of(value: Option<&Value>) -> &str {
    match value {
        Some(Value::Text(text)) => text,
        _ => "",
    }
}

/// Finds a function of this family.
pub fn resolve(name: &str, arguments: &[Type]) -> Resolution {
    let cache = Cache::default();
    let kept = match arguments.first() {
        Some(Type::Varchar(length)) => Type::Varchar(*length),
        _ => VARCHAR,
    };
    let group = arguments.len() == 3;
    let mut parameters = vec![VARCHAR, VARCHAR];
    if group {
        parameters.push(Type::Bigint);
    }
    match name {
        "regexp_like" => {
            let function = fits(arguments, &[VARCHAR, VARCHAR]).then(|| {
                Function::new(name, vec![VARCHAR, VARCHAR], Type::Boolean, move |a| {
                    let regex = compile(&cache, text_of(a.get(1)))?;
                    Ok(Value::Boolean(regex.is_match(text_of(a.first()))))
                })
                .failing()
            });
            found(function, "regexp_like(varchar, pattern)")
        }
        "regexp_extract" | "regexp_extract_all" => {
            let all = name == "regexp_extract_all";
            let result = if all {
                Type::Array(Box::new(kept))
            } else {
                kept
            };
            let function = fits(arguments, &parameters).then(|| {
                Function::new(name, parameters.clone(), result, move |a| {
                    let regex = compile(&cache, text_of(a.get(1)))?;
                    let group = match a.get(2) {
                        Some(Value::Int(group)) => *group,
                        _ => 0,
                    };
                    extract(&regex, text_of(a.first()), group, all)
                })
                .failing()
            });
            found(function, "f(varchar, pattern[, bigint])")
        }
        "regexp_count" => {
            let function = fits(arguments, &[VARCHAR, VARCHAR]).then(|| {
                Function::new(name, vec![VARCHAR, VARCHAR], Type::Bigint, move |a| {
                    let regex = compile(&cache, text_of(a.get(1)))?;
                    let hits = matches(&regex, text_of(a.first()));
                    Ok(Value::Int(hits.len() as i64))
                })
                .failing()
            });
            found(function, "regexp_count(varchar, pattern)")
        }
        "regexp_split" => {
            let function = fits(arguments, &[VARCHAR, VARCHAR]).then(|| {
                Function::new(
                    name,
                    vec![VARCHAR, VARCHAR],
                    Type::Array(Box::new(kept)),
                    move |a| {
                        let regex = compile(&cache, text_of(a.get(1)))?;
                        Ok(split(&regex, text_of(a.first())))
                    },
                )
                .failing()
            });
            found(function, "regexp_split(varchar, pattern)")
        }
        "regexp_position" => {
            let mut parameters = vec![VARCHAR, VARCHAR];
            parameters.resize(arguments.len().clamp(2, 4), Type::Integer);
            let function = fits(arguments, &parameters).then(|| {
                Function::new(name, parameters.clone(), Type::Integer, move |a| {
                    let regex = compile(&cache, text_of(a.get(1)))?;
                    let int = |at: usize| match a.get(at) {
                        Some(Value::Int(i)) => *i,
                        _ => 1,
                    };
                    position(&regex, text_of(a.first()), int(2), int(3)).map(Value::Int)
                })
                .failing()
            });
            found(
                function,
                "regexp_position(varchar, pattern[, start[, occurrence]])",
            )
        }
        "regexp_replace" => {
            let parameters = vec![VARCHAR; arguments.len().clamp(2, 3)];
            let result = match arguments {
                [Type::Varchar(Some(x)), _, Type::Varchar(Some(y))] => replaced(*x, *y),
                [_, _] => kept,
                _ => VARCHAR,
            };
            let function = fits(arguments, &parameters).then(|| {
                Function::new(name, parameters.clone(), result, move |a| {
                    let regex = compile(&cache, text_of(a.get(1)))?;
                    replace(&regex, text_of(a.first()), text_of(a.get(2)))
                })
                .failing()
            });
            found(function, "regexp_replace(varchar, pattern[, varchar])")
        }
        _ => Resolution::Unknown,
    }
}

fn split(regex: &Regex, text: &str) -> Value {
    let (mut parts, mut last) = (Vec::new(), 0);
    for captures in matches(regex, text) {
        let Some(whole) = captures.get(0) else {
            continue;
        };
        parts.push(text.get(last..whole.start()).unwrap_or_default());
        last = whole.end();
    }
    parts.push(text.get(last..).unwrap_or_default());
    let parts = parts.into_iter().map(|p| Value::Text(p.to_string()));
    Value::List(parts.collect())
}

/// Where a match begins, in characters from 1; −1 when there is none.
fn position(regex: &Regex, text: &str, start: i64, occurrence: i64) -> Result<i64> {
    if start < 1 {
        return Err(invalid("start position cannot be smaller than 1"));
    }
    if occurrence < 1 {
        return Err(invalid("occurrence cannot be smaller than 1"));
    }
    let skipped = usize::try_from(start - 1).unwrap_or(usize::MAX);
    let Some((from, _)) = text.char_indices().nth(skipped) else {
        return Ok(-1);
    };
    let nth = usize::try_from(occurrence - 1).unwrap_or(usize::MAX);
    let hits = matches(regex, text);
    let hit = hits
        .iter()
        .filter_map(|captures| captures.get(0))
        .filter(|hit| hit.start() >= from)
        .nth(nth);
    Ok(hit.map_or(-1, |hit| {
        text.get(..hit.start())
            .map_or(-1, |before| before.chars().count() as i64 + 1)
    }))
}

/// The length Trino gives a text of `x` characters whose matches become `y`: every second character may
/// name a group as long as the text, before, after and between all of its characters.
fn replaced(x: u32, y: u32) -> Type {
    let (x, y) = (u128::from(x), u128::from(y));
    let longest = x + (x * y / 2).max(y) * (x + 1);
    Type::Varchar(u32::try_from(longest).ok().filter(|n| *n < 2_147_483_647))
}

fn extract(regex: &Regex, text: &str, group: i64, all: bool) -> Result<Value> {
    if group < 0 {
        return Err(invalid("Group cannot be negative"));
    }
    let nth = usize::try_from(group).unwrap_or(usize::MAX);
    if nth >= regex.captures_len() {
        return Err(invalid(format!(
            "Pattern has {} groups. Cannot access group {group}",
            regex.captures_len() - 1
        )));
    }
    let value = |captures: Captures<'_>| {
        captures
            .get(nth)
            .map_or(Value::Null, |hit| Value::Text(hit.as_str().to_string()))
    };
    if all {
        return Ok(Value::List(
            matches(regex, text).into_iter().map(value).collect(),
        ));
    }
    Ok(regex.captures(text).map_or(Value::Null, value))
}

/// Java's replacement text: `$1`, `${name}`, `\` before a character takes it as it is.
fn replace(regex: &Regex, text: &str, by: &str) -> Result<Value> {
    let mut out = String::new();
    let mut last = 0;
    for captures in matches(regex, text) {
        let Some(whole) = captures.get(0) else {
            continue;
        };
        out.push_str(text.get(last..whole.start()).unwrap_or_default());
        last = whole.end();
        let mut rest = by.chars().peekable();
        while let Some(c) = rest.next() {
            match c {
                '\\' => match rest.next() {
                    Some(next) => out.push(next),
                    None => return Err(invalid(format!("Illegal replacement sequence: {by}"))),
                },
                '$' if rest.peek() == Some(&'{') => {
                    rest.next();
                    let name: String = rest.by_ref().take_while(|c| *c != '}').collect();
                    if !regex.capture_names().flatten().any(|known| known == name) {
                        return Err(invalid(format!(
                            "Illegal replacement sequence: unknown group {{ {name} }}"
                        )));
                    }
                    out.push_str(captures.name(&name).map_or("", |hit| hit.as_str()));
                }
                '$' => {
                    let first = rest.next().and_then(|c| c.to_digit(10));
                    let mut group = first
                        .ok_or_else(|| invalid(format!("Illegal replacement sequence: {by}")))?
                        as usize;
                    if group >= regex.captures_len() {
                        return Err(invalid(format!(
                            "Illegal replacement sequence: unknown group {group}"
                        )));
                    }
                    // More digits belong to the number as long as such a group exists.
                    while let Some(digit) = rest.peek().and_then(|c| c.to_digit(10)) {
                        let longer = group * 10 + digit as usize;
                        if longer >= regex.captures_len() {
                            break;
                        }
                        group = longer;
                        rest.next();
                    }
                    out.push_str(captures.get(group).map_or("", |hit| hit.as_str()));
                }
                c => out.push(c),
            }
        }
    }
    out.push_str(text.get(last..).unwrap_or_default());
    Ok(Value::Text(out))
}
