//! Shard ids.

use std::fmt;

/// The number of a shard within its stream; prints as `shardId-000000000007`.
///
/// Numbers are given in increasing order for the life of a stream and never again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ShardId(pub u32);

impl ShardId {
    /// Highest number: AWS keeps it in a signed 32-bit integer.
    pub const MAX: u32 = i32::MAX as u32;

    /// Parses an id with or without its `shardId-` prefix, as AWS does; `None` if it has no number.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.split('-').nth(1).unwrap_or(text);
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let number: u32 = digits.parse().ok()?;
        (number <= Self::MAX).then_some(Self(number))
    }
}

impl fmt::Display for ShardId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A number above MAX comes only out of a made-up sequence number; AWS prints it as the
        // negative integer it takes it for, padded to the same width.
        write!(f, "shardId-{:012}", self.0.cast_signed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_with_and_without_their_prefix() {
        let id = ShardId(17);
        assert_eq!(id.to_string(), "shardId-000000000017");
        assert_eq!(ShardId(1 << 31).to_string(), "shardId--02147483648");
        for text in ["shardId-000000000017", "shardId-17", "17", "00017"] {
            assert_eq!(ShardId::parse(text), Some(id), "{text}");
        }
        for text in ["", "shard", "shardId-", "shardId-1x", "shardId-2147483648"] {
            assert_eq!(ShardId::parse(text), None, "{text}");
        }
    }
}
