//! Runs crawlers to their end.

use std::time::Duration;

use aws_sdk_glue::types::{CrawlerState, LastCrawlStatus};

use crate::pipeline::error::{Error, Result, doing};
use crate::pipeline::patience::Patience;
use crate::pipeline::{Clients, Progress, Step};

/// How long a crawl may take.
const DONE_WITHIN: Duration = Duration::from_secs(1_800);

/// Starts a crawler and waits until it is READY again.
///
/// # Errors
/// [`Error::State`] with the crawler's message when the crawl did not succeed.
pub async fn crawl(
    clients: &Clients,
    name: &str,
    step: Step,
    progress: &dyn Progress,
) -> Result<()> {
    progress.begin(step, 0);
    clients
        .glue
        .start_crawler()
        .name(name)
        .send()
        .await
        .map_err(doing(format!("start the crawler {name}")))?;
    let mut patience = Patience::new(&clients.clock, DONE_WITHIN);
    loop {
        let reply = clients
            .glue
            .get_crawler()
            .name(name)
            .send()
            .await
            .map_err(doing(format!("read the crawler {name}")))?;
        let crawler = reply
            .crawler()
            .ok_or_else(|| Error::Reply(format!("no crawler {name} in the reply")))?;
        let state = crawler.state().cloned().unwrap_or(CrawlerState::Running);
        progress.advance(step, 0, state.as_str());
        if state == CrawlerState::Ready {
            let last = crawler.last_crawl();
            return match last.and_then(|crawl| crawl.status()) {
                Some(LastCrawlStatus::Succeeded) => {
                    progress.end(step, "SUCCEEDED");
                    Ok(())
                }
                status => Err(Error::State {
                    what: format!("the last crawl of {name}"),
                    state: status.map_or_else(|| "unknown".to_owned(), ToString::to_string),
                    reason: last
                        .and_then(|crawl| crawl.error_message())
                        .unwrap_or_default()
                        .to_owned(),
                }),
            };
        }
        patience
            .wait(&format!("the crawler {name}"), "READY")
            .await?;
    }
}
