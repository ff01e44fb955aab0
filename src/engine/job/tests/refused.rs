//! What CreateJob and StartJobRun refuse, by node and member.

use super::*;

/// A graph in which `body` is the node `x` of `kind` between a source and a target.
fn between(kind: &str, body: Value) -> Value {
    let mut body = body;
    let members = body.as_object_mut().unwrap();
    members.entry("Name").or_insert(json!("x"));
    members.entry("Inputs").or_insert(json!(["source"]));
    json!({"source": source(), "x": {kind: body}, "target": parquet_target("x", json!([]), Value::Null)})
}

fn check(kind: &str, body: Value, member: &str) {
    let graph = serde_json::from_value(between(kind, body)).unwrap();
    let why = engine(&Arc::default(), &Arc::default())
        .check_graph(&graph)
        .unwrap_err();
    assert!(
        why.contains(&format!("node `x` ({kind})")) && why.contains(member),
        "{member}: {why}"
    );
}

#[test]
fn members_of_transforms() {
    check("ApplyMapping", json!({"Mapping": []}), "`Mapping`");
    check(
        "ApplyMapping",
        json!({"Mapping": [{"FromPath": ["a"], "ToKey": "b"}]}),
        "`ToType`",
    );
    check(
        "ApplyMapping",
        json!({"Mapping": [{"FromPath": ["a"], "ToType": "int", "Children": [{"ToKey": "c"}]}]}),
        "`Children`",
    );
    check(
        "ApplyMapping",
        json!({"Mapping": [{"FromPath": ["a"], "ToType": "int"}, {"FromPath": ["b"], "ToKey": "A", "ToType": "int"}]}),
        "twice",
    );
    check(
        "SparkSQL",
        json!({"SqlQuery": "select 1 as a from t limit 1 offset 2", "SqlAliases": [{"From": "source", "Alias": "t"}]}),
        "OFFSET",
    );
    check(
        "SparkSQL",
        json!({"SqlQuery": "selec 1", "SqlAliases": [{"From": "source", "Alias": "t"}]}),
        "`SqlQuery`",
    );
    check(
        "SparkSQL",
        json!({"SqlQuery": "select 1 as a from t", "SqlAliases": [{"From": "source", "Alias": "t"}, {"From": "y", "Alias": "u"}]}),
        "`y`",
    );
    check(
        "Filter",
        json!({"LogicalOperator": "XOR", "Filters": []}),
        "`LogicalOperator`",
    );
    check(
        "Filter",
        json!({"LogicalOperator": "AND", "Filters": [{"Operation": "NEAR", "Values": []}]}),
        "`Operation`",
    );
    check(
        "DropDuplicates",
        json!({"Columns": [["a", "b"]]}),
        "`Columns`",
    );
    check(
        "RenameField",
        json!({"SourcePath": ["a"], "TargetPath": ["b", "c"]}),
        "`TargetPath`",
    );
    check("SelectFields", json!({"Paths": "a"}), "`Paths`");
    check("SelectFields", json!({"Paths": [], "Zeal": 1}), "`Zeal`");
    check("SelectFields", json!({"Name": "", "Paths": []}), "`Name`");
}

#[test]
fn members_of_sources_and_targets() {
    let refuse = |nodes: Value, named: &[&str]| {
        let nodes = serde_json::from_value(nodes).unwrap();
        let why = engine(&Arc::default(), &Arc::default())
            .check_graph(&nodes)
            .unwrap_err();
        assert!(named.iter().all(|part| why.contains(part)), "{why}");
    };
    let of_target = |mut body: Value, member: &str| {
        let members = body.as_object_mut().unwrap();
        members.insert("Name".to_owned(), json!("t"));
        members.insert("Inputs".to_owned(), json!(["a"]));
        refuse(
            json!({"a": source(), "t": {"S3GlueParquetTarget": body}}),
            &["node `t` (S3GlueParquetTarget)", member],
        );
    };
    of_target(json!({}), "`Path`");
    of_target(json!({"Path": "/local"}), "`Path`");
    of_target(
        json!({"Path": "s3://x/", "PartitionKeys": [["a", "b"]]}),
        "`PartitionKeys`",
    );
    of_target(
        json!({"Path": "s3://x/", "NumberTargetPartitions": "8"}),
        "`NumberTargetPartitions`",
    );
    of_target(
        json!({"Path": "s3://x/", "AutoDataQuality": {"IsEnabled": true}}),
        "`IsEnabled`",
    );
    of_target(
        json!({"Path": "s3://x/", "SchemaChangePolicy": {"EnableUpdateCatalog": true, "Database": "d"}}),
        "`Table`",
    );
    refuse(
        json!({"a": {"CatalogSource": {"Name": "a", "Database": "d"}}}),
        &["node `a` (CatalogSource)", "`Table`"],
    );
    refuse(json!({"a": {}}), &["node `a`", "exactly one"]);
    refuse(
        json!({"a": {"CatalogSource": {}, "S3JsonSource": {}}}),
        &["node `a`", "exactly one"],
    );
    refuse(
        json!({"a": {"S3CsvSource": {"Name": "a", "Paths": ["s3://x/"]}}}),
        &["node `a` is of kind S3CsvSource"],
    );
    refuse(json!({}), &["no nodes"]);
    refuse(
        json!({"a": source(), "b": parquet_target("a", json!([]), Value::Null), "c": parquet_target("b", json!([]), Value::Null)}),
        &["node `c`", "target `b`"],
    );
}
