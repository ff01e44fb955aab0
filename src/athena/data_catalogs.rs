//! The data catalog `AwsDataCatalog`, and what stands in it.
//!
//! Other data catalogs (Lambda functions, Hive metastores, federated connections) do not exist here;
//! their operations are refused by name.

use std::collections::BTreeMap;

use regex::RegexBuilder;

use crate::athena::api::{
    Column, DataCatalog, DataCatalogSummary, Database, GetDataCatalogRequest,
    GetDataCatalogResponse, GetDatabaseRequest, GetDatabaseResponse, GetTableMetadataRequest,
    GetTableMetadataResponse, ListDataCatalogsRequest, ListDataCatalogsResponse,
    ListDatabasesRequest, ListDatabasesResponse, ListTableMetadataRequest,
    ListTableMetadataResponse, TableMetadata,
};
use crate::athena::error::{Error, Result};
use crate::athena::surroundings::{ColumnFacts, DatabaseFacts, Metadata, TableFacts};
use crate::athena::{Athena, page};
use crate::base::limits;

/// The catalog of Glue.
const AWS_DATA_CATALOG: &str = "AwsDataCatalog";

/// Whether a name means the catalog of Glue; case does not matter.
pub(crate) fn is_glue(name: &str) -> bool {
    name.eq_ignore_ascii_case(AWS_DATA_CATALOG)
}

impl Athena {
    /// ListDataCatalogs: the one there is.
    pub fn list_data_catalogs(
        &self,
        request: &ListDataCatalogsRequest,
    ) -> Result<ListDataCatalogsResponse> {
        self.check_work_group(request.work_group.as_deref())?;
        let summary = DataCatalogSummary {
            catalog_name: Some(AWS_DATA_CATALOG.to_owned()),
            r#type: Some("GLUE".to_owned()),
            ..DataCatalogSummary::default()
        };
        let items = std::iter::once((AWS_DATA_CATALOG.to_owned(), summary));
        let size = page::size(request.max_results, limits::athena::LIST_PAGE_MAX);
        let from = request.next_token.as_deref();
        let (summaries, next_token) = page::page("ListDataCatalogs", items, from, size)?;
        Ok(ListDataCatalogsResponse {
            data_catalogs_summary: Some(summaries),
            next_token,
        })
    }

    /// GetDataCatalog.
    pub fn get_data_catalog(
        &self,
        request: &GetDataCatalogRequest,
    ) -> Result<GetDataCatalogResponse> {
        self.check_work_group(request.work_group.as_deref())?;
        check_catalog(&request.name)?;
        let parameters = [("catalog-id".to_owned(), self.account.to_string())];
        Ok(GetDataCatalogResponse {
            data_catalog: Some(DataCatalog {
                name: AWS_DATA_CATALOG.to_owned(),
                r#type: "GLUE".to_owned(),
                parameters: Some(parameters.into()),
                ..DataCatalog::default()
            }),
        })
    }

    /// GetDatabase.
    pub fn get_database(
        &self,
        metadata: &dyn Metadata,
        request: &GetDatabaseRequest,
    ) -> Result<GetDatabaseResponse> {
        self.check_work_group(request.work_group.as_deref())?;
        check_catalog(&request.catalog_name)?;
        let database = metadata
            .database(&request.database_name)
            .ok_or_else(|| self.entity_not_found())?;
        Ok(GetDatabaseResponse {
            database: Some(shown_database(database)),
        })
    }

    /// ListDatabases, in the order of their names.
    pub fn list_databases(
        &self,
        metadata: &dyn Metadata,
        request: &ListDatabasesRequest,
    ) -> Result<ListDatabasesResponse> {
        self.check_work_group(request.work_group.as_deref())?;
        check_catalog(&request.catalog_name)?;
        let mut databases = metadata.databases();
        databases.sort_by(|a, b| a.name.cmp(&b.name));
        let items = databases
            .into_iter()
            .map(|database| (database.name.clone(), shown_database(database)));
        let size = page::size(request.max_results, limits::athena::LIST_PAGE_MAX);
        let from = request.next_token.as_deref();
        let (databases, next_token) = page::page("ListDatabases", items, from, size)?;
        Ok(ListDatabasesResponse {
            database_list: Some(databases),
            next_token,
        })
    }

    /// GetTableMetadata.
    pub fn get_table_metadata(
        &self,
        metadata: &dyn Metadata,
        request: &GetTableMetadataRequest,
    ) -> Result<GetTableMetadataResponse> {
        self.check_work_group(request.work_group.as_deref())?;
        check_catalog(&request.catalog_name)?;
        let table = metadata
            .table(&request.database_name, &request.table_name)
            .ok_or_else(|| self.entity_not_found())?;
        Ok(GetTableMetadataResponse {
            table_metadata: Some(shown_table(table)),
        })
    }

    /// ListTableMetadata, in the order of the names, of those that match the expression as a whole.
    pub fn list_table_metadata(
        &self,
        metadata: &dyn Metadata,
        request: &ListTableMetadataRequest,
    ) -> Result<ListTableMetadataResponse> {
        self.check_work_group(request.work_group.as_deref())?;
        check_catalog(&request.catalog_name)?;
        let expression = request
            .expression
            .as_deref()
            .filter(|text| !text.is_empty());
        let filter = match expression {
            // Names in the catalog are lower case.
            Some(text) => Some(
                RegexBuilder::new(&format!("^(?:{text})$"))
                    .case_insensitive(true)
                    .build()
                    .map_err(|_| Error::invalid(format!("Invalid expression: {text}")))?,
            ),
            None => None,
        };
        let mut tables = metadata
            .tables(&request.database_name)
            .ok_or_else(|| self.entity_not_found())?;
        tables.sort_by(|a, b| a.name.cmp(&b.name));
        let items = tables
            .into_iter()
            .filter(|table| {
                filter
                    .as_ref()
                    .is_none_or(|filter| filter.is_match(&table.name))
            })
            .map(|table| (table.name.clone(), shown_table(table)));
        let size = page::size(request.max_results, limits::athena::LIST_PAGE_MAX);
        let scope = format!("ListTableMetadata {}", request.database_name);
        let from = request.next_token.as_deref();
        let (tables, next_token) = page::page(&scope, items, from, size)?;
        Ok(ListTableMetadataResponse {
            table_metadata_list: Some(tables),
            next_token,
        })
    }

    fn check_work_group(&self, name: Option<&str>) -> Result<()> {
        name.map_or(Ok(()), |name| self.work_groups.get(name).map(drop))
    }

    /// Athena hands on what Glue says, its request id included.
    fn entity_not_found(&self) -> Error {
        Error::Metadata(format!(
            "Entity Not Found (Service: AmazonDataCatalog; Status Code: 400; Error Code: \
             EntityNotFoundException; Request ID: {}; Proxy: null)",
            self.ids.uuid()
        ))
    }
}

fn check_catalog(name: &str) -> Result<()> {
    if is_glue(name) {
        return Ok(());
    }
    Err(Error::invalid(format!("Catalog {name} was not found")))
}

fn shown_database(database: DatabaseFacts) -> Database {
    Database {
        name: database.name,
        description: database.description,
        parameters: (!database.parameters.is_empty()).then_some(database.parameters),
    }
}

/// A table as Athena shows it: where and how its files lie stands among its parameters.
fn shown_table(table: TableFacts) -> TableMetadata {
    let mut parameters: BTreeMap<String, String> = table.parameters;
    let storage = [
        ("location", table.location),
        ("inputformat", table.input_format),
        ("outputformat", table.output_format),
        ("serde.serialization.lib", table.serde_library),
    ];
    for (name, value) in storage {
        if let Some(value) = value {
            parameters.insert(name.to_owned(), value);
        }
    }
    for (name, value) in table.serde_parameters {
        parameters.insert(format!("serde.param.{name}"), value);
    }
    let columns = |columns: Vec<ColumnFacts>| Some(columns.into_iter().map(shown_column).collect());
    TableMetadata {
        name: table.name,
        create_time: table.create_time,
        last_access_time: table.last_access_time,
        table_type: table.table_type,
        columns: columns(table.columns),
        partition_keys: columns(table.partition_keys),
        parameters: Some(parameters),
    }
}

fn shown_column(column: ColumnFacts) -> Column {
    Column {
        name: column.name,
        r#type: column.hive_type,
        comment: column.comment,
    }
}
