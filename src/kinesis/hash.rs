//! The ring of 2^128 hash keys that shards divide among them.

use md5::{Digest, Md5};

/// A position on the ring.
pub type HashKey = u128;

/// The hash keys of one shard, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct HashRange {
    /// Lowest hash key.
    pub start: HashKey,
    /// Highest hash key.
    pub end: HashKey,
}

impl HashRange {
    /// Whether `key` falls into this range.
    pub fn contains(&self, key: HashKey) -> bool {
        self.start <= key && key <= self.end
    }

    /// Whether `next` begins right behind this range.
    pub fn is_followed_by(&self, next: &Self) -> bool {
        self.end.checked_add(1) == Some(next.start)
    }
}

/// Where a partition key falls: the MD5 of its UTF-8 bytes, read as a big-endian number.
pub fn of_partition_key(partition_key: &str) -> HashKey {
    let digest: [u8; 16] = Md5::new().chain_update(partition_key).finalize().into();
    HashKey::from_be_bytes(digest)
}

/// Parses the decimal text of a hash key; `None` beyond 2^128 − 1 or for anything but digits.
pub fn parse(text: &str) -> Option<HashKey> {
    (!text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()))
        .then(|| text.parse().ok())
        .flatten()
}

/// The ring cut into `count` ranges of ⌊2^128 / count⌋ keys, the last taking what is left.
pub fn even_ranges(count: u32) -> impl Iterator<Item = HashRange> {
    let parts = u128::from(count.max(1));
    // 2^128 itself does not fit: divide 2^128 − 1 and correct for the one that is missing.
    let exact = u128::MAX % parts == parts - 1;
    let step = (u128::MAX / parts).wrapping_add(u128::from(exact));
    (0..u128::from(count)).map(move |part| HashRange {
        start: step.wrapping_mul(part),
        end: if part + 1 == parts {
            u128::MAX
        } else {
            step.wrapping_mul(part + 1).wrapping_sub(1)
        },
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn golden() -> Value {
        serde_json::from_str(include_str!("../../fixtures/golden/kinesis.json")).unwrap()
    }

    #[test]
    fn new_streams_are_cut_where_aws_cuts_them() {
        for (count, expected) in golden()["range_starts"].as_object().unwrap() {
            let ranges: Vec<HashRange> = even_ranges(count.parse().unwrap()).collect();
            let starts: Vec<String> = ranges.iter().map(|r| r.start.to_string()).collect();
            assert_eq!(serde_json::json!(starts), *expected, "{count} shards");
            assert_eq!(
                ranges[ranges.len() - 1].end.to_string(),
                "340282366920938463463374607431768211455"
            );
        }
    }

    #[test]
    fn partition_keys_fall_where_they_fell_on_aws() {
        let golden = golden();
        let vectors = golden["keys_in_four_shards"].as_array().unwrap();
        assert_eq!(vectors.len(), 9);
        for vector in vectors {
            let key = of_partition_key(vector["key"].as_str().unwrap());
            if let Some(hash) = vector["hash"].as_str() {
                assert_eq!(key.to_string(), hash, "{vector}");
            }
            let shard = even_ranges(4).position(|range| range.contains(key));
            assert_eq!(serde_json::json!(shard), vector["shard"], "{vector}");
        }
    }

    #[test]
    fn hash_keys_beyond_the_ring_are_refused() {
        let top = "340282366920938463463374607431768211455";
        assert_eq!(parse(top), Some(u128::MAX));
        for text in [
            "340282366920938463463374607431768211456",
            "",
            "-1",
            "+1",
            "0x1",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn even_ranges_tile_the_ring(count in 1u32..3_000) {
            let ranges: Vec<HashRange> = even_ranges(count).collect();
            prop_assert_eq!(ranges.len(), count as usize);
            prop_assert_eq!(ranges[0].start, 0);
            prop_assert_eq!(ranges[ranges.len() - 1].end, u128::MAX);
            prop_assert!(ranges.windows(2).all(|pair| pair[0].is_followed_by(&pair[1])));
        }
    }
}
