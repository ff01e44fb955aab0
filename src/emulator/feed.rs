//! Records from Kinesis streams to delivery streams, and objects from delivery streams to S3.
//!
//! Firehose reads each shard once a second while there is something to read, and at most what a
//! shard's read capacity gives in a second.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;

use crate::base::Timestamp;
use crate::base::limits::kinesis::{GET_RECORDS_MAX_RECORDS, SHARD_READ_BYTES_PER_SEC};
use crate::emulator::site::Site;
use crate::firehose::{Delivery, SourceRecord};
use crate::kinesis::{ShardPosition, StartingAt};
use crate::s3::{self, S3};

/// Time between two reads of a shard.
const READ_INTERVAL: Duration = Duration::from_secs(1);

/// Where every delivery stream stands in its source.
#[derive(Debug, Default)]
pub(super) struct Feeds {
    by_delivery_stream: BTreeMap<String, Feed>,
    /// When the shards are read next; `None` while nothing has arrived.
    due: Option<Timestamp>,
}

#[derive(Debug)]
struct Feed {
    stream_arn: String,
    /// When the delivery stream was made: tells a new one from an old one of the same name.
    started: Timestamp,
    positions: Vec<ShardPosition>,
}

impl Feeds {
    pub fn next_due(&self) -> Option<Timestamp> {
        self.due
    }

    /// Records may have arrived: the shards are read within a second.
    pub fn arrived(&mut self, now: Timestamp) {
        if self.due.is_none() && !self.by_delivery_stream.is_empty() {
            self.due = Some(now + READ_INTERVAL);
        }
    }
}

/// Follows what changed among the delivery streams: a new one starts reading behind everything that
/// is in its stream now.
pub(super) fn follow(site: &Site, now: Timestamp) {
    let mut kinesis = site.kinesis();
    let links: Vec<_> = site.firehose().kinesis_sources().collect();
    let mut feeds = site.feeds();
    feeds.by_delivery_stream.retain(|name, feed| {
        links
            .iter()
            .any(|link| link.delivery_stream == *name && link.started == feed.started)
    });
    for link in links {
        if feeds.by_delivery_stream.contains_key(&link.delivery_stream) {
            continue;
        }
        match kinesis.shard_positions(now, &link.kinesis_stream_arn, StartingAt::Latest) {
            Ok(positions) => {
                let feed = Feed {
                    stream_arn: link.kinesis_stream_arn,
                    started: link.started,
                    positions,
                };
                feeds.by_delivery_stream.insert(link.delivery_stream, feed);
            }
            // Checked when the delivery stream was made; the stream may have been deleted since.
            Err(error) => {
                tracing::warn!(delivery_stream = %link.delivery_stream, %error, "no source")
            }
        }
    }
}

/// Reads what is due and writes the objects that are due.
pub(super) fn run(site: &Site, s3: &S3, now: Timestamp) {
    let mut kinesis = site.kinesis();
    let mut firehose = site.firehose();
    let mut feeds = site.feeds();
    if feeds.due.is_some_and(|due| due <= now) {
        let mut more = false;
        for (name, feed) in &mut feeds.by_delivery_stream {
            let mut next = Vec::new();
            let mut records = Vec::new();
            for position in &feed.positions {
                let read = kinesis.read_shard(
                    now,
                    &feed.stream_arn,
                    position,
                    GET_RECORDS_MAX_RECORDS,
                    SHARD_READ_BYTES_PER_SEC,
                );
                let read = match read {
                    Ok(read) => read,
                    Err(error) => {
                        tracing::warn!(delivery_stream = %name, %error, "source shard is gone");
                        continue;
                    }
                };
                more |= !read.behind.is_zero();
                next.extend(read.next);
                for child in &read.closed_children {
                    // Both parents of a merge name the same child.
                    let start = ShardPosition::trim_horizon(child.shard_id);
                    let known = next.iter().chain(&feed.positions);
                    if !known.into_iter().any(|at| at.shard_id == start.shard_id) {
                        next.push(start);
                        more = true;
                    }
                }
                records.extend(read.records.into_iter().map(|record| SourceRecord {
                    data: record.data,
                    arrival: record.arrival,
                    shard_id: position.shard_id.to_string(),
                    sequence_number: record.sequence_number.to_string(),
                    partition_key: record.partition_key.to_string(),
                }));
            }
            feed.positions = next;
            firehose.accept(now, name, records);
        }
        feeds.due = more.then(|| now + READ_INTERVAL);
    }
    drop((kinesis, feeds));
    for delivery in firehose.take_deliveries(now) {
        match write(s3, now, &delivery) {
            Ok(()) => firehose.delivered(now, &delivery),
            Err(error) => {
                let code = match &error {
                    s3::Error::NoSuchBucket(_) => "S3.NoSuchBucket",
                    _ => "S3.InternalError",
                };
                let message = error.to_string();
                firehose.delivery_failed(now, delivery, code, &message);
            }
        }
    }
}

fn write(s3: &S3, now: Timestamp, delivery: &Delivery) -> Result<(), s3::Error> {
    let mut headers =
        BTreeMap::from([("content-type".to_owned(), delivery.content_type.to_owned())]);
    if let Some(encoding) = &delivery.content_encoding {
        headers.insert("content-encoding".to_owned(), encoding.to_string());
    }
    let body: Bytes = delivery.body.clone();
    s3.put(now, &delivery.bucket, &delivery.key, body, headers)
        .map(drop)
}
