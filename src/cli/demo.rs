//! `windfarm demo`: the whole pipeline, checked.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use crate::base::Clock;
use crate::base::clock::Stopwatch;
use crate::cli::args::DemoArgs;
use crate::cli::bars::Bars;
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::cli::report;
use crate::pipeline::produce::Pace;
use crate::pipeline::progress::Silent;
use crate::pipeline::teardown::teardown;
use crate::pipeline::{self, Clients, Plan, Progress};

/// How long before the first reading an emulator of this process starts: time for resources to
/// become active.
const LEAD: Duration = Duration::from_secs(1_800);

/// Runs everything and prints what came of it. Exit code 1 when something does not add up.
pub async fn run(args: DemoArgs) -> Result<ExitCode, Failure> {
    let production = args.generators.production()?;
    let local = args.target.is_local();
    let pace = if local { Pace::Target } else { Pace::Simulated };
    let place = args
        .target
        .place(Clock::starting_at(production.start - LEAD), production.seed);
    let clients = place.clients().await;
    let mut plan = Plan::new(bucket(&args, &clients).await?);
    plan.shards = Some(args.shards);
    plan.buffer_seconds = args.buffer_seconds;
    let progress: Arc<dyn Progress> = if args.json {
        Arc::new(Silent)
    } else {
        Arc::new(Bars::default())
    };
    let watch = Stopwatch::start();
    let outcome = pipeline::run(&clients, &plan, &production, &pace, progress).await;
    let seconds = watch.elapsed().as_secs_f64();
    // In this process everything ends with the process anyway.
    let torn_down = if local || args.keep {
        Ok(Vec::new())
    } else {
        teardown(&clients, &plan).await
    };
    let done = outcome.map_err(|error| {
        let failure = Failure::from(error);
        match &torn_down {
            Err(left) => failure.leaving(vec![format!(
                "what the pipeline made for the bucket {} ({left})",
                plan.bucket
            )]),
            Ok(_) if args.keep => failure.leaving(vec![format!(
                "what the pipeline made for the bucket {}",
                plan.bucket
            )]),
            Ok(_) => failure,
        }
    })?;
    if args.json {
        output::line(report::json(&done, &plan, production.seed, seconds));
    } else {
        output::line(report::text(&done, &plan, production.seed, seconds));
    }
    if let Err(error) = torn_down {
        return Err(Failure::new(format!(
            "not everything could be deleted: {error}"
        )));
    }
    Ok(if done.verdict.holds() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(1)
    })
}

/// The bucket to use. Names are global on AWS, so the default one carries account and region.
async fn bucket(args: &DemoArgs, clients: &Clients) -> Result<String, Failure> {
    if let Some(name) = &args.bucket {
        return Ok(name.clone());
    }
    let identity = clients
        .sts
        .get_caller_identity()
        .send()
        .await
        .map_err(pipeline::error::doing("ask who the caller is"))?;
    let region = clients
        .sts
        .config()
        .region()
        .map_or_else(|| "us-east-1".to_owned(), ToString::to_string);
    let account = identity.account().unwrap_or("unknown");
    Ok(format!("windfarm-{account}-{region}"))
}
