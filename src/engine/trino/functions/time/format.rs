//! `date_format` and `date_parse`: MySQL's letters.

use super::super::super::calendar::{civil_of, days_of, iso_week, valid_days, weekday};
use super::super::super::error::{Code, Result, TrinoError};

/// Names of the months.
pub const MONTHS: [&str; 12] = [
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
/// Names of the days of a week, from Monday.
pub const DAYS: [&str; 7] = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
];

fn invalid(message: impl Into<String>) -> TrinoError {
    TrinoError::in_data(Code::InvalidFunctionArgument, message)
}

fn refused(letter: char) -> TrinoError {
    invalid(format!("%{letter} not supported in date format string"))
}

/// The nth name, from 1.
pub fn name<const N: usize>(names: &[&'static str; N], from_one: i64) -> &'static str {
    usize::try_from(from_one - 1)
        .ok()
        .and_then(|at| names.get(at).copied())
        .unwrap_or_default()
}

/// A name's abbreviation.
pub fn short(name: &str) -> &str {
    name.get(..3).unwrap_or(name)
}

const DAY_MILLIS: i64 = 86_400_000;

/// A local time, in milliseconds, by a pattern.
pub fn write(millis: i64, pattern: &str) -> Result<String> {
    let day_count = millis.div_euclid(DAY_MILLIS);
    let millis_of_day = millis.rem_euclid(DAY_MILLIS);
    let (year, month, day) = civil_of(day_count);
    let (hour, minute, second) = (
        millis_of_day / 3_600_000,
        millis_of_day / 60_000 % 60,
        millis_of_day / 1_000 % 60,
    );
    let hour_12 = if hour % 12 == 0 { 12 } else { hour % 12 };
    let half = if hour < 12 { "AM" } else { "PM" };
    let mut out = String::new();
    let mut rest = pattern.chars();
    while let Some(c) = rest.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let Some(letter) = rest.next() else {
            out.push('%');
            break;
        };
        out.push_str(&match letter {
            'a' => short(name(&DAYS, weekday(day_count))).to_string(),
            'b' => short(name(&MONTHS, month)).to_string(),
            'c' => month.to_string(),
            'd' => format!("{day:02}"),
            'e' => day.to_string(),
            'f' => format!("{:06}", millis_of_day % 1_000 * 1_000),
            'H' => format!("{hour:02}"),
            'h' | 'I' => format!("{hour_12:02}"),
            'i' => format!("{minute:02}"),
            'j' => format!("{:03}", day_count - days_of(year, 1, 1) + 1),
            'k' => hour.to_string(),
            'l' => hour_12.to_string(),
            'M' => name(&MONTHS, month).to_string(),
            'm' => format!("{month:02}"),
            'p' => half.to_string(),
            'r' => format!("{hour_12:02}:{minute:02}:{second:02} {half}"),
            'S' | 's' => format!("{second:02}"),
            'T' => format!("{hour:02}:{minute:02}:{second:02}"),
            'v' => format!("{:02}", iso_week(day_count).1),
            'W' => name(&DAYS, weekday(day_count)).to_string(),
            'x' => format!("{:04}", iso_week(day_count).0),
            'Y' => format!("{year:04}"),
            'y' => format!("{:02}", year.rem_euclid(100)),
            '%' => "%".to_string(),
            'D' | 'U' | 'u' | 'V' | 'w' | 'X' => return Err(refused(letter)),
            other => other.to_string(),
        });
    }
    Ok(out)
}

#[derive(Default)]
struct Read {
    year: Option<i64>,
    month: Option<i64>,
    day: Option<i64>,
    day_of_year: Option<i64>,
    hour: i64,
    hour_12: Option<i64>,
    afternoon: bool,
    minute: i64,
    second: i64,
    millis: i64,
}

/// A text that is read from its start.
pub struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    /// Before anything is read.
    pub const fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// What is not read yet.
    pub fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// The error of a text that does not go on as the pattern does.
    pub fn malformed(&self) -> TrinoError {
        let text = self.text;
        if self.rest().is_empty() {
            return invalid(format!("Invalid format: \"{text}\" is too short"));
        }
        if self.at == 0 {
            return invalid(format!("Invalid format: \"{text}\""));
        }
        invalid(format!(
            "Invalid format: \"{text}\" is malformed at \"{}\"",
            self.rest()
        ))
    }

    /// As many characters as fit.
    pub fn taken(&mut self, fits: impl Fn(char) -> bool) -> String {
        let taken: String = self.rest().chars().take_while(|c| fits(*c)).collect();
        self.at += taken.len();
        taken
    }

    /// One to `most` digits.
    pub fn digits(&mut self, most: usize) -> Result<&'a str> {
        let rest = self.rest();
        let length = rest
            .bytes()
            .take(most)
            .take_while(u8::is_ascii_digit)
            .count();
        match rest.get(..length) {
            Some(digits) if length > 0 => {
                self.at += length;
                Ok(digits)
            }
            _ => Err(self.malformed()),
        }
    }

    /// Whether a character is next, which is then read.
    pub fn accept(&mut self, c: char) -> bool {
        let next = self.rest().starts_with(c);
        if next {
            self.at += c.len_utf8();
        }
        next
    }

    /// A number of at most so many digits.
    pub fn number(&mut self, digits: usize, range: std::ops::RangeInclusive<i64>) -> Result<i64> {
        let before = self.at;
        let value = self.digits(digits)?.parse::<i64>().ok();
        value.filter(|value| range.contains(value)).ok_or_else(|| {
            self.at = before;
            self.malformed()
        })
    }

    /// One of some names, counted from 1.
    pub fn word(&mut self, names: &[&str], abbreviated: bool) -> Result<i64> {
        for (i, full) in names.iter().enumerate() {
            for candidate in [*full, if abbreviated { short(full) } else { full }] {
                let length = candidate.len();
                let hit = self
                    .rest()
                    .get(..length)
                    .is_some_and(|text| text.eq_ignore_ascii_case(candidate));
                if hit {
                    self.at += length;
                    return Ok(i as i64 + 1);
                }
            }
        }
        Err(self.malformed())
    }

    /// A character that must be next.
    pub fn exact(&mut self, c: char) -> Result<()> {
        if self.accept(c) {
            Ok(())
        } else {
            Err(self.malformed())
        }
    }
}

/// A text by a pattern, as local milliseconds.
pub fn read(text: &str, pattern: &str) -> Result<i64> {
    if pattern.is_empty() {
        return Err(invalid("Both printing and parsing not supported"));
    }
    let mut reader = Reader::new(text);
    let mut read = Read::default();
    let mut rest = pattern.chars();
    while let Some(c) = rest.next() {
        if c != '%' {
            reader.exact(c)?;
            continue;
        }
        match rest.next() {
            None => reader.exact('%')?,
            Some(letter) => letter_of(&mut reader, &mut read, letter)?,
        }
    }
    if !reader.rest().is_empty() {
        return Err(reader.malformed());
    }
    finish(&read).ok_or_else(|| invalid(format!("Invalid format: \"{text}\"")))
}

fn letter_of(reader: &mut Reader<'_>, read: &mut Read, letter: char) -> Result<()> {
    match letter {
        'Y' => read.year = Some(reader.number(4, 0..=9_999)?),
        'y' => {
            let year = reader.number(2, 0..=99)?;
            read.year = Some(if year < 70 {
                2_000 + year
            } else {
                1_900 + year
            });
        }
        'm' | 'c' => read.month = Some(reader.number(2, 1..=12)?),
        'd' | 'e' => read.day = Some(reader.number(2, 1..=31)?),
        'j' => read.day_of_year = Some(reader.number(3, 1..=366)?),
        'H' | 'k' => read.hour = reader.number(2, 0..=23)?,
        'h' | 'I' | 'l' => read.hour_12 = Some(reader.number(2, 1..=12)?),
        'i' => read.minute = reader.number(2, 0..=59)?,
        'S' | 's' => read.second = reader.number(2, 0..=59)?,
        'f' => {
            let digits = reader.digits(9)?;
            let padded = format!("{digits:0<3}");
            read.millis = padded.get(..3).and_then(|t| t.parse().ok()).unwrap_or(0);
        }
        'M' => read.month = Some(reader.word(&MONTHS, true)?),
        'b' => read.month = Some(reader.word(&MONTHS, true)?),
        'a' | 'W' => {
            reader.word(&DAYS, true)?;
        }
        'p' => read.afternoon = reader.word(&["AM", "PM"], false)? == 2,
        'T' => {
            for part in ["H", ":", "i", ":", "s"] {
                match part {
                    ":" => reader.exact(':')?,
                    part => letter_of(reader, read, part.chars().next().unwrap_or('H'))?,
                }
            }
        }
        '%' => reader.exact('%')?,
        'r' | 'v' | 'x' => {
            return Err(TrinoError::in_data(
                Code::NotSupported,
                format!("%{letter} of date_parse is not supported by windfarm"),
            ));
        }
        'D' | 'U' | 'u' | 'V' | 'w' | 'X' => return Err(refused(letter)),
        other => reader.exact(other)?,
    }
    Ok(())
}

fn finish(read: &Read) -> Option<i64> {
    let year = read.year.unwrap_or(1970);
    let days = match read.day_of_year {
        Some(day) => {
            let days = days_of(year, 1, 1) + day - 1;
            (civil_of(days).0 == year).then_some(days)?
        }
        None => valid_days(year, read.month.unwrap_or(1), read.day.unwrap_or(1))?,
    };
    let hour = match read.hour_12 {
        Some(hour) => hour % 12 + if read.afternoon { 12 } else { 0 },
        None => read.hour,
    };
    let millis = ((hour * 60 + read.minute) * 60 + read.second) * 1_000 + read.millis;
    Some(days * DAY_MILLIS + millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, pattern: &str, again: &str) {
        let millis = read(text, pattern).unwrap();
        assert_eq!(write(millis, "%Y-%m-%d %H:%i:%s.%f").unwrap(), again);
    }

    #[test]
    fn texts_are_read_by_their_pattern() {
        check(
            "2013-05-17 00:35:10",
            "%Y-%m-%d %H:%i:%s",
            "2013-05-17 00:35:10.000000",
        );
        check("20200229", "%Y%m%d", "2020-02-29 00:00:00.000000");
        check(
            "1 Jan 70 12:05 am.5",
            "%e %b %y %h:%i %p.%f",
            "1970-01-01 00:05:00.500000",
        );
        assert!(read("2020-02-30", "%Y-%m-%d").is_err());
        assert!(read("2020", "%Y-%m").is_err());
        assert_eq!(
            write(0, "%W %M %e, %l:%i %p %j %v %y %%").unwrap(),
            "Thursday January 1, 12:00 AM 001 01 70 %"
        );
        assert!(write(0, "%w").is_err());
    }
}
