//! Athena's questions to the other rooms: its languages, the catalog behind its metadata, and the
//! execution of its queries.

use std::sync::Arc;

use futures::future::{AbortHandle, Abortable};

use crate::athena::api::{CreatePreparedStatementRequest, DeletePreparedStatementRequest};
use crate::athena::{
    self, Classification, ColumnFacts, DatabaseFacts, Executed, Language, Metadata, QueryFailure,
    QueryOrder, QueryOutcome, QueryResult, ResultColumn, ResultFile, SyntaxRefusal, TableFacts,
    results,
};
use crate::emulator::gate::hands::{Actor, Hands, need};
use crate::emulator::site::Site;
use crate::emulator::work::{Around, Report};
use crate::engine::hive::{self, HiveError};
use crate::engine::query::{QueryError, QueryRun};
use crate::engine::statement::{StatementDone, StatementRun};
use crate::engine::table::is_view;
use crate::engine::trino;
use crate::engine::trino::ast::Statement;
use crate::glue::SharedGlue;
use crate::glue::api::{Column, Database, Table};
use crate::glue::catalog::CatalogReader;
use crate::iam::need::Need;

/// What DESCRIBE and SHOW COLUMNS of a missing table are refused with (measured, but for the id).
const ENTITY_NOT_FOUND: &str = "Entity Not Found (Service: AmazonDataCatalog; Status Code: 400; \
     Error Code: EntityNotFoundException; Request ID: null; Proxy: null)";

/// Trino's grammar and Hive's. A statement of Hive's side that does not parse fails when it is run, as
/// on AWS, unless it has a name in double quotes.
pub(super) struct Languages<'a>(pub &'a SharedGlue);

impl Language for Languages<'_> {
    fn check_in(&self, sql: &str, database: Option<&str>) -> Result<Classification, SyntaxRefusal> {
        let class = self.check(sql)?;
        let Some((own, table)) = hive::described(sql) else {
            return Ok(class);
        };
        let database = own.as_deref().or(database).unwrap_or("default");
        match self.0.table(database, &table) {
            None => Err(SyntaxRefusal::invalid(ENTITY_NOT_FOUND)),
            Some(found) if is_view(&found) => Ok(Classification {
                substatement_type: Some("DESC_VIEW".to_owned()),
                ..class
            }),
            Some(_) => Ok(class),
        }
    }

    fn check(&self, sql: &str) -> Result<Classification, SyntaxRefusal> {
        let class = trino::classify(sql);
        let hive = class.is_some_and(|class| class.hive);
        if !hive {
            trino::parse_statement(sql)
                .map_err(|error| SyntaxRefusal::malformed(error.to_string()))?;
        } else if let Err(error) = hive::check(sql)
            && matches!(
                error,
                HiveError::Parse {
                    quoted_name: true,
                    ..
                }
            )
        {
            return Err(SyntaxRefusal::malformed(error.to_string()));
        }
        let class = class.ok_or_else(|| SyntaxRefusal::malformed("no statement"))?;
        Ok(Classification {
            statement_type: class.statement_type.name().to_owned(),
            substatement_type: Some(class.substatement_type.to_owned()),
            hive,
            literal: false,
        })
    }

    fn executed(&self, sql: &str) -> Option<Executed> {
        match trino::parse_statement(sql) {
            Ok(Statement::Execute { name, parameters }) => Some(Executed {
                name: name.value,
                parameters: parameters.iter().map(ToString::to_string).collect(),
            }),
            _ => None,
        }
    }
}

/// The catalog as Athena's metadata operations show it.
pub(super) struct CatalogFacts<'a>(pub &'a SharedGlue);

impl Metadata for CatalogFacts<'_> {
    fn databases(&self) -> Vec<DatabaseFacts> {
        self.0.databases().into_iter().map(database_facts).collect()
    }

    fn database(&self, name: &str) -> Option<DatabaseFacts> {
        self.0.database(name).map(database_facts)
    }

    fn tables(&self, database: &str) -> Option<Vec<TableFacts>> {
        self.0.database(database)?;
        Some(
            self.0
                .tables(database)
                .into_iter()
                .map(table_facts)
                .collect(),
        )
    }

    fn table(&self, database: &str, name: &str) -> Option<TableFacts> {
        self.0.table(database, name).map(table_facts)
    }
}

fn database_facts(database: Database) -> DatabaseFacts {
    DatabaseFacts {
        name: database.name,
        description: database.description,
        parameters: database.parameters.unwrap_or_default(),
    }
}

fn table_facts(table: Table) -> TableFacts {
    let storage = table.storage_descriptor.unwrap_or_default();
    let serde = storage.serde_info.unwrap_or_default();
    TableFacts {
        name: table.name,
        create_time: table.create_time,
        last_access_time: table.last_access_time,
        table_type: table.table_type,
        columns: columns(storage.columns),
        partition_keys: columns(table.partition_keys),
        parameters: table.parameters.unwrap_or_default(),
        location: storage.location,
        input_format: storage.input_format,
        output_format: storage.output_format,
        serde_library: serde.serialization_library,
        serde_parameters: serde.parameters.unwrap_or_default(),
    }
}

fn columns(columns: Option<Vec<Column>>) -> Vec<ColumnFacts> {
    let facts = |column: Column| ColumnFacts {
        name: column.name,
        hive_type: column.r#type,
        comment: column.comment,
    };
    columns.unwrap_or_default().into_iter().map(facts).collect()
}

/// Runs a query and writes its files. When it is stopped, the work ends where it stands.
pub(super) async fn run_query(site: Arc<Site>, around: Around, order: QueryOrder) -> Report {
    let (handle, registration) = AbortHandle::new_pair();
    site.running().insert(order.id.clone(), handle);
    if !site.athena().started(around.clock.now(), &order.id) {
        // Stopped before it began.
        site.running().remove(&order.id);
        return Box::new(|_, _| {});
    }
    let work = Box::pin(outcome_of(&site, &around, &order));
    let outcome = Abortable::new(work, registration).await;
    site.running().remove(&order.id);
    match outcome {
        Ok(outcome) => Box::new(move |site, now| site.athena().finish(now, &order.id, outcome)),
        Err(_) => Box::new(|_, _| {}),
    }
}

async fn outcome_of(site: &Site, around: &Around, order: &QueryOrder) -> QueryOutcome {
    let hands = around.hands(site, Actor::Caller, &order.call);
    if let Err(refused) = may_write(&hands, order) {
        return QueryOutcome::Failed(refused);
    }
    if let Some(reuse) = &order.reuse {
        let at = &reuse.output_location;
        if hands.objects.head(&at.bucket, &at.key).await.is_ok() {
            return QueryOutcome::Reused(reuse.clone());
        }
    }
    let (done, scanned_bytes) = match prepared(site, around, &hands, order) {
        Some(prepared) => (prepared, 0),
        None => done(&hands, order).await,
    };
    if order
        .scan_limit_bytes
        .is_some_and(|limit| scanned_bytes > limit)
    {
        return QueryOutcome::ScanLimitExceeded { scanned_bytes };
    }
    let done = match done {
        Ok(done) => done,
        Err(mut failure) => {
            // A table that may not be read looks like one that is not there.
            if let Some(refused) = hands.refused() {
                failure = denied(format!(
                    "Insufficient permissions to execute the query. {refused}"
                ));
            }
            failure.scanned_bytes = scanned_bytes;
            let file = results::failure_file(order, &failure.message);
            write(site, &hands, order, file).await;
            return QueryOutcome::Failed(failure);
        }
    };
    let result = result_of(order, done, scanned_bytes);
    write(site, &hands, order, results::files(order, &result)).await;
    QueryOutcome::Succeeded(result)
}

/// Executes a statement; the second value is the bytes read.
async fn done(hands: &Hands, order: &QueryOrder) -> (Result<StatementDone, QueryFailure>, u64) {
    let query = QueryRun {
        sql: order.statement.clone(),
        catalog: order.catalog.clone(),
        database: order.database.clone(),
        parameters: order.parameters.clone(),
        now: order.submitted,
    };
    let (done, scanned_bytes) = if order.class.hive {
        let (catalog, database) = (query.catalog.as_deref(), query.database.as_deref());
        let defined = hands
            .engine
            .define(&order.call, &query.sql, catalog, database);
        let done = defined.await.map(|rows| StatementDone {
            rows,
            ..StatementDone::default()
        });
        (done.map_err(QueryError::from), 0)
    } else {
        let run = StatementRun {
            query,
            call: order.call.clone(),
            engine_id: order.engine_id.clone(),
            output_folder: order.output_folder.clone(),
            is_location_enforced: order.is_location_enforced,
            scan_limit_bytes: order.scan_limit_bytes,
        };
        hands.engine.execute(&run).await
    };
    (done.map_err(|error| failure(order, &error)), scanned_bytes)
}

/// PREPARE and DEALLOCATE: what the work group keeps; `None` for any other statement.
fn prepared(
    site: &Site,
    around: &Around,
    hands: &Hands,
    order: &QueryOrder,
) -> Option<Result<StatementDone, QueryFailure>> {
    let statement = trino::parse_statement(&order.statement).ok()?;
    let operation = match &statement {
        Statement::Prepare { .. } => "athena:CreatePreparedStatement",
        Statement::Deallocate { .. } => "athena:DeletePreparedStatement",
        _ => return None,
    };
    let call = crate::base::Call {
        now: around.clock.now(),
        ..order.call.clone()
    };
    let group = format!(
        "arn:aws:athena:{}:{}:workgroup/{}",
        call.region, call.account, order.work_group
    );
    if let Err(refused) = hands.ask(need(operation, group)) {
        return Some(Err(denied(refused)));
    }
    let changed = match statement {
        Statement::Prepare { name, text } => {
            let request = CreatePreparedStatementRequest {
                statement_name: name.value,
                work_group: order.work_group.clone(),
                query_statement: text,
                description: None,
            };
            let mut athena = site.athena();
            athena.create_prepared_statement(&call, request).map(drop)
        }
        Statement::Deallocate { name } => {
            let request = DeletePreparedStatementRequest {
                statement_name: name.value,
                work_group: order.work_group.clone(),
            };
            site.athena().delete_prepared_statement(&request).map(drop)
        }
        _ => return None,
    };
    let refused = |error: athena::Error| QueryFailure {
        message: error.to_string(),
        category: 2,
        error_type: 1,
        ..QueryFailure::default()
    };
    Some(changed.map(|()| StatementDone::default()).map_err(refused))
}

/// Writes a query's files, unless it was stopped meanwhile: a cancelled query leaves nothing.
async fn write(
    site: &Site,
    hands: &Hands,
    order: &QueryOrder,
    files: impl IntoIterator<Item = ResultFile>,
) {
    if site.athena().is_cancelled(&order.id) {
        return;
    }
    for file in files {
        let headers = [("content-type".to_owned(), file.content_type.to_owned())];
        let written = hands
            .objects
            .write(&file.uri.bucket, &file.uri.key, file.body, headers.into())
            .await;
        if let Err(error) = written {
            // Athena does not fail a SELECT whose output bucket is missing; its results are lost.
            tracing::warn!(query = %order.id, to = %file.uri, %error, "results not written");
        }
    }
}

fn result_of(order: &QueryOrder, done: StatementDone, scanned_bytes: u64) -> QueryResult {
    let columns = done
        .rows
        .columns
        .iter()
        .map(|(name, of)| {
            if order.class.hive {
                // Without precision, whatever the type (measured).
                return ResultColumn {
                    name: name.clone(),
                    type_name: of.clone(),
                    ..ResultColumn::default()
                };
            }
            ResultColumn::of(name, of)
        })
        .collect();
    QueryResult {
        columns,
        rows: done.rows.rows,
        scanned_bytes,
        update_count: done.update_count,
        written: done.written,
        ..QueryResult::default()
    }
}

/// Whether the caller may put results where they are to go. Athena looks before it begins.
fn may_write(hands: &Hands, order: &QueryOrder) -> Result<(), QueryFailure> {
    let location = &order.output_location;
    let bucket = format!("arn:aws:s3:::{}", location.bucket);
    hands
        .ask(need("s3:GetBucketLocation", bucket.clone()))
        .map_err(|refused| {
            denied(format!(
                "Unable to verify/create output bucket {}. {refused}",
                location.bucket
            ))
        })?;
    let folder = location.key.rfind('/').map_or(0, |at| at + 1);
    let folder = location.key.get(..folder).unwrap_or_default();
    let result = Need {
        within: Some(format!("{bucket}/{folder}")),
        ..need("s3:PutObject", format!("{bucket}/{}", location.key))
    };
    hands.ask(result).map_err(|refused| {
        denied(format!(
            "Access denied when writing output to url: {location}. Please ensure you are allowed \
                 to access the S3 bucket. {refused}"
        ))
    })
}

/// A failure of the caller's rights: a user error.
fn denied(message: String) -> QueryFailure {
    QueryFailure {
        message,
        category: 2,
        error_type: 1000,
        ..QueryFailure::default()
    }
}

fn failure(order: &QueryOrder, error: &QueryError) -> QueryFailure {
    QueryFailure {
        message: format!("{error}{}", advice(order)),
        error_message: None,
        category: error.category(),
        error_type: error.error_type(),
        retryable: false,
        scanned_bytes: 0,
    }
}

/// What Athena says behind the reason of a failed statement that writes (measured). Here nothing is
/// ever left; the text is what tools look for.
fn advice(order: &QueryOrder) -> String {
    match order.class.substatement_type.as_deref() {
        Some("CREATE_TABLE_AS_SELECT") => format!(
            ". You may need to manually clean the data at location '{}' before retrying. Athena will not delete data in your account.",
            order.output_location
        ),
        Some("INSERT") => format!(
            ". If a data manifest file was generated at '{}-manifest.csv', you may need to manually clean the data from locations specified in the manifest. Athena will not delete data in your account.",
            order.output_location
        ),
        _ => String::new(),
    }
}
