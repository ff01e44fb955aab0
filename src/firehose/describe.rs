//! DescribeDeliveryStream.

use crate::base::Call;
use crate::firehose::api::{
    DeliveryStreamDescription, DescribeDeliveryStreamRequest, DescribeDeliveryStreamResponse,
    DestinationDescription, DirectPutSourceDescription, KinesisStreamSourceDescription,
    SourceDescription,
};
use crate::firehose::stream::Source;
use crate::firehose::update::DESTINATION_ID;
use crate::firehose::{Firehose, Result};

impl Source {
    /// The value of `DeliveryStreamType`.
    pub(super) fn type_name(&self) -> &'static str {
        match self {
            Self::DirectPut { .. } => "DirectPut",
            Self::Kinesis { .. } => "KinesisStreamAsSource",
        }
    }
}

impl Firehose {
    /// DescribeDeliveryStream, defaults included.
    pub fn describe_delivery_stream(
        &mut self,
        call: &Call,
        request: &DescribeDeliveryStreamRequest,
    ) -> Result<DescribeDeliveryStreamResponse> {
        let stream = self.stream(&request.delivery_stream_name, call.now)?;
        let source = match &stream.source {
            Source::DirectPut {
                throughput_hint: None,
            } => None,
            Source::DirectPut { throughput_hint } => Some(SourceDescription {
                direct_put_source_description: Some(DirectPutSourceDescription {
                    throughput_hint_in_mbs: *throughput_hint,
                }),
                ..Default::default()
            }),
            Source::Kinesis {
                stream_arn,
                role_arn,
            } => Some(SourceDescription {
                kinesis_stream_source_description: Some(KinesisStreamSourceDescription {
                    kinesis_stream_arn: Some(stream_arn.clone()),
                    role_arn: Some(role_arn.clone()),
                    delivery_start_timestamp: Some(stream.created),
                }),
                ..Default::default()
            }),
        };
        let destination = DestinationDescription {
            destination_id: DESTINATION_ID.to_owned(),
            s3_destination_description: Some(stream.destination.describe_plain()),
            extended_s3_destination_description: Some(stream.destination.describe()),
            ..Default::default()
        };
        // There is one destination, so paging ends behind it.
        let shown = request
            .exclusive_start_destination_id
            .as_deref()
            .is_none_or(|start| start < DESTINATION_ID);
        Ok(DescribeDeliveryStreamResponse {
            delivery_stream_description: DeliveryStreamDescription {
                delivery_stream_name: stream.name.clone(),
                delivery_stream_arn: stream.arn.clone(),
                delivery_stream_status: stream.status.as_str().to_owned(),
                delivery_stream_encryption_configuration: Some(stream.encryption.describe()),
                delivery_stream_type: stream.source.type_name().to_owned(),
                version_id: stream.version.to_string(),
                create_timestamp: Some(stream.created),
                last_update_timestamp: stream.updated,
                source,
                destinations: shown.then_some(destination).into_iter().collect(),
                has_more_destinations: false,
                ..Default::default()
            },
        })
    }
}
