//! A destination after an update: members that are given replace those that were.

use crate::firehose::api::{
    DynamicPartitioningConfiguration, ExtendedS3DestinationUpdate, S3DestinationConfiguration,
    S3DestinationUpdate,
};
use crate::firehose::conversion;
use crate::firehose::destination::checks::{backs_up, is_partitioned};
use crate::firehose::destination::{Check, Destination};
use crate::firehose::{Error, Result};

impl Destination {
    /// This destination with an update merged in.
    pub(in crate::firehose) fn updated(
        &self,
        update: ExtendedS3DestinationUpdate,
        check: Check<'_>,
    ) -> Result<Self> {
        let mut merged = self.settings.clone();
        let ExtendedS3DestinationUpdate {
            role_arn,
            bucket_arn,
            prefix,
            error_output_prefix,
            buffering_hints,
            compression_format,
            encryption_configuration,
            cloud_watch_logging_options,
            processing_configuration,
            s3_backup_mode,
            s3_backup_update,
            data_format_conversion_configuration,
            dynamic_partitioning_configuration,
            file_extension,
            custom_time_zone,
        } = update;
        let partitioning = merged_partitioning(
            merged.dynamic_partitioning_configuration.as_ref(),
            dynamic_partitioning_configuration,
        )?;
        if backs_up(&merged) && s3_backup_mode.as_deref() == Some("Disabled") {
            return Err(Error::invalid(
                "S3 backup cannot be disabled once it is enabled.",
            ));
        }
        merged.s3_backup_configuration =
            merged_backup(merged.s3_backup_configuration, s3_backup_update)?;
        if let Some(role_arn) = role_arn {
            merged.role_arn = role_arn;
        }
        if let Some(bucket_arn) = bucket_arn {
            merged.bucket_arn = bucket_arn;
        }
        replace(&mut merged.prefix, prefix);
        replace(&mut merged.error_output_prefix, error_output_prefix);
        replace(&mut merged.buffering_hints, buffering_hints);
        replace(&mut merged.compression_format, compression_format);
        replace(
            &mut merged.encryption_configuration,
            encryption_configuration,
        );
        replace(
            &mut merged.cloud_watch_logging_options,
            cloud_watch_logging_options,
        );
        replace(
            &mut merged.processing_configuration,
            processing_configuration,
        );
        replace(&mut merged.s3_backup_mode, s3_backup_mode);
        merged.data_format_conversion_configuration = conversion::merged(
            merged.data_format_conversion_configuration,
            data_format_conversion_configuration,
        );
        replace(&mut merged.dynamic_partitioning_configuration, partitioning);
        replace(&mut merged.file_extension, file_extension);
        replace(&mut merged.custom_time_zone, custom_time_zone);
        // What was stored stays stored: turning conversion on does not enlarge a buffer that had its
        // size by default, and is refused for it.
        if !is_partitioned(&merged) && conversion::enabled(&merged).is_some() {
            let hints = self.buffering_hints();
            merged.buffering_hints.get_or_insert(hints);
        }
        Self::new(merged, check)
    }
}

fn replace<T>(old: &mut Option<T>, new: Option<T>) {
    if new.is_some() {
        *old = new;
    }
}

/// The backup's settings after an update.
fn merged_backup(
    old: Option<S3DestinationConfiguration>,
    update: Option<S3DestinationUpdate>,
) -> Result<Option<S3DestinationConfiguration>> {
    let Some(update) = update else {
        return Ok(old);
    };
    let mut merged = old.unwrap_or_default();
    merged.role_arn = update.role_arn.unwrap_or(merged.role_arn);
    merged.bucket_arn = update.bucket_arn.unwrap_or(merged.bucket_arn);
    if merged.role_arn.is_empty() || merged.bucket_arn.is_empty() {
        return Err(Error::invalid(
            "S3 backup destination configuration is required when enabling S3 backup.",
        ));
    }
    replace(&mut merged.prefix, update.prefix);
    replace(&mut merged.error_output_prefix, update.error_output_prefix);
    replace(&mut merged.buffering_hints, update.buffering_hints);
    replace(&mut merged.compression_format, update.compression_format);
    replace(
        &mut merged.encryption_configuration,
        update.encryption_configuration,
    );
    replace(
        &mut merged.cloud_watch_logging_options,
        update.cloud_watch_logging_options,
    );
    Ok(Some(merged))
}

/// The partitioning after an update, which may not switch it.
fn merged_partitioning(
    old: Option<&DynamicPartitioningConfiguration>,
    update: Option<DynamicPartitioningConfiguration>,
) -> Result<Option<DynamicPartitioningConfiguration>> {
    let Some(mut update) = update else {
        return Ok(None);
    };
    let is_on = old.is_some_and(|old| old.enabled.unwrap_or(false));
    if *update.enabled.get_or_insert(is_on) != is_on {
        return Err(Error::invalid(
            "Dynamic Partitioning can only be enabled when a delivery stream is created and cannot \
             be disabled",
        ));
    }
    Ok(Some(update))
}
