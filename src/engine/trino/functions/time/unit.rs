//! `date_trunc`, `date_add` and `date_diff`: dates and times by units.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, AsArray, TimestampMillisecondArray};
use datafusion::arrow::datatypes::TimestampMillisecondType;

use super::super::super::arithmetic::months_later;
use super::super::super::calendar::{
    DAY_PICOS, MILLI_PICOS, MINUTE_PICOS, SECOND_PICOS, Zoned, ZonedTime, civil_of, days_of,
    join_day, millis_of, round_of_day, round_picos, split_day, weekday,
};
use super::super::super::error::Result;
use super::super::super::function::Function;
use super::super::super::types::{Type, VARCHAR};
use super::super::super::value::Value;
use super::{invalid, is_date_or_time, local, out_of_range};

/// A step on the clock or the calendar.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Unit {
    /// Of a fixed number of picoseconds, at most a day.
    Fixed(i64),
    Week,
    Months(i64),
}

impl Unit {
    fn of(name: &str) -> Option<Self> {
        Some(match name {
            "millisecond" => Self::Fixed(MILLI_PICOS),
            "second" => Self::Fixed(SECOND_PICOS),
            "minute" => Self::Fixed(MINUTE_PICOS),
            "hour" => Self::Fixed(60 * MINUTE_PICOS),
            "day" => Self::Fixed(DAY_PICOS),
            "week" => Self::Week,
            "month" => Self::Months(1),
            "quarter" => Self::Months(3),
            "year" => Self::Months(12),
            _ => return None,
        })
    }

    /// Whether it is shorter than a day.
    const fn is_of_clock(self) -> bool {
        matches!(self, Self::Fixed(picos) if picos < DAY_PICOS)
    }

    /// Picoseconds, if that is fixed.
    const fn picos(self) -> Option<i64> {
        match self {
            Self::Fixed(picos) => Some(picos),
            Self::Week => Some(7 * DAY_PICOS),
            Self::Months(_) => None,
        }
    }

    const fn months(self) -> i64 {
        match self {
            Self::Months(months) => months,
            _ => 1,
        }
    }
}

/// Whether values of a type have a unit.
pub fn has_unit(unit: &str, ty: &Type) -> bool {
    unit_of(unit, ty).is_ok()
}

fn unit_of(name: &str, ty: &Type) -> Result<Unit> {
    let name = name.to_lowercase();
    let unit = Unit::of(&name);
    let (fits, kind): (fn(Unit) -> bool, _) = match ty {
        Type::Date => (|unit| !unit.is_of_clock(), "DATE"),
        Type::Time(_) | Type::TimeTz(_) => (Unit::is_of_clock, "TIME"),
        _ => (|_| true, "TIMESTAMP"),
    };
    unit.filter(|unit| fits(*unit))
        .ok_or_else(|| invalid(format!("'{name}' is not a valid {kind} field")))
}

fn precision(ty: &Type) -> u8 {
    match ty {
        Type::Time(p) | Type::TimeTz(p) | Type::Timestamp(p) | Type::TimestampTz(p) => *p,
        _ => 0,
    }
}

fn date(days: i64) -> Result<Value> {
    i32::try_from(days)
        .map(Value::Date)
        .map_err(|_| out_of_range())
}

fn zoned(value: Option<Zoned>) -> Result<Value> {
    value.map(Value::Zoned).ok_or_else(out_of_range)
}

/// `date_trunc`
pub fn trunc(arguments: &[Type]) -> Option<Function> {
    let [unit, ty] = arguments else { return None };
    if !unit.is_text() || !is_date_or_time(ty) {
        return None;
    }
    let of = ty.clone();
    let in_millis = matches!(ty, Type::Timestamp(0..=3));
    let parameters = vec![VARCHAR, ty.clone()];
    Some(
        Function::new("date_trunc", parameters, ty.clone(), move |a| match a {
            [Value::Text(unit), value] => truncated(unit_of(unit, &of)?, value),
            _ => Ok(Value::Null),
        })
        .with_columns(move |arrays| in_millis.then(|| trunc_columns(arrays)).flatten())
        .failing(),
    )
}

fn truncated(unit: Unit, value: &Value) -> Result<Value> {
    match value {
        Value::Date(days) => date(split_day(cut(unit, join_day((*days).into(), 0))).0),
        Value::Time(picos) => Ok(Value::Time(split_day(cut(unit, (*picos).into())).1)),
        Value::ZonedTime(time) => Ok(Value::ZonedTime(ZonedTime {
            picos: split_day(cut(unit, time.picos.into())).1,
            ..*time
        })),
        Value::Timestamp(picos) => Ok(Value::Timestamp(cut(unit, *picos))),
        Value::Zoned(at) if unit.is_of_clock() => {
            // Below a day the instant is cut: local times in an overlap stay apart.
            let local = at.local_picos();
            zoned(Zoned::at(at.picos() - (local - cut(unit, local)), at.zone))
        }
        Value::Zoned(at) => zoned(Zoned::from_local(cut(unit, at.local_picos()), at.zone)),
        _ => Ok(Value::Null),
    }
}

/// The last start of a unit.
fn cut(unit: Unit, picos: i128) -> i128 {
    let (days, _) = split_day(picos);
    match unit {
        Unit::Fixed(step) => picos.div_euclid(step.into()) * i128::from(step),
        Unit::Week => join_day(days - weekday(days) + 1, 0),
        Unit::Months(months) => {
            let (year, month, _) = civil_of(days);
            join_day(days_of(year, (month - 1) / months * months + 1, 1), 0)
        }
    }
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
    // Weeks do not start where the epoch does.
    let Unit::Fixed(step) = Unit::of(&unit.to_lowercase())? else {
        return None;
    };
    let step = step / MILLI_PICOS;
    let times = times.as_primitive_opt::<TimestampMillisecondType>()?;
    let cut: TimestampMillisecondArray = times.unary(|t| t.div_euclid(step) * step);
    Some(Ok(Arc::new(cut)))
}

/// `date_add`
pub fn add(arguments: &[Type]) -> Option<Function> {
    let [unit, amount, ty] = arguments else {
        return None;
    };
    if !unit.is_text() || !amount.coerces_to(&Type::Bigint) || !is_date_or_time(ty) {
        return None;
    }
    let of = ty.clone();
    let parameters = vec![VARCHAR, Type::Bigint, ty.clone()];
    Some(
        Function::new("date_add", parameters, ty.clone(), move |a| match a {
            [Value::Text(unit), Value::Int(amount), value] => {
                added(unit_of(unit, &of)?, *amount, value, precision(&of))
            }
            _ => Ok(Value::Null),
        })
        .failing(),
    )
}

fn added(unit: Unit, amount: i64, value: &Value, precision: u8) -> Result<Value> {
    // A sum of units is a time of the same precision again: halves go up.
    let later = |picos: i128| -> Result<i128> {
        let sum = match unit.picos() {
            Some(step) => picos + i128::from(step) * i128::from(amount),
            None => {
                let months = amount
                    .checked_mul(unit.months())
                    .filter(|months| months.abs() < 10_000_000)
                    .ok_or_else(out_of_range)?;
                months_later(picos, months)
            }
        };
        Ok(round_picos(sum, precision))
    };
    let of_day = |picos: i64| later(picos.into()).map(|sum| round_of_day(split_day(sum).1, 12));
    match value {
        Value::Date(days) => {
            // The precision of a date is the day.
            date(split_day(later(join_day((*days).into(), 0))?).0)
        }
        Value::Time(picos) => of_day(*picos).map(Value::Time),
        Value::ZonedTime(time) => Ok(Value::ZonedTime(ZonedTime {
            picos: of_day(time.picos)?,
            ..*time
        })),
        Value::Timestamp(picos) => later(*picos).map(Value::Timestamp),
        Value::Zoned(at) if unit.is_of_clock() => zoned(Zoned::at(later(at.picos())?, at.zone)),
        Value::Zoned(at) => zoned(Zoned::from_local(later(at.local_picos())?, at.zone)),
        _ => Ok(Value::Null),
    }
}

/// `date_diff`
pub fn diff(arguments: &[Type]) -> Option<Function> {
    let [unit, a, b] = arguments else { return None };
    let ty = a.common(b)?;
    if !unit.is_text() || !is_date_or_time(&ty) {
        return None;
    }
    let of = ty.clone();
    let parameters = vec![VARCHAR, ty.clone(), ty];
    Some(
        Function::new("date_diff", parameters, Type::Bigint, move |args| {
            let [Value::Text(unit), a, b] = args else {
                return Ok(Value::Null);
            };
            let unit = unit_of(unit, &of)?;
            difference(unit, a, b)
                .map(Value::Int)
                .ok_or_else(out_of_range)
        })
        .failing(),
    )
}

/// Whole units from `a` to `b`, towards zero. Timestamps are first cut to milliseconds.
fn difference(unit: Unit, a: &Value, b: &Value) -> Option<i64> {
    let whole = |picos: i128| i128::from(millis_of(picos)) * i128::from(MILLI_PICOS);
    let (from, to) = match (a, b) {
        (Value::Zoned(a), Value::Zoned(b)) if unit.is_of_clock() => {
            (whole(a.picos()), whole(b.picos()))
        }
        (Value::Zoned(a), Value::Zoned(b)) => {
            // Days and longer are counted on the calendar of the first one's zone.
            let b = Zoned { zone: a.zone, ..*b };
            (whole(a.local_picos()), whole(b.local_picos()))
        }
        (Value::ZonedTime(a), Value::ZonedTime(b)) => (a.utc().into(), b.utc().into()),
        (Value::Time(a), Value::Time(b)) => ((*a).into(), (*b).into()),
        (a, b) => (whole(local(a)?), whole(local(b)?)),
    };
    if let Some(step) = unit.picos() {
        return i64::try_from((to - from) / i128::from(step)).ok();
    }
    Some(if from > to {
        -months_between(to, from) / unit.months()
    } else {
        months_between(from, to) / unit.months()
    })
}

fn months_between(from: i128, to: i128) -> i64 {
    let ((y1, m1, _), (y2, m2, _)) = (civil_of(split_day(from).0), civil_of(split_day(to).0));
    let months = (y2 - y1) * 12 + m2 - m1;
    if months_later(from, months) > to {
        months - 1
    } else {
        months
    }
}
