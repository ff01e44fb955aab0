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

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use serde_json::json;

    use super::*;
    use crate::base::{AccountId, Ids, Region, Seed, Timestamp};

    struct Everything;

    impl Surroundings for Everything {
        fn role_trusts(&self, _role_arn: &str, _service: &str) -> bool {
            true
        }

        fn stream_exists(&self, _stream_arn: &str) -> bool {
            true
        }
    }

    struct Client {
        core: Firehose,
        call: Call,
    }

    impl Client {
        fn new() -> Self {
            let ids = Arc::new(Ids::seeded(Seed::new(1)));
            Self {
                core: Firehose::new(AccountId::default(), Region::default(), ids)
                    .with_status_change(Duration::ZERO),
                call: Call::root(Timestamp::from_secs(1_746_034_505)),
            }
        }

        fn try_ask(&mut self, operation: &str, input: Value) -> Result<Value, ServiceError> {
            handle(&mut self.core, &Everything, operation, &self.call, input)
        }

        fn ask(&mut self, operation: &str, input: Value) -> Value {
            self.try_ask(operation, input).unwrap()
        }
    }

    #[test]
    fn the_course_creates_its_delivery_stream_and_reads_it_back() {
        let mut client = Client::new();
        let stream = "arn:aws:kinesis:us-east-1:000000000000:stream/windfarm";
        let role = "arn:aws:iam::000000000000:role/firehoseAdminRole";
        let created = client.ask(
            "CreateDeliveryStream",
            json!({
                "DeliveryStreamName": "wind_farm_project",
                "DeliveryStreamType": "KinesisStreamAsSource",
                "KinesisStreamSourceConfiguration":
                    {"KinesisStreamARN": stream, "RoleARN": role},
                "S3DestinationConfiguration": {
                    "RoleARN": role,
                    "BucketARN": "arn:aws:s3:::wind-farm-project",
                    "BufferingHints": {"SizeInMBs": 1, "IntervalInSeconds": 60},
                },
            }),
        );
        let arn = "arn:aws:firehose:us-east-1:000000000000:deliverystream/wind_farm_project";
        assert_eq!(created, json!({"DeliveryStreamARN": arn}));
        let described = client.ask(
            "DescribeDeliveryStream",
            json!({"DeliveryStreamName": "wind_farm_project"}),
        );
        let description = &described["DeliveryStreamDescription"];
        assert_eq!(description["DeliveryStreamStatus"], "ACTIVE");
        assert_eq!(description["CreateTimestamp"].to_string(), "1746034505.0");
        assert_eq!(
            description["Destinations"][0]["S3DestinationDescription"]["BufferingHints"],
            json!({"SizeInMBs": 1, "IntervalInSeconds": 60})
        );
        assert_eq!(
            client.ask("ListDeliveryStreams", json!({})),
            json!({
                "DeliveryStreamNames": ["wind_farm_project"],
                "HasMoreDeliveryStreams": false,
            })
        );
    }

    #[test]
    fn records_travel_as_base64() {
        let mut client = Client::new();
        client.ask(
            "CreateDeliveryStream",
            json!({
                "DeliveryStreamName": "direct",
                "S3DestinationConfiguration": {
                    "RoleARN": "arn:aws:iam::000000000000:role/r",
                    "BucketARN": "arn:aws:s3:::b",
                },
            }),
        );
        let data = STANDARD.encode(b"{\"a\":1}");
        let put = client.ask(
            "PutRecordBatch",
            json!({"DeliveryStreamName": "direct", "Records": [{"Data": data}, {"Data": data}]}),
        );
        assert_eq!(put["FailedPutCount"], 0);
        assert_eq!(put["Encrypted"], false);
        let ids: Vec<_> = put["RequestResponses"]
            .as_array()
            .unwrap()
            .iter()
            .map(|response| response["RecordId"].as_str().unwrap())
            .collect();
        assert_eq!(ids.len(), 2);
        assert_ne!(ids[0], ids[1]);
        let due = client.core.next_due().unwrap();
        let deliveries = client.core.take_deliveries(due);
        assert_eq!(&deliveries[0].body[..], b"{\"a\":1}{\"a\":1}");
    }

    #[test]
    fn every_listed_operation_is_handled_and_others_are_refused_by_name() {
        let mut client = Client::new();
        for operation in OPERATIONS {
            // An empty request fails or succeeds, but is never unknown.
            if let Err(error) = client.try_ask(operation, json!({})) {
                assert_ne!(
                    error.code, "NotImplemented",
                    "{operation}: {}",
                    error.message
                );
            }
        }
        let error = client.try_ask("CreateQueue", json!({})).unwrap_err();
        assert_eq!((error.status, error.code.as_str()), (501, "NotImplemented"));
        assert!(error.message.contains("firehose:CreateQueue"));
    }
}
