//! Pages with opaque tokens.
//!
//! A token holds the key of the last item handed out and a digest of itself, so that a token with
//! one changed character is refused as on AWS (measured) and paging while others write never repeats
//! or skips an item that was there all along.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use crate::athena::error::{Error, Result};

/// Bytes of the digest in front of the key.
const DIGEST_BYTES: usize = 8;

/// The key in a token of this scope; `None` when the token is not ours.
pub(crate) fn open<K: DeserializeOwned>(scope: &str, token: &str) -> Option<K> {
    let bytes = STANDARD.decode(token).ok()?;
    let (digest, json) = bytes.split_at_checked(DIGEST_BYTES)?;
    if digest != digest_of(scope, json) {
        return None;
    }
    serde_json::from_slice(json).ok()
}

/// The token that holds `key`.
pub(crate) fn token<K: Serialize>(scope: &str, key: &K) -> Result<String> {
    let json = serde_json::to_vec(key)
        .map_err(|error| Error::invalid(format!("cannot write a token: {error}")))?;
    let mut bytes = digest_of(scope, &json);
    bytes.extend(json);
    Ok(STANDARD.encode(bytes))
}

fn digest_of(scope: &str, json: &[u8]) -> Vec<u8> {
    let digest = Sha256::new()
        .chain_update(scope)
        .chain_update(b"\0")
        .chain_update(json)
        .finalize();
    digest.iter().copied().take(DIGEST_BYTES).collect()
}

/// How many items a page has: what was asked for, at most `limit`.
pub(crate) fn size(asked: Option<i32>, limit: usize) -> usize {
    asked
        .and_then(|n| usize::try_from(n).ok())
        .filter(|n| *n > 0)
        .map_or(limit, |n| n.min(limit))
}

/// One page of `items`, which come in ascending order of their keys, and the token of the next.
pub(crate) fn page<K, T>(
    scope: &str,
    items: impl Iterator<Item = (K, T)>,
    from: Option<&str>,
    size: usize,
) -> Result<(Vec<T>, Option<String>)>
where
    K: Ord + Serialize + DeserializeOwned,
{
    let after =
        match from {
            Some(token) => Some(open::<K>(scope, token).ok_or_else(|| {
                Error::invalid(format!("The nextPageToken is malformed: {token}"))
            })?),
            None => None,
        };
    let mut items = items.filter(|(key, _)| after.as_ref().is_none_or(|after| key > after));
    let mut page = Vec::new();
    let mut last = None;
    for (key, item) in items.by_ref().take(size) {
        page.push(item);
        last = Some(key);
    }
    let next = match last {
        Some(last) if items.next().is_some() => Some(token(scope, &last)?),
        _ => None,
    };
    Ok((page, next))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn pages_hold_every_item_once_in_order(count in 0usize..60, size in 1usize..20) {
            let mut seen = Vec::new();
            let mut from: Option<String> = None;
            loop {
                let items = (0..count).map(|n| (n, n));
                let (page, next) = page("Numbers", items, from.as_deref(), size).unwrap();
                prop_assert!(page.len() <= size);
                seen.extend(page);
                match next {
                    Some(next) => from = Some(next),
                    None => break,
                }
            }
            prop_assert_eq!(seen, (0..count).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_token_is_refused_when_it_is_foreign_or_changed() {
        let mine = token("ListWorkGroups", &"a").unwrap();
        assert_eq!(
            open::<String>("ListWorkGroups", &mine).as_deref(),
            Some("a")
        );
        assert_eq!(open::<String>("ListTags", &mine), None);
        for at in 0..mine.len() {
            let mut changed = mine.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(
                open::<String>("ListWorkGroups", &changed),
                None,
                "{changed}"
            );
        }
    }
}
