//! One file's rows as Parquet, JSON or delimited text.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, ListArray, MapArray, RecordBatch, StructArray,
};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::basic::{Compression as Pages, GzipLevel, ZstdLevel};
use datafusion::parquet::file::properties::WriterProperties;

use super::super::Result;
use crate::engine::table::compression::Compression;
use crate::engine::table::text::Delimiters;
use crate::engine::table::types::arrow_type;
use crate::engine::trino::types::Type;
use crate::engine::trino::{Code, TrinoError, Value, render, value_at};
use crate::glue::hive_type::HiveType;

/// The format of the files.
#[derive(Clone, Debug, PartialEq)]
pub enum FileFormat {
    /// Parquet with its pages compressed.
    Parquet(Codec),
    /// One JSON object a line.
    Json(Compression),
    /// Delimited text.
    Text(Delimiters, Compression),
}

impl FileFormat {
    /// What a file's name ends with: readers of text find the compression by it.
    pub fn extension(&self) -> &'static str {
        match self {
            Self::Parquet(_) => "",
            Self::Json(compression) | Self::Text(_, compression) => compression.extension(),
        }
    }
}

/// How Parquet pages are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Codec(Pages);

impl Codec {
    /// By the name that statements and tables give it, in capitals; `level` is Zstandard's.
    pub fn parse(name: &str, level: Option<i32>) -> Option<Self> {
        Some(Self(match name {
            "NONE" | "UNCOMPRESSED" => Pages::UNCOMPRESSED,
            "GZIP" => Pages::GZIP(GzipLevel::default()),
            "SNAPPY" => Pages::SNAPPY,
            "LZ4" => Pages::LZ4_RAW,
            "ZSTD" => Pages::ZSTD(ZstdLevel::try_new(level.unwrap_or(3)).ok()?),
            _ => return None,
        }))
    }

    /// The name, as a table's property has it.
    pub fn name(self) -> &'static str {
        match self.0 {
            Pages::GZIP(_) => "GZIP",
            Pages::SNAPPY => "SNAPPY",
            Pages::LZ4_RAW => "LZ4",
            Pages::ZSTD(_) => "ZSTD",
            _ => "UNCOMPRESSED",
        }
    }
}

/// A column of the files.
pub(super) struct FileColumn {
    /// Its name, in lower case.
    pub name: String,
    /// Its type in the query.
    pub ty: Type,
    /// Its type in the catalog.
    pub of: HiveType,
}

/// What Parquet files name as their writer.
const CREATED_BY: &str = concat!("windfarm ", env!("CARGO_PKG_VERSION"));
/// Rows of a row group. Parquet's usual million would be held in memory for every open file.
const ROW_GROUP_ROWS: usize = 128 * 1024;

/// A file being built.
pub(super) enum Encoder {
    Parquet(Box<ArrowWriter<Vec<u8>>>, SchemaRef),
    Lines(Vec<u8>, FileFormat),
}

/// A defect here or a limit of the encoder.
pub(super) fn broken(error: impl std::fmt::Display) -> TrinoError {
    TrinoError::in_data(
        Code::GenericInternalError,
        format!("rows could not be encoded: {error}"),
    )
}

impl Encoder {
    pub fn new(format: &FileFormat, columns: &[FileColumn]) -> Result<Self> {
        let FileFormat::Parquet(codec) = format else {
            return Ok(Self::Lines(Vec::new(), format.clone()));
        };
        let fields: Vec<Field> = columns
            .iter()
            .map(|column| Field::new(&column.name, arrow_type(&column.of), true))
            .collect();
        let schema = Arc::new(Schema::new(fields));
        let properties = WriterProperties::builder()
            .set_compression(codec.0)
            .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
            .set_created_by(CREATED_BY.to_owned())
            .build();
        let writer = ArrowWriter::try_new(Vec::new(), Arc::clone(&schema), Some(properties))
            .map_err(broken)?;
        Ok(Self::Parquet(Box::new(writer), schema))
    }

    /// Appends the rows of a batch; columns behind `columns` are no part of the file.
    pub fn write(&mut self, batch: &[ArrayRef], columns: &[FileColumn]) -> Result<()> {
        match self {
            Self::Parquet(writer, schema) => {
                let arrays = batch
                    .iter()
                    .zip(columns)
                    .map(|(array, column)| in_file(array, &column.ty, &column.of))
                    .collect::<Result<Vec<_>>>()?;
                let rows = RecordBatch::try_new(Arc::clone(schema), arrays).map_err(broken)?;
                writer.write(&rows).map_err(broken)
            }
            Self::Lines(out, format) => {
                let rows = batch.first().map_or(0, |column| column.len());
                for row in 0..rows {
                    let values = batch
                        .iter()
                        .zip(columns)
                        .map(|(array, column)| value_at(array, &column.ty, row))
                        .collect::<Result<Vec<_>>>()?;
                    match format {
                        FileFormat::Text(delimiters, _) => {
                            text_line(out, &values, columns, delimiters)?;
                        }
                        _ => json_line(out, &values, columns)?,
                    }
                }
                Ok(())
            }
        }
    }

    pub fn finish(self) -> Result<Bytes> {
        match self {
            Self::Parquet(writer, _) => Ok(writer.into_inner().map_err(broken)?.into()),
            Self::Lines(out, format) => {
                let compression = match format {
                    FileFormat::Json(compression) | FileFormat::Text(_, compression) => compression,
                    FileFormat::Parquet(_) => Compression::None,
                };
                Ok(compression.pack(out).map_err(broken)?.into())
            }
        }
    }
}

/// A column as files hold it: fields of rows have their names there.
fn in_file(array: &ArrayRef, ty: &Type, of: &HiveType) -> Result<ArrayRef> {
    let wanted = arrow_type(of);
    if *array.data_type() == wanted {
        return Ok(Arc::clone(array));
    }
    match (ty, of, &wanted, array.data_type()) {
        (
            Type::Row(types),
            HiveType::Struct(members),
            DataType::Struct(fields),
            DataType::Struct(_),
        ) => {
            let row = array.as_struct();
            let parts = row
                .columns()
                .iter()
                .zip(types.iter().zip(members))
                .map(|(part, ((_, ty), (_, of)))| in_file(part, ty, of))
                .collect::<Result<Vec<_>>>()?;
            let nulls = row.nulls().cloned();
            let named = StructArray::try_new_with_length(fields.clone(), parts, nulls, row.len());
            Ok(Arc::new(named.map_err(broken)?))
        }
        (Type::Array(item), HiveType::Array(inner), DataType::List(field), DataType::List(_)) => {
            let list = array.as_list::<i32>();
            let items = in_file(list.values(), item, inner)?;
            let (offsets, nulls) = (list.offsets().clone(), list.nulls().cloned());
            let named = ListArray::try_new(Arc::clone(field), offsets, items, nulls);
            Ok(Arc::new(named.map_err(broken)?))
        }
        (
            Type::Map(key, item),
            HiveType::Map(key_of, item_of),
            DataType::Map(entries, _),
            DataType::Map(..),
        ) => {
            let map = array.as_map();
            let DataType::Struct(fields) = entries.data_type() else {
                return Err(broken("entries of a map"));
            };
            let parts = vec![
                in_file(map.keys(), key, key_of)?,
                in_file(map.values(), item, item_of)?,
            ];
            let held = StructArray::try_new(fields.clone(), parts, None).map_err(broken)?;
            let (offsets, nulls) = (map.offsets().clone(), map.nulls().cloned());
            let named = MapArray::try_new(Arc::clone(entries), offsets, held, nulls, false);
            Ok(Arc::new(named.map_err(broken)?))
        }
        _ => cast(array, &wanted).map_err(broken),
    }
}

/// A row as the JSON SerDe writes it: every column, NULLs too.
fn json_line(out: &mut Vec<u8>, values: &[Value], columns: &[FileColumn]) -> Result<()> {
    let members = values.iter().zip(columns);
    json_object(
        out,
        members.map(|(value, column)| (column.name.clone(), value, &column.ty)),
    )?;
    out.push(b'\n');
    Ok(())
}

fn json_object<'v>(
    out: &mut Vec<u8>,
    members: impl Iterator<Item = (String, &'v Value, &'v Type)>,
) -> Result<()> {
    out.push(b'{');
    for (at, (name, value, ty)) in members.enumerate() {
        if at > 0 {
            out.push(b',');
        }
        json_text(out, &name)?;
        out.push(b':');
        json(out, value, ty)?;
    }
    out.push(b'}');
    Ok(())
}

fn json_text(out: &mut Vec<u8>, text: &str) -> Result<()> {
    serde_json::to_writer(out, text).map_err(broken)
}

/// Numbers by their own digits, so that none are lost.
fn json(out: &mut Vec<u8>, value: &Value, ty: &Type) -> Result<()> {
    match (value, ty) {
        (Value::Null, _) => out.extend_from_slice(b"null"),
        (Value::Double(x), _) if x.is_finite() => {
            serde_json::to_writer(out, x).map_err(broken)?;
        }
        (Value::Real(x), _) if x.is_finite() => {
            serde_json::to_writer(out, x).map_err(broken)?;
        }
        (Value::Boolean(_) | Value::Decimal(_), _) => {
            out.extend_from_slice(text(value, ty).as_bytes());
        }
        (Value::Int(_), ty) if ty.is_integral() => {
            out.extend_from_slice(text(value, ty).as_bytes());
        }
        (Value::Bytes(bytes), _) => json_text(out, &STANDARD.encode(bytes))?,
        (Value::List(items), Type::Array(item)) => {
            out.push(b'[');
            for (at, value) in items.iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                json(out, value, item)?;
            }
            out.push(b']');
        }
        (Value::List(parts), Type::Row(fields)) => {
            let members = parts.iter().zip(fields).map(|(part, (name, ty))| {
                let name = name.as_deref().unwrap_or_default().to_lowercase();
                (name, part, ty)
            });
            json_object(out, members)?;
        }
        (Value::Map(entries), Type::Map(key, item)) => {
            let members = entries
                .iter()
                .map(|(name, value)| (text(name, key), value, item.as_ref()));
            json_object(out, members)?;
        }
        (value, ty) => json_text(out, &text(value, ty))?,
    }
    Ok(())
}

/// A scalar's text.
fn text(value: &Value, ty: &Type) -> String {
    render(value, ty).unwrap_or_default()
}

fn text_line(
    out: &mut Vec<u8>,
    values: &[Value],
    columns: &[FileColumn],
    delimiters: &Delimiters,
) -> Result<()> {
    for (at, (value, column)) in values.iter().zip(columns).enumerate() {
        if at > 0 {
            out.push(separator(delimiters, 0)?);
        }
        delimited(out, value, &column.ty, 1, delimiters)?;
    }
    out.push(b'\n');
    Ok(())
}

fn separator(delimiters: &Delimiters, depth: usize) -> Result<u8> {
    delimiters.separator(depth).ok_or_else(|| {
        TrinoError::in_data(
            Code::NotSupported,
            format!(
                "Text files nest values {} deep at the most",
                Delimiters::LEVELS
            ),
        )
    })
}

/// A value as LazySimpleSerDe writes it; parts of nested values are separated by deeper delimiters.
fn delimited(
    out: &mut Vec<u8>,
    value: &Value,
    ty: &Type,
    depth: usize,
    delimiters: &Delimiters,
) -> Result<()> {
    match (value, ty) {
        (Value::Null, _) => out.extend_from_slice(delimiters.null.as_bytes()),
        (Value::List(items), Type::Array(item)) => {
            let parts = items.iter().map(|value| (value, item.as_ref()));
            separated(out, parts, depth, delimiters)?;
        }
        (Value::List(items), Type::Row(fields)) => {
            let parts = items.iter().zip(fields.iter().map(|(_, ty)| ty));
            separated(out, parts, depth, delimiters)?;
        }
        (Value::Map(entries), Type::Map(key, item)) => {
            for (at, (name, value)) in entries.iter().enumerate() {
                if at > 0 {
                    out.push(separator(delimiters, depth)?);
                }
                delimited(out, name, key, depth + 2, delimiters)?;
                out.push(separator(delimiters, depth + 1)?);
                delimited(out, value, item, depth + 2, delimiters)?;
            }
        }
        (Value::Bytes(bytes), _) => out.extend_from_slice(STANDARD.encode(bytes).as_bytes()),
        (value, ty) => delimiters.escaped(out, &text(value, ty)),
    }
    Ok(())
}

fn separated<'v>(
    out: &mut Vec<u8>,
    parts: impl Iterator<Item = (&'v Value, &'v Type)>,
    depth: usize,
    delimiters: &Delimiters,
) -> Result<()> {
    for (at, (part, ty)) in parts.enumerate() {
        if at > 0 {
            out.push(separator(delimiters, depth)?);
        }
        delimited(out, part, ty, depth + 1, delimiters)?;
    }
    Ok(())
}
