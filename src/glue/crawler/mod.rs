//! Crawlers: definitions and states here, the crawl itself in [`crawl`], what it makes of the data
//! in [`plan`].
//!
//! A crawl is real work that takes time, so the state machine only orders it: StartCrawler queues a
//! [`CrawlOrder`], the emulator takes it, runs [`crawl::run`] and hands the [`CrawlOutcome`] back
//! through [`Crawlers::finish_crawl`]. READY → RUNNING → STOPPING → READY.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::base::{Call, Ids, Timestamp};
use crate::glue::api::Crawler;
use crate::glue::error::{Error, Result};

pub mod configuration;
pub mod crawl;
mod definition;
pub mod exclusion;
mod history;
pub mod json;
mod operations;
pub mod plan;
pub mod policy;
mod runs;
pub mod sample;
pub mod schedule;
#[cfg(test)]
mod tests;

pub use configuration::Configuration;
pub use crawl::Progress;
pub use exclusion::Exclusion;
pub use json::JsonSchema;
pub use sample::{Classification, Compression, CsvLayout, Sample, Sampler};
pub use schedule::Cron;

use policy::{DeleteBehavior, UpdateBehavior};

/// The crawlers of one account and region.
#[derive(Debug)]
pub struct Crawlers {
    ids: Arc<Ids>,
    crawlers: BTreeMap<String, Entry>,
    orders: Vec<CrawlOrder>,
}

#[derive(Debug)]
struct Entry {
    /// The definition, without what is computed when it is shown: state, schedule, last crawl.
    definition: Crawler,
    cron: Option<Schedule>,
    running: Option<Running>,
    /// Finished crawls, oldest first.
    history: Vec<FinishedCrawl>,
}

#[derive(Debug)]
struct Schedule {
    expression: String,
    cron: Cron,
    /// Whether it fires; StopCrawlerSchedule turns it off.
    active: bool,
    next: Option<Timestamp>,
}

/// A crawl under way.
#[derive(Clone, Debug)]
struct Running {
    crawl_id: String,
    started: Timestamp,
    /// StopCrawler was called.
    cancelled: bool,
    /// The catalog is being written: AWS shows STOPPING then.
    writing: bool,
}

/// A crawl that is over, with everything it did and could not do.
#[derive(Clone, Debug, PartialEq)]
pub struct FinishedCrawl {
    /// The id that ListCrawls shows.
    pub crawl_id: String,
    /// When it started.
    pub started: Timestamp,
    /// When it ended.
    pub ended: Timestamp,
    /// What came of it.
    pub outcome: CrawlOutcome,
}

/// A crawl to be run.
#[derive(Clone, Debug)]
pub struct CrawlOrder {
    /// The crawler's name.
    pub crawler: String,
    /// Names this crawl in LastCrawl, ListCrawls and table parameters.
    pub crawl_id: String,
    /// The role, a name or a path with a name.
    pub role: String,
    /// The database that tables go to; created when it does not exist.
    pub database: String,
    /// Put before table names.
    pub table_prefix: String,
    /// What to look at.
    pub targets: Vec<CrawlTarget>,
    /// Grouping and merging.
    pub configuration: Configuration,
    /// What to do about changed tables.
    pub update: UpdateBehavior,
    /// What to do about vanished data.
    pub delete: DeleteBehavior,
    /// Time of the start and, as caller, the role's session: who tables are created by.
    pub call: Call,
}

/// One S3 target.
#[derive(Clone, Debug)]
pub struct CrawlTarget {
    /// The bucket.
    pub bucket: String,
    /// The include path: a folder with or without slash, an object, or empty for the bucket.
    pub path: String,
    /// What of it to leave out.
    pub exclusions: Vec<Exclusion>,
    /// At most so many files of each leaf folder are read.
    pub sample_size: Option<usize>,
}

/// What a crawl did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CrawlOutcome {
    /// Names of new tables.
    pub tables_created: Vec<String>,
    /// Names of changed tables.
    pub tables_updated: Vec<String>,
    /// Names of deleted and deprecated tables.
    pub tables_deleted: Vec<String>,
    /// New partitions.
    pub partitions_added: usize,
    /// Changed partitions.
    pub partitions_updated: usize,
    /// Deleted partitions.
    pub partitions_deleted: usize,
    /// Objects that were listed and not excluded.
    pub objects: usize,
    /// Objects that could not be read or understood, with the reason.
    pub unread: Vec<UnreadObject>,
    /// What else the user should know, e.g. a table that could not follow the data.
    pub notes: Vec<String>,
    /// Why the crawl failed, if it did. What it did before stands.
    pub error: Option<String>,
    /// Whether it ended because StopCrawler was called.
    pub cancelled: bool,
}

/// An object that a crawl could make nothing of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnreadObject {
    /// `s3://bucket/key`.
    pub object: String,
    /// Why.
    pub reason: String,
}

impl Crawlers {
    /// No crawlers yet.
    pub fn new(ids: Arc<Ids>) -> Self {
        Self {
            ids,
            crawlers: BTreeMap::new(),
            orders: Vec::new(),
        }
    }

    /// Whether a crawler of this name exists.
    pub fn exists(&self, name: &str) -> bool {
        self.crawlers.contains_key(name)
    }

    /// The finished crawls of a crawler, oldest first, with all they did and could not read.
    pub fn finished_crawls(&self, name: &str) -> &[FinishedCrawl] {
        self.crawlers.get(name).map_or(&[], |entry| &entry.history)
    }

    fn entry(&self, name: &str) -> Result<&Entry> {
        self.crawlers.get(name).ok_or_else(|| missing(name))
    }

    fn entry_mut(&mut self, name: &str) -> Result<&mut Entry> {
        self.crawlers.get_mut(name).ok_or_else(|| missing(name))
    }
}

fn missing(name: &str) -> Error {
    Error::EntityNotFound(format!("Crawler entry with name {name} does not exist"))
}
