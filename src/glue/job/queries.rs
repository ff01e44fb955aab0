//! Reading runs.

use super::{Jobs, Run, RunState};
use crate::base::{Call, limits};
use crate::glue::api::{
    GetJobRunRequest, GetJobRunResponse, GetJobRunsRequest, GetJobRunsResponse, JobRun,
};
use crate::glue::error::{Error, Result};
use crate::glue::page;

impl Jobs {
    /// GetJobRun. Nothing triggers runs here, so there are no predecessors to include.
    pub fn get_job_run(
        &self,
        call: &Call,
        request: &GetJobRunRequest,
    ) -> Result<GetJobRunResponse> {
        self.entry(&request.job_name)?;
        let run = self
            .run(&request.job_name, &request.run_id)
            .ok_or_else(|| {
                Error::EntityNotFound(format!("Job run {} not found.", request.run_id))
            })?;
        Ok(GetJobRunResponse {
            job_run: Some(run.shown_at(call)),
        })
    }

    /// GetJobRuns, newest first.
    pub fn get_job_runs(
        &self,
        call: &Call,
        request: &GetJobRunsRequest,
    ) -> Result<GetJobRunsResponse> {
        let entry = self.entry(&request.job_name)?;
        // A run's number stays the same while newer ones come; pages descend from it.
        let numbered = entry.runs.iter().enumerate().rev();
        let items = numbered.map(|(number, run)| (usize::MAX - number, run));
        let size = page::size(request.max_results, limits::glue::JOB_RUN_PAGE_MAX);
        let (runs, next_token) =
            page::page("GetJobRuns", items, request.next_token.as_deref(), size)?;
        Ok(GetJobRunsResponse {
            job_runs: Some(runs.into_iter().map(|run| run.shown_at(call)).collect()),
            next_token,
        })
    }
}

impl Run {
    /// The run as it stands now: the time of one under way grows.
    fn shown_at(&self, call: &Call) -> JobRun {
        let mut shown = self.shown.clone();
        if matches!(self.state, RunState::Running | RunState::Stopping)
            && let Some(since) = self.running_since
        {
            shown.execution_time = i32::try_from(call.now.since(since).as_secs()).ok();
        }
        shown
    }
}
