//! Temperatures inside a nacelle, each lagging behind what heats it.

use crate::base::Timestamp;

/// A body that approaches a target temperature exponentially; exact for any step.
#[derive(Clone, Debug)]
struct Lag {
    celsius: f64,
    memory_secs: f64,
}

impl Lag {
    fn advance(&mut self, target: f64, secs: f64) -> f64 {
        self.celsius = target + (self.celsius - target) * (-secs / self.memory_secs).exp();
        self.celsius
    }
}

/// The temperatures of one turbine, °C.
#[derive(Clone, Debug)]
pub(super) struct Thermal {
    nacelle: Lag,
    gearbox_oil: Lag,
    generator_winding: Lag,
    battery: Lag,
}

/// Temperatures at one moment, °C.
#[derive(Clone, Copy, Debug)]
pub(super) struct Temperatures {
    pub(super) nacelle: f64,
    pub(super) gearbox_oil: f64,
    pub(super) generator_winding: f64,
    pub(super) battery: f64,
}

impl Thermal {
    /// A turbine that has been standing in `ambient` air at `load` (share of rated power) for long.
    pub(super) fn settled(ambient: f64, load: f64) -> Self {
        let lag = |memory_secs| Lag {
            celsius: ambient,
            memory_secs,
        };
        let mut thermal = Self {
            nacelle: lag(2_400.0),
            gearbox_oil: lag(3_600.0),
            generator_winding: lag(900.0),
            battery: lag(7_200.0),
        };
        thermal.advance(ambient, load, f64::INFINITY);
        thermal
    }

    /// Lets time pass at the given ambient temperature and load.
    pub(super) fn advance(&mut self, ambient: f64, load: f64, secs: f64) -> Temperatures {
        let nacelle = self.nacelle.advance(ambient + 8.0 + 7.0 * load, secs);
        Temperatures {
            nacelle,
            gearbox_oil: self.gearbox_oil.advance(nacelle + 15.0 + 25.0 * load, secs),
            generator_winding: self
                .generator_winding
                .advance(nacelle + 10.0 + 55.0 * load, secs),
            // The cabinet is held at 23 °C; its insulation lets a little of the nacelle through.
            battery: self.battery.advance(23.0 + 0.05 * (nacelle - 23.0), secs),
        }
    }
}

/// Ambient temperature of a mild inland climate without its weather, °C: warmest in late July and
/// at 15:00 UTC.
pub(super) fn climate(at: Timestamp) -> f64 {
    const DAY: f64 = 86_400.0;
    let days = at.micros() as f64 / 1e6 / DAY;
    let turn = std::f64::consts::TAU;
    // 1970-07-27 is day 207 after the epoch.
    let season = (turn * (days - 207.0) / 365.242_5).cos();
    let hour = (turn * (days - 15.0 / 24.0)).cos();
    10.5 + 8.0 * season + 3.5 * hour
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_settled_turbine_stays_where_it_is_and_load_heats_it_in_order() {
        let mut thermal = Thermal::settled(10.0, 0.0);
        let idle = thermal.advance(10.0, 0.0, 600.0);
        assert!((idle.nacelle - 18.0).abs() < 1e-9);
        let after = thermal.advance(10.0, 1.0, 900.0);
        let end = thermal.advance(10.0, 1.0, 1e9);
        for (from, then, to) in [
            (idle.nacelle, after.nacelle, end.nacelle),
            (idle.gearbox_oil, after.gearbox_oil, end.gearbox_oil),
            (
                idle.generator_winding,
                after.generator_winding,
                end.generator_winding,
            ),
        ] {
            assert!(from < then && then < to);
        }
        assert!((22.0..24.0).contains(&end.battery));
    }

    #[test]
    fn july_afternoons_are_warmer_than_january_nights() {
        let july = climate(Timestamp::parse("2025-07-27T15:00:00Z").unwrap());
        let january = climate(Timestamp::parse("2025-01-25T03:00:00Z").unwrap());
        assert!(
            (july - 22.0).abs() < 0.2 && (january + 1.0).abs() < 0.2,
            "{july} {january}"
        );
    }
}
