//! Functions on text. Lengths and positions count Unicode code points.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, Int32Array, StringArray};
use datafusion::arrow::datatypes::{DataType, Int32Type};

use super::{Entry, argument, is_textual, wrong};
use crate::engine::error::{Error, Result};

pub const FUNCTIONS: &[Entry] = &[
    ("upper", texts::<1>, |a, _| each(a, |t| t.to_uppercase())),
    ("lower", texts::<1>, |a, _| each(a, |t| t.to_lowercase())),
    ("trim", texts::<1>, |a, _| {
        each(a, |t| t.trim_matches(' ').to_owned())
    }),
    ("ltrim", texts::<1>, |a, _| {
        each(a, |t| t.trim_start_matches(' ').to_owned())
    }),
    ("rtrim", texts::<1>, |a, _| {
        each(a, |t| t.trim_end_matches(' ').to_owned())
    }),
    ("reverse", texts::<1>, |a, _| {
        each(a, |t| t.chars().rev().collect())
    }),
    ("length", length_type, length),
    ("concat", any_texts, concat),
    ("concat_ws", some_texts, concat_ws),
    ("substring", substring_type, substring),
    ("replace", texts::<3>, replace),
    ("instr", instr_type, instr),
    ("startswith", affix_type, |a, _| {
        affix(a, |t, part| t.starts_with(part))
    }),
    ("endswith", affix_type, |a, _| {
        affix(a, |t, part| t.ends_with(part))
    }),
    ("contains", affix_type, |a, _| {
        affix(a, |t, part| t.contains(part))
    }),
];

fn texts<const N: usize>(of: &[DataType]) -> Result<DataType> {
    if of.len() == N && of.iter().all(is_textual) {
        Ok(DataType::Utf8)
    } else {
        Err(wrong(of))
    }
}

fn any_texts(of: &[DataType]) -> Result<DataType> {
    if of.iter().all(is_textual) {
        Ok(DataType::Utf8)
    } else {
        Err(wrong(of))
    }
}

fn some_texts(of: &[DataType]) -> Result<DataType> {
    if of.is_empty() {
        return Err(wrong(of));
    }
    any_texts(of)
}

fn length_type(of: &[DataType]) -> Result<DataType> {
    texts::<1>(of).map(|_| DataType::Int32)
}

fn instr_type(of: &[DataType]) -> Result<DataType> {
    texts::<2>(of).map(|_| DataType::Int32)
}

fn affix_type(of: &[DataType]) -> Result<DataType> {
    texts::<2>(of).map(|_| DataType::Boolean)
}

fn substring_type(of: &[DataType]) -> Result<DataType> {
    let whole = |of: &DataType| of.is_integer() || *of == DataType::Utf8;
    match of {
        [text, from] if is_textual(text) && whole(from) => Ok(DataType::Utf8),
        [text, from, length] if is_textual(text) && whole(from) && whole(length) => {
            Ok(DataType::Utf8)
        }
        _ => Err(wrong(of)),
    }
}

fn each(arrays: &[ArrayRef], f: impl Fn(&str) -> String) -> Result<ArrayRef> {
    let text = argument(arrays, 0, &DataType::Utf8)?;
    let values = text.as_string::<i32>().iter().map(|v| v.map(&f));
    Ok(Arc::new(values.collect::<StringArray>()))
}

fn count(chars: usize) -> i32 {
    i32::try_from(chars).unwrap_or(i32::MAX)
}

fn length(arrays: &[ArrayRef], _: &DataType) -> Result<ArrayRef> {
    let text = argument(arrays, 0, &DataType::Utf8)?;
    let values = text.as_string::<i32>().iter();
    let values = values.map(|v| v.map(|t| count(t.chars().count())));
    Ok(Arc::new(values.collect::<Int32Array>()))
}

fn all_texts(arrays: &[ArrayRef]) -> Result<Vec<ArrayRef>> {
    (0..arrays.len())
        .map(|at| argument(arrays, at, &DataType::Utf8))
        .collect()
}

/// NULL when any part is.
fn concat(arrays: &[ArrayRef], _: &DataType) -> Result<ArrayRef> {
    let texts = all_texts(arrays)?;
    let rows = texts.first().map_or(1, |a| a.len());
    let values = (0..rows).map(|row| {
        let mut whole = String::new();
        for part in &texts {
            let part = part.as_string::<i32>();
            if part.is_null(row) {
                return None;
            }
            whole.push_str(part.value(row));
        }
        Some(whole)
    });
    Ok(Arc::new(values.collect::<StringArray>()))
}

/// NULL parts are left out; a NULL separator makes all NULL.
fn concat_ws(arrays: &[ArrayRef], _: &DataType) -> Result<ArrayRef> {
    let texts = all_texts(arrays)?;
    let Some((separators, parts)) = texts.split_first() else {
        return Err(Error::Internal("no separator".to_owned()));
    };
    let separators = separators.as_string::<i32>();
    let values = separators.iter().enumerate().map(|(row, separator)| {
        let present = parts.iter().map(|part| part.as_string::<i32>());
        let present = present.filter(|part| part.is_valid(row));
        let present: Vec<&str> = present.map(|part| part.value(row)).collect();
        Some(present.join(separator?))
    });
    Ok(Arc::new(values.collect::<StringArray>()))
}

/// Positions count from 1, 0 is 1, negative ones count from the end.
fn substring(arrays: &[ArrayRef], _: &DataType) -> Result<ArrayRef> {
    let text = argument(arrays, 0, &DataType::Utf8)?;
    let from = argument(arrays, 1, &DataType::Int32)?;
    let from = from.as_primitive::<Int32Type>();
    let length = match arrays.len() {
        3 => Some(argument(arrays, 2, &DataType::Int32)?),
        _ => None,
    };
    let values = text
        .as_string::<i32>()
        .iter()
        .enumerate()
        .map(|(row, text)| {
            let text = text?;
            let from = from.is_valid(row).then(|| i64::from(from.value(row)))?;
            let length = match &length {
                None => i64::from(i32::MAX),
                Some(length) => {
                    let length = length.as_primitive::<Int32Type>();
                    length.is_valid(row).then(|| i64::from(length.value(row)))?
                }
            };
            let chars = i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
            let start = match from {
                1.. => from - 1,
                0 => 0,
                _ => chars + from,
            };
            let end = start.saturating_add(length).min(chars);
            // What lies before the text is cut off the length.
            let start = start.max(0);
            let take = usize::try_from(end.saturating_sub(start)).unwrap_or(0);
            let skip = usize::try_from(start).unwrap_or(usize::MAX);
            Some(text.chars().skip(skip).take(take).collect::<String>())
        });
    Ok(Arc::new(values.collect::<StringArray>()))
}

fn replace(arrays: &[ArrayRef], _: &DataType) -> Result<ArrayRef> {
    let texts = all_texts(arrays)?;
    let [text, from, to] = texts.as_slice() else {
        return Err(Error::Internal("replace takes three".to_owned()));
    };
    let rows = text
        .as_string::<i32>()
        .iter()
        .zip(from.as_string::<i32>())
        .zip(to.as_string::<i32>());
    let values = rows.map(|((text, from), to)| {
        let (text, from, to) = (text?, from?, to?);
        // Nothing is found where nothing is looked for.
        Some(if from.is_empty() {
            text.to_owned()
        } else {
            text.replace(from, to)
        })
    });
    Ok(Arc::new(values.collect::<StringArray>()))
}

fn instr(arrays: &[ArrayRef], _: &DataType) -> Result<ArrayRef> {
    let (text, part) = (
        argument(arrays, 0, &DataType::Utf8)?,
        argument(arrays, 1, &DataType::Utf8)?,
    );
    let rows = text.as_string::<i32>().iter().zip(part.as_string::<i32>());
    let values = rows.map(|(text, part)| {
        let text = text?;
        Some(text.find(part?).map_or(0, |at| {
            count(text.get(..at).map_or(0, |head| head.chars().count()) + 1)
        }))
    });
    Ok(Arc::new(values.collect::<Int32Array>()))
}

fn affix(arrays: &[ArrayRef], holds: impl Fn(&str, &str) -> bool) -> Result<ArrayRef> {
    use datafusion::arrow::array::BooleanArray;
    let (text, part) = (
        argument(arrays, 0, &DataType::Utf8)?,
        argument(arrays, 1, &DataType::Utf8)?,
    );
    let rows = text.as_string::<i32>().iter().zip(part.as_string::<i32>());
    let values = rows.map(|(text, part)| Some(holds(text?, part?)));
    Ok(Arc::new(values.collect::<BooleanArray>()))
}
