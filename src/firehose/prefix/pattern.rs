//! The pattern letters of Java's `DateTimeFormatter`, as JDK 17 writes them in the US locale.
//!
//! Firehose evaluates `!{timestamp:…}` with Java's formatter, but refuses some of its letters. The
//! test compares every letter and count with what Java printed (`fixtures/firehose`).

use std::fmt::Write as _;

use jiff::ZonedDateTime;
use jiff::civil::Weekday;

/// A pattern whose letters and counts were checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern(Vec<Item>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Item {
    Literal(String),
    Field { letter: char, count: usize },
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

const WEEKDAYS: [&str; 7] = [
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
];

impl Pattern {
    /// `None` for what Java or Firehose refuses: an unknown letter, a letter too often, an open
    /// quote, a reserved character.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut items = Vec::new();
        let mut literal = String::new();
        let mut open_brackets = 0usize;
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '\'' => quoted(&mut chars, &mut literal)?,
                // Optional sections: when formatting, every field is there.
                '[' => open_brackets += 1,
                ']' => open_brackets = open_brackets.checked_sub(1)?,
                '{' | '}' | '#' => return None,
                letter if letter.is_ascii_alphabetic() => {
                    let mut count = 1;
                    while chars.next_if_eq(&letter).is_some() {
                        count += 1;
                    }
                    if !allowed(letter, count) {
                        return None;
                    }
                    if !literal.is_empty() {
                        items.push(Item::Literal(std::mem::take(&mut literal)));
                    }
                    items.push(Item::Field { letter, count });
                }
                other => literal.push(other),
            }
        }
        if !literal.is_empty() {
            items.push(Item::Literal(literal));
        }
        Some(Self(items))
    }

    /// Writes the pattern's text at an instant behind `out`.
    pub(super) fn format(&self, at: &ZonedDateTime, out: &mut String) {
        for item in &self.0 {
            match item {
                Item::Literal(text) => out.push_str(text),
                Item::Field { letter, count } => field(*letter, *count, at, out),
            }
        }
    }
}

/// Reads quoted text up to its closing quote; two quotes are one. `None` if it does not close.
fn quoted(
    chars: &mut std::iter::Peekable<std::str::Chars<'_>>,
    literal: &mut String,
) -> Option<()> {
    let mut empty = true;
    loop {
        match chars.next()? {
            '\'' if chars.next_if_eq(&'\'').is_some() => literal.push('\''),
            '\'' => {
                if empty {
                    literal.push('\'');
                }
                return Some(());
            }
            c => literal.push(c),
        }
        empty = false;
    }
}

/// Whether Firehose takes the letter that often. It refuses C I J P R T U V b f i j l o p r t; of
/// Java's others, `v` and `z` (names of zones in a language) are not written here.
fn allowed(letter: char, count: usize) -> bool {
    match letter {
        'y' | 'u' | 'Y' | 'A' | 'N' | 'g' | 'n' => count <= 19,
        'S' => count <= 9,
        'M' | 'L' | 'Q' | 'q' | 'E' | 'e' | 'G' | 'X' | 'x' | 'Z' => count <= 5,
        'c' => count <= 5 && count != 2,
        'D' => count <= 3,
        'd' | 'h' | 'H' | 'k' | 'K' | 'm' | 's' | 'w' => count <= 2,
        'a' | 'F' | 'W' => count == 1,
        'O' => count == 1 || count == 4,
        'B' => matches!(count, 1 | 4 | 5),
        _ => false,
    }
}

fn field(letter: char, count: usize, at: &ZonedDateTime, out: &mut String) {
    let (hour, minute, second) = (
        i64::from(at.hour()),
        i64::from(at.minute()),
        i64::from(at.second()),
    );
    let nanos = i64::from(at.subsec_nanosecond());
    let of_day = (hour * 60 + minute) * 60 + second;
    match letter {
        'y' | 'u' => year(i64::from(at.year()), count, out),
        'Y' => year(i64::from(week_of_year(at).0), count, out),
        'M' | 'L' => month(at.month(), count, out),
        'Q' | 'q' => quarter((at.month() + 2) / 3, count, out),
        'd' => padded(i64::from(at.day()), count, out),
        'D' => padded(i64::from(at.day_of_year()), count, out),
        // As JDK 17 does it: the day within a week that starts on the first of the month.
        'F' => padded(i64::from((at.day() - 1) % 7 + 1), 1, out),
        'W' => padded(week_of_month(at), 1, out),
        'w' => padded(week_of_year(at).1, count, out),
        'E' => weekday(at.weekday(), count.max(3), out),
        'e' | 'c' => weekday(at.weekday(), count, out),
        'a' => out.push_str(if hour < 12 { "AM" } else { "PM" }),
        'B' => out.push_str(day_period(hour, minute, count)),
        'G' => out.push_str(match count {
            4 => "Anno Domini",
            5 => "A",
            _ => "AD",
        }),
        'h' => padded((hour + 11) % 12 + 1, count, out),
        'K' => padded(hour % 12, count, out),
        'k' => padded((hour + 23) % 24 + 1, count, out),
        'H' => padded(hour, count, out),
        'm' => padded(minute, count, out),
        's' => padded(second, count, out),
        'S' => out.extend(format!("{nanos:09}").chars().take(count)),
        'n' => padded(nanos, count, out),
        'A' => padded(of_day * 1_000 + nanos / 1_000_000, count, out),
        'N' => padded(of_day * 1_000_000_000 + nanos, count, out),
        'g' => padded(modified_julian_day(at), count, out),
        'O' => gmt(at.offset().seconds(), count == 4, out),
        'Z' if count == 4 => gmt(at.offset().seconds(), true, out),
        'X' | 'x' | 'Z' => offset(letter, count, at.offset().seconds(), out),
        // `allowed` lets nothing else through.
        _ => {}
    }
}

/// A number with zeros before it up to `width` digits.
fn padded(value: i64, width: usize, out: &mut String) {
    // Writing to a String does not fail.
    let _ = write!(out, "{value:0width$}");
}

fn year(year: i64, count: usize, out: &mut String) {
    if count == 2 {
        padded(year.rem_euclid(100), 2, out);
    } else {
        padded(year, count, out);
    }
}

/// A name in full (4), as its first letter (5) or as its first three letters.
fn name(full: &str, count: usize, out: &mut String) {
    out.push_str(match count {
        4 => full,
        5 => full.get(..1).unwrap_or(full),
        _ => full.get(..3).unwrap_or(full),
    });
}

fn month(month: i8, count: usize, out: &mut String) {
    match MONTHS.get(usize::try_from(month - 1).unwrap_or(0)) {
        Some(full) if count >= 3 => name(full, count, out),
        _ => padded(i64::from(month), count, out),
    }
}

fn quarter(quarter: i8, count: usize, out: &mut String) {
    let ending = match quarter {
        1 => "st",
        2 => "nd",
        3 => "rd",
        _ => "th",
    };
    // Writing to a String does not fail.
    let _ = match count {
        3 => write!(out, "Q{quarter}"),
        4 => write!(out, "{quarter}{ending} quarter"),
        5 => write!(out, "{quarter}"),
        _ => write!(out, "{quarter:0count$}"),
    };
}

fn weekday(day: Weekday, count: usize, out: &mut String) {
    let index = day.to_sunday_zero_offset();
    match WEEKDAYS.get(usize::try_from(index).unwrap_or(0)) {
        Some(full) if count >= 3 => name(full, count, out),
        _ => padded(i64::from(index) + 1, count, out),
    }
}

/// Year and number of the week, as in the US: weeks start on Sunday, and the week with the first
/// of January is week 1 of that year.
fn week_of_year(at: &ZonedDateTime) -> (i16, i64) {
    let to_saturday = i64::from(6 - at.weekday().to_sunday_zero_offset());
    let saturday_of_year = i64::from(at.day_of_year()) + to_saturday;
    let days = i64::from(at.date().days_in_year());
    if saturday_of_year > days {
        (at.year() + 1, 1)
    } else {
        (at.year(), (saturday_of_year - 1) / 7 + 1)
    }
}

/// Number of the week in its month, the first being the one with day 1.
fn week_of_month(at: &ZonedDateTime) -> i64 {
    let first = i64::from(at.date().first_of_month().weekday().to_sunday_zero_offset());
    (i64::from(at.day()) - 1 + first) / 7 + 1
}

/// Days since 1858-11-17.
fn modified_julian_day(at: &ZonedDateTime) -> i64 {
    let epoch = jiff::civil::date(1970, 1, 1);
    40_587 + i64::from((at.date() - epoch).get_days())
}

/// The period of the day, in full or in Java's narrow form for noon and midnight.
fn day_period(hour: i64, minute: i64, count: usize) -> &'static str {
    match (hour, minute) {
        (0, 0) if count == 5 => "mi",
        (0, 0) => "midnight",
        (12, 0) if count == 5 => "n",
        (12, 0) => "noon",
        (6..12, _) => "in the morning",
        (12..18, _) => "in the afternoon",
        (18..21, _) => "in the evening",
        _ => "at night",
    }
}

/// `GMT`, `GMT+9`, `GMT+5:30`, or in the long form `GMT+09:00`.
fn gmt(seconds: i32, long: bool, out: &mut String) {
    out.push_str("GMT");
    if seconds == 0 {
        return;
    }
    let (sign, hours, minutes, rest) = split(seconds);
    // Writing to a String does not fail.
    let _ = match (long, minutes, rest) {
        (true, _, 0) => write!(out, "{sign}{hours:02}:{minutes:02}"),
        (true, _, _) => write!(out, "{sign}{hours:02}:{minutes:02}:{rest:02}"),
        (false, 0, 0) => write!(out, "{sign}{hours}"),
        (false, _, 0) => write!(out, "{sign}{hours}:{minutes:02}"),
        (false, _, _) => write!(out, "{sign}{hours}:{minutes:02}:{rest:02}"),
    };
}

/// The forms of X, x and Z. X and ZZZZZ write `Z` for zero.
fn offset(letter: char, count: usize, seconds: i32, out: &mut String) {
    if seconds == 0 && (letter == 'X' || (letter == 'Z' && count == 5)) {
        out.push('Z');
        return;
    }
    let (sign, hours, minutes, rest) = split(seconds);
    // Z is written like xx up to three letters, and like xxxxx with five.
    let form = if letter == 'Z' && count < 4 { 2 } else { count };
    // Writing to a String does not fail.
    let _ = match form {
        1 if minutes == 0 => write!(out, "{sign}{hours:02}"),
        1 | 2 => write!(out, "{sign}{hours:02}{minutes:02}"),
        3 => write!(out, "{sign}{hours:02}:{minutes:02}"),
        4 if rest == 0 => write!(out, "{sign}{hours:02}{minutes:02}"),
        4 => write!(out, "{sign}{hours:02}{minutes:02}{rest:02}"),
        _ if rest == 0 => write!(out, "{sign}{hours:02}:{minutes:02}"),
        _ => write!(out, "{sign}{hours:02}:{minutes:02}:{rest:02}"),
    };
}

fn split(seconds: i32) -> (char, i32, i32, i32) {
    let sign = if seconds < 0 { '-' } else { '+' };
    let seconds = seconds.abs();
    (sign, seconds / 3600, seconds / 60 % 60, seconds % 60)
}
