//! Exclude patterns: globs relative to the include path.
//!
//! `*` stays inside a folder name, `**` crosses folders, `?` is one character, `[a-z]` one of a
//! set, `{a,b}` alternatives; a backslash makes the next character ordinary. "Include and Exclude
//! Patterns", Glue guide.

use regex::Regex;

/// One exclude pattern.
#[derive(Clone, Debug)]
pub struct Exclusion(Regex);

impl Exclusion {
    /// Reads a pattern.
    ///
    /// # Errors
    /// What is wrong with it, for a message.
    pub fn parse(pattern: &str) -> Result<Self, String> {
        let expression = expression(pattern)?;
        Regex::new(&expression)
            .map(Self)
            .map_err(|_| format!("the exclude pattern `{pattern}` cannot be read"))
    }

    /// Whether a key, relative to the include path, is excluded.
    pub fn excludes(&self, relative: &str) -> bool {
        self.0.is_match(relative)
    }
}

/// The regular expression with the meaning of a glob.
fn expression(pattern: &str) -> Result<String, String> {
    let broken = |what: &str| format!("the exclude pattern `{pattern}` {what}");
    let mut chars = pattern.chars().peekable();
    let mut out = String::from("^(?s:");
    let mut in_group = false;
    while let Some(c) = chars.next() {
        match c {
            '*' if chars.next_if_eq(&'*').is_some() => out.push_str(".*"),
            '*' => out.push_str("[^/]*"),
            '?' => out.push_str("[^/]"),
            '\\' => match chars.next() {
                Some(next) => out.push_str(&regex::escape(next.encode_utf8(&mut [0; 4]))),
                None => return Err(broken("ends in a backslash")),
            },
            '{' if in_group => return Err(broken("nests braces")),
            '{' => {
                in_group = true;
                out.push_str("(?:");
            }
            '}' if in_group => {
                in_group = false;
                out.push(')');
            }
            ',' if in_group => out.push('|'),
            '[' => {
                let mut set = String::new();
                loop {
                    match chars.next() {
                        Some(']') => break,
                        Some(member) => set.push(member),
                        None => return Err(broken("does not close a bracket")),
                    }
                }
                let (not, members) = match set.strip_prefix('!') {
                    Some(members) => ("^", members),
                    None => ("", set.as_str()),
                };
                if members.is_empty() {
                    return Err(broken("has an empty bracket"));
                }
                out.push('[');
                out.push_str(not);
                // Inside a set only `-` keeps a meaning.
                for member in members.chars() {
                    if member != '-' && !member.is_alphanumeric() {
                        out.push('\\');
                    }
                    out.push(member);
                }
                out.push(']');
            }
            other => out.push_str(&regex::escape(other.encode_utf8(&mut [0; 4]))),
        }
    }
    if in_group {
        return Err(broken("does not close a brace"));
    }
    out.push_str(")$");
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_mean_what_the_guide_says() {
        for (pattern, excluded, kept) in [
            ("*.csv", "a.csv", "sub/a.csv"),
            ("**.csv", "sub/a.csv", "sub/a.json"),
            ("*.*", "a.b", "ab"),
            ("departments/**", "departments/a/b", "department/a"),
            ("market*", "market1", "market/1"),
            ("a[1-3]b", "a2b", "a4b"),
            ("a[!1-3]b", "a4b", "a2b"),
            ("{east,west}/*", "west/x", "north/x"),
            ("file?", "file1", "file12"),
            ("a\\*b", "a*b", "axb"),
            ("*", ".hidden", "a/.hidden"),
            ("a.(b)+", "a.(b)+", "ab"),
        ] {
            let exclusion = Exclusion::parse(pattern).unwrap();
            assert!(exclusion.excludes(excluded), "{pattern} {excluded}");
            assert!(!exclusion.excludes(kept), "{pattern} {kept}");
        }
    }

    #[test]
    fn a_pattern_that_cannot_be_read_is_refused() {
        for bad in ["{a,{b}}", "{a", "[a", "a\\", "[]", "[z-a]"] {
            assert!(Exclusion::parse(bad).is_err(), "{bad}");
        }
    }
}
