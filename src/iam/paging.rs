//! `Marker`, `MaxItems`, `IsTruncated`: the paging of every IAM list.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Error, Result};
use crate::base::limits::iam::DEFAULT_MAX_ITEMS;

/// One page of a list.
#[derive(Debug)]
pub struct Page<T> {
    pub items: Vec<T>,
    pub is_truncated: Option<bool>,
    pub marker: Option<String>,
}

impl<T> Page<T> {
    /// The items behind `marker`. `key` orders and identifies an item, so that a page stays right
    /// when entities come and go between two calls.
    pub fn cut(
        items: impl IntoIterator<Item = T>,
        key: impl Fn(&T) -> String,
        marker: Option<&str>,
        max_items: Option<i32>,
    ) -> Result<Self> {
        let after = marker.map(decode).transpose()?;
        let size = max_items.map_or(DEFAULT_MAX_ITEMS, |n| usize::try_from(n).unwrap_or(1));
        let mut sorted: Vec<(String, T)> =
            items.into_iter().map(|item| (key(&item), item)).collect();
        sorted.sort_by(|a, b| a.0.cmp(&b.0));
        let mut rest = sorted
            .into_iter()
            .filter(|(key, _)| after.as_ref().is_none_or(|after| key > after));
        let page: Vec<(String, T)> = rest.by_ref().take(size).collect();
        let more = rest.next().is_some();
        let marker = page
            .last()
            .filter(|_| more)
            .map(|(key, _)| STANDARD.encode(key));
        Ok(Self {
            items: page.into_iter().map(|(_, item)| item).collect(),
            is_truncated: Some(more),
            marker,
        })
    }
}

fn decode(marker: &str) -> Result<String> {
    STANDARD
        .decode(marker)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .ok_or_else(|| Error::Validation(format!("Invalid Marker: {marker}")))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn pages_together_are_the_list(
            names in prop::collection::btree_set("[a-z]{1,4}", 0..30),
            size in 1i32..7,
        ) {
            let mut marker = None;
            let mut seen = Vec::new();
            loop {
                let page = Page::cut(names.iter().cloned(), String::clone, marker.as_deref(), Some(size)).unwrap();
                prop_assert!(page.items.len() <= size as usize);
                prop_assert_eq!(page.marker.is_some(), page.is_truncated == Some(true));
                seen.extend(page.items);
                marker = page.marker;
                if marker.is_none() {
                    break;
                }
            }
            prop_assert_eq!(seen, names.into_iter().collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_marker_not_made_here_is_refused() {
        let page = Page::cut(["a".to_owned()], String::clone, Some("?"), None);
        assert!(matches!(page, Err(Error::Validation(_))));
    }
}
