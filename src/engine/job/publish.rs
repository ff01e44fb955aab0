//! The catalog after a run: tables created or widened, partitions added.

use std::collections::BTreeMap;

use super::run::Run;
use super::write::{FileFormat, WrittenColumn};
use crate::engine::error::{Error, Result};
use crate::glue::api::{Column, PartitionInput, SerDeInfo, StorageDescriptor, TableInput};
use crate::glue::catalog::CatalogWriter;
use crate::glue::hive_layout;
use crate::store::S3Uri;

/// What a target tells the catalog.
#[derive(Debug)]
pub struct Publication {
    /// The table's database.
    pub database: String,
    /// The table.
    pub table: String,
    /// Whether the table is created, or its columns are changed to those written.
    pub schema: SchemaChange,
    /// The folder of the table.
    pub location: S3Uri,
    /// The format of the files.
    pub format: FileFormat,
    /// Columns in the files.
    pub data: Vec<WrittenColumn>,
    /// Partition columns.
    pub keys: Vec<WrittenColumn>,
    /// Values and folder of each partition written to.
    pub partitions: Vec<(Vec<String>, S3Uri)>,
}

/// What may happen to the table's columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SchemaChange {
    /// `UPDATE_IN_DATABASE`: new columns are added, types follow what was written.
    Update,
    /// `LOG`: the table stays as it is; partitions are added.
    Log,
}

fn metastore(error: impl std::fmt::Display) -> Error {
    Error::Metastore(error.to_string())
}

fn catalog<'r>(run: &Run<'r>) -> &'r dyn CatalogWriter {
    run.session.catalog().as_ref()
}

/// Refuses what [`apply`] would refuse, as far as that is known beforehand.
pub fn check(run: &Run<'_>, publication: &Publication) -> Result<()> {
    let Publication {
        database, table, ..
    } = publication;
    if catalog(run).database(database).is_none() {
        return Err(metastore(format!("Database {database} not found.")));
    }
    let Some(present) = catalog(run).table(database, table) else {
        return match publication.schema {
            SchemaChange::Update => Ok(()),
            SchemaChange::Log => Err(Error::TableNotFound {
                database: database.clone(),
                table: table.clone(),
            }),
        };
    };
    let keys = present.partition_keys.as_deref().unwrap_or_default();
    let ours: Vec<String> = publication
        .keys
        .iter()
        .map(|k| k.name.to_lowercase())
        .collect();
    let theirs: Vec<String> = keys.iter().map(|key| key.name.to_lowercase()).collect();
    if ours != theirs {
        return Err(Error::Invalid(format!(
            "the table `{database}.{table}` is partitioned by [{}], the target writes [{}]",
            theirs.join(", "),
            ours.join(", ")
        )));
    }
    Ok(())
}

/// Brings the catalog up to date.
pub fn apply(run: &Run<'_>, publication: Publication) -> Result<()> {
    let (database, name) = (&publication.database, &publication.table);
    let present = catalog(run).table(database, name);
    let descriptor = match present {
        None => {
            let input = created(&publication);
            let descriptor = input.storage_descriptor.clone().unwrap_or_default();
            catalog(run)
                .create_table(run.call, database, input)
                .map_err(metastore)?;
            descriptor
        }
        Some(table) => {
            let mut descriptor = table.storage_descriptor.clone().unwrap_or_default();
            let columns = descriptor.columns.clone().unwrap_or_default();
            let widened = widened(columns.clone(), &publication.data);
            if publication.schema == SchemaChange::Update && widened != columns {
                descriptor.columns = Some(widened);
                let input = TableInput {
                    storage_descriptor: Some(descriptor.clone()),
                    ..table.into()
                };
                catalog(run)
                    .update_table(run.call, database, input)
                    .map_err(metastore)?;
            }
            descriptor
        }
    };
    let partitions = publication
        .partitions
        .iter()
        .map(|(values, folder)| PartitionInput {
            values: Some(values.clone()),
            storage_descriptor: Some(StorageDescriptor {
                location: Some(folder.to_string()),
                ..descriptor.clone()
            }),
            ..PartitionInput::default()
        })
        .collect::<Vec<_>>();
    if !partitions.is_empty() {
        catalog(run)
            .add_partitions(run.call, database, name, partitions)
            .map_err(metastore)?;
    }
    Ok(())
}

fn columns(of: &[WrittenColumn]) -> Vec<Column> {
    of.iter()
        .map(|column| Column {
            name: column.name.to_lowercase(),
            r#type: Some(column.of.to_string()),
            ..Column::default()
        })
        .collect()
}

fn widened(mut present: Vec<Column>, written: &[WrittenColumn]) -> Vec<Column> {
    for column in columns(written) {
        match present
            .iter_mut()
            .find(|old| old.name.eq_ignore_ascii_case(&column.name))
        {
            Some(old) => old.r#type = column.r#type,
            None => present.push(column),
        }
    }
    present
}

fn created(publication: &Publication) -> TableInput {
    let (classification, input, output, serde) = match publication.format {
        FileFormat::GlueParquet(_) | FileFormat::SparkParquet(_) => (
            "parquet",
            hive_layout::PARQUET_INPUT,
            hive_layout::PARQUET_OUTPUT,
            hive_layout::PARQUET_SERDE,
        ),
        FileFormat::Json { .. } => (
            "json",
            hive_layout::TEXT_INPUT,
            hive_layout::TEXT_OUTPUT,
            hive_layout::OPENX_SERDE,
        ),
    };
    let mut folder = publication.location.clone();
    folder.key = folder.folder();
    TableInput {
        name: publication.table.to_lowercase(),
        table_type: Some("EXTERNAL_TABLE".to_owned()),
        partition_keys: Some(columns(&publication.keys)),
        parameters: Some(BTreeMap::from([(
            "classification".to_owned(),
            classification.to_owned(),
        )])),
        storage_descriptor: Some(StorageDescriptor {
            columns: Some(columns(&publication.data)),
            location: Some(folder.to_string()),
            input_format: Some(input.to_owned()),
            output_format: Some(output.to_owned()),
            serde_info: Some(SerDeInfo {
                serialization_library: Some(serde.to_owned()),
                parameters: Some(BTreeMap::from([(
                    "serialization.format".to_owned(),
                    "1".to_owned(),
                )])),
                ..SerDeInfo::default()
            }),
            ..StorageDescriptor::default()
        }),
        ..TableInput::default()
    }
}
