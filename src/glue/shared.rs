//! Glue as several rooms share it: one lock, and the traits through which they look in.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::base::Call;
use crate::glue::Glue;
use crate::glue::api::{
    CreateDatabaseRequest, CreateTableRequest, Database, DatabaseInput, DeleteDatabaseRequest,
    DeleteTableRequest, Partition, PartitionInput, Table, TableInput, UpdateTableRequest,
};
use crate::glue::catalog::{CatalogReader, CatalogWriter};
use crate::glue::crawler::{CrawlOrder, Progress};
use crate::glue::error::{Error, Result};

/// Glue behind a lock that is held for one operation at a time, never across an await.
#[derive(Debug)]
pub struct SharedGlue(Mutex<Glue>);

impl SharedGlue {
    /// Shares a Glue.
    pub fn new(glue: Glue) -> Self {
        Self(Mutex::new(glue))
    }

    /// The Glue inside. A panic elsewhere while it was held does not poison it: every operation
    /// leaves it whole.
    pub fn lock(&self) -> MutexGuard<'_, Glue> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl CatalogReader for SharedGlue {
    fn databases(&self) -> Vec<Database> {
        self.lock().catalog.databases().cloned().collect()
    }

    fn database(&self, name: &str) -> Option<Database> {
        self.lock().catalog.database(name).cloned()
    }

    fn tables(&self, database: &str) -> Vec<Table> {
        self.lock().catalog.tables(database).cloned().collect()
    }

    fn table(&self, database: &str, name: &str) -> Option<Table> {
        self.lock().catalog.table(database, name).cloned()
    }

    fn partitions(
        &self,
        database: &str,
        table: &str,
        expression: Option<&str>,
    ) -> Result<Vec<Partition>> {
        let glue = self.lock();
        let found = glue.catalog.partitions(database, table, expression)?;
        Ok(found.into_iter().cloned().collect())
    }
}

impl CatalogWriter for SharedGlue {
    fn ensure_database(&self, call: &Call, name: &str) -> Result<bool> {
        let mut glue = self.lock();
        if glue.catalog.database(name).is_some() {
            return Ok(false);
        }
        let input = DatabaseInput {
            name: name.to_owned(),
            ..DatabaseInput::default()
        };
        glue.create_database(call, create_database(input))?;
        Ok(true)
    }

    fn create_database(&self, call: &Call, input: DatabaseInput) -> Result<()> {
        self.lock()
            .create_database(call, create_database(input))
            .map(drop)
    }

    fn delete_database(&self, call: &Call, name: &str) -> Result<()> {
        let request = DeleteDatabaseRequest {
            catalog_id: None,
            name: name.to_owned(),
        };
        self.lock().delete_database(call, &request).map(drop)
    }

    fn create_table(&self, call: &Call, database: &str, input: TableInput) -> Result<()> {
        let request = CreateTableRequest {
            database_name: database.to_owned(),
            table_input: Some(input),
            ..CreateTableRequest::default()
        };
        self.lock().catalog.create_table(call, request).map(drop)
    }

    fn update_table(&self, call: &Call, database: &str, input: TableInput) -> Result<()> {
        let request = UpdateTableRequest {
            database_name: database.to_owned(),
            table_input: Some(input),
            ..UpdateTableRequest::default()
        };
        self.lock().catalog.update_table(call, request).map(drop)
    }

    fn delete_table(&self, call: &Call, database: &str, name: &str) -> Result<()> {
        let request = DeleteTableRequest {
            database_name: database.to_owned(),
            name: name.to_owned(),
            ..DeleteTableRequest::default()
        };
        self.lock().catalog.delete_table(call, &request).map(drop)
    }

    fn add_partitions(
        &self,
        call: &Call,
        database: &str,
        table: &str,
        partitions: Vec<PartitionInput>,
    ) -> Result<usize> {
        let mut glue = self.lock();
        let mut added = 0;
        for partition in partitions {
            match glue.catalog.add_partition(call, database, table, partition) {
                Ok(()) => added += 1,
                Err(Error::AlreadyExists(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(added)
    }

    fn update_partitions(
        &self,
        call: &Call,
        database: &str,
        table: &str,
        partitions: Vec<PartitionInput>,
    ) -> Result<()> {
        let mut glue = self.lock();
        partitions.into_iter().try_for_each(|partition| {
            let values = partition.values.clone().unwrap_or_default();
            glue.catalog
                .change_partition(call, database, table, &values, partition)
        })
    }

    fn delete_partitions(
        &self,
        _call: &Call,
        database: &str,
        table: &str,
        values: &[Vec<String>],
    ) -> Result<usize> {
        let mut glue = self.lock();
        let mut deleted = 0;
        for values in values {
            match glue.catalog.remove_partition(database, table, values) {
                Ok(()) => deleted += 1,
                Err(Error::EntityNotFound(_)) if glue.catalog.table(database, table).is_some() => {}
                Err(error) => return Err(error),
            }
        }
        Ok(deleted)
    }
}

impl Progress for SharedGlue {
    fn is_cancelled(&self, order: &CrawlOrder) -> bool {
        self.lock()
            .crawlers
            .is_cancelled(&order.crawler, &order.crawl_id)
    }

    fn begin_writing(&self, order: &CrawlOrder) -> bool {
        self.lock()
            .crawlers
            .begin_writing(&order.crawler, &order.crawl_id)
    }
}

fn create_database(input: DatabaseInput) -> CreateDatabaseRequest {
    CreateDatabaseRequest {
        database_input: input,
        ..CreateDatabaseRequest::default()
    }
}
