//! Records that the Kinesis Producer Library packed into one, unpacked before any processing.
//!
//! Layout: four magic bytes, a protobuf message, the MD5 of that message. In the message field 3
//! repeats the records, and in a record field 3 is its data. Source: "KPL Aggregated Record Format",
//! amazon-kinesis-producer; the limit is the Firehose guide's.

use bytes::Bytes;
use md5::{Digest as _, Md5};

use crate::base::limits::firehose::KPL_MAX_RECORDS;

const MAGIC: &[u8] = &[0xf3, 0x89, 0x9a, 0xc2];
const DIGEST_BYTES: usize = 16;

/// The records packed into `data`, or `data` itself when it is not such a pack or has more records
/// than Firehose unpacks.
pub(super) fn unpacked(data: Bytes) -> Vec<Bytes> {
    match unpack(&data) {
        Some(records) if records.len() <= KPL_MAX_RECORDS => records,
        _ => vec![data],
    }
}

fn unpack(data: &Bytes) -> Option<Vec<Bytes>> {
    let packed = data.strip_prefix(MAGIC)?;
    let (message, digest) = packed.split_at_checked(packed.len().checked_sub(DIGEST_BYTES)?)?;
    if Md5::digest(message).as_slice() != digest {
        return None;
    }
    let mut records = Vec::new();
    for field in Fields(message) {
        if let (3, Value::Bytes(record)) = field? {
            records.push(data.slice_ref(data_of(record)?));
        }
    }
    Some(records)
}

/// The data of one packed record.
fn data_of(record: &[u8]) -> Option<&[u8]> {
    let mut found = None;
    for field in Fields(record) {
        if let (3, Value::Bytes(data)) = field? {
            found = Some(data);
        }
    }
    found
}

/// A protobuf field's value, as far as the format uses them.
#[derive(Debug, PartialEq, Eq)]
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
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    fn varint(mut value: u64, out: &mut Vec<u8>) {
        while value >= 0x80 {
            out.push(value as u8 | 0x80);
            value >>= 7;
        }
        out.push(value as u8);
    }

    fn bytes(number: u64, data: &[u8], out: &mut Vec<u8>) {
        varint(number << 3 | 2, out);
        varint(data.len() as u64, out);
        out.extend_from_slice(data);
    }

    /// Packs records as the producer library does, all with one partition key.
    pub(in crate::firehose) fn packed(records: &[Vec<u8>]) -> Bytes {
        let mut message = Vec::new();
        bytes(1, b"02", &mut message);
        for record in records {
            let mut entry = vec![1 << 3, 0];
            bytes(3, record, &mut entry);
            bytes(3, &entry, &mut message);
        }
        let digest = Md5::digest(&message);
        [MAGIC, &message, digest.as_slice()].concat().into()
    }

    #[test]
    fn what_is_not_a_pack_stays_whole() {
        let pack = packed(&[b"a".to_vec(), b"b".to_vec()]);
        let mut broken = pack.to_vec();
        *broken.last_mut().unwrap() ^= 1;
        for data in [
            Bytes::new(),
            MAGIC.into(),
            "{\"a\":1}".into(),
            broken.into(),
        ] {
            assert_eq!(unpacked(data.clone()), [data]);
        }
        let many = packed(&vec![b"x".to_vec(); KPL_MAX_RECORDS + 1]);
        assert_eq!(unpacked(many.clone()), [many]);
        assert_eq!(
            unpacked(packed(&vec![vec![]; KPL_MAX_RECORDS])).len(),
            KPL_MAX_RECORDS
        );
    }

    #[test]
    fn a_pack_of_two_is_unpacked() {
        let pack = packed(&[b"first".to_vec(), b"second".to_vec()]);
        assert_eq!(&pack[..8], b"\xf3\x89\x9a\xc2\x0a\x0202");
        assert_eq!(unpacked(pack), ["first", "second"]);
    }

    proptest! {
        #[test]
        fn unpacking_undoes_packing(records in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..20)) {
            prop_assert_eq!(unpacked(packed(&records)), records);
        }

        #[test]
        fn any_bytes_behind_the_magic_are_survived(message in prop::collection::vec(any::<u8>(), 0..60)) {
            let digest = Md5::digest(&message);
            let data: Bytes = [MAGIC, &message, digest.as_slice()].concat().into();
            let records = unpacked(data.clone());
            prop_assert!(records == [data] || records.iter().all(|r| r.len() <= message.len()));
        }
    }
}
