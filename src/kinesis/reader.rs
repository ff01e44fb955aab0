//! Reading inside the process: what GetRecords, SubscribeToShard and a Firehose source stand on.
//!
//! A reader starts at [`Kinesis::shard_positions`], reads each position with
//! [`Kinesis::read_shard`], and carries on at `next`. At the end of a closed shard `next` is `None`
//! and `closed_children` names the shards that took over: the reader adds each of them once (both
//! parents of a merge name the same child) at [`ShardPosition::trim_horizon`]. These calls are not
//! counted against the shards' read capacity: a service that pays for its reads does so itself.

use std::time::Duration;

use crate::base::Timestamp;
use crate::kinesis::shard::{ChildShard, Shard, StoredRecord};
use crate::kinesis::{Error, Kinesis, Result, SequenceNumber, ShardId};

/// Where a reader stands in a shard: before its next record. It never expires; what retention takes
/// away behind it is skipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ShardPosition {
    /// The shard.
    pub shard_id: ShardId,
    /// Index of the next record.
    pub(crate) next_index: u64,
}

impl ShardPosition {
    /// Before the oldest record the shard keeps.
    pub fn trim_horizon(shard_id: ShardId) -> Self {
        Self {
            shard_id,
            next_index: 0,
        }
    }
}

/// Where to start reading: the five types of a shard iterator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartingAt {
    /// The oldest record kept.
    TrimHorizon,
    /// The next record to arrive.
    Latest,
    /// The record of this number, or the first behind it.
    AtSequenceNumber(SequenceNumber),
    /// The first record behind this number.
    AfterSequenceNumber(SequenceNumber),
    /// The first record that arrived at this instant or later.
    AtTimestamp(Timestamp),
}

/// A run of one shard's records.
#[derive(Clone, Debug)]
pub struct ShardRead {
    /// The records, oldest first.
    pub records: Vec<StoredRecord>,
    /// Where to read on; `None` at the end of a closed shard.
    pub next: Option<ShardPosition>,
    /// At the end of a closed shard, the shards that took over its range.
    pub closed_children: Vec<ChildShard>,
    /// How far the end of the run is behind the tip of the shard; zero at the tip.
    pub behind: Duration,
    /// The number from which AFTER_SEQUENCE_NUMBER reads on.
    pub continuation: SequenceNumber,
    /// Whether more records were left out because of `max_bytes`.
    pub cut_by_bytes: bool,
    /// Data and partition keys of the records.
    pub bytes: usize,
}

/// What happened to one shard.
#[derive(Clone, Debug, PartialEq)]
pub struct ShardCounts {
    /// The shard.
    pub shard_id: ShardId,
    /// Whether it takes records.
    pub open: bool,
    /// Records accepted since it was opened.
    pub records: u64,
    /// Their data and partition keys, in bytes.
    pub bytes: u64,
    /// Records refused for want of capacity.
    pub throttled: u64,
    /// Records it keeps now.
    pub stored_records: u64,
    /// Bytes it keeps now.
    pub stored_bytes: u64,
    /// The part of a second's write capacity used up just now: above 0.9 the shard is hot.
    pub write_utilisation: f64,
}

/// What happened to a stream: the books' view.
#[derive(Clone, Debug, PartialEq)]
pub struct StreamCounts {
    /// Records accepted over the stream's life, in shards that are gone too.
    pub records: u64,
    /// Their data and partition keys, in bytes.
    pub bytes: u64,
    /// Records refused for want of capacity.
    pub throttled: u64,
    /// By shard, in order of their ids; without those that retention removed.
    pub shards: Vec<ShardCounts>,
}

impl Kinesis {
    /// Reads up to `max_records` records of a shard, and up to `max_bytes` of data and partition keys
    /// unless the first record alone is larger. `stream` is a name or an ARN.
    ///
    /// # Errors
    /// `ResourceNotFoundException` when the stream or shard does not exist or is no longer kept.
    pub fn read_shard(
        &mut self,
        now: Timestamp,
        stream: &str,
        position: &ShardPosition,
        max_records: usize,
        max_bytes: usize,
    ) -> Result<ShardRead> {
        self.advance(now);
        let name = self.name_of(stream)?;
        let stream = self.stream_mut(&name)?;
        stream.trim_shard(position.shard_id, now);
        let Some(shard) = stream.shards.get(&position.shard_id) else {
            return Err(self.no_shard(&name, position.shard_id));
        };
        let run = shard.read(position.next_index, max_records, max_bytes, now);
        Ok(ShardRead {
            next: (!run.at_closed_end).then_some(ShardPosition {
                shard_id: shard.id,
                next_index: run.next_index,
            }),
            closed_children: if run.at_closed_end {
                stream.children(shard)
            } else {
                Vec::new()
            },
            continuation: match run.records.last() {
                Some(last) => last.sequence_number,
                None => shard.number_before(run.next_index),
            },
            records: run.records,
            behind: run.behind,
            cut_by_bytes: run.cut_by_bytes,
            bytes: run.bytes,
        })
    }

    /// Positions in the shards of a stream (a name or an ARN), in order of their ids.
    ///
    /// `Latest` and `AtTimestamp` give those that are open then; `TrimHorizon` gives those whose
    /// parents are no longer kept, so that a reader who follows `closed_children` meets every record
    /// once. A stream that is being made has no shards: the list is empty.
    pub fn shard_positions(
        &mut self,
        now: Timestamp,
        stream: &str,
        starting: StartingAt,
    ) -> Result<Vec<ShardPosition>> {
        self.advance(now);
        let name = self.name_of(stream)?;
        let stream = self.stream_mut(&name)?;
        stream.trim(now);
        let starts = |shard: &&Shard| match starting {
            StartingAt::Latest => shard.is_open(),
            StartingAt::TrimHorizon => !shard
                .parents
                .iter()
                .any(|parent| stream.shards.contains_key(parent)),
            StartingAt::AtTimestamp(instant) => shard.was_open_at(instant.max(stream.created)),
            StartingAt::AtSequenceNumber(number) | StartingAt::AfterSequenceNumber(number) => {
                shard.id == number.shard()
            }
        };
        Ok(stream
            .shards
            .values()
            .filter(starts)
            .map(|shard| ShardPosition {
                shard_id: shard.id,
                next_index: index_of(shard, starting),
            })
            .collect())
    }

    /// A position in one shard of a stream (a name or an ARN).
    ///
    /// # Errors
    /// `ResourceNotFoundException` when the stream or shard does not exist or is no longer kept;
    /// `InvalidArgumentException` for a sequence number of another shard or stream, and for an instant
    /// in the future.
    pub fn shard_position(
        &mut self,
        now: Timestamp,
        stream: &str,
        shard: ShardId,
        starting: StartingAt,
    ) -> Result<ShardPosition> {
        self.start_position(now, stream, shard, starting, "GetShardIterator")
    }

    /// The same for `operation`, which errors name.
    pub(super) fn start_position(
        &mut self,
        now: Timestamp,
        stream: &str,
        shard: ShardId,
        starting: StartingAt,
        operation: &str,
    ) -> Result<ShardPosition> {
        self.advance(now);
        let name = self.name_of(stream)?;
        self.stream_mut(&name)?.trim_shard(shard, now);
        let Some(shard) = self.stream(&name)?.shards.get(&shard) else {
            return Err(self.no_shard(&name, shard));
        };
        self.check_start(&name, shard, starting, now, operation)?;
        Ok(ShardPosition {
            shard_id: shard.id,
            next_index: index_of(shard, starting),
        })
    }

    fn check_start(
        &self,
        stream: &str,
        shard: &Shard,
        starting: StartingAt,
        now: Timestamp,
        operation: &str,
    ) -> Result<()> {
        match starting {
            StartingAt::AtSequenceNumber(number) | StartingAt::AfterSequenceNumber(number) => {
                if number.shard() != shard.id {
                    return Err(Error::InvalidArgument(format!(
                        "Invalid StartingSequenceNumber. It encodes {}, while it was used in a call to \
                         a shard with {}",
                        number.shard(),
                        shard.id
                    )));
                }
                if !shard.issued(&number) {
                    return Err(Error::InvalidArgument(format!(
                        "StartingSequenceNumber {number} used in {operation} on shard {} in stream \
                         {stream} under account {} is invalid because it did not come from this stream.",
                        shard.id, self.account
                    )));
                }
                Ok(())
            }
            StartingAt::AtTimestamp(instant) if instant.millis() > now.millis() => {
                Err(Error::InvalidArgument(format!(
                    "The timestampInMillis parameter cannot be greater than the \
                     currentTimestampInMillis. timestampInMillis: {}, currentTimestampInMillis: {}",
                    instant.millis(),
                    now.millis()
                )))
            }
            _ => Ok(()),
        }
    }

    /// Positions behind everything that is in a stream (a name or an ARN) now.
    pub fn shard_positions_latest(
        &mut self,
        stream: &str,
        now: Timestamp,
    ) -> Result<Vec<ShardPosition>> {
        self.shard_positions(now, stream, StartingAt::Latest)
    }

    /// What happened to a stream (a name or an ARN).
    pub fn stream_counts(&mut self, now: Timestamp, stream: &str) -> Result<StreamCounts> {
        self.advance(now);
        let name = self.name_of(stream)?;
        let stream = self.stream_mut(&name)?;
        stream.trim(now);
        let totals = stream.totals();
        Ok(StreamCounts {
            records: totals.records,
            bytes: totals.bytes,
            throttled: totals.throttled,
            shards: stream
                .shards
                .values()
                .map(|shard| counts(shard, now))
                .collect(),
        })
    }

    /// Every stream, in name order.
    pub fn stream_names(&self) -> impl Iterator<Item = &str> {
        self.streams.keys().map(String::as_str)
    }

    /// The name in a stream's name or ARN.
    fn name_of(&self, stream: &str) -> Result<String> {
        if stream.starts_with("arn:") {
            return self.name_in_arn(stream);
        }
        Ok(stream.to_owned())
    }

    pub(super) fn no_shard(&self, stream: &str, shard: ShardId) -> Error {
        Error::NotFound(format!(
            "Shard {shard} in stream {stream} under account {} does not exist",
            self.account
        ))
    }
}

fn index_of(shard: &Shard, starting: StartingAt) -> u64 {
    match starting {
        StartingAt::TrimHorizon => 0,
        StartingAt::Latest => shard.latest_index(),
        StartingAt::AtSequenceNumber(number) => number.index(),
        StartingAt::AfterSequenceNumber(number) => number.index().saturating_add(1),
        StartingAt::AtTimestamp(instant) => shard.index_at(instant),
    }
}

fn counts(shard: &Shard, now: Timestamp) -> ShardCounts {
    let (stored_records, stored_bytes) = shard.stored();
    ShardCounts {
        shard_id: shard.id,
        open: shard.is_open(),
        records: shard.totals.records,
        bytes: shard.totals.bytes,
        throttled: shard.totals.throttled,
        stored_records: stored_records as u64,
        stored_bytes,
        write_utilisation: shard.capacity.write_utilisation(now),
    }
}
