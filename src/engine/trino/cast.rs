//! CAST: which types convert, and how each value does.

use super::calendar::{
    Zoned, ZonedTime, join_day, offset_minutes_key, round_of_day, round_picos, split_day,
};
use super::error::{Code, Result, TrinoError};
use super::text;
use super::types::{MAX_PRECISION, Type, VARCHAR};
use super::value::Value;

/// Whether `CAST(from AS to)` exists.
pub fn can_cast(from: &Type, to: &Type) -> bool {
    if from == to || *from == Type::Unknown {
        return true;
    }
    match (from, to) {
        (Type::Json, to) => super::json::can_cast_from(to),
        (from, Type::Json) => super::json::can_cast_to(from),
        (Type::Uuid | Type::IpAddress, Type::Varchar(_) | Type::Varbinary)
        | (Type::Varchar(_) | Type::Varbinary, Type::Uuid | Type::IpAddress) => true,
        (Type::Array(a), Type::Array(b)) => can_cast(a, b),
        (Type::Map(ak, av), Type::Map(bk, bv)) => can_cast(ak, bk) && can_cast(av, bv),
        (Type::Row(a), Type::Row(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|((_, a), (_, b))| can_cast(a, b))
        }
        (Type::Char(_), Type::Varchar(_) | Type::Char(_)) | (Type::Varchar(_), Type::Char(_)) => {
            true
        }
        (a, b) if a.is_numeric() || *a == Type::Boolean => {
            b.is_numeric() || *b == Type::Boolean || matches!(b, Type::Varchar(_))
        }
        (Type::Varchar(_), b) => {
            b.is_numeric()
                || matches!(
                    b,
                    Type::Varchar(_)
                        | Type::Boolean
                        | Type::Varbinary
                        | Type::Date
                        | Type::Time(_)
                        | Type::TimeTz(_)
                        | Type::Timestamp(_)
                        | Type::TimestampTz(_)
                )
        }
        (
            Type::Date | Type::Timestamp(_) | Type::TimestampTz(_),
            Type::Varchar(_) | Type::Date | Type::Timestamp(_) | Type::TimestampTz(_),
        )
        | (Type::Time(_) | Type::TimeTz(_), Type::Varchar(_) | Type::Time(_) | Type::TimeTz(_))
        | (Type::Timestamp(_) | Type::TimestampTz(_), Type::Time(_) | Type::TimeTz(_))
        | (Type::IntervalDay | Type::IntervalYear, Type::Varchar(_)) => true,
        _ => false,
    }
}

/// Whether a cast takes its day from the start of the query: see [`on_day`].
pub const fn needs_today(from: &Type, to: &Type) -> bool {
    matches!(
        (from, to),
        (Type::Time(_), Type::Timestamp(_) | Type::TimestampTz(_))
            | (Type::TimeTz(_), Type::TimestampTz(_))
    )
}

/// A time of day as the timestamp it is on a day.
pub fn on_day(time: &Value, days: i64, to: &Type) -> Result<Value> {
    Ok(match (time, to) {
        (Value::Time(picos), Type::Timestamp(p)) => {
            Value::Timestamp(round_picos(join_day(days, *picos), *p))
        }
        (Value::Time(picos), Type::TimestampTz(p)) => {
            zoned(Zoned::at(round_picos(join_day(days, *picos), *p), 0), *p)?
        }
        (Value::ZonedTime(time), Type::TimestampTz(p)) => {
            // The day is that of UTC, and so is the time it is put on.
            let instant = join_day(days, round_of_day(time.utc(), *p));
            zoned(Zoned::at(instant, offset_minutes_key(time.offset)), *p)?
        }
        _ => Value::Null,
    })
}

/// Whether a cast of this pair can fail on some value.
pub fn can_fail(from: &Type, to: &Type) -> bool {
    if from.coerces_to(to) {
        // Widening never fails, except into a decimal too short for the digits.
        return matches!((from.as_decimal(), to), (Some((p, s)), Type::Decimal(tp, ts)) if p - s > tp - ts);
    }
    !matches!(
        (from, to),
        (_, Type::Varchar(None))
            | (
                Type::Varchar(_) | Type::Char(_),
                Type::Varchar(_) | Type::Char(_)
            )
            | (
                Type::Timestamp(_) | Type::TimestampTz(_),
                Type::Date | Type::Timestamp(_) | Type::Time(_) | Type::TimeTz(_)
            )
            | (
                Type::Time(_) | Type::TimeTz(_),
                Type::Time(_) | Type::TimeTz(_)
            )
            | (Type::Boolean, _)
            | (_, Type::Boolean | Type::Real)
    ) || matches!(from, Type::Json)
        || matches!((from, to), (Type::Varchar(_), Type::Boolean | Type::Real))
}

fn invalid(message: impl Into<String>) -> TrinoError {
    TrinoError::in_data(Code::InvalidCastArgument, message)
}

fn out_of_range(message: impl Into<String>) -> TrinoError {
    TrinoError::in_data(Code::NumericValueOutOfRange, message)
}

/// The name of a whole number's type in Trino's cast messages.
const fn shouted(ty: &Type) -> &'static str {
    match ty {
        Type::Tinyint => "TINYINT",
        Type::Smallint => "SMALLINT",
        Type::Integer => "INT",
        Type::Bigint => "BIGINT",
        Type::Real => "REAL",
        Type::Double => "DOUBLE",
        _ => "BOOLEAN",
    }
}

/// The range of a whole number's type.
pub const fn integral_range(ty: &Type) -> (i64, i64) {
    match ty {
        Type::Tinyint => (-128, 127),
        Type::Smallint => (-32_768, 32_767),
        Type::Integer => (-2_147_483_648, 2_147_483_647),
        _ => (i64::MIN, i64::MAX),
    }
}

fn fit_integral(value: i64, to: &Type) -> Result<Value> {
    let (low, high) = integral_range(to);
    if value < low || value > high {
        return Err(out_of_range(format!("Out of range for {to}: {value}")));
    }
    Ok(Value::Int(value))
}

/// Ten to a power up to 38.
pub const fn ten_to(power: u8) -> i128 {
    10_i128.pow(power as u32)
}

/// Whether an unscaled value has at most this many digits.
pub const fn fits(value: i128, precision: u8) -> bool {
    value.unsigned_abs() < ten_to(precision).unsigned_abs()
}

/// An unscaled value at another scale, rounded half up; `None` when it does not fit 38 digits.
pub fn rescale(value: i128, from: u8, to: u8) -> Option<i128> {
    if to >= from {
        return value.checked_mul(ten_to(to - from));
    }
    let unit = ten_to(from - to);
    let (quotient, remainder) = (value / unit, value % unit);
    let away = remainder.unsigned_abs() * 2 >= unit.unsigned_abs();
    Some(quotient + if away { value.signum() } else { 0 })
}

/// Half away from zero, as Trino rounds doubles to whole numbers.
fn round_double(value: f64) -> Option<i64> {
    let rounded = value.round();
    // 2^63 itself is out; every double below it is exact as i64.
    (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0)
        .contains(&rounded)
        .then_some(rounded as i64)
}

/// Converts a value.
pub fn cast_value(value: Value, from: &Type, to: &Type) -> Result<Value> {
    if value.is_null() || from == to {
        return Ok(value);
    }
    match (value, from, to) {
        (Value::Text(source), Type::Json, to) => {
            let json = super::json::Json::parse(&source).unwrap_or(super::json::Json::Null);
            super::json::to_value(&json, &source, to)
        }
        (value, from, Type::Json) => Ok(Value::Text(
            super::json::from_value(&value, from).to_string(),
        )),
        (value, from, to @ (Type::Uuid | Type::IpAddress)) => {
            super::address::read(&value, from, to)
        }
        (value @ Value::Bytes(_), Type::Uuid | Type::IpAddress, Type::Varbinary) => Ok(value),
        (Value::List(items), Type::Array(a), Type::Array(b)) => items
            .into_iter()
            .map(|item| cast_value(item, a, b))
            .collect::<Result<_>>()
            .map(Value::List),
        (Value::List(items), Type::Row(a), Type::Row(b)) => items
            .into_iter()
            .zip(a.iter().zip(b))
            .map(|(item, ((_, a), (_, b)))| cast_value(item, a, b))
            .collect::<Result<_>>()
            .map(Value::List),
        (Value::Map(entries), Type::Map(ak, av), Type::Map(bk, bv)) => {
            let mut out: Vec<(Value, Value)> = Vec::with_capacity(entries.len());
            for (key, item) in entries {
                let key = cast_value(key, ak, bk)?;
                if key.is_null() {
                    return Err(invalid("map key is null"));
                }
                if out
                    .iter()
                    .any(|(have, _)| super::compare::same(have, &key, bk))
                {
                    return Err(invalid("duplicate keys"));
                }
                out.push((key, cast_value(item, av, bv)?));
            }
            Ok(Value::Map(out))
        }
        (value, from, to) if to.is_text() => {
            let text = text_of(&value, from);
            let shown = match &value {
                _ if from.is_text() => None,
                Value::Bytes(_) => Some(text.clone()),
                Value::Double(x) => Some(format!("{} ({text})", text::double_java(*x))),
                Value::Real(x) => Some(format!("{} ({text})", text::real_java(*x))),
                _ => Some(text.clone()),
            };
            into_text(text, to, shown)
        }
        (Value::Text(text), from, to) => from_text(&text, from, to),
        (value, from, to) if from.is_numeric() || *from == Type::Boolean => {
            from_number(value, from, to)
        }
        (value, from, to) => from_time(value, from, to),
    }
}

/// A value as CAST writes it.
pub fn text_of(value: &Value, ty: &Type) -> String {
    match (value, ty) {
        (Value::Boolean(b), _) => b.to_string(),
        (Value::Int(millis), Type::IntervalDay) => text::day_interval(*millis),
        (Value::Int(months), Type::IntervalYear) => text::year_interval(*months),
        (Value::Int(tile), Type::BingTile) => super::functions::tiles::shown(*tile),
        (Value::Int(i), _) => i.to_string(),
        (Value::Real(x), _) => text::real_cast(*x),
        (Value::Double(x), _) => text::double_cast(*x),
        (Value::Decimal(d), Type::Decimal(_, scale)) => text::decimal(*d, *scale),
        (Value::Text(s), Type::Char(length)) => {
            let width = *length as usize;
            format!("{s}{}", " ".repeat(width.saturating_sub(s.chars().count())))
        }
        (Value::Text(s), _) => s.clone(),
        (Value::Date(days), _) => text::date(i64::from(*days)),
        (Value::Time(picos), Type::Time(p)) => text::time(*picos, *p),
        (Value::ZonedTime(time), Type::TimeTz(p)) => text::zoned_time(*time, *p),
        (Value::Timestamp(picos), Type::Timestamp(p)) => text::timestamp(*picos, *p),
        (Value::Zoned(zoned), Type::TimestampTz(p)) => text::zoned(*zoned, *p),
        (Value::Bytes(bytes), Type::Uuid | Type::IpAddress) => super::address::shown(bytes, ty),
        _ => String::new(),
    }
}

/// `shown` is the value in the error, if it is no text that is cut.
fn into_text(text: String, to: &Type, shown: Option<String>) -> Result<Value> {
    let cut = |text: &str, length: u32| text.chars().take(length as usize).collect::<String>();
    match to {
        Type::Varchar(Some(length)) if text.chars().count() > *length as usize => {
            let Some(shown) = shown else {
                return Ok(Value::Text(cut(&text, *length)));
            };
            Err(invalid(format!(
                "Value {shown} cannot be represented as {to}"
            )))
        }
        Type::Char(length) => Ok(Value::Text(
            cut(&text, *length).trim_end_matches(' ').to_string(),
        )),
        _ => Ok(Value::Text(text)),
    }
}

fn from_text(source: &str, from: &Type, to: &Type) -> Result<Value> {
    let cannot = || invalid(format!("Cannot cast '{source}' to {}", shouted(to)));
    Ok(match to {
        Type::Boolean => match source.to_ascii_lowercase().as_str() {
            "t" | "true" | "1" => Value::Boolean(true),
            "f" | "false" | "0" => Value::Boolean(false),
            _ => return Err(cannot()),
        },
        ty if ty.is_integral() => {
            let value = source.parse::<i64>().map_err(|_| cannot())?;
            let (low, high) = integral_range(ty);
            if value < low || value > high {
                return Err(cannot());
            }
            Value::Int(value)
        }
        Type::Double => Value::Double(text::parse_double(source).ok_or_else(cannot)?),
        Type::Real => {
            let trimmed = source.trim().trim_end_matches(['f', 'F', 'd', 'D']);
            let checked = text::parse_double(source).ok_or_else(cannot)?;
            Value::Real(trimmed.parse().unwrap_or(checked as f32))
        }
        Type::Decimal(precision, scale) => {
            let refused = |why: &str| {
                invalid(format!(
                    "Cannot cast {from} '{source}' to DECIMAL({precision}, {scale}). {why}",
                    from = VARCHAR.to_string().to_uppercase()
                ))
            };
            let (value, _, have) =
                text::parse_decimal(source).ok_or_else(|| refused("Value is not a number."))?;
            let value = rescale(value, have, *scale)
                .filter(|value| fits(*value, *precision))
                .ok_or_else(|| refused("Value too large."))?;
            Value::Decimal(value)
        }
        Type::Varbinary => Value::Bytes(source.as_bytes().to_vec()),
        Type::Date => Value::Date(
            text::parse_date(source)
                .ok_or_else(|| invalid(format!("Value cannot be cast to date: {source}")))?,
        ),
        Type::Time(p) => match text::parse_time(source) {
            Some(read) if read.offset.is_none() && read.precision() <= MAX_PRECISION => {
                Value::Time(read.picos(*p))
            }
            _ => return Err(invalid(format!("Value cannot be cast to time: {source}"))),
        },
        Type::TimeTz(p) => match text::parse_time(source).and_then(|r| r.offset.zip(Some(r))) {
            Some((offset, read)) => Value::ZonedTime(ZonedTime {
                picos: read.picos(*p),
                offset,
            }),
            None => {
                return Err(invalid(format!(
                    "Value cannot be cast to time with time zone: {source}"
                )));
            }
        },
        Type::Timestamp(p) => {
            // A zone may be written, and means nothing here.
            let read = text::parse_timestamp(source.trim())
                .ok_or_else(|| invalid(format!("Value cannot be cast to timestamp: {source}")))?;
            Value::Timestamp(read.picos(*p))
        }
        Type::TimestampTz(p) => {
            let read = text::parse_timestamp(source.trim())
                .ok_or_else(|| invalid(format!("Value cannot be cast to timestamp: {source}")))?;
            zoned(
                Zoned::from_local(read.picos(*p), read.zone.unwrap_or(0)),
                *p,
            )?
        }
        _ => return Err(invalid(format!("Cannot cast {from} to {to}"))),
    })
}

/// A zoned timestamp of a precision; short ones reach less far.
fn zoned(value: Option<Zoned>, precision: u8) -> Result<Value> {
    value
        .filter(|zoned| precision > 3 || zoned.is_short())
        .map(Value::Zoned)
        .ok_or_else(|| invalid("Millis overflow"))
}

fn from_number(value: Value, from: &Type, to: &Type) -> Result<Value> {
    let decimal_scale = |ty: &Type| ty.as_decimal().map_or(0, |(_, scale)| scale);
    Ok(match (value, to) {
        // To boolean: anything but zero.
        (Value::Int(i), Type::Boolean) => Value::Boolean(i != 0),
        (Value::Decimal(d), Type::Boolean) => Value::Boolean(d != 0),
        (Value::Double(x), Type::Boolean) => Value::Boolean(x != 0.0),
        (Value::Real(x), Type::Boolean) => Value::Boolean(x != 0.0),
        (Value::Boolean(b), ty) => {
            return from_number(Value::Int(i64::from(b)), &Type::Tinyint, ty);
        }
        // To whole numbers: half up.
        (Value::Int(i), ty) if ty.is_integral() => fit_integral(i, ty)?,
        (Value::Decimal(d), ty) if ty.is_integral() => {
            let scale = decimal_scale(from);
            let whole = rescale(d, scale, 0).unwrap_or(i128::MAX);
            let (low, high) = integral_range(ty);
            if whole < i128::from(low) || whole > i128::from(high) {
                return Err(invalid(format!(
                    "Cannot cast '{}' to {}",
                    text::decimal(d, scale),
                    shouted(ty).replace(
                        "INT",
                        if *ty == Type::Integer {
                            "INTEGER"
                        } else {
                            "INT"
                        }
                    )
                )));
            }
            Value::Int(i64::try_from(whole).unwrap_or(0))
        }
        (Value::Double(x), ty) if ty.is_integral() => double_to_integral(x, ty)?,
        (Value::Real(x), ty) if ty.is_integral() => double_to_integral(f64::from(x), ty)?,
        // To floats.
        (Value::Int(i), Type::Double) => Value::Double(i as f64),
        (Value::Int(i), Type::Real) => Value::Real(i as f32),
        (Value::Double(x), Type::Double) => Value::Double(x),
        (Value::Double(x), Type::Real) => Value::Real(x as f32),
        (Value::Real(x), Type::Double) => Value::Double(f64::from(x)),
        (Value::Decimal(d), Type::Double) => Value::Double(
            text::decimal(d, decimal_scale(from))
                .parse()
                .unwrap_or(f64::NAN),
        ),
        (Value::Decimal(d), Type::Real) => Value::Real(
            text::decimal(d, decimal_scale(from))
                .parse()
                .unwrap_or(f32::NAN),
        ),
        // To decimals: half up, then the digits must fit.
        (Value::Int(i), Type::Decimal(precision, scale)) => {
            decimal_from(i128::from(i), 0, *precision, *scale, from, &i.to_string())?
        }
        (Value::Decimal(d), Type::Decimal(precision, scale)) => {
            let have = decimal_scale(from);
            decimal_from(d, have, *precision, *scale, from, &text::decimal(d, have))?
        }
        (Value::Double(x), Type::Decimal(precision, scale)) => {
            double_to_decimal(x, &format!("{x}"), *precision, *scale, from)?
        }
        (Value::Real(x), Type::Decimal(precision, scale)) => {
            double_to_decimal(f64::from(x), &format!("{x}"), *precision, *scale, from).map_err(
                |error| TrinoError {
                    message: error
                        .message
                        .replace(&text::double_java(f64::from(x)), &text::real_java(x)),
                    ..error
                },
            )?
        }
        (_, to) => return Err(invalid(format!("Cannot cast {from} to {to}"))),
    })
}

fn double_to_integral(x: f64, ty: &Type) -> Result<Value> {
    if x.is_nan() {
        return Err(invalid(format!("Cannot cast double NaN to {ty}")));
    }
    let (low, high) = integral_range(ty);
    match round_double(x) {
        Some(whole) if whole >= low && whole <= high => Ok(Value::Int(whole)),
        _ if *ty == Type::Bigint => Err(invalid(format!(
            "Unable to cast {} to bigint",
            text::double_java(x)
        ))),
        _ => Err(out_of_range(format!(
            "Out of range for {ty}: {}",
            text::double_java(x)
        ))),
    }
}

fn decimal_from(
    value: i128,
    have: u8,
    precision: u8,
    scale: u8,
    from: &Type,
    shown: &str,
) -> Result<Value> {
    rescale(value, have, scale)
        .filter(|value| fits(*value, precision))
        .map(Value::Decimal)
        .ok_or_else(|| {
            invalid(format!(
                "Cannot cast {} '{shown}' to DECIMAL({precision}, {scale})",
                from.to_string().to_uppercase().replace(',', ", ")
            ))
        })
}

fn double_to_decimal(x: f64, digits: &str, precision: u8, scale: u8, from: &Type) -> Result<Value> {
    let refused = || {
        invalid(format!(
            "Cannot cast {} '{}' to DECIMAL({precision}, {scale})",
            from.to_string().to_uppercase(),
            text::double_java(x)
        ))
    };
    if !x.is_finite() {
        return Err(refused());
    }
    // The shortest decimal text is exact enough: it reads back as the same double. Digits past the
    // 38th place cannot change a value that fits.
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let fraction: String = fraction.chars().take(usize::from(scale) + 1).collect();
    let (value, _, have) =
        text::parse_decimal(&format!("{whole}.{fraction}")).ok_or_else(refused)?;
    rescale(value, have, scale)
        .filter(|value| fits(*value, precision))
        .map(Value::Decimal)
        .ok_or_else(refused)
}

fn from_time(value: Value, from: &Type, to: &Type) -> Result<Value> {
    Ok(match (value, to) {
        (Value::Date(days), Type::Timestamp(_)) => Value::Timestamp(join_day(days.into(), 0)),
        (Value::Date(days), Type::TimestampTz(p)) => {
            zoned(Zoned::at(join_day(days.into(), 0), 0), *p)?
        }
        (Value::Time(picos), Type::Time(p)) => Value::Time(round_of_day(picos, *p)),
        (Value::Time(picos), Type::TimeTz(p)) => Value::ZonedTime(ZonedTime {
            picos: round_of_day(picos, *p),
            offset: 0,
        }),
        (Value::ZonedTime(time), Type::Time(p)) => Value::Time(round_of_day(time.picos, *p)),
        (Value::ZonedTime(time), Type::TimeTz(p)) => Value::ZonedTime(ZonedTime {
            picos: round_of_day(time.picos, *p),
            ..time
        }),
        (Value::Timestamp(picos), Type::Timestamp(p)) => Value::Timestamp(round_picos(picos, *p)),
        (Value::Timestamp(picos), Type::TimestampTz(p)) => {
            zoned(Zoned::at(round_picos(picos, *p), 0), *p)?
        }
        (Value::Timestamp(picos), to) => from_local(picos, 0, to)?,
        (Value::Zoned(zoned), Type::Timestamp(p)) => {
            Value::Timestamp(round_picos(zoned.local_picos(), *p))
        }
        (Value::Zoned(at), Type::TimestampTz(p)) => {
            zoned(Zoned::at(round_picos(at.picos(), *p), at.zone), *p)?
        }
        (Value::Zoned(zoned), to) => {
            // Trino takes the offset at the instant whose UTC clock shows the local time: next to a
            // transition that is the one of the other side.
            let local = zoned.local_picos();
            let then = Zoned::at(local, zoned.zone).unwrap_or(zoned);
            from_local(local, then.offset_seconds() / 60, to)?
        }
        (_, to) => return Err(invalid(format!("Cannot cast {from} to {to}"))),
    })
}

/// The date or time of day of a local date and time.
fn from_local(picos: i128, offset: i64, to: &Type) -> Result<Value> {
    let (days, of_day) = split_day(picos);
    Ok(match to {
        Type::Date => Value::Date(
            i32::try_from(days).map_err(|_| invalid(format!("Day {days} is out of range")))?,
        ),
        Type::Time(p) => Value::Time(round_of_day(of_day, *p)),
        Type::TimeTz(p) => Value::ZonedTime(ZonedTime {
            picos: round_of_day(of_day, *p),
            offset,
        }),
        to => return Err(invalid(format!("Cannot cast a time to {to}"))),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: Value, from: Type, to: Type, expected: Result<Value, &str>) {
        let got = cast_value(value, &from, &to).map_err(|e| e.to_string());
        assert_eq!(got, expected.map_err(str::to_string), "{from} to {to}");
    }

    #[test]
    fn numbers_round_half_up_and_refuse_what_does_not_fit() {
        check(
            Value::Double(2.5),
            Type::Double,
            Type::Integer,
            Ok(Value::Int(3)),
        );
        check(
            Value::Double(-2.5),
            Type::Double,
            Type::Bigint,
            Ok(Value::Int(-3)),
        );
        check(
            Value::Int(3_000_000_000),
            Type::Bigint,
            Type::Integer,
            Err("NUMERIC_VALUE_OUT_OF_RANGE: Out of range for integer: 3000000000"),
        );
        check(
            Value::Text("abc".into()),
            VARCHAR,
            Type::Bigint,
            Err("INVALID_CAST_ARGUMENT: Cannot cast 'abc' to BIGINT"),
        );
        check(
            Value::Double(1.005),
            Type::Double,
            Type::Decimal(5, 2),
            Ok(Value::Decimal(101)),
        );
        check(
            Value::Decimal(12_345),
            Type::Decimal(5, 2),
            Type::Decimal(4, 1),
            Ok(Value::Decimal(1_235)),
        );
    }

    #[test]
    fn texts_and_times_convert() {
        check(
            Value::Double(1200.0),
            Type::Double,
            VARCHAR,
            Ok(Value::Text("1.2E3".into())),
        );
        check(
            Value::Text("2020-02-30".into()),
            VARCHAR,
            Type::Date,
            Err("INVALID_CAST_ARGUMENT: Value cannot be cast to date: 2020-02-30"),
        );
        check(
            Value::Timestamp(1_500_000_000),
            Type::Timestamp(6),
            Type::Timestamp(3),
            Ok(Value::Timestamp(2_000_000_000)),
        );
        check(
            Value::Text("23:59:59.9999".into()),
            VARCHAR,
            Type::Time(3),
            Ok(Value::Time(0)),
        );
        check(
            Value::Text("23:59".into()),
            VARCHAR,
            Type::TimeTz(3),
            Err("INVALID_CAST_ARGUMENT: Value cannot be cast to time with time zone: 23:59"),
        );
        check(
            Value::Text("abc  ".into()),
            VARCHAR,
            Type::Char(4),
            Ok(Value::Text("abc".into())),
        );
    }
}
