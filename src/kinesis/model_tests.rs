//! Random sequences of operations against a small reference model.
//!
//! The model knows no shards' insides: it keeps what was acknowledged, the ring as a list of ranges,
//! and one pending change. After every step the stream must agree with it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bytes::Bytes;
use proptest::prelude::*;

use super::tests::{World, at_shard, wind};
use crate::base::{Blob, Timestamp};
use crate::kinesis::api::*;
use crate::kinesis::hash::{HashRange, even_ranges};
use crate::kinesis::{CHANGE_TAKES, Limits, SequenceNumber, ShardId, ShardPosition, StartingAt};

#[derive(Clone, Debug)]
enum Step {
    /// Records at these places on the ring, each with this many bytes of data.
    Put(Vec<(u128, usize)>),
    /// Split the n-th open shard at a fraction (of 256) of its range.
    Split(usize, u8),
    /// Merge the n-th open shard with the next one.
    Merge(usize),
    Scale(u32),
    Retain(i32),
    Pass(Duration),
    /// Read everything, at most so many records a call.
    Read(usize),
}

fn steps() -> impl Strategy<Value = Step> {
    let size = prop_oneof![4 => 0usize..50, 1 => 200_000usize..400_000];
    let duration = prop_oneof![
        4 => (0u64..700).prop_map(Duration::from_millis),
        1 => (0u64..40).prop_map(|hours| Duration::from_secs(hours * 3_600)),
    ];
    prop_oneof![
        4 => prop::collection::vec((any::<u128>(), size), 1..20).prop_map(Step::Put),
        1 => (any::<usize>(), any::<u8>()).prop_map(|(n, part)| Step::Split(n, part)),
        1 => any::<usize>().prop_map(Step::Merge),
        1 => (1u32..9).prop_map(Step::Scale),
        1 => (24i32..60).prop_map(Step::Retain),
        3 => duration.prop_map(Step::Pass),
        1 => (1usize..30).prop_map(Step::Read),
    ]
}

/// What was acknowledged, and what the ring must look like.
struct Model {
    /// Open ranges from the ring's start.
    ring: Vec<HashRange>,
    pending: Option<(Timestamp, Vec<HashRange>)>,
    /// By shard, in the order of acknowledgement: key, number and arrival.
    acknowledged: BTreeMap<ShardId, Vec<(String, SequenceNumber, Timestamp)>>,
    hours: i32,
    /// What arrived before this had passed under an earlier retention.
    forgotten: Timestamp,
    sent: u64,
    accepted: u64,
}

impl Model {
    fn new(shards: u32) -> Self {
        Self {
            ring: even_ranges(shards).collect(),
            pending: None,
            acknowledged: BTreeMap::new(),
            hours: 24,
            forgotten: Timestamp::EPOCH,
            sent: 0,
            accepted: 0,
        }
    }

    fn advance(&mut self, now: Timestamp) {
        if let Some((due, ring)) = self.pending.take() {
            if due <= now {
                self.ring = ring;
            } else {
                self.pending = Some((due, ring));
            }
        }
    }

    /// A change is accepted only while none is under way.
    fn change(&mut self, now: Timestamp, ring: Vec<HashRange>, accepted: bool) {
        assert_eq!(accepted, self.pending.is_none());
        if accepted {
            self.pending = Some((now + CHANGE_TAKES, ring));
        }
    }

    fn horizon(&self, now: Timestamp) -> Timestamp {
        let retention = Duration::from_secs(self.hours as u64 * 3_600);
        self.forgotten.max(now - retention)
    }

    fn readable(&self, now: Timestamp) -> Vec<&(String, SequenceNumber, Timestamp)> {
        let horizon = self.horizon(now);
        self.acknowledged
            .values()
            .flatten()
            .filter(|(_, _, arrival)| *arrival >= horizon)
            .collect()
    }
}

struct Run {
    limits: Limits,
    world: World,
    model: Model,
    data: Bytes,
}

impl Run {
    fn new(shards: u32, limits: Limits) -> Self {
        Self {
            limits,
            world: World::with_shards(shards as i32, limits),
            model: Model::new(shards),
            data: Bytes::from(vec![b'x'; 400_000]),
        }
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Put(records) => self.put(records),
            Step::Split(n, part) => self.split(n, part),
            Step::Merge(n) => self.merge(n),
            Step::Scale(target) => self.scale(target),
            Step::Retain(hours) => self.retain(hours),
            Step::Pass(duration) => self.world.pass(duration),
            Step::Read(most) => self.read(most),
        }
        self.model.advance(self.world.now);
        self.check();
    }

    fn put(&mut self, records: Vec<(u128, usize)>) {
        let entries: Vec<PutRecordsRequestEntry> = records
            .iter()
            .zip(self.model.sent..)
            .map(|((hash, size), id)| PutRecordsRequestEntry {
                data: Blob(self.data.slice(..*size)),
                explicit_hash_key: Some(hash.to_string()),
                partition_key: Some(id.to_string()),
            })
            .collect();
        self.model.sent += entries.len() as u64;
        let reply = self.world.put_many(entries.clone()).unwrap();
        let failed = reply
            .records
            .iter()
            .filter(|r| r.error_code.is_some())
            .count();
        assert_eq!(reply.failed_record_count, Some(failed as i32));
        for (entry, record) in entries.into_iter().zip(reply.records) {
            let Some(number) = record.sequence_number else {
                continue;
            };
            let number: SequenceNumber = number.parse().unwrap();
            let shard = ShardId::parse(&record.shard_id.unwrap()).unwrap();
            assert_eq!(number.shard(), shard);
            let records = self.model.acknowledged.entry(shard).or_default();
            assert!(records.last().is_none_or(|(_, last, _)| *last < number));
            let arrival = self.world.now.floor_millis();
            records.push((entry.partition_key.unwrap(), number, arrival));
            self.model.accepted += 1;
        }
    }

    fn open_shards(&mut self) -> Vec<(ShardId, HashRange)> {
        let mut open: Vec<(ShardId, HashRange)> = self
            .world
            .shards()
            .iter()
            .filter(|shard| shard.sequence_number_range.ending_sequence_number.is_none())
            .map(|shard| {
                let range = HashRange {
                    start: shard.hash_key_range.starting_hash_key.parse().unwrap(),
                    end: shard.hash_key_range.ending_hash_key.parse().unwrap(),
                };
                (ShardId::parse(&shard.shard_id).unwrap(), range)
            })
            .collect();
        open.sort_by_key(|(_, range)| range.start);
        open
    }

    fn split(&mut self, n: usize, part: u8) {
        let open = self.open_shards();
        let at = n % open.len();
        let (id, range) = open[at];
        let cut = range.start + (range.end - range.start) / 256 * u128::from(part);
        if cut <= range.start + 1 || cut >= range.end {
            return;
        }
        let call = self.world.call();
        let request = SplitShardRequest {
            stream_name: wind(),
            shard_to_split: id.to_string(),
            new_starting_hash_key: cut.to_string(),
            ..Default::default()
        };
        let accepted = self.world.kinesis.split_shard(&call, request).is_ok();
        let mut ring = self.model.ring.clone();
        ring[at].end = cut - 1;
        ring.insert(
            at + 1,
            HashRange {
                start: cut,
                end: range.end,
            },
        );
        self.model.change(self.world.now, ring, accepted);
    }

    fn merge(&mut self, n: usize) {
        let open = self.open_shards();
        let at = n % open.len();
        let Some((adjacent, next)) = open.get(at + 1).copied() else {
            return;
        };
        let call = self.world.call();
        let request = MergeShardsRequest {
            stream_name: wind(),
            shard_to_merge: open[at].0.to_string(),
            adjacent_shard_to_merge: adjacent.to_string(),
            ..Default::default()
        };
        let accepted = self.world.kinesis.merge_shards(&call, request).is_ok();
        let mut ring = self.model.ring.clone();
        ring[at].end = next.end;
        ring.remove(at + 1);
        self.model.change(self.world.now, ring, accepted);
    }

    fn scale(&mut self, target: u32) {
        let call = self.world.call();
        let request = UpdateShardCountRequest {
            stream_name: wind(),
            target_shard_count: target as i32,
            scaling_type: "UNIFORM_SCALING".to_owned(),
            ..Default::default()
        };
        match self.world.kinesis.update_shard_count(&call, request) {
            // Bounds of scaling are tested by themselves.
            Err(error) if error.code() == "LimitExceededException" => {}
            reply => {
                let ring = even_ranges(target).collect();
                self.model.change(self.world.now, ring, reply.is_ok());
            }
        }
    }

    fn retain(&mut self, hours: i32) {
        let call = self.world.call();
        let name = wind();
        let kinesis = &mut self.world.kinesis;
        let accepted = if hours > self.model.hours {
            let request = IncreaseStreamRetentionPeriodRequest {
                stream_name: name,
                retention_period_hours: hours,
                ..Default::default()
            };
            kinesis
                .increase_stream_retention_period(&call, request)
                .is_ok()
        } else {
            let request = DecreaseStreamRetentionPeriodRequest {
                stream_name: name,
                retention_period_hours: hours,
                ..Default::default()
            };
            kinesis
                .decrease_stream_retention_period(&call, request)
                .is_ok()
        };
        if hours == self.model.hours {
            return;
        }
        let ring = self.model.ring.clone();
        self.model.change(self.world.now, ring, accepted);
        if accepted {
            self.model.forgotten = self.model.horizon(self.world.now);
            self.model.hours = hours;
            self.model.forgotten = self.model.horizon(self.world.now);
        }
    }

    /// One full pass from the oldest shards through their children.
    fn read(&mut self, most: usize) {
        let now = self.world.now;
        let kinesis = &mut self.world.kinesis;
        let mut positions = kinesis
            .shard_positions(now, "wind", StartingAt::TrimHorizon)
            .unwrap();
        let mut known: BTreeSet<ShardId> = positions.iter().map(|p| p.shard_id).collect();
        let mut read: BTreeMap<ShardId, Vec<(String, SequenceNumber, Timestamp)>> = BTreeMap::new();
        while let Some(position) = positions.pop() {
            let run = kinesis
                .read_shard(now, "wind", &position, most, 1_000_000)
                .unwrap();
            assert!(run.records.len() <= most);
            let tip = run.records.is_empty() && run.next.is_some();
            assert!(!tip || run.behind.is_zero());
            for record in run.records {
                read.entry(record.shard_id).or_default().push((
                    record.partition_key.to_string(),
                    record.sequence_number,
                    record.arrival,
                ));
            }
            for child in run.closed_children {
                if known.insert(child.shard_id) {
                    positions.push(ShardPosition::trim_horizon(child.shard_id));
                }
            }
            if !tip {
                positions.extend(run.next);
            }
        }
        let read: Vec<_> = read.values().flatten().collect();
        assert_eq!(read, self.model.readable(now));
        if self.limits == Limits::Off {
            self.read_by_iterators(most);
        }
    }

    /// Every shard through GetRecords, from its oldest record and from one in the middle.
    fn read_by_iterators(&mut self, most: usize) {
        let now = self.world.now;
        let horizon = self.model.horizon(now);
        for shard in self.world.shards() {
            let id = ShardId::parse(&shard.shard_id).unwrap();
            let closed = shard.sequence_number_range.ending_sequence_number.is_some();
            let mut expected = self
                .model
                .acknowledged
                .get(&id)
                .cloned()
                .unwrap_or_default();
            expected.retain(|(_, _, arrival)| *arrival >= horizon);
            let keys: Vec<String> = expected.iter().map(|(key, _, _)| key.clone()).collect();
            let oldest = at_shard(id.0, "TRIM_HORIZON");
            assert_eq!(self.keys_from(oldest, most, closed), keys);
            let middle = keys.len() / 2;
            let Some((_, number, arrival)) = expected.get(middle).cloned() else {
                continue;
            };
            let at = |kind: &str| GetShardIteratorRequest {
                starting_sequence_number: Some(number.to_string()),
                ..at_shard(id.0, kind)
            };
            let (this, after) = (at("AT_SEQUENCE_NUMBER"), at("AFTER_SEQUENCE_NUMBER"));
            assert_eq!(self.keys_from(this, most, closed), keys[middle..]);
            assert_eq!(self.keys_from(after, most, closed), keys[middle + 1..]);
            let first = expected.partition_point(|(_, _, earlier)| *earlier < arrival);
            let since = GetShardIteratorRequest {
                timestamp: Some(arrival),
                ..at_shard(id.0, "AT_TIMESTAMP")
            };
            assert_eq!(self.keys_from(since, most, closed), keys[first..]);
        }
    }

    /// Partition keys read through an iterator until the tip, or the end of a closed shard.
    fn keys_from(
        &mut self,
        start: GetShardIteratorRequest,
        most: usize,
        closed: bool,
    ) -> Vec<String> {
        let mut keys = Vec::new();
        let mut iterator = self.world.iterator(start).unwrap();
        loop {
            let reply = self
                .world
                .get_limited(&iterator, Some(most as i32))
                .unwrap();
            if reply.records.is_empty() {
                assert_eq!(reply.next_shard_iterator.is_none(), closed);
                assert_eq!(reply.child_shards.is_some(), closed);
                assert_eq!(reply.millis_behind_latest, Some(0));
                return keys;
            }
            assert_eq!(reply.child_shards, None);
            keys.extend(
                reply
                    .records
                    .into_iter()
                    .filter_map(|record| record.partition_key),
            );
            iterator = reply.next_shard_iterator.unwrap();
        }
    }

    fn check(&mut self) {
        let ring: Vec<HashRange> = self
            .open_shards()
            .into_iter()
            .map(|(_, range)| range)
            .collect();
        assert_eq!(ring, self.model.ring);
        assert!(ring[0].start == 0 && ring[ring.len() - 1].end == u128::MAX);
        assert!(ring.windows(2).all(|pair| pair[0].is_followed_by(&pair[1])));
        let shards = self.world.shards();
        for shard in &shards {
            let parents = [&shard.parent_shard_id, &shard.adjacent_parent_shard_id];
            for parent in parents.into_iter().flatten() {
                assert!(*parent < shard.shard_id);
                if let Some(parent) = shards.iter().find(|other| other.shard_id == *parent) {
                    let ended = &parent.sequence_number_range.ending_sequence_number;
                    let ended: SequenceNumber = ended.as_ref().unwrap().parse().unwrap();
                    let started = &shard.sequence_number_range.starting_sequence_number;
                    assert!(ended < started.parse().unwrap());
                }
            }
        }
        let counts = self
            .world
            .kinesis
            .stream_counts(self.world.now, "wind")
            .unwrap();
        assert_eq!(counts.records, self.model.accepted);
        assert_eq!(counts.records + counts.throttled, self.model.sent);
        let stored: u64 = counts.shards.iter().map(|shard| shard.stored_records).sum();
        assert_eq!(stored as usize, self.model.readable(self.world.now).len());
    }
}

fn check_run(shards: u32, limits: Limits, steps: Vec<Step>) {
    let mut run = Run::new(shards, limits);
    for step in steps {
        run.step(step);
    }
    run.read(7);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn a_stream_under_awss_limits_agrees_with_the_model(
        shards in 1u32..5, steps in prop::collection::vec(steps(), 1..60),
    ) {
        check_run(shards, Limits::Aws, steps);
    }

    #[test]
    fn a_stream_without_limits_agrees_with_the_model_and_throttles_nothing(
        shards in 1u32..5, steps in prop::collection::vec(steps(), 1..60),
    ) {
        let mut run = Run::new(shards, Limits::Off);
        for step in steps {
            run.step(step);
        }
        run.read(1);
        prop_assert_eq!(run.model.accepted, run.model.sent);
    }
}
