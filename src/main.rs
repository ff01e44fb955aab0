//! The `windfarm` program: see `windfarm --help`.

fn main() {}
