//! The graph that `pipeline::transform` creates: one source, two queries, two targets.

use super::*;

const GOOD: &str = "cast(data as double) is not null and not isnan(cast(data as double)) \
                    and to_timestamp(timestamp) is not null";

fn curated_sql() -> String {
    format!(
        "select cast(idtemp as bigint) as id, type as sensor, cast(data as double) as value, \
         to_timestamp(timestamp) as event_time, \
         date_format(to_timestamp(timestamp), 'yyyy-MM-dd') as event_date \
         from raw where {GOOD}"
    )
}

fn rejected_sql() -> String {
    format!(
        "select idtemp, data, type, timestamp, \
         case when cast(data as double) is null or isnan(cast(data as double)) \
         then 'value' else 'timestamp' end as reason \
         from raw where not coalesce({GOOD}, false)"
    )
}

fn nodes() -> Value {
    let query = |name: &str, sql: String| {
        json!({"SparkSQL": {"Name": name, "Inputs": ["node-1"], "SqlQuery": sql,
            "SqlAliases": [{"From": "node-1", "Alias": "raw"}]}})
    };
    let target = |name: &str, input: &str, folder: &str, key: &str| {
        json!({"S3GlueParquetTarget": {"Name": name, "Inputs": [input], "PartitionKeys": [[key]],
            "Path": format!("s3://lake/{folder}/"), "Compression": "snappy"}})
    };
    json!({
        "node-1": source(),
        "node-2": query("curated", curated_sql()),
        "node-3": target("curated files", "node-2", "curated", "event_date"),
        "node-4": query("rejected", rejected_sql()),
        "node-5": target("rejected files", "node-4", "rejected", "reason"),
    })
}

impl Lake {
    /// Tables over what the demo's job writes, as a crawler would describe them.
    async fn crawled(&self, name: &str, data: &[(&str, &str)], key: &str) -> Vec<String> {
        let keys = self.space.keys("lake", &format!("{name}/"));
        let folders: std::collections::BTreeSet<&str> = keys
            .iter()
            .map(|file| file.rsplit_once('/').unwrap().0)
            .collect();
        let partitions = folders.iter().map(|folder| {
            let value = folder.rsplit_once('=').unwrap().1;
            partition(&[value], &format!("s3://lake/{folder}/"))
        });
        let location = format!("s3://lake/{name}/");
        self.catalog.put(
            "wind",
            table(name, PARQUET, &location, data, &[(key, "string")]),
            partitions.collect(),
        );
        self.athena(name).await
    }

    async fn curated(&self) -> Vec<String> {
        let columns = [
            ("id", "bigint"),
            ("sensor", "string"),
            ("value", "double"),
            ("event_time", "timestamp"),
        ];
        self.crawled("curated", &columns, "event_date").await
    }

    async fn rejected(&self) -> Vec<String> {
        self.crawled("rejected", &COLUMNS, "reason").await
    }
}

/// A lake of one object and no partitions.
fn lake_of(body: &str) -> Lake {
    let lake = Lake {
        space: Arc::default(),
        catalog: Arc::default(),
    };
    lake.space
        .put("lake", "raw/2025/04/30/17/a", body.as_bytes());
    lake.catalog.put(
        "wind",
        table("raw", OPENX, "s3://lake/raw/", &COLUMNS, &[]),
        vec![],
    );
    lake
}

#[tokio::test]
async fn good_rows_are_typed_and_the_others_kept_with_what_is_wrong() {
    let at = "2025-04-30 23:59:59.999999";
    let lake = lake_of(
        &[
            record(1, "0.84", at),
            record(2, "79", "2025-05-01 00:00:00"),
            record(3, "ERR", at),
            record(4, "", at),
            record(5, "nan", at),
            record(6, "1.5", "0000-00-00 00:00:00"),
            record(7, "ERR", "not a time"),
            r#"{"idtemp": "8", "data": null, "type": "powerfactor", "timestamp": "2025-05-01 00:00:01"}"#.to_owned(),
            r#"{"idtemp": "9", "data": "0.5", "type": "powerfactor"}"#.to_owned(),
            record(10, " 1e1 ", "2025-05-01T10:00:00"),
            "}garbage".to_owned(),
        ]
        .concat(),
    );
    let report = lake.run(nodes()).await.unwrap();
    let read = &report.sources[0];
    assert_eq!((read.objects, read.rows, read.rejects), (1, 10, 1));
    let rows: Vec<(&str, u64)> = report
        .nodes
        .iter()
        .map(|node| (node.id.as_str(), node.rows))
        .collect();
    assert_eq!(
        rows,
        [
            ("node-1", 10),
            ("node-2", 3),
            ("node-3", 3),
            ("node-4", 7),
            ("node-5", 7)
        ]
    );
    assert_eq!(
        lake.curated().await,
        [
            "1 | powerfactor | 0.84 | 2025-04-30T23:59:59.999999 | 2025-04-30",
            "10 | powerfactor | 10.0 | 2025-05-01T10:00:00 | 2025-05-01",
            "2 | powerfactor | 79.0 | 2025-05-01T00:00:00 | 2025-05-01",
        ]
    );
    assert_eq!(
        lake.rejected().await,
        [
            "3 | ERR | powerfactor | 2025-04-30 23:59:59.999999 | value",
            "4 |  | powerfactor | 2025-04-30 23:59:59.999999 | value",
            "5 | nan | powerfactor | 2025-04-30 23:59:59.999999 | value",
            "6 | 1.5 | powerfactor | 0000-00-00 00:00:00 | timestamp",
            "7 | ERR | powerfactor | not a time | value",
            "8 | NULL | powerfactor | 2025-05-01 00:00:01 | value",
            "9 | 0.5 | powerfactor | NULL | timestamp",
        ]
    );
}

#[tokio::test]
async fn a_job_over_many_small_objects_reads_each_once_and_writes_one_file_a_partition() {
    let lake = lake_of("");
    let (objects, records) = (900u32, 3);
    let start = crate::base::Timestamp::parse("2025-04-29T00:00:00Z").unwrap();
    let mut partitions = Vec::new();
    for object in 0..objects {
        // Five minutes an object: three days and a bit.
        let folder = format!("raw/h={}/", object / 12);
        let mut body = String::new();
        for at in 0..records {
            let seconds = i64::from(object * 300 + at);
            let stamp = start.micros() + seconds * 1_000_000;
            let stamp = crate::engine::calendar::format_timestamp(stamp).unwrap();
            let data = if (object + at) % 50 == 0 {
                "ERR"
            } else {
                "0.9"
            };
            body += &record(object, data, &stamp);
        }
        lake.space
            .put("lake", &format!("{folder}{object:04}"), body.as_bytes());
        if object % 12 == 0 {
            let value = (object / 12).to_string();
            partitions.push(partition(&[&value], &format!("s3://lake/{folder}")));
        }
    }
    lake.catalog.put(
        "wind",
        table("raw", OPENX, "s3://lake/raw/", &COLUMNS, &[("h", "string")]),
        partitions,
    );
    let report = lake.run(nodes()).await.unwrap();
    let read = &report.sources[0];
    assert_eq!(
        (read.objects, read.rows),
        (u64::from(objects), u64::from(objects * records))
    );
    assert_eq!(
        lake.space.reads.lock().unwrap().len(),
        usize::try_from(objects).unwrap(),
        "the two queries share one reading of the source"
    );
    let written: Vec<u64> = report.targets.iter().map(|target| target.objects).collect();
    assert_eq!(written, [4, 1]);
    let rows: u64 = report.targets.iter().map(|target| target.rows).sum();
    assert_eq!(rows, read.rows);
    assert_eq!(
        report.targets[0].partitions,
        [
            "event_date=2025-04-29",
            "event_date=2025-04-30",
            "event_date=2025-05-01",
            "event_date=2025-05-02"
        ]
    );
}

/// Text that may or may not be a value or a time stamp.
fn text() -> impl Strategy<Value = Option<String>> {
    prop_oneof![
        3 => Just(Some("0.91".to_owned())),
        3 => Just(Some("2025-04-30 14:35:00".to_owned())),
        1 => Just(Some("NaN".to_owned())),
        1 => Just(None),
        2 => "[0-9.:eE +\\-nafiINF]{0,10}".prop_map(Some),
        1 => "\\PC{0,6}".prop_map(Some),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn every_row_is_either_curated_or_rejected(rows in proptest::collection::vec((text(), text()), 1..12)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let body: String = rows
            .iter()
            .enumerate()
            .map(|(id, (data, stamp))| {
                json!({"idtemp": id.to_string(), "data": data, "type": "t", "timestamp": stamp})
                    .to_string()
            })
            .collect();
        let lake = lake_of(&body);
        let report = runtime.block_on(lake.run(nodes())).unwrap();
        let written: u64 = report.targets.iter().map(|target| target.rows).sum();
        prop_assert_eq!(written, rows.len() as u64);
        prop_assert_eq!(report.sources[0].rows, rows.len() as u64);
        let (curated, rejected) = runtime.block_on(async { (lake.curated().await, lake.rejected().await) });
        let mut ids: Vec<usize> = curated
            .iter()
            .chain(&rejected)
            .map(|row| row.split(" | ").next().unwrap().parse().unwrap())
            .collect();
        ids.sort_unstable();
        prop_assert_eq!(ids, (0..rows.len()).collect::<Vec<_>>());
        // Rows come back as they were sent.
        for row in rejected {
            let id: usize = row.split(" | ").next().unwrap().parse().unwrap();
            let shown = |text: &Option<String>| text.clone().unwrap_or_else(|| "NULL".to_owned());
            let (data, stamp) = &rows[id];
            prop_assert!(row.starts_with(&format!("{id} | {} | t | {} | ", shown(data), shown(stamp))), "{}", row);
        }
    }
}
