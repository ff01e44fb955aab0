//! Work groups: who pays, where results go, what a query may read.

use std::collections::BTreeMap;

use crate::athena::api::{EngineVersion, ResultConfiguration, WorkGroupConfiguration};
use crate::athena::error::{Error, Result};
use crate::base::{Call, Timestamp};
use crate::store::S3Uri;

mod configuration;
mod operations;
#[cfg(test)]
mod tests;

/// The work group that always exists.
pub const PRIMARY: &str = "primary";
/// The engine that executes here.
const ENGINE_3: &str = "Athena engine version 3";
/// The selection that leaves the version to Athena.
const AUTO: &str = "AUTO";

/// The work groups of one account and region, by name.
#[derive(Debug)]
pub(crate) struct WorkGroups(BTreeMap<String, Group>);

/// One work group.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Group {
    enabled: bool,
    description: Option<String>,
    configuration: WorkGroupConfiguration,
    /// When it was created; `primary` was there before.
    created: Option<Timestamp>,
}

impl Default for WorkGroups {
    fn default() -> Self {
        let primary = Group {
            enabled: true,
            description: None,
            configuration: configuration::of_primary(),
            created: None,
        };
        Self([(PRIMARY.to_owned(), primary)].into())
    }
}

impl WorkGroups {
    /// The group of a name.
    pub(crate) fn get(&self, name: &str) -> Result<&Group> {
        self.0.get(name).ok_or_else(missing)
    }
}

impl Group {
    pub(crate) fn check_enabled(&self) -> Result<()> {
        if self.enabled {
            return Ok(());
        }
        Err(Error::invalid("WorkGroup is disabled."))
    }

    /// Where a query's results go: the group's place when the group enforces its settings, else the
    /// client's, else the group's (Athena guide, "Workgroup settings override client-side
    /// settings"). What the client asked for and the group overrides is not looked at.
    pub(crate) fn results_of_query(
        &self,
        call: &Call,
        asked: Option<&ResultConfiguration>,
    ) -> Result<ResultConfiguration> {
        let own = self
            .configuration
            .result_configuration
            .clone()
            .unwrap_or_default();
        let Some(asked) = asked.filter(|_| !self.enforces()) else {
            return Ok(own);
        };
        configuration::check_results(call, asked, "ResultConfiguration")?;
        let asked = asked.clone();
        Ok(ResultConfiguration {
            output_location: asked
                .output_location
                .filter(|location| !location.is_empty())
                .or(own.output_location),
            encryption_configuration: asked
                .encryption_configuration
                .or(own.encryption_configuration),
            expected_bucket_owner: asked.expected_bucket_owner.or(own.expected_bucket_owner),
            acl_configuration: asked.acl_configuration.or(own.acl_configuration),
        })
    }

    /// `BytesScannedCutoffPerQuery`.
    pub(crate) fn scan_limit_bytes(&self) -> Option<u64> {
        let limit = self.configuration.bytes_scanned_cutoff_per_query?;
        u64::try_from(limit).ok()
    }

    /// The engine version it selects and what that comes down to.
    pub(crate) fn engine_version(&self) -> EngineVersion {
        let selected = self.configuration.engine_version.clone();
        selected.unwrap_or_else(engine_version)
    }

    /// Whether it has a place for results and allows no other.
    pub(crate) fn is_location_enforced(&self) -> bool {
        let own = self.configuration.result_configuration.as_ref();
        self.enforces() && own.is_some_and(|own| own.output_location.is_some())
    }

    fn enforces(&self) -> bool {
        self.configuration
            .enforce_work_group_configuration
            .unwrap_or(false)
    }
}

/// The engine version of a work group that has not chosen.
fn engine_version() -> EngineVersion {
    EngineVersion {
        selected_engine_version: Some(AUTO.to_owned()),
        effective_engine_version: Some(ENGINE_3.to_owned()),
    }
}

/// An output location; the scheme is `s3` alone.
pub(crate) fn s3_location(text: &str) -> Option<S3Uri> {
    text.strip_prefix("s3://").and_then(|_| S3Uri::parse(text))
}

fn missing() -> Error {
    Error::invalid("WorkGroup is not found.")
}
