//! Timestamps by a pattern of Joda-Time, as Hive's JSON SerDe is given them.
//!
//! Letters and what they accept: "DateTimeFormat", Joda-Time. Those that name an era, a century, a
//! week's year or a zone by its name are refused when the pattern is compiled.

use jiff::civil::{Date, DateTime, Time};

use crate::engine::calendar;

/// A form of timestamps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TimestampFormat {
    /// The word `millis`: an epoch in milliseconds.
    Millis,
    /// A pattern of letters.
    Pattern(Vec<Item>),
}

/// A piece of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// This text, whatever its case.
    Literal(String),
    /// A number of at most so many digits.
    Number(Field, usize),
    /// A year by its last two digits.
    ShortYear,
    /// A month by its English name, short or long.
    MonthName,
    /// A day of the week by its English name, short or long; it decides nothing.
    WeekdayName,
    /// AM or PM.
    HalfDay,
    /// Digits of a fraction of a second, at most so many.
    Fraction(usize),
    /// `Z`, or an offset as `+hh:mm` or `+hhmm`.
    Offset,
}

/// What a number means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// The year.
    Year,
    /// 1 to 12.
    Month,
    /// Day of the month.
    Day,
    /// Day of the year, from 1.
    DayOfYear,
    /// 0 to 23.
    Hour,
    /// 1 to 24, where 24 is midnight.
    HourFromOne,
    /// 0 to 11, with AM or PM.
    HalfHour,
    /// 1 to 12, with AM or PM.
    HalfHourFromOne,
    /// 0 to 59.
    Minute,
    /// 0 to 59.
    Second,
}

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
const WEEKDAYS: [&str; 7] = [
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
];

/// The first of the hundred years that two digits name. Joda's window begins eighty years before
/// the present one; this is that of 2025, which no clock moves.
const SHORT_YEAR_FROM: i64 = 1945;

impl TimestampFormat {
    /// Reads a pattern; the error names what in it is not executed.
    pub fn compile(pattern: &str) -> Result<Self, String> {
        if pattern == "millis" {
            return Ok(Self::Millis);
        }
        let mut items = Vec::new();
        let mut rest = pattern;
        while let Some(letter) = rest.chars().next() {
            if letter == '\'' {
                let (text, behind) = quoted(rest)
                    .ok_or_else(|| format!("a quote does not end in the pattern `{pattern}`"))?;
                items.push(Item::Literal(text));
                rest = behind;
                continue;
            }
            let length = rest.chars().take_while(|c| *c == letter).count();
            let (run, behind) = rest
                .split_at_checked(length * letter.len_utf8())
                .unwrap_or((rest, ""));
            rest = behind;
            items.push(if letter.is_ascii_alphabetic() {
                item(letter, length, is_number(rest)).ok_or_else(|| {
                    format!("the letters `{run}` in the pattern `{pattern}` are not executed")
                })?
            } else {
                Item::Literal(run.to_owned())
            });
        }
        if items.is_empty() {
            return Err("a pattern of timestamps is empty".to_owned());
        }
        Ok(Self::Pattern(items))
    }

    /// A timestamp of this form as microseconds since the epoch; what the pattern leaves open is
    /// that of the epoch, in UTC.
    pub fn parse(&self, text: &str) -> Option<i64> {
        match self {
            Self::Millis => text.trim().parse::<i64>().ok()?.checked_mul(1_000),
            Self::Pattern(items) => {
                let mut read = Read::default();
                let mut rest = text;
                for item in items {
                    read.take(item, &mut rest)?;
                }
                rest.is_empty().then_some(())?;
                read.micros()
            }
        }
    }
}

/// A quoted text at the front, two quotes being one, and what is behind it.
fn quoted(pattern: &str) -> Option<(String, &str)> {
    if let Some(behind) = pattern.strip_prefix("''") {
        return Some(("'".to_owned(), behind));
    }
    let mut text = String::new();
    let mut rest = pattern.strip_prefix('\'')?;
    loop {
        let (stretch, behind) = rest.split_once('\'')?;
        text.push_str(stretch);
        match behind.strip_prefix('\'') {
            Some(more) => {
                text.push('\'');
                rest = more;
            }
            None => return Some((text, behind)),
        }
    }
}

/// Whether a pattern begins with a number, which one in front of it must not run into.
fn is_number(pattern: &str) -> bool {
    let Some(letter) = pattern.chars().next() else {
        return false;
    };
    let length = pattern.chars().take_while(|c| *c == letter).count();
    match letter {
        'M' => length < 3,
        other => "yYdDHkhKmsS".contains(other),
    }
}

fn item(letter: char, length: usize, before_number: bool) -> Option<Item> {
    let number = |field, digits| Some(Item::Number(field, digits));
    match letter {
        'y' | 'Y' if length == 2 => Some(Item::ShortYear),
        'y' | 'Y' => number(Field::Year, if before_number { length } else { 9 }),
        'M' if length >= 3 => Some(Item::MonthName),
        'M' => number(Field::Month, 2),
        'd' => number(Field::Day, 2),
        'D' => number(Field::DayOfYear, 3),
        'E' => Some(Item::WeekdayName),
        'a' => Some(Item::HalfDay),
        'H' => number(Field::Hour, 2),
        'k' => number(Field::HourFromOne, 2),
        'K' => number(Field::HalfHour, 2),
        'h' => number(Field::HalfHourFromOne, 2),
        'm' => number(Field::Minute, 2),
        's' => number(Field::Second, 2),
        'S' => Some(Item::Fraction(length)),
        'Z' if length < 3 => Some(Item::Offset),
        _ => None,
    }
}

/// What was read so far.
#[derive(Debug, Default)]
struct Read {
    year: Option<i64>,
    month: Option<i64>,
    day: Option<i64>,
    day_of_year: Option<i64>,
    hour: Option<i64>,
    half_hour: Option<i64>,
    afternoon: bool,
    minute: i64,
    second: i64,
    nanos: i64,
    offset_secs: i64,
}

/// So many digits at most, off the front.
fn digits<'t>(rest: &mut &'t str, at_most: usize) -> Option<&'t str> {
    let length = rest.bytes().take(at_most).take_while(u8::is_ascii_digit);
    let (digits, behind) = rest.split_at_checked(length.count())?;
    *rest = behind;
    (!digits.is_empty()).then_some(digits)
}

/// Takes a text off the front, whatever its case.
fn skip(rest: &mut &str, text: &str) -> Option<()> {
    let (head, behind) = rest.split_at_checked(text.len())?;
    head.eq_ignore_ascii_case(text).then_some(())?;
    *rest = behind;
    Some(())
}

/// Which of the names stands at the front, in full or by its first three letters; from 1.
fn name(rest: &mut &str, names: &[&str]) -> Option<i64> {
    for (number, name) in (1..).zip(names) {
        let short = name.get(..3).unwrap_or(name);
        if skip(rest, name).or_else(|| skip(rest, short)).is_some() {
            return Some(number);
        }
    }
    None
}

impl Read {
    fn take(&mut self, item: &Item, rest: &mut &str) -> Option<()> {
        match item {
            Item::Literal(text) => skip(rest, text)?,
            Item::Number(field, at_most) => {
                let negative = *field == Field::Year && skip(rest, "-").is_some();
                let value: i64 = digits(rest, *at_most)?.parse().ok()?;
                self.set(*field, if negative { -value } else { value })?;
            }
            Item::ShortYear => {
                let text = digits(rest, 9)?;
                let value: i64 = text.parse().ok()?;
                // Only two digits are short for something.
                self.year = Some(match text.len() {
                    2 if value >= SHORT_YEAR_FROM % 100 => value + SHORT_YEAR_FROM / 100 * 100,
                    2 => value + SHORT_YEAR_FROM / 100 * 100 + 100,
                    _ => value,
                });
            }
            Item::MonthName => self.month = Some(name(rest, &MONTHS)?),
            Item::WeekdayName => {
                name(rest, &WEEKDAYS)?;
            }
            Item::HalfDay => {
                let morning = skip(rest, "AM").is_some();
                if !morning {
                    skip(rest, "PM")?;
                }
                self.afternoon = !morning;
            }
            Item::Fraction(at_most) => {
                let digits = digits(rest, *at_most)?;
                let nine = format!("{digits:0<9}");
                self.nanos = nine.get(..9)?.parse().ok()?;
            }
            Item::Offset => self.take_offset(rest)?,
        }
        Some(())
    }

    fn take_offset(&mut self, rest: &mut &str) -> Option<()> {
        if skip(rest, "Z").is_some() {
            return Some(());
        }
        let sign = match rest.as_bytes().first()? {
            b'+' => 1,
            b'-' => -1,
            _ => return None,
        };
        *rest = rest.get(1..)?;
        let hours: i64 = digits(rest, 2).filter(|d| d.len() == 2)?.parse().ok()?;
        let _ = skip(rest, ":");
        let minutes: i64 = digits(rest, 2).filter(|d| d.len() == 2)?.parse().ok()?;
        (hours < 24 && minutes < 60).then_some(())?;
        self.offset_secs = sign * (hours * 60 + minutes) * 60;
        Some(())
    }

    fn set(&mut self, field: Field, value: i64) -> Option<()> {
        let range = match field {
            Field::Year => i64::MIN..=i64::MAX,
            Field::Month => 1..=12,
            Field::Day => 1..=31,
            Field::DayOfYear => 1..=366,
            Field::Hour => 0..=23,
            Field::HourFromOne => 1..=24,
            Field::HalfHour => 0..=11,
            Field::HalfHourFromOne => 1..=12,
            Field::Minute | Field::Second => 0..=59,
        };
        range.contains(&value).then_some(())?;
        match field {
            Field::Year => self.year = Some(value),
            Field::Month => self.month = Some(value),
            Field::Day => self.day = Some(value),
            Field::DayOfYear => self.day_of_year = Some(value),
            Field::Hour => self.hour = Some(value),
            Field::HourFromOne => self.hour = Some(value % 24),
            Field::HalfHour => self.half_hour = Some(value),
            Field::HalfHourFromOne => self.half_hour = Some(value % 12),
            Field::Minute => self.minute = value,
            Field::Second => self.second = value,
        }
        Some(())
    }

    fn micros(&self) -> Option<i64> {
        let year = i16::try_from(self.year.unwrap_or(1970)).ok()?;
        let month = i8::try_from(self.month.unwrap_or(1)).ok()?;
        let day = i8::try_from(self.day.unwrap_or(1)).ok()?;
        let mut date = Date::new(year, month, day).ok()?;
        if let Some(day_of_year) = self.day_of_year {
            let first = Date::new(year, 1, 1).ok()?;
            let wanted = i16::try_from(day_of_year).ok()?;
            (wanted <= first.days_in_year()).then_some(())?;
            let behind = jiff::Span::new().try_days(day_of_year - 1).ok()?;
            date = first.checked_add(behind).ok()?;
        }
        let half = |hour: i64| hour + if self.afternoon { 12 } else { 0 };
        let hour = self.hour.or(self.half_hour.map(half)).unwrap_or(0);
        let time = Time::new(
            i8::try_from(hour).ok()?,
            i8::try_from(self.minute).ok()?,
            i8::try_from(self.second).ok()?,
            i32::try_from(self.nanos).ok()?,
        );
        let local = calendar::micros(DateTime::from_parts(date, time.ok()?));
        Some(local - self.offset_secs * 1_000_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, text: &str, expected: Option<&str>) {
        let format = TimestampFormat::compile(pattern).unwrap();
        let found = format.parse(text).and_then(calendar::format_timestamp);
        assert_eq!(found.as_deref(), expected, "{pattern} {text}");
    }

    #[test]
    fn patterns_read_what_they_say() {
        let at = Some("2025-04-30 14:35:07");
        check("yyyy-MM-dd HH:mm:ss", "2025-04-30 14:35:07", at);
        check("yyyy-MM-dd HH:mm:ss", "2025-4-30 14:35:7", at);
        check("yyyyMMddHHmmss", "20250430143507", at);
        check("yyyy-MM-dd'T'HH:mm:ssZ", "2025-04-30T14:35:07Z", at);
        check("yyyy-MM-dd'T'HH:mm:ssZZ", "2025-04-30T11:35:07-03:00", at);
        check("yyyy-MM-dd'T'HH:mm:ssZ", "2025-04-30t16:35:07+0200", at);
        check(
            "EEE, d MMM yyyy hh:mm:ss a",
            "Wed, 30 Apr 2025 02:35:07 pm",
            at,
        );
        check("EEEE MMMM d yy k:m:s", "wednesday april 30 25 14:35:7", at);
        check("yyyy.D HH.mm.ss", "2025.120 14.35.07", at);
        check(
            "h 'o''clock' a",
            "12 o'clock AM",
            Some("1970-01-01 00:00:00"),
        );
        check("K''a", "0'PM", Some("1970-01-01 12:00:00"));
        check(
            "yyyy HH:mm:ss.SSS",
            "2025 00:00:00.775",
            Some("2025-01-01 00:00:00.775"),
        );
        check(
            "ss.SSSSSSSSS",
            "01.123456789",
            Some("1970-01-01 00:00:01.123456"),
        );
        check("yy", "70", Some("1970-01-01 00:00:00"));
        check("yy", "44", Some("2044-01-01 00:00:00"));
        check("yy", "2025", Some("2025-01-01 00:00:00"));
        check("millis", "1746023707000", at);
        check("millis", "-1", Some("1969-12-31 23:59:59.999"));
    }

    #[test]
    fn what_does_not_follow_its_pattern_is_no_timestamp() {
        check("yyyy-MM-dd", "2025-04-30 14:35:07", None);
        check("yyyy-MM-dd HH:mm", "2025-04-30", None);
        check("yyyy-MM-dd", "2025-02-29", None);
        check("yyyy-MM-dd", "2025-13-01", None);
        check("yyyy.D", "2025.366", None);
        check("HH", "24", None);
        check("MMM", "foo", None);
        check("a", "xm", None);
        check("millis", "1.5", None);
        check("yyyyMMdd", "２０２５0430", None);
    }

    #[test]
    fn letters_that_are_not_executed_are_refused_by_name() {
        for (pattern, letters) in [
            ("G yyyy", "`G`"),
            ("xxxx-ww", "`xxxx`"),
            ("HH z", "`z`"),
            ("ZZZ", "`ZZZ`"),
        ] {
            let refused = TimestampFormat::compile(pattern).unwrap_err();
            assert!(refused.contains(letters), "{refused}");
        }
        assert!(TimestampFormat::compile("HH 'open").is_err());
        assert!(TimestampFormat::compile("").is_err());
    }
}
