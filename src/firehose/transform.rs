//! The Lambda processor: groups of records handed out as invocations, and what becomes of the
//! replies.
//!
//! Invoking is the emulator's: it takes [`Firehose::take_invocations`], runs the function and
//! reports with [`Firehose::invoked`] or [`Firehose::invocation_failed`]. Until then the records
//! are in flight. Shapes and codes: "Data Transformation" in the Firehose guide, and replies
//! observed.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::base::limits::firehose::{INVOCATION_RETRY_FIRST, INVOCATION_RETRY_LONGEST};
use crate::base::{Ids, Timestamp};
use crate::firehose::buffer::{Arrival, Hints};
use crate::firehose::error_output::{ErrorOutput, Rejection};
use crate::firehose::intake::Intake;
use crate::firehose::partitioning::{KeySource, PartitionKeys};
use crate::firehose::stream::{DeliveryStream, Source, Status};
use crate::firehose::{Firehose, SourceRecord};

/// A function to be invoked. Report the outcome with [`Firehose::invoked`] or
/// [`Firehose::invocation_failed`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invocation {
    /// Ties the report to the records; unique in one [`Firehose`].
    pub id: u64,
    /// Name of the delivery stream.
    pub delivery_stream: String,
    /// The function.
    pub function_arn: String,
    /// The role that invokes it.
    pub role_arn: String,
    /// The event: a JSON document.
    pub event: Bytes,
    /// Records inside.
    pub records: u64,
}

/// A Lambda processor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Function {
    pub arn: String,
    /// Attempts after the first.
    pub retries: u32,
    /// When a group of records is handed to it.
    pub hints: Hints,
}

/// Where in a Kinesis stream a record was: the record, and the place of this one inside it.
pub(super) type Origin<'a> = (&'a SourceRecord, u64);

/// A record that waits for a function.
#[derive(Clone, Debug)]
pub(super) struct Pending {
    data: Bytes,
    arrival: Arrival,
    /// `kinesisRecordMetadata` of the event.
    metadata: Option<Box<Value>>,
}

impl Pending {
    pub(super) fn new(data: Bytes, arrival: Arrival, origin: Option<Origin<'_>>) -> Self {
        let metadata = origin.map(|(record, place)| {
            Box::new(json!({
                "shardId": record.shard_id,
                "partitionKey": record.partition_key,
                "approximateArrivalTimestamp": record.arrival.millis(),
                "sequenceNumber": record.sequence_number,
                "subsequenceNumber": place,
            }))
        });
        Self {
            data,
            arrival,
            metadata,
        }
    }
}

/// Records of one invocation.
#[derive(Clone, Debug)]
struct Group {
    id: u64,
    function: Function,
    records: Vec<Pending>,
    bytes: usize,
    opened: Timestamp,
    failed_attempts: u32,
}

impl Group {
    fn due(&self) -> Timestamp {
        if self.bytes >= self.function.hints.bytes {
            self.opened
        } else {
            self.opened + self.function.hints.interval
        }
    }

    /// The name of the nth record towards the function.
    fn record_id(&self, n: usize) -> String {
        format!("{:020}{n:012}", self.id)
    }
}

/// The records of a delivery stream that are with, or on their way to, its function.
#[derive(Debug, Default)]
pub(super) struct Transforms {
    open: Option<Group>,
    full: VecDeque<Group>,
    outstanding: BTreeMap<u64, Group>,
    retries: BTreeMap<(Timestamp, u64), Group>,
}

impl Transforms {
    pub(super) fn push(&mut self, intake: &mut Intake<'_>, function: &Function, record: Pending) {
        let now = intake.now;
        let is_over = |group: &Group| {
            group.function != *function || (group.opened < now && group.due() <= now)
        };
        if self.open.as_ref().is_some_and(is_over) {
            self.full.extend(self.open.take());
        }
        let group = self.open.get_or_insert_with(|| Group {
            id: intake.id(),
            function: function.clone(),
            records: Vec::new(),
            bytes: 0,
            opened: now,
            failed_attempts: 0,
        });
        group.bytes += record.data.len();
        group.records.push(record);
        if group.bytes >= function.hints.bytes {
            self.full.extend(self.open.take());
        }
    }

    fn take_due(&mut self, now: Timestamp) -> Vec<Group> {
        if self.open.as_ref().is_some_and(|group| group.due() <= now) {
            self.full.extend(self.open.take());
        }
        let later = self.retries.split_off(&(now, u64::MAX));
        let retries = std::mem::replace(&mut self.retries, later);
        retries.into_values().chain(self.full.drain(..)).collect()
    }

    pub(super) fn next_due(&self) -> Option<Timestamp> {
        let full = self.full.front().map(|group| group.opened);
        let open = self.open.as_ref().map(Group::due);
        let retry = self.retries.keys().next().map(|(due, _)| *due);
        [full, open, retry].into_iter().flatten().min()
    }

    fn groups(&self) -> impl Iterator<Item = &Group> {
        self.full
            .iter()
            .chain(&self.open)
            .chain(self.outstanding.values())
            .chain(self.retries.values())
    }

    /// Number of records.
    pub(super) fn len(&self) -> u64 {
        self.groups().map(|group| group.records.len() as u64).sum()
    }

    /// Arrival of the oldest record.
    pub(super) fn oldest(&self) -> Option<Timestamp> {
        self.groups()
            .flat_map(|group| group.records.iter().map(|record| record.arrival.at))
            .min()
    }
}

impl Firehose {
    /// The functions to invoke at `now`.
    pub fn take_invocations(&mut self, now: Timestamp) -> Vec<Invocation> {
        self.settle(now);
        let (ids, region) = (&self.ids, self.region.as_str());
        self.streams
            .values_mut()
            .filter(|stream| stream.status == Status::Active)
            .flat_map(|stream| {
                let due = stream.transforms.take_due(now);
                due.into_iter()
                    .map(|group| stream.invocation(group, region, ids))
                    .collect::<Vec<_>>()
            })
            .collect()
    }

    /// The function answered with `reply`. Its records go on as it says: transformed, dropped, or
    /// to the error prefix.
    pub fn invoked(&mut self, now: Timestamp, invocation: &Invocation, reply: &[u8]) {
        let mut next_batch = self.next_batch;
        let mut intake = Intake {
            now,
            next_batch: &mut next_batch,
        };
        if let Some(stream) = self.streams.get_mut(&invocation.delivery_stream)
            && let Some(group) = stream.transforms.outstanding.remove(&invocation.id)
        {
            stream.take_reply(&mut intake, &group, reply);
        }
        self.next_batch = next_batch;
    }

    /// The function failed or could not be invoked, for the reason given by `error_code`
    /// (`Lambda.FunctionError`, `Lambda.FunctionNotFound`, …) and `message`. It is invoked again,
    /// as often as its processor says; then its records go to the error prefix.
    pub fn invocation_failed(
        &mut self,
        now: Timestamp,
        invocation: Invocation,
        error_code: &str,
        message: &str,
    ) {
        let mut next_batch = self.next_batch;
        let mut intake = Intake {
            now,
            next_batch: &mut next_batch,
        };
        if let Some(stream) = self.streams.get_mut(&invocation.delivery_stream)
            && let Some(mut group) = stream.transforms.outstanding.remove(&invocation.id)
        {
            let wait = backoff(group.failed_attempts);
            group.failed_attempts += 1;
            if group.failed_attempts <= group.function.retries {
                let key = (now + wait, group.id);
                stream.transforms.retries.insert(key, group);
            } else {
                for record in &group.records {
                    let rejection = Rejection {
                        attempts: group.failed_attempts,
                        function_arn: Some(group.function.arn.clone()),
                        ..failed(error_code, message)
                    };
                    stream.reject(&mut intake, &rejection, &record.data, &record.arrival);
                }
            }
        }
        self.next_batch = next_batch;
    }
}

/// How long after its failure a function is invoked again. AWS documents only how often.
fn backoff(failed_attempts: u32) -> Duration {
    INVOCATION_RETRY_FIRST
        .saturating_mul(1 << failed_attempts.min(16))
        .min(INVOCATION_RETRY_LONGEST)
}

fn failed(code: &str, message: &str) -> Rejection {
    Rejection::new(ErrorOutput::ProcessingFailed, code, message.to_owned())
}

/// What a function answers. Members are checked one by one, so all are optional here.
#[derive(Debug, Default, Deserialize)]
struct Reply {
    records: Option<Vec<ReplyRecord>>,
}

#[derive(Debug, Default, Deserialize)]
struct ReplyRecord {
    #[serde(rename = "recordId")]
    record_id: Option<String>,
    result: Option<String>,
    data: Option<String>,
    metadata: Option<ReplyMetadata>,
}

#[derive(Debug, Default, Deserialize)]
struct ReplyMetadata {
    #[serde(rename = "partitionKeys", default)]
    partition_keys: BTreeMap<String, Value>,
}

/// What a reply makes of one record.
enum Verdict {
    Keep(Bytes, PartitionKeys),
    Drop,
    Reject(Rejection),
}

impl DeliveryStream {
    fn invocation(&mut self, group: Group, region: &str, ids: &Ids) -> Invocation {
        let records: Vec<Value> = group
            .records
            .iter()
            .enumerate()
            .map(|(n, record)| {
                let mut entry = json!({
                    "recordId": group.record_id(n),
                    "approximateArrivalTimestamp": record.arrival.at.millis(),
                    "data": STANDARD.encode(&record.data),
                });
                if let (Some(entry), Some(metadata)) = (entry.as_object_mut(), &record.metadata) {
                    let metadata = Value::clone(metadata);
                    entry.insert("kinesisRecordMetadata".to_owned(), metadata);
                }
                entry
            })
            .collect();
        let mut event = serde_json::Map::new();
        event.insert("invocationId".to_owned(), ids.uuid().into());
        event.insert("deliveryStreamArn".to_owned(), self.arn.clone().into());
        event.insert("region".to_owned(), region.into());
        if let Source::Kinesis { stream_arn, .. } = &self.source {
            let name = "sourceKinesisStreamArn".to_owned();
            event.insert(name, stream_arn.clone().into());
        }
        event.insert("records".to_owned(), records.into());
        let invocation = Invocation {
            id: group.id,
            delivery_stream: self.name.clone(),
            function_arn: group.function.arn.clone(),
            role_arn: self.destination.role_arn().to_owned(),
            event: Value::from(event).to_string().into(),
            records: group.records.len() as u64,
        };
        self.transforms.outstanding.insert(group.id, group);
        invocation
    }

    fn take_reply(&mut self, intake: &mut Intake<'_>, group: &Group, reply: &[u8]) {
        let reply = serde_json::from_slice::<Reply>(reply);
        let unreadable = reply.as_ref().err().map(ToString::to_string);
        let mut answers: HashMap<String, Vec<ReplyRecord>> = HashMap::new();
        for record in reply.unwrap_or_default().records.unwrap_or_default() {
            let id = record.record_id.clone().unwrap_or_default();
            answers.entry(id).or_default().push(record);
        }
        for (n, record) in group.records.iter().enumerate() {
            let verdict = match (&unreadable, answers.remove(&group.record_id(n))) {
                (Some(error), _) => Verdict::Reject(failed(
                    "Lambda.InvalidReturnFormat",
                    &format!("The reply is not what a transform returns: {error}"),
                )),
                (None, answers) => verdict_on(answers.unwrap_or_default()),
            };
            match verdict {
                Verdict::Keep(data, keys) => {
                    self.route(intake, &record.data, data, &record.arrival, keys);
                }
                Verdict::Drop => self.totals.dropped += 1,
                Verdict::Reject(rejection) => {
                    let rejection = Rejection {
                        function_arn: Some(group.function.arn.clone()),
                        ..rejection
                    };
                    self.reject(intake, &rejection, &record.data, &record.arrival);
                }
            }
        }
    }
}

/// The verdict of a function's answers to one record, of which there should be one.
fn verdict_on(mut answers: Vec<ReplyRecord>) -> Verdict {
    let Some(answer) = answers.pop() else {
        return Verdict::Reject(failed(
            "Lambda.MissingRecordId",
            "One or more record Ids were not returned. Ensure that the Lambda function returns all \
             received record Ids.",
        ));
    };
    if !answers.is_empty() {
        return Verdict::Reject(failed(
            "Lambda.DuplicatedRecordId",
            "Multiple records were returned with the same record Id.",
        ));
    }
    match answer.result.as_deref() {
        Some("Dropped") => Verdict::Drop,
        Some("ProcessingFailed") => Verdict::Reject(failed(
            "Lambda.ProcessingFailedStatus",
            "ProcessingFailed status set for record",
        )),
        Some("Ok") => match answer.data.and_then(|data| STANDARD.decode(data).ok()) {
            Some(data) => {
                let named = answer.metadata.unwrap_or_default().partition_keys;
                let keys = named.into_iter().map(|(name, value)| {
                    let text = match value {
                        Value::String(text) => text,
                        Value::Null => String::new(),
                        other => other.to_string(),
                    };
                    ((KeySource::Function, name), text)
                });
                Verdict::Keep(data.into(), keys.collect())
            }
            None => Verdict::Reject(failed(
                "Lambda.InvalidReturnFormat",
                "The data of a record with result Ok must be Base64 text",
            )),
        },
        _ => Verdict::Reject(failed(
            "Lambda.InvalidReturnFormat",
            "The result of a record must be Ok, Dropped or ProcessingFailed",
        )),
    }
}
