//! How often an account may call the operations of the control plane.

use std::collections::BTreeMap;

use crate::base::Timestamp;
use crate::kinesis::capacity::Bucket;
use crate::kinesis::{Error, Kinesis, Result};

/// One bucket an operation, or one an operation and stream where AWS counts by stream.
#[derive(Debug, Default)]
pub(super) struct CallRates(BTreeMap<(&'static str, String), Bucket>);

impl Kinesis {
    /// Counts a call of `operation` against the account's rate.
    pub(super) fn rate(
        &mut self,
        now: Timestamp,
        operation: &'static str,
        calls_per_sec: usize,
    ) -> Result<()> {
        self.rate_for(now, operation, "", calls_per_sec)
    }

    /// Counts a call of `operation` on `stream` against the stream's rate.
    pub(super) fn rate_for(
        &mut self,
        now: Timestamp,
        operation: &'static str,
        stream: &str,
        calls_per_sec: usize,
    ) -> Result<()> {
        if !self.limited() {
            return Ok(());
        }
        let allowed = self
            .rates
            .0
            .entry((operation, stream.to_owned()))
            .or_insert_with(|| Bucket::full(calls_per_sec, now))
            .try_take(1, now);
        if allowed {
            return Ok(());
        }
        let whose = if stream.is_empty() {
            format!("account {}", self.account)
        } else {
            format!("stream {stream} under account {}", self.account)
        };
        Err(Error::LimitExceeded(format!(
            "Rate exceeded for {operation} by {whose}: {calls_per_sec} calls per second."
        )))
    }
}
