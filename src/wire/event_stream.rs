//! Event streams: a reply that goes on, as frames with checksums.
//!
//! A frame is total length, headers' length, a CRC-32 of these, headers, payload, a CRC-32 of all
//! before it. The first frame is the operation's reply document (`initial-response`), which clients of
//! JSON services wait for before the call returns; then one frame a message. Payloads are written as
//! the request was: JSON or CBOR.

use std::convert::Infallible;
use std::pin::Pin;

use aws_smithy_eventstream::frame::write_message_to;
use aws_smithy_types::event_stream::{Header, HeaderValue, Message as Framed};
use bytes::Bytes;
use futures::{Stream, StreamExt as _};
use http::HeaderValue as HttpValue;
use http::header::CONTENT_TYPE;
use http_body::Frame;
use http_body_util::StreamBody;
use s3s::Body;
use serde_json::{Value, json};

use crate::base::ServiceError;
use crate::wire::model::{Facts, Operation};
use crate::wire::{cbor, json as documents};

/// The content type of the reply.
pub const CONTENT: &str = "application/vnd.amazon.eventstream";

/// How the documents of a request and its reply are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// JSON 1.1.
    Json,
    /// Its binary form.
    Cbor,
}

impl Encoding {
    fn content(self) -> &'static str {
        match self {
            Self::Json => documents::CONTENT,
            Self::Cbor => cbor::CONTENT,
        }
    }
}

/// One message of a stream.
#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    /// An event of the operation's stream.
    Event {
        /// Its name in the API model.
        name: &'static str,
        /// Its document.
        payload: Value,
    },
    /// The error that ends the stream.
    Exception(ServiceError),
}

/// What an operation says as time goes on; its end is the reply's end.
pub type Messages = Pin<Box<dyn Stream<Item = Message> + Send>>;

/// The reply: status and headers at once, then frames as they come.
pub fn reply(
    facts: &'static Facts,
    operation: &'static Operation,
    encoding: Encoding,
    messages: Messages,
) -> http::Response<Body> {
    let first = frame(facts, operation, encoding, None);
    let rest = messages.map(move |message| frame(facts, operation, encoding, Some(&message)));
    let frames = futures::stream::once(std::future::ready(first))
        .chain(rest)
        .map(|frame| Ok::<_, Infallible>(Frame::data(frame)));
    let mut response = http::Response::new(Body::http_body_unsync(StreamBody::new(frames)));
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HttpValue::from_static(CONTENT));
    response
}

/// A message as a frame; none is the initial response.
fn frame(
    facts: &Facts,
    operation: &Operation,
    encoding: Encoding,
    message: Option<&Message>,
) -> Bytes {
    let empty = json!({});
    let (kind, name_header, name, shape, payload) = match message {
        None => (
            "event",
            ":event-type",
            "initial-response".to_owned(),
            operation.output,
            &empty,
        ),
        Some(Message::Event { name, payload }) => (
            "event",
            ":event-type",
            (*name).to_owned(),
            facts.event(operation, name),
            payload,
        ),
        Some(Message::Exception(error)) => (
            "exception",
            ":exception-type",
            error.code.clone(),
            None,
            &documents::error_document(Some(facts.service), error),
        ),
    };
    let payload = match encoding {
        Encoding::Json => payload.to_string().into_bytes(),
        Encoding::Cbor => cbor::document(facts, shape, payload),
    };
    let header =
        |name: &'static str, value: String| Header::new(name, HeaderValue::String(value.into()));
    let framed = Framed::new(payload)
        .add_header(header(":message-type", kind.to_owned()))
        .add_header(header(name_header, name))
        .add_header(header(":content-type", encoding.content().to_owned()));
    let mut bytes = Vec::new();
    // Fails for headers or payloads of gigabytes alone, which events are kept from.
    if let Err(error) = write_message_to(&framed, &mut bytes) {
        tracing::error!(%error, operation = %operation.name, "an event cannot be framed");
    }
    bytes.into()
}

#[cfg(test)]
mod tests {
    use aws_smithy_eventstream::frame::read_message_from;
    use http_body_util::BodyExt;

    use super::*;
    use crate::wire::Service;

    fn headers(message: &Framed) -> Vec<(&str, &str)> {
        message
            .headers()
            .iter()
            .map(|h| (h.name().as_str(), h.value().as_string().unwrap().as_str()))
            .collect()
    }

    async fn frames(encoding: Encoding, messages: Vec<Message>) -> Vec<Framed> {
        let facts = Facts::of(Service::Kinesis);
        let operation = facts.operation("SubscribeToShard").unwrap();
        let messages = Box::pin(futures::stream::iter(messages));
        let response = reply(facts, operation, encoding, messages);
        assert_eq!(response.headers()[CONTENT_TYPE], CONTENT);
        let mut bytes = BodyExt::collect(response.into_body())
            .await
            .unwrap()
            .to_bytes();
        let mut frames = Vec::new();
        while !bytes.is_empty() {
            frames.push(read_message_from(&mut bytes).unwrap());
        }
        frames
    }

    fn event() -> Message {
        Message::Event {
            name: "SubscribeToShardEvent",
            payload: json!({"Records": [{"Data": "AQI="}], "MillisBehindLatest": 7}),
        }
    }

    #[tokio::test]
    async fn a_stream_is_an_initial_response_events_and_an_exception() {
        let error = ServiceError::client("ResourceInUseException", "taken");
        let frames = frames(Encoding::Json, vec![event(), Message::Exception(error)]).await;
        let json = (":content-type", "application/x-amz-json-1.1");
        let [initial, event, exception] = &frames[..] else {
            panic!("{frames:?}")
        };
        assert_eq!(
            headers(initial),
            [
                (":message-type", "event"),
                (":event-type", "initial-response"),
                json
            ]
        );
        assert_eq!(&initial.payload()[..], b"{}");
        assert_eq!(
            headers(event),
            [
                (":message-type", "event"),
                (":event-type", "SubscribeToShardEvent"),
                json
            ]
        );
        assert_eq!(
            &event.payload()[..],
            br#"{"Records":[{"Data":"AQI="}],"MillisBehindLatest":7}"#
        );
        assert_eq!(
            headers(exception),
            [
                (":message-type", "exception"),
                (":exception-type", "ResourceInUseException"),
                json
            ]
        );
        assert_eq!(
            &exception.payload()[..],
            br#"{"__type":"ResourceInUseException","message":"taken"}"#
        );
    }

    #[tokio::test]
    async fn a_stream_asked_for_in_cbor_is_cbor() {
        let frames = frames(Encoding::Cbor, vec![event()]).await;
        assert_eq!(
            headers(&frames[1])[2],
            (":content-type", "application/x-amz-cbor-1.1")
        );
        // Two members; a list of one map with a byte string; seven.
        let mut expected = vec![0xa2, 0x67];
        expected.extend(b"Records");
        expected.extend([0x81, 0xa1, 0x64]);
        expected.extend(b"Data");
        expected.extend([0x42, 1, 2, 0x72]);
        expected.extend(b"MillisBehindLatest");
        expected.push(7);
        assert_eq!(frames[1].payload()[..], expected);
    }

    #[tokio::test]
    async fn a_frame_is_what_the_documentation_says_it_is() {
        let facts = Facts::of(Service::Kinesis);
        let operation = facts.operation("SubscribeToShard").unwrap();
        let bytes = frame(facts, operation, Encoding::Json, None);
        let crc =
            |bytes: &[u8]| crc_fast::checksum(crc_fast::CrcAlgorithm::Crc32IsoHdlc, bytes) as u32;
        let word = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
        let length = bytes.len();
        assert_eq!(word(0) as usize, length);
        assert_eq!(word(4) as usize, length - 12 - 2 - 4, "headers' length");
        assert_eq!(word(8), crc(&bytes[..8]));
        assert_eq!(bytes[12..26], *b"\x0d:message-type");
        assert_eq!(bytes[26..34], *b"\x07\0\x05event");
        assert_eq!(word(length - 4), crc(&bytes[..length - 4]));
    }
}
