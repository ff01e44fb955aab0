//! Records that the Kinesis Producer Library packed into one, unpacked before any processing.
//!
//! The limit is the Firehose guide's.

use bytes::Bytes;

use crate::base::limits::firehose::KPL_MAX_RECORDS;
use crate::reading::aggregate;

/// The records packed into `data`, or `data` itself when it is not such a pack or has more records
/// than Firehose unpacks.
pub(super) fn unpacked(data: Bytes) -> Vec<Bytes> {
    match aggregate::unpack(&data) {
        Some(records) if records.len() <= KPL_MAX_RECORDS => {
            records.into_iter().map(|record| record.data).collect()
        }
        _ => vec![data],
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Packs records as the producer library does, all with one partition key.
    pub(in crate::firehose) fn packed(records: &[Vec<u8>]) -> Bytes {
        let records: Vec<_> = records
            .iter()
            .map(|data| aggregate::UserRecord {
                partition_key: "02".to_owned(),
                explicit_hash_key: None,
                data: data.clone().into(),
            })
            .collect();
        aggregate::pack(&records)
    }

    #[test]
    fn what_is_not_a_pack_stays_whole() {
        let pack = packed(&[b"a".to_vec(), b"b".to_vec()]);
        let mut broken = pack.to_vec();
        *broken.last_mut().unwrap() ^= 1;
        for data in [
            Bytes::new(),
            (&b"\xf3\x89\x9a\xc2"[..]).into(),
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
}
