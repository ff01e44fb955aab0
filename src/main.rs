//! The `windfarm` program: see `windfarm --help`.

use std::process::ExitCode;

fn main() -> ExitCode {
    windfarm::cli::run()
}
