//! Whether a role trusts somebody: the one place where a policy is evaluated here.
//!
//! Judged are effect, action, principal, and conditions on the keys the asker supplies
//! (`sts:ExternalId`, `aws:SourceAccount`, …). A condition on any other key is taken as met: this
//! program does not enforce policies, and refusing what AWS would allow is the worse error.

use super::document::{Document, Place, Statement};

/// Who asks, for what, under which circumstances.
#[derive(Debug)]
pub struct Question<'a> {
    /// Lower-case action, e.g. `sts:assumerole`.
    pub action: &'a str,
    /// `Service` or `AWS`.
    pub kind: &'a str,
    /// Every name under which the principal may be listed.
    pub names: &'a [String],
    /// Condition keys with their values.
    pub context: &'a [(&'a str, &'a str)],
}

impl Question<'_> {
    /// The trust policy's answer. An explicit deny wins.
    pub fn allowed_by(&self, trust_policy: &str) -> bool {
        let Ok(document) = Document::parse(trust_policy, Place::Trust) else {
            return false;
        };
        let mut applying = document
            .statements
            .iter()
            .filter(|s| self.applies(s))
            .peekable();
        applying.peek().is_some() && applying.all(|statement| statement.allow)
    }

    fn applies(&self, statement: &Statement) -> bool {
        let acts = statement
            .actions
            .iter()
            .any(|pattern| like(&pattern.to_ascii_lowercase(), self.action));
        let listed = statement.principals.iter().any(|(kind, name)| {
            (kind == self.kind && (self.names.contains(name) || name == "*"))
                || (kind == "AWS" && name == "*")
        });
        acts && listed != statement.not_principal
            && statement
                .conditions
                .iter()
                .all(|(operator, key, values)| self.holds(operator, key, values))
    }

    fn holds(&self, operator: &str, key: &str, values: &[String]) -> bool {
        let Some((_, actual)) = self
            .context
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(key))
        else {
            return true;
        };
        let equal = values.iter().any(|value| value == actual);
        let alike = values.iter().any(|value| like(value, actual));
        match operator.strip_suffix("IfExists").unwrap_or(operator) {
            "StringEquals" => equal,
            "StringNotEquals" => !equal,
            "StringLike" | "ArnLike" | "ArnEquals" => alike,
            "StringNotLike" | "ArnNotLike" | "ArnNotEquals" => !alike,
            _ => true,
        }
    }
}

/// `*` for any text, `?` for any one character.
pub fn like(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), text.chars().collect());
    // Greedy with one backtrack point: linear in practice, never exponential.
    let (mut p, mut t, mut star) = (0, 0, None);
    while let Some(c) = text.get(t) {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(want) if *want == '?' || want == c => {
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
    pattern.iter().skip(p).all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn wildcards_match_as_in_policies() {
        for (pattern, text, matches) in [
            ("sts:*", "sts:assumerole", true),
            ("sts:assume?ole", "sts:assumerole", true),
            ("*a*b", "xxaxxb", true),
            ("*a*b", "xxaxxbc", false),
            ("", "", true),
            ("", "a", false),
            ("a", "", false),
        ] {
            assert_eq!(like(pattern, text), matches, "{pattern} {text}");
        }
    }

    proptest! {
        #[test]
        fn wildcards_agree_with_a_regular_expression(pattern in "[ab*?]{0,8}", text in "[ab]{0,10}") {
            let source = pattern.replace('*', ".*").replace('?', ".");
            let oracle = regex::Regex::new(&format!("^(?:{source})$")).unwrap();
            prop_assert_eq!(like(&pattern, &text), oracle.is_match(&text));
        }
    }
}
