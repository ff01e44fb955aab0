//! Athena on the wire: operation names to core methods, nothing else.

use serde_json::Value;

use crate::athena::{Athena, Language, Metadata};
use crate::base::{Call, ServiceError};
use crate::wire::adapter::{reply, request};

/// The operations this answers; any other is refused by name.
pub const OPERATIONS: &[&str] = &[
    "BatchGetNamedQuery",
    "BatchGetQueryExecution",
    "CreateNamedQuery",
    "CreateWorkGroup",
    "DeleteNamedQuery",
    "DeleteWorkGroup",
    "GetDataCatalog",
    "GetDatabase",
    "GetNamedQuery",
    "GetQueryExecution",
    "GetQueryResults",
    "GetQueryRuntimeStatistics",
    "GetTableMetadata",
    "GetWorkGroup",
    "ListDataCatalogs",
    "ListDatabases",
    "ListEngineVersions",
    "ListNamedQueries",
    "ListQueryExecutions",
    "ListTableMetadata",
    "ListTagsForResource",
    "ListWorkGroups",
    "StartQueryExecution",
    "StopQueryExecution",
    "TagResource",
    "UntagResource",
    "UpdateNamedQuery",
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
