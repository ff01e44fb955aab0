//! Power curve and steady operation of the turbine that is simulated: NREL's 5 MW reference turbine.
//!
//! The table is transcribed from `NREL_Reference_5MW_126.csv` of the Python package `turbine-models`
//! 0.2.2, Copyright (c) 2020, Alliance for Sustainable Energy, LLC, BSD-3-Clause; see
//! `fixtures/NOTICE-turbine-models.md`. The operating points (rotor speed, pitch, gear ratio) are
//! those of Jonkman et al., "Definition of a 5-MW Reference Wind Turbine for Offshore System
//! Development", NREL/TP-500-38060, 2009.

/// Power above the rated wind speed, kW.
pub const RATED_POWER_KW: f64 = 5_000.0;
/// Wind speed at which the turbine starts, m/s.
pub const CUT_IN_MPS: f64 = 3.0;
/// Wind speed at which the turbine stops for its own safety, m/s.
pub const CUT_OUT_MPS: f64 = 25.0;
/// Turns of the generator for one of the rotor.
pub(super) const GEAR_RATIO: f64 = 97.0;
/// Slowest and fastest turning of the rotor under power, rpm.
pub(super) const ROTOR_RPM: (f64, f64) = (6.9, 12.1);
/// Pitch of a blade turned out of the wind, degrees.
pub(super) const FEATHERED_DEG: f64 = 90.0;

/// Wind speed (m/s) and electrical power (kW), by rising wind speed.
#[rustfmt::skip]
const POWER_CURVE: [(f64, f64); 50] = [
    (3.0, 40.52),
    (4.0, 177.67),
    (5.0, 403.9),
    (6.0, 737.59),
    (7.0, 1187.18),
    (7.1, 1239.25),
    (7.2, 1292.52),
    (7.3, 1347.32),
    (7.4, 1403.26),
    (7.5, 1460.7),
    (7.6, 1519.64),
    (7.7, 1580.17),
    (7.8, 1642.11),
    (7.9, 1705.76),
    (8.0, 1771.17),
    (9.0, 2518.55),
    (10.0, 3448.38),
    (10.1, 3552.14),
    (10.2, 3657.95),
    (10.3, 3765.12),
    (10.4, 3873.93),
    (10.5, 3984.48),
    (10.6, 4096.58),
    (10.7, 4210.72),
    (10.8, 4326.15),
    (10.9, 4443.4),
    (11.0, 4562.5),
    (11.1, 4683.42),
    (11.2, 4806.16),
    (11.3, 4929.93),
    (11.4, 5000.92),
    (11.5, 5000.16),
    (11.6, 4999.98),
    (11.7, 4999.96),
    (11.8, 4999.98),
    (11.9, 5000.0),
    (12.0, 5000.0),
    (13.0, 5000.01),
    (14.0, 5000.01),
    (15.0, 5000.02),
    (16.0, 5000.0),
    (17.0, 5000.02),
    (18.0, 5000.03),
    (19.0, 5000.02),
    (20.0, 5000.04),
    (21.0, 5000.02),
    (22.0, 5000.05),
    (23.0, 5000.01),
    (24.0, 5000.0),
    (25.0, 5000.04),
];

/// Wind speed (m/s) and pitch (degrees) that keeps the power at its rated value.
const PITCH_CURVE: [(f64, f64); 15] = [
    (11.4, 0.0),
    (12.0, 3.83),
    (13.0, 6.60),
    (14.0, 8.70),
    (15.0, 10.45),
    (16.0, 12.06),
    (17.0, 13.54),
    (18.0, 14.92),
    (19.0, 16.23),
    (20.0, 17.47),
    (21.0, 18.70),
    (22.0, 19.94),
    (23.0, 21.18),
    (24.0, 22.35),
    (25.0, 23.47),
];

/// Electrical power at a wind speed, kW: the table, linear in between, 0 outside cut-in and cut-out.
pub fn power_kw(wind_mps: f64) -> f64 {
    if (CUT_IN_MPS..=CUT_OUT_MPS).contains(&wind_mps) {
        interpolate(&POWER_CURVE, wind_mps)
    } else {
        0.0
    }
}

/// Pitch of a running turbine, degrees: 0 up to the rated wind speed.
pub(super) fn pitch_deg(wind_mps: f64) -> f64 {
    interpolate(&PITCH_CURVE, wind_mps)
}

/// Rotor speed of a running turbine, rpm: in proportion to the wind (tip-speed ratio 7.55 on a
/// rotor of 126 m) between its bounds.
pub(super) fn rotor_rpm(wind_mps: f64) -> f64 {
    let tip_mps = 7.55 * wind_mps;
    let rpm = tip_mps / (std::f64::consts::PI * 126.0) * 60.0;
    rpm.clamp(ROTOR_RPM.0, ROTOR_RPM.1)
}

/// Linear interpolation in a table sorted by its first column; constant beyond its ends.
fn interpolate(table: &[(f64, f64)], x: f64) -> f64 {
    let after = table.partition_point(|(at, _)| *at <= x);
    let left = after.checked_sub(1).and_then(|i| table.get(i));
    match (left, table.get(after)) {
        (Some((x0, y0)), Some((x1, y1))) => y0 + (y1 - y0) * (x - x0) / (x1 - x0),
        (Some((_, y)), None) | (None, Some((_, y))) => *y,
        (None, None) => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_curve_passes_through_its_table_and_lies_between_its_points() {
        for (wind, power) in POWER_CURVE {
            assert_eq!(power_kw(wind), power);
        }
        assert!(POWER_CURVE.is_sorted_by(|a, b| a.0 < b.0));
        assert!((power_kw(4.5) - (177.67 + 403.9) / 2.0).abs() < 1e-9);
        for wind in [0.0, 2.99, 25.01, 60.0, f64::NAN] {
            assert_eq!(power_kw(wind), 0.0);
        }
        let highest = POWER_CURVE
            .map(|(_, power)| power)
            .into_iter()
            .fold(0.0, f64::max);
        assert!(highest < RATED_POWER_KW * 1.000_2);
    }

    #[test]
    fn rotor_and_pitch_follow_the_wind() {
        assert_eq!(rotor_rpm(4.0), 6.9);
        assert!((rotor_rpm(8.0) - 9.16).abs() < 0.01);
        assert_eq!(rotor_rpm(20.0), 12.1);
        assert_eq!(pitch_deg(8.0), 0.0);
        assert!((pitch_deg(15.5) - 11.255).abs() < 1e-9);
        assert_eq!(pitch_deg(40.0), 23.47);
    }
}
