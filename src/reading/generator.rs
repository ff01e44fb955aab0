//! A generator of either kind, with its records rendered: what a producer loop drives.

use crate::base::{Seed, Timestamp};
use crate::reading::{KeyChoice, Outgoing, course, scada};
use crate::turbine::{AppSettings, Farm, FarmSettings, SensorApp, SettingsError, Truth};

/// Something that has records to send from time to time.
///
/// The loop is always the same: sleep until [`next_due`](Self::next_due), send what
/// [`tick`](Self::tick) returns, repeat.
#[derive(Clone, Debug)]
pub struct Generator {
    source: Source,
    key: KeyChoice,
}

#[derive(Clone, Debug)]
enum Source {
    Course(Box<SensorApp>),
    Scada(Box<Farm>),
}

impl Generator {
    /// One of the original project's apps: its sensor's values as four-string records.
    pub fn course(
        seed: Seed,
        settings: AppSettings,
        key: KeyChoice,
    ) -> Result<Self, SettingsError> {
        let app = SensorApp::new(seed, settings)?;
        Ok(Self {
            source: Source::Course(Box::new(app)),
            key,
        })
    }

    /// A simulated farm: one SCADA record a turbine and tick.
    pub fn scada(
        seed: Seed,
        settings: FarmSettings,
        key: KeyChoice,
    ) -> Result<Self, SettingsError> {
        let farm = Farm::new(seed, settings)?;
        Ok(Self {
            source: Source::Scada(Box::new(farm)),
            key,
        })
    }

    /// A name for progress lines: the sensor's, or `scada`.
    pub fn name(&self) -> &'static str {
        match &self.source {
            Source::Course(app) => app.sensor().name(),
            Source::Scada(_) => "scada",
        }
    }

    /// When the next tick is due.
    pub fn next_due(&self) -> Timestamp {
        match &self.source {
            Source::Course(app) => app.next_due(),
            Source::Scada(farm) => farm.next_due(),
        }
    }

    /// The records of a tick at `at`, in the order in which they are to be sent.
    pub fn tick(&mut self, at: Timestamp) -> Vec<Outgoing> {
        match &mut self.source {
            Source::Course(app) => {
                let measurements = app.tick(at);
                let records = measurements.iter().map(|m| course::outgoing(m, self.key));
                records.collect()
            }
            Source::Scada(farm) => {
                let snapshots = farm.tick(at);
                let records = snapshots.iter().map(|s| scada::outgoing(s, self.key));
                records.collect()
            }
        }
    }

    /// What was generated so far.
    pub fn truth(&self) -> &Truth {
        match &self.source {
            Source::Course(app) => app.truth(),
            Source::Scada(farm) => farm.truth(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use jiff::tz::TimeZone;
    use proptest::prelude::*;

    use super::*;
    use crate::reading::course::CourseReading;
    use crate::reading::json_stream;
    use crate::turbine::{Sensor, Weibull};

    fn generators(seed: u64, turbines: u32, dirt: f64) -> Vec<Generator> {
        let (seed, start) = (
            Seed::new(seed),
            Timestamp::parse("2025-04-30T21:00:00Z").unwrap(),
        );
        let interval = Duration::from_secs(97);
        let mut all: Vec<_> = Sensor::ALL
            .into_iter()
            .map(|sensor| {
                let zone = TimeZone::UTC;
                let settings = AppSettings {
                    sensor,
                    turbines,
                    start,
                    interval,
                    zone,
                    dirt,
                };
                Generator::course(seed, settings, KeyChoice::Course).unwrap()
            })
            .collect();
        let wind = Weibull::default();
        let settings = FarmSettings {
            turbines,
            start,
            interval,
            wind,
        };
        all.push(Generator::scada(seed, settings, KeyChoice::Source).unwrap());
        all
    }

    fn run(generator: &mut Generator, ticks: usize) -> Vec<Outgoing> {
        (0..ticks)
            .flat_map(|_| generator.tick(generator.next_due()))
            .collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn what_is_read_from_the_concatenated_records_is_the_truth(
            seed: u64, turbines in 1u32..4, ticks in 0usize..120, dirt in 0.0f64..0.5,
        ) {
            for mut generator in generators(seed, turbines, dirt) {
                let sent = run(&mut generator, ticks);
                let object: Vec<u8> = sent.iter().flat_map(|r| r.payload.to_vec()).collect();
                let found = json_stream::read(&object);
                let truth = generator.truth();
                prop_assert_eq!(found.rows.len() as u64, truth.sent());
                prop_assert!(found.rejected.is_empty());
                let (mut by_date, mut dirty) = (BTreeMap::new(), BTreeMap::new());
                for row in &found.rows {
                    let bytes = &object[row.offset as usize..][..row.len];
                    let date = if generator.name() == "scada" {
                        scada::parse(bytes).unwrap().at.utc().date()
                    } else {
                        match CourseReading::parse(bytes) {
                            Ok(reading) => reading.at.date(),
                            Err(error) => {
                                *dirty.entry(error.dirt().unwrap()).or_default() += 1;
                                continue;
                            }
                        }
                    };
                    *by_date.entry(date).or_default() += 1;
                }
                prop_assert_eq!(by_date, truth.clean_by_date());
                prop_assert_eq!(dirty, truth.dirty());
            }
        }

        #[test]
        fn the_same_seed_gives_the_same_bytes(seed: u64) {
            for (mut one, mut two) in generators(seed, 2, 0.1).into_iter().zip(generators(seed, 2, 0.1)) {
                prop_assert_eq!(run(&mut one, 20), run(&mut two, 20));
                prop_assert_eq!(one.truth(), two.truth());
            }
        }
    }
}
