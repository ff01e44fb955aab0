//! Partitions that are computed from a table's properties instead of listed in the catalog.
//!
//! "Partition projection with Amazon Athena" and "Supported types for partition projection", Athena
//! guide. A query's filters narrow the values of each key before they are combined, so that only the
//! folders it asks for are looked at.

use std::collections::BTreeMap;

use datafusion::arrow::datatypes::{Schema, SchemaRef};
use datafusion::catalog::Session;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::{BinaryExpr, Expr, Operator};
use std::sync::Arc;

use self::dates::Dates;
use super::TableColumn;
use super::partition::{Partition, escape, is_decidable, parse_value, verdicts};
use crate::base::Timestamp;
use crate::engine::error::{Error, Result};
use crate::glue::api::Table;
use crate::store::S3Uri;

mod dates;

/// Values of one key, and partitions of one scan, beyond which a query is refused.
const MAX_VALUES: usize = 1_000_000;

/// How a table's partitions are computed.
#[derive(Debug)]
pub struct Projection {
    keys: Vec<Key>,
    /// Where partitions lie: a template, or the table's folder with `key=value` folders in it.
    place: Place,
    table: String,
}

#[derive(Debug)]
enum Place {
    Template(String),
    Folder(S3Uri),
}

#[derive(Debug)]
struct Key {
    column: TableColumn,
    values: Values,
}

#[derive(Debug)]
enum Values {
    Enum(Vec<String>),
    Integer {
        first: i64,
        last: i64,
        interval: i64,
        digits: usize,
    },
    Date(Dates),
    /// Those that the query gives.
    Injected,
}

/// Whether a table's partitions are computed.
pub fn is_projected(table: &Table) -> bool {
    property(table, "projection.enabled").is_some_and(|value| value.eq_ignore_ascii_case("true"))
}

fn property<'t>(table: &'t Table, key: &str) -> Option<&'t str> {
    let found = table.parameters.as_ref()?.get(key)?;
    Some(found.as_str())
}

impl Projection {
    /// The projection of a table at a time, which `NOW` means.
    ///
    /// # Errors
    /// Properties that are missing or contradict each other.
    pub fn of(table: &Table, database: &str, keys: &[TableColumn], now: Timestamp) -> Result<Self> {
        let type_of = |key: &TableColumn| property(table, &format!("projection.{}.type", key.name));
        let missing: Vec<&str> = keys
            .iter()
            .filter(|key| type_of(key).is_none())
            .map(|key| key.name.as_str())
            .collect();
        let name = format!("{database}.{}", table.name);
        if !missing.is_empty() {
            return Err(Error::Metastore(format!(
                "Table {name} is configured for partition projection, but the following partition columns are missing projection configuration: [{}] (table {name})",
                missing.join(", ")
            )));
        }
        let keys = keys
            .iter()
            .map(|key| {
                let properties = Properties {
                    parameters: table.parameters.as_ref(),
                    column: &key.name,
                    table: &name,
                };
                let values = properties.values(type_of(key).unwrap_or_default(), now)?;
                Ok(Key {
                    column: key.clone(),
                    values,
                })
            })
            .collect::<Result<Vec<_>>>()?;
        let place = match property(table, "storage.location.template") {
            Some(template) => {
                if let Some(key) = keys
                    .iter()
                    .find(|key| !template.contains(&format!("${{{}}}", key.column.name)))
                {
                    return Err(Error::Metastore(format!(
                        "storage.location.template of {name} does not name the partition column {}: {template}",
                        key.column.name
                    )));
                }
                Place::Template(template.to_owned())
            }
            None => {
                let descriptor = table.storage_descriptor.as_ref();
                let location = descriptor.and_then(|d| d.location.as_deref());
                Place::Folder(super::address(&table.name, location.unwrap_or_default())?)
            }
        };
        Ok(Self {
            keys,
            place,
            table: name,
        })
    }

    /// The partitions for which the filters may hold; all of `filters` are decided by partition columns.
    ///
    /// # Errors
    /// A key whose values the query must give and does not; more partitions than can be looked at.
    pub fn partitions(
        &self,
        state: &dyn Session,
        columns: &SchemaRef,
        filters: &[Expr],
    ) -> Result<Vec<Partition>> {
        let mut rows: Vec<Vec<(String, ScalarValue)>> = vec![Vec::new()];
        for (at, key) in self.keys.iter().enumerate() {
            let alone = Arc::new(Schema::new(vec![columns.field(at).clone()]));
            let own: Vec<Expr> = filters
                .iter()
                .filter(|filter| is_decidable(filter, &alone))
                .cloned()
                .collect();
            let candidates = self.candidates(key, &own)?;
            let values: Vec<Vec<ScalarValue>> = candidates
                .iter()
                .map(|(_, value)| vec![value.clone()])
                .collect();
            let kept = verdicts(state, &alone, &values, &own)?;
            let kept: Vec<_> = candidates
                .into_iter()
                .zip(kept)
                .filter_map(|(candidate, kept)| kept.then_some(candidate))
                .collect();
            if rows.len().saturating_mul(kept.len()) > MAX_VALUES {
                return Err(self.too_many("the query leaves"));
            }
            rows = rows
                .iter()
                .flat_map(|row| {
                    kept.iter().map(|candidate| {
                        let mut row = row.clone();
                        row.push(candidate.clone());
                        row
                    })
                })
                .collect();
        }
        let partitions = rows
            .into_iter()
            .map(|row| self.partition(row))
            .collect::<Result<Vec<_>>>()?;
        super::partition::prune(state, columns, partitions, filters)
    }

    fn too_many(&self, what: &str) -> Error {
        Error::Unsupported(format!(
            "{what} more than {MAX_VALUES} projected partitions of {}, which windfarm does not look at: narrow the partition columns",
            self.table
        ))
    }

    /// The values of a key: those the query names where that is all that can be meant.
    fn candidates(&self, key: &Key, filters: &[Expr]) -> Result<Vec<(String, ScalarValue)>> {
        let name = &key.column.name;
        let named = filters.iter().find_map(|filter| equal_to(filter, name));
        let texts = match (&key.values, named) {
            (Values::Enum(values), _) => values.clone(),
            (Values::Date(dates), _) => dates
                .texts(MAX_VALUES)
                .ok_or_else(|| self.too_many(&format!("projection.{name}.range has")))?,
            (Values::Injected, Some(named)) => named.iter().filter_map(text_of).collect(),
            (Values::Injected, None) => {
                return Err(Error::Constraint(format!(
                    "For the injected projected partition column {name}, the WHERE clause must contain only static equality conditions, and at least one such condition must be present."
                )));
            }
            (
                Values::Integer {
                    first,
                    last,
                    interval,
                    digits,
                },
                named,
            ) => {
                let written = |n: i64| format!("{n:0digits$}");
                match named {
                    Some(named) => named
                        .iter()
                        .filter_map(|value| text_of(value)?.parse::<i64>().ok())
                        .filter(|n| (first..=last).contains(&n) && (n - first) % interval == 0)
                        .map(written)
                        .collect(),
                    None => {
                        let count = (last - first) / interval;
                        if usize::try_from(count).unwrap_or(0) >= MAX_VALUES {
                            return Err(self.too_many(&format!("projection.{name}.range has")));
                        }
                        (0..=count).map(|n| written(first + n * interval)).collect()
                    }
                }
            }
        };
        texts
            .into_iter()
            .map(|text| {
                let value = parse_value(name, &key.column.of, &text)?;
                Ok((text, value))
            })
            .collect()
    }

    fn partition(&self, row: Vec<(String, ScalarValue)>) -> Result<Partition> {
        let location = match &self.place {
            Place::Template(template) => {
                let mut text = template.clone();
                for (key, (value, _)) in self.keys.iter().zip(&row) {
                    text = text.replace(&format!("${{{}}}", key.column.name), value);
                }
                super::address(&self.table, &text)?
            }
            Place::Folder(folder) => {
                let mut key = folder.folder();
                for (own, (value, _)) in self.keys.iter().zip(&row) {
                    key.push_str(&format!("{}={}/", own.column.name, escape(Some(value))));
                }
                S3Uri {
                    bucket: folder.bucket.clone(),
                    key,
                }
            }
        };
        Ok(Partition {
            values: row.into_iter().map(|(_, value)| value).collect(),
            location,
        })
    }
}

/// The literals that a column must equal one of for a filter to hold; `None` when the filter says
/// something else.
fn equal_to(filter: &Expr, name: &str) -> Option<Vec<ScalarValue>> {
    let is_column = |expr: &Expr| matches!(expr, Expr::Column(column) if column.name == name);
    let literal = |expr: &Expr| match expr {
        Expr::Literal(value, _) => Some(value.clone()),
        _ => None,
    };
    match filter {
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => match op {
            Operator::Eq if is_column(left) => Some(vec![literal(right)?]),
            Operator::Eq if is_column(right) => Some(vec![literal(left)?]),
            Operator::And => equal_to(left, name).or_else(|| equal_to(right, name)),
            Operator::Or => {
                let mut both = equal_to(left, name)?;
                both.extend(equal_to(right, name)?);
                Some(both)
            }
            _ => None,
        },
        Expr::InList(list) if !list.negated && is_column(&list.expr) => {
            list.list.iter().map(literal).collect()
        }
        _ => None,
    }
}

/// A value as a folder or template has it; `None` for NULL.
pub(super) fn text_of(value: &ScalarValue) -> Option<String> {
    match value {
        value if value.is_null() => None,
        ScalarValue::Utf8(text) | ScalarValue::LargeUtf8(text) | ScalarValue::Utf8View(text) => {
            text.clone()
        }
        ScalarValue::Date32(Some(days)) => crate::engine::calendar::format_date(*days),
        other => Some(other.to_string()),
    }
}

/// The properties `projection.COLUMN.…` of a table.
struct Properties<'t> {
    parameters: Option<&'t BTreeMap<String, String>>,
    column: &'t str,
    table: &'t str,
}

impl Properties<'_> {
    fn get(&self, what: &str) -> Option<&str> {
        let key = format!("projection.{}.{what}", self.column);
        self.parameters?.get(&key).map(|text| text.trim())
    }

    fn wrong(&self, what: &str, why: &str) -> Error {
        Error::Metastore(format!(
            "Invalid projection configuration of column {} (table {}): projection.{}.{what} {why}",
            self.column, self.table, self.column
        ))
    }

    fn required(&self, what: &str) -> Result<&str> {
        self.get(what)
            .ok_or_else(|| self.wrong(what, "is required"))
    }

    fn range(&self) -> Result<(&str, &str)> {
        let range = self.required("range")?;
        let (first, last) = range
            .split_once(',')
            .ok_or_else(|| self.wrong("range", &format!("is no pair of values: {range}")))?;
        Ok((first.trim(), last.trim()))
    }

    fn number(&self, what: &str, own: i64, least: i64) -> Result<i64> {
        let Some(text) = self.get(what) else {
            return Ok(own);
        };
        let number = text.parse().ok().filter(|n| *n >= least);
        number.ok_or_else(|| self.wrong(what, &format!("is no number of {least} or more: {text}")))
    }

    fn values(&self, kind: &str, now: Timestamp) -> Result<Values> {
        match kind.to_ascii_lowercase().as_str() {
            "enum" => Ok(Values::Enum(
                self.required("values")?
                    .split(',')
                    .map(|value| value.trim().to_owned())
                    .collect(),
            )),
            "integer" => {
                let (first, last) = self.range()?;
                let bound = |text: &str| {
                    text.parse::<i64>()
                        .map_err(|_| self.wrong("range", &format!("has no number: {text}")))
                };
                let (first, last) = (bound(first)?, bound(last)?);
                if first > last || last.checked_sub(first).is_none() {
                    return Err(self.wrong("range", "ends before it begins"));
                }
                Ok(Values::Integer {
                    first,
                    last,
                    interval: self.number("interval", 1, 1)?,
                    digits: usize::try_from(self.number("digits", 0, 1)?).unwrap_or(0),
                })
            }
            "date" => {
                let format = self.required("format")?;
                let (first, last) = self.range()?;
                let interval = self.number("interval", 1, 1)?;
                let unit = self.get("interval.unit");
                Dates::new(format, (first, last), interval, unit, now)
                    .map(Values::Date)
                    .map_err(|(what, why)| self.wrong(what, &why))
            }
            "injected" => Ok(Values::Injected),
            other => Err(self.wrong("type", &format!("is not known: {other}"))),
        }
    }
}

#[cfg(test)]
mod tests;
