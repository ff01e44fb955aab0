//! Views: as the catalog keeps them, and as queries read them.

use base64::Engine as _;

use super::*;
use crate::engine::statement::stored_view;
use crate::glue::api::{Table, TableInput};
use crate::glue::catalog::CatalogWriter;

fn text_of(document: &str) -> String {
    let encoded = base64::engine::general_purpose::STANDARD.encode(document);
    format!("/* Presto View: {encoded} */")
}

/// Puts a view into the catalog as another engine wrote it.
fn put(lake: &Lake, name: &str, document: &str) {
    let input = TableInput {
        name: name.to_owned(),
        table_type: Some("VIRTUAL_VIEW".to_owned()),
        view_original_text: Some(text_of(document)),
        ..TableInput::default()
    };
    lake.catalog.0.create_table(&call(), "d", input).unwrap();
}

#[tokio::test]
async fn a_view_is_kept_in_athenas_form_and_read_again() {
    let lake = Lake::new();
    lake.check(
        "CREATE VIEW v AS SELECT 1 AS n, 'x' AS s, ARRAY[1.5] AS l, DATE '2020-01-01' d",
        "",
    )
    .await;
    let kept: Table = lake.catalog.0.table("d", "v").unwrap();
    assert_eq!(kept.table_type.as_deref(), Some("VIRTUAL_VIEW"));
    assert_eq!(
        kept.view_expanded_text.as_deref(),
        Some("/* Presto View */")
    );
    assert_eq!(kept.parameters.as_ref().unwrap()["presto_view"], "true");
    let expected = r#"{"originalSql":"SELECT\n  1 n\n, 'x' s\n, ARRAY[1.5] l\n, date '2020-01-01' d\n","catalog":"awsdatacatalog","schema":"d","columns":[{"name":"n","type":"integer"},{"name":"s","type":"varchar(1)"},{"name":"l","type":"array(double)"},{"name":"d","type":"date"}]}"#;
    assert_eq!(
        kept.view_original_text.as_deref(),
        Some(text_of(expected).as_str())
    );
    let columns = kept.storage_descriptor.unwrap().columns.unwrap();
    let types: Vec<_> = columns
        .iter()
        .map(|c| c.r#type.as_deref().unwrap())
        .collect();
    assert_eq!(types, ["int", "varchar(1)", "array<double>", "date"]);

    lake.check("SELECT s, n + 1, l[1] FROM v", "x|2|1.5").await;
    lake.check(
        "SELECT * FROM d.v AS w (a, b, c, e) WHERE a = 1",
        "1|x|[1.5]|2020-01-01",
    )
    .await;
    lake.check("SHOW VIEWS", "v").await;
    lake.check("SHOW TABLES", "v").await;
    lake.check(
        "SHOW CREATE VIEW \"v\"",
        "CREATE VIEW d.v AS\nSELECT\n  1 n\n, 'x' s\n, ARRAY[1.5] l\n, date '2020-01-01' d",
    )
    .await;
    lake.check(
        "DESCRIBE v",
        "n\tinteger;s\tvarchar(1);l\tarray(double);d\tdate",
    )
    .await;
    lake.check("DROP VIEW v", "").await;
    lake.check("SHOW VIEWS", "").await;
    lake.check(
        "DROP VIEW v",
        "TABLE_NOT_FOUND: line 1:1: View 'awsdatacatalog.d.v' does not exist",
    )
    .await;
    lake.check("DROP VIEW IF EXISTS v", "").await;
}

#[tokio::test]
async fn names_in_a_view_are_those_of_the_database_it_was_made_in() {
    let lake = Lake::new();
    lake.check("CREATE TABLE t AS SELECT 'of d' a", "1 rows")
        .await;
    lake.check("CREATE TABLE e.t AS SELECT 'of e' a", "1 rows")
        .await;
    lake.check("CREATE VIEW e.v AS SELECT a FROM t", "").await;
    let mut order = lake.order("SELECT a FROM v");
    order.query.database = Some("e".to_owned());
    let done = lake.run(&order).await.unwrap();
    assert_eq!(shown(&done.rows), "of d");
}

#[tokio::test]
async fn views_that_other_engines_stored_are_read() {
    let lake = Lake::new();
    // As Athena stored them in 2019, and with the members that newer Trinos add.
    put(
        &lake,
        "old",
        r#"{"originalSql":"SELECT\n  \"a\"\n, \"b\"\nFROM\n  (\n VALUES \n     ROW (1, 'x')\n)  t (a, b)\n","catalog":"awsdatacatalog","schema":"default","columns":[{"name":"a","type":"bigint"},{"name":"b","type":"varchar"}]}"#,
    );
    lake.check("SELECT * FROM old", "1|x").await;
    put(
        &lake,
        "new",
        r#"{"originalSql":"SELECT CAST(ROW(1, 'y') AS row(\"k\" integer, v varchar)) r","catalog":"AwsDataCatalog","schema":"d","columns":[{"name":"r","type":"row(\"k\" integer, \"v\" varchar)","comment":"c"}],"comment":"x","owner":"me","runAsInvoker":false}"#,
    );
    lake.check("SELECT r.v FROM new", "y").await;
    put(&lake, "broken", "not json");
    let answer = lake.answer("SELECT * FROM broken").await;
    assert!(
        answer.starts_with("HIVE_METASTORE_ERROR: the view `broken` cannot be read"),
        "{answer}"
    );
    let hive = TableInput {
        name: "hive".to_owned(),
        table_type: Some("VIRTUAL_VIEW".to_owned()),
        view_original_text: Some("select 1".to_owned()),
        ..TableInput::default()
    };
    lake.catalog.0.create_table(&call(), "d", hive).unwrap();
    let answer = lake.answer("SELECT * FROM hive").await;
    assert!(
        answer.starts_with("NOT_SUPPORTED: `hive` is a view of another engine"),
        "{answer}"
    );
    assert_eq!(
        stored_view(&Table::default()).unwrap(),
        None,
        "a table is no view"
    );
}

#[tokio::test]
async fn what_is_wrong_in_a_view_is_said_with_the_views_name() {
    let lake = Lake::new();
    lake.check("CREATE TABLE t AS SELECT 1 a, 2 b", "1 rows")
        .await;
    lake.check("CREATE VIEW v AS SELECT a, b FROM t", "").await;
    lake.check("CREATE VIEW w AS SELECT * FROM v", "").await;
    lake.check(
        "CREATE VIEW v AS SELECT 1 x",
        "TABLE_ALREADY_EXISTS: line 1:1: View already exists: 'awsdatacatalog.d.v'",
    )
    .await;
    lake.check(
        "CREATE OR REPLACE VIEW t AS SELECT 1 x",
        "TABLE_ALREADY_EXISTS: line 1:1: Table already exists: 'awsdatacatalog.d.t'",
    )
    .await;
    // A view may not become its own source, directly or through another.
    lake.check(
        "CREATE OR REPLACE VIEW v AS SELECT * FROM v",
        "VIEW_IS_RECURSIVE: line 1:43: Statement would create a recursive view",
    )
    .await;
    let around = lake
        .answer("CREATE OR REPLACE VIEW v AS SELECT * FROM w")
        .await;
    assert_eq!(
        around,
        "INVALID_VIEW: line 1:43: Failed analyzing stored view 'awsdatacatalog.d.w': line 3:3: Statement would create a recursive view"
    );
    put(
        &lake,
        "a",
        r#"{"originalSql":"SELECT x FROM b","catalog":"awsdatacatalog","schema":"d","columns":[{"name":"x","type":"integer"}]}"#,
    );
    put(
        &lake,
        "b",
        r#"{"originalSql":"SELECT x FROM a","catalog":"awsdatacatalog","schema":"d","columns":[{"name":"x","type":"integer"}]}"#,
    );
    lake.check(
        "SELECT * FROM a",
        "INVALID_VIEW: line 1:15: Failed analyzing stored view 'awsdatacatalog.d.a': line 1:15: Failed analyzing stored view 'awsdatacatalog.d.b': line 1:15: View is recursive",
    )
    .await;
    lake.check("DROP TABLE t", "").await;
    lake.check(
        "SELECT * FROM w",
        "INVALID_VIEW: line 1:15: Failed analyzing stored view 'awsdatacatalog.d.w': line 3:3: Failed analyzing stored view 'awsdatacatalog.d.v': line 5:3: Table 'awsdatacatalog.d.t' does not exist",
    )
    .await;
    lake.check("CREATE TABLE t AS SELECT 'x' a, 2 b", "1 rows")
        .await;
    lake.check(
        "SELECT * FROM v",
        "VIEW_IS_STALE: line 1:15: View 'awsdatacatalog.d.v' is stale or in invalid state: column [a] of type varchar projected from query view at position 0 cannot be coerced to column [a] of type integer stored in view definition",
    )
    .await;
    lake.check("CREATE OR REPLACE VIEW v AS SELECT a FROM t", "")
        .await;
    lake.check("SELECT * FROM v", "x").await;
    lake.check(
        "SELECT * FROM w",
        "VIEW_IS_STALE: line 1:15: View 'awsdatacatalog.d.w' is stale or in invalid state: stored view column count (2) does not match column count derived from the view query analysis (1)",
    )
    .await;
    lake.check(
        "DROP TABLE v",
        "FAILED: SemanticException [Error 10218]: The table v is a view",
    )
    .await;
    lake.check(
        "INSERT INTO v SELECT 'y'",
        "NOT_SUPPORTED: line 1:1: Inserting into views is not supported",
    )
    .await;
}

#[tokio::test]
async fn a_views_columns_are_named_once_and_known() {
    let lake = Lake::new();
    lake.check(
        "CREATE VIEW v AS SELECT 1",
        "MISSING_COLUMN_NAME: line 1:1: Column name not specified at position 1",
    )
    .await;
    lake.check(
        "CREATE VIEW v AS SELECT 1 a, 2 A",
        "DUPLICATE_COLUMN_NAME: line 1:1: Column name 'a' specified more than once",
    )
    .await;
    lake.check(
        "CREATE VIEW v AS SELECT NULL a",
        "COLUMN_TYPE_UNKNOWN: line 1:1: Column type is unknown: a",
    )
    .await;
    lake.check(
        "CREATE VIEW nowhere.v AS SELECT 1 a",
        "SCHEMA_NOT_FOUND: line 1:1: Schema 'nowhere' does not exist",
    )
    .await;
    lake.check(
        "CREATE VIEW v AS SELECT a FROM missing",
        "TABLE_NOT_FOUND: line 1:32: Table 'awsdatacatalog.d.missing' does not exist",
    )
    .await;
    lake.check("SHOW VIEWS", "").await;
}
