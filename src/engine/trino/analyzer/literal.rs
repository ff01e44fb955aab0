//! Literals: their types and values.

use super::super::ast::{Node, Pos, TypeName};
use super::super::calendar::{Zoned, ZonedTime};
use super::super::cast::{cast_value, fits};
use super::super::error::{Code, Result, TrinoError};
use super::super::text;
use super::super::types::{MAX_PRECISION, Type, VARCHAR, beyond_precision};
use super::super::value::{Value, scalar_of};
use super::scope::Typed;
use datafusion::logical_expr::Expr;

/// A value as an expression.
pub fn literal(value: Value, ty: Type) -> Result<Typed> {
    Ok(Typed {
        expr: Expr::Literal(scalar_of(value.clone(), &ty)?, None),
        ty,
        fails: false,
        constant: Some(value),
    })
}

fn invalid(pos: Pos, message: impl Into<String>) -> TrinoError {
    TrinoError::at(pos, Code::InvalidLiteral, message)
}

/// The literal nodes; `None` for every other node.
pub fn of_node(node: &Node, pos: Pos) -> Result<Option<Typed>> {
    let (value, ty) = match node {
        Node::Null => (Value::Null, Type::Unknown),
        Node::Boolean(b) => (Value::Boolean(*b), Type::Boolean),
        Node::Text(text) => {
            let length = u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
            (Value::Text(text.clone()), Type::Varchar(Some(length)))
        }
        Node::Binary(bytes) => (Value::Bytes(bytes.clone()), Type::Varbinary),
        Node::Integer(digits) => {
            let value: i64 = digits.parse().map_err(|_| {
                TrinoError::at(
                    pos,
                    Code::InvalidLiteral,
                    format!("Invalid numeric literal: {digits}"),
                )
            })?;
            let ty = if i32::try_from(value).is_ok() {
                Type::Integer
            } else {
                Type::Bigint
            };
            (Value::Int(value), ty)
        }
        // Athena reads 1.5 as a double; Trino itself would make it a decimal.
        Node::Decimal(digits) | Node::Double(digits) => {
            let value = text::parse_double(digits)
                .ok_or_else(|| invalid(pos, format!("Invalid numeric literal: {digits}")))?;
            (Value::Double(value), Type::Double)
        }
        Node::Typed(name, text) => return typed(name, text, pos).map(Some),
        Node::Interval {
            negative,
            text,
            from,
            to,
        } => interval(*negative, text, from, to.as_deref())
            .ok_or_else(|| invalid(pos, format!("'{text}' is not a valid interval literal")))?,
        _ => return Ok(None),
    };
    literal(value, ty).map(Some)
}

fn typed(name: &TypeName, source: &str, pos: Pos) -> Result<Typed> {
    let refused = || {
        invalid(
            pos,
            format!("'{source}' is not a valid {} literal", name.base),
        )
    };
    match name.base.as_str() {
        "decimal" => {
            let (value, precision, scale) = text::parse_decimal(source)
                .filter(|(value, precision, _)| fits(*value, *precision))
                .ok_or_else(refused)?;
            // Digits as written count, zeros after the point included.
            literal(Value::Decimal(value), Type::Decimal(precision, scale))
        }
        // The digits of a fraction are its precision.
        "time" => {
            let read = text::parse_time(source).ok_or_else(refused)?;
            let p = checked(read.precision(), "time", read.offset.is_some(), pos)?;
            let picos = read.picos(p);
            match read.offset {
                None => literal(Value::Time(picos), Type::Time(p)),
                Some(offset) => {
                    let time = ZonedTime { picos, offset };
                    literal(Value::ZonedTime(time), Type::TimeTz(p))
                }
            }
        }
        "timestamp" => {
            let read = text::parse_timestamp(source).ok_or_else(refused)?;
            let p = checked(read.precision(), "timestamp", read.zone.is_some(), pos)?;
            let local = read.picos(p);
            match read.zone {
                None => literal(Value::Timestamp(local), Type::Timestamp(p)),
                Some(zone) => {
                    let zoned = Zoned::from_existing(local, zone)
                        .filter(|zoned| p > 3 || zoned.is_short())
                        .ok_or_else(refused)?;
                    literal(Value::Zoned(zoned), Type::TimestampTz(p))
                }
            }
        }
        "char" => {
            let length = u32::try_from(source.chars().count()).unwrap_or(u32::MAX);
            literal(
                Value::Text(source.trim_end_matches(' ').to_string()),
                Type::Char(length),
            )
        }
        "json" => match super::super::json::Json::parse(source) {
            Some(json) => literal(Value::Text(json.sorted().to_string()), Type::Json),
            None => Err(refused()),
        },
        _ => {
            let ty = Type::resolve(name)?;
            let value = cast_value(Value::Text(source.to_string()), &VARCHAR, &ty)
                .map_err(|_| refused())?;
            literal(value, ty)
        }
    }
}

/// The precision of a literal of time, if Trino has it.
fn checked(precision: u8, name: &str, zoned: bool, pos: Pos) -> Result<u8> {
    if precision <= MAX_PRECISION {
        return Ok(precision);
    }
    let zone = if zoned { " with time zone" } else { "" };
    Err(beyond_precision(
        pos,
        &format!("{name}{zone}"),
        precision.into(),
    ))
}

fn interval(negative: bool, text: &str, from: &str, to: Option<&str>) -> Option<(Value, Type)> {
    let (inner_negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let sign = if negative == inner_negative { 1 } else { -1 };
    let whole = |text: &str| {
        (!text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()))
            .then(|| text.parse::<i64>().ok())
            .flatten()
    };
    if matches!(from, "YEAR" | "MONTH") {
        let months = match (from, to) {
            ("YEAR", Some("MONTH")) => {
                let (years, months) = text.split_once('-').unwrap_or((text, "0"));
                whole(years)?.checked_mul(12)?.checked_add(whole(months)?)?
            }
            ("YEAR", None) => whole(text)?.checked_mul(12)?,
            ("MONTH", None) => whole(text)?,
            _ => return None,
        };
        i32::try_from(months).ok()?;
        return Some((Value::Int(sign * months), Type::IntervalYear));
    }
    let units = ["DAY", "HOUR", "MINUTE", "SECOND"];
    let first = units.iter().position(|unit| *unit == from)?;
    let last = match to {
        Some(to) => units.iter().position(|unit| *unit == to)?,
        None => first,
    };
    let parts: Vec<&str> = text.split([' ', ':']).collect();
    if last < first || parts.len() > last - first + 1 {
        return None;
    }
    let mut millis = 0_i64;
    for (part, unit) in parts.iter().zip(units.iter().skip(first)) {
        let step = match *unit {
            "DAY" => 86_400_000,
            "HOUR" => 3_600_000,
            "MINUTE" => 60_000,
            _ => 1_000,
        };
        let value = match (part.split_once('.'), *unit) {
            (Some((seconds, fraction)), "SECOND") => {
                let padded = format!("{fraction:0<3}");
                if padded.len() > 3 {
                    return None;
                }
                whole(seconds)?
                    .checked_mul(1_000)?
                    .checked_add(whole(&padded)?)?
            }
            _ => whole(part)?.checked_mul(step)?,
        };
        millis = millis.checked_add(value)?;
    }
    Some((Value::Int(sign * millis), Type::IntervalDay))
}
