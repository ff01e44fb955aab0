//! What is read, what is refused, and that printing loses nothing.

use proptest::prelude::*;

use super::*;

fn round_trip(sql: &str) {
    let first = parse_statement(sql).unwrap_or_else(|e| panic!("{sql}: {e}"));
    let printed = first.to_string();
    let second = parse_statement(&printed).unwrap_or_else(|e| panic!("{printed}: {e}"));
    assert_eq!(first, second, "{sql}\n{printed}");
}

fn check_error(sql: &str, expected: &str) {
    let error = parse_statement(sql).unwrap_err().to_string();
    assert!(
        error.starts_with(expected),
        "{sql}\n  {error}\n  {expected}"
    );
}

#[test]
fn printing_and_parsing_again_gives_the_same_tree() {
    for sql in [
        "SELECT 1",
        "SELECT a, b AS c, \"D\"\"e\" x FROM t WHERE a <> 1 AND NOT b IS NULL OR c",
        "SELECT -1 + 2 * 3 - (4 - 5), -(-1), a || 'it''s' || b, 1 / 2 % 3",
        "WITH a AS (SELECT 1 x), b (y) AS (TABLE a) SELECT * FROM a, b WHERE x = y",
        "SELECT * FROM a JOIN b ON a.x = b.x LEFT JOIN c USING (x, y) CROSS JOIN d",
        "SELECT * FROM a JOIN (b JOIN c ON true) ON a.x = b.x",
        "SELECT * FROM (SELECT 1 UNION ALL SELECT 2 EXCEPT SELECT 3 INTERSECT SELECT 4) AS t (x)",
        "SELECT * FROM ((SELECT 1) UNION (SELECT 2)) t",
        "SELECT * FROM ((a CROSS JOIN b) CROSS JOIN c)",
        "VALUES (1, 'a'), (2, NULL) ORDER BY 1 DESC NULLS FIRST OFFSET 1 LIMIT 2",
        "SELECT a FROM t ORDER BY a FETCH FIRST 5 ROWS WITH TIES",
        "SELECT x, count(*), sum(DISTINCT y) FILTER (WHERE y > 0) FROM t GROUP BY GROUPING SETS ((x), ()), ROLLUP (a, b), c HAVING count(*) > 1",
        "SELECT row_number() OVER (PARTITION BY a ORDER BY b ROWS BETWEEN 1 PRECEDING AND CURRENT ROW), lag(x) IGNORE NULLS OVER w FROM t WINDOW w AS (ORDER BY z)",
        "SELECT CASE a WHEN 1 THEN 2 ELSE 3 END, CASE WHEN a THEN b END, CAST(a AS decimal(10, 2)), TRY_CAST(b AS array(row(x bigint, y varchar(3))))",
        "SELECT a IN (1, 2), b NOT IN (SELECT 1), c LIKE 'x%' ESCAPE '$', d NOT BETWEEN 1 AND 2, e IS NOT DISTINCT FROM f",
        "SELECT EXISTS (SELECT 1), (SELECT 2), a = ALL (SELECT 3), ARRAY[1, 2][1], r.x.y[2].z, MAP(ARRAY['a'], ARRAY[1])",
        "SELECT DATE '2020-01-01', TIMESTAMP '2020-01-01 00:00:00', DECIMAL '1.50', X'0a FF', INTERVAL -'1' DAY, INTERVAL '1-2' YEAR TO MONTH, 1.5, .5, 1e3",
        "SELECT transform(a, x -> x + 1), reduce(a, 0, (s, x) -> s + x, s -> s), f(() -> 1)",
        "SELECT EXTRACT(YEAR FROM d), d AT TIME ZONE 'UTC', CURRENT_DATE, current_timestamp(3), localtimestamp, trim(BOTH 'x' FROM y), substring(a FROM 1 FOR 2), position('a' IN b)",
        "SELECT t.*, * FROM t CROSS JOIN UNNEST(a, b) WITH ORDINALITY AS u (x, y, n)",
        "SELECT ? + ? LIMIT ?",
        "SELECT CAST(x AS timestamp(3) with time zone), CAST(y AS double precision), CAST(z AS interval day to second)",
        "SELECT offset, limit, \"select\", date, year FROM window",
        "SELECT JSON_VALUE(a, 'lax $.x' PASSING 1 AS \"n\" RETURNING bigint DEFAULT 0 ON EMPTY ERROR ON ERROR), JSON_EXISTS(a FORMAT JSON, 'strict $' UNKNOWN ON ERROR)",
        "SELECT JSON_QUERY(a, 'lax $' RETURNING varbinary FORMAT JSON ENCODING UTF16 WITH CONDITIONAL WRAPPER KEEP QUOTES EMPTY ARRAY ON EMPTY)",
        "SELECT JSON_OBJECT(KEY 'a' VALUE 1, 'b' : x FORMAT JSON ABSENT ON NULL WITH UNIQUE KEYS), JSON_ARRAY(1, y NULL ON NULL RETURNING varchar(10)), JSON_ARRAY()",
        "EXPLAIN SELECT 1",
        "SELECT U&'d\\0061t\\+000061' ;",
    ] {
        round_trip(sql);
    }
}

#[test]
fn errors_name_place_token_and_what_was_expected() {
    check_error(
        "SELEC 1",
        "line 1:1: mismatched input 'SELEC'. Expecting: 'ALTER', 'ANALYZE', 'CALL',",
    );
    check_error(
        "",
        "line 1:1: mismatched input '<EOF>'. Expecting: 'ALTER',",
    );
    check_error(
        "select * from x where from",
        "line 1:23: mismatched input 'from'. Expecting: <expression>",
    );
    check_error(
        "select fuu from dual limit 10 fuu",
        "line 1:31: mismatched input 'fuu'. Expecting: <EOF>",
    );
    check_error(
        "SELECT a = b = c",
        "line 1:14: mismatched input '='. Expecting: ",
    );
    check_error(
        "select `a` from t",
        "line 1:8: backquoted identifiers are not supported; use double quotes to quote identifiers",
    );
    check_error(
        "select 1x from t",
        "line 1:8: identifiers must not start with a digit",
    );
    check_error(
        "SELECT CAST(1 AS",
        "line 1:17: mismatched input '<EOF>'. Expecting: <type>",
    );
    check_error("SELECT 'abc", "line 1:8: mismatched input '''");
    check_error(
        "SELECT X'1'",
        "line 1:8: Binary literal must contain an even number of digits",
    );
}

#[test]
fn deep_nesting_is_refused_and_long_lists_are_not() {
    let deep = format!("SELECT {}1{}", "(".repeat(5_000), ")".repeat(5_000));
    check_error(&deep, "line 1:");
    let chain = format!("SELECT 1{}", " + 1".repeat(5_000));
    check_error(&chain, "line 1:");
    let relations = format!("SELECT * FROM {}a{}", "(".repeat(60), ")".repeat(60));
    let _ = parse_statement(&relations);
    let list = format!("SELECT a IN (1{})", ", 1".repeat(5_000));
    round_trip(&list);
    let ands = format!("SELECT a{}", " AND a".repeat(5_000));
    round_trip(&ands);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn no_text_makes_the_parser_panic(sql in "\\PC{0,60}") {
        let _ = parse_statement(&sql);
    }

    #[test]
    fn no_sequence_of_tokens_makes_the_parser_panic_and_what_parses_prints(
        words in proptest::collection::vec(proptest::sample::select(vec![
            "SELECT", "FROM", "WHERE", "(", ")", ",", ".", "*", "a", "b", "1", "'x'", "1.5", "-", "+",
            "=", "AND", "OR", "NOT", "NULL", "IN", "LIKE", "CASE", "WHEN", "THEN", "END", "CAST", "AS",
            "bigint", "JOIN", "ON", "GROUP", "BY", "ORDER", "UNION", "VALUES", "[", "]", "->", "ARRAY",
            "ROW", "INTERVAL", "DAY", "?", "WITH", "LIMIT", "OVER", "EXISTS", "BETWEEN", "IS", ";",
        ]), 0..24)
    ) {
        let sql = format!("SELECT {}", words.join(" "));
        if let Ok(statement) = parse_statement(&sql) {
            let printed = statement.to_string();
            let again = parse_statement(&printed);
            prop_assert_eq!(again.as_ref(), Ok(&statement), "{}\n{}", sql, printed);
        }
    }
}
