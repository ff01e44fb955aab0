//! Spark's date patterns, as far as their letters are unambiguous: `yyyy-MM-dd HH:mm:ss.SSS`.
//!
//! Executed: `y` (year: `yyyy`, `yy`), `M` (month: `M`, `MM`), `d`, `H`, `m`, `s`, `S` (fraction),
//! text in quotes, and signs that are no letters. Names of months and days, 12-hour clocks, zones
//! and optional parts are refused by name.

use std::fmt::Write as _;

use jiff::civil::{Date, DateTime, Time};

use crate::engine::error::{Error, Result};

/// A pattern taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Field(char, usize),
    Text(String),
}

impl Pattern {
    /// Takes a pattern apart, or names what is not executed.
    pub fn parse(text: &str) -> Result<Self> {
        let refused = |what: &str| {
            Error::Unsupported(format!(
                "`{what}` in the date pattern `{text}` is not executed by windfarm"
            ))
        };
        let mut parts: Vec<Part> = Vec::new();
        let mut chars = text.chars().peekable();
        let literal = |parts: &mut Vec<Part>, c: char| match parts.last_mut() {
            Some(Part::Text(text)) => text.push(c),
            _ => parts.push(Part::Text(c.to_string())),
        };
        while let Some(c) = chars.next() {
            match c {
                '\'' => loop {
                    match chars.next() {
                        Some('\'') if chars.peek() != Some(&'\'') => break,
                        Some('\'') => {
                            chars.next();
                            literal(&mut parts, '\'');
                        }
                        Some(c) => literal(&mut parts, c),
                        None => return Err(refused("'")),
                    }
                },
                'a'..='z' | 'A'..='Z' => {
                    let mut length = 1;
                    while chars.next_if_eq(&c).is_some() {
                        length += 1;
                    }
                    let known = matches!(
                        (c, length),
                        ('y', 2 | 4) | ('M' | 'd' | 'H' | 'm' | 's', 1 | 2) | ('S', 1..=9)
                    );
                    if !known {
                        return Err(refused(&c.to_string().repeat(length)));
                    }
                    parts.push(Part::Field(c, length));
                }
                '[' | ']' | '{' | '}' | '#' => return Err(refused(&c.to_string())),
                c => literal(&mut parts, c),
            }
        }
        Ok(Self(parts))
    }

    /// The text of an instant.
    pub fn format(&self, at: DateTime) -> String {
        let mut out = String::new();
        for part in &self.0 {
            // Writing to a string does not fail.
            let _ = match part {
                Part::Text(text) => out.write_str(text),
                Part::Field('y', 2) => write!(out, "{:02}", at.year().rem_euclid(100)),
                Part::Field('S', length) => {
                    let digits = format!("{:09}", at.subsec_nanosecond());
                    out.write_str(digits.get(..*length).unwrap_or(&digits))
                }
                Part::Field(field, length) => {
                    let value = match field {
                        'y' => at.year(),
                        'M' => i16::from(at.month()),
                        'd' => i16::from(at.day()),
                        'H' => i16::from(at.hour()),
                        'm' => i16::from(at.minute()),
                        _ => i16::from(at.second()),
                    };
                    write!(out, "{value:0length$}")
                }
            };
        }
        out
    }

    /// The instant a text means; parts the pattern lacks are those of 1970-01-01 00:00. `None` when
    /// the text is not of the pattern, to its last character.
    pub fn read(&self, text: &str) -> Option<DateTime> {
        let (mut year, mut month, mut day) = (1970i16, 1i8, 1i8);
        let (mut hour, mut minute, mut second, mut nanos) = (0i8, 0i8, 0i8, 0i32);
        let mut rest = text;
        for (at, part) in self.0.iter().enumerate() {
            match part {
                Part::Text(text) => rest = rest.strip_prefix(text.as_str())?,
                Part::Field(field, length) => {
                    // A field of one letter takes as many digits as there are, unless another
                    // number follows at once.
                    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
                    let abuts = matches!(self.0.get(at + 1), Some(Part::Field(..)));
                    let most = match (field, length) {
                        ('S', n) => *n,
                        ('y', 4) if !abuts => 4,
                        (_, 1) if !abuts => 2,
                        (_, n) => *n,
                    };
                    let take = digits.min(most);
                    if take < *length {
                        return None;
                    }
                    let (number, left) = rest.split_at_checked(take)?;
                    rest = left;
                    let value: i32 = number.parse().ok()?;
                    match field {
                        'y' if *length == 2 => year = i16::try_from(2000 + value).ok()?,
                        'y' => year = i16::try_from(value).ok()?,
                        'M' => month = i8::try_from(value).ok()?,
                        'd' => day = i8::try_from(value).ok()?,
                        'H' => hour = i8::try_from(value).ok()?,
                        'm' => minute = i8::try_from(value).ok()?,
                        's' => second = i8::try_from(value).ok()?,
                        _ => nanos = format!("{number:0<9}").parse().ok()?,
                    }
                }
            }
        }
        if !rest.is_empty() {
            return None;
        }
        let date = Date::new(year, month, day).ok()?;
        let time = Time::new(hour, minute, second, nanos).ok()?;
        Some(date.to_datetime(time))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_read_what_they_write() {
        for (pattern, text) in [
            ("yyyy-MM-dd HH:mm:ss.SSSSSS", "2025-04-30 14:35:00.775222"),
            ("dd/MM/yyyy", "30/04/2025"),
            ("yyyyMMdd", "20250430"),
            ("yyyy-MM-dd'T'HH:mm", "2025-04-30T14:35"),
            ("d.M.yy", "3.4.25"),
        ] {
            let parsed = Pattern::parse(pattern).unwrap();
            let at = parsed.read(text).unwrap();
            assert_eq!(parsed.format(at), text, "{pattern}");
        }
        let strict = Pattern::parse("dd/MM/yyyy").unwrap();
        for bad in ["3/4/2025", "30/04/25", "30/04/2025 ", "31/02/2025", "x"] {
            assert_eq!(strict.read(bad), None, "{bad}");
        }
        for refused in ["EEE", "hh", "MMM", "Y", "[yyyy]", "'x", "yyy"] {
            assert!(Pattern::parse(refused).is_err(), "{refused}");
        }
    }
}
