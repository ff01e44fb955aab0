//! How other rooms see the catalog: small traits, so that nobody depends on how it is kept.

use crate::base::Call;
use crate::glue::api::{Database, Partition, PartitionInput, Table, TableInput};
use crate::glue::error::Result;

/// Looking things up: what queries, crawlers and jobs need. Names are case-insensitive.
pub trait CatalogReader: Send + Sync + std::fmt::Debug {
    /// Every database, in the order of names.
    fn databases(&self) -> Vec<Database>;

    /// One database.
    fn database(&self, name: &str) -> Option<Database>;

    /// Every table of a database, in the order of names; none when there is no such database.
    fn tables(&self, database: &str) -> Vec<Table>;

    /// One table's current definition.
    fn table(&self, database: &str, name: &str) -> Option<Table>;

    /// A table's partitions that a partition expression selects; all of them with `None`.
    ///
    /// # Errors
    /// `EntityNotFound` for an unknown table; `InvalidInput` and `InvalidState` as documented at
    /// [`PartitionFilter`](super::PartitionFilter).
    fn partitions(
        &self,
        database: &str,
        table: &str,
        expression: Option<&str>,
    ) -> Result<Vec<Partition>>;
}

/// Changing the catalog in a user's name: what crawlers, jobs and SQL statements need. The `Call`
/// says when and who; `CreatedBy` of a new table is its caller.
pub trait CatalogWriter: CatalogReader {
    /// Creates a database unless it exists. Says whether it was created.
    fn ensure_database(&self, call: &Call, name: &str) -> Result<bool>;

    /// Creates a database with a description of its own.
    fn create_database(&self, call: &Call, input: crate::glue::api::DatabaseInput) -> Result<()>;

    /// Deletes a database with everything in it.
    fn delete_database(&self, call: &Call, name: &str) -> Result<()>;

    /// Creates a table.
    fn create_table(&self, call: &Call, database: &str, input: TableInput) -> Result<()>;

    /// Replaces a table's definition, keeping the old one as a version.
    fn update_table(&self, call: &Call, database: &str, input: TableInput) -> Result<()>;

    /// Deletes a table with its partitions.
    fn delete_table(&self, call: &Call, database: &str, name: &str) -> Result<()>;

    /// Adds the partitions that do not exist yet; says how many that were. Not limited to the
    /// batch sizes of the API.
    fn add_partitions(
        &self,
        call: &Call,
        database: &str,
        table: &str,
        partitions: Vec<PartitionInput>,
    ) -> Result<usize>;

    /// Replaces the definitions of existing partitions, which their values address.
    fn update_partitions(
        &self,
        call: &Call,
        database: &str,
        table: &str,
        partitions: Vec<PartitionInput>,
    ) -> Result<()>;

    /// Deletes the partitions with these values; says how many existed.
    fn delete_partitions(
        &self,
        call: &Call,
        database: &str,
        table: &str,
        values: &[Vec<String>],
    ) -> Result<usize>;
}
