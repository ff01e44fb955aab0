//! Create, read, update and delete jobs.

use super::{Entry, Jobs, RunState, definition};
use crate::base::{Call, limits};
use crate::glue::api::{
    BatchGetJobsRequest, BatchGetJobsResponse, CreateJobRequest, CreateJobResponse,
    DeleteJobRequest, DeleteJobResponse, GetJobRequest, GetJobResponse, GetJobsRequest,
    GetJobsResponse, Job, UpdateJobRequest, UpdateJobResponse,
};
use crate::glue::error::{Error, Result};
use crate::glue::page;
use crate::glue::surroundings::Surroundings;

impl Jobs {
    /// CreateJob, but for its tags, which [`crate::glue::Glue`] keeps. A graph with a node that is
    /// not executed is refused here, by name.
    pub fn create_job(
        &mut self,
        surroundings: &dyn Surroundings,
        call: &Call,
        request: CreateJobRequest,
    ) -> Result<CreateJobResponse> {
        let name = request.name.clone();
        if self.exists(&name) {
            return Err(Error::AlreadyExists(format!("Job {name} already exists.")));
        }
        let job = definition::job(surroundings, &name, definition::as_update(request))?;
        let entry = Entry {
            job: Job {
                created_on: Some(call.now),
                last_modified_on: Some(call.now),
                ..job
            },
            runs: Vec::new(),
        };
        self.jobs.insert(name.clone(), entry);
        Ok(CreateJobResponse { name: Some(name) })
    }

    /// GetJob.
    pub fn get_job(&self, request: &GetJobRequest) -> Result<GetJobResponse> {
        Ok(GetJobResponse {
            job: Some(self.entry(&request.job_name)?.job.clone()),
        })
    }

    /// GetJobs, in the order of names.
    pub fn get_jobs(&self, request: &GetJobsRequest) -> Result<GetJobsResponse> {
        let items = self
            .jobs
            .iter()
            .map(|(name, entry)| (name.clone(), &entry.job));
        let size = page::size(request.max_results, limits::glue::PAGE_MAX);
        let (jobs, next_token) = page::page("GetJobs", items, request.next_token.as_deref(), size)?;
        Ok(GetJobsResponse {
            jobs: Some(jobs.into_iter().cloned().collect()),
            next_token,
        })
    }

    /// BatchGetJobs: names that do not exist come back as such.
    pub fn batch_get_jobs(&self, request: &BatchGetJobsRequest) -> Result<BatchGetJobsResponse> {
        let (known, unknown): (Vec<&String>, Vec<&String>) =
            request.job_names.iter().partition(|name| self.exists(name));
        let found = known.into_iter().filter_map(|name| self.jobs.get(name));
        Ok(BatchGetJobsResponse {
            jobs: Some(found.map(|entry| entry.job.clone()).collect()),
            jobs_not_found: Some(unknown.into_iter().cloned().collect()),
        })
    }

    /// UpdateJob: overwrites the whole definition.
    pub fn update_job(
        &mut self,
        surroundings: &dyn Surroundings,
        call: &Call,
        request: UpdateJobRequest,
    ) -> Result<UpdateJobResponse> {
        let name = request.job_name;
        let created_on = self.entry(&name)?.job.created_on;
        let job = definition::job(surroundings, &name, request.job_update)?;
        if let Some(entry) = self.jobs.get_mut(&name) {
            entry.job = Job {
                created_on,
                last_modified_on: Some(call.now),
                ..job
            };
        }
        Ok(UpdateJobResponse {
            job_name: Some(name),
        })
    }

    /// DeleteJob with its runs; a job that does not exist is no error. Runs under way are let go:
    /// their outcome goes nowhere.
    pub fn delete_job(&mut self, request: &DeleteJobRequest) -> Result<DeleteJobResponse> {
        self.jobs.remove(&request.job_name);
        self.orders.retain(|order| order.job != request.job_name);
        Ok(DeleteJobResponse {
            job_name: Some(request.job_name.clone()),
        })
    }

    /// Whether a run should end: it was stopped, timed out, or its job is gone.
    pub fn is_cancelled(&self, job: &str, run_id: &str) -> bool {
        self.run(job, run_id)
            .is_none_or(|run| !matches!(run.state, RunState::Starting | RunState::Running))
    }
}
