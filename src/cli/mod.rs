//! The command line: arguments to settings, one file a command.
//!
//! Exit codes: 0 done, 1 done and something did not add up, 2 not done (one line on standard error
//! says what to do), 3 not supported.

mod args;
mod bars;
mod demo;
mod failure;
mod health;
mod operations;
mod output;
mod produce;
mod replay;
mod report;
mod iam;
mod streams;
mod target;
mod up;

use std::process::ExitCode;

use clap::Parser;

pub use args::{Arguments, Command};
use failure::Failure;

/// Runs the program with the process's arguments.
pub fn run() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Printing help or a usage error can only fail when nobody reads it.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    log_to_stderr();
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return Failure::new(format!("cannot start: {error}")).report(),
    };
    let outcome = runtime.block_on(async {
        match arguments.command {
            Command::Demo(demo) => demo::run(demo).await,
            Command::Up(up) => up::run(up).await,
            Command::Health(health) => health::run(health).await,
            Command::Operations(operations) => operations::run(&operations),
            Command::Produce(produce) => produce::run(produce).await,
            Command::Replay(replay) => replay::run(replay).await,
            Command::Streams(command) => streams::run(command).await,
            Command::Iam(command) => iam::run(command).await,
        }
    });
    match outcome {
        Ok(code) => code,
        Err(failure) => failure.report(),
    }
}

/// Logs go to standard error, warnings and worse unless `RUST_LOG` says otherwise. `s3s` logs every
/// refusal as an error: that is the client's affair.
fn log_to_stderr() {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn,s3s=off"));
    // Fails only when a logger is set already, which then stays.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .try_init();
}
