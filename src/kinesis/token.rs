//! Opaque tokens: shard iterators and page tokens.
//!
//! A token carries its content sealed with a key of its own emulator: clients can neither read nor
//! invent one. Layout before base64, as long as AWS's iterators are: eight bytes `00…01`, a 16-byte
//! tag, the content. Tag and key stream are keyed MD5; this keeps honest clients from depending on
//! the content and is no protection against a cryptanalyst, who could read the process anyway.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest, Md5};

use crate::base::Timestamp;
use crate::kinesis::shard_id::ShardId;

const HEADER: [u8; 8] = [0, 0, 0, 0, 0, 0, 0, 1];
const TAG_BYTES: usize = 16;

/// The key tokens are sealed with.
#[derive(Clone, Debug)]
pub struct TokenKey(String);

impl TokenKey {
    /// A key from secret text.
    pub fn new(secret: impl Into<String>) -> Self {
        Self(secret.into())
    }

    fn digest(&self, purpose: u8, parts: &[&[u8]]) -> [u8; TAG_BYTES] {
        let mut hash = Md5::new()
            .chain_update(self.0.as_bytes())
            .chain_update([purpose]);
        for part in parts {
            hash.update(part);
        }
        hash.finalize().into()
    }

    fn crypt(&self, tag: &[u8], content: &mut [u8]) {
        for (block, bytes) in (0u64..).zip(content.chunks_mut(TAG_BYTES)) {
            let pad = self.digest(1, &[tag, &block.to_be_bytes()]);
            for (byte, pad) in bytes.iter_mut().zip(pad) {
                *byte ^= pad;
            }
        }
    }

    /// Seals `content`, padded with zeros to `length` bytes if it is shorter.
    pub fn seal(&self, mut content: Vec<u8>, length: usize) -> String {
        content.resize(content.len().max(length), 0);
        let tag = self.digest(0, &[&content]);
        self.crypt(&tag, &mut content);
        let mut token = Vec::with_capacity(HEADER.len() + TAG_BYTES + content.len());
        token.extend_from_slice(&HEADER);
        token.extend_from_slice(&tag);
        token.extend_from_slice(&content);
        STANDARD.encode(token)
    }

    /// Opens a token; `None` if it was not sealed with this key.
    pub fn open(&self, token: &str) -> Option<Vec<u8>> {
        let bytes = STANDARD.decode(token).ok()?;
        let (tag, sealed) = bytes.strip_prefix(&HEADER)?.split_at_checked(TAG_BYTES)?;
        let mut content = sealed.to_vec();
        self.crypt(tag, &mut content);
        (self.digest(0, &[&content]) == tag).then_some(content)
    }
}

/// What a shard iterator says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShardIterator {
    /// When it was issued.
    pub issued: Timestamp,
    /// Distinguishes iterators of equal content: no two are the same text.
    pub serial: u64,
    /// Which life of the stream's name it belongs to.
    pub incarnation: u64,
    /// The stream.
    pub stream: String,
    /// The shard.
    pub shard: ShardId,
    /// Index of the next record to read.
    pub next_index: u64,
}

impl ShardIterator {
    /// The token, of the length AWS gives iterators over a stream of this name.
    pub fn seal(&self, key: &TokenKey) -> String {
        let mut content = Vec::with_capacity(160);
        content.extend_from_slice(&self.issued.micros().to_be_bytes());
        content.extend_from_slice(&self.serial.to_be_bytes());
        content.extend_from_slice(&self.incarnation.to_be_bytes());
        content.extend_from_slice(&self.next_index.to_be_bytes());
        content.extend_from_slice(&self.shard.0.to_be_bytes());
        content.push(u8::try_from(self.stream.len()).unwrap_or(u8::MAX));
        content.extend_from_slice(self.stream.as_bytes());
        let length = 152 + (self.stream.len() + 2) / 16 * 16;
        key.seal(content, length - HEADER.len() - TAG_BYTES)
    }

    /// Reads a token. Double quotes around it are tolerated: users of the AWS CLI send them.
    pub fn open(token: &str, key: &TokenKey) -> Option<Self> {
        let token = token
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'))
            .unwrap_or(token);
        let content = key.open(token)?;
        let (issued, rest) = content.split_first_chunk()?;
        let (serial, rest) = rest.split_first_chunk()?;
        let (incarnation, rest) = rest.split_first_chunk()?;
        let (next_index, rest) = rest.split_first_chunk()?;
        let (shard, rest) = rest.split_first_chunk()?;
        let (length, rest) = rest.split_first()?;
        let stream = rest.get(..usize::from(*length))?;
        Some(Self {
            issued: Timestamp::from_micros(i64::from_be_bytes(*issued)),
            serial: u64::from_be_bytes(*serial),
            incarnation: u64::from_be_bytes(*incarnation),
            stream: std::str::from_utf8(stream).ok()?.to_owned(),
            shard: ShardId(u32::from_be_bytes(*shard)),
            next_index: u64::from_be_bytes(*next_index),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn iterator(stream: &str) -> ShardIterator {
        ShardIterator {
            issued: Timestamp::from_micros(1_734_567_890_123_456),
            serial: 9,
            incarnation: 3,
            stream: stream.to_owned(),
            shard: ShardId(5),
            next_index: 77,
        }
    }

    #[test]
    fn iterators_are_as_long_as_those_of_aws() {
        let key = TokenKey::new("k");
        for length in [1, 13, 14, 30, 128] {
            let name = "s".repeat(length);
            let token = iterator(&name).seal(&key);
            let bytes = STANDARD.decode(&token).unwrap();
            assert_eq!(bytes.len(), 152 + (length + 2) / 16 * 16, "{length}");
            assert_eq!(&bytes[..8], &HEADER);
            assert!(token.len() <= 512);
        }
    }

    #[test]
    fn quotes_around_an_iterator_are_tolerated() {
        let key = TokenKey::new("k");
        let token = iterator("wind").seal(&key);
        let quoted = format!("\"{token}\"");
        assert_eq!(ShardIterator::open(&quoted, &key), Some(iterator("wind")));
    }

    #[test]
    fn foreign_and_damaged_tokens_do_not_open() {
        let key = TokenKey::new("k");
        let token = iterator("wind").seal(&key);
        assert_eq!(ShardIterator::open(&token, &TokenKey::new("other")), None);
        for bad in ["", "AAAAAAAAAAE=", "no base64 at all"] {
            assert_eq!(ShardIterator::open(bad, &key), None, "{bad}");
        }
        let mut bytes = STANDARD.decode(&token).unwrap();
        for at in 0..bytes.len() {
            bytes[at] ^= 1;
            assert_eq!(
                ShardIterator::open(&STANDARD.encode(&bytes), &key),
                None,
                "byte {at}"
            );
            bytes[at] ^= 1;
        }
    }

    proptest! {
        #[test]
        fn iterators_read_back_as_they_were_sealed(
            stream in "[a-zA-Z0-9_.-]{1,128}", shard in 0..=ShardId::MAX, next_index: u64,
            serial: u64, incarnation: u64, micros: i64,
        ) {
            let key = TokenKey::new("k");
            let iterator = ShardIterator {
                issued: Timestamp::from_micros(micros), serial, incarnation, stream,
                shard: ShardId(shard), next_index,
            };
            prop_assert_eq!(ShardIterator::open(&iterator.seal(&key), &key), Some(iterator));
        }
    }
}
