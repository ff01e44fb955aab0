//! The emulator's side: orders out, outcomes in; and StopQueryExecution.

use super::{QueryOrder, QueryOutcome, QueryState};
use crate::athena::Athena;
use crate::athena::api::{StopQueryExecutionRequest, StopQueryExecutionResponse};
use crate::athena::error::Result;
use crate::base::{Call, Timestamp};

/// Reason of an execution that its owner stopped (measured).
const CANCELLED_BY_USER: &str = "Query cancelled by user";
/// Reason of an execution that read more than its work group allows. "Workgroup data usage
/// controls", Athena guide.
const SCAN_LIMIT: &str = "Bytes scanned limit was exceeded";

impl Athena {
    /// Executions that were submitted and not taken yet, oldest first.
    pub fn take_orders(&mut self) -> Vec<QueryOrder> {
        let ids = std::mem::take(&mut self.executions.orders);
        ids.iter()
            .filter_map(|id| self.executions.get(id))
            .map(|execution| execution.order.clone())
            .collect()
    }

    /// Whether the work on an execution is in vain: it was stopped, or is gone with its work group.
    pub fn is_cancelled(&self, id: &str) -> bool {
        self.executions
            .get(id)
            .is_none_or(|execution| execution.state == QueryState::Cancelled)
    }

    /// Executions that were given up while they were worked on, each once: the work is to be aborted.
    pub fn take_stopped(&mut self) -> Vec<String> {
        std::mem::take(&mut self.executions.stopped)
    }

    /// The work on an execution begins. Says whether it may: it may have been stopped meanwhile.
    pub fn started(&mut self, now: Timestamp, id: &str) -> bool {
        match self.executions.get_mut(id) {
            Some(execution) if execution.state == QueryState::Queued => {
                execution.state = QueryState::Running;
                execution.started = Some(now);
                true
            }
            _ => false,
        }
    }

    /// The work on an execution is over. An execution that is over already stays as it is.
    ///
    /// A result that took more bytes than the work group allows does not count, should the worker
    /// not have noticed.
    pub fn finish(&mut self, now: Timestamp, id: &str, outcome: QueryOutcome) {
        let Some(execution) = self
            .executions
            .get_mut(id)
            .filter(|execution| !execution.state.is_final())
        else {
            return;
        };
        execution.started.get_or_insert(now);
        let limit = execution.order.scan_limit_bytes.unwrap_or(u64::MAX);
        let outcome = match outcome {
            QueryOutcome::Succeeded(result) if result.scanned_bytes > limit => {
                QueryOutcome::ScanLimitExceeded {
                    scanned_bytes: result.scanned_bytes,
                }
            }
            other => other,
        };
        let (state, reason) = match &outcome {
            QueryOutcome::Succeeded(_) | QueryOutcome::Reused(_) => (QueryState::Succeeded, None),
            QueryOutcome::Failed(failure) => (QueryState::Failed, Some(failure.message.clone())),
            QueryOutcome::ScanLimitExceeded { .. } => {
                (QueryState::Cancelled, Some(SCAN_LIMIT.to_owned()))
            }
        };
        if let QueryOutcome::Reused(reuse) = &outcome {
            let location = reuse.output_location.clone();
            execution.result_configuration.output_location = Some(location.to_string());
            execution.order.output_location = location;
        }
        execution.end(now, state, reason);
        execution.outcome = Some(outcome);
    }

    /// StopQueryExecution. An execution that is over stays as it is; that is no error (measured).
    pub fn stop_query_execution(
        &mut self,
        call: &Call,
        request: &StopQueryExecutionRequest,
    ) -> Result<StopQueryExecutionResponse> {
        let id = &request.query_execution_id;
        if !self.execution(call.now, id)?.state.is_final() {
            self.executions.orders.retain(|order| order != id);
            self.executions.stopped.push(id.clone());
            if let Some(execution) = self.executions.get_mut(id) {
                let reason = CANCELLED_BY_USER.to_owned();
                execution.end(call.now, QueryState::Cancelled, Some(reason));
            }
        }
        Ok(StopQueryExecutionResponse {})
    }
}
