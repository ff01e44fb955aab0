//! The parts of dates and times: EXTRACT and the functions of the same names.

use std::sync::Arc;

use datafusion::arrow::array::{AsArray, Int64Array};
use datafusion::arrow::datatypes::TimestampMillisecondType;

use super::super::super::calendar::{
    MILLI_PICOS, MINUTE_PICOS, SECOND_PICOS, civil_of, days_of, iso_week, split_day, weekday,
};
use super::super::super::function::Function;
use super::super::super::types::Type;
use super::super::super::value::Value;
use super::local;

/// A part of a day, or of the time of day in picoseconds.
#[derive(Clone, Copy)]
enum Part {
    Date(fn(i64) -> i64),
    Clock(fn(i64) -> i64),
}

impl Part {
    fn of(self, days: i64, of_day: i64) -> i64 {
        match self {
            Self::Date(part) => part(days),
            Self::Clock(part) => part(of_day),
        }
    }

    /// Whether values of a type have it.
    const fn is_in(self, ty: &Type) -> bool {
        match ty {
            Type::Timestamp(_) | Type::TimestampTz(_) => true,
            Type::Date => matches!(self, Self::Date(_)),
            Type::Time(_) | Type::TimeTz(_) => matches!(self, Self::Clock(_)),
            _ => false,
        }
    }
}

/// The part of a name.
fn part(name: &str) -> Option<Part> {
    Some(match name {
        "year" => Part::Date(|day| civil_of(day).0),
        "quarter" => Part::Date(|day| (civil_of(day).1 + 2) / 3),
        "month" => Part::Date(|day| civil_of(day).1),
        "week" | "week_of_year" => Part::Date(|day| iso_week(day).1),
        "year_of_week" | "yow" => Part::Date(|day| iso_week(day).0),
        "day" | "day_of_month" => Part::Date(|day| civil_of(day).2),
        "day_of_week" | "dow" => Part::Date(weekday),
        "day_of_year" | "doy" => Part::Date(|day| day - days_of(civil_of(day).0, 1, 1) + 1),
        "hour" => Part::Clock(|of_day| of_day / (60 * MINUTE_PICOS)),
        "minute" => Part::Clock(|of_day| of_day / MINUTE_PICOS % 60),
        "second" => Part::Clock(|of_day| of_day / SECOND_PICOS % 60),
        "millisecond" => Part::Clock(|of_day| of_day / MILLI_PICOS % 1_000),
        _ => return None,
    })
}

/// Whether a function takes a part by this name.
pub fn is_part(name: &str) -> bool {
    part(name).is_some()
}

/// The function that takes a part of a type's values.
pub fn function(name: &str, arguments: &[Type]) -> Option<Function> {
    let part = part(name)?;
    match arguments {
        [ty] if part.is_in(ty) => {
            let function = Function::new(name, vec![ty.clone()], Type::Bigint, move |a| {
                Ok(a.first().and_then(local).map_or(Value::Null, |picos| {
                    let (days, of_day) = split_day(picos);
                    Value::Int(part.of(days, of_day))
                }))
            });
            Some(if matches!(ty, Type::Timestamp(0..=3)) {
                function.with_columns(move |arrays| {
                    const DAY_MILLIS: i64 = 86_400_000;
                    let times = arrays
                        .first()?
                        .as_primitive_opt::<TimestampMillisecondType>()?;
                    let parts: Int64Array = times.unary(|t| {
                        let of_day = t.rem_euclid(DAY_MILLIS) * MILLI_PICOS;
                        part.of(t.div_euclid(DAY_MILLIS), of_day)
                    });
                    Some(Ok(Arc::new(parts)))
                })
            } else {
                function
            })
        }
        [ty @ (Type::IntervalDay | Type::IntervalYear)] => of_interval(name, ty),
        _ => None,
    }
}

fn of_interval(name: &str, ty: &Type) -> Option<Function> {
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

/// `timezone_hour` and `timezone_minute`: parts of the offset, both with its sign.
pub fn of_zone(name: &str, arguments: &[Type]) -> Option<Function> {
    let [ty @ (Type::TimestampTz(_) | Type::TimeTz(_))] = arguments else {
        return None;
    };
    let hours = name == "timezone_hour";
    Some(Function::new(
        name,
        vec![ty.clone()],
        Type::Bigint,
        move |a| {
            let minutes = match a {
                [Value::Zoned(zoned)] => zoned.offset_seconds() / 60,
                [Value::ZonedTime(time)] => time.offset,
                _ => return Ok(Value::Null),
            };
            Ok(Value::Int(if hours { minutes / 60 } else { minutes % 60 }))
        },
    ))
}
