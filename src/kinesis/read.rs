//! GetShardIterator and GetRecords.

use crate::base::limits::kinesis as limits;
use crate::base::{Blob, Call, Timestamp};
use crate::kinesis::api::{
    ChildShard as ChildReply, GetRecordsRequest, GetRecordsResponse, GetShardIteratorRequest,
    GetShardIteratorResponse, Record,
};
use crate::kinesis::reader::{ShardPosition, StartingAt};
use crate::kinesis::shard::{ChildShard, Shard, StoredRecord};
use crate::kinesis::token::ShardIterator;
use crate::kinesis::{Error, Kinesis, Result, SequenceNumber, ShardId, address};

impl Kinesis {
    /// GetShardIterator. The position is fixed now: what arrives later is read even by LATEST.
    pub fn get_shard_iterator(
        &mut self,
        call: &Call,
        request: GetShardIteratorRequest,
    ) -> Result<GetShardIteratorResponse> {
        let name = self.begin(call, address!(request))?;
        let Some(id) = ShardId::parse(&request.shard_id) else {
            return Err(self.could_not_find_shard(&name, &request.shard_id));
        };
        let limited = self.limited();
        let account = self.account.clone();
        let Some(stream) = self.streams.get_mut(&name) else {
            return Err(self.no_shard(&name, id));
        };
        stream.trim_shard(id, call.now);
        let incarnation = stream.incarnation;
        let Some(shard) = stream.shards.get_mut(&id) else {
            return Err(self.no_shard(&name, id));
        };
        if limited && !shard.capacity.admit_iterator(call.now) {
            return Err(Error::RateExceeded {
                shard: id,
                stream: name,
                account,
            });
        }
        let starting = self.starting(&request, &name, id)?;
        let position = self.shard_position(call.now, &name, id, starting)?;
        if request.dry_run == Some(true) {
            return Err(Error::DryRun);
        }
        let token = self.seal_iterator(call.now, &name, incarnation, &position);
        Ok(GetShardIteratorResponse {
            shard_iterator: Some(token),
        })
    }

    fn seal_iterator(
        &mut self,
        now: Timestamp,
        stream: &str,
        incarnation: u64,
        position: &ShardPosition,
    ) -> String {
        ShardIterator {
            issued: now,
            serial: self.next_serial(),
            incarnation,
            stream: stream.to_owned(),
            shard: position.shard_id,
            next_index: position.next_index,
        }
        .seal(&self.token_key)
    }

    pub(super) fn could_not_find_shard(&self, stream: &str, shard: &str) -> Error {
        Error::NotFound(format!(
            "Could not find shard {shard} in stream {stream} under account {}.",
            self.account
        ))
    }

    /// Where an iterator of the requested type starts.
    fn starting(
        &self,
        request: &GetShardIteratorRequest,
        stream: &str,
        shard: ShardId,
    ) -> Result<StartingAt> {
        let kind = request.shard_iterator_type.as_str();
        let number = request.starting_sequence_number.as_deref();
        let mismatch = |what: &str| {
            Error::InvalidArgument(format!(
                "Must either specify (1) AT_SEQUENCE_NUMBER or AFTER_SEQUENCE_NUMBER and \
                 StartingSequenceNumber or (2) TRIM_HORIZON or LATEST and no StartingSequenceNumber. \
                 Request specified {kind} and {what} StartingSequenceNumber."
            ))
        };
        let parse = |text: &str| {
            text.parse::<SequenceNumber>().map_err(|_| {
                Error::InvalidArgument(format!(
                    "StartingSequenceNumber {text} used in GetShardIterator on shard {shard} in stream \
                     {stream} under account {} is invalid.",
                    self.account
                ))
            })
        };
        match (kind, number) {
            ("TRIM_HORIZON", None) => Ok(StartingAt::TrimHorizon),
            ("LATEST", None) => Ok(StartingAt::Latest),
            ("AT_SEQUENCE_NUMBER", Some(number)) => {
                Ok(StartingAt::AtSequenceNumber(parse(number)?))
            }
            ("AFTER_SEQUENCE_NUMBER", Some(number)) => {
                Ok(StartingAt::AfterSequenceNumber(parse(number)?))
            }
            ("AT_TIMESTAMP", None) => {
                let instant = request.timestamp.ok_or_else(|| {
                    Error::InvalidArgument(
                        "Must specify timestampInMillis parameter for iterator of type AT_TIMESTAMP. \
                         Current request has no timestamp parameter."
                            .to_owned(),
                    )
                })?;
                Ok(StartingAt::AtTimestamp(instant))
            }
            (_, None) => Err(mismatch("no")),
            (_, Some(_)) => Err(mismatch("also a")),
        }
    }

    /// GetRecords.
    pub fn get_records(
        &mut self,
        call: &Call,
        request: GetRecordsRequest,
    ) -> Result<GetRecordsResponse> {
        self.advance(call.now);
        if request.stream_id.is_some() {
            return Err(Error::NotImplemented(
                "kinesis:GetRecords: the parameter StreamId",
            ));
        }
        let iterator = ShardIterator::open(&request.shard_iterator, &self.token_key)
            .ok_or_else(|| Error::InvalidArgument("Invalid ShardIterator.".to_owned()))?;
        check_age(&iterator, call.now)?;
        if let Some(arn) = &request.stream_arn
            && self.name_in_arn(arn)? != iterator.stream
        {
            return Err(Error::InvalidArgument(format!(
                "The ShardIterator belongs to stream {}, not to {arn}.",
                iterator.stream
            )));
        }
        let most = usize::try_from(request.limit.unwrap_or(i32::MAX)).unwrap_or(0);
        if request.limit.is_some() && most > limits::GET_RECORDS_MAX_RECORDS {
            return Err(Error::InvalidArgument(format!(
                "Limit {most} is above {}.",
                limits::GET_RECORDS_MAX_RECORDS
            )));
        }
        let same_life = self
            .streams
            .get(&iterator.stream)
            .is_some_and(|stream| stream.incarnation == iterator.incarnation);
        if !same_life {
            return Err(self.no_shard(&iterator.stream, iterator.shard));
        }
        self.admit_read(&iterator, call.now)?;
        if request.dry_run == Some(true) {
            return Err(Error::DryRun);
        }
        let position = ShardPosition {
            shard_id: iterator.shard,
            next_index: iterator.next_index,
        };
        let read = self.read_shard(
            call.now,
            &iterator.stream,
            &position,
            most.min(limits::GET_RECORDS_MAX_RECORDS),
            limits::GET_RECORDS_MAX_BYTES,
        )?;
        if let Some(shard) = self.shard_mut(&iterator) {
            shard
                .capacity
                .charge_read(read.bytes, read.cut_by_bytes, call.now);
        }
        // The end of a closed shard is told by a reply without records, as on AWS: the reply with
        // the last records still has an iterator.
        let ended = read.next.is_none() && read.records.is_empty();
        let next = read.next.unwrap_or(ShardPosition {
            shard_id: iterator.shard,
            next_index: u64::MAX,
        });
        let next_shard_iterator = (!ended)
            .then(|| self.seal_iterator(call.now, &iterator.stream, iterator.incarnation, &next));
        Ok(GetRecordsResponse {
            records: read.records.into_iter().map(Into::into).collect(),
            next_shard_iterator,
            millis_behind_latest: Some(i64::try_from(read.behind.as_millis()).unwrap_or(i64::MAX)),
            child_shards: ended.then(|| read.closed_children.into_iter().map(Into::into).collect()),
        })
    }

    fn shard_mut(&mut self, iterator: &ShardIterator) -> Option<&mut Shard> {
        self.streams
            .get_mut(&iterator.stream)?
            .shards
            .get_mut(&iterator.shard)
    }

    fn admit_read(&mut self, iterator: &ShardIterator, now: Timestamp) -> Result<()> {
        let limited = self.limited();
        let admitted = self
            .shard_mut(iterator)
            .map(|shard| !limited || shard.capacity.admit_read(now));
        match admitted {
            None => Err(self.no_shard(&iterator.stream, iterator.shard)),
            Some(true) => Ok(()),
            Some(false) => Err(Error::RateExceeded {
                shard: iterator.shard,
                stream: iterator.stream.clone(),
                account: self.account.clone(),
            }),
        }
    }
}

fn check_age(iterator: &ShardIterator, now: Timestamp) -> Result<()> {
    if now.since(iterator.issued) <= limits::ITERATOR_LIFETIME {
        return Ok(());
    }
    // As Java prints a date.
    let date = |t: Timestamp| t.utc().strftime("%a %b %d %H:%M:%S UTC %Y").to_string();
    Err(Error::ExpiredIterator(format!(
        "Iterator expired. The iterator was created at time {} while right now it is {} which is \
         further in the future than the tolerated delay of {} milliseconds.",
        date(iterator.issued),
        date(now),
        limits::ITERATOR_LIFETIME.as_millis()
    )))
}

impl From<StoredRecord> for Record {
    fn from(record: StoredRecord) -> Self {
        Self {
            sequence_number: record.sequence_number.to_string(),
            approximate_arrival_timestamp: Some(record.arrival),
            data: Blob(record.data),
            partition_key: Some(record.partition_key.as_ref().to_owned()),
            encryption_type: record.encrypted.then(|| "KMS".to_owned()),
        }
    }
}

impl From<ChildShard> for ChildReply {
    fn from(child: ChildShard) -> Self {
        Self {
            shard_id: child.shard_id.to_string(),
            parent_shards: child.parents.iter().map(ToString::to_string).collect(),
            hash_key_range: child.range.into(),
        }
    }
}
