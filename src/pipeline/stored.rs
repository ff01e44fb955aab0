//! What lies under a folder: objects, bytes, partitions.

use std::collections::BTreeSet;

use crate::pipeline::Clients;
use crate::pipeline::error::{Result, doing};

/// The objects under a folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stored {
    /// How many.
    pub objects: u64,
    /// Their size in bytes.
    pub bytes: u64,
    /// The folders they lie in, relative to the one looked under.
    pub partitions: BTreeSet<String>,
}

/// Lists a folder.
///
/// # Errors
/// When it cannot be listed.
pub async fn stored(clients: &Clients, bucket: &str, prefix: &str) -> Result<Stored> {
    let mut found = Stored::default();
    let mut pages = clients
        .s3
        .list_objects_v2()
        .bucket(bucket)
        .prefix(prefix)
        .into_paginator()
        .send();
    while let Some(page) = pages.next().await {
        let page = page.map_err(doing(format!("list s3://{bucket}/{prefix}")))?;
        for object in page.contents() {
            found.objects += 1;
            found.bytes += u64::try_from(object.size().unwrap_or_default()).unwrap_or_default();
            let key = object.key().unwrap_or_default();
            let inside = key.strip_prefix(prefix).unwrap_or(key);
            if let Some((folder, _)) = inside.rsplit_once('/') {
                found.partitions.insert(folder.to_owned());
            }
        }
    }
    Ok(found)
}
