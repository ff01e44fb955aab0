//! `WITH (name = value, …)` of CREATE TABLE AS and UNLOAD.
//!
//! Names and defaults: "CREATE TABLE AS", "UNLOAD" and "Athena compression support", Athena guide.

use super::Result;
use super::write::{Codec, FileFormat};
use crate::engine::table::compression::Compression;
use crate::engine::table::text::Delimiters;
use crate::engine::trino::ast::{Expression, Node, Pos, Property};
use crate::engine::trino::{Code, TrinoError};

/// The properties that were not asked for yet.
pub(super) struct Properties<'a> {
    left: Vec<&'a Property>,
}

/// A property's value.
enum Constant {
    Text(String),
    Number(i64),
    Texts(Vec<String>),
    Flag(bool),
}

fn wrong(pos: Pos, message: impl Into<String>) -> TrinoError {
    TrinoError::at(pos, Code::InvalidTableProperty, message)
}

fn constant(expression: &Expression) -> Option<Constant> {
    Some(match &expression.kind {
        Node::Text(text) => Constant::Text(text.clone()),
        Node::Integer(digits) => Constant::Number(digits.parse().ok()?),
        Node::Boolean(flag) => Constant::Flag(*flag),
        Node::Array(items) => Constant::Texts(
            items
                .iter()
                .map(|item| match &item.kind {
                    Node::Text(text) => Some(text.clone()),
                    _ => None,
                })
                .collect::<Option<_>>()?,
        ),
        _ => return None,
    })
}

impl<'a> Properties<'a> {
    pub fn new(given: &'a [Property]) -> Result<Self> {
        let mut left: Vec<&Property> = Vec::new();
        for property in given {
            if left.iter().any(|other| other.name == property.name) {
                return Err(TrinoError::at(
                    property.name.pos,
                    Code::InvalidTableProperty,
                    format!("Duplicate property: {}", property.name.key()),
                ));
            }
            left.push(property);
        }
        Ok(Self { left })
    }

    fn take(&mut self, name: &str) -> Result<Option<(Pos, Constant)>> {
        let Some(at) = self.left.iter().position(|p| p.name.key() == name) else {
            return Ok(None);
        };
        let property = self.left.remove(at);
        let pos = property.value.pos;
        match constant(&property.value) {
            Some(value) => Ok(Some((pos, value))),
            None => Err(wrong(
                pos,
                format!(
                    "Invalid value for table property '{name}': {}",
                    property.value
                ),
            )),
        }
    }

    /// A text.
    pub fn text(&mut self, name: &str) -> Result<Option<(Pos, String)>> {
        match self.take(name)? {
            None => Ok(None),
            Some((pos, Constant::Text(text))) => Ok(Some((pos, text))),
            Some((pos, _)) => Err(wrong(
                pos,
                format!("Invalid value for table property '{name}': a varchar is expected"),
            )),
        }
    }

    /// A whole number.
    pub fn number(&mut self, name: &str) -> Result<Option<(Pos, i64)>> {
        match self.take(name)? {
            None => Ok(None),
            Some((pos, Constant::Number(number))) => Ok(Some((pos, number))),
            Some((pos, _)) => Err(wrong(
                pos,
                format!("Invalid value for table property '{name}': an integer is expected"),
            )),
        }
    }

    /// Names of columns, in lower case.
    pub fn names(&mut self, name: &str) -> Result<Option<(Pos, Vec<String>)>> {
        match self.take(name)? {
            None => Ok(None),
            Some((pos, Constant::Texts(texts))) => {
                let names = texts.iter().map(|text| text.to_lowercase());
                Ok(Some((pos, names.collect())))
            }
            Some((pos, _)) => Err(wrong(
                pos,
                format!(
                    "Invalid value for table property '{name}': an array of varchar is expected"
                ),
            )),
        }
    }

    /// Takes a flag that may have one value only.
    pub fn only(&mut self, name: &str, value: bool) -> Result<()> {
        match self.take(name)? {
            None => Ok(()),
            Some((_, Constant::Flag(flag))) if flag == value => Ok(()),
            Some((pos, _)) => Err(TrinoError::unsupported(
                pos,
                format!("The property '{name}' with another value than {value}"),
            )),
        }
    }

    /// Refuses by name what is left: `known` are properties that Athena has.
    pub fn finish(self, known: &[&str]) -> Result<()> {
        let Some(property) = self.left.first() else {
            return Ok(());
        };
        let name = property.name.key();
        if known.contains(&name.as_str()) {
            return Err(TrinoError::unsupported(
                property.name.pos,
                format!("The property '{name}'"),
            ));
        }
        Err(wrong(
            property.name.pos,
            format!("Catalog 'awsdatacatalog' table property '{name}' does not exist"),
        ))
    }

    /// The format of the files with its compression; `fields` separates the fields of text files that
    /// name no delimiter.
    pub fn format(&mut self, default: Option<&str>, fields: u8) -> Result<FileFormat> {
        let start = Pos { line: 1, column: 1 };
        let (pos, name) = match (self.text("format")?, default) {
            (Some((pos, name)), _) => (pos, name.to_ascii_uppercase()),
            (None, Some(default)) => (start, default.to_owned()),
            (None, None) => {
                return Err(wrong(start, "The property 'format' is required"));
            }
        };
        let mut codec = None;
        for alias in [
            "write_compression",
            "compression",
            "parquet_compression",
            "orc_compression",
        ] {
            if let Some((pos, text)) = self.text(alias)? {
                codec = Some((pos, text.to_ascii_uppercase()));
            }
        }
        let level = self.number("compression_level")?;
        let delimiter = self.text("field_delimiter")?;
        if let Some((pos, _)) = delimiter.as_ref().filter(|_| name != "TEXTFILE") {
            return Err(wrong(
                *pos,
                format!("Cannot specify field_delimiter table property for storage format: {name}"),
            ));
        }
        let (codec_pos, codec) = codec.unwrap_or((pos, "GZIP".to_owned()));
        let level = match level {
            None => None,
            Some((_, level)) if codec == "ZSTD" && (1..=22).contains(&level) => {
                i32::try_from(level).ok()
            }
            Some((pos, level)) => {
                return Err(wrong(
                    pos,
                    format!(
                        "Invalid compression_level {level} for {codec}: only ZSTD has levels, from 1 to 22"
                    ),
                ));
            }
        };
        let refused =
            || TrinoError::unsupported(codec_pos, format!("Compression {codec} of {name} files"));
        match name.as_str() {
            "PARQUET" => Codec::parse(&codec, level)
                .map(FileFormat::Parquet)
                .ok_or_else(refused),
            "JSON" => Compression::parse(&codec, level)
                .map(FileFormat::Json)
                .ok_or_else(refused),
            "TEXTFILE" => {
                let fields = match delimiter {
                    None => fields,
                    Some((pos, text)) => one_byte(&text)
                        .ok_or_else(|| wrong(pos, "field_delimiter must be a single character"))?,
                };
                Compression::parse(&codec, level)
                    .map(|compression| FileFormat::Text(Delimiters::fields(fields), compression))
                    .ok_or_else(refused)
            }
            "ORC" | "AVRO" | "ION" | "RCFILE" | "SEQUENCEFILE" => Err(TrinoError::unsupported(
                pos,
                format!("Writing {name} files"),
            )),
            _ => Err(wrong(pos, format!("Unknown storage format: {name}"))),
        }
    }
}

/// A delimiter: one character, or an octal number such as `\001`.
fn one_byte(text: &str) -> Option<u8> {
    if let Some(digits) = text.strip_prefix('\\')
        && digits.len() == 3
    {
        return u8::from_str_radix(digits, 8).ok();
    }
    match (text, text.as_bytes()) {
        ("\\t", _) => Some(b'\t'),
        (_, [byte]) if byte.is_ascii() => Some(*byte),
        _ => None,
    }
}
