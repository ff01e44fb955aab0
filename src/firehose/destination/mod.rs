//! An S3 destination: its settings as AWS describes them, checked and made ready for delivery.

mod checks;
mod merge;

use crate::base::limits::firehose::DEFAULT_BUFFER_SECS;
use crate::base::{Arn, Timestamp};
use crate::firehose::api::{
    BufferingHints, CloudWatchLoggingOptions, DataFormatConversionConfiguration,
    EncryptionConfiguration, ExtendedS3DestinationConfiguration, ExtendedS3DestinationDescription,
    S3DestinationConfiguration, S3DestinationDescription,
};
use crate::firehose::buffer::{Hints, Lane};
use crate::firehose::compression::Compression;
use crate::firehose::conversion::{self, Converter};
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
        checks::refuse_unsupported(&settings)?;
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
        checks::check_logging(settings.cloud_watch_logging_options.as_ref(), check.stream)?;
        let partitioned = checks::is_partitioned(&settings);
        let processing = Processing::new(
            settings.processing_configuration.as_ref(),
            partitioned,
            check.functions,
        )?;
        let sent_hints = settings.buffering_hints.as_ref();
        if partitioned {
            checks::check_partitioning(sent_hints, &layout, &processing)?;
        } else if !layout.partition_keys().is_empty() {
            return Err(Error::invalid(
                "S3 Prefix should not contain Dynamic Partitioning namespaces when Dynamic \
                 Partitioning is disabled",
            ));
        }
        Ok(Self {
            hints: checks::hints(sent_hints, checks::default_size(&settings))?,
            processing,
            bucket,
            compression,
            layout,
            backup,
            settings,
        })
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
            size_in_mbs: sent
                .size_in_mbs
                .or(Some(checks::default_size(&self.settings))),
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

/// The backup destination, if backup is on.
fn backup_of(
    settings: &ExtendedS3DestinationConfiguration,
    check: Check<'_>,
) -> Result<Option<Box<Destination>>> {
    if !checks::backs_up(settings) {
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
