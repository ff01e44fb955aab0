//! Measures the front end against a file of cases kept outside the project: `just trino-cases PATH`.
//!
//! One JSON object a line: `kind` (`expr`, `bound`, `query` and others), `sql`, `family`, what is expected
//! (`expected` or `matches`, `isnull`, `empty`, or an error's `error_code` or message), `bindings` of the
//! names in `sql`, and an `…_athena` form of each text where Athena reads number literals differently.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde_json::Value as Json;

use super::*;

/// How a case ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Verdict {
    Right,
    WrongError,
    SilentlyWrong,
    NotSupported,
    /// It needs a table or an oracle that is not here.
    NotMeasured,
}

/// What a query came to.
enum Outcome {
    Rows(Vec<Type>, Vec<Row>),
    Failed(TrinoError),
    NoSyntax(SyntaxError),
    Panicked,
}

use crate::engine::trino::types::Type;

struct NoTables;

impl TableSource for NoTables {
    fn table(&self, _: &str, _: &str) -> error::Result<Option<Arc<dyn TableProvider>>> {
        Ok(None)
    }

    fn database_exists(&self, _: &str) -> bool {
        true
    }
}

fn outcome(sql: &str, runtime: &tokio::runtime::Runtime) -> Outcome {
    let context = PlanContext {
        catalog: "awsdatacatalog",
        database: Some("farm"),
        now: Timestamp::parse("2025-05-01T03:00:00.123Z").unwrap(),
        parameters: &[],
        ids: &Ids::seeded(Seed::new(7)),
        tables: &NoTables,
    };
    let result = catch_unwind(AssertUnwindSafe(|| {
        let statement = match parse_statement(sql) {
            Ok(statement) => statement,
            Err(error) => return Outcome::NoSyntax(error),
        };
        let rows = runtime.block_on(async {
            let plan = plan(&statement, &context)?;
            let types = plan.columns.iter().map(|c| c.ty.clone()).collect();
            let rows = run(plan, &SessionContext::new()).await?.collect().await?;
            Ok((types, rows))
        });
        match rows {
            Ok((types, rows)) => Outcome::Rows(types, rows),
            Err(error) => Outcome::Failed(error),
        }
    }));
    result.unwrap_or(Outcome::Panicked)
}

/// A member of a case, in Athena's form where there is one.
fn member<'a>(case: &'a Json, name: &str) -> Option<&'a Json> {
    case.get(format!("{name}_athena"))
        .or_else(|| case.get(name))
}

fn text<'a>(case: &'a Json, name: &str) -> Option<&'a str> {
    member(case, name).and_then(Json::as_str)
}

/// Types without lengths: a case's expected literal is rarely declared as wide as the result.
fn base(ty: &Type) -> String {
    match ty {
        Type::Varchar(_) | Type::Char(_) => "text".into(),
        Type::Decimal(..) => "decimal".into(),
        // Every digit of a time is written in its literal.
        Type::Time(_) | Type::TimeTz(_) | Type::Timestamp(_) | Type::TimestampTz(_) => {
            ty.to_string()
        }
        Type::Array(item) => format!("array({})", base(item)),
        Type::Map(key, value) => format!("map({}, {})", base(key), base(value)),
        Type::Row(fields) => {
            let parts: Vec<String> = fields.iter().map(|(_, ty)| base(ty)).collect();
            format!("row({})", parts.join(", "))
        }
        ty => ty.to_string(),
    }
}

/// Types as Java's values tell them apart: one kind of whole numbers, one of floats, and rows are lists.
/// The value a case expects went through Java, so this is all that is left of its type.
fn java_kind(ty: &Type) -> String {
    match ty {
        Type::Tinyint | Type::Smallint | Type::Integer | Type::Bigint => "whole".into(),
        Type::Real | Type::Double => "float".into(),
        // Java has these as texts.
        Type::Json | Type::Uuid | Type::IpAddress => "text".into(),
        Type::Array(item) => format!("array({})", java_kind(item)),
        Type::Map(key, value) => format!("map({}, {})", java_kind(key), java_kind(value)),
        Type::Row(fields) => {
            let parts: Vec<String> = fields.iter().map(|(_, ty)| java_kind(ty)).collect();
            format!("row({})", parts.join(", "))
        }
        ty => base(ty),
    }
}

/// Whether two kinds can be the same value: NULLs and empty lists have the kind of anything.
fn same_kind(a: &Type, b: &Type) -> bool {
    match (a, b) {
        (Type::Unknown, _) | (_, Type::Unknown) => true,
        (Type::Array(a), Type::Array(b)) => same_kind(a, b),
        (Type::Map(ak, av), Type::Map(bk, bv)) => same_kind(ak, bk) && same_kind(av, bv),
        (Type::Row(a), Type::Row(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|((_, a), (_, b))| same_kind(a, b))
        }
        (a, b) => java_kind(a) == java_kind(b),
    }
}

/// The parts between the commas of `ARRAY[a, b]`, if the text is that.
fn listed(text: &str) -> Option<Vec<&str>> {
    let inside = text.trim().strip_prefix("ARRAY[")?.strip_suffix(']')?;
    let (mut parts, mut depth, mut quoted, mut from) = (Vec::new(), 0, false, 0);
    for (at, c) in inside.char_indices() {
        match c {
            '\'' => quoted = !quoted,
            _ if quoted => {}
            '[' | '(' => depth += 1,
            ']' | ')' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&inside[from..at]);
                from = at + 1;
            }
            _ => {}
        }
        if depth < 0 {
            return None;
        }
    }
    if !inside.trim().is_empty() {
        parts.push(&inside[from..]);
    }
    Some(parts)
}

/// What a case expects as SQL, where a list of Java stands for a row of this type.
fn shaped(expected: &str, ty: &Type) -> String {
    let Some(parts) = listed(expected) else {
        return expected.to_owned();
    };
    let joined = |parts: Vec<String>| parts.join(", ");
    match ty {
        Type::Array(item) => {
            let parts = parts.into_iter().map(|part| shaped(part, item)).collect();
            format!("ARRAY[{}]", joined(parts))
        }
        Type::Row(fields) if fields.len() == parts.len() => {
            let parts = parts.into_iter().zip(fields);
            format!(
                "ROW({})",
                joined(parts.map(|(part, (_, ty))| shaped(part, ty)).collect())
            )
        }
        _ => expected.to_owned(),
    }
}

/// What a case matches in Athena's session, whose zone is UTC: the cases were written in one of
/// Pacific/Apia, which a cast gives to a time that names no zone.
fn in_our_zone(sql: &str, matches: &str) -> String {
    let local = regex::Regex::new(
        r"(?i)^CAST\((DATE |TIMESTAMP )?'[-+\d :.]+' AS TIMESTAMP(\(\d+\))? WITH TIME ZONE\)$",
    );
    match local {
        Ok(local) if local.is_match(sql) => matches.replace(" Pacific/Apia'", " UTC'"),
        _ => matches.to_owned(),
    }
}

/// The Trino type a case's Java expression such as `createVarcharType(3)` builds, if it is a plain one.
fn declared(java: &str) -> Option<String> {
    let numbers = |prefix: &str, name: &str| {
        let inside = java.strip_prefix(prefix)?.strip_suffix(')')?;
        inside
            .chars()
            .all(|c| c.is_ascii_digit() || ", ".contains(c))
            .then(|| format!("{name}({})", inside.replace(' ', "")))
    };
    match java {
        "BIGINT" | "INTEGER" | "SMALLINT" | "TINYINT" | "DOUBLE" | "REAL" | "BOOLEAN" | "DATE"
        | "VARCHAR" | "VARBINARY" | "JSON" | "UUID" | "IPADDRESS" => Some(java.to_lowercase()),
        "createUnboundedVarcharType()" => Some("varchar".into()),
        _ => numbers("createVarcharType(", "varchar")
            .or_else(|| numbers("createCharType(", "char"))
            .or_else(|| numbers("createDecimalType(", "decimal"))
            .or_else(|| numbers("createTimestampType(", "timestamp"))
            .or_else(|| numbers("createTimeType(", "time")),
    }
}

/// Whether a failure says that something is not built, rather than that the query is wrong.
fn is_gap(outcome: &Outcome) -> bool {
    match outcome {
        Outcome::NoSyntax(_) => true,
        Outcome::Failed(error) => matches!(
            error.code,
            Code::NotSupported | Code::FunctionNotFound | Code::TypeNotFound
        ),
        Outcome::Rows(..) | Outcome::Panicked => false,
    }
}

/// Why a case is unsupported, short enough to count by.
fn gap(outcome: &Outcome) -> String {
    match outcome {
        Outcome::NoSyntax(error) => {
            let message = error.message.as_str();
            format!(
                "syntax: {}",
                message.split(". Expecting").next().unwrap_or(message)
            )
        }
        Outcome::Failed(error) if error.code == Code::TypeMismatch => "types".into(),
        Outcome::Failed(error) => {
            let message = error.message.as_str();
            let cut = message.find(" is not supported").unwrap_or(message.len());
            format!("{}: {}", error.code.name(), &message[..cut])
        }
        Outcome::Rows(..) | Outcome::Panicked => String::new(),
    }
}

fn needs_table(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Failed(error)
        if matches!(error.code, Code::TableNotFound | Code::SchemaNotFound)
            || error.message.starts_with("Catalog '"))
}

fn shown(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Rows(types, rows) => {
            let types: Vec<String> = types.iter().map(ToString::to_string).collect();
            format!("{rows:?} of {types:?}")
        }
        Outcome::Failed(error) => error.to_string(),
        Outcome::NoSyntax(error) => error.to_string(),
        Outcome::Panicked => "panic".into(),
    }
}

/// A case's expression over its bindings, beside more expressions.
fn selecting(case: &Json, more: &[String]) -> String {
    let sql = text(case, "sql").unwrap_or_default();
    let list = |first: String| {
        let mut all = vec![first];
        all.extend(more.iter().cloned());
        all.join(", ")
    };
    match member(case, "bindings").and_then(Json::as_object) {
        Some(bindings) if !bindings.is_empty() => {
            let bound: Vec<String> = bindings
                .iter()
                .map(|(name, value)| format!("{} AS {name}", value.as_str().unwrap_or_default()))
                .collect();
            format!(
                "SELECT {} FROM (SELECT {})",
                list(sql.to_owned()),
                bound.join(", ")
            )
        }
        _ => format!("SELECT {}", list(sql.to_owned())),
    }
}

fn judge_error(case: &Json, outcome: &Outcome) -> Verdict {
    if needs_table(outcome) {
        return Verdict::NotMeasured;
    }
    let (code, message) = match outcome {
        Outcome::Rows(..) => return Verdict::SilentlyWrong,
        Outcome::Panicked => return Verdict::WrongError,
        Outcome::Failed(error) => (error.code.name(), error.message.clone()),
        Outcome::NoSyntax(error) => ("SYNTAX_ERROR", error.message.clone()),
    };
    let whole = shown(outcome);
    let right = match (text(case, "error_code"), text(case, "hasMessage")) {
        (Some(wanted), _) => wanted == code,
        (None, Some(wanted)) => {
            // A message may carry its place, or an input shown below it.
            let wanted = wanted.lines().next().unwrap_or(wanted);
            whole.contains(wanted) || wanted.ends_with(&message)
        }
        (None, None) => {
            let pattern = ["message_regex", "hasMessageMatching"]
                .iter()
                .find_map(|name| text(case, name));
            match (pattern, text(case, "hasMessageContaining")) {
                (Some(pattern), _) => regex::Regex::new(&format!("(?s){}", unquoted(pattern)))
                    .is_ok_and(|pattern| pattern.is_match(&whole)),
                (None, Some(part)) => whole.contains(part),
                (None, None) => true,
            }
        }
    };
    match right {
        true => Verdict::Right,
        false if is_gap(outcome) => Verdict::NotSupported,
        false => Verdict::WrongError,
    }
}

/// A pattern without Java's `\Q…\E`.
fn unquoted(pattern: &str) -> String {
    let mut out = String::new();
    let mut rest = pattern;
    while let Some((before, quoted)) = rest.split_once("\\Q") {
        let (literal, after) = quoted.split_once("\\E").unwrap_or((quoted, ""));
        out.push_str(before);
        out.push_str(&regex::escape(literal));
        rest = after;
    }
    out + rest
}

fn expects_error(case: &Json) -> bool {
    [
        "error_code",
        "hasMessage",
        "hasMessageContaining",
        "hasMessageMatching",
        "message_regex",
    ]
    .iter()
    .any(|name| case.get(name).is_some())
}

fn failed(outcome: &Outcome) -> Verdict {
    match outcome {
        outcome if needs_table(outcome) => Verdict::NotMeasured,
        outcome if is_gap(outcome) => Verdict::NotSupported,
        _ => Verdict::WrongError,
    }
}

/// A value case: the engine compares, and the types must agree as well.
fn judge_value(case: &Json, runtime: &tokio::runtime::Runtime) -> (Verdict, Outcome) {
    let alone = outcome(&selecting(case, &[]), runtime);
    if expects_error(case) {
        return (judge_error(case, &alone), alone);
    }
    let Outcome::Rows(types, _) = &alone else {
        return (failed(&alone), alone);
    };
    let ty = types.first().cloned().unwrap_or(Type::Unknown);
    let wanted = text(case, "type").and_then(declared);
    if wanted.is_some_and(|wanted| wanted != ty.to_string()) {
        return (Verdict::SilentlyWrong, alone);
    }
    let sql = text(case, "sql").unwrap_or_default();
    // `matches` is SQL whose type counts; `expected` is a value of Java and takes the type of the result.
    let (expected, typed) = match (
        text(case, "expected"),
        text(case, "matches"),
        case.get("isnull"),
    ) {
        (Some(expected), ..) => (shaped(expected, &ty), false),
        (None, Some(matches), _) => (in_our_zone(sql, matches), true),
        (None, None, Some(_)) => ("NULL".to_owned(), true),
        (None, None, None) => return (Verdict::NotMeasured, alone),
    };
    let compared_to = match typed || ty == Type::Unknown {
        true => format!("({expected})"),
        false => format!("CAST(({expected}) AS {ty})"),
    };
    let both = selecting(
        case,
        &[
            format!("({expected})"),
            match (&ty, typed) {
                // The text is JSON, not a text in JSON.
                (Type::Json, false) => {
                    format!("json_format({sql}) IS NOT DISTINCT FROM CAST(({expected}) AS varchar)")
                }
                _ => format!("({sql}) IS NOT DISTINCT FROM {compared_to}"),
            },
        ],
    );
    let compared = outcome(&both, runtime);
    let verdict = match &compared {
        Outcome::Rows(types, rows) => {
            let same = rows.first().and_then(|row| row.get(2)).cloned().flatten();
            let of_type = types.get(1).is_some_and(|wanted| match typed {
                true => *wanted == Type::Unknown || base(wanted) == base(&ty),
                false => same_kind(wanted, &ty),
            });
            match same.as_deref() == Some("true") && of_type {
                true => Verdict::Right,
                false => Verdict::SilentlyWrong,
            }
        }
        // The expected text itself is beyond the front end, or its type is another.
        _ if is_gap(&compared) => Verdict::NotSupported,
        _ => Verdict::SilentlyWrong,
    };
    (
        verdict,
        if verdict == Verdict::NotSupported {
            compared
        } else {
            alone
        },
    )
}

fn judge_query(case: &Json, runtime: &tokio::runtime::Runtime) -> (Verdict, Outcome) {
    let alone = outcome(text(case, "sql").unwrap_or_default(), runtime);
    if expects_error(case) {
        return (judge_error(case, &alone), alone);
    }
    let Outcome::Rows(types, rows) = &alone else {
        return (failed(&alone), alone);
    };
    if case.get("empty").is_some() {
        let verdict = if rows.is_empty() {
            Verdict::Right
        } else {
            Verdict::SilentlyWrong
        };
        return (verdict, alone);
    }
    let Some(wanted) = text(case, "matches").or_else(|| text(case, "expected")) else {
        return (Verdict::NotMeasured, alone);
    };
    let wanted = outcome(wanted, runtime);
    let Outcome::Rows(wanted_types, wanted_rows) = &wanted else {
        return (Verdict::NotMeasured, wanted);
    };
    let sorted = |rows: &[Row]| {
        let mut rows = rows.to_vec();
        rows.sort();
        rows
    };
    let bases = |types: &[Type]| types.iter().map(base).collect::<Vec<_>>();
    // Another dialect's text may type its constants otherwise.
    let typed = case.get("kind").and_then(Json::as_str) != Some("query")
        || types
            .iter()
            .zip(wanted_types)
            .all(|(a, b)| a.common(b).is_some())
        || bases(types) == bases(wanted_types);
    let same = typed && sorted(rows) == sorted(wanted_rows);
    (
        if same {
            Verdict::Right
        } else {
            Verdict::SilentlyWrong
        },
        alone,
    )
}

#[derive(Default)]
struct Tally([usize; 5]);

impl Tally {
    fn line(&self, family: &str) -> String {
        let [right, wrong, silent, gap, skipped] = self.0;
        let measured = right + wrong + silent + gap;
        let share = if measured == 0 {
            0.0
        } else {
            100.0 * right as f64 / measured as f64
        };
        format!("{family:42} {right:6} {wrong:11} {silent:14} {gap:13} {skipped:12} {share:7.1}")
    }
}

fn measured(cases: &[Json]) -> Vec<(Verdict, String)> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    cases
        .iter()
        .map(|case| {
            let kind = case["kind"].as_str().unwrap_or_default();
            let (verdict, outcome) = match kind {
                "expr" | "bound" => judge_value(case, &runtime),
                _ => judge_query(case, &runtime),
            };
            let why = if verdict == Verdict::NotSupported {
                gap(&outcome)
            } else {
                shown(&outcome)
            };
            (verdict, why)
        })
        .collect()
}

#[test]
#[ignore = "measures a file of cases named by WINDFARM_TRINO_CASES"]
fn cases() {
    let path = std::env::var("WINDFARM_TRINO_CASES").expect("WINDFARM_TRINO_CASES names a file");
    let show: usize = std::env::var("WINDFARM_TRINO_SHOW")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(10);
    let text = std::fs::read_to_string(path).unwrap();
    let cases: Vec<Json> = text
        .lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect();
    std::panic::set_hook(Box::new(|_| {}));
    let verdicts: Vec<(Verdict, String)> = std::thread::scope(|scope| {
        let threads: Vec<_> = cases
            .chunks(cases.len().div_ceil(2).max(1))
            .map(|part| {
                std::thread::Builder::new()
                    .stack_size(64 << 20)
                    .spawn_scoped(scope, || measured(part))
                    .unwrap()
            })
            .collect();
        threads
            .into_iter()
            .flat_map(|t| t.join().unwrap())
            .collect()
    });
    let mut families: BTreeMap<&str, Tally> = BTreeMap::new();
    let mut total = Tally::default();
    let mut gaps: BTreeMap<&str, usize> = BTreeMap::new();
    for (case, (verdict, why)) in cases.iter().zip(&verdicts) {
        let family = case["family"].as_str().unwrap_or_default();
        families.entry(family).or_default().0[*verdict as usize] += 1;
        total.0[*verdict as usize] += 1;
        if *verdict == Verdict::NotSupported {
            *gaps.entry(why).or_default() += 1;
        }
    }
    println!(
        "family                                      right wrong error silently wrong not supported not measured       %"
    );
    for (family, tally) in &families {
        println!("{}", tally.line(family));
    }
    println!("{}\n", total.line("all"));
    let mut gaps: Vec<_> = gaps.into_iter().collect();
    gaps.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    println!("not supported, by cause:");
    for (what, count) in gaps.iter().take(8 * show) {
        println!("{count:6} {what}");
    }
    for wanted in [Verdict::SilentlyWrong, Verdict::WrongError] {
        println!("\nthe first that are {wanted:?}:");
        let found = cases
            .iter()
            .zip(&verdicts)
            .filter(|(_, (v, _))| *v == wanted);
        for (case, (_, why)) in found.take(show) {
            println!("{case}\n    got {why}");
        }
    }
}
