//! Tags of objects and buckets.

use std::collections::BTreeMap;

use crate::base::limits;
use crate::s3::object::{Version, check_version_id};
use crate::s3::{Error, Result, S3, Stored};

/// Tags in the order they were given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tags(pub Vec<(String, String)>);

impl Tags {
    /// Parses an `x-amz-tagging` header: `key=value&…`, percent-encoded.
    pub fn from_header(header: &str) -> Result<Self> {
        let invalid = |message: &str| Error::argument(message, "x-amz-tagging", header);
        let mut tags = Vec::new();
        for pair in header.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            let decode = |text: &str| {
                percent_decode(text).ok_or_else(|| {
                    invalid("The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.")
                })
            };
            tags.push((decode(key)?, decode(value)?));
        }
        let tags = Self(tags);
        if tags.has_duplicates() {
            return Err(invalid(
                "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.",
            ));
        }
        tags.check_object()?;
        Ok(tags)
    }

    fn has_duplicates(&self) -> bool {
        let keys: BTreeMap<&str, ()> = self.0.iter().map(|(k, _)| (k.as_str(), ())).collect();
        keys.len() != self.0.len()
    }

    /// Refuses what an object cannot carry.
    pub fn check_object(&self) -> Result<()> {
        if self.0.len() > limits::s3::OBJECT_MAX_TAGS {
            return Err(Error::BadRequest(format!(
                "Object tags cannot be greater than {}",
                limits::s3::OBJECT_MAX_TAGS
            )));
        }
        self.check()
    }

    /// Refuses what a bucket cannot carry.
    pub fn check_bucket(&self) -> Result<()> {
        if self.0.len() > limits::s3::BUCKET_MAX_TAGS {
            return Err(Error::BadRequest(format!(
                "Bucket tag count cannot be greater than {}",
                limits::s3::BUCKET_MAX_TAGS
            )));
        }
        self.check()
    }

    fn check(&self) -> Result<()> {
        let invalid = |message: &str, key: &str| {
            Err(Error::InvalidTag {
                message: message.to_owned(),
                key: Some(key.to_owned()),
            })
        };
        let allowed = |text: &str| {
            text.chars()
                .all(|c| c.is_alphanumeric() || c == ' ' || "+-=._:/@".contains(c))
        };
        for (key, value) in &self.0 {
            if key.is_empty()
                || key.chars().count() > limits::s3::TAG_KEY_MAX_CHARS
                || !allowed(key)
            {
                return invalid("The TagKey you have provided is invalid", key);
            }
            if key.starts_with("aws:") {
                return invalid("System tags cannot be added/updated by requester", key);
            }
            if value.chars().count() > limits::s3::TAG_VALUE_MAX_CHARS || !allowed(value) {
                return invalid("The TagValue you have provided is invalid", key);
            }
        }
        if self.has_duplicates() {
            return Err(Error::InvalidTag {
                message: "Cannot provide multiple Tags with the same key".to_owned(),
                key: None,
            });
        }
        Ok(())
    }
}

/// Undoes `application/x-www-form-urlencoded`. `None` for a broken escape or bytes that are not
/// UTF-8.
fn percent_decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        match first {
            b'+' => bytes.push(b' '),
            b'%' => {
                let (digits, tail) = rest.split_at_checked(2)?;
                bytes.extend(hex::decode(digits).ok()?);
                rest = tail;
            }
            other => bytes.push(*other),
        }
    }
    String::from_utf8(bytes).ok()
}

impl S3 {
    /// GetObjectTagging. Also answers the version id that was read.
    pub fn object_tags(&self, bucket: &str, key: &str, version: Option<&str>) -> Result<Stored> {
        self.stored(bucket, key, version, "GET")
    }

    /// PutObjectTagging and, with no tags, DeleteObjectTagging. Answers the version it changed, if
    /// it is not the null version.
    pub fn put_object_tags(
        &self,
        bucket: &str,
        key: &str,
        version: Option<&str>,
        tags: Tags,
    ) -> Result<Option<String>> {
        tags.check_object()?;
        if let Some(id) = version {
            check_version_id(id)?;
        }
        // Errors are those of a read.
        let id = self.stored(bucket, key, version, "PUT")?.version;
        let mut state = self.write();
        let found = state
            .bucket_mut(bucket)?
            .keys
            .get_mut(key)
            .and_then(|versions| {
                versions.0.iter_mut().find_map(|version| match version {
                    Version::Object(stored) if stored.version == id => Some(stored),
                    _ => None,
                })
            });
        let Some(stored) = found else {
            return Err(Error::NoSuchKey {
                key: key.to_owned(),
                marker: None,
            });
        };
        stored.tags = tags;
        Ok(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tagging_header_is_a_query_string() {
        let tags = Tags::from_header("site=Fl%C3%A4ming&power=a+b&empty=").unwrap();
        let expected = [("site", "Fläming"), ("power", "a b"), ("empty", "")];
        assert_eq!(
            tags.0,
            expected.map(|(k, v)| (k.to_owned(), v.to_owned())).to_vec()
        );
    }

    #[test]
    fn bad_tags_are_refused_by_code() {
        let check = |header: &str, code: &str| {
            assert_eq!(
                Tags::from_header(header).unwrap_err().code(),
                code,
                "{header}"
            );
        };
        check("a=1&a=2", "InvalidArgument");
        check("a=%zz", "InvalidArgument");
        check("aws:x=1", "InvalidTag");
        check("=1", "InvalidTag");
        check("a=b%3Cc", "InvalidTag");
        let eleven: Vec<String> = (0..11).map(|n| format!("k{n}=v")).collect();
        check(&eleven.join("&"), "BadRequest");
        let twice = Tags(vec![("a".into(), "1".into()), ("a".into(), "2".into())]);
        assert_eq!(twice.check_bucket().unwrap_err().code(), "InvalidTag");
    }
}
