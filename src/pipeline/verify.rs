//! The questions, the answers the generators know, and the books that must balance.

use crate::pipeline::deliver::Delivered;
use crate::pipeline::error::{Error, Result};
use crate::pipeline::produce::Sent;
use crate::pipeline::query::{Answer, query};
use crate::pipeline::{Clients, Plan, Progress, Step};
use crate::turbine::{Dirt, Sensor, Threshold, Truth};

/// A question with Athena's answer.
#[derive(Clone, Debug)]
pub struct Answered {
    /// What is asked, in words.
    pub title: String,
    /// How it is asked.
    pub sql: String,
    /// What Athena says.
    pub answer: Answer,
}

/// One comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What must hold.
    pub what: String,
    /// What the generators, or the stage before, know.
    pub expected: String,
    /// What was found.
    pub found: String,
    /// Whether the two agree.
    pub holds: bool,
}

impl Check {
    fn equal(what: impl Into<String>, expected: impl ToString, found: impl ToString) -> Self {
        let (expected, found) = (expected.to_string(), found.to_string());
        Self {
            what: what.into(),
            holds: expected == found,
            expected,
            found,
        }
    }

    fn near(what: impl Into<String>, expected: Option<f64>, found: Option<f64>, by: f64) -> Self {
        let holds = match (expected, found) {
            (Some(expected), Some(found)) => (expected - found).abs() <= by,
            (expected, found) => expected.is_none() && found.is_none(),
        };
        let text =
            |value: Option<f64>| value.map_or_else(|| "nothing".to_owned(), |v| v.to_string());
        Self {
            what: what.into(),
            expected: text(expected),
            found: text(found),
            holds,
        }
    }
}

/// Everything that was asked and compared.
#[derive(Clone, Debug, Default)]
pub struct Verdict {
    /// Questions and answers, in order.
    pub answered: Vec<Answered>,
    /// Comparisons, in order.
    pub checks: Vec<Check>,
    /// Rows that passed the job.
    pub curated_rows: u64,
    /// Rows the job rejected.
    pub rejected_rows: u64,
}

impl Verdict {
    /// Whether every comparison holds.
    pub fn holds(&self) -> bool {
        self.checks.iter().all(|check| check.holds)
    }
}

/// The condition of a sensor's question, over the column `value`.
fn condition(sensor: Sensor) -> String {
    match sensor.threshold() {
        Threshold::Above(limit) => format!("value > {limit:?}"),
        Threshold::AtLeast(limit) => format!("value >= {limit:?}"),
        Threshold::Outside(low, high) => format!("(value < {low:?} or value > {high:?})"),
    }
}

/// Asks the project's questions and compares every answer with what the generators know.
///
/// # Errors
/// A query that fails. A wrong answer is no error but a [`Check`] that does not hold.
pub async fn verify(
    clients: &Clients,
    plan: &Plan,
    sent: &Sent,
    delivered: &Delivered,
    progress: &dyn Progress,
) -> Result<Verdict> {
    let mut session = Session {
        clients,
        plan,
        progress,
        verdict: Verdict::default(),
    };
    progress.begin(Step::Query, 5);
    session.readings_by_sensor(&sent.truth).await?;
    session.questions_of_the_course(&sent.truth).await?;
    session.readings_by_date(&sent.truth).await?;
    session.rejects_by_reason(&sent.truth).await?;
    progress.end(
        Step::Query,
        &format!("{} questions", session.verdict.answered.len()),
    );
    progress.begin(Step::Verify, 0);
    let verdict = session.books(sent, delivered);
    let failed = verdict.checks.iter().filter(|check| !check.holds).count();
    progress.end(
        Step::Verify,
        &format!("{} checks, {failed} failed", verdict.checks.len()),
    );
    Ok(verdict)
}

struct Session<'a> {
    clients: &'a Clients,
    plan: &'a Plan,
    progress: &'a dyn Progress,
    verdict: Verdict,
}

impl Session<'_> {
    async fn ask(&mut self, title: impl Into<String>, sql: String) -> Result<Answer> {
        let title = title.into();
        self.progress
            .advance(Step::Query, self.verdict.answered.len() as u64, &title);
        let answer = query(self.clients, self.plan, &sql).await?;
        self.verdict.answered.push(Answered {
            title,
            sql,
            answer: answer.clone(),
        });
        Ok(answer)
    }

    fn check(&mut self, check: Check) {
        self.verdict.checks.push(check);
    }

    async fn readings_by_sensor(&mut self, truth: &Truth) -> Result<()> {
        let table = self.plan.curated_table();
        let answer = self
            .ask(
                "readings by sensor",
                format!(
                    "select sensor, count(*) as readings, min(value) as lowest, \
                     max(value) as highest, avg(value) as mean \
                     from {table} group by sensor order by sensor"
                ),
            )
            .await?;
        for sensor in Sensor::ALL {
            let known = truth
                .sensors
                .get(&sensor)
                .cloned()
                .unwrap_or_default()
                .clean;
            let name = sensor.name();
            let row = (0..answer.rows.len()).find(|row| answer.cell(*row, 0) == Some(name));
            let cell = |column| row.and_then(|row| answer.cell(row, column));
            let number = |column| cell(column).and_then(|text| text.parse::<f64>().ok());
            self.check(Check::equal(
                format!("{name}: curated rows = clean readings"),
                known.count,
                cell(1).unwrap_or("0"),
            ));
            self.check(Check::near(
                format!("{name}: lowest"),
                known.min(),
                number(2),
                0.0,
            ));
            self.check(Check::near(
                format!("{name}: highest"),
                known.max(),
                number(3),
                0.0,
            ));
            let by = known.mean_tolerance();
            self.check(Check::near(
                format!("{name}: mean"),
                known.mean(),
                number(4),
                by,
            ));
        }
        Ok(())
    }

    async fn questions_of_the_course(&mut self, truth: &Truth) -> Result<()> {
        for sensor in Sensor::ALL {
            let (table, condition) = (self.plan.curated_table(), condition(sensor));
            let title = format!("{}: {condition}", sensor.name());
            let answer = self
                .ask(
                    title.clone(),
                    format!(
                        "select count(*) as readings from {table} \
                         where sensor = '{}' and {condition}",
                        sensor.name()
                    ),
                )
                .await?;
            let known = truth
                .sensors
                .get(&sensor)
                .map_or(0, |known| known.clean.flagged);
            let found = answer.cell(0, 0).unwrap_or("nothing").to_owned();
            self.check(Check::equal(title, known, found));
        }
        Ok(())
    }

    async fn readings_by_date(&mut self, truth: &Truth) -> Result<()> {
        let table = self.plan.curated_table();
        let answer = self
            .ask(
                "readings by event date",
                format!(
                    "select event_date, count(*) as readings from {table} \
                     group by event_date order by event_date"
                ),
            )
            .await?;
        let known: Vec<String> = truth
            .clean_by_date()
            .iter()
            .map(|(date, count)| format!("{date} {count}"))
            .collect();
        let mut total = 0;
        let mut found = Vec::new();
        for row in 0..answer.rows.len() {
            let (date, count) = (answer.cell(row, 0), answer.cell(row, 1));
            let count = count.unwrap_or("0");
            total += parse_count(count)?;
            found.push(format!("{} {count}", date.unwrap_or("NULL")));
        }
        self.verdict.curated_rows = total;
        self.check(Check::equal(
            "curated rows under their event date",
            known.join(", "),
            found.join(", "),
        ));
        Ok(())
    }

    async fn rejects_by_reason(&mut self, truth: &Truth) -> Result<()> {
        let dirty = truth.dirty();
        let of = |kinds: &[Dirt]| -> u64 { kinds.iter().filter_map(|kind| dirty.get(kind)).sum() };
        let known = [
            ("timestamp", of(&[Dirt::BadTimestamp])),
            (
                "value",
                of(&[Dirt::ErrorText, Dirt::EmptyValue, Dirt::NotANumber]),
            ),
        ];
        if known.iter().all(|(_, count)| *count == 0) {
            // Nothing to reject: the job wrote no file, so the crawler made no table.
            return Ok(());
        }
        let table = self.plan.rejected_table();
        let answer = self
            .ask(
                "rejected rows by reason",
                format!(
                    "select reason, count(*) as rows_rejected from {table} \
                     group by reason order by reason"
                ),
            )
            .await?;
        let mut found = Vec::new();
        for row in 0..answer.rows.len() {
            let count = answer.cell(row, 1).unwrap_or("0");
            self.verdict.rejected_rows += parse_count(count)?;
            found.push(format!("{} {count}", answer.cell(row, 0).unwrap_or("NULL")));
        }
        let known: Vec<String> = known
            .iter()
            .filter(|(_, count)| *count > 0)
            .map(|(reason, count)| format!("{reason} {count}"))
            .collect();
        self.check(Check::equal(
            "rejected rows by reason",
            known.join(", "),
            found.join(", "),
        ));
        Ok(())
    }

    fn books(mut self, sent: &Sent, delivered: &Delivered) -> Verdict {
        // Everything was waited for, so nothing may be in flight any more.
        self.check(Check::equal(
            "records measured = records acknowledged by the stream",
            sent.truth.sent(),
            sent.records,
        ));
        self.check(Check::equal(
            "records sent = records delivered + rejected + in flight",
            format!("{} + 0 + 0", sent.records),
            format!("{} + {} + 0", delivered.records(), delivered.rejects()),
        ));
        self.check(Check::equal(
            "bytes sent = bytes delivered",
            sent.bytes,
            delivered.bytes(),
        ));
        let misplaced: Vec<&String> = delivered
            .objects
            .keys()
            .filter(|key| !lies_under_its_hour(key))
            .collect();
        self.check(Check::equal(
            "raw objects outside the UTC hour of their first record",
            "[]",
            format!("{misplaced:?}"),
        ));
        let rows = self.verdict.curated_rows + self.verdict.rejected_rows;
        self.check(Check::equal(
            "raw rows = curated rows + rejected rows",
            delivered.records(),
            rows,
        ));
        self.verdict
    }
}

/// Whether a delivered key's folder is the hour that its name gives: `…/yyyy/MM/dd/HH/<delivery
/// stream>-<version>-yyyy-MM-dd-HH-mm-ss-<uuid>`.
fn lies_under_its_hour(key: &str) -> bool {
    let Some((folder, name)) = key.rsplit_once('/') else {
        return false;
    };
    let hour = folder.rsplitn(5, '/').take(4).collect::<Vec<_>>();
    let hour = hour.into_iter().rev().collect::<Vec<_>>().join("-");
    // Behind the hour stand minute, second and the five groups of a UUID.
    let groups = name.rsplitn(8, '-').collect::<Vec<_>>();
    groups
        .last()
        .is_some_and(|head| groups.len() == 8 && head.ends_with(&hour))
}

fn parse_count(text: &str) -> Result<u64> {
    text.parse()
        .map_err(|_| Error::Reply(format!("Athena counted `{text}`")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_belongs_under_the_hour_in_its_name() {
        let uuid = "52f4a03e-9d1e-49df-b843-831716b97437";
        let key = |folder: &str, stamp: &str| format!("raw/{folder}/KDS-S3-x-2-{stamp}-{uuid}");
        assert!(lies_under_its_hour(&key(
            "2025/04/30/17",
            "2025-04-30-17-35-05"
        )));
        assert!(!lies_under_its_hour(&key(
            "2025/04/30/14",
            "2025-04-30-17-35-05"
        )));
        assert!(!lies_under_its_hour("raw/2025/04/30/17/something"));
    }
}
