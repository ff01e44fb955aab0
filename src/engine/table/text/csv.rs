//! OpenCSVSerDe: the rules of the Java library whose name it has, line by line.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::unsupported;
use crate::engine::error::Result;

/// Separator, quote and escape character.
#[derive(Debug)]
pub(super) struct Csv {
    separator: char,
    quote: char,
    escape: char,
}

impl Csv {
    pub fn new(parameters: &BTreeMap<String, String>) -> Result<Self> {
        let one = |key: &str, own: char| match parameters.get(key) {
            None => Ok(own),
            Some(text) => {
                let mut characters = text.chars();
                match (characters.next(), characters.next()) {
                    (None, _) => Ok(own),
                    (Some(c), None) => Ok(c),
                    _ => Err(unsupported(format!(
                        "the SerDe's property {key} is more than one character: `{text}`"
                    ))),
                }
            }
        };
        Ok(Self {
            separator: one("separatorChar", ',')?,
            quote: one("quoteChar", '"')?,
            escape: one("escapeChar", '\\')?,
        })
    }

    /// The fields of a line. Inside quotes the escape character and a second quote stand for what
    /// follows; a quote in the middle of a field is part of it; blanks before an opening quote are not.
    pub fn fields<'l>(&self, line: &str) -> Vec<Cow<'l, str>> {
        let characters: Vec<char> = line.chars().collect();
        let at = |place: usize| characters.get(place).copied();
        let mut fields = Vec::new();
        let mut field = String::new();
        let mut quoted = false;
        let mut place = 0;
        while let Some(c) = at(place) {
            let next = at(place + 1);
            if c == self.escape && c != self.quote {
                let escapes = quoted && next.is_some_and(|n| n == self.quote || n == self.escape);
                if escapes {
                    field.extend(next);
                    place += 1;
                }
            } else if c == self.quote {
                if quoted && next == Some(self.quote) {
                    field.push(c);
                    place += 1;
                } else {
                    quoted = !quoted;
                    let before = place.checked_sub(1).and_then(at);
                    let inside = place > 2
                        && before != Some(self.separator)
                        && next.is_some_and(|next| next != self.separator);
                    if inside {
                        if !field.is_empty() && field.chars().all(char::is_whitespace) {
                            field.clear();
                        } else {
                            field.push(c);
                        }
                    }
                }
            } else if c == self.separator && !quoted {
                fields.push(Cow::Owned(std::mem::take(&mut field)));
            } else {
                field.push(c);
            }
            place += 1;
        }
        fields.push(Cow::Owned(field));
        fields
    }
}
