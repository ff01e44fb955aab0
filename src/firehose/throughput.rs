//! How much a delivery stream takes by direct put in a second.
//!
//! Counted in whole seconds of the clock. Source: "Amazon Data Firehose Quota".

use crate::base::limits::firehose::{
    LARGE_PUT_BYTES_PER_SEC, LARGE_PUT_RECORDS_PER_SEC, LARGE_PUT_REGIONS,
    LARGE_PUT_REQUESTS_PER_SEC, PUT_BYTES_PER_SEC, PUT_RECORDS_PER_SEC, PUT_REQUESTS_PER_SEC,
};
use crate::base::{Region, Timestamp};

/// What may be put in a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Quota {
    requests: usize,
    records: usize,
    bytes: usize,
}

impl Quota {
    /// Without limits.
    pub(super) const UNLIMITED: Self = Self {
        requests: usize::MAX,
        records: usize::MAX,
        bytes: usize::MAX,
    };

    /// The default of a region.
    pub(super) fn of(region: &Region) -> Self {
        if LARGE_PUT_REGIONS.contains(&region.as_str()) {
            Self {
                requests: LARGE_PUT_REQUESTS_PER_SEC,
                records: LARGE_PUT_RECORDS_PER_SEC,
                bytes: LARGE_PUT_BYTES_PER_SEC,
            }
        } else {
            Self {
                requests: PUT_REQUESTS_PER_SEC,
                records: PUT_RECORDS_PER_SEC,
                bytes: PUT_BYTES_PER_SEC,
            }
        }
    }
}

/// What was put in the second that runs.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Throughput {
    second: i64,
    requests: usize,
    records: usize,
    bytes: usize,
}

impl Throughput {
    /// Counts a request. False when there were enough in this second.
    pub(super) fn admit_request(&mut self, now: Timestamp, quota: Quota) -> bool {
        if self.second != now.secs() {
            *self = Self {
                second: now.secs(),
                ..Self::default()
            };
        }
        let admitted = self.requests < quota.requests;
        self.requests += usize::from(admitted);
        admitted
    }

    /// Counts a record of an admitted request. False when it would exceed what a second takes.
    pub(super) fn admit_record(&mut self, bytes: usize, quota: Quota) -> bool {
        let admitted =
            self.records < quota.records && self.bytes.saturating_add(bytes) <= quota.bytes;
        if admitted {
            self.records += 1;
            self.bytes += bytes;
        }
        admitted
    }
}
