//! Seconds and nanoseconds since the epoch.

use super::super::super::calendar::{MICRO_PICOS, MILLI_PICOS, Zoned, millis_of};
use super::super::super::cast::rescale;
use super::super::super::error::Result;
use super::super::super::function::Function;
use super::super::super::text;
use super::super::super::types::{Type, VARCHAR};
use super::super::super::value::Value;
use super::zone::{zone_of, zone_of_minutes};
use super::{invalid, is_dated};

/// `from_unixtime`: seconds, in UTC or the zone that is named.
pub fn from_unixtime(arguments: &[Type]) -> Option<Function> {
    let mut parameters = vec![Type::Double];
    match arguments {
        [seconds] if seconds.coerces_to(&Type::Double) => {}
        [seconds, zone] if seconds.coerces_to(&Type::Double) && zone.is_text() => {
            parameters.push(VARCHAR);
        }
        [seconds, hours, minutes]
            if seconds.coerces_to(&Type::Double)
                && hours.coerces_to(&Type::Bigint)
                && minutes.coerces_to(&Type::Bigint) =>
        {
            parameters.extend([Type::Bigint, Type::Bigint]);
        }
        _ => return None,
    }
    let kernel = |a: &[Value]| {
        let (seconds, zone) = match a {
            [Value::Double(seconds)] => (*seconds, 0),
            [Value::Double(seconds), Value::Text(name)] => (*seconds, zone_of(name)?),
            [
                Value::Double(seconds),
                Value::Int(hours),
                Value::Int(minutes),
            ] => {
                let minutes = hours.saturating_mul(60).saturating_add(*minutes);
                (*seconds, zone_of_minutes(minutes)?)
            }
            _ => return Ok(Value::Null),
        };
        let zoned = Zoned::new((seconds * 1_000.0).round() as i64, zone);
        if zoned.is_short() {
            return Ok(Value::Zoned(zoned));
        }
        Err(invalid(format!(
            "Invalid Unix time: {}",
            text::double_java(seconds)
        )))
    };
    Some(Function::new("from_unixtime", parameters, Type::TimestampTz(3), kernel).failing())
}

/// Nanoseconds, a decimal's fraction of them rounded.
pub fn from_unixtime_nanos(arguments: &[Type]) -> Option<Function> {
    let (parameter, scale) = match arguments {
        [Type::Decimal(precision, scale)] => (Type::Decimal(*precision, *scale), *scale),
        [ty] if ty.coerces_to(&Type::Bigint) => (Type::Bigint, 0),
        _ => return None,
    };
    let kernel = move |a: &[Value]| {
        let nanos = match a {
            [Value::Int(nanos)] => Some(i128::from(*nanos)),
            [Value::Decimal(unscaled)] => rescale(*unscaled, scale, 0),
            _ => return Ok(Value::Null),
        };
        nanos
            .and_then(|nanos| Zoned::at(nanos.checked_mul(1_000)?, 0))
            .map(Value::Zoned)
            .ok_or_else(|| invalid("nanoseconds are out of range"))
    };
    Some(
        Function::new(
            "from_unixtime_nanos",
            vec![parameter],
            Type::TimestampTz(9),
            kernel,
        )
        .failing(),
    )
}

/// `to_unixtime`: seconds as a double.
pub fn to_unixtime(arguments: &[Type]) -> Option<Function> {
    let [ty] = arguments else { return None };
    if !is_dated(ty) {
        return None;
    }
    let parameter = match ty {
        Type::Date => Type::Timestamp(3),
        ty => ty.clone(),
    };
    let kernel = |a: &[Value]| -> Result<Value> {
        // Sums of doubles as Trino makes them: long precisions add the digits past the short ones.
        let parts = |picos: i128, unit: i64, per_second: f64| {
            let unit = i128::from(unit);
            let (whole, rest) = (picos.div_euclid(unit), picos.rem_euclid(unit));
            whole as f64 / per_second + rest as f64 / 1e12
        };
        Ok(match a {
            [Value::Timestamp(picos)] => Value::Double(parts(*picos, MICRO_PICOS, 1e6)),
            [Value::Zoned(zoned)] => Value::Double(parts(zoned.picos(), MILLI_PICOS, 1e3)),
            _ => Value::Null,
        })
    };
    Some(Function::new(
        "to_unixtime",
        vec![parameter],
        Type::Double,
        kernel,
    ))
}

/// Local milliseconds of a date or time, rounded half up.
pub fn rounded_millis(local: i128) -> i64 {
    millis_of(local + i128::from(MILLI_PICOS / 2))
}
