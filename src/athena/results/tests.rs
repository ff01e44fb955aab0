//! Result files against bytes and lengths measured on live Athena (2026-09).

use proptest::prelude::*;

use super::*;
use crate::base::{Call, Timestamp};

const ID: &str = "5f9c2a1e-6a53-4f3c-9d4e-0123456789ab";
/// As long as every engine id is: 27 characters.
const ENGINE_ID: &str = "20260917_085344_00007_k6s5b";

/// The order of a statement such as `DML SELECT`.
fn order(kind: &str) -> QueryOrder {
    let (statement_type, substatement) = kind.split_once(' ').unwrap();
    let class = Classification {
        statement_type: statement_type.to_owned(),
        substatement_type: Some(substatement.to_owned()),
        hive: statement_type != "DML" && substatement != "CREATE_TABLE_AS_SELECT",
        literal: false,
    };
    let folder = S3Uri::parse("s3://results/athena").unwrap();
    QueryOrder {
        id: ID.to_owned(),
        engine_id: ENGINE_ID.to_owned(),
        sql: String::new(),
        statement: String::new(),
        is_location_enforced: false,
        reuse: None,
        output_location: object(&folder, &class, ID),
        output_folder: folder,
        class,
        database: None,
        catalog: None,
        parameters: Vec::new(),
        work_group: "primary".to_owned(),
        scan_limit_bytes: None,
        submitted: Timestamp::EPOCH,
        call: Call::root(Timestamp::EPOCH),
    }
}

fn result(columns: &[(&str, &str)], rows: &[&[Option<&str>]]) -> QueryResult {
    QueryResult {
        columns: columns
            .iter()
            .map(|(name, of)| ResultColumn::of(name, of))
            .collect(),
        rows: rows
            .iter()
            .map(|row| row.iter().map(|value| value.map(str::to_owned)).collect())
            .collect(),
        ..QueryResult::default()
    }
}

/// File names behind `s3://results/athena/`, with their bodies' lengths.
fn names(order: &QueryOrder, result: &QueryResult) -> Vec<(String, usize)> {
    files(order, result)
        .into_iter()
        .map(|file| {
            let name = file.uri.key.strip_prefix("athena/").unwrap().to_owned();
            (name.replace(ID, "<id>"), file.body.len())
        })
        .collect()
}

#[track_caller]
fn check_names(kind: &str, result: &QueryResult, expected: &[(&str, usize)]) {
    let expected: Vec<_> = expected
        .iter()
        .map(|(name, len)| ((*name).to_owned(), *len))
        .collect();
    assert_eq!(names(&order(kind), result), expected, "{kind}");
}

#[track_caller]
fn check_csv(result: &QueryResult, expected: &str) {
    let files = files(&order("DML SELECT"), result);
    assert_eq!(std::str::from_utf8(&files[0].body).unwrap(), expected);
}

#[test]
fn select_1_has_the_bytes_of_athena() {
    let one = result(&[("_col0", "integer")], &[&[Some("1")]]);
    let files = files(&order("DML SELECT"), &one);
    assert_eq!(&files[0].body[..], b"\"_col0\"\n\"1\"\n");
    assert_eq!(files[0].body.len(), 12);
    assert_eq!(
        files[0].uri.to_string(),
        format!("s3://results/athena/{ID}.csv")
    );
    let mut expected = vec![0x0a, 27];
    expected.extend(ENGINE_ID.as_bytes());
    expected.extend([0x22, 37, 0x0a, 4]);
    expected.extend(b"hive\x22\x05_col0\x2a\x05_col0\x32\x07integer");
    expected.extend([0x38, 10, 0x40, 0, 0x48, 3, 0x50, 0]);
    assert_eq!(&files[1].body[..], &expected[..]);
    assert_eq!(files[1].body.len(), 68);
    assert_eq!(
        files[1].uri.to_string(),
        format!("s3://results/athena/{ID}.csv.metadata")
    );
    assert!(
        files
            .iter()
            .all(|file| file.content_type == "application/octet-stream")
    );
}

#[test]
fn a_select_of_literals_alone_is_named_by_its_execution() {
    let mut order = order("DML SELECT");
    order.class.literal = true;
    let files = files(&order, &result(&[("_col0", "integer")], &[&[Some("1")]]));
    // Measured: 81 bytes, an empty kind of update and a count of 0.
    assert_eq!(files[1].body.len(), 81);
    assert_eq!(&files[1].body[2..38], ID.as_bytes());
    assert_eq!(&files[1].body[38..42], [0x12, 0, 0x18, 0]);
    assert!(
        files
            .iter()
            .all(|file| file.content_type == "binary/octet-stream")
    );
}

#[test]
fn metadata_has_the_lengths_measured_on_athena() {
    let metadata_length = |kind: &str, columns: &[(&str, &str)], count: Option<i64>| {
        let result = QueryResult {
            update_count: count,
            ..result(columns, &[])
        };
        names(&order(kind), &result).pop().unwrap().1
    };
    for (columns, length) in [
        (&[("i", "integer")][..], 60),
        (&[("n", "integer"), ("s", "varchar")], 95),
        (&[("v", "varbinary")], 66),
        (&[("v", "array(varbinary)")], 52),
        (&[("v", "map(varchar(1), varbinary)")], 50),
        (&[("v", "row(b varbinary)")], 50),
        (
            &[
                ("ts", "timestamp(3)"),
                ("tstz", "timestamp(3) with time zone"),
                ("t", "time(3)"),
                ("ttz", "time(3) with time zone"),
                ("iv_ds", "interval day to second"),
                ("iv_ym", "interval year to month"),
                ("u", "uuid"),
                ("ip", "ipaddress"),
            ],
            344,
        ),
    ] {
        assert_eq!(
            metadata_length("DML SELECT", columns, None),
            length,
            "{columns:?}"
        );
    }
    for (kind, length) in [
        ("DML INSERT", 75),
        ("DML UPDATE", 75),
        ("DML DELETE", 75),
        ("DML MERGE", 74),
        ("DDL CREATE_TABLE_AS_SELECT", 81),
    ] {
        assert_eq!(metadata_length(kind, &[], Some(1)), length, "{kind}");
        assert_eq!(
            metadata_length(kind, &[], Some(0)),
            length,
            "{kind} of nothing"
        );
    }
    assert_eq!(
        metadata_length("DML EXPLAIN", &[("Query Plan", "varchar(371)")], None),
        79
    );
    for (kind, names_of_columns, length) in [
        (
            "UTILITY DESCRIBE_TABLE",
            &["col_name", "data_type", "comment"][..],
            152,
        ),
        ("UTILITY SHOW_CREATE_TABLE", &["createtab_stmt"], 88),
    ] {
        let columns = names_of_columns
            .iter()
            .copied()
            .map(ResultColumn::hive_string);
        let result = QueryResult {
            columns: columns.collect(),
            ..QueryResult::default()
        };
        assert_eq!(
            names(&order(kind), &result).pop().unwrap().1,
            length,
            "{kind}"
        );
    }
}

#[test]
fn a_merge_that_changed_nothing_says_so() {
    let result = QueryResult {
        update_count: Some(0),
        ..QueryResult::default()
    };
    let files = files(&order("DML MERGE"), &result);
    let expected =
        b"\x12\x05MERGE\x18\x00\x22\x22\x0a\x04hive\x22\x04rows\x2a\x04rows\x32\x06bigint\
        \x38\x13\x40\x00\x48\x03\x50\x00";
    assert_eq!(&files[0].body[29..], &expected[..]);
}

#[test]
fn csv_quotes_everything_but_null() {
    check_csv(
        &result(
            &[("site", "varchar"), ("rpm", "double")],
            &[&[Some("north"), Some("12.5")], &[Some("south"), None]],
        ),
        "\"site\",\"rpm\"\n\"north\",\"12.5\"\n\"south\",\n",
    );
    check_csv(
        &result(
            &[("a\"b", "varchar")],
            &[&[Some("")], &[None], &[Some("x\"\"y,\nz\"")]],
        ),
        "\"a\"\"b\"\n\"\"\n\n\"x\"\"\"\"y,\nz\"\"\"\n",
    );
    check_csv(&result(&[("i", "integer")], &[]), "\"i\"\n");
}

#[test]
fn every_statement_writes_where_athena_does() {
    let columns = result(&[("a", "integer")], &[&[Some("1")]]);
    check_names(
        "DML SELECT",
        &columns,
        &[("<id>.csv", 8), ("<id>.csv.metadata", 60)],
    );
    check_names(
        "UTILITY SHOW_FUNCTIONS",
        &columns,
        &[("<id>.csv", 8), ("<id>.csv.metadata", 69)],
    );
    let shown = QueryResult {
        columns: vec![ResultColumn::hive_string("tab_name")],
        rows: vec![vec![Some("a".to_owned())], vec![Some("b".to_owned())]],
        ..QueryResult::default()
    };
    check_names(
        "UTILITY SHOW_TABLES",
        &shown,
        &[("<id>.txt", 3), ("<id>.txt.metadata", 76)],
    );
    check_names(
        "DDL CREATE_DATABASE",
        &QueryResult::default(),
        &[("<id>.txt", 0)],
    );
    let mut written = QueryResult {
        update_count: Some(2),
        written: vec![S3Uri::parse("s3://lake/t/1.parquet").unwrap()],
        ..QueryResult::default()
    };
    check_names(
        "DML INSERT",
        &written,
        &[("<id>.metadata", 75), ("<id>-manifest.csv", 22)],
    );
    check_names(
        "DDL CREATE_TABLE_AS_SELECT",
        &written,
        &[
            ("tables/<id>.metadata", 81),
            ("tables/<id>-manifest.csv", 22),
        ],
    );
    written.written.clear();
    check_names("DML INSERT", &written, &[("<id>.metadata", 75)]);
    check_names("DML DELETE", &written, &[("<id>.csv.metadata", 75)]);
}

#[test]
fn text_is_lines_without_an_end_and_explain_has_its_name() {
    let body = |kind: &str, result: &QueryResult| {
        let files = files(&order(kind), result);
        (
            String::from_utf8(files[0].body.to_vec()).unwrap(),
            files[0].content_type,
        )
    };
    let properties = result(
        &[("prpt_name", "varchar"), ("prpt_value", "varchar")],
        &[
            &[Some("EXTERNAL"), Some("TRUE")],
            &[Some("note"), Some("xa\tb\ncy")],
        ],
    );
    assert_eq!(
        body("UTILITY SHOW_TABLE_PROPERTIES", &properties),
        (
            "EXTERNAL\tTRUE\nnote\txa\tb\ncy".to_owned(),
            "binary/octet-stream"
        )
    );
    let plan = result(
        &[("Query Plan", "varchar")],
        &[&[Some("Output\n  Scan\n\n")]],
    );
    assert_eq!(
        body("DML EXPLAIN", &plan),
        (
            "Query Plan\nOutput\n  Scan\n\n".to_owned(),
            "application/octet-stream"
        )
    );
}

#[test]
fn a_failed_statement_of_hives_side_leaves_its_reason() {
    let reason = "FAILED: SemanticException [Error 10072]: Database does not exist: x";
    let file = failure_file(&order("UTILITY SHOW_TABLES"), reason).unwrap();
    assert_eq!(&file.body[..], reason.as_bytes());
    assert_eq!(file.uri.key, format!("athena/{ID}.txt"));
    for kind in [
        "DML SELECT",
        "DML INSERT",
        "DDL CREATE_TABLE_AS_SELECT",
        "DML EXPLAIN",
    ] {
        assert_eq!(failure_file(&order(kind), reason), None, "{kind}");
    }
}

#[test]
fn columns_are_reported_as_athena_does() {
    for (trino, name, precision, scale, case) in [
        ("tinyint", "tinyint", 3, 0, false),
        ("real", "float", 17, 0, false),
        ("double", "double", 17, 0, false),
        ("decimal(10, 2)", "decimal", 10, 2, false),
        ("varchar", "varchar", 2_147_483_647, 0, true),
        ("varchar(7)", "varchar", 7, 0, true),
        ("char(36)", "char", 36, 0, true),
        ("varbinary", "varbinary", 1_073_741_824, 0, false),
        ("timestamp(6)", "timestamp", 3, 0, false),
        (
            "timestamp(3) with time zone",
            "timestamp with time zone",
            3,
            0,
            false,
        ),
        ("time with time zone", "time with time zone", 3, 0, false),
        ("date", "date", 0, 0, false),
        ("boolean", "boolean", 0, 0, false),
        ("array(timestamp(3) with time zone)", "array", 0, 0, false),
        ("row(a integer)", "row", 0, 0, false),
        ("json", "json", 0, 0, false),
    ] {
        let column = ResultColumn::of("c", trino);
        let found = (column.type_name.as_str(), column.precision, column.scale);
        assert_eq!(found, (name, precision, scale), "{trino}");
        assert_eq!(column.case_sensitive, case, "{trino}");
    }
}

proptest! {
    /// Another reader's view: any values come back from the CSV as they were, NULL told from empty
    /// text by its missing quotes.
    #[test]
    fn any_rows_survive_the_csv(rows in prop::collection::vec(
        prop::collection::vec(prop::option::of("[a\",\n\r\t é]{0,6}"), 2), 0..8)
    ) {
        let result = QueryResult {
            rows: rows.clone(),
            ..result(&[("a", "varchar"), ("b", "varchar")], &[])
        };
        let files = files(&order("DML SELECT"), &result);
        let text = std::str::from_utf8(&files[0].body).unwrap();
        let mut read = read_csv(text);
        prop_assert_eq!(read.remove(0), vec![Some("a".to_owned()), Some("b".to_owned())]);
        prop_assert_eq!(read, rows);
    }
}

/// A reader of the dialect, character by character.
fn read_csv(text: &str) -> Vec<Vec<Option<String>>> {
    let mut rows = Vec::new();
    let mut row = Vec::new();
    let mut value: Option<String> = None;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' => {
                let mut inner = String::new();
                loop {
                    match chars.next().unwrap() {
                        '"' if chars.peek() == Some(&'"') => {
                            chars.next();
                            inner.push('"');
                        }
                        '"' => break,
                        c => inner.push(c),
                    }
                }
                value = Some(inner);
            }
            ',' => row.push(value.take()),
            '\n' => {
                row.push(value.take());
                rows.push(std::mem::take(&mut row));
            }
            other => panic!("{other:?} outside quotes"),
        }
    }
    rows
}

proptest! {
    /// A reader that knows protobuf and not our writer finds every column again.
    #[test]
    fn any_columns_survive_the_metadata(
        columns in prop::collection::vec(("[a-zé ]{0,200}", 0..4usize), 0..6),
        count in prop::option::of(0i64..),
    ) {
        const TYPES: [&str; 4] = ["varchar(300)", "decimal(38,9)", "date", "map(varchar, bigint)"];
        let result = QueryResult {
            columns: columns.iter().map(|(name, of)| ResultColumn::of(name, TYPES[*of])).collect(),
            update_count: count,
            ..QueryResult::default()
        };
        let written = result.columns.clone();
        let message = fields(&metadata::encode(&order("DML SELECT"), &written, count));
        prop_assert_eq!(&message[0], &(1, Field::Bytes(ENGINE_ID.into())));
        prop_assert_eq!(message.len(), 1 + written.len(), "a SELECT has no count");
        for (column, (field, value)) in written.iter().zip(&message[1..]) {
            let Field::Bytes(bytes) = value else { panic!("a column is a message") };
            prop_assert_eq!(*field, 4);
            let members = fields(bytes);
            let get = |wanted: u64| members.iter().find(|(field, _)| *field == wanted);
            let name = Field::Bytes(column.name.clone().into());
            prop_assert_eq!(get(4).map(|(_, value)| value), Some(&name));
            prop_assert_eq!(get(5).map(|(_, value)| value), Some(&name));
            let typed = Field::Bytes(column.type_name.clone().into());
            prop_assert_eq!(get(6).map(|(_, value)| value), Some(&typed));
            if let Some((_, value)) = get(7) {
                prop_assert_eq!(value, &Field::Number(u64::try_from(column.precision).unwrap()));
            }
        }
        let message = fields(&metadata::encode(&order("DML INSERT"), &[], count));
        let changed = u64::try_from(count.unwrap_or(0)).unwrap();
        prop_assert_eq!(&message[1..], &[
            (2, Field::Bytes("INSERT".into())),
            (3, Field::Number(changed)),
        ]);
    }
}

#[derive(Debug, PartialEq)]
enum Field {
    Number(u64),
    Bytes(Vec<u8>),
}

/// The fields of a protobuf message in order.
fn fields(mut bytes: &[u8]) -> Vec<(u64, Field)> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let tag = varint(&mut bytes);
        let number = varint(&mut bytes);
        let value = match tag & 7 {
            0 => Field::Number(number),
            2 => {
                let (value, rest) = bytes.split_at(usize::try_from(number).unwrap());
                bytes = rest;
                Field::Bytes(value.to_vec())
            }
            other => panic!("wire type {other}"),
        };
        found.push((tag >> 3, value));
    }
    found
}

fn varint(bytes: &mut &[u8]) -> u64 {
    let length = bytes.iter().position(|byte| byte & 0x80 == 0).unwrap() + 1;
    let (number, rest) = bytes.split_at(length);
    *bytes = rest;
    number
        .iter()
        .rev()
        .fold(0, |sum, byte| (sum << 7) | u64::from(byte & 0x7f))
}
