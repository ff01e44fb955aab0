//! Glue: Data Catalog, crawlers and jobs of one account and region, as pure state machines.
//!
//! Invariants: nothing here reads a clock, a socket or an object; what takes time is handed out as
//! an order ([`crawler::CrawlOrder`], [`job::RunOrder`]) and comes back as an outcome. Other rooms
//! meet the catalog through [`catalog::CatalogReader`] and [`catalog::CatalogWriter`].

use std::sync::Arc;

use crate::base::{AccountId, Call, Ids, Region, Timestamp};

pub mod api;
pub mod catalog;
pub mod crawler;
pub mod error;
pub mod hive_layout;
pub mod hive_type;
pub mod job;
mod page;
mod shared;
pub mod surroundings;
mod tags;
#[cfg(test)]
mod tests;

pub use error::Error;
pub use hive_type::HiveType;
pub use shared::SharedGlue;
pub use surroundings::{GraphChecker, RoleDirectory, Surroundings};

use api::{
    CreateCrawlerRequest, CreateCrawlerResponse, CreateDatabaseRequest, CreateDatabaseResponse,
    CreateJobRequest, CreateJobResponse, DeleteCrawlerRequest, DeleteCrawlerResponse,
    DeleteDatabaseRequest, DeleteDatabaseResponse, DeleteJobRequest, DeleteJobResponse,
    ListCrawlersRequest, ListCrawlersResponse, ListJobsRequest, ListJobsResponse,
};
use error::Result;

/// Glue of one account and region.
#[derive(Debug)]
pub struct Glue {
    account: AccountId,
    region: Region,
    /// Databases, tables, partitions.
    pub catalog: catalog::Catalog,
    /// Crawlers and their crawls.
    pub crawlers: crawler::Crawlers,
    /// Jobs and their runs.
    pub jobs: job::Jobs,
    tags: tags::Tags,
}

impl Glue {
    /// An empty Glue.
    pub fn new(account: AccountId, region: Region, ids: Arc<Ids>) -> Self {
        Self {
            account,
            region,
            catalog: catalog::Catalog::default(),
            crawlers: crawler::Crawlers::new(Arc::clone(&ids)),
            jobs: job::Jobs::new(ids),
            tags: tags::Tags::new(),
        }
    }

    /// When the next timer is due: a crawler's schedule or a run's time-out.
    pub fn next_due(&self) -> Option<Timestamp> {
        [self.crawlers.next_due(), self.jobs.next_due()]
            .into_iter()
            .flatten()
            .min()
    }

    /// Runs every timer that is due at the call's time. Orders may have come up by it.
    pub fn run_due(&mut self, call: &Call) {
        self.crawlers.run_schedules(call);
        self.jobs.expire(call.now);
    }

    /// CreateDatabase.
    pub fn create_database(
        &mut self,
        call: &Call,
        mut request: CreateDatabaseRequest,
    ) -> Result<CreateDatabaseResponse> {
        let tags = request.tags.take();
        tags.as_ref().map_or(Ok(()), tags::check_count)?;
        let arn = self.arn("database", &catalog::fold(&request.database_input.name));
        let response = self.catalog.create_database(call, request)?;
        self.set_tags(arn, tags);
        Ok(response)
    }

    /// DeleteDatabase.
    pub fn delete_database(
        &mut self,
        call: &Call,
        request: &DeleteDatabaseRequest,
    ) -> Result<DeleteDatabaseResponse> {
        let response = self.catalog.delete_database(call, request)?;
        self.set_tags(self.arn("database", &catalog::fold(&request.name)), None);
        Ok(response)
    }

    /// CreateCrawler.
    pub fn create_crawler(
        &mut self,
        roles: &dyn RoleDirectory,
        call: &Call,
        mut request: CreateCrawlerRequest,
    ) -> Result<CreateCrawlerResponse> {
        let tags = request.tags.take();
        tags.as_ref().map_or(Ok(()), tags::check_count)?;
        let arn = self.arn("crawler", &request.name);
        let response = self.crawlers.create_crawler(roles, call, request)?;
        self.set_tags(arn, tags);
        Ok(response)
    }

    /// DeleteCrawler.
    pub fn delete_crawler(
        &mut self,
        request: &DeleteCrawlerRequest,
    ) -> Result<DeleteCrawlerResponse> {
        let response = self.crawlers.delete_crawler(request)?;
        self.set_tags(self.arn("crawler", &request.name), None);
        Ok(response)
    }

    /// ListCrawlers: those with all of the given tags.
    pub fn list_crawlers(&self, request: &ListCrawlersRequest) -> Result<ListCrawlersResponse> {
        let items = self
            .crawlers
            .names()
            .filter(|name| self.has_tags(&self.arn("crawler", name), request.tags.as_ref()))
            .map(|name| (name.clone(), name.clone()));
        let size = page::size(request.max_results, crate::base::limits::glue::PAGE_MAX);
        let (names, next_token) =
            page::page("ListCrawlers", items, request.next_token.as_deref(), size)?;
        Ok(ListCrawlersResponse {
            crawler_names: Some(names),
            next_token,
        })
    }

    /// CreateJob.
    pub fn create_job(
        &mut self,
        surroundings: &dyn Surroundings,
        call: &Call,
        mut request: CreateJobRequest,
    ) -> Result<CreateJobResponse> {
        let tags = request.tags.take();
        tags.as_ref().map_or(Ok(()), tags::check_count)?;
        let arn = self.arn("job", &request.name);
        let response = self.jobs.create_job(surroundings, call, request)?;
        self.set_tags(arn, tags);
        Ok(response)
    }

    /// DeleteJob. A job that does not exist is no error.
    pub fn delete_job(&mut self, request: &DeleteJobRequest) -> Result<DeleteJobResponse> {
        let response = self.jobs.delete_job(request)?;
        self.set_tags(self.arn("job", &request.job_name), None);
        Ok(response)
    }

    /// ListJobs: those with all of the given tags.
    pub fn list_jobs(&self, request: &ListJobsRequest) -> Result<ListJobsResponse> {
        let items = self
            .jobs
            .names()
            .filter(|name| self.has_tags(&self.arn("job", name), request.tags.as_ref()))
            .map(|name| (name.clone(), name.clone()));
        let size = page::size(request.max_results, crate::base::limits::glue::PAGE_MAX);
        let (job_names, next_token) =
            page::page("ListJobs", items, request.next_token.as_deref(), size)?;
        Ok(ListJobsResponse {
            job_names: Some(job_names),
            next_token,
        })
    }
}
