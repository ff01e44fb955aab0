//! Times of every precision: what is read, moved, compared, grouped and shown.

use super::check;

fn check_each(cases: &[(&str, &str)]) {
    for (expression, expected) in cases {
        check(&format!("SELECT {expression}"), expected);
    }
}

#[test]
fn literals_have_the_precision_of_their_digits() {
    check_each(&[
        (
            "TIME '1:02', TIME '01:02:03.1', TIME '01:02:03.123456789012', TIME '01:02:03.10 +05:30'",
            "01:02:00|01:02:03.1|01:02:03.123456789012|01:02:03.10+05:30",
        ),
        (
            "typeof(TIME '1:02'), typeof(TIME '1:02:03.123 -08:00'), typeof(TIMESTAMP '2020-05-01 00:00:00.1234567'), typeof(TIMESTAMP '2020-05-01 00:00:00.12 UTC')",
            "time(0)|time(3) with time zone|timestamp(7)|timestamp(2) with time zone",
        ),
        (
            "TIMESTAMP '2020-05-01 12:34:56.123456789012', TIMESTAMP '-12001-05-01 12:34:56.1 Asia/Kathmandu', TIMESTAMP '12001-05-01 12:34:56'",
            "2020-05-01 12:34:56.123456789012|-12001-05-01 12:34:56.1 Asia/Kathmandu|+12001-05-01 12:34:56",
        ),
        (
            "TIME '24:00'",
            "INVALID_LITERAL: line 1:8: '24:00' is not a valid time literal",
        ),
        (
            "TIME '12:00:00 Europe/Lisbon'",
            "INVALID_LITERAL: line 1:8: '12:00:00 Europe/Lisbon' is not a valid time literal",
        ),
        // Clocks in Lisbon went from 01:00 to 02:00 that night.
        (
            "TIMESTAMP '2025-03-30 01:30:00 Europe/Lisbon'",
            "INVALID_LITERAL: line 1:8: '2025-03-30 01:30:00 Europe/Lisbon' is not a valid timestamp literal",
        ),
        (
            "TIME '12:34:56.1234567890123'",
            "NUMERIC_VALUE_OUT_OF_RANGE: line 1:8: TIME precision must be in range [0, 12]: 13",
        ),
        (
            "CAST('2020-05-01' AS timestamp(13))",
            "NUMERIC_VALUE_OUT_OF_RANGE: line 1:29: TIMESTAMP precision must be in range [0, 12]: 13",
        ),
    ]);
}

#[test]
fn casts_round_half_up_and_times_of_day_wrap() {
    check_each(&[
        (
            "CAST(TIME '12:34:56.5555' AS time(2)), CAST(TIME '23:59:59.9999' AS time(3)), CAST(TIME '01:02:03' AS time(6))",
            "12:34:56.56|00:00:00.000|01:02:03.000000",
        ),
        (
            "CAST(TIMESTAMP '1969-12-31 23:59:59.9999995' AS timestamp(6)), CAST(TIMESTAMP '2020-05-01 12:34:56.123456789012' AS timestamp(9))",
            "1970-01-01 00:00:00.000000|2020-05-01 12:34:56.123456789",
        ),
        (
            "CAST('2020-05-01 1:2:3.1234567890125' AS timestamp(12)), CAST(' 2020-05-01 ' AS timestamp), CAST('2020-05-01 10:00 +02:00' AS timestamp(0))",
            "2020-05-01 01:02:03.123456789013|2020-05-01 00:00:00.000|2020-05-01 10:00:00",
        ),
        (
            "CAST(TIMESTAMP '2020-05-01 12:34:56.789 America/Los_Angeles' AS time(1)), CAST(TIMESTAMP '2020-05-01 12:34:56.789 America/Los_Angeles' AS time(3) with time zone), CAST(TIMESTAMP '2020-05-01 23:30:00 -08:00' AS date)",
            "12:34:56.8|12:34:56.789-07:00|2020-05-01",
        ),
        (
            "CAST(TIME '10:00:00 +02:00' AS time(0)), CAST(TIME '10:00' AS time with time zone), CAST(TIME '10:00:00.12 +02:00' AS varchar)",
            "10:00:00|10:00:00.000+00:00|10:00:00.12+02:00",
        ),
        // The day is that on which the query starts.
        (
            "CAST(TIME '10:00' AS timestamp), CAST(TIME '10:00:00.5 +02:00' AS timestamp(1) with time zone), CAST(TIME '10:00' AS timestamp(0) with time zone)",
            "2025-05-01 10:00:00.000|2025-05-01 10:00:00.5 +02:00|2025-05-01 10:00:00 UTC",
        ),
        (
            "CAST('10:00' AS time with time zone)",
            "INVALID_CAST_ARGUMENT: Value cannot be cast to time with time zone: 10:00",
        ),
        (
            "TRY_CAST('25:00' AS time), TRY(CAST('2020-02-30 00:00' AS timestamp(9)))",
            "∅|∅",
        ),
        (
            "CAST(DATE '2020-05-01' AS time)",
            "TYPE_MISMATCH: line 1:8: Cannot cast date to time(3)",
        ),
    ]);
}

#[test]
fn times_move_by_intervals_and_units() {
    check_each(&[
        (
            "TIME '23:00' + INTERVAL '90' MINUTE, INTERVAL '1' SECOND + TIME '00:00:00.123456', TIME '00:30:00 +02:00' - INTERVAL '1' HOUR",
            "00:30:00.000|00:00:01.123456|23:30:00.000+02:00",
        ),
        (
            "TIME '10:00:00.0006' - TIME '09:00', TIME '10:00 +02:00' - TIME '10:00 +03:00'",
            "0 01:00:00.001|0 01:00:00.000",
        ),
        (
            "TIMESTAMP '2020-01-31 00:00:00.123456789' + INTERVAL '1' MONTH, TIMESTAMP '2020-03-07 12:00:00.1234567 America/Los_Angeles' + INTERVAL '1' DAY",
            "2020-02-29 00:00:00.123456789|2020-03-08 13:00:00.1234567 America/Los_Angeles",
        ),
        (
            "TIMESTAMP '2020-01-01 00:00:00.000000000001' - TIMESTAMP '2019-12-31 00:00:00', INTERVAL '3' DAY / 2",
            "1 00:00:00.000|1 12:00:00.000",
        ),
        (
            "date_add('hour', 25, TIME '23:30'), date_add('millisecond', -1, TIME '00:00:00.000'), date_add('millisecond', 600, TIME '10:00')",
            "00:30:00|23:59:59.999|10:00:01",
        ),
        (
            "date_diff('minute', TIME '10:00', TIME '09:00:30'), date_diff('hour', TIME '00:00 +14:00', TIME '00:00 -10:00'), date_diff('millisecond', TIMESTAMP '2020-01-01 00:00:00.0009', TIMESTAMP '2020-01-01 00:00:00.001')",
            "-59|0|1",
        ),
        (
            "date_trunc('minute', TIME '12:34:56.123456789'), date_trunc('hour', TIME '12:34:56 +05:30'), date_trunc('millisecond', TIMESTAMP '2020-05-01 12:34:56.123456789012')",
            "12:34:00.000000000|12:00:00+05:30|2020-05-01 12:34:56.123000000000",
        ),
        (
            "date_trunc('day', TIME '12:34')",
            "INVALID_FUNCTION_ARGUMENT: 'day' is not a valid TIME field",
        ),
        (
            "INTERVAL '6' DAY / 0",
            "INVALID_FUNCTION_ARGUMENT: Cannot divide by double 0.0",
        ),
        (
            "DATE '2025-04-30' - INTERVAL '1' HOUR",
            "INVALID_FUNCTION_ARGUMENT: Cannot subtract hour, minutes or seconds from a date",
        ),
    ]);
}

#[test]
fn times_have_parts_and_zones() {
    check_each(&[
        (
            "hour(TIME '12:34:56.789'), EXTRACT(SECOND FROM TIME '12:34:56.789 +01:00'), millisecond(TIMESTAMP '1969-12-31 23:59:59.123456789')",
            "12|56|123",
        ),
        (
            "EXTRACT(TIMEZONE_HOUR FROM TIME '12:34 -08:30'), timezone_minute(TIMESTAMP '2020-05-01 00:00:00 -08:30'), timezone_hour(TIMESTAMP '2020-05-01 00:00:00 America/Los_Angeles')",
            "-8|-30|-7",
        ),
        (
            "year(TIME '12:34')",
            "FUNCTION_NOT_FOUND: line 1:8: Unexpected parameters (time(0)) for function year. Expected: f(date), f(time), f(timestamp), f(timestamp with time zone)",
        ),
        (
            "TIME '12:00' AT TIME ZONE 'Europe/Lisbon', TIME '12:00:00.5 +02:00' AT TIME ZONE INTERVAL '-3' HOUR, TIMESTAMP '2020-05-01 12:00:00.123456789 UTC' AT TIME ZONE 'Asia/Kathmandu'",
            "13:00:00+01:00|07:00:00.5-03:00|2020-05-01 17:45:00.123456789 Asia/Kathmandu",
        ),
        (
            "with_timezone(TIMESTAMP '2020-05-01 12:00:00.123456', 'America/New_York'), at_timezone(TIMESTAMP '2020-05-01 12:00:00 UTC', INTERVAL '01:30' HOUR TO MINUTE)",
            "2020-05-01 12:00:00.123456 America/New_York|2020-05-01 13:30:00 +01:30",
        ),
        (
            "at_timezone(TIMESTAMP '2020-05-01 12:00:00 UTC', 'Mars/Base')",
            "INVALID_FUNCTION_ARGUMENT: 'Mars/Base' is not a valid time zone",
        ),
        (
            "current_time, localtime(0), current_timestamp(6), localtimestamp(0)",
            "03:00:00.123+00:00|03:00:00|2025-05-01 03:00:00.123000 UTC|2025-05-01 03:00:00",
        ),
    ]);
}

#[test]
fn times_are_written_and_read_in_other_forms() {
    check_each(&[
        (
            "to_iso8601(TIMESTAMP '2020-05-01 12:34:56.123456789'), to_iso8601(TIMESTAMP '2020-05-01 12:34:56 Asia/Kathmandu'), from_iso8601_timestamp_nanos('2020-05-01T12:34:56.123456789+05:45')",
            "2020-05-01T12:34:56.123456789|2020-05-01T12:34:56+05:45|2020-05-01 12:34:56.123456789 +05:45",
        ),
        (
            "from_unixtime_nanos(1234567890123456789), from_unixtime_nanos(DECIMAL '-1234.5'), from_unixtime(980172245, 1, 10)",
            "2009-02-13 23:31:30.123456789 UTC|1969-12-31 23:59:59.999998765 UTC|2001-01-22 15:14:05.000 +01:10",
        ),
        (
            "format_datetime(TIMESTAMP '2020-05-10 12:34:56.5555 Asia/Kathmandu', 'EEE, d MMM yyyy HH:mm:ss.SSS Z'), format_datetime(DATE '2020-05-10', 'yyyy-DDD')",
            "Sun, 10 May 2020 12:34:56.556 +0545|2020-131",
        ),
        (
            "parse_datetime('22/01/1960 03:04 PM +0500', 'dd/MM/yyyy hh:mm a Z'), parse_datetime('2020-08-18', 'yyyy-MM-dd')",
            "1960-01-22 15:04:00.000 +05:00|2020-08-18 00:00:00.000 UTC",
        ),
        (
            "format_datetime(TIMESTAMP '2020-05-10 12:34:56', 'Z')",
            "INVALID_FUNCTION_ARGUMENT: format_datetime for TIMESTAMP type, cannot use 'Z' nor 'z' in format, as this type does not contain TZ information",
        ),
        (
            "format('%s %s %2$tB', TIME '12:34:56.5', TIMESTAMP '2020-05-10 00:00:00 Europe/Lisbon'), format('%05d|%,.2f', 42, 1234.5)",
            "12:34:56.500 2020-05-10T00:00+01:00[Europe/Lisbon] May|00042|1,234.50",
        ),
        (
            "to_char(TIMESTAMP '1988-04-08 14:15:16', 'yyyy/mm/dd hh24:mi:ss'), to_date('1988/04/08', 'yyyy/mm/dd'), to_timestamp('1988-04-08 02', 'yyyy-mm-dd hh24')",
            "1988/04/08 14:15:16|1988-04-08|1988-04-08 02:00:00.000",
        ),
        (
            "parse_duration('1.5h'), to_milliseconds(INTERVAL '1' DAY), human_readable_seconds(3661)",
            "0 01:30:00.000|86400000|1 hour, 1 minute, 1 second",
        ),
    ]);
}

#[test]
fn times_compare_by_the_instant() {
    check_each(&[
        (
            "TIME '10:00 +02:00' = TIME '08:00 +00:00', TIME '23:00' < TIME '23:00:00.000000000001', TIME '09:00' = TIME '10:00 +01:00'",
            "true|true|true",
        ),
        (
            "TIMESTAMP '2020-05-01 12:00:00.000000001 UTC' > TIMESTAMP '2020-05-01 14:00:00 +02:00', greatest(TIMESTAMP '2020-05-01 12:00:00 +07:00', TIMESTAMP '2020-05-01 06:00:00 UTC')",
            "true|2020-05-01 06:00:00 UTC",
        ),
        (
            "array_distinct(ARRAY[TIME '10:00 +02:00', TIME '08:00 +00:00']), TIME '10:00' IN (TIME '10:00:00.0', NULL)",
            "[10:00:00+02:00]|true",
        ),
        (
            "TIME '10:00' = TIMESTAMP '2020-05-01 10:00:00'",
            "TYPE_MISMATCH: line 1:21: Cannot apply operator: time(0) = timestamp(0)",
        ),
    ]);
    let zoned = "(VALUES (TIMESTAMP '2020-05-01 14:00:00 +02:00', 3), (TIMESTAMP '2020-05-01 12:00:00 UTC', 1), (TIMESTAMP '2020-05-01 12:30:00 UTC', 2)) t(at, n)";
    check(
        &format!("SELECT at, n FROM {zoned} ORDER BY at, n"),
        "2020-05-01 12:00:00 UTC|1;2020-05-01 14:00:00 +02:00|3;2020-05-01 12:30:00 UTC|2",
    );
    // One zone stands for a group; which, is not said.
    check(
        &format!(
            "SELECT to_unixtime(at), count(*), sum(n) FROM (SELECT at, n FROM {zoned}) GROUP BY at ORDER BY at"
        ),
        "1.5883344E9|2|4;1.5883362E9|1|2",
    );
    check(
        &format!(
            "SELECT count(DISTINCT at), min(n), max(at) FROM {zoned} UNION SELECT 2, 1, TIMESTAMP '2020-05-01 13:30:00 +01:00'"
        ),
        "2|1|2020-05-01 12:30:00 UTC",
    );
    check(
        &format!("SELECT count(*) FROM (SELECT DISTINCT at, date(at) FROM {zoned})"),
        "2",
    );
    check(
        &format!("SELECT n, count(*) OVER (PARTITION BY at) FROM {zoned} ORDER BY n"),
        "1|2;2|1;3|2",
    );
    check(
        &format!("SELECT count(*) FROM (SELECT at FROM {zoned} INTERSECT SELECT at FROM {zoned})"),
        "2",
    );
}

#[test]
fn columns_of_times_keep_their_digits() {
    let times = "(VALUES TIMESTAMP '2020-05-01 12:34:56.123456789012', TIMESTAMP '1500-05-01 12:34:56.000000000001', NULL) t(at)";
    check(
        &format!("SELECT at, CAST(at AS time(9)), hour(at) FROM {times} ORDER BY at"),
        "1500-05-01 12:34:56.000000000001|12:34:56.000000000|12;2020-05-01 12:34:56.123456789012|12:34:56.123456789|12;∅|∅|∅",
    );
    check(
        &format!("SELECT max(at), min(CAST(at AS time(12))), count(DISTINCT at) FROM {times}"),
        "2020-05-01 12:34:56.123456789012|12:34:56.000000000001|2",
    );
    check(
        &format!(
            "SELECT count(*) FROM {times} WHERE at > TIMESTAMP '2020-05-01 12:34:56.123456789'"
        ),
        "1",
    );
    check(
        "SELECT a.x FROM (VALUES TIME '10:00 +02:00') a(x) JOIN (VALUES TIME '09:00:00.0 +01:00') b(x) ON a.x = b.x",
        "10:00:00+02:00",
    );
    check(
        "SELECT ARRAY[TIME '10:00', TIME '11:00:00.5'], MAP(ARRAY['a'], ARRAY[TIME '10:00 +02:00'])",
        "[10:00:00.0, 11:00:00.5]|{a=10:00:00+02:00}",
    );
}

#[test]
fn intervals_are_summed_and_averaged() {
    check(
        "SELECT sum(x), avg(x), max(x) FROM (VALUES INTERVAL '1' DAY, INTERVAL '2' HOUR, NULL) t(x)",
        "1 02:00:00.000|0 13:00:00.000|1 00:00:00.000",
    );
    check(
        "SELECT avg(x), sum(x) FILTER (WHERE x IS NULL) FROM (VALUES INTERVAL '2' YEAR, INTERVAL '1' MONTH) t(x)",
        "1-1|∅",
    );
}
