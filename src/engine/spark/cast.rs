//! Spark's `CAST` with ANSI mode off, as Glue 4 and 5 run: what cannot be cast is NULL.

use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, AsArray, BinaryArray, BooleanArray, Date32Array,
    Decimal128Array, Float32Array, Float64Array, Int8Array, Int16Array, Int32Array, Int64Array,
    StringArray, TimestampMicrosecondArray, new_null_array,
};
use datafusion::arrow::compute;
use datafusion::arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int64Type, TimeUnit,
    TimestampMicrosecondType,
};

use super::number;
use crate::engine::calendar::{
    self, DAY_MICROS, format_date, format_timestamp, parse_spark_date, parse_spark_timestamp,
};
use crate::engine::error::{Error, Result};

/// Arrow's type of a timestamp without a zone.
pub const TIMESTAMP: DataType = DataType::Timestamp(TimeUnit::Microsecond, None);

/// An array in one of the types Spark has: no views, dictionaries, unsigned numbers or zones.
pub fn plain(array: &ArrayRef) -> Result<ArrayRef> {
    let to = plain_type(array.data_type());
    if to == *array.data_type() {
        return Ok(Arc::clone(array));
    }
    Ok(compute::cast(array, &to)?)
}

/// The type [`plain`] gives.
pub fn plain_type(of: &DataType) -> DataType {
    match of {
        DataType::LargeUtf8 | DataType::Utf8View => DataType::Utf8,
        DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => {
            DataType::Binary
        }
        DataType::UInt8 => DataType::Int16,
        DataType::UInt16 => DataType::Int32,
        DataType::UInt32 | DataType::UInt64 => DataType::Int64,
        DataType::Float16 => DataType::Float32,
        DataType::Date64 => DataType::Date32,
        DataType::Timestamp(_, _) => TIMESTAMP,
        DataType::Dictionary(_, value) => plain_type(value),
        other => other.clone(),
    }
}

/// Whether Spark has this cast and it is executed.
pub fn is_castable(from: &DataType, to: &DataType) -> bool {
    use DataType::*;
    let number = |of: &DataType| of.is_integer() || of.is_floating() || of.is_decimal();
    let (from, to) = (plain_type(from), plain_type(to));
    match (&from, &to) {
        (a, b) if a == b => true,
        (Null, _) => true,
        (Utf8, Boolean | Date32 | Binary) => true,
        (Utf8, b) => number(b) || *b == TIMESTAMP,
        (Boolean, b) => number(b) || *b == Utf8,
        (a, Boolean | Utf8) if number(a) => true,
        (a, b) if number(a) && number(b) => true,
        (a, b) if *b == TIMESTAMP => a.is_integer() || a.is_floating() || *a == Date32,
        (a, b) if *a == TIMESTAMP => *b == Int64 || *b == Float64 || matches!(b, Date32 | Utf8),
        (Date32 | Binary, Utf8) => true,
        _ => false,
    }
}

/// Casts an array.
pub fn cast(array: &ArrayRef, to: &DataType) -> Result<ArrayRef> {
    let array = plain(array)?;
    let from = array.data_type().clone();
    if from == *to {
        return Ok(array);
    }
    if !is_castable(&from, to) {
        return Err(Error::Unsupported(format!(
            "CAST from {} to {} is not executed by windfarm",
            name(&from),
            name(to)
        )));
    }
    match &from {
        DataType::Null => Ok(new_null_array(to, array.len())),
        DataType::Utf8 => from_text(array.as_string(), to),
        DataType::Boolean => from_boolean(array.as_boolean(), to),
        DataType::Float32 | DataType::Float64 => from_double(&array, to),
        DataType::Decimal128(_, scale) => {
            from_decimal(array.as_primitive::<Decimal128Type>(), *scale, to)
        }
        DataType::Date32 => from_date(array.as_primitive::<Date32Type>(), to),
        DataType::Timestamp(_, _) => {
            from_timestamp(array.as_primitive::<TimestampMicrosecondType>(), to)
        }
        DataType::Binary => {
            let bytes = array.as_binary::<i32>();
            let text = bytes
                .iter()
                .map(|value| value.map(|bytes| String::from_utf8_lossy(bytes).into_owned()));
            Ok(Arc::new(text.collect::<StringArray>()))
        }
        _ => {
            let wide = compute::cast(&array, &DataType::Int64)?;
            from_long(wide.as_primitive::<Int64Type>(), to)
        }
    }
}

/// The catalog's name of a type, for messages.
pub fn name(of: &DataType) -> String {
    crate::engine::table::types::hive_type(of)
        .map_or_else(|_| of.to_string(), |hive| hive.to_string())
}

fn refused(to: &DataType) -> Error {
    Error::Unsupported(format!("CAST to {} is not executed by windfarm", name(to)))
}

fn decimals(
    values: impl Iterator<Item = Option<i128>>,
    precision: u8,
    scale: i8,
) -> Result<ArrayRef> {
    let array: Decimal128Array = values.collect();
    Ok(Arc::new(array.with_precision_and_scale(precision, scale)?))
}

fn from_text(text: &StringArray, to: &DataType) -> Result<ArrayRef> {
    let long = |value: Option<&str>| value.and_then(number::text_to_long);
    Ok(match to {
        DataType::Boolean => Arc::new(
            text.iter()
                .map(|v| v.and_then(number::text_to_boolean))
                .collect::<BooleanArray>(),
        ),
        DataType::Int8 => Arc::new(
            text.iter()
                .map(|v| long(v).and_then(|v| i8::try_from(v).ok()))
                .collect::<Int8Array>(),
        ),
        DataType::Int16 => Arc::new(
            text.iter()
                .map(|v| long(v).and_then(|v| i16::try_from(v).ok()))
                .collect::<Int16Array>(),
        ),
        DataType::Int32 => Arc::new(
            text.iter()
                .map(|v| long(v).and_then(|v| i32::try_from(v).ok()))
                .collect::<Int32Array>(),
        ),
        DataType::Int64 => Arc::new(text.iter().map(long).collect::<Int64Array>()),
        DataType::Float32 => Arc::new(
            text.iter()
                .map(|v| v.and_then(number::text_to_double).map(|v| v as f32))
                .collect::<Float32Array>(),
        ),
        DataType::Float64 => Arc::new(
            text.iter()
                .map(|v| v.and_then(number::text_to_double))
                .collect::<Float64Array>(),
        ),
        DataType::Decimal128(precision, scale) => {
            let values = text
                .iter()
                .map(|v| v.and_then(|v| number::text_to_decimal(v, *precision, *scale)));
            decimals(values, *precision, *scale)?
        }
        DataType::Date32 => Arc::new(
            text.iter()
                .map(|v| v.and_then(parse_spark_date))
                .collect::<Date32Array>(),
        ),
        DataType::Binary => Arc::new(
            text.iter()
                .map(|v| v.map(str::as_bytes))
                .collect::<BinaryArray>(),
        ),
        to if *to == TIMESTAMP => Arc::new(
            text.iter()
                .map(|v| v.and_then(parse_spark_timestamp))
                .collect::<TimestampMicrosecondArray>(),
        ),
        other => return Err(refused(other)),
    })
}

fn from_boolean(values: &BooleanArray, to: &DataType) -> Result<ArrayRef> {
    if *to == DataType::Utf8 {
        let text = values.iter().map(|v| v.map(|v| v.to_string()));
        return Ok(Arc::new(text.collect::<StringArray>()));
    }
    let longs: Int64Array = values.iter().map(|v| v.map(i64::from)).collect();
    from_long(&longs, to)
}

/// Whole numbers wrap around, as Java's do.
fn from_long(values: &Int64Array, to: &DataType) -> Result<ArrayRef> {
    Ok(match to {
        DataType::Boolean => Arc::new(
            values
                .iter()
                .map(|v| v.map(|v| v != 0))
                .collect::<BooleanArray>(),
        ),
        DataType::Int8 => unary::<Int64Type, Int8Array, _>(values, |v| v as i8),
        DataType::Int16 => unary::<Int64Type, Int16Array, _>(values, |v| v as i16),
        DataType::Int32 => unary::<Int64Type, Int32Array, _>(values, |v| v as i32),
        DataType::Int64 => Arc::new(values.clone()),
        DataType::Float32 => unary::<Int64Type, Float32Array, _>(values, |v| v as f32),
        DataType::Float64 => unary::<Int64Type, Float64Array, _>(values, |v| v as f64),
        DataType::Decimal128(precision, scale) => {
            let scaled = values.iter().map(|v| {
                let factor = 10i128.checked_pow(u32::from(scale.unsigned_abs()))?;
                i128::from(v?)
                    .checked_mul(factor)
                    .filter(|v| fits(*v, *precision))
            });
            decimals(scaled, *precision, *scale)?
        }
        DataType::Utf8 => Arc::new(
            values
                .iter()
                .map(|v| v.map(|v| v.to_string()))
                .collect::<StringArray>(),
        ),
        to if *to == TIMESTAMP => Arc::new(
            values
                .iter()
                .map(|v| v.map(|v| v.saturating_mul(1_000_000)))
                .collect::<TimestampMicrosecondArray>(),
        ),
        other => return Err(refused(other)),
    })
}

fn fits(value: i128, precision: u8) -> bool {
    10i128
        .checked_pow(u32::from(precision))
        .is_none_or(|limit| value.unsigned_abs() < limit.unsigned_abs())
}

fn unary<F, A, T>(
    values: &datafusion::arrow::array::PrimitiveArray<F>,
    convert: impl Fn(F::Native) -> T,
) -> ArrayRef
where
    F: ArrowPrimitiveType,
    A: Array + FromIterator<Option<T>> + 'static,
{
    Arc::new(values.iter().map(|v| v.map(&convert)).collect::<A>())
}

/// Fractions are cut off; beyond the range of the integer its limit is taken; NaN is 0.
fn from_double(array: &ArrayRef, to: &DataType) -> Result<ArrayRef> {
    if *to == DataType::Utf8 {
        let text: StringArray = match array.as_primitive_opt::<Float32Type>() {
            Some(floats) => floats
                .iter()
                .map(|v| v.map(number::float_to_text))
                .collect(),
            None => array
                .as_primitive::<Float64Type>()
                .iter()
                .map(|v| v.map(number::double_to_text))
                .collect(),
        };
        return Ok(Arc::new(text));
    }
    if let DataType::Decimal128(precision, scale) = to {
        // Spark goes through the number's text.
        let text = from_double(array, &DataType::Utf8)?;
        let values = text.as_string::<i32>().iter();
        let values = values.map(|v| v.and_then(|v| number::text_to_decimal(v, *precision, *scale)));
        return decimals(values, *precision, *scale);
    }
    let wide = compute::cast(array, &DataType::Float64)?;
    let values = wide.as_primitive::<Float64Type>();
    Ok(match to {
        DataType::Boolean => Arc::new(
            values
                .iter()
                .map(|v| v.map(|v| v != 0.0))
                .collect::<BooleanArray>(),
        ),
        DataType::Int8 => unary::<Float64Type, Int8Array, _>(values, |v| v as i32 as i8),
        DataType::Int16 => unary::<Float64Type, Int16Array, _>(values, |v| v as i32 as i16),
        DataType::Int32 => unary::<Float64Type, Int32Array, _>(values, |v| v as i32),
        DataType::Int64 => unary::<Float64Type, Int64Array, _>(values, |v| v as i64),
        DataType::Float32 => unary::<Float64Type, Float32Array, _>(values, |v| v as f32),
        DataType::Float64 => wide,
        to if *to == TIMESTAMP => Arc::new(
            values
                .iter()
                .map(|v| v.filter(|v| v.is_finite()).map(|v| (v * 1e6) as i64))
                .collect::<TimestampMicrosecondArray>(),
        ),
        other => return Err(refused(other)),
    })
}

fn from_decimal(values: &Decimal128Array, scale: i8, to: &DataType) -> Result<ArrayRef> {
    let unit = 10i128.pow(u32::from(scale.unsigned_abs()).min(38));
    Ok(match to {
        DataType::Boolean => Arc::new(
            values
                .iter()
                .map(|v| v.map(|v| v != 0))
                .collect::<BooleanArray>(),
        ),
        DataType::Utf8 => Arc::new(
            values
                .iter()
                .map(|v| v.map(|v| number::decimal_to_text(v, scale)))
                .collect::<StringArray>(),
        ),
        DataType::Int8 => unary::<Decimal128Type, Int8Array, _>(values, |v| (v / unit) as i8),
        DataType::Int16 => unary::<Decimal128Type, Int16Array, _>(values, |v| (v / unit) as i16),
        DataType::Int32 => unary::<Decimal128Type, Int32Array, _>(values, |v| (v / unit) as i32),
        DataType::Int64 => unary::<Decimal128Type, Int64Array, _>(values, |v| (v / unit) as i64),
        DataType::Float32 | DataType::Float64 => {
            let text = values
                .iter()
                .map(|v| v.and_then(|v| number::decimal_to_text(v, scale).parse::<f64>().ok()));
            let doubles: ArrayRef = Arc::new(text.collect::<Float64Array>());
            compute::cast(&doubles, to)?
        }
        DataType::Decimal128(precision, wanted) => {
            let scaled = values.iter().map(|v| {
                let text = number::decimal_to_text(v?, scale);
                number::text_to_decimal(&text, *precision, *wanted)
            });
            decimals(scaled, *precision, *wanted)?
        }
        other => return Err(refused(other)),
    })
}

fn from_date(values: &Date32Array, to: &DataType) -> Result<ArrayRef> {
    Ok(match to {
        DataType::Utf8 => Arc::new(
            values
                .iter()
                .map(|v| v.and_then(format_date))
                .collect::<StringArray>(),
        ),
        to if *to == TIMESTAMP => Arc::new(
            values
                .iter()
                .map(|v| v.map(|v| i64::from(v) * DAY_MICROS))
                .collect::<TimestampMicrosecondArray>(),
        ),
        other => return Err(refused(other)),
    })
}

fn from_timestamp(values: &TimestampMicrosecondArray, to: &DataType) -> Result<ArrayRef> {
    Ok(match to {
        DataType::Utf8 => Arc::new(
            values
                .iter()
                .map(|v| v.and_then(format_timestamp))
                .collect::<StringArray>(),
        ),
        DataType::Date32 => Arc::new(
            values
                .iter()
                .map(|v| v.and_then(|v| calendar::datetime(v).map(|at| calendar::days(at.date()))))
                .collect::<Date32Array>(),
        ),
        DataType::Int64 => {
            unary::<TimestampMicrosecondType, Int64Array, _>(values, |v| v.div_euclid(1_000_000))
        }
        DataType::Float64 => {
            unary::<TimestampMicrosecondType, Float64Array, _>(values, |v| v as f64 / 1e6)
        }
        other => return Err(refused(other)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::table::types::arrow_type;
    use crate::engine::testing::shown;
    use crate::glue::hive_type::HiveType;

    fn check(values: ArrayRef, to: &str, expected: &[&str]) {
        let to = arrow_type(&to.parse::<HiveType>().unwrap());
        let array = cast(&values, &to).unwrap();
        assert_eq!(*array.data_type(), to);
        let batch = datafusion::arrow::array::RecordBatch::try_from_iter([("v", array)]).unwrap();
        assert_eq!(shown(&[batch]), expected);
    }

    fn text(values: &[&str]) -> ArrayRef {
        Arc::new(StringArray::from(values.to_vec()))
    }

    #[test]
    fn text_casts_or_is_null() {
        check(
            text(&["0.84", " 79 ", "nan", "x", ""]),
            "double",
            &["0.84", "79.0", "NaN", "NULL", "NULL"],
        );
        check(
            text(&["12", "12.9", "99999999999", "x"]),
            "int",
            &["12", "12", "NULL", "NULL"],
        );
        check(text(&["300", "-128"]), "tinyint", &["NULL", "-128"]);
        check(
            text(&["2025-04-30 14:35:00.775222", "30/04/2025"]),
            "date",
            &["2025-04-30", "NULL"],
        );
        check(
            text(&["2025-04-30 14:35:00.775222", "2025-04-30"]),
            "timestamp",
            &["2025-04-30T14:35:00.775222", "2025-04-30T00:00:00"],
        );
        check(text(&["1.005", "1e9"]), "decimal(5,2)", &["1.01", "NULL"]);
    }

    #[test]
    fn numbers_wrap_saturate_and_print_as_in_java() {
        check(
            Arc::new(Int64Array::from(vec![1 << 32, 300])),
            "int",
            &["0", "300"],
        );
        check(Arc::new(Int64Array::from(vec![300])), "tinyint", &["44"]);
        check(
            Arc::new(Float64Array::from(vec![1e20, f64::NAN, -2.9])),
            "int",
            &["2147483647", "0", "-2"],
        );
        check(
            Arc::new(Float64Array::from(vec![79.0, 1e7])),
            "string",
            &["79.0", "1.0E7"],
        );
        check(
            Arc::new(Float64Array::from(vec![0.125, 1e9])),
            "decimal(4,2)",
            &["0.13", "NULL"],
        );
        check(
            Arc::new(BooleanArray::from(vec![true, false])),
            "bigint",
            &["1", "0"],
        );
        check(
            Arc::new(TimestampMicrosecondArray::from(vec![-1])),
            "bigint",
            &["-1"],
        );
        check(
            Arc::new(TimestampMicrosecondArray::from(vec![-1])),
            "date",
            &["1969-12-31"],
        );
        check(
            Arc::new(Date32Array::from(vec![1])),
            "timestamp",
            &["1970-01-02T00:00:00"],
        );
    }

    #[test]
    fn what_spark_has_no_cast_for_is_refused() {
        let dates: ArrayRef = Arc::new(Date32Array::from(vec![1]));
        let why = cast(&dates, &DataType::Int32).unwrap_err().to_string();
        assert_eq!(
            why,
            "NOT_SUPPORTED: CAST from date to int is not executed by windfarm"
        );
    }
}
