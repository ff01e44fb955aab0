//! Whole crawls over objects in memory, into a real catalog.

use futures::executor::block_on;

use super::*;

const RAW: &str = r#"{"site":"n","rpm":12.5,"ts":5000000000}"#;

fn shared(request: CreateCrawlerRequest) -> SharedGlue {
    let mut glue = glue();
    glue.create_crawler(&Roles, &call(1), request).unwrap();
    SharedGlue::new(glue)
}

/// A crawl runs as a task of its own, so its future must be able to change threads.
fn as_task<T>(future: impl Future<Output = T> + Send) -> T {
    block_on(future)
}

fn crawl(glue: &SharedGlue, lake: &Lake) -> CrawlOutcome {
    start(&mut glue.lock().crawlers, 10).unwrap();
    let order = glue.lock().crawlers.take_crawl_orders().remove(0);
    let sampler = TestSampler::new(lake);
    let outcome = as_task(super::crawl::run(&order, lake, &sampler, glue, glue));
    let mut reads = sampler.reads.into_inner().unwrap();
    let count = reads.len();
    reads.sort();
    reads.dedup();
    assert_eq!(reads.len(), count, "no object is read twice");
    glue.lock().crawlers.finish_crawl(
        Timestamp::from_secs(20),
        &order.crawler,
        &order.crawl_id,
        outcome.clone(),
    );
    outcome
}

fn columns(table: &Table) -> String {
    let columns = table
        .storage_descriptor
        .as_ref()
        .unwrap()
        .columns
        .as_ref()
        .unwrap();
    let columns: Vec<String> = columns
        .iter()
        .map(|c| format!("{}:{}", c.name, c.r#type.as_deref().unwrap()))
        .collect();
    columns.join(" ")
}

#[test]
fn the_crawled_table_is_the_one_aws_writes() {
    let lake = Lake::default();
    lake.put("raw/turbine/2026/11/24/05/a", [RAW, RAW].concat());
    lake.put("raw/turbine/2026/11/24/05/b", RAW);
    let glue = shared(request(&["s3://lake/raw/turbine/"]));
    let outcome = crawl(&glue, &lake);
    assert_eq!(outcome.tables_created, ["turbine"]);
    let id = glue.lock().crawlers.finished_crawls("turbine-crawler")[0]
        .crawl_id
        .clone();
    let parameters = json!({
        "CRAWL_RUN_ID": id, "CrawlerSchemaDeserializerVersion": "1.0",
        "CrawlerSchemaSerializerVersion": "1.0", "UPDATED_BY_CRAWLER": "turbine-crawler",
        "averageRecordSize": "39", "classification": "json", "compressionType": "none",
        "objectCount": "2", "partition_filtering.enabled": "true", "recordCount": "3",
        "sizeKey": "117", "typeOfData": "file",
    });
    let key = |n: u8| json!({"Name": format!("partition_{n}"), "Type": "string"});
    let descriptor = |location: &str, parameters: &Value| {
        json!({
            "Columns": [{"Name": "site", "Type": "string"}, {"Name": "rpm", "Type": "double"},
                {"Name": "ts", "Type": "bigint"}],
            "Location": location,
            "InputFormat": "org.apache.hadoop.mapred.TextInputFormat",
            "OutputFormat": "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
            "Compressed": false, "NumberOfBuckets": -1, "BucketColumns": [], "SortColumns": [],
            "StoredAsSubDirectories": false,
            "SerdeInfo": {"SerializationLibrary": "org.openx.data.jsonserde.JsonSerDe",
                "Parameters": {"paths": "rpm,site,ts"}},
            "Parameters": parameters,
        })
    };
    assert_eq!(
        serde_json::to_value(glue.table("wind", "turbine")).unwrap(),
        json!({
            "Name": "turbine", "DatabaseName": "wind", "Owner": "owner", "Retention": 0,
            "CreateTime": 10.0, "UpdateTime": 10.0, "TableType": "EXTERNAL_TABLE",
            "CreatedBy": "arn:aws:sts::111111111111:assumed-role/GlueRole/AWS-Crawler",
            "VersionId": "0", "IsRegisteredWithLakeFormation": false, "CatalogId": "111111111111",
            "IsMultiDialectView": false, "PartitionKeys": [key(0), key(1), key(2), key(3)],
            "StorageDescriptor": descriptor("s3://lake/raw/turbine/", &parameters),
            "Parameters": parameters,
        })
    );
    let partitions = glue.partitions("wind", "turbine", None).unwrap();
    let mut statistics = parameters;
    statistics.as_object_mut().unwrap().remove("CRAWL_RUN_ID");
    statistics
        .as_object_mut()
        .unwrap()
        .remove("partition_filtering.enabled");
    assert_eq!(
        serde_json::to_value(partitions).unwrap(),
        json!([{
            "Values": ["2026", "11", "24", "05"], "DatabaseName": "wind", "TableName": "turbine",
            "CreationTime": 10.0, "CatalogId": "111111111111", "Parameters": statistics,
            "StorageDescriptor":
                descriptor("s3://lake/raw/turbine/2026/11/24/05/", &statistics),
        }])
    );
}

#[test]
fn csv_and_parquet_tables_have_the_classes_of_their_format() {
    let lake = Lake::default();
    lake.put("a/x.csv", "site,rpm\nn,1.5\n");
    lake.put("b/x.parquet", "PAR1");
    let glue = shared(request(&["s3://lake/"]));
    crawl(&glue, &lake);
    let csv = serde_json::to_value(glue.table("wind", "a")).unwrap();
    assert_eq!(
        csv["StorageDescriptor"]["SerdeInfo"],
        json!({"SerializationLibrary": "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe",
            "Parameters": {"field.delim": ","}})
    );
    for (key, value) in [
        ("areColumnsQuoted", "false"),
        ("columnsOrdered", "true"),
        ("delimiter", ","),
        ("skip.header.line.count", "1"),
        ("classification", "csv"),
    ] {
        assert_eq!(csv["Parameters"][key], value);
    }
    let parquet = serde_json::to_value(glue.table("wind", "b")).unwrap();
    let descriptor = &parquet["StorageDescriptor"];
    assert_eq!(
        descriptor["InputFormat"],
        "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat"
    );
    assert_eq!(
        descriptor["SerdeInfo"],
        json!({"SerializationLibrary": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe",
            "Parameters": {"serialization.format": "1"}})
    );
}

#[test]
fn a_second_crawl_changes_nothing_and_a_new_column_exactly_that() {
    let lake = Lake::default();
    lake.put("raw/1/a", r#"{"a":1,"b":1,"c":1}"#);
    let glue = shared(request(&["s3://lake/raw"]));
    crawl(&glue, &lake);
    let before = glue.table("wind", "raw");
    let again = crawl(&glue, &lake);
    assert_eq!(
        again,
        CrawlOutcome {
            objects: 1,
            ..CrawlOutcome::default()
        }
    );
    assert_eq!(glue.table("wind", "raw"), before);

    lake.put("raw/2/a", r#"{"a":1,"b":1,"c":1.5,"d":"x"}"#);
    let outcome = crawl(&glue, &lake);
    assert_eq!(outcome.tables_updated, ["raw"]);
    assert_eq!(
        (outcome.partitions_added, outcome.partitions_updated),
        (1, 0)
    );
    let table = glue.table("wind", "raw").unwrap();
    assert_eq!(columns(&table), "a:int b:int c:double d:string");
    assert_eq!(table.version_id.as_deref(), Some("1"));
}

#[test]
fn what_cannot_be_read_is_listed_and_stops_nothing() {
    let lake = Lake::default();
    lake.put("raw/good", RAW);
    lake.put("raw/broken", "{\"a\":");
    lake.put("raw/picture.bin", "??");
    lake.put("raw/_SUCCESS", "x");
    lake.put("raw/.hidden", "x");
    lake.put("raw/_temporary/part", "x");
    lake.put("raw/folder/", "");
    let glue = shared(request(&["s3://lake/raw/"]));
    let outcome = crawl(&glue, &lake);
    assert_eq!(outcome.tables_created, ["raw"]);
    assert_eq!(outcome.objects, 3);
    let unread: Vec<&str> = outcome.unread.iter().map(|u| u.object.as_str()).collect();
    assert_eq!(
        unread,
        ["s3://lake/raw/broken", "s3://lake/raw/picture.bin"]
    );
    let last = shown(&glue.lock().crawlers, 30).last_crawl.unwrap();
    assert_eq!(last.status.as_deref(), Some("SUCCEEDED"));
    let message = last.error_message.unwrap();
    assert!(
        message.starts_with("2 object(s) could not be read: s3://lake/raw/broken: "),
        "{message}"
    );
}

#[test]
fn a_missing_bucket_fails_the_crawl_and_deletes_nothing() {
    let lake = Lake::default();
    let glue = shared(request(&["s3://gone/raw/"]));
    let outcome = crawl(&glue, &lake);
    assert_eq!(
        outcome.error.as_deref(),
        Some("s3://gone/raw/ could not be crawled: the bucket `gone` does not exist")
    );
    let last = shown(&glue.lock().crawlers, 30).last_crawl.unwrap();
    assert_eq!(last.status.as_deref(), Some("FAILED"));
    assert!(glue.database("wind").is_none());
}

#[test]
fn exclusions_and_sample_sizes_are_obeyed() {
    let lake = Lake::default();
    for name in ["a", "b", "c"] {
        lake.put(&format!("raw/1/{name}"), RAW);
    }
    lake.put("raw/errors/x", "not json");
    let mut request = request(&["s3://lake/raw/"]);
    let target = &mut request.targets.s3_targets.as_mut().unwrap()[0];
    target.exclusions = Some(vec!["errors/**".to_owned()]);
    target.sample_size = Some(1);
    let glue = shared(request);
    let outcome = crawl(&glue, &lake);
    assert_eq!((outcome.objects, outcome.unread.len()), (3, 0));
    let parameters = glue.table("wind", "raw").unwrap().parameters.unwrap();
    assert_eq!(parameters["objectCount"], "3");
    assert_eq!(
        parameters["recordCount"], "3",
        "one read, two estimated by size"
    );
}

fn policy(update: &str, delete: &str) -> CreateCrawlerRequest {
    CreateCrawlerRequest {
        schema_change_policy: Some(SchemaChangePolicy {
            update_behavior: Some(update.to_owned()),
            delete_behavior: Some(delete.to_owned()),
        }),
        ..request(&["s3://lake/"])
    }
}

/// Two tables, one with two partitions; then a folder and a table lose their data and a column
/// comes up.
fn after_changes(request: CreateCrawlerRequest) -> (SharedGlue, CrawlOutcome) {
    let lake = Lake::default();
    lake.put("a/1/f", r#"{"a":1,"b":1,"c":1}"#);
    lake.put("a/2/f", r#"{"a":1,"b":1,"c":1}"#);
    lake.put("b/f.csv", "x");
    let glue = shared(request);
    crawl(&glue, &lake);
    lake.remove("a/2/f");
    lake.remove("b/f.csv");
    lake.put("a/3/f", r#"{"a":1,"b":1,"c":1,"d":1}"#);
    // Something that is no table beside `a`, so that the bucket does not become one table.
    lake.put("c/1/2/f.parquet", "x");
    let outcome = crawl(&glue, &lake);
    (glue, outcome)
}

#[test]
fn vanished_data_is_deprecated_by_default() {
    let (glue, outcome) = after_changes(request(&["s3://lake/"]));
    assert_eq!(outcome.tables_deleted, ["b"]);
    let marked = |parameters: Option<BTreeMap<String, String>>| {
        parameters.unwrap().contains_key("DEPRECATED_BY_CRAWLER")
    };
    assert!(marked(glue.table("wind", "b").unwrap().parameters));
    let partitions = glue.partitions("wind", "a", None).unwrap();
    let marks: Vec<bool> = partitions
        .into_iter()
        .map(|p| marked(p.parameters))
        .collect();
    assert_eq!(marks, [false, true, false]);
}

#[test]
fn vanished_data_is_deleted_when_the_policy_says_so() {
    let (glue, outcome) = after_changes(policy("UPDATE_IN_DATABASE", "DELETE_FROM_DATABASE"));
    assert_eq!(
        (outcome.tables_deleted.len(), outcome.partitions_deleted),
        (1, 1)
    );
    assert!(glue.table("wind", "b").is_none());
    assert_eq!(glue.partitions("wind", "a", None).unwrap().len(), 2);
}

#[test]
fn log_leaves_tables_alone_but_adds_partitions() {
    let (glue, outcome) = after_changes(policy("LOG", "LOG"));
    assert_eq!(
        (outcome.tables_updated.len(), outcome.tables_deleted.len()),
        (0, 0)
    );
    assert_eq!(
        (outcome.partitions_added, outcome.partitions_updated),
        (2, 0)
    );
    let table = glue.table("wind", "a").unwrap();
    assert_eq!(columns(&table), "a:int b:int c:int");
    assert_eq!(glue.partitions("wind", "a", None).unwrap().len(), 3);
}

#[test]
fn names_get_prefixes_and_clashes_a_suffix_that_stays_the_same() {
    let lake = Lake::default();
    lake.put("x/landing/f", RAW);
    lake.put("y/landing/f.csv", "a");
    let glue = shared(CreateCrawlerRequest {
        table_prefix: Some("raw_".to_owned()),
        ..request(&["s3://lake/x/landing/", "s3://lake/y/landing/"])
    });
    let first = crawl(&glue, &lake).tables_created;
    assert_eq!(first[0], "raw_landing");
    let (head, suffix) = first[1].rsplit_once('_').unwrap();
    assert_eq!((head, suffix.len()), ("raw_landing", 32));
    assert!(suffix.bytes().all(|b| b.is_ascii_hexdigit()));
    let second = crawl(&glue, &lake);
    assert!(second.tables_created.is_empty() && second.tables_updated.is_empty());
}

#[test]
fn what_users_change_stays() {
    let lake = Lake::default();
    lake.put("raw/2025/f", RAW);
    let glue = shared(request(&["s3://lake/raw/"]));
    crawl(&glue, &lake);
    let mut input = crate::glue::api::TableInput::from(glue.table("wind", "raw").unwrap());
    input.description = Some("turbines".to_owned());
    input.partition_keys.as_mut().unwrap()[0].name = "year".to_owned();
    input
        .parameters
        .as_mut()
        .unwrap()
        .insert("team".to_owned(), "wind".to_owned());
    let columns = input
        .storage_descriptor
        .as_mut()
        .unwrap()
        .columns
        .as_mut()
        .unwrap();
    columns[0].comment = Some("the park".to_owned());
    glue.update_table(&call(15), "wind", input).unwrap();
    lake.put("raw/2026/f", r#"{"site":"n","rpm":1,"ts":1,"new":true}"#);
    crawl(&glue, &lake);
    let table = glue.table("wind", "raw").unwrap();
    assert_eq!(table.description.as_deref(), Some("turbines"));
    assert_eq!(table.partition_keys.as_ref().unwrap()[0].name, "year");
    assert_eq!(table.parameters.as_ref().unwrap()["team"], "wind");
    assert_eq!(
        super::crawls::columns(&table),
        "site:string rpm:double ts:bigint new:boolean"
    );
    let descriptor = table.storage_descriptor.unwrap();
    assert_eq!(
        descriptor.columns.unwrap()[0].comment.as_deref(),
        Some("the park")
    );
}

#[test]
fn partitions_inherit_columns_and_columns_are_kept_when_configured() {
    let lake = Lake::default();
    lake.put("raw/1/f", r#"{"a":1,"b":1,"c":1,"d":1}"#);
    lake.put("raw/2/f", r#"{"a":1.5,"b":1,"c":1}"#);
    let glue = shared(CreateCrawlerRequest {
        configuration: Some(
            json!({"Version": 1.0, "CrawlerOutput": {
                "Partitions": {"AddOrUpdateBehavior": "InheritFromTable"},
                "Tables": {"AddOrUpdateBehavior": "MergeNewColumns"}}})
            .to_string(),
        ),
        ..request(&["s3://lake/raw/"])
    });
    crawl(&glue, &lake);
    let table = glue.table("wind", "raw").unwrap();
    assert_eq!(columns(&table), "a:double b:int c:int d:int");
    for partition in glue.partitions("wind", "raw", None).unwrap() {
        assert_eq!(
            partition.storage_descriptor.unwrap().columns,
            table.storage_descriptor.as_ref().unwrap().columns
        );
    }
    lake.put("raw/1/f", r#"{"a":1,"b":1,"c":1,"e":1}"#);
    crawl(&glue, &lake);
    let table = glue.table("wind", "raw").unwrap();
    assert_eq!(columns(&table), "a:double b:int c:int d:int e:int");
}

#[test]
fn a_crawl_that_was_stopped_writes_nothing() {
    let lake = Lake::default();
    lake.put("raw/f", RAW);
    let glue = shared(request(&["s3://lake/raw/"]));
    start(&mut glue.lock().crawlers, 10).unwrap();
    let order = glue.lock().crawlers.take_crawl_orders().remove(0);
    let stop = StopCrawlerRequest {
        name: order.crawler.clone(),
    };
    glue.lock().crawlers.stop_crawler(&stop).unwrap();
    let sampler = TestSampler::new(&lake);
    let outcome = block_on(super::crawl::run(&order, &lake, &sampler, &glue, &glue));
    assert!(outcome.cancelled);
    assert!(glue.database("wind").is_none());
}

proptest! {
    /// Whatever lies in the lake: crawling again without a change changes nothing, and the tables
    /// and the list of unread objects account for every object.
    #[test]
    fn crawling_is_idempotent_and_accounts_for_every_object(
        keys in proptest::collection::btree_map(
            "([ab](=[12])?/){0,3}[fg](\\.csv|\\.parquet|\\.bin)?", 0usize..4, 0..10),
    ) {
        let bodies = [RAW, r#"{"a":1,"b":2,"c":3}"#, r#"{"a":1.5,"b":2,"c":3,"d":[1]}"#, "broken"];
        let lake = Lake::default();
        for (key, at) in &keys {
            lake.put(key, bodies[*at]);
        }
        let glue = shared(request(&["s3://lake/"]));
        let first = crawl(&glue, &lake);
        prop_assert_eq!(&first.error, &None);
        prop_assert!(first.notes.is_empty(), "{:?}", first.notes);
        let tables = glue.tables("wind");
        let placed: usize = tables.iter()
            .map(|t| t.parameters.as_ref().unwrap()["objectCount"].parse::<usize>().unwrap()).sum();
        prop_assert_eq!(placed + first.unread.len(), keys.len());
        let second = crawl(&glue, &lake);
        prop_assert!(second.tables_created.is_empty() && second.tables_updated.is_empty());
        prop_assert!(second.tables_deleted.is_empty());
        prop_assert_eq!(
            (second.partitions_added, second.partitions_updated, second.partitions_deleted),
            (0, 0, 0)
        );
        prop_assert_eq!(glue.tables("wind"), tables);
    }
}
