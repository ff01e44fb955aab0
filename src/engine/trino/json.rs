//! JSON texts: reading them as Jackson does, writing them as Trino holds them, and casts from and to them.

mod casts;
pub mod path;
mod path_parser;

pub use casts::{can_cast_from, can_cast_to, from_value, to_value};

use super::text;

/// How deep a text may nest.
const MAX_DEPTH: usize = 1_000;

/// One JSON value. Numbers keep their text: whole ones as written, others as Java prints the double.
#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    /// `null`
    Null,
    /// `true`, `false`
    Boolean(bool),
    /// A number.
    Number(String),
    /// A text.
    Text(String),
    /// `[…]`
    Array(Vec<Json>),
    /// `{…}`, in the order of the text.
    Object(Vec<(String, Json)>),
}

impl Json {
    /// Reads a text; `None` when it is no JSON.
    pub fn parse(source: &str) -> Option<Self> {
        let mut reader = Reader {
            rest: source,
            depth: 0,
        };
        let value = reader.value()?;
        reader.blanks();
        reader.rest.is_empty().then_some(value)
    }

    /// Reads the value a text starts with, whatever follows it.
    pub fn parse_prefix(source: &str) -> Option<Self> {
        let mut reader = Reader {
            rest: source,
            depth: 0,
        };
        reader.value()
    }

    /// With the keys of every object in order and each once, as the type `json` holds them.
    #[must_use]
    pub fn sorted(self) -> Self {
        match self {
            Self::Array(items) => Self::Array(items.into_iter().map(Self::sorted).collect()),
            Self::Object(members) => {
                let mut members = last_of_each(members);
                members.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
                Self::Object(members.into_iter().map(|(k, v)| (k, v.sorted())).collect())
            }
            other => other,
        }
    }

    /// Whether it is neither an array nor an object.
    pub const fn is_scalar(&self) -> bool {
        !matches!(self, Self::Array(_) | Self::Object(_))
    }

    /// Whether it is a whole number as written.
    pub fn is_whole(&self) -> bool {
        matches!(self, Self::Number(text) if is_whole(text))
    }

    fn write(&self, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Boolean(b) => out.push_str(if *b { "true" } else { "false" }),
            Self::Number(text) if text.ends_with(['y', 'N']) => quote(text, out),
            Self::Number(text) => out.push_str(text),
            Self::Text(text) => quote(text, out),
            Self::Array(items) => {
                out.push('[');
                for (i, item) in items.iter().enumerate() {
                    if i > 0 {
                        out.push(',');
                    }
                    item.write(out);
                }
                out.push(']');
            }
            Self::Object(members) => {
                out.push('{');
                for (i, (key, value)) in members.iter().enumerate() {
                    if i > 0 {
                        out.push(',');
                    }
                    quote(key, out);
                    out.push(':');
                    value.write(out);
                }
                out.push('}');
            }
        }
    }
}

impl std::fmt::Display for Json {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut out = String::new();
        self.write(&mut out);
        f.write_str(&out)
    }
}

/// Of equal keys the last value, at the place of the first.
pub fn last_of_each(members: Vec<(String, Json)>) -> Vec<(String, Json)> {
    let mut at = std::collections::HashMap::with_capacity(members.len());
    let mut out: Vec<(String, Json)> = Vec::with_capacity(members.len());
    for (key, value) in members {
        match at.get(&key).and_then(|at: &usize| out.get_mut(*at)) {
            Some((_, have)) => *have = value,
            None => {
                at.insert(key.clone(), out.len());
                out.push((key, value));
            }
        }
    }
    out
}

fn is_whole(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit() || b == b'-')
}

fn quote(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c < ' ' => out.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
}

struct Reader<'a> {
    rest: &'a str,
    depth: usize,
}

impl<'a> Reader<'a> {
    fn blanks(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\n', '\r']);
    }

    fn take(&mut self, token: &str) -> bool {
        match self.rest.strip_prefix(token) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn word(&mut self, word: &str, value: Json) -> Option<Json> {
        let whole = self.take(word)
            && !self
                .rest
                .starts_with(|c: char| c.is_alphanumeric() || c == '_' || c == '$');
        whole.then_some(value)
    }

    fn value(&mut self) -> Option<Json> {
        self.blanks();
        match self.rest.chars().next()? {
            'n' => self.word("null", Json::Null),
            't' => self.word("true", Json::Boolean(true)),
            'f' => self.word("false", Json::Boolean(false)),
            '"' => self.text().map(Json::Text),
            '[' => self.nested(Self::array),
            '{' => self.nested(Self::object),
            _ => self.number(),
        }
    }

    fn nested(&mut self, read: fn(&mut Self) -> Option<Json>) -> Option<Json> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return None;
        }
        let value = read(self);
        self.depth -= 1;
        value
    }

    fn array(&mut self) -> Option<Json> {
        self.take("[");
        let mut items = Vec::new();
        self.blanks();
        if self.take("]") {
            return Some(Json::Array(items));
        }
        loop {
            items.push(self.value()?);
            self.blanks();
            if self.take("]") {
                return Some(Json::Array(items));
            }
            if !self.take(",") {
                return None;
            }
        }
    }

    fn object(&mut self) -> Option<Json> {
        self.take("{");
        let mut members = Vec::new();
        self.blanks();
        if self.take("}") {
            return Some(Json::Object(members));
        }
        loop {
            self.blanks();
            let key = self.text()?;
            self.blanks();
            if !self.take(":") {
                return None;
            }
            members.push((key, self.value()?));
            self.blanks();
            if self.take("}") {
                return Some(Json::Object(members));
            }
            if !self.take(",") {
                return None;
            }
        }
    }

    fn text(&mut self) -> Option<String> {
        if !self.take("\"") {
            return None;
        }
        let mut out = String::new();
        loop {
            let end = self.rest.find(|c: char| c == '"' || c == '\\' || c < ' ')?;
            let (plain, rest) = self.rest.split_at_checked(end)?;
            out.push_str(plain);
            self.rest = rest;
            if self.take("\"") {
                return Some(out);
            }
            if !self.take("\\") {
                return None;
            }
            let mut rest = self.rest.chars();
            let escaped = rest.next()?;
            self.rest = rest.as_str();
            out.push(match escaped {
                '"' | '\\' | '/' => escaped,
                'b' => '\u{8}',
                'f' => '\u{c}',
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                'u' => self.unicode()?,
                _ => return None,
            });
        }
    }

    fn unicode(&mut self) -> Option<char> {
        let first = self.hex()?;
        if !(0xD800..0xDC00).contains(&first) {
            // A lone surrogate cannot be held in UTF-8; Java would write it as a question mark.
            return Some(char::from_u32(first).unwrap_or('?'));
        }
        let before = self.rest;
        if self.take("\\u") {
            let second = self.hex()?;
            if (0xDC00..0xE000).contains(&second) {
                return char::from_u32(0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00));
            }
            self.rest = before;
        }
        Some('?')
    }

    fn hex(&mut self) -> Option<u32> {
        let (digits, rest) = self.rest.split_at_checked(4)?;
        if !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        self.rest = rest;
        u32::from_str_radix(digits, 16).ok()
    }

    fn digits(&mut self) -> Option<&'a str> {
        let end = self
            .rest
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(self.rest.len());
        let (digits, rest) = self.rest.split_at_checked(end)?;
        self.rest = rest;
        (!digits.is_empty()).then_some(digits)
    }

    fn number(&mut self) -> Option<Json> {
        let start = self.rest;
        self.take("-");
        let whole = self.digits()?;
        if whole.len() > 1 && whole.starts_with('0') {
            return None;
        }
        let mut float = false;
        if self.take(".") {
            self.digits()?;
            float = true;
        }
        if self.rest.starts_with(['e', 'E']) {
            self.rest = self.rest.get(1..)?;
            if !self.take("+") {
                self.take("-");
            }
            self.digits()?;
            float = true;
        }
        if self
            .rest
            .starts_with(|c: char| c.is_alphanumeric() || c == '_' || c == '.')
        {
            return None;
        }
        let written = start.get(..start.len() - self.rest.len())?;
        Some(Json::Number(if float {
            text::double_java(written.parse().ok()?)
        } else if written == "-0" {
            "0".into()
        } else {
            written.into()
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(source: &str, expected: Option<&str>) {
        let got = Json::parse(source).map(|json| json.sorted().to_string());
        assert_eq!(got.as_deref(), expected, "{source}");
    }

    #[test]
    fn texts_are_held_sorted_and_without_blanks() {
        check(" [1 , 2.50, -0, 1e3] ", Some("[1,2.5,0,1000.0]"));
        check(
            r#"{"b": [true, null], "a": "x\u00e9\n\/", "b": {}}"#,
            Some("{\"a\":\"xé\\n/\",\"b\":{}}"),
        );
        check("12345678901234567890", Some("12345678901234567890"));
        check(r#""\ud83d\ude00\u001f""#, Some("\"😀\\u001F\""));
    }

    #[test]
    fn what_is_no_json_is_refused() {
        for source in [
            "", "[1,]", "{a:1}", "01", "1.", "[1] x", "'x'", "nul", "\"\t\"", "[", "+1", "1x",
            "\"\\x\"", "NaN",
        ] {
            check(source, None);
        }
        assert_eq!(Json::parse(&"[".repeat(100_000)), None);
    }
}
