//! Running a plan, batch by batch.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, RecordBatch};
use datafusion::execution::{SendableRecordBatchStream, SessionStateBuilder};
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::prelude::{DataFrame, SessionContext};
use futures::StreamExt;

use super::analyzer::{OutputColumn, Plan};
use super::error::Result;
use super::fence::Planner;
use super::function::inward;
use super::render::render;
use super::value::{canonical, value_at};

/// One row of a result: the text of each value, `None` for NULL.
pub type Row = Vec<Option<String>>;

/// The rows of a running query.
pub struct Rows {
    columns: Vec<OutputColumn>,
    stream: SendableRecordBatchStream,
}

/// Starts a plan.
///
/// # Errors
/// What planning for execution finds wrong.
pub async fn run(plan: Plan, session: &SessionContext) -> Result<Rows> {
    let frame = frame(plan.logical_plan, session);
    let stream = frame.execute_stream().await.map_err(|e| inward(&e))?;
    Ok(Rows {
        columns: plan.columns,
        stream,
    })
}

/// The operators that execute a plan.
///
/// # Errors
/// As [`run`].
pub async fn physical(
    plan: LogicalPlan,
    session: &SessionContext,
) -> Result<Arc<dyn ExecutionPlan>> {
    let frame = frame(plan, session);
    frame.create_physical_plan().await.map_err(|e| inward(&e))
}

fn frame(plan: LogicalPlan, session: &SessionContext) -> DataFrame {
    let state = SessionStateBuilder::new_from_existing(session.state())
        .with_query_planner(Arc::new(Planner::new()))
        .build();
    DataFrame::new(state, plan)
}

impl Rows {
    /// The result's columns.
    pub fn columns(&self) -> &[OutputColumn] {
        &self.columns
    }

    /// The next rows; `None` after the last.
    ///
    /// # Errors
    /// What a row makes the query fail with. Nothing follows an error.
    pub async fn next(&mut self) -> Option<Result<Vec<Row>>> {
        let batch = self.stream.next().await?;
        Some(
            batch
                .map_err(|e| inward(&e))
                .and_then(|batch| self.render(&batch)),
        )
    }

    /// The next rows as they are held: columns in the form of [`canonical`].
    ///
    /// # Errors
    /// As [`Rows::next`].
    pub async fn next_batch(&mut self) -> Option<Result<Vec<ArrayRef>>> {
        let batch = self.stream.next().await?;
        Some(batch.map_err(|e| inward(&e)).and_then(|batch| {
            batch
                .columns()
                .iter()
                .zip(&self.columns)
                .map(|(array, column)| canonical(array, &column.ty))
                .collect()
        }))
    }

    /// All rows left. For results known to be small.
    ///
    /// # Errors
    /// As [`Rows::next`].
    pub async fn collect(mut self) -> Result<Vec<Row>> {
        let mut all = Vec::new();
        while let Some(rows) = self.next().await {
            all.extend(rows?);
        }
        Ok(all)
    }

    fn render(&self, batch: &RecordBatch) -> Result<Vec<Row>> {
        let arrays = batch
            .columns()
            .iter()
            .zip(&self.columns)
            .map(|(array, column)| canonical(array, &column.ty))
            .collect::<Result<Vec<_>>>()?;
        (0..batch.num_rows())
            .map(|row| {
                arrays
                    .iter()
                    .zip(&self.columns)
                    .map(|(array, column)| {
                        let value = value_at(array, &column.ty, row)?;
                        Ok(render(&value, &column.ty))
                    })
                    .collect()
            })
            .collect()
    }
}
