//! Days, times of day and zones, over Trino's whole range of years.

use std::sync::OnceLock;

use jiff::tz::{Offset, TimeZone};

/// Microseconds of a day.
pub const DAY_MICROS: i64 = 86_400_000_000;

/// Year, month, day of a day count since 1970-01-01 (proleptic Gregorian).
pub fn civil_of(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

/// Day count of a date.
pub fn days_of(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// Days of a month.
pub const fn month_length(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Day count of a date that exists.
pub fn valid_days(year: i64, month: i64, day: i64) -> Option<i64> {
    ((1..=12).contains(&month) && (1..=month_length(year, month)).contains(&day))
        .then(|| days_of(year, month, day))
}

/// Monday is 1.
pub const fn weekday(days: i64) -> i64 {
    (days + 3).rem_euclid(7) + 1
}

/// ISO year and week.
pub fn iso_week(days: i64) -> (i64, i64) {
    let thursday = days - weekday(days) + 4;
    let (year, ..) = civil_of(thursday);
    (year, (thursday - days_of(year, 1, 1)) / 7 + 1)
}

/// Months added to a date, the day clipped to the month.
pub fn plus_months(days: i64, months: i64) -> i64 {
    let (year, month, day) = civil_of(days);
    let total = year * 12 + month - 1 + months;
    let (year, month) = (total.div_euclid(12), total.rem_euclid(12) + 1);
    days_of(year, month, day.min(month_length(year, month)))
}

/// A zone's number in packed timestamps: 0 is UTC, then offsets by minutes, then names.
type ZoneKey = i64;

const OFFSET_MINUTES: i64 = 14 * 60;
const FIRST_NAME: ZoneKey = 2 * OFFSET_MINUTES + 2;

struct Named {
    name: String,
    zone: TimeZone,
}

fn names() -> &'static [Named] {
    static NAMES: OnceLock<Vec<Named>> = OnceLock::new();
    NAMES.get_or_init(|| {
        let mut all: Vec<Named> = jiff::tz::db()
            .available()
            .filter_map(|name| {
                let name = name.as_str().to_string();
                let zone = TimeZone::get(&name).ok()?;
                Some(Named { name, zone })
            })
            .collect();
        all.sort_by(|a, b| a.name.cmp(&b.name));
        all
    })
}

/// The key of a zone's name or offset.
pub fn zone_key(text: &str) -> Option<ZoneKey> {
    if [
        "UTC",
        "Z",
        "GMT",
        "UT",
        "Etc/UTC",
        "GMT0",
        "Greenwich",
        "Zulu",
        "Universal",
        "UCT",
        "Etc/GMT",
    ]
    .iter()
    .any(|utc| utc.eq_ignore_ascii_case(text))
    {
        return Some(0);
    }
    let bare = ["UTC", "GMT", "UT"]
        .iter()
        .find_map(|prefix| text.strip_prefix(prefix))
        .unwrap_or(text);
    if bare.starts_with(['+', '-']) {
        return offset_key(bare);
    }
    let at = names()
        .iter()
        .position(|named| named.name.eq_ignore_ascii_case(text))?;
    i64::try_from(at).ok().map(|at| FIRST_NAME + at)
}

fn offset_key(text: &str) -> Option<ZoneKey> {
    let negative = text.starts_with('-');
    let digits = text.get(1..)?;
    let (hours, minutes) = match digits.split_once(':') {
        Some((hours, minutes)) if minutes.len() == 2 => (hours, minutes),
        Some(_) => return None,
        None if digits.len() == 4 => digits.split_at_checked(2)?,
        None => (digits, "0"),
    };
    if hours.is_empty() || hours.len() > 2 || !hours.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let (hours, minutes) = (hours.parse::<i64>().ok()?, minutes.parse::<i64>().ok()?);
    let total = hours * 60 + minutes;
    if minutes > 59 || total > OFFSET_MINUTES {
        return None;
    }
    Some(offset_minutes_key(if negative { -total } else { total }))
}

fn offset_minutes_key(minutes: i64) -> ZoneKey {
    if minutes == 0 {
        0
    } else {
        minutes + OFFSET_MINUTES + 1
    }
}

/// The text of a zone.
pub fn zone_name(key: ZoneKey) -> String {
    if key == 0 {
        return "UTC".into();
    }
    if key < FIRST_NAME {
        let minutes = key - 1 - OFFSET_MINUTES;
        let sign = if minutes < 0 { '-' } else { '+' };
        let minutes = minutes.abs();
        return format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60);
    }
    usize::try_from(key - FIRST_NAME)
        .ok()
        .and_then(|at| names().get(at))
        .map_or_else(String::new, |named| named.name.clone())
}

fn named_zone(key: ZoneKey) -> Option<&'static TimeZone> {
    usize::try_from(key - FIRST_NAME)
        .ok()
        .and_then(|at| names().get(at))
        .map(|named| &named.zone)
}

/// What to take off an instant beyond the calendar library's years, in whole cycles of 400 years: the
/// calendar, and so the rules of zones, repeat with them.
const fn far_from_now(millis: i64) -> i64 {
    const CYCLE: i64 = 146_097 * 86_400_000;
    const LIMIT: i64 = 250_000_000_000_000;
    if millis > LIMIT {
        ((millis - LIMIT) / CYCLE + 1) * CYCLE
    } else if millis < -LIMIT {
        -(((-millis - LIMIT) / CYCLE + 1) * CYCLE)
    } else {
        0
    }
}

/// An instant with a zone, packed as Trino packs it: milliseconds in the upper 52 bits, zone below.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Zoned {
    /// Milliseconds since the epoch.
    pub millis: i64,
    /// The zone.
    pub zone: ZoneKey,
}

impl Zoned {
    /// From its packed form.
    pub const fn unpack(packed: i64) -> Self {
        Self {
            millis: packed >> 12,
            zone: packed & 0xfff,
        }
    }

    /// Packed; `None` when the instant does not fit.
    pub fn pack(self) -> Option<i64> {
        let limit = 1_i64 << 51;
        (-limit..limit)
            .contains(&self.millis)
            .then_some((self.millis << 12) | self.zone)
    }

    /// Milliseconds of the local date and time, as if it were UTC.
    pub fn local_millis(self) -> i64 {
        self.millis + self.offset_seconds() * 1_000
    }

    fn offset_seconds(self) -> i64 {
        if self.zone < FIRST_NAME {
            return if self.zone == 0 {
                0
            } else {
                (self.zone - 1 - OFFSET_MINUTES) * 60
            };
        }
        let near = self.millis - far_from_now(self.millis);
        let instant = jiff::Timestamp::from_millisecond(near).unwrap_or_default();
        named_zone(self.zone).map_or(0, |zone| i64::from(zone.to_offset(instant).seconds()))
    }

    /// From a local date and time. In a gap the time moves forward; in an overlap the first holds.
    pub fn from_local(local_millis: i64, zone: ZoneKey) -> Self {
        let guess = Self {
            millis: local_millis,
            zone,
        };
        let Some(named) = named_zone(zone).filter(|_| zone >= FIRST_NAME) else {
            return Self {
                millis: local_millis - guess.offset_seconds() * 1_000,
                zone,
            };
        };
        let far = far_from_now(local_millis);
        let utc = jiff::Timestamp::from_millisecond(local_millis - far).unwrap_or_default();
        let civil = TimeZone::fixed(Offset::UTC).to_datetime(utc);
        let millis = named
            .to_ambiguous_timestamp(civil)
            .compatible()
            .map_or(local_millis, |near| near.as_millisecond() + far);
        Self { millis, zone }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_dates_are_inverse_over_all_years() {
        for days in (-5_000_000..5_000_000).step_by(997) {
            let (year, month, day) = civil_of(days);
            assert_eq!(valid_days(year, month, day), Some(days));
        }
        assert_eq!(civil_of(0), (1970, 1, 1));
        assert_eq!(weekday(0), 4);
        assert_eq!(iso_week(days_of(2021, 1, 3)), (2020, 53));
        assert_eq!(plus_months(days_of(2020, 1, 31), 1), days_of(2020, 2, 29));
    }

    #[test]
    fn zones_have_keys_and_names() {
        for (text, name) in [
            ("UTC", "UTC"),
            ("+05:30", "+05:30"),
            ("-8", "-08:00"),
            ("America/Los_Angeles", "America/Los_Angeles"),
        ] {
            assert_eq!(zone_key(text).map(zone_name).as_deref(), Some(name));
        }
        assert_eq!(zone_key("+15:00"), None);
        assert_eq!(zone_key("Mars/Base"), None);
        let zone = zone_key("America/Los_Angeles").unwrap();
        let local = days_of(2020, 5, 1) * 86_400_000;
        let zoned = Zoned::from_local(local, zone);
        assert_eq!(zoned.millis - local, 7 * 3_600_000);
        assert_eq!(zoned.local_millis(), local);
        assert_eq!(zoned.pack().map(Zoned::unpack), Some(zoned));
    }
}
