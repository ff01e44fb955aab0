//! Identifiers in the shapes AWS gives them, from a seed or from the machine's entropy.

use std::sync::Mutex;

use crate::base::seed::{Seed, SeededRng};

/// A source of identifiers. Shared by reference: drawing takes a short lock.
#[derive(Debug)]
pub struct Ids(Mutex<SeededRng>);

const ALPHANUMERIC: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// IAM's unique ids use upper-case letters and the digits 2–7 (RFC 4648 base32).
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

impl Ids {
    /// Identifiers that are the same for the same seed and the same order of draws.
    pub fn seeded(seed: Seed) -> Self {
        Self(Mutex::new(seed.rng()))
    }

    fn draw<T>(&self, with: impl FnOnce(&mut SeededRng) -> T) -> T {
        let mut rng = self
            .0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        with(&mut rng)
    }

    /// A generator of its own, for a stream of draws that shall not shift the identifiers drawn meanwhile.
    pub fn rng(&self) -> SeededRng {
        Seed::new(self.draw(SeededRng::next_u64)).rng()
    }

    /// A version-4 UUID in lower-case hyphenated form.
    pub fn uuid(&self) -> String {
        let mut bytes = [0u8; 16];
        self.draw(|rng| rng.fill(&mut bytes));
        uuid::Builder::from_random_bytes(bytes)
            .into_uuid()
            .to_string()
    }

    /// `digits` lower-case hexadecimal digits.
    pub fn hex(&self, digits: usize) -> String {
        self.text(digits, b"0123456789abcdef")
    }

    /// `length` characters of `[0-9A-Za-z]`.
    pub fn alphanumeric(&self, length: usize) -> String {
        self.text(length, ALPHANUMERIC)
    }

    /// An IAM unique id: the four-letter `prefix` (`AROA`, `AIDA`, `ANPA`, …) and 17 characters.
    pub fn iam(&self, prefix: &str) -> String {
        format!("{prefix}{}", self.text(17, BASE32))
    }

    fn text(&self, length: usize, alphabet: &[u8]) -> String {
        self.draw(|rng| {
            (0..length)
                .filter_map(|_| {
                    let at = rng.below(alphabet.len() as u64) as usize;
                    alphabet.get(at).map(|b| char::from(*b))
                })
                .collect()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_their_shapes_and_follow_the_seed() {
        let ids = Ids::seeded(Seed::new(3));
        let uuid = ids.uuid();
        assert_eq!(uuid.len(), 36);
        assert_eq!(&uuid[14..15], "4");
        assert_eq!(ids.hex(64).len(), 64);
        assert!(
            ids.alphanumeric(11)
                .bytes()
                .all(|b| b.is_ascii_alphanumeric())
        );
        let role = ids.iam("AROA");
        assert_eq!((role.len(), &role[..4]), (21, "AROA"));
        assert_eq!(Ids::seeded(Seed::new(3)).uuid(), uuid);
        assert_ne!(Ids::seeded(Seed::new(4)).uuid(), uuid);
    }
}
