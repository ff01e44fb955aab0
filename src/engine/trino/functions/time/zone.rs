//! `at_timezone`, `with_timezone` and AT TIME ZONE.

use super::super::super::calendar::{Zoned, offset_minutes_key, zone_key};
use super::super::super::error::Result;
use super::super::super::function::Function;
use super::super::super::types::{Type, VARCHAR};
use super::super::super::value::Value;
use super::{invalid, out_of_range};

/// AT TIME ZONE of a time of day: its third argument is the instant, in milliseconds, whose offset a named
/// zone gives it.
pub const AT_TIME_ZONE: &str = "$at_timezone";

/// The zone of a name.
pub fn zone_of(name: &str) -> Result<i64> {
    zone_key(name).ok_or_else(|| invalid(format!("'{name}' is not a valid time zone")))
}

/// The zone of an offset in minutes.
pub fn zone_of_minutes(minutes: i64) -> Result<i64> {
    if minutes.abs() > 14 * 60 {
        return Err(invalid(format!("Invalid offset minutes {minutes}")));
    }
    Ok(offset_minutes_key(minutes))
}

/// A zone argument: a name, or an interval of whole minutes.
fn zone_argument(value: &Value) -> Result<Option<i64>> {
    match value {
        Value::Text(name) => zone_of(name).map(Some),
        Value::Int(millis) if millis % 60_000 != 0 => Err(invalid(
            "Invalid time zone offset interval: interval contains seconds",
        )),
        Value::Int(millis) => zone_of_minutes(millis / 60_000).map(Some),
        _ => Ok(None),
    }
}

fn zone_parameter(ty: &Type) -> Option<Type> {
    match ty {
        ty if ty.is_text() => Some(VARCHAR),
        Type::IntervalDay => Some(Type::IntervalDay),
        _ => None,
    }
}

/// `at_timezone` and `with_timezone`.
pub fn zoning(name: &str, arguments: &[Type]) -> Option<Function> {
    let [ty, zone] = arguments else { return None };
    let zone = zone_parameter(zone)?;
    let (parameter, result) = match (ty, name) {
        (Type::Timestamp(p), "with_timezone") if zone == VARCHAR => {
            (ty.clone(), Type::TimestampTz(*p))
        }
        (Type::Timestamp(p) | Type::TimestampTz(p), "at_timezone") => {
            (Type::TimestampTz(*p), Type::TimestampTz(*p))
        }
        _ => return None,
    };
    Some(
        Function::new(name, vec![parameter, zone], result, |a| {
            let [value, zone] = a else {
                return Ok(Value::Null);
            };
            let Some(zone) = zone_argument(zone)? else {
                return Ok(Value::Null);
            };
            let zoned = match value {
                Value::Timestamp(picos) => Zoned::from_local(*picos, zone),
                Value::Zoned(zoned) => Some(Zoned { zone, ..*zoned }),
                _ => return Ok(Value::Null),
            };
            zoned.map(Value::Zoned).ok_or_else(out_of_range)
        })
        .failing(),
    )
}

/// AT TIME ZONE of a time of day.
pub fn zoning_of_day(arguments: &[Type]) -> Option<Function> {
    let [Type::Time(p) | Type::TimeTz(p), zone, Type::Bigint] = arguments else {
        return None;
    };
    let ty = Type::TimeTz(*p);
    let parameters = vec![ty.clone(), zone_parameter(zone)?, Type::Bigint];
    Some(
        Function::new(AT_TIME_ZONE, parameters, ty, |a| {
            let [Value::ZonedTime(time), zone, Value::Int(now)] = a else {
                return Ok(Value::Null);
            };
            let Some(zone) = zone_argument(zone)? else {
                return Ok(Value::Null);
            };
            let offset = Zoned::new(*now, zone).offset_seconds() / 60;
            Ok(Value::ZonedTime(time.at_offset(offset)))
        })
        .failing(),
    )
}
