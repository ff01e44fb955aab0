//! One shard: an append-only run of records, its place on the ring and in the lineage.
//!
//! Invariants: the index of the next record only grows; records lie in order of index and of
//! arrival; nothing is appended once the shard is closed.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::base::Timestamp;
use crate::kinesis::capacity::ShardCapacity;
use crate::kinesis::hash::HashRange;
use crate::kinesis::sequence::SequenceNumber;
use crate::kinesis::shard_id::ShardId;

/// A record as the stream keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRecord {
    /// Its shard.
    pub shard_id: ShardId,
    /// Its sequence number: unique in the stream, increasing in the shard.
    pub sequence_number: SequenceNumber,
    /// The partition key it was sent with.
    pub partition_key: Arc<str>,
    /// The bytes it was sent with.
    pub data: Bytes,
    /// When the stream took it, in whole milliseconds.
    pub arrival: Timestamp,
    /// Whether server-side encryption was on when it arrived.
    pub encrypted: bool,
}

impl StoredRecord {
    /// What AWS counts against its limits: data and partition key.
    pub fn bytes(&self) -> usize {
        self.data.len() + self.partition_key.len()
    }
}

/// A child of a closed shard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChildShard {
    /// The child.
    pub shard_id: ShardId,
    /// Its parents: one after a split, two after a merge.
    pub parents: Vec<ShardId>,
    /// Its place on the ring.
    pub range: HashRange,
}

/// What was put into a shard over its life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Records accepted.
    pub records: u64,
    /// Their data and partition keys, in bytes.
    pub bytes: u64,
    /// Records refused because the shard's write capacity was used up.
    pub throttled: u64,
}

impl std::ops::AddAssign for Totals {
    fn add_assign(&mut self, other: Self) {
        self.records += other.records;
        self.bytes += other.bytes;
        self.throttled += other.throttled;
    }
}

/// A run of records read from one shard.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    pub(crate) records: Vec<StoredRecord>,
    /// Index of the next record.
    pub(crate) next_index: u64,
    /// Whether the run ends at the end of a closed shard.
    pub(crate) at_closed_end: bool,
    /// Whether it was cut because of its size in bytes.
    pub(crate) cut_by_bytes: bool,
    /// How old the run's end is; zero when nothing is behind it.
    pub(crate) behind: Duration,
    /// Data and partition keys, in bytes.
    pub(crate) bytes: usize,
}

#[derive(Debug)]
struct Entry {
    index: u64,
    arrival: Timestamp,
    partition_key: Arc<str>,
    data: Bytes,
    encrypted: bool,
}

impl Entry {
    fn bytes(&self) -> usize {
        self.data.len() + self.partition_key.len()
    }
}

/// A shard's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Closed {
    pub(crate) at: Timestamp,
    pub(crate) number: SequenceNumber,
}

/// A shard.
#[derive(Debug)]
pub(crate) struct Shard {
    pub(crate) id: ShardId,
    pub(crate) range: HashRange,
    /// None for a stream's first shards, one after a split, two after a merge.
    pub(crate) parents: Vec<ShardId>,
    pub(crate) children: Vec<ShardId>,
    /// Since when it takes records.
    pub(crate) opened: Timestamp,
    pub(crate) closed: Option<Closed>,
    /// The second that its sequence numbers carry: that of `opened`, or later where a child would
    /// otherwise not follow its parents (see [`Shard::after`]).
    created: Timestamp,
    next_index: u64,
    entries: VecDeque<Entry>,
    stored_bytes: u64,
    pub(crate) capacity: ShardCapacity,
    pub(crate) totals: Totals,
}

impl Shard {
    /// One of a new stream's shards.
    pub(crate) fn first(id: ShardId, range: HashRange, opened: Timestamp) -> Self {
        Self {
            id,
            range,
            parents: Vec::new(),
            children: Vec::new(),
            opened,
            closed: None,
            created: opened,
            next_index: 1,
            entries: VecDeque::new(),
            stored_bytes: 0,
            capacity: ShardCapacity::new(opened),
            totals: Totals::default(),
        }
    }

    /// A shard made by splitting or merging `parents`.
    ///
    /// The second its sequence numbers carry is the one after its parents' last, as observed on AWS:
    /// so they are greater than its parents' even when it is made in the same second.
    pub(crate) fn after(
        parents: &[&Shard],
        id: ShardId,
        range: HashRange,
        opened: Timestamp,
    ) -> Self {
        let created = parents
            .iter()
            .map(|parent| parent.created)
            .fold(opened, Timestamp::max)
            + Duration::from_secs(1);
        Self {
            parents: parents.iter().map(|parent| parent.id).collect(),
            created,
            ..Self::first(id, range, opened)
        }
    }

    /// Takes no more records from `at` on; `children` take them.
    pub(crate) fn close(&mut self, at: Timestamp, children: Vec<ShardId>) {
        let last = self
            .entries
            .back()
            .map_or(at, |entry| entry.arrival.max(at));
        self.closed = Some(Closed {
            at,
            number: SequenceNumber::end_of(self.id, self.created, last.max(self.created)),
        });
        self.children = children;
    }

    pub(crate) fn is_open(&self) -> bool {
        self.closed.is_none()
    }

    /// Whether it took records at `instant`.
    pub(crate) fn was_open_at(&self, instant: Timestamp) -> bool {
        self.opened <= instant && self.closed.is_none_or(|closed| closed.at > instant)
    }

    /// Its lowest sequence number: no record has it.
    pub(crate) fn start(&self) -> SequenceNumber {
        SequenceNumber::start_of(self.id, self.created)
    }

    fn number(&self, entry: &Entry) -> SequenceNumber {
        SequenceNumber::new(
            self.id,
            self.created,
            entry.index,
            entry.arrival.max(self.created),
        )
    }

    /// The number at which a reader of records below `next_index` stands.
    pub(crate) fn number_before(&self, next_index: u64) -> SequenceNumber {
        let at = self
            .entries
            .partition_point(|entry| entry.index < next_index);
        match at.checked_sub(1).and_then(|at| self.entries.get(at)) {
            Some(entry) => self.number(entry),
            None => self.start(),
        }
    }

    /// Appends a record that the capacity admitted, and gives it its number.
    pub(crate) fn append(
        &mut self,
        partition_key: Arc<str>,
        data: Bytes,
        encrypted: bool,
        now: Timestamp,
    ) -> SequenceNumber {
        // A clock that steps back must not put arrivals out of order.
        let arrival = self
            .entries
            .back()
            .map_or(now, |last| last.arrival.max(now))
            .floor_millis();
        let entry = Entry {
            index: self.next_index,
            arrival,
            partition_key,
            data,
            encrypted,
        };
        let (number, bytes) = (self.number(&entry), entry.bytes() as u64);
        self.next_index += 1;
        self.stored_bytes += bytes;
        self.totals.records += 1;
        self.totals.bytes += bytes;
        self.entries.push_back(entry);
        number
    }

    /// Whether `number` has this shard's form: its id and the second it was made in.
    pub(crate) fn issued(&self, number: &SequenceNumber) -> bool {
        number.shard() == self.id
            && number.shard_created_secs() == self.start().shard_created_secs()
    }

    /// Index of the next record to arrive.
    pub(crate) fn latest_index(&self) -> u64 {
        self.next_index
    }

    /// Index of the first record that arrived at or after `instant`, or of the next to arrive.
    pub(crate) fn index_at(&self, instant: Timestamp) -> u64 {
        let at = self
            .entries
            .partition_point(|entry| entry.arrival < instant);
        self.entries
            .get(at)
            .map_or(self.next_index, |entry| entry.index)
    }

    /// Reads records from `next_index` on: at most `max_records`, and at most `max_bytes` of them
    /// unless the first alone is larger.
    pub(crate) fn read(
        &self,
        next_index: u64,
        max_records: usize,
        max_bytes: usize,
        now: Timestamp,
    ) -> Run {
        let first = self
            .entries
            .partition_point(|entry| entry.index < next_index);
        let mut run = Run {
            records: Vec::new(),
            next_index,
            at_closed_end: false,
            cut_by_bytes: false,
            behind: Duration::ZERO,
            bytes: 0,
        };
        let mut end = first;
        for entry in self.entries.range(first..).take(max_records) {
            let bytes = run.bytes + entry.bytes();
            if bytes > max_bytes && end > first {
                run.cut_by_bytes = true;
                break;
            }
            run.bytes = bytes;
            end += 1;
            run.next_index = entry.index + 1;
            run.records.push(StoredRecord {
                shard_id: self.id,
                sequence_number: self.number(entry),
                partition_key: Arc::clone(&entry.partition_key),
                data: entry.data.clone(),
                arrival: entry.arrival,
                encrypted: entry.encrypted,
            });
        }
        match self.entries.get(end) {
            Some(unread) => {
                let position = run
                    .records
                    .last()
                    .map_or(unread.arrival, |last| last.arrival);
                run.behind = now.since(position);
            }
            None => run.at_closed_end = self.closed.is_some(),
        }
        run
    }

    /// Forgets records that arrived before `horizon`.
    pub(crate) fn trim(&mut self, horizon: Timestamp) {
        while let Some(entry) = self.entries.front() {
            if entry.arrival >= horizon {
                break;
            }
            self.stored_bytes -= entry.bytes() as u64;
            self.entries.pop_front();
        }
    }

    /// Whether it was closed, and emptied by retention.
    pub(crate) fn is_expired(&self, horizon: Timestamp) -> bool {
        self.entries.is_empty() && self.closed.is_some_and(|closed| closed.at < horizon)
    }

    /// Records readable now, and their bytes.
    pub(crate) fn stored(&self) -> (usize, u64) {
        (self.entries.len(), self.stored_bytes)
    }
}
