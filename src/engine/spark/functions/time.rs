//! Dates and times. The session's zone is UTC, as in Glue.

use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, Date32Array, Int32Array, Int64Array, StringArray,
    TimestampMicrosecondArray,
};
use datafusion::arrow::datatypes::{
    DataType, Date32Type, Int32Type, Int64Type, TimestampMicrosecondType,
};
use jiff::civil::DateTime;

use super::pattern::Pattern;
use super::{Entry, argument, wrong};
use crate::engine::calendar::{self, datetime, days};
use crate::engine::error::{Error, Result};
use crate::engine::spark::cast::TIMESTAMP;

pub const FUNCTIONS: &[Entry] = &[
    ("to_date", to_date_type, to_date),
    ("to_timestamp", to_timestamp_type, to_timestamp),
    ("date_format", date_format_type, date_format),
    ("year", part_type, |a, _| part(a, |t| i32::from(t.year()))),
    ("month", part_type, |a, _| part(a, |t| i32::from(t.month()))),
    ("day", part_type, |a, _| part(a, |t| i32::from(t.day()))),
    ("hour", part_type, |a, _| part(a, |t| i32::from(t.hour()))),
    ("minute", part_type, |a, _| {
        part(a, |t| i32::from(t.minute()))
    }),
    ("second", part_type, |a, _| {
        part(a, |t| i32::from(t.second()))
    }),
    ("dayofyear", part_type, |a, _| {
        part(a, |t| i32::from(t.date().day_of_year()))
    }),
    ("date_add", date_add_type, |a, _| date_add(a, 1)),
    ("date_sub", date_add_type, |a, _| date_add(a, -1)),
    ("datediff", date_diff_type, date_diff),
    ("date_trunc", date_trunc_type, date_trunc),
    ("unix_timestamp", unix_type, unix_timestamp),
    ("from_unixtime", from_unix_type, from_unixtime),
];

fn is_time(of: &DataType) -> bool {
    matches!(of, DataType::Utf8 | DataType::Date32 | DataType::Null) || *of == TIMESTAMP
}

fn to_date_type(of: &[DataType]) -> Result<DataType> {
    match of {
        [a] | [a, DataType::Utf8] if is_time(a) => Ok(DataType::Date32),
        _ => Err(wrong(of)),
    }
}

fn to_timestamp_type(of: &[DataType]) -> Result<DataType> {
    match of {
        [a] | [a, DataType::Utf8] if is_time(a) => Ok(TIMESTAMP),
        _ => Err(wrong(of)),
    }
}

fn date_format_type(of: &[DataType]) -> Result<DataType> {
    match of {
        [a, DataType::Utf8] if is_time(a) => Ok(DataType::Utf8),
        _ => Err(wrong(of)),
    }
}

fn part_type(of: &[DataType]) -> Result<DataType> {
    match of {
        [a] if is_time(a) => Ok(DataType::Int32),
        _ => Err(wrong(of)),
    }
}

fn date_add_type(of: &[DataType]) -> Result<DataType> {
    match of {
        [a, b] if is_time(a) && (b.is_integer() && *b != DataType::Int64) => Ok(DataType::Date32),
        _ => Err(wrong(of)),
    }
}

fn date_diff_type(of: &[DataType]) -> Result<DataType> {
    match of {
        [a, b] if is_time(a) && is_time(b) => Ok(DataType::Int32),
        _ => Err(wrong(of)),
    }
}

fn date_trunc_type(of: &[DataType]) -> Result<DataType> {
    match of {
        [DataType::Utf8, b] if is_time(b) => Ok(TIMESTAMP),
        _ => Err(wrong(of)),
    }
}

fn unix_type(of: &[DataType]) -> Result<DataType> {
    match of {
        [a] | [a, DataType::Utf8] if is_time(a) => Ok(DataType::Int64),
        _ => Err(wrong(of)),
    }
}

fn from_unix_type(of: &[DataType]) -> Result<DataType> {
    match of {
        [a] | [a, DataType::Utf8] if a.is_integer() || *a == DataType::Utf8 => Ok(DataType::Utf8),
        _ => Err(wrong(of)),
    }
}

/// The one pattern all rows have; a pattern that differs from row to row is not executed.
fn pattern(arrays: &[ArrayRef], at: usize) -> Result<Option<Pattern>> {
    let array = argument(arrays, at, &DataType::Utf8)?;
    let texts = array.as_string::<i32>();
    let mut found: Option<&str> = None;
    for text in texts.iter() {
        match (text, found) {
            (Some(text), Some(known)) if text != known => {
                return Err(Error::Unsupported(
                    "a date pattern that differs from row to row is not executed by windfarm"
                        .to_owned(),
                ));
            }
            (Some(text), _) => found = Some(text),
            (None, _) => {}
        }
    }
    found.map(Pattern::parse).transpose()
}

/// Text read by a pattern, as microseconds.
fn read(arrays: &[ArrayRef]) -> Result<TimestampMicrosecondArray> {
    let pattern = pattern(arrays, 1)?;
    let text = argument(arrays, 0, &DataType::Utf8)?;
    let values = text.as_string::<i32>().iter().map(|text| {
        let at = pattern.as_ref()?.read(text?)?;
        Some(calendar::micros(at))
    });
    Ok(values.collect())
}

fn is_text(arrays: &[ArrayRef]) -> bool {
    arrays
        .first()
        .is_some_and(|a| *a.data_type() == DataType::Utf8)
}

fn to_date(arrays: &[ArrayRef], to: &DataType) -> Result<ArrayRef> {
    if arrays.len() == 2 && is_text(arrays) {
        let read: ArrayRef = Arc::new(read(arrays)?);
        return argument(&[read], 0, to);
    }
    argument(arrays, 0, to)
}

fn to_timestamp(arrays: &[ArrayRef], to: &DataType) -> Result<ArrayRef> {
    if arrays.len() == 2 && is_text(arrays) {
        return Ok(Arc::new(read(arrays)?));
    }
    argument(arrays, 0, to)
}

fn instants(arrays: &[ArrayRef], at: usize) -> Result<TimestampMicrosecondArray> {
    let array = argument(arrays, at, &TIMESTAMP)?;
    Ok(array.as_primitive::<TimestampMicrosecondType>().clone())
}

fn date_format(arrays: &[ArrayRef], _: &DataType) -> Result<ArrayRef> {
    let pattern = pattern(arrays, 1)?;
    let values = instants(arrays, 0)?;
    let values = values
        .iter()
        .map(|v| Some(pattern.as_ref()?.format(datetime(v?)?)));
    Ok(Arc::new(values.collect::<StringArray>()))
}

fn part(arrays: &[ArrayRef], of: impl Fn(DateTime) -> i32) -> Result<ArrayRef> {
    let values = instants(arrays, 0)?;
    let values = values.iter().map(|v| Some(of(datetime(v?)?)));
    Ok(Arc::new(values.collect::<Int32Array>()))
}

fn date_add(arrays: &[ArrayRef], sign: i32) -> Result<ArrayRef> {
    let dates = argument(arrays, 0, &DataType::Date32)?;
    let counts = argument(arrays, 1, &DataType::Int32)?;
    let rows = dates
        .as_primitive::<Date32Type>()
        .iter()
        .zip(counts.as_primitive::<Int32Type>());
    let values = rows.map(|(date, count)| Some(date?.wrapping_add(count?.wrapping_mul(sign))));
    Ok(Arc::new(values.collect::<Date32Array>()))
}

fn date_diff(arrays: &[ArrayRef], _: &DataType) -> Result<ArrayRef> {
    let end = argument(arrays, 0, &DataType::Date32)?;
    let start = argument(arrays, 1, &DataType::Date32)?;
    let rows = end
        .as_primitive::<Date32Type>()
        .iter()
        .zip(start.as_primitive::<Date32Type>());
    let values = rows.map(|(end, start)| Some(end?.wrapping_sub(start?)));
    Ok(Arc::new(values.collect::<Int32Array>()))
}

/// An unknown unit is NULL.
fn date_trunc(arrays: &[ArrayRef], _: &DataType) -> Result<ArrayRef> {
    let units = argument(arrays, 0, &DataType::Utf8)?;
    let values = instants(arrays, 1)?;
    let rows = units.as_string::<i32>().iter().zip(values.iter());
    let values = rows.map(|(unit, value)| truncated(unit?, value?));
    Ok(Arc::new(values.collect::<TimestampMicrosecondArray>()))
}

fn truncated(unit: &str, value: i64) -> Option<i64> {
    let at = datetime(value)?;
    let midnight = |date: jiff::civil::Date| Some(i64::from(days(date)) * calendar::DAY_MICROS);
    let cut = |micros: i64| Some(value - value.rem_euclid(micros));
    match unit.to_ascii_lowercase().as_str() {
        "year" | "yyyy" | "yy" => midnight(at.date().first_of_year()),
        "quarter" => {
            let month = (at.month() - 1) / 3 * 3 + 1;
            midnight(jiff::civil::Date::new(at.year(), month, 1).ok()?)
        }
        "month" | "mon" | "mm" => midnight(at.date().first_of_month()),
        "week" => {
            let back = i64::from(at.date().weekday().to_monday_zero_offset());
            Some((i64::from(days(at.date())) - back) * calendar::DAY_MICROS)
        }
        "day" | "dd" => cut(calendar::DAY_MICROS),
        "hour" => cut(3_600_000_000),
        "minute" => cut(60_000_000),
        "second" => cut(1_000_000),
        "millisecond" => cut(1_000),
        "microsecond" => Some(value),
        _ => None,
    }
}

/// Seconds since the epoch; text is read by the pattern, by default `yyyy-MM-dd HH:mm:ss`.
fn unix_timestamp(arrays: &[ArrayRef], _: &DataType) -> Result<ArrayRef> {
    let values = if is_text(arrays) {
        let mut arrays = arrays.to_vec();
        if arrays.len() == 1 {
            let rows = arrays.first().map_or(0, |a| a.len());
            arrays.push(Arc::new(StringArray::from(vec![
                "yyyy-MM-dd HH:mm:ss";
                rows
            ])));
        }
        read(&arrays)?
    } else {
        instants(arrays, 0)?
    };
    let values = values.iter().map(|v| v.map(|v| v.div_euclid(1_000_000)));
    Ok(Arc::new(values.collect::<Int64Array>()))
}

fn from_unixtime(arrays: &[ArrayRef], _: &DataType) -> Result<ArrayRef> {
    let pattern = match arrays.len() {
        2 => pattern(arrays, 1)?,
        _ => Some(Pattern::parse("yyyy-MM-dd HH:mm:ss")?),
    };
    let seconds = argument(arrays, 0, &DataType::Int64)?;
    let values = seconds.as_primitive::<Int64Type>().iter().map(|seconds| {
        let at = datetime(seconds?.checked_mul(1_000_000)?)?;
        Some(pattern.as_ref()?.format(at))
    });
    Ok(Arc::new(values.collect::<StringArray>()))
}
