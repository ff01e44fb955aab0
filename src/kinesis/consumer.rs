//! Consumers registered for enhanced fan-out.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::base::limits::kinesis as limits;
use crate::base::{Arn, Call, Timestamp};
use crate::kinesis::api::{
    Consumer as ConsumerReply, ConsumerDescription, DeregisterStreamConsumerRequest,
    DescribeStreamConsumerRequest, DescribeStreamConsumerResponse, ListStreamConsumersRequest,
    ListStreamConsumersResponse, RegisterStreamConsumerRequest, RegisterStreamConsumerResponse,
};
use crate::kinesis::listing::page;
use crate::kinesis::stream::{Status, Stream};
use crate::kinesis::{Address, Error, Kinesis, Result, What};

/// A registered consumer.
#[derive(Clone, Debug)]
pub(crate) struct Consumer {
    pub(crate) name: String,
    /// Ends in the second of its registration: a new life of the name has a new ARN.
    pub(crate) arn: String,
    pub(crate) status: Status,
    pub(crate) created: Timestamp,
    pub(crate) tags: BTreeMap<String, String>,
}

impl Stream {
    /// Makes a consumer ACTIVE that was being registered.
    pub(crate) fn activate_consumer(&mut self, arn: &str) {
        if let Some(consumer) = self.consumer_mut(arn)
            && consumer.status == Status::Creating
        {
            consumer.status = Status::Active;
        }
    }

    /// Removes a consumer that was being deregistered.
    pub(crate) fn remove_consumer(&mut self, arn: &str) {
        self.consumers.retain(|_, consumer| consumer.arn != arn);
    }

    /// The consumer of this ARN.
    pub(crate) fn consumer_mut(&mut self, arn: &str) -> Option<&mut Consumer> {
        self.consumers
            .values_mut()
            .find(|consumer| consumer.arn == arn)
    }
}

/// What a ListStreamConsumers token says.
#[derive(Serialize, Deserialize)]
struct ConsumersToken {
    issued_micros: i64,
    stream: String,
    after: String,
}

/// The address of a stream that a request names by ARN alone.
fn by_arn<'a>(arn: &'a str, stream_id: Option<&'a str>) -> Address<'a> {
    Address {
        name: None,
        arn: Some(arn),
        stream_id,
    }
}

impl Kinesis {
    /// RegisterStreamConsumer. The consumer is CREATING until [`super::CHANGE_TAKES`] has passed.
    pub fn register_stream_consumer(
        &mut self,
        call: &Call,
        request: RegisterStreamConsumerRequest,
    ) -> Result<RegisterStreamConsumerResponse> {
        let name = self.begin(
            call,
            by_arn(&request.stream_arn, request.stream_id.as_deref()),
        )?;
        let stream_arn = self.stream_arn(&name);
        let tags = request.tags.unwrap_or_default();
        self.check_tags(&name, &tags, &BTreeMap::new())?;
        let limited = self.limited();
        let stream = self.active(&name)?;
        let consumer_name = request.consumer_name;
        if stream.consumers.contains_key(&consumer_name) {
            return Err(Error::InUse(format!(
                "Consumer {consumer_name} under stream {stream_arn} already exists for account {}.",
                call.account
            )));
        }
        let creating = stream
            .consumers
            .values()
            .filter(|consumer| consumer.status == Status::Creating)
            .count();
        if limited && stream.consumers.len() >= limits::MAX_CONSUMERS {
            return Err(Error::LimitExceeded(format!(
                "Stream {name} already has {} registered consumers.",
                limits::MAX_CONSUMERS
            )));
        }
        if limited && creating >= limits::MAX_CREATING_CONSUMERS {
            return Err(Error::LimitExceeded(format!(
                "Stream {name} already has {creating} consumers in the CREATING state."
            )));
        }
        let consumer = Consumer {
            arn: format!("{stream_arn}/consumer/{consumer_name}:{}", call.now.secs()),
            name: consumer_name.clone(),
            status: Status::Creating,
            created: call.now,
            tags,
        };
        let reply = reply(&consumer);
        let arn = consumer.arn.clone();
        let incarnation = stream.incarnation;
        stream.consumers.insert(consumer_name, consumer);
        self.schedule(call.now, &name, incarnation, What::ActivateConsumer { arn });
        Ok(RegisterStreamConsumerResponse { consumer: reply })
    }

    /// DeregisterStreamConsumer, by ARN or by stream and name.
    pub fn deregister_stream_consumer(
        &mut self,
        call: &Call,
        request: DeregisterStreamConsumerRequest,
    ) -> Result<()> {
        self.advance(call.now);
        let (name, arn) = self.find_consumer(
            request.consumer_arn.as_deref(),
            request.stream_arn.as_deref(),
            request.consumer_name.as_deref(),
            request.stream_id.as_deref(),
        )?;
        let stream = self.stream_mut(&name)?;
        let incarnation = stream.incarnation;
        if let Some(consumer) = stream.consumer_mut(&arn)
            && consumer.status != Status::Deleting
        {
            consumer.status = Status::Deleting;
            self.schedule(call.now, &name, incarnation, What::RemoveConsumer { arn });
        }
        Ok(())
    }

    /// DescribeStreamConsumer, by ARN or by stream and name.
    pub fn describe_stream_consumer(
        &mut self,
        call: &Call,
        request: DescribeStreamConsumerRequest,
    ) -> Result<DescribeStreamConsumerResponse> {
        self.advance(call.now);
        let (name, arn) = self.find_consumer(
            request.consumer_arn.as_deref(),
            request.stream_arn.as_deref(),
            request.consumer_name.as_deref(),
            request.stream_id.as_deref(),
        )?;
        let stream_arn = self.stream_arn(&name).to_string();
        let account = self.account.clone();
        let consumer = self.stream_mut(&name)?.consumer_mut(&arn).ok_or_else(|| {
            Error::NotFound(format!("Consumer {arn}, account {account} not found."))
        })?;
        Ok(DescribeStreamConsumerResponse {
            consumer_description: ConsumerDescription {
                consumer_name: consumer.name.clone(),
                consumer_arn: consumer.arn.clone(),
                consumer_status: consumer.status.as_str().to_owned(),
                consumer_creation_timestamp: consumer.created,
                stream_arn,
            },
        })
    }

    /// ListStreamConsumers, in name order.
    pub fn list_stream_consumers(
        &mut self,
        call: &Call,
        request: ListStreamConsumersRequest,
    ) -> Result<ListStreamConsumersResponse> {
        let name = self.begin(
            call,
            by_arn(&request.stream_arn, request.stream_id.as_deref()),
        )?;
        let after = match &request.next_token {
            None => None,
            Some(token) => {
                let token: ConsumersToken = self.open_page(token)?;
                self.check_page_age(Timestamp::from_micros(token.issued_micros), call.now)?;
                if token.stream != name {
                    return Err(Error::InvalidArgument("Invalid NextToken.".to_owned()));
                }
                Some(token.after)
            }
        };
        let stream = self.stream(&name)?;
        if let Some(created) = request.stream_creation_timestamp
            && created.secs() != stream.created.secs()
        {
            return Err(self.not_found(&name));
        }
        let (consumers, more) = page(
            stream
                .consumers
                .values()
                .filter(|consumer| after.as_ref().is_none_or(|after| consumer.name > *after)),
            request
                .max_results
                .and_then(|most| usize::try_from(most).ok())
                .unwrap_or(limits::LIST_CONSUMERS_DEFAULT),
        );
        let next_token = match consumers.last() {
            Some(last) if more => Some(self.seal_page(&ConsumersToken {
                issued_micros: call.now.micros(),
                stream: name,
                after: last.name.clone(),
            })),
            _ => None,
        };
        Ok(ListStreamConsumersResponse {
            consumers: Some(consumers.into_iter().map(reply).collect()),
            next_token,
        })
    }

    /// The stream and ARN of the consumer that a request names.
    pub(super) fn find_consumer(
        &self,
        consumer_arn: Option<&str>,
        stream_arn: Option<&str>,
        consumer_name: Option<&str>,
        stream_id: Option<&str>,
    ) -> Result<(String, String)> {
        let not_found = |what: &str| {
            Error::NotFound(format!(
                "Consumer {what}, account {} not found.",
                self.account
            ))
        };
        match (consumer_arn, stream_arn, consumer_name) {
            (Some(arn), stream_arn, consumer_name) => {
                let name = self.resolve(by_arn(arn, stream_id))?;
                let consumer = self
                    .stream(&name)?
                    .consumers
                    .values()
                    .find(|consumer| consumer.arn == arn)
                    .ok_or_else(|| not_found(arn))?;
                let same_stream = match stream_arn {
                    Some(other) => self.name_in_arn(other)? == name,
                    None => true,
                };
                if !same_stream || consumer_name.is_some_and(|other| other != consumer.name) {
                    return Err(Error::InvalidArgument(format!(
                        "ConsumerARN {arn} does not belong to the StreamARN and ConsumerName beside it."
                    )));
                }
                Ok((name, consumer.arn.clone()))
            }
            (None, Some(stream_arn), Some(consumer)) => {
                let name = self.resolve(by_arn(stream_arn, stream_id))?;
                let consumer = self
                    .stream(&name)?
                    .consumers
                    .get(consumer)
                    .ok_or_else(|| not_found(consumer))?;
                Ok((name, consumer.arn.clone()))
            }
            _ => Err(Error::InvalidArgument(
                "Either ConsumerARN or both StreamARN and ConsumerName must be provided."
                    .to_owned(),
            )),
        }
    }

    /// The stream named in a consumer's ARN, if `arn` is one.
    pub(super) fn is_consumer_arn(arn: &str) -> bool {
        arn.parse::<Arn>().is_ok_and(|arn| {
            arn.resource.starts_with("stream/") && arn.resource.contains("/consumer/")
        })
    }
}

fn reply(consumer: &Consumer) -> ConsumerReply {
    ConsumerReply {
        consumer_name: consumer.name.clone(),
        consumer_arn: consumer.arn.clone(),
        consumer_status: consumer.status.as_str().to_owned(),
        consumer_creation_timestamp: consumer.created,
    }
}
