//! Athena's Hive side: definitions, SHOW, DESCRIBE and MSCK REPAIR TABLE over the Glue catalog.
//!
//! A parser of its own (backquotes, no names in double quotes) and an execution that only reads and
//! changes the catalog, and lists S3 where a statement looks for partitions. A table's SerDe is stored
//! whatever it is: the catalog is not the reader, and a query over it fails by name.

use std::sync::Arc;

use crate::base::Call;
use crate::engine::query::{CATALOG, QueryRows};
use crate::engine::session::Engine;
use crate::glue::catalog::CatalogWriter;
use crate::store::Objects;

mod alter;
mod ast;
mod create_table;
mod describe;
mod error;
mod execute;
mod lexer;
mod parser;
mod repair;
mod show;
mod table_clauses;
#[cfg(test)]
mod tests;

pub use error::HiveError;

/// The database of names without one, when the request names none.
const DEFAULT_DATABASE: &str = "default";

/// Whether a text is a statement of Hive's grammar, and one that is executed.
///
/// # Errors
/// What the execution of the statement would fail with before it asks the catalog.
pub fn check(sql: &str) -> Result<(), HiveError> {
    parser::parse(sql).map(drop)
}

/// The table that a text describes, with the database in front of it if there is one; `None` when it
/// describes none.
pub fn described(sql: &str) -> Option<(Option<String>, String)> {
    match parser::parse(sql).ok()? {
        ast::Statement::Describe { name, .. } | ast::Statement::ShowColumns(name) => {
            Some((name.database, name.table))
        }
        _ => None,
    }
}

/// A statement's surroundings.
struct Run<'a> {
    catalog: &'a Arc<dyn CatalogWriter>,
    objects: &'a Arc<dyn Objects>,
    call: &'a Call,
    database: &'a str,
}

impl Engine {
    /// Runs a statement of Hive's side in the name of `call`'s caller; `catalog` and `database` are
    /// those of names without one. The rows are those of the result, their columns of type `string`.
    ///
    /// # Errors
    /// [`HiveError`]; the statement has changed nothing in the catalog then.
    pub async fn define(
        &self,
        call: &Call,
        sql: &str,
        catalog: Option<&str>,
        database: Option<&str>,
    ) -> Result<QueryRows, HiveError> {
        let statement = parser::parse(sql)?;
        if let Some(catalog) = catalog.filter(|name| !name.eq_ignore_ascii_case(CATALOG)) {
            return Err(HiveError::Unsupported(format!("the catalog {catalog}")));
        }
        let run = Run {
            catalog: self.catalog(),
            objects: self.objects(),
            call,
            database: database.unwrap_or(DEFAULT_DATABASE),
        };
        run.execute(statement).await
    }
}
