//! One Athena query from its text to its rows.

mod metadata;

use std::sync::Arc;

use datafusion::datasource::TableProvider;

use crate::base::Timestamp;
use crate::engine::error::Error;
use crate::engine::hive::HiveError;
use crate::engine::session::{Engine, Session};
use crate::engine::statement::stored_view;
use crate::engine::table::Hidden;
use crate::engine::trino::{
    self, Code, PlanContext, StoredView, SyntaxError, TableSource, TrinoError, parse_statement,
};

/// The only catalog there is.
pub const CATALOG: &str = "awsdatacatalog";

/// What to run, and in which circumstances.
#[derive(Clone, Debug)]
pub struct QueryRun {
    /// The text.
    pub sql: String,
    /// The catalog of names without one.
    pub catalog: Option<String>,
    /// The database of names without one.
    pub database: Option<String>,
    /// The values of the question marks, in order.
    pub parameters: Vec<String>,
    /// When the query started: what `now()` answers.
    pub now: Timestamp,
}

/// A query's rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QueryRows {
    /// Name and Trino type of each column, e.g. `("_col0", "decimal(10,2)")`.
    pub columns: Vec<(String, String)>,
    /// The values as Athena shows them; `None` for NULL.
    pub rows: Vec<Vec<Option<String>>>,
}

/// Why a query failed.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// It is no statement. Athena refuses it before an execution exists.
    #[error(transparent)]
    Syntax(#[from] SyntaxError),
    /// It is a statement of Hive's side, and failed there.
    #[error(transparent)]
    Hive(#[from] HiveError),
    /// It means nothing, or its data make it fail.
    #[error(transparent)]
    Trino(#[from] TrinoError),
    /// A table or file could not be read.
    #[error(transparent)]
    Engine(#[from] Error),
}

impl QueryError {
    /// `ErrorCategory` of Athena's error: 1 system, 2 user.
    pub fn category(&self) -> i32 {
        match self {
            Self::Syntax(_) => 2,
            Self::Hive(error) => error.category(),
            Self::Trino(error) => error.code.category(),
            Self::Engine(Error::Internal(_) | Error::Memory(_)) => 1,
            Self::Engine(_) => 2,
        }
    }

    /// `ErrorType` of Athena's error.
    pub fn error_type(&self) -> i32 {
        match self {
            Self::Hive(error) => error.error_type(),
            Self::Trino(error) => error.code.error_type(),
            Self::Engine(Error::Unsupported(_)) => Code::NotSupported.error_type(),
            Self::Engine(Error::TableNotFound { .. }) => Code::TableNotFound.error_type(),
            Self::Syntax(_) | Self::Engine(_) => Code::GenericInternalError.error_type(),
        }
    }
}

/// The catalog's tables and views through one query's session.
pub(in crate::engine) struct Tables<'a> {
    session: &'a Session,
    now: Timestamp,
}

impl<'a> Tables<'a> {
    /// Those that a query which started at `now` sees.
    pub fn new(session: &'a Session, now: Timestamp) -> Self {
        Self { session, now }
    }
}

impl TableSource for Tables<'_> {
    fn table(
        &self,
        database: &str,
        table: &str,
    ) -> trino::error::Result<Option<Arc<dyn TableProvider>>> {
        self.table_with(database, table, &[])
    }

    fn table_with(
        &self,
        database: &str,
        table: &str,
        hidden: &[String],
    ) -> trino::error::Result<Option<Arc<dyn TableProvider>>> {
        let engine = |error: Error| TrinoError::from(&error);
        let catalog = self.session.catalog().as_ref();
        if database == metadata::INFORMATION_SCHEMA {
            return metadata::information(catalog, table).map_err(engine);
        }
        if let Some(partitioned) = table.strip_suffix(metadata::PARTITIONS) {
            return metadata::partitions(catalog, database, partitioned).map_err(engine);
        }
        // A name that is no hidden column of ours is one of the query's own, or missing.
        let hidden: Vec<Hidden> = hidden.iter().filter_map(|n| Hidden::parse(n)).collect();
        match self.session.table(database, table, self.now, &hidden) {
            Ok(found) => Ok(Some(found)),
            Err(Error::TableNotFound { .. }) => Ok(None),
            Err(error) => Err(engine(error)),
        }
    }

    fn view(&self, database: &str, view: &str) -> trino::error::Result<Option<StoredView>> {
        let Some(found) = self.session.catalog().table(database, view) else {
            return Ok(None);
        };
        stored_view(&found).map_err(|error| TrinoError::from(&error))
    }

    fn database_exists(&self, database: &str) -> bool {
        database == metadata::INFORMATION_SCHEMA
            || self.session.catalog().database(database).is_some()
    }
}

impl Engine {
    /// Runs a query to its end. The second value is the number of bytes that were read, however it
    /// ended.
    pub async fn query(&self, run: &QueryRun) -> (Result<QueryRows, QueryError>, u64) {
        let session = match self.session() {
            Ok(session) => session,
            Err(error) => return (Err(error.into()), 0),
        };
        let rows = rows_of(&session, run).await;
        (rows, session.meter().bytes())
    }
}

async fn rows_of(session: &Session, run: &QueryRun) -> Result<QueryRows, QueryError> {
    let statement = parse_statement(&run.sql)?;
    let plan = {
        let tables = Tables::new(session, run.now);
        let context = PlanContext {
            catalog: run.catalog.as_deref().unwrap_or(CATALOG),
            database: run.database.as_deref(),
            now: run.now,
            parameters: &run.parameters,
            ids: session.ids(),
            tables: &tables,
        };
        trino::plan(&statement, &context)?
    };
    let columns = plan
        .columns
        .iter()
        .map(|column| (column.name.clone(), column.ty.to_string()))
        .collect();
    let rows = trino::run(plan, session.context()).await?.collect().await?;
    Ok(QueryRows { columns, rows })
}

#[cfg(test)]
mod tests;
