//! The objects of S3 as other rooms see them, without HTTP.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;

use crate::base::Clock;
use crate::s3::{DeleteOne, Error, ListRequest, S3, Stored};
use crate::store::{ObjectInfo, Objects, ObjectsError};

/// An S3 with the clock that dates its writes.
#[derive(Clone, Debug)]
pub struct Space {
    core: Arc<S3>,
    clock: Clock,
}

impl Space {
    /// The objects of `core`.
    pub fn new(core: Arc<S3>, clock: Clock) -> Self {
        Self { core, clock }
    }
}

fn info(key: &str, stored: &Stored) -> ObjectInfo {
    ObjectInfo {
        key: key.to_owned(),
        size: stored.object.body.len(),
        etag: stored.object.etag.clone(),
        last_modified: stored.modified,
    }
}

fn refusal(bucket: &str) -> impl Fn(Error) -> ObjectsError + '_ {
    move |error| match error {
        Error::NoSuchBucket(bucket) => ObjectsError::NoSuchBucket(bucket),
        Error::NoSuchKey { key, .. } => ObjectsError::NoSuchKey {
            bucket: bucket.to_owned(),
            key,
        },
        other => ObjectsError::Other(other.to_string()),
    }
}

#[async_trait]
impl Objects for Space {
    async fn list(&self, bucket: &str, prefix: &str) -> Result<Vec<ObjectInfo>, ObjectsError> {
        let mut all = Vec::new();
        let mut request = ListRequest {
            bucket: bucket.to_owned(),
            prefix: prefix.to_owned(),
            ..ListRequest::default()
        };
        loop {
            let page = self.core.list_objects(&request).map_err(refusal(bucket))?;
            all.extend(page.objects.iter().map(|(key, stored)| info(key, stored)));
            match page.next {
                Some(next) => request.after = Some(next),
                None => return Ok(all),
            }
        }
    }

    async fn head(&self, bucket: &str, key: &str) -> Result<ObjectInfo, ObjectsError> {
        let stored = self.core.stored(bucket, key, None, "HEAD");
        Ok(info(key, &stored.map_err(refusal(bucket))?))
    }

    async fn read(
        &self,
        bucket: &str,
        key: &str,
        range: Option<Range<u64>>,
    ) -> Result<Bytes, ObjectsError> {
        let stored = self.core.stored(bucket, key, None, "GET");
        let stored = stored.map_err(refusal(bucket))?;
        let body = &stored.object.body;
        Ok(match range {
            Some(range) => body.slice(range).to_bytes(),
            None => body.to_bytes(),
        })
    }

    async fn write(
        &self,
        bucket: &str,
        key: &str,
        body: Bytes,
        headers: BTreeMap<String, String>,
    ) -> Result<ObjectInfo, ObjectsError> {
        let written = self.core.put(self.clock.now(), bucket, key, body, headers);
        Ok(info(key, &written.map_err(refusal(bucket))?))
    }

    async fn delete(&self, bucket: &str, key: &str) -> Result<(), ObjectsError> {
        let request = DeleteOne {
            bucket: bucket.to_owned(),
            key: key.to_owned(),
            ..DeleteOne::default()
        };
        let deleted = self.core.delete_object(self.clock.now(), &request);
        deleted.map(|_| ()).map_err(refusal(bucket))
    }
}
