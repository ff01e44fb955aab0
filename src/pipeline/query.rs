//! Asks Athena and reads the whole answer.

use std::time::Duration;

use aws_sdk_athena::types::{QueryExecutionContext, QueryExecutionState, ResultConfiguration};

use crate::pipeline::error::{Error, Result, doing};
use crate::pipeline::patience::Patience;
use crate::pipeline::{Clients, Plan};

/// How long a query may take: Athena's own limit for DML.
const DONE_WITHIN: Duration = Duration::from_secs(1_800);

/// An answer: column names and rows of text, `None` for NULL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Column names in order.
    pub columns: Vec<String>,
    /// Rows in order; each as long as `columns`.
    pub rows: Vec<Vec<Option<String>>>,
    /// Where the result file lies.
    pub output_location: String,
    /// Bytes Athena read for it.
    pub scanned_bytes: i64,
}

impl Answer {
    /// The text in a row and column; `None` for NULL or outside.
    pub fn cell(&self, row: usize, column: usize) -> Option<&str> {
        self.rows.get(row)?.get(column)?.as_deref()
    }
}

/// Runs a query to its end and fetches every row.
///
/// # Errors
/// [`Error::State`] with Athena's reason when it does not succeed.
pub async fn query(clients: &Clients, plan: &Plan, sql: &str) -> Result<Answer> {
    let athena = &clients.athena;
    let started = athena
        .start_query_execution()
        .query_string(sql)
        .work_group(&plan.work_group)
        .query_execution_context(
            QueryExecutionContext::builder()
                .catalog("AwsDataCatalog")
                .database(&plan.database)
                .build(),
        )
        .result_configuration(
            ResultConfiguration::builder()
                .output_location(plan.results_location())
                .build(),
        )
        .send()
        .await
        .map_err(doing("start a query"))?;
    let id = started
        .query_execution_id()
        .ok_or_else(|| Error::Reply("StartQueryExecution gave no id".to_owned()))?
        .to_owned();
    let mut patience = Patience::new(&clients.clock, DONE_WITHIN);
    let (output_location, scanned_bytes) = loop {
        let reply = athena
            .get_query_execution()
            .query_execution_id(&id)
            .send()
            .await
            .map_err(doing(format!("read the query {id}")))?;
        let execution = reply
            .query_execution()
            .ok_or_else(|| Error::Reply(format!("no query {id} in the reply")))?;
        let status = execution.status();
        let state = status.and_then(|s| s.state()).cloned();
        match state {
            Some(QueryExecutionState::Succeeded) => {
                let location = execution
                    .result_configuration()
                    .and_then(|c| c.output_location())
                    .unwrap_or_default();
                let scanned = execution
                    .statistics()
                    .and_then(|s| s.data_scanned_in_bytes())
                    .unwrap_or_default();
                break (location.to_owned(), scanned);
            }
            Some(state @ (QueryExecutionState::Failed | QueryExecutionState::Cancelled)) => {
                return Err(Error::State {
                    what: format!("the query `{sql}`"),
                    state: state.to_string(),
                    reason: status
                        .and_then(|s| s.state_change_reason())
                        .unwrap_or_default()
                        .to_owned(),
                });
            }
            _ => {
                patience
                    .wait(&format!("the query {id}"), "SUCCEEDED")
                    .await?
            }
        }
    };
    let mut answer = Answer {
        columns: Vec::new(),
        rows: Vec::new(),
        output_location,
        scanned_bytes,
    };
    let mut pages = athena
        .get_query_results()
        .query_execution_id(&id)
        .into_paginator()
        .send();
    let mut first = true;
    while let Some(page) = pages.next().await {
        let page = page.map_err(doing(format!("read the results of the query {id}")))?;
        let Some(set) = page.result_set() else {
            continue;
        };
        let mut rows = set.rows().iter().map(|row| {
            row.data()
                .iter()
                .map(|datum| datum.var_char_value().map(str::to_owned))
                .collect::<Vec<_>>()
        });
        if first {
            // The first row of a SELECT's first page repeats the column names.
            let header = rows.next().unwrap_or_default();
            answer.columns = header.into_iter().map(Option::unwrap_or_default).collect();
            first = false;
        }
        answer.rows.extend(rows);
    }
    Ok(answer)
}
