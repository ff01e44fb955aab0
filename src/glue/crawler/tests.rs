//! Crawlers: a lake in memory and a sampler over it, shared by the tests of states and of crawls.

use std::ops::Range;
use std::sync::Mutex;

use async_trait::async_trait;
use bytes::Bytes;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::base::{AccountId, Region, Seed};
use crate::glue::api::*;
use crate::glue::catalog::{CatalogReader, CatalogWriter};
use crate::glue::surroundings::RoleDirectory;
use crate::glue::{Glue, SharedGlue};
use crate::store::{ObjectInfo, Objects, ObjectsError};

mod crawls;
mod states;

/// Trusts every role but `stranger`.
struct Roles;

impl RoleDirectory for Roles {
    fn trusts_glue(&self, role: &str) -> bool {
        role != "stranger"
    }
}

fn call(secs: i64) -> Call {
    Call {
        account: AccountId::parse("111111111111").unwrap(),
        ..Call::root(Timestamp::from_secs(secs))
    }
}

fn glue() -> Glue {
    let account = AccountId::parse("111111111111").unwrap();
    Glue::new(
        account,
        Region::default(),
        Arc::new(Ids::seeded(Seed::new(7))),
    )
}

fn request(paths: &[&str]) -> CreateCrawlerRequest {
    CreateCrawlerRequest {
        name: "turbine-crawler".to_owned(),
        role: "arn:aws:iam::111111111111:role/GlueRole".to_owned(),
        database_name: Some("wind".to_owned()),
        targets: CrawlerTargets {
            s3_targets: Some(
                paths
                    .iter()
                    .map(|path| S3Target {
                        path: Some((*path).to_owned()),
                        ..S3Target::default()
                    })
                    .collect(),
            ),
            ..CrawlerTargets::default()
        },
        ..CreateCrawlerRequest::default()
    }
}

fn start(crawlers: &mut Crawlers, secs: i64) -> Result<StartCrawlerResponse> {
    let request = StartCrawlerRequest {
        name: "turbine-crawler".to_owned(),
    };
    crawlers.start_crawler(&call(secs), &request)
}

fn shown(crawlers: &Crawlers, secs: i64) -> Crawler {
    let request = GetCrawlerRequest {
        name: "turbine-crawler".to_owned(),
    };
    crawlers
        .get_crawler(&call(secs), &request)
        .unwrap()
        .crawler
        .unwrap()
}

/// Objects in memory; the key says what the test sampler makes of them.
#[derive(Debug, Default)]
struct Lake(Mutex<BTreeMap<String, Bytes>>);

impl Lake {
    fn put(&self, key: &str, body: impl Into<Bytes>) {
        self.0.lock().unwrap().insert(key.to_owned(), body.into());
    }

    fn remove(&self, key: &str) {
        self.0.lock().unwrap().remove(key);
    }

    fn info(key: &str, body: &Bytes) -> ObjectInfo {
        ObjectInfo {
            key: key.to_owned(),
            size: body.len() as u64,
            etag: "e".to_owned(),
            last_modified: Timestamp::EPOCH,
        }
    }
}

#[async_trait]
impl Objects for Lake {
    async fn list(&self, bucket: &str, prefix: &str) -> Result<Vec<ObjectInfo>, ObjectsError> {
        if bucket != "lake" {
            return Err(ObjectsError::NoSuchBucket(bucket.to_owned()));
        }
        let objects = self.0.lock().unwrap();
        let inside = objects.iter().filter(|(key, _)| key.starts_with(prefix));
        Ok(inside.map(|(key, body)| Self::info(key, body)).collect())
    }

    async fn head(&self, bucket: &str, key: &str) -> Result<ObjectInfo, ObjectsError> {
        let objects = self.0.lock().unwrap();
        match objects.get(key) {
            Some(body) => Ok(Self::info(key, body)),
            None => Err(ObjectsError::NoSuchKey {
                bucket: bucket.to_owned(),
                key: key.to_owned(),
            }),
        }
    }

    async fn read(
        &self,
        bucket: &str,
        key: &str,
        _range: Option<Range<u64>>,
    ) -> Result<Bytes, ObjectsError> {
        self.head(bucket, key).await?;
        Ok(self.0.lock().unwrap()[key].clone())
    }

    async fn write(
        &self,
        _bucket: &str,
        key: &str,
        body: Bytes,
        _headers: BTreeMap<String, String>,
    ) -> Result<ObjectInfo, ObjectsError> {
        let info = Self::info(key, &body);
        self.put(key, body);
        Ok(info)
    }

    async fn delete(&self, _bucket: &str, key: &str) -> Result<(), ObjectsError> {
        self.remove(key);
        Ok(())
    }
}

/// Reads every object as JSON, but for `*.csv`, `*.parquet` (columns of the ABC schema) and
/// `*.bin` (unknown). Counts reads: no object may be read twice in one crawl.
struct TestSampler<'a> {
    lake: &'a Lake,
    reads: Mutex<Vec<String>>,
}

impl<'a> TestSampler<'a> {
    fn new(lake: &'a Lake) -> Self {
        Self {
            lake,
            reads: Mutex::default(),
        }
    }
}

#[async_trait]
impl Sampler for TestSampler<'_> {
    async fn sample(&self, bucket: &str, object: &ObjectInfo) -> Result<Sample, String> {
        self.reads.lock().unwrap().push(object.key.clone());
        let body = (self.lake.read(bucket, &object.key, None).await).map_err(|e| e.to_string())?;
        let columns = || {
            vec![
                ("site".to_owned(), "string".parse().unwrap()),
                ("rpm".to_owned(), "double".parse().unwrap()),
            ]
        };
        let sample = Sample {
            classification: Classification::Parquet,
            compression: Compression::None,
            columns: columns(),
            paths: Vec::new(),
            records: 2,
            bytes: object.size,
            complete: true,
        };
        if object.key.ends_with(".bin") {
            return Ok(Sample::unknown());
        }
        if object.key.ends_with(".parquet") {
            return Ok(sample);
        }
        if object.key.ends_with(".csv") {
            let layout = CsvLayout {
                delimiter: ',',
                quoted: false,
                header: true,
            };
            return Ok(Sample {
                classification: Classification::Csv(layout),
                ..sample
            });
        }
        let mut schema = JsonSchema::default();
        for value in serde_json::Deserializer::from_slice(&body).into_iter::<Value>() {
            schema.observe(&value.map_err(|error| error.to_string())?);
        }
        let records = schema.records();
        let (columns, paths) = schema.finish();
        Ok(Sample {
            classification: Classification::Json,
            columns,
            paths,
            records,
            ..sample
        })
    }
}
