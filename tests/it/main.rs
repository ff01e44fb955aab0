//! One binary for all integration tests: DataFusion makes every test binary slow to link.

// Tests may panic: that is how they fail.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod architecture;
mod authentication;
mod cbor_client;
mod cli;
mod conversion;
mod definitions;
mod docker;
mod fan_out;
mod fidelity;
mod functions;
mod front_door;
mod hardening;
mod iam;
mod licences;
mod pipeline;
mod replay;
mod world;
