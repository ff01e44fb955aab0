//! Java's regular expressions, in which the API model writes its patterns, as Rust's.
//!
//! AWS asks `Matcher.matches()`: the whole text must match. Differences that matter here: Java's
//! `\w \d \s` are ASCII, its `.` stops at more line ends, its sources spell supplementary characters
//! as surrogate pairs, and it has look-around, which Rust's linear-time engine lacks on purpose. A
//! negative look-ahead at the beginning of an alternative, the form most patterns use, becomes a
//! second expression; what remains inexpressible is not checked, and a test lists it by name.

use std::fmt;
use std::iter::Peekable;
use std::str::Chars;
use std::sync::OnceLock;

use regex::Regex;

/// A pattern of the API model. Compiled when first used.
pub struct Pattern {
    source: String,
    compiled: OnceLock<Option<Vec<Alternative>>>,
}

/// `(?!refuse)accept`.
#[derive(Debug)]
struct Alternative {
    refuse: Option<Regex>,
    accept: Regex,
}

impl Pattern {
    /// Keeps the source; nothing is compiled yet.
    pub fn new(source: &str) -> Self {
        Self {
            source: source.to_owned(),
            compiled: OnceLock::new(),
        }
    }

    /// The pattern as AWS writes it, for messages.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Whether the whole text matches. True as well when the pattern cannot be expressed here:
    /// a request must not be refused for our own engine's sake.
    pub fn matches(&self, text: &str) -> bool {
        self.alternatives().is_none_or(|alternatives| {
            alternatives.iter().any(|a| {
                a.accept.is_match(text) && !a.refuse.as_ref().is_some_and(|r| r.is_match(text))
            })
        })
    }

    /// Whether the pattern is checked at all.
    pub fn is_expressible(&self) -> bool {
        self.alternatives().is_some()
    }

    fn alternatives(&self) -> Option<&[Alternative]> {
        self.compiled
            .get_or_init(|| compile(&self.source))
            .as_deref()
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pattern({:?})", self.source)
    }
}

fn compile(source: &str) -> Option<Vec<Alternative>> {
    top_level_alternatives(source)
        .into_iter()
        .map(|alternative| {
            let body = alternative.strip_prefix('^').unwrap_or(alternative);
            let (refuse, accept) = match body.strip_prefix("(?!") {
                Some(rest) => {
                    let end = closing_parenthesis(rest)?;
                    (rest.get(..end), rest.get(end + 1..)?)
                }
                None => (None, body),
            };
            let refuse = match refuse {
                Some(refuse) => Some(Regex::new(&format!(r"\A(?:{})", translate(refuse)?)).ok()?),
                None => None,
            };
            let accept = Regex::new(&format!(r"\A(?:{})\z", translate(accept)?)).ok()?;
            Some(Alternative { refuse, accept })
        })
        .collect()
}

/// Splits at `|` outside groups and classes.
fn top_level_alternatives(source: &str) -> Vec<&str> {
    let (mut parts, mut start) = (Vec::new(), 0);
    for (at, c, depth) in structure(source) {
        if c == '|' && depth == 0 {
            parts.extend(source.get(start..at));
            start = at + 1;
        }
    }
    parts.extend(source.get(start..));
    parts
}

/// Where the group that was opened before `rest` closes.
fn closing_parenthesis(rest: &str) -> Option<usize> {
    structure(rest)
        .find(|(_, c, depth)| *c == ')' && *depth == -1)
        .map(|(at, _, _)| at)
}

/// The unescaped `(`, `)` and `|` outside classes, each with the group depth after it.
fn structure(source: &str) -> impl Iterator<Item = (usize, char, i32)> {
    let (mut escaped, mut classes, mut depth) = (false, 0, 0);
    source.char_indices().filter_map(move |(at, c)| {
        if std::mem::take(&mut escaped) {
            return None;
        }
        match c {
            '\\' => escaped = true,
            '[' => classes += 1,
            ']' if classes > 0 => classes -= 1,
            _ if classes > 0 => {}
            '(' => depth += 1,
            ')' => depth -= 1,
            '|' => {}
            _ => return None,
        }
        (classes == 0 && matches!(c, '(' | ')' | '|')).then_some((at, c, depth))
    })
}

/// The expression in Rust's syntax; `None` where it has no equivalent.
fn translate(java: &str) -> Option<String> {
    let mut out = String::with_capacity(java.len() * 2);
    let mut chars = java.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match escape(&mut chars)? {
                Escape::Char(c) => literal(&mut out, c),
                Escape::Set(set) => {
                    out.push('[');
                    out.push_str(&set);
                    out.push(']');
                }
            },
            '[' => class(&mut chars, &mut out)?,
            '.' => out.push_str(r"[^\n\r\x{85}\x{2028}\x{2029}]"),
            '(' => {
                out.push('(');
                if chars.peek() == Some(&'?') {
                    chars.next();
                    // Look-around and inline flags have no counterpart; `(?:` has.
                    if chars.next() != Some(':') {
                        return None;
                    }
                    out.push_str("?:");
                }
            }
            '^' => out.push_str(r"\A"),
            '$' => out.push_str(r"\z"),
            ')' | '|' | '*' | '+' | '?' | '{' | '}' | ',' => out.push(c),
            c => literal(&mut out, c),
        }
    }
    Some(out)
}

enum Escape {
    Char(char),
    /// The inside of a character class.
    Set(String),
}

/// What follows a backslash.
fn escape(chars: &mut Peekable<Chars<'_>>) -> Option<Escape> {
    let set = |text: &str| Some(Escape::Set(text.to_owned()));
    match chars.next()? {
        'w' => set("0-9A-Za-z_"),
        'd' => set("0-9"),
        's' => set(r"\t\n\x0B\f\r\x20"),
        'S' => set(r"[^\t\n\x0B\f\r\x20]"),
        'W' => set("[^0-9A-Za-z_]"),
        'D' => set("[^0-9]"),
        't' => Some(Escape::Char('\t')),
        'n' => Some(Escape::Char('\n')),
        'r' => Some(Escape::Char('\r')),
        'f' => Some(Escape::Char('\x0c')),
        'x' => hex(chars, 2).and_then(char::from_u32).map(Escape::Char),
        'u' => {
            let unit = hex(chars, 4)?;
            if !(0xD800..0xDC00).contains(&unit) {
                // A lone trailing surrogate can never occur in a Rust string: as the end of a
                // range it may be replaced by its neighbour outside the gap.
                return char::from_u32(unit)
                    .or((unit == 0xDFFF).then_some('\u{E000}'))
                    .map(Escape::Char);
            }
            (chars.next() == Some('\\') && chars.next() == Some('u')).then_some(())?;
            let low = hex(chars, 4)?
                .checked_sub(0xDC00)
                .filter(|low| *low < 0x400)?;
            char::from_u32(0x1_0000 + ((unit - 0xD800) << 10) + low).map(Escape::Char)
        }
        'p' => {
            (chars.next() == Some('{')).then_some(())?;
            let name: String = chars.by_ref().take_while(|c| *c != '}').collect();
            matches!(
                name.as_str(),
                "L" | "N" | "P" | "Z" | "S" | "M" | "Lu" | "Ll"
            )
            .then(|| Escape::Set(format!(r"\p{{{name}}}")))
        }
        c if c.is_ascii_alphanumeric() => None,
        c => Some(Escape::Char(c)),
    }
}

fn hex(chars: &mut Peekable<Chars<'_>>, digits: usize) -> Option<u32> {
    (0..digits).try_fold(0, |value, _| Some(value * 16 + chars.next()?.to_digit(16)?))
}

/// A bracketed class, behind its `[`.
fn class(chars: &mut Peekable<Chars<'_>>, out: &mut String) -> Option<()> {
    out.push('[');
    if chars.peek() == Some(&'^') {
        chars.next();
        out.push('^');
    }
    let mut empty = true;
    loop {
        let first = match chars.next()? {
            ']' if !empty => break,
            '[' => {
                class(chars, out)?;
                empty = false;
                continue;
            }
            '&' if chars.peek() == Some(&'&') => return None,
            '\\' => match escape(chars)? {
                Escape::Char(c) => c,
                Escape::Set(set) => {
                    out.push_str(&set);
                    empty = false;
                    continue;
                }
            },
            c => c,
        };
        empty = false;
        literal(out, first);
        // `a-z` is a range unless the hyphen is the last character or a set follows it.
        let mut ahead = chars.clone();
        if ahead.next() != Some('-') {
            continue;
        }
        let last = match ahead.next()? {
            ']' | '[' => continue,
            '\\' => match escape(&mut ahead)? {
                Escape::Char(c) => c,
                Escape::Set(_) => continue,
            },
            c => c,
        };
        *chars = ahead;
        out.push('-');
        literal(out, last);
    }
    out.push(']');
    Some(())
}

/// A character that stands for itself, wherever it stands.
fn literal(out: &mut String, c: char) {
    if c.is_ascii_alphanumeric() {
        out.push(c);
    } else {
        out.push_str(&format!(r"\x{{{:X}}}", u32::from(c)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::model::Facts;
    use crate::wire::service::Service;

    #[track_caller]
    fn check(pattern: &str, accepted: &[&str], refused: &[&str]) {
        let pattern = Pattern::new(pattern);
        assert!(pattern.is_expressible(), "{pattern:?}");
        for text in accepted {
            assert!(pattern.matches(text), "{pattern:?} must accept {text:?}");
        }
        for text in refused {
            assert!(!pattern.matches(text), "{pattern:?} must refuse {text:?}");
        }
    }

    #[test]
    fn the_whole_text_must_match() {
        check(
            "[a-zA-Z0-9_.-]+",
            &["wind.farm-1_x"],
            &["", "a b", "ä", "a\n"],
        );
        check("^$|[a-zA-Z/_]+", &["", "America/Sao_Paulo"], &["1"]);
        check("[^:*]*", &["", "a\nb"], &["a:b"]);
        check(r"^\S+$", &["ok", "ü"], &["", "a b"]);
        check(
            r"\d{12}",
            &["000000000000"],
            &["١٢٣٤٥٦٧٨٩٠١٢", "1234567890123"],
        );
    }

    #[test]
    fn dots_stop_at_line_ends_and_words_are_ascii() {
        check(".*", &["any ü"], &["a\nb", "a\rb", "a\u{2028}b"]);
        check(r"[\w+=,.@-]+", &["a+b=c,d.e@f-g"], &["é", "a b"]);
        check(r"[\s\S]*", &["", "a\nb😀"], &[]);
        check("[a-zA-Z0-9-_$#.]+", &["a-b_$#."], &["a b"]);
    }

    #[test]
    fn surrogate_pairs_mean_one_character() {
        check(
            r"[\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF\t]*",
            &["tab\t", "😀", "ü"],
            &["a\nb"],
        );
        check(r"[\u0001-\uFFFF]*", &["abc"], &["\0", "😀"]);
    }

    #[test]
    fn a_leading_look_ahead_is_checked() {
        check(r"^(?!\s*$).+", &["a", " a"], &["", "  "]);
        check(
            r"^(?!aws:)[\p{L}\p{Z}\p{N}_.:\/=+\-@%]*$",
            &["site", "Größe"],
            &["aws:x", "a*"],
        );
        check(
            r"^(?![0-9_])\w+$|^_\w*[a-zA-Z0-9]\w*$",
            &["abc", "_a"],
            &["1a", "__"],
        );
    }

    #[test]
    fn what_cannot_be_expressed_is_known_by_name() {
        let mut unchecked: Vec<String> = Vec::new();
        for service in Service::ALL {
            for shape in Facts::of(service).shapes() {
                if shape.pattern.as_ref().is_some_and(|p| !p.is_expressible()) {
                    unchecked.push(format!("{service}.{}", shape.name));
                }
            }
        }
        assert_eq!(
            unchecked,
            ["firehose.ClusterJDBCURL", "iam.accountAliasType"]
        );
    }
}
