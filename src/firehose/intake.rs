//! From arrival to buffer: the way of one record through the processors.
//!
//! Order, as on AWS: backup copy, records taken apart, function, partition keys, buffer. The
//! delimiter is added at delivery.

use std::sync::Arc;

use bytes::Bytes;

use crate::base::Timestamp;
use crate::base::limits::firehose::ACTIVE_PARTITIONS_MAX;
use crate::firehose::buffer::{Arrival, Batch, Lane, Sequence};
use crate::firehose::error_output::{ErrorOutput, Rejection};
use crate::firehose::partitioning::{KeySource, PartitionKeys};
use crate::firehose::stream::DeliveryStream;
use crate::firehose::transform::{Origin, Pending};

/// The instant of an acceptance, and the counter that numbers batches.
#[derive(Debug)]
pub(super) struct Intake<'a> {
    pub now: Timestamp,
    pub next_batch: &'a mut u64,
}

impl Intake<'_> {
    /// A fresh id for a batch or a group.
    pub(super) fn id(&mut self) -> u64 {
        *self.next_batch += 1;
        *self.next_batch
    }
}

impl DeliveryStream {
    /// Takes in a record. `origin` says where in a Kinesis stream it was.
    pub(super) fn take_in(
        &mut self,
        intake: &mut Intake<'_>,
        data: Bytes,
        at: Timestamp,
        origin: Option<Origin<'_>>,
    ) {
        let origin_kept = origin.filter(|_| self.destination.conversion().is_some());
        let arrival = Arrival {
            at,
            sequence: origin_kept.map(|(record, place)| {
                Arc::new(Sequence {
                    number: record.sequence_number.clone(),
                    place,
                })
            }),
        };
        if self.destination.backup.is_some() {
            self.buffer(intake, Lane::Backup, data.clone(), &arrival);
        }
        let processing = &self.destination.processing;
        if processing.is_identity() {
            self.totals.accepted += 1;
            let lane = Lane::Data(PartitionKeys::new());
            self.buffer(intake, lane, data, &arrival);
            return;
        }
        let records = match &processing.sub_records {
            None => vec![data],
            Some(how) => match how.split(&data) {
                Ok(records) => records,
                Err(message) => {
                    self.totals.accepted += 1;
                    let rejection = Rejection::new(
                        ErrorOutput::ProcessingFailed,
                        "DynamicPartitioning.RecordDeAggregationFailed",
                        message,
                    );
                    self.reject(intake, &rejection, &data, &arrival);
                    return;
                }
            },
        };
        let function = processing.function.clone();
        for record in records {
            self.totals.accepted += 1;
            match &function {
                Some(function) => {
                    let pending = Pending::new(record, arrival.clone(), origin);
                    self.transforms.push(intake, function, pending);
                }
                None => {
                    let raw = record.clone();
                    self.route(intake, &raw, record, &arrival, PartitionKeys::new());
                }
            }
        }
    }

    /// Puts a processed record into the buffer of its partition keys, those of the function given
    /// and those of the query extracted here. `raw` is the record before the function.
    pub(super) fn route(
        &mut self,
        intake: &mut Intake<'_>,
        raw: &Bytes,
        record: Bytes,
        arrival: &Arrival,
        keys: PartitionKeys,
    ) {
        match self.keyed(&record, keys).and_then(|keys| self.lane(keys)) {
            Ok(lane) => self.buffer(intake, lane, record, arrival),
            Err(rejection) => self.reject(intake, &rejection, raw, arrival),
        }
    }

    /// Writes the error line of a record.
    pub(super) fn reject(
        &mut self,
        intake: &mut Intake<'_>,
        rejection: &Rejection,
        raw: &[u8],
        arrival: &Arrival,
    ) {
        let line = rejection.line(raw, arrival.at, intake.now);
        self.buffer(intake, Lane::Errors(rejection.output), line, arrival);
    }

    /// All partition keys of a record.
    fn keyed(&self, record: &[u8], mut keys: PartitionKeys) -> Result<PartitionKeys, Rejection> {
        let failed = |message| {
            Rejection::new(
                ErrorOutput::ProcessingFailed,
                "DynamicPartitioning.MetadataExtractionFailed",
                message,
            )
        };
        if let Some(query) = &self.destination.processing.key_query {
            let found = query.keys(record).map_err(failed)?;
            let found = found.into_iter();
            keys.extend(found.map(|(name, value)| ((KeySource::Query, name), value)));
        }
        // A function may name keys that the prefix does not use; they keep nothing apart.
        let wanted = self.destination.layout.partition_keys();
        keys.retain(|key, value| wanted.contains(key) && !value.is_empty());
        if keys.len() < wanted.len() {
            return Err(failed(
                "partitionKeys values must not be null or empty".to_owned(),
            ));
        }
        Ok(keys)
    }

    /// The lane of partition keys, unless there are too many.
    fn lane(&self, keys: PartitionKeys) -> Result<Lane, Rejection> {
        let lane = Lane::Data(keys);
        let active = || {
            let lanes = self.open.keys();
            lanes.filter(|lane| matches!(lane, Lane::Data(_))).count()
        };
        if !self.open.contains_key(&lane) && active() >= ACTIVE_PARTITIONS_MAX {
            return Err(Rejection::new(
                ErrorOutput::ActivePartitionExceeded,
                "DynamicPartitioning.ActivePartitionExceeded",
                format!(
                    "The number of active partitions has reached its limit of \
                     {ACTIVE_PARTITIONS_MAX}"
                ),
            ));
        }
        Ok(lane)
    }

    /// Puts bytes into the open buffer of a lane, closing the buffer before them if its time is
    /// over and behind them if it is full.
    pub(super) fn buffer(
        &mut self,
        intake: &mut Intake<'_>,
        lane: Lane,
        data: Bytes,
        arrival: &Arrival,
    ) {
        let now = intake.now;
        let hints = self.destination.of(&lane).hints;
        // Records of one instant stay together, also under zero buffering.
        let is_over = |batch: &Batch| batch.opened < now && batch.due(hints) <= now;
        if self.open.get(&lane).is_some_and(is_over) {
            self.full.extend(self.open.remove(&lane));
        }
        let batch = self
            .open
            .entry(lane.clone())
            .or_insert_with(|| Batch::open(intake.id(), lane.clone(), now, arrival));
        batch.push(data, arrival);
        if batch.bytes >= hints.bytes {
            self.full.extend(self.open.remove(&lane));
        }
    }
}
