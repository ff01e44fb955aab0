//! Starting, stopping and finishing runs.

use std::collections::BTreeMap;

use super::sizing::Sizing;
use super::{Entry, Jobs, Run, RunOrder, RunOutcome, RunState};
use crate::base::{Call, Timestamp, limits};
use crate::glue::api::{
    BatchStopJobRunError, BatchStopJobRunRequest, BatchStopJobRunResponse,
    BatchStopJobRunSuccessfulSubmission, JobRun, StartJobRunRequest, StartJobRunResponse,
};
use crate::glue::error::{Error, Result};
use crate::glue::surroundings::GraphChecker;

impl Jobs {
    /// StartJobRun: STARTING with an order, or WAITING when runs may queue and the job is busy.
    pub fn start_job_run(
        &mut self,
        graphs: &dyn GraphChecker,
        call: &Call,
        request: StartJobRunRequest,
    ) -> Result<StartJobRunResponse> {
        Error::refuse(
            request.job_run_id.is_some(),
            "StartJobRun.JobRunId (rerun of a run)",
        )?;
        Error::refuse(
            request.security_configuration.is_some(),
            "StartJobRun.SecurityConfiguration",
        )?;
        Error::refuse(
            request.notification_property.is_some(),
            "StartJobRun.NotificationProperty",
        )?;
        Error::refuse(
            request.execution_role_session_policy.is_some(),
            "StartJobRun.ExecutionRoleSessionPolicy",
        )?;
        let name = request.job_name.clone();
        let run_id = format!("jr_{}", self.ids.hex(64));
        let entry = self.jobs.get_mut(&name).ok_or_else(|| {
            Error::EntityNotFound("Failed to start job run due to missing metadata".to_owned())
        })?;
        if let Some(nodes) = &entry.job.code_gen_configuration_nodes {
            graphs.check(nodes).map_err(Error::InvalidInput)?;
        }
        let queues = request
            .job_run_queuing_enabled
            .or(entry.job.job_run_queuing_enabled)
            .unwrap_or(false);
        let busy = entry.active_runs() >= entry.concurrency();
        if busy && !queues {
            return Err(Error::ConcurrentRunsExceeded(format!(
                "Concurrent runs exceeded for {name}"
            )));
        }
        let state = if busy {
            RunState::Waiting
        } else {
            RunState::Starting
        };
        let shown = shown(entry, call, &run_id, queues, request)?;
        let mut run = Run {
            shown,
            state,
            running_since: None,
            call: call.clone(),
            attempt: 0,
            first_id: run_id.clone(),
        };
        run.set_state(call.now, state);
        if state == RunState::Starting {
            self.orders.push_back(order(entry, &run));
        }
        entry.runs.push(run);
        Ok(StartJobRunResponse {
            job_run_id: Some(run_id),
        })
    }

    /// BatchStopJobRun: runs that cannot be stopped are items in `Errors`.
    pub fn batch_stop_job_run(
        &mut self,
        call: &Call,
        request: &BatchStopJobRunRequest,
    ) -> Result<BatchStopJobRunResponse> {
        let name = &request.job_name;
        if request.job_run_ids.len() > limits::glue::BATCH_STOP_JOB_RUN_MAX {
            return Err(Error::InvalidInput(format!(
                "At most {} runs can be stopped at once.",
                limits::glue::BATCH_STOP_JOB_RUN_MAX
            )));
        }
        let mut response = BatchStopJobRunResponse {
            successful_submissions: Some(Vec::new()),
            errors: Some(Vec::new()),
        };
        for run_id in &request.job_run_ids {
            match self.stop(call.now, name, run_id) {
                Ok(()) => {
                    response
                        .successful_submissions
                        .get_or_insert_default()
                        .push(BatchStopJobRunSuccessfulSubmission {
                            job_name: Some(name.clone()),
                            job_run_id: Some(run_id.clone()),
                        });
                }
                Err(error) => response
                    .errors
                    .get_or_insert_default()
                    .push(BatchStopJobRunError {
                        job_name: Some(name.clone()),
                        job_run_id: Some(run_id.clone()),
                        error_detail: Some(error.into()),
                    }),
            }
        }
        Ok(response)
    }

    fn stop(&mut self, now: Timestamp, job: &str, run_id: &str) -> Result<()> {
        let run = self
            .run_mut(job, run_id)
            .ok_or_else(|| Error::EntityNotFound(format!("Job run {run_id} not found.")))?;
        match run.state {
            // Nobody works on it yet.
            RunState::Waiting | RunState::Starting => {
                run.set_state(now, RunState::Stopped);
                self.orders.retain(|order| order.run_id != run_id);
                self.promote(now, job);
                Ok(())
            }
            RunState::Running => {
                run.set_state(now, RunState::Stopping);
                Ok(())
            }
            state => Err(Error::InvalidInput(format!(
                "Job run {run_id} cannot be stopped: its state is {}.",
                state.name()
            ))),
        }
    }

    /// Runs that were started and not taken yet, oldest first.
    pub fn take_run_orders(&mut self) -> Vec<RunOrder> {
        self.orders.drain(..).collect()
    }

    /// The work on a run begins. Says whether it may: the run may have been stopped meanwhile.
    pub fn run_started(&mut self, now: Timestamp, job: &str, run_id: &str) -> bool {
        match self.run_mut(job, run_id) {
            Some(run) if run.state == RunState::Starting => {
                run.running_since = Some(now);
                run.set_state(now, RunState::Running);
                true
            }
            _ => false,
        }
    }

    /// The work on a run is over. A failed run with retries left starts again as a new attempt;
    /// a waiting run takes the free place. Runs that are over already stay as they are.
    pub fn finish_run(&mut self, now: Timestamp, job: &str, run_id: &str, outcome: RunOutcome) {
        let Some(run) = self
            .run_mut(job, run_id)
            .filter(|run| !run.state.is_final())
        else {
            return;
        };
        let stopping = run.state == RunState::Stopping;
        let retry = match outcome {
            RunOutcome::Succeeded => {
                run.set_state(now, RunState::Succeeded);
                false
            }
            RunOutcome::Stopped => {
                run.set_state(now, RunState::Stopped);
                false
            }
            RunOutcome::Failed(message) => {
                run.shown.error_message = Some(message);
                run.set_state(now, RunState::Failed);
                !stopping
            }
        };
        if retry {
            self.retry(now, job, run_id);
        }
        self.promote(now, job);
    }

    /// When the first run under way times out.
    pub fn next_due(&self) -> Option<Timestamp> {
        let runs = self.jobs.values().flat_map(|entry| &entry.runs);
        runs.filter_map(Run::deadline).min()
    }

    /// Ends every run that is over its time: TIMEOUT. Its later outcome is ignored.
    pub fn expire(&mut self, now: Timestamp) {
        let mut freed = Vec::new();
        for (name, entry) in &mut self.jobs {
            for run in &mut entry.runs {
                if run.deadline().is_some_and(|deadline| deadline <= now) {
                    run.shown.error_message = Some(format!("JobRunId {} timed out", run.first_id));
                    run.set_state(now, RunState::TimedOut);
                    freed.push(name.clone());
                }
            }
        }
        for name in freed {
            self.promote(now, &name);
        }
    }

    /// Orders the next attempt of a failed run, when the job has retries left.
    fn retry(&mut self, now: Timestamp, job: &str, run_id: &str) {
        let Some(entry) = self.jobs.get_mut(job) else {
            return;
        };
        let Some(failed) = entry
            .runs
            .iter()
            .find(|run| run.shown.id.as_deref() == Some(run_id))
        else {
            return;
        };
        if failed.attempt >= entry.job.max_retries.unwrap_or(0) {
            return;
        }
        let attempt = failed.attempt + 1;
        let mut run = Run {
            shown: JobRun {
                id: Some(format!("{}_attempt_{attempt}", failed.first_id)),
                attempt: Some(attempt),
                previous_run_id: Some(run_id.to_owned()),
                started_on: Some(now),
                completed_on: None,
                error_message: None,
                execution_time: Some(0),
                ..failed.shown.clone()
            },
            state: RunState::Starting,
            running_since: None,
            call: Call {
                now,
                ..failed.call.clone()
            },
            attempt,
            first_id: failed.first_id.clone(),
        };
        run.set_state(now, RunState::Starting);
        self.orders.push_back(order(entry, &run));
        entry.runs.push(run);
    }

    /// Lets waiting runs start while the job's concurrency allows it.
    fn promote(&mut self, now: Timestamp, job: &str) {
        let Some(entry) = self.jobs.get_mut(job) else {
            return;
        };
        let free = entry.concurrency().saturating_sub(entry.active_runs());
        let waiting: Vec<usize> = (entry.runs.iter().enumerate())
            .filter(|(_, run)| run.state == RunState::Waiting)
            .map(|(at, _)| at)
            .take(free)
            .collect();
        for at in waiting {
            if let Some(run) = entry.runs.get_mut(at) {
                run.set_state(now, RunState::Starting);
            }
            if let Some(run) = entry.runs.get(at) {
                self.orders.push_back(order(entry, run));
            }
        }
    }

    pub(super) fn run(&self, job: &str, run_id: &str) -> Option<&Run> {
        let runs = &self.jobs.get(job)?.runs;
        runs.iter()
            .find(|run| run.shown.id.as_deref() == Some(run_id))
    }

    fn run_mut(&mut self, job: &str, run_id: &str) -> Option<&mut Run> {
        let runs = &mut self.jobs.get_mut(job)?.runs;
        runs.iter_mut()
            .find(|run| run.shown.id.as_deref() == Some(run_id))
    }
}

/// A new run as GetJobRun shows it: the job's settings, overridden by the request's.
fn shown(
    entry: &Entry,
    call: &Call,
    run_id: &str,
    queues: bool,
    request: StartJobRunRequest,
) -> Result<JobRun> {
    let job = &entry.job;
    let resized = request.worker_type.is_some()
        || request.number_of_workers.is_some()
        || request.max_capacity.is_some()
        || request.allocated_capacity.is_some();
    let (worker_type, number_of_workers, max_capacity) = if resized {
        let capacity = request
            .max_capacity
            .or(request.allocated_capacity.map(f64::from));
        (request.worker_type, request.number_of_workers, capacity)
    } else {
        // The job's capacity follows from its workers when it has any.
        let capacity = job.max_capacity.filter(|_| job.worker_type.is_none());
        (job.worker_type.clone(), job.number_of_workers, capacity)
    };
    let execution_class = request.execution_class.or(job.execution_class.clone());
    let glue_version = job.glue_version.clone().unwrap_or_default();
    let command = job
        .command
        .as_ref()
        .and_then(|command| command.name.as_deref());
    let sizing = Sizing {
        command: command.unwrap_or("glueetl"),
        glue_version: &glue_version,
        worker_type: worker_type.as_deref(),
        number_of_workers,
        max_capacity,
        execution_class: execution_class.as_deref(),
        timeout: request.timeout.or(job.timeout),
    };
    sizing.check()?;
    let (capacity, timeout) = (sizing.capacity(), sizing.timeout());
    Ok(JobRun {
        id: Some(run_id.to_owned()),
        attempt: Some(0),
        job_name: Some(request.job_name),
        job_mode: job.job_mode.clone(),
        job_run_queuing_enabled: Some(queues),
        started_on: Some(call.now),
        arguments: request.arguments,
        predecessor_runs: Some(Vec::new()),
        allocated_capacity: Some(capacity as i32),
        execution_time: Some(0),
        timeout: Some(timeout),
        max_capacity: Some(capacity),
        worker_type,
        number_of_workers,
        log_group_name: Some("/aws-glue/jobs".to_owned()),
        glue_version: Some(glue_version),
        execution_class,
        ..JobRun::default()
    })
}

fn order(entry: &Entry, run: &Run) -> RunOrder {
    let job = &entry.job;
    let command = job.command.clone().unwrap_or_default();
    let role = job.role.clone().unwrap_or_default();
    let session = role.rsplit('/').next().unwrap_or(&role);
    let layers = [
        job.default_arguments.as_ref(),
        run.shown.arguments.as_ref(),
        job.non_overridable_arguments.as_ref(),
    ];
    let arguments: BTreeMap<String, String> = layers
        .into_iter()
        .flatten()
        .flat_map(|layer| {
            layer
                .iter()
                .map(|(key, value)| (key.clone(), value.clone()))
        })
        .collect();
    RunOrder {
        job: job.name.clone().unwrap_or_default(),
        run_id: run.shown.id.clone().unwrap_or_default(),
        graph: job
            .code_gen_configuration_nodes
            .clone()
            .filter(|nodes| !nodes.is_empty()),
        command: command.name.unwrap_or_else(|| "glueetl".to_owned()),
        script_location: command.script_location,
        arguments,
        glue_version: job.glue_version.clone().unwrap_or_default(),
        call: Call {
            caller_arn: format!(
                "arn:aws:sts::{}:assumed-role/{session}/GlueJobRunnerSession",
                run.call.account
            ),
            ..run.call.clone()
        },
        role,
    }
}
