//! Named queries: texts kept in a work group.

use std::collections::{BTreeMap, HashMap};

use crate::athena::api::{
    BatchGetNamedQueryRequest, BatchGetNamedQueryResponse, CreateNamedQueryRequest,
    CreateNamedQueryResponse, DeleteNamedQueryRequest, DeleteNamedQueryResponse,
    GetNamedQueryRequest, GetNamedQueryResponse, ListNamedQueriesRequest, ListNamedQueriesResponse,
    NamedQuery, UnprocessedNamedQueryId, UpdateNamedQueryRequest, UpdateNamedQueryResponse,
};
use crate::athena::error::{Error, Result};
use crate::athena::work_groups::PRIMARY;
use crate::athena::{Athena, page};
use crate::base::limits;

/// The named queries of one account and region.
#[derive(Debug, Default)]
pub(crate) struct NamedQueries {
    by_id: BTreeMap<String, NamedQuery>,
    /// Client request token → what it created.
    tokens: HashMap<String, NamedQuery>,
}

impl NamedQueries {
    pub(crate) fn any_in(&self, work_group: &str) -> bool {
        self.by_id
            .values()
            .any(|query| query.work_group.as_deref() == Some(work_group))
    }

    pub(crate) fn forget_work_group(&mut self, work_group: &str) {
        let kept = |query: &NamedQuery| query.work_group.as_deref() != Some(work_group);
        self.by_id.retain(|_, query| kept(query));
        self.tokens.retain(|_, query| kept(query));
    }

    fn get(&self, id: &str) -> Result<&NamedQuery> {
        self.by_id.get(id).ok_or_else(|| missing(id))
    }
}

impl Athena {
    /// The work group of a named query.
    pub fn work_group_of_named_query(&self, id: &str) -> Option<String> {
        self.named_queries.by_id.get(id)?.work_group.clone()
    }

    /// CreateNamedQuery. An equal request with the same token names the query it made before.
    pub fn create_named_query(
        &mut self,
        request: CreateNamedQueryRequest,
    ) -> Result<CreateNamedQueryResponse> {
        check_text(&request.query_string)?;
        let work_group = request.work_group.unwrap_or_else(|| PRIMARY.to_owned());
        self.work_groups.get(&work_group)?;
        let mut query = NamedQuery {
            name: request.name,
            description: request.description,
            database: request.database,
            query_string: request.query_string,
            named_query_id: None,
            work_group: Some(work_group),
        };
        if let Some(made) = request
            .client_request_token
            .as_ref()
            .and_then(|token| self.named_queries.tokens.get(token))
        {
            query.named_query_id.clone_from(&made.named_query_id);
            if query != *made {
                return Err(Error::IdempotentParameterMismatch);
            }
            return Ok(CreateNamedQueryResponse {
                named_query_id: query.named_query_id,
            });
        }
        let id = self.ids.uuid();
        query.named_query_id = Some(id.clone());
        if let Some(token) = request.client_request_token {
            self.named_queries.tokens.insert(token, query.clone());
        }
        self.named_queries.by_id.insert(id.clone(), query);
        Ok(CreateNamedQueryResponse {
            named_query_id: Some(id),
        })
    }

    /// GetNamedQuery.
    pub fn get_named_query(&self, request: &GetNamedQueryRequest) -> Result<GetNamedQueryResponse> {
        let query = self.named_queries.get(&request.named_query_id)?;
        Ok(GetNamedQueryResponse {
            named_query: Some(query.clone()),
        })
    }

    /// BatchGetNamedQuery: unknown ids are items, not an error.
    pub fn batch_get_named_query(
        &self,
        request: &BatchGetNamedQueryRequest,
    ) -> Result<BatchGetNamedQueryResponse> {
        let mut found = Vec::new();
        let mut unprocessed = Vec::new();
        for id in &request.named_query_ids {
            match self.named_queries.get(id) {
                Ok(query) => found.push(query.clone()),
                Err(error) => unprocessed.push(UnprocessedNamedQueryId {
                    named_query_id: Some(id.clone()),
                    error_code: error.athena_error_code().map(str::to_owned),
                    error_message: Some(error.to_string()),
                }),
            }
        }
        Ok(BatchGetNamedQueryResponse {
            named_queries: Some(found),
            unprocessed_named_query_ids: Some(unprocessed),
        })
    }

    /// ListNamedQueries: one work group's, in the order of their ids.
    pub fn list_named_queries(
        &self,
        request: &ListNamedQueriesRequest,
    ) -> Result<ListNamedQueriesResponse> {
        let name = request.work_group.as_deref().unwrap_or(PRIMARY);
        self.work_groups.get(name)?;
        let items = self
            .named_queries
            .by_id
            .iter()
            .filter(|(_, query)| query.work_group.as_deref() == Some(name))
            .map(|(id, _)| (id.clone(), id.clone()));
        let size = page::size(request.max_results, limits::athena::LIST_PAGE_MAX);
        let scope = format!("ListNamedQueries {name}");
        let (ids, next_token) = page::page(&scope, items, request.next_token.as_deref(), size)?;
        Ok(ListNamedQueriesResponse {
            named_query_ids: Some(ids),
            next_token,
        })
    }

    /// UpdateNamedQuery. A description that is not given stays.
    pub fn update_named_query(
        &mut self,
        request: UpdateNamedQueryRequest,
    ) -> Result<UpdateNamedQueryResponse> {
        check_text(&request.query_string)?;
        let id = &request.named_query_id;
        let query = self
            .named_queries
            .by_id
            .get_mut(id)
            .ok_or_else(|| missing(id))?;
        query.name = request.name;
        query.query_string = request.query_string;
        if let Some(description) = request.description {
            query.description = Some(description);
        }
        Ok(UpdateNamedQueryResponse {})
    }

    /// DeleteNamedQuery.
    pub fn delete_named_query(
        &mut self,
        request: &DeleteNamedQueryRequest,
    ) -> Result<DeleteNamedQueryResponse> {
        let id = &request.named_query_id;
        self.named_queries
            .by_id
            .remove(id)
            .ok_or_else(|| missing(id))?;
        let made = |query: &NamedQuery| query.named_query_id.as_ref() == Some(id);
        self.named_queries.tokens.retain(|_, query| !made(query));
        Ok(DeleteNamedQueryResponse {})
    }
}

/// Refuses a text that is too long to be run.
pub(crate) fn check_text(sql: &str) -> Result<()> {
    if sql.len() > limits::athena::QUERY_MAX_BYTES {
        return Err(Error::invalid(format!(
            "queryString exceeds maximum allowed length {}",
            limits::athena::QUERY_MAX_BYTES
        )));
    }
    Ok(())
}

fn missing(id: &str) -> Error {
    Error::invalid(format!("NamedQuery {id} was not found"))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::base::{AccountId, Ids, Region, Seed};

    fn athena() -> Athena {
        let ids = Arc::new(Ids::seeded(Seed::new(7)));
        Athena::new(AccountId::default(), Region::default(), ids)
    }

    fn request(name: &str, token: Option<&str>) -> CreateNamedQueryRequest {
        CreateNamedQueryRequest {
            name: name.to_owned(),
            database: "wind".to_owned(),
            query_string: "SELECT 1".to_owned(),
            client_request_token: token.map(str::to_owned),
            ..CreateNamedQueryRequest::default()
        }
    }

    fn create(athena: &mut Athena, request: CreateNamedQueryRequest) -> Result<String> {
        let response = athena.create_named_query(request)?;
        Ok(response.named_query_id.unwrap())
    }

    fn get(athena: &Athena, id: &str) -> Result<NamedQuery> {
        let request = GetNamedQueryRequest {
            named_query_id: id.to_owned(),
        };
        Ok(athena.get_named_query(&request)?.named_query.unwrap())
    }

    #[test]
    fn a_named_query_lives_in_its_work_group_until_it_is_deleted() {
        let mut athena = athena();
        let id = create(&mut athena, request("q", None)).unwrap();
        let query = get(&athena, &id).unwrap();
        assert_eq!(query.work_group.as_deref(), Some("primary"));
        assert_eq!(
            (query.name.as_str(), query.database.as_str()),
            ("q", "wind")
        );
        let update = UpdateNamedQueryRequest {
            named_query_id: id.clone(),
            name: "renamed".to_owned(),
            description: None,
            query_string: "SELECT 2".to_owned(),
        };
        athena.update_named_query(update).unwrap();
        assert_eq!(get(&athena, &id).unwrap().query_string, "SELECT 2");
        let list = ListNamedQueriesRequest::default();
        let listed = athena.list_named_queries(&list).unwrap();
        assert_eq!(listed.named_query_ids, Some(vec![id.clone()]));
        let batch = BatchGetNamedQueryRequest {
            named_query_ids: vec![id.clone(), "absent".to_owned()],
        };
        let batch = athena.batch_get_named_query(&batch).unwrap();
        assert_eq!(batch.named_queries.unwrap()[0].name, "renamed");
        let unprocessed = batch.unprocessed_named_query_ids.unwrap();
        assert_eq!(unprocessed[0].named_query_id.as_deref(), Some("absent"));
        let delete = DeleteNamedQueryRequest {
            named_query_id: id.clone(),
        };
        athena.delete_named_query(&delete).unwrap();
        assert!(get(&athena, &id).is_err());
        assert!(athena.delete_named_query(&delete).is_err());
    }

    #[test]
    fn a_token_makes_one_query_and_no_other() {
        let mut athena = athena();
        let token = Some("a-token-of-thirty-two-characters");
        let id = create(&mut athena, request("q", token)).unwrap();
        assert_eq!(create(&mut athena, request("q", token)).unwrap(), id);
        assert_eq!(
            create(&mut athena, request("r", token)),
            Err(Error::IdempotentParameterMismatch)
        );
        assert_ne!(create(&mut athena, request("q", None)).unwrap(), id);
        let foreign = CreateNamedQueryRequest {
            work_group: Some("absent".to_owned()),
            ..request("q", None)
        };
        assert!(create(&mut athena, foreign).is_err());
    }
}
