//! How an on-demand stream grows.
//!
//! AWS promises room for twice the highest write throughput of the last 30 days, and to have made it
//! within fifteen minutes; it does not say how. Here: when what is sent in one second (throttled
//! records included) is more than half of what the open shards take, every open shard is split in its
//! middle fifteen minutes later. One growth at a time, up to the quota. Streams do not shrink: that
//! would take thirty quiet days.

use crate::base::Timestamp;
use crate::base::limits::kinesis as limits;
use crate::kinesis::stream::{Mode, Status, Stream};
use crate::kinesis::{Kinesis, What, reshard};

/// What was sent in the present second.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Demand {
    second: i64,
    records: usize,
    bytes: usize,
    /// Whether a growth is under way.
    growing: bool,
}

impl Demand {
    /// Adds to the present second and answers how many shards' capacity it would take.
    fn add(&mut self, now: Timestamp, records: usize, bytes: usize) -> usize {
        if now.secs() != self.second {
            (self.second, self.records, self.bytes) = (now.secs(), 0, 0);
        }
        self.records += records;
        self.bytes += bytes;
        let by_records = self.records.div_ceil(limits::SHARD_WRITE_RECORDS_PER_SEC);
        let by_bytes = self.bytes.div_ceil(limits::SHARD_WRITE_BYTES_PER_SEC);
        by_records.max(by_bytes)
    }
}

impl Kinesis {
    /// Notes what was sent to a stream, and lets an on-demand one grow if it needs to.
    pub(super) fn observe_demand(
        &mut self,
        now: Timestamp,
        name: &str,
        records: usize,
        bytes: usize,
    ) {
        let Some(stream) = self.streams.get_mut(name) else {
            return;
        };
        if stream.mode != Mode::OnDemand {
            return;
        }
        let needed = 2 * stream.demand.add(now, records, bytes);
        let open = stream.open_count();
        if needed > open && open < limits::ON_DEMAND_MAX_SHARDS && !stream.demand.growing {
            stream.demand.growing = true;
            let incarnation = stream.incarnation;
            let due = now + limits::ON_DEMAND_SCALES_WITHIN;
            self.schedule_at(due, name, incarnation, What::Grow);
        }
    }
}

/// Doubles the shards of a stream that is still on-demand and not being deleted.
pub(super) fn grow(stream: &mut Stream, at: Timestamp) {
    stream.demand.growing = false;
    if stream.mode != Mode::OnDemand || stream.status == Status::Deleting {
        return;
    }
    let room = limits::ON_DEMAND_MAX_SHARDS.saturating_sub(stream.open_count());
    reshard::halve(stream, room, at);
}
