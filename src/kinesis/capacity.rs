//! What a shard can take and give in a second.
//!
//! AWS documents rates per second and no algorithm. Here each limit is a bucket that holds one
//! second's worth and fills continuously, so a burst of a full second passes and any longer
//! overload is refused in proportion. All arithmetic is exact.

use std::time::Duration;

use crate::base::Timestamp;
use crate::base::limits::kinesis as limits;

const MICROS: i64 = 1_000_000;

/// A bucket of one second's allowance of something counted in whole units (bytes, records, calls).
#[derive(Clone, Debug)]
pub struct Bucket {
    per_sec: i64,
    /// Millionths of a unit; negative while a large amount is being paid off.
    level: i64,
    filled: Timestamp,
}

impl Bucket {
    /// A full bucket.
    pub fn full(per_sec: usize, now: Timestamp) -> Self {
        let per_sec = i64::try_from(per_sec).unwrap_or(i64::MAX / MICROS);
        Self {
            per_sec,
            level: per_sec * MICROS,
            filled: now,
        }
    }

    fn fill(&mut self, now: Timestamp) {
        let micros = i64::try_from(now.since(self.filled).as_micros()).unwrap_or(i64::MAX);
        let top = self.per_sec * MICROS;
        self.level = self
            .level
            .saturating_add(micros.saturating_mul(self.per_sec))
            .min(top);
        self.filled = self.filled.max(now);
    }

    /// Whether `amount` may pass now. More than the bucket can ever hold passes when it is full:
    /// a stream may allow records larger than a second's allowance.
    pub fn allows(&mut self, amount: usize, now: Timestamp) -> bool {
        self.fill(now);
        let needed = i64::try_from(amount).unwrap_or(i64::MAX).min(self.per_sec) * MICROS;
        self.level >= needed
    }

    /// When `amount` may pass, if nothing else is taken until then.
    pub fn ready_at(&self, amount: usize) -> Timestamp {
        let needed = i64::try_from(amount).unwrap_or(i64::MAX).min(self.per_sec) * MICROS;
        let missing = needed.saturating_sub(self.level).max(0);
        let micros = missing
            .unsigned_abs()
            .div_ceil(self.per_sec.max(1).unsigned_abs());
        self.filled + Duration::from_micros(micros)
    }

    /// Takes `amount`, into debt if need be.
    pub fn take(&mut self, amount: usize) {
        let amount = i64::try_from(amount).unwrap_or(i64::MAX / MICROS);
        self.level = self.level.saturating_sub(amount.saturating_mul(MICROS));
    }

    /// Takes `amount` if it may pass now.
    pub fn try_take(&mut self, amount: usize, now: Timestamp) -> bool {
        let allowed = self.allows(amount, now);
        if allowed {
            self.take(amount);
        }
        allowed
    }

    /// How much of a second's allowance is used up at `now`: 0 idle, 1 exhausted, above in debt.
    pub fn utilisation(&self, now: Timestamp) -> f64 {
        let mut at_now = self.clone();
        at_now.fill(now);
        1.0 - at_now.level as f64 / (self.per_sec * MICROS).max(1) as f64
    }
}

/// The limits of one shard.
#[derive(Clone, Debug)]
pub struct ShardCapacity {
    write_bytes: Bucket,
    write_records: Bucket,
    read_bytes: Bucket,
    read_calls: Bucket,
    iterator_calls: Bucket,
    /// No reads before this instant: the penalty after a reply of the maximum size.
    read_again: Timestamp,
}

impl ShardCapacity {
    /// An idle shard's.
    pub fn new(now: Timestamp) -> Self {
        Self {
            write_bytes: Bucket::full(limits::SHARD_WRITE_BYTES_PER_SEC, now),
            write_records: Bucket::full(limits::SHARD_WRITE_RECORDS_PER_SEC, now),
            read_bytes: Bucket::full(limits::SHARD_READ_BYTES_PER_SEC, now),
            read_calls: Bucket::full(limits::SHARD_READ_CALLS_PER_SEC, now),
            iterator_calls: Bucket::full(limits::SHARD_ITERATOR_CALLS_PER_SEC, now),
            read_again: Timestamp::EPOCH,
        }
    }

    /// Admits one record of `bytes` (data and partition key), or refuses it and takes nothing.
    pub fn admit_record(&mut self, bytes: usize, now: Timestamp) -> bool {
        let admitted = self.write_records.allows(1, now) && self.write_bytes.allows(bytes, now);
        if admitted {
            self.write_records.take(1);
            self.write_bytes.take(bytes);
        }
        admitted
    }

    /// Admits one GetRecords call. Its bytes are charged when they are known.
    pub fn admit_read(&mut self, now: Timestamp) -> bool {
        now >= self.read_again && self.read_bytes.allows(1, now) && self.read_calls.try_take(1, now)
    }

    /// Charges what a GetRecords call returned; `cut` says that it was cut at the maximum size.
    pub fn charge_read(&mut self, bytes: usize, cut: bool, now: Timestamp) {
        self.read_bytes.take(bytes);
        if cut {
            self.read_again = now + limits::GET_RECORDS_PENALTY;
        }
    }

    /// Admits one GetShardIterator call.
    pub fn admit_iterator(&mut self, now: Timestamp) -> bool {
        self.iterator_calls.try_take(1, now)
    }

    /// The more used of the two write limits, as a share of one second's allowance.
    pub fn write_utilisation(&self, now: Timestamp) -> f64 {
        self.write_bytes
            .utilisation(now)
            .max(self.write_records.utilisation(now))
    }
}

/// Counts events in a rolling day: for the quotas AWS states per 24 hours.
#[derive(Clone, Debug, Default)]
pub struct RollingDay(std::collections::VecDeque<Timestamp>);

impl RollingDay {
    const DAY: Duration = Duration::from_secs(24 * 3_600);

    /// Whether another event fits under `quota` at `now`.
    pub fn allows(&mut self, quota: usize, now: Timestamp) -> bool {
        while self.0.front().is_some_and(|at| *at + Self::DAY <= now) {
            self.0.pop_front();
        }
        self.0.len() < quota
    }

    /// Notes an event.
    pub fn note(&mut self, now: Timestamp) {
        self.0.push_back(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_secs(1_000_000) + Duration::from_millis(millis as u64)
    }

    #[test]
    fn a_shard_takes_a_thousand_records_at_once_and_one_more_a_millisecond_later() {
        let mut capacity = ShardCapacity::new(at(0));
        let taken = (0..1_200)
            .filter(|_| capacity.admit_record(10, at(0)))
            .count();
        assert_eq!(taken, 1_000);
        assert!(capacity.admit_record(10, at(1)));
        assert!(!capacity.admit_record(10, at(1)));
        assert!((capacity.write_utilisation(at(1)) - 1.0).abs() < 1e-9);
        assert!((capacity.write_utilisation(at(501)) - 0.5).abs() < 1e-9);
        assert!(capacity.write_utilisation(at(2_000)) < 1e-9);
    }

    #[test]
    fn a_shard_takes_a_mebibyte_a_second() {
        let mut capacity = ShardCapacity::new(at(0));
        assert!(capacity.admit_record(1024 * 1024 - 100, at(0)));
        assert!(!capacity.admit_record(101, at(0)));
        assert!(capacity.admit_record(100, at(0)));
        assert!(!capacity.admit_record(1024 * 1024, at(999)));
        assert!(capacity.admit_record(1024 * 1024, at(1_000)));
    }

    #[test]
    fn a_record_larger_than_a_second_is_paid_off_over_the_next_ones() {
        let mut capacity = ShardCapacity::new(at(0));
        assert!(capacity.admit_record(10 * 1024 * 1024, at(0)));
        assert!(!capacity.admit_record(1, at(8_999)));
        assert!(capacity.admit_record(1, at(9_001)));
    }

    #[test]
    fn five_reads_a_second_and_a_penalty_after_a_full_reply() {
        let mut capacity = ShardCapacity::new(at(0));
        assert_eq!((0..9).filter(|_| capacity.admit_read(at(0))).count(), 5);
        assert!(capacity.admit_read(at(200)));
        let mut capacity = ShardCapacity::new(at(0));
        assert!(capacity.admit_read(at(0)));
        capacity.charge_read(limits::GET_RECORDS_MAX_BYTES, true, at(0));
        assert!(!capacity.admit_read(at(4_999)));
        assert!(capacity.admit_read(at(5_000)));
    }

    #[test]
    fn a_clock_that_steps_back_gives_nothing_away() {
        let mut bucket = Bucket::full(10, at(1_000));
        assert!(bucket.try_take(10, at(1_000)));
        assert!(!bucket.allows(1, at(0)));
        assert!(!bucket.allows(1, at(1_000)));
        assert!(bucket.allows(1, at(1_100)));
    }

    #[test]
    fn a_rolling_day_forgets_after_24_hours() {
        let mut day = RollingDay::default();
        for hour in [0, 1] {
            assert!(day.allows(2, at(hour * 3_600_000)));
            day.note(at(hour * 3_600_000));
        }
        assert!(!day.allows(2, at(24 * 3_600_000 - 1)));
        assert!(day.allows(2, at(24 * 3_600_000)));
    }
}
