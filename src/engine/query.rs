//! One Athena query from its text to its rows.

use std::sync::Arc;

use datafusion::datasource::TableProvider;

use crate::base::Timestamp;
use crate::engine::error::Error;
use crate::engine::hive::HiveError;
use crate::engine::session::{Engine, Session};
use crate::engine::trino::{
    self, Code, PlanContext, SyntaxError, TableSource, TrinoError, parse_statement,
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

/// The catalog's tables through one query's session.
struct Tables<'a> {
    session: &'a Session,
}

impl TableSource for Tables<'_> {
    fn table(
        &self,
        database: &str,
        table: &str,
    ) -> trino::error::Result<Option<Arc<dyn TableProvider>>> {
        match self.session.table(database, table) {
            Ok(found) => Ok(Some(found)),
            Err(Error::TableNotFound { .. }) => Ok(None),
            Err(error) => Err(TrinoError::from(&error)),
        }
    }

    fn database_exists(&self, database: &str) -> bool {
        self.session.catalog().database(database).is_some()
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
        let tables = Tables { session };
        let context = PlanContext {
            catalog: run.catalog.as_deref().unwrap_or(CATALOG),
            database: run.database.as_deref(),
            now: run.now,
            parameters: &run.parameters,
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
