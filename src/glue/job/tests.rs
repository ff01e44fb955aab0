//! Jobs and runs: the states one by one, then their invariants under any order of calls.

use proptest::prelude::*;

use super::*;
use crate::base::Seed;
use crate::glue::api::*;
use crate::glue::surroundings::{GraphChecker, RoleDirectory};

/// Trusts every role but `stranger`; runs every node but `CustomCode`.
struct World;

impl RoleDirectory for World {
    fn trusts_glue(&self, role: &str) -> bool {
        role != "stranger"
    }
}

impl GraphChecker for World {
    fn check(&self, nodes: &BTreeMap<String, Value>) -> Result<(), String> {
        match nodes
            .iter()
            .find(|(_, node)| node.get("CustomCode").is_some())
        {
            Some((id, _)) => Err(format!("node `{id}`: CustomCode is not supported")),
            None => Ok(()),
        }
    }
}

fn call(secs: i64) -> Call {
    Call::root(Timestamp::from_secs(secs))
}

fn jobs() -> Jobs {
    Jobs::new(Arc::new(Ids::seeded(Seed::new(1))))
}

fn request() -> CreateJobRequest {
    CreateJobRequest {
        name: "curate".to_owned(),
        role: "arn:aws:iam::000000000000:role/service/glue".to_owned(),
        command: JobCommand {
            name: Some("glueetl".to_owned()),
            script_location: Some("s3://lake/script/curate".to_owned()),
            ..JobCommand::default()
        },
        glue_version: Some("4.0".to_owned()),
        ..CreateJobRequest::default()
    }
}

fn with_job(request: CreateJobRequest) -> Jobs {
    let mut jobs = jobs();
    jobs.create_job(&World, &call(1), request).unwrap();
    jobs
}

fn start(jobs: &mut Jobs, secs: i64) -> Result<String> {
    let request = StartJobRunRequest {
        job_name: "curate".to_owned(),
        ..StartJobRunRequest::default()
    };
    let started = jobs.start_job_run(&World, &call(secs), request)?;
    Ok(started.job_run_id.unwrap())
}

fn shown(jobs: &Jobs, run_id: &str, secs: i64) -> JobRun {
    let request = GetJobRunRequest {
        job_name: "curate".to_owned(),
        run_id: run_id.to_owned(),
        ..GetJobRunRequest::default()
    };
    jobs.get_job_run(&call(secs), &request)
        .unwrap()
        .job_run
        .unwrap()
}

fn stop(jobs: &mut Jobs, run_id: &str, secs: i64) -> BatchStopJobRunResponse {
    let request = BatchStopJobRunRequest {
        job_name: "curate".to_owned(),
        job_run_ids: vec![run_id.to_owned()],
    };
    jobs.batch_stop_job_run(&call(secs), &request).unwrap()
}

#[test]
fn a_run_goes_from_starting_over_running_to_its_outcome() {
    let mut jobs = with_job(request());
    let id = start(&mut jobs, 10).unwrap();
    assert!(id.starts_with("jr_") && id.len() == 67, "{id}");
    assert_eq!(
        shown(&jobs, &id, 10).job_run_state.as_deref(),
        Some("STARTING")
    );
    let orders = jobs.take_run_orders();
    assert_eq!((orders.len(), jobs.take_run_orders().len()), (1, 0));
    assert_eq!(
        orders[0].call.caller_arn,
        "arn:aws:sts::000000000000:assumed-role/glue/GlueJobRunnerSession"
    );
    assert!(jobs.run_started(Timestamp::from_secs(12), "curate", &id));
    assert_eq!(shown(&jobs, &id, 15).execution_time, Some(3));
    jobs.finish_run(
        Timestamp::from_secs(20),
        "curate",
        &id,
        RunOutcome::Succeeded,
    );
    let run = shown(&jobs, &id, 99);
    assert_eq!(run.job_run_state.as_deref(), Some("SUCCEEDED"));
    assert_eq!(run.execution_time, Some(8));
    assert_eq!(run.completed_on, Some(Timestamp::from_secs(20)));
    assert_eq!(run.max_capacity, Some(10.0));
    assert_eq!(run.timeout, Some(2_880));
    // What comes after the end does not count.
    jobs.finish_run(
        Timestamp::from_secs(30),
        "curate",
        &id,
        RunOutcome::Failed("late".to_owned()),
    );
    assert_eq!(shown(&jobs, &id, 99), run);
}

#[test]
fn arguments_of_the_run_override_defaults_but_not_what_cannot_be_overridden() {
    let map = |pairs: &[(&str, &str)]| {
        Some(
            pairs
                .iter()
                .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
                .collect(),
        )
    };
    let mut jobs = with_job(CreateJobRequest {
        default_arguments: map(&[("--a", "default"), ("--b", "default"), ("--c", "default")]),
        non_overridable_arguments: map(&[("--c", "fixed")]),
        ..request()
    });
    let request = StartJobRunRequest {
        job_name: "curate".to_owned(),
        arguments: map(&[("--b", "run"), ("--c", "run")]),
        ..StartJobRunRequest::default()
    };
    jobs.start_job_run(&World, &call(2), request).unwrap();
    let order = jobs.take_run_orders().remove(0);
    assert_eq!(
        Some(order.arguments),
        map(&[("--a", "default"), ("--b", "run"), ("--c", "fixed")])
    );
}

#[test]
fn a_graph_that_cannot_be_run_is_refused_at_creation_and_update() {
    let nodes: BTreeMap<String, Value> =
        [("node-1".to_owned(), serde_json::json!({"CustomCode": {}}))].into();
    let mut jobs = jobs();
    let bad = CreateJobRequest {
        code_gen_configuration_nodes: Some(nodes.clone()),
        ..request()
    };
    let error = jobs.create_job(&World, &call(1), bad).unwrap_err();
    assert_eq!(
        error,
        Error::InvalidInput("node `node-1`: CustomCode is not supported".to_owned())
    );
    assert!(!jobs.exists("curate"));
    jobs.create_job(&World, &call(1), request()).unwrap();
    let update = UpdateJobRequest {
        job_name: "curate".to_owned(),
        job_update: JobUpdate {
            code_gen_configuration_nodes: Some(nodes),
            ..JobUpdate::default()
        },
    };
    assert!(jobs.update_job(&World, &call(2), update).is_err());
}

#[test]
fn what_a_job_cannot_be_is_refused() {
    let check = |request: CreateJobRequest, code: &str| {
        let error = jobs().create_job(&World, &call(1), request).unwrap_err();
        assert_eq!(error.code(), code, "{error}");
    };
    check(
        CreateJobRequest {
            role: "stranger".to_owned(),
            ..request()
        },
        "InvalidInputException",
    );
    let command = |name: &str| JobCommand {
        name: Some(name.to_owned()),
        ..JobCommand::default()
    };
    check(
        CreateJobRequest {
            command: command("spark"),
            ..request()
        },
        "InvalidInputException",
    );
    check(
        CreateJobRequest {
            command: command("glueray"),
            ..request()
        },
        "NotImplemented",
    );
    check(
        CreateJobRequest {
            security_configuration: Some("s".to_owned()),
            ..request()
        },
        "NotImplemented",
    );
    check(
        CreateJobRequest {
            number_of_workers: Some(2),
            ..request()
        },
        "InvalidInputException",
    );
    let mut twice = with_job(request());
    let error = twice.create_job(&World, &call(1), request()).unwrap_err();
    assert_eq!(error.code(), "AlreadyExistsException");
    let error = start(&mut jobs(), 1).unwrap_err();
    assert_eq!(
        error.to_string(),
        "Failed to start job run due to missing metadata"
    );
}

#[test]
fn an_update_overwrites_the_whole_definition() {
    let mut jobs = with_job(CreateJobRequest {
        description: Some("old".to_owned()),
        max_retries: Some(3),
        ..request()
    });
    let update = UpdateJobRequest {
        job_name: "curate".to_owned(),
        job_update: JobUpdate {
            role: Some("glue".to_owned()),
            command: Some(request().command),
            ..JobUpdate::default()
        },
    };
    jobs.update_job(&World, &call(5), update).unwrap();
    let get = GetJobRequest {
        job_name: "curate".to_owned(),
    };
    let job = jobs.get_job(&get).unwrap().job.unwrap();
    assert_eq!((job.description, job.max_retries), (None, Some(0)));
    assert_eq!(job.created_on, Some(Timestamp::from_secs(1)));
    assert_eq!(job.last_modified_on, Some(Timestamp::from_secs(5)));
}

#[test]
fn one_run_too_many_is_refused_or_waits() {
    let mut jobs = with_job(request());
    let first = start(&mut jobs, 1).unwrap();
    let error = start(&mut jobs, 2).unwrap_err();
    assert_eq!(
        error,
        Error::ConcurrentRunsExceeded("Concurrent runs exceeded for curate".to_owned())
    );
    let queued = StartJobRunRequest {
        job_name: "curate".to_owned(),
        job_run_queuing_enabled: Some(true),
        ..StartJobRunRequest::default()
    };
    let second = jobs
        .start_job_run(&World, &call(3), queued)
        .unwrap()
        .job_run_id
        .unwrap();
    assert_eq!(
        shown(&jobs, &second, 3).job_run_state.as_deref(),
        Some("WAITING")
    );
    jobs.take_run_orders();
    jobs.run_started(Timestamp::from_secs(4), "curate", &first);
    jobs.finish_run(
        Timestamp::from_secs(5),
        "curate",
        &first,
        RunOutcome::Succeeded,
    );
    assert_eq!(
        shown(&jobs, &second, 5).job_run_state.as_deref(),
        Some("STARTING")
    );
    assert_eq!(jobs.take_run_orders()[0].run_id, second);
}

#[test]
fn a_failed_run_is_tried_again_as_often_as_the_job_says() {
    let mut jobs = with_job(CreateJobRequest {
        max_retries: Some(1),
        ..request()
    });
    let first = start(&mut jobs, 1).unwrap();
    let fail = |jobs: &mut Jobs, id: &str| {
        jobs.run_started(Timestamp::from_secs(2), "curate", id);
        let outcome = RunOutcome::Failed("node `x`: no such column".to_owned());
        jobs.finish_run(Timestamp::from_secs(3), "curate", id, outcome);
    };
    fail(&mut jobs, &first);
    let retry = format!("{first}_attempt_1");
    assert_eq!(jobs.take_run_orders().last().unwrap().run_id, retry);
    fail(&mut jobs, &retry);
    assert!(jobs.take_run_orders().is_empty());
    let list = GetJobRunsRequest {
        job_name: "curate".to_owned(),
        ..GetJobRunsRequest::default()
    };
    let runs = jobs
        .get_job_runs(&call(9), &list)
        .unwrap()
        .job_runs
        .unwrap();
    let ids: Vec<&str> = runs.iter().filter_map(|run| run.id.as_deref()).collect();
    assert_eq!(ids, [retry.as_str(), first.as_str()], "newest first");
    assert_eq!(runs[0].attempt, Some(1));
    assert_eq!(
        runs[0].error_message.as_deref(),
        Some("node `x`: no such column")
    );
}

#[test]
fn a_run_is_stopped_before_or_while_it_works_but_not_after() {
    let mut jobs = with_job(request());
    let id = start(&mut jobs, 1).unwrap();
    assert_eq!(stop(&mut jobs, &id, 2).errors, Some(Vec::new()));
    assert_eq!(
        shown(&jobs, &id, 2).job_run_state.as_deref(),
        Some("STOPPED")
    );
    assert!(jobs.take_run_orders().is_empty());
    assert!(!jobs.run_started(Timestamp::from_secs(3), "curate", &id));

    let id = start(&mut jobs, 4).unwrap();
    assert!(jobs.run_started(Timestamp::from_secs(5), "curate", &id));
    assert!(!jobs.is_cancelled("curate", &id));
    stop(&mut jobs, &id, 6);
    assert_eq!(
        shown(&jobs, &id, 6).job_run_state.as_deref(),
        Some("STOPPING")
    );
    assert!(jobs.is_cancelled("curate", &id));
    jobs.finish_run(Timestamp::from_secs(7), "curate", &id, RunOutcome::Stopped);
    assert_eq!(
        shown(&jobs, &id, 7).job_run_state.as_deref(),
        Some("STOPPED")
    );
    let response = stop(&mut jobs, &id, 8);
    assert_eq!(response.errors.unwrap().len(), 1);
    assert_eq!(response.successful_submissions, Some(Vec::new()));
}

#[test]
fn a_run_over_its_time_ends_and_frees_its_place() {
    let mut jobs = with_job(CreateJobRequest {
        timeout: Some(2),
        ..request()
    });
    let id = start(&mut jobs, 0).unwrap();
    assert_eq!(jobs.next_due(), None, "time runs while the run does");
    jobs.run_started(Timestamp::from_secs(10), "curate", &id);
    assert_eq!(jobs.next_due(), Some(Timestamp::from_secs(130)));
    jobs.expire(Timestamp::from_secs(129));
    assert_eq!(
        shown(&jobs, &id, 129).job_run_state.as_deref(),
        Some("RUNNING")
    );
    jobs.expire(Timestamp::from_secs(130));
    assert_eq!(
        shown(&jobs, &id, 130).job_run_state.as_deref(),
        Some("TIMEOUT")
    );
    assert_eq!(jobs.next_due(), None);
    assert!(start(&mut jobs, 131).is_ok());
}

#[derive(Clone, Debug)]
enum Step {
    Start(bool),
    Begin(usize),
    Finish(usize, bool),
    Stop(usize),
    Expire,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        any::<bool>().prop_map(Step::Start),
        (0usize..8).prop_map(Step::Begin),
        ((0usize..8), any::<bool>()).prop_map(|(run, ok)| Step::Finish(run, ok)),
        (0usize..8).prop_map(Step::Stop),
        Just(Step::Expire),
    ]
}

proptest! {
    /// Whatever is called in whatever order: the concurrency holds, no run waits while there is
    /// room, final states never change, and every starting run has exactly one order.
    #[test]
    fn runs_keep_their_invariants(
        steps in proptest::collection::vec(step(), 0..60), concurrency in 1i32..4,
    ) {
        let mut jobs = with_job(CreateJobRequest {
            max_retries: Some(1),
            timeout: Some(1),
            execution_property: Some(ExecutionProperty { max_concurrent_runs: Some(concurrency) }),
            ..request()
        });
        let mut now = 10;
        let mut finals: BTreeMap<String, RunState> = BTreeMap::new();
        for step in steps {
            now += 7;
            let instant = Timestamp::from_secs(now);
            let ids: Vec<String> = jobs.jobs["curate"].runs.iter()
                .filter_map(|run| run.shown.id.clone()).collect();
            match step {
                Step::Start(queue) => {
                    let request = StartJobRunRequest {
                        job_name: "curate".to_owned(),
                        job_run_queuing_enabled: Some(queue),
                        ..StartJobRunRequest::default()
                    };
                    let busy = jobs.jobs["curate"].active_runs() >= concurrency as usize;
                    let result = jobs.start_job_run(&World, &call(now), request);
                    prop_assert_eq!(result.is_ok(), queue || !busy);
                }
                Step::Begin(at) => if let Some(id) = ids.get(at)
                    && jobs.run_started(instant, "curate", id)
                {
                    jobs.orders.retain(|order| order.run_id != *id);
                },
                Step::Finish(at, ok) => if let Some(id) = ids.get(at) {
                    // Only a run that was taken and begun has an outcome.
                    if jobs.run("curate", id).unwrap().running_since.is_some() {
                        let outcome = if ok { RunOutcome::Succeeded } else { RunOutcome::Failed("x".to_owned()) };
                        jobs.finish_run(instant, "curate", id, outcome);
                    }
                },
                Step::Stop(at) => if let Some(id) = ids.get(at) {
                    stop(&mut jobs, id, now);
                },
                Step::Expire => {
                    now += 60;
                    jobs.expire(Timestamp::from_secs(now));
                }
            }
            let entry = &jobs.jobs["curate"];
            prop_assert!(entry.active_runs() <= concurrency as usize);
            let waiting = entry.runs.iter().any(|run| run.state == RunState::Waiting);
            prop_assert!(!waiting || entry.active_runs() == concurrency as usize);
            let mut ordered: Vec<&str> = jobs.orders.iter().map(|o| o.run_id.as_str()).collect();
            let mut starting: Vec<&str> = entry.runs.iter()
                .filter(|run| run.state == RunState::Starting)
                .filter_map(|run| run.shown.id.as_deref()).collect();
            ordered.sort_unstable();
            starting.sort_unstable();
            prop_assert_eq!(ordered, starting);
            for run in &entry.runs {
                let id = run.shown.id.clone().unwrap();
                if let Some(before) = finals.get(&id) {
                    prop_assert_eq!(*before, run.state);
                }
                if run.state.is_final() {
                    finals.insert(id, run.state);
                }
            }
        }
    }
}
