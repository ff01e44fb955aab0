//! Making, describing, listing and deleting streams.

use super::*;

#[test]
fn a_stream_is_creating_until_its_time_has_come() {
    let mut world = World::new(Limits::Aws);
    world.create("wind", Some(3)).unwrap();
    assert_eq!(world.status("wind"), "CREATING");
    assert_eq!(world.summary("wind").unwrap().open_shard_count, 0);
    assert_eq!(world.kinesis.next_due(), Some(world.now + CHANGE_TAKES));
    check_error(
        world.put("k", "x"),
        "ResourceNotFoundException",
        "Stream wind under account 000000000000 not found.",
    );
    world.settle();
    let summary = world.summary("wind").unwrap();
    assert_eq!(summary.stream_status, "ACTIVE");
    assert_eq!(summary.open_shard_count, 3);
    assert_eq!(summary.stream_arn, WIND_ARN);
    assert_eq!(summary.retention_period_hours, 24);
    assert_eq!(summary.consumer_count, Some(0));
    assert_eq!(summary.encryption_type.as_deref(), Some("NONE"));
    assert_eq!(
        summary.stream_mode_details.unwrap().stream_mode,
        "PROVISIONED"
    );
    assert_eq!(
        summary.enhanced_monitoring,
        [EnhancedMetrics {
            shard_level_metrics: Some(vec![])
        }]
    );
}

#[test]
fn without_a_shard_count_a_stream_is_on_demand_with_four_shards() {
    let mut world = World::new(Limits::Aws);
    world.create("wind", None).unwrap();
    world.settle();
    let summary = world.summary("wind").unwrap();
    assert_eq!(summary.open_shard_count, 4);
    assert_eq!(
        summary.stream_mode_details.unwrap().stream_mode,
        "ON_DEMAND"
    );
    // The original project's key and the shard a notebook shows it in.
    assert_eq!(
        world.put("01", "{}").unwrap().shard_id,
        "shardId-000000000002"
    );
}

#[test]
fn contradictory_modes_are_refused() {
    let mut world = World::new(Limits::Aws);
    let mut check = |mode: Option<&str>, shards, warm, code, message: &str| {
        let call = world.call();
        let request = CreateStreamRequest {
            stream_name: "wind".to_owned(),
            shard_count: shards,
            warm_throughput_mibps: warm,
            stream_mode_details: mode.map(|mode| StreamModeDetails {
                stream_mode: mode.to_owned(),
            }),
            ..Default::default()
        };
        let error = world.kinesis.create_stream(&call, request).unwrap_err();
        assert_eq!((error.code(), error.to_string().as_str()), (code, message));
    };
    let invalid = "InvalidArgumentException";
    check(
        Some("PROVISIONED"),
        None,
        None,
        invalid,
        "ShardCount is expected when StreamMode=PROVISIONED",
    );
    check(
        Some("ON_DEMAND"),
        Some(2),
        None,
        invalid,
        "ShardCount is not expected when StreamMode=ON_DEMAND",
    );
    check(
        None,
        Some(2),
        Some(8),
        invalid,
        "Either 'warmThroughputMiBps' or 'shardCount' can be set but not both",
    );
    check(
        None,
        None,
        Some(8),
        "NotImplemented",
        "kinesis:CreateStream: the parameter WarmThroughputMiBps",
    );
}

#[test]
fn a_name_is_taken_until_its_stream_is_gone() {
    let mut world = World::with_shards(1, Limits::Aws);
    let taken = "Stream wind under account 000000000000 already exists.";
    check_error(
        world.create("wind", Some(1)),
        "ResourceInUseException",
        taken,
    );
    let call = world.call();
    let delete = DeleteStreamRequest {
        stream_arn: Some(WIND_ARN.to_owned()),
        ..Default::default()
    };
    world.put("k", "before").unwrap();
    world.kinesis.delete_stream(&call, delete).unwrap();
    assert_eq!(world.status("wind"), "DELETING");
    world.put("k", "while").unwrap();
    check_error(
        world.create("wind", Some(1)),
        "ResourceInUseException",
        taken,
    );
    world.settle();
    check_error(
        world.summary("wind"),
        "ResourceNotFoundException",
        "Stream wind under account 000000000000 not found.",
    );
    world.create("wind", Some(1)).unwrap();
    world.settle();
    assert!(world.read(at_shard(0, "TRIM_HORIZON")).is_empty());
}

#[test]
fn a_stream_deleted_while_it_is_made_never_becomes_active() {
    let mut world = World::new(Limits::Aws);
    world.create("wind", Some(1)).unwrap();
    world.pass(CHANGE_TAKES / 2);
    let call = world.call();
    let request = DeleteStreamRequest {
        stream_name: wind(),
        ..Default::default()
    };
    world.kinesis.delete_stream(&call, request).unwrap();
    world.pass(CHANGE_TAKES / 2);
    assert_eq!(world.status("wind"), "DELETING");
    world.pass(CHANGE_TAKES / 2);
    assert!(world.summary("wind").is_err());
    assert_eq!(world.kinesis.next_due(), None);
}

#[test]
fn a_stream_with_consumers_is_deleted_only_by_force() {
    let mut world = World::with_shards(1, Limits::Aws);
    let call = world.call();
    let register = RegisterStreamConsumerRequest {
        stream_arn: WIND_ARN.to_owned(),
        consumer_name: "reader".to_owned(),
        ..Default::default()
    };
    world
        .kinesis
        .register_stream_consumer(&call, register)
        .unwrap();
    let delete = |force| DeleteStreamRequest {
        stream_name: wind(),
        enforce_consumer_deletion: force,
        ..Default::default()
    };
    for refused in [None, Some(false)] {
        check_code(
            world.kinesis.delete_stream(&call, delete(refused)),
            "ResourceInUseException",
        );
    }
    world
        .kinesis
        .delete_stream(&call, delete(Some(true)))
        .unwrap();
}

#[test]
fn streams_are_addressed_by_name_by_arn_or_by_both() {
    let mut world = World::with_shards(1, Limits::Aws);
    let mut ask = |name: Option<&str>, arn: Option<&str>, id: Option<&str>| {
        let call = world.call();
        let request = DescribeStreamSummaryRequest {
            stream_name: name.map(str::to_owned),
            stream_arn: arn.map(str::to_owned),
            stream_id: id.map(str::to_owned),
        };
        world.kinesis.describe_stream_summary(&call, request)
    };
    ask(Some("wind"), None, None).unwrap();
    ask(None, Some(WIND_ARN), None).unwrap();
    ask(Some("wind"), Some(WIND_ARN), None).unwrap();
    check_code(ask(None, None, None), "InvalidArgumentException");
    check_code(
        ask(Some("sun"), Some(WIND_ARN), None),
        "InvalidArgumentException",
    );
    check_code(ask(Some("wind"), None, Some("x")), "NotImplemented");
    let elsewhere = WIND_ARN.replace("us-east-1", "sa-east-1");
    check_error(
        ask(None, Some(&elsewhere), None),
        "InvalidArgumentException",
        &format!("The region specified in the ARN {elsewhere} does not match the endpoint region"),
    );
    check_error(
        ask(
            None,
            Some("arn:aws:kinesis:us-east-1:111111111111:stream/wind"),
            None,
        ),
        "ResourceNotFoundException",
        "Stream wind under account 111111111111 not found.",
    );
}

#[test]
fn streams_are_listed_page_by_page_in_name_order() {
    let mut world = World::new(Limits::Off);
    for name in ["d", "b", "a", "e", "c"] {
        world.create(name, Some(1)).unwrap();
    }
    let mut names = Vec::new();
    let mut token = None;
    loop {
        let call = world.call();
        let request = ListStreamsRequest {
            limit: Some(2),
            next_token: token,
            ..Default::default()
        };
        let page = world.kinesis.list_streams(&call, request).unwrap();
        assert_eq!(page.has_more_streams, page.next_token.is_some());
        assert_eq!(
            page.stream_summaries.unwrap().len(),
            page.stream_names.len()
        );
        names.extend(page.stream_names);
        token = page.next_token;
        if token.is_none() {
            break;
        }
    }
    assert_eq!(names, ["a", "b", "c", "d", "e"]);
    let call = world.call();
    let request = ListStreamsRequest {
        exclusive_start_stream_name: Some("c".to_owned()),
        ..Default::default()
    };
    let rest = world.kinesis.list_streams(&call, request).unwrap();
    assert_eq!(rest.stream_names, ["d", "e"]);
}

#[test]
fn describe_stream_pages_through_its_shards() {
    let mut world = World::with_shards(5, Limits::Aws);
    let call = world.call();
    let mut describe = |limit, start: Option<&str>| {
        let request = DescribeStreamRequest {
            stream_name: wind(),
            limit,
            exclusive_start_shard_id: start.map(str::to_owned),
            ..Default::default()
        };
        world
            .kinesis
            .describe_stream(&call, request)
            .unwrap()
            .stream_description
    };
    let all = describe(None, None);
    assert_eq!((all.shards.len(), all.has_more_shards), (5, false));
    let page = describe(Some(2), Some("shardId-000000000001"));
    let ids: Vec<_> = page
        .shards
        .iter()
        .map(|shard| shard.shard_id.as_str())
        .collect();
    assert_eq!(ids, ["shardId-000000000002", "shardId-000000000003"]);
    assert!(page.has_more_shards);
    let first = &all.shards[0];
    assert_eq!(first.hash_key_range.starting_hash_key, "0");
    assert!(
        first
            .sequence_number_range
            .starting_sequence_number
            .starts_with("49")
    );
    assert_eq!(
        first.sequence_number_range.starting_sequence_number.len(),
        56
    );
    assert_eq!(first.sequence_number_range.ending_sequence_number, None);
}

#[test]
fn call_rates_and_quotas_hold_unless_limits_are_off() {
    let check = |limits, expected| {
        let mut world = World::new(limits);
        let made = (0..7)
            .filter(|i| world.create(&format!("s{i}"), Some(1)).is_ok())
            .count();
        assert_eq!(made, expected);
    };
    check(Limits::Aws, 5);
    check(Limits::Off, 7);

    let mut world = World::with_shards(1, Limits::Aws);
    let call = world.call();
    let limits = world
        .kinesis
        .describe_limits(&call, DescribeLimitsRequest {})
        .unwrap();
    assert_eq!(
        (limits.open_shard_count, limits.on_demand_stream_count),
        (1, 0)
    );
    check_code(
        world
            .kinesis
            .describe_limits(&call, DescribeLimitsRequest {}),
        "LimitExceededException",
    );
    let error = check_code(world.create("huge", Some(20_000)), "LimitExceededException");
    assert!(error.to_string().starts_with(
        "This request would exceed the shard limit for the account 000000000000 in us-east-1. \
         Current shard count for the account: 1. Limit: 20000. Number of additional shards that \
         would have resulted from this request: 20000."
    ));
}
