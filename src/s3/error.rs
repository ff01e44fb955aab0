//! Why S3 refuses. Codes, statuses and members: "Error responses", S3 API reference; exact texts
//! where recorded against AWS.

use crate::base::{ServiceError, Timestamp};
use crate::s3::Algorithm;

/// The result of an S3 call.
pub type Result<T> = std::result::Result<T, Error>;

/// A refusal of S3.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs)] // a variant's name is its AWS error code, its fields are the members it carries
pub enum Error {
    #[error("Access Denied")]
    AccessDenied,
    /// AccessDenied by policies, and what they say.
    #[error("{0}")]
    NotAuthorized(String),
    #[error("The bucket does not allow ACLs")]
    AccessControlListNotSupported,
    #[error("The {} you specified did not match the calculated checksum.", .0.name())]
    BadChecksum(Algorithm),
    #[error("The Content-MD5 you specified did not match what we received.")]
    BadContentMd5 {
        expected: String,
        calculated: String,
    },
    #[error(
        "The requested bucket name is not available. The bucket namespace is shared by all users \
         of the system. Please select a different name and try again."
    )]
    BucketAlreadyExists(String),
    #[error("Your previous request to create the named bucket succeeded and you already own it.")]
    BucketAlreadyOwnedByYou(String),
    #[error("The bucket you tried to delete is not empty{}", if *.versioned { ". You must delete all versions in the bucket." } else { "" })]
    BucketNotEmpty { bucket: String, versioned: bool },
    #[error(
        "The conditional request cannot succeed due to a conflicting operation against this resource."
    )]
    ConditionalRequestConflict {
        condition: &'static str,
        key: String,
    },
    #[error("Your proposed upload exceeds the maximum allowed size")]
    EntityTooLarge { proposed: u64, max: u64 },
    #[error("Your proposed upload is smaller than the minimum allowed size")]
    EntityTooSmall { etag: String, part: i32, size: u64 },
    #[error("{message}")]
    IllegalLocationConstraint { message: String },
    #[error("{message}")]
    InvalidArgument {
        message: String,
        name: &'static str,
        value: String,
    },
    #[error("The specified bucket is not valid.")]
    InvalidBucketName(String),
    #[error("The value of the expected bucket owner parameter must be an AWS account ID")]
    InvalidBucketOwner,
    #[error("The Content-MD5 you specified was invalid.")]
    InvalidDigest(String),
    #[error("The specified location-constraint is not valid")]
    InvalidLocationConstraint(String),
    #[error("The operation is not valid for the object's storage class")]
    InvalidObjectState { storage_class: String },
    #[error(
        "One or more of the specified parts could not be found.  The part may not have been \
         uploaded, or the specified entity tag may not match the part's entity tag."
    )]
    InvalidPart {
        etag: String,
        part: i32,
        upload_id: String,
    },
    #[error("The requested partnumber is not satisfiable")]
    InvalidPartNumber { requested: i32, actual: usize },
    #[error("The list of parts was not in ascending order. Parts must be ordered by part number.")]
    InvalidPartOrder { upload_id: String },
    #[error("The requested range is not satisfiable")]
    InvalidRange { requested: String, size: u64 },
    #[error("{0}")]
    InvalidRequest(String),
    #[error("The storage class you specified is not valid")]
    InvalidStorageClass(String),
    #[error("{message}")]
    InvalidTag {
        message: String,
        key: Option<String>,
    },
    #[error("The Versioning element must be specified")]
    IllegalVersioningConfiguration,
    #[error("Your key is too long")]
    KeyTooLong { size: usize },
    #[error("{0}")]
    MalformedPolicy(String),
    #[error(
        "The XML you provided was not well-formed or did not validate against our published schema"
    )]
    MalformedXml,
    #[error("Your metadata headers exceed the maximum allowed metadata size")]
    MetadataTooLarge { size: usize },
    #[error("The specified method is not allowed against this resource.")]
    MethodNotAllowed {
        method: &'static str,
        version_id: String,
        modified: Timestamp,
    },
    #[error("The specified bucket does not exist")]
    NoSuchBucket(String),
    #[error("The specified key does not exist.")]
    NoSuchKey {
        key: String,
        /// The version id of the delete marker that hides the key, if one does.
        marker: Option<String>,
    },
    #[error(
        "The specified upload does not exist. The upload ID may be invalid, or the upload may \
         have been aborted or completed."
    )]
    NoSuchUpload(String),
    #[error("The specified version does not exist.")]
    NoSuchVersion { key: String, version_id: String },
    /// A bucket sub-resource that was never set, or an object's missing attribute.
    #[error("{message}")]
    Absent {
        code: &'static str,
        message: &'static str,
        bucket: String,
    },
    #[error("A header you provided implies functionality that is not implemented")]
    HeaderNotImplemented {
        header: &'static str,
        detail: &'static str,
    },
    #[error("{0} is not implemented by windfarm; see docs/fidelity.md")]
    NotImplemented(String),
    #[error("Not Modified")]
    NotModified { etag: String, modified: Timestamp },
    #[error("At least one of the pre-conditions you specified did not hold")]
    PreconditionFailed { condition: &'static str },
    #[error("{0}")]
    BadRequest(String),
}

impl Error {
    /// The error code clients branch on.
    pub fn code(&self) -> &'static str {
        match self {
            Self::AccessDenied | Self::NotAuthorized(_) => "AccessDenied",
            Self::AccessControlListNotSupported => "AccessControlListNotSupported",
            Self::BadChecksum(_) | Self::BadContentMd5 { .. } => "BadDigest",
            Self::BucketAlreadyExists(_) => "BucketAlreadyExists",
            Self::BucketAlreadyOwnedByYou(_) => "BucketAlreadyOwnedByYou",
            Self::BucketNotEmpty { .. } => "BucketNotEmpty",
            Self::ConditionalRequestConflict { .. } => "ConditionalRequestConflict",
            Self::EntityTooLarge { .. } => "EntityTooLarge",
            Self::EntityTooSmall { .. } => "EntityTooSmall",
            Self::IllegalLocationConstraint { .. } => "IllegalLocationConstraintException",
            Self::IllegalVersioningConfiguration => "IllegalVersioningConfigurationException",
            Self::InvalidArgument { .. } => "InvalidArgument",
            Self::InvalidBucketName(_) => "InvalidBucketName",
            Self::InvalidBucketOwner => "InvalidBucketOwnerAWSAccountID",
            Self::InvalidDigest(_) => "InvalidDigest",
            Self::InvalidLocationConstraint(_) => "InvalidLocationConstraint",
            Self::InvalidObjectState { .. } => "InvalidObjectState",
            Self::InvalidPart { .. } => "InvalidPart",
            Self::InvalidPartNumber { .. } => "InvalidPartNumber",
            Self::InvalidPartOrder { .. } => "InvalidPartOrder",
            Self::InvalidRange { .. } => "InvalidRange",
            Self::InvalidRequest(_) => "InvalidRequest",
            Self::InvalidStorageClass(_) => "InvalidStorageClass",
            Self::InvalidTag { .. } => "InvalidTag",
            Self::KeyTooLong { .. } => "KeyTooLongError",
            Self::MalformedPolicy(_) => "MalformedPolicy",
            Self::MalformedXml => "MalformedXML",
            Self::MetadataTooLarge { .. } => "MetadataTooLarge",
            Self::MethodNotAllowed { .. } => "MethodNotAllowed",
            Self::NoSuchBucket(_) => "NoSuchBucket",
            Self::NoSuchKey { .. } => "NoSuchKey",
            Self::NoSuchUpload(_) => "NoSuchUpload",
            Self::NoSuchVersion { .. } => "NoSuchVersion",
            Self::Absent { code, .. } => code,
            Self::HeaderNotImplemented { .. } | Self::NotImplemented(_) => "NotImplemented",
            Self::NotModified { .. } => "NotModified",
            Self::PreconditionFailed { .. } => "PreconditionFailed",
            Self::BadRequest(_) => "BadRequest",
        }
    }

    /// HTTP status.
    pub fn status(&self) -> u16 {
        match self {
            Self::NotModified { .. } => 304,
            Self::AccessDenied | Self::NotAuthorized(_) | Self::InvalidObjectState { .. } => 403,
            Self::NoSuchBucket(_)
            | Self::NoSuchKey { .. }
            | Self::NoSuchUpload(_)
            | Self::NoSuchVersion { .. }
            | Self::Absent { .. } => 404,
            Self::MethodNotAllowed { .. } => 405,
            Self::BucketAlreadyExists(_)
            | Self::BucketAlreadyOwnedByYou(_)
            | Self::BucketNotEmpty { .. }
            | Self::ConditionalRequestConflict { .. } => 409,
            Self::PreconditionFailed { .. } => 412,
            Self::InvalidRange { .. } | Self::InvalidPartNumber { .. } => 416,
            Self::HeaderNotImplemented { .. } | Self::NotImplemented(_) => 501,
            _ => 400,
        }
    }

    /// Further members of the error document.
    pub fn members(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::BadContentMd5 {
                expected,
                calculated,
            } => vec![
                ("ExpectedDigest", expected.clone()),
                ("CalculatedDigest", calculated.clone()),
            ],
            Self::BucketAlreadyExists(bucket)
            | Self::BucketAlreadyOwnedByYou(bucket)
            | Self::BucketNotEmpty { bucket, .. }
            | Self::InvalidBucketName(bucket)
            | Self::NoSuchBucket(bucket)
            | Self::Absent { bucket, .. } => vec![("BucketName", bucket.clone())],
            Self::ConditionalRequestConflict { condition, key } => {
                vec![("Condition", (*condition).to_owned()), ("Key", key.clone())]
            }
            Self::EntityTooLarge { proposed, max } => vec![
                ("ProposedSize", proposed.to_string()),
                ("MaxSizeAllowed", max.to_string()),
            ],
            Self::EntityTooSmall { etag, part, size } => vec![
                ("ETag", etag.clone()),
                (
                    "MinSizeAllowed",
                    crate::base::limits::s3::PART_MIN_BYTES.to_string(),
                ),
                ("PartNumber", part.to_string()),
                ("ProposedSize", size.to_string()),
            ],
            Self::InvalidArgument { name, value, .. } => vec![
                ("ArgumentName", (*name).to_owned()),
                ("ArgumentValue", value.clone()),
            ],
            Self::InvalidDigest(digest) => vec![("Content-MD5", digest.clone())],
            Self::InvalidLocationConstraint(region) => {
                vec![("LocationConstraint", region.clone())]
            }
            Self::InvalidObjectState { storage_class } => {
                vec![("StorageClass", storage_class.clone())]
            }
            Self::InvalidPart {
                etag,
                part,
                upload_id,
            } => vec![
                ("ETag", etag.clone()),
                ("PartNumber", part.to_string()),
                ("UploadId", upload_id.clone()),
            ],
            Self::InvalidPartNumber { requested, actual } => vec![
                ("ActualPartCount", actual.to_string()),
                ("PartNumberRequested", requested.to_string()),
            ],
            Self::InvalidPartOrder { upload_id } | Self::NoSuchUpload(upload_id) => {
                vec![("UploadId", upload_id.clone())]
            }
            Self::InvalidRange { requested, size } => vec![
                ("ActualObjectSize", size.to_string()),
                ("RangeRequested", requested.clone()),
            ],
            Self::InvalidStorageClass(class) => vec![("StorageClassRequested", class.clone())],
            Self::InvalidTag { key: Some(key), .. } => vec![("TagKey", key.clone())],
            Self::KeyTooLong { size } => vec![
                (
                    "MaxSizeAllowed",
                    crate::base::limits::s3::KEY_MAX_BYTES.to_string(),
                ),
                ("Size", size.to_string()),
            ],
            Self::MetadataTooLarge { size } => vec![
                (
                    "MaxSizeAllowed",
                    crate::base::limits::s3::METADATA_MAX_BYTES.to_string(),
                ),
                ("Size", size.to_string()),
            ],
            Self::MethodNotAllowed { method, .. } => vec![
                ("Method", (*method).to_owned()),
                ("ResourceType", "DeleteMarker".to_owned()),
            ],
            Self::NoSuchKey { key, .. } => vec![("Key", key.clone())],
            Self::NoSuchVersion { key, version_id } => {
                vec![("Key", key.clone()), ("VersionId", version_id.clone())]
            }
            Self::HeaderNotImplemented { header, detail } => vec![
                ("Header", (*header).to_owned()),
                ("additionalMessage", (*detail).to_owned()),
            ],
            Self::PreconditionFailed { condition } => {
                vec![("Condition", (*condition).to_owned())]
            }
            _ => Vec::new(),
        }
    }

    /// An argument that is out of its bounds.
    pub fn argument(
        message: impl Into<String>,
        name: &'static str,
        value: impl Into<String>,
    ) -> Self {
        Self::InvalidArgument {
            message: message.into(),
            name,
            value: value.into(),
        }
    }
}

impl From<Error> for ServiceError {
    fn from(error: Error) -> Self {
        let mut wire = Self::with_status(error.status(), error.code(), &error);
        for (name, value) in error.members() {
            wire = wire.member(name, value);
        }
        wire
    }
}
