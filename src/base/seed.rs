//! Randomness as a tree: one root seed, named children, no shared generator.
//!
//! A child is derived from its parent and a label alone, so adding a consumer of randomness in one
//! place never shifts the numbers another place draws.

use std::fmt;

use md5::{Digest, Md5};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// A node of the seed tree. Printing it gives what `--seed` takes to replay a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Seed(u64);

impl Seed {
    /// The root seed for a number given by the user.
    pub const fn new(value: u64) -> Self {
        Self(value)
    }

    /// A root seed from the machine's entropy, for runs where the user gave none.
    pub fn random() -> Self {
        Self(uuid::Uuid::new_v4().as_u64_pair().0)
    }

    /// The number behind the seed.
    pub const fn value(self) -> u64 {
        self.0
    }

    /// The child of this seed under `label`.
    pub fn child(self, label: &str) -> Self {
        let digest: [u8; 16] = Md5::new()
            .chain_update(self.0.to_be_bytes())
            .chain_update(label.as_bytes())
            .finalize()
            .into();
        let (head, _) = digest.split_at(8);
        Self(head.iter().fold(0, |acc, b| (acc << 8) | u64::from(*b)))
    }

    /// A generator that starts at this seed.
    pub fn rng(self) -> SeededRng {
        SeededRng(ChaCha8Rng::seed_from_u64(self.0))
    }
}

impl fmt::Display for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// A generator of reproducible numbers (ChaCha8: the same on every platform and release).
#[derive(Clone, Debug)]
pub struct SeededRng(ChaCha8Rng);

impl SeededRng {
    /// 64 uniform bits.
    pub fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// Uniform in `[0, 1)`, with 53 random bits.
    pub fn unit(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// Uniform in `[low, high)`, computed as Python's `random.uniform`: `low + (high - low) * u`.
    pub fn uniform(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// Uniform in `0..bound`; 0 when `bound` is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        if bound == 0 {
            return 0;
        }
        // Multiply-shift keeps the bias below 2^-64 * bound, far under what any test can see.
        ((u128::from(self.next_u64()) * u128::from(bound)) >> 64) as u64
    }

    /// True with probability `p`.
    pub fn chance(&mut self, p: f64) -> bool {
        self.unit() < p
    }

    /// A standard normal number (Box–Muller; one of the pair is discarded to keep no state).
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.unit()).cos()
    }

    /// Fills a buffer with random bytes.
    pub fn fill(&mut self, bytes: &mut [u8]) {
        self.0.fill_bytes(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn children_are_independent_and_reproducible() {
        let root = Seed::new(7);
        assert_eq!(root.child("a"), root.child("a"));
        assert_ne!(root.child("a"), root.child("b"));
        assert_ne!(root.child("a").child("b"), root.child("b").child("a"));
        let draw = |seed: Seed| {
            let mut rng = seed.rng();
            [rng.next_u64(), rng.next_u64()]
        };
        assert_eq!(draw(root), draw(Seed::new(7)));
        assert_ne!(draw(root), draw(Seed::new(8)));
    }

    #[test]
    fn numbers_stay_in_their_ranges() {
        let mut rng = Seed::new(1).rng();
        for _ in 0..10_000 {
            assert!((0.7..1.0).contains(&rng.uniform(0.7, 1.0)));
            assert!(rng.below(3) < 3);
            assert!(rng.normal().is_finite());
        }
        assert_eq!(rng.below(0), 0);
    }
}
