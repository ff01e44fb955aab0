//! Multipart uploads: create, upload, list, complete, abort. "Uploading and copying objects using
//! multipart upload", S3 user guide.

use std::collections::BTreeMap;

use crate::base::{AccountId, Timestamp, limits};
use crate::s3::bucket::Bucket;
use crate::s3::checksum::{self, Algorithm, Checksum, ChecksumKind, Integrity};
use crate::s3::condition::bare;
use crate::s3::list::{Step, Walk, page_size};
use crate::s3::object::{StoredPart, Versions};
use crate::s3::put::{check_key, check_upload_size};
use crate::s3::{
    Attributes, Body, Encryption, Error, ListRequest, Object, Result, S3, Tags, WriteCondition,
    Written,
};

/// An upload in progress.
#[derive(Debug)]
pub(super) struct Upload {
    initiated: Timestamp,
    owner: AccountId,
    attributes: Attributes,
    tags: Tags,
    /// The algorithm named at the start, with what the final checksum covers.
    checksum: Option<(Algorithm, ChecksumKind)>,
    parts: BTreeMap<i32, Part>,
    /// The key was written to since the start.
    written: bool,
    /// The key was deleted since the start.
    deleted: bool,
}

#[derive(Debug)]
struct Part {
    body: Body,
    md5: Vec<u8>,
    /// Of the upload's algorithm, or CRC64NVME when it names none.
    checksum: Checksum,
    modified: Timestamp,
}

/// A completed upload: its part list and its answer.
#[derive(Debug)]
pub(super) struct Finished {
    key: String,
    parts: Vec<(i32, String)>,
    written: Written,
}

/// The uploads of a bucket by key and id. Ids sort by when the upload was initiated.
pub(super) type Uploads = BTreeMap<(String, String), Upload>;

/// What CreateMultipartUpload is asked for.
#[derive(Clone, Debug, Default)]
pub struct CreateUpload {
    /// The bucket.
    pub bucket: String,
    /// The key.
    pub key: String,
    /// Headers, metadata, storage class, encryption of the object to be.
    pub attributes: Attributes,
    /// Its tags.
    pub tags: Tags,
    /// `x-amz-checksum-algorithm`.
    pub algorithm: Option<Algorithm>,
    /// `x-amz-checksum-type`.
    pub kind: Option<ChecksumKind>,
}

/// An upload as listings show it.
#[derive(Clone, Debug)]
pub struct UploadInfo {
    /// The key.
    pub key: String,
    /// The upload's id.
    pub id: String,
    /// When it was initiated.
    pub initiated: Timestamp,
    /// Who initiated it and will own the object.
    pub owner: AccountId,
    /// The object's storage class.
    pub storage_class: String,
    /// The algorithm named at the start, with what the final checksum covers.
    pub checksum: Option<(Algorithm, ChecksumKind)>,
}

/// What UploadPart is asked for.
#[derive(Clone, Debug, Default)]
pub struct UploadPart {
    /// The bucket.
    pub bucket: String,
    /// The key.
    pub key: String,
    /// The upload.
    pub upload_id: String,
    /// The part's number, 1 to 10,000.
    pub number: i32,
    /// The bytes.
    pub body: Body,
    /// What the client says about them.
    pub integrity: Integrity,
}

/// A part as listings and answers show it.
#[derive(Clone, Debug)]
pub struct PartInfo {
    /// Its number.
    pub number: i32,
    /// Its entity tag without quotes.
    pub etag: String,
    /// Its size in bytes.
    pub size: u64,
    /// When it was uploaded.
    pub modified: Timestamp,
    /// Its checksum.
    pub checksum: Checksum,
    /// How the object will be encrypted; only in the answer to an upload.
    pub encryption: Option<Encryption>,
}

/// A page of parts.
#[derive(Clone, Debug)]
pub struct PartListing {
    /// The upload.
    pub upload: UploadInfo,
    /// The parts, by number.
    pub parts: Vec<PartInfo>,
    /// What was asked for at the most.
    pub max: i32,
    /// Whether there are more.
    pub truncated: bool,
}

/// A page of uploads.
#[derive(Clone, Debug)]
pub struct UploadListing {
    /// By key, then by when they were initiated.
    pub uploads: Vec<UploadInfo>,
    /// Common prefixes.
    pub prefixes: Vec<String>,
    /// What was asked for at the most.
    pub max: i32,
    /// Key marker and upload id marker of the next page.
    pub next: Option<(String, Option<String>)>,
}

/// One part of a Complete request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CompletedPart {
    /// Its number.
    pub number: i32,
    /// Its entity tag, quoted or not.
    pub etag: String,
    /// Its checksums.
    pub checksums: Vec<(Algorithm, String)>,
}

/// What CompleteMultipartUpload is asked for.
#[derive(Clone, Debug, Default)]
pub struct Complete {
    /// The bucket.
    pub bucket: String,
    /// The key.
    pub key: String,
    /// The upload.
    pub upload_id: String,
    /// The parts the object is made of, in ascending order.
    pub parts: Vec<CompletedPart>,
    /// The checksum of the object, if the client knows it.
    pub checksums: Vec<(Algorithm, String)>,
    /// `x-amz-checksum-type`.
    pub kind: Option<ChecksumKind>,
    /// `x-amz-mp-object-size`.
    pub size: Option<u64>,
    /// Under which condition to write.
    pub condition: WriteCondition,
}

impl Part {
    fn info(&self, number: i32) -> PartInfo {
        PartInfo {
            number,
            etag: checksum::etag(&self.md5),
            size: self.body.len(),
            modified: self.modified,
            checksum: self.checksum.clone(),
            encryption: None,
        }
    }
}

impl Upload {
    fn info(&self, key: &str, id: &str) -> UploadInfo {
        UploadInfo {
            key: key.to_owned(),
            id: id.to_owned(),
            initiated: self.initiated,
            owner: self.owner.clone(),
            storage_class: self.attributes.storage_class().to_owned(),
            checksum: self.checksum,
        }
    }
}

impl Bucket {
    /// Tells the uploads of a key that it was written to.
    pub(super) fn note_write(&mut self, key: &str) {
        self.uploads_of(key, |upload| upload.written = true);
    }

    /// Tells the uploads of a key that it was deleted, and drops a key without versions.
    pub(super) fn note_delete(&mut self, key: &str) {
        if self
            .keys
            .get(key)
            .is_some_and(|versions| versions.0.is_empty())
        {
            self.keys.remove(key);
        }
        self.uploads_of(key, |upload| upload.deleted = true);
    }

    /// Aborts uploads by key and start; returns how many.
    pub(super) fn abort_uploads(&mut self, which: impl Fn(&str, Timestamp) -> bool) -> usize {
        let before = self.uploads.len();
        self.uploads
            .retain(|(key, _), upload| !which(key, upload.initiated));
        before - self.uploads.len()
    }

    fn uploads_of(&mut self, key: &str, change: impl Fn(&mut Upload)) {
        if self.uploads.is_empty() {
            return;
        }
        let from = (key.to_owned(), String::new());
        self.uploads
            .range_mut(from..)
            .take_while(|((of, _), _)| of == key)
            .for_each(|(_, upload)| change(upload));
    }

    fn upload_mut(&mut self, key: &str, id: &str) -> Result<&mut Upload> {
        self.uploads
            .get_mut(&(key.to_owned(), id.to_owned()))
            .ok_or_else(|| Error::NoSuchUpload(id.to_owned()))
    }

    fn upload(&self, key: &str, id: &str) -> Result<&Upload> {
        self.uploads
            .get(&(key.to_owned(), id.to_owned()))
            .ok_or_else(|| Error::NoSuchUpload(id.to_owned()))
    }
}

impl S3 {
    /// CreateMultipartUpload.
    pub fn create_upload(&self, now: Timestamp, request: CreateUpload) -> Result<UploadInfo> {
        check_key(&request.key)?;
        request.attributes.validate()?;
        request.tags.check_object()?;
        let checksum = match (request.algorithm, request.kind) {
            (None, None) => None,
            (None, Some(_)) => {
                return Err(Error::InvalidRequest(
                    "The x-amz-checksum-type header can only be used with the \
                     x-amz-checksum-algorithm header."
                        .to_owned(),
                ));
            }
            (Some(algorithm), kind) => {
                let kind = kind.unwrap_or(algorithm.default_kind());
                if !algorithm.allows(kind) {
                    return Err(Error::InvalidRequest(format!(
                        "The {} checksum type cannot be used with the {} checksum algorithm.",
                        kind.name(),
                        algorithm.lower_name()
                    )));
                }
                Some((algorithm, kind))
            }
        };
        let mut state = self.write();
        state.bucket(&request.bucket)?;
        state.uploads += 1;
        let id = format!("{:012x}{}", state.uploads, self.ids.alphanumeric(84));
        let bucket = state.bucket_mut(&request.bucket)?;
        let mut attributes = request.attributes;
        attributes
            .encryption
            .get_or_insert_with(|| bucket.config.encryption.clone());
        let upload = Upload {
            initiated: now.floor_millis(),
            owner: bucket.owner.clone(),
            attributes,
            tags: request.tags,
            checksum,
            parts: BTreeMap::new(),
            written: false,
            deleted: false,
        };
        let info = upload.info(&request.key, &id);
        bucket.uploads.insert((request.key, id), upload);
        Ok(info)
    }

    /// UploadPart. A part of the same number is replaced.
    pub fn upload_part(&self, now: Timestamp, request: UploadPart) -> Result<PartInfo> {
        self.put_part(now, request, false)
    }

    /// UploadPart and UploadPartCopy, for which S3 computes the checksum itself.
    pub(super) fn put_part(
        &self,
        now: Timestamp,
        request: UploadPart,
        copied: bool,
    ) -> Result<PartInfo> {
        check_part_number(request.number)?;
        check_upload_size(&request.body)?;
        let named = self
            .read()
            .bucket(&request.bucket)?
            .upload(&request.key, &request.upload_id)?
            .checksum;
        let sent = request.integrity.single()?.map(|(algorithm, _)| algorithm);
        if let Some((wanted, kind)) = named {
            let missing = sent.is_none() && kind == ChecksumKind::Composite && !copied;
            if missing || sent.is_some_and(|sent| sent != wanted) {
                return Err(Error::InvalidRequest(format!(
                    "Checksum Type mismatch occurred, expected checksum Type: {}, actual checksum \
                     Type: {}",
                    wanted.lower_name(),
                    sent.map_or("null".to_owned(), Algorithm::lower_name)
                )));
            }
        }
        let wanted = named.map(|(algorithm, _)| algorithm);
        let (md5, answer) = request.integrity.verify(&request.body, wanted)?;
        let algorithm = wanted.unwrap_or(Algorithm::Crc64Nvme);
        let kept = if answer.algorithm == algorithm {
            answer.clone()
        } else {
            Checksum::of(algorithm, &request.body)
        };
        let part = Part {
            body: request.body,
            md5,
            checksum: kept,
            modified: now.floor_millis(),
        };
        let mut info = part.info(request.number);
        info.checksum = answer;
        let mut state = self.write();
        // Looked up again: it may have been aborted while the checksums were computed.
        let bucket = state.bucket_mut(&request.bucket)?;
        let upload = bucket.upload_mut(&request.key, &request.upload_id)?;
        upload.parts.insert(request.number, part);
        info.encryption.clone_from(&upload.attributes.encryption);
        Ok(info)
    }

    /// ListParts: parts behind number `after`.
    pub fn list_parts(
        &self,
        bucket: &str,
        key: &str,
        upload_id: &str,
        after: i32,
        max: Option<i32>,
    ) -> Result<PartListing> {
        let max = page_size(max, "max-parts")?;
        let state = self.read();
        let upload = state.bucket(bucket)?.upload(key, upload_id)?;
        let mut rest = upload.parts.range(after.saturating_add(1)..);
        let parts: Vec<PartInfo> = rest
            .by_ref()
            .take(max as usize)
            .map(|(number, part)| part.info(*number))
            .collect();
        Ok(PartListing {
            upload: upload.info(key, upload_id),
            truncated: max > 0 && rest.next().is_some(),
            parts,
            max,
        })
    }

    /// ListMultipartUploads. `after_upload` counts only with a key marker in `request.after`.
    pub fn list_uploads(
        &self,
        request: &ListRequest,
        after_upload: Option<&str>,
    ) -> Result<UploadListing> {
        let max = page_size(request.max, "max-uploads")?;
        let state = self.read();
        let bucket = state.bucket(&request.bucket)?;
        let mut by_key: BTreeMap<String, Vec<UploadInfo>> = BTreeMap::new();
        for ((key, id), upload) in &bucket.uploads {
            let uploads = by_key.entry(key.clone()).or_default();
            uploads.push(upload.info(key, id));
        }
        let after = request.after.as_deref().filter(|key| !key.is_empty());
        let rest = after.zip(after_upload).and_then(|(key, id)| {
            let uploads = by_key.get(key)?;
            Some(uploads.iter().filter(move |upload| upload.id.as_str() > id))
        });
        let walk = Walk::new(
            &by_key,
            &request.prefix,
            request.delimiter.as_deref(),
            after,
        );
        let mut listing = UploadListing {
            uploads: rest.into_iter().flatten().cloned().collect(),
            prefixes: Vec::new(),
            max,
            next: None,
        };
        let limit = max as usize;
        for step in walk {
            match step {
                Step::Prefix(prefix) => listing.prefixes.push(prefix),
                Step::Key(_, uploads) => listing.uploads.extend(uploads.iter().cloned()),
            }
            if listing.uploads.len() + listing.prefixes.len() > limit {
                break;
            }
        }
        cut(&mut listing, limit);
        Ok(listing)
    }

    /// CompleteMultipartUpload. Repeating a finished one with the same list answers the same.
    pub fn complete_upload(&self, now: Timestamp, request: Complete) -> Result<Written> {
        request.condition.validate()?;
        let list: Vec<(i32, String)> = request
            .parts
            .iter()
            .map(|part| (part.number, bare(&part.etag).to_owned()))
            .collect();
        let mut state = self.write();
        let bucket = state.bucket_mut(&request.bucket)?;
        if let Some(finished) = bucket.finished.get(&request.upload_id)
            && finished.key == request.key
            && finished.parts == list
        {
            return Ok(finished.written.clone());
        }
        let upload = bucket.upload(&request.key, &request.upload_id)?;
        let object = assemble(upload, &request)?;
        check_condition(upload, &request, bucket.keys.get(&request.key))?;
        let id = (request.key.clone(), request.upload_id.clone());
        let tags = bucket
            .uploads
            .remove(&id)
            .map(|upload| upload.tags)
            .unwrap_or_default();
        let written = self.add_version(now, bucket, request.key.clone(), object, tags);
        bucket.finished.insert(
            request.upload_id,
            Finished {
                key: request.key,
                parts: list,
                written: written.clone(),
            },
        );
        Ok(written)
    }

    /// AbortMultipartUpload.
    pub fn abort_upload(&self, bucket: &str, key: &str, upload_id: &str) -> Result<()> {
        let mut state = self.write();
        let bucket = state.bucket_mut(bucket)?;
        bucket
            .uploads
            .remove(&(key.to_owned(), upload_id.to_owned()))
            .map(|_| ())
            .ok_or_else(|| Error::NoSuchUpload(upload_id.to_owned()))
    }
}

fn check_part_number(number: i32) -> Result<()> {
    if (1..=limits::s3::PART_MAX_NUMBER).contains(&number) {
        return Ok(());
    }
    Err(Error::argument(
        "Part number must be an integer between 1 and 10000, inclusive",
        "partNumber",
        number.to_string(),
    ))
}

/// Checks a Complete request against what was uploaded and makes the object of it.
fn assemble(upload: &Upload, request: &Complete) -> Result<Object> {
    if request.parts.is_empty() {
        return Err(Error::InvalidRequest(
            "You must specify at least one part".to_owned(),
        ));
    }
    let (algorithm, kind) = upload
        .checksum
        .unwrap_or((Algorithm::Crc64Nvme, ChecksumKind::FullObject));
    if request.kind.is_some_and(|asked| asked != kind) {
        return Err(Error::InvalidRequest(format!(
            "The upload was created using the {} checksum mode. The complete request must use \
             the same checksum mode.",
            kind.name()
        )));
    }
    let mut parts: Vec<(i32, &Part)> = Vec::with_capacity(request.parts.len());
    for listed in &request.parts {
        check_part_number(listed.number)?;
        if parts
            .last()
            .is_some_and(|(before, _)| *before >= listed.number)
        {
            return Err(Error::InvalidPartOrder {
                upload_id: request.upload_id.clone(),
            });
        }
        let invalid = || Error::InvalidPart {
            etag: bare(&listed.etag).to_owned(),
            part: listed.number,
            upload_id: request.upload_id.clone(),
        };
        let part = upload.parts.get(&listed.number).ok_or_else(invalid)?;
        if checksum::etag(&part.md5) != bare(&listed.etag) {
            return Err(invalid());
        }
        check_part_checksum(upload, listed, part, kind, invalid)?;
        parts.push((listed.number, part));
    }
    let small = parts.split_last().and_then(|(_, others)| {
        others
            .iter()
            .find(|(_, part)| part.body.len() < limits::s3::PART_MIN_BYTES)
    });
    if let Some((number, part)) = small {
        return Err(Error::EntityTooSmall {
            etag: checksum::etag(&part.md5),
            part: *number,
            size: part.body.len(),
        });
    }
    let body = Body::concat(parts.iter().map(|(_, part)| &part.body));
    if let Some(size) = request.size
        && size != body.len()
    {
        return Err(Error::InvalidRequest(format!(
            "The provided 'x-amz-mp-object-size' header value {size} does not match what was \
             computed: {}",
            body.len()
        )));
    }
    let sums: Vec<(&Checksum, u64)> = parts
        .iter()
        .map(|(_, part)| (&part.checksum, part.body.len()))
        .collect();
    let checksum = Checksum::combine(algorithm, kind, &sums)
        .ok_or_else(|| Error::InvalidRequest("The parts' checksums do not combine".to_owned()))?;
    check_object_checksum(&checksum, &request.checksums)?;
    Ok(Object {
        etag: checksum::multipart_etag(parts.iter().map(|(_, part)| &part.md5[..])),
        body,
        attributes: upload.attributes.clone(),
        parts: parts
            .iter()
            .map(|(number, part)| StoredPart {
                number: *number,
                size: part.body.len(),
                checksum: part.checksum.clone(),
            })
            .collect(),
        checksum,
    })
}

/// A composite checksum needs each part's checksum in the list; one that is given must be right.
fn check_part_checksum(
    upload: &Upload,
    listed: &CompletedPart,
    part: &Part,
    kind: ChecksumKind,
    invalid: impl Fn() -> Error,
) -> Result<()> {
    let Some((algorithm, _)) = upload.checksum else {
        return Ok(());
    };
    match listed.checksums.iter().find(|(of, _)| *of == algorithm) {
        Some((_, value)) if *value == part.checksum.value => Ok(()),
        Some(_) => Err(invalid()),
        None if kind == ChecksumKind::Composite => Err(Error::InvalidRequest(format!(
            "The upload was created using a {} checksum. The complete request must include the \
             checksum for each part. It was missing for part {} in the request.",
            algorithm.lower_name(),
            listed.number
        ))),
        None => Ok(()),
    }
}

fn check_object_checksum(computed: &Checksum, sent: &[(Algorithm, String)]) -> Result<()> {
    let value = |text: &str| text.split('-').next().map(str::to_owned);
    for (algorithm, text) in sent {
        if *algorithm != computed.algorithm || value(text) != value(&computed.value) {
            return Err(Error::BadChecksum(*algorithm));
        }
    }
    Ok(())
}

/// The write's condition, and the conflicts with writes and deletions during the upload.
fn check_condition(upload: &Upload, request: &Complete, versions: Option<&Versions>) -> Result<()> {
    let conflict = |condition| {
        Err(Error::ConditionalRequestConflict {
            condition,
            key: request.key.clone(),
        })
    };
    request.condition.check(&request.key, versions)?;
    if request.condition.if_none_match.is_some() && upload.deleted {
        return conflict("If-None-Match");
    }
    if request.condition.if_match.is_some() && (upload.written || upload.deleted) {
        return conflict("If-Match");
    }
    Ok(())
}

/// Cuts a listing that may be one key too long to its page.
fn cut(listing: &mut UploadListing, limit: usize) {
    if listing.uploads.len() + listing.prefixes.len() <= limit {
        return;
    }
    // Both are in order; keep the first `limit` of them merged.
    let mut uploads = std::mem::take(&mut listing.uploads).into_iter().peekable();
    let mut prefixes = std::mem::take(&mut listing.prefixes).into_iter().peekable();
    for _ in 0..limit {
        let prefix_first = match (uploads.peek(), prefixes.peek()) {
            (Some(upload), Some(prefix)) => *prefix < upload.key,
            (None, Some(_)) => true,
            _ => false,
        };
        if prefix_first {
            if let Some(prefix) = prefixes.next() {
                listing.next = Some((prefix.clone(), None));
                listing.prefixes.push(prefix);
            }
        } else if let Some(upload) = uploads.next() {
            listing.next = Some((upload.key.clone(), Some(upload.id.clone())));
            listing.uploads.push(upload);
        }
    }
}
