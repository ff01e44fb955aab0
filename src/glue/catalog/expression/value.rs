//! Partition values as the types of their keys.

use std::str::FromStr;

use jiff::civil;

use super::Decimal;
use crate::glue::error::{Error, Result};
use crate::glue::hive_type::HiveType;

/// The types of keys that partitions can be filtered by. API reference, GetPartitions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyType {
    /// `string`, `char`, `varchar`: ordered by UTF-8 bytes.
    Text,
    /// `tinyint`, `smallint`, `int`, `bigint`, `long`.
    Integer,
    /// `decimal`: exact.
    Decimal,
    /// `date`.
    Date,
    /// `timestamp`.
    Timestamp,
}

impl KeyType {
    /// The class of a column type; a type that partitions cannot be filtered by is refused by name.
    pub fn of(column_type: &str) -> Result<Self> {
        let unknown = || Error::InvalidInput(format!("Unknown type : '{column_type}'"));
        match HiveType::from_str(column_type).map_err(|_| unknown())? {
            HiveType::String | HiveType::Char(_) | HiveType::Varchar(_) => Ok(Self::Text),
            HiveType::TinyInt | HiveType::SmallInt | HiveType::Int | HiveType::BigInt => {
                Ok(Self::Integer)
            }
            HiveType::Decimal { .. } => Ok(Self::Decimal),
            HiveType::Date => Ok(Self::Date),
            HiveType::Timestamp => Ok(Self::Timestamp),
            _ => Err(unknown()),
        }
    }

    /// Reads a text as this type; `None` when it is none.
    pub fn read(self, text: &str) -> Option<Value> {
        match self {
            Self::Text => Some(Value::Text(text.to_owned())),
            Self::Integer => text.trim().parse().ok().map(Value::Integer),
            Self::Decimal => Decimal::parse(text).map(Value::Decimal),
            Self::Date => text.trim().parse::<civil::Date>().ok().map(Value::Date),
            Self::Timestamp => {
                let text = text.trim();
                let moment = text.parse::<civil::DateTime>().ok();
                moment.map(Value::Timestamp)
            }
        }
    }

    /// What a message calls a value of this type.
    pub(super) fn noun(self) -> &'static str {
        match self {
            Self::Text => "a string",
            Self::Integer => "an integer",
            Self::Decimal => "a decimal",
            Self::Date => "a date",
            Self::Timestamp => "a timestamp",
        }
    }

    /// What a message calls this type itself.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Text => "String",
            Self::Integer => "Integral",
            Self::Decimal => "Decimal",
            Self::Date => "Date",
            Self::Timestamp => "Timestamp",
        }
    }
}

/// A literal or a stored value as its key's type. Values of different types are never compared.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value {
    /// A text.
    Text(String),
    /// A whole number; `i64` is the widest key type.
    Integer(i64),
    /// An exact decimal.
    Decimal(Decimal),
    /// A calendar date.
    Date(civil::Date),
    /// A date and a time of day, without a zone.
    Timestamp(civil::DateTime),
}
