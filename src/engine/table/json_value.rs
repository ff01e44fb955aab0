//! Reading one JSON value the way the OpenX SerDe does: forgiving, and keeping numbers as text.
//!
//! What the SerDe accepts beyond JSON: single-quoted and unquoted strings, `=` and `=>` between name
//! and value, `;` between entries, missing array elements (NULL), and comments. Whatever follows the
//! first complete value is ignored: of `{…}{…}` on one line only the first object is seen. That is
//! why the objects Firehose writes without a delimiter read as one row a file in Athena.

use std::borrow::Cow;

/// A JSON value whose scalars are still text.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    /// `null`
    Null,
    /// Any other scalar.
    Text {
        /// The characters; escapes are resolved.
        text: Cow<'a, str>,
        /// Whether it stood in quotes: without them it is a number, a boolean or loose text.
        quoted: bool,
    },
    /// `[…]`
    Array(Vec<Value<'a>>),
    /// `{…}`: members in the order of their first appearance.
    Object(Vec<(Cow<'a, str>, Value<'a>)>),
}

/// Nesting beyond this is malformed, instead of exhausting the stack.
pub(super) const MAX_DEPTH: usize = 200;

/// Reads the first value of `text`; the error says what is wrong and at which byte.
pub fn read_first(text: &str) -> Result<Value<'_>, String> {
    let mut reader = Reader { text, at: 0 };
    reader
        .value(0)
        .map_err(|why| format!("{why} at character {}", reader.at.min(text.len()) + 1))
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn slice(&self, from: usize, to: usize) -> &'a str {
        self.text.get(from..to).unwrap_or("")
    }

    /// The next byte that is neither white space nor part of a comment; consumed.
    fn token(&mut self) -> Result<Option<u8>, String> {
        while let Some(byte) = self.peek() {
            self.at += 1;
            match byte {
                b' ' | b'\t' | b'\n' | b'\r' => {}
                b'#' => self.line_comment(),
                b'/' if self.peek() == Some(b'/') => self.line_comment(),
                b'/' if self.peek() == Some(b'*') => {
                    let rest = self.slice(self.at + 1, self.text.len());
                    let end = rest.find("*/").ok_or("a comment does not end")?;
                    self.at += end + 3;
                }
                other => return Ok(Some(other)),
            }
        }
        Ok(None)
    }

    fn line_comment(&mut self) {
        while let Some(byte) = self.peek() {
            self.at += 1;
            if matches!(byte, b'\n' | b'\r') {
                return;
            }
        }
    }

    fn value(&mut self, depth: usize) -> Result<Value<'a>, String> {
        if depth > MAX_DEPTH {
            return Err(format!("it nests deeper than {MAX_DEPTH}"));
        }
        match self.token()? {
            None => Err("the text ends".to_owned()),
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(quote @ (b'"' | b'\'')) => Ok(Value::Text {
                text: self.quoted(quote)?,
                quoted: true,
            }),
            Some(_) => {
                self.at -= 1;
                self.bare()
            }
        }
    }

    fn bare(&mut self) -> Result<Value<'a>, String> {
        let from = self.at;
        while let Some(byte) = self.peek() {
            if matches!(
                byte,
                b' ' | b'\r'
                    | b'\n'
                    | b'\t'
                    | 0x0c
                    | b'{'
                    | b'}'
                    | b'['
                    | b']'
                    | b'/'
                    | b'\\'
                    | b':'
                    | b','
                    | b'='
                    | b';'
                    | b'#'
            ) {
                break;
            }
            self.at += 1;
        }
        let text = self.slice(from, self.at);
        if text.is_empty() {
            Err("a value is missing".to_owned())
        } else if text.eq_ignore_ascii_case("null") {
            Ok(Value::Null)
        } else {
            Ok(Value::Text {
                text: Cow::Borrowed(text),
                quoted: false,
            })
        }
    }

    fn quoted(&mut self, quote: u8) -> Result<Cow<'a, str>, String> {
        let mut from = self.at;
        let mut decoded: Option<String> = None;
        loop {
            let Some(byte) = self.peek() else {
                return Err("a string does not end".to_owned());
            };
            self.at += 1;
            if byte == quote {
                let tail = self.slice(from, self.at - 1);
                return Ok(match decoded {
                    None => Cow::Borrowed(tail),
                    Some(mut text) => {
                        text.push_str(tail);
                        Cow::Owned(text)
                    }
                });
            }
            if byte == b'\\' {
                let head = self.slice(from, self.at - 1);
                let text = decoded.get_or_insert_default();
                text.push_str(head);
                let escaped = self.escape()?;
                decoded.get_or_insert_default().push(escaped);
                from = self.at;
            }
        }
    }

    fn escape(&mut self) -> Result<char, String> {
        let rest = self.slice(self.at, self.text.len());
        let escaped = rest.chars().next().ok_or("an escape does not end")?;
        self.at += escaped.len_utf8();
        Ok(match escaped {
            'u' => {
                let high = self.hex4()?;
                match high {
                    0xd800..=0xdbff if self.slice(self.at, self.at + 2) == "\\u" => {
                        let back = self.at;
                        self.at += 2;
                        let low = self.hex4()?;
                        if (0xdc00..=0xdfff).contains(&low) {
                            let code = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
                            char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)
                        } else {
                            self.at = back;
                            char::REPLACEMENT_CHARACTER
                        }
                    }
                    // A lone surrogate has no UTF-8 form.
                    code => char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER),
                }
            }
            't' => '\t',
            'b' => '\u{8}',
            'n' => '\n',
            'r' => '\r',
            'f' => '\u{c}',
            'a' => '\u{7}',
            other => other,
        })
    }

    fn hex4(&mut self) -> Result<u32, String> {
        let digits = self.slice(self.at, self.at + 4);
        if digits.len() != 4 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err("`\\u` is not followed by four hexadecimal digits".to_owned());
        }
        self.at += 4;
        u32::from_str_radix(digits, 16).map_err(|error| error.to_string())
    }

    fn object(&mut self, depth: usize) -> Result<Value<'a>, String> {
        let mut members: Vec<(Cow<'a, str>, Value<'a>)> = Vec::new();
        match self.token()? {
            Some(b'}') => return Ok(Value::Object(members)),
            Some(_) => self.at -= 1,
            None => return Err("an object does not end".to_owned()),
        }
        loop {
            let name = match self.value(depth + 1)? {
                Value::Text { text, .. } => text,
                _ => return Err("a member's name is not a string".to_owned()),
            };
            match self.token()? {
                Some(b':') => {}
                Some(b'=') => {
                    if self.peek() == Some(b'>') {
                        self.at += 1;
                    }
                }
                _ => return Err(format!("`:` is missing after \"{name}\"")),
            }
            let value = self.value(depth + 1)?;
            members.push((name, value));
            match self.token()? {
                Some(b'}') => return Ok(Value::Object(members)),
                Some(b',' | b';') => {}
                _ => return Err("an object does not end".to_owned()),
            }
        }
    }

    fn array(&mut self, depth: usize) -> Result<Value<'a>, String> {
        let mut elements = Vec::new();
        let mut after_separator = false;
        loop {
            match self.token()? {
                None => return Err("an array does not end".to_owned()),
                Some(b']') => {
                    if after_separator {
                        elements.push(Value::Null);
                    }
                    return Ok(Value::Array(elements));
                }
                Some(b',' | b';') => {
                    elements.push(Value::Null);
                    after_separator = true;
                }
                Some(_) => {
                    self.at -= 1;
                    elements.push(self.value(depth + 1)?);
                    match self.token()? {
                        Some(b']') => return Ok(Value::Array(elements)),
                        Some(b',' | b';') => after_separator = true,
                        _ => return Err("an array does not end".to_owned()),
                    }
                }
            }
        }
    }
}

impl Value<'_> {
    /// The value as the SerDe puts it into a string column.
    pub fn to_text(&self) -> Cow<'_, str> {
        match self {
            Self::Null => Cow::Borrowed("null"),
            Self::Text { text, quoted: true } => Cow::Borrowed(text),
            Self::Text {
                text,
                quoted: false,
            } => canonical(text),
            _ => {
                let mut out = String::new();
                self.write(&mut out);
                Cow::Owned(out)
            }
        }
    }

    fn write(&self, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Text {
                text,
                quoted: false,
            } if is_literal(text) => out.push_str(&canonical(text)),
            Self::Text { text, .. } => write_string(text, out),
            Self::Array(elements) => {
                out.push('[');
                for (at, element) in elements.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    element.write(out);
                }
                out.push(']');
            }
            Self::Object(members) => {
                out.push('{');
                for (at, (name, value)) in members.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    write_string(name, out);
                    out.push(':');
                    value.write(out);
                }
                out.push('}');
            }
        }
    }
}

fn is_literal(text: &str) -> bool {
    text.eq_ignore_ascii_case("true")
        || text.eq_ignore_ascii_case("false")
        || parse_integer(text).is_some()
        || Decimal::parse(text).is_some()
}

/// Booleans in lower case, numbers in plain decimal, other loose text as it is.
fn canonical(text: &str) -> Cow<'_, str> {
    if text.eq_ignore_ascii_case("true") {
        return Cow::Borrowed("true");
    }
    if text.eq_ignore_ascii_case("false") {
        return Cow::Borrowed("false");
    }
    if let Some(number) = parse_integer(text) {
        return Cow::Owned(number.to_string());
    }
    Decimal::parse(text).map_or(Cow::Borrowed(text), |number| Cow::Owned(number.to_string()))
}

fn write_string(text: &str, out: &mut String) {
    out.push('"');
    let mut previous = '\0';
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            '/' => {
                if previous == '<' {
                    out.push('\\');
                }
                out.push('/');
            }
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\u{c}' => out.push_str("\\f"),
            c if c < ' ' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
        previous = c;
    }
    out.push('"');
}

/// A 64-bit integer in decimal, hexadecimal (`0x1f`) or octal (`017`).
pub fn parse_integer(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    match bytes {
        [b'0', b'x' | b'X', digit, ..] if digit.is_ascii_hexdigit() => {
            i64::from_str_radix(text.get(2..)?, 16).ok()
        }
        [b'0', b'0'..=b'7', ..] => i64::from_str_radix(text.get(1..)?, 8).ok(),
        _ => text.parse().ok(),
    }
}

/// A decimal number of any length: `digits × 10^-scale`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decimal {
    negative: bool,
    /// Digits without leading zeros; `0` for zero.
    digits: String,
    scale: i64,
}

impl Decimal {
    /// Parses `[+-]digits[.digits][e±digits]`.
    pub fn parse(text: &str) -> Option<Self> {
        let (negative, rest) = match text.as_bytes().first()? {
            b'-' => (true, text.get(1..)?),
            b'+' => (false, text.get(1..)?),
            _ => (false, text),
        };
        let (mantissa, exponent) = match rest.find(['e', 'E']) {
            Some(at) => (rest.get(..at)?, rest.get(at + 1..)?.parse::<i32>().ok()?),
            None => (rest, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        if whole.len() + fraction.len() == 0
            || !whole
                .bytes()
                .chain(fraction.bytes())
                .all(|b| b.is_ascii_digit())
        {
            return None;
        }
        let all = format!("{whole}{fraction}");
        let digits = all.trim_start_matches('0');
        Some(Self {
            negative,
            digits: if digits.is_empty() {
                "0".to_owned()
            } else {
                digits.to_owned()
            },
            scale: i64::try_from(fraction.len()).ok()? - i64::from(exponent),
        })
    }

    /// The number as an integer of `scale` decimal places, rounded half up (away from zero), if it
    /// fits `precision` digits.
    pub fn scaled(&self, precision: u8, scale: i8) -> Option<i128> {
        let shift = i64::from(scale) - self.scale;
        let mut digits = self.digits.clone();
        let mut round_up = false;
        if shift >= 0 {
            if self.digits != "0" {
                if shift > 40 {
                    return None;
                }
                digits.extend(std::iter::repeat_n('0', usize::try_from(shift).ok()?));
            }
        } else {
            let cut = usize::try_from(-shift).ok()?;
            let keep = digits.len().checked_sub(cut);
            round_up = keep
                .and_then(|at| digits.as_bytes().get(at))
                .is_some_and(|digit| *digit >= b'5');
            digits.truncate(keep.unwrap_or(0));
        }
        if digits.len() > 38 {
            return None;
        }
        let mut value: i128 = if digits.is_empty() {
            0
        } else {
            digits.parse().ok()?
        };
        value += i128::from(round_up);
        if value >= 10i128.checked_pow(u32::from(precision))? {
            return None;
        }
        Some(if self.negative { -value } else { value })
    }

    /// The number cut to whole, if it fits 64 bits.
    pub fn truncated(&self) -> Option<i64> {
        let digits = if self.scale > 0 {
            let keep = self
                .digits
                .len()
                .checked_sub(usize::try_from(self.scale).ok()?);
            keep.and_then(|keep| self.digits.get(..keep))
                .unwrap_or("")
                .to_owned()
        } else if self.digits == "0" {
            String::new()
        } else if self.scale < -20 {
            return None;
        } else {
            format!(
                "{}{}",
                self.digits,
                "0".repeat(usize::try_from(-self.scale).ok()?)
            )
        };
        let sign = if self.negative { "-" } else { "" };
        if digits.is_empty() {
            return Some(0);
        }
        format!("{sign}{digits}").parse().ok()
    }

    /// Whether it has no fraction.
    pub fn is_whole(&self) -> bool {
        if self.scale <= 0 || self.digits == "0" {
            return true;
        }
        usize::try_from(self.scale).is_ok_and(|scale| {
            self.digits.len() > scale
                && self
                    .digits
                    .get(self.digits.len() - scale..)
                    .is_some_and(|f| f.bytes().all(|b| b == b'0'))
        })
    }
}

/// As Java's `BigDecimal` prints: plain, or scientific when the exponent is large.
impl std::fmt::Display for Decimal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let length = i64::try_from(self.digits.len()).unwrap_or(i64::MAX);
        let adjusted = length - 1 - self.scale;
        if self.negative && self.digits != "0" {
            f.write_str("-")?;
        }
        if self.scale >= 0 && adjusted >= -6 {
            let scale = usize::try_from(self.scale).unwrap_or(0);
            if scale == 0 {
                return f.write_str(&self.digits);
            }
            let padded = format!("{:0>width$}", self.digits, width = scale + 1);
            let (whole, fraction) = padded.split_at(padded.len() - scale);
            return write!(f, "{whole}.{fraction}");
        }
        let (first, rest) = self.digits.split_at(1);
        f.write_str(first)?;
        if !rest.is_empty() {
            write!(f, ".{rest}")?;
        }
        write!(f, "E{}{adjusted}", if adjusted >= 0 { "+" } else { "" })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, canonical: &str) {
        let value = read_first(text).unwrap();
        assert_eq!(value.to_text(), canonical, "{text}");
    }

    #[test]
    fn only_the_first_value_of_a_line_is_read() {
        check(r#"{"a": 1}{"a": 2}"#, r#"{"a":1}"#);
        check(r#"  [1, 2] trailing"#, "[1,2]");
    }

    #[test]
    fn what_the_serde_forgives_is_read() {
        check("{a=1; 'b' => x /* c */}# end", r#"{"a":1,"b":"x"}"#);
    }

    #[test]
    fn scalars_keep_their_text_until_a_column_wants_it() {
        check(
            "[0.8410915648541823, 010, 0x1F, 1e3, TRUE, null, .5, 1E-10]",
            r#"[0.8410915648541823,8,31,1E+3,true,null,0.5,1E-10]"#,
        );
        check(r#""a\u00e9\ud83d\ude00\n""#, "aé😀\n");
        check("[1,,2,]", "[1,null,2,null]");
        check(r#"{"x": "</b>"}"#, r#"{"x":"<\/b>"}"#);
    }

    #[test]
    fn malformed_text_says_what_and_where() {
        for (bad, why) in [
            (r#"{"a": 1"#, "an object does not end at character 8"),
            (r#"{"a" 1}"#, "`:` is missing after \"a\" at character 7"),
            (r#"["x"#, "a string does not end"),
            (r#""\u12"#, "four hexadecimal digits"),
            ("", "the text ends"),
        ] {
            let error = read_first(bad).unwrap_err();
            assert!(error.contains(why), "{bad}: {error}");
        }
        assert!(read_first(&"[".repeat(1_000_000)).is_err());
    }

    #[test]
    fn decimals_scale_and_truncate() {
        let parse = |text: &str| Decimal::parse(text).unwrap();
        assert_eq!(parse("12.345").scaled(10, 2), Some(1235));
        assert_eq!(parse("-12.345").scaled(10, 2), Some(-1235));
        assert_eq!(parse("0.004").scaled(10, 2), Some(0));
        assert_eq!(parse("0.05").scaled(3, 1), Some(1));
        assert_eq!(parse("1e2").scaled(5, 2), Some(10000));
        assert_eq!(parse("1e9").scaled(5, 2), None);
        assert_eq!(parse("99.95").scaled(3, 1), None, "rounding up overflows");
        assert_eq!(parse("79.9").truncated(), Some(79));
        assert_eq!(parse("1e2").truncated(), Some(100));
        assert_eq!(parse("1e30").truncated(), None);
        assert!(parse("79.0").is_whole() && !parse("0.5").is_whole());
        for bad in ["", "-", "e5", "1.2.3", "nan", "0x1"] {
            assert!(Decimal::parse(bad).is_none(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn any_json_reads_as_serde_json_reads_it(text in r#"[\[\]{}:,"a-c0-9\\ .e\-]{0,40}"#) {
            // Never panics; and what is JSON is accepted.
            let own = read_first(&text);
            if serde_json::from_str::<serde_json::Value>(&text).is_ok() {
                prop_assert!(own.is_ok(), "{text:?}: {own:?}");
            }
        }

        #[test]
        fn strings_come_back_from_their_json_form(text in any::<String>()) {
            let json = serde_json::to_string(&text).unwrap();
            let value = read_first(&json).unwrap();
            prop_assert_eq!(value.to_text(), text);
        }
    }
}
