//! DeleteObject; DeleteObjects is many of them.

use crate::base::Timestamp;
use crate::s3::config::Versioning;
use crate::s3::object::{Version, check_version_id};
use crate::s3::{Error, NULL_VERSION, Result, S3, WriteCondition};

/// One key, or one version of it, to delete.
#[derive(Clone, Debug, Default)]
pub struct DeleteOne {
    /// The bucket.
    pub bucket: String,
    /// The key.
    pub key: String,
    /// A version; without one the key is hidden or removed, as versioning says.
    pub version: Option<String>,
    /// `If-Match`.
    pub if_match: Option<String>,
}

/// What a deletion did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deleted {
    /// Whether a delete marker was written or removed.
    pub marker: bool,
    /// The version that was written or removed, in a bucket that has versions.
    pub version: Option<String>,
    /// Whether the version that was named did not exist.
    pub missing_version: bool,
}

impl S3 {
    /// DeleteObject. A key or version that does not exist is no error.
    pub fn delete_object(&self, now: Timestamp, request: &DeleteOne) -> Result<Deleted> {
        if let Some(id) = &request.version {
            check_version_id(id)?;
        }
        let condition = WriteCondition {
            if_match: request.if_match.clone(),
            if_none_match: None,
        };
        condition.validate()?;
        let mut state = self.write();
        let bucket = state.bucket_mut(&request.bucket)?;
        condition.check(&request.key, bucket.keys.get(&request.key))?;
        if let Some(id) = &request.version {
            let removed = bucket.keys.get_mut(&request.key).and_then(|versions| {
                let at = versions.0.iter().position(|version| version.id() == id)?;
                Some(versions.0.remove(at))
            });
            bucket.note_delete(&request.key);
            return Ok(Deleted {
                marker: matches!(removed, Some(Version::Marker(..))),
                version: Some(id.clone()),
                missing_version: removed.is_none(),
            });
        }
        let Some(versioning) = bucket.config.versioning else {
            bucket.keys.remove(&request.key);
            bucket.note_delete(&request.key);
            return Ok(Deleted::default());
        };
        let id = match versioning {
            Versioning::Enabled => self.new_version_id(bucket),
            Versioning::Suspended => None,
        };
        let version = id.clone().unwrap_or_else(|| NULL_VERSION.to_owned());
        bucket
            .keys
            .entry(request.key.clone())
            .or_default()
            .push(Version::Marker(id, now.floor_millis()));
        bucket.note_delete(&request.key);
        Ok(Deleted {
            marker: true,
            version: Some(version),
            missing_version: false,
        })
    }

    /// DeleteObjects for one of its keys: there a version that does not exist is an error.
    pub fn delete_listed(&self, now: Timestamp, request: &DeleteOne) -> Result<Deleted> {
        let deleted = self.delete_object(now, request)?;
        match (&request.version, deleted.missing_version) {
            (Some(id), true) if id != NULL_VERSION => Err(Error::NoSuchVersion {
                key: request.key.clone(),
                version_id: id.clone(),
            }),
            _ => Ok(deleted),
        }
    }
}
