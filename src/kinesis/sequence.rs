//! Sequence numbers in the layout AWS has used since 2014 ("version 2").
//!
//! A number is 47 hexadecimal digits, printed in decimal (56 digits that begin with `49`):
//!
//! | digits | meaning |
//! |---|---|
//! | 1 | `2` |
//! | 9 | second in which the shard was made |
//! | 1 | lowest digit of the shard's number |
//! | 16 | index of the record, below 2^63 |
//! | 2 | unknown, `00` in everything observed |
//! | 9 | second in which the record arrived |
//! | 8 | the shard's number |
//! | 1 | version, `2` |
//!
//! kinesalite found it by watching Kinesis; 93 records of the original project confirm it. Clients
//! only compare: as integers, never as text.

use std::fmt;
use std::str::FromStr;

use crate::base::Timestamp;
use crate::kinesis::shard_id::ShardId;

/// A sequence number: what its digits say. Ordered as the integers are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SequenceNumber {
    // Field order is digit order, so that the derived order is the numbers' order. The digit behind
    // `shard_created_secs` repeats the last one of `shard` and is made from it.
    shard_created_secs: u64,
    shard_digit: u8,
    index: u64,
    byte: u8,
    record_secs: u64,
    shard: u32,
}

/// The index in the number at which a closed shard ends.
const CLOSED_INDEX: u64 = 0x7fff_ffff_ffff_ffff;
const SECS_MASK: u64 = (1 << 36) - 1;
/// The largest power of ten in 64 bits, and its exponent: decimal digits are made in such chunks.
const CHUNK: u64 = 10_000_000_000_000_000_000;

impl SequenceNumber {
    /// The number of the record `index` of a shard. Instants are cut to seconds.
    pub fn new(shard: ShardId, shard_created: Timestamp, index: u64, record: Timestamp) -> Self {
        let secs = |t: Timestamp| u64::try_from(t.secs()).unwrap_or(0) & SECS_MASK;
        Self {
            shard_created_secs: secs(shard_created),
            shard_digit: (shard.0 & 0xf) as u8,
            index: index.min(CLOSED_INDEX),
            byte: 0,
            record_secs: secs(record),
            shard: shard.0,
        }
    }

    /// Where a shard starts: below all of its records.
    pub fn start_of(shard: ShardId, created: Timestamp) -> Self {
        Self::new(shard, created, 0, created)
    }

    /// Where a shard that was closed at `closed` ends: above all of its records.
    pub fn end_of(shard: ShardId, created: Timestamp, closed: Timestamp) -> Self {
        Self::new(shard, created, CLOSED_INDEX, closed)
    }

    /// The shard the number names.
    pub fn shard(&self) -> ShardId {
        ShardId(self.shard)
    }

    /// Second in which the shard was made.
    pub fn shard_created_secs(&self) -> u64 {
        self.shard_created_secs
    }

    /// Index of the record in its shard.
    pub fn index(&self) -> u64 {
        self.index
    }

    /// Second in which the record arrived.
    pub fn record_secs(&self) -> u64 {
        self.record_secs
    }

    /// The integer in three 64-bit limbs, most significant first.
    fn limbs(&self) -> [u64; 3] {
        // 188 bits: 4 | 36 | 4 | 64 | 8 | 36 | 32 | 4, the top limb holding the highest 60.
        let high = (2 << 56)
            | (self.shard_created_secs << 20)
            | (u64::from(self.shard_digit) << 16)
            | (self.index >> 48);
        let middle = (self.index << 16) | (u64::from(self.byte) << 8) | (self.record_secs >> 28);
        let low = (self.record_secs << 36) | (u64::from(self.shard) << 4) | 2;
        [high, middle, low]
    }

    fn from_limbs([high, middle, low]: [u64; 3]) -> Option<Self> {
        let number = Self {
            shard_created_secs: (high >> 20) & SECS_MASK,
            shard_digit: ((high >> 16) & 0xf) as u8,
            index: (high << 48) | (middle >> 16),
            byte: ((middle >> 8) & 0xff) as u8,
            record_secs: ((middle & 0xff) << 28) | (low >> 36),
            shard: ((low >> 4) & 0xffff_ffff) as u32,
        };
        let sound = high >> 56 == 2
            && low & 0xf == 2
            && number.index <= CLOSED_INDEX
            && u32::from(number.shard_digit) == number.shard & 0xf;
        sound.then_some(number)
    }
}

impl fmt::Display for SequenceNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut limbs = self.limbs();
        let mut chunks = [0u64; 3];
        for chunk in &mut chunks {
            let mut rest = 0u128;
            for limb in &mut limbs {
                let part = (rest << 64) | u128::from(*limb);
                *limb = (part / u128::from(CHUNK)) as u64;
                rest = part % u128::from(CHUNK);
            }
            *chunk = rest as u64;
        }
        let [low, middle, high] = chunks;
        write!(f, "{high}{middle:019}{low:019}")
    }
}

/// Why a text is not a sequence number of this layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a sequence number")]
pub struct SequenceError;

impl FromStr for SequenceNumber {
    type Err = SequenceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut limbs = [0u64; 3];
        if text.is_empty() || text.len() > 57 {
            return Err(SequenceError);
        }
        for byte in text.bytes() {
            if !byte.is_ascii_digit() {
                return Err(SequenceError);
            }
            let mut carry = u128::from(byte - b'0');
            for limb in limbs.iter_mut().rev() {
                let product = u128::from(*limb) * 10 + carry;
                *limb = product as u64;
                carry = product >> 64;
            }
            if carry != 0 {
                return Err(SequenceError);
            }
        }
        Self::from_limbs(limbs).ok_or(SequenceError)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A record of the original project, written by Kinesis itself in December 2022.
    const RECORDED: &str = "49636223021607342193165002151622077254305031100364226594";

    #[test]
    fn numbers_recorded_on_aws_decode_and_encode() {
        let golden: serde_json::Value =
            serde_json::from_str(include_str!("../../fixtures/golden/kinesis.json")).unwrap();
        let vectors = golden["sequence_numbers"].as_array().unwrap();
        assert_eq!(vectors[0]["number"], RECORDED);
        for vector in vectors {
            let text = vector["number"].as_str().unwrap();
            let number: SequenceNumber = text.parse().unwrap();
            assert_eq!(u64::from(number.shard().0), vector["shard"]);
            assert_eq!(number.index(), vector["index"]);
            assert_eq!(number.record_secs(), vector["record_second"]);
            let created = Timestamp::parse(vector["shard_created"].as_str().unwrap()).unwrap();
            assert_eq!(number.shard_created_secs(), created.secs() as u64);
            assert_eq!(number.to_string(), text);
            let record = Timestamp::from_secs(number.record_secs() as i64);
            let made = SequenceNumber::new(number.shard(), created, number.index(), record);
            assert_eq!(made, number);
        }
    }

    #[test]
    fn other_numbers_are_refused() {
        let beyond = "9".repeat(57);
        let longer = format!("{RECORDED}0");
        for text in ["", "0", "2", "abc", "-1", &longer, &beyond, &RECORDED[1..]] {
            assert!(text.parse::<SequenceNumber>().is_err(), "{text}");
        }
        // The last digit of the layout is the version: 2 and nothing else.
        let other_version = format!("{}5", &RECORDED[..55]);
        assert!(other_version.parse::<SequenceNumber>().is_err());
    }

    #[test]
    fn a_shard_lies_between_its_start_and_its_end() {
        let (made, later) = (Timestamp::from_secs(1_000), Timestamp::from_secs(5_000));
        let start = SequenceNumber::start_of(ShardId(20), made);
        let end = SequenceNumber::end_of(ShardId(20), made, later);
        for index in [1, 2, 1 << 40] {
            let record = SequenceNumber::new(ShardId(20), made, index, later);
            assert!(start < record && record < end);
        }
    }

    fn numbers() -> impl Strategy<Value = SequenceNumber> {
        (
            0..=ShardId::MAX,
            0..=SECS_MASK as i64,
            0..=CLOSED_INDEX,
            0..=SECS_MASK as i64,
        )
            .prop_map(|(shard, created, index, record)| {
                SequenceNumber::new(
                    ShardId(shard),
                    Timestamp::from_secs(created),
                    index,
                    Timestamp::from_secs(record),
                )
            })
    }

    proptest! {
        #[test]
        fn every_number_reads_back_as_it_was_written(number in numbers()) {
            let text = number.to_string();
            prop_assert!(text.bytes().all(|b| b.is_ascii_digit()));
            prop_assert_eq!(text.parse::<SequenceNumber>(), Ok(number));
        }

        #[test]
        fn numbers_order_as_integers_do(a in numbers(), b in numbers()) {
            let width = |n: &SequenceNumber| format!("{:0>57}", n.to_string());
            prop_assert_eq!(a.cmp(&b), width(&a).cmp(&width(&b)));
        }
    }
}
