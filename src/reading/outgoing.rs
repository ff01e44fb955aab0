//! A record on its way to a stream.

use bytes::Bytes;

use crate::base::Timestamp;

/// What a producer puts into a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// The record.
    pub payload: Bytes,
    /// Decides the shard.
    pub partition_key: String,
    /// When what the record tells happened.
    pub event_time: Timestamp,
}

/// What a producer uses as partition key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeyChoice {
    /// [`course::PARTITION_KEY`](super::course::PARTITION_KEY) for everything, as the original
    /// project does: all records land in one shard.
    #[default]
    Course,
    /// The sensor's name, or the turbine of a record that has one: order is kept for each.
    Source,
    /// The number of the record: spread over all shards, in no order.
    Spread,
}
