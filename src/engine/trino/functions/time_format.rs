//! `date_format` and `date_parse`: MySQL's letters.

use super::super::super::calendar::{DAY_MICROS, civil_of, days_of, iso_week, valid_days, weekday};
use super::super::super::error::{Code, Result, TrinoError};

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
const DAYS: [&str; 7] = [
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

fn name<const N: usize>(names: &[&'static str; N], from_one: i64) -> &'static str {
    usize::try_from(from_one - 1)
        .ok()
        .and_then(|at| names.get(at).copied())
        .unwrap_or_default()
}

fn short(name: &str) -> &str {
    name.get(..3).unwrap_or(name)
}

/// A local time by a pattern.
pub fn write(micros: i64, pattern: &str) -> Result<String> {
    let day_count = micros.div_euclid(DAY_MICROS);
    let millis_of_day = micros.rem_euclid(DAY_MICROS) / 1_000;
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

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn malformed(&self) -> TrinoError {
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

    fn number(&mut self, digits: usize, range: std::ops::RangeInclusive<i64>) -> Result<i64> {
        let length = self
            .rest()
            .bytes()
            .take(digits)
            .take_while(u8::is_ascii_digit)
            .count();
        let value = self
            .rest()
            .get(..length)
            .and_then(|t| t.parse::<i64>().ok());
        match value.filter(|value| range.contains(value)) {
            Some(value) => {
                self.at += length;
                Ok(value)
            }
            None => Err(self.malformed()),
        }
    }

    fn word(&mut self, names: &[&str], abbreviated: bool) -> Result<i64> {
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

    fn exact(&mut self, c: char) -> Result<()> {
        if self.rest().starts_with(c) {
            self.at += c.len_utf8();
            Ok(())
        } else {
            Err(self.malformed())
        }
    }
}

/// A text by a pattern, as local microseconds.
pub fn read(text: &str, pattern: &str) -> Result<i64> {
    let mut reader = Reader { text, at: 0 };
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
            let before = reader.at;
            reader.number(9, 0..=999_999_999)?;
            let digits = reader.text.get(before..reader.at).unwrap_or_default();
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
    Some(days * DAY_MICROS + millis * 1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, pattern: &str, again: &str) {
        let micros = read(text, pattern).unwrap();
        assert_eq!(write(micros, "%Y-%m-%d %H:%i:%s.%f").unwrap(), again);
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
