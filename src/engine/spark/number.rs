//! Numbers and text as Java writes and reads them: Spark's casts go through these.

use crate::engine::table::columns::java_float;
use crate::engine::table::json_value::Decimal;

/// `Double.toString`: plain between 10⁻³ and 10⁷, scientific outside, always with a point.
///
/// The digits are the shortest that read back as the same number, as Java writes them since 19;
/// Java 8 and 17 now and then wrote one more.
pub fn double_to_text(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    if value == 0.0 {
        return if value.is_sign_negative() {
            "-0.0"
        } else {
            "0.0"
        }
        .to_owned();
    }
    java_form(&format!("{value:e}"))
}

/// `Float.toString`.
pub fn float_to_text(value: f32) -> String {
    if !value.is_finite() || value == 0.0 {
        return double_to_text(f64::from(value));
    }
    java_form(&format!("{value:e}"))
}

/// From Rust's shortest scientific form, `-1.234e5`.
fn java_form(scientific: &str) -> String {
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let (sign, mantissa) = match mantissa.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", mantissa),
    };
    let digits = mantissa.replace('.', "");
    if !(-3..7).contains(&exponent) {
        let (first, rest) = digits.split_at(1);
        let rest = if rest.is_empty() { "0" } else { rest };
        return format!("{sign}{first}.{rest}E{exponent}");
    }
    if exponent < 0 {
        let zeros = "0".repeat(usize::try_from(-exponent - 1).unwrap_or(0));
        return format!("{sign}0.{zeros}{digits}");
    }
    let whole = usize::try_from(exponent).unwrap_or(0) + 1;
    let padded = format!("{digits:0<whole$}");
    let (whole, fraction) = padded.split_at(whole);
    let fraction = if fraction.is_empty() { "0" } else { fraction };
    format!("{sign}{whole}.{fraction}")
}

/// `CAST(text AS DOUBLE)`: Java's numbers, and `inf`, `infinity`, `nan` in any case.
pub fn text_to_double(text: &str) -> Option<f64> {
    java_float(text).or_else(|| match text.trim().to_ascii_lowercase().as_str() {
        "inf" | "+inf" | "infinity" | "+infinity" => Some(f64::INFINITY),
        "-inf" | "-infinity" => Some(f64::NEG_INFINITY),
        "nan" => Some(f64::NAN),
        _ => None,
    })
}

/// `CAST(text AS BIGINT)`: white space around, a sign, digits; a fraction is cut off.
pub fn text_to_long(text: &str) -> Option<i64> {
    let text = text.trim_matches(|c: char| c <= ' ');
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let is_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    // `.5` and `5.` are numbers; a lone point or sign is none.
    if !is_digits(whole) || !is_digits(fraction) || whole.len() + fraction.len() == 0 {
        return None;
    }
    let sign = if text.starts_with('-') { "-" } else { "" };
    let whole = if whole.is_empty() { "0" } else { whole };
    format!("{sign}{whole}").parse().ok()
}

/// `CAST(text AS DECIMAL(precision, scale))`, rounded half up; too large is NULL.
pub fn text_to_decimal(text: &str, precision: u8, scale: i8) -> Option<i128> {
    Decimal::parse(text.trim_matches(|c: char| c <= ' '))?.scaled(precision, scale)
}

/// `CAST(text AS BOOLEAN)`.
pub fn text_to_boolean(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "t" | "true" | "y" | "yes" | "1" => Some(true),
        "f" | "false" | "n" | "no" | "0" => Some(false),
        _ => None,
    }
}

/// A decimal's digits with its point.
pub fn decimal_to_text(value: i128, scale: i8) -> String {
    Decimal::parse(&format!("{value}e{}", -i32::from(scale)))
        .map_or_else(|| value.to_string(), |number| number.to_string())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn doubles_print_as_java_prints_them() {
        for (value, text) in [
            (79.0, "79.0"),
            (0.8410915648541823, "0.8410915648541823"),
            (1e7, "1.0E7"),
            (1234567.0, "1234567.0"),
            (0.001, "0.001"),
            (0.00012, "1.2E-4"),
            (-1.5e300, "-1.5E300"),
            (100.0, "100.0"),
            (-0.0, "-0.0"),
            (f64::NAN, "NaN"),
        ] {
            assert_eq!(double_to_text(value), text);
        }
        assert_eq!(float_to_text(0.1), "0.1");
    }

    #[test]
    fn text_is_read_as_spark_reads_it() {
        assert_eq!(text_to_long(" 12 "), Some(12));
        assert_eq!(text_to_long("-12.9"), Some(-12));
        assert_eq!(text_to_long("9223372036854775808"), None);
        for bad in ["", "1e3", "x", "+", "1.x", ".", "1 2"] {
            assert_eq!(text_to_long(bad), None, "{bad}");
        }
        assert!(text_to_double(" nan ").unwrap().is_nan());
        assert_eq!(text_to_double("-Inf"), Some(f64::NEG_INFINITY));
        assert_eq!(text_to_double("1e3"), Some(1000.0));
        assert_eq!(text_to_double("1,5"), None);
        assert_eq!(text_to_boolean("Yes"), Some(true));
        assert_eq!(text_to_boolean("2"), None);
        assert_eq!(text_to_decimal("1.005", 10, 2), Some(101));
        assert_eq!(decimal_to_text(-1235, 2), "-12.35");
        assert_eq!(decimal_to_text(5, 3), "0.005");
    }

    proptest! {
        #[test]
        fn a_double_survives_its_text(value in any::<f64>()) {
            let back = text_to_double(&double_to_text(value)).unwrap();
            prop_assert!(back == value || (back.is_nan() && value.is_nan()));
        }
    }
}
