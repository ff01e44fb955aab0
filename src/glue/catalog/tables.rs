//! Table operations.

use std::collections::BTreeMap;

use super::{Catalog, TableEntry, fold, fold_columns, fold_descriptor, missing_table, own_catalog};
use crate::base::{Call, limits};
use crate::glue::api::{
    BatchDeleteTableRequest, BatchDeleteTableResponse, CreateTableRequest, CreateTableResponse,
    DeleteTableRequest, DeleteTableResponse, ErrorDetail, GetTableRequest, GetTableResponse,
    GetTablesRequest, GetTablesResponse, Table, TableError, TableInput, UpdateTableRequest,
    UpdateTableResponse,
};
use crate::glue::error::{Error, Result};
use crate::glue::page;

impl Catalog {
    /// CreateTable. The first version is `"0"`.
    pub fn create_table(
        &mut self,
        call: &Call,
        request: CreateTableRequest,
    ) -> Result<CreateTableResponse> {
        own_catalog(call, request.catalog_id.as_ref())?;
        Error::refuse(
            request
                .partition_indexes
                .as_ref()
                .is_some_and(|list| !list.is_empty()),
            "CreateTable.PartitionIndexes",
        )?;
        Error::refuse(
            request.transaction_id.is_some(),
            "CreateTable.TransactionId",
        )?;
        Error::refuse(
            request.open_table_format_input.is_some(),
            "CreateTable.OpenTableFormatInput",
        )?;
        let input = table_input(request.name.as_deref(), request.table_input)?;
        let database = self.database_entry_mut(&request.database_name)?;
        let name = fold(&input.name);
        if database.tables.contains_key(&name) {
            return Err(Error::AlreadyExists("Table already exists.".to_owned()));
        }
        let table = table(call, &database.database.name, input)?;
        database.tables.insert(
            name,
            TableEntry {
                table,
                version: 0,
                archive: BTreeMap::new(),
                partitions: BTreeMap::new(),
                statistics: Default::default(),
            },
        );
        Ok(CreateTableResponse {})
    }

    /// GetTable. `AuditContext` and `IncludeStatusDetails` change nothing here.
    pub fn get_table(&self, call: &Call, request: &GetTableRequest) -> Result<GetTableResponse> {
        own_catalog(call, request.catalog_id.as_ref())?;
        Error::refuse(request.transaction_id.is_some(), "GetTable.TransactionId")?;
        Error::refuse(request.query_as_of_time.is_some(), "GetTable.QueryAsOfTime")?;
        Error::refuse(
            request.attributes_to_get.is_some(),
            "GetTable.AttributesToGet",
        )?;
        let entry = self.entry(&request.database_name, &request.name)?;
        Ok(GetTableResponse {
            table: Some(entry.table.clone()),
        })
    }

    /// GetTables. `Expression` is a regular expression over whole names.
    pub fn get_tables(&self, call: &Call, request: &GetTablesRequest) -> Result<GetTablesResponse> {
        own_catalog(call, request.catalog_id.as_ref())?;
        Error::refuse(request.transaction_id.is_some(), "GetTables.TransactionId")?;
        Error::refuse(
            request.query_as_of_time.is_some(),
            "GetTables.QueryAsOfTime",
        )?;
        let wanted = request.attributes_to_get.as_deref().unwrap_or_default();
        Error::refuse(
            wanted.iter().any(|a| a == "LATEST_ICEBERG_METADATA"),
            "GetTables.AttributesToGet LATEST_ICEBERG_METADATA",
        )?;
        let expression = request.expression.as_deref().filter(|e| !e.is_empty());
        let names = expression.map(super::name_pattern).transpose()?;
        let database = self.database_entry(&request.database_name)?;
        if matches!(
            request.resource_share_type.as_deref(),
            Some("FOREIGN" | "FEDERATED")
        ) {
            return Ok(GetTablesResponse {
                table_list: Some(Vec::new()),
                next_token: None,
            });
        }
        let items = database
            .tables
            .iter()
            .filter(|(name, _)| names.as_ref().is_none_or(|names| names.is_match(name)))
            .map(|(name, entry)| (name.clone(), &entry.table));
        let size = page::size(request.max_results, limits::glue::CATALOG_PAGE_MAX);
        let (tables, next_token) =
            page::page("GetTables", items, request.next_token.as_deref(), size)?;
        Ok(GetTablesResponse {
            table_list: Some(tables.into_iter().map(|t| attributes(t, wanted)).collect()),
            next_token,
        })
    }

    /// UpdateTable: replaces the whole definition. A `VersionId` is an optimistic lock.
    pub fn update_table(
        &mut self,
        call: &Call,
        request: UpdateTableRequest,
    ) -> Result<UpdateTableResponse> {
        own_catalog(call, request.catalog_id.as_ref())?;
        Error::refuse(
            request.transaction_id.is_some(),
            "UpdateTable.TransactionId",
        )?;
        Error::refuse(
            request.view_update_action.is_some(),
            "UpdateTable.ViewUpdateAction",
        )?;
        Error::refuse(request.force == Some(true), "UpdateTable.Force")?;
        Error::refuse(
            request.update_open_table_format_input.is_some(),
            "UpdateTable.UpdateOpenTableFormatInput",
        )?;
        let input = table_input(request.name.as_deref(), request.table_input)?;
        let database = self.database_entry_mut(&request.database_name)?;
        let database_name = database.database.name.clone();
        let entry = database
            .tables
            .get_mut(&fold(&input.name))
            .ok_or_else(|| missing_table(&input.name))?;
        if request.version_id.is_some() && request.version_id != entry.table.version_id {
            return Err(Error::ConcurrentModification(
                "Update table failed due to concurrent modifications.".to_owned(),
            ));
        }
        let version = entry.version + 1;
        let update = Table {
            create_time: entry.table.create_time,
            created_by: entry.table.created_by.clone(),
            version_id: Some(version.to_string()),
            ..table(call, &database_name, input)?
        };
        let old = std::mem::replace(&mut entry.table, update);
        if request.skip_archive != Some(true) {
            entry.archive.insert(entry.version, old);
        }
        entry.version = version;
        entry.statistics.keep_columns_of(&entry.table);
        Ok(UpdateTableResponse {})
    }

    /// DeleteTable, with its versions and partitions, at once.
    pub fn delete_table(
        &mut self,
        call: &Call,
        request: &DeleteTableRequest,
    ) -> Result<DeleteTableResponse> {
        own_catalog(call, request.catalog_id.as_ref())?;
        Error::refuse(
            request.transaction_id.is_some(),
            "DeleteTable.TransactionId",
        )?;
        self.remove_table(&request.database_name, &request.name)?;
        Ok(DeleteTableResponse {})
    }

    /// BatchDeleteTable: each missing table is an item in `Errors`.
    pub fn batch_delete_table(
        &mut self,
        call: &Call,
        request: &BatchDeleteTableRequest,
    ) -> Result<BatchDeleteTableResponse> {
        own_catalog(call, request.catalog_id.as_ref())?;
        Error::refuse(
            request.transaction_id.is_some(),
            "BatchDeleteTable.TransactionId",
        )?;
        self.database_entry(&request.database_name)?;
        let mut errors = Vec::new();
        for name in &request.tables_to_delete {
            if let Err(error) = self.remove_table(&request.database_name, name) {
                errors.push(TableError {
                    table_name: Some(name.clone()),
                    error_detail: Some(error.into()),
                });
            }
        }
        Ok(BatchDeleteTableResponse {
            errors: Some(errors),
        })
    }

    fn remove_table(&mut self, database: &str, name: &str) -> Result<()> {
        self.database_entry_mut(database)?
            .tables
            .remove(&fold(name))
            .map(drop)
            .ok_or_else(|| missing_table(name))
    }
}

impl From<Error> for ErrorDetail {
    fn from(error: Error) -> Self {
        Self {
            error_code: Some(error.code().to_owned()),
            error_message: Some(error.to_string()),
        }
    }
}

/// The table as GetTables shows it when only some attributes are asked for.
fn attributes(table: &Table, wanted: &[String]) -> Table {
    let asks = |attribute: &str| wanted.iter().any(|a| a == attribute);
    if wanted.is_empty() || asks("DEFAULT") {
        return table.clone();
    }
    Table {
        name: table.name.clone(),
        table_type: table.table_type.clone().filter(|_| asks("TABLE_TYPE")),
        ..Table::default()
    }
}

/// The input, which carries the name; a name beside it must be the same.
fn table_input(name: Option<&str>, input: Option<TableInput>) -> Result<TableInput> {
    let input = input.ok_or_else(|| Error::InvalidInput("TableInput is required.".to_owned()))?;
    if name.is_some_and(|name| fold(name) != fold(&input.name)) {
        return Err(Error::InvalidInput(
            "Name and TableInput.Name are different tables.".to_owned(),
        ));
    }
    Ok(input)
}

/// A first version of a table from what the client sent.
fn table(call: &Call, database: &str, mut input: TableInput) -> Result<Table> {
    Error::refuse(
        input.target_table.is_some(),
        "TableInput.TargetTable (resource links)",
    )?;
    Error::refuse(input.federated_table.is_some(), "TableInput.FederatedTable")?;
    Error::refuse(
        input.view_definition.is_some(),
        "TableInput.ViewDefinition (multi-dialect views)",
    )?;
    if input.name.is_empty() || input.name.contains('/') {
        return Err(Error::InvalidInput(format!(
            "Invalid table name: {}",
            input.name
        )));
    }
    fold_descriptor(input.storage_descriptor.as_mut());
    fold_columns(input.partition_keys.as_deref_mut().unwrap_or_default());
    let columns = input
        .storage_descriptor
        .as_ref()
        .and_then(|sd| sd.columns.as_deref());
    let mut names: Vec<&str> = columns
        .into_iter()
        .chain(input.partition_keys.as_deref())
        .flatten()
        .map(|column| column.name.as_str())
        .collect();
    names.sort_unstable();
    if let Some([twice, _]) = names.array_windows().find(|[a, b]| a == b) {
        return Err(Error::InvalidInput(format!(
            "Duplicate column name: {twice}"
        )));
    }
    Ok(Table {
        name: fold(&input.name),
        database_name: Some(database.to_owned()),
        description: input.description,
        owner: input.owner,
        create_time: Some(call.now),
        update_time: Some(call.now),
        last_access_time: input.last_access_time,
        last_analyzed_time: input.last_analyzed_time,
        retention: Some(input.retention.unwrap_or(0)),
        storage_descriptor: input.storage_descriptor,
        partition_keys: Some(input.partition_keys.unwrap_or_default()),
        view_original_text: input.view_original_text,
        view_expanded_text: input.view_expanded_text,
        table_type: input.table_type,
        parameters: input.parameters,
        created_by: Some(call.caller_arn.clone()),
        is_registered_with_lake_formation: Some(false),
        catalog_id: Some(call.account.as_str().to_owned()),
        version_id: Some("0".to_owned()),
        is_multi_dialect_view: Some(false),
        ..Table::default()
    })
}
