//! PutRecord and PutRecords.

use super::*;
use crate::kinesis::SequenceNumber;

#[test]
fn records_of_a_call_are_numbered_in_their_order() {
    let mut world = World::with_shards(2, Limits::Aws);
    let entries = (0..100).map(|i| entry(&format!("k{i}"), "x")).collect();
    let reply = world.put_many(entries).unwrap();
    assert_eq!(reply.failed_record_count, Some(0));
    assert_eq!(reply.encryption_type, None);
    for shard in ["shardId-000000000000", "shardId-000000000001"] {
        let numbers: Vec<SequenceNumber> = reply
            .records
            .iter()
            .filter(|record| record.shard_id.as_deref() == Some(shard))
            .map(|record| record.sequence_number.as_ref().unwrap().parse().unwrap())
            .collect();
        assert!(numbers.len() > 20);
        assert!(numbers.is_sorted_by(|a, b| a < b));
        assert!(numbers.iter().all(|n| n.shard().to_string() == shard));
    }
}

#[test]
fn entries_beyond_a_shards_capacity_fail_alone() {
    let mut world = World::with_shards(2, Limits::Aws);
    let half = 1 << 127;
    let at = |hash: u128| PutRecordsRequestEntry {
        explicit_hash_key: Some(hash.to_string()),
        ..entry("k", "x")
    };
    for _ in 0..2 {
        let reply = world
            .put_many((0..500).map(|_| at(half)).collect())
            .unwrap();
        assert_eq!(reply.failed_record_count, Some(0));
    }
    let reply = world.put_many(vec![at(0), at(half), at(1)]).unwrap();
    assert_eq!(reply.failed_record_count, Some(1));
    assert_eq!(
        reply.records[1],
        PutRecordsResultEntry {
            error_code: Some("ProvisionedThroughputExceededException".to_owned()),
            error_message: Some(
                "Rate exceeded for shard shardId-000000000001 in stream wind under account \
                 000000000000."
                    .to_owned()
            ),
            ..Default::default()
        }
    );
    assert!(reply.records[0].sequence_number.is_some() && reply.records[2].error_code.is_none());
    let counts = world.kinesis.stream_counts(world.now, "wind").unwrap();
    assert_eq!((counts.records, counts.throttled), (1_002, 1));
    assert!(counts.shards[1].write_utilisation > 0.99);
    assert!(counts.shards[0].write_utilisation < 0.01);
    world.pass_secs(1);
    assert_eq!(
        world.put_many(vec![at(half)]).unwrap().failed_record_count,
        Some(0)
    );
}

#[test]
fn put_record_is_refused_when_its_shard_is_full() {
    let mut world = World::with_shards(1, Limits::Aws);
    world.put("k", &"x".repeat(1024 * 1024 - 1)).unwrap();
    check_error(
        world.put("k", "one more"),
        "ProvisionedThroughputExceededException",
        "Rate exceeded for shard shardId-000000000000 in stream wind under account 000000000000.",
    );
    let mut world = World::with_shards(1, Limits::Off);
    for _ in 0..5 {
        world.put("k", &"x".repeat(1024 * 1024)).unwrap();
    }
}

#[test]
fn a_malformed_entry_fails_the_call_and_stores_nothing() {
    let mut world = World::with_shards(1, Limits::Aws);
    let big = "x".repeat(1024 * 1024 + 1);
    check_error(
        world.put_many(vec![entry("k", &big), entry("k", "x")]),
        "ValidationException",
        "1 validation error detected: Value at 'records.1.member.data' failed to satisfy \
         constraint: Member must have length less than or equal to 1048576.",
    );
    check_error(
        world.put("k", &big),
        "ValidationException",
        "1 validation error detected: Value at 'data' failed to satisfy constraint: Member must \
         have length less than or equal to 1048576.",
    );
    let keyless = || PutRecordsRequestEntry {
        partition_key: None,
        ..entry("", "x")
    };
    check_error(
        world.put_many(vec![entry("k", "x"), keyless(), keyless()]),
        "ValidationException",
        "2 validation errors detected: Value null at 'records.2.member.partitionKey' failed to \
         satisfy constraint: Member must not be null; Value null at \
         'records.3.member.partitionKey' failed to satisfy constraint: Member must not be null",
    );
    let beyond = "340282366920938463463374607431768211456";
    let off_ring = PutRecordsRequestEntry {
        explicit_hash_key: Some(beyond.to_owned()),
        ..entry("k", "x")
    };
    check_error(
        world.put_many(vec![entry("k", "x"), off_ring]),
        "InvalidArgumentException",
        &format!(
            "Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. \
             Specified value was {beyond}"
        ),
    );
    let mebibyte = "x".repeat(1024 * 1024);
    check_error(
        world.put_many((0..10).map(|_| entry("k", &mebibyte)).collect()),
        "InvalidArgumentException",
        "Records size exceeds 10 MB limit",
    );
    assert_eq!(
        world
            .kinesis
            .stream_counts(world.now, "wind")
            .unwrap()
            .records,
        0
    );
}

#[test]
fn a_stream_can_be_made_to_take_larger_records() {
    let mut world = World::with_shards(1, Limits::Aws);
    let call = world.call();
    let request = UpdateMaxRecordSizeRequest {
        stream_arn: Some(WIND_ARN.to_owned()),
        max_record_size_in_kib: 2_048,
        ..Default::default()
    };
    world
        .kinesis
        .update_max_record_size(&call, request)
        .unwrap();
    world.settle();
    assert_eq!(
        world.summary("wind").unwrap().max_record_size_in_kib,
        Some(2_048)
    );
    world.put("k", &"x".repeat(2 * 1024 * 1024)).unwrap();
    check_code(
        world.put("k", &"x".repeat(2 * 1024 * 1024 + 1)),
        "ValidationException",
    );
}

#[test]
fn a_dry_run_stores_nothing() {
    let mut world = World::with_shards(1, Limits::Aws);
    let call = world.call();
    let request = PutRecordRequest {
        stream_name: wind(),
        partition_key: Some("k".to_owned()),
        dry_run: Some(true),
        ..Default::default()
    };
    check_code(
        world.kinesis.put_record(&call, request),
        "DryRunOperationException",
    );
    let request = PutRecordsRequest {
        stream_name: wind(),
        records: vec![entry("k", "x")],
        dry_run: Some(true),
        ..Default::default()
    };
    check_code(
        world.kinesis.put_records(&call, request),
        "DryRunOperationException",
    );
    assert_eq!(
        world
            .kinesis
            .stream_counts(world.now, "wind")
            .unwrap()
            .records,
        0
    );
}

#[test]
fn ordering_takes_numbers_that_were_given_and_refuses_the_future() {
    let mut world = World::with_shards(1, Limits::Aws);
    let mut ordered = |after: &str| {
        let call = world.call();
        let request = PutRecordRequest {
            stream_name: wind(),
            partition_key: Some("k".to_owned()),
            sequence_number_for_ordering: Some(after.to_owned()),
            ..Default::default()
        };
        let reply = world.kinesis.put_record(&call, request);
        reply.map(|reply| reply.sequence_number.parse::<SequenceNumber>().unwrap())
    };
    // A number of the distant past and of no shard of this stream.
    let all_zero = SequenceNumber::start_of(crate::kinesis::ShardId(0), Timestamp::EPOCH);
    let mut last = ordered(&all_zero.to_string()).unwrap();
    for _ in 0..3 {
        let next = ordered(&last.to_string()).unwrap();
        assert!(next > last);
        last = next;
    }
    let future = SequenceNumber::end_of(
        crate::kinesis::ShardId(0),
        Timestamp::from_secs(1 << 35),
        Timestamp::from_secs(1 << 35),
    );
    check_error(
        ordered(&future.to_string()),
        "InvalidArgumentException",
        &format!(
            "ExclusiveMinimumSequenceNumber {future} used in PutRecord on stream wind under account \
             000000000000 is invalid."
        ),
    );
    check_code(ordered("12345"), "InvalidArgumentException");
}
