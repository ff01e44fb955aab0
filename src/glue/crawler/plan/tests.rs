//! Which tables a listing calls for.

use proptest::prelude::*;

use super::*;
use crate::base::Timestamp;

fn columns(text: &str) -> Vec<(String, HiveType)> {
    text.split_whitespace()
        .map(|column| {
            let (name, kind) = column.split_once(':').unwrap();
            (name.to_owned(), kind.parse().unwrap())
        })
        .collect()
}

fn json(key: &str, schema: &str) -> Found {
    let columns = columns(schema);
    let mut paths: Vec<String> = columns.iter().map(|(name, _)| name.clone()).collect();
    paths.sort();
    found(
        key,
        Sample {
            classification: Classification::Json,
            compression: Compression::None,
            columns,
            paths,
            records: 10,
            bytes: 420,
            complete: true,
        },
    )
}

fn found(key: &str, sample: Sample) -> Found {
    Found {
        object: ObjectInfo {
            key: key.to_owned(),
            size: 420,
            etag: "e".to_owned(),
            last_modified: Timestamp::EPOCH,
        },
        sample: Some(sample),
    }
}

fn parquet(key: &str, schema: &str) -> Found {
    let mut found = json(key, schema);
    let sample = found.sample.as_mut().unwrap();
    sample.classification = Classification::Parquet;
    sample.paths.clear();
    found
}

fn run(folder: &str, objects: &[Found]) -> Vec<PlannedTable> {
    plan("lake", folder, objects, Configuration::default())
}

/// `name[keys]{partition values;…}` of each table.
fn check(folder: &str, objects: &[Found], expected: &[&str]) {
    check_with(Configuration::default(), folder, objects, expected);
}

fn check_with(configuration: Configuration, folder: &str, objects: &[Found], expected: &[&str]) {
    let tables: Vec<String> = plan("lake", folder, objects, configuration)
        .iter()
        .map(|table| {
            let values: Vec<String> = table
                .partitions
                .iter()
                .map(|p| p.values.join("/"))
                .collect();
            format!(
                "{}[{}]{{{}}}",
                table.name,
                table.keys.join(","),
                values.join(";")
            )
        })
        .collect();
    assert_eq!(tables, expected);
}

const ABC: &str = "a:string b:int c:double";

#[test]
fn firehose_folders_become_partition_0_to_3() {
    let objects = [
        json("raw/turbine/2025/04/30/23/x", ABC),
        json("raw/turbine/2025/05/01/00/y", ABC),
    ];
    check(
        "raw/turbine/",
        &objects,
        &["turbine[partition_0,partition_1,partition_2,partition_3]{2025/04/30/23;2025/05/01/00}"],
    );
    let table = run("raw/turbine/", &objects).remove(0);
    assert_eq!(table.location, "s3://lake/raw/turbine/");
    assert_eq!(
        table.partitions[0].location,
        "s3://lake/raw/turbine/2025/04/30/23/"
    );
    assert_eq!(table.content.objects, 2);
    assert_eq!(table.partitions[0].content.objects, 1);
    // Crawling the whole bucket names the table after it.
    check(
        "",
        &[json("2025/04/30/23/x", ABC)],
        &["lake[partition_0,partition_1,partition_2,partition_3]{2025/04/30/23}"],
    );
}

#[test]
fn hive_folders_become_keys_of_their_names() {
    check(
        "curated/",
        &[
            parquet("curated/Event_Date=2025-04-30/site=a%3Ab/f.parquet", ABC),
            parquet(
                "curated/Event_Date=2025-05-01/site=__HIVE_DEFAULT_PARTITION__/f.parquet",
                ABC,
            ),
        ],
        &["curated[event_date,site]{2025-04-30/a:b;2025-05-01/__HIVE_DEFAULT_PARTITION__}"],
    );
    check(
        "c/",
        &[json("c/year=2025/04/f", ABC)],
        &["c[year,partition_1]{2025/04}"],
    );
}

#[test]
fn files_directly_in_the_folder_make_a_table_without_keys() {
    check(
        "data/",
        &[json("data/a", ABC), json("data/b", ABC)],
        &["data[]{}"],
    );
}

#[test]
fn folders_that_do_not_fit_together_become_tables_of_their_own() {
    let other = "x:string y:int z:double";
    check(
        "",
        &[json("a/f", ABC), json("b/f", other)],
        &["a[]{}", "b[]{}"],
    );
    check(
        "",
        &[json("a/f", ABC), parquet("b/f", ABC)],
        &["a[]{}", "b[]{}"],
    );
    // Different depth, different kinds of folder names.
    check(
        "",
        &[json("a/1/f", ABC), json("b/f", ABC)],
        &["a[partition_0]{1}", "b[]{}"],
    );
    check(
        "",
        &[json("a=1/f", ABC), json("b=2/f", ABC)],
        &["a_1[]{}", "b_2[]{}"],
    );
    check(
        "",
        &[json("year=2017/f", ABC), json("year=2018/f", other)],
        &["year_2017[]{}", "year_2018[]{}"],
    );
    // Files in one folder that do not fit: a table a file.
    let files = [json("d/customers.json", ABC), json("d/orders.json", other)];
    check("d/", &files, &["customers_json[]{}", "orders_json[]{}"]);
    assert_eq!(run("d/", &files)[0].location, "s3://lake/d/customers.json");
}

#[test]
fn a_schema_that_grows_stays_one_table_with_the_union_of_columns() {
    let steps = [
        json("t/1/f", "a:int b:int c:int d:int"),
        json("t/2/f", "a:int b:int c:int d:int e:int"),
        json("t/3/f", "a:bigint b:int c:double d:int e:int f:int"),
    ];
    let tables = run("t/", &steps);
    assert_eq!(tables.len(), 1);
    assert_eq!(
        tables[0].content.columns,
        columns("a:bigint b:int c:double d:int e:int f:int")
    );
    // A partition keeps the schema of its own objects.
    assert_eq!(
        tables[0].partitions[0].content.columns,
        columns("a:int b:int c:int d:int")
    );
}

#[test]
fn the_threshold_is_more_than_seven_tenths() {
    // 7 of 10 columns in common: not enough. 8 of 10: enough.
    let of = |names: &str| {
        names
            .chars()
            .map(|c| format!("{c}:int"))
            .collect::<Vec<_>>()
            .join(" ")
    };
    check(
        "",
        &[json("x/f", &of("abcdefg")), json("y/f", &of("abcdefghij"))],
        &["x[]{}", "y[]{}"],
    );
    check(
        "",
        &[json("x/f", &of("abcdefgh")), json("y/f", &of("abcdefghij"))],
        &["lake[partition_0]{x;y}"],
    );
}

#[test]
fn grouping_options_are_obeyed() {
    let files = [json("a/1/f", ABC), json("b/1/f", "x:int y:int")];
    let combine = Configuration {
        combine_compatible_schemas: true,
        ..Configuration::default()
    };
    check_with(
        combine,
        "",
        &files,
        &["lake[partition_0,partition_1]{a/1;b/1}"],
    );
    let same = [json("a/1/f", ABC), json("b/1/f", ABC)];
    check("", &same, &["lake[partition_0,partition_1]{a/1;b/1}"]);
    let level = |n| Configuration {
        table_level: Some(n),
        ..Configuration::default()
    };
    check_with(
        level(1),
        "",
        &same,
        &["lake[partition_0,partition_1]{a/1;b/1}"],
    );
    check_with(
        level(2),
        "",
        &same,
        &["a[partition_0]{1}", "b[partition_0]{1}"],
    );
    check_with(level(3), "", &same, &["1[]{}", "1[]{}"]);
}

#[test]
fn a_path_to_one_object_is_a_table_of_that_object() {
    let tables = run("data/one.json", &[json("data/one.json", ABC)]);
    assert_eq!(
        (tables[0].name.as_str(), tables[0].location.as_str()),
        ("one_json", "s3://lake/data/one.json")
    );
}

#[test]
fn a_name_that_is_both_key_and_column_is_a_key() {
    let tables = run("t/", &[json("t/a=1/f", ABC)]);
    assert_eq!(tables[0].keys, ["a"]);
    assert_eq!(tables[0].content.columns, columns("b:int c:double"));
    assert_eq!(
        tables[0].partitions[0].content.columns,
        columns("b:int c:double")
    );
}

#[test]
fn a_column_that_is_only_null_in_a_partition_has_the_type_of_the_table() {
    let tables = run(
        "t/",
        &[
            json("t/1/f", "a:void b:int c:int"),
            json("t/2/f", "a:double b:int c:int"),
        ],
    );
    assert_eq!(
        tables[0].partitions[0].content.columns,
        columns("a:double b:int c:int")
    );
}

#[test]
fn sizes_of_objects_that_were_not_read_are_estimated() {
    let read = json("t/a", ABC);
    let unread = Found {
        sample: None,
        ..json("t/b", ABC)
    };
    let mut partly = json("t/c", ABC);
    let sample = partly.sample.as_mut().unwrap();
    (sample.records, sample.bytes, sample.complete) = (5, 210, false);
    let content = run("t/", &[read, unread, partly]).remove(0).content;
    assert_eq!((content.objects, content.bytes), (3, 1_260));
    assert_eq!((content.average_record_bytes, content.records), (42, 30));
}

proptest! {
    /// Every object is in exactly one table, whatever the folders and schemas, and the order in
    /// which objects of a folder were listed does not change which tables there are.
    #[test]
    fn every_object_has_its_place(
        keys in proptest::collection::btree_map("([ab](=[12])?/){0,3}[fg]", 0usize..4, 1..12),
    ) {
        let schemas = [ABC, "a:string b:int c:double d:int", "x:int y:int", "a:string b:string c:double"];
        let objects: Vec<Found> =
            keys.iter().map(|(key, at)| json(key, schemas[*at])).collect();
        let tables = run("", &objects);
        let placed: u64 = tables.iter().map(|t| t.content.objects).sum();
        prop_assert_eq!(placed, objects.len() as u64);
        for table in &tables {
            let split: u64 = table.partitions.iter().map(|p| p.content.objects).sum();
            prop_assert!(table.keys.is_empty() || split == table.content.objects);
            for partition in &table.partitions {
                prop_assert_eq!(partition.values.len(), table.keys.len());
            }
        }
        let reversed: Vec<Found> = objects.into_iter().rev().collect();
        let shape = |tables: &[PlannedTable]| {
            let mut shape: Vec<_> = tables.iter()
                .map(|t| (t.location.clone(), t.keys.clone(), t.partitions.len())).collect();
            shape.sort();
            shape
        };
        prop_assert_eq!(shape(&run("", &reversed)), shape(&tables));
    }
}
