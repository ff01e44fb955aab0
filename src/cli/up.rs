//! `windfarm up`: the emulator on a port.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::process::ExitCode;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use crate::base::{Clock, Seed};
use crate::cli::args::{LimitsName, UpArgs};
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::emulator::{Emulator, Functions, Settings};
use crate::kinesis::Limits;

/// Serves until SIGTERM or Ctrl-C.
pub async fn run(args: UpArgs) -> Result<ExitCode, Failure> {
    let functions = functions(&args.lambda)?;
    let address = SocketAddr::new(args.host, args.port);
    let listener = TcpListener::bind(address).await.map_err(|error| {
        let advice = match error.kind() {
            ErrorKind::AddrInUse => {
                "something listens there already: stop it, or choose another with --port"
            }
            ErrorKind::PermissionDenied => {
                "ports below 1024 need privileges: choose another with --port"
            }
            _ => "choose another address with --host and --port",
        };
        Failure::new(format!("cannot listen on {address}: {error}; {advice}"))
    })?;
    let address = listener
        .local_addr()
        .map_err(|error| Failure::new(format!("cannot read the listening address: {error}")))?;
    let stop = |error| Failure::new(format!("cannot wait for signals: {error}"));
    let mut terminate = signal(SignalKind::terminate()).map_err(stop)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(stop)?;
    let emulator = Emulator::start(Settings {
        clock: Clock::system(),
        seed: args.seed.map_or_else(Seed::random, Seed::new),
        limits: match args.limits {
            LimitsName::Aws => Limits::Aws,
            LimitsName::Off => Limits::Off,
        },
        functions,
    });
    print_environment(address);
    emulator
        .serve(listener, async {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        })
        .await;
    eprintln!("windfarm: stopped; nothing is kept");
    Ok(ExitCode::SUCCESS)
}

/// The functions of `ARN=URL` arguments.
fn functions(arguments: &[String]) -> Result<Functions, Failure> {
    let mut functions = Functions::default();
    for argument in arguments {
        let (arn, url) = argument.split_once('=').ok_or_else(|| {
            Failure::new(format!(
                "--lambda {argument}: write ARN=URL, for example \
                 arn:aws:lambda:us-east-1:000000000000:function:clean=http://127.0.0.1:9000/"
            ))
        })?;
        functions
            .register(arn, url)
            .map_err(|why| Failure::new(format!("--lambda {argument}: {why}")))?;
    }
    Ok(functions)
}

/// What to paste into a shell. Written to standard output so that it can be evaluated.
fn print_environment(address: SocketAddr) {
    let host = match address {
        SocketAddr::V4(v4) if v4.ip().is_unspecified() => format!("127.0.0.1:{}", v4.port()),
        other => other.to_string(),
    };
    eprintln!("windfarm: listening on http://{address} (state is in memory; stop with Ctrl-C)");
    output::line(format!(
        "export AWS_ENDPOINT_URL=http://{host}\n\
         export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test\n\
         export AWS_DEFAULT_REGION=us-east-1 AWS_REGION=us-east-1"
    ));
}
