//! Several records in one, in the layout of the Kinesis Producer Library (KPL).
//!
//! Four magic bytes, a protobuf message, the MD5 of that message. In the message field 1 repeats the
//! partition keys, field 2 the explicit hash keys, field 3 the records; a record is the index of its
//! partition key (1), the index of its explicit hash key (2, optional), its data (3) and tags (4, which
//! are read over). Source: "KPL Aggregated Record Format", amazon-kinesis-producer.

use bytes::Bytes;
use md5::{Digest as _, Md5};

const MAGIC: [u8; 4] = [0xf3, 0x89, 0x9a, 0xc2];
const DIGEST_BYTES: usize = 16;

/// One of the records in an aggregate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserRecord {
    /// The key its producer gave it.
    pub partition_key: String,
    /// The place on the ring its producer gave it, in decimal.
    pub explicit_hash_key: Option<String>,
    /// Its bytes.
    pub data: Bytes,
}

/// Packs records into one. Keys that repeat are written once.
pub fn pack(records: &[UserRecord]) -> Bytes {
    let mut keys = Table::default();
    let mut hash_keys = Table::default();
    let mut packed = Vec::new();
    for record in records {
        let mut entry = Vec::new();
        put_varint_field(1, keys.index_of(&record.partition_key), &mut entry);
        if let Some(key) = &record.explicit_hash_key {
            put_varint_field(2, hash_keys.index_of(key), &mut entry);
        }
        put_bytes(3, &record.data, &mut entry);
        put_bytes(3, &entry, &mut packed);
    }
    let mut message = Vec::new();
    for key in keys.0 {
        put_bytes(1, key.as_bytes(), &mut message);
    }
    for key in hash_keys.0 {
        put_bytes(2, key.as_bytes(), &mut message);
    }
    message.append(&mut packed);
    let digest = Md5::digest(&message);
    [&MAGIC[..], &message, digest.as_slice()].concat().into()
}

/// The records packed into `data`; `None` when it is no aggregate, or a damaged one. Their data shares
/// the memory of `data`.
pub fn unpack(data: &Bytes) -> Option<Vec<UserRecord>> {
    let packed = data.strip_prefix(&MAGIC[..])?;
    let (message, digest) = packed.split_at_checked(packed.len().checked_sub(DIGEST_BYTES)?)?;
    if Md5::digest(message).as_slice() != digest {
        return None;
    }
    let (mut keys, mut hash_keys, mut entries) = (Vec::new(), Vec::new(), Vec::new());
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).ok();
    for field in Fields(message) {
        match field? {
            (1, Value::Bytes(key)) => keys.push(text(key)?),
            (2, Value::Bytes(key)) => hash_keys.push(text(key)?),
            (3, Value::Bytes(entry)) => entries.push(entry),
            _ => {}
        }
    }
    let at = |table: &[String], index: u64| table.get(usize::try_from(index).ok()?).cloned();
    let mut records = Vec::with_capacity(entries.len());
    for entry in entries {
        let entry = Entry::read(entry)?;
        records.push(UserRecord {
            partition_key: at(&keys, entry.partition_key)?,
            explicit_hash_key: match entry.explicit_hash_key {
                Some(index) => Some(at(&hash_keys, index)?),
                None => None,
            },
            data: data.slice_ref(entry.data),
        });
    }
    Some(records)
}

/// Texts that records refer to by number.
#[derive(Default)]
struct Table<'a>(Vec<&'a str>);

impl<'a> Table<'a> {
    fn index_of(&mut self, text: &'a str) -> u64 {
        let known = self.0.iter().position(|known| *known == text);
        let index = known.unwrap_or_else(|| {
            self.0.push(text);
            self.0.len() - 1
        });
        index as u64
    }
}

/// A packed record's fields.
struct Entry<'a> {
    partition_key: u64,
    explicit_hash_key: Option<u64>,
    data: &'a [u8],
}

impl<'a> Entry<'a> {
    fn read(entry: &'a [u8]) -> Option<Self> {
        let (mut partition_key, mut explicit_hash_key, mut data) = (None, None, None);
        for field in Fields(entry) {
            match field? {
                (1, Value::Varint(index)) => partition_key = Some(index),
                (2, Value::Varint(index)) => explicit_hash_key = Some(index),
                (3, Value::Bytes(bytes)) => data = Some(bytes),
                _ => {}
            }
        }
        Some(Self {
            partition_key: partition_key?,
            explicit_hash_key,
            data: data?,
        })
    }
}

fn put_varint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn put_varint_field(number: u64, value: u64, out: &mut Vec<u8>) {
    put_varint(number << 3, out);
    put_varint(value, out);
}

fn put_bytes(number: u64, bytes: &[u8], out: &mut Vec<u8>) {
    put_varint(number << 3 | 2, out);
    put_varint(bytes.len() as u64, out);
    out.extend_from_slice(bytes);
}

/// A protobuf field's value, as far as the format uses them.
enum Value<'a> {
    Varint(u64),
    Bytes(&'a [u8]),
}

/// The fields of a protobuf message, by number; `None` once for what cannot be read.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn varint(&mut self) -> Option<u64> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    fn field(&mut self) -> Option<(u64, Value<'a>)> {
        let tag = self.varint()?;
        let value = match tag & 7 {
            0 => Value::Varint(self.varint()?),
            2 => {
                let length = usize::try_from(self.varint()?).ok()?;
                let (bytes, rest) = self.0.split_at_checked(length)?;
                self.0 = rest;
                Value::Bytes(bytes)
            }
            _ => return None,
        };
        Some((tag >> 3, value))
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Option<(u64, Value<'a>)>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_none() {
            self.0 = &[];
        }
        Some(field)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn record(key: &str, hash: Option<&str>, data: &str) -> UserRecord {
        UserRecord {
            partition_key: key.to_owned(),
            explicit_hash_key: hash.map(str::to_owned),
            data: Bytes::copy_from_slice(data.as_bytes()),
        }
    }

    /// Aggregates that another implementation made (`fixtures/golden/kpl.json` says which).
    #[test]
    fn aggregates_of_another_implementation_are_read_and_made_alike() {
        let golden: serde_json::Value =
            serde_json::from_str(include_str!("../../fixtures/golden/kpl.json")).unwrap();
        let vectors = golden["aggregates"].as_array().unwrap();
        assert_eq!(vectors.len(), 4);
        for vector in vectors {
            let bytes = Bytes::from(hex::decode(vector["hex"].as_str().unwrap()).unwrap());
            let records: Vec<UserRecord> = vector["records"]
                .as_array()
                .unwrap()
                .iter()
                .map(|r| {
                    record(
                        r["key"].as_str().unwrap(),
                        r["hash"].as_str(),
                        r["data"].as_str().unwrap(),
                    )
                })
                .collect();
            assert_eq!(unpack(&bytes), Some(records.clone()), "{}", vector["name"]);
            assert_eq!(pack(&records), bytes, "{}", vector["name"]);
        }
    }

    #[test]
    fn what_is_no_aggregate_or_is_damaged_is_not_read() {
        let whole = pack(&[record("k", None, "a"), record("l", Some("7"), "b")]);
        for at in 0..whole.len() {
            let mut damaged = whole.to_vec();
            damaged[at] ^= 1;
            assert_eq!(unpack(&damaged.into()), None, "byte {at}");
        }
        for data in [&b""[..], &MAGIC, b"{\"a\":1}"] {
            assert_eq!(unpack(&Bytes::copy_from_slice(data)), None);
        }
        // A record whose key is not in the table, under a right digest.
        let message = b"\x1a\x05\x08\x01\x1a\x01x";
        let data = [&MAGIC[..], message, Md5::digest(message).as_slice()].concat();
        assert_eq!(unpack(&data.into()), None);
    }

    fn records() -> impl Strategy<Value = Vec<UserRecord>> {
        let one = (
            "[a-c]{1,2}|\\PC{1,8}",
            prop::option::of(any::<u128>()),
            prop::collection::vec(any::<u8>(), 0..300),
        );
        let one = one.prop_map(|(key, hash, data)| UserRecord {
            partition_key: key,
            explicit_hash_key: hash.map(|hash| hash.to_string()),
            data: data.into(),
        });
        prop::collection::vec(one, 0..20)
    }

    proptest! {
        #[test]
        fn unpacking_undoes_packing(records in records()) {
            prop_assert_eq!(unpack(&pack(&records)), Some(records));
        }

        #[test]
        fn any_message_under_its_digest_is_survived(message in prop::collection::vec(any::<u8>(), 0..60)) {
            let data = [&MAGIC[..], &message, Md5::digest(&message).as_slice()].concat();
            let records = unpack(&data.into()).unwrap_or_default();
            prop_assert!(records.iter().all(|r| r.data.len() <= message.len()));
        }
    }
}
