//! The whole pipeline, step by step, and what each step found.

use std::sync::Arc;

use crate::pipeline::crawl::crawl;
use crate::pipeline::deliver::{Delivered, deliver};
use crate::pipeline::error::Result;
use crate::pipeline::plan::Production;
use crate::pipeline::produce::{Pace, Sent, apps, produce};
use crate::pipeline::provision::{Provisioned, provision};
use crate::pipeline::stored::{Stored, stored};
use crate::pipeline::transform::transform;
use crate::pipeline::verify::{Verdict, verify};
use crate::pipeline::{Clients, Plan, Progress, Step};

/// What a run did, stage by stage.
#[derive(Clone, Debug)]
pub struct Report {
    /// What was made.
    pub provisioned: Provisioned,
    /// What the generators sent, with the truth about it.
    pub sent: Sent,
    /// What Firehose delivered.
    pub delivered: Delivered,
    /// What the job wrote for good rows.
    pub curated: Stored,
    /// What the job wrote for rejected rows.
    pub rejected: Stored,
    /// Answers and comparisons.
    pub verdict: Verdict,
}

/// Provisions, produces, delivers, crawls, transforms, crawls again, queries and verifies.
///
/// # Errors
/// The first step that fails. Books that do not balance are no error but in the [`Verdict`].
pub async fn run(
    clients: &Clients,
    plan: &Plan,
    production: &Production,
    pace: &Pace,
    progress: Arc<dyn Progress>,
) -> Result<Report> {
    let tell = &*progress;
    // Impossible settings are found before anything is made.
    let generators = apps(production)?;
    let provisioned = provision(clients, plan, tell).await?;
    let sent = produce(
        clients,
        &plan.stream,
        generators,
        production,
        pace,
        Arc::clone(&progress),
    )
    .await?;
    let delivered = deliver(clients, plan, sent.records, tell).await?;
    crawl(clients, &plan.raw_crawler, Step::CrawlRaw, tell).await?;
    transform(clients, plan, tell).await?;
    crawl(clients, &plan.curated_crawler, Step::CrawlCurated, tell).await?;
    let curated = stored(clients, &plan.bucket, plan.curated_prefix()).await?;
    let rejected = stored(clients, &plan.bucket, plan.rejected_prefix()).await?;
    let verdict = verify(clients, plan, &sent, &delivered, tell).await?;
    Ok(Report {
        provisioned,
        sent,
        delivered,
        curated,
        rejected,
        verdict,
    })
}
