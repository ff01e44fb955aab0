//! The life of an execution, what it shows, lists and history; a state machine against a model, results
//! and refusals in the files below.

use std::sync::Arc;

use super::*;
use crate::athena::api::*;
use crate::athena::results::ResultColumn;
use crate::athena::surroundings::{Classification, Executed, Language, SyntaxRefusal};
use crate::base::{AccountId, Ids, Region, Seed, ServiceError};

mod machine;
mod results;
mod starting;

/// A language of few words: the first word is the kind of statement, `SELEC` and the like are none.
pub(super) struct FirstWord;

impl Language for FirstWord {
    fn check(&self, sql: &str) -> Result<Classification, SyntaxRefusal> {
        let word = sql.split(' ').next().unwrap_or_default();
        let (statement_type, substatement, hive) = match word {
            "SELECT" | "INSERT" | "DELETE" | "EXPLAIN" => ("DML", word, false),
            "CTAS" => ("DDL", "CREATE_TABLE_AS_SELECT", false),
            "CREATE" => ("DDL", "CREATE_DATABASE", true),
            "SHOW" => ("UTILITY", "SHOW_TABLES", true),
            "DESCRIBE" if sql == "DESCRIBE absent" => {
                return Err(SyntaxRefusal::invalid("Entity Not Found"));
            }
            "DESCRIBE" => ("UTILITY", "DESCRIBE_TABLE", true),
            other => {
                return Err(SyntaxRefusal::malformed(format!(
                    "line 1:1: mismatched input '{other}'"
                )));
            }
        };
        Ok(Classification {
            statement_type: statement_type.to_owned(),
            substatement_type: Some(substatement.to_owned()),
            hive,
            literal: false,
        })
    }
}

fn call(secs: i64) -> Call {
    Call::root(Timestamp::from_secs(secs))
}

fn athena() -> Athena {
    let ids = Arc::new(Ids::seeded(Seed::new(7)));
    Athena::new(AccountId::default(), Region::default(), ids)
}

fn token(n: usize) -> String {
    format!("client-request-token-of-a-test-{n:06}")
}

fn request(sql: &str, n: usize) -> StartQueryExecutionRequest {
    StartQueryExecutionRequest {
        query_string: sql.to_owned(),
        client_request_token: Some(token(n)),
        result_configuration: Some(ResultConfiguration {
            output_location: Some("s3://results/athena/".to_owned()),
            ..ResultConfiguration::default()
        }),
        ..StartQueryExecutionRequest::default()
    }
}

fn try_start(
    athena: &mut Athena,
    secs: i64,
    request: StartQueryExecutionRequest,
) -> Result<String> {
    let response = athena.start_query_execution(&FirstWord, &call(secs), request)?;
    Ok(response.query_execution_id.unwrap())
}

/// Starts a statement under a token of its own.
fn start(athena: &mut Athena, secs: i64, sql: &str) -> String {
    let n = 1_000 + athena.executions.numbers.len();
    try_start(athena, secs, request(sql, n)).unwrap()
}

fn shown(athena: &Athena, id: &str) -> QueryExecution {
    let request = GetQueryExecutionRequest {
        query_execution_id: id.to_owned(),
    };
    let response = athena.get_query_execution(&call(50), &request).unwrap();
    response.query_execution.unwrap()
}

fn state(athena: &Athena, id: &str) -> String {
    shown(athena, id).status.unwrap().state.unwrap()
}

fn stop(athena: &mut Athena, secs: i64, id: &str) -> Result<()> {
    let request = StopQueryExecutionRequest {
        query_execution_id: id.to_owned(),
    };
    athena.stop_query_execution(&call(secs), &request).map(drop)
}

fn page(
    athena: &Athena,
    id: &str,
    max_results: Option<i32>,
    next_token: Option<&str>,
) -> Result<GetQueryResultsResponse> {
    let request = GetQueryResultsRequest {
        query_execution_id: id.to_owned(),
        max_results,
        next_token: next_token.map(str::to_owned),
        query_result_type: None,
    };
    athena.get_query_results(&call(50), &request)
}

/// `count` numbers in one column.
fn numbers(count: usize) -> QueryResult {
    QueryResult {
        columns: vec![ResultColumn::of("n", "bigint")],
        rows: (0..count).map(|n| vec![Some(n.to_string())]).collect(),
        scanned_bytes: 10,
        ..QueryResult::default()
    }
}

fn failure(message: &str) -> QueryFailure {
    QueryFailure {
        message: message.to_owned(),
        category: 2,
        error_type: 1301,
        ..QueryFailure::default()
    }
}

/// Starts a statement and ends it.
fn ended(athena: &mut Athena, sql: &str, outcome: QueryOutcome) -> String {
    let id = start(athena, 1, sql);
    assert!(athena.started(Timestamp::from_secs(2), &id));
    athena.finish(Timestamp::from_secs(5), &id, outcome);
    id
}

#[track_caller]
fn check_refused<T: std::fmt::Debug>(answer: Result<T>, code: &str, message: &str) {
    let error = ServiceError::from(answer.unwrap_err());
    assert_eq!(error.code, "InvalidRequestException");
    assert_eq!(error.message, message);
    let codes: Vec<&str> = error
        .members
        .iter()
        .map(|(_, value)| value.as_str())
        .collect();
    assert_eq!(codes, [code, code]);
}

#[test]
fn an_execution_goes_from_its_queue_to_success() {
    let mut athena = athena();
    let id = start(&mut athena, 1, "SELECT 1");
    assert_eq!(state(&athena, &id), "QUEUED");
    let order = athena.take_orders().remove(0);
    assert_eq!(
        (order.id.as_str(), order.sql.as_str()),
        (id.as_str(), "SELECT 1")
    );
    assert_eq!(
        order.output_location.to_string(),
        format!("s3://results/athena/{id}.csv")
    );
    assert_eq!(order.engine_id.len(), 27);
    assert!(order.engine_id.starts_with("19700101_000001_00000_"));
    assert!(athena.take_orders().is_empty());
    assert!(athena.started(Timestamp::from_secs(3), &id));
    assert!(!athena.started(Timestamp::from_secs(3), &id));
    assert_eq!(state(&athena, &id), "RUNNING");
    let result = QueryResult {
        planning: Some(std::time::Duration::from_millis(20)),
        ..numbers(2)
    };
    athena.finish(
        Timestamp::from_secs(9),
        &id,
        QueryOutcome::Succeeded(result),
    );
    let execution = shown(&athena, &id);
    let status = execution.status.unwrap();
    assert_eq!(status.state.as_deref(), Some("SUCCEEDED"));
    assert_eq!(status.submission_date_time, Some(Timestamp::from_secs(1)));
    assert_eq!(status.completion_date_time, Some(Timestamp::from_secs(9)));
    assert_eq!(
        (status.state_change_reason, status.athena_error),
        (None, None)
    );
    let statistics = execution.statistics.unwrap();
    assert_eq!(statistics.query_queue_time_in_millis, Some(2_000));
    assert_eq!(statistics.engine_execution_time_in_millis, Some(6_000));
    assert_eq!(statistics.total_execution_time_in_millis, Some(8_000));
    assert_eq!(statistics.query_planning_time_in_millis, Some(20));
    assert_eq!(statistics.data_scanned_in_bytes, Some(10));
    assert_eq!(statistics.data_manifest_location, None);
    assert_eq!(execution.query.as_deref(), Some("SELECT 1"));
    assert_eq!(execution.statement_type.as_deref(), Some("DML"));
    assert_eq!(execution.work_group.as_deref(), Some("primary"));
    let version = execution.engine_version.unwrap();
    assert_eq!(
        version.effective_engine_version.as_deref(),
        Some("Athena engine version 3")
    );
    let reuse = execution.result_reuse_configuration.unwrap();
    assert!(!reuse.result_reuse_by_age_configuration.unwrap().enabled);
    let request = GetQueryRuntimeStatisticsRequest {
        query_execution_id: id,
    };
    let response = athena
        .get_query_runtime_statistics(&call(50), &request)
        .unwrap();
    let runtime = response.query_runtime_statistics.unwrap();
    assert_eq!(
        runtime.timeline.unwrap().total_execution_time_in_millis,
        Some(8_000)
    );
    let rows = runtime.rows.unwrap();
    assert_eq!(
        (rows.output_rows, rows.input_bytes, rows.input_rows),
        (Some(2), Some(10), None)
    );
}

#[test]
fn a_failure_shows_its_reason_and_its_number() {
    let mut athena = athena();
    let reason = "TABLE_NOT_FOUND: line 1:15: Table 'awsdatacatalog.db.t' does not exist";
    let id = ended(
        &mut athena,
        "SELECT * FROM t",
        QueryOutcome::Failed(failure(reason)),
    );
    let status = shown(&athena, &id).status.unwrap();
    assert_eq!(status.state.as_deref(), Some("FAILED"));
    assert_eq!(status.state_change_reason.as_deref(), Some(reason));
    let error = status.athena_error.unwrap();
    assert_eq!(error.error_message.as_deref(), Some(reason));
    assert_eq!(
        (error.error_category, error.error_type),
        (Some(2), Some(1301))
    );
    assert_eq!(error.retryable, Some(false));
}

#[test]
fn a_stopped_execution_stays_cancelled_whatever_is_reported_later() {
    let mut athena = athena();
    let running = start(&mut athena, 1, "SELECT 1");
    assert_eq!(athena.take_orders().len(), 1);
    let queued = start(&mut athena, 1, "SELECT 2");
    athena.started(Timestamp::from_secs(2), &running);
    assert!(!athena.is_cancelled(&running));
    stop(&mut athena, 3, &running).unwrap();
    stop(&mut athena, 3, &queued).unwrap();
    assert!(athena.is_cancelled(&running) && athena.is_cancelled(&queued));
    assert!(athena.take_orders().is_empty(), "it is not handed out");
    assert!(!athena.started(Timestamp::from_secs(4), &queued));
    athena.finish(
        Timestamp::from_secs(9),
        &running,
        QueryOutcome::Succeeded(numbers(1)),
    );
    let execution = shown(&athena, &running);
    let status = execution.status.unwrap();
    assert_eq!(status.state.as_deref(), Some("CANCELLED"));
    assert_eq!(
        status.state_change_reason.as_deref(),
        Some("Query cancelled by user")
    );
    assert_eq!(status.completion_date_time, Some(Timestamp::from_secs(3)));
    assert_eq!(status.athena_error, None);
    // What it had read until then nobody said.
    assert_eq!(execution.statistics.unwrap().data_scanned_in_bytes, None);
}

#[test]
fn stopping_what_is_over_changes_nothing() {
    let mut athena = athena();
    let id = ended(&mut athena, "SELECT 1", QueryOutcome::Succeeded(numbers(1)));
    let before = shown(&athena, &id);
    stop(&mut athena, 30, &id).unwrap();
    assert_eq!(shown(&athena, &id), before);
    check_refused(
        stop(&mut athena, 30, "no-such-id"),
        "QUERY_EXECUTION_NOT_FOUND",
        "QueryExecution no-such-id was not found",
    );
}

#[test]
fn written_files_are_listed_in_a_manifest() {
    let mut athena = athena();
    let result = QueryResult {
        update_count: Some(3),
        written: vec![S3Uri::parse("s3://lake/t/part-0.parquet").unwrap()],
        ..QueryResult::default()
    };
    let id = ended(&mut athena, "CTAS", QueryOutcome::Succeeded(result));
    let statistics = shown(&athena, &id).statistics.unwrap();
    assert_eq!(
        statistics.data_manifest_location,
        Some(format!("s3://results/athena/tables/{id}-manifest.csv"))
    );
}

#[test]
fn batches_answer_what_they_find_and_name_the_rest() {
    let mut athena = athena();
    let id = start(&mut athena, 1, "SELECT 1");
    let request = BatchGetQueryExecutionRequest {
        query_execution_ids: vec!["absent".to_owned(), id.clone()],
    };
    let response = athena
        .batch_get_query_execution(&call(2), &request)
        .unwrap();
    assert_eq!(response.query_executions.unwrap(), [shown(&athena, &id)]);
    let unprocessed = response.unprocessed_query_execution_ids.unwrap();
    assert_eq!(unprocessed[0].query_execution_id.as_deref(), Some("absent"));
    assert_eq!(
        unprocessed[0].error_code.as_deref(),
        Some("QUERY_EXECUTION_NOT_FOUND")
    );
}

#[test]
fn lists_have_one_work_groups_executions_newest_first() {
    let mut athena = athena();
    let mut started: Vec<String> = (0..120)
        .map(|n| start(&mut athena, n, "SELECT 1"))
        .collect();
    started.reverse();
    let mut request = ListQueryExecutionsRequest::default();
    let mut seen = Vec::new();
    loop {
        let response = athena.list_query_executions(&call(200), &request).unwrap();
        let ids = response.query_execution_ids.unwrap();
        assert!(ids.len() <= 50);
        seen.extend(ids);
        // What comes up meanwhile does not shift the pages behind.
        start(&mut athena, 200, "SELECT 2");
        match response.next_token {
            Some(token) => request.next_token = Some(token),
            None => break,
        }
    }
    assert_eq!(seen, started);
    request.next_token = None;
    request.work_group = Some("absent".to_owned());
    check_refused(
        athena.list_query_executions(&call(200), &request),
        "INVALID_INPUT",
        "WorkGroup is not found.",
    );
}

#[test]
fn history_ends_after_45_days_but_never_for_what_still_runs() {
    let mut athena = athena();
    let over = ended(&mut athena, "SELECT 1", QueryOutcome::Succeeded(numbers(1)));
    let running = start(&mut athena, 1, "SELECT 2");
    let later = 1 + 46 * 86_400;
    let request = |id: &str| GetQueryExecutionRequest {
        query_execution_id: id.to_owned(),
    };
    assert!(
        athena
            .get_query_execution(&call(1 + 45 * 86_400), &request(&over))
            .is_ok()
    );
    assert!(
        athena
            .get_query_execution(&call(later), &request(&over))
            .is_err()
    );
    assert!(
        athena
            .get_query_execution(&call(later), &request(&running))
            .is_ok()
    );
    start(&mut athena, later, "SELECT 3");
    assert!(
        athena.executions.get(&over).is_none(),
        "it is forgotten, not hidden"
    );
    assert!(athena.executions.get(&running).is_some());
}
