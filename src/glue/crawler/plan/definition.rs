//! Planned tables and partitions as the catalog's definitions: SerDes, formats, parameters, names.

use std::collections::BTreeMap;

use super::{Content, PlannedPartition, PlannedTable};
use crate::glue::api::{Column, PartitionInput, SerDeInfo, StorageDescriptor, TableInput};
use crate::glue::crawler::sample::Classification;
use crate::glue::hive_layout;

/// The parameter that names the crawl that wrote a table last.
pub(crate) const CRAWL_RUN_ID: &str = "CRAWL_RUN_ID";
/// The parameter that names the crawler that owns a table.
pub(super) const UPDATED_BY_CRAWLER: &str = "UPDATED_BY_CRAWLER";
/// The parameter of tables and partitions whose data is gone.
pub(super) const DEPRECATED_BY_CRAWLER: &str = "DEPRECATED_BY_CRAWLER";

/// Parameters that a crawl decides; all others are the user's and stay.
pub(super) const CRAWLED_PARAMETERS: [&str; 19] = [
    CRAWL_RUN_ID,
    UPDATED_BY_CRAWLER,
    DEPRECATED_BY_CRAWLER,
    "CrawlerSchemaDeserializerVersion",
    "CrawlerSchemaSerializerVersion",
    "areColumnsQuoted",
    "avro.schema.literal",
    "averageRecordSize",
    "classification",
    "columnsOrdered",
    "compressionType",
    "delimiter",
    "objectCount",
    "partition_filtering.enabled",
    "recordCount",
    "sizeKey",
    "skip.header.line.count",
    "typeOfData",
    "paths",
];

/// The last folder or the file of a key, or the bucket for an empty one, in lower case with
/// everything but letters and digits as `_`.
pub(super) fn table_name(bucket: &str, key: &str) -> String {
    let key = key.strip_suffix('/').unwrap_or(key);
    let last = match key.rsplit('/').next() {
        None | Some("") => bucket,
        Some(last) => last,
    };
    last.to_lowercase()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .collect()
}

/// The table's definition, as a crawl of `crawler` writes it under `name`.
pub(super) fn table_input(
    planned: &PlannedTable,
    name: &str,
    crawler: &str,
    crawl_id: &str,
) -> TableInput {
    let mut parameters = parameters(&planned.content, crawler);
    parameters.insert(CRAWL_RUN_ID.to_owned(), crawl_id.to_owned());
    if !planned.keys.is_empty() {
        parameters.insert("partition_filtering.enabled".to_owned(), "true".to_owned());
    }
    TableInput {
        name: name.to_owned(),
        owner: Some("owner".to_owned()),
        retention: Some(0),
        table_type: Some("EXTERNAL_TABLE".to_owned()),
        partition_keys: Some(
            planned
                .keys
                .iter()
                .map(|key| column(key, "string"))
                .collect(),
        ),
        storage_descriptor: Some(descriptor(
            &planned.content,
            &planned.location,
            parameters.clone(),
        )),
        parameters: Some(parameters),
        ..TableInput::default()
    }
}

/// The partition's definition: its own schema, location and statistics.
pub(super) fn partition_input(planned: &PlannedPartition, crawler: &str) -> PartitionInput {
    let parameters = parameters(&planned.content, crawler);
    PartitionInput {
        values: Some(planned.values.clone()),
        storage_descriptor: Some(descriptor(
            &planned.content,
            &planned.location,
            parameters.clone(),
        )),
        parameters: Some(parameters),
        ..PartitionInput::default()
    }
}

fn parameters(content: &Content, crawler: &str) -> BTreeMap<String, String> {
    let mut parameters: BTreeMap<String, String> = [
        ("CrawlerSchemaDeserializerVersion", "1.0".to_owned()),
        ("CrawlerSchemaSerializerVersion", "1.0".to_owned()),
        (UPDATED_BY_CRAWLER, crawler.to_owned()),
        (
            "averageRecordSize",
            content.average_record_bytes.to_string(),
        ),
        ("classification", content.classification.name().to_owned()),
        ("compressionType", content.compression.name().to_owned()),
        ("objectCount", content.objects.to_string()),
        ("recordCount", content.records.to_string()),
        ("sizeKey", content.bytes.to_string()),
        ("typeOfData", "file".to_owned()),
    ]
    .into_iter()
    .map(|(key, value)| (key.to_owned(), value))
    .collect();
    let mut add = |key: &str, value: String| parameters.insert(key.to_owned(), value);
    match &content.classification {
        Classification::Csv(layout) => {
            add("areColumnsQuoted", layout.quoted.to_string());
            add("columnsOrdered", "true".to_owned());
            add("delimiter", layout.delimiter.to_string());
            if layout.header {
                add("skip.header.line.count", "1".to_owned());
            }
        }
        Classification::Avro { schema } => {
            add("avro.schema.literal", schema.clone());
        }
        _ => {}
    }
    parameters
}

fn descriptor(
    content: &Content,
    location: &str,
    parameters: BTreeMap<String, String>,
) -> StorageDescriptor {
    let format = format(&content.classification);
    let columns = content.columns.iter();
    StorageDescriptor {
        columns: Some(
            columns
                .map(|(name, kind)| column(name, &kind.settled().to_string()))
                .collect(),
        ),
        location: Some(location.to_owned()),
        input_format: Some(format.input.to_owned()),
        output_format: Some(format.output.to_owned()),
        compressed: Some(false),
        number_of_buckets: Some(-1),
        serde_info: Some(SerDeInfo {
            name: None,
            serialization_library: Some(format.serde.to_owned()),
            parameters: Some(serde_parameters(content)),
        }),
        bucket_columns: Some(Vec::new()),
        sort_columns: Some(Vec::new()),
        parameters: Some(parameters),
        stored_as_sub_directories: Some(false),
        ..StorageDescriptor::default()
    }
}

fn serde_parameters(content: &Content) -> BTreeMap<String, String> {
    let (key, value) = match &content.classification {
        Classification::Json => ("paths", content.paths.join(",")),
        Classification::Csv(layout) => ("field.delim", layout.delimiter.to_string()),
        Classification::Avro { schema } => ("avro.schema.literal", schema.clone()),
        _ => ("serialization.format", "1".to_owned()),
    };
    BTreeMap::from([(key.to_owned(), value)])
}

/// Hive's classes for a format.
struct Format {
    input: &'static str,
    output: &'static str,
    serde: &'static str,
}

fn format(classification: &Classification) -> Format {
    match classification {
        Classification::Json | Classification::Unknown => Format {
            input: hive_layout::TEXT_INPUT,
            output: hive_layout::TEXT_OUTPUT,
            serde: hive_layout::OPENX_SERDE,
        },
        Classification::Csv(_) => Format {
            input: hive_layout::TEXT_INPUT,
            output: hive_layout::TEXT_OUTPUT,
            serde: hive_layout::LAZY_SIMPLE_SERDE,
        },
        Classification::Parquet => Format {
            input: hive_layout::PARQUET_INPUT,
            output: hive_layout::PARQUET_OUTPUT,
            serde: hive_layout::PARQUET_SERDE,
        },
        Classification::Orc => Format {
            input: hive_layout::ORC_INPUT,
            output: hive_layout::ORC_OUTPUT,
            serde: hive_layout::ORC_SERDE,
        },
        Classification::Avro { .. } => Format {
            input: hive_layout::AVRO_INPUT,
            output: hive_layout::AVRO_OUTPUT,
            serde: hive_layout::AVRO_SERDE,
        },
    }
}

fn column(name: &str, kind: &str) -> Column {
    Column {
        name: name.to_owned(),
        r#type: Some(kind.to_owned()),
        ..Column::default()
    }
}
