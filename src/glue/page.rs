//! Pages with opaque tokens.
//!
//! A token holds the key of the last item handed out, not a position. So paging while others write
//! never repeats or skips an item that was there all along.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::glue::error::{Error, Result};

/// The key behind which a page starts; `None` for the first page. Hive clients send an empty token
/// for that too.
pub(crate) fn start<K: DeserializeOwned>(scope: &str, token: Option<&str>) -> Result<Option<K>> {
    let Some(token) = token.filter(|token| !token.is_empty()) else {
        return Ok(None);
    };
    let invalid = || Error::InvalidInput("Invalid token.".to_owned());
    let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| invalid())?;
    let (found, key): (String, K) = serde_json::from_slice(&bytes).map_err(|_| invalid())?;
    if found != scope {
        return Err(invalid());
    }
    Ok(Some(key))
}

/// The token for the page behind `key`.
pub(crate) fn token<K: Serialize>(scope: &str, key: &K) -> Result<String> {
    let json = serde_json::to_vec(&(scope, key))
        .map_err(|error| Error::InvalidState(format!("cannot write a token: {error}")))?;
    Ok(URL_SAFE_NO_PAD.encode(json))
}

/// How many items a page has: what was asked for, at most `limit`.
pub(crate) fn size(asked: Option<i32>, limit: usize) -> usize {
    asked
        .and_then(|n| usize::try_from(n).ok())
        .map_or(limit, |n| n.clamp(1, limit))
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
    let after: Option<K> = start(scope, from)?;
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
    fn a_foreign_token_is_refused() {
        let mine = token("GetTables", &"a").unwrap();
        assert!(start::<String>("GetTables", Some(&mine)).unwrap().is_some());
        assert!(start::<String>("GetJobs", Some(&mine)).is_err());
        assert!(start::<String>("GetJobs", Some("nonsense!")).is_err());
        assert_eq!(start::<String>("GetJobs", Some("")).unwrap(), None);
    }
}
