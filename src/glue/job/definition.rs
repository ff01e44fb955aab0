//! From a request to a stored job: checks, and AWS's defaults.

use super::sizing::Sizing;
use crate::glue::api::{CreateJobRequest, ExecutionProperty, Job, JobUpdate};
use crate::glue::error::{Error, Result};
use crate::glue::surroundings::Surroundings;

/// The version that a job without one gets: the newest whose meaning the engine has.
const DEFAULT_GLUE_VERSION: &str = "5.0";

/// A create request as an update: the two name the same members.
pub(super) fn as_update(request: CreateJobRequest) -> JobUpdate {
    JobUpdate {
        job_mode: request.job_mode,
        job_run_queuing_enabled: request.job_run_queuing_enabled,
        description: request.description,
        log_uri: request.log_uri,
        role: Some(request.role),
        execution_property: request.execution_property,
        command: Some(request.command),
        default_arguments: request.default_arguments,
        non_overridable_arguments: request.non_overridable_arguments,
        connections: request.connections,
        max_retries: request.max_retries,
        allocated_capacity: request.allocated_capacity,
        timeout: request.timeout,
        max_capacity: request.max_capacity,
        worker_type: request.worker_type,
        number_of_workers: request.number_of_workers,
        security_configuration: request.security_configuration,
        notification_property: request.notification_property,
        glue_version: request.glue_version,
        code_gen_configuration_nodes: request.code_gen_configuration_nodes,
        execution_class: request.execution_class,
        source_control_details: request.source_control_details,
        maintenance_window: request.maintenance_window,
    }
}

/// The whole definition of a job: an update replaces everything.
pub(super) fn job(surroundings: &dyn Surroundings, name: &str, update: JobUpdate) -> Result<Job> {
    let command = update.command.unwrap_or_default();
    let kind = command.name.as_deref().unwrap_or("glueetl");
    if !matches!(
        kind,
        "glueetl" | "gluestreaming" | "pythonshell" | "glueray"
    ) {
        return Err(Error::InvalidInput(format!(
            "Invalid job command name: {kind}"
        )));
    }
    Error::refuse(kind == "gluestreaming", "JobCommand.Name gluestreaming")?;
    Error::refuse(kind == "glueray", "JobCommand.Name glueray")?;
    if command.runtime.is_some() {
        return Err(Error::InvalidInput(
            "Runtime is only for Ray jobs.".to_owned(),
        ));
    }
    if update.maintenance_window.is_some() {
        return Err(Error::InvalidInput(
            "MaintenanceWindow is only for streaming jobs.".to_owned(),
        ));
    }
    let named = |text: &Option<String>| text.as_deref().is_some_and(|text| !text.is_empty());
    Error::refuse(
        update.connections.as_ref().is_some_and(|list| {
            list.connections
                .as_ref()
                .is_some_and(|names| !names.is_empty())
        }),
        "Job.Connections",
    )?;
    Error::refuse(
        named(&update.security_configuration),
        "Job.SecurityConfiguration",
    )?;
    Error::refuse(
        update.source_control_details.is_some(),
        "Job.SourceControlDetails",
    )?;
    let notify = update.notification_property.as_ref();
    Error::refuse(
        notify.is_some_and(|property| property.notify_delay_after.is_some()),
        "Job.NotificationProperty.NotifyDelayAfter",
    )?;
    let role = update.role.unwrap_or_default();
    if !surroundings.trusts_glue(&role) {
        return Err(Error::InvalidInput(format!(
            "Role {role} should be given assume role permissions for Glue Service."
        )));
    }
    if let Some(nodes) = &update.code_gen_configuration_nodes {
        surroundings.check(nodes).map_err(Error::InvalidInput)?;
    }
    let glue_version = update
        .glue_version
        .unwrap_or_else(|| DEFAULT_GLUE_VERSION.to_owned());
    let sizing = Sizing {
        command: kind,
        glue_version: &glue_version,
        worker_type: update.worker_type.as_deref(),
        number_of_workers: update.number_of_workers,
        // The old name of the same number.
        max_capacity: update
            .max_capacity
            .or(update.allocated_capacity.map(f64::from)),
        execution_class: update.execution_class.as_deref(),
        timeout: update.timeout,
    };
    sizing.check()?;
    let (capacity, timeout) = (sizing.capacity(), sizing.timeout());
    let property = update.execution_property.unwrap_or_default();
    let concurrent = property.max_concurrent_runs.unwrap_or(1);
    if concurrent < 1 {
        return Err(Error::InvalidInput(
            "MaxConcurrentRuns must be at least 1.".to_owned(),
        ));
    }
    let retries = update.max_retries.unwrap_or(0);
    if !(0..=10).contains(&retries) {
        return Err(Error::InvalidInput(
            "MaxRetries must be between 0 and 10.".to_owned(),
        ));
    }
    Ok(Job {
        name: Some(name.to_owned()),
        job_mode: Some(update.job_mode.unwrap_or_else(|| "SCRIPT".to_owned())),
        job_run_queuing_enabled: Some(update.job_run_queuing_enabled.unwrap_or(false)),
        description: update.description,
        log_uri: update.log_uri,
        role: Some(role),
        execution_property: Some(ExecutionProperty {
            max_concurrent_runs: Some(concurrent),
        }),
        command: Some(command),
        default_arguments: update.default_arguments,
        non_overridable_arguments: update.non_overridable_arguments,
        max_retries: Some(retries),
        // The legacy mirror counts whole DPUs.
        allocated_capacity: Some(capacity as i32),
        timeout: Some(timeout),
        max_capacity: Some(capacity),
        worker_type: update.worker_type,
        number_of_workers: update.number_of_workers,
        glue_version: Some(glue_version),
        code_gen_configuration_nodes: update.code_gen_configuration_nodes,
        execution_class: update.execution_class.or(Some("STANDARD".to_owned())),
        ..Job::default()
    })
}
