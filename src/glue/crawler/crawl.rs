//! One crawl: list, sample, plan, write. No I/O of its own, only through the traits it is given.

use std::collections::{BTreeMap, BTreeSet};

use futures::{StreamExt as _, stream};

use super::plan::{Found, PlannedTable, plan, reconcile};
use super::{
    Classification, CrawlOrder, CrawlOutcome, CrawlTarget, DeleteBehavior, Sample, Sampler,
    UnreadObject,
};
use crate::glue::catalog::CatalogWriter;
use crate::glue::error::Result;
use crate::store::{ObjectInfo, Objects, ObjectsError};
use reconcile::TableChange;

/// Objects that are read at the same time.
const CONCURRENT_SAMPLES: usize = 16;

/// How a crawl and the state machine that ordered it talk while it runs.
pub trait Progress: Send + Sync {
    /// Whether the crawl should end without writing.
    fn is_cancelled(&self, order: &CrawlOrder) -> bool;

    /// The crawl is about to write the catalog. Says whether it may.
    fn begin_writing(&self, order: &CrawlOrder) -> bool;
}

/// Runs a crawl. Never fails as a whole without saying so in the outcome; what cannot be read is
/// listed there and does not stop the rest.
pub async fn run(
    order: &CrawlOrder,
    objects: &dyn Objects,
    sampler: &dyn Sampler,
    catalog: &dyn CatalogWriter,
    progress: &dyn Progress,
) -> CrawlOutcome {
    let mut outcome = CrawlOutcome::default();
    let mut planned = Vec::new();
    // Folders that were looked at whole: only under these can data be known to be gone.
    let mut roots = Vec::new();
    for target in &order.targets {
        if progress.is_cancelled(order) {
            outcome.cancelled = true;
            return outcome;
        }
        match survey(order, target, objects, sampler, progress, &mut outcome).await {
            Ok(tables) => {
                planned.extend(tables);
                roots.push(format!("s3://{}/{}", target.bucket, target.folder()));
            }
            Err(error) => {
                let place = format!("s3://{}/{}", target.bucket, target.path);
                outcome.error = Some(format!("{place} could not be crawled: {error}"));
            }
        }
    }
    if !progress.begin_writing(order) {
        outcome.cancelled = true;
        return outcome;
    }
    if let Err(error) = write(order, &planned, &roots, catalog, &mut outcome) {
        outcome.error = Some(format!("the catalog could not be written: {error}"));
    }
    outcome
}

impl CrawlTarget {
    /// The include path as a folder, with trailing slash, or empty for the whole bucket.
    fn folder(&self) -> String {
        let path = self.path.trim_end_matches('/');
        if path.is_empty() {
            String::new()
        } else {
            format!("{path}/")
        }
    }

    /// Whether an object is data of this target: hidden files, folder markers and excluded keys
    /// are not.
    fn includes(&self, folder: &str, object: &ObjectInfo) -> bool {
        let relative = object.key.strip_prefix(folder).unwrap_or(&object.key);
        let hidden =
            |name: &str| name.starts_with('.') || (name.starts_with('_') && !name.contains('='));
        object.size > 0
            && !object.key.ends_with('/')
            && !relative.split('/').any(hidden)
            && !self
                .exclusions
                .iter()
                .any(|exclusion| exclusion.excludes(relative))
    }
}

/// The tables that one target's data calls for.
async fn survey(
    order: &CrawlOrder,
    target: &CrawlTarget,
    objects: &dyn Objects,
    sampler: &dyn Sampler,
    progress: &dyn Progress,
    outcome: &mut CrawlOutcome,
) -> Result<Vec<PlannedTable>, ObjectsError> {
    let folder = target.folder();
    let mut listed = objects.list(&target.bucket, &folder).await?;
    let mut root = folder.clone();
    if listed.is_empty() && !target.path.is_empty() {
        match objects.head(&target.bucket, &target.path).await {
            Ok(object) => {
                root.clone_from(&object.key);
                listed.push(object);
            }
            Err(ObjectsError::NoSuchKey { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    listed.retain(|object| target.includes(&folder, object));
    outcome.objects += listed.len();
    let mut read_of_folder: BTreeMap<String, usize> = BTreeMap::new();
    let wanted: Vec<(ObjectInfo, bool)> = listed
        .into_iter()
        .map(|object| {
            let leaf = object.key.rsplit_once('/').map_or("", |(leaf, _)| leaf);
            let read = read_of_folder.entry(leaf.to_owned()).or_default();
            *read += 1;
            let sampled = target.sample_size.is_none_or(|limit| *read <= limit);
            (object, sampled)
        })
        .collect();
    let bucket = target.bucket.as_str();
    let mut samples = stream::iter(wanted)
        .map(|(object, sampled)| async move {
            let sample = if sampled {
                Some(sampler.sample(bucket, &object).await)
            } else {
                None
            };
            (object, sample)
        })
        .buffered(CONCURRENT_SAMPLES);
    let mut found = Vec::new();
    while let Some((object, sample)) = samples.next().await {
        if progress.is_cancelled(order) {
            break;
        }
        let sample = match sample.map(|sample| sample.and_then(usable)).transpose() {
            Ok(sample) => sample,
            Err(reason) => {
                outcome.unread.push(UnreadObject {
                    object: format!("s3://{bucket}/{}", object.key),
                    reason,
                });
                continue;
            }
        };
        found.push(Found { object, sample });
    }
    let tables = plan(bucket, &root, &found, order.configuration);
    let placed: u64 = tables.iter().map(|table| table.content.objects).sum();
    let left = found.len() as u64 - placed.min(found.len() as u64);
    if left > 0 {
        outcome.notes.push(format!(
            "{left} object(s) under s3://{bucket}/{folder} belong to no table: they lie above the configured table level or were not sampled"
        ));
    }
    Ok(tables)
}

/// A sample that a table can be made of.
fn usable(sample: Sample) -> Result<Sample, String> {
    match &sample.classification {
        Classification::Unknown => Err("no classifier recognises its format".to_owned()),
        Classification::Csv(_) if sample.columns.len() < 2 => {
            Err("a delimited text needs at least two columns".to_owned())
        }
        _ if sample.columns.is_empty() => Err("it has no columns".to_owned()),
        _ => Ok(sample),
    }
}

/// Brings the catalog in line with the planned tables.
fn write(
    order: &CrawlOrder,
    planned: &[PlannedTable],
    roots: &[String],
    catalog: &dyn CatalogWriter,
    outcome: &mut CrawlOutcome,
) -> Result<()> {
    if !planned.is_empty() {
        catalog.ensure_database(&order.call, &order.database)?;
    }
    let existing = catalog.tables(&order.database);
    // Where each name's data lies, in the catalog or as this crawl plans it.
    let mut locations: BTreeMap<String, String> = existing
        .iter()
        .map(|table| {
            (
                table.name.clone(),
                reconcile::location(table).unwrap_or_default().to_owned(),
            )
        })
        .collect();
    let mut done: BTreeSet<&str> = BTreeSet::new();
    let mut names: BTreeSet<String> = BTreeSet::new();
    for table in planned {
        // Two include paths can lead to one folder.
        if !done.insert(&table.location) {
            continue;
        }
        let name = reconcile::resolve_name(table, &order.table_prefix, |name| {
            locations.get(name).map(String::as_str)
        });
        locations.insert(name.clone(), table.location.clone());
        names.insert(name.clone());
        write_table(order, table, &name, catalog, outcome)?;
    }
    if order.delete == DeleteBehavior::Log {
        return Ok(());
    }
    for table in existing {
        if names.contains(&table.name) || !reconcile::is_own(&table, &order.crawler, roots) {
            continue;
        }
        // What could not be read is not gone.
        let location = reconcile::location(&table).unwrap_or_default();
        if outcome
            .unread
            .iter()
            .any(|unread| unread.object.starts_with(location))
        {
            continue;
        }
        if order.delete == DeleteBehavior::Delete {
            catalog.delete_table(&order.call, &order.database, &table.name)?;
            outcome.tables_deleted.push(table.name);
        } else if let Some(input) = reconcile::deprecated(&table, &order.crawler) {
            catalog.update_table(&order.call, &order.database, input)?;
            outcome.tables_deleted.push(table.name);
        }
    }
    Ok(())
}

fn write_table(
    order: &CrawlOrder,
    planned: &PlannedTable,
    name: &str,
    catalog: &dyn CatalogWriter,
    outcome: &mut CrawlOutcome,
) -> Result<()> {
    let existing = catalog.table(&order.database, name);
    let partitions = match existing {
        Some(_) => catalog.partitions(&order.database, name, None)?,
        None => Vec::new(),
    };
    let change = match reconcile::table_change(
        order,
        name,
        planned,
        existing.as_ref(),
        !partitions.is_empty(),
    ) {
        Ok(change) => change,
        Err(note) => {
            outcome.notes.push(note);
            return Ok(());
        }
    };
    let definition = match (change, &existing) {
        (TableChange::Create(input), _) => {
            catalog.create_table(&order.call, &order.database, input.clone())?;
            outcome.tables_created.push(name.to_owned());
            input
        }
        (TableChange::Update(input), _) => {
            catalog.update_table(&order.call, &order.database, input.clone())?;
            outcome.tables_updated.push(name.to_owned());
            input
        }
        (TableChange::Keep, Some(table)) => table.clone().into(),
        (TableChange::Keep, None) => return Ok(()),
    };
    let unread: Vec<&str> = outcome
        .unread
        .iter()
        .map(|unread| unread.object.as_str())
        .collect();
    let mut changes = reconcile::partition_changes(order, planned, &definition, &partitions);
    // A partition whose objects could not be read is not gone.
    let still_there = |values: &[String]| {
        if unread.is_empty() {
            return false;
        }
        let partition = partitions
            .iter()
            .find(|p| p.values.as_deref() == Some(values));
        let location = partition
            .and_then(|p| p.storage_descriptor.as_ref()?.location.as_deref())
            .unwrap_or_default();
        unread.iter().any(|object| object.starts_with(location))
    };
    changes.delete.retain(|values| !still_there(values));
    let planned_values: BTreeSet<&[String]> = planned
        .partitions
        .iter()
        .map(|p| p.values.as_slice())
        .collect();
    changes.update.retain(|input| {
        let values = input.values.as_deref().unwrap_or_default();
        planned_values.contains(values) || !still_there(values)
    });
    outcome.partitions_updated += changes.update.len();
    outcome.partitions_added +=
        catalog.add_partitions(&order.call, &order.database, name, changes.add)?;
    catalog.update_partitions(&order.call, &order.database, name, changes.update)?;
    outcome.partitions_deleted +=
        catalog.delete_partitions(&order.call, &order.database, name, &changes.delete)?;
    Ok(())
}
