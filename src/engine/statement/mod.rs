//! Athena's statements of Trino's side: queries, EXPLAIN, views, tables and files made of queries.
//!
//! What a statement changes it changes whole or not at all: rows are computed and encoded first, then
//! written, then entered into the catalog; what was written is deleted again when a later step fails
//! or the statement is given up. PREPARE and its like are not here: prepared statements are the
//! service's, which hands the text they stand for.

mod columns;
mod create_table;
mod explain;
mod insert;
mod properties;
#[cfg(test)]
mod tests;
mod unload;
mod view;
mod write;

pub use columns::trino_type as hive_as_trino;
pub use view::stored_view;

use futures::future::BoxFuture;

use crate::base::Call;
use crate::engine::error::Error;
use crate::engine::query::{CATALOG, QueryError, QueryRows, QueryRun, Tables};
use crate::engine::session::{Engine, Session};
use crate::engine::trino::ast::{Name, Pos, Query, Statement};
use crate::engine::trino::{
    self, Code, Plan, PlanContext, Rows, TrinoError, count_parameters, parse_statement,
};
use crate::glue::catalog::CatalogWriter;
use crate::store::S3Uri;

/// What to run, on whose behalf and where to.
#[derive(Clone, Debug)]
pub struct StatementRun {
    /// The text and its surroundings.
    pub query: QueryRun,
    /// In whose name the catalog is changed.
    pub call: Call,
    /// The statement's id in Trino's form: the names of its files begin with it.
    pub engine_id: String,
    /// The folder of a new table that names none.
    pub output_folder: S3Uri,
    /// Whether a new table must lie there, because its work group says so.
    pub is_location_enforced: bool,
    /// How many bytes may be read.
    pub scan_limit_bytes: Option<u64>,
}

/// What a statement did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StatementDone {
    /// Its rows, if it has any.
    pub rows: QueryRows,
    /// Rows it wrote, if it writes rows.
    pub update_count: Option<i64>,
    /// Files it wrote, in the order of their keys.
    pub written: Vec<S3Uri>,
}

type Result<T, E = TrinoError> = std::result::Result<T, E>;

impl Engine {
    /// Runs a statement of Trino's side to its end. The second value is the number of bytes that were
    /// read, however it ended.
    pub async fn execute(&self, run: &StatementRun) -> (Result<StatementDone, QueryError>, u64) {
        let session = match self.session() {
            Ok(session) => session,
            Err(error) => return (Err(error.into()), 0),
        };
        if let Some(limit) = run.scan_limit_bytes {
            session.meter().limit(limit);
        }
        let done = Running {
            engine: self,
            session: &session,
            run,
        };
        (done.statement().await, session.meter().bytes())
    }
}

/// One statement being executed.
struct Running<'a> {
    engine: &'a Engine,
    session: &'a Session,
    run: &'a StatementRun,
}

impl Running<'_> {
    async fn statement(&self) -> Result<StatementDone, QueryError> {
        let statement = parse_statement(&self.run.query.sql)?;
        self.check_parameters()?;
        match &statement {
            Statement::Query(query) => {
                let plan = self.plan(query, None)?;
                let columns = shown(&plan);
                let rows = self.rows(plan).await?.collect().await?;
                Ok(StatementDone {
                    rows: QueryRows { columns, rows },
                    ..StatementDone::default()
                })
            }
            Statement::Explain(explain) => Ok(self.explain(explain).await?),
            Statement::CreateView(view) => Ok(self.create_view(view)?),
            Statement::DropView {
                name,
                if_exists,
                pos,
            } => Ok(self.drop_view(name, *if_exists, *pos)?),
            Statement::CreateTableAs(table) => Ok(self.create_table_as(table).await?),
            Statement::Insert(insert) => Ok(self.insert(insert).await?),
            Statement::Unload(unload) => Ok(self.unload(unload).await?),
            Statement::Unsupported { what, pos } => Err(TrinoError::unsupported(*pos, what).into()),
            other @ (Statement::Prepare { .. }
            | Statement::Execute { .. }
            | Statement::Deallocate { .. }) => Err(TrinoError::unsupported(
                START,
                format!("`{other}` outside a work group"),
            )
            .into()),
        }
    }

    /// Values and question marks must be as many; values for a text without any are ignored (measured).
    fn check_parameters(&self) -> Result<(), QueryError> {
        let found = self.run.query.parameters.len();
        let expected = count_parameters(&self.run.query.sql)?;
        if expected == 0 || expected == found {
            return Ok(());
        }
        Err(TrinoError::at(
            START,
            Code::InvalidParameterUsage,
            format!("Incorrect number of parameters: expected {expected} but found {found}"),
        )
        .into())
    }

    fn catalog(&self) -> &dyn CatalogWriter {
        self.session.catalog().as_ref()
    }

    fn with_context<T>(&self, work: impl FnOnce(&PlanContext<'_>) -> Result<T>) -> Result<T> {
        let query = &self.run.query;
        let tables = Tables::new(self.session, query.now);
        work(&PlanContext {
            catalog: query.catalog.as_deref().unwrap_or(CATALOG),
            database: query.database.as_deref(),
            now: query.now,
            parameters: &query.parameters,
            ids: self.session.ids(),
            tables: &tables,
        })
    }

    fn plan(&self, query: &Query, replacing: Option<(String, String)>) -> Result<Plan> {
        self.with_context(|context| trino::plan_query(query, context, replacing))
    }

    /// Database and name of a table, in lower case.
    fn locate(&self, name: &Name, pos: Pos) -> Result<(String, String)> {
        self.with_context(|context| trino::locate(name, context, pos))
    }

    // Boxed: callers shall not hold the plan in their own futures (see `engine::shared`).
    fn rows(&self, plan: Plan) -> BoxFuture<'_, Result<Rows>> {
        Box::pin(trino::run(plan, self.session.context()))
    }

    fn check_database(&self, database: &str, pos: Pos) -> Result<()> {
        if self.catalog().database(database).is_some() {
            return Ok(());
        }
        Err(TrinoError::at(
            pos,
            Code::SchemaNotFound,
            format!("Schema '{database}' does not exist"),
        ))
    }
}

/// Where a statement starts that is wrong as a whole.
const START: Pos = Pos { line: 1, column: 1 };

fn shown(plan: &Plan) -> Vec<(String, String)> {
    plan.columns
        .iter()
        .map(|column| (column.name.clone(), column.ty.to_string()))
        .collect()
}

/// What the catalog refused.
fn metastore(error: impl std::fmt::Display) -> TrinoError {
    TrinoError::from(&Error::Metastore(error.to_string()))
}
