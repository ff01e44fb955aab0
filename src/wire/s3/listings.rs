//! ListObjects, ListObjectsV2 and ListObjectVersions.

use std::fmt::Write as _;

use s3s::dto::*;

use crate::base::AccountId;
use crate::s3::{Error, ListRequest, Stored, VersionRequest};
use crate::wire::s3::convert::{self, Answer, Scope, etag, int, owner, plain, timestamp};

/// Writes keys as the client asked for them: plain, or percent-encoded with `encoding-type=url`.
pub(super) struct Encoder(bool);

impl Encoder {
    pub(super) fn new(encoding: Option<&EncodingType>) -> Result<Self, Error> {
        match encoding.map(EncodingType::as_str) {
            None => Ok(Self(false)),
            Some("url") => Ok(Self(true)),
            Some(other) => Err(Error::argument(
                "Invalid Encoding Method specified in Request",
                "encoding-type",
                other,
            )),
        }
    }

    /// A key as it stands in a URL.
    pub(super) fn url(key: &str) -> String {
        Self(true).text(key)
    }

    pub(super) fn text(&self, text: &str) -> String {
        if !self.0 {
            return text.to_owned();
        }
        let mut encoded = String::with_capacity(text.len());
        for byte in text.bytes() {
            match byte {
                b'A'..=b'Z'
                | b'a'..=b'z'
                | b'0'..=b'9'
                | b'-'
                | b'_'
                | b'.'
                | b'~'
                | b'*'
                | b'/' => {
                    encoded.push(char::from(byte));
                }
                _ => {
                    // Writing to a String cannot fail.
                    let _ = write!(encoded, "%{byte:02X}");
                }
            }
        }
        encoded
    }

    pub(super) fn optional(&self, text: Option<String>) -> Option<String> {
        text.map(|text| self.text(&text))
    }

    pub(super) fn prefixes(&self, prefixes: &[String]) -> Option<CommonPrefixList> {
        let prefix = |prefix: &String| CommonPrefix {
            prefix: Some(self.text(prefix)),
        };
        (!prefixes.is_empty()).then(|| prefixes.iter().map(prefix).collect())
    }

    fn object(&self, key: &str, stored: &Stored, by: Option<&AccountId>) -> Object {
        let object = &stored.object;
        Object {
            checksum_algorithm: Some(vec![ChecksumAlgorithm::from_static(
                object.checksum.algorithm.name(),
            )]),
            checksum_type: Some(convert::kind(object.checksum.kind)),
            e_tag: Some(etag(&object.etag)),
            key: Some(self.text(key)),
            last_modified: Some(timestamp(stored.modified)),
            owner: by.map(owner),
            restore_status: None,
            size: Some(int(object.body.len())),
            storage_class: Some(ObjectStorageClass::from(
                object.attributes.storage_class().to_owned(),
            )),
        }
    }
}

fn not_empty(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

fn refuse_optional_attributes(list: Option<&OptionalObjectAttributesList>) -> Result<(), Error> {
    // RestoreStatus, the only one there is, exists only for archived objects under restoration,
    // which cannot be here: asking for it changes nothing.
    let unknown = list
        .into_iter()
        .flatten()
        .find(|attribute| attribute.as_str() != "RestoreStatus");
    match unknown {
        None => Ok(()),
        Some(unknown) => Err(Error::argument(
            "Invalid attribute name specified",
            "x-amz-optional-object-attributes",
            unknown.as_str(),
        )),
    }
}

pub(super) fn objects(scope: &Scope<'_>, input: ListObjectsInput) -> Answer<ListObjectsOutput> {
    let core = scope.core;
    core.expect_owner(&input.bucket, input.expected_bucket_owner.as_deref())?;
    refuse_optional_attributes(input.optional_object_attributes.as_ref())?;
    let encoder = Encoder::new(input.encoding_type.as_ref())?;
    let delimiter = not_empty(input.delimiter);
    let prefix = input.prefix.unwrap_or_default();
    let marker = input.marker.unwrap_or_default();
    let listing = core.list_objects(&ListRequest {
        bucket: input.bucket.clone(),
        prefix: prefix.clone(),
        delimiter: delimiter.clone(),
        after: not_empty(Some(marker.clone())),
        max: input.max_keys,
    })?;
    let contents: Vec<Object> = listing
        .objects
        .iter()
        .map(|(key, stored)| encoder.object(key, stored, Some(&listing.owner)))
        .collect();
    plain(ListObjectsOutput {
        name: Some(input.bucket),
        prefix: Some(encoder.text(&prefix)),
        marker: Some(encoder.text(&marker)),
        max_keys: Some(listing.max),
        is_truncated: Some(listing.next.is_some()),
        contents: (!contents.is_empty()).then_some(contents),
        common_prefixes: encoder.prefixes(&listing.prefixes),
        // Without a delimiter clients go on from the last key.
        next_marker: encoder.optional(listing.next.filter(|_| delimiter.is_some())),
        delimiter: encoder.optional(delimiter),
        encoding_type: input.encoding_type,
        request_charged: None,
    })
}

pub(super) fn objects_v2(
    scope: &Scope<'_>,
    input: ListObjectsV2Input,
) -> Answer<ListObjectsV2Output> {
    let core = scope.core;
    core.expect_owner(&input.bucket, input.expected_bucket_owner.as_deref())?;
    refuse_optional_attributes(input.optional_object_attributes.as_ref())?;
    let encoder = Encoder::new(input.encoding_type.as_ref())?;
    let delimiter = not_empty(input.delimiter);
    let prefix = input.prefix.unwrap_or_default();
    let after = match &input.continuation_token {
        Some(token) => Some(decode_token(token)?),
        None => not_empty(input.start_after.clone()),
    };
    let listing = core.list_objects(&ListRequest {
        bucket: input.bucket.clone(),
        prefix: prefix.clone(),
        delimiter: delimiter.clone(),
        after,
        max: input.max_keys,
    })?;
    let by = input.fetch_owner.unwrap_or(false).then_some(&listing.owner);
    let contents: Vec<Object> = listing
        .objects
        .iter()
        .map(|(key, stored)| encoder.object(key, stored, by))
        .collect();
    let count = contents.len() + listing.prefixes.len();
    plain(ListObjectsV2Output {
        name: Some(input.bucket),
        prefix: Some(encoder.text(&prefix)),
        max_keys: Some(listing.max),
        key_count: i32::try_from(count).ok(),
        continuation_token: input.continuation_token,
        is_truncated: Some(listing.next.is_some()),
        next_continuation_token: listing.next.as_deref().map(encode_token),
        contents: (!contents.is_empty()).then_some(contents),
        common_prefixes: encoder.prefixes(&listing.prefixes),
        delimiter: encoder.optional(delimiter),
        encoding_type: input.encoding_type,
        start_after: encoder.optional(input.start_after),
        request_charged: None,
    })
}

/// Tokens carry the last key, opaque enough that nobody takes them for one.
fn encode_token(key: &str) -> String {
    hex::encode(key)
}

fn decode_token(token: &str) -> Result<String, Error> {
    let key = hex::decode(token)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok());
    key.filter(|key| !key.is_empty()).ok_or_else(|| {
        Error::argument(
            "The continuation token provided is incorrect",
            "continuation-token",
            token,
        )
    })
}

pub(super) fn versions(
    scope: &Scope<'_>,
    input: ListObjectVersionsInput,
) -> Answer<ListObjectVersionsOutput> {
    let core = scope.core;
    core.expect_owner(&input.bucket, input.expected_bucket_owner.as_deref())?;
    refuse_optional_attributes(input.optional_object_attributes.as_ref())?;
    let encoder = Encoder::new(input.encoding_type.as_ref())?;
    let delimiter = not_empty(input.delimiter);
    let prefix = input.prefix.unwrap_or_default();
    let key_marker = input.key_marker.unwrap_or_default();
    let version_id_marker = input.version_id_marker.unwrap_or_default();
    let listing = core.list_versions(&VersionRequest {
        list: ListRequest {
            bucket: input.bucket.clone(),
            prefix: prefix.clone(),
            delimiter: delimiter.clone(),
            after: not_empty(Some(key_marker.clone())),
            max: input.max_keys,
        },
        after_version: not_empty(Some(version_id_marker.clone())),
    })?;
    let mut versions = Vec::new();
    let mut markers = Vec::new();
    for listed in &listing.versions {
        let Some(stored) = &listed.stored else {
            markers.push(DeleteMarkerEntry {
                is_latest: Some(listed.latest),
                key: Some(encoder.text(&listed.key)),
                last_modified: Some(timestamp(listed.modified)),
                owner: Some(owner(&listing.owner)),
                version_id: Some(listed.version_id.clone()),
            });
            continue;
        };
        let object = encoder.object(&listed.key, stored, Some(&listing.owner));
        versions.push(ObjectVersion {
            checksum_algorithm: object.checksum_algorithm,
            checksum_type: object.checksum_type,
            e_tag: object.e_tag,
            is_latest: Some(listed.latest),
            key: object.key,
            last_modified: object.last_modified,
            owner: object.owner,
            restore_status: None,
            size: object.size,
            storage_class: object
                .storage_class
                .map(|class| ObjectVersionStorageClass::from(class.as_str().to_owned())),
            version_id: Some(listed.version_id.clone()),
        });
    }
    let truncated = listing.next.is_some();
    let (next_key_marker, next_version_id_marker) = match listing.next {
        Some((key, version)) => (Some(encoder.text(&key)), version),
        None => (None, None),
    };
    plain(ListObjectVersionsOutput {
        common_prefixes: encoder.prefixes(&listing.prefixes),
        delete_markers: (!markers.is_empty()).then_some(markers),
        delimiter: encoder.optional(delimiter),
        encoding_type: input.encoding_type,
        is_truncated: Some(truncated),
        key_marker: Some(encoder.text(&key_marker)),
        max_keys: Some(listing.max),
        name: Some(input.bucket),
        next_key_marker,
        next_version_id_marker,
        prefix: Some(encoder.text(&prefix)),
        request_charged: None,
        version_id_marker: Some(version_id_marker),
        versions: (!versions.is_empty()).then_some(versions),
    })
}
