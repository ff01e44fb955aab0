//! Firehose's operations by name.

use serde_json::Value;

use crate::base::{Call, ServiceError};
use crate::firehose::{Firehose, Surroundings};
use crate::wire::adapter::{reply, request};

/// The operations that are executed: all of the service.
pub const OPERATIONS: &[&str] = &[
    "CreateDeliveryStream",
    "DeleteDeliveryStream",
    "DescribeDeliveryStream",
    "ListDeliveryStreams",
    "ListTagsForDeliveryStream",
    "PutRecord",
    "PutRecordBatch",
    "StartDeliveryStreamEncryption",
    "StopDeliveryStreamEncryption",
    "TagDeliveryStream",
    "UntagDeliveryStream",
    "UpdateDestination",
];

/// Answers one request. Roles and source streams are looked up in `surroundings`.
pub fn handle(
    core: &mut Firehose,
    surroundings: &dyn Surroundings,
    operation: &str,
    call: &Call,
    input: Value,
) -> Result<Value, ServiceError> {
    match operation {
        "CreateDeliveryStream" => {
            reply(core.create_delivery_stream(call, request(input)?, surroundings))
        }
        "DeleteDeliveryStream" => reply(core.delete_delivery_stream(call, &request(input)?)),
        "DescribeDeliveryStream" => reply(core.describe_delivery_stream(call, &request(input)?)),
        "ListDeliveryStreams" => reply(core.list_delivery_streams(call, &request(input)?)),
        "ListTagsForDeliveryStream" => {
            reply(core.list_tags_for_delivery_stream(call, &request(input)?))
        }
        "PutRecord" => reply(core.put_record(call, request(input)?)),
        "PutRecordBatch" => reply(core.put_record_batch(call, request(input)?)),
        "StartDeliveryStreamEncryption" => {
            reply(core.start_delivery_stream_encryption(call, &request(input)?))
        }
        "StopDeliveryStreamEncryption" => {
            reply(core.stop_delivery_stream_encryption(call, &request(input)?))
        }
        "TagDeliveryStream" => reply(core.tag_delivery_stream(call, &request(input)?)),
        "UntagDeliveryStream" => reply(core.untag_delivery_stream(call, &request(input)?)),
        "UpdateDestination" => reply(core.update_destination(call, request(input)?, surroundings)),
        other => Err(ServiceError::not_implemented(format!("firehose:{other}"))),
    }
}
