//! The books of a delivery stream: where every accepted record is.

use crate::base::Timestamp;

/// Where the records of a delivery stream are.
///
/// `accepted = delivered + rejected + dropped + in_flight` at any moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Records taken in, from puts and from the Kinesis source.
    pub accepted: u64,
    /// Records written to objects under the prefix.
    pub delivered: u64,
    /// Records written to objects under the error prefix.
    pub rejected: u64,
    /// Records given up: after a day of failed attempts, by a function that dropped them, or by the
    /// deletion of the stream.
    pub dropped: u64,
    /// Records buffered, being written or waiting for another attempt.
    pub in_flight: u64,
    /// Objects written, those of the backup included.
    pub objects: u64,
    /// Bytes of those objects, as stored.
    pub bytes: u64,
    /// Source records copied to the backup bucket; they are no part of the balance.
    pub backed_up: u64,
    /// Arrival of the oldest record in flight.
    pub oldest_in_flight: Option<Timestamp>,
}
