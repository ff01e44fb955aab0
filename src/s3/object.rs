//! What is stored under a key: its versions, and what each of them carries.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::base::{Timestamp, limits};
use crate::s3::checksum::Checksum;
use crate::s3::{Body, Error, NULL_VERSION, Result, Tags};

/// Everything a client says about an object besides its bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attributes {
    /// System headers in lower case: `content-type`, `content-encoding`, `cache-control`,
    /// `content-disposition`, `content-language`, `expires`, `x-amz-website-redirect-location`.
    pub headers: BTreeMap<String, String>,
    /// User metadata: lower-case names without `x-amz-meta-`.
    pub metadata: BTreeMap<String, String>,
    /// Storage class; `None` is STANDARD.
    pub storage_class: Option<String>,
    /// Server-side encryption; `None` is the bucket's default.
    pub encryption: Option<Encryption>,
}

/// The content type of an object stored without one.
pub const DEFAULT_CONTENT_TYPE: &str = "binary/octet-stream";

/// Storage classes that can be named in a write. API model, `StorageClass`, without those of other
/// bucket types.
const STORAGE_CLASSES: [&str; 8] = [
    "STANDARD",
    "REDUCED_REDUNDANCY",
    "STANDARD_IA",
    "ONEZONE_IA",
    "INTELLIGENT_TIERING",
    "GLACIER",
    "DEEP_ARCHIVE",
    "GLACIER_IR",
];

impl Attributes {
    /// From lower-case header names, `x-amz-meta-*` among them; a header that is not stored with
    /// objects is refused.
    pub fn from_headers(headers: BTreeMap<String, String>) -> Result<Self> {
        let mut attributes = Self::default();
        for (name, value) in headers {
            match name.as_str() {
                "content-type"
                | "content-encoding"
                | "cache-control"
                | "content-disposition"
                | "content-language"
                | "expires"
                | "x-amz-website-redirect-location" => {
                    attributes.headers.insert(name, value);
                }
                "x-amz-storage-class" => attributes.storage_class = Some(value),
                _ => match name.strip_prefix("x-amz-meta-") {
                    Some(name) => {
                        attributes.metadata.insert(name.to_owned(), value);
                    }
                    None => {
                        return Err(Error::NotImplemented(format!("s3 object header `{name}`")));
                    }
                },
            }
        }
        attributes.validate()?;
        Ok(attributes)
    }

    /// Refuses unknown storage classes and too much metadata.
    pub fn validate(&self) -> Result<()> {
        if let Some(class) = &self.storage_class
            && !STORAGE_CLASSES.contains(&class.as_str())
        {
            return Err(Error::InvalidStorageClass(class.clone()));
        }
        let size = self.metadata.iter().map(|(k, v)| k.len() + v.len()).sum();
        if size > limits::s3::METADATA_MAX_BYTES {
            return Err(Error::MetadataTooLarge { size });
        }
        Ok(())
    }

    /// The storage class, STANDARD when none was named.
    pub fn storage_class(&self) -> &str {
        self.storage_class.as_deref().unwrap_or("STANDARD")
    }
}

/// Server-side encryption as state: the bytes are not encrypted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Encryption {
    /// SSE-S3, which every bucket has unless told otherwise.
    Aes256,
    /// SSE-KMS.
    Kms {
        /// `aws:kms` or `aws:kms:dsse`.
        algorithm: String,
        /// The key's id or ARN; `None` is the account's `aws/s3` key.
        key_id: Option<String>,
        /// Whether a bucket key is used.
        bucket_key: bool,
    },
}

impl Encryption {
    /// The name as `x-amz-server-side-encryption` spells it.
    pub fn algorithm(&self) -> &str {
        match self {
            Self::Aes256 => "AES256",
            Self::Kms { algorithm, .. } => algorithm,
        }
    }
}

/// One part of an object that was uploaded in parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredPart {
    /// Its number as uploaded.
    pub number: i32,
    /// Its size in bytes.
    pub size: u64,
    /// Its checksum.
    pub checksum: Checksum,
}

/// The immutable side of a version: bytes and what was computed over them.
#[derive(Clone, Debug)]
pub struct Object {
    /// The bytes.
    pub body: Body,
    /// Entity tag without quotes.
    pub etag: String,
    /// The stored checksum.
    pub checksum: Checksum,
    /// Headers, metadata, storage class, encryption (never `None` here).
    pub attributes: Attributes,
    /// The parts of a multipart object; empty for others.
    pub parts: Vec<StoredPart>,
}

/// A version that is an object.
#[derive(Clone, Debug)]
pub struct Stored {
    /// Version id; `None` is the null version.
    pub version: Option<String>,
    /// When it was written, in whole milliseconds.
    pub modified: Timestamp,
    /// Its content.
    pub object: Arc<Object>,
    /// Its tags, which can change after the write.
    pub tags: Tags,
}

impl Stored {
    /// The version id as listings show it.
    pub fn version_id(&self) -> &str {
        self.version.as_deref().unwrap_or(NULL_VERSION)
    }
}

/// One version of a key.
#[derive(Clone, Debug)]
pub(super) enum Version {
    Object(Stored),
    /// A delete marker, with its version id and its time.
    Marker(Option<String>, Timestamp),
}

impl Version {
    pub(super) fn modified(&self) -> Timestamp {
        match self {
            Self::Object(stored) => stored.modified,
            Self::Marker(_, modified) => *modified,
        }
    }

    pub(super) fn id(&self) -> &str {
        match self {
            Self::Object(stored) => stored.version_id(),
            Self::Marker(id, _) => id.as_deref().unwrap_or(NULL_VERSION),
        }
    }
}

/// The versions of a key, the newest last. Never empty inside a bucket.
#[derive(Clone, Debug, Default)]
pub(super) struct Versions(pub(super) Vec<Version>);

impl Versions {
    /// The newest version.
    pub(super) fn current(&self) -> Option<&Version> {
        self.0.last()
    }

    /// The newest version if it is an object.
    pub(super) fn current_object(&self) -> Option<&Stored> {
        match self.current() {
            Some(Version::Object(stored)) => Some(stored),
            _ => None,
        }
    }

    pub(super) fn find(&self, id: &str) -> Option<&Version> {
        self.0.iter().find(|version| version.id() == id)
    }

    /// Puts a version on top. The null version replaces an older null version.
    pub(super) fn push(&mut self, version: Version) {
        if version.id() == NULL_VERSION {
            self.0.retain(|old| old.id() != NULL_VERSION);
        }
        self.0.push(version);
    }
}

/// Refuses a version id that no bucket can have given out.
pub(super) fn check_version_id(id: &str) -> Result<()> {
    let well_formed = id == NULL_VERSION
        || (id.len() == VERSION_ID_CHARS
            && id
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-')));
    if well_formed {
        Ok(())
    } else {
        Err(Error::argument(
            "Invalid version id specified",
            "versionId",
            id,
        ))
    }
}

/// Characters of a version id.
pub(super) const VERSION_ID_CHARS: usize = 32;
