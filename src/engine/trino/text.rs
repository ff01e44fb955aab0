//! Numbers and times as Trino and Java write and read them.

use super::calendar::{
    SECOND_PICOS, Zoned, ZonedTime, civil_of, join_day, offset_of, offset_text, round_picos,
    split_day, valid_days, zone_key, zone_name,
};

/// Digits and exponent of the shortest decimal text that reads back as the same number:
/// `d.ddd × 10^exponent`, without sign.
fn shortest(scientific: &str) -> (String, i32) {
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((scientific, "0"));
    let digits = mantissa
        .chars()
        .filter(char::is_ascii_digit)
        .collect::<String>();
    (digits, exponent.parse().unwrap_or(0))
}

fn special(value: f64) -> Option<&'static str> {
    if value.is_nan() {
        Some("NaN")
    } else if value.is_infinite() {
        Some(if value > 0.0 { "Infinity" } else { "-Infinity" })
    } else {
        None
    }
}

fn java(value: f64, scientific: &str) -> String {
    if let Some(name) = special(value) {
        return name.into();
    }
    let sign = if value.is_sign_negative() { "-" } else { "" };
    if value == 0.0 {
        return format!("{sign}0.0");
    }
    let (digits, exponent) = shortest(scientific);
    let magnitude = value.abs();
    if (1e-3..1e7).contains(&magnitude) {
        let text = if exponent < 0 {
            let zeros = "0".repeat(usize::try_from(-exponent - 1).unwrap_or(0));
            format!("0.{zeros}{digits}")
        } else {
            let whole = usize::try_from(exponent + 1).unwrap_or(0);
            let padded = format!("{digits:0<whole$}");
            let (whole, fraction) = padded.split_at_checked(whole).unwrap_or((&padded, ""));
            format!(
                "{whole}.{}",
                if fraction.is_empty() { "0" } else { fraction }
            )
        };
        return format!("{sign}{text}");
    }
    let (first, rest) = digits.split_at_checked(1).unwrap_or((&digits, ""));
    let rest = if rest.is_empty() { "0" } else { rest };
    format!("{sign}{first}.{rest}E{exponent}")
}

/// As Java's `Double.toString`: how results are rendered.
pub fn double_java(value: f64) -> String {
    java(value, &format!("{:e}", value.abs()))
}

/// As Java's `Float.toString`.
pub fn real_java(value: f32) -> String {
    java(f64::from(value), &format!("{:e}", value.abs()))
}

fn cast_form(value: f64, scientific: &str) -> String {
    if let Some(name) = special(value) {
        return name.into();
    }
    let sign = if value.is_sign_negative() { "-" } else { "" };
    if value == 0.0 {
        return format!("{sign}0E0");
    }
    let (digits, exponent) = shortest(scientific);
    let (first, rest) = digits.split_at_checked(1).unwrap_or((&digits, ""));
    let rest = if rest.is_empty() { "0" } else { rest };
    format!("{sign}{first}.{rest}E{exponent}")
}

/// As `CAST(double AS varchar)`: always with an exponent.
pub fn double_cast(value: f64) -> String {
    cast_form(value, &format!("{:e}", value.abs()))
}

/// As `CAST(real AS varchar)`: at most seven digits.
pub fn real_cast(value: f32) -> String {
    let rounded = format!("{:.6e}", value.abs());
    let (digits, exponent) = rounded.split_once('e').unwrap_or((&rounded, "0"));
    let kept = digits.trim_end_matches('0');
    cast_form(f64::from(value), &format!("{kept}e{exponent}"))
}

/// As Java's `Double.parseDouble`.
pub fn parse_double(text: &str) -> Option<f64> {
    let text = text.trim_matches(|c: char| c <= ' ');
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    match unsigned {
        "NaN" => return Some(f64::NAN),
        "Infinity" => {
            return Some(if text.starts_with('-') {
                f64::NEG_INFINITY
            } else {
                f64::INFINITY
            });
        }
        _ => {}
    }
    let digits = text.strip_suffix(['d', 'D', 'f', 'F']).unwrap_or(text);
    let plain = digits
        .chars()
        .all(|c| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '+' | '-'));
    if !plain {
        return None;
    }
    digits.parse().ok()
}

/// A decimal in plain form.
pub fn decimal(unscaled: i128, scale: u8) -> String {
    let sign = if unscaled < 0 { "-" } else { "" };
    let width = usize::from(scale) + 1;
    let digits = format!("{:0>width$}", unscaled.unsigned_abs());
    let whole = digits.len() - usize::from(scale);
    match digits.split_at_checked(whole) {
        Some((whole, fraction)) if !fraction.is_empty() => format!("{sign}{whole}.{fraction}"),
        _ => format!("{sign}{digits}"),
    }
}

/// Reads a decimal: unscaled value, digits it needs, scale. Exponents are Java's.
pub fn parse_decimal(text: &str) -> Option<(i128, u8, u8)> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let negative = mantissa.starts_with('-');
    let unsigned = mantissa.strip_prefix(['+', '-']).unwrap_or(mantissa);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let digits = format!("{whole}{fraction}");
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let mut scale = i32::try_from(fraction.len()).ok()? - exponent;
    let mut significant = digits.trim_start_matches('0').to_string();
    while scale < 0 {
        if !significant.is_empty() {
            significant.push('0');
        }
        if significant.len() > 38 {
            return None;
        }
        scale += 1;
    }
    if significant.len() > 38 || scale > 38 {
        return None;
    }
    let value: i128 = if significant.is_empty() {
        0
    } else {
        significant.parse().ok()?
    };
    let scale = u8::try_from(scale).ok()?;
    let precision = u8::try_from(significant.len()).ok()?.max(scale).max(1);
    Some((if negative { -value } else { value }, precision, scale))
}

/// `yyyy-MM-dd`
pub fn date(days: i64) -> String {
    let (year, month, day) = civil_of(days);
    let year = if year < 0 {
        format!("-{:04}", -year)
    } else if year > 9_999 {
        format!("+{year}")
    } else {
        format!("{year:04}")
    };
    format!("{year}-{month:02}-{day:02}")
}

/// `HH:mm:ss[.fraction]` of picoseconds of the day.
pub fn time(picos: i64, precision: u8) -> String {
    let seconds = picos / SECOND_PICOS;
    let mut text = format!(
        "{:02}:{:02}:{:02}",
        seconds / 3_600,
        seconds / 60 % 60,
        seconds % 60
    );
    if precision > 0 {
        let fraction = format!("{:012}", picos % SECOND_PICOS);
        text.push('.');
        text.extend(fraction.chars().take(usize::from(precision)));
    }
    text
}

/// `HH:mm:ss[.fraction]+hh:mm`
pub fn zoned_time(time_of_day: ZonedTime, precision: u8) -> String {
    time(time_of_day.picos, precision) + &offset_text(time_of_day.offset)
}

/// `yyyy-MM-dd HH:mm:ss[.fraction]` of local picoseconds.
pub fn timestamp(picos: i128, precision: u8) -> String {
    let (days, of_day) = split_day(picos);
    format!("{} {}", date(days), time(of_day, precision))
}

/// A zoned timestamp with its zone's name.
pub fn zoned(zoned: Zoned, precision: u8) -> String {
    format!(
        "{} {}",
        timestamp(zoned.local_picos(), precision),
        zone_name(zoned.zone)
    )
}

/// `d hh:mm:ss.mmm`
pub fn day_interval(millis: i64) -> String {
    let sign = if millis < 0 { "-" } else { "" };
    let millis = millis.unsigned_abs();
    format!(
        "{sign}{} {:02}:{:02}:{:02}.{:03}",
        millis / 86_400_000,
        millis / 3_600_000 % 24,
        millis / 60_000 % 60,
        millis / 1_000 % 60,
        millis % 1_000
    )
}

/// `y-m`
pub fn year_interval(months: i64) -> String {
    let sign = if months < 0 { "-" } else { "" };
    let months = months.unsigned_abs();
    format!("{sign}{}-{}", months / 12, months % 12)
}

fn number(text: &str, lengths: std::ops::RangeInclusive<usize>) -> Option<i64> {
    (lengths.contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit()))
        .then(|| text.parse().ok())
        .flatten()
}

/// Reads `[+-]y-m-d`.
pub fn parse_date(text: &str) -> Option<i32> {
    let text = text.trim();
    let (sign, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let mut parts = unsigned.split('-');
    let year = number(parts.next()?, 1..=6)?;
    let month = number(parts.next()?, 1..=2)?;
    let day = number(parts.next()?, 1..=2)?;
    if parts.next().is_some() {
        return None;
    }
    i32::try_from(valid_days(sign * year, month, day)?).ok()
}

/// The digits after a second's point: any number that Java's `long` holds.
#[derive(Clone, Copy, Default)]
struct Fraction {
    digits: i64,
    length: u8,
}

impl Fraction {
    fn read(text: &str) -> Option<Self> {
        Some(Self {
            digits: number(text, 1..=18)?,
            length: u8::try_from(text.len()).ok()?,
        })
    }

    /// Picoseconds at a precision, rounded half up.
    fn picos(self, precision: u8) -> i128 {
        let digits = i128::from(self.digits);
        match self.length {
            length @ 0..=12 => round_picos(digits * 10_i128.pow(u32::from(12 - length)), precision),
            length => {
                let unit = 10_i128.pow(u32::from(length - precision));
                (digits + unit / 2) / unit * 10_i128.pow(u32::from(12 - precision))
            }
        }
    }
}

/// A time of day as written: seconds, and the digits of the fraction.
#[derive(Clone, Copy, Default)]
struct Clock {
    seconds: i64,
    fraction: Fraction,
}

impl Clock {
    /// Reads `h:m[:s[.f]]`.
    fn read(text: &str) -> Option<Self> {
        let mut parts = text.split(':');
        let hour = number(parts.next()?, 1..=2).filter(|h| *h < 24)?;
        let minute = number(parts.next()?, 1..=2).filter(|m| *m < 60)?;
        let mut clock = Self {
            seconds: (hour * 60 + minute) * 60,
            fraction: Fraction::default(),
        };
        if let Some(second) = parts.next() {
            let (whole, fraction) = match second.split_once('.') {
                Some((whole, fraction)) => (whole, Fraction::read(fraction)?),
                None => (second, Fraction::default()),
            };
            clock.seconds += number(whole, 1..=2).filter(|s| *s < 60)?;
            clock.fraction = fraction;
        }
        parts.next().is_none().then_some(clock)
    }

    /// Picoseconds, at most those of a whole day, rounded half up.
    fn picos(self, precision: u8) -> i128 {
        i128::from(self.seconds) * i128::from(SECOND_PICOS) + self.fraction.picos(precision)
    }
}

/// Where the digits, colons and points at the start of a text end.
fn clock_end(text: &str) -> usize {
    text.find(|c: char| !(c.is_ascii_digit() || c == ':' || c == '.'))
        .unwrap_or(text.len())
}

/// A time of day as read.
#[derive(Clone, Copy)]
pub struct ReadTime {
    clock: Clock,
    /// Minutes ahead of UTC, if an offset was written.
    pub offset: Option<i64>,
}

impl ReadTime {
    /// Picoseconds of the day at a precision; the last moments of a day round to its start.
    pub fn picos(self, precision: u8) -> i64 {
        split_day(self.clock.picos(precision)).1
    }

    /// Digits of the fraction.
    pub const fn precision(self) -> u8 {
        self.clock.fraction.length
    }
}

/// Reads `h:m[:s[.f]][[ ]+hh:mm]`.
pub fn parse_time(text: &str) -> Option<ReadTime> {
    let (clock, rest) = text.split_at_checked(clock_end(text))?;
    let offset = match rest.trim_start_matches(|c: char| c.is_ascii_whitespace()) {
        "" => None,
        offset => Some(offset_of(offset)?),
    };
    let read = ReadTime {
        clock: Clock::read(clock)?,
        offset,
    };
    Some(read)
}

/// A timestamp as read.
#[derive(Clone, Copy)]
pub struct ReadTimestamp {
    days: i64,
    clock: Clock,
    /// Zone key, if a zone was written.
    pub zone: Option<i64>,
}

impl ReadTimestamp {
    /// Local date and time as if UTC, at a precision, rounded half up.
    pub fn picos(self, precision: u8) -> i128 {
        join_day(self.days, 0) + self.clock.picos(precision)
    }

    /// Digits of the fraction.
    pub const fn precision(self) -> u8 {
        self.clock.fraction.length
    }
}

/// Reads `y-m-d[ h:m[:s[.f]]][ zone]`; the year has four digits or more.
pub fn parse_timestamp(text: &str) -> Option<ReadTimestamp> {
    let (date, rest) = text.split_once(' ').unwrap_or((text, ""));
    let year = date.trim_start_matches(['+', '-']);
    if year.bytes().take_while(u8::is_ascii_digit).count() < 4 {
        return None;
    }
    let (clock, zone) = rest.split_at_checked(clock_end(rest))?;
    let clock = match clock {
        "" => Clock::default(),
        clock => Clock::read(clock)?,
    };
    let zone = match zone.trim_start_matches(|c: char| c.is_ascii_whitespace()) {
        "" => None,
        zone => Some(zone_key(zone)?),
    };
    let days = i64::from(parse_date(date)?);
    // Trino counts microseconds in 64 bits.
    let limit = i64::MAX / 86_400_000_000;
    (-limit..limit)
        .contains(&days)
        .then_some(ReadTimestamp { days, clock, zone })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_print_in_javas_two_forms() {
        for (value, rendered, cast) in [
            (1.0, "1.0", "1.0E0"),
            (1_200.0, "1200.0", "1.2E3"),
            (1e20, "1.0E20", "1.0E20"),
            (0.001, "0.001", "1.0E-3"),
            (1.5e-4, "1.5E-4", "1.5E-4"),
            (12_345_678.9, "1.23456789E7", "1.23456789E7"),
            (1_234_567.25, "1234567.25", "1.23456725E6"),
            (-0.0, "-0.0", "-0E0"),
            (0.1 + 0.2, "0.30000000000000004", "3.0000000000000004E-1"),
            (f64::NEG_INFINITY, "-Infinity", "-Infinity"),
        ] {
            assert_eq!(double_java(value), rendered);
            assert_eq!(double_cast(value), cast);
        }
        assert_eq!(real_java(0.1), "0.1");
    }

    #[test]
    fn decimals_and_times_read_back() {
        assert_eq!(parse_decimal("-001.50"), Some((-150, 3, 2)));
        assert_eq!(parse_decimal("1.5e2"), Some((150, 3, 0)));
        assert_eq!(parse_decimal("x"), None);
        assert_eq!(decimal(-5, 2), "-0.05");
        let read = parse_timestamp("2017-01-01 01:02:03.1234567").unwrap();
        assert_eq!(timestamp(read.picos(6), 6), "2017-01-01 01:02:03.123457");
        assert_eq!(
            timestamp(read.picos(12), 12),
            "2017-01-01 01:02:03.123456700000"
        );
        let long = parse_timestamp("2017-01-01 01:02:03.1234567890125").unwrap();
        assert_eq!(
            timestamp(long.picos(12), 12),
            "2017-01-01 01:02:03.123456789013"
        );
        let last = parse_time("23:59:59.9996 +08:30").unwrap();
        assert_eq!(
            (time(last.picos(3), 3).as_str(), last.offset),
            ("00:00:00.000", Some(510))
        );
        assert_eq!(time(last.picos(4), 4), "23:59:59.9996");
        for text in [
            "24:00",
            "12:60",
            "12:00:00.1234567890123456789",
            "12",
            "12:00 +15:00",
            "12:00Z",
        ] {
            assert!(parse_time(text).is_none(), "{text}");
        }
        assert!(parse_timestamp("2017-13-01").is_none());
        assert!(parse_timestamp("2017-01-01 25:00").is_none());
        assert_eq!(day_interval(-90_061_001), "-1 01:01:01.001");
        assert_eq!(year_interval(14), "1-2");
    }
}
