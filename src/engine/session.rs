//! Where DataFusion's session is made: bounded memory, no clock of its own, only our objects.

use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::execution::context::SessionContext;
use datafusion::execution::memory_pool::{FairSpillPool, MemoryPool};
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties};
use datafusion::prelude::SessionConfig;
use futures::TryStreamExt;
use futures::future::BoxFuture;

use crate::base::{Ids, Timestamp};
use crate::engine::error::Result;
use crate::engine::objects::{Meter, MeteredObjects};
use crate::engine::shared::Shared;
use crate::engine::table::{CatalogTable, Hidden};
use crate::glue::catalog::CatalogWriter;
use crate::store::Objects;

type Planned = Result<Arc<dyn ExecutionPlan>>;
type Collected = Result<(SchemaRef, Vec<RecordBatch>)>;

/// How much of the machine the engine may use.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Memory of all queries and runs together, in bytes; beyond it they spill or fail.
    pub memory_bytes: usize,
    /// Streams a query is split into.
    pub partitions: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory_bytes: 512 * 1024 * 1024,
            partitions: 2,
        }
    }
}

/// Everything that executes on DataFusion, over one object space and one catalog.
#[derive(Clone, Debug)]
pub struct Engine {
    objects: Arc<dyn Objects>,
    catalog: Arc<dyn CatalogWriter>,
    ids: Arc<Ids>,
    limits: Limits,
    pool: Arc<dyn MemoryPool>,
}

impl Engine {
    /// An engine with the default limits.
    pub fn new(objects: Arc<dyn Objects>, catalog: Arc<dyn CatalogWriter>, ids: Arc<Ids>) -> Self {
        Self::with_limits(objects, catalog, ids, Limits::default())
    }

    /// An engine within `limits`.
    pub fn with_limits(
        objects: Arc<dyn Objects>,
        catalog: Arc<dyn CatalogWriter>,
        ids: Arc<Ids>,
        limits: Limits,
    ) -> Self {
        Self {
            objects,
            catalog,
            ids,
            pool: Arc::new(FairSpillPool::new(limits.memory_bytes)),
            limits,
        }
    }

    /// The same engine over other objects and another catalog, within the same limits.
    #[must_use]
    pub fn with(&self, objects: Arc<dyn Objects>, catalog: Arc<dyn CatalogWriter>) -> Self {
        Self {
            objects,
            catalog,
            ..self.clone()
        }
    }

    /// The object space, not metered.
    pub fn objects(&self) -> &Arc<dyn Objects> {
        &self.objects
    }

    /// The catalog.
    pub fn catalog(&self) -> &Arc<dyn CatalogWriter> {
        &self.catalog
    }

    /// Where names of files come from.
    pub fn ids(&self) -> &Arc<Ids> {
        &self.ids
    }

    /// A session for one query: what it reads is counted on its own meter.
    pub fn session(&self) -> Result<Session> {
        self.session_of(self.limits.partitions)
    }

    /// A session whose results come in the order of the input wherever SQL leaves the order open:
    /// one stream only.
    pub fn ordered_session(&self) -> Result<Session> {
        self.session_of(1)
    }

    fn session_of(&self, partitions: usize) -> Result<Session> {
        let objects = MeteredObjects::new(Arc::clone(&self.objects));
        let runtime = RuntimeEnvBuilder::new()
            .with_memory_pool(Arc::clone(&self.pool))
            .with_object_store_registry(Arc::new(objects.clone()))
            .build_arc()?;
        let mut config = SessionConfig::new()
            .with_target_partitions(partitions)
            .with_information_schema(false);
        let options = config.options_mut();
        options.execution.parquet.schema_force_view_types = false;
        options.execution.parquet.coerce_int96 = Some("us".to_owned());
        options.execution.collect_statistics = false;
        options.sql_parser.map_string_types_to_utf8view = false;
        Ok(Session {
            context: Shared::new(SessionContext::new_with_config_rt(config, runtime)),
            objects,
            catalog: Arc::clone(&self.catalog),
            ids: Arc::clone(&self.ids),
        })
    }
}

/// One query or run.
pub struct Session {
    context: Shared<SessionContext>,
    objects: MeteredObjects,
    catalog: Arc<dyn CatalogWriter>,
    ids: Arc<Ids>,
}

impl Session {
    /// A table of the catalog as Athena reads it at a time, with hidden columns. The analyzer scans it with
    /// `LogicalPlanBuilder::scan` over `provider_as_source`.
    pub fn table(
        &self,
        database: &str,
        table: &str,
        now: Timestamp,
        hidden: &[Hidden],
    ) -> Result<Arc<CatalogTable>> {
        let (objects, catalog) = (self.objects.clone(), self.catalog.as_ref());
        CatalogTable::open(objects, catalog, database, table, now, hidden).map(Arc::new)
    }

    /// DataFusion's context: for planning. Nothing is registered in it.
    pub fn context(&self) -> &SessionContext {
        &self.context
    }

    /// The object space through this query's meter.
    pub fn objects(&self) -> &MeteredObjects {
        &self.objects
    }

    /// The catalog.
    pub fn catalog(&self) -> &Arc<dyn CatalogWriter> {
        &self.catalog
    }

    /// Where identifiers and seeds come from.
    pub fn ids(&self) -> &Ids {
        &self.ids
    }

    /// What the query has read so far.
    pub fn meter(&self) -> &Arc<Meter> {
        self.objects.meter()
    }

    /// Optimizes and plans.
    pub fn physical(&self, plan: &LogicalPlan) -> BoxFuture<'static, Planned> {
        let state = Shared::new(self.context.state());
        let plan = Shared::new(plan.clone());
        Box::pin(async move {
            let state: &dyn datafusion::catalog::Session = &*state;
            Ok(state.create_physical_plan(&plan).await?)
        })
    }

    /// Runs a plan to its end. Streams follow each other in the plan's order, so rows come in the
    /// order of the input unless the plan redistributes them.
    pub fn collect(&self, plan: &LogicalPlan) -> BoxFuture<'_, Collected> {
        let physical = self.physical(plan);
        Box::pin(self.collected(physical))
    }

    async fn collected(&self, physical: BoxFuture<'static, Planned>) -> Collected {
        let physical = physical.await?;
        let streams = physical.output_partitioning().partition_count();
        let running = (0..streams).map(|at| {
            let (physical, context) = (Arc::clone(&physical), self.context.task_ctx());
            // Each stream in its own task, so that they run side by side.
            let task = tokio::spawn(async move {
                let stream = physical.execute(at, context)?;
                stream.try_collect::<Vec<_>>().await
            });
            AbortOnDrop(task)
        });
        let mut batches = Vec::new();
        for mut task in running.collect::<Vec<_>>() {
            let done = (&mut task.0).await.map_err(|error| {
                crate::engine::error::Error::Internal(format!("a stream broke off: {error}"))
            })?;
            batches.extend(done?);
        }
        Ok((physical.schema(), batches))
    }
}

/// A task that ends when its query is dropped: a cancelled query stops reading.
struct AbortOnDrop<T>(tokio::task::JoinHandle<T>);

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}
