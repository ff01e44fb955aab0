//! PutRecord and PutRecords.

use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::Bytes;

use crate::base::limits::kinesis as limits;
use crate::base::{Call, Timestamp};
use crate::kinesis::api::{
    PutRecordRequest, PutRecordResponse, PutRecordsRequest, PutRecordsRequestEntry,
    PutRecordsResponse, PutRecordsResultEntry,
};
use crate::kinesis::error::Violations;
use crate::kinesis::hash::{self, HashKey};
use crate::kinesis::lifecycle::count;
use crate::kinesis::stream::{Status, Stream};
use crate::kinesis::{Error, Kinesis, Result, SequenceNumber, ShardId, address};

/// A record that was found sound: nothing but capacity can refuse it now.
struct Checked {
    key: HashKey,
    partition_key: Arc<str>,
    data: Bytes,
}

impl Kinesis {
    /// PutRecord.
    ///
    /// With `SequenceNumberForOrdering` the record's number is greater than the given one, provided
    /// that comes from the same shard or one of its ancestors, as it does for the same key.
    pub fn put_record(
        &mut self,
        call: &Call,
        request: PutRecordRequest,
    ) -> Result<PutRecordResponse> {
        let name = self.begin(call, address!(request))?;
        let largest = self.largest_record(self.stream(&name)?);
        let mut violations = Violations::default();
        let entry = PutRecordsRequestEntry {
            data: request.data,
            explicit_hash_key: request.explicit_hash_key,
            partition_key: request.partition_key,
        };
        note_violations(&entry, "", largest, &mut violations);
        violations.check()?;
        let record = checked(entry)?;
        let limited = self.limited();
        let account = self.account.clone();
        let stream = self.writable(&name)?;
        if let Some(number) = &request.sequence_number_for_ordering {
            let past = number
                .parse()
                .ok()
                .filter(|number| is_past(stream, number, call.now));
            if past.is_none() {
                return Err(Error::InvalidArgument(format!(
                    "ExclusiveMinimumSequenceNumber {number} used in PutRecord on stream {name} under \
                     account {account} is invalid."
                )));
            }
        }
        if request.dry_run == Some(true) {
            return Err(Error::DryRun);
        }
        let encryption_type = encryption_type(stream);
        let bytes = record.data.len() + record.partition_key.len();
        let put = put(stream, record, limited, call.now)
            .ok_or_else(|| Error::StreamNotFound {
                stream: name.clone(),
                account: account.clone(),
            })?
            .map_err(|shard| Error::RateExceeded {
                shard,
                stream: name.clone(),
                account,
            });
        self.observe_demand(call.now, &name, 1, bytes);
        let (shard, number) = put?;
        self.subscriptions.arrived(&name, shard, call.now);
        Ok(PutRecordResponse {
            shard_id: shard.to_string(),
            sequence_number: number.to_string(),
            encryption_type,
        })
    }

    /// PutRecords. A malformed entry fails the call and nothing of it is stored; an entry whose
    /// shard is out of capacity fails alone, and the others go on.
    pub fn put_records(
        &mut self,
        call: &Call,
        request: PutRecordsRequest,
    ) -> Result<PutRecordsResponse> {
        let name = self.begin(call, address!(request))?;
        let largest = self.largest_record(self.stream(&name)?);
        let mut violations = Violations::default();
        for (entry, place) in request.records.iter().zip(1..) {
            if violations.full() {
                break;
            }
            if entry.data.len() > largest || entry.partition_key.is_none() {
                note_violations(
                    entry,
                    &format!("records.{place}.member."),
                    largest,
                    &mut violations,
                );
            }
        }
        violations.check()?;
        let limited = self.limited();
        let total: usize = request.records.iter().map(size).sum();
        if limited && total > limits::PUT_RECORDS_MAX_BYTES {
            return Err(Error::InvalidArgument(format!(
                "Records size exceeds {} MB limit",
                limits::PUT_RECORDS_MAX_BYTES / (1024 * 1024)
            )));
        }
        let records: Vec<Checked> = request
            .records
            .into_iter()
            .map(checked)
            .collect::<Result<_>>()?;
        let account = self.account.clone();
        let stream = self.writable(&name)?;
        if request.dry_run == Some(true) {
            return Err(Error::DryRun);
        }
        let encryption_type = encryption_type(stream);
        let mut failed = 0;
        let mut shards = BTreeSet::new();
        let mut replies = Vec::with_capacity(records.len());
        for record in records {
            let put =
                put(stream, record, limited, call.now).ok_or_else(|| Error::StreamNotFound {
                    stream: name.clone(),
                    account: account.clone(),
                })?;
            replies.push(match put {
                Ok((shard, number)) => {
                    shards.insert(shard);
                    PutRecordsResultEntry {
                        sequence_number: Some(number.to_string()),
                        shard_id: Some(shard.to_string()),
                        ..PutRecordsResultEntry::default()
                    }
                }
                Err(shard) => {
                    failed += 1;
                    let error = Error::RateExceeded {
                        shard,
                        stream: name.clone(),
                        account: account.clone(),
                    };
                    PutRecordsResultEntry {
                        error_code: Some(error.code().to_owned()),
                        error_message: Some(error.to_string()),
                        ..PutRecordsResultEntry::default()
                    }
                }
            });
        }
        for shard in shards {
            self.subscriptions.arrived(&name, shard, call.now);
        }
        self.observe_demand(call.now, &name, replies.len(), total);
        Ok(PutRecordsResponse {
            failed_record_count: Some(count(failed)),
            records: replies,
            encryption_type,
        })
    }

    /// The data of the largest record the stream takes, in bytes.
    fn largest_record(&self, stream: &Stream) -> usize {
        if self.limited() {
            usize::try_from(stream.max_record_kib).unwrap_or(0) * 1024
        } else {
            usize::MAX
        }
    }

    /// A stream that has shards to write to; one that is being made counts as not there, as on AWS.
    fn writable(&mut self, name: &str) -> Result<&mut Stream> {
        if self.stream(name)?.status == Status::Creating {
            return Err(self.not_found(name));
        }
        self.stream_mut(name)
    }
}

fn encryption_type(stream: &Stream) -> Option<String> {
    stream.kms_key.as_ref().map(|_| "KMS".to_owned())
}

fn size(entry: &PutRecordsRequestEntry) -> usize {
    entry.data.len() + entry.partition_key.as_ref().map_or(0, String::len)
}

fn note_violations(
    entry: &PutRecordsRequestEntry,
    path: &str,
    largest: usize,
    violations: &mut Violations,
) {
    if entry.data.len() > largest {
        violations.too_long(&format!("{path}data"), largest);
    }
    // The API model lets it be absent for streams that distribute records themselves; ours do not.
    if entry.partition_key.is_none() {
        violations.missing(&format!("{path}partitionKey"));
    }
}

fn checked(entry: PutRecordsRequestEntry) -> Result<Checked> {
    let partition_key = entry.partition_key.unwrap_or_default();
    let key = match &entry.explicit_hash_key {
        Some(text) => hash::parse(text).ok_or_else(|| {
            Error::InvalidArgument(format!(
                "Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. \
                 Specified value was {text}"
            ))
        })?,
        None => hash::of_partition_key(&partition_key),
    };
    Ok(Checked {
        key,
        partition_key: partition_key.into(),
        data: entry.data.0,
    })
}

/// Whether a number can have been given out: not later than now, and not beyond its shard's last.
fn is_past(stream: &Stream, number: &SequenceNumber, now: Timestamp) -> bool {
    let now_secs = u64::try_from(now.secs()).unwrap_or(0);
    match stream.shards.get(&number.shard()) {
        Some(shard) if shard.issued(number) => match &shard.closed {
            Some(closed) => *number <= closed.number,
            None => number.index() < shard.latest_index(),
        },
        _ => number.record_secs() <= now_secs,
    }
}

/// Puts a record into the shard of its key, or names the shard that is out of capacity. `None` if
/// the stream has no shards.
fn put(
    stream: &mut Stream,
    record: Checked,
    limited: bool,
    now: Timestamp,
) -> Option<std::result::Result<(ShardId, SequenceNumber), ShardId>> {
    let encrypted = stream.kms_key.is_some();
    let horizon = stream.horizon(now);
    let shard = stream.shard_for(record.key)?;
    shard.trim(horizon);
    let bytes = record.data.len() + record.partition_key.len();
    if limited && !shard.capacity.admit_record(bytes, now) {
        shard.totals.throttled += 1;
        return Some(Err(shard.id));
    }
    let number = shard.append(record.partition_key, record.data, encrypted, now);
    Some(Ok((shard.id, number)))
}
