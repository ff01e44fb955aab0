//! SHOW.

use std::fmt::Write as _;

use super::Run;
use super::alter::{data_columns, keys, not_partitioned};
use super::ast::TableName;
use super::error::{HiveError, Result};
use crate::engine::query::QueryRows;
use crate::engine::table::is_view;
use crate::engine::trino::StoredView;
use crate::glue::api::{Column, Table};
use crate::glue::hive_layout::{LAZY_SIMPLE_SERDE, escape};

/// A result of one text a row.
pub(super) fn rows(columns: &[&str], lines: impl IntoIterator<Item = String>) -> QueryRows {
    QueryRows {
        columns: columns
            .iter()
            .map(|name| ((*name).to_owned(), "string".to_owned()))
            .collect(),
        rows: lines.into_iter().map(|line| vec![Some(line)]).collect(),
    }
}

/// `column=value/column=value`, with what a folder's name cannot hold escaped as Hive does.
pub(super) fn partition_name(keys: &[&str], values: &[String]) -> String {
    let parts: Vec<String> = keys
        .iter()
        .zip(values)
        .map(|(key, value)| format!("{key}={}", escape(value)))
        .collect();
    parts.join("/")
}

/// Hive's pattern of SHOW: `*` for any text, `|` between alternatives; Athena's guide calls it a
/// regular expression. Case does not matter.
fn fits(pattern: Option<&str>, name: &str) -> Result<bool> {
    let Some(pattern) = pattern else {
        return Ok(true);
    };
    let text = pattern.replace(".*", "*").replace('*', ".*");
    let regex = regex::Regex::new(&format!("^(?i:{text})$")).map_err(|_| {
        HiveError::Execution(format!("MetaException(message:not a pattern: {pattern})"))
    })?;
    Ok(regex.is_match(name))
}

impl Run<'_> {
    pub(super) fn show_databases(&self, pattern: Option<&str>) -> Result<QueryRows> {
        let mut names = Vec::new();
        for database in self.catalog.databases() {
            if fits(pattern, &database.name)? {
                names.push(database.name);
            }
        }
        Ok(rows(&["database_name"], names))
    }

    pub(super) fn show_tables(
        &self,
        views: bool,
        database: Option<&str>,
        pattern: Option<&str>,
    ) -> Result<QueryRows> {
        let database = database.unwrap_or(self.database);
        self.existing_database(database)?;
        let mut names = Vec::new();
        for table in self.catalog.tables(database) {
            if (!views || is_view(&table)) && fits(pattern, &table.name)? {
                names.push(table.name);
            }
        }
        Ok(rows(&[if views { "views" } else { "tab_name" }], names))
    }

    pub(super) fn show_create_view(&self, name: &TableName) -> Result<QueryRows> {
        let table = self.existing_table(name)?;
        let database = self.database_of(name);
        let Some(view) = self.view(&table)? else {
            return Err(HiveError::Execution(format!(
                "{database}.{} is a table, not a view",
                table.name
            )));
        };
        let text = format!(
            "CREATE VIEW {database}.{} AS\n{}",
            table.name,
            view.sql.trim_end()
        );
        let mut rows = rows(&["create view"], [text]);
        for (_, of) in &mut rows.columns {
            "varchar".clone_into(of);
        }
        Ok(rows)
    }

    pub(super) fn show_columns(&self, name: &TableName) -> Result<QueryRows> {
        let table = self.existing_table(name)?;
        if let Some(view) = self.view(&table)? {
            return Ok(view_columns(view));
        }
        let columns = data_columns(&table)
            .into_iter()
            .chain(table.partition_keys.unwrap_or_default());
        Ok(rows(
            &["field"],
            columns.map(|column| format!("{:<20}", column.name)),
        ))
    }

    pub(super) fn show_partitions(&self, name: &TableName) -> Result<QueryRows> {
        let table = self.hive_table(name)?;
        let keys = keys(&table);
        if keys.is_empty() {
            return Err(not_partitioned(&table));
        }
        let partitions = self
            .catalog
            .partitions(self.database_of(name), &table.name, None)?;
        Ok(rows(
            &["partition"],
            partitions
                .into_iter()
                .map(|p| partition_name(&keys, &p.values.unwrap_or_default())),
        ))
    }

    pub(super) fn show_properties(&self, name: &TableName, key: Option<&str>) -> Result<QueryRows> {
        let table = self.existing_table(name)?;
        let properties = table.parameters.unwrap_or_default();
        let columns = ["prpt_name", "prpt_value"];
        let Some(key) = key else {
            let lines = properties.iter().map(|(k, v)| format!("{k}\t{v}"));
            return Ok(rows(&columns, lines));
        };
        let line = properties.get(key).cloned().unwrap_or_else(|| {
            let database = self.database_of(name);
            format!(
                "Table {database}.{} does not have property: {key}",
                table.name
            )
        });
        Ok(rows(&columns, [line]))
    }

    pub(super) fn show_create_table(&self, name: &TableName) -> Result<QueryRows> {
        let table = self.hive_table(name)?;
        let shown = match &name.database {
            Some(database) => format!("{database}.{}", table.name),
            None => table.name.clone(),
        };
        Ok(rows(
            &["createtab_stmt"],
            [create_statement(&shown, &table)],
        ))
    }
}

/// What DESCRIBE and SHOW COLUMNS tell of a view: its columns in Trino's types (measured).
pub(super) fn view_columns(view: StoredView) -> QueryRows {
    let columns = ["column", "type"].map(|name| (name.to_owned(), "varchar".to_owned()));
    QueryRows {
        columns: columns.into(),
        rows: view
            .columns
            .into_iter()
            .map(|(name, of)| vec![Some(format!("{name}\t{of}"))])
            .collect(),
    }
}

/// A text in single quotes that the parser reads back as it was.
fn text(value: &str) -> String {
    let mut text = String::from("'");
    for c in value.chars() {
        match c {
            '\'' | '\\' => text.extend(['\\', c]),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            c if c.is_ascii_control() => {
                let _ = write!(text, "\\u{:04x}", u32::from(c));
            }
            c => text.push(c),
        }
    }
    text.push('\'');
    text
}

fn name(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

fn column_list(columns: &[Column]) -> String {
    let shown: Vec<String> = columns
        .iter()
        .map(|column| {
            let kind = column.r#type.as_deref().unwrap_or("string");
            let mut line = format!("  {} {kind}", name(&column.name));
            if let Some(comment) = &column.comment {
                let _ = write!(line, " COMMENT {}", text(comment));
            }
            line
        })
        .collect();
    shown.join(", \n")
}

fn property_list(properties: &[(&String, &String)]) -> String {
    let shown: Vec<String> = properties
        .iter()
        .map(|(key, value)| format!("  {}={}", text(key), text(value)))
        .collect();
    shown.join(", \n")
}

/// The statement that makes a table anew, laid out as Athena does it.
fn create_statement(shown: &str, table: &Table) -> String {
    let quoted: Vec<String> = shown.split('.').map(name).collect();
    let mut out = format!("CREATE EXTERNAL TABLE {}(\n", quoted.join("."));
    out.push_str(&column_list(&data_columns(table)));
    out.push(')');
    if let Some(comment) = &table.description {
        let _ = write!(out, "\nCOMMENT {}", text(comment));
    }
    let keys = table.partition_keys.clone().unwrap_or_default();
    if !keys.is_empty() {
        let _ = write!(out, "\nPARTITIONED BY ( \n{})", column_list(&keys));
    }
    let storage = table.storage_descriptor.clone().unwrap_or_default();
    let buckets = storage.bucket_columns.unwrap_or_default();
    if !buckets.is_empty() {
        let names: Vec<String> = buckets.iter().map(|column| name(column)).collect();
        let number = storage.number_of_buckets.unwrap_or(-1);
        let _ = write!(
            out,
            "\nCLUSTERED BY ( \n  {}) \nINTO {number} BUCKETS",
            names.join(", \n  ")
        );
    }
    let serde = storage.serde_info.unwrap_or_default();
    let library = serde
        .serialization_library
        .unwrap_or_else(|| LAZY_SIMPLE_SERDE.to_owned());
    let parameters = serde.parameters.unwrap_or_default();
    let _ = write!(out, "\nROW FORMAT SERDE \n  {} ", text(&library));
    let kept: Vec<_> = parameters
        .iter()
        .filter(|(key, value)| *key != "serialization.format" || *value != "1")
        .collect();
    if !kept.is_empty() {
        let _ = write!(out, "\nWITH SERDEPROPERTIES ( \n{}) ", property_list(&kept));
    }
    let _ = write!(
        out,
        "\nSTORED AS INPUTFORMAT \n  {} \nOUTPUTFORMAT \n  {}\nLOCATION\n  {}",
        text(&storage.input_format.unwrap_or_default()),
        text(&storage.output_format.unwrap_or_default()),
        text(&storage.location.unwrap_or_default()),
    );
    let properties = table.parameters.clone().unwrap_or_default();
    let kept: Vec<_> = properties
        .iter()
        .filter(|(key, _)| *key != "EXTERNAL")
        .collect();
    if !kept.is_empty() {
        let _ = write!(out, "\nTBLPROPERTIES (\n{})", property_list(&kept));
    }
    out
}
