//! SplitShard, MergeShards and UpdateShardCount.
//!
//! A change takes effect when it is due: until then records go to the old shards.

use crate::base::limits::kinesis as limits;
use crate::base::{Call, Timestamp};
use crate::kinesis::api::{
    MergeShardsRequest, SplitShardRequest, UpdateShardCountRequest, UpdateShardCountResponse,
};
use crate::kinesis::hash::{self, HashKey, HashRange};
use crate::kinesis::lifecycle::count;
use crate::kinesis::stream::{Mode, Stream};
use crate::kinesis::{Error, Kinesis, Result, ShardId, What, address};

impl Kinesis {
    /// SplitShard: in [`super::CHANGE_TAKES`] the shard is closed and two take its place.
    pub fn split_shard(&mut self, call: &Call, request: SplitShardRequest) -> Result<()> {
        let name = self.begin(call, address!(request))?;
        self.rate(call.now, "SplitShard", limits::RESHARD_CALLS_PER_SEC)?;
        let id = self.parse_shard(&name, &request.shard_to_split)?;
        self.provisioned(&name, "SplitShard")?;
        self.active(&name)?;
        let range = self.open_range(&name, id)?;
        self.check_shard_quota(1)?;
        let start = &request.new_starting_hash_key;
        let at = hash::parse(start)
            .filter(|at| *at > range.start.saturating_add(1) && *at < range.end)
            .ok_or_else(|| {
                Error::InvalidArgument(format!(
                    "NewStartingHashKey {start} used in SplitShard() on shard {id} in stream {name} \
                     under account {} is not both greater than one plus the shard's StartingHashKey \
                     {} and less than the shard's EndingHashKey {}.",
                    self.account, range.start, range.end
                ))
            })?;
        self.update(call.now, &name, What::Split { shard: id, at })
    }

    /// MergeShards: in [`super::CHANGE_TAKES`] the two shards are closed and one takes their place.
    pub fn merge_shards(&mut self, call: &Call, request: MergeShardsRequest) -> Result<()> {
        let name = self.begin(call, address!(request))?;
        self.rate(call.now, "MergeShards", limits::RESHARD_CALLS_PER_SEC)?;
        let shard = self.parse_shard(&name, &request.shard_to_merge)?;
        let adjacent = self.parse_shard(&name, &request.adjacent_shard_to_merge)?;
        self.provisioned(&name, "MergeShards")?;
        self.active(&name)?;
        let range = self.open_range(&name, shard)?;
        let next = self.open_range(&name, adjacent)?;
        // AWS takes the pair in the order of their ranges only.
        if !range.is_followed_by(&next) {
            return Err(Error::InvalidArgument(format!(
                "Shards {shard} and {adjacent} in stream {name} under account {} are not an adjacent \
                 pair of shards eligible for merging",
                self.account
            )));
        }
        self.update(call.now, &name, What::Merge { shard, adjacent })
    }

    /// UpdateShardCount: in [`super::CHANGE_TAKES`] the ring is cut evenly into `TargetShardCount`
    /// shards, by splits and merges whose intermediate shards remain as closed ones.
    pub fn update_shard_count(
        &mut self,
        call: &Call,
        request: UpdateShardCountRequest,
    ) -> Result<UpdateShardCountResponse> {
        let name = self.begin(call, address!(request))?;
        self.rate(
            call.now,
            "UpdateShardCount",
            limits::UPDATE_SHARD_COUNT_CALLS_PER_SEC,
        )?;
        self.provisioned(&name, "UpdateShardCount")?;
        let arn = self.stream_arn(&name).to_string();
        let limited = self.limited();
        let stream = self.active(&name)?;
        let open = stream.open_count();
        let target = usize::try_from(request.target_shard_count)
            .unwrap_or(1)
            .max(1);
        if limited {
            check_scaling(stream, open, target, call.now)?;
            self.check_shard_quota(target.saturating_sub(open))?;
        }
        self.update(
            call.now,
            &name,
            What::Scale {
                target: u32::try_from(target).unwrap_or(u32::MAX),
            },
        )?;
        self.stream_mut(&name)?.scalings.note(call.now);
        Ok(UpdateShardCountResponse {
            stream_name: Some(name),
            current_shard_count: Some(count(open)),
            target_shard_count: Some(request.target_shard_count),
            stream_arn: Some(arn),
        })
    }

    fn parse_shard(&self, stream: &str, text: &str) -> Result<ShardId> {
        ShardId::parse(text).ok_or_else(|| self.could_not_find_shard(stream, text))
    }

    /// The range of a shard that must be open.
    fn open_range(&self, name: &str, id: ShardId) -> Result<HashRange> {
        let shard = self
            .stream(name)?
            .shards
            .get(&id)
            .ok_or_else(|| self.could_not_find_shard(name, &id.to_string()))?;
        if !shard.is_open() {
            return Err(Error::InvalidArgument(format!(
                "Shard {id} in stream {name} under account {} has already been merged or split, and \
                 thus is not eligible for merging or splitting.",
                self.account
            )));
        }
        Ok(shard.range)
    }

    /// Refuses an on-demand stream: Kinesis alone scales it.
    fn provisioned(&self, name: &str, operation: &str) -> Result<()> {
        if self.stream(name)?.mode == Mode::OnDemand {
            return Err(Error::Validation(format!(
                "{operation} is not supported for stream {name} under account {} because it is in \
                 ON_DEMAND mode.",
                self.account
            )));
        }
        Ok(())
    }
}

fn check_scaling(stream: &mut Stream, open: usize, target: usize, now: Timestamp) -> Result<()> {
    let counts = || format!("Current open shard count: {open} Target shard count: {target}");
    if target > open.saturating_mul(2) {
        return Err(Error::LimitExceeded(format!(
            "UpdateShardCount cannot scale up over double your current open shard count. {}",
            counts()
        )));
    }
    if target.saturating_mul(2) < open {
        return Err(Error::LimitExceeded(format!(
            "UpdateShardCount cannot scale down below half your current open shard count. {}",
            counts()
        )));
    }
    if target > limits::UPDATE_SHARD_COUNT_MAX {
        return Err(Error::LimitExceeded(format!(
            "UpdateShardCount cannot scale to more than {} shards. {}",
            limits::UPDATE_SHARD_COUNT_MAX,
            counts()
        )));
    }
    if !stream
        .scalings
        .allows(limits::UPDATE_SHARD_COUNT_PER_DAY, now)
    {
        return Err(Error::LimitExceeded(format!(
            "UpdateShardCount has been called {} times in the last 24 hours for stream {}.",
            limits::UPDATE_SHARD_COUNT_PER_DAY,
            stream.name
        )));
    }
    Ok(())
}

/// Cuts the ring evenly into `target` open shards.
///
/// First every shard is split at the new boundaries inside it, at the middle one first so that
/// lineages stay short; then the pieces between two new boundaries are merged from the left.
pub(super) fn scale(stream: &mut Stream, target: u32, at: Timestamp) {
    let ranges: Vec<HashRange> = hash::even_ranges(target).collect();
    let cuts: Vec<HashKey> = ranges.iter().skip(1).map(|range| range.start).collect();
    let mut to_split: Vec<(ShardId, HashRange)> = stream
        .open_shards()
        .map(|shard| (shard.id, shard.range))
        .collect();
    // The work is taken from the end: ids are then given from the ring's start.
    to_split.reverse();
    while let Some((id, range)) = to_split.pop() {
        let first = cuts.partition_point(|cut| *cut <= range.start);
        let behind = cuts.partition_point(|cut| *cut <= range.end);
        let Some(&cut) = cuts
            .get(first..behind)
            .and_then(|inside| inside.get(inside.len() / 2))
        else {
            continue;
        };
        let Some([low, high]) = stream.split(id, cut, at) else {
            continue;
        };
        to_split.push((
            high,
            HashRange {
                start: cut,
                end: range.end,
            },
        ));
        to_split.push((
            low,
            HashRange {
                start: range.start,
                end: cut - 1,
            },
        ));
    }
    for range in ranges {
        let pieces: Vec<ShardId> = stream
            .open_shards()
            .skip_while(|shard| shard.range.start < range.start)
            .take_while(|shard| shard.range.end <= range.end)
            .map(|shard| shard.id)
            .collect();
        let mut pieces = pieces.into_iter();
        let mut merged = pieces.next();
        for piece in pieces {
            merged = merged.and_then(|merged| stream.merge(merged, piece, at));
        }
    }
}

/// Splits the first `count` open shards in their middle.
pub(super) fn halve(stream: &mut Stream, count: usize, at: Timestamp) {
    let shards: Vec<(ShardId, HashRange)> = stream
        .open_shards()
        .filter(|shard| shard.range.end - shard.range.start > 1)
        .take(count)
        .map(|shard| (shard.id, shard.range))
        .collect();
    for (id, range) in shards {
        let middle = range.start + (range.end - range.start) / 2 + 1;
        stream.split(id, middle, at);
    }
}
