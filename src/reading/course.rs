//! The original project's record: four strings, as its Python producers print them.
//!
//! ```text
//! {"idtemp": "1", "data": "0.84…", "type": "powerfactor", "timestamp": "2025-04-30 14:35:00.775222"}
//! ```
//!
//! * `json.dumps` puts a blank behind `:` and `,`; nothing follows the closing brace, so records in
//!   one object stand back to back.
//! * `data` is `str()` of a float ([`python`]); `timestamp` is `str(datetime.now())`: local time
//!   without a zone, six digits of fraction, and *no fraction at all* in a full second.
//! * Every producer counts `idtemp` from 1, so it identifies nothing.

use std::fmt::Write as _;

use bytes::Bytes;
use jiff::civil;
use serde_json::{Map, Value};

use crate::reading::{KeyChoice, Outgoing, python};
use crate::turbine::{Dirt, Measurement, Sensor};

/// The partition key all producers of the original project use.
pub const PARTITION_KEY: &str = "02";

/// The record's keys, in the order they are written.
pub const FIELDS: [&str; 4] = ["idtemp", "data", "type", "timestamp"];

/// What stands in place of a value for [`Dirt::ErrorText`].
pub const ERROR_TEXT: &str = "ERR";
/// What stands in place of a value for [`Dirt::NotANumber`].
pub const NAN_TEXT: &str = "nan";
/// What stands in place of a time stamp for [`Dirt::BadTimestamp`]: what a clock without a date sends.
pub const ZERO_TIMESTAMP: &str = "0000-00-00 00:00:00";

/// A record that was understood.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CourseReading {
    /// `idtemp`
    pub id: u64,
    /// `data`, in the unit of the sensor; finite.
    pub value: f64,
    /// `type`
    pub sensor: Sensor,
    /// `timestamp`, local time of whoever wrote it, whole microseconds.
    pub at: civil::DateTime,
}

impl CourseReading {
    /// The record's bytes.
    pub fn render(&self) -> String {
        let mut out = String::with_capacity(120);
        write_record(&mut out, self.id, self.sensor, self.at, |out| {
            python::write_float(out, self.value);
        });
        out
    }

    /// Reads a record.
    pub fn parse(bytes: &[u8]) -> Result<Self, CourseError> {
        let fields: Map<String, Value> =
            serde_json::from_slice(bytes).map_err(|error| CourseError::Json(error.to_string()))?;
        Self::from_fields(&fields)
    }

    /// Reads a record that is a JSON object already.
    ///
    /// Keys may stand in any order; one that is missing, unknown or not a string is an error.
    pub fn from_fields(fields: &Map<String, Value>) -> Result<Self, CourseError> {
        let text = |name: &'static str| match fields.get(name) {
            Some(Value::String(text)) => Ok(text.as_str()),
            Some(_) => Err(CourseError::NotAString(name)),
            None => Err(CourseError::Missing(name)),
        };
        let (id, data, kind, timestamp) = (
            text("idtemp")?,
            text("data")?,
            text("type")?,
            text("timestamp")?,
        );
        if let Some(key) = fields.keys().find(|key| !FIELDS.contains(&key.as_str())) {
            return Err(CourseError::UnknownField(key.clone()));
        }
        Ok(Self {
            id: id.parse().map_err(|_| CourseError::Id(id.to_owned()))?,
            value: parse_value(data).ok_or_else(|| CourseError::Value(data.to_owned()))?,
            sensor: Sensor::from_name(kind).ok_or_else(|| CourseError::Sensor(kind.to_owned()))?,
            at: parse_timestamp(timestamp)
                .ok_or_else(|| CourseError::Timestamp(timestamp.to_owned()))?,
        })
    }
}

/// Why a record was not understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CourseError {
    /// Not a JSON object.
    #[error("not a JSON object: {0}")]
    Json(String),
    /// A key is missing.
    #[error("`{0}` is missing")]
    Missing(&'static str),
    /// A member is not a string.
    #[error("`{0}` is not a string")]
    NotAString(&'static str),
    /// There is a key that the record does not have.
    #[error("`{0}` is not a field of the record")]
    UnknownField(String),
    /// `idtemp` is no number.
    #[error("`idtemp` is no number: `{0}`")]
    Id(String),
    /// `data` is no finite number.
    #[error("`data` is no number: `{0}`")]
    Value(String),
    /// `type` is none of the sensors.
    #[error("`type` is no sensor: `{0}`")]
    Sensor(String),
    /// `timestamp` is no date and time.
    #[error("`timestamp` is no date and time: `{0}`")]
    Timestamp(String),
}

impl CourseError {
    /// The kind of dirt a generator would have put there to cause this, if it does such a thing.
    pub fn dirt(&self) -> Option<Dirt> {
        match self {
            Self::Value(text) if text.is_empty() => Some(Dirt::EmptyValue),
            Self::Value(text) if text == NAN_TEXT => Some(Dirt::NotANumber),
            Self::Value(text) if text == ERROR_TEXT => Some(Dirt::ErrorText),
            Self::Timestamp(text) if text == ZERO_TIMESTAMP => Some(Dirt::BadTimestamp),
            _ => None,
        }
    }
}

/// The bytes of a measurement's record, its dirt included.
pub fn render(measurement: &Measurement) -> Bytes {
    let mut out = String::with_capacity(120);
    let Measurement {
        id, sensor, local, ..
    } = *measurement;
    write_record(&mut out, id, sensor, local, |out| match measurement.dirt {
        Some(Dirt::ErrorText) => out.push_str(ERROR_TEXT),
        Some(Dirt::EmptyValue) => {}
        Some(Dirt::NotANumber) => out.push_str(NAN_TEXT),
        Some(Dirt::BadTimestamp) | None => python::write_float(out, measurement.value),
    });
    if measurement.dirt == Some(Dirt::BadTimestamp) {
        // Key, quotes and brace in front of and behind the stamp have fixed lengths.
        if let Some(at) = out.rfind(": \"") {
            out.truncate(at + 3);
            out.push_str(ZERO_TIMESTAMP);
            out.push_str("\"}");
        }
    }
    Bytes::from(out)
}

/// A measurement ready to be sent.
pub fn outgoing(measurement: &Measurement, key: KeyChoice) -> Outgoing {
    Outgoing {
        payload: render(measurement),
        partition_key: match key {
            KeyChoice::Course => PARTITION_KEY.to_owned(),
            KeyChoice::Source => measurement.sensor.name().to_owned(),
            KeyChoice::Spread => measurement.id.to_string(),
        },
        event_time: measurement.at,
    }
}

fn write_record(
    out: &mut String,
    id: u64,
    sensor: Sensor,
    at: civil::DateTime,
    data: impl FnOnce(&mut String),
) {
    // Writing to a String cannot fail. Nothing written here needs escaping in JSON.
    let _ = write!(out, "{{\"idtemp\": \"{id}\", \"data\": \"");
    data(out);
    let _ = write!(out, "\", \"type\": \"{sensor}\", \"timestamp\": \"");
    write_timestamp(out, at);
    out.push_str("\"}");
}

/// Appends `str(datetime)`; digits below the microsecond are cut off.
pub fn write_timestamp(out: &mut String, at: civil::DateTime) {
    let _ = write!(
        out,
        "{:04}-{:02}-{:02} {:02}:{:02}:{:02}",
        at.year(),
        at.month(),
        at.day(),
        at.hour(),
        at.minute(),
        at.second()
    );
    let micros = at.subsec_nanosecond() / 1_000;
    if micros != 0 {
        let _ = write!(out, ".{micros:06}");
    }
}

/// Reads `str(datetime)`, and nothing else: `YYYY-MM-DD HH:MM:SS` with six digits of fraction or none.
pub fn parse_timestamp(text: &str) -> Option<civil::DateTime> {
    let bytes = text.as_bytes();
    let digits = |from: usize, to: usize| {
        let part = bytes.get(from..to)?;
        part.iter().try_fold(0i32, |number, byte| {
            byte.is_ascii_digit()
                .then(|| number * 10 + i32::from(byte - b'0'))
        })
    };
    let micros = match bytes.len() {
        19 => 0,
        26 => digits(20, 26)?,
        _ => return None,
    };
    let separators = [
        (4, b'-'),
        (7, b'-'),
        (10, b' '),
        (13, b':'),
        (16, b':'),
        (19, b'.'),
    ];
    if separators
        .iter()
        .any(|(at, byte)| bytes.get(*at).is_some_and(|found| found != byte))
    {
        return None;
    }
    let small = |from, to| digits(from, to).and_then(|n| i8::try_from(n).ok());
    civil::DateTime::new(
        i16::try_from(digits(0, 4)?).ok()?,
        small(5, 7)?,
        small(8, 10)?,
        small(11, 13)?,
        small(14, 16)?,
        small(17, 19)?,
        micros * 1_000,
    )
    .ok()
}

/// Reads a finite decimal number. Rust would also take `inf`, `nan` and a leading `+`.
fn parse_value(text: &str) -> Option<f64> {
    let decimal = text
        .bytes()
        .all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'+' | b'e' | b'E'));
    if !decimal || text.starts_with('+') {
        return None;
    }
    text.parse().ok().filter(|value: &f64| value.is_finite())
}

#[cfg(test)]
mod tests;
