//! What a destination's settings must fulfil.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::base::limits::firehose::{
    CONVERSION_DEFAULT_BUFFER_MB, DEFAULT_BUFFER_MB, DEFAULT_BUFFER_SECS,
    PARTITIONED_DEFAULT_BUFFER_MB, PARTITIONED_MIN_BUFFER_MB,
};
use crate::firehose::api::{
    BufferingHints, CloudWatchLoggingOptions, ExtendedS3DestinationConfiguration,
};
use crate::firehose::buffer::Hints;
use crate::firehose::conversion;
use crate::firehose::partitioning::KeySource;
use crate::firehose::prefix::Layout;
use crate::firehose::processing::Processing;
use crate::firehose::{Error, Result};

/// Refuses what is stored but would not be done.
pub(super) fn refuse_unsupported(settings: &ExtendedS3DestinationConfiguration) -> Result<()> {
    let encrypts = settings
        .encryption_configuration
        .as_ref()
        .is_some_and(|encryption| encryption.kms_encryption_config.is_some());
    if encrypts {
        let what = "EncryptionConfiguration.KMSEncryptionConfig".to_owned();
        return Err(Error::NotSupported(what));
    }
    Ok(())
}

/// Whether source records are backed up.
pub(super) fn backs_up(settings: &ExtendedS3DestinationConfiguration) -> bool {
    settings.s3_backup_mode.as_deref() == Some("Enabled")
}

/// Whether dynamic partitioning is on.
pub(super) fn is_partitioned(settings: &ExtendedS3DestinationConfiguration) -> bool {
    settings
        .dynamic_partitioning_configuration
        .as_ref()
        .is_some_and(|partitioning| partitioning.enabled.unwrap_or(false))
}

/// The buffer size when none is given, MiB.
pub(super) fn default_size(settings: &ExtendedS3DestinationConfiguration) -> i32 {
    if is_partitioned(settings) {
        PARTITIONED_DEFAULT_BUFFER_MB
    } else if conversion::enabled(settings).is_some() {
        CONVERSION_DEFAULT_BUFFER_MB
    } else {
        DEFAULT_BUFFER_MB
    }
}

/// What dynamic partitioning asks of hints, prefix and processors.
pub(super) fn check_partitioning(
    hints: Option<&BufferingHints>,
    layout: &Layout,
    processing: &Processing,
) -> Result<()> {
    let size = hints.and_then(|hints| hints.size_in_mbs);
    if size.is_some_and(|size| size < PARTITIONED_MIN_BUFFER_MB) {
        return Err(Error::invalid(format!(
            "BufferingHints.SizeInMBs must be at least {PARTITIONED_MIN_BUFFER_MB} when Dynamic \
             Partitioning is enabled."
        )));
    }
    if hints.and_then(|hints| hints.interval_in_seconds) == Some(0) {
        return Err(Error::invalid(
            "BufferingHints.IntervalInSeconds must not be 0 when Dynamic Partitioning is enabled.",
        ));
    }
    let wanted = layout.partition_keys();
    if wanted.is_empty() {
        return Err(Error::invalid(
            "S3 Prefix should contain Dynamic Partitioning namespaces when Dynamic Partitioning \
             is enabled",
        ));
    }
    let of = |source: KeySource| -> BTreeSet<&str> {
        let wanted = wanted.iter().filter(|(wanted, _)| *wanted == source);
        wanted.map(|(_, name)| name.as_str()).collect()
    };
    let from_query = of(KeySource::Query);
    let found: BTreeSet<&str> = processing
        .key_query
        .iter()
        .flat_map(|query| query.names().iter().map(String::as_str))
        .collect();
    if !found.is_subset(&from_query) {
        return Err(Error::invalid(
            "MetaDataExtraction JQ Query can't contain keys that are not present in the S3 Prefix \
             expression",
        ));
    }
    if !from_query.is_subset(&found) {
        return Err(Error::invalid(
            "S3 Prefix expression can't contain keys that are not present in the \
             MetaDataExtraction JQ Query",
        ));
    }
    if !of(KeySource::Function).is_empty() && processing.function.is_none() {
        return Err(Error::invalid(
            "Lambda processor should be present when S3 Prefix contains partitionKeyFromLambda",
        ));
    }
    Ok(())
}

/// The buffering hints; a size asks for an interval.
pub(super) fn hints(sent: Option<&BufferingHints>, default_size: i32) -> Result<Hints> {
    let (size, interval) = match sent.map(|hints| (hints.size_in_mbs, hints.interval_in_seconds)) {
        None | Some((None, None)) => (default_size, DEFAULT_BUFFER_SECS),
        Some((Some(size), Some(interval))) => (size, interval),
        Some((Some(_), None)) => {
            return Err(Error::invalid(
                "If you specify a value for SizeInMBs, you must also specify a value for \
                 IntervalInSeconds",
            ));
        }
        // The API reference asks for both, but AWS takes the interval alone: the original project's
        // published command line sends nothing else.
        Some((None, Some(interval))) => (default_size, interval),
    };
    let size = usize::try_from(size).unwrap_or(0).max(1);
    let interval = u64::try_from(interval).unwrap_or(0);
    Ok(Hints {
        bytes: size * 1024 * 1024,
        interval: Duration::from_secs(interval),
    })
}

/// Refuses enabled logging that does not say where.
pub(super) fn check_logging(
    options: Option<&CloudWatchLoggingOptions>,
    stream: &str,
) -> Result<()> {
    let Some(options) = options.filter(|options| options.enabled.unwrap_or(false)) else {
        return Ok(());
    };
    let named = |name: &Option<String>| name.as_ref().is_some_and(|name| !name.is_empty());
    if named(&options.log_group_name) && named(&options.log_stream_name) {
        return Ok(());
    }
    Err(Error::invalid(format!(
        "LogGroupName and LogStreamName must be given when CloudWatch logging is enabled for \
         {stream}"
    )))
}
