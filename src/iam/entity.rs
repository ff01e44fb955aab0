//! What roles, users, groups and policies have in common: paths, tags, names that ignore case,
//! quotas.

use std::collections::{BTreeMap, BTreeSet};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::api::Tag;
use super::{Error, Result};
use crate::base::limits::iam::MAX_TAGS;

/// RFC 3986's unreserved characters stay, everything else is encoded.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// A policy document as replies carry it.
pub fn encode_document(document: &str) -> String {
    utf8_percent_encode(document, UNRESERVED).to_string()
}

/// The path given, or the root.
pub fn path_or_root(path: Option<String>) -> String {
    path.unwrap_or_else(|| "/".to_owned())
}

/// Whether another name of the map equals this one but for its case.
pub fn is_taken<T>(names: &BTreeMap<String, T>, name: &str) -> bool {
    names.keys().any(|taken| taken.eq_ignore_ascii_case(name))
}

/// Refuses one more where an account holds as many as it may.
///
/// # Errors
/// `LimitExceeded`, naming the quota.
pub fn check_room<T>(held: &BTreeMap<String, T>, max: usize, quota: &str) -> Result<()> {
    if held.len() < max {
        return Ok(());
    }
    Err(Error::LimitExceeded(format!(
        "Cannot exceed quota for {quota}: {max}"
    )))
}

/// Tags in the order they were first set. Keys are unique whatever their case.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tags(Vec<Tag>);

impl Tags {
    /// The tags of a new entity.
    ///
    /// # Errors
    /// `InvalidInput` for a key given twice, `LimitExceeded` for more than fifty.
    pub fn new(tags: Option<Vec<Tag>>) -> Result<Self> {
        let mut made = Self::default();
        made.set(tags.unwrap_or_default())?;
        Ok(made)
    }

    /// Adds tags; a key that exists gets the new value and spelling.
    pub fn set(&mut self, tags: Vec<Tag>) -> Result<()> {
        let mut seen = BTreeSet::new();
        for tag in &tags {
            if !seen.insert(tag.key.to_lowercase()) {
                return Err(Error::InvalidInput(
                    "Duplicate tag keys found. Please note that Tag keys are case insensitive."
                        .to_owned(),
                ));
            }
        }
        let mut changed = self.0.clone();
        for tag in tags {
            match changed
                .iter_mut()
                .find(|old| old.key.to_lowercase() == tag.key.to_lowercase())
            {
                Some(old) => *old = tag,
                None => changed.push(tag),
            }
        }
        if changed.len() > MAX_TAGS {
            return Err(Error::LimitExceeded(format!(
                "The number of tags has reached the maximum limit of {MAX_TAGS}."
            )));
        }
        self.0 = changed;
        Ok(())
    }

    /// Removes keys; those that are not there are no error.
    pub fn remove(&mut self, keys: &[String]) {
        self.0.retain(|tag| {
            !keys
                .iter()
                .any(|key| key.to_lowercase() == tag.key.to_lowercase())
        });
    }

    /// All of them.
    pub fn list(&self) -> Vec<Tag> {
        self.0.clone()
    }

    /// All of them, or nothing where replies leave out an empty list.
    pub fn some(&self) -> Option<Vec<Tag>> {
        (!self.0.is_empty()).then(|| self.list())
    }
}
