//! Running a graph.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use datafusion::datasource::MemTable;
use serde_json::Value;

use super::frame::{Frame, Rows};
use super::graph::{Entry, Graph};
use super::node::Node;
use super::report::{JobReport, NodeReport, SourceReport};
use super::write::{Staged, write_all};
use crate::base::{Call, Ids};
use crate::engine::error::{Error, Result};
use crate::engine::session::{Engine, Session};

/// What to run, and when.
#[derive(Clone, Debug)]
pub struct GraphRun {
    /// `CodeGenConfigurationNodes` of the job.
    pub nodes: BTreeMap<String, Value>,
    /// The run's arguments, defaults included, with their leading dashes.
    pub arguments: BTreeMap<String, String>,
    /// The job's name.
    pub job: String,
    /// The run's id, `jr_…`.
    pub run_id: String,
    /// When and in whose name: in the names of files and the catalog's entries.
    pub call: Call,
}

/// Why a run failed: what Glue shows as its `ErrorMessage`.
#[derive(Debug, thiserror::Error)]
#[error("{}{error}", .node.as_ref().map(|n| format!("node `{n}`: ")).unwrap_or_default())]
pub struct JobError {
    /// The node that failed, when it was one.
    pub node: Option<String>,
    /// What failed.
    pub error: Error,
}

/// What nodes may use while they run.
pub struct Run<'a> {
    /// The session: one stream, so that rows keep the order of their objects.
    pub session: &'a Session,
    /// Where names of files come from.
    pub ids: &'a Ids,
    /// When and in whose name.
    pub call: &'a Call,
    /// Times that stand in names of files this run is going to write.
    pub stems: Mutex<BTreeSet<i64>>,
}

/// Arguments that change what a run does and are not executed, with the values that ask nothing.
const REFUSED_ARGUMENTS: [(&str, &[&str]); 3] = [
    ("--job-bookmark-option", &["job-bookmark-disable"]),
    ("--job-bookmark-from", &[]),
    ("--job-bookmark-to", &[]),
];

fn check_arguments(arguments: &BTreeMap<String, String>) -> Result<()> {
    for (name, harmless) in REFUSED_ARGUMENTS {
        if let Some(value) = arguments.get(name)
            && !harmless.contains(&value.as_str())
        {
            return Err(Error::Unsupported(format!(
                "the argument `{name}` with the value `{value}` is not executed by windfarm yet"
            )));
        }
    }
    Ok(())
}

impl Engine {
    /// Checks a graph without running it: what CreateJob and StartJobRun refuse.
    ///
    /// # Errors
    /// Which node and member is wrong or not executed, in words for the user.
    pub fn check_graph(&self, nodes: &BTreeMap<String, Value>) -> Result<(), String> {
        Graph::parse(nodes).map(|_| ())
    }

    /// Runs a graph to its end.
    ///
    /// # Errors
    /// What failed. Nothing that the run would have written is left then.
    pub async fn run_graph(&self, run: GraphRun) -> Result<JobReport, JobError> {
        let outside = |error: Error| JobError { node: None, error };
        check_arguments(&run.arguments).map_err(outside)?;
        let graph = Graph::parse(&run.nodes).map_err(|why| outside(Error::Invalid(why)))?;
        let session = self.ordered_session().map_err(outside)?;
        let context = Run {
            session: &session,
            ids: self.ids(),
            call: &run.call,
            stems: Mutex::default(),
        };
        let mut progress = Progress::default();
        for entry in &graph.nodes {
            let readers = graph.readers(&entry.id);
            progress
                .execute(entry, readers, &context)
                .await
                .map_err(|error| JobError {
                    node: Some(entry.name.clone()),
                    error,
                })?;
        }
        let staged = std::mem::take(&mut progress.staged);
        let targets = write_all(self.objects(), staged, &context)
            .await
            .map_err(outside)?;
        Ok(progress.report(&graph, targets))
    }
}

#[derive(Default)]
struct Progress {
    frames: BTreeMap<String, Frame>,
    rows: BTreeMap<String, Arc<Rows>>,
    sources: Vec<(String, Box<dyn FnOnce() -> SourceReport + Send>)>,
    staged: Vec<(String, Staged)>,
}

impl Progress {
    async fn execute(&mut self, entry: &Entry, readers: usize, run: &Run<'_>) -> Result<()> {
        let inputs = entry
            .inputs
            .iter()
            .map(|id| {
                let frame = self.frames.get(id).cloned();
                frame.ok_or_else(|| Error::Internal(format!("the rows of `{id}` were lost")))
            })
            .collect::<Result<Vec<_>>>()?;
        let rows = Arc::<Rows>::default();
        self.rows.insert(entry.id.clone(), Arc::clone(&rows));
        let frame = match &entry.node {
            Node::Source(source) => {
                let opened = source.open(run).await?;
                self.sources.push((entry.id.clone(), opened.report));
                opened.frame
            }
            Node::Transform(transform) => transform.apply(run, &inputs)?,
            Node::Target(target) => {
                let [input] = inputs.as_slice() else {
                    return Err(Error::Internal("a target without an input".to_owned()));
                };
                let staged = target.stage(run, input).await?;
                rows.add(usize::try_from(staged.report.rows).unwrap_or(usize::MAX));
                self.staged.push((entry.id.clone(), staged));
                return Ok(());
            }
        };
        let frame = frame.counted(rows)?;
        // Rows that several nodes read are computed, and counted, once. Rows nobody reads are
        // computed too: their source's counts belong into the report.
        let frame = if readers == 1 {
            frame
        } else {
            let schema = frame.schema();
            let (_, batches) = run.session.collect(frame.plan()).await?;
            Frame::of_table(Arc::new(MemTable::try_new(schema, vec![batches])?))?
        };
        self.frames.insert(entry.id.clone(), frame);
        Ok(())
    }

    fn report(self, graph: &Graph, targets: Vec<super::report::TargetReport>) -> JobReport {
        let counted = |id: &str| self.rows.get(id).map_or(0, |rows| rows.count());
        JobReport {
            nodes: graph
                .nodes
                .iter()
                .map(|entry| NodeReport {
                    id: entry.id.clone(),
                    name: entry.name.clone(),
                    kind: entry.kind,
                    rows: counted(&entry.id),
                })
                .collect(),
            sources: self
                .sources
                .into_iter()
                .map(|(id, report)| SourceReport {
                    rows: self.rows.get(&id).map_or(0, |rows| rows.count()),
                    id,
                    ..report()
                })
                .collect(),
            targets,
        }
    }
}
