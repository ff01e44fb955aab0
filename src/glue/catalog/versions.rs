//! Operations on the versions of a table.

use super::{Catalog, TableEntry, own_catalog};
use crate::base::{Call, limits};
use crate::glue::api::{
    BatchDeleteTableVersionRequest, BatchDeleteTableVersionResponse, DeleteTableVersionRequest,
    DeleteTableVersionResponse, GetTableVersionRequest, GetTableVersionResponse,
    GetTableVersionsRequest, GetTableVersionsResponse, Table, TableVersion, TableVersionError,
};
use crate::glue::error::{Error, Result};
use crate::glue::page;

impl TableEntry {
    /// All versions that are kept, newest first, the current one included.
    fn versions(&self) -> impl Iterator<Item = (u64, &Table)> {
        let older = self
            .archive
            .iter()
            .rev()
            .map(|(version, table)| (*version, table));
        std::iter::once((self.version, &self.table)).chain(older)
    }

    fn remove_version(&mut self, text: &str) -> Result<()> {
        let version = number(text)?;
        if version == self.version {
            return Err(Error::InvalidInput(
                "The current version of a table cannot be deleted.".to_owned(),
            ));
        }
        self.archive
            .remove(&version)
            .map(drop)
            .ok_or_else(|| missing_version(text))
    }
}

impl Catalog {
    /// GetTableVersion: the current one without a `VersionId`.
    pub fn get_table_version(
        &self,
        call: &Call,
        request: &GetTableVersionRequest,
    ) -> Result<GetTableVersionResponse> {
        own_catalog(call, request.catalog_id.as_ref())?;
        let version = request.version_id.as_deref();
        let (version, table) =
            self.table_version(&request.database_name, &request.table_name, version)?;
        Ok(GetTableVersionResponse {
            table_version: Some(table_version(version, table)),
        })
    }

    /// A version of a table, the current one when none is named, with its number.
    ///
    /// # Errors
    /// `EntityNotFound` for what is missing, `InvalidInput` for a version that is no number.
    pub fn table_version(
        &self,
        database: &str,
        name: &str,
        version: Option<&str>,
    ) -> Result<(u64, &Table)> {
        let entry = self.entry(database, name)?;
        let wanted = match version {
            Some(text) => number(text)?,
            None => entry.version,
        };
        let found = entry.versions().find(|(version, _)| *version == wanted);
        found.ok_or_else(|| missing_version(&wanted.to_string()))
    }

    /// GetTableVersions, newest first.
    pub fn get_table_versions(
        &self,
        call: &Call,
        request: &GetTableVersionsRequest,
    ) -> Result<GetTableVersionsResponse> {
        own_catalog(call, request.catalog_id.as_ref())?;
        let entry = self.entry(&request.database_name, &request.table_name)?;
        // Page keys ascend, versions descend.
        let items = entry
            .versions()
            .map(|(version, table)| (u64::MAX - version, (version, table)));
        let size = page::size(request.max_results, limits::glue::CATALOG_PAGE_MAX);
        let (versions, next_token) = page::page(
            "GetTableVersions",
            items,
            request.next_token.as_deref(),
            size,
        )?;
        Ok(GetTableVersionsResponse {
            table_versions: Some(
                versions
                    .into_iter()
                    .map(|(v, t)| table_version(v, t))
                    .collect(),
            ),
            next_token,
        })
    }

    /// DeleteTableVersion.
    pub fn delete_table_version(
        &mut self,
        call: &Call,
        request: &DeleteTableVersionRequest,
    ) -> Result<DeleteTableVersionResponse> {
        own_catalog(call, request.catalog_id.as_ref())?;
        self.entry_mut(&request.database_name, &request.table_name)?
            .remove_version(&request.version_id)?;
        Ok(DeleteTableVersionResponse {})
    }

    /// BatchDeleteTableVersion: each version that cannot go is an item in `Errors`.
    pub fn batch_delete_table_version(
        &mut self,
        call: &Call,
        request: &BatchDeleteTableVersionRequest,
    ) -> Result<BatchDeleteTableVersionResponse> {
        own_catalog(call, request.catalog_id.as_ref())?;
        let entry = self.entry_mut(&request.database_name, &request.table_name)?;
        let mut errors = Vec::new();
        for version in &request.version_ids {
            if let Err(error) = entry.remove_version(version) {
                errors.push(TableVersionError {
                    table_name: Some(request.table_name.clone()),
                    version_id: Some(version.clone()),
                    error_detail: Some(error.into()),
                });
            }
        }
        Ok(BatchDeleteTableVersionResponse {
            errors: Some(errors),
        })
    }
}

fn table_version(version: u64, table: &Table) -> TableVersion {
    TableVersion {
        table: Some(table.clone()),
        version_id: Some(version.to_string()),
    }
}

fn number(text: &str) -> Result<u64> {
    text.parse()
        .map_err(|_| Error::InvalidInput(format!("Invalid version id: {text}")))
}

fn missing_version(version: &str) -> Error {
    Error::EntityNotFound(format!("Version {version} not found."))
}
