//! The `windfarm` program: see `windfarm --help`.

use std::process::ExitCode;

fn main() -> ExitCode {
    eprintln!("windfarm: the commands are not built yet in this checkout; see README.md");
    ExitCode::from(3)
}
