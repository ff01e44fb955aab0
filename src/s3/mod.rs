//! S3 as a pure state machine: buckets, objects with versions, multipart uploads.
//!
//! Invariants: an object appears whole or not at all; whatever is computed over a body (MD5,
//! checksums) is computed outside the lock; a listing shows keys in UTF-8 binary order. This room
//! knows no HTTP and no XML: `wire/s3` does.

mod body;
mod bucket;
mod checksum;
mod condition;
mod config;
mod copy;
mod delete;
mod error;
mod lifecycle;
mod list;
mod multipart;
mod object;
mod objects;
mod put;
mod range;
mod read;
mod tagging;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

pub use body::Body;
pub use bucket::{BucketFacts, BucketPage, CreateBucket, ListBuckets};
pub use checksum::{Algorithm, Checksum, ChecksumKind, Integrity};
pub use condition::{ReadCondition, WriteCondition};
pub use config::{Config, Ownership, PublicAccessBlock, SubResource, Versioning};
pub use copy::{Copied, Copy, CopyPart, CopySource, PartCopied};
pub use delete::{DeleteOne, Deleted};
pub use error::{Error, Result};
pub use lifecycle::{Expiration, LifecycleRule, NoncurrentExpiration};
pub use list::{ListRequest, ListedVersion, Listing, VersionListing, VersionRequest};
pub use multipart::{
    Complete, CompletedPart, CreateUpload, PartInfo, PartListing, UploadInfo, UploadListing,
    UploadPart,
};
pub use object::{Attributes, DEFAULT_CONTENT_TYPE, Encryption, Object, Stored, StoredPart};
pub use objects::Space;
pub use put::{Put, Written};
pub use range::ByteRange;
pub use read::{Read, ReadRequest};
pub use tagging::Tags;

use crate::base::{AccountId, Ids};
use bucket::Bucket;

/// The id of the null version, which objects have outside versioned buckets.
pub const NULL_VERSION: &str = "null";

/// All buckets of all accounts: S3's bucket namespace is global.
#[derive(Debug)]
pub struct S3 {
    ids: Arc<Ids>,
    state: RwLock<State>,
}

#[derive(Debug, Default)]
struct State {
    buckets: BTreeMap<String, Bucket>,
    /// Numbers the uploads, so that their ids sort by when they were initiated.
    uploads: u64,
}

impl S3 {
    /// An S3 without buckets. Version and upload ids are drawn from `ids`.
    pub fn new(ids: Arc<Ids>) -> Self {
        Self {
            ids,
            state: RwLock::default(),
        }
    }

    /// Forgets every bucket and object.
    pub fn reset(&self) {
        *self.write() = State::default();
    }

    /// The canonical user id of an account: what `Owner` members of listings carry. AWS draws it at
    /// random; here it is derived from the account, so that it is the same in every run.
    pub fn canonical_id(account: &AccountId) -> String {
        let digest = Algorithm::Sha256.digest([account.as_str().as_bytes()]);
        hex::encode(digest)
    }

    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn bucket(&self, name: &str) -> Result<&Bucket> {
        self.buckets
            .get(name)
            .ok_or_else(|| Error::NoSuchBucket(name.to_owned()))
    }

    fn bucket_mut(&mut self, name: &str) -> Result<&mut Bucket> {
        self.buckets
            .get_mut(name)
            .ok_or_else(|| Error::NoSuchBucket(name.to_owned()))
    }
}
