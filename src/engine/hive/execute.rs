//! Statements on the catalog: which does what, and the smaller ones.

use super::Run;
use super::ast::{Statement, TableName};
use super::error::{HiveError, Result};
use crate::engine::query::QueryRows;
use crate::engine::statement::stored_view;
use crate::engine::table::is_view;
use crate::engine::trino::StoredView;
use crate::glue::api::{Database, DatabaseInput, Table};

impl<'a> Run<'a> {
    pub(super) async fn execute(&self, statement: Statement) -> Result<QueryRows> {
        let none = QueryRows::default();
        match statement {
            Statement::CreateDatabase {
                if_not_exists,
                name,
                comment,
                location,
                properties,
            } => {
                if if_not_exists && self.catalog.database(&name).is_some() {
                    return Ok(none);
                }
                let input = DatabaseInput {
                    name,
                    description: comment,
                    location_uri: location,
                    parameters: (!properties.is_empty()).then(|| properties.into_iter().collect()),
                    ..DatabaseInput::default()
                };
                self.catalog.create_database(self.call, input)?;
                Ok(none)
            }
            Statement::DropDatabase {
                if_exists,
                name,
                cascade,
            } => self.drop_database(if_exists, &name, cascade).map(|()| none),
            Statement::CreateTable(table) => self.create_table(*table).map(|()| none),
            Statement::DropTable { if_exists, name } => {
                self.drop_table(if_exists, &name).map(|()| none)
            }
            Statement::AlterTable { name, alteration } => {
                self.alter(&name, alteration).map(|()| none)
            }
            Statement::RepairTable(name) => self.repair(&name).await,
            Statement::ShowDatabases(pattern) => self.show_databases(pattern.as_deref()),
            Statement::ShowTables {
                views,
                database,
                pattern,
            } => self.show_tables(views, database.as_deref(), pattern.as_deref()),
            Statement::ShowColumns(name) => self.show_columns(&name),
            Statement::ShowPartitions(name) => self.show_partitions(&name),
            Statement::ShowProperties { name, key } => self.show_properties(&name, key.as_deref()),
            Statement::ShowCreateTable(name) => self.show_create_table(&name),
            Statement::ShowCreateView(name) => self.show_create_view(&name),
            Statement::Describe { name, detail } => self.describe(&name, detail),
            Statement::Unsupported(what) => Err(HiveError::Unsupported(what.to_owned())),
        }
    }

    pub(super) fn database_of<'n>(&'n self, name: &'n TableName) -> &'n str {
        name.database.as_deref().unwrap_or(self.database)
    }

    pub(super) fn existing_database(&self, name: &str) -> Result<Database> {
        let found = self.catalog.database(name);
        found.ok_or_else(|| HiveError::no_database(name))
    }

    /// The table or view of a name.
    pub(super) fn existing_table(&self, name: &TableName) -> Result<Table> {
        let database = self.database_of(name);
        let found = self.catalog.table(database, &name.table);
        found.ok_or_else(|| HiveError::no_table(&format!("{database}.{}", name.table)))
    }

    /// The view that an entry of the catalog is, if it is one.
    pub(super) fn view(&self, table: &Table) -> Result<Option<StoredView>> {
        stored_view(table).map_err(|error| HiveError::Execution(error.to_string()))
    }

    /// A table that Hive's statements may change: none of another kind.
    pub(super) fn hive_table(&self, name: &TableName) -> Result<Table> {
        let table = self.existing_table(name)?;
        if is_view(&table) {
            return Err(HiveError::semantic(
                10218,
                format!("The table {} is a view", name.table),
            ));
        }
        let kind = table
            .parameters
            .iter()
            .flatten()
            .find(|(key, _)| matches!(key.as_str(), "table_type" | "spark.sql.sources.provider"))
            .map(|(_, kind)| kind.to_ascii_lowercase())
            .filter(|kind| ["iceberg", "delta", "hudi"].contains(&kind.as_str()));
        match kind {
            Some(kind) => Err(HiveError::Unsupported(format!(
                "this statement on a table of kind {kind}"
            ))),
            None => Ok(table),
        }
    }

    fn drop_database(&self, if_exists: bool, name: &str, cascade: bool) -> Result<()> {
        if if_exists && self.catalog.database(name).is_none() {
            return Ok(());
        }
        self.existing_database(name)?;
        let tables = self.catalog.tables(name).len();
        if tables > 0 && !cascade {
            return Err(HiveError::Execution(format!(
                "InvalidOperationException(message:Database {name} is not empty. One or more tables exist.)"
            )));
        }
        Ok(self.catalog.delete_database(self.call, name)?)
    }

    fn drop_table(&self, if_exists: bool, name: &TableName) -> Result<()> {
        let database = self.database_of(name);
        if if_exists && self.catalog.table(database, &name.table).is_none() {
            return Ok(());
        }
        // The data stay: external tables do not own them. An Iceberg table would.
        self.hive_table(name)?;
        Ok(self
            .catalog
            .delete_table(self.call, database, &name.table)?)
    }
}
