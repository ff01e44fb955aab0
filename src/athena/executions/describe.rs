//! GetQueryExecution, BatchGetQueryExecution, ListQueryExecutions, GetQueryRuntimeStatistics.

use super::{Execution, QueryOutcome, QueryState};
use crate::athena::Athena;
use crate::athena::api::{
    AthenaError, BatchGetQueryExecutionRequest, BatchGetQueryExecutionResponse,
    GetQueryExecutionRequest, GetQueryExecutionResponse, GetQueryRuntimeStatisticsRequest,
    GetQueryRuntimeStatisticsResponse, ListQueryExecutionsRequest, ListQueryExecutionsResponse,
    QueryExecution, QueryExecutionStatistics, QueryExecutionStatus, QueryRuntimeStatistics,
    QueryRuntimeStatisticsRows, QueryRuntimeStatisticsTimeline, ResultReuseByAgeConfiguration,
    ResultReuseConfiguration, ResultReuseInformation, UnprocessedQueryExecutionId,
};
use crate::athena::error::Result;
use crate::athena::work_groups::PRIMARY;
use crate::athena::{page, results};
use crate::base::{Call, Timestamp, limits};

impl Athena {
    /// The work group a query runs in.
    pub fn work_group_of_query(&self, id: &str) -> Option<String> {
        let execution = self.executions.get(id)?;
        Some(execution.order.work_group.clone())
    }

    /// Where a query's result object lies.
    pub fn result_location(&self, id: &str) -> Option<String> {
        let execution = self.executions.get(id)?;
        Some(execution.order.output_location.to_string())
    }

    /// GetQueryExecution.
    pub fn get_query_execution(
        &self,
        call: &Call,
        request: &GetQueryExecutionRequest,
    ) -> Result<GetQueryExecutionResponse> {
        let execution = self.execution(call.now, &request.query_execution_id)?;
        Ok(GetQueryExecutionResponse {
            query_execution: Some(execution.shown()),
        })
    }

    /// BatchGetQueryExecution: unknown ids are items, not an error.
    pub fn batch_get_query_execution(
        &self,
        call: &Call,
        request: &BatchGetQueryExecutionRequest,
    ) -> Result<BatchGetQueryExecutionResponse> {
        let mut found = Vec::new();
        let mut unprocessed = Vec::new();
        for id in &request.query_execution_ids {
            match self.execution(call.now, id) {
                Ok(execution) => found.push(execution.shown()),
                Err(error) => unprocessed.push(UnprocessedQueryExecutionId {
                    query_execution_id: Some(id.clone()),
                    error_code: error.athena_error_code().map(str::to_owned),
                    error_message: Some(error.to_string()),
                }),
            }
        }
        Ok(BatchGetQueryExecutionResponse {
            query_executions: Some(found),
            unprocessed_query_execution_ids: Some(unprocessed),
        })
    }

    /// ListQueryExecutions: one work group's, newest first.
    pub fn list_query_executions(
        &self,
        call: &Call,
        request: &ListQueryExecutionsRequest,
    ) -> Result<ListQueryExecutionsResponse> {
        let name = request.work_group.as_deref().unwrap_or(PRIMARY);
        self.work_groups.get(name)?;
        let items = self
            .executions
            .by_number
            .iter()
            .rev()
            .filter(|(_, execution)| execution.order.work_group == name)
            .filter(|(_, execution)| !execution.expired(call.now))
            .map(|(number, execution)| (std::cmp::Reverse(*number), execution.order.id.clone()));
        let size = page::size(request.max_results, limits::athena::LIST_PAGE_MAX);
        let scope = format!("ListQueryExecutions {name}");
        let (ids, next_token) = page::page(&scope, items, request.next_token.as_deref(), size)?;
        Ok(ListQueryExecutionsResponse {
            query_execution_ids: Some(ids),
            next_token,
        })
    }

    /// GetQueryRuntimeStatistics. Stages are left out: the engine reports none.
    pub fn get_query_runtime_statistics(
        &self,
        call: &Call,
        request: &GetQueryRuntimeStatisticsRequest,
    ) -> Result<GetQueryRuntimeStatisticsResponse> {
        let execution = self.execution(call.now, &request.query_execution_id)?;
        Ok(GetQueryRuntimeStatisticsResponse {
            query_runtime_statistics: Some(execution.runtime_statistics()),
        })
    }
}

impl Execution {
    fn shown(&self) -> QueryExecution {
        let order = &self.order;
        QueryExecution {
            query_execution_id: Some(order.id.clone()),
            query: Some(order.sql.clone()),
            statement_type: Some(order.class.statement_type.clone()),
            substatement_type: order.class.substatement_type.clone(),
            result_configuration: Some(self.result_configuration.clone()),
            result_reuse_configuration: Some(ResultReuseConfiguration {
                result_reuse_by_age_configuration: Some(ResultReuseByAgeConfiguration {
                    enabled: false,
                    max_age_in_minutes: None,
                }),
            }),
            query_execution_context: Some(self.context.clone().unwrap_or_default()),
            status: Some(QueryExecutionStatus {
                state: Some(self.state.name().to_owned()),
                state_change_reason: self.reason.clone(),
                submission_date_time: Some(order.submitted),
                completion_date_time: self.completed,
                athena_error: self.athena_error(),
            }),
            statistics: Some(self.statistics()),
            work_group: Some(order.work_group.clone()),
            engine_version: Some(self.engine_version.clone()),
            execution_parameters: (!order.parameters.is_empty()).then(|| order.parameters.clone()),
            ..QueryExecution::default()
        }
    }

    fn athena_error(&self) -> Option<AthenaError> {
        let Some(QueryOutcome::Failed(failure)) = &self.outcome else {
            return None;
        };
        let message = failure.error_message.as_ref().unwrap_or(&failure.message);
        Some(AthenaError {
            error_category: Some(failure.category),
            error_type: Some(failure.error_type),
            retryable: Some(failure.retryable),
            error_message: Some(message.clone()),
        })
    }

    /// Times are those of the clock; what has not happened yet is left out. There is no service
    /// around the engine whose time could be counted, so its two times are 0.
    fn statistics(&self) -> QueryExecutionStatistics {
        let times = self.times();
        let manifest = results::manifest(&self.order).filter(|_| {
            self.result()
                .is_some_and(|result| !result.written.is_empty())
        });
        QueryExecutionStatistics {
            engine_execution_time_in_millis: times.engine,
            data_scanned_in_bytes: self.scanned_bytes(),
            data_manifest_location: manifest.map(|uri| uri.to_string()),
            total_execution_time_in_millis: times.total,
            query_queue_time_in_millis: times.queue,
            service_pre_processing_time_in_millis: times.total.map(|_| 0),
            query_planning_time_in_millis: times.planning,
            service_processing_time_in_millis: times.total.map(|_| 0),
            result_reuse_information: times.total.map(|_| ResultReuseInformation {
                reused_previous_result: false,
            }),
            dpu_count: None,
        }
    }

    fn runtime_statistics(&self) -> QueryRuntimeStatistics {
        let times = self.times();
        let rows = self.result().map(|result| QueryRuntimeStatisticsRows {
            input_rows: result.input_rows.and_then(|n| i64::try_from(n).ok()),
            input_bytes: i64::try_from(result.scanned_bytes).ok(),
            output_bytes: None,
            output_rows: result
                .update_count
                .or_else(|| i64::try_from(result.rows.len()).ok()),
        });
        QueryRuntimeStatistics {
            timeline: Some(QueryRuntimeStatisticsTimeline {
                query_queue_time_in_millis: times.queue,
                service_pre_processing_time_in_millis: times.total.map(|_| 0),
                query_planning_time_in_millis: times.planning,
                engine_execution_time_in_millis: times.engine,
                service_processing_time_in_millis: times.total.map(|_| 0),
                total_execution_time_in_millis: times.total,
            }),
            rows,
            output_stage: None,
        }
    }

    fn scanned_bytes(&self) -> Option<i64> {
        let bytes = match self.outcome.as_ref() {
            Some(QueryOutcome::Succeeded(result)) => result.scanned_bytes,
            Some(QueryOutcome::Failed(failure)) => failure.scanned_bytes,
            Some(QueryOutcome::ScanLimitExceeded { scanned_bytes }) => *scanned_bytes,
            // Stopped: what it had read is not known, so nothing is claimed.
            None if self.state == QueryState::Cancelled && self.started.is_none() => 0,
            None => return None,
        };
        i64::try_from(bytes).ok()
    }

    fn times(&self) -> Times {
        let submitted = self.order.submitted;
        let left_queue = self.started.or(self.completed);
        Times {
            queue: left_queue.map(|at| millis(submitted, at)),
            engine: self
                .completed
                .map(|at| millis(self.started.unwrap_or(at), at)),
            total: self.completed.map(|at| millis(submitted, at)),
            planning: self
                .result()
                .and_then(|result| result.planning)
                .and_then(|planning| i64::try_from(planning.as_millis()).ok()),
        }
    }
}

/// Times of an execution in milliseconds, as far as they have passed.
struct Times {
    queue: Option<i64>,
    engine: Option<i64>,
    total: Option<i64>,
    planning: Option<i64>,
}

fn millis(from: Timestamp, to: Timestamp) -> i64 {
    i64::try_from(to.since(from).as_millis()).unwrap_or(i64::MAX)
}
