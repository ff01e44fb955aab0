//! Values as bytes that are equal where the values are the same, and in the order the values are.
//!
//! Arrow neither groups nor sorts nested values as Trino does; their keys it does.

use super::function::Function;
use super::operators;
use super::types::Type;
use super::value::Value;

/// Before a NULL inside a value; NULLs come last.
const NULL: u8 = 2;
/// Before any other part.
const PART: u8 = 1;
/// After the last part.
const END: u8 = 0;

/// The key of a type that Arrow would group or sort otherwise; `None` for all others.
pub fn key(ty: &Type) -> Option<Function> {
    if !matches!(
        ty,
        Type::Array(_) | Type::Row(_) | Type::Map(..) | Type::TimestampTz(_) | Type::TimeTz(_)
    ) {
        return None;
    }
    let of = ty.clone();
    Some(Function::new(
        format!("key {ty}"),
        vec![ty.clone()],
        Type::Varbinary,
        move |a| {
            let mut out = Vec::new();
            if let Some(value) = a.first() {
                write(value, &of, &mut out);
            }
            Ok(Value::Bytes(out))
        },
    ))
}

/// The key of a value of any type.
pub fn key_of(value: &Value, ty: &Type) -> Vec<u8> {
    let mut out = Vec::new();
    part(value, ty, &mut out);
    out
}

fn part(value: &Value, ty: &Type, out: &mut Vec<u8>) {
    if value.is_null() {
        out.push(NULL);
        return;
    }
    out.push(PART);
    write(value, ty, out);
}

fn whole(value: i128, out: &mut Vec<u8>) {
    out.extend((value ^ i128::MIN).to_be_bytes());
}

/// One zero, and one NaN above all.
fn real(value: f64, out: &mut Vec<u8>) {
    let value = if value.is_nan() {
        f64::NAN
    } else {
        value + 0.0
    };
    let bits = value.to_bits();
    let ordered = if bits >> 63 == 1 {
        !bits
    } else {
        bits | 1 << 63
    };
    out.extend(ordered.to_be_bytes());
}

fn bytes(value: &[u8], out: &mut Vec<u8>) {
    for byte in value {
        out.push(*byte);
        if *byte == 0 {
            out.push(0xFF);
        }
    }
    out.extend([0, 0]);
}

fn write(value: &Value, ty: &Type, out: &mut Vec<u8>) {
    match (value, ty) {
        (Value::List(items), Type::Array(item)) => {
            for value in items {
                part(value, item, out);
            }
            out.push(END);
        }
        (Value::List(parts), Type::Row(fields)) => {
            for (value, (_, ty)) in parts.iter().zip(fields) {
                part(value, ty, out);
            }
        }
        (Value::Map(entries), Type::Map(key, item)) => {
            let mut entries: Vec<(Vec<u8>, Vec<u8>)> = entries
                .iter()
                .map(|(k, v)| (key_of(k, key), key_of(v, item)))
                .collect();
            entries.sort();
            for (key, value) in entries {
                out.extend(key);
                out.extend(value);
            }
            out.push(END);
        }
        (Value::Zoned(_) | Value::ZonedTime(_), ty) => {
            let instant = operators::order_key(ty).map(|key| key.call(std::slice::from_ref(value)));
            if let Some(Ok(instant)) = instant {
                write(&instant, &Type::Timestamp(12), out);
            }
        }
        (Value::Boolean(b), _) => out.push(u8::from(*b)),
        (Value::Int(i), _) => whole(i128::from(*i), out),
        (Value::Timestamp(t), _) => whole(*t, out),
        (Value::Time(t), _) => whole(i128::from(*t), out),
        (Value::Date(d), _) => whole(i128::from(*d), out),
        (Value::Decimal(d), _) => whole(*d, out),
        (Value::Double(x), _) => real(*x, out),
        (Value::Real(x), _) => real(f64::from(*x), out),
        (Value::Text(text), _) => bytes(text.as_bytes(), out),
        (Value::Bytes(value), _) => bytes(value, out),
        // No type is held so.
        (other, _) => out.extend(format!("{other:?}").into_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(items: &[Option<i64>]) -> Value {
        let items = items.iter().map(|i| i.map_or(Value::Null, Value::Int));
        Value::List(items.collect())
    }

    #[test]
    fn keys_are_in_the_order_of_the_values() {
        let array = Type::Array(Box::new(Type::Bigint));
        let ordered = [
            list(&[]),
            list(&[Some(-5)]),
            list(&[Some(1)]),
            list(&[Some(1), Some(i64::MIN)]),
            list(&[Some(2), Some(0)]),
            list(&[None]),
        ];
        let keys: Vec<_> = ordered.iter().map(|v| key_of(v, &array)).collect();
        assert!(keys.is_sorted(), "{keys:?}");
        let reals = [
            f64::NEG_INFINITY,
            -1.5,
            -0.0,
            1e-300,
            f64::INFINITY,
            f64::NAN,
        ];
        let keys: Vec<_> = reals
            .iter()
            .map(|x| key_of(&Value::Double(*x), &Type::Double))
            .collect();
        assert!(keys.is_sorted(), "{keys:?}");
        assert_eq!(
            key_of(&Value::Double(0.0), &Type::Double),
            key_of(&Value::Double(-0.0), &Type::Double)
        );
        let texts = ["", "\0", "\0a", "a", "a\0", "ab"];
        let keys: Vec<_> = texts
            .iter()
            .map(|t| key_of(&Value::Text((*t).into()), &Type::Varchar(None)))
            .collect();
        assert!(keys.is_sorted(), "{keys:?}");
    }

    #[test]
    fn equal_maps_have_equal_keys() {
        let map = Type::Map(Box::new(Type::Bigint), Box::new(Type::Bigint));
        let entry = |k: i64, v: i64| (Value::Int(k), Value::Int(v));
        let a = Value::Map(vec![entry(1, 2), entry(3, 4)]);
        let b = Value::Map(vec![entry(3, 4), entry(1, 2)]);
        assert_eq!(key_of(&a, &map), key_of(&b, &map));
    }
}
