//! Any order of puts, clock jumps, deliveries, failures, updates and deletions, compared with a
//! reference model that keeps plain lists.

use proptest::prelude::*;

use super::*;
use crate::firehose::buffer::{Hints, Lane};

#[derive(Clone, Debug)]
enum Step {
    /// Put records of these lengths in one call.
    Put(Vec<usize>),
    Wait(u64),
    Take,
    /// Report the nth delivery under way as written or failed.
    Finish {
        nth: usize,
        written: bool,
    },
    Update {
        bytes: usize,
        interval: u64,
    },
    Recreate,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => prop::collection::vec(0usize..60, 1..6).prop_map(Step::Put),
        3 => (0u64..100).prop_map(Step::Wait),
        1 => (0u64..100_000).prop_map(Step::Wait),
        4 => Just(Step::Take),
        4 => (0usize..8, prop::bool::weighted(0.6))
            .prop_map(|(nth, written)| Step::Finish { nth, written }),
        1 => (1usize..200, prop_oneof![Just(0u64), 1u64..200])
            .prop_map(|(bytes, interval)| Step::Update { bytes, interval }),
        1 => Just(Step::Recreate),
    ]
}

/// A group of records on their way, in the model.
#[derive(Clone, Debug, Default)]
struct Group {
    /// When each record was put, and its bytes.
    records: Vec<(Timestamp, Vec<u8>)>,
    first_attempt: Option<Timestamp>,
    failures: u32,
    not_before: Timestamp,
}

impl Group {
    fn bytes(&self) -> usize {
        self.records.iter().map(|(_, data)| data.len()).sum()
    }

    fn body(&self) -> Vec<u8> {
        self.records
            .iter()
            .flat_map(|(_, data)| data.clone())
            .collect()
    }
}

#[derive(Debug)]
struct Model {
    bytes: usize,
    interval: u64,
    open: Group,
    waiting: Vec<Group>,
    under_way: Vec<(Delivery, Group)>,
    delivered: u64,
    dropped: u64,
    accepted: u64,
}

impl Model {
    fn new(bytes: usize, interval: u64) -> Self {
        Self {
            bytes,
            interval,
            open: Group::default(),
            waiting: Vec::new(),
            under_way: Vec::new(),
            delivered: 0,
            dropped: 0,
            accepted: 0,
        }
    }

    fn is_over(&self, now: Timestamp) -> bool {
        self.open.records.first().is_some_and(|(first, _)| {
            self.open.bytes() >= self.bytes || *first + secs(self.interval) <= now
        })
    }

    fn close(&mut self) {
        self.waiting.push(std::mem::take(&mut self.open));
    }

    fn put(&mut self, now: Timestamp, data: Vec<u8>) {
        // Records of one instant stay together.
        if self.is_over(now) && self.open.records[0].0 < now {
            self.close();
        }
        self.open.records.push((now, data));
        self.accepted += 1;
        if self.open.bytes() >= self.bytes {
            self.close();
        }
    }

    fn take(&mut self, now: Timestamp) -> Vec<Group> {
        if self.is_over(now) {
            self.close();
        }
        let (due, later) = std::mem::take(&mut self.waiting)
            .into_iter()
            .partition(|group| group.not_before <= now);
        self.waiting = later;
        due
    }

    fn in_flight(&self) -> u64 {
        let under_way = self.under_way.iter().map(|(_, group)| group);
        let groups = self.waiting.iter().chain(under_way).chain([&self.open]);
        groups.map(|group| group.records.len() as u64).sum()
    }
}

/// Sets hints below the megabyte that the API allows, so that small records fill buffers.
fn set_hints(firehose: &mut Firehose, bytes: usize, interval: u64) {
    let stream = firehose.streams.get_mut("turbine").unwrap();
    stream.destination.hints = Hints {
        bytes,
        interval: secs(interval),
    };
}

fn run(steps: Vec<Step>) -> std::result::Result<(), TestCaseError> {
    let mut firehose = firehose();
    create_turbine(&mut firehose, &json!({})).unwrap();
    set_hints(&mut firehose, 100, 60);
    let mut model = Model::new(100, 60);
    let (mut now, mut version, mut serial) = (start(), 1, 0u64);
    for step in steps {
        match step {
            Step::Put(lengths) => {
                let records: Vec<Vec<u8>> = lengths
                    .iter()
                    .map(|length| {
                        serial += 1;
                        let mut data = format!("{serial};").into_bytes();
                        data.resize(data.len() + length, b'.');
                        data
                    })
                    .collect();
                put_batch(&mut firehose, now, &records).unwrap();
                records.into_iter().for_each(|data| model.put(now, data));
            }
            Step::Wait(time) => now = now + secs(time),
            Step::Take => {
                let mut expected = model.take(now);
                for delivery in firehose.take_deliveries(now) {
                    let at = expected
                        .iter()
                        .position(|group| group.body() == delivery.body);
                    prop_assert!(at.is_some(), "unexpected {delivery:?}");
                    let mut group = expected.swap_remove(at.unwrap());
                    prop_assert_eq!(delivery.records, group.records.len() as u64);
                    let oldest = group.records[0].0;
                    let folder = format!("{}/turbine-", oldest.hour_folder());
                    prop_assert!(delivery.key.starts_with(&folder), "{}", delivery.key);
                    group.first_attempt.get_or_insert(now);
                    model.under_way.push((delivery, group));
                }
                prop_assert!(expected.is_empty(), "not delivered: {expected:?}");
            }
            Step::Finish { nth, written } if nth < model.under_way.len() => {
                let (delivery, mut group) = model.under_way.swap_remove(nth);
                if written {
                    firehose.delivered(now, &delivery);
                    model.delivered += delivery.records;
                    continue;
                }
                let records = delivery.records;
                firehose.delivery_failed(now, delivery, "S3.AccessDenied", "no");
                let end = group.first_attempt.unwrap() + secs(24 * 3600);
                if now >= end {
                    model.dropped += records;
                } else {
                    let wait = (5 * 2u64.pow(group.failures.min(10))).min(300);
                    group.not_before = (now + secs(wait)).min(end);
                    group.failures += 1;
                    model.waiting.push(group);
                }
            }
            Step::Finish { .. } => {}
            Step::Update { bytes, interval } => {
                update(&mut firehose, now, version, json!({"Prefix": ""})).unwrap();
                version += 1;
                set_hints(&mut firehose, bytes, interval);
                (model.bytes, model.interval) = (bytes, interval);
            }
            Step::Recreate => {
                delete(&mut firehose, now).unwrap();
                firehose.take_deliveries(now);
                create_turbine(&mut firehose, &json!({})).unwrap();
                firehose.take_deliveries(now);
                set_hints(&mut firehose, 100, 60);
                (model, version) = (Model::new(100, 60), 1);
            }
        }
        let counts = firehose.counts("turbine").unwrap();
        prop_assert_eq!(
            counts.accepted,
            counts.delivered + counts.rejected + counts.dropped + counts.in_flight
        );
        prop_assert_eq!(
            (
                counts.accepted,
                counts.delivered,
                counts.dropped,
                counts.in_flight
            ),
            (
                model.accepted,
                model.delivered,
                model.dropped,
                model.in_flight()
            )
        );
        let idle = model.in_flight() == 0;
        prop_assert!(!idle || firehose.next_due().is_none_or(|due| due <= now));
    }
    Ok(())
}

proptest! {
    #[test]
    fn the_books_balance_and_groups_match_the_model(steps in prop::collection::vec(step(), 1..80)) {
        run(steps)?;
    }

    #[test]
    fn no_buffer_exceeds_size_or_time_by_more_than_a_record(
        puts in prop::collection::vec((0u64..40, 1usize..60), 1..100),
        bytes in 1usize..200,
        interval in 0u64..100,
    ) {
        let mut firehose = firehose();
        create_turbine(&mut firehose, &json!({})).unwrap();
        set_hints(&mut firehose, bytes, interval);
        let mut now = start();
        let mut put_at = Vec::new();
        for (wait, length) in puts {
            now = now + secs(wait);
            put(&mut firehose, now, &vec![b'x'; length]).unwrap();
            put_at.push((now, length));
        }
        let mut rest = put_at.into_iter();
        let mut deliveries = firehose.take_deliveries(now + secs(interval));
        deliveries.sort_by_key(|delivery| delivery.id);
        for delivery in deliveries {
            let records: Vec<_> = rest.by_ref().take(delivery.records as usize).collect();
            let (first, last) = (records[0], *records.last().unwrap());
            prop_assert!(delivery.body.len() < bytes + last.1);
            prop_assert!(last.0 <= first.0 + secs(interval));
        }
        prop_assert!(rest.next().is_none(), "all records come out, in their order");
    }

    #[test]
    fn default_folders_are_utc_and_never_go_back(a in 0i64..4_000_000_000, b in 0i64..4_000_000_000) {
        let layout = crate::firehose::prefix::Layout::new(crate::firehose::prefix::LayoutSettings {
            prefix: None,
            error_output_prefix: None,
            time_zone: None,
            extension: "",
        })
        .unwrap();
        let ids = Ids::seeded(Seed::new(1));
        let lane = Lane::Data(std::collections::BTreeMap::new());
        let folder = |secs: i64| {
            let key = layout.key(&lane, "s", 1, Timestamp::from_secs(secs), &ids).key;
            key.rsplit_once('/').unwrap().0.to_owned()
        };
        let (early, late) = (a.min(b), a.max(b));
        prop_assert!(folder(early) <= folder(late));
        prop_assert_eq!(folder(early), Timestamp::from_secs(early).hour_folder());
    }
}
