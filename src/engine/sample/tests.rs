//! What the sampler makes of objects of every kind.

use std::io::Write as _;

use datafusion::arrow::array::{
    ArrayRef, Decimal128Array, Int32Array, RecordBatch, TimestampMillisecondArray,
};

use super::*;
use crate::engine::testing::{MemoryObjects, parquet};

async fn sample(body: &[u8]) -> Result<Sample, String> {
    let space = MemoryObjects::with(&[("lake", "raw/object", body)]);
    let object = space.head("lake", "raw/object").await.unwrap();
    let sampler = ObjectSampler {
        objects: space.clone(),
    };
    let sample = sampler.sample("lake", &object).await;
    let read: u64 = space.reads.lock().unwrap().len() as u64;
    assert!(read <= 3, "{read} reads of one object");
    sample
}

fn columns(sample: &Sample) -> String {
    let columns: Vec<String> = sample
        .columns
        .iter()
        .map(|(name, of)| format!("{name} {of}"))
        .collect();
    columns.join(", ")
}

/// Samples JSON and checks columns and records.
async fn check(body: &str, wanted: &str, records: u64) {
    let sample = sample(body.as_bytes()).await.unwrap();
    assert_eq!(sample.classification, Classification::Json, "{body}");
    assert_eq!(
        (columns(&sample).as_str(), sample.records),
        (wanted, records),
        "{body}"
    );
}

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    writer.write_all(body).unwrap();
    writer.finish().unwrap()
}

#[tokio::test]
async fn types_widen_over_the_records_of_an_object() {
    check(r#"{"n": 1}{"n": 5000000000}"#, "n bigint", 2).await;
    check(r#"{"n": 1}{"n": 0.5}{"n": null}"#, "n double", 3).await;
    check(r#"{"n": 1}{"n": "x"}"#, "n string", 2).await;
    check(
        "{\"a\": true}\n{\"B\": {\"c\": 1}}\n",
        "a boolean, b struct<c:int>",
        2,
    )
    .await;
    check(
        r#"{"a": [1]}{"a": [2.5]}, junk {"a": []}"#,
        "a array<double>",
        3,
    )
    .await;
}

#[tokio::test]
async fn an_object_that_is_mostly_no_json_is_unknown() {
    for body in [
        &b""[..],
        b"\n \n",
        b"id,data\n1,0.5\n2,0.6\n",
        b"[1, 2]",
        b"{\"a\": 1",
        b"{}{a lot of text that is no record and longer than it}",
        b"ORC...",
        b"PAR",
        &[0, 159, 146, 150],
    ] {
        let sample = sample(body).await.unwrap();
        assert_eq!(
            sample.classification,
            Classification::Unknown,
            "{:?}",
            String::from_utf8_lossy(body)
        );
    }
}

#[tokio::test]
async fn gzip_is_known_by_its_first_bytes() {
    let sample_of = sample(&gzip(b"{\"a\": 1}{\"a\": 2}")).await.unwrap();
    assert_eq!(
        (
            sample_of.classification,
            sample_of.compression,
            sample_of.records,
            sample_of.complete
        ),
        (Classification::Json, Compression::Gzip, 2, true)
    );
    assert_eq!(sample_of.bytes, 16, "as they are unpacked");
    // A broken stream is reported, not taken for an empty object.
    let mut broken = gzip(&b"{\"a\": 1}".repeat(500));
    broken.truncate(broken.len() / 2);
    let why = sample(&broken).await.unwrap_err();
    assert!(why.starts_with("it cannot be decompressed"), "{why}");
}

#[tokio::test]
async fn a_sample_ends_at_the_documented_records_and_bytes() {
    let many = "{\"a\": 1}".repeat(1_500) + "{\"late\": 1}";
    let sample_of = sample(many.as_bytes()).await.unwrap();
    assert_eq!(
        (
            sample_of.records,
            sample_of.complete,
            columns(&sample_of).as_str()
        ),
        (limits::glue::SAMPLE_MAX_RECORDS, false, "a int")
    );
    // A record that the first megabyte cuts is no reject.
    let long = format!("{{\"a\": \"{}\"}}", "x".repeat(300 * 1024)).repeat(5);
    let sample_of = sample(long.as_bytes()).await.unwrap();
    assert_eq!((sample_of.records, sample_of.complete), (3, false));
    // Packed, the same records are far shorter than the sample.
    let sample_of = sample(&gzip(long.as_bytes())).await.unwrap();
    assert_eq!((sample_of.records, sample_of.complete), (3, false));
}

#[tokio::test]
async fn parquet_is_described_by_its_footer() {
    let decimals = Decimal128Array::from(vec![125, 250])
        .with_precision_and_scale(9, 2)
        .unwrap();
    let batch = RecordBatch::try_from_iter(vec![
        ("Id", Arc::new(Int32Array::from(vec![1, 2])) as ArrayRef),
        ("price", Arc::new(decimals)),
        (
            "at",
            Arc::new(TimestampMillisecondArray::from(vec![0, 1]).with_timezone("UTC")),
        ),
    ])
    .unwrap();
    let file = parquet(&batch);
    let sample_of = sample(&file).await.unwrap();
    assert_eq!(sample_of.classification, Classification::Parquet);
    assert_eq!(
        columns(&sample_of),
        "id int, price decimal(9,2), at timestamp"
    );
    assert_eq!(
        (sample_of.records, sample_of.bytes, sample_of.complete),
        (2, file.len() as u64, true)
    );
    for cut in [4, 11, file.len() - 1] {
        let why = sample(file.get(..cut).unwrap()).await.unwrap_err();
        assert!(why.contains("is not a whole Parquet file"), "{cut}: {why}");
    }
    let mut long_footer = file.clone();
    let at = file.len() - 8;
    long_footer.splice(at..at + 4, u32::MAX.to_le_bytes());
    let why = sample(&long_footer).await.unwrap_err();
    assert!(why.contains("longer than the file"), "{why}");
}
