//! What was really generated: the figures every later stage is checked against.
//!
//! Counted from the values themselves, at the moment they are generated. Nothing here has seen a
//! rendered byte, so an error in rendering, transport, parsing or SQL cannot hide in it.

use std::collections::BTreeMap;

use jiff::civil;

use crate::turbine::{Dirt, ExactSum, Measurement, Sensor, Snapshot, Status};

/// Everything a set of generators produced.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Truth {
    /// The original project's sensors.
    pub sensors: BTreeMap<Sensor, SensorTruth>,
    /// Simulated turbines, by turbine id.
    pub turbines: BTreeMap<String, TurbineTruth>,
}

/// What one sensor produced.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SensorTruth {
    /// Measurements, dirty ones included.
    pub sent: u64,
    /// Dirty measurements by what is wrong with them. They are in no other figure but `sent`.
    pub dirty: BTreeMap<Dirt, u64>,
    /// All clean measurements.
    pub clean: Summary,
    /// Clean measurements by the farm's local date, which is the date the record carries.
    pub by_date: BTreeMap<civil::Date, Summary>,
}

/// What one simulated turbine produced.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TurbineTruth {
    /// Active power of all readings, kW; `flagged` counts readings above 0 kW.
    pub power_kw: Summary,
    /// The same by date in UTC, which is the date the record carries.
    pub by_date: BTreeMap<civil::Date, Summary>,
    /// Readings by status.
    pub by_status: BTreeMap<Status, u64>,
    /// Readings without a power factor, because nothing is produced.
    pub without_power_factor: u64,
    /// First and last reading of the energy counter, kWh.
    pub energy_kwh: Option<(f64, f64)>,
}

/// Count, extremes and sum of some values.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Summary {
    /// How many.
    pub count: u64,
    /// How many met the question's condition ([`Sensor::threshold`]).
    pub flagged: u64,
    /// Smallest and largest value, exactly as generated.
    pub range: Option<(f64, f64)>,
    /// Sum, independent of order.
    pub sum: ExactSum,
}

impl Summary {
    fn add(&mut self, value: f64, flagged: bool) {
        self.count += 1;
        self.flagged += u64::from(flagged);
        let (low, high) = self.range.unwrap_or((value, value));
        self.range = Some((low.min(value), high.max(value)));
        self.sum.add(value);
    }

    /// Adds another summary of other values.
    pub fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.flagged += other.flagged;
        self.range = match (self.range, other.range) {
            (Some((a, b)), Some((c, d))) => Some((a.min(c), b.max(d))),
            (one, other) => one.or(other),
        };
        self.sum.merge(other.sum);
    }

    /// The smallest value.
    pub fn min(&self) -> Option<f64> {
        self.range.map(|(low, _)| low)
    }

    /// The largest value.
    pub fn max(&self) -> Option<f64> {
        self.range.map(|(_, high)| high)
    }

    /// The mean, of the exact sum.
    pub fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum.value() / self.count as f64)
    }

    /// How far an average of the same values may be from [`Self::mean`] when an engine adds doubles
    /// in an order of its own: `n` additions err by at most `n·ε/2` of the sum of magnitudes, and
    /// two more roundings come from the division and from this side. Anything further off is an
    /// error, not arithmetic.
    pub fn mean_tolerance(&self) -> f64 {
        let magnitude = self
            .range
            .map_or(0.0, |(low, high)| low.abs().max(high.abs()));
        magnitude * (self.count as f64 + 2.0) * f64::EPSILON
    }
}

impl Truth {
    /// Records a measurement.
    pub(super) fn measured(&mut self, measurement: &Measurement) {
        let sensor = self.sensors.entry(measurement.sensor).or_default();
        sensor.sent += 1;
        if let Some(dirt) = measurement.dirt {
            *sensor.dirty.entry(dirt).or_default() += 1;
            return;
        }
        let flagged = measurement.sensor.threshold().matches(measurement.value);
        sensor.clean.add(measurement.value, flagged);
        let day = sensor.by_date.entry(measurement.local.date()).or_default();
        day.add(measurement.value, flagged);
    }

    /// Records a turbine's reading.
    pub(super) fn observed(&mut self, snapshot: &Snapshot) {
        if !self.turbines.contains_key(&*snapshot.turbine_id) {
            self.turbines
                .insert(snapshot.turbine_id.to_string(), TurbineTruth::default());
        }
        let Some(turbine) = self.turbines.get_mut(&*snapshot.turbine_id) else {
            return;
        };
        let (power, producing) = (snapshot.active_power_kw, snapshot.active_power_kw > 0.0);
        turbine.power_kw.add(power, producing);
        let day = turbine.by_date.entry(snapshot.at.utc().date()).or_default();
        day.add(power, producing);
        *turbine.by_status.entry(snapshot.status).or_default() += 1;
        turbine.without_power_factor += u64::from(snapshot.power_factor.is_none());
        let first = turbine.energy_kwh.map_or(snapshot.energy_kwh, |(f, _)| f);
        turbine.energy_kwh = Some((first, snapshot.energy_kwh));
    }

    /// Adds what other generators produced. The order of merging does not matter, except that a
    /// turbine's energy counter is taken from lowest to highest reading.
    pub fn merge(&mut self, other: &Self) {
        for (sensor, theirs) in &other.sensors {
            let ours = self.sensors.entry(*sensor).or_default();
            ours.sent += theirs.sent;
            ours.clean.merge(&theirs.clean);
            for (dirt, count) in &theirs.dirty {
                *ours.dirty.entry(*dirt).or_default() += count;
            }
            merge_days(&mut ours.by_date, &theirs.by_date);
        }
        for (id, theirs) in &other.turbines {
            let ours = self.turbines.entry(id.clone()).or_default();
            ours.power_kw.merge(&theirs.power_kw);
            merge_days(&mut ours.by_date, &theirs.by_date);
            for (status, count) in &theirs.by_status {
                *ours.by_status.entry(*status).or_default() += count;
            }
            ours.without_power_factor += theirs.without_power_factor;
            ours.energy_kwh = match (ours.energy_kwh, theirs.energy_kwh) {
                (Some((a, b)), Some((c, d))) => Some((a.min(c), b.max(d))),
                (one, other) => one.or(other),
            };
        }
    }

    /// Records generated in all, dirty ones included.
    pub fn sent(&self) -> u64 {
        let sensors: u64 = self.sensors.values().map(|s| s.sent).sum();
        let turbines: u64 = self.turbines.values().map(|t| t.power_kw.count).sum();
        sensors + turbines
    }

    /// Records that a correct reader must reject, by reason.
    pub fn dirty(&self) -> BTreeMap<Dirt, u64> {
        let mut all = BTreeMap::new();
        for (dirt, count) in self.sensors.values().flat_map(|s| &s.dirty) {
            *all.entry(*dirt).or_default() += count;
        }
        all
    }

    /// Records that a correct reader must accept.
    pub fn clean(&self) -> u64 {
        self.sent() - self.dirty().values().sum::<u64>()
    }

    /// Clean records by the date they carry, all sensors and turbines together.
    pub fn clean_by_date(&self) -> BTreeMap<civil::Date, u64> {
        let sensors = self.sensors.values().flat_map(|s| &s.by_date);
        let turbines = self.turbines.values().flat_map(|t| &t.by_date);
        let mut all = BTreeMap::new();
        for (date, summary) in sensors.chain(turbines) {
            *all.entry(*date).or_default() += summary.count;
        }
        all
    }
}

fn merge_days(ours: &mut BTreeMap<civil::Date, Summary>, theirs: &BTreeMap<civil::Date, Summary>) {
    for (date, summary) in theirs {
        ours.entry(*date).or_default().merge(summary);
    }
}
