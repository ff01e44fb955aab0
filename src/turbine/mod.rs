//! Turbines and their sensors: what they measure, and the truth about it.
//!
//! Two kinds of generator share this room. [`SensorApp`] is one of the three small programs of the
//! original project, which send uniform random numbers; [`Farm`] simulates turbines with wind,
//! machine and grid behind every number. Both are pure: a seed and the times of the ticks decide
//! every value, so a run can be repeated, and both keep a [`Truth`] that is counted where the values
//! are born, never from the bytes that are sent.
//!
//! Invariant: no wire format, no service, no clock. The room below (`reading`) writes the bytes.

mod app;
mod curve;
mod exact;
mod farm;
mod hydraulic;
mod machine;
mod sensor;
mod status;
mod thermal;
mod truth;
mod wind;

pub use app::{AppSettings, SensorApp, SettingsError};
pub use curve::{CUT_IN_MPS, CUT_OUT_MPS, RATED_POWER_KW, power_kw};
pub use exact::ExactSum;
pub use farm::{Farm, FarmSettings};
pub use machine::Snapshot;
pub use sensor::{Dirt, Measurement, Sensor, Threshold};
pub use status::Status;
pub use truth::{SensorTruth, Summary, Truth, TurbineTruth};
pub use wind::{SiteWind, Weibull};
