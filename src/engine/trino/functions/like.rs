//! LIKE patterns.

use super::super::error::{Code, Result, TrinoError};

enum Part {
    Any,
    One,
    Exact(char),
}

fn parts(pattern: &str, escape: Option<&str>) -> Result<Vec<Part>> {
    let invalid = |message: &str| TrinoError::in_data(Code::InvalidFunctionArgument, message);
    let escape = match escape {
        None => None,
        Some(text) => {
            let mut characters = text.chars();
            match (characters.next(), characters.next()) {
                (Some(c), None) => Some(c),
                _ => return Err(invalid("Escape string must be a single character")),
            }
        }
    };
    let refused =
        || invalid("Escape character must be followed by '%', '_' or the escape character itself");
    let mut out = Vec::new();
    let mut rest = pattern.chars();
    while let Some(c) = rest.next() {
        if Some(c) == escape {
            match rest.next() {
                Some(next) if next == '%' || next == '_' || Some(next) == escape => {
                    out.push(Part::Exact(next));
                }
                _ => return Err(refused()),
            }
            continue;
        }
        out.push(match c {
            '%' => Part::Any,
            '_' => Part::One,
            c => Part::Exact(c),
        });
    }
    Ok(out)
}

/// Whether the whole text fits the pattern. Without ESCAPE no character escapes.
pub fn matches(text: &str, pattern: &str, escape: Option<&str>) -> Result<bool> {
    let parts = parts(pattern, escape)?;
    let text: Vec<char> = text.chars().collect();
    let (mut at, mut part) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while at < text.len() {
        let fits = match (parts.get(part), text.get(at)) {
            (Some(Part::Any), _) => {
                retry = Some((part, at));
                part += 1;
                continue;
            }
            (Some(Part::One), _) => true,
            (Some(Part::Exact(want)), Some(have)) => want == have,
            _ => false,
        };
        if fits {
            at += 1;
            part += 1;
        } else if let Some((any, from)) = retry {
            retry = Some((any, from + 1));
            part = any + 1;
            at = from + 1;
        } else {
            return Ok(false);
        }
    }
    Ok(parts
        .get(part..)
        .unwrap_or_default()
        .iter()
        .all(|part| matches!(part, Part::Any)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_whole_texts() {
        for (text, pattern, escape, expected) in [
            ("abc", "a%", None, true),
            ("abc", "a_", None, false),
            ("abc", "%b%", None, true),
            ("a\\c", "a\\c", None, true),
            ("a%c", "a$%c", Some("$"), true),
            ("abc", "a$%c", Some("$"), false),
            ("", "%%", None, true),
            ("aXbXc", "%X_", None, true),
        ] {
            assert_eq!(
                matches(text, pattern, escape),
                Ok(expected),
                "{text} {pattern}"
            );
        }
        assert!(matches("a", "a$", Some("$")).is_err());
    }
}
