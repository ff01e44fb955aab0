//! CreateDeliveryStream, DeleteDeliveryStream and ListDeliveryStreams.

use std::collections::{BTreeMap, VecDeque};

use crate::base::limits::firehose::STREAMS_MAX;
use crate::base::{Arn, Call};
use crate::firehose::api::{
    CreateDeliveryStreamRequest, CreateDeliveryStreamResponse, DeleteDeliveryStreamRequest,
    DeleteDeliveryStreamResponse, ExtendedS3DestinationConfiguration, ListDeliveryStreamsRequest,
    ListDeliveryStreamsResponse,
};
use crate::firehose::books::Counts;
use crate::firehose::destination::{self, Destination};
use crate::firehose::encryption::{Encryption, SOURCE_ENCRYPTS};
use crate::firehose::stream::{DeliveryStream, Source, Status};
use crate::firehose::throughput::Throughput;
use crate::firehose::transform::Transforms;
use crate::firehose::{Error, Firehose, Result, Surroundings};

/// The service principal that delivery roles trust.
const SERVICE: &str = "firehose.amazonaws.com";

const ONE_DESTINATION: &str = "Exactly one destination configuration is supported for a Firehose";

impl Firehose {
    /// CreateDeliveryStream: CREATING, then ACTIVE. A Kinesis source is read from this instant on.
    pub fn create_delivery_stream(
        &mut self,
        call: &Call,
        request: CreateDeliveryStreamRequest,
        surroundings: &dyn Surroundings,
    ) -> Result<CreateDeliveryStreamResponse> {
        self.settle(call.now);
        let name = request.delivery_stream_name.clone();
        if self.streams.contains_key(&name) {
            return Err(Error::AlreadyExists {
                name,
                account: self.account.clone(),
            });
        }
        if self.streams.len() >= STREAMS_MAX {
            return Err(Error::LimitExceeded(format!(
                "You have already reached the maximum of {STREAMS_MAX} delivery streams"
            )));
        }
        let until = call.now + self.status_change;
        let source = self.source_of(&request, surroundings)?;
        let encryption = match &request.delivery_stream_encryption_configuration_input {
            None => Encryption::Disabled,
            Some(_) if matches!(source, Source::Kinesis { .. }) => {
                return Err(Error::invalid(SOURCE_ENCRYPTS));
            }
            input => Encryption::requested(input.as_ref(), until)?,
        };
        let mut tags = BTreeMap::new();
        super::tags::add(&mut tags, request.tags.as_deref().unwrap_or_default())?;
        let destination =
            Destination::new(destination_of(request)?, self.check_at(&name, call.now))?;
        self.check_roles(&destination, surroundings)?;

        let arn = self.arn_of(&name);
        self.streams.insert(
            name.clone(),
            DeliveryStream {
                name,
                arn: arn.clone(),
                status: Status::Creating { until },
                created: call.now,
                updated: None,
                version: 1,
                source,
                destination,
                encryption,
                tags,
                throughput: Throughput::default(),
                open: BTreeMap::new(),
                full: VecDeque::new(),
                outstanding: BTreeMap::new(),
                retries: BTreeMap::new(),
                transforms: Transforms::default(),
                totals: Counts::default(),
                log: VecDeque::new(),
            },
        );
        Ok(CreateDeliveryStreamResponse {
            delivery_stream_arn: Some(arn),
        })
    }

    /// DeleteDeliveryStream: records in flight are discarded at once, the name is free when
    /// DELETING is over.
    pub fn delete_delivery_stream(
        &mut self,
        call: &Call,
        request: &DeleteDeliveryStreamRequest,
    ) -> Result<DeleteDeliveryStreamResponse> {
        let until = call.now + self.status_change;
        let stream = self.stream(&request.delivery_stream_name, call.now)?;
        match stream.status {
            Status::Creating { .. } => {
                return Err(Error::InUse(format!(
                    "Firehose {} is CREATING and cannot be deleted",
                    stream.name
                )));
            }
            Status::Active => {
                stream.status = Status::Deleting { until };
                stream.discard();
            }
            Status::Deleting { .. } => {}
        }
        Ok(DeleteDeliveryStreamResponse {})
    }

    /// ListDeliveryStreams, by name.
    pub fn list_delivery_streams(
        &mut self,
        call: &Call,
        request: &ListDeliveryStreamsRequest,
    ) -> Result<ListDeliveryStreamsResponse> {
        self.settle(call.now);
        let limit = usize::try_from(request.limit.unwrap_or(10)).unwrap_or(0);
        let mut rest = self.streams.values().filter(|stream| {
            let after = request
                .exclusive_start_delivery_stream_name
                .as_ref()
                .is_none_or(|start| stream.name > *start);
            let of_type = request
                .delivery_stream_type
                .as_deref()
                .is_none_or(|wanted| stream.source.type_name() == wanted);
            after && of_type
        });
        let delivery_stream_names = rest.by_ref().take(limit).map(|s| s.name.clone()).collect();
        Ok(ListDeliveryStreamsResponse {
            delivery_stream_names,
            has_more_delivery_streams: rest.next().is_some(),
        })
    }

    /// Checks the roles that write, to the backup too, and the one that reads the schema.
    pub(super) fn check_roles(
        &self,
        destination: &Destination,
        surroundings: &dyn Surroundings,
    ) -> Result<()> {
        self.check_role(destination.role_arn(), surroundings)?;
        if let Some(backup) = &destination.backup {
            self.check_role(backup.role_arn(), surroundings)?;
        }
        let schema = destination
            .conversion()
            .and_then(|conversion| conversion.schema_configuration.as_ref());
        match schema.and_then(|schema| schema.role_arn.as_deref()) {
            Some(role_arn) => self.check_role(role_arn, surroundings),
            None => Ok(()),
        }
    }

    /// Refuses roles of other accounts, missing roles and roles that do not trust Firehose.
    fn check_role(&self, role_arn: &str, surroundings: &dyn Surroundings) -> Result<()> {
        let arn: Arn = role_arn
            .parse()
            .map_err(|_| Error::invalid("Invalid role ARN."))?;
        if arn.account != self.account.as_str() {
            return Err(Error::CrossAccountRole);
        }
        if !surroundings.role_trusts(role_arn, SERVICE) {
            return Err(Error::invalid(format!(
                "Firehose is unable to assume role {role_arn}. Please check the role provided."
            )));
        }
        Ok(())
    }

    fn source_of(
        &self,
        request: &CreateDeliveryStreamRequest,
        surroundings: &dyn Surroundings,
    ) -> Result<Source> {
        let others = [
            (
                "MSKSourceConfiguration",
                request.msk_source_configuration.is_some(),
            ),
            (
                "DatabaseSourceConfiguration",
                request.database_source_configuration.is_some(),
            ),
        ];
        if let Some((name, _)) = others.iter().find(|(_, given)| *given) {
            return Err(Error::NotSupported((*name).to_owned()));
        }
        match request
            .delivery_stream_type
            .as_deref()
            .unwrap_or("DirectPut")
        {
            "DirectPut" => Ok(Source::DirectPut {
                throughput_hint: request
                    .direct_put_source_configuration
                    .as_ref()
                    .map(|source| source.throughput_hint_in_mbs),
            }),
            "KinesisStreamAsSource" => {
                let source = request
                    .kinesis_stream_source_configuration
                    .as_ref()
                    .ok_or_else(|| {
                        Error::invalid(
                            "KinesisSourceStreamConfig is mandatory for KinesisStreamAsSource \
                             stream type.",
                        )
                    })?;
                self.check_role(&source.role_arn, surroundings)?;
                let stream_arn = &source.kinesis_stream_arn;
                if !surroundings.stream_exists(stream_arn) {
                    return Err(Error::invalid(format!(
                        "The Kinesis stream {stream_arn} does not exist"
                    )));
                }
                Ok(Source::Kinesis {
                    stream_arn: stream_arn.clone(),
                    role_arn: source.role_arn.clone(),
                })
            }
            other => Err(Error::NotSupported(format!("DeliveryStreamType {other}"))),
        }
    }
}

/// The one destination of a request, in the extended form; others are refused by name.
fn destination_of(
    request: CreateDeliveryStreamRequest,
) -> Result<ExtendedS3DestinationConfiguration> {
    let others = [
        (
            "Redshift",
            request.redshift_destination_configuration.is_some(),
        ),
        (
            "Elasticsearch",
            request.elasticsearch_destination_configuration.is_some(),
        ),
        (
            "Amazonopensearchservice",
            request
                .amazonopensearchservice_destination_configuration
                .is_some(),
        ),
        ("Splunk", request.splunk_destination_configuration.is_some()),
        (
            "HttpEndpoint",
            request.http_endpoint_destination_configuration.is_some(),
        ),
        (
            "AmazonOpenSearchServerless",
            request
                .amazon_open_search_serverless_destination_configuration
                .is_some(),
        ),
        (
            "Snowflake",
            request.snowflake_destination_configuration.is_some(),
        ),
        (
            "Iceberg",
            request.iceberg_destination_configuration.is_some(),
        ),
    ];
    let given = others.iter().filter(|(_, given)| *given).count()
        + usize::from(request.s3_destination_configuration.is_some())
        + usize::from(request.extended_s3_destination_configuration.is_some());
    if given != 1 {
        return Err(Error::invalid(ONE_DESTINATION));
    }
    if let Some((name, _)) = others.iter().find(|(_, given)| *given) {
        return Err(Error::NotSupported(format!(
            "{name}DestinationConfiguration"
        )));
    }
    request
        .extended_s3_destination_configuration
        .or_else(|| {
            request
                .s3_destination_configuration
                .map(destination::extended)
        })
        .ok_or_else(|| Error::invalid(ONE_DESTINATION))
}
