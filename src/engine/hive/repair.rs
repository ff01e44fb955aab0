//! MSCK REPAIR TABLE: partitions that lie in S3 and not in the catalog.

use std::collections::BTreeMap;

use super::Run;
use super::alter::{folder, keys, not_partitioned};
use super::ast::TableName;
use super::create_table::check_location;
use super::error::Result;
use super::show::{partition_name, rows};
use crate::engine::query::QueryRows;
use crate::glue::hive_layout::unescape;

impl Run<'_> {
    /// Adds what lies in folders named `column=value`, one a partition column in order, and never
    /// drops. The lines follow Hive's, which Athena passes on; their exact form is not measured.
    pub(super) async fn repair(&self, name: &TableName) -> Result<QueryRows> {
        let table = self.hive_table(name)?;
        let database = self.database_of(name).to_owned();
        let keys = keys(&table);
        if keys.is_empty() {
            return Err(not_partitioned(&table));
        }
        let root = folder(&table);
        let at = check_location(&root)?;
        let mut found = BTreeMap::new();
        for object in self.objects.list(&at.bucket, &at.key).await? {
            let below = object.key.strip_prefix(&at.key).unwrap_or_default();
            if let Some((values, path)) = partition_of(&keys, below) {
                found
                    .entry(values)
                    .or_insert_with(|| format!("{root}{path}"));
            }
        }
        for partition in self.catalog.partitions(&database, &table.name, None)? {
            found.remove(&partition.values.unwrap_or_default());
        }
        if found.is_empty() {
            return Ok(QueryRows::default());
        }
        let names: Vec<String> = found
            .keys()
            .map(|values| format!("{}:{}", table.name, partition_name(&keys, values)))
            .collect();
        let inputs = found
            .into_iter()
            .map(|(values, location)| self.partition_input(&table, values, location))
            .collect();
        self.catalog
            .add_partitions(self.call, &database, &table.name, inputs)?;
        let mut lines = vec![format!(
            "Partitions not in metastore:\t{}",
            names.join("\t")
        )];
        lines.extend(
            names
                .iter()
                .map(|name| format!("Repair: Added partition to metastore {name}")),
        );
        let mut rows = rows(&[], lines);
        rows.columns.clear();
        Ok(rows)
    }
}

/// The values and the folder of the partition an object lies in; `below` is its key under the table.
fn partition_of(keys: &[&str], below: &str) -> Option<(Vec<String>, String)> {
    let parts: Vec<&str> = below.split('/').collect();
    let folders = parts.get(..keys.len())?;
    // At least the object's own name (empty for a marker of the folder) comes after the folders.
    parts.get(keys.len())?;
    let mut values = Vec::with_capacity(keys.len());
    for (key, part) in keys.iter().zip(folders) {
        let value = part.strip_prefix(key)?.strip_prefix('=')?;
        let value = unescape(value)?;
        if value.is_empty() {
            return None;
        }
        values.push(value);
    }
    Some((values, folders.join("/")))
}
