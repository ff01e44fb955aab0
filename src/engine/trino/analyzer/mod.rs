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
mod window;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::sync::Arc;

use datafusion::datasource::TableProvider;
use datafusion::logical_expr::{LogicalPlan, LogicalPlanBuilder, lit};

use super::ast::{Expression, Identifier, Name, Pos, Query, Statement};
use super::error::{Code, Result, TrinoError};
use super::function::inward;
use super::parser;
use super::types::{Type, VARCHAR};
use crate::base::Timestamp;
pub use scope::Relation;

/// Where tables come from.
pub trait TableSource: Send + Sync {
    /// A table of a database, both in lower case; `None` when the database has no such table.
    ///
    /// # Errors
    /// What the catalog or the table's definition makes impossible.
    fn table(&self, database: &str, table: &str) -> Result<Option<Arc<dyn TableProvider>>>;

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
}

/// Plans a statement.
///
/// # Errors
/// Trino's error for what is wrong in it; `NOT_SUPPORTED` by name for what is not built here.
pub fn plan(statement: &Statement, context: &PlanContext<'_>) -> Result<Plan> {
    let planner = Planner {
        context,
        next_id: Cell::new(0),
        outer: RefCell::default(),
        parameters: context
            .parameters
            .iter()
            .map(|text| parameter(text))
            .collect(),
    };
    match statement {
        Statement::Query(query) => planner.top(query),
        Statement::Explain(query) => {
            let plan = planner.top(query)?;
            let text = plan.logical_plan.display_indent().to_string();
            let rows = text.lines().map(|line| vec![lit(line)]).collect();
            Ok(Plan {
                logical_plan: LogicalPlanBuilder::values(rows)
                    .and_then(LogicalPlanBuilder::build)
                    .map_err(|e| inward(&e))?,
                columns: vec![OutputColumn {
                    name: "Query Plan".into(),
                    ty: VARCHAR,
                }],
            })
        }
        Statement::Unsupported { what, pos } => Err(TrinoError::unsupported(*pos, what)),
    }
}

/// An execution parameter: an expression without columns if it reads as one, else plain text.
fn parameter(text: &str) -> Expression {
    let plain = || Expression {
        kind: super::ast::Node::Text(text.to_string()),
        pos: Pos { line: 1, column: 1 },
    };
    match parser::parse_expression(text) {
        Ok(expression) if !matches!(expression.kind, super::ast::Node::Column(_)) => expression,
        _ => plain(),
    }
}

/// State of planning one statement.
pub(super) struct Planner<'c> {
    context: &'c PlanContext<'c>,
    next_id: Cell<usize>,
    /// The queries around the one being planned, innermost last.
    outer: RefCell<Vec<correlation::Scope>>,
    parameters: Vec<Expression>,
}

/// Named queries in reach.
pub(super) type Named = HashMap<String, Arc<Relation>>;

impl Planner<'_> {
    fn top(&self, query: &Query) -> Result<Plan> {
        let relation = self.query(query, &Named::new())?;
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
