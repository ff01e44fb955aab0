//! Functions of arrays, maps and rows, and subscripts.

use super::super::cast::text_of;
use super::super::compare::{any, equal, extreme, same, sort_order};
use super::super::error::{Code, Result, TrinoError};
use super::super::function::Function;
use super::super::types::{Type, VARCHAR};
use super::super::value::Value;
use super::{Resolution, found};

fn invalid(message: impl Into<String>) -> TrinoError {
    TrinoError::in_data(Code::InvalidFunctionArgument, message)
}

fn list_of(value: Option<&Value>) -> &[Value] {
    match value {
        Some(Value::List(items)) => items,
        _ => &[],
    }
}

fn entries_of(value: Option<&Value>) -> &[(Value, Value)] {
    match value {
        Some(Value::Map(entries)) => entries,
        _ => &[],
    }
}

fn array(item: &Type) -> Type {
    Type::Array(Box::new(item.clone()))
}

/// Finds a function of this family.
pub fn resolve(name: &str, arguments: &[Type]) -> Resolution {
    let signature = "arrays and maps";
    let function = match (name, arguments) {
        ("cardinality", [ty @ (Type::Array(_) | Type::Map(..))]) => Some(Function::new(
            name,
            vec![ty.clone()],
            Type::Bigint,
            |a| {
                Ok(Value::Int(match a.first() {
                    Some(Value::Map(entries)) => entries.len(),
                    other => list_of(other).len(),
                } as i64))
            },
        )),
        ("element_at", [ty @ Type::Array(item), index]) if index.coerces_to(&Type::Bigint) => {
            Some(
                Function::new(name, vec![ty.clone(), Type::Bigint], item.as_ref().clone(), |a| {
                    let items = list_of(a.first());
                    let index = int_of(a.get(1));
                    if index == 0 {
                        return Err(invalid("SQL array indices start at 1"));
                    }
                    let at = if index > 0 { index - 1 } else { items.len() as i64 + index };
                    Ok(usize::try_from(at)
                        .ok()
                        .and_then(|at| items.get(at).cloned())
                        .unwrap_or(Value::Null))
                })
                .failing(),
            )
        }
        ("element_at", [Type::Map(key, item), by]) => key.common(by).filter(|k| k == key.as_ref()).map(|_| {
            let of = key.as_ref().clone();
            Function::new(
                name,
                vec![Type::Map(key.clone(), item.clone()), of.clone()],
                item.as_ref().clone(),
                move |a| Ok(entry(entries_of(a.first()), a.get(1), &of).unwrap_or(Value::Null)),
            )
        }),
        ("contains", [Type::Array(item), by]) => item.common(by).map(|ty| {
            let of = ty.clone();
            Function::new(name, vec![array(&ty), ty], Type::Boolean, move |a| {
                contains(list_of(a.first()), a.get(1).unwrap_or(&Value::Null), &of)
            })
            .failing()
        }),
        ("array_position", [Type::Array(item), by]) => item.common(by).map(|ty| {
            let of = ty.clone();
            Function::new(name, vec![array(&ty), ty], Type::Bigint, move |a| {
                let wanted = a.get(1).unwrap_or(&Value::Null);
                for (at, item) in list_of(a.first()).iter().enumerate() {
                    if definite(item, wanted, &of, "array_position")? == Some(true) {
                        return Ok(Value::Int(at as i64 + 1));
                    }
                }
                Ok(Value::Int(0))
            })
            .failing()
        }),
        ("array_remove", [Type::Array(item), by]) => item.common(by).map(|ty| {
            let of = ty.clone();
            Function::new(name, vec![array(&ty), ty.clone()], array(&ty), move |a| {
                let unwanted = a.get(1).unwrap_or(&Value::Null);
                let mut kept = Vec::new();
                for item in list_of(a.first()) {
                    if definite(item, unwanted, &of, "array_remove")? != Some(true) {
                        kept.push(item.clone());
                    }
                }
                Ok(Value::List(kept))
            })
            .failing()
        }),
        ("array_distinct", [ty @ Type::Array(item)]) => {
            let of = item.as_ref().clone();
            Some(Function::new(name, vec![ty.clone()], ty.clone(), move |a| {
                Ok(Value::List(distinct(list_of(a.first()).iter().cloned(), &of)))
            }))
        }
        ("array_union" | "array_intersect" | "array_except", [Type::Array(x), Type::Array(y)]) => {
            let op = name.to_string();
            x.common(y).map(|ty| {
                let of = ty.clone();
                Function::new(name, vec![array(&ty), array(&ty)], array(&ty), move |a| {
                    let (x, y) = (list_of(a.first()), list_of(a.get(1)));
                    // The longer side gives the order of what both have.
                    let (x, y) = if op == "array_intersect" && x.len() < y.len() {
                        (y, x)
                    } else {
                        (x, y)
                    };
                    let inside = |item: &Value| y.iter().any(|other| same(item, other, &of));
                    Ok(Value::List(match op.as_str() {
                        "array_union" => distinct(x.iter().chain(y).cloned(), &of),
                        "array_except" => distinct(x.iter().filter(|i| !inside(i)).cloned(), &of),
                        _ => distinct(x.iter().filter(|i| inside(i)).cloned(), &of),
                    }))
                })
            })
        }
        ("arrays_overlap", [Type::Array(x), Type::Array(y)]) => x.common(y).map(|ty| {
            let of = ty.clone();
            Function::new(name, vec![array(&ty), array(&ty)], Type::Boolean, move |a| {
                let (x, y) = (list_of(a.first()), list_of(a.get(1)));
                let hit = x.iter().any(|i| y.iter().any(|j| equal(i, j, &of) == Some(true)));
                let open = x.iter().chain(y).any(Value::is_null) && !x.is_empty() && !y.is_empty();
                Ok(match (hit, open) {
                    (true, _) => Value::Boolean(true),
                    (false, true) => Value::Null,
                    (false, false) => Value::Boolean(false),
                })
            })
        }),
        ("array_max" | "array_min", [ty @ Type::Array(item)]) if item.is_orderable() => {
            let (of, greatest) = (item.as_ref().clone(), name == "array_max");
            Some(
                Function::new(name, vec![ty.clone()], item.as_ref().clone(), move |a| {
                    let items = list_of(a.first());
                    if items.is_empty() || items.iter().any(Value::is_null) {
                        return Ok(Value::Null);
                    }
                    extreme(items.iter(), &of, greatest)
                })
                .failing(),
            )
        }
        ("array_sort", [ty @ Type::Array(item)]) if item.is_orderable() => {
            let of = item.as_ref().clone();
            Some(
                Function::new(name, vec![ty.clone()], ty.clone(), move |a| {
                    sorted(list_of(a.first()).to_vec(), &of)
                })
                .failing(),
            )
        }
        ("array_join", [ty @ Type::Array(item), separator, rest @ ..])
            if separator.is_text()
                && rest.len() <= 1
                && rest.iter().all(Type::is_text)
                && super::super::cast::can_cast(item, &VARCHAR) =>
        {
            let of = item.as_ref().clone();
            let mut parameters = vec![ty.clone(), VARCHAR];
            parameters.extend(rest.iter().map(|_| VARCHAR));
            Some(Function::new(name, parameters, VARCHAR, move |a| {
                let Some(Value::Text(separator)) = a.get(1) else {
                    return Ok(Value::Null);
                };
                let parts: Vec<String> = list_of(a.first())
                    .iter()
                    .filter_map(|item| match (item, a.get(2)) {
                        (Value::Null, Some(Value::Text(instead))) => Some(instead.clone()),
                        (Value::Null, _) => None,
                        (Value::Text(json), instead) if of == Type::Json => {
                            match super::super::json::Json::parse(json) {
                                Some(super::super::json::Json::Null) => match instead {
                                    Some(Value::Text(instead)) => Some(instead.clone()),
                                    _ => None,
                                },
                                Some(super::super::json::Json::Text(text)) => Some(text),
                                _ => Some(json.clone()),
                            }
                        }
                        (item, _) => Some(text_of(item, &of)),
                    })
                    .collect();
                Ok(Value::Text(parts.join(separator)))
            }))
        }
        ("reverse", [ty @ Type::Array(_)]) => Some(Function::new(
            name,
            vec![ty.clone()],
            ty.clone(),
            |a| Ok(Value::List(list_of(a.first()).iter().rev().cloned().collect())),
        )),
        ("flatten", [Type::Array(inner)]) => match inner.as_ref() {
            Type::Array(_) => Some(Function::new(
                name,
                vec![array(inner)],
                inner.as_ref().clone(),
                |a| {
                    Ok(Value::List(
                        list_of(a.first())
                            .iter()
                            .flat_map(|inner| list_of(Some(inner)).to_vec())
                            .collect(),
                    ))
                },
            )),
            _ => None,
        },
        ("slice", [ty @ Type::Array(_), start, length])
            if start.coerces_to(&Type::Bigint) && length.coerces_to(&Type::Bigint) =>
        {
            let parameters = vec![ty.clone(), Type::Bigint, Type::Bigint];
            Some(Function::new(name, parameters, ty.clone(), slice).failing())
        }
        ("repeat", [ty, count]) if count.coerces_to(&Type::Bigint) => Some(
            Function::new(name, vec![ty.clone(), Type::Bigint], array(ty), |a| {
                let count = match a.get(1) {
                    Some(Value::Int(count)) => *count,
                    _ => return Ok(Value::Null),
                };
                if !(0..=10_000).contains(&count) {
                    return Err(invalid("count argument of repeat function must be less than or equal to 10000 and not negative"));
                }
                let item = a.first().cloned().unwrap_or(Value::Null);
                Ok(Value::List(vec![item; usize::try_from(count).unwrap_or(0)]))
            })
            .seeing_nulls()
            .failing(),
        ),
        ("concat", [_, _, ..]) if arguments.iter().any(|ty| matches!(ty, Type::Array(_))) => {
            concat(arguments)
        }
        ("map", []) => Some(Function::new(
            name,
            vec![],
            Type::Map(Box::new(Type::Unknown), Box::new(Type::Unknown)),
            |_| Ok(Value::Map(Vec::new())),
        )),
        ("map", [Type::Array(key), Type::Array(item)]) => {
            let of = key.as_ref().clone();
            Some(
                Function::new(
                    name,
                    arguments.to_vec(),
                    Type::Map(key.clone(), item.clone()),
                    move |a| {
                        let (keys, items) = (list_of(a.first()), list_of(a.get(1)));
                        if keys.len() != items.len() {
                            return Err(invalid("Key and value arrays must be the same length"));
                        }
                        map_of(keys.iter().cloned().zip(items.iter().cloned()), &of, "map keys")
                    },
                )
                .failing(),
            )
        }
        ("map_keys", [ty @ Type::Map(key, _)]) => Some(Function::new(
            name,
            vec![ty.clone()],
            array(key),
            |a| Ok(Value::List(entries_of(a.first()).iter().map(|(k, _)| k.clone()).collect())),
        )),
        ("map_values", [ty @ Type::Map(_, item)]) => Some(Function::new(
            name,
            vec![ty.clone()],
            array(item),
            |a| Ok(Value::List(entries_of(a.first()).iter().map(|(_, v)| v.clone()).collect())),
        )),
        ("map_entries", [ty @ Type::Map(key, item)]) => {
            let row = Type::Row(vec![(None, key.as_ref().clone()), (None, item.as_ref().clone())]);
            Some(Function::new(name, vec![ty.clone()], array(&row), |a| {
                Ok(Value::List(
                    entries_of(a.first())
                        .iter()
                        .map(|(k, v)| Value::List(vec![k.clone(), v.clone()]))
                        .collect(),
                ))
            }))
        }
        ("map_from_entries", [ty @ Type::Array(row)]) => match row.as_ref() {
            Type::Row(fields) => match fields.as_slice() {
                [(_, key), (_, item)] => {
                    let of = key.clone();
                    let result = Type::Map(Box::new(key.clone()), Box::new(item.clone()));
                    Some(
                        Function::new(name, vec![ty.clone()], result, move |a| {
                            let pairs = list_of(a.first()).iter().map(|pair| {
                                let parts = list_of(Some(pair));
                                (
                                    parts.first().cloned().unwrap_or(Value::Null),
                                    parts.get(1).cloned().unwrap_or(Value::Null),
                                )
                            });
                            map_of(pairs, &of, "keys")
                        })
                        .failing(),
                    )
                }
                _ => None,
            },
            _ => None,
        },
        ("map_concat", [Type::Map(..), ..]) => {
            let ty = arguments
                .iter()
                .skip(1)
                .try_fold(arguments.first().cloned().unwrap_or(Type::Unknown), |ty, next| ty.common(next));
            ty.and_then(|ty| match &ty {
                Type::Map(key, _) => {
                    let of = key.as_ref().clone();
                    let parameters = vec![ty.clone(); arguments.len()];
                    Some(Function::new(name, parameters, ty.clone(), move |a| {
                        let mut out: Vec<(Value, Value)> = Vec::new();
                        for (key, item) in a.iter().flat_map(|map| entries_of(Some(map))) {
                            match out.iter_mut().find(|(have, _)| same(have, key, &of)) {
                                Some((_, have)) => *have = item.clone(),
                                None => out.push((key.clone(), item.clone())),
                            }
                        }
                        Ok(Value::Map(out))
                    }))
                }
                _ => None,
            })
        }
        (
            "cardinality" | "element_at" | "contains" | "array_position" | "array_remove"
            | "array_distinct" | "array_union" | "array_intersect" | "array_except"
            | "arrays_overlap" | "array_max" | "array_min" | "array_join" | "flatten" | "slice"
            | "repeat" | "map" | "map_keys" | "map_values" | "map_entries" | "map_from_entries"
            | "map_concat",
            _,
        ) => None,
        _ => return Resolution::Unknown,
    };
    found(function, signature)
}

fn int_of(value: Option<&Value>) -> i64 {
    match value {
        Some(Value::Int(i)) => *i,
        _ => 0,
    }
}

fn entry(entries: &[(Value, Value)], key: Option<&Value>, ty: &Type) -> Option<Value> {
    let key = key?;
    entries
        .iter()
        .find(|(have, _)| same(have, key, ty))
        .map(|(_, item)| item.clone())
}

/// Equality of elements; a NULL inside an element leaves no answer.
fn definite(a: &Value, b: &Value, ty: &Type, function: &str) -> Result<Option<bool>> {
    match equal(a, b, ty) {
        None if !a.is_null() && !b.is_null() => Err(TrinoError::in_data(
            Code::NotSupported,
            format!(
                "{function} does not support arrays with elements that are null or contain null"
            ),
        )),
        answer => Ok(answer),
    }
}

fn contains(items: &[Value], wanted: &Value, ty: &Type) -> Result<Value> {
    any(items
        .iter()
        .map(|item| definite(item, wanted, ty, "contains")))
}

fn distinct(items: impl Iterator<Item = Value>, ty: &Type) -> Vec<Value> {
    let mut out: Vec<Value> = Vec::new();
    for item in items {
        if !out.iter().any(|have| same(have, &item, ty)) {
            out.push(item);
        }
    }
    out
}

fn sorted(mut items: Vec<Value>, ty: &Type) -> Result<Value> {
    let mut refusal = None;
    items.sort_by(|a, b| match (a.is_null(), b.is_null()) {
        (false, false) => sort_order(a, b, ty).unwrap_or_else(|e| {
            refusal = Some(e);
            std::cmp::Ordering::Equal
        }),
        (a, b) => a.cmp(&b),
    });
    match refusal {
        Some(error) => Err(error),
        None => Ok(Value::List(items)),
    }
}

fn slice(a: &[Value]) -> Result<Value> {
    let items = list_of(a.first());
    let (start, length) = (int_of(a.get(1)), int_of(a.get(2)));
    if length < 0 {
        return Err(invalid("length must be greater than or equal to 0"));
    }
    if start == 0 {
        return Err(invalid("SQL array indices start at 1"));
    }
    let from = if start > 0 {
        start - 1
    } else {
        items.len() as i64 + start
    };
    let Ok(from) = usize::try_from(from) else {
        return Ok(Value::List(Vec::new()));
    };
    let take = usize::try_from(length).unwrap_or(0);
    Ok(Value::List(
        items.iter().skip(from).take(take).cloned().collect(),
    ))
}

/// Whether `||` of two arrays may mean array and array as well as array and element, neither without a
/// coercion: `ARRAY[ARRAY[1]] || ARRAY[NULL]`.
pub fn concat_is_ambiguous(left: &Type, right: &Type) -> bool {
    let (Type::Array(a), Type::Array(b)) = (left, right) else {
        return false;
    };
    left != right
        && left.common(right).is_some()
        && (a.common(right).is_some() || b.common(left).is_some())
}

/// The element type of a concatenation, and which sides are arrays of it; the others are elements.
fn concat_sides(arguments: &[Type]) -> Option<(Type, Vec<bool>)> {
    if let [left, right] = arguments {
        // An array may be the element of the other side.
        let (a, b) = match (left, right) {
            (Type::Array(a), Type::Array(b)) => match a.common(b) {
                Some(ty) => return Some((ty, vec![true, true])),
                None => (Some(a), Some(b)),
            },
            (Type::Array(a), _) => (Some(a), None),
            (_, Type::Array(b)) => (None, Some(b)),
            _ => return None,
        };
        let appended = a.and_then(|item| item.common(right));
        let prepended = || b.and_then(|item| item.common(left));
        return match appended {
            Some(ty) => Some((ty, vec![true, false])),
            None => prepended().map(|ty| (ty, vec![false, true])),
        };
    }
    let mut items = arguments.iter().map(|ty| match ty {
        Type::Array(item) => Some(item.as_ref().clone()),
        _ => None,
    });
    let first = items.next()??;
    let ty = items.try_fold(first, |ty, item| ty.common(&item?))?;
    Some((ty, vec![true; arguments.len()]))
}

/// Arrays and elements in a row: `array || element` too.
fn concat(arguments: &[Type]) -> Option<Function> {
    let (ty, arrays) = concat_sides(arguments)?;
    let parameters: Vec<Type> = arrays
        .iter()
        .map(|is_array| if *is_array { array(&ty) } else { ty.clone() })
        .collect();
    Some(Function::new("concat", parameters, array(&ty), move |a| {
        let mut out = Vec::new();
        for (value, is_array) in a.iter().zip(&arrays) {
            match (value, is_array) {
                (Value::List(items), true) => out.extend(items.iter().cloned()),

                (value, _) => out.push(value.clone()),
            }
        }
        Ok(Value::List(out))
    }))
}

/// A map of pairs; `what` is what the function's error calls keys that come twice.
pub fn map_of(
    pairs: impl Iterator<Item = (Value, Value)>,
    key_type: &Type,
    what: &str,
) -> Result<Value> {
    let mut out: Vec<(Value, Value)> = Vec::new();
    for (key, item) in pairs {
        if key.is_null() {
            return Err(invalid("map key cannot be null"));
        }
        if equal(&key, &key, key_type).is_none() {
            let shown = super::super::render::render(&key, key_type).unwrap_or_default();
            return Err(invalid(format!("map key cannot be indeterminate: {shown}")));
        }
        if out.iter().any(|(have, _)| same(have, &key, key_type)) {
            return Err(invalid(format!(
                "Duplicate {what} ({}) are not allowed",
                super::super::render::render(&key, key_type).unwrap_or_default()
            )));
        }
        out.push((key, item));
    }
    Ok(Value::Map(out))
}

/// `base[index]`.
pub fn subscript(base: &Type, index: &Type) -> Option<Function> {
    match base {
        Type::Array(item) if index.coerces_to(&Type::Bigint) => Some(
            Function::new(
                "subscript",
                vec![base.clone(), Type::Bigint],
                item.as_ref().clone(),
                |a| {
                    let items = list_of(a.first());
                    let index = int_of(a.get(1));
                    match index {
                        0 => Err(invalid("SQL array indices start at 1")),
                        i if i < 0 => Err(invalid(format!("Array subscript is negative: {i}"))),
                        i => usize::try_from(i - 1)
                            .ok()
                            .and_then(|at| items.get(at).cloned())
                            .ok_or_else(|| {
                                invalid(format!(
                                    "Array subscript must be less than or equal to array length: {i} > {}",
                                    items.len()
                                ))
                            }),
                    }
                },
            )
            .failing(),
        ),
        Type::Map(key, item) => {
            // A key of a wider type than the map's widens the map's.
            let of = key.common(index)?;
            let map = Type::Map(Box::new(of.clone()), item.clone());
            Some(
                Function::new(
                    "subscript",
                    vec![map, of.clone()],
                    item.as_ref().clone(),
                    move |a| {
                        entry(entries_of(a.first()), a.get(1), &of).ok_or_else(|| {
                            let key = a.get(1).map_or_else(String::new, |k| text_of(k, &of));
                            invalid(format!("Key not present in map: {key}"))
                        })
                    },
                )
                .failing(),
            )
        }
        _ => None,
    }
}
