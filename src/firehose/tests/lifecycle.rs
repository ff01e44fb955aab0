//! From creation to deletion: statuses, descriptions, versions, tags, encryption.

use super::*;

fn slow() -> Firehose {
    let ids = Arc::new(Ids::seeded(Seed::new(1)));
    Firehose::new(AccountId::default(), Region::default(), ids).with_status_change(secs(10))
}

fn status(firehose: &mut Firehose, now: Timestamp) -> Option<String> {
    let described = describe(firehose, now).ok()?;
    Some(described["DeliveryStreamStatus"].as_str()?.to_owned())
}

#[test]
fn a_stream_is_creating_then_active_then_deleting_then_gone() {
    let (mut firehose, t) = (slow(), start());
    create_turbine(&mut firehose, &json!({})).unwrap();
    assert_eq!(status(&mut firehose, t).unwrap(), "CREATING");
    assert_eq!(firehose.next_due(), Some(t + secs(10)));
    assert!(put(&mut firehose, t, b"x").is_err());
    assert_eq!(
        delete(&mut firehose, t).unwrap_err().code(),
        "ResourceInUseException"
    );

    assert_eq!(status(&mut firehose, t + secs(10)).unwrap(), "ACTIVE");
    assert_eq!(firehose.next_due(), None);
    put(&mut firehose, t + secs(10), b"x").unwrap();

    delete(&mut firehose, t + secs(20)).unwrap();
    delete(&mut firehose, t + secs(21)).unwrap();
    assert_eq!(status(&mut firehose, t + secs(21)).unwrap(), "DELETING");
    let again = create_turbine(&mut firehose, &json!({})).unwrap_err();
    assert_eq!(again.code(), "ResourceInUseException");
    assert_eq!(status(&mut firehose, t + secs(30)), None);
    assert_eq!(firehose.counts("turbine"), None);
}

#[test]
fn deleting_discards_what_is_buffered() {
    let mut firehose = slow();
    create_turbine(&mut firehose, &json!({})).unwrap();
    let t = start() + secs(10);
    put(&mut firehose, t, b"x").unwrap();
    delete(&mut firehose, t).unwrap();
    assert!(firehose.take_deliveries(t + secs(5)).is_empty());
    let counts = firehose.counts("turbine").unwrap();
    assert_eq!(
        (counts.accepted, counts.dropped, counts.in_flight),
        (1, 1, 0)
    );
}

#[test]
fn defaults_are_described_though_not_sent() {
    let mut firehose = firehose();
    let arn = create(
        &mut firehose,
        json!({
            "DeliveryStreamName": "turbine",
            "S3DestinationConfiguration": destination(&json!({})),
        }),
    )
    .unwrap();
    assert_eq!(
        arn,
        "arn:aws:firehose:us-east-1:000000000000:deliverystream/turbine"
    );
    let plain = json!({
        "RoleARN": ROLE,
        "BucketARN": "arn:aws:s3:::lake",
        "BufferingHints": {"SizeInMBs": 5, "IntervalInSeconds": 300},
        "CompressionFormat": "UNCOMPRESSED",
        "EncryptionConfiguration": {"NoEncryptionConfig": "NoEncryption"},
        "CloudWatchLoggingOptions": {"Enabled": false},
    });
    let mut extended = plain.clone();
    extended["S3BackupMode"] = json!("Disabled");
    assert_eq!(
        describe(&mut firehose, start()).unwrap(),
        json!({
            "DeliveryStreamName": "turbine",
            "DeliveryStreamARN": arn,
            "DeliveryStreamStatus": "ACTIVE",
            "DeliveryStreamEncryptionConfiguration": {"Status": "DISABLED"},
            "DeliveryStreamType": "DirectPut",
            "VersionId": "1",
            "CreateTimestamp": start().millis() as f64 / 1e3,
            "Destinations": [{
                "DestinationId": "destinationId-000000000001",
                "S3DestinationDescription": plain,
                "ExtendedS3DestinationDescription": extended,
            }],
            "HasMoreDestinations": false,
        })
    );
}

#[test]
fn a_kinesis_source_is_read_from_creation_on() {
    let mut firehose = slow();
    create_with_source(&mut firehose, &json!({})).unwrap();
    let link = SourceLink {
        delivery_stream: "turbine".to_owned(),
        kinesis_stream_arn: "arn:aws:kinesis:us-east-1:000000000000:stream/windfarm".to_owned(),
        role_arn: ROLE.to_owned(),
        started: start(),
    };
    assert_eq!(
        firehose.kinesis_sources().collect::<Vec<_>>(),
        std::slice::from_ref(&link)
    );
    let described = describe(&mut firehose, start()).unwrap();
    assert_eq!(
        described["Source"]["KinesisStreamSourceDescription"],
        json!({
            "KinesisStreamARN": link.kinesis_stream_arn,
            "RoleARN": ROLE,
            "DeliveryStartTimestamp": start().millis() as f64 / 1e3,
        })
    );
    delete(&mut firehose, start() + secs(10)).unwrap();
    assert_eq!(firehose.kinesis_sources().count(), 0);
}

#[test]
fn updates_merge_and_take_effect_at_delivery() {
    let (mut firehose, t) = (firehose(), start());
    create_turbine(
        &mut firehose,
        &json!({"Prefix": "old/", "CompressionFormat": "GZIP"}),
    )
    .unwrap();
    put(&mut firehose, t, b"x").unwrap();
    update(&mut firehose, t + secs(1), 1, json!({"Prefix": "new/"})).unwrap();
    assert!(
        firehose.take_deliveries(t + secs(2)).is_empty(),
        "an update does not flush"
    );
    let delivery = only(firehose.take_deliveries(t + secs(300)));
    assert!(
        delivery.key.starts_with("new/2026/11/24/05/turbine-2-"),
        "{}",
        delivery.key
    );
    assert!(delivery.key.ends_with(".gz"), "{}", delivery.key);

    let described = describe(&mut firehose, t + secs(2)).unwrap();
    assert_eq!(described["VersionId"], "2");
    assert_eq!(
        described["LastUpdateTimestamp"],
        (t + secs(1)).millis() as f64 / 1e3
    );

    let stale = update(&mut firehose, t, 1, json!({"Prefix": "x"})).unwrap_err();
    assert_eq!(stale.code(), "ConcurrentModificationException");
    let refused = update(&mut firehose, t, 2, json!({"Prefix": "!{x:y}"})).unwrap_err();
    assert_eq!(refused.code(), "InvalidArgumentException");
    assert_eq!(describe(&mut firehose, t).unwrap()["VersionId"], "2");
}

#[test]
fn listing_pages_by_name_and_filters_by_type() {
    let mut firehose = firehose();
    for name in ["c", "a", "b"] {
        let request = json!({
            "DeliveryStreamName": name,
            "ExtendedS3DestinationConfiguration": destination(&json!({})),
        });
        create(&mut firehose, request).unwrap();
    }
    create_with_source(&mut firehose, &json!({})).unwrap();
    let mut check = |request: Value, names: &[&str], more: bool| {
        let call = Call::root(start());
        let list = firehose
            .list_delivery_streams(&call, &typed(request.clone()))
            .unwrap();
        assert_eq!(list.delivery_stream_names, names, "{request}");
        assert_eq!(list.has_more_delivery_streams, more, "{request}");
    };
    check(json!({}), &["a", "b", "c", "turbine"], false);
    check(json!({"Limit": 2}), &["a", "b"], true);
    let rest = json!({"Limit": 2, "ExclusiveStartDeliveryStreamName": "b"});
    check(rest, &["c", "turbine"], false);
    check(
        json!({"DeliveryStreamType": "KinesisStreamAsSource"}),
        &["turbine"],
        false,
    );
}

#[test]
fn tags_are_merged_removed_and_limited() {
    let mut firehose = firehose();
    create_turbine(&mut firehose, &json!({})).unwrap();
    let call = Call::root(start());
    let tag = |firehose: &mut Firehose, tags: Value| {
        let request = json!({"DeliveryStreamName": "turbine", "Tags": tags});
        firehose.tag_delivery_stream(&call, &typed(request))
    };
    let list = |firehose: &mut Firehose, more: Value| {
        let mut request = json!({"DeliveryStreamName": "turbine"});
        request
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        let tags = firehose
            .list_tags_for_delivery_stream(&call, &typed(request))
            .unwrap();
        serde_json::to_value(tags).unwrap()
    };
    tag(
        &mut firehose,
        json!([{"Key": "b", "Value": "1"}, {"Key": "a"}]),
    )
    .unwrap();
    tag(&mut firehose, json!([{"Key": "b", "Value": "2"}])).unwrap();
    assert_eq!(
        list(&mut firehose, json!({"Limit": 1})),
        json!({"Tags": [{"Key": "a"}], "HasMoreTags": true})
    );
    assert_eq!(
        list(&mut firehose, json!({"ExclusiveStartTagKey": "a"})),
        json!({"Tags": [{"Key": "b", "Value": "2"}], "HasMoreTags": false})
    );
    let many: Vec<Value> = (0..49).map(|n| json!({"Key": format!("k{n}")})).collect();
    let refused = tag(&mut firehose, json!(many)).unwrap_err();
    assert_eq!(refused.code(), "LimitExceededException");
    let request = json!({"DeliveryStreamName": "turbine", "TagKeys": ["a", "b", "c"]});
    firehose
        .untag_delivery_stream(&call, &typed(request))
        .unwrap();
    assert_eq!(
        list(&mut firehose, json!({})),
        json!({"Tags": [], "HasMoreTags": false})
    );
}

#[test]
fn encryption_is_switched_on_and_off_for_direct_put() {
    let mut firehose = slow();
    create_turbine(&mut firehose, &json!({})).unwrap();
    let t = start() + secs(10);
    let owned = json!({
        "DeliveryStreamName": "turbine",
        "DeliveryStreamEncryptionConfigurationInput": {"KeyType": "AWS_OWNED_CMK"},
    });
    let status = |firehose: &mut Firehose, now: Timestamp| {
        describe(firehose, now).unwrap()["DeliveryStreamEncryptionConfiguration"]["Status"].clone()
    };
    let on = |firehose: &mut Firehose, now: Timestamp| {
        firehose.start_delivery_stream_encryption(&Call::root(now), &typed(owned.clone()))
    };
    on(&mut firehose, t).unwrap();
    assert_eq!(status(&mut firehose, t), "ENABLING");
    let busy = on(&mut firehose, t).unwrap_err();
    assert_eq!(busy.code(), "ResourceInUseException");
    assert_eq!(firehose.next_due(), Some(t + secs(10)));
    assert_eq!(status(&mut firehose, t + secs(10)), "ENABLED");
    on(&mut firehose, t + secs(10)).unwrap();
    assert_eq!(status(&mut firehose, t + secs(10)), "ENABLED");
    let stop = typed(json!({"DeliveryStreamName": "turbine"}));
    let call = Call::root(t + secs(11));
    firehose
        .stop_delivery_stream_encryption(&call, &stop)
        .unwrap();
    assert_eq!(status(&mut firehose, t + secs(11)), "DISABLING");
    assert_eq!(status(&mut firehose, t + secs(21)), "DISABLED");
}
