//! S3 backup: source records, as they came, to a second place.

use super::*;

fn with_backup() -> Value {
    json!({
        "S3BackupMode": "Enabled",
        "S3BackupConfiguration": {
            "RoleARN": ROLE,
            "BucketARN": "arn:aws:s3:::vault",
            "Prefix": "source/",
            "BufferingHints": {"SizeInMBs": 1, "IntervalInSeconds": 600},
            "CompressionFormat": "GZIP",
        },
        "ProcessingConfiguration": {
            "Enabled": true,
            "Processors": [{"Type": "AppendDelimiterToRecord"}],
        },
    })
}

#[test]
fn the_backup_has_the_source_records_and_its_own_settings() {
    let (mut firehose, t) = (firehose(), start());
    create_turbine(&mut firehose, &with_backup()).unwrap();
    for record in [&b"a"[..], b"b"] {
        put(&mut firehose, t, record).unwrap();
    }
    assert_eq!(firehose.counts("turbine").unwrap().accepted, 2);
    let data = only(firehose.take_deliveries(t + secs(300)));
    assert_eq!(
        (&data.body[..], data.bucket.as_str()),
        (&b"a\nb\n"[..], "lake")
    );
    firehose.delivered(t + secs(300), &data);
    let counts = firehose.counts("turbine").unwrap();
    assert_eq!(
        (counts.delivered, counts.in_flight, counts.backed_up),
        (2, 0, 0)
    );

    assert_eq!(firehose.next_due(), Some(t + secs(600)));
    let copy = only(firehose.take_deliveries(t + secs(600)));
    assert_eq!(copy.bucket, "vault");
    assert!(
        copy.key.starts_with("source/2026/11/24/05/turbine-1-"),
        "{}",
        copy.key
    );
    assert!(copy.key.ends_with(".gz"), "{}", copy.key);
    let plain = std::io::read_to_string(flate2::read::GzDecoder::new(&copy.body[..])).unwrap();
    assert_eq!(plain, "ab");
    firehose.delivered(t + secs(600), &copy);
    let counts = firehose.counts("turbine").unwrap();
    assert_eq!(
        (counts.accepted, counts.delivered, counts.backed_up),
        (2, 2, 2)
    );
    assert_eq!(counts.objects, 2);
}

#[test]
fn a_backup_that_fails_for_a_day_is_no_dropped_record() {
    let mut firehose = firehose();
    create_turbine(&mut firehose, &with_backup()).unwrap();
    put(&mut firehose, start(), b"a").unwrap();
    while let Some(due) = firehose.next_due() {
        for delivery in firehose.take_deliveries(due) {
            if delivery.bucket == "vault" {
                firehose.delivery_failed(due, delivery, "S3.NoSuchBucket", "no");
            } else {
                firehose.delivered(due, &delivery);
            }
        }
    }
    let counts = firehose.counts("turbine").unwrap();
    assert_eq!(
        (counts.accepted, counts.delivered, counts.dropped),
        (1, 1, 0)
    );
    assert!(firehose.log_events("turbine").count() > 200);
}

#[test]
fn backup_can_be_switched_on_and_changed_but_not_off() {
    let (mut firehose, t) = (firehose(), start());
    create_turbine(&mut firehose, &json!({})).unwrap();
    let on = json!({"S3BackupMode": "Enabled"});
    assert!(
        update(&mut firehose, t, 1, on.clone()).is_err(),
        "there is no destination"
    );
    let mut with_target = on;
    with_target["S3BackupUpdate"] = json!({"RoleARN": ROLE, "BucketARN": "arn:aws:s3:::vault"});
    update(&mut firehose, t, 1, with_target).unwrap();
    update(
        &mut firehose,
        t,
        2,
        json!({"S3BackupUpdate": {"Prefix": "x/"}}),
    )
    .unwrap();
    let described = describe(&mut firehose, t).unwrap();
    let extended = &described["Destinations"][0]["ExtendedS3DestinationDescription"];
    assert_eq!(extended["S3BackupMode"], "Enabled");
    assert_eq!(
        extended["S3BackupDescription"]["BucketARN"],
        "arn:aws:s3:::vault"
    );
    assert_eq!(extended["S3BackupDescription"]["Prefix"], "x/");
    assert!(update(&mut firehose, t, 3, json!({"S3BackupMode": "Disabled"})).is_err());
    let untrusted = json!({"S3BackupUpdate": {"RoleARN": "arn:aws:iam::000000000000:role/no-x"}});
    assert!(update(&mut firehose, t, 3, untrusted).is_err());
}
