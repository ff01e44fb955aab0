//! Subscriptions as a consumer meets them, and a consumer that follows a stream through random changes.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::kinesis::api::*;
use crate::kinesis::tests::{WIND_ARN, World, wind};
use crate::kinesis::{CHANGE_TAKES, Limits};

const SECOND: Duration = Duration::from_secs(1);

fn shard(number: u32) -> ShardId {
    ShardId(number)
}

impl World {
    /// Registers a consumer of `wind` and waits until it is ACTIVE.
    fn consumer(&mut self, name: &str) -> String {
        let arn = self.register(name);
        self.settle();
        arn
    }

    fn register(&mut self, name: &str) -> String {
        let call = self.call();
        let request = RegisterStreamConsumerRequest {
            stream_arn: WIND_ARN.to_owned(),
            consumer_name: name.to_owned(),
            ..Default::default()
        };
        let reply = self.kinesis.register_stream_consumer(&call, request);
        reply.unwrap().consumer.consumer_arn
    }

    fn subscribe(
        &mut self,
        consumer: &str,
        shard: ShardId,
        starting: StartingPosition,
    ) -> Result<SubscriptionId> {
        let call = self.call();
        let request = SubscribeToShardRequest {
            consumer_arn: consumer.to_owned(),
            shard_id: shard.to_string(),
            starting_position: starting,
            ..Default::default()
        };
        self.kinesis.subscribe_to_shard(&call, request)
    }

    /// What all due subscriptions say now.
    fn said(&mut self) -> Vec<(SubscriptionId, Next)> {
        let mut said = Vec::new();
        for id in self.kinesis.due_subscriptions(self.now) {
            loop {
                match self.kinesis.next_event(self.now, id) {
                    Next::Wait(_) => break,
                    next => {
                        let over = matches!(next, Next::End(_));
                        said.push((id, next));
                        if over {
                            break;
                        }
                    }
                }
            }
        }
        said
    }

    fn events(&mut self) -> Vec<SubscribeToShardEvent> {
        let said = self.said();
        said.into_iter()
            .map(|(_, next)| match next {
                Next::Event(event) => event,
                other => panic!("{other:?}"),
            })
            .collect()
    }
}

fn from(kind: &str) -> StartingPosition {
    StartingPosition {
        r#type: kind.to_owned(),
        ..Default::default()
    }
}

fn by_number(kind: &str, number: &str) -> StartingPosition {
    StartingPosition {
        sequence_number: Some(number.to_owned()),
        ..from(kind)
    }
}

fn data(events: &[SubscribeToShardEvent]) -> Vec<String> {
    let records = events.iter().flat_map(|event| &event.records);
    records
        .map(|record| String::from_utf8(record.data.0.to_vec()).unwrap())
        .collect()
}

/// A stream of one shard, a consumer of it, and its subscription from now on.
fn listening() -> (World, String, SubscriptionId) {
    let mut world = World::with_shards(1, Limits::Aws);
    let consumer = world.consumer("c");
    let id = world
        .subscribe(&consumer, shard(0), from("LATEST"))
        .unwrap();
    (world, consumer, id)
}

/// `a` to `d`, a second apart; the numbers they got, when `c` arrived, and a consumer.
fn four_records() -> (World, Vec<String>, Timestamp, String) {
    let mut world = World::with_shards(1, Limits::Aws);
    let consumer = world.consumer("c");
    let mut numbers = Vec::new();
    let mut third = world.now;
    for text in ["a", "b", "c", "d"] {
        world.pass(SECOND);
        if text == "c" {
            third = world.now;
        }
        numbers.push(world.put("k", text).unwrap().sequence_number);
    }
    world.pass(SECOND);
    (world, numbers, third, consumer)
}

#[test]
fn each_starting_position_starts_where_its_iterator_would() {
    let (_, numbers, third, _) = four_records();
    let at = StartingPosition {
        timestamp: Some(third),
        ..from("AT_TIMESTAMP")
    };
    for (starting, expected) in [
        (from("TRIM_HORIZON"), &["a", "b", "c", "d", "e"][..]),
        (from("LATEST"), &["e"]),
        (
            by_number("AT_SEQUENCE_NUMBER", &numbers[1]),
            &["b", "c", "d", "e"],
        ),
        (
            by_number("AFTER_SEQUENCE_NUMBER", &numbers[1]),
            &["c", "d", "e"],
        ),
        (at, &["c", "d", "e"]),
    ] {
        let (mut world, same, _, consumer) = four_records();
        assert_eq!(same, numbers);
        world
            .subscribe(&consumer, shard(0), starting.clone())
            .unwrap();
        let mut said = data(&world.events());
        world.put("k", "e").unwrap();
        said.extend(data(&world.events()));
        assert_eq!(said, expected, "{starting:?}");
    }
}

#[test]
fn positions_without_sense_are_refused() {
    let mut world = World::with_shards(2, Limits::Off);
    let consumer = world.consumer("c");
    let number = loop {
        let put = world.put(&world.now.micros().to_string(), "x").unwrap();
        world.pass(SECOND);
        if put.shard_id == shard(1).to_string() {
            break put.sequence_number;
        }
    };
    let future = StartingPosition {
        timestamp: Some(world.now + SECOND),
        ..from("AT_TIMESTAMP")
    };
    let timed = StartingPosition {
        timestamp: Some(world.now),
        ..from("LATEST")
    };
    for starting in [
        from("AT_SEQUENCE_NUMBER"),
        from("AFTER_SEQUENCE_NUMBER"),
        from("AT_TIMESTAMP"),
        by_number("LATEST", &number),
        by_number("AT_SEQUENCE_NUMBER", "12"),
        by_number("AT_SEQUENCE_NUMBER", &number),
        future,
        timed,
    ] {
        let error = world.subscribe(&consumer, shard(0), starting).unwrap_err();
        assert_eq!(error.code(), "InvalidArgumentException", "{error}");
    }
    let error = world
        .subscribe(&consumer, shard(7), from("LATEST"))
        .unwrap_err();
    assert_eq!(error.code(), "ResourceNotFoundException");
    let error = world.subscribe(&format!("{consumer}1"), shard(0), from("LATEST"));
    assert_eq!(error.unwrap_err().code(), "ResourceNotFoundException");
    let call = world.call();
    let dry = SubscribeToShardRequest {
        consumer_arn: consumer,
        shard_id: shard(0).to_string(),
        starting_position: from("LATEST"),
        dry_run: Some(true),
        ..Default::default()
    };
    let error = world.kinesis.subscribe_to_shard(&call, dry).unwrap_err();
    assert_eq!(error, Error::DryRun);
    assert_eq!(world.kinesis.due_subscriptions(world.now), []);
}

#[test]
fn a_consumer_must_be_active() {
    let mut world = World::with_shards(1, Limits::Aws);
    let consumer = world.register("c");
    let error = world
        .subscribe(&consumer, shard(0), from("LATEST"))
        .unwrap_err();
    assert_eq!(error.code(), "ResourceInUseException");
    assert!(
        error
            .to_string()
            .ends_with("not ACTIVE, instead in state CREATING")
    );
    world.settle();
    world.pass(SECOND);
    world
        .subscribe(&consumer, shard(0), from("LATEST"))
        .unwrap();
}

#[test]
fn a_second_call_is_refused_for_five_seconds_and_then_takes_over() {
    for limits in [Limits::Aws, Limits::Off] {
        let mut world = World::with_shards(2, limits);
        let consumer = world.consumer("c");
        let first = world
            .subscribe(&consumer, shard(0), from("LATEST"))
            .unwrap();
        assert_eq!(world.events(), []);
        world.pass(Duration::from_millis(4_999));
        let error = world
            .subscribe(&consumer, shard(0), from("LATEST"))
            .unwrap_err();
        assert_eq!(error.code(), "ResourceInUseException");
        // Another shard, and another consumer, are another matter.
        world
            .subscribe(&consumer, shard(1), from("LATEST"))
            .unwrap();
        world.pass(Duration::from_millis(1));
        let second = world
            .subscribe(&consumer, shard(0), from("LATEST"))
            .unwrap();
        let said = world.said();
        let ended = said.iter().find(|(id, _)| *id == first).unwrap();
        let Next::End(Some(error)) = &ended.1 else {
            panic!("{said:?}")
        };
        assert_eq!(error.code(), "ResourceInUseException");
        assert_ne!(first, second);
        assert_eq!(world.kinesis.next_event(world.now, first), Next::End(None));
        assert!(matches!(
            world.kinesis.next_event(world.now, second),
            Next::Wait(_)
        ));
    }
}

#[test]
fn a_client_that_left_waits_its_five_seconds_too() {
    let (mut world, consumer, id) = listening();
    world.kinesis.unsubscribe(id);
    world.pass_secs(2);
    assert!(
        world
            .subscribe(&consumer, shard(0), from("LATEST"))
            .is_err()
    );
    world.pass_secs(3);
    world
        .subscribe(&consumer, shard(0), from("LATEST"))
        .unwrap();
}

#[test]
fn an_idle_subscription_says_so_every_five_seconds_and_ends_after_five_minutes() {
    let mut world = World::with_shards(1, Limits::Aws);
    let consumer = world.consumer("c");
    let number = world.put("k", "x").unwrap().sequence_number;
    let began = world.now;
    world
        .subscribe(&consumer, shard(0), from("LATEST"))
        .unwrap();
    let mut events = Vec::new();
    loop {
        let due = world.kinesis.next_due().unwrap();
        world.now = due;
        match world.said().pop() {
            None => {}
            Some((_, Next::Event(event))) => events.push((due.since(began).as_secs(), event)),
            Some((_, next)) => {
                assert_eq!(next, Next::End(None));
                break;
            }
        }
    }
    assert_eq!(world.now, began + Duration::from_secs(300));
    assert_eq!(world.kinesis.next_due(), None);
    let times: Vec<u64> = events.iter().map(|(at, _)| *at).collect();
    assert_eq!(times, (1..60).map(|n| n * 5).collect::<Vec<_>>());
    for (_, event) in events {
        assert_eq!(event.records, []);
        assert_eq!(event.continuation_sequence_number, number);
        assert_eq!((event.millis_behind_latest, event.child_shards), (0, None));
    }
}

#[test]
fn a_record_is_said_when_it_arrives() {
    let (mut world, _, _) = listening();
    assert_eq!(world.events(), []);
    world.pass_secs(2);
    let number = world.put("k", "x").unwrap().sequence_number;
    assert_eq!(world.kinesis.next_due(), Some(world.now));
    let events = world.events();
    assert_eq!(data(&events), ["x"]);
    assert_eq!(events[0].continuation_sequence_number, number);
    // The silence counts from here.
    assert_eq!(
        world.kinesis.next_due(),
        Some(world.now + Duration::from_secs(5))
    );
}

#[test]
fn the_last_event_of_a_closed_shard_names_its_children_and_nothing_to_continue() {
    let (mut world, _, id) = listening();
    assert_eq!(world.events(), []);
    let call = world.call();
    let split = SplitShardRequest {
        stream_name: wind(),
        shard_to_split: shard(0).to_string(),
        new_starting_hash_key: (1u128 << 127).to_string(),
        ..Default::default()
    };
    world.kinesis.split_shard(&call, split).unwrap();
    world.put("k", "last").unwrap();
    world.pass(CHANGE_TAKES);
    let said = world.said();
    let [
        (_, Next::Event(last)),
        (_, Next::Event(end)),
        (ended, Next::End(None)),
    ] = &said[..]
    else {
        panic!("{said:?}")
    };
    assert_eq!(*ended, id);
    assert_eq!(data(std::slice::from_ref(last)), ["last"]);
    assert_eq!(last.child_shards, None);
    assert_eq!(
        (end.records.len(), end.continuation_sequence_number.as_str()),
        (0, "")
    );
    let children: Vec<&str> = end
        .child_shards
        .iter()
        .flatten()
        .map(|c| c.shard_id.as_str())
        .collect();
    assert_eq!(children, ["shardId-000000000001", "shardId-000000000002"]);
}

#[test]
fn a_consumer_that_is_deregistered_ends_its_subscriptions() {
    let (mut world, consumer, _) = listening();
    assert_eq!(world.events(), []);
    let call = world.call();
    let request = DeregisterStreamConsumerRequest {
        consumer_arn: Some(consumer),
        ..Default::default()
    };
    world
        .kinesis
        .deregister_stream_consumer(&call, request)
        .unwrap();
    world.pass(CHANGE_TAKES);
    let said = world.said();
    let [(_, Next::End(Some(error)))] = &said[..] else {
        panic!("{said:?}")
    };
    assert_eq!(error.code(), "ResourceNotFoundException");
}

#[test]
fn a_subscription_gives_two_mebibytes_a_second_and_then_says_how_far_it_is_behind() {
    let mut world = World::with_shards(1, Limits::Aws);
    let consumer = world.consumer("c");
    let half = "x".repeat(512 * 1024 - 1);
    for _ in 0..12 {
        world.put("k", &half).unwrap();
        world.pass(Duration::from_millis(500));
    }
    world
        .subscribe(&consumer, shard(0), from("TRIM_HORIZON"))
        .unwrap();
    let mut got = Vec::new();
    while got.iter().map(|(_, records)| *records).sum::<usize>() < 12 {
        let began = world.now;
        for event in world.events() {
            assert_eq!(event.millis_behind_latest > 0, got.len() < 2);
            got.push((began, event.records.len()));
        }
        world.now = world.kinesis.next_due().unwrap();
    }
    let start = got[0].0;
    let seconds: Vec<_> = got
        .iter()
        .map(|(at, n)| (at.since(start).as_secs(), *n))
        .collect();
    assert_eq!(seconds, [(0, 4), (1, 4), (2, 4)]);
}

#[test]
fn a_paused_subscription_is_not_asked_until_it_resumes_or_its_time_is_over() {
    let (mut world, _, id) = listening();
    assert!(world.kinesis.pause_subscription(world.now, id));
    world.put("k", "x").unwrap();
    assert_eq!(world.said(), []);
    world.pass_secs(10);
    assert_eq!(world.said(), []);
    world.kinesis.resume_subscription(world.now, id);
    assert_eq!(data(&world.events()), ["x"]);
    assert!(world.kinesis.pause_subscription(world.now, id));
    world.pass_secs(290);
    assert!(!world.kinesis.pause_subscription(world.now, id));
    assert_eq!(world.said(), [(id, Next::End(None))]);
}

#[derive(Clone, Debug)]
enum Step {
    Put(u128, usize),
    Split(usize),
    Merge(usize),
    Pass(Duration),
    /// The client of the n-th subscription goes away.
    Leave(usize),
}

fn steps() -> impl Strategy<Value = Step> {
    let size = prop_oneof![4 => 0usize..50, 1 => 100_000usize..500_000];
    prop_oneof![
        6 => (any::<u128>(), size).prop_map(|(key, size)| Step::Put(key, size)),
        1 => any::<usize>().prop_map(Step::Split),
        1 => any::<usize>().prop_map(Step::Merge),
        4 => (0u64..3_000).prop_map(|ms| Step::Pass(Duration::from_millis(ms))),
        1 => (0u64..200).prop_map(|secs| Step::Pass(Duration::from_secs(secs))),
        1 => any::<usize>().prop_map(Step::Leave),
    ]
}

/// A consumer that follows the children of closed shards and renews what ends.
struct Follower {
    consumer: String,
    /// Shards to subscribe to, and where to start.
    wanted: VecDeque<(ShardId, StartingPosition)>,
    /// What is under way: shard, continuation, when it last spoke, bytes and start.
    under_way: BTreeMap<SubscriptionId, Reading>,
    met: BTreeSet<ShardId>,
    /// Said their last event: nothing but their end comes.
    ended: BTreeSet<SubscriptionId>,
    /// By shard, the numbers of the records in the order they were said.
    seen: BTreeMap<ShardId, Vec<String>>,
}

struct Reading {
    shard: ShardId,
    continue_at: StartingPosition,
    began: Timestamp,
    spoke: Timestamp,
    bytes: usize,
}

impl Follower {
    fn renew(&mut self, world: &mut World) {
        for _ in 0..self.wanted.len() {
            let Some((shard, starting)) = self.wanted.pop_front() else {
                return;
            };
            match world.subscribe(&self.consumer, shard, starting.clone()) {
                Ok(id) => {
                    let reading = Reading {
                        shard,
                        continue_at: starting,
                        began: world.now,
                        spoke: world.now,
                        bytes: 0,
                    };
                    self.under_way.insert(id, reading);
                }
                // Five seconds are not over.
                Err(Error::InUse(_)) => self.wanted.push_back((shard, starting)),
                Err(error) => panic!("{error}"),
            }
        }
    }

    fn listen(&mut self, world: &mut World) {
        self.renew(world);
        for (id, next) in world.said() {
            if self.ended.remove(&id) {
                assert_eq!(next, Next::End(None));
                continue;
            }
            let Some(reading) = self.under_way.get_mut(&id) else {
                panic!("{id:?} says {next:?} and is not known");
            };
            match next {
                Next::Event(event) => {
                    assert!(world.now.since(reading.spoke) <= limits::FAN_OUT_HEARTBEAT);
                    reading.spoke = world.now;
                    reading.bytes += event
                        .records
                        .iter()
                        .map(|r| r.data.len() + r.partition_key.as_ref().unwrap().len())
                        .sum::<usize>();
                    let allowed = 2.0
                        * 1024.0
                        * 1024.0
                        * (1.0 + world.now.since(reading.began).as_secs_f64());
                    assert!(reading.bytes as f64 <= allowed + 1.0);
                    let seen = self.seen.entry(reading.shard).or_default();
                    seen.extend(event.records.into_iter().map(|r| r.sequence_number));
                    if event.continuation_sequence_number.is_empty() {
                        for child in event.child_shards.unwrap() {
                            let child = ShardId::parse(&child.shard_id).unwrap();
                            if self.met.insert(child) {
                                self.wanted.push_back((child, from("TRIM_HORIZON")));
                            }
                        }
                        self.under_way.remove(&id);
                        self.ended.insert(id);
                    } else {
                        reading.continue_at =
                            by_number("AFTER_SEQUENCE_NUMBER", &event.continuation_sequence_number);
                    }
                }
                Next::End(error) => {
                    assert_eq!(error, None);
                    let reading = self.under_way.remove(&id).unwrap();
                    assert_eq!(world.now, reading.began + limits::SUBSCRIPTION_LIFETIME);
                    self.wanted.push_back((reading.shard, reading.continue_at));
                }
                Next::Wait(_) => unreachable!(),
            }
            self.renew(world);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn a_consumer_sees_every_record_once_and_in_order(steps in prop::collection::vec(steps(), 1..60)) {
        let mut world = World::with_shards(2, Limits::Aws);
        let consumer = world.consumer("c");
        let mut follower = Follower {
            consumer,
            wanted: (0..2).map(|n| (shard(n), from("TRIM_HORIZON"))).collect(),
            under_way: BTreeMap::new(),
            met: BTreeSet::new(),
            ended: BTreeSet::new(),
            seen: BTreeMap::new(),
        };
        let mut sent: BTreeMap<ShardId, Vec<String>> = BTreeMap::new();
        for step in steps.into_iter().chain([Step::Pass(Duration::from_secs(400))]) {
            follower.listen(&mut world);
            match step {
                Step::Put(key, size) => {
                    let call = world.call();
                    let put = world.kinesis.put_record(&call, PutRecordRequest {
                        stream_name: wind(),
                        partition_key: Some("k".to_owned()),
                        explicit_hash_key: Some(key.to_string()),
                        data: vec![b'x'; size].into(),
                        ..Default::default()
                    });
                    if let Ok(put) = put {
                        let shard = ShardId::parse(&put.shard_id).unwrap();
                        sent.entry(shard).or_default().push(put.sequence_number);
                    }
                }
                Step::Split(n) => {
                    let open: Vec<_> = world.shards().into_iter()
                        .filter(|s| s.sequence_number_range.ending_sequence_number.is_none()).collect();
                    let range = &open[n % open.len()].hash_key_range;
                    let (start, end): (u128, u128) =
                        (range.starting_hash_key.parse().unwrap(), range.ending_hash_key.parse().unwrap());
                    let call = world.call();
                    // Refused while another change is under way.
                    let _ = world.kinesis.split_shard(&call, SplitShardRequest {
                        stream_name: wind(),
                        shard_to_split: open[n % open.len()].shard_id.clone(),
                        new_starting_hash_key: (start + (end - start) / 2).to_string(),
                        ..Default::default()
                    });
                }
                Step::Merge(n) => {
                    let mut open: Vec<_> = world.shards().into_iter()
                        .filter(|s| s.sequence_number_range.ending_sequence_number.is_none()).collect();
                    open.sort_by_key(|s| s.hash_key_range.starting_hash_key.parse::<u128>().unwrap());
                    if open.len() > 1 {
                        let at = n % (open.len() - 1);
                        let call = world.call();
                        let _ = world.kinesis.merge_shards(&call, MergeShardsRequest {
                            stream_name: wind(),
                            shard_to_merge: open[at].shard_id.clone(),
                            adjacent_shard_to_merge: open[at + 1].shard_id.clone(),
                            ..Default::default()
                        });
                    }
                }
                Step::Pass(duration) => {
                    let until = world.now + duration;
                    while let Some(due) = world.kinesis.next_due().filter(|due| *due <= until) {
                        world.now = world.now.max(due);
                        follower.listen(&mut world);
                    }
                    world.now = until;
                }
                Step::Leave(n) => {
                    let ids: Vec<_> = follower.under_way.keys().copied().collect();
                    if let Some(id) = ids.get(n % ids.len().max(1)) {
                        world.kinesis.unsubscribe(*id);
                        let reading = follower.under_way.remove(id).unwrap();
                        follower.wanted.push_back((reading.shard, reading.continue_at));
                    }
                }
            }
        }
        // Long enough for whoever waits its five seconds, several generations of shards deep.
        for _ in 0..40 {
            world.pass_secs(6);
            let now = world.now;
            while let Some(due) = world.kinesis.next_due().filter(|due| *due < now) {
                world.now = due;
                follower.listen(&mut world);
            }
            world.now = now;
            follower.listen(&mut world);
        }
        prop_assert_eq!(follower.seen.into_iter().filter(|(_, n)| !n.is_empty()).collect::<BTreeMap<_, _>>(), sent);
    }
}
