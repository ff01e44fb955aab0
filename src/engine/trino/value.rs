//! One value of any type, and the way between values and Arrow arrays.

use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, BooleanArray, Date32Array, Decimal128Array,
    Float32Array, Float64Array, Int8Array, Int16Array, Int32Array, Int64Array, ListArray, MapArray,
    NullArray, StringArray, StructArray, TimestampMicrosecondArray, TimestampMillisecondArray,
};
use datafusion::arrow::buffer::{NullBuffer, OffsetBuffer, ScalarBuffer};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
    Int64Type, TimestampMicrosecondType, TimestampMillisecondType,
};
use datafusion::common::ScalarValue;

use super::calendar::{MICRO_PICOS, MILLI_PICOS, Zoned, ZonedTime};
use super::error::{Code, Result, TrinoError};
use super::types::Type;

/// A value; its type is kept beside it.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// NULL of any type.
    Null,
    /// `boolean`
    Boolean(bool),
    /// Whole numbers and intervals.
    Int(i64),
    /// `real`
    Real(f32),
    /// `double`
    Double(f64),
    /// `decimal`, unscaled.
    Decimal(i128),
    /// Text; `char` without trailing blanks.
    Text(String),
    /// `varbinary`
    Bytes(Vec<u8>),
    /// Days since the epoch.
    Date(i32),
    /// Picoseconds of the day.
    Time(i64),
    /// `time with time zone`
    ZonedTime(ZonedTime),
    /// Picoseconds since the epoch, without a zone.
    Timestamp(i128),
    /// `timestamp with time zone`
    Zoned(Zoned),
    /// `array`, and `row` by position.
    List(Vec<Value>),
    /// `map`, in the order of its construction.
    Map(Vec<(Value, Value)>),
}

impl Value {
    /// Whether it is NULL.
    pub const fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }
}

fn broken(what: impl std::fmt::Display) -> TrinoError {
    TrinoError::in_data(Code::GenericInternalError, what.to_string())
}

/// The array in the form this type is held in; other Arrow types of the same meaning are converted.
pub fn canonical(array: &ArrayRef, ty: &Type) -> Result<ArrayRef> {
    let wanted = ty.arrow();
    if *array.data_type() == DataType::Null || *array.data_type() == wanted {
        return Ok(Arc::clone(array));
    }
    // Nested values part by part: fields of a row are held by position, whatever a file calls them.
    match (array.data_type(), ty, &wanted) {
        (DataType::Struct(_), Type::Row(types), DataType::Struct(fields)) => {
            let row = array.as_struct();
            let parts = row.columns().iter().zip(types);
            let parts = parts.map(|(part, (_, ty))| canonical(part, ty));
            let parts = parts.collect::<Result<Vec<_>>>()?;
            let nulls = row.nulls().cloned();
            let held = StructArray::try_new_with_length(fields.clone(), parts, nulls, row.len());
            Ok(Arc::new(held.map_err(broken)?))
        }
        (DataType::List(_), Type::Array(item), DataType::List(field)) => {
            let list = array.as_list::<i32>();
            let items = canonical(list.values(), item)?;
            let (offsets, nulls) = (list.offsets().clone(), list.nulls().cloned());
            let held = ListArray::try_new(Arc::clone(field), offsets, items, nulls);
            Ok(Arc::new(held.map_err(broken)?))
        }
        (DataType::Map(_, _), Type::Map(key, value), DataType::Map(entries, _)) => {
            let map = array.as_map();
            let DataType::Struct(fields) = entries.data_type() else {
                return Err(broken("entries of a map"));
            };
            let parts = vec![canonical(map.keys(), key)?, canonical(map.values(), value)?];
            let held = StructArray::try_new(fields.clone(), parts, None).map_err(broken)?;
            let (offsets, nulls) = (map.offsets().clone(), map.nulls().cloned());
            let held = MapArray::try_new(Arc::clone(entries), offsets, held, nulls, false);
            Ok(Arc::new(held.map_err(broken)?))
        }
        _ => cast(array, &wanted).map_err(broken),
    }
}

/// The value at a row of a canonical array.
pub fn value_at(array: &dyn Array, ty: &Type, row: usize) -> Result<Value> {
    if *array.data_type() == DataType::Null || array.is_null(row) {
        return Ok(Value::Null);
    }
    let wrong = || broken(format!("{ty} is held as {}", array.data_type()));
    macro_rules! primitive {
        ($arrow:ty, $wrap:expr) => {{
            let array = array.as_primitive_opt::<$arrow>().ok_or_else(wrong)?;
            $wrap(array.value(row).into())
        }};
    }
    Ok(match ty {
        Type::Unknown => Value::Null,
        Type::Boolean => Value::Boolean(array.as_boolean_opt().ok_or_else(wrong)?.value(row)),
        Type::Tinyint => primitive!(Int8Type, Value::Int),
        Type::Smallint => primitive!(Int16Type, Value::Int),
        Type::Integer | Type::IntervalYear => primitive!(Int32Type, Value::Int),
        Type::Bigint | Type::IntervalDay | Type::BingTile => primitive!(Int64Type, Value::Int),
        Type::Time(_) => primitive!(Int64Type, Value::Time),
        Type::TimeTz(_) => {
            let packed: i128 = primitive!(Decimal128Type, std::convert::identity);
            Value::ZonedTime(ZonedTime::unpack(packed).ok_or_else(wrong)?)
        }
        Type::Real => primitive!(Float32Type, Value::Real),
        Type::Double => primitive!(Float64Type, Value::Double),
        Type::Decimal(..) => primitive!(Decimal128Type, Value::Decimal),
        Type::Date => primitive!(Date32Type, Value::Date),
        Type::Timestamp(p) => Value::Timestamp(match p {
            0..=3 => {
                let millis: i64 = primitive!(TimestampMillisecondType, std::convert::identity);
                i128::from(millis) * i128::from(MILLI_PICOS)
            }
            4..=6 => {
                let micros: i64 = primitive!(TimestampMicrosecondType, std::convert::identity);
                i128::from(micros) * i128::from(MICRO_PICOS)
            }
            _ => primitive!(Decimal128Type, std::convert::identity),
        }),
        Type::TimestampTz(0..=3) => {
            Value::Zoned(Zoned::unpack(primitive!(Int64Type, std::convert::identity)))
        }
        Type::TimestampTz(_) => {
            let packed: i128 = primitive!(Decimal128Type, std::convert::identity);
            Value::Zoned(Zoned::unpack_long(packed).ok_or_else(wrong)?)
        }
        Type::Varchar(_) | Type::Char(_) | Type::Json => Value::Text(
            array
                .as_string_opt::<i32>()
                .ok_or_else(wrong)?
                .value(row)
                .to_string(),
        ),
        Type::Varbinary | Type::Uuid | Type::IpAddress => Value::Bytes(
            array
                .as_binary_opt::<i32>()
                .ok_or_else(wrong)?
                .value(row)
                .to_vec(),
        ),
        Type::Array(item) => {
            let items = array.as_list_opt::<i32>().ok_or_else(wrong)?.value(row);
            Value::List(values(&items, item)?)
        }
        Type::Map(key, value) => {
            let entries = array.as_map_opt().ok_or_else(wrong)?.value(row);
            let keys = values(entries.column(0), key)?;
            Value::Map(
                keys.into_iter()
                    .zip(values(entries.column(1), value)?)
                    .collect(),
            )
        }
        Type::Row(fields) => {
            let row_array = array.as_struct_opt().ok_or_else(wrong)?;
            Value::List(
                fields
                    .iter()
                    .zip(row_array.columns())
                    .map(|((_, ty), column)| value_at(column, ty, row))
                    .collect::<Result<_>>()?,
            )
        }
    })
}

/// All values of an array.
pub fn values(array: &ArrayRef, ty: &Type) -> Result<Vec<Value>> {
    let array = canonical(array, ty)?;
    (0..array.len())
        .map(|row| value_at(&array, ty, row))
        .collect()
}

fn too_far() -> TrinoError {
    TrinoError::in_data(Code::InvalidFunctionArgument, "Timestamp is out of range")
}

/// A time in Arrow's unit.
fn count(picos: i128, unit: i64) -> Result<i64> {
    i64::try_from(picos.div_euclid(i128::from(unit))).map_err(|_| too_far())
}

/// Times too wide for 64 bits.
fn wide(packed: Decimal128Array) -> Result<ArrayRef> {
    Ok(Arc::new(
        packed.with_precision_and_scale(38, 0).map_err(broken)?,
    ))
}

/// Values into an array of their type.
pub fn array_of(values: Vec<Value>, ty: &Type) -> Result<ArrayRef> {
    let wrong = |value: &Value| broken(format!("{value:?} is not {ty}"));
    macro_rules! collect {
        ($array:ty, $pattern:pat => $made:expr) => {{
            let items = values
                .iter()
                .map(|value| match value {
                    Value::Null => Ok(None),
                    $pattern => Ok(Some($made)),
                    other => Err(wrong(other)),
                })
                .collect::<Result<Vec<_>>>()?;
            <$array>::from_iter(items)
        }};
    }
    Ok(match ty {
        Type::Unknown => Arc::new(NullArray::new(values.len())),
        Type::Boolean => Arc::new(collect!(BooleanArray, Value::Boolean(b) => *b)),
        Type::Tinyint => Arc::new(collect!(Int8Array, Value::Int(i) => *i as i8)),
        Type::Smallint => Arc::new(collect!(Int16Array, Value::Int(i) => *i as i16)),
        Type::Integer | Type::IntervalYear => {
            Arc::new(collect!(Int32Array, Value::Int(i) => *i as i32))
        }
        Type::Bigint | Type::IntervalDay | Type::BingTile => {
            Arc::new(collect!(Int64Array, Value::Int(i) => *i))
        }
        Type::Time(_) => Arc::new(collect!(Int64Array, Value::Time(picos) => *picos)),
        Type::TimeTz(_) => wide(collect!(Decimal128Array, Value::ZonedTime(t) => t.pack()))?,
        // One NaN: the machine's own has a sign, and Arrow would sort it first.
        Type::Real => Arc::new(
            collect!(Float32Array, Value::Real(x) => if x.is_nan() { f32::NAN } else { *x }),
        ),
        Type::Double => Arc::new(
            collect!(Float64Array, Value::Double(x) => if x.is_nan() { f64::NAN } else { *x }),
        ),
        Type::Decimal(precision, scale) => Arc::new(
            collect!(Decimal128Array, Value::Decimal(d) => *d)
                .with_precision_and_scale(*precision, i8::try_from(*scale).unwrap_or(0))
                .map_err(broken)?,
        ),
        Type::Date => Arc::new(collect!(Date32Array, Value::Date(d) => *d)),
        Type::Timestamp(0..=3) => Arc::new(
            collect!(TimestampMillisecondArray, Value::Timestamp(t) => count(*t, MILLI_PICOS)?),
        ),
        Type::Timestamp(4..=6) => Arc::new(
            collect!(TimestampMicrosecondArray, Value::Timestamp(t) => count(*t, MICRO_PICOS)?),
        ),
        Type::Timestamp(_) => wide(collect!(Decimal128Array, Value::Timestamp(t) => *t))?,
        Type::TimestampTz(0..=3) => {
            Arc::new(collect!(Int64Array, Value::Zoned(t) => t.pack().ok_or_else(too_far)?))
        }
        Type::TimestampTz(_) => wide(collect!(Decimal128Array, Value::Zoned(t) => t.pack_long()))?,
        Type::Varchar(_) | Type::Char(_) | Type::Json => {
            Arc::new(collect!(StringArray, Value::Text(s) => s.as_str()))
        }
        Type::Varbinary | Type::Uuid | Type::IpAddress => {
            Arc::new(collect!(BinaryArray, Value::Bytes(b) => b.as_slice()))
        }
        Type::Array(item) => {
            let (mut items, mut offsets, mut valid) = (Vec::new(), vec![0_i32], Vec::new());
            for value in values {
                valid.push(!value.is_null());
                match value {
                    Value::Null => {}
                    Value::List(list) => items.extend(list),
                    other => return Err(wrong(&other)),
                }
                offsets.push(i32::try_from(items.len()).map_err(broken)?);
            }
            let DataType::List(field) = ty.arrow() else {
                return Err(broken(ty));
            };
            Arc::new(
                ListArray::try_new(
                    field,
                    OffsetBuffer::new(ScalarBuffer::from(offsets)),
                    array_of(items, item)?,
                    Some(NullBuffer::from(valid)),
                )
                .map_err(broken)?,
            )
        }
        Type::Map(key, item) => {
            let (mut keys, mut items) = (Vec::new(), Vec::new());
            let (mut offsets, mut valid) = (vec![0_i32], Vec::new());
            for value in values {
                valid.push(!value.is_null());
                match value {
                    Value::Null => {}
                    Value::Map(entries) => {
                        for (k, v) in entries {
                            keys.push(k);
                            items.push(v);
                        }
                    }
                    other => return Err(wrong(&other)),
                }
                offsets.push(i32::try_from(keys.len()).map_err(broken)?);
            }
            let DataType::Map(entries, _) = ty.arrow() else {
                return Err(broken(ty));
            };
            let DataType::Struct(fields) = entries.data_type() else {
                return Err(broken(ty));
            };
            let columns = vec![array_of(keys, key)?, array_of(items, item)?];
            let pairs = StructArray::try_new(fields.clone(), columns, None).map_err(broken)?;
            Arc::new(
                MapArray::try_new(
                    entries,
                    OffsetBuffer::new(ScalarBuffer::from(offsets)),
                    pairs,
                    Some(NullBuffer::from(valid)),
                    false,
                )
                .map_err(broken)?,
            )
        }
        Type::Row(fields) => {
            let rows = values.len();
            let mut columns: Vec<Vec<Value>> = vec![Vec::with_capacity(rows); fields.len()];
            let mut valid = Vec::with_capacity(rows);
            for value in values {
                valid.push(!value.is_null());
                let parts = match value {
                    Value::List(parts) => parts,
                    _ => Vec::new(),
                };
                let mut parts = parts.into_iter();
                for column in &mut columns {
                    column.push(parts.next().unwrap_or(Value::Null));
                }
            }
            let DataType::Struct(arrow_fields) = ty.arrow() else {
                return Err(broken(ty));
            };
            let columns = columns
                .into_iter()
                .zip(fields)
                .map(|(column, (_, ty))| array_of(column, ty))
                .collect::<Result<Vec<_>>>()?;
            Arc::new(
                StructArray::try_new(arrow_fields, columns, Some(NullBuffer::from(valid)))
                    .map_err(broken)?,
            )
        }
    })
}

/// A value as DataFusion's literal.
pub fn scalar_of(value: Value, ty: &Type) -> Result<ScalarValue> {
    let array = array_of(vec![value], ty)?;
    ScalarValue::try_from_array(&array, 0).map_err(broken)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(ty: Type, all: Vec<Value>) {
        let array = array_of(all.clone(), &ty).unwrap();
        assert_eq!(*array.data_type(), ty.arrow());
        assert_eq!(values(&array, &ty).unwrap(), all);
    }

    #[test]
    fn values_survive_the_way_through_arrow() {
        check(Type::Bigint, vec![Value::Int(1), Value::Null]);
        check(
            Type::Timestamp(3),
            vec![Value::Timestamp(-i128::from(MILLI_PICOS)), Value::Null],
        );
        check(Type::Timestamp(12), vec![Value::Timestamp(-1), Value::Null]);
        check(Type::Time(12), vec![Value::Time(1), Value::Null]);
        let zoned = Zoned::at(-1, 7).unwrap();
        check(Type::TimestampTz(9), vec![Value::Zoned(zoned), Value::Null]);
        let time = ZonedTime {
            picos: 1,
            offset: -5,
        };
        check(Type::TimeTz(0), vec![Value::ZonedTime(time), Value::Null]);
        check(Type::Decimal(10, 2), vec![Value::Decimal(-125)]);
        let map = Type::Map(Box::new(Type::Varchar(None)), Box::new(Type::Double));
        let entry = (Value::Text("k".into()), Value::Double(0.5));
        check(
            map.clone(),
            vec![Value::Map(vec![entry.clone()]), Value::Null],
        );
        let row = Type::Row(vec![(None, Type::Boolean), (Some("m".into()), map)]);
        check(
            Type::Array(Box::new(row)),
            vec![
                Value::List(vec![Value::List(vec![
                    Value::Null,
                    Value::Map(vec![entry]),
                ])]),
                Value::List(vec![]),
                Value::Null,
            ],
        );
    }
}
