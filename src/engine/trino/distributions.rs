//! The normal and the beta distribution.

/// The probability of a value up to `value`.
pub fn normal_cdf(mean: f64, deviation: f64, value: f64) -> f64 {
    let away = value - mean;
    0.5 * libm::erfc(-away / (deviation * std::f64::consts::SQRT_2))
}

/// The value up to which the probability is `p`, strictly between 0 and 1.
pub fn inverse_normal_cdf(mean: f64, deviation: f64, p: f64) -> f64 {
    let standard = |z: f64| normal_cdf(0.0, 1.0, z);
    // Newton from a point found by halving: the tails are flat.
    let (mut low, mut high) = (-40.0, 40.0);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if standard(middle) < p {
            low = middle;
        } else {
            high = middle;
        }
    }
    let mut z = 0.5 * (low + high);
    for _ in 0..3 {
        let density = (-0.5 * z * z).exp() / (2.0 * std::f64::consts::PI).sqrt();
        if density > 0.0 {
            z -= (standard(z) - p) / density;
        }
    }
    mean + deviation * z
}

/// The regularized incomplete beta function.
pub fn beta_cdf(a: f64, b: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if x >= 1.0 {
        return 1.0;
    }
    // The fraction converges fast on this side of the mean.
    if x > (a + 1.0) / (a + b + 2.0) {
        return 1.0 - beta_cdf_left(b, a, 1.0 - x);
    }
    beta_cdf_left(a, b, x)
}

fn beta_cdf_left(a: f64, b: f64, x: f64) -> f64 {
    let log_beta = libm::lgamma(a) + libm::lgamma(b) - libm::lgamma(a + b);
    let front = (a * x.ln() + b * (-x).ln_1p() - a.ln() - log_beta).exp();
    front / continued(a, b, x)
}

/// Lentz's evaluation of the continued fraction.
fn continued(a: f64, b: f64, x: f64) -> f64 {
    const TINY: f64 = 1e-50;
    let step = |n: f64| {
        if n % 2.0 == 0.0 {
            let m = n / 2.0;
            m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m))
        } else {
            let m = (n - 1.0) / 2.0;
            -((a + m) * (a + b + m) * x) / ((a + 2.0 * m) * (a + 2.0 * m + 1.0))
        }
    };
    let (mut value, mut c, mut d) = (1.0, 1.0, 0.0);
    for n in 1..10_000 {
        let coefficient = step(f64::from(n));
        d = 1.0 + coefficient * d;
        c = 1.0 + coefficient / c;
        if d.abs() < TINY {
            d = TINY;
        }
        if c.abs() < TINY {
            c = TINY;
        }
        d = 1.0 / d;
        let change = c * d;
        value *= change;
        if (change - 1.0).abs() < 1e-16 {
            break;
        }
    }
    value
}

/// The value up to which the probability is `p`.
pub fn inverse_beta_cdf(a: f64, b: f64, p: f64) -> f64 {
    if p <= 0.0 {
        return 0.0;
    }
    if p >= 1.0 {
        return 1.0;
    }
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            break;
        }
        if beta_cdf(a, b, middle) < p {
            low = middle;
        } else {
            high = middle;
        }
    }
    0.5 * (low + high)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(got: f64, expected: f64) {
        let near = (got - expected).abs() <= 1e-12 * expected.abs().max(1.0);
        assert!(near, "{got} is not {expected}");
    }

    #[test]
    fn probabilities_agree_with_tables() {
        check(normal_cdf(0.0, 1.0, 1.96), 0.975_002_104_851_779_5);
        check(normal_cdf(10.0, 9.0, 10.0), 0.5);
        check(inverse_normal_cdf(0.0, 1.0, 0.3), -0.524_400_512_708_040_9);
        check(beta_cdf(3.0, 3.6, 0.3), 0.217_648_099_976_799_38);
        check(inverse_beta_cdf(3.0, 3.6, 0.95), 0.760_027_246_310_022_3);
        check(beta_cdf(2.0, 2.0, 0.5), 0.5);
    }
}
