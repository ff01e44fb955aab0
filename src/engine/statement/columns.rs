//! Columns of queries as columns of the catalog, and the other way round.

use super::Result;
use crate::engine::trino::ast::Pos;
use crate::engine::trino::types::{Type, VARCHAR};
use crate::engine::trino::{Code, Plan, TrinoError};
use crate::glue::hive_type::HiveType;

/// The columns a query gives to a view, a table or files: each named, once, and of a known type.
pub(super) fn check_columns(plan: &Plan, pos: Pos) -> Result<()> {
    if let Some(at) = plan.unnamed {
        return Err(TrinoError::at(
            pos,
            Code::MissingColumnName,
            format!("Column name not specified at position {}", at + 1),
        ));
    }
    let mut names: Vec<String> = Vec::new();
    for column in &plan.columns {
        let name = column.name.to_lowercase();
        if names.contains(&name) {
            return Err(TrinoError::at(
                pos,
                Code::DuplicateColumnName,
                format!("Column name '{name}' specified more than once"),
            ));
        }
        if column.ty == Type::Unknown {
            return Err(TrinoError::at(
                pos,
                Code::ColumnTypeUnknown,
                format!("Column type is unknown: {name}"),
            ));
        }
        names.push(name);
    }
    Ok(())
}

/// The type in which the catalog keeps a column of this type.
pub(super) fn hive_type(ty: &Type) -> Result<HiveType> {
    Ok(match ty {
        Type::Boolean => HiveType::Boolean,
        Type::Tinyint => HiveType::TinyInt,
        Type::Smallint => HiveType::SmallInt,
        Type::Integer => HiveType::Int,
        Type::Bigint => HiveType::BigInt,
        Type::Real => HiveType::Float,
        Type::Double => HiveType::Double,
        Type::Decimal(precision, scale) => HiveType::Decimal {
            precision: *precision,
            scale: *scale,
        },
        // Hive's longest; beyond it the text has no bound.
        Type::Varchar(Some(length)) if (1..=65_535).contains(length) => HiveType::Varchar(*length),
        Type::Varchar(_) => HiveType::String,
        Type::Char(length) if (1..=255).contains(length) => HiveType::Char(*length),
        Type::Varbinary => HiveType::Binary,
        Type::Date => HiveType::Date,
        Type::Timestamp(_) => HiveType::Timestamp,
        Type::Array(item) => HiveType::Array(Box::new(hive_type(item)?)),
        Type::Map(key, value) => {
            HiveType::Map(Box::new(hive_type(key)?), Box::new(hive_type(value)?))
        }
        Type::Row(fields) => HiveType::Struct(
            fields
                .iter()
                .map(|(name, field)| {
                    let name = name.as_ref().ok_or_else(|| {
                        unsupported(format!(
                            "Anonymous row type is not supported in Hive. Please give each field a name: {ty}"
                        ))
                    })?;
                    Ok((name.to_lowercase(), hive_type(field)?))
                })
                .collect::<Result<_>>()?,
        ),
        other => return Err(unsupported(format!("Unsupported Hive type: {other}"))),
    })
}

/// The same for a column whose values are written. Files of Hive's tables hold milliseconds.
pub(super) fn written_type(name: &str, ty: &Type) -> Result<HiveType> {
    if let Some(precise) = precise_timestamp(ty) {
        return Err(unsupported(format!(
            "Incorrect timestamp precision for {precise}; the configured precision is MILLISECONDS; column name: {name}"
        )));
    }
    hive_type(ty)
}

fn precise_timestamp(ty: &Type) -> Option<&Type> {
    match ty {
        Type::Timestamp(precision) if *precision != 3 => Some(ty),
        Type::Array(item) => precise_timestamp(item),
        Type::Map(key, value) => precise_timestamp(key).or_else(|| precise_timestamp(value)),
        Type::Row(fields) => fields
            .iter()
            .find_map(|(_, field)| precise_timestamp(field)),
        _ => None,
    }
}

fn unsupported(message: String) -> TrinoError {
    TrinoError::in_data(Code::NotSupported, message)
}

/// The type of a catalog's column in queries.
pub fn trino_type(of: &HiveType) -> Type {
    match of {
        HiveType::Void => Type::Unknown,
        HiveType::Boolean => Type::Boolean,
        HiveType::TinyInt => Type::Tinyint,
        HiveType::SmallInt => Type::Smallint,
        HiveType::Int => Type::Integer,
        HiveType::BigInt => Type::Bigint,
        HiveType::Float => Type::Real,
        HiveType::Double => Type::Double,
        HiveType::Decimal { precision, scale } => Type::Decimal(*precision, *scale),
        HiveType::String => VARCHAR,
        HiveType::Char(length) => Type::Char(*length),
        HiveType::Varchar(length) => Type::Varchar(Some(*length)),
        HiveType::Binary => Type::Varbinary,
        HiveType::Date => Type::Date,
        HiveType::Timestamp => Type::Timestamp(3),
        HiveType::Array(item) => Type::Array(Box::new(trino_type(item))),
        HiveType::Map(key, value) => {
            Type::Map(Box::new(trino_type(key)), Box::new(trino_type(value)))
        }
        HiveType::Struct(fields) => Type::Row(
            fields
                .iter()
                .map(|(name, field)| (Some(name.clone()), trino_type(field)))
                .collect(),
        ),
    }
}
