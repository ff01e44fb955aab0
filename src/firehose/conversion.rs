//! Record format conversion: JSON records into a columnar object, with the schema of a catalog
//! table.
//!
//! Reading the catalog and writing the format are a [`Converter`]'s, which the emulator brings. This
//! module checks configurations, in the order in which the service does, and accounts for records
//! that a converter rejects. Source: "Converting Your Input Record Format", and the order of checks
//! observed.

use bytes::Bytes;
use serde_json::json;

use crate::base::Timestamp;
use crate::base::limits::firehose::CONVERSION_MIN_BUFFER_MB;
use crate::firehose::api::{
    BufferingHints, DataFormatConversionConfiguration, ExtendedS3DestinationConfiguration,
    SchemaConfiguration,
};
use crate::firehose::buffer::Arrival;
use crate::firehose::error_output::base64;
use crate::firehose::{Error, Result};

/// Converts records of one delivery stream.
pub trait Converter: Send + Sync + std::fmt::Debug {
    /// Whether a configuration, complete in itself, can be carried out: its table is there and of
    /// columns that can be converted to, its options are known.
    ///
    /// # Errors
    /// The refusal.
    fn check(&self, configuration: &DataFormatConversionConfiguration) -> Result<()>;

    /// Converts the records of one object.
    ///
    /// # Errors
    /// Why nothing can be converted now, e.g. because the table is gone. The delivery is tried
    /// again later.
    fn convert(
        &self,
        configuration: &DataFormatConversionConfiguration,
        records: &[Bytes],
    ) -> std::result::Result<Converted, ConversionFailure>;
}

/// A converted object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Converted {
    /// Its body, with every record but the rejected ones.
    pub body: Bytes,
    /// Records that do not fit.
    pub rejected: Vec<RejectedRecord>,
}

/// A record that could not be converted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RejectedRecord {
    /// Its place among the records given.
    pub index: usize,
    /// `DataFormatConversion.ParseError` or `DataFormatConversion.MalformedData`.
    pub code: String,
    /// What is wrong with it.
    pub message: String,
}

/// Why an object could not be converted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConversionFailure {
    /// The code to log.
    pub code: String,
    /// The message to log.
    pub message: String,
}

/// The conversion of a destination, if it is on.
pub(super) fn enabled(
    settings: &ExtendedS3DestinationConfiguration,
) -> Option<&DataFormatConversionConfiguration> {
    let conversion = settings.data_format_conversion_configuration.as_ref()?;
    conversion.enabled.unwrap_or(true).then_some(conversion)
}

/// Checks a destination with conversion.
pub(super) fn check(
    settings: &ExtendedS3DestinationConfiguration,
    converter: Option<&dyn Converter>,
) -> Result<()> {
    let Some(conversion) = enabled(settings) else {
        return Ok(());
    };
    let Some(converter) = converter else {
        let what = "DataFormatConversionConfiguration".to_owned();
        return Err(Error::NotSupported(what));
    };
    let compression = settings.compression_format.as_deref();
    if compression.is_some_and(|format| format != "UNCOMPRESSED") {
        return Err(Error::invalid(
            "The S3 destination's compression format must be set to UNCOMPRESSED when data format \
             conversion is enabled. To enable compression within the converted output format, set \
             the appropriate serialization option in the output format configuration.",
        ));
    }
    check_size(settings.buffering_hints.as_ref())?;
    let input = conversion
        .input_format_configuration
        .as_ref()
        .ok_or_else(|| missing("InputFormatConfiguration"))?;
    let output = conversion
        .output_format_configuration
        .as_ref()
        .ok_or_else(|| missing("OutputFormatConfiguration"))?;
    let schema = conversion
        .schema_configuration
        .as_ref()
        .ok_or_else(|| missing("SchemaConfiguration"))?;
    let deserializers = input.deserializer.as_ref().map_or(0, |deserializer| {
        usize::from(deserializer.open_x_json_ser_de.is_some())
            + usize::from(deserializer.hive_json_ser_de.is_some())
    });
    exactly_one(deserializers, "Deserializer")?;
    let serializers = output.serializer.as_ref().map_or(0, |serializer| {
        usize::from(serializer.parquet_ser_de.is_some())
            + usize::from(serializer.orc_ser_de.is_some())
    });
    exactly_one(serializers, "Serializer")?;
    for (name, value) in [
        ("RoleArn", &schema.role_arn),
        ("DatabaseName", &schema.database_name),
        ("TableName", &schema.table_name),
    ] {
        if value.as_ref().is_none_or(String::is_empty) {
            return Err(Error::invalid(format!(
                "SchemaConfiguration.{name} must not be null or empty"
            )));
        }
    }
    converter.check(conversion)
}

fn missing(name: &str) -> Error {
    Error::invalid(format!("{name} must not be null"))
}

fn exactly_one(given: usize, name: &str) -> Result<()> {
    match given {
        0 => Err(missing(name)),
        1 => Ok(()),
        _ => Err(Error::invalid(format!(
            "More than one {} specified. Only one may be chosen.",
            name.to_lowercase()
        ))),
    }
}

fn check_size(hints: Option<&BufferingHints>) -> Result<()> {
    let size = hints.and_then(|hints| hints.size_in_mbs);
    if size.is_some_and(|size| size < CONVERSION_MIN_BUFFER_MB) {
        return Err(Error::invalid(format!(
            "BufferingHints.SizeInMBs must be at least {CONVERSION_MIN_BUFFER_MB} when data format \
             conversion is enabled."
        )));
    }
    Ok(())
}

/// The conversion after an update: its members and those of its schema replace the old ones singly.
pub(super) fn merged(
    old: Option<DataFormatConversionConfiguration>,
    update: Option<DataFormatConversionConfiguration>,
) -> Option<DataFormatConversionConfiguration> {
    let (Some(old), Some(update)) = (&old, &update) else {
        return update.or(old);
    };
    let schema = match (&old.schema_configuration, &update.schema_configuration) {
        (Some(old), Some(update)) => Some(SchemaConfiguration {
            role_arn: update.role_arn.clone().or(old.role_arn.clone()),
            catalog_id: update.catalog_id.clone().or(old.catalog_id.clone()),
            database_name: update.database_name.clone().or(old.database_name.clone()),
            table_name: update.table_name.clone().or(old.table_name.clone()),
            region: update.region.clone().or(old.region.clone()),
            version_id: update.version_id.clone().or(old.version_id.clone()),
        }),
        (old, update) => update.clone().or(old.clone()),
    };
    Some(DataFormatConversionConfiguration {
        schema_configuration: schema,
        input_format_configuration: update
            .input_format_configuration
            .clone()
            .or(old.input_format_configuration.clone()),
        output_format_configuration: update
            .output_format_configuration
            .clone()
            .or(old.output_format_configuration.clone()),
        enabled: update.enabled.or(old.enabled),
    })
}

/// Extension and Content-Encoding of converted objects. The encoding says how the pages inside are
/// packed, as it does on AWS; the body is a plain file of its format.
pub(super) fn naming(
    conversion: &DataFormatConversionConfiguration,
) -> (&'static str, Option<&'static str>) {
    let serializer = conversion
        .output_format_configuration
        .as_ref()
        .and_then(|output| output.serializer.as_ref());
    match serializer.and_then(|serializer| serializer.parquet_ser_de.as_ref()) {
        Some(parquet) => {
            let codec = parquet.compression.as_deref().unwrap_or("SNAPPY");
            (".parquet", (codec == "SNAPPY").then_some("hadoop-snappy"))
        }
        None => (".orc", None),
    }
}

/// The line of the error object about a record that was not converted. Members as observed; the
/// sequence numbers are null for direct put.
pub(super) fn line(
    rejected: &RejectedRecord,
    raw: &[u8],
    arrival: &Arrival,
    now: Timestamp,
    conversion: &DataFormatConversionConfiguration,
    (account, region): (&str, &str),
) -> Bytes {
    let sequence = arrival.sequence.as_ref();
    let schema = conversion.schema_configuration.clone().unwrap_or_default();
    let line = json!({
        "attemptsMade": 1,
        "arrivalTimestamp": arrival.at.millis(),
        "lastErrorCode": rejected.code,
        "lastErrorMessage": rejected.message,
        "attemptEndingTimestamp": now.millis(),
        "rawData": base64(raw),
        "sequenceNumber": sequence.map(|sequence| &sequence.number),
        "subSequenceNumber": sequence.map(|sequence| sequence.place),
        "dataCatalogTable": {
            "catalogId": schema.catalog_id.unwrap_or_else(|| account.to_owned()),
            "databaseName": schema.database_name,
            "tableName": schema.table_name,
            "region": schema.region.unwrap_or_else(|| region.to_owned()),
            "versionId": schema.version_id.unwrap_or_else(|| "LATEST".to_owned()),
            "roleArn": schema.role_arn,
        },
    });
    format!("{line}\n").into()
}
