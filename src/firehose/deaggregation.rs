//! RecordDeAggregation: several records in one, taken apart.

use bytes::Bytes;
use serde::de::IgnoredAny;

/// How records lie in one another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum SubRecords {
    /// JSON objects, one behind the other or on lines of their own.
    Json,
    /// Anything, separated by these bytes.
    Delimited(Bytes),
}

impl SubRecords {
    /// The records inside `data`, without what separates them; empty ones are left out. Refused,
    /// with the reason, when `data` is not JSON objects throughout.
    pub(super) fn split(&self, data: &Bytes) -> Result<Vec<Bytes>, String> {
        match self {
            Self::Json => split_json(data),
            Self::Delimited(delimiter) => Ok(split_delimited(data, delimiter)),
        }
    }
}

fn split_json(data: &Bytes) -> Result<Vec<Bytes>, String> {
    let mut values = serde_json::Deserializer::from_slice(data).into_iter::<IgnoredAny>();
    let mut records = Vec::new();
    let mut from = 0;
    while let Some(value) = values.next() {
        value.map_err(|error| format!("Non JSON record provided: {error}"))?;
        let to = values.byte_offset();
        let record = trimmed(data, from, to);
        if record.first() != Some(&b'{') {
            return Err("sub-records of type JSON must be JSON objects".to_owned());
        }
        records.push(record);
        from = to;
    }
    Ok(records)
}

/// The bytes from `from` to `to` without white space around them, sharing the same memory.
fn trimmed(data: &Bytes, from: usize, to: usize) -> Bytes {
    let part = data.slice(from.min(data.len())..to.min(data.len()));
    let inner = part.trim_ascii();
    part.slice_ref(inner)
}

fn split_delimited(data: &Bytes, delimiter: &[u8]) -> Vec<Bytes> {
    let mut records = Vec::new();
    let mut rest = data.clone();
    while !rest.is_empty() {
        let at = rest
            .windows(delimiter.len().max(1))
            .position(|window| window == delimiter);
        let Some(at) = at else {
            records.push(rest);
            break;
        };
        let record = rest.split_to(at);
        if !record.is_empty() {
            records.push(record);
        }
        let _delimiter = rest.split_to(delimiter.len().min(rest.len()));
    }
    records
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(how: &SubRecords, data: &str, expected: Result<&[&str], ()>) {
        let found = how.split(&Bytes::copy_from_slice(data.as_bytes()));
        match expected {
            Ok(records) => assert_eq!(found.unwrap(), records, "{data}"),
            Err(()) => assert!(found.is_err(), "{data}"),
        }
    }

    #[test]
    fn concatenated_json_is_taken_apart() {
        let json = SubRecords::Json;
        check(
            &json,
            r#"{"a":1}{"a":2}"#,
            Ok(&[r#"{"a":1}"#, r#"{"a":2}"#]),
        );
        check(
            &json,
            "{\"a\":1}\n {\"a\": \"}{\"}\n",
            Ok(&[r#"{"a":1}"#, r#"{"a": "}{"}"#]),
        );
        check(&json, "", Ok(&[]));
        check(&json, r#"{"a":1} x"#, Err(()));
        check(&json, r#"{"a":1}{"#, Err(()));
        check(&json, r#"[{"a":1}]"#, Err(()));
    }

    #[test]
    fn delimited_records_are_taken_apart() {
        let delimited = SubRecords::Delimited("||".into());
        check(&delimited, "a||b|c||||d||", Ok(&["a", "b|c", "d"]));
        check(&delimited, "a", Ok(&["a"]));
        check(&delimited, "||", Ok(&[]));
    }

    proptest! {
        #[test]
        fn splitting_undoes_joining(
            values in prop::collection::vec("[{}a-z\"\\\\ ]{0,8}", 0..6),
            separator in prop_oneof![Just(""), Just("\n"), Just(" \r\n")],
        ) {
            let records: Vec<Bytes> = values
                .iter()
                .map(|value| serde_json::json!({"v": value}).to_string().into())
                .collect();
            let joined = records.join(separator.as_bytes());
            prop_assert_eq!(SubRecords::Json.split(&joined.into()).unwrap(), records);
        }
    }
}
