//! String and binary functions.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};

use super::super::error::{Code, Result, TrinoError};
use super::super::function::Function;
use super::super::types::{Type, VARCHAR};
use super::super::value::Value;
use super::{Resolution, fits, found};

/// The length from which on a varchar is unbounded.
const MAX_VARCHAR: u32 = 2_147_483_647;

fn invalid(message: impl Into<String>) -> TrinoError {
    TrinoError::in_data(Code::InvalidFunctionArgument, message)
}

/// The type a text argument keeps.
fn kept(arguments: &[Type]) -> Type {
    match arguments.first() {
        Some(ty @ (Type::Varchar(_) | Type::Char(_))) => ty.clone(),
        _ => VARCHAR,
    }
}

/// The same as a varchar.
fn unpadded(arguments: &[Type]) -> Type {
    match kept(arguments) {
        Type::Char(length) => Type::Varchar(Some(length)),
        ty => ty,
    }
}

/// The longest that a text of `x` characters gets by `z` before, after and between them.
fn replaced(x: u32, z: u32) -> Type {
    let (x, z) = (u64::from(x), u64::from(z));
    Type::Varchar(
        u32::try_from(x + z * (x + 1))
            .ok()
            .filter(|n| *n < MAX_VARCHAR),
    )
}

/// What is held of a text: `char` without trailing blanks.
fn held(text: String, ty: &Type) -> Value {
    Value::Text(match ty {
        Type::Char(_) => text.trim_end_matches(' ').to_string(),
        _ => text,
    })
}

fn text_of(value: Option<&Value>) -> &str {
    match value {
        Some(Value::Text(text)) => text,
        _ => "",
    }
}

fn int_of(value: Option<&Value>) -> i64 {
    match value {
        Some(Value::Int(i)) => *i,
        _ => 0,
    }
}

/// Finds a function of this family.
pub fn resolve(name: &str, arguments: &[Type]) -> Resolution {
    let text = || VARCHAR;
    let simple = |signature: &'static str,
                  parameters: &[Type],
                  result: Type,
                  fails: bool,
                  apply: fn(&[Value]) -> Result<Value>| {
        let function = fits(arguments, parameters).then(|| {
            let of = result.clone();
            let function = Function::new(name, parameters.to_vec(), result, move |a| {
                Ok(match apply(a)? {
                    Value::Text(text) => held(text, &of),
                    other => other,
                })
            });
            if fails { function.failing() } else { function }
        });
        found(function, signature)
    };
    match name {
        "lower" => simple("lower(varchar)", &[text()], kept(arguments), false, |a| {
            Ok(Value::Text(map_chars(text_of(a.first()), |c| {
                one(c.to_lowercase(), c)
            })))
        }),
        "upper" => simple("upper(varchar)", &[text()], kept(arguments), false, |a| {
            Ok(Value::Text(map_chars(text_of(a.first()), |c| {
                one(c.to_uppercase(), c)
            })))
        }),
        "reverse" if arguments.first().is_some_and(Type::is_text) => {
            simple("reverse(varchar)", &[text()], kept(arguments), false, |a| {
                Ok(Value::Text(text_of(a.first()).chars().rev().collect()))
            })
        }
        "length" => match arguments {
            [Type::Varbinary] => simple(
                "length(varbinary)",
                &[Type::Varbinary],
                Type::Bigint,
                false,
                |a| {
                    Ok(match a {
                        [Value::Bytes(bytes)] => Value::Int(bytes.len() as i64),
                        _ => Value::Null,
                    })
                },
            ),
            _ => simple(
                "length(varchar), length(varbinary)",
                &[text()],
                Type::Bigint,
                false,
                |a| Ok(Value::Int(text_of(a.first()).chars().count() as i64)),
            ),
        },
        "substr" | "substring" if arguments.first().is_some_and(Type::is_text) => {
            let mut parameters = vec![text(), Type::Bigint];
            if arguments.len() == 3 {
                parameters.push(Type::Bigint);
            }
            simple(
                "substr(varchar, bigint[, bigint])",
                &parameters,
                unpadded(arguments),
                false,
                |a| {
                    let length = a.get(2).map(|length| int_of(Some(length)));
                    Ok(Value::Text(substring(
                        text_of(a.first()),
                        int_of(a.get(1)),
                        length,
                    )))
                },
            )
        }
        "trim" | "ltrim" | "rtrim" => {
            let (start, end) = (name != "rtrim", name != "ltrim");
            let mut parameters = vec![text(); arguments.len().clamp(1, 2)];
            let function = fits(arguments, &parameters).then(|| {
                let ty = unpadded(arguments);
                // The blanks that pad a `char` are none of its own.
                if let (Some(Type::Char(length)), Some(first)) =
                    (arguments.first(), parameters.first_mut())
                {
                    *first = Type::Char(*length);
                }
                Function::new(name, parameters.clone(), ty.clone(), move |a| {
                    let of: Vec<char> = match a.get(1) {
                        Some(Value::Text(set)) => set.chars().collect(),
                        _ => Vec::new(),
                    };
                    let blanks = a.len() == 1;
                    let cut = |c: char| {
                        if blanks {
                            c.is_whitespace()
                        } else {
                            of.contains(&c)
                        }
                    };
                    let mut rest = text_of(a.first());
                    if start {
                        rest = rest.trim_start_matches(cut);
                    }
                    if end {
                        rest = rest.trim_end_matches(cut);
                    }
                    Ok(held(rest.to_string(), &ty))
                })
            });
            found(function, "trim(varchar[, varchar])")
        }
        "replace" => {
            let parameters = vec![text(); arguments.len().clamp(2, 3)];
            let result = match arguments {
                [Type::Varchar(Some(x)), _, Type::Varchar(Some(z))] => replaced(*x, *z),
                [_, _] => kept(arguments),
                _ => text(),
            };
            simple(
                "replace(varchar, varchar[, varchar])",
                &parameters,
                result,
                false,
                |a| {
                    let (source, search) = (text_of(a.first()), text_of(a.get(1)));
                    let by = text_of(a.get(2));
                    Ok(Value::Text(if search.is_empty() && by.is_empty() {
                        source.to_string()
                    } else {
                        source.replace(search, by)
                    }))
                },
            )
        }
        "concat" if arguments.len() >= 2 && arguments.iter().all(|ty| *ty == Type::Varbinary) => {
            let parameters = vec![Type::Varbinary; arguments.len()];
            simple(
                "concat(varbinary, …)",
                &parameters,
                Type::Varbinary,
                false,
                |a| {
                    Ok(Value::Bytes(
                        a.iter()
                            .flat_map(|value| match value {
                                Value::Bytes(bytes) => bytes.clone(),
                                _ => Vec::new(),
                            })
                            .collect(),
                    ))
                },
            )
        }
        "concat"
            if matches!(
                arguments,
                [Type::Char(_), Type::Char(_) | Type::Varchar(Some(_))]
                    | [Type::Varchar(Some(_)), Type::Char(_)]
            ) =>
        {
            let function = match arguments {
                [
                    Type::Char(a) | Type::Varchar(Some(a)),
                    Type::Char(b) | Type::Varchar(Some(b)),
                ] if a.saturating_add(*b) <= 65_536 => {
                    let result = Type::Char(a + b);
                    let (of, width) = (result.clone(), *a as usize);
                    let parameters = vec![Type::Char(*a), Type::Char(*b)];
                    Some(Function::new(name, parameters, result, move |a| {
                        let (left, right) = (text_of(a.first()), text_of(a.get(1)));
                        Ok(held(format!("{left:<width$}{right}"), &of))
                    }))
                }
                _ => None,
            };
            found(function, "concat(char(x), char(y)) of at most 65536")
        }
        "concat"
            if arguments.len() >= 2
                && arguments
                    .iter()
                    .all(|ty| ty.is_text() || *ty == Type::Unknown) =>
        {
            let parameters = vec![text(); arguments.len().min(127)];
            simple("concat(varchar, …)", &parameters, text(), false, |a| {
                Ok(Value::Text(a.iter().map(|v| text_of(Some(v))).collect()))
            })
        }
        "concat_ws" if matches!(arguments, [_, Type::Array(item)] if item.is_text() || **item == Type::Unknown) =>
        {
            let parameters = vec![text(), Type::Array(Box::new(text()))];
            let function = Function::new(name, parameters, text(), |a| {
                let (Some(Value::Text(separator)), Some(Value::List(items))) =
                    (a.first(), a.get(1))
                else {
                    return Ok(Value::Null);
                };
                let parts: Vec<&str> = items
                    .iter()
                    .filter(|v| !v.is_null())
                    .map(|v| text_of(Some(v)))
                    .collect();
                Ok(Value::Text(parts.join(separator)))
            });
            Resolution::Found(function)
        }
        "concat_ws" => {
            let parameters = vec![text(); arguments.len()];
            let function = (arguments.len() >= 2 && fits(arguments, &parameters)).then(|| {
                Function::new(name, parameters.clone(), text(), |a| {
                    let Some(Value::Text(separator)) = a.first() else {
                        return Ok(Value::Null);
                    };
                    let parts: Vec<&str> = a
                        .iter()
                        .skip(1)
                        .filter(|v| !v.is_null())
                        .map(|v| text_of(Some(v)))
                        .collect();
                    Ok(Value::Text(parts.join(separator)))
                })
                .seeing_nulls()
            });
            found(function, "concat_ws(varchar, varchar, …)")
        }
        "strpos" | "position" => {
            let instance = arguments.len() == 3;
            let mut parameters = vec![text(), text()];
            if instance {
                parameters.push(Type::Bigint);
            }
            simple(
                "strpos(varchar, varchar[, bigint])",
                &parameters,
                Type::Bigint,
                instance,
                |a| {
                    let nth = a.get(2).map_or(1, |n| int_of(Some(n)));
                    strpos(text_of(a.first()), text_of(a.get(1)), nth)
                },
            )
        }
        "starts_with" => simple(
            "starts_with(varchar, varchar)",
            &[text(), text()],
            Type::Boolean,
            false,
            |a| {
                Ok(Value::Boolean(
                    text_of(a.first()).starts_with(text_of(a.get(1))),
                ))
            },
        ),
        "split_part" => simple(
            "split_part(varchar, varchar, bigint)",
            &[text(), text(), Type::Bigint],
            unpadded(arguments),
            true,
            |a| split_part(text_of(a.first()), text_of(a.get(1)), int_of(a.get(2))),
        ),
        "split" => {
            let mut parameters = vec![text(), text()];
            if arguments.len() == 3 {
                parameters.push(Type::Bigint);
            }
            let result = Type::Array(Box::new(unpadded(arguments)));
            simple(
                "split(varchar, varchar[, bigint])",
                &parameters,
                result,
                true,
                |a| {
                    split(
                        text_of(a.first()),
                        text_of(a.get(1)),
                        a.get(2).map(|n| int_of(Some(n))),
                    )
                },
            )
        }
        "lpad" | "rpad" if arguments.first() != Some(&Type::Varbinary) => {
            let left = name == "lpad";
            let parameters = [text(), Type::Bigint, text()];
            let function = fits(arguments, &parameters).then(|| {
                Function::new(name, parameters.to_vec(), text(), move |a| {
                    pad(
                        text_of(a.first()),
                        int_of(a.get(1)),
                        text_of(a.get(2)),
                        left,
                    )
                })
                .failing()
            });
            found(function, "f(varchar, bigint, varchar)")
        }
        "chr" => simple(
            "chr(bigint)",
            &[Type::Bigint],
            Type::Varchar(Some(1)),
            true,
            |a| {
                u32::try_from(int_of(a.first()))
                    .ok()
                    .and_then(char::from_u32)
                    .map(|c| Value::Text(c.to_string()))
                    .ok_or_else(|| {
                        invalid(format!(
                            "Not a valid Unicode code point: {}",
                            int_of(a.first())
                        ))
                    })
            },
        ),
        "codepoint" => simple(
            "codepoint(varchar(1))",
            &[Type::Varchar(Some(1))],
            Type::Integer,
            true,
            |a| {
                let mut characters = text_of(a.first()).chars();
                match (characters.next(), characters.next()) {
                    (Some(c), None) => Ok(Value::Int(i64::from(u32::from(c)))),
                    _ => Err(invalid("Input string must be a single character string")),
                }
            },
        ),
        "translate" => simple(
            "translate(varchar, varchar, varchar)",
            &[text(), text(), text()],
            text(),
            false,
            |a| {
                let (from, to) = (text_of(a.get(1)), text_of(a.get(2)));
                let to: Vec<char> = to.chars().collect();
                let translated = text_of(a.first())
                    .chars()
                    .filter_map(|c| match from.chars().position(|f| f == c) {
                        Some(at) => to.get(at).copied(),
                        None => Some(c),
                    })
                    .collect();
                Ok(Value::Text(translated))
            },
        ),
        "to_hex" => simple(
            "to_hex(varbinary)",
            &[Type::Varbinary],
            text(),
            false,
            |a| {
                Ok(match a {
                    [Value::Bytes(bytes)] => Value::Text(hex::encode_upper(bytes)),
                    _ => Value::Null,
                })
            },
        ),
        "from_hex" => simple("from_hex(varchar)", &[text()], Type::Varbinary, true, |a| {
            hex::decode(text_of(a.first()))
                .map(Value::Bytes)
                .map_err(|e| invalid(e.to_string()))
        }),
        "to_utf8" => simple("to_utf8(varchar)", &[text()], Type::Varbinary, false, |a| {
            Ok(Value::Bytes(text_of(a.first()).as_bytes().to_vec()))
        }),
        "from_utf8" => simple(
            "from_utf8(varbinary)",
            &[Type::Varbinary],
            text(),
            false,
            |a| {
                Ok(match a {
                    [Value::Bytes(bytes)] => {
                        Value::Text(String::from_utf8_lossy(bytes).into_owned())
                    }
                    _ => Value::Null,
                })
            },
        ),
        "to_base64" | "to_base64url" => {
            let url = name == "to_base64url";
            let function = fits(arguments, &[Type::Varbinary]).then(|| {
                Function::new(name, vec![Type::Varbinary], VARCHAR, move |a| {
                    Ok(match a {
                        [Value::Bytes(bytes)] if url => Value::Text(URL_SAFE.encode(bytes)),
                        [Value::Bytes(bytes)] => Value::Text(STANDARD.encode(bytes)),
                        _ => Value::Null,
                    })
                })
            });
            found(function, "f(varbinary)")
        }
        "from_base64" => simple(
            "from_base64(varchar)",
            &[text()],
            Type::Varbinary,
            true,
            |a| {
                STANDARD
                    .decode(text_of(a.first()))
                    .map(Value::Bytes)
                    .map_err(|e| invalid(e.to_string()))
            },
        ),
        "md5" => simple(
            "md5(varbinary)",
            &[Type::Varbinary],
            Type::Varbinary,
            false,
            |a| {
                use md5::Digest;
                Ok(match a {
                    [Value::Bytes(bytes)] => Value::Bytes(md5::Md5::digest(bytes).to_vec()),
                    _ => Value::Null,
                })
            },
        ),
        "levenshtein_distance" => simple(
            "levenshtein_distance(varchar, varchar)",
            &[text(), text()],
            Type::Bigint,
            false,
            |a| {
                Ok(Value::Int(levenshtein(
                    text_of(a.first()),
                    text_of(a.get(1)),
                )))
            },
        ),
        "hamming_distance" => simple(
            "hamming_distance(varchar, varchar)",
            &[text(), text()],
            Type::Bigint,
            true,
            |a| {
                let (x, y) = (text_of(a.first()), text_of(a.get(1)));
                if x.chars().count() != y.chars().count() {
                    return Err(invalid(
                        "The input strings to hamming_distance function must have the same length",
                    ));
                }
                Ok(Value::Int(
                    x.chars().zip(y.chars()).filter(|(a, b)| a != b).count() as i64,
                ))
            },
        ),
        _ => Resolution::Unknown,
    }
}

/// One character for one: Trino maps code points, so `ß` stays `ß`.
fn one(mut mapped: impl Iterator<Item = char>, original: char) -> char {
    match (mapped.next(), mapped.next()) {
        (Some(c), None) => c,
        _ => original,
    }
}

fn map_chars(text: &str, map: impl Fn(char) -> char) -> String {
    text.chars().map(map).collect()
}

/// From 1; negative starts count from the end; 0 and starts outside give nothing.
pub fn substring(text: &str, start: i64, length: Option<i64>) -> String {
    let count = text.chars().count() as i64;
    let from = match start {
        0 => return String::new(),
        s if s > 0 => s - 1,
        s => count + s,
    };
    if from < 0 || from >= count {
        return String::new();
    }
    let take = length.unwrap_or(count).clamp(0, count);
    text.chars()
        .skip(usize::try_from(from).unwrap_or(0))
        .take(usize::try_from(take).unwrap_or(0))
        .collect()
}

fn strpos(text: &str, search: &str, instance: i64) -> Result<Value> {
    if instance == 0 {
        return Err(invalid("'instance' must be a positive or negative number."));
    }
    if search.is_empty() {
        return Ok(Value::Int(1));
    }
    let mut hits: Vec<usize> = (0..text.len())
        .filter(|at| text.get(*at..).is_some_and(|rest| rest.starts_with(search)))
        .collect();
    if instance < 0 {
        hits.reverse();
    }
    let nth = usize::try_from(instance.unsigned_abs()).unwrap_or(usize::MAX) - 1;
    Ok(Value::Int(hits.get(nth).map_or(0, |at| {
        text.get(..*at).unwrap_or_default().chars().count() as i64 + 1
    })))
}

fn split_part(text: &str, delimiter: &str, index: i64) -> Result<Value> {
    if index <= 0 {
        return Err(invalid("Index must be greater than zero"));
    }
    let nth = usize::try_from(index - 1).unwrap_or(usize::MAX);
    if delimiter.is_empty() {
        return Ok(text
            .chars()
            .nth(nth)
            .map_or(Value::Null, |c| Value::Text(c.to_string())));
    }
    Ok(text
        .split(delimiter)
        .nth(nth)
        .map_or(Value::Null, |part| Value::Text(part.to_string())))
}

fn split(text: &str, delimiter: &str, limit: Option<i64>) -> Result<Value> {
    if limit.is_some_and(|limit| limit <= 0) {
        return Err(invalid("Limit must be positive"));
    }
    if delimiter.is_empty() {
        return Err(invalid("The delimiter may not be the empty string"));
    }
    let limit = limit
        .and_then(|limit| usize::try_from(limit).ok())
        .unwrap_or(usize::MAX);
    Ok(Value::List(
        text.splitn(limit, delimiter)
            .map(|part| Value::Text(part.to_string()))
            .collect(),
    ))
}

fn pad(text: &str, size: i64, with: &str, left: bool) -> Result<Value> {
    if !(0..=i64::from(i32::MAX)).contains(&size) {
        return Err(invalid(
            "Target length must be in the range [0..2147483647]",
        ));
    }
    if with.is_empty() {
        return Err(invalid("Padding string must not be empty"));
    }
    let have = text.chars().count() as i64;
    if have >= size {
        let cut = usize::try_from(size).unwrap_or(0);
        return Ok(Value::Text(text.chars().take(cut).collect()));
    }
    let missing = usize::try_from(size - have).unwrap_or(0);
    let padding: String = with.chars().cycle().take(missing).collect();
    Ok(Value::Text(if left {
        format!("{padding}{text}")
    } else {
        format!("{text}{padding}")
    }))
}

fn levenshtein(a: &str, b: &str) -> i64 {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<i64> = (0..=b.len() as i64).collect();
    for (i, x) in a.chars().enumerate() {
        let mut previous = i as i64;
        let mut left = i as i64 + 1;
        let mut next = vec![left];
        for (y, above) in b.iter().zip(row.iter().skip(1)) {
            let replaced = previous + i64::from(x != *y);
            previous = *above;
            left = replaced.min(above + 1).min(left + 1);
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}
