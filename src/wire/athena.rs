//! Athena on the wire: operation names to core methods, nothing else.

use serde_json::Value;

use crate::athena::{Athena, Language, Metadata};
use crate::base::{Call, ServiceError};
use crate::wire::adapter::{reply, request};

/// The operations this answers; any other is refused by name.
pub const OPERATIONS: &[&str] = &[
    "BatchGetNamedQuery",
    "BatchGetPreparedStatement",
    "BatchGetQueryExecution",
    "CreateNamedQuery",
    "CreatePreparedStatement",
    "CreateWorkGroup",
    "DeleteNamedQuery",
    "DeletePreparedStatement",
    "DeleteWorkGroup",
    "GetDataCatalog",
    "GetDatabase",
    "GetNamedQuery",
    "GetPreparedStatement",
    "GetQueryExecution",
    "GetQueryResults",
    "GetQueryRuntimeStatistics",
    "GetTableMetadata",
    "GetWorkGroup",
    "ListDataCatalogs",
    "ListDatabases",
    "ListEngineVersions",
    "ListNamedQueries",
    "ListPreparedStatements",
    "ListQueryExecutions",
    "ListTableMetadata",
    "ListTagsForResource",
    "ListWorkGroups",
    "StartQueryExecution",
    "StopQueryExecution",
    "TagResource",
    "UntagResource",
    "UpdateNamedQuery",
    "UpdatePreparedStatement",
    "UpdateWorkGroup",
];

/// Answers one operation.
///
/// # Errors
/// The core's refusal, or `NotImplemented` by name.
pub fn handle(
    core: &mut Athena,
    language: &dyn Language,
    metadata: &dyn Metadata,
    operation: &str,
    call: &Call,
    input: Value,
) -> Result<Value, ServiceError> {
    match operation {
        "StartQueryExecution" => reply(core.start_query_execution(language, call, request(input)?)),
        "StopQueryExecution" => reply(core.stop_query_execution(call, &request(input)?)),
        "GetQueryExecution" => reply(core.get_query_execution(call, &request(input)?)),
        "BatchGetQueryExecution" => reply(core.batch_get_query_execution(call, &request(input)?)),
        "ListQueryExecutions" => reply(core.list_query_executions(call, &request(input)?)),
        "GetQueryResults" => reply(core.get_query_results(call, &request(input)?)),
        "GetQueryRuntimeStatistics" => {
            reply(core.get_query_runtime_statistics(call, &request(input)?))
        }
        "CreateWorkGroup" => reply(core.create_work_group(call, request(input)?)),
        "GetWorkGroup" => reply(core.get_work_group(&request(input)?)),
        "ListWorkGroups" => reply(core.list_work_groups(&request(input)?)),
        "UpdateWorkGroup" => reply(core.update_work_group(call, request(input)?)),
        "DeleteWorkGroup" => reply(core.delete_work_group(&request(input)?)),
        "ListEngineVersions" => reply(core.list_engine_versions(&request(input)?)),
        "CreateNamedQuery" => reply(core.create_named_query(request(input)?)),
        "GetNamedQuery" => reply(core.get_named_query(&request(input)?)),
        "BatchGetNamedQuery" => reply(core.batch_get_named_query(&request(input)?)),
        "ListNamedQueries" => reply(core.list_named_queries(&request(input)?)),
        "UpdateNamedQuery" => reply(core.update_named_query(request(input)?)),
        "DeleteNamedQuery" => reply(core.delete_named_query(&request(input)?)),
        "CreatePreparedStatement" => reply(core.create_prepared_statement(call, request(input)?)),
        "GetPreparedStatement" => reply(core.get_prepared_statement(&request(input)?)),
        "BatchGetPreparedStatement" => reply(core.batch_get_prepared_statement(&request(input)?)),
        "ListPreparedStatements" => reply(core.list_prepared_statements(&request(input)?)),
        "UpdatePreparedStatement" => reply(core.update_prepared_statement(call, request(input)?)),
        "DeletePreparedStatement" => reply(core.delete_prepared_statement(&request(input)?)),
        "GetDataCatalog" => reply(core.get_data_catalog(&request(input)?)),
        "ListDataCatalogs" => reply(core.list_data_catalogs(&request(input)?)),
        "GetDatabase" => reply(core.get_database(metadata, &request(input)?)),
        "ListDatabases" => reply(core.list_databases(metadata, &request(input)?)),
        "GetTableMetadata" => reply(core.get_table_metadata(metadata, &request(input)?)),
        "ListTableMetadata" => reply(core.list_table_metadata(metadata, &request(input)?)),
        "TagResource" => reply(core.tag_resource(request(input)?)),
        "UntagResource" => reply(core.untag_resource(&request(input)?)),
        "ListTagsForResource" => reply(core.list_tags_for_resource(&request(input)?)),
        _ => Err(ServiceError::not_implemented(format!("athena:{operation}"))),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::*;
    use crate::athena::{
        Classification, DatabaseFacts, QueryOutcome, QueryResult, ResultColumn, SyntaxRefusal,
        TableFacts,
    };
    use crate::base::{AccountId, Ids, Region, Seed, Timestamp};

    /// Everything is a SELECT; there are no tables.
    struct Around;

    impl Language for Around {
        fn check(&self, _sql: &str) -> Result<Classification, SyntaxRefusal> {
            Ok(Classification {
                statement_type: "DML".to_owned(),
                substatement_type: Some("SELECT".to_owned()),
                ..Classification::default()
            })
        }
    }

    impl Metadata for Around {
        fn databases(&self) -> Vec<DatabaseFacts> {
            Vec::new()
        }

        fn database(&self, _name: &str) -> Option<DatabaseFacts> {
            None
        }

        fn tables(&self, _database: &str) -> Option<Vec<TableFacts>> {
            None
        }

        fn table(&self, _database: &str, _name: &str) -> Option<TableFacts> {
            None
        }
    }

    fn core() -> Athena {
        let ids = Arc::new(Ids::seeded(Seed::new(3)));
        Athena::new(AccountId::default(), Region::default(), ids)
    }

    fn ask(core: &mut Athena, operation: &str, input: Value) -> Result<Value, ServiceError> {
        let call = Call::root(Timestamp::from_secs(10));
        handle(core, &Around, &Around, operation, &call, input)
    }

    #[test]
    fn every_listed_operation_is_answered_and_others_are_refused_by_name() {
        let mut core = core();
        for operation in OPERATIONS {
            if let Err(error) = ask(&mut core, operation, json!({})) {
                assert_ne!(error.code, "NotImplemented", "{operation}: {error}");
                assert_ne!(error.code, "SerializationException", "{operation}: {error}");
            }
        }
        for operation in [
            "CreateCapacityReservation",
            "StartSession",
            "CreateNotebook",
        ] {
            let error = ask(&mut core, operation, json!({})).unwrap_err();
            assert_eq!((error.code.as_str(), error.status), ("NotImplemented", 501));
            assert!(
                error.message.contains(&format!("athena:{operation}")),
                "{error}"
            );
        }
    }

    #[test]
    fn the_typed_operations_are_the_answered_ones() {
        let typed: Vec<&str> = include_str!("../../fixtures/api-model/typed-operations.txt")
            .lines()
            .filter_map(|line| line.strip_prefix("athena."))
            .collect();
        assert_eq!(typed, OPERATIONS);
    }

    #[test]
    fn a_query_is_started_worked_on_and_read() {
        let mut core = core();
        let started = ask(
            &mut core,
            "StartQueryExecution",
            json!({"QueryString": "SELECT 1", "ClientRequestToken": "t".repeat(32),
                "QueryExecutionContext": {"Database": "wind"},
                "ResultConfiguration": {"OutputLocation": "s3://results/"}}),
        )
        .unwrap();
        let order = core.take_orders().remove(0);
        assert_eq!(started, json!({"QueryExecutionId": order.id}));
        let input = json!({"QueryExecutionId": order.id});
        assert!(core.started(Timestamp::from_secs(10), &order.id));
        let error = ask(&mut core, "GetQueryResults", input.clone()).unwrap_err();
        assert_eq!(error.code, "InvalidRequestException");
        let result = QueryResult {
            columns: vec![ResultColumn::of("_col0", "integer")],
            rows: vec![vec![Some("1".to_owned())]],
            ..QueryResult::default()
        };
        let now = Timestamp::from_millis(10_250);
        core.finish(now, &order.id, QueryOutcome::Succeeded(result));
        let got = ask(&mut core, "GetQueryExecution", input.clone()).unwrap();
        let execution = &got["QueryExecution"];
        assert_eq!(execution["Status"]["State"], "SUCCEEDED");
        assert_eq!(execution["Status"]["CompletionDateTime"], 10.25);
        assert_eq!(execution["Statistics"]["TotalExecutionTimeInMillis"], 250);
        assert_eq!(
            execution["QueryExecutionContext"],
            json!({"Database": "wind"})
        );
        let location = format!("s3://results/{}.csv", order.id);
        assert_eq!(
            execution["ResultConfiguration"],
            json!({"OutputLocation": location})
        );
        let results = ask(&mut core, "GetQueryResults", input).unwrap();
        assert_eq!(
            results["ResultSet"]["Rows"][1],
            json!({"Data": [{"VarCharValue": "1"}]})
        );
    }
}
