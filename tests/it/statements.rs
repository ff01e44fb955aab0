//! Athena's statements through the SDK: what they write, report, keep and stop.

use std::time::Duration;

use aws_sdk_athena::error::ProvideErrorMetadata;
use aws_sdk_athena::types::{
    QueryExecution, QueryExecutionContext, QueryExecutionState, ResultConfiguration,
    ResultReuseByAgeConfiguration, ResultReuseConfiguration, WorkGroupConfiguration,
};
use windfarm::pipeline::Clients;

use crate::world;

/// A statement with what belongs to it.
#[derive(Default)]
struct Asked<'a> {
    sql: &'a str,
    parameters: &'a [&'a str],
    work_group: Option<&'a str>,
    reuse: bool,
}

struct Lake {
    clients: Clients,
}

impl Lake {
    async fn new(seed: u64) -> Self {
        let clients = world::clients(&world::emulator(seed)).await;
        world::bucket(&clients, "lake").await;
        let lake = Self { clients };
        lake.check("CREATE DATABASE wind", "").await;
        lake
    }

    /// Starts a statement; the error is the service's message.
    async fn start(&self, asked: &Asked<'_>) -> Result<String, String> {
        let context = QueryExecutionContext::builder().database("wind").build();
        let results = ResultConfiguration::builder();
        let results = results.output_location("s3://lake/results/").build();
        let mut call = self.clients.athena.start_query_execution();
        call = call
            .query_string(asked.sql)
            .query_execution_context(context);
        call = call.result_configuration(results);
        call = call.set_work_group(asked.work_group.map(str::to_owned));
        for parameter in asked.parameters {
            call = call.execution_parameters(*parameter);
        }
        if asked.reuse {
            let by_age = ResultReuseByAgeConfiguration::builder().enabled(true);
            let reuse = ResultReuseConfiguration::builder();
            let reuse = reuse.result_reuse_by_age_configuration(by_age.build());
            call = call.result_reuse_configuration(reuse.build());
        }
        match call.send().await {
            Ok(started) => Ok(started.query_execution_id.unwrap()),
            Err(error) => Err(error.message().unwrap_or_default().to_owned()),
        }
    }

    async fn execution(&self, id: &str) -> QueryExecution {
        let call = self.clients.athena.get_query_execution();
        let found = call.query_execution_id(id).send().await.unwrap();
        found.query_execution.unwrap()
    }

    /// The execution once it is over.
    async fn ended(&self, asked: &Asked<'_>) -> QueryExecution {
        let id = self.start(asked).await.unwrap();
        loop {
            let execution = self.execution(&id).await;
            let state = execution.status().unwrap().state().unwrap().clone();
            if !matches!(
                state,
                QueryExecutionState::Queued | QueryExecutionState::Running
            ) {
                return execution;
            }
            let mut clock = self.clients.clock.join();
            clock.sleep(Duration::from_millis(50)).await;
        }
    }

    /// Rows joined by `;`, values by `|`, headings included; or the reason of the failure.
    async fn answer(&self, asked: &Asked<'_>) -> String {
        let execution = self.ended(asked).await;
        let status = execution.status().unwrap();
        if let Some(reason) = status.state_change_reason() {
            return reason.to_owned();
        }
        let id = execution.query_execution_id().unwrap();
        self.rows(id).await
    }

    async fn rows(&self, id: &str) -> String {
        let page = self.clients.athena.get_query_results();
        let page = page.query_execution_id(id).send().await.unwrap();
        let set = page.result_set.unwrap();
        let rows = set.rows().iter().map(|row| {
            let values = row.data().iter().map(|v| v.var_char_value().unwrap_or("∅"));
            values.collect::<Vec<_>>().join("|")
        });
        rows.collect::<Vec<_>>().join(";")
    }

    async fn check(&self, sql: &str, expected: &str) {
        let id = match self
            .start(&Asked {
                sql,
                ..Asked::default()
            })
            .await
        {
            Ok(id) => id,
            Err(refusal) => return assert_eq!(refusal, expected, "{sql}"),
        };
        loop {
            let execution = self.execution(&id).await;
            let status = execution.status().unwrap();
            match status.state().unwrap() {
                QueryExecutionState::Succeeded => break,
                QueryExecutionState::Failed | QueryExecutionState::Cancelled => {
                    let reason = status.state_change_reason().unwrap();
                    return assert_eq!(reason, expected, "{sql}");
                }
                _ => {
                    let mut clock = self.clients.clock.join();
                    clock.sleep(Duration::from_millis(50)).await;
                }
            }
        }
        assert_eq!(self.rows(&id).await, expected, "{sql}");
    }

    async fn text(&self, uri: &str) -> String {
        let key = uri.strip_prefix("s3://lake/").unwrap();
        let got = self.clients.s3.get_object().bucket("lake").key(key);
        let body = got.send().await.unwrap().body.collect().await.unwrap();
        String::from_utf8(body.to_vec()).unwrap()
    }

    async fn keys(&self, prefix: &str) -> Vec<String> {
        let list = self
            .clients
            .s3
            .list_objects_v2()
            .bucket("lake")
            .prefix(prefix);
        let found = list.send().await.unwrap();
        let keys = found.contents().iter().map(|o| o.key().unwrap().to_owned());
        keys.collect()
    }
}

fn sql(sql: &str) -> Asked<'_> {
    Asked {
        sql,
        ..Asked::default()
    }
}

/// What a statement that writes reports: rows, and files that are all there.
async fn check_written(lake: &Lake, execution: &QueryExecution, rows: i64, result: &str) {
    let id = execution.query_execution_id().unwrap();
    let status = execution.status().unwrap();
    assert_eq!(
        status.state(),
        Some(&QueryExecutionState::Succeeded),
        "{status:?}"
    );
    let location = execution
        .result_configuration()
        .unwrap()
        .output_location()
        .unwrap();
    assert_eq!(
        location,
        format!("s3://lake/results/{}", result.replace("ID", id))
    );
    let manifest = execution
        .statistics()
        .unwrap()
        .data_manifest_location()
        .unwrap();
    assert_eq!(manifest, format!("{location}-manifest.csv"));
    let listed = lake.text(manifest).await;
    assert!(
        listed.ends_with('\n') && !listed.starts_with('\n'),
        "{listed:?}"
    );
    for file in listed.lines() {
        let key = file.strip_prefix("s3://lake/").unwrap();
        assert_eq!(lake.keys(key).await, [key], "{listed}");
    }
    assert!(!lake.text(&format!("{location}.metadata")).await.is_empty());
    let page = lake
        .clients
        .athena
        .get_query_results()
        .query_execution_id(id);
    let page = page.send().await.unwrap();
    assert_eq!(page.update_count(), Some(rows));
    let set = page.result_set.unwrap();
    assert!(set.rows().is_empty());
    assert_eq!(
        set.result_set_metadata().unwrap().column_info()[0].name(),
        "rows"
    );
}

#[tokio::test]
async fn tables_and_files_made_of_queries_are_listed_in_their_manifests() {
    let lake = Lake::new(31).await;
    let ctas = "CREATE TABLE t WITH (partitioned_by = ARRAY['p']) AS SELECT * FROM (VALUES (1, 'a'), (2, 'b')) v (x, p)";
    let made = lake.ended(&sql(ctas)).await;
    check_written(&lake, &made, 2, "tables/ID").await;
    assert_eq!(made.substatement_type(), Some("CREATE_TABLE_AS_SELECT"));
    let id = made.query_execution_id().unwrap();
    assert_eq!(
        lake.keys(&format!("results/tables/{id}/p=a/")).await.len(),
        1
    );
    let inserted = lake.ended(&sql("INSERT INTO t SELECT 3, 'c'")).await;
    check_written(&lake, &inserted, 1, "ID").await;
    lake.check("SHOW PARTITIONS t", "p=a;p=b;p=c").await;
    lake.check("SELECT sum(x), count(DISTINCT p) FROM t", "_col0|_col1;6|3")
        .await;
    let unload =
        "UNLOAD (SELECT x FROM t WHERE p <> 'b') TO 's3://lake/out/' WITH (format = 'JSON')";
    let unloaded = lake.ended(&sql(unload)).await;
    check_written(&lake, &unloaded, 2, "ID").await;
    let scanned = unloaded
        .statistics()
        .unwrap()
        .data_scanned_in_bytes()
        .unwrap();
    assert!(scanned > 0, "two of three partitions were read");
    // Failures tell where something might lie, as on AWS, and leave nothing.
    let failed = lake.ended(&sql("CREATE TABLE t AS SELECT 1 a")).await;
    let id = failed.query_execution_id().unwrap();
    assert_eq!(
        failed.status().unwrap().state_change_reason().unwrap(),
        format!(
            "TABLE_ALREADY_EXISTS: line 1:1: Destination table 'awsdatacatalog.wind.t' already exists. You may need to manually clean the data at location 's3://lake/results/tables/{id}' before retrying. Athena will not delete data in your account."
        )
    );
    assert!(lake.keys(&format!("results/tables/{id}")).await.is_empty());
    let failed = lake.ended(&sql("INSERT INTO t SELECT 'x', 'y'")).await;
    let reason = failed
        .status()
        .unwrap()
        .state_change_reason()
        .unwrap()
        .to_owned();
    assert!(reason.starts_with("TYPE_MISMATCH: line 1:1: Insert query has mismatched column types: Table: [integer, varchar(1)], Query: [varchar(1), varchar(1)]. If a data manifest file was generated at 's3://lake/results/"), "{reason}");
}

#[tokio::test]
async fn views_are_made_shown_and_dropped() {
    let lake = Lake::new(32).await;
    lake.check("CREATE OR REPLACE VIEW v AS SELECT 1 AS n", "")
        .await;
    lake.check("SHOW CREATE VIEW v", "CREATE VIEW wind.v AS;SELECT 1 n")
        .await;
    lake.check("SELECT n + 1 AS m FROM v", "m;2").await;
    let described = lake.ended(&sql("DESCRIBE v")).await;
    assert_eq!(described.substatement_type(), Some("DESC_VIEW"));
    lake.check("SHOW COLUMNS IN v", "n\tinteger").await;
    lake.check("DROP VIEW v", "").await;
    let refused = lake.start(&sql("DESCRIBE v")).await.unwrap_err();
    assert!(refused.starts_with("Entity Not Found"), "{refused}");
    lake.check(
        "SELECT * FROM v",
        "TABLE_NOT_FOUND: line 1:15: Table 'awsdatacatalog.wind.v' does not exist",
    )
    .await;
    lake.check(
        "CREATE OR REPLACE TABLE t AS SELECT 1 a",
        "line 1:19: mismatched input 'TABLE'. Expecting: 'MATERIALIZED', 'MULTI', 'PROTECTED', 'VIEW'",
    )
    .await;
    lake.check(
        "drop tabel x",
        "line 1:6: mismatched input 'tabel'. Expecting: 'MATERIALIZED', 'ROLE', 'SCHEMA', 'TABLE', 'VIEW'",
    )
    .await;
}

#[tokio::test]
async fn prepared_statements_are_one_thing_in_sql_and_api() {
    let lake = Lake::new(33).await;
    lake.check("PREPARE total FROM SELECT ? + ? AS total, 'it''s'", "")
        .await;
    let call = lake.clients.athena.get_prepared_statement();
    let found = call
        .statement_name("total")
        .work_group("primary")
        .send()
        .await
        .unwrap();
    assert_eq!(
        found.prepared_statement().unwrap().query_statement(),
        Some("SELECT ? + ? AS total, 'it''s'")
    );
    lake.check("EXECUTE total USING 1, 2 * 3", "total|_col1;7|it's")
        .await;
    let with_values = Asked {
        sql: "EXECUTE total",
        parameters: &["4", "5"],
        ..Asked::default()
    };
    assert_eq!(lake.answer(&with_values).await, "total|_col1;9|it's");
    lake.check(
        "EXECUTE total USING 1",
        "INVALID_PARAMETER_USAGE: line 1:1: Incorrect number of parameters: expected 2 but found 1",
    )
    .await;
    lake.check(
        "PREPARE total FROM SELECT 1",
        "PreparedStatement total already exists",
    )
    .await;
    let call = lake.clients.athena.create_prepared_statement();
    let call = call.statement_name("made").work_group("primary");
    let call = call.query_statement("CREATE TABLE made AS SELECT ? AS x");
    call.send().await.unwrap();
    let made = lake.ended(&sql("EXECUTE made USING 'y'")).await;
    check_written(&lake, &made, 1, "tables/ID").await;
    assert_eq!(made.query(), Some("EXECUTE made USING 'y'"));
    lake.check("SELECT x FROM made", "x;y").await;
    lake.check("DEALLOCATE PREPARE total", "").await;
    lake.check(
        "EXECUTE total USING 1, 2",
        "PreparedStatement total was not found in workGroup primary",
    )
    .await;
}

#[tokio::test]
async fn a_plan_is_rows_of_text_under_its_heading() {
    let lake = Lake::new(34).await;
    let plan = lake.answer(&sql("EXPLAIN SELECT 1 AS a")).await;
    assert!(plan.starts_with("Query Plan;"), "{plan}");
    assert!(plan.ends_with(";;;"), "three blank lines: {plan}");
    let valid = lake
        .answer(&sql("EXPLAIN (TYPE VALIDATE) SELECT 1 AS a"))
        .await;
    assert_eq!(valid, "Valid;true;");
    let plan = lake.answer(&sql("EXPLAIN ANALYZE SELECT 1 AS a")).await;
    assert!(plan.contains("metrics="), "{plan}");
}

#[tokio::test]
async fn a_result_is_used_again_while_it_is_young_and_there() {
    let lake = Lake::new(35).await;
    lake.check("CREATE TABLE t WITH (format = 'JSON') AS SELECT 1 a", "")
        .await;
    let select = || Asked {
        sql: "SELECT a FROM t",
        reuse: true,
        ..Asked::default()
    };
    let reused = |execution: &QueryExecution| {
        let statistics = execution.statistics().unwrap();
        let information = statistics.result_reuse_information().unwrap();
        (
            information.reused_previous_result(),
            statistics.data_scanned_in_bytes().unwrap() == 0,
        )
    };
    let first = lake.ended(&select()).await;
    assert_eq!(reused(&first), (false, false));
    lake.check("INSERT INTO t SELECT 2", "").await;
    let second = lake.ended(&select()).await;
    assert_eq!(reused(&second), (true, true));
    let location = |execution: &QueryExecution| {
        let results = execution.result_configuration().unwrap();
        results.output_location().unwrap().to_owned()
    };
    assert_eq!(location(&second), location(&first));
    assert_eq!(lake.rows(second.query_execution_id().unwrap()).await, "a;1");
    let key = location(&first).replace("s3://lake/", "");
    let delete = lake.clients.s3.delete_object().bucket("lake").key(key);
    delete.send().await.unwrap();
    let third = lake.ended(&select()).await;
    assert_eq!(reused(&third), (false, false), "the object is gone");
    assert_eq!(
        lake.rows(third.query_execution_id().unwrap()).await.len(),
        "a;1;2".len()
    );
}

#[tokio::test]
async fn a_query_that_reads_too_much_is_cancelled() {
    let lake = Lake::new(36).await;
    let configuration = WorkGroupConfiguration::builder()
        .enforce_work_group_configuration(false)
        .bytes_scanned_cutoff_per_query(10_000_000)
        .build();
    let call = lake.clients.athena.create_work_group().name("small");
    call.configuration(configuration).send().await.unwrap();
    let table = "CREATE EXTERNAL TABLE big (a string) LOCATION 's3://lake/big/'";
    lake.check(table, "").await;
    let put = |key: &str, bytes: usize| {
        let put = lake.clients.s3.put_object().bucket("lake").key(key);
        put.body(vec![b'x'; bytes].into()).send()
    };
    put("big/a", 9_000_000).await.unwrap();
    let count = || Asked {
        sql: "SELECT count(*) FROM big WHERE length(a) > 0",
        work_group: Some("small"),
        ..Asked::default()
    };
    assert_eq!(lake.answer(&count()).await, "_col0;1");
    put("big/b", 9_000_000).await.unwrap();
    let cut = lake.ended(&count()).await;
    let status = cut.status().unwrap();
    assert_eq!(status.state(), Some(&QueryExecutionState::Cancelled));
    assert_eq!(
        status.state_change_reason(),
        Some("Bytes scanned limit was exceeded")
    );
    assert!(cut.statistics().unwrap().data_scanned_in_bytes().unwrap() > 10_000_000);
}

/// While work is under way a virtual clock stands: that it goes on shows that the work has ended.
#[tokio::test(flavor = "multi_thread")]
async fn stopping_ends_the_work() {
    let lake = Lake::new(37).await;
    // A hundred million rows: minutes of work, and little memory.
    let long = "INSERT INTO t SELECT count(*) FROM (SELECT a FROM UNNEST(sequence(1, 10000)) x (a)) CROSS JOIN (SELECT b FROM UNNEST(sequence(1, 10000)) y (b)) WHERE a * b % 7 + a * b % 11 <> 3";
    lake.check("CREATE TABLE t AS SELECT CAST(1 AS bigint) n", "")
        .await;
    let before = lake.keys("").await;
    let id = lake.start(&sql(long)).await.unwrap();
    let state = async || {
        let status = lake.execution(&id).await.status.unwrap();
        status.state().unwrap().clone()
    };
    while state().await != QueryExecutionState::Running {
        tokio::task::yield_now().await;
    }
    let stop = lake.clients.athena.stop_query_execution();
    stop.query_execution_id(&id).send().await.unwrap();
    let status = lake.execution(&id).await.status.unwrap();
    assert_eq!(status.state(), Some(&QueryExecutionState::Cancelled));
    assert_eq!(
        status.state_change_reason(),
        Some("Query cancelled by user")
    );
    let mut clock = lake.clients.clock.join();
    clock.sleep(Duration::from_secs(60)).await;
    drop(clock);
    assert_eq!(lake.keys("").await, before, "nothing was written");
    lake.check("SELECT count(*) FROM t", "_col0;1").await;
}
