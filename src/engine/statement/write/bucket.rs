//! Which bucket a row belongs to: Hive's first hash, which tables without `bucketing_version` have.

use super::super::Result;
use crate::engine::trino::types::Type;
use crate::engine::trino::{Code, TrinoError, Value};

/// The bucket of a row by the values of its bucketing columns.
///
/// # Errors
/// A type that rows are not dealt by.
pub(super) fn bucket(values: &[(Value, Type)], count: u32) -> Result<u32> {
    let mut hash = 0_i32;
    for (value, ty) in values {
        hash = hash.wrapping_mul(31).wrapping_add(hash_of(value, ty)?);
    }
    let positive = u32::try_from(hash & i32::MAX).unwrap_or(0);
    Ok(positive % count.max(1))
}

fn of_long(value: i64) -> i32 {
    // Java's Long.hashCode: the two halves over each other.
    let folded = (value >> 32) ^ value;
    i32::from_ne_bytes(low(folded))
}

fn low(value: i64) -> [u8; 4] {
    let [a, b, c, d, ..] = value.to_le_bytes();
    i32::from_le_bytes([a, b, c, d]).to_ne_bytes()
}

fn hash_of(value: &Value, ty: &Type) -> Result<i32> {
    Ok(match (value, ty) {
        (Value::Null, _) => 0,
        (Value::Boolean(flag), _) => i32::from(*flag),
        (Value::Int(n), Type::Tinyint | Type::Smallint | Type::Integer) => {
            i32::from_ne_bytes(low(*n))
        }
        (Value::Int(n), Type::Bigint) => of_long(*n),
        (Value::Real(x), _) => i32::from_ne_bytes(x.to_bits().to_ne_bytes()),
        (Value::Double(x), _) => of_long(i64::from_ne_bytes(x.to_bits().to_ne_bytes())),
        (Value::Date(days), _) => *days,
        (Value::Text(text), Type::Varchar(_)) => text.bytes().fold(0, |hash: i32, byte| {
            hash.wrapping_mul(31)
                .wrapping_add(i32::from(i8::from_ne_bytes([byte])))
        }),
        (_, ty) => {
            return Err(TrinoError::in_data(
                Code::NotSupported,
                format!("Bucketing by a column of type {ty} is not supported by windfarm"),
            ));
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::trino::types::VARCHAR;

    fn check(value: Value, ty: Type, expected: i32) {
        assert_eq!(hash_of(&value, &ty).unwrap(), expected, "{value:?}");
    }

    #[test]
    fn values_hash_as_java_does_it() {
        check(Value::Int(42), Type::Integer, 42);
        check(Value::Int(-1), Type::Integer, -1);
        check(Value::Int(1 << 32), Type::Bigint, 1);
        check(Value::Int(-1), Type::Bigint, 0);
        check(Value::Text("abc".into()), VARCHAR, 96_354);
        check(Value::Boolean(true), Type::Boolean, 1);
        check(Value::Double(1.0), Type::Double, 1_072_693_248);
        check(Value::Null, VARCHAR, 0);
    }

    #[test]
    fn columns_are_combined_in_their_order() {
        let (a, b) = (
            (Value::Int(1), Type::Integer),
            (Value::Int(2), Type::Integer),
        );
        assert_eq!(bucket(&[a.clone(), b.clone()], 100).unwrap(), 33);
        assert_eq!(bucket(&[b, a], 100).unwrap(), 63);
        let negative = (Value::Int(-1), Type::Integer);
        assert_eq!(bucket(&[negative], 10).unwrap(), 7, "2147483647 % 10");
    }
}
