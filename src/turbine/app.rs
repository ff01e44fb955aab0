//! One of the original project's programs: a sensor that sends a random value every few seconds.

use std::time::Duration;

use jiff::tz::TimeZone;

use crate::base::SeededRng;
use crate::base::{Seed, Timestamp};
use crate::turbine::{Dirt, Measurement, Sensor, Truth};

/// How long before a tick its measurements may be stamped: an app reads its turbines one after the
/// other and then sends, so no record is stamped later than it is sent.
const READING_TIME: Duration = Duration::from_millis(250);

/// What a [`SensorApp`] is told.
#[derive(Clone, Debug)]
pub struct AppSettings {
    /// The sensor it reads.
    pub sensor: Sensor,
    /// How many turbines have that sensor; each gives one measurement a tick.
    pub turbines: u32,
    /// The first tick. Nothing is stamped earlier.
    pub start: Timestamp,
    /// Time from tick to tick; the original sleeps 10 s.
    pub interval: Duration,
    /// The zone of the clock that stamps the measurements.
    pub zone: TimeZone,
    /// Share of measurements that are dirty, in `0..=1`.
    pub dirt: f64,
}

/// Settings a generator cannot run with.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SettingsError {
    /// The interval is shorter than what time stamps can tell apart.
    #[error("an interval of {0:?} is too short: the shortest is 1 ms")]
    Interval(Duration),
    /// No turbine, or more than a farm has.
    #[error("{0} turbines: between 1 and 100000 are possible")]
    Turbines(u32),
    /// Not a probability.
    #[error("dirt of {0}: a share between 0 and 1 is possible")]
    Dirt(f64),
}

pub(super) fn check(turbines: u32, interval: Duration) -> Result<(), SettingsError> {
    if interval < Duration::from_millis(1) {
        return Err(SettingsError::Interval(interval));
    }
    if !(1..=100_000).contains(&turbines) {
        return Err(SettingsError::Turbines(turbines));
    }
    Ok(())
}

/// When the next tick is due after one at `at` that was due at `due`: the cadence is kept when a
/// tick comes a little late, and whole ticks that were missed are left out rather than made up for.
pub(super) fn following(due: Timestamp, at: Timestamp, interval: Duration) -> Timestamp {
    let next = due + interval;
    if next > at { next } else { at + interval }
}

/// A generator app for one sensor.
///
/// Values, time stamps and dirt come from separate branches of the seed: turning dirt on changes
/// nothing else.
#[derive(Clone, Debug)]
pub struct SensorApp {
    settings: AppSettings,
    values: SeededRng,
    stamps: SeededRng,
    dirt: SeededRng,
    next_id: u64,
    due: Timestamp,
    truth: Truth,
}

impl SensorApp {
    /// An app that has not measured anything yet.
    pub fn new(seed: Seed, settings: AppSettings) -> Result<Self, SettingsError> {
        check(settings.turbines, settings.interval)?;
        if !(0.0..=1.0).contains(&settings.dirt) {
            return Err(SettingsError::Dirt(settings.dirt));
        }
        let seed = seed.child(settings.sensor.name());
        Ok(Self {
            values: seed.child("values").rng(),
            stamps: seed.child("stamps").rng(),
            dirt: seed.child("dirt").rng(),
            next_id: 1,
            due: settings.start,
            truth: Truth::default(),
            settings,
        })
    }

    /// The sensor this app reads.
    pub fn sensor(&self) -> Sensor {
        self.settings.sensor
    }

    /// When the next tick is due.
    pub fn next_due(&self) -> Timestamp {
        self.due
    }

    /// Measures every turbine once and stamps the measurements just before `at`, in order.
    pub fn tick(&mut self, at: Timestamp) -> Vec<Measurement> {
        let turbines = self.settings.turbines;
        let (low, high) = self.settings.sensor.range();
        let slot =
            READING_TIME.min(self.settings.interval).as_micros() as u64 / u64::from(turbines);
        let mut measurements = Vec::with_capacity(turbines as usize);
        for turbine in 0..turbines {
            let early = slot * u64::from(turbines - turbine) - self.stamps.below(slot);
            let stamp = (at - Duration::from_micros(early)).max(self.settings.start.min(at));
            let measurement = Measurement {
                id: self.next_id,
                turbine,
                sensor: self.settings.sensor,
                value: self.values.uniform(low, high),
                at: stamp,
                local: stamp.in_zone(&self.settings.zone),
                dirt: self.draw_dirt(),
            };
            self.next_id += 1;
            self.truth.measured(&measurement);
            measurements.push(measurement);
        }
        self.due = following(self.due, at, self.settings.interval);
        measurements
    }

    /// What was measured so far.
    pub fn truth(&self) -> &Truth {
        &self.truth
    }

    fn draw_dirt(&mut self) -> Option<Dirt> {
        if !self.dirt.chance(self.settings.dirt) {
            return None;
        }
        let kind = self.dirt.below(Dirt::ALL.len() as u64) as usize;
        Dirt::ALL.get(kind).copied()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::base::time::parse_offset;

    fn settings(sensor: Sensor) -> AppSettings {
        AppSettings {
            sensor,
            turbines: 3,
            start: Timestamp::parse("2025-04-29T22:00:00Z").unwrap(),
            interval: Duration::from_secs(10),
            zone: parse_offset("-03:00").unwrap(),
            dirt: 0.0,
        }
    }

    fn run(seed: u64, settings: AppSettings, ticks: usize) -> (Vec<Measurement>, SensorApp) {
        let mut app = SensorApp::new(Seed::new(seed), settings).unwrap();
        let mut all = Vec::new();
        for _ in 0..ticks {
            all.extend(app.tick(app.next_due()));
        }
        (all, app)
    }

    #[test]
    fn values_follow_the_projects_ranges_and_ids_start_at_one() {
        for sensor in Sensor::ALL {
            let (all, _) = run(1, settings(sensor), 1_000);
            let (low, high) = sensor.range();
            assert!(all.iter().all(|m| (low..high).contains(&m.value)));
            assert!(all.iter().enumerate().all(|(i, m)| m.id == i as u64 + 1));
            let mean = all.iter().map(|m| m.value).sum::<f64>() / all.len() as f64;
            // Standard error of 3000 uniform values is 0.5 % of the range; this is five of them.
            assert!((mean - (low + high) / 2.0).abs() < (high - low) * 0.027);
        }
    }

    #[test]
    fn stamps_rise_and_never_lie_after_the_tick_or_before_the_start() {
        let mut app = SensorApp::new(Seed::new(2), settings(Sensor::Temperature)).unwrap();
        let start = app.next_due();
        let mut last = start;
        for _ in 0..500 {
            let tick = app.next_due();
            for m in app.tick(tick) {
                assert!(m.at >= last && m.at <= tick && tick.since(m.at) <= READING_TIME);
                last = m.at;
            }
            assert_eq!(app.next_due(), tick + Duration::from_secs(10));
        }
    }

    #[test]
    fn missed_ticks_are_left_out() {
        let mut app = SensorApp::new(Seed::new(2), settings(Sensor::Temperature)).unwrap();
        let late = app.next_due() + Duration::from_secs(3);
        app.tick(late);
        assert_eq!(app.next_due(), late + Duration::from_secs(7));
        let much_later = late + Duration::from_secs(1_000);
        app.tick(much_later);
        assert_eq!(app.next_due(), much_later + Duration::from_secs(10));
    }

    #[test]
    fn dirt_changes_nothing_but_the_dirty_records() {
        let clean = settings(Sensor::HydraulicPressure);
        let dirty = AppSettings {
            dirt: 0.05,
            ..clean.clone()
        };
        let (clean, _) = run(3, clean, 2_000);
        let (dirty, app) = run(3, dirty, 2_000);
        let mut counts: BTreeMap<Dirt, u64> = BTreeMap::new();
        for (clean, dirty) in clean.iter().zip(&dirty) {
            if let Some(kind) = dirty.dirt {
                *counts.entry(kind).or_default() += 1;
            }
            assert_eq!(
                *clean,
                Measurement {
                    dirt: None,
                    ..*dirty
                }
            );
        }
        assert_eq!(counts.len(), Dirt::ALL.len());
        assert_eq!(app.truth().dirty(), counts);
        assert_eq!(app.truth().sent(), 6_000);
        let share = counts.values().sum::<u64>() as f64 / 6_000.0;
        assert!((0.03..0.07).contains(&share), "{share}");
    }

    #[test]
    fn impossible_settings_are_refused() {
        let refused = |change: fn(&mut AppSettings)| {
            let mut settings = settings(Sensor::PowerFactor);
            change(&mut settings);
            SensorApp::new(Seed::new(1), settings)
                .unwrap_err()
                .to_string()
        };
        assert!(refused(|s| s.turbines = 0).contains("0 turbines"));
        assert!(refused(|s| s.interval = Duration::ZERO).contains("too short"));
        assert!(refused(|s| s.dirt = 1.5).contains("1.5"));
        assert!(refused(|s| s.dirt = f64::NAN).contains("NaN"));
    }

    proptest! {
        #[test]
        fn truth_equals_a_recount_and_merges_in_any_order(
            seed: u64, turbines in 1u32..5, ticks in 0usize..60, dirt in 0.0f64..1.0,
            secs in 1u64..4_000,
        ) {
            let mut merged = Truth::default();
            let mut backwards = Truth::default();
            let mut all = Vec::new();
            let runs: Vec<_> = Sensor::ALL.into_iter().map(|sensor| {
                let settings = AppSettings {
                    turbines, dirt, interval: Duration::from_secs(secs), ..settings(sensor)
                };
                run(seed, settings, ticks)
            }).collect();
            for (measurements, app) in &runs {
                merged.merge(app.truth());
                all.extend(measurements.iter().copied());
            }
            for (_, app) in runs.iter().rev() {
                backwards.merge(app.truth());
            }
            prop_assert_eq!(&merged, &backwards);
            prop_assert_eq!(merged.sent(), all.len() as u64);
            let clean: Vec<_> = all.iter().filter(|m| m.dirt.is_none()).collect();
            prop_assert_eq!(merged.clean(), clean.len() as u64);
            let by_date: u64 = merged.clean_by_date().values().sum();
            prop_assert_eq!(by_date, clean.len() as u64);
            for (sensor, truth) in &merged.sensors {
                let mine: Vec<_> = clean.iter().filter(|m| m.sensor == *sensor).collect();
                let flagged = mine.iter().filter(|m| sensor.threshold().matches(m.value)).count();
                prop_assert_eq!(truth.clean.flagged, flagged as u64);
                let lowest = mine.iter().map(|m| m.value).reduce(f64::min);
                prop_assert_eq!(truth.clean.min(), lowest);
                if let Some(mean) = truth.clean.mean() {
                    let plain = mine.iter().map(|m| m.value).sum::<f64>() / mine.len() as f64;
                    prop_assert!((plain - mean).abs() <= truth.clean.mean_tolerance());
                }
                for (date, day) in &truth.by_date {
                    let count = mine.iter().filter(|m| m.local.date() == *date).count();
                    prop_assert_eq!(day.count, count as u64);
                }
            }
        }
    }
}
