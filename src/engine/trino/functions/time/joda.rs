//! `format_datetime` and `parse_datetime` by Joda's letters; `to_char`, `to_date` and `to_timestamp` by
//! Teradata's words.

use super::super::super::calendar::{
    MILLI_PICOS, Zoned, abbreviation, civil_of, days_of, iso_week, join_day, offset_text,
    valid_days, weekday, zone_key, zone_name,
};
use super::super::super::error::{Code, Result, TrinoError};
use super::super::super::function::Function;
use super::super::super::types::{Type, VARCHAR};
use super::super::super::value::Value;
use super::format::{DAYS, MONTHS, Reader, name, short};
use super::unix::rounded_millis;
use super::{formatted, invalid, local, out_of_range};

const DAY_MILLIS: i64 = 86_400_000;

/// A part of a pattern.
#[derive(Clone, Debug, PartialEq)]
enum Piece {
    Text(String),
    /// A letter and how often it stands.
    Field(char, usize),
}

/// Reads Joda's pattern: letters are fields, quotes make text of them.
fn joda(pattern: &str) -> Result<Vec<Piece>> {
    if pattern.is_empty() {
        return Err(invalid("Invalid pattern specification"));
    }
    let mut pieces: Vec<Piece> = Vec::new();
    let text = |pieces: &mut Vec<Piece>, c: char| match pieces.last_mut() {
        Some(Piece::Text(text)) => text.push(c),
        _ => pieces.push(Piece::Text(c.to_string())),
    };
    let mut rest = pattern.chars().peekable();
    let mut quoted = false;
    while let Some(c) = rest.next() {
        match c {
            '\'' if rest.peek() == Some(&'\'') => {
                rest.next();
                text(&mut pieces, '\'');
            }
            '\'' => quoted = !quoted,
            c if quoted || !c.is_ascii_alphabetic() => text(&mut pieces, c),
            c if !"GCYxweEyDMdaKhHkmsSzZ".contains(c) => {
                return Err(invalid(format!("Illegal pattern component: {c}")));
            }
            c => {
                let mut count = 1;
                while rest.next_if_eq(&c).is_some() {
                    count += 1;
                }
                pieces.push(Piece::Field(c, count));
            }
        }
    }
    Ok(pieces)
}

/// Reads Teradata's pattern of words and signs.
fn teradata(pattern: &str) -> Result<Vec<Piece>> {
    const WORDS: [(&str, char, usize); 8] = [
        ("yyyy", 'y', 4),
        ("yy", 'y', 2),
        ("mm", 'M', 2),
        ("dd", 'd', 2),
        ("hh24", 'H', 2),
        ("hh", 'h', 2),
        ("mi", 'm', 2),
        ("ss", 's', 2),
    ];
    let mut pieces = Vec::new();
    let mut rest = pattern;
    while let Some(c) = rest.chars().next() {
        let word = WORDS.iter().find(|(word, ..)| rest.starts_with(word));
        if let Some((word, letter, count)) = word {
            pieces.push(Piece::Field(*letter, *count));
            rest = rest.get(word.len()..).unwrap_or_default();
        } else if "-/,.;: ".contains(c) {
            pieces.push(Piece::Text(c.to_string()));
            rest = rest.get(1..).unwrap_or_default();
        } else {
            return Err(invalid(format!(
                "Failed to tokenize string [{pattern}] at offset [{}]",
                pattern.len() - rest.len()
            )));
        }
    }
    Ok(pieces)
}

fn unsupported(letter: char, function: &str) -> TrinoError {
    TrinoError::in_data(
        Code::NotSupported,
        format!("Letter {letter} of {function} is not supported by windfarm"),
    )
}

/// A date or time by a pattern; `zoned` is what it is an instant of, if it has a zone.
fn write(millis: i64, zoned: Option<Zoned>, pieces: &[Piece]) -> Result<String> {
    let (days, of_day) = (millis.div_euclid(DAY_MILLIS), millis.rem_euclid(DAY_MILLIS));
    let (year, month, day) = civil_of(days);
    let of_era = if year > 0 { year } else { 1 - year };
    let hour = of_day / 3_600_000;
    let mut out = String::new();
    for piece in pieces {
        let (letter, count) = match piece {
            Piece::Text(text) => {
                out.push_str(text);
                continue;
            }
            Piece::Field(letter, count) => (*letter, *count),
        };
        let number = |n: i64| {
            let sign = if n < 0 { "-" } else { "" };
            format!("{sign}{:0count$}", n.abs())
        };
        let years = |n: i64| match count {
            2 => format!("{:02}", n.rem_euclid(100)),
            _ => number(n),
        };
        let full = count >= 4;
        out.push_str(&match letter {
            'G' => if year > 0 { "AD" } else { "BC" }.to_string(),
            'C' => number(of_era / 100),
            'Y' => years(of_era),
            'y' => years(year),
            'x' => years(iso_week(days).0),
            'w' => number(iso_week(days).1),
            'e' => number(weekday(days)),
            'E' if full => name(&DAYS, weekday(days)).to_string(),
            'E' => short(name(&DAYS, weekday(days))).to_string(),
            'D' => number(days - days_of(year, 1, 1) + 1),
            'M' if full => name(&MONTHS, month).to_string(),
            'M' if count == 3 => short(name(&MONTHS, month)).to_string(),
            'M' => number(month),
            'd' => number(day),
            'a' => if hour < 12 { "AM" } else { "PM" }.to_string(),
            'K' => number(hour % 12),
            'h' => number((hour + 11) % 12 + 1),
            'H' => number(hour),
            'k' => number((hour + 23) % 24 + 1),
            'm' => number(of_day / 60_000 % 60),
            's' => number(of_day / 1_000 % 60),
            'S' => {
                let digits = format!("{:03}", of_day % 1_000);
                format!("{digits:0<count$}").chars().take(count).collect()
            }
            letter => match zoned {
                Some(zoned) => zone_text(zoned, letter, count)?,
                None => {
                    return Err(invalid(
                        "format_datetime for TIMESTAMP type, cannot use 'Z' nor 'z' in format, as this type does not contain TZ information",
                    ));
                }
            },
        });
    }
    Ok(out)
}

/// The letters `z` and `Z`.
fn zone_text(zoned: Zoned, letter: char, count: usize) -> Result<String> {
    let offset = offset_text(zoned.offset_seconds() / 60);
    Ok(match (letter, count) {
        ('Z', 1) => offset.replace(':', ""),
        ('Z', 2) => offset,
        ('Z', _) => zone_name(zoned.zone),
        // Java's names of zones are not here; where the zone's own abbreviation is one, it is the same.
        ('z', 1..=3) => abbreviation(zoned).ok_or_else(|| unsupported('z', "format_datetime"))?,
        _ => return Err(unsupported(letter, "format_datetime")),
    })
}

/// What a text says; fields it does not name are those of the epoch's start.
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
    zone: Option<i64>,
}

/// A text by a pattern. Years of two digits are those from `pivot` on.
fn read(text: &str, pieces: &[Piece], pivot: Option<i64>) -> Result<Read> {
    let mut reader = Reader::new(text);
    let mut read = Read::default();
    for (at, piece) in pieces.iter().enumerate() {
        match piece {
            Piece::Text(text) => text.chars().try_for_each(|c| reader.exact(c))?,
            Piece::Field(letter, count) => {
                let numeric_next = matches!(
                    pieces.get(at + 1),
                    Some(Piece::Field(c, n)) if !"GEaz Z".contains(*c) && (*c != 'M' || *n < 3)
                );
                field(
                    &mut reader,
                    &mut read,
                    (*letter, *count),
                    numeric_next,
                    pivot,
                )?;
            }
        }
    }
    if reader.rest().is_empty() {
        Ok(read)
    } else {
        Err(reader.malformed())
    }
}

fn field(
    reader: &mut Reader<'_>,
    read: &mut Read,
    (letter, count): (char, usize),
    numeric_next: bool,
    pivot: Option<i64>,
) -> Result<()> {
    match letter {
        'y' | 'Y' if count == 2 => {
            let first = pivot.ok_or_else(|| unsupported(letter, "two-digit years in parsing"))?;
            let year = reader.number(2, 0..=99)?;
            read.year = Some(first + (year - first).rem_euclid(100));
        }
        'y' | 'Y' => {
            let negative = reader.accept('-');
            let digits = if numeric_next { count } else { 9 };
            let year = reader.number(digits, 0..=292_278_993)?;
            read.year = Some(if negative { -year } else { year });
        }
        'M' if count >= 3 => read.month = Some(reader.word(&MONTHS, true)?),
        'M' => read.month = Some(reader.number(2, 1..=12)?),
        'd' => read.day = Some(reader.number(2, 1..=31)?),
        'D' => read.day_of_year = Some(reader.number(3, 1..=366)?),
        'E' => {
            reader.word(&DAYS, true)?;
        }
        'a' => read.afternoon = reader.word(&["AM", "PM"], false)? == 2,
        'H' => read.hour = reader.number(2, 0..=23)?,
        'k' => read.hour = reader.number(2, 1..=24)? % 24,
        'K' => read.hour_12 = Some(reader.number(2, 0..=11)?),
        'h' => read.hour_12 = Some(reader.number(2, 1..=12)?),
        'm' => read.minute = reader.number(2, 0..=59)?,
        's' => read.second = reader.number(2, 0..=59)?,
        'S' => {
            let digits = reader.digits(count)?;
            let padded = format!("{digits:0<3}");
            read.millis = padded.get(..3).and_then(|t| t.parse().ok()).unwrap_or(0);
        }
        'Z' => {
            let zone = reader.taken(|c| c.is_ascii_alphanumeric() || "+-:/_".contains(c));
            let offset = zone.starts_with(['+', '-']) || zone == "Z";
            if (count < 3) != offset {
                return Err(reader.malformed());
            }
            read.zone = Some(zone_key(&zone).ok_or_else(|| reader.malformed())?);
        }
        letter => return Err(unsupported(letter, "parse_datetime")),
    }
    Ok(())
}

impl Read {
    /// Picoseconds of the local date and time; `None` for a date that does not exist.
    fn local(&self) -> Option<i128> {
        let year = self.year.unwrap_or(1970);
        let days = match self.day_of_year {
            Some(day) => {
                let days = days_of(year, 1, 1) + day - 1;
                (civil_of(days).0 == year).then_some(days)?
            }
            None => valid_days(year, self.month.unwrap_or(1), self.day.unwrap_or(1))?,
        };
        let hour = match self.hour_12 {
            Some(hour) => hour % 12 + if self.afternoon { 12 } else { 0 },
            None => self.hour,
        };
        let millis = ((hour * 60 + self.minute) * 60 + self.second) * 1_000 + self.millis;
        Some(join_day(days, millis * MILLI_PICOS))
    }
}

/// A function of a date or time and a pattern.
fn writing(name: &str, ty: Type, pattern: fn(&str) -> Result<Vec<Piece>>) -> Function {
    Function::new(name, vec![ty, VARCHAR], VARCHAR, move |a| match a {
        [value, Value::Text(text)] => {
            let zoned = match value {
                Value::Zoned(zoned) => Some(*zoned),
                _ => None,
            };
            match local(value) {
                Some(local) => {
                    write(rounded_millis(local), zoned, &pattern(text)?).map(Value::Text)
                }
                None => Ok(Value::Null),
            }
        }
        _ => Ok(Value::Null),
    })
    .failing()
}

/// A function of a text and a pattern.
fn reading(
    name: &str,
    arguments: &[Type],
    result: Type,
    made: fn(&str, &str) -> Result<Value>,
) -> Option<Function> {
    matches!(arguments, [a, b] if a.is_text() && b.is_text()).then(|| {
        Function::new(name, vec![VARCHAR, VARCHAR], result, move |a| match a {
            [Value::Text(text), Value::Text(pattern)] => made(text, pattern),
            _ => Ok(Value::Null),
        })
        .failing()
    })
}

fn no_such_date(text: &str) -> TrinoError {
    invalid(format!("Cannot parse \"{text}\""))
}

/// `format_datetime`
pub fn format_datetime(arguments: &[Type]) -> Option<Function> {
    Some(writing("format_datetime", formatted(arguments)?, joda))
}

/// `parse_datetime`: without a zone in the text, in UTC.
pub fn parse_datetime(arguments: &[Type]) -> Option<Function> {
    let result = Type::TimestampTz(3);
    reading("parse_datetime", arguments, result, |text, pattern| {
        let read = read(text, &joda(pattern)?, None)?;
        let local = read.local().ok_or_else(|| no_such_date(text))?;
        Zoned::from_local(local, read.zone.unwrap_or(0))
            .filter(|zoned| zoned.is_short())
            .map(Value::Zoned)
            .ok_or_else(out_of_range)
    })
}

/// The first year that Teradata's `yy` means.
const CENTURY: i64 = 2000;

fn teradata_local(text: &str, pattern: &str) -> Result<i128> {
    let read = read(text, &teradata(pattern)?, Some(CENTURY))?;
    read.local().ok_or_else(|| no_such_date(text))
}

/// `to_char`
pub fn to_char(arguments: &[Type]) -> Option<Function> {
    Some(writing("to_char", formatted(arguments)?, teradata))
}

/// `to_timestamp` of a text.
pub fn to_timestamp(arguments: &[Type]) -> Option<Function> {
    reading(
        "to_timestamp",
        arguments,
        Type::Timestamp(3),
        |text, pattern| teradata_local(text, pattern).map(Value::Timestamp),
    )
}

/// `to_date` of a text.
pub fn to_date(arguments: &[Type]) -> Option<Function> {
    reading("to_date", arguments, Type::Date, |text, pattern| {
        let (days, _) = super::split_day(teradata_local(text, pattern)?);
        i32::try_from(days)
            .map(Value::Date)
            .map_err(|_| out_of_range())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(millis: i64, pattern: &str, expected: &str) {
        let zone = zone_key("America/Los_Angeles").unwrap();
        let local = i128::from(millis) * i128::from(MILLI_PICOS);
        let zoned = Zoned::from_local(local, zone);
        let got = write(millis, zoned, &joda(pattern).unwrap()).map_err(|e| e.message);
        assert_eq!(got.as_deref(), Ok(expected), "{pattern}");
    }

    #[test]
    fn letters_are_written() {
        let at = days_of(2001, 8, 22) * DAY_MILLIS + 11_045_321;
        check(at, "yyyy-MM-dd'T'HH:mm:ss.SSS", "2001-08-22T03:04:05.321");
        check(
            at,
            "EEE EEEE MMM MMMM d yy",
            "Wed Wednesday Aug August 22 01",
        );
        check(
            at,
            "h K k a e D w x S SSSSS",
            "3 3 3 AM 3 234 34 2001 3 32100",
        );
        check(
            at,
            "z Z ZZ ZZZ G C '''o''' 'q'",
            "PDT -0700 -07:00 America/Los_Angeles AD 20 'o' q",
        );
        assert!(joda("T").is_err());
        assert!(write(0, None, &joda("Z").unwrap()).is_err());
    }

    fn again(text: &str, pattern: &str) -> String {
        match read(text, &joda(pattern).unwrap(), None) {
            Ok(read) => match read.local() {
                Some(local) => {
                    let zone = read.zone.map_or_else(String::new, zone_name);
                    format!(
                        "{} {zone}",
                        super::super::super::super::text::timestamp(local, 3)
                    )
                }
                None => "no date".into(),
            },
            Err(error) => error.message,
        }
    }

    #[test]
    fn letters_are_read() {
        for (text, pattern, expected) in [
            (
                "20200818030405",
                "yyyyMMddHHmmss",
                "2020-08-18 03:04:05.000 ",
            ),
            (
                "1960/01/22 3:04 Asia/Oral",
                "yyyy/MM/dd HH:mm ZZZ",
                "1960-01-22 03:04:00.000 Asia/Oral",
            ),
            (
                "22 Jan 1960 03:04 PM +0500",
                "d MMM yyyy hh:mm a Z",
                "1960-01-22 15:04:00.000 +05:00",
            ),
            ("2020-02-30", "yyyy-MM-dd", "no date"),
            (
                "2020-02",
                "yyyy-MM-dd",
                "Invalid format: \"2020-02\" is too short",
            ),
            (
                "2020x",
                "yyyy",
                "Invalid format: \"2020x\" is malformed at \"x\"",
            ),
        ] {
            assert_eq!(again(text, pattern), expected, "{text}");
        }
    }

    #[test]
    fn teradatas_words_are_read_and_written() {
        let pieces = teradata("yyyy/mm/dd hh24:mi:ss").unwrap();
        let at = days_of(1988, 4, 8) * DAY_MILLIS + 51_316_000;
        assert_eq!(
            write(at, None, &pieces).as_deref(),
            Ok("1988/04/08 14:15:16")
        );
        let local = teradata_local("88-04-08", "yy-mm-dd").unwrap();
        assert_eq!(local, join_day(days_of(2088, 4, 8), 0));
        assert!(teradata("yyyy xx").is_err());
    }
}
