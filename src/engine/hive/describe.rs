//! DESCRIBE.

use super::Run;
use super::alter::data_columns;
use super::ast::{Detail, TableName};
use super::error::{HiveError, Result};
use super::show::{rows, view_columns};
use crate::engine::query::QueryRows;
use crate::glue::api::{Column, Table};

/// A line of three fields, each padded to 20 characters (measured).
fn line(fields: [&str; 3]) -> String {
    fields.map(|field| format!("{field:<20}")).join("\t")
}

fn column_line(column: &Column) -> String {
    line([
        &column.name,
        column.r#type.as_deref().unwrap_or_default(),
        column.comment.as_deref().unwrap_or_default(),
    ])
}

fn heading(text: &str) -> String {
    format!("{text}\t \t ")
}

impl Run<'_> {
    pub(super) fn describe(&self, name: &TableName, detail: Detail) -> Result<QueryRows> {
        let table = self.existing_table(name)?;
        if let Some(view) = self.view(&table)? {
            return match detail {
                Detail::Columns => Ok(view_columns(view)),
                _ => Err(HiveError::Unsupported(
                    "DESCRIBE FORMATTED of a view".to_owned(),
                )),
            };
        }
        let mut lines = Vec::new();
        let columns = data_columns(&table);
        let keys = table.partition_keys.clone().unwrap_or_default();
        let titles = line(["# col_name", "data_type", "comment"]);
        if detail == Detail::Formatted {
            lines.extend([titles.clone(), heading("")]);
            lines.extend(columns.iter().map(column_line));
        } else {
            lines.extend(columns.iter().chain(&keys).map(column_line));
        }
        if !keys.is_empty() {
            lines.extend([
                heading(""),
                heading("# Partition Information"),
                titles,
                heading(""),
            ]);
            lines.extend(keys.iter().map(column_line));
        }
        if detail == Detail::Formatted {
            lines.extend(detailed(self.database_of(name), &table));
        }
        Ok(rows(&["col_name", "data_type", "comment"], lines))
    }
}

/// The second half of DESCRIBE FORMATTED, laid out as Hive does it.
fn detailed(database: &str, table: &Table) -> Vec<String> {
    let field = |title: &str, value: &str| format!("{title:<20}\t{value:<20}\t ");
    let parameter = |(key, value): (&String, &String)| format!("\t{key:<20}\t{value:<20}");
    let time = |at: Option<crate::base::Timestamp>| {
        at.map_or_else(
            || "UNKNOWN".to_owned(),
            |at| at.utc().strftime("%a %b %d %H:%M:%S UTC %Y").to_string(),
        )
    };
    let storage = table.storage_descriptor.clone().unwrap_or_default();
    let serde = storage.serde_info.unwrap_or_default();
    let mut lines = vec![
        heading(""),
        heading("# Detailed Table Information"),
        field("Database:", database),
        field("Owner:", table.owner.as_deref().unwrap_or_default()),
        field("CreateTime:", &time(table.create_time)),
        field("LastAccessTime:", &time(table.last_access_time)),
        field("Protect Mode:", "None"),
        field("Retention:", &table.retention.unwrap_or(0).to_string()),
        field("Location:", storage.location.as_deref().unwrap_or_default()),
        field(
            "Table Type:",
            table.table_type.as_deref().unwrap_or_default(),
        ),
        heading("Table Parameters:"),
    ];
    lines.extend(table.parameters.iter().flatten().map(parameter));
    let buckets = storage.bucket_columns.unwrap_or_default().join(", ");
    lines.extend([
        heading(""),
        heading("# Storage Information"),
        field(
            "SerDe Library:",
            serde.serialization_library.as_deref().unwrap_or_default(),
        ),
        field(
            "InputFormat:",
            storage.input_format.as_deref().unwrap_or_default(),
        ),
        field(
            "OutputFormat:",
            storage.output_format.as_deref().unwrap_or_default(),
        ),
        field(
            "Compressed:",
            if storage.compressed == Some(true) {
                "Yes"
            } else {
                "No"
            },
        ),
        field(
            "Num Buckets:",
            &storage.number_of_buckets.unwrap_or(-1).to_string(),
        ),
        field("Bucket Columns:", &format!("[{buckets}]")),
        field("Sort Columns:", "[]"),
        heading("Storage Desc Params:"),
    ]);
    lines.extend(serde.parameters.iter().flatten().map(parameter));
    lines
}
