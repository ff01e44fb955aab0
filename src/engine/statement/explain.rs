//! EXPLAIN: the plan as it will be, or with ANALYZE as it was executed.
//!
//! The plans are those of this engine and do not read like Trino's; their frame does: the forms, the
//! column and the blank lines at the end (measured on Athena).

use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::display::DisplayableExecutionPlan;
use datafusion::physical_plan::{ExecutionPlan, collect};
use futures::future::BoxFuture;
use std::sync::Arc;

use super::{Result, Running, StatementDone};
use crate::engine::query::QueryRows;
use crate::engine::trino::ast::{Explain, ExplainFormat, ExplainKind, Query, Statement};
use crate::engine::trino::{self, Plan, TrinoError};

impl Running<'_> {
    pub(super) async fn explain(&self, explain: &Explain) -> Result<StatementDone> {
        let format = explain.format.unwrap_or(ExplainFormat::Text);
        let kind = explain.kind.unwrap_or(ExplainKind::Logical);
        let plan = self.plan(query_of(explain)?, None)?;
        if explain.analyze {
            if format != ExplainFormat::Text || explain.kind.is_some() {
                return Err(TrinoError::unsupported(
                    explain.pos,
                    format!("EXPLAIN ANALYZE ({} {})", format.name(), kind.name()),
                ));
            }
            let text = self.analyzed(plan, explain.verbose).await?;
            return Ok(lines("Query Plan", "varchar", &format!("{text}\n\n")));
        }
        let (text, after) = match (kind, format) {
            (ExplainKind::Validate, ExplainFormat::Text) => {
                return Ok(lines("Valid", "boolean", "true"));
            }
            (ExplainKind::Logical, ExplainFormat::Text) => {
                (plan.logical_plan.display_indent().to_string(), "\n\n")
            }
            (ExplainKind::Logical, ExplainFormat::Json) => {
                (plan.logical_plan.display_pg_json().to_string(), "")
            }
            (ExplainKind::Logical, ExplainFormat::Graphviz) => {
                (plan.logical_plan.display_graphviz().to_string(), "\n")
            }
            (ExplainKind::Distributed, ExplainFormat::Text) => {
                let physical = self.physical(plan.logical_plan).await?;
                let shown = DisplayableExecutionPlan::new(physical.as_ref());
                (shown.indent(false).to_string(), "\n\n")
            }
            (kind, format) => {
                return Err(TrinoError::unsupported(
                    explain.pos,
                    format!("EXPLAIN (TYPE {}, FORMAT {})", kind.name(), format.name()),
                ));
            }
        };
        let text = format!("{}{after}", text.trim_end());
        // Athena's type of a plan is as long as the plan.
        let of = format!("varchar({})", text.chars().count());
        Ok(lines("Query Plan", &of, &text))
    }

    fn physical(&self, plan: LogicalPlan) -> BoxFuture<'_, Result<Arc<dyn ExecutionPlan>>> {
        Box::pin(trino::physical(plan, self.session.context()))
    }

    /// Executes a plan, and tells what each operator did.
    async fn analyzed(&self, plan: Plan, verbose: bool) -> Result<String> {
        let physical = self.physical(plan.logical_plan).await?;
        let context = self.session.context().task_ctx();
        collect(Arc::clone(&physical), context)
            .await
            .map_err(|error| trino::inward(&error))?;
        let shown = DisplayableExecutionPlan::with_metrics(physical.as_ref());
        Ok(shown.indent(verbose).to_string().trim_end().to_owned())
    }
}

/// The query that is explained.
fn query_of(explain: &Explain) -> Result<&Query> {
    match &explain.statement {
        Statement::Query(query) => Ok(query),
        other => {
            let text = other.to_string();
            let words: Vec<&str> = text.split(' ').take(2).collect();
            Err(TrinoError::unsupported(
                explain.pos,
                format!("EXPLAIN {}", words.join(" ")),
            ))
        }
    }
}

/// A text as rows, one a line; behind its last line comes one that is empty (measured).
fn lines(column: &str, of: &str, text: &str) -> StatementDone {
    StatementDone {
        rows: QueryRows {
            columns: vec![(column.to_owned(), of.to_owned())],
            rows: format!("{text}\n")
                .split('\n')
                .map(|line| vec![Some(line.to_owned())])
                .collect(),
        },
        ..StatementDone::default()
    }
}
