//! Statements as a user writes them, over a real Glue catalog and objects in memory.

use std::sync::Arc;

use proptest::prelude::*;

use super::lexer::{Kind, tokens};
use crate::engine::Engine;
use crate::engine::testing::{MemoryCatalog, MemoryObjects, call, engine};
use crate::glue::api::Table;
use crate::glue::catalog::CatalogReader;

struct Lake {
    engine: Engine,
    catalog: Arc<MemoryCatalog>,
}

const READINGS: &str = "CREATE EXTERNAL TABLE IF NOT EXISTS `wind`.`readings` (
  `sensor` string COMMENT 'which, \\'quoted\\'',
  value double, -- of the sensor
  extra struct<a:int,b:array<string>>)
COMMENT 'what came in'
PARTITIONED BY (day string, hour int)
ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe' WITH SERDEPROPERTIES ('ignore.malformed.json'='true')
LOCATION 's3://lake/raw'
TBLPROPERTIES (\"classification\"=\"json\");";

impl Lake {
    fn new() -> Self {
        let space = MemoryObjects::with(&[
            ("lake", "raw/day=2025-04-29/hour=9/a.json", b"{}"),
            ("lake", "raw/day=2025-04-29/hour=9/b.json", b"{}"),
            ("lake", "raw/day=2025-04-30/hour=10/", b""),
            ("lake", "raw/day=2025-04-30/", b""),
            ("lake", "raw/2025/04/30/c.json", b"{}"),
            ("lake", "raw/day=a%3Ab/hour=1/d.json", b"{}"),
            ("lake", "rawer/day=2025-05-01/hour=1/e.json", b"{}"),
        ]);
        let catalog = Arc::new(MemoryCatalog::default());
        Self {
            engine: engine(&space, &catalog),
            catalog,
        }
    }

    /// Rows, one a line, or the error.
    async fn answer(&self, sql: &str) -> String {
        match self.engine.define(&call(), sql, None, Some("wind")).await {
            Err(error) => error.to_string(),
            Ok(found) => {
                let rows = found.rows.into_iter().flatten();
                rows.map(Option::unwrap_or_default)
                    .collect::<Vec<_>>()
                    .join("\n")
            }
        }
    }

    async fn check(&self, cases: &[(&str, &str)]) {
        for (sql, expected) in cases {
            assert_eq!(self.answer(sql).await, *expected, "{sql}");
        }
    }

    async fn with_readings() -> Self {
        let lake = Self::new();
        lake.check(&[("create database `wind`  comment '';", ""), (READINGS, "")])
            .await;
        lake
    }

    fn table(&self, name: &str) -> Table {
        self.catalog.0.table("wind", name).unwrap()
    }
}

#[tokio::test]
async fn databases_are_created_listed_and_dropped() {
    Lake::new()
        .check(&[
            ("CREATE SCHEMA wind LOCATION 's3://lake/' WITH DBPROPERTIES ('a'='b')", ""),
            ("CREATE DATABASE IF NOT EXISTS wind", ""),
            (
                "CREATE DATABASE wind",
                "FAILED: Execution Error, return code 1 from org.apache.hadoop.hive.ql.exec.DDLTask. AlreadyExistsException(message:Database already exists.)",
            ),
            ("CREATE DATABASE water", ""),
            ("SHOW DATABASES LIKE 'w*'", "water\nwind"),
            ("show schemas like 'wi.*'", "wind"),
            (READINGS, ""),
            (
                "DROP DATABASE wind",
                "FAILED: Execution Error, return code 1 from org.apache.hadoop.hive.ql.exec.DDLTask. InvalidOperationException(message:Database wind is not empty. One or more tables exist.)",
            ),
            ("drop database `wind` cascade;", ""),
            ("DROP SCHEMA IF EXISTS wind RESTRICT", ""),
            (
                "DROP SCHEMA wind",
                "FAILED: SemanticException [Error 10072]: Database does not exist: wind",
            ),
        ])
        .await;
}

#[tokio::test]
async fn a_table_has_in_the_catalog_what_its_statement_says() {
    let lake = Lake::with_readings().await;
    let table = lake.table("readings");
    let storage = table.storage_descriptor.unwrap();
    let columns: Vec<_> = storage
        .columns
        .unwrap()
        .into_iter()
        .map(|c| (c.name, c.r#type.unwrap(), c.comment))
        .collect();
    let of = |name: &str, kind: &str, comment: Option<&str>| {
        (name.to_owned(), kind.to_owned(), comment.map(str::to_owned))
    };
    assert_eq!(
        columns,
        [
            of("sensor", "string", Some("which, 'quoted'")),
            of("value", "double", None),
            of("extra", "struct<a:int,b:array<string>>", None),
        ]
    );
    assert_eq!(table.table_type.as_deref(), Some("EXTERNAL_TABLE"));
    assert_eq!(table.description.as_deref(), Some("what came in"));
    assert_eq!(storage.location.as_deref(), Some("s3://lake/raw"));
    let serde = storage.serde_info.unwrap();
    assert_eq!(
        serde.serialization_library.as_deref(),
        Some("org.openx.data.jsonserde.JsonSerDe")
    );
    assert_eq!(serde.parameters.unwrap()["ignore.malformed.json"], "true");
    let parameters = table.parameters.unwrap();
    assert_eq!(parameters["classification"], "json");
    assert_eq!(parameters["EXTERNAL"], "TRUE");
    assert_eq!(parameters["transient_lastDdlTime"], "1746100800");
}

#[tokio::test]
async fn row_formats_and_file_formats_name_hives_classes() {
    let lake = Lake::with_readings().await;
    lake.check(&[
        (
            "CREATE EXTERNAL TABLE d (a int) ROW FORMAT DELIMITED FIELDS TERMINATED BY '\\t' ESCAPED BY '\\\\' LINES TERMINATED BY '\\n' NULL DEFINED AS '-' STORED AS TEXTFILE LOCATION 's3://lake/d/'",
            "",
        ),
        (
            "CREATE EXTERNAL TABLE p (a decimal(10, 2), b integer) CLUSTERED BY (a) INTO 4 BUCKETS STORED AS parquet LOCATION 's3://lake/p/'",
            "",
        ),
    ])
    .await;
    let storage = lake.table("d").storage_descriptor.unwrap();
    let parameters = storage.serde_info.unwrap().parameters.unwrap();
    let shown: Vec<_> = parameters
        .iter()
        .map(|(k, v)| format!("{k}={v:?}"))
        .collect();
    assert_eq!(
        shown,
        [
            r#"escape.delim="\\""#,
            r#"field.delim="\t""#,
            r#"line.delim="\n""#,
            r#"serialization.format="\t""#,
            r#"serialization.null.format="-""#,
        ]
    );
    let storage = lake.table("p").storage_descriptor.unwrap();
    assert_eq!(storage.number_of_buckets, Some(4));
    assert_eq!(storage.bucket_columns.unwrap(), ["a"]);
    assert_eq!(
        storage.serde_info.unwrap().serialization_library.unwrap(),
        crate::engine::testing::PARQUET
    );
    assert_eq!(
        storage.columns.unwrap()[0].r#type.as_deref(),
        Some("decimal(10,2)")
    );
}

#[tokio::test]
async fn a_table_is_refused_for_what_is_wrong_with_it() {
    let execution =
        "FAILED: Execution Error, return code 1 from org.apache.hadoop.hive.ql.exec.DDLTask.";
    Lake::with_readings()
        .await
        .check(&[
            (
                &READINGS.replace("IF NOT EXISTS ", ""),
                &format!("{execution} AlreadyExistsException(message:Table already exists.)"),
            ),
            (
                "CREATE EXTERNAL TABLE t (a int, A int) LOCATION 's3://b/'",
                "FAILED: SemanticException [Error 10036]: Duplicate column name: a",
            ),
            (
                "CREATE EXTERNAL TABLE t (a int) PARTITIONED BY (a int) LOCATION 's3://b/'",
                "FAILED: SemanticException [Error 10035]: Column repeated in partitioning columns",
            ),
            (
                "CREATE EXTERNAL TABLE t (a int)",
                &format!("{execution} MetaException(message:no LOCATION is given for the external table t)"),
            ),
            (
                "CREATE EXTERNAL TABLE t (a int) LOCATION '/data'",
                &format!("{execution} MetaException(message:the location `/data` is not an s3:// address)"),
            ),
            (
                "CREATE EXTERNAL TABLE nowhere.t (a int) LOCATION 's3://b/'",
                "FAILED: SemanticException [Error 10072]: Database does not exist: nowhere",
            ),
            (
                "CREATE EXTERNAL TABLE t (a int) STORED AS papyrus LOCATION 's3://b/'",
                "FAILED: SemanticException [Error 10055]: Unrecognized file format in STORED AS clause: PAPYRUS",
            ),
            (
                "CREATE TABLE t (a int) LOCATION 's3://b/' TBLPROPERTIES ('table_type'='ICEBERG')",
                "NOT_SUPPORTED: a table with 'table_type'='ICEBERG' is not supported by windfarm",
            ),
            (
                "CREATE TABLE t (a int) LOCATION 's3://b/'",
                "NOT_SUPPORTED: CREATE TABLE without EXTERNAL (Iceberg tables) is not supported by windfarm",
            ),
            ("SHOW TABLES", "readings"),
        ])
        .await;
}

#[tokio::test]
async fn errors_of_the_grammar_have_a_position_and_the_next_three_tokens() {
    Lake::new()
        .check(&[
            // Measured on Athena.
            (
                "/*c*/ CREATE DATABASE x",
                "FAILED: ParseException line 1:0 cannot recognize input near '/' '*' 'c'",
            ),
            (
                "DROP TABLE\n  date",
                "FAILED: ParseException line 2:2 cannot recognize input near 'date' '<EOF>' '<EOF>'",
            ),
            (
                "CREATE EXTERNAL TABLE t (a text) LOCATION 's3://b/'",
                "FAILED: ParseException line 1:27 cannot recognize input near 'text' ')' 'LOCATION'",
            ),
            (
                "SHOW DATABASES; SHOW TABLES",
                "FAILED: ParseException line 1:16 cannot recognize input near 'SHOW' 'TABLES' '<EOF>'",
            ),
            (
                "DROP TABLE `t",
                "FAILED: ParseException line 1:11 cannot recognize input near '`' 't' '<EOF>'",
            ),
        ])
        .await;
}

#[test]
fn only_a_name_in_double_quotes_is_refused_before_it_runs() {
    let quoted = |sql: &str| {
        matches!(
            super::check(sql),
            Err(super::HiveError::Parse {
                quoted_name: true,
                ..
            })
        )
    };
    assert!(quoted("DROP TABLE \"t\""));
    assert!(quoted("SHOW PARTITIONS a.\"t\""));
    assert!(!quoted("DROP TABLE 't'"));
    assert!(!quoted("ALTER TABLE t SET TBLPROPERTIES (\"a\"=\"b\")"));
}

#[tokio::test]
async fn repair_adds_what_lies_in_folders_of_the_partition_columns() {
    Lake::with_readings()
        .await
        .check(&[
            (
                "ALTER TABLE readings ADD PARTITION (day='2025-04-30', hour=10)",
                "",
            ),
            (
                "MSCK REPAIR TABLE readings",
                "Partitions not in metastore:\treadings:day=2025-04-29/hour=9\treadings:day=a%3Ab/hour=1\n\
                 Repair: Added partition to metastore readings:day=2025-04-29/hour=9\n\
                 Repair: Added partition to metastore readings:day=a%3Ab/hour=1",
            ),
            ("MSCK REPAIR TABLE readings", ""),
            (
                "SHOW PARTITIONS readings",
                "day=2025-04-29/hour=9\nday=2025-04-30/hour=10\nday=a%3Ab/hour=1",
            ),
        ])
        .await;
}

#[tokio::test]
async fn partitions_are_added_renamed_moved_and_dropped() {
    let lake = Lake::with_readings().await;
    lake.check(&[
        (
            "ALTER TABLE readings ADD PARTITION (hour=1, day='a') LOCATION 's3://other/x' PARTITION (day='a', hour=2)",
            "",
        ),
        (
            "ALTER TABLE readings ADD PARTITION (day='b', hour=1) PARTITION (day='a', hour=2)",
            "FAILED: Execution Error, return code 1 from org.apache.hadoop.hive.ql.exec.DDLTask. AlreadyExistsException(message:Partition already exists.)",
        ),
        ("SHOW PARTITIONS readings", "day=a/hour=1\nday=a/hour=2"),
        (
            "ALTER TABLE readings ADD IF NOT EXISTS PARTITION (day='b', hour=1) PARTITION (day='a', hour=2)",
            "",
        ),
        (
            "ALTER TABLE readings PARTITION (day='b', hour=1) RENAME TO PARTITION (day='c', hour=-3)",
            "",
        ),
        (
            "ALTER TABLE readings PARTITION (day='c', hour=-3) SET LOCATION 's3://third/'",
            "",
        ),
        ("ALTER TABLE readings DROP PARTITION (hour=2)", ""),
        ("SHOW PARTITIONS wind.readings", "day=a/hour=1\nday=c/hour=-3"),
        (
            "ALTER TABLE readings DROP PARTITION (day='z')",
            "FAILED: SemanticException [Error 10006]: Partition not found day=z",
        ),
        ("ALTER TABLE readings DROP IF EXISTS PARTITION (day='z'), PARTITION (day='a')", ""),
        (
            "ALTER TABLE readings ADD PARTITION (week='1', hour=1)",
            "FAILED: SemanticException [Error 10098]: Non-Partition column appears in the partition specification:  week",
        ),
    ])
    .await;
    let left = lake.catalog.0.partitions("wind", "readings", None).unwrap();
    let locations: Vec<_> = left
        .into_iter()
        .map(|p| p.storage_descriptor.unwrap().location.unwrap())
        .collect();
    assert_eq!(locations, ["s3://third/"]);
}

#[tokio::test]
async fn tables_are_altered_described_and_dropped() {
    Lake::with_readings()
        .await
        .check(&[
            ("ALTER TABLE readings ADD COLUMNS (n bigint COMMENT 'number')", ""),
            (
                "ALTER TABLE readings ADD COLUMNS (day string)",
                "FAILED: SemanticException [Error 10035]: Column repeated in partitioning columns",
            ),
            (
                "SHOW COLUMNS IN readings",
                "sensor              \nvalue               \nextra               \nn                   \nday                 \nhour                ",
            ),
            ("ALTER TABLE readings REPLACE COLUMNS (n bigint COMMENT 'number')", ""),
            (
                "DESCRIBE readings",
                "n                   \tbigint              \tnumber              \n\
                 day                 \tstring              \t                    \n\
                 hour                \tint                 \t                    \n\
                 \t \t \n# Partition Information\t \t \n\
                 # col_name          \tdata_type           \tcomment             \n\t \t \n\
                 day                 \tstring              \t                    \n\
                 hour                \tint                 \t                    ",
            ),
            ("ALTER TABLE readings SET TBLPROPERTIES ('a'='b')", ""),
            ("SHOW TBLPROPERTIES readings('a')", "b"),
            (
                "SHOW TBLPROPERTIES readings('z')",
                "Table wind.readings does not have property: z",
            ),
            (
                "SHOW TBLPROPERTIES readings",
                "EXTERNAL\tTRUE\na\tb\nclassification\tjson\ntransient_lastDdlTime\t1746100800",
            ),
            ("ALTER TABLE readings SET LOCATION 's3://lake/rawer/'", ""),
            ("SHOW TABLES IN wind 'read*'", "readings"),
            ("SHOW VIEWS", ""),
            ("DROP TABLE readings", ""),
            ("DROP TABLE IF EXISTS readings", ""),
            (
                "DROP TABLE readings",
                "FAILED: SemanticException [Error 10001]: Table not found wind.readings",
            ),
        ])
        .await;
}

#[tokio::test]
async fn show_create_table_prints_a_statement() {
    Lake::with_readings()
        .await
        .check(&[(
            "SHOW CREATE TABLE readings",
            "CREATE EXTERNAL TABLE `readings`(\n  `sensor` string COMMENT 'which, \\'quoted\\'', \n  `value` double, \n  `extra` struct<a:int,b:array<string>>)\n\
             COMMENT 'what came in'\nPARTITIONED BY ( \n  `day` string, \n  `hour` int)\n\
             ROW FORMAT SERDE \n  'org.openx.data.jsonserde.JsonSerDe' \nWITH SERDEPROPERTIES ( \n  'ignore.malformed.json'='true') \n\
             STORED AS INPUTFORMAT \n  'org.apache.hadoop.mapred.TextInputFormat' \nOUTPUTFORMAT \n  'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat'\n\
             LOCATION\n  's3://lake/raw'\nTBLPROPERTIES (\n  'classification'='json', \n  'transient_lastDdlTime'='1746100800')",
        )])
        .await;
}

#[tokio::test]
async fn what_is_not_executed_is_refused_by_name() {
    let refused = |what: &str| format!("NOT_SUPPORTED: {what} is not supported by windfarm");
    let iceberg = refused("ALTER TABLE RENAME TO, CHANGE COLUMN or DROP COLUMN (Iceberg tables)");
    Lake::with_readings()
        .await
        .check(&[
            ("ALTER TABLE readings RENAME TO r", &iceberg),
            ("ALTER TABLE readings CHANGE a b int", &iceberg),
            (
                "ALTER DATABASE wind SET DBPROPERTIES ('a'='b')",
                &refused("ALTER DATABASE"),
            ),
            ("DESCRIBE EXTENDED readings", &refused("DESCRIBE EXTENDED")),
            (
                "DESCRIBE readings value",
                &refused("DESCRIBE of a partition or column"),
            ),
            (
                "ALTER TABLE readings SET TBLPROPERTIES ('table_type'='iceberg')",
                &refused("setting 'table_type'='iceberg' on a table"),
            ),
        ])
        .await;
}

/// A text in Hive's single quotes.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

proptest! {
    #[test]
    fn a_text_in_quotes_is_that_text(text in "[^%_]*") {
        let all = tokens(&quoted(&text));
        prop_assert_eq!(&all[0].kind, &Kind::Text(text));
        prop_assert_eq!(all.len(), 2);
    }

    #[test]
    fn no_text_makes_the_parser_panic(sql in "(CREATE|EXTERNAL|TABLE|t|\\(|\\)|int|,|'a'|`b`|=|ALTER|ADD|PARTITION|SHOW|IN|DROP|-|\\\\|'| ){0,24}") {
        let _ = super::check(&sql);
    }

    #[test]
    fn show_create_table_makes_the_same_table_again(
        names in proptest::collection::btree_set("[a-z`\\\\ é][a-z0-9`. ]{0,6}", 1..5),
        comment in proptest::option::of("[^%_]{0,12}"),
        value in "[^%_]{0,12}",
        kind in prop_oneof![Just("int"), Just("decimal(12,3)"), Just("map<string,array<int>>")],
        partitioned in any::<bool>(),
    ) {
        let columns: Vec<String> = names
            .iter()
            .map(|name| {
                let name = name.replace('`', "``");
                let comment = comment.as_deref().map(|c| format!(" COMMENT {}", quoted(c)));
                format!("`{name}` {kind}{}", comment.unwrap_or_default())
            })
            .collect();
        let keys = if partitioned { "PARTITIONED BY (key_of_all date)" } else { "" };
        let sql = format!(
            "CREATE EXTERNAL TABLE t ({}) {keys} ROW FORMAT DELIMITED FIELDS TERMINATED BY '\\001' STORED AS TEXTFILE \
             LOCATION 's3://b/x' TBLPROPERTIES ('p'={})",
            columns.join(", "),
            quoted(&value),
        );
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (first, second) = runtime.block_on(async {
            let lake = Lake::new();
            assert_eq!(lake.answer("CREATE DATABASE wind").await, "");
            assert_eq!(lake.answer(&sql).await, "", "{sql}");
            let first = lake.table("t");
            let again = lake.answer("SHOW CREATE TABLE t").await;
            assert_eq!(lake.answer("DROP TABLE t").await, "");
            assert_eq!(lake.answer(&again).await, "", "{again}");
            (first, lake.table("t"))
        });
        prop_assert_eq!(first, second);
    }
}
