//! CAST from and to the type `json`.

use super::super::cast::cast_value;
use super::super::compare;
use super::super::error::{Code, Result, TrinoError};
use super::super::text;
use super::super::types::{Type, VARCHAR};
use super::super::value::Value;
use super::Json;

/// What may be the key of an object.
const fn is_key(ty: &Type) -> bool {
    ty.is_numeric() || matches!(ty, Type::Boolean | Type::Varchar(_))
}

/// Whether values of a type cast to json.
pub fn can_cast_to(from: &Type) -> bool {
    match from {
        Type::Unknown | Type::Json | Type::Date | Type::Timestamp(_) => true,
        Type::Array(item) => can_cast_to(item),
        Type::Map(key, item) => (is_key(key) || **key == Type::Unknown) && can_cast_to(item),
        Type::Row(fields) => fields.iter().all(|(_, ty)| can_cast_to(ty)),
        other => is_key(other),
    }
}

/// Whether json casts to a type.
pub fn can_cast_from(to: &Type) -> bool {
    match to {
        Type::Json => true,
        Type::Array(item) => can_cast_from(item),
        Type::Map(key, item) => is_key(key) && can_cast_from(item),
        Type::Row(fields) => fields.iter().all(|(_, ty)| can_cast_from(ty)),
        other => is_key(other),
    }
}

/// A value as JSON.
pub fn from_value(value: &Value, ty: &Type) -> Json {
    match (value, ty) {
        (Value::Null, _) => Json::Null,
        (Value::Boolean(b), _) => Json::Boolean(*b),
        (Value::Int(i), _) => Json::Number(i.to_string()),
        (Value::Double(x), _) => Json::Number(text::double_java(*x)),
        (Value::Real(x), _) => Json::Number(text::real_java(*x)),
        (Value::Decimal(d), Type::Decimal(_, scale)) => Json::Number(text::decimal(*d, *scale)),
        (Value::Text(json), Type::Json) => Json::parse(json).unwrap_or(Json::Null),
        (Value::List(items), Type::Array(item)) => {
            Json::Array(items.iter().map(|v| from_value(v, item)).collect())
        }
        (Value::List(parts), Type::Row(fields)) => Json::Object(
            parts
                .iter()
                .zip(fields)
                .map(|(part, (name, ty))| (name.clone().unwrap_or_default(), from_value(part, ty)))
                .collect(),
        ),
        (Value::Map(entries), Type::Map(key, item)) => {
            let mut members: Vec<(String, Json)> = entries
                .iter()
                .map(|(k, v)| (key_text(k, key), from_value(v, item)))
                .collect();
            members.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
            Json::Object(members)
        }
        (value, ty) => Json::Text(super::super::cast::text_of(value, ty)),
    }
}

fn key_text(key: &Value, ty: &Type) -> String {
    match key {
        Value::Double(x) => text::double_java(*x),
        Value::Real(x) => text::real_java(*x),
        key => super::super::cast::text_of(key, ty),
    }
}

fn refused(message: impl Into<String>) -> TrinoError {
    TrinoError::in_data(Code::InvalidCastArgument, message)
}

/// JSON as a value of a type.
pub fn to_value(json: &Json, source: &str, to: &Type) -> Result<Value> {
    if *to == Type::Json {
        return Ok(Value::Text(source.to_string()));
    }
    read(json, to).map_err(|error| match to {
        Type::Array(_) | Type::Map(..) | Type::Row(_) => {
            let why = match error.message.as_str() {
                "" => String::new(),
                why => format!(" {why}"),
            };
            refused(format!("Cannot cast to {to}.{why}\n{source}"))
        }
        Type::Decimal(..) if error.message.starts_with("Cannot cast input") => error,
        Type::Decimal(p, s) => refused(format!("Cannot cast '{source}' to DECIMAL({p},{s})")),
        _ => refused(format!("Cannot cast '{source}' to {to}")),
    })
}

fn token(json: &Json) -> String {
    match json {
        Json::Array(_) => "[".into(),
        Json::Object(_) => "{".into(),
        Json::Text(text) => text.clone(),
        other => other.to_string(),
    }
}

fn read(json: &Json, to: &Type) -> Result<Value> {
    match (json, to) {
        (json, Type::Json) => Ok(Value::Text(json.to_string())),
        (Json::Null, _) => Ok(Value::Null),
        (Json::Array(items), Type::Array(item)) => items
            .iter()
            .map(|json| read(json, item))
            .collect::<Result<_>>()
            .map(Value::List),
        (other, Type::Array(_)) => Err(refused(format!(
            "Expected a json array, but got {}",
            token(other)
        ))),
        (Json::Object(members), Type::Map(key, item)) => {
            let mut entries: Vec<(Value, Value)> = Vec::with_capacity(members.len());
            for (name, json) in members {
                let key_value = read(&Json::Text(name.clone()), key)?;
                if entries
                    .iter()
                    .any(|(have, _)| compare::same(have, &key_value, key))
                {
                    return Err(refused("Duplicate keys are not allowed"));
                }
                entries.push((key_value, read(json, item)?));
            }
            Ok(Value::Map(entries))
        }
        (other, Type::Map(..)) => Err(refused(format!(
            "Expected a json object, but got {}",
            token(other)
        ))),
        (Json::Array(items), Type::Row(fields)) => {
            if items.len() != fields.len() {
                return Err(refused(format!(
                    "Expected a json array with {} elements, but got {}",
                    fields.len(),
                    items.len()
                )));
            }
            items
                .iter()
                .zip(fields)
                .map(|(json, (_, ty))| read(json, ty))
                .collect::<Result<_>>()
                .map(Value::List)
        }
        (Json::Object(members), Type::Row(fields)) => read_row(members, fields),
        (other, Type::Row(_)) => Err(refused(format!(
            "Expected a json array or object, but got {}",
            token(other)
        ))),
        (json, to) => read_scalar(json, to),
    }
}

/// Members by the names of the fields, without case; a member no field has is passed over.
fn read_row(members: &[(String, Json)], fields: &[(Option<String>, Type)]) -> Result<Value> {
    let mut parts = vec![None; fields.len()];
    for (key, json) in members {
        let at = fields
            .iter()
            .position(|(name, _)| name.as_deref() == Some(key))
            .or_else(|| {
                fields.iter().position(|(name, _)| {
                    name.as_ref()
                        .is_some_and(|n| n.to_lowercase() == key.to_lowercase())
                })
            });
        let Some((part, (_, ty))) = at.and_then(|at| parts.get_mut(at).zip(fields.get(at))) else {
            continue;
        };
        if part.is_some() {
            return Err(refused(format!("Duplicate field: {}", key.to_lowercase())));
        }
        *part = Some(read(json, ty)?);
    }
    Ok(Value::List(
        parts
            .into_iter()
            .map(|p| p.unwrap_or(Value::Null))
            .collect(),
    ))
}

fn read_scalar(json: &Json, to: &Type) -> Result<Value> {
    match (json, to) {
        (Json::Array(_) | Json::Object(_), _) => Err(refused(format!(
            "Unexpected token when cast to {to}: {}",
            token(json)
        ))),
        (Json::Text(text), Type::Varchar(_)) => limited(text.clone(), to),
        (Json::Text(text), Type::Decimal(p, s)) => number(text, *p, *s),
        (Json::Text(text), to) => cast_value(Value::Text(text.clone()), &VARCHAR, to),
        (Json::Boolean(b), Type::Varchar(_)) => limited(b.to_string(), to),
        (Json::Boolean(b), to) => cast_value(Value::Boolean(*b), &Type::Boolean, to),
        (Json::Number(text), Type::Decimal(p, s)) => number(text, *p, *s),
        (Json::Number(text), to) if super::is_whole(text) => match to {
            Type::Varchar(_) => limited(text.clone(), to),
            Type::Double | Type::Real => cast_value(Value::Text(text.clone()), &VARCHAR, to),
            Type::Boolean => {
                let whole = text.parse::<i64>();
                let whole = whole.map_err(|_| refused("Numeric value out of range of long"))?;
                Ok(Value::Boolean(whole != 0))
            }
            to => {
                let whole = text.parse::<i64>();
                let whole = whole.map_err(|_| refused("Numeric value out of range of long"))?;
                cast_value(Value::Int(whole), &Type::Bigint, to)
            }
        },
        (Json::Number(text), Type::Real) => cast_value(Value::Text(text.clone()), &VARCHAR, to),
        (Json::Number(text), to) => {
            let value = text::parse_double(text).unwrap_or(f64::NAN);
            match to {
                Type::Varchar(_) => limited(text::double_cast(value), to),
                to => cast_value(Value::Double(value), &Type::Double, to),
            }
        }
        (Json::Null, _) => Ok(Value::Null),
    }
}

fn limited(text: String, to: &Type) -> Result<Value> {
    match to {
        Type::Varchar(Some(length)) if text.chars().count() > *length as usize => Err(refused(
            format!("Value {text} cannot be represented as {to}"),
        )),
        _ => Ok(Value::Text(text)),
    }
}

fn number(source: &str, precision: u8, scale: u8) -> Result<Value> {
    let too_large = || {
        refused(format!(
            "Cannot cast input json to DECIMAL({precision},{scale})"
        ))
    };
    let (value, _, have) = match text::parse_decimal(source) {
        Some(read) => read,
        None if source.parse::<f64>().is_ok_and(f64::is_finite) => return Err(too_large()),
        None => return Err(refused("")),
    };
    super::super::cast::rescale(value, have, scale)
        .filter(|value| super::super::cast::fits(*value, precision))
        .map(Value::Decimal)
        .ok_or_else(too_large)
}
