//! Days, times of day and zones, over Trino's whole range of years.

use std::sync::OnceLock;

use jiff::tz::{Offset, TimeZone};

/// Picoseconds of a day.
pub const DAY_PICOS: i64 = 86_400 * SECOND_PICOS;

/// Picoseconds of a minute.
pub const MINUTE_PICOS: i64 = 60 * SECOND_PICOS;

/// Picoseconds of a second.
pub const SECOND_PICOS: i64 = 1_000_000_000_000;

/// Picoseconds of a millisecond.
pub const MILLI_PICOS: i64 = 1_000_000_000;

/// Picoseconds of a microsecond.
pub const MICRO_PICOS: i64 = 1_000_000;

/// The day of a local time since the epoch, in days, and what is left of it.
pub fn split_day(picos: i128) -> (i64, i64) {
    let day = i128::from(DAY_PICOS);
    // A time of 64-bit microseconds is fewer than 2^63 days away.
    (
        i64::try_from(picos.div_euclid(day)).unwrap_or(i64::MAX),
        i64::try_from(picos.rem_euclid(day)).unwrap_or(0),
    )
}

/// The inverse of [`split_day`].
pub fn join_day(days: i64, of_day: i64) -> i128 {
    i128::from(days) * i128::from(DAY_PICOS) + i128::from(of_day)
}

/// Milliseconds of a count of picoseconds, rounded down.
pub fn millis_of(picos: i128) -> i64 {
    let millis = picos.div_euclid(i128::from(MILLI_PICOS));
    i64::try_from(millis).unwrap_or(if picos < 0 { i64::MIN } else { i64::MAX })
}

/// A count of picoseconds at a precision, rounded half up.
pub fn round_picos(picos: i128, precision: u8) -> i128 {
    let unit = 10_i128.pow(u32::from(12_u8.saturating_sub(precision)));
    if unit == 1 {
        return picos;
    }
    (picos + unit / 2).div_euclid(unit) * unit
}

/// A time of day at a precision: the last moments of a day round to its start.
pub fn round_of_day(picos: i64, precision: u8) -> i64 {
    let rounded = round_picos(i128::from(picos), precision);
    split_day(rounded).1
}

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

/// The key of an offset in minutes, up to 14 hours.
pub fn offset_minutes_key(minutes: i64) -> ZoneKey {
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
        return offset_text(key - 1 - OFFSET_MINUTES);
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

/// What the clocks of a zone are called at an instant, such as `PDT`; `None` if that is no word.
pub fn abbreviation(zoned: Zoned) -> Option<String> {
    if zoned.zone < FIRST_NAME {
        return Some(zone_name(zoned.zone));
    }
    let near = zoned.millis - far_from_now(zoned.millis);
    let instant = jiff::Timestamp::from_millisecond(near).ok()?;
    let info = named_zone(zoned.zone)?.to_offset_info(instant);
    let word = info.abbreviation();
    word.bytes()
        .all(|b| b.is_ascii_alphabetic())
        .then(|| word.to_string())
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

/// An instant with a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Zoned {
    /// Milliseconds since the epoch.
    pub millis: i64,
    /// Picoseconds of the millisecond.
    pub rest: u32,
    /// The zone.
    pub zone: ZoneKey,
}

impl Zoned {
    /// Of whole milliseconds.
    pub const fn new(millis: i64, zone: ZoneKey) -> Self {
        Self {
            millis,
            rest: 0,
            zone,
        }
    }

    /// From picoseconds since the epoch; `None` beyond 64-bit milliseconds.
    pub fn at(picos: i128, zone: ZoneKey) -> Option<Self> {
        let unit = i128::from(MILLI_PICOS);
        Some(Self {
            millis: i64::try_from(picos.div_euclid(unit)).ok()?,
            rest: u32::try_from(picos.rem_euclid(unit)).ok()?,
            zone,
        })
    }

    /// Picoseconds since the epoch.
    pub fn picos(self) -> i128 {
        i128::from(self.millis) * i128::from(MILLI_PICOS) + i128::from(self.rest)
    }

    /// From the form of short precisions: milliseconds in the upper 52 bits, zone below.
    pub const fn unpack(packed: i64) -> Self {
        Self::new(packed >> 12, packed & 0xfff)
    }

    /// In the form of short precisions; `None` when the instant does not fit.
    pub fn pack(self) -> Option<i64> {
        self.is_short().then_some((self.millis << 12) | self.zone)
    }

    /// Whether the instant is near enough for the form of short precisions.
    pub fn is_short(self) -> bool {
        let limit = 1_i64 << 51;
        (-limit..limit).contains(&self.millis)
    }

    /// From the form of long precisions: picoseconds above the zone.
    pub fn unpack_long(packed: i128) -> Option<Self> {
        let zone = i64::try_from(packed & 0xfff).ok()?;
        Self::at(packed >> 12, zone)
    }

    /// In the form of long precisions.
    pub fn pack_long(self) -> i128 {
        (self.picos() << 12) | i128::from(self.zone)
    }

    /// Picoseconds of the local date and time, as if it were UTC.
    pub fn local_picos(self) -> i128 {
        self.picos() + i128::from(self.offset_seconds()) * i128::from(SECOND_PICOS)
    }

    /// What the zone is ahead of UTC at the instant.
    pub fn offset_seconds(self) -> i64 {
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
    /// `None` beyond 64-bit milliseconds.
    pub fn from_local(local_picos: i128, zone: ZoneKey) -> Option<Self> {
        Self::local(local_picos, zone).map(|(zoned, _)| zoned)
    }

    /// The same, `None` also for a time the clocks of the zone skip.
    pub fn from_existing(local_picos: i128, zone: ZoneKey) -> Option<Self> {
        Self::local(local_picos, zone)
            .filter(|(_, skipped)| !skipped)
            .map(|(zoned, _)| zoned)
    }

    fn local(local_picos: i128, zone: ZoneKey) -> Option<(Self, bool)> {
        let guess = Self::at(local_picos, zone)?;
        let Some(named) = named_zone(zone).filter(|_| zone >= FIRST_NAME) else {
            let millis = guess.millis.checked_sub(guess.offset_seconds() * 1_000)?;
            return Some((Self { millis, ..guess }, false));
        };
        let far = far_from_now(guess.millis);
        let utc = jiff::Timestamp::from_millisecond(guess.millis - far).unwrap_or_default();
        let civil = TimeZone::fixed(Offset::UTC).to_datetime(utc);
        let found = named.to_ambiguous_timestamp(civil);
        let skipped = matches!(found.offset(), jiff::tz::AmbiguousOffset::Gap { .. });
        let millis = found.compatible().ok()?.as_millisecond() + far;
        Some((Self { millis, ..guess }, skipped))
    }
}

/// A time of day with an offset from UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ZonedTime {
    /// Picoseconds of the local day.
    pub picos: i64,
    /// Minutes ahead of UTC.
    pub offset: i64,
}

impl ZonedTime {
    /// Picoseconds of the day in UTC: two times are equal when these are.
    pub const fn utc(self) -> i64 {
        (self.picos - self.offset * MINUTE_PICOS).rem_euclid(DAY_PICOS)
    }

    /// The same moment under another offset.
    #[must_use]
    pub const fn at_offset(self, offset: i64) -> Self {
        Self {
            picos: (self.utc() + offset * MINUTE_PICOS).rem_euclid(DAY_PICOS),
            offset,
        }
    }

    /// As it is held: the moment in UTC above the offset, which is counted from the least.
    pub fn pack(self) -> i128 {
        (i128::from(self.utc()) << 12) | i128::from(self.offset + OFFSET_MINUTES)
    }

    /// From the form it is held in.
    pub fn unpack(packed: i128) -> Option<Self> {
        let utc = Self {
            picos: i64::try_from(packed >> 12).ok()?,
            offset: 0,
        };
        let offset = i64::try_from(packed & 0xfff).ok()? - OFFSET_MINUTES;
        Some(utc.at_offset(offset))
    }
}

/// `+hh:mm`
pub fn offset_text(minutes: i64) -> String {
    let sign = if minutes < 0 { '-' } else { '+' };
    let minutes = minutes.abs();
    format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

/// Minutes of `+hh:mm` or `-hh:mm`, up to 14 hours.
pub fn offset_of(text: &str) -> Option<i64> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text.strip_prefix('+')?),
    };
    let (hours, minutes) = digits.split_once(':')?;
    let plain = |text: &str| text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit());
    if !plain(hours) || !plain(minutes) {
        return None;
    }
    let (hours, minutes) = (hours.parse::<i64>().ok()?, minutes.parse::<i64>().ok()?);
    let total = hours * 60 + minutes;
    (minutes < 60 && total <= OFFSET_MINUTES).then_some(sign * total)
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
        let local = join_day(days_of(2020, 5, 1), 0);
        let zoned = Zoned::from_local(local, zone).unwrap();
        assert_eq!(zoned.offset_seconds(), -7 * 3_600);
        assert_eq!(zoned.local_picos(), local);
        assert_eq!(zoned.pack().map(Zoned::unpack), Some(zoned));
        let skipped = join_day(days_of(2020, 3, 8), 150 * MINUTE_PICOS);
        assert_eq!(Zoned::from_existing(skipped, zone), None);
        let moved = Zoned::from_local(skipped, zone).unwrap();
        assert_eq!(moved.local_picos() - skipped, 60 * i128::from(MINUTE_PICOS));
    }

    #[test]
    fn wide_forms_are_inverse_and_in_the_order_of_time() {
        for picos in [-1_i128, 0, 1, 10_i128.pow(24), -(10_i128.pow(24)) - 7] {
            let zoned = Zoned::at(picos, zone_key("+05:30").unwrap()).unwrap();
            assert_eq!(zoned.picos(), picos);
            assert_eq!(Zoned::unpack_long(zoned.pack_long()), Some(zoned));
        }
        let time = |picos, offset| ZonedTime { picos, offset };
        for (picos, offset) in [(0, 0), (1, 840), (DAY_PICOS - 1, -840)] {
            let time = time(picos, offset);
            assert_eq!(ZonedTime::unpack(time.pack()), Some(time));
        }
        // 01:00+02:00 is 23:00 in UTC.
        let early = time(60 * MINUTE_PICOS, 120);
        assert!(early.pack() > time(22 * 60 * MINUTE_PICOS, 0).pack());
        assert_eq!(
            offset_of("-08:30").map(offset_text).as_deref(),
            Some("-08:30")
        );
        assert_eq!(offset_of("+14:01"), None);
    }

    #[test]
    fn precisions_round_half_up_and_days_wrap() {
        assert_eq!(round_picos(1_500, 9), 2_000);
        assert_eq!(round_picos(-1_500, 9), -1_000);
        assert_eq!(round_of_day(DAY_PICOS - 1, 11), 0);
    }
}
