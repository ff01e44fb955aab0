//! UpdateDestination: members that are given replace those that were, and the result is validated
//! as a whole. What is buffered is delivered with the new settings.

use crate::base::Call;
use crate::firehose::api::{
    ExtendedS3DestinationUpdate, S3DestinationUpdate, UpdateDestinationRequest,
    UpdateDestinationResponse,
};
use crate::firehose::destination::Check;
use crate::firehose::stream::Status;
use crate::firehose::{Error, Firehose, Result, Surroundings};

/// The id of a delivery stream's only destination.
pub(super) const DESTINATION_ID: &str = "destinationId-000000000001";

impl Firehose {
    /// UpdateDestination. The version grows by one.
    pub fn update_destination(
        &mut self,
        call: &Call,
        request: UpdateDestinationRequest,
        surroundings: &dyn Surroundings,
    ) -> Result<UpdateDestinationResponse> {
        let name = request.delivery_stream_name.clone();
        let (functions, converter) = (self.functions, self.converter.clone());
        let stream = self.stream(&name, call.now)?;
        if stream.status != Status::Active {
            return Err(Error::InUse(format!(
                "Firehose {name} is {} and cannot be updated",
                stream.status.as_str()
            )));
        }
        if request.current_delivery_stream_version_id != stream.version.to_string() {
            return Err(Error::ConcurrentModification {
                name,
                current: stream.version,
                specified: request.current_delivery_stream_version_id,
            });
        }
        if request.destination_id != DESTINATION_ID {
            return Err(Error::invalid(format!(
                "Destination Id {} not found",
                request.destination_id
            )));
        }
        let destination = stream.destination.updated(
            update_of(request)?,
            Check {
                stream: &name,
                now: call.now,
                functions,
                converter: converter.as_deref(),
            },
        )?;
        self.check_roles(&destination, surroundings)?;
        let stream = self.stream(&name, call.now)?;
        stream.replace_destination(destination);
        stream.version += 1;
        stream.updated = Some(call.now);
        Ok(UpdateDestinationResponse {})
    }
}

/// The one update of a request, in the extended form; others are refused by name.
fn update_of(request: UpdateDestinationRequest) -> Result<ExtendedS3DestinationUpdate> {
    let others = [
        ("Redshift", request.redshift_destination_update.is_some()),
        (
            "Elasticsearch",
            request.elasticsearch_destination_update.is_some(),
        ),
        (
            "Amazonopensearchservice",
            request.amazonopensearchservice_destination_update.is_some(),
        ),
        ("Splunk", request.splunk_destination_update.is_some()),
        (
            "HttpEndpoint",
            request.http_endpoint_destination_update.is_some(),
        ),
        (
            "AmazonOpenSearchServerless",
            request
                .amazon_open_search_serverless_destination_update
                .is_some(),
        ),
        ("Snowflake", request.snowflake_destination_update.is_some()),
        ("Iceberg", request.iceberg_destination_update.is_some()),
    ];
    if let Some((name, _)) = others.iter().find(|(_, given)| *given) {
        return Err(Error::NotSupported(format!("{name}DestinationUpdate")));
    }
    match (
        request.extended_s3_destination_update,
        request.s3_destination_update,
    ) {
        (Some(update), None) => Ok(update),
        (None, Some(plain)) => Ok(extended(plain)),
        _ => Err(Error::invalid(
            "Exactly one destination configuration is supported for a Firehose",
        )),
    }
}

fn extended(plain: S3DestinationUpdate) -> ExtendedS3DestinationUpdate {
    ExtendedS3DestinationUpdate {
        role_arn: plain.role_arn,
        bucket_arn: plain.bucket_arn,
        prefix: plain.prefix,
        error_output_prefix: plain.error_output_prefix,
        buffering_hints: plain.buffering_hints,
        compression_format: plain.compression_format,
        encryption_configuration: plain.encryption_configuration,
        cloud_watch_logging_options: plain.cloud_watch_logging_options,
        ..Default::default()
    }
}
