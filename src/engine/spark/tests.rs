//! Spark's SQL: what passes the gate, and what it yields.

use std::sync::Arc;

use datafusion::arrow::array::{
    ArrayRef, Float64Array, Int32Array, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};
use datafusion::datasource::MemTable;

use super::*;
use crate::engine::testing::{MemoryCatalog, MemoryObjects, engine, shown};

/// Readings as a course's table has them, and a few typed columns.
fn readings() -> LogicalPlan {
    let columns: Vec<(&str, ArrayRef)> = vec![
        (
            "IdTemp",
            Arc::new(StringArray::from(vec!["1", "2", "3", "4"])),
        ),
        (
            "data",
            Arc::new(StringArray::from(vec![
                Some("0.84"),
                Some(" 79 "),
                Some("x"),
                None,
            ])),
        ),
        (
            "type",
            Arc::new(StringArray::from(vec!["pf", "pf", "temp", "temp"])),
        ),
        (
            "timestamp",
            Arc::new(StringArray::from(vec![
                "2025-04-30 14:35:00.775222",
                "2025-04-30 23:59:59",
                "30/04/2025",
                "2025-05-01 00:00:00",
            ])),
        ),
        (
            "n",
            Arc::new(Int32Array::from(vec![Some(7), Some(-7), Some(0), None])),
        ),
        ("big", Arc::new(Int64Array::from(vec![1, 2, i64::MAX, 4]))),
        (
            "x",
            Arc::new(Float64Array::from(vec![0.0, -0.0, f64::NAN, 2.5])),
        ),
        (
            "at",
            Arc::new(TimestampMicrosecondArray::from(vec![
                0,
                1_500_000,
                86_400_000_000,
                -1,
            ])),
        ),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let table = MemTable::try_new(batch.schema(), vec![vec![batch]]).unwrap();
    LogicalPlanBuilder::scan("input", provider_as_source(Arc::new(table)), None)
        .unwrap()
        .build()
        .unwrap()
}

async fn run(sql: &str) -> Result<(Vec<String>, Vec<String>)> {
    let query = Query::parse(sql).map_err(Error::Unsupported)?;
    let engine = engine(
        &Arc::<MemoryObjects>::default(),
        &Arc::<MemoryCatalog>::default(),
    );
    let session = engine.ordered_session()?;
    let now = Timestamp::parse("2025-05-02T03:04:05.678Z").unwrap();
    let plan = query.plan(&session, vec![("t".to_owned(), readings())], now)?;
    let (schema, batches) = session.collect(&plan).await?;
    let names = schema
        .fields()
        .iter()
        .map(|f| format!("{} {}", f.name(), cast::name(f.data_type())));
    Ok((names.collect(), shown(&batches)))
}

async fn check(sql: &str, expected: &[&str]) {
    let (_, rows) = run(sql)
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
    assert_eq!(rows, expected, "{sql}");
}

/// One value computed from no table's columns.
async fn value(expression: &str, expected: &str) {
    check(
        &format!("SELECT {expression} AS v FROM t LIMIT 1"),
        &[expected],
    )
    .await;
}

#[tokio::test]
async fn names_are_folded_and_keep_the_spelling_of_the_query() {
    let (names, rows) =
        run("SELECT IDTEMP, `Data`, timestamp AS When, t.type FROM T WHERE Type = 'pf'")
            .await
            .unwrap();
    assert_eq!(
        names,
        ["IDTEMP string", "Data string", "When string", "type string"]
    );
    assert_eq!(rows.len(), 2);
    let (names, _) = run("SELECT * FROM t").await.unwrap();
    assert_eq!(names.first().unwrap(), "IdTemp string");
    let (names, rows) = run("SELECT data, date, type FROM (SELECT data, type, to_date(timestamp) AS date FROM t) s LIMIT 1").await.unwrap();
    assert_eq!(names, ["data string", "date date", "type string"]);
    assert_eq!(rows, ["0.84 | 2025-04-30 | pf"]);
}

#[tokio::test]
async fn text_meets_numbers_as_numbers() {
    check("SELECT idtemp FROM t WHERE data > 0.9", &["2"]).await;
    check(
        "SELECT idtemp FROM t WHERE data > 0.5 AND type = 'pf'",
        &["1", "2"],
    )
    .await;
    check("SELECT idtemp FROM t WHERE idtemp = 3", &["3"]).await;
    check(
        "SELECT idtemp FROM t WHERE data IS NULL OR CAST(data AS double) IS NULL",
        &["3", "4"],
    )
    .await;
    check(
        "SELECT data + 1 AS v FROM t ORDER BY idtemp",
        &["1.8399999999999999", "80.0", "NULL", "NULL"],
    )
    .await;
}

#[tokio::test]
async fn casts_follow_spark_without_ansi() {
    value("CAST('nan' AS double)", "NaN").await;
    value("CAST(' 12.9 ' AS int)", "12").await;
    value("CAST('x' AS int)", "NULL").await;
    value("CAST(300 AS tinyint)", "44").await;
    value("CAST(1e10 AS string)", "1.0E10").await;
    value(
        "CAST('2025-04-30 14:35:00.775222' AS timestamp)",
        "2025-04-30T14:35:00.775222",
    )
    .await;
    value(
        "CAST('2025-04-30T14:35:00-03:00' AS timestamp)",
        "2025-04-30T17:35:00",
    )
    .await;
    value("DATE '2025-04-30'", "2025-04-30").await;
    value("CAST(1.005 AS decimal(10,2))", "1.01").await;
    value("double('2.5')", "2.5").await;
}

#[tokio::test]
async fn arithmetic_gives_sparks_types_and_no_division_by_zero() {
    let (names, rows) = run("SELECT n + 1 AS a, n * big AS b, n / 2 AS c, n % 4 AS d, n DIV 2 AS e, 10 / n AS f, -n AS g FROM t").await.unwrap();
    assert_eq!(
        names,
        [
            "a int", "b bigint", "c double", "d int", "e bigint", "f double", "g int"
        ]
    );
    assert_eq!(rows[0], "8 | 7 | 3.5 | 3 | 3 | 1.4285714285714286 | -7");
    assert_eq!(
        rows[1],
        "-6 | -14 | -3.5 | -3 | -3 | -1.4285714285714286 | 7"
    );
    assert_eq!(rows[2], "1 | 0 | 0.0 | 0 | 0 | NULL | 0");
    assert_eq!(rows[3], "NULL | NULL | NULL | NULL | NULL | NULL | NULL");
    check(
        "SELECT big + 1 AS v FROM t WHERE idtemp = '3'",
        &["-9223372036854775808"],
    )
    .await;
    value("round(CAST(2.5 AS double))", "3.0").await;
    value("round(CAST(-1.005 AS double), 2)", "-1.01").await;
    value("floor(CAST(-1.5 AS double))", "-2").await;
    value("abs(-7)", "7").await;
}

#[tokio::test]
async fn floats_compare_as_in_spark() {
    check("SELECT idtemp FROM t WHERE x = 0.0", &["1", "2"]).await;
    check("SELECT idtemp FROM t WHERE x > 1e300", &["3"]).await;
    check(
        "SELECT idtemp FROM t WHERE x = CAST('NaN' AS double)",
        &["3"],
    )
    .await;
    check("SELECT max(x) AS v FROM t", &["NaN"]).await;
    check("SELECT count(DISTINCT x) AS v FROM t", &["3"]).await;
    check(
        "SELECT count(*) AS v FROM (SELECT x FROM t GROUP BY x) s",
        &["3"],
    )
    .await;
    check(
        "SELECT min(x) AS v FROM t WHERE idtemp IN ('3', '4')",
        &["2.5"],
    )
    .await;
    check(
        "SELECT idtemp FROM t ORDER BY x DESC, idtemp",
        &["3", "4", "1", "2"],
    )
    .await;
}

#[tokio::test]
async fn null_is_the_smallest_value_of_an_ordering() {
    check("SELECT idtemp FROM t ORDER BY n", &["4", "2", "3", "1"]).await;
    check(
        "SELECT idtemp FROM t ORDER BY n DESC",
        &["1", "3", "2", "4"],
    )
    .await;
    check("SELECT idtemp FROM t ORDER BY 1 DESC LIMIT 2", &["4", "3"]).await;
    check(
        "SELECT idtemp FROM t ORDER BY n NULLS LAST",
        &["2", "3", "1", "4"],
    )
    .await;
}

#[tokio::test]
async fn conditions_choose() {
    check(
        "SELECT CASE type WHEN 'pf' THEN 1 ELSE 2 END AS v FROM t",
        &["1", "1", "2", "2"],
    )
    .await;
    check("SELECT coalesce(n, 0) AS v FROM t", &["7", "-7", "0", "0"]).await;
    check(
        "SELECT if(n > 0, 'up', 'down') AS v FROM t",
        &["up", "down", "down", "down"],
    )
    .await;
    check("SELECT idtemp FROM t WHERE n BETWEEN -7 AND 0", &["2", "3"]).await;
    check("SELECT idtemp FROM t WHERE n NOT IN (7, 1)", &["2", "3"]).await;
    check("SELECT idtemp FROM t WHERE n <=> NULL", &["4"]).await;
    check(
        "SELECT nullif(n, 0) AS v FROM t",
        &["7", "-7", "NULL", "NULL"],
    )
    .await;
    check(
        "SELECT greatest(n, 1, big) AS v FROM t WHERE idtemp = '4'",
        &["4"],
    )
    .await;
    check("SELECT idtemp FROM t WHERE type LIKE 't_m%'", &["3", "4"]).await;
}

#[tokio::test]
async fn text_functions_count_code_points() {
    value("concat('a', NULL, 'b')", "NULL").await;
    value("'n=' || 7", "n=7").await;
    value("concat_ws('-', 'a', NULL, 'b')", "a-b").await;
    value("substring('Spark SQL', 5)", "k SQL").await;
    value("substring('Spark SQL', -3)", "SQL").await;
    value("substr('Spark SQL', 0, 2)", "Sp").await;
    value("substring('abc', -5, 3)", "a").await;
    value("trim('  x ')", "x").await;
    value("upper('é')", "É").await;
    value("length('añ😀')", "3").await;
    value("instr('SparkSQL', 'SQL')", "6").await;
    value("replace('ABCabc', 'abc', 'DEF')", "ABCDEF").await;
}

#[tokio::test]
async fn dates_are_read_cut_and_written() {
    check(
        "SELECT to_date(timestamp) AS d FROM t",
        &["2025-04-30", "2025-04-30", "NULL", "2025-05-01"],
    )
    .await;
    value("to_date('30/04/2025', 'dd/MM/yyyy')", "2025-04-30").await;
    value(
        "to_timestamp('30/04/2025 14:35', 'dd/MM/yyyy HH:mm')",
        "2025-04-30T14:35:00",
    )
    .await;
    value(
        "date_format(CAST('2025-04-30 14:35:00' AS timestamp), 'yyyy/MM/dd HH')",
        "2025/04/30 14",
    )
    .await;
    value(
        "date_trunc('MONTH', TIMESTAMP '2025-04-30 14:35:00')",
        "2025-04-01T00:00:00",
    )
    .await;
    value("datediff('2025-05-01', '2025-04-29')", "2").await;
    value("date_add('2025-04-30', 1)", "2025-05-01").await;
    value("hour('2025-04-30 14:35:00')", "14").await;
    value("unix_timestamp('1970-01-02 00:00:00')", "86400").await;
    value("from_unixtime(86399)", "1970-01-01 23:59:59").await;
    value("current_date()", "2025-05-02").await;
    value("current_timestamp()", "2025-05-02T03:04:05.678").await;
}

#[tokio::test]
async fn groups_windows_joins_and_unions_run() {
    check("SELECT type, count(*) AS c, count(data) AS d, sum(n) AS s, avg(n) AS a FROM t GROUP BY type ORDER BY type",
        &["pf | 2 | 2 | 0 | 0.0", "temp | 2 | 1 | 0 | 0.0"]).await;
    check("SELECT sum(data) AS s, avg(data) AS a, count(*) AS c, stddev(x) AS d FROM t WHERE idtemp < 3",
        &["79.84 | 39.92 | 2 | 0.0"]).await;
    check(
        "SELECT count(*) OVER (PARTITION BY type) AS c FROM t LIMIT 1",
        &["2"],
    )
    .await;
    let (names, rows) = run("SELECT idtemp, row_number() OVER (PARTITION BY type ORDER BY n) AS r FROM t ORDER BY idtemp").await.unwrap();
    assert_eq!(names, ["idtemp string", "r int"]);
    assert_eq!(rows, ["1 | 2", "2 | 1", "3 | 2", "4 | 1"]);
    check("WITH a AS (SELECT type, max(n) AS m FROM t GROUP BY type) SELECT t.idtemp FROM t JOIN a ON t.type = a.type AND t.n = a.m ORDER BY 1",
        &["1", "3"]).await;
    check(
        "SELECT idtemp FROM t WHERE n = 7 UNION ALL SELECT idtemp FROM t WHERE n = 7",
        &["1", "1"],
    )
    .await;
    check(
        "SELECT idtemp FROM t WHERE n = 7 UNION SELECT idtemp FROM t WHERE n = 7",
        &["1"],
    )
    .await;
    check("SELECT DISTINCT type FROM t ORDER BY type", &["pf", "temp"]).await;
    check(
        "SELECT type FROM t GROUP BY type HAVING count(n) = 1",
        &["temp"],
    )
    .await;
    check(
        "SELECT lag(idtemp) OVER (ORDER BY idtemp) AS v FROM t ORDER BY idtemp LIMIT 2",
        &["NULL", "1"],
    )
    .await;
    check("SELECT first_value(idtemp) OVER (PARTITION BY type ORDER BY idtemp) AS v FROM t ORDER BY idtemp LIMIT 3", &["1", "1", "3"]).await;
}

#[tokio::test]
async fn what_is_not_executed_is_refused_by_name() {
    for (sql, named) in [
        ("SELECT explode(a) AS v FROM t", "`explode`"),
        ("SELECT count(*) FROM t", "needs a name"),
        (
            "SELECT idtemp FROM t LATERAL VIEW explode(a) x AS y",
            "LATERAL VIEW",
        ),
        (
            "SELECT idtemp FROM t WHERE n IN (SELECT n FROM t)",
            "IN (SELECT",
        ),
        (
            "SELECT idtemp FROM other",
            "`other` cannot be found; the inputs are: t",
        ),
        ("SELECT nothing FROM t", "nothing"),
        ("SELECT 1.5 * n AS v FROM t", "cast to double"),
        (
            "SELECT if(n > 0, 'a', 1) AS v FROM t",
            "cast them to one type",
        ),
        (
            "SELECT sum(to_date(timestamp)) AS v FROM t",
            "in the function `sum`: it does not take (date)",
        ),
        (
            "SELECT avg(CAST(n AS decimal(5,1))) AS v FROM t",
            "`avg` of decimal(5,1)",
        ),
        ("SELECT 'a\\n' AS v FROM t", "escape"),
        ("SELECT date_format(at, 'EEE') AS v FROM t", "`EEE`"),
        ("DELETE FROM t", "one SELECT"),
        ("SELECT idtemp FROM t TABLESAMPLE (10 PERCENT)", "FROM"),
        ("SELECT idtemp RLIKE 'a' AS v FROM t", "RLIKE"),
        ("SELECT 1.8D AS v FROM t", "Expected"),
        ("SELECT n % 2S FROM t", "the suffix S"),
        (
            "SELECT n FROM t WHERE n = true",
            "comparing int with boolean",
        ),
        ("SELECT idtemp FROM t OFFSET 1", "OFFSET"),
    ] {
        let why = match run(sql).await {
            Ok(rows) => panic!("{sql} gave {rows:?}"),
            Err(error) => error.to_string(),
        };
        assert!(why.contains(named), "{sql}: {why}");
    }
}
