//! The real file, and what is wrong in it.

use serde_json::Value;

use super::*;

const WEEK: &[u8] = include_bytes!("../../../fixtures/lhb/la-haute-borne-2014-03-30-week.csv");

fn with_rows(rows: &str) -> (Vec<Reading>, Vec<RejectedRow>) {
    read(format!("{}\n{rows}", COLUMNS.join(",")).as_bytes()).unwrap()
}

#[test]
fn the_week_gives_the_figures_python_computed() {
    let figures: Value =
        serde_json::from_str(include_str!("../../../fixtures/lhb/figures.json")).unwrap();
    let (readings, rejected) = read(WEEK).unwrap();
    assert_eq!(rejected, []);
    let quality = examine(&readings, &rejected);
    for (name, value) in [
        ("rows", quality.rows),
        ("duplicate_keys", quality.duplicate_keys),
        ("duplicate_rows", quality.duplicate_rows),
        ("conflicting_keys", quality.conflicting_keys),
        ("null_rows", quality.null_rows),
        ("null_bursts", quality.null_bursts),
        ("longest_null_burst", quality.longest_null_burst),
        ("partly_null_rows", quality.partly_null_rows),
        ("sentinels", quality.sentinels),
        ("gaps", quality.gaps),
        ("missing_rows", quality.missing_rows),
    ] {
        assert_eq!(figures[name], value, "{name}");
    }
    for (turbine, expected) in figures["turbines"].as_object().unwrap() {
        let power = readings.iter().filter(|r| r.turbine == *turbine);
        let power: Vec<f64> = power.filter_map(|r| r.active_power_kw).collect();
        let mean = power.iter().sum::<f64>() / power.len() as f64;
        let expected_mean = expected["mean_power_kw"].as_f64().unwrap();
        assert!((mean - expected_mean).abs() < 1e-9, "{turbine}: {mean}");
        assert_eq!(expected["with_power"], power.len());
        assert_eq!(
            expected["negative_power"],
            power.iter().filter(|p| **p < 0.0).count()
        );
    }
    for (date, count) in figures["rows_by_utc_date"].as_object().unwrap() {
        let on_date = readings
            .iter()
            .filter(|r| r.at.utc().date().to_string() == *date);
        assert_eq!(*count, on_date.count(), "{date}");
    }
}

#[test]
fn a_row_becomes_a_record_with_both_times_and_nulls() {
    let (rows, _) = with_rows(
        "R1,2014-03-30T03:50:00+02:00,-0.99000001,7.119999900000001,4.0,,-273.20001,97.760002,101.89",
    );
    assert_eq!(
        rows[0].render(),
        concat!(
            r#"{"turbine":"R1","time":"2014-03-30T03:50:00+02:00","event_time":"2014-03-30T01:50:00.000Z","#,
            r#""pitch_deg":-0.99000001,"active_power_kw":7.119999900000001,"wind_speed_mps":4.0,"#,
            r#""vane_deg":null,"outdoor_temperature_c":-273.20001,"nacelle_position_deg":97.760002,"#,
            r#""wind_direction_deg":101.89}"#
        )
        .as_bytes()
    );
    let key = |choice| rows[0].outgoing(choice).partition_key;
    assert_eq!(key(KeyChoice::Source), "R1");
    assert_eq!(key(KeyChoice::Spread), "R1-2014-03-30T03:50:00+02:00");
    assert_eq!(rows[0].outgoing(KeyChoice::Course).event_time, rows[0].at);
}

#[test]
fn rendered_values_are_the_texts_of_the_file() {
    let (readings, _) = read(WEEK).unwrap();
    for (line, reading) in WEEK.split(|b| *b == b'\n').skip(1).zip(&readings) {
        let line = std::str::from_utf8(line).unwrap();
        let record: Value = serde_json::from_slice(&reading.render()).unwrap();
        let record = record.as_object().unwrap();
        let texts = record.iter().filter(|(key, _)| *key != "event_time");
        let texts: Vec<_> = texts
            .map(|(_, value)| match value {
                Value::String(text) => text.clone(),
                Value::Null => String::new(),
                other => other.to_string(),
            })
            .collect();
        assert_eq!(texts.join(","), line);
    }
}

#[test]
fn unreadable_rows_are_reported_with_their_lines() {
    let good = "R1,2014-01-01T01:00:00+01:00,,,,,,,";
    let (rows, rejected) = with_rows(&format!(
        "{good}\nR1,2014-01-01T01:10:00+01:00,1\n\nR1,2014-01-01 01:20,,,,,,,\n{good}\n\
         R1,2014-01-01T01:30:00+01:00,x,,,,,,\n,2014-01-01T01:40:00+01:00,,,,,,,\n\
         R1,2014-01-01T01:50:00+01:00,NaN,,,,,,"
    ));
    assert_eq!(rows.len(), 2);
    let found: Vec<_> = rejected
        .iter()
        .map(|r| (r.line, r.reason.as_str()))
        .collect();
    assert_eq!(
        found,
        [
            (3, "3 fields, expected 9"),
            (
                5,
                "`Date_time` is no time with an offset: `2014-01-01 01:20`"
            ),
            (7, "`Ba_avg` is no number: `x`"),
            (8, "`Wind_turbine_name` is empty"),
            (9, "`Ba_avg` is no number: `NaN`"),
        ]
    );
    assert_eq!(examine(&rows, &rejected).rejected, 5);
}

#[test]
fn another_file_is_refused_by_its_header() {
    let error = read(b"a,b\n1,2\n").unwrap_err().to_string();
    assert!(
        error.starts_with("the columns are `a,b`, expected `Wind_turbine_name,"),
        "{error}"
    );
    assert!(read(b"").is_err());
    assert!(matches!(
        read(b"\xff\xfe,b\n"),
        Err(HeaderError::Unreadable(_))
    ));
}

#[test]
fn quality_counts_bursts_gaps_sentinels_and_duplicates() {
    let row = |turbine: &str, minute: u32, values: &str| {
        format!("{turbine},2014-01-01T00:{minute:02}:00Z,{values}\n")
    };
    let (full, null, part) = ("1,1,1,1,1,1,1", ",,,,,,", "1,1,1,1,-273.2,1,");
    let rows = [
        row("A", 0, full),
        row("A", 10, null),
        row("A", 20, null),
        row("A", 30, part),
        row("A", 40, null),
        // B: a null row on either side of a gap is two bursts.
        row("B", 0, null),
        row("B", 30, null),
        row("B", 40, full),
        row("B", 40, full),
        row("B", 50, full),
        row("B", 50, part),
    ];
    let (mut readings, rejected) = with_rows(&rows.concat());
    let expected = Quality {
        rows: 11,
        duplicate_keys: 2,
        duplicate_rows: 2,
        conflicting_keys: 1,
        null_rows: 5,
        null_bursts: 4,
        longest_null_burst: 2,
        partly_null_rows: 2,
        sentinels: 2,
        gaps: 1,
        missing_rows: 2,
        ..Quality::default()
    };
    assert_eq!(examine(&readings, &rejected), expected);
    readings.reverse();
    assert_eq!(
        examine(&readings, &rejected),
        expected,
        "the order of rows does not matter"
    );
    assert_eq!(examine(&[], &[]), Quality::default());
}
