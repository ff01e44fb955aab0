//! Starting, stopping and finishing crawls, and the schedules that start them.

use super::{
    Configuration, CrawlOrder, CrawlOutcome, Crawlers, Entry, FinishedCrawl, Running, definition,
    policy,
};
use crate::base::{Call, Timestamp};
use crate::glue::api::{
    StartCrawlerRequest, StartCrawlerResponse, StartCrawlerScheduleRequest,
    StartCrawlerScheduleResponse, StopCrawlerRequest, StopCrawlerResponse,
    StopCrawlerScheduleRequest, StopCrawlerScheduleResponse, UpdateCrawlerScheduleRequest,
    UpdateCrawlerScheduleResponse,
};
use crate::glue::error::{Error, Result};

impl Crawlers {
    /// StartCrawler: RUNNING from now on, with an order for whoever runs crawls.
    pub fn start_crawler(
        &mut self,
        call: &Call,
        request: &StartCrawlerRequest,
    ) -> Result<StartCrawlerResponse> {
        let name = &request.name;
        let id = self.ids.uuid();
        // The text differs from the other calls', on AWS too.
        let entry = self.crawlers.get_mut(name).ok_or_else(|| {
            Error::EntityNotFound(format!("Crawler with name {name} does not exist"))
        })?;
        if entry.running.is_some() {
            return Err(Error::CrawlerRunning(format!(
                "Crawler with name {name} has already started"
            )));
        }
        let order = entry.start(call, id)?;
        self.orders.push(order);
        Ok(StartCrawlerResponse {})
    }

    /// StopCrawler: STOPPING until the crawl notices and is finished.
    pub fn stop_crawler(&mut self, request: &StopCrawlerRequest) -> Result<StopCrawlerResponse> {
        let name = &request.name;
        match &mut self.entry_mut(name)?.running {
            None => Err(Error::CrawlerNotRunning(format!(
                "Crawler with name {name} isn't running"
            ))),
            Some(running) if running.cancelled || running.writing => Err(Error::CrawlerStopping(
                format!("Crawler with name {name} is stopping"),
            )),
            Some(running) => {
                running.cancelled = true;
                Ok(StopCrawlerResponse {})
            }
        }
    }

    /// Crawls that were started and not taken yet, oldest first.
    pub fn take_crawl_orders(&mut self) -> Vec<CrawlOrder> {
        std::mem::take(&mut self.orders)
    }

    /// Whether a crawl should end: StopCrawler was called, or the crawl is not known any more.
    pub fn is_cancelled(&self, crawler: &str, crawl_id: &str) -> bool {
        self.running(crawler, crawl_id)
            .is_none_or(|running| running.cancelled)
    }

    /// The crawl begins to write the catalog: STOPPING, and too late for StopCrawler. Says whether
    /// it may; it may not after StopCrawler.
    pub fn begin_writing(&mut self, crawler: &str, crawl_id: &str) -> bool {
        let running = self
            .crawlers
            .get_mut(crawler)
            .and_then(|entry| entry.running.as_mut());
        match running.filter(|running| running.crawl_id == crawl_id && !running.cancelled) {
            Some(running) => {
                running.writing = true;
                true
            }
            None => false,
        }
    }

    /// The crawl is over: READY again. A crawl that is not the running one is ignored.
    pub fn finish_crawl(
        &mut self,
        now: Timestamp,
        crawler: &str,
        crawl_id: &str,
        outcome: CrawlOutcome,
    ) {
        let Some(entry) = self.crawlers.get_mut(crawler) else {
            return;
        };
        if let Some(running) = entry
            .running
            .take_if(|running| running.crawl_id == crawl_id)
        {
            entry.history.push(FinishedCrawl {
                crawl_id: running.crawl_id,
                started: running.started,
                ended: now,
                outcome,
            });
        }
    }

    /// When the next schedule fires, if any is on.
    pub fn next_due(&self) -> Option<Timestamp> {
        let active = self
            .crawlers
            .values()
            .filter_map(|entry| entry.cron.as_ref());
        active
            .filter(|cron| cron.active)
            .filter_map(|cron| cron.next)
            .min()
    }

    /// Starts every crawler whose schedule is due. One that still runs skips this turn.
    pub fn run_schedules(&mut self, call: &Call) {
        for entry in self.crawlers.values_mut() {
            let Some(cron) = entry.cron.as_mut().filter(|cron| cron.active) else {
                continue;
            };
            if cron.next.is_none_or(|next| next > call.now) {
                continue;
            }
            cron.next = cron.cron.next_after(call.now);
            if entry.running.is_none()
                // What could not be parsed would not have been stored.
                && let Ok(order) = entry.start(call, self.ids.uuid())
            {
                self.orders.push(order);
            }
        }
    }

    /// StartCrawlerSchedule.
    pub fn start_crawler_schedule(
        &mut self,
        call: &Call,
        request: &StartCrawlerScheduleRequest,
    ) -> Result<StartCrawlerScheduleResponse> {
        self.set_schedule_active(call, &request.crawler_name, true)?;
        Ok(StartCrawlerScheduleResponse {})
    }

    /// StopCrawlerSchedule. A crawl under way goes on.
    pub fn stop_crawler_schedule(
        &mut self,
        call: &Call,
        request: &StopCrawlerScheduleRequest,
    ) -> Result<StopCrawlerScheduleResponse> {
        self.set_schedule_active(call, &request.crawler_name, false)?;
        Ok(StopCrawlerScheduleResponse {})
    }

    /// UpdateCrawlerSchedule; an empty expression removes the schedule.
    pub fn update_crawler_schedule(
        &mut self,
        call: &Call,
        request: &UpdateCrawlerScheduleRequest,
    ) -> Result<UpdateCrawlerScheduleResponse> {
        let entry = self.entry_mut(&request.crawler_name)?;
        entry.cron = definition::schedule(request.schedule.as_deref(), call.now)?;
        Ok(UpdateCrawlerScheduleResponse {})
    }

    fn set_schedule_active(&mut self, call: &Call, name: &str, active: bool) -> Result<()> {
        let entry = self.entry_mut(name)?;
        let cron = entry.cron.as_mut().ok_or_else(|| {
            Error::NoSchedule(format!("Crawler with name {name} has no schedule"))
        })?;
        match (cron.active, active) {
            (true, true) => Err(Error::SchedulerRunning(format!(
                "The schedule of crawler {name} is already running"
            ))),
            (false, false) => Err(Error::SchedulerNotRunning(format!(
                "The schedule of crawler {name} is not running"
            ))),
            _ => {
                cron.active = active;
                cron.next = cron.cron.next_after(call.now);
                Ok(())
            }
        }
    }

    fn running(&self, crawler: &str, crawl_id: &str) -> Option<&Running> {
        let running = self.crawlers.get(crawler)?.running.as_ref()?;
        (running.crawl_id == crawl_id).then_some(running)
    }
}

impl Entry {
    fn start(&mut self, call: &Call, crawl_id: String) -> Result<CrawlOrder> {
        let definition = &self.definition;
        let role = definition.role.clone().unwrap_or_default();
        let session = role.rsplit('/').next().unwrap_or(&role).to_owned();
        let policy = policy::filled(definition.schema_change_policy.clone());
        let (update, delete) = policy::behaviors(&policy);
        let targets = definition
            .targets
            .as_ref()
            .and_then(|t| t.s3_targets.as_deref());
        let order = CrawlOrder {
            crawler: definition.name.clone().unwrap_or_default(),
            crawl_id: crawl_id.clone(),
            database: definition.database_name.clone().unwrap_or_default(),
            table_prefix: definition.table_prefix.clone().unwrap_or_default(),
            targets: targets
                .unwrap_or_default()
                .iter()
                .map(definition::target)
                .collect::<Result<_>>()?,
            configuration: Configuration::parse(definition.configuration.as_deref())?,
            update,
            delete,
            call: Call {
                caller_arn: format!(
                    "arn:aws:sts::{}:assumed-role/{session}/AWS-Crawler",
                    call.account
                ),
                ..call.clone()
            },
            role,
        };
        self.running = Some(Running {
            crawl_id,
            started: call.now,
            cancelled: false,
            writing: false,
        });
        Ok(order)
    }
}
