//! Conditional reads and writes. "Conditional requests", S3 user guide.

use crate::base::Timestamp;
use crate::s3::object::Versions;
use crate::s3::{Error, Result, Stored};

/// Conditions of GetObject, HeadObject, and on the source of a copy. Entity tags may be quoted or
/// not, and may be a comma-separated list or `*`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadCondition {
    /// `If-Match`.
    pub if_match: Option<String>,
    /// `If-None-Match`.
    pub if_none_match: Option<String>,
    /// `If-Modified-Since`.
    pub if_modified_since: Option<Timestamp>,
    /// `If-Unmodified-Since`.
    pub if_unmodified_since: Option<Timestamp>,
}

impl ReadCondition {
    /// Refuses a read whose conditions do not hold: If-Match wins over If-Unmodified-Since, and
    /// If-None-Match over If-Modified-Since. Dates compare in whole seconds, as HTTP carries them.
    pub fn check(&self, object: &Stored) -> Result<()> {
        self.check_positive(object, "If-Match", "If-Unmodified-Since")?;
        if self.negative_fails(object).is_some() {
            return Err(Error::NotModified {
                etag: object.object.etag.clone(),
                modified: object.modified,
            });
        }
        Ok(())
    }

    /// The same for the source of a copy, where every failure is a 412.
    pub fn check_copy_source(&self, object: &Stored) -> Result<()> {
        self.check_positive(
            object,
            "x-amz-copy-source-If-Match",
            "x-amz-copy-source-If-Unmodified-Since",
        )?;
        match self.negative_fails(object) {
            Some(true) => Err(Error::PreconditionFailed {
                condition: "x-amz-copy-source-If-None-Match",
            }),
            Some(false) => Err(Error::PreconditionFailed {
                condition: "x-amz-copy-source-If-Modified-Since",
            }),
            None => Ok(()),
        }
    }

    fn check_positive(
        &self,
        object: &Stored,
        by_etag: &'static str,
        by_date: &'static str,
    ) -> Result<()> {
        match (&self.if_match, self.if_unmodified_since) {
            (Some(etags), _) if !matches(etags, &object.object.etag) => {
                Err(Error::PreconditionFailed { condition: by_etag })
            }
            (None, Some(since)) if object.modified.secs() > since.secs() => {
                Err(Error::PreconditionFailed { condition: by_date })
            }
            _ => Ok(()),
        }
    }

    /// `Some(true)` when If-None-Match fails, `Some(false)` when If-Modified-Since does.
    fn negative_fails(&self, object: &Stored) -> Option<bool> {
        match (&self.if_none_match, self.if_modified_since) {
            (Some(etags), _) => matches(etags, &object.object.etag).then_some(true),
            (None, Some(since)) => (object.modified.secs() <= since.secs()).then_some(false),
            (None, None) => None,
        }
    }
}

/// Conditions of PutObject, CompleteMultipartUpload, CopyObject and DeleteObject.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WriteCondition {
    /// `If-Match`: the entity tag the key must have.
    pub if_match: Option<String>,
    /// `If-None-Match`: only `*`, which asks that the key be absent.
    pub if_none_match: Option<String>,
}

impl WriteCondition {
    /// Refuses what S3 has not implemented: other values than these, and both at once.
    pub fn validate(&self) -> Result<()> {
        let refuse = |header, detail| Err(Error::HeaderNotImplemented { header, detail });
        match (self.if_match.as_deref(), self.if_none_match.as_deref()) {
            (Some(_), Some(_)) => refuse(
                "If-Match,If-None-Match",
                "Multiple conditional request headers present in the request",
            ),
            (Some("*"), None) => refuse(
                "If-Match",
                "We don't accept the provided value of If-Match header for this API",
            ),
            (None, Some(value)) if value != "*" => refuse(
                "If-None-Match",
                "We don't accept the provided value of If-None-Match header for this API",
            ),
            _ => Ok(()),
        }
    }

    /// Refuses a write to `key` whose condition does not hold for its current version. A delete
    /// marker on top counts as absent.
    pub(super) fn check(&self, key: &str, versions: Option<&Versions>) -> Result<()> {
        let current = versions.and_then(Versions::current_object);
        if self.if_none_match.is_some() && current.is_some() {
            return Err(Error::PreconditionFailed {
                condition: "If-None-Match",
            });
        }
        match (&self.if_match, current) {
            (Some(_), None) => Err(Error::NoSuchKey {
                key: key.to_owned(),
                marker: None,
            }),
            (Some(etag), Some(object)) if !matches(etag, &object.object.etag) => {
                Err(Error::PreconditionFailed {
                    condition: "If-Match",
                })
            }
            _ => Ok(()),
        }
    }
}

/// An entity tag without its quotes and without the mark of a weak one.
pub(super) fn bare(etag: &str) -> &str {
    let etag = etag.trim();
    etag.strip_prefix("W/").unwrap_or(etag).trim_matches('"')
}

fn matches(etags: &str, etag: &str) -> bool {
    etags
        .split(',')
        .map(bare)
        .any(|wanted| wanted == "*" || wanted == etag)
}
