//! Date and time functions.

use super::super::calendar::{MILLI_PICOS, civil_of, days_of, join_day, month_length, split_day};
use super::super::cast::cast_value;
use super::super::error::{Code, TrinoError};
use super::super::function::Function;
use super::super::types::{Type, VARCHAR};
use super::super::value::Value;
use super::{Resolution, found};

mod duration;
mod field;
mod format;
mod iso;
mod joda;
mod unit;
mod unix;
mod zone;

pub use format::{DAYS, MONTHS, name, short};
pub use unit::has_unit;
pub use zone::AT_TIME_ZONE;

fn invalid(message: impl Into<String>) -> TrinoError {
    TrinoError::in_data(Code::InvalidFunctionArgument, message)
}

fn out_of_range() -> TrinoError {
    invalid("Timestamp is out of range")
}

/// Picoseconds of a date or time without its zone, as if UTC; those of the day for a time of day.
pub fn local(value: &Value) -> Option<i128> {
    Some(match value {
        Value::Date(days) => join_day((*days).into(), 0),
        Value::Time(picos) => (*picos).into(),
        Value::ZonedTime(time) => time.picos.into(),
        Value::Timestamp(picos) => *picos,
        Value::Zoned(zoned) => zoned.local_picos(),
        _ => return None,
    })
}

const fn is_dated(ty: &Type) -> bool {
    matches!(ty, Type::Date | Type::Timestamp(_) | Type::TimestampTz(_))
}

const fn is_date_or_time(ty: &Type) -> bool {
    is_dated(ty) || matches!(ty, Type::Time(_) | Type::TimeTz(_))
}

/// Finds a function of this family.
pub fn resolve(name: &str, arguments: &[Type]) -> Resolution {
    if field::is_part(name) {
        return found(
            field::function(name, arguments),
            "f(date), f(time), f(timestamp), f(timestamp with time zone)",
        );
    }
    match name {
        "timezone_hour" | "timezone_minute" => found(
            field::of_zone(name, arguments),
            "f(timestamp with time zone), f(time with time zone)",
        ),
        "date_trunc" => found(
            unit::trunc(arguments),
            "date_trunc(varchar, date | time | timestamp)",
        ),
        "date_add" => found(
            unit::add(arguments),
            "date_add(varchar, bigint, date | time | timestamp)",
        ),
        "date_diff" => found(
            unit::diff(arguments),
            "date_diff(varchar, date | time | timestamp, date | time | timestamp)",
        ),
        "date" => found(to_date(arguments), "date(varchar), date(timestamp)"),
        "last_day_of_month" => found(
            last_day_of_month(arguments),
            "last_day_of_month(date | timestamp)",
        ),
        "from_unixtime" => found(
            unix::from_unixtime(arguments),
            "from_unixtime(double[, varchar]), from_unixtime(double, bigint, bigint)",
        ),
        "from_unixtime_nanos" => found(
            unix::from_unixtime_nanos(arguments),
            "from_unixtime_nanos(bigint), from_unixtime_nanos(decimal)",
        ),
        "to_unixtime" => found(unix::to_unixtime(arguments), "to_unixtime(timestamp)"),
        "at_timezone" | "with_timezone" => {
            found(zone::zoning(name, arguments), "f(timestamp, varchar)")
        }
        AT_TIME_ZONE => found(
            zone::zoning_of_day(arguments),
            "time AT TIME ZONE varchar | interval",
        ),
        "from_iso8601_date" => found(
            iso::from_date(name, arguments),
            "from_iso8601_date(varchar)",
        ),
        "from_iso8601_timestamp" => found(
            iso::from_timestamp(name, arguments),
            "from_iso8601_timestamp(varchar)",
        ),
        "from_iso8601_timestamp_nanos" => found(
            iso::from_timestamp_nanos(name, arguments),
            "from_iso8601_timestamp_nanos(varchar)",
        ),
        "to_iso8601" => found(iso::to_iso(arguments), "to_iso8601(date | timestamp)"),
        "date_format" => found(date_format(arguments), "date_format(timestamp, varchar)"),
        "date_parse" => found(date_parse(arguments), "date_parse(varchar, varchar)"),
        "format_datetime" => found(
            joda::format_datetime(arguments),
            "format_datetime(timestamp, varchar)",
        ),
        "parse_datetime" => found(
            joda::parse_datetime(arguments),
            "parse_datetime(varchar, varchar)",
        ),
        "to_char" => found(joda::to_char(arguments), "to_char(timestamp, varchar)"),
        "to_date" => found(joda::to_date(arguments), "to_date(varchar, varchar)"),
        "to_timestamp" => found(
            joda::to_timestamp(arguments),
            "to_timestamp(varchar, varchar)",
        ),
        "parse_duration" => found(
            duration::parse_duration(arguments),
            "parse_duration(varchar)",
        ),
        "to_milliseconds" => found(
            duration::to_milliseconds(arguments),
            "to_milliseconds(interval day to second)",
        ),
        "human_readable_seconds" => found(
            duration::human_readable_seconds(arguments),
            "human_readable_seconds(double)",
        ),
        _ => Resolution::Unknown,
    }
}

fn to_date(arguments: &[Type]) -> Option<Function> {
    let [ty] = arguments else { return None };
    if !is_dated(ty) && !ty.is_text() {
        return None;
    }
    let (from, read) = (ty.clone(), ty.is_text());
    let function = Function::new("date", vec![ty.clone()], Type::Date, move |a| {
        cast_value(
            a.first().cloned().unwrap_or(Value::Null),
            &from,
            &Type::Date,
        )
    });
    // Only text may be no date.
    Some(if read { function.failing() } else { function })
}

fn last_day_of_month(arguments: &[Type]) -> Option<Function> {
    let [ty] = arguments else { return None };
    is_dated(ty).then(|| {
        Function::new("last_day_of_month", vec![ty.clone()], Type::Date, |a| {
            let Some(picos) = a.first().and_then(local) else {
                return Ok(Value::Null);
            };
            let (year, month, _) = civil_of(split_day(picos).0);
            let last = days_of(year, month, month_length(year, month));
            Ok(Value::Date(i32::try_from(last).unwrap_or(0)))
        })
    })
}

/// A date or time that is formatted: a date as its midnight.
fn formatted(arguments: &[Type]) -> Option<Type> {
    match arguments {
        [Type::Date, pattern] if pattern.is_text() => Some(Type::Timestamp(3)),
        [ty, pattern] if pattern.is_text() && is_dated(ty) => Some(ty.clone()),
        _ => None,
    }
}

fn date_format(arguments: &[Type]) -> Option<Function> {
    let ty = formatted(arguments)?;
    Some(
        Function::new("date_format", vec![ty, VARCHAR], VARCHAR, |a| match a {
            [value, Value::Text(pattern)] => match local(value) {
                Some(local) => format::write(unix::rounded_millis(local), pattern).map(Value::Text),
                None => Ok(Value::Null),
            },
            _ => Ok(Value::Null),
        })
        .failing(),
    )
}

fn date_parse(arguments: &[Type]) -> Option<Function> {
    matches!(arguments, [a, b] if a.is_text() && b.is_text()).then(|| {
        Function::new(
            "date_parse",
            vec![VARCHAR, VARCHAR],
            Type::Timestamp(3),
            |a| match a {
                [Value::Text(text), Value::Text(pattern)] => format::read(text, pattern)
                    .map(|millis| Value::Timestamp(i128::from(millis) * i128::from(MILLI_PICOS))),
                _ => Ok(Value::Null),
            },
        )
        .failing()
    })
}
