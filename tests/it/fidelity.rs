//! `docs/fidelity.md` says what is executed and what is refused. The lists and the remarks come from the
//! program, which prints them itself (`windfarm operations`), and every row names the test that shows it.
//!
//! `UPDATE_FIDELITY=1 cargo test --test it fidelity` writes the file anew.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use windfarm::wire::fidelity::remarks::REMARKS;
use windfarm::wire::fidelity::{Row, State, handled, table};

/// What no table of operations shows.
const LANGUAGES: &str = "
## Athena's SQL

A Trino 414 front end of our own plans queries for DataFusion: names, types, coercions, errors and values are Trino's,
with Athena's rule that `1.5` is a double. What is not built fails with `NOT_SUPPORTED` or as a syntax error, naming it:

* geometry, sketches (HyperLogLog, digests) and machine learning: types and functions;
* Java's names of zones (`z` of `format_datetime` where a zone has no abbreviation) and reading them, `%h` and `%a` of
  `format`;
* TABLESAMPLE, NATURAL JOIN, WITH TIES, UNION DISTINCT in WITH RECURSIVE, window offsets that are no constants;
* MATCH_RECOGNIZE, table functions, time travel, `reduce_agg`, `checksum`, look-around in regular expressions;
* UPDATE, DELETE, MERGE, OPTIMIZE, VACUUM; EXPLAIN of other statements than queries, and TYPE IO.

A correlated subquery runs once for every set of values it depends on: right, and slower than Trino's joins. The
`approx_` aggregates are exact.

Shown by `engine::trino::tests` and `engine::query::tests`; `just trino-cases PATH` measures it against a file of cases.

Statements around queries: `CREATE [OR REPLACE] VIEW` and `DROP VIEW` (kept in the catalog in Athena's form; views that
Athena or newer Trinos stored are read), `CREATE TABLE AS` and `UNLOAD` to Parquet, JSON and text with their compressions,
partitions and buckets, `INSERT INTO` tables of Parquet, Hive JSON and delimited text, `PREPARE`, `EXECUTE`, `DEALLOCATE`.
Rows are computed and encoded in memory, one file a partition or bucket, then written and entered into the catalog all or
not at all; at most 100 partitions. Refused by name: writing ORC, Avro and Ion, Iceberg's properties, COMMENT and SECURITY
of views, inserting into bucketed tables, OpenX JSON, CSV, Regex and Grok. Plans that EXPLAIN shows are this engine's and
do not read like Trino's. Shown by `engine::statement::tests` and `statements`.

Tables are read from Parquet, OpenX and Hive JSON, LazySimple, OpenCSV, Regex and Grok, compressed by gzip, bzip2, Zstandard,
deflate or Hadoop's Snappy, by the names of their files. Patterns are those of Rust's `regex`: look-around is refused.
Partitions come from the catalog or by projection (enum, integer, date, injected, location templates); `\"$path\"`,
`\"$file_size\"`, `\"$partition\"`, `\"t$partitions\"` and `information_schema` (schemata, tables, columns, views) are there.
Refused by name: ORC, Avro, Ion, CBOR; `skip.footer.line.count`, `timestamp.formats`, encodings other than UTF-8, delimiters of
more than one byte; more than a million projected partitions a scan. Shown by `engine::table`, `engine::table::text::tests`
and `engine::table::projection::tests`.

Hive's statements work on the catalog, by a parser of their own: CREATE and DROP DATABASE, CREATE EXTERNAL TABLE with
any SerDe, DROP TABLE, ALTER TABLE (ADD, DROP, RENAME PARTITION, ADD and REPLACE COLUMNS, SET LOCATION, SET
TBLPROPERTIES), MSCK REPAIR TABLE, SHOW (DATABASES, TABLES, VIEWS, COLUMNS, PARTITIONS, TBLPROPERTIES, CREATE TABLE, CREATE VIEW) and
DESCRIBE [FORMATTED]. Refused by name: ALTER DATABASE, ALTER TABLE RENAME TO, CHANGE and DROP COLUMN, managed tables,
Iceberg, Delta and Hudi tables, DESCRIBE EXTENDED, of a partition or a column, and FORMATTED of a view. The texts of semantic errors, the
layout of DESCRIBE FORMATTED and MSCK's lines are Hive's and not measured. Shown by `engine::hive::tests` and `definitions`.

## Glue's jobs

Graphs run on DataFusion. Executed: catalog, S3 JSON and S3 Parquet sources; ApplyMapping, SelectFields, DropFields,
RenameField, Filter, Join, Union, DropDuplicates, SparkSQL; Glue Parquet, S3 direct and catalog targets. Spark's SQL passes
a gate that lets through what is executed with Spark's meaning; everything else is refused by name. Shown by
`engine::job::tests` and `engine::spark::tests`.

## Firehose's conversion and functions

JSON becomes Parquet with the columns of a table of the same account and region, at its latest or a fixed version, by
the OpenX or Hive's SerDe; what does not fit goes to the error prefix, record by record. Refused by name when the stream
is made: ORC, `MaxPaddingBytes`, maps whose keys are no text, `binary` under OpenX, and in `TimestampFormats` eras, weeks
and zone names. Known to differ: timestamps are INT64 microseconds where AWS writes INT96; behind `Encountered malformed
JSON.` the words are our own; a fraction or a number too large for its column is always a refusal; a table that is gone
when an object is due is waited for, up to a day. Shown by `engine::convert::tests` and the integration test
`conversion`.

A Lambda processor's function is an HTTP endpoint registered for its ARN (`windfarm up --lambda ARN=URL`): the event is
posted there and the body of the answer is the reply. A status other than 2xx, or the header `X-Amz-Function-Error`, is a
function's error. A function nobody registered fails its records as `Lambda.ResourceNotFound`. Shown by the integration
test `functions`.
";

fn rows() -> Vec<Row> {
    table(&handled()).expect("adapters list operations that exist")
}

fn render() -> String {
    let rows = rows();
    let mut services: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
    for row in &rows {
        services.entry(row.service.name()).or_default().push(row);
    }
    let mut text = String::from(
        "# Fidelity\n\nWhat is executed, what is refused, and how it differs from AWS. Written by \
         `UPDATE_FIDELITY=1 cargo test --test it fidelity`; a test compares it with the program, and \
         `windfarm operations` prints the same.\n\n\
         An operation that is refused is validated against the API model first and then answers \
         `501 NotImplemented`, naming itself; an absent one (of S3) answers the same without validation. \
         Parameters that are not acted on are refused by name, too.\n\n\
         All state is in memory and gone when the process ends.\n\n\
         | service | implemented | partly | refused | absent |\n|---|---|---|---|---|\n",
    );
    for (service, rows) in &services {
        let count = |state| rows.iter().filter(|row| row.state() == state).count();
        writeln!(
            text,
            "| {service} | {} | {} | {} | {} |",
            count(State::Implemented),
            count(State::Partly),
            count(State::Refused),
            count(State::Absent)
        )
        .unwrap();
    }
    for (service, rows) in &services {
        write!(text, "\n## {service}\n").unwrap();
        if rows.iter().any(|row| row.handled) {
            text.push_str("\n| operation | state | shown by |\n|---|---|---|\n");
        }
        for row in rows.iter().filter(|row| row.handled) {
            let remark = row.remark();
            let remark = remark.map_or_else(String::new, |remark| format!(": {}", remark.text));
            let (state, shown) = (row.state().name(), row.shown_by());
            writeln!(text, "| {} | {state}{remark} | `{shown}` |", row.operation).unwrap();
        }
        for (title, state) in [("Refused", State::Refused), ("Absent", State::Absent)] {
            let named = |row: &&Row| match row.remark() {
                Some(remark) => format!("{} ({})", row.operation, remark.text),
                None => row.operation.to_owned(),
            };
            let found: Vec<String> = rows
                .iter()
                .filter(|row| row.state() == state)
                .map(named)
                .collect();
            if !found.is_empty() {
                write!(text, "\n{title}: {}.\n", found.join(", ")).unwrap();
            }
        }
    }
    text.push_str(LANGUAGES);
    text
}

#[test]
fn the_fidelity_table_says_what_the_program_does() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/fidelity.md");
    let rendered = render();
    if std::env::var_os("UPDATE_FIDELITY").is_some() {
        fs::write(&path, &rendered).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == rendered,
        "docs/fidelity.md is stale: UPDATE_FIDELITY=1 cargo test --test it fidelity"
    );
}

#[test]
fn remarks_are_about_operations_that_exist_and_parts_are_parts_of_executed_ones() {
    let rows = rows();
    for remark in REMARKS {
        let known = |row: &Row| row.name() == remark.operation && (row.handled || !remark.partly);
        assert!(rows.iter().any(known), "{}", remark.operation);
    }
}

/// Whether the path of a test, or of a module with tests, leads somewhere: to a module under `src/`, or to
/// a module of this binary and a function in it.
fn exists(shown_by: &str) -> bool {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let module = root.join("src").join(shown_by.replace("::", "/"));
    if module.is_dir() || module.with_extension("rs").is_file() {
        return true;
    }
    let Some((module, name)) = shown_by.rsplit_once("::") else {
        return false;
    };
    let file = root.join("tests/it").join(module.replace("::", "/"));
    let parents = [
        file.with_extension("rs"),
        root.join("src")
            .join(module.replace("::", "/"))
            .join("mod.rs"),
        root.join("src")
            .join(module.replace("::", "/"))
            .with_extension("rs"),
    ];
    let wanted = [format!("fn {name}("), format!("mod {name}")];
    parents.iter().any(|path| {
        let text = fs::read_to_string(path).unwrap_or_default();
        wanted.iter().any(|wanted| text.contains(wanted))
    })
}

#[test]
fn every_row_names_a_test_that_exists() {
    for row in rows() {
        assert!(exists(row.shown_by()), "{}: {}", row.name(), row.shown_by());
    }
    assert!(!exists("kinesis::no_such_tests"));
}
