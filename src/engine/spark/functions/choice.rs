//! `IN`, `greatest` and `least`.

use std::cmp::Ordering;
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, BooleanArray};
use datafusion::arrow::compute;
use datafusion::arrow::compute::kernels::cmp::eq;
use datafusion::arrow::datatypes::DataType;

use super::{Entry, argument, wrong};
use crate::engine::error::Result;
use crate::engine::spark::cast::TIMESTAMP;
use crate::engine::spark::operators::number_type;

pub const FUNCTIONS: &[Entry] = &[
    ("in", in_type, in_list),
    ("greatest", extreme_type, |a, to| {
        extreme(a, to, Ordering::Greater)
    }),
    ("least", extreme_type, |a, to| {
        extreme(a, to, Ordering::Less)
    }),
];

/// The type all values meet in without Spark's promotion to text.
fn common(of: &[DataType]) -> Option<DataType> {
    let mut known = of.iter().filter(|of| **of != DataType::Null);
    let Some(first) = known.next() else {
        return Some(DataType::Null);
    };
    let mut common = first.clone();
    for next in known {
        common = if common == *next {
            common
        } else {
            number_type(&common, next)?
        };
    }
    let comparable = common.is_numeric()
        || common == TIMESTAMP
        || matches!(
            common,
            DataType::Utf8 | DataType::Date32 | DataType::Boolean
        );
    comparable.then_some(common)
}

fn in_type(of: &[DataType]) -> Result<DataType> {
    match common(of) {
        Some(_) => Ok(DataType::Boolean),
        None => Err(wrong(of)),
    }
}

fn extreme_type(of: &[DataType]) -> Result<DataType> {
    match common(of) {
        Some(common) if of.len() >= 2 && common != DataType::Null => Ok(common),
        _ => Err(wrong(of)),
    }
}

fn ordered(arrays: &[ArrayRef], at: usize, to: &DataType) -> Result<ArrayRef> {
    let array = argument(arrays, at, to)?;
    if !to.is_floating() {
        return Ok(array);
    }
    super::arithmetic::float_order(&[array], to)
}

fn in_list(arrays: &[ArrayRef], _: &DataType) -> Result<ArrayRef> {
    let types: Vec<DataType> = arrays.iter().map(|a| a.data_type().clone()).collect();
    let to = common(&types).ok_or_else(|| wrong(&types))?;
    let rows = arrays.first().map_or(0, |a| a.len());
    if to == DataType::Null {
        return Ok(Arc::new(BooleanArray::new_null(rows)));
    }
    let value = ordered(arrays, 0, &to)?;
    let mut found = BooleanArray::from(vec![false; rows]);
    for at in 1..arrays.len() {
        let same = eq(&value, &ordered(arrays, at, &to)?)?;
        found = compute::or_kleene(&found, &same)?;
    }
    Ok(Arc::new(found))
}

/// NULLs are passed over; only NULLs give NULL.
fn extreme(arrays: &[ArrayRef], to: &DataType, wanted: Ordering) -> Result<ArrayRef> {
    use datafusion::arrow::array::make_comparator;
    use datafusion::arrow::compute::SortOptions;
    let mut best = ordered(arrays, 0, to)?;
    for at in 1..arrays.len() {
        let next = ordered(arrays, at, to)?;
        let compare = make_comparator(&next, &best, SortOptions::default())?;
        let takes_next = (0..best.len()).map(|row| {
            Some(next.is_valid(row) && (best.is_null(row) || compare(row, row) == wanted))
        });
        let takes_next: BooleanArray = takes_next.collect();
        best = compute::kernels::zip::zip(&takes_next, &next, &best)?;
    }
    Ok(best)
}
