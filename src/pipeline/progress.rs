//! How a long run tells what it is doing.

/// A step of the pipeline, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Step {
    /// Making the resources.
    Provision,
    /// Sending readings.
    Produce,
    /// Waiting for Firehose.
    Deliver,
    /// Crawling the raw objects.
    CrawlRaw,
    /// Running the Glue job.
    Transform,
    /// Crawling what the job wrote.
    CrawlCurated,
    /// Asking Athena.
    Query,
    /// Balancing the books.
    Verify,
}

impl Step {
    /// All steps in order.
    pub const ALL: [Self; 8] = [
        Self::Provision,
        Self::Produce,
        Self::Deliver,
        Self::CrawlRaw,
        Self::Transform,
        Self::CrawlCurated,
        Self::Query,
        Self::Verify,
    ];

    /// What the step does, for a progress line.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Provision => "provision",
            Self::Produce => "produce",
            Self::Deliver => "deliver",
            Self::CrawlRaw => "crawl raw",
            Self::Transform => "transform",
            Self::CrawlCurated => "crawl curated",
            Self::Query => "query",
            Self::Verify => "verify",
        }
    }
}

/// Told what happens; draws it, logs it or ignores it.
pub trait Progress: Send + Sync {
    /// A step begins; `total` is how many units it will count, 0 when unknown.
    fn begin(&self, step: Step, total: u64);
    /// `done` units so far, and what is being worked on.
    fn advance(&self, step: Step, done: u64, what: &str);
    /// The step ended.
    fn end(&self, step: Step, summary: &str);
}

/// Tells nobody: for tests and `--json`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Progress for Silent {
    fn begin(&self, _: Step, _: u64) {}
    fn advance(&self, _: Step, _: u64, _: &str) {}
    fn end(&self, _: Step, _: &str) {}
}
