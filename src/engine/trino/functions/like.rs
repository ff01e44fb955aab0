//! LIKE patterns.

use super::super::error::{Code, Result, TrinoError};

/// A pattern, read.
pub struct Pattern(Vec<Part>);

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

impl Pattern {
    /// Reads a pattern. Without ESCAPE no character escapes.
    ///
    /// # Errors
    /// `INVALID_FUNCTION_ARGUMENT` for an escape that is not one.
    pub fn new(pattern: &str, escape: Option<&str>) -> Result<Self> {
        parts(pattern, escape).map(Self)
    }

    /// Whether the whole text fits it.
    pub fn fits(&self, text: &str) -> bool {
        fits(&self.0, text)
    }
}

fn fits(parts: &[Part], text: &str) -> bool {
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
            return false;
        }
    }
    parts
        .get(part..)
        .unwrap_or_default()
        .iter()
        .all(|part| matches!(part, Part::Any))
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
            let read = Pattern::new(pattern, escape).unwrap();
            assert_eq!(read.fits(text), expected, "{text} {pattern}");
        }
        assert!(Pattern::new("a$", Some("$")).is_err());
    }
}
