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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::base::{AccountId, Ids, Region, Seed, ServiceError, Timestamp};

    /// A catalog with the database `wind` and the tables `raw_0`, `raw_1`, …, and one more.
    struct Wind;

    impl Metadata for Wind {
        fn databases(&self) -> Vec<DatabaseFacts> {
            let named = |name: &str| DatabaseFacts {
                name: name.to_owned(),
                ..DatabaseFacts::default()
            };
            vec![named("wind"), named("default")]
        }

        fn database(&self, name: &str) -> Option<DatabaseFacts> {
            self.databases()
                .into_iter()
                .find(|database| database.name == name)
        }

        fn tables(&self, database: &str) -> Option<Vec<TableFacts>> {
            self.database(database)?;
            let names = (0..60)
                .map(|n| format!("raw_{n}"))
                .chain(["daily".to_owned()]);
            Some(
                names
                    .map(|name| TableFacts {
                        name,
                        ..TableFacts::default()
                    })
                    .collect(),
            )
        }

        fn table(&self, database: &str, name: &str) -> Option<TableFacts> {
            let column = |name: &str, of: &str| ColumnFacts {
                name: name.to_owned(),
                hive_type: Some(of.to_owned()),
                comment: None,
            };
            let found = self
                .tables(database)?
                .into_iter()
                .find(|table| table.name == name)?;
            Some(TableFacts {
                create_time: Some(Timestamp::from_secs(5)),
                table_type: Some("EXTERNAL_TABLE".to_owned()),
                columns: vec![column("site", "string")],
                partition_keys: vec![column("day", "date")],
                parameters: [("EXTERNAL".to_owned(), "TRUE".to_owned())].into(),
                location: Some("s3://lake/raw/".to_owned()),
                input_format: Some("org.apache.hadoop.mapred.TextInputFormat".to_owned()),
                serde_library: Some("org.openx.data.jsonserde.JsonSerDe".to_owned()),
                serde_parameters: [("paths".to_owned(), "site".to_owned())].into(),
                ..found
            })
        }
    }

    fn athena() -> Athena {
        let ids = Arc::new(Ids::seeded(Seed::new(7)));
        Athena::new(AccountId::default(), Region::default(), ids)
    }

    fn tables(expression: Option<&str>) -> Result<Vec<String>> {
        let mut request = ListTableMetadataRequest {
            catalog_name: "awsdatacatalog".to_owned(),
            database_name: "wind".to_owned(),
            expression: expression.map(str::to_owned),
            ..ListTableMetadataRequest::default()
        };
        let mut names = Vec::new();
        loop {
            let response = athena().list_table_metadata(&Wind, &request)?;
            let tables = response.table_metadata_list.unwrap();
            assert!(tables.len() <= 50);
            names.extend(tables.into_iter().map(|table| table.name));
            match response.next_token {
                Some(token) => request.next_token = Some(token),
                None => return Ok(names),
            }
        }
    }

    #[test]
    fn a_table_shows_its_storage_among_its_parameters() {
        let request = GetTableMetadataRequest {
            catalog_name: "AwsDataCatalog".to_owned(),
            database_name: "wind".to_owned(),
            table_name: "raw_0".to_owned(),
            work_group: None,
        };
        let table = athena()
            .get_table_metadata(&Wind, &request)
            .unwrap()
            .table_metadata;
        assert_eq!(
            serde_json::to_value(table).unwrap(),
            serde_json::json!({"Name": "raw_0", "CreateTime": 5.0, "TableType": "EXTERNAL_TABLE",
                "Columns": [{"Name": "site", "Type": "string"}],
                "PartitionKeys": [{"Name": "day", "Type": "date"}],
                "Parameters": {"EXTERNAL": "TRUE", "location": "s3://lake/raw/",
                    "inputformat": "org.apache.hadoop.mapred.TextInputFormat",
                    "serde.serialization.lib": "org.openx.data.jsonserde.JsonSerDe",
                    "serde.param.paths": "site"}})
        );
    }

    #[test]
    fn tables_are_listed_by_name_and_filtered_as_a_whole() {
        let all = tables(None).unwrap();
        assert_eq!(all.len(), 61);
        assert_eq!((all[0].as_str(), all[1].as_str()), ("daily", "raw_0"));
        assert!(all.is_sorted());
        assert_eq!(tables(Some("raw_1|daily")).unwrap(), ["daily", "raw_1"]);
        assert_eq!(tables(Some("RAW_.")).unwrap().len(), 10);
        assert!(tables(Some("raw")).unwrap().is_empty());
        assert!(matches!(tables(Some("(")), Err(Error::InvalidInput(_))));
    }

    #[test]
    fn databases_are_listed_by_name() {
        let request = ListDatabasesRequest {
            catalog_name: "AwsDataCatalog".to_owned(),
            ..ListDatabasesRequest::default()
        };
        let response = athena().list_databases(&Wind, &request).unwrap();
        let names: Vec<String> = response
            .database_list
            .unwrap()
            .into_iter()
            .map(|database| database.name)
            .collect();
        assert_eq!(names, ["default", "wind"]);
    }

    #[test]
    fn what_the_catalog_does_not_have_is_a_metadata_exception() {
        let request = GetDatabaseRequest {
            catalog_name: "AwsDataCatalog".to_owned(),
            database_name: "absent".to_owned(),
            work_group: None,
        };
        let error = ServiceError::from(athena().get_database(&Wind, &request).unwrap_err());
        assert_eq!(error.code, "MetadataException");
        assert!(
            error
                .message
                .contains("Error Code: EntityNotFoundException"),
            "{error}"
        );
    }

    #[test]
    fn there_is_one_data_catalog() {
        let listed = athena()
            .list_data_catalogs(&ListDataCatalogsRequest::default())
            .unwrap();
        let reply = serde_json::to_value(listed).unwrap();
        assert_eq!(
            reply,
            serde_json::json!({"DataCatalogsSummary":
                [{"CatalogName": "AwsDataCatalog", "Type": "GLUE"}]})
        );
        let request = GetDataCatalogRequest {
            name: "hive".to_owned(),
            work_group: None,
        };
        assert!(athena().get_data_catalog(&request).is_err());
    }
}
