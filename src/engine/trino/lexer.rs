//! Text into tokens, as Trino's grammar cuts them.

use super::ast::Pos;
use super::error::SyntaxError;

/// What a token is. Keywords are words; the parser decides by place which words are names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Unquoted word: keyword or identifier.
    Word,
    /// `"…"`, with `""` resolved.
    Quoted(String),
    /// `'…'`, with `''` resolved.
    Text(String),
    /// `U&'…'`, escapes not yet resolved (UESCAPE may follow).
    UnicodeText(String),
    /// `X'…'`, digits not yet checked.
    Binary(String),
    /// `12`
    Integer,
    /// `1.5`, `.5`, `1.`
    Decimal,
    /// `1.5E3`
    Double,
    /// `1a`, which Trino refuses where an identifier may stand.
    DigitWord,
    /// `` `a` ``, likewise.
    Backquoted,
    /// Operator or punctuation.
    Symbol,
    /// A character of no token.
    Unknown,
    /// End of the text.
    End,
}

/// A token with its text as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: Kind,
    /// As written; `<EOF>` at the end.
    pub text: String,
    /// Where it starts.
    pub pos: Pos,
    /// Whether no space separates it from the token before.
    pub glued: bool,
}

impl Token {
    /// Whether this is the keyword (given in capitals).
    pub fn is_word(&self, keyword: &str) -> bool {
        self.kind == Kind::Word && self.text.eq_ignore_ascii_case(keyword)
    }

    /// Whether this is the symbol.
    pub fn is_symbol(&self, symbol: &str) -> bool {
        self.kind == Kind::Symbol && self.text == symbol
    }
}

struct Cursor<'a> {
    rest: std::iter::Peekable<std::str::Chars<'a>>,
    ahead: std::str::Chars<'a>,
    pos: Pos,
}

impl Cursor<'_> {
    fn peek(&mut self) -> Option<char> {
        self.rest.peek().copied()
    }

    fn peek_second(&self) -> Option<char> {
        self.ahead.clone().nth(1)
    }

    fn peek_third(&self) -> Option<char> {
        self.ahead.clone().nth(2)
    }

    fn next(&mut self) -> Option<char> {
        let c = self.rest.next()?;
        self.ahead.next();
        if c == '\n' {
            self.pos.line += 1;
            self.pos.column = 1;
        } else {
            self.pos.column += 1;
        }
        Some(c)
    }
}

fn is_word_part(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// Cuts the whole text; the last token is always [`Kind::End`].
pub fn tokens(sql: &str) -> Result<Vec<Token>, SyntaxError> {
    let mut cursor = Cursor {
        rest: sql.chars().peekable(),
        ahead: sql.chars(),
        pos: Pos { line: 1, column: 1 },
    };
    let mut out: Vec<Token> = Vec::new();
    let mut glued = true;
    while let Some(c) = cursor.peek() {
        let pos = cursor.pos;
        if c.is_whitespace() {
            cursor.next();
            glued = false;
            continue;
        }
        if skip_comment(&mut cursor, c) {
            glued = false;
            continue;
        }
        let (kind, text) = token(&mut cursor, c);
        out.push(Token {
            kind,
            text,
            pos,
            glued,
        });
        glued = true;
    }
    out.push(Token {
        kind: Kind::End,
        text: "<EOF>".into(),
        pos: cursor.pos,
        glued: false,
    });
    Ok(out)
}

fn skip_comment(cursor: &mut Cursor<'_>, c: char) -> bool {
    match (c, cursor.peek_second()) {
        ('-', Some('-')) => {
            while cursor.peek().is_some_and(|c| c != '\n') {
                cursor.next();
            }
            true
        }
        ('/', Some('*')) => {
            // An unclosed comment is not a comment: leave `/` and `*` to the parser.
            let mut previous = ' ';
            let closed = cursor.ahead.clone().skip(2).any(|c| {
                let end = previous == '*' && c == '/';
                previous = c;
                end
            });
            if !closed {
                return false;
            }
            cursor.next();
            cursor.next();
            let mut previous = ' ';
            while let Some(c) = cursor.next() {
                if previous == '*' && c == '/' {
                    break;
                }
                previous = c;
            }
            true
        }
        _ => false,
    }
}

fn token(cursor: &mut Cursor<'_>, c: char) -> (Kind, String) {
    match c {
        '\'' => quoted(cursor, '\'', "", Kind::Text),
        '"' => quoted(cursor, '"', "", Kind::Quoted),
        '`' => quoted(cursor, '`', "", |_| Kind::Backquoted),
        'x' | 'X' if cursor.peek_second() == Some('\'') => {
            cursor.next();
            quoted(cursor, '\'', &c.to_string(), Kind::Binary)
        }
        'u' | 'U' if cursor.peek_second() == Some('&') && cursor.peek_third() == Some('\'') => {
            cursor.next();
            cursor.next();
            quoted(cursor, '\'', &format!("{c}&"), Kind::UnicodeText)
        }
        c if c.is_ascii_digit() => number(cursor),
        '.' if cursor.peek_second().is_some_and(|c| c.is_ascii_digit()) => number(cursor),
        c if is_word_part(c) => {
            let mut text = String::new();
            while cursor.peek().is_some_and(is_word_part) {
                text.extend(cursor.next());
            }
            (Kind::Word, text)
        }
        _ => symbol(cursor),
    }
}

fn quoted(
    cursor: &mut Cursor<'_>,
    quote: char,
    prefix: &str,
    kind: impl FnOnce(String) -> Kind,
) -> (Kind, String) {
    let mut text = String::from(prefix);
    let mut value = String::new();
    text.extend(cursor.next());
    while let Some(c) = cursor.next() {
        text.push(c);
        if c != quote {
            value.push(c);
        } else if cursor.peek() == Some(quote) {
            text.extend(cursor.next());
            value.push(quote);
        } else {
            return (kind(value), text);
        }
    }
    // Never closed: Trino's lexer gives the opening quote back as an unknown character.
    (Kind::Unknown, quote.to_string())
}

fn digits(cursor: &mut Cursor<'_>, text: &mut String) {
    while cursor.peek().is_some_and(|c| c.is_ascii_digit()) {
        text.extend(cursor.next());
    }
}

fn number(cursor: &mut Cursor<'_>) -> (Kind, String) {
    let mut text = String::new();
    let mut kind = Kind::Integer;
    digits(cursor, &mut text);
    if cursor.peek() == Some('.') {
        kind = Kind::Decimal;
        text.extend(cursor.next());
        digits(cursor, &mut text);
    }
    if matches!(cursor.peek(), Some('e' | 'E')) {
        let exponent = match cursor.peek_second() {
            Some('+' | '-') => cursor.peek_third(),
            second => second,
        };
        if exponent.is_some_and(|c| c.is_ascii_digit()) {
            kind = Kind::Double;
            text.extend(cursor.next());
            text.extend(cursor.next());
            digits(cursor, &mut text);
        }
    }
    if kind == Kind::Integer && cursor.peek().is_some_and(is_word_part) {
        kind = Kind::DigitWord;
        while cursor.peek().is_some_and(is_word_part) {
            text.extend(cursor.next());
        }
    }
    (kind, text)
}

fn symbol(cursor: &mut Cursor<'_>) -> (Kind, String) {
    let Some(first) = cursor.next() else {
        return (Kind::End, String::new());
    };
    let pair: String = [Some(first), cursor.peek()].into_iter().flatten().collect();
    if ["<>", "!=", "<=", ">=", "||", "->", "=>"].contains(&pair.as_str()) {
        cursor.next();
        return (Kind::Symbol, pair);
    }
    if "=<>+-*/%(),.[]?;:{}|^$".contains(first) {
        (Kind::Symbol, first.to_string())
    } else {
        (Kind::Unknown, first.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(sql: &str, expected: &str) {
        let texts: Vec<_> = tokens(sql)
            .unwrap()
            .iter()
            .map(|t| format!("{}@{}:{}", t.text, t.pos.line, t.pos.column))
            .collect();
        assert_eq!(texts.join(" "), expected);
    }

    #[test]
    fn tokens_carry_line_and_column() {
        check("a\n  <>1.5e3", "a@1:1 <>@2:3 1.5e3@2:5 <EOF>@2:10");
        check("-- c\nx'0a' /* b */ .5", "x'0a'@2:1 .5@2:15 <EOF>@2:17");
        check("t.a->b", "t@1:1 .@1:2 a@1:3 ->@1:4 b@1:6 <EOF>@1:7");
    }

    #[test]
    fn doubled_quotes_are_one_quote() {
        let all = tokens(r#"'it''s' "a""b""#).unwrap();
        assert_eq!(all[0].kind, Kind::Text("it's".into()));
        assert_eq!(all[1].kind, Kind::Quoted("a\"b".into()));
    }
}
