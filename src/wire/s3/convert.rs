//! Between `s3s`'s types and ours.

use std::time::{Duration, UNIX_EPOCH};

use http::{HeaderMap, HeaderName, HeaderValue};
use s3s::S3Response;
use s3s::{dto, xml};
use serde_json::{Value, json};

use crate::base::{AccountId, Timestamp};
use crate::s3::{
    Algorithm, Attributes, Checksum, ChecksumKind, CopySource, Encryption, Error, Ownership,
    ReadCondition, S3, Stored, WriteCondition,
};
use crate::wire::s3::Context;

/// What an operation answers.
pub(super) type Answer<T> = Result<S3Response<T>, Error>;

/// An answer of nothing but its output.
pub(super) fn plain<T>(output: T) -> Answer<T> {
    Ok(S3Response::new(output))
}

/// One request's surroundings: the core and what the edge knows.
pub(super) struct Scope<'a> {
    pub(super) core: &'a S3,
    pub(super) context: &'a Context,
}

impl Scope<'_> {
    pub(super) fn now(&self) -> Timestamp {
        self.context.call.now
    }

    /// Asks whether policies allow something.
    pub(super) fn permit(&self, operation: &str, asked: &Value) -> Result<(), Error> {
        let gate = &self.context.gate;
        if !gate.looks() {
            return Ok(());
        }
        Ok(gate.permit(&self.context.call, operation, asked)?)
    }

    /// Who may not list a bucket does not learn which of its keys are missing ("GetObject", API
    /// reference).
    pub(super) fn discreet(&self, operation: &str, error: Error) -> Error {
        let reads = matches!(
            operation,
            "GetObject" | "HeadObject" | "GetObjectAttributes"
        );
        if !reads || !matches!(error, Error::NoSuchKey { .. }) {
            return error;
        }
        let bucket = json!({"Bucket": self.context.asked.get("Bucket")});
        let listed = self.permit("ListObjectsV2", &bucket);
        listed.err().unwrap_or(error)
    }

    /// A raw header's text.
    pub(super) fn header(&self, name: &str) -> Option<String> {
        let value = self.context.raw.get(name)?;
        Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
    }

    /// A raw header's date; S3 ignores what is not one.
    fn date(&self, name: &str) -> Option<Timestamp> {
        parse_http_date(&self.header(name)?)
    }

    /// The id that answers name a version by: none where the bucket never had versions.
    pub(super) fn version(&self, bucket: &str, stored: &Stored) -> Option<String> {
        self.core
            .is_versioned(bucket)
            .then(|| stored.version_id().to_owned())
    }

    /// Refuses ACLs other than those that say what is so anyway where the bucket's owner is enforced.
    /// Grants are never so.
    pub(super) fn check_acl(
        &self,
        bucket: &str,
        acl: Option<&str>,
        grants: &[&Option<String>],
    ) -> Result<(), Error> {
        let harmless = matches!(acl, None | Some("private" | "bucket-owner-full-control"));
        if harmless && grants.iter().all(|grant| grant.is_none()) {
            return Ok(());
        }
        Err(self.acl_refusal(bucket))
    }

    /// What any other ACL is refused with.
    pub(super) fn acl_refusal(&self, bucket: &str) -> Error {
        match self.core.ownership(bucket) {
            Ok(Ownership::BucketOwnerEnforced) => Error::AccessControlListNotSupported,
            Err(error @ Error::NoSuchBucket(_)) => error,
            _ => Error::NotImplemented("s3 access control lists".to_owned()),
        }
    }

    /// Refuses Object Lock parameters: no bucket here has a lock.
    pub(super) fn refuse_lock(&self, present: bool) -> Result<(), Error> {
        let until = self.header("x-amz-object-lock-retain-until-date");
        if present || until.is_some() {
            return Err(Error::InvalidRequest(
                "Bucket is missing Object Lock Configuration".to_owned(),
            ));
        }
        Ok(())
    }

    pub(super) fn read_condition(&self) -> ReadCondition {
        ReadCondition {
            if_match: self.header("if-match"),
            if_none_match: self.header("if-none-match"),
            if_modified_since: self.date("if-modified-since"),
            if_unmodified_since: self.date("if-unmodified-since"),
        }
    }

    pub(super) fn write_condition(&self) -> WriteCondition {
        WriteCondition {
            if_match: self.header("if-match"),
            if_none_match: self.header("if-none-match"),
        }
    }

    pub(super) fn copy_source(&self, source: &dto::CopySource) -> Result<CopySource, Error> {
        let dto::CopySource::Bucket {
            bucket,
            key,
            version_id,
        } = source
        else {
            return Err(Error::NotImplemented(
                "s3 access points as the source of a copy".to_owned(),
            ));
        };
        Ok(CopySource {
            bucket: bucket.to_string(),
            key: key.to_string(),
            version: version_id.as_deref().map(str::to_owned),
            condition: ReadCondition {
                if_match: self.header("x-amz-copy-source-if-match"),
                if_none_match: self.header("x-amz-copy-source-if-none-match"),
                if_modified_since: self.date("x-amz-copy-source-if-modified-since"),
                if_unmodified_since: self.date("x-amz-copy-source-if-unmodified-since"),
            },
        })
    }
}

/// `Wed, 21 Oct 2015 07:28:00 GMT`.
pub(super) fn parse_http_date(text: &str) -> Option<Timestamp> {
    let instant = jiff::fmt::rfc2822::DateTimeParser::new()
        .parse_timestamp(text)
        .ok()?;
    Some(Timestamp::from_jiff(instant))
}

/// Every system header and choice of a write that becomes part of the object. The caller adds user
/// metadata.
#[derive(Default)]
pub(super) struct WriteHeaders {
    pub(super) cache_control: Option<String>,
    pub(super) content_disposition: Option<String>,
    pub(super) content_encoding: Option<String>,
    pub(super) content_language: Option<String>,
    pub(super) content_type: Option<String>,
    pub(super) expires: Option<String>,
    pub(super) redirect: Option<String>,
    pub(super) metadata: Option<dto::Metadata>,
    pub(super) storage_class: Option<dto::StorageClass>,
    pub(super) sse: Option<dto::ServerSideEncryption>,
    pub(super) kms_key: Option<String>,
    pub(super) bucket_key: Option<bool>,
}

impl WriteHeaders {
    pub(super) fn attributes(self) -> Result<Attributes, Error> {
        let headers = [
            ("cache-control", self.cache_control),
            ("content-disposition", self.content_disposition),
            ("content-encoding", self.content_encoding),
            ("content-language", self.content_language),
            ("content-type", self.content_type),
            ("expires", self.expires),
            ("x-amz-website-redirect-location", self.redirect),
        ];
        let encryption = match self.sse {
            Some(algorithm) => Some(encryption(
                algorithm.as_str(),
                self.kms_key,
                self.bucket_key.unwrap_or(false),
            )?),
            None => None,
        };
        Ok(Attributes {
            headers: headers
                .into_iter()
                .filter_map(|(name, value)| Some((name.to_owned(), value?)))
                .filter(|(_, value)| !value.is_empty())
                .collect(),
            metadata: self.metadata.unwrap_or_default().into_iter().collect(),
            storage_class: self.storage_class.map(|class| class.as_str().to_owned()),
            encryption,
        })
    }
}

/// Server-side encryption by its API name.
pub(super) fn encryption(
    algorithm: &str,
    key_id: Option<String>,
    bucket_key: bool,
) -> Result<Encryption, Error> {
    match algorithm {
        "AES256" => Ok(Encryption::Aes256),
        "aws:kms" | "aws:kms:dsse" => Ok(Encryption::Kms {
            algorithm: algorithm.to_owned(),
            key_id,
            bucket_key,
        }),
        other => Err(Error::argument(
            "The encryption method specified is not supported",
            "x-amz-server-side-encryption",
            other,
        )),
    }
}

/// The three answers about encryption: algorithm, key id, bucket key.
pub(super) type EncryptionAnswer = (
    Option<dto::ServerSideEncryption>,
    Option<String>,
    Option<bool>,
);

/// How answers name an object's encryption.
pub(super) fn encryption_answer(encryption: Option<&Encryption>) -> EncryptionAnswer {
    match encryption {
        None => (None, None, None),
        Some(encryption @ Encryption::Aes256) => (
            Some(dto::ServerSideEncryption::from(
                encryption.algorithm().to_owned(),
            )),
            None,
            None,
        ),
        Some(Encryption::Kms {
            algorithm,
            key_id,
            bucket_key,
        }) => (
            Some(dto::ServerSideEncryption::from(algorithm.clone())),
            key_id.clone(),
            bucket_key.then_some(true),
        ),
    }
}

/// Refuses customer-provided keys: nothing is encrypted here.
pub(super) fn refuse_sse_c(algorithm: Option<&String>) -> Result<(), Error> {
    match algorithm {
        None => Ok(()),
        Some(_) => Err(Error::NotImplemented(
            "s3 server-side encryption with customer-provided keys".to_owned(),
        )),
    }
}

/// A quoted entity tag.
pub(super) fn etag(text: &str) -> dto::ETag {
    dto::ETag::Strong(text.to_owned())
}

/// An instant.
pub(super) fn timestamp(at: Timestamp) -> dto::Timestamp {
    let micros = at.micros();
    let span = Duration::from_micros(micros.unsigned_abs());
    let time = if micros < 0 {
        UNIX_EPOCH.checked_sub(span)
    } else {
        UNIX_EPOCH.checked_add(span)
    };
    dto::Timestamp::from(time.unwrap_or(UNIX_EPOCH))
}

/// An instant that a document names.
pub(super) fn instant(at: &dto::Timestamp) -> Result<Timestamp, Error> {
    let mut text = Vec::new();
    at.format(dto::TimestampFormat::DateTime, &mut text)
        .map_err(|_| Error::MalformedXml)?;
    let text = String::from_utf8_lossy(&text);
    Timestamp::parse(&text).ok_or(Error::MalformedXml)
}

/// `x-amz-expiration` of an object that a lifecycle rule will end.
pub(super) fn expiration(
    scope: &Scope<'_>,
    bucket: &str,
    key: &str,
    stored: &Stored,
) -> Option<String> {
    let (end, rule) = scope.core.expiration(bucket, key, stored)?;
    let end = super::answer::http_date(end);
    Some(format!("expiry-date=\"{end}\", rule-id=\"{rule}\""))
}

/// A size or count as the API carries it.
pub(super) fn int(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// The owner of something.
pub(super) fn owner(account: &AccountId) -> dto::Owner {
    dto::Owner {
        display_name: None,
        id: Some(S3::canonical_id(account)),
    }
}

/// `FULL_OBJECT` or `COMPOSITE`.
pub(super) fn kind(kind: ChecksumKind) -> dto::ChecksumType {
    dto::ChecksumType::from_static(kind.name())
}

/// Parses a checksum type.
pub(super) fn parse_kind(kind: Option<&dto::ChecksumType>) -> Result<Option<ChecksumKind>, Error> {
    match kind.map(dto::ChecksumType::as_str) {
        None => Ok(None),
        Some("FULL_OBJECT") => Ok(Some(ChecksumKind::FullObject)),
        Some("COMPOSITE") => Ok(Some(ChecksumKind::Composite)),
        Some(other) => Err(Error::InvalidRequest(format!(
            "Value for x-amz-checksum-type header is invalid: {other}"
        ))),
    }
}

/// Parses a checksum algorithm.
pub(super) fn parse_algorithm(
    algorithm: Option<&dto::ChecksumAlgorithm>,
) -> Result<Option<Algorithm>, Error> {
    algorithm
        .map(|algorithm| Algorithm::parse(algorithm.as_str()))
        .transpose()
}

/// Fills the one checksum member of an output that its algorithm names.
macro_rules! set_checksum {
    ($output:expr, $checksum:expr) => {{
        let checksum: &$crate::s3::Checksum = $checksum;
        let value = Some(checksum.value.clone());
        match checksum.algorithm {
            $crate::s3::Algorithm::Crc32 => $output.checksum_crc32 = value,
            $crate::s3::Algorithm::Crc32c => $output.checksum_crc32c = value,
            $crate::s3::Algorithm::Crc64Nvme => $output.checksum_crc64nvme = value,
            $crate::s3::Algorithm::Sha1 => $output.checksum_sha1 = value,
            $crate::s3::Algorithm::Sha256 => $output.checksum_sha256 = value,
        }
    }};
}
pub(super) use set_checksum;

/// The checksums an input names.
macro_rules! checksums {
    ($input:expr) => {{
        [
            ($crate::s3::Algorithm::Crc32, &$input.checksum_crc32),
            ($crate::s3::Algorithm::Crc32c, &$input.checksum_crc32c),
            ($crate::s3::Algorithm::Crc64Nvme, &$input.checksum_crc64nvme),
            ($crate::s3::Algorithm::Sha1, &$input.checksum_sha1),
            ($crate::s3::Algorithm::Sha256, &$input.checksum_sha256),
        ]
        .into_iter()
        .filter_map(|(algorithm, value)| Some((algorithm, value.clone()?)))
        .collect::<Vec<_>>()
    }};
}
pub(super) use checksums;

/// The checksum members of GetObjectAttributes.
pub(super) fn checksum_document(checksum: &Checksum) -> dto::Checksum {
    let mut document = dto::Checksum::default();
    set_checksum!(document, checksum);
    document.checksum_type = Some(kind(checksum.kind));
    document
}

/// One more header for an answer.
pub(super) fn add_header(headers: &mut HeaderMap, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::try_from(value) {
        headers.insert(HeaderName::from_static(name), value);
    }
}

/// Tags as the API carries them.
pub(super) fn tag_set(tags: &crate::s3::Tags) -> dto::TagSet {
    tags.0
        .iter()
        .map(|(key, value)| dto::Tag {
            key: Some(key.clone()),
            value: Some(value.clone()),
        })
        .collect()
}

/// Tags from the API's form.
pub(super) fn tags(tagging: dto::Tagging) -> crate::s3::Tags {
    let pair = |tag: dto::Tag| (tag.key.unwrap_or_default(), tag.value.unwrap_or_default());
    crate::s3::Tags(tagging.tag_set.into_iter().map(pair).collect())
}

/// A document as it is kept.
pub(super) fn to_document<T: xml::Serialize>(value: &T) -> Result<String, Error> {
    let mut bytes = Vec::new();
    let written = value.serialize(&mut xml::Serializer::new(&mut bytes));
    written.map_err(|_| Error::MalformedXml)?;
    String::from_utf8(bytes).map_err(|_| Error::MalformedXml)
}

/// A kept document's content.
pub(super) fn from_document<T: for<'x> xml::Deserialize<'x>>(document: &str) -> Result<T, Error> {
    T::deserialize(&mut xml::Deserializer::new(document.as_bytes()))
        .map_err(|_| Error::MalformedXml)
}
