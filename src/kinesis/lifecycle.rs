//! Making, describing, listing and deleting streams.

use serde::{Deserialize, Serialize};

use crate::base::limits::kinesis as limits;
use crate::base::{Call, Timestamp};
use crate::kinesis::api::{
    CreateStreamRequest, DeleteStreamRequest, DescribeLimitsRequest, DescribeLimitsResponse,
    DescribeStreamRequest, DescribeStreamResponse, DescribeStreamSummaryRequest,
    DescribeStreamSummaryResponse, EnhancedMetrics, ListStreamsRequest, ListStreamsResponse,
    StreamDescription, StreamDescriptionSummary, StreamModeDetails, StreamSummary,
};
use crate::kinesis::listing::{after_shard, page};
use crate::kinesis::stream::{Mode, Status, Stream};
use crate::kinesis::{Error, Kinesis, Result, What, address};

/// What a ListStreams token says.
#[derive(Serialize, Deserialize)]
struct StreamsToken {
    issued_micros: i64,
    after: String,
}

impl Kinesis {
    /// CreateStream. The stream is CREATING until [`super::CHANGE_TAKES`] has passed.
    ///
    /// Refused by name: `WarmThroughputMiBps` and the record distribution strategy `AUTO`.
    pub fn create_stream(&mut self, call: &Call, request: CreateStreamRequest) -> Result<()> {
        self.advance(call.now);
        self.rate(
            call.now,
            "CreateStream",
            limits::CREATE_STREAM_CALLS_PER_SEC,
        )?;
        let (mode, shards) = requested_mode(&request)?;
        let name = request.stream_name;
        if self.streams.contains_key(&name) {
            return Err(Error::InUse(format!(
                "Stream {name} under account {} already exists.",
                self.account
            )));
        }
        let tags = request.tags.unwrap_or_default();
        self.check_tags(&name, &tags, &Default::default())?;
        self.check_new_stream(mode, shards)?;
        let incarnation = self.next_serial();
        let mut stream = Stream::new(name.clone(), incarnation, mode, shards, call.now);
        stream.tags = tags;
        if let Some(kib) = request.max_record_size_in_kib {
            stream.max_record_kib = kib;
        }
        self.streams.insert(name.clone(), stream);
        self.schedule(call.now, &name, incarnation, What::Activate);
        Ok(())
    }

    fn check_new_stream(&self, mode: Mode, shards: u32) -> Result<()> {
        if !self.limited() {
            return Ok(());
        }
        let creating = self
            .streams
            .values()
            .filter(|stream| stream.status == Status::Creating)
            .count();
        if creating >= limits::MAX_CREATING_STREAMS {
            return Err(Error::LimitExceeded(format!(
                "Account {} already has {creating} streams in the CREATING state.",
                self.account
            )));
        }
        match mode {
            Mode::Provisioned => self.check_shard_quota(shards as usize),
            Mode::OnDemand => {
                let count = self.count_on_demand();
                if count >= limits::ON_DEMAND_STREAM_LIMIT {
                    return Err(Error::LimitExceeded(format!(
                        "Account {} already has {count} on-demand streams.",
                        self.account
                    )));
                }
                Ok(())
            }
        }
    }

    /// Whether the account's quota has room for `additional` open shards of provisioned streams.
    pub(super) fn check_shard_quota(&self, additional: usize) -> Result<()> {
        let open = self.count_provisioned_shards();
        if !self.limited() || open + additional <= limits::ACCOUNT_SHARD_LIMIT {
            return Ok(());
        }
        Err(Error::LimitExceeded(format!(
            "This request would exceed the shard limit for the account {} in {}. Current shard count \
             for the account: {open}. Limit: {}. Number of additional shards that would have \
             resulted from this request: {additional}. Refer to the AWS Service Limits page \
             (http://docs.aws.amazon.com/general/latest/gr/aws_service_limits.html) for current \
             limits and how to request higher limits.",
            self.account,
            self.region,
            limits::ACCOUNT_SHARD_LIMIT
        )))
    }

    fn count_provisioned_shards(&self) -> usize {
        self.streams
            .values()
            .filter(|stream| stream.mode == Mode::Provisioned)
            .map(Stream::open_count)
            .sum()
    }

    fn count_on_demand(&self) -> usize {
        self.streams
            .values()
            .filter(|stream| stream.mode == Mode::OnDemand)
            .count()
    }

    /// DeleteStream. The stream still takes and gives records while it is DELETING. Deleting a
    /// stream that is being deleted is no error.
    pub fn delete_stream(&mut self, call: &Call, request: DeleteStreamRequest) -> Result<()> {
        let name = self.begin(call, address!(request))?;
        self.rate(
            call.now,
            "DeleteStream",
            limits::DELETE_STREAM_CALLS_PER_SEC,
        )?;
        let stream = self.stream_mut(&name)?;
        if stream.status == Status::Deleting {
            return Ok(());
        }
        if !stream.consumers.is_empty() && request.enforce_consumer_deletion != Some(true) {
            return Err(Error::InUse(format!(
                "Stream {name} under account {} has {} registered consumers; deregister them or set \
                 EnforceConsumerDeletion.",
                call.account,
                stream.consumers.len()
            )));
        }
        stream.status = Status::Deleting;
        let incarnation = stream.incarnation;
        self.schedule(call.now, &name, incarnation, What::Remove);
        Ok(())
    }

    /// DescribeStream: the stream and a page of its shards, closed ones included.
    pub fn describe_stream(
        &mut self,
        call: &Call,
        request: DescribeStreamRequest,
    ) -> Result<DescribeStreamResponse> {
        let name = self.begin(call, address!(request))?;
        self.rate(
            call.now,
            "DescribeStream",
            limits::DESCRIBE_STREAM_CALLS_PER_SEC,
        )?;
        let arn = self.stream_arn(&name).to_string();
        let stream = self.stream_mut(&name)?;
        stream.trim(call.now);
        let after = after_shard(request.exclusive_start_shard_id.as_deref())?;
        let most = limits::DESCRIBE_STREAM_MAX_SHARDS;
        let (shards, more) = page(
            stream
                .shards
                .values()
                .filter(|shard| after.is_none_or(|id| shard.id > id)),
            request
                .limit
                .and_then(|limit| usize::try_from(limit).ok())
                .unwrap_or(most)
                .min(most),
        );
        Ok(DescribeStreamResponse {
            stream_description: StreamDescription {
                stream_name: name,
                stream_arn: arn,
                stream_status: stream.status.as_str().to_owned(),
                stream_mode_details: Some(mode_details(stream.mode)),
                shards: shards.into_iter().map(Into::into).collect(),
                has_more_shards: more,
                retention_period_hours: stream.retention_hours,
                stream_creation_timestamp: stream.created,
                enhanced_monitoring: monitoring(stream),
                encryption_type: Some(encryption_type(stream)),
                key_id: stream.kms_key.clone(),
            },
        })
    }

    /// DescribeStreamSummary: the stream without its shards.
    pub fn describe_stream_summary(
        &mut self,
        call: &Call,
        request: DescribeStreamSummaryRequest,
    ) -> Result<DescribeStreamSummaryResponse> {
        let name = self.begin(call, address!(request))?;
        self.rate(
            call.now,
            "DescribeStreamSummary",
            limits::DESCRIBE_SUMMARY_CALLS_PER_SEC,
        )?;
        let arn = self.stream_arn(&name).to_string();
        let stream = self.stream(&name)?;
        Ok(DescribeStreamSummaryResponse {
            stream_description_summary: StreamDescriptionSummary {
                stream_name: name,
                stream_arn: arn,
                stream_status: stream.status.as_str().to_owned(),
                stream_mode_details: Some(mode_details(stream.mode)),
                retention_period_hours: stream.retention_hours,
                stream_creation_timestamp: stream.created,
                enhanced_monitoring: monitoring(stream),
                encryption_type: Some(encryption_type(stream)),
                key_id: stream.kms_key.clone(),
                // A stream that is being made has no shards yet.
                open_shard_count: count(stream.open_shards().count()),
                consumer_count: Some(count(stream.consumers.len())),
                max_record_size_in_kib: Some(stream.max_record_kib),
                ..StreamDescriptionSummary::default()
            },
        })
    }

    /// ListStreams: names and summaries in name order.
    pub fn list_streams(
        &mut self,
        call: &Call,
        request: ListStreamsRequest,
    ) -> Result<ListStreamsResponse> {
        self.advance(call.now);
        self.rate(call.now, "ListStreams", limits::LIST_STREAMS_CALLS_PER_SEC)?;
        let after = match (&request.next_token, request.exclusive_start_stream_name) {
            (Some(_), Some(_)) => {
                return Err(Error::InvalidArgument(
                    "NextToken and ExclusiveStartStreamName cannot be provided together."
                        .to_owned(),
                ));
            }
            (Some(token), None) => {
                let token: StreamsToken = self.open_page(token)?;
                self.check_page_age(Timestamp::from_micros(token.issued_micros), call.now)?;
                Some(token.after)
            }
            (None, start) => start,
        };
        let limit = request
            .limit
            .and_then(|limit| usize::try_from(limit).ok())
            .unwrap_or(limits::LIST_STREAMS_DEFAULT);
        let (streams, more) = page(
            self.streams
                .values()
                .filter(|stream| after.as_ref().is_none_or(|after| stream.name > *after)),
            limit,
        );
        let next_token = match streams.last() {
            Some(last) if more => Some(self.seal_page(&StreamsToken {
                issued_micros: call.now.micros(),
                after: last.name.clone(),
            })),
            _ => None,
        };
        let summaries = streams
            .iter()
            .map(|stream| StreamSummary {
                stream_name: stream.name.clone(),
                stream_arn: self.stream_arn(&stream.name).to_string(),
                stream_status: stream.status.as_str().to_owned(),
                stream_mode_details: Some(mode_details(stream.mode)),
                stream_creation_timestamp: Some(stream.created),
            })
            .collect();
        Ok(ListStreamsResponse {
            stream_names: streams.iter().map(|stream| stream.name.clone()).collect(),
            has_more_streams: more,
            next_token,
            stream_summaries: Some(summaries),
        })
    }

    /// DescribeLimits: the account's quotas and how much of them is used.
    pub fn describe_limits(
        &mut self,
        call: &Call,
        _request: DescribeLimitsRequest,
    ) -> Result<DescribeLimitsResponse> {
        self.advance(call.now);
        self.rate(
            call.now,
            "DescribeLimits",
            limits::DESCRIBE_LIMITS_CALLS_PER_SEC,
        )?;
        Ok(DescribeLimitsResponse {
            shard_limit: count(limits::ACCOUNT_SHARD_LIMIT),
            open_shard_count: count(self.count_provisioned_shards()),
            on_demand_stream_count: count(self.count_on_demand()),
            on_demand_stream_count_limit: count(limits::ON_DEMAND_STREAM_LIMIT),
            channel_count: None,
            channel_count_limit: None,
        })
    }
}

/// The mode and number of first shards a CreateStream request asks for.
fn requested_mode(request: &CreateStreamRequest) -> Result<(Mode, u32)> {
    if request.warm_throughput_mibps.is_some() {
        if request.shard_count.is_some() {
            return Err(Error::InvalidArgument(
                "Either 'warmThroughputMiBps' or 'shardCount' can be set but not both".to_owned(),
            ));
        }
        return Err(Error::NotImplemented(
            "kinesis:CreateStream: the parameter WarmThroughputMiBps",
        ));
    }
    if request
        .record_distribution_strategy
        .as_ref()
        .is_some_and(|strategy| strategy != "USER_PARTITION_KEY")
    {
        return Err(Error::NotImplemented(
            "kinesis:CreateStream: the parameter RecordDistributionStrategy other than USER_PARTITION_KEY",
        ));
    }
    let mode = match &request.stream_mode_details {
        Some(details) => Mode::parse(&details.stream_mode).ok_or_else(|| {
            Error::InvalidArgument(format!("{} is not a stream mode.", details.stream_mode))
        })?,
        None if request.shard_count.is_some() => Mode::Provisioned,
        None => Mode::OnDemand,
    };
    let shards = match (mode, request.shard_count) {
        (Mode::Provisioned, Some(shards)) => u32::try_from(shards.max(1)).unwrap_or(1),
        (Mode::Provisioned, None) => {
            return Err(Error::InvalidArgument(
                "ShardCount is expected when StreamMode=PROVISIONED".to_owned(),
            ));
        }
        (Mode::OnDemand, None) => limits::ON_DEMAND_INITIAL_SHARDS as u32,
        (Mode::OnDemand, Some(_)) => {
            return Err(Error::InvalidArgument(
                "ShardCount is not expected when StreamMode=ON_DEMAND".to_owned(),
            ));
        }
    };
    Ok((mode, shards))
}

fn mode_details(mode: Mode) -> StreamModeDetails {
    StreamModeDetails {
        stream_mode: mode.as_str().to_owned(),
    }
}

/// The shard-level metrics that are on, in the one-element list AWS wraps them in.
pub(super) fn monitoring(stream: &Stream) -> Vec<EnhancedMetrics> {
    vec![EnhancedMetrics {
        shard_level_metrics: Some(stream.metrics.iter().map(|&name| name.to_owned()).collect()),
    }]
}

fn encryption_type(stream: &Stream) -> String {
    match stream.kms_key {
        Some(_) => "KMS",
        None => "NONE",
    }
    .to_owned()
}

/// A count as the API types carry it.
pub(super) fn count(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}
