//! `windfarm replay`: real readings of La Haute Borne to a stream, or to standard output.

use std::io::Write as _;
use std::process::ExitCode;

use serde_json::json;

use crate::base::{Clock, Seed};
use crate::cli::args::ReplayArgs;
use crate::cli::bars::Bars;
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::pipeline::Progress;
use crate::pipeline::produce::send;
use crate::pipeline::progress::Silent;
use crate::reading::{KeyChoice, Outgoing, la_haute_borne};

/// Reads, counts, sends.
pub async fn run(args: ReplayArgs) -> Result<ExitCode, Failure> {
    let path = args.input.display();
    let bytes = std::fs::read(&args.input)
        .map_err(|error| Failure::new(format!("cannot read {path}: {error}; `just fetch-lhb` fetches the whole file, fixtures/lhb has a week")))?;
    let (readings, rejected) =
        la_haute_borne::read(&bytes).map_err(|error| Failure::new(format!("{path}: {error}")))?;
    let quality = la_haute_borne::examine(&readings, &rejected);
    for row in rejected.iter().take(10) {
        eprintln!("windfarm: {path}:{}: {}", row.line, row.reason);
    }
    let records: Vec<Outgoing> = readings
        .iter()
        .map(|reading| reading.outgoing(KeyChoice::Source))
        .collect();
    if args.print {
        let mut out = std::io::BufWriter::new(std::io::stdout().lock());
        for record in &records {
            if out
                .write_all(&record.payload)
                .and_then(|()| out.write_all(b"\n"))
                .is_err()
            {
                // Whoever read has read enough.
                break;
            }
        }
        return Ok(ExitCode::SUCCESS);
    }
    if args.target.is_local() {
        return Err(Failure::new(
            "there is no stream in this process: give --endpoint http://127.0.0.1:4566 (see `windfarm \
             up`), --target localstack or --target aws, or --print",
        ));
    }
    let clients = args
        .target
        .place(Clock::system(), Seed::new(0))
        .clients()
        .await;
    let progress: Box<dyn Progress> = if args.json {
        Box::new(Silent)
    } else {
        Box::new(Bars::default())
    };
    let sent = send(&clients, &args.stream, &records, &*progress).await?;
    if args.json {
        output::line(json!({
                "stream": args.stream, "records": sent.records, "retried": sent.retried,
                "rows": quality.rows, "rejected": quality.rejected,
                "duplicate_keys": quality.duplicate_keys, "duplicate_rows": quality.duplicate_rows,
                "null_rows": quality.null_rows, "null_bursts": quality.null_bursts,
                "sentinels": quality.sentinels, "gaps": quality.gaps,
        }));
    } else {
        output::line(format!(
            "{} records sent of {} rows; {} rejected, {} rows share {} duplicate keys (the hour the clock \
             labelled twice), {} rows without any value in {} bursts, {} sentinels, {} gaps",
            sent.records,
            quality.rows,
            quality.rejected,
            quality.duplicate_rows,
            quality.duplicate_keys,
            quality.null_rows,
            quality.null_bursts,
            quality.sentinels,
            quality.gaps,
        ));
    }
    Ok(if sent.records == records.len() as u64 {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(1)
    })
}
