//! Enhanced fan-out: what a subscription to a shard says next, given its position and the time.
//!
//! [`Kinesis::subscribe_to_shard`] starts a subscription; whoever carries it to the client asks
//! [`Kinesis::due_subscriptions`] which of them have something to say and [`Kinesis::next_event`] what
//! it is, until that answers [`Next::Wait`] or [`Next::End`].
//!
//! A subscription speaks as soon as a record arrives, says an empty event when it has had nothing to say
//! for [`limits::FAN_OUT_HEARTBEAT`], never gives more than its own 2 MiB a second, and ends after five
//! minutes, at the end of a closed shard, or when it is taken over.
//!
//! Invariants: every record of the shard behind the starting position is given once and in order; a
//! subscription that continues AFTER_SEQUENCE_NUMBER of the last `ContinuationSequenceNumber` goes on
//! where the one before it ended.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::limits::kinesis as limits;
use crate::base::{Call, Timestamp};
use crate::kinesis::api::{StartingPosition, SubscribeToShardEvent, SubscribeToShardRequest};
use crate::kinesis::capacity::Bucket;
use crate::kinesis::reader::{ShardPosition, StartingAt};
use crate::kinesis::stream::Status;
use crate::kinesis::{Error, Kinesis, Result, SequenceNumber, ShardId};

/// Names a subscription. Never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SubscriptionId(u64);

/// What a subscription does next.
#[derive(Clone, Debug, PartialEq)]
pub enum Next {
    /// It says this. At the end of a closed shard the event names the shards that took over and has
    /// no continuation (empty text): there is nothing to continue.
    Event(SubscribeToShardEvent),
    /// It is silent until this instant, or until a record arrives.
    Wait(Timestamp),
    /// It is over: cleanly, or with the error that it ends with. It is forgotten.
    End(Option<Error>),
}

/// One subscription.
#[derive(Debug)]
struct Subscription {
    consumer_arn: String,
    stream: String,
    incarnation: u64,
    position: ShardPosition,
    /// When its five minutes are over.
    ends: Timestamp,
    /// When it last said something, or began.
    spoke: Timestamp,
    allowance: Bucket,
    /// When it is to be asked again.
    due: Timestamp,
    /// Nobody takes what it says: it is asked again when somebody does.
    paused: bool,
    /// Its last event has been given.
    at_shard_end: bool,
    /// Another call has taken its place.
    taken_over: bool,
}

/// All subscriptions of a region.
#[derive(Debug, Default)]
pub(super) struct Subscriptions {
    by_id: BTreeMap<u64, Subscription>,
    /// When a consumer last subscribed to a shard.
    subscribed: BTreeMap<(String, ShardId), Timestamp>,
    /// By when they are to be asked, then by age.
    due: BTreeSet<(Timestamp, u64)>,
    /// By what they read.
    readers: BTreeMap<(String, ShardId), Vec<u64>>,
}

impl Subscriptions {
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        self.due.first().map(|(due, _)| *due)
    }

    fn set_due(&mut self, id: u64, at: Timestamp) {
        if let Some(subscription) = self.by_id.get_mut(&id) {
            self.due.remove(&(subscription.due, id));
            subscription.due = at;
            self.due.insert((at, id));
        }
    }

    /// Something was put into a shard: its readers are to be asked.
    pub(super) fn arrived(&mut self, stream: &str, shard: ShardId, now: Timestamp) {
        if self.by_id.is_empty() {
            return;
        }
        let readers = self.readers.get(&(stream.to_owned(), shard));
        for id in readers.cloned().unwrap_or_default() {
            let waits = |s: &Subscription| !s.paused && s.due > now;
            if self.by_id.get(&id).is_some_and(waits) {
                self.set_due(id, now);
            }
        }
    }

    /// A stream or its consumers changed: all its readers are to be asked.
    pub(super) fn changed(&mut self, stream: &str, at: Timestamp) {
        let ids: Vec<u64> = self
            .by_id
            .iter()
            .filter(|(_, s)| s.stream == stream && !s.paused)
            .map(|(id, _)| *id)
            .collect();
        for id in ids {
            self.set_due(id, at);
        }
    }

    fn forget(&mut self, id: u64) {
        let Some(gone) = self.by_id.remove(&id) else {
            return;
        };
        self.due.remove(&(gone.due, id));
        let key = (gone.stream, gone.position.shard_id);
        if let Some(readers) = self.readers.get_mut(&key) {
            readers.retain(|reader| *reader != id);
            if readers.is_empty() {
                self.readers.remove(&key);
            }
        }
    }
}

impl Kinesis {
    /// SubscribeToShard: starts a subscription, or says why not.
    ///
    /// A second call of the same consumer for the same shard is refused for five seconds; after that it
    /// takes over, and the subscription before it ends with `ResourceInUseException`. That rule is not a
    /// capacity: it holds without limits, too.
    pub fn subscribe_to_shard(
        &mut self,
        call: &Call,
        request: SubscribeToShardRequest,
    ) -> Result<SubscriptionId> {
        let now = call.now;
        self.advance(now);
        let arn = request.consumer_arn;
        let (name, arn) =
            self.find_consumer(Some(&arn), None, None, request.stream_id.as_deref())?;
        let Some(shard) = ShardId::parse(&request.shard_id) else {
            return Err(self.could_not_find_shard(&name, &request.shard_id));
        };
        self.check_interval(&arn, shard, now)?;
        let calls = limits::SUBSCRIBE_CALLS_PER_SEC;
        self.rate_for(now, "SubscribeToShard", &format!("{arn} {shard}"), calls)?;
        let stream = self.stream_mut(&name)?;
        let incarnation = stream.incarnation;
        let status = stream.consumer_mut(&arn).map(|consumer| consumer.status);
        if let Some(status) = status.filter(|status| *status != Status::Active) {
            return Err(Error::InUse(format!(
                "Consumer {arn} under account {} not ACTIVE, instead in state {}",
                self.account,
                status.as_str()
            )));
        }
        let starting = self.starting_position(&request.starting_position, &name, shard)?;
        let position = self.start_position(now, &name, shard, starting, "SubscribeToShard")?;
        if request.dry_run == Some(true) {
            return Err(Error::DryRun);
        }
        let id = self.next_serial();
        self.take_over(&arn, shard, now);
        let subscriptions = &mut self.subscriptions;
        let key = (name.clone(), shard);
        subscriptions.readers.entry(key).or_default().push(id);
        subscriptions.due.insert((now, id));
        subscriptions.by_id.insert(
            id,
            Subscription {
                consumer_arn: arn,
                stream: name,
                incarnation,
                position,
                ends: now + limits::SUBSCRIPTION_LIFETIME,
                spoke: now,
                allowance: Bucket::full(limits::FAN_OUT_BYTES_PER_SEC, now),
                due: now,
                paused: false,
                at_shard_end: false,
                taken_over: false,
            },
        );
        Ok(SubscriptionId(id))
    }

    fn check_interval(&mut self, arn: &str, shard: ShardId, now: Timestamp) -> Result<()> {
        let subscribed = &mut self.subscriptions.subscribed;
        subscribed.retain(|_, at| now < *at + limits::SUBSCRIBE_AGAIN_AFTER);
        if subscribed.contains_key(&(arn.to_owned(), shard)) {
            return Err(Error::InUse(format!(
                "Another active subscription exists for this consumer: {arn} and shard {shard}; it can be \
                 taken over {} seconds after it was made.",
                limits::SUBSCRIBE_AGAIN_AFTER.as_secs()
            )));
        }
        Ok(())
    }

    /// Ends the subscription of a consumer to a shard that a new one replaces.
    fn take_over(&mut self, arn: &str, shard: ShardId, now: Timestamp) {
        let subscriptions = &mut self.subscriptions;
        let before: Vec<u64> = subscriptions
            .by_id
            .iter()
            .filter(|(_, s)| s.consumer_arn == arn && s.position.shard_id == shard)
            .map(|(id, _)| *id)
            .collect();
        for old in before {
            if let Some(subscription) = subscriptions.by_id.get_mut(&old) {
                subscription.taken_over = true;
            }
            subscriptions.set_due(old, now);
        }
        subscriptions
            .subscribed
            .insert((arn.to_owned(), shard), now);
    }

    /// Where a subscription is asked to start.
    fn starting_position(
        &self,
        position: &StartingPosition,
        stream: &str,
        shard: ShardId,
    ) -> Result<StartingAt> {
        let kind = position.r#type.as_str();
        let invalid = |what: &str| {
            Err(Error::InvalidArgument(format!(
                "StartingPosition of type {kind} {what}."
            )))
        };
        let by_number = matches!(kind, "AT_SEQUENCE_NUMBER" | "AFTER_SEQUENCE_NUMBER");
        match (by_number, &position.sequence_number) {
            (true, None) => return invalid("needs a SequenceNumber"),
            (false, Some(_)) => return invalid("takes no SequenceNumber"),
            _ => {}
        }
        match (kind, position.timestamp) {
            ("AT_TIMESTAMP", None) => return invalid("needs a Timestamp"),
            ("AT_TIMESTAMP", Some(instant)) => return Ok(StartingAt::AtTimestamp(instant)),
            (_, Some(_)) => return invalid("takes no Timestamp"),
            _ => {}
        }
        let number = || {
            let text = position.sequence_number.as_deref().unwrap_or_default();
            text.parse::<SequenceNumber>().map_err(|_| {
                Error::InvalidArgument(format!(
                    "StartingSequenceNumber {text} used in SubscribeToShard on shard {shard} in stream \
                     {stream} under account {} is invalid.",
                    self.account
                ))
            })
        };
        match kind {
            "TRIM_HORIZON" => Ok(StartingAt::TrimHorizon),
            "LATEST" => Ok(StartingAt::Latest),
            "AT_SEQUENCE_NUMBER" => Ok(StartingAt::AtSequenceNumber(number()?)),
            "AFTER_SEQUENCE_NUMBER" => Ok(StartingAt::AfterSequenceNumber(number()?)),
            _ => invalid("does not exist"),
        }
    }

    /// The subscriptions that are to be asked at `now`, longest due first.
    pub fn due_subscriptions(&mut self, now: Timestamp) -> Vec<SubscriptionId> {
        self.advance(now);
        let due = self.subscriptions.due.range(..=(now, u64::MAX));
        due.map(|(_, id)| SubscriptionId(*id)).collect()
    }

    /// What a subscription says or does at `now`. One that is not known is over.
    pub fn next_event(&mut self, now: Timestamp, id: SubscriptionId) -> Next {
        self.advance(now);
        let next = self.ask(now, id.0);
        match &next {
            Next::Event(_) => {}
            Next::Wait(due) => self.subscriptions.set_due(id.0, *due),
            Next::End(_) => self.subscriptions.forget(id.0),
        }
        next
    }

    fn ask(&mut self, now: Timestamp, id: u64) -> Next {
        let limited = self.limited();
        let Some(subscription) = self.subscriptions.by_id.get_mut(&id) else {
            return Next::End(None);
        };
        subscription.paused = false;
        if subscription.at_shard_end {
            return Next::End(None);
        }
        let (arn, name) = (&subscription.consumer_arn, subscription.stream.clone());
        if subscription.taken_over {
            return Next::End(Some(Error::InUse(format!(
                "Another subscription of consumer {arn} to shard {} has taken over.",
                subscription.position.shard_id
            ))));
        }
        if now >= subscription.ends {
            return Next::End(None);
        }
        let (position, incarnation) = (subscription.position, subscription.incarnation);
        let known = self
            .streams
            .get_mut(&name)
            .filter(|stream| stream.incarnation == incarnation)
            .is_some_and(|stream| stream.consumer_mut(arn).is_some());
        if !known {
            return Next::End(Some(Error::NotFound(format!(
                "Consumer {arn}, account {} not found.",
                self.account
            ))));
        }
        let read = self.read_shard(
            now,
            &name,
            &position,
            limits::GET_RECORDS_MAX_RECORDS,
            limits::FAN_OUT_EVENT_MAX_BYTES,
        );
        let read = match read {
            Ok(read) => read,
            Err(error) => return Next::End(Some(error)),
        };
        let Some(subscription) = self.subscriptions.by_id.get_mut(&id) else {
            return Next::End(None);
        };
        let silent_until = (subscription.spoke + limits::FAN_OUT_HEARTBEAT).min(subscription.ends);
        if read.records.is_empty() && read.next.is_some() && now < silent_until {
            return Next::Wait(silent_until);
        }
        if limited && !subscription.allowance.allows(read.bytes, now) {
            let ready = subscription.allowance.ready_at(read.bytes);
            return Next::Wait(ready.max(now).min(subscription.ends));
        }
        subscription.allowance.take(read.bytes);
        subscription.spoke = now;
        // As with GetRecords, the end of a closed shard is told apart from its last records.
        let ended = read.next.is_none() && read.records.is_empty();
        subscription.at_shard_end = ended;
        subscription.position.next_index = match (read.next, read.records.last()) {
            (Some(next), _) => next.next_index,
            (None, Some(last)) => last.sequence_number.index() + 1,
            (None, None) => position.next_index,
        };
        Next::Event(SubscribeToShardEvent {
            continuation_sequence_number: match ended {
                true => String::new(),
                false => read.continuation.to_string(),
            },
            records: read.records.into_iter().map(Into::into).collect(),
            millis_behind_latest: i64::try_from(read.behind.as_millis()).unwrap_or(i64::MAX),
            child_shards: ended.then(|| read.closed_children.into_iter().map(Into::into).collect()),
        })
    }

    /// Does not ask a subscription whose client takes nothing just now. Its time runs on; `false` when
    /// it is over, by time or by a successor, and has only that to say.
    pub fn pause_subscription(&mut self, now: Timestamp, id: SubscriptionId) -> bool {
        let Some(subscription) = self.subscriptions.by_id.get_mut(&id.0) else {
            return false;
        };
        if subscription.taken_over || now >= subscription.ends {
            return false;
        }
        subscription.paused = true;
        let ends = subscription.ends;
        self.subscriptions.set_due(id.0, ends);
        true
    }

    /// Asks a subscription again, whose client takes what it says.
    pub fn resume_subscription(&mut self, now: Timestamp, id: SubscriptionId) {
        if let Some(subscription) = self.subscriptions.by_id.get_mut(&id.0)
            && subscription.paused
        {
            subscription.paused = false;
            self.subscriptions.set_due(id.0, now);
        }
    }

    /// Ends a subscription whose client is gone. The five seconds until it may subscribe again count
    /// from when it subscribed.
    pub fn unsubscribe(&mut self, id: SubscriptionId) {
        self.subscriptions.forget(id.0);
    }
}

#[cfg(test)]
mod tests;
