//! Views: a stored text planned where its name stands.

use std::cell::{Cell, RefCell};

use super::super::ast::{Pos, Statement};
use super::super::error::{Code, Result, TrinoError};
use super::super::parser::{parse_statement, parse_type};
use super::super::types::Type;
use super::combine::coerce;
use super::scope::{Field, Relation};
use super::{Named, PlanContext, Planner, built};
use datafusion::logical_expr::LogicalPlanBuilder;

/// Views inside views beyond which planning stops: it must stay within its thread's stack.
const MAX_VIEWS: usize = 16;

/// A view as the catalog keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredView {
    /// Its query.
    pub sql: String,
    /// The catalog of names without one.
    pub catalog: Option<String>,
    /// The database of names without one.
    pub schema: Option<String>,
    /// Name and Trino type of each column.
    pub columns: Vec<(String, String)>,
}

impl Planner<'_> {
    /// The rows of a view.
    pub(super) fn view(
        &self,
        stored: &StoredView,
        database: &str,
        view: &str,
        pos: Pos,
    ) -> Result<Relation> {
        let catalog = self.context.catalog.to_lowercase();
        let name = format!("{catalog}.{database}.{view}");
        let key = (database.to_owned(), view.to_owned());
        if self.replacing.as_ref() == Some(&key) {
            return Err(TrinoError::at(
                pos,
                Code::ViewIsRecursive,
                "Statement would create a recursive view",
            ));
        }
        if self.views.contains(&key) {
            return Err(TrinoError::at(
                pos,
                Code::ViewIsRecursive,
                "View is recursive",
            ));
        }
        if self.views.len() >= MAX_VIEWS {
            return Err(TrinoError::unsupported(
                pos,
                format!("A view over more than {MAX_VIEWS} views"),
            ));
        }
        if let Some(other) = stored
            .catalog
            .as_ref()
            .filter(|other| other.to_lowercase() != catalog)
        {
            return Err(TrinoError::unsupported(
                pos,
                format!("View '{name}' over the catalog '{other}'"),
            ));
        }
        let query = match parse_statement(&stored.sql) {
            Ok(Statement::Query(query)) => query,
            Ok(_) => return Err(invalid(pos, &name, "parsing", "it is not a query")),
            Err(error) => return Err(invalid(pos, &name, "parsing", &error.to_string())),
        };
        let context = PlanContext {
            catalog: self.context.catalog,
            database: stored.schema.as_deref(),
            now: self.context.now,
            parameters: &[],
            ids: self.context.ids,
            tables: self.context.tables,
        };
        let mut views = self.views.clone();
        views.push(key);
        let inner = Planner {
            context: &context,
            next_id: Cell::new(self.next_id.get()),
            // A view sees nothing of the query that reads it.
            outer: RefCell::default(),
            parameters: Vec::new(),
            hidden: super::hidden_columns(&stored.sql),
            views,
            replacing: self.replacing.clone(),
        };
        let planned = inner.query(&query, &Named::new());
        self.next_id.set(inner.next_id.get());
        let planned = planned.map_err(|error| match error.at {
            // What is wrong in the view's own text.
            Some(at) if error.code != Code::NotSupported => invalid(
                pos,
                &name,
                "analyzing",
                &format!("line {}:{}: {}", at.line, at.column, error.message),
            ),
            _ => error,
        })?;
        self.as_declared(planned, stored, &name, database, view, pos)
    }

    /// The rows under the names and in the types the view has in the catalog.
    fn as_declared(
        &self,
        planned: Relation,
        stored: &StoredView,
        name: &str,
        database: &str,
        view: &str,
        pos: Pos,
    ) -> Result<Relation> {
        let stale = |why: String| {
            TrinoError::at(
                pos,
                Code::ViewIsStale,
                format!("View '{name}' is stale or in invalid state: {why}"),
            )
        };
        let (have, want) = (planned.fields.len(), stored.columns.len());
        if have != want {
            return Err(stale(format!(
                "stored view column count ({want}) does not match column count derived from the view query analysis ({have})"
            )));
        }
        let catalog = self.context.catalog.to_lowercase();
        let (mut exprs, mut fields) = (Vec::new(), Vec::new());
        for (at, (field, (column, text))) in planned.fields.iter().zip(&stored.columns).enumerate()
        {
            let found = field.name.as_deref().unwrap_or_default();
            let projected = format!(
                "column [{found}] of type {} projected from query view at position {at}",
                field.ty
            );
            if field.name.is_none() {
                return Err(stale(format!(
                    "a column of type {} projected from query view at position {at} has no name",
                    field.ty
                )));
            }
            if !found.eq_ignore_ascii_case(column) {
                return Err(stale(format!(
                    "{projected} has a different name from column [{column}] of type {text} stored in view definition"
                )));
            }
            let declared = parse_type(text)
                .map_err(|error| stale(format!("column [{column}]: {error}")))
                .and_then(|parsed| {
                    Type::resolve(&parsed).map_err(|error| TrinoError {
                        at: Some(pos),
                        ..error
                    })
                })?;
            if !field.ty.coerces_to(&declared) {
                return Err(stale(format!(
                    "{projected} cannot be coerced to column [{column}] of type {text} stored in view definition"
                )));
            }
            let id = self.fresh();
            exprs.push(coerce(field.typed(), &declared)?.expr.alias(&id));
            fields.push(Field {
                name: Some(column.to_lowercase()),
                qualifier: vec![catalog.clone(), database.to_owned(), view.to_owned()],
                id,
                ty: declared,
            });
        }
        let plan = built(
            LogicalPlanBuilder::from(planned.plan)
                .project(exprs)
                .and_then(LogicalPlanBuilder::build),
        )?;
        Ok(Relation { plan, fields })
    }
}

fn invalid(pos: Pos, name: &str, doing: &str, why: &str) -> TrinoError {
    TrinoError::at(
        pos,
        Code::InvalidView,
        format!("Failed {doing} stored view '{name}': {why}"),
    )
}
