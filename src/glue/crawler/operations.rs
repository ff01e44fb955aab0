//! Create, read, update and delete.

use super::definition::{Refusable, check_targets, role, schedule};
use super::{Crawlers, Entry, policy};
use crate::base::{Call, limits};
use crate::glue::api::{
    BatchGetCrawlersRequest, BatchGetCrawlersResponse, Crawler, CreateCrawlerRequest,
    CreateCrawlerResponse, DeleteCrawlerRequest, DeleteCrawlerResponse, GetCrawlerRequest,
    GetCrawlerResponse, GetCrawlersRequest, GetCrawlersResponse, LakeFormationConfiguration,
    LineageConfiguration, RecrawlPolicy, Schedule, UpdateCrawlerRequest, UpdateCrawlerResponse,
};
use crate::glue::error::{Error, Result};
use crate::glue::page;
use crate::glue::surroundings::RoleDirectory;

impl Crawlers {
    /// CreateCrawler, but for its tags, which [`crate::glue::Glue`] keeps.
    pub fn create_crawler(
        &mut self,
        roles: &dyn RoleDirectory,
        call: &Call,
        request: CreateCrawlerRequest,
    ) -> Result<CreateCrawlerResponse> {
        if self.crawlers.contains_key(&request.name) {
            return Err(Error::AlreadyExists(format!(
                "Crawler with name {} already exists",
                request.name
            )));
        }
        let foreign = request
            .catalog_id
            .as_ref()
            .is_some_and(|id| id != call.account.as_str());
        Error::refuse(foreign, "a CatalogId other than the caller's account")?;
        check_targets(&request.targets, request.database_name.as_deref())?;
        Refusable {
            classifiers: request.classifiers.as_deref(),
            recrawl: request.recrawl_policy.as_ref(),
            lineage: request.lineage_configuration.as_ref(),
            lake_formation: request.lake_formation_configuration.as_ref(),
            security: request.crawler_security_configuration.as_deref(),
            configuration: request.configuration.as_deref(),
        }
        .check()?;
        let cron = schedule(request.schedule.as_deref(), call.now)?;
        let role = role(roles, &request.role)?;
        let definition = Crawler {
            name: Some(request.name.clone()),
            role: Some(role),
            targets: Some(request.targets),
            database_name: request.database_name,
            description: request.description,
            classifiers: Some(Vec::new()),
            recrawl_policy: Some(RecrawlPolicy {
                recrawl_behavior: Some("CRAWL_EVERYTHING".to_owned()),
            }),
            schema_change_policy: Some(policy::filled(request.schema_change_policy)),
            lineage_configuration: Some(LineageConfiguration {
                crawler_lineage_settings: Some("DISABLE".to_owned()),
            }),
            table_prefix: request.table_prefix,
            creation_time: Some(call.now),
            last_updated: Some(call.now),
            version: Some(1),
            configuration: request.configuration.filter(|text| !text.is_empty()),
            lake_formation_configuration: Some(LakeFormationConfiguration {
                use_lake_formation_credentials: Some(false),
                account_id: Some(String::new()),
            }),
            ..Crawler::default()
        };
        let entry = Entry {
            definition,
            cron,
            running: None,
            history: Vec::new(),
        };
        self.crawlers.insert(request.name, entry);
        Ok(CreateCrawlerResponse {})
    }

    /// GetCrawler.
    pub fn get_crawler(
        &self,
        call: &Call,
        request: &GetCrawlerRequest,
    ) -> Result<GetCrawlerResponse> {
        Ok(GetCrawlerResponse {
            crawler: Some(self.entry(&request.name)?.shown(call)),
        })
    }

    /// GetCrawlers, in the order of names.
    pub fn get_crawlers(
        &self,
        call: &Call,
        request: &GetCrawlersRequest,
    ) -> Result<GetCrawlersResponse> {
        let items = self
            .crawlers
            .iter()
            .map(|(name, entry)| (name.clone(), entry));
        let size = page::size(request.max_results, limits::glue::PAGE_MAX);
        let (entries, next_token) =
            page::page("GetCrawlers", items, request.next_token.as_deref(), size)?;
        Ok(GetCrawlersResponse {
            crawlers: Some(entries.into_iter().map(|entry| entry.shown(call)).collect()),
            next_token,
        })
    }

    /// BatchGetCrawlers: names that do not exist come back as such.
    pub fn batch_get_crawlers(
        &self,
        call: &Call,
        request: &BatchGetCrawlersRequest,
    ) -> Result<BatchGetCrawlersResponse> {
        let (known, unknown): (Vec<&String>, Vec<&String>) = request
            .crawler_names
            .iter()
            .partition(|name| self.exists(name));
        let found = known.into_iter().filter_map(|name| self.crawlers.get(name));
        Ok(BatchGetCrawlersResponse {
            crawlers: Some(found.map(|entry| entry.shown(call)).collect()),
            crawlers_not_found: Some(unknown.into_iter().cloned().collect()),
        })
    }

    /// All names, in order: ListCrawlers, whose tag filter is [`crate::glue::Glue`]'s.
    pub fn names(&self) -> impl Iterator<Item = &String> {
        self.crawlers.keys()
    }

    /// UpdateCrawler: changes what is sent; empty texts clear.
    pub fn update_crawler(
        &mut self,
        roles: &dyn RoleDirectory,
        call: &Call,
        request: UpdateCrawlerRequest,
    ) -> Result<UpdateCrawlerResponse> {
        let entry = self.entry_mut(&request.name)?;
        if entry.running.is_some() {
            return Err(Error::CrawlerRunning(
                "Cannot update Crawler while running. Please stop crawl or wait until it completes to update."
                    .to_owned(),
            ));
        }
        let foreign = request
            .catalog_id
            .as_ref()
            .is_some_and(|id| id != call.account.as_str());
        Error::refuse(foreign, "a CatalogId other than the caller's account")?;
        let mut update = entry.definition.clone();
        if let Some(targets) = request.targets {
            update.targets = Some(targets);
        }
        if let Some(database) = request.database_name {
            update.database_name = Some(database);
        }
        check_targets(
            update.targets.as_ref().unwrap_or(&Default::default()),
            update.database_name.as_deref(),
        )?;
        Refusable {
            classifiers: request.classifiers.as_deref(),
            recrawl: request.recrawl_policy.as_ref(),
            lineage: request.lineage_configuration.as_ref(),
            lake_formation: request.lake_formation_configuration.as_ref(),
            security: request.crawler_security_configuration.as_deref(),
            configuration: request.configuration.as_deref(),
        }
        .check()?;
        let text = |new: Option<String>, old: Option<String>| match new {
            Some(new) => Some(new).filter(|new| !new.is_empty()),
            None => old,
        };
        update.description = text(request.description, update.description);
        update.table_prefix = text(request.table_prefix, update.table_prefix);
        update.configuration = text(request.configuration, update.configuration);
        if request.schema_change_policy.is_some() {
            update.schema_change_policy = Some(policy::filled(request.schema_change_policy));
        }
        if let Some(new) = &request.role {
            update.role = Some(role(roles, new)?);
        }
        update.last_updated = Some(call.now);
        update.version = update.version.map(|version| version + 1);
        if request.schedule.is_some() {
            entry.cron = schedule(request.schedule.as_deref(), call.now)?;
        }
        entry.definition = update;
        Ok(UpdateCrawlerResponse {})
    }

    /// DeleteCrawler, with its history.
    pub fn delete_crawler(
        &mut self,
        request: &DeleteCrawlerRequest,
    ) -> Result<DeleteCrawlerResponse> {
        if self.entry(&request.name)?.running.is_some() {
            return Err(Error::CrawlerRunning(format!(
                "Crawler with name {} is currently running",
                request.name
            )));
        }
        self.crawlers.remove(&request.name);
        Ok(DeleteCrawlerResponse {})
    }
}

impl Entry {
    /// The crawler as replies show it now.
    fn shown(&self, call: &Call) -> Crawler {
        let elapsed = self.running.as_ref().map_or(0, |running| {
            i64::try_from(call.now.since(running.started).as_millis()).unwrap_or(i64::MAX)
        });
        let name = self.definition.name.as_deref().unwrap_or_default();
        Crawler {
            state: Some(self.state().to_owned()),
            crawl_elapsed_time: Some(elapsed),
            schedule: self.cron.as_ref().map(|schedule| Schedule {
                schedule_expression: Some(schedule.expression.clone()),
                state: Some(
                    if schedule.active {
                        "SCHEDULED"
                    } else {
                        "NOT_SCHEDULED"
                    }
                    .to_owned(),
                ),
            }),
            last_crawl: self.history.last().map(|crawl| crawl.last_crawl(name)),
            ..self.definition.clone()
        }
    }

    fn state(&self) -> &'static str {
        match &self.running {
            None => "READY",
            Some(running) if running.cancelled || running.writing => "STOPPING",
            Some(_) => "RUNNING",
        }
    }
}
