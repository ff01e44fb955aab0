//! CBOR against the vectors of RFC 8949 and against JSON.

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn written(facts: &Facts, shape: Option<ShapeId>, value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    write(facts, shape, value, &mut out);
    out
}

#[test]
fn numbers_have_the_encodings_of_the_standard() {
    // RFC 8949, appendix A.
    for (bytes, value) in [
        (&b"\x00"[..], json!(0)),
        (b"\x17", json!(23)),
        (b"\x18\x18", json!(24)),
        (b"\x19\x03\xe8", json!(1_000)),
        (b"\x1a\x00\x0f\x42\x40", json!(1_000_000)),
        (
            b"\x1b\x00\x00\x00\xe8\xd4\xa5\x10\x00",
            json!(1_000_000_000_000_i64),
        ),
        (b"\x20", json!(-1)),
        (b"\x39\x03\xe7", json!(-1_000)),
        (b"\xfb\x3f\xf1\x99\x99\x99\x99\x99\x9a", json!(1.1)),
        (b"\xf4", json!(false)),
        (b"\xf5", json!(true)),
        (b"\xf6", json!(null)),
        (b"\x80", json!([])),
        (b"\xa0", json!({})),
    ] {
        assert_eq!(parse(bytes).unwrap(), value);
        assert_eq!(written(Facts::of(Service::Kinesis), None, &value), bytes);
    }
    // Read, never written.
    for (bytes, value) in [
        (&b"\xf9\x3c\x00"[..], json!(1.0)),
        (b"\xf9\xc4\x00", json!(-4.0)),
        (b"\xf9\x00\x01", json!(5.960464477539063e-8)),
        (b"\xfa\x47\xc3\x50\x00", json!(100_000.0)),
        (b"\x7f\x65strea\x64ming\xff", json!("streaming")),
        (b"\x5f\x42\x01\x02\x43\x03\x04\x05\xff", json!("AQIDBAU=")),
        (b"\x9f\x01\x82\x02\x03\xff", json!([1, [2, 3]])),
        (b"\x1b\xff\xff\xff\xff\xff\xff\xff\xff", json!(i64::MAX)),
    ] {
        assert_eq!(parse(bytes).unwrap(), value);
    }
}

#[test]
fn lying_lengths_and_deep_nests_are_refused_cheaply() {
    assert!(parse(b"\x9b\xff\xff\xff\xff\xff\xff\xff\xff").is_err());
    assert!(parse(b"\x5b\x7f\xff\xff\xff\xff\xff\xff\xff\x00").is_err());
    assert!(parse(&vec![0x81; 1_000_000]).is_err());
    assert!(parse(&vec![0xc1; 1_000_000]).is_err());
}

#[test]
fn a_put_as_the_java_sdk_sends_it_is_read() {
    // Indefinite map, indefinite array, byte string.
    let mut body = vec![0xbf];
    body.extend_from_slice(b"\x67Records\x9f\xbf\x64Data\x43abc\x6cPartitionKey\x61k\xff\xff");
    body.extend_from_slice(b"\x6aStreamName\x61s\xff");
    assert_eq!(
        parse(&body).unwrap(),
        json!({"Records": [{"Data": "YWJj", "PartitionKey": "k"}], "StreamName": "s"})
    );
    // Tag 1 with integer milliseconds.
    let body = b"\xa1\x69Timestamp\xc1\x1b\x00\x00\x01\x96\x85\xb0\xb2\x28";
    let read = parse(body).unwrap();
    let instant: Timestamp = serde_json::from_value(read["Timestamp"].clone()).unwrap();
    assert_eq!(instant.millis(), 0x0196_85b0_b228);
}

#[test]
fn records_are_written_as_the_java_sdk_reads_them() {
    let facts = Facts::of(Service::Kinesis);
    let output = json!({
        "Records": [{
            "SequenceNumber": "1", "Data": "YWJj", "PartitionKey": "k",
            "ApproximateArrivalTimestamp": 1.5,
        }],
        "MillisBehindLatest": 0,
    });
    let shape = facts.operation("GetRecords").unwrap().output;
    assert_eq!(
        written(facts, shape, &output),
        b"\xa2\x67Records\x81\xa4\x6eSequenceNumber\x61\x31\x64Data\x43abc\x6cPartitionKey\x61k\
          \x78\x1bApproximateArrivalTimestamp\xc1\x19\x05\xdc\x72MillisBehindLatest\x00"
    );
}

#[test]
fn errors_are_cbor_with_their_status() {
    let refused = ServiceError::client("ResourceNotFoundException", "gone");
    let response = error(Service::Kinesis, &refused);
    assert_eq!(response.status(), 400);
    assert_eq!(response.headers()[CONTENT_TYPE], CONTENT);
}

#[test]
fn what_is_no_request_is_refused() {
    for body in [
        &b""[..],
        b"\xff",
        b"\xa1\x01\x02",
        b"{}",
        b"\xa0\xa0",
        b"\xc2\x41\x01",
        b"\xf7",
    ] {
        assert_eq!(
            parse(body).unwrap_err().code,
            "SerializationException",
            "{body:?}"
        );
    }
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(body in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse(&body);
    }

    #[test]
    fn every_truncation_is_refused(value in prop::collection::vec(("[a-z]{1,3}", any::<i64>(), ".{0,5}"), 1..5)) {
        let value = json!({"list": value});
        let bytes = written(Facts::of(Service::Kinesis), None, &value);
        prop_assert_eq!(parse(&bytes).unwrap(), value);
        for end in 0..bytes.len() {
            prop_assert!(parse(&bytes[..end]).is_err());
        }
    }

    #[test]
    fn a_request_means_the_same_in_json_and_cbor(
        data in prop::collection::vec(any::<u8>(), 0..40),
        key in ".{1,8}",
        limit in any::<i32>(),
        millis in 0i64..4_000_000_000_000,
    ) {
        let facts = Facts::of(Service::Kinesis);
        for (operation, input) in [
            ("PutRecords", json!({"Records": [{"Data": STANDARD.encode(&data), "PartitionKey": key}], "StreamName": "s"})),
            ("GetShardIterator", json!({"Timestamp": Timestamp::from_millis(millis), "ShardId": key})),
            ("GetRecords", json!({"Limit": limit, "ShardIterator": key})),
        ] {
            let shape = facts.operation(operation).unwrap().input;
            let bytes = written(facts, shape, &input);
            prop_assert_eq!(parse(&bytes).unwrap(), input);
        }
    }
}
