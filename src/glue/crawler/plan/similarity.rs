//! Whether schemas are close enough to be one table's.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::limits::glue::TABLE_SIMILARITY_THRESHOLD;
use crate::glue::crawler::sample::Sample;
use crate::glue::hive_type::HiveType;

type Schema<'a> = BTreeMap<&'a str, &'a HiveType>;

/// Whether all schemas hang together: from each to each other a chain leads in which neighbours are
/// more similar than the documented threshold. So the order of the files does not matter, and a
/// schema that grew over time stays one table.
pub(super) fn are_similar(samples: &[&Sample]) -> bool {
    let distinct: BTreeSet<Schema<'_>> = samples.iter().map(|sample| schema(sample)).collect();
    let mut apart: Vec<Schema<'_>> = distinct.into_iter().collect();
    let mut reached: Vec<Schema<'_>> = apart.pop().into_iter().collect();
    while let Some(from) = reached.pop() {
        let (near, far) = apart
            .into_iter()
            .partition(|other| similarity(&from, other) > TABLE_SIMILARITY_THRESHOLD);
        apart = far;
        reached.extend::<Vec<_>>(near);
    }
    apart.is_empty()
}

fn schema(sample: &Sample) -> Schema<'_> {
    sample
        .columns
        .iter()
        .map(|(name, kind)| (name.as_str(), kind))
        .collect()
}

/// The share of columns that both have, of compatible type, among those that either has. Two empty
/// schemas are the same.
fn similarity(a: &Schema<'_>, b: &Schema<'_>) -> f64 {
    let common = a
        .iter()
        .filter(|(name, kind)| b.get(*name).is_some_and(|other| kind.is_compatible(other)))
        .count();
    let names: BTreeSet<&str> = a.keys().chain(b.keys()).copied().collect();
    if names.is_empty() {
        return 1.0;
    }
    common as f64 / names.len() as f64
}
