//! Real input: ten-minute SCADA means of La Haute Borne, four turbines in France, 2014 and 2015.
//!
//! Published by ENGIE under the Licence Ouverte 2.0; `fixtures/lhb/README.md` has the attribution.
//! The columns and what they become:
//!
//! | column | field | unit |
//! |---|---|---|
//! | `Wind_turbine_name` | `turbine` | |
//! | `Date_time` | `time`, `at` | local time with its offset |
//! | `Ba_avg` | `pitch_deg` | degrees |
//! | `P_avg` | `active_power_kw` | kW |
//! | `Ws_avg` | `wind_speed_mps` | m/s |
//! | `Va_avg` | `vane_deg` | degrees |
//! | `Ot_avg` | `outdoor_temperature_c` | °C |
//! | `Ya_avg` | `nacelle_position_deg` | degrees |
//! | `Wa_avg` | `wind_direction_deg` | degrees |
//!
//! Values are taken as they stand, the wrong ones too: a sensor that reports absolute zero, or an
//! hour that a clock without summer time labelled twice, is for the pipeline to find. [`Quality`]
//! counts what there is to find.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use serde::Serialize;

use crate::base::Timestamp;
use crate::reading::{KeyChoice, Outgoing};

/// The header line's columns.
pub const COLUMNS: [&str; 9] = [
    "Wind_turbine_name",
    "Date_time",
    "Ba_avg",
    "P_avg",
    "Ws_avg",
    "Va_avg",
    "Ot_avg",
    "Ya_avg",
    "Wa_avg",
];

/// Seconds from one row of a turbine to its next.
pub const INTERVAL_SECS: i64 = 600;

/// A row.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// The turbine's name.
    pub turbine: String,
    /// The time as it stands in the file.
    pub time: String,
    /// The instant it stands for.
    pub at: Timestamp,
    /// Pitch of the blades, degrees; not wrapped in the file.
    pub pitch_deg: Option<f64>,
    /// Power, kW; negative when the turbine draws.
    pub active_power_kw: Option<f64>,
    /// Wind speed, m/s.
    pub wind_speed_mps: Option<f64>,
    /// Wind direction relative to the nacelle, degrees.
    pub vane_deg: Option<f64>,
    /// Outdoor temperature, °C.
    pub outdoor_temperature_c: Option<f64>,
    /// Where the rotor faces, degrees.
    pub nacelle_position_deg: Option<f64>,
    /// Where the wind comes from, degrees.
    pub wind_direction_deg: Option<f64>,
}

impl Reading {
    /// The channels, in the order of the file.
    pub fn channels(&self) -> [Option<f64>; 7] {
        [
            self.pitch_deg,
            self.active_power_kw,
            self.wind_speed_mps,
            self.vane_deg,
            self.outdoor_temperature_c,
            self.nacelle_position_deg,
            self.wind_direction_deg,
        ]
    }

    /// The record that is replayed: the row's fields as JSON, `time` as in the file and `event_time`
    /// in UTC, absent values as null.
    pub fn render(&self) -> Bytes {
        #[derive(Serialize)]
        struct Record<'a> {
            turbine: &'a str,
            time: &'a str,
            event_time: String,
            pitch_deg: Option<f64>,
            active_power_kw: Option<f64>,
            wind_speed_mps: Option<f64>,
            vane_deg: Option<f64>,
            outdoor_temperature_c: Option<f64>,
            nacelle_position_deg: Option<f64>,
            wind_direction_deg: Option<f64>,
        }
        let record = Record {
            turbine: &self.turbine,
            time: &self.time,
            event_time: self.at.iso_millis(),
            pitch_deg: self.pitch_deg,
            active_power_kw: self.active_power_kw,
            wind_speed_mps: self.wind_speed_mps,
            vane_deg: self.vane_deg,
            outdoor_temperature_c: self.outdoor_temperature_c,
            nacelle_position_deg: self.nacelle_position_deg,
            wind_direction_deg: self.wind_direction_deg,
        };
        // A struct of strings and finite numbers cannot fail to serialise.
        serde_json::to_vec(&record)
            .map(Bytes::from)
            .unwrap_or_default()
    }

    /// The row ready to be sent.
    pub fn outgoing(&self, key: KeyChoice) -> Outgoing {
        Outgoing {
            payload: self.render(),
            partition_key: match key {
                KeyChoice::Course => super::course::PARTITION_KEY.to_owned(),
                KeyChoice::Source => self.turbine.clone(),
                KeyChoice::Spread => format!("{}-{}", self.turbine, self.time),
            },
            event_time: self.at,
        }
    }
}

/// A row that was not understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RejectedRow {
    /// Its line in the file; the header is line 1.
    pub line: u64,
    /// What is wrong with it.
    pub reason: String,
}

/// Why a file is not this data set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    /// The first line cannot be read at all.
    #[error("the header line cannot be read: {0}")]
    Unreadable(String),
    /// The columns are others.
    #[error("the columns are `{found}`, expected `{expected}`", expected = COLUMNS.join(","))]
    Columns {
        /// The first line.
        found: String,
    },
}

/// Reads a file: rows in its order, and what is no row.
pub fn read(bytes: &[u8]) -> Result<(Vec<Reading>, Vec<RejectedRow>), HeaderError> {
    let mut csv = csv::ReaderBuilder::new().flexible(true).from_reader(bytes);
    let header = csv
        .headers()
        .map_err(|error| HeaderError::Unreadable(error.to_string()))?;
    if !header.iter().eq(COLUMNS) {
        return Err(HeaderError::Columns {
            found: header.iter().collect::<Vec<_>>().join(","),
        });
    }
    let (mut readings, mut rejected) = (Vec::new(), Vec::new());
    let mut record = csv::ByteRecord::new();
    let mut lines = LineCounter::default();
    loop {
        match csv.read_byte_record(&mut record) {
            Ok(false) => break,
            Ok(true) => match parse_row(&record) {
                Ok(reading) => readings.push(reading),
                Err(reason) => rejected.push(RejectedRow {
                    line: lines.line_at(bytes, record.position().map_or(0, csv::Position::byte)),
                    reason,
                }),
            },
            // From memory, with any number of fields allowed, nothing can fail; should it, say so.
            Err(error) => {
                rejected.push(RejectedRow {
                    line: lines.line_at(bytes, csv.position().byte()),
                    reason: error.to_string(),
                });
                break;
            }
        }
    }
    Ok((readings, rejected))
}

/// Turns rising byte positions into line numbers. The CSV reader's own count is behind where blank
/// lines stand in front of a row.
#[derive(Default)]
struct LineCounter {
    at: usize,
    line_ends: u64,
}

impl LineCounter {
    fn line_at(&mut self, bytes: &[u8], position: u64) -> u64 {
        let rest = bytes.get(self.at..).unwrap_or_default();
        let ahead = usize::try_from(position)
            .unwrap_or(usize::MAX)
            .saturating_sub(self.at);
        let row = rest
            .iter()
            .enumerate()
            .position(|(i, byte)| i >= ahead && !matches!(byte, b'\r' | b'\n'))
            .unwrap_or(rest.len());
        let passed = rest.get(..row).unwrap_or_default();
        self.line_ends += passed.iter().filter(|byte| **byte == b'\n').count() as u64;
        self.at += row;
        self.line_ends + 1
    }
}

fn parse_row(record: &csv::ByteRecord) -> Result<Reading, String> {
    if record.len() != COLUMNS.len() {
        return Err(format!(
            "{} fields, expected {}",
            record.len(),
            COLUMNS.len()
        ));
    }
    let text = |column: usize| {
        let bytes = record.get(column).unwrap_or_default();
        let name = COLUMNS.get(column).unwrap_or(&"");
        std::str::from_utf8(bytes).map_err(|_| format!("`{name}` is not UTF-8"))
    };
    let channel = |column: usize| {
        let (text, name) = (text(column)?, COLUMNS.get(column).unwrap_or(&""));
        if text.is_empty() {
            return Ok(None);
        }
        match text.parse::<f64>() {
            Ok(value) if value.is_finite() => Ok(Some(value)),
            _ => Err(format!("`{name}` is no number: `{text}`")),
        }
    };
    let (turbine, time) = (text(0)?, text(1)?);
    if turbine.is_empty() {
        return Err("`Wind_turbine_name` is empty".to_owned());
    }
    Ok(Reading {
        turbine: turbine.to_owned(),
        time: time.to_owned(),
        at: Timestamp::parse(time)
            .ok_or_else(|| format!("`Date_time` is no time with an offset: `{time}`"))?,
        pitch_deg: channel(2)?,
        active_power_kw: channel(3)?,
        wind_speed_mps: channel(4)?,
        vane_deg: channel(5)?,
        outdoor_temperature_c: channel(6)?,
        nacelle_position_deg: channel(7)?,
        wind_direction_deg: channel(8)?,
    })
}

/// What a data set has that a pipeline should notice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Quality {
    /// Rows that were read.
    pub rows: u64,
    /// Rows that were not.
    pub rejected: u64,
    /// Keys (turbine, instant) that more than one row has.
    pub duplicate_keys: u64,
    /// Rows beyond the first of their key.
    pub duplicate_rows: u64,
    /// Duplicate keys whose rows do not all hold the same values: taking one of them loses data.
    pub conflicting_keys: u64,
    /// Rows without any value.
    pub null_rows: u64,
    /// Runs of such rows, one after the other in time, of one turbine.
    pub null_bursts: u64,
    /// Rows of the longest run.
    pub longest_null_burst: u64,
    /// Rows with some values missing, but not all.
    pub partly_null_rows: u64,
    /// Temperatures at absolute zero: a sensor that is not there.
    pub sentinels: u64,
    /// Places where a turbine's rows are more than ten minutes apart.
    pub gaps: u64,
    /// Rows missing in them.
    pub missing_rows: u64,
}

/// Temperatures below this are no weather but a sensor's way to say that it is broken, °C.
const ABSOLUTE_ZERO_C: f64 = -273.0;

/// Examines rows in any order.
pub fn examine(readings: &[Reading], rejected: &[RejectedRow]) -> Quality {
    let mut quality = Quality {
        rows: readings.len() as u64,
        rejected: rejected.len() as u64,
        ..Quality::default()
    };
    let mut turbines: BTreeMap<&str, BTreeMap<Timestamp, Vec<&Reading>>> = BTreeMap::new();
    for reading in readings {
        let turbine = turbines.entry(&reading.turbine).or_default();
        turbine.entry(reading.at).or_default().push(reading);
        let missing = reading.channels().iter().filter(|c| c.is_none()).count();
        quality.null_rows += u64::from(missing == 7);
        quality.partly_null_rows += u64::from((1..7).contains(&missing));
        let cold = |celsius| celsius < ABSOLUTE_ZERO_C;
        quality.sentinels += u64::from(reading.outdoor_temperature_c.is_some_and(cold));
    }
    for slots in turbines.values() {
        let mut last = None;
        let mut burst = 0;
        for (at, rows) in slots {
            if let Some(last) = last {
                let slots = (at.secs() - Timestamp::secs(last)) / INTERVAL_SECS;
                quality.gaps += u64::from(slots > 1);
                quality.missing_rows += u64::try_from(slots - 1).unwrap_or(0);
                if slots > 1 {
                    burst = 0;
                }
            }
            last = Some(*at);
            if rows.len() > 1 {
                quality.duplicate_keys += 1;
                quality.duplicate_rows += rows.len() as u64 - 1;
                let values: BTreeSet<_> = rows
                    .iter()
                    .map(|row| row.channels().map(|c| c.map(f64::to_bits)))
                    .collect();
                quality.conflicting_keys += u64::from(values.len() > 1);
            }
            for row in rows {
                if row.channels().iter().any(Option::is_some) {
                    burst = 0;
                    continue;
                }
                burst += 1;
                quality.null_bursts += u64::from(burst == 1);
                quality.longest_null_burst = quality.longest_null_burst.max(burst);
            }
        }
    }
    quality
}

#[cfg(test)]
mod tests;
