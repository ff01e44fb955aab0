//! CBOR, the binary form of JSON 1.1 in which Java SDKs speak to Kinesis by default.
//!
//! The documents are those of JSON with three differences: blobs are byte strings, not base64;
//! instants are tag 1 with integer milliseconds, not seconds with a fraction; and lengths may be
//! indefinite. Errors are CBOR too. Read into the same JSON values, so that validation and adapters
//! know nothing of it.
//!
//! The reader and writer are our own: AWS uses a small part of CBOR, and going straight between
//! bytes and JSON values keeps a ten-megabyte PutRecords from being held three times.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use http::header::CONTENT_TYPE;
use s3s::Body;
use serde_json::{Map, Number, Value};

use crate::base::{ServiceError, Timestamp};
use crate::wire::json;
use crate::wire::model::{Facts, Kind, Operation, ShapeId, validate};
use crate::wire::service::Service;

/// The content type of requests and replies.
pub const CONTENT: &str = "application/x-amz-cbor-1.1";

/// CBOR's tag for instants.
const EPOCH_TAG: u64 = 1;
/// Deepest nesting that is read; JSON's reader has the same bound.
const MAX_DEPTH: usize = 128;
/// Elements a collection's declared length may reserve at once: the length is the client's claim.
const MAX_RESERVED: usize = 1_024;

/// Major types (RFC 8949, section 3.1).
mod major {
    pub const UNSIGNED: u8 = 0;
    pub const NEGATIVE: u8 = 1;
    pub const BYTES: u8 = 2;
    pub const TEXT: u8 = 3;
    pub const ARRAY: u8 = 4;
    pub const MAP: u8 = 5;
    pub const TAG: u8 = 6;
    pub const OTHER: u8 = 7;
}

/// The request document.
///
/// # Errors
/// `SerializationException` for what is no CBOR, or CBOR that JSON has no counterpart for.
pub fn parse(body: &[u8]) -> Result<Value, ServiceError> {
    let mut reader = Reader { rest: body };
    let document = reader.value(0).filter(|_| reader.rest.is_empty());
    document.ok_or_else(|| validate::serialization(""))
}

/// A successful reply.
pub fn reply(facts: &Facts, operation: &Operation, output: &Value) -> http::Response<Body> {
    let mut body = Vec::new();
    if let Some(shape) = operation.output {
        write(facts, Some(shape), output, &mut body);
    }
    with_type(http::Response::new(Body::from(body)))
}

/// A document of a shape, without its HTTP response.
pub fn document(facts: &Facts, shape: Option<ShapeId>, value: &Value) -> Vec<u8> {
    let mut document = Vec::new();
    write(facts, shape, value, &mut document);
    document
}

/// An error: JSON's document in CBOR.
pub fn error(service: Service, error: &ServiceError) -> http::Response<Body> {
    let document = json::error_document(Some(service), error);
    let (parts, _) = json::error(Some(service), error).into_parts();
    let mut body = Vec::new();
    write(Facts::of(service), None, &document, &mut body);
    with_type(http::Response::from_parts(parts, Body::from(body)))
}

fn with_type(mut response: http::Response<Body>) -> http::Response<Body> {
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(CONTENT));
    response
}

/// Takes values off the front of a document. `None` for what is cut short, ill-formed, or has no
/// counterpart in JSON: keys that are no text, undefined values, tags other than instants.
struct Reader<'a> {
    rest: &'a [u8],
}

/// The beginning of a data item.
struct Head {
    major: u8,
    /// Length, value or bits; none for an indefinite length.
    argument: Option<u64>,
    /// The lower five bits, which tell the floats apart.
    info: u8,
}

impl<'a> Reader<'a> {
    fn take(&mut self, length: u64) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(usize::try_from(length).ok()?)?;
        self.rest = rest;
        Some(taken)
    }

    fn head(&mut self) -> Option<Head> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        let (major, info) = (first >> 5, first & 0b1_1111);
        let argument = match info {
            0..=23 => Some(u64::from(info)),
            24..=27 => {
                let bytes = self.take(1 << (info - 24))?;
                Some(
                    bytes
                        .iter()
                        .fold(0, |value, b| (value << 8) | u64::from(*b)),
                )
            }
            31 => None,
            _ => return None,
        };
        Some(Head {
            major,
            argument,
            info,
        })
    }

    /// Whether the collection under way ends here, and steps over its end.
    fn at_break(&mut self) -> bool {
        match self.rest.split_first() {
            Some((0xff, rest)) => {
                self.rest = rest;
                true
            }
            _ => false,
        }
    }

    fn value(&mut self, depth: usize) -> Option<Value> {
        if depth > MAX_DEPTH {
            return None;
        }
        let head = self.head()?;
        Some(match head.major {
            major::UNSIGNED => i64::try_from(head.argument?).unwrap_or(i64::MAX).into(),
            major::NEGATIVE => i64::try_from(head.argument?)
                .map_or(i64::MIN, |n| -1 - n)
                .into(),
            major::BYTES => STANDARD.encode(self.chunks(&head)?).into(),
            major::TEXT => String::from_utf8(self.chunks(&head)?).ok()?.into(),
            major::ARRAY => self.array(head.argument, depth)?.into(),
            major::MAP => Value::Object(self.map(head.argument, depth)?),
            major::TAG if head.argument == Some(EPOCH_TAG) => {
                let instant = self.value(depth + 1)?;
                let millis = instant
                    .as_i64()
                    .or_else(|| Some(instant.as_f64()? as i64))?;
                serde_json::to_value(Timestamp::from_millis(millis)).ok()?
            }
            major::OTHER => other(&head)?,
            _ => return None,
        })
    }

    /// The bytes of a byte or text string, whole or in chunks.
    fn chunks(&mut self, head: &Head) -> Option<Vec<u8>> {
        if let Some(length) = head.argument {
            return self.take(length).map(<[u8]>::to_vec);
        }
        let mut whole = Vec::new();
        while !self.at_break() {
            let chunk = self.head().filter(|chunk| chunk.major == head.major)?;
            whole.extend_from_slice(self.take(chunk.argument?)?);
        }
        Some(whole)
    }

    fn array(&mut self, length: Option<u64>, depth: usize) -> Option<Vec<Value>> {
        let mut elements = Vec::with_capacity(reserved(length));
        while !self.ended(length, elements.len()) {
            elements.push(self.value(depth + 1)?);
        }
        Some(elements)
    }

    fn map(&mut self, length: Option<u64>, depth: usize) -> Option<Map<String, Value>> {
        let mut members = Map::with_capacity(reserved(length));
        let mut read = 0;
        while !self.ended(length, read) {
            let head = self.head().filter(|head| head.major == major::TEXT)?;
            let key = String::from_utf8(self.chunks(&head)?).ok()?;
            members.insert(key, self.value(depth + 1)?);
            read += 1;
        }
        Some(members)
    }

    fn ended(&mut self, length: Option<u64>, read: usize) -> bool {
        match length {
            Some(length) => read as u64 >= length,
            None => self.at_break(),
        }
    }
}

fn reserved(length: Option<u64>) -> usize {
    usize::try_from(length.unwrap_or(0)).map_or(MAX_RESERVED, |length| length.min(MAX_RESERVED))
}

/// Truth values, null and floats.
fn other(head: &Head) -> Option<Value> {
    let bits = head.argument?;
    Some(match head.info {
        20 => Value::Bool(false),
        21 => Value::Bool(true),
        22 => Value::Null,
        25 => Value::Number(Number::from_f64(half(u16::try_from(bits).ok()?))?),
        26 => {
            let single = f32::from_bits(u32::try_from(bits).ok()?);
            Value::Number(Number::from_f64(f64::from(single))?)
        }
        27 => Value::Number(Number::from_f64(f64::from_bits(bits))?),
        _ => return None,
    })
}

/// A half-precision float.
fn half(bits: u16) -> f64 {
    let (exponent, fraction) = ((bits >> 10) & 0x1f, f64::from(bits & 0x3ff));
    let magnitude = match exponent {
        0 => fraction * 2f64.powi(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (fraction + 1_024.0) * 2f64.powi(i32::from(exponent) - 25),
    };
    if bits >> 15 == 0 {
        magnitude
    } else {
        -magnitude
    }
}

fn write_head(major: u8, argument: u64, out: &mut Vec<u8>) {
    let major = major << 5;
    let bytes = argument.to_be_bytes();
    let (info, width) = match argument {
        0..=23 => (bytes[7], 0),
        24..=0xff => (24, 1),
        0x100..=0xffff => (25, 2),
        0x1_0000..=0xffff_ffff => (26, 4),
        _ => (27, 8),
    };
    out.push(major | info);
    out.extend(bytes.iter().skip(8 - width));
}

fn write_text(text: &str, out: &mut Vec<u8>) {
    write_head(major::TEXT, text.len() as u64, out);
    out.extend_from_slice(text.as_bytes());
}

fn write_integer(integer: i64, out: &mut Vec<u8>) {
    match u64::try_from(integer) {
        Ok(positive) => write_head(major::UNSIGNED, positive, out),
        // -1 - n, which is the complement.
        Err(_) => write_head(major::NEGATIVE, !integer as u64, out),
    }
}

fn write_float(float: f64, out: &mut Vec<u8>) {
    out.push(major::OTHER << 5 | 27);
    out.extend_from_slice(&float.to_bits().to_be_bytes());
}

/// Appends a value; the shape tells blobs and instants from texts and numbers.
fn write(facts: &Facts, shape: Option<ShapeId>, value: &Value, out: &mut Vec<u8>) {
    let kind = shape.map(|id| &facts.shape(id).kind);
    match value {
        Value::Null => out.push(0xf6),
        Value::Bool(truth) => out.push(0xf4 + u8::from(*truth)),
        Value::String(text) => match (kind, STANDARD.decode(text)) {
            (Some(Kind::Blob), Ok(bytes)) => {
                write_head(major::BYTES, bytes.len() as u64, out);
                out.extend_from_slice(&bytes);
            }
            _ => write_text(text, out),
        },
        Value::Number(number) => match (kind, number.as_i64()) {
            (Some(Kind::Timestamp(_)), _) => {
                let instant: Timestamp = serde_json::from_value(value.clone()).unwrap_or_default();
                write_head(major::TAG, EPOCH_TAG, out);
                write_integer(instant.millis(), out);
            }
            (Some(Kind::Double), _) | (_, None) => {
                write_float(number.as_f64().unwrap_or(0.0), out);
            }
            (_, Some(integer)) => write_integer(integer, out),
        },
        Value::Array(elements) => {
            let element = match kind {
                Some(Kind::List(element, _)) => Some(*element),
                _ => None,
            };
            write_head(major::ARRAY, elements.len() as u64, out);
            for value in elements {
                write(facts, element, value, out);
            }
        }
        Value::Object(entries) => {
            let member = |name: &str| match kind {
                Some(Kind::Structure(structure)) => {
                    let mut members = structure.members.iter();
                    members.find(|m| m.name == name).map(|m| m.shape)
                }
                Some(Kind::Map(_, element)) => Some(*element),
                _ => None,
            };
            write_head(major::MAP, entries.len() as u64, out);
            for (name, value) in entries {
                write_text(name, out);
                write(facts, member(name), value, out);
            }
        }
    }
}

#[cfg(test)]
mod tests;
