//! LazySimpleSerDe: fields between delimiters, parts of nested values between deeper ones.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::{text, unsupported};
use crate::engine::error::Result;
use crate::engine::table::json_value::Value;
use crate::glue::hive_type::HiveType;

/// What separates values, and what stands for NULL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delimiters {
    /// By depth: between fields, between the parts of an array, between keys and values, …
    separators: Vec<u8>,
    escape: Option<u8>,
    /// The text of NULL.
    pub null: String,
}

impl Delimiters {
    /// How many delimiters there are.
    pub const LEVELS: usize = 8;

    /// Hive's own delimiters, but for that between fields.
    pub fn fields(delimiter: u8) -> Self {
        let mut separators: Vec<u8> = (1..=8).collect();
        if let Some(first) = separators.first_mut() {
            *first = delimiter;
        }
        Self {
            separators,
            escape: None,
            null: "\\N".to_owned(),
        }
    }

    /// Those of a table's SerDe.
    ///
    /// # Errors
    /// A delimiter that is no single byte; an encoding other than UTF-8.
    pub fn of(parameters: &BTreeMap<String, String>) -> Result<Self> {
        let encoding = parameters.get("serialization.encoding");
        if let Some(other) =
            encoding.filter(|name| !["UTF-8", "UTF8"].contains(&name.to_ascii_uppercase().as_str()))
        {
            return Err(unsupported(format!(
                "serialization.encoding {other} is not executed by windfarm yet"
            )));
        }
        let given = |keys: &[&str]| -> Result<Option<u8>> {
            let found = keys.iter().find_map(|key| parameters.get(*key));
            found
                .filter(|text| !text.is_empty())
                .map(|text| byte(text))
                .transpose()
        };
        let mut delimiters = Self::fields(1);
        let levels = [
            given(&["field.delim", "serialization.format"])?,
            // Hive's own spelling first.
            given(&["colelction.delim", "collection.delim"])?,
            given(&["mapkey.delim"])?,
        ];
        for (own, given) in delimiters.separators.iter_mut().zip(levels) {
            *own = given.unwrap_or(*own);
        }
        delimiters.escape = given(&["escape.delim"])?;
        if let Some(null) = parameters.get("serialization.null.format") {
            delimiters.null.clone_from(null);
        }
        Ok(delimiters)
    }

    /// The delimiter at a depth, from 0.
    pub fn separator(&self, depth: usize) -> Option<u8> {
        self.separators.get(depth).copied()
    }

    /// Appends a scalar's text, its delimiters behind the escape character if there is one.
    pub fn escaped(&self, out: &mut Vec<u8>, text: &str) {
        let Some(escape) = self.escape else {
            return out.extend_from_slice(text.as_bytes());
        };
        for byte in text.bytes() {
            match byte {
                b'\n' => out.extend([escape, b'n']),
                b'\r' => out.extend([escape, b'r']),
                _ if byte == escape || self.separators.contains(&byte) => {
                    out.extend([escape, byte]);
                }
                _ => out.push(byte),
            }
        }
    }
}

/// A delimiter as Hive reads it: a number from -128 to 127, or else the first character.
fn byte(text: &str) -> Result<u8> {
    if let Ok(number) = text.parse::<i8>() {
        return Ok(u8::from_ne_bytes(number.to_ne_bytes()));
    }
    match text.chars().next().map(u8::try_from) {
        Some(Ok(byte)) if byte.is_ascii() && text.chars().count() == 1 => Ok(byte),
        _ => Err(unsupported(format!(
            "the delimiter `{text}` is not executed by windfarm: it is more than one byte"
        ))),
    }
}

/// The SerDe with its delimiters.
#[derive(Debug)]
pub(super) struct Lazy {
    delimiters: Delimiters,
    /// `serialization.last.column.takes.rest`
    last_takes_rest: bool,
}

impl Lazy {
    pub fn new(parameters: &BTreeMap<String, String>) -> Result<Self> {
        if parameters.contains_key("timestamp.formats") {
            return Err(unsupported(
                "the SerDe's property timestamp.formats is not executed by windfarm yet",
            ));
        }
        let last_takes_rest = parameters
            .get("serialization.last.column.takes.rest")
            .is_some_and(|value| value.eq_ignore_ascii_case("true"));
        Ok(Self {
            delimiters: Delimiters::of(parameters)?,
            last_takes_rest,
        })
    }

    pub fn row<'l>(&self, line: &'l str, columns: &[(String, HiveType)]) -> Vec<Value<'l>> {
        let most = if self.last_takes_rest {
            columns.len()
        } else {
            usize::MAX
        };
        self.parts(line, 0, most)
            .zip(columns)
            .map(|(field, (_, of))| self.value(field, of, 1))
            .collect()
    }

    /// The parts of a text at a depth, at most so many. A delimiter behind the escape character is none.
    fn parts<'l>(&self, text: &'l str, depth: usize, most: usize) -> Parts<'l> {
        Parts {
            rest: Some(text),
            separator: self.delimiters.separator(depth),
            escape: self.delimiters.escape,
            most,
        }
    }

    /// A part of a line as a value; `depth` is that of the delimiter inside it.
    fn value<'l>(&self, part: &'l str, of: &HiveType, depth: usize) -> Value<'l> {
        if part == self.delimiters.null {
            return Value::Null;
        }
        match of {
            HiveType::Array(item) if part.is_empty() && is_scalar(item) => Value::Array(Vec::new()),
            HiveType::Array(item) => Value::Array(
                self.parts(part, depth, usize::MAX)
                    .map(|part| self.value(part, item, depth + 1))
                    .collect(),
            ),
            HiveType::Map(_, item) => Value::Object(
                self.parts(part, depth, usize::MAX)
                    .filter(|entry| !entry.is_empty())
                    .map(|entry| {
                        let mut pair = self.parts(entry, depth + 1, 2);
                        let key = self.unescaped(pair.next().unwrap_or_default());
                        let value = pair.next();
                        let value =
                            value.map_or(Value::Null, |part| self.value(part, item, depth + 2));
                        (key, value)
                    })
                    .collect(),
            ),
            HiveType::Struct(members) => Value::Object(
                self.parts(part, depth, usize::MAX)
                    .zip(members)
                    .map(|(part, (name, of))| {
                        (Cow::Owned(name.clone()), self.value(part, of, depth + 1))
                    })
                    .collect(),
            ),
            _ => text(self.unescaped(part)),
        }
    }

    fn unescaped<'l>(&self, part: &'l str) -> Cow<'l, str> {
        let Some(escape) = self.delimiters.escape.map(char::from) else {
            return Cow::Borrowed(part);
        };
        if !part.contains(escape) {
            return Cow::Borrowed(part);
        }
        let mut out = String::with_capacity(part.len());
        let mut characters = part.chars();
        while let Some(c) = characters.next() {
            if c != escape {
                out.push(c);
                continue;
            }
            match characters.next() {
                Some('n') => out.push('\n'),
                Some('r') => out.push('\r'),
                Some(other) => out.push(other),
                None => out.push(c),
            }
        }
        Cow::Owned(out)
    }
}

fn is_scalar(of: &HiveType) -> bool {
    crate::engine::table::types::is_scalar(of)
}

struct Parts<'l> {
    rest: Option<&'l str>,
    separator: Option<u8>,
    escape: Option<u8>,
    most: usize,
}

impl<'l> Iterator for Parts<'l> {
    type Item = &'l str;

    fn next(&mut self) -> Option<&'l str> {
        let rest = self.rest?;
        self.most = self.most.saturating_sub(1);
        if self.most == 0 {
            self.rest = None;
            return Some(rest);
        }
        let mut skipped = false;
        for (at, byte) in rest.bytes().enumerate() {
            if skipped {
                skipped = false;
            } else if Some(byte) == self.escape {
                skipped = true;
            } else if Some(byte) == self.separator {
                self.rest = rest.get(at + 1..);
                return rest.get(..at);
            }
        }
        self.rest = None;
        Some(rest)
    }
}
