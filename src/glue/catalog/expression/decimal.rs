//! Exact decimals of any length: partition values are compared, never computed with.

use std::cmp::Ordering;

/// A decimal number in its one normal form: no leading zeros before the point, no trailing zeros
/// behind it, and no negative zero. So equality is that of the parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decimal {
    negative: bool,
    whole: String,
    fraction: String,
}

impl Decimal {
    /// Parses `[+-]digits[.digits]`; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (negative, digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let all_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        if (whole.is_empty() && fraction.is_empty()) || !all_digits(whole) || !all_digits(fraction)
        {
            return None;
        }
        let (whole, fraction) = (
            whole.trim_start_matches('0'),
            fraction.trim_end_matches('0'),
        );
        Some(Self {
            negative: negative && !(whole.is_empty() && fraction.is_empty()),
            whole: whole.to_owned(),
            fraction: fraction.to_owned(),
        })
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        let magnitude = (self.whole.len().cmp(&other.whole.len()))
            .then_with(|| self.whole.cmp(&other.whole))
            // Digit strings order as fractions do: a shorter one that is a prefix is smaller.
            .then_with(|| self.fraction.cmp(&other.fraction));
        match (self.negative, other.negative) {
            (false, false) => magnitude,
            (true, true) => magnitude.reverse(),
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
        }
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn decimals_have_one_normal_form() {
        let parse = |text| Decimal::parse(text).unwrap();
        assert_eq!(parse("007.50"), parse("7.5"));
        assert_eq!(parse("-0.0"), parse("0"));
        assert_eq!(parse(".5"), parse("0.5"));
        assert!(parse("-10") < parse("-9.99"));
        assert!(parse("99999999999999999999999999999999999999.1") > parse("1"));
        for bad in ["", ".", "1e3", "1.2.3", "--1", "abc", "1,5"] {
            assert!(Decimal::parse(bad).is_none(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn decimals_order_as_their_scaled_integers(
            a in -10_000_000i64..10_000_000, b in -10_000_000i64..10_000_000,
        ) {
            let text = |n: i64| {
                let sign = if n < 0 { "-" } else { "" };
                format!("{sign}{}.{:03}", n.abs() / 1000, n.abs() % 1000)
            };
            let (da, db) = (Decimal::parse(&text(a)).unwrap(), Decimal::parse(&text(b)).unwrap());
            prop_assert_eq!(da.cmp(&db), a.cmp(&b));
        }
    }
}
