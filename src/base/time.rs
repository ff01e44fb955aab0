//! Instants, and the calendar in which AWS and the wind farm write them.

use std::fmt;
use std::ops::{Add, Sub};
use std::time::Duration;

use jiff::civil;
use jiff::tz::{Offset, TimeZone};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// An instant, in microseconds since 1970-01-01T00:00:00Z.
///
/// In the JSON protocols it travels as epoch seconds with a fraction (`timestamp` in the API model),
/// printed as a plain decimal: some SDKs cannot read exponents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The epoch.
    pub const EPOCH: Self = Self(0);
    /// Later than every instant in use.
    pub const MAX: Self = Self(i64::MAX);

    /// From microseconds since the epoch.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// From milliseconds since the epoch.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis.saturating_mul(1_000))
    }

    /// From seconds since the epoch.
    pub const fn from_secs(secs: i64) -> Self {
        Self(secs.saturating_mul(1_000_000))
    }

    /// Microseconds since the epoch.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Whole milliseconds since the epoch, rounded down.
    pub const fn millis(self) -> i64 {
        self.0.div_euclid(1_000)
    }

    /// Whole seconds since the epoch, rounded down.
    pub const fn secs(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// This instant cut to whole milliseconds, the precision AWS keeps.
    #[must_use]
    pub const fn floor_millis(self) -> Self {
        Self::from_millis(self.millis())
    }

    /// Time from `earlier` to this instant; zero if it is not earlier.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// Parses an RFC 3339 instant such as `2025-04-29T03:00:00Z`.
    pub fn parse(text: &str) -> Option<Self> {
        text.parse::<jiff::Timestamp>().ok().map(Self::from_jiff)
    }

    /// From the calendar library's instant.
    pub fn from_jiff(instant: jiff::Timestamp) -> Self {
        Self(instant.as_microsecond())
    }

    /// The calendar library's instant (clamped to its range: years −9999 to 9999).
    pub fn to_jiff(self) -> jiff::Timestamp {
        jiff::Timestamp::from_microsecond(self.0).unwrap_or(if self.0 < 0 {
            jiff::Timestamp::MIN
        } else {
            jiff::Timestamp::MAX
        })
    }

    /// Date and time of day in UTC.
    pub fn utc(self) -> civil::DateTime {
        TimeZone::UTC.to_datetime(self.to_jiff())
    }

    /// Date and time of day in a zone.
    pub fn in_zone(self, zone: &TimeZone) -> civil::DateTime {
        zone.to_datetime(self.to_jiff())
    }

    /// `yyyy/MM/dd/HH` in UTC: the folder Firehose's default prefix gives this instant.
    pub fn hour_folder(self) -> String {
        self.utc().strftime("%Y/%m/%d/%H").to_string()
    }

    /// `yyyy-MM-ddTHH:mm:ss.SSSZ`, as the XML protocols write instants.
    pub fn iso_millis(self) -> String {
        self.utc().strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
    }
}

/// A fixed offset such as `-03:00`, `+05:30` or `Z`.
pub fn parse_offset(text: &str) -> Option<TimeZone> {
    if text == "Z" || text.eq_ignore_ascii_case("utc") {
        return Some(TimeZone::UTC);
    }
    let (sign, rest) = match text.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = rest.split_once(':').unwrap_or((rest, "0"));
    let (hours, minutes) = (hours.parse::<i32>().ok()?, minutes.parse::<i32>().ok()?);
    if hours > 14 || minutes > 59 {
        return None;
    }
    let offset = Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).ok()?;
    Some(TimeZone::fixed(offset))
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.iso_millis())
    }
}

impl Add<Duration> for Timestamp {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        Self(
            self.0
                .saturating_add(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)),
        )
    }
}

impl Sub<Duration> for Timestamp {
    type Output = Self;

    fn sub(self, duration: Duration) -> Self {
        Self(
            self.0
                .saturating_sub(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)),
        )
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // f64 holds milliseconds since the epoch exactly until far beyond year 9999.
        serializer.serialize_f64(self.millis() as f64 / 1_000.0)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let secs = f64::deserialize(deserializer)?;
        if !secs.is_finite() || secs.abs() > 1e12 {
            return Err(D::Error::custom("timestamp out of range"));
        }
        Ok(Self::from_millis((secs * 1_000.0).round() as i64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_print_in_aws_forms() {
        let t = Timestamp::parse("2025-04-30T17:35:05.775222Z").unwrap();
        assert_eq!(t.hour_folder(), "2025/04/30/17");
        assert_eq!(t.iso_millis(), "2025-04-30T17:35:05.775Z");
        assert_eq!(serde_json::to_string(&t).unwrap(), "1746034505.775");
        assert_eq!(
            serde_json::from_str::<Timestamp>("1746034505.775").unwrap(),
            t.floor_millis()
        );
        assert_eq!(
            serde_json::from_str::<Timestamp>("1746034505")
                .unwrap()
                .secs(),
            1_746_034_505
        );
    }

    #[test]
    fn offsets_shift_the_civil_date() {
        let t = Timestamp::parse("2025-05-01T01:30:00Z").unwrap();
        let zone = parse_offset("-03:00").unwrap();
        assert_eq!(t.in_zone(&zone).date().to_string(), "2025-04-30");
        assert_eq!(t.utc().date().to_string(), "2025-05-01");
        for bad in ["", "3", "+15:00", "-03:77", "local"] {
            assert!(parse_offset(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn durations_between_instants_never_go_negative() {
        let (a, b) = (Timestamp::from_secs(10), Timestamp::from_secs(12));
        assert_eq!(b.since(a), Duration::from_secs(2));
        assert_eq!(a.since(b), Duration::ZERO);
        assert_eq!(a + Duration::from_secs(2), b);
        assert_eq!(b - Duration::from_secs(2), a);
    }
}
