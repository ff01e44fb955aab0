//! Keys part by part: the letters of timestamps against Java, and error prefixes.

use super::pattern::Pattern;
use super::*;

#[test]
fn every_letter_is_written_as_java_writes_it() {
    let golden = include_str!("../../../fixtures/firehose/java-letters.txt");
    let mut compared = 0;
    for line in golden.lines() {
        let (case, expected) = line.rsplit_once('|').unwrap();
        let mut parts = case.splitn(3, ',');
        let (zone, instant) = (parts.next().unwrap(), parts.next().unwrap());
        let pattern = parts.next().unwrap();
        let zone = TimeZoneDatabase::bundled().get(zone).unwrap();
        let at = instant
            .parse::<jiff::Timestamp>()
            .unwrap()
            .to_zoned_datetime(zone);
        let written = Pattern::parse(pattern).map_or("!".to_owned(), |pattern| {
            let mut text = String::new();
            pattern.format(&at, &mut text);
            text
        });
        assert_eq!(written, expected, "{case}");
        compared += 1;
    }
    assert!(compared > 7_000, "{compared}");
}

#[test]
fn letters_that_firehose_refuses_are_refused_unless_quoted() {
    for letter in "CIJPRTUVbfijloprt".chars() {
        assert!(Pattern::parse(&letter.to_string()).is_none(), "{letter}");
        assert!(Pattern::parse(&format!("'{letter}'")).is_some(), "{letter}");
    }
}

#[test]
fn errors_go_below_the_prefix_or_where_the_error_prefix_says() {
    let check = |prefix: &str, errors: Option<&str>, expected: &str| {
        let layout = Layout::new(LayoutSettings {
            prefix: Some(prefix),
            error_output_prefix: errors,
            time_zone: None,
            extension: ".gz",
        })
        .unwrap();
        let ids = Ids::seeded(crate::base::Seed::new(1));
        let at = Timestamp::parse("2025-03-04T11:48:32Z").unwrap();
        let lane = Lane::Errors(ErrorOutput::ProcessingFailed);
        let key = layout.key(&lane, "s", 9, at, &ids).key;
        let folder = key.rsplit_once('/').unwrap().0;
        assert_eq!(folder, expected, "{prefix} {errors:?}");
        assert!(key.contains("/s-9-2025-03-04-11-48-32-"), "{key}");
        assert!(!key.ends_with(".gz"), "{key}");
    };
    check("retries/", None, "retries/processing-failed/2025/03/04/11");
    check("", None, "processing-failed/2025/03/04/11");
    check("raw/", Some("bad/"), "bad/processing-failed/2025/03/04/11");
    check(
        "!{timestamp:yyyy}/",
        Some("bad/!{firehose:error-output-type}/!{timestamp:yyyy/MM}/"),
        "bad/processing-failed/2025/03",
    );
}
