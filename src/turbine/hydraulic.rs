//! The hydraulic system: a pump fills an accumulator that leaks.

/// Pressure of a system whose pump starts at the lower limit and stops at the upper one. Leak and
/// pump are linear, so the pressure is a saw-tooth in time and any step is exact.
#[derive(Clone, Debug)]
pub(super) struct Hydraulic {
    leak_bar_per_sec: f64,
    pump_bar_per_sec: f64,
    /// Seconds since the pump last stopped, below one period.
    phase_secs: f64,
}

/// Pressure at which the pump starts, bar.
pub(super) const PUMP_ON_BAR: f64 = 73.0;
/// Pressure at which the pump stops, bar. The mean of both is the 76 bar of the original project.
pub(super) const PUMP_OFF_BAR: f64 = 79.0;

impl Hydraulic {
    /// A system with its own leak, at a point of its cycle in `0..1`.
    pub(super) fn new(leak_bar_per_sec: f64, cycle: f64) -> Self {
        let mut system = Self {
            leak_bar_per_sec,
            pump_bar_per_sec: 0.4,
            phase_secs: 0.0,
        };
        system.phase_secs = cycle * system.period_secs();
        system
    }

    fn falling_secs(&self) -> f64 {
        (PUMP_OFF_BAR - PUMP_ON_BAR) / self.leak_bar_per_sec
    }

    fn period_secs(&self) -> f64 {
        self.falling_secs() + (PUMP_OFF_BAR - PUMP_ON_BAR) / self.pump_bar_per_sec
    }

    /// Lets time pass and returns the pressure, bar.
    pub(super) fn advance(&mut self, secs: f64) -> f64 {
        self.phase_secs = (self.phase_secs + secs) % self.period_secs();
        let falling = self.falling_secs();
        if self.phase_secs <= falling {
            PUMP_OFF_BAR - self.leak_bar_per_sec * self.phase_secs
        } else {
            PUMP_ON_BAR + self.pump_bar_per_sec * (self.phase_secs - falling)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pressure_falls_slowly_and_rises_fast_between_its_limits() {
        let mut system = Hydraulic::new(0.004, 0.0);
        let series: Vec<f64> = (0..20_000).map(|_| system.advance(1.0)).collect();
        assert!(
            series
                .iter()
                .all(|p| (PUMP_ON_BAR..=PUMP_OFF_BAR).contains(p))
        );
        let falling = series.windows(2).filter(|w| w[1] < w[0]).count();
        assert!(falling > 19_000);
        let mean = series.iter().sum::<f64>() / series.len() as f64;
        assert!((mean - 76.0).abs() < 0.5, "{mean}");
    }

    #[test]
    fn one_long_step_equals_many_short_ones() {
        let mut short = Hydraulic::new(0.003, 0.3);
        let mut long = short.clone();
        let mut last = 0.0;
        for _ in 0..7_777 {
            last = short.advance(1.0);
        }
        assert!((long.advance(7_777.0) - last).abs() < 1e-6);
    }
}
