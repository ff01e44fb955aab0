//! The hands of those who act for others: every object and every table they touch is asked for.
//!
//! Firehose, crawlers and jobs act as the session of a role; a query acts as its caller.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use serde_json::{Value, json};

use super::{Gate, Refusal, context};
use crate::base::{AccountId, Call, Region};
use crate::engine::Engine;
use crate::glue::api::{Database, DatabaseInput, Partition, PartitionInput, Table, TableInput};
use crate::glue::catalog::{CatalogReader, CatalogWriter};
use crate::glue::error::{Error as GlueError, Result as GlueResult};
use crate::iam::need::{self, Need};
use crate::iam::subject::{Principal, Unjudged};
use crate::store::{ObjectInfo, Objects, ObjectsError};

/// A service that assumes roles.
#[derive(Clone, Copy, Debug)]
pub struct Assumer {
    /// Whom a trust policy names.
    pub principal: &'static str,
    /// What the service calls its sessions.
    pub session: &'static str,
}

/// Data Firehose. AWS does not document what it calls its sessions.
pub const FIREHOSE: Assumer = Assumer {
    principal: "firehose.amazonaws.com",
    session: "firehose",
};
/// Glue, for a crawler.
pub const CRAWLER: Assumer = Assumer {
    principal: "glue.amazonaws.com",
    session: "AWS-Crawler",
};
/// Glue, for a job run.
pub const JOB: Assumer = Assumer {
    principal: "glue.amazonaws.com",
    session: "GlueJobRunnerSession",
};

/// Who acts.
#[derive(Debug)]
pub enum Actor {
    /// The caller of a call.
    Caller,
    /// A role, by ARN or by name in the call's account, in a service's hands.
    Role {
        /// ARN, name, or path and name.
        role: String,
        /// In whose hands.
        by: Assumer,
    },
}

/// What somebody may touch, for the time of one piece of work.
#[derive(Debug)]
pub struct Rights {
    gate: Arc<Gate>,
    actor: Actor,
    call: Call,
    /// The first refusal. Looking a table up has no words for one: it is as if there were none.
    refused: Mutex<Option<Refusal>>,
}

/// Objects, catalog and engine as somebody may use them.
pub struct Hands {
    pub objects: Arc<dyn Objects>,
    pub catalog: Arc<dyn CatalogWriter>,
    pub engine: Engine,
    rights: Option<Arc<Rights>>,
}

impl Hands {
    /// The hands of an actor. While nothing is judged, they are everybody's.
    pub fn of(
        gate: &Arc<Gate>,
        actor: Actor,
        call: &Call,
        objects: &Arc<dyn Objects>,
        catalog: Arc<dyn CatalogWriter>,
        engine: &Engine,
    ) -> Self {
        if !gate.looks() {
            return Self {
                objects: Arc::clone(objects),
                catalog,
                engine: engine.clone(),
                rights: None,
            };
        }
        let rights = Arc::new(Rights {
            gate: Arc::clone(gate),
            actor,
            call: call.clone(),
            refused: Mutex::default(),
        });
        let objects: Arc<dyn Objects> = Arc::new(TheirObjects {
            inner: Arc::clone(objects),
            rights: Arc::clone(&rights),
        });
        let catalog: Arc<dyn CatalogWriter> = Arc::new(TheirCatalog {
            inner: catalog,
            rights: Arc::clone(&rights),
        });
        Self {
            engine: engine.with(Arc::clone(&objects), Arc::clone(&catalog)),
            objects,
            catalog,
            rights: Some(rights),
        }
    }

    /// The first thing that was refused, if anything was.
    pub fn refused(&self) -> Option<String> {
        let rights = self.rights.as_ref()?;
        let refused = rights.refused.lock();
        let refused = refused.unwrap_or_else(PoisonError::into_inner);
        refused.as_ref().map(ToString::to_string)
    }

    /// Asks for one thing more.
    ///
    /// # Errors
    /// The refusal, as AWS words it.
    pub fn ask(&self, need: Need) -> Result<(), String> {
        let Some(rights) = &self.rights else {
            return Ok(());
        };
        let asked = rights.ask(vec![need], &Value::Null);
        asked.map_err(|refusal| refusal.to_string())
    }
}

impl Gate {
    /// Whether a role, in a service's hands, may do something.
    ///
    /// # Errors
    /// The refusal, as AWS words it.
    pub fn permit_role(
        &self,
        role_arn: &str,
        by: Assumer,
        region: &Region,
        needs: Vec<Need>,
    ) -> Result<(), String> {
        if !self.looks() {
            return Ok(());
        }
        let call = &Call {
            region: region.clone(),
            ..Call::root(self.clock.now())
        };
        let decided = self
            .role(role_arn, by)
            .and_then(|role| self.decide(role, call, needs, &context::of_call(call)));
        decided.map_err(|refusal| refusal.to_string())
    }

    /// A role in a service's hands, if it is still there and still trusts the service.
    fn role(&self, arn: &str, by: Assumer) -> Result<Result<Principal, Unjudged>, Refusal> {
        let iam = self.iam();
        let role = iam.role_principal(arn, by.session);
        role.filter(|_| iam.role_trusts(arn, by.principal))
            .ok_or_else(|| {
                let message = format!("{} is unable to assume the role {arn}", by.principal);
                Refusal::Denied(message)
            })
    }
}

/// An action on a resource, without any condition keys of its own.
pub fn need(action: &str, resource: String) -> Need {
    Need {
        action: action.to_owned(),
        resource,
        within: None,
        keys: Vec::new(),
    }
}

/// The folder that a service was told to write to: the key without the name that the service made up and
/// without the partitions it made of the data.
fn target_of(key: &str) -> &str {
    let mut folder = key;
    while let Some((parent, last)) = folder.trim_end_matches('/').rsplit_once('/') {
        if folder.len() < key.len() && !last.contains('=') {
            return folder;
        }
        folder = folder.get(..=parent.len()).unwrap_or(parent);
    }
    if folder.len() < key.len() && !folder.contains('=') {
        return folder;
    }
    ""
}

/// ARN of a role given by ARN, by name, or by path and name.
pub fn role_arn(account: &AccountId, role: &str) -> String {
    if role.starts_with("arn:") {
        return role.to_owned();
    }
    let role = role.trim_start_matches('/');
    format!("arn:aws:iam::{account}:role/{role}")
}

impl Rights {
    fn ask(&self, needs: Vec<Need>, request: &Value) -> Result<(), Refusal> {
        let service = needs.first().and_then(|need| need.action.split(':').next());
        let about = context::of_request(service.unwrap_or_default(), request);
        let mut context = context::of_call(&self.call).with(&about);
        let principal = match &self.actor {
            Actor::Caller => {
                // Athena asks the other services in the caller's name.
                context.set("aws:ViaAWSService", "true");
                context.set("aws:CalledVia", "athena.amazonaws.com");
                Ok(self.gate.iam().principal(&self.call))
            }
            Actor::Role { role, by } => {
                let account = &self.call.account;
                self.gate.role(&role_arn(account, role), *by)
            }
        };
        principal
            .and_then(|principal| self.gate.decide(principal, &self.call, needs, &context))
            .inspect_err(|refusal| {
                let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
                refused.get_or_insert_with(|| refusal.clone());
            })
    }

    fn object(&self, action: &str, bucket: &str, key: &str) -> Result<(), ObjectsError> {
        let mut need = need(action, format!("arn:aws:s3:::{bucket}/{key}"));
        if action != "s3:GetObject" {
            need.within = Some(format!("arn:aws:s3:::{bucket}/{}", target_of(key)));
        }
        self.ask(vec![need], &Value::Null)
            .map_err(|refusal| ObjectsError::Denied(refusal.to_string()))
    }

    /// Asks for an operation of Glue's.
    fn glue(&self, operation: &str, request: &Value) -> GlueResult<()> {
        let operation = format!("glue:{operation}");
        let needs = need::needs(&operation, &self.call, request, &Nothing).unwrap_or_default();
        self.ask(needs, request)
            .map_err(|refusal| GlueError::AccessDenied(refusal.to_string()))
    }
}

/// Requests that are made here name everything themselves.
struct Nothing;

impl need::Directory for Nothing {
    fn find(&self, _: &str, _: &str) -> Option<String> {
        None
    }
}

#[derive(Debug)]
struct TheirObjects {
    inner: Arc<dyn Objects>,
    rights: Arc<Rights>,
}

#[async_trait]
impl Objects for TheirObjects {
    async fn list(&self, bucket: &str, prefix: &str) -> Result<Vec<ObjectInfo>, ObjectsError> {
        let listed = vec![need("s3:ListBucket", format!("arn:aws:s3:::{bucket}"))];
        self.rights
            .ask(listed, &json!({"Prefix": prefix}))
            .map_err(|refusal| ObjectsError::Denied(refusal.to_string()))?;
        self.inner.list(bucket, prefix).await
    }

    async fn head(&self, bucket: &str, key: &str) -> Result<ObjectInfo, ObjectsError> {
        self.rights.object("s3:GetObject", bucket, key)?;
        self.inner.head(bucket, key).await
    }

    async fn read(
        &self,
        bucket: &str,
        key: &str,
        range: Option<Range<u64>>,
    ) -> Result<Bytes, ObjectsError> {
        self.rights.object("s3:GetObject", bucket, key)?;
        self.inner.read(bucket, key, range).await
    }

    async fn write(
        &self,
        bucket: &str,
        key: &str,
        body: Bytes,
        headers: BTreeMap<String, String>,
    ) -> Result<ObjectInfo, ObjectsError> {
        self.rights.object("s3:PutObject", bucket, key)?;
        self.inner.write(bucket, key, body, headers).await
    }

    async fn delete(&self, bucket: &str, key: &str) -> Result<(), ObjectsError> {
        self.rights.object("s3:DeleteObject", bucket, key)?;
        self.inner.delete(bucket, key).await
    }
}

#[derive(Debug)]
struct TheirCatalog {
    inner: Arc<dyn CatalogWriter>,
    rights: Arc<Rights>,
}

impl CatalogReader for TheirCatalog {
    fn databases(&self) -> Vec<Database> {
        match self.rights.glue("GetDatabases", &json!({})) {
            Ok(()) => self.inner.databases(),
            Err(_) => Vec::new(),
        }
    }

    fn database(&self, name: &str) -> Option<Database> {
        self.rights
            .glue("GetDatabase", &json!({"Name": name}))
            .ok()?;
        self.inner.database(name)
    }

    fn tables(&self, database: &str) -> Vec<Table> {
        let request = json!({"DatabaseName": database});
        match self.rights.glue("GetTables", &request) {
            Ok(()) => self.inner.tables(database),
            Err(_) => Vec::new(),
        }
    }

    fn table(&self, database: &str, name: &str) -> Option<Table> {
        let request = json!({"DatabaseName": database, "Name": name});
        self.rights.glue("GetTable", &request).ok()?;
        self.inner.table(database, name)
    }

    fn partitions(
        &self,
        database: &str,
        table: &str,
        expression: Option<&str>,
    ) -> GlueResult<Vec<Partition>> {
        let request = json!({"DatabaseName": database, "TableName": table});
        self.rights.glue("GetPartitions", &request)?;
        self.inner.partitions(database, table, expression)
    }
}

impl CatalogWriter for TheirCatalog {
    fn ensure_database(&self, call: &Call, name: &str) -> GlueResult<bool> {
        let request = json!({"Name": name});
        self.rights.glue("GetDatabase", &request)?;
        if self.inner.database(name).is_none() {
            self.rights.glue("CreateDatabase", &request)?;
        }
        self.inner.ensure_database(call, name)
    }

    fn create_database(&self, call: &Call, input: DatabaseInput) -> GlueResult<()> {
        let request = json!({"DatabaseInput": {"Name": input.name}});
        self.rights.glue("CreateDatabase", &request)?;
        self.inner.create_database(call, input)
    }

    fn delete_database(&self, call: &Call, name: &str) -> GlueResult<()> {
        self.rights.glue("DeleteDatabase", &json!({"Name": name}))?;
        self.inner.delete_database(call, name)
    }

    fn create_table(&self, call: &Call, database: &str, input: TableInput) -> GlueResult<()> {
        let request = json!({"DatabaseName": database, "TableInput": {"Name": input.name}});
        self.rights.glue("CreateTable", &request)?;
        self.inner.create_table(call, database, input)
    }

    fn update_table(&self, call: &Call, database: &str, input: TableInput) -> GlueResult<()> {
        let request = json!({"DatabaseName": database, "TableInput": {"Name": input.name}});
        self.rights.glue("UpdateTable", &request)?;
        self.inner.update_table(call, database, input)
    }

    fn delete_table(&self, call: &Call, database: &str, name: &str) -> GlueResult<()> {
        let request = json!({"DatabaseName": database, "Name": name});
        self.rights.glue("DeleteTable", &request)?;
        self.inner.delete_table(call, database, name)
    }

    fn add_partitions(
        &self,
        call: &Call,
        database: &str,
        table: &str,
        partitions: Vec<PartitionInput>,
    ) -> GlueResult<usize> {
        let request = json!({"DatabaseName": database, "TableName": table});
        self.rights.glue("BatchCreatePartition", &request)?;
        self.inner.add_partitions(call, database, table, partitions)
    }

    fn update_partitions(
        &self,
        call: &Call,
        database: &str,
        table: &str,
        partitions: Vec<PartitionInput>,
    ) -> GlueResult<()> {
        let request = json!({"DatabaseName": database, "TableName": table});
        self.rights.glue("BatchUpdatePartition", &request)?;
        self.inner
            .update_partitions(call, database, table, partitions)
    }

    fn delete_partitions(
        &self,
        call: &Call,
        database: &str,
        table: &str,
        values: &[Vec<String>],
    ) -> GlueResult<usize> {
        let request = json!({"DatabaseName": database, "TableName": table});
        self.rights.glue("BatchDeletePartition", &request)?;
        self.inner.delete_partitions(call, database, table, values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_service_makes_up_is_no_part_of_its_target() {
        for (key, target) in [
            ("results/4711.csv", "results/"),
            ("4711.csv", ""),
            (
                "curated/temperature/event_date=2025-04-29/part-0.parquet",
                "curated/temperature/",
            ),
            ("curated/year=2025/month=04/part-0.parquet", "curated/"),
            ("year=2025/part-0.parquet", ""),
            ("a=b/c/part-0.parquet", "a=b/c/"),
        ] {
            assert_eq!(target_of(key), target, "{key}");
        }
    }
}
