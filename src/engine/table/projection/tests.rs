//! Which folders a query looks at.

use super::super::super::query::QueryRun;
use crate::base::Timestamp;
use crate::engine::testing::{MemoryCatalog, MemoryObjects, OPENX, engine, table};
use std::sync::Arc;

struct Lake {
    space: Arc<MemoryObjects>,
    catalog: Arc<MemoryCatalog>,
}

impl Lake {
    /// `t` with these keys and properties over files of one row, whose `a` is their key.
    fn new(keys: &[(&str, &str)], properties: &[(&str, &str)], files: &[&str]) -> Self {
        let space = Arc::new(MemoryObjects::default());
        for file in files {
            let body = format!("{{\"a\": \"{file}\"}}");
            space.put("lake", &format!("{file}/x.json"), body.as_bytes());
        }
        let catalog = Arc::new(MemoryCatalog::default());
        let mut projected = table("t", OPENX, "s3://lake/t/", &[("a", "string")], keys);
        let all = properties
            .iter()
            .chain(&[("projection.enabled", "true")])
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        projected.parameters = Some(all.collect());
        catalog.put("d", projected, Vec::new());
        Self { space, catalog }
    }

    /// The sorted answers to `SELECT a FROM t …`, and how many files were read.
    async fn answer(&self, rest: &str) -> (String, usize) {
        let run = QueryRun {
            sql: format!("SELECT a FROM t {rest}"),
            catalog: None,
            database: Some("d".into()),
            parameters: Vec::new(),
            now: Timestamp::parse("2025-05-01T12:00:00Z").unwrap(),
        };
        let before = self.space.reads.lock().unwrap().len();
        let (result, _) = engine(&self.space, &self.catalog).query(&run).await;
        let read = self.space.reads.lock().unwrap().len() - before;
        let mut rows: Vec<String> = match result {
            Ok(rows) => rows.rows.into_iter().flatten().flatten().collect(),
            Err(error) => vec![error.to_string()],
        };
        rows.sort();
        (rows.join(" "), read)
    }

    async fn check(&self, rest: &str, expected: &str) {
        let (answer, read) = self.answer(rest).await;
        assert_eq!(answer, expected, "{rest}");
        let files = if expected.contains(": ") || expected.is_empty() {
            0
        } else {
            expected.split(' ').count()
        };
        assert_eq!(read, files, "{rest}: files read");
    }
}

#[tokio::test]
async fn values_of_each_kind_are_combined_and_pruned() {
    let lake = Lake::new(
        &[("country", "string"), ("n", "int")],
        &[
            ("projection.country.type", "enum"),
            ("projection.country.values", "de, fr,it"),
            ("projection.n.type", "integer"),
            ("projection.n.range", "1,9"),
            ("projection.n.interval", "2"),
            ("projection.n.digits", "2"),
        ],
        &[
            "t/country=de/n=01",
            "t/country=de/n=03",
            "t/country=fr/n=03",
            "t/country=fr/n=04",
            "t/country=es/n=01",
        ],
    );
    let all = "t/country=de/n=01 t/country=de/n=03 t/country=fr/n=03";
    lake.check("", all).await;
    lake.check(
        "WHERE country = 'de'",
        "t/country=de/n=01 t/country=de/n=03",
    )
    .await;
    lake.check("WHERE n = 3", "t/country=de/n=03 t/country=fr/n=03")
        .await;
    lake.check("WHERE n IN (1, 4) OR n = 2", "t/country=de/n=01")
        .await;
    lake.check("WHERE n > 1 AND country LIKE 'f%'", "t/country=fr/n=03")
        .await;
    lake.check("WHERE country = 'es'", "").await;
    lake.check("WHERE country = 'de' OR n = 3", all).await;
}

#[tokio::test]
async fn dates_follow_the_clock_and_lie_by_their_template() {
    let lake = Lake::new(
        &[("day", "string")],
        &[
            ("projection.day.type", "date"),
            ("projection.day.format", "yyyy/MM/dd"),
            ("projection.day.range", "NOW-2DAYS,NOW"),
            ("storage.location.template", "s3://lake/raw/${day}/in"),
        ],
        &[
            "raw/2025/04/28/in",
            "raw/2025/04/29/in",
            "raw/2025/05/01/in",
            "raw/2025/05/01/out",
        ],
    );
    lake.check("", "raw/2025/04/29/in raw/2025/05/01/in").await;
    lake.check("WHERE day >= '2025/05'", "raw/2025/05/01/in")
        .await;
    lake.check("WHERE day = '2025/04/28'", "").await;
}

#[tokio::test]
async fn injected_values_must_be_given() {
    let lake = Lake::new(
        &[("device", "string")],
        &[("projection.device.type", "injected")],
        &["t/device=a", "t/device=b"],
    );
    lake.check("WHERE device = 'b'", "t/device=b").await;
    lake.check("WHERE device IN ('a', 'b', 'c')", "t/device=a t/device=b")
        .await;
    let refused = "CONSTRAINT_VIOLATION: For the injected projected partition column device, the WHERE clause must contain only static equality conditions, and at least one such condition must be present.";
    lake.check("", refused).await;
    lake.check("WHERE device > 'a'", refused).await;
}

#[tokio::test]
async fn what_is_wrong_in_the_properties_is_said() {
    let check = async |properties: &[(&str, &str)], expected: &str| {
        let lake = Lake::new(&[("p", "string")], properties, &[]);
        lake.check("", expected).await;
    };
    check(
        &[],
        "HIVE_METASTORE_ERROR: Table d.t is configured for partition projection, but the following partition columns are missing projection configuration: [p] (table d.t)",
    )
    .await;
    let wrong = "HIVE_METASTORE_ERROR: Invalid projection configuration of column p (table d.t): projection.p";
    check(
        &[("projection.p.type", "enum")],
        &format!("{wrong}.values is required"),
    )
    .await;
    check(
        &[
            ("projection.p.type", "integer"),
            ("projection.p.range", "5,1"),
        ],
        &format!("{wrong}.range ends before it begins"),
    )
    .await;
    check(
        &[("projection.p.type", "integer"), ("projection.p.range", "0,99999999")],
        "NOT_SUPPORTED: projection.p.range has more than 1000000 projected partitions of d.t, which windfarm does not look at: narrow the partition columns",
    )
    .await;
    check(
        &[
            ("projection.p.type", "enum"),
            ("projection.p.values", "a"),
            ("storage.location.template", "s3://lake/x/"),
        ],
        "HIVE_METASTORE_ERROR: storage.location.template of d.t does not name the partition column p: s3://lake/x/",
    )
    .await;
}
