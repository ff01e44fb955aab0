//! What a crawler learns from one object, and the trait through which it is read.
//!
//! The crawler decides what an object's sample means for tables; it never opens an object itself.

use async_trait::async_trait;

use crate::glue::hive_type::HiveType;
use crate::store::ObjectInfo;

/// Reads the beginning of objects. Implemented by the room that knows the file formats.
#[async_trait]
pub trait Sampler: Send + Sync {
    /// What `object` of `bucket` holds.
    ///
    /// # Errors
    /// Why it cannot be read, in words for the user. The crawl goes on and lists it.
    async fn sample(&self, bucket: &str, object: &ObjectInfo) -> Result<Sample, String>;
}

/// The format of an object, with what a table needs to know to read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Classification {
    /// JSON objects: one a line, or concatenated, or pretty-printed.
    Json,
    /// Delimited text.
    Csv(CsvLayout),
    /// Parquet.
    Parquet,
    /// ORC.
    Orc,
    /// Avro, with the schema of the file.
    Avro {
        /// The schema as JSON text.
        schema: String,
    },
    /// No classifier recognised it: AWS makes no usable table of it, we none at all.
    Unknown,
}

/// How a delimited text is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CsvLayout {
    /// Between fields: `,` `|` tab `;` or Ctrl-A.
    pub delimiter: char,
    /// Whether fields stand in double quotes.
    pub quoted: bool,
    /// Whether the first line names the columns.
    pub header: bool,
}

impl Classification {
    /// The value of the table parameter `classification`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Csv(_) => "csv",
            Self::Parquet => "parquet",
            Self::Orc => "orc",
            Self::Avro { .. } => "avro",
            Self::Unknown => "UNKNOWN",
        }
    }
}

/// How an object as a whole is compressed. Compression inside a format (Parquet's pages) is `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Compression {
    /// Not at all.
    #[default]
    None,
    /// gzip.
    Gzip,
    /// bzip2.
    Bzip2,
    /// ZIP with one file.
    Zip,
    /// Snappy, framed or Hadoop's.
    Snappy,
    /// Zstandard.
    Zstd,
}

impl Compression {
    /// The value of the table parameter `compressionType`.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Gzip => "gzip",
            Self::Bzip2 => "bzip2",
            Self::Zip => "zip",
            Self::Snappy => "snappy",
            Self::Zstd => "zstd",
        }
    }
}

/// What one object holds, as far as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// The format.
    pub classification: Classification,
    /// The compression around it.
    pub compression: Compression,
    /// Columns in the order of first sight, named in lower case, each name once.
    pub columns: Vec<(String, HiveType)>,
    /// For JSON, the top-level keys in their original case, sorted; empty for other formats.
    pub paths: Vec<String>,
    /// Records that were read.
    pub records: u64,
    /// Bytes these records take in the object, after decompression.
    pub bytes: u64,
    /// Whether the whole object was read, so that `records` is exact.
    pub complete: bool,
}

impl Sample {
    /// The sample of an object that no classifier recognises.
    pub fn unknown() -> Self {
        Self {
            classification: Classification::Unknown,
            compression: Compression::None,
            columns: Vec::new(),
            paths: Vec::new(),
            records: 0,
            bytes: 0,
            complete: false,
        }
    }
}
