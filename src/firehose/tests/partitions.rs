//! Dynamic partitioning, from configuration to objects.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;

use super::*;

/// A destination partitioned by site and hour of event, its processors after `more`.
fn by_site(more: &[Value]) -> Value {
    let mut processors = more.to_vec();
    processors.push(json!({
        "Type": "MetadataExtraction",
        "Parameters": [
            {"ParameterName": "MetadataExtractionQuery", "ParameterValue": "{site:.site}"},
            {"ParameterName": "JsonParsingEngine", "ParameterValue": "JQ-1.6"},
        ],
    }));
    json!({
        "Prefix": "site=!{partitionKeyFromQuery:site}/!{timestamp:yyyy}/",
        "ErrorOutputPrefix": "bad/!{firehose:error-output-type}/",
        "DynamicPartitioningConfiguration": {"Enabled": true},
        "ProcessingConfiguration": {"Enabled": true, "Processors": processors},
        "CompressionFormat": "GZIP",
    })
}

fn processor(kind: &str, parameters: &[(&str, &str)]) -> Value {
    let parameters: Vec<Value> = parameters
        .iter()
        .map(|(name, value)| json!({"ParameterName": name, "ParameterValue": value}))
        .collect();
    json!({"Type": kind, "Parameters": parameters})
}

fn body(delivery: &Delivery) -> Vec<u8> {
    use std::io::Read as _;
    if delivery.content_encoding.is_none() {
        return delivery.body.to_vec();
    }
    let mut plain = Vec::new();
    flate2::read::GzDecoder::new(&delivery.body[..])
        .read_to_end(&mut plain)
        .unwrap();
    plain
}

/// Folder → body of everything that the records become.
fn objects(members: &Value, records: &[&str]) -> BTreeMap<String, String> {
    let mut firehose = firehose();
    create_turbine(&mut firehose, members).unwrap();
    for record in records {
        put(&mut firehose, start(), record.as_bytes()).unwrap();
    }
    let deliveries = firehose.take_deliveries(start() + secs(300));
    for delivery in &deliveries {
        firehose.delivered(start(), delivery);
    }
    let counts = firehose.counts("turbine").unwrap();
    assert_eq!(counts.accepted, counts.delivered + counts.rejected);
    deliveries
        .iter()
        .map(|delivery| {
            let folder = delivery.key.rsplit_once('/').unwrap().0.to_owned();
            (folder, String::from_utf8(body(delivery)).unwrap())
        })
        .collect()
}

#[test]
fn every_site_has_an_object_of_its_own() {
    let records = [
        r#"{"site":"north","n":1}"#,
        r#"{"site":"south","n":2}"#,
        r#"{"site":"north","n":3}"#,
    ];
    let found = objects(&by_site(&[]), &records);
    assert_eq!(found.len(), 2);
    assert_eq!(found["site=north/2026"], records[0].to_owned() + records[2]);
    assert_eq!(found["site=south/2026"], records[1]);
}

#[test]
fn records_without_a_key_become_error_lines() {
    let records = [r#"{"site":"north"}"#, r#"{"site":""}"#, "broken"];
    let found = objects(&by_site(&[]), &records);
    assert_eq!(found["site=north/2026"], records[0]);
    let lines: Vec<Value> = found["bad/processing-failed"]
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(
        lines[0],
        json!({
            "rawData": STANDARD.encode(records[1]),
            "errorCode": "DynamicPartitioning.MetadataExtractionFailed",
            "errorMessage": "partitionKeys values must not be null or empty",
            "attemptsMade": 1,
            "arrivalTimestamp": start().millis(),
            "attemptEndingTimestamp": start().millis(),
        })
    );
    assert_eq!(lines[1]["rawData"], STANDARD.encode("broken"));
}

#[test]
fn records_are_taken_apart_before_and_delimited_after() {
    let apart = processor("RecordDeAggregation", &[("SubRecordType", "JSON")]);
    let members = by_site(&[apart, processor("AppendDelimiterToRecord", &[])]);
    let one = r#"{"site":"north","n":1}{"site":"south"}{"site":"north","n":2}"#;
    let found = objects(&members, &[one]);
    assert_eq!(
        found["site=north/2026"],
        "{\"site\":\"north\",\"n\":1}\n{\"site\":\"north\",\"n\":2}\n"
    );
    assert_eq!(found["site=south/2026"], "{\"site\":\"south\"}\n");
}

#[test]
fn more_partitions_than_allowed_go_to_their_own_error_group() {
    let records: Vec<String> = (0..502).map(|n| json!({"site": n}).to_string()).collect();
    let records: Vec<&str> = records.iter().map(String::as_str).collect();
    let found = objects(&by_site(&[]), &records);
    assert_eq!(found.len(), 501);
    assert_eq!(found["bad/activePartitionExceeded"].lines().count(), 2);
}

#[test]
fn an_update_to_other_keys_leaves_buffered_records_where_they_belong() {
    let mut firehose = firehose();
    create_turbine(&mut firehose, &by_site(&[])).unwrap();
    put(&mut firehose, start(), br#"{"site":"north"}"#).unwrap();
    let members = json!({
        "Prefix": "kind=!{partitionKeyFromQuery:kind}/",
        "ProcessingConfiguration": {"Enabled": true, "Processors": [processor(
            "MetadataExtraction",
            &[("MetadataExtractionQuery", "{kind:.kind}"), ("JsonParsingEngine", "JQ-1.6")],
        )]},
    });
    update(&mut firehose, start(), 1, members).unwrap();
    put(&mut firehose, start(), br#"{"kind":"power"}"#).unwrap();
    let deliveries = firehose.take_deliveries(start() + secs(300));
    let mut keys: Vec<_> = deliveries.iter().map(|d| d.key.as_str()).collect();
    keys.sort_unstable();
    assert!(keys[0].starts_with("kind=power/turbine-2-"), "{keys:?}");
    assert!(
        keys[1].starts_with("site=north/2026/turbine-2-"),
        "{keys:?}"
    );
}

#[test]
fn partitioning_needs_size_prefix_and_query() {
    let check = |change: Value, message: &str| {
        let mut members = by_site(&[]);
        for (name, value) in change.as_object().unwrap() {
            members[name] = value.clone();
        }
        let error = create_turbine(&mut firehose(), &members).unwrap_err();
        assert_eq!(error.code(), "InvalidArgumentException");
        assert_eq!(error.to_string(), message);
    };
    check(
        json!({"BufferingHints": {"SizeInMBs": 63, "IntervalInSeconds": 60}}),
        "BufferingHints.SizeInMBs must be at least 64 when Dynamic Partitioning is enabled.",
    );
    check(
        json!({"Prefix": "raw/"}),
        "S3 Prefix should contain Dynamic Partitioning namespaces when Dynamic Partitioning is \
         enabled",
    );
    check(
        json!({"Prefix": "!{partitionKeyFromQuery:other}/"}),
        "MetaDataExtraction JQ Query can't contain keys that are not present in the S3 Prefix \
         expression",
    );
    check(
        json!({"DynamicPartitioningConfiguration": {"Enabled": false}}),
        "class com.amazonaws.services.firehose.internal.model.MetadataExtractionProcessor can \
         only be present when Dynamic Partitioning is enabled.",
    );
    let delimited = processor("RecordDeAggregation", &[("SubRecordType", "DELIMITED")]);
    let processing = by_site(&[delimited])["ProcessingConfiguration"].clone();
    check(
        json!({"ProcessingConfiguration": processing}),
        "Delimiter should be present for DELIMITED",
    );

    let mut firehose = firehose();
    create_turbine(&mut firehose, &by_site(&[])).unwrap();
    let described = describe(&mut firehose, start()).unwrap();
    let extended = &described["Destinations"][0]["ExtendedS3DestinationDescription"];
    assert_eq!(
        extended["BufferingHints"],
        json!({"SizeInMBs": 128, "IntervalInSeconds": 300})
    );
    let off = json!({"DynamicPartitioningConfiguration": {"Enabled": false}});
    assert!(update(&mut firehose, start(), 1, off).is_err());
    let retry =
        json!({"DynamicPartitioningConfiguration": {"RetryOptions": {"DurationInSeconds": 9}}});
    update(&mut firehose, start(), 1, retry).unwrap();
}

proptest! {
    // Each case compiles its query, and with it jq's library.
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn nothing_is_lost_or_changed_on_the_way(
        records in prop::collection::vec(
            prop_oneof![
                ("[a-c]", 0u32..9).prop_map(|(site, n)| json!({"site": site, "n": n}).to_string()),
                "[a-z{}\"]{0,9}",
            ],
            0..40,
        ),
        waits in prop::collection::vec(0u64..200, 40),
    ) {
        let mut firehose = firehose();
        create_turbine(&mut firehose, &by_site(&[])).unwrap();
        let mut now = start();
        let mut deliveries = Vec::new();
        for (record, wait) in records.iter().zip(waits) {
            put(&mut firehose, now, record.as_bytes()).unwrap();
            now = now + secs(wait);
            deliveries.extend(firehose.take_deliveries(now));
        }
        deliveries.extend(firehose.take_deliveries(now + secs(300)));
        deliveries.sort_by_key(|delivery| delivery.id);
        let mut folders: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        for delivery in &deliveries {
            firehose.delivered(now, delivery);
            let folder = delivery.key.split('/').next().unwrap().to_owned();
            folders.entry(folder).or_default().extend(body(delivery));
        }
        // What each folder should hold, in the order of the puts.
        let mut expected: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        let mut rejected = Vec::new();
        for record in &records {
            match serde_json::from_str::<Value>(record) {
                Ok(Value::Object(fields)) if fields.contains_key("site") => {
                    let folder = format!("site={}", fields["site"].as_str().unwrap());
                    expected.entry(folder).or_default().extend(record.bytes());
                }
                _ => rejected.push(STANDARD.encode(record)),
            }
        }
        let lines = folders.remove("bad").unwrap_or_default();
        let raw: Vec<String> = String::from_utf8(lines)
            .unwrap()
            .lines()
            .map(|line| {
                let line: Value = serde_json::from_str(line).unwrap();
                line["rawData"].as_str().unwrap().to_owned()
            })
            .collect();
        prop_assert_eq!(folders, expected);
        prop_assert_eq!(&raw, &rejected);
        let counts = firehose.counts("turbine").unwrap();
        prop_assert_eq!(counts.rejected, rejected.len() as u64);
        prop_assert_eq!(counts.delivered, (records.len() - rejected.len()) as u64);
        prop_assert_eq!(counts.in_flight, 0);
    }
}
