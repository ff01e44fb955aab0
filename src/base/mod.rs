//! What every room stands on: time, identity, seeds and the numbers AWS documents.
//!
//! Invariant: nothing here knows a service, a protocol or a file. This is also the only room that
//! may read the machine's clock, sleep, or draw from the machine's entropy (`clippy.toml` enforces
//! it), so whatever the rest of the crate does can be replayed from a seed and a start time.

// The one room that may: everything else gets time and randomness from here.
#![allow(clippy::disallowed_methods)]

pub mod arn;
pub mod blob;
pub mod call;
pub mod clock;
pub mod ids;
pub mod limits;
pub mod seed;
pub mod time;

pub use arn::{AccountId, Arn, Region};
pub use blob::Blob;
pub use call::{Call, Origin, ServiceError};
pub use clock::Clock;
pub use ids::Ids;
pub use seed::{Seed, SeededRng};
pub use time::Timestamp;
