//! Data Firehose: buffers records and turns them into objects, as a pure state machine.
//!
//! [`Firehose`] holds the delivery streams of one account and region. It
//! knows neither Kinesis nor S3: the emulator reads the streams that `kinesis_sources` names, hands
//! their records to `accept`, asks `take_deliveries` for objects that are due, writes them and says
//! how that went. Until it says so, the records count as in flight.
//!
//! The life of a record here: `put` → `intake` (backup copy, taken apart, function, partition keys)
//! → `buffer` → `delivery`, under a key of `prefix`.
//!
//! Invariant: for every delivery stream, at any moment,
//! `accepted = delivered + rejected + dropped + in_flight`.

pub mod api;
mod books;
mod buffer;
mod compression;
mod conversion;
mod create;
mod deaggregation;
mod delivery;
mod describe;
mod destination;
mod encryption;
mod error;
mod error_output;
mod intake;
mod kpl;
mod partitioning;
mod prefix;
mod processing;
mod put;
mod stream;
mod tags;
mod throughput;
mod transform;
mod update;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::base::limits::firehose::STATUS_CHANGE;
use crate::base::{AccountId, Arn, Ids, Region, Timestamp};

pub use books::Counts;
pub use conversion::{ConversionFailure, Converted, Converter, RejectedRecord};
pub use delivery::{Delivery, LogEvent};
pub use error::{Error, Result};
pub use put::SourceRecord;
pub use transform::Invocation;

use destination::Check;
use stream::{DeliveryStream, Source};
use throughput::Quota;

/// What a delivery stream refers to and does not own; the emulator answers from its other services.
pub trait Surroundings {
    /// Whether the role exists and its trust policy lets `service` (`firehose.amazonaws.com`)
    /// assume it.
    fn role_trusts(&self, role_arn: &str, service: &str) -> bool;
    /// Whether the Kinesis stream exists.
    fn stream_exists(&self, stream_arn: &str) -> bool;
}

/// A Kinesis stream that a delivery stream reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceLink {
    /// Name of the delivery stream.
    pub delivery_stream: String,
    /// ARN of the stream it reads.
    pub kinesis_stream_arn: String,
    /// The role that reads it.
    pub role_arn: String,
    /// Records that arrived before this instant are not read (LATEST as of creation).
    pub started: Timestamp,
}

/// The delivery streams of one account in one region.
#[derive(Debug)]
pub struct Firehose {
    account: AccountId,
    region: Region,
    ids: Arc<Ids>,
    status_change: Duration,
    functions: bool,
    quota: Quota,
    converter: Option<Arc<dyn Converter>>,
    streams: BTreeMap<String, DeliveryStream>,
    next_batch: u64,
}

impl Firehose {
    /// No delivery streams yet. Object names and record ids are drawn from `ids`.
    pub fn new(account: AccountId, region: Region, ids: Arc<Ids>) -> Self {
        Self {
            quota: Quota::of(&region),
            account,
            region,
            ids,
            status_change: STATUS_CHANGE,
            functions: false,
            converter: None,
            streams: BTreeMap::new(),
            next_batch: 0,
        }
    }

    /// The same with another time for CREATING → ACTIVE, DELETING → gone, ENABLING → ENABLED.
    #[must_use]
    pub fn with_status_change(mut self, after: Duration) -> Self {
        self.status_change = after;
        self
    }

    /// The same without a limit on what direct put takes in a second.
    #[must_use]
    pub fn with_unlimited_throughput(mut self) -> Self {
        self.quota = Quota::UNLIMITED;
        self
    }

    /// The same with record format conversion, which is refused by name otherwise.
    #[must_use]
    pub fn with_converter(mut self, converter: Arc<dyn Converter>) -> Self {
        self.converter = Some(converter);
        self
    }

    /// The same with Lambda processors, which are refused by name otherwise: whoever calls this
    /// promises to carry out [`Self::take_invocations`].
    #[must_use]
    pub fn with_functions(mut self) -> Self {
        self.functions = true;
        self
    }

    /// Names of the delivery streams, those being deleted included.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.streams.keys().map(String::as_str)
    }

    /// The Kinesis streams to read, one entry a delivery stream that has one as its source.
    pub fn kinesis_sources(&self) -> impl Iterator<Item = SourceLink> {
        self.streams
            .values()
            .filter(|stream| !stream.is_deleting())
            .filter_map(|stream| match &stream.source {
                Source::Kinesis {
                    stream_arn,
                    role_arn,
                } => Some(SourceLink {
                    delivery_stream: stream.name.clone(),
                    kinesis_stream_arn: stream_arn.clone(),
                    role_arn: role_arn.clone(),
                    started: stream.created,
                }),
                Source::DirectPut { .. } => None,
            })
    }

    /// When [`Self::take_deliveries`] has something to do next: a buffer to flush, a retry, or a
    /// status to change. May lie in the past. `None` while nothing is waiting.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.streams
            .values()
            .filter_map(DeliveryStream::next_due)
            .min()
    }

    /// The books of a delivery stream.
    pub fn counts(&self, name: &str) -> Option<Counts> {
        self.streams.get(name).map(DeliveryStream::counts)
    }

    /// The latest delivery errors of a delivery stream, oldest first, in the shape Firehose writes
    /// to CloudWatch Logs.
    pub fn log_events(&self, name: &str) -> impl Iterator<Item = &LogEvent> {
        self.streams
            .get(name)
            .into_iter()
            .flat_map(|stream| stream.log.iter())
    }

    fn check_at<'a>(&'a self, stream: &'a str, now: Timestamp) -> Check<'a> {
        Check {
            stream,
            now,
            functions: self.functions,
            converter: self.converter.as_deref(),
        }
    }

    fn arn_of(&self, name: &str) -> String {
        let resource = format!("deliverystream/{name}");
        Arn::regional("firehose", &self.region, &self.account, resource).to_string()
    }

    /// Changes every status whose time has come.
    fn settle(&mut self, now: Timestamp) {
        self.streams.retain(|_, stream| stream.settle(now));
    }

    /// The stream as of `now`.
    fn stream(&mut self, name: &str, now: Timestamp) -> Result<&mut DeliveryStream> {
        if self.streams.get_mut(name).is_some_and(|s| !s.settle(now)) {
            self.streams.remove(name);
        }
        self.streams.get_mut(name).ok_or_else(|| Error::NotFound {
            name: name.to_owned(),
            account: self.account.clone(),
        })
    }
}
