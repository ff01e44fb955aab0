//! INSERT INTO: rows appended to a table of Hive's kind.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::columns::trino_type;
use super::create_table::partition_inputs;
use super::write::{Codec, FileFormat, Layout, publish, stage};
use super::{Result, Running, StatementDone, metastore};
use crate::engine::error::Error;
use crate::engine::table::compression::Compression;
use crate::engine::table::text::Delimiters;
use crate::engine::table::{TableColumn, address, check_kind, is_view, typed};
use crate::engine::trino::ast::Insert;
use crate::engine::trino::{Code, OutputColumn, TrinoError};
use crate::glue::api::Table;
use crate::glue::hive_layout;
use crate::store::S3Uri;

impl Running<'_> {
    pub(super) async fn insert(&self, insert: &Insert) -> Result<StatementDone> {
        let (database, name) = self.locate(&insert.table, insert.pos)?;
        let table = self.catalog().table(&database, &name).ok_or_else(|| {
            // Not Trino's words (measured).
            TrinoError::in_data(
                Code::TableNotFound,
                format!("Table {name} not found in database {database}"),
            )
        })?;
        if is_view(&table) {
            return Err(TrinoError::at(
                insert.pos,
                Code::NotSupported,
                "Inserting into views is not supported",
            ));
        }
        check_writable(&table)?;
        let descriptor = table.storage_descriptor.clone().unwrap_or_default();
        let format = format_of(&table)?;
        let engine = |error: Error| TrinoError::from(&error);
        let keys = table.partition_keys.clone().unwrap_or_default();
        let keys = typed(&keys, true).map_err(engine)?;
        let mut columns =
            typed(descriptor.columns.as_deref().unwrap_or_default(), false).map_err(engine)?;
        columns.extend(keys.iter().cloned());
        let plan = self.plan(&insert.query, None)?;
        let sources = sources(insert, &columns)?;
        let given: Vec<_> = sources.iter().map(|at| columns.get(*at)).collect();
        let targets: Vec<_> = given.iter().flatten().map(|c| trino_type(&c.of)).collect();
        if !plan.fits(&targets) {
            let list =
                |types: &mut dyn Iterator<Item = String>| types.collect::<Vec<_>>().join(", ");
            return Err(TrinoError::at(
                insert.pos,
                Code::TypeMismatch,
                format!(
                    "Insert query has mismatched column types: Table: [{}], Query: [{}]",
                    list(&mut targets.iter().map(ToString::to_string)),
                    list(&mut plan.columns.iter().map(|c| c.ty.to_string())),
                ),
            ));
        }
        let as_stored = columns
            .iter()
            .enumerate()
            .map(|(at, column)| {
                let target = OutputColumn {
                    name: column.name.clone(),
                    ty: trino_type(&column.of),
                };
                (target, sources.iter().position(|source| *source == at))
            })
            .collect();
        let plan = plan.into_columns(as_stored)?;
        let location = descriptor.location.as_deref().unwrap_or_default();
        let layout = Layout {
            folder: address(&name, location).map_err(engine)?,
            format,
            keys: keys.len(),
            buckets: None,
            known: self.known_partitions(&database, &table)?,
        };
        let rows = self.rows(plan).await?;
        let (engine_id, ids) = (&self.run.engine_id, self.engine.ids());
        let staged = stage(rows, &layout, engine_id, ids).await?;
        let done = StatementDone {
            update_count: i64::try_from(staged.rows).ok(),
            written: staged.files.iter().map(|(at, _)| at.clone()).collect(),
            ..StatementDone::default()
        };
        let partitions = partition_inputs(&descriptor, staged.partitions);
        let (catalog, call) = (Arc::clone(self.session.catalog()), self.run.call.clone());
        let enter = move || {
            if partitions.is_empty() {
                return Ok(());
            }
            let added = catalog.add_partitions(&call, &database, &name, partitions);
            added.map(drop).map_err(metastore)
        };
        publish(Arc::clone(self.engine.objects()), staged.files, enter).await?;
        Ok(done)
    }

    /// Folders of the table's partitions by their values.
    fn known_partitions(
        &self,
        database: &str,
        table: &Table,
    ) -> Result<BTreeMap<Vec<String>, S3Uri>> {
        if table.partition_keys.as_ref().is_none_or(Vec::is_empty) {
            return Ok(BTreeMap::new());
        }
        let found = self
            .catalog()
            .partitions(database, &table.name, None)
            .map_err(metastore)?;
        found
            .into_iter()
            .map(|partition| {
                let descriptor = partition.storage_descriptor.unwrap_or_default();
                let location = descriptor.location.unwrap_or_default();
                let at = address(&table.name, &location);
                let at = at.map_err(|error| TrinoError::from(&error))?;
                Ok((partition.values.unwrap_or_default(), at))
            })
            .collect()
    }
}

/// Refuses tables that Athena does not insert into, and those that windfarm does not.
fn check_writable(table: &Table) -> Result<()> {
    check_kind(table).map_err(|error| TrinoError::from(&error))?;
    let parameter = |key: &str| table.parameters.as_ref().and_then(|all| all.get(key));
    let refused = |what: &str| {
        Err(TrinoError::in_data(
            Code::NotSupported,
            format!(
                "Inserting into {what} is not supported by windfarm: {}",
                table.name
            ),
        ))
    };
    let descriptor = table.storage_descriptor.as_ref();
    if descriptor
        .and_then(|d| d.number_of_buckets)
        .is_some_and(|buckets| buckets > 0)
    {
        // "INSERT INTO is not supported on bucketed tables", Athena guide.
        return Err(TrinoError::in_data(
            Code::NotSupported,
            format!(
                "INSERT INTO is not supported on bucketed tables: {}",
                table.name
            ),
        ));
    }
    if parameter("storage.location.template").is_some() {
        return refused("a table whose partitions lie by storage.location.template");
    }
    if parameter("skip.header.line.count").is_some_and(|count| count.trim() != "0") {
        return refused("a table that skips header lines");
    }
    Ok(())
}

/// The format in which files are added to a table.
fn format_of(table: &Table) -> Result<FileFormat> {
    let descriptor = table.storage_descriptor.clone().unwrap_or_default();
    let serde = descriptor.serde_info.unwrap_or_default();
    let none = BTreeMap::new();
    let parameters = table.parameters.as_ref().unwrap_or(&none);
    let codec = |own: &str| {
        let found = parameters
            .get(own)
            .or_else(|| parameters.get("write.compression"));
        found.map_or_else(|| "GZIP".to_owned(), |name| name.to_ascii_uppercase())
    };
    let unknown = |codec: String| {
        TrinoError::in_data(
            Code::NotSupported,
            format!("Writing files compressed by {codec} is not supported by windfarm"),
        )
    };
    let library = serde.serialization_library.as_deref().unwrap_or_default();
    match library {
        hive_layout::PARQUET_SERDE => {
            let codec = codec("parquet.compression");
            let parsed = Codec::parse(&codec, None).map(FileFormat::Parquet);
            parsed.ok_or_else(|| unknown(codec))
        }
        hive_layout::HIVE_JSON_SERDE => {
            let codec = codec("write.compression");
            let parsed = Compression::parse(&codec, None).map(FileFormat::Json);
            parsed.ok_or_else(|| unknown(codec))
        }
        hive_layout::LAZY_SIMPLE_SERDE => {
            let codec = codec("write.compression");
            let delimiters = Delimiters::of(serde.parameters.as_ref().unwrap_or(&none))
                .map_err(|error| TrinoError::from(&error))?;
            let compression = Compression::parse(&codec, None).ok_or_else(|| unknown(codec))?;
            Ok(FileFormat::Text(delimiters, compression))
        }
        // Trino's words for a SerDe that is read but not written.
        other => Err(TrinoError::in_data(
            Code::HiveUnsupportedFormat,
            format!(
                "Output format {} with SerDe {other} is not supported",
                descriptor.output_format.as_deref().unwrap_or("null")
            ),
        )),
    }
}

/// Places of the columns that the statement gives, in its order.
fn sources(insert: &Insert, columns: &[TableColumn]) -> Result<Vec<usize>> {
    if insert.columns.is_empty() {
        return Ok((0..columns.len()).collect());
    }
    let mut places = Vec::new();
    for name in &insert.columns {
        let key = name.key();
        let Some(at) = columns.iter().position(|column| column.name == key) else {
            return Err(TrinoError::at(
                insert.pos,
                Code::ColumnNotFound,
                format!("Insert column name does not exist in target table: {key}"),
            ));
        };
        if places.contains(&at) {
            return Err(TrinoError::at(
                insert.pos,
                Code::DuplicateColumnName,
                format!("Insert column name is specified more than once: {key}"),
            ));
        }
        places.push(at);
    }
    Ok(places)
}
