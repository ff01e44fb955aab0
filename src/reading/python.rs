//! Numbers as Python prints them.

use std::fmt::Write as _;

/// Appends `repr(value)`: the shortest digits that read back as the same double, positional for
/// decimal exponents from −4 to 15, otherwise scientific with a sign and at least two digits.
///
/// Rust finds the same digits but never switches to the scientific form, so only the layout is ours.
pub fn write_float(out: &mut String, value: f64) {
    if !value.is_finite() {
        out.push_str(match value {
            _ if value.is_nan() => "nan",
            _ if value > 0.0 => "inf",
            _ => "-inf",
        });
        return;
    }
    let magnitude = value.abs();
    if magnitude == 0.0 || (1e-4..1e16).contains(&magnitude) {
        // Writing to a String cannot fail.
        let _ = write!(out, "{value:?}");
        return;
    }
    let start = out.len();
    let _ = write!(out, "{value:e}");
    // `1.5e20` becomes `1.5e+20`, `1e-5` becomes `1e-05`.
    let Some(at) = out.get(start..).and_then(|text| text.find('e')) else {
        return;
    };
    let exponent = out.split_off(start + at + 1);
    let (sign, digits) = match exponent.strip_prefix('-') {
        Some(digits) => ('-', digits),
        None => ('+', exponent.as_str()),
    };
    let _ = write!(out, "{sign}{digits:0>2}");
}

/// `repr(value)` as a text of its own.
pub fn float(value: f64) -> String {
    let mut out = String::with_capacity(24);
    write_float(&mut out, value);
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn floats_print_as_cpython_printed_them() {
        let golden = include_str!("../../fixtures/golden/python-float-repr.txt");
        let mut lines = 0;
        for line in golden.lines().filter(|line| !line.starts_with('#')) {
            let (bits, repr) = line.split_once(' ').unwrap();
            let value = f64::from_bits(u64::from_str_radix(bits, 16).unwrap());
            assert_eq!(float(value), repr, "{bits}");
            lines += 1;
        }
        assert!(lines > 1_000);
    }

    proptest! {
        #[test]
        fn what_is_printed_reads_back_as_the_same_number(bits: u64) {
            let value = f64::from_bits(bits);
            let text = float(value);
            if value.is_nan() {
                prop_assert_eq!(text, "nan");
            } else {
                prop_assert_eq!(text.parse::<f64>().unwrap().to_bits(), bits);
            }
        }
    }
}
