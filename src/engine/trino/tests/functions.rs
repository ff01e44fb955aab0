//! Functions and conversions, a table an area.

use super::check;

fn check_each(cases: &[(&str, &str)]) {
    for (expression, expected) in cases {
        check(&format!("SELECT {expression}"), expected);
    }
}

#[test]
fn texts() {
    check_each(&[
        (
            "upper('Rotor'), lower('ROTOR'), length('größe')",
            "ROTOR|rotor|5",
        ),
        (
            "substr('powerfactor', 6), substr('powerfactor', -6, 3), substr('ab', 0)",
            "factor|fac|",
        ),
        ("split_part('a/b/c', '/', 2), split('a,b', ',')", "b|[a, b]"),
        ("trim('  x '), ltrim('  x'), rtrim('x  ')", "x|x|x"),
        ("lpad('7', 3, '0'), rpad('7', 3, '-')", "007|7--"),
        (
            "replace('a-b-c', '-'), concat('a', 'b', 'c'), 'a' || 'b'",
            "abc|abc|ab",
        ),
        (
            "concat_ws('-', 'a', NULL, 'b'), concat_ws('-', ARRAY['x', NULL, 'y'])",
            "a-b|x-y",
        ),
        (
            "strpos('turbine', 'b'), starts_with('turbine', 'tur')",
            "4|true",
        ),
        (
            "'turbine_1' LIKE 'turbine$_%' ESCAPE '$', 'turbineX' LIKE 'turbine_'",
            "true|true",
        ),
        (
            "to_hex(md5(to_utf8('a')))",
            "0CC175B9C0F1B6A831C399E269772661",
        ),
        (
            "CAST('ab' AS char(4)) || 'x', typeof(CAST('a' AS char(2)) || CAST('b' AS char(3)))",
            "ab  x|char(5)",
        ),
    ]);
}

#[test]
fn regular_expressions() {
    check_each(&[
        (
            "regexp_like('sensor-12', '\\d+'), regexp_extract('sensor-12', '(\\w+)-(\\d+)', 2)",
            "true|12",
        ),
        (
            "regexp_replace('a1b22', '\\d+', '#'), regexp_replace('ab', '(a)(b)', '$2$1')",
            "a#b#|ba",
        ),
        (
            "regexp_replace('wx', '(?<w>w)|(?<x>x)', '[${w}${x}]')",
            "[w][x]",
        ),
        (
            "regexp_extract_all('1a2b', '\\d'), regexp_split('a1b2c', '\\d'), regexp_count('aXbX', 'X')",
            "[1, 2]|[a, b, c]|2",
        ),
        (
            "regexp_like('ab', 'a(?=b)')",
            "NOT_SUPPORTED: Regular expression construct (?= is not supported by windfarm",
        ),
    ]);
}

#[test]
fn numbers() {
    check_each(&[
        (
            "round(2.5), round(-2.5), round(1.005, 2), truncate(-1.7), ceil(1.2), floor(-1.2)",
            "3.0|-3.0|1.0|-1.0|2.0|-2.0",
        ),
        (
            "round(DECIMAL '2.45', 1), abs(-3), sign(-2.5), mod(-7, 3)",
            "2.50|3|-1.0|-1",
        ),
        (
            "greatest(1, 3, 2), least('b', 'a'), greatest(1, NULL)",
            "3|a|∅",
        ),
        (
            "power(2, 10), sqrt(2.25), ln(e()), log10(1000)",
            "1024.0|1.5|1.0|3.0",
        ),
        (
            "DECIMAL '1.10' + DECIMAL '2.205', DECIMAL '10' / DECIMAL '3'",
            "3.305|3",
        ),
        ("infinity() - infinity(), 1 / 2, 1.0 / 2", "NaN|0|0.5"),
        (
            "nan() = nan(), nan() <> nan(), nan() < 1, nan() IS DISTINCT FROM nan()",
            "false|true|false|false",
        ),
    ]);
}

#[test]
fn conversions() {
    check_each(&[
        (
            "CAST('12' AS bigint), CAST(2.5 AS integer), CAST(1 AS varchar), CAST(true AS integer)",
            "12|3|1|1",
        ),
        (
            "CAST(REAL '12345678.9' AS varchar), CAST(0.1 AS varchar)",
            "1.234568E7|1.0E-1",
        ),
        (
            "CAST(1.2 AS varchar(3))",
            "INVALID_CAST_ARGUMENT: Value 1.2 (1.2E0) cannot be represented as varchar(3)",
        ),
        (
            "CAST('x' AS double)",
            "INVALID_CAST_ARGUMENT: Cannot cast 'x' to DOUBLE",
        ),
        ("try_cast('x' AS double), try_cast('300' AS tinyint)", "∅|∅"),
        (
            "CAST(DATE '2025-04-30' AS timestamp), CAST('2025-04-30 14:35:00.775222' AS timestamp)",
            "2025-04-30 00:00:00.000|2025-04-30 14:35:00.775",
        ),
        (
            "CAST(ARRAY['1', '2'] AS array(integer)), CAST(MAP(ARRAY['a'], ARRAY[1]) AS map(varchar, double))",
            "[1, 2]|{a=1.0}",
        ),
        (
            "TIMESTAMP 'soon'",
            "INVALID_LITERAL: line 1:8: 'soon' is not a valid timestamp literal",
        ),
        (
            "INTERVAL '1x' DAY",
            "INVALID_LITERAL: line 1:8: '1x' is not a valid interval literal",
        ),
        (
            "DATE '2025-04-30' = '2025-04-30'",
            "TYPE_MISMATCH: line 1:26: Cannot apply operator: date = varchar(10)",
        ),
        (
            "CAST('10.0.0.1' AS ipaddress), CAST(1 AS geometry)",
            "NOT_SUPPORTED: line 1:49: Type geometry is not supported by windfarm",
        ),
    ]);
}

#[test]
fn dates_and_times() {
    check_each(&[
        (
            "date_trunc('week', DATE '2025-04-30'), date_trunc('quarter', TIMESTAMP '2025-05-31 10:20:30')",
            "2025-04-28|2025-04-01 00:00:00",
        ),
        (
            "date_add('month', 1, DATE '2025-01-31'), date_diff('hour', TIMESTAMP '2025-04-29 23:00:00', TIMESTAMP '2025-04-30 01:30:00')",
            "2025-02-28|2",
        ),
        (
            "year(DATE '2025-04-30'), day_of_week(DATE '2025-04-30'), week(DATE '2025-01-01'), EXTRACT(DOY FROM DATE '2025-02-01')",
            "2025|3|1|32",
        ),
        (
            "date_format(TIMESTAMP '2025-04-30 14:35:07', '%d/%m/%y %T'), date_parse('2025-04-30', '%Y-%m-%d')",
            "30/04/25 14:35:07|2025-04-30 00:00:00.000",
        ),
        (
            "TIMESTAMP '2025-03-30 02:30:00' AT TIME ZONE 'Europe/Lisbon'",
            "2025-03-30 03:30:00 Europe/Lisbon",
        ),
        (
            "TIMESTAMP '2025-04-30 00:00:00' - TIMESTAMP '2025-04-28 22:00:00', INTERVAL '1' DAY * DECIMAL '1.5'",
            "1 02:00:00.000|1 12:00:00.000",
        ),
        ("from_unixtime(0, 1, 30)", "1970-01-01 01:30:00.000 +01:30"),
    ]);
}

#[test]
fn sequences() {
    check_each(&[
        (
            "sequence(1, 4), sequence(5, 1, -2)",
            "[1, 2, 3, 4]|[5, 3, 1]",
        ),
        (
            "sequence(DATE '2025-01-31', DATE '2025-04-30', INTERVAL '1' MONTH)",
            "[2025-01-31, 2025-02-28, 2025-03-31, 2025-04-30]",
        ),
        (
            "sequence(TIMESTAMP '2025-04-30 00:00:00', TIMESTAMP '2025-04-30 00:20:00', INTERVAL '10' MINUTE)",
            "[2025-04-30 00:00:00, 2025-04-30 00:10:00, 2025-04-30 00:20:00]",
        ),
        (
            "sequence(1, 3, 0)",
            "INVALID_FUNCTION_ARGUMENT: step must not be zero",
        ),
        (
            "cardinality(sequence(1, 10001))",
            "INVALID_FUNCTION_ARGUMENT: result of sequence function must not have more than 10000 entries",
        ),
    ]);
    check(
        "SELECT day, count(n) FROM UNNEST(sequence(DATE '1970-01-01', DATE '1970-01-03')) AS s(spine) LEFT JOIN reading ON day = spine GROUP BY day ORDER BY 1",
        "1970-01-01|3;1970-01-02|1;∅|0",
    );
}

#[test]
fn arrays_maps_and_rows() {
    check_each(&[
        (
            "ARRAY[1, 2, 3][2], element_at(ARRAY[1], 5), cardinality(ARRAY[1, NULL])",
            "2|∅|2",
        ),
        (
            "ARRAY[1][2]",
            "INVALID_FUNCTION_ARGUMENT: Array subscript must be less than or equal to array length: 2 > 1",
        ),
        (
            "ARRAY[1]['a']",
            "TYPE_MISMATCH: line 1:8: Cannot use varchar(1) for subscript of array(integer)",
        ),
        (
            "contains(ARRAY[1, 2], 2), array_distinct(ARRAY[1, 1, 2]), array_join(ARRAY[1, 2], '-')",
            "true|[1, 2]|1-2",
        ),
        (
            "MAP(ARRAY['a', 'b'], ARRAY[1, 2])['b'], map_keys(MAP(ARRAY['a'], ARRAY[1]))",
            "2|[a]",
        ),
        (
            "CAST(ROW(1, 2) AS row(x integer, y integer)).y, ROW(1, 'a')[2]",
            "2|a",
        ),
        (
            "ROW(1, 2) = ROW(1, 2), ARRAY[1, NULL] = ARRAY[1, 2]",
            "true|∅",
        ),
        ("(SELECT 1, 2)", "{field0=1, field1=2}"),
    ]);
}

#[test]
fn floats_group_and_sort_by_value() {
    let numbers = "(VALUES 0e0, -0e0, nan(), 0e0 / 0e0, 1e0) t(x)";
    check(
        &format!("SELECT x, count(*) FROM {numbers} GROUP BY x ORDER BY x"),
        "0.0|2;1.0|1;NaN|2",
    );
    check(&format!("SELECT count(DISTINCT x) FROM {numbers}"), "3");
    check(
        &format!("SELECT DISTINCT x FROM {numbers} ORDER BY x DESC"),
        "NaN;1.0;0.0",
    );
    check("SELECT -0e0 UNION SELECT 0e0", "0.0");
    check(&format!("SELECT min(x), max(x) FROM {numbers}"), "0.0|1.0");
}

#[test]
fn lambdas_that_differ_in_a_type_alone_are_different() {
    check(
        "SELECT transform(a, x -> CAST(CAST(x AS integer) AS varchar)), transform(a, x -> CAST(CAST(x AS double) AS varchar)) FROM (VALUES ARRAY[1.5]) t(a)",
        "[2]|[1.5E0]",
    );
    check(
        "SELECT cardinality(filter(a, x -> x > 0)), count(*) FROM (VALUES ARRAY[1, 2], ARRAY[3, 0, 4]) t(a) GROUP BY cardinality(filter(a, x -> x > 0))",
        "2|2",
    );
}

#[test]
fn what_is_not_built_says_so() {
    for (sql, expected) in [
        (
            "SELECT * FROM reading MATCH_RECOGNIZE (PATTERN (A) DEFINE A AS true)",
            "line 1:23: MATCH_RECOGNIZE is not supported by windfarm",
        ),
        (
            "SELECT sum(n) OVER (ORDER BY n ROWS BETWEEN 1 PRECEDING AND 2 PRECEDING) FROM reading",
            "NOT_SUPPORTED: line 1:32: A window frame that ends before it starts is not supported by windfarm",
        ),
        (
            "SELECT tdigest_agg(power) FROM reading",
            "NOT_SUPPORTED: line 1:8: Function tdigest_agg is not supported by windfarm",
        ),
        (
            "SELECT n FROM reading TABLESAMPLE BERNOULLI (10)",
            "NOT_SUPPORTED: line 1:35: TABLESAMPLE is not supported by windfarm",
        ),
    ] {
        check(sql, expected);
    }
}

#[test]
fn whole_columns_answer_as_single_values_do() {
    // The same calls on a column and on constants take different ways.
    check(
        "SELECT date_trunc('minute', at), date_trunc('DAY', at), date_trunc('week', at), hour(at), day(at), millisecond(at) FROM reading ORDER BY at",
        "1970-01-01 00:00:00.000|1970-01-01 00:00:00.000|1969-12-29 00:00:00.000|0|1|0;1970-01-01 00:00:00.000|1970-01-01 00:00:00.000|1969-12-29 00:00:00.000|0|1|2;1970-01-01 01:00:00.000|1970-01-01 00:00:00.000|1969-12-29 00:00:00.000|1|1|0;1970-01-02 00:00:00.000|1970-01-02 00:00:00.000|1969-12-29 00:00:00.000|0|2|0",
    );
    check(
        "SELECT date_trunc('hour', TIMESTAMP '1969-12-31 23:30:00.500'), date_trunc('fortnight', at) FROM reading LIMIT 1",
        "INVALID_FUNCTION_ARGUMENT: 'fortnight' is not a valid TIMESTAMP field",
    );
    check(
        "SELECT CAST(data AS varchar(3)), try_cast(data AS double), try_cast(data AS bigint), data LIKE '0%', data LIKE data FROM text",
        "0.9|0.95|∅|true|true;x|∅|∅|false|true",
    );
    check(
        "SELECT CAST(data AS double) FROM text",
        "INVALID_CAST_ARGUMENT: Cannot cast 'x' to DOUBLE",
    );
}

#[test]
fn what_athena_adds_to_tables_is_refused_by_name() {
    check(
        "SELECT \"$path\" FROM reading",
        "NOT_SUPPORTED: line 1:8: Hidden column \"$path\" is not supported by windfarm",
    );
}
