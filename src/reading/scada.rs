//! One typed record a turbine: what its controller logs, as a JSON object.
//!
//! | field | type | unit | what it is |
//! |---|---|---|---|
//! | `turbine_id` | string | | `WT001`, `WT002`, … |
//! | `event_time` | string | | when it was logged: ISO 8601, UTC, milliseconds |
//! | `status_code` | integer | | [`Status::code`] |
//! | `status` | string | | [`Status::text`] |
//! | `wind_speed_mps` | number | m/s | behind the rotor, momentary |
//! | `wind_direction_deg` | number | degrees | where it comes from, clockwise from north |
//! | `nacelle_position_deg` | number | degrees | where the rotor faces, clockwise from north |
//! | `yaw_error_deg` | number | degrees | direction less position, −180 to 180: what the vane shows |
//! | `active_power_kw` | number | kW | to the grid; negative when the turbine draws |
//! | `reactive_power_kvar` | number | kvar | inductive |
//! | `power_factor` | number or null | | active by apparent power; null when nothing is produced |
//! | `grid_frequency_hz` | number | Hz | |
//! | `grid_voltage_v` | number | V | between phases |
//! | `current_a` | number | A | of a phase |
//! | `rotor_speed_rpm` | number | rpm | |
//! | `generator_speed_rpm` | number | rpm | |
//! | `pitch_deg` | number | degrees | mean of the blades; 90 is out of the wind |
//! | `ambient_temperature_c` | number | °C | |
//! | `nacelle_temperature_c` | number | °C | |
//! | `gearbox_oil_temperature_c` | number | °C | |
//! | `generator_winding_temperature_c` | number | °C | |
//! | `battery_temperature_c` | number | °C | of the pitch system: the original project's `temperature` |
//! | `hydraulic_pressure_bar` | number | bar | the original project's `hydraulicpressure` |
//! | `vibration_mmps` | number | mm/s | of the drive train, root mean square |
//! | `energy_kwh` | number | kWh | exported since the turbine was built; never falls |
//!
//! Numbers always have a decimal point, so that no reader takes a column for integers because its
//! first values are whole.

use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::base::Timestamp;
use crate::reading::{KeyChoice, Outgoing};
use crate::turbine::{Snapshot, Status};

/// Generates the wire form and both conversions from one list of the plain number fields.
macro_rules! wire {
    ($($field:ident),+ ; $($electrical:ident),+) => {
        /// The record's fields, in the order they are written.
        pub const FIELDS: &[&str] = &[
            "turbine_id", "event_time", "status_code", "status",
            $(stringify!($field),)+ "power_factor", $(stringify!($electrical),)+
        ];

        #[derive(Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Wire<'a> {
            turbine_id: std::borrow::Cow<'a, str>,
            event_time: std::borrow::Cow<'a, str>,
            status_code: i64,
            status: std::borrow::Cow<'a, str>,
            $($field: f64,)+
            #[serde(deserialize_with = "Option::deserialize")]
            power_factor: Option<f64>,
            $($electrical: f64,)+
        }

        impl<'a> From<&'a Snapshot> for Wire<'a> {
            fn from(snapshot: &'a Snapshot) -> Self {
                Self {
                    turbine_id: (&*snapshot.turbine_id).into(),
                    event_time: snapshot.at.iso_millis().into(),
                    status_code: snapshot.status.code(),
                    status: snapshot.status.text().into(),
                    $($field: snapshot.$field,)+
                    power_factor: snapshot.power_factor,
                    $($electrical: snapshot.$electrical,)+
                }
            }
        }

        impl TryFrom<Wire<'_>> for Snapshot {
            type Error = ScadaError;

            fn try_from(wire: Wire<'_>) -> Result<Self, ScadaError> {
                let status = Status::from_code(wire.status_code)
                    .filter(|status| status.text() == wire.status)
                    .ok_or_else(|| ScadaError::Status(wire.status_code, wire.status.to_string()))?;
                Ok(Self {
                    turbine_id: Arc::from(&*wire.turbine_id),
                    at: Timestamp::parse(&wire.event_time)
                        .ok_or_else(|| ScadaError::EventTime(wire.event_time.to_string()))?,
                    status,
                    $($field: wire.$field,)+
                    power_factor: wire.power_factor,
                    $($electrical: wire.$electrical,)+
                })
            }
        }
    };
}

wire! {
    wind_speed_mps, wind_direction_deg, nacelle_position_deg, yaw_error_deg,
    active_power_kw, reactive_power_kvar;
    grid_frequency_hz, grid_voltage_v, current_a, rotor_speed_rpm, generator_speed_rpm, pitch_deg,
    ambient_temperature_c, nacelle_temperature_c, gearbox_oil_temperature_c,
    generator_winding_temperature_c, battery_temperature_c, hydraulic_pressure_bar,
    vibration_mmps, energy_kwh
}

/// Why a record was not understood.
#[derive(Debug, thiserror::Error)]
pub enum ScadaError {
    /// Not JSON, or not the record's fields and types.
    #[error("not a turbine's record: {0}")]
    Json(#[from] serde_json::Error),
    /// The time is no instant.
    #[error("`event_time` is no instant: `{0}`")]
    EventTime(String),
    /// The code is unknown, or the text belongs to another code.
    #[error("`status_code` {0} with `status` `{1}` is no state of a turbine")]
    Status(i64, String),
}

/// The record's bytes.
pub fn render(snapshot: &Snapshot) -> Bytes {
    // A struct of strings and numbers cannot fail to serialise.
    serde_json::to_vec(&Wire::from(snapshot))
        .map(Bytes::from)
        .unwrap_or_default()
}

/// Reads a record. Every field has to be there, `power_factor` as number or null.
pub fn parse(bytes: &[u8]) -> Result<Snapshot, ScadaError> {
    serde_json::from_slice::<Wire<'_>>(bytes)?.try_into()
}

/// A reading ready to be sent. For [`KeyChoice::Spread`] the key is turbine and time.
pub fn outgoing(snapshot: &Snapshot, key: KeyChoice) -> Outgoing {
    Outgoing {
        payload: render(snapshot),
        partition_key: match key {
            KeyChoice::Course => super::course::PARTITION_KEY.to_owned(),
            KeyChoice::Source => snapshot.turbine_id.to_string(),
            KeyChoice::Spread => format!("{}-{}", snapshot.turbine_id, snapshot.at.millis()),
        },
        event_time: snapshot.at,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::{Map, Value};

    use super::*;
    use crate::base::Seed;
    use crate::turbine::{Farm, FarmSettings, Weibull};

    fn readings() -> Vec<Snapshot> {
        let settings = FarmSettings {
            turbines: 4,
            start: Timestamp::parse("2025-04-30T23:59:50Z").unwrap(),
            interval: Duration::from_millis(12_345),
            wind: Weibull {
                shape: 2.0,
                scale_mps: 5.0,
            },
        };
        let mut farm = Farm::new(Seed::new(12), settings).unwrap();
        (0..2_000)
            .flat_map(|_| farm.tick(farm.next_due()))
            .collect()
    }

    #[test]
    fn a_record_survives_the_round_trip_in_its_documented_shape() {
        let mut stopped = 0;
        for snapshot in readings() {
            let bytes = render(&snapshot);
            assert_eq!(parse(&bytes).unwrap(), snapshot);
            let fields: Map<String, Value> = serde_json::from_slice(&bytes).unwrap();
            assert_eq!(fields.keys().collect::<Vec<_>>(), FIELDS);
            for (name, value) in &fields {
                match name.as_str() {
                    "turbine_id" | "event_time" | "status" => assert!(value.is_string(), "{name}"),
                    "status_code" => assert!(value.is_i64()),
                    "power_factor" if value.is_null() => stopped += 1,
                    _ => assert!(value.is_f64(), "{name}: {value}"),
                }
            }
        }
        assert!(stopped > 0 && stopped < 8_000);
    }

    #[test]
    fn every_field_stands_in_the_documentation() {
        let source = include_str!("scada.rs");
        for field in FIELDS {
            assert!(source.contains(&format!("//! | `{field}` |")), "{field}");
        }
    }

    #[test]
    fn the_golden_record_does_not_change() {
        let first = readings().remove(0);
        let golden = include_str!("../../fixtures/golden/scada-record.json");
        assert_eq!(
            String::from_utf8(render(&first).to_vec()).unwrap(),
            golden.trim_end()
        );
    }

    #[test]
    fn what_is_wrong_with_a_record_is_named() {
        let good = String::from_utf8(render(&readings()[0]).to_vec()).unwrap();
        let check = |from: &str, to: &str, expected: &str| {
            assert!(good.contains(from), "{from}");
            let error = parse(good.replace(from, to).as_bytes())
                .unwrap_err()
                .to_string();
            assert!(error.contains(expected), "{error}");
        };
        check(
            "2025-04-30T23:59:50.000Z",
            "yesterday",
            "`event_time` is no instant",
        );
        check(
            "\"status_code\":",
            "\"status_code\":7",
            "is no state of a turbine",
        );
        check("\"power_factor\"", "\"pf\"", "unknown field `pf`");
        check("\"WT001\"", "1", "invalid type");
        let without = good.replacen("\"turbine_id\":\"WT001\",", "", 1);
        assert!(parse(without.as_bytes()).is_err());
    }

    #[test]
    fn the_partition_key_follows_the_choice() {
        let first = &readings()[0];
        let key = |choice| outgoing(first, choice).partition_key;
        assert_eq!(key(KeyChoice::Course), "02");
        assert_eq!(key(KeyChoice::Source), "WT001");
        assert_eq!(key(KeyChoice::Spread), "WT001-1746057590000");
    }
}
