//! Whole queries over small tables.

use std::sync::Arc;

use datafusion::arrow::array::{
    ArrayRef, Date32Array, Float64Array, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};
use datafusion::datasource::{MemTable, TableProvider};
use datafusion::prelude::SessionContext;

use super::*;
use crate::base::{Ids, Seed, Timestamp};

mod cases;
mod functions;
mod language;
mod times;

struct Tables;

fn provider(columns: Vec<(&str, ArrayRef)>) -> Arc<dyn TableProvider> {
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    Arc::new(MemTable::try_new(batch.schema(), vec![vec![batch]]).unwrap())
}

impl TableSource for Tables {
    fn table(&self, database: &str, table: &str) -> error::Result<Option<Arc<dyn TableProvider>>> {
        Ok(match (database, table) {
            ("farm", "reading") => Some(provider(vec![
                (
                    "turbine",
                    Arc::new(StringArray::from(vec![
                        Some("a"),
                        Some("a"),
                        Some("b"),
                        None,
                    ])),
                ),
                (
                    "power",
                    Arc::new(Float64Array::from(vec![
                        Some(1.5),
                        Some(2.5),
                        None,
                        Some(0.0),
                    ])),
                ),
                (
                    "n",
                    Arc::new(Int64Array::from(vec![Some(1), Some(2), Some(3), Some(0)])),
                ),
                (
                    "at",
                    Arc::new(TimestampMicrosecondArray::from(vec![
                        0,
                        1_500,
                        3_600_000_000,
                        86_400_000_000,
                    ])),
                ),
                ("day", Arc::new(Date32Array::from(vec![0, 0, 0, 1]))),
            ])),
            ("farm", "text") => Some(provider(vec![(
                "data",
                Arc::new(StringArray::from(vec!["0.95", "x"])),
            )])),
            _ => None,
        })
    }

    fn database_exists(&self, database: &str) -> bool {
        database == "farm"
    }
}

/// Runs a query: rows joined by `;`, values by `|`, NULL as `∅`; or the error.
async fn answer(sql: &str, parameters: &[&str]) -> String {
    let parameters: Vec<String> = parameters.iter().map(ToString::to_string).collect();
    let context = PlanContext {
        catalog: "awsdatacatalog",
        database: Some("farm"),
        now: Timestamp::parse("2025-05-01T03:00:00.123Z").unwrap(),
        parameters: &parameters,
        ids: &Ids::seeded(Seed::new(7)),
        tables: &Tables,
    };
    let statement = match parse_statement(sql) {
        Ok(statement) => statement,
        Err(error) => return error.to_string(),
    };
    let session = SessionContext::new();
    let rows = async {
        run(plan(&statement, &context)?, &session)
            .await?
            .collect()
            .await
    };
    match rows.await {
        Err(error) => error.to_string(),
        Ok(rows) => rows
            .into_iter()
            .map(|row| {
                row.into_iter()
                    .map(|value| value.unwrap_or_else(|| "∅".into()))
                    .collect::<Vec<_>>()
                    .join("|")
            })
            .collect::<Vec<_>>()
            .join(";"),
    }
}

fn check_with(sql: &str, parameters: &[&str], expected: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    assert_eq!(runtime.block_on(answer(sql, parameters)), expected, "{sql}");
}

fn check(sql: &str, expected: &str) {
    check_with(sql, &[], expected);
}

#[test]
fn values_and_literals_have_athenas_types_and_forms() {
    check(
        "SELECT 1, 1.5, 0.1 + 0.2, 'x', NULL, TRUE, X'0102'",
        "1|1.5|0.30000000000000004|x|∅|true|01 02",
    );
    check(
        "SELECT typeof(1), typeof(3000000000), typeof(1.5), typeof('ab'), typeof(DECIMAL '1.50')",
        "integer|bigint|double|varchar(2)|decimal(3,2)",
    );
    check(
        "SELECT CAST(1200.0 AS varchar), CAST(2.5 AS integer), CAST('2020-02-29' AS date)",
        "1.2E3|3|2020-02-29",
    );
    check(
        "SELECT ARRAY[1, NULL, 2], MAP(ARRAY['b', 'a'], ARRAY[1, 2]), CAST(ROW(1, 'x') AS row(a bigint, b varchar))",
        "[1, null, 2]|{a=2, b=1}|{a=1, b=x}",
    );
    check("VALUES (1, 'a'), (2, NULL) ORDER BY 1 DESC", "2|∅;1|a");
    check(
        "SELECT current_date, now(), localtimestamp",
        "2025-05-01|2025-05-01 03:00:00.123 UTC|2025-05-01 03:00:00.123",
    );
    check(
        "SELECT DATE '2020-01-31' + INTERVAL '1' MONTH, TIMESTAMP '2020-01-01 00:00:00' - INTERVAL '1' SECOND",
        "2020-02-29|2019-12-31 23:59:59.000",
    );
}

#[test]
fn text_and_numbers_never_meet_by_themselves() {
    check(
        "SELECT * FROM text WHERE data > 0.9",
        "TYPE_MISMATCH: line 1:31: Cannot apply operator: varchar < double",
    );
    check(
        "SELECT '1' = 1",
        "TYPE_MISMATCH: line 1:12: Cannot apply operator: varchar(1) = integer",
    );
    check(
        "SELECT 'a' || 1",
        "TYPE_MISMATCH: line 1:12: Cannot apply operator: varchar(1) || integer",
    );
    check(
        "SELECT 1 UNION SELECT 'a'",
        "TYPE_MISMATCH: line 1:10: column 1 in UNION query has incompatible types: integer, varchar(1)",
    );
    check("SELECT try_cast(data AS double) FROM text", "0.95;∅");
}

#[test]
fn what_does_not_exist_is_named_with_its_place() {
    check(
        "SELECT x FROM reading",
        "COLUMN_NOT_FOUND: line 1:8: Column 'x' cannot be resolved or requester is not authorized to access requested resources",
    );
    check(
        "SELECT * FROM nowhere",
        "TABLE_NOT_FOUND: line 1:15: Table 'awsdatacatalog.farm.nowhere' does not exist",
    );
    check(
        "SELECT * FROM no.t",
        "SCHEMA_NOT_FOUND: line 1:15: Schema 'no' does not exist",
    );
    check(
        "SELECT nofunc(1)",
        "FUNCTION_NOT_FOUND: line 1:8: Function 'nofunc' not registered",
    );
    check(
        "SELECT ST_Point(1, 2)",
        "NOT_SUPPORTED: line 1:8: Function st_point is not supported by windfarm",
    );
    check(
        "SELECT n FROM reading GROUP BY turbine",
        "EXPRESSION_NOT_AGGREGATE: line 1:8: 'n' must be an aggregate expression or appear in GROUP BY clause",
    );
    check(
        "SELECT 1 FROM reading WHERE count(*) > 1",
        "EXPRESSION_NOT_SCALAR: line 1:29: WHERE clause cannot contain aggregations, window functions or grouping operations: [count(*)]",
    );
    check(
        "INSERT INTO t VALUES 1",
        "NOT_SUPPORTED: line 1:1: INSERT is not supported by windfarm",
    );
}

#[test]
fn names_ignore_case_and_may_repeat() {
    check(
        "SELECT \"N\", N, r.n FROM Reading R WHERE \"R\".N = 1",
        "1|1|1",
    );
    check(
        "SELECT a.n, b.n FROM reading a JOIN reading b ON a.n = b.n + 1 ORDER BY 1",
        "1|0;2|1;3|2",
    );
    check(
        "WITH t AS (SELECT n, n FROM reading) SELECT n FROM t",
        "AMBIGUOUS_NAME: line 1:45: Column 'n' is ambiguous",
    );
}

#[test]
fn whole_numbers_and_sums_overflow_loudly() {
    check(
        "SELECT 2147483647 + 1",
        "NUMERIC_VALUE_OUT_OF_RANGE: integer addition overflow: 2147483647 + 1",
    );
    check(
        "SELECT n + 9223372036854775807 FROM reading WHERE n = 1",
        "NUMERIC_VALUE_OUT_OF_RANGE: bigint addition overflow: 1 + 9223372036854775807",
    );
    check(
        "SELECT sum(x) FROM (VALUES 9223372036854775807, 1) t(x)",
        "NUMERIC_VALUE_OUT_OF_RANGE: bigint addition overflow",
    );
    check("SELECT 1 / 0", "DIVISION_BY_ZERO: Division by zero");
    check("SELECT 1.0 / 0, 7 / 2, -7 % 3", "Infinity|3|-1");
}

#[test]
fn a_condition_that_guards_an_expression_guards_it() {
    check(
        "SELECT n FROM reading WHERE n <> 0 AND 6 / n > 2 ORDER BY n",
        "1;2",
    );
    check(
        "SELECT n FROM (SELECT n FROM reading WHERE n <> 0) WHERE 6 / n > 2 ORDER BY n",
        "1;2",
    );
    check(
        "SELECT n = 0 OR 6 / n > 2 FROM reading ORDER BY n",
        "true;true;true;false",
    );
    check(
        "SELECT CASE WHEN n = 0 THEN -1 ELSE 6 / n END FROM reading ORDER BY 1",
        "-1;2;3;6",
    );
    check(
        "SELECT if(n <> 0, 6 / n), coalesce(n, 6 / n) FROM reading ORDER BY n",
        "∅|0;6|1;3|2;2|3",
    );
    check("SELECT try(6 / n) FROM reading ORDER BY n", "∅;6;3;2");
    check(
        "SELECT coalesce(try(1 / 0), 5), try(CAST('x' AS integer))",
        "5|∅",
    );
}

#[test]
fn grouping_and_aggregates() {
    check(
        "SELECT turbine, count(*), count(power), sum(n), avg(power), max(at) FROM reading GROUP BY turbine ORDER BY turbine",
        "a|2|2|3|2.0|1970-01-01 00:00:00.002;b|1|0|3|∅|1970-01-01 01:00:00.000;∅|1|1|0|0.0|1970-01-02 00:00:00.000",
    );
    check(
        "SELECT upper(turbine) u, sum(n) + 1 FROM reading WHERE n > 0 GROUP BY upper(turbine) HAVING sum(n) > 0 ORDER BY sum(n), u",
        "A|4;B|4",
    );
    check(
        "SELECT 1 + count(*), max_by(turbine, n), min_by(n, power), count_if(n > 1), approx_distinct(turbine) FROM reading",
        "5|b|0|2|2",
    );
    check(
        "SELECT turbine, grouping(turbine), count(*) FROM reading GROUP BY ROLLUP (turbine) ORDER BY 2, 1",
        "a|0|2;b|0|1;∅|0|1;∅|1|4",
    );
    check("SELECT count(*) FROM reading WHERE false", "0");
    check(
        "SELECT array_agg(n ORDER BY n DESC), array_agg(DISTINCT turbine) FILTER (WHERE turbine = 'a') FROM reading",
        "[3, 2, 1, 0]|[a]",
    );
    check(
        "SELECT avg(DECIMAL '0.5'), sum(DECIMAL '0.5'), avg(CAST(1 AS real)), stddev(1)",
        "0.5|0.5|1.0|∅",
    );
    check(
        "SELECT DISTINCT turbine FROM reading ORDER BY turbine DESC NULLS FIRST",
        "∅;b;a",
    );
}

#[test]
fn windows() {
    check(
        "SELECT n, row_number() OVER (ORDER BY n DESC), lag(n) OVER (ORDER BY n), sum(n) OVER (PARTITION BY turbine ORDER BY n) FROM reading ORDER BY n",
        "0|4|∅|0;1|3|0|1;2|2|1|3;3|1|2|3",
    );
    check(
        "SELECT n, avg(n) OVER (ORDER BY n ROWS BETWEEN 1 PRECEDING AND CURRENT ROW), first_value(n) OVER w FROM reading WINDOW w AS (ORDER BY n DESC) ORDER BY n",
        "0|0.0|3;1|0.5|3;2|1.5|3;3|2.5|3",
    );
    check(
        "SELECT turbine, rank() OVER (ORDER BY count(*) DESC) FROM reading GROUP BY turbine ORDER BY 2, 1",
        "a|1;b|2;∅|2",
    );
}

#[test]
fn joins_set_operations_and_subqueries() {
    check(
        "SELECT a.x, b.y FROM (VALUES 1, 2) a(x) LEFT JOIN (VALUES 2, 3) b(y) ON a.x = b.y ORDER BY 1",
        "1|∅;2|2",
    );
    check(
        "SELECT x, count(*) FROM (VALUES 1, 2) a(x) FULL JOIN (VALUES 2, 3) b(x) USING (x) GROUP BY x ORDER BY x",
        "1|1;2|1;3|1",
    );
    check("SELECT 1 INTERSECT SELECT 1.0", "1.0");
    check("SELECT n FROM reading EXCEPT SELECT 1 ORDER BY 1", "0;2;3");
    check("SELECT NULL INTERSECT SELECT NULL", "∅");
    check(
        "SELECT (SELECT max(n) FROM reading), EXISTS (SELECT 1 WHERE false), 1 IN (SELECT n FROM reading), 9 NOT IN (VALUES 1, NULL)",
        "3|false|true|∅",
    );
    check(
        "SELECT n FROM reading WHERE n IN (SELECT n FROM reading WHERE n > 1) ORDER BY 1",
        "2;3",
    );
    check(
        "SELECT (SELECT n FROM reading)",
        "SUBQUERY_MULTIPLE_ROWS: Scalar sub-query has returned multiple rows",
    );
    check(
        "SELECT r.n FROM reading r WHERE EXISTS (SELECT 1 FROM text WHERE r.n = 1)",
        "1",
    );
    check(
        "SELECT x, y, i FROM (VALUES ARRAY[1, 2], ARRAY[]) t(a) CROSS JOIN UNNEST(a, ARRAY['p']) WITH ORDINALITY u(x, y, i) ORDER BY x, y",
        "1|p|1;2|∅|2;∅|p|1",
    );
    check(
        "SELECT k, v FROM UNNEST(MAP(ARRAY['a', 'b'], ARRAY[1, 2])) AS t(k, v) ORDER BY k",
        "a|1;b|2",
    );
}

#[test]
fn lambdas_see_columns_around_them() {
    check(
        "SELECT transform(ARRAY[1, 2], x -> x * n) FROM reading WHERE n = 3",
        "[3, 6]",
    );
    check(
        "SELECT filter(ARRAY[1, NULL, 3], x -> x > 1), any_match(ARRAY[1, 2], x -> x = 2), reduce(ARRAY[1, 2, 3], 0, (s, x) -> s + x, s -> s * 10)",
        "[3]|true|60",
    );
    check(
        "SELECT transform(ARRAY[ARRAY[1], ARRAY[2, 3]], a -> transform(a, x -> x + cardinality(a)))",
        "[[2], [4, 5]]",
    );
}

#[test]
fn set_operations_keep_duplicates_when_told() {
    check(
        "SELECT * FROM (VALUES 7, 7, 7, 8, NULL, NULL INTERSECT ALL VALUES 7, 7, 9, NULL) ORDER BY 1",
        "7;7;∅",
    );
    check(
        "SELECT * FROM (VALUES (1, 'a'), (1, 'a'), (1, 'b'), (2, NULL) EXCEPT ALL VALUES (1, 'a'), (2, NULL)) ORDER BY 1, 2",
        "1|a;1|b",
    );
    check("VALUES 1 EXCEPT ALL VALUES 1, 1", "");
}

#[test]
fn order_under_distinct_is_of_the_select_list() {
    check(
        "SELECT DISTINCT n % 2 FROM reading ORDER BY n % 2 DESC",
        "1;0",
    );
    check(
        "SELECT DISTINCT n % 2 AS odd FROM reading ORDER BY odd",
        "0;1",
    );
    let refused = "EXPRESSION_NOT_IN_DISTINCT: line 1:1: For SELECT DISTINCT, ORDER BY expressions must appear in select list";
    check("SELECT DISTINCT turbine FROM reading ORDER BY n", refused);
    check(
        "SELECT DISTINCT n, n * 2 FROM reading ORDER BY n * 2",
        refused,
    );
}

#[test]
fn a_list_that_no_row_decides_is_computed_whole() {
    check(
        "SELECT 7 IN (7, 1 / 0)",
        "DIVISION_BY_ZERO: Division by zero",
    );
    check(
        "SELECT 7 NOT IN (7, 1 / 0)",
        "DIVISION_BY_ZERO: Division by zero",
    );
    // For rows the elements that are constants come first.
    check("SELECT n IN (1 / 0, 3) FROM reading WHERE n = 3", "true");
    check("SELECT 7 IN (7, NULL), 7 IN (8, NULL)", "true|∅");
}

#[test]
fn concatenation_that_may_mean_two_things_is_refused() {
    check(
        "SELECT ARRAY[ARRAY[5]] || ARRAY[NULL]",
        "AMBIGUOUS_FUNCTION_CALL: line 1:24: Could not choose a best candidate operator. Explicit type casts must be added.",
    );
    check("SELECT ARRAY[ARRAY[5]] || ARRAY[6]", "[[5], [6]]");
    check(
        "SELECT 4 || ARRAY[5] || 6, ARRAY[ARRAY[5]] || ARRAY[ARRAY[6]]",
        "[4, 5, 6]|[[5], [6]]",
    );
}

#[test]
fn parameters_are_expressions_or_text() {
    check_with("SELECT ? + 1, ?", &["41", "it's"], "42|it's");
    check_with(
        "SELECT ?",
        &[],
        "INVALID_PARAMETER_USAGE: line 1:8: Incorrect number of parameters: expected 1 but found 0",
    );
}

#[test]
fn times() {
    check(
        "SELECT date_trunc('hour', at), date_diff('day', DATE '1970-01-01', day), date_format(at, '%Y-%m-%d %H'), hour(at) FROM reading WHERE n = 3",
        "1970-01-01 01:00:00.000|0|1970-01-01 01|1",
    );
    check(
        "SELECT from_unixtime(0), to_unixtime(TIMESTAMP '1970-01-01 00:00:01'), from_iso8601_timestamp('2025-04-29T03:00:00.5-03:00')",
        "1970-01-01 00:00:00.000 UTC|1.0|2025-04-29 03:00:00.500 -03:00",
    );
    check(
        "SELECT TIMESTAMP '2020-05-01 12:00:00 UTC' AT TIME ZONE 'America/Los_Angeles', TIMESTAMP '2020-01-01 00:00:00 +01:00' = TIMESTAMP '2019-12-31 23:00:00 UTC'",
        "2020-05-01 05:00:00 America/Los_Angeles|true",
    );
}

#[test]
fn output_columns_are_named_as_athena_names_them() {
    let context = PlanContext {
        catalog: "awsdatacatalog",
        database: Some("farm"),
        now: Timestamp::EPOCH,
        parameters: &[],
        ids: &Ids::seeded(Seed::new(7)),
        tables: &Tables,
    };
    let statement =
        parse_statement("SELECT n, n + 1, 'x' AS \"Y\", CAST(1 AS decimal(5, 2)) FROM reading")
            .unwrap();
    let columns: Vec<String> = plan(&statement, &context)
        .unwrap()
        .columns
        .iter()
        .map(|c| {
            format!(
                "{} {} {} {}",
                c.name,
                c.ty.column_info_name(),
                c.ty.precision(),
                c.ty.scale()
            )
        })
        .collect();
    assert_eq!(
        columns,
        [
            "n bigint 19 0",
            "_col1 bigint 19 0",
            "Y varchar 1 0",
            "_col3 decimal 5 2"
        ]
    );
}
