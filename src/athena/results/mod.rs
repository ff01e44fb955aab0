//! What a statement leaves behind: its columns, its result file and the file's `.metadata`.
//!
//! Everything here is a function of the order and of what the engine found, so the files can be
//! checked byte for byte. Which statement writes what was measured on live Athena (2026-09):
//!
//! | statement | object | body | `.metadata` |
//! |---|---|---|---|
//! | SELECT, SHOW FUNCTIONS | `<id>.csv` | CSV | yes |
//! | UPDATE, DELETE, MERGE | `<id>.csv` | not written | yes |
//! | INSERT, UNLOAD | `<id>` | not written | yes |
//! | CREATE TABLE AS | `tables/<id>` | not written | yes |
//! | DDL, SHOW, DESCRIBE, EXPLAIN | `<id>.txt` | text | when it has columns |

use bytes::Bytes;

use crate::store::S3Uri;

mod column;
mod metadata;
#[cfg(test)]
mod tests;
mod text;

pub use column::ResultColumn;
pub(crate) use text::lines;

use crate::athena::executions::QueryOrder;
use crate::athena::surroundings::Classification;

/// What a successful statement found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QueryResult {
    /// Columns of the rows; for INSERT, CREATE TABLE AS and their like leave it empty.
    pub columns: Vec<ResultColumn>,
    /// Rows as text, `None` for NULL. A UTILITY statement's row is one text, or several that are
    /// joined with tabs here.
    pub rows: Vec<Vec<Option<String>>>,
    /// Bytes that were read from data files.
    pub scanned_bytes: u64,
    /// Rows that were read from data files, if the engine counted them.
    pub input_rows: Option<u64>,
    /// Rows that were written, of statements that write rows.
    pub update_count: Option<i64>,
    /// Data files that were written by INSERT, CREATE TABLE AS or UNLOAD, in order: the manifest.
    pub written: Vec<S3Uri>,
    /// How long the statement was analysed and planned, if it was.
    pub planning: Option<std::time::Duration>,
}

/// An object for the result location.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResultFile {
    /// Where it goes.
    pub uri: S3Uri,
    /// Its bytes.
    pub body: Bytes,
    /// Its `Content-Type`.
    pub content_type: &'static str,
}

/// Content type of files that went through Athena's engine or Hive's DESCRIBE (measured).
const APPLICATION: &str = "application/octet-stream";
/// Content type of files that Athena answers by itself: SELECTs of literals, most SHOW (measured).
const BINARY: &str = "binary/octet-stream";

/// What kind of result a statement has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Rows as CSV.
    Csv,
    /// Rows as plain lines.
    Text,
    /// A count of changed rows.
    Modified,
    /// A count of inserted rows.
    Inserted,
    /// A count of rows in a new table.
    NewTable,
}

impl Shape {
    /// The shape of a statement's result.
    pub fn of(class: &Classification) -> Self {
        let substatement = class.substatement_type.as_deref().unwrap_or_default();
        match (class.statement_type.as_str(), substatement) {
            ("DML", "INSERT" | "UNLOAD") => Self::Inserted,
            ("DML", "UPDATE" | "DELETE" | "MERGE") => Self::Modified,
            ("DML", "EXPLAIN") => Self::Text,
            ("DML", _) | (_, "SHOW_FUNCTIONS") => Self::Csv,
            (_, "CREATE_TABLE_AS_SELECT") => Self::NewTable,
            _ => Self::Text,
        }
    }

    /// Whether the result is a number of rows instead of rows.
    pub fn is_count(self) -> bool {
        matches!(self, Self::Modified | Self::Inserted | Self::NewTable)
    }

    /// The name of the result object behind the location, without its folder.
    fn object(self, id: &str) -> String {
        match self {
            Self::Csv | Self::Modified => format!("{id}.csv"),
            Self::Text => format!("{id}.txt"),
            Self::Inserted => id.to_owned(),
            Self::NewTable => format!("tables/{id}"),
        }
    }
}

/// Whether the first row of the results repeats the column names (measured): those of SELECT,
/// EXPLAIN and SHOW FUNCTIONS.
pub(crate) fn has_header(class: &Classification) -> bool {
    match Shape::of(class) {
        Shape::Csv => true,
        Shape::Text => class.statement_type == "DML",
        _ => false,
    }
}

/// The address of a statement's result object. A location with and without its last slash means the
/// same (measured).
pub(crate) fn object(location: &S3Uri, class: &Classification, id: &str) -> S3Uri {
    S3Uri {
        bucket: location.bucket.clone(),
        key: format!("{}{}", location.folder(), Shape::of(class).object(id)),
    }
}

/// The address of the list of written data files: INSERT, CREATE TABLE AS and UNLOAD have one.
pub(crate) fn manifest(order: &QueryOrder) -> Option<S3Uri> {
    let shape = Shape::of(&order.class);
    matches!(shape, Shape::Inserted | Shape::NewTable).then(|| beside(order, "-manifest.csv"))
}

/// The columns a client sees: those of the result, or the count of rows.
pub(crate) fn columns(class: &Classification, result: &QueryResult) -> Vec<ResultColumn> {
    if Shape::of(class).is_count() {
        vec![ResultColumn::of("rows", "bigint")]
    } else {
        result.columns.clone()
    }
}

/// The objects a successful statement writes to its result location. They are to be written before
/// the execution is reported as finished: clients read them as soon as it is SUCCEEDED.
pub fn files(order: &QueryOrder, result: &QueryResult) -> Vec<ResultFile> {
    let class = &order.class;
    let shape = Shape::of(class);
    let content_type = content_type(class);
    let columns = columns(class, result);
    let mut files = Vec::new();
    match shape {
        Shape::Csv => files.push(ResultFile {
            uri: order.output_location.clone(),
            body: text::csv(&result.columns, &result.rows),
            content_type,
        }),
        Shape::Text => {
            let header = has_header(class).then_some(result.columns.as_slice());
            files.push(ResultFile {
                uri: order.output_location.clone(),
                body: text::plain(header, &result.rows),
                content_type,
            });
        }
        Shape::Modified | Shape::Inserted | Shape::NewTable => {}
    }
    if !columns.is_empty() {
        files.push(ResultFile {
            uri: beside(order, ".metadata"),
            body: metadata::encode(order, &columns, result.update_count),
            content_type,
        });
    }
    if let Some(uri) = manifest(order).filter(|_| !result.written.is_empty()) {
        files.push(ResultFile {
            uri,
            body: result
                .written
                .iter()
                .map(|uri| format!("{uri}\n"))
                .collect::<String>()
                .into(),
            content_type: APPLICATION,
        });
    }
    files
}

/// The object a failed statement writes: the reason, for statements of Hive's side (measured). Any
/// other leaves nothing.
pub fn failure_file(order: &QueryOrder, state_change_reason: &str) -> Option<ResultFile> {
    leaves_reason(&order.class).then(|| ResultFile {
        uri: order.output_location.clone(),
        body: state_change_reason.to_owned().into(),
        content_type: APPLICATION,
    })
}

/// Whether a failed statement of this kind has a result, its reason.
pub(crate) fn leaves_reason(class: &Classification) -> bool {
    class.hive && Shape::of(class) == Shape::Text
}

/// An object whose name continues that of the result object.
fn beside(order: &QueryOrder, suffix: &str) -> S3Uri {
    S3Uri {
        bucket: order.output_location.bucket.clone(),
        key: format!("{}{suffix}", order.output_location.key),
    }
}

fn content_type(class: &Classification) -> &'static str {
    let described = matches!(
        class.substatement_type.as_deref(),
        Some("DESCRIBE_TABLE" | "SHOW_CREATE_TABLE" | "EXPLAIN")
    );
    match Shape::of(class) {
        Shape::Csv if class.literal => BINARY,
        Shape::Text if !described => BINARY,
        _ => APPLICATION,
    }
}
