//! Glue on the wire: operation names to core methods, nothing else.

use serde_json::Value;

use crate::base::{Call, ServiceError};
use crate::glue::{Glue, Surroundings};
use crate::wire::adapter::{reply, request};

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
