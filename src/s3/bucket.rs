//! Buckets: creation with its location rules, deletion, and the list of them.

use std::collections::BTreeMap;
use std::ops::Bound;

use crate::base::{AccountId, Call, Region, Timestamp, limits};
use crate::s3::multipart::{Finished, Uploads};
use crate::s3::object::Versions;
use crate::s3::{Config, Error, Ownership, Result, S3, Tags};

/// A bucket and everything in it.
#[derive(Debug)]
pub(super) struct Bucket {
    pub(super) name: String,
    pub(super) owner: AccountId,
    pub(super) region: Region,
    pub(super) created: Timestamp,
    /// Every key that has a version, a delete marker included.
    pub(super) keys: BTreeMap<String, Versions>,
    /// Uploads in progress.
    pub(super) uploads: Uploads,
    /// Completed uploads by their id, so that a repeated Complete answers as the first did.
    pub(super) finished: BTreeMap<String, Finished>,
    pub(super) config: Config,
}

/// A bucket as clients see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BucketFacts {
    /// Its name.
    pub name: String,
    /// The account that created it.
    pub owner: AccountId,
    /// Where it lives.
    pub region: Region,
    /// When it was created.
    pub created: Timestamp,
}

impl BucketFacts {
    /// `arn:aws:s3:::name`.
    pub fn arn(&self) -> String {
        format!("arn:aws:s3:::{}", self.name)
    }
}

/// What CreateBucket is asked for.
#[derive(Clone, Debug, Default)]
pub struct CreateBucket {
    /// The name.
    pub name: String,
    /// `LocationConstraint` of the body, if there is one.
    pub location: Option<String>,
    /// `x-amz-object-ownership`; BucketOwnerEnforced when absent.
    pub ownership: Option<Ownership>,
    /// `Tags` of the body, if there are any.
    pub tags: Option<Tags>,
}

/// A page of ListBuckets is asked for with this.
#[derive(Clone, Debug, Default)]
pub struct ListBuckets {
    /// Names must start with it.
    pub prefix: String,
    /// Only buckets of this region.
    pub region: Option<String>,
    /// At most this many.
    pub max: Option<i32>,
    /// `ContinuationToken` of the page before.
    pub token: Option<String>,
}

/// A page of ListBuckets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BucketPage {
    /// The buckets, by name.
    pub buckets: Vec<BucketFacts>,
    /// Where the next page starts.
    pub next: Option<String>,
}

impl Bucket {
    pub(super) fn facts(&self) -> BucketFacts {
        BucketFacts {
            name: self.name.clone(),
            owner: self.owner.clone(),
            region: self.region.clone(),
            created: self.created,
        }
    }
}

impl S3 {
    /// CreateBucket. Repeating it is no error in us-east-1 and BucketAlreadyOwnedByYou elsewhere.
    pub fn create_bucket(&self, call: &Call, request: CreateBucket) -> Result<BucketFacts> {
        if !is_bucket_name(&request.name) {
            return Err(Error::InvalidBucketName(request.name));
        }
        let region = location(&call.region, request.location.as_deref())?;
        if let Some(tags) = &request.tags {
            tags.check_bucket()?;
        }
        let mut state = self.write();
        if let Some(bucket) = state.buckets.get(&request.name) {
            return if bucket.owner != call.account {
                Err(Error::BucketAlreadyExists(request.name))
            } else if region.as_str() == Region::DEFAULT
                && bucket.region == region
                && request.tags.is_none()
            {
                Ok(bucket.facts())
            } else {
                Err(Error::BucketAlreadyOwnedByYou(request.name))
            };
        }
        let ownership = request.ownership.unwrap_or(Ownership::BucketOwnerEnforced);
        let bucket = Bucket {
            name: request.name.clone(),
            owner: call.account.clone(),
            region,
            created: call.now.floor_millis(),
            keys: BTreeMap::new(),
            uploads: Uploads::new(),
            finished: BTreeMap::new(),
            config: Config {
                tags: request.tags,
                ..Config::fresh(ownership)
            },
        };
        let facts = bucket.facts();
        state.buckets.insert(request.name, bucket);
        Ok(facts)
    }

    /// HeadBucket and GetBucketLocation: a bucket's facts.
    pub fn bucket(&self, name: &str) -> Result<BucketFacts> {
        Ok(self.read().bucket(name)?.facts())
    }

    /// The account that owns a bucket.
    pub fn owner(&self, bucket: &str) -> Option<AccountId> {
        let owner = self.read().bucket(bucket).ok()?.owner.clone();
        Some(owner)
    }

    /// Refuses when the bucket is not the expected account's, as `x-amz-expected-bucket-owner` asks.
    pub fn expect_owner(&self, bucket: &str, expected: Option<&str>) -> Result<()> {
        let Some(expected) = expected else {
            return Ok(());
        };
        let expected = AccountId::parse(expected).ok_or(Error::InvalidBucketOwner)?;
        if self.read().bucket(bucket)?.owner == expected {
            Ok(())
        } else {
            Err(Error::AccessDenied)
        }
    }

    /// DeleteBucket: only an empty one. Uploads in progress do not keep it.
    pub fn delete_bucket(&self, name: &str) -> Result<()> {
        let mut state = self.write();
        let bucket = state.bucket(name)?;
        if !bucket.keys.is_empty() {
            return Err(Error::BucketNotEmpty {
                bucket: name.to_owned(),
                versioned: bucket.config.versioning.is_some(),
            });
        }
        state.buckets.remove(name);
        Ok(())
    }

    /// ListBuckets: the caller's, by name.
    pub fn list_buckets(&self, call: &Call, request: &ListBuckets) -> Result<BucketPage> {
        if let Some(region) = &request.region
            && !looks_like_region(region)
        {
            return Err(Error::argument(
                format!("Argument value {region} is not a valid AWS Region"),
                "bucket-region",
                region,
            ));
        }
        let max = request.max.unwrap_or(limits::s3::LIST_MAX_BUCKETS);
        if !(1..=limits::s3::LIST_MAX_BUCKETS).contains(&max) {
            return Err(Error::argument(
                format!(
                    "Argument max-buckets must be an integer between 1 and {}",
                    limits::s3::LIST_MAX_BUCKETS
                ),
                "max-buckets",
                max.to_string(),
            ));
        }
        let after = match &request.token {
            Some(token) => Bound::Excluded(list_token(token)?),
            None => Bound::Unbounded,
        };
        let state = self.read();
        let mut found = state
            .buckets
            .range((after, Bound::Unbounded))
            .map(|(_, bucket)| bucket)
            .filter(|bucket| bucket.owner == call.account)
            .filter(|bucket| bucket.name.starts_with(&request.prefix))
            .filter(|bucket| {
                let wanted = request.region.as_deref();
                wanted.is_none_or(|region| bucket.region.as_str() == region)
            });
        let buckets: Vec<_> = found
            .by_ref()
            .take(max as usize)
            .map(Bucket::facts)
            .collect();
        let next = match (found.next(), buckets.last()) {
            (Some(_), Some(last)) => Some(hex::encode(&last.name)),
            _ => None,
        };
        Ok(BucketPage { buckets, next })
    }
}

/// The text inside a continuation token of ours.
pub(super) fn list_token(token: &str) -> Result<String> {
    hex::decode(token)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .ok_or_else(|| {
            Error::argument(
                "The continuation token provided is incorrect",
                "continuation-token",
                token,
            )
        })
}

/// Where a bucket is created: `endpoint` is the region the request was signed for.
fn location(endpoint: &Region, constraint: Option<&str>) -> Result<Region> {
    let illegal = |constraint: &str| Error::IllegalLocationConstraint {
        message: format!(
            "The {constraint} location constraint is incompatible for the region specific \
             endpoint this request was sent to."
        ),
    };
    match (
        endpoint.as_str(),
        constraint.filter(|text| !text.is_empty()),
    ) {
        (Region::DEFAULT, None) => Ok(endpoint.clone()),
        (Region::DEFAULT, Some(Region::DEFAULT)) => {
            Err(Error::InvalidLocationConstraint(Region::DEFAULT.to_owned()))
        }
        // The old name of eu-west-1, which buckets keep as their constraint.
        (Region::DEFAULT | "eu-west-1", Some("EU")) => Ok(Region::new("eu-west-1")),
        // The global endpoint creates buckets anywhere.
        (Region::DEFAULT, Some(region)) if looks_like_region(region) => Ok(Region::new(region)),
        (Region::DEFAULT, Some(region)) => Err(Error::InvalidLocationConstraint(region.to_owned())),
        (_, None) => Err(illegal("unspecified")),
        (endpoint, Some(region)) if endpoint == region => Ok(Region::new(region)),
        (_, Some(region)) => Err(illegal(region)),
    }
}

/// Whether a text has the shape of a region name, e.g. `ap-southeast-2`. New regions appear, so no
/// list is kept.
fn looks_like_region(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let letters = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase());
    match &parts[..] {
        [area, middle @ .., number] => {
            area.len() == 2
                && letters(area)
                && !middle.is_empty()
                && middle.iter().all(letters)
                && matches!(number.as_bytes(), [digit] if digit.is_ascii_digit())
        }
        _ => false,
    }
}

/// The naming rules for general purpose buckets. "Bucket naming rules".
fn is_bucket_name(name: &str) -> bool {
    let bytes = name.as_bytes();
    let alphanumeric = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    (3..=63).contains(&bytes.len())
        && bytes
            .iter()
            .all(|b| alphanumeric(b) || matches!(b, b'.' | b'-'))
        && bytes.first().is_some_and(alphanumeric)
        && bytes.last().is_some_and(alphanumeric)
        && !name.contains("..")
        && name.parse::<std::net::Ipv4Addr>().is_err()
        && !["xn--", "sthree-", "amzn-s3-demo-"]
            .iter()
            .any(|reserved| name.starts_with(reserved))
        && !["-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"]
            .iter()
            .any(|reserved| name.ends_with(reserved))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bucket_names_follow_the_published_rules() {
        for good in ["abc", "wind.farm-1", "0bucket9", &"a".repeat(63)] {
            assert!(is_bucket_name(good), "{good}");
        }
        for bad in [
            "ab",
            "Wind",
            "wind_farm",
            "-wind",
            "wind-",
            "wi..nd",
            "192.168.5.4",
            "xn--wind",
            "wind-s3alias",
            &"a".repeat(64),
        ] {
            assert!(!is_bucket_name(bad), "{bad}");
        }
    }

    #[test]
    fn a_location_constraint_must_fit_the_endpoint() {
        let check = |endpoint: &str, constraint: Option<&str>, expected: &str| {
            let found = match location(&Region::new(endpoint), constraint) {
                Ok(region) => region.to_string(),
                Err(error) => error.code().to_owned(),
            };
            assert_eq!(found, expected, "{endpoint} {constraint:?}");
        };
        check("us-east-1", None, "us-east-1");
        check("us-east-1", Some("us-east-1"), "InvalidLocationConstraint");
        check("us-east-1", Some("eu-west-1"), "eu-west-1");
        check("us-east-1", Some("EU"), "eu-west-1");
        check("us-east-1", Some("moon"), "InvalidLocationConstraint");
        check("eu-west-1", Some("eu-west-1"), "eu-west-1");
        check("eu-west-1", None, "IllegalLocationConstraintException");
        check(
            "eu-west-1",
            Some("us-west-2"),
            "IllegalLocationConstraintException",
        );
    }
}
