//! Jobs and their runs.
//!
//! A job's graph (`CodeGenConfigurationNodes`) stays JSON here: the room that runs it parses it. A
//! run is real work, so StartJobRun queues a [`RunOrder`], the emulator takes it, says
//! [`Jobs::run_started`], works, and hands the [`RunOutcome`] back through [`Jobs::finish_run`].
//!
//! States: WAITING → STARTING → RUNNING → SUCCEEDED | FAILED | TIMEOUT, with STOPPING → STOPPED
//! aside.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use serde_json::Value;

use crate::base::{Call, Ids, Timestamp};
use crate::glue::api::{Job, JobRun};
use crate::glue::error::{Error, Result};

mod definition;
mod operations;
mod queries;
mod runs;
mod sizing;
#[cfg(test)]
mod tests;

/// The jobs of one account and region.
#[derive(Debug)]
pub struct Jobs {
    ids: Arc<Ids>,
    jobs: BTreeMap<String, Entry>,
    orders: VecDeque<RunOrder>,
}

#[derive(Debug)]
struct Entry {
    job: Job,
    /// Oldest first.
    runs: Vec<Run>,
}

#[derive(Debug)]
struct Run {
    shown: JobRun,
    state: RunState,
    /// When the work itself began.
    running_since: Option<Timestamp>,
    /// The caller who started it, in whose account and region it works.
    call: Call,
    attempt: i32,
    /// The run id without `_attempt_n`.
    first_id: String,
}

/// Where a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunState {
    /// Queued until the job's concurrency allows it.
    Waiting,
    /// Ordered, not begun.
    Starting,
    /// Under way.
    Running,
    /// Asked to stop.
    Stopping,
    /// Stopped.
    Stopped,
    /// Done.
    Succeeded,
    /// Failed, with a message.
    Failed,
    /// Took longer than its time-out.
    TimedOut,
}

impl RunState {
    /// The state's name in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Waiting => "WAITING",
            Self::Starting => "STARTING",
            Self::Running => "RUNNING",
            Self::Stopping => "STOPPING",
            Self::Stopped => "STOPPED",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
            Self::TimedOut => "TIMEOUT",
        }
    }

    /// Whether nothing more happens to the run.
    pub fn is_final(self) -> bool {
        matches!(
            self,
            Self::Stopped | Self::Succeeded | Self::Failed | Self::TimedOut
        )
    }

    /// Whether the run counts against the job's concurrency.
    fn is_active(self) -> bool {
        matches!(self, Self::Starting | Self::Running | Self::Stopping)
    }
}

/// A run to be worked on.
#[derive(Clone, Debug)]
pub struct RunOrder {
    /// The job's name.
    pub job: String,
    /// The run's id.
    pub run_id: String,
    /// The job's graph, node by node id; `None` for a job that is a script.
    pub graph: Option<BTreeMap<String, Value>>,
    /// `glueetl`, `pythonshell`, …
    pub command: String,
    /// Where the script lies. A job with a graph names one too; the graph counts.
    pub script_location: Option<String>,
    /// Default arguments, overridden by the run's, overridden by those that cannot be.
    pub arguments: BTreeMap<String, String>,
    /// The role, a name or a path with a name.
    pub role: String,
    /// Decides Spark's semantics.
    pub glue_version: String,
    /// Time of the start and, as caller, the role's session.
    pub call: Call,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunOutcome {
    /// Everything was written.
    Succeeded,
    /// Nothing counts; the message is the run's `ErrorMessage`.
    Failed(String),
    /// It noticed that it was to stop.
    Stopped,
}

impl Jobs {
    /// No jobs yet.
    pub fn new(ids: Arc<Ids>) -> Self {
        Self {
            ids,
            jobs: BTreeMap::new(),
            orders: VecDeque::new(),
        }
    }

    /// Whether a job of this name exists.
    pub fn exists(&self, name: &str) -> bool {
        self.jobs.contains_key(name)
    }

    /// All names, in order: ListJobs, whose tag filter is [`crate::glue::Glue`]'s.
    pub fn names(&self) -> impl Iterator<Item = &String> {
        self.jobs.keys()
    }

    fn entry(&self, name: &str) -> Result<&Entry> {
        self.jobs.get(name).ok_or_else(|| missing(name))
    }
}

impl Entry {
    fn concurrency(&self) -> usize {
        let property = self.job.execution_property.as_ref();
        let runs = property.and_then(|p| p.max_concurrent_runs).unwrap_or(1);
        usize::try_from(runs).unwrap_or(0)
    }

    fn active_runs(&self) -> usize {
        self.runs.iter().filter(|run| run.state.is_active()).count()
    }
}

impl Run {
    fn set_state(&mut self, now: Timestamp, state: RunState) {
        self.state = state;
        self.shown.job_run_state = Some(state.name().to_owned());
        self.shown.last_modified_on = Some(now);
        if state.is_final() {
            let since = self.running_since.unwrap_or(now);
            self.shown.completed_on = Some(now);
            self.shown.execution_time = i32::try_from(now.since(since).as_secs()).ok();
        }
    }

    /// When the run has taken too long.
    fn deadline(&self) -> Option<Timestamp> {
        let minutes = u64::try_from(self.shown.timeout?).ok()?;
        let since = self.running_since?;
        matches!(self.state, RunState::Running | RunState::Stopping)
            .then(|| since + std::time::Duration::from_secs(minutes.saturating_mul(60)))
    }
}

fn missing(name: &str) -> Error {
    Error::EntityNotFound(format!("Job {name} not found."))
}
