//! The signatures within a body: each chunk's covers the one before it, the first the request's.

use aws_sigv4::sign::v4::calculate_signature;

use super::{same, sha256};

/// Signs the chunks of one body, in order. Made by [`verify`](super::verify); travels as an extension
/// of the request to where the body is read.
#[derive(Clone)]
pub struct ChunkSigner {
    key: Vec<u8>,
    date: String,
    scope: String,
    /// The signature before: the request's, then that of each chunk.
    previous: String,
}

/// Keys stay out of logs.
impl std::fmt::Debug for ChunkSigner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ChunkSigner").finish_non_exhaustive()
    }
}

impl ChunkSigner {
    pub(super) fn new(key: Vec<u8>, date: String, scope: String, seed: String) -> Self {
        Self {
            key,
            date,
            scope,
            previous: seed,
        }
    }

    /// Whether `sent` is the signature of the next chunk; the last one is empty.
    pub fn chunk(&mut self, data: &[u8], sent: &str) -> bool {
        let hashes = format!("{}\n{}", sha256(b""), sha256(data));
        self.next("AWS4-HMAC-SHA256-PAYLOAD", &hashes, sent)
    }

    /// Whether `sent` is the signature of the trailers, `name:value` and a line feed each.
    pub fn trailers(&mut self, trailers: &str, sent: &str) -> bool {
        self.next(
            "AWS4-HMAC-SHA256-TRAILER",
            &sha256(trailers.as_bytes()),
            sent,
        )
    }

    fn next(&mut self, algorithm: &str, hashes: &str, sent: &str) -> bool {
        let string_to_sign = format!(
            "{algorithm}\n{}\n{}\n{}\n{hashes}",
            self.date, self.scope, self.previous
        );
        self.previous = calculate_signature(&self.key, string_to_sign.as_bytes());
        same(&self.previous, sent)
    }
}
