//! Partition values: from the catalog's text, into folder names, and pruned by a query's filters.

use std::sync::Arc;

use datafusion::arrow::array::{Array, BooleanArray, RecordBatch};
use datafusion::arrow::datatypes::{Schema, SchemaRef};
use datafusion::catalog::Session;
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::logical_expr::Expr;
use datafusion::logical_expr::utils::conjunction;

use super::types::arrow_type;
use crate::engine::calendar;
use crate::engine::error::{Error, Result};
use crate::engine::table::json_value::Decimal;
use crate::glue::hive_layout;
use crate::glue::hive_type::HiveType;
use crate::store::S3Uri;

/// What Hive writes for NULL in a folder name.
pub const NULL_VALUE: &str = "__HIVE_DEFAULT_PARTITION__";

/// One partition of a table: where its files are and what its partition columns hold.
#[derive(Clone, Debug)]
pub struct Partition {
    /// One value a partition column, of the column's type.
    pub values: Vec<ScalarValue>,
    /// Folder of its files.
    pub location: S3Uri,
}

/// A partition value of the catalog as its column's type.
pub fn parse_value(column: &str, of: &HiveType, text: &str) -> Result<ScalarValue> {
    let null = ScalarValue::try_from(arrow_type(of))?;
    if text == NULL_VALUE {
        return Ok(null);
    }
    let parsed = match of {
        HiveType::String | HiveType::Varchar(_) | HiveType::Char(_) => {
            Some(ScalarValue::Utf8(Some(text.to_owned())))
        }
        HiveType::Boolean => match text.to_ascii_lowercase().as_str() {
            "true" => Some(ScalarValue::Boolean(Some(true))),
            "false" => Some(ScalarValue::Boolean(Some(false))),
            _ => None,
        },
        HiveType::TinyInt => text.parse().ok().map(|v| ScalarValue::Int8(Some(v))),
        HiveType::SmallInt => text.parse().ok().map(|v| ScalarValue::Int16(Some(v))),
        HiveType::Int => text.parse().ok().map(|v| ScalarValue::Int32(Some(v))),
        HiveType::BigInt => text.parse().ok().map(|v| ScalarValue::Int64(Some(v))),
        HiveType::Float => text.parse().ok().map(|v| ScalarValue::Float32(Some(v))),
        HiveType::Double => text.parse().ok().map(|v| ScalarValue::Float64(Some(v))),
        HiveType::Date => calendar::parse_hive_date(text).map(|v| ScalarValue::Date32(Some(v))),
        HiveType::Timestamp => calendar::parse_hive_timestamp(text)
            .map(|v| ScalarValue::TimestampMicrosecond(Some(v), None)),
        HiveType::Decimal { precision, scale } => {
            let scale = i8::try_from(*scale).unwrap_or(0);
            Decimal::parse(text)
                .and_then(|v| v.scaled(*precision, scale))
                .map(|v| ScalarValue::Decimal128(Some(v), *precision, scale))
        }
        _ => None,
    };
    parsed.ok_or_else(|| {
        Error::PartitionValue(format!(
            "Invalid partition value '{text}' for {of} partition key: {column}"
        ))
    })
}

/// A partition value as a folder name holds it; NULL and the empty text become Hive's default.
pub fn escape(value: Option<&str>) -> String {
    match value {
        None | Some("") => NULL_VALUE.to_owned(),
        Some(text) => hive_layout::escape(text),
    }
}

/// Whether a filter can be decided from partition values alone.
pub fn is_decidable(filter: &Expr, columns: &Schema) -> bool {
    !filter.is_volatile()
        && filter
            .column_refs()
            .iter()
            .all(|column| columns.field_with_name(column.name()).is_ok())
}

/// Keeps the partitions for which the filters hold. `filters` must be [decidable](is_decidable).
pub fn prune(
    state: &dyn Session,
    columns: &SchemaRef,
    partitions: Vec<Partition>,
    filters: &[Expr],
) -> Result<Vec<Partition>> {
    let Some(filter) = conjunction(filters.iter().cloned()) else {
        return Ok(partitions);
    };
    if partitions.is_empty() {
        return Ok(partitions);
    }
    let rows: Vec<&[ScalarValue]> = partitions.iter().map(|p| p.values.as_slice()).collect();
    let kept = verdicts(state, columns, &rows, &[filter])?;
    Ok(partitions
        .into_iter()
        .zip(kept)
        .filter_map(|(partition, kept)| kept.then_some(partition))
        .collect())
}

/// Whether the filters hold for each of some rows of these columns.
pub(super) fn verdicts(
    state: &dyn Session,
    columns: &SchemaRef,
    rows: &[impl AsRef<[ScalarValue]>],
    filters: &[Expr],
) -> Result<Vec<bool>> {
    let filter = match conjunction(filters.iter().cloned()) {
        Some(filter) if !rows.is_empty() => filter,
        _ => return Ok(vec![true; rows.len()]),
    };
    let schema = DFSchema::try_from(Arc::clone(columns))?;
    let filter = unqualified(filter)?;
    let filter = state.create_physical_expr(filter, &schema)?;
    let arrays = (0..columns.fields().len())
        .map(|at| {
            let values = rows.iter().filter_map(|row| row.as_ref().get(at).cloned());
            Ok(ScalarValue::iter_to_array(values)?)
        })
        .collect::<Result<Vec<_>>>()?;
    let batch = RecordBatch::try_new(Arc::clone(columns), arrays)?;
    let verdict = filter.evaluate(&batch)?.into_array(batch.num_rows())?;
    let verdict = verdict
        .as_any()
        .downcast_ref::<BooleanArray>()
        .ok_or_else(|| Error::Internal("a partition filter is not boolean".to_owned()))?;
    Ok((0..rows.len())
        .map(|at| verdict.is_valid(at) && verdict.value(at))
        .collect())
}

/// The filter with its columns named without their table.
pub(super) fn unqualified(filter: Expr) -> Result<Expr> {
    use datafusion::common::Column;
    use datafusion::common::tree_node::{Transformed, TreeNode};
    Ok(filter
        .transform(|expr| {
            Ok(match expr {
                Expr::Column(column) => {
                    Transformed::yes(Expr::Column(Column::new_unqualified(column.name)))
                }
                other => Transformed::no(other),
            })
        })?
        .data)
}

#[cfg(test)]
mod tests {

    use super::*;

    #[test]
    fn values_take_their_columns_type() {
        let check = |of: &str, text: &str| {
            let of: HiveType = of.parse().unwrap();
            parse_value("p", &of, text)
        };
        assert_eq!(check("int", "007").unwrap(), ScalarValue::Int32(Some(7)));
        assert_eq!(
            check("date", "2025-04-30").unwrap(),
            ScalarValue::Date32(Some(20_208))
        );
        assert!(check("int", NULL_VALUE).unwrap().is_null());
        assert_eq!(
            check("int", "x").unwrap_err().to_string(),
            "HIVE_INVALID_PARTITION_VALUE: Invalid partition value 'x' for int partition key: p"
        );
    }

    #[test]
    fn folder_names_are_escaped_as_hive_does() {
        assert_eq!(escape(Some("2025-04-30 14:35")), "2025-04-30 14%3A35");
        assert_eq!(escape(Some("a/b=c")), "a%2Fb%3Dc");
        assert_eq!(escape(None), NULL_VALUE);
        assert_eq!(escape(Some("")), NULL_VALUE);
    }
}
