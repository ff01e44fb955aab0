//! Iterators, GetRecords and the reader inside the process.

use super::*;
use crate::kinesis::{ShardPosition, StartingAt};

#[test]
fn each_type_of_iterator_starts_where_it_says() {
    let mut world = World::with_shards(1, Limits::Off);
    let mut numbers = Vec::new();
    let mut times = Vec::new();
    for text in ["a", "b", "c"] {
        times.push(world.now);
        numbers.push(world.put("k", text).unwrap().sequence_number);
        world.pass_secs(10);
    }
    let at = |kind: &str, number: &str| GetShardIteratorRequest {
        starting_sequence_number: Some(number.to_owned()),
        ..at_shard(0, kind)
    };
    let at_time = |t: Timestamp| GetShardIteratorRequest {
        timestamp: Some(t),
        ..at_shard(0, "AT_TIMESTAMP")
    };
    assert_eq!(world.read(at_shard(0, "TRIM_HORIZON")), ["a", "b", "c"]);
    assert_eq!(
        world.read(at("AT_SEQUENCE_NUMBER", &numbers[1])),
        ["b", "c"]
    );
    assert_eq!(world.read(at("AFTER_SEQUENCE_NUMBER", &numbers[1])), ["c"]);
    assert_eq!(world.read(at_time(times[1])), ["b", "c"]);
    assert_eq!(
        world.read(at_time(times[1] + Duration::from_millis(1))),
        ["c"]
    );
    assert_eq!(world.read(at_time(Timestamp::EPOCH)), ["a", "b", "c"]);
    assert!(world.read(at_time(world.now)).is_empty());
    assert!(world.read(at_shard(0, "LATEST")).is_empty());
    let start = world.shards()[0]
        .sequence_number_range
        .starting_sequence_number
        .clone();
    for kind in ["AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER"] {
        assert_eq!(world.read(at(kind, &start)), ["a", "b", "c"]);
    }
}

#[test]
fn the_advertised_start_works_on_every_shard() {
    let mut world = World::with_shards(3, Limits::Off);
    for i in 0..30 {
        world.put(&format!("k{i}"), "x").unwrap();
    }
    let mut read = 0;
    for (shard, i) in world.shards().into_iter().zip(0..) {
        let request = GetShardIteratorRequest {
            starting_sequence_number: Some(shard.sequence_number_range.starting_sequence_number),
            ..at_shard(i, "AT_SEQUENCE_NUMBER")
        };
        read += world.read(request).len();
    }
    assert_eq!(read, 30);
}

#[test]
fn a_latest_iterator_returns_what_arrives_after_it_was_issued() {
    let mut world = World::with_shards(1, Limits::Off);
    world.put("k", "before").unwrap();
    let iterator = world.iterator_of(0, "LATEST");
    world.put("k", "after").unwrap();
    assert_eq!(texts(&world.get(&iterator).unwrap()), ["after"]);
    let iterator = world.iterator_of(0, "LATEST");
    let empty = world.get(&iterator).unwrap();
    world.put("k", "later").unwrap();
    let next = world.get(&empty.next_shard_iterator.unwrap()).unwrap();
    assert_eq!(texts(&next), ["later"]);
}

#[test]
fn iterators_differ_every_time_and_can_be_used_again() {
    let mut world = World::with_shards(1, Limits::Off);
    world.put("k", "a").unwrap();
    let iterator = world.iterator_of(0, "TRIM_HORIZON");
    let (first, again) = (world.get(&iterator).unwrap(), world.get(&iterator).unwrap());
    assert_eq!(first.records, again.records);
    assert_ne!(first.next_shard_iterator, again.next_shard_iterator);
    assert_eq!(
        texts(&world.get(&format!("\"{iterator}\"")).unwrap()),
        ["a"]
    );
}

#[test]
fn an_iterator_lives_for_five_minutes() {
    let mut world = World::with_shards(1, Limits::Off);
    world.now = Timestamp::parse("2026-11-24T05:00:02Z").unwrap();
    let iterator = world.iterator_of(0, "LATEST");
    world.pass_secs(300);
    world.get(&iterator).unwrap();
    world.pass_secs(1);
    check_error(
        world.get(&iterator),
        "ExpiredIteratorException",
        "Iterator expired. The iterator was created at time Tue Nov 24 05:00:02 UTC 2026 while right \
         now it is Tue Nov 24 05:05:03 UTC 2026 which is further in the future than the tolerated \
         delay of 300000 milliseconds.",
    );
    check_error(
        world.get("abc"),
        "InvalidArgumentException",
        "Invalid ShardIterator.",
    );
}

#[test]
fn iterators_that_make_no_sense_are_refused() {
    let mut world = World::with_shards(2, Limits::Off);
    let number = world.put_at(0, "x").sequence_number;
    let mut check = |request: GetShardIteratorRequest, code: &str, message: &str| {
        check_error(world.iterator(request), code, message);
    };
    let (invalid, missing) = ("InvalidArgumentException", "ResourceNotFoundException");
    check(
        at_shard(0, "AT_SEQUENCE_NUMBER"),
        invalid,
        "Must either specify (1) AT_SEQUENCE_NUMBER or AFTER_SEQUENCE_NUMBER and \
         StartingSequenceNumber or (2) TRIM_HORIZON or LATEST and no StartingSequenceNumber. \
         Request specified AT_SEQUENCE_NUMBER and no StartingSequenceNumber.",
    );
    let with_number = |shard, kind, number: &str| GetShardIteratorRequest {
        starting_sequence_number: Some(number.to_owned()),
        ..at_shard(shard, kind)
    };
    check(
        with_number(0, "LATEST", &number),
        invalid,
        "Must either specify (1) AT_SEQUENCE_NUMBER or AFTER_SEQUENCE_NUMBER and \
         StartingSequenceNumber or (2) TRIM_HORIZON or LATEST and no StartingSequenceNumber. \
         Request specified LATEST and also a StartingSequenceNumber.",
    );
    check(
        with_number(1, "AT_SEQUENCE_NUMBER", &number),
        invalid,
        "Invalid StartingSequenceNumber. It encodes shardId-000000000000, while it was used in a \
         call to a shard with shardId-000000000001",
    );
    let recorded = "49636223021607342193165002151622077254305031100364226594";
    check(
        with_number(0, "AT_SEQUENCE_NUMBER", "123"),
        invalid,
        "StartingSequenceNumber 123 used in GetShardIterator on shard shardId-000000000000 in \
         stream wind under account 000000000000 is invalid.",
    );
    check(
        at_shard(7, "LATEST"),
        missing,
        "Shard shardId-000000000007 in stream wind under account 000000000000 does not exist",
    );
    check(
        GetShardIteratorRequest {
            shard_id: "ABKLFD8".to_owned(),
            ..at_shard(0, "LATEST")
        },
        missing,
        "Could not find shard ABKLFD8 in stream wind under account 000000000000.",
    );
    check(
        at_shard(0, "AT_TIMESTAMP"),
        invalid,
        "Must specify timestampInMillis parameter for iterator of type AT_TIMESTAMP. Current \
         request has no timestamp parameter.",
    );
    let mut world = World::with_shards(3, Limits::Off);
    let now = world.now;
    check_error(
        world.iterator(GetShardIteratorRequest {
            timestamp: Some(now + Duration::from_secs(1)),
            ..at_shard(0, "AT_TIMESTAMP")
        }),
        invalid,
        &format!(
            "The timestampInMillis parameter cannot be greater than the currentTimestampInMillis. \
             timestampInMillis: {}, currentTimestampInMillis: {}",
            now.millis() + 1_000,
            now.millis()
        ),
    );
    check_error(
        world.iterator(with_number(2, "AT_SEQUENCE_NUMBER", recorded)),
        invalid,
        &format!(
            "StartingSequenceNumber {recorded} used in GetShardIterator on shard \
             shardId-000000000002 in stream wind under account 000000000000 is invalid because it \
             did not come from this stream."
        ),
    );
}

#[test]
fn an_iterator_does_not_outlive_its_stream() {
    let mut world = World::with_shards(1, Limits::Off);
    let iterator = world.iterator_of(0, "TRIM_HORIZON");
    let call = world.call();
    let delete = DeleteStreamRequest {
        stream_name: wind(),
        ..Default::default()
    };
    world.kinesis.delete_stream(&call, delete).unwrap();
    world.settle();
    world.create("wind", Some(1)).unwrap();
    world.settle();
    check_error(
        world.get(&iterator),
        "ResourceNotFoundException",
        "Shard shardId-000000000000 in stream wind under account 000000000000 does not exist",
    );
}

#[test]
fn get_records_says_how_far_it_is_behind() {
    let mut world = World::with_shards(1, Limits::Off);
    for text in ["a", "b", "c"] {
        world.put("k", text).unwrap();
        world.pass_secs(10);
    }
    let iterator = world.iterator_of(0, "TRIM_HORIZON");
    let two = world.get_limited(&iterator, Some(2)).unwrap();
    assert_eq!(texts(&two), ["a", "b"]);
    assert_eq!(two.millis_behind_latest, Some(20_000));
    let rest = world.get(&two.next_shard_iterator.unwrap()).unwrap();
    assert_eq!(
        (texts(&rest).len(), rest.millis_behind_latest),
        (1, Some(0))
    );
    assert_eq!(rest.child_shards, None);
}

#[test]
fn a_reply_holds_at_most_ten_mebibytes_and_a_full_one_is_paid_for() {
    let mut world = World::with_shards(1, Limits::Aws);
    for _ in 0..12 {
        world.put("k", &"x".repeat(1024 * 1024 - 1)).unwrap();
        world.pass_secs(1);
    }
    let iterator = world.iterator_of(0, "TRIM_HORIZON");
    let full = world.get(&iterator).unwrap();
    assert_eq!(full.records.len(), 10);
    let next = full.next_shard_iterator.unwrap();
    world.pass(Duration::from_millis(4_900));
    check_code(world.get(&next), "ProvisionedThroughputExceededException");
    world.pass(Duration::from_millis(100));
    assert_eq!(world.get(&next).unwrap().records.len(), 2);
}

#[test]
fn a_shard_answers_five_reads_a_second() {
    let mut world = World::with_shards(1, Limits::Aws);
    let iterator = world.iterator_of(0, "TRIM_HORIZON");
    for _ in 0..5 {
        world.get(&iterator).unwrap();
    }
    check_error(
        world.get(&iterator),
        "ProvisionedThroughputExceededException",
        "Rate exceeded for shard shardId-000000000000 in stream wind under account 000000000000.",
    );
    check_code(
        world.get_limited(&iterator, Some(10_001)),
        "InvalidArgumentException",
    );
}

#[test]
fn a_reader_inside_the_process_follows_a_split_without_loss() {
    let mut world = World::with_shards(1, Limits::Off);
    world.put_at(0, "before it listens");
    let mut positions = world
        .kinesis
        .shard_positions_latest(WIND_ARN, world.now)
        .unwrap();
    world.put_at(0, "a");
    let call = world.call();
    let split = SplitShardRequest {
        stream_name: wind(),
        shard_to_split: "shardId-000000000000".to_owned(),
        new_starting_hash_key: "1000".to_owned(),
        ..Default::default()
    };
    world.kinesis.split_shard(&call, split).unwrap();
    world.settle();
    world.put_at(0, "low");
    world.put_at(1_000, "high");
    let mut seen = Vec::new();
    while let Some(position) = positions.pop() {
        let read = world
            .kinesis
            .read_shard(world.now, "wind", &position, 1, usize::MAX)
            .unwrap();
        seen.extend(
            read.records
                .iter()
                .map(|record| String::from_utf8(record.data.to_vec()).unwrap()),
        );
        positions.extend(
            read.closed_children
                .iter()
                .map(|child| ShardPosition::trim_horizon(child.shard_id)),
        );
        if let Some(last) = read.records.last() {
            assert_eq!(read.continuation, last.sequence_number);
            positions.extend(read.next);
        }
    }
    assert_eq!(seen, ["a", "high", "low"]);
    let oldest = world
        .kinesis
        .shard_positions(world.now, "wind", StartingAt::TrimHorizon)
        .unwrap();
    assert_eq!(oldest.len(), 1);
}

#[test]
fn a_record_larger_than_a_readers_budget_is_still_read() {
    let mut world = World::with_shards(1, Limits::Off);
    for text in ["longer than four bytes", "b"] {
        world.put("k", text).unwrap();
    }
    let start = ShardPosition::trim_horizon(crate::kinesis::ShardId(0));
    let mut read = |position: &ShardPosition| {
        let kinesis = &mut world.kinesis;
        kinesis
            .read_shard(world.now, "wind", position, 10, 4)
            .unwrap()
    };
    let first = read(&start);
    assert_eq!((first.records.len(), first.cut_by_bytes), (1, true));
    let second = read(&first.next.unwrap());
    assert_eq!((second.records.len(), second.cut_by_bytes), (1, false));
    assert_eq!(
        read(&second.next.unwrap()).continuation,
        second.continuation
    );
}

#[test]
fn a_position_is_checked_against_its_shard() {
    use crate::kinesis::{SequenceNumber, ShardId};
    let mut world = World::with_shards(2, Limits::Off);
    let number: SequenceNumber = world.put_at(0, "x").sequence_number.parse().unwrap();
    let mut at = |shard, starting| {
        let (now, kinesis) = (world.now, &mut world.kinesis);
        kinesis.shard_position(now, WIND_ARN, ShardId(shard), starting)
    };
    let invalid = "InvalidArgumentException";
    let tip = at(0, StartingAt::Latest).unwrap();
    assert_eq!(at(0, StartingAt::AfterSequenceNumber(number)).unwrap(), tip);
    check_code(at(1, StartingAt::AfterSequenceNumber(number)), invalid);
    check_code(at(0, StartingAt::AtTimestamp(Timestamp::MAX)), invalid);
    check_code(at(2, StartingAt::TrimHorizon), "ResourceNotFoundException");
}
