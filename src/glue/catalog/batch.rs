//! Partition operations on many at once: 200 with the refusals as items in `Errors`.

use super::{Catalog, own_catalog};
use crate::base::{Call, limits};
use crate::glue::api::{
    BatchCreatePartitionRequest, BatchCreatePartitionResponse, BatchDeletePartitionRequest,
    BatchDeletePartitionResponse, BatchGetPartitionRequest, BatchGetPartitionResponse,
    BatchUpdatePartitionFailureEntry, BatchUpdatePartitionRequest, BatchUpdatePartitionResponse,
    PartitionError,
};
use crate::glue::error::{Error, Result};

impl Catalog {
    /// BatchCreatePartition.
    pub fn batch_create_partition(
        &mut self,
        call: &Call,
        request: BatchCreatePartitionRequest,
    ) -> Result<BatchCreatePartitionResponse> {
        own_catalog(call, request.catalog_id.as_ref())?;
        check_count(
            request.partition_input_list.len(),
            limits::glue::BATCH_CREATE_PARTITION_MAX,
        )?;
        let entry = self.entry_mut(&request.database_name, &request.table_name)?;
        let mut errors = Vec::new();
        for input in request.partition_input_list {
            let values = input.values.clone();
            if let Err(error) = entry.add(call, input) {
                errors.push(partition_error(values, error));
            }
        }
        Ok(BatchCreatePartitionResponse {
            errors: Some(errors),
        })
    }

    /// BatchGetPartition: missing partitions are left out, as on AWS. `AuditContext` and
    /// `QuerySessionContext` change nothing here.
    pub fn batch_get_partition(
        &self,
        call: &Call,
        request: &BatchGetPartitionRequest,
    ) -> Result<BatchGetPartitionResponse> {
        own_catalog(call, request.catalog_id.as_ref())?;
        check_count(
            request.partitions_to_get.len(),
            limits::glue::BATCH_GET_PARTITION_MAX,
        )?;
        let entry = self.entry(&request.database_name, &request.table_name)?;
        let found = request
            .partitions_to_get
            .iter()
            .filter_map(|wanted| entry.stored().get(&wanted.values).cloned());
        Ok(BatchGetPartitionResponse {
            partitions: Some(found.collect()),
            unprocessed_keys: Some(Vec::new()),
        })
    }

    /// BatchUpdatePartition.
    pub fn batch_update_partition(
        &mut self,
        call: &Call,
        request: BatchUpdatePartitionRequest,
    ) -> Result<BatchUpdatePartitionResponse> {
        own_catalog(call, request.catalog_id.as_ref())?;
        check_count(
            request.entries.len(),
            limits::glue::BATCH_UPDATE_PARTITION_MAX,
        )?;
        let entry = self.entry_mut(&request.database_name, &request.table_name)?;
        let mut errors = Vec::new();
        for item in request.entries {
            if let Err(error) = entry.change(call, &item.partition_value_list, item.partition_input)
            {
                errors.push(BatchUpdatePartitionFailureEntry {
                    partition_value_list: Some(item.partition_value_list),
                    error_detail: Some(error.into()),
                });
            }
        }
        Ok(BatchUpdatePartitionResponse {
            errors: Some(errors),
        })
    }

    /// BatchDeletePartition.
    pub fn batch_delete_partition(
        &mut self,
        call: &Call,
        request: BatchDeletePartitionRequest,
    ) -> Result<BatchDeletePartitionResponse> {
        own_catalog(call, request.catalog_id.as_ref())?;
        check_count(
            request.partitions_to_delete.len(),
            limits::glue::BATCH_DELETE_PARTITION_MAX,
        )?;
        let entry = self.entry_mut(&request.database_name, &request.table_name)?;
        let mut errors = Vec::new();
        for item in request.partitions_to_delete {
            if let Err(error) = entry.remove(&item.values) {
                errors.push(partition_error(Some(item.values), error));
            }
        }
        Ok(BatchDeletePartitionResponse {
            errors: Some(errors),
        })
    }
}

/// The API model checks this too; a core called without the wire must not be laxer.
fn check_count(count: usize, limit: usize) -> Result<()> {
    if count > limit {
        return Err(Error::InvalidInput(format!(
            "The request has {count} partitions; at most {limit} are allowed."
        )));
    }
    Ok(())
}

fn partition_error(values: Option<Vec<String>>, error: Error) -> PartitionError {
    PartitionError {
        partition_values: values,
        error_detail: Some(error.into()),
    }
}
