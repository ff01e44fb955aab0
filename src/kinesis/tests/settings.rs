//! Retention, mode, monitoring, encryption, tags, policies and consumers.

use std::collections::BTreeMap;

use super::*;

impl World {
    fn increase(&mut self, hours: i32) -> Result<()> {
        let call = self.call();
        let request = IncreaseStreamRetentionPeriodRequest {
            stream_name: wind(),
            retention_period_hours: hours,
            ..Default::default()
        };
        self.kinesis
            .increase_stream_retention_period(&call, request)
    }

    fn decrease(&mut self, hours: i32) -> Result<()> {
        let call = self.call();
        let request = DecreaseStreamRetentionPeriodRequest {
            stream_name: wind(),
            retention_period_hours: hours,
            ..Default::default()
        };
        self.kinesis
            .decrease_stream_retention_period(&call, request)
    }
}

#[test]
fn retention_trims() {
    let mut world = World::with_shards(1, Limits::Off);
    world.put("k", "old").unwrap();
    world.pass_secs(12 * 3_600);
    world.put("k", "new").unwrap();
    world.pass_secs(12 * 3_600);
    assert_eq!(world.read(at_shard(0, "TRIM_HORIZON")), ["old", "new"]);
    world.pass(Duration::from_millis(1));
    assert_eq!(world.read(at_shard(0, "TRIM_HORIZON")), ["new"]);
}

#[test]
fn a_longer_retention_brings_nothing_back_and_a_shorter_one_trims_at_once() {
    let mut world = World::with_shards(1, Limits::Off);
    world.put("k", "gone").unwrap();
    world.pass_secs(25 * 3_600);
    world.increase(48).unwrap();
    assert_eq!(world.status("wind"), "UPDATING");
    world.settle();
    assert!(world.read(at_shard(0, "TRIM_HORIZON")).is_empty());
    world.put("k", "kept").unwrap();
    world.pass_secs(30 * 3_600);
    assert_eq!(world.read(at_shard(0, "TRIM_HORIZON")), ["kept"]);
    world.decrease(24).unwrap();
    world.settle();
    assert!(world.read(at_shard(0, "TRIM_HORIZON")).is_empty());
    let counts = world.kinesis.stream_counts(world.now, "wind").unwrap();
    assert_eq!((counts.records, counts.shards[0].stored_records), (2, 0));
    assert_eq!(counts.shards[0].stored_bytes, 0);
}

#[test]
fn the_present_retention_is_accepted_and_wrong_ones_are_not() {
    let mut world = World::with_shards(1, Limits::Off);
    world.increase(24).unwrap();
    world.decrease(24).unwrap();
    assert_eq!(world.status("wind"), "ACTIVE");
    let invalid = "InvalidArgumentException";
    check_error(
        world.increase(23),
        invalid,
        "Minimum allowed retention period is 24 hours. Requested retention period (23 hours) is too \
         short.",
    );
    check_error(
        world.decrease(25),
        invalid,
        "Requested retention period (25 hours) for stream wind can not be longer than existing \
         retention period (24 hours). Use IncreaseRetentionPeriod API.",
    );
    check_code(world.increase(8_761), invalid);
    world.increase(8_760).unwrap();
    world.settle();
    check_error(
        world.increase(48),
        invalid,
        "Requested retention period (48 hours) for stream wind can not be shorter than existing \
         retention period (8760 hours). Use DecreaseRetentionPeriod API.",
    );
}

#[test]
fn the_mode_can_be_switched_twice_a_day() {
    let mut world = World::with_shards(3, Limits::Aws);
    let switch = |world: &mut World, mode: &str| {
        let call = world.call();
        let request = UpdateStreamModeRequest {
            stream_arn: WIND_ARN.to_owned(),
            stream_mode_details: StreamModeDetails {
                stream_mode: mode.to_owned(),
            },
            ..Default::default()
        };
        let reply = world.kinesis.update_stream_mode(&call, request);
        world.settle();
        reply
    };
    check_code(
        switch(&mut world, "PROVISIONED"),
        "InvalidArgumentException",
    );
    switch(&mut world, "ON_DEMAND").unwrap();
    assert_eq!(world.summary("wind").unwrap().open_shard_count, 3);
    switch(&mut world, "PROVISIONED").unwrap();
    check_code(switch(&mut world, "ON_DEMAND"), "LimitExceededException");
    world.pass_secs(24 * 3_600);
    switch(&mut world, "ON_DEMAND").unwrap();
}

#[test]
fn monitoring_answers_what_was_on_and_what_will_be() {
    let mut world = World::with_shards(1, Limits::Aws);
    let enable = |world: &mut World, names: &[&str]| {
        let call = world.call();
        let request = EnableEnhancedMonitoringRequest {
            stream_name: wind(),
            shard_level_metrics: names.iter().map(|&name| name.to_owned()).collect(),
            ..Default::default()
        };
        let reply = world.kinesis.enable_enhanced_monitoring(&call, request);
        world.settle();
        reply
    };
    let reply = enable(&mut world, &["OutgoingBytes", "IncomingBytes"]).unwrap();
    assert_eq!(reply.current_shard_level_metrics, Some(vec![]));
    assert_eq!(
        reply.desired_shard_level_metrics.unwrap(),
        ["IncomingBytes", "OutgoingBytes"]
    );
    check_error(
        enable(&mut world, &["ALL", "IncomingBytes"]),
        "InvalidArgumentException",
        "DesiredShardLevelMetrics cannot have ALL with other metric names",
    );
    let all = enable(&mut world, &["ALL"]).unwrap();
    assert_eq!(all.current_shard_level_metrics.unwrap().len(), 2);
    assert_eq!(all.desired_shard_level_metrics.unwrap().len(), 7);
    let call = world.call();
    let disable = DisableEnhancedMonitoringRequest {
        stream_name: wind(),
        shard_level_metrics: vec!["ALL".to_owned()],
        ..Default::default()
    };
    let none = world
        .kinesis
        .disable_enhanced_monitoring(&call, disable)
        .unwrap();
    assert_eq!(none.desired_shard_level_metrics, Some(vec![]));
}

#[test]
fn records_written_under_encryption_say_so() {
    let mut world = World::with_shards(1, Limits::Off);
    world.put("k", "plain").unwrap();
    let start = |key: &str| StartStreamEncryptionRequest {
        stream_name: wind(),
        encryption_type: "KMS".to_owned(),
        key_id: key.to_owned(),
        ..Default::default()
    };
    let call = world.call();
    let foreign = start("arn:aws:kms:eu-west-1:000000000000:key/k");
    check_error(
        world.kinesis.start_stream_encryption(&call, foreign),
        "KMSNotFoundException",
        "Invalid arn eu-west-1",
    );
    world
        .kinesis
        .start_stream_encryption(&call, start("alias/aws/kinesis"))
        .unwrap();
    assert_eq!(world.put("k", "plain").unwrap().encryption_type, None);
    world.settle();
    let reply = world.put("k", "sealed").unwrap();
    assert_eq!(reply.encryption_type.as_deref(), Some("KMS"));
    let summary = world.summary("wind").unwrap();
    assert_eq!(summary.encryption_type.as_deref(), Some("KMS"));
    assert_eq!(summary.key_id.as_deref(), Some("alias/aws/kinesis"));
    let iterator = world.iterator_of(0, "TRIM_HORIZON");
    let kinds: Vec<_> = world
        .get(&iterator)
        .unwrap()
        .records
        .into_iter()
        .map(|record| record.encryption_type)
        .collect();
    assert_eq!(kinds, [None, None, Some("KMS".to_owned())]);
    let call = world.call();
    let stop = StopStreamEncryptionRequest {
        stream_name: wind(),
        encryption_type: "KMS".to_owned(),
        key_id: "alias/aws/kinesis".to_owned(),
        ..Default::default()
    };
    world.kinesis.stop_stream_encryption(&call, stop).unwrap();
    world.settle();
    assert_eq!(world.put("k", "plain").unwrap().encryption_type, None);
}

fn tags(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect()
}

#[test]
fn tags_are_the_same_through_both_families_of_operations() {
    let mut world = World::with_shards(1, Limits::Aws);
    let call = world.call();
    let add = |pairs: &[(&str, &str)]| AddTagsToStreamRequest {
        stream_name: wind(),
        tags: tags(pairs),
        ..Default::default()
    };
    let kinesis = &mut world.kinesis;
    kinesis
        .add_tags_to_stream(&call, add(&[("site", "A"), ("b", ""), ("a", "1")]))
        .unwrap();
    kinesis
        .tag_resource(
            &call,
            TagResourceRequest {
                resource_arn: WIND_ARN.to_owned(),
                tags: tags(&[("site", "B")]),
                ..Default::default()
            },
        )
        .unwrap();
    let list = |kinesis: &mut Kinesis, limit, after: Option<&str>| {
        let request = ListTagsForStreamRequest {
            stream_name: wind(),
            limit,
            exclusive_start_tag_key: after.map(str::to_owned),
            ..Default::default()
        };
        let reply = kinesis.list_tags_for_stream(&call, request).unwrap();
        let keys: Vec<String> = reply.tags.into_iter().map(|tag| tag.key).collect();
        (keys.join(","), reply.has_more_tags)
    };
    assert_eq!(list(kinesis, Some(2), None), ("a,b".to_owned(), true));
    assert_eq!(list(kinesis, None, Some("b")), ("site".to_owned(), false));
    let remove = RemoveTagsFromStreamRequest {
        stream_name: wind(),
        tag_keys: vec!["a".to_owned(), "not there".to_owned()],
        ..Default::default()
    };
    kinesis.remove_tags_from_stream(&call, remove).unwrap();
    let untag = UntagResourceRequest {
        resource_arn: WIND_ARN.to_owned(),
        tag_keys: vec!["b".to_owned()],
        ..Default::default()
    };
    kinesis.untag_resource(&call, untag).unwrap();
    let left = kinesis
        .list_tags_for_resource(
            &call,
            ListTagsForResourceRequest {
                resource_arn: WIND_ARN.to_owned(),
                ..Default::default()
            },
        )
        .unwrap();
    assert_eq!(
        left.tags.unwrap(),
        [Tag {
            key: "site".to_owned(),
            value: Some("B".to_owned())
        }]
    );
    let code = "InvalidArgumentException";
    check_code(kinesis.add_tags_to_stream(&call, add(&[("a!", "1")])), code);
    check_code(kinesis.add_tags_to_stream(&call, add(&[("a%", "1")])), code);
    let many: Vec<String> = (0..50).map(|i| format!("k{i}")).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|key| (key.as_str(), "")).collect();
    check_code(kinesis.add_tags_to_stream(&call, add(&many)), code);
    kinesis.add_tags_to_stream(&call, add(&many[1..])).unwrap();
}

#[test]
fn policies_are_kept_and_checked_for_form() {
    let mut world = World::with_shards(1, Limits::Aws);
    let call = world.call();
    let kinesis = &mut world.kinesis;
    let get = |kinesis: &mut Kinesis| {
        let request = GetResourcePolicyRequest {
            resource_arn: WIND_ARN.to_owned(),
            ..Default::default()
        };
        kinesis.get_resource_policy(&call, request).unwrap().policy
    };
    let delete = |kinesis: &mut Kinesis| {
        let request = DeleteResourcePolicyRequest {
            resource_arn: WIND_ARN.to_owned(),
            ..Default::default()
        };
        kinesis.delete_resource_policy(&call, request)
    };
    let put = |kinesis: &mut Kinesis, policy: &str| {
        let request = PutResourcePolicyRequest {
            resource_arn: WIND_ARN.to_owned(),
            policy: policy.to_owned(),
            ..Default::default()
        };
        kinesis.put_resource_policy(&call, request)
    };
    assert_eq!(get(kinesis), "{}");
    check_code(delete(kinesis), "ResourceNotFoundException");
    let statement = |principal: &str, action: &str, resource: &str| {
        format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow",{principal}"Action":"{action}","Resource":"{resource}"}}]}}"#
        )
    };
    let aws = r#""Principal":{"AWS":"111111111111"},"#;
    let good = statement(aws, "kinesis:PutRecord", WIND_ARN);
    let invalid = "InvalidArgumentException";
    check_error(
        put(kinesis, &statement(aws, "kinesis:PutRecord", "*")),
        invalid,
        "The resource policy's resource must be the same as the resource ARN.",
    );
    check_error(
        put(kinesis, &statement("", "kinesis:PutRecord", WIND_ARN)),
        invalid,
        "Policy validation error: Missing required field Principal",
    );
    check_code(
        put(kinesis, &statement(aws, "kinesis:*", WIND_ARN)),
        invalid,
    );
    check_code(put(kinesis, "not json"), invalid);
    check_code(put(kinesis, r#"{"Statement":["x"]}"#), invalid);
    assert_eq!(get(kinesis), "{}");
    put(kinesis, &good).unwrap();
    assert_eq!(get(kinesis), good);
    delete(kinesis).unwrap();
    assert_eq!(get(kinesis), "{}");
}

#[test]
fn a_consumer_is_registered_described_listed_and_deregistered() {
    let mut world = World::with_shards(1, Limits::Aws);
    let register = |name: &str| RegisterStreamConsumerRequest {
        stream_arn: WIND_ARN.to_owned(),
        consumer_name: name.to_owned(),
        ..Default::default()
    };
    let call = world.call();
    let made = world
        .kinesis
        .register_stream_consumer(&call, register("b"))
        .unwrap()
        .consumer;
    assert_eq!(made.consumer_status, "CREATING");
    assert_eq!(
        made.consumer_arn,
        format!("{WIND_ARN}/consumer/b:{}", world.now.secs())
    );
    let error = check_code(
        world.kinesis.register_stream_consumer(&call, register("b")),
        "ResourceInUseException",
    );
    assert!(error.to_string().starts_with(&format!(
        "Consumer b under stream {WIND_ARN} already exists"
    )));
    world
        .kinesis
        .register_stream_consumer(&call, register("a"))
        .unwrap();
    world.settle();
    let call = world.call();
    let by_arn = DescribeStreamConsumerRequest {
        consumer_arn: Some(made.consumer_arn.clone()),
        ..Default::default()
    };
    let by_name = DescribeStreamConsumerRequest {
        stream_arn: Some(WIND_ARN.to_owned()),
        consumer_name: Some("b".to_owned()),
        ..Default::default()
    };
    let described = world
        .kinesis
        .describe_stream_consumer(&call, by_arn.clone())
        .unwrap();
    assert_eq!(
        described,
        world
            .kinesis
            .describe_stream_consumer(&call, by_name)
            .unwrap()
    );
    assert_eq!(described.consumer_description.consumer_status, "ACTIVE");
    assert_eq!(world.summary("wind").unwrap().consumer_count, Some(2));
    let list = |world: &mut World, token: Option<String>| {
        let call = world.call();
        let request = ListStreamConsumersRequest {
            stream_arn: WIND_ARN.to_owned(),
            max_results: Some(1),
            next_token: token,
            ..Default::default()
        };
        let reply = world.kinesis.list_stream_consumers(&call, request).unwrap();
        (
            reply.consumers.unwrap()[0].consumer_name.clone(),
            reply.next_token,
        )
    };
    let (first, token) = list(&mut world, None);
    let (second, end) = list(&mut world, token);
    assert_eq!((first.as_str(), second.as_str(), end), ("a", "b", None));
    let deregister = DeregisterStreamConsumerRequest {
        consumer_arn: Some(made.consumer_arn.clone()),
        ..Default::default()
    };
    world
        .kinesis
        .deregister_stream_consumer(&call, deregister)
        .unwrap();
    world.settle();
    let call = world.call();
    check_code(
        world.kinesis.describe_stream_consumer(&call, by_arn),
        "ResourceNotFoundException",
    );
    let again = world
        .kinesis
        .register_stream_consumer(&call, register("b"))
        .unwrap();
    assert_ne!(again.consumer.consumer_arn, made.consumer_arn);
}
