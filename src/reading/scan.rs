//! Finds where a JSON object or array ends, one byte at a time and strictly by the grammar.
//!
//! Counting braces would find the end of well-formed values as well, but would only notice that a
//! record was cut off many records later. The grammar notices at the first byte that cannot follow.
//! Nesting is kept on the heap, so no input can overflow the stack.

use crate::reading::json_stream::is_blank;

/// Reads one object or array, from its first byte on.
#[derive(Clone, Debug)]
pub(super) struct Scanner {
    state: State,
    /// Open containers, outermost first; true for an object.
    open: Vec<bool>,
    /// Bytes read.
    read: usize,
    /// Where the string being read, or just read, has a `{` as its last visible byte.
    brace: Option<usize>,
}

/// What the bytes read so far are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// The beginning of a value.
    Open,
    /// A whole value of this many bytes.
    Complete(usize),
    /// No value.
    Wrong {
        /// Where the first byte stands that cannot follow.
        at: usize,
        /// Where another value probably begins, if that is before `at`: when a value is cut off
        /// inside a string and the next one follows, the next one's `{"` ends that string.
        restart: Option<usize>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Start,
    Value,
    ValueOrEnd,
    Key,
    KeyOrEnd,
    Colon,
    AfterValue,
    String { key: bool },
    Escape { key: bool },
    Hex { key: bool, left: u8 },
    Minus,
    Zero,
    Integer,
    Point,
    Fraction,
    Exponent,
    ExponentSign,
    ExponentDigits,
    Literal(&'static [u8]),
}

impl Default for Scanner {
    fn default() -> Self {
        Self {
            state: State::Start,
            open: Vec::new(),
            read: 0,
            brace: None,
        }
    }
}

impl Scanner {
    /// Reads on. `bytes` is what follows what was read before.
    pub(super) fn read(&mut self, bytes: &[u8]) -> Progress {
        for byte in bytes {
            match self.step(*byte) {
                Some(State::AfterValue) if self.open.is_empty() => {
                    return Progress::Complete(self.read + 1);
                }
                Some(state) => self.state = state,
                None => {
                    return Progress::Wrong {
                        at: self.read,
                        restart: self.brace,
                    };
                }
            }
            self.read += 1;
        }
        Progress::Open
    }

    /// The state after `byte`, or `None` when it cannot stand here.
    fn step(&mut self, byte: u8) -> Option<State> {
        match self.state {
            State::String { key } => self.in_string(byte, key),
            State::Escape { key } => match byte {
                b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => {
                    Some(State::String { key })
                }
                b'u' => Some(State::Hex { key, left: 4 }),
                _ => None,
            },
            State::Hex { key, left } if byte.is_ascii_hexdigit() => Some(match left {
                1 => State::String { key },
                _ => State::Hex {
                    key,
                    left: left - 1,
                },
            }),
            State::Hex { .. } => None,
            State::Literal([next]) => (byte == *next).then_some(State::AfterValue),
            State::Literal([next, rest @ ..]) if byte == *next => Some(State::Literal(rest)),
            State::Literal(_) => None,
            State::Minus => match byte {
                b'0' => Some(State::Zero),
                b'1'..=b'9' => Some(State::Integer),
                _ => None,
            },
            State::Point | State::Fraction if byte.is_ascii_digit() => Some(State::Fraction),
            State::Exponent if matches!(byte, b'+' | b'-') => Some(State::ExponentSign),
            State::Exponent | State::ExponentSign | State::ExponentDigits
                if byte.is_ascii_digit() =>
            {
                Some(State::ExponentDigits)
            }
            State::Point | State::Exponent | State::ExponentSign => None,
            State::Integer if byte.is_ascii_digit() => Some(State::Integer),
            State::Zero | State::Integer if byte == b'.' => Some(State::Point),
            State::Zero | State::Integer | State::Fraction if matches!(byte, b'e' | b'E') => {
                Some(State::Exponent)
            }
            // A number ends where something else begins.
            State::Zero | State::Integer | State::Fraction | State::ExponentDigits => {
                self.state = State::AfterValue;
                self.between(byte)
            }
            _ => self.between(byte),
        }
    }

    fn in_string(&mut self, byte: u8, key: bool) -> Option<State> {
        match byte {
            b'"' if key => return Some(State::Colon),
            b'"' => return Some(State::AfterValue),
            b'{' => self.brace = Some(self.read),
            b'\\' => {
                self.brace = None;
                return Some(State::Escape { key });
            }
            // Control characters have to be escaped; a line end here means a cut-off record.
            0..0x20 => {
                self.brace = None;
                return None;
            }
            b' ' => {}
            _ => self.brace = None,
        }
        Some(State::String { key })
    }

    /// The state after a byte that stands between values, keys and punctuation.
    fn between(&mut self, byte: u8) -> Option<State> {
        if is_blank(byte) && self.state != State::Start {
            return Some(self.state);
        }
        let next = match (self.state, byte) {
            (State::Start | State::Value | State::ValueOrEnd, b'{') => {
                self.open.push(true);
                State::KeyOrEnd
            }
            (State::Start | State::Value | State::ValueOrEnd, b'[') => {
                self.open.push(false);
                State::ValueOrEnd
            }
            (State::KeyOrEnd, b'}') | (State::ValueOrEnd, b']') => {
                self.open.pop();
                State::AfterValue
            }
            (State::AfterValue, b'}' | b']') => {
                if self.open.pop()? != (byte == b'}') {
                    return None;
                }
                State::AfterValue
            }
            (State::AfterValue, b',') => match self.open.last()? {
                true => State::Key,
                false => State::Value,
            },
            (State::Key | State::KeyOrEnd, b'"') => State::String { key: true },
            (State::Colon, b':') => State::Value,
            (State::Value | State::ValueOrEnd, b'"') => State::String { key: false },
            (State::Value | State::ValueOrEnd, b'-') => State::Minus,
            (State::Value | State::ValueOrEnd, b'0') => State::Zero,
            (State::Value | State::ValueOrEnd, b'1'..=b'9') => State::Integer,
            (State::Value | State::ValueOrEnd, b't') => State::Literal(b"rue"),
            (State::Value | State::ValueOrEnd, b'f') => State::Literal(b"alse"),
            (State::Value | State::ValueOrEnd, b'n') => State::Literal(b"ull"),
            _ => return None,
        };
        self.brace = None;
        Some(next)
    }
}
