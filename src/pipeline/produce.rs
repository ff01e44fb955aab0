//! The generator apps: each measures by its clock and puts records into the stream.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use aws_sdk_kinesis::primitives::Blob;
use aws_sdk_kinesis::types::PutRecordsRequestEntry;

use crate::base::Clock;
use crate::base::clock::Participant;
use crate::base::limits::kinesis::PUT_RECORDS_MAX_ENTRIES;
use crate::pipeline::error::{Error, Result, doing};
use crate::pipeline::plan::Production;
use crate::pipeline::{Clients, Progress, Step};
use crate::reading::{Generator, Outgoing};
use crate::turbine::{AppSettings, FarmSettings, Sensor, Truth, Weibull};

/// First pause before throttled records are sent again; doubles up to [`MAX_BACKOFF`].
const FIRST_BACKOFF: Duration = Duration::from_millis(200);
/// Longest pause between two tries.
const MAX_BACKOFF: Duration = Duration::from_secs(5);
/// How often the same records are tried before the producer gives up.
const MAX_TRIES: u32 = 50;

/// What an app did.
#[derive(Clone, Debug, Default)]
pub struct Sent {
    /// Records the stream acknowledged.
    pub records: u64,
    /// Their bytes, without partition keys.
    pub bytes: u64,
    /// PutRecords calls, repeats included.
    pub calls: u64,
    /// Entries that were refused and sent again.
    pub retried: u64,
    /// What was measured, for comparison with what comes out.
    pub truth: Truth,
}

impl Sent {
    /// Adds what another app did.
    pub fn merge(&mut self, other: &Self) {
        self.records += other.records;
        self.bytes += other.bytes;
        self.calls += other.calls;
        self.retried += other.retried;
        self.truth.merge(&other.truth);
    }
}

/// By which clock the apps measure and send.
#[derive(Clone, Debug)]
pub enum Pace {
    /// The target's own: ticks come when they are due there.
    Target,
    /// A simulated one of the apps' own: time stamps are simulated, nobody waits for them, and the
    /// records arrive when they arrive.
    Simulated,
}

/// The three generator apps of the original project.
///
/// # Errors
/// Settings that no app can run with.
pub fn apps(production: &Production) -> Result<Vec<Generator>> {
    Sensor::ALL
        .into_iter()
        .map(|sensor| {
            let settings = AppSettings {
                sensor,
                turbines: production.turbines,
                start: production.start,
                interval: production.interval,
                zone: production.zone.clone(),
                dirt: production.dirt,
            };
            Generator::course(production.seed, settings, production.key)
                .map_err(|error| Error::Settings(error.to_string()))
        })
        .collect()
}

/// One app that sends a typed SCADA record a turbine and tick.
///
/// # Errors
/// Settings that no app can run with.
pub fn scada(production: &Production, wind: Weibull) -> Result<Vec<Generator>> {
    let settings = FarmSettings {
        turbines: production.turbines,
        start: production.start,
        interval: production.interval,
        wind,
    };
    Generator::scada(production.seed, settings, production.key)
        .map(|farm| vec![farm])
        .map_err(|error| Error::Settings(error.to_string()))
}

/// Runs generator apps side by side until the production's end.
///
/// On a virtual clock they take turns in an order that depends on the settings alone, so the same
/// seed sends the same bytes in the same order.
///
/// # Errors
/// The first app's failure. Whatever was acknowledged stays in the stream.
pub async fn produce(
    clients: &Clients,
    stream: &str,
    generators: Vec<Generator>,
    production: &Production,
    pace: &Pace,
    progress: Arc<dyn Progress>,
) -> Result<Sent> {
    let clock = match pace {
        Pace::Target => clients.clock.clone(),
        Pace::Simulated => Clock::starting_at(production.start),
    };
    let ticks = ticks(production.duration, production.interval);
    let expected = ticks * u64::from(production.turbines) * generators.len() as u64;
    progress.begin(Step::Produce, expected);
    let done = Arc::new(AtomicU64::new(0));
    // Every app joins the clock before the first one runs: none may move it while others start.
    let apps: Vec<_> = generators
        .into_iter()
        .map(|app| (app, clock.join()))
        .collect();
    let tasks: Vec<_> = apps
        .into_iter()
        .map(|(app, me)| {
            let producer = Producer {
                kinesis: clients.kinesis.clone(),
                stream: stream.to_owned(),
                me,
                waits_really: matches!(pace, Pace::Simulated),
                sent: Sent::default(),
            };
            tokio::spawn(producer.run(app, ticks, done.clone(), progress.clone()))
        })
        .collect();
    let mut total = Sent::default();
    for task in tasks {
        let sent = task
            .await
            .map_err(|error| Error::Reply(format!("a generator app stopped: {error}")))??;
        total.merge(&sent);
    }
    progress.end(Step::Produce, &format!("{} records", total.records));
    Ok(total)
}

/// Sends records that exist already, as fast as the stream takes them.
///
/// # Errors
/// The stream's refusal. Whatever was acknowledged stays in the stream.
pub async fn send(
    clients: &Clients,
    stream: &str,
    records: &[Outgoing],
    progress: &dyn Progress,
) -> Result<Sent> {
    progress.begin(Step::Produce, records.len() as u64);
    let mut producer = Producer {
        kinesis: clients.kinesis.clone(),
        stream: stream.to_owned(),
        me: clients.clock.join(),
        waits_really: false,
        sent: Sent::default(),
    };
    for entries in records.chunks(PUT_RECORDS_MAX_ENTRIES) {
        producer.put(entries).await?;
        progress.advance(Step::Produce, producer.sent.records, "replay");
    }
    progress.end(Step::Produce, &format!("{} records", producer.sent.records));
    Ok(producer.sent)
}

/// How many ticks fit into a duration, the first one at its start.
fn ticks(duration: Duration, interval: Duration) -> u64 {
    let (duration, interval) = (duration.as_micros(), interval.as_micros().max(1));
    u64::try_from(duration.div_ceil(interval)).unwrap_or(u64::MAX)
}

struct Producer {
    kinesis: aws_sdk_kinesis::Client,
    stream: String,
    me: Participant,
    /// Whether a throttled stream recovers by the machine's clock rather than by the apps'.
    waits_really: bool,
    sent: Sent,
}

impl Producer {
    async fn run(
        mut self,
        mut app: Generator,
        ticks: u64,
        done: Arc<AtomicU64>,
        progress: Arc<dyn Progress>,
    ) -> Result<Sent> {
        for _ in 0..ticks {
            self.me.sleep_until(app.next_due()).await;
            let batch = app.tick(self.me.now());
            for entries in batch.chunks(PUT_RECORDS_MAX_ENTRIES) {
                self.put(entries).await?;
            }
            let count = batch.len() as u64;
            let total = done.fetch_add(count, Ordering::Relaxed) + count;
            progress.advance(Step::Produce, total, app.name());
        }
        self.sent.truth = app.truth().clone();
        Ok(self.sent)
    }

    /// Puts records until every one is acknowledged: throttled entries are sent again after a pause.
    async fn put(&mut self, records: &[Outgoing]) -> Result<()> {
        let mut waiting: Vec<&Outgoing> = records.iter().collect();
        let mut backoff = FIRST_BACKOFF;
        for _ in 0..MAX_TRIES {
            let entries = waiting
                .iter()
                .map(|record| {
                    PutRecordsRequestEntry::builder()
                        .data(Blob::new(record.payload.clone()))
                        .partition_key(&record.partition_key)
                        .build()
                        .map_err(|error| Error::Settings(error.to_string()))
                })
                .collect::<Result<Vec<_>>>()?;
            self.sent.calls += 1;
            let reply = self
                .kinesis
                .put_records()
                .stream_name(&self.stream)
                .set_records(Some(entries))
                .send()
                .await
                .map_err(doing(format!(
                    "put records into the stream {}",
                    self.stream
                )));
            match reply {
                Ok(reply) => {
                    if reply.records().len() != waiting.len() {
                        return Err(Error::Reply(
                            "PutRecords answered for another number of records".to_owned(),
                        ));
                    }
                    let mut refused = Vec::new();
                    for (record, result) in waiting.iter().zip(reply.records()) {
                        if result.error_code().is_some() {
                            refused.push(*record);
                        } else {
                            self.sent.records += 1;
                            self.sent.bytes += record.payload.len() as u64;
                        }
                    }
                    self.sent.retried += refused.len() as u64;
                    waiting = refused;
                }
                Err(error) if error.code() == Some("ProvisionedThroughputExceededException") => {
                    self.sent.retried += waiting.len() as u64;
                }
                Err(error) => return Err(error),
            }
            if waiting.is_empty() {
                return Ok(());
            }
            if self.waits_really {
                Clock::sleep_real(backoff).await;
            } else {
                self.me.sleep(backoff).await;
            }
            backoff = (backoff * 2).min(MAX_BACKOFF);
        }
        Err(Error::State {
            what: format!("the stream {}", self.stream),
            state: "throttling".to_owned(),
            reason: format!("{} records were refused {MAX_TRIES} times", waiting.len()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tick_falls_on_the_start_and_none_on_the_end() {
        let secs = Duration::from_secs;
        assert_eq!(ticks(secs(60), secs(10)), 6);
        assert_eq!(ticks(secs(61), secs(10)), 7);
        assert_eq!(ticks(secs(0), secs(10)), 0);
    }
}
