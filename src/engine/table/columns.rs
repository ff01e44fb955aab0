//! JSON values into Arrow columns, under the rules of one of three readers: a query, a job, or
//! ([`delivered`]) a delivery stream that converts.

mod delivered;

use std::sync::Arc;

use base64::Engine as _;
use datafusion::arrow::array::{
    ArrayRef, BinaryBuilder, BooleanBuilder, Date32Builder, Decimal128Builder, Float32Builder,
    Float64Builder, Int8Builder, Int16Builder, Int32Builder, Int64Builder, ListArray, MapArray,
    StringBuilder, StructArray, TimestampMicrosecondBuilder,
};
use datafusion::arrow::buffer::{NullBuffer, OffsetBuffer, ScalarBuffer};
use datafusion::arrow::datatypes::{DataType, Field, Fields};
use datafusion::arrow::error::ArrowError;

use super::json_value::{Decimal, Value, parse_integer};
use super::types::arrow_type;
use crate::engine::calendar;
use crate::glue::hive_type::HiveType;

pub use delivered::Deserializer;

/// Whose reading of JSON applies where a value is not of its column's type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rules {
    /// Athena's OpenX SerDe: text that is no number is NULL in a number column, `true` is text in a
    /// string column, a container in a scalar column fails the query.
    OpenX,
    /// LazySimpleSerDe's, and of the other SerDes of text: what is not of the column's type is NULL.
    Lazy,
    /// A Glue job's: the value is cast if it means the same in the column's type, otherwise it is
    /// NULL and counted as a conflict. The record is kept.
    Glue,
}

/// What a column could not take, while it was being built.
#[derive(Debug, Default)]
pub struct Conflicts {
    /// Values that became NULL because they are not of their column's type.
    pub count: u64,
}

/// One column under construction.
#[derive(Debug)]
pub struct ColumnBuilder {
    rules: Rules,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Boolean(BooleanBuilder),
    TinyInt(Int8Builder),
    SmallInt(Int16Builder),
    Int(Int32Builder),
    BigInt(Int64Builder),
    Float(Float32Builder),
    Double(Float64Builder),
    Decimal(Decimal128Builder, u8, i8),
    /// Text of at most so many characters.
    Text(StringBuilder, Option<usize>),
    Binary(BinaryBuilder),
    Date(Date32Builder),
    Timestamp(TimestampMicrosecondBuilder),
    Array(Nested, Arc<Field>, Box<ColumnBuilder>),
    Map(Nested, Arc<Field>, Box<ColumnBuilder>, Box<ColumnBuilder>),
    Struct(Vec<bool>, Fields, Vec<(String, ColumnBuilder)>),
}

/// Offsets and validity of lists and maps.
#[derive(Debug)]
struct Nested {
    offsets: Vec<i32>,
    valid: Vec<bool>,
}

impl Nested {
    fn new() -> Self {
        Self {
            offsets: vec![0],
            valid: Vec::new(),
        }
    }

    fn close(&mut self, added: usize, valid: bool) {
        let last = self.offsets.last().copied().unwrap_or(0);
        let added = i32::try_from(added).unwrap_or(i32::MAX);
        self.offsets.push(last.saturating_add(added));
        self.valid.push(valid);
    }

    fn finish(&mut self) -> (OffsetBuffer<i32>, NullBuffer) {
        let offsets = std::mem::replace(&mut self.offsets, vec![0]);
        let valid = std::mem::take(&mut self.valid);
        (
            OffsetBuffer::new(ScalarBuffer::from(offsets)),
            NullBuffer::from(valid),
        )
    }
}

impl ColumnBuilder {
    /// An empty column of the catalog's type.
    pub fn new(of: &HiveType, rules: Rules) -> Self {
        let kind = match of {
            HiveType::Boolean => Kind::Boolean(BooleanBuilder::new()),
            HiveType::TinyInt => Kind::TinyInt(Int8Builder::new()),
            HiveType::SmallInt => Kind::SmallInt(Int16Builder::new()),
            HiveType::Int => Kind::Int(Int32Builder::new()),
            HiveType::BigInt => Kind::BigInt(Int64Builder::new()),
            HiveType::Float => Kind::Float(Float32Builder::new()),
            HiveType::Double => Kind::Double(Float64Builder::new()),
            HiveType::Decimal { precision, scale } => Kind::Decimal(
                Decimal128Builder::new().with_data_type(arrow_type(of)),
                *precision,
                i8::try_from(*scale).unwrap_or(0),
            ),
            HiveType::String | HiveType::Void => Kind::Text(StringBuilder::new(), None),
            HiveType::Varchar(length) | HiveType::Char(length) => {
                Kind::Text(StringBuilder::new(), usize::try_from(*length).ok())
            }
            HiveType::Binary => Kind::Binary(BinaryBuilder::new()),
            HiveType::Date => Kind::Date(Date32Builder::new()),
            HiveType::Timestamp => Kind::Timestamp(TimestampMicrosecondBuilder::new()),
            HiveType::Array(element) => Kind::Array(
                Nested::new(),
                Arc::new(Field::new("element", arrow_type(element), true)),
                Box::new(Self::new(element, rules)),
            ),
            HiveType::Map(key, value) => {
                let entries = match arrow_type(of) {
                    DataType::Map(entries, _) => entries,
                    other => Arc::new(Field::new("entries", other, false)),
                };
                Kind::Map(
                    Nested::new(),
                    entries,
                    Box::new(Self::new(key, rules)),
                    Box::new(Self::new(value, rules)),
                )
            }
            HiveType::Struct(members) => Kind::Struct(
                Vec::new(),
                members
                    .iter()
                    .map(|(name, of)| Field::new(name.to_lowercase(), arrow_type(of), true))
                    .collect(),
                members
                    .iter()
                    .map(|(name, of)| (name.to_lowercase(), Self::new(of, rules)))
                    .collect(),
            ),
        };
        Self { rules, kind }
    }

    /// Appends NULL.
    pub fn append_null(&mut self) {
        match &mut self.kind {
            Kind::Boolean(b) => b.append_null(),
            Kind::TinyInt(b) => b.append_null(),
            Kind::SmallInt(b) => b.append_null(),
            Kind::Int(b) => b.append_null(),
            Kind::BigInt(b) => b.append_null(),
            Kind::Float(b) => b.append_null(),
            Kind::Double(b) => b.append_null(),
            Kind::Decimal(b, ..) => b.append_null(),
            Kind::Text(b, _) => b.append_null(),
            Kind::Binary(b) => b.append_null(),
            Kind::Date(b) => b.append_null(),
            Kind::Timestamp(b) => b.append_null(),
            Kind::Array(nested, ..) | Kind::Map(nested, ..) => nested.close(0, false),
            Kind::Struct(valid, _, members) => {
                valid.push(false);
                for (_, member) in members {
                    member.append_null();
                }
            }
        }
    }

    /// Appends a value, or what the rules make of it; the error is a refusal of the whole row.
    pub fn append(&mut self, value: &Value<'_>, conflicts: &mut Conflicts) -> Result<(), String> {
        if *value == Value::Null {
            self.append_null();
            return Ok(());
        }
        match (&mut self.kind, value) {
            (Kind::Array(..) | Kind::Map(..) | Kind::Struct(..), _) => {
                return self.append_nested(value, conflicts);
            }
            (Kind::Text(builder, longest), Value::Text { quoted, .. })
                if self.rules == Rules::OpenX || *quoted || longest.is_none() =>
            {
                push_text(builder, &value.to_text(), *longest);
                return Ok(());
            }
            (Kind::Text(builder, longest), _) => {
                push_text(builder, &value.to_text(), *longest);
                return Ok(());
            }
            (_, Value::Text { .. }) => {}
            (kind, _) if self.rules == Rules::OpenX => {
                return Err(format!("a container cannot be read as {}", name_of(kind)));
            }
            _ => {
                self.conflict(conflicts);
                return Ok(());
            }
        }
        let Value::Text { text, quoted } = value else {
            return Ok(());
        };
        let taken = match self.rules {
            Rules::OpenX => self.append_openx(text, *quoted)?,
            Rules::Lazy => self.append_lazy(text)?,
            Rules::Glue => self.append_glue(text),
        };
        if !taken {
            self.conflict(conflicts);
        }
        Ok(())
    }

    fn conflict(&mut self, conflicts: &mut Conflicts) {
        conflicts.count += 1;
        self.append_null();
    }

    /// Whether the text was taken.
    fn append_openx(&mut self, text: &str, quoted: bool) -> Result<bool, String> {
        fn whole(text: &str) -> Option<i64> {
            parse_integer(text).or_else(|| Decimal::parse(text)?.truncated())
        }
        Ok(match &mut self.kind {
            Kind::Boolean(b) => push(text.eq_ignore_ascii_case("true"), |v| b.append_value(v)),
            Kind::TinyInt(b) => take(whole(text).and_then(|v| v.try_into().ok()), |v| {
                b.append_value(v)
            }),
            Kind::SmallInt(b) => take(whole(text).and_then(|v| v.try_into().ok()), |v| {
                b.append_value(v)
            }),
            Kind::Int(b) => take(whole(text).and_then(|v| v.try_into().ok()), |v| {
                b.append_value(v)
            }),
            Kind::BigInt(b) => take(whole(text), |v| b.append_value(v)),
            Kind::Float(b) => take(java_float(text).map(|v| v as f32), |v| b.append_value(v)),
            Kind::Double(b) => take(java_float(text), |v| b.append_value(v)),
            Kind::Decimal(b, p, s) => {
                take(Decimal::parse(text).and_then(|v| v.scaled(*p, *s)), |v| {
                    b.append_value(v)
                })
            }
            Kind::Binary(b) => {
                if !quoted {
                    return Err("text without quotes cannot be read as binary".to_owned());
                }
                let bytes = base64::engine::general_purpose::STANDARD
                    .decode(text)
                    .map_err(|error| format!("`{text}` is not Base64: {error}"))?;
                push(bytes, |v| b.append_value(v))
            }
            Kind::Date(b) => take(
                calendar::parse_hive_date(text)
                    .or_else(|| parse_integer(text).and_then(|v| v.try_into().ok())),
                |v| b.append_value(v),
            ),
            Kind::Timestamp(b) => take(openx_timestamp(text), |v| b.append_value(v)),
            _ => false,
        })
    }

    /// Whether the text was taken.
    fn append_lazy(&mut self, text: &str) -> Result<bool, String> {
        Ok(match &mut self.kind {
            Kind::Boolean(b) => {
                let value = match text.to_ascii_lowercase().as_str() {
                    "true" => Some(true),
                    "false" => Some(false),
                    _ => None,
                };
                take(value, |v| b.append_value(v))
            }
            // Bytes that are no Base64 are the value.
            Kind::Binary(b) => {
                let decoded = base64::engine::general_purpose::STANDARD.decode(text);
                push(decoded.unwrap_or_else(|_| text.into()), |v| {
                    b.append_value(v)
                })
            }
            Kind::Date(b) => take(calendar::parse_hive_date(text.trim()), |v| {
                b.append_value(v)
            }),
            Kind::Timestamp(b) => take(calendar::parse_hive_timestamp(text.trim()), |v| {
                b.append_value(v)
            }),
            _ => return self.append_openx(text.trim(), true),
        })
    }

    /// Whether the text means a value of the column's type.
    fn append_glue(&mut self, text: &str) -> bool {
        let text = text.trim();
        fn whole(text: &str) -> Option<i64> {
            text.parse().ok().or_else(|| {
                let number = Decimal::parse(text)?;
                number.is_whole().then(|| number.truncated())?
            })
        }
        match &mut self.kind {
            Kind::Boolean(b) => {
                let value = match text.to_ascii_lowercase().as_str() {
                    "true" => Some(true),
                    "false" => Some(false),
                    _ => None,
                };
                take(value, |v| b.append_value(v))
            }
            Kind::TinyInt(b) => take(whole(text).and_then(|v| v.try_into().ok()), |v| {
                b.append_value(v)
            }),
            Kind::SmallInt(b) => take(whole(text).and_then(|v| v.try_into().ok()), |v| {
                b.append_value(v)
            }),
            Kind::Int(b) => take(whole(text).and_then(|v| v.try_into().ok()), |v| {
                b.append_value(v)
            }),
            Kind::BigInt(b) => take(whole(text), |v| b.append_value(v)),
            Kind::Float(b) => take(java_float(text).map(|v| v as f32), |v| b.append_value(v)),
            Kind::Double(b) => take(java_float(text), |v| b.append_value(v)),
            Kind::Decimal(b, p, s) => {
                take(Decimal::parse(text).and_then(|v| v.scaled(*p, *s)), |v| {
                    b.append_value(v)
                })
            }
            Kind::Binary(b) => push(text.as_bytes(), |v| b.append_value(v)),
            Kind::Date(b) => take(calendar::parse_spark_date(text), |v| b.append_value(v)),
            Kind::Timestamp(b) => {
                take(calendar::parse_spark_timestamp(text), |v| b.append_value(v))
            }
            _ => false,
        }
    }

    fn append_nested(
        &mut self,
        value: &Value<'_>,
        conflicts: &mut Conflicts,
    ) -> Result<(), String> {
        let openx = self.rules == Rules::OpenX;
        let blank = matches!(value, Value::Text { text, .. } if text.trim().is_empty());
        match (&mut self.kind, value) {
            (Kind::Array(nested, _, child), Value::Array(elements)) => {
                for element in elements {
                    child.append(element, conflicts)?;
                }
                nested.close(elements.len(), true);
            }
            // The SerDe makes an array of one out of anything else, and NULL of "".
            (Kind::Array(nested, ..), Value::Text { text, .. }) if openx && text.is_empty() => {
                nested.close(0, false);
            }
            (Kind::Array(nested, _, child), other) if openx => {
                child.append(other, conflicts)?;
                nested.close(1, true);
            }
            (Kind::Map(nested, _, keys, values), Value::Object(members)) => {
                let mut added = 0;
                for (at, (name, value)) in members.iter().enumerate() {
                    // The last of two equal keys wins.
                    if members.iter().skip(at + 1).any(|(later, _)| later == name) {
                        continue;
                    }
                    let key = Value::Text {
                        text: name.clone(),
                        quoted: true,
                    };
                    keys.append(&key, conflicts)?;
                    values.append(value, conflicts)?;
                    added += 1;
                }
                nested.close(added, true);
            }
            (Kind::Struct(valid, _, columns), Value::Object(members)) => {
                valid.push(true);
                for (name, column) in columns {
                    let found = members
                        .iter()
                        .rev()
                        .find(|(key, _)| key.eq_ignore_ascii_case(name));
                    match found {
                        Some((_, value)) => column.append(value, conflicts)?,
                        None => column.append_null(),
                    }
                }
            }
            (Kind::Struct(valid, _, columns), Value::Array(elements)) if openx => {
                valid.push(true);
                for (at, (_, column)) in columns.iter_mut().enumerate() {
                    column.append(elements.get(at).unwrap_or(&Value::Null), conflicts)?;
                }
            }
            (Kind::Map(..), _) if openx && blank => self.append_null(),
            (Kind::Struct(valid, _, columns), _) if openx && blank => {
                valid.push(true);
                for (_, column) in columns {
                    column.append_null();
                }
            }
            (kind, _) if openx => {
                return Err(format!("a scalar cannot be read as {}", name_of(kind)));
            }
            _ => self.conflict(conflicts),
        }
        Ok(())
    }

    /// The column so far; the builder is empty afterwards.
    pub fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        Ok(match &mut self.kind {
            Kind::Boolean(b) => Arc::new(b.finish()),
            Kind::TinyInt(b) => Arc::new(b.finish()),
            Kind::SmallInt(b) => Arc::new(b.finish()),
            Kind::Int(b) => Arc::new(b.finish()),
            Kind::BigInt(b) => Arc::new(b.finish()),
            Kind::Float(b) => Arc::new(b.finish()),
            Kind::Double(b) => Arc::new(b.finish()),
            Kind::Decimal(b, ..) => Arc::new(b.finish()),
            Kind::Text(b, _) => Arc::new(b.finish()),
            Kind::Binary(b) => Arc::new(b.finish()),
            Kind::Date(b) => Arc::new(b.finish()),
            Kind::Timestamp(b) => Arc::new(b.finish()),
            Kind::Array(nested, field, child) => {
                let (offsets, valid) = nested.finish();
                Arc::new(ListArray::try_new(
                    Arc::clone(field),
                    offsets,
                    child.finish()?,
                    Some(valid),
                )?)
            }
            Kind::Map(nested, entries, keys, values) => {
                let (offsets, valid) = nested.finish();
                let DataType::Struct(fields) = entries.data_type() else {
                    return Err(ArrowError::SchemaError("a map without entries".to_owned()));
                };
                let columns = vec![keys.finish()?, values.finish()?];
                let pairs = StructArray::try_new(fields.clone(), columns, None)?;
                Arc::new(MapArray::try_new(
                    Arc::clone(entries),
                    offsets,
                    pairs,
                    Some(valid),
                    false,
                )?)
            }
            Kind::Struct(valid, fields, members) => {
                let valid = std::mem::take(valid);
                let length = valid.len();
                let columns = members
                    .iter_mut()
                    .map(|(_, column)| column.finish())
                    .collect::<Result<Vec<_>, _>>()?;
                Arc::new(StructArray::try_new_with_length(
                    fields.clone(),
                    columns,
                    Some(NullBuffer::from(valid)),
                    length,
                )?)
            }
        })
    }
}

fn name_of(kind: &Kind) -> &'static str {
    match kind {
        Kind::Boolean(_) => "a boolean",
        Kind::TinyInt(_) => "a tinyint",
        Kind::SmallInt(_) => "a smallint",
        Kind::Int(_) => "an int",
        Kind::BigInt(_) => "a bigint",
        Kind::Float(_) => "a float",
        Kind::Double(_) => "a double",
        Kind::Decimal(..) => "a decimal",
        Kind::Text(..) => "a string",
        Kind::Binary(_) => "binary",
        Kind::Date(_) => "a date",
        Kind::Timestamp(_) => "a timestamp",
        Kind::Array(..) => "an array",
        Kind::Map(..) => "a map",
        Kind::Struct(..) => "a struct",
    }
}

fn push<T>(value: T, append: impl FnOnce(T)) -> bool {
    append(value);
    true
}

fn take<T>(value: Option<T>, append: impl FnOnce(T)) -> bool {
    value.map(append).is_some()
}

fn push_text(builder: &mut StringBuilder, text: &str, longest: Option<usize>) {
    let end = longest
        .and_then(|longest| text.char_indices().nth(longest))
        .map_or(text.len(), |(at, _)| at);
    builder.append_value(text.get(..end).unwrap_or(text));
}

/// A floating-point number as Java reads it: white space around, `NaN`, `Infinity`, suffixes d and f.
pub fn java_float(text: &str) -> Option<f64> {
    let text = text.trim();
    match text.strip_prefix(['+', '-']).unwrap_or(text) {
        "NaN" => return Some(f64::NAN),
        "Infinity" if text.starts_with('-') => return Some(f64::NEG_INFINITY),
        "Infinity" => return Some(f64::INFINITY),
        _ => {}
    }
    let digits = text.strip_suffix(['d', 'D', 'f', 'F']).unwrap_or(text);
    // Rust also reads `inf`, `infinity` and `nan` in any case; Java does not.
    if !digits.bytes().any(|b| b.is_ascii_digit())
        || digits
            .bytes()
            .any(|b| b.is_ascii_alphabetic() && !matches!(b, b'e' | b'E'))
    {
        return None;
    }
    digits.parse().ok()
}

/// The SerDe's timestamps: Hive's form, ISO with a zone (moved to UTC), or a number of seconds,
/// which 13 and more digits make milliseconds.
fn openx_timestamp(text: &str) -> Option<i64> {
    if text.contains(':') {
        return calendar::parse_hive_timestamp(text)
            .or_else(|| calendar::parse_spark_timestamp(text));
    }
    if !text
        .bytes()
        .all(|b| b.is_ascii_digit() || matches!(b, b'-' | b'+' | b'.'))
    {
        return None;
    }
    if text.contains('.') {
        let millis = Decimal::parse(&format!("{text}e3"))?.truncated()?;
        return millis.checked_mul(1_000);
    }
    let number: i64 = text.parse().ok()?;
    number.checked_mul(if text.len() >= 13 { 1_000 } else { 1_000_000 })
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::Array;
    use datafusion::arrow::util::display::array_value_to_string;

    use super::*;
    use crate::engine::table::json_value::read_first;

    fn column(of: &str, rules: Rules, values: &[&str]) -> (Result<Vec<String>, String>, u64) {
        let hive = of.parse::<HiveType>().unwrap();
        let mut builder = ColumnBuilder::new(&hive, rules);
        let mut conflicts = Conflicts::default();
        for value in values {
            if let Err(why) = builder.append(&read_first(value).unwrap(), &mut conflicts) {
                return (Err(why), conflicts.count);
            }
        }
        let array = builder.finish().unwrap();
        assert_eq!(array.data_type(), &arrow_type(&hive));
        let shown = (0..array.len())
            .map(|at| {
                if array.is_null(at) {
                    "NULL".to_owned()
                } else {
                    array_value_to_string(&array, at).unwrap()
                }
            })
            .collect();
        (Ok(shown), conflicts.count)
    }

    fn check(of: &str, rules: Rules, values: &[&str], expected: &[&str], conflicts: u64) {
        let (shown, counted) = column(of, rules, values);
        assert_eq!(shown.unwrap(), expected, "{of} {rules:?}");
        if rules == Rules::Glue {
            assert_eq!(counted, conflicts, "{of}");
        }
    }

    #[test]
    fn the_serde_coerces_numbers_in_strings_and_the_reverse() {
        check(
            "int",
            Rules::OpenX,
            &["1", "\"2\"", "\"x\"", "3.9", "0x10", "99999999999"],
            &["1", "2", "NULL", "3", "16", "NULL"],
            0,
        );
        check(
            "double",
            Rules::OpenX,
            &["1", "\"0.84\"", "\"NaN\"", "\"nan\""],
            &["1.0", "0.84", "NaN", "NULL"],
            0,
        );
        check(
            "string",
            Rules::OpenX,
            &["1", "0.50", "TRUE", "{\"a\":[1]}", "null"],
            &["1", "0.50", "true", "{\"a\":[1]}", "NULL"],
            0,
        );
        check(
            "boolean",
            Rules::OpenX,
            &["true", "\"TRUE\"", "1"],
            &["true", "true", "false"],
            0,
        );
        check(
            "decimal(4,1)",
            Rules::OpenX,
            &["12.25", "\"1e9\""],
            &["12.3", "NULL"],
            0,
        );
        check(
            "timestamp",
            Rules::OpenX,
            &[
                "\"2025-04-30 14:35:00.775\"",
                "\"2025-04-30T14:35:00-03:00\"",
                "1746023700",
                "\"30/04/2025\"",
            ],
            &[
                "2025-04-30T14:35:00.775",
                "2025-04-30T17:35:00",
                "2025-04-30T14:35:00",
                "NULL",
            ],
            0,
        );
        check("varchar(2)", Rules::OpenX, &["\"éàx\""], &["éà"], 0);
    }

    #[test]
    fn containers_nest_and_are_refused_where_a_scalar_belongs() {
        check(
            "array<int>",
            Rules::OpenX,
            &["[1,null]", "5", "\"\""],
            &["[1, ]", "[5]", "NULL"],
            0,
        );
        check(
            "struct<a:int,b:string>",
            Rules::OpenX,
            &["{\"B\":\"x\",\"A\":1}", "[7]"],
            &["{a: 1, b: x}", "{a: 7, b: }"],
            0,
        );
        check(
            "map<string,double>",
            Rules::OpenX,
            &["{\"a\":1,\"b\":2,\"a\":3}"],
            &["{b: 2.0, a: 3.0}"],
            0,
        );
        let (refused, _) = column("int", Rules::OpenX, &["{}"]);
        assert_eq!(refused.unwrap_err(), "a container cannot be read as an int");
        let (refused, _) = column("struct<a:int>", Rules::OpenX, &["5"]);
        assert_eq!(refused.unwrap_err(), "a scalar cannot be read as a struct");
    }

    #[test]
    fn a_job_keeps_the_record_and_counts_what_does_not_fit() {
        check(
            "int",
            Rules::Glue,
            &["1", "\"2\"", "3.0", "3.5", "\"x\"", "[1]"],
            &["1", "2", "3", "NULL", "NULL", "NULL"],
            3,
        );
        check(
            "double",
            Rules::Glue,
            &["79", "0.5957"],
            &["79.0", "0.5957"],
            0,
        );
        check("boolean", Rules::Glue, &["true", "1"], &["true", "NULL"], 1);
        check(
            "array<int>",
            Rules::Glue,
            &["[1,\"x\"]", "1"],
            &["[1, ]", "NULL"],
            2,
        );
        check(
            "date",
            Rules::Glue,
            &["\"2025-04-30\"", "\"30/04/2025\""],
            &["2025-04-30", "NULL"],
            1,
        );
    }
}
