//! A node's result: a plan, counted as it runs.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::datasource::provider_as_source;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, TableType};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties};
use futures::StreamExt;
use futures::future::BoxFuture;

use crate::engine::error::Result;
use crate::engine::shared::Shared;

/// Rows that passed.
#[derive(Debug, Default)]
pub struct Rows(AtomicU64);

impl Rows {
    /// How many.
    pub fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Counts some more.
    pub fn add(&self, rows: usize) {
        self.0.fetch_add(rows as u64, Ordering::Relaxed);
    }
}

/// The rows between two nodes.
#[derive(Clone, Debug)]
pub struct Frame {
    plan: Shared<LogicalPlan>,
}

/// The name under which a frame's columns are qualified.
pub const FRAME: &str = "frame";

impl Frame {
    /// The rows of a plan.
    pub fn new(plan: LogicalPlan) -> Self {
        Self {
            plan: Shared::new(plan),
        }
    }

    /// The plan that produces them.
    pub fn plan(&self) -> &LogicalPlan {
        &self.plan
    }

    /// The rows of a table.
    pub fn of_table(table: Arc<dyn TableProvider>) -> Result<Self> {
        let plan = LogicalPlanBuilder::scan(FRAME, provider_as_source(table), None)?;
        Ok(Self::new(plan.build()?))
    }

    /// The columns, without qualifiers.
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(self.plan.schema().inner())
    }

    /// The same rows, counted on `rows` when they pass.
    pub fn counted(self, rows: Arc<Rows>) -> Result<Self> {
        Self::of_table(Arc::new(Tap {
            schema: self.schema(),
            plan: self.plan,
            rows,
        }))
    }
}

/// A plan as a table that counts its rows. No filter or limit crosses it, so that every row a node
/// produces is counted, whatever the next node drops.
#[derive(Debug)]
struct Tap {
    plan: Shared<LogicalPlan>,
    schema: SchemaRef,
    rows: Arc<Rows>,
}

impl TableProvider for Tap {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::View
    }

    // Spelled out: the future must not hold the filters (see `engine::shared`).
    fn scan<'a, 'b, 'c, 'd, 'e>(
        &'a self,
        state: &'b dyn Session,
        projection: Option<&'c Vec<usize>>,
        _filters: &'d [Expr],
        _limit: Option<usize>,
    ) -> BoxFuture<'e, datafusion::common::Result<Arc<dyn ExecutionPlan>>>
    where
        'a: 'e,
        'b: 'e,
        'c: 'e,
        'd: 'e,
        Self: 'e,
    {
        Box::pin(async move {
            let plan = self.projected(projection)?;
            let input = state.create_physical_plan(&plan).await?;
            let rows = Arc::clone(&self.rows);
            Ok(Arc::new(Counted { input, rows }) as Arc<dyn ExecutionPlan>)
        })
    }
}

impl Tap {
    fn projected(
        &self,
        projection: Option<&Vec<usize>>,
    ) -> datafusion::common::Result<Shared<LogicalPlan>> {
        let Some(projection) = projection else {
            return Ok(self.plan.clone());
        };
        let columns = self.plan.schema().columns();
        let wanted = projection
            .iter()
            .filter_map(|at| columns.get(*at).cloned().map(Expr::Column));
        let plan = LogicalPlanBuilder::from(LogicalPlan::clone(&self.plan))
            .project(wanted.collect::<Vec<_>>())?;
        plan.build().map(Shared::new)
    }
}

/// Passes batches on and counts their rows.
#[derive(Debug)]
struct Counted {
    input: Arc<dyn ExecutionPlan>,
    rows: Arc<Rows>,
}

impl DisplayAs for Counted {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Counted")
    }
}

impl ExecutionPlan for Counted {
    fn name(&self) -> &str {
        "Counted"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.input.properties()
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![true]
    }

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false]
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> datafusion::common::Result<TreeNodeRecursion>,
    ) -> datafusion::common::Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(
        self: Arc<Self>,
        mut children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> datafusion::common::Result<Arc<dyn ExecutionPlan>> {
        let input = children.pop().unwrap_or_else(|| Arc::clone(&self.input));
        Ok(Arc::new(Self {
            input,
            rows: Arc::clone(&self.rows),
        }))
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> datafusion::common::Result<SendableRecordBatchStream> {
        let rows = Arc::clone(&self.rows);
        let input = self.input.execute(partition, context)?;
        let counted = input.inspect(move |batch| {
            if let Ok(batch) = batch {
                rows.add(batch.num_rows());
            }
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(
            self.input.schema(),
            counted,
        )))
    }
}
