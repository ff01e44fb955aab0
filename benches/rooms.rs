//! How fast the rooms are, each alone and all together: `just bench`.
//!
//! Every line is the best of five runs, so that a busy machine spoils few of them. Nothing here is a
//! test: no figure makes it fail.

// A benchmark may stop at the first thing that goes wrong.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod door;

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};
use windfarm::base::clock::Stopwatch;
use windfarm::base::{AccountId, Blob, Call, Clock, Ids, Region, Seed, Timestamp};
use windfarm::emulator::{Emulator, Settings};
use windfarm::engine::convert::{Codec, Conversion, Input, Output};
use windfarm::engine::trino::parse_statement;
use windfarm::glue::api::{Column, StorageDescriptor, Table};
use windfarm::kinesis::api::{CreateStreamRequest, PutRecordsRequest, PutRecordsRequestEntry};
use windfarm::kinesis::{Kinesis, Limits};
use windfarm::pipeline::plan::Production;
use windfarm::pipeline::produce::{Pace, apps};
use windfarm::pipeline::progress::Silent;
use windfarm::pipeline::{self, Plan};
use windfarm::reading::{KeyChoice, json_stream};
use windfarm::target::Target;
use windfarm::wire::Service;
use windfarm::wire::model::{Facts, validate};

const RUNS: usize = 5;

/// Prints how many `units` a second `work` does.
fn measure(name: &str, units: &str, count: u64, mut work: impl FnMut()) {
    let best = (0..RUNS)
        .map(|_| {
            let watch = Stopwatch::start();
            work();
            watch.elapsed()
        })
        .min()
        .unwrap_or_default();
    let rate = count as f64 / best.as_secs_f64().max(1e-9);
    println!("{name:<44} {rate:>14.0} {units}/s   ({count} in {best:.2?})");
}

fn production(turbines: u32) -> Production {
    Production {
        seed: Seed::new(1),
        start: Timestamp::parse("2025-04-29T03:00:00Z").unwrap(),
        duration: Duration::from_secs(86_400),
        interval: Duration::from_secs(60),
        turbines,
        zone: windfarm::base::time::parse_offset("-03:00").unwrap(),
        dirt: 0.002,
        key: KeyChoice::Course,
    }
}

/// A day of readings, rendered.
fn day(turbines: u32) -> Vec<Vec<u8>> {
    let mut records = Vec::new();
    for mut app in apps(&production(turbines)).unwrap() {
        for _ in 0..1_440 {
            let due = app.next_due();
            records.extend(
                app.tick(due)
                    .into_iter()
                    .map(|record| record.payload.to_vec()),
            );
        }
    }
    records
}

fn generators() {
    measure(
        "generators: course records",
        "records",
        8 * 3 * 1_440,
        || {
            black_box(day(8));
        },
    );
    let object: Vec<u8> = day(8).concat();
    measure(
        "reader: concatenated JSON",
        "bytes",
        object.len() as u64,
        || {
            assert!(json_stream::read(black_box(&object)).rejected.is_empty());
        },
    );
}

/// What a delivery stream with record format conversion does to a buffer.
fn conversion() {
    let columns = [
        ("turbine", "string"),
        ("at", "timestamp"),
        ("wind_mps", "double"),
        ("rotor_rpm", "double"),
        ("power_kw", "double"),
        ("yaw_deg", "double"),
        ("state", "string"),
        ("alarms", "array<int>"),
    ];
    let columns = columns.map(|(name, of)| Column {
        name: name.to_owned(),
        r#type: Some(of.to_owned()),
        ..Column::default()
    });
    let table = Table {
        name: "scada".to_owned(),
        storage_descriptor: Some(StorageDescriptor {
            columns: Some(columns.to_vec()),
            ..StorageDescriptor::default()
        }),
        ..Table::default()
    };
    let input = Input::OpenX {
        case_insensitive: true,
        dots_to_underscores: false,
        mappings: Default::default(),
    };
    let output = Output {
        codec: Codec::Snappy,
        block_bytes: 256 * 1024 * 1024,
        page_bytes: 1024 * 1024,
        dictionary: false,
        version_2: false,
    };
    let conversion = Conversion::new(&table, &input, output).unwrap();
    let records: Vec<Bytes> = (0..200_000)
        .map(|n| {
            let wind = 3.0 + f64::from(n % 211) / 10.0;
            let record = json!({
                "turbine": format!("WT{:02}", n % 40),
                "at": format!("2025-04-30 {:02}:{:02}:00", n / 60 % 24, n % 60),
                "wind_mps": wind,
                "rotor_rpm": wind * 1.37,
                "power_kw": wind * wind * 17.3,
                "yaw_deg": f64::from(n * 7 % 3_600) / 10.0,
                "state": "producing",
                "alarms": if n % 50 == 0 { vec![n % 9] } else { Vec::new() },
            });
            Bytes::from(record.to_string())
        })
        .collect();
    let bytes = records.iter().map(|record| record.len() as u64).sum();
    measure("firehose: JSON to Parquet", "bytes", bytes, || {
        let outcome = conversion.run(black_box(&records)).unwrap();
        assert!(outcome.refused.is_empty());
    });
}

fn kinesis() {
    let now = Timestamp::from_secs(1_750_000_000);
    let records: Vec<PutRecordsRequestEntry> = (0..500)
        .map(|n| PutRecordsRequestEntry {
            data: Blob::from(vec![b'x'; 120]),
            partition_key: Some(n.to_string()),
            explicit_hash_key: None,
        })
        .collect();
    measure(
        "kinesis core: PutRecords of 500",
        "records",
        100_000,
        || {
            let ids = Arc::new(Ids::seeded(Seed::new(1)));
            let mut core = Kinesis::new(AccountId::default(), Region::default(), ids, Limits::Off);
            let create = CreateStreamRequest {
                stream_name: "bench".to_owned(),
                shard_count: Some(4),
                ..CreateStreamRequest::default()
            };
            core.create_stream(&Call::root(now), create).unwrap();
            let call = Call::root(now + Duration::from_secs(60));
            for _ in 0..200 {
                let request = PutRecordsRequest {
                    stream_name: Some("bench".to_owned()),
                    records: records.clone(),
                    ..PutRecordsRequest::default()
                };
                black_box(core.put_records(&call, request).unwrap());
            }
        },
    );
}

fn validation() {
    let entries: Vec<Value> = (0..500)
        .map(|n| json!({"Data": "eyJhIjoxfQ==", "PartitionKey": n.to_string()}))
        .collect();
    let request = json!({"StreamName": "bench", "Records": entries});
    let facts = Facts::of(Service::Kinesis);
    let operation = facts.operation("PutRecords").unwrap();
    measure(
        "wire: validation of PutRecords of 500",
        "records",
        100 * 500,
        || {
            for _ in 0..100 {
                validate::check(facts, operation, &mut request.clone()).unwrap();
            }
        },
    );
}

fn parser() {
    let sql = "with t as (select sensor, value, row_number() over (partition by sensor order by value desc) \
               as place from curated where event_date between '2025-04-29' and '2025-05-01') \
               select sensor, avg(value) from t where place <= 10 group by 1 having count(*) > 3 order by 2 limit 5";
    measure("trino: statements parsed", "statements", 2_000, || {
        for _ in 0..2_000 {
            black_box(parse_statement(black_box(sql)).unwrap());
        }
    });
}

fn whole_pipeline(runtime: &tokio::runtime::Runtime) {
    let production = production(8);
    measure(
        "pipeline: generators to checked answers",
        "readings",
        8 * 3 * 1_440,
        || {
            runtime.block_on(async {
                let emulator = Emulator::start(Settings {
                    clock: Clock::starting_at(production.start - Duration::from_secs(1_800)),
                    seed: Seed::new(1),
                    ..Settings::default()
                });
                let clients = Target::Local(emulator).clients().await;
                let mut plan = Plan::new("lake");
                plan.buffer_seconds = 300;
                let report = pipeline::run(
                    &clients,
                    &plan,
                    &production,
                    &Pace::Target,
                    Arc::new(Silent),
                )
                .await
                .unwrap();
                assert!(report.verdict.holds());
            });
        },
    );
}

fn main() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    generators();
    conversion();
    kinesis();
    validation();
    door::validation_against_parsing();
    door::small_requests();
    parser();
    whole_pipeline(&runtime);
}
