//! The original project's record, byte for byte.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::base::time::parse_offset;
use crate::base::{Seed, Timestamp};
use crate::reading::json_stream;
use crate::turbine::{AppSettings, SensorApp, Truth};

/// An object as Firehose delivered it in the original project.
const DELIVERED: &[u8] = include_bytes!("../../../fixtures/golden/firehose-object-441-bytes.json");

#[test]
fn the_delivered_object_is_read_and_written_again_byte_for_byte() {
    assert_eq!(DELIVERED.len(), 441);
    let read = json_stream::read(DELIVERED);
    assert!(read.rejected.is_empty() && read.blank == 0);
    let mut again = Vec::new();
    for (row, id) in read.rows.iter().zip(1..) {
        let reading = CourseReading::from_fields(row.value.as_object().unwrap()).unwrap();
        assert_eq!((reading.id, reading.sensor), (id, Sensor::PowerFactor));
        again.extend(reading.render().into_bytes());
    }
    assert_eq!(again, DELIVERED);
}

#[test]
fn the_fraction_is_left_out_in_a_full_second() {
    let mut reading = CourseReading {
        id: 7,
        value: 23.0,
        sensor: Sensor::Temperature,
        at: civil::datetime(2025, 4, 30, 14, 35, 0, 0),
    };
    assert_eq!(
        reading.render(),
        r#"{"idtemp": "7", "data": "23.0", "type": "temperature", "timestamp": "2025-04-30 14:35:00"}"#
    );
    reading.at = civil::datetime(2025, 4, 30, 14, 35, 0, 1_000);
    assert!(
        reading
            .render()
            .ends_with(r#""2025-04-30 14:35:00.000001"}"#)
    );
}

#[test]
fn what_is_wrong_with_a_record_is_named() {
    let check = |json: &str, expected: CourseError| {
        assert_eq!(
            CourseReading::parse(json.as_bytes()),
            Err(expected),
            "{json}"
        );
    };
    let record = |id: &str, data: &str, kind: &str, at: &str| {
        format!(r#"{{"idtemp": {id}, "data": {data}, "type": {kind}, "timestamp": {at}}}"#)
    };
    let (id, data, kind, at) = (
        r#""1""#,
        r#""0.9""#,
        r#""powerfactor""#,
        r#""2025-04-30 14:35:00""#,
    );
    assert!(CourseReading::parse(record(id, data, kind, at).as_bytes()).is_ok());
    check(
        &record("1", data, kind, at),
        CourseError::NotAString("idtemp"),
    );
    check(
        &record(r#""x""#, data, kind, at),
        CourseError::Id("x".into()),
    );
    for bad in ["", "ERR", "nan", "inf", "+1", "1_0", " 1", "0x10", "1e999"] {
        check(
            &record(id, &format!("{bad:?}"), kind, at),
            CourseError::Value(bad.into()),
        );
    }
    check(
        &record(id, data, r#""tempeature""#, at),
        CourseError::Sensor("tempeature".into()),
    );
    for bad in [
        "0000-00-00 00:00:00",
        "2025-02-29 00:00:00",
        "2025-04-30T14:35:00",
        "30/04/2025 14:35:00",
        "2025-04-30 14:35:00.775",
        "2025-04-30 14:35:00.77522x",
        "2025-04-30 24:00:00",
        "2025-04-30 14:35",
    ] {
        check(
            &record(id, data, kind, &format!("{bad:?}")),
            CourseError::Timestamp(bad.into()),
        );
    }
    check(r#"{"idtemp": "1"}"#, CourseError::Missing("data"));
    let more = record(id, data, kind, at).replace('{', r#"{"unit": "bar", "#);
    check(&more, CourseError::UnknownField("unit".into()));
    assert!(matches!(
        CourseReading::parse(b"[]"),
        Err(CourseError::Json(_))
    ));
}

fn run(seed: u64, dirt: f64, ticks: usize, offset: &str) -> (Vec<Measurement>, Truth) {
    let (mut all, mut truth) = (Vec::new(), Truth::default());
    for sensor in Sensor::ALL {
        let settings = AppSettings {
            sensor,
            turbines: 2,
            start: Timestamp::parse("2025-04-30T20:00:00Z").unwrap(),
            interval: Duration::from_secs(600),
            zone: parse_offset(offset).unwrap(),
            dirt,
        };
        let mut app = SensorApp::new(Seed::new(seed), settings).unwrap();
        for _ in 0..ticks {
            all.extend(app.tick(app.next_due()));
        }
        truth.merge(app.truth());
    }
    (all, truth)
}

#[test]
fn a_reader_finds_exactly_the_dirt_that_was_put_in() {
    let (all, truth) = run(5, 0.2, 300, "-03:00");
    let mut dirty: BTreeMap<Dirt, u64> = BTreeMap::new();
    let mut by_date: BTreeMap<civil::Date, u64> = BTreeMap::new();
    for measurement in &all {
        match CourseReading::parse(&render(measurement)) {
            Ok(reading) => {
                assert_eq!(measurement.dirt, None);
                assert_eq!(
                    (reading.value, reading.at),
                    (measurement.value, measurement.local)
                );
                *by_date.entry(reading.at.date()).or_default() += 1;
            }
            Err(error) => {
                assert_eq!(error.dirt(), measurement.dirt, "{error}");
                *dirty.entry(error.dirt().unwrap()).or_default() += 1;
            }
        }
    }
    assert_eq!(dirty, truth.dirty());
    assert_eq!(by_date, truth.clean_by_date());
    // 20:00Z is 17:00 local, and 300 ten-minute ticks are a good two days.
    let dates: Vec<_> = by_date.keys().map(ToString::to_string).collect();
    assert_eq!(dates, ["2025-04-30", "2025-05-01", "2025-05-02"]);
}

#[test]
fn the_partition_key_follows_the_choice() {
    let (all, _) = run(1, 0.0, 1, "Z");
    let key = |choice| outgoing(&all[1], choice).partition_key;
    assert_eq!(key(KeyChoice::Course), "02");
    assert_eq!(key(KeyChoice::Source), "powerfactor");
    assert_eq!(key(KeyChoice::Spread), "2");
    assert_eq!(outgoing(&all[1], KeyChoice::Course).event_time, all[1].at);
}

proptest! {
    #[test]
    fn a_record_survives_the_round_trip(
        id: u64, bits: u64, sensor in 0usize..3, micros in 0i64..4_102_444_800_000_000,
    ) {
        let value = f64::from_bits(bits);
        prop_assume!(value.is_finite());
        let reading = CourseReading {
            id, value, sensor: Sensor::ALL[sensor], at: Timestamp::from_micros(micros).utc(),
        };
        let text = reading.render();
        let parsed = CourseReading::parse(text.as_bytes()).unwrap();
        prop_assert_eq!(parsed, reading);
        prop_assert_eq!(parsed.render(), text);
    }

    #[test]
    fn dirty_records_stay_valid_json_with_four_strings(seed: u64) {
        for measurement in run(seed, 1.0, 3, "+05:30").0 {
            let fields: BTreeMap<String, String> =
                serde_json::from_slice(&render(&measurement)).unwrap();
            prop_assert_eq!(fields.len(), FIELDS.len());
        }
    }
}

/// The objects of `fixtures/course`, with whether they are written as the original project does.
const VARIANTS: [(&str, &[u8], bool); 9] = [
    (
        "seed.json",
        include_bytes!("../../../fixtures/course/seed.json"),
        true,
    ),
    (
        "underscores.json",
        include_bytes!("../../../fixtures/course/underscores.json"),
        false,
    ),
    (
        "whole-numbers.json",
        include_bytes!("../../../fixtures/course/whole-numbers.json"),
        false,
    ),
    (
        "keys-with-spaces.json",
        include_bytes!("../../../fixtures/course/keys-with-spaces.json"),
        false,
    ),
    (
        "numbers.json",
        include_bytes!("../../../fixtures/course/numbers.json"),
        false,
    ),
    (
        "typo.json",
        include_bytes!("../../../fixtures/course/typo.json"),
        false,
    ),
    (
        "iso-time.json",
        include_bytes!("../../../fixtures/course/iso-time.json"),
        false,
    ),
    (
        "full-second.json",
        include_bytes!("../../../fixtures/course/full-second.json"),
        true,
    ),
    (
        "one-record.json",
        include_bytes!("../../../fixtures/course/one-record.json"),
        false,
    ),
];

#[test]
fn every_variant_of_the_course_is_read_whole_and_with_the_expected_columns() {
    let expected: Map<String, Value> =
        serde_json::from_str(include_str!("../../../fixtures/course/expected.json")).unwrap();
    assert_eq!(expected.len(), VARIANTS.len());
    for (name, object, _) in VARIANTS {
        let found = json_stream::read(object);
        assert_eq!(expected[name]["rows"], found.rows.len(), "{name}");
        assert!(found.rejected.is_empty() && found.blank == 0, "{name}");
        let mut columns: Vec<String> = Vec::new();
        for key in found
            .rows
            .iter()
            .flat_map(|row| row.value.as_object().unwrap().keys())
        {
            if !columns.contains(&key.to_lowercase()) {
                columns.push(key.to_lowercase());
            }
        }
        let documented = expected[name]["columns"].as_array().unwrap();
        assert!(
            documented.iter().map(|c| &c["name"]).eq(&columns),
            "{name}: {columns:?}"
        );
    }
}

#[test]
fn only_records_written_like_the_original_are_read_and_those_come_out_unchanged() {
    for (name, object, original) in VARIANTS {
        let mut again = Vec::new();
        for row in json_stream::read(object).rows {
            match CourseReading::from_fields(row.value.as_object().unwrap()) {
                Ok(reading) => again.extend(reading.render().into_bytes()),
                Err(error) => assert!(!original, "{name}: {error}"),
            }
        }
        assert_eq!(again == object, original, "{name}");
    }
}
