//! Entries of the catalog as what sets them: for whoever changes a part and keeps the rest.

use crate::glue::api::{Partition, PartitionInput, Table, TableInput};

/// The part of a table that an update can set.
impl From<Table> for TableInput {
    fn from(table: Table) -> Self {
        Self {
            name: table.name,
            description: table.description,
            owner: table.owner,
            last_access_time: table.last_access_time,
            last_analyzed_time: table.last_analyzed_time,
            retention: table.retention,
            storage_descriptor: table.storage_descriptor,
            partition_keys: table.partition_keys,
            view_original_text: table.view_original_text,
            view_expanded_text: table.view_expanded_text,
            table_type: table.table_type,
            parameters: table.parameters,
            target_table: table.target_table,
            ..Self::default()
        }
    }
}

/// The part of a partition that an update can set.
impl From<Partition> for PartitionInput {
    fn from(partition: Partition) -> Self {
        Self {
            values: partition.values,
            last_access_time: partition.last_access_time,
            storage_descriptor: partition.storage_descriptor,
            parameters: partition.parameters,
            last_analyzed_time: partition.last_analyzed_time,
        }
    }
}
