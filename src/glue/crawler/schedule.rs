//! Schedules: `cron(minutes hours day-of-month month day-of-week year)`, in UTC.
//!
//! "Time-based schedules for jobs and crawlers", Glue guide. Exactly one of day-of-month and
//! day-of-week is `?`. `L`, `W` and `#` are documented and refused here by name.

use jiff::civil;

use crate::base::{Timestamp, limits};

/// What AWS answers to anything that is not `cron(…)`, and to `rate(…)`.
const INVALID: &str = "Invalid schedule cron expression. Expected format: Cron(CRON_EXPRESSION)";

const MONTHS: [&str; 12] = [
    "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
];
const DAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/// A parsed schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cron {
    minutes: Vec<i16>,
    hours: Vec<i16>,
    /// `None` is `?`.
    days_of_month: Option<Vec<i16>>,
    months: Vec<i16>,
    /// 1 is Sunday; `None` is `?`.
    days_of_week: Option<Vec<i16>>,
    years: Vec<i16>,
}

impl Cron {
    /// Parses `cron(…)`.
    ///
    /// # Errors
    /// Why it is refused, in words for the client.
    pub fn parse(text: &str) -> Result<Self, String> {
        let inner = (text.get(..5))
            .filter(|head| head.eq_ignore_ascii_case("cron("))
            .and_then(|_| text.get(5..))
            .and_then(|rest| rest.strip_suffix(')'))
            .ok_or(INVALID)?;
        let fields: Vec<&str> = inner.split_whitespace().collect();
        let [minutes, hours, day, month, weekday, year] = fields.as_slice() else {
            return Err(INVALID.to_owned());
        };
        if (*day == "?") == (*weekday == "?") {
            return Err(format!(
                "{INVALID}: exactly one of day-of-month and day-of-week must be `?`"
            ));
        }
        let optional = |text: &str, low, high, names: &[&str]| match text {
            "?" => Ok(None),
            _ => field(text, low, high, names).map(Some),
        };
        let cron = Self {
            minutes: field(minutes, 0, 59, &[])?,
            hours: field(hours, 0, 23, &[])?,
            days_of_month: optional(day, 1, 31, &[])?,
            months: field(month, 1, 12, &MONTHS)?,
            days_of_week: optional(weekday, 1, 7, &DAYS)?,
            years: field(year, 1970, 2199, &[])?,
        };
        cron.check_period()?;
        Ok(cron)
    }

    /// Refuses schedules that fire more often than AWS lets them.
    fn check_period(&self) -> Result<(), String> {
        let minimum = limits::glue::SCHEDULE_MIN_PERIOD_MINS;
        let within_hour = self.minutes.array_windows().map(|[a, b]| i64::from(b - a));
        // From the last minute of an hour to the first of the next, when hours follow each other.
        let across = match (self.minutes.first(), self.minutes.last()) {
            (Some(first), Some(last)) if self.hours.len() > 1 => Some(60 - i64::from(last - first)),
            _ => None,
        };
        match within_hour.chain(across).min() {
            Some(shortest) if shortest < minimum => Err(format!(
                "{INVALID}: a schedule must not fire more often than every {minimum} minutes"
            )),
            _ => Ok(()),
        }
    }

    /// The first time strictly after `after` at which the schedule fires; `None` when its years
    /// are over or no such date exists.
    pub fn next_after(&self, after: Timestamp) -> Option<Timestamp> {
        let from = after.utc();
        let mut date = from.date();
        // A date that a valid schedule can name comes within 8 years (29 February over a century
        // year); after the last year there is none.
        let last_year = *self.years.last()?;
        while date.year() <= last_year {
            if !self.years.contains(&date.year()) {
                let next = self.years.iter().find(|year| **year > date.year())?;
                date = civil::Date::new(*next, 1, 1).ok()?;
                continue;
            }
            if !self.months.contains(&i16::from(date.month())) {
                date = date.last_of_month().tomorrow().ok()?;
                continue;
            }
            if self.fires_on(date)
                && let Some(time) = self.first_time(from, date)
            {
                let zone = jiff::tz::TimeZone::UTC;
                let instant = zone.to_timestamp(date.to_datetime(time)).ok()?;
                return Some(Timestamp::from_jiff(instant));
            }
            date = date.tomorrow().ok()?;
        }
        None
    }

    fn fires_on(&self, date: civil::Date) -> bool {
        let weekday = i16::from(date.weekday().to_sunday_one_offset());
        let month_day = i16::from(date.day());
        let fits =
            |days: &Option<Vec<i16>>, day| days.as_ref().is_none_or(|days| days.contains(&day));
        fits(&self.days_of_month, month_day) && fits(&self.days_of_week, weekday)
    }

    /// The first time of day on `date` that lies behind `from`.
    fn first_time(&self, from: civil::DateTime, date: civil::Date) -> Option<civil::Time> {
        let times = self.hours.iter().flat_map(|hour| {
            self.minutes.iter().filter_map(move |minute| {
                let (hour, minute) = (i8::try_from(*hour).ok()?, i8::try_from(*minute).ok()?);
                civil::Time::new(hour, minute, 0, 0).ok()
            })
        });
        times
            .into_iter()
            .find(|time| date > from.date() || *time > from.time())
    }
}

/// The sorted values of one field: `*`, `n`, `a-b`, `x/step` and lists of these.
fn field(text: &str, low: i16, high: i16, names: &[&str]) -> Result<Vec<i16>, String> {
    let invalid = || format!("{INVALID}: `{text}` is not a field between {low} and {high}");
    let mut values = Vec::new();
    for part in text.split(',') {
        if part.contains(['L', 'W', '#']) && !names.iter().any(|name| part.contains(name)) {
            return Err(format!(
                "{INVALID}: `{part}` uses L, W or #, which windfarm does not support"
            ));
        }
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, step.parse::<i16>().ok().filter(|s| *s > 0)),
            None => (part, Some(1)),
        };
        let step = step.ok_or_else(invalid)?;
        let number = |text: &str| {
            let named = names
                .iter()
                .position(|name| name.eq_ignore_ascii_case(text));
            let number = match named {
                Some(position) => i16::try_from(position).ok().map(|p| p + 1),
                None => text.parse().ok(),
            };
            number
                .filter(|n| (low..=high).contains(n))
                .ok_or_else(invalid)
        };
        let (first, last) = match range.split_once('-') {
            _ if range == "*" => (low, high),
            Some((first, last)) => (number(first)?, number(last)?),
            // `5/15` counts from 5 to the end.
            None if part.contains('/') => (number(range)?, high),
            None => (number(range)?, number(range)?),
        };
        if first > last {
            return Err(invalid());
        }
        values.extend((first..=last).step_by(usize::from(step.unsigned_abs())));
    }
    values.sort_unstable();
    values.dedup();
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(cron: &str, after: &str, expected: &str) {
        let next = Cron::parse(cron)
            .unwrap()
            .next_after(Timestamp::parse(after).unwrap());
        assert_eq!(next, Timestamp::parse(expected), "{cron} after {after}");
    }

    #[test]
    fn a_schedule_fires_next_at_the_first_fitting_time_behind_now() {
        check(
            "cron(0 10 * * ? *)",
            "2025-04-30T09:59:59Z",
            "2025-04-30T10:00:00Z",
        );
        check(
            "cron(0 10 * * ? *)",
            "2025-04-30T10:00:00Z",
            "2025-05-01T10:00:00Z",
        );
        check(
            "cron(15 12 * * ? *)",
            "2025-12-31T12:15:00Z",
            "2026-01-01T12:15:00Z",
        );
        check(
            "cron(0 18 ? * MON-FRI *)",
            "2025-05-02T18:00:00Z",
            "2025-05-05T18:00:00Z",
        );
        check(
            "cron(0/15 * * * ? *)",
            "2025-05-02T18:46:00Z",
            "2025-05-02T19:00:00Z",
        );
        check(
            "cron(0 8 1 * ? *)",
            "2025-05-02T00:00:00Z",
            "2025-06-01T08:00:00Z",
        );
        check(
            "Cron(30 6 29 FEB ? *)",
            "2025-01-01T00:00:00Z",
            "2028-02-29T06:30:00Z",
        );
        check(
            "cron(0 0 ? * 1 2030-2031)",
            "2025-01-01T00:00:00Z",
            "2030-01-06T00:00:00Z",
        );
        let over = Cron::parse("cron(0 0 1 1 ? 2020)").unwrap();
        assert_eq!(
            over.next_after(Timestamp::parse("2025-01-01T00:00:00Z").unwrap()),
            None
        );
    }

    #[test]
    fn what_is_no_schedule_is_refused() {
        for bad in [
            "rate(5 minutes)",
            "cron(0 10 * * ?)",
            "0 10 * * ? *",
            "cron(0 10 * * * *)",
            "cron(0 10 ? * ? *)",
            "cron(60 10 * * ? *)",
            "cron(0/1 * * * ? *)",
            "cron(58,2 * * * ? *)",
            "cron(0 10 L * ? *)",
            "cron(0 10 ? * MON#1 *)",
            "cron(0 10 5-3 * ? *)",
            "cron(a b c d ? f)",
        ] {
            assert!(Cron::parse(bad).unwrap_err().starts_with(INVALID), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn fire_times_ascend_and_lie_on_the_schedule(start in 1_500_000_000i64..1_900_000_000) {
            let cron = Cron::parse("cron(10/20 3,17 ? * TUE,SAT *)").unwrap();
            let mut now = Timestamp::from_secs(start);
            for _ in 0..8 {
                let next = cron.next_after(now).unwrap();
                prop_assert!(next > now);
                let civil = next.utc();
                prop_assert!([10, 30, 50].contains(&civil.minute()) && civil.second() == 0);
                prop_assert!([3, 17].contains(&civil.hour()));
                prop_assert!([3, 7].contains(&civil.weekday().to_sunday_one_offset()));
                now = next;
            }
        }
    }
}
