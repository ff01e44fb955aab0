//! Query executions: their states, the orders they are worked on by, what comes back.
//!
//! A query is real work, so StartQueryExecution queues a [`QueryOrder`], the emulator takes it, says
//! [`Athena::started`], works, writes [`crate::athena::results::files`] and hands the
//! [`QueryOutcome`] back through [`Athena::finish`].
//!
//! States: QUEUED → RUNNING → SUCCEEDED | FAILED | CANCELLED. A cancelled execution stays cancelled,
//! whatever the work on it reports later.

use std::collections::{BTreeMap, HashMap, VecDeque};

use crate::athena::Athena;
use crate::athena::api::{
    EngineVersion, QueryExecutionContext, ResultConfiguration, ResultReuseConfiguration,
};
use crate::athena::error::{Error, Result};
use crate::athena::results::QueryResult;
use crate::athena::surroundings::Classification;
use crate::base::{Call, Timestamp, limits};
use crate::store::S3Uri;

mod describe;
mod page_of_rows;
mod start;
#[cfg(test)]
mod tests;
mod work;

/// Where an execution stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueryState {
    /// Ordered, not begun.
    Queued,
    /// Under way.
    Running,
    /// Done, the results are there.
    Succeeded,
    /// Failed, with a reason.
    Failed,
    /// Stopped by its owner, or by the work group's limit on scanned bytes.
    Cancelled,
}

impl QueryState {
    /// The state's name in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Queued => "QUEUED",
            Self::Running => "RUNNING",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
            Self::Cancelled => "CANCELLED",
        }
    }

    /// Whether nothing more happens to the execution.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Cancelled)
    }
}

/// A query to be worked on.
#[derive(Clone, Debug)]
pub struct QueryOrder {
    /// The execution's id.
    pub id: String,
    /// The id under which the engine knows it, in Trino's form; it stands in the `.metadata`.
    pub engine_id: String,
    /// The text as sent, `?` included.
    pub sql: String,
    /// The text to work on: that of the prepared statement, where the one sent executes one.
    pub statement: String,
    /// What kind of statement it is.
    pub class: Classification,
    /// The database of names without one, as sent.
    pub database: Option<String>,
    /// The catalog of names without one, in lower case.
    pub catalog: Option<String>,
    /// The values of `?`, in order.
    pub parameters: Vec<String>,
    /// The work group.
    pub work_group: String,
    /// The result object.
    pub output_location: S3Uri,
    /// Data a CREATE TABLE AS without location writes goes under this prefix.
    pub output_folder: S3Uri,
    /// Whether data may lie nowhere else, because the work group enforces its location.
    pub is_location_enforced: bool,
    /// An earlier result that may stand for this one's, if its object is still there.
    pub reuse: Option<Reuse>,
    /// How many bytes it may read before it is to be given up as
    /// [`QueryOutcome::ScanLimitExceeded`].
    pub scan_limit_bytes: Option<u64>,
    /// When it was submitted.
    pub submitted: Timestamp,
    /// The caller on whose behalf it works.
    pub call: Call,
}

/// The result of an earlier execution of the same query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reuse {
    /// Its result object.
    pub output_location: S3Uri,
    /// What it found.
    pub result: QueryResult,
}

/// How the work on a query ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QueryOutcome {
    /// The results are written.
    Succeeded(QueryResult),
    /// Nothing was done: an earlier result stands for this one's.
    Reused(Reuse),
    /// Nothing counts.
    Failed(QueryFailure),
    /// It read more than [`QueryOrder::scan_limit_bytes`] and was given up.
    ScanLimitExceeded {
        /// Bytes read until then.
        scanned_bytes: u64,
    },
}

/// Why a query failed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QueryFailure {
    /// `StateChangeReason`, e.g. `TABLE_NOT_FOUND: line 1:15: Table '…' does not exist`.
    pub message: String,
    /// `ErrorMessage`, where it differs from the reason (statements of Hive's side).
    pub error_message: Option<String>,
    /// `ErrorCategory`: 1 system, 2 user, 3 other.
    pub category: i32,
    /// `ErrorType`, a number of the Athena error catalog.
    pub error_type: i32,
    /// Whether the same query may succeed later.
    pub retryable: bool,
    /// Bytes read until then.
    pub scanned_bytes: u64,
}

/// One execution.
#[derive(Debug)]
struct Execution {
    order: QueryOrder,
    state: QueryState,
    context: Option<QueryExecutionContext>,
    result_configuration: ResultConfiguration,
    /// What its work group had selected.
    engine_version: EngineVersion,
    reuse_configuration: Option<ResultReuseConfiguration>,
    /// `ExecutionParameters`, as sent: not those behind USING.
    sent_parameters: Vec<String>,
    reason: Option<String>,
    started: Option<Timestamp>,
    completed: Option<Timestamp>,
    outcome: Option<QueryOutcome>,
}

/// The executions of one account and region, oldest first by their numbers.
#[derive(Debug, Default)]
pub(crate) struct Executions {
    by_number: BTreeMap<u64, Execution>,
    numbers: HashMap<String, u64>,
    next_number: u64,
    /// Client request token → what it was used for.
    tokens: HashMap<String, start::Use>,
    orders: VecDeque<String>,
    /// Executions that were given up while they were worked on.
    stopped: Vec<String>,
}

impl Executions {
    fn get(&self, id: &str) -> Option<&Execution> {
        self.by_number.get(self.numbers.get(id)?)
    }

    fn get_mut(&mut self, id: &str) -> Option<&mut Execution> {
        self.by_number.get_mut(self.numbers.get(id)?)
    }

    /// Whether a work group has executions in its history.
    pub(crate) fn any_in(&self, work_group: &str) -> bool {
        self.by_number
            .values()
            .any(|execution| execution.order.work_group == work_group)
    }

    /// Forgets every execution for which `gone` holds.
    fn forget(&mut self, gone: impl Fn(&Execution) -> bool) {
        let running = self
            .by_number
            .values()
            .filter(|execution| gone(execution) && execution.state == QueryState::Running);
        let running = running.map(|execution| execution.order.id.clone());
        self.stopped.extend(running.collect::<Vec<_>>());
        self.by_number.retain(|_, execution| !gone(execution));
        let kept = &self.by_number;
        self.numbers.retain(|_, number| kept.contains_key(number));
        let numbers = &self.numbers;
        self.tokens.retain(|_, used| numbers.contains_key(&used.id));
        self.orders.retain(|id| numbers.contains_key(id));
    }

    /// Forgets a work group's history. Work under way is cancelled by it.
    pub(crate) fn forget_work_group(&mut self, work_group: &str) {
        self.forget(|execution| execution.order.work_group == work_group);
    }

    /// Forgets executions older than Athena's history.
    fn forget_old(&mut self, now: Timestamp) {
        let expired = |execution: &Execution| execution.expired(now);
        if self.by_number.values().next().is_some_and(expired) {
            self.forget(expired);
        }
    }
}

impl Execution {
    fn expired(&self, now: Timestamp) -> bool {
        self.state.is_final() && now.since(self.order.submitted) > limits::athena::HISTORY
    }

    fn end(&mut self, now: Timestamp, state: QueryState, reason: Option<String>) {
        self.state = state;
        self.reason = reason;
        self.completed = Some(now);
    }

    fn result(&self) -> Option<&QueryResult> {
        match &self.outcome {
            Some(QueryOutcome::Succeeded(result)) => Some(result),
            Some(QueryOutcome::Reused(reuse)) => Some(&reuse.result),
            _ => None,
        }
    }
}

impl Athena {
    fn execution(&self, now: Timestamp, id: &str) -> Result<&Execution> {
        self.executions
            .get(id)
            .filter(|execution| !execution.expired(now))
            .ok_or_else(|| Error::QueryExecutionNotFound(id.to_owned()))
    }

    /// A fresh id in the form of Trino's: time of submission, number, coordinator.
    fn engine_id(&self, now: Timestamp, number: u64) -> String {
        format!(
            "{}_{:05}_{}",
            now.utc().strftime("%Y%m%d_%H%M%S"),
            number % 100_000,
            self.coordinator
        )
    }
}
