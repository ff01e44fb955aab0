//! What Firehose delivered: the raw objects, read and counted.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::pipeline::error::{Error, Result, doing};
use crate::pipeline::patience::Patience;
use crate::pipeline::{Clients, Plan, Progress, Step};
use crate::reading::json_stream;

/// Patience beyond two buffer intervals.
const GRACE: Duration = Duration::from_secs(180);

/// One raw object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RawObject {
    /// JSON records in it.
    pub records: u64,
    /// Stretches of bytes that are no JSON.
    pub rejects: u64,
    /// Its size.
    pub bytes: u64,
}

/// The raw objects by key.
#[derive(Clone, Debug, Default)]
pub struct Delivered {
    /// Key → what is in it.
    pub objects: BTreeMap<String, RawObject>,
}

impl Delivered {
    /// Records in all objects.
    pub fn records(&self) -> u64 {
        self.objects.values().map(|object| object.records).sum()
    }

    /// Unreadable stretches in all objects.
    pub fn rejects(&self) -> u64 {
        self.objects.values().map(|object| object.rejects).sum()
    }

    /// Bytes of all objects.
    pub fn bytes(&self) -> u64 {
        self.objects.values().map(|object| object.bytes).sum()
    }

    /// The `yyyy/MM/dd/HH` folders with objects in them.
    pub fn hours(&self) -> Vec<String> {
        let mut hours: Vec<String> = self
            .objects
            .keys()
            .filter_map(|key| key.rsplit_once('/').map(|(folder, _)| folder.to_owned()))
            .collect();
        hours.dedup();
        hours
    }
}

/// Waits until at least `expected` records lie under the raw prefix.
///
/// # Errors
/// [`Error::TimedOut`] after two buffer intervals and a grace period, saying how many are missing.
pub async fn deliver(
    clients: &Clients,
    plan: &Plan,
    expected: u64,
    progress: &dyn Progress,
) -> Result<Delivered> {
    progress.begin(Step::Deliver, expected);
    let buffered = Duration::from_secs(u64::try_from(plan.buffer_seconds).unwrap_or(0) * 2);
    let mut patience = Patience::new(&clients.clock, buffered + GRACE);
    let mut found = Delivered::default();
    loop {
        read_new(clients, plan, &mut found).await?;
        let records = found.records();
        progress.advance(
            Step::Deliver,
            records,
            &format!("{} objects", found.objects.len()),
        );
        if records >= expected {
            progress.end(Step::Deliver, &format!("{} objects", found.objects.len()));
            return Ok(found);
        }
        let what = format!(
            "s3://{}/{} with {records} of {expected} records",
            plan.bucket, plan.raw_prefix
        );
        patience.wait(&what, "complete").await?;
    }
}

/// Reads the objects that were not there at the last look. Firehose never rewrites one.
async fn read_new(clients: &Clients, plan: &Plan, found: &mut Delivered) -> Result<()> {
    let mut pages = clients
        .s3
        .list_objects_v2()
        .bucket(&plan.bucket)
        .prefix(&plan.raw_prefix)
        .into_paginator()
        .send();
    while let Some(page) = pages.next().await {
        let page = page.map_err(doing(format!("list s3://{}", plan.bucket)))?;
        for key in page.contents().iter().filter_map(|object| object.key()) {
            if found.objects.contains_key(key) {
                continue;
            }
            let object = clients
                .s3
                .get_object()
                .bucket(&plan.bucket)
                .key(key)
                .send()
                .await
                .map_err(doing(format!("read s3://{}/{key}", plan.bucket)))?;
            let body = object
                .body
                .collect()
                .await
                .map_err(|error| Error::Reply(format!("s3://{}/{key}: {error}", plan.bucket)))?
                .into_bytes();
            let content = json_stream::read(&body);
            found.objects.insert(
                key.to_owned(),
                RawObject {
                    records: content.rows.len() as u64,
                    rejects: content.rejected.len() as u64,
                    bytes: body.len() as u64,
                },
            );
        }
    }
    Ok(())
}
