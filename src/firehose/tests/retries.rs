//! Deliveries that fail.

use super::*;

fn turbine_with_one_record() -> (Firehose, Timestamp) {
    let mut firehose = firehose();
    create_turbine(
        &mut firehose,
        &json!({"BufferingHints": {"SizeInMBs": 1, "IntervalInSeconds": 0}}),
    )
    .unwrap();
    put(&mut firehose, start(), b"x").unwrap();
    (firehose, start())
}

#[test]
fn a_failed_delivery_is_tried_again_under_the_same_key() {
    let (mut firehose, t) = turbine_with_one_record();
    let first = only(firehose.take_deliveries(t));
    assert_eq!(firehose.next_due(), None, "it waits for the outcome");
    firehose.delivery_failed(
        t,
        first.clone(),
        "S3.NoSuchBucket",
        "The bucket does not exist",
    );
    let due = firehose.next_due().unwrap();
    assert_eq!(due, t + secs(5));
    assert!(firehose.take_deliveries(t + secs(4)).is_empty());
    let second = only(firehose.take_deliveries(due));
    assert_eq!(second, first);
    firehose.delivered(due, &second);
    firehose.delivered(due, &second);
    let counts = firehose.counts("turbine").unwrap();
    assert_eq!(
        (counts.delivered, counts.in_flight, counts.objects),
        (1, 0, 1)
    );
}

#[test]
fn a_retry_uses_the_settings_that_were_corrected_meanwhile() {
    let (mut firehose, t) = turbine_with_one_record();
    let first = only(firehose.take_deliveries(t));
    firehose.delivery_failed(t, first, "S3.NoSuchBucket", "no bucket");
    update(
        &mut firehose,
        t,
        1,
        json!({"BucketARN": "arn:aws:s3:::other"}),
    )
    .unwrap();
    let second = only(firehose.take_deliveries(t + secs(5)));
    assert_eq!(second.bucket, "other");
    assert!(second.key.contains("/turbine-2-"), "{}", second.key);
}

#[test]
fn attempts_slow_down_and_end_after_a_day() {
    let (mut firehose, t) = turbine_with_one_record();
    let mut waits = Vec::new();
    let mut now = t;
    while let Some(due) = firehose.next_due() {
        waits.push(due.since(now).as_secs());
        now = due;
        let delivery = only(firehose.take_deliveries(now));
        firehose.delivery_failed(now, delivery, "S3.AccessDenied", "Access Denied");
    }
    assert_eq!(now, t + secs(24 * 3600), "the last attempt ends the day");
    assert_eq!(waits[..8], [0, 5, 10, 20, 40, 80, 160, 300]);
    let counts = firehose.counts("turbine").unwrap();
    assert_eq!(
        (counts.dropped, counts.delivered, counts.in_flight),
        (1, 0, 0)
    );

    let event = firehose.log_events("turbine").last().unwrap();
    assert_eq!(event.target, None);
    let message: Value = serde_json::from_str(&event.message).unwrap();
    assert_eq!(
        message,
        json!({
            "deliveryStreamARN": "arn:aws:firehose:us-east-1:000000000000:deliverystream/turbine",
            "destination": "arn:aws:s3:::lake",
            "deliveryStreamVersionId": 1,
            "message": "Access Denied",
            "errorCode": "S3.AccessDenied",
        })
    );
}

#[test]
fn a_report_about_a_deleted_stream_changes_nothing() {
    let (mut firehose, t) = turbine_with_one_record();
    let delivery = only(firehose.take_deliveries(t));
    delete(&mut firehose, t).unwrap();
    firehose.delivered(t, &delivery);
    assert!(firehose.take_deliveries(t + secs(1)).is_empty());
    create_turbine(&mut firehose, &json!({})).unwrap();
    firehose.delivery_failed(t, delivery, "S3.AccessDenied", "late");
    assert_eq!(firehose.counts("turbine").unwrap(), Counts::default());
    assert_eq!(firehose.next_due(), Some(t), "only CREATING is due");
}
