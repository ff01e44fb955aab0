//! CopyObject and UploadPartCopy.

use crate::base::Timestamp;
use crate::s3::checksum::{self, Algorithm, Checksum, ChecksumKind, Integrity};
use crate::s3::put::check_key;
use crate::s3::read::check_storage_class;
use crate::s3::{
    Attributes, Body, ByteRange, Encryption, Error, Object, PartInfo, ReadCondition, Result, S3,
    Stored, Tags, UploadPart, WriteCondition,
};

/// `x-amz-copy-source` and the conditions on it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CopySource {
    /// The bucket.
    pub bucket: String,
    /// The key.
    pub key: String,
    /// A version; the newest when absent.
    pub version: Option<String>,
    /// Under which condition to copy.
    pub condition: ReadCondition,
}

/// What CopyObject is asked for.
#[derive(Clone, Debug, Default)]
pub struct Copy {
    /// From where.
    pub source: CopySource,
    /// To which bucket.
    pub bucket: String,
    /// To which key.
    pub key: String,
    /// Storage class, encryption and website redirect of the copy; and, with `replace_metadata`,
    /// its headers and metadata.
    pub attributes: Attributes,
    /// `MetadataDirective` is REPLACE.
    pub replace_metadata: bool,
    /// New tags, with a `TaggingDirective` of REPLACE.
    pub tags: Option<Tags>,
    /// The checksum to compute; that of the source when absent.
    pub algorithm: Option<Algorithm>,
    /// Under which condition to write.
    pub condition: WriteCondition,
}

/// A copy that was made.
#[derive(Clone, Debug)]
pub struct Copied {
    /// The new version.
    pub written: Stored,
    /// The version it was copied from, in a versioned bucket.
    pub source_version: Option<String>,
}

/// What UploadPartCopy is asked for.
#[derive(Clone, Debug, Default)]
pub struct CopyPart {
    /// From where.
    pub source: CopySource,
    /// `x-amz-copy-source-range`.
    pub range: Option<String>,
    /// The bucket of the upload.
    pub bucket: String,
    /// The key of the upload.
    pub key: String,
    /// The upload.
    pub upload_id: String,
    /// The part's number.
    pub number: i32,
}

/// A part that was copied.
#[derive(Clone, Debug)]
pub struct PartCopied {
    /// The part.
    pub part: PartInfo,
    /// The version it was copied from, in a versioned bucket.
    pub source_version: Option<String>,
}

const REDIRECT: &str = "x-amz-website-redirect-location";

impl S3 {
    /// CopyObject. The copy's entity tag is that of an upload in one piece.
    pub fn copy_object(&self, now: Timestamp, request: Copy) -> Result<Copied> {
        check_key(&request.key)?;
        request.attributes.validate()?;
        request.condition.validate()?;
        let changes_nothing = !request.replace_metadata
            && request.attributes.storage_class.is_none()
            && request.attributes.encryption.is_none()
            && !request.attributes.headers.contains_key(REDIRECT);
        let onto_itself = request.source.bucket == request.bucket
            && request.source.key == request.key
            && request.source.version.is_none();
        if onto_itself && changes_nothing {
            return Err(Error::InvalidRequest(
                "This copy request is illegal because it is trying to copy an object to itself \
                 without changing the object's metadata, storage class, website redirect \
                 location or encryption attributes."
                    .to_owned(),
            ));
        }
        self.read().bucket(&request.bucket)?;
        let source = self.copy_source(&request.source)?;
        let tags = match request.tags {
            Some(tags) => {
                tags.check_object()?;
                tags
            }
            None => source.tags.clone(),
        };
        let object = copied_object(
            &source.object,
            request.attributes,
            request.replace_metadata,
            request.algorithm,
        );
        let mut state = self.write();
        let bucket = state.bucket_mut(&request.bucket)?;
        request
            .condition
            .check(&request.key, bucket.keys.get(&request.key))?;
        let written = self.add_version(now, bucket, request.key, object, tags);
        Ok(Copied {
            written,
            source_version: source.version,
        })
    }

    /// UploadPartCopy.
    pub fn copy_part(&self, now: Timestamp, request: CopyPart) -> Result<PartCopied> {
        let source = self.copy_source(&request.source)?;
        let body = match &request.range {
            Some(range) => part_source(&source, range)?,
            None => source.object.body.clone(),
        };
        let part = self.put_part(
            now,
            UploadPart {
                bucket: request.bucket,
                key: request.key,
                upload_id: request.upload_id,
                number: request.number,
                body,
                integrity: Integrity::default(),
            },
            true,
        )?;
        Ok(PartCopied {
            part,
            source_version: source.version,
        })
    }

    fn copy_source(&self, source: &CopySource) -> Result<Stored> {
        let version = source.version.as_deref();
        let stored = match self.stored(&source.bucket, &source.key, version, "GET") {
            Err(Error::MethodNotAllowed { .. }) => {
                return Err(Error::InvalidRequest(
                    "The source of a copy request may not specifically refer to a delete marker \
                     by version id."
                        .to_owned(),
                ));
            }
            other => other?,
        };
        check_storage_class(&stored)?;
        source.condition.check_copy_source(&stored)?;
        Ok(stored)
    }
}

fn copied_object(
    source: &Object,
    mut attributes: Attributes,
    replace_metadata: bool,
    algorithm: Option<Algorithm>,
) -> Object {
    if !replace_metadata {
        let redirect = attributes.headers.remove(REDIRECT);
        attributes.headers = source.attributes.headers.clone();
        attributes.headers.remove(REDIRECT);
        attributes
            .headers
            .extend(redirect.map(|to| (REDIRECT.to_owned(), to)));
        attributes.metadata = source.attributes.metadata.clone();
    }
    let algorithm = algorithm.unwrap_or(source.checksum.algorithm);
    let same_sum =
        source.checksum.algorithm == algorithm && source.checksum.kind == ChecksumKind::FullObject;
    let checksum = if same_sum {
        source.checksum.clone()
    } else {
        Checksum::of(algorithm, &source.body)
    };
    let plain_etag =
        source.parts.is_empty() && matches!(source.attributes.encryption, Some(Encryption::Aes256));
    let etag = if plain_etag {
        source.etag.clone()
    } else {
        checksum::etag(&checksum::md5(&source.body))
    };
    Object {
        body: source.body.clone(),
        etag,
        checksum,
        attributes,
        parts: Vec::new(),
    }
}

fn part_source(source: &Stored, range: &str) -> Result<Body> {
    let name = "x-amz-copy-source-range";
    let Some(ByteRange::From(first, Some(last))) = ByteRange::parse(range) else {
        return Err(Error::argument(
            "The x-amz-copy-source-range value must be of the form bytes=first-last where first \
             and last are the zero-based offsets of the first and last bytes to copy",
            name,
            range,
        ));
    };
    let size = source.object.body.len();
    if last >= size {
        return Err(Error::argument(
            format!("Range specified is not valid for source object of size: {size}"),
            name,
            range,
        ));
    }
    Ok(source.object.body.slice(first..last + 1))
}
