//! Result files: CSV and plain lines.

use bytes::Bytes;

use super::ResultColumn;

/// The CSV of a SELECT: the header always, every name and value in quotes, quotes doubled, NULL as
/// nothing, `\n` behind every line.
pub(super) fn csv(columns: &[ResultColumn], rows: &[Vec<Option<String>>]) -> Bytes {
    let mut text = String::new();
    line(
        &mut text,
        columns.iter().map(|column| Some(column.name.as_str())),
    );
    for row in rows {
        line(&mut text, row.iter().map(Option::as_deref));
    }
    text.into()
}

fn line<'a>(text: &mut String, values: impl Iterator<Item = Option<&'a str>>) {
    for (at, value) in values.enumerate() {
        if at > 0 {
            text.push(',');
        }
        if let Some(value) = value {
            text.push('"');
            // One pass: values are mostly without quotes.
            for (part, piece) in value.split('"').enumerate() {
                if part > 0 {
                    text.push_str("\"\"");
                }
                text.push_str(piece);
            }
            text.push('"');
        }
    }
    text.push('\n');
}

/// The text of a statement without CSV: its lines with `\n` between them and none at the end. With
/// `header` (EXPLAIN) the column's name is the first line, as in GetQueryResults.
pub(super) fn plain(header: Option<&[ResultColumn]>, rows: &[Vec<Option<String>>]) -> Bytes {
    let names = header
        .into_iter()
        .flatten()
        .map(|column| column.name.clone());
    names
        .chain(lines(rows))
        .collect::<Vec<_>>()
        .join("\n")
        .into()
}

/// The lines of a statement without CSV, which are its rows in GetQueryResults too: the texts of a
/// row joined with tabs, and a text with line breaks is several lines (measured).
pub(crate) fn lines(rows: &[Vec<Option<String>>]) -> impl Iterator<Item = String> {
    rows.iter().flat_map(|row| {
        let texts: Vec<&str> = row
            .iter()
            .map(|text| text.as_deref().unwrap_or_default())
            .collect();
        let joined = texts.join("\t");
        joined.split('\n').map(str::to_owned).collect::<Vec<_>>()
    })
}
