//! Enhanced fan-out with the real SDK: a consumer that follows a stream for minutes.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_kinesis::error::ProvideErrorMetadata as _;
use aws_sdk_kinesis::operation::subscribe_to_shard::SubscribeToShardOutput;
use aws_sdk_kinesis::primitives::Blob;
use aws_sdk_kinesis::types::{
    ShardIteratorType, StartingPosition, SubscribeToShardEvent, SubscribeToShardEventStream,
};
use futures::FutureExt as _;
use windfarm::base::clock::Participant;
use windfarm::emulator::Emulator;
use windfarm::pipeline::Clients;

use crate::world;

const SECOND: Duration = Duration::from_secs(1);
const FIRST: &str = "shardId-000000000000";

/// A stream `wind` of one shard with a consumer, and somebody who may let time pass.
async fn consumer(seed: u64) -> (Emulator, Clients, Participant, String) {
    let emulator = world::emulator(seed);
    let clients = world::clients(&emulator).await;
    let mut me = emulator.clock().join();
    let kinesis = &clients.kinesis;
    let create = kinesis.create_stream().stream_name("wind").shard_count(1);
    create.send().await.unwrap();
    me.sleep(SECOND).await;
    let describe = kinesis.describe_stream_summary().stream_name("wind").send();
    let arn = describe
        .await
        .unwrap()
        .stream_description_summary
        .unwrap()
        .stream_arn;
    let register = kinesis
        .register_stream_consumer()
        .stream_arn(arn)
        .consumer_name("c");
    let consumer = register
        .send()
        .await
        .unwrap()
        .consumer
        .unwrap()
        .consumer_arn;
    me.sleep(SECOND).await;
    (emulator, clients, me, consumer)
}

fn from(kind: ShardIteratorType, number: Option<String>) -> StartingPosition {
    let position = StartingPosition::builder().r#type(kind);
    position.set_sequence_number(number).build().unwrap()
}

async fn put(clients: &Clients, text: &str) {
    let put = clients.kinesis.put_record().stream_name("wind");
    let put = put.partition_key(text).data(Blob::new(text));
    put.send().await.unwrap();
}

type Subscribed = Result<SubscribeToShardOutput, aws_sdk_kinesis::Error>;

async fn subscribe(
    clients: &Clients,
    consumer: &str,
    shard: &str,
    starting: StartingPosition,
) -> Subscribed {
    let subscribe = clients.kinesis.subscribe_to_shard().consumer_arn(consumer);
    let subscribe = subscribe.shard_id(shard).starting_position(starting);
    Ok(subscribe.send().await?)
}

/// What a subscription has said and its client has not taken yet; `None` at its end.
fn said(output: &mut SubscribeToShardOutput) -> (Vec<SubscribeToShardEvent>, bool) {
    let mut events = Vec::new();
    loop {
        match output.event_stream.recv().now_or_never() {
            None => return (events, false),
            Some(Ok(None)) => return (events, true),
            Some(Ok(Some(SubscribeToShardEventStream::SubscribeToShardEvent(event)))) => {
                events.push(event);
            }
            Some(other) => panic!("{other:?}"),
        }
    }
}

fn texts(events: &[SubscribeToShardEvent]) -> Vec<String> {
    let records = events.iter().flat_map(|event| &event.records);
    records
        .map(|record| String::from_utf8(record.data.as_ref().to_vec()).unwrap())
        .collect()
}

/// Follows every shard, renews what ends, and goes on with the children of closed shards.
#[derive(Default)]
struct Reader {
    consumer: String,
    under_way: BTreeMap<String, SubscribeToShardOutput>,
    wanted: BTreeMap<String, StartingPosition>,
    /// Where a shard's next subscription starts.
    continue_at: BTreeMap<String, String>,
    by_shard: BTreeMap<String, Vec<String>>,
    renewals: usize,
    heartbeats: usize,
}

impl Reader {
    async fn read(&mut self, clients: &Clients) {
        for (shard, starting) in std::mem::take(&mut self.wanted) {
            match subscribe(clients, &self.consumer, &shard, starting.clone()).await {
                Ok(output) => {
                    self.under_way.insert(shard, output);
                }
                Err(error) => {
                    assert_eq!(error.code(), Some("ResourceInUseException"));
                    self.wanted.insert(shard, starting);
                }
            }
        }
        for (shard, mut output) in std::mem::take(&mut self.under_way) {
            let (events, over) = said(&mut output);
            self.heartbeats += events.iter().filter(|e| e.records.is_empty()).count();
            self.by_shard
                .entry(shard.clone())
                .or_default()
                .extend(texts(&events));
            let mut closed = false;
            for event in events {
                self.continue_at
                    .insert(shard.clone(), event.continuation_sequence_number);
                for child in event.child_shards.unwrap_or_default() {
                    closed = true;
                    let start = from(ShardIteratorType::TrimHorizon, None);
                    self.wanted.insert(child.shard_id, start);
                }
            }
            if closed {
                assert_eq!(self.continue_at[&shard], "", "nothing to continue");
                assert!(over, "the last event is the last");
            } else if over {
                self.renewals += 1;
                let number = self.continue_at[&shard].clone();
                let start = from(ShardIteratorType::AfterSequenceNumber, Some(number));
                self.wanted.insert(shard, start);
            } else {
                self.under_way.insert(shard, output);
            }
        }
    }
}

#[tokio::test]
async fn a_consumer_sees_every_record_once_through_a_split_and_across_renewals() {
    let (_emulator, clients, mut me, consumer) = consumer(41).await;
    let start = from(ShardIteratorType::Latest, None);
    let mut reader = Reader {
        consumer,
        wanted: BTreeMap::from([(FIRST.to_owned(), start)]),
        ..Reader::default()
    };
    reader.read(&clients).await;
    for second in 0..900 {
        // Quiet now and then, for longer than a heartbeat.
        if second % 60 < 45 {
            put(&clients, &format!("{second:03}")).await;
        }
        if second == 400 {
            let split = clients.kinesis.split_shard().stream_name("wind");
            let split = split
                .shard_to_split(FIRST)
                .new_starting_hash_key((1u128 << 127).to_string());
            split.send().await.unwrap();
        }
        reader.read(&clients).await;
        me.sleep(SECOND).await;
    }
    reader.read(&clients).await;
    let shards: Vec<&str> = reader.by_shard.keys().map(String::as_str).collect();
    assert_eq!(
        shards,
        [FIRST, "shardId-000000000001", "shardId-000000000002"]
    );
    for texts in reader.by_shard.values() {
        assert!(texts.len() > 100 && texts.is_sorted(), "{}", texts.len());
    }
    let mut all: Vec<String> = reader.by_shard.into_values().flatten().collect();
    all.sort();
    let sent: Vec<String> = (0..900)
        .filter(|second| second % 60 < 45)
        .map(|second| format!("{second:03}"))
        .collect();
    assert_eq!(all, sent);
    assert!(reader.renewals >= 3, "{}", reader.renewals);
    assert!(reader.heartbeats >= 20, "{}", reader.heartbeats);
}

#[tokio::test]
async fn a_reader_that_waits_is_woken_by_a_record() {
    let (_emulator, clients, _me, consumer) = consumer(42).await;
    let latest = from(ShardIteratorType::Latest, None);
    let mut output = subscribe(&clients, &consumer, FIRST, latest).await.unwrap();
    let reading = tokio::spawn(async move { output.event_stream.recv().await.unwrap().unwrap() });
    put(&clients, "one").await;
    let event = reading.await.unwrap();
    let event = event.as_subscribe_to_shard_event().unwrap();
    assert_eq!(texts(std::slice::from_ref(event)), ["one"]);
}

#[tokio::test]
async fn the_stream_that_is_taken_over_ends_with_resource_in_use() {
    let (_emulator, clients, mut me, consumer) = consumer(43).await;
    let latest = || from(ShardIteratorType::Latest, None);
    let mut first = subscribe(&clients, &consumer, FIRST, latest())
        .await
        .unwrap();
    me.sleep(SECOND).await;
    let error = subscribe(&clients, &consumer, FIRST, latest())
        .await
        .unwrap_err();
    assert_eq!(error.code(), Some("ResourceInUseException"));
    me.sleep(SECOND * 4).await;
    let mut second = subscribe(&clients, &consumer, FIRST, latest())
        .await
        .unwrap();
    // Its heartbeat of this very instant may come first.
    let error = loop {
        match first.event_stream.recv().await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("ended without a word"),
            Err(error) => break error,
        }
    };
    let error = error.into_service_error();
    assert!(error.is_resource_in_use_exception(), "{error:?}");
    put(&clients, "two").await;
    let event = second.event_stream.recv().await.unwrap().unwrap();
    let event = event.as_subscribe_to_shard_event().unwrap();
    assert_eq!(texts(std::slice::from_ref(event)), ["two"]);
}

#[tokio::test]
async fn a_slow_reader_gets_what_it_missed() {
    let (_emulator, clients, mut me, consumer) = consumer(44).await;
    let latest = from(ShardIteratorType::Latest, None);
    let mut output = subscribe(&clients, &consumer, FIRST, latest).await.unwrap();
    // More than waits for a client that takes nothing.
    let large = "x".repeat(900 * 1024);
    for _ in 0..10 {
        put(&clients, &large[..10]).await;
        let put = clients.kinesis.put_record().stream_name("wind");
        let put = put.partition_key("k").data(Blob::new(large.as_bytes()));
        put.send().await.unwrap();
        me.sleep(SECOND * 2).await;
    }
    let mut got = Vec::new();
    while got.len() < 20 {
        got.extend(texts(&said(&mut output).0));
        me.sleep(SECOND).await;
    }
    let lengths: Vec<usize> = got.iter().map(String::len).collect();
    assert_eq!(lengths, [10, 900 * 1024].repeat(10));
}

#[tokio::test]
async fn a_reset_ends_streams() {
    let (emulator, clients, _me, consumer) = consumer(45).await;
    let latest = from(ShardIteratorType::Latest, None);
    let mut output = subscribe(&clients, &consumer, FIRST, latest).await.unwrap();
    emulator.reset();
    assert_eq!(said(&mut output), (vec![], true));
}
