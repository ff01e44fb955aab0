//! `format`: Java's format strings over Trino's values.

use super::super::cast::text_of;
use super::super::error::{Code, Result, TrinoError};
use super::super::function::Function;
use super::super::text;
use super::super::types::{Type, VARCHAR};
use super::super::value::Value;
use super::{Resolution, found};

fn invalid(message: impl std::fmt::Display) -> TrinoError {
    TrinoError::in_data(Code::InvalidFunctionArgument, message.to_string())
}

/// Finds `format`.
pub fn resolve(name: &str, arguments: &[Type]) -> Resolution {
    if name != "format" {
        return Resolution::Unknown;
    }
    let function = match arguments {
        [first, _, ..] if first.is_text() => {
            let types = arguments.to_vec();
            let mut parameters = types.clone();
            if let Some(first) = parameters.first_mut() {
                *first = VARCHAR;
            }
            Some(
                Function::new(name, parameters, VARCHAR, move |a| match a.split_first() {
                    Some((Value::Text(pattern), values)) => {
                        let types = types.get(1..).unwrap_or_default();
                        formatted(pattern, values, types).map(Value::Text)
                    }
                    _ => Ok(Value::Null),
                })
                .seeing_nulls()
                .failing(),
            )
        }
        _ => None,
    };
    found(function, "format(varchar, value, …)")
}

/// One `%[index$][flags][width][.precision]conversion`.
#[derive(Debug, Default)]
struct Spec {
    index: Option<usize>,
    previous: bool,
    flags: String,
    width: Option<usize>,
    precision: Option<usize>,
    conversion: char,
}

impl Spec {
    fn has(&self, flag: char) -> bool {
        self.flags.contains(flag)
    }

    fn padded(&self, shown: String) -> String {
        let missing = self
            .width
            .unwrap_or(0)
            .saturating_sub(shown.chars().count());
        let blanks = " ".repeat(missing);
        if self.has('-') {
            format!("{shown}{blanks}")
        } else {
            format!("{blanks}{shown}")
        }
    }

    /// A number's digits with its sign, zeros and separators.
    fn number(&self, negative: bool, digits: &str) -> String {
        let mut digits = digits.to_string();
        if self.has(',') {
            digits = grouped(&digits);
        }
        let (before, after) = match (negative, self) {
            (true, spec) if spec.has('(') => ("(", ")"),
            (true, _) => ("-", ""),
            (false, spec) if spec.has('+') => ("+", ""),
            (false, spec) if spec.has(' ') => (" ", ""),
            _ => ("", ""),
        };
        if self.has('0') {
            let taken = before.len() + after.len() + digits.chars().count();
            let zeros = self.width.unwrap_or(0).saturating_sub(taken);
            digits = format!("{}{digits}", "0".repeat(zeros));
        }
        self.padded(format!("{before}{digits}{after}"))
    }
}

fn grouped(digits: &str) -> String {
    let (whole, fraction) = match digits.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (digits, None),
    };
    let mut out = String::new();
    let count = whole.chars().count();
    for (i, c) in whole.chars().enumerate() {
        if i > 0 && (count - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    if let Some(fraction) = fraction {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

fn formatted(pattern: &str, values: &[Value], types: &[Type]) -> Result<String> {
    let refused = |why: String| invalid(format!("Invalid format string: {pattern} ({why})"));
    let mut out = String::new();
    let mut rest = pattern;
    let (mut next, mut last) = (0, 0);
    while let Some(at) = rest.find('%') {
        let (plain, after) = rest.split_at_checked(at).unwrap_or((rest, ""));
        out.push_str(plain);
        let (spec, after) = spec_of(after).ok_or_else(|| {
            refused(format!(
                "UnknownFormatConversion: Conversion = '{}'",
                after.chars().nth(1).unwrap_or('%')
            ))
        })?;
        rest = after;
        match spec.conversion {
            '%' => out.push_str(&spec.padded("%".into())),
            'n' => out.push('\n'),
            _ => {
                let at = match (spec.index, spec.previous) {
                    (Some(index), _) => index.wrapping_sub(1),
                    (None, true) => last,
                    (None, false) => {
                        next += 1;
                        next - 1
                    }
                };
                last = at;
                let (value, ty) = values.get(at).zip(types.get(at)).ok_or_else(|| {
                    refused(format!(
                        "MissingFormatArgument: Format specifier '%{}'",
                        spec.conversion
                    ))
                })?;
                out.push_str(&converted(&spec, value, ty).map_err(refused)?);
            }
        }
    }
    out.push_str(rest);
    Ok(out)
}

/// The specifier a text starts with, and what follows it.
fn spec_of(text: &str) -> Option<(Spec, &str)> {
    let mut rest = text.strip_prefix('%')?;
    let mut spec = Spec::default();
    let number = |rest: &mut &str| -> Option<usize> {
        let end = rest
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(rest.len());
        let (digits, after) = rest.split_at_checked(end)?;
        let number = digits.parse().ok()?;
        *rest = after;
        Some(number)
    };
    if !rest.starts_with('0') {
        let mut ahead = rest;
        if let Some(index) = number(&mut ahead)
            && let Some(after) = ahead.strip_prefix('$')
        {
            spec.index = Some(index);
            rest = after;
        }
    }
    if let Some(after) = rest.strip_prefix('<') {
        spec.previous = true;
        rest = after;
    }
    while let Some(flag) = rest.chars().next().filter(|c| "-#+ 0,(".contains(*c)) {
        spec.flags.push(flag);
        rest = rest.get(1..)?;
    }
    spec.width = number(&mut rest);
    if let Some(after) = rest.strip_prefix('.') {
        rest = after;
        spec.precision = Some(number(&mut rest)?);
    }
    let mut characters = rest.chars();
    spec.conversion = characters.next()?;
    "bBhHsScCdoxXeEfgG%n"
        .contains(spec.conversion)
        .then_some((spec, characters.as_str()))
}

fn converted(spec: &Spec, value: &Value, ty: &Type) -> std::result::Result<String, String> {
    let upper = spec.conversion.is_ascii_uppercase();
    let shown = match (spec.conversion.to_ascii_lowercase(), value) {
        ('b', Value::Boolean(b)) => cut(spec, b.to_string()),
        ('b', value) => cut(spec, (!value.is_null()).to_string()),
        (_, Value::Null) => cut(spec, "null".into()),
        ('s', value) => cut(spec, java_text(value, ty)),
        ('c', Value::Int(point)) => {
            let point = u32::try_from(*point).ok().and_then(char::from_u32);
            let point = point.ok_or("IllegalFormatCodePoint")?;
            spec.padded(point.to_string())
        }
        ('d', Value::Int(i)) if ty.is_integral() => {
            spec.number(*i < 0, &i.unsigned_abs().to_string())
        }
        ('o', Value::Int(i)) => spec.padded(format!("{:o}", i.cast_unsigned())),
        ('x', Value::Int(i)) if spec.has('0') => {
            format!("{:01$x}", i.cast_unsigned(), spec.width.unwrap_or(0))
        }
        ('x', Value::Int(i)) => spec.padded(format!("{:x}", i.cast_unsigned())),
        ('f' | 'e' | 'g', Value::Double(x)) => real(spec, *x),
        ('f' | 'e' | 'g', Value::Real(x)) => {
            // Through its shortest text, as Java takes a float's digits.
            real(spec, x.to_string().parse().unwrap_or(f64::from(*x)))
        }
        ('f', Value::Decimal(d)) => {
            let scale = ty.as_decimal().map_or(0, |(_, s)| s);
            let places = u8::try_from(spec.precision.unwrap_or(6)).unwrap_or(38);
            let rounded = super::super::cast::rescale(*d, scale, places.min(38));
            let rounded = rounded.ok_or("too many digits")?;
            spec.number(
                rounded < 0,
                text::decimal(rounded, places.min(38)).trim_start_matches('-'),
            )
        }
        ('e' | 'g', Value::Decimal(d)) => {
            let scale = ty.as_decimal().map_or(0, |(_, s)| s);
            real(spec, text::decimal(*d, scale).parse().unwrap_or(f64::NAN))
        }
        (conversion, _) => {
            return Err(format!(
                "IllegalFormatConversion: {conversion} != {}",
                java_class(ty)
            ));
        }
    };
    Ok(if upper { shown.to_uppercase() } else { shown })
}

fn cut(spec: &Spec, shown: String) -> String {
    spec.padded(match spec.precision {
        Some(most) => shown.chars().take(most).collect(),
        None => shown,
    })
}

const fn java_class(ty: &Type) -> &'static str {
    match ty {
        Type::Boolean => "java.lang.Boolean",
        Type::Real => "java.lang.Float",
        Type::Double => "java.lang.Double",
        Type::Decimal(..) => "java.math.BigDecimal",
        Type::Date => "java.time.LocalDate",
        ty if ty.is_integral() => "java.lang.Long",
        _ => "java.lang.String",
    }
}

fn real(spec: &Spec, x: f64) -> String {
    if !x.is_finite() {
        let shown = if x.is_nan() { "NaN" } else { "Infinity" };
        let unpadded = Spec {
            flags: spec.flags.replace(['0', ','], ""),
            width: spec.width,
            ..Spec::default()
        };
        return unpadded.number(x < 0.0, shown);
    }
    let places = spec.precision.unwrap_or(6);
    let magnitude = x.abs();
    let digits = match spec.conversion.to_ascii_lowercase() {
        'f' => fixed(magnitude, places),
        'e' => scientific(magnitude, places),
        _ => {
            let places = places.max(1);
            if magnitude == 0.0 || (1e-4..10_f64.powi(places as i32)).contains(&magnitude) {
                let whole = magnitude.log10().floor().max(-4.0) as i64 + 1;
                let left = places as i64 - if magnitude == 0.0 { 1 } else { whole };
                fixed(magnitude, usize::try_from(left).unwrap_or(0))
            } else {
                scientific(magnitude, places - 1)
            }
        }
    };
    spec.number(x.is_sign_negative(), &digits)
}

/// Half up on the shortest digits that read back as the number, as Java does.
fn fixed(magnitude: f64, places: usize) -> String {
    let exact = format!("{magnitude}");
    let (whole, fraction) = exact.split_once('.').unwrap_or((&exact, ""));
    if fraction.len() <= places {
        let zeros = "0".repeat(places - fraction.len());
        return if places == 0 {
            whole.to_string()
        } else {
            format!("{whole}.{fraction}{zeros}")
        };
    }
    let kept: String = fraction.chars().take(places).collect();
    let up = fraction.chars().nth(places).is_some_and(|c| c >= '5');
    let mut digits: Vec<char> = format!("{whole}{kept}").chars().collect();
    if up {
        let mut at = digits.len();
        loop {
            if at == 0 {
                digits.insert(0, '1');
                break;
            }
            at -= 1;
            match digits.get_mut(at) {
                Some(c) if *c == '9' => *c = '0',
                Some(c) => {
                    *c = char::from(*c as u8 + 1);
                    break;
                }
                None => break,
            }
        }
    }
    if places > 0 {
        digits.insert(digits.len() - places, '.');
    }
    digits.into_iter().collect()
}

fn scientific(magnitude: f64, places: usize) -> String {
    let shown = format!("{magnitude:.places$e}");
    let (digits, exponent) = shown.split_once('e').unwrap_or((&shown, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}

/// What `%s` writes: Java's own text of the value.
fn java_text(value: &Value, ty: &Type) -> String {
    match (value, ty) {
        (Value::Double(x), _) => text::double_java(*x),
        (Value::Real(x), _) => text::real_java(*x),
        (Value::Text(text), Type::Json) => text.clone(),
        (value, Type::Date) => text_of(value, ty),
        (value, Type::Timestamp(_)) => java_time(&text_of(value, ty)),
        (value, Type::TimestampTz(_)) => java_zoned(value, ty),
        _ => super::super::render::render(value, ty).unwrap_or_else(|| "null".into()),
    }
}

/// `2020-05-10 12:34:56.1` as `LocalDateTime` writes it: nanoseconds in groups of three digits, and no
/// seconds where they are zero.
fn java_time(shown: &str) -> String {
    let (date, time) = shown.split_once(' ').unwrap_or((shown, ""));
    format!("{date}T{}", java_fraction(time))
}

fn java_fraction(time: &str) -> String {
    let (clock, fraction) = time.split_once('.').unwrap_or((time, ""));
    let mut nanos: u64 = format!("{fraction:0<9}")
        .chars()
        .take(9)
        .collect::<String>()
        .parse()
        .unwrap_or(0);
    if fraction.chars().nth(9).is_some_and(|c| c >= '5') && nanos < 999_999_999 {
        nanos += 1;
    }
    if nanos == 0 {
        return clock.strip_suffix(":00").unwrap_or(clock).to_string();
    }
    let digits = format!("{nanos:09}");
    let kept = if nanos.is_multiple_of(1_000_000) {
        3
    } else if nanos.is_multiple_of(1_000) {
        6
    } else {
        9
    };
    format!("{clock}.{}", digits.get(..kept).unwrap_or(&digits))
}

fn java_zoned(value: &Value, ty: &Type) -> String {
    let shown = text_of(value, ty);
    let (local, zone) = shown.rsplit_once(' ').unwrap_or((&shown, "UTC"));
    let offset = |name: &str| match super::resolve(name, std::slice::from_ref(ty)) {
        Resolution::Found(function) => match function.call(std::slice::from_ref(value)) {
            Ok(Value::Int(n)) => n,
            _ => 0,
        },
        _ => 0,
    };
    let local = java_time(local);
    if zone.starts_with(['+', '-']) {
        return format!("{local}{zone}");
    }
    let (hours, minutes) = (offset("timezone_hour"), offset("timezone_minute"));
    if hours == 0 && minutes == 0 {
        return format!("{local}Z[{zone}]");
    }
    let sign = if hours < 0 || minutes < 0 { '-' } else { '+' };
    format!("{local}{sign}{:02}:{:02}[{zone}]", hours.abs(), minutes.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, values: &[(Value, Type)], expected: &str) {
        let (values, types): (Vec<_>, Vec<_>) = values.iter().cloned().unzip();
        assert_eq!(formatted(pattern, &values, &types).unwrap(), expected);
    }

    #[test]
    fn format_strings_are_javas() {
        let int = |i: i64| (Value::Int(i), Type::Bigint);
        let double = |x: f64| (Value::Double(x), Type::Double);
        check("%s%%", &[int(123)], "123%");
        check("%,d|%05d|%-5d|%+d", &[int(1_234_567), int(-42), int(7), int(7)], "1,234,567|-0042|7    |+7");
        check("%.5f %s", &[double(std::f64::consts::PI), double(1e20)], "3.14159 1.0E20");
        check("%.2f %.1f %e", &[double(0.125), double(0.25), double(12_345.678)], "0.13 0.3 1.234568e+04");
        check("%2$s %1$s %<s", &[int(1), int(2)], "2 1 1");
        check("%08.3f|%x|%s", &[double(-1.5), int(255), (Value::Null, Type::Bigint)], "-001.500|ff|null");
        check(
            "%s",
            &[(Value::Timestamp(1_589_114_096_100_000), Type::Timestamp(1))],
            "2020-05-10T12:34:56.100",
        );
        assert!(formatted("%d", &[Value::Double(1.0)], &[Type::Double]).is_err());
        assert!(formatted("%q", &[], &[]).is_err());
        assert!(formatted("%s %s", &[Value::Int(1)], &[Type::Bigint]).is_err());
    }
}
