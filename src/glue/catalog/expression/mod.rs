//! Partition expressions: which partitions of a table a predicate on its keys selects.
//!
//! The language is the WHERE clause that GetPartitions documents: comparisons, `AND`, `OR`, `NOT`,
//! `IN`, `BETWEEN`, `LIKE`, `IS NULL` and parentheses, over partition keys and literals. Literals and
//! stored values are compared as the key's type: numbers by value, strings by their UTF-8 order.
//!
//! Logic is SQL's, with three values: a comparison with NULL is unknown, and a partition is selected
//! only when the predicate is true. A value is NULL when it is `__HIVE_DEFAULT_PARTITION__`, which is
//! how Hive writes it into folder names.

use crate::glue::api::Column;
use crate::glue::error::{Error, Result};

mod decimal;
mod like;
mod parse;
#[cfg(test)]
mod tests;
mod token;
mod value;

use like::LikePattern;

pub use decimal::Decimal;
pub use value::{KeyType, Value};

/// How Hive writes NULL as a partition value.
pub const NULL_PARTITION_VALUE: &str = "__HIVE_DEFAULT_PARTITION__";

/// A comparison operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `=`
    Equal,
    /// `<>` and `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

impl Comparison {
    /// The operator that means the same with its sides exchanged.
    fn flipped(self) -> Self {
        match self {
            Self::Less => Self::Greater,
            Self::LessOrEqual => Self::GreaterOrEqual,
            Self::Greater => Self::Less,
            Self::GreaterOrEqual => Self::LessOrEqual,
            same => same,
        }
    }

    fn holds(self, order: std::cmp::Ordering) -> bool {
        match self {
            Self::Equal => order.is_eq(),
            Self::NotEqual => order.is_ne(),
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::GreaterOrEqual => order.is_ge(),
        }
    }
}

/// A predicate over partition keys, which stand as positions in the filter's list of used keys.
#[derive(Clone, Debug)]
enum Predicate {
    Compare(usize, Comparison, Value),
    In(usize, Vec<Value>),
    Between(usize, Value, Value),
    Like(usize, LikePattern),
    IsNull(usize),
    Not(Box<Predicate>),
    And(Box<Predicate>, Box<Predicate>),
    Or(Box<Predicate>, Box<Predicate>),
}

impl Predicate {
    /// The truth of this predicate; `None` is SQL's unknown.
    fn truth(&self, values: &[Option<Value>]) -> Option<bool> {
        let value = |key: &usize| values.get(*key).and_then(Option::as_ref);
        match self {
            Self::Compare(key, comparison, literal) => {
                value(key).map(|v| comparison.holds(v.cmp(literal)))
            }
            Self::In(key, literals) => value(key).map(|v| literals.contains(v)),
            Self::Between(key, low, high) => value(key).map(|v| low <= v && v <= high),
            Self::Like(key, pattern) => match value(key) {
                Some(Value::Text(text)) => Some(pattern.matches(text)),
                _ => None,
            },
            Self::IsNull(key) => Some(value(key).is_none()),
            Self::Not(inner) => inner.truth(values).map(|truth| !truth),
            Self::And(a, b) => match (a.truth(values), b.truth(values)) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            },
            Self::Or(a, b) => match (a.truth(values), b.truth(values)) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (Some(false), Some(false)) => Some(false),
                _ => None,
            },
        }
    }
}

/// A key that an expression uses.
#[derive(Clone, Debug)]
struct UsedKey {
    /// Position among the table's partition keys, and so among a partition's values.
    position: usize,
    kind: KeyType,
}

/// A parsed expression, ready to be asked about the partitions of one table.
#[derive(Clone, Debug)]
pub struct PartitionFilter {
    used: Vec<UsedKey>,
    /// `None` selects everything.
    predicate: Option<Predicate>,
}

impl PartitionFilter {
    /// Parses an expression over `keys`. A blank text selects everything: Hive clients send it.
    ///
    /// # Errors
    /// `InvalidInput` for what does not parse, for a name that is no partition key, and for a
    /// literal that cannot be the key's type.
    pub fn parse(text: &str, keys: &[Column]) -> Result<Self> {
        if text.trim().is_empty() {
            return Ok(Self::everything());
        }
        if keys.is_empty() {
            return Err(Error::InvalidInput(
                "Invalid partition expression!".to_owned(),
            ));
        }
        let (predicate, used) = parse::parse(text, keys)?;
        Ok(Self {
            used,
            predicate: Some(predicate),
        })
    }

    /// The filter that selects every partition.
    pub fn everything() -> Self {
        Self {
            used: Vec::new(),
            predicate: None,
        }
    }

    /// Whether a partition with these values, in the order of the table's keys, is selected.
    ///
    /// # Errors
    /// `InvalidState` when a value of a key that the expression uses is not of the key's type.
    pub fn selects(&self, values: &[String]) -> Result<bool> {
        let Some(predicate) = &self.predicate else {
            return Ok(true);
        };
        let mut typed = Vec::with_capacity(self.used.len());
        for key in &self.used {
            typed.push(match values.get(key.position).map(String::as_str) {
                None | Some(NULL_PARTITION_VALUE) => None,
                Some(text) => Some(key.kind.read(text).ok_or_else(|| {
                    let noun = key.kind.noun();
                    Error::InvalidState(format!("\"{text}\" is not {noun}."))
                })?),
            });
        }
        Ok(predicate.truth(&typed) == Some(true))
    }
}
