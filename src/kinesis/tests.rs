//! Operations as a client sees them, one file a topic.

mod lifecycle;
mod read;
mod reshard;
mod settings;
mod write;

use std::sync::Arc;
use std::time::Duration;

use crate::base::{AccountId, Blob, Call, Ids, Region, Seed, Timestamp};
use crate::kinesis::api::*;
use crate::kinesis::{CHANGE_TAKES, Error, Kinesis, Limits, Result};

/// A region and the time in it.
pub(super) struct World {
    pub(super) kinesis: Kinesis,
    pub(super) now: Timestamp,
}

impl World {
    pub(super) fn new(limits: Limits) -> Self {
        let ids = Arc::new(Ids::seeded(Seed::new(1)));
        Self {
            kinesis: Kinesis::new(AccountId::default(), Region::default(), ids, limits),
            now: Timestamp::parse("2026-11-24T05:00:00Z").unwrap(),
        }
    }

    /// A region with one ACTIVE provisioned stream, `wind`.
    pub(super) fn with_shards(shards: i32, limits: Limits) -> Self {
        let mut world = Self::new(limits);
        world.create("wind", Some(shards)).unwrap();
        world.settle();
        world
    }

    pub(super) fn call(&self) -> Call {
        Call::root(self.now)
    }

    pub(super) fn pass(&mut self, duration: Duration) {
        self.now = self.now + duration;
    }

    pub(super) fn pass_secs(&mut self, secs: u64) {
        self.pass(Duration::from_secs(secs));
    }

    /// Lets every change under way take effect.
    pub(super) fn settle(&mut self) {
        self.pass(CHANGE_TAKES);
        self.kinesis.advance(self.now);
        assert_eq!(self.kinesis.next_due(), None);
    }

    pub(super) fn create(&mut self, name: &str, shards: Option<i32>) -> Result<()> {
        let request = CreateStreamRequest {
            stream_name: name.to_owned(),
            shard_count: shards,
            ..Default::default()
        };
        self.kinesis.create_stream(&self.call(), request)
    }

    pub(super) fn summary(&mut self, name: &str) -> Result<StreamDescriptionSummary> {
        // Not to spend a call of the rate that a test counts.
        let call = self.call();
        self.kinesis
            .describe_stream_summary(
                &call,
                DescribeStreamSummaryRequest {
                    stream_name: Some(name.to_owned()),
                    ..Default::default()
                },
            )
            .map(|reply| reply.stream_description_summary)
    }

    pub(super) fn status(&mut self, name: &str) -> String {
        self.summary(name).unwrap().stream_status
    }

    pub(super) fn shards(&mut self) -> Vec<Shard> {
        self.list_shards(None)
    }

    pub(super) fn list_shards(&mut self, filter: Option<ShardFilter>) -> Vec<Shard> {
        let call = self.call();
        self.kinesis
            .list_shards(
                &call,
                ListShardsRequest {
                    stream_name: wind(),
                    shard_filter: filter,
                    ..Default::default()
                },
            )
            .unwrap()
            .shards
            .unwrap()
    }

    pub(super) fn put(&mut self, key: &str, data: &str) -> Result<PutRecordResponse> {
        let call = self.call();
        self.kinesis.put_record(
            &call,
            PutRecordRequest {
                stream_name: wind(),
                partition_key: Some(key.to_owned()),
                data: Blob::from(data.as_bytes().to_vec()),
                ..Default::default()
            },
        )
    }

    /// Puts one record at a place on the ring.
    pub(super) fn put_at(&mut self, hash_key: u128, data: &str) -> PutRecordResponse {
        let call = self.call();
        self.kinesis
            .put_record(
                &call,
                PutRecordRequest {
                    stream_name: wind(),
                    partition_key: Some("k".to_owned()),
                    explicit_hash_key: Some(hash_key.to_string()),
                    data: Blob::from(data.as_bytes().to_vec()),
                    ..Default::default()
                },
            )
            .unwrap()
    }

    pub(super) fn put_many(
        &mut self,
        entries: Vec<PutRecordsRequestEntry>,
    ) -> Result<PutRecordsResponse> {
        let call = self.call();
        self.kinesis.put_records(
            &call,
            PutRecordsRequest {
                stream_name: wind(),
                records: entries,
                ..Default::default()
            },
        )
    }

    pub(super) fn iterator(&mut self, request: GetShardIteratorRequest) -> Result<String> {
        let call = self.call();
        let request = GetShardIteratorRequest {
            stream_name: wind(),
            ..request
        };
        self.kinesis
            .get_shard_iterator(&call, request)
            .map(|reply| reply.shard_iterator.unwrap())
    }

    pub(super) fn iterator_of(&mut self, shard: u32, kind: &str) -> String {
        self.iterator(at_shard(shard, kind)).unwrap()
    }

    pub(super) fn get(&mut self, iterator: &str) -> Result<GetRecordsResponse> {
        self.get_limited(iterator, None)
    }

    pub(super) fn get_limited(
        &mut self,
        iterator: &str,
        limit: Option<i32>,
    ) -> Result<GetRecordsResponse> {
        let call = self.call();
        self.kinesis.get_records(
            &call,
            GetRecordsRequest {
                shard_iterator: iterator.to_owned(),
                limit,
                ..Default::default()
            },
        )
    }

    /// Data read through an iterator of this type, as text.
    pub(super) fn read(&mut self, request: GetShardIteratorRequest) -> Vec<String> {
        let iterator = self.iterator(request).unwrap();
        texts(&self.get(&iterator).unwrap())
    }
}

pub(super) fn wind() -> Option<String> {
    Some("wind".to_owned())
}

pub(super) const WIND_ARN: &str = "arn:aws:kinesis:us-east-1:000000000000:stream/wind";

pub(super) fn at_shard(shard: u32, kind: &str) -> GetShardIteratorRequest {
    GetShardIteratorRequest {
        shard_id: format!("shardId-{shard:012}"),
        shard_iterator_type: kind.to_owned(),
        ..Default::default()
    }
}

pub(super) fn texts(reply: &GetRecordsResponse) -> Vec<String> {
    reply
        .records
        .iter()
        .map(|record| String::from_utf8(record.data.as_slice().to_vec()).unwrap())
        .collect()
}

pub(super) fn entry(key: &str, data: &str) -> PutRecordsRequestEntry {
    PutRecordsRequestEntry {
        partition_key: Some(key.to_owned()),
        data: Blob::from(data.as_bytes().to_vec()),
        explicit_hash_key: None,
    }
}

pub(super) fn check_error<T: std::fmt::Debug>(result: Result<T>, code: &str, message: &str) {
    let error = result.expect_err(message);
    assert_eq!((error.code(), error.to_string().as_str()), (code, message));
}

pub(super) fn check_code<T: std::fmt::Debug>(result: Result<T>, code: &str) -> Error {
    let error = result.expect_err(code);
    assert_eq!(error.code(), code, "{error}");
    error
}
