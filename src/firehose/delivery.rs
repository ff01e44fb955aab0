//! Objects out: what is due, how it is named, and what happens when it cannot be written.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use serde_json::json;

use crate::base::limits::firehose::{RETRY_FIRST, RETRY_FOR, RETRY_LONGEST};
use crate::base::{Ids, Timestamp};
use crate::firehose::Firehose;
use crate::firehose::buffer::{Batch, Lane};
use crate::firehose::compression::Compression;
use crate::firehose::conversion::{self, ConversionFailure, Converter, RejectedRecord};
use crate::firehose::error_output::ErrorOutput;
use crate::firehose::intake::Intake;
use crate::firehose::stream::{DeliveryStream, Status};

/// An object to be written to S3. Report the outcome with [`Firehose::delivered`] or
/// [`Firehose::delivery_failed`]; until then its records are in flight.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Ties the report to the batch; unique in one [`Firehose`].
    pub id: u64,
    /// Name of the delivery stream.
    pub delivery_stream: String,
    /// The role that writes.
    pub role_arn: String,
    /// Bucket to write to.
    pub bucket: String,
    /// Key to write.
    pub key: String,
    /// Body, compressed already.
    pub body: Bytes,
    /// `application/octet-stream`, whatever the compression.
    pub content_type: &'static str,
    /// Content-Encoding of the compression.
    pub content_encoding: Option<&'static str>,
    /// Records inside.
    pub records: u64,
    /// Whether it goes under the error prefix.
    pub error_output: bool,
}

/// A delivery error as Firehose writes it to CloudWatch Logs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEvent {
    /// When the attempt failed.
    pub timestamp: Timestamp,
    /// Log group and log stream, when logging is enabled for the destination.
    pub target: Option<(String, String)>,
    /// A JSON object with `deliveryStreamARN`, `destination`, `deliveryStreamVersionId`, `message`
    /// and `errorCode`.
    pub message: String,
}

impl Firehose {
    /// The objects that are due at `now`: buffers that are full or whose time is over, and batches
    /// whose next attempt has come. Also changes the statuses that are due.
    pub fn take_deliveries(&mut self, now: Timestamp) -> Vec<Delivery> {
        self.settle(now);
        let place = Place {
            ids: &self.ids,
            account: self.account.as_str(),
            region: self.region.as_str(),
            converter: self.converter.as_deref(),
        };
        let mut intake = Intake {
            now,
            next_batch: &mut self.next_batch,
        };
        let active = self
            .streams
            .values_mut()
            .filter(|stream| stream.status == Status::Active);
        let mut deliveries = Vec::new();
        for stream in active {
            for batch in stream.take_due(now) {
                deliveries.extend(stream.hand_out(batch, &mut intake, place));
            }
        }
        deliveries
    }

    /// The object was written. A delivery that is no longer known (its stream was deleted) is
    /// ignored.
    pub fn delivered(&mut self, _now: Timestamp, delivery: &Delivery) {
        let Some(stream) = self.streams.get_mut(&delivery.delivery_stream) else {
            return;
        };
        let Some(batch) = stream.outstanding.remove(&delivery.id) else {
            return;
        };
        let totals = &mut stream.totals;
        match batch.lane {
            Lane::Data(_) => totals.delivered += batch.len(),
            Lane::Errors(_) => totals.rejected += batch.len(),
            Lane::Backup => totals.backed_up += batch.len(),
        }
        totals.objects += 1;
        totals.bytes += delivery.body.len() as u64;
    }

    /// The object was not written, for the reason given by `error_code` (`S3.NoSuchBucket`,
    /// `S3.AccessDenied`, …) and `message`. It is tried again, at growing intervals, until a day
    /// after its first attempt; then its records are dropped and counted.
    pub fn delivery_failed(
        &mut self,
        now: Timestamp,
        delivery: Delivery,
        error_code: &str,
        message: &str,
    ) {
        let Some(stream) = self.streams.get_mut(&delivery.delivery_stream) else {
            return;
        };
        let Some(batch) = stream.outstanding.remove(&delivery.id) else {
            return;
        };
        stream.fail(batch, now, &delivery.bucket, error_code, message);
    }
}

/// How long after its failure the next attempt is made. AWS documents only for how long it tries.
fn backoff(failed_attempts: u32) -> Duration {
    RETRY_FIRST
        .saturating_mul(1 << failed_attempts.min(16))
        .min(RETRY_LONGEST)
}

impl DeliveryStream {
    /// Takes every batch that is due, retries first.
    fn take_due(&mut self, now: Timestamp) -> Vec<Batch> {
        let destination = &self.destination;
        let due = self.open.extract_if(.., |lane, batch| {
            batch.due(destination.of(lane).hints) <= now
        });
        self.full.extend(due.map(|(_, batch)| batch));
        let later = self.retries.split_off(&(now, u64::MAX));
        let retries = std::mem::replace(&mut self.retries, later);
        retries.into_values().chain(self.full.drain(..)).collect()
    }

    /// Renders a batch under the settings of now and keeps it until its outcome is reported. A
    /// batch that cannot be packed counts as a failed attempt.
    fn hand_out(
        &mut self,
        mut batch: Batch,
        intake: &mut Intake<'_>,
        place: Place<'_>,
    ) -> Option<Delivery> {
        let now = intake.now;
        let converted = match self.convert(&mut batch, intake, place) {
            Ok(converted) => converted,
            Err(failure) => {
                batch.first_attempt.get_or_insert(now);
                let bucket = self.destination.bucket.clone();
                self.fail(batch, now, &bucket, &failure.code, &failure.message);
                return None;
            }
        };
        if batch.records.is_empty() {
            return None;
        }
        let destination = self.destination.of(&batch.lane);
        let bucket = destination.bucket.clone();
        batch.first_attempt.get_or_insert(now);
        let layout = batch.layout.as_ref().unwrap_or(&destination.layout);
        let name = match batch.key.take() {
            Some((version, name)) if version == self.version => name,
            _ => layout.key(
                &batch.lane,
                &self.name,
                self.version,
                batch.oldest,
                place.ids,
            ),
        };
        // Error lines bring their own line ends and are never compressed.
        let (delimiter, compression) = match batch.lane {
            Lane::Data(_) | Lane::Backup => (
                destination.processing.delimiter.as_ref(),
                destination.compression,
            ),
            Lane::Errors(_) => (None, Compression::Uncompressed),
        };
        let (packed, encoding) = match converted {
            Some((body, encoding)) => (Ok(body), encoding),
            None => {
                let plain = concatenated(&batch, delimiter);
                let packed = compression.pack(plain, &name.uuid);
                (packed, compression.content_encoding())
            }
        };
        let body = match packed {
            Ok(body) => body,
            Err(error) => {
                self.fail(batch, now, &bucket, "InternalError", &error.to_string());
                return None;
            }
        };
        let delivery = Delivery {
            id: batch.id,
            delivery_stream: self.name.clone(),
            role_arn: destination.role_arn().to_owned(),
            bucket,
            key: name.key.clone(),
            body,
            content_type: "application/octet-stream",
            content_encoding: encoding,
            records: batch.len(),
            error_output: matches!(batch.lane, Lane::Errors(_)),
        };
        batch.key = Some((self.version, name));
        self.outstanding.insert(batch.id, batch);
        Some(delivery)
    }

    /// The converted records of a batch, with the encoding of the object. Records that do not fit
    /// leave the batch for the error prefix.
    fn convert(
        &mut self,
        batch: &mut Batch,
        intake: &mut Intake<'_>,
        place: Place<'_>,
    ) -> Result<Option<(Bytes, Option<&'static str>)>, ConversionFailure> {
        let (Lane::Data(_), Some(conversion), Some(converter)) =
            (&batch.lane, self.destination.conversion(), place.converter)
        else {
            return Ok(None);
        };
        let conversion = conversion.clone();
        let data: Vec<Bytes> = batch.records.iter().map(|held| held.data.clone()).collect();
        let converted = converter.convert(&conversion, &data)?;
        let rejected: BTreeMap<usize, RejectedRecord> = converted
            .rejected
            .into_iter()
            .map(|rejected| (rejected.index, rejected))
            .collect();
        let lane = Lane::Errors(ErrorOutput::FormatConversionFailed);
        let records = std::mem::take(&mut batch.records);
        for (index, held) in records.into_iter().enumerate() {
            let Some(rejected) = rejected.get(&index) else {
                batch.records.push(held);
                continue;
            };
            let (raw, arrival) = (&held.data, &held.arrival);
            let site = (place.account, place.region);
            let line = conversion::line(rejected, raw, arrival, intake.now, &conversion, site);
            batch.bytes -= raw.len();
            self.buffer(intake, lane.clone(), line, arrival);
        }
        let arrivals = batch.records.iter().map(|held| held.arrival.at);
        batch.oldest = arrivals.min().unwrap_or(batch.oldest);
        Ok(Some((converted.body, conversion::naming(&conversion).1)))
    }

    /// Logs a failed attempt and sets the next one, or drops the batch when its day is over.
    fn fail(&mut self, mut batch: Batch, now: Timestamp, bucket: &str, code: &str, message: &str) {
        self.write_log(LogEvent {
            timestamp: now,
            target: self.destination.of(&batch.lane).log_target(),
            message: json!({
                "deliveryStreamARN": self.arn,
                "destination": format!("arn:aws:s3:::{bucket}"),
                "deliveryStreamVersionId": self.version,
                "message": message,
                "errorCode": code,
            })
            .to_string(),
        });
        let end = batch.first_attempt.unwrap_or(now) + RETRY_FOR;
        if now >= end {
            if batch.lane != Lane::Backup {
                self.totals.dropped += batch.len();
            }
            return;
        }
        let due = (now + backoff(batch.attempts)).min(end);
        batch.attempts += 1;
        self.retries.insert((due, batch.id), batch);
    }
}

/// What a delivery needs besides its stream.
#[derive(Clone, Copy)]
struct Place<'a> {
    ids: &'a Ids,
    account: &'a str,
    region: &'a str,
    converter: Option<&'a dyn Converter>,
}

/// Record data one behind the other, each with the delimiter behind it if there is one.
fn concatenated(batch: &Batch, delimiter: Option<&Bytes>) -> Vec<u8> {
    let each = delimiter.map_or(0, Bytes::len);
    let mut body = Vec::with_capacity(batch.bytes + each * batch.records.len());
    for record in &batch.records {
        body.extend_from_slice(&record.data);
        if let Some(delimiter) = delimiter {
            body.extend_from_slice(delimiter);
        }
    }
    body
}
