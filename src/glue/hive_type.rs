//! The types of catalog columns, as Hive writes them, and how a crawler widens them.
//!
//! [`HiveType::merge`] is the join of a semilattice: commutative (but for the order of struct
//! fields, which is that of first sight), associative and idempotent. So the schema a crawl finds
//! does not depend on the order in which objects were read.

use std::fmt;

mod parse;
#[cfg(test)]
mod tests;

pub use parse::HiveTypeError;

/// Digits a decimal holds at the most. "Data types in Amazon Athena", Athena guide.
const MAX_DECIMAL_DIGITS: u8 = 38;

/// A column type of the Data Catalog.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum HiveType {
    /// Nothing but nulls was seen. Merges with everything; a crawler writes it as `string`.
    Void,
    /// `boolean`.
    Boolean,
    /// `tinyint`, 8 bits.
    TinyInt,
    /// `smallint`, 16 bits.
    SmallInt,
    /// `int`, 32 bits.
    Int,
    /// `bigint`, 64 bits.
    BigInt,
    /// `float`, 32 bits.
    Float,
    /// `double`, 64 bits.
    Double,
    /// `decimal(precision,scale)`.
    Decimal {
        /// Digits in all, 1 to 38.
        precision: u8,
        /// Digits behind the point, at most `precision`.
        scale: u8,
    },
    /// `string`: what everything can be read as.
    String,
    /// `char(length)`.
    Char(u32),
    /// `varchar(length)`.
    Varchar(u32),
    /// `binary`.
    Binary,
    /// `date`.
    Date,
    /// `timestamp`.
    Timestamp,
    /// `array<item>`.
    Array(Box<Self>),
    /// `map<key,value>`.
    Map(Box<Self>, Box<Self>),
    /// `struct<name:type,…>`. Names are unique without regard to case.
    Struct(Vec<(String, Self)>),
}

impl HiveType {
    /// The narrowest type that both can be read as; `string` when they have nothing in common.
    #[must_use]
    pub fn merge(&self, other: &Self) -> Self {
        use HiveType::*;
        match (self, other) {
            (Void, t) | (t, Void) => t.clone(),
            (a, b) if a == b => a.clone(),
            (Array(a), Array(b)) => Array(Box::new(a.merge(b))),
            (Map(ak, av), Map(bk, bv)) => Map(Box::new(ak.merge(bk)), Box::new(av.merge(bv))),
            (Struct(a), Struct(b)) => Struct(merge_fields(a, b)),
            (Char(a), Char(b)) => Char(*a.max(b)),
            (Char(a) | Varchar(a), Char(b) | Varchar(b)) => Varchar(*a.max(b)),
            (a, b) => merge_numbers(a, b).unwrap_or(String),
        }
    }

    /// Whether values of both fit one type that is not merely their text: what the schema
    /// similarity of folders counts as the same column.
    pub fn is_compatible(&self, other: &Self) -> bool {
        let textual = |t: &Self| matches!(t, Self::String | Self::Char(_) | Self::Varchar(_));
        match self.merge(other) {
            Self::String => {
                (textual(self) || *self == Self::Void) && (textual(other) || *other == Self::Void)
            }
            _ => true,
        }
    }

    /// This type with everything that was only ever null read as `string`.
    #[must_use]
    pub fn settled(&self) -> Self {
        match self {
            Self::Void => Self::String,
            Self::Array(item) => Self::Array(Box::new(item.settled())),
            Self::Map(key, value) => Self::Map(Box::new(key.settled()), Box::new(value.settled())),
            Self::Struct(fields) if fields.is_empty() => Self::String,
            Self::Struct(fields) => Self::Struct(
                fields
                    .iter()
                    .map(|(name, t)| (name.clone(), t.settled()))
                    .collect(),
            ),
            other => other.clone(),
        }
    }

    /// Digits before and behind the point that hold every value, for the exact numbers.
    fn decimal_digits(&self) -> Option<(u8, u8)> {
        match self {
            Self::TinyInt => Some((3, 0)),
            Self::SmallInt => Some((5, 0)),
            Self::Int => Some((10, 0)),
            Self::BigInt => Some((19, 0)),
            Self::Decimal { precision, scale } => Some((precision.saturating_sub(*scale), *scale)),
            _ => None,
        }
    }

    fn is_number(&self) -> bool {
        self.decimal_digits().is_some() || matches!(self, Self::Float | Self::Double)
    }

    fn integer_rank(&self) -> Option<u8> {
        match self {
            Self::TinyInt => Some(0),
            Self::SmallInt => Some(1),
            Self::Int => Some(2),
            Self::BigInt => Some(3),
            _ => None,
        }
    }
}

/// The join of two different numbers; `None` when one of the types is no number.
fn merge_numbers(a: &HiveType, b: &HiveType) -> Option<HiveType> {
    if let (Some(x), Some(y)) = (a.integer_rank(), b.integer_rank()) {
        return Some(if x >= y { a.clone() } else { b.clone() });
    }
    if let (Some((aw, af)), Some((bw, bf))) = (a.decimal_digits(), b.decimal_digits()) {
        let (whole, fraction) = (aw.max(bw), af.max(bf));
        let precision = whole.saturating_add(fraction);
        // Beyond 38 digits no decimal holds both. Digits only ever grow by merging, so the step to
        // double is taken whatever the order: that keeps the merge associative.
        return Some(if precision > MAX_DECIMAL_DIGITS {
            HiveType::Double
        } else {
            HiveType::Decimal {
                precision,
                scale: fraction,
            }
        });
    }
    (a.is_number() && b.is_number()).then_some(HiveType::Double)
}

/// The union of two field lists by name, without regard to case, in the order of first sight.
pub(crate) fn merge_fields(
    a: &[(String, HiveType)],
    b: &[(String, HiveType)],
) -> Vec<(String, HiveType)> {
    let mut merged = a.to_vec();
    for (name, kind) in b {
        match merged
            .iter_mut()
            .find(|(seen, _)| seen.eq_ignore_ascii_case(name))
        {
            Some((_, seen)) => *seen = seen.merge(kind),
            None => merged.push((name.clone(), kind.clone())),
        }
    }
    merged
}

impl fmt::Display for HiveType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Void => f.write_str("void"),
            Self::Boolean => f.write_str("boolean"),
            Self::TinyInt => f.write_str("tinyint"),
            Self::SmallInt => f.write_str("smallint"),
            Self::Int => f.write_str("int"),
            Self::BigInt => f.write_str("bigint"),
            Self::Float => f.write_str("float"),
            Self::Double => f.write_str("double"),
            Self::Decimal { precision, scale } => write!(f, "decimal({precision},{scale})"),
            Self::String => f.write_str("string"),
            Self::Char(length) => write!(f, "char({length})"),
            Self::Varchar(length) => write!(f, "varchar({length})"),
            Self::Binary => f.write_str("binary"),
            Self::Date => f.write_str("date"),
            Self::Timestamp => f.write_str("timestamp"),
            Self::Array(item) => write!(f, "array<{item}>"),
            Self::Map(key, value) => write!(f, "map<{key},{value}>"),
            Self::Struct(fields) => {
                f.write_str("struct<")?;
                for (at, (name, kind)) in fields.iter().enumerate() {
                    let comma = if at == 0 { "" } else { "," };
                    write!(f, "{comma}{name}:{kind}")?;
                }
                f.write_str(">")
            }
        }
    }
}
