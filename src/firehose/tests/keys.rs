//! The golden keys of the reference, and the bytes of an object.

use super::*;

pub(super) struct Everything;

impl Surroundings for Everything {
    fn role_trusts(&self, _role_arn: &str, _service: &str) -> bool {
        true
    }
    fn stream_exists(&self, _stream_arn: &str) -> bool {
        true
    }
}

pub(super) const START: &str = "2026-11-24T05:41:25Z";

pub(super) fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

pub(super) fn call(now: Timestamp) -> Call {
    Call::root(now)
}

pub(super) fn firehose() -> Firehose {
    let ids = Arc::new(Ids::seeded(Seed::new(1)));
    Firehose::new(AccountId::default(), Region::default(), ids).with_status_change(Duration::ZERO)
}

/// Creates the stream `turbine` with the given members of an extended destination.
pub(super) fn create(firehose: &mut Firehose, members: serde_json::Value) -> Result<()> {
    let mut destination = json!({
        "RoleARN": "arn:aws:iam::000000000000:role/firehoseAdminRole",
        "BucketARN": "arn:aws:s3:::lake",
    });
    for (name, value) in members.as_object().unwrap() {
        destination[name] = value.clone();
    }
    let request = serde_json::from_value(json!({
        "DeliveryStreamName": "turbine",
        "ExtendedS3DestinationConfiguration": destination,
    }))
    .unwrap();
    firehose
        .create_delivery_stream(&call(at(START)), request, &Everything)
        .map(|_| ())
}

pub(super) fn put(firehose: &mut Firehose, now: Timestamp, data: &[u8]) {
    let request = crate::firehose::api::PutRecordRequest {
        delivery_stream_name: "turbine".to_owned(),
        record: crate::firehose::api::Record {
            data: data.to_vec().into(),
        },
    };
    firehose.put_record(&call(now), request).unwrap();
}

/// The one object that the records become.
pub(super) fn object(members: serde_json::Value, records: &[&str]) -> Delivery {
    let mut firehose = firehose();
    create(&mut firehose, members).unwrap();
    for record in records {
        put(&mut firehose, at(START), record.as_bytes());
    }
    let due = firehose.next_due().unwrap();
    let mut deliveries = firehose.take_deliveries(due);
    assert_eq!(deliveries.len(), 1);
    deliveries.pop().unwrap()
}

/// Checks a key, in which `*` stands for random text.
fn check(members: serde_json::Value, expected: &str) {
    let key = object(members.clone(), &["x"]).key;
    let pattern = regex::escape(expected).replace(r"\*", "[0-9A-Za-z-]+");
    let pattern = regex::Regex::new(&format!("^{pattern}$")).unwrap();
    assert!(pattern.is_match(&key), "{members}: {key}");
}

#[test]
fn configurations_give_the_keys_of_the_reference() {
    let errors = "err/!{firehose:error-output-type}/";
    check(json!({}), "2026/11/24/05/turbine-1-2026-11-24-05-41-25-*");
    check(
        json!({"Prefix": "raw/", "CompressionFormat": "GZIP"}),
        "raw/2026/11/24/05/turbine-1-2026-11-24-05-41-25-*.gz",
    );
    check(
        json!({"Prefix": "raw"}),
        "raw2026/11/24/05/turbine-1-2026-11-24-05-41-25-*",
    );
    check(
        json!({"Prefix": "raw/!{firehose:random-string}/", "ErrorOutputPrefix": "e"}),
        "raw/*/turbine-1-2026-11-24-05-41-25-*",
    );
    check(
        json!({
            "Prefix": "d=!{timestamp:yyyy-MM-dd}/h=!{timestamp:HH}/",
            "ErrorOutputPrefix": errors,
        }),
        "d=2026-11-24/h=05/turbine-1-2026-11-24-05-41-25-*",
    );
    check(
        json!({"Prefix": "raw/", "CustomTimeZone": "Asia/Tokyo"}),
        "raw/2026/11/24/14/turbine-1-2026-11-24-14-41-25-*",
    );
    check(
        json!({"Prefix": "raw/", "CompressionFormat": "GZIP", "FileExtension": ".json.gz"}),
        "raw/2026/11/24/05/turbine-1-2026-11-24-05-41-25-*.json.gz",
    );
}

#[test]
fn records_are_joined_without_a_separator() {
    let delivery = object(json!({}), &[r#"{"a":1}"#, r#"{"a":2}"#]);
    assert_eq!(&delivery.body[..], br#"{"a":1}{"a":2}"#);
    assert_eq!((delivery.records, delivery.content_encoding), (2, None));
    assert_eq!(delivery.bucket, "lake");
}

#[test]
fn a_delimiter_goes_behind_every_record() {
    let members = json!({"ProcessingConfiguration": {
        "Enabled": true,
        "Processors": [{"Type": "AppendDelimiterToRecord"}],
    }});
    let delivery = object(members, &[r#"{"a":1}"#, r#"{"a":2}"#]);
    assert_eq!(&delivery.body[..], b"{\"a\":1}\n{\"a\":2}\n");
}
