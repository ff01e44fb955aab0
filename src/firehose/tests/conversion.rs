//! Record format conversion, with a converter that writes what it was given.

use base64::Engine as _;
use bytes::Bytes;
use proptest::prelude::*;

use super::*;

/// Knows the tables of the database `wind` and takes records that are JSON objects.
#[derive(Debug)]
struct Lines;

impl Converter for Lines {
    fn check(&self, configuration: &api::DataFormatConversionConfiguration) -> Result<()> {
        let schema = configuration.schema_configuration.as_ref().unwrap();
        match schema.database_name.as_deref() {
            Some("wind") => Ok(()),
            _ => Err(Error::invalid("no such table")),
        }
    }

    fn convert(
        &self,
        configuration: &api::DataFormatConversionConfiguration,
        records: &[Bytes],
    ) -> std::result::Result<Converted, ConversionFailure> {
        let schema = configuration.schema_configuration.as_ref().unwrap();
        if schema.table_name.as_deref() == Some("gone") {
            return Err(ConversionFailure {
                code: "DataFormatConversion.InvalidSchema".to_owned(),
                message: "the table is gone".to_owned(),
            });
        }
        let mut converted = Converted::default();
        let mut body = Vec::new();
        for (index, record) in records.iter().enumerate() {
            if serde_json::from_slice::<Value>(record).is_ok_and(|value| value.is_object()) {
                body.extend_from_slice(record);
                body.push(b'|');
            } else {
                converted.rejected.push(RejectedRecord {
                    index,
                    code: "DataFormatConversion.ParseError".to_owned(),
                    message: "Encountered malformed JSON.".to_owned(),
                });
            }
        }
        converted.body = body.into();
        Ok(converted)
    }
}

fn converting() -> Firehose {
    firehose().with_converter(Arc::new(Lines))
}

fn schema() -> Value {
    json!({"RoleARN": ROLE, "DatabaseName": "wind", "TableName": "turbine"})
}

fn to_parquet() -> Value {
    json!({
        "SchemaConfiguration": schema(),
        "InputFormatConfiguration": {"Deserializer": {"OpenXJsonSerDe": {}}},
        "OutputFormatConfiguration": {"Serializer": {"ParquetSerDe": {}}},
    })
}

#[test]
fn records_are_converted_and_the_rest_become_error_lines() {
    let mut firehose = converting();
    let members = json!({"Prefix": "raw/", "DataFormatConversionConfiguration": to_parquet()});
    create_with_source(&mut firehose, &members).unwrap();
    let record = |data: &'static str, number: u64| SourceRecord {
        data: data.into(),
        arrival: start() + secs(number),
        shard_id: "shardId-000000000000".to_owned(),
        sequence_number: number.to_string(),
        partition_key: "a".to_owned(),
    };
    let records = vec![
        record("broken", 1),
        record(r#"{"a":1}"#, 2),
        record("[]", 3),
    ];
    let now = start() + secs(9);
    firehose.accept(now, "turbine", records);

    let delivery = only(firehose.take_deliveries(now + secs(300)));
    assert_eq!(&delivery.body[..], b"{\"a\":1}|");
    assert_eq!(
        (delivery.records, delivery.content_encoding),
        (1, Some("hadoop-snappy"))
    );
    assert!(
        delivery
            .key
            .starts_with("raw/2026/11/24/05/turbine-1-2026-11-24-05-41-27-"),
        "the oldest record inside: {}",
        delivery.key
    );
    assert!(delivery.key.ends_with(".parquet"), "{}", delivery.key);
    firehose.delivered(now, &delivery);

    let errors = only(firehose.take_deliveries(now + secs(600)));
    assert!(errors.error_output);
    assert!(
        errors.key.starts_with("raw/format-conversion-failed/2026/"),
        "{}",
        errors.key
    );
    let text = std::str::from_utf8(&errors.body).unwrap();
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(
        lines[0],
        json!({
            "attemptsMade": 1,
            "arrivalTimestamp": (start() + secs(1)).millis(),
            "lastErrorCode": "DataFormatConversion.ParseError",
            "lastErrorMessage": "Encountered malformed JSON.",
            "attemptEndingTimestamp": (now + secs(300)).millis(),
            "rawData": "YnJva2Vu",
            "sequenceNumber": "1",
            "subSequenceNumber": 0,
            "dataCatalogTable": {
                "catalogId": "000000000000",
                "databaseName": "wind",
                "tableName": "turbine",
                "region": "us-east-1",
                "versionId": "LATEST",
                "roleArn": ROLE,
            },
        })
    );
    firehose.delivered(now, &errors);
    let counts = firehose.counts("turbine").unwrap();
    assert_eq!(
        (counts.accepted, counts.delivered, counts.rejected),
        (3, 1, 2)
    );
    assert_eq!(counts.in_flight, 0);
}

#[test]
fn nothing_but_rejects_gives_no_object() {
    let mut firehose = converting();
    let members = json!({"DataFormatConversionConfiguration": to_parquet()});
    create_turbine(&mut firehose, &members).unwrap();
    put(&mut firehose, start(), b"broken").unwrap();
    assert!(firehose.take_deliveries(start() + secs(300)).is_empty());
    let errors = only(firehose.take_deliveries(start() + secs(600)));
    let line: Value = serde_json::from_slice(&errors.body).unwrap();
    assert_eq!(line["sequenceNumber"], Value::Null);
}

#[test]
fn a_table_that_is_gone_is_waited_for() {
    let mut firehose = converting();
    let mut conversion = to_parquet();
    conversion["SchemaConfiguration"]["TableName"] = json!("gone");
    let members = json!({"DataFormatConversionConfiguration": conversion});
    create_turbine(&mut firehose, &members).unwrap();
    put(&mut firehose, start(), br#"{"a":1}"#).unwrap();
    let now = start() + secs(300);
    assert!(firehose.take_deliveries(now).is_empty());
    assert_eq!(firehose.next_due(), Some(now + secs(5)));
    let event = firehose.log_events("turbine").next().unwrap();
    assert!(
        event.message.contains("the table is gone"),
        "{}",
        event.message
    );
    let found = json!({"DataFormatConversionConfiguration":
        {"SchemaConfiguration": {"TableName": "turbine"}}});
    update(&mut firehose, now, 1, found).unwrap();
    let delivery = only(firehose.take_deliveries(now + secs(5)));
    assert_eq!(&delivery.body[..], b"{\"a\":1}|");
}

#[test]
fn configurations_are_refused_in_the_order_of_the_service() {
    // From a configuration with everything wrong, mended step by step.
    let mut members = json!({
        "CompressionFormat": "GZIP",
        "BufferingHints": {"SizeInMBs": 63, "IntervalInSeconds": 60},
        "DataFormatConversionConfiguration": {},
    });
    let mut refused = |path: &str, value: Value, message: &str| {
        if !path.is_empty() {
            *members.pointer_mut(path).unwrap() = value;
        }
        let error = create_turbine(&mut converting(), &members).unwrap_err();
        assert_eq!(error.code(), "InvalidArgumentException");
        assert!(error.to_string().starts_with(message), "{error}");
    };
    let conversion = "/DataFormatConversionConfiguration";
    refused(
        "",
        json!(null),
        "The S3 destination's compression format must be set to UNCOMPRESSED",
    );
    refused(
        "/CompressionFormat",
        json!("UNCOMPRESSED"),
        "BufferingHints.SizeInMBs must be at least 64 when data format conversion is enabled.",
    );
    refused(
        "/BufferingHints/SizeInMBs",
        json!(64),
        "InputFormatConfiguration must not be null",
    );
    let input = json!({"InputFormatConfiguration": {}});
    refused(
        conversion,
        input,
        "OutputFormatConfiguration must not be null",
    );
    let both = json!({"InputFormatConfiguration": {}, "OutputFormatConfiguration": {}});
    refused(conversion, both, "SchemaConfiguration must not be null");
    let all = json!({
        "InputFormatConfiguration": {},
        "OutputFormatConfiguration": {},
        "SchemaConfiguration": {},
    });
    refused(conversion, all, "Deserializer must not be null");
    let input = "/DataFormatConversionConfiguration/InputFormatConfiguration";
    let two = json!({"Deserializer": {"OpenXJsonSerDe": {}, "HiveJsonSerDe": {}}});
    refused(
        input,
        two,
        "More than one deserializer specified. Only one may be chosen.",
    );
    let one = json!({"Deserializer": {"OpenXJsonSerDe": {}}});
    refused(input, one, "Serializer must not be null");
    let output = "/DataFormatConversionConfiguration/OutputFormatConfiguration";
    let one = json!({"Serializer": {"OrcSerDe": {}}});
    refused(
        output,
        one,
        "SchemaConfiguration.RoleArn must not be null or empty",
    );
    let of_schema = "/DataFormatConversionConfiguration/SchemaConfiguration";
    let role = json!({"RoleARN": "arn:aws:iam::000000000000:role/no-trust"});
    refused(
        of_schema,
        role.clone(),
        "SchemaConfiguration.DatabaseName must not be null or empty",
    );
    let mut named = role;
    named["DatabaseName"] = json!("other");
    refused(
        of_schema,
        named.clone(),
        "SchemaConfiguration.TableName must not be null or empty",
    );
    named["TableName"] = json!("turbine");
    refused(of_schema, named.clone(), "no such table");
    named["DatabaseName"] = json!("wind");
    refused(of_schema, named, "Firehose is unable to assume role");
}

#[test]
fn conversion_has_its_default_size_and_is_not_switched_on_over_a_small_one() {
    let mut firehose = converting();
    let members = json!({"DataFormatConversionConfiguration": to_parquet()});
    create_turbine(&mut firehose, &members).unwrap();
    let described = describe(&mut firehose, start()).unwrap();
    let extended = &described["Destinations"][0]["ExtendedS3DestinationDescription"];
    assert_eq!(extended["BufferingHints"]["SizeInMBs"], 128);
    assert_eq!(extended["DataFormatConversionConfiguration"], to_parquet());

    let mut firehose = converting();
    create_turbine(&mut firehose, &json!({})).unwrap();
    let refused = update(&mut firehose, start(), 1, members.clone()).unwrap_err();
    assert!(
        refused
            .to_string()
            .starts_with("BufferingHints.SizeInMBs must be at least 64")
    );
    let mut with_size = members;
    with_size["BufferingHints"] = json!({"SizeInMBs": 64, "IntervalInSeconds": 60});
    update(&mut firehose, start(), 1, with_size).unwrap();
}

/// Good records are objects, bad ones are not; all differ by their number.
fn numbered(number: usize, good: bool) -> String {
    if good {
        format!("{{\"n\":{number}}}")
    } else {
        format!("bad {number}")
    }
}

/// The records in an object, be they converted or told of in error lines.
fn inside(delivery: &Delivery) -> Vec<String> {
    let body = std::str::from_utf8(&delivery.body).unwrap();
    if !delivery.error_output {
        return body.split_terminator('|').map(str::to_owned).collect();
    }
    let raw = |line: &str| {
        let line: Value = serde_json::from_str(line).unwrap();
        let raw = line["rawData"].as_str().unwrap();
        let raw = base64::engine::general_purpose::STANDARD.decode(raw);
        String::from_utf8(raw.unwrap()).unwrap()
    };
    body.lines().map(raw).collect()
}

#[derive(Clone, Debug)]
enum Step {
    Put(Vec<bool>),
    Wait(u64),
    Take,
    Finish { nth: usize, written: bool },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => prop::collection::vec(any::<bool>(), 1..5).prop_map(Step::Put),
        3 => (0u64..400).prop_map(Step::Wait),
        3 => Just(Step::Take),
        3 => (0usize..4, any::<bool>()).prop_map(|(nth, written)| Step::Finish { nth, written }),
    ]
}

proptest! {
    /// Whatever is put and whatever fails on the way: every record ends up in one object or in one
    /// error line, and the books balance at every step.
    #[test]
    fn no_record_is_lost_or_doubled_by_conversion(steps in prop::collection::vec(step(), 0..40)) {
        let mut firehose = converting();
        let members = json!({"DataFormatConversionConfiguration": to_parquet()});
        create_turbine(&mut firehose, &members).unwrap();
        let (mut now, mut put_so_far) = (start(), 0);
        let mut under_way: Vec<Delivery> = Vec::new();
        let mut found: Vec<String> = Vec::new();
        let mut expected: Vec<String> = Vec::new();
        let close = [Step::Wait(1_000), Step::Take].into_iter().cycle().take(200);
        for (number, step) in steps.into_iter().chain(close).enumerate() {
            match step {
                Step::Put(records) => for good in records {
                    let record = numbered(put_so_far, good);
                    put(&mut firehose, now, record.as_bytes()).unwrap();
                    expected.push(record);
                    put_so_far += 1;
                },
                Step::Wait(seconds) => now = now + secs(seconds),
                Step::Take => under_way.extend(firehose.take_deliveries(now)),
                Step::Finish { nth, written } => if nth < under_way.len() {
                    let delivery = under_way.remove(nth);
                    if written {
                        found.extend(inside(&delivery));
                        firehose.delivered(now, &delivery);
                    } else {
                        firehose.delivery_failed(now, delivery, "S3.NoSuchBucket", "no");
                    }
                },
            }
            if number >= 40 {
                for delivery in under_way.drain(..) {
                    found.extend(inside(&delivery));
                    firehose.delivered(now, &delivery);
                }
            }
            let counts = firehose.counts("turbine").unwrap();
            prop_assert_eq!(
                counts.accepted,
                counts.delivered + counts.rejected + counts.dropped + counts.in_flight
            );
        }
        found.sort();
        expected.sort();
        prop_assert_eq!(found, expected);
        prop_assert_eq!(firehose.counts("turbine").unwrap().in_flight, 0);
    }
}
