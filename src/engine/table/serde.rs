//! Which reader a table's SerDe names, and what its partitions may differ in.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::json::{Reading, SerDe, StreamCounts};
use super::partition::{Partition, parse_value};
use super::projection::is_projected;
use super::text::TextSerDe;
use super::{Format, TableColumn, address, typed};
use crate::engine::error::{Error, Result};
use crate::glue::api::{Partition as CatalogPartition, StorageDescriptor, Table};
use crate::glue::hive_layout::{OPENX_SERDE, PARQUET_SERDE};
use crate::glue::hive_type::HiveType;

/// Parameters of a table that name another kind of table, and the kind.
const OTHER_KINDS: [(&str, &str); 3] = [
    ("table_type", "ICEBERG"),
    ("spark.sql.sources.provider", "delta"),
    ("spark.sql.sources.provider", "hudi"),
];

fn library(descriptor: &StorageDescriptor) -> Option<&str> {
    let info = descriptor.serde_info.as_ref()?;
    info.serialization_library.as_deref()
}

/// Whether an entry of the catalog is a view.
pub fn is_view(table: &Table) -> bool {
    table.table_type.as_deref() == Some("VIRTUAL_VIEW")
}

/// Refuses what is in the catalog as a table and is none of Hive's, with its name.
pub fn check_kind(table: &Table) -> Result<()> {
    let none = BTreeMap::new();
    let parameters = table.parameters.as_ref().unwrap_or(&none);
    if is_view(table) {
        return Err(Error::Unsupported(format!(
            "`{}` is a view, not a table",
            table.name
        )));
    }
    for (key, kind) in OTHER_KINDS {
        if parameters
            .get(key)
            .is_some_and(|v| v.eq_ignore_ascii_case(kind))
        {
            return Err(Error::Unsupported(format!(
                "`{}` is a table of kind {kind} ({key}), which windfarm does not read yet",
                table.name
            )));
        }
    }
    Ok(())
}

/// The format of a table as Athena reads it.
pub fn athena_format(table: &Table) -> Result<Format> {
    check_kind(table)?;
    let descriptor = table.storage_descriptor.clone().unwrap_or_default();
    let none = BTreeMap::new();
    let info = descriptor.serde_info.as_ref();
    let parameters = info.and_then(|i| i.parameters.as_ref()).unwrap_or(&none);
    match library(&descriptor) {
        Some(PARQUET_SERDE) => Ok(Format::Parquet),
        Some(OPENX_SERDE) => Ok(Format::Json(Reading::Lines(openx(parameters)?))),
        // None of OpenX's properties is Hive's.
        Some(json) if JSON.contains(&json) => {
            let known = parameters.contains_key("timestamp.formats");
            let parameters = if known { parameters } else { &none };
            Ok(Format::Json(Reading::Lines(openx(parameters)?)))
        }
        other => match TextSerDe::of(table)? {
            Some(serde) => Ok(Format::Text(Arc::new(serde))),
            None => Err(unread(table, other)),
        },
    }
}

const JSON: [&str; 3] = [
    OPENX_SERDE,
    "org.apache.hive.hcatalog.data.JsonSerDe",
    "org.apache.hadoop.hive.serde2.JsonSerDe",
];

impl Format {
    /// The format of a table as a Glue job reads it: JSON records are found wherever they are, and
    /// what is met is counted on `counts`.
    pub fn of_job(table: &Table, counts: &Arc<StreamCounts>) -> Result<Self> {
        check_kind(table)?;
        if is_projected(table) {
            // Athena alone computes partitions; others see those of the catalog.
            return Err(Error::Unsupported(format!(
                "`{}` uses partition projection (projection.enabled), which jobs do not execute",
                table.name
            )));
        }
        let descriptor = table.storage_descriptor.clone().unwrap_or_default();
        match library(&descriptor) {
            Some(PARQUET_SERDE) => Ok(Self::Parquet),
            Some(json) if JSON.contains(&json) => {
                Ok(Self::Json(Reading::Stream(Arc::clone(counts))))
            }
            other => Err(unread(table, other)),
        }
    }
}

fn unread(table: &Table, library: Option<&str>) -> Error {
    Error::UnsupportedFormat(match library {
        Some(library) => format!(
            "the SerDe `{library}` of table `{}` is not read by windfarm yet",
            table.name
        ),
        None => format!("table `{}` names no SerDe", table.name),
    })
}

fn openx(parameters: &BTreeMap<String, String>) -> Result<SerDe> {
    let flag = |key: &str| {
        parameters
            .get(key)
            .is_some_and(|v| v.eq_ignore_ascii_case("true"))
    };
    if parameters.contains_key("timestamp.formats") {
        return Err(Error::UnsupportedFormat(
            "the JSON SerDe's property `timestamp.formats` is not executed by windfarm yet"
                .to_owned(),
        ));
    }
    Ok(SerDe {
        ignore_malformed: flag("ignore.malformed.json"),
        case_sensitive: parameters
            .get("case.insensitive")
            .is_some_and(|v| v.eq_ignore_ascii_case("false")),
        dots_in_keys: flag("dots.in.keys"),
        mappings: parameters
            .iter()
            .filter_map(|(key, value)| {
                let column = key.strip_prefix("mapping.")?;
                Some((column.to_lowercase(), value.clone()))
            })
            .collect(),
    })
}

/// A partition of the catalog with its values typed, if its files can be read as the table's.
pub fn partition(
    table: &Table,
    descriptor: &StorageDescriptor,
    keys: &[TableColumn],
    partition: &CatalogPartition,
) -> Result<Partition> {
    let values = partition.values.clone().unwrap_or_default();
    if values.len() != keys.len() {
        return Err(Error::Metastore(format!(
            "partition {values:?} of `{}` has {} values for {} partition columns",
            table.name,
            values.len(),
            keys.len()
        )));
    }
    let own = partition.storage_descriptor.clone().unwrap_or_default();
    if let (Some(of_partition), Some(of_table)) = (library(&own), library(descriptor))
        && of_partition != of_table
    {
        return Err(Error::UnsupportedFormat(format!(
            "partition {values:?} of `{}` has the SerDe `{of_partition}`, its table `{of_table}`; windfarm reads one SerDe a table",
            table.name
        )));
    }
    check_columns(table, descriptor, &own, &values)?;
    let location = own.location.as_deref().unwrap_or("");
    Ok(Partition {
        location: address(&table.name, location)?,
        values: keys
            .iter()
            .zip(&values)
            .map(|(key, text)| parse_value(&key.name, &key.of, text))
            .collect::<Result<_>>()?,
    })
}

/// Athena's rule for a partition whose columns are typed differently from the table's.
fn check_columns(
    table: &Table,
    descriptor: &StorageDescriptor,
    own: &StorageDescriptor,
    values: &[String],
) -> Result<()> {
    let theirs = typed(own.columns.as_deref().unwrap_or_default(), false)?;
    let ours = typed(descriptor.columns.as_deref().unwrap_or_default(), false)?;
    for column in theirs {
        let Some(declared) = ours.iter().find(|ours| ours.name == column.name) else {
            continue;
        };
        if !is_coercible(&column.of, &declared.of) {
            let keys = table.partition_keys.clone().unwrap_or_default();
            let named: Vec<String> = keys
                .iter()
                .zip(values)
                .map(|(key, value)| format!("{}={value}", key.name))
                .collect();
            return Err(Error::PartitionSchema(format!(
                "There is a mismatch between the table and partition schemas. The types are incompatible and cannot be coerced. The column '{}' in table '{}.{}' is declared as type '{}', but partition '{}' declared column '{}' as type '{}'.",
                declared.name,
                table.database_name.as_deref().unwrap_or(""),
                table.name,
                declared.of,
                named.join("/"),
                column.name,
                column.of,
            )));
        }
    }
    Ok(())
}

/// Whether a partition's column can be read as the table's: equal, wider, or text.
fn is_coercible(partition: &HiveType, table: &HiveType) -> bool {
    use HiveType::*;
    let rank = |of: &HiveType| match of {
        TinyInt => Some(0),
        SmallInt => Some(1),
        Int => Some(2),
        BigInt => Some(3),
        _ => None,
    };
    match (partition, table) {
        (a, b) if a == b => true,
        (Void, _) | (Float, Double) => true,
        (a, b) if rank(a).is_some() && rank(b).is_some() => rank(a) <= rank(b),
        (a, Double) if rank(a).is_some() => true,
        (a, String | Varchar(_)) => super::types::is_scalar(a),
        (Decimal { .. }, Decimal { .. } | Double) => true,
        (Array(a), Array(b)) => is_coercible(a, b),
        (Map(ak, av), Map(bk, bv)) => is_coercible(ak, bk) && is_coercible(av, bv),
        (Struct(a), Struct(b)) => a.iter().all(|(name, of)| {
            let same = b.iter().find(|(other, _)| other.eq_ignore_ascii_case(name));
            same.is_none_or(|(_, table)| is_coercible(of, table))
        }),
        _ => false,
    }
}
