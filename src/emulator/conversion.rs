//! Record format conversion: Glue's tables and the engine's Parquet, brought to Firehose.

use std::sync::Arc;

use bytes::Bytes;

use crate::base::limits::firehose::{PARQUET_DEFAULT_BLOCK_BYTES, PARQUET_DEFAULT_PAGE_BYTES};
use crate::base::{AccountId, Arn, Region};
use crate::emulator::gate::Gate;
use crate::emulator::gate::hands::{FIREHOSE, need};
use crate::engine;
use crate::engine::convert::{Codec, Conversion, Input, Output, Refusal};
use crate::firehose::api::{
    DataFormatConversionConfiguration, Deserializer, ParquetSerDe, SchemaConfiguration, Serializer,
};
use crate::firehose::{self, ConversionFailure, Converted, Converter, RejectedRecord};
use crate::glue::SharedGlue;
use crate::glue::api::Table;
use crate::glue::error::Error as GlueError;

/// Converts to Parquet with the schemas of one account's catalog in one region.
#[derive(Debug)]
pub(super) struct ToParquet {
    pub glue: Arc<SharedGlue>,
    pub account: AccountId,
    pub region: Region,
    pub gate: Arc<Gate>,
}

/// What a missing table or database is answered with, as AWS documents it among its log messages.
const NOT_FOUND: &str = "The specified table/database could not be found. Please ensure that the \
                         table/database exists and that the values provided in the schema \
                         configuration are correct, especially with regards to casing.";

/// Why a conversion cannot be carried out.
enum Hindrance {
    /// AWS carries it out; names what is not done here.
    NotSupported(String),
    /// A member that is wrong in itself.
    Invalid(String),
    /// The table is not in the catalog; what Glue says.
    Missing(String),
    /// The table's columns cannot be converted to.
    Schema(String),
}

impl From<Hindrance> for firehose::Error {
    fn from(hindrance: Hindrance) -> Self {
        match hindrance {
            Hindrance::NotSupported(what) => Self::NotSupported(what),
            Hindrance::Invalid(why) | Hindrance::Schema(why) => Self::InvalidArgument(why),
            Hindrance::Missing(why) => Self::InvalidArgument(format!("{NOT_FOUND} {why}")),
        }
    }
}

impl From<Hindrance> for ConversionFailure {
    fn from(hindrance: Hindrance) -> Self {
        let (code, message) = match hindrance {
            Hindrance::Missing(why) => ("EntityNotFound", format!("{NOT_FOUND} {why}")),
            Hindrance::Schema(why) => ("InvalidSchema", why),
            Hindrance::Invalid(why) => ("InvalidParameter", why),
            Hindrance::NotSupported(what) => {
                let error = firehose::Error::NotSupported(what);
                ("InvalidParameter", error.to_string())
            }
        };
        Self {
            code: format!("DataFormatConversion.{code}"),
            message,
        }
    }
}

impl ToParquet {
    /// The conversion with the table as it is now.
    fn conversion(
        &self,
        configuration: &DataFormatConversionConfiguration,
    ) -> Result<Conversion, Hindrance> {
        let output = configuration.output_format_configuration.as_ref();
        let output = parquet(output.and_then(|output| output.serializer.as_ref()))?;
        let input = configuration.input_format_configuration.as_ref();
        let input = json(input.and_then(|input| input.deserializer.as_ref()))?;
        let schema = configuration.schema_configuration.as_ref();
        let table = self.table(&schema.cloned().unwrap_or_default())?;
        Conversion::new(&table, &input, output).map_err(|error| match error {
            engine::Error::Unsupported(what) => Hindrance::NotSupported(what),
            engine::Error::Invalid(why) | engine::Error::Metastore(why) => Hindrance::Schema(why),
            other => Hindrance::Schema(other.to_string()),
        })
    }

    /// Whether the role may read the schema. "Grant Firehose access to AWS Glue", Firehose guide.
    fn ask(
        &self,
        configuration: &DataFormatConversionConfiguration,
    ) -> Result<(), ConversionFailure> {
        let schema = configuration.schema_configuration.clone();
        let schema = schema.unwrap_or_default();
        let name = |name: Option<String>| name.unwrap_or_default().to_lowercase();
        let (database, table) = (name(schema.database_name), name(schema.table_name));
        let resources = [
            "catalog".to_owned(),
            format!("database/{database}"),
            format!("table/{database}/{table}"),
        ];
        let arn = |resource| Arn::regional("glue", &self.region, &self.account, resource);
        let resources = resources.map(|resource| arn(resource).to_string());
        let actions = [
            "glue:GetTable",
            "glue:GetTableVersion",
            "glue:GetTableVersions",
        ];
        let needs = actions
            .iter()
            .flat_map(|action| resources.iter().map(|arn| need(action, arn.clone())))
            .collect();
        let role = schema.role_arn.unwrap_or_default();
        self.gate
            .permit_role(&role, FIREHOSE, &self.region, needs)
            .map_err(|message| ConversionFailure {
                code: "DataFormatConversion.AccessDenied".to_owned(),
                message: format!(
                    "Access was denied when calling Glue. Please ensure that the role specified in \
                     the data format conversion configuration has the necessary permissions. {message}"
                ),
            })
    }

    fn table(&self, schema: &SchemaConfiguration) -> Result<Table, Hindrance> {
        let catalog = schema.catalog_id.as_deref();
        if catalog.is_some_and(|id| id != self.account.as_str()) {
            return Err(Hindrance::NotSupported(
                "SchemaConfiguration.CatalogId of another account".to_owned(),
            ));
        }
        let region = schema.region.as_deref();
        if region.is_some_and(|region| region != self.region.as_str()) {
            return Err(Hindrance::NotSupported(
                "SchemaConfiguration.Region other than the delivery stream's".to_owned(),
            ));
        }
        let version = schema.version_id.as_deref();
        let version = version.filter(|version| *version != "LATEST");
        let database = schema.database_name.as_deref().unwrap_or_default();
        let table = schema.table_name.as_deref().unwrap_or_default();
        let glue = self.glue.lock();
        match glue.catalog.table_version(database, table, version) {
            Ok((_, table)) => Ok(table.clone()),
            Err(GlueError::EntityNotFound(why)) => Err(Hindrance::Missing(why)),
            Err(other) => Err(Hindrance::Invalid(other.to_string())),
        }
    }
}

/// The SerDe that reads.
fn json(deserializer: Option<&Deserializer>) -> Result<Input, Hindrance> {
    let deserializer = deserializer.cloned().unwrap_or_default();
    match (
        deserializer.open_x_json_ser_de,
        deserializer.hive_json_ser_de,
    ) {
        (Some(openx), None) => Ok(Input::OpenX {
            case_insensitive: openx.case_insensitive.unwrap_or(true),
            dots_to_underscores: openx
                .convert_dots_in_json_keys_to_underscores
                .unwrap_or(false),
            mappings: openx.column_to_json_key_mappings.unwrap_or_default(),
        }),
        (None, Some(hive)) => Ok(Input::Hive {
            timestamp_formats: hive.timestamp_formats.unwrap_or_default(),
        }),
        _ => Err(Hindrance::Invalid(
            "Deserializer must not be null".to_owned(),
        )),
    }
}

/// The writer of Parquet files. Defaults: API reference, ParquetSerDe.
fn parquet(serializer: Option<&Serializer>) -> Result<Output, Hindrance> {
    let serializer = serializer.cloned().unwrap_or_default();
    if serializer.orc_ser_de.is_some() {
        return Err(Hindrance::NotSupported("Serializer.OrcSerDe".to_owned()));
    }
    let Some(options) = serializer.parquet_ser_de else {
        return Err(Hindrance::Invalid("Serializer must not be null".to_owned()));
    };
    let ParquetSerDe {
        block_size_bytes,
        page_size_bytes,
        compression,
        enable_dictionary_compression,
        max_padding_bytes,
        writer_version,
    } = options;
    if max_padding_bytes.unwrap_or(0) != 0 {
        return Err(Hindrance::NotSupported(
            "ParquetSerDe.MaxPaddingBytes other than 0".to_owned(),
        ));
    }
    let codec = match compression.as_deref().unwrap_or("SNAPPY") {
        "SNAPPY" => Codec::Snappy,
        "GZIP" => Codec::Gzip,
        "UNCOMPRESSED" => Codec::Uncompressed,
        other => {
            return Err(Hindrance::Invalid(format!(
                "Unknown Parquet compression {other}"
            )));
        }
    };
    let bytes = |given: Option<i32>, default: usize| {
        given.map_or(default, |bytes| usize::try_from(bytes).unwrap_or(default))
    };
    Ok(Output {
        codec,
        block_bytes: bytes(block_size_bytes, PARQUET_DEFAULT_BLOCK_BYTES),
        page_bytes: bytes(page_size_bytes, PARQUET_DEFAULT_PAGE_BYTES),
        dictionary: enable_dictionary_compression.unwrap_or(false),
        version_2: writer_version.as_deref() == Some("V2"),
    })
}

impl Converter for ToParquet {
    fn check(&self, configuration: &DataFormatConversionConfiguration) -> firehose::Result<()> {
        self.conversion(configuration)?;
        Ok(())
    }

    fn convert(
        &self,
        configuration: &DataFormatConversionConfiguration,
        records: &[Bytes],
    ) -> Result<Converted, ConversionFailure> {
        self.ask(configuration)?;
        let conversion = self.conversion(configuration)?;
        let outcome = conversion.run(records).map_err(|error| ConversionFailure {
            code: "InternalError".to_owned(),
            message: error.to_string(),
        })?;
        let rejected = outcome.refused.into_iter().map(|refused| RejectedRecord {
            index: refused.index,
            code: match refused.kind {
                Refusal::Malformed => "DataFormatConversion.ParseError".to_owned(),
                Refusal::Mismatch => "DataFormatConversion.MalformedData".to_owned(),
            },
            message: refused.message,
        });
        Ok(Converted {
            body: outcome.body,
            rejected: rejected.collect(),
        })
    }
}
