//! Folder structure: which keys a tree of folders stands for.

use std::collections::BTreeMap;

use super::{Found, Groups};
use crate::glue::hive_layout::unescape;

/// The partition structure below a table's folder.
pub(super) struct Layout<'a> {
    /// One key a level.
    pub keys: Vec<String>,
    /// The leaf folders by their path below the table's folder, with trailing slash.
    pub leaves: BTreeMap<String, Leaf<'a>>,
}

pub(super) struct Leaf<'a> {
    pub values: Vec<String>,
    pub members: Vec<&'a Found>,
}

/// The files directly in `folder`, and the other members by the next folder on their way.
pub(super) fn split<'a>(folder: &str, members: &[&'a Found]) -> (Vec<&'a Found>, Groups<'a>) {
    let mut files = Vec::new();
    let mut folders = Groups::new();
    for member in members {
        match relative(folder, member).split_once('/') {
            Some((next, _)) => folders.entry(next.to_owned()).or_default().push(*member),
            None => files.push(*member),
        }
    }
    (files, folders)
}

/// The layout of a folder whose files all lie at the same depth, with the same kind of folder name
/// on each level; `None` for a folder that is no single table.
pub(super) fn layout<'a>(folder: &str, members: &[&'a Found]) -> Option<Layout<'a>> {
    let mut leaves: BTreeMap<String, Leaf<'a>> = BTreeMap::new();
    for member in members {
        let relative = relative(folder, member);
        let path = relative.rsplit_once('/').map_or("", |(path, _)| path);
        let path = if path.is_empty() {
            String::new()
        } else {
            format!("{path}/")
        };
        leaves
            .entry(path)
            .or_insert_with(|| Leaf {
                values: Vec::new(),
                members: Vec::new(),
            })
            .members
            .push(*member);
    }
    let mut keys: Option<Vec<String>> = None;
    for (path, leaf) in &mut leaves {
        let mut own_keys = Vec::new();
        for (level, name) in path.split_terminator('/').enumerate() {
            let (key, value) = match name.split_once('=') {
                Some((key, value)) if !key.is_empty() => (key.to_lowercase(), value_of(value)),
                _ => (format!("partition_{level}"), name.to_owned()),
            };
            own_keys.push(key);
            leaf.values.push(value);
        }
        match &keys {
            Some(keys) if *keys != own_keys => return None,
            Some(_) => {}
            None => keys = Some(own_keys),
        }
    }
    let keys = keys?;
    let mut distinct = keys.clone();
    distinct.sort();
    distinct.dedup();
    (distinct.len() == keys.len()).then_some(Layout { keys, leaves })
}

fn relative<'a>(folder: &str, member: &'a Found) -> &'a str {
    let key = member.object.key.as_str();
    key.strip_prefix(folder).unwrap_or(key)
}

/// The value that a folder's name stands for; what is no text in Hive's form stands for itself.
fn value_of(name: &str) -> String {
    unescape(name).unwrap_or_else(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hive_escapes_are_undone_where_they_are_escapes() {
        for (folder, value) in [
            ("2025-04-30 17%3A35", "2025-04-30 17:35"),
            ("100%", "100%"),
            ("a%zzb", "a%zzb"),
            ("%C3%A9", "é"),
            ("%FF", "%FF"),
        ] {
            assert_eq!(value_of(folder), value);
        }
    }
}
