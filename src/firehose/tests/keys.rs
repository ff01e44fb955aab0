//! The golden keys of the reference, and the bytes of an object.

use std::io::Read as _;

use super::*;

/// The one object that the records become.
fn object(members: &Value, records: &[&str]) -> Delivery {
    let mut firehose = firehose();
    create_turbine(&mut firehose, members).unwrap();
    for record in records {
        put(&mut firehose, start(), record.as_bytes()).unwrap();
    }
    let due = firehose.next_due().unwrap();
    only(firehose.take_deliveries(due))
}

/// Checks a key, in which `*` stands for random text.
fn check(members: &Value, expected: &str) {
    let key = object(members, &["x"]).key;
    let pattern = regex::escape(expected).replace(r"\*", "[0-9A-Za-z-]+");
    let pattern = regex::Regex::new(&format!("^{pattern}$")).unwrap();
    assert!(pattern.is_match(&key), "{members}: {key}");
}

#[test]
fn configurations_give_the_keys_of_the_reference() {
    let errors = "err/!{firehose:error-output-type}/";
    check(&json!({}), "2026/11/24/05/turbine-1-2026-11-24-05-41-25-*");
    check(
        &json!({"Prefix": "raw/", "CompressionFormat": "GZIP"}),
        "raw/2026/11/24/05/turbine-1-2026-11-24-05-41-25-*.gz",
    );
    check(
        &json!({"Prefix": "raw"}),
        "raw2026/11/24/05/turbine-1-2026-11-24-05-41-25-*",
    );
    check(
        &json!({"Prefix": "raw/!{firehose:random-string}/", "ErrorOutputPrefix": "e"}),
        "raw/*/turbine-1-2026-11-24-05-41-25-*",
    );
    check(
        &json!({
            "Prefix": "d=!{timestamp:yyyy-MM-dd}/h=!{timestamp:HH}/",
            "ErrorOutputPrefix": errors,
        }),
        "d=2026-11-24/h=05/turbine-1-2026-11-24-05-41-25-*",
    );
    check(
        &json!({"Prefix": "raw/", "CustomTimeZone": "Asia/Tokyo"}),
        "raw/2026/11/24/14/turbine-1-2026-11-24-14-41-25-*",
    );
    check(
        &json!({"Prefix": "raw/", "CompressionFormat": "GZIP", "FileExtension": ".json.gz"}),
        "raw/2026/11/24/05/turbine-1-2026-11-24-05-41-25-*.json.gz",
    );
    check(
        &json!({"Prefix": "raw/", "CompressionFormat": "GZIP", "FileExtension": ""}),
        "raw/2026/11/24/05/turbine-1-2026-11-24-05-41-25-*.gz",
    );
}

#[test]
fn a_random_string_is_fresh_wherever_it_stands() {
    let members = json!({
        "Prefix": "!{firehose:random-string}/!{firehose:random-string}/",
        "ErrorOutputPrefix": "e",
    });
    let key = object(&members, &["x"]).key;
    let parts: Vec<&str> = key.split('/').collect();
    assert_eq!((parts[0].len(), parts[1].len()), (11, 11), "{key}");
    assert_ne!(parts[0], parts[1]);
}

#[test]
fn records_are_joined_without_a_separator() {
    let delivery = object(&json!({}), &[r#"{"a":1}"#, r#"{"a":2}"#]);
    assert_eq!(&delivery.body[..], br#"{"a":1}{"a":2}"#);
    assert_eq!((delivery.records, delivery.content_encoding), (2, None));
    assert_eq!(delivery.content_type, "application/octet-stream");
    assert_eq!(
        (delivery.bucket.as_str(), delivery.role_arn.as_str()),
        ("lake", ROLE)
    );
}

/// The object of the original project: four readings of its three producers, whose local time is
/// three hours behind UTC, under the UTC hour and without anything between them.
#[test]
fn the_object_of_the_course_has_its_key_and_its_bytes() {
    let mut firehose = firehose();
    let request = json!({
        "DeliveryStreamName": "KDS-S3-w6EAg",
        "DeliveryStreamType": "KinesisStreamAsSource",
        "KinesisStreamSourceConfiguration": {
            "KinesisStreamARN": "arn:aws:kinesis:us-east-1:000000000000:stream/windfarm",
            "RoleARN": ROLE,
        },
        "S3DestinationConfiguration": destination(&json!({})),
    });
    create(&mut firehose, request).unwrap();
    let call = Call::root(start());
    let again = json!({
        "DeliveryStreamName": "KDS-S3-w6EAg",
        "CurrentDeliveryStreamVersionId": "1",
        "DestinationId": "destinationId-000000000001",
        "S3DestinationUpdate": {},
    });
    firehose
        .update_destination(&call, typed(again), &World)
        .unwrap();

    let arrival = Timestamp::parse("2025-04-30T17:35:05.9Z").unwrap();
    let reading = |n: u64| {
        let local = 775_222 + n;
        format!(
            r#"{{"idtemp": "{n}", "data": "0.8410915648541823", "type": "powerfactor", "timestamp": "2025-04-30 14:35:00.{local}"}}"#
        )
    };
    let records = (1..=4)
        .map(|n| SourceRecord {
            data: reading(n).into(),
            arrival: arrival + secs(15 * (n - 1)),
            shard_id: "shardId-000000000002".to_owned(),
            sequence_number: n.to_string(),
            partition_key: "02".to_owned(),
        })
        .collect();
    firehose.accept(arrival + secs(46), "KDS-S3-w6EAg", records);
    let delivery = only(firehose.take_deliveries(arrival + secs(346)));
    let folder = "2025/04/30/17/KDS-S3-w6EAg-2-2025-04-30-17-35-05-";
    assert!(delivery.key.starts_with(folder), "{}", delivery.key);
    let expected: String = (1..=4).map(reading).collect();
    assert_eq!(delivery.body, expected);
    assert_eq!(expected.matches("}{").count(), 3);
    assert!(!expected.contains('\n'));
}

#[test]
fn bytes_are_kept_whatever_they_are() {
    let mut firehose = firehose();
    create_turbine(&mut firehose, &json!({})).unwrap();
    for record in [&b"\xff\x00\xfe"[..], b"", b"\n"] {
        put(&mut firehose, start(), record).unwrap();
    }
    let delivery = only(firehose.take_deliveries(start() + secs(300)));
    assert_eq!(&delivery.body[..], b"\xff\x00\xfe\n");
    assert_eq!(delivery.records, 3);
}

#[test]
fn records_packed_by_the_producer_library_are_unpacked_first() {
    let mut firehose = firehose();
    let members = json!({"ProcessingConfiguration": {
        "Enabled": true,
        "Processors": [{"Type": "AppendDelimiterToRecord"}],
    }});
    create_with_source(&mut firehose, &members).unwrap();
    let record = SourceRecord {
        data: kpl::tests::packed(&[b"one".to_vec(), b"two".to_vec()]),
        arrival: start(),
        shard_id: "shardId-000000000000".to_owned(),
        sequence_number: "1".to_owned(),
        partition_key: "a".to_owned(),
    };
    firehose.accept(start(), "turbine", vec![record]);
    let delivery = only(firehose.take_deliveries(start() + secs(300)));
    assert_eq!(&delivery.body[..], b"one\ntwo\n");
    assert_eq!(delivery.records, 2);
}

#[test]
fn a_delimiter_goes_behind_every_record() {
    let members = |parameters: Value| {
        json!({"ProcessingConfiguration": {
            "Enabled": true,
            "Processors": [{"Type": "AppendDelimiterToRecord", "Parameters": parameters}],
        }})
    };
    let records = [r#"{"a":1}"#, r#"{"a":2}"#];
    let delivery = object(&members(json!([])), &records);
    assert_eq!(&delivery.body[..], b"{\"a\":1}\n{\"a\":2}\n");
    let crlf = json!([{"ParameterName": "Delimiter", "ParameterValue": "\\r\\n"}]);
    let delivery = object(&members(crlf), &records);
    assert_eq!(&delivery.body[..], b"{\"a\":1}\r\n{\"a\":2}\r\n");
}

#[test]
fn gzip_objects_unpack_to_the_records() {
    let delivery = object(
        &json!({"CompressionFormat": "GZIP"}),
        &["abc", "abc", "abc"],
    );
    assert_eq!(delivery.content_encoding, Some("gzip"));
    let mut plain = String::new();
    flate2::read::GzDecoder::new(&delivery.body[..])
        .read_to_string(&mut plain)
        .unwrap();
    assert_eq!(plain, "abcabcabc");
}

#[test]
fn every_format_has_its_extension_and_encoding() {
    for (format, extension, encoding) in [
        ("UNCOMPRESSED", "", None),
        ("GZIP", ".gz", Some("gzip")),
        ("ZIP", ".zip", Some("zip")),
        ("Snappy", ".snappy", Some("snappy-java")),
        ("HADOOP_SNAPPY", ".snappy", Some("hadoop-snappy")),
    ] {
        let members = json!({"CompressionFormat": format});
        let delivery = object(&members, &["x"]);
        assert_eq!(delivery.content_encoding, encoding, "{format}");
        assert_eq!(delivery.key.len(), 80 + extension.len(), "{}", delivery.key);
        assert!(delivery.key.ends_with(extension), "{}", delivery.key);
    }
}

#[test]
fn the_instant_of_a_key_is_the_oldest_arrival() {
    let mut firehose = firehose();
    create_with_source(&mut firehose, &json!({})).unwrap();
    // Read from two shards, after midnight, the second holding the older record.
    let record = |arrival: &str, shard: &str| SourceRecord {
        data: "x".into(),
        arrival: Timestamp::parse(arrival).unwrap(),
        shard_id: shard.to_owned(),
        sequence_number: "1".to_owned(),
        partition_key: "02".to_owned(),
    };
    let now = Timestamp::parse("2026-12-01T00:00:05Z").unwrap();
    let records = vec![
        record("2026-12-01T00:00:01Z", "shardId-000000000000"),
        record("2026-11-30T23:59:59.9Z", "shardId-000000000001"),
    ];
    firehose.accept(now, "turbine", records);
    let delivery = only(firehose.take_deliveries(now + secs(300)));
    assert!(
        delivery
            .key
            .starts_with("2026/11/30/23/turbine-1-2026-11-30-23-59-59-"),
        "{}",
        delivery.key
    );
}
