//! SearchTables: tables of all databases by text and properties.

use super::{Catalog, own_catalog};
use crate::base::{Call, Timestamp, limits};
use crate::glue::api::{PropertyPredicate, SearchTablesRequest, SearchTablesResponse, Table};
use crate::glue::error::{Error, Result};
use crate::glue::page;

impl Catalog {
    /// SearchTables. `SearchText` is found in names, descriptions, owners, column names and
    /// comments, parameters; in double quotes it must be a whole one of these. Filters must all
    /// hold. `IncludeStatusDetails` changes nothing here.
    pub fn search_tables(
        &self,
        call: &Call,
        request: &SearchTablesRequest,
    ) -> Result<SearchTablesResponse> {
        own_catalog(call, request.catalog_id.as_ref())?;
        if matches!(
            request.resource_share_type.as_deref(),
            Some("FOREIGN" | "FEDERATED")
        ) {
            return Ok(SearchTablesResponse {
                next_token: None,
                table_list: Some(Vec::new()),
            });
        }
        let filters = request.filters.as_deref().unwrap_or_default();
        let filters: Vec<Filter<'_>> = filters.iter().map(Filter::new).collect::<Result<_>>()?;
        let text = request
            .search_text
            .as_deref()
            .unwrap_or_default()
            .trim()
            .to_lowercase();
        let mut found: Vec<&Table> = self
            .databases
            .values()
            .flat_map(|database| database.tables.values().map(|entry| &entry.table))
            .filter(|table| mentions(table, &text))
            .filter(|table| filters.iter().all(|filter| filter.holds(table)))
            .collect();
        let sort = request.sort_criteria.as_deref().unwrap_or_default().first();
        if let Some(field) = sort.and_then(|sort| sort.field_name.as_deref()) {
            found.sort_by_key(|table| property(table, field).map(|p| p.to_lowercase()));
        }
        if sort.and_then(|sort| sort.sort.as_deref()) == Some("DESC") {
            found.reverse();
        }
        // Any order can be asked for, so pages count positions in it.
        let items = found.into_iter().enumerate();
        let size = page::size(request.max_results, limits::glue::PAGE_MAX);
        let token = request.next_token.as_deref();
        let (tables, next_token) = page::page("SearchTables", items, token, size)?;
        Ok(SearchTablesResponse {
            next_token,
            table_list: Some(tables.into_iter().cloned().collect()),
        })
    }
}

/// A filter that can be applied: times compare, everything else equals.
enum Filter<'a> {
    Time(&'a str, &'a str, Timestamp),
    Equals(&'a str, &'a str),
}

impl<'a> Filter<'a> {
    fn new(filter: &'a PropertyPredicate) -> Result<Self> {
        let key = filter.key.as_deref().unwrap_or_default();
        let value = filter.value.as_deref().unwrap_or_default();
        let comparator = filter.comparator.as_deref().unwrap_or("EQUALS");
        let invalid = || Error::InvalidInput(format!("Invalid filter: {key} {comparator} {value}"));
        match key {
            "" => Err(invalid()),
            "CreateTime" | "UpdateTime" | "LastAccessTime" => {
                // Epoch seconds or an RFC 3339 instant.
                let time = match value.parse::<i64>() {
                    Ok(secs) => Some(Timestamp::from_secs(secs)),
                    Err(_) => Timestamp::parse(value),
                };
                Ok(Self::Time(key, comparator, time.ok_or_else(invalid)?))
            }
            _ if comparator == "EQUALS" => Ok(Self::Equals(key, value)),
            _ => Err(invalid()),
        }
    }

    fn holds(&self, table: &Table) -> bool {
        match self {
            Self::Equals(key, value) => {
                property(table, key).is_some_and(|found| found.eq_ignore_ascii_case(value))
            }
            Self::Time(key, comparator, time) => {
                let found = match *key {
                    "CreateTime" => table.create_time,
                    "UpdateTime" => table.update_time,
                    _ => table.last_access_time,
                };
                found.is_some_and(|found| match *comparator {
                    "GREATER_THAN" => found > *time,
                    "LESS_THAN" => found < *time,
                    "GREATER_THAN_EQUALS" => found >= *time,
                    "LESS_THAN_EQUALS" => found <= *time,
                    _ => found.secs() == time.secs(),
                })
            }
        }
    }
}

/// A table's property by the name a filter gives it; other names are keys of its parameters.
fn property(table: &Table, key: &str) -> Option<String> {
    match key.to_ascii_lowercase().as_str() {
        "name" => Some(table.name.clone()),
        "databasename" => table.database_name.clone(),
        "description" => table.description.clone(),
        "owner" => table.owner.clone(),
        "createdby" => table.created_by.clone(),
        "tabletype" => table.table_type.clone(),
        "location" => table.storage_descriptor.as_ref()?.location.clone(),
        "createtime" => Some(format!("{:020}", table.create_time?.micros())),
        "updatetime" => Some(format!("{:020}", table.update_time?.micros())),
        _ => table.parameters.as_ref()?.get(key).cloned(),
    }
}

fn mentions(table: &Table, text: &str) -> bool {
    if text.is_empty() {
        return true;
    }
    let exact = text
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'));
    let columns = table
        .storage_descriptor
        .as_ref()
        .and_then(|sd| sd.columns.as_ref());
    let columns = columns.into_iter().chain(&table.partition_keys).flatten();
    let mut texts = [
        Some(table.name.as_str()),
        table.database_name.as_deref(),
        table.description.as_deref(),
        table.owner.as_deref(),
    ]
    .into_iter()
    .flatten()
    .chain(columns.flat_map(|c| {
        [Some(c.name.as_str()), c.comment.as_deref()]
            .into_iter()
            .flatten()
    }))
    .chain(
        table
            .parameters
            .iter()
            .flatten()
            .flat_map(|(key, value)| [key.as_str(), value.as_str()]),
    );
    texts.any(|found| {
        let found = found.to_lowercase();
        exact.map_or_else(|| found.contains(text), |exact| found == exact)
    })
}
