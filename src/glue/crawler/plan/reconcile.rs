//! A crawl's tables against what the catalog has: what to create, change and remove.
//!
//! Pure, and a second crawl of the same objects changes nothing: the id of the crawl is written
//! with a change but is none itself.

use std::collections::{BTreeMap, BTreeSet};

use md5::{Digest, Md5};

use super::definition::{
    CRAWL_RUN_ID, CRAWLED_PARAMETERS, DEPRECATED_BY_CRAWLER, UPDATED_BY_CRAWLER, partition_input,
    table_input,
};
use super::{PlannedPartition, PlannedTable};
use crate::glue::api::{Partition, PartitionInput, Table, TableInput};
use crate::glue::crawler::CrawlOrder;
use crate::glue::crawler::policy::{DeleteBehavior, UpdateBehavior};

/// What becomes of one table.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum TableChange {
    /// It is new.
    Create(TableInput),
    /// Its definition changes.
    Update(TableInput),
    /// It stays as it is.
    Keep,
}

/// What becomes of a table's partitions.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct PartitionChanges {
    pub add: Vec<PartitionInput>,
    pub update: Vec<PartitionInput>,
    pub delete: Vec<Vec<String>>,
}

/// The name under which a planned table stands or will stand in the catalog: its own, unless a
/// table with another location has it; then with a suffix made from the location, so that the next
/// crawl finds it again.
pub(crate) fn resolve_name<'a>(
    planned: &PlannedTable,
    prefix: &str,
    location_of: impl Fn(&str) -> Option<&'a str>,
) -> String {
    let plain = format!("{prefix}{}", planned.name).to_lowercase();
    let free = |name: &str| {
        location_of(name).is_none_or(|location| same_location(location, &planned.location))
    };
    if free(&plain) {
        return plain;
    }
    let digest: [u8; 16] = Md5::digest(planned.location.as_bytes()).into();
    format!("{plain}_{}", hex::encode(digest))
}

/// What to do with one planned table, and under which keys its partitions then stand.
///
/// # Errors
/// Why the table cannot follow the data, for the crawl's notes.
pub(crate) fn table_change(
    order: &CrawlOrder,
    name: &str,
    planned: &PlannedTable,
    existing: Option<&Table>,
    has_partitions: bool,
) -> Result<TableChange, String> {
    let mut input = table_input(planned, name, &order.crawler, &order.crawl_id);
    let Some(existing) = existing else {
        return Ok(TableChange::Create(input));
    };
    let old_keys = existing.partition_keys.as_deref().unwrap_or_default();
    if old_keys.len() == planned.keys.len() {
        // Users rename `partition_0` to `year`: the crawler leaves their names alone.
        input.partition_keys = Some(old_keys.to_vec());
        if let Some(columns) = descriptor_columns(&mut input) {
            columns.retain(|column| old_keys.iter().all(|key| key.name != column.name));
        }
    } else if has_partitions {
        return Err(format!(
            "the table `{name}` has {} partition keys and partitions, the data has {} levels of folders: the table was left alone",
            old_keys.len(),
            planned.keys.len()
        ));
    }
    if order.update == UpdateBehavior::Log {
        return Ok(TableChange::Keep);
    }
    let old = TableInput::from(existing.clone());
    input.description = old.description.clone();
    input.owner = old.owner.clone().or(input.owner);
    input.retention = old.retention;
    input.last_access_time = old.last_access_time;
    input.last_analyzed_time = old.last_analyzed_time;
    merge_columns(order, &mut input, &old);
    merge_parameters(&mut input.parameters, old.parameters.as_ref());
    if let (Some(new), Some(old)) = (&mut input.storage_descriptor, &old.storage_descriptor) {
        merge_parameters(&mut new.parameters, old.parameters.as_ref());
        new.skewed_info = old.skewed_info.clone();
    }
    if without_run_id(input.clone()) == without_run_id(old) {
        return Ok(TableChange::Keep);
    }
    Ok(TableChange::Update(input))
}

/// What to do with the partitions of a table whose definition will be `table`.
pub(crate) fn partition_changes(
    order: &CrawlOrder,
    planned: &PlannedTable,
    table: &TableInput,
    existing: &[Partition],
) -> PartitionChanges {
    let existing: BTreeMap<&[String], &Partition> = existing
        .iter()
        .map(|p| (p.values.as_deref().unwrap_or_default(), p))
        .collect();
    let mut changes = PartitionChanges::default();
    for partition in &planned.partitions {
        let mut input = define(order, partition, table);
        match existing.get(partition.values.as_slice()) {
            None => changes.add.push(input),
            Some(_) if order.update == UpdateBehavior::Log => {}
            Some(old) => {
                merge_parameters(&mut input.parameters, old.parameters.as_ref());
                let same = input.storage_descriptor == old.storage_descriptor
                    && input.parameters == old.parameters;
                if !same {
                    changes.update.push(input);
                }
            }
        }
    }
    let found: BTreeSet<&[String]> = planned
        .partitions
        .iter()
        .map(|p| p.values.as_slice())
        .collect();
    for (values, partition) in existing {
        // Partitions that somebody pointed elsewhere are not this crawl's to judge.
        let location = partition
            .storage_descriptor
            .as_ref()
            .and_then(|sd| sd.location.as_deref());
        let inside = location.is_some_and(|location| location.starts_with(&planned.location));
        if found.contains(values) || !inside {
            continue;
        }
        match order.delete {
            DeleteBehavior::Log => {}
            DeleteBehavior::Delete => changes.delete.push(values.to_vec()),
            DeleteBehavior::Deprecate => {
                let mut parameters = partition.parameters.clone().unwrap_or_default();
                if !parameters.contains_key(DEPRECATED_BY_CRAWLER) {
                    parameters.insert(DEPRECATED_BY_CRAWLER.to_owned(), order.crawler.clone());
                    changes.update.push(PartitionInput {
                        parameters: Some(parameters),
                        ..partition.clone().into()
                    });
                }
            }
        }
    }
    changes
}

/// Whether a table is one that this crawler made, of data under one of the `roots`.
pub(crate) fn is_own(table: &Table, crawler: &str, roots: &[String]) -> bool {
    let parameters = table.parameters.as_ref();
    let owner = parameters.and_then(|p| p.get(UPDATED_BY_CRAWLER));
    let location = location(table).unwrap_or_default();
    owner.is_some_and(|owner| owner == crawler)
        && roots
            .iter()
            .any(|root| location.starts_with(root) || same_location(location, root))
}

/// The definition of a table whose data is gone; `None` when it says so already.
pub(crate) fn deprecated(table: &Table, crawler: &str) -> Option<TableInput> {
    let mut input = TableInput::from(table.clone());
    let parameters = input.parameters.get_or_insert_default();
    if parameters.contains_key(DEPRECATED_BY_CRAWLER) {
        return None;
    }
    parameters.insert(DEPRECATED_BY_CRAWLER.to_owned(), crawler.to_owned());
    Some(input)
}

/// Where a table's data lies.
pub(crate) fn location(table: &Table) -> Option<&str> {
    table.storage_descriptor.as_ref()?.location.as_deref()
}

fn same_location(a: &str, b: &str) -> bool {
    a.trim_end_matches('/') == b.trim_end_matches('/')
}

fn define(order: &CrawlOrder, planned: &PlannedPartition, table: &TableInput) -> PartitionInput {
    let mut input = partition_input(planned, &order.crawler);
    let (Some(own), Some(of_table)) = (&mut input.storage_descriptor, &table.storage_descriptor)
    else {
        return input;
    };
    if order.configuration.partitions_inherit {
        own.columns = of_table.columns.clone();
        own.serde_info = of_table.serde_info.clone();
        own.input_format = of_table.input_format.clone();
        own.output_format = of_table.output_format.clone();
    } else {
        let keys = table.partition_keys.as_deref().unwrap_or_default();
        if let Some(columns) = &mut own.columns {
            columns.retain(|column| keys.iter().all(|key| key.name != column.name));
        }
    }
    input
}

/// Old columns keep their place and comment, new ones come behind. Columns that the data no longer
/// has go, unless they are to be kept; types are those of the data, or wide enough for both then.
fn merge_columns(order: &CrawlOrder, input: &mut TableInput, old: &TableInput) {
    let keep = order.configuration.merge_new_columns;
    let old = old
        .storage_descriptor
        .as_ref()
        .and_then(|sd| sd.columns.clone());
    let Some(columns) = descriptor_columns(input) else {
        return;
    };
    let mut merged = Vec::new();
    for mut column in old.unwrap_or_default() {
        match columns.iter().position(|new| new.name == column.name) {
            Some(position) => {
                let new = columns.remove(position).r#type;
                column.r#type = match keep {
                    true => widen(column.r#type, new),
                    false => new,
                };
                merged.push(column);
            }
            None if keep => merged.push(column),
            None => {}
        }
    }
    merged.append(columns);
    *columns = merged;
}

fn widen(old: Option<String>, new: Option<String>) -> Option<String> {
    use crate::glue::hive_type::HiveType;
    let parse = |text: &Option<String>| text.as_ref()?.parse::<HiveType>().ok();
    match (parse(&old), parse(&new)) {
        (Some(old), Some(new)) => Some(old.merge(&new).to_string()),
        _ => new,
    }
}

/// The user's own parameters stay beside those that the crawl decides.
fn merge_parameters(
    new: &mut Option<BTreeMap<String, String>>,
    old: Option<&BTreeMap<String, String>>,
) {
    let users = old
        .into_iter()
        .flatten()
        .filter(|(key, _)| !CRAWLED_PARAMETERS.contains(&key.as_str()));
    new.get_or_insert_default()
        .extend(users.map(|(key, value)| (key.clone(), value.clone())));
}

fn without_run_id(mut input: TableInput) -> TableInput {
    let descriptor = input.storage_descriptor.as_mut();
    for parameters in [
        input.parameters.as_mut(),
        descriptor.and_then(|sd| sd.parameters.as_mut()),
    ] {
        parameters.map(|parameters| parameters.remove(CRAWL_RUN_ID));
    }
    input
}

fn descriptor_columns(input: &mut TableInput) -> Option<&mut Vec<crate::glue::api::Column>> {
    input.storage_descriptor.as_mut()?.columns.as_mut()
}
