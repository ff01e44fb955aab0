//! Bucket sub-resources: state that is kept as sent, and what S3 answers when it was never set.

use std::collections::BTreeMap;

use crate::base::limits;
use crate::s3::{Encryption, Error, LifecycleRule, Result, S3, Tags};

/// Versioning of a bucket, once it was set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Versioning {
    /// Every write makes a version with an id of its own.
    Enabled,
    /// Writes make the null version; older versions stay.
    Suspended,
}

impl Versioning {
    /// Parses a `Status`: its case matters.
    pub fn parse(status: &str) -> Result<Self> {
        match status {
            "Enabled" => Ok(Self::Enabled),
            "Suspended" => Ok(Self::Suspended),
            _ => Err(Error::MalformedXml),
        }
    }

    /// The name as the API spells it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Enabled => "Enabled",
            Self::Suspended => "Suspended",
        }
    }
}

/// Object ownership of a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ownership {
    /// ACLs are off: what new buckets have.
    BucketOwnerEnforced,
    /// The bucket owner owns objects written with `bucket-owner-full-control`.
    BucketOwnerPreferred,
    /// The writer owns objects.
    ObjectWriter,
}

impl Ownership {
    const ALL: [Self; 3] = [
        Self::BucketOwnerEnforced,
        Self::BucketOwnerPreferred,
        Self::ObjectWriter,
    ];

    /// Parses an API name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|ownership| ownership.name() == name)
    }

    /// The name as the API spells it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::BucketOwnerEnforced => "BucketOwnerEnforced",
            Self::BucketOwnerPreferred => "BucketOwnerPreferred",
            Self::ObjectWriter => "ObjectWriter",
        }
    }
}

/// The four public access flags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the API's names
pub struct PublicAccessBlock {
    pub block_public_acls: bool,
    pub ignore_public_acls: bool,
    pub block_public_policy: bool,
    pub restrict_public_buckets: bool,
}

/// A sub-resource kept as the document that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SubResource {
    /// Cross-origin rules.
    Cors,
    /// Lifecycle rules.
    Lifecycle,
}

impl SubResource {
    fn absent(self) -> (&'static str, &'static str) {
        match self {
            Self::Cors => (
                "NoSuchCORSConfiguration",
                "The CORS configuration does not exist",
            ),
            Self::Lifecycle => (
                "NoSuchLifecycleConfiguration",
                "The lifecycle configuration does not exist",
            ),
        }
    }
}

/// The sub-resources of a bucket.
#[derive(Clone, Debug)]
pub struct Config {
    /// Versioning; `None` until it is first set.
    pub versioning: Option<Versioning>,
    /// Object ownership.
    pub ownership: Option<Ownership>,
    /// Public access flags.
    pub public_access: Option<PublicAccessBlock>,
    /// What objects are encrypted with that name nothing else.
    pub encryption: Encryption,
    /// Tags.
    pub tags: Option<Tags>,
    /// The policy, as sent.
    pub policy: Option<String>,
    /// Lifecycle rules, which act.
    pub lifecycle: Vec<LifecycleRule>,
    /// Sub-resources kept as documents.
    pub documents: BTreeMap<SubResource, String>,
}

impl Config {
    /// What a new bucket has. "Default settings for new S3 buckets FAQ".
    pub fn fresh(ownership: Ownership) -> Self {
        Self {
            versioning: None,
            ownership: Some(ownership),
            public_access: Some(PublicAccessBlock {
                block_public_acls: true,
                ignore_public_acls: true,
                block_public_policy: true,
                restrict_public_buckets: true,
            }),
            encryption: Encryption::Aes256,
            tags: None,
            policy: None,
            lifecycle: Vec::new(),
            documents: BTreeMap::new(),
        }
    }
}

impl S3 {
    /// All sub-resources of a bucket.
    pub fn config(&self, bucket: &str) -> Result<Config> {
        Ok(self.read().bucket(bucket)?.config.clone())
    }

    /// Whether versioning was ever set on a bucket.
    pub fn is_versioned(&self, bucket: &str) -> bool {
        let state = self.read();
        let bucket = state.bucket(bucket);
        bucket.is_ok_and(|bucket| bucket.config.versioning.is_some())
    }

    /// Changes sub-resources that need no check.
    pub fn configure(&self, bucket: &str, change: impl FnOnce(&mut Config)) -> Result<()> {
        change(&mut self.write().bucket_mut(bucket)?.config);
        Ok(())
    }

    /// One sub-resource, or the answer for its absence.
    fn present<T>(
        &self,
        bucket: &str,
        pick: impl FnOnce(Config) -> Option<T>,
        (code, message): (&'static str, &'static str),
    ) -> Result<T> {
        pick(self.config(bucket)?).ok_or_else(|| Error::Absent {
            code,
            message,
            bucket: bucket.to_owned(),
        })
    }

    /// GetBucketPolicy: the text as sent.
    pub fn policy(&self, bucket: &str) -> Result<String> {
        self.present(
            bucket,
            |config| config.policy,
            ("NoSuchBucketPolicy", "The bucket policy does not exist"),
        )
    }

    /// PutBucketPolicy. The text is stored as it is; who enforces policies asks for it.
    pub fn put_policy(&self, bucket: &str, policy: String) -> Result<()> {
        let malformed = |message: &str| Err(Error::MalformedPolicy(message.to_owned()));
        if policy.len() > limits::s3::POLICY_MAX_BYTES {
            return malformed("Policies cannot exceed 20 KB");
        }
        let document = match serde_json::from_str::<serde_json::Value>(&policy) {
            Ok(document) if document.is_object() && policy.starts_with('{') => document,
            _ => {
                return malformed("Policies must be valid JSON and the first byte must be '{'");
            }
        };
        let Some(statements) = document.get("Statement") else {
            return malformed("Missing required field Statement");
        };
        let config = self.config(bucket)?;
        if config
            .public_access
            .is_some_and(|flags| flags.block_public_policy)
            && is_public(statements)
        {
            return Err(Error::AccessDenied);
        }
        self.configure(bucket, |config| config.policy = Some(policy))
    }

    /// GetBucketTagging.
    pub fn bucket_tags(&self, bucket: &str) -> Result<Tags> {
        self.present(
            bucket,
            |config| config.tags,
            ("NoSuchTagSet", "The TagSet does not exist"),
        )
    }

    /// PutBucketTagging.
    pub fn put_bucket_tags(&self, bucket: &str, tags: Tags) -> Result<()> {
        tags.check_bucket()?;
        self.configure(bucket, |config| {
            config.tags = (!tags.0.is_empty()).then_some(tags);
        })
    }

    /// GetBucketOwnershipControls.
    pub fn ownership(&self, bucket: &str) -> Result<Ownership> {
        self.present(
            bucket,
            |config| config.ownership,
            (
                "OwnershipControlsNotFoundError",
                "The bucket ownership controls were not found",
            ),
        )
    }

    /// GetPublicAccessBlock.
    pub fn public_access_block(&self, bucket: &str) -> Result<PublicAccessBlock> {
        self.present(
            bucket,
            |config| config.public_access,
            (
                "NoSuchPublicAccessBlockConfiguration",
                "The public access block configuration was not found",
            ),
        )
    }

    /// GetBucketCors and GetBucketLifecycleConfiguration: the document as stored.
    pub fn document(&self, bucket: &str, which: SubResource) -> Result<String> {
        self.present(
            bucket,
            |mut config| config.documents.remove(&which),
            which.absent(),
        )
    }

    /// Answers for sub-resources that this program cannot set: that they are absent.
    pub fn absent<T>(&self, bucket: &str, code: &'static str, message: &'static str) -> Result<T> {
        self.present(bucket, |_| None, (code, message))
    }
}

/// Whether a policy lets anyone in: an Allow for every principal without a condition.
fn is_public(statements: &serde_json::Value) -> bool {
    use serde_json::Value;

    let anyone = |value: &Value| match value {
        Value::String(text) => text == "*",
        Value::Array(many) => many.iter().any(|one| one.as_str() == Some("*")),
        _ => false,
    };
    let public = |statement: &Value| {
        statement.get("Effect").and_then(Value::as_str) == Some("Allow")
            && statement.get("Condition").is_none()
            && statement
                .get("Principal")
                .is_some_and(|who| anyone(who) || who.get("AWS").is_some_and(anyone))
    };
    match statements {
        Value::Array(many) => many.iter().any(public),
        one => public(one),
    }
}
