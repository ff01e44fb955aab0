//! The Glue job: raw JSON to Parquet by event date, and the rows it has to reject.
//!
//! The job is Glue's own graph, the one Glue Studio stores: real AWS turns it into Spark code by
//! itself, the emulator runs it on DataFusion.

use std::time::Duration;

use aws_sdk_glue::types::{
    CatalogSource, CodeGenConfigurationNode, JobCommand, JobRunState, ParquetCompressionType,
    S3GlueParquetTarget, SparkSql, SqlAlias,
};

use crate::pipeline::error::{Error, Result, doing};
use crate::pipeline::patience::Patience;
use crate::pipeline::{Clients, Plan, Progress, Step};

/// How long a run may take.
const DONE_WITHIN: Duration = Duration::from_secs(3_600);

/// A row is curated when its value is a number and its time stamp one; what is left is rejected.
/// `NaN` is no measurement, though it casts.
const GOOD: &str = "cast(data as double) is not null and not isnan(cast(data as double)) \
                    and to_timestamp(timestamp) is not null";

/// Typed columns and the date of the event as the partition.
fn curated_sql() -> String {
    format!(
        "select cast(idtemp as bigint) as id, type as sensor, cast(data as double) as value, \
         to_timestamp(timestamp) as event_time, \
         date_format(to_timestamp(timestamp), 'yyyy-MM-dd') as event_date \
         from raw where {GOOD}"
    )
}

/// The rows as they came, with what is wrong with them.
fn rejected_sql() -> String {
    format!(
        "select idtemp, data, type, timestamp, \
         case when cast(data as double) is null or isnan(cast(data as double)) \
         then 'value' else 'timestamp' end as reason \
         from raw where not coalesce({GOOD}, false)"
    )
}

/// The job's graph: one source, two queries, two targets.
fn graph(plan: &Plan) -> Result<Vec<(String, CodeGenConfigurationNode)>> {
    let settings = |error: aws_sdk_glue::error::BuildError| Error::Settings(error.to_string());
    let source = CatalogSource::builder()
        .name("raw readings")
        .database(&plan.database)
        .table(plan.raw_table())
        .build()
        .map_err(settings)?;
    let mut nodes = vec![(
        "node-1".to_owned(),
        CodeGenConfigurationNode::builder()
            .catalog_source(source)
            .build(),
    )];
    let branches = [
        (
            "node-2",
            "node-3",
            "curated",
            curated_sql(),
            plan.curated_prefix(),
            "event_date",
        ),
        (
            "node-4",
            "node-5",
            "rejected",
            rejected_sql(),
            plan.rejected_prefix(),
            "reason",
        ),
    ];
    for (query, target, name, sql, prefix, partition) in branches {
        let alias = SqlAlias::builder()
            .from("node-1")
            .alias("raw")
            .build()
            .map_err(settings)?;
        let sql = SparkSql::builder()
            .name(name)
            .inputs("node-1")
            .sql_query(sql)
            .sql_aliases(alias)
            .build()
            .map_err(settings)?;
        let parquet = S3GlueParquetTarget::builder()
            .name(format!("{name} files"))
            .inputs(query)
            .partition_keys(vec![partition.to_owned()])
            .path(plan.location(prefix))
            .compression(ParquetCompressionType::Snappy)
            .build()
            .map_err(settings)?;
        nodes.push((
            query.to_owned(),
            CodeGenConfigurationNode::builder().spark_sql(sql).build(),
        ));
        nodes.push((
            target.to_owned(),
            CodeGenConfigurationNode::builder()
                .s3_glue_parquet_target(parquet)
                .build(),
        ));
    }
    Ok(nodes)
}

/// Creates the job from its graph.
pub(super) async fn create_job(clients: &Clients, plan: &Plan, role: &str) -> Result<()> {
    let mut call = clients
        .glue
        .create_job()
        .name(&plan.job)
        .role(role)
        .glue_version("4.0")
        .command(
            JobCommand::builder()
                .name("glueetl")
                .python_version("3")
                .script_location(plan.location("scripts/windfarm-curate.py"))
                .build(),
        );
    for (id, node) in graph(plan)? {
        call = call.code_gen_configuration_nodes(id, node);
    }
    call.send()
        .await
        .map_err(doing(format!("create the job {}", plan.job)))?;
    Ok(())
}

/// Runs the job to its end.
///
/// # Errors
/// [`Error::State`] with Glue's message when the run does not succeed.
pub async fn transform(clients: &Clients, plan: &Plan, progress: &dyn Progress) -> Result<()> {
    progress.begin(Step::Transform, 0);
    let started = clients
        .glue
        .start_job_run()
        .job_name(&plan.job)
        .send()
        .await
        .map_err(doing(format!("start the job {}", plan.job)))?;
    let run_id = started
        .job_run_id()
        .ok_or_else(|| Error::Reply("StartJobRun gave no run id".to_owned()))?
        .to_owned();
    let what = format!("run {run_id} of the job {}", plan.job);
    let mut patience = Patience::new(&clients.clock, DONE_WITHIN);
    loop {
        let reply = clients
            .glue
            .get_job_run()
            .job_name(&plan.job)
            .run_id(&run_id)
            .send()
            .await
            .map_err(doing(format!("read the {what}")))?;
        let run = reply
            .job_run()
            .ok_or_else(|| Error::Reply(format!("no {what}")))?;
        let state = run
            .job_run_state()
            .cloned()
            .unwrap_or(JobRunState::Starting);
        progress.advance(Step::Transform, 0, state.as_str());
        match state {
            JobRunState::Succeeded => {
                progress.end(Step::Transform, "SUCCEEDED");
                return Ok(());
            }
            JobRunState::Starting | JobRunState::Running | JobRunState::Waiting => {
                patience.wait(&what, "SUCCEEDED").await?;
            }
            other => {
                return Err(Error::State {
                    what,
                    state: other.to_string(),
                    reason: run.error_message().unwrap_or_default().to_owned(),
                });
            }
        }
    }
}
