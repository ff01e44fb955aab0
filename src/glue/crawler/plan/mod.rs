//! From a listing with samples to tables: pure, and the same for the same objects in any order of
//! reading.
//!
//! A folder becomes one table, and the folders below it its partitions, when everything in it has
//! one format, one compression, one folder structure and similar schemas. Otherwise each of its
//! folders is looked at by itself, and each file directly in it becomes a table of its own.
//! "How does a crawler determine when to create partitions?", Glue guide.

use std::collections::BTreeMap;

use crate::glue::crawler::configuration::Configuration;
use crate::glue::crawler::sample::{Classification, Compression, CsvLayout, Sample};
use crate::glue::hive_type::{HiveType, merge_fields};
use crate::store::{ObjectInfo, S3Uri};

mod definition;
mod folders;
pub(crate) mod reconcile;
mod similarity;
#[cfg(test)]
mod tests;

/// An object of a crawl. Without a sample it only counts: `SampleSize` left it out.
#[derive(Clone, Debug)]
pub struct Found {
    /// The listed object.
    pub object: ObjectInfo,
    /// What it holds; never of unknown format.
    pub sample: Option<Sample>,
}

/// A table that the data calls for.
#[derive(Clone, Debug, PartialEq)]
pub struct PlannedTable {
    /// The name without prefix, before clashes are resolved.
    pub name: String,
    /// `s3://bucket/folder/`, or the object for a table of one file.
    pub location: String,
    /// Names of the partition keys, outermost folder first.
    pub keys: Vec<String>,
    /// What is in it.
    pub content: Content,
    /// Its leaf folders, when it has keys.
    pub partitions: Vec<PlannedPartition>,
}

/// A leaf folder of a planned table.
#[derive(Clone, Debug, PartialEq)]
pub struct PlannedPartition {
    /// One value a key.
    pub values: Vec<String>,
    /// `s3://bucket/folder/`.
    pub location: String,
    /// What is in it.
    pub content: Content,
}

/// Format, schema and size of a set of objects.
#[derive(Clone, Debug, PartialEq)]
pub struct Content {
    /// The format they share.
    pub classification: Classification,
    /// The compression they share.
    pub compression: Compression,
    /// The union of their columns.
    pub columns: Vec<(String, HiveType)>,
    /// The union of their JSON keys, sorted.
    pub paths: Vec<String>,
    /// Objects.
    pub objects: u64,
    /// Bytes as stored.
    pub bytes: u64,
    /// Records: exact for objects that were read whole, estimated by size for others.
    pub records: u64,
    /// Bytes of an average record.
    pub average_record_bytes: u64,
}

/// The tables of one target. `objects` are in the order of their keys and lie in `folder` (empty
/// for the whole bucket), or are the one object that `folder` names.
pub fn plan(
    bucket: &str,
    folder: &str,
    objects: &[Found],
    configuration: Configuration,
) -> Vec<PlannedTable> {
    let planner = Planner {
        bucket,
        configuration,
    };
    let members: Vec<&Found> = objects.iter().collect();
    match members.as_slice() {
        [only] if only.object.key == folder => planner.file_table(only).into_iter().collect(),
        _ => planner.tables(folder, &members),
    }
}

struct Planner<'a> {
    bucket: &'a str,
    configuration: Configuration,
}

impl Planner<'_> {
    fn tables(&self, folder: &str, members: &[&Found]) -> Vec<PlannedTable> {
        let level = 1 + folder.matches('/').count();
        let deep_enough = self
            .configuration
            .table_level
            .is_none_or(|wanted| level >= wanted);
        if deep_enough && let Some(table) = self.folder_table(folder, members) {
            return vec![table];
        }
        let (files, folders) = folders::split(folder, members);
        let mut tables: Vec<PlannedTable> = Vec::new();
        if deep_enough {
            tables.extend(files.iter().filter_map(|file| self.file_table(file)));
        }
        for (name, members) in &folders {
            tables.extend(self.tables(&format!("{folder}{name}/"), members));
        }
        tables
    }

    /// The folder as one table, when everything in it fits together.
    fn folder_table(&self, folder: &str, members: &[&Found]) -> Option<PlannedTable> {
        let layout = folders::layout(folder, members)?;
        let samples: Vec<&Sample> = members.iter().filter_map(|m| m.sample.as_ref()).collect();
        if !self.configuration.combine_compatible_schemas && !similarity::are_similar(&samples) {
            return None;
        }
        let mut content = content(members)?;
        let mut partitions = Vec::new();
        if !layout.keys.is_empty() {
            for (path, leaf) in layout.leaves {
                // A leaf of which nothing was sampled has no schema of its own.
                let own = self::content(&leaf.members).unwrap_or_else(|| Content {
                    columns: content.columns.clone(),
                    paths: content.paths.clone(),
                    ..sizes(&leaf.members, &content)
                });
                partitions.push(PlannedPartition {
                    values: leaf.values,
                    location: self.location(&format!("{folder}{path}")),
                    content: own.with_types_of(&content.columns),
                });
            }
        }
        // Hive knows a name either as a column or as a key; the folder decides.
        content
            .columns
            .retain(|(name, _)| !layout.keys.contains(name));
        for partition in &mut partitions {
            partition
                .content
                .columns
                .retain(|(name, _)| !layout.keys.contains(name));
        }
        Some(PlannedTable {
            name: definition::table_name(self.bucket, folder),
            location: self.location(folder),
            keys: layout.keys,
            content,
            partitions,
        })
    }

    fn file_table(&self, file: &Found) -> Option<PlannedTable> {
        Some(PlannedTable {
            name: definition::table_name(self.bucket, &file.object.key),
            location: self.location(&file.object.key),
            keys: Vec::new(),
            content: content(&[file])?,
            partitions: Vec::new(),
        })
    }

    fn location(&self, key: &str) -> String {
        S3Uri {
            bucket: self.bucket.to_owned(),
            key: key.to_owned(),
        }
        .to_string()
    }
}

impl Content {
    /// Columns that were only ever null here take the type that the whole table knows.
    fn with_types_of(mut self, table: &[(String, HiveType)]) -> Self {
        for (name, kind) in &mut self.columns {
            if *kind == HiveType::Void
                && let Some((_, known)) = table.iter().find(|(column, _)| column == name)
            {
                *kind = known.clone();
            }
        }
        self
    }
}

/// What the objects hold together; `None` when none was sampled or formats differ.
fn content(members: &[&Found]) -> Option<Content> {
    let mut samples = members.iter().filter_map(|member| member.sample.as_ref());
    let first = samples.next()?;
    let mut classification = first.classification.clone();
    let mut columns = first.columns.clone();
    let mut paths = first.paths.clone();
    for sample in samples {
        classification = one_format(&classification, &sample.classification)?;
        if sample.compression != first.compression {
            return None;
        }
        // Most objects of a table look the same: no need to build the same lists again.
        if columns != sample.columns {
            columns = merge_fields(&columns, &sample.columns);
        }
        if paths != sample.paths {
            paths.extend(sample.paths.iter().cloned());
            paths.sort();
            paths.dedup();
        }
    }
    let shape = Content {
        classification,
        compression: first.compression,
        columns,
        paths,
        objects: 0,
        bytes: 0,
        records: 0,
        average_record_bytes: 0,
    };
    Some(sizes(members, &shape))
}

/// The shape with the sizes of these objects.
fn sizes(members: &[&Found], shape: &Content) -> Content {
    let samples = || members.iter().filter_map(|m| m.sample.as_ref());
    let read_records: u64 = samples().map(|s| s.records).sum();
    let read_bytes: u64 = samples().map(|s| s.bytes).sum();
    let average = read_bytes
        .checked_div(read_records)
        .unwrap_or(shape.average_record_bytes);
    let records = members.iter().map(|member| match &member.sample {
        Some(sample) if sample.complete => sample.records,
        _ => member.object.size.checked_div(average).unwrap_or(0),
    });
    Content {
        objects: members.len() as u64,
        bytes: members.iter().map(|m| m.object.size).sum(),
        records: records.sum(),
        average_record_bytes: average,
        ..shape.clone()
    }
}

/// The format that reads both, if there is one.
fn one_format(a: &Classification, b: &Classification) -> Option<Classification> {
    match (a, b) {
        (Classification::Csv(a), Classification::Csv(b)) => (a.delimiter == b.delimiter
            && a.header == b.header)
            .then_some(Classification::Csv(CsvLayout {
                quoted: a.quoted || b.quoted,
                ..*a
            })),
        // Schemas of Avro files may differ; readers resolve them against the first.
        (Classification::Avro { .. }, Classification::Avro { .. }) => Some(a.clone()),
        _ => (a == b).then(|| a.clone()),
    }
}

/// Objects grouped by something, in a stable order.
type Groups<'a> = BTreeMap<String, Vec<&'a Found>>;
