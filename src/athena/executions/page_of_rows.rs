//! GetQueryResults.
//!
//! The checks come in the order measured on live Athena (2026-09): constraints of the model, the id,
//! `MaxResults`, the state, the token.

use super::{Execution, QueryState};
use crate::athena::Athena;
use crate::athena::api::{
    Datum, GetQueryResultsRequest, GetQueryResultsResponse, ResultSet, ResultSetMetadata, Row,
};
use crate::athena::error::{Error, Result};
use crate::athena::page;
use crate::athena::results::{self, QueryResult, ResultColumn, Shape};
use crate::base::{Call, limits};

impl Athena {
    /// GetQueryResults.
    pub fn get_query_results(
        &self,
        call: &Call,
        request: &GetQueryResultsRequest,
    ) -> Result<GetQueryResultsResponse> {
        let id = &request.query_execution_id;
        let execution = self.execution(call.now, id)?;
        let limit = limits::athena::RESULT_PAGE_MAX_ROWS;
        let size = request.max_results.unwrap_or(limit);
        if size > limit {
            return Err(Error::invalid(format!(
                "MaxResults is more than maximum allowed length {limit}"
            )));
        }
        Error::refuse(
            request.query_result_type.as_deref() == Some("DATA_MANIFEST"),
            "GetQueryResults.QueryResultType DATA_MANIFEST",
        )?;
        let Some(result) = execution.readable()? else {
            return Ok(GetQueryResultsResponse {
                update_count: None,
                result_set: Some(ResultSet {
                    rows: Some(Vec::new()),
                    result_set_metadata: None,
                }),
                next_token: None,
            });
        };
        let rows = Rows::of(execution, result);
        let from = match request.next_token.as_deref() {
            // With nothing to hand out the token is not looked at (measured).
            None => 0,
            Some(_) if rows.count() == 0 => 0,
            Some(token) => page::open::<usize>(id, token)
                .filter(|from| *from <= rows.count())
                .ok_or_else(|| Error::invalid(format!("Malformed nextPageToken {token}")))?,
        };
        let to = rows.count().min(from + usize::try_from(size).unwrap_or(0));
        // A page that is exactly full has a token even when nothing follows (measured).
        let next_token = if to - from == usize::try_from(size).unwrap_or(0) {
            Some(page::token(id, &to)?)
        } else {
            None
        };
        let columns = results::columns(&execution.order.class, result);
        Ok(GetQueryResultsResponse {
            update_count: execution.update_count(result),
            result_set: Some(ResultSet {
                rows: Some((from..to).map(|at| rows.row(at)).collect()),
                result_set_metadata: Some(ResultSetMetadata {
                    column_info: Some(columns.iter().map(ResultColumn::info).collect()),
                }),
            }),
            next_token,
        })
    }
}

impl Execution {
    /// The result, or nothing for a failed statement whose result is its reason.
    fn readable(&self) -> Result<Option<&QueryResult>> {
        let state = self.state.name();
        match self.state {
            QueryState::Queued | QueryState::Running => Err(Error::InvalidQueryExecutionState(
                format!("Query has not yet finished. Current state: {state}"),
            )),
            QueryState::Cancelled => Err(Error::ResultNotFound),
            QueryState::Failed if results::leaves_reason(&self.order.class) => Ok(None),
            QueryState::Failed => Err(Error::InvalidQueryExecutionState(format!(
                "Query did not finish successfully. Final query state: {state}"
            ))),
            QueryState::Succeeded => Ok(self.result()),
        }
    }

    /// `UpdateCount`: a number of rows for what changes rows, 0 for SELECT and most SHOW, none for
    /// definitions, EXPLAIN, and DESCRIBE and SHOW CREATE TABLE of a Hive table (measured).
    fn update_count(&self, result: &QueryResult) -> Option<i64> {
        let class = &self.order.class;
        let substatement = class.substatement_type.as_deref();
        match Shape::of(class) {
            Shape::Csv => Some(0),
            Shape::Text => match (class.statement_type.as_str(), substatement) {
                ("UTILITY", Some("DESCRIBE_TABLE" | "SHOW_CREATE_TABLE")) => None,
                ("UTILITY", _) => Some(0),
                _ => None,
            },
            Shape::Modified | Shape::Inserted | Shape::NewTable => result.update_count,
        }
    }
}

/// The rows of a result as GetQueryResults counts them: the header is one.
enum Rows<'a> {
    /// Columns and values.
    Cells {
        columns: &'a [ResultColumn],
        rows: &'a [Vec<Option<String>>],
    },
    /// One text a row.
    Lines(Vec<String>),
    /// A statement whose result is a count has no rows.
    Nothing,
}

impl<'a> Rows<'a> {
    fn of(execution: &Execution, result: &'a QueryResult) -> Self {
        let class = &execution.order.class;
        match Shape::of(class) {
            Shape::Csv => Self::Cells {
                columns: &result.columns,
                rows: &result.rows,
            },
            Shape::Text => {
                let header = results::has_header(class).then_some(&result.columns);
                let names = header
                    .into_iter()
                    .flatten()
                    .map(|column| column.name.clone());
                Self::Lines(names.chain(results::lines(&result.rows)).collect())
            }
            Shape::Modified | Shape::Inserted | Shape::NewTable => Self::Nothing,
        }
    }

    fn count(&self) -> usize {
        match self {
            Self::Cells { rows, .. } => rows.len() + 1,
            Self::Lines(lines) => lines.len(),
            Self::Nothing => 0,
        }
    }

    fn row(&self, at: usize) -> Row {
        let data = match self {
            Self::Cells { columns, rows } => match at.checked_sub(1) {
                None => columns
                    .iter()
                    .map(|column| datum(Some(column.name.clone())))
                    .collect(),
                Some(at) => rows
                    .get(at)
                    .into_iter()
                    .flatten()
                    .cloned()
                    .map(datum)
                    .collect(),
            },
            Self::Lines(lines) => lines
                .get(at)
                .cloned()
                .map(|line| datum(Some(line)))
                .into_iter()
                .collect(),
            Self::Nothing => Vec::new(),
        };
        Row { data: Some(data) }
    }
}

fn datum(value: Option<String>) -> Datum {
    Datum {
        var_char_value: value,
    }
}
