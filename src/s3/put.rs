//! PutObject, and how any write becomes a version.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::base::{Timestamp, limits};
use crate::s3::bucket::Bucket;
use crate::s3::checksum;
use crate::s3::config::Versioning;
use crate::s3::object::{VERSION_ID_CHARS, Version};
use crate::s3::{
    Attributes, Body, Encryption, Error, Integrity, Object, Result, S3, Stored, Tags,
    WriteCondition,
};

/// What PutObject is asked for.
#[derive(Clone, Debug, Default)]
pub struct Put {
    /// The bucket.
    pub bucket: String,
    /// The key.
    pub key: String,
    /// The bytes.
    pub body: Body,
    /// Headers, metadata, storage class, encryption.
    pub attributes: Attributes,
    /// Tags.
    pub tags: Tags,
    /// What the client says about the bytes.
    pub integrity: Integrity,
    /// Under which condition to write.
    pub condition: WriteCondition,
}

/// An object that was written.
pub type Written = Stored;

impl S3 {
    /// PutObject.
    pub fn put_object(&self, now: Timestamp, request: Put) -> Result<Written> {
        check_key(&request.key)?;
        check_upload_size(&request.body)?;
        request.attributes.validate()?;
        request.tags.check_object()?;
        request.condition.validate()?;
        // A missing bucket must be answered before the body is looked at.
        self.read().bucket(&request.bucket)?;
        let (md5, checksum) = request.integrity.verify(&request.body, None)?;
        let object = Object {
            body: request.body,
            etag: checksum::etag(&md5),
            checksum,
            attributes: request.attributes,
            parts: Vec::new(),
        };
        let mut state = self.write();
        let bucket = state.bucket_mut(&request.bucket)?;
        request
            .condition
            .check(&request.key, bucket.keys.get(&request.key))?;
        Ok(self.add_version(now, bucket, request.key, object, request.tags))
    }

    /// Writes an object the short way: what deliveries and query results need. `headers` are stored
    /// headers in lower case, `x-amz-meta-*` among them.
    pub fn put(
        &self,
        now: Timestamp,
        bucket: &str,
        key: &str,
        body: impl Into<Body>,
        headers: BTreeMap<String, String>,
    ) -> Result<Written> {
        self.put_object(
            now,
            Put {
                bucket: bucket.to_owned(),
                key: key.to_owned(),
                body: body.into(),
                attributes: Attributes::from_headers(headers)?,
                ..Put::default()
            },
        )
    }

    /// Puts an object on top of a key's versions. The caller has checked the write's condition.
    pub(super) fn add_version(
        &self,
        now: Timestamp,
        bucket: &mut Bucket,
        key: String,
        mut object: Object,
        tags: Tags,
    ) -> Stored {
        let attributes = &mut object.attributes;
        let encryption = attributes
            .encryption
            .get_or_insert_with(|| bucket.config.encryption.clone());
        if matches!(encryption, Encryption::Kms { .. }) {
            // AWS: the entity tag of an object under SSE-KMS is not the MD5 of its data.
            let suffix = object
                .etag
                .split_once('-')
                .map(|(_, parts)| parts.to_owned());
            object.etag = self.ids.hex(32);
            if let Some(parts) = suffix {
                object.etag = format!("{}-{parts}", object.etag);
            }
        }
        let stored = Stored {
            version: self.new_version_id(bucket),
            modified: now.floor_millis(),
            object: Arc::new(object),
            tags,
        };
        bucket.note_write(&key);
        bucket
            .keys
            .entry(key)
            .or_default()
            .push(Version::Object(stored.clone()));
        stored
    }

    /// The id of a version that is about to be written.
    pub(super) fn new_version_id(&self, bucket: &Bucket) -> Option<String> {
        (bucket.config.versioning == Some(Versioning::Enabled))
            .then(|| self.ids.alphanumeric(VERSION_ID_CHARS))
    }
}

/// Refuses a key that S3 cannot store.
pub(super) fn check_key(key: &str) -> Result<()> {
    if key.len() > limits::s3::KEY_MAX_BYTES {
        return Err(Error::KeyTooLong { size: key.len() });
    }
    if key.is_empty() {
        return Err(Error::argument("The key must not be empty", "Key", key));
    }
    Ok(())
}

/// Refuses a body that is too large for one request.
pub(super) fn check_upload_size(body: &Body) -> Result<()> {
    if body.len() > limits::s3::UPLOAD_MAX_BYTES {
        return Err(Error::EntityTooLarge {
            proposed: body.len(),
            max: limits::s3::UPLOAD_MAX_BYTES,
        });
    }
    Ok(())
}
