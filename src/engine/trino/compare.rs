//! Equality and order of values under Trino's rules.

use std::cmp::Ordering;

use super::error::{Code, Result, TrinoError};
use super::types::Type;
use super::value::Value;

/// Whether one of the `answers` is yes: NULL when none is and one is open. Stops at the first yes or error.
pub fn any(answers: impl Iterator<Item = Result<Option<bool>>>) -> Result<Value> {
    let mut open = false;
    for answer in answers {
        match answer? {
            Some(true) => return Ok(Value::Boolean(true)),
            Some(false) => {}
            None => open = true,
        }
    }
    Ok(if open {
        Value::Null
    } else {
        Value::Boolean(false)
    })
}

/// `=`: `None` is NULL, when a NULL inside leaves the answer open.
pub fn equal(a: &Value, b: &Value, ty: &Type) -> Option<bool> {
    match (a, b, ty) {
        (Value::Null, _, _) | (_, Value::Null, _) => None,
        (Value::Double(a), Value::Double(b), _) => Some(a == b),
        (Value::Real(a), Value::Real(b), _) => Some(a == b),
        (Value::Zoned(a), Value::Zoned(b), _) => Some(a.picos() == b.picos()),
        (Value::ZonedTime(a), Value::ZonedTime(b), _) => Some(a.utc() == b.utc()),
        (Value::List(a), Value::List(b), Type::Array(item)) => {
            if a.len() != b.len() {
                return Some(false);
            }
            all(a.iter().zip(b).map(|(a, b)| equal(a, b, item)))
        }
        (Value::List(a), Value::List(b), Type::Row(fields)) => all(a
            .iter()
            .zip(b)
            .zip(fields)
            .map(|((a, b), (_, ty))| equal(a, b, ty))),
        (Value::Map(a), Value::Map(b), Type::Map(key, item)) => {
            if a.len() != b.len() {
                return Some(false);
            }
            let mut found = Vec::with_capacity(a.len());
            for (k, v) in a {
                let Some((_, other)) = b.iter().find(|(bk, _)| same(k, bk, key)) else {
                    return Some(false);
                };
                found.push(equal(v, other, item));
            }
            all(found.into_iter())
        }
        (a, b, _) => Some(a == b),
    }
}

fn all(parts: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut open = false;
    for part in parts {
        match part {
            Some(false) => return Some(false),
            None => open = true,
            Some(true) => {}
        }
    }
    if open { None } else { Some(true) }
}

/// IS NOT DISTINCT FROM: NULLs are the same, and so are NaNs.
pub fn same(a: &Value, b: &Value, ty: &Type) -> bool {
    match (a, b, ty) {
        (Value::Null, Value::Null, _) => true,
        (Value::Null, _, _) | (_, Value::Null, _) => false,
        (Value::Double(a), Value::Double(b), _) => a == b || (a.is_nan() && b.is_nan()),
        (Value::Real(a), Value::Real(b), _) => a == b || (a.is_nan() && b.is_nan()),
        (Value::List(a), Value::List(b), Type::Array(item)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b, item))
        }
        (Value::List(a), Value::List(b), Type::Row(fields)) => a
            .iter()
            .zip(b)
            .zip(fields)
            .all(|((a, b), (_, ty))| same(a, b, ty)),
        (Value::Map(a), Value::Map(b), Type::Map(key, item)) => {
            a.len() == b.len()
                && a.iter().all(|(k, v)| {
                    b.iter()
                        .any(|(bk, bv)| same(k, bk, key) && same(v, bv, item))
                })
        }
        (a, b, ty) => equal(a, b, ty) == Some(true),
    }
}

/// Order for comparison operators: `Ok(None)` when NaN makes every comparison false.
pub fn compare(a: &Value, b: &Value, ty: &Type) -> Result<Option<Ordering>> {
    Ok(match (a, b, ty) {
        (Value::Boolean(a), Value::Boolean(b), _) => Some(a.cmp(b)),
        (Value::Zoned(a), Value::Zoned(b), _) => Some(a.picos().cmp(&b.picos())),
        (Value::ZonedTime(a), Value::ZonedTime(b), _) => Some(a.utc().cmp(&b.utc())),
        (Value::Time(a), Value::Time(b), _) => Some(a.cmp(b)),
        (Value::Int(a), Value::Int(b), _) => Some(a.cmp(b)),
        (Value::Real(a), Value::Real(b), _) => a.partial_cmp(b),
        (Value::Double(a), Value::Double(b), _) => a.partial_cmp(b),
        (Value::Decimal(a), Value::Decimal(b), _) => Some(a.cmp(b)),
        (Value::Text(a), Value::Text(b), Type::Char(_)) => Some(blank_padded(a, b)),
        (Value::Text(a), Value::Text(b), _) => Some(a.as_bytes().cmp(b.as_bytes())),
        (Value::Bytes(a), Value::Bytes(b), _) => Some(a.cmp(b)),
        (Value::Date(a), Value::Date(b), _) => Some(a.cmp(b)),
        (Value::Timestamp(a), Value::Timestamp(b), _) => Some(a.cmp(b)),
        (Value::List(a), Value::List(b), Type::Array(item)) => {
            for (a, b) in a.iter().zip(b) {
                match nested(
                    a,
                    b,
                    item,
                    "ARRAY comparison not supported for arrays with null elements",
                )? {
                    Some(Ordering::Equal) => {}
                    other => return Ok(other),
                }
            }
            Some(a.len().cmp(&b.len()))
        }
        (Value::List(a), Value::List(b), Type::Row(fields)) => {
            for ((a, b), (_, ty)) in a.iter().zip(b).zip(fields) {
                match nested(
                    a,
                    b,
                    ty,
                    "ROW comparison not supported for fields with null elements",
                )? {
                    Some(Ordering::Equal) => {}
                    other => return Ok(other),
                }
            }
            Some(Ordering::Equal)
        }
        _ => {
            return Err(TrinoError::in_data(
                Code::GenericInternalError,
                format!("{ty} is not orderable"),
            ));
        }
    })
}

fn nested(a: &Value, b: &Value, ty: &Type, refusal: &str) -> Result<Option<Ordering>> {
    if a.is_null() || b.is_null() {
        return Err(TrinoError::in_data(Code::NotSupported, refusal));
    }
    compare(a, b, ty)
}

fn blank_padded(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a.bytes(), b.bytes());
    loop {
        match (a.next(), b.next()) {
            (None, None) => return Ordering::Equal,
            (x, y) => match x.unwrap_or(b' ').cmp(&y.unwrap_or(b' ')) {
                Ordering::Equal => {}
                other => return other,
            },
        }
    }
}

/// The greatest or least of values; NaN only if there is nothing else.
pub fn extreme<'a>(
    values: impl Iterator<Item = &'a Value>,
    ty: &Type,
    greatest: bool,
) -> Result<Value> {
    let mut best: Option<&Value> = None;
    for value in values {
        let better = match best {
            None => true,
            Some(best) => match compare(value, best, ty)? {
                Some(order) if greatest => order.is_gt(),
                Some(order) => order.is_lt(),
                None => compare(best, best, ty)?.is_none(),
            },
        };
        if better {
            best = Some(value);
        }
    }
    Ok(best.cloned().unwrap_or(Value::Null))
}

/// Order for sorting, greatest and least: NaN is greatest.
pub fn sort_order(a: &Value, b: &Value, ty: &Type) -> Result<Ordering> {
    let nan = |v: &Value| match v {
        Value::Double(x) => x.is_nan(),
        Value::Real(x) => x.is_nan(),
        _ => false,
    };
    Ok(match compare(a, b, ty)? {
        Some(order) => order,
        None => nan(a).cmp(&nan(b)),
    })
}
