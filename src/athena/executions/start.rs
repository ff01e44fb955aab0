//! StartQueryExecution.
//!
//! The checks come in the order measured on live Athena (2026-09): the token's presence and length,
//! the output location, the syntax, the token's earlier use. A refused request uses up no token.

use std::time::Duration;

use super::{Execution, QueryOrder, QueryOutcome, QueryState, Reuse};
use crate::athena::Athena;
use crate::athena::api::{
    QueryExecutionContext, ResultConfiguration, ResultReuseByAgeConfiguration,
    StartQueryExecutionRequest, StartQueryExecutionResponse,
};
use crate::athena::error::{Error, Result};
use crate::athena::results::QueryResult;
use crate::athena::surroundings::{Executed, Language};
use crate::athena::work_groups::{self, PRIMARY};
use crate::athena::{named_queries, results};
use crate::base::{Call, Timestamp, limits};
use crate::store::S3Uri;

/// Measured 2026-09, its two blanks included. An older wording exists; both start alike.
const NO_OUTPUT_LOCATION: &str = "No output location provided. You did not provide an output \
     location for  your query results. Either specify an S3 bucket location or enable Athena \
     managed query results in your workgroup settings.";

/// What a client request token was used for: what a later request with it must equal (measured;
/// work group and parameters are not compared).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Use {
    pub id: String,
    query: String,
    context: Option<(Option<String>, Option<String>)>,
    location: String,
}

impl Use {
    fn same_request(&self, other: &Self) -> bool {
        let parts = |used: &Self| used.context.clone().unwrap_or_default();
        self.query == other.query && parts(self) == parts(other) && self.location == other.location
    }
}

impl Athena {
    /// StartQueryExecution: QUEUED with an order, or the execution an equal request of the same
    /// token started.
    pub fn start_query_execution(
        &mut self,
        language: &dyn Language,
        call: &Call,
        request: StartQueryExecutionRequest,
    ) -> Result<StartQueryExecutionResponse> {
        let token = checked_token(request.client_request_token.as_deref())?;
        named_queries::check_text(&request.query_string)?;
        refuse_unsupported(&request)?;
        let name = request.work_group.as_deref().unwrap_or(PRIMARY);
        let group = self.work_groups.get(name)?;
        group.check_enabled()?;
        let results = group.results_of_query(call, request.result_configuration.as_ref())?;
        let location = results
            .output_location
            .clone()
            .ok_or_else(|| Error::invalid(NO_OUTPUT_LOCATION))?;
        let folder = work_groups::s3_location(&location)
            .ok_or_else(|| Error::invalid("outputLocation is not a valid S3 path."))?;
        let is_location_enforced = group.is_location_enforced();
        let scan_limit_bytes = group.scan_limit_bytes();
        let engine_version = group.engine_version();
        let context = request.query_execution_context;
        let database = context
            .as_ref()
            .and_then(|context| context.database.clone());
        let mut class = language.check_in(&request.query_string, database.as_deref())?;
        let mut statement = request.query_string.clone();
        let sent_parameters = request.execution_parameters.unwrap_or_default();
        let mut parameters = sent_parameters.clone();
        if let Some(executed) = language.executed(&request.query_string) {
            statement = self.executed_statement(name, &executed)?;
            class = language.check_in(&statement, database.as_deref())?;
            if !executed.parameters.is_empty() {
                parameters = executed.parameters;
            }
        }
        let mut used = Use {
            id: String::new(),
            query: request.query_string.clone(),
            context: context
                .clone()
                .map(|context| (context.catalog, context.database)),
            location,
        };
        if let Some(earlier) = self.executions.tokens.get(&token) {
            if !earlier.same_request(&used) {
                return Err(Error::IdempotentParameterMismatch);
            }
            return Ok(StartQueryExecutionResponse {
                query_execution_id: Some(earlier.id.clone()),
            });
        }
        self.executions.forget_old(call.now);
        let by_age = request
            .result_reuse_configuration
            .as_ref()
            .and_then(|reuse| reuse.result_reuse_by_age_configuration.as_ref())
            .filter(|by_age| by_age.enabled);
        let id = self.ids.uuid();
        let number = self.executions.next_number;
        let catalog = context
            .as_ref()
            .and_then(|context| context.catalog.as_ref());
        let catalog = catalog.map(|name| name.to_lowercase());
        let order = QueryOrder {
            reuse: None,
            statement,
            is_location_enforced,
            engine_id: self.engine_id(call.now, number),
            output_location: results::object(&folder, &class, &id),
            output_folder: S3Uri {
                key: format!("{}tables/{id}/", folder.folder()),
                bucket: folder.bucket,
            },
            id: id.clone(),
            sql: request.query_string,
            class,
            database: database.clone(),
            catalog: catalog.clone(),
            parameters,
            work_group: name.to_owned(),
            scan_limit_bytes,
            submitted: call.now,
            call: call.clone(),
        };
        let order = QueryOrder {
            reuse: by_age.and_then(|by_age| self.earlier(call.now, by_age, &order, &results)),
            ..order
        };
        let execution = Execution {
            reuse_configuration: request.result_reuse_configuration,
            sent_parameters,
            context: context.map(|_| QueryExecutionContext { database, catalog }),
            result_configuration: ResultConfiguration {
                output_location: Some(order.output_location.to_string()),
                ..results
            },
            engine_version,
            order,
            state: QueryState::Queued,
            reason: None,
            started: None,
            completed: None,
            outcome: None,
        };
        let executions = &mut self.executions;
        executions.next_number += 1;
        executions.by_number.insert(number, execution);
        executions.numbers.insert(id.clone(), number);
        executions.orders.push_back(id.clone());
        used.id.clone_from(&id);
        executions.tokens.insert(token, used);
        Ok(StartQueryExecutionResponse {
            query_execution_id: Some(id),
        })
    }
}

impl Athena {
    /// The text of a prepared statement that is executed.
    fn executed_statement(&self, work_group: &str, executed: &Executed) -> Result<String> {
        let found = self.prepared_statement(work_group, &executed.name);
        found.map(str::to_owned).ok_or_else(|| {
            Error::invalid(format!(
                "PreparedStatement {} was not found in workGroup {work_group}",
                executed.name
            ))
        })
    }

    /// The newest result of the same query in the same surroundings that is young enough. "Reuse query
    /// results in Athena", Athena guide: queries only, by text, catalog, database and work group.
    fn earlier(
        &self,
        now: Timestamp,
        by_age: &ResultReuseByAgeConfiguration,
        order: &QueryOrder,
        results: &ResultConfiguration,
    ) -> Option<Reuse> {
        if order.class.substatement_type.as_deref() != Some("SELECT") {
            return None;
        }
        let minutes = by_age
            .max_age_in_minutes
            .unwrap_or(limits::athena::REUSE_MINUTES_DEFAULT);
        let age = Duration::from_secs(u64::try_from(minutes).ok()?.saturating_mul(60));
        let folder = |order: &QueryOrder| order.output_folder.key.replace(&order.id, "");
        let same = |earlier: &Execution| {
            let other = &earlier.order;
            other.statement == order.statement
                && other.parameters == order.parameters
                && other.catalog == order.catalog
                && other.database == order.database
                && other.work_group == order.work_group
                && other.output_folder.bucket == order.output_folder.bucket
                && folder(other) == folder(order)
                && earlier.result_configuration.encryption_configuration
                    == results.encryption_configuration
        };
        self.executions
            .by_number
            .values()
            .rev()
            .filter(|earlier| {
                earlier
                    .completed
                    .is_some_and(|completed| now.since(completed) <= age)
            })
            .find_map(|earlier| match &earlier.outcome {
                // Not one that was reused itself: its age is that of the first.
                Some(QueryOutcome::Succeeded(result)) if same(earlier) => Some(Reuse {
                    output_location: earlier.order.output_location.clone(),
                    result: QueryResult {
                        scanned_bytes: 0,
                        input_rows: None,
                        ..result.clone()
                    },
                }),
                _ => None,
            })
    }
}

/// A token is asked for on the wire although the model calls it optional: SDKs make one up. Its
/// lower bound is one of characters, its upper bound one of bytes (measured).
fn checked_token(token: Option<&str>) -> Result<String> {
    let token = token.ok_or_else(|| Error::invalid("clientRequestToken is null or empty"))?;
    if token.len() > limits::athena::CLIENT_TOKEN_MAX_BYTES {
        return Err(Error::invalid(format!(
            "clientRequestToken exceeds maximum allowed length {}",
            limits::athena::CLIENT_TOKEN_MAX_BYTES
        )));
    }
    Ok(token.to_owned())
}

fn refuse_unsupported(request: &StartQueryExecutionRequest) -> Result<()> {
    Error::refuse(
        request.engine_configuration.is_some(),
        "StartQueryExecution.EngineConfiguration",
    )
}
