//! Names a subquery takes from the queries around it.

use datafusion::common::Column;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder};

use super::super::apply::{apply, outer_column};
use super::super::ast::{Identifier, Pos, Query};
use super::super::error::Result;
use super::super::types::Type;
use super::expression::ambiguous;
use super::scope::{Field, Lookup, Relation, Typed, lookup};
use super::{Named, Planner, built};

/// The columns one query offers to those inside it.
#[derive(Default)]
pub struct Scope {
    fields: Vec<Field>,
    /// Which of them were used.
    used: Vec<Field>,
}

/// An outer name inside a subquery, and the value it stands for outside.
pub type Binding = (String, Typed);

impl Planner<'_> {
    /// Does something with the columns of an outer query in reach, and says which of them it used.
    pub(super) fn inside<T>(
        &self,
        fields: &[Field],
        what: impl FnOnce() -> Result<T>,
    ) -> Result<(T, Vec<Binding>)> {
        self.outer.borrow_mut().push(Scope {
            fields: fields.to_vec(),
            used: Vec::new(),
        });
        let done = what();
        let scope = self.outer.borrow_mut().pop().unwrap_or_default();
        let bindings = scope.used.iter().map(|f| (f.id.clone(), f.typed()));
        Ok((done?, bindings.collect()))
    }

    /// Plans a subquery that may look at these columns.
    pub(super) fn subquery(
        &self,
        query: &Query,
        fields: &[Field],
        named: &Named,
    ) -> Result<(Relation, Vec<Binding>)> {
        self.inside(fields, || self.query(query, named))
    }

    /// A name of a query around this one, the nearest that has it.
    pub(super) fn outer_name(&self, parts: &[Identifier], pos: Pos) -> Result<Option<Typed>> {
        for scope in self.outer.borrow_mut().iter_mut().rev() {
            let field = match lookup(&scope.fields, parts) {
                Lookup::Found(field) => field.clone(),
                Lookup::Ambiguous => return Err(ambiguous(parts, pos)),
                Lookup::Missing => continue,
            };
            let typed = Typed {
                expr: outer_column(&field.id, &field.ty),
                ..field.typed()
            };
            if !scope.used.iter().any(|have| have.id == field.id) {
                scope.used.push(field);
            }
            return Ok(Some(typed));
        }
        Ok(None)
    }

    /// All columns of a table of a query around this one.
    pub(super) fn outer_table(
        &self,
        prefix: &[Identifier],
    ) -> Option<Vec<(Option<String>, Typed)>> {
        for scope in self.outer.borrow_mut().iter_mut().rev() {
            let fields: Vec<Field> = scope
                .fields
                .iter()
                .filter(|field| field.comes_from(prefix) && !field.is_hidden())
                .cloned()
                .collect();
            if fields.is_empty() {
                continue;
            }
            let columns = fields.iter().map(|field| {
                let expr = outer_column(&field.id, &field.ty);
                let typed = Typed {
                    expr,
                    ..field.typed()
                };
                (field.name.clone(), typed)
            });
            let columns = columns.collect();
            for field in fields {
                if !scope.used.iter().any(|have| have.id == field.id) {
                    scope.used.push(field);
                }
            }
            return Some(columns);
        }
        None
    }

    /// The type of a column of a query around this one.
    pub(super) fn outer_type(&self, id: &str) -> Option<Type> {
        let scopes = self.outer.borrow();
        let mut fields = scopes.iter().flat_map(|scope| &scope.used);
        fields.find(|field| field.id == id).map(|f| f.ty.clone())
    }

    /// The rows of a plan, each with those a subquery has for it. Without bindings it has the same for all.
    pub(super) fn applied(
        &self,
        plan: LogicalPlan,
        inner: LogicalPlan,
        bindings: Vec<Binding>,
        keep: bool,
    ) -> Result<LogicalPlan> {
        if bindings.is_empty() && !keep {
            return built(
                LogicalPlanBuilder::from(plan)
                    .cross_join(inner)
                    .and_then(LogicalPlanBuilder::build),
            );
        }
        let mut exprs: Vec<Expr> = plan
            .schema()
            .columns()
            .into_iter()
            .map(Expr::Column)
            .collect();
        let before = exprs.len();
        let mut columns = Vec::with_capacity(bindings.len());
        for (name, value) in bindings {
            let column = match value.expr {
                Expr::Column(column) => column,
                // A group's key, or an outer column of this very query.
                expr => {
                    let id = self.fresh();
                    exprs.push(expr.alias(&id));
                    Column::new_unqualified(id)
                }
            };
            columns.push((name, column));
        }
        let plan = if exprs.len() > before {
            built(
                LogicalPlanBuilder::from(plan)
                    .project(exprs)
                    .and_then(LogicalPlanBuilder::build),
            )?
        } else {
            plan
        };
        built(apply(plan, inner, columns, keep))
    }
}
