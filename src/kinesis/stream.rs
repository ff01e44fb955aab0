//! One stream: its shards, where records go, and what was set on it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::base::Timestamp;
use crate::base::limits::kinesis as limits;
use crate::kinesis::capacity::RollingDay;
use crate::kinesis::consumer::Consumer;
use crate::kinesis::hash::{HashKey, HashRange};
use crate::kinesis::on_demand::Demand;
use crate::kinesis::shard::{ChildShard, Shard, Totals};
use crate::kinesis::shard_id::ShardId;

/// A stream's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Being made: it has no shards yet.
    Creating,
    /// Working.
    Active,
    /// Working, with a change under way.
    Updating,
    /// Being deleted; it still takes and gives records until it is gone.
    Deleting,
}

impl Status {
    /// AWS's name of the state.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Creating => "CREATING",
            Self::Active => "ACTIVE",
            Self::Updating => "UPDATING",
            Self::Deleting => "DELETING",
        }
    }
}

/// Who decides how many shards there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The owner.
    Provisioned,
    /// Kinesis.
    OnDemand,
}

impl Mode {
    /// AWS's name of the mode.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Provisioned => "PROVISIONED",
            Self::OnDemand => "ON_DEMAND",
        }
    }

    /// The mode of this name.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Provisioned, Self::OnDemand]
            .into_iter()
            .find(|mode| mode.as_str() == text)
    }
}

/// A stream.
#[derive(Debug)]
pub(crate) struct Stream {
    pub(crate) name: String,
    /// Tells lives of the same name apart.
    pub(crate) incarnation: u64,
    pub(crate) created: Timestamp,
    pub(crate) status: Status,
    pub(crate) mode: Mode,
    /// Open shards it was created with.
    pub(crate) initial_shards: u32,
    /// Open and closed shards, without those that retention emptied.
    pub(crate) shards: BTreeMap<ShardId, Shard>,
    next_shard: u32,
    /// Open shards by the start of their range.
    route: Vec<(HashKey, ShardId)>,
    pub(crate) retention_hours: i32,
    pub(crate) max_record_kib: i32,
    pub(crate) tags: BTreeMap<String, String>,
    /// Shard-level metrics that are on.
    pub(crate) metrics: BTreeSet<&'static str>,
    /// The KMS key, when server-side encryption is on.
    pub(crate) kms_key: Option<String>,
    pub(crate) consumers: BTreeMap<String, Consumer>,
    pub(crate) policy: Option<String>,
    pub(crate) scalings: RollingDay,
    pub(crate) mode_switches: RollingDay,
    pub(crate) encryption_starts: RollingDay,
    /// What is sent to an on-demand stream.
    pub(crate) demand: Demand,
    /// What was put into shards that are gone.
    expired: Totals,
}

impl Stream {
    pub(crate) fn new(
        name: String,
        incarnation: u64,
        mode: Mode,
        initial_shards: u32,
        created: Timestamp,
    ) -> Self {
        Self {
            name,
            incarnation,
            created,
            status: Status::Creating,
            mode,
            initial_shards,
            shards: BTreeMap::new(),
            next_shard: 0,
            route: Vec::new(),
            retention_hours: limits::DEFAULT_RETENTION_HOURS,
            max_record_kib: limits::DEFAULT_MAX_RECORD_KIB,
            tags: BTreeMap::new(),
            metrics: BTreeSet::new(),
            kms_key: None,
            consumers: BTreeMap::new(),
            policy: None,
            scalings: RollingDay::default(),
            mode_switches: RollingDay::default(),
            encryption_starts: RollingDay::default(),
            demand: Demand::default(),
            expired: Totals::default(),
        }
    }

    /// Opens the first shards: the stream becomes ACTIVE, unless it was deleted in the meantime.
    pub(crate) fn activate(&mut self) {
        for range in crate::kinesis::hash::even_ranges(self.initial_shards) {
            let id = self.take_id();
            self.shards
                .insert(id, Shard::first(id, range, self.created));
        }
        if self.status == Status::Creating {
            self.status = Status::Active;
        }
        self.reroute();
    }

    fn take_id(&mut self) -> ShardId {
        let id = ShardId(self.next_shard);
        self.next_shard += 1;
        id
    }

    fn reroute(&mut self) {
        self.route = self
            .shards
            .values()
            .filter(|shard| shard.is_open())
            .map(|shard| (shard.range.start, shard.id))
            .collect();
        self.route.sort_unstable();
    }

    /// The open shard that takes records of `key`; `None` while the stream has no shards.
    pub(crate) fn shard_for(&mut self, key: HashKey) -> Option<&mut Shard> {
        let behind = self.route.partition_point(|(start, _)| *start <= key);
        let (_, id) = self.route.get(behind.checked_sub(1)?)?;
        self.shards.get_mut(id)
    }

    /// Open shards in order of their ranges.
    pub(crate) fn open_shards(&self) -> impl Iterator<Item = &Shard> {
        self.route.iter().filter_map(|(_, id)| self.shards.get(id))
    }

    /// How many shards are open, or will be when a new stream becomes ACTIVE.
    pub(crate) fn open_count(&self) -> usize {
        if self.status == Status::Creating {
            return self.initial_shards as usize;
        }
        self.route.len()
    }

    /// Closes an open shard and opens two: keys below `at`, and the others.
    pub(crate) fn split(
        &mut self,
        id: ShardId,
        at: HashKey,
        now: Timestamp,
    ) -> Option<[ShardId; 2]> {
        let children = [self.take_id(), self.take_id()];
        let parent = self.shards.get_mut(&id)?;
        let range = parent.range;
        let halves = [
            HashRange {
                start: range.start,
                end: at.checked_sub(1)?,
            },
            HashRange {
                start: at,
                end: range.end,
            },
        ];
        parent.close(now, children.to_vec());
        let parent = &*parent;
        let made: Vec<Shard> = children
            .iter()
            .zip(halves)
            .map(|(child, half)| Shard::after(&[parent], *child, half, now))
            .collect();
        self.shards
            .extend(made.into_iter().map(|shard| (shard.id, shard)));
        self.reroute();
        Some(children)
    }

    /// Closes two adjacent open shards, lower range first, and opens one over both ranges.
    pub(crate) fn merge(
        &mut self,
        id: ShardId,
        adjacent: ShardId,
        now: Timestamp,
    ) -> Option<ShardId> {
        let child = self.take_id();
        let (first, second) = (self.shards.get(&id)?, self.shards.get(&adjacent)?);
        let range = HashRange {
            start: first.range.start,
            end: second.range.end,
        };
        let made = Shard::after(&[first, second], child, range, now);
        for parent in [id, adjacent] {
            if let Some(parent) = self.shards.get_mut(&parent) {
                parent.close(now, vec![child]);
            }
        }
        self.shards.insert(child, made);
        self.reroute();
        Some(child)
    }

    /// The children of a closed shard.
    pub(crate) fn children(&self, shard: &Shard) -> Vec<ChildShard> {
        shard
            .children
            .iter()
            .filter_map(|id| self.shards.get(id))
            .map(|child| ChildShard {
                shard_id: child.id,
                parents: child.parents.clone(),
                range: child.range,
            })
            .collect()
    }

    /// Before this instant everything is forgotten.
    pub(crate) fn horizon(&self, now: Timestamp) -> Timestamp {
        let hours = u64::try_from(self.retention_hours).unwrap_or(0);
        now - Duration::from_secs(hours * 3_600)
    }

    /// Forgets what retention has passed: records, then closed shards that have none left.
    pub(crate) fn trim(&mut self, now: Timestamp) {
        let ids: Vec<ShardId> = self.shards.keys().copied().collect();
        for id in ids {
            self.trim_shard(id, now);
        }
    }

    /// Forgets what retention has passed in one shard, and the shard if it is closed and empty.
    pub(crate) fn trim_shard(&mut self, id: ShardId, now: Timestamp) {
        let horizon = self.horizon(now);
        let Some(shard) = self.shards.get_mut(&id) else {
            return;
        };
        shard.trim(horizon);
        if shard.is_expired(horizon)
            && let Some(gone) = self.shards.remove(&id)
        {
            self.expired += gone.totals;
        }
    }

    /// What was put into all shards, gone ones included.
    pub(crate) fn totals(&self) -> Totals {
        let mut totals = self.expired;
        for shard in self.shards.values() {
            totals += shard.totals;
        }
        totals
    }
}
