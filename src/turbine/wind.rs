//! Wind over the farm: slow weather shared by all turbines, and what differs from one to the next.
//!
//! The model is a Gaussian process mapped to the Weibull distribution sites are described by. The
//! process is a sum of Ornstein–Uhlenbeck processes, whose exact discrete form holds for any step,
//! so the statistics do not depend on the tick:
//!
//! | part | memory | share of the variance | shared |
//! |---|---|---|---|
//! | weather systems | 40 h | 0.55 | yes |
//! | fronts, time of day | 6 h | 0.38 | yes |
//! | gust fronts | 25 min | 0.03 | yes |
//! | place in the farm | 25 min | 0.04 | no |
//!
//! That gives autocorrelations of about 0.96 after 10 min, 0.86 after 1 h, 0.61 after 6 h and 0.31
//! after 24 h, and 0.96 between two turbines: what ten-minute means of a real farm in flat land
//! show. Turbulence comes on top ([`Turbulence`]). There is no wake and no season.

use crate::base::SeededRng;

/// A site's distribution of ten-minute mean wind speeds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weibull {
    /// Shape, without a unit.
    pub shape: f64,
    /// Scale, m/s.
    pub scale_mps: f64,
}

impl Default for Weibull {
    /// A good inland site: mean 7.5 m/s, the mean of an IEC class III turbine.
    fn default() -> Self {
        Self {
            shape: 2.3,
            scale_mps: 8.5,
        }
    }
}

impl Weibull {
    /// The speed that a share `p` of the time is not exceeded.
    fn quantile(self, p: f64) -> f64 {
        // Beyond 1 - 1e-9 is one ten-minute slot in twenty thousand years.
        self.scale_mps * (-(1.0 - p.clamp(0.0, 1.0 - 1e-9)).ln()).powf(1.0 / self.shape)
    }
}

/// A stationary Gaussian process with exponential memory, mean 0 and variance 1.
#[derive(Clone, Debug)]
pub(super) struct OrnsteinUhlenbeck {
    memory_secs: f64,
    value: f64,
}

impl OrnsteinUhlenbeck {
    pub(super) fn new(memory_secs: f64, rng: &mut SeededRng) -> Self {
        Self {
            memory_secs,
            value: rng.normal(),
        }
    }

    pub(super) fn advance(&mut self, secs: f64, rng: &mut SeededRng) -> f64 {
        let kept = (-secs / self.memory_secs).exp();
        self.value = kept * self.value + (1.0 - kept * kept).sqrt() * rng.normal();
        self.value
    }

    pub(super) fn value(&self) -> f64 {
        self.value
    }
}

const HOUR: f64 = 3_600.0;
const WEATHER_SHARE: f64 = 0.55;
const FRONT_SHARE: f64 = 0.38;
const GUST_SHARE: f64 = 0.03;
const PLACE_SHARE: f64 = 0.04;

/// The wind all turbines of a site share.
#[derive(Clone, Debug)]
pub struct SiteWind {
    weibull: Weibull,
    rng: SeededRng,
    weather: OrnsteinUhlenbeck,
    front: OrnsteinUhlenbeck,
    gust: OrnsteinUhlenbeck,
    veer: OrnsteinUhlenbeck,
    mean_direction_deg: f64,
}

impl SiteWind {
    /// Wind at a site, at a random point of its history.
    pub fn new(weibull: Weibull, mut rng: SeededRng) -> Self {
        Self {
            weibull,
            weather: OrnsteinUhlenbeck::new(40.0 * HOUR, &mut rng),
            front: OrnsteinUhlenbeck::new(6.0 * HOUR, &mut rng),
            gust: OrnsteinUhlenbeck::new(25.0 * 60.0, &mut rng),
            veer: OrnsteinUhlenbeck::new(18.0 * HOUR, &mut rng),
            mean_direction_deg: rng.uniform(0.0, 360.0),
            rng,
        }
    }

    /// Lets `secs` seconds pass.
    pub fn advance(&mut self, secs: f64) {
        let rng = &mut self.rng;
        self.weather.advance(secs, rng);
        self.front.advance(secs, rng);
        self.gust.advance(secs, rng);
        self.veer.advance(secs, rng);
    }

    /// Mean wind speed at a place whose own process (mean 0, variance 1) stands at `place`, m/s.
    pub(super) fn speed_mps(&self, place: f64) -> f64 {
        let gaussian = WEATHER_SHARE.sqrt() * self.weather.value()
            + FRONT_SHARE.sqrt() * self.front.value()
            + GUST_SHARE.sqrt() * self.gust.value()
            + PLACE_SHARE.sqrt() * place;
        self.weibull.quantile(normal_cdf(gaussian))
    }

    /// Mean direction the wind comes from, degrees clockwise from north, in `0..360`.
    pub(super) fn direction_deg(&self) -> f64 {
        (self.mean_direction_deg + 60.0 * self.veer.value()).rem_euclid(360.0)
    }
}

/// Turbulence at one turbine: a fast process whose standard deviation follows the normal turbulence
/// model of IEC 61400-1 for class B, `0.14 · (0.75·V + 5.6 m/s)`, times 0.6: the model states what
/// 90 % of the slots stay below, measured means lie at about 0.6 of it.
#[derive(Clone, Debug)]
pub(super) struct Turbulence(OrnsteinUhlenbeck);

impl Turbulence {
    pub(super) fn new(rng: &mut SeededRng) -> Self {
        // An eddy of about 150 m passes in this time at 10 m/s.
        Self(OrnsteinUhlenbeck::new(15.0, rng))
    }

    /// The momentary speed around the mean `mean_mps`, never negative, m/s.
    pub(super) fn advance(&mut self, mean_mps: f64, secs: f64, rng: &mut SeededRng) -> f64 {
        // Near calm the model's constant part would exceed the wind itself.
        let sigma = (0.6 * 0.14 * (0.75 * mean_mps + 5.6)).min(0.3 * mean_mps);
        (mean_mps + sigma * self.0.advance(secs, rng)).max(0.0)
    }
}

/// The standard normal distribution function, to 1.5e-7 (rational approximation 7.1.26 of
/// Abramowitz and Stegun, "Handbook of Mathematical Functions").
fn normal_cdf(x: f64) -> f64 {
    let z = x.abs() / std::f64::consts::SQRT_2;
    let t = 1.0 / (1.0 + 0.327_591_1 * z);
    let poly = t
        * (0.254_829_592
            + t * (-0.284_496_736
                + t * (1.421_413_741 + t * (-1.453_152_027 + t * 1.061_405_429))));
    let upper = 0.5 * poly * (-z * z).exp();
    if x >= 0.0 { 1.0 - upper } else { upper }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Seed;

    const STEP: f64 = 600.0;

    /// Ten-minute wind of two places over `years` years.
    fn series(seed: u64, years: usize) -> (Vec<f64>, Vec<f64>) {
        let seed = Seed::new(seed);
        let mut site = SiteWind::new(Weibull::default(), seed.child("site").rng());
        let mut rng = seed.child("places").rng();
        let mut places = [0, 1].map(|_| OrnsteinUhlenbeck::new(25.0 * 60.0, &mut rng));
        let mut series = (Vec::new(), Vec::new());
        for _ in 0..years * 52_560 {
            site.advance(STEP);
            let [a, b] = &mut places;
            series.0.push(site.speed_mps(a.advance(STEP, &mut rng)));
            series.1.push(site.speed_mps(b.advance(STEP, &mut rng)));
        }
        series
    }

    fn correlation(a: &[f64], b: &[f64]) -> f64 {
        let n = a.len().min(b.len()) as f64;
        let mean = |s: &[f64]| s.iter().take(n as usize).sum::<f64>() / n;
        let (ma, mb) = (mean(a), mean(b));
        let (mut ab, mut aa, mut bb) = (0.0, 0.0, 0.0);
        for (x, y) in a.iter().zip(b) {
            ab += (x - ma) * (y - mb);
            aa += (x - ma) * (x - ma);
            bb += (y - mb) * (y - mb);
        }
        ab / (aa * bb).sqrt()
    }

    #[test]
    fn three_years_of_wind_look_like_a_real_farms() {
        let (wind, neighbour) = series(11, 3);
        let mean = wind.iter().sum::<f64>() / wind.len() as f64;
        // Mean of the Weibull distribution: scale * gamma(1 + 1/2.3). With 40 h of memory three
        // years hold about 330 independent values, so the mean errs by about 2.5 %.
        assert!((mean / (8.5 * 0.885_9) - 1.0).abs() < 0.08, "{mean}");
        for (lag, low, high) in [
            (1, 0.955, 0.985),
            (6, 0.84, 0.92),
            (36, 0.52, 0.72),
            (144, 0.20, 0.42),
        ] {
            let r = correlation(&wind, &wind[lag..]);
            assert!((low..high).contains(&r), "after {lag} slots: {r}");
        }
        let pair = correlation(&wind, &neighbour);
        assert!((0.94..0.98).contains(&pair), "{pair}");
        assert!(wind.iter().all(|v| (0.0..45.0).contains(v)));
    }

    #[test]
    fn the_step_does_not_change_the_statistics() {
        let mut rng = Seed::new(5).rng();
        for step in [1.0, 10.0, 600.0] {
            let mut process = OrnsteinUhlenbeck::new(20.0, &mut rng);
            let values: Vec<_> = (0..200_000)
                .map(|_| process.advance(step, &mut rng))
                .collect();
            let variance = values.iter().map(|v| v * v).sum::<f64>() / values.len() as f64;
            assert!((variance - 1.0).abs() < 0.06, "step {step}: {variance}");
            let r = correlation(&values, &values[1..]);
            assert!((r - (-step / 20.0).exp()).abs() < 0.02, "step {step}: {r}");
        }
    }

    #[test]
    fn the_normal_distribution_function_meets_its_table() {
        for (x, p) in [
            (0.0, 0.5),
            (1.0, 0.841_344_746),
            (-1.0, 0.158_655_254),
            (1.959_963_985, 0.975),
            (3.0, 0.998_650_102),
            (-8.0, 0.0),
        ] {
            assert!((normal_cdf(x) - p).abs() < 2e-7, "{x}");
        }
    }
}
