//! Database operations.

use std::collections::BTreeMap;

use super::{Catalog, DatabaseEntry, fold, own_catalog};
use crate::base::{Call, limits};
use crate::glue::api::{
    CreateDatabaseRequest, CreateDatabaseResponse, DataLakePrincipal, Database, DatabaseInput,
    DeleteDatabaseRequest, DeleteDatabaseResponse, GetDatabaseRequest, GetDatabaseResponse,
    GetDatabasesRequest, GetDatabasesResponse, PrincipalPermissions, UpdateDatabaseRequest,
    UpdateDatabaseResponse,
};
use crate::glue::error::{Error, Result};
use crate::glue::page;

impl Catalog {
    /// CreateDatabase, but for its tags, which [`crate::glue::Glue`] keeps.
    pub fn create_database(
        &mut self,
        call: &Call,
        request: CreateDatabaseRequest,
    ) -> Result<CreateDatabaseResponse> {
        own_catalog(call, request.catalog_id.as_ref())?;
        let database = database(call, request.database_input)?;
        if self.databases.contains_key(&database.name) {
            return Err(Error::AlreadyExists("Database already exists.".to_owned()));
        }
        self.databases.insert(
            database.name.clone(),
            DatabaseEntry {
                database,
                tables: BTreeMap::new(),
                functions: BTreeMap::new(),
            },
        );
        Ok(CreateDatabaseResponse {})
    }

    /// GetDatabase.
    pub fn get_database(
        &self,
        call: &Call,
        request: &GetDatabaseRequest,
    ) -> Result<GetDatabaseResponse> {
        own_catalog(call, request.catalog_id.as_ref())?;
        let entry = self.database_entry(&request.name)?;
        Ok(GetDatabaseResponse {
            database: Some(entry.database.clone()),
        })
    }

    /// GetDatabases. Nothing is shared with this account, so `FOREIGN` and `FEDERATED` are empty.
    pub fn get_databases(
        &self,
        call: &Call,
        request: &GetDatabasesRequest,
    ) -> Result<GetDatabasesResponse> {
        own_catalog(call, request.catalog_id.as_ref())?;
        if matches!(
            request.resource_share_type.as_deref(),
            Some("FOREIGN" | "FEDERATED")
        ) {
            return Ok(GetDatabasesResponse::default());
        }
        let names_only = request
            .attributes_to_get
            .as_ref()
            .is_some_and(|wanted| !wanted.is_empty() && wanted.iter().all(|a| a == "NAME"));
        let items = self.databases.iter().map(|(name, entry)| {
            let database = if names_only {
                Database {
                    name: name.clone(),
                    ..Database::default()
                }
            } else {
                entry.database.clone()
            };
            (name.clone(), database)
        });
        let size = page::size(request.max_results, limits::glue::CATALOG_PAGE_MAX);
        let (database_list, next_token) =
            page::page("GetDatabases", items, request.next_token.as_deref(), size)?;
        Ok(GetDatabasesResponse {
            database_list,
            next_token,
        })
    }

    /// UpdateDatabase: replaces everything but the name and the time of creation.
    pub fn update_database(
        &mut self,
        call: &Call,
        request: UpdateDatabaseRequest,
    ) -> Result<UpdateDatabaseResponse> {
        own_catalog(call, request.catalog_id.as_ref())?;
        let entry = self.database_entry_mut(&request.name)?;
        let update = database(call, request.database_input)?;
        if update.name != entry.database.name {
            return Err(Error::InvalidInput(
                "The name of a database cannot be changed.".to_owned(),
            ));
        }
        entry.database = Database {
            create_time: entry.database.create_time,
            ..update
        };
        Ok(UpdateDatabaseResponse {})
    }

    /// DeleteDatabase, with its tables and their partitions, at once.
    pub fn delete_database(
        &mut self,
        call: &Call,
        request: &DeleteDatabaseRequest,
    ) -> Result<DeleteDatabaseResponse> {
        own_catalog(call, request.catalog_id.as_ref())?;
        self.database_entry(&request.name)?;
        self.databases.remove(&fold(&request.name));
        Ok(DeleteDatabaseResponse {})
    }
}

fn database(call: &Call, input: DatabaseInput) -> Result<Database> {
    Error::refuse(
        input.target_database.is_some(),
        "DatabaseInput.TargetDatabase (resource links)",
    )?;
    Error::refuse(
        input.federated_database.is_some(),
        "DatabaseInput.FederatedDatabase",
    )?;
    // What Lake Formation grants when nobody said otherwise; Terraform compares it.
    let everyone = || PrincipalPermissions {
        principal: Some(DataLakePrincipal {
            data_lake_principal_identifier: Some("IAM_ALLOWED_PRINCIPALS".to_owned()),
        }),
        permissions: Some(vec!["ALL".to_owned()]),
    };
    Ok(Database {
        name: fold(&input.name),
        description: input.description,
        location_uri: input.location_uri,
        parameters: input.parameters,
        create_time: Some(call.now),
        create_table_default_permissions: Some(
            input
                .create_table_default_permissions
                .unwrap_or_else(|| vec![everyone()]),
        ),
        target_database: None,
        catalog_id: Some(call.account.as_str().to_owned()),
        federated_database: None,
    })
}
