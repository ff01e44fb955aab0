//! Records in: PutRecord, PutRecordBatch, and what the emulator reads from a Kinesis source.

use bytes::Bytes;

use crate::base::limits::firehose::{BATCH_MAX_BYTES, BATCH_MAX_RECORDS, RECORD_MAX_BYTES};
use crate::base::{Call, Timestamp};
use crate::firehose::api::{
    PutRecordBatchRequest, PutRecordBatchResponse, PutRecordBatchResponseEntry, PutRecordRequest,
    PutRecordResponse, Record,
};
use crate::firehose::intake::Intake;
use crate::firehose::stream::{DeliveryStream, Source, Status};
use crate::firehose::{Error, Firehose, Result, kpl};

/// A record read from a Kinesis source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceRecord {
    /// Its data.
    pub data: Bytes,
    /// Its approximate arrival timestamp in the stream.
    pub arrival: Timestamp,
    /// The shard it was read from.
    pub shard_id: String,
    /// Its sequence number there.
    pub sequence_number: String,
    /// Its partition key.
    pub partition_key: String,
}

impl Firehose {
    /// PutRecord.
    pub fn put_record(
        &mut self,
        call: &Call,
        request: PutRecordRequest,
    ) -> Result<PutRecordResponse> {
        check_sizes(std::slice::from_ref(&request.record), "record")?;
        let name = &request.delivery_stream_name;
        let (encrypted, mut responses) = self.put(call, name, vec![request.record])?;
        match responses.pop().and_then(|response| response.record_id) {
            Some(record_id) => Ok(PutRecordResponse {
                record_id,
                encrypted: Some(encrypted),
            }),
            None => Err(Error::SlowDown),
        }
    }

    /// PutRecordBatch. Records beyond what the stream takes in a second fail one by one; a batch
    /// that is too large is refused as a whole.
    pub fn put_record_batch(
        &mut self,
        call: &Call,
        request: PutRecordBatchRequest,
    ) -> Result<PutRecordBatchResponse> {
        check_sizes(&request.records, "records")?;
        let name = &request.delivery_stream_name;
        let (encrypted, request_responses) = self.put(call, name, request.records)?;
        let failed = request_responses
            .iter()
            .filter(|response| response.error_code.is_some());
        Ok(PutRecordBatchResponse {
            failed_put_count: i32::try_from(failed.count()).unwrap_or(i32::MAX),
            encrypted: Some(encrypted),
            request_responses,
        })
    }

    /// Takes in the records of one request; says whether they are encrypted, and how each fared.
    fn put(
        &mut self,
        call: &Call,
        name: &str,
        records: Vec<Record>,
    ) -> Result<(bool, Vec<PutRecordBatchResponseEntry>)> {
        let (quota, ids) = (self.quota, self.ids.clone());
        let mut next_batch = self.next_batch;
        let stream = self.puttable(call, name)?;
        if !stream.throughput.admit_request(call.now, quota) {
            return Err(Error::SlowDown);
        }
        let mut intake = Intake {
            now: call.now,
            next_batch: &mut next_batch,
        };
        let responses = records
            .into_iter()
            .map(|record| {
                if !stream.throughput.admit_record(record.data.len(), quota) {
                    return PutRecordBatchResponseEntry {
                        error_code: Some(Error::SlowDown.code().to_owned()),
                        error_message: Some(Error::SlowDown.to_string()),
                        ..Default::default()
                    };
                }
                stream.take_in(&mut intake, record.data.0, call.now, None);
                PutRecordBatchResponseEntry {
                    record_id: Some(ids.uuid()),
                    ..Default::default()
                }
            })
            .collect();
        let encrypted = stream.encryption.is_enabled();
        self.next_batch = next_batch;
        Ok((encrypted, responses))
    }

    /// Takes in records read from a Kinesis source, in the order of their shard. What the producer
    /// library packed into one record counts, and is processed, as the records it was. Records for a
    /// delivery stream that is gone or being deleted are discarded, as its buffers are.
    pub fn accept(&mut self, now: Timestamp, delivery_stream: &str, records: Vec<SourceRecord>) {
        let mut next_batch = self.next_batch;
        if let Ok(stream) = self.stream(delivery_stream, now)
            && !stream.is_deleting()
        {
            let mut intake = Intake {
                now,
                next_batch: &mut next_batch,
            };
            for record in records {
                for (place, data) in (0u64..).zip(kpl::unpacked(record.data.clone())) {
                    stream.take_in(&mut intake, data, record.arrival, Some((&record, place)));
                }
            }
        }
        self.next_batch = next_batch;
    }

    fn puttable(&mut self, call: &Call, name: &str) -> Result<&mut DeliveryStream> {
        let account = self.account.clone();
        let stream = self.stream(name, call.now)?;
        if stream.status != Status::Active {
            return Err(Error::NotFound {
                name: name.to_owned(),
                account,
            });
        }
        if matches!(stream.source, Source::Kinesis { .. }) {
            return Err(Error::invalid(
                "This operation is not permitted on KinesisStreamAsSource delivery stream type.",
            ));
        }
        Ok(stream)
    }
}

/// Refuses what is too large before anything is stored. `member` is `record` or `records`.
fn check_sizes(records: &[Record], member: &str) -> Result<()> {
    if records.len() > BATCH_MAX_RECORDS {
        return Err(Error::Validation(format!(
            "1 validation error detected: Value at 'records' failed to satisfy constraint: \
             Member must have length less than or equal to {BATCH_MAX_RECORDS}"
        )));
    }
    if let Some(at) = records.iter().position(|r| r.data.len() > RECORD_MAX_BYTES) {
        let path = match member {
            "records" => format!("records.{}.member.data", at + 1),
            _ => "record.data".to_owned(),
        };
        return Err(Error::Validation(format!(
            "1 validation error detected: Value at '{path}' failed to satisfy constraint: \
             Member must have length less than or equal to {RECORD_MAX_BYTES}"
        )));
    }
    if records.iter().map(|r| r.data.len()).sum::<usize>() > BATCH_MAX_BYTES {
        return Err(Error::invalid("Records size exceeds 4 MB limit"));
    }
    Ok(())
}
