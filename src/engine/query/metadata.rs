//! Tables that tell of tables: `information_schema`, and `"t$partitions"`.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use datafusion::arrow::datatypes::{Field, Schema};
use datafusion::catalog::TableProvider;
use datafusion::common::ScalarValue;
use datafusion::datasource::MemTable;

use super::CATALOG;
use crate::engine::error::{Error, Result};
use crate::engine::statement::{hive_as_trino, stored_view};
use crate::engine::table::partition::parse_value;
use crate::engine::table::projection::is_projected;
use crate::engine::table::types::arrow_type;
use crate::engine::table::{is_view, typed};
use crate::glue::api::Table;
use crate::glue::catalog::CatalogWriter;

/// The database of these tables.
pub(super) const INFORMATION_SCHEMA: &str = "information_schema";
/// What the name of a table of partitions ends with.
pub(super) const PARTITIONS: &str = "$partitions";

type Found = Result<Option<Arc<dyn TableProvider>>>;

/// A table of `information_schema`; `None` for one that it does not have.
pub(super) fn information(catalog: &dyn CatalogWriter, table: &str) -> Found {
    match table {
        "schemata" => {
            let mut rows: Vec<Vec<Option<String>>> = catalog
                .databases()
                .into_iter()
                .map(|database| vec![some(CATALOG), Some(database.name)])
                .collect();
            rows.push(vec![some(CATALOG), some(INFORMATION_SCHEMA)]);
            texts(&["catalog_name", "schema_name"], &rows)
        }
        "tables" => {
            let rows = of_tables(catalog, |database, table| {
                let kind = if is_view(table) { "VIEW" } else { "BASE TABLE" };
                Ok(vec![vec![
                    some(CATALOG),
                    some(database),
                    some(&table.name),
                    some(kind),
                ]])
            })?;
            texts(
                &["table_catalog", "table_schema", "table_name", "table_type"],
                &rows,
            )
        }
        "views" => {
            let rows = of_tables(catalog, |database, table| {
                // Views that are none of Athena's have no text that Trino would show.
                let Ok(Some(view)) = stored_view(table) else {
                    return Ok(Vec::new());
                };
                Ok(vec![vec![
                    some(CATALOG),
                    some(database),
                    some(&table.name),
                    some(view.sql.trim_end()),
                ]])
            })?;
            texts(
                &[
                    "table_catalog",
                    "table_schema",
                    "table_name",
                    "view_definition",
                ],
                &rows,
            )
        }
        "columns" => columns(catalog),
        _ => Ok(None),
    }
}

/// Name, type, comment, and what else there is to say of each column of a table.
fn described(table: &Table) -> Vec<(String, String, Option<String>, Option<String>)> {
    if let Ok(Some(view)) = stored_view(table) {
        let columns = view.columns.into_iter();
        return columns.map(|(name, of)| (name, of, None, None)).collect();
    }
    let descriptor = table.storage_descriptor.clone().unwrap_or_default();
    let data = descriptor.columns.unwrap_or_default();
    let keys = table.partition_keys.clone().unwrap_or_default();
    let shown = |column: crate::glue::api::Column, note: Option<&str>| {
        let of = column.r#type.unwrap_or_default();
        let of = of
            .parse()
            .map_or(of, |parsed| hive_as_trino(&parsed).to_string());
        (column.name, of, column.comment, note.map(str::to_owned))
    };
    data.into_iter()
        .map(|column| shown(column, None))
        .chain(
            keys.into_iter()
                .map(|column| shown(column, Some("partition key"))),
        )
        .collect()
}

fn columns(catalog: &dyn CatalogWriter) -> Found {
    let mut places = Vec::new();
    let rows = of_tables(catalog, |database, table| {
        let columns = described(table).into_iter().zip(1_i64..);
        Ok(columns
            .map(|((name, of, comment, note), place)| {
                places.push(place);
                vec![
                    some(CATALOG),
                    some(database),
                    some(&table.name),
                    Some(name),
                    None,
                    some("YES"),
                    Some(of),
                    comment,
                    note,
                ]
            })
            .collect())
    })?;
    let names = [
        "table_catalog",
        "table_schema",
        "table_name",
        "column_name",
        "column_default",
        "is_nullable",
        "data_type",
        "comment",
        "extra_info",
    ];
    let mut arrays = text_arrays(&names, &rows);
    let places: ArrayRef = Arc::new(Int64Array::from(places));
    arrays.insert(4, ("ordinal_position".to_owned(), places));
    provider(arrays)
}

/// The partitions of a table as rows of their values; `None` for a table without.
pub(super) fn partitions(catalog: &dyn CatalogWriter, database: &str, table: &str) -> Found {
    let Some(found) = catalog.table(database, table) else {
        return Ok(None);
    };
    let keys = typed(found.partition_keys.as_deref().unwrap_or_default(), true)?;
    if keys.is_empty() || is_view(&found) {
        return Ok(None);
    }
    if is_projected(&found) {
        return Err(Error::Unsupported(format!(
            "\"{table}{PARTITIONS}\" of a table with partition projection is not executed by windfarm"
        )));
    }
    let partitions = catalog
        .partitions(database, table, None)
        .map_err(|error| Error::Metastore(error.to_string()))?;
    let mut arrays = Vec::new();
    for (at, key) in keys.iter().enumerate() {
        let values = partitions
            .iter()
            .map(|partition| {
                let text = partition.values.as_ref().and_then(|values| values.get(at));
                parse_value(&key.name, &key.of, text.map_or("", String::as_str))
            })
            .collect::<Result<Vec<_>>>()?;
        let array = if values.is_empty() {
            datafusion::arrow::array::new_empty_array(&arrow_type(&key.of))
        } else {
            ScalarValue::iter_to_array(values)?
        };
        arrays.push((key.name.clone(), array));
    }
    provider(arrays)
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

/// Rows made of every table and view of every database.
fn of_tables(
    catalog: &dyn CatalogWriter,
    mut rows_of: impl FnMut(&str, &Table) -> Result<Vec<Vec<Option<String>>>>,
) -> Result<Vec<Vec<Option<String>>>> {
    let mut rows = Vec::new();
    for database in catalog.databases() {
        for table in catalog.tables(&database.name) {
            rows.extend(rows_of(&database.name, &table)?);
        }
    }
    Ok(rows)
}

fn text_arrays(names: &[&str], rows: &[Vec<Option<String>>]) -> Vec<(String, ArrayRef)> {
    names
        .iter()
        .enumerate()
        .map(|(at, name)| {
            let values = rows.iter().map(|row| row.get(at).cloned().flatten());
            let array: ArrayRef = Arc::new(values.collect::<StringArray>());
            ((*name).to_owned(), array)
        })
        .collect()
}

fn texts(names: &[&str], rows: &[Vec<Option<String>>]) -> Found {
    provider(text_arrays(names, rows))
}

fn provider(arrays: Vec<(String, ArrayRef)>) -> Found {
    let fields: Vec<Field> = arrays
        .iter()
        .map(|(name, array)| Field::new(name, array.data_type().clone(), true))
        .collect();
    let schema = Arc::new(Schema::new(fields));
    let arrays = arrays.into_iter().map(|(_, array)| array).collect();
    let batch = RecordBatch::try_new(Arc::clone(&schema), arrays)?;
    Ok(Some(Arc::new(MemTable::try_new(
        schema,
        vec![vec![batch]],
    )?)))
}
