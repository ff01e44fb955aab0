//! Lambda processors: events, replies, failures.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;

use super::*;

const FUNCTION: &str = "arn:aws:lambda:us-east-1:000000000000:function:clean";

fn with_function(parameters: &[(&str, &str)]) -> Value {
    let mut all = vec![json!({"ParameterName": "LambdaArn", "ParameterValue": FUNCTION})];
    all.extend(
        parameters
            .iter()
            .map(|(name, value)| json!({"ParameterName": name, "ParameterValue": value})),
    );
    json!({
        "Prefix": "raw/",
        "ProcessingConfiguration": {
            "Enabled": true,
            "Processors": [{"Type": "Lambda", "Parameters": all}],
        },
    })
}

fn invoking() -> Firehose {
    firehose().with_functions()
}

/// The one invocation that is due when the function's buffer is, and its event.
fn invocation(firehose: &mut Firehose) -> (Invocation, Value) {
    let due = firehose.next_due().unwrap();
    let mut invocations = firehose.take_invocations(due);
    assert_eq!(invocations.len(), 1);
    let invocation = invocations.pop().unwrap();
    let event = serde_json::from_slice(&invocation.event).unwrap();
    (invocation, event)
}

/// What the delivery stream writes for these records when the function answers `reply(ids)`: the
/// body under the prefix, the error lines.
fn written(
    members: &Value,
    records: &[&str],
    reply: impl Fn(&[&str]) -> Value,
) -> (String, Vec<Value>) {
    let mut firehose = invoking();
    create_turbine(&mut firehose, members).unwrap();
    for record in records {
        put(&mut firehose, start(), record.as_bytes()).unwrap();
    }
    let (invocation, event) = invocation(&mut firehose);
    let ids: Vec<&str> = event["records"]
        .as_array()
        .unwrap()
        .iter()
        .map(|record| record["recordId"].as_str().unwrap())
        .collect();
    let now = start() + secs(60);
    firehose.invoked(now, &invocation, reply(&ids).to_string().as_bytes());
    let (mut body, mut lines) = (String::new(), Vec::new());
    for delivery in firehose.take_deliveries(now + secs(300)) {
        firehose.delivered(now, &delivery);
        let text = std::str::from_utf8(&delivery.body).unwrap();
        if delivery.error_output {
            lines.extend(
                text.lines()
                    .map(|line| serde_json::from_str::<Value>(line).unwrap()),
            );
        } else {
            body.push_str(text);
        }
    }
    let counts = firehose.counts("turbine").unwrap();
    assert_eq!(counts.in_flight, 0);
    assert_eq!(
        counts.accepted,
        counts.delivered + counts.rejected + counts.dropped
    );
    (body, lines)
}

fn ok(id: &str, data: &str) -> Value {
    json!({"recordId": id, "result": "Ok", "data": STANDARD.encode(data)})
}

#[test]
fn the_event_is_that_of_the_service() {
    let mut firehose = invoking();
    create_with_source(&mut firehose, &with_function(&[])).unwrap();
    let record = SourceRecord {
        data: "x".into(),
        arrival: start(),
        shard_id: "shardId-000000000000".to_owned(),
        sequence_number: "49".to_owned(),
        partition_key: "02".to_owned(),
    };
    firehose.accept(start(), "turbine", vec![record]);
    assert_eq!(firehose.next_due(), Some(start() + secs(60)));
    assert_eq!(firehose.counts("turbine").unwrap().in_flight, 1);
    let (invocation, mut event) = invocation(&mut firehose);
    assert_eq!(invocation.function_arn, FUNCTION);
    assert!(event["invocationId"].take().is_string());
    assert!(event["records"][0]["recordId"].take().is_string());
    assert_eq!(
        event,
        json!({
            "invocationId": null,
            "deliveryStreamArn": "arn:aws:firehose:us-east-1:000000000000:deliverystream/turbine",
            "region": "us-east-1",
            "sourceKinesisStreamArn": "arn:aws:kinesis:us-east-1:000000000000:stream/windfarm",
            "records": [{
                "recordId": null,
                "approximateArrivalTimestamp": start().millis(),
                "data": "eA==",
                "kinesisRecordMetadata": {
                    "shardId": "shardId-000000000000",
                    "partitionKey": "02",
                    "approximateArrivalTimestamp": start().millis(),
                    "sequenceNumber": "49",
                    "subsequenceNumber": 0,
                },
            }],
        })
    );
}

#[test]
fn transformed_records_are_delivered_and_dropped_ones_leave_no_trace() {
    let reply = |ids: &[&str]| {
        json!({"records": [
            ok(ids[2], "C"),
            ok(ids[0], "A"),
            {"recordId": ids[1], "result": "Dropped"},
            ok("unknown", "?"),
        ]})
    };
    let (body, lines) = written(&with_function(&[]), &["a", "b", "c"], reply);
    assert_eq!(body, "AC", "in the order of the records, not of the reply");
    assert!(lines.is_empty());
}

#[test]
fn what_a_function_gets_wrong_is_an_error_line_with_its_code() {
    let reply = |ids: &[&str]| {
        json!({"records": [
            {"recordId": ids[0], "result": "ProcessingFailed", "data": "eA=="},
            {"recordId": ids[2], "result": "Ok", "data": null},
            ok(ids[3], "x"),
            ok(ids[3], "y"),
            {"recordId": ids[4], "result": "Fine"},
        ]})
    };
    let (body, lines) = written(&with_function(&[]), &["a", "b", "c", "d", "e"], reply);
    assert_eq!(body, "");
    let codes: Vec<&str> = lines
        .iter()
        .map(|line| line["errorCode"].as_str().unwrap())
        .collect();
    assert_eq!(
        codes,
        [
            "Lambda.ProcessingFailedStatus",
            "Lambda.MissingRecordId",
            "Lambda.InvalidReturnFormat",
            "Lambda.DuplicatedRecordId",
            "Lambda.InvalidReturnFormat",
        ]
    );
    assert_eq!(
        lines[0].to_string(),
        format!(
            r#"{{"rawData":"YQ==","errorCode":"Lambda.ProcessingFailedStatus","errorMessage":"ProcessingFailed status set for record","attemptsMade":1,"arrivalTimestamp":{},"attemptEndingTimestamp":{},"lambdaARN":"{FUNCTION}"}}"#,
            start().millis(),
            (start() + secs(60)).millis(),
        )
    );
}

#[test]
fn a_reply_without_records_misses_them_all() {
    for (reply, code) in [
        (json!({}), "Lambda.MissingRecordId"),
        (json!({"records": []}), "Lambda.MissingRecordId"),
        (json!("done"), "Lambda.InvalidReturnFormat"),
    ] {
        let (_, lines) = written(&with_function(&[]), &["a", "b"], |_| reply.clone());
        assert_eq!(lines.len(), 2, "{reply}");
        assert!(
            lines.iter().all(|line| line["errorCode"] == code),
            "{reply}"
        );
    }
}

#[test]
fn a_failing_function_is_invoked_again_as_often_as_configured() {
    let mut firehose = invoking();
    create_turbine(&mut firehose, &with_function(&[("NumberOfRetries", "2")])).unwrap();
    put(&mut firehose, start(), b"a").unwrap();
    let mut waits = Vec::new();
    let mut now = start();
    loop {
        let due = firehose.next_due().unwrap();
        let Some(invocation) = firehose.take_invocations(due).pop() else {
            break;
        };
        waits.push(due.since(now).as_secs());
        now = due;
        firehose.invocation_failed(now, invocation, "Lambda.FunctionError", "it broke");
    }
    assert_eq!(waits, [60, 1, 2]);
    let delivery = only(firehose.take_deliveries(now + secs(300)));
    assert!(
        delivery
            .key
            .starts_with("raw/processing-failed/2026/11/24/05/"),
        "{}",
        delivery.key
    );
    let line: Value = serde_json::from_slice(&delivery.body).unwrap();
    assert_eq!(line["attemptsMade"], 3);
    assert_eq!(
        (&line["errorCode"], &line["errorMessage"]),
        (&json!("Lambda.FunctionError"), &json!("it broke"))
    );
}

#[test]
fn a_function_can_name_partitions() {
    let mut members = with_function(&[]);
    members["Prefix"] = json!("kind=!{partitionKeyFromLambda:kind}/");
    members["ErrorOutputPrefix"] = json!("bad/!{firehose:error-output-type}/");
    members["DynamicPartitioningConfiguration"] = json!({"Enabled": true});
    let mut firehose = invoking();
    create_turbine(&mut firehose, &members).unwrap();
    for record in [&b"a"[..], b"b", b"c"] {
        put(&mut firehose, start(), record).unwrap();
    }
    let (invocation, event) = invocation(&mut firehose);
    let answer = |n: usize, keys: Value| {
        let id = event["records"][n]["recordId"].as_str().unwrap();
        let mut answer = ok(id, "x");
        answer["metadata"] = json!({"partitionKeys": keys});
        answer
    };
    let reply = json!({"records": [
        answer(0, json!({"kind": "power", "other": "ignored"})),
        answer(1, json!({"kind": 7})),
        answer(2, json!({})),
    ]});
    let now = start() + secs(60);
    firehose.invoked(now, &invocation, reply.to_string().as_bytes());
    let deliveries = firehose.take_deliveries(now + secs(300));
    let mut folders: Vec<&str> = deliveries
        .iter()
        .map(|delivery| delivery.key.rsplit_once('/').unwrap().0)
        .collect();
    folders.sort_unstable();
    assert_eq!(folders, ["bad/processing-failed", "kind=7", "kind=power"]);
}

#[test]
fn function_parameters_are_checked() {
    let check = |parameters: &[(&str, &str)], message: &str| {
        let error = create_turbine(&mut invoking(), &with_function(parameters)).unwrap_err();
        assert!(error.to_string().contains(message), "{error}");
    };
    check(&[("NumberOfRetries", "301")], "NumberOfRetries");
    check(
        &[
            ("BufferSizeInMBs", "3.1"),
            ("BufferIntervalInSeconds", "60"),
        ],
        "BufferSizeInMBs",
    );
    check(&[("BufferSizeInMBs", "1")], "together");
    check(&[("SubRecordType", "JSON")], "SubRecordType");
    let mut none = with_function(&[]);
    none["ProcessingConfiguration"]["Processors"][0]["Parameters"] = json!([]);
    let error = create_turbine(&mut invoking(), &none).unwrap_err();
    assert_eq!(
        error.to_string(),
        "LambdaArn is required when Lambda processor is used."
    );
    let mut two = with_function(&[]);
    let function = two["ProcessingConfiguration"]["Processors"][0].clone();
    two["ProcessingConfiguration"]["Processors"] = json!([function, function]);
    let error = create_turbine(&mut invoking(), &two).unwrap_err();
    assert_eq!(
        error.to_string(),
        "Cannot have more than 1 Lambda processor."
    );
}

proptest! {
    #[test]
    fn the_books_balance_whatever_functions_do(
        steps in prop::collection::vec((0u8..6, 0u64..400), 1..60),
    ) {
        let mut firehose = invoking();
        create_turbine(&mut firehose, &with_function(&[("NumberOfRetries", "1")])).unwrap();
        let (mut now, mut put_in) = (start(), 0);
        let mut under_way: Vec<Invocation> = Vec::new();
        for (step, wait) in steps {
            now = now + secs(wait);
            match step {
                0 | 1 => {
                    for _ in 0..=wait % 4 {
                        put(&mut firehose, now, b"x").unwrap();
                        put_in += 1;
                    }
                }
                2 => under_way.extend(firehose.take_invocations(now)),
                3 => for delivery in firehose.take_deliveries(now) {
                    firehose.delivered(now, &delivery);
                },
                4 => if let Some(invocation) = under_way.pop() {
                    firehose.invocation_failed(now, invocation, "Lambda.FunctionError", "x");
                },
                _ => if let Some(invocation) = under_way.pop() {
                    let event: Value = serde_json::from_slice(&invocation.event).unwrap();
                    let answers: Vec<Value> = event["records"]
                        .as_array()
                        .unwrap()
                        .iter()
                        .enumerate()
                        .map(|(n, record)| {
                            let result = ["Ok", "Dropped", "ProcessingFailed"][n % 3];
                            json!({"recordId": record["recordId"], "result": result, "data": "eA=="})
                        })
                        .collect();
                    let reply = json!({"records": answers}).to_string();
                    firehose.invoked(now, &invocation, reply.as_bytes());
                },
            }
            let counts = firehose.counts("turbine").unwrap();
            prop_assert_eq!(counts.accepted, put_in);
            prop_assert_eq!(
                counts.accepted,
                counts.delivered + counts.rejected + counts.dropped + counts.in_flight
            );
            prop_assert_eq!(counts.in_flight == 0, counts.oldest_in_flight.is_none());
        }
    }
}
