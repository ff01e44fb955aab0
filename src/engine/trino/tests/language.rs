//! Subqueries, LATERAL, recursion, JSON, and aggregates of their own, as whole queries.

use super::check;

fn check_each(cases: &[(&str, &str)]) {
    for (sql, expected) in cases {
        check(sql, expected);
    }
}

#[test]
fn subqueries_look_at_the_rows_around_them() {
    check_each(&[
        (
            "SELECT n, (SELECT count(*) FROM reading i WHERE i.n < o.n) FROM reading o ORDER BY n",
            "0|0;1|1;2|2;3|3",
        ),
        (
            "SELECT n FROM reading o WHERE EXISTS (SELECT 1 FROM reading i WHERE i.n = o.n + 1 AND i.turbine = o.turbine)",
            "1",
        ),
        (
            "SELECT n, n IN (SELECT i.n + 1 FROM reading i WHERE i.n <> o.n - 2) FROM reading o ORDER BY n",
            "0|false;1|true;2|true;3|true",
        ),
        (
            "SELECT n FROM reading o WHERE power = (SELECT max(power) FROM reading i WHERE i.turbine = o.turbine)",
            "2",
        ),
        (
            "SELECT turbine, (SELECT max(i.n) FROM reading i WHERE i.turbine = o.turbine) FROM reading o GROUP BY turbine ORDER BY 1",
            "a|2;b|3;∅|∅",
        ),
        (
            "SELECT (SELECT (SELECT o.n + m.x) FROM (VALUES 10) m(x)) FROM reading o ORDER BY 1",
            "10;11;12;13",
        ),
        (
            "SELECT (SELECT sum(v) FROM UNNEST(a) u(v)), (SELECT array_join(transform(a, x -> x + b), '-')) FROM (VALUES (ARRAY[1, 2], 5), (ARRAY[3], 0)) t(a, b) ORDER BY 1",
            "3|6-7;3|3",
        ),
        (
            "SELECT n FROM reading o WHERE n > (SELECT i.n FROM reading i WHERE i.n < o.n)",
            "SUBQUERY_MULTIPLE_ROWS: Scalar sub-query has returned multiple rows",
        ),
        (
            "SELECT (SELECT o.x) FROM reading o",
            "COLUMN_NOT_FOUND: line 1:16: Column 'o.x' cannot be resolved or requester is not authorized to access requested resources",
        ),
    ]);
}

#[test]
fn comparisons_with_all_and_any_are_three_valued() {
    check_each(&[
        (
            "SELECT 3 > ALL (SELECT n FROM reading WHERE n < 3), 3 >= ANY (VALUES 4, NULL), 3 = SOME (VALUES 3, NULL), 3 <> ALL (VALUES 4, NULL)",
            "true|∅|true|∅",
        ),
        (
            "SELECT 1 < ALL (SELECT 1 WHERE false), 1 < ANY (SELECT 1 WHERE false), NULL = ALL (SELECT 1 WHERE false)",
            "true|false|true",
        ),
        (
            "SELECT n FROM reading o WHERE n >= ALL (SELECT i.n FROM reading i WHERE i.turbine = o.turbine) ORDER BY n",
            "0;2;3",
        ),
        (
            "SELECT nan() IN (VALUES 1e0, nan()), (1, 'a') IN (SELECT n, turbine FROM reading)",
            "false|true",
        ),
    ]);
}

#[test]
fn lateral_relations_look_at_those_before_them() {
    check_each(&[
        (
            "SELECT o.n, l.m FROM reading o CROSS JOIN LATERAL (SELECT i.n m FROM reading i WHERE i.n > o.n ORDER BY i.n LIMIT 1) l ORDER BY 1",
            "0|1;1|2;2|3",
        ),
        (
            "SELECT o.n, l.m FROM reading o LEFT JOIN LATERAL (SELECT i.n m FROM reading i WHERE i.n > o.n ORDER BY i.n LIMIT 1) l ON true ORDER BY 1",
            "0|1;1|2;2|3;3|∅",
        ),
        (
            "SELECT * FROM (VALUES 1, 2) t(a), LATERAL (VALUES a, a * 10) u(b) ORDER BY 2",
            "1|1;2|2;1|10;2|20",
        ),
        (
            "SELECT * FROM (VALUES 1, 2) t(a) LEFT JOIN (VALUES 2, 3) u(b) ON a = b AND b IN (SELECT n FROM reading) ORDER BY 1",
            "1|∅;2|2",
        ),
        (
            "SELECT * FROM (VALUES 1, 0) t(a) LEFT JOIN (VALUES 2) u(b) ON a <> 0 AND b / a = 2 ORDER BY 1",
            "0|∅;1|2",
        ),
    ]);
}

#[test]
fn recursion_goes_ten_steps_deep() {
    check_each(&[
        (
            "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 4) SELECT * FROM t ORDER BY 1",
            "1;2;3;4",
        ),
        (
            "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT max(n) FROM t",
            "NOT_SUPPORTED: Recursion depth limit exceeded (10). Use 'max_recursion_depth' session property to modify the limit.",
        ),
    ]);
}

#[test]
fn json_is_read_cast_and_made() {
    check_each(&[
        (
            "SELECT json_extract_scalar('{\"a\": [1, {\"b\": \"x\"}]}', '$.a[1].b'), json_extract('[1, [2]]', '$[1]'), json_size('[1, 2]', '$')",
            "x|[2]|2",
        ),
        (
            "SELECT JSON '{\"b\": 1, \"a\": 2.50}', json_format(CAST(MAP(ARRAY['k'], ARRAY[ARRAY[1, NULL]]) AS json)), CAST(JSON '[1, \"2\", null]' AS array(bigint))",
            "{\"a\":2.5,\"b\":1}|{\"k\":[1,null]}|[1, 2, null]",
        ),
        (
            "SELECT CAST(json_parse('{\"A\": 1, \"c\": 5}') AS row(a integer, b varchar)), typeof(JSON '1'), JSON '{\"a\":1}' = JSON '{ \"a\" : 1 }'",
            "{a=1, b=null}|json|true",
        ),
        (
            "SELECT JSON_VALUE('[1, 2]', 'strict $[1]' RETURNING bigint), JSON_QUERY('{\"a\": [true]}', 'lax $.a'), JSON_EXISTS('{\"a\": 1}', 'lax $.b')",
            "2|[true]|false",
        ),
        (
            "SELECT JSON_OBJECT('turbine' : turbine, 'power' : power), JSON_ARRAY(n, NULL, 'x') FROM reading WHERE n = 1",
            "{\"turbine\":\"a\",\"power\":1.5}|[1,\"x\"]",
        ),
        (
            "SELECT JSON_VALUE('[...', 'lax $' DEFAULT 'bad' ON ERROR), JSON_VALUE('{}', 'lax $.a' DEFAULT 'none' ON EMPTY)",
            "bad|none",
        ),
        (
            "SELECT json_parse('{')",
            "INVALID_FUNCTION_ARGUMENT: Cannot convert value to JSON: '{'",
        ),
    ]);
}

#[test]
fn aggregates_make_maps_and_texts() {
    check_each(&[
        (
            "SELECT map_agg(n, turbine), multimap_agg(turbine, n), histogram(turbine) FROM (SELECT * FROM reading WHERE n > 0 ORDER BY n)",
            "{1=a, 2=a, 3=b}|{a=[1, 2], b=[3]}|{a=2, b=1}",
        ),
        (
            "SELECT LISTAGG(turbine, ',') WITHIN GROUP (ORDER BY n DESC), max(n, 2), min_by(turbine, n, 2), approx_percentile(n, 0.5e0) FROM reading",
            "b,a,a|[3, 2]|[null, a]|2",
        ),
        (
            "SELECT bitwise_or_agg(n), round(skewness(n), 3), round(regr_slope(n, power), 3) FROM reading",
            "3|0.0|0.789",
        ),
        ("SELECT map_agg(turbine, n) FROM reading WHERE false", "∅"),
    ]);
}

#[test]
fn nested_values_group_and_sort() {
    check_each(&[
        (
            "SELECT a, count(*) FROM (VALUES ARRAY[2], ARRAY[1, 2], ARRAY[2]) t(a) GROUP BY a ORDER BY a",
            "[1, 2]|1;[2]|2",
        ),
        (
            "SELECT DISTINCT r FROM (VALUES ROW(ROW(1, 'a')), ROW(ROW(1, 'a')), ROW(ROW(0, 'b'))) t(r) ORDER BY r DESC",
            "{field0=1, field1=a};{field0=0, field1=b}",
        ),
        (
            "SELECT count(DISTINCT m), array_agg(DISTINCT ARRAY[1]) FROM (VALUES MAP(ARRAY[1, 2], ARRAY[3, 4]), MAP(ARRAY[2, 1], ARRAY[4, 3])) t(m)",
            "1|[[1]]",
        ),
        ("SELECT ARRAY[1] UNION SELECT ARRAY[1]", "[1]"),
    ]);
}

#[test]
fn ranges_are_counted_in_the_sort_key() {
    check_each(&[
        (
            "SELECT n, sum(n) OVER (ORDER BY n RANGE BETWEEN 1 PRECEDING AND CURRENT ROW) FROM reading ORDER BY n",
            "0|0;1|1;2|3;3|5",
        ),
        (
            "SELECT day, count(*) OVER (ORDER BY day RANGE BETWEEN INTERVAL '1' DAY PRECEDING AND INTERVAL '0' DAY FOLLOWING) FROM reading ORDER BY n DESC LIMIT 1",
            "1970-01-01|3",
        ),
        (
            "SELECT n, array_agg(n) OVER (ORDER BY n ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING) FROM reading ORDER BY n",
            "0|[0, 1];1|[0, 1, 2];2|[1, 2, 3];3|[2, 3]",
        ),
        (
            "SELECT sum(n) OVER (ORDER BY n RANGE -1 PRECEDING) FROM reading",
            "INVALID_WINDOW_FRAME: line 1:38: Window frame offset value must not be negative or null",
        ),
    ]);
}

#[test]
fn lambdas_work_on_maps_and_pairs_of_arrays() {
    check_each(&[
        (
            "SELECT map_filter(m, (k, v) -> v > 1), transform_values(m, (k, v) -> k || CAST(v AS varchar)), transform_keys(m, (k, v) -> v) FROM (VALUES MAP(ARRAY['a', 'b'], ARRAY[1, 2])) t(m)",
            "{b=2}|{a=a1, b=b2}|{1=1, 2=2}",
        ),
        (
            "SELECT zip_with(ARRAY[1, 2], ARRAY[3], (x, y) -> coalesce(y, 0) + x), map_zip_with(MAP(ARRAY[1], ARRAY['x']), MAP(ARRAY[2], ARRAY['y']), (k, a, b) -> coalesce(a, b))",
            "[4, 2]|{1=x, 2=y}",
        ),
        (
            "SELECT array_sort(ARRAY[3, 1, 2], (x, y) -> IF(x < y, 1, IF(x > y, -1, 0))), regexp_replace('new york', '(\\w)(\\w*)', x -> upper(x[1]) || x[2])",
            "[3, 2, 1]|New York",
        ),
        (
            "SELECT array_sort(ARRAY[3, 1], (x, y) -> 7)",
            "INVALID_FUNCTION_ARGUMENT: Lambda comparator must return either -1, 0, or 1",
        ),
    ]);
}

#[test]
fn rows_give_their_fields() {
    check_each(&[
        (
            "SELECT r.* FROM (VALUES ROW(CAST(ROW(1, 'x') AS row(a integer, b varchar)))) t(r)",
            "1|x",
        ),
        ("SELECT ROW(1, 2).* AS (p, q)", "1|2"),
        (
            "SELECT (1).*",
            "TYPE_MISMATCH: line 1:8: expected expression of type Row, actual: integer",
        ),
    ]);
}

#[test]
fn numbers_have_bits_and_bases() {
    check_each(&[
        (
            "SELECT bitwise_and(12, 10), bitwise_xor(12, 10), bitwise_left_shift(TINYINT '-128', 1), bit_count(-8, 64), to_base(255, 16), from_base('-ff', 16)",
            "8|6|0|61|ff|-255",
        ),
        (
            "SELECT width_bucket(3.14, 0, 4, 3), width_bucket(1.5, ARRAY[1.0, 2.0]), truncate(DECIMAL '12.345', 1)",
            "3|1|12.300",
        ),
        (
            "SELECT count(DISTINCT uuid()), min(random(1, 2)), max(rand()) < 1 FROM UNNEST(sequence(1, 5)) t(x)",
            "5|1|true",
        ),
    ]);
}
