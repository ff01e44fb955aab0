//! The room's tests: keys and bodies, refusals, life cycle, retries, and a state machine against
//! a small reference model.

use serde_json::{Value, json};

use super::*;
use crate::base::{Call, Seed};

mod backup;
mod conversion;
mod functions;
mod keys;
mod lifecycle;
mod machine;
mod partitions;
mod refusals;
mod retries;
mod throughput;

/// Surroundings in which every role trusts Firehose and every stream exists, but for those whose
/// name begins with `no-`.
struct World;

impl Surroundings for World {
    fn role_trusts(&self, role_arn: &str, service: &str) -> bool {
        assert_eq!(service, "firehose.amazonaws.com");
        !role_arn.contains("role/no-")
    }

    fn stream_exists(&self, stream_arn: &str) -> bool {
        !stream_arn.contains("stream/no-")
    }
}

const ROLE: &str = "arn:aws:iam::000000000000:role/firehoseAdminRole";
const START: &str = "2026-11-24T05:41:25Z";

fn start() -> Timestamp {
    Timestamp::parse(START).unwrap()
}

fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

/// A Firehose whose statuses change at once and which takes any amount.
fn firehose() -> Firehose {
    limited().with_unlimited_throughput()
}

/// A Firehose whose statuses change at once, with the quota of its region.
fn limited() -> Firehose {
    let ids = Arc::new(Ids::seeded(Seed::new(1)));
    Firehose::new(AccountId::default(), Region::default(), ids).with_status_change(Duration::ZERO)
}

fn typed<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

/// An extended destination with `members` added to role and bucket.
fn destination(members: &Value) -> Value {
    let mut destination = json!({"RoleARN": ROLE, "BucketARN": "arn:aws:s3:::lake"});
    for (name, value) in members.as_object().unwrap() {
        destination[name] = value.clone();
    }
    destination
}

/// CreateDeliveryStream with these members at the start time.
fn create(firehose: &mut Firehose, request: Value) -> Result<String> {
    firehose
        .create_delivery_stream(&Call::root(start()), typed(request), &World)
        .map(|created| created.delivery_stream_arn.unwrap())
}

/// Creates the direct-put stream `turbine`.
fn create_turbine(firehose: &mut Firehose, members: &Value) -> Result<String> {
    create(
        firehose,
        json!({
            "DeliveryStreamName": "turbine",
            "ExtendedS3DestinationConfiguration": destination(members),
        }),
    )
}

/// Creates the stream `turbine` that reads the Kinesis stream `windfarm`.
fn create_with_source(firehose: &mut Firehose, members: &Value) -> Result<String> {
    create(
        firehose,
        json!({
            "DeliveryStreamName": "turbine",
            "DeliveryStreamType": "KinesisStreamAsSource",
            "KinesisStreamSourceConfiguration": {
                "KinesisStreamARN": "arn:aws:kinesis:us-east-1:000000000000:stream/windfarm",
                "RoleARN": ROLE,
            },
            "ExtendedS3DestinationConfiguration": destination(members),
        }),
    )
}

fn put(firehose: &mut Firehose, now: Timestamp, data: &[u8]) -> Result<String> {
    let request = api::PutRecordRequest {
        delivery_stream_name: "turbine".to_owned(),
        record: api::Record {
            data: data.to_vec().into(),
        },
    };
    firehose
        .put_record(&Call::root(now), request)
        .map(|put| put.record_id)
}

fn put_batch(firehose: &mut Firehose, now: Timestamp, records: &[Vec<u8>]) -> Result<usize> {
    let request = api::PutRecordBatchRequest {
        delivery_stream_name: "turbine".to_owned(),
        records: records
            .iter()
            .map(|data| api::Record {
                data: data.clone().into(),
            })
            .collect(),
    };
    firehose
        .put_record_batch(&Call::root(now), request)
        .map(|put| put.request_responses.len())
}

fn update(firehose: &mut Firehose, now: Timestamp, version: u64, members: Value) -> Result<()> {
    let request = typed(json!({
        "DeliveryStreamName": "turbine",
        "CurrentDeliveryStreamVersionId": version.to_string(),
        "DestinationId": "destinationId-000000000001",
        "ExtendedS3DestinationUpdate": members,
    }));
    firehose
        .update_destination(&Call::root(now), request, &World)
        .map(|_| ())
}

fn describe(firehose: &mut Firehose, now: Timestamp) -> Result<Value> {
    let request = typed(json!({"DeliveryStreamName": "turbine"}));
    firehose
        .describe_delivery_stream(&Call::root(now), &request)
        .map(|described| serde_json::to_value(described.delivery_stream_description).unwrap())
}

fn delete(firehose: &mut Firehose, now: Timestamp) -> Result<()> {
    let request = typed(json!({"DeliveryStreamName": "turbine"}));
    firehose
        .delete_delivery_stream(&Call::root(now), &request)
        .map(|_| ())
}

/// The one delivery that is due.
fn only(mut deliveries: Vec<Delivery>) -> Delivery {
    assert_eq!(deliveries.len(), 1, "{deliveries:?}");
    deliveries.pop().unwrap()
}
