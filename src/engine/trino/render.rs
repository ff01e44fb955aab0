//! Values as Athena's results show them.

use super::text;
use super::types::Type;
use super::value::Value;

/// A value's text; `None` for NULL.
pub fn render(value: &Value, ty: &Type) -> Option<String> {
    Some(match (value, ty) {
        (Value::Null, _) => return None,
        (Value::Double(x), _) => text::double_java(*x),
        (Value::Real(x), _) => text::real_java(*x),
        (Value::Bytes(bytes), Type::Varbinary) => {
            let pairs: Vec<String> = bytes.iter().map(|b| format!("{b:02x}")).collect();
            pairs.join(" ")
        }
        (Value::List(items), Type::Array(item)) => {
            let items: Vec<String> = items.iter().map(|v| inside(v, item)).collect();
            format!("[{}]", items.join(", "))
        }
        (Value::List(parts), Type::Row(fields)) => {
            let parts: Vec<String> = parts
                .iter()
                .zip(fields)
                .enumerate()
                .map(|(i, (value, (name, ty)))| match name {
                    Some(name) => format!("{name}={}", inside(value, ty)),
                    None => format!("field{i}={}", inside(value, ty)),
                })
                .collect();
            format!("{{{}}}", parts.join(", "))
        }
        (Value::Map(entries), Type::Map(key, item)) => {
            let mut entries: Vec<(String, String)> = entries
                .iter()
                .map(|(k, v)| (inside(k, key), inside(v, item)))
                .collect();
            entries.sort();
            let entries: Vec<String> = entries
                .into_iter()
                .map(|(k, v)| format!("{k}={v}"))
                .collect();
            format!("{{{}}}", entries.join(", "))
        }
        (value, ty) => super::cast::text_of(value, ty),
    })
}

/// Inside an array, map or row a NULL is the word.
fn inside(value: &Value, ty: &Type) -> String {
    render(value, ty).unwrap_or_else(|| "null".into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::trino::types::VARCHAR;

    #[test]
    fn values_look_as_athena_shows_them() {
        let number = || Box::new(Type::Integer);
        for (value, ty, expected) in [
            (
                Value::Timestamp(1_483_228_800_000_000_000_000),
                Type::Timestamp(3),
                "2017-01-01 00:00:00.000",
            ),
            (Value::Double(1e20), Type::Double, "1.0E20"),
            (Value::Bytes(vec![1, 2]), Type::Varbinary, "01 02"),
            (
                Value::List(vec![Value::Int(1), Value::Null]),
                Type::Array(number()),
                "[1, null]",
            ),
            (
                Value::Map(vec![(Value::Text("k".into()), Value::Text("v".into()))]),
                Type::Map(Box::new(VARCHAR), Box::new(VARCHAR)),
                "{k=v}",
            ),
            (
                Value::List(vec![Value::Int(1), Value::Text("x".into())]),
                Type::Row(vec![
                    (Some("a".into()), Type::Integer),
                    (Some("b".into()), VARCHAR),
                ]),
                "{a=1, b=x}",
            ),
        ] {
            assert_eq!(render(&value, &ty).as_deref(), Some(expected));
        }
        assert_eq!(render(&Value::Null, &Type::Integer), None);
    }
}
