//! Athena's questions to the other rooms: its languages, the catalog behind its metadata, and the
//! execution of its queries.

use std::sync::Arc;

use crate::athena::{
    Classification, ColumnFacts, DatabaseFacts, Language, Metadata, QueryFailure, QueryOrder,
    QueryOutcome, QueryResult, ResultColumn, ResultFile, SyntaxRefusal, TableFacts, results,
};
use crate::emulator::gate::hands::{Actor, Hands, need};
use crate::emulator::site::Site;
use crate::emulator::work::{Around, Report};
use crate::engine::hive::{self, HiveError};
use crate::engine::query::{QueryError, QueryRows, QueryRun};
use crate::engine::trino;
use crate::glue::SharedGlue;
use crate::glue::api::{Column, Database, Table};
use crate::glue::catalog::CatalogReader;
use crate::iam::need::Need;

/// Trino's grammar and Hive's. A statement of Hive's side that does not parse fails when it is run, as
/// on AWS, unless it has a name in double quotes.
pub(super) struct Languages;

impl Language for Languages {
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

/// Runs a query and writes its files.
pub(super) async fn run_query(site: Arc<Site>, around: Around, order: QueryOrder) -> Report {
    if !site.athena().started(around.clock.now(), &order.id) {
        // Stopped before it began.
        return Box::new(|_, _| {});
    }
    let outcome = outcome_of(&site, &around, &order).await;
    Box::new(move |site, now| site.athena().finish(now, &order.id, outcome))
}

async fn outcome_of(site: &Site, around: &Around, order: &QueryOrder) -> QueryOutcome {
    let hands = around.hands(site, Actor::Caller, &order.call);
    if let Err(refused) = may_write(&hands, order) {
        return QueryOutcome::Failed(refused);
    }
    let (rows, scanned_bytes) = if order.class.hive {
        let (catalog, database) = (order.catalog.as_deref(), order.database.as_deref());
        let defined = hands
            .engine
            .define(&order.call, &order.sql, catalog, database);
        let rows = defined.await;
        (rows.map_err(QueryError::from), 0)
    } else {
        let run = QueryRun {
            sql: order.sql.clone(),
            catalog: order.catalog.clone(),
            database: order.database.clone(),
            parameters: order.parameters.clone(),
            now: order.submitted,
        };
        hands.engine.query(&run).await
    };
    if order
        .scan_limit_bytes
        .is_some_and(|limit| scanned_bytes > limit)
    {
        return QueryOutcome::ScanLimitExceeded { scanned_bytes };
    }
    let rows = match rows {
        Ok(rows) => rows,
        Err(error) => {
            let mut failure = failure(&error, scanned_bytes);
            // A table that may not be read looks like one that is not there.
            if let Some(refused) = hands.refused() {
                failure = denied(format!(
                    "Insufficient permissions to execute the query. {refused}"
                ));
            }
            write(
                site,
                &hands,
                order,
                results::failure_file(order, &failure.message),
            )
            .await;
            return QueryOutcome::Failed(failure);
        }
    };
    let result = result_of(rows, scanned_bytes);
    write(site, &hands, order, results::files(order, &result)).await;
    QueryOutcome::Succeeded(result)
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

fn result_of(rows: QueryRows, scanned_bytes: u64) -> QueryResult {
    let columns = rows
        .columns
        .iter()
        .map(|(name, trino_type)| ResultColumn::of(name, trino_type))
        .collect();
    QueryResult {
        columns,
        rows: rows.rows,
        scanned_bytes,
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

fn failure(error: &QueryError, scanned_bytes: u64) -> QueryFailure {
    QueryFailure {
        message: error.to_string(),
        error_message: None,
        category: error.category(),
        error_type: error.error_type(),
        retryable: false,
        scanned_bytes,
    }
}
