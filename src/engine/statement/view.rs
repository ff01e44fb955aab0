//! Views: made, dropped, and read from what the catalog keeps of them.
//!
//! A view is a table of type `VIRTUAL_VIEW` whose `ViewOriginalText` is `/* Presto View: … */` around a
//! JSON document in Base64. Its columns stand there in Trino's types, and in the table in Hive's.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::columns::{check_columns, hive_type};
use super::{Result, Running, StatementDone, metastore};
use crate::engine::error::Error;
use crate::engine::query::CATALOG;
use crate::engine::table::is_view;
use crate::engine::trino::ast::{CreateView, Name, Pos};
use crate::engine::trino::{Code, StoredView, TrinoError, formatted};
use crate::glue::api::{Column, SerDeInfo, StorageDescriptor, Table, TableInput};

const BEFORE: &str = "/* Presto View: ";
const AFTER: &str = " */";
/// `ViewExpandedText` of every view.
const EXPANDED: &str = "/* Presto View */";

/// The document. Readers know only these members; others that newer engines write are passed over.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    original_sql: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    catalog: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    schema: Option<String>,
    columns: Vec<DocumentColumn>,
}

#[derive(Deserialize, Serialize)]
struct DocumentColumn {
    name: String,
    #[serde(rename = "type")]
    of: String,
}

/// The view that an entry of the catalog is; `None` for a table.
///
/// # Errors
/// A view of another engine is not supported; a document that cannot be read is the catalog's fault.
pub fn stored_view(table: &Table) -> Result<Option<StoredView>, Error> {
    if !is_view(table) {
        return Ok(None);
    }
    let text = table.view_original_text.as_deref().unwrap_or_default();
    let Some(encoded) = text
        .trim()
        .strip_prefix(BEFORE)
        .and_then(|rest| rest.strip_suffix(AFTER))
    else {
        return Err(Error::Unsupported(format!(
            "`{}` is a view of another engine: its text is not one of Athena's; such views are not executed by windfarm",
            table.name
        )));
    };
    let broken =
        |why: String| Error::Metastore(format!("the view `{}` cannot be read: {why}", table.name));
    let document = STANDARD
        .decode(encoded.trim())
        .map_err(|error| broken(error.to_string()))?;
    let document: Document =
        serde_json::from_slice(&document).map_err(|error| broken(error.to_string()))?;
    Ok(Some(StoredView {
        sql: document.original_sql,
        catalog: document.catalog,
        schema: document.schema,
        columns: document
            .columns
            .into_iter()
            .map(|column| (column.name, column.of))
            .collect(),
    }))
}

fn encoded(view: StoredView) -> Result<String> {
    let document = Document {
        original_sql: view.sql,
        catalog: view.catalog,
        schema: view.schema,
        columns: view
            .columns
            .into_iter()
            .map(|(name, of)| DocumentColumn { name, of })
            .collect(),
    };
    let json = serde_json::to_vec(&document).map_err(metastore)?;
    Ok(format!("{BEFORE}{}{AFTER}", STANDARD.encode(json)))
}

impl Running<'_> {
    pub(super) fn create_view(&self, view: &CreateView) -> Result<StatementDone> {
        for (present, clause) in [
            (view.comment.is_some(), "CREATE VIEW … COMMENT"),
            (view.security.is_some(), "CREATE VIEW … SECURITY"),
        ] {
            if present {
                return Err(TrinoError::unsupported(view.pos, clause));
            }
        }
        let (database, name) = self.locate(&view.name, view.pos)?;
        let replacing = view.replace.then(|| (database.clone(), name.clone()));
        let plan = self.plan(&view.query, replacing)?;
        check_columns(&plan, view.pos)?;
        self.check_database(&database, view.pos)?;
        let present = self.catalog().table(&database, &name);
        if let Some(present) = &present {
            let kind = match is_view(present) {
                true if view.replace => None,
                true => Some("View"),
                false => Some("Table"),
            };
            if let Some(kind) = kind {
                return Err(TrinoError::at(
                    view.pos,
                    Code::TableAlreadyExists,
                    format!("{kind} already exists: '{CATALOG}.{database}.{name}'"),
                ));
            }
        }
        let columns = plan
            .columns
            .iter()
            .map(|column| {
                Ok(Column {
                    name: column.name.to_lowercase(),
                    r#type: Some(hive_type(&column.ty)?.to_string()),
                    ..Column::default()
                })
            })
            .collect::<Result<Vec<_>>>()?;
        let text = encoded(StoredView {
            sql: formatted(&view.query),
            catalog: Some(CATALOG.to_owned()),
            schema: self.run.query.database.as_ref().map(|d| d.to_lowercase()),
            columns: plan
                .columns
                .iter()
                .map(|column| (column.name.to_lowercase(), column.ty.to_string()))
                .collect(),
        })?;
        let input = TableInput {
            name,
            owner: Some("hadoop".to_owned()),
            table_type: Some("VIRTUAL_VIEW".to_owned()),
            partition_keys: Some(Vec::new()),
            parameters: Some(BTreeMap::from([
                ("comment".to_owned(), "Presto View".to_owned()),
                ("presto_view".to_owned(), "true".to_owned()),
            ])),
            view_original_text: Some(text),
            view_expanded_text: Some(EXPANDED.to_owned()),
            storage_descriptor: Some(StorageDescriptor {
                columns: Some(columns),
                location: Some(String::new()),
                compressed: Some(false),
                number_of_buckets: Some(0),
                serde_info: Some(SerDeInfo::default()),
                ..StorageDescriptor::default()
            }),
            ..TableInput::default()
        };
        let entered = if present.is_some() {
            self.catalog()
                .update_table(&self.run.call, &database, input)
        } else {
            self.catalog()
                .create_table(&self.run.call, &database, input)
        };
        entered.map_err(metastore)?;
        Ok(StatementDone::default())
    }

    pub(super) fn drop_view(
        &self,
        name: &Name,
        if_exists: bool,
        pos: Pos,
    ) -> Result<StatementDone> {
        let (database, view) = self.locate(name, pos)?;
        let missing = |why: &str| {
            TrinoError::at(
                pos,
                Code::TableNotFound,
                format!("View '{CATALOG}.{database}.{view}' does not exist{why}"),
            )
        };
        match self.catalog().table(&database, &view) {
            Some(found) if is_view(&found) => self
                .catalog()
                .delete_table(&self.run.call, &database, &view)
                .map_err(metastore)?,
            Some(_) => {
                let hint = format!(
                    ", but a table with that name exists. Did you mean DROP TABLE {database}.{view}?"
                );
                return Err(missing(&hint));
            }
            None if if_exists => {}
            None => return Err(missing("")),
        }
        Ok(StatementDone::default())
    }
}
