//! Wildcards and policy variables in resources and condition values.

use super::Context;

/// One place of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// This character.
    Is(char),
    /// Any one character.
    One,
    /// Any text.
    Many,
}

/// A pattern with its variables replaced: places, and where the colons are that the document wrote
/// (a colon inside a variable's value separates nothing).
#[derive(Debug, Default)]
struct Pattern {
    places: Vec<Place>,
    colons: Vec<usize>,
}

impl Pattern {
    /// Reads a pattern. `None` when it has a variable without a value, or more than one: such a
    /// pattern matches nothing.
    fn read(text: &str, context: Option<&Context>, wildcards: bool) -> Option<Self> {
        let mut pattern = Self::default();
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            if let Some(context) = context
                && let Some((name, behind)) = variable(rest)
            {
                for c in value(name, context)?.chars() {
                    pattern.places.push(Place::Is(c));
                }
                rest = behind;
                continue;
            }
            if c == ':' {
                pattern.colons.push(pattern.places.len());
            }
            pattern.places.push(match c {
                '*' if wildcards => Place::Many,
                '?' if wildcards => Place::One,
                c => Place::Is(c),
            });
            rest = rest.get(c.len_utf8()..).unwrap_or_default();
        }
        Some(pattern)
    }
}

/// A variable at the beginning of `text`: what stands between `${` and `}`, and what follows.
fn variable(text: &str) -> Option<(&str, &str)> {
    text.strip_prefix("${")?.split_once('}')
}

/// The value of a variable: `${*}`, `${?}` and `${$}` stand for the characters themselves;
/// `${key, 'text'}` has a default.
fn value<'a>(name: &'a str, context: &'a Context) -> Option<&'a str> {
    if ["*", "?", "$"].contains(&name) {
        return Some(name);
    }
    let (key, default) = match name.split_once(',') {
        Some((key, default)) => {
            let default = default.trim();
            let quoted = default
                .strip_prefix('\'')
                .and_then(|rest| rest.strip_suffix('\''));
            (key.trim(), quoted)
        }
        None => (name.trim(), None),
    };
    context.single(key).or(default)
}

/// The text with its variables replaced; `None` when one has no single value. For operators that
/// know no wildcards.
pub(super) fn replaced(text: &str, context: Option<&Context>) -> Option<String> {
    let pattern = Pattern::read(text, context, false)?;
    let characters = pattern.places.iter().filter_map(|place| match place {
        Place::Is(c) => Some(*c),
        _ => None,
    });
    Some(characters.collect())
}

/// Whether a text matches a pattern of `*` and `?`, whose variables are looked up in `context`
/// (`None`: the policy's version knows no variables).
pub(super) fn text_matches(pattern: &str, text: &str, context: Option<&Context>) -> bool {
    Pattern::read(pattern, context, true).is_some_and(|pattern| {
        let text: Vec<char> = text.chars().collect();
        matches(&pattern.places, &text)
    })
}

/// `*` for any text, `?` for any one character; no variables.
pub fn like(pattern: &str, text: &str) -> bool {
    text_matches(pattern, text, None)
}

/// Whether a resource matches a pattern. The segments of an ARN are compared one by one: a wildcard
/// does not reach beyond its segment, save in the last one, and a pattern that ends in `*` before
/// the last segment stands for anything behind it.
pub fn resource_matches(pattern: &str, resource: &str, context: Option<&Context>) -> bool {
    let Some(pattern) = Pattern::read(pattern, context, true) else {
        return false;
    };
    let text: Vec<char> = resource.chars().collect();
    let is_arn = |prefix: &[char]| prefix.starts_with(&['a', 'r', 'n', ':']);
    let begins = [
        Place::Is('a'),
        Place::Is('r'),
        Place::Is('n'),
        Place::Is(':'),
    ];
    if !pattern.places.starts_with(&begins) || !is_arn(&text) {
        return matches(&pattern.places, &text);
    }
    let mut wanted = split(&pattern.places, pattern.colons.iter().copied());
    let colons = text.iter().enumerate().filter(|(_, c)| **c == ':');
    let given = split(&text, colons.map(|(at, _)| at));
    let open = pattern.places.last() == Some(&Place::Many);
    while wanted.len() < SEGMENTS && open {
        wanted.push(&[Place::Many]);
    }
    wanted.len() == given.len()
        && wanted
            .iter()
            .zip(&given)
            .all(|(wanted, given)| matches(wanted, given))
}

/// `arn:partition:service:region:account:resource`.
const SEGMENTS: usize = 6;

/// Splits at the first five of the positions given.
fn split<T>(all: &[T], at: impl Iterator<Item = usize>) -> Vec<&[T]> {
    let mut parts = Vec::with_capacity(SEGMENTS);
    let mut from = 0;
    for at in at.take(SEGMENTS - 1) {
        parts.push(all.get(from..at).unwrap_or_default());
        from = at + 1;
    }
    parts.push(all.get(from..).unwrap_or_default());
    parts
}

/// Greedy with one place to return to: never exponential.
fn matches(pattern: &[Place], text: &[char]) -> bool {
    let (mut p, mut t, mut star) = (0, 0, None);
    while let Some(c) = text.get(t) {
        match pattern.get(p) {
            Some(Place::Many) => {
                star = Some((p, t));
                p += 1;
            }
            Some(Place::One) => {
                p += 1;
                t += 1;
            }
            Some(Place::Is(want)) if want == c => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    p = at + 1;
                    t = from + 1;
                }
                None => return false,
            },
        }
    }
    pattern.iter().skip(p).all(|place| *place == Place::Many)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pattern: &str, resource: &str, expected: bool) {
        let mut context = Context::new();
        context.set("aws:username", "ann");
        context.set_all("aws:TagKeys", ["a".to_owned(), "b".to_owned()]);
        let matched = resource_matches(pattern, resource, Some(&context));
        assert_eq!(matched, expected, "{pattern} on {resource}");
    }

    #[test]
    fn wildcards_stay_in_their_segment_of_an_arn() {
        let stream = "arn:aws:kinesis:us-east-1:000000000000:stream/wind";
        check("*", stream, true);
        check("arn:aws:kinesis:*:*:stream/*", stream, true);
        check(
            "arn:aws:kinesis:us-*-1:000000000000:stream/w?nd",
            stream,
            true,
        );
        check("arn:aws:kinesis:*:stream/wind", stream, false);
        check("arn:aws:kinesis:*", stream, true);
        check("arn:aws:kin*", stream, true);
        check("arn:aws:kinesis", stream, false);
        check("arn:aws:s3:::*", stream, false);
        check("arn:aws:s3:::lake/*", "arn:aws:s3:::lake/a/b:c", true);
        check("arn:aws:s3:::lake", "arn:aws:s3:::lake/a", false);
        check("arn:aws:s3:::lake*", "arn:aws:s3:::lake/a", true);
        check("arn:aws:s3:::LAKE", "arn:aws:s3:::lake", false);
    }

    #[test]
    fn variables_are_texts_and_not_patterns() {
        check(
            "arn:aws:s3:::lake/${aws:username}/*",
            "arn:aws:s3:::lake/ann/x",
            true,
        );
        check(
            "arn:aws:s3:::lake/${AWS:UserName}/*",
            "arn:aws:s3:::lake/ann/x",
            true,
        );
        check(
            "arn:aws:s3:::lake/${aws:username}/*",
            "arn:aws:s3:::lake/bob/x",
            false,
        );
        check(
            "arn:aws:s3:::lake/${aws:userid}/*",
            "arn:aws:s3:::lake//x",
            false,
        );
        check(
            "arn:aws:s3:::lake/${aws:userid, 'all'}/x",
            "arn:aws:s3:::lake/all/x",
            true,
        );
        check(
            "arn:aws:s3:::lake/${aws:TagKeys}",
            "arn:aws:s3:::lake/a",
            false,
        );
        check("arn:aws:s3:::lake/${*}", "arn:aws:s3:::lake/*", true);
        check("arn:aws:s3:::lake/${*}", "arn:aws:s3:::lake/x", false);
        check("arn:aws:s3:::lake/${$}{x", "arn:aws:s3:::lake/${x", true);
        check("arn:aws:s3:::lake/${", "arn:aws:s3:::lake/${", true);
        assert!(!resource_matches("${aws:username}", "ann", None));
    }
}
