//! Trino's types, how each is held in Arrow, and which coerce into which.
//!
//! Times have twelve digits in Trino, more than Arrow's 64-bit counts hold. A type takes the narrowest
//! form that holds all its values: `timestamp(p)` is Arrow's own of milliseconds up to 3 and of
//! microseconds up to 6, so that columns of files are read as they are, and beyond it is a 128-bit decimal
//! of picoseconds since the epoch. `timestamp(p) with time zone` is packed as Trino packs it, in 64 bits up
//! to 3 and in a decimal beyond ([`super::calendar::Zoned`]). `time(p)` counts picoseconds of the day in 64
//! bits at every precision, `time(p) with time zone` packs the moment in UTC above its offset in a decimal
//! ([`super::calendar::ZonedTime`]). The wide forms never leave the engine: what a type means stands beside
//! each array, and results are text.

use std::fmt;
use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, Fields, TimeUnit};

use super::ast::{Pos, TypeName};
use super::error::{Code, Result, TrinoError};

/// A type of Trino that this front end can hold.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    /// Of a bare NULL.
    Unknown,
    /// `boolean`
    Boolean,
    /// `tinyint`
    Tinyint,
    /// `smallint`
    Smallint,
    /// `integer`
    Integer,
    /// `bigint`
    Bigint,
    /// `real`
    Real,
    /// `double`
    Double,
    /// `decimal(precision, scale)`
    Decimal(u8, u8),
    /// `varchar` or `varchar(n)`
    Varchar(Option<u32>),
    /// `char(n)`; held without its trailing blanks.
    Char(u32),
    /// `varbinary`
    Varbinary,
    /// `date`
    Date,
    /// `time(p)`
    Time(u8),
    /// `time(p) with time zone`
    TimeTz(u8),
    /// `timestamp(p)`
    Timestamp(u8),
    /// `timestamp(p) with time zone`
    TimestampTz(u8),
    /// `interval day to second`, in milliseconds.
    IntervalDay,
    /// `interval year to month`, in months.
    IntervalYear,
    /// `array(t)`
    Array(Box<Type>),
    /// `map(k, v)`
    Map(Box<Type>, Box<Type>),
    /// `row(name t, …)`
    Row(Vec<(Option<String>, Type)>),
    /// `json`: its text, without blanks and with sorted keys.
    Json,
    /// `uuid`, 16 bytes.
    Uuid,
    /// `bingtile`, as one number.
    BingTile,
    /// `ipaddress`, 16 bytes; an IPv4 address as IPv6 maps it.
    IpAddress,
}

/// Digits of a second that the types of time have at most.
pub const MAX_PRECISION: u8 = 12;

/// Longest `timestamp` held in microseconds.
const MICROS: u8 = 6;

/// Longest `timestamp with time zone` held in 64 bits.
const SHORT_ZONED: u8 = 3;

/// The decimal that wide times are held in.
const WIDE: DataType = DataType::Decimal128(38, 0);

/// Unbounded `varchar`.
pub const VARCHAR: Type = Type::Varchar(None);

impl Type {
    /// The Arrow type that holds it.
    pub fn arrow(&self) -> DataType {
        match self {
            Self::Unknown => DataType::Null,
            Self::Boolean => DataType::Boolean,
            Self::Tinyint => DataType::Int8,
            Self::Smallint => DataType::Int16,
            Self::Integer | Self::IntervalYear => DataType::Int32,
            Self::Bigint | Self::Time(_) | Self::IntervalDay | Self::BingTile => DataType::Int64,
            Self::TimestampTz(p) if *p <= SHORT_ZONED => DataType::Int64,
            Self::TimestampTz(_) | Self::TimeTz(_) => WIDE,
            Self::Real => DataType::Float32,
            Self::Double => DataType::Float64,
            Self::Decimal(precision, scale) => {
                DataType::Decimal128(*precision, i8::try_from(*scale).unwrap_or(0))
            }
            Self::Varchar(_) | Self::Char(_) | Self::Json => DataType::Utf8,
            Self::Varbinary | Self::Uuid | Self::IpAddress => DataType::Binary,
            Self::Date => DataType::Date32,
            Self::Timestamp(p) if *p <= 3 => DataType::Timestamp(TimeUnit::Millisecond, None),
            Self::Timestamp(p) if *p <= MICROS => DataType::Timestamp(TimeUnit::Microsecond, None),
            Self::Timestamp(_) => WIDE,
            Self::Array(item) => {
                DataType::List(Arc::new(Field::new_list_field(item.arrow(), true)))
            }
            Self::Map(key, value) => {
                let entries = Fields::from(vec![
                    Field::new("key", key.arrow(), false),
                    Field::new("value", value.arrow(), true),
                ]);
                DataType::Map(
                    Arc::new(Field::new("entries", DataType::Struct(entries), false)),
                    false,
                )
            }
            Self::Row(fields) => DataType::Struct(
                fields
                    .iter()
                    .enumerate()
                    .map(|(i, (_, ty))| Field::new(format!("f{i}"), ty.arrow(), true))
                    .collect(),
            ),
        }
    }

    /// The type a table's column of this Arrow type has. Timestamps of any unit are `timestamp(3)`,
    /// Athena's precision for Hive tables.
    pub fn of_column(data_type: &DataType) -> Option<Self> {
        Some(match data_type {
            DataType::Null => Self::Unknown,
            DataType::Boolean => Self::Boolean,
            DataType::Int8 => Self::Tinyint,
            DataType::Int16 | DataType::UInt8 => Self::Smallint,
            DataType::Int32 | DataType::UInt16 => Self::Integer,
            DataType::Int64 | DataType::UInt32 => Self::Bigint,
            DataType::Float32 => Self::Real,
            DataType::Float64 => Self::Double,
            DataType::Decimal128(precision, scale) => {
                Self::Decimal(*precision, u8::try_from(*scale).ok()?)
            }
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => VARCHAR,
            DataType::Binary | DataType::LargeBinary | DataType::BinaryView => Self::Varbinary,
            DataType::Date32 => Self::Date,
            DataType::Timestamp(_, _) => Self::Timestamp(3),
            DataType::Dictionary(_, value) => Self::of_column(value)?,
            DataType::List(item) | DataType::LargeList(item) => {
                Self::Array(Box::new(Self::of_column(item.data_type())?))
            }
            DataType::Map(entries, _) => match entries.data_type() {
                DataType::Struct(fields) => match fields.as_ref() {
                    [key, value] => Self::Map(
                        Box::new(Self::of_column(key.data_type())?),
                        Box::new(Self::of_column(value.data_type())?),
                    ),
                    _ => return None,
                },
                _ => return None,
            },
            DataType::Struct(fields) => Self::Row(
                fields
                    .iter()
                    .map(|f| {
                        Some((
                            Some(f.name().to_lowercase()),
                            Self::of_column(f.data_type())?,
                        ))
                    })
                    .collect::<Option<_>>()?,
            ),
            _ => return None,
        })
    }

    /// The type a text such as `decimal(10, 2)` names.
    pub fn resolve(name: &TypeName) -> Result<Self> {
        let unsupported = || TrinoError::unsupported(name.pos, format!("Type {}", name.base));
        let numbers = name.numbers.as_slice();
        let inner: Vec<Self> = name
            .inner
            .iter()
            .map(|(_, ty)| Self::resolve(ty))
            .collect::<Result<_>>()?;
        Ok(match (name.base.as_str(), numbers, inner.as_slice()) {
            ("unknown", [], []) => Self::Unknown,
            ("boolean", [], []) => Self::Boolean,
            ("tinyint", [], []) => Self::Tinyint,
            ("smallint", [], []) => Self::Smallint,
            ("integer" | "int", [], []) => Self::Integer,
            ("bigint", [], []) => Self::Bigint,
            ("real", [], []) => Self::Real,
            ("double", [], []) => Self::Double,
            ("decimal" | "dec" | "numeric", [], []) => Self::Decimal(38, 0),
            ("decimal" | "dec" | "numeric", [precision], []) if (1..=38).contains(precision) => {
                Self::Decimal(*precision as u8, 0)
            }
            ("decimal" | "dec" | "numeric", [precision, scale], [])
                if (1..=38).contains(precision) && scale <= precision =>
            {
                Self::Decimal(*precision as u8, *scale as u8)
            }
            ("varchar", [], []) => VARCHAR,
            ("varchar", [length], []) => Self::Varchar(Some(*length)),
            ("char", [], []) => Self::Char(1),
            ("char", [length], []) if *length <= 65_536 => Self::Char(*length),
            ("varbinary", [], []) => Self::Varbinary,
            ("date", [], []) => Self::Date,
            ("time" | "timestamp" | "time with time zone" | "timestamp with time zone", _, []) => {
                let p = time_precision(name)?;
                match name.base.as_str() {
                    "time" => Self::Time(p),
                    "timestamp" => Self::Timestamp(p),
                    "time with time zone" => Self::TimeTz(p),
                    _ => Self::TimestampTz(p),
                }
            }
            ("interval day to second", [], []) => Self::IntervalDay,
            ("interval year to month", [], []) => Self::IntervalYear,
            ("json", [], []) => Self::Json,
            ("uuid", [], []) => Self::Uuid,
            ("ipaddress", [], []) => Self::IpAddress,
            ("bingtile", [], []) => Self::BingTile,
            ("array", [], [item]) => Self::Array(Box::new(item.clone())),
            ("map", [], [key, value]) => Self::Map(Box::new(key.clone()), Box::new(value.clone())),
            ("row", [], [_, ..]) => Self::Row(
                name.inner
                    .iter()
                    .map(|(field, _)| field.as_ref().map(|f| f.value.clone()))
                    .zip(inner)
                    .collect(),
            ),
            (
                "hyperloglog" | "qdigest" | "tdigest" | "geometry" | "p4hyperloglog" | "setdigest"
                | "sphericalgeography" | "color" | "jsonpath" | "json2016" | "joniregexp",
                ..,
            ) => return Err(unsupported()),
            _ => {
                return Err(TrinoError::at(
                    name.pos,
                    Code::TypeNotFound,
                    format!("Unknown type: {name}"),
                ));
            }
        })
    }

    /// Whether it is a whole number.
    pub const fn is_integral(&self) -> bool {
        matches!(
            self,
            Self::Tinyint | Self::Smallint | Self::Integer | Self::Bigint
        )
    }

    /// Whether arithmetic applies to it.
    pub const fn is_numeric(&self) -> bool {
        self.is_integral() || matches!(self, Self::Real | Self::Double | Self::Decimal(..))
    }

    /// Whether it is text.
    pub const fn is_text(&self) -> bool {
        matches!(self, Self::Varchar(_) | Self::Char(_))
    }

    /// Whether values can be ordered.
    pub fn is_orderable(&self) -> bool {
        match self {
            Self::Map(..) | Self::Json | Self::BingTile => false,
            Self::Array(item) => item.is_orderable(),
            Self::Row(fields) => fields.iter().all(|(_, ty)| ty.is_orderable()),
            _ => true,
        }
    }

    /// Whether Arrow's own comparison of the held values is Trino's: no floats (NaN, −0.0), no zones,
    /// nothing nested.
    pub const fn compares_natively(&self) -> bool {
        !matches!(
            self,
            Self::Unknown
                | Self::Real
                | Self::Double
                | Self::TimestampTz(_)
                | Self::TimeTz(_)
                | Self::Array(_)
                | Self::Map(..)
                | Self::Row(_)
        )
    }

    /// Digits a whole number may have.
    const fn integral_digits(&self) -> u8 {
        match self {
            Self::Tinyint => 3,
            Self::Smallint => 5,
            Self::Integer => 10,
            _ => 19,
        }
    }

    /// As a decimal, if it is exact.
    pub const fn as_decimal(&self) -> Option<(u8, u8)> {
        match self {
            Self::Decimal(precision, scale) => Some((*precision, *scale)),
            ty if ty.is_integral() => Some((ty.integral_digits(), 0)),
            _ => None,
        }
    }

    /// The type both coerce to, if there is one.
    pub fn common(&self, other: &Self) -> Option<Self> {
        if self == other {
            return Some(self.clone());
        }
        match (self, other) {
            (Self::Unknown, ty) | (ty, Self::Unknown) => Some(ty.clone()),
            (Self::Varchar(a), Self::Varchar(b)) => {
                Some(Self::Varchar(a.zip(*b).map(|(a, b)| a.max(b))))
            }
            (Self::Char(a), Self::Char(b)) => Some(Self::Char(*a.max(b))),
            (Self::Char(a), Self::Varchar(b)) | (Self::Varchar(b), Self::Char(a)) => {
                Some(Self::Char(b.unwrap_or(65_536).max(*a).min(65_536)))
            }
            (Self::Date, Self::Timestamp(p)) | (Self::Timestamp(p), Self::Date) => {
                Some(Self::Timestamp(*p))
            }
            (Self::Date, Self::TimestampTz(p)) | (Self::TimestampTz(p), Self::Date) => {
                Some(Self::TimestampTz(*p))
            }
            (Self::Time(a), Self::Time(b)) => Some(Self::Time(*a.max(b))),
            (Self::TimeTz(a), Self::TimeTz(b))
            | (Self::Time(a), Self::TimeTz(b))
            | (Self::TimeTz(b), Self::Time(a)) => Some(Self::TimeTz(*a.max(b))),
            (Self::Timestamp(a), Self::Timestamp(b)) => Some(Self::Timestamp(*a.max(b))),
            (Self::TimestampTz(a), Self::TimestampTz(b)) => Some(Self::TimestampTz(*a.max(b))),
            (Self::Timestamp(a), Self::TimestampTz(b))
            | (Self::TimestampTz(b), Self::Timestamp(a)) => Some(Self::TimestampTz(*a.max(b))),
            (Self::Array(a), Self::Array(b)) => Some(Self::Array(Box::new(a.common(b)?))),
            (Self::Map(ak, av), Self::Map(bk, bv)) => Some(Self::Map(
                Box::new(ak.common(bk)?),
                Box::new(av.common(bv)?),
            )),
            (Self::Row(a), Self::Row(b)) if a.len() == b.len() => a
                .iter()
                .zip(b)
                .map(|((an, at), (bn, bt))| {
                    let name = if an == bn { an.clone() } else { None };
                    Some((name, at.common(bt)?))
                })
                .collect::<Option<_>>()
                .map(Self::Row),
            (a, b) if a.is_numeric() && b.is_numeric() => Self::common_number(a, b),
            _ => None,
        }
    }

    fn common_number(a: &Self, b: &Self) -> Option<Self> {
        if *a == Self::Double || *b == Self::Double {
            return Some(Self::Double);
        }
        if *a == Self::Real || *b == Self::Real {
            return Some(Self::Real);
        }
        if a.is_integral() && b.is_integral() {
            return Some(if a.integral_digits() >= b.integral_digits() {
                a.clone()
            } else {
                b.clone()
            });
        }
        let ((ap, a_scale), (bp, b_scale)) = (a.as_decimal()?, b.as_decimal()?);
        let scale = a_scale.max(b_scale);
        let whole = (ap - a_scale).max(bp - b_scale);
        Some(Self::Decimal((whole + scale).min(38), scale))
    }

    /// Whether values of this type may stand where `target` is wanted.
    pub fn coerces_to(&self, target: &Self) -> bool {
        self.common(target).as_ref() == Some(target)
    }

    /// `Type` of Athena's `ColumnInfo`: the base name, with Hive's `float` for `real`.
    pub const fn column_info_name(&self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Boolean => "boolean",
            Self::Tinyint => "tinyint",
            Self::Smallint => "smallint",
            Self::Integer => "integer",
            Self::Bigint => "bigint",
            Self::Real => "float",
            Self::Double => "double",
            Self::Decimal(..) => "decimal",
            Self::Varchar(_) => "varchar",
            Self::Char(_) => "char",
            Self::Varbinary => "varbinary",
            Self::Date => "date",
            Self::Time(_) => "time",
            Self::TimeTz(_) => "time with time zone",
            Self::Timestamp(_) => "timestamp",
            Self::TimestampTz(_) => "timestamp with time zone",
            Self::IntervalDay => "interval day to second",
            Self::IntervalYear => "interval year to month",
            Self::Array(_) => "array",
            Self::Map(..) => "map",
            Self::Row(_) => "row",
            Self::Json => "json",
            Self::Uuid => "uuid",
            Self::IpAddress => "ipaddress",
            Self::BingTile => "BingTile",
        }
    }

    /// `Precision` of Athena's `ColumnInfo`.
    pub fn precision(&self) -> i32 {
        match self {
            Self::Tinyint => 3,
            Self::Smallint => 5,
            Self::Integer => 10,
            Self::Bigint => 19,
            Self::Real | Self::Double => 17,
            Self::Decimal(precision, _) => i32::from(*precision),
            Self::Varchar(None) => i32::MAX,
            Self::Varchar(Some(n)) | Self::Char(n) => i32::try_from(*n).unwrap_or(i32::MAX),
            Self::Varbinary => 1_073_741_824,
            Self::Time(_) | Self::TimeTz(_) | Self::Timestamp(_) | Self::TimestampTz(_) => 3,
            _ => 0,
        }
    }

    /// `Scale` of Athena's `ColumnInfo`.
    pub fn scale(&self) -> i32 {
        match self {
            Self::Decimal(_, scale) => i32::from(*scale),
            _ => 0,
        }
    }
}

/// The precision a type of time is written with, 3 if none is.
fn time_precision(name: &TypeName) -> Result<u8> {
    match name.numbers.as_slice() {
        [] => Ok(3),
        [p, ..] => u8::try_from(*p)
            .ok()
            .filter(|p| *p <= MAX_PRECISION)
            .ok_or_else(|| beyond_precision(name.pos, &name.base, *p)),
    }
}

/// The error of a time with more digits than Trino has.
pub fn beyond_precision(pos: Pos, name: &str, precision: u32) -> TrinoError {
    TrinoError::at(
        pos,
        Code::NumericValueOutOfRange,
        format!(
            "{} precision must be in range [0, {MAX_PRECISION}]: {precision}",
            name.to_uppercase()
        ),
    )
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Real => f.write_str("real"),
            Self::Decimal(precision, scale) => write!(f, "decimal({precision},{scale})"),
            Self::Varchar(Some(length)) => write!(f, "varchar({length})"),
            Self::Char(length) => write!(f, "char({length})"),
            Self::Time(p) => write!(f, "time({p})"),
            Self::TimeTz(p) => write!(f, "time({p}) with time zone"),
            Self::Timestamp(p) => write!(f, "timestamp({p})"),
            Self::TimestampTz(p) => write!(f, "timestamp({p}) with time zone"),
            Self::Array(item) => write!(f, "array({item})"),
            Self::Map(key, value) => write!(f, "map({key}, {value})"),
            Self::Row(fields) => {
                f.write_str("row(")?;
                for (i, (name, ty)) in fields.iter().enumerate() {
                    if i > 0 {
                        f.write_str(", ")?;
                    }
                    match name {
                        Some(name) => write!(f, "{name} {ty}")?,
                        None => ty.fmt(f)?,
                    }
                }
                f.write_str(")")
            }
            other => f.write_str(other.column_info_name()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(a: Type, b: Type, expected: Option<Type>) {
        assert_eq!(a.common(&b), expected, "{a}, {b}");
        assert_eq!(b.common(&a), expected, "{b}, {a}");
    }

    #[test]
    fn the_lattice_never_joins_text_and_numbers() {
        check(VARCHAR, Type::Double, None);
        check(Type::Varchar(Some(1)), Type::Bigint, None);
        check(Type::Integer, Type::Bigint, Some(Type::Bigint));
        check(
            Type::Bigint,
            Type::Decimal(5, 2),
            Some(Type::Decimal(21, 2)),
        );
        check(
            Type::Decimal(38, 0),
            Type::Decimal(5, 2),
            Some(Type::Decimal(38, 2)),
        );
        check(Type::Bigint, Type::Real, Some(Type::Real));
        check(Type::Date, Type::Timestamp(3), Some(Type::Timestamp(3)));
        check(
            Type::Varchar(Some(2)),
            Type::Varchar(Some(5)),
            Some(Type::Varchar(Some(5))),
        );
        check(Type::Boolean, Type::Integer, None);
        check(
            Type::Array(Box::new(Type::Unknown)),
            Type::Array(Box::new(Type::Integer)),
            Some(Type::Array(Box::new(Type::Integer))),
        );
    }
}
