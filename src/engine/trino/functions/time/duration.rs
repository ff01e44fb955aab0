//! Lengths of time as texts and numbers.

use super::super::super::error::Result;
use super::super::super::function::Function;
use super::super::super::text;
use super::super::super::types::{Type, VARCHAR};
use super::super::super::value::Value;
use super::invalid;

/// Units of `parse_duration` and their milliseconds.
const UNITS: [(&str, f64); 7] = [
    ("ns", 1e-6),
    ("us", 1e-3),
    ("ms", 1.0),
    ("s", 1e3),
    ("m", 6e4),
    ("h", 3.6e6),
    ("d", 8.64e7),
];

/// `parse_duration`: a number and its unit, such as `1.5h`.
pub fn parse_duration(arguments: &[Type]) -> Option<Function> {
    matches!(arguments, [ty] if ty.is_text()).then(|| {
        Function::new(
            "parse_duration",
            vec![VARCHAR],
            Type::IntervalDay,
            |a| match a {
                [Value::Text(text)] => millis_of(text).map(Value::Int),
                _ => Ok(Value::Null),
            },
        )
        .failing()
    })
}

fn millis_of(text: &str) -> Result<i64> {
    if text.is_empty() {
        return Err(invalid("duration is empty"));
    }
    let malformed = || {
        invalid(format!(
            "duration is not a valid data duration string: {text}"
        ))
    };
    let trimmed = text.trim();
    let end = trimmed
        .find(|c: char| !(c.is_ascii_digit() || c == '.'))
        .unwrap_or(trimmed.len());
    let (number, unit) = trimmed.split_at_checked(end).ok_or_else(malformed)?;
    let unit = unit.trim_start();
    if !unit.chars().all(|c| c.is_ascii_alphabetic()) || unit.is_empty() {
        return Err(malformed());
    }
    let number: f64 = number.parse().map_err(|_| malformed())?;
    let (_, millis) = UNITS
        .iter()
        .find(|(name, _)| *name == unit)
        .ok_or_else(|| invalid(format!("Unknown time unit: {unit}")))?;
    Ok((number * millis + 0.5).floor() as i64)
}

/// `to_milliseconds` of an interval.
pub fn to_milliseconds(arguments: &[Type]) -> Option<Function> {
    (arguments == [Type::IntervalDay]).then(|| {
        Function::new(
            "to_milliseconds",
            vec![Type::IntervalDay],
            Type::Bigint,
            |a| Ok(a.first().cloned().unwrap_or(Value::Null)),
        )
    })
}

/// `human_readable_seconds`: weeks to seconds in words.
pub fn human_readable_seconds(arguments: &[Type]) -> Option<Function> {
    matches!(arguments, [ty] if ty.coerces_to(&Type::Double)).then(|| {
        Function::new(
            "human_readable_seconds",
            vec![Type::Double],
            VARCHAR,
            |a| match a {
                [Value::Double(seconds)] if !seconds.is_finite() => Err(invalid(format!(
                    "Invalid argument found: {}",
                    text::double_java(*seconds)
                ))),
                [Value::Double(seconds)] => Ok(Value::Text(in_words(*seconds))),
                _ => Ok(Value::Null),
            },
        )
        .failing()
    })
}

fn in_words(seconds: f64) -> String {
    let mut left = seconds.abs().round() as u64;
    let mut words = Vec::new();
    for (unit, length) in [
        ("week", 604_800),
        ("day", 86_400),
        ("hour", 3_600),
        ("minute", 60),
        ("second", 1),
    ] {
        let count = left / length;
        left %= length;
        if count > 0 || (unit == "second" && words.is_empty()) {
            words.push(format!(
                "{count} {unit}{}",
                if count == 1 { "" } else { "s" }
            ));
        }
    }
    words.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_are_read_and_told() {
        assert_eq!(millis_of("1.5m"), Ok(90_000));
        assert_eq!(millis_of(" 2 h"), Ok(7_200_000));
        for (text, message) in [
            ("", "duration is empty"),
            ("1f", "Unknown time unit: f"),
            ("abc", "duration is not a valid data duration string: abc"),
        ] {
            assert_eq!(millis_of(text).unwrap_err().message, message);
        }
        assert_eq!(in_words(0.0), "0 seconds");
        assert_eq!(in_words(-61.0), "1 minute, 1 second");
        assert_eq!(in_words(604_800.0), "1 week");
    }
}
