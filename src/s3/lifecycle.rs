//! Lifecycle rules: what expires, and when. "Lifecycle configuration elements" and "Expiring
//! objects", S3 user guide. Transitions between storage classes are not among them.

use crate::base::{Timestamp, limits};
use crate::s3::bucket::Bucket;
use crate::s3::config::{SubResource, Versioning};
use crate::s3::object::{VERSION_ID_CHARS, Version, Versions};
use crate::s3::{Error, Result, S3, Stored};

const DAY_SECS: i64 = 86_400;

/// One rule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LifecycleRule {
    /// Its id, unique in the bucket.
    pub id: String,
    /// Whether it is in force.
    pub enabled: bool,
    /// Only keys that start with it.
    pub prefix: String,
    /// Only objects that carry all of these tags.
    pub tags: Vec<(String, String)>,
    /// Only objects of more bytes than this.
    pub larger_than: Option<u64>,
    /// Only objects of fewer bytes than this.
    pub smaller_than: Option<u64>,
    /// When the newest version of a key expires.
    pub expiration: Option<Expiration>,
    /// When older versions expire.
    pub noncurrent: Option<NoncurrentExpiration>,
    /// Uploads still in progress so many days after their start are aborted.
    pub abort_uploads_days: Option<i32>,
}

/// When the newest version of a key expires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiration {
    /// So many days after it was written.
    Days(i32),
    /// From this midnight on.
    Date(Timestamp),
    /// When it is a delete marker with no older version beneath it.
    LoneDeleteMarkers,
}

/// When older versions of a key expire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoncurrentExpiration {
    /// So many days after a newer version was written.
    pub days: i32,
    /// So many of the newest of them stay in any case.
    pub keep: usize,
}

/// Days are counted in full and then to the next midnight UTC.
fn due(since: Timestamp, days: i32) -> Timestamp {
    let day = since.secs().div_euclid(DAY_SECS) + i64::from(days) + 1;
    Timestamp::from_secs(day.saturating_mul(DAY_SECS))
}

impl LifecycleRule {
    fn matches(&self, key: &str, stored: Option<&Stored>) -> bool {
        if !self.enabled || !key.starts_with(&self.prefix) {
            return false;
        }
        let Some(stored) = stored else {
            return self.tags.is_empty()
                && self.larger_than.is_none()
                && self.smaller_than.is_none();
        };
        let size = stored.object.body.len();
        self.tags.iter().all(|tag| stored.tags.0.contains(tag))
            && self.larger_than.is_none_or(|limit| size > limit)
            && self.smaller_than.is_none_or(|limit| size < limit)
    }

    /// When this rule ends an object that is the newest version of its key.
    fn end_of(&self, key: &str, stored: &Stored) -> Option<Timestamp> {
        if !self.matches(key, Some(stored)) {
            return None;
        }
        match self.expiration? {
            Expiration::Days(days) => Some(due(stored.modified, days)),
            Expiration::Date(date) => Some(date),
            Expiration::LoneDeleteMarkers => None,
        }
    }

    fn check(&self) -> Result<()> {
        let argument = |message: &str, value: String| {
            Err(Error::argument(message, "LifecycleConfiguration", value))
        };
        if self.id.chars().count() > limits::s3::LIFECYCLE_ID_MAX_CHARS {
            return argument(
                "ID length should not exceed allowed limit of 255",
                self.id.clone(),
            );
        }
        match self.expiration {
            Some(Expiration::Days(days)) if days <= 0 => {
                return argument(
                    "'Days' for Expiration action must be a positive integer",
                    days.to_string(),
                );
            }
            Some(Expiration::Date(date)) if date.micros().rem_euclid(DAY_SECS * 1_000_000) != 0 => {
                return argument("'Date' must be at midnight GMT", date.to_string());
            }
            _ => {}
        }
        match (self.noncurrent, self.abort_uploads_days) {
            (Some(noncurrent), _) if noncurrent.days <= 0 => argument(
                "'NoncurrentDays' for NoncurrentVersionExpiration action must be a positive \
                 integer",
                noncurrent.days.to_string(),
            ),
            (_, Some(days)) if days <= 0 => argument(
                "'DaysAfterInitiation' for AbortIncompleteMultipartUpload action must be a \
                 positive integer",
                days.to_string(),
            ),
            (None, None) if self.expiration.is_none() => Err(Error::InvalidRequest(
                "At least one action needs to be specified in a rule".to_owned(),
            )),
            _ => Ok(()),
        }
    }
}

impl S3 {
    /// An id for a rule that was sent without one.
    pub fn new_rule_id(&self) -> String {
        self.ids.alphanumeric(48)
    }

    /// PutBucketLifecycleConfiguration. `document` is what GetBucketLifecycleConfiguration answers.
    pub fn put_lifecycle(
        &self,
        bucket: &str,
        rules: Vec<LifecycleRule>,
        document: String,
    ) -> Result<()> {
        if rules.is_empty() || rules.len() > limits::s3::LIFECYCLE_MAX_RULES {
            return Err(Error::MalformedXml);
        }
        for (at, rule) in rules.iter().enumerate() {
            rule.check()?;
            if rules.iter().take(at).any(|other| other.id == rule.id) {
                return Err(Error::argument(
                    "Rule ID must be unique. Found same ID for more than one rule",
                    "ID",
                    &rule.id,
                ));
            }
        }
        self.configure(bucket, |config| {
            config.lifecycle = rules;
            config.documents.insert(SubResource::Lifecycle, document);
        })
    }

    /// DeleteBucketLifecycle.
    pub fn delete_lifecycle(&self, bucket: &str) -> Result<()> {
        self.configure(bucket, |config| {
            config.lifecycle.clear();
            config.documents.remove(&SubResource::Lifecycle);
        })
    }

    /// When an object that is the newest version of its key will expire, and by which rule.
    pub fn expiration(
        &self,
        bucket: &str,
        key: &str,
        stored: &Stored,
    ) -> Option<(Timestamp, String)> {
        let state = self.read();
        let bucket = state.bucket(bucket).ok()?;
        let current = bucket.keys.get(key)?.current_object()?;
        if current.version != stored.version {
            return None;
        }
        let ends = |rule: &LifecycleRule| Some((rule.end_of(key, stored)?, rule.id.clone()));
        bucket.config.lifecycle.iter().filter_map(ends).min()
    }

    /// When [`Self::run_lifecycle`] is to be called next: the next midnight UTC, if any rule is in
    /// force.
    pub fn next_lifecycle_run(&self, now: Timestamp) -> Option<Timestamp> {
        let in_force = |bucket: &Bucket| bucket.config.lifecycle.iter().any(|rule| rule.enabled);
        self.read()
            .buckets
            .values()
            .any(in_force)
            .then(|| due(now, 0))
    }

    /// Does what the rules say is due at `now`; returns how many versions, markers and uploads it
    /// wrote or removed. AWS does this once a day.
    pub fn run_lifecycle(&self, now: Timestamp) -> usize {
        let mut state = self.write();
        let mut done = 0;
        for bucket in state.buckets.values_mut() {
            if bucket.config.lifecycle.iter().any(|rule| rule.enabled) {
                done += self.run_bucket(now, bucket);
            }
        }
        done
    }

    fn run_bucket(&self, now: Timestamp, bucket: &mut Bucket) -> usize {
        let rules = bucket.config.lifecycle.clone();
        let versioning = bucket.config.versioning;
        let mut done = bucket.abort_uploads(|key, initiated| {
            rules.iter().any(|rule| {
                let days = rule.abort_uploads_days;
                rule.enabled
                    && key.starts_with(&rule.prefix)
                    && days.is_some_and(|days| due(initiated, days) <= now)
            })
        });
        let mut changed = Vec::new();
        for (key, versions) in &mut bucket.keys {
            let before = done;
            done += expire_noncurrent(now, key, versions, &rules);
            let expired = versions.current_object().is_some_and(|stored| {
                let end = rules
                    .iter()
                    .filter_map(|rule| rule.end_of(key, stored))
                    .min();
                end.is_some_and(|end| end <= now)
            });
            if expired {
                done += 1;
                match versioning {
                    None => versions.0.clear(),
                    Some(versioning) => {
                        let id = (versioning == Versioning::Enabled)
                            .then(|| self.ids.alphanumeric(VERSION_ID_CHARS));
                        versions.push(Version::Marker(id, now.floor_millis()));
                    }
                }
            }
            if done != before {
                changed.push(key.clone());
            }
        }
        for key in changed {
            bucket.note_delete(&key);
        }
        done
    }
}

/// Removes older versions whose time has come, and then a delete marker that hides nothing.
fn expire_noncurrent(
    now: Timestamp,
    key: &str,
    versions: &mut Versions,
    rules: &[LifecycleRule],
) -> usize {
    let before = versions.0.len();
    let modified: Vec<Timestamp> = versions.0.iter().map(Version::modified).collect();
    let newest = modified.len().saturating_sub(1);
    let mut at = 0;
    versions.0.retain(|version| {
        let index = at;
        at += 1;
        let Some(superseded) = modified.get(index + 1) else {
            return true;
        };
        let stored = match version {
            Version::Object(stored) => Some(stored),
            Version::Marker(..) => None,
        };
        // Older versions that are newer than this one.
        let newer = newest.saturating_sub(index + 1);
        !rules.iter().any(|rule| {
            rule.matches(key, stored)
                && rule.noncurrent.is_some_and(|noncurrent| {
                    newer >= noncurrent.keep && due(*superseded, noncurrent.days) <= now
                })
        })
    });
    let lone = matches!(&versions.0[..], [Version::Marker(..)]);
    let removes = |rule: &LifecycleRule| {
        rule.expiration == Some(Expiration::LoneDeleteMarkers) && rule.matches(key, None)
    };
    if lone && rules.iter().any(removes) {
        versions.0.clear();
    }
    before - versions.0.len()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use super::*;
    use crate::base::{Call, Ids, Seed};
    use crate::s3::{CreateBucket, CreateUpload, DeleteOne, ListRequest};

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    fn core(rule: LifecycleRule) -> S3 {
        let core = S3::new(Arc::new(Ids::seeded(Seed::new(1))));
        let request = CreateBucket {
            name: "lake".to_owned(),
            ..CreateBucket::default()
        };
        core.create_bucket(&Call::root(Timestamp::EPOCH), request)
            .unwrap();
        let rule = LifecycleRule {
            id: "rule".to_owned(),
            enabled: true,
            ..rule
        };
        core.put_lifecycle("lake", vec![rule], String::new())
            .unwrap();
        core
    }

    fn put(core: &S3, now: &str, key: &str) -> Stored {
        core.put(at(now), "lake", key, "x", BTreeMap::new())
            .unwrap()
    }

    fn keys(core: &S3) -> Vec<String> {
        let request = ListRequest {
            bucket: "lake".to_owned(),
            ..ListRequest::default()
        };
        let listing = core.list_objects(&request).unwrap();
        listing.objects.into_iter().map(|(key, _)| key).collect()
    }

    #[test]
    fn an_object_expires_at_the_midnight_after_its_days() {
        let core = core(LifecycleRule {
            prefix: "raw/".to_owned(),
            expiration: Some(Expiration::Days(3)),
            ..LifecycleRule::default()
        });
        let stored = put(&core, "2014-01-01T10:30:00Z", "raw/a");
        put(&core, "2014-01-01T10:30:00Z", "curated/a");
        // The example of the user guide.
        let midnight = at("2014-01-05T00:00:00Z");
        let expected = Some((midnight, "rule".to_owned()));
        assert_eq!(core.expiration("lake", "raw/a", &stored), expected);
        assert_eq!(core.run_lifecycle(at("2014-01-04T23:59:59Z")), 0);
        assert_eq!(
            core.next_lifecycle_run(at("2014-01-04T23:59:59Z")),
            Some(midnight)
        );
        assert_eq!(core.run_lifecycle(midnight), 1);
        assert_eq!(keys(&core), ["curated/a"]);
        core.delete_lifecycle("lake").unwrap();
        assert_eq!(core.next_lifecycle_run(midnight), None);
    }

    #[test]
    fn old_versions_expire_and_the_newest_of_them_stay() {
        let core = core(LifecycleRule {
            noncurrent: Some(NoncurrentExpiration { days: 1, keep: 1 }),
            ..LifecycleRule::default()
        });
        core.configure("lake", |config| {
            config.versioning = Some(Versioning::Enabled)
        })
        .unwrap();
        let first = put(&core, "2025-04-01T00:00:00Z", "a");
        let second = put(&core, "2025-04-01T01:00:00Z", "a");
        put(&core, "2025-04-01T02:00:00Z", "a");
        assert_eq!(core.run_lifecycle(at("2025-04-02T00:00:00Z")), 0);
        assert_eq!(core.run_lifecycle(at("2025-04-03T00:00:00Z")), 1);
        let exists = |stored: &Stored| {
            core.stored("lake", "a", stored.version.as_deref(), "GET")
                .is_ok()
        };
        assert!(!exists(&first) && exists(&second));
    }

    #[test]
    fn a_versioned_object_expires_into_a_marker_and_a_lone_marker_goes() {
        let core = core(LifecycleRule {
            expiration: Some(Expiration::Date(at("2025-05-01T00:00:00Z"))),
            ..LifecycleRule::default()
        });
        core.configure("lake", |config| {
            config.versioning = Some(Versioning::Enabled)
        })
        .unwrap();
        let stored = put(&core, "2025-04-01T00:00:00Z", "a");
        assert_eq!(core.run_lifecycle(at("2025-05-01T00:00:00Z")), 1);
        assert!(keys(&core).is_empty());
        assert!(
            core.stored("lake", "a", stored.version.as_deref(), "GET")
                .is_ok()
        );
        let rule = LifecycleRule {
            id: "markers".to_owned(),
            enabled: true,
            expiration: Some(Expiration::LoneDeleteMarkers),
            ..LifecycleRule::default()
        };
        core.put_lifecycle("lake", vec![rule], String::new())
            .unwrap();
        assert_eq!(core.run_lifecycle(at("2025-05-02T00:00:00Z")), 0);
        let delete = DeleteOne {
            bucket: "lake".to_owned(),
            key: "a".to_owned(),
            version: stored.version,
            if_match: None,
        };
        core.delete_object(at("2025-05-02T00:00:00Z"), &delete)
            .unwrap();
        assert_eq!(core.run_lifecycle(at("2025-05-03T00:00:00Z")), 1);
        core.delete_bucket("lake").unwrap();
    }

    #[test]
    fn forgotten_uploads_are_aborted() {
        let core = core(LifecycleRule {
            abort_uploads_days: Some(7),
            ..LifecycleRule::default()
        });
        let request = CreateUpload {
            bucket: "lake".to_owned(),
            key: "big".to_owned(),
            ..CreateUpload::default()
        };
        let upload = core
            .create_upload(at("2025-04-01T05:00:00Z"), request)
            .unwrap();
        assert_eq!(core.run_lifecycle(at("2025-04-08T23:00:00Z")), 0);
        assert_eq!(core.run_lifecycle(at("2025-04-09T00:00:00Z")), 1);
        let parts = core.list_parts("lake", "big", &upload.id, 0, None);
        assert_eq!(parts.unwrap_err().code(), "NoSuchUpload");
    }

    #[test]
    fn impossible_rules_are_refused() {
        let core = core(LifecycleRule {
            expiration: Some(Expiration::Days(1)),
            ..LifecycleRule::default()
        });
        let check = |rules: Vec<LifecycleRule>, code: &str| {
            let refused = core.put_lifecycle("lake", rules, String::new());
            assert_eq!(refused.unwrap_err().code(), code);
        };
        let with = |expiration| LifecycleRule {
            expiration,
            ..LifecycleRule::default()
        };
        check(Vec::new(), "MalformedXML");
        check(vec![with(None)], "InvalidRequest");
        check(vec![with(Some(Expiration::Days(0)))], "InvalidArgument");
        let noon = at("2025-05-01T12:00:00Z");
        check(vec![with(Some(Expiration::Date(noon)))], "InvalidArgument");
        let good = with(Some(Expiration::Days(1)));
        check(vec![good.clone(), good], "InvalidArgument");
    }
}
