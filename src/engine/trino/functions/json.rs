//! JSON functions over texts and the type `json`, with Trino's own path language.

use super::super::error::{Code, Result, TrinoError};
use super::super::function::Function;
use super::super::json::Json;
use super::super::text;
use super::super::types::{Type, VARCHAR};
use super::super::value::Value;
use super::{Resolution, found};

fn invalid(message: impl Into<String>) -> TrinoError {
    TrinoError::in_data(Code::InvalidFunctionArgument, message)
}

fn text_of(value: Option<&Value>) -> &str {
    match value {
        Some(Value::Text(text)) => text,
        _ => "",
    }
}

/// `json`, or text that is read as JSON.
fn source(ty: &Type) -> Option<Type> {
    match ty {
        Type::Json => Some(Type::Json),
        ty if ty.is_text() || *ty == Type::Unknown => Some(VARCHAR),
        _ => None,
    }
}

/// A path; blanks a `char` is padded with are part of it.
fn path(ty: &Type) -> Option<Type> {
    match ty {
        Type::Char(_) => Some(ty.clone()),
        ty if ty.is_text() || *ty == Type::Unknown => Some(VARCHAR),
        _ => None,
    }
}

/// Finds a function of this family.
pub fn resolve(name: &str, arguments: &[Type]) -> Resolution {
    match name {
        "json_parse" => {
            let function =
                matches!(arguments, [ty] if ty.is_text() || *ty == Type::Unknown).then(|| {
                    Function::new(name, vec![VARCHAR], Type::Json, |a| {
                        let source = text_of(a.first());
                        Json::parse(source)
                            .map(|json| Value::Text(json.sorted().to_string()))
                            .ok_or_else(|| {
                                invalid(format!("Cannot convert value to JSON: '{source}'"))
                            })
                    })
                    .failing()
                });
            found(function, "json_parse(varchar)")
        }
        "json_format" => {
            let function = matches!(arguments, [Type::Json | Type::Unknown]).then(|| {
                Function::new(name, vec![Type::Json], VARCHAR, |a| {
                    Ok(Value::Text(text_of(a.first()).to_string()))
                })
            });
            found(function, "json_format(json)")
        }
        "is_json_scalar" => over(name, arguments, Type::Boolean, true, |source| {
            Json::parse(source)
                .map(|json| Value::Boolean(json.is_scalar()))
                .ok_or_else(|| invalid(format!("Invalid JSON value: {source}")))
        }),
        "json_array_length" => over(name, arguments, Type::Bigint, false, |source| {
            Ok(match Json::parse_prefix(source) {
                Some(Json::Array(items)) => Value::Int(items.len() as i64),
                _ => Value::Null,
            })
        }),
        "json_array_contains" => found(
            array_contains(arguments),
            "json_array_contains(json, value)",
        ),
        "json_array_get" => {
            let function = match arguments {
                [json, index] if index.coerces_to(&Type::Bigint) => source(json).map(|json| {
                    Function::new(name, vec![json, Type::Bigint], Type::Json, |a| {
                        Ok(array_get(a).unwrap_or(Value::Null))
                    })
                }),
                _ => None,
            };
            found(function, "json_array_get(json, bigint)")
        }
        "json_extract" => by_path(name, arguments, Type::Json, |json| {
            Some(Value::Text(json.to_string()))
        }),
        "json_extract_scalar" => by_path(name, arguments, VARCHAR, |json| match json {
            Json::Text(text) => Some(Value::Text(text.clone())),
            Json::Null | Json::Array(_) | Json::Object(_) => None,
            other => Some(Value::Text(other.to_string())),
        }),
        "json_size" => by_path(name, arguments, Type::Bigint, |json| {
            Some(Value::Int(match json {
                Json::Array(items) => items.len() as i64,
                Json::Object(members) => members.len() as i64,
                _ => 0,
            }))
        }),
        _ => Resolution::Unknown,
    }
}

fn over(
    name: &str,
    arguments: &[Type],
    result: Type,
    fails: bool,
    apply: fn(&str) -> Result<Value>,
) -> Resolution {
    let function = match arguments {
        [json] => source(json).map(|json| {
            let function =
                Function::new(name, vec![json], result, move |a| apply(text_of(a.first())));
            if fails { function.failing() } else { function }
        }),
        _ => None,
    };
    found(function, "f(json)")
}

fn by_path(
    name: &str,
    arguments: &[Type],
    result: Type,
    extract: fn(&Json) -> Option<Value>,
) -> Resolution {
    let function = match arguments {
        [json, by] => source(json).zip(path(by)).map(|(json, by)| {
            let of = by.clone();
            Function::new(name, vec![json, by], result, move |a| {
                let path = a.get(1).unwrap_or(&Value::Null);
                let steps = steps(&super::super::cast::text_of(path, &of))?;
                let json = Json::parse_prefix(text_of(a.first()));
                Ok(json
                    .as_ref()
                    .and_then(|json| follow(json, &steps))
                    .and_then(extract)
                    .unwrap_or(Value::Null))
            })
            .failing()
        }),
        _ => None,
    };
    found(function, "f(json, path)")
}

/// The names and numbers of a path such as `$.store["book"][0]`.
fn steps(path: &str) -> Result<Vec<String>> {
    let refused = || invalid(format!("Invalid JSON path: '{path}'"));
    let mut rest = path.strip_prefix('$').ok_or_else(refused)?;
    let mut steps = Vec::new();
    while !rest.is_empty() {
        let (step, after) = if let Some(name) = rest.strip_prefix('.') {
            let end = name
                .find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':'))
                .unwrap_or(name.len());
            let (step, after) = name.split_at_checked(end).ok_or_else(refused)?;
            (step.to_string(), after)
        } else if let Some(quoted) = rest.strip_prefix("[\"") {
            let mut step = String::new();
            let mut characters = quoted.chars();
            loop {
                match characters.next().ok_or_else(refused)? {
                    '"' => break,
                    '\\' => match characters.next() {
                        Some(c @ ('"' | '\\')) => step.push(c),
                        _ => return Err(refused()),
                    },
                    c => step.push(c),
                }
            }
            let after = characters.as_str().strip_prefix(']').ok_or_else(refused)?;
            steps.push(step);
            rest = after;
            continue;
        } else if let Some(inside) = rest.strip_prefix('[') {
            let (step, after) = inside.split_once(']').ok_or_else(refused)?;
            if !step.chars().all(|c| c.is_alphanumeric() || c == '_') {
                return Err(refused());
            }
            (step.to_string(), after)
        } else {
            return Err(refused());
        };
        if step.is_empty() {
            return Err(refused());
        }
        steps.push(step);
        rest = after;
    }
    Ok(steps)
}

fn follow<'a>(json: &'a Json, steps: &[String]) -> Option<&'a Json> {
    let mut at = json;
    for step in steps {
        at = match at {
            // The first member of the name, as a reader that does not look further finds it.
            Json::Object(members) => members
                .iter()
                .find(|(key, _)| key == step)
                .map(|(_, v)| v)?,
            Json::Array(items) => items.get(step.parse::<usize>().ok()?)?,
            _ => return None,
        };
    }
    Some(at)
}

fn array_get(a: &[Value]) -> Option<Value> {
    let Some(Json::Array(items)) = Json::parse_prefix(text_of(a.first())) else {
        return None;
    };
    let Some(Value::Int(index)) = a.get(1) else {
        return None;
    };
    let at = if *index < 0 {
        (items.len() as i64).checked_add(*index)?
    } else {
        *index
    };
    match items.get(usize::try_from(at).ok()?)? {
        Json::Null => None,
        // Trino's own documentation calls this broken: a text comes out without its quotes.
        Json::Text(text) => Some(Value::Text(text.clone())),
        other => Some(Value::Text(other.to_string())),
    }
}

fn array_contains(arguments: &[Type]) -> Option<Function> {
    let [json, wanted] = arguments else {
        return None;
    };
    let parameter = match wanted {
        Type::Boolean | Type::Unknown => Type::Boolean,
        ty if ty.coerces_to(&Type::Bigint) => Type::Bigint,
        ty if ty.coerces_to(&Type::Double) => Type::Double,
        ty if ty.is_text() => VARCHAR,
        _ => return None,
    };
    let json = source(json)?;
    Some(Function::new(
        "json_array_contains",
        vec![json, parameter],
        Type::Boolean,
        |a| {
            let Some(Json::Array(items)) = Json::parse(text_of(a.first())) else {
                return Ok(Value::Null);
            };
            let wanted = a.get(1).unwrap_or(&Value::Null);
            Ok(Value::Boolean(items.iter().any(|item| {
                match (item, wanted) {
                    (Json::Boolean(a), Value::Boolean(b)) => a == b,
                    (Json::Text(a), Value::Text(b)) => a == b,
                    (Json::Number(a), Value::Int(b)) => a.parse() == Ok(*b),
                    (Json::Number(a), Value::Double(b)) => {
                        !item.is_whole()
                            && b.is_finite()
                            && text::parse_double(a).is_some_and(|a| a == *b)
                    }
                    _ => false,
                }
            })))
        },
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_names_and_numbers() {
        assert_eq!(steps("$").unwrap(), Vec::<String>::new());
        assert_eq!(
            steps(r#"$.a:b["c \" d"][3].é_1"#).unwrap(),
            ["a:b", "c \" d", "3", "é_1"]
        );
        for path in [
            "", ".", "a", "$.", "$[", "$[]", "$.a b", "$['x']", "$[*]", "$[\"x]", "$..a",
        ] {
            let error = steps(path).unwrap_err();
            assert_eq!(error.message, format!("Invalid JSON path: '{path}'"));
        }
    }
}
