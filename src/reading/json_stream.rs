//! JSON values one after the other: with nothing, white space or line ends between them.
//!
//! Firehose concatenates what it was given, so this is what raw objects hold, and how Glue and its
//! crawlers read them. A row is a top-level object or array; anything else is rejected.
//!
//! # After an error
//!
//! Reading resumes at the next `{` from the first byte on that cannot belong to the broken value, so
//! a record that was cut off does not take the whole ones behind it along. When it was cut off
//! inside a string, the `{"` of the next record looks like that string's end; reading resumes there.
//! One case cannot be told from a nested object: a record cut off right behind a colon takes the one
//! behind it into the reject. Objects *inside* a broken record are never reported as rows.
//!
//! # The books
//!
//! Rows, rejects and `blank` bytes cover the input without gap or overlap, whatever it is.

use std::fmt;

use bytes::Bytes;
use serde_json::Value;

use crate::reading::scan::{Progress, Scanner};

/// A value that was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Where it begins, in bytes from the start of the input.
    pub offset: u64,
    /// How many bytes it takes.
    pub len: usize,
    /// The value: an object or an array. Of equal keys in an object the last one counts.
    pub value: Value,
}

/// Bytes that are no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// Where they begin, in bytes from the start of the input.
    pub offset: u64,
    /// The bytes, white space within and behind them included.
    pub bytes: Bytes,
    /// What is wrong with them.
    pub reason: Reason,
}

/// Why bytes are no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// They begin like no object or array.
    NotAContainer,
    /// They break the grammar; the offset, within the reject, of the first byte that does (it may
    /// lie behind the reject's end when that byte begins the next value).
    Syntax(usize),
    /// The input ends inside them.
    Truncated,
    /// They follow the grammar, but are no Unicode, nest too deeply or hold a number too large.
    Invalid(String),
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAContainer => f.write_str("neither an object nor an array"),
            Self::Syntax(at) => write!(f, "not JSON from byte {at} on"),
            Self::Truncated => f.write_str("cut off at the end of the input"),
            Self::Invalid(why) => write!(f, "not readable: {why}"),
        }
    }
}

/// What was found so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    /// Values, in the order of the input.
    pub rows: Vec<Row>,
    /// Everything else, in the order of the input.
    pub rejected: Vec<Rejected>,
    /// Bytes of white space between them.
    pub blank: u64,
}

impl Found {
    /// Bytes accounted for.
    pub fn bytes(&self) -> u64 {
        let rows: usize = self.rows.iter().map(|row| row.len).sum();
        let rejected: usize = self.rejected.iter().map(|reject| reject.bytes.len()).sum();
        (rows + rejected) as u64 + self.blank
    }
}

/// Reads a whole input.
pub fn read(bytes: &[u8]) -> Found {
    let mut reader = Reader::default();
    reader.feed(bytes);
    reader.finish()
}

/// Reads an input that arrives in pieces, cut anywhere.
///
/// Holds no more of the input than the value or reject it is in.
#[derive(Debug, Default)]
pub struct Reader {
    /// Bytes of the input that are not accounted for yet.
    pending: Vec<u8>,
    /// Offset of the first of them.
    offset: u64,
    inside: Inside,
    found: Found,
}

/// What `pending` begins with.
#[derive(Debug, Default)]
enum Inside {
    #[default]
    Nothing,
    Value(Scanner, usize),
    /// A reject, and how many of its bytes are known to hold no way out.
    Reject(Reason, usize),
}

impl Reader {
    /// Takes the next piece.
    pub fn feed(&mut self, chunk: &[u8]) {
        self.pending.extend_from_slice(chunk);
        let pending = std::mem::take(&mut self.pending);
        let mut rest = pending.as_slice();
        while let Some(taken) = self.advance(rest) {
            self.offset += taken as u64;
            rest = rest.get(taken..).unwrap_or_default();
        }
        let done = pending.len() - rest.len();
        self.pending = pending;
        self.pending.drain(..done);
    }

    /// Takes what was found so far; reading goes on.
    pub fn take(&mut self) -> Found {
        std::mem::take(&mut self.found)
    }

    /// Ends the input.
    pub fn finish(mut self) -> Found {
        let pending = std::mem::take(&mut self.pending);
        match std::mem::take(&mut self.inside) {
            Inside::Nothing => {}
            Inside::Value(..) => self.reject(&pending, Reason::Truncated),
            Inside::Reject(reason, _) => self.reject(&pending, reason),
        }
        self.found
    }

    /// Accounts for some bytes at the start of `rest` and says how many, or `None` when more input
    /// is needed to decide.
    fn advance(&mut self, rest: &[u8]) -> Option<usize> {
        match std::mem::take(&mut self.inside) {
            Inside::Nothing => {
                let blank = rest.iter().take_while(|byte| is_blank(**byte)).count();
                self.found.blank += blank as u64;
                match rest.get(blank) {
                    Some(b'{' | b'[') => self.inside = Inside::Value(Scanner::default(), 0),
                    Some(_) => self.inside = Inside::Reject(Reason::NotAContainer, 0),
                    None if blank == 0 => return None,
                    None => {}
                }
                Some(blank)
            }
            Inside::Value(mut scanner, read) => {
                match scanner.read(rest.get(read..).unwrap_or_default()) {
                    Progress::Open => {
                        self.inside = Inside::Value(scanner, rest.len());
                        None
                    }
                    Progress::Complete(len) => {
                        self.complete(rest.get(..len).unwrap_or_default());
                        Some(len)
                    }
                    Progress::Wrong { at, restart } => {
                        let from = restart.unwrap_or(at);
                        self.inside = Inside::Reject(Reason::Syntax(at), from);
                        Some(0)
                    }
                }
            }
            Inside::Reject(reason, searched) => {
                let way_out = rest.iter().skip(searched).position(|byte| *byte == b'{');
                match way_out {
                    Some(at) => {
                        let len = searched + at;
                        self.reject(rest.get(..len).unwrap_or_default(), reason);
                        Some(len)
                    }
                    None => {
                        self.inside = Inside::Reject(reason, rest.len());
                        None
                    }
                }
            }
        }
    }

    fn complete(&mut self, bytes: &[u8]) {
        match serde_json::from_slice(bytes) {
            Ok(value) => self.found.rows.push(Row {
                offset: self.offset,
                len: bytes.len(),
                value,
            }),
            Err(error) => self.reject(bytes, Reason::Invalid(error.to_string())),
        }
    }

    fn reject(&mut self, bytes: &[u8], reason: Reason) {
        self.found.rejected.push(Rejected {
            offset: self.offset,
            bytes: Bytes::copy_from_slice(bytes),
            reason,
        });
    }
}

/// White space by JSON's grammar.
pub(super) fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

#[cfg(test)]
mod tests;
