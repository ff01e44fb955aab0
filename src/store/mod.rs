//! State that lasts, and the small trait through which other rooms meet the objects of S3.

use std::collections::BTreeMap;
use std::ops::Range;

use async_trait::async_trait;
use bytes::Bytes;

use crate::base::Timestamp;

/// An object as a listing shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectInfo {
    /// Key inside its bucket.
    pub key: String,
    /// Size of the body in bytes.
    pub size: u64,
    /// Entity tag without its quotes.
    pub etag: String,
    /// When it was last written.
    pub last_modified: Timestamp,
}

/// Why the object space refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ObjectsError {
    /// The bucket does not exist.
    #[error("the bucket `{0}` does not exist")]
    NoSuchBucket(String),
    /// The bucket exists, the key does not.
    #[error("the object `s3://{bucket}/{key}` does not exist")]
    NoSuchKey {
        /// The bucket.
        bucket: String,
        /// The missing key.
        key: String,
    },
    /// Policies do not allow it; what they say.
    #[error("{0}")]
    Denied(String),
    /// Anything else, e.g. a failing disk or upstream.
    #[error("{0}")]
    Other(String),
}

/// S3 as the engine, the crawlers and the deliveries see it: one flat space of objects a bucket.
///
/// Implemented by the S3 room over its own state, so that nothing between the services of one
/// emulator goes through HTTP.
#[async_trait]
pub trait Objects: Send + Sync + std::fmt::Debug {
    /// Objects whose key starts with `prefix`, in UTF-8 binary order of their keys.
    async fn list(&self, bucket: &str, prefix: &str) -> Result<Vec<ObjectInfo>, ObjectsError>;

    /// One object's facts.
    async fn head(&self, bucket: &str, key: &str) -> Result<ObjectInfo, ObjectsError>;

    /// The body, or the bytes of it in `range` (clamped to the body's end).
    async fn read(
        &self,
        bucket: &str,
        key: &str,
        range: Option<Range<u64>>,
    ) -> Result<Bytes, ObjectsError>;

    /// Writes an object, replacing one of the same key. `headers` are stored system headers such as
    /// `content-type` and `content-encoding`, in lower case.
    async fn write(
        &self,
        bucket: &str,
        key: &str,
        body: Bytes,
        headers: BTreeMap<String, String>,
    ) -> Result<ObjectInfo, ObjectsError>;

    /// Deletes an object; a missing key is no error.
    async fn delete(&self, bucket: &str, key: &str) -> Result<(), ObjectsError>;
}

/// An `s3://bucket/key` address.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct S3Uri {
    /// The bucket.
    pub bucket: String,
    /// The key or key prefix; may be empty.
    pub key: String,
}

impl S3Uri {
    /// Parses `s3://bucket[/key]`; `s3a://` and `s3n://` mean the same to Hive and Spark.
    pub fn parse(text: &str) -> Option<Self> {
        let rest = ["s3://", "s3a://", "s3n://"]
            .iter()
            .find_map(|scheme| text.strip_prefix(scheme))?;
        let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
        (!bucket.is_empty()).then(|| Self {
            bucket: bucket.to_owned(),
            key: key.to_owned(),
        })
    }

    /// The key as a folder: with one trailing slash, or empty for a whole bucket.
    pub fn folder(&self) -> String {
        if self.key.is_empty() || self.key.ends_with('/') {
            self.key.clone()
        } else {
            format!("{}/", self.key)
        }
    }
}

impl std::fmt::Display for S3Uri {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "s3://{}/{}", self.bucket, self.key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s3_uris_split_into_bucket_and_key() {
        let uri = S3Uri::parse("s3://lake/raw/2025").unwrap();
        assert_eq!(
            (uri.bucket.as_str(), uri.key.as_str()),
            ("lake", "raw/2025")
        );
        assert_eq!(uri.folder(), "raw/2025/");
        assert_eq!(S3Uri::parse("s3://lake").unwrap().folder(), "");
        assert_eq!(S3Uri::parse("s3a://lake/x/").unwrap().folder(), "x/");
        for bad in ["lake/raw", "s3://", "http://lake/raw"] {
            assert!(S3Uri::parse(bad).is_none(), "{bad}");
        }
    }
}
