//! One JSON object a line, and only the first object of each line: how Athena's JSON SerDes read.
//!
//! On an object as Firehose delivers it by default, without line ends, they find one row and no
//! error. This reader returns the same row, and beside it what it passed over.

use bytes::Bytes;

use crate::reading::json_stream::{Reason, Rejected, Row, is_blank};
use crate::reading::scan::{Progress, Scanner};

/// What was found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lines {
    /// The first object of each line that has one.
    pub rows: Vec<Row>,
    /// What stands behind the first object of a line, without the white space around it.
    pub passed_over: Vec<Span>,
    /// Lines that do not begin with an object, without the white space around them.
    pub rejected: Vec<Rejected>,
    /// Bytes of white space and line ends.
    pub blank: u64,
}

/// A place in the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Where it begins, in bytes from the start of the input.
    pub offset: u64,
    /// How many bytes it takes.
    pub len: usize,
}

/// Reads an input.
pub fn read(bytes: &[u8]) -> Lines {
    let mut lines = Lines::default();
    let mut offset = 0;
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        lines.read_line(offset, line);
        offset += line.len() as u64;
    }
    lines
}

impl Lines {
    fn read_line(&mut self, offset: u64, line: &[u8]) {
        let (offset, text) = self.trim(offset, line);
        if text.is_empty() {
            return;
        }
        let mut reject = |reason| {
            self.rejected.push(Rejected {
                offset,
                bytes: Bytes::copy_from_slice(text),
                reason,
            });
        };
        if text.first() != Some(&b'{') {
            return reject(Reason::NotAContainer);
        }
        let len = match Scanner::default().read(text) {
            Progress::Complete(len) => len,
            Progress::Open => return reject(Reason::Truncated),
            Progress::Wrong { at, .. } => return reject(Reason::Syntax(at)),
        };
        let (object, rest) = text.split_at_checked(len).unwrap_or((text, &[]));
        match serde_json::from_slice(object) {
            Ok(value) => self.rows.push(Row { offset, len, value }),
            Err(error) => return reject(Reason::Invalid(error.to_string())),
        }
        let (offset, rest) = self.trim(offset + len as u64, rest);
        if !rest.is_empty() {
            self.passed_over.push(Span {
                offset,
                len: rest.len(),
            });
        }
    }

    /// Counts the white space around `text` and returns what is left, with its offset.
    fn trim<'a>(&mut self, offset: u64, text: &'a [u8]) -> (u64, &'a [u8]) {
        let first = text.iter().position(|byte| !is_blank(*byte));
        let last = text.iter().rposition(|byte| !is_blank(*byte));
        let (Some(first), Some(last)) = (first, last) else {
            self.blank += text.len() as u64;
            return (offset, &[]);
        };
        let kept = text.get(first..=last).unwrap_or_default();
        self.blank += (text.len() - kept.len()) as u64;
        (offset + first as u64, kept)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::reading::json_stream;

    fn check(input: &[u8]) -> Lines {
        let lines = read(input);
        let rows: usize = lines.rows.iter().map(|row| row.len).sum();
        let passed: usize = lines.passed_over.iter().map(|span| span.len).sum();
        let rejected: usize = lines.rejected.iter().map(|r| r.bytes.len()).sum();
        assert_eq!(
            (rows + passed + rejected) as u64 + lines.blank,
            input.len() as u64
        );
        lines
    }

    #[test]
    fn only_the_first_object_of_a_line_is_a_row() {
        let lines = check(b"{\"a\": 1}{\"a\": 2}\n{\"a\": 3} x\r\n\n {\"a\": 4}");
        let rows: Vec<_> = lines.rows.into_iter().map(|row| row.value).collect();
        assert_eq!(rows, [json!({"a": 1}), json!({"a": 3}), json!({"a": 4})]);
        assert_eq!(
            lines.passed_over,
            [Span { offset: 8, len: 8 }, Span { offset: 26, len: 1 }]
        );
        assert_eq!(lines.blank, 6);
    }

    #[test]
    fn of_the_projects_own_object_one_row_in_four_is_seen() {
        let object = include_bytes!("../../fixtures/golden/firehose-object-441-bytes.json");
        assert_eq!(check(object).rows.len(), 1);
        assert_eq!(json_stream::read(object).rows.len(), 4);
    }

    #[test]
    fn a_line_that_is_no_object_is_rejected() {
        let lines = check(b"[1]\n{\"a\": \n1}\n{\"a\": oops}\n{\"a\": 1e999}\ntext\n{}");
        let reasons: Vec<_> = lines.rejected.iter().map(|r| r.reason.clone()).collect();
        assert_eq!(lines.rows.len(), 1);
        assert!(matches!(
            reasons.as_slice(),
            [
                Reason::NotAContainer,
                Reason::Truncated,
                Reason::NotAContainer,
                Reason::Syntax(6),
                Reason::Invalid(_),
                Reason::NotAContainer,
            ]
        ));
    }

    proptest! {
        #[test]
        fn every_byte_is_accounted_for(input in "[{}\"a:1, \n\r\\[\\]x]{0,80}") {
            check(input.as_bytes());
        }

        #[test]
        fn on_one_object_a_line_both_readers_agree(
            ids in prop::collection::vec(any::<u32>(), 0..20),
        ) {
            let input: String = ids.iter().map(|id| format!("{{\"id\": {id}}}\n")).collect();
            let stream = json_stream::read(input.as_bytes());
            prop_assert_eq!(check(input.as_bytes()).rows, stream.rows);
        }
    }
}
