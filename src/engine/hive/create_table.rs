//! CREATE EXTERNAL TABLE as an entry of the catalog.

use std::collections::{BTreeMap, BTreeSet};

use super::Run;
use super::ast::{CreateTable, RowFormat, StoredAs};
use super::error::{HiveError, Result};
use crate::glue::api::{SerDeInfo, StorageDescriptor, TableInput};
use crate::glue::hive_layout;
use crate::store::S3Uri;

/// A `STORED AS` format and its classes: input, output, SerDe. Those that Athena's guide lists under
/// "CREATE TABLE", with Hive's class names.
const FORMATS: [(&str, &str, &str, &str); 7] = [
    (
        "TEXTFILE",
        hive_layout::TEXT_INPUT,
        hive_layout::TEXT_OUTPUT,
        hive_layout::LAZY_SIMPLE_SERDE,
    ),
    (
        "SEQUENCEFILE",
        "org.apache.hadoop.mapred.SequenceFileInputFormat",
        "org.apache.hadoop.hive.ql.io.HiveSequenceFileOutputFormat",
        hive_layout::LAZY_SIMPLE_SERDE,
    ),
    (
        "RCFILE",
        "org.apache.hadoop.hive.ql.io.RCFileInputFormat",
        "org.apache.hadoop.hive.ql.io.RCFileOutputFormat",
        "org.apache.hadoop.hive.serde2.columnar.LazyBinaryColumnarSerDe",
    ),
    (
        "ORC",
        hive_layout::ORC_INPUT,
        hive_layout::ORC_OUTPUT,
        hive_layout::ORC_SERDE,
    ),
    (
        "PARQUET",
        hive_layout::PARQUET_INPUT,
        hive_layout::PARQUET_OUTPUT,
        hive_layout::PARQUET_SERDE,
    ),
    (
        "AVRO",
        hive_layout::AVRO_INPUT,
        hive_layout::AVRO_OUTPUT,
        hive_layout::AVRO_SERDE,
    ),
    (
        "ION",
        "com.amazon.ionhiveserde.formats.IonInputFormat",
        "com.amazon.ionhiveserde.formats.IonOutputFormat",
        "com.amazon.ionhiveserde.IonHiveSerDe",
    ),
];

/// Refuses what is no address of S3, as the location of a table or partition must be.
pub(super) fn check_location(location: &str) -> Result<S3Uri> {
    S3Uri::parse(location).ok_or_else(|| {
        HiveError::Execution(format!(
            "MetaException(message:the location `{location}` is not an s3:// address)"
        ))
    })
}

/// Refuses columns that share a name.
pub(super) fn check_distinct<'a>(
    columns: impl IntoIterator<Item = &'a str>,
    partitions: impl IntoIterator<Item = &'a str>,
) -> Result<()> {
    let mut seen = BTreeSet::new();
    for name in columns {
        if !seen.insert(name) {
            return Err(HiveError::semantic(
                10036,
                format!("Duplicate column name: {name}"),
            ));
        }
    }
    for name in partitions {
        if !seen.insert(name) {
            return Err(HiveError::semantic(
                10035,
                "Column repeated in partitioning columns",
            ));
        }
    }
    Ok(())
}

impl Run<'_> {
    pub(super) fn create_table(&self, table: CreateTable) -> Result<()> {
        let database = self.database_of(&table.name);
        self.existing_database(database)?;
        if table.if_not_exists && self.catalog.table(database, &table.name.table).is_some() {
            return Ok(());
        }
        let database = database.to_owned();
        let input = self.table_input(table)?;
        Ok(self.catalog.create_table(self.call, &database, input)?)
    }

    fn table_input(&self, table: CreateTable) -> Result<TableInput> {
        if let Some((key, value)) = table.properties.iter().find(|(key, value)| {
            key.eq_ignore_ascii_case("table_type") && !value.eq_ignore_ascii_case("hive")
        }) {
            return Err(HiveError::Unsupported(format!(
                "a table with '{key}'='{value}'"
            )));
        }
        if !table.external {
            return Err(HiveError::Unsupported(
                "CREATE TABLE without EXTERNAL (Iceberg tables)".to_owned(),
            ));
        }
        let names = |columns: &[crate::glue::api::Column]| -> Vec<String> {
            columns.iter().map(|column| column.name.clone()).collect()
        };
        let (columns, keys) = (names(&table.columns), names(&table.partitioned_by));
        check_distinct(
            columns.iter().map(String::as_str),
            keys.iter().map(String::as_str),
        )?;
        let location = table.location.ok_or_else(|| {
            HiveError::Execution(format!(
                "MetaException(message:no LOCATION is given for the external table {})",
                table.name.table
            ))
        })?;
        check_location(&location)?;
        let (bucket_columns, buckets) = table.clustered_by.unwrap_or((Vec::new(), -1));
        if let Some(missing) = bucket_columns.iter().find(|c| !columns.contains(c)) {
            return Err(HiveError::semantic(
                10002,
                format!("Invalid column reference {missing}"),
            ));
        }
        let (input_format, output_format, serde) = storage(table.stored_as, table.row_format)?;
        let mut parameters: BTreeMap<String, String> = table.properties.into_iter().collect();
        parameters.insert("EXTERNAL".to_owned(), "TRUE".to_owned());
        parameters.insert("transient_lastDdlTime".to_owned(), self.seconds());
        Ok(TableInput {
            name: table.name.table,
            description: table.comment,
            // Athena's own owner of every table it creates.
            owner: Some("hadoop".to_owned()),
            table_type: Some("EXTERNAL_TABLE".to_owned()),
            partition_keys: Some(table.partitioned_by),
            parameters: Some(parameters),
            storage_descriptor: Some(StorageDescriptor {
                columns: Some(table.columns),
                location: Some(location),
                input_format: Some(input_format),
                output_format: Some(output_format),
                compressed: Some(false),
                number_of_buckets: Some(buckets),
                bucket_columns: Some(bucket_columns),
                serde_info: Some(serde),
                ..StorageDescriptor::default()
            }),
            ..TableInput::default()
        })
    }

    /// The time of the statement as Hive writes it into properties: seconds since 1970.
    pub(super) fn seconds(&self) -> String {
        (self.call.now.micros() / 1_000_000).to_string()
    }
}

/// Input format, output format and SerDe of the clauses.
fn storage(
    stored: Option<StoredAs>,
    row: Option<RowFormat>,
) -> Result<(String, String, SerDeInfo)> {
    let (input, output, own_library) = match stored {
        Some(StoredAs::Classes { input, output }) => {
            (input, output, hive_layout::LAZY_SIMPLE_SERDE)
        }
        other => {
            let name = match &other {
                Some(StoredAs::Format(name)) => name.as_str(),
                _ => "TEXTFILE",
            };
            let known = FORMATS.iter().find(|(format, ..)| *format == name);
            let (_, input, output, library) = known.ok_or_else(|| {
                HiveError::semantic(
                    10055,
                    format!("Unrecognized file format in STORED AS clause: {name}"),
                )
            })?;
            ((*input).to_owned(), (*output).to_owned(), *library)
        }
    };
    let (library, properties) = match row {
        Some(RowFormat::SerDe {
            library,
            properties,
        }) => (library, properties),
        Some(RowFormat::Delimited(properties)) => (own_library.to_owned(), properties),
        None => (own_library.to_owned(), Vec::new()),
    };
    let mut parameters: BTreeMap<String, String> = properties.into_iter().collect();
    parameters
        .entry("serialization.format".to_owned())
        .or_insert_with(|| "1".to_owned());
    let serde = SerDeInfo {
        serialization_library: Some(library),
        parameters: Some(parameters),
        ..SerDeInfo::default()
    };
    Ok((input, output, serde))
}
