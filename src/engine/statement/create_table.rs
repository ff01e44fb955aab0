//! CREATE TABLE AS: a table of Hive's kind made of a query's rows.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::columns::check_columns;
use super::properties::Properties;
use super::write::{FileFormat, Layout, catalog_columns, publish, stage};
use super::{Result, Running, StatementDone, metastore};
use crate::engine::query::CATALOG;
use crate::engine::trino::ast::{CreateTableAs, Pos};
use crate::engine::trino::{Code, OutputColumn, Plan, TrinoError};
use crate::glue::api::{Column, PartitionInput, SerDeInfo, StorageDescriptor, TableInput};
use crate::glue::hive_layout;
use crate::glue::hive_type::HiveType;
use crate::store::S3Uri;

/// Properties of CREATE TABLE AS that Athena has and that are not executed: those of Iceberg tables.
const REFUSED: [&str; 10] = [
    "location",
    "partitioning",
    "write_target_data_file_size_bytes",
    "optimize_rewrite_min_data_file_size_bytes",
    "optimize_rewrite_max_data_file_size_bytes",
    "optimize_rewrite_data_file_threshold",
    "optimize_rewrite_delete_file_threshold",
    "vacuum_min_snapshots_to_keep",
    "vacuum_max_snapshot_age_seconds",
    "vacuum_max_metadata_files_to_keep",
];

/// The delimiter of text files that name none.
const FIELDS: u8 = 1;

/// What WITH asks for.
struct Wanted {
    folder: S3Uri,
    format: FileFormat,
    keys: Vec<String>,
    buckets: Option<(Vec<String>, u32)>,
}

impl Running<'_> {
    pub(super) async fn create_table_as(&self, table: &CreateTableAs) -> Result<StatementDone> {
        let nothing = StatementDone {
            update_count: Some(0),
            ..StatementDone::default()
        };
        let (database, name) = self.locate(&table.name, table.pos)?;
        if self.catalog().table(&database, &name).is_some() {
            if table.if_not_exists {
                return Ok(nothing);
            }
            return Err(TrinoError::at(
                table.pos,
                Code::TableAlreadyExists,
                format!("Destination table '{CATALOG}.{database}.{name}' already exists"),
            ));
        }
        if let Some(comment) = &table.comment {
            return Err(TrinoError::unsupported(
                table.pos,
                format!("CREATE TABLE AS with COMMENT '{comment}'"),
            ));
        }
        let wanted = self.wanted(table)?;
        // Asked first, told later: no plan is held meanwhile (see `engine::shared`).
        let of = format!("{database}.{name}");
        let is_empty = self.check_empty(&wanted.folder, &of).await;
        let plan = self.plan(&table.query, None)?;
        check_columns(&plan, table.pos)?;
        let plan = renamed(plan, table)?;
        self.check_database(&database, table.pos)?;
        is_empty?;
        let layout = layout(&wanted, &plan.columns, table.pos)?;
        let columns = catalog_columns(&plan.columns)?;
        let mut staged = Default::default();
        if table.with_data {
            let rows = self.rows(plan).await?;
            let (engine_id, ids) = (&self.run.engine_id, self.engine.ids());
            staged = stage(rows, &layout, engine_id, ids).await?;
        }
        let input = self.table_input(name.clone(), &wanted, columns);
        let descriptor = input.storage_descriptor.clone().unwrap_or_default();
        let partitions = partition_inputs(&descriptor, staged.partitions);
        let done = StatementDone {
            update_count: i64::try_from(staged.rows).ok(),
            written: staged.files.iter().map(|(at, _)| at.clone()).collect(),
            ..StatementDone::default()
        };
        let (catalog, call) = (Arc::clone(self.session.catalog()), self.run.call.clone());
        let enter = move || {
            catalog
                .create_table(&call, &database, input)
                .map_err(metastore)?;
            if partitions.is_empty() {
                return Ok(());
            }
            let added = catalog.add_partitions(&call, &database, &name, partitions);
            added.map(drop).map_err(|error| {
                // Nothing is half made; a failure to delete would be the second in a row.
                let _ = catalog.delete_table(&call, &database, &name);
                metastore(error)
            })
        };
        publish(Arc::clone(self.engine.objects()), staged.files, enter).await?;
        Ok(done)
    }

    fn wanted(&self, table: &CreateTableAs) -> Result<Wanted> {
        let mut properties = Properties::new(&table.properties)?;
        if let Some((pos, kind)) = properties.text("table_type")?
            && !kind.eq_ignore_ascii_case("hive")
        {
            return Err(TrinoError::unsupported(
                pos,
                format!("CREATE TABLE AS of a table of type {}", kind.to_uppercase()),
            ));
        }
        properties.only("is_external", true)?;
        let folder = match properties.text("external_location")? {
            None => self.run.output_folder.clone(),
            // The text of Athena's guide, "CTAS".
            Some((pos, _)) if self.run.is_location_enforced => {
                return Err(TrinoError::at(
                    pos,
                    Code::InvalidTableProperty,
                    "The Create Table As Select query failed because it was submitted with an 'external_location' property to an Athena Workgroup that enforces a centralized output location for all queries. Please remove the 'external_location' property and resubmit the query",
                ));
            }
            Some((pos, location)) => folder(&location).ok_or_else(|| {
                TrinoError::at(
                    pos,
                    Code::InvalidTableProperty,
                    format!("External location is not a valid file system URI: {location}"),
                )
            })?,
        };
        let keys = properties.names("partitioned_by")?;
        let bucketed = properties.names("bucketed_by")?;
        let count = properties.number("bucket_count")?;
        let format = properties.format(Some("PARQUET"), FIELDS)?;
        properties.finish(&REFUSED)?;
        let buckets = match (bucketed, count) {
            (None, None) => None,
            (Some((_, columns)), Some((pos, count))) => {
                let count = u32::try_from(count).ok().filter(|count| *count > 0);
                let count = count.ok_or_else(|| {
                    TrinoError::at(
                        pos,
                        Code::InvalidTableProperty,
                        "bucket_count must be greater than zero",
                    )
                })?;
                Some((columns, count))
            }
            (Some((pos, _)), None) | (None, Some((pos, _))) => {
                return Err(TrinoError::at(
                    pos,
                    Code::InvalidTableProperty,
                    "bucketed_by and bucket_count must be specified together",
                ));
            }
        };
        Ok(Wanted {
            folder,
            format,
            keys: keys.map(|(_, keys)| keys).unwrap_or_default(),
            buckets,
        })
    }

    /// Refuses a folder that holds something already.
    pub(super) async fn check_empty(&self, folder: &S3Uri, of: &str) -> Result<()> {
        let below = S3Uri {
            bucket: folder.bucket.clone(),
            key: folder.folder(),
        };
        let present = self.session.objects().list(&below).await;
        // A bucket that is missing is found when the first file is written.
        if present.is_ok_and(|objects| objects.iter().any(|object| object.key != below.key)) {
            let table = if of.is_empty() {
                String::new()
            } else {
                format!(" for table '{of}'")
            };
            return Err(TrinoError::in_data(
                Code::HivePathAlreadyExists,
                format!("Target directory{table} already exists: {below}"),
            ));
        }
        Ok(())
    }

    fn table_input(
        &self,
        name: String,
        wanted: &Wanted,
        mut columns: Vec<(String, HiveType)>,
    ) -> TableInput {
        let keys = columns.split_off(columns.len().saturating_sub(wanted.keys.len()));
        let (input, output, library, serde) = classes(&wanted.format);
        let mut parameters = BTreeMap::from(
            [
                ("EXTERNAL", "TRUE"),
                ("auto.purge", "false"),
                ("has_encrypted_data", "false"),
                ("transactional", "false"),
                ("presto_query_id", self.run.engine_id.as_str()),
            ]
            .map(|(key, value)| (key.to_owned(), value.to_owned())),
        );
        if let FileFormat::Parquet(codec) = &wanted.format {
            let codec = codec.name().to_owned();
            parameters.insert("parquet.compression".to_owned(), codec);
        }
        let (bucket_columns, buckets) = match &wanted.buckets {
            Some((columns, count)) => (columns.clone(), i32::try_from(*count).unwrap_or(i32::MAX)),
            None => (Vec::new(), -1),
        };
        if !bucket_columns.is_empty() {
            parameters.insert("bucketing_version".to_owned(), "1".to_owned());
        }
        let seconds = (self.run.call.now.micros() / 1_000_000).to_string();
        parameters.insert("transient_lastDdlTime".to_owned(), seconds);
        TableInput {
            name,
            owner: Some("hadoop".to_owned()),
            table_type: Some("EXTERNAL_TABLE".to_owned()),
            partition_keys: Some(described(keys)),
            parameters: Some(parameters),
            storage_descriptor: Some(StorageDescriptor {
                columns: Some(described(columns)),
                location: Some(wanted.folder.to_string()),
                input_format: Some(input.to_owned()),
                output_format: Some(output.to_owned()),
                compressed: Some(false),
                number_of_buckets: Some(buckets),
                bucket_columns: Some(bucket_columns),
                serde_info: Some(SerDeInfo {
                    serialization_library: Some(library.to_owned()),
                    parameters: Some(serde),
                    ..SerDeInfo::default()
                }),
                ..StorageDescriptor::default()
            }),
            ..TableInput::default()
        }
    }
}

/// An address as a folder's.
pub(super) fn folder(location: &str) -> Option<S3Uri> {
    S3Uri::parse(location).map(|at| S3Uri {
        key: at.folder(),
        bucket: at.bucket,
    })
}

/// The plan under the names that are given in front of AS.
fn renamed(mut plan: Plan, table: &CreateTableAs) -> Result<Plan> {
    if table.columns.is_empty() {
        return Ok(plan);
    }
    if table.columns.len() != plan.columns.len() {
        return Err(TrinoError::at(
            table.pos,
            Code::ColumnAliasMismatch,
            format!(
                "Column alias list has {} entries but relation has {} columns",
                table.columns.len(),
                plan.columns.len()
            ),
        ));
    }
    for (column, name) in plan.columns.iter_mut().zip(&table.columns) {
        column.name.clone_from(&name.value);
    }
    check_columns(&plan, table.pos)?;
    Ok(plan)
}

fn layout(wanted: &Wanted, columns: &[OutputColumn], pos: Pos) -> Result<Layout> {
    let names: Vec<String> = columns.iter().map(|c| c.name.to_lowercase()).collect();
    check_keys(&wanted.keys, &names, pos)?;
    let buckets = match &wanted.buckets {
        None => None,
        Some((by, count)) => {
            let data = names.len() - wanted.keys.len();
            let place = |name: &String| names.iter().take(data).position(|other| other == name);
            let missing: Vec<&str> = by
                .iter()
                .filter(|name| place(name).is_none())
                .map(String::as_str)
                .collect();
            if !missing.is_empty() {
                return Err(TrinoError::at(
                    pos,
                    Code::InvalidTableProperty,
                    format!(
                        "Bucketing columns [{}] not present in schema",
                        missing.join(", ")
                    ),
                ));
            }
            Some((by.iter().filter_map(place).collect(), *count))
        }
    };
    Ok(Layout {
        folder: wanted.folder.clone(),
        format: wanted.format.clone(),
        keys: wanted.keys.len(),
        buckets,
        known: BTreeMap::new(),
    })
}

/// Partition columns are the last ones, in their order, and not all.
pub(super) fn check_keys(keys: &[String], names: &[String], pos: Pos) -> Result<()> {
    let missing: Vec<&str> = keys
        .iter()
        .filter(|key| !names.contains(key))
        .map(String::as_str)
        .collect();
    if !missing.is_empty() {
        return Err(TrinoError::at(
            pos,
            Code::InvalidTableProperty,
            format!(
                "Partition columns [{}] not present in schema",
                missing.join(", ")
            ),
        ));
    }
    if keys.len() == names.len() {
        return Err(TrinoError::at(
            pos,
            Code::InvalidTableProperty,
            "Table contains only partition columns",
        ));
    }
    if !names.ends_with(keys) {
        return Err(TrinoError::in_data(
            Code::HiveColumnOrderMismatch,
            format!(
                "Partition keys must be the last columns in the table and in the same order as the table properties: [{}]",
                keys.join(", ")
            ),
        ));
    }
    Ok(())
}

fn described(columns: Vec<(String, HiveType)>) -> Vec<Column> {
    columns
        .into_iter()
        .map(|(name, of)| Column {
            name,
            r#type: Some(of.to_string()),
            ..Column::default()
        })
        .collect()
}

/// Input format, output format and SerDe of a format, and the SerDe's parameters.
fn classes(
    format: &FileFormat,
) -> (
    &'static str,
    &'static str,
    &'static str,
    BTreeMap<String, String>,
) {
    let (text_in, text_out) = (hive_layout::TEXT_INPUT, hive_layout::TEXT_OUTPUT);
    match format {
        FileFormat::Parquet(_) => (
            hive_layout::PARQUET_INPUT,
            hive_layout::PARQUET_OUTPUT,
            hive_layout::PARQUET_SERDE,
            BTreeMap::new(),
        ),
        FileFormat::Json(_) => (
            text_in,
            text_out,
            hive_layout::HIVE_JSON_SERDE,
            BTreeMap::new(),
        ),
        FileFormat::Text(delimiters, _) => {
            let mut serde = BTreeMap::new();
            if let Some(fields) = delimiters.separator(0).filter(|byte| *byte != FIELDS) {
                let fields = char::from(fields).to_string();
                serde.insert("field.delim".to_owned(), fields.clone());
                serde.insert("serialization.format".to_owned(), fields);
            }
            (text_in, text_out, hive_layout::LAZY_SIMPLE_SERDE, serde)
        }
    }
}

/// Partitions as the catalog is told them: their table's descriptor at their own places.
pub(super) fn partition_inputs(
    descriptor: &StorageDescriptor,
    partitions: Vec<(Vec<String>, S3Uri)>,
) -> Vec<PartitionInput> {
    partitions
        .into_iter()
        .map(|(values, folder)| PartitionInput {
            values: Some(values),
            storage_descriptor: Some(StorageDescriptor {
                location: Some(folder.to_string()),
                ..descriptor.clone()
            }),
            ..PartitionInput::default()
        })
        .collect()
}
