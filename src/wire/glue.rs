//! Glue on the wire: operation names to core methods, nothing else.

use serde_json::Value;

use crate::base::{Call, ServiceError};
use crate::glue::{Glue, Surroundings};
use crate::wire::adapter::{reply, request};

/// The operations this answers; any other is refused by name.
pub const OPERATIONS: &[&str] = &[
    "BatchCreatePartition",
    "BatchDeletePartition",
    "BatchDeleteTable",
    "BatchDeleteTableVersion",
    "BatchGetCrawlers",
    "BatchGetJobs",
    "BatchGetPartition",
    "BatchStopJobRun",
    "BatchUpdatePartition",
    "CreateCrawler",
    "CreateDatabase",
    "CreateJob",
    "CreatePartition",
    "CreateTable",
    "CreateUserDefinedFunction",
    "DeleteColumnStatisticsForPartition",
    "DeleteColumnStatisticsForTable",
    "DeleteCrawler",
    "DeleteDatabase",
    "DeleteJob",
    "DeletePartition",
    "DeleteTable",
    "DeleteTableVersion",
    "DeleteUserDefinedFunction",
    "GetColumnStatisticsForPartition",
    "GetColumnStatisticsForTable",
    "GetCrawler",
    "GetCrawlerMetrics",
    "GetCrawlers",
    "GetDatabase",
    "GetDatabases",
    "GetJob",
    "GetJobRun",
    "GetJobRuns",
    "GetJobs",
    "GetPartition",
    "GetPartitionIndexes",
    "GetPartitions",
    "GetTable",
    "GetTableVersion",
    "GetTableVersions",
    "GetTables",
    "GetTags",
    "GetUserDefinedFunction",
    "GetUserDefinedFunctions",
    "ListCrawlers",
    "ListCrawls",
    "ListJobs",
    "SearchTables",
    "StartCrawler",
    "StartCrawlerSchedule",
    "StartJobRun",
    "StopCrawler",
    "StopCrawlerSchedule",
    "TagResource",
    "UntagResource",
    "UpdateColumnStatisticsForPartition",
    "UpdateColumnStatisticsForTable",
    "UpdateCrawler",
    "UpdateCrawlerSchedule",
    "UpdateDatabase",
    "UpdateJob",
    "UpdatePartition",
    "UpdateTable",
    "UpdateUserDefinedFunction",
];

/// Answers one operation. `input` has passed validation against the API model.
pub fn handle(
    core: &mut Glue,
    surroundings: &dyn Surroundings,
    operation: &str,
    call: &Call,
    input: Value,
) -> Result<Value, ServiceError> {
    let (catalog, crawlers, jobs) = (&mut core.catalog, &mut core.crawlers, &mut core.jobs);
    match operation {
        // --- catalog ---
        "CreateDatabase" => reply(core.create_database(call, request(input)?)),
        "GetDatabase" => reply(catalog.get_database(call, &request(input)?)),
        "GetDatabases" => reply(catalog.get_databases(call, &request(input)?)),
        "UpdateDatabase" => reply(catalog.update_database(call, request(input)?)),
        "DeleteDatabase" => reply(core.delete_database(call, &request(input)?)),
        "CreateTable" => reply(catalog.create_table(call, request(input)?)),
        "GetTable" => reply(catalog.get_table(call, &request(input)?)),
        "GetTables" => reply(catalog.get_tables(call, &request(input)?)),
        "UpdateTable" => reply(catalog.update_table(call, request(input)?)),
        "DeleteTable" => reply(catalog.delete_table(call, &request(input)?)),
        "BatchDeleteTable" => reply(catalog.batch_delete_table(call, &request(input)?)),
        "GetTableVersion" => reply(catalog.get_table_version(call, &request(input)?)),
        "GetTableVersions" => reply(catalog.get_table_versions(call, &request(input)?)),
        "DeleteTableVersion" => reply(catalog.delete_table_version(call, &request(input)?)),
        "BatchDeleteTableVersion" => {
            reply(catalog.batch_delete_table_version(call, &request(input)?))
        }
        "CreatePartition" => reply(catalog.create_partition(call, request(input)?)),
        "GetPartition" => reply(catalog.get_partition(call, &request(input)?)),
        "GetPartitions" => reply(catalog.get_partitions(call, &request(input)?)),
        "UpdatePartition" => reply(catalog.update_partition(call, request(input)?)),
        "DeletePartition" => reply(catalog.delete_partition(call, &request(input)?)),
        "BatchCreatePartition" => reply(catalog.batch_create_partition(call, request(input)?)),
        "BatchGetPartition" => reply(catalog.batch_get_partition(call, &request(input)?)),
        "BatchUpdatePartition" => reply(catalog.batch_update_partition(call, request(input)?)),
        "BatchDeletePartition" => reply(catalog.batch_delete_partition(call, request(input)?)),
        "UpdateColumnStatisticsForTable" => {
            reply(catalog.update_column_statistics_for_table(call, request(input)?))
        }
        "GetColumnStatisticsForTable" => {
            reply(catalog.get_column_statistics_for_table(call, &request(input)?))
        }
        "DeleteColumnStatisticsForTable" => {
            reply(catalog.delete_column_statistics_for_table(call, &request(input)?))
        }
        "UpdateColumnStatisticsForPartition" => {
            reply(catalog.update_column_statistics_for_partition(call, request(input)?))
        }
        "GetColumnStatisticsForPartition" => {
            reply(catalog.get_column_statistics_for_partition(call, &request(input)?))
        }
        "DeleteColumnStatisticsForPartition" => {
            reply(catalog.delete_column_statistics_for_partition(call, &request(input)?))
        }
        "CreateUserDefinedFunction" => {
            reply(catalog.create_user_defined_function(call, request(input)?))
        }
        "GetUserDefinedFunction" => {
            reply(catalog.get_user_defined_function(call, &request(input)?))
        }
        "GetUserDefinedFunctions" => {
            reply(catalog.get_user_defined_functions(call, &request(input)?))
        }
        "UpdateUserDefinedFunction" => {
            reply(catalog.update_user_defined_function(call, request(input)?))
        }
        "DeleteUserDefinedFunction" => {
            reply(catalog.delete_user_defined_function(call, &request(input)?))
        }
        "SearchTables" => reply(catalog.search_tables(call, &request(input)?)),
        "GetPartitionIndexes" => reply(catalog.get_partition_indexes(call, &request(input)?)),
        // --- crawlers ---
        "CreateCrawler" => reply(core.create_crawler(surroundings, call, request(input)?)),
        "GetCrawler" => reply(crawlers.get_crawler(call, &request(input)?)),
        "GetCrawlers" => reply(crawlers.get_crawlers(call, &request(input)?)),
        "BatchGetCrawlers" => reply(crawlers.batch_get_crawlers(call, &request(input)?)),
        "ListCrawlers" => reply(core.list_crawlers(&request(input)?)),
        "UpdateCrawler" => reply(crawlers.update_crawler(surroundings, call, request(input)?)),
        "DeleteCrawler" => reply(core.delete_crawler(&request(input)?)),
        "StartCrawler" => reply(crawlers.start_crawler(call, &request(input)?)),
        "StopCrawler" => reply(crawlers.stop_crawler(&request(input)?)),
        "StartCrawlerSchedule" => reply(crawlers.start_crawler_schedule(call, &request(input)?)),
        "StopCrawlerSchedule" => reply(crawlers.stop_crawler_schedule(call, &request(input)?)),
        "UpdateCrawlerSchedule" => reply(crawlers.update_crawler_schedule(call, &request(input)?)),
        "ListCrawls" => reply(crawlers.list_crawls(&request(input)?)),
        "GetCrawlerMetrics" => reply(crawlers.get_crawler_metrics(&request(input)?)),
        // --- jobs ---
        "CreateJob" => reply(core.create_job(surroundings, call, request(input)?)),
        "GetJob" => reply(jobs.get_job(&request(input)?)),
        "GetJobs" => reply(jobs.get_jobs(&request(input)?)),
        "BatchGetJobs" => reply(jobs.batch_get_jobs(&request(input)?)),
        "ListJobs" => reply(core.list_jobs(&request(input)?)),
        "UpdateJob" => reply(jobs.update_job(surroundings, call, request(input)?)),
        "DeleteJob" => reply(core.delete_job(&request(input)?)),
        "StartJobRun" => reply(jobs.start_job_run(surroundings, call, request(input)?)),
        "GetJobRun" => reply(jobs.get_job_run(call, &request(input)?)),
        "GetJobRuns" => reply(jobs.get_job_runs(call, &request(input)?)),
        "BatchStopJobRun" => reply(jobs.batch_stop_job_run(call, &request(input)?)),
        // --- tags ---
        "GetTags" => reply(core.get_tags(&request(input)?)),
        "TagResource" => reply(core.tag_resource(request(input)?)),
        "UntagResource" => reply(core.untag_resource(&request(input)?)),
        _ => Err(ServiceError::not_implemented(format!("glue:{operation}"))),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use serde_json::json;

    use super::*;
    use crate::base::{AccountId, Ids, Region, Seed, Timestamp};
    use crate::glue::{GraphChecker, RoleDirectory};

    /// Trusts everybody and runs everything.
    struct World;

    impl RoleDirectory for World {
        fn trusts_glue(&self, _role: &str) -> bool {
            true
        }
    }

    impl GraphChecker for World {
        fn check(&self, _nodes: &BTreeMap<String, Value>) -> Result<(), String> {
            Ok(())
        }
    }

    fn core() -> Glue {
        let ids = Arc::new(Ids::seeded(Seed::new(1)));
        Glue::new(AccountId::default(), Region::default(), ids)
    }

    fn ask(core: &mut Glue, operation: &str, input: Value) -> Result<Value, ServiceError> {
        let call = Call::root(Timestamp::from_secs(10));
        handle(core, &World, operation, &call, input)
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
        let error = ask(&mut core, "CreateBlueprint", json!({})).unwrap_err();
        assert_eq!((error.code.as_str(), error.status), ("NotImplemented", 501));
        assert!(error.message.contains("glue:CreateBlueprint"), "{error}");
    }

    #[test]
    fn the_typed_operations_are_the_answered_ones() {
        let typed: Vec<&str> = include_str!("../../fixtures/api-model/typed-operations.txt")
            .lines()
            .filter_map(|line| line.strip_prefix("glue."))
            .collect();
        assert_eq!(typed, OPERATIONS);
    }

    #[test]
    fn the_course_creates_its_job_with_a_graph_from_the_command_line() {
        let mut core = core();
        let job = json!({
            "Name": "wind_farm_project", "Role": "arn:aws:iam::000000000000:role/glueAdminRole",
            "Command": {"Name": "glueetl", "PythonVersion": "3",
                "ScriptLocation": "s3://wind-farm-project/script/datalake"},
            "GlueVersion": "3.0", "Tags": {"course": "2"},
            "CodeGenConfigurationNodes": {
                "node-1": {"CatalogSource": {"Name": "raw", "Database": "wind", "Table": "raw"}},
                "node-2": {"S3GlueParquetTarget": {"Name": "datalake", "Inputs": ["node-1"],
                    "Path": "s3://wind-farm-project/datalake", "Compression": "snappy"}},
            },
        });
        let created = ask(&mut core, "CreateJob", job.clone()).unwrap();
        assert_eq!(created, json!({"Name": "wind_farm_project"}));
        let arn = "arn:aws:glue:us-east-1:000000000000:job/wind_farm_project";
        let tags = ask(&mut core, "GetTags", json!({"ResourceArn": arn})).unwrap();
        assert_eq!(tags, json!({"Tags": {"course": "2"}}));
        let input = json!({"JobName": "wind_farm_project"});
        let started = ask(&mut core, "StartJobRun", input.clone()).unwrap();
        let order = core.jobs.take_run_orders().remove(0);
        assert_eq!(started["JobRunId"], order.run_id.as_str());
        assert_eq!(
            serde_json::to_value(order.graph).unwrap(),
            job["CodeGenConfigurationNodes"]
        );
        let got = ask(&mut core, "GetJob", input).unwrap();
        assert_eq!(
            got["Job"]["CodeGenConfigurationNodes"],
            job["CodeGenConfigurationNodes"]
        );
        assert_eq!(got["Job"]["CreatedOn"], 10.0);
    }
}
