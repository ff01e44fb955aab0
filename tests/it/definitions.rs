//! Tables made with Athena's statements alone: no crawler, no Glue call.

use std::time::Duration;

use aws_sdk_athena::types::{QueryExecutionContext, QueryExecutionState, ResultConfiguration};
use windfarm::pipeline::Clients;

use crate::world;

/// Rows joined by `;`, values by `|`, headings left out; or the reason of the failure.
async fn answer(clients: &Clients, sql: &str) -> String {
    let started = clients
        .athena
        .start_query_execution()
        .query_string(sql)
        .query_execution_context(QueryExecutionContext::builder().database("wind").build())
        .result_configuration(
            ResultConfiguration::builder()
                .output_location("s3://lake/results/")
                .build(),
        )
        .send()
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    let id = started.query_execution_id().unwrap();
    loop {
        let asked = clients.athena.get_query_execution().query_execution_id(id);
        let execution = asked.send().await.unwrap().query_execution.unwrap();
        let status = execution.status().unwrap();
        match status.state().unwrap() {
            QueryExecutionState::Succeeded => break,
            QueryExecutionState::Failed => return status.state_change_reason().unwrap().to_owned(),
            _ => clients.clock.join().sleep(Duration::from_millis(50)).await,
        }
    }
    let page = clients.athena.get_query_results().query_execution_id(id);
    let set = page.send().await.unwrap().result_set.unwrap();
    let heading = usize::from(sql.starts_with("SELECT"));
    let rows = set.rows().iter().skip(heading).map(|row| {
        let values = row
            .data()
            .iter()
            .map(|value| value.var_char_value().unwrap_or("∅").trim_end());
        values.collect::<Vec<_>>().join("|")
    });
    rows.collect::<Vec<_>>().join(";")
}

#[tokio::test]
async fn a_table_made_by_statements_is_filled_asked_changed_and_dropped() {
    let clients = world::clients(&world::emulator(21)).await;
    world::bucket(&clients, "lake").await;
    for (day, lines) in [
        (
            "2025-04-29",
            "{\"id\": 1, \"v\": 0.5}\n{\"id\": 2, \"v\": 1.5}\n",
        ),
        ("2025-04-30", "{\"id\": 3, \"v\": null}\n"),
    ] {
        let key = format!("raw/day={day}/a.json");
        let put = clients.s3.put_object().bucket("lake").key(key);
        put.body(lines.as_bytes().to_vec().into())
            .send()
            .await
            .unwrap();
    }
    let check = async |sql: &str, expected: &str| {
        assert_eq!(answer(&clients, sql).await, expected, "{sql}");
    };
    check("CREATE DATABASE wind", "").await;
    check(
        "CREATE EXTERNAL TABLE raw (id int, v double) PARTITIONED BY (day string)
         ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe' LOCATION 's3://lake/raw/'",
        "",
    )
    .await;
    check("SELECT count(*) FROM raw", "0").await;
    let repaired = answer(&clients, "MSCK REPAIR TABLE raw").await;
    assert!(repaired.contains("day=2025-04-30"), "{repaired}");
    check("SHOW PARTITIONS raw", "day=2025-04-29;day=2025-04-30").await;
    check(
        "SELECT day, count(*), sum(v) FROM raw GROUP BY day ORDER BY day",
        "2025-04-29|2|2.0;2025-04-30|1|∅",
    )
    .await;
    check("ALTER TABLE raw DROP PARTITION (day = '2025-04-30')", "").await;
    check("SELECT max(id) FROM raw", "2").await;
    check("SHOW TABLES", "raw").await;
    check("DROP TABLE raw", "").await;
    check("SHOW TABLES", "").await;
    let gone = answer(&clients, "SELECT 1 FROM raw").await;
    assert!(gone.starts_with("TABLE_NOT_FOUND"), "{gone}");
    // What a definition describes stays where it is.
    let left = clients.s3.list_objects_v2().bucket("lake").prefix("raw/");
    assert_eq!(left.send().await.unwrap().contents().len(), 2);
    let refused = answer(&clients, "DELETE FROM raw").await;
    assert!(refused.starts_with("NOT_SUPPORTED"), "{refused}");
}
