//! Records on their way into one object, and the lanes that keep them apart.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::base::Timestamp;
use crate::firehose::error_output::ErrorOutput;
use crate::firehose::partitioning::PartitionKeys;
use crate::firehose::prefix::Layout;

/// What has a buffer of its own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Lane {
    /// Records of the same partition keys; without dynamic partitioning there are none.
    Data(PartitionKeys),
    /// Lines about records that were rejected.
    Errors(ErrorOutput),
    /// Copies of source records as they came.
    Backup,
}

/// When a buffer is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hints {
    /// Bytes of record data at which a buffer becomes an object.
    pub bytes: usize,
    /// Time after its first record at which a buffer becomes an object; zero buffering if zero.
    pub interval: Duration,
}

/// The name of an object, once drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ObjectKey {
    /// The whole key.
    pub key: String,
    /// The UUID in it, which also names the entry of a ZIP archive.
    pub uuid: String,
}

/// When a record arrived, and where in its source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Arrival {
    pub at: Timestamp,
    /// Kept where error lines ask for it, that is, under record format conversion.
    pub sequence: Option<Arc<Sequence>>,
}

/// A place in a Kinesis stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sequence {
    /// The record's sequence number.
    pub number: String,
    /// The place inside that record.
    pub place: u64,
}

/// A buffered record.
#[derive(Clone, Debug)]
pub(super) struct Held {
    pub data: Bytes,
    pub arrival: Arrival,
}

/// The records of one object.
#[derive(Clone, Debug)]
pub(super) struct Batch {
    /// Unique in this Firehose; ties a delivery to its batch.
    pub id: u64,
    /// What it holds.
    pub lane: Lane,
    /// In the order of acceptance.
    pub records: Vec<Held>,
    /// Sum of the lengths of their data.
    pub bytes: usize,
    /// Arrival of the oldest record: the instant in the object's key.
    pub oldest: Timestamp,
    /// When the first record was accepted: the interval counts from here.
    pub opened: Timestamp,
    /// Failed attempts to write it.
    pub attempts: u32,
    /// When the first attempt to write it was made.
    pub first_attempt: Option<Timestamp>,
    /// The key of the last attempt and the destination's version that gave it: an attempt that
    /// failed after writing is then overwritten by the next, not doubled.
    pub key: Option<(u64, ObjectKey)>,
    /// The layout under which it was filled, when the present one asks for partition keys that its
    /// records were not asked for.
    pub layout: Option<Layout>,
}

impl Batch {
    pub(super) fn open(id: u64, lane: Lane, now: Timestamp, arrival: &Arrival) -> Self {
        Self {
            id,
            lane,
            records: Vec::new(),
            bytes: 0,
            oldest: arrival.at,
            opened: now,
            attempts: 0,
            first_attempt: None,
            key: None,
            layout: None,
        }
    }

    pub(super) fn push(&mut self, data: Bytes, arrival: &Arrival) {
        self.bytes += data.len();
        self.oldest = self.oldest.min(arrival.at);
        self.records.push(Held {
            data,
            arrival: arrival.clone(),
        });
    }

    /// Number of records.
    pub(super) fn len(&self) -> u64 {
        self.records.len() as u64
    }

    /// When it becomes an object under `hints` if nothing is added.
    pub(super) fn due(&self, hints: Hints) -> Timestamp {
        if self.bytes >= hints.bytes {
            self.opened
        } else {
            self.opened + hints.interval
        }
    }
}
