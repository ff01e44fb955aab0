//! Text into tokens, as Hive's grammar cuts them: backquoted names, both kinds of quotes for texts,
//! backslash escapes, `--` comments. A block comment is none (measured on Athena).

/// What a token is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Unquoted word or number: keyword, identifier or digits.
    Word,
    /// `` `…` ``, with doubled backquotes resolved.
    Name(String),
    /// `'…'` or `"…"`, with escapes resolved.
    Text(String),
    /// A single character of its own.
    Symbol,
    /// End of the text.
    End,
}

/// A token with its text as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub kind: Kind,
    /// As written; `<EOF>` at the end.
    pub text: String,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 0 as Hive counts.
    pub column: u32,
}

impl Token {
    pub fn is_word(&self, keyword: &str) -> bool {
        self.kind == Kind::Word && self.text.eq_ignore_ascii_case(keyword)
    }

    pub fn is_symbol(&self, symbol: char) -> bool {
        self.kind == Kind::Symbol && self.text.starts_with(symbol)
    }

    /// Whether it is a text in double quotes, which Trino would take for a name.
    pub fn is_double_quoted(&self) -> bool {
        matches!(self.kind, Kind::Text(_)) && self.text.starts_with('"')
    }
}

struct Cursor<'a> {
    rest: std::str::Chars<'a>,
    line: u32,
    column: u32,
}

impl Cursor<'_> {
    fn peek(&self) -> Option<char> {
        self.rest.clone().next()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.rest.next()?;
        if c == '\n' {
            self.line += 1;
            self.column = 0;
        } else {
            self.column += 1;
        }
        Some(c)
    }
}

fn is_word_part(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// Cuts the whole text; the last token is always [`Kind::End`].
pub(super) fn tokens(sql: &str) -> Vec<Token> {
    let mut cursor = Cursor {
        rest: sql.chars(),
        line: 1,
        column: 0,
    };
    let mut out = Vec::new();
    while let Some(c) = cursor.peek() {
        let (line, column) = (cursor.line, cursor.column);
        if c.is_whitespace() {
            cursor.next();
            continue;
        }
        if cursor.rest.as_str().starts_with("--") {
            while cursor.peek().is_some_and(|c| c != '\n') {
                cursor.next();
            }
            continue;
        }
        let before = cursor.rest.as_str();
        let kind = match c {
            '`' => quoted_name(&mut cursor),
            '\'' | '"' => quoted_text(&mut cursor, c),
            c if is_word_part(c) => {
                while cursor.peek().is_some_and(is_word_part) {
                    cursor.next();
                }
                Kind::Word
            }
            _ => {
                cursor.next();
                Kind::Symbol
            }
        };
        let length = before.len() - cursor.rest.as_str().len();
        out.push(Token {
            kind,
            text: before.get(..length).unwrap_or_default().to_owned(),
            line,
            column,
        });
    }
    out.push(Token {
        kind: Kind::End,
        text: "<EOF>".to_owned(),
        line: cursor.line,
        column: cursor.column,
    });
    out
}

/// An unclosed quote is a character of its own, which no rule accepts.
fn quoted_name(cursor: &mut Cursor<'_>) -> Kind {
    let mut ahead = Cursor {
        rest: cursor.rest.clone(),
        ..*cursor
    };
    let mut name = String::new();
    ahead.next();
    while let Some(c) = ahead.next() {
        if c != '`' {
            name.push(c);
        } else if ahead.peek() == Some('`') {
            ahead.next();
            name.push('`');
        } else {
            *cursor = ahead;
            return Kind::Name(name);
        }
    }
    cursor.next();
    Kind::Symbol
}

fn quoted_text(cursor: &mut Cursor<'_>, quote: char) -> Kind {
    let mut ahead = Cursor {
        rest: cursor.rest.clone(),
        ..*cursor
    };
    let mut text = String::new();
    ahead.next();
    while let Some(c) = ahead.next() {
        if c == quote {
            *cursor = ahead;
            return Kind::Text(text);
        }
        if c == '\\' {
            escape(&mut ahead, &mut text);
        } else {
            text.push(c);
        }
    }
    cursor.next();
    Kind::Symbol
}

/// What stands behind a backslash: an octal or Unicode number, a letter for a control character, or
/// the character itself. `\%` and `\_` keep their backslash, for patterns.
fn escape(cursor: &mut Cursor<'_>, text: &mut String) {
    for (prefix, digits, radix) in [("u", 4, 16), ("", 3, 8)] {
        let number = cursor
            .rest
            .as_str()
            .strip_prefix(prefix)
            .and_then(|rest| rest.get(..digits))
            .filter(|digits| digits.chars().all(|c| c.is_digit(radix)))
            .and_then(|digits| u32::from_str_radix(digits, radix).ok())
            .filter(|number| radix == 16 || *number < 128)
            .and_then(char::from_u32);
        if let Some(c) = number {
            for _ in 0..prefix.len() + digits {
                cursor.next();
            }
            text.push(c);
            return;
        }
    }
    match cursor.next() {
        Some('0') => text.push('\0'),
        Some('b') => text.push('\u{8}'),
        Some('n') => text.push('\n'),
        Some('r') => text.push('\r'),
        Some('t') => text.push('\t'),
        Some('Z') => text.push('\u{1a}'),
        Some(c @ ('%' | '_')) => text.extend(['\\', c]),
        Some(c) => text.push(c),
        None => {}
    }
}
