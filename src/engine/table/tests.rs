//! Catalog tables read as Athena reads them.

use std::io::Write;
use std::sync::Arc;

use datafusion::arrow::array::{
    ArrayRef, Float32Array, Int32Array, Int64Array, RecordBatch, StringArray,
    TimestampMillisecondArray,
};
use datafusion::datasource::provider_as_source;
use datafusion::logical_expr::{Expr, LogicalPlanBuilder, col, lit};
use proptest::prelude::*;

use super::*;
use crate::engine::testing::{
    MemoryCatalog, MemoryObjects, OPENX, PARQUET, engine, parquet, partition, shown, table,
};

struct Lake {
    space: Arc<MemoryObjects>,
    catalog: Arc<MemoryCatalog>,
}

impl Lake {
    fn new(objects: &[(&str, &[u8])]) -> Self {
        let space = Arc::new(MemoryObjects::default());
        for (key, body) in objects {
            space.put("lake", key, body);
        }
        Self {
            space,
            catalog: Arc::default(),
        }
    }

    fn table(self, table: Table, partitions: Vec<crate::glue::api::Partition>) -> Self {
        self.catalog.put("wind", table, partitions);
        self
    }

    /// Rows of `t` under a filter, and bytes read.
    async fn rows(&self, filter: Option<Expr>, columns: &[&str]) -> Result<(Vec<String>, u64)> {
        let session = engine(&self.space, &self.catalog).session()?;
        let provider = session.table("wind", "t", crate::engine::testing::call().now, &[])?;
        let mut plan = LogicalPlanBuilder::scan("t", provider_as_source(provider), None)?;
        if let Some(filter) = filter {
            plan = plan.filter(filter)?;
        }
        if !columns.is_empty() {
            plan = plan.project(columns.iter().map(|name| col(*name)))?;
        }
        let (_, batches) = session.collect(&plan.build()?).await?;
        Ok((shown(&batches), session.meter().bytes()))
    }

    async fn all(&self) -> Result<Vec<String>> {
        Ok(self.rows(None, &[]).await?.0)
    }
}

fn json_table(columns: &[(&str, &str)]) -> Table {
    table("t", OPENX, "s3://lake/raw/", columns, &[])
}

const COURSE: &str = concat!(
    r#"{"idtemp": "1", "data": "0.8410915648541823", "type": "powerfactor", "timestamp": "2025-04-30 14:35:00.775222"}"#,
    r#"{"idtemp": "2", "data": "0.91", "type": "powerfactor", "timestamp": "2025-04-30 14:35:15"}"#,
);
const COURSE_COLUMNS: [(&str, &str); 4] = [
    ("idtemp", "string"),
    ("data", "string"),
    ("type", "string"),
    ("timestamp", "string"),
];

#[tokio::test]
async fn athena_sees_only_the_first_record_of_a_firehose_object() {
    let lake = Lake::new(&[("raw/2025/04/30/17/x", COURSE.as_bytes())])
        .table(json_table(&COURSE_COLUMNS), vec![]);
    assert_eq!(
        lake.all().await.unwrap(),
        ["1 | 0.8410915648541823 | powerfactor | 2025-04-30 14:35:00.775222"]
    );
}

#[tokio::test]
async fn lines_with_other_case_missing_keys_and_loose_text_are_rows() {
    let body = b"{\"IdTemp\": 7, \"DATA\": 0.5}\r\n\nnot json\n{\"data\": null}";
    let lake = Lake::new(&[("raw/a", body)]).table(
        json_table(&[("idtemp", "string"), ("data", "double")]),
        vec![],
    );
    assert_eq!(
        lake.all().await.unwrap(),
        ["7 | 0.5", "NULL | NULL", "NULL | NULL", "NULL | NULL"]
    );
}

#[tokio::test]
async fn a_malformed_line_fails_the_query_naming_file_and_line() {
    let body = b"{\"data\": 1}\n{\"data\": 2\n{\"data\": 3}\n";
    let columns = [("data", "int")];
    let lake = Lake::new(&[("raw/a.json", body)]).table(json_table(&columns), vec![]);
    let why = lake.all().await.unwrap_err().to_string();
    assert!(
        why.starts_with("HIVE_BAD_DATA: Error parsing a row of s3://lake/raw/a.json, line 2:"),
        "{why}"
    );
    let mut forgiving = json_table(&columns);
    let descriptor = forgiving.storage_descriptor.as_mut().unwrap();
    descriptor.serde_info.as_mut().unwrap().parameters =
        Some([("ignore.malformed.json".to_owned(), "true".to_owned())].into());
    let lake = lake.table(forgiving, vec![]);
    assert_eq!(lake.all().await.unwrap(), ["1", "NULL", "3"]);
}

#[tokio::test]
async fn gzip_is_known_by_its_extension_alone() {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    writer.write_all(b"{\"data\": 1}\n{\"data\": 2}\n").unwrap();
    let packed = writer.finish().unwrap();
    let lake = Lake::new(&[("raw/a.gz", &packed)]).table(json_table(&[("data", "int")]), vec![]);
    assert_eq!(lake.all().await.unwrap(), ["1", "2"]);
    // Without the extension the bytes are text that is no JSON: rows of NULLs, as on AWS.
    let lake = Lake::new(&[("raw/a.json", &packed)]).table(json_table(&[("data", "int")]), vec![]);
    assert!(lake.all().await.unwrap().iter().all(|row| row == "NULL"));
}

#[tokio::test]
async fn what_is_not_read_is_refused_by_name() {
    let orc = "org.apache.hadoop.hive.ql.io.orc.OrcSerde";
    let lake = Lake::new(&[]).table(
        table("t", orc, "s3://lake/raw/", &[("a", "int")], &[]),
        vec![],
    );
    let why = lake.all().await.unwrap_err().to_string();
    assert!(
        why.starts_with("HIVE_UNSUPPORTED_FORMAT:") && why.contains(orc),
        "{why}"
    );
    let mut iceberg = json_table(&[("a", "int")]);
    iceberg.parameters = Some([("table_type".to_owned(), "ICEBERG".to_owned())].into());
    let why = lake
        .table(iceberg, vec![])
        .all()
        .await
        .unwrap_err()
        .to_string();
    assert!(
        why.starts_with("NOT_SUPPORTED:") && why.contains("ICEBERG"),
        "{why}"
    );
    let lake = Lake::new(&[]);
    let why = lake.all().await.unwrap_err().to_string();
    assert_eq!(why, "TABLE_NOT_FOUND: Table 'wind.t' does not exist");
}

fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter(columns).unwrap()
}

#[tokio::test]
async fn parquet_columns_are_found_by_name_and_missing_ones_are_null() {
    let file = parquet(&batch(vec![
        ("B", Arc::new(StringArray::from(vec!["x", "y"])) as ArrayRef),
        ("A", Arc::new(Int32Array::from(vec![1, 2]))),
        (
            "ts",
            Arc::new(TimestampMillisecondArray::from(vec![1_500, -1]).with_timezone("UTC")),
        ),
        ("f", Arc::new(Float32Array::from(vec![0.5, 1.5]))),
    ]));
    let columns = [
        ("a", "bigint"),
        ("b", "string"),
        ("new", "double"),
        ("ts", "timestamp"),
        ("f", "double"),
    ];
    let lake = Lake::new(&[("raw/p.parquet", &file)])
        .table(table("t", PARQUET, "s3://lake/raw", &columns, &[]), vec![]);
    assert_eq!(
        lake.all().await.unwrap(),
        [
            "1 | x | NULL | 1970-01-01T00:00:01.500 | 0.5",
            "2 | y | NULL | 1969-12-31T23:59:59.999 | 1.5"
        ]
    );
    let (rows, _) = lake
        .rows(Some(col("a").gt(lit(1i64))), &["b"])
        .await
        .unwrap();
    assert_eq!(rows, ["y"]);
}

#[tokio::test]
async fn a_parquet_type_that_is_not_the_tables_fails_naming_both() {
    let file = parquet(&batch(vec![(
        "data",
        Arc::new(StringArray::from(vec!["0.9"])) as ArrayRef,
    )]));
    let columns = [("data", "double"), ("other", "int")];
    let lake = Lake::new(&[("raw/p.parquet", &file)])
        .table(table("t", PARQUET, "s3://lake/raw", &columns, &[]), vec![]);
    assert_eq!(
        lake.all().await.unwrap_err().to_string(),
        "HIVE_BAD_DATA: Field data's type string in parquet file s3://lake/raw/p.parquet is incompatible with type double defined in table schema"
    );
    let (rows, _) = lake.rows(None, &["other"]).await.unwrap();
    assert_eq!(rows, ["NULL"], "a column that is not read is not checked");
    let lake = Lake::new(&[("raw/p.parquet", b"{\"data\": 1}")])
        .table(table("t", PARQUET, "s3://lake/raw", &columns, &[]), vec![]);
    let why = lake.all().await.unwrap_err().to_string();
    assert!(
        why.starts_with("HIVE_BAD_DATA: s3://lake/raw/p.parquet is not a Parquet file"),
        "{why}"
    );
    let big = parquet(&batch(vec![(
        "data",
        Arc::new(Int64Array::from(vec![1i64 << 40])) as ArrayRef,
    )]));
    let lake = Lake::new(&[("raw/p.parquet", &big)]).table(
        table("t", PARQUET, "s3://lake/raw", &[("data", "int")], &[]),
        vec![],
    );
    assert!(
        lake.all().await.is_err(),
        "a value that does not fit is no NULL"
    );
}

/// Three days and a default partition, typed `int` and `date`.
fn partitioned(serde: &str) -> Lake {
    let lake = Lake::new(&[]);
    let mut partitions = Vec::new();
    for (at, day) in [
        "2025-04-29",
        "2025-04-30",
        "2025-05-01",
        "__HIVE_DEFAULT_PARTITION__",
    ]
    .iter()
    .enumerate()
    {
        let key = format!("raw/n={at}/dt={day}/file");
        if serde == OPENX {
            let body = format!("{{\"data\": {at}}}\n{{\"data\": {}}}\n", at + 10);
            lake.space.put("lake", &key, body.as_bytes());
        } else {
            let data: ArrayRef = Arc::new(Int32Array::from(vec![at as i32, at as i32 + 10]));
            lake.space
                .put("lake", &key, &parquet(&batch(vec![("data", data)])));
        }
        let location = format!("s3://lake/raw/n={at}/dt={day}/");
        partitions.push(partition(&[&at.to_string(), day], &location));
    }
    let keys = [("n", "int"), ("dt", "date")];
    lake.table(
        table("t", serde, "s3://lake/raw/", &[("data", "int")], &keys),
        partitions,
    )
}

#[tokio::test]
async fn pruned_partitions_are_not_read() {
    for serde in [OPENX, PARQUET] {
        let lake = partitioned(serde);
        let (rows, all) = lake.rows(None, &[]).await.unwrap();
        assert_eq!(rows.len(), 8, "{serde}");
        assert_eq!(rows[6], "3 | 3 | NULL");
        lake.space.reads.lock().unwrap().clear();
        let filter = col("dt").gt_eq(lit(datafusion::common::ScalarValue::Date32(Some(20_208))));
        let filter = filter.and(col("data").gt(lit(5i32)));
        let (rows, read) = lake.rows(Some(filter), &[]).await.unwrap();
        assert_eq!(rows, ["11 | 1 | 2025-04-30", "12 | 2 | 2025-05-01"]);
        assert!(read < all && read > 0, "{serde}: {read} of {all}");
        let reads = lake.space.reads.lock().unwrap().clone();
        assert!(
            reads
                .iter()
                .all(|key| key.contains("n=1") || key.contains("n=2")),
            "{reads:?}"
        );
    }
}

#[tokio::test]
async fn a_partition_value_of_another_type_is_named() {
    let lake = Lake::new(&[]);
    let broken = vec![partition(&["x"], "s3://lake/raw/n=x/")];
    let lake = lake.table(
        table(
            "t",
            OPENX,
            "s3://lake/raw/",
            &[("data", "int")],
            &[("n", "int")],
        ),
        broken,
    );
    assert_eq!(
        lake.all().await.unwrap_err().to_string(),
        "HIVE_INVALID_PARTITION_VALUE: Invalid partition value 'x' for int partition key: n"
    );
}

#[tokio::test]
async fn empty_and_hidden_objects_are_no_files_in_either_format() {
    let numbers: ArrayRef = Arc::new(Int32Array::from(vec![1]));
    let file = parquet(&batch(vec![("data", numbers)]));
    for (serde, body) in [(OPENX, &b"{\"data\": 1}"[..]), (PARQUET, &file[..])] {
        let lake = Lake::new(&[
            ("raw/", b""),
            ("raw/empty", b""),
            ("raw/_SUCCESS", b"{"),
            ("raw/.part.crc", b"{"),
            ("raw/_temporary/0/part", b"{"),
            ("raw/deep/er/part", body),
            ("raw2/other", b"{"),
        ])
        .table(
            table("t", serde, "s3://lake/raw", &[("data", "int")], &[]),
            vec![],
        );
        assert_eq!(lake.all().await.unwrap(), ["1"], "{serde}");
    }
    let nothing = Lake::new(&[]).table(json_table(&[("data", "int")]), vec![]);
    assert!(nothing.all().await.unwrap().is_empty());
}

#[tokio::test]
async fn parquet_types_widen_to_the_tables() {
    let decimals = datafusion::arrow::array::Decimal128Array::from(vec![125])
        .with_precision_and_scale(5, 2)
        .unwrap();
    let file = parquet(&batch(vec![
        ("i", Arc::new(Int32Array::from(vec![7])) as ArrayRef),
        ("d", Arc::new(decimals)),
        ("w", Arc::new(Int64Array::from(vec![3]))),
        (
            "s",
            Arc::new(datafusion::arrow::array::BinaryArray::from(vec![
                &b"text"[..],
            ])),
        ),
    ]));
    let columns = [
        ("i", "bigint"),
        ("d", "decimal(12,4)"),
        ("w", "decimal(20,0)"),
        ("s", "string"),
    ];
    let lake = Lake::new(&[("raw/p", &file)])
        .table(table("t", PARQUET, "s3://lake/raw", &columns, &[]), vec![]);
    assert_eq!(lake.all().await.unwrap(), ["7 | 1.2500 | 3 | text"]);
    for (column, of) in [
        ("i", "string"),
        ("i", "double"),
        ("s", "int"),
        ("d", "double"),
    ] {
        let lake = Lake::new(&[("raw/p", &file)]).table(
            table("t", PARQUET, "s3://lake/raw", &[(column, of)], &[]),
            vec![],
        );
        let why = lake.all().await.unwrap_err().to_string();
        assert!(
            why.contains(&format!("Field {column}'s type"))
                && why.contains(&format!("type {of} defined")),
            "{why}"
        );
    }
}

#[tokio::test]
async fn a_partition_with_narrower_columns_is_read_and_one_with_other_columns_is_named() {
    let typed = |of: &str| {
        let mut own = partition(&["1"], "s3://lake/raw/n=1/");
        let descriptor = own.storage_descriptor.as_mut().unwrap();
        descriptor.columns = Some(crate::engine::testing::columns(&[("data", of)]));
        own
    };
    let lake = |of: &str, serde: Option<&str>| {
        let mut own = typed(of);
        if let Some(serde) = serde {
            own.storage_descriptor.as_mut().unwrap().serde_info =
                Some(crate::glue::api::SerDeInfo {
                    serialization_library: Some(serde.to_owned()),
                    ..Default::default()
                });
        }
        Lake::new(&[("raw/n=1/a", b"{\"data\": 5}")]).table(
            table(
                "t",
                OPENX,
                "s3://lake/raw/",
                &[("data", "double")],
                &[("n", "int")],
            ),
            vec![own],
        )
    };
    assert_eq!(lake("int", None).all().await.unwrap(), ["5.0 | 1"]);
    let why = lake("string", None).all().await.unwrap_err().to_string();
    assert!(
        why.starts_with("HIVE_PARTITION_SCHEMA_MISMATCH:") && why.contains("partition 'n=1'"),
        "{why}"
    );
    let why = lake("int", Some(PARQUET))
        .all()
        .await
        .unwrap_err()
        .to_string();
    assert!(why.starts_with("HIVE_UNSUPPORTED_FORMAT:"), "{why}");
}

#[tokio::test]
async fn serde_properties_name_keys() {
    let body = b"{\"Zeit\": \"x\", \"a.b\": 1, \"N\": 2, \"n\": 3}\n[1,2,3]\n";
    let columns = [("ts", "string"), ("a_b", "int"), ("n", "int")];
    let with = |parameters: &[(&str, &str)]| {
        let mut of = json_table(&columns);
        let descriptor = of.storage_descriptor.as_mut().unwrap();
        descriptor.serde_info.as_mut().unwrap().parameters = Some(
            parameters
                .iter()
                .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
                .collect(),
        );
        Lake::new(&[("raw/a", body)]).table(of, vec![])
    };
    let mapped = with(&[("mapping.ts", "zeit"), ("dots.in.keys", "true")]);
    assert_eq!(mapped.all().await.unwrap(), ["x | 1 | 3", "1 | 2 | 3"]);
    let exact = with(&[("mapping.ts", "zeit"), ("case.insensitive", "false")]);
    assert_eq!(
        exact.all().await.unwrap(),
        ["NULL | NULL | 3", "1 | 2 | 3"],
        "the key is `Zeit`"
    );
    let refused = with(&[("timestamp.formats", "yyyy")]);
    let why = refused.all().await.unwrap_err().to_string();
    assert!(why.contains("`timestamp.formats`"), "{why}");
}

fn filters() -> impl Strategy<Value = Expr> {
    let day = |n: i32| lit(datafusion::common::ScalarValue::Date32(Some(n)));
    let leaf = prop_oneof![
        (0..4i32).prop_map(|n| col("n").eq(lit(n))),
        (0..4i32).prop_map(|n| col("n").lt(lit(n))),
        (0..15i32).prop_map(|n| col("data").gt_eq(lit(n))),
        (20_207..20_211i32).prop_map(move |n| col("dt").lt_eq(day(n))),
        Just(col("dt").is_null()),
        (0..20i32).prop_map(|n| (col("n") + col("data")).gt(lit(n))),
    ];
    leaf.prop_recursive(3, 8, 2, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| a.and(b)),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| a.or(b)),
            inner.prop_map(|a| Expr::Not(Box::new(a))),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn pruning_gives_the_rows_of_a_full_scan(filter in filters(), parquet in any::<bool>()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let lake = partitioned(if parquet { PARQUET } else { OPENX });
            let (pruned, _) = lake.rows(Some(filter.clone()), &[]).await.unwrap();
            // The same filter over rows that were read before it was known.
            let session = engine(&lake.space, &lake.catalog).session().unwrap();
            let provider = session
                .table("wind", "t", crate::engine::testing::call().now, &[])
                .unwrap();
            let schema = provider.schema();
            let scan = LogicalPlanBuilder::scan("t", provider_as_source(provider), None).unwrap();
            let (_, batches) = session.collect(&scan.build().unwrap()).await.unwrap();
            let memory = datafusion::datasource::MemTable::try_new(schema, vec![batches]).unwrap();
            let plan = LogicalPlanBuilder::scan("t", provider_as_source(Arc::new(memory)), None)
                .unwrap().filter(filter).unwrap().build().unwrap();
            let (_, batches) = session.collect(&plan).await.unwrap();
            let mut full = shown(&batches);
            let mut pruned = pruned;
            full.sort();
            pruned.sort();
            prop_assert_eq!(pruned, full);
            Ok(())
        })?;
    }
}
