//! The Data Catalog as the engine needs it: tables and partitions, nothing of Glue's API around.

use crate::base::Timestamp;
use crate::engine::error::Result;
use crate::glue::api::{Partition, PartitionInput, Table, TableInput};

/// Tables and partitions, read and written.
///
/// Implemented over the Glue room's catalog by whoever puts the services together. All calls are
/// short and do not block on anything but a lock. Names are compared as Glue does: lower case.
pub trait Catalog: Send + Sync + std::fmt::Debug {
    /// The table, if it exists.
    fn table(&self, database: &str, table: &str) -> Result<Option<Table>>;

    /// Names of the tables of a database, sorted; `None` when the database does not exist.
    fn table_names(&self, database: &str) -> Result<Option<Vec<String>>>;

    /// Names of all databases, sorted.
    fn database_names(&self) -> Result<Vec<String>>;

    /// All partitions of a table.
    fn partitions(&self, database: &str, table: &str) -> Result<Vec<Partition>>;

    /// Creates a table; it must not exist.
    fn create_table(&self, database: &str, table: TableInput, now: Timestamp) -> Result<()>;

    /// Replaces a table's definition.
    fn update_table(&self, database: &str, table: TableInput, now: Timestamp) -> Result<()>;

    /// Adds partitions; those whose values exist already are left as they are.
    fn add_partitions(
        &self,
        database: &str,
        table: &str,
        partitions: Vec<PartitionInput>,
        now: Timestamp,
    ) -> Result<()>;
}
