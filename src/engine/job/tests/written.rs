//! What is written is what is read back, whatever the values and folders are.

use super::*;

/// A value of a partition key as producers send it.
fn key() -> impl Strategy<Value = Option<String>> {
    prop_oneof![
        2 => Just(None),
        2 => Just(Some(String::new())),
        1 => Just(Some("__HIVE_DEFAULT_PARTITION__".to_owned())),
        4 => prop::sample::select(vec!["a", "b/c", "k=v", "%41", "A", " ", "2025-04-30 14:35", "."])
            .prop_map(|text| Some(text.to_owned())),
        2 => "\\PC{1,6}".prop_map(Some),
    ]
}

fn lake_of(records: &[Value]) -> Lake {
    let lake = Lake {
        space: Arc::default(),
        catalog: Arc::default(),
    };
    let body: String = records.iter().map(Value::to_string).collect();
    lake.space.put("lake", "raw/a", body.as_bytes());
    let columns = [
        ("n", "bigint"),
        ("x", "double"),
        ("k", "string"),
        ("l", "int"),
    ];
    lake.catalog.put(
        "wind",
        table("raw", OPENX, "s3://lake/raw/", &columns, &[]),
        vec![],
    );
    lake
}

fn by(keys: Value) -> Value {
    json!({"a": source(), "b": parquet_target("a", keys, publish("out"))})
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn rows_come_back_from_the_folders_of_any_keys(
        rows in prop::collection::vec((any::<i64>(), prop::option::of(-1e9..1e9f64), key(), prop::option::of(-2..3i32)), 1..12),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let records: Vec<Value> = rows
            .iter()
            .map(|(n, x, k, l)| json!({"n": n, "x": x, "k": k, "l": l}))
            .collect();
        let lake = lake_of(&records);
        let report = runtime.block_on(lake.run(by(json!([["k"], ["l"]])))).unwrap();
        let written = &report.targets[0];
        prop_assert_eq!(written.rows, rows.len() as u64);
        // One file a folder, and no file over another.
        let files = lake.space.keys("lake", "datalake/");
        prop_assert_eq!(files.len() as u64, written.objects);
        prop_assert_eq!(files.len(), written.partitions.len());
        let mut expected: Vec<String> = rows
            .iter()
            .map(|(n, x, k, l)| {
                let k = k.as_deref().filter(|k| !k.is_empty() && *k != "__HIVE_DEFAULT_PARTITION__");
                let text = |value: Option<String>| value.unwrap_or_else(|| "NULL".to_owned());
                let x = x.map(|x| {
                    let array: datafusion::arrow::array::ArrayRef =
                        Arc::new(datafusion::arrow::array::Float64Array::from(vec![x]));
                    datafusion::arrow::util::display::array_value_to_string(&array, 0).unwrap()
                });
                format!("{n} | {} | {} | {}", text(x), text(k.map(str::to_owned)), text(l.map(|l| l.to_string())))
            })
            .collect();
        expected.sort();
        prop_assert_eq!(runtime.block_on(lake.athena("out")), expected);
    }
}

#[tokio::test]
async fn two_targets_of_one_folder_keep_each_others_files() {
    let lake = lake_of(&[json!({"n": 1}), json!({"n": 2})]);
    let nodes = json!({
        "a": source(),
        "b": parquet_target("a", json!([]), Value::Null),
        "c": parquet_target("a", json!([]), publish("out")),
    });
    let report = lake.run(nodes).await.unwrap();
    assert_eq!(lake.space.keys("lake", "datalake/").len(), 2);
    let rows: u64 = report.targets.iter().map(|target| target.rows).sum();
    assert_eq!(rows, 4);
    assert_eq!(lake.athena("out").await.len(), 4);
}

#[tokio::test]
async fn a_run_without_rows_writes_no_file_and_succeeds() {
    let lake = lake_of(&[]);
    let report = lake.run(by(json!([["k"]]))).await.unwrap();
    assert_eq!((report.targets[0].rows, report.targets[0].objects), (0, 0));
    assert!(lake.space.keys("lake", "datalake/").is_empty());
    assert!(lake.athena("out").await.is_empty());
}

#[tokio::test]
async fn keys_that_no_folder_can_hold_are_refused() {
    let lake = lake_of(&[json!({"n": 1, "x": 0.5})]);
    for (keys, why) in [
        (json!([["x"]]), "partitioning by `x`, which is double"),
        (json!([["nope"]]), "there is no column `nope`"),
        (
            json!([["n"], ["x"], ["k"], ["l"]]),
            "all columns are partition keys",
        ),
    ] {
        let error = lake.run(by(keys)).await.unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
        assert!(lake.space.keys("lake", "datalake/").is_empty());
    }
}
