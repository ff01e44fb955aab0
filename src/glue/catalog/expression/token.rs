//! Words, literals and signs of a partition expression.

/// One token. Keywords are words: which word is one depends on where it stands.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// An unquoted word: a key's name or a keyword, as written.
    Word(String),
    /// A key's name in double quotes or backticks.
    Name(String),
    /// A literal in single quotes.
    Text(String),
    /// An unquoted number, as written, with its sign.
    Number(String),
    /// `=`, `<>`, `!=`, `<`, `<=`, `>`, `>=`, `(`, `)` or `,`.
    Sign(&'static str),
}

const SIGNS: [&str; 10] = ["<>", "!=", "<=", ">=", "=", "<", ">", "(", ")", ","];

/// Splits an expression; `None` when it has a character that begins no token or an open quote.
pub(super) fn tokens(text: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, tail) = match first {
            '\'' => quoted(rest, '\'').map(|(text, tail)| (Token::Text(text), tail))?,
            '"' | '`' => quoted(rest, first).map(|(name, tail)| (Token::Name(name), tail))?,
            _ if first.is_alphabetic() || first == '_' => {
                let (word, tail) = split_while(rest, |c| {
                    c.is_alphanumeric() || matches!(c, '_' | '$' | '.')
                });
                (Token::Word(word.to_owned()), tail)
            }
            _ if first.is_ascii_digit() || matches!(first, '-' | '+' | '.') => number(rest)?,
            _ => SIGNS.iter().find_map(|sign| {
                let tail = rest.strip_prefix(sign)?;
                Some((Token::Sign(sign), tail))
            })?,
        };
        tokens.push(token);
        rest = tail.trim_start();
    }
    Some(tokens)
}

/// The text between quotes, in which the doubled quote stands for one.
fn quoted(text: &str, quote: char) -> Option<(String, &str)> {
    let mut content = String::new();
    let mut rest = text.strip_prefix(quote)?;
    loop {
        let (before, after) = rest.split_once(quote)?;
        content.push_str(before);
        match after.strip_prefix(quote) {
            Some(more) => {
                content.push(quote);
                rest = more;
            }
            None => return Some((content, after)),
        }
    }
}

fn number(text: &str) -> Option<(Token, &str)> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (digits, tail) = split_while(unsigned, |c| c.is_ascii_digit() || c == '.');
    // `2020abc` and `1-1` are no numbers, and nothing else either.
    let clean = !tail.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '+'));
    if !clean || !digits.bytes().any(|b| b.is_ascii_digit()) {
        return None;
    }
    let length = text.len() - tail.len();
    let number = text.get(..length)?;
    Some((Token::Number(number.to_owned()), tail))
}

fn split_while(text: &str, belongs: impl Fn(char) -> bool) -> (&str, &str) {
    let end = text.find(|c| !belongs(c)).unwrap_or(text.len());
    text.split_at(end)
}
