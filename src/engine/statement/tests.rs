//! Statements over a lake in memory.

use std::sync::Arc;

use super::*;
use crate::base::Timestamp;
use crate::engine::testing::{MemoryCatalog, MemoryObjects, call, engine};
use crate::glue::catalog::CatalogReader;

mod files;
mod metadata;
mod views;

/// A lake of the database `d`, and `e` beside it.
pub(super) struct Lake {
    pub space: Arc<MemoryObjects>,
    pub catalog: Arc<MemoryCatalog>,
    engine: Engine,
    queries: std::sync::atomic::AtomicU32,
}

impl Lake {
    pub fn new() -> Self {
        let space = Arc::new(MemoryObjects::default());
        let catalog = Arc::new(MemoryCatalog::default());
        for database in ["d", "e"] {
            catalog.0.ensure_database(&call(), database).unwrap();
        }
        Self {
            engine: engine(&space, &catalog),
            space,
            catalog,
            queries: std::sync::atomic::AtomicU32::new(0),
        }
    }

    pub fn order(&self, sql: &str) -> StatementRun {
        let number = self
            .queries
            .fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        StatementRun {
            query: QueryRun {
                sql: sql.to_owned(),
                catalog: None,
                database: Some("d".to_owned()),
                parameters: Vec::new(),
                now: Timestamp::parse("2025-05-01T12:00:00Z").unwrap(),
            },
            call: call(),
            engine_id: format!("20250501_120000_{number:05}_abcde"),
            output_folder: S3Uri::parse(&format!("s3://out/tables/{number}/")).unwrap(),
            is_location_enforced: false,
            scan_limit_bytes: None,
        }
    }

    pub async fn run(&self, order: &StatementRun) -> Result<StatementDone, QueryError> {
        self.engine.execute(order).await.0
    }

    /// Rows joined by `;` and values by `|`, `n rows` of what writes them, or the error.
    pub async fn answer(&self, sql: &str) -> String {
        let class = trino::classify(sql).unwrap();
        if class.hive {
            let defined = self.engine.define(&call(), sql, None, Some("d")).await;
            return defined.map_or_else(|error| error.to_string(), |rows| shown(&rows));
        }
        match self.run(&self.order(sql)).await {
            Err(error) => error.to_string(),
            Ok(done) => match done.update_count {
                Some(count) => format!("{count} rows"),
                None => shown(&done.rows),
            },
        }
    }

    pub async fn check(&self, sql: &str, expected: &str) {
        assert_eq!(self.answer(sql).await, expected, "{sql}");
    }

    /// The rows of a query in the order of their texts.
    pub async fn sorted(&self, sql: &str) -> String {
        let answer = self.answer(sql).await;
        let mut rows: Vec<&str> = answer.split(';').collect();
        rows.sort_unstable();
        rows.join(";")
    }
}

fn shown(rows: &QueryRows) -> String {
    rows.rows
        .iter()
        .map(|row| {
            let values: Vec<&str> = row.iter().map(|v| v.as_deref().unwrap_or("∅")).collect();
            values.join("|")
        })
        .collect::<Vec<_>>()
        .join(";")
}

#[tokio::test]
async fn values_and_question_marks_must_be_as_many() {
    let lake = Lake::new();
    let check = async |sql: &str, parameters: &[&str], expected: &str| {
        let mut order = lake.order(sql);
        order.query.parameters = parameters.iter().map(|p| (*p).to_owned()).collect();
        let answer = match lake.run(&order).await {
            Ok(done) => shown(&done.rows),
            Err(error) => error.to_string(),
        };
        assert_eq!(answer, expected, "{sql} {parameters:?}");
    };
    check("SELECT ?", &["1 + 1"], "2").await;
    check("SELECT ?", &["it's"], "it's").await;
    check("SELECT ?", &["abc"], "abc").await;
    check("SELECT ?", &["x + 1"], "x + 1").await;
    check("SELECT ?", &["t.x"], "t.x").await;
    check("SELECT ?", &["?"], "?").await;
    check("SELECT 1", &["2"], "1").await;
    let wrong = "INVALID_PARAMETER_USAGE: line 1:1: Incorrect number of parameters: expected";
    check("SELECT ?, ?", &["2"], &format!("{wrong} 2 but found 1")).await;
    check("SELECT ?", &["2", "3"], &format!("{wrong} 1 but found 2")).await;
    check("SELECT ?", &[], &format!("{wrong} 1 but found 0")).await;
}

#[tokio::test]
async fn plans_are_explained_in_the_forms_there_are() {
    let lake = Lake::new();
    for (sql, column, blank) in [
        ("EXPLAIN SELECT 1 a", "Query Plan", 3),
        ("EXPLAIN (TYPE DISTRIBUTED) SELECT 1 a", "Query Plan", 3),
        ("EXPLAIN (FORMAT JSON) SELECT 1 a", "Query Plan", 1),
        (
            "EXPLAIN (FORMAT GRAPHVIZ, TYPE LOGICAL) SELECT 1 a",
            "Query Plan",
            2,
        ),
        ("EXPLAIN ANALYZE SELECT 1 a", "Query Plan", 3),
        ("EXPLAIN ANALYZE VERBOSE SELECT 1 a", "Query Plan", 3),
        ("EXPLAIN (TYPE VALIDATE) SELECT 1 a", "Valid", 1),
    ] {
        let done = lake.run(&lake.order(sql)).await.unwrap();
        assert_eq!(done.rows.columns[0].0, column, "{sql}");
        let lines: Vec<_> = done
            .rows
            .rows
            .iter()
            .map(|row| row[0].clone().unwrap())
            .collect();
        let empty = lines
            .iter()
            .rev()
            .take_while(|line| line.is_empty())
            .count();
        assert_eq!(empty, blank, "{sql}: {lines:?}");
        assert!(lines.len() > empty, "{sql}");
    }
    let done = lake
        .run(&lake.order("EXPLAIN ANALYZE SELECT 1 a"))
        .await
        .unwrap();
    let text = shown(&done.rows);
    assert!(text.contains("metrics=["), "what was measured: {text}");
    lake.check(
        "EXPLAIN (TYPE IO) SELECT 1",
        "NOT_SUPPORTED: line 1:1: EXPLAIN (TYPE IO, FORMAT TEXT) is not supported by windfarm",
    )
    .await;
    lake.check(
        "EXPLAIN INSERT INTO t SELECT 1",
        "NOT_SUPPORTED: line 1:1: EXPLAIN INSERT INTO is not supported by windfarm",
    )
    .await;
    lake.check(
        "EXPLAIN SELECT * FROM t",
        "TABLE_NOT_FOUND: line 1:23: Table 'awsdatacatalog.d.t' does not exist",
    )
    .await;
}
