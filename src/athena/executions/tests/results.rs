//! GetQueryResults: pages, rows, states.

use proptest::prelude::*;

use super::*;

fn texts(response: &GetQueryResultsResponse) -> Vec<Vec<Option<String>>> {
    let rows = response.result_set.as_ref().unwrap().rows.as_ref().unwrap();
    let data = |row: &Row| {
        row.data
            .clone()
            .unwrap()
            .into_iter()
            .map(|d| d.var_char_value)
    };
    rows.iter().map(|row| data(row).collect()).collect()
}

fn columns(response: &GetQueryResultsResponse) -> Vec<ColumnInfo> {
    let metadata = response
        .result_set
        .as_ref()
        .unwrap()
        .result_set_metadata
        .as_ref();
    metadata.unwrap().column_info.clone().unwrap()
}

#[test]
fn fifteen_hundred_rows_come_in_pages_of_1000_and_501() {
    let mut athena = athena();
    let id = ended(
        &mut athena,
        "SELECT n",
        QueryOutcome::Succeeded(numbers(1_500)),
    );
    let first = page(&athena, &id, None, None).unwrap();
    let rows = texts(&first);
    assert_eq!(rows.len(), 1_000);
    assert_eq!(rows[0], [Some("n".to_owned())], "the header counts");
    assert_eq!(rows[999], [Some("998".to_owned())]);
    assert_eq!(first.update_count, Some(0));
    let second = page(&athena, &id, None, first.next_token.as_deref()).unwrap();
    let rows = texts(&second);
    assert_eq!(rows.len(), 501);
    assert_eq!(rows[0], [Some("999".to_owned())]);
    assert_eq!(second.next_token, None);
}

#[test]
fn a_page_that_is_exactly_full_has_a_token_and_an_empty_page_behind_it() {
    let mut athena = athena();
    let id = ended(&mut athena, "SELECT n", QueryOutcome::Succeeded(numbers(4)));
    let first = page(&athena, &id, Some(5), None).unwrap();
    assert_eq!(texts(&first).len(), 5);
    let second = page(&athena, &id, Some(5), first.next_token.as_deref()).unwrap();
    assert!(texts(&second).is_empty());
    assert_eq!(second.next_token, None);
}

proptest! {
    #[test]
    fn pages_of_any_size_hold_every_row_once(count in 0usize..40, size in 1i32..12) {
        let mut athena = athena();
        let id = ended(&mut athena, "SELECT n", QueryOutcome::Succeeded(numbers(count)));
        let mut seen = Vec::new();
        let mut token: Option<String> = None;
        loop {
            let response = page(&athena, &id, Some(size), token.as_deref()).unwrap();
            seen.extend(texts(&response));
            match response.next_token {
                Some(next) => token = Some(next),
                None => break,
            }
        }
        let expected: Vec<_> = std::iter::once("n".to_owned())
            .chain((0..count).map(|n| n.to_string()))
            .map(|text| vec![Some(text)])
            .collect();
        prop_assert_eq!(seen, expected);
    }
}

#[test]
fn a_select_has_the_reply_of_athena() {
    let mut athena = athena();
    let result = QueryResult {
        columns: vec![
            ResultColumn::of("site", "varchar"),
            ResultColumn::of("rpm", "double"),
        ],
        rows: vec![
            vec![Some("north".to_owned()), Some("12.5".to_owned())],
            vec![Some("south".to_owned()), None],
        ],
        ..QueryResult::default()
    };
    let id = ended(
        &mut athena,
        "SELECT site, rpm FROM t",
        QueryOutcome::Succeeded(result),
    );
    let reply = serde_json::to_value(page(&athena, &id, None, None).unwrap()).unwrap();
    let column = |name: &str, of: &str, precision: i64, case: bool| {
        serde_json::json!({"CatalogName": "hive", "SchemaName": "", "TableName": "", "Name": name,
            "Label": name, "Type": of, "Precision": precision, "Scale": 0, "Nullable": "UNKNOWN",
            "CaseSensitive": case})
    };
    assert_eq!(
        reply,
        serde_json::json!({"UpdateCount": 0, "ResultSet": {
            "Rows": [
                {"Data": [{"VarCharValue": "site"}, {"VarCharValue": "rpm"}]},
                {"Data": [{"VarCharValue": "north"}, {"VarCharValue": "12.5"}]},
                {"Data": [{"VarCharValue": "south"}, {}]}],
            "ResultSetMetadata": {"ColumnInfo": [
                column("site", "varchar", 2_147_483_647, true),
                column("rpm", "double", 17, false)]}}})
    );
}

#[test]
fn statements_without_a_table_of_rows_answer_lines_or_a_count() {
    let mut athena = athena();
    let lines = |names: &[&str], rows: &[&[&str]]| QueryResult {
        columns: names
            .iter()
            .map(|name| ResultColumn::hive_string(name))
            .collect(),
        rows: rows
            .iter()
            .map(|row| row.iter().map(|text| Some((*text).to_owned())).collect())
            .collect(),
        ..QueryResult::default()
    };
    let mut check = |sql: &str, result: QueryResult, count: Option<i64>, rows: &[&str]| {
        let id = ended(&mut athena, sql, QueryOutcome::Succeeded(result));
        let reply = page(&athena, &id, None, None).unwrap();
        let rows: Vec<_> = rows
            .iter()
            .map(|text| vec![Some((*text).to_owned())])
            .collect();
        assert_eq!((reply.update_count, texts(&reply)), (count, rows), "{sql}");
        columns(&reply)
            .into_iter()
            .map(|c| format!("{} {}", c.name, c.r#type))
            .collect::<Vec<_>>()
    };
    let shown = check(
        "SHOW TABLES",
        lines(&["tab_name"], &[&["a"], &["b"]]),
        Some(0),
        &["a", "b"],
    );
    assert_eq!(shown, ["tab_name string"]);
    let described = lines(&["col_name", "data_type"], &[&["a", "int"], &["b", "x\ny"]]);
    let shown = check("DESCRIBE t", described, None, &["a\tint", "b\tx", "y"]);
    assert_eq!(shown, ["col_name string", "data_type string"]);
    let plan = QueryResult {
        columns: vec![ResultColumn::of("Query Plan", "varchar")],
        ..lines(&[], &[&["Output\n  Scan"]])
    };
    check(
        "EXPLAIN SELECT 1",
        plan,
        None,
        &["Query Plan", "Output", "  Scan"],
    );
    let written = QueryResult {
        update_count: Some(3),
        ..QueryResult::default()
    };
    assert_eq!(
        check("INSERT", written.clone(), Some(3), &[]),
        ["rows bigint"]
    );
    assert_eq!(check("CTAS", written, Some(3), &[]), ["rows bigint"]);
    assert!(check("CREATE DATABASE x", QueryResult::default(), None, &[]).is_empty());
}

#[test]
fn results_are_there_only_after_success() {
    let mut athena = athena();
    let id = start(&mut athena, 1, "SELECT 1");
    let unfinished = |state: &str| format!("Query has not yet finished. Current state: {state}");
    let code = "INVALID_QUERY_EXECUTION_STATE";
    check_refused(page(&athena, &id, None, None), code, &unfinished("QUEUED"));
    athena.started(Timestamp::from_secs(2), &id);
    check_refused(page(&athena, &id, None, None), code, &unfinished("RUNNING"));
    stop(&mut athena, 3, &id).unwrap();
    check_refused(
        page(&athena, &id, None, None),
        "RESULT_NOT_FOUND",
        "Could not find results",
    );
    let failed = QueryOutcome::Failed(failure("DIVISION_BY_ZERO: Division by zero"));
    let id = ended(&mut athena, "SELECT 1/0", failed);
    check_refused(
        page(&athena, &id, None, None),
        code,
        "Query did not finish successfully. Final query state: FAILED",
    );
}

#[test]
fn a_failed_statement_of_hives_side_answers_an_empty_set() {
    let mut athena = athena();
    let failed = QueryOutcome::Failed(failure("FAILED: Database x already exists"));
    let id = ended(&mut athena, "CREATE DATABASE x", failed);
    let reply = serde_json::to_value(page(&athena, &id, None, None).unwrap()).unwrap();
    assert_eq!(reply, serde_json::json!({"ResultSet": {"Rows": []}}));
}

#[test]
fn checks_come_in_athenas_order() {
    let mut athena = athena();
    let failed = ended(
        &mut athena,
        "SELECT 1/0",
        QueryOutcome::Failed(failure("X: y")),
    );
    let over = ended(&mut athena, "SELECT n", QueryOutcome::Succeeded(numbers(5)));
    check_refused(
        page(&athena, "absent", Some(1_001), Some("x")),
        "QUERY_EXECUTION_NOT_FOUND",
        "QueryExecution absent was not found",
    );
    check_refused(
        page(&athena, &failed, Some(1_001), Some("x")),
        "INVALID_INPUT",
        "MaxResults is more than maximum allowed length 1000",
    );
    check_refused(
        page(&athena, &failed, None, Some("x")),
        "INVALID_QUERY_EXECUTION_STATE",
        "Query did not finish successfully. Final query state: FAILED",
    );
    check_refused(
        page(&athena, &over, None, Some("x")),
        "INVALID_INPUT",
        "Malformed nextPageToken x",
    );
    // Another execution's token is no token here.
    let other = ended(&mut athena, "SELECT n", QueryOutcome::Succeeded(numbers(5)));
    let token = page(&athena, &other, Some(2), None)
        .unwrap()
        .next_token
        .unwrap();
    check_refused(
        page(&athena, &over, None, Some(&token)),
        "INVALID_INPUT",
        &format!("Malformed nextPageToken {token}"),
    );
    // With nothing to hand out the token is not looked at.
    let empty = ended(
        &mut athena,
        "SHOW TABLES",
        QueryOutcome::Succeeded(QueryResult::default()),
    );
    assert!(texts(&page(&athena, &empty, None, Some("x")).unwrap()).is_empty());
}
