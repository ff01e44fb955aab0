//! JSON records into one Parquet file with the columns of a catalog table: what a delivery stream
//! with record format conversion writes.
//!
//! [`Conversion`] is made of a table, a SerDe and a writer's options, and refuses what it cannot
//! carry out; [`Conversion::run`] then takes records and gives a file and the records it refused.
//! A record is a JSON object, or several one behind the other; it is converted whole or not at all.
//!
//! Synchronous and without state: the same records give the same bytes.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use bytes::Bytes;
use datafusion::arrow::array::{BooleanArray, RecordBatch};
use datafusion::arrow::compute::filter_record_batch;
use datafusion::arrow::datatypes::{Field, Schema, SchemaRef};
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::errors::ParquetError;
use datafusion::parquet::file::properties::{WriterProperties, WriterVersion};

use crate::engine::error::{Error, Result};
use crate::engine::job::write::CREATED_BY;
pub use crate::engine::job::write::Codec;
use crate::engine::table::columns::{ColumnBuilder, Deserializer, Rules};
use crate::engine::table::joda::TimestampFormat;
use crate::engine::table::json_strict::{Names, read_all};
use crate::engine::table::json_value::Value;
use crate::engine::table::typed;
use crate::engine::table::types::arrow_type;
use crate::glue::api::Table;
use crate::glue::hive_type::HiveType;

/// How records are read. Members as the Firehose API has them.
#[derive(Clone, Debug)]
pub enum Input {
    /// The OpenX SerDe.
    OpenX {
        /// Whether keys are made lower case before they are looked up.
        case_insensitive: bool,
        /// Whether a dot in a key is an underscore.
        dots_to_underscores: bool,
        /// The key a column is read from, by the column's name.
        mappings: BTreeMap<String, String>,
    },
    /// Hive's JSON SerDe, with forms of timestamps that are tried before its own.
    Hive {
        /// Patterns of Joda-Time, or `millis`.
        timestamp_formats: Vec<String>,
    },
}

/// How the file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Output {
    /// How pages are compressed.
    pub codec: Codec,
    /// Encoded bytes of a row group.
    pub block_bytes: usize,
    /// Bytes of a page.
    pub page_bytes: usize,
    /// Whether columns have dictionaries.
    pub dictionary: bool,
    /// Whether pages and encodings are those of version 2 of the format.
    pub version_2: bool,
}

/// A conversion that can be carried out.
#[derive(Debug)]
pub struct Conversion {
    types: Vec<HiveType>,
    /// The key each column is read from.
    keys: Vec<String>,
    /// The column that is read from a key.
    places: HashMap<String, usize>,
    schema: SchemaRef,
    names: Names,
    serde: Deserializer,
    output: Output,
}

/// What became of records.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The file, with the rows of every record that was not refused.
    pub body: Bytes,
    /// Its rows.
    pub rows: u64,
    /// The records that were refused, in their order.
    pub refused: Vec<Refused>,
}

/// A record that was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Its place among the records given.
    pub index: usize,
    /// What kind of refusal it is.
    pub kind: Refusal,
    /// What is wrong with the record, in the words of the service.
    pub message: String,
}

/// Why a record is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It is no JSON.
    Malformed,
    /// It is JSON that does not fit the table.
    Mismatch,
}

/// Rows held before they are encoded.
const BATCH_ROWS: usize = 8 * 1024;

impl Conversion {
    /// A conversion into the columns of `table`; partition keys are none of the file's columns.
    ///
    /// # Errors
    /// `Metastore` for a table whose columns are no columns, or of types the SerDe does not know;
    /// `Unsupported` for what AWS converts and this does not, by name.
    pub fn new(table: &Table, input: &Input, output: Output) -> Result<Self> {
        let descriptor = table.storage_descriptor.clone().unwrap_or_default();
        let columns = typed(descriptor.columns.as_deref().unwrap_or_default(), false)?;
        if columns.is_empty() {
            return Err(Error::Metastore(format!(
                "table `{}` has no columns",
                table.name
            )));
        }
        let columns: Vec<(String, HiveType)> = columns
            .into_iter()
            .map(|column| (column.name, column.of))
            .collect();
        let openx = matches!(input, Input::OpenX { .. });
        for (name, of) in &columns {
            check_type(name, of, openx)?;
        }
        let (names, serde, mappings) = reading(input)?;
        let mut keys = Vec::new();
        let mut places = HashMap::new();
        for (at, (name, _)) in columns.iter().enumerate() {
            let key = mappings.get(name).unwrap_or(name).as_str();
            let key = names.keep(key.into()).into_owned();
            if places.insert(key.clone(), at).is_some() {
                return Err(Error::Metastore(format!(
                    "two columns of table `{}` are read from one key `{key}`",
                    table.name
                )));
            }
            keys.push(key);
        }
        let fields = columns
            .iter()
            .map(|(name, of)| Field::new(name, arrow_type(of), true));
        Ok(Self {
            schema: Arc::new(Schema::new(fields.collect::<Vec<_>>())),
            types: columns.into_iter().map(|(_, of)| of).collect(),
            keys,
            places,
            names,
            serde,
            output,
        })
    }

    /// Converts records.
    ///
    /// # Errors
    /// `Internal` when the file cannot be encoded; never for what a record holds.
    pub fn run(&self, records: &[Bytes]) -> Result<Outcome> {
        let mut writer = self.writer()?;
        let mut rows = Rows::new(self);
        let mut refused = Vec::new();
        for (index, record) in records.iter().enumerate() {
            if let Err((kind, message)) = rows.push(record) {
                refused.push(Refused {
                    index,
                    kind,
                    message,
                });
            }
            if rows.kept.len() >= BATCH_ROWS {
                rows.write(&mut writer)?;
            }
        }
        rows.write(&mut writer)?;
        Ok(Outcome {
            body: Bytes::from(writer.into_inner().map_err(encoding)?),
            rows: rows.written,
            refused,
        })
    }

    fn writer(&self) -> Result<ArrowWriter<Vec<u8>>> {
        let output = self.output;
        let version = if output.version_2 {
            WriterVersion::PARQUET_2_0
        } else {
            WriterVersion::PARQUET_1_0
        };
        let properties = WriterProperties::builder()
            .set_compression(output.codec.parquet())
            .set_writer_version(version)
            .set_dictionary_enabled(output.dictionary)
            .set_data_page_size_limit(output.page_bytes)
            .set_dictionary_page_size_limit(output.page_bytes)
            .set_max_row_group_row_count(None)
            .set_max_row_group_bytes(Some(output.block_bytes.max(1)))
            .set_created_by(CREATED_BY.to_owned())
            .build();
        ArrowWriter::try_new(Vec::new(), Arc::clone(&self.schema), Some(properties))
            .map_err(encoding)
    }
}

fn encoding(error: ParquetError) -> Error {
    Error::Internal(format!("the file could not be encoded: {error}"))
}

/// Types that a SerDe does not read are refused before any record is.
fn check_type(column: &str, of: &HiveType, openx: bool) -> Result<()> {
    match of {
        HiveType::Binary if openx => Err(Error::Metastore(
            "The schema is invalid. One or more columns have types that are not supported by \
             org.openx.data.JsonSerDe"
                .to_owned(),
        )),
        HiveType::Map(key, value) => {
            if !matches!(
                **key,
                HiveType::String | HiveType::Varchar(_) | HiveType::Char(_)
            ) {
                return Err(Error::Unsupported(format!(
                    "column `{column}`: a map with keys of type {key}"
                )));
            }
            check_type(column, value, openx)
        }
        HiveType::Array(element) => check_type(column, element, openx),
        // Parquet has no struct without members.
        HiveType::Struct(members) if members.is_empty() => Err(Error::Metastore(format!(
            "column `{column}`: a struct without members"
        ))),
        HiveType::Struct(members) => members
            .iter()
            .try_for_each(|(_, of)| check_type(column, of, openx)),
        _ => Ok(()),
    }
}

/// How names are kept, whose rules apply, and from which key a column is read.
fn reading(input: &Input) -> Result<(Names, Deserializer, BTreeMap<String, String>)> {
    Ok(match input {
        Input::OpenX {
            case_insensitive,
            dots_to_underscores,
            mappings,
        } => {
            let names = Names {
                lower: *case_insensitive,
                undotted: *dots_to_underscores,
            };
            let mappings = mappings
                .iter()
                .map(|(column, key)| (column.to_lowercase(), key.clone()));
            (names, Deserializer::OpenX, mappings.collect())
        }
        Input::Hive { timestamp_formats } => {
            let timestamps = timestamp_formats
                .iter()
                .map(|format| TimestampFormat::compile(format))
                .collect::<Result<_, String>>()
                .map_err(|why| Error::Unsupported(format!("TimestampFormats: {why}")))?;
            (
                Names::default(),
                Deserializer::Hive { timestamps },
                BTreeMap::new(),
            )
        }
    })
}

/// No column.
const NOWHERE: usize = usize::MAX;

/// Rows on their way into the file.
struct Rows<'c> {
    conversion: &'c Conversion,
    builders: Vec<ColumnBuilder>,
    /// Which of the rows in the builders go into the file.
    kept: Vec<bool>,
    /// The columns of the last object's members, in their order: records resemble each other.
    guesses: Vec<usize>,
    written: u64,
}

impl<'c> Rows<'c> {
    fn new(conversion: &'c Conversion) -> Self {
        let types = conversion.types.iter();
        Self {
            builders: types
                .map(|of| ColumnBuilder::new(of, Rules::OpenX))
                .collect(),
            conversion,
            kept: Vec::new(),
            guesses: Vec::new(),
            written: 0,
        }
    }

    /// Adds the rows of a record, or nothing of it.
    fn push(&mut self, record: &[u8]) -> Result<(), (Refusal, String)> {
        let text = std::str::from_utf8(record).map_err(|error| malformed(&error.to_string()))?;
        let values = read_all(text, self.conversion.names).map_err(|why| malformed(&why))?;
        if values.is_empty() {
            let message = "The record was empty or contained only whitespace.";
            return Err((Refusal::Mismatch, message.to_owned()));
        }
        let mut objects = Vec::with_capacity(values.len());
        for value in &values {
            let message = match value {
                Value::Object(members) => {
                    objects.push(members);
                    continue;
                }
                Value::Array(_) => "An array of JSON documents is not a valid input.",
                _ => {
                    "The input JSON contained a primitive at the top level. The top level must be \
                     an object or array."
                }
            };
            return Err((Refusal::Mismatch, message.to_owned()));
        }
        let first = self.kept.len();
        let mut outcome = Ok(());
        for members in objects {
            outcome = self.add(members);
            self.kept.push(true);
            if outcome.is_err() {
                break;
            }
        }
        if outcome.is_err() {
            let rows = self.kept.iter_mut().skip(first);
            rows.for_each(|kept| *kept = false);
        }
        outcome.map_err(|message| (Refusal::Mismatch, message))
    }

    /// Adds one row, which is not to be kept if it is refused.
    fn add(&mut self, members: &[(Cow<'_, str>, Value<'_>)]) -> Result<(), String> {
        let mut found = vec![None; self.builders.len()];
        for (at, (name, value)) in members.iter().enumerate() {
            let place = self.place(at, name).unwrap_or(NOWHERE);
            // Of equal keys the last one counts.
            if let Some(slot) = found.get_mut(place) {
                *slot = Some(value);
            }
        }
        let mut outcome = Ok(());
        for (builder, value) in self.builders.iter_mut().zip(found) {
            match value.filter(|_| outcome.is_ok()) {
                Some(value) => {
                    outcome = builder.append_delivered(value, &self.conversion.serde);
                }
                None => builder.append_null(),
            }
        }
        outcome
    }

    /// The column that is read from the key `name`, which stood at `at` among the members.
    fn place(&mut self, at: usize, name: &str) -> Option<usize> {
        let Conversion { keys, places, .. } = self.conversion;
        let guess = self.guesses.get(at).copied().unwrap_or(NOWHERE);
        if keys.get(guess).is_some_and(|key| key == name) {
            return Some(guess);
        }
        let place = places.get(name).copied().or_else(|| {
            let hive = matches!(self.conversion.serde, Deserializer::Hive { .. });
            hive.then(|| places.get(&name.to_lowercase()).copied())?
        })?;
        if self.guesses.len() <= at {
            self.guesses.resize(at + 1, NOWHERE);
        }
        if let Some(guess) = self.guesses.get_mut(at) {
            *guess = place;
        }
        Some(place)
    }

    /// Writes the rows held, without those of records that were refused.
    fn write(&mut self, writer: &mut ArrowWriter<Vec<u8>>) -> Result<()> {
        let kept = std::mem::take(&mut self.kept);
        let arrays = self.builders.iter_mut().map(ColumnBuilder::finish);
        let arrays = arrays.collect::<Result<Vec<_>, _>>()?;
        let mut batch = RecordBatch::try_new(Arc::clone(&self.conversion.schema), arrays)?;
        if kept.contains(&false) {
            batch = filter_record_batch(&batch, &BooleanArray::from(kept))?;
        }
        self.written += batch.num_rows() as u64;
        writer.write(&batch).map_err(encoding)
    }
}

fn malformed(why: &str) -> (Refusal, String) {
    (
        Refusal::Malformed,
        format!("Encountered malformed JSON. {why}"),
    )
}

#[cfg(test)]
mod tests;
