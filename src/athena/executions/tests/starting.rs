//! What StartQueryExecution refuses, and in which order; tokens.

use super::*;

#[track_caller]
fn check(change: impl FnOnce(&mut StartQueryExecutionRequest), code: &str, message: &str) {
    let mut athena = athena();
    let mut request = request("SELECT 1", 1);
    change(&mut request);
    check_refused(try_start(&mut athena, 1, request), code, message);
    assert!(
        athena.take_orders().is_empty(),
        "a refused query does not exist"
    );
}

fn located(location: &str) -> Option<ResultConfiguration> {
    Some(ResultConfiguration {
        output_location: Some(location.to_owned()),
        ..ResultConfiguration::default()
    })
}

#[test]
fn refusals_have_the_texts_of_athena() {
    check(
        |r| r.client_request_token = None,
        "INVALID_INPUT",
        "clientRequestToken is null or empty",
    );
    check(
        |r| r.client_request_token = Some("あ".repeat(50)),
        "INVALID_INPUT",
        "clientRequestToken exceeds maximum allowed length 128",
    );
    check(
        |r| r.result_configuration = None,
        "INVALID_INPUT",
        "No output location provided. You did not provide an output location for  your query \
         results. Either specify an S3 bucket location or enable Athena managed query results in \
         your workgroup settings.",
    );
    for location in [
        "not-a-valid-s3-path",
        "s3://",
        "s3a://results/",
        "http://results/",
    ] {
        check(
            |r| r.result_configuration = located(location),
            "INVALID_INPUT",
            "outputLocation is not a valid S3 path.",
        );
    }
    check(
        |r| r.query_string = "SELEC 1".to_owned(),
        "MALFORMED_QUERY",
        "line 1:1: mismatched input 'SELEC'",
    );
    check(
        |r| r.query_string = "DESCRIBE absent".to_owned(),
        "INVALID_INPUT",
        "Entity Not Found",
    );
    check(
        |r| r.work_group = Some("absent".to_owned()),
        "INVALID_INPUT",
        "WorkGroup is not found.",
    );
    check(
        |r| r.query_string = format!("SELECT {}", "é".repeat(131_072)),
        "INVALID_INPUT",
        "queryString exceeds maximum allowed length 262144",
    );
}

#[test]
fn the_location_is_looked_at_before_the_syntax_and_the_token_first() {
    check(
        |r| {
            r.query_string = "SELEC 1".to_owned();
            r.result_configuration = located("not-a-valid-s3-path");
        },
        "INVALID_INPUT",
        "outputLocation is not a valid S3 path.",
    );
    check(
        |r| {
            r.client_request_token = None;
            r.result_configuration = located("s3://");
        },
        "INVALID_INPUT",
        "clientRequestToken is null or empty",
    );
}

#[test]
fn what_is_not_done_is_refused_by_name() {
    let check = |change: &dyn Fn(&mut StartQueryExecutionRequest), name: &str| {
        let mut request = request("SELECT 1", 1);
        change(&mut request);
        let error = ServiceError::from(try_start(&mut athena(), 1, request).unwrap_err());
        assert_eq!((error.code.as_str(), error.status), ("NotImplemented", 501));
        assert!(error.message.contains(name), "{error}");
    };
    check(
        &|r| r.engine_configuration = Some(EngineConfiguration::default()),
        "EngineConfiguration",
    );
    let encrypted = |option: &str| {
        Some(ResultConfiguration {
            encryption_configuration: Some(EncryptionConfiguration {
                encryption_option: option.to_owned(),
                kms_key: Some("alias/k".to_owned()),
            }),
            ..located("s3://results/").unwrap_or_default()
        })
    };
    check(
        &|r| r.result_configuration = encrypted("SSE_KMS"),
        "SSE_KMS",
    );
    check(
        &|r| r.result_configuration = encrypted("CSE_KMS"),
        "CSE_KMS",
    );
    check(
        &|r| {
            r.result_configuration = Some(ResultConfiguration {
                expected_bucket_owner: Some("111111111111".to_owned()),
                ..located("s3://results/").unwrap_or_default()
            });
        },
        "ExpectedBucketOwner",
    );
    // Switched off, or without an effect here, they pass.
    let mut athena = athena();
    let mut harmless = request("SELECT 1", 1);
    harmless.result_reuse_configuration = reuse(false, None);
    harmless.result_configuration = encrypted("SSE_S3");
    let id = try_start(&mut athena, 1, harmless).unwrap();
    let results = shown(&athena, &id).result_configuration.unwrap();
    assert_eq!(
        results.encryption_configuration.unwrap().encryption_option,
        "SSE_S3"
    );
}

fn reuse(enabled: bool, max_age_in_minutes: Option<i32>) -> Option<ResultReuseConfiguration> {
    Some(ResultReuseConfiguration {
        result_reuse_by_age_configuration: Some(ResultReuseByAgeConfiguration {
            enabled,
            max_age_in_minutes,
        }),
    })
}

#[test]
fn a_young_result_of_the_same_query_may_stand_for_a_new_one() {
    let mut athena = athena();
    let result = QueryResult {
        scanned_bytes: 700,
        ..numbers(3)
    };
    let first = try_start(&mut athena, 0, request("SELECT 1", 1)).unwrap();
    athena.take_orders();
    athena.started(Timestamp::from_secs(0), &first);
    let outcome = QueryOutcome::Succeeded(result.clone());
    athena.finish(Timestamp::from_secs(10), &first, outcome);
    let mut n = 1;
    let mut offered = |secs: i64, change: &dyn Fn(&mut StartQueryExecutionRequest)| {
        n += 1;
        let mut request = request("SELECT 1", n);
        request.result_reuse_configuration = reuse(true, Some(5));
        change(&mut request);
        try_start(&mut athena, secs, request).unwrap();
        let order = athena.take_orders().remove(0);
        order.reuse.is_some()
    };
    assert!(offered(310, &|_| {}), "five minutes old");
    assert!(!offered(311, &|_| {}), "older");
    assert!(
        offered(3_610, &|r| r.result_reuse_configuration = reuse(true, None)),
        "an hour"
    );
    assert!(!offered(20, &|r| r.result_reuse_configuration =
        reuse(false, Some(5))));
    assert!(!offered(20, &|r| r.query_string = "SELECT 2".to_owned()));
    assert!(!offered(20, &|r| r.execution_parameters = Some(vec!["1".to_owned()])));
    assert!(!offered(20, &|r| r.result_configuration = located("s3://elsewhere/")));
    assert!(!offered(20, &|r| {
        r.query_execution_context = Some(QueryExecutionContext {
            database: Some("d".to_owned()),
            catalog: None,
        });
    }));
    let mut again = request("SELECT 1", 90);
    again.result_reuse_configuration = reuse(true, Some(5));
    let id = try_start(&mut athena, 20, again).unwrap();
    let reused = athena.take_orders().remove(0).reuse.unwrap();
    athena.started(Timestamp::from_secs(20), &id);
    athena.finish(Timestamp::from_secs(21), &id, QueryOutcome::Reused(reused));
    let (first, shown) = (shown(&athena, &first), shown(&athena, &id));
    assert_eq!(
        shown.result_configuration.unwrap().output_location,
        first.result_configuration.unwrap().output_location,
    );
    let statistics = shown.statistics.unwrap();
    assert!(
        statistics
            .result_reuse_information
            .unwrap()
            .reused_previous_result
    );
    assert_eq!(statistics.data_scanned_in_bytes, Some(0));
    let rows = page(&athena, &id, None, None)
        .unwrap()
        .result_set
        .unwrap()
        .rows;
    assert_eq!(rows.unwrap().len(), 4);
}

#[test]
fn a_prepared_statement_is_executed_in_its_own_words() {
    struct Prepared;
    impl Language for Prepared {
        fn check(&self, sql: &str) -> std::result::Result<Classification, SyntaxRefusal> {
            FirstWord.check(sql)
        }
        fn executed(&self, sql: &str) -> Option<Executed> {
            let rest = sql.strip_prefix("SELECT EXECUTE ")?;
            let (name, values) = rest.split_once(' ').unwrap_or((rest, ""));
            Some(Executed {
                name: name.to_owned(),
                parameters: values.split_whitespace().map(str::to_owned).collect(),
            })
        }
    }
    let mut athena = athena();
    let prepared = CreatePreparedStatementRequest {
        statement_name: "pp".to_owned(),
        work_group: "primary".to_owned(),
        query_statement: "INSERT ?".to_owned(),
        description: None,
    };
    athena
        .create_prepared_statement(&call(1), prepared)
        .unwrap();
    let mut run = |n: usize, sql: &str, parameters: &[&str]| {
        let mut request = request(sql, n);
        request.execution_parameters = Some(parameters.iter().map(|p| (*p).to_owned()).collect());
        let started = athena.start_query_execution(&Prepared, &call(2), request);
        started.map(|_| athena.take_orders().remove(0))
    };
    let order = run(1, "SELECT EXECUTE pp 7", &[]).unwrap();
    assert_eq!(order.statement, "INSERT ?");
    assert_eq!(order.parameters, ["7"]);
    assert_eq!(order.class.substatement_type.as_deref(), Some("INSERT"));
    assert!(
        !order.output_location.key.ends_with(".csv"),
        "where INSERT's results lie"
    );
    let order = run(2, "SELECT EXECUTE pp", &["8"]).unwrap();
    assert_eq!(order.parameters, ["8"]);
    let missing = run(3, "SELECT EXECUTE q", &[]).unwrap_err();
    assert_eq!(
        missing.to_string(),
        "PreparedStatement q was not found in workGroup primary"
    );
}

#[test]
fn what_is_stopped_while_it_is_worked_on_is_told_once() {
    let mut athena = athena();
    let (queued, running) = (
        start(&mut athena, 1, "SELECT 1"),
        start(&mut athena, 1, "SELECT 2"),
    );
    athena.started(Timestamp::from_secs(2), &running);
    stop(&mut athena, 3, &running).unwrap();
    stop(&mut athena, 3, &queued).unwrap();
    stop(&mut athena, 4, &running).unwrap();
    assert_eq!(athena.take_stopped(), [running, queued]);
    assert_eq!(athena.take_stopped(), Vec::<String>::new());
}

#[test]
fn an_equal_request_of_one_token_is_one_execution_in_any_state() {
    let mut athena = athena();
    let id = try_start(&mut athena, 1, request("SELECT 1", 1)).unwrap();
    let mut again = || {
        let mut request = request("SELECT 1", 1);
        // Measured: not compared.
        request.execution_parameters = Some(vec!["2".to_owned()]);
        try_start(&mut athena, 2, request).unwrap()
    };
    assert_eq!(again(), id);
    assert_eq!(again(), id);
    assert_eq!(athena.take_orders().len(), 1);
    stop(&mut athena, 3, &id).unwrap();
    assert_eq!(
        try_start(&mut athena, 4, request("SELECT 1", 1)).unwrap(),
        id
    );
    assert!(athena.take_orders().is_empty());
}

#[test]
fn another_request_of_the_same_token_is_a_mismatch() {
    let mut athena = athena();
    let context = |catalog: &str, database: Option<&str>| {
        Some(QueryExecutionContext {
            catalog: Some(catalog.to_owned()),
            database: database.map(str::to_owned),
        })
    };
    let base = || StartQueryExecutionRequest {
        query_execution_context: context("AwsDataCatalog", None),
        ..request("SELECT 1", 1)
    };
    let id = try_start(&mut athena, 1, base()).unwrap();
    let mut check = |request: StartQueryExecutionRequest| {
        check_refused(
            try_start(&mut athena, 1, request),
            "IDEMPOTENT_PARAMETER_MISMATCH",
            "Idempotent parameters do not match",
        );
    };
    check(StartQueryExecutionRequest {
        query_string: "SELECT 2".to_owned(),
        ..base()
    });
    // The catalog is compared as it was sent, and a database left out is not `default`.
    check(StartQueryExecutionRequest {
        query_execution_context: context("AWSDATACATALOG", None),
        ..base()
    });
    check(StartQueryExecutionRequest {
        query_execution_context: context("AwsDataCatalog", Some("default")),
        ..base()
    });
    check(StartQueryExecutionRequest {
        result_configuration: located("s3://elsewhere/"),
        ..base()
    });
    // A refused request uses up nothing, and the syntax comes before the token.
    check_refused(
        try_start(&mut athena, 1, request("SELEC 1", 1)),
        "MALFORMED_QUERY",
        "line 1:1: mismatched input 'SELEC'",
    );
    assert!(try_start(&mut athena, 1, request("SELEC 1", 2)).is_err());
    let other = try_start(&mut athena, 1, request("SELECT 1", 2)).unwrap();
    assert_ne!(other, id);
}

#[test]
fn the_context_is_shown_as_athena_shows_it_and_handed_to_the_order() {
    let mut athena = athena();
    let request = StartQueryExecutionRequest {
        query_execution_context: Some(QueryExecutionContext {
            catalog: Some("AwsDataCatalog".to_owned()),
            database: Some("Wind".to_owned()),
        }),
        execution_parameters: Some(vec!["1".to_owned(), "'a'".to_owned()]),
        ..request("SELECT ?, ?", 1)
    };
    let id = try_start(&mut athena, 1, request).unwrap();
    let order = athena.take_orders().remove(0);
    assert_eq!(order.catalog.as_deref(), Some("awsdatacatalog"));
    assert_eq!(order.database.as_deref(), Some("Wind"));
    assert_eq!(order.parameters, ["1", "'a'"]);
    let execution = shown(&athena, &id);
    let context = execution.query_execution_context.unwrap();
    assert_eq!(context.catalog.as_deref(), Some("awsdatacatalog"));
    assert_eq!(context.database.as_deref(), Some("Wind"));
    assert_eq!(execution.query.as_deref(), Some("SELECT ?, ?"));
    assert_eq!(execution.execution_parameters.unwrap(), ["1", "'a'"]);
}

#[test]
fn locations_with_and_without_their_last_slash_are_one() {
    let mut athena = athena();
    for (n, (location, prefix)) in [
        ("s3://b/p", "s3://b/p/"),
        ("s3://b/p/", "s3://b/p/"),
        ("s3://b", "s3://b/"),
    ]
    .into_iter()
    .enumerate()
    {
        let mut request = request("SELECT 1", n);
        request.result_configuration = located(location);
        let id = try_start(&mut athena, 1, request).unwrap();
        let shown = shown(&athena, &id).result_configuration.unwrap();
        assert_eq!(shown.output_location, Some(format!("{prefix}{id}.csv")));
    }
}

#[test]
fn a_group_decides_engine_version_and_limit_of_its_queries_when_they_start() {
    let mut athena = athena();
    let version_3 = EngineVersion {
        selected_engine_version: Some("Athena engine version 3".to_owned()),
        effective_engine_version: Some("Athena engine version 3".to_owned()),
    };
    let group = CreateWorkGroupRequest {
        name: "team".to_owned(),
        configuration: Some(WorkGroupConfiguration {
            result_configuration: located("s3://team/"),
            bytes_scanned_cutoff_per_query: Some(10_000_000),
            engine_version: Some(EngineVersion {
                effective_engine_version: None,
                ..version_3.clone()
            }),
            ..WorkGroupConfiguration::default()
        }),
        ..CreateWorkGroupRequest::default()
    };
    athena.create_work_group(&call(1), group).unwrap();
    let request = StartQueryExecutionRequest {
        work_group: Some("team".to_owned()),
        ..request("SELECT 1", 1)
    };
    let id = try_start(&mut athena, 1, request).unwrap();
    let order = athena.take_orders().remove(0);
    assert_eq!(order.scan_limit_bytes, Some(10_000_000));
    assert_eq!(
        order.output_location.to_string(),
        format!("s3://team/{id}.csv")
    );
    let outcome = QueryOutcome::ScanLimitExceeded {
        scanned_bytes: 10_000_001,
    };
    athena.finish(Timestamp::from_secs(2), &id, outcome);
    let execution = shown(&athena, &id);
    assert_eq!(execution.engine_version, Some(version_3));
    let status = execution.status.unwrap();
    assert_eq!(status.state.as_deref(), Some("CANCELLED"));
    let reason = status.state_change_reason.unwrap();
    assert!(
        reason.contains("Bytes scanned limit was exceeded"),
        "{reason}"
    );
    assert_eq!(
        execution.statistics.unwrap().data_scanned_in_bytes,
        Some(10_000_001)
    );
}
