//! A Kinesis client that speaks CBOR as the Java SDKs do: maps and lists of indefinite length, instants as
//! tag 1 with integer milliseconds, blobs as bytes. Its reader and writer are its own, so that a mistake
//! in the emulator's is not undone by the same mistake here.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::Request;
use http_body_util::BodyExt as _;
use s3s::Body;
use windfarm::base::{Clock, Seed, Timestamp};
use windfarm::emulator::{Emulator, Settings};
use windfarm::wire::model::Facts;
use windfarm::wire::service::Service;

const CONTENT: &str = "application/x-amz-cbor-1.1";

/// What a CBOR document is made of here.
#[derive(Clone, Debug, PartialEq)]
enum Item {
    Integer(i128),
    Bytes(Vec<u8>),
    Text(String),
    List(Vec<Item>),
    Map(BTreeMap<String, Item>),
    /// Milliseconds since 1970 under tag 1.
    Instant(i128),
    Truth(bool),
    Null,
    Float(f64),
}

fn text(value: &str) -> Item {
    Item::Text(value.to_owned())
}

fn map<const N: usize>(entries: [(&str, Item); N]) -> Item {
    Item::Map(
        entries
            .into_iter()
            .map(|(key, item)| (key.to_owned(), item))
            .collect(),
    )
}

impl Item {
    /// As Jackson writes it, which the Java SDKs use.
    fn write(&self, out: &mut Vec<u8>) {
        let head = |major: u8, length: usize, out: &mut Vec<u8>| match length {
            0..=23 => out.push(major << 5 | length as u8),
            24..=255 => out.extend([major << 5 | 24, length as u8]),
            256..=65_535 => {
                out.push(major << 5 | 25);
                out.extend((length as u16).to_be_bytes());
            }
            _ => {
                out.push(major << 5 | 26);
                out.extend((length as u32).to_be_bytes());
            }
        };
        match self {
            Self::Integer(number) if *number < 0 => head(1, (-1 - number) as usize, out),
            Self::Integer(number) => head(0, *number as usize, out),
            Self::Bytes(bytes) => {
                head(2, bytes.len(), out);
                out.extend(bytes);
            }
            Self::Text(text) => {
                head(3, text.len(), out);
                out.extend(text.as_bytes());
            }
            Self::List(items) => {
                out.push(0x9f);
                items.iter().for_each(|item| item.write(out));
                out.push(0xff);
            }
            Self::Map(entries) => {
                out.push(0xbf);
                for (key, item) in entries {
                    text(key).write(out);
                    item.write(out);
                }
                out.push(0xff);
            }
            Self::Instant(millis) => {
                out.extend([0xc1, 0x1b]);
                out.extend((*millis as u64).to_be_bytes());
            }
            Self::Truth(truth) => out.push(0xf4 + u8::from(*truth)),
            Self::Null => out.push(0xf6),
            Self::Float(float) => {
                out.push(0xfb);
                out.extend(float.to_be_bytes());
            }
        }
    }

    /// Takes one item off the front.
    fn read(rest: &mut &[u8]) -> Self {
        let first = take(rest, 1)[0];
        let (major, info) = (first >> 5, first & 31);
        if major == 7 {
            return match info {
                20 | 21 => Self::Truth(info == 21),
                22 => Self::Null,
                27 => Self::Float(f64::from_be_bytes(take(rest, 8).try_into().unwrap())),
                _ => panic!("simple value {info}"),
            };
        }
        let length = match info {
            0..=23 => Some(u64::from(info)),
            31 => None,
            _ => Some(
                take(rest, 1 << (info - 24))
                    .iter()
                    .fold(0, |value, byte| value << 8 | u64::from(*byte)),
            ),
        };
        let whole = || length.unwrap() as usize;
        // Ends by count, or by the break of an indefinite length.
        let mut ended = {
            let mut read = 0;
            move |rest: &mut &[u8]| {
                read += 1;
                match length {
                    Some(length) => read > length,
                    None if rest[0] == 0xff => {
                        take(rest, 1);
                        true
                    }
                    None => false,
                }
            }
        };
        match major {
            0 => Self::Integer(length.unwrap().into()),
            1 => Self::Integer(-1 - i128::from(length.unwrap())),
            2 => Self::Bytes(take(rest, whole()).to_vec()),
            3 => Self::Text(String::from_utf8(take(rest, whole()).to_vec()).unwrap()),
            4 => {
                let mut items = Vec::new();
                while !ended(rest) {
                    items.push(Self::read(rest));
                }
                Self::List(items)
            }
            5 => {
                let mut entries = BTreeMap::new();
                while !ended(rest) {
                    let Self::Text(key) = Self::read(rest) else {
                        panic!("a key that is no text");
                    };
                    assert_eq!(
                        entries.insert(key.clone(), Self::read(rest)),
                        None,
                        "{key} twice"
                    );
                }
                Self::Map(entries)
            }
            _ => match (length, Self::read(rest)) {
                (Some(1), Self::Integer(millis)) => Self::Instant(millis),
                (tag, item) => panic!("tag {tag:?} of {item:?}"),
            },
        }
    }

    fn get(&self, key: &str) -> &Self {
        let Self::Map(entries) = self else {
            panic!("{self:?} is no map");
        };
        entries
            .get(key)
            .unwrap_or_else(|| panic!("no {key} in {self:?}"))
    }

    fn list(&self) -> &[Self] {
        match self {
            Self::List(items) => items,
            other => panic!("{other:?} is no list"),
        }
    }
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> &'a [u8] {
    let (taken, after) = rest.split_at(length);
    *rest = after;
    taken
}

struct Client(Emulator);

impl Client {
    fn new() -> Self {
        Self(Emulator::start(Settings {
            clock: Clock::starting_at(start()),
            seed: Seed::new(1),
            ..Settings::default()
        }))
    }

    /// Status and document; none for an empty body.
    async fn send(&self, operation: &str, body: Vec<u8>) -> (u16, Option<Item>) {
        let request = Request::post("/")
            .header(
                "authorization",
                "AWS4-HMAC-SHA256 Credential=AKID/20250430/us-east-1/kinesis/aws4_request, \
                 SignedHeaders=host, Signature=00",
            )
            .header("content-type", CONTENT)
            .header("x-amz-target", format!("Kinesis_20131202.{operation}"))
            .body(Body::from(Bytes::from(body)))
            .unwrap();
        let (parts, body) = self.0.router().call(request).await.into_parts();
        assert_eq!(parts.headers["content-type"], CONTENT, "{operation}");
        assert_eq!(parts.headers["x-amzn-requestid"].len(), 36, "{operation}");
        let body = body.collect().await.unwrap().to_bytes();
        let document = (!body.is_empty()).then(|| {
            let mut rest = &body[..];
            let item = Item::read(&mut rest);
            assert_eq!(rest, b"", "{operation}: more than one document");
            item
        });
        (parts.status.as_u16(), document)
    }

    async fn ask(&self, operation: &str, input: Item) -> Item {
        let mut body = Vec::new();
        input.write(&mut body);
        let (status, document) = self.send(operation, body).await;
        assert_eq!(status, 200, "{operation}: {document:?}");
        document.unwrap_or(Item::Null)
    }

    /// Type and message of the error that an operation answers.
    async fn error(&self, operation: &str, body: Vec<u8>) -> (u16, String, String) {
        let (status, document) = self.send(operation, body).await;
        let document = document.unwrap();
        let Item::Text(code) = document.get("__type") else {
            panic!("{document:?}");
        };
        let Item::Map(entries) = &document else {
            panic!("{document:?}");
        };
        let message = ["message", "Message"]
            .iter()
            .find_map(|name| entries.get(*name));
        let message = match message {
            Some(Item::Text(message)) => message.clone(),
            _ => String::new(),
        };
        (status, code.clone(), message)
    }
}

fn start() -> Timestamp {
    Timestamp::parse("2025-04-30T20:00:00.123Z").unwrap()
}

fn written(item: &Item) -> Vec<u8> {
    let mut out = Vec::new();
    item.write(&mut out);
    out
}

#[tokio::test]
async fn records_go_in_and_come_out_as_bytes_with_times_in_milliseconds() {
    let client = Client::new();
    let stream = || ("StreamName", text("turbines"));
    let created = client
        .ask(
            "CreateStream",
            map([stream(), ("ShardCount", Item::Integer(1))]),
        )
        .await;
    assert_eq!(created, Item::Null, "an empty body");
    let minute = std::time::Duration::from_secs(60);
    client.0.clock().join().sleep(minute).await;
    let described = client.ask("DescribeStreamSummary", map([stream()])).await;
    let summary = described.get("StreamDescriptionSummary");
    assert_eq!(summary.get("StreamStatus"), &text("ACTIVE"));
    let Item::Instant(made) = summary.get("StreamCreationTimestamp") else {
        panic!("{summary:?}");
    };
    assert_eq!(made / 1_000, i128::from(start().millis() / 1_000));

    // Not UTF-8, empty, and long enough for a length of two bytes.
    let payloads: [Vec<u8>; 3] = [
        vec![0xff, 0x00, 0xfe],
        vec![b'a'],
        (0..=255).cycle().take(900).collect(),
    ];
    let entries = payloads
        .iter()
        .map(|data| {
            map([
                ("Data", Item::Bytes(data.clone())),
                ("PartitionKey", text("02")),
            ])
        })
        .collect();
    let put = client
        .ask(
            "PutRecords",
            map([stream(), ("Records", Item::List(entries))]),
        )
        .await;
    assert_eq!(put.get("FailedRecordCount"), &Item::Integer(0));
    let shard = put.get("Records").list()[0].get("ShardId").clone();
    let iterator = client
        .ask(
            "GetShardIterator",
            map([
                stream(),
                ("ShardId", shard),
                ("ShardIteratorType", text("AT_TIMESTAMP")),
                ("Timestamp", Item::Instant(i128::from(start().millis()))),
            ]),
        )
        .await;
    let got = client
        .ask(
            "GetRecords",
            map([("ShardIterator", iterator.get("ShardIterator").clone())]),
        )
        .await;
    let records = got.get("Records").list();
    assert_eq!(records.len(), payloads.len());
    for (record, data) in records.iter().zip(payloads) {
        assert_eq!(record.get("Data"), &Item::Bytes(data));
        let Item::Instant(arrived) = record.get("ApproximateArrivalTimestamp") else {
            panic!("{record:?}");
        };
        assert!(
            *arrived >= i128::from(start().millis()) + 60_000,
            "{arrived}"
        );
    }
    assert_eq!(got.get("MillisBehindLatest"), &Item::Integer(0));
}

#[tokio::test]
async fn errors_are_cbor_too() {
    let client = Client::new();
    let missing = written(&map([("StreamName", text("nowhere"))]));
    assert_eq!(
        client.error("DescribeStreamSummary", missing).await,
        (
            400,
            "ResourceNotFoundException".to_owned(),
            "Stream nowhere under account 000000000000 not found.".to_owned()
        )
    );
    let (status, code, message) = client.error("CreateStream", written(&map([]))).await;
    assert_eq!((status, code.as_str()), (400, "ValidationException"));
    assert_eq!(
        message,
        "1 validation error detected: Value null at 'streamName' failed to satisfy constraint: \
         Member must not be null"
    );
    let number = written(&map([("StreamName", Item::Integer(7))]));
    let (status, code, message) = client.error("CreateStream", number).await;
    assert_eq!((status, code.as_str()), (400, "SerializationException"));
    assert_eq!(message, "NUMBER_VALUE can not be converted to a String");
    for garbage in [
        &b"{}"[..],
        b"\xbf",
        b"\xff",
        b"\xa1\x01\x02",
        b"\xa0\xa0",
        b"",
    ] {
        let (status, code, _) = client.error("CreateStream", garbage.to_vec()).await;
        assert_eq!(
            (status, code.as_str()),
            (400, "SerializationException"),
            "{garbage:?}"
        );
    }
    let (status, code, _) = client.error("Nope", written(&map([]))).await;
    assert_eq!((status, code.as_str()), (400, "UnknownOperationException"));
}

#[tokio::test]
async fn every_kinesis_operation_answers_in_cbor() {
    let client = Client::new();
    let facts = Facts::of(Service::Kinesis);
    for operation in facts.operations() {
        let (status, document) = client.send(&operation.name, written(&map([]))).await;
        let required = operation
            .input
            .and_then(|id| facts.shape(id).structure())
            .is_some_and(|structure| structure.members.iter().any(|member| member.required));
        if required {
            assert_eq!(status, 400, "{}: {document:?}", operation.name);
        }
        if status >= 400 {
            assert!(matches!(document.unwrap().get("__type"), Item::Text(_)));
        }
        let (status, ..) = client.error(&operation.name, vec![0x9f, 0xff]).await;
        assert_eq!(status, 400, "{}", operation.name);
    }
}
