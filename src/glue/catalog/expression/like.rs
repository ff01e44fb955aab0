//! `LIKE` patterns.

/// A pattern in which `%` stands for any text and `_` for any one character; a backslash makes the
/// next character ordinary.
#[derive(Clone, Debug)]
pub(super) struct LikePattern(Vec<Item>);

#[derive(Clone, Copy, Debug, PartialEq)]
enum Item {
    Char(char),
    AnyChar,
    AnyText,
}

impl LikePattern {
    pub(super) fn new(pattern: &str) -> Self {
        let mut chars = pattern.chars();
        let mut items = Vec::new();
        while let Some(c) = chars.next() {
            items.push(match c {
                '%' => Item::AnyText,
                '_' => Item::AnyChar,
                '\\' => Item::Char(chars.next().unwrap_or('\\')),
                other => Item::Char(other),
            });
        }
        Self(items)
    }

    /// Whether the whole text fits. Greedy with one point to go back to, so never exponential.
    pub(super) fn matches(&self, text: &str) -> bool {
        let text: Vec<char> = text.chars().collect();
        let (mut at, mut item) = (0, 0);
        let mut retry: Option<(usize, usize)> = None;
        while let Some(&c) = text.get(at) {
            match self.0.get(item) {
                Some(Item::AnyText) => {
                    item += 1;
                    retry = Some((item, at));
                }
                Some(Item::AnyChar) => (at, item) = (at + 1, item + 1),
                Some(Item::Char(wanted)) if *wanted == c => (at, item) = (at + 1, item + 1),
                _ => match retry {
                    Some((behind, from)) => {
                        (at, item) = (from + 1, behind);
                        retry = Some((behind, from + 1));
                    }
                    None => return false,
                },
            }
        }
        self.0
            .get(item..)
            .is_none_or(|left| left.iter().all(|i| *i == Item::AnyText))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn patterns_match_whole_texts() {
        for (pattern, text, expected) in [
            ("2025-%", "2025-04-30", true),
            ("2025", "2025-04-30", false),
            ("%04%", "2025-04-30", true),
            ("____", "2025", true),
            ("____", "20255", false),
            ("a\\%", "a%", true),
            ("a\\%", "ab", false),
            ("%", "", true),
            ("", "", true),
            ("%a%b", "xaxxb", true),
        ] {
            assert_eq!(
                LikePattern::new(pattern).matches(text),
                expected,
                "{pattern} {text}"
            );
        }
    }

    proptest! {
        #[test]
        fn a_pattern_means_what_its_regular_expression_means(
            pattern in "[ab%_]{0,8}", text in "[ab]{0,10}",
        ) {
            let regex = pattern.replace('%', ".*").replace('_', ".");
            let regex = regex::Regex::new(&format!("^(?:{regex})$")).unwrap();
            prop_assert_eq!(LikePattern::new(&pattern).matches(&text), regex.is_match(&text));
        }
    }
}
