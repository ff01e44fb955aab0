//! The condition keys of one request.

use std::collections::BTreeMap;

/// Condition keys with their values. Names are compared without regard to case, as AWS does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Context {
    values: BTreeMap<String, Vec<String>>,
}

impl Context {
    /// No keys.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a key that has one value.
    pub fn set(&mut self, key: &str, value: impl Into<String>) {
        self.values.insert(fold(key), vec![value.into()]);
    }

    /// Sets a key that has many values. A key without any is absent.
    pub fn set_all(&mut self, key: &str, values: impl IntoIterator<Item = String>) {
        let values: Vec<String> = values.into_iter().collect();
        if values.is_empty() {
            self.values.remove(&fold(key));
        } else {
            self.values.insert(fold(key), values);
        }
    }

    /// A key's values; `None` when the request does not have the key.
    pub fn get(&self, key: &str) -> Option<&[String]> {
        self.values.get(&fold(key)).map(Vec::as_slice)
    }

    /// A key's value, if it has exactly one.
    pub fn single(&self, key: &str) -> Option<&str> {
        match self.get(key) {
            Some([one]) => Some(one),
            _ => None,
        }
    }

    /// Both together; where a key is in both, that of `more` counts.
    #[must_use]
    pub fn with(&self, more: &Self) -> Self {
        let mut both = self.clone();
        let added = more.values.iter();
        both.values
            .extend(added.map(|(key, values)| (key.clone(), values.clone())));
        both
    }

    /// The keys, in lower case.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.values.keys().map(String::as_str)
    }
}

/// AWS compares key names without regard to case; values keep theirs.
fn fold(key: &str) -> String {
    key.to_ascii_lowercase()
}
