//! Every variant of the course's records, from the raw object to Parquet by day.

use super::*;
use crate::glue::crawler::Sampler;
use crate::store::Objects;

const VARIANTS: [(&str, &str); 9] = [
    (
        "seed.json",
        include_str!("../../../../fixtures/course/seed.json"),
    ),
    (
        "underscores.json",
        include_str!("../../../../fixtures/course/underscores.json"),
    ),
    (
        "whole-numbers.json",
        include_str!("../../../../fixtures/course/whole-numbers.json"),
    ),
    (
        "keys-with-spaces.json",
        include_str!("../../../../fixtures/course/keys-with-spaces.json"),
    ),
    (
        "numbers.json",
        include_str!("../../../../fixtures/course/numbers.json"),
    ),
    (
        "typo.json",
        include_str!("../../../../fixtures/course/typo.json"),
    ),
    (
        "iso-time.json",
        include_str!("../../../../fixtures/course/iso-time.json"),
    ),
    (
        "full-second.json",
        include_str!("../../../../fixtures/course/full-second.json"),
    ),
    (
        "one-record.json",
        include_str!("../../../../fixtures/course/one-record.json"),
    ),
];

fn expected() -> BTreeMap<String, Value> {
    serde_json::from_str(include_str!("../../../../fixtures/course/expected.json")).unwrap()
}

/// A lake with one variant's object and the table that a crawler makes of it.
async fn crawled(body: &str) -> (Lake, Vec<(String, String)>) {
    let lake = Lake {
        space: Arc::default(),
        catalog: Arc::default(),
    };
    let key = "raw/2025/04/30/17/PUT-S3-1-2025-04-30-17-35-00-x";
    lake.space.put("lake", key, body.as_bytes());
    let object = lake.space.head("lake", key).await.unwrap();
    let sampler = engine(&lake.space, &lake.catalog).sampler();
    let sample = sampler.sample("lake", &object).await.unwrap();
    assert!(sample.complete);
    let columns: Vec<(String, String)> = sample
        .columns
        .into_iter()
        .map(|(name, of)| (name, of.to_string()))
        .collect();
    let typed: Vec<(&str, &str)> = columns
        .iter()
        .map(|(name, of)| (name.as_str(), of.as_str()))
        .collect();
    let keys = ["partition_0", "partition_1", "partition_2", "partition_3"].map(|k| (k, "string"));
    lake.catalog.put(
        "wind",
        table("raw", OPENX, "s3://lake/raw/", &typed, &keys),
        vec![partition(
            &["2025", "04", "30", "17"],
            "s3://lake/raw/2025/04/30/17/",
        )],
    );
    (lake, columns)
}

/// A row of the table as it must read, from the record by other means.
fn shown_record(record: &Value, columns: &[(String, String)], day: &str) -> String {
    let mut cells: Vec<String> = columns
        .iter()
        .map(|(name, _)| match record.get(name) {
            None | Some(Value::Null) => "NULL".to_owned(),
            Some(Value::String(text)) => text.clone(),
            Some(number) => format!("{:?}", number.as_f64().unwrap()),
        })
        .collect();
    cells.extend(["2025", "04", "30", "17"].map(str::to_owned));
    cells.push(day.to_owned());
    cells.join(" | ")
}

#[tokio::test]
async fn every_variant_becomes_parquet_by_event_date_without_losing_a_record() {
    let expected = expected();
    assert_eq!(expected.len(), VARIANTS.len());
    for (name, body) in VARIANTS {
        let truth = &expected[name];
        let (lake, columns) = crawled(body).await;
        let wanted: Vec<(String, String)> = truth["columns"]
            .as_array()
            .unwrap()
            .iter()
            .map(|column| {
                let text = |member: &str| column[member].as_str().unwrap().to_owned();
                (text("name"), text("type"))
            })
            .collect();
        assert_eq!(columns, wanted, "{name}");
        // The producers' two ways of writing a day.
        let sql = "select *, coalesce(to_date(timestamp), to_date(timestamp, 'dd/MM/yyyy')) as dt from readings";
        let report = lake.run(curated(sql)).await.unwrap();
        let rows = truth["rows"].as_u64().unwrap();
        let read = &report.sources[0];
        assert_eq!(
            (read.rows, read.rejects, read.conflicts),
            (rows, 0, 0),
            "{name}"
        );
        assert_eq!(report.targets[0].rows, rows, "{name}");
        let mut records: Vec<String> = serde_json::Deserializer::from_str(body)
            .into_iter::<Value>()
            .map(|record| {
                let record = record.unwrap();
                let stamp = record["timestamp"].as_str().unwrap();
                let day = match stamp.split('/').collect::<Vec<_>>().as_slice() {
                    [day, month, year] => format!("{year}-{month}-{day}"),
                    _ => stamp.get(..10).unwrap().to_owned(),
                };
                shown_record(&record, &columns, &day)
            })
            .collect();
        records.sort();
        assert_eq!(lake.athena("curated").await, records, "{name}");
    }
}

#[tokio::test]
async fn the_courses_own_job_is_a_source_and_a_target() {
    // `create-job --code-gen-configuration-nodes` with the nodes of the course.
    for (name, body) in VARIANTS {
        let (lake, _) = crawled(body).await;
        let report = lake
            .run(json!({
                "node-1": source(),
                "node-2": {"S3GlueParquetTarget": {"Name": "S3 bucket", "Inputs": ["node-1"],
                    "Path": "s3://lake/datalake/", "Compression": "snappy", "PartitionKeys": [],
                    "SchemaChangePolicy": {"EnableUpdateCatalog": false}}},
            }))
            .await
            .unwrap();
        let rows = expected()[name]["rows"].as_u64().unwrap();
        assert_eq!(report.targets[0].rows, rows, "{name}");
        assert_eq!(report.targets[0].objects, 1, "{name}");
        let file = lake.space.keys("lake", "datalake/");
        assert_eq!(file.len(), 1, "{name}");
        let object = lake.space.head("lake", &file[0]).await.unwrap();
        let sampler = engine(&lake.space, &lake.catalog).sampler();
        let written = sampler.sample("lake", &object).await.unwrap();
        assert_eq!(written.records, rows, "{name}");
    }
}
