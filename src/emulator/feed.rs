//! Records from Kinesis streams to delivery streams, and objects from delivery streams to S3.
//!
//! Firehose reads each shard once a second while there is something to read, and at most what a
//! shard's read capacity gives in a second.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bytes::Bytes;

use crate::base::Timestamp;
use crate::base::limits::kinesis::{GET_RECORDS_MAX_RECORDS, SHARD_READ_BYTES_PER_SEC};
use crate::emulator::gate::Gate;
use crate::emulator::gate::hands::{FIREHOSE, need};
use crate::emulator::site::Site;
use crate::firehose::{Delivery, SourceRecord};
use crate::iam::need::Need;
use crate::kinesis::{ShardPosition, StartingAt};
use crate::s3::{self, S3};

/// Time between two reads of a shard.
const READ_INTERVAL: Duration = Duration::from_secs(1);

/// Time until a stream is tried again that the role may not read.
const LOCKED_OUT_INTERVAL: Duration = Duration::from_secs(60);

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
    /// The role that reads it.
    role_arn: String,
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
                    role_arn: link.role_arn,
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
pub(super) fn run(site: &Site, s3: &S3, gate: &Gate, now: Timestamp) {
    // Asked before anything is locked: whoever judges looks into the services too.
    let locked_out = match gate.looks() {
        true => locked_out(site, gate, now),
        false => BTreeSet::new(),
    };
    let mut kinesis = site.kinesis();
    let mut firehose = site.firehose();
    let mut feeds = site.feeds();
    if feeds.due.is_some_and(|due| due <= now) {
        let mut more = false;
        for (name, feed) in &mut feeds.by_delivery_stream {
            if locked_out.contains(name) {
                continue;
            }
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
        // A role may be given its rights later: what lies in the stream waits.
        let interval = match (more, locked_out.is_empty()) {
            (true, _) => Some(READ_INTERVAL),
            (false, false) => Some(LOCKED_OUT_INTERVAL),
            (false, true) => None,
        };
        feeds.due = interval.map(|interval| now + interval);
    }
    drop((kinesis, feeds));
    for delivery in firehose.take_deliveries(now) {
        let object = format!("arn:aws:s3:::{}/{}", delivery.bucket, delivery.key);
        // The prefix may be made of times and of data: the bucket is what the role is given.
        let needs = vec![Need {
            within: Some(format!("arn:aws:s3:::{}/", delivery.bucket)),
            ..need("s3:PutObject", object)
        }];
        let may = gate.permit_role(&delivery.role_arn, FIREHOSE, &site.region, needs);
        if let Err(message) = may {
            firehose.delivery_failed(now, delivery, "S3.AccessDenied", &message);
            continue;
        }
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

/// The delivery streams whose roles may not read their sources.
fn locked_out(site: &Site, gate: &Gate, now: Timestamp) -> BTreeSet<String> {
    let due: Vec<(String, String, String)> = {
        let feeds = site.feeds();
        if feeds.due.is_none_or(|due| due > now) {
            return BTreeSet::new();
        }
        let feeds = feeds.by_delivery_stream.iter();
        feeds
            .map(|(name, feed)| (name.clone(), feed.role_arn.clone(), feed.stream_arn.clone()))
            .collect()
    };
    let may_not = |(name, role, stream): (String, String, String)| {
        // "Grant Firehose access to a Kinesis data stream", Firehose guide.
        let needs = [
            "kinesis:DescribeStream",
            "kinesis:GetShardIterator",
            "kinesis:GetRecords",
            "kinesis:ListShards",
        ]
        .map(|action| need(action, stream.clone()));
        let refused = gate
            .permit_role(&role, FIREHOSE, &site.region, needs.into())
            .err()?;
        tracing::warn!(delivery_stream = %name, %refused, "the source is not read");
        Some(name)
    };
    due.into_iter().filter_map(may_not).collect()
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
