//! Regular expressions. Trino's are Java's; patterns that mean something else here, or that this
//! engine cannot run (look-around, back-references), are refused.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use regex::Regex;

use super::super::error::{Code, Result, TrinoError};
use super::super::function::Function;
use super::super::types::{Type, VARCHAR};
use super::super::value::Value;
use super::{Resolution, fits, found};

fn invalid(message: impl Into<String>) -> TrinoError {
    TrinoError::in_data(Code::InvalidFunctionArgument, message)
}

/// Compiled patterns of one function call; a query has few of them.
type Cache = Arc<Mutex<HashMap<String, Regex>>>;

fn compile(cache: &Cache, pattern: &str) -> Result<Regex> {
    let mut cache = cache.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(regex) = cache.get(pattern) {
        return Ok(regex.clone());
    }
    let foreign = [
        "(?=", "(?!", "(?<=", "(?<!", "(?>", "\\G", "\\Z", "\\Q", "++", "*+", "?+", "[:", "&&",
    ]
    .iter()
    .find(|construct| pattern.contains(**construct))
    .map(ToString::to_string)
    .or_else(|| back_reference(pattern));
    if let Some(construct) = foreign {
        return Err(TrinoError::in_data(
            Code::NotSupported,
            format!("Regular expression construct {construct} is not supported by windfarm"),
        ));
    }
    let regex = Regex::new(pattern).map_err(|e| invalid(e.to_string()))?;
    if cache.len() < 64 {
        cache.insert(pattern.to_string(), regex.clone());
    }
    Ok(regex)
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
                    Ok(Value::Int(
                        regex.find_iter(text_of(a.first())).count() as i64
                    ))
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
                        let parts = regex.split(text_of(a.first()));
                        Ok(Value::List(
                            parts.map(|p| Value::Text(p.to_string())).collect(),
                        ))
                    },
                )
                .failing()
            });
            found(function, "regexp_split(varchar, pattern)")
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
    let value = |captures: regex::Captures<'_>| {
        captures
            .get(nth)
            .map_or(Value::Null, |hit| Value::Text(hit.as_str().to_string()))
    };
    if all {
        return Ok(Value::List(regex.captures_iter(text).map(value).collect()));
    }
    Ok(regex.captures(text).map_or(Value::Null, value))
}

/// Java's replacement text: `$1`, `${name}`, `\` before a character takes it as it is.
fn replace(regex: &Regex, text: &str, by: &str) -> Result<Value> {
    let mut out = String::new();
    let mut last = 0;
    for captures in regex.captures_iter(text) {
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
