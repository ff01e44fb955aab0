//! `CREATE EXTERNAL TABLE` and its clauses.

use super::ast::{CreateTable, Properties, RowFormat, Statement, StoredAs};
use super::error::{HiveError, Result};
use super::lexer::Kind;
use super::parser::Parser;
use crate::glue::api::Column;
use crate::glue::hive_type::HiveType;

/// The delimiters of `ROW FORMAT DELIMITED` and the properties of LazySimpleSerDe they become
/// (`colelction` is Hive's own spelling).
const DELIMITERS: [(&str, &str); 4] = [
    ("COLLECTION ITEMS TERMINATED BY", "colelction.delim"),
    ("MAP KEYS TERMINATED BY", "mapkey.delim"),
    ("LINES TERMINATED BY", "line.delim"),
    ("NULL DEFINED AS", "serialization.null.format"),
];

impl Parser {
    pub(super) fn create_table(&mut self) -> Result<Statement> {
        let external = self.words("EXTERNAL");
        self.expect("TABLE")?;
        let if_not_exists = self.words("IF NOT EXISTS");
        let name = self.table_name()?;
        let columns = self.list(Self::column)?;
        let mut table = CreateTable {
            external,
            if_not_exists,
            name,
            columns,
            comment: None,
            partitioned_by: Vec::new(),
            clustered_by: None,
            row_format: None,
            stored_as: None,
            location: None,
            properties: Vec::new(),
        };
        // Hive's grammar fixes the order of the clauses.
        if self.words("COMMENT") {
            table.comment = Some(self.text()?);
        }
        if self.words("PARTITIONED BY") {
            table.partitioned_by = self.list(Self::column)?;
        }
        if self.words("CLUSTERED BY") {
            let columns = self.list(Self::name)?;
            self.expect("INTO")?;
            let buckets = self.number()?;
            self.expect("BUCKETS")?;
            table.clustered_by = Some((columns, buckets));
        }
        if self.words("ROW FORMAT") {
            table.row_format = Some(self.row_format()?);
        }
        if self.words("STORED AS") {
            table.stored_as = Some(self.stored_as()?);
        }
        // Athena's documentation shows them behind STORED AS, too.
        if self.words("WITH SERDEPROPERTIES") {
            let more = self.properties()?;
            match &mut table.row_format {
                Some(RowFormat::SerDe { properties, .. } | RowFormat::Delimited(properties)) => {
                    properties.extend(more);
                }
                None => table.row_format = Some(RowFormat::Delimited(more)),
            }
        }
        if self.words("LOCATION") {
            table.location = Some(self.text()?);
        }
        if self.words("TBLPROPERTIES") {
            table.properties = self.properties()?;
        }
        Ok(Statement::CreateTable(Box::new(table)))
    }

    fn row_format(&mut self) -> Result<RowFormat> {
        if self.words("SERDE") {
            let library = self.text()?;
            let properties = self
                .words("WITH SERDEPROPERTIES")
                .then(|| self.properties())
                .transpose()?;
            return Ok(RowFormat::SerDe {
                library,
                properties: properties.unwrap_or_default(),
            });
        }
        self.expect("DELIMITED")?;
        let mut properties = Properties::new();
        if self.words("FIELDS TERMINATED BY") {
            let delimiter = self.text()?;
            properties.push(("field.delim".to_owned(), delimiter.clone()));
            properties.push(("serialization.format".to_owned(), delimiter));
            if self.words("ESCAPED BY") {
                properties.push(("escape.delim".to_owned(), self.text()?));
            }
        }
        for (words, property) in DELIMITERS {
            if self.words(words) {
                properties.push((property.to_owned(), self.text()?));
            }
        }
        Ok(RowFormat::Delimited(properties))
    }

    fn stored_as(&mut self) -> Result<StoredAs> {
        if self.words("INPUTFORMAT") {
            let input = self.text()?;
            self.expect("OUTPUTFORMAT")?;
            return Ok(StoredAs::Classes {
                input,
                output: self.text()?,
            });
        }
        Ok(StoredAs::Format(self.name()?.to_ascii_uppercase()))
    }

    /// `name type [COMMENT 'text']`.
    pub(super) fn column(&mut self) -> Result<Column> {
        let name = self.name()?;
        let kind = self.column_type()?;
        let comment = self.words("COMMENT").then(|| self.text()).transpose()?;
        Ok(Column {
            name,
            r#type: Some(kind),
            comment,
            ..Column::default()
        })
    }

    /// A type's text up to what ends it outside all brackets, as the catalog writes it.
    fn column_type(&mut self) -> Result<String> {
        let error = self.unexpected();
        let mut text = String::new();
        let mut depth = 0_u32;
        while let Some(token) = self.token(0) {
            let ends = depth == 0
                && (token.is_symbol(',') || token.is_symbol(')') || token.is_word("COMMENT"));
            if ends || token.kind == Kind::End {
                break;
            }
            if token.is_symbol('<') || token.is_symbol('(') {
                depth += 1;
            } else if token.is_symbol('>') || token.is_symbol(')') {
                depth = depth.saturating_sub(1);
            }
            let comment_inside = token.is_word("COMMENT");
            match &token.kind {
                Kind::Name(name) => text.push_str(name),
                _ => text.push_str(&token.text),
            }
            if comment_inside {
                return Err(HiveError::Unsupported(
                    "COMMENT inside a struct type".to_owned(),
                ));
            }
            self.advance();
        }
        match text.to_lowercase().parse::<HiveType>() {
            Ok(HiveType::Void) | Err(_) => Err(error),
            Ok(kind) => Ok(kind.to_string()),
        }
    }
}
