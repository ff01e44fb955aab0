//! Athena's queries over tables of the catalog: Parquet and JSON, with partitions.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};

use super::*;
use crate::engine::testing::{
    MemoryCatalog, MemoryObjects, OPENX, PARQUET, engine, parquet, partition, table,
};

/// `t`: Parquet by `day` and `hour`. `raw`: JSON lines of the course's records by `day`.
struct Lake {
    engine: Engine,
}

fn readings(rows: &[(&str, Option<f64>, i64)]) -> Vec<u8> {
    let columns: Vec<(&str, ArrayRef)> = vec![
        (
            "sensor",
            Arc::new(StringArray::from_iter_values(rows.iter().map(|r| r.0))),
        ),
        (
            "value",
            Arc::new(rows.iter().map(|r| r.1).collect::<Float64Array>()),
        ),
        (
            "n",
            Arc::new(Int64Array::from_iter_values(rows.iter().map(|r| r.2))),
        ),
    ];
    parquet(&RecordBatch::try_from_iter(columns).unwrap())
}

/// Sensor, value, id.
type Reading = (&'static str, Option<f64>, i64);

impl Lake {
    fn new() -> Self {
        let space = Arc::new(MemoryObjects::default());
        let catalog = Arc::new(MemoryCatalog::default());
        let files: [(&str, &str, &[Reading]); 3] = [
            (
                "2025-04-29",
                "9",
                &[
                    ("powerfactor", Some(0.9375), 1),
                    ("frequency", Some(50.0), 2),
                ],
            ),
            (
                "2025-04-30",
                "9",
                &[("powerfactor", Some(0.875), 3), ("temperature", None, 4)],
            ),
            (
                "2025-04-30",
                "10",
                &[
                    ("temperature", Some(79.5), 5),
                    ("temperature", Some(75.0), 6),
                    ("powerfactor", Some(1.0), 7),
                ],
            ),
        ];
        let mut partitions = Vec::new();
        for (day, hour, rows) in files {
            let folder = format!("t/day={day}/hour={hour}/");
            space.put("lake", &format!("{folder}part-0.parquet"), &readings(rows));
            partitions.push(partition(&[day, hour], &format!("s3://lake/{folder}")));
        }
        catalog.put(
            "wind",
            table(
                "t",
                PARQUET,
                "s3://lake/t/",
                &[("sensor", "string"), ("value", "double"), ("n", "bigint")],
                &[("day", "date"), ("hour", "int")],
            ),
            partitions,
        );
        let days = [
            (
                "2025-04-29",
                "{\"idtemp\": \"1\", \"data\": \"0.95\", \"type\": \"powerfactor\"}\n{\"idtemp\": \"2\", \"data\": \"warm\", \"type\": \"temperature\"}\n",
            ),
            (
                "2025-04-30",
                "{\"idtemp\": \"3\", \"data\": \"0.5\", \"type\": \"powerfactor\"}\n",
            ),
        ];
        let mut partitions = Vec::new();
        for (day, lines) in days {
            let folder = format!("raw/{day}/");
            space.put("lake", &format!("{folder}a.json"), lines.as_bytes());
            partitions.push(partition(&[day], &format!("s3://lake/{folder}")));
        }
        catalog.put(
            "wind",
            table(
                "raw",
                OPENX,
                "s3://lake/raw/",
                &[("idtemp", "string"), ("data", "string"), ("type", "string")],
                &[("day", "string")],
            ),
            partitions,
        );
        let one = "{\"id\": 1, \"part\": {\"b\": \"x\", \"a\": [1, 2]}, \"tags\": {\"k\": 7}, \"l\": [{\"q\": true}]}\n{\"id\": 2}\n";
        space.put("lake", "nested/a.json", one.as_bytes());
        let columns = [
            ("id", "int"),
            ("part", "struct<a:array<int>,b:string>"),
            ("tags", "map<string,int>"),
            ("l", "array<struct<q:boolean>>"),
        ];
        let nested = table("nested", OPENX, "s3://lake/nested/", &columns, &[]);
        catalog.put("wind", nested, Vec::new());
        space.put("lake", "broken/a.json", b"{\"a\": tru");
        let broken = table(
            "broken",
            OPENX,
            "s3://lake/broken/",
            &[("a", "string")],
            &[],
        );
        catalog.put("wind", broken, Vec::new());
        Self {
            engine: engine(&space, &catalog),
        }
    }

    /// Rows joined by `;`, values by `|`, NULL as `∅`, or the error; and the bytes read.
    async fn answer(&self, sql: &str) -> (String, u64) {
        let run = QueryRun {
            sql: sql.to_owned(),
            catalog: None,
            database: Some("wind".into()),
            parameters: Vec::new(),
            now: Timestamp::parse("2025-05-01T12:00:00Z").unwrap(),
        };
        let (result, bytes) = self.engine.query(&run).await;
        let text = match result {
            Err(error) => error.to_string(),
            Ok(result) => result
                .rows
                .into_iter()
                .map(|row| {
                    let values: Vec<String> = row
                        .into_iter()
                        .map(|value| value.unwrap_or_else(|| "∅".into()))
                        .collect();
                    values.join("|")
                })
                .collect::<Vec<_>>()
                .join(";"),
        };
        (text, bytes)
    }
}

async fn check(sql: &str, expected: &str) {
    let (answer, _) = Lake::new().answer(sql).await;
    assert_eq!(answer, expected, "{sql}");
}

#[tokio::test]
async fn the_pipelines_queries_answer() {
    check(
        "select sensor, count(*) as readings, min(value) as lowest, max(value) as highest, avg(value) as mean from t group by sensor order by sensor",
        "frequency|1|50.0|50.0|50.0;powerfactor|3|0.875|1.0|0.9375;temperature|3|75.0|79.5|77.25",
    )
    .await;
    check(
        "select count(*) from t where sensor='powerfactor' and value > 0.9",
        "2",
    )
    .await;
    check(
        "select count(*) from t where sensor = 'temperature' and (value < 71.0 or value > 79.0)",
        "1",
    )
    .await;
    check(
        "SELECT day, hour, count(*) FROM t GROUP BY day, hour ORDER BY 1, 2",
        "2025-04-29|9|2;2025-04-30|9|2;2025-04-30|10|3",
    )
    .await;
    check(
        "SELECT * FROM t WHERE n IN (4, 5) ORDER BY n",
        "temperature|∅|4|2025-04-30|9;temperature|79.5|5|2025-04-30|10",
    )
    .await;
}

#[tokio::test]
async fn text_columns_of_json_are_cast_by_hand() {
    check(
        "SELECT * FROM raw WHERE CAST(data AS double) > 0.9 AND type = 'powerfactor'",
        "1|0.95|powerfactor|2025-04-29",
    )
    .await;
    check(
        "SELECT * FROM raw WHERE data > 0.9",
        "TYPE_MISMATCH: line 1:30: Cannot apply operator: varchar < double",
    )
    .await;
    check(
        "SELECT max(CAST(data AS double)) FROM raw",
        "INVALID_CAST_ARGUMENT: Cannot cast 'warm' to DOUBLE",
    )
    .await;
    check(
        "SELECT idtemp, try_cast(data AS double) FROM raw ORDER BY idtemp",
        "1|0.95;2|∅;3|0.5",
    )
    .await;
}

#[tokio::test]
async fn windows_joins_and_named_queries_run_over_tables() {
    check(
        "WITH latest AS (SELECT sensor, value, n, row_number() OVER (PARTITION BY sensor ORDER BY n DESC) AS place FROM t WHERE value IS NOT NULL)
         SELECT sensor, value FROM latest WHERE place = 1 ORDER BY sensor",
        "frequency|50.0;powerfactor|1.0;temperature|75.0",
    )
    .await;
    check(
        "SELECT a.n, b.n FROM t a JOIN t b ON a.sensor = b.sensor AND a.n < b.n WHERE a.sensor = 'powerfactor' ORDER BY 1, 2",
        "1|3;1|7;3|7",
    )
    .await;
    check(
        "SELECT n FROM t WHERE n = 1 UNION ALL SELECT n FROM t WHERE n = 2 ORDER BY n LIMIT 1",
        "1",
    )
    .await;
    check("SELECT n FROM t ORDER BY n OFFSET 2 LIMIT 2", "3;4").await;
    check(
        "SELECT n, CASE WHEN value > 1 THEN 'high' ELSE 'low' END FROM t WHERE n < 3 ORDER BY n",
        "1|low;2|high",
    )
    .await;
    check(
        "SELECT date_trunc('month', day), count(*) FROM t GROUP BY 1",
        "2025-04-01|7",
    )
    .await;
    check(
        "SELECT n FROM t WHERE value > (SELECT avg(value) FROM t) AND sensor IN (SELECT type FROM raw) ORDER BY n",
        "5;6",
    )
    .await;
}

/// Bytes read for a query must be fewer than for the whole table, and the answer right.
async fn check_pruned(sql: &str, expected: &str) {
    let lake = Lake::new();
    let table = if sql.contains("FROM raw") { "raw" } else { "t" };
    let (_, all) = lake.answer(&format!("SELECT * FROM {table}")).await;
    let (answer, bytes) = lake.answer(sql).await;
    assert_eq!(answer, expected, "{sql}");
    assert!(
        bytes < all * 3 / 4,
        "{sql}: {bytes} of {all} bytes were read"
    );
}

#[tokio::test]
async fn a_condition_on_a_partition_column_reads_only_its_partitions() {
    check_pruned(
        "SELECT * FROM raw WHERE day = '2025-04-30'",
        "3|0.5|powerfactor|2025-04-30",
    )
    .await;
    check_pruned("SELECT idtemp FROM raw WHERE day > '2025-04-29'", "3").await;
    check_pruned("SELECT idtemp FROM raw WHERE day LIKE '%30'", "3").await;
    check_pruned(
        "SELECT * FROM t WHERE day = DATE '2025-04-29' ORDER BY n",
        "powerfactor|0.9375|1|2025-04-29|9;frequency|50.0|2|2025-04-29|9",
    )
    .await;
    check_pruned(
        "SELECT sensor, value, n, day FROM t WHERE hour IN (10, 11) AND n = 6",
        "temperature|75.0|6|2025-04-30",
    )
    .await;
    check_pruned(
        "SELECT sensor, value, n, hour FROM t WHERE hour BETWEEN 10 AND 12 AND n = 7",
        "powerfactor|1.0|7|10",
    )
    .await;
    check_pruned(
        "SELECT sensor, value, n, day FROM t WHERE date_trunc('day', day) = DATE '2025-04-29' AND n = 2",
        "frequency|50.0|2|2025-04-29",
    )
    .await;
    check_pruned(
        "WITH w AS (SELECT *, n + 1 AS next FROM t) SELECT sensor, value, next FROM w WHERE hour = 10 AND n = 7",
        "powerfactor|1.0|8",
    )
    .await;
}

#[tokio::test]
async fn a_condition_that_can_fail_never_sees_what_partitions_exclude() {
    check_pruned(
        "SELECT idtemp FROM raw WHERE CAST(data AS double) < 0.9 AND day = '2025-04-30'",
        "3",
    )
    .await;
    check(
        "SELECT idtemp FROM raw WHERE CAST(data AS double) < 0.9 AND day = '2025-04-29'",
        "INVALID_CAST_ARGUMENT: Cannot cast 'warm' to DOUBLE",
    )
    .await;
}

#[tokio::test]
async fn structs_arrays_and_maps_of_files_are_read_by_position_and_name() {
    let lake = Lake::new();
    check_nested(&lake, "SELECT part.a[2] FROM nested ORDER BY id", "2;∅").await;
    check_nested(
        &lake,
        "SELECT part FROM nested ORDER BY id",
        "{a=[1, 2], b=x};∅",
    )
    .await;
    check_nested(&lake, "SELECT max(part.b) FROM nested", "x").await;
    check_nested(&lake, "SELECT tags['k'] FROM nested ORDER BY id", "7;∅").await;
    check_nested(&lake, "SELECT l[1].q FROM nested ORDER BY id", "true;∅").await;
}

async fn check_nested(lake: &Lake, sql: &str, expected: &str) {
    let (answer, _) = lake.answer(sql).await;
    assert_eq!(answer, expected, "{sql}");
}

#[tokio::test]
async fn a_file_that_cannot_be_read_is_named_under_athenas_code() {
    let lake = Lake::new();
    let (answer, _) = lake.answer("SELECT count(a) FROM broken").await;
    assert!(
        answer.starts_with("HIVE_BAD_DATA: Error parsing a row of s3://lake/broken/a.json, line 1"),
        "{answer}"
    );
}
