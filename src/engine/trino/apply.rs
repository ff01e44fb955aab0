//! Correlated subqueries: a plan that is run once for every set of values its outer columns have.
//!
//! Slow where a join could be had, and right for every query. The inner plan refers to outer columns as
//! DataFusion's outer references; when rows arrive, these become literals and the plan is planned and run.

use std::any::Any;
use std::collections::HashMap;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions, UInt64Array};
use datafusion::arrow::compute::{cast, concat, take};
use datafusion::arrow::datatypes::{Field, SchemaRef};
use datafusion::catalog::Session;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{
    Column, DFSchema, DFSchemaRef, DataFusionError, Result, ScalarValue, internal_err,
};
use datafusion::execution::{SendableRecordBatchStream, SessionState, TaskContext};
use datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion::logical_expr::{
    Expr, Extension, LogicalPlan, UserDefinedLogicalNode, UserDefinedLogicalNodeCore,
};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties, PlanProperties, collect,
};
use datafusion::physical_planner::{ExtensionPlanner, PhysicalPlanner};
use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt};

/// A column of an outer query, inside a subquery.
pub fn outer_column(id: &str, ty: &super::types::Type) -> Expr {
    Expr::OuterReferenceColumn(
        Arc::new(Field::new(id, ty.arrow(), true)),
        Column::new_unqualified(id),
    )
}

/// The rows of `input`, each with the rows that `inner` has for its values. `bindings` are outer names
/// in `inner`, each with the column of `input` it stands for. `keep` keeps a row that `inner` has none for.
///
/// # Errors
/// When columns of both sides share a name.
pub fn apply(
    input: LogicalPlan,
    inner: LogicalPlan,
    bindings: Vec<(String, Column)>,
    keep: bool,
) -> Result<LogicalPlan> {
    let made = inner.schema().fields().iter().map(|field| {
        let nullable = field.as_ref().clone().with_nullable(true);
        (None, Arc::new(nullable))
    });
    let added = DFSchema::new_with_metadata(made.collect(), HashMap::new())?;
    let schema = Arc::new(input.schema().join(&added)?);
    Ok(LogicalPlan::Extension(Extension {
        node: Arc::new(Apply {
            input,
            inner,
            bindings,
            keep,
            schema,
        }),
    }))
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Apply {
    input: LogicalPlan,
    inner: LogicalPlan,
    bindings: Vec<(String, Column)>,
    keep: bool,
    schema: DFSchemaRef,
}

impl Hash for Apply {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.input.hash(state);
        self.inner.hash(state);
        self.bindings.hash(state);
        self.keep.hash(state);
    }
}

impl PartialOrd for Apply {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        self.input.partial_cmp(&other.input)
    }
}

impl UserDefinedLogicalNodeCore for Apply {
    fn name(&self) -> &str {
        "Apply"
    }

    fn inputs(&self) -> Vec<&LogicalPlan> {
        vec![&self.input]
    }

    fn schema(&self) -> &DFSchemaRef {
        &self.schema
    }

    fn expressions(&self) -> Vec<Expr> {
        self.bindings
            .iter()
            .map(|(_, column)| Expr::Column(column.clone()))
            .collect()
    }

    fn fmt_for_explain(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Apply: ")?;
        for (i, (_, column)) in self.bindings.iter().enumerate() {
            write!(f, "{}{column}", if i > 0 { ", " } else { "" })?;
        }
        Ok(())
    }

    fn with_exprs_and_inputs(
        &self,
        exprs: Vec<Expr>,
        mut inputs: Vec<LogicalPlan>,
    ) -> Result<Self> {
        let Some(input) = inputs.pop().filter(|_| inputs.is_empty()) else {
            return internal_err!("an apply has one input");
        };
        let mut bindings = Vec::with_capacity(self.bindings.len());
        for ((name, _), expr) in self.bindings.iter().zip(exprs) {
            match expr {
                Expr::Column(column) => bindings.push((name.clone(), column)),
                other => return internal_err!("an apply binds columns, not {other}"),
            }
        }
        Ok(Self {
            input,
            bindings,
            ..self.clone()
        })
    }
}

/// A plan with values in the place of outer columns.
fn bound(plan: LogicalPlan, values: &HashMap<&str, ScalarValue>) -> Result<LogicalPlan> {
    let bound = plan.transform_up(|plan| {
        let plan = match &plan {
            LogicalPlan::Extension(Extension { node }) => {
                match node.as_any().downcast_ref::<Apply>() {
                    // What is nested deeper may look at these columns as well.
                    Some(apply) => LogicalPlan::Extension(Extension {
                        node: Arc::new(Apply {
                            inner: bound(apply.inner.clone(), values)?,
                            ..apply.clone()
                        }),
                    }),
                    None => plan,
                }
            }
            _ => plan,
        };
        let plan = plan.map_expressions(|expr| {
            expr.transform(|expr| {
                Ok(match &expr {
                    Expr::OuterReferenceColumn(_, column) => {
                        match values.get(column.name.as_str()) {
                            Some(value) => Transformed::yes(Expr::Literal(value.clone(), None)),
                            None => Transformed::no(expr),
                        }
                    }
                    _ => Transformed::no(expr),
                })
            })
        })?;
        Ok(Transformed::yes(plan.data.recompute_schema()?))
    })?;
    Ok(bound.data)
}

/// What the execution of an apply shares among its partitions.
#[derive(Debug)]
struct Inner {
    plan: LogicalPlan,
    /// Outer name, and the place of its column in the input.
    bindings: Vec<(String, usize)>,
    keep: bool,
    state: SessionState,
}

impl Inner {
    /// All rows of the inner plan for these values, as one batch's columns.
    fn rows(
        self: Arc<Self>,
        key: Vec<ScalarValue>,
        context: Arc<TaskContext>,
    ) -> BoxFuture<'static, Result<RecordBatch>> {
        async move {
            let names = self.bindings.iter().map(|(name, _)| name.as_str());
            let values: HashMap<&str, ScalarValue> = names.zip(key).collect();
            let plan = bound(self.plan.clone(), &values)?;
            let physical = self.state.create_physical_plan(&plan).await?;
            let schema = physical.schema();
            let batches = collect(physical, context).await?;
            Ok(datafusion::arrow::compute::concat_batches(
                &schema, &batches,
            )?)
        }
        .boxed()
    }
}

/// Results so far, by the values of the outer columns.
type Known = HashMap<Vec<ScalarValue>, Arc<RecordBatch>>;

async fn applied(
    inner: Arc<Inner>,
    known: &mut Known,
    batch: RecordBatch,
    schema: SchemaRef,
    context: Arc<TaskContext>,
) -> Result<RecordBatch> {
    let mut parts: Vec<Arc<RecordBatch>> = Vec::new();
    let mut starts: HashMap<Vec<ScalarValue>, u64> = HashMap::new();
    let (mut left, mut right, mut end) = (Vec::new(), Vec::new(), 0_u64);
    for row in 0..batch.num_rows() {
        let key = inner
            .bindings
            .iter()
            .map(|(_, at)| ScalarValue::try_from_array(batch.column(*at), row))
            .collect::<Result<Vec<_>>>()?;
        let rows = match known.get(&key) {
            Some(rows) => Arc::clone(rows),
            None => {
                let made = Arc::clone(&inner).rows(key.clone(), Arc::clone(&context));
                let made = Arc::new(made.await?);
                // Bounded: what does not fit is computed again.
                if known.len() < 10_000 {
                    known.insert(key.clone(), Arc::clone(&made));
                }
                made
            }
        };
        let count = rows.num_rows() as u64;
        let start = match starts.get(&key) {
            Some(start) => *start,
            None => {
                starts.insert(key, end);
                parts.push(rows);
                end += count;
                end - count
            }
        };
        if count == 0 && inner.keep {
            left.push(row as u64);
            right.push(None);
        }
        for at in 0..count {
            left.push(row as u64);
            right.push(Some(start + at));
        }
    }
    let (left, right) = (UInt64Array::from(left), UInt64Array::from(right));
    let mut columns: Vec<ArrayRef> = Vec::with_capacity(schema.fields().len());
    for column in batch.columns() {
        columns.push(take(column, &left, None)?);
    }
    let before = columns.len();
    for (at, field) in schema.fields().iter().enumerate().skip(before) {
        let held = parts
            .iter()
            .filter_map(|part| part.columns().get(at - before))
            .map(|array| match array.data_type() {
                have if have == field.data_type() => Ok(Arc::clone(array)),
                _ => Ok(cast(array, field.data_type())?),
            })
            .collect::<Result<Vec<ArrayRef>>>()?;
        let arrays: Vec<_> = held.iter().map(AsRef::as_ref).collect();
        columns.push(match arrays.is_empty() {
            true => datafusion::arrow::array::new_null_array(field.data_type(), left.len()),
            false => take(&concat(&arrays)?, &right, None)?,
        });
    }
    let options = RecordBatchOptions::new().with_row_count(Some(left.len()));
    Ok(RecordBatch::try_new_with_options(
        schema, columns, &options,
    )?)
}

#[derive(Debug)]
struct ApplyExec {
    input: Arc<dyn ExecutionPlan>,
    inner: Arc<Inner>,
    schema: SchemaRef,
    properties: Arc<PlanProperties>,
}

impl ApplyExec {
    fn new(input: Arc<dyn ExecutionPlan>, inner: Arc<Inner>, schema: SchemaRef) -> Self {
        let properties = PlanProperties::new(
            EquivalenceProperties::new(Arc::clone(&schema)),
            datafusion::physical_plan::Partitioning::UnknownPartitioning(
                input.output_partitioning().partition_count(),
            ),
            input.pipeline_behavior(),
            input.boundedness(),
        );
        Self {
            input,
            inner,
            schema,
            properties: Arc::new(properties),
        }
    }
}

impl DisplayAs for ApplyExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApplyExec")
    }
}

impl ExecutionPlan for ApplyExec {
    fn name(&self) -> &str {
        "ApplyExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(
        self: Arc<Self>,
        mut children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        match (children.pop(), children.is_empty()) {
            (Some(input), true) => Ok(Arc::new(Self::new(
                input,
                Arc::clone(&self.inner),
                Arc::clone(&self.schema),
            ))),
            _ => internal_err!("an apply has one input"),
        }
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        let input = self.input.execute(partition, Arc::clone(&context))?;
        let (inner, schema) = (Arc::clone(&self.inner), Arc::clone(&self.schema));
        let start = (input, Known::new());
        let stream = futures::stream::try_unfold(start, move |(mut input, mut known)| {
            let (inner, schema) = (Arc::clone(&inner), Arc::clone(&schema));
            let context = Arc::clone(&context);
            async move {
                let Some(batch) = input.next().await else {
                    return Ok::<_, DataFusionError>(None);
                };
                let batch = applied(inner, &mut known, batch?, schema, context).await?;
                Ok(Some((batch, (input, known))))
            }
            .boxed()
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(
            Arc::clone(&self.schema),
            stream,
        )))
    }
}

/// Plans applies for execution.
pub struct ApplyPlanner;

#[async_trait]
impl ExtensionPlanner for ApplyPlanner {
    async fn plan_extension(
        &self,
        _: &dyn PhysicalPlanner,
        node: &dyn UserDefinedLogicalNode,
        _: &[&LogicalPlan],
        inputs: &[Arc<dyn ExecutionPlan>],
        session: &dyn Session,
        _: &PhysicalPlanningContext,
    ) -> Result<Option<Arc<dyn ExecutionPlan>>> {
        let node: &dyn Any = node.as_any();
        let (Some(apply), [input]) = (node.downcast_ref::<Apply>(), inputs) else {
            return Ok(None);
        };
        let Some(state) = session.as_any().downcast_ref::<SessionState>() else {
            return internal_err!("an apply needs the session's own state");
        };
        let bindings = apply
            .bindings
            .iter()
            .map(|(name, column)| Ok((name.clone(), apply.input.schema().index_of_column(column)?)))
            .collect::<Result<Vec<_>>>()?;
        let inner = Arc::new(Inner {
            plan: apply.inner.clone(),
            bindings,
            keep: apply.keep,
            state: state.clone(),
        });
        let schema = Arc::new(apply.schema.as_arrow().clone());
        Ok(Some(Arc::new(ApplyExec::new(
            Arc::clone(input),
            inner,
            schema,
        ))))
    }
}
