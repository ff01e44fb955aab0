//! What is told about crawls that are over: LastCrawl, ListCrawls, GetCrawlerMetrics.

use serde_json::json;

use super::{CrawlOutcome, Crawlers, Entry, FinishedCrawl, missing};
use crate::base::limits;
use crate::glue::api::{
    CrawlerHistory, CrawlerMetrics, CrawlsFilter, GetCrawlerMetricsRequest,
    GetCrawlerMetricsResponse, LastCrawlInfo, ListCrawlsRequest, ListCrawlsResponse,
};
use crate::glue::error::{Error, Result};
use crate::glue::page;

/// The log group of all crawlers. API reference, LastCrawlInfo.
const LOG_GROUP: &str = "/aws-glue/crawlers";
/// Objects that an error message names; [`Crawlers::finished_crawls`] has them all.
const NAMED_OBJECTS: usize = 5;

impl CrawlOutcome {
    /// What the user must know, in one text: the failure, unread objects, notes.
    pub fn message(&self) -> Option<String> {
        let mut parts: Vec<String> = self.error.iter().cloned().collect();
        if !self.unread.is_empty() {
            let named: Vec<String> = self
                .unread
                .iter()
                .take(NAMED_OBJECTS)
                .map(|unread| format!("{}: {}", unread.object, unread.reason))
                .collect();
            let more = self.unread.len().saturating_sub(NAMED_OBJECTS);
            let more = if more > 0 {
                format!(" and {more} more")
            } else {
                String::new()
            };
            parts.push(format!(
                "{} object(s) could not be read: {}{more}",
                self.unread.len(),
                named.join("; ")
            ));
        }
        parts.extend(self.notes.iter().cloned());
        (!parts.is_empty()).then(|| parts.join(". "))
    }

    fn status(&self) -> &'static str {
        match (&self.error, self.cancelled) {
            (Some(_), _) => "FAILED",
            (None, true) => "CANCELLED",
            (None, false) => "SUCCEEDED",
        }
    }

    fn history_state(&self) -> &'static str {
        match self.status() {
            "SUCCEEDED" => "COMPLETED",
            "CANCELLED" => "STOPPED",
            failed => failed,
        }
    }

    /// Tables and partitions that changed, as JSON text.
    fn summary(&self) -> String {
        let tables = |names: &[String]| json!({"Count": names.len(), "Details": {"names": names}});
        json!({
            "TABLE": {
                "ADD": tables(&self.tables_created),
                "UPDATE": tables(&self.tables_updated),
                "DELETE": tables(&self.tables_deleted),
            },
            "PARTITION": {
                "ADD": {"Count": self.partitions_added},
                "UPDATE": {"Count": self.partitions_updated},
                "DELETE": {"Count": self.partitions_deleted},
            },
        })
        .to_string()
    }
}

impl FinishedCrawl {
    pub(super) fn last_crawl(&self, crawler: &str) -> LastCrawlInfo {
        LastCrawlInfo {
            status: Some(self.outcome.status().to_owned()),
            error_message: self.outcome.message(),
            log_group: Some(LOG_GROUP.to_owned()),
            log_stream: Some(crawler.to_owned()),
            message_prefix: Some(self.crawl_id.clone()),
            start_time: Some(self.started),
        }
    }

    fn seconds(&self) -> f64 {
        self.ended.since(self.started).as_secs_f64()
    }
}

impl Crawlers {
    /// ListCrawls, newest first.
    pub fn list_crawls(&self, request: &ListCrawlsRequest) -> Result<ListCrawlsResponse> {
        let name = &request.crawler_name;
        let entry = self.entry(name)?;
        let mut crawls = entry.crawls(name);
        for filter in request.filters.as_deref().unwrap_or_default() {
            check_filter(filter)?;
            crawls.retain(|crawl| passes(crawl, filter));
        }
        // Page keys ascend, crawls descend: the number of a crawl counts down from the newest.
        let items = crawls.into_iter().rev().enumerate();
        let size = page::size(request.max_results, limits::glue::PAGE_MAX);
        let (crawls, next_token) =
            page::page("ListCrawls", items, request.next_token.as_deref(), size)?;
        Ok(ListCrawlsResponse {
            crawls: Some(crawls),
            next_token,
        })
    }

    /// GetCrawlerMetrics, for the named crawlers or all.
    pub fn get_crawler_metrics(
        &self,
        request: &GetCrawlerMetricsRequest,
    ) -> Result<GetCrawlerMetricsResponse> {
        let wanted = request.crawler_name_list.as_deref().unwrap_or_default();
        if let Some(unknown) = wanted.iter().find(|name| !self.exists(name)) {
            return Err(missing(unknown));
        }
        let items = self
            .crawlers
            .iter()
            .filter(|(name, _)| wanted.is_empty() || wanted.contains(name))
            .map(|(name, entry)| (name.clone(), entry.metrics(name)));
        let size = page::size(request.max_results, limits::glue::PAGE_MAX);
        let (metrics, next_token) = page::page(
            "GetCrawlerMetrics",
            items,
            request.next_token.as_deref(),
            size,
        )?;
        Ok(GetCrawlerMetricsResponse {
            crawler_metrics_list: Some(metrics),
            next_token,
        })
    }
}

impl Entry {
    /// All crawls, oldest first, the running one last.
    fn crawls(&self, crawler: &str) -> Vec<CrawlerHistory> {
        let shared = || CrawlerHistory {
            log_group: Some(LOG_GROUP.to_owned()),
            log_stream: Some(crawler.to_owned()),
            ..CrawlerHistory::default()
        };
        let over = self.history.iter().map(|crawl| CrawlerHistory {
            crawl_id: Some(crawl.crawl_id.clone()),
            state: Some(crawl.outcome.history_state().to_owned()),
            start_time: Some(crawl.started),
            end_time: Some(crawl.ended),
            summary: Some(crawl.outcome.summary()),
            error_message: crawl.outcome.message(),
            message_prefix: Some(crawl.crawl_id.clone()),
            ..shared()
        });
        let running = self.running.as_ref().map(|running| CrawlerHistory {
            crawl_id: Some(running.crawl_id.clone()),
            state: Some("RUNNING".to_owned()),
            start_time: Some(running.started),
            message_prefix: Some(running.crawl_id.clone()),
            ..shared()
        });
        over.chain(running).collect()
    }

    fn metrics(&self, crawler: &str) -> CrawlerMetrics {
        let mut seconds: Vec<f64> = self.history.iter().map(FinishedCrawl::seconds).collect();
        let last = seconds.last().copied().unwrap_or(0.0);
        seconds.sort_by(f64::total_cmp);
        let median = seconds.get(seconds.len() / 2).copied().unwrap_or(0.0);
        let count = |tables: fn(&CrawlOutcome) -> &Vec<String>| {
            let total: usize = self.history.iter().map(|c| tables(&c.outcome).len()).sum();
            i32::try_from(total).ok()
        };
        CrawlerMetrics {
            crawler_name: Some(crawler.to_owned()),
            time_left_seconds: Some(0.0),
            still_estimating: Some(self.running.is_some()),
            last_runtime_seconds: Some(last),
            median_runtime_seconds: Some(median),
            tables_created: count(|outcome| &outcome.tables_created),
            tables_updated: count(|outcome| &outcome.tables_updated),
            tables_deleted: count(|outcome| &outcome.tables_deleted),
        }
    }
}

fn check_filter(filter: &CrawlsFilter) -> Result<()> {
    let numeric = matches!(
        filter.field_name.as_deref(),
        Some("START_TIME" | "END_TIME")
    );
    let value = filter.field_value.as_deref().unwrap_or_default();
    Error::refuse(
        filter.field_name.as_deref() == Some("DPU_HOUR"),
        "ListCrawls filter DPU_HOUR",
    )?;
    let ordered = matches!(
        filter.filter_operator.as_deref(),
        Some("GT" | "GE" | "LT" | "LE")
    );
    if (numeric && value.parse::<i64>().is_err()) || (ordered && !numeric) {
        return Err(Error::InvalidInput(format!(
            "The filter {} {} {value} is not valid.",
            filter.field_name.as_deref().unwrap_or_default(),
            filter.filter_operator.as_deref().unwrap_or_default()
        )));
    }
    Ok(())
}

/// Times are compared in milliseconds since the epoch, as the filter gives them.
fn passes(crawl: &CrawlerHistory, filter: &CrawlsFilter) -> bool {
    let value = filter.field_value.as_deref().unwrap_or_default();
    let time =
        |time: Option<crate::base::Timestamp>| Some(time?.millis().cmp(&value.parse().ok()?));
    let order = match filter.field_name.as_deref() {
        Some("CRAWL_ID") => crawl.crawl_id.as_deref().map(|id| id.cmp(value)),
        Some("STATE") => crawl.state.as_deref().map(|state| state.cmp(value)),
        Some("START_TIME") => time(crawl.start_time),
        Some("END_TIME") => time(crawl.end_time),
        _ => return true,
    };
    order.is_some_and(|order| match filter.filter_operator.as_deref() {
        Some("GT") => order.is_gt(),
        Some("GE") => order.is_ge(),
        Some("LT") => order.is_lt(),
        Some("LE") => order.is_le(),
        Some("NE") => order.is_ne(),
        _ => order.is_eq(),
    })
}
