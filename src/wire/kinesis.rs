//! Kinesis Data Streams' operations by name.

use serde_json::Value;

use crate::base::{Call, ServiceError};
use crate::kinesis::api::SubscribeToShardEvent;
use crate::kinesis::{Kinesis, SubscriptionId};
use crate::wire::adapter::{reply, request};
use crate::wire::event_stream::Message;

/// The operations [`handle`] executes, and [`subscribe`].
pub const OPERATIONS: &[&str] = &[
    "AddTagsToStream",
    "CreateStream",
    "DecreaseStreamRetentionPeriod",
    "DeleteResourcePolicy",
    "DeleteStream",
    "DeregisterStreamConsumer",
    "DescribeLimits",
    "DescribeStream",
    "DescribeStreamConsumer",
    "DescribeStreamSummary",
    "DisableEnhancedMonitoring",
    "EnableEnhancedMonitoring",
    "GetRecords",
    "GetResourcePolicy",
    "GetShardIterator",
    "IncreaseStreamRetentionPeriod",
    "ListShards",
    "ListStreamConsumers",
    "ListStreams",
    "ListTagsForResource",
    "ListTagsForStream",
    "MergeShards",
    "PutRecord",
    "PutRecords",
    "PutResourcePolicy",
    "RegisterStreamConsumer",
    "RemoveTagsFromStream",
    "SplitShard",
    "StartStreamEncryption",
    "StopStreamEncryption",
    "SubscribeToShard",
    "TagResource",
    "UntagResource",
    "UpdateMaxRecordSize",
    "UpdateShardCount",
    "UpdateStreamMode",
];

/// Executes a validated request. Operations that answer nothing answer `null`.
///
/// # Errors
/// Kinesis's own, or `NotImplemented` naming an operation that is not executed (the queues and the
/// channels among them).
pub fn handle(
    core: &mut Kinesis,
    operation: &str,
    call: &Call,
    input: Value,
) -> Result<Value, ServiceError> {
    match operation {
        "AddTagsToStream" => reply(core.add_tags_to_stream(call, request(input)?)),
        "CreateStream" => reply(core.create_stream(call, request(input)?)),
        "DecreaseStreamRetentionPeriod" => {
            reply(core.decrease_stream_retention_period(call, request(input)?))
        }
        "DeleteResourcePolicy" => reply(core.delete_resource_policy(call, request(input)?)),
        "DeleteStream" => reply(core.delete_stream(call, request(input)?)),
        "DeregisterStreamConsumer" => reply(core.deregister_stream_consumer(call, request(input)?)),
        "DescribeLimits" => reply(core.describe_limits(call, request(input)?)),
        "DescribeStream" => reply(core.describe_stream(call, request(input)?)),
        "DescribeStreamConsumer" => reply(core.describe_stream_consumer(call, request(input)?)),
        "DescribeStreamSummary" => reply(core.describe_stream_summary(call, request(input)?)),
        "DisableEnhancedMonitoring" => {
            reply(core.disable_enhanced_monitoring(call, request(input)?))
        }
        "EnableEnhancedMonitoring" => reply(core.enable_enhanced_monitoring(call, request(input)?)),
        "GetRecords" => reply(core.get_records(call, request(input)?)),
        "GetResourcePolicy" => reply(core.get_resource_policy(call, request(input)?)),
        "GetShardIterator" => reply(core.get_shard_iterator(call, request(input)?)),
        "IncreaseStreamRetentionPeriod" => {
            reply(core.increase_stream_retention_period(call, request(input)?))
        }
        "ListShards" => reply(core.list_shards(call, request(input)?)),
        "ListStreamConsumers" => reply(core.list_stream_consumers(call, request(input)?)),
        "ListStreams" => reply(core.list_streams(call, request(input)?)),
        "ListTagsForResource" => reply(core.list_tags_for_resource(call, request(input)?)),
        "ListTagsForStream" => reply(core.list_tags_for_stream(call, request(input)?)),
        "MergeShards" => reply(core.merge_shards(call, request(input)?)),
        "PutRecord" => reply(core.put_record(call, request(input)?)),
        "PutRecords" => reply(core.put_records(call, request(input)?)),
        "PutResourcePolicy" => reply(core.put_resource_policy(call, request(input)?)),
        "RegisterStreamConsumer" => reply(core.register_stream_consumer(call, request(input)?)),
        "RemoveTagsFromStream" => reply(core.remove_tags_from_stream(call, request(input)?)),
        "SplitShard" => reply(core.split_shard(call, request(input)?)),
        "StartStreamEncryption" => reply(core.start_stream_encryption(call, request(input)?)),
        "StopStreamEncryption" => reply(core.stop_stream_encryption(call, request(input)?)),
        "TagResource" => reply(core.tag_resource(call, request(input)?)),
        "UntagResource" => reply(core.untag_resource(call, request(input)?)),
        "UpdateMaxRecordSize" => reply(core.update_max_record_size(call, request(input)?)),
        "UpdateShardCount" => reply(core.update_shard_count(call, request(input)?)),
        "UpdateStreamMode" => reply(core.update_stream_mode(call, request(input)?)),
        other => Err(ServiceError::not_implemented(format_args!(
            "kinesis:{other}"
        ))),
    }
}

/// Starts a SubscribeToShard from its validated request.
///
/// # Errors
/// Kinesis's own.
pub fn subscribe(
    core: &mut Kinesis,
    call: &Call,
    input: Value,
) -> Result<SubscriptionId, ServiceError> {
    Ok(core.subscribe_to_shard(call, request(input)?)?)
}

/// What a subscription says, for its event stream. At the end of a shard there is no
/// `ContinuationSequenceNumber`: that is how the KCL knows the end.
///
/// # Errors
/// `InternalFailure` when it cannot be written as JSON.
pub fn event(event: SubscribeToShardEvent) -> Result<Message, ServiceError> {
    let at_end = event.continuation_sequence_number.is_empty();
    let mut payload = reply(Ok::<_, ServiceError>(event))?;
    if at_end && let Some(members) = payload.as_object_mut() {
        members.shift_remove("ContinuationSequenceNumber");
    }
    Ok(Message::Event {
        name: "SubscribeToShardEvent",
        payload,
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::*;
    use crate::base::{AccountId, Ids, Region, Seed, Timestamp};
    use crate::kinesis::{CHANGE_TAKES, Limits};

    struct Client {
        core: Kinesis,
        call: Call,
    }

    impl Client {
        fn new() -> Self {
            let ids = Arc::new(Ids::seeded(Seed::new(1)));
            let mut client = Self {
                core: Kinesis::new(AccountId::default(), Region::default(), ids, Limits::Aws),
                call: Call::root(Timestamp::parse("2026-11-24T05:00:00Z").unwrap()),
            };
            client.ask(
                "CreateStream",
                json!({"StreamName": "wind", "ShardCount": 1}),
            );
            client.settle();
            client
        }

        fn ask(&mut self, operation: &str, input: Value) -> Value {
            handle(&mut self.core, operation, &self.call, input).unwrap()
        }

        fn settle(&mut self) {
            self.call.now = self.call.now + CHANGE_TAKES;
        }
    }

    #[test]
    fn a_record_travels_from_put_to_get() {
        let mut client = Client::new();
        let put = client.ask(
            "PutRecords",
            json!({"StreamName": "wind", "Records": [{"Data": "eyJhIjoxfQ==", "PartitionKey": "a"}]}),
        );
        let number = put["Records"][0]["SequenceNumber"].clone();
        assert_eq!(
            put,
            json!({"FailedRecordCount": 0, "Records": [
                {"SequenceNumber": number, "ShardId": "shardId-000000000000"}]})
        );
        let iterator = client.ask(
            "GetShardIterator",
            json!({"StreamName": "wind", "ShardId": "shardId-000000000000",
                "ShardIteratorType": "TRIM_HORIZON"}),
        );
        let got = client.ask("GetRecords", iterator);
        let next = got["NextShardIterator"].clone();
        assert_eq!(
            got,
            json!({"Records": [{"SequenceNumber": number,
                    "ApproximateArrivalTimestamp": 1_795_496_400.5, "Data": "eyJhIjoxfQ==",
                    "PartitionKey": "a"}],
                "NextShardIterator": next, "MillisBehindLatest": 0})
        );
    }

    #[test]
    fn the_end_of_a_split_parent_names_its_children_and_no_iterator() {
        let mut client = Client::new();
        client.ask(
            "SplitShard",
            json!({"StreamName": "wind", "ShardToSplit": "shardId-000000000000",
                "NewStartingHashKey": "170141183460469231731687303715884105728"}),
        );
        client.settle();
        let iterator = client.ask(
            "GetShardIterator",
            json!({"StreamName": "wind", "ShardId": "shardId-000000000000",
                "ShardIteratorType": "TRIM_HORIZON"}),
        );
        let end = client.ask(
            "GetRecords",
            json!({"ShardIterator": iterator["ShardIterator"]}),
        );
        let parents = ["shardId-000000000000"];
        assert_eq!(
            end,
            json!({"Records": [], "MillisBehindLatest": 0, "ChildShards": [
                {"ShardId": "shardId-000000000001", "ParentShards": parents,
                    "HashKeyRange": {"StartingHashKey": "0",
                        "EndingHashKey": "170141183460469231731687303715884105727"}},
                {"ShardId": "shardId-000000000002", "ParentShards": parents,
                    "HashKeyRange": {"StartingHashKey": "170141183460469231731687303715884105728",
                        "EndingHashKey": "340282366920938463463374607431768211455"}}]})
        );
    }

    #[test]
    fn every_listed_operation_is_handled_and_others_are_refused_by_name() {
        let mut client = Client::new();
        for operation in OPERATIONS {
            // An empty request fails or succeeds, but is never unknown.
            let asked = match *operation {
                "SubscribeToShard" => {
                    subscribe(&mut client.core, &client.call, json!({})).map(|_| Value::Null)
                }
                _ => handle(&mut client.core, operation, &client.call, json!({})),
            };
            if let Err(error) = asked {
                assert_ne!(
                    error.code, "NotImplemented",
                    "{operation}: {}",
                    error.message
                );
            }
        }
        for operation in ["CreateQueue", "UpdateStreamWarmThroughput"] {
            let error = handle(&mut client.core, operation, &client.call, json!({})).unwrap_err();
            assert_eq!((error.status, error.code.as_str()), (501, "NotImplemented"));
            assert!(error.message.contains(&format!("kinesis:{operation}")));
        }
    }
}
