//! An object space and a catalog in memory, for the engine's own tests.

// Tools of tests: their names say what they do.
#![allow(missing_docs)]

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;

use crate::base::{AccountId, Call, Ids, Region, Seed, Timestamp};
use crate::glue::Glue;
use crate::glue::SharedGlue;
use crate::glue::api::{
    Column, Partition, PartitionInput, SerDeInfo, StorageDescriptor, Table, TableInput,
};
use crate::glue::catalog::{CatalogReader, CatalogWriter};
use crate::store::{ObjectInfo, Objects, ObjectsError};

/// Objects in a map; can be told to refuse writes.
#[derive(Debug, Default)]
pub struct MemoryObjects {
    bodies: Mutex<BTreeMap<(String, String), Bytes>>,
    /// Keys that were read, in order.
    pub reads: Mutex<Vec<String>>,
    /// Writes answered before every further one fails.
    pub writes_left: Mutex<Option<usize>>,
}

impl MemoryObjects {
    pub fn with(objects: &[(&str, &str, &[u8])]) -> Arc<Self> {
        let space = Self::default();
        for (bucket, key, body) in objects {
            space.put(bucket, key, body);
        }
        Arc::new(space)
    }

    pub fn put(&self, bucket: &str, key: &str, body: &[u8]) {
        self.bodies.lock().unwrap().insert(
            (bucket.to_owned(), key.to_owned()),
            Bytes::copy_from_slice(body),
        );
    }

    pub fn keys(&self, bucket: &str, prefix: &str) -> Vec<String> {
        let bodies = self.bodies.lock().unwrap();
        bodies
            .keys()
            .filter(|(b, k)| b == bucket && k.starts_with(prefix))
            .map(|(_, k)| k.clone())
            .collect()
    }

    pub fn body(&self, bucket: &str, key: &str) -> Bytes {
        self.bodies.lock().unwrap()[&(bucket.to_owned(), key.to_owned())].clone()
    }
}

fn info(key: &str, body: &Bytes) -> ObjectInfo {
    ObjectInfo {
        key: key.to_owned(),
        size: body.len() as u64,
        etag: format!("{:x}", body.len()),
        last_modified: Timestamp::from_secs(1_746_034_505),
    }
}

#[async_trait]
impl Objects for MemoryObjects {
    async fn list(&self, bucket: &str, prefix: &str) -> Result<Vec<ObjectInfo>, ObjectsError> {
        let bodies = self.bodies.lock().unwrap();
        Ok(bodies
            .iter()
            .filter(|((b, k), _)| b == bucket && k.starts_with(prefix))
            .map(|((_, k), body)| info(k, body))
            .collect())
    }

    async fn head(&self, bucket: &str, key: &str) -> Result<ObjectInfo, ObjectsError> {
        let bodies = self.bodies.lock().unwrap();
        bodies
            .get(&(bucket.to_owned(), key.to_owned()))
            .map(|body| info(key, body))
            .ok_or_else(|| ObjectsError::NoSuchKey {
                bucket: bucket.to_owned(),
                key: key.to_owned(),
            })
    }

    async fn read(
        &self,
        bucket: &str,
        key: &str,
        range: Option<Range<u64>>,
    ) -> Result<Bytes, ObjectsError> {
        let size = self.head(bucket, key).await?.size;
        self.reads.lock().unwrap().push(key.to_owned());
        let range = range.unwrap_or(0..size);
        Ok(self.body(bucket, key).slice(
            usize::try_from(range.start.min(size)).unwrap()
                ..usize::try_from(range.end.min(size)).unwrap(),
        ))
    }

    async fn write(
        &self,
        bucket: &str,
        key: &str,
        body: Bytes,
        _headers: BTreeMap<String, String>,
    ) -> Result<ObjectInfo, ObjectsError> {
        if let Some(left) = self.writes_left.lock().unwrap().as_mut() {
            if *left == 0 {
                return Err(ObjectsError::Other("the disk is full".into()));
            }
            *left -= 1;
        }
        self.put(bucket, key, &body);
        Ok(info(key, &body))
    }

    async fn delete(&self, bucket: &str, key: &str) -> Result<(), ObjectsError> {
        self.bodies
            .lock()
            .unwrap()
            .remove(&(bucket.to_owned(), key.to_owned()));
        Ok(())
    }
}

/// A real Glue, to look tables up in and to write them to.
#[derive(Debug)]
pub struct MemoryCatalog(pub Arc<SharedGlue>);

impl Default for MemoryCatalog {
    fn default() -> Self {
        let ids = Arc::new(Ids::seeded(Seed::new(5)));
        let glue = Glue::new(AccountId::default(), Region::default(), ids);
        Self(Arc::new(SharedGlue::new(glue)))
    }
}

/// A call at a fixed time.
pub fn call() -> Call {
    Call::root(Timestamp::parse("2025-05-01T12:00:00Z").unwrap())
}

impl MemoryCatalog {
    /// Puts a table there, instead of one of the same name.
    pub fn put(&self, database: &str, table: Table, partitions: Vec<Partition>) {
        let (glue, call) = (&self.0, call());
        glue.ensure_database(&call, database).unwrap();
        if glue.table(database, &table.name).is_some() {
            glue.delete_table(&call, database, &table.name).unwrap();
        }
        let input = TableInput {
            name: table.name.clone(),
            storage_descriptor: table.storage_descriptor,
            partition_keys: table.partition_keys,
            table_type: table.table_type,
            parameters: table.parameters,
            ..TableInput::default()
        };
        glue.create_table(&call, database, input).unwrap();
        let partitions = partitions.into_iter().map(|partition| PartitionInput {
            values: partition.values,
            storage_descriptor: partition.storage_descriptor,
            parameters: partition.parameters,
            ..PartitionInput::default()
        });
        glue.add_partitions(&call, database, &table.name, partitions.collect())
            .unwrap();
    }
}

pub const OPENX: &str = "org.openx.data.jsonserde.JsonSerDe";
pub const PARQUET: &str = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe";

pub fn columns(of: &[(&str, &str)]) -> Vec<Column> {
    of.iter()
        .map(|(name, hive)| Column {
            name: (*name).to_owned(),
            r#type: Some((*hive).to_owned()),
            ..Column::default()
        })
        .collect()
}

/// A table of the given SerDe at `location`.
pub fn table(
    name: &str,
    serde: &str,
    location: &str,
    data: &[(&str, &str)],
    partitions: &[(&str, &str)],
) -> Table {
    Table {
        name: name.to_owned(),
        storage_descriptor: Some(StorageDescriptor {
            columns: Some(columns(data)),
            location: Some(location.to_owned()),
            serde_info: Some(SerDeInfo {
                serialization_library: Some(serde.to_owned()),
                ..SerDeInfo::default()
            }),
            ..StorageDescriptor::default()
        }),
        partition_keys: Some(columns(partitions)),
        ..Table::default()
    }
}

/// A partition with `values` at `location`.
pub fn partition(values: &[&str], location: &str) -> Partition {
    Partition {
        values: Some(values.iter().map(|v| (*v).to_owned()).collect()),
        storage_descriptor: Some(StorageDescriptor {
            location: Some(location.to_owned()),
            ..StorageDescriptor::default()
        }),
        ..Partition::default()
    }
}

/// An engine over the space and catalog, with seeded identifiers.
pub fn engine(space: &Arc<MemoryObjects>, catalog: &Arc<MemoryCatalog>) -> crate::engine::Engine {
    let ids = Arc::new(crate::base::Ids::seeded(crate::base::Seed::new(7)));
    crate::engine::Engine::new(space.clone(), catalog.0.clone(), ids)
}

/// Rows as text, one string a row, cells separated by ` | `.
pub fn shown(batches: &[datafusion::arrow::array::RecordBatch]) -> Vec<String> {
    use datafusion::arrow::array::Array;
    use datafusion::arrow::util::display::array_value_to_string;
    let mut rows = Vec::new();
    for batch in batches {
        for at in 0..batch.num_rows() {
            let cells: Vec<String> = batch
                .columns()
                .iter()
                .map(|column| {
                    if column.is_null(at) {
                        "NULL".to_owned()
                    } else {
                        array_value_to_string(column, at).unwrap()
                    }
                })
                .collect();
            rows.push(cells.join(" | "));
        }
    }
    rows
}

/// A batch as a Parquet file.
pub fn parquet(batch: &datafusion::arrow::array::RecordBatch) -> Vec<u8> {
    let mut out = Vec::new();
    let mut writer =
        datafusion::parquet::arrow::ArrowWriter::try_new(&mut out, batch.schema(), None).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
    out
}
