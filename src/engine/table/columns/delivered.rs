//! A delivery stream's rules: what is not of its column's type refuses the record.
//!
//! Which values each SerDe still takes, and the words of its refusals, are those observed at AWS.
//! Where none were observed, a value that would have to be cut to fit (a fraction in a column of
//! whole numbers, a number too large) is refused rather than changed without a word.

use super::{ColumnBuilder, Kind, java_float, push, push_text, take};
use crate::engine::calendar;
use crate::engine::table::joda::TimestampFormat;
use crate::engine::table::json_value::{Decimal, Value, parse_integer};

/// The SerDe whose rules apply.
#[derive(Clone, Debug)]
pub enum Deserializer {
    /// OpenX: text that means a number is one, a lone value is an array of one, and anything has a
    /// text.
    OpenX,
    /// Hive's: strings are no numbers, and nothing becomes a container or leaves one.
    Hive {
        /// Forms of timestamps tried before `yyyy-M-d H:m:s[.fraction]`.
        timestamps: Vec<TimestampFormat>,
    },
}

/// Numbers from which on an epoch is in milliseconds. Observed at AWS.
const MILLIS_FROM: i64 = 1_000_000_000_000;

fn mismatch(why: impl std::fmt::Display) -> String {
    format!("Data does not match the schema. {why}")
}

fn unreadable(text: &str) -> String {
    mismatch(format_args!("For input string: \"{text}\""))
}

impl ColumnBuilder {
    /// Appends a value under a SerDe's rules. One value is appended whatever the outcome: NULL, or
    /// what there was of a container, in place of one that is refused.
    ///
    /// # Errors
    /// Why the record is to be refused, as a delivery stream says it.
    pub fn append_delivered(
        &mut self,
        value: &Value<'_>,
        serde: &Deserializer,
    ) -> Result<(), String> {
        match (&self.kind, value) {
            (_, Value::Null) => {
                self.append_null();
                Ok(())
            }
            (Kind::Array(..) | Kind::Map(..) | Kind::Struct(..), _) => match serde {
                Deserializer::OpenX => self.append_nested_openx(value, serde),
                Deserializer::Hive { .. } => self.append_nested_hive(value, serde),
            },
            _ => {
                let taken = match serde {
                    Deserializer::OpenX => self.append_scalar_openx(value),
                    Deserializer::Hive { timestamps } => self.append_scalar_hive(value, timestamps),
                };
                if taken.is_err() {
                    self.append_null();
                }
                taken
            }
        }
    }

    /// Appends a scalar, or nothing if it is refused.
    fn append_scalar_openx(&mut self, value: &Value<'_>) -> Result<(), String> {
        if let Kind::Text(builder, longest) = &mut self.kind {
            push_text(builder, &value.to_text(), *longest);
            return Ok(());
        }
        let Value::Text { text, quoted } = value else {
            return Err(unreadable(&value.to_text()));
        };
        let taken = match &mut self.kind {
            // Java's Boolean.parseBoolean.
            Kind::Boolean(b) if *quoted => {
                push(text.eq_ignore_ascii_case("true"), |v| b.append_value(v))
            }
            Kind::Date(b) => take(bare_date(text, *quoted), |v| b.append_value(v)),
            Kind::Timestamp(b) => take(openx_timestamp(text, *quoted), |v| b.append_value(v)),
            _ => self.append_number(text, *quoted),
        };
        taken.then_some(()).ok_or_else(|| unreadable(text))
    }

    /// Appends a scalar, or nothing if it is refused.
    fn append_scalar_hive(
        &mut self,
        value: &Value<'_>,
        timestamps: &[TimestampFormat],
    ) -> Result<(), String> {
        let Value::Text { text, quoted } = value else {
            return Err(match self.kind {
                Kind::Text(..) | Kind::Binary(_) | Kind::Date(_) | Kind::Timestamp(_) => {
                    "One or more fields have incorrect format. Exception when validating field \
                     (root)"
                        .to_owned()
                }
                _ => {
                    let token = match value {
                        Value::Array(_) => "START_ARRAY",
                        _ => "START_OBJECT",
                    };
                    mismatch(not_numeric(token))
                }
            });
        };
        let taken = match &mut self.kind {
            Kind::Text(b, longest) => push((), |()| push_text(b, text, *longest)),
            Kind::Binary(b) => push(text.as_bytes(), |v| b.append_value(v)),
            Kind::Date(b) => take(bare_date(text, *quoted), |v| b.append_value(v)),
            Kind::Timestamp(b) => {
                let formats = timestamps.iter();
                let found = formats.filter_map(|format| format.parse(text)).next();
                let found = found.or_else(|| sql_timestamp(text).filter(|_| *quoted));
                take(found, |v| b.append_value(v))
            }
            Kind::Boolean(_) if *quoted => {
                return Err(mismatch("Current token (VALUE_STRING) not of boolean type"));
            }
            Kind::Decimal(..) => self.append_number(text, *quoted),
            _ if *quoted => return Err(mismatch(not_numeric("VALUE_STRING"))),
            _ => self.append_number(text, *quoted),
        };
        taken.then_some(()).ok_or_else(|| unreadable(text))
    }

    /// Appends a number, or a boolean without quotes; says whether it was one.
    fn append_number(&mut self, text: &str, quoted: bool) -> bool {
        // A string is read as a program would write it, a number as what it is.
        let whole = || {
            if quoted {
                return parse_integer(text);
            }
            let exact = || Decimal::parse(text).filter(Decimal::is_whole)?.truncated();
            text.parse().ok().or_else(exact)
        };
        let real = || java_float(text).filter(|_| quoted || Decimal::parse(text).is_some());
        match &mut self.kind {
            Kind::Boolean(b) if !quoted => take(text.parse().ok(), |v| b.append_value(v)),
            Kind::TinyInt(b) => take(whole().and_then(|v| v.try_into().ok()), |v| {
                b.append_value(v)
            }),
            Kind::SmallInt(b) => take(whole().and_then(|v| v.try_into().ok()), |v| {
                b.append_value(v)
            }),
            Kind::Int(b) => take(whole().and_then(|v| v.try_into().ok()), |v| {
                b.append_value(v)
            }),
            Kind::BigInt(b) => take(whole(), |v| b.append_value(v)),
            Kind::Float(b) => take(real().map(|v| v as f32), |v| b.append_value(v)),
            Kind::Double(b) => take(real(), |v| b.append_value(v)),
            Kind::Decimal(b, p, s) => {
                take(Decimal::parse(text).and_then(|v| v.scaled(*p, *s)), |v| {
                    b.append_value(v)
                })
            }
            _ => false,
        }
    }

    fn append_nested_openx(
        &mut self,
        value: &Value<'_>,
        serde: &Deserializer,
    ) -> Result<(), String> {
        match (&mut self.kind, value) {
            (Kind::Array(..), Value::Array(elements)) => self.append_elements(elements, serde),
            (Kind::Array(..), lone) => self.append_elements(std::slice::from_ref(lone), serde),
            (Kind::Map(..), Value::Object(_)) => self.append_entries(value, serde),
            (Kind::Struct(..), Value::Object(members)) => {
                self.append_members(serde, |_, name| {
                    // Of equal names the last one counts. Names were made lower case already,
                    // unless case is to count.
                    let found = members.iter().rev().find(|(key, _)| key == name);
                    found.map(|(_, value)| value)
                })
            }
            (Kind::Struct(..), Value::Array(elements)) => {
                self.append_members(serde, |at, _| elements.get(at))
            }
            _ => {
                self.append_null();
                let class = match value {
                    Value::Text { quoted: true, .. } => "java.lang.String",
                    Value::Text { text, .. } if matches!(text.as_ref(), "true" | "false") => {
                        "java.lang.Boolean"
                    }
                    Value::Text { text, .. } if text.parse::<i64>().is_ok() => "java.lang.Long",
                    Value::Text { .. } => "java.lang.Double",
                    _ => "an array",
                };
                Err(mismatch(format_args!(
                    "Data is not JSONObject  but {class} with value {}",
                    value.to_text()
                )))
            }
        }
    }

    fn append_nested_hive(
        &mut self,
        value: &Value<'_>,
        serde: &Deserializer,
    ) -> Result<(), String> {
        match (&mut self.kind, value) {
            (Kind::Array(..), Value::Array(elements)) => self.append_elements(elements, serde),
            (Kind::Map(..), Value::Object(_)) => self.append_entries(value, serde),
            (Kind::Struct(..), Value::Object(members)) => self.append_members(serde, |_, name| {
                let mut members = members.iter().rev();
                let found = members.find(|(key, _)| key.to_lowercase() == *name);
                found.map(|(_, value)| value)
            }),
            (kind, _) => {
                let wanted = match kind {
                    Kind::Array(..) => "Array",
                    _ => "Object",
                };
                self.append_null();
                Err(mismatch(format_args!(
                    "java.io.IOException: Start of {wanted} expected"
                )))
            }
        }
    }

    fn append_elements(
        &mut self,
        elements: &[Value<'_>],
        serde: &Deserializer,
    ) -> Result<(), String> {
        let Kind::Array(nested, _, child) = &mut self.kind else {
            return Ok(());
        };
        let mut added = 0;
        let mut outcome = Ok(());
        for element in elements {
            outcome = child.append_delivered(element, serde);
            added += 1;
            if outcome.is_err() {
                break;
            }
        }
        nested.close(added, true);
        outcome
    }

    fn append_entries(&mut self, value: &Value<'_>, serde: &Deserializer) -> Result<(), String> {
        let (Kind::Map(nested, _, keys, values), Value::Object(members)) = (&mut self.kind, value)
        else {
            return Ok(());
        };
        let mut added = 0;
        let mut outcome = Ok(());
        for (at, (name, value)) in members.iter().enumerate() {
            // The last of two equal keys wins.
            if members.iter().skip(at + 1).any(|(later, _)| later == name) {
                continue;
            }
            // Keys are text in every table that is converted to, and text is never refused.
            let Kind::Text(builder, longest) = &mut keys.kind else {
                outcome = Err(mismatch("A map's keys are text"));
                break;
            };
            push_text(builder, name, *longest);
            outcome = values.append_delivered(value, serde);
            added += 1;
            if outcome.is_err() {
                break;
            }
        }
        nested.close(added, true);
        outcome
    }

    /// Appends a struct; `find` gives the value of a member by its place and name.
    fn append_members<'v>(
        &mut self,
        serde: &Deserializer,
        find: impl Fn(usize, &String) -> Option<&'v Value<'v>>,
    ) -> Result<(), String> {
        let Kind::Struct(valid, _, columns) = &mut self.kind else {
            return Ok(());
        };
        let mut outcome = Ok(());
        for (at, (name, column)) in columns.iter_mut().enumerate() {
            match find(at, name).filter(|_| outcome.is_ok()) {
                Some(value) => outcome = column.append_delivered(value, serde),
                None => column.append_null(),
            }
        }
        valid.push(true);
        outcome
    }
}

fn not_numeric(token: &str) -> String {
    format!("Current token ({token}) not numeric, can not use numeric value accessors")
}

/// A date in quotes, without a time behind it.
fn bare_date(text: &str, quoted: bool) -> Option<i32> {
    let is_bare = quoted && !text.contains([' ', 'T']);
    calendar::parse_hive_date(text).filter(|_| is_bare)
}

/// Java's `Timestamp.valueOf`: `yyyy-M-d H:m:s[.fraction]`.
fn sql_timestamp(text: &str) -> Option<i64> {
    let (_, time) = text.trim().split_once(' ')?;
    let parsed = calendar::parse_hive_timestamp(text)?;
    (time.matches(':').count() == 2).then_some(parsed)
}

/// What the OpenX SerDe of a delivery stream reads: Java's form, ISO in UTC with all its digits, or
/// an epoch in seconds or milliseconds, with or without quotes.
fn openx_timestamp(text: &str, quoted: bool) -> Option<i64> {
    if !quoted || !text.contains(':') {
        let number = Decimal::parse(text)?;
        let is_millis = number.truncated()?.unsigned_abs() >= MILLIS_FROM.unsigned_abs();
        let millis = number.scaled(38, if is_millis { 0 } else { 3 })?;
        return i64::try_from(millis).ok()?.checked_mul(1_000);
    }
    if !text.contains('T') {
        return sql_timestamp(text);
    }
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let two_digits = |part: &str| part.len() == 2;
    let whole = time.split_once('.').map_or(time, |(whole, _)| whole);
    let is_full = date.len() == 10
        && date.split('-').skip(1).all(two_digits)
        && whole.split(':').count() == 3
        && whole.split(':').all(two_digits);
    let form = format!("{date} {time}");
    calendar::parse_hive_timestamp(&form).filter(|_| is_full)
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::Array;
    use datafusion::arrow::util::display::array_value_to_string;

    use super::*;
    use crate::engine::table::json_strict::{Names, read_all};
    use crate::glue::hive_type::HiveType;

    const HIVE: Deserializer = Deserializer::Hive {
        timestamps: Vec::new(),
    };

    /// Appends each value; shows what the column holds, and the refusals in place of theirs.
    fn column(of: &str, serde: &Deserializer, values: &[&str]) -> Vec<String> {
        let hive: HiveType = of.parse().unwrap();
        let mut builder = ColumnBuilder::new(&hive, super::super::Rules::OpenX);
        let lower = matches!(serde, Deserializer::OpenX);
        let names = Names {
            lower,
            undotted: false,
        };
        let outcomes: Vec<Result<(), String>> = values
            .iter()
            .map(|text| builder.append_delivered(&read_all(text, names).unwrap()[0], serde))
            .collect();
        let array = builder.finish().unwrap();
        assert_eq!(array.len(), values.len(), "one value is appended each time");
        let shown = outcomes.into_iter().enumerate().map(|(at, outcome)| {
            let why = match outcome {
                Ok(()) if array.is_null(at) => return "NULL".to_owned(),
                Ok(()) => return array_value_to_string(&array, at).unwrap(),
                Err(why) => why,
            };
            let short = why.strip_prefix("Data does not match the schema. ");
            format!("! {}", short.unwrap_or(&why))
        });
        shown.collect()
    }

    fn check(of: &str, serde: &Deserializer, values: &[&str], expected: &[&str]) {
        assert_eq!(column(of, serde, values), expected, "{of} {serde:?}");
    }

    #[test]
    fn openx_takes_numbers_in_strings_and_the_reverse() {
        check(
            "int",
            &Deserializer::OpenX,
            &["1", "\"2\"", "3.0", "null"],
            &["1", "2", "3", "NULL"],
        );
        check(
            "tinyint",
            &Deserializer::OpenX,
            &["128", "\"oops\"", "3.5", "\"3.0\"", "true", "{}"],
            &[
                "! For input string: \"128\"",
                "! For input string: \"oops\"",
                "! For input string: \"3.5\"",
                "! For input string: \"3.0\"",
                "! For input string: \"true\"",
                "! For input string: \"{}\"",
            ],
        );
        check(
            "double",
            &Deserializer::OpenX,
            &["1", "\"0.84\"", "1e2", "\"x\"", "true"],
            &[
                "1.0",
                "0.84",
                "100.0",
                "! For input string: \"x\"",
                "! For input string: \"true\"",
            ],
        );
        check(
            "string",
            &Deserializer::OpenX,
            &["1", "true", "{\"Outer\":{\"Inner\":1}}", "[\"a\"]"],
            &["1", "true", "{\"outer\":{\"inner\":1}}", "[\"a\"]"],
        );
        check(
            "boolean",
            &Deserializer::OpenX,
            &["true", "\"TRUE\"", "\"no\"", "1"],
            &["true", "true", "false", "! For input string: \"1\""],
        );
        check(
            "decimal(22,2)",
            &Deserializer::OpenX,
            &[
                "12345678901234567890.12",
                "\"1.005\"",
                "1e30",
                "\"1e1000000000\"",
                "1e-1000000000",
            ],
            &[
                "12345678901234567890.12",
                "1.01",
                "! For input string: \"1e30\"",
                "! For input string: \"1e1000000000\"",
                "0.00",
            ],
        );
        check(
            "date",
            &Deserializer::OpenX,
            &["\"2026-9-7\"", "\"2026-09-07 10:00:00\"", "20000"],
            &[
                "2026-09-07",
                "! For input string: \"2026-09-07 10:00:00\"",
                "! For input string: \"20000\"",
            ],
        );
    }

    #[test]
    fn openx_reads_the_three_documented_forms_of_a_timestamp() {
        check(
            "timestamp",
            &Deserializer::OpenX,
            &[
                "\"2026-9-7 1:2:3.5\"",
                "\"2017-02-07T15:13:01.39256Z\"",
                "1518033528",
                "\"1518033528123\"",
                "1518033528.123",
                "-1000",
                "1000000000000",
                "999999999999",
                "0e1000000000",
            ],
            &[
                "2026-09-07T01:02:03.500",
                "2017-02-07T15:13:01.392560",
                "2018-02-07T19:58:48",
                "2018-02-07T19:58:48.123",
                "2018-02-07T19:58:48.123",
                "1969-12-31T23:43:20",
                "2001-09-09T01:46:40",
                "+33658-09-27T01:46:39",
                "1970-01-01T00:00:00",
            ],
        );
        let refused = [
            "\"2026-9-7T12:00:02Z\"",
            "\"2026-05-21T14:00:00+00:00\"",
            "\"2026-05-21T14:00:00\"",
            "\"2026-05-21 14:00\"",
            "\"2026-05-21\"",
            "\"1e1000000000\"",
            "18446744073709551616",
            "true",
        ];
        for shown in column("timestamp", &Deserializer::OpenX, &refused) {
            assert!(shown.starts_with("! For input string"), "{shown}");
        }
    }

    #[test]
    fn openx_makes_containers_of_what_is_none() {
        let openx = &Deserializer::OpenX;
        check(
            "array<string>",
            openx,
            &["\"solo\"", "[1,null]", "[]"],
            &["[solo]", "[1, ]", "[]"],
        );
        check(
            "struct<name:string,age:int>",
            openx,
            &[
                "[\"Zoe\",9,\"more\"]",
                "[\"Zoe\"]",
                "{\"NAME\":\"Bob\",\"x\":1}",
                "{}",
                "42",
                "\"x\"",
            ],
            &[
                "{name: Zoe, age: 9}",
                "{name: Zoe, age: }",
                "{name: Bob, age: }",
                "{name: , age: }",
                "! Data is not JSONObject  but java.lang.Long with value 42",
                "! Data is not JSONObject  but java.lang.String with value x",
            ],
        );
        check(
            "map<string,array<string>>",
            openx,
            &[
                "{\"Key\":[\"v\"]}",
                "{\"k\":null}",
                "{\"a\":[\"1\"],\"A\":[\"2\"]}",
            ],
            &["{key: [v]}", "{k: }", "{a: [2]}"],
        );
    }

    #[test]
    fn what_is_refused_deep_inside_leaves_the_column_whole() {
        check(
            "array<struct<sku:string,qty:map<string,int>,end:int>>",
            &Deserializer::OpenX,
            &[
                "[{\"sku\":\"a\",\"qty\":{\"x\":1},\"end\":1}]",
                "[{\"sku\":\"b\"},{\"sku\":\"c\",\"qty\":{\"x\":1,\"y\":\"oops\"},\"end\":2},{}]",
                "[{\"sku\":\"d\",\"qty\":{\"z\":2},\"end\":3}]",
            ],
            &[
                "[{sku: a, qty: {x: 1}, end: 1}]",
                "! For input string: \"oops\"",
                "[{sku: d, qty: {z: 2}, end: 3}]",
            ],
        );
    }

    #[test]
    fn hive_refuses_in_its_own_words() {
        let numeric =
            "! Current token (VALUE_STRING) not numeric, can not use numeric value accessors";
        check("int", &HIVE, &["7", "\"7\""], &["7", numeric]);
        check("double", &HIVE, &["0.5", "\"0.5\""], &["0.5", numeric]);
        check("decimal(4,1)", &HIVE, &["1.25", "\"2.5\""], &["1.3", "2.5"]);
        check(
            "boolean",
            &HIVE,
            &["true", "\"true\""],
            &["true", "! Current token (VALUE_STRING) not of boolean type"],
        );
        let root =
            "! One or more fields have incorrect format. Exception when validating field (root)";
        check(
            "string",
            &HIVE,
            &["1.50", "{\"a\":1}", "[]"],
            &["1.50", root, root],
        );
        check(
            "array<string>",
            &HIVE,
            &["[1,2]", "\"solo\""],
            &["[1, 2]", "! java.io.IOException: Start of Array expected"],
        );
        check(
            "struct<name:string,age:int>",
            &HIVE,
            &[
                "{\"NAME\":\"Bob\",\"extra\":1}",
                "[\"Bob\",41]",
                "{\"age\":\"7\"}",
            ],
            &[
                "{name: Bob, age: }",
                "! java.io.IOException: Start of Object expected",
                numeric,
            ],
        );
        check(
            "map<string,int>",
            &HIVE,
            &["{\"MixedKey\":1}", "[]"],
            &[
                "{MixedKey: 1}",
                "! java.io.IOException: Start of Object expected",
            ],
        );
        check("binary", &HIVE, &["\"ab\""], &["6162"]);
    }

    #[test]
    fn hive_tries_the_given_forms_of_a_timestamp_and_then_javas() {
        let hive = Deserializer::Hive {
            timestamps: ["dd/MM/yyyy HH:mm", "millis"]
                .map(|format| TimestampFormat::compile(format).unwrap())
                .to_vec(),
        };
        check(
            "timestamp",
            &hive,
            &[
                "\"30/04/2025 14:35\"",
                "1746023700000",
                "\"2025-04-30 14:35:00\"",
                "\"30.4.2025\"",
            ],
            &[
                "2025-04-30T14:35:00",
                "2025-04-30T14:35:00",
                "2025-04-30T14:35:00",
                "! For input string: \"30.4.2025\"",
            ],
        );
        let plain = column(
            "timestamp",
            &HIVE,
            &["1746023700000", "\"2025-04-30T14:35:00Z\""],
        );
        assert!(
            plain.iter().all(|shown| shown.starts_with('!')),
            "{plain:?}"
        );
    }
}
