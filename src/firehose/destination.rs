//! An S3 destination: its settings as AWS describes them, checked and made ready for delivery.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::base::limits::firehose::{
    CONVERSION_DEFAULT_BUFFER_MB, DEFAULT_BUFFER_MB, DEFAULT_BUFFER_SECS,
    PARTITIONED_DEFAULT_BUFFER_MB, PARTITIONED_MIN_BUFFER_MB,
};
use crate::base::{Arn, Timestamp};
use crate::firehose::api::{
    BufferingHints, CloudWatchLoggingOptions, DataFormatConversionConfiguration,
    DynamicPartitioningConfiguration, EncryptionConfiguration, ExtendedS3DestinationConfiguration,
    ExtendedS3DestinationDescription, ExtendedS3DestinationUpdate, S3DestinationConfiguration,
    S3DestinationDescription, S3DestinationUpdate,
};
use crate::firehose::buffer::{Hints, Lane};
use crate::firehose::compression::Compression;
use crate::firehose::conversion::{self, Converter};
use crate::firehose::partitioning::KeySource;
use crate::firehose::prefix::{Layout, LayoutSettings};
use crate::firehose::processing::Processing;
use crate::firehose::{Error, Result};

/// What a destination is checked against.
#[derive(Clone, Copy, Debug)]
pub(super) struct Check<'a> {
    /// The delivery stream.
    pub stream: &'a str,
    /// When prefixes are evaluated to check the length of what they become.
    pub now: Timestamp,
    /// Whether functions can be invoked.
    pub functions: bool,
    /// What converts records, if anything can.
    pub converter: Option<&'a dyn Converter>,
}

/// A destination that passed every check.
#[derive(Clone, Debug)]
pub(super) struct Destination {
    /// As sent, merged by updates.
    settings: ExtendedS3DestinationConfiguration,
    /// Name of the bucket.
    pub bucket: String,
    /// When buffers are full.
    pub hints: Hints,
    /// What object bodies are packed with.
    pub compression: Compression,
    /// What happens to records before they are buffered and when they are joined.
    pub processing: Processing,
    /// How keys are made.
    pub layout: Layout,
    /// Where copies of the source records go.
    pub backup: Option<Box<Destination>>,
}

impl Destination {
    /// Checks the settings of a new delivery stream.
    pub(super) fn new(
        settings: ExtendedS3DestinationConfiguration,
        check: Check<'_>,
    ) -> Result<Self> {
        refuse_unsupported(&settings)?;
        conversion::check(&settings, check.converter)?;
        let backup = backup_of(&settings, check)?;
        let bucket = settings
            .bucket_arn
            .parse::<Arn>()
            .map_err(|_| Error::invalid(format!("Invalid bucket ARN {}", settings.bucket_arn)))?
            .resource;
        let compression = Compression::parse(settings.compression_format.as_deref())?;
        let extension = match conversion::enabled(&settings) {
            Some(conversion) => conversion::naming(conversion).0,
            None => compression.extension(),
        };
        let layout = Layout::new(LayoutSettings {
            prefix: settings.prefix.as_deref(),
            error_output_prefix: settings.error_output_prefix.as_deref(),
            time_zone: settings.custom_time_zone.as_deref(),
            extension: settings
                .file_extension
                .as_deref()
                .filter(|extension| !extension.is_empty())
                .unwrap_or(extension),
        })?;
        layout.check_length(check.now)?;
        check_logging(settings.cloud_watch_logging_options.as_ref(), check.stream)?;
        let partitioned = is_partitioned(&settings);
        let processing = Processing::new(
            settings.processing_configuration.as_ref(),
            partitioned,
            check.functions,
        )?;
        let sent_hints = settings.buffering_hints.as_ref();
        if partitioned {
            check_partitioning(sent_hints, &layout, &processing)?;
        } else if !layout.partition_keys().is_empty() {
            return Err(Error::invalid(
                "S3 Prefix should not contain Dynamic Partitioning namespaces when Dynamic \
                 Partitioning is disabled",
            ));
        }
        Ok(Self {
            hints: hints(sent_hints, default_size(&settings))?,
            processing,
            bucket,
            compression,
            layout,
            backup,
            settings,
        })
    }

    /// This destination with an update merged in.
    pub(super) fn updated(
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

    /// The destination of a lane: this one, or its backup.
    pub(super) fn of(&self, lane: &Lane) -> &Self {
        match (lane, &self.backup) {
            (Lane::Backup, Some(backup)) => backup,
            _ => self,
        }
    }

    /// The record format conversion, if it is on.
    pub(super) fn conversion(&self) -> Option<&DataFormatConversionConfiguration> {
        conversion::enabled(&self.settings)
    }

    /// The role that writes the objects.
    pub(super) fn role_arn(&self) -> &str {
        &self.settings.role_arn
    }

    /// Where delivery errors are logged, if logging is on.
    pub(super) fn log_target(&self) -> Option<(String, String)> {
        let options = self.settings.cloud_watch_logging_options.as_ref()?;
        options.enabled.unwrap_or(false).then_some(())?;
        Some((
            options.log_group_name.clone()?,
            options.log_stream_name.clone()?,
        ))
    }

    fn buffering_hints(&self) -> BufferingHints {
        let sent = self.settings.buffering_hints.clone().unwrap_or_default();
        BufferingHints {
            size_in_mbs: sent.size_in_mbs.or(Some(default_size(&self.settings))),
            interval_in_seconds: sent.interval_in_seconds.or(Some(DEFAULT_BUFFER_SECS)),
        }
    }

    /// The extended description, with AWS's defaults for what was not sent.
    pub(super) fn describe(&self) -> ExtendedS3DestinationDescription {
        let settings = &self.settings;
        let plain = self.describe_plain();
        ExtendedS3DestinationDescription {
            role_arn: plain.role_arn,
            bucket_arn: plain.bucket_arn,
            prefix: plain.prefix,
            error_output_prefix: plain.error_output_prefix,
            buffering_hints: plain.buffering_hints,
            compression_format: plain.compression_format,
            encryption_configuration: plain.encryption_configuration,
            cloud_watch_logging_options: plain.cloud_watch_logging_options,
            processing_configuration: settings.processing_configuration.clone(),
            s3_backup_mode: settings
                .s3_backup_mode
                .clone()
                .or(Some("Disabled".to_owned())),
            s3_backup_description: self.backup.as_ref().map(|backup| backup.describe_plain()),
            data_format_conversion_configuration: settings
                .data_format_conversion_configuration
                .clone(),
            dynamic_partitioning_configuration: settings.dynamic_partitioning_configuration.clone(),
            file_extension: settings.file_extension.clone(),
            custom_time_zone: settings.custom_time_zone.clone(),
        }
    }

    /// The older description, which lacks the extended members.
    pub(super) fn describe_plain(&self) -> S3DestinationDescription {
        let settings = &self.settings;
        S3DestinationDescription {
            role_arn: settings.role_arn.clone(),
            bucket_arn: settings.bucket_arn.clone(),
            prefix: settings.prefix.clone(),
            error_output_prefix: settings.error_output_prefix.clone(),
            buffering_hints: self.buffering_hints(),
            compression_format: self.compression.as_str().to_owned(),
            encryption_configuration: EncryptionConfiguration {
                no_encryption_config: Some("NoEncryption".to_owned()),
                ..Default::default()
            },
            cloud_watch_logging_options: Some(
                settings
                    .cloud_watch_logging_options
                    .clone()
                    .unwrap_or(CloudWatchLoggingOptions {
                        enabled: Some(false),
                        ..Default::default()
                    }),
            ),
        }
    }
}

fn replace<T>(old: &mut Option<T>, new: Option<T>) {
    if new.is_some() {
        *old = new;
    }
}

/// Refuses what is stored but would not be done.
fn refuse_unsupported(settings: &ExtendedS3DestinationConfiguration) -> Result<()> {
    let encrypts = settings
        .encryption_configuration
        .as_ref()
        .is_some_and(|encryption| encryption.kms_encryption_config.is_some());
    let unsupported = [(encrypts, "EncryptionConfiguration.KMSEncryptionConfig")];
    match unsupported.iter().find(|(present, _)| *present) {
        Some((_, name)) => Err(Error::NotSupported((*name).to_owned())),
        None => Ok(()),
    }
}

fn backs_up(settings: &ExtendedS3DestinationConfiguration) -> bool {
    settings.s3_backup_mode.as_deref() == Some("Enabled")
}

/// The backup destination, if backup is on.
fn backup_of(
    settings: &ExtendedS3DestinationConfiguration,
    check: Check<'_>,
) -> Result<Option<Box<Destination>>> {
    if !backs_up(settings) {
        return Ok(None);
    }
    let backup = settings.s3_backup_configuration.clone().ok_or_else(|| {
        Error::invalid("S3 backup destination configuration is required when enabling S3 backup.")
    })?;
    let backup = Destination::new(extended(backup), check)?;
    if backup.hints.interval.is_zero() {
        return Err(Error::invalid(
            "BufferingHints.IntervalInSeconds must not be 0 for the S3 backup.",
        ));
    }
    Ok(Some(Box::new(backup)))
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

/// Whether dynamic partitioning is on.
fn is_partitioned(settings: &ExtendedS3DestinationConfiguration) -> bool {
    settings
        .dynamic_partitioning_configuration
        .as_ref()
        .is_some_and(|partitioning| partitioning.enabled.unwrap_or(false))
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

/// The buffer size when none is given, MiB.
fn default_size(settings: &ExtendedS3DestinationConfiguration) -> i32 {
    if is_partitioned(settings) {
        PARTITIONED_DEFAULT_BUFFER_MB
    } else if conversion::enabled(settings).is_some() {
        CONVERSION_DEFAULT_BUFFER_MB
    } else {
        DEFAULT_BUFFER_MB
    }
}

/// What dynamic partitioning asks of hints, prefix and processors.
fn check_partitioning(
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

fn hints(sent: Option<&BufferingHints>, default_size: i32) -> Result<Hints> {
    let (size, interval) = match sent.map(|hints| (hints.size_in_mbs, hints.interval_in_seconds)) {
        None | Some((None, None)) => (default_size, DEFAULT_BUFFER_SECS),
        Some((Some(size), Some(interval))) => (size, interval),
        Some((Some(_), None)) => {
            return Err(Error::invalid(
                "If you specify a value for SizeInMBs, you must also specify a value for \
                 IntervalInSeconds",
            ));
        }
        Some((None, Some(_))) => {
            return Err(Error::invalid(
                "If you specify a value for IntervalInSeconds, you must also specify a value for \
                 SizeInMBs",
            ));
        }
    };
    let size = usize::try_from(size).unwrap_or(0).max(1);
    let interval = u64::try_from(interval).unwrap_or(0);
    Ok(Hints {
        bytes: size * 1024 * 1024,
        interval: Duration::from_secs(interval),
    })
}

fn check_logging(options: Option<&CloudWatchLoggingOptions>, stream: &str) -> Result<()> {
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

/// The older S3 configuration as the extended one, of which it is a part.
pub(super) fn extended(plain: S3DestinationConfiguration) -> ExtendedS3DestinationConfiguration {
    ExtendedS3DestinationConfiguration {
        role_arn: plain.role_arn,
        bucket_arn: plain.bucket_arn,
        prefix: plain.prefix,
        error_output_prefix: plain.error_output_prefix,
        buffering_hints: plain.buffering_hints,
        compression_format: plain.compression_format,
        encryption_configuration: plain.encryption_configuration,
        cloud_watch_logging_options: plain.cloud_watch_logging_options,
        ..Default::default()
    }
}
