//! One delivery stream: its state, and what it holds.

use std::collections::{BTreeMap, VecDeque};

use crate::base::Timestamp;
use crate::base::limits::firehose::LOG_EVENTS_KEPT;
use crate::firehose::books::Counts;
use crate::firehose::buffer::{Batch, Lane};
use crate::firehose::delivery::LogEvent;
use crate::firehose::destination::Destination;
use crate::firehose::encryption::Encryption;
use crate::firehose::throughput::Throughput;
use crate::firehose::transform::Transforms;

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
    /// What direct put used of its quota.
    pub throughput: Throughput,
    /// The buffers that take the next records.
    pub open: BTreeMap<Lane, Batch>,
    /// Full buffers, in the order in which they filled.
    pub full: VecDeque<Batch>,
    /// Batches handed out and not yet reported on, by id.
    pub outstanding: BTreeMap<u64, Batch>,
    /// Batches whose last attempt failed, by the instant of the next and by id.
    pub retries: BTreeMap<(Timestamp, u64), Batch>,
    /// Records with a function, or on their way to it.
    pub transforms: Transforms,
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
        let transforms = self.transforms.next_due();
        [status, full, open, retry, transforms]
            .into_iter()
            .flatten()
            .min()
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

    fn in_flight(&self) -> u64 {
        self.batches().map(Batch::len).sum::<u64>() + self.transforms.len()
    }

    /// The books as of now.
    pub(super) fn counts(&self) -> Counts {
        let oldest = self.batches().map(|batch| batch.oldest);
        Counts {
            in_flight: self.in_flight(),
            oldest_in_flight: oldest.chain(self.transforms.oldest()).min(),
            ..self.totals
        }
    }

    /// Gives up whatever is in flight, as the deletion of a delivery stream does.
    pub(super) fn discard(&mut self) {
        self.totals.dropped += self.in_flight();
        self.transforms = Transforms::default();
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
