//! `format`: Java's format specifiers.

use super::super::calendar::{
    Zoned, civil_of, days_of, offset_text, round_picos, split_day, weekday,
};
use super::super::error::{Code, Result, TrinoError};
use super::super::function::Function;
use super::super::types::{Type, VARCHAR};
use super::super::value::Value;
use super::super::{cast, text};
use super::time::{self, DAYS, MONTHS};
use super::{Resolution, found};

/// Finds `format`.
pub fn resolve(name: &str, arguments: &[Type]) -> Resolution {
    if name != "format" {
        return Resolution::Unknown;
    }
    let function = match arguments {
        [pattern, values @ ..] if pattern.is_text() && !values.is_empty() => {
            let mut parameters = vec![VARCHAR];
            parameters.extend_from_slice(values);
            let types = values.to_vec();
            let function = Function::new(name, parameters, VARCHAR, move |a| match a {
                [Value::Text(pattern), values @ ..] => {
                    formatted(pattern, values, &types).map(Value::Text)
                }
                _ => Ok(Value::Null),
            });
            Some(function.seeing_nulls().failing())
        }
        _ => None,
    };
    found(function, "format(varchar, any, …)")
}

fn invalid(pattern: &str, why: &str) -> TrinoError {
    TrinoError::in_data(
        Code::InvalidFunctionArgument,
        format!("Invalid format string: {pattern} ({why})"),
    )
}

/// One specifier: `%[index$][flags][width][.precision]conversion`.
#[derive(Default)]
struct Specifier {
    index: Option<usize>,
    flags: String,
    width: usize,
    precision: Option<usize>,
    conversion: char,
    /// The letter after `t`.
    suffix: char,
    shown: String,
}

impl Specifier {
    fn has(&self, flag: char) -> bool {
        self.flags.contains(flag)
    }

    /// Reads what follows `%`; `None` if that is no specifier.
    fn read(rest: &str) -> Option<(Self, &str)> {
        let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
        let mut specifier = Self::default();
        let mut at = rest;
        let length = digits(at);
        if length > 0 && at.get(length..)?.starts_with('$') {
            specifier.index = Some(at.get(..length)?.parse().ok()?);
            at = at.get(length + 1..)?;
        }
        let length = at.chars().take_while(|c| "-#+ 0,(<".contains(*c)).count();
        specifier.flags = at.get(..length)?.to_string();
        at = at.get(length..)?;
        let length = digits(at);
        if length > 0 {
            specifier.width = at.get(..length)?.parse().ok().filter(|w| *w < 100_000)?;
            at = at.get(length..)?;
        }
        if let Some(after) = at.strip_prefix('.') {
            let length = digits(after);
            specifier.precision = Some(after.get(..length)?.parse().ok().filter(|p| *p < 1_000)?);
            at = after.get(length..)?;
        }
        let mut letters = at.chars();
        specifier.conversion = letters.next()?;
        if matches!(specifier.conversion, 't' | 'T') {
            specifier.suffix = letters.next()?;
        }
        let at = letters.as_str();
        specifier.shown = rest.get(..rest.len() - at.len())?.to_string();
        Some((specifier, at))
    }

    /// The text in its width.
    fn padded(&self, text: &str) -> String {
        let width = self.width;
        let text = if self.conversion.is_ascii_uppercase() {
            text.to_uppercase()
        } else {
            text.to_string()
        };
        if self.has('-') {
            format!("{text:<width$}")
        } else {
            format!("{text:>width$}")
        }
    }

    /// A number's digits with sign, groups and zeros as the flags say.
    fn signed(&self, negative: bool, digits: &str) -> String {
        let (whole, rest) = match digits.find(['.', 'e']) {
            Some(at) => digits.split_at_checked(at).unwrap_or((digits, "")),
            None => (digits, ""),
        };
        let mut body = String::new();
        for (i, digit) in whole.chars().enumerate() {
            if self.has(',') && i > 0 && (whole.len() - i) % 3 == 0 {
                body.push(',');
            }
            body.push(digit);
        }
        body.push_str(rest);
        let (before, after) = match (negative, self) {
            (true, s) if s.has('(') => ("(", ")"),
            (true, _) => ("-", ""),
            (false, s) if s.has('+') => ("+", ""),
            (false, s) if s.has(' ') => (" ", ""),
            _ => ("", ""),
        };
        if self.has('0') {
            let have = before.len() + body.len() + after.len();
            body = "0".repeat(self.width.saturating_sub(have)) + &body;
        }
        self.padded(&format!("{before}{body}{after}"))
    }
}

fn formatted(pattern: &str, values: &[Value], types: &[Type]) -> Result<String> {
    let mut out = String::new();
    let mut rest = pattern;
    let (mut ordinary, mut last) = (0, 0);
    while let Some((before, after)) = rest.split_once('%') {
        out.push_str(before);
        let (specifier, after) = Specifier::read(after).ok_or_else(|| {
            let letter = after.chars().next().unwrap_or('%');
            invalid(
                pattern,
                &format!("UnknownFormatConversionException: Conversion = '{letter}'"),
            )
        })?;
        rest = after;
        match specifier.conversion {
            'n' => out.push('\n'),
            '%' => out.push_str(&specifier.padded("%")),
            _ => {
                let at = match specifier.index {
                    Some(index) => index.wrapping_sub(1),
                    None if specifier.has('<') => last,
                    None => {
                        ordinary += 1;
                        ordinary - 1
                    }
                };
                last = at;
                let (Some(value), Some(ty)) = (values.get(at), types.get(at)) else {
                    let shown = format!("Format specifier '%{}'", specifier.shown);
                    return Err(invalid(pattern, &shown));
                };
                out.push_str(&one(pattern, &specifier, value, ty)?);
            }
        }
    }
    out.push_str(rest);
    Ok(out)
}

fn one(pattern: &str, specifier: &Specifier, value: &Value, ty: &Type) -> Result<String> {
    let cut = |text: &str| match specifier.precision {
        Some(most) => specifier.padded(&text.chars().take(most).collect::<String>()),
        None => specifier.padded(text),
    };
    let conversion = specifier.conversion.to_ascii_lowercase();
    match (conversion, value) {
        ('b', Value::Boolean(b)) => Ok(cut(&b.to_string())),
        ('b', value) => Ok(cut(if value.is_null() { "false" } else { "true" })),
        (_, Value::Null) => Ok(cut("null")),
        ('s', value) => Ok(cut(&java_text(value, ty))),
        ('d', Value::Int(n)) if ty.is_integral() => {
            Ok(specifier.signed(*n < 0, &n.unsigned_abs().to_string()))
        }
        ('x', Value::Int(n)) if ty.is_integral() => Ok(specifier.signed(false, &format!("{n:x}"))),
        ('o', Value::Int(n)) if ty.is_integral() => Ok(specifier.signed(false, &format!("{n:o}"))),
        ('c', Value::Int(n)) if ty.is_integral() => {
            let letter = u32::try_from(*n).ok().and_then(char::from_u32);
            letter
                .map(|c| specifier.padded(&c.to_string()))
                .ok_or_else(|| invalid(pattern, &format!("Code point = 0x{n:x}")))
        }
        ('f' | 'e' | 'g', value) => match Number::of(value, ty) {
            Some(Number::Special(name)) => Ok(specifier.padded(name)),
            Some(Number::Decimal(decimal)) => {
                let precision = specifier.precision.unwrap_or(6);
                let digits = match conversion {
                    'f' => decimal.fixed(precision),
                    'e' => decimal.scientific(precision),
                    _ => decimal.general(precision.max(1)),
                };
                Ok(specifier.signed(decimal.negative, &digits))
            }
            None => Err(mismatch(pattern, specifier, ty)),
        },
        ('t', value) => moment_part(specifier.suffix, value)
            .map(|text| specifier.padded(&text))
            .ok_or_else(|| mismatch(pattern, specifier, ty)),
        ('h' | 'a', _) => Err(TrinoError::in_data(
            Code::NotSupported,
            format!(
                "%{} of format is not supported by windfarm",
                specifier.shown
            ),
        )),
        ('d' | 'x' | 'o' | 'c', _) => Err(mismatch(pattern, specifier, ty)),
        _ => Err(invalid(
            pattern,
            &format!(
                "UnknownFormatConversionException: Conversion = '{}'",
                specifier.conversion
            ),
        )),
    }
}

fn mismatch(pattern: &str, specifier: &Specifier, ty: &Type) -> TrinoError {
    let class = match ty {
        Type::Varchar(_) | Type::Char(_) => "java.lang.String",
        Type::Real => "java.lang.Float",
        Type::Double => "java.lang.Double",
        Type::Boolean => "java.lang.Boolean",
        Type::Decimal(..) => "java.math.BigDecimal",
        ty if ty.is_integral() => "java.lang.Long",
        _ => "java.lang.Object",
    };
    let conversion = specifier.conversion;
    invalid(
        pattern,
        &format!("IllegalFormatConversion: {conversion} != {class}"),
    )
}

/// A value as Java's `toString` of what Trino makes of it.
fn java_text(value: &Value, ty: &Type) -> String {
    match value {
        Value::Double(x) => text::double_java(*x),
        Value::Real(x) => text::real_java(*x),
        Value::Time(picos) => java_time(round_picos((*picos).into(), 9)),
        Value::Timestamp(picos) => java_timestamp(round_picos(*picos, 9)),
        Value::Zoned(zoned) => java_zoned(*zoned),
        Value::Text(_)
        | Value::Int(_)
        | Value::Decimal(_)
        | Value::Date(_)
        | Value::ZonedTime(_) => cast::text_of(value, ty),
        value => super::super::render::render(value, ty).unwrap_or_default(),
    }
}

/// Seconds only where they are not zero, and three, six or nine digits of them.
fn java_time(picos: i128) -> String {
    let (_, of_day) = split_day(picos);
    let whole = text::time(of_day, 9);
    match whole.split_once('.') {
        Some((clock, "000000000")) => clock.strip_suffix(":00").unwrap_or(clock).to_string(),
        Some((clock, fraction)) => {
            let length = fraction.trim_end_matches('0').len().div_ceil(3) * 3;
            format!("{clock}.{}", fraction.get(..length).unwrap_or(fraction))
        }
        None => whole,
    }
}

fn java_timestamp(picos: i128) -> String {
    let (days, _) = split_day(picos);
    format!("{}T{}", text::date(days), java_time(picos))
}

fn java_zoned(zoned: Zoned) -> String {
    let local = java_timestamp(round_picos(zoned.local_picos(), 9));
    let seconds = zoned.offset_seconds();
    let mut offset = match seconds {
        0 => "Z".to_string(),
        seconds => offset_text(seconds / 60),
    };
    if seconds % 60 != 0 {
        offset.push_str(&format!(":{:02}", (seconds % 60).abs()));
    }
    let name = super::super::calendar::zone_name(zoned.zone);
    if name.starts_with(['+', '-']) {
        return format!("{local}{offset}");
    }
    format!("{local}{offset}[{name}]")
}

/// The conversions `%t…` of dates and times.
fn moment_part(suffix: char, value: &Value) -> Option<String> {
    let local = time::local(value)?;
    let (days, of_day) = split_day(local);
    let nanos = of_day / 1_000;
    let second = nanos / 1_000_000_000;
    let (hour, minute) = (second / 3_600, second / 60 % 60);
    let second = second % 60;
    let hour_12 = (hour + 11) % 12 + 1;
    let of_date = !matches!(value, Value::Time(_));
    let of_clock = !matches!(value, Value::Date(_));
    if of_clock {
        let clock = match suffix {
            'H' => Some(format!("{hour:02}")),
            'I' => Some(format!("{hour_12:02}")),
            'k' => Some(hour.to_string()),
            'l' => Some(hour_12.to_string()),
            'M' => Some(format!("{minute:02}")),
            'S' => Some(format!("{second:02}")),
            'L' => Some(format!("{:03}", nanos / 1_000_000 % 1_000)),
            'N' => Some(format!("{:09}", nanos % 1_000_000_000)),
            'p' => Some(if hour < 12 { "am" } else { "pm" }.to_string()),
            'R' => Some(format!("{hour:02}:{minute:02}")),
            'T' => Some(format!("{hour:02}:{minute:02}:{second:02}")),
            'r' => {
                let half = if hour < 12 { "AM" } else { "PM" };
                Some(format!("{hour_12:02}:{minute:02}:{second:02} {half}"))
            }
            _ => None,
        };
        if clock.is_some() {
            return clock;
        }
    }
    if !of_date {
        return None;
    }
    let (year, month, day) = civil_of(days);
    let (month_name, day_name) = (time::name(&MONTHS, month), time::name(&DAYS, weekday(days)));
    Some(match suffix {
        'Y' => format!("{year:04}"),
        'y' => format!("{:02}", year.rem_euclid(100)),
        'C' => format!("{:02}", year / 100),
        'm' => format!("{month:02}"),
        'B' => month_name.to_string(),
        'b' | 'h' => time::short(month_name).to_string(),
        'd' => format!("{day:02}"),
        'e' => day.to_string(),
        'A' => day_name.to_string(),
        'a' => time::short(day_name).to_string(),
        'j' => format!("{:03}", days - days_of(year, 1, 1) + 1),
        'D' => format!("{month:02}/{day:02}/{:02}", year.rem_euclid(100)),
        'F' => format!("{year:04}-{month:02}-{day:02}"),
        'z' | 'Z' | 's' | 'Q' => match (suffix, value) {
            ('z', Value::Zoned(zoned)) => offset_text(zoned.offset_seconds() / 60).replace(':', ""),
            ('Z', Value::Zoned(zoned)) => super::super::calendar::abbreviation(*zoned)?,
            ('s', Value::Zoned(zoned)) => zoned.millis.div_euclid(1_000).to_string(),
            ('Q', Value::Zoned(zoned)) => zoned.millis.to_string(),
            _ => return None,
        },
        _ => return None,
    })
}

/// A number to be written with a point.
enum Number {
    Special(&'static str),
    Decimal(Decimal),
}

/// `digits × 10^-scale`
struct Decimal {
    negative: bool,
    digits: String,
    scale: i64,
}

impl Number {
    fn of(value: &Value, ty: &Type) -> Option<Self> {
        let float = |x: f64, scientific: String| {
            if x.is_nan() {
                return Some(Self::Special("NaN"));
            }
            if x.is_infinite() {
                return Some(Self::Special(if x > 0.0 {
                    "Infinity"
                } else {
                    "-Infinity"
                }));
            }
            let (mantissa, exponent) = scientific.split_once('e')?;
            let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
            let fraction = i64::try_from(digits.len()).ok()? - 1;
            Some(Self::Decimal(Decimal {
                negative: x.is_sign_negative(),
                digits,
                scale: fraction - exponent.parse::<i64>().ok()?,
            }))
        };
        match (value, ty) {
            (Value::Double(x), _) => float(*x, format!("{:e}", x.abs())),
            (Value::Real(x), _) => float(f64::from(*x), format!("{:e}", x.abs())),
            (Value::Decimal(unscaled), Type::Decimal(_, scale)) => Some(Self::Decimal(Decimal {
                negative: *unscaled < 0,
                digits: unscaled.unsigned_abs().to_string(),
                scale: i64::from(*scale),
            })),
            _ => None,
        }
    }
}

impl Decimal {
    /// The digits of the number times 10^scale, rounded half up.
    fn at_scale(&self, scale: i64) -> String {
        let drop = self.scale - scale;
        if drop <= 0 {
            let zeros = usize::try_from(-drop).unwrap_or(0);
            return self.digits.clone() + &"0".repeat(zeros);
        }
        let drop = usize::try_from(drop).unwrap_or(usize::MAX);
        let Some(kept) = self.digits.len().checked_sub(drop) else {
            return "0".into();
        };
        let (kept, dropped) = self.digits.split_at_checked(kept).unwrap_or(("", ""));
        if dropped.as_bytes().first().is_none_or(|digit| *digit < b'5') {
            return if kept.is_empty() {
                "0".into()
            } else {
                kept.to_string()
            };
        }
        let mut digits: Vec<u8> = kept.bytes().collect();
        for digit in digits.iter_mut().rev() {
            if *digit < b'9' {
                *digit += 1;
                return String::from_utf8_lossy(&digits).into_owned();
            }
            *digit = b'0';
        }
        format!("1{}", String::from_utf8_lossy(&digits))
    }

    fn fixed(&self, precision: usize) -> String {
        let digits = self.at_scale(i64::try_from(precision).unwrap_or(0));
        let digits = digits.trim_start_matches('0');
        let padded = format!("{digits:0>width$}", width = precision + 1);
        match padded.split_at_checked(padded.len() - precision) {
            Some((whole, fraction)) if precision > 0 => format!("{whole}.{fraction}"),
            _ => padded,
        }
    }

    /// The power of ten of the first digit; 0 of zero.
    fn exponent(&self) -> i64 {
        let significant = self.digits.trim_start_matches('0').len();
        match i64::try_from(significant) {
            Ok(0) | Err(_) => 0,
            Ok(significant) => significant - 1 - self.scale,
        }
    }

    fn scientific(&self, precision: usize) -> String {
        let places = i64::try_from(precision).unwrap_or(0);
        let mut exponent = self.exponent();
        let mut digits = self.at_scale(places - exponent);
        if digits.trim_start_matches('0').len() > precision + 1 {
            exponent += 1;
            digits = self.at_scale(places - exponent);
        }
        let digits = digits.trim_start_matches('0');
        let padded = format!("{digits:0>width$}", width = precision + 1);
        let (first, rest) = padded.split_at_checked(1).unwrap_or((&padded, ""));
        let point = if rest.is_empty() { "" } else { "." };
        let sign = if exponent < 0 { '-' } else { '+' };
        format!("{first}{point}{rest}e{sign}{:02}", exponent.abs())
    }

    fn general(&self, precision: usize) -> String {
        let places = i64::try_from(precision).unwrap_or(1);
        let exponent = self.exponent();
        let zero = self.digits.bytes().all(|digit| digit == b'0');
        if zero || (-4..places).contains(&exponent) {
            return self.fixed(usize::try_from(places - 1 - exponent).unwrap_or(0));
        }
        self.scientific(precision - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, values: &[(Value, Type)], expected: &str) {
        let (values, types): (Vec<_>, Vec<_>) = values.iter().cloned().unzip();
        let got = formatted(pattern, &values, &types).unwrap_or_else(|e| e.message);
        assert_eq!(got, expected, "{pattern}");
    }

    fn int(n: i64) -> (Value, Type) {
        (Value::Int(n), Type::Bigint)
    }

    fn double(x: f64) -> (Value, Type) {
        (Value::Double(x), Type::Double)
    }

    #[test]
    fn numbers_take_flags_width_and_precision() {
        check(
            "%d|%5d|%-5d|%05d",
            &[int(7), int(7), int(7), int(-7)],
            "7|    7|7    |-0007",
        );
        check(
            "%,d %+d %(d %x %o",
            &[int(-1_234_567), int(1), int(-2), int(255), int(8)],
            "-1,234,567 +1 (2) ff 10",
        );
        check("%2$s %1$s %<s %s", &[int(1), int(2)], "2 1 1 1");
        check(
            "%f %.2f %.0f %,.1f",
            &[double(1.5), double(0.125), double(2.5), double(12_345.67)],
            "1.500000 0.13 3 12,345.7",
        );
        check(
            "%e %.1e %g %g",
            &[double(1_234.5), double(9.96), double(0.0001), double(1e7)],
            "1.234500e+03 1.0e+01 0.000100000 1.00000e+07",
        );
        check(
            "%.3f",
            &[(Value::Decimal(-99_9996), Type::Decimal(6, 4))],
            "-100.000",
        );
        check(
            "%s %S %b %.2s|%4s",
            &[
                double(1e20),
                (Value::Text("abc".into()), VARCHAR),
                (Value::Null, VARCHAR),
                (Value::Text("xyz".into()), VARCHAR),
                (Value::Boolean(true), Type::Boolean),
            ],
            "1.0E20 ABC false xy|true",
        );
        check("%d%%%n", &[int(5)], "5%\n");
        check(
            "%d",
            &[double(1.0)],
            "Invalid format string: %d (IllegalFormatConversion: d != java.lang.Double)",
        );
        check(
            "%d %d",
            &[int(1)],
            "Invalid format string: %d %d (Format specifier '%d')",
        );
        check(
            "%Q",
            &[int(1)],
            "Invalid format string: %Q (UnknownFormatConversionException: Conversion = 'Q')",
        );
    }

    #[test]
    fn times_are_javas() {
        let time = |picos| (Value::Time(picos), Type::Time(12));
        check(
            "%s %s %s",
            &[
                time(45_296_100_000_000_000),
                time(45_240_000_000_000_000),
                time(1_499),
            ],
            "12:34:56.100 12:34 00:00:00.000000001",
        );
        let at = (
            Value::Timestamp(982_240_496_120_000_000_000),
            Type::Timestamp(3),
        );
        check(
            "%1$s %1$tA %1$tB %1$te %1$tY %1$tH:%1$tM:%1$tS.%1$tL %1$tF %1$tj",
            &[at],
            "2001-02-15T12:34:56.120 Thursday February 15 2001 12:34:56.120 2001-02-15 046",
        );
    }
}
