//! ISO 8601.

use super::super::super::calendar::{
    Zoned, days_of, join_day, offset_text, weekday, zone_key, zone_name,
};
use super::super::super::function::Function;
use super::super::super::text;
use super::super::super::types::{Type, VARCHAR};
use super::super::super::value::Value;
use super::invalid;

/// A function of a text, which may be malformed.
fn reading(
    name: &str,
    arguments: &[Type],
    result: Type,
    read: fn(&str) -> Option<Value>,
) -> Option<Function> {
    let fits = matches!(arguments, [ty] if ty.is_text() || *ty == Type::Unknown);
    fits.then(|| {
        Function::new(name, vec![VARCHAR], result, move |a| match a {
            [Value::Text(text)] => {
                read(text).ok_or_else(|| invalid(format!("Invalid format: \"{text}\"")))
            }
            _ => Ok(Value::Null),
        })
        .failing()
    })
}

/// `from_iso8601_date`
pub fn from_date(name: &str, arguments: &[Type]) -> Option<Function> {
    reading(name, arguments, Type::Date, |text| {
        date(text).map(Value::Date)
    })
}

/// Of milliseconds: further digits are dropped, not rounded.
pub fn from_timestamp(name: &str, arguments: &[Type]) -> Option<Function> {
    reading(name, arguments, Type::TimestampTz(3), |text| {
        timestamp(text, 3)
            .filter(|zoned| zoned.is_short())
            .map(Value::Zoned)
    })
}

/// `from_iso8601_timestamp_nanos`
pub fn from_timestamp_nanos(name: &str, arguments: &[Type]) -> Option<Function> {
    reading(name, arguments, Type::TimestampTz(9), |text| {
        timestamp(text, 9).map(Value::Zoned)
    })
}

/// `yyyy-MM-dd`, and the ISO forms by week and by day of year.
fn date(text: &str) -> Option<i32> {
    if let Some((year, week)) = text.split_once("-W") {
        let (week, day) = week.split_once('-').unwrap_or((week, "1"));
        let (year, week, day) = (
            year.parse::<i64>().ok()?,
            week.parse::<i64>().ok()?,
            day.parse::<i64>().ok()?,
        );
        let first = days_of(year, 1, 4);
        let monday = first - weekday(first) + 1;
        let days = monday + (week - 1) * 7 + day - 1;
        return i32::try_from(days).ok();
    }
    let parts: Vec<&str> = text.split('-').collect();
    match parts.as_slice() {
        [year] if year.len() == 4 => text::parse_date(&format!("{year}-01-01")),
        [year, day] if day.len() == 3 => {
            let day: i64 = day.parse().ok()?;
            let first = days_of(year.parse().ok()?, 1, 1);
            i32::try_from(first + day - 1).ok()
        }
        [year, month] if year.len() == 4 => text::parse_date(&format!("{year}-{month}-01")),
        _ => text::parse_date(text),
    }
}

/// A date, `T` and a time, cut to a precision; without an offset it is UTC.
fn timestamp(source: &str, precision: u32) -> Option<Zoned> {
    let (date_text, time_text) = source.split_once('T').unwrap_or((source, ""));
    let days = i64::from(date(date_text)?);
    let zone_at = time_text
        .find(['Z', 'z', '+', '-'])
        .unwrap_or(time_text.len());
    let (clock, zone) = time_text.split_at_checked(zone_at)?;
    let zone = if zone.is_empty() {
        0
    } else {
        zone_key(&zone.to_uppercase())?
    };
    let clock = if clock.is_empty() { "00:00" } else { clock };
    let clock = if clock.contains(':') {
        clock.to_string()
    } else {
        format!("{clock}:00")
    };
    let of_day = text::parse_time(&clock.replace(',', "."))?.picos(12);
    let unit = 10_i64.pow(12 - precision);
    Zoned::from_local(join_day(days, of_day / unit * unit), zone)
}

/// `to_iso8601`
pub fn to_iso(arguments: &[Type]) -> Option<Function> {
    let [ty] = arguments else { return None };
    let length = match ty {
        Type::Date => 16,
        Type::Timestamp(p) => 22 + fraction_length(*p),
        Type::TimestampTz(p) => 28 + fraction_length(*p),
        _ => return None,
    };
    let precision = match ty {
        Type::Timestamp(p) | Type::TimestampTz(p) => *p,
        _ => 0,
    };
    let written = move |local: i128| text::timestamp(local, precision).replacen(' ', "T", 1);
    let kernel = move |a: &[Value]| {
        Ok(match a {
            [Value::Date(days)] => Value::Text(text::date(i64::from(*days))),
            [Value::Timestamp(picos)] => Value::Text(written(*picos)),
            [Value::Zoned(zoned)] => {
                let zone = if zone_name(zoned.zone) == "UTC" {
                    "Z".to_string()
                } else {
                    offset_text(zoned.offset_seconds() / 60)
                };
                Value::Text(written(zoned.local_picos()) + &zone)
            }
            _ => Value::Null,
        })
    };
    let result = Type::Varchar(Some(length));
    Some(Function::new(
        "to_iso8601",
        vec![ty.clone()],
        result,
        kernel,
    ))
}

/// Characters of a fraction and its point.
fn fraction_length(precision: u8) -> u32 {
    match precision {
        0 => 0,
        p => u32::from(p) + 1,
    }
}
