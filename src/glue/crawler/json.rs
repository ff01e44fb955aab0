//! The schema of JSON records.

use std::collections::{BTreeSet, HashMap};

use serde_json::Value;

use crate::glue::hive_type::HiveType;

/// Columns of a sequence of JSON objects, collected one record at a time.
///
/// Column names are lower case, as the catalog keeps them; keys that differ only in case are one
/// column. Keys inside objects keep their case.
#[derive(Clone, Debug, Default)]
pub struct JsonSchema {
    columns: Vec<(String, HiveType)>,
    /// Where a key as written stands in `columns`: saves folding it for every record.
    positions: HashMap<String, usize>,
    paths: BTreeSet<String>,
    records: u64,
    others: u64,
}

impl JsonSchema {
    /// Takes one top-level value into account. A value that is no object is counted, not merged.
    pub fn observe(&mut self, record: &Value) {
        let Value::Object(members) = record else {
            self.others += 1;
            return;
        };
        self.records += 1;
        for (key, value) in members {
            let seen = infer(value);
            let position = self.position(key);
            if let Some((_, kind)) = self.columns.get_mut(position)
                && *kind != seen
            {
                *kind = kind.merge(&seen);
            }
        }
    }

    /// Position of a key's column, which is appended when the key is new.
    fn position(&mut self, key: &str) -> usize {
        if let Some(position) = self.positions.get(key) {
            return *position;
        }
        self.paths.insert(key.to_owned());
        let name = key.to_lowercase();
        let known = self.columns.iter().position(|(column, _)| *column == name);
        let position = known.unwrap_or(self.columns.len());
        if known.is_none() {
            self.columns.push((name, HiveType::Void));
        }
        self.positions.insert(key.to_owned(), position);
        position
    }

    /// Objects seen.
    pub fn records(&self) -> u64 {
        self.records
    }

    /// Top-level values seen that are no objects, and so no records of a table.
    pub fn others(&self) -> u64 {
        self.others
    }

    /// The columns in the order of first sight, and the keys as written, sorted.
    pub fn finish(self) -> (Vec<(String, HiveType)>, Vec<String>) {
        (self.columns, self.paths.into_iter().collect())
    }
}

/// The type of one JSON value: whole numbers are `int` when they fit 32 bits, `bigint` when they
/// fit 64, and `double` beyond, as are numbers with a fraction.
pub fn infer(value: &Value) -> HiveType {
    match value {
        Value::Null => HiveType::Void,
        Value::Bool(_) => HiveType::Boolean,
        Value::Number(number) => match number.as_i64() {
            Some(n) if i32::try_from(n).is_ok() => HiveType::Int,
            Some(_) => HiveType::BigInt,
            None => HiveType::Double,
        },
        Value::String(_) => HiveType::String,
        Value::Array(items) => {
            let item = items
                .iter()
                .map(infer)
                .fold(HiveType::Void, |merged, item| merged.merge(&item));
            HiveType::Array(Box::new(item))
        }
        Value::Object(members) => {
            let fields = members
                .iter()
                .map(|(key, value)| (key.clone(), infer(value)));
            // Through the merge, so that keys that differ only in case become one field.
            let merged = fields.fold(Vec::new(), |merged, field| {
                crate::glue::hive_type::merge_fields(&merged, &[field])
            });
            HiveType::Struct(merged)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(records: &str, columns: &str, paths: &str) {
        let mut schema = JsonSchema::default();
        for record in serde_json::Deserializer::from_str(records).into_iter::<Value>() {
            schema.observe(&record.unwrap());
        }
        let (found, keys) = schema.finish();
        let found: Vec<String> = found.iter().map(|(n, t)| format!("{n}:{t}")).collect();
        assert_eq!(found.join(" "), columns, "{records}");
        assert_eq!(keys.join(","), paths, "{records}");
    }

    #[test]
    fn columns_come_in_the_order_of_first_sight_and_paths_sorted() {
        check(
            r#"{"site":"n","rpm":12.5}{"ts":5000000000,"site":"s"}"#,
            "site:string rpm:double ts:bigint",
            "rpm,site,ts",
        );
        check(
            r#"{"idTemp":"1","Data":"0.84"}"#,
            "idtemp:string data:string",
            "Data,idTemp",
        );
        check(
            r#"{"id":"1","hydraulic_pressure (bar)":"76"}"#,
            "id:string hydraulic_pressure (bar):string",
            "hydraulic_pressure (bar),id",
        );
    }

    #[test]
    fn values_of_one_key_widen_to_what_holds_them_all() {
        check(r#"{"data":79}{"data":0.59}"#, "data:double", "data");
        check(r#"{"n":1}{"n":4294967296}"#, "n:bigint", "n");
        check(r#"{"n":1}{"n":"x"}{"n":true}"#, "n:string", "n");
        check(r#"{"n":null}{"n":2}"#, "n:int", "n");
        check(r#"{"n":18446744073709551615}"#, "n:double", "n");
        check(r#"{"A":1}{"a":2.5}"#, "a:double", "A,a");
        check(
            r#"{"s":{"X":1,"l":[1,2.5]}}{"s":{"y":null,"l":[]}}"#,
            "s:struct<X:int,l:array<double>,y:void>",
            "s",
        );
    }

    #[test]
    fn top_level_values_that_are_no_objects_are_counted() {
        let mut schema = JsonSchema::default();
        for value in [
            Value::Null,
            serde_json::json!([1]),
            serde_json::json!({"a": 1}),
        ] {
            schema.observe(&value);
        }
        assert_eq!((schema.records(), schema.others()), (1, 2));
    }

    proptest! {
        /// However a stream is cut into objects, merging their columns gives the same schema.
        #[test]
        fn sampling_in_parts_and_merging_equals_sampling_at_once(
            records in proptest::collection::vec(
                proptest::collection::btree_map("[a-d]", 0usize..6, 0..4), 1..12),
            cut in 0usize..12,
        ) {
            let values = ["null", "true", "7", "8589934592", "0.5", "\"x\""];
            let records: Vec<Value> = records.iter().map(|members| {
                members.iter().map(|(key, at)| {
                    (key.clone(), serde_json::from_str(values[*at]).unwrap())
                }).collect::<serde_json::Map<_, _>>().into()
            }).collect();
            let columns = |part: &[Value]| {
                let mut schema = JsonSchema::default();
                part.iter().for_each(|record| schema.observe(record));
                schema.finish().0
            };
            let (head, tail) = records.split_at(cut.min(records.len()));
            let merged = crate::glue::hive_type::merge_fields(&columns(head), &columns(tail));
            prop_assert_eq!(merged, columns(&records));
        }
    }
}
