//! What a crawler may be: the checks of CreateCrawler and UpdateCrawler.

use super::{Configuration, CrawlTarget, Cron, Exclusion, Schedule};
use crate::base::Timestamp;
use crate::glue::api::{
    CrawlerTargets, LakeFormationConfiguration, LineageConfiguration, RecrawlPolicy, S3Target,
};
use crate::glue::error::{Error, Result};
use crate::glue::surroundings::RoleDirectory;
use crate::store::S3Uri;

/// The role as GetCrawler shows it: a name, with its path when it has one.
pub(super) fn role(roles: &dyn RoleDirectory, role: &str) -> Result<String> {
    if !roles.trusts_glue(role) {
        return Err(Error::InvalidInput(
            "Service is unable to assume provided role. Please verify role's TrustPolicy"
                .to_owned(),
        ));
    }
    Ok(role
        .split_once(":role/")
        .map_or(role, |(_, name)| name)
        .to_owned())
}

/// Refuses targets that are not crawled, and S3 paths that are none.
pub(super) fn check_targets(targets: &CrawlerTargets, database: Option<&str>) -> Result<()> {
    let others = [
        (
            "JdbcTargets",
            targets.jdbc_targets.as_ref().map_or(0, Vec::len),
        ),
        (
            "MongoDBTargets",
            targets.mongo_db_targets.as_ref().map_or(0, Vec::len),
        ),
        (
            "DynamoDBTargets",
            targets.dynamo_db_targets.as_ref().map_or(0, Vec::len),
        ),
        (
            "CatalogTargets",
            targets.catalog_targets.as_ref().map_or(0, Vec::len),
        ),
        (
            "DeltaTargets",
            targets.delta_targets.as_ref().map_or(0, Vec::len),
        ),
        (
            "IcebergTargets",
            targets.iceberg_targets.as_ref().map_or(0, Vec::len),
        ),
        (
            "HudiTargets",
            targets.hudi_targets.as_ref().map_or(0, Vec::len),
        ),
    ];
    for (name, count) in others {
        Error::refuse(count > 0, &format!("CrawlerTargets.{name}"))?;
    }
    let s3 = targets.s3_targets.as_deref().unwrap_or_default();
    if s3.is_empty() {
        return Err(Error::InvalidInput(
            "At least one crawler target must be specified.".to_owned(),
        ));
    }
    if database.is_none_or(str::is_empty) {
        return Err(Error::InvalidInput(
            "You must provide the DatabaseName parameter when you specify a non-catalog targeted crawler."
                .to_owned(),
        ));
    }
    for item in s3 {
        target(item)?;
    }
    Ok(())
}

/// One S3 target, parsed. A bare `bucket/prefix` is a path too.
pub(super) fn target(target: &S3Target) -> Result<CrawlTarget> {
    Error::refuse(target.connection_name.is_some(), "S3Target.ConnectionName")?;
    Error::refuse(target.event_queue_arn.is_some(), "S3Target.EventQueueArn")?;
    Error::refuse(
        target.dlq_event_queue_arn.is_some(),
        "S3Target.DlqEventQueueArn",
    )?;
    let invalid = || Error::InvalidInput("Invalid S3 Target Path".to_owned());
    let path = target.path.as_deref().ok_or_else(invalid)?;
    let full = if path.contains("://") {
        path.to_owned()
    } else {
        format!("s3://{path}")
    };
    let uri = S3Uri::parse(&full).ok_or_else(invalid)?;
    let sample_size = match target.sample_size {
        None => None,
        Some(n @ 1..=249) => usize::try_from(n).ok(),
        Some(_) => {
            return Err(Error::InvalidInput(
                "SampleSize must be between 1 and 249.".to_owned(),
            ));
        }
    };
    let exclusions = target.exclusions.as_deref().unwrap_or_default();
    Ok(CrawlTarget {
        bucket: uri.bucket,
        path: uri.key,
        exclusions: exclusions
            .iter()
            .map(|pattern| Exclusion::parse(pattern).map_err(Error::InvalidInput))
            .collect::<Result<_>>()?,
        sample_size,
    })
}

/// A schedule from its expression; an empty one is none.
pub(super) fn schedule(expression: Option<&str>, now: Timestamp) -> Result<Option<Schedule>> {
    let Some(expression) = expression.filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let cron = Cron::parse(expression).map_err(Error::InvalidInput)?;
    Ok(Some(Schedule {
        expression: expression.to_owned(),
        next: cron.next_after(now),
        cron,
        active: true,
    }))
}

/// The members that only have values we do not act on.
pub(super) struct Refusable<'a> {
    pub classifiers: Option<&'a [String]>,
    pub recrawl: Option<&'a RecrawlPolicy>,
    pub lineage: Option<&'a LineageConfiguration>,
    pub lake_formation: Option<&'a LakeFormationConfiguration>,
    pub security: Option<&'a str>,
    pub configuration: Option<&'a str>,
}

impl Refusable<'_> {
    pub(super) fn check(&self) -> Result<Configuration> {
        let custom = self.classifiers.is_some_and(|list| !list.is_empty());
        Error::refuse(custom, "Crawler.Classifiers (custom classifiers)")?;
        match self
            .recrawl
            .and_then(|policy| policy.recrawl_behavior.as_deref())
        {
            None | Some("CRAWL_EVERYTHING") => {}
            Some("CRAWL_EVENT_MODE") => {
                return Err(Error::InvalidInput(
                    "Event queue ARN is required when event crawler is selected.".to_owned(),
                ));
            }
            Some(other) => return Err(Error::Unsupported(format!("RecrawlBehavior {other}"))),
        }
        let lineage = self
            .lineage
            .and_then(|l| l.crawler_lineage_settings.as_deref());
        Error::refuse(lineage == Some("ENABLE"), "CrawlerLineageSettings ENABLE")?;
        let lake = self
            .lake_formation
            .and_then(|l| l.use_lake_formation_credentials);
        Error::refuse(lake == Some(true), "UseLakeFormationCredentials")?;
        let secured = self.security.is_some_and(|name| !name.is_empty());
        Error::refuse(secured, "CrawlerSecurityConfiguration")?;
        Configuration::parse(self.configuration)
    }
}
