//! ListShards, and the pages of everything that is listed.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::base::limits::kinesis as limits;
use crate::base::{Call, Timestamp};
use crate::kinesis::api::{
    HashKeyRange, ListShardsRequest, ListShardsResponse, SequenceNumberRange, Shard as ShardReply,
    ShardFilter,
};
use crate::kinesis::hash::HashRange;
use crate::kinesis::shard::Shard;
use crate::kinesis::stream::Stream;
use crate::kinesis::{Error, Kinesis, Result, ShardId, address};

/// Which shards a ListShards caller wants, with instants instead of names for them: a filter keeps
/// its meaning from page to page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Wanted {
    All,
    /// Those that took records behind this instant (µs): open ones when it is the present.
    Open(i64),
    /// Those opened by this instant (µs) and not closed before it.
    OpenAt(i64),
    /// Those not closed before this instant (µs).
    OpenFrom(i64),
}

/// What a ListShards token says.
#[derive(Serialize, Deserialize)]
struct ShardsToken {
    issued_micros: i64,
    stream: String,
    incarnation: u64,
    wanted: Wanted,
    after: u32,
}

impl Wanted {
    fn parse(
        filter: &ShardFilter,
        stream: &Stream,
        now: Timestamp,
    ) -> Result<(Self, Option<ShardId>)> {
        let instant = || {
            filter
                .timestamp
                .map(|t| t.max(stream.created).micros())
                .ok_or_else(|| {
                    Error::InvalidArgument(format!(
                        "ShardFilter of type {} needs a Timestamp.",
                        filter.r#type
                    ))
                })
        };
        Ok(match filter.r#type.as_str() {
            "AT_TRIM_HORIZON" => {
                let horizon = stream.horizon(now).max(stream.created);
                (Self::OpenAt(horizon.micros()), None)
            }
            "FROM_TRIM_HORIZON" => (Self::All, None),
            "AT_LATEST" => (Self::Open(now.micros()), None),
            "AT_TIMESTAMP" => (Self::OpenAt(instant()?), None),
            "FROM_TIMESTAMP" => (Self::OpenFrom(instant()?), None),
            "AFTER_SHARD_ID" => {
                let after = after_shard(filter.shard_id.as_deref())?.ok_or_else(|| {
                    Error::InvalidArgument(
                        "ShardFilter of type AFTER_SHARD_ID needs a ShardId.".to_owned(),
                    )
                })?;
                (Self::All, Some(after))
            }
            other => {
                return Err(Error::InvalidArgument(format!(
                    "{other} is not a type of ShardFilter."
                )));
            }
        })
    }

    fn includes(self, shard: &Shard) -> bool {
        let closed_before = |micros| {
            shard
                .closed
                .is_some_and(|closed| closed.at < Timestamp::from_micros(micros))
        };
        match self {
            Self::All => true,
            Self::Open(micros) => shard.was_open_at(Timestamp::from_micros(micros)),
            Self::OpenAt(micros) => {
                shard.opened <= Timestamp::from_micros(micros) && !closed_before(micros)
            }
            Self::OpenFrom(micros) => !closed_before(micros),
        }
    }
}

impl Kinesis {
    /// ListShards: the shards of a stream in order of their ids, by filter and page by page.
    pub fn list_shards(
        &mut self,
        call: &Call,
        request: ListShardsRequest,
    ) -> Result<ListShardsResponse> {
        self.advance(call.now);
        let (name, wanted, after) = match &request.next_token {
            Some(token) => self.continue_listing(call.now, &request, token)?,
            None => self.start_listing(call.now, &request)?,
        };
        self.rate_for(
            call.now,
            "ListShards",
            &name,
            limits::LIST_SHARDS_CALLS_PER_SEC,
        )?;
        let most = limits::LIST_SHARDS_MAX_RESULTS;
        let most = request
            .max_results
            .and_then(|most| usize::try_from(most).ok())
            .unwrap_or(most)
            .min(most);
        let stream = self.stream_mut(&name)?;
        stream.trim(call.now);
        let (shards, more) = page(
            stream
                .shards
                .values()
                .filter(|shard| after.is_none_or(|after| shard.id > after))
                .filter(|shard| wanted.includes(shard)),
            most,
        );
        let token = match shards.last() {
            Some(last) if more => Some(ShardsToken {
                issued_micros: call.now.micros(),
                stream: name,
                incarnation: stream.incarnation,
                wanted,
                after: last.id.0,
            }),
            _ => None,
        };
        let shards = shards.into_iter().map(Into::into).collect();
        Ok(ListShardsResponse {
            shards: Some(shards),
            next_token: token.map(|token| self.seal_page(&token)),
        })
    }

    fn start_listing(
        &mut self,
        now: Timestamp,
        request: &ListShardsRequest,
    ) -> Result<(String, Wanted, Option<ShardId>)> {
        if request.stream_name.is_none() && request.stream_arn.is_none() {
            return Err(Error::InvalidArgument(
                "Either NextToken or StreamName should be provided.".to_owned(),
            ));
        }
        let name = self.resolve(address!(request))?;
        let stream = self.stream(&name)?;
        if let Some(created) = request.stream_creation_timestamp
            && created.secs() != stream.created.secs()
        {
            return Err(self.not_found(&name));
        }
        let (wanted, after) = match &request.shard_filter {
            Some(filter) => Wanted::parse(filter, stream, now)?,
            None => (Wanted::All, None),
        };
        let exclusive = after_shard(request.exclusive_start_shard_id.as_deref())?;
        Ok((name, wanted, after.max(exclusive)))
    }

    fn continue_listing(
        &mut self,
        now: Timestamp,
        request: &ListShardsRequest,
        token: &str,
    ) -> Result<(String, Wanted, Option<ShardId>)> {
        let beside = [
            ("StreamName", request.stream_name.is_some()),
            ("StreamARN", request.stream_arn.is_some()),
            (
                "StreamCreationTimestamp",
                request.stream_creation_timestamp.is_some(),
            ),
            (
                "ExclusiveStartShardId",
                request.exclusive_start_shard_id.is_some(),
            ),
            ("ShardFilter", request.shard_filter.is_some()),
        ];
        if let Some((other, _)) = beside.iter().find(|(_, given)| *given) {
            return Err(Error::InvalidArgument(format!(
                "NextToken and {other} cannot be provided together."
            )));
        }
        let token: ShardsToken = self.open_page(token)?;
        self.check_page_age(Timestamp::from_micros(token.issued_micros), now)?;
        let same = self
            .streams
            .get(&token.stream)
            .is_some_and(|stream| stream.incarnation == token.incarnation);
        if !same {
            return Err(self.not_found(&token.stream));
        }
        Ok((token.stream, token.wanted, Some(ShardId(token.after))))
    }

    pub(super) fn seal_page<T: Serialize>(&self, token: &T) -> String {
        // Plain structs of numbers and text always serialise.
        let content = serde_json::to_vec(token).unwrap_or_default();
        self.token_key.seal(content, 0)
    }

    pub(super) fn open_page<T: DeserializeOwned>(&self, token: &str) -> Result<T> {
        self.token_key
            .open(token)
            .and_then(|content| serde_json::from_slice(&content).ok())
            .ok_or_else(|| Error::InvalidArgument("Invalid NextToken.".to_owned()))
    }

    pub(super) fn check_page_age(&self, issued: Timestamp, now: Timestamp) -> Result<()> {
        if now.since(issued) > limits::NEXT_TOKEN_LIFETIME {
            return Err(Error::ExpiredNextToken(format!(
                "The NextToken was issued at {issued} and expired after {} seconds.",
                limits::NEXT_TOKEN_LIFETIME.as_secs()
            )));
        }
        Ok(())
    }
}

/// The first `most` of the items, and whether there were more.
pub(super) fn page<T>(items: impl Iterator<Item = T>, most: usize) -> (Vec<T>, bool) {
    let mut items = items.peekable();
    let page: Vec<T> = items.by_ref().take(most).collect();
    let more = items.peek().is_some();
    (page, more)
}

/// Parses an exclusive start.
pub(super) fn after_shard(text: Option<&str>) -> Result<Option<ShardId>> {
    text.map(|text| {
        ShardId::parse(text)
            .ok_or_else(|| Error::InvalidArgument(format!("{text} is not the id of a shard.")))
    })
    .transpose()
}

impl From<HashRange> for HashKeyRange {
    fn from(range: HashRange) -> Self {
        Self {
            starting_hash_key: range.start.to_string(),
            ending_hash_key: range.end.to_string(),
        }
    }
}

impl From<&Shard> for ShardReply {
    fn from(shard: &Shard) -> Self {
        let mut parents = shard.parents.iter().map(ToString::to_string);
        Self {
            shard_id: shard.id.to_string(),
            parent_shard_id: parents.next(),
            adjacent_parent_shard_id: parents.next(),
            hash_key_range: shard.range.into(),
            sequence_number_range: SequenceNumberRange {
                starting_sequence_number: shard.start().to_string(),
                ending_sequence_number: shard.closed.map(|closed| closed.number.to_string()),
            },
        }
    }
}
