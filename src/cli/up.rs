//! `windfarm up`: the emulator on a port.

use std::io::{ErrorKind, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use crate::base::{Clock, Seed};
use crate::cli::args::{AuthName, IamName, LimitsName, UpArgs};
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::emulator::{Emulator, Enforcement, Functions, Settings};
use crate::kinesis::Limits;
use crate::wire::Authentication;
use crate::wire::tls::Tls;

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
    let clock = Clock::system();
    let tls = if args.tls {
        let certificate = args
            .tls_certificate
            .clone()
            .unwrap_or_else(|| default_certificate(address));
        Some(Certified::new(&clock, address, &args.s3_host, certificate)?)
    } else {
        None
    };
    let emulator = Emulator::start(Settings {
        clock,
        seed: args.seed.map_or_else(Seed::random, Seed::new),
        limits: match args.limits {
            LimitsName::Aws => Limits::Aws,
            LimitsName::Off => Limits::Off,
        },
        authentication: match args.auth {
            AuthName::Off => Authentication::Off,
            AuthName::Verify => Authentication::Verify,
        },
        iam: match args.iam {
            IamName::Off => Enforcement::Off,
            IamName::Audit => Enforcement::Audit,
            IamName::Enforce => Enforcement::Enforce,
        },
        s3_hosts: args.s3_host,
        functions,
    });
    print_environment(address, tls.as_ref());
    let stopped = async {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    };
    match &tls {
        None => emulator.serve(listener, stopped).await,
        Some(certified) => emulator.serve_tls(listener, &certified.tls, stopped).await,
    }
    drop(tls);
    eprintln!("windfarm: stopped; nothing is kept");
    Ok(ExitCode::SUCCESS)
}

/// TLS, and the file that says whom to trust. The file goes when the server does: the key is gone then.
struct Certified {
    tls: Tls,
    file: PathBuf,
}

impl Certified {
    fn new(
        clock: &Clock,
        address: SocketAddr,
        domains: &[String],
        file: PathBuf,
    ) -> Result<Self, Failure> {
        let tls = Tls::self_signed(clock.now(), &[address.ip()], domains)
            .map_err(|error| Failure::new(format!("no TLS: {error}")))?;
        write_anew(&file, tls.authority_pem()).map_err(|error| {
            Failure::new(format!(
                "cannot write the certificate to {}: {error}; choose another file with \
                 --tls-certificate",
                file.display()
            ))
        })?;
        // Whoever reads the variable may stand in another folder.
        let file = std::path::absolute(&file).unwrap_or(file);
        Ok(Self { tls, file })
    }
}

impl Drop for Certified {
    fn drop(&mut self) {
        // Somebody else may have removed it: then that is done.
        let _ = std::fs::remove_file(&self.file);
    }
}

fn default_certificate(address: SocketAddr) -> PathBuf {
    std::env::temp_dir().join(format!("windfarm-{}.pem", address.port()))
}

/// Writes a file beside its place and moves it there: nobody reads half of it, and a link that lies
/// there is replaced, not followed.
fn write_anew(file: &Path, text: &str) -> std::io::Result<()> {
    let mut beside = file.as_os_str().to_owned();
    beside.push(format!(".{}", std::process::id()));
    let beside = PathBuf::from(beside);
    let mut new = std::fs::File::create_new(&beside)?;
    new.write_all(text.as_bytes())?;
    std::fs::rename(&beside, file).inspect_err(|_| {
        // The error that counts is the other one.
        let _ = std::fs::remove_file(&beside);
    })
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
fn print_environment(address: SocketAddr, tls: Option<&Certified>) {
    let host = match address {
        SocketAddr::V4(v4) if v4.ip().is_unspecified() => format!("127.0.0.1:{}", v4.port()),
        other => other.to_string(),
    };
    let scheme = if tls.is_some() { "https" } else { "http" };
    eprintln!("windfarm: listening on {scheme}://{address} (state is in memory; stop with Ctrl-C)");
    output::line(format!(
        "export AWS_ENDPOINT_URL={scheme}://{host}\n\
         export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test\n\
         export AWS_DEFAULT_REGION=us-east-1 AWS_REGION=us-east-1"
    ));
    if let Some(certified) = tls {
        let file = certified.file.display();
        eprintln!("windfarm: the certificate to trust, made for this run: {file}");
        output::line(format!("export AWS_CA_BUNDLE='{file}'"));
    }
}
