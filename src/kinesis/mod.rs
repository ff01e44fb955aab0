//! Kinesis Data Streams as a pure state machine: one account's streams in one region.
//!
//! Every operation is a method `(&mut self, &Call, request) -> Result<response>`. Time comes in with
//! the call; what is due by then (a stream becoming ACTIVE, a split taking effect) is applied first,
//! at the instant it was due. [`Kinesis::next_due`] tells a scheduler when to look again.
//!
//! * [`hash`], [`shard_id`], [`sequence`]: the arithmetic AWS's clients can see;
//! * [`shard`], [`stream`], [`capacity`]: state;
//! * [`lifecycle`], [`listing`], [`mod@write`], [`read`], [`reshard`], [`settings`], [`consumer`],
//!   [`tags`], [`policy`]: one group of operations each;
//! * `on_demand`: how such streams grow by themselves;
//! * [`reader`]: what a reader inside the process uses (Firehose);
//! * [`fan_out`]: what a subscription to a shard says next.
//!
//! Invariants: open shards tile the ring of hash keys; a record that was acknowledged is readable
//! from its shard until retention passes; per shard, accepted + throttled = sent.

pub mod api;
pub mod capacity;
pub mod consumer;
pub mod error;
pub mod fan_out;
pub mod hash;
pub mod lifecycle;
pub mod listing;
mod on_demand;
pub mod policy;
mod rates;
pub mod read;
pub mod reader;
pub mod reshard;
pub mod sequence;
pub mod settings;
pub mod shard;
pub mod shard_id;
pub mod stream;
pub mod tags;
pub mod token;
pub mod write;

#[cfg(test)]
mod model_tests;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::base::{AccountId, Arn, Call, Ids, Region, Timestamp};

pub use error::{Error, Result};
pub use fan_out::{Next, SubscriptionId};
pub use reader::{ShardCounts, ShardPosition, ShardRead, StartingAt, StreamCounts};
pub use sequence::SequenceNumber;
pub use shard::{ChildShard, StoredRecord};
pub use shard_id::ShardId;

use hash::HashKey;
use stream::{Status, Stream};
use token::TokenKey;

/// Whether AWS's limits hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Limits {
    /// Capacity of shards, size of calls, quotas and call rates, as AWS documents them.
    #[default]
    Aws,
    /// None of them. What the API model itself demands (a record of at most 10 MiB) remains.
    Off,
}

/// How long a stream or consumer stays in CREATING, UPDATING and DELETING. AWS takes seconds to
/// minutes and promises nothing; long enough to be seen, short enough to be waited for.
pub const CHANGE_TAKES: Duration = Duration::from_millis(500);

/// The streams of one account in one region.
#[derive(Debug)]
pub struct Kinesis {
    account: AccountId,
    region: Region,
    limits: Limits,
    token_key: TokenKey,
    streams: BTreeMap<String, Stream>,
    /// Changes under way, by when they are due and in the order they were asked for.
    agenda: BTreeMap<(Timestamp, u64), Change>,
    /// Counts agenda entries, lives of streams and iterators: never the same number twice.
    serial: u64,
    rates: rates::CallRates,
    subscriptions: fan_out::Subscriptions,
}

/// A change that is due later. One of a stream that is gone by then does nothing.
#[derive(Debug)]
struct Change {
    stream: String,
    incarnation: u64,
    what: What,
}

#[derive(Debug)]
enum What {
    Activate,
    Settle,
    Remove,
    Split { shard: ShardId, at: HashKey },
    Merge { shard: ShardId, adjacent: ShardId },
    Scale { target: u32 },
    Grow,
    Encrypt { key: Option<String> },
    ActivateConsumer { arn: String },
    RemoveConsumer { arn: String },
}

impl Kinesis {
    /// An account's empty region. `ids` gives the secret that shard iterators are sealed with.
    pub fn new(account: AccountId, region: Region, ids: Arc<Ids>, limits: Limits) -> Self {
        Self {
            account,
            region,
            limits,
            token_key: TokenKey::new(ids.hex(32)),
            streams: BTreeMap::new(),
            agenda: BTreeMap::new(),
            serial: 0,
            rates: rates::CallRates::default(),
            subscriptions: fan_out::Subscriptions::default(),
        }
    }

    /// When the next change of state is due, if one is under way, or a subscription is to be asked.
    /// Retention is not among them: it is applied whenever a stream is looked at.
    pub fn next_due(&self) -> Option<Timestamp> {
        let change = self.agenda.first_key_value().map(|((due, _), _)| *due);
        change
            .into_iter()
            .chain(self.subscriptions.next_due())
            .min()
    }

    /// Applies what is due by `now`. Every operation does this by itself.
    pub fn advance(&mut self, now: Timestamp) {
        while let Some(entry) = self.agenda.first_entry() {
            let (due, _) = *entry.key();
            if due > now {
                break;
            }
            let change = entry.remove();
            self.apply(change, due);
        }
    }

    fn apply(&mut self, change: Change, at: Timestamp) {
        let Some(stream) = self
            .streams
            .get_mut(&change.stream)
            .filter(|stream| stream.incarnation == change.incarnation)
        else {
            return;
        };
        self.subscriptions.changed(&change.stream, at);
        match change.what {
            What::Activate => stream.activate(),
            What::Settle => {}
            What::Remove => {
                self.streams.remove(&change.stream);
                return;
            }
            What::Split { shard, at: key } => {
                stream.split(shard, key, at);
            }
            What::Merge { shard, adjacent } => {
                stream.merge(shard, adjacent, at);
            }
            What::Grow => {
                on_demand::grow(stream, at);
                return;
            }
            What::Encrypt { key } => stream.kms_key = key,
            What::Scale { target } => reshard::scale(stream, target, at),
            What::ActivateConsumer { arn } => {
                stream.activate_consumer(&arn);
                return;
            }
            What::RemoveConsumer { arn } => {
                stream.remove_consumer(&arn);
                return;
            }
        }
        // A stream deleted while it was being changed stays DELETING.
        if stream.status == Status::Updating {
            stream.status = Status::Active;
        }
    }

    fn next_serial(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }

    fn schedule(&mut self, now: Timestamp, stream: &str, incarnation: u64, what: What) {
        self.schedule_at(now + CHANGE_TAKES, stream, incarnation, what);
    }

    fn schedule_at(&mut self, due: Timestamp, stream: &str, incarnation: u64, what: What) {
        let serial = self.next_serial();
        self.agenda.insert(
            (due, serial),
            Change {
                stream: stream.to_owned(),
                incarnation,
                what,
            },
        );
    }

    /// Turns an ACTIVE stream UPDATING until `what` is due.
    fn update(&mut self, now: Timestamp, name: &str, what: What) -> Result<()> {
        let stream = self.active(name)?;
        stream.status = Status::Updating;
        let incarnation = stream.incarnation;
        self.schedule(now, name, incarnation, what);
        Ok(())
    }

    fn limited(&self) -> bool {
        self.limits == Limits::Aws
    }

    fn stream_arn(&self, name: &str) -> Arn {
        Arn::regional(
            "kinesis",
            &self.region,
            &self.account,
            format!("stream/{name}"),
        )
    }

    fn not_found(&self, name: &str) -> Error {
        Error::StreamNotFound {
            stream: name.to_owned(),
            account: self.account.clone(),
        }
    }

    fn stream(&self, name: &str) -> Result<&Stream> {
        self.streams.get(name).ok_or_else(|| self.not_found(name))
    }

    fn stream_mut(&mut self, name: &str) -> Result<&mut Stream> {
        let Self {
            streams, account, ..
        } = self;
        streams.get_mut(name).ok_or_else(|| Error::StreamNotFound {
            stream: name.to_owned(),
            account: account.clone(),
        })
    }

    /// A stream that must be ACTIVE.
    fn active(&mut self, name: &str) -> Result<&mut Stream> {
        let account = self.account.clone();
        let stream = self.stream_mut(name)?;
        if stream.status != Status::Active {
            return Err(Error::NotActive {
                stream: name.to_owned(),
                account,
                state: stream.status.as_str(),
            });
        }
        Ok(stream)
    }

    /// Starts an operation on a stream: applies what is due and finds out which stream is meant.
    fn begin(&mut self, call: &Call, address: Address<'_>) -> Result<String> {
        self.advance(call.now);
        self.resolve(address)
    }

    fn resolve(&self, address: Address<'_>) -> Result<String> {
        if address.stream_id.is_some() {
            return Err(Error::NotImplemented("kinesis: the parameter StreamId"));
        }
        match (address.name, address.arn) {
            (None, None) => Err(Error::InvalidArgument(
                "Either StreamName or StreamARN must be provided.".to_owned(),
            )),
            (Some(name), None) => Ok(name.to_owned()),
            (name, Some(arn)) => {
                let named = self.name_in_arn(arn)?;
                if name.is_some_and(|name| name != named) {
                    return Err(Error::InvalidArgument(format!(
                        "StreamName {} and StreamARN {arn} do not name the same stream.",
                        name.unwrap_or_default()
                    )));
                }
                Ok(named)
            }
        }
    }

    /// The stream an ARN of this account and region names.
    fn name_in_arn(&self, text: &str) -> Result<String> {
        let arn: Arn = text
            .parse()
            .map_err(|error| Error::InvalidArgument(format!("{error}")))?;
        if arn.region != self.region.as_str() {
            return Err(Error::InvalidArgument(format!(
                "The region specified in the ARN {text} does not match the endpoint region"
            )));
        }
        let Some(name) = arn.resource.strip_prefix("stream/") else {
            return Err(Error::InvalidArgument(format!(
                "{text} is not the ARN of a stream."
            )));
        };
        let name = name.split('/').next().unwrap_or(name);
        if arn.account != self.account.as_str() {
            // Streams of other accounts are not here; sharing by resource policy is not modelled.
            return Err(Error::NotFound(format!(
                "Stream {name} under account {} not found.",
                arn.account
            )));
        }
        Ok(name.to_owned())
    }
}

/// How a request names its stream.
#[derive(Clone, Copy, Debug)]
struct Address<'a> {
    name: Option<&'a str>,
    arn: Option<&'a str>,
    stream_id: Option<&'a str>,
}

/// The address in a request's `StreamName`, `StreamARN` and `StreamId`.
macro_rules! address {
    ($request:expr) => {
        $crate::kinesis::Address {
            name: $request.stream_name.as_deref(),
            arn: $request.stream_arn.as_deref(),
            stream_id: $request.stream_id.as_deref(),
        }
    };
}
use address;
