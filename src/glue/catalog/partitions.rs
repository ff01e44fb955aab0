//! Operations on single partitions, and GetPartitions.

use std::collections::BTreeMap;
use std::ops::Bound;

use md5::{Digest, Md5};

use super::{Catalog, PartitionFilter, TableEntry, fold_descriptor, own_catalog};
use crate::base::{Call, limits};
use crate::glue::api::{
    CreatePartitionRequest, CreatePartitionResponse, DeletePartitionRequest,
    DeletePartitionResponse, GetPartitionIndexesRequest, GetPartitionIndexesResponse,
    GetPartitionRequest, GetPartitionResponse, GetPartitionsRequest, GetPartitionsResponse,
    Partition, PartitionInput, UpdatePartitionRequest, UpdatePartitionResponse,
};
use crate::glue::error::{Error, Result};
use crate::glue::page;

impl TableEntry {
    pub(super) fn add(&mut self, call: &Call, input: PartitionInput) -> Result<()> {
        let values = input.values.clone().unwrap_or_default();
        self.check_values(&values)?;
        if self.partitions.contains_key(&values) {
            return Err(Error::AlreadyExists("Partition already exists.".to_owned()));
        }
        let partition = self.partition(call, values.clone(), input);
        self.partitions.insert(values, partition);
        Ok(())
    }

    /// Replaces the partition that `old` addresses; other values in `input` rename it.
    pub(super) fn change(
        &mut self,
        call: &Call,
        old: &[String],
        input: PartitionInput,
    ) -> Result<()> {
        let created = self.partitions.get(old).ok_or_else(missing)?.creation_time;
        let values = input.values.clone().unwrap_or_else(|| old.to_vec());
        self.check_values(&values)?;
        if values != old && self.partitions.contains_key(&values) {
            return Err(Error::AlreadyExists("Partition already exists.".to_owned()));
        }
        let partition = Partition {
            creation_time: created,
            ..self.partition(call, values.clone(), input)
        };
        self.partitions.remove(old);
        self.statistics.rename_partition(old, values.clone());
        self.partitions.insert(values, partition);
        Ok(())
    }

    pub(super) fn remove(&mut self, values: &[String]) -> Result<()> {
        self.partitions.remove(values).ok_or_else(missing)?;
        self.statistics.forget_partition(values);
        Ok(())
    }

    fn check_values(&self, values: &[String]) -> Result<()> {
        if values.is_empty() || values.len() != self.keys().len() {
            return Err(Error::InvalidInput(format!(
                "The number of partition keys do not match the number of partition values: the table has {} keys, the partition {} values.",
                self.keys().len(),
                values.len()
            )));
        }
        Ok(())
    }

    fn partition(&self, call: &Call, values: Vec<String>, mut input: PartitionInput) -> Partition {
        fold_descriptor(input.storage_descriptor.as_mut());
        Partition {
            values: Some(values),
            database_name: self.table.database_name.clone(),
            table_name: Some(self.table.name.clone()),
            creation_time: Some(call.now),
            last_access_time: input.last_access_time,
            storage_descriptor: input.storage_descriptor,
            parameters: input.parameters,
            last_analyzed_time: input.last_analyzed_time,
            catalog_id: Some(call.account.as_str().to_owned()),
        }
    }

    pub(super) fn stored(&self) -> &BTreeMap<Vec<String>, Partition> {
        &self.partitions
    }
}

impl Catalog {
    /// CreatePartition. Nothing checks that its location exists, as on AWS.
    pub fn create_partition(
        &mut self,
        call: &Call,
        request: CreatePartitionRequest,
    ) -> Result<CreatePartitionResponse> {
        own_catalog(call, request.catalog_id.as_ref())?;
        self.entry_mut(&request.database_name, &request.table_name)?
            .add(call, request.partition_input)?;
        Ok(CreatePartitionResponse {})
    }

    /// GetPartition.
    pub fn get_partition(
        &self,
        call: &Call,
        request: &GetPartitionRequest,
    ) -> Result<GetPartitionResponse> {
        own_catalog(call, request.catalog_id.as_ref())?;
        let entry = self.entry(&request.database_name, &request.table_name)?;
        let partition = entry.stored().get(&request.partition_values);
        Ok(GetPartitionResponse {
            partition: Some(partition.cloned().ok_or_else(missing)?),
        })
    }

    /// GetPartitions: filtered, by segment, in pages.
    pub fn get_partitions(
        &self,
        call: &Call,
        request: &GetPartitionsRequest,
    ) -> Result<GetPartitionsResponse> {
        const SCOPE: &str = "GetPartitions";
        own_catalog(call, request.catalog_id.as_ref())?;
        Error::refuse(
            request.transaction_id.is_some(),
            "GetPartitions.TransactionId",
        )?;
        Error::refuse(
            request.query_as_of_time.is_some(),
            "GetPartitions.QueryAsOfTime",
        )?;
        let entry = self.entry(&request.database_name, &request.table_name)?;
        let expression = request.expression.as_deref().unwrap_or_default();
        let filter = PartitionFilter::parse(expression, entry.keys())?;
        if let Some(segment) = &request.segment
            && segment.segment_number >= segment.total_segments
        {
            return Err(Error::InvalidInput(
                "SegmentNumber must be less than TotalSegments.".to_owned(),
            ));
        }
        let size = page::size(request.max_results, limits::glue::PARTITION_PAGE_MAX);
        let after: Option<Vec<String>> = page::start(SCOPE, request.next_token.as_deref())?;
        let from = after.as_ref().map_or(Bound::Unbounded, Bound::Excluded);
        let mut page: Vec<Partition> = Vec::new();
        let mut next_token = None;
        for (values, partition) in entry
            .stored()
            .range::<Vec<String>, _>((from, Bound::Unbounded))
        {
            let mine = request.segment.as_ref().is_none_or(|segment| {
                segment_of(values, segment.total_segments) == segment.segment_number
            });
            if !mine || !filter.selects(values)? {
                continue;
            }
            if let Some(last) = page.last()
                && page.len() == size
            {
                next_token = Some(page::token(SCOPE, &last.values)?);
                break;
            }
            let mut partition = partition.clone();
            if request.exclude_column_schema == Some(true)
                && let Some(descriptor) = &mut partition.storage_descriptor
            {
                descriptor.columns = None;
            }
            page.push(partition);
        }
        Ok(GetPartitionsResponse {
            partitions: Some(page),
            next_token,
        })
    }

    /// UpdatePartition. Values other than those it is addressed by rename it.
    pub fn update_partition(
        &mut self,
        call: &Call,
        request: UpdatePartitionRequest,
    ) -> Result<UpdatePartitionResponse> {
        own_catalog(call, request.catalog_id.as_ref())?;
        self.entry_mut(&request.database_name, &request.table_name)?
            .change(call, &request.partition_value_list, request.partition_input)?;
        Ok(UpdatePartitionResponse {})
    }

    /// DeletePartition.
    pub fn delete_partition(
        &mut self,
        call: &Call,
        request: &DeletePartitionRequest,
    ) -> Result<DeletePartitionResponse> {
        own_catalog(call, request.catalog_id.as_ref())?;
        self.entry_mut(&request.database_name, &request.table_name)?
            .remove(&request.partition_values)?;
        Ok(DeletePartitionResponse {})
    }
}

impl Catalog {
    /// GetPartitionIndexes. Indexes cannot be created here (CreatePartitionIndex is refused), so
    /// a table has none; Terraform asks for every table it reads.
    pub fn get_partition_indexes(
        &self,
        call: &Call,
        request: &GetPartitionIndexesRequest,
    ) -> Result<GetPartitionIndexesResponse> {
        own_catalog(call, request.catalog_id.as_ref())?;
        self.entry(&request.database_name, &request.table_name)?;
        Ok(GetPartitionIndexesResponse {
            partition_index_descriptor_list: Some(Vec::new()),
            next_token: None,
        })
    }
}

/// The same without requests, for rooms that write through
/// [`CatalogWriter`](super::CatalogWriter).
impl Catalog {
    /// Adds one partition.
    pub fn add_partition(
        &mut self,
        call: &Call,
        database: &str,
        table: &str,
        input: PartitionInput,
    ) -> Result<()> {
        self.entry_mut(database, table)?.add(call, input)
    }

    /// Replaces the definition of one partition.
    pub fn change_partition(
        &mut self,
        call: &Call,
        database: &str,
        table: &str,
        values: &[String],
        input: PartitionInput,
    ) -> Result<()> {
        self.entry_mut(database, table)?.change(call, values, input)
    }

    /// Deletes one partition.
    pub fn remove_partition(
        &mut self,
        database: &str,
        table: &str,
        values: &[String],
    ) -> Result<()> {
        self.entry_mut(database, table)?.remove(values)
    }
}

/// Which of `total` segments a partition is in: by a hash of its values, so that segments are
/// disjoint, complete, and stay so while partitions come and go.
fn segment_of(values: &[String], total: i32) -> i32 {
    let mut hash = Md5::new();
    for value in values {
        hash.update(value.as_bytes());
        hash.update([0]);
    }
    let digest: [u8; 16] = hash.finalize().into();
    let number = u128::from_be_bytes(digest) % u128::from(total.max(1).unsigned_abs());
    i32::try_from(number).unwrap_or(0)
}

fn missing() -> Error {
    Error::EntityNotFound("Cannot find partition.".to_owned())
}
