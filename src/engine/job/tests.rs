//! Graphs over objects and a catalog in memory.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::engine::testing::{
    MemoryCatalog, MemoryObjects, OPENX, PARQUET, call, engine, partition, shown, table,
};
use crate::glue::catalog::CatalogReader;

mod course;
mod demo;
mod refused;
mod written;

/// Two days' objects as Firehose delivers them: the last hours of a local day lie in the next day's
/// UTC folder.
struct Lake {
    space: Arc<MemoryObjects>,
    catalog: Arc<MemoryCatalog>,
}

const COLUMNS: [(&str, &str); 4] = [
    ("idtemp", "string"),
    ("data", "string"),
    ("type", "string"),
    ("timestamp", "string"),
];

fn record(id: u32, data: &str, stamp: &str) -> String {
    format!(
        r#"{{"idtemp": "{id}", "data": "{data}", "type": "powerfactor", "timestamp": "{stamp}"}}"#
    )
}

impl Lake {
    fn course() -> Self {
        let lake = Self {
            space: Arc::default(),
            catalog: Arc::default(),
        };
        let first = record(1, "0.8410915648541823", "2025-04-30 14:35:00.775222")
            + &record(2, "0.91", "2025-04-30 23:30:00");
        lake.space
            .put("lake", "raw/2025/04/30/17/a", first.as_bytes());
        let second = record(3, "0.95", "2025-04-30 23:45:00")
            + "garbage"
            + &record(4, "x", "2025-05-01 01:00:00");
        lake.space
            .put("lake", "raw/2025/05/01/02/b", second.as_bytes());
        let folders = [["2025", "04", "30", "17"], ["2025", "05", "01", "02"]];
        let partitions = folders
            .iter()
            .map(|values| partition(values, &format!("s3://lake/raw/{}/", values.join("/"))));
        let keys =
            ["partition_0", "partition_1", "partition_2", "partition_3"].map(|k| (k, "string"));
        lake.catalog.put(
            "wind",
            table("raw", OPENX, "s3://lake/raw/", &COLUMNS, &keys),
            partitions.collect(),
        );
        lake
    }

    async fn run(&self, nodes: Value) -> Result<JobReport, JobError> {
        engine(&self.space, &self.catalog)
            .run_graph(graph(nodes))
            .await
    }

    /// Rows of a table of the catalog, as Athena sees them.
    async fn athena(&self, name: &str) -> Vec<String> {
        let session = engine(&self.space, &self.catalog).session().unwrap();
        let provider = session.table("wind", name, call().now, &[]).unwrap();
        let source = datafusion::datasource::provider_as_source(provider);
        let plan = datafusion::logical_expr::LogicalPlanBuilder::scan(name, source, None).unwrap();
        let (_, batches) = session.collect(&plan.build().unwrap()).await.unwrap();
        let mut rows = shown(&batches);
        rows.sort();
        rows
    }
}

fn graph(nodes: Value) -> GraphRun {
    GraphRun {
        nodes: serde_json::from_value(nodes).unwrap(),
        arguments: BTreeMap::new(),
        job: "job".to_owned(),
        run_id: "jr_1".to_owned(),
        call: call(),
    }
}

fn source() -> Value {
    json!({"CatalogSource": {"Name": "raw", "Database": "wind", "Table": "raw"}})
}

fn parquet_target(input: &str, keys: Value, policy: Value) -> Value {
    json!({"S3GlueParquetTarget": {
        "Name": "curated", "Inputs": [input], "Path": "s3://lake/datalake", "Compression": "snappy",
        "PartitionKeys": keys, "SchemaChangePolicy": policy
    }})
}

fn publish(table: &str) -> Value {
    json!({"EnableUpdateCatalog": true, "UpdateBehavior": "UPDATE_IN_DATABASE", "Database": "wind", "Table": table})
}

#[tokio::test]
async fn the_courses_job_writes_every_record_as_parquet() {
    let lake = Lake::course();
    let report = lake
        .run(json!({"node-1": source(), "node-2": parquet_target("node-1", json!([]), publish("datalake"))}))
        .await
        .unwrap();
    let read = &report.sources[0];
    assert_eq!(
        (read.objects, read.rows, read.rejects, read.conflicts),
        (2, 4, 1, 0)
    );
    assert!(
        read.examples[0].contains("s3://lake/raw/2025/05/01/02/b at byte"),
        "{:?}",
        read.examples
    );
    let written = &report.targets[0];
    assert_eq!((written.objects, written.rows), (1, 4));
    let keys = lake.space.keys("lake", "datalake/");
    assert_eq!(
        keys,
        ["datalake/run-1746100800000-part-block-0-0-r-00000-snappy.parquet"]
    );
    let rows = lake.athena("datalake").await;
    assert_eq!(rows.len(), 4);
    assert_eq!(
        rows[0],
        "1 | 0.8410915648541823 | powerfactor | 2025-04-30 14:35:00.775222 | 2025 | 04 | 30 | 17"
    );
    // A second run in the same millisecond adds a file and replaces none.
    lake.run(json!({"a": source(), "b": parquet_target("a", json!([]), Value::Null)}))
        .await
        .unwrap();
    assert_eq!(lake.athena("datalake").await.len(), 8);
}

fn curated(sql: &str) -> Value {
    json!({
        "source": source(),
        "sql": {"SparkSQL": {"Name": "typed", "Inputs": ["source"], "SqlQuery": sql,
            "SqlAliases": [{"From": "source", "Alias": "readings"}]}},
        "target": parquet_target("sql", json!([["dt"]]), publish("curated")),
    })
}

const TYPED: &str = "SELECT CAST(idtemp AS bigint) AS id, CAST(data AS double) AS data, type, CAST(timestamp AS timestamp) AS ts, to_date(timestamp) AS dt FROM readings";

#[tokio::test]
async fn rows_go_to_the_folder_of_their_event_date() {
    let lake = Lake::course();
    let report = lake.run(curated(TYPED)).await.unwrap();
    assert_eq!(
        report.targets[0].partitions,
        ["dt=2025-04-30", "dt=2025-05-01"]
    );
    let rows: Vec<(&str, u64)> = report.nodes.iter().map(|n| (n.kind, n.rows)).collect();
    assert_eq!(
        rows,
        [
            ("CatalogSource", 4),
            ("SparkSQL", 4),
            ("S3GlueParquetTarget", 4)
        ]
    );
    assert_eq!(
        lake.athena("curated").await,
        [
            "1 | 0.8410915648541823 | powerfactor | 2025-04-30T14:35:00.775222 | 2025-04-30",
            "2 | 0.91 | powerfactor | 2025-04-30T23:30:00 | 2025-04-30",
            "3 | 0.95 | powerfactor | 2025-04-30T23:45:00 | 2025-04-30",
            "4 | NULL | powerfactor | 2025-05-01T01:00:00 | 2025-05-01",
        ]
    );
    let table = lake.catalog.0.table("wind", "curated").unwrap();
    let columns = table.storage_descriptor.unwrap().columns.unwrap();
    let named: Vec<_> = columns
        .iter()
        .map(|c| format!("{} {}", c.name, c.r#type.as_deref().unwrap()))
        .collect();
    assert_eq!(
        named,
        ["id bigint", "data double", "type string", "ts timestamp"]
    );
    assert_eq!(
        table.partition_keys.unwrap()[0].r#type.as_deref(),
        Some("date")
    );
    // A later run adds its column and its partitions to the table that is there.
    let wider = "SELECT CAST(idtemp AS bigint) AS id, 1 AS extra, CAST('2025-06-01' AS date) AS dt FROM readings WHERE idtemp = '1'";
    lake.run(curated(wider)).await.unwrap();
    let rows = lake.athena("curated").await;
    assert_eq!(rows.len(), 5);
    assert_eq!(rows[1], "1 | NULL | NULL | NULL | 1 | 2025-06-01");
}

#[tokio::test]
async fn a_failed_run_leaves_nothing_behind() {
    let lake = Lake::course();
    *lake.space.writes_left.lock().unwrap() = Some(1);
    let error = lake.run(curated(TYPED)).await.unwrap_err();
    assert!(error.to_string().contains("the disk is full"), "{error}");
    assert!(lake.space.keys("lake", "datalake/").is_empty());
    assert!(lake.catalog.0.table("wind", "curated").is_none());
    *lake.space.writes_left.lock().unwrap() = None;
    let nowhere = json!({"EnableUpdateCatalog": true, "Database": "nowhere", "Table": "t"});
    let error = lake
        .run(json!({"a": source(), "b": parquet_target("a", json!([]), nowhere)}))
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("Database nowhere not found"),
        "{error}"
    );
    assert!(lake.space.keys("lake", "datalake/").is_empty());
}

#[tokio::test]
async fn mapping_renames_casts_and_drops() {
    let lake = Lake::course();
    let mapping = json!([
        {"ToKey": "id", "FromPath": ["idtemp"], "FromType": "string", "ToType": "long"},
        {"ToKey": "value", "FromPath": ["data"], "FromType": "string", "ToType": "double"},
        {"FromPath": ["type"], "FromType": "string", "ToType": "string", "Dropped": true},
    ]);
    let nodes = |mapping: Value| {
        json!({
            "a": source(),
            "b": {"ApplyMapping": {"Name": "m", "Inputs": ["a"], "Mapping": mapping}},
            "c": {"S3DirectTarget": {"Name": "t", "Inputs": ["b"], "Path": "s3://lake/json/", "Format": "json"}},
        })
    };
    lake.run(nodes(mapping)).await.unwrap();
    let body = lake
        .space
        .body("lake", &lake.space.keys("lake", "json/")[0]);
    assert_eq!(
        String::from_utf8_lossy(&body),
        "{\"id\":1,\"value\":0.8410915648541823}\n{\"id\":2,\"value\":0.91}\n{\"id\":3,\"value\":0.95}\n{\"id\":4}\n"
    );
    let wrong =
        json!([{"ToKey": "id", "FromPath": ["idtemp"], "FromType": "int", "ToType": "long"}]);
    let error = lake.run(nodes(wrong)).await.unwrap_err().to_string();
    assert_eq!(
        error,
        "node `m`: the mapping of `idtemp` says its type is int, and it is string"
    );
}

#[tokio::test]
async fn values_of_another_type_are_null_and_counted() {
    let lake = Lake::course();
    let body = br#"{"n": 1, "x": 79}{"n": "2", "x": 0.5}{"n": "two", "x": "y"}{"n": 2.5}[1]{"n": "#;
    lake.space.put("lake", "mixed/a", body);
    lake.catalog.put(
        "wind",
        table(
            "raw",
            OPENX,
            "s3://lake/mixed/",
            &[("n", "int"), ("x", "double")],
            &[],
        ),
        vec![],
    );
    let report = lake
        .run(json!({"a": source(), "b": parquet_target("a", json!([]), publish("out"))}))
        .await
        .unwrap();
    let read = &report.sources[0];
    assert_eq!((read.rows, read.rejects, read.conflicts), (4, 2, 3));
    assert_eq!(
        lake.athena("out").await,
        ["1 | 79.0", "2 | 0.5", "NULL | NULL", "NULL | NULL"]
    );
}

fn two(a: Value, b: Value) -> Value {
    let target = |input: &str| {
        json!({"S3DirectTarget": {"Name": input, "Inputs": [input],
        "Path": format!("s3://lake/{input}/"), "Format": "json"}})
    };
    json!({"source": source(), "one": a, "two": b, "t1": target("one"), "t2": target("two")})
}

#[tokio::test]
async fn filters_and_duplicates_count_what_passes() {
    let lake = Lake::course();
    let filter = json!({"Filter": {"Name": "f", "Inputs": ["source"], "LogicalOperator": "AND", "Filters": [
        {"Operation": "REGEX", "Values": [{"Type": "COLUMNEXTRACTED", "Value": ["timestamp"]}, {"Type": "CONSTANT", "Value": ["2025-04-30"]}]},
        {"Operation": "EQ", "Negated": true, "Values": [{"Type": "COLUMNEXTRACTED", "Value": ["idtemp"]}, {"Type": "CONSTANT", "Value": ["2"]}]},
    ]}});
    let unique =
        json!({"DropDuplicates": {"Name": "d", "Inputs": ["source"], "Columns": [["type"]]}});
    let report = lake.run(two(filter, unique)).await.unwrap();
    let rows: BTreeMap<&str, u64> = report
        .nodes
        .iter()
        .map(|n| (n.id.as_str(), n.rows))
        .collect();
    assert_eq!(
        rows,
        [("source", 4), ("one", 2), ("two", 1), ("t1", 2), ("t2", 1)].into()
    );
    assert_eq!(
        report.sources[0].rows, 4,
        "a source that two nodes read is read once"
    );
}

#[tokio::test]
async fn columns_are_selected_dropped_renamed_joined_and_stacked() {
    let lake = Lake::course();
    let nodes = json!({
        "source": source(),
        "left": {"SelectFields": {"Name": "l", "Inputs": ["source"], "Paths": [["idtemp"], ["data"]]}},
        "right0": {"DropFields": {"Name": "r", "Inputs": ["source"], "Paths": [["data"], ["type"], ["partition_0"], ["partition_1"], ["partition_2"], ["partition_3"]]}},
        "right": {"RenameField": {"Name": "n", "Inputs": ["right0"], "SourcePath": ["idtemp"], "TargetPath": ["id"]}},
        "join": {"Join": {"Name": "j", "Inputs": ["left", "right"], "JoinType": "equijoin", "Columns": [
            {"From": "left", "Keys": [["idtemp"]]}, {"From": "right", "Keys": [["id"]]}]}},
        "union": {"Union": {"Name": "u", "Inputs": ["join", "join"], "UnionType": "ALL"}},
        "target": {"S3DirectTarget": {"Name": "t", "Inputs": ["union"], "Path": "s3://lake/out/", "Format": "parquet"}},
    });
    let report = lake.run(nodes).await.unwrap();
    let rows: BTreeMap<&str, u64> = report
        .nodes
        .iter()
        .map(|n| (n.id.as_str(), n.rows))
        .collect();
    assert_eq!((rows["join"], rows["union"], rows["target"]), (4, 8, 8));
    let key = &lake.space.keys("lake", "out/")[0];
    assert!(
        key.starts_with("out/part-00000-") && key.ends_with("-c000.snappy.parquet"),
        "{key}"
    );
}

#[tokio::test]
async fn files_are_read_by_path() {
    let lake = Lake::course();
    let nodes = |kind: &str, path: &str, recurse: bool| {
        json!({
            "a": {kind: {"Name": "files", "Paths": [path], "Recurse": recurse}},
            "b": parquet_target("a", json!([]), publish("files")),
        })
    };
    let report = lake
        .run(nodes("S3JsonSource", "s3://lake/raw/", true))
        .await
        .unwrap();
    assert_eq!((report.sources[0].rows, report.sources[0].rejects), (4, 1));
    assert_eq!(lake.athena("files").await.len(), 4);
    let shallow = lake
        .run(nodes("S3JsonSource", "s3://lake/raw/", false))
        .await
        .unwrap_err();
    assert!(
        shallow
            .to_string()
            .contains("no file lies directly under s3://lake/raw/"),
        "{shallow}"
    );
    let again = lake
        .run(nodes("S3ParquetSource", "s3://lake/datalake/", false))
        .await
        .unwrap();
    assert_eq!((again.sources[0].rows, again.sources[0].objects), (4, 1));
}

#[tokio::test]
async fn a_source_by_path_keeps_the_spelling_of_its_keys() {
    let lake = Lake::course();
    lake.space
        .put("lake", "in/a", br#"{"IdTemp": "1", "x": 0.5}{"x": 2}"#);
    let nodes = json!({
        "a": {"S3JsonSource": {"Name": "a", "Paths": ["s3://lake/in/"]}},
        "b": {"S3DirectTarget": {"Name": "b", "Inputs": ["a"], "Path": "s3://lake/json/", "Format": "json"}},
    });
    lake.run(nodes.clone()).await.unwrap();
    let key = &lake.space.keys("lake", "json/")[0];
    assert_eq!(
        String::from_utf8_lossy(&lake.space.body("lake", key)),
        "{\"IdTemp\":\"1\",\"x\":0.5}\n{\"x\":2.0}\n"
    );
    lake.space.put("lake", "in/b", br#"{"idtemp": "3"}"#);
    let error = lake.run(nodes).await.unwrap_err().to_string();
    assert!(error.contains("`IdTemp` and `idtemp`"), "{error}");
}

#[tokio::test]
async fn filters_of_fractions_hold_zeros_equal_and_nan_to_nothing() {
    let lake = Lake::course();
    lake.space.put(
        "lake",
        "raw/2025/04/30/17/a",
        br#"{"idtemp": 0.0}{"idtemp": -0.0}{"idtemp": "NaN"}{"idtemp": 7.5}{"idtemp": null}"#,
    );
    lake.catalog.put(
        "wind",
        table(
            "raw",
            OPENX,
            "s3://lake/raw/2025/04/30/",
            &[("idtemp", "double")],
            &[],
        ),
        vec![],
    );
    let filter = |operation: &str, constant: &str, negated: bool| {
        json!({"Filter": {"Name": "f", "Inputs": ["source"], "LogicalOperator": "AND", "Filters": [
            {"Operation": operation, "Negated": negated, "Values": [
                {"Type": "COLUMNEXTRACTED", "Value": ["idtemp"]}, {"Type": "CONSTANT", "Value": [constant]}]}]}})
    };
    for (operation, constant, meeting, others) in [
        ("EQ", "0", 2, 2),
        ("GT", "1", 1, 3),
        ("LTE", "7.5", 3, 1),
        ("EQ", "NaN", 0, 4),
    ] {
        let report = lake
            .run(two(
                filter(operation, constant, false),
                filter(operation, constant, true),
            ))
            .await
            .unwrap();
        let rows: Vec<u64> = report.targets.iter().map(|target| target.rows).collect();
        assert_eq!(rows, [meeting, others], "{operation} {constant}");
    }
}

fn refused(nodes: Value, named: &str) {
    let nodes = serde_json::from_value(nodes).unwrap();
    let why = engine(&Arc::default(), &Arc::default())
        .check_graph(&nodes)
        .unwrap_err();
    assert!(why.contains(named), "{why}");
}

#[test]
fn what_is_not_executed_is_refused_with_node_and_member() {
    let with = |node: Value| json!({"source": source(), "x": node, "target": parquet_target("x", json!([]), Value::Null)});
    refused(
        with(
            json!({"CustomCode": {"Name": "c", "Inputs": ["source"], "Code": "", "ClassName": ""}}),
        ),
        "node `x` is of kind CustomCode",
    );
    refused(
        json!({"a": {"CatalogSource": {"Name": "a", "Database": "d", "Table": "t", "PartitionPredicate": "dt > 1"}}}),
        "`PartitionPredicate` of node `a` (CatalogSource)",
    );
    refused(json!({"a": source()}), "no target");
    refused(
        json!({"a": source(), "b": parquet_target("c", json!([]), Value::Null)}),
        "`c`, which is not in the graph",
    );
    refused(
        with(json!({"SelectFields": {"Name": "s", "Inputs": [], "Paths": []}})),
        "has 0 inputs and needs 1",
    );
    refused(
        with(json!({"SelectFields": {"Name": "s", "Inputs": ["source"], "Paths": [["a", "b"]]}})),
        "nested field `a.b`",
    );
    refused(
        with(
            json!({"SparkSQL": {"Name": "s", "Inputs": ["source"], "SqlQuery": "SELECT explode(a) AS b FROM t",
        "SqlAliases": [{"From": "source", "Alias": "t"}]}}),
        ),
        "the function `explode`",
    );
    refused(
        with(
            json!({"SparkSQL": {"Name": "s", "Inputs": ["source"], "SqlQuery": "SELECT 1 AS b FROM t", "SqlAliases": []}}),
        ),
        "no alias for the input `source`",
    );
    refused(
        json!({"x": {"SelectFields": {"Name": "s", "Inputs": ["y"], "Paths": []}},
        "y": {"SelectFields": {"Name": "s", "Inputs": ["x"], "Paths": []}},
        "target": parquet_target("x", json!([]), Value::Null)}),
        "form a circle",
    );
    refused(
        json!({"a": source(), "b": {"S3GlueParquetTarget": {"Name": "b", "Inputs": ["a"], "Path": "s3://x/", "Compression": "lzo"}}}),
        "`Compression` lzo",
    );
    refused(
        json!({"a": {"S3JsonSource": {"Name": "a", "Paths": ["s3://x/"], "Exclusions": ["**.csv"]}}}),
        "`Exclusions`",
    );
}

#[tokio::test]
async fn arguments_that_change_a_run_are_refused() {
    let lake = Lake::course();
    let mut run = graph(json!({"a": source(), "b": parquet_target("a", json!([]), Value::Null)}));
    run.arguments
        .insert("--job-bookmark-option".into(), "job-bookmark-enable".into());
    let error = engine(&lake.space, &lake.catalog)
        .run_graph(run)
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("--job-bookmark-option"),
        "{error}"
    );
}

/// A piece of an object: a record, or bytes that are none, with how many rejects they are.
fn piece() -> impl Strategy<Value = (String, u64, u64)> {
    prop_oneof![
        4 => (0u32..99, "[a-z{}\\[\\]\", ]{0,6}").prop_map(|(n, text)| {
            (json!({"n": n, "s": text}).to_string(), 1, 0)
        }),
        1 => Just(("\n".to_owned(), 0, 0)),
        1 => Just((" \r\n ".to_owned(), 0, 0)),
        1 => Just(("[1]".to_owned(), 0, 1)),
        1 => Just(("?".to_owned(), 0, 1)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn rows_and_rejects_are_the_records_of_any_concatenation(
        objects in proptest::collection::vec(proptest::collection::vec(piece(), 0..12), 1..4),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let space = Arc::<MemoryObjects>::default();
        let (mut rows, mut rejects) = (0, 0);
        for (at, pieces) in objects.iter().enumerate() {
            let mut body = String::new();
            let mut junk = false;
            for (text, good, bad) in pieces {
                body.push_str(text);
                rows += good;
                // Junk runs on until the next record begins.
                let is_junk = text == "?";
                rejects += if is_junk && junk { 0 } else { *bad };
                junk = if *good > 0 { false } else { junk || is_junk };
                if junk && text == "[1]" { rejects -= 1; }
            }
            space.put("lake", &format!("raw/{at}"), body.as_bytes());
        }
        let catalog = Arc::<MemoryCatalog>::default();
        catalog.put("wind", table("raw", OPENX, "s3://lake/raw/", &[("n", "int"), ("s", "string")], &[]), vec![]);
        let lake = Lake { space, catalog };
        let report = runtime.block_on(lake.run(json!({
            "a": source(),
            "b": {"SelectFields": {"Name": "s", "Inputs": ["a"], "Paths": [["n"]]}},
            "c": parquet_target("b", json!([]), Value::Null),
        }))).unwrap();
        let read = &report.sources[0];
        prop_assert_eq!((read.rows, read.rejects, read.conflicts), (rows, rejects, 0));
        prop_assert!(report.nodes.iter().all(|node| node.rows == rows));
        prop_assert_eq!(report.targets[0].rows, rows);
    }
}
