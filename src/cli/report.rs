//! What a run did, as tables for a person or one JSON document for a script.

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, Table};
use serde_json::{Value, json};

use crate::base::Seed;
use crate::pipeline::verify::{Answered, Check};
use crate::pipeline::{Plan, Report};

/// Rows of an answer that are shown; more are counted.
const ROWS_SHOWN: usize = 12;

/// One stage's figures. `None` where a stage has no such thing.
struct Stage {
    name: &'static str,
    what: String,
    records: Option<u64>,
    objects: Option<u64>,
    partitions: Option<u64>,
    bytes: Option<u64>,
}

fn stages(report: &Report, plan: &Plan) -> Vec<Stage> {
    let sent = &report.sent;
    let scanned: i64 = report
        .verdict
        .answered
        .iter()
        .map(|answered| answered.answer.scanned_bytes)
        .sum();
    vec![
        Stage {
            name: "sent",
            what: format!("stream {}", plan.stream),
            records: Some(sent.records),
            objects: None,
            partitions: None,
            bytes: Some(sent.bytes),
        },
        Stage {
            name: "delivered",
            what: plan.location(&plan.raw_prefix),
            records: Some(report.delivered.records()),
            objects: Some(report.delivered.objects.len() as u64),
            partitions: Some(report.delivered.hours().len() as u64),
            bytes: Some(report.delivered.bytes()),
        },
        Stage {
            name: "curated",
            what: plan.location(plan.curated_prefix()),
            records: Some(report.verdict.curated_rows),
            objects: Some(report.curated.objects),
            partitions: Some(report.curated.partitions.len() as u64),
            bytes: Some(report.curated.bytes),
        },
        Stage {
            name: "rejected",
            what: plan.location(plan.rejected_prefix()),
            records: Some(report.verdict.rejected_rows),
            objects: Some(report.rejected.objects),
            partitions: Some(report.rejected.partitions.len() as u64),
            bytes: Some(report.rejected.bytes),
        },
        Stage {
            name: "queried",
            what: format!("{} questions", report.verdict.answered.len()),
            records: None,
            objects: None,
            partitions: None,
            bytes: u64::try_from(scanned).ok(),
        },
    ]
}

fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table
        .load_preset(UTF8_FULL_CONDENSED)
        .set_header(header.to_vec());
    table
}

/// Aligns the columns from `first` on to the right: they hold numbers.
fn align_numbers(table: &mut Table, first: usize) {
    for column in table.column_iter_mut().skip(first) {
        column.set_cell_alignment(CellAlignment::Right);
    }
}

fn figure(value: Option<u64>) -> String {
    let Some(value) = value else {
        return String::new();
    };
    let digits = value.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

/// Everything for a person.
pub fn text(report: &Report, plan: &Plan, seed: Seed, seconds: f64) -> String {
    let mut shown = table(&[
        "stage",
        "where",
        "records",
        "objects",
        "partitions",
        "bytes",
    ]);
    for stage in stages(report, plan) {
        shown.add_row(vec![
            stage.name.to_owned(),
            stage.what,
            figure(stage.records),
            figure(stage.objects),
            figure(stage.partitions),
            figure(stage.bytes),
        ]);
    }
    align_numbers(&mut shown, 2);
    let mut text = format!("\nStages\n{shown}\n");
    for answered in &report.verdict.answered {
        text.push_str(&answer_text(answered));
    }
    let mut books = table(&["", "what must hold", "expected", "found"]);
    for check in &report.verdict.checks {
        books.add_row(vec![
            mark(check),
            &check.what,
            &check.expected,
            &check.found,
        ]);
    }
    text.push_str(&format!("\nBooks\n{books}\n"));
    let failed = report
        .verdict
        .checks
        .iter()
        .filter(|check| !check.holds)
        .count();
    let rate = report.sent.records as f64 / seconds.max(1e-9);
    text.push_str(&format!(
        "{} readings in {seconds:.1} s ({rate:.0} a second through the whole pipeline), {} checks, \
         {failed} failed; seed {seed}",
        report.sent.records,
        report.verdict.checks.len(),
    ));
    text
}

fn mark(check: &Check) -> &'static str {
    if check.holds { "ok" } else { "WRONG" }
}

fn answer_text(answered: &Answered) -> String {
    let answer = &answered.answer;
    let mut shown = table(&[]);
    shown.set_header(&answer.columns);
    for row in answer.rows.iter().take(ROWS_SHOWN) {
        shown.add_row(row.iter().map(|cell| cell.as_deref().unwrap_or("NULL")));
    }
    let more = match answer.rows.len().saturating_sub(ROWS_SHOWN) {
        0 => String::new(),
        more => format!("  … and {more} more rows\n"),
    };
    format!("\n{}\n  {}\n{shown}\n{more}", answered.title, answered.sql)
}

/// The same as one document.
pub fn json(report: &Report, plan: &Plan, seed: Seed, seconds: f64) -> Value {
    let stages: Vec<Value> = stages(report, plan)
        .into_iter()
        .map(|stage| {
            json!({
                "stage": stage.name, "where": stage.what, "records": stage.records,
                "objects": stage.objects, "partitions": stage.partitions, "bytes": stage.bytes,
            })
        })
        .collect();
    let answers: Vec<Value> = report
        .verdict
        .answered
        .iter()
        .map(|answered| {
            json!({
                "title": answered.title, "sql": answered.sql, "columns": answered.answer.columns,
                "rows": answered.answer.rows, "output": answered.answer.output_location,
                "scanned_bytes": answered.answer.scanned_bytes,
            })
        })
        .collect();
    let checks: Vec<Value> = report
        .verdict
        .checks
        .iter()
        .map(|check| {
            json!({
                "what": check.what, "expected": check.expected, "found": check.found,
                "holds": check.holds,
            })
        })
        .collect();
    json!({
        "seed": seed.value(), "seconds": seconds, "holds": report.verdict.holds(),
        "made": report.provisioned.made, "stages": stages, "answers": answers, "checks": checks,
        "put_records_calls": report.sent.calls, "retried": report.sent.retried,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_grouped_by_thousands() {
        assert_eq!(figure(Some(0)), "0");
        assert_eq!(figure(Some(999)), "999");
        assert_eq!(figure(Some(1_234_567)), "1 234 567");
        assert_eq!(figure(None), "");
    }
}
