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
mod cli;
mod conversion;
mod docker;
mod fidelity;
mod functions;
mod licences;
mod pipeline;
mod replay;
mod world;
