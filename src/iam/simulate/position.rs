//! Where statements stand in the text of a policy.
//!
//! AWS's answers are those of a parser that remembers how far it has read: a statement begins behind
//! whatever was read before it (the opening bracket of the list, the statement before; behind its
//! own brace where there is no list) and ends behind its closing brace. Lines and columns count from 1.

use super::super::api::Position;

/// From where to where a statement goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub start: Place,
    pub end: Place,
}

/// A place in a text: that of the next character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    line: usize,
    column: usize,
}

impl Place {
    /// As answers show it.
    pub(super) fn shown(self) -> Position {
        let number = |count: usize| Some(i32::try_from(count).unwrap_or(i32::MAX));
        Position {
            line: number(self.line),
            column: number(self.column),
        }
    }
}

/// What the scanner is inside of.
enum Inside {
    /// Anything but `Statement`.
    Elsewhere,
    /// Behind `"Statement":`.
    Awaiting,
    /// A statement without a list around it, which began here.
    One(Place),
    /// The list. The next statement begins here.
    List(Place),
}

/// The places of a document's statements, in its order. The text must be a JSON object.
pub(super) fn statements(text: &str) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut inside = Inside::Elsewhere;
    let (mut depth, mut at) = (0_usize, Place { line: 1, column: 1 });
    // Where the string being read began, and the one read last, quotes included.
    let (mut string, mut last) = (None, "");
    let mut escaped = false;
    let mut characters = text.char_indices().peekable();
    while let Some((offset, c)) = characters.next() {
        let carriage_return = c == '\r' && characters.peek().is_some_and(|(_, next)| *next == '\n');
        if c == '\n' || (c == '\r' && !carriage_return) {
            at = Place {
                line: at.line + 1,
                column: 1,
            };
        } else {
            at.column += 1;
        }
        if let Some(began) = string {
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '"' => {
                    last = text.get(began..=offset).unwrap_or_default();
                    string = None;
                }
                _ => {}
            }
            continue;
        }
        match c {
            '"' => string = Some(offset),
            ':' if depth == 1 && is_statement(last) => {
                // As parsers do: of two members of one name the last counts.
                spans.clear();
                inside = Inside::Awaiting;
            }
            '{' | '[' => {
                depth += 1;
                inside = match inside {
                    Inside::Awaiting if c == '{' => Inside::One(at),
                    Inside::Awaiting => Inside::List(at),
                    inside => inside,
                };
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                inside = match inside {
                    Inside::One(start) if depth == 1 => {
                        spans.push(Span { start, end: at });
                        Inside::Elsewhere
                    }
                    Inside::List(start) if depth == 2 => {
                        spans.push(Span { start, end: at });
                        Inside::List(at)
                    }
                    Inside::List(_) if depth == 1 => Inside::Elsewhere,
                    inside => inside,
                };
            }
            _ => {}
        }
    }
    spans
}

/// Whether a string, quotes included, is the member's name, however it is escaped.
fn is_statement(quoted: &str) -> bool {
    serde_json::from_str::<String>(quoted).is_ok_and(|name| name == "Statement")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[[usize; 4]]) {
        let found: Vec<[usize; 4]> = statements(text)
            .iter()
            .map(|span| {
                [
                    span.start.line,
                    span.start.column,
                    span.end.line,
                    span.end.column,
                ]
            })
            .collect();
        assert_eq!(found, expected, "{text}");
    }

    /// Shapes of documents whose positions AWS's public examples show: those of AdministratorAccess,
    /// of a compact policy with one statement, with and without a list, and with several.
    #[test]
    fn positions_are_those_that_aws_tells() {
        let administrator = "{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [\n    {\n      \
            \"Effect\": \"Allow\",\n      \"Action\": \"*\",\n      \"Resource\": \"*\"\n    }\n  ]\n}";
        check(administrator, &[[3, 17, 8, 6]]);
        let one = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"dynamodb:*","Resource":"*","Condition":{"DateGreaterThan":{"aws:CurrentTime":"2018-08-16T12:00:00Z"}}}}"#;
        check(one, &[[1, 38, 1, 167]]);
        let list = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow"},{"Effect":"Deny"}]}"#;
        check(list, &[[1, 38, 1, 56], [1, 56, 1, 74]]);
    }

    #[test]
    fn only_the_documents_own_statements_count() {
        check(r#"{"Id":"Statement","Version":[{}],"Statement":[]}"#, &[]);
        check(
            r#"{"Statement":[{"Sid":"\"}]{"},{"Sid":"\\"}]}"#,
            &[[1, 15, 1, 30], [1, 30, 1, 43]],
        );
        check(
            "{\"St\\u0061tement\":\r\n[\r\n{\"Condition\":{\"Statement\":{\"a\":{}}}}\r]}",
            &[[2, 2, 3, 37]],
        );
        check(
            r#"{"Statement":[{"a":1}],"Statement":{"b":[{}]}}"#,
            &[[1, 37, 1, 46]],
        );
        check("", &[]);
    }

    /// The text between two places; columns count characters.
    fn between(text: &str, span: Span) -> String {
        let mut at = Place { line: 1, column: 1 };
        let mut inside = false;
        let mut found = String::new();
        for c in text.chars() {
            inside = (inside || at == span.start) && at != span.end;
            if inside {
                found.push(c);
            }
            at = match c {
                '\n' => Place {
                    line: at.line + 1,
                    column: 1,
                },
                _ => Place {
                    column: at.column + 1,
                    ..at
                },
            };
        }
        found
    }

    proptest! {
        #[test]
        fn what_stands_there_is_the_statement(
            statements_in in prop::collection::vec(("[a-z\"\\\\{}\\[\\], ü\n]{0,8}", any::<bool>()), 1..5),
            pretty in any::<bool>(),
        ) {
            let made: Vec<Value> = statements_in.iter()
                .map(|(sid, nested)| json!({"Sid": sid, "Condition": if *nested { json!({"a": [{}]}) } else { json!({}) }}))
                .collect();
            let document = json!({"Version": "x", "Statement": made});
            let text = if pretty { serde_json::to_string_pretty(&document) } else { serde_json::to_string(&document) }.unwrap();
            let spans = statements(&text);
            prop_assert_eq!(spans.len(), made.len());
            for (span, statement) in spans.iter().zip(&made) {
                let found = between(&text, *span);
                let found = found.trim_start_matches([',', ' ', '\n']);
                prop_assert_eq!(&serde_json::from_str::<Value>(found).unwrap(), statement);
            }
        }

        #[test]
        fn arbitrary_text_never_panics(text in ".{0,100}|[\\[\\]{}\"Statement:,\\\\]{0,60}") {
            let _ = statements(&text);
        }
    }
}
