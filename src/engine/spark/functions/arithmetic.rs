//! Division, remainders and rounding.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, Float32Array, Float64Array, Int64Array};
use datafusion::arrow::compute;
use datafusion::arrow::datatypes::{DataType, Float32Type, Float64Type, Int64Type};

use super::{Entry, argument, wrong};
use crate::engine::error::Result;
use crate::engine::spark::cast;
use crate::engine::spark::operators::arithmetic_type;
use crate::engine::table::json_value::Decimal;

pub const FUNCTIONS: &[Entry] = &[
    ("divide", two_doubles, divide),
    ("remainder", two_numbers, remainder),
    ("div", two_longs, div),
    ("float_order", one_float, float_order),
    ("abs", one_number, abs),
    ("floor", one_to_long, |a, _| rounded(a, f64::floor)),
    ("ceil", one_to_long, |a, _| rounded(a, f64::ceil)),
    ("round", round_type, round),
    ("sqrt", one_double, |a, _| double(a, f64::sqrt)),
    ("exp", one_double, |a, _| double(a, f64::exp)),
    ("isnan", is_nan_type, is_nan),
    ("pow", two_doubles, |a, _| {
        doubles(a, |x, y| Some(x.powf(y)))
    }),
    ("sum_argument", aggregated_type, aggregated),
    ("avg_argument", aggregated_type, aggregated),
    ("stddev_samp_argument", aggregated_type, aggregated),
    ("stddev_pop_argument", aggregated_type, aggregated),
    ("var_samp_argument", aggregated_type, aggregated),
    ("var_pop_argument", aggregated_type, aggregated),
];

fn is_number(of: &DataType) -> bool {
    matches!(of, DataType::Utf8 | DataType::Null)
        || of.is_integer()
        || of.is_floating()
        || of.is_decimal()
}

fn two_doubles(of: &[DataType]) -> Result<DataType> {
    match of {
        // A quotient of decimals is a decimal in Spark: another function.
        [a, b]
            if is_number(a)
                && is_number(b)
                && arithmetic_type(a, b).is_some_and(|t| !t.is_decimal()) =>
        {
            Ok(DataType::Float64)
        }
        _ => Err(wrong(of)),
    }
}

fn two_numbers(of: &[DataType]) -> Result<DataType> {
    match of {
        [a, b] => arithmetic_type(a, b)
            .filter(|t| !t.is_decimal())
            .ok_or_else(|| wrong(of)),
        _ => Err(wrong(of)),
    }
}

fn two_longs(of: &[DataType]) -> Result<DataType> {
    match of {
        [a, b] if a.is_integer() && b.is_integer() => Ok(DataType::Int64),
        _ => Err(wrong(of)),
    }
}

fn one_float(of: &[DataType]) -> Result<DataType> {
    match of {
        [a] if a.is_floating() => Ok(a.clone()),
        [DataType::Null] => Ok(DataType::Float64),
        _ => Err(wrong(of)),
    }
}

fn one_number(of: &[DataType]) -> Result<DataType> {
    match of {
        [a] if a.is_integer() || a.is_floating() => Ok(a.clone()),
        [DataType::Utf8 | DataType::Null] => Ok(DataType::Float64),
        _ => Err(wrong(of)),
    }
}

fn one_to_long(of: &[DataType]) -> Result<DataType> {
    match of {
        [a] if is_number(a) && !a.is_decimal() => Ok(DataType::Int64),
        _ => Err(wrong(of)),
    }
}

fn one_double(of: &[DataType]) -> Result<DataType> {
    match of {
        [a] if is_number(a) => Ok(DataType::Float64),
        _ => Err(wrong(of)),
    }
}

fn is_nan_type(of: &[DataType]) -> Result<DataType> {
    one_double(of).map(|_| DataType::Boolean)
}

/// What an aggregate of numbers is computed from: fractions and text as doubles.
fn aggregated_type(of: &[DataType]) -> Result<DataType> {
    match of {
        [a] if a.is_integer() || a.is_decimal() => Ok(a.clone()),
        [a] if is_number(a) => Ok(DataType::Float64),
        _ => Err(wrong(of)),
    }
}

fn aggregated(arrays: &[ArrayRef], to: &DataType) -> Result<ArrayRef> {
    argument(arrays, 0, to)
}

fn round_type(of: &[DataType]) -> Result<DataType> {
    match of {
        [a] | [a, DataType::Int32] if a.is_integer() || a.is_floating() => Ok(a.clone()),
        [DataType::Utf8] | [DataType::Utf8, DataType::Int32] => Ok(DataType::Float64),
        _ => Err(wrong(of)),
    }
}

fn doubles(arrays: &[ArrayRef], f: impl Fn(f64, f64) -> Option<f64>) -> Result<ArrayRef> {
    let a = argument(arrays, 0, &DataType::Float64)?;
    let b = argument(arrays, 1, &DataType::Float64)?;
    let pairs = a
        .as_primitive::<Float64Type>()
        .iter()
        .zip(b.as_primitive::<Float64Type>());
    let values = pairs.map(|(a, b)| f(a?, b?));
    Ok(Arc::new(values.collect::<Float64Array>()))
}

fn double(arrays: &[ArrayRef], f: impl Fn(f64) -> f64) -> Result<ArrayRef> {
    let a = argument(arrays, 0, &DataType::Float64)?;
    let values = a.as_primitive::<Float64Type>().iter().map(|v| v.map(&f));
    Ok(Arc::new(values.collect::<Float64Array>()))
}

/// Nothing is divided by zero: the quotient is NULL.
fn divide(arrays: &[ArrayRef], _: &DataType) -> Result<ArrayRef> {
    doubles(arrays, |a, b| (b != 0.0).then_some(a / b))
}

fn longs(arrays: &[ArrayRef], f: impl Fn(i64, i64) -> Option<i64>) -> Result<ArrayRef> {
    let a = argument(arrays, 0, &DataType::Int64)?;
    let b = argument(arrays, 1, &DataType::Int64)?;
    let pairs = a
        .as_primitive::<Int64Type>()
        .iter()
        .zip(b.as_primitive::<Int64Type>());
    Ok(Arc::new(
        pairs.map(|(a, b)| f(a?, b?)).collect::<Int64Array>(),
    ))
}

fn remainder(arrays: &[ArrayRef], to: &DataType) -> Result<ArrayRef> {
    let values = if to.is_integer() {
        longs(arrays, |a, b| (b != 0).then(|| a.wrapping_rem(b)))?
    } else {
        doubles(arrays, |a, b| (b != 0.0).then_some(a % b))?
    };
    cast::cast(&values, to)
}

fn div(arrays: &[ArrayRef], _: &DataType) -> Result<ArrayRef> {
    longs(arrays, |a, b| (b != 0).then(|| a.wrapping_div(b)))
}

/// Floats whose bits order as Spark orders them: one zero, one NaN.
pub fn float_order(arrays: &[ArrayRef], to: &DataType) -> Result<ArrayRef> {
    let array = argument(arrays, 0, to)?;
    Ok(match array.as_primitive_opt::<Float32Type>() {
        Some(floats) => Arc::new(
            floats
                .iter()
                .map(|v| v.map(|v| if v.is_nan() { f32::NAN } else { v + 0.0 }))
                .collect::<Float32Array>(),
        ),
        None => Arc::new(
            array
                .as_primitive::<Float64Type>()
                .iter()
                .map(|v| v.map(|v| if v.is_nan() { f64::NAN } else { v + 0.0 }))
                .collect::<Float64Array>(),
        ),
    })
}

fn abs(arrays: &[ArrayRef], to: &DataType) -> Result<ArrayRef> {
    let values = if to.is_integer() {
        let array = argument(arrays, 0, &DataType::Int64)?;
        let values = array.as_primitive::<Int64Type>().iter();
        Arc::new(
            values
                .map(|v| v.map(i64::wrapping_abs))
                .collect::<Int64Array>(),
        )
    } else {
        double(arrays, f64::abs)?
    };
    cast::cast(&values, to)
}

fn rounded(arrays: &[ArrayRef], f: impl Fn(f64) -> f64) -> Result<ArrayRef> {
    if arrays.first().is_some_and(|a| a.data_type().is_integer()) {
        return argument(arrays, 0, &DataType::Int64);
    }
    cast::cast(&double(arrays, f)?, &DataType::Int64)
}

/// Half up, on the shortest decimal text of the number, as Spark's BigDecimal does.
fn round(arrays: &[ArrayRef], to: &DataType) -> Result<ArrayRef> {
    let rows = arrays.first().map_or(0, |a| a.len());
    let places = match arrays.get(1) {
        Some(places) => compute::cast(places, &DataType::Int64)?,
        None => Arc::new(Int64Array::from(vec![0; rows])),
    };
    let places = places.as_primitive::<Int64Type>().iter();
    let wide = argument(arrays, 0, &DataType::Float64)?;
    if to.is_integer() {
        let array = argument(arrays, 0, &DataType::Int64)?;
        let values = array.as_primitive::<Int64Type>().iter().zip(places);
        let values: ArrayRef = Arc::new(
            values
                .map(|(v, places)| round_long(v?, places?))
                .collect::<Int64Array>(),
        );
        return cast::cast(&values, to);
    }
    let values = wide.as_primitive::<Float64Type>().iter().zip(places);
    let values: ArrayRef = Arc::new(
        values
            .map(|(v, places)| Some(round_double(v?, places?)))
            .collect::<Float64Array>(),
    );
    cast::cast(&values, to)
}

fn round_long(value: i64, places: i64) -> Option<i64> {
    if places >= 0 {
        return Some(value);
    }
    let Some(unit) = u32::try_from(-places)
        .ok()
        .and_then(|p| 10i64.checked_pow(p))
    else {
        return Some(0);
    };
    let half = unit / 2;
    let (whole, rest) = (value / unit, value % unit);
    let up = i64::from(rest.abs() >= half) * value.signum();
    Some((whole + up).wrapping_mul(unit))
}

fn round_double(value: f64, places: i64) -> f64 {
    if !value.is_finite() {
        return value;
    }
    let Ok(scale) = i8::try_from(places.clamp(-38, 18)) else {
        return value;
    };
    Decimal::parse(&format!("{value:e}"))
        .and_then(|number| number.scaled(38, scale))
        .and_then(|scaled| format!("{scaled}e{}", -i32::from(scale)).parse().ok())
        // Too large for 38 digits: there is no fraction left to round.
        .unwrap_or(value)
}

fn is_nan(arrays: &[ArrayRef], _: &DataType) -> Result<ArrayRef> {
    use datafusion::arrow::array::BooleanArray;
    let array = argument(arrays, 0, &DataType::Float64)?;
    let values = array.as_primitive::<Float64Type>().iter();
    // NULL is not NaN: false.
    Ok(Arc::new(
        values
            .map(|v| Some(v.is_some_and(f64::is_nan)))
            .collect::<BooleanArray>(),
    ))
}
