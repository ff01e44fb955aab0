//! `windfarm produce`: simulated readings to a stream, or to standard output.

use std::io::Write as _;
use std::process::ExitCode;
use std::sync::Arc;

use serde_json::json;

use crate::base::Clock;
use crate::base::clock::Stopwatch;
use crate::cli::args::{ClockName, ProduceArgs, Profile};
use crate::cli::bars::Bars;
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::pipeline::plan::Production;
use crate::pipeline::produce::{Pace, apps, produce, scada};
use crate::pipeline::progress::Silent;
use crate::pipeline::{self, Progress};
use crate::reading::{Generator, Outgoing};
use crate::turbine::Weibull;

/// Sends, or prints, and says how many.
pub async fn run(args: ProduceArgs) -> Result<ExitCode, Failure> {
    let mut production = args.generators.production()?;
    if let Some(rate) = args.rate {
        production.interval = interval_of(rate, production.turbines)?;
    }
    if args.profile == Profile::Scada {
        if args.generators.dirt.is_some() {
            return Err(Failure::new("--dirt works with --profile course only"));
        }
        production.dirt = 0.0;
    }
    if args.clock == ClockName::Real && !args.print {
        production.start = Clock::system().now();
    }
    let generators = generators(args.profile, &production)?;
    if args.print {
        return print(generators, &production);
    }
    if args.target.is_local() {
        return Err(Failure::new(
            "there is no stream in this process: give --endpoint http://127.0.0.1:4566 (see `windfarm \
             up`), --target localstack or --target aws, or --print",
        ));
    }
    let clients = args
        .target
        .place(Clock::system(), production.seed)
        .clients()
        .await;
    let pace = match args.clock {
        ClockName::Real => Pace::Target,
        ClockName::Virtual => Pace::Simulated,
    };
    let progress: Arc<dyn Progress> = if args.json {
        Arc::new(Silent)
    } else {
        Arc::new(Bars::default())
    };
    let watch = Stopwatch::start();
    let sent = produce(
        &clients,
        &args.stream,
        generators,
        &production,
        &pace,
        progress,
    )
    .await?;
    let seconds = watch.elapsed().as_secs_f64();
    if args.json {
        let outcome = json!({
            "stream": args.stream, "records": sent.records, "bytes": sent.bytes,
            "calls": sent.calls, "retried": sent.retried, "seed": production.seed.value(),
            "seconds": seconds,
        });
        output::line(outcome);
    } else {
        output::line(format!(
            "{} records ({} bytes) in {} PutRecords calls, {} sent again, {seconds:.1} s; seed {}",
            sent.records, sent.bytes, sent.calls, sent.retried, production.seed
        ));
    }
    Ok(ExitCode::SUCCESS)
}

fn interval_of(rate: f64, turbines: u32) -> Result<std::time::Duration, Failure> {
    if !rate.is_finite() || rate <= 0.0 {
        return Err(Failure::new(format!(
            "--rate {rate} sends nothing: give a number above 0"
        )));
    }
    std::time::Duration::try_from_secs_f64(f64::from(turbines) / rate)
        .map_err(|error| Failure::new(format!("--rate {rate}: {error}")))
}

fn generators(
    profile: Profile,
    production: &Production,
) -> Result<Vec<Generator>, pipeline::Error> {
    match profile {
        Profile::Course => apps(production),
        Profile::Scada => scada(production, Weibull::default()),
    }
}

/// Writes what would be sent, in the order in which it would be.
fn print(mut generators: Vec<Generator>, production: &Production) -> Result<ExitCode, Failure> {
    let end = production.start + production.duration;
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    loop {
        let next = generators
            .iter_mut()
            .min_by_key(|generator| generator.next_due())
            .filter(|generator| generator.next_due() < end);
        let Some(generator) = next else { break };
        let due = generator.next_due();
        for Outgoing { payload, .. } in generator.tick(due) {
            let written = out.write_all(&payload).and_then(|()| out.write_all(b"\n"));
            if written.is_err() {
                // Whoever read has read enough.
                return Ok(ExitCode::SUCCESS);
            }
        }
    }
    match out.flush() {
        Ok(()) | Err(_) => Ok(ExitCode::SUCCESS),
    }
}
