//! `windfarm operations`: what of each AWS API is executed here and what is refused, from the table that
//! `docs/fidelity.md` is made of.

use std::process::ExitCode;

use serde_json::{Value, json};

use crate::cli::args::OperationsArgs;
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::wire::fidelity::{Row, handled, table};

/// Prints a line, or a JSON object, for each operation.
pub fn run(args: &OperationsArgs) -> Result<ExitCode, Failure> {
    let mut rows = table(&handled()).map_err(|unknown| {
        Failure::new(format!(
            "adapters list operations that AWS does not have: {}",
            unknown.join(", ")
        ))
    })?;
    rows.retain(|row| args.service.is_none_or(|service| row.service == service));
    if args.json {
        output::line(Value::Array(rows.iter().map(document).collect()));
    } else {
        output::line(text(&rows));
    }
    Ok(ExitCode::SUCCESS)
}

fn document(row: &Row) -> Value {
    json!({
        "service": row.service.name(),
        "operation": row.operation,
        "state": row.state().name(),
        "remark": row.remark().map(|remark| remark.text),
        "shown_by": row.shown_by(),
    })
}

/// Columns that `grep` and `awk` read as well as a person.
fn text(rows: &[Row]) -> String {
    let width = rows.iter().map(|row| row.name().len()).max().unwrap_or(0);
    let lines: Vec<String> = rows
        .iter()
        .map(|row| {
            let remark = row.remark().map_or("", |remark| remark.text);
            let line = format!("{:width$}  {:11}  {remark}", row.name(), row.state().name());
            line.trim_end().to_owned()
        })
        .collect();
    lines.join("\n")
}
