//! One delivery stream: its state, and what it holds.

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;

use crate::base::Timestamp;
use crate::base::limits::firehose::{ACTIVE_PARTITIONS_MAX, LOG_EVENTS_KEPT};
use crate::firehose::books::Counts;
use crate::firehose::buffer::{Batch, Lane};
use crate::firehose::delivery::LogEvent;
use crate::firehose::destination::Destination;
use crate::firehose::encryption::Encryption;
use crate::firehose::error_output::{ErrorOutput, Rejection};
use crate::firehose::partitioning::PartitionKeys;

/// Where records come from.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Source {
    /// PutRecord and PutRecordBatch.
    DirectPut {
        /// What the creator expects to send, MiB/s. Echoed; nothing here is sized by it.
        throughput_hint: Option<i32>,
    },
    /// A Kinesis stream.
    Kinesis {
        stream_arn: String,
        role_arn: String,
    },
}

/// The state of a delivery stream, with the instant at which it ends by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Creating { until: Timestamp },
    Active,
    Deleting { until: Timestamp },
}

impl Status {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Creating { .. } => "CREATING",
            Self::Active => "ACTIVE",
            Self::Deleting { .. } => "DELETING",
        }
    }
}

/// A delivery stream.
#[derive(Debug)]
pub(super) struct DeliveryStream {
    pub name: String,
    pub arn: String,
    pub status: Status,
    pub created: Timestamp,
    pub updated: Option<Timestamp>,
    /// Starts at 1 and grows with every update.
    pub version: u64,
    pub source: Source,
    pub destination: Destination,
    pub encryption: Encryption,
    pub tags: BTreeMap<String, Option<String>>,
    /// The buffers that take the next records.
    pub open: BTreeMap<Lane, Batch>,
    /// Full buffers, in the order in which they filled.
    pub full: VecDeque<Batch>,
    /// Batches handed out and not yet reported on, by id.
    pub outstanding: BTreeMap<u64, Batch>,
    /// Batches whose last attempt failed, by the instant of the next and by id.
    pub retries: BTreeMap<(Timestamp, u64), Batch>,
    /// The counters of the books; what is in flight is counted from the batches.
    pub totals: Counts,
    /// The latest delivery errors.
    pub log: VecDeque<LogEvent>,
}

impl DeliveryStream {
    /// Changes the status if its time has come. False when the stream is gone.
    pub(super) fn settle(&mut self, now: Timestamp) -> bool {
        self.encryption.settle(now);
        match self.status {
            Status::Creating { until } if now >= until => self.status = Status::Active,
            Status::Deleting { until } => return now < until,
            _ => {}
        }
        true
    }

    pub(super) fn is_deleting(&self) -> bool {
        matches!(self.status, Status::Deleting { .. })
    }

    /// Takes in a record: through the processors, into the buffer it belongs to.
    pub(super) fn take_in(
        &mut self,
        next_batch: &mut u64,
        now: Timestamp,
        data: Bytes,
        arrival: Timestamp,
    ) {
        if self.destination.backup.is_some() {
            self.buffer(next_batch, now, Lane::Backup, data.clone(), arrival);
        }
        if self.destination.processing.is_identity() {
            let lane = Lane::Data(PartitionKeys::new());
            self.buffer(next_batch, now, lane, data, arrival);
            return;
        }
        for processed in self.destination.processing.process(data.clone()) {
            let (lane, bytes) = match processed.and_then(|(keys, record)| self.lane(keys, record)) {
                Ok(kept) => kept,
                Err(rejection) => {
                    let line = rejection.line(&data, arrival, now);
                    (Lane::Errors(rejection.output), line)
                }
            };
            self.buffer(next_batch, now, lane, bytes, arrival);
        }
    }

    /// The lane of a record, unless there are too many.
    fn lane(&self, keys: PartitionKeys, record: Bytes) -> Result<(Lane, Bytes), Rejection> {
        let lane = Lane::Data(keys);
        let active = || {
            let lanes = self.open.keys();
            lanes.filter(|lane| matches!(lane, Lane::Data(_))).count()
        };
        if !self.open.contains_key(&lane) && active() >= ACTIVE_PARTITIONS_MAX {
            return Err(Rejection {
                output: ErrorOutput::ActivePartitionExceeded,
                code: "DynamicPartitioning.ActivePartitionExceeded",
                message: format!(
                    "The number of active partitions has reached its limit of \
                     {ACTIVE_PARTITIONS_MAX}"
                ),
            });
        }
        Ok((lane, record))
    }

    /// Puts a record into the open buffer of its lane, closing the buffer before it if its time is
    /// over and behind it if it is full.
    fn buffer(
        &mut self,
        next_batch: &mut u64,
        now: Timestamp,
        lane: Lane,
        data: Bytes,
        arrival: Timestamp,
    ) {
        self.totals.accepted += u64::from(lane != Lane::Backup);
        let hints = self.destination.of(&lane).hints;
        // Records of one instant stay together, also under zero buffering.
        let is_over = |batch: &Batch| batch.opened < now && batch.due(hints) <= now;
        if self.open.get(&lane).is_some_and(is_over) {
            self.full.extend(self.open.remove(&lane));
        }
        let batch = self.open.entry(lane.clone()).or_insert_with(|| {
            *next_batch += 1;
            Batch::open(*next_batch, lane.clone(), now, arrival)
        });
        batch.push(data, arrival);
        if batch.bytes >= hints.bytes {
            self.full.extend(self.open.remove(&lane));
        }
    }

    /// Replaces the destination. Buffered records go where it says, unless it asks for partition
    /// keys that they do not have.
    pub(super) fn replace_destination(&mut self, destination: Destination) {
        let old = std::mem::replace(&mut self.destination, destination);
        let waiting = self
            .open
            .values_mut()
            .chain(&mut self.full)
            .chain(self.outstanding.values_mut())
            .chain(self.retries.values_mut());
        for batch in waiting {
            if let Lane::Data(keys) = &batch.lane
                && !self.destination.layout.is_satisfied_by(keys)
            {
                batch.layout.get_or_insert_with(|| old.layout.clone());
            }
        }
    }

    /// When something is to be done with this stream without a request.
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        let status = match self.status {
            Status::Creating { until } => return Some(until),
            Status::Deleting { until } => return Some(until),
            Status::Active => self.encryption.until(),
        };
        let full = self.full.front().map(|batch| batch.opened);
        let due = |batch: &Batch| batch.due(self.destination.of(&batch.lane).hints);
        let open = self.open.values().map(due).min();
        let retry = self.retries.keys().next().map(|(due, _)| *due);
        [status, full, open, retry].into_iter().flatten().min()
    }

    /// Every batch of records in flight; copies for the backup are none.
    fn batches(&self) -> impl Iterator<Item = &Batch> {
        let batches = self
            .full
            .iter()
            .chain(self.open.values())
            .chain(self.outstanding.values())
            .chain(self.retries.values());
        batches.filter(|batch| batch.lane != Lane::Backup)
    }

    /// The books as of now.
    pub(super) fn counts(&self) -> Counts {
        Counts {
            in_flight: self.batches().map(Batch::len).sum(),
            oldest_in_flight: self.batches().map(|batch| batch.oldest).min(),
            ..self.totals
        }
    }

    /// Gives up whatever is in flight, as the deletion of a delivery stream does.
    pub(super) fn discard(&mut self) {
        self.totals.dropped += self.batches().map(Batch::len).sum::<u64>();
        self.open.clear();
        self.full.clear();
        self.outstanding.clear();
        self.retries.clear();
    }

    pub(super) fn write_log(&mut self, event: LogEvent) {
        if self.log.len() >= LOG_EVENTS_KEPT {
            self.log.pop_front();
        }
        self.log.push_back(event);
    }
}
