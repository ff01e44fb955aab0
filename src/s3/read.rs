//! GetObject, HeadObject and GetObjectAttributes.

use std::ops::Range;

use crate::s3::object::{Version, check_version_id};
use crate::s3::{Body, ByteRange, Error, ReadCondition, Result, S3, Stored};

/// What GetObject and HeadObject are asked for.
#[derive(Clone, Debug, Default)]
pub struct ReadRequest {
    /// The bucket.
    pub bucket: String,
    /// The key.
    pub key: String,
    /// A version; the newest when absent.
    pub version: Option<String>,
    /// A byte range.
    pub range: Option<ByteRange>,
    /// A part of a multipart object.
    pub part: Option<i32>,
    /// Under which condition to read.
    pub condition: ReadCondition,
    /// Only the facts are wanted, as HeadObject does.
    pub head: bool,
}

/// An object that was read.
#[derive(Clone, Debug)]
pub struct Read {
    /// The version.
    pub stored: Stored,
    /// The bytes asked for.
    pub body: Body,
    /// Which bytes these are; `None` when no range and no part was asked for.
    pub range: Option<Range<u64>>,
    /// How many parts the object has, when a part of a multipart object was asked for.
    pub parts: Option<usize>,
}

impl S3 {
    /// GetObject and HeadObject.
    pub fn read_object(&self, request: &ReadRequest) -> Result<Read> {
        if request.range.is_some() && request.part.is_some() {
            return Err(Error::InvalidRequest(
                "Cannot specify both Range header and partNumber query parameter".to_owned(),
            ));
        }
        let method = if request.head { "HEAD" } else { "GET" };
        let stored = self.stored(
            &request.bucket,
            &request.key,
            request.version.as_deref(),
            method,
        )?;
        if !request.head {
            check_storage_class(&stored)?;
        }
        request.condition.check(&stored)?;
        let body = &stored.object.body;
        let (range, parts) = match (request.range, request.part) {
            (Some(range), _) => (Some(range.of(body.len())?), None),
            (None, Some(part)) => part_range(&stored, part)?,
            (None, None) => (None, None),
        };
        let body = match &range {
            Some(range) => body.slice(range.clone()),
            None => body.clone(),
        };
        Ok(Read {
            stored,
            body,
            range,
            parts,
        })
    }

    /// A version of a key, the newest when none is named. `method` is named when it is a delete
    /// marker that is asked for.
    pub fn stored(
        &self,
        bucket: &str,
        key: &str,
        version: Option<&str>,
        method: &'static str,
    ) -> Result<Stored> {
        if let Some(id) = version {
            check_version_id(id)?;
        }
        let state = self.read();
        let versions = state.bucket(bucket)?.keys.get(key);
        let found = match version {
            Some(id) => versions.and_then(|versions| versions.find(id)),
            None => versions.and_then(|versions| versions.current()),
        };
        match (found, version) {
            (Some(Version::Object(stored)), _) => Ok(stored.clone()),
            (Some(Version::Marker(_, modified)), Some(id)) => Err(Error::MethodNotAllowed {
                method,
                version_id: id.to_owned(),
                modified: *modified,
            }),
            (Some(marker), None) => Err(Error::NoSuchKey {
                key: key.to_owned(),
                marker: Some(marker.id().to_owned()),
            }),
            (None, Some(id)) => Err(Error::NoSuchVersion {
                key: key.to_owned(),
                version_id: id.to_owned(),
            }),
            (None, None) => Err(Error::NoSuchKey {
                key: key.to_owned(),
                marker: None,
            }),
        }
    }
}

/// Refuses to read what would first have to be restored from an archive.
pub(super) fn check_storage_class(stored: &Stored) -> Result<()> {
    match stored.object.attributes.storage_class() {
        class @ ("GLACIER" | "DEEP_ARCHIVE") => Err(Error::InvalidObjectState {
            storage_class: class.to_owned(),
        }),
        _ => Ok(()),
    }
}

type PartRange = (Option<Range<u64>>, Option<usize>);

fn part_range(stored: &Stored, number: i32) -> Result<PartRange> {
    let parts = &stored.object.parts;
    let size = stored.object.body.len();
    let missing = Error::InvalidPartNumber {
        requested: number,
        actual: parts.len().max(1),
    };
    if parts.is_empty() {
        // An object uploaded in one piece is its own first part.
        return match number {
            1 => Ok(((size > 0).then_some(0..size), None)),
            _ => Err(missing),
        };
    }
    let mut start = 0;
    for part in parts {
        if part.number == number {
            let range = (part.size > 0).then(|| start..start + part.size);
            return Ok((range, Some(parts.len())));
        }
        start += part.size;
    }
    Err(missing)
}
