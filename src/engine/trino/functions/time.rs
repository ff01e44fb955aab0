//! Date and time functions.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, AsArray, Int64Array, TimestampMillisecondArray};
use datafusion::arrow::datatypes::TimestampMillisecondType;

use super::super::calendar::{
    DAY_MICROS, Zoned, civil_of, days_of, iso_week, month_length, plus_months, weekday, zone_key,
    zone_name,
};
use super::super::cast::{cast_value, round_micros};
use super::super::error::{Code, Result, TrinoError};
use super::super::function::Function;
use super::super::text;
use super::super::types::{Type, VARCHAR};
use super::super::value::Value;
use super::{Resolution, found};

#[path = "time_format.rs"]
mod format;

fn invalid(message: impl Into<String>) -> TrinoError {
    TrinoError::in_data(Code::InvalidFunctionArgument, message)
}

/// A date or time without its zone, and how to put one back.
#[derive(Clone, Copy)]
struct Local {
    micros: i64,
    zone: Option<i64>,
}

fn local(value: &Value) -> Option<Local> {
    Some(match value {
        Value::Date(days) => Local {
            micros: i64::from(*days).checked_mul(DAY_MICROS)?,
            zone: None,
        },
        Value::Timestamp(micros) => Local {
            micros: *micros,
            zone: None,
        },
        Value::Int(packed) => {
            let zoned = Zoned::unpack(*packed);
            Local {
                micros: zoned.local_millis().checked_mul(1_000)?,
                zone: Some(zoned.zone),
            }
        }
        _ => return None,
    })
}

fn back(local: Local, ty: &Type) -> Result<Value> {
    let out_of_range = || invalid("Timestamp is out of range");
    let local = match ty {
        Type::Timestamp(p) | Type::TimestampTz(p) => Local {
            micros: round_micros(local.micros, *p),
            ..local
        },
        _ => local,
    };
    Ok(match (ty, local.zone) {
        (Type::Date, _) => Value::Date(
            i32::try_from(local.micros.div_euclid(DAY_MICROS)).map_err(|_| out_of_range())?,
        ),
        (_, Some(zone)) => Value::Int(
            Zoned::from_local(local.micros.div_euclid(1_000), zone)
                .pack()
                .ok_or_else(out_of_range)?,
        ),
        _ => Value::Timestamp(local.micros),
    })
}

fn is_time(ty: &Type) -> bool {
    matches!(ty, Type::Date | Type::Timestamp(_) | Type::TimestampTz(_))
}

/// Finds a function of this family.
pub fn resolve(name: &str, arguments: &[Type]) -> Resolution {
    if let Some(field) = field(name) {
        let function = match arguments {
            [ty] if is_time(ty) && (field.of_date || *ty != Type::Date) => {
                let in_millis = matches!(ty, Type::Timestamp(0..=3));
                let ty = ty.clone();
                let function = Function::new(name, vec![ty], Type::Bigint, move |a| {
                    Ok(a.first()
                        .and_then(local)
                        .map_or(Value::Null, |l| Value::Int((field.of)(l.micros))))
                });
                Some(if in_millis {
                    function.with_columns(move |arrays| {
                        let times = arrays
                            .first()?
                            .as_primitive_opt::<TimestampMillisecondType>()?;
                        let fields: Int64Array =
                            times.unary(|t| (field.of)(t.saturating_mul(1_000)));
                        Some(Ok(Arc::new(fields)))
                    })
                } else {
                    function
                })
            }
            [ty @ (Type::IntervalDay | Type::IntervalYear)] => interval_field(name, ty),
            _ => None,
        };
        return found(
            function,
            "f(date), f(timestamp), f(timestamp with time zone)",
        );
    }
    match name {
        "date_trunc" => found(trunc(arguments), "date_trunc(varchar, date | timestamp)"),
        "date_add" => found(
            add(arguments),
            "date_add(varchar, bigint, date | timestamp)",
        ),
        "date_diff" => found(
            diff(arguments),
            "date_diff(varchar, date | timestamp, date | timestamp)",
        ),
        "date" => {
            let function = match arguments {
                [ty] if is_time(ty) || ty.is_text() => {
                    let from = ty.clone();
                    let read = ty.is_text();
                    let function = Function::new(name, vec![ty.clone()], Type::Date, move |a| {
                        cast_value(
                            a.first().cloned().unwrap_or(Value::Null),
                            &from,
                            &Type::Date,
                        )
                    });
                    // Only text may be no date.
                    Some(if read { function.failing() } else { function })
                }
                _ => None,
            };
            found(function, "date(varchar), date(timestamp)")
        }
        "last_day_of_month" => {
            let function = match arguments {
                [ty] if is_time(ty) => {
                    Some(Function::new(name, vec![ty.clone()], Type::Date, |a| {
                        let Some(l) = a.first().and_then(local) else {
                            return Ok(Value::Null);
                        };
                        let (year, month, _) = civil_of(l.micros.div_euclid(DAY_MICROS));
                        let last = days_of(year, month, month_length(year, month));
                        Ok(Value::Date(i32::try_from(last).unwrap_or(0)))
                    }))
                }
                _ => None,
            };
            found(function, "last_day_of_month(date | timestamp)")
        }
        "from_unixtime" => found(from_unixtime(arguments), "from_unixtime(double[, varchar])"),
        "to_unixtime" => found(to_unixtime(arguments), "to_unixtime(timestamp)"),
        "at_timezone" | "with_timezone" => found(zoning(name, arguments), "f(timestamp, varchar)"),
        "from_iso8601_date" => {
            let function = text_argument(arguments).then(|| {
                Function::new(name, vec![VARCHAR], Type::Date, |a| match a {
                    [Value::Text(text)] => iso_date(text)
                        .map(Value::Date)
                        .ok_or_else(|| invalid(format!("Invalid format: \"{text}\""))),
                    _ => Ok(Value::Null),
                })
                .failing()
            });
            found(function, "from_iso8601_date(varchar)")
        }
        "from_iso8601_timestamp" => {
            let function = text_argument(arguments).then(|| {
                Function::new(name, vec![VARCHAR], Type::TimestampTz(3), |a| match a {
                    [Value::Text(text)] => iso_timestamp(text)
                        .map(Value::Int)
                        .ok_or_else(|| invalid(format!("Invalid format: \"{text}\""))),
                    _ => Ok(Value::Null),
                })
                .failing()
            });
            found(function, "from_iso8601_timestamp(varchar)")
        }
        "to_iso8601" => found(to_iso(arguments), "to_iso8601(date | timestamp)"),
        "date_format" => {
            let function = match arguments {
                [ty, pattern] if pattern.is_text() && is_time(ty) => {
                    let ty = if *ty == Type::Date {
                        Type::Timestamp(3)
                    } else {
                        ty.clone()
                    };
                    Some(
                        Function::new(name, vec![ty, VARCHAR], VARCHAR, |a| match a {
                            [value, Value::Text(pattern)] => match local(value) {
                                Some(l) => format::write(round_micros(l.micros, 3), pattern)
                                    .map(Value::Text),
                                None => Ok(Value::Null),
                            },
                            _ => Ok(Value::Null),
                        })
                        .failing(),
                    )
                }
                _ => None,
            };
            found(function, "date_format(timestamp, varchar)")
        }
        "date_parse" => {
            let function = match arguments {
                [a, b] if a.is_text() && b.is_text() => Some(
                    Function::new(
                        name,
                        vec![VARCHAR, VARCHAR],
                        Type::Timestamp(3),
                        |a| match a {
                            [Value::Text(text), Value::Text(pattern)] => {
                                format::read(text, pattern).map(Value::Timestamp)
                            }
                            _ => Ok(Value::Null),
                        },
                    )
                    .failing(),
                ),
                _ => None,
            };
            found(function, "date_parse(varchar, varchar)")
        }
        _ => Resolution::Unknown,
    }
}

fn text_argument(arguments: &[Type]) -> bool {
    matches!(arguments, [ty] if ty.is_text() || *ty == Type::Unknown)
}

#[derive(Clone, Copy)]
struct Part {
    of: fn(i64) -> i64,
    of_date: bool,
}

fn days(micros: i64) -> i64 {
    micros.div_euclid(DAY_MICROS)
}

/// The fields EXTRACT and the functions of the same names take.
fn field(name: &str) -> Option<Part> {
    let (of, of_date): (fn(i64) -> i64, bool) = match name {
        "year" => (|m| civil_of(days(m)).0, true),
        "quarter" => (|m| (civil_of(days(m)).1 + 2) / 3, true),
        "month" => (|m| civil_of(days(m)).1, true),
        "week" | "week_of_year" => (|m| iso_week(days(m)).1, true),
        "year_of_week" | "yow" => (|m| iso_week(days(m)).0, true),
        "day" | "day_of_month" => (|m| civil_of(days(m)).2, true),
        "day_of_week" | "dow" => (|m| weekday(days(m)), true),
        "day_of_year" | "doy" => (
            |m| {
                let day = days(m);
                day - days_of(civil_of(day).0, 1, 1) + 1
            },
            true,
        ),
        "hour" => (|m| m.rem_euclid(DAY_MICROS) / 3_600_000_000, false),
        "minute" => (|m| m.rem_euclid(DAY_MICROS) / 60_000_000 % 60, false),
        "second" => (|m| m.rem_euclid(DAY_MICROS) / 1_000_000 % 60, false),
        "millisecond" => (|m| m.rem_euclid(DAY_MICROS) / 1_000 % 1_000, false),
        _ => return None,
    };
    Some(Part { of, of_date })
}

fn interval_field(name: &str, ty: &Type) -> Option<Function> {
    let of: fn(i64) -> i64 = match (ty, name) {
        (Type::IntervalYear, "year") => |m| m / 12,
        (Type::IntervalYear, "month") => |m| m % 12,
        (Type::IntervalDay, "day") => |ms| ms / 86_400_000,
        (Type::IntervalDay, "hour") => |ms| ms % 86_400_000 / 3_600_000,
        (Type::IntervalDay, "minute") => |ms| ms % 3_600_000 / 60_000,
        (Type::IntervalDay, "second") => |ms| ms % 60_000 / 1_000,
        (Type::IntervalDay, "millisecond") => |ms| ms % 1_000,
        _ => return None,
    };
    Some(Function::new(
        name,
        vec![ty.clone()],
        Type::Bigint,
        move |a| {
            Ok(match a {
                [Value::Int(interval)] => Value::Int(of(*interval)),
                _ => Value::Null,
            })
        },
    ))
}

fn unit_error(unit: &str, ty: &Type) -> TrinoError {
    let kind = if *ty == Type::Date {
        "DATE"
    } else {
        "Timestamp"
    };
    invalid(format!("'{unit}' is not a valid {kind} field"))
}

/// Microseconds of a unit of fixed length.
fn fixed_unit(unit: &str) -> Option<i64> {
    Some(match unit {
        "millisecond" => 1_000,
        "second" => 1_000_000,
        "minute" => 60_000_000,
        "hour" => 3_600_000_000,
        "day" => DAY_MICROS,
        "week" => 7 * DAY_MICROS,
        _ => return None,
    })
}

fn month_unit(unit: &str) -> Option<i64> {
    Some(match unit {
        "month" => 1,
        "quarter" => 3,
        "year" => 12,
        _ => return None,
    })
}

/// Whether values of a type have a unit.
pub fn has_unit(unit: &str, ty: &Type) -> bool {
    known_unit(&unit.to_lowercase(), ty).is_ok()
}

fn known_unit(unit: &str, ty: &Type) -> Result<()> {
    let date_only = fixed_unit(unit).is_some_and(|micros| micros >= DAY_MICROS);
    let known = month_unit(unit).is_some()
        || date_only
        || (*ty != Type::Date && fixed_unit(unit).is_some());
    if known {
        Ok(())
    } else {
        Err(unit_error(unit, ty))
    }
}

fn trunc(arguments: &[Type]) -> Option<Function> {
    let [unit, ty] = arguments else { return None };
    if !unit.is_text() || !is_time(ty) {
        return None;
    }
    let of = ty.clone();
    let in_millis = matches!(ty, Type::Timestamp(0..=3));
    Some(
        Function::new(
            "date_trunc",
            vec![VARCHAR, ty.clone()],
            ty.clone(),
            move |a| {
                let [Value::Text(unit), value] = a else {
                    return Ok(Value::Null);
                };
                let unit = unit.to_lowercase();
                known_unit(&unit, &of)?;
                let Some(mut l) = local(value) else {
                    return Ok(Value::Null);
                };
                if let (Value::Int(packed), Some(step)) = (value, fixed_unit(&unit))
                    && step < DAY_MICROS
                {
                    // Below a day the instant is cut: local times in an overlap stay apart.
                    let zoned = Zoned::unpack(*packed);
                    let cut = l.micros.rem_euclid(step) / 1_000;
                    let moved = Zoned {
                        millis: zoned.millis - cut,
                        ..zoned
                    };
                    return Ok(moved.pack().map_or(Value::Null, Value::Int));
                }
                l.micros = match (unit.as_str(), fixed_unit(&unit)) {
                    ("week", _) => {
                        let day = days(l.micros);
                        (day - weekday(day) + 1) * DAY_MICROS
                    }
                    (_, Some(step)) => l.micros.div_euclid(step) * step,
                    (unit, None) => {
                        let (year, month, _) = civil_of(days(l.micros));
                        let months = month_unit(unit).unwrap_or(1);
                        let month = (month - 1) / months * months + 1;
                        days_of(year, month, 1) * DAY_MICROS
                    }
                };
                back(l, &of)
            },
        )
        .with_columns(move |arrays| in_millis.then(|| trunc_columns(arrays)).flatten())
        .failing(),
    )
}

/// Whole arrays cut to one unit of fixed length; other units are left to the row kernel.
fn trunc_columns(arrays: &[ArrayRef]) -> Option<Result<ArrayRef>> {
    let [units, times] = arrays else {
        return None;
    };
    let units = units.as_string_opt::<i32>()?;
    let unit = units.iter().next()??;
    if units.iter().any(|other| other != Some(unit)) {
        return None;
    }
    let unit = unit.to_lowercase();
    // Weeks do not start where the epoch does.
    let step = fixed_unit(&unit).filter(|step| *step <= DAY_MICROS)? / 1_000;
    let times = times.as_primitive_opt::<TimestampMillisecondType>()?;
    let cut: TimestampMillisecondArray = times.unary(|t| t.div_euclid(step) * step);
    Some(Ok(Arc::new(cut)))
}

fn add(arguments: &[Type]) -> Option<Function> {
    let [unit, amount, ty] = arguments else {
        return None;
    };
    if !unit.is_text() || !amount.coerces_to(&Type::Bigint) || !is_time(ty) {
        return None;
    }
    let of = ty.clone();
    Some(
        Function::new(
            "date_add",
            vec![VARCHAR, Type::Bigint, ty.clone()],
            ty.clone(),
            move |a| {
                let [Value::Text(unit), Value::Int(amount), value] = a else {
                    return Ok(Value::Null);
                };
                let unit = unit.to_lowercase();
                known_unit(&unit, &of)?;
                let out_of_range = || invalid("Timestamp is out of range");
                let Some(mut l) = local(value) else {
                    return Ok(Value::Null);
                };
                if let Some(step) = fixed_unit(&unit) {
                    let moved = amount.checked_mul(step).ok_or_else(out_of_range)?;
                    if let Value::Int(packed) = value
                        && step < DAY_MICROS
                    {
                        let zoned = Zoned::unpack(*packed);
                        let Type::TimestampTz(precision) = of else {
                            return Ok(Value::Null);
                        };
                        let millis = zoned.millis.checked_add(moved / 1_000);
                        return millis
                            .map(|m| round_micros(m.saturating_mul(1_000), precision) / 1_000)
                            .and_then(|millis| Zoned { millis, ..zoned }.pack())
                            .map(Value::Int)
                            .ok_or_else(out_of_range);
                    }
                    l.micros = l.micros.checked_add(moved).ok_or_else(out_of_range)?;
                } else {
                    let months = amount
                        .checked_mul(month_unit(&unit).unwrap_or(1))
                        .filter(|months| months.abs() < 10_000_000)
                        .ok_or_else(out_of_range)?;
                    let of_day = l.micros.rem_euclid(DAY_MICROS);
                    l.micros = plus_months(days(l.micros), months) * DAY_MICROS + of_day;
                }
                back(l, &of)
            },
        )
        .failing(),
    )
}

fn diff(arguments: &[Type]) -> Option<Function> {
    let [unit, a, b] = arguments else { return None };
    let ty = a.common(b)?;
    if !unit.is_text() || !is_time(&ty) {
        return None;
    }
    let of = ty.clone();
    Some(
        Function::new(
            "date_diff",
            vec![VARCHAR, ty.clone(), ty],
            Type::Bigint,
            move |args| {
                let [Value::Text(unit), a, b] = args else {
                    return Ok(Value::Null);
                };
                let unit = unit.to_lowercase();
                known_unit(&unit, &of)?;
                Ok(Value::Int(difference(&unit, a, b)))
            },
        )
        .failing(),
    )
}

/// Whole units from `a` to `b`, towards zero.
fn difference(unit: &str, a: &Value, b: &Value) -> i64 {
    let (from, to) = match (a, b) {
        (Value::Int(a), Value::Int(b)) => {
            let (a, b) = (Zoned::unpack(*a), Zoned::unpack(*b));
            let calendar = fixed_unit(unit).is_none_or(|step| step >= DAY_MICROS);
            if calendar {
                // Days and longer are counted on the calendar of the first one's zone.
                let b = Zoned { zone: a.zone, ..b };
                (a.local_millis() * 1_000, b.local_millis() * 1_000)
            } else {
                (a.millis * 1_000, b.millis * 1_000)
            }
        }
        (a, b) => match (local(a), local(b)) {
            (Some(a), Some(b)) => (a.micros, b.micros),
            _ => return 0,
        },
    };
    if let Some(step) = fixed_unit(unit) {
        return (to - from) / step;
    }
    if from > to {
        return -months_between(to, from) / month_unit(unit).unwrap_or(1);
    }
    months_between(from, to) / month_unit(unit).unwrap_or(1)
}

fn months_between(from: i64, to: i64) -> i64 {
    let ((y1, m1, _), (y2, m2, _)) = (civil_of(days(from)), civil_of(days(to)));
    let months = (y2 - y1) * 12 + m2 - m1;
    let reached = plus_months(days(from), months) * DAY_MICROS + from.rem_euclid(DAY_MICROS);
    if reached > to { months - 1 } else { months }
}

fn from_unixtime(arguments: &[Type]) -> Option<Function> {
    let mut parameters = vec![Type::Double];
    match arguments {
        [seconds] if seconds.coerces_to(&Type::Double) => {}
        [seconds, zone] if seconds.coerces_to(&Type::Double) && zone.is_text() => {
            parameters.push(VARCHAR);
        }
        _ => return None,
    }
    Some(
        Function::new("from_unixtime", parameters, Type::TimestampTz(3), |a| {
            let Some(Value::Double(seconds)) = a.first() else {
                return Ok(Value::Null);
            };
            let zone = match a.get(1) {
                Some(Value::Text(name)) => zone_of(name)?,
                _ => 0,
            };
            let millis = (seconds * 1_000.0).round() as i64;
            Zoned { millis, zone }
                .pack()
                .map(Value::Int)
                .ok_or_else(|| {
                    invalid(format!(
                        "Invalid Unix time: {}",
                        text::double_java(*seconds)
                    ))
                })
        })
        .failing(),
    )
}

fn zone_of(name: &str) -> Result<i64> {
    zone_key(name).ok_or_else(|| invalid(format!("'{name}' is not a valid time zone")))
}

fn to_unixtime(arguments: &[Type]) -> Option<Function> {
    let [ty] = arguments else { return None };
    if !is_time(ty) {
        return None;
    }
    let parameter = if *ty == Type::Date {
        Type::Timestamp(3)
    } else {
        ty.clone()
    };
    Some(Function::new(
        "to_unixtime",
        vec![parameter],
        Type::Double,
        |a| {
            Ok(match a {
                [Value::Timestamp(micros)] => Value::Double(*micros as f64 / 1e6),
                [Value::Int(packed)] => Value::Double(Zoned::unpack(*packed).millis as f64 / 1e3),
                _ => Value::Null,
            })
        },
    ))
}

/// `at_timezone`, `with_timezone` and AT TIME ZONE.
fn zoning(name: &str, arguments: &[Type]) -> Option<Function> {
    let [ty, zone] = arguments else { return None };
    if !zone.is_text() {
        return None;
    }
    let (parameter, result) = match (ty, name) {
        (Type::Timestamp(p), "with_timezone") if *p <= 3 => (ty.clone(), Type::TimestampTz(*p)),
        (Type::TimestampTz(p), "at_timezone") => (ty.clone(), Type::TimestampTz(*p)),
        (Type::Timestamp(p), "at_timezone") if *p <= 3 => {
            (Type::TimestampTz(*p), Type::TimestampTz(*p))
        }
        _ => return None,
    };
    Some(
        Function::new(name, vec![parameter, VARCHAR], result, |a| {
            let Some(Value::Text(zone)) = a.get(1) else {
                return Ok(Value::Null);
            };
            let zone = zone_of(zone)?;
            let zoned = match a.first() {
                Some(Value::Timestamp(micros)) => Zoned::from_local(micros.div_euclid(1_000), zone),
                Some(Value::Int(packed)) => Zoned {
                    zone,
                    ..Zoned::unpack(*packed)
                },
                _ => return Ok(Value::Null),
            };
            Ok(zoned.pack().map_or(Value::Null, Value::Int))
        })
        .failing(),
    )
}

/// `yyyy-MM-dd`, and the ISO forms by week and by day of year.
fn iso_date(text: &str) -> Option<i32> {
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

/// ISO 8601 with `T`; without an offset it is UTC.
fn iso_timestamp(source: &str) -> Option<i64> {
    let (date_text, time_text) = source.split_once('T').unwrap_or((source, ""));
    let date = i64::from(iso_date(date_text)?);
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
    let read = text::parse_timestamp(&format!("1970-01-01 {}", clock.replace(',', ".")))?;
    // Beyond milliseconds the digits are dropped, not rounded.
    let local = date * 86_400_000 + read.micros.div_euclid(1_000);
    Zoned::from_local(local, zone).pack()
}

fn to_iso(arguments: &[Type]) -> Option<Function> {
    let [ty] = arguments else { return None };
    let length = match ty {
        Type::Date => 16,
        Type::Timestamp(_) => 26,
        Type::TimestampTz(_) => 32,
        _ => return None,
    };
    let of = ty.clone();
    Some(Function::new(
        "to_iso8601",
        vec![ty.clone()],
        Type::Varchar(Some(length)),
        move |a| {
            let precision = match of {
                Type::Timestamp(p) | Type::TimestampTz(p) => p,
                _ => 0,
            };
            Ok(match a {
                [Value::Date(days)] => Value::Text(text::date(i64::from(*days))),
                [Value::Timestamp(micros)] => {
                    Value::Text(text::timestamp(*micros, precision).replacen(' ', "T", 1))
                }
                [Value::Int(packed)] => {
                    let zoned = Zoned::unpack(*packed);
                    let local = zoned.local_millis();
                    let clock = text::timestamp(round_micros(local * 1_000, 3), precision)
                        .replacen(' ', "T", 1);
                    let offset = (local - zoned.millis) / 60_000;
                    let zone = if zone_name(zoned.zone) == "UTC" {
                        "Z".to_string()
                    } else {
                        let sign = if offset < 0 { '-' } else { '+' };
                        format!("{sign}{:02}:{:02}", offset.abs() / 60, offset.abs() % 60)
                    };
                    Value::Text(format!("{clock}{zone}"))
                }
                _ => Value::Null,
            })
        },
    ))
}
