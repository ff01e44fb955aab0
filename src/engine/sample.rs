//! What a crawler learns from one object: its format, columns and counts.

use std::io::Read;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::{Buf, Bytes};
use datafusion::parquet::arrow::parquet_to_arrow_schema;
use datafusion::parquet::file::metadata::ParquetMetaDataReader;
use flate2::read::MultiGzDecoder;

use crate::base::limits;
use crate::engine::session::Engine;
use crate::engine::table::types::hive_type;
use crate::glue::crawler::{Classification, Compression, JsonSchema, Sample, Sampler};
use crate::reading::json_stream;
use crate::store::{ObjectInfo, Objects};

/// Reads the beginning of objects for crawlers.
#[derive(Clone, Debug)]
pub struct ObjectSampler {
    objects: Arc<dyn Objects>,
}

impl Engine {
    /// The reader of objects for crawlers.
    pub fn sampler(&self) -> ObjectSampler {
        ObjectSampler {
            objects: Arc::clone(self.objects()),
        }
    }
}

const PARQUET_MAGIC: &[u8] = b"PAR1";
const GZIP_MAGIC: &[u8] = &[0x1f, 0x8b];
/// What other formats begin with; they are reported unknown, not taken for broken JSON.
const OTHER_MAGIC: [&[u8]; 5] = [
    b"ORC",
    b"Obj\x01",
    b"BZh",
    b"PK\x03\x04",
    b"\x28\xb5\x2f\xfd",
];
/// Bytes of a compressed object that are read: far more than its first megabyte of text needs.
const COMPRESSED_BYTES: u64 = 4 * 1024 * 1024;
/// Bytes of a chunk given to the JSON reader.
const CHUNK_BYTES: usize = 64 * 1024;

#[async_trait]
impl Sampler for ObjectSampler {
    async fn sample(&self, bucket: &str, object: &ObjectInfo) -> Result<Sample, String> {
        if object.size == 0 {
            return Ok(Sample::unknown());
        }
        let head = self.read(bucket, object, 0..4.min(object.size)).await?;
        if head.starts_with(PARQUET_MAGIC) {
            return self.parquet(bucket, object).await;
        }
        if OTHER_MAGIC.iter().any(|magic| head.starts_with(magic)) {
            return Ok(Sample::unknown());
        }
        let gzip = head.starts_with(GZIP_MAGIC);
        let wanted = if gzip {
            COMPRESSED_BYTES
        } else {
            limits::glue::SAMPLE_MAX_BYTES
        };
        let body = self
            .read(bucket, object, 0..wanted.min(object.size))
            .await?;
        let whole = body.len() as u64 == object.size;
        let compression = if gzip {
            Compression::Gzip
        } else {
            Compression::None
        };
        json(body, compression, whole)
    }
}

impl ObjectSampler {
    async fn read(
        &self,
        bucket: &str,
        object: &ObjectInfo,
        range: std::ops::Range<u64>,
    ) -> Result<Bytes, String> {
        let body = self.objects.read(bucket, &object.key, Some(range)).await;
        body.map_err(|error| error.to_string())
    }

    async fn parquet(&self, bucket: &str, object: &ObjectInfo) -> Result<Sample, String> {
        // The footer is at the end: its length stands in the last eight bytes.
        let broken = |why: &dyn std::fmt::Display| {
            format!(
                "s3://{bucket}/{} is not a whole Parquet file: {why}",
                object.key
            )
        };
        let tail = self
            .read(bucket, object, object.size.saturating_sub(8)..object.size)
            .await?;
        let footer = match tail.first_chunk::<4>() {
            Some(length) if tail.ends_with(PARQUET_MAGIC) => u64::from(u32::from_le_bytes(*length)),
            _ => return Err(broken(&"its footer is missing")),
        };
        let start = object.size.checked_sub(footer + 8);
        let start = start.ok_or_else(|| broken(&"its footer is longer than the file"))?;
        let footer = self.read(bucket, object, start..object.size - 8).await?;
        let metadata =
            ParquetMetaDataReader::decode_metadata(&footer).map_err(|error| broken(&error))?;
        let file = metadata.file_metadata();
        let schema = parquet_to_arrow_schema(file.schema_descr(), file.key_value_metadata())
            .map_err(|error| broken(&error))?;
        let mut columns = Vec::new();
        for field in schema.fields() {
            let name = field.name().to_lowercase();
            let of = hive_type(field.data_type());
            let of = of.map_err(|why| broken(&format!("column `{name}`: {why}")))?;
            if columns.iter().all(|(known, _)| *known != name) {
                columns.push((name, of));
            }
        }
        Ok(Sample {
            classification: Classification::Parquet,
            compression: Compression::None,
            columns,
            paths: Vec::new(),
            records: u64::try_from(file.num_rows()).unwrap_or(0),
            bytes: object.size,
            complete: true,
        })
    }
}

/// Samples JSON: the first records, up to the documented number and size.
fn json(body: Bytes, compression: Compression, whole: bool) -> Result<Sample, String> {
    let mut body: Box<dyn Read + Send> = match compression {
        Compression::Gzip => Box::new(MultiGzDecoder::new(body.reader())),
        _ => Box::new(body.reader()),
    };
    let mut reader = json_stream::Reader::default();
    let mut schema = JsonSchema::default();
    let (mut read, mut bytes, mut rejected) = (0u64, 0u64, 0u64);
    let mut complete = false;
    let mut chunk = vec![0; CHUNK_BYTES];
    let mut observe = |found: json_stream::Found, last: bool| {
        for row in found.rows {
            if schema.records() < limits::glue::SAMPLE_MAX_RECORDS {
                bytes += row.len as u64;
                schema.observe(&row.value);
            }
        }
        // What is cut off at the end of the sample says nothing about the object.
        let rejects = found.rejected.iter();
        rejected += rejects
            .filter(|reject| !(last && reject.reason == json_stream::Reason::Truncated))
            .map(|reject| reject.bytes.len() as u64)
            .sum::<u64>();
        schema.records() >= limits::glue::SAMPLE_MAX_RECORDS
    };
    let enough = loop {
        let length = match body.read(&mut chunk) {
            Ok(length) => length,
            // A gzip stream that was cut by the sample ends early; a broken one has no records.
            Err(_) if !whole => 0,
            Err(error) => return Err(format!("it cannot be decompressed: {error}")),
        };
        if length == 0 {
            complete = whole;
            break false;
        }
        read += length as u64;
        reader.feed(chunk.get(..length).unwrap_or_default());
        if observe(reader.take(), false) || read >= limits::glue::SAMPLE_MAX_BYTES {
            break true;
        }
    };
    let ended = observe(reader.finish(), !complete);
    let complete = complete && !enough && !ended;
    let records = schema.records();
    if records == 0 || rejected > bytes {
        return Ok(Sample::unknown());
    }
    let (columns, paths) = schema.finish();
    Ok(Sample {
        classification: Classification::Json,
        compression,
        columns,
        paths,
        records,
        bytes,
        complete,
    })
}

#[cfg(test)]
mod tests;
