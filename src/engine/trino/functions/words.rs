//! Texts taken apart, spelled otherwise or made for people to read.

use super::super::error::{Code, Result, TrinoError};
use super::super::types::{Type, VARCHAR};
use super::super::value::Value;
use super::{Resolution, failing, found, simple};
use crate::engine::trino::function::Function;

fn invalid(message: impl Into<String>) -> TrinoError {
    TrinoError::in_data(Code::InvalidFunctionArgument, message)
}

fn text_of(value: Option<&Value>) -> &str {
    match value {
        Some(Value::Text(text)) => text,
        _ => "",
    }
}

/// Finds a function of this family.
pub fn resolve(name: &str, arguments: &[Type]) -> Resolution {
    match name {
        "soundex" => failing(name, arguments, &[VARCHAR], Type::Varchar(Some(4)), |a| {
            soundex(text_of(a.first())).map(Value::Text)
        }),
        "word_stem" => {
            let result = match arguments.first() {
                Some(Type::Varchar(length)) => Type::Varchar(*length),
                _ => VARCHAR,
            };
            let parameters = vec![VARCHAR; arguments.len().clamp(1, 2)];
            failing(name, arguments, &parameters, result, |a| {
                stem(
                    text_of(a.first()),
                    a.get(1).map_or("en", |l| text_of(Some(l))),
                )
            })
        }
        "luhn_check" => failing(name, arguments, &[VARCHAR], Type::Boolean, |a| {
            luhn(text_of(a.first())).map(Value::Boolean)
        }),
        "char2hexint" => simple(name, arguments, &[VARCHAR], VARCHAR, |a| {
            let units = text_of(a.first()).encode_utf16();
            Ok(Value::Text(units.map(|u| format!("{u:04X}")).collect()))
        }),
        "index" => simple(name, arguments, &[VARCHAR, VARCHAR], Type::Bigint, |a| {
            let (text, part) = (text_of(a.first()), text_of(a.get(1)));
            let before = text.find(part).and_then(|at| text.get(..at));
            Ok(Value::Int(
                before.map_or(0, |before| before.chars().count() as i64 + 1),
            ))
        }),
        "normalize" => {
            let parameters = vec![VARCHAR; arguments.len().clamp(1, 2)];
            failing(name, arguments, &parameters, VARCHAR, |a| {
                normalize(
                    text_of(a.first()),
                    a.get(1).map_or("NFC", |f| text_of(Some(f))),
                )
            })
        }
        "split_to_map" | "split_to_multimap" => {
            let multiple = name == "split_to_multimap";
            let item = if multiple {
                Type::Array(Box::new(VARCHAR))
            } else {
                VARCHAR
            };
            let function = super::fits(arguments, &[VARCHAR, VARCHAR, VARCHAR]).then(|| {
                let result = Type::Map(Box::new(VARCHAR), Box::new(item));
                Function::new(name, vec![VARCHAR; 3], result, move |a| {
                    split_to_map(a, multiple)
                })
                .failing()
            });
            found(function, "f(varchar, varchar, varchar)")
        }
        "human_readable_seconds" => {
            failing(name, arguments, &[Type::Double], VARCHAR, |a| match a {
                [Value::Double(seconds)] => readable(*seconds).map(Value::Text),
                _ => Ok(Value::Null),
            })
        }
        "format_number" => found(format_number(arguments), "format_number(number)"),
        "parse_data_size" | "parse_presto_data_size" => {
            failing(name, arguments, &[VARCHAR], Type::Decimal(38, 0), |a| {
                data_size(text_of(a.first())).map(Value::Decimal)
            })
        }
        "parse_duration" => failing(name, arguments, &[VARCHAR], Type::IntervalDay, |a| {
            duration(text_of(a.first())).map(Value::Int)
        }),
        "hamming_distance" => failing(name, arguments, &[VARCHAR, VARCHAR], Type::Bigint, |a| {
            let (x, y) = (text_of(a.first()), text_of(a.get(1)));
            if x.chars().count() != y.chars().count() {
                return Err(invalid(
                    "The input strings to hamming_distance function must have the same length",
                ));
            }
            let differ = x.chars().zip(y.chars()).filter(|(a, b)| a != b);
            Ok(Value::Int(differ.count() as i64))
        }),
        _ => Resolution::Unknown,
    }
}

/// A letter's digit; vowels and the like have none, `h` and `w` do not even part equal digits.
fn soundex(text: &str) -> Result<String> {
    let digit = |c: char| match c {
        'B' | 'F' | 'P' | 'V' => '1',
        'C' | 'G' | 'J' | 'K' | 'Q' | 'S' | 'X' | 'Z' => '2',
        'D' | 'T' => '3',
        'L' => '4',
        'M' | 'N' => '5',
        'R' => '6',
        'H' | 'W' => '-',
        _ => '0',
    };
    let letters: Vec<char> = text
        .chars()
        .filter(|c| c.is_alphabetic())
        .flat_map(char::to_uppercase)
        .collect();
    if let Some(foreign) = letters.iter().find(|c| !c.is_ascii_uppercase()) {
        return Err(invalid(format!(
            "The character is not mapped: {foreign} (index={})",
            u32::from(*foreign)
        )));
    }
    let Some(first) = letters.first() else {
        return Ok(String::new());
    };
    let mut out = first.to_string();
    let mut last = digit(*first);
    for letter in letters.iter().skip(1) {
        match digit(*letter) {
            '-' => {}
            code => {
                if code != '0' && code != last {
                    out.push(code);
                }
                last = code;
            }
        }
        if out.len() == 4 {
            break;
        }
    }
    Ok(format!("{out:0<4}"))
}

/// By the Snowball algorithm of a language.
fn stem(word: &str, language: &str) -> Result<Value> {
    use rust_stemmers::{Algorithm, Stemmer};
    let algorithm = match language {
        "da" => Algorithm::Danish,
        "de" => Algorithm::German,
        "en" => Algorithm::English,
        "es" => Algorithm::Spanish,
        "fi" => Algorithm::Finnish,
        "fr" => Algorithm::French,
        "hu" => Algorithm::Hungarian,
        "it" => Algorithm::Italian,
        "nl" => Algorithm::Dutch,
        "no" => Algorithm::Norwegian,
        "pt" => Algorithm::Portuguese,
        "ro" => Algorithm::Romanian,
        "ru" => Algorithm::Russian,
        "sv" => Algorithm::Swedish,
        "tr" => Algorithm::Turkish,
        // Trino has Snowball's algorithms for these.
        "ca" | "eu" | "hy" | "ga" | "lt" => {
            return Err(TrinoError::in_data(
                Code::NotSupported,
                format!("word_stem in language {language} is not supported by windfarm"),
            ));
        }
        other => {
            return Err(invalid(format!("Unknown stemmer language: {other}")));
        }
    };
    Ok(Value::Text(
        Stemmer::create(algorithm).stem(word).into_owned(),
    ))
}

fn luhn(text: &str) -> Result<bool> {
    if text.is_empty() {
        return Ok(false);
    }
    let mut sum = 0;
    for (i, c) in text.chars().rev().enumerate() {
        let digit = c
            .to_digit(10)
            .ok_or_else(|| invalid(format!("Invalid input: '{text}' is not a string of digits")))?;
        let value = if i % 2 == 1 { digit * 2 } else { digit };
        sum += value / 10 + value % 10;
    }
    Ok(sum % 10 == 0)
}

fn normalize(text: &str, form: &str) -> Result<Value> {
    use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};
    let normal = match form.to_uppercase().as_str() {
        "NFC" => ComposingNormalizerBorrowed::new_nfc().normalize(text),
        "NFKC" => ComposingNormalizerBorrowed::new_nfkc().normalize(text),
        "NFD" => DecomposingNormalizerBorrowed::new_nfd().normalize(text),
        "NFKD" => DecomposingNormalizerBorrowed::new_nfkd().normalize(text),
        _ => {
            return Err(invalid(
                "Normalization form must be one of [NFD, NFC, NFKD, NFKC]",
            ));
        }
    };
    Ok(Value::Text(normal.into_owned()))
}

fn split_to_map(a: &[Value], multiple: bool) -> Result<Value> {
    let [
        Value::Text(text),
        Value::Text(entries_by),
        Value::Text(pairs_by),
    ] = a
    else {
        return Ok(Value::Null);
    };
    if entries_by.is_empty() {
        return Err(invalid("entryDelimiter is empty"));
    }
    if pairs_by.is_empty() {
        return Err(invalid("keyValueDelimiter is empty"));
    }
    if entries_by == pairs_by {
        return Err(invalid(
            "entryDelimiter and keyValueDelimiter must not be the same",
        ));
    }
    let mut out: Vec<(Value, Value)> = Vec::new();
    // A delimiter at the end opens no entry.
    let text = text.strip_suffix(entries_by.as_str()).unwrap_or(text);
    if text.is_empty() {
        return Ok(Value::Map(out));
    }
    for entry in text.split(entries_by.as_str()) {
        let mut parts = entry.split(pairs_by.as_str());
        let (Some(key), Some(value), None) = (parts.next(), parts.next(), parts.next()) else {
            let shown = if multiple {
                entry.to_string()
            } else {
                format!("'{entry}'")
            };
            return Err(invalid(format!(
                "Key-value delimiter must appear exactly once in each entry. Bad input: {shown}"
            )));
        };
        let (key, value) = (Value::Text(key.into()), Value::Text(value.into()));
        match out.iter_mut().find(|(have, _)| *have == key) {
            Some((_, Value::List(values))) => values.push(value),
            Some(_) => {
                return Err(invalid(format!(
                    "Duplicate keys ({}) are not allowed",
                    text_of(Some(&key))
                )));
            }
            None if multiple => out.push((key, Value::List(vec![value]))),
            None => out.push((key, value)),
        }
    }
    Ok(Value::Map(out))
}

fn readable(seconds: f64) -> Result<String> {
    if !seconds.is_finite() {
        return Err(invalid(format!(
            "Invalid argument found: {}",
            super::super::text::double_java(seconds)
        )));
    }
    let mut rest = seconds.abs().round() as i64;
    let mut parts = Vec::new();
    for (name, length) in [
        ("week", 604_800),
        ("day", 86_400),
        ("hour", 3_600),
        ("minute", 60),
        ("second", 1),
    ] {
        let count = rest / length;
        rest %= length;
        if count != 0 || (name == "second" && parts.is_empty()) {
            let plural = if count == 1 { "" } else { "s" };
            parts.push(format!("{count} {name}{plural}"));
        }
    }
    Ok(parts.join(", "))
}

fn format_number(arguments: &[Type]) -> Option<Function> {
    let parameter = match arguments {
        [ty] if ty.is_integral() => Type::Bigint,
        [ty] if ty.coerces_to(&Type::Double) => Type::Double,
        _ => return None,
    };
    Some(Function::new(
        "format_number",
        vec![parameter],
        VARCHAR,
        |a| {
            Ok(match a {
                [Value::Int(i)] => Value::Text(short_number(*i as f64)),
                [Value::Double(x)] => Value::Text(short_number(*x)),
                _ => Value::Null,
            })
        },
    ))
}

/// Three digits and a unit.
fn short_number(value: f64) -> String {
    let mut scaled = value;
    let mut unit = "";
    for (at, name) in [(1e3, "K"), (1e6, "M"), (1e9, "B"), (1e12, "T"), (1e15, "Q")] {
        if value.abs() >= at {
            scaled = value / at;
            unit = name;
        }
    }
    let digits = match scaled.abs() {
        x if x < 10.0 => 2,
        x if x < 100.0 => 1,
        _ => 0,
    };
    let factor = 10_f64.powi(digits);
    let rounded = (scaled.abs() * factor).round_ties_even() / factor;
    let shown = format!("{rounded:.0$}", usize::try_from(digits).unwrap_or(0));
    let shown = match shown.contains('.') {
        true => shown
            .trim_end_matches('0')
            .trim_end_matches('.')
            .to_string(),
        false => shown,
    };
    let sign = if scaled < 0.0 && rounded != 0.0 {
        "-"
    } else {
        ""
    };
    format!("{sign}{shown}{unit}")
}

fn split_unit(text: &str) -> Option<(&str, &str)> {
    let end = text
        .find(|c: char| !(c.is_ascii_digit() || c == '.'))
        .unwrap_or(text.len());
    text.split_at_checked(end)
}

fn data_size(text: &str) -> Result<i128> {
    let refused = || invalid(format!("Invalid data size: '{text}'"));
    let (number, unit) = split_unit(text).ok_or_else(refused)?;
    let power = ["B", "kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"]
        .iter()
        .position(|name| *name == unit)
        .ok_or_else(refused)?;
    let (value, _, scale) = super::super::text::parse_decimal(number).ok_or_else(refused)?;
    let factor = 1_i128 << (10 * power);
    let too_large = || {
        let whole = number.parse::<f64>().unwrap_or(0.0) * factor as f64;
        let exact = big_product(number, factor).unwrap_or_else(|| format!("{whole:.0}"));
        TrinoError::in_data(
            Code::NumericValueOutOfRange,
            format!("Value out of range: '{text}' ('{exact}B')"),
        )
    };
    let product = value.checked_mul(factor).ok_or_else(too_large)?;
    let bytes = product / super::super::cast::ten_to(scale);
    if super::super::cast::fits(bytes, 38) {
        Ok(bytes)
    } else {
        Err(too_large())
    }
}

/// A product of more digits than a number holds, digit by digit.
fn big_product(number: &str, factor: i128) -> Option<String> {
    let factor = factor.to_string();
    let (a, b): (Vec<u32>, Vec<u32>) = (
        number
            .chars()
            .rev()
            .map(|c| c.to_digit(10))
            .collect::<Option<_>>()?,
        factor
            .chars()
            .rev()
            .map(|c| c.to_digit(10))
            .collect::<Option<_>>()?,
    );
    let mut out = vec![0_u32; a.len() + b.len() + 1];
    for (i, x) in a.iter().enumerate() {
        for (j, y) in b.iter().enumerate() {
            *out.get_mut(i + j)? += x * y;
        }
    }
    let mut carry = 0;
    for digit in &mut out {
        let sum = *digit + carry;
        *digit = sum % 10;
        carry = sum / 10;
    }
    let shown: String = out
        .iter()
        .rev()
        .filter_map(|d| char::from_digit(*d, 10))
        .collect();
    Some(shown.trim_start_matches('0').to_string())
}

fn duration(text: &str) -> Result<i64> {
    if text.is_empty() {
        return Err(invalid("duration is empty"));
    }
    let refused = || {
        invalid(format!(
            "duration is not a valid data duration string: {text}"
        ))
    };
    let (number, unit) = split_unit(text).ok_or_else(refused)?;
    let value: f64 = number.parse().map_err(|_| refused())?;
    let unit = unit.trim();
    if unit.is_empty() || !unit.chars().all(char::is_alphabetic) {
        return Err(refused());
    }
    let millis = match unit {
        "ns" => 1e-6,
        "us" => 1e-3,
        "ms" => 1.0,
        "s" => 1e3,
        "m" => 6e4,
        "h" => 3.6e6,
        "d" => 8.64e7,
        other => return Err(invalid(format!("Unknown time unit: {other}"))),
    };
    Ok((value * millis).round() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_shortened_to_three_digits() {
        for (value, expected) in [
            (123.0, "123"),
            (12_399.0, "12.4K"),
            (1_234_567.8, "1.23M"),
            (999_999.0, "1000K"),
            (-1_000.0, "-1K"),
            (1e12, "1T"),
            (0.0, "0"),
        ] {
            assert_eq!(short_number(value), expected);
        }
    }

    #[test]
    fn words_sound_and_digits_check() {
        assert_eq!(soundex("johannes").unwrap(), "J520");
        assert_eq!(soundex("Tymczak").unwrap(), "T522");
        assert_eq!(soundex("Ashcraft").unwrap(), "A261");
        assert_eq!(soundex("").unwrap(), "");
        assert!(luhn("4242424242424242").unwrap());
        assert!(!luhn("123456789").unwrap());
        assert!(luhn("12a").is_err());
    }

    #[test]
    fn sizes_and_durations_are_read() {
        assert_eq!(data_size("2.3MB").unwrap(), 2_411_724);
        assert_eq!(
            data_size("99999999999999YB").unwrap_err().message,
            "Value out of range: '99999999999999YB' ('120892581961461708544797985370825293824B')"
        );
        assert!(data_size("10KB").is_err());
        assert_eq!(duration("5m").unwrap(), 300_000);
        assert!(duration("1f").is_err());
        assert_eq!(readable(8003.0).unwrap(), "2 hours, 13 minutes, 23 seconds");
    }
}
