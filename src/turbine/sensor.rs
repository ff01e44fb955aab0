//! The three sensors of the original project and one value they report.

use std::fmt;

use jiff::civil;

use crate::base::Timestamp;

/// A sensor of the original project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Sensor {
    /// Power factor of the generator, without a unit.
    PowerFactor,
    /// Temperature of the pitch system's battery, °C.
    Temperature,
    /// Pressure of the hydraulic system, bar.
    HydraulicPressure,
}

impl Sensor {
    /// All sensors, in the order the project introduces them.
    pub const ALL: [Self; 3] = [
        Self::PowerFactor,
        Self::Temperature,
        Self::HydraulicPressure,
    ];

    /// The name the project gives the sensor in its records.
    pub const fn name(self) -> &'static str {
        match self {
            Self::PowerFactor => "powerfactor",
            Self::Temperature => "temperature",
            Self::HydraulicPressure => "hydraulicpressure",
        }
    }

    /// The sensor with this name, exactly.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|sensor| sensor.name() == name)
    }

    /// Bounds of the uniform distribution the project draws values from, in the sensor's unit.
    pub const fn range(self) -> (f64, f64) {
        match self {
            Self::PowerFactor => (0.7, 1.0),
            Self::Temperature => (20.0, 25.0),
            Self::HydraulicPressure => (70.0, 80.0),
        }
    }

    /// Which values the project's questions ask for.
    pub const fn threshold(self) -> Threshold {
        match self {
            Self::PowerFactor => Threshold::Above(0.9),
            Self::Temperature => Threshold::AtLeast(24.0),
            Self::HydraulicPressure => Threshold::Outside(71.0, 79.0),
        }
    }
}

impl fmt::Display for Sensor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A condition on a value, in the unit of its sensor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Threshold {
    /// `value > bound`
    Above(f64),
    /// `value >= bound`
    AtLeast(f64),
    /// `value < low OR value > high`
    Outside(f64, f64),
}

impl Threshold {
    /// Whether the value meets the condition.
    pub fn matches(self, value: f64) -> bool {
        match self {
            Self::Above(bound) => value > bound,
            Self::AtLeast(bound) => value >= bound,
            Self::Outside(low, high) => value < low || value > high,
        }
    }
}

/// What is wrong with a measurement on purpose. The record stays valid JSON; one field is unusable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Dirt {
    /// The value is an error text instead of a number.
    ErrorText,
    /// The value is an empty text.
    EmptyValue,
    /// The value is the text `nan`.
    NotANumber,
    /// The time stamp is no date.
    BadTimestamp,
}

impl Dirt {
    /// All kinds.
    pub const ALL: [Self; 4] = [
        Self::ErrorText,
        Self::EmptyValue,
        Self::NotANumber,
        Self::BadTimestamp,
    ];

    /// A short name for reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ErrorText => "value-error-text",
            Self::EmptyValue => "value-empty",
            Self::NotANumber => "value-nan",
            Self::BadTimestamp => "timestamp-unreadable",
        }
    }
}

impl fmt::Display for Dirt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One value of one sensor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measurement {
    /// Number of the measurement in its app's run, from 1. Not unique across apps or restarts.
    pub id: u64,
    /// Which turbine it comes from, from 0. The original record does not carry it.
    pub turbine: u32,
    /// The sensor.
    pub sensor: Sensor,
    /// The value, in the sensor's unit.
    pub value: f64,
    /// When it was measured.
    pub at: Timestamp,
    /// The same instant as the farm's clocks show it, microseconds at the finest.
    pub local: civil::DateTime,
    /// What is wrong with the record, if anything.
    pub dirt: Option<Dirt>,
}
