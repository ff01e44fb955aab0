//! One turbine: wind in, everything its controller logs out.

use std::sync::Arc;

use crate::base::SeededRng;
use crate::base::{Seed, Timestamp};
use crate::turbine::curve::{
    self, FEATHERED_DEG, GEAR_RATIO, RATED_POWER_KW, pitch_deg, rotor_rpm,
};
use crate::turbine::hydraulic::Hydraulic;
use crate::turbine::status::{Operation, Status};
use crate::turbine::thermal::Thermal;
use crate::turbine::wind::{OrnsteinUhlenbeck, SiteWind, Turbulence};

/// What a turbine's controller logs at one moment.
///
/// Values are rounded where they are made, to the digits a controller sends, so that what is counted
/// as truth and what is sent are the same numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    /// `WT001`, `WT002`, …
    pub turbine_id: Arc<str>,
    /// When it was logged, whole milliseconds.
    pub at: Timestamp,
    /// What the turbine is doing.
    pub status: Status,
    /// Momentary wind speed behind the rotor, m/s.
    pub wind_speed_mps: f64,
    /// Where the wind comes from, degrees clockwise from north, in `0..360`.
    pub wind_direction_deg: f64,
    /// Where the rotor faces, degrees clockwise from north, in `0..360`.
    pub nacelle_position_deg: f64,
    /// Direction less position, degrees in `-180..=180`.
    pub yaw_error_deg: f64,
    /// Power to the grid, kW; negative when the turbine draws.
    pub active_power_kw: f64,
    /// Inductive reactive power, kvar.
    pub reactive_power_kvar: f64,
    /// Active by apparent power; `None` when nothing is produced.
    pub power_factor: Option<f64>,
    /// Frequency of the grid, Hz.
    pub grid_frequency_hz: f64,
    /// Voltage between phases, V.
    pub grid_voltage_v: f64,
    /// Current of a phase, A.
    pub current_a: f64,
    /// Speed of the rotor, rpm.
    pub rotor_speed_rpm: f64,
    /// Speed of the generator, rpm.
    pub generator_speed_rpm: f64,
    /// Pitch of the blades, degrees; 90 is out of the wind.
    pub pitch_deg: f64,
    /// Outside temperature, °C.
    pub ambient_temperature_c: f64,
    /// Temperature in the nacelle, °C.
    pub nacelle_temperature_c: f64,
    /// Temperature of the gearbox oil, °C.
    pub gearbox_oil_temperature_c: f64,
    /// Temperature of the generator's winding, °C.
    pub generator_winding_temperature_c: f64,
    /// Temperature of the pitch system's battery, °C.
    pub battery_temperature_c: f64,
    /// Pressure of the hydraulic system, bar.
    pub hydraulic_pressure_bar: f64,
    /// Vibration of the drive train, root mean square, mm/s.
    pub vibration_mmps: f64,
    /// Energy exported since the turbine was built, kWh.
    pub energy_kwh: f64,
}

/// What a standing turbine draws for its controls, fans and heaters, kW.
const STANDBY_KW: f64 = 12.0;
/// The controller turns the nacelle when the averaged error exceeds this, degrees.
const YAW_DEAD_BAND_DEG: f64 = 8.0;
/// How fast the nacelle turns, degrees a second.
const YAW_RATE_DEG_PER_SEC: f64 = 0.3;
/// Exponent of the cosine by which a yaw error lowers the power: what FLORIS uses.
const YAW_LOSS_EXPONENT: f64 = 1.88;
/// Voltage between phases on the generator's side, V.
const NOMINAL_VOLTAGE_V: f64 = 690.0;

/// A simulated turbine.
#[derive(Clone, Debug)]
pub(super) struct Machine {
    id: Arc<str>,
    rng: SeededRng,
    place: OrnsteinUhlenbeck,
    turbulence: Turbulence,
    local_veer: OrnsteinUhlenbeck,
    excitation: OrnsteinUhlenbeck,
    operation: Operation,
    thermal: Thermal,
    hydraulic: Hydraulic,
    /// Wind as the rotor's inertia sees it, m/s.
    rotor_wind_mps: f64,
    /// Wind as the controller decides on it, m/s.
    slow_wind_mps: f64,
    rotor_rpm: f64,
    pitch_deg: f64,
    nacelle_deg: f64,
    power_kw: f64,
    energy_kwh: f64,
}

/// What all turbines of a farm share at one moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Surroundings {
    pub(super) ambient_c: f64,
    pub(super) frequency_hz: f64,
    /// Voltage as a share of nominal.
    pub(super) voltage: f64,
}

impl Machine {
    /// A turbine that has been in this wind for long.
    pub(super) fn new(id: Arc<str>, seed: Seed, wind: &SiteWind, around: Surroundings) -> Self {
        let mut rng = seed.rng();
        let place = OrnsteinUhlenbeck::new(25.0 * 60.0, &mut rng);
        let mean = wind.speed_mps(place.value());
        let power = curve::power_kw(mean);
        Self {
            id,
            turbulence: Turbulence::new(&mut rng),
            local_veer: OrnsteinUhlenbeck::new(300.0, &mut rng),
            excitation: OrnsteinUhlenbeck::new(1_800.0, &mut rng),
            operation: Operation::settled(mean),
            thermal: Thermal::settled(around.ambient_c, power / RATED_POWER_KW),
            hydraulic: Hydraulic::new(rng.uniform(0.003, 0.006), rng.unit()),
            rotor_wind_mps: mean,
            slow_wind_mps: mean,
            rotor_rpm: if power > 0.0 { rotor_rpm(mean) } else { 0.0 },
            pitch_deg: if power > 0.0 {
                pitch_deg(mean)
            } else {
                FEATHERED_DEG
            },
            nacelle_deg: wind.direction_deg(),
            power_kw: power,
            // Some years of service.
            energy_kwh: rng.uniform(2e7, 6e7).floor(),
            place,
            rng,
        }
    }

    /// Lets `secs` seconds pass and returns what the controller logs at `at`.
    pub(super) fn advance(
        &mut self,
        at: Timestamp,
        secs: f64,
        wind: &SiteWind,
        around: Surroundings,
    ) -> Snapshot {
        let mean = wind.speed_mps(self.place.advance(secs, &mut self.rng));
        let speed = self.turbulence.advance(mean, secs, &mut self.rng);
        self.rotor_wind_mps = lag(self.rotor_wind_mps, speed, 20.0, secs);
        self.slow_wind_mps = lag(self.slow_wind_mps, speed, 60.0, secs);
        let veer = self.local_veer.advance(secs, &mut self.rng);
        let direction = (wind.direction_deg() + 5.0 * veer).rem_euclid(360.0);
        let status = self
            .operation
            .advance(self.slow_wind_mps, secs, &mut self.rng);
        let yaw_error = self.yaw(direction, status, secs);
        self.turn(status, secs);

        let produced = match status {
            Status::Running => {
                // Rated power is held through cut-out until the slower average says stop.
                let wind = self.rotor_wind_mps.min(curve::CUT_OUT_MPS);
                let aligned = yaw_error
                    .to_radians()
                    .cos()
                    .max(0.0)
                    .powf(YAW_LOSS_EXPONENT);
                curve::power_kw(wind) * aligned
            }
            _ => 0.0,
        };
        let power = if produced > 0.0 {
            (produced * (1.0 + 0.004 * self.rng.normal())).min(RATED_POWER_KW * 1.02)
        } else {
            -STANDBY_KW * (1.0 + 0.05 * self.rng.normal())
        };
        let power = rounded(power, 10.0);
        // The counter counts what is exported, by the trapezium under both readings.
        self.energy_kwh += (self.power_kw.max(0.0) + power.max(0.0)) / 2.0 * secs / 3_600.0;
        self.power_kw = power;

        let load = power.max(0.0) / RATED_POWER_KW;
        let temperatures = self.thermal.advance(around.ambient_c, load, secs);
        let excitation = self.excitation.advance(secs, &mut self.rng);
        let power_factor =
            (power > 0.0).then(|| rounded((0.98 + 0.007 * excitation).clamp(0.95, 1.0), 1_000.0));
        let reactive = power_factor.map_or(0.0, |pf| power * (1.0 - pf * pf).sqrt() / pf);
        let voltage = NOMINAL_VOLTAGE_V * around.voltage;
        let apparent_va = power.hypot(reactive) * 1_000.0;
        // The tower's first mode, excited three times a turn, is met near 9 rpm.
        let resonance = 1.5 * (-((self.rotor_rpm - 9.0) / 0.6).powi(2)).exp();
        let vibration = if self.rotor_rpm > 1.0 {
            0.6 + 1.4 * load + resonance + 0.1 * self.rng.normal().abs()
        } else {
            0.1 + 0.02 * speed
        };
        let pressure = self.hydraulic.advance(secs) + 0.03 * self.rng.normal();
        Snapshot {
            turbine_id: Arc::clone(&self.id),
            at: at.floor_millis(),
            status,
            wind_speed_mps: rounded(speed, 100.0),
            wind_direction_deg: rounded_angle(direction),
            nacelle_position_deg: rounded_angle(self.nacelle_deg),
            yaw_error_deg: rounded(yaw_error, 10.0),
            active_power_kw: power,
            reactive_power_kvar: rounded(reactive, 10.0),
            power_factor,
            grid_frequency_hz: rounded(around.frequency_hz, 1_000.0),
            grid_voltage_v: rounded(voltage, 10.0),
            current_a: rounded(apparent_va / (3f64.sqrt() * voltage), 10.0),
            rotor_speed_rpm: rounded(self.rotor_rpm, 100.0),
            generator_speed_rpm: rounded(self.rotor_rpm * GEAR_RATIO, 10.0),
            pitch_deg: rounded(self.pitch_deg, 100.0),
            ambient_temperature_c: rounded(around.ambient_c, 10.0),
            nacelle_temperature_c: rounded(temperatures.nacelle, 10.0),
            gearbox_oil_temperature_c: rounded(temperatures.gearbox_oil, 10.0),
            generator_winding_temperature_c: rounded(temperatures.generator_winding, 10.0),
            battery_temperature_c: rounded(temperatures.battery + 0.1 * self.rng.normal(), 100.0),
            hydraulic_pressure_bar: rounded(pressure, 100.0),
            vibration_mmps: rounded(vibration, 100.0),
            energy_kwh: rounded(self.energy_kwh, 1_000.0),
        }
    }

    /// Turns the nacelle towards the wind when it may, and returns the error that is left, degrees.
    fn yaw(&mut self, direction_deg: f64, status: Status, secs: f64) -> f64 {
        let error = signed_angle(direction_deg - self.nacelle_deg);
        let may_turn = !matches!(status, Status::Maintenance | Status::GridFault);
        if may_turn && error.abs() > YAW_DEAD_BAND_DEG {
            let reach = YAW_RATE_DEG_PER_SEC * secs;
            self.nacelle_deg = (self.nacelle_deg + error.clamp(-reach, reach)).rem_euclid(360.0);
        }
        signed_angle(direction_deg - self.nacelle_deg)
    }

    /// Brings rotor and blades towards where the controller wants them.
    fn turn(&mut self, status: Status, secs: f64) {
        let wind = self.rotor_wind_mps;
        let (rpm, pitch) = match status {
            Status::Running => (rotor_rpm(wind), pitch_deg(wind)),
            // Blades half turned in: the rotor spins up without load.
            Status::Starting => (curve::ROTOR_RPM.0, 20.0),
            _ => (0.0, FEATHERED_DEG),
        };
        self.rotor_rpm = lag(self.rotor_rpm, rpm, 25.0, secs);
        // A pitch drive turns a blade by up to 8 degrees a second.
        let reach = 8.0 * secs;
        self.pitch_deg += (pitch - self.pitch_deg).clamp(-reach, reach);
    }
}

/// One step of a first-order lag.
fn lag(value: f64, target: f64, memory_secs: f64, secs: f64) -> f64 {
    target + (value - target) * (-secs / memory_secs).exp()
}

/// An angle in `-180..180`.
fn signed_angle(deg: f64) -> f64 {
    (deg + 180.0).rem_euclid(360.0) - 180.0
}

/// `value` to a decimal place (`scale` is 10, 100, …), without a negative zero.
fn rounded(value: f64, scale: f64) -> f64 {
    (value * scale).round() / scale + 0.0
}

/// An angle to one decimal place in `0..360`: what rounds up to 360 is 0.
fn rounded_angle(deg: f64) -> f64 {
    let deg = rounded(deg, 10.0);
    if deg >= 360.0 { 0.0 } else { deg }
}
