//! A sum whose result does not depend on the order of its terms.

/// Sum of `f64` values in fixed point: a 128-bit integer in units of 2⁻⁶⁴.
///
/// Every value of magnitude 2⁻¹² or more (and zero) is a whole number of units, so sums of such
/// values are exact, whatever their order and however they are merged; that covers every sensor of
/// the original project. A smaller value is rounded to the nearest unit, an error below 3·10⁻²⁰.
/// The range is ±2⁶³; beyond it, and for infinities, the sum saturates. NaN counts as zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExactSum(i128);

/// Bits behind the binary point.
const FRACTION_BITS: i32 = 64;

impl ExactSum {
    /// Adds one value.
    pub fn add(&mut self, value: f64) {
        self.0 = self.0.saturating_add(units(value));
    }

    /// Adds another sum.
    pub fn merge(&mut self, other: Self) {
        self.0 = self.0.saturating_add(other.0);
    }

    /// The sum, rounded once to the nearest `f64`.
    pub fn value(self) -> f64 {
        // Scaling by a power of two rounds nothing.
        self.0 as f64 * 2f64.powi(-FRACTION_BITS)
    }
}

fn units(value: f64) -> i128 {
    if value.is_nan() {
        return 0;
    }
    let bits = value.to_bits();
    let biased = ((bits >> 52) & 0x7ff) as i32;
    let fraction = i128::from(bits & ((1 << 52) - 1));
    // value = mantissa * 2^exponent
    let (mantissa, exponent) = match biased {
        0 => (fraction, -1074),
        _ => (fraction | (1 << 52), biased - 1075),
    };
    let shift = exponent + FRACTION_BITS;
    let magnitude = match shift {
        75.. => i128::MAX,
        0..75 => mantissa << shift,
        -53..0 => ((mantissa >> (-shift - 1)) + 1) >> 1,
        _ => 0,
    };
    if value.is_sign_negative() {
        -magnitude
    } else {
        magnitude
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sum(values: impl IntoIterator<Item = f64>) -> ExactSum {
        let mut sum = ExactSum::default();
        values.into_iter().for_each(|value| sum.add(value));
        sum
    }

    #[test]
    fn single_values_come_back_unchanged() {
        for value in [
            0.0, 1.0, -1.0, 0.1, 0.7, 79.999_999, -273.2, 1e15, 0.001, 4e18,
        ] {
            assert_eq!(sum([value]).value(), value);
        }
        assert_eq!(sum([f64::NAN]).value(), 0.0);
        assert_eq!(sum([1e300]).value(), 2f64.powi(63));
        assert_eq!(sum([f64::NEG_INFINITY]).value(), -2f64.powi(63));
        assert_eq!(sum([2f64.powi(-65)]).value(), 2f64.powi(-64));
        assert_eq!(sum([2f64.powi(-66)]).value(), 0.0);
        assert_eq!(sum([5e-324]).value(), 0.0);
    }

    #[test]
    fn cancellation_loses_nothing() {
        assert_eq!(sum([1e18, 0.1, -1e18]).value(), 0.1);
    }

    proptest! {
        #[test]
        fn order_and_grouping_do_not_matter(
            values in prop::collection::vec(0.7f64..80.0, 0..200),
            cut in 0usize..200,
        ) {
            let whole = sum(values.iter().copied());
            prop_assert_eq!(sum(values.iter().rev().copied()), whole);
            let (head, tail) = values.split_at(cut.min(values.len()));
            let mut merged = sum(tail.iter().copied());
            merged.merge(sum(head.iter().copied()));
            prop_assert_eq!(merged, whole);
            // Adding doubles one after the other errs by at most half an ulp a step.
            let plain: f64 = values.iter().sum();
            let bound = plain * values.len() as f64 * f64::EPSILON;
            prop_assert!((plain - whole.value()).abs() <= bound);
        }
    }
}
