//! The Data Catalog of one account and region: databases, tables with their versions, partitions.
//!
//! Names of databases, tables, columns and partition keys are kept in lower case and looked up in
//! lower case; partition values keep theirs. Operations are one group a file and take a `Call` for
//! time and identity; other rooms look tables up through [`CatalogReader`] and write through
//! [`CatalogWriter`].

use std::collections::BTreeMap;

use crate::base::Call;
use crate::glue::api::{
    Column, Database, Partition, StorageDescriptor, Table, UserDefinedFunction,
};
use crate::glue::error::{Error, Result};

mod access;
mod batch;
mod databases;
pub mod expression;
mod functions;
mod inputs;
mod partitions;
mod search;
mod statistics;
mod tables;
#[cfg(test)]
mod tests;
mod versions;

pub use access::{CatalogReader, CatalogWriter};
pub use expression::PartitionFilter;

/// All databases of one account and region.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    databases: BTreeMap<String, DatabaseEntry>,
}

#[derive(Clone, Debug)]
struct DatabaseEntry {
    database: Database,
    tables: BTreeMap<String, TableEntry>,
    functions: BTreeMap<String, UserDefinedFunction>,
}

#[derive(Clone, Debug)]
struct TableEntry {
    /// The current definition, with `VersionId` as a reply shows it.
    table: Table,
    /// The number behind the current `VersionId`.
    version: u64,
    /// Earlier definitions by number, those that were not skipped.
    archive: BTreeMap<u64, Table>,
    partitions: BTreeMap<Vec<String>, Partition>,
    statistics: statistics::AllStatistics,
}

impl TableEntry {
    fn keys(&self) -> &[Column] {
        self.table.partition_keys.as_deref().unwrap_or_default()
    }
}

impl Catalog {
    /// A database's definition.
    pub fn database(&self, name: &str) -> Option<&Database> {
        Some(&self.databases.get(&fold(name))?.database)
    }

    /// All databases, in the order of their names.
    pub fn databases(&self) -> impl Iterator<Item = &Database> {
        self.databases.values().map(|entry| &entry.database)
    }

    /// A table's current definition.
    pub fn table(&self, database: &str, name: &str) -> Option<&Table> {
        let entry = self.databases.get(&fold(database))?;
        Some(&entry.tables.get(&fold(name))?.table)
    }

    /// The tables of a database, in the order of their names; none when it does not exist.
    pub fn tables(&self, database: &str) -> impl Iterator<Item = &Table> {
        let entry = self.databases.get(&fold(database));
        entry
            .into_iter()
            .flat_map(|entry| entry.tables.values().map(|t| &t.table))
    }

    /// The partitions of a table that `filter` selects (all with `None`), in the order of their
    /// values.
    ///
    /// # Errors
    /// `EntityNotFound` for an unknown table, else those of [`PartitionFilter`].
    pub fn partitions(
        &self,
        database: &str,
        table: &str,
        filter: Option<&str>,
    ) -> Result<Vec<&Partition>> {
        let entry = self.entry(database, table)?;
        let filter = PartitionFilter::parse(filter.unwrap_or_default(), entry.keys())?;
        let mut selected = Vec::new();
        for (values, partition) in &entry.partitions {
            if filter.selects(values)? {
                selected.push(partition);
            }
        }
        Ok(selected)
    }

    fn database_entry(&self, name: &str) -> Result<&DatabaseEntry> {
        self.databases
            .get(&fold(name))
            .ok_or_else(|| missing_database(name))
    }

    fn database_entry_mut(&mut self, name: &str) -> Result<&mut DatabaseEntry> {
        self.databases
            .get_mut(&fold(name))
            .ok_or_else(|| missing_database(name))
    }

    fn entry(&self, database: &str, table: &str) -> Result<&TableEntry> {
        self.database_entry(database)?
            .tables
            .get(&fold(table))
            .ok_or_else(|| missing_table(table))
    }

    fn entry_mut(&mut self, database: &str, table: &str) -> Result<&mut TableEntry> {
        self.database_entry_mut(database)?
            .tables
            .get_mut(&fold(table))
            .ok_or_else(|| missing_table(table))
    }
}

fn missing_database(name: &str) -> Error {
    Error::EntityNotFound(format!("Database {} not found.", fold(name)))
}

fn missing_table(name: &str) -> Error {
    Error::EntityNotFound(format!("Table {} not found.", fold(name)))
}

/// Names are case-insensitive in Hive and lower case in the catalog.
pub(crate) fn fold(name: &str) -> String {
    name.to_lowercase()
}

/// Only the caller's own catalog is here.
fn own_catalog(call: &Call, catalog_id: Option<&String>) -> Result<()> {
    let foreign = catalog_id.is_some_and(|id| id != call.account.as_str());
    Error::refuse(foreign, "a CatalogId other than the caller's account")
}

/// A regular expression over whole names, without regard to case. Hive's `*` alone, which is no
/// regular expression, means all names.
fn name_pattern(expression: &str) -> Result<regex::Regex> {
    let expression = if expression == "*" { ".*" } else { expression };
    regex::Regex::new(&format!("^(?i:{expression})$"))
        .map_err(|_| Error::InvalidInput(format!("Invalid regular expression: {expression}")))
}

fn fold_columns(columns: &mut [Column]) {
    for column in columns {
        column.name = fold(&column.name);
    }
}

fn fold_descriptor(descriptor: Option<&mut StorageDescriptor>) {
    if let Some(columns) = descriptor.and_then(|sd| sd.columns.as_mut()) {
        fold_columns(columns);
    }
}
