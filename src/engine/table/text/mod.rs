//! Lines of text into columns: LazySimple, OpenCSV, Regex and Grok.
//!
//! A line becomes the object that a JSON reader would have found, one member a column, so that all text
//! goes one way from there. What a SerDe does with a field that is not of its column's type differs:
//! LazySimple, Regex and Grok read NULL, OpenCSV fails the query.

mod csv;
mod grok;
mod lazy;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::BTreeMap;

use regex::Regex;

use self::csv::Csv;
pub use self::lazy::Delimiters;
use self::lazy::Lazy;
use super::json_value::{Decimal, Value, parse_integer};
use super::typed;
use crate::engine::calendar;
use crate::engine::error::{Error, Result};
use crate::glue::api::Table;
use crate::glue::hive_layout;
use crate::glue::hive_type::HiveType;

/// How a table's lines become rows.
#[derive(Debug)]
pub struct TextSerDe {
    kind: Kind,
    columns: Vec<(String, HiveType)>,
    /// Lines at the start of each file that are no rows.
    pub header_lines: u64,
}

#[derive(Debug)]
enum Kind {
    Lazy(Lazy),
    Csv(Csv),
    /// A pattern for the whole line whose groups are the columns in their order, or by their names.
    Pattern(Regex, Groups),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Groups {
    InOrder,
    ByName,
}

fn unsupported(message: impl Into<String>) -> Error {
    Error::UnsupportedFormat(message.into())
}

impl TextSerDe {
    /// The SerDe of a table, if it is one of text; `None` for another.
    ///
    /// # Errors
    /// Properties that are not executed, by name; a pattern that is none.
    pub fn of(table: &Table) -> Result<Option<Self>> {
        let descriptor = table.storage_descriptor.clone().unwrap_or_default();
        let serde = descriptor.serde_info.unwrap_or_default();
        let parameters = serde.parameters.unwrap_or_default();
        let kind = match serde.serialization_library.as_deref().unwrap_or_default() {
            hive_layout::LAZY_SIMPLE_SERDE => Kind::Lazy(Lazy::new(&parameters)?),
            hive_layout::OPEN_CSV_SERDE => Kind::Csv(Csv::new(&parameters)?),
            hive_layout::REGEX_SERDE | hive_layout::CONTRIB_REGEX_SERDE => {
                Kind::Pattern(pattern(&parameters)?, Groups::InOrder)
            }
            hive_layout::GROK_SERDE => Kind::Pattern(grok::pattern(&parameters)?, Groups::ByName),
            _ => return Ok(None),
        };
        let none = BTreeMap::new();
        let properties = table.parameters.as_ref().unwrap_or(&none);
        let count = |key: &str| -> Result<u64> {
            let text = properties.get(key).or_else(|| parameters.get(key));
            let Some(text) = text else { return Ok(0) };
            text.trim()
                .parse()
                .map_err(|_| Error::Metastore(format!("Invalid value for {key} property: {text}")))
        };
        if count("skip.footer.line.count")? > 0 {
            return Err(unsupported(
                "the property skip.footer.line.count is not executed by windfarm yet",
            ));
        }
        let columns = typed(descriptor.columns.as_deref().unwrap_or_default(), false)?;
        Ok(Some(Self {
            kind,
            columns: columns.into_iter().map(|c| (c.name, c.of)).collect(),
            header_lines: count("skip.header.line.count")?,
        }))
    }

    /// A line without its end as an object.
    ///
    /// # Errors
    /// What makes the SerDe refuse the line.
    pub fn row<'l>(&self, line: &'l str) -> Result<Value<'l>, String> {
        let values: Vec<Value<'l>> = match &self.kind {
            Kind::Lazy(lazy) => lazy.row(line, &self.columns),
            Kind::Csv(csv) => csv
                .fields(line)
                .into_iter()
                .zip(&self.columns)
                .enumerate()
                .map(|(at, (field, (_, of)))| strict(at, field, of))
                .collect::<Result<_, String>>()?,
            Kind::Pattern(regex, groups) => self.matched(regex, *groups, line),
        };
        let names = self.columns.iter().map(|(name, _)| name);
        Ok(Value::Object(
            names
                .zip(values)
                .map(|(name, value)| (Cow::Owned(name.clone()), value))
                .collect(),
        ))
    }

    /// The groups of a line that fits; a line that does not is a row of NULLs.
    fn matched<'l>(&self, regex: &Regex, groups: Groups, line: &'l str) -> Vec<Value<'l>> {
        let Some(found) = regex.captures(line) else {
            return Vec::new();
        };
        self.columns
            .iter()
            .enumerate()
            .map(|(at, (name, _))| {
                let group = match groups {
                    Groups::InOrder => found.get(at + 1),
                    Groups::ByName => found.name(&name.to_lowercase()),
                };
                group.map_or(Value::Null, |group| text(group.as_str()))
            })
            .collect()
    }
}

fn text<'t>(value: impl Into<Cow<'t, str>>) -> Value<'t> {
    Value::Text {
        text: value.into(),
        quoted: true,
    }
}

/// The pattern of the Regex SerDe. It must fit the whole line.
fn pattern(parameters: &BTreeMap<String, String>) -> Result<Regex> {
    let written = parameters.get("input.regex").ok_or_else(|| {
        Error::Metastore("This table does not have serde property \"input.regex\"!".to_owned())
    })?;
    let ignores_case = parameters
        .get("input.regex.case.insensitive")
        .is_some_and(|value| value.eq_ignore_ascii_case("true"));
    compiled(written, ignores_case)
}

fn compiled(pattern: &str, ignores_case: bool) -> Result<Regex> {
    let flags = if ignores_case { "(?i)" } else { "" };
    Regex::new(&format!("{flags}^(?:{pattern})$")).map_err(|error| {
        unsupported(format!(
            "the pattern `{pattern}` is not executed by windfarm: {error}"
        ))
    })
}

/// A field of OpenCSV: text as it is; numbers must be numbers, dates days and timestamps milliseconds
/// since 1970. "Open CSV SerDe", Athena guide.
fn strict<'l>(at: usize, field: Cow<'l, str>, of: &HiveType) -> Result<Value<'l>, String> {
    let bad = |field: &str| {
        format!("Error parsing field value '{field}' for field {at}: For input string: \"{field}\"")
    };
    let whole = |field: &str| parse_integer(field.trim()).ok_or_else(|| bad(field));
    Ok(match of {
        HiveType::String | HiveType::Varchar(_) | HiveType::Char(_) => text(field),
        HiveType::TinyInt | HiveType::SmallInt | HiveType::Int | HiveType::BigInt => {
            text(whole(&field)?.to_string())
        }
        HiveType::Float | HiveType::Double | HiveType::Decimal { .. } => {
            if super::columns::java_float(&field).is_none() && Decimal::parse(&field).is_none() {
                return Err(bad(&field));
            }
            text(field)
        }
        HiveType::Boolean => match field.trim().to_ascii_lowercase().as_str() {
            "true" | "false" => text(field.trim().to_owned()),
            _ => return Err(bad(&field)),
        },
        HiveType::Date => {
            let days = i32::try_from(whole(&field)?).map_err(|_| bad(&field))?;
            text(calendar::format_date(days).ok_or_else(|| bad(&field))?)
        }
        HiveType::Timestamp => {
            let micros = whole(&field)?
                .checked_mul(1_000)
                .ok_or_else(|| bad(&field))?;
            text(calendar::format_timestamp(micros).ok_or_else(|| bad(&field))?)
        }
        other => {
            return Err(format!(
                "OpenCSVSerde does not read columns of type {other}"
            ));
        }
    })
}
