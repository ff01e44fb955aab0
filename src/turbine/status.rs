//! What a turbine is doing, and why it is not turning when it is not.

use std::fmt;

use crate::base::SeededRng;
use crate::turbine::curve::{CUT_IN_MPS, CUT_OUT_MPS};

/// State of a turbine. The codes are this farm's own; the texts are what operators read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Status {
    /// Turning and connected.
    Running,
    /// Turning up after a stop.
    Starting,
    /// Too little wind.
    LowWind,
    /// Stopped because of too much wind.
    Storm,
    /// Stopped by its controller: a forced outage.
    Fault,
    /// Stopped because the grid is out of its bounds.
    GridFault,
    /// Stopped for planned work.
    Maintenance,
}

impl Status {
    /// All states.
    pub const ALL: [Self; 7] = [
        Self::Running,
        Self::Starting,
        Self::LowWind,
        Self::Storm,
        Self::Fault,
        Self::GridFault,
        Self::Maintenance,
    ];

    /// The code the record carries.
    pub const fn code(self) -> i64 {
        match self {
            Self::Running => 100,
            Self::Starting => 110,
            Self::LowWind => 200,
            Self::Storm => 210,
            Self::Fault => 300,
            Self::GridFault => 310,
            Self::Maintenance => 400,
        }
    }

    /// The text the record carries.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Starting => "starting",
            Self::LowWind => "low wind",
            Self::Storm => "storm",
            Self::Fault => "fault",
            Self::GridFault => "grid fault",
            Self::Maintenance => "maintenance",
        }
    }

    /// The state with this code.
    pub fn from_code(code: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.code() == code)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

/// The state machine. Outages begin at random (a Poisson process for each cause) and last a
/// log-normal time; both are of the size a real farm's log shows for a turbine and year.
#[derive(Clone, Debug)]
pub(super) struct Operation {
    status: Status,
    /// How long the present state still lasts, for those with a fixed duration.
    left_secs: f64,
}

/// Cause, starts a turbine and year, median duration in hours, spread of its logarithm.
const OUTAGES: [(Status, f64, f64, f64); 3] = [
    (Status::Fault, 21.0, 0.4, 1.4),
    (Status::GridFault, 9.0, 0.3, 1.0),
    (Status::Maintenance, 19.0, 1.5, 0.8),
];
const YEAR_SECS: f64 = 365.25 * 86_400.0;
const STARTING_SECS: f64 = 90.0;
/// Wind must have risen this much above cut-in, or fallen this much below cut-out, to start again.
const RESTART_MARGIN_MPS: (f64, f64) = (0.5, 3.0);

impl Operation {
    /// A turbine at the given wind that has been left alone for long.
    pub(super) fn settled(wind_mps: f64) -> Self {
        Self {
            status: match wind_mps {
                ..CUT_IN_MPS => Status::LowWind,
                ..CUT_OUT_MPS => Status::Running,
                _ => Status::Storm,
            },
            left_secs: 0.0,
        }
    }

    /// Lets time pass at a wind averaged over about a minute.
    pub(super) fn advance(&mut self, wind_mps: f64, secs: f64, rng: &mut SeededRng) -> Status {
        // Always the same number of draws, so one turbine's outage does not shift later numbers.
        let outage = OUTAGES.map(|(status, per_year, median_hours, spread)| {
            let begins = rng.chance(-(-per_year * secs / YEAR_SECS).exp_m1());
            let lasts = median_hours * 3_600.0 * (spread * rng.normal()).exp();
            begins.then_some((status, lasts))
        });
        self.left_secs = (self.left_secs - secs).max(0.0);
        let stopped = matches!(
            self.status,
            Status::Fault | Status::GridFault | Status::Maintenance
        );
        if stopped && self.left_secs > 0.0 {
            return self.status;
        }
        if let Some((status, lasts)) = outage.into_iter().flatten().next() {
            (self.status, self.left_secs) = (status, lasts);
            return self.status;
        }
        let (over_cut_in, under_cut_out) = RESTART_MARGIN_MPS;
        self.status = match self.status {
            Status::Running | Status::Starting if wind_mps >= CUT_OUT_MPS => Status::Storm,
            Status::Running | Status::Starting if wind_mps < CUT_IN_MPS => Status::LowWind,
            Status::Running => Status::Running,
            Status::Starting if self.left_secs > 0.0 => Status::Starting,
            Status::Starting => Status::Running,
            _ if wind_mps >= CUT_OUT_MPS - under_cut_out => Status::Storm,
            _ if wind_mps < CUT_IN_MPS + over_cut_in => Status::LowWind,
            _ => {
                self.left_secs = STARTING_SECS;
                Status::Starting
            }
        };
        self.status
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Seed;

    #[test]
    fn wind_stops_and_starts_a_turbine_with_hysteresis() {
        let mut rng = Seed::new(1).rng();
        let mut operation = Operation::settled(8.0);
        let mut at = |wind| operation.advance(wind, 10.0, &mut rng);
        assert_eq!(at(8.0), Status::Running);
        assert_eq!(at(2.9), Status::LowWind);
        assert_eq!(at(3.2), Status::LowWind);
        assert_eq!(at(3.6), Status::Starting);
        let mut secs = 10;
        while at(3.6) == Status::Starting {
            secs += 10;
        }
        assert_eq!(secs, 90);
        assert_eq!(at(3.2), Status::Running);
        assert_eq!(at(25.0), Status::Storm);
        assert_eq!(at(22.5), Status::Storm);
        assert_eq!(at(21.9), Status::Starting);
    }

    #[test]
    fn outages_are_as_frequent_and_as_long_as_in_a_real_log() {
        let mut rng = Seed::new(2).rng();
        let mut operation = Operation::settled(8.0);
        let (mut down, mut starts, mut last) = (0u64, 0u64, Status::Running);
        let years = 15;
        let steps = years * 365 * 24 * 6;
        for _ in 0..steps {
            let status = operation.advance(8.0, 600.0, &mut rng);
            let stopped = !matches!(status, Status::Running | Status::Starting);
            down += u64::from(stopped);
            starts += u64::from(stopped && status != last);
            last = status;
        }
        let per_year = starts as f64 / years as f64;
        assert!((40.0..60.0).contains(&per_year), "{per_year}");
        let availability = 1.0 - down as f64 / steps as f64;
        assert!((0.97..0.995).contains(&availability), "{availability}");
    }

    #[test]
    fn codes_name_states() {
        for status in Status::ALL {
            assert_eq!(Status::from_code(status.code()), Some(status));
        }
        assert_eq!(Status::from_code(1), None);
    }
}
