//! Scanning JSON files: one object a line for Athena, one after the other for Glue.

use std::fmt;
use std::io::{BufRead, BufReader, Read};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use datafusion::arrow::array::{RecordBatch, RecordBatchOptions};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DataFusionError, ScalarValue};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties,
};
use futures::stream;

use super::columns::{ColumnBuilder, Conflicts, Rules};
use super::compression::Compression;
use super::files::File;
use super::json_value::{Value, read_first};
use super::text::TextSerDe;
use crate::engine::error::{Error, Result};
use crate::engine::objects::MeteredObjects;
use crate::engine::table::TableColumn;
use crate::glue::crawler::json::JsonSchema;
use crate::glue::hive_type::HiveType;
use crate::reading::json_stream;
use crate::store::S3Uri;

/// How a JSON file is cut into records, and by whose rules values become columns.
#[derive(Clone, Debug)]
pub enum Reading {
    /// Athena's: the first object of each line.
    Lines(SerDe),
    /// Glue's: every object, whatever stands between them. What is no record is counted.
    Stream(Arc<StreamCounts>),
    /// Lines of text, by a SerDe that makes records of them.
    Text(Arc<TextSerDe>),
}

/// Properties of the OpenX SerDe.
#[derive(Clone, Debug, Default)]
pub struct SerDe {
    /// `ignore.malformed.json`: a line that is no JSON is a row of NULLs.
    pub ignore_malformed: bool,
    /// `case.insensitive` is false: keys must be written as the columns are.
    pub case_sensitive: bool,
    /// `dots.in.keys`: a dot in a key matches an underscore in a column's name.
    pub dots_in_keys: bool,
    /// `mapping.COLUMN`: the key a column is read from, by the column's name.
    pub mappings: Vec<(String, String)>,
}

/// What reading concatenated records met, over all files of a source.
#[derive(Debug, Default)]
pub struct StreamCounts {
    objects: AtomicU64,
    bytes: AtomicU64,
    rows: AtomicU64,
    rejects: AtomicU64,
    conflicts: AtomicU64,
    examples: Mutex<Vec<String>>,
}

/// Rejects that are described in a report; the rest is counted.
const MAX_EXAMPLES: usize = 10;

impl StreamCounts {
    /// Objects read.
    pub fn objects(&self) -> u64 {
        self.objects.load(Ordering::Relaxed)
    }

    /// Bytes of those objects, as stored.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Records that became rows.
    pub fn rows(&self) -> u64 {
        self.rows.load(Ordering::Relaxed)
    }

    /// Stretches of bytes that are no record.
    pub fn rejects(&self) -> u64 {
        self.rejects.load(Ordering::Relaxed)
    }

    /// Values that became NULL because they are not of their column's type.
    pub fn conflicts(&self) -> u64 {
        self.conflicts.load(Ordering::Relaxed)
    }

    /// Where the first rejects are and why.
    pub fn examples(&self) -> Vec<String> {
        self.examples
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Counts an object that was opened.
    pub fn opened(&self, bytes: u64) {
        self.objects.fetch_add(1, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    fn reject(&self, what: impl FnOnce() -> String) {
        self.rejects.fetch_add(1, Ordering::Relaxed);
        let mut examples = self.examples.lock().unwrap_or_else(PoisonError::into_inner);
        if examples.len() < MAX_EXAMPLES {
            examples.push(what());
        }
    }
}

/// A column of the scan's output.
#[derive(Clone, Debug)]
pub enum Output {
    /// A column of the files.
    Data(String, HiveType),
    /// A partition column, by its place among them.
    Partition(usize),
}

/// The physical operator.
#[derive(Debug)]
pub struct JsonScan {
    objects: MeteredObjects,
    groups: Vec<Vec<File>>,
    outputs: Arc<[Output]>,
    reading: Reading,
    schema: SchemaRef,
    properties: Arc<PlanProperties>,
}

impl JsonScan {
    /// A scan of `groups`, one output partition each, whose columns are `outputs` in `schema`.
    pub fn new(
        objects: MeteredObjects,
        groups: Vec<Vec<File>>,
        outputs: Vec<Output>,
        reading: Reading,
        schema: SchemaRef,
    ) -> Self {
        let properties = PlanProperties::new(
            EquivalenceProperties::new(Arc::clone(&schema)),
            Partitioning::UnknownPartitioning(groups.len()),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        Self {
            objects,
            groups,
            outputs: outputs.into(),
            reading,
            schema,
            properties: Arc::new(properties),
        }
    }
}

impl DisplayAs for JsonScan {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let files: usize = self.groups.iter().map(Vec::len).sum();
        let name = match self.reading {
            Reading::Text(_) => "TextScan",
            _ => "JsonScan",
        };
        write!(f, "{name}: files={files}, groups={}", self.groups.len())
    }
}

impl ExecutionPlan for JsonScan {
    fn name(&self) -> &str {
        "JsonScan"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        Vec::new()
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> datafusion::common::Result<TreeNodeRecursion>,
    ) -> datafusion::common::Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(
        self: Arc<Self>,
        _: Vec<Arc<dyn ExecutionPlan>>,
    ) -> datafusion::common::Result<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> datafusion::common::Result<SendableRecordBatchStream> {
        let files = self.groups.get(partition).cloned().unwrap_or_default();
        let scan = Scan {
            objects: self.objects.clone(),
            files: files.into_iter(),
            sink: Sink::new(
                &self.outputs,
                &self.reading,
                Arc::clone(&self.schema),
                context.session_config().batch_size(),
            ),
            reading: self.reading.clone(),
            open: None,
            chunk: Vec::new(),
        };
        let batches = stream::try_unfold(scan, |mut scan| async move {
            match scan.next().await {
                Ok(Some(batch)) => Ok(Some((batch, scan))),
                Ok(None) => Ok(None),
                Err(error) => Err(DataFusionError::from(error)),
            }
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(
            Arc::clone(&self.schema),
            batches,
        )))
    }
}

/// One output partition being read.
struct Scan {
    objects: MeteredObjects,
    files: std::vec::IntoIter<File>,
    sink: Sink,
    reading: Reading,
    open: Option<Open>,
    /// What a reader of concatenated records is given next; kept, as files are many and small.
    chunk: Vec<u8>,
}

/// A file being read.
struct Open {
    file: File,
    records: Records,
}

enum Records {
    Lines {
        body: Box<dyn BufRead + Send>,
        line: u64,
        buffer: Vec<u8>,
        serde: SerDe,
    },
    Text {
        body: Box<dyn BufRead + Send>,
        line: u64,
        buffer: Vec<u8>,
        serde: Arc<TextSerDe>,
    },
    Stream {
        body: Box<dyn Read + Send>,
        reader: Option<json_stream::Reader>,
        rows: std::vec::IntoIter<json_stream::Row>,
        counts: Arc<StreamCounts>,
    },
}

/// Bytes that are given to the concatenated reader at once.
const CHUNK_BYTES: usize = 64 * 1024;

fn body(bytes: Bytes, uri: &S3Uri) -> Result<Box<dyn Read + Send>> {
    let body = Compression::of(&uri.key)?.reader(bytes);
    body.map_err(|error| Error::BadData(format!("Error reading {uri}: {error}")))
}

impl Scan {
    async fn next(&mut self) -> Result<Option<RecordBatch>> {
        loop {
            let Some(open) = &mut self.open else {
                let Some(file) = self.files.next() else {
                    return Ok(None);
                };
                let uri = file.uri();
                // Before anything is read: a compression that is none of ours.
                Compression::of(&uri.key)?;
                let bytes = self.objects.read(&uri).await?;
                let body = body(bytes, &uri)?;
                let records = match &self.reading {
                    Reading::Lines(serde) => Records::Lines {
                        body: Box::new(BufReader::with_capacity(CHUNK_BYTES, body)),
                        line: 0,
                        buffer: Vec::new(),
                        serde: serde.clone(),
                    },
                    Reading::Text(serde) => Records::Text {
                        body: Box::new(BufReader::with_capacity(CHUNK_BYTES, body)),
                        line: 0,
                        buffer: Vec::new(),
                        serde: Arc::clone(serde),
                    },
                    Reading::Stream(counts) => {
                        counts.opened(file.info.size);
                        Records::Stream {
                            body,
                            reader: Some(json_stream::Reader::default()),
                            rows: Vec::new().into_iter(),
                            counts: Arc::clone(counts),
                        }
                    }
                };
                self.open = Some(Open { file, records });
                continue;
            };
            let ended = open.fill(&mut self.sink, &mut self.chunk)?;
            let batch = self.sink.finish(&open.file.values)?;
            if ended {
                self.open = None;
            }
            if let Some(batch) = batch {
                return Ok(Some(batch));
            }
        }
    }
}

impl Open {
    /// Reads records until the sink is full or the file ends; says whether it ended.
    fn fill(&mut self, sink: &mut Sink, chunk: &mut Vec<u8>) -> Result<bool> {
        let uri = self.file.uri();
        match &mut self.records {
            Records::Lines {
                body,
                line,
                buffer,
                serde,
            } => {
                while !sink.is_full() {
                    buffer.clear();
                    let read = body
                        .read_until(b'\n', buffer)
                        .map_err(|error| Error::BadData(format!("Error reading {uri}: {error}")))?;
                    if read == 0 {
                        return Ok(true);
                    }
                    *line += 1;
                    let text = String::from_utf8_lossy(buffer);
                    let text = text.trim();
                    let first = if text.starts_with(['{', '[']) {
                        read_first(text)
                    } else {
                        // Neither an object nor an array: a row of NULLs, never an error.
                        Ok(Value::Null)
                    };
                    let value = match first {
                        Ok(value) => value,
                        Err(_) if serde.ignore_malformed => Value::Null,
                        Err(why) => {
                            return Err(Error::BadData(format!(
                                "Error parsing a row of {uri}, line {line}: not a valid JSON object: {why}"
                            )));
                        }
                    };
                    sink.push(&value).map_err(|why| {
                        Error::BadData(format!("Error parsing a row of {uri}, line {line}: {why}"))
                    })?;
                }
                Ok(false)
            }
            Records::Text {
                body,
                line,
                buffer,
                serde,
            } => {
                while !sink.is_full() {
                    buffer.clear();
                    let read = body
                        .read_until(b'\n', buffer)
                        .map_err(|error| Error::BadData(format!("Error reading {uri}: {error}")))?;
                    if read == 0 {
                        return Ok(true);
                    }
                    *line += 1;
                    if *line <= serde.header_lines {
                        continue;
                    }
                    let text = String::from_utf8_lossy(buffer);
                    let text = text.strip_suffix('\n').unwrap_or(&text);
                    let text = text.strip_suffix('\r').unwrap_or(text);
                    let row = serde.row(text).and_then(|row| sink.push(&row));
                    row.map_err(|why| Error::BadData(format!("{why} ({uri}, line {line})")))?;
                }
                Ok(false)
            }
            Records::Stream {
                body,
                reader,
                rows,
                counts,
            } => {
                while !sink.is_full() {
                    let Some(row) = rows.next() else {
                        if !next_rows(body, reader, rows, counts, &uri, chunk)? {
                            return Ok(true);
                        }
                        continue;
                    };
                    if !row.value.is_object() {
                        counts.reject(|| {
                            format!("{uri} at byte {}: an array, not an object", row.offset)
                        });
                        continue;
                    }
                    // Under Glue's rules no value refuses its row.
                    sink.push(&borrow(&row.value)).map_err(Error::Internal)?;
                    counts.rows.fetch_add(1, Ordering::Relaxed);
                }
                Ok(false)
            }
        }
    }
}

/// Feeds the next chunk; says whether there may be more rows.
fn next_rows(
    body: &mut Box<dyn Read + Send>,
    reader: &mut Option<json_stream::Reader>,
    rows: &mut std::vec::IntoIter<json_stream::Row>,
    counts: &StreamCounts,
    uri: &S3Uri,
    chunk: &mut Vec<u8>,
) -> Result<bool> {
    let Some(mut open) = reader.take() else {
        return Ok(false);
    };
    chunk.resize(CHUNK_BYTES, 0);
    let read = body
        .read(chunk)
        .map_err(|error| Error::BadData(format!("Error reading {uri}: {error}")))?;
    let found = if read == 0 {
        open.finish()
    } else {
        open.feed(chunk.get(..read).unwrap_or_default());
        let found = open.take();
        *reader = Some(open);
        found
    };
    for reject in &found.rejected {
        counts.reject(|| format!("{uri} at byte {}: {}", reject.offset, reject.reason));
    }
    *rows = found.rows.into_iter();
    Ok(true)
}

/// The columns of JSON files: those of all their records together, as Spark infers them, spelled as
/// the records spell them.
pub async fn infer(objects: &MeteredObjects, files: &[File]) -> Result<Vec<TableColumn>> {
    let mut schema = JsonSchema::default();
    let mut chunk = Vec::new();
    for file in files {
        let uri = file.uri();
        let bytes = objects.read(&uri).await?;
        let mut body = body(bytes, &uri)?;
        let mut reader = Some(json_stream::Reader::default());
        let mut rows = Vec::new().into_iter();
        // Rejects are counted when the files are read for their rows.
        let ignored = StreamCounts::default();
        while next_rows(
            &mut body,
            &mut reader,
            &mut rows,
            &ignored,
            &uri,
            &mut chunk,
        )? {
            rows.by_ref().for_each(|row| schema.observe(&row.value));
        }
    }
    let (columns, keys) = schema.finish();
    let mut found = Vec::new();
    for (name, of) in columns {
        let mut spellings = keys.iter().filter(|key| key.to_lowercase() == name);
        let spelling = spellings.next().unwrap_or(&name).clone();
        if let Some(other) = spellings.next() {
            return Err(Error::Unsupported(format!(
                "the keys `{spelling}` and `{other}` differ in case alone, which windfarm does not tell apart in a source by path: use a catalog source"
            )));
        }
        found.push(TableColumn {
            name: spelling,
            of: of.settled(),
            is_partition: false,
        });
    }
    Ok(found)
}

/// A parsed value with its scalars as text again.
pub fn borrow(value: &serde_json::Value) -> Value<'_> {
    use serde_json::Value as Json;
    let bare = |text: String| Value::Text {
        text: text.into(),
        quoted: false,
    };
    match value {
        Json::Null => Value::Null,
        Json::Bool(value) => bare(value.to_string()),
        Json::Number(number) => bare(number.to_string()),
        Json::String(text) => Value::Text {
            text: text.as_str().into(),
            quoted: true,
        },
        Json::Array(elements) => Value::Array(elements.iter().map(borrow).collect()),
        Json::Object(members) => Value::Object(
            members
                .iter()
                .map(|(name, value)| (name.as_str().into(), borrow(value)))
                .collect(),
        ),
    }
}

/// Rows becoming a batch.
struct Sink {
    outputs: Arc<[Output]>,
    columns: Vec<(String, ColumnBuilder)>,
    schema: SchemaRef,
    serde: SerDe,
    conflicts: Conflicts,
    counts: Option<Arc<StreamCounts>>,
    rows: usize,
    limit: usize,
}

impl Sink {
    fn new(outputs: &Arc<[Output]>, reading: &Reading, schema: SchemaRef, limit: usize) -> Self {
        let (rules, serde, counts) = match reading {
            Reading::Lines(serde) => (Rules::OpenX, serde.clone(), None),
            Reading::Stream(counts) => (Rules::Glue, SerDe::default(), Some(Arc::clone(counts))),
            Reading::Text(_) => (Rules::Lazy, SerDe::default(), None),
        };
        let columns = outputs
            .iter()
            .filter_map(|output| match output {
                Output::Data(name, of) => {
                    let mapped = serde.mappings.iter().find(|(column, _)| column == name);
                    let key = mapped.map_or(name, |(_, key)| key);
                    Some((key.clone(), ColumnBuilder::new(of, rules)))
                }
                Output::Partition(_) => None,
            })
            .collect();
        Self {
            outputs: Arc::clone(outputs),
            columns,
            schema,
            serde,
            conflicts: Conflicts::default(),
            counts,
            rows: 0,
            limit,
        }
    }

    fn is_full(&self) -> bool {
        self.rows >= self.limit
    }

    fn push(&mut self, record: &Value<'_>) -> Result<(), String> {
        self.rows += 1;
        for (at, (key, column)) in self.columns.iter_mut().enumerate() {
            match field(record, key, at, &self.serde) {
                Some(value) => column.append(value, &mut self.conflicts)?,
                None => column.append_null(),
            }
        }
        Ok(())
    }

    fn finish(&mut self, values: &[ScalarValue]) -> Result<Option<RecordBatch>> {
        if self.rows == 0 {
            return Ok(None);
        }
        let rows = std::mem::take(&mut self.rows);
        if let Some(counts) = &self.counts {
            let conflicts = std::mem::take(&mut self.conflicts.count);
            counts.conflicts.fetch_add(conflicts, Ordering::Relaxed);
        }
        let mut data = self.columns.iter_mut();
        let arrays = self
            .outputs
            .iter()
            .map(|output| match output {
                Output::Data(..) => match data.next() {
                    Some((_, column)) => Ok(column.finish()?),
                    None => Err(Error::Internal("a column was lost".to_owned())),
                },
                Output::Partition(at) => match values.get(*at) {
                    Some(value) => Ok(value.to_array_of_size(rows)?),
                    None => Err(Error::Internal("a partition value was lost".to_owned())),
                },
            })
            .collect::<Result<Vec<_>>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let batch = RecordBatch::try_new_with_options(Arc::clone(&self.schema), arrays, &options)?;
        Ok(Some(batch))
    }
}

/// The value of the column that is read from `key`; `guess` is where it stood in other records.
fn field<'r, 'v>(
    record: &'r Value<'v>,
    key: &str,
    guess: usize,
    serde: &SerDe,
) -> Option<&'r Value<'v>> {
    let members = match record {
        Value::Object(members) => members,
        // The SerDe reads an array's elements as the columns in their order.
        Value::Array(elements) => return elements.get(guess),
        _ => return None,
    };
    let same = |name: &str| {
        if serde.case_sensitive {
            name == key
        } else {
            name.eq_ignore_ascii_case(key) || (!name.is_ascii() && name.to_lowercase() == key)
        }
    };
    // Of equal keys the last one counts.
    let found = members.iter().rev().find(|(name, _)| same(name));
    let found = found.or_else(|| {
        let dotted = |name: &str| name.contains('.') && same(&name.replace('.', "_"));
        let mut by_dots = members.iter().filter(|_| serde.dots_in_keys);
        by_dots.find(|(name, _)| dotted(name))
    });
    found.map(|(_, value)| value)
}
