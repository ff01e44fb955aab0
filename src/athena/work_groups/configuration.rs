//! What a work group's configuration may say.
//!
//! Accepted as state because nothing here depends on it: `PublishCloudWatchMetricsEnabled` (there is
//! no CloudWatch to read metrics from), `RequesterPaysEnabled` (nobody pays), SSE_S3 (S3 reads and
//! writes the same bytes with it), the bucket owner's full control (buckets and objects have one
//! owner) and `EnableMinimumEncryptionConfiguration` (SSE_S3 is all there is). Keys of KMS and
//! everything of Spark, notebooks and identity centers is refused by name.

use super::{AUTO, ENGINE_3, engine_version};
use crate::athena::api::{
    EngineVersion, ManagedQueryResultsConfiguration, ResultConfiguration,
    ResultConfigurationUpdates, WorkGroupConfiguration, WorkGroupConfigurationUpdates,
};
use crate::athena::error::{Error, Result};
use crate::base::Call;

/// The configuration of `primary` (measured).
pub(super) fn of_primary() -> WorkGroupConfiguration {
    WorkGroupConfiguration {
        result_configuration: Some(ResultConfiguration::default()),
        enforce_work_group_configuration: Some(false),
        publish_cloud_watch_metrics_enabled: Some(false),
        requester_pays_enabled: Some(false),
        engine_version: Some(engine_version()),
        enable_minimum_encryption_configuration: Some(false),
        ..WorkGroupConfiguration::default()
    }
}

/// The configuration a new group gets: what the request says, over the defaults. A group enforces
/// its settings unless it is told not to (measured).
pub(super) fn of_new(call: &Call, asked: WorkGroupConfiguration) -> Result<WorkGroupConfiguration> {
    refuse_unsupported(&asked)?;
    let managed = asked.managed_query_results_configuration;
    check_managed(managed.as_ref(), asked.result_configuration.is_some())?;
    let results = asked.result_configuration.unwrap_or_default();
    check_own_results(call, &results)?;
    let defaults = of_primary();
    Ok(WorkGroupConfiguration {
        result_configuration: Some(results),
        managed_query_results_configuration: managed,
        enforce_work_group_configuration: asked.enforce_work_group_configuration.or(Some(true)),
        publish_cloud_watch_metrics_enabled: asked
            .publish_cloud_watch_metrics_enabled
            .or(defaults.publish_cloud_watch_metrics_enabled),
        bytes_scanned_cutoff_per_query: asked.bytes_scanned_cutoff_per_query,
        requester_pays_enabled: asked
            .requester_pays_enabled
            .or(defaults.requester_pays_enabled),
        engine_version: Some(selected_engine(asked.engine_version)?),
        enable_minimum_encryption_configuration: asked
            .enable_minimum_encryption_configuration
            .or(defaults.enable_minimum_encryption_configuration),
        ..WorkGroupConfiguration::default()
    })
}

fn refuse_unsupported(asked: &WorkGroupConfiguration) -> Result<()> {
    let refused = [
        (
            asked.additional_configuration.is_some(),
            "AdditionalConfiguration",
        ),
        (asked.execution_role.is_some(), "ExecutionRole"),
        (
            asked.monitoring_configuration.is_some(),
            "MonitoringConfiguration",
        ),
        (asked.engine_configuration.is_some(), "EngineConfiguration"),
        (
            asked.customer_content_encryption_configuration.is_some(),
            "CustomerContentEncryptionConfiguration",
        ),
        (
            asked.identity_center_configuration.is_some(),
            "IdentityCenterConfiguration",
        ),
        (
            asked.query_results_s3_access_grants_configuration.is_some(),
            "QueryResultsS3AccessGrantsConfiguration",
        ),
        (asked.system_table_statuses.is_some(), "SystemTableStatuses"),
    ];
    refused.into_iter().try_for_each(|(present, name)| {
        Error::refuse(present, &format!("WorkGroupConfiguration.{name}"))
    })
}

/// `configuration` after an update.
pub(super) fn updated(
    call: &Call,
    mut configuration: WorkGroupConfiguration,
    updates: WorkGroupConfigurationUpdates,
) -> Result<WorkGroupConfiguration> {
    let refused = [
        (
            updates.additional_configuration.is_some(),
            "AdditionalConfiguration",
        ),
        (updates.execution_role.is_some(), "ExecutionRole"),
        (
            updates.monitoring_configuration.is_some(),
            "MonitoringConfiguration",
        ),
        (
            updates.engine_configuration.is_some(),
            "EngineConfiguration",
        ),
        (
            updates.customer_content_encryption_configuration.is_some(),
            "CustomerContentEncryptionConfiguration",
        ),
        (
            updates
                .query_results_s3_access_grants_configuration
                .is_some(),
            "QueryResultsS3AccessGrantsConfiguration",
        ),
    ];
    for (present, name) in refused {
        Error::refuse(present, &format!("WorkGroupConfigurationUpdates.{name}"))?;
    }
    if let Some(managed) = &updates.managed_query_results_configuration_updates {
        Error::refuse(
            managed.enabled == Some(true) || managed.encryption_configuration.is_some(),
            "WorkGroupConfigurationUpdates.ManagedQueryResultsConfigurationUpdates",
        )?;
        if managed.enabled == Some(false) {
            configuration.managed_query_results_configuration =
                Some(ManagedQueryResultsConfiguration::default());
        }
    }
    if let Some(results) = updates.result_configuration_updates {
        let own = configuration
            .result_configuration
            .take()
            .unwrap_or_default();
        let own = updated_results(own, results);
        check_own_results(call, &own)?;
        configuration.result_configuration = Some(own);
    }
    if updates.enforce_work_group_configuration.is_some() {
        configuration.enforce_work_group_configuration = updates.enforce_work_group_configuration;
    }
    if updates.publish_cloud_watch_metrics_enabled.is_some() {
        configuration.publish_cloud_watch_metrics_enabled =
            updates.publish_cloud_watch_metrics_enabled;
    }
    if updates.requester_pays_enabled.is_some() {
        configuration.requester_pays_enabled = updates.requester_pays_enabled;
    }
    if updates.enable_minimum_encryption_configuration.is_some() {
        configuration.enable_minimum_encryption_configuration =
            updates.enable_minimum_encryption_configuration;
    }
    if updates.remove_bytes_scanned_cutoff_per_query == Some(true) {
        configuration.bytes_scanned_cutoff_per_query = None;
    } else if updates.bytes_scanned_cutoff_per_query.is_some() {
        configuration.bytes_scanned_cutoff_per_query = updates.bytes_scanned_cutoff_per_query;
    }
    if updates.engine_version.is_some() {
        configuration.engine_version = Some(selected_engine(updates.engine_version)?);
    }
    Ok(configuration)
}

fn updated_results(
    own: ResultConfiguration,
    updates: ResultConfigurationUpdates,
) -> ResultConfiguration {
    fn member<T>(own: Option<T>, new: Option<T>, remove: Option<bool>) -> Option<T> {
        if remove == Some(true) {
            None
        } else {
            new.or(own)
        }
    }
    ResultConfiguration {
        output_location: member(
            own.output_location,
            updates.output_location,
            updates.remove_output_location,
        ),
        encryption_configuration: member(
            own.encryption_configuration,
            updates.encryption_configuration,
            updates.remove_encryption_configuration,
        ),
        expected_bucket_owner: member(
            own.expected_bucket_owner,
            updates.expected_bucket_owner,
            updates.remove_expected_bucket_owner,
        ),
        acl_configuration: member(
            own.acl_configuration,
            updates.acl_configuration,
            updates.remove_acl_configuration,
        ),
    }
}

fn check_managed(
    managed: Option<&ManagedQueryResultsConfiguration>,
    with_results: bool,
) -> Result<()> {
    let Some(managed) = managed.filter(|managed| managed.enabled) else {
        return Ok(());
    };
    if with_results {
        return Err(Error::invalid(
            "ManagedQueryResultsConfiguration and ResultConfiguration cannot be set together.",
        ));
    }
    Error::refuse(
        managed.enabled,
        "WorkGroupConfiguration.ManagedQueryResultsConfiguration.Enabled",
    )
}

/// A group's own result configuration; the wording differs from that of a query's by its first
/// letter.
fn check_own_results(call: &Call, results: &ResultConfiguration) -> Result<()> {
    if let Some(location) = &results.output_location
        && super::s3_location(location).is_none()
    {
        return Err(Error::invalid("OutputLocation is not a valid S3 path."));
    }
    check_results(call, results, "WorkGroupConfiguration.ResultConfiguration")
}

/// Refuses what cannot be done with result objects; `at` names the member for the client.
pub(super) fn check_results(call: &Call, results: &ResultConfiguration, at: &str) -> Result<()> {
    if let Some(encryption) = &results.encryption_configuration {
        let option = encryption.encryption_option.as_str();
        if option != "SSE_S3" {
            if encryption.kms_key.as_deref().unwrap_or_default().is_empty() {
                return Err(Error::invalid(
                    "KMS Customer Master Key ID is null or empty",
                ));
            }
            return Err(Error::Unsupported(format!(
                "{at}.EncryptionConfiguration.EncryptionOption {option}"
            )));
        }
    }
    // All buckets of an account belong to it; for any other owner AWS would refuse to write.
    let owner = results.expected_bucket_owner.as_deref();
    Error::refuse(
        owner.is_some_and(|owner| owner != call.account.as_str()),
        &format!("{at}.ExpectedBucketOwner of another account"),
    )
}

/// The engine a group selects: Athena's choice, or version 3 by name.
fn selected_engine(asked: Option<EngineVersion>) -> Result<EngineVersion> {
    let selected = asked.and_then(|version| version.selected_engine_version);
    match selected.as_deref() {
        None | Some(AUTO) => Ok(engine_version()),
        Some(ENGINE_3) => Ok(EngineVersion {
            selected_engine_version: selected,
            ..engine_version()
        }),
        Some(spark) if spark.starts_with("PySpark") || spark.starts_with("Apache Spark") => {
            Err(Error::Unsupported(format!("the engine version `{spark}`")))
        }
        Some(_) => Err(Error::invalid("The selected engine version is not valid.")),
    }
}
