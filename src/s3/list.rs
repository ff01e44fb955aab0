//! ListObjects, ListObjectsV2 and ListObjectVersions, and the walk that all listings share.

use std::collections::BTreeMap;
use std::ops::Bound;

use crate::base::{AccountId, Timestamp, limits};
use crate::s3::object::{Version, Versions};
use crate::s3::{Error, Result, S3, Stored};

/// A page of objects is asked for with this.
#[derive(Clone, Debug, Default)]
pub struct ListRequest {
    /// The bucket.
    pub bucket: String,
    /// Keys must start with it.
    pub prefix: String,
    /// Keys that contain it behind the prefix are rolled up to one common prefix.
    pub delimiter: Option<String>,
    /// Only keys behind it, in binary order.
    pub after: Option<String>,
    /// At most so many keys and common prefixes; 1000 when absent or more.
    pub max: Option<i32>,
}

/// A page of objects.
#[derive(Clone, Debug)]
pub struct Listing {
    /// Keys and their newest versions, in binary order.
    pub objects: Vec<(String, Stored)>,
    /// Common prefixes, in binary order.
    pub prefixes: Vec<String>,
    /// What was asked for at the most.
    pub max: i32,
    /// The last key or common prefix of this page, when there is another page: `after` of the next.
    pub next: Option<String>,
    /// Who owns the bucket, and so the objects.
    pub owner: AccountId,
}

/// A page of versions is asked for with this.
#[derive(Clone, Debug, Default)]
pub struct VersionRequest {
    /// As for objects; `after` is the key marker.
    pub list: ListRequest,
    /// With `after`: only versions behind this one of that key.
    pub after_version: Option<String>,
}

/// One version in a listing.
#[derive(Clone, Debug)]
pub struct ListedVersion {
    /// The key.
    pub key: String,
    /// The version's id.
    pub version_id: String,
    /// Whether it is the newest of its key.
    pub latest: bool,
    /// When it was written.
    pub modified: Timestamp,
    /// Its content; `None` is a delete marker.
    pub stored: Option<Stored>,
}

/// A page of versions.
#[derive(Clone, Debug)]
pub struct VersionListing {
    /// By key in binary order, the newest version of a key first.
    pub versions: Vec<ListedVersion>,
    /// Common prefixes.
    pub prefixes: Vec<String>,
    /// What was asked for at the most.
    pub max: i32,
    /// Where the next page starts: a key marker, and a version id marker unless the page ended with
    /// a common prefix.
    pub next: Option<(String, Option<String>)>,
    /// Who owns the bucket.
    pub owner: AccountId,
}

impl S3 {
    /// ListObjects and ListObjectsV2.
    pub fn list_objects(&self, request: &ListRequest) -> Result<Listing> {
        let max = page_size(request.max, "max-keys")?;
        let state = self.read();
        let bucket = state.bucket(&request.bucket)?;
        let mut walk = Walk::new(
            &bucket.keys,
            &request.prefix,
            request.delimiter.as_deref(),
            request.after.as_deref(),
        );
        walk.visible = |versions| versions.current_object().is_some();
        let mut listing = Listing {
            objects: Vec::new(),
            prefixes: Vec::new(),
            max,
            next: None,
            owner: bucket.owner.clone(),
        };
        let mut last = None;
        for count in 0.. {
            if count == max {
                listing.next = last.filter(|_| walk.next().is_some());
                break;
            }
            match walk.next() {
                Some(Step::Prefix(prefix)) => {
                    last = Some(prefix.clone());
                    listing.prefixes.push(prefix);
                }
                Some(Step::Key(key, versions)) => {
                    last = Some(key.to_owned());
                    if let Some(stored) = versions.current_object() {
                        listing.objects.push((key.to_owned(), stored.clone()));
                    }
                }
                None => break,
            }
        }
        Ok(listing)
    }

    /// ListObjectVersions.
    pub fn list_versions(&self, request: &VersionRequest) -> Result<VersionListing> {
        let max = page_size(request.list.max, "max-keys")?;
        let after = request.list.after.as_deref().filter(|key| !key.is_empty());
        let after_version = request.after_version.as_deref();
        if let (None, Some(version)) = (after, after_version) {
            return Err(Error::argument(
                "A version-id marker cannot be specified without a key marker.",
                "version-id-marker",
                version,
            ));
        }
        let state = self.read();
        let bucket = state.bucket(&request.list.bucket)?;
        let mut listing = VersionListing {
            versions: Vec::new(),
            prefixes: Vec::new(),
            max,
            next: None,
            owner: bucket.owner.clone(),
        };
        let mut last = None;
        // The rest of the marker's own key comes before the keys behind it.
        let rest = after
            .zip(after_version)
            .and_then(|(key, version)| rest_of_key(&bucket.keys, key, version));
        let walk = Walk::new(
            &bucket.keys,
            &request.list.prefix,
            request.list.delimiter.as_deref(),
            after,
        );
        let steps = rest.into_iter().chain(walk.map(|step| match step {
            Step::Prefix(prefix) => Page::Prefix(prefix),
            Step::Key(key, versions) => Page::Versions(key, versions, versions.0.len()),
        }));
        for step in steps {
            let (key, versions, count) = match step {
                Page::Prefix(prefix) => {
                    if full(&listing) {
                        listing.next = last;
                        return Ok(listing);
                    }
                    last = Some((prefix.clone(), None));
                    listing.prefixes.push(prefix);
                    continue;
                }
                Page::Versions(key, versions, count) => (key, versions, count),
            };
            for (at, version) in versions.0.iter().enumerate().take(count).rev() {
                if full(&listing) {
                    listing.next = last;
                    return Ok(listing);
                }
                let latest = at + 1 == versions.0.len();
                let listed = listed(key, version, latest);
                last = Some((key.to_owned(), Some(listed.version_id.clone())));
                listing.versions.push(listed);
            }
        }
        Ok(listing)
    }
}

fn full(listing: &VersionListing) -> bool {
    listing.versions.len() + listing.prefixes.len() >= listing.max as usize
}

enum Page<'a> {
    Prefix(String),
    /// A key and how many of its versions, counted from the oldest, are still to be listed.
    Versions(&'a str, &'a Versions, usize),
}

fn rest_of_key<'a>(
    keys: &'a BTreeMap<String, Versions>,
    key: &str,
    version: &str,
) -> Option<Page<'a>> {
    let (key, versions) = keys.get_key_value(key)?;
    let at = versions.0.iter().position(|v| v.id() == version)?;
    Some(Page::Versions(key, versions, at))
}

fn listed(key: &str, version: &Version, latest: bool) -> ListedVersion {
    let (modified, stored) = match version {
        Version::Object(stored) => (stored.modified, Some(stored.clone())),
        Version::Marker(_, modified) => (*modified, None),
    };
    ListedVersion {
        key: key.to_owned(),
        version_id: version.id().to_owned(),
        latest,
        modified,
        stored,
    }
}

/// The size of a page: what is asked for, at the most 1000.
pub(super) fn page_size(asked: Option<i32>, name: &'static str) -> Result<i32> {
    match asked {
        None => Ok(limits::s3::LIST_MAX_KEYS),
        Some(asked) if asked < 0 => Err(Error::argument(
            format!(
                "Argument {name} must be an integer between 0 and {}",
                i32::MAX
            ),
            name,
            asked.to_string(),
        )),
        Some(asked) => Ok(asked.min(limits::s3::LIST_MAX_KEYS)),
    }
}

/// One entry of a walk.
pub(super) enum Step<'a, V> {
    /// A common prefix, up to and including the delimiter.
    Prefix(String),
    /// A key that stands for itself.
    Key(&'a str, &'a V),
}

/// A walk over keys in binary order. A common prefix costs one look-up, however many keys it has.
pub(super) struct Walk<'a, V> {
    map: &'a BTreeMap<String, V>,
    prefix: &'a str,
    delimiter: Option<&'a str>,
    from: Option<Bound<String>>,
    /// Keys for which this is false are passed over.
    pub(super) visible: fn(&V) -> bool,
}

impl<'a, V> Walk<'a, V> {
    pub(super) fn new(
        map: &'a BTreeMap<String, V>,
        prefix: &'a str,
        delimiter: Option<&'a str>,
        after: Option<&str>,
    ) -> Self {
        let delimiter = delimiter.filter(|text| !text.is_empty());
        let from = match after {
            Some(after) if after >= prefix => match common_prefix(after, prefix, delimiter) {
                // The page before ended with or inside this common prefix.
                Some(done) => successor(done).map(Bound::Included),
                None => Some(Bound::Excluded(after.to_owned())),
            },
            _ => Some(Bound::Included(prefix.to_owned())),
        };
        Self {
            map,
            prefix,
            delimiter,
            from,
            visible: |_| true,
        }
    }
}

impl<'a, V> Iterator for Walk<'a, V> {
    type Item = Step<'a, V>;

    fn next(&mut self) -> Option<Self::Item> {
        let from = self.from.take()?;
        let (key, value) = self
            .map
            .range((from, Bound::Unbounded))
            .find(|(key, value)| !key.starts_with(self.prefix) || (self.visible)(value))?;
        if !key.starts_with(self.prefix) {
            return None;
        }
        match common_prefix(key, self.prefix, self.delimiter) {
            Some(common) => {
                self.from = successor(common).map(Bound::Included);
                Some(Step::Prefix(common.to_owned()))
            }
            None => {
                self.from = Some(Bound::Excluded(key.clone()));
                Some(Step::Key(key, value))
            }
        }
    }
}

/// What `key` is rolled up to, if it is.
fn common_prefix<'k>(key: &'k str, prefix: &str, delimiter: Option<&str>) -> Option<&'k str> {
    let delimiter = delimiter?;
    let at = key.strip_prefix(prefix)?.find(delimiter)?;
    key.get(..prefix.len() + at + delimiter.len())
}

/// The smallest text behind everything that starts with `prefix`; `None` when there is none.
fn successor(prefix: &str) -> Option<String> {
    let mut text = prefix.to_owned();
    while let Some(last) = text.pop() {
        let next = match last {
            '\u{d7ff}' => Some('\u{e000}'),
            last => char::from_u32(u32::from(last) + 1),
        };
        if let Some(next) = next {
            text.push(next);
            return Some(text);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_successor_lies_behind_every_key_with_the_prefix() {
        let check = |prefix: &str, expected: Option<&str>| {
            assert_eq!(successor(prefix).as_deref(), expected, "{prefix}");
        };
        check("a/", Some("a0"));
        check("a\u{10ffff}", Some("b"));
        check("\u{d7ff}", Some("\u{e000}"));
        check("\u{10ffff}", None);
        check("", None);
    }
}
