//! Object keys: prefixes with `!{namespace:value}` expressions, and the name behind them.
//!
//! All times in a key are of one instant, the arrival of the oldest record in the object, in UTC
//! or in the destination's CustomTimeZone. Source: "Custom Prefixes for Amazon S3 Objects".

mod expression;
mod pattern;

use std::collections::BTreeSet;

use jiff::ZonedDateTime;
use jiff::tz::{TimeZone, TimeZoneDatabase};

use crate::base::limits::firehose::PREFIX_MAX_CHARS;
use crate::base::{Ids, Timestamp};
use crate::firehose::buffer::{Lane, ObjectKey};
use crate::firehose::error_output::ErrorOutput;
use crate::firehose::partitioning::{KeySource, PartitionKeys};
use crate::firehose::{Error, Result};

use expression::{Kind, Prefix, Values};

/// What keys of a destination are made of, as configured.
pub(super) struct LayoutSettings<'a> {
    pub prefix: Option<&'a str>,
    pub error_output_prefix: Option<&'a str>,
    pub time_zone: Option<&'a str>,
    pub extension: &'a str,
}

/// How the keys of a destination are made.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    prefix: Prefix,
    error_prefix: Prefix,
    /// Whether the error prefix is one of its own.
    has_error_prefix: bool,
    zone: TimeZone,
    extension: String,
}

impl Layout {
    /// Checks prefixes and time zone.
    pub(super) fn new(settings: LayoutSettings<'_>) -> Result<Self> {
        let prefix = Prefix::parse(settings.prefix.unwrap_or_default(), Kind::Data)?;
        let errors = settings.error_output_prefix.filter(|p| !p.is_empty());
        if errors.is_none() && prefix.has_expressions() {
            return Err(Error::invalid(
                // The typing error is the service's; clients match on the text.
                "Ths supplied prefix(es) do not satisfy the following constraint: \
                 ErrorOutputPrefix cannot be null or empty when Prefix contains expressions",
            ));
        }
        // Without an error prefix of its own, errors go below the prefix.
        let error_prefix = match errors {
            Some(text) => Prefix::parse(text, Kind::Errors)?,
            None => Prefix::parse(settings.prefix.unwrap_or_default(), Kind::Errors)?,
        };
        Ok(Self {
            prefix,
            error_prefix,
            has_error_prefix: errors.is_some(),
            zone: zone(settings.time_zone)?,
            extension: settings.extension.to_owned(),
        })
    }

    /// Refuses prefixes that are too long when evaluated at `now`.
    pub(super) fn check_length(&self, now: Timestamp) -> Result<()> {
        let at = self.local(now);
        let random = || "0".repeat(RANDOM_STRING_CHARS);
        let length = |prefix: &Prefix| {
            let text = prefix.evaluate(&Values {
                at: &at,
                random: &random,
                error_output: ErrorOutput::ProcessingFailed.as_str(),
                keys: &PartitionKeys::new(),
            });
            text.chars().count()
        };
        if length(&self.prefix) > PREFIX_MAX_CHARS {
            return Err(Error::invalid(format!(
                "Length of evaluated prefix cannot be greater than {PREFIX_MAX_CHARS}"
            )));
        }
        if self.has_error_prefix && length(&self.error_prefix) > PREFIX_MAX_CHARS {
            return Err(Error::invalid(format!(
                "Length of evaluated ErrorOutputPrefix cannot be greater than {PREFIX_MAX_CHARS}"
            )));
        }
        Ok(())
    }

    /// The key of a new object. Error objects never have an extension.
    pub(super) fn key(
        &self,
        lane: &Lane,
        stream: &str,
        version: u64,
        oldest: Timestamp,
        ids: &Ids,
    ) -> ObjectKey {
        let at = self.local(oldest);
        let random = || ids.alphanumeric(RANDOM_STRING_CHARS);
        let no_keys = PartitionKeys::new();
        let (prefix, keys, error_output, extension) = match lane {
            Lane::Data(keys) => (&self.prefix, keys, "", self.extension.as_str()),
            Lane::Backup => (&self.prefix, &no_keys, "", self.extension.as_str()),
            Lane::Errors(output) => (&self.error_prefix, &no_keys, output.as_str(), ""),
        };
        let folder = prefix.evaluate(&Values {
            at: &at,
            random: &random,
            error_output,
            keys,
        });
        let time = at.strftime("%Y-%m-%d-%H-%M-%S");
        let uuid = ids.uuid();
        ObjectKey {
            key: format!("{folder}{stream}-{version}-{time}-{uuid}{extension}"),
            uuid,
        }
    }

    /// Names of the partition keys that the prefix takes from records.
    pub(super) fn partition_keys(&self) -> BTreeSet<&(KeySource, String)> {
        self.prefix.partition_keys()
    }

    /// Whether these partition keys are all that the prefix asks for.
    pub(super) fn is_satisfied_by(&self, keys: &PartitionKeys) -> bool {
        let mut wanted = self.prefix.partition_keys().into_iter();
        wanted.all(|key| keys.contains_key(key))
    }

    fn local(&self, at: Timestamp) -> ZonedDateTime {
        at.to_jiff().to_zoned_datetime(self.zone.clone())
    }
}

/// Length of `!{firehose:random-string}`.
const RANDOM_STRING_CHARS: usize = 11;

/// The zone of an IANA name (case counts, as in Java); UTC without one.
fn zone(name: Option<&str>) -> Result<TimeZone> {
    let Some(name) = name.filter(|name| !name.is_empty() && *name != "UTC") else {
        return Ok(TimeZone::UTC);
    };
    // The bundled database, so that a key does not depend on the machine's.
    TimeZoneDatabase::bundled()
        .get(name)
        .ok()
        .filter(|zone| zone.iana_name() == Some(name))
        .ok_or_else(|| Error::invalid(format!("CustomTimeZone {name} is not a valid time zone")))
}

#[cfg(test)]
mod tests;
