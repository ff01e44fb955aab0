//! Dates and times of day as Hive, Athena and Spark write them in text.

use jiff::civil::{Date, DateTime};
use jiff::tz::{Offset, TimeZone};

/// Days since 1970-01-01, Arrow's `Date32`.
pub fn days(date: Date) -> i32 {
    // Years −9999 to 9999 fit an i32 of days many times over.
    i32::try_from(
        date.to_datetime(jiff::civil::Time::midnight())
            .micros()
            .div_euclid(DAY_MICROS),
    )
    .unwrap_or(0)
}

/// The date of `days` since 1970-01-01, if the calendar reaches that far.
pub fn date(days: i32) -> Option<Date> {
    datetime(i64::from(days).checked_mul(DAY_MICROS)?).map(DateTime::date)
}

/// Microseconds of a day.
pub const DAY_MICROS: i64 = 86_400_000_000;

/// Microseconds since 1970-01-01 00:00 of a date and time of day without a zone.
pub fn micros(at: DateTime) -> i64 {
    at.micros()
}

/// The date and time of day `micros` after 1970-01-01 00:00.
pub fn datetime(micros: i64) -> Option<DateTime> {
    let instant = jiff::Timestamp::from_microsecond(micros).ok()?;
    Some(TimeZone::UTC.to_datetime(instant))
}

trait Micros {
    fn micros(self) -> i64;
}

impl Micros for DateTime {
    fn micros(self) -> i64 {
        TimeZone::UTC
            .to_timestamp(self)
            .map_or(0, jiff::Timestamp::as_microsecond)
    }
}

/// Takes an unsigned number of `digits` length off the front.
fn number(text: &mut &str, digits: std::ops::RangeInclusive<usize>) -> Option<i64> {
    let length = text
        .bytes()
        .take(*digits.end())
        .take_while(u8::is_ascii_digit)
        .count();
    if !digits.contains(&length) {
        return None;
    }
    let (head, rest) = text.split_at_checked(length)?;
    *text = rest;
    head.parse().ok()
}

fn skip(text: &mut &str, wanted: char) -> Option<()> {
    *text = text.strip_prefix(wanted)?;
    Some(())
}

/// `yyyy-M-d`, off the front.
fn date_part(text: &mut &str) -> Option<Date> {
    let year = i16::try_from(number(text, 4..=4)?).ok()?;
    skip(text, '-')?;
    let month = i8::try_from(number(text, 1..=2)?).ok()?;
    skip(text, '-')?;
    let day = i8::try_from(number(text, 1..=2)?).ok()?;
    Date::new(year, month, day).ok()
}

/// A fraction of a second, off the front, cut to microseconds.
fn fraction(text: &mut &str) -> Option<i64> {
    let length = text.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, rest) = text.split_at_checked(length)?;
    *text = rest;
    if digits.is_empty() || digits.len() > 9 {
        return None;
    }
    let six = format!("{digits:0<6}");
    six.get(..6)?.parse().ok()
}

/// Hour, minute, second and fraction, off the front, as microseconds of the day.
fn time_part(text: &mut &str) -> Option<i64> {
    let hour = number(text, 1..=2)?;
    skip(text, ':')?;
    let minute = number(text, 1..=2)?;
    let mut micros = (hour * 60 + minute) * 60_000_000;
    if hour > 23 || minute > 59 {
        return None;
    }
    if let Some(rest) = text.strip_prefix(':') {
        *text = rest;
        let second = number(text, 1..=2)?;
        if second > 59 {
            return None;
        }
        micros += second * 1_000_000;
        if let Some(rest) = text.strip_prefix('.') {
            *text = rest;
            micros += fraction(text)?;
        }
    }
    Some(micros)
}

/// Hive's date: `yyyy-M-d`, alone or in front of a time of day.
pub fn parse_hive_date(text: &str) -> Option<i32> {
    let mut rest = text.trim();
    let date = date_part(&mut rest)?;
    (rest.is_empty() || rest.starts_with([' ', 'T'])).then(|| days(date))
}

/// Hive's timestamp: `yyyy-M-d[ T]H:m[:s[.fraction]]`, or a date alone; in microseconds.
pub fn parse_hive_timestamp(text: &str) -> Option<i64> {
    let (rest, date) = {
        let mut rest = text.trim();
        let date = date_part(&mut rest)?;
        (rest, date)
    };
    let midnight = i64::from(days(date)) * DAY_MICROS;
    if rest.is_empty() {
        return Some(midnight);
    }
    let mut rest = rest.strip_prefix([' ', 'T'])?;
    let time = time_part(&mut rest)?;
    rest.is_empty().then_some(midnight + time)
}

/// A zone at the end of a timestamp: `Z`, `+02:00`, `+0200`, `-3`, or a region's name.
fn zone(text: &str) -> Option<TimeZone> {
    let text = text.trim();
    if matches!(text, "Z" | "z") {
        return Some(TimeZone::UTC);
    }
    let named = text
        .strip_prefix("UTC")
        .or_else(|| text.strip_prefix("GMT"));
    let offset = match named {
        Some("") => return Some(TimeZone::UTC),
        Some(offset) => offset,
        None => text,
    };
    let sign = match offset.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return TimeZone::get(text).ok(),
    };
    let mut rest = offset.get(1..)?;
    let hours = number(&mut rest, 1..=2)?;
    let _ = skip(&mut rest, ':');
    let minutes = if rest.is_empty() {
        0
    } else {
        number(&mut rest, 2..=2)?
    };
    if !rest.is_empty() || hours > 18 || minutes > 59 {
        return None;
    }
    let seconds = i32::try_from(sign * (hours * 3600 + minutes * 60)).ok()?;
    Offset::from_seconds(seconds).ok().map(TimeZone::fixed)
}

/// Spark's `CAST(text AS DATE)`: `yyyy[-M[-d]]`, what follows a space or `T` ignored.
pub fn parse_spark_date(text: &str) -> Option<i32> {
    let mut rest = text.trim();
    let year = i16::try_from(number(&mut rest, 4..=4)?).ok()?;
    let (mut month, mut day) = (1, 1);
    if skip(&mut rest, '-').is_some() {
        month = i8::try_from(number(&mut rest, 1..=2)?).ok()?;
        if skip(&mut rest, '-').is_some() {
            day = i8::try_from(number(&mut rest, 1..=2)?).ok()?;
            if rest.starts_with([' ', 'T']) {
                rest = "";
            }
        }
    }
    if !rest.is_empty() {
        return None;
    }
    Date::new(year, month, day).ok().map(days)
}

/// Spark's `CAST(text AS TIMESTAMP)` in a UTC session: `yyyy[-M[-d[ T]H:m[:s[.fraction]][zone]]]`.
///
/// The result is an instant; text without a zone is UTC, Glue's session zone. A date of today's,
/// which Spark supplies for a bare time of day, is not supplied: such text is NULL.
pub fn parse_spark_timestamp(text: &str) -> Option<i64> {
    let text = text.trim();
    if let Some(days) = parse_spark_date(text)
        && !text.contains([' ', 'T'])
    {
        return Some(i64::from(days) * DAY_MICROS);
    }
    let mut rest = text;
    let date = date_part(&mut rest)?;
    let mut rest = rest.strip_prefix([' ', 'T'])?;
    if rest.is_empty() {
        return Some(i64::from(days(date)) * DAY_MICROS);
    }
    let time = time_part(&mut rest)?;
    let local = i64::from(days(date)) * DAY_MICROS + time;
    if rest.trim().is_empty() {
        return Some(local);
    }
    let instant = zone(rest)?.to_timestamp(datetime(local)?).ok()?;
    Some(instant.as_microsecond())
}

/// `yyyy-MM-dd`.
pub fn format_date(days: i32) -> Option<String> {
    date(days).map(|date| date.strftime("%Y-%m-%d").to_string())
}

/// `yyyy-MM-dd HH:mm:ss[.fraction]` without trailing zeros, as Hive and Spark print timestamps.
pub fn format_timestamp(micros: i64) -> Option<String> {
    let at = datetime(micros)?;
    let whole = at.strftime("%Y-%m-%d %H:%M:%S").to_string();
    let fraction = micros.rem_euclid(1_000_000);
    if fraction == 0 {
        return Some(whole);
    }
    let digits = format!("{fraction:06}");
    Some(format!("{whole}.{}", digits.trim_end_matches('0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamp(micros: Option<i64>) -> Option<String> {
        micros.and_then(format_timestamp)
    }

    #[test]
    fn hive_reads_dates_and_times_without_a_zone() {
        assert_eq!(
            stamp(parse_hive_timestamp("2025-04-30 14:35:00.775222")).as_deref(),
            Some("2025-04-30 14:35:00.775222")
        );
        assert_eq!(
            stamp(parse_hive_timestamp("2025-4-3T1:02:03")).as_deref(),
            Some("2025-04-03 01:02:03")
        );
        assert_eq!(parse_hive_timestamp("1970-01-02"), Some(DAY_MICROS));
        assert_eq!(
            parse_hive_date("2025-02-28 x"),
            parse_hive_date("2025-02-28")
        );
        for bad in [
            "",
            "30/04/2025",
            "2025-02-30",
            "2025-01-01 25:00:00",
            "2025-01-01 10:00:00Z",
        ] {
            assert_eq!(parse_hive_timestamp(bad), None, "{bad}");
        }
    }

    #[test]
    fn spark_reads_partial_dates_and_zones() {
        assert_eq!(parse_spark_date("1970"), Some(0));
        assert_eq!(parse_spark_date(" 1970-01-03T99 "), Some(2));
        assert_eq!(
            stamp(parse_spark_timestamp("2025-04-30T14:35:00-03:00")).as_deref(),
            Some("2025-04-30 17:35:00")
        );
        assert_eq!(
            stamp(parse_spark_timestamp(
                "2025-04-30 14:35:00 America/Sao_Paulo"
            ))
            .as_deref(),
            Some("2025-04-30 17:35:00")
        );
        assert_eq!(
            stamp(parse_spark_timestamp("2025-04-30 14:35")).as_deref(),
            Some("2025-04-30 14:35:00")
        );
        for bad in ["30/04/2025", "2025-13-01", "2025-04-30x", "nan", "14:35:00"] {
            assert_eq!(parse_spark_timestamp(bad), None, "{bad}");
        }
    }

    #[test]
    fn days_before_the_epoch_count_backwards() {
        assert_eq!(parse_hive_date("1969-12-31"), Some(-1));
        assert_eq!(format_date(-1).as_deref(), Some("1969-12-31"));
        assert_eq!(
            format_timestamp(-1).as_deref(),
            Some("1969-12-31 23:59:59.999999")
        );
    }
}
