//! What Arrow holds for each column type of the catalog, and the reverse.

use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, TimeUnit};

use crate::glue::hive_type::HiveType;

/// The Arrow type in which a column is read, computed with and written.
///
/// Timestamps have microseconds: Hive and Iceberg hold no more, and Athena shows three digits.
/// Lengths of `char` and `varchar` are not part of it; whoever needs them looks at the catalog.
pub fn arrow_type(of: &HiveType) -> DataType {
    match of {
        HiveType::Boolean => DataType::Boolean,
        HiveType::TinyInt => DataType::Int8,
        HiveType::SmallInt => DataType::Int16,
        HiveType::Int => DataType::Int32,
        HiveType::BigInt => DataType::Int64,
        HiveType::Float => DataType::Float32,
        HiveType::Double => DataType::Float64,
        HiveType::Decimal { precision, scale } => {
            DataType::Decimal128(*precision, i8::try_from(*scale).unwrap_or(0))
        }
        HiveType::Void | HiveType::String | HiveType::Varchar(_) | HiveType::Char(_) => {
            DataType::Utf8
        }
        HiveType::Binary => DataType::Binary,
        HiveType::Date => DataType::Date32,
        HiveType::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, None),
        HiveType::Array(element) => {
            DataType::List(Arc::new(Field::new("element", arrow_type(element), true)))
        }
        HiveType::Map(key, value) => {
            let pair = vec![
                Field::new("key", arrow_type(key), false),
                Field::new("value", arrow_type(value), true),
            ];
            let entries = Field::new("entries", DataType::Struct(pair.into()), false);
            DataType::Map(Arc::new(entries), false)
        }
        HiveType::Struct(fields) => DataType::Struct(
            fields
                .iter()
                .map(|(name, of)| Field::new(name.to_lowercase(), arrow_type(of), true))
                .collect(),
        ),
    }
}

/// The catalog type of an Arrow type; the error names what has none.
pub fn hive_type(of: &DataType) -> Result<HiveType, String> {
    Ok(match of {
        DataType::Null => HiveType::Void,
        DataType::Boolean => HiveType::Boolean,
        DataType::Int8 => HiveType::TinyInt,
        DataType::Int16 | DataType::UInt8 => HiveType::SmallInt,
        DataType::Int32 | DataType::UInt16 => HiveType::Int,
        DataType::Int64 | DataType::UInt32 => HiveType::BigInt,
        DataType::UInt64 => HiveType::Decimal {
            precision: 20,
            scale: 0,
        },
        DataType::Float16 | DataType::Float32 => HiveType::Float,
        DataType::Float64 => HiveType::Double,
        DataType::Decimal32(precision, scale)
        | DataType::Decimal64(precision, scale)
        | DataType::Decimal128(precision, scale) => HiveType::Decimal {
            precision: *precision,
            scale: u8::try_from(*scale)
                .map_err(|_| format!("the catalog has no column type for {of}"))?,
        },
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => HiveType::String,
        DataType::Binary
        | DataType::LargeBinary
        | DataType::BinaryView
        | DataType::FixedSizeBinary(_) => HiveType::Binary,
        DataType::Date32 | DataType::Date64 => HiveType::Date,
        DataType::Timestamp(_, _) => HiveType::Timestamp,
        DataType::Dictionary(_, value) => hive_type(value)?,
        DataType::List(element) | DataType::LargeList(element) => {
            HiveType::Array(Box::new(hive_type(element.data_type())?))
        }
        DataType::Struct(fields) => HiveType::Struct(
            fields
                .iter()
                .map(|field| Ok((field.name().to_lowercase(), hive_type(field.data_type())?)))
                .collect::<Result<_, String>>()?,
        ),
        DataType::Map(entries, _) => {
            let pair = match entries.data_type() {
                DataType::Struct(fields) => fields.as_ref(),
                _ => &[],
            };
            let [key, value] = pair else {
                return Err("a map without key and value".to_owned());
            };
            HiveType::Map(
                Box::new(hive_type(key.data_type())?),
                Box::new(hive_type(value.data_type())?),
            )
        }
        other => return Err(format!("the catalog has no column type for {other}")),
    })
}

/// Whether a partition column may have this type.
pub fn is_scalar(of: &HiveType) -> bool {
    !matches!(
        of,
        HiveType::Array(_) | HiveType::Map(..) | HiveType::Struct(_)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_comes_back_from_arrow() {
        for text in [
            "boolean",
            "tinyint",
            "smallint",
            "int",
            "bigint",
            "float",
            "double",
            "decimal(20,4)",
            "string",
            "binary",
            "date",
            "timestamp",
            "array<int>",
            "map<string,array<double>>",
            "struct<a:int,b:struct<c:date>>",
        ] {
            let parsed: HiveType = text.parse().unwrap();
            assert_eq!(hive_type(&arrow_type(&parsed)), Ok(parsed), "{text}");
        }
        assert!(hive_type(&DataType::Duration(TimeUnit::Second)).is_err());
    }
}
