//! Names, types and meaning: the syntax tree into a logical plan.
//!
//! Every column of the plan has an identity of its own, every conversion is written out, and whatever
//! DataFusion would decide otherwise is one of our functions. So its own coercion, name resolution and
//! function semantics find nothing to decide.

mod aggregate;
mod call;
mod combine;
mod correlation;
mod expression;
mod filter;
mod from;
mod lambda;
mod lambda_functions;
mod literal;
mod now;
mod query;
mod recursion;
mod scope;
mod select;
mod sql_json;
mod subquery;
mod view;
mod window;
mod write;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use datafusion::datasource::TableProvider;
use datafusion::logical_expr::LogicalPlan;

use super::ast::{Expression, Identifier, Name, Pos, Query, Statement};
use super::error::{Code, Result, TrinoError};
use super::function::inward;
use super::lexer::{self, Kind};
use super::parser;
use super::types::Type;
use crate::base::{Ids, Timestamp};
pub use scope::Relation;
pub use view::StoredView;

/// Where tables come from.
pub trait TableSource: Send + Sync {
    /// A table of a database, both in lower case; `None` when the database has no such table.
    ///
    /// # Errors
    /// What the catalog or the table's definition makes impossible.
    fn table(&self, database: &str, table: &str) -> Result<Option<Arc<dyn TableProvider>>>;

    /// A table with those of these hidden columns behind its own that it has, such as `$path`; the
    /// default has none.
    ///
    /// # Errors
    /// As [`TableSource::table`].
    fn table_with(
        &self,
        database: &str,
        table: &str,
        _hidden: &[String],
    ) -> Result<Option<Arc<dyn TableProvider>>> {
        self.table(database, table)
    }

    /// A view of a database; `None` when it is none.
    ///
    /// # Errors
    /// What makes the view's definition unreadable.
    fn view(&self, _database: &str, _view: &str) -> Result<Option<StoredView>> {
        Ok(None)
    }

    /// Whether a database exists.
    fn database_exists(&self, database: &str) -> bool;
}

/// What a statement is planned in.
pub struct PlanContext<'a> {
    /// The catalog of unqualified names, `awsdatacatalog`.
    pub catalog: &'a str,
    /// The database of unqualified names, if the request named one.
    pub database: Option<&'a str>,
    /// When the query started: `now()` and CURRENT_DATE.
    pub now: Timestamp,
    /// `ExecutionParameters`, for the question marks.
    pub parameters: &'a [String],
    /// Where `random()` and its like draw their seeds from.
    pub ids: &'a Ids,
    /// The tables.
    pub tables: &'a dyn TableSource,
}

/// One column of the result.
#[derive(Clone, Debug, PartialEq)]
pub struct OutputColumn {
    /// Name; `_colN` where the query gives none.
    pub name: String,
    /// Its type.
    pub ty: Type,
}

/// A statement ready to run.
#[derive(Clone, Debug)]
pub struct Plan {
    /// For DataFusion. Its columns stand in the order of `columns`, under internal names.
    pub logical_plan: LogicalPlan,
    /// What the user sees.
    pub columns: Vec<OutputColumn>,
    /// Place of the first column that the query gives no name, from 0.
    pub unnamed: Option<usize>,
}

/// Plans a statement that is a query.
///
/// # Errors
/// Trino's error for what is wrong in it; `NOT_SUPPORTED` by name for what is not built here.
pub fn plan(statement: &Statement, context: &PlanContext<'_>) -> Result<Plan> {
    match statement {
        Statement::Query(query) => plan_query(query, context, None),
        Statement::Unsupported { what, pos } => Err(TrinoError::unsupported(*pos, what)),
        other => {
            let text = other.to_string();
            let word = text.split(' ').next().unwrap_or_default();
            Err(TrinoError::unsupported(Pos { line: 1, column: 1 }, word))
        }
    }
}

/// Plans a query; `replacing` is the view, by database and name, that it will define anew.
///
/// # Errors
/// As [`plan`].
pub fn plan_query(
    query: &Query,
    context: &PlanContext<'_>,
    replacing: Option<(String, String)>,
) -> Result<Plan> {
    let mut planner = Planner {
        context,
        next_id: Cell::new(0),
        outer: RefCell::default(),
        parameters: Vec::new(),
        hidden: hidden_columns(&query.to_string()),
        views: Vec::new(),
        replacing,
    };
    let parameters: Vec<Expression> = context
        .parameters
        .iter()
        .map(|text| planner.parameter(text))
        .collect();
    planner.parameters = parameters;
    planner.top(query)
}

/// The database and the name, both in lower case, that a table's name means in a context.
///
/// # Errors
/// `SCHEMA_NOT_FOUND` when neither names a database; `NOT_SUPPORTED` for another catalog.
pub fn locate(name: &Name, context: &PlanContext<'_>, pos: Pos) -> Result<(String, String)> {
    let planner = Planner {
        context,
        next_id: Cell::new(0),
        outer: RefCell::default(),
        parameters: Vec::new(),
        hidden: BTreeSet::new(),
        views: Vec::new(),
        replacing: None,
    };
    planner.locate(name, pos)
}

/// The hidden columns a query speaks of: names in quotes that begin with `$`. Only these are read.
fn hidden_columns(sql: &str) -> BTreeSet<String> {
    let tokens = lexer::tokens(sql).unwrap_or_default();
    let names = tokens.into_iter().filter_map(|token| match token.kind {
        Kind::Quoted(name) if name.starts_with('$') => Some(name.to_lowercase()),
        _ => None,
    });
    names.collect()
}

/// State of planning one statement.
pub(super) struct Planner<'c> {
    context: &'c PlanContext<'c>,
    next_id: Cell<usize>,
    /// The queries around the one being planned, innermost last.
    outer: RefCell<Vec<correlation::Scope>>,
    parameters: Vec<Expression>,
    /// Hidden columns that the text names.
    hidden: BTreeSet<String>,
    /// The views around this query, outermost first.
    views: Vec<(String, String)>,
    /// The view that the statement replaces.
    replacing: Option<(String, String)>,
}

/// Named queries in reach.
pub(super) type Named = HashMap<String, Arc<Relation>>;

impl Planner<'_> {
    /// An execution parameter: an expression if it reads as one and names no column, else plain text
    /// (measured on Athena).
    fn parameter(&self, text: &str) -> Expression {
        let plain = || Expression {
            kind: super::ast::Node::Text(text.to_string()),
            pos: Pos { line: 1, column: 1 },
        };
        let Ok(expression) = parser::parse_expression(text) else {
            return plain();
        };
        let named = Named::new();
        let analyzed =
            expression::Analyzer::new(self, &named, &[], "parameter").analyze(&expression);
        match analyzed {
            Err(error) if error.code == Code::ColumnNotFound => plain(),
            _ => expression,
        }
    }

    fn top(&self, query: &Query) -> Result<Plan> {
        let relation = self.query(query, &Named::new())?;
        let unnamed = relation.fields.iter().position(|f| f.name.is_none());
        let columns = relation
            .fields
            .iter()
            .enumerate()
            .map(|(i, field)| OutputColumn {
                name: field.name.clone().unwrap_or_else(|| format!("_col{i}")),
                ty: field.ty.clone(),
            })
            .collect();
        Ok(Plan {
            logical_plan: relation.plan,
            columns,
            unnamed,
        })
    }

    /// A column identity used nowhere else in the query.
    fn fresh(&self) -> String {
        let id = self.next_id.get();
        self.next_id.set(id + 1);
        format!("c{id}")
    }

    /// Database and table of a name.
    fn locate(&self, name: &Name, pos: Pos) -> Result<(String, String)> {
        let catalog = |catalog: &Identifier| {
            if catalog.key() == self.context.catalog.to_lowercase() {
                Ok(())
            } else {
                Err(TrinoError::unsupported(
                    pos,
                    format!("Catalog '{}'", catalog.value),
                ))
            }
        };
        match name.as_slice() {
            [table] => match self.context.database {
                Some(database) => Ok((database.to_lowercase(), table.key())),
                None => Err(TrinoError::at(
                    pos,
                    Code::SchemaNotFound,
                    "Schema must be specified when session schema is not set",
                )),
            },
            [database, table] => Ok((database.key(), table.key())),
            [first, database, table] => {
                catalog(first)?;
                Ok((database.key(), table.key()))
            }
            _ => Err(TrinoError::at(
                pos,
                Code::TableNotFound,
                format!("Too many dots in table name: {}", dotted(name)),
            )),
        }
    }
}

/// A name as written, without quotes.
pub(super) fn dotted(parts: &[Identifier]) -> String {
    let parts: Vec<&str> = parts.iter().map(|part| part.value.as_str()).collect();
    parts.join(".")
}

/// DataFusion's refusal of a plan; never expected, so reported as internal.
pub(super) fn built<T>(result: datafusion::common::Result<T>) -> Result<T> {
    result.map_err(|e| inward(&e))
}
