//! Rows and groups of times with zones. Two of them are the same when their instants are, whatever their
//! zones, so they are grouped by the instant, and the first of a group stands for all of it.

use std::collections::HashMap;

use datafusion::functions_aggregate::first_last::first_value_udaf;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder};

use super::super::error::Result;
use super::super::operators;
use super::super::types::Type;
use super::scope::{Typed, column};
use super::{Planner, built};

/// What stands for a grouped time with a zone.
pub struct Zoned {
    /// The column of its instant, to group by.
    pub key: String,
    /// The column of the time that stands for the group.
    pub shown: String,
}

/// The times with zones among grouped columns, by the column.
#[derive(Default)]
pub struct ZonedKeys(HashMap<String, Zoned>);

impl ZonedKeys {
    /// Notes a column; for a time with a zone, the expression of its instant to be computed beside it.
    pub fn note(&mut self, value: &Typed, id: &str, planner: &Planner<'_>) -> Option<Expr> {
        let key = operators::order_key(&value.ty)?;
        let zoned = Zoned {
            key: planner.fresh(),
            shown: planner.fresh(),
        };
        let expr = key.expression(vec![value.expr.clone()]).alias(&zoned.key);
        self.0.insert(id.to_string(), zoned);
        Some(expr)
    }

    /// What a column is grouped by.
    pub fn group(&self, id: &str) -> Expr {
        column(self.0.get(id).map_or(id, |zoned| &zoned.key))
    }

    /// The aggregate that keeps a group's first time, if the column needs one.
    pub fn first(&self, id: &str) -> Option<Expr> {
        let zoned = self.0.get(id)?;
        let first = first_value_udaf().call(vec![column(id)]);
        Some(first.alias(&zoned.shown))
    }

    /// The column after grouping.
    pub fn shown(&self, id: &str) -> Expr {
        match self.0.get(id) {
            Some(zoned) => column(&zoned.shown).alias(id),
            None => column(id),
        }
    }
}

/// Rows without duplicates.
pub fn distinct_rows<'a>(
    planner: &Planner<'_>,
    plan: LogicalPlan,
    columns: impl Iterator<Item = (&'a String, &'a Type)>,
) -> Result<LogicalPlan> {
    let mut zoned = ZonedKeys::default();
    let (mut exprs, mut ids) = (Vec::new(), Vec::new());
    for (id, ty) in columns {
        let value = Typed {
            expr: column(id),
            ty: ty.clone(),
            fails: false,
            constant: None,
        };
        exprs.extend(zoned.note(&value, id, planner));
        exprs.push(value.expr);
        ids.push(id);
    }
    let builder = LogicalPlanBuilder::from(plan);
    if exprs.len() == ids.len() {
        return built(builder.distinct().and_then(LogicalPlanBuilder::build));
    }
    let groups: Vec<Expr> = ids.iter().map(|id| zoned.group(id)).collect();
    let firsts: Vec<Expr> = ids.iter().filter_map(|id| zoned.first(id)).collect();
    let shown: Vec<Expr> = ids.iter().map(|id| zoned.shown(id)).collect();
    built(
        builder
            .project(exprs)
            .and_then(|b| b.aggregate(groups, firsts))
            .and_then(|b| b.project(shown))
            .and_then(LogicalPlanBuilder::build),
    )
}
