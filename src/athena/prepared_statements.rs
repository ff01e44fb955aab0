//! Prepared statements: texts with `?`, kept in a work group under a name.

use std::collections::BTreeMap;

use crate::athena::api::{
    BatchGetPreparedStatementRequest, BatchGetPreparedStatementResponse,
    CreatePreparedStatementRequest, CreatePreparedStatementResponse,
    DeletePreparedStatementRequest, DeletePreparedStatementResponse, GetPreparedStatementRequest,
    GetPreparedStatementResponse, ListPreparedStatementsRequest, ListPreparedStatementsResponse,
    PreparedStatement, PreparedStatementSummary, UnprocessedPreparedStatementName,
    UpdatePreparedStatementRequest, UpdatePreparedStatementResponse,
};
use crate::athena::error::{Error, Result};
use crate::athena::{Athena, named_queries, page};
use crate::base::{Call, Timestamp, limits};

/// Prepared statements by work group and name.
#[derive(Debug, Default)]
pub(crate) struct PreparedStatements(BTreeMap<(String, String), Entry>);

#[derive(Clone, Debug)]
struct Entry {
    sql: String,
    description: Option<String>,
    modified: Timestamp,
}

impl PreparedStatements {
    pub(crate) fn any_in(&self, work_group: &str) -> bool {
        self.0.keys().any(|(group, _)| group == work_group)
    }

    pub(crate) fn forget_work_group(&mut self, work_group: &str) {
        self.0.retain(|(group, _), _| group != work_group);
    }

    fn get(&self, work_group: &str, name: &str) -> Result<PreparedStatement> {
        let entry = self
            .0
            .get(&key(work_group, name))
            .ok_or_else(|| missing(name))?;
        Ok(PreparedStatement {
            statement_name: Some(name.to_owned()),
            query_statement: Some(entry.sql.clone()),
            work_group_name: Some(work_group.to_owned()),
            description: entry.description.clone(),
            last_modified_time: Some(entry.modified),
        })
    }
}

impl Athena {
    /// The text of a prepared statement, for `EXECUTE name`.
    pub fn prepared_statement(&self, work_group: &str, name: &str) -> Option<&str> {
        let entry = self.prepared_statements.0.get(&key(work_group, name))?;
        Some(&entry.sql)
    }

    /// CreatePreparedStatement.
    pub fn create_prepared_statement(
        &mut self,
        call: &Call,
        request: CreatePreparedStatementRequest,
    ) -> Result<CreatePreparedStatementResponse> {
        named_queries::check_text(&request.query_statement)?;
        let name = &request.statement_name;
        check_name(name)?;
        self.work_groups.get(&request.work_group)?;
        let statements = &mut self.prepared_statements.0;
        let key = key(&request.work_group, name);
        if statements.contains_key(&key) {
            return Err(Error::invalid(format!(
                "PreparedStatement {name} already exists"
            )));
        }
        let count = statements
            .keys()
            .filter(|(group, _)| *group == request.work_group)
            .count();
        if count >= limits::athena::PREPARED_STATEMENTS_MAX {
            return Err(Error::invalid(format!(
                "A work group can have at most {} prepared statements.",
                limits::athena::PREPARED_STATEMENTS_MAX
            )));
        }
        let entry = Entry {
            sql: request.query_statement,
            description: request.description,
            modified: call.now,
        };
        statements.insert(key, entry);
        Ok(CreatePreparedStatementResponse {})
    }

    /// GetPreparedStatement. A missing one is `ResourceNotFoundException`, which clients branch on.
    pub fn get_prepared_statement(
        &self,
        request: &GetPreparedStatementRequest,
    ) -> Result<GetPreparedStatementResponse> {
        self.work_groups.get(&request.work_group)?;
        let found = self
            .prepared_statements
            .get(&request.work_group, &request.statement_name)?;
        Ok(GetPreparedStatementResponse {
            prepared_statement: Some(found),
        })
    }

    /// BatchGetPreparedStatement: unknown names are items, not an error.
    pub fn batch_get_prepared_statement(
        &self,
        request: &BatchGetPreparedStatementRequest,
    ) -> Result<BatchGetPreparedStatementResponse> {
        self.work_groups.get(&request.work_group)?;
        let mut found = Vec::new();
        let mut unprocessed = Vec::new();
        for name in &request.prepared_statement_names {
            match self.prepared_statements.get(&request.work_group, name) {
                Ok(statement) => found.push(statement),
                Err(error) => unprocessed.push(UnprocessedPreparedStatementName {
                    statement_name: Some(name.clone()),
                    error_code: Some("STATEMENT_NOT_FOUND".to_owned()),
                    error_message: Some(error.to_string()),
                }),
            }
        }
        Ok(BatchGetPreparedStatementResponse {
            prepared_statements: Some(found),
            unprocessed_prepared_statement_names: Some(unprocessed),
        })
    }

    /// ListPreparedStatements: one work group's, in the order of their names.
    pub fn list_prepared_statements(
        &self,
        request: &ListPreparedStatementsRequest,
    ) -> Result<ListPreparedStatementsResponse> {
        let group = &request.work_group;
        self.work_groups.get(group)?;
        let items = self
            .prepared_statements
            .0
            .iter()
            .filter(|((of, _), _)| of == group)
            .map(|((_, name), entry)| {
                let summary = PreparedStatementSummary {
                    statement_name: Some(name.clone()),
                    last_modified_time: Some(entry.modified),
                };
                (name.clone(), summary)
            });
        let size = page::size(request.max_results, limits::athena::LIST_PAGE_MAX);
        let scope = format!("ListPreparedStatements {group}");
        let from = request.next_token.as_deref();
        let (statements, next_token) = page::page(&scope, items, from, size)?;
        Ok(ListPreparedStatementsResponse {
            prepared_statements: Some(statements),
            next_token,
        })
    }

    /// UpdatePreparedStatement. A description that is not given stays.
    pub fn update_prepared_statement(
        &mut self,
        call: &Call,
        request: UpdatePreparedStatementRequest,
    ) -> Result<UpdatePreparedStatementResponse> {
        named_queries::check_text(&request.query_statement)?;
        self.work_groups.get(&request.work_group)?;
        let name = &request.statement_name;
        let statements = &mut self.prepared_statements.0;
        let entry = statements
            .get_mut(&key(&request.work_group, name))
            .ok_or_else(|| missing(name))?;
        entry.sql = request.query_statement;
        entry.modified = call.now;
        if let Some(description) = request.description {
            entry.description = Some(description);
        }
        Ok(UpdatePreparedStatementResponse {})
    }

    /// DeletePreparedStatement.
    pub fn delete_prepared_statement(
        &mut self,
        request: &DeletePreparedStatementRequest,
    ) -> Result<DeletePreparedStatementResponse> {
        self.work_groups.get(&request.work_group)?;
        let name = &request.statement_name;
        self.prepared_statements
            .0
            .remove(&key(&request.work_group, name))
            .ok_or_else(|| missing(name))?;
        Ok(DeletePreparedStatementResponse {})
    }
}

/// PREPARE names statements, too, and no API model has looked at its names.
fn check_name(name: &str) -> Result<()> {
    let mut characters = name.chars();
    let begins = characters
        .next()
        .is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
    let goes_on = characters
        .clone()
        .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '@' | ':'));
    if begins && goes_on && (1..=256).contains(&characters.count()) {
        return Ok(());
    }
    Err(Error::invalid(
        "Value at 'statementName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z_][a-zA-Z0-9_@:]{1,256}",
    ))
}

fn key(work_group: &str, name: &str) -> (String, String) {
    (work_group.to_owned(), name.to_owned())
}

fn missing(name: &str) -> Error {
    Error::ResourceNotFound(name.to_owned())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::athena::api::{CreateWorkGroupRequest, DeleteWorkGroupRequest};
    use crate::base::{AccountId, Ids, Region, Seed};

    fn call(secs: i64) -> Call {
        Call::root(Timestamp::from_secs(secs))
    }

    fn athena() -> Athena {
        let ids = Arc::new(Ids::seeded(Seed::new(7)));
        let mut athena = Athena::new(AccountId::default(), Region::default(), ids);
        let request = CreateWorkGroupRequest {
            name: "team".to_owned(),
            ..CreateWorkGroupRequest::default()
        };
        athena.create_work_group(&call(1), request).unwrap();
        athena
    }

    fn create(athena: &mut Athena, name: &str) -> Result<CreatePreparedStatementResponse> {
        let request = CreatePreparedStatementRequest {
            statement_name: name.to_owned(),
            work_group: "team".to_owned(),
            query_statement: "SELECT ?".to_owned(),
            description: None,
        };
        athena.create_prepared_statement(&call(2), request)
    }

    fn get(athena: &Athena, work_group: &str, name: &str) -> Result<PreparedStatement> {
        let request = GetPreparedStatementRequest {
            statement_name: name.to_owned(),
            work_group: work_group.to_owned(),
        };
        let response = athena.get_prepared_statement(&request)?;
        Ok(response.prepared_statement.unwrap())
    }

    #[test]
    fn a_prepared_statement_is_kept_under_its_name_in_its_work_group() {
        let mut athena = athena();
        create(&mut athena, "rpm").unwrap();
        assert!(create(&mut athena, "rpm").is_err(), "the name is taken");
        let update = UpdatePreparedStatementRequest {
            statement_name: "rpm".to_owned(),
            work_group: "team".to_owned(),
            query_statement: "SELECT ? + 1".to_owned(),
            description: Some("speed".to_owned()),
        };
        athena.update_prepared_statement(&call(3), update).unwrap();
        assert_eq!(
            athena.prepared_statement("team", "rpm"),
            Some("SELECT ? + 1")
        );
        let found = get(&athena, "team", "rpm").unwrap();
        assert_eq!(found.query_statement.as_deref(), Some("SELECT ? + 1"));
        assert_eq!(found.description.as_deref(), Some("speed"));
        assert_eq!(found.last_modified_time, Some(Timestamp::from_secs(3)));
        assert!(matches!(
            get(&athena, "primary", "rpm"),
            Err(Error::ResourceNotFound(_))
        ));
        let batch = BatchGetPreparedStatementRequest {
            prepared_statement_names: vec!["absent".to_owned(), "rpm".to_owned()],
            work_group: "team".to_owned(),
        };
        let batch = athena.batch_get_prepared_statement(&batch).unwrap();
        assert_eq!(batch.prepared_statements.unwrap(), [found]);
        let unprocessed = batch.unprocessed_prepared_statement_names.unwrap();
        assert_eq!(unprocessed[0].statement_name.as_deref(), Some("absent"));
        let delete = DeletePreparedStatementRequest {
            statement_name: "rpm".to_owned(),
            work_group: "team".to_owned(),
        };
        athena.delete_prepared_statement(&delete).unwrap();
        assert!(athena.delete_prepared_statement(&delete).is_err());
        assert_eq!(athena.prepared_statement("team", "rpm"), None);
    }

    #[test]
    fn they_are_listed_by_name_and_go_with_their_work_group() {
        let mut athena = athena();
        for n in (0..60).rev() {
            create(&mut athena, &format!("s{n:02}")).unwrap();
        }
        let mut request = ListPreparedStatementsRequest {
            work_group: "team".to_owned(),
            ..ListPreparedStatementsRequest::default()
        };
        let mut names = Vec::new();
        loop {
            let response = athena.list_prepared_statements(&request).unwrap();
            let summaries = response.prepared_statements.unwrap();
            names.extend(
                summaries
                    .into_iter()
                    .map(|summary| summary.statement_name.unwrap()),
            );
            match response.next_token {
                Some(token) => request.next_token = Some(token),
                None => break,
            }
        }
        assert_eq!(
            names,
            (0..60).map(|n| format!("s{n:02}")).collect::<Vec<_>>()
        );
        let mut delete = DeleteWorkGroupRequest {
            work_group: "team".to_owned(),
            recursive_delete_option: None,
        };
        assert!(
            athena.delete_work_group(&delete).is_err(),
            "it is not empty"
        );
        delete.recursive_delete_option = Some(true);
        athena.delete_work_group(&delete).unwrap();
        assert_eq!(athena.prepared_statement("team", "s00"), None);
    }
}
