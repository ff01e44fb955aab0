//! Projected dates: a range walked in steps, each written by a pattern of Java's.

use jiff::Span;
use jiff::civil::DateTime;
use regex::Regex;

use crate::base::Timestamp;

/// A part of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Unit {
    Year,
    Month,
    Day,
    Hour,
    Minute,
    Second,
}

#[derive(Clone, Debug)]
enum Item {
    /// A number of at least so many digits.
    Number(Unit, usize),
    Literal(char),
}

/// Which property is wrong, and how.
type Wrong = (&'static str, String);

/// The dates of a range.
#[derive(Debug)]
pub(super) struct Dates {
    items: Vec<Item>,
    first: DateTime,
    last: DateTime,
    step: Span,
}

fn items(pattern: &str) -> Result<Vec<Item>, Wrong> {
    let mut items = Vec::new();
    let mut characters = pattern.chars().peekable();
    while let Some(c) = characters.next() {
        if c == '\'' {
            let mut quoted = String::new();
            for c in characters.by_ref() {
                if c == '\'' {
                    break;
                }
                quoted.push(c);
            }
            let text = if quoted.is_empty() { "'" } else { &quoted };
            items.extend(text.chars().map(Item::Literal));
            continue;
        }
        if !c.is_ascii_alphabetic() {
            items.push(Item::Literal(c));
            continue;
        }
        let mut length = 1;
        while characters.peek() == Some(&c) {
            characters.next();
            length += 1;
        }
        let unit = match c {
            'y' | 'u' => Unit::Year,
            'M' if length <= 2 => Unit::Month,
            'd' => Unit::Day,
            'H' => Unit::Hour,
            'm' => Unit::Minute,
            's' => Unit::Second,
            _ => {
                let text = c.to_string().repeat(length);
                return Err((
                    "format",
                    format!("has `{text}`, which windfarm does not execute: {pattern}"),
                ));
            }
        };
        if unit == Unit::Year && length != 4 && length != 1 {
            return Err((
                "format",
                format!("has a year that is not `yyyy`: {pattern}"),
            ));
        }
        items.push(Item::Number(unit, length));
    }
    Ok(items)
}

/// So many units; a unit's name may be singular or plural.
fn span(count: i64, unit: &str) -> Option<Span> {
    let unit = unit.to_ascii_uppercase();
    let unit = unit.strip_suffix('S').unwrap_or(&unit);
    let none = Span::new();
    let span = match unit {
        "YEAR" => none.try_years(count),
        "MONTH" => none.try_months(count),
        "WEEK" => none.try_weeks(count),
        "DAY" => none.try_days(count),
        "HOUR" => none.try_hours(count),
        "MINUTE" => none.try_minutes(count),
        "SECOND" => none.try_seconds(count),
        "MILLI" | "MILLISECOND" => none.try_milliseconds(count),
        _ => return None,
    };
    span.ok()
}

impl Dates {
    /// The dates of a range whose ends are written by the pattern, or as `NOW±n UNIT`.
    pub fn new(
        format: &str,
        (first, last): (&str, &str),
        interval: i64,
        unit: Option<&str>,
        now: Timestamp,
    ) -> Result<Self, Wrong> {
        let items = items(format)?;
        let finest = items.iter().filter_map(|item| match item {
            Item::Number(unit, _) => Some(*unit),
            Item::Literal(_) => None,
        });
        let unit = match (unit, finest.max()) {
            (Some(unit), _) => unit,
            (None, Some(Unit::Day)) => "DAYS",
            (None, Some(Unit::Month)) => "MONTHS",
            (None, _) => {
                return Err((
                    "interval.unit",
                    "is required, unless the format is one of days or months".to_owned(),
                ));
            }
        };
        let step = span(interval, unit)
            .ok_or_else(|| ("interval.unit", format!("is not known: {unit}")))?;
        let bound = |text: &str| {
            moment(text, now)
                .or_else(|| parsed(&items, text))
                .ok_or_else(|| {
                    (
                        "range",
                        format!("has no date of the format {format}: {text}"),
                    )
                })
        };
        Ok(Self {
            first: bound(first)?,
            last: bound(last)?,
            step,
            items,
        })
    }

    /// The texts of the dates, none twice; `None` when there are more than `most`.
    pub fn texts(&self, most: usize) -> Option<Vec<String>> {
        let mut texts: Vec<String> = Vec::new();
        let mut at = self.first;
        while at <= self.last {
            let text = self.text(at);
            if texts.last() != Some(&text) {
                texts.push(text);
            }
            if texts.len() > most {
                return None;
            }
            match at.checked_add(self.step) {
                Ok(next) if next > at => at = next,
                _ => break,
            }
        }
        Some(texts)
    }

    fn text(&self, at: DateTime) -> String {
        let mut text = String::new();
        for item in &self.items {
            match item {
                Item::Literal(c) => text.push(*c),
                Item::Number(unit, length) => {
                    let number = match unit {
                        Unit::Year => at.year(),
                        Unit::Month => at.month().into(),
                        Unit::Day => at.day().into(),
                        Unit::Hour => at.hour().into(),
                        Unit::Minute => at.minute().into(),
                        Unit::Second => at.second().into(),
                    };
                    text.push_str(&format!("{number:0length$}"));
                }
            }
        }
        text
    }
}

/// `NOW`, `NOW-3YEARS`, `NOW + 1 DAY`: in UTC.
fn moment(text: &str, now: Timestamp) -> Option<DateTime> {
    let pattern = Regex::new(r"(?i)^NOW(?:\s*([+-])\s*(\d+)\s*([a-z]+))?$").ok()?;
    let found = pattern.captures(text.trim())?;
    let now = now.utc();
    let Some(count) = found.get(2) else {
        return Some(now);
    };
    let count: i64 = count.as_str().parse().ok()?;
    let step = span(count, found.get(3)?.as_str())?;
    match found.get(1)?.as_str() {
        "-" => now.checked_sub(step).ok(),
        _ => now.checked_add(step).ok(),
    }
}

/// A date by the pattern. Numbers have as many digits as the pattern has letters, unless something
/// else follows them.
fn parsed(items: &[Item], text: &str) -> Option<DateTime> {
    let mut rest = text;
    let (mut year, mut month, mut day) = (1970_i16, 1_i8, 1_i8);
    let (mut hour, mut minute, mut second) = (0_i8, 0_i8, 0_i8);
    for (at, item) in items.iter().enumerate() {
        match item {
            Item::Literal(c) => rest = rest.strip_prefix(*c)?,
            Item::Number(unit, length) => {
                let glued = matches!(items.get(at + 1), Some(Item::Number(..)));
                let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
                let digits = if glued { digits.min(*length) } else { digits };
                let (number, behind) = rest.split_at_checked(digits)?;
                rest = behind;
                let number: i16 = number.parse().ok()?;
                let small = i8::try_from(number).ok();
                match unit {
                    Unit::Year => year = number,
                    Unit::Month => month = small?,
                    Unit::Day => day = small?,
                    Unit::Hour => hour = small?,
                    Unit::Minute => minute = small?,
                    Unit::Second => second = small?,
                }
            }
        }
    }
    if !rest.is_empty() {
        return None;
    }
    DateTime::new(year, month, day, hour, minute, second, 0).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(format: &str, range: (&str, &str), interval: i64, unit: Option<&str>, expected: &str) {
        let now = Timestamp::parse("2025-05-01T12:34:56Z").unwrap();
        let texts = match Dates::new(format, range, interval, unit, now) {
            Ok(dates) => dates
                .texts(1_000)
                .map_or("too many".to_owned(), |t| t.join(" ")),
            Err((what, why)) => format!("{what} {why}"),
        };
        assert_eq!(texts, expected, "{format} {range:?}");
    }

    #[test]
    fn ranges_are_walked_in_steps_and_written_by_the_pattern() {
        check(
            "yyyy-MM-dd",
            ("2025-02-27", "2025-03-01"),
            1,
            None,
            "2025-02-27 2025-02-28 2025-03-01",
        );
        check(
            "yyyy/MM",
            ("2024/12", "NOW-3MONTHS"),
            1,
            None,
            "2024/12 2025/01 2025/02",
        );
        check(
            "yyyyMMddHH",
            ("2025050109", "NOW"),
            2,
            Some("HOURS"),
            "2025050109 2025050111",
        );
        check(
            "yyyy-MM-dd'T'HH:mm",
            ("NOW-1HOUR", "NOW"),
            30,
            Some("minute"),
            "2025-05-01T11:34 2025-05-01T12:04 2025-05-01T12:34",
        );
        check(
            "d.M.yyyy",
            ("30.4.2025", "NOW + 1 DAY"),
            1,
            None,
            "30.4.2025 1.5.2025 2.5.2025",
        );
        check("yyyy-MM-dd", ("2025-03-02", "2025-03-01"), 1, None, "");
        check(
            "yyyy-MM-dd HH:mm:ss",
            ("NOW-1DAY", "NOW"),
            1,
            Some("SECONDS"),
            "too many",
        );
    }

    #[test]
    fn what_is_wrong_is_named() {
        check(
            "yyyy",
            ("2020", "2021"),
            1,
            None,
            "interval.unit is required, unless the format is one of days or months",
        );
        check(
            "MMM yyyy",
            ("x", "y"),
            1,
            None,
            "format has `MMM`, which windfarm does not execute: MMM yyyy",
        );
        check(
            "yyyy-MM-dd",
            ("soon", "NOW"),
            1,
            None,
            "range has no date of the format yyyy-MM-dd: soon",
        );
        check(
            "yyyy-MM-dd",
            ("NOW", "NOW"),
            1,
            Some("AGES"),
            "interval.unit is not known: AGES",
        );
    }
}
