//! WHERE and HAVING: what reaches the tables first, and what may fail only on the rows left.

use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder};

use super::super::error::Result;
use super::super::fence::fence;
use super::super::operators::COMPARISON;
use super::combine::and;
use super::scope::{Typed, column};
use super::{Planner, built};

impl Planner<'_> {
    /// Keeps the rows for which all terms of a conjunction hold. As Trino does, conditions on one
    /// column and constants come first, wherever they stand: they choose partitions, and a term that
    /// can fail never sees the rows they exclude. The other terms keep their order.
    pub(super) fn filtered_by_all(
        &self,
        plan: LogicalPlan,
        terms: Vec<Typed>,
    ) -> Result<LogicalPlan> {
        if !terms.iter().any(|term| term.fails) {
            return self.filtered(plan, and(terms, true));
        }
        let (domains, rest): (Vec<Typed>, Vec<Typed>) =
            terms.into_iter().partition(limits_one_column);
        let plan = if domains.is_empty() {
            plan
        } else {
            self.filtered(plan, and(domains, true))?
        };
        self.filtered(plan, and(rest, true))
    }

    /// Keeps the rows for which a condition holds. One that can fail becomes a column first:
    /// DataFusion moves filters, but not a column it may not compute elsewhere.
    pub(super) fn filtered(&self, plan: LogicalPlan, condition: Typed) -> Result<LogicalPlan> {
        let builder = LogicalPlanBuilder::from(plan);
        if !condition.fails {
            return built(
                builder
                    .filter(condition.expr)
                    .and_then(LogicalPlanBuilder::build),
            );
        }
        let id = self.fresh();
        let columns = builder.schema().columns();
        let mut exprs: Vec<Expr> = columns.into_iter().map(Expr::Column).collect();
        exprs.push(condition.expr.alias(&id));
        let fenced = fence(built(builder.build())?);
        built(
            LogicalPlanBuilder::from(fenced)
                .project(exprs)
                .and_then(|b| b.filter(column(&id)))
                .and_then(LogicalPlanBuilder::build),
        )
    }
}

/// Whether a term compares one column with constants and does nothing else: what Trino calls a domain.
fn limits_one_column(term: &Typed) -> bool {
    if term.fails || term.expr.column_refs().len() != 1 {
        return false;
    }
    let mut simple = true;
    let visited = term.expr.apply(|node| {
        simple = match node {
            Expr::Column(_)
            | Expr::Literal(..)
            | Expr::BinaryExpr(_)
            | Expr::InList(_)
            | Expr::IsNull(_)
            | Expr::IsNotNull(_)
            | Expr::Not(_)
            | Expr::Cast(_) => true,
            Expr::ScalarFunction(call) => call.name().starts_with(COMPARISON),
            _ => false,
        };
        Ok(if simple {
            TreeNodeRecursion::Continue
        } else {
            TreeNodeRecursion::Stop
        })
    });
    visited.is_ok() && simple
}
