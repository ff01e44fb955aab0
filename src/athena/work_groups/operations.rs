//! CreateWorkGroup, GetWorkGroup, ListWorkGroups, UpdateWorkGroup, DeleteWorkGroup,
//! ListEngineVersions.

use super::{AUTO, ENGINE_3, Group, PRIMARY, configuration, engine_version, missing};
use crate::athena::api::{
    CreateWorkGroupRequest, CreateWorkGroupResponse, DeleteWorkGroupRequest,
    DeleteWorkGroupResponse, EngineVersion, GetWorkGroupRequest, GetWorkGroupResponse,
    ListEngineVersionsRequest, ListEngineVersionsResponse, ListWorkGroupsRequest,
    ListWorkGroupsResponse, UpdateWorkGroupRequest, UpdateWorkGroupResponse, WorkGroup,
    WorkGroupSummary,
};
use crate::athena::error::{Error, Result};
use crate::athena::{Athena, page, tags};
use crate::base::{Call, limits};

impl Athena {
    /// CreateWorkGroup.
    pub fn create_work_group(
        &mut self,
        call: &Call,
        request: CreateWorkGroupRequest,
    ) -> Result<CreateWorkGroupResponse> {
        let configuration = configuration::of_new(call, request.configuration.unwrap_or_default())?;
        let tags = tags::collected(request.tags.unwrap_or_default())?;
        if self.work_groups.0.contains_key(&request.name) {
            return Err(Error::invalid("WorkGroup already exists"));
        }
        if self.work_groups.0.len() >= limits::athena::WORK_GROUPS_MAX {
            return Err(Error::invalid(format!(
                "An account can have at most {} work groups in a region.",
                limits::athena::WORK_GROUPS_MAX
            )));
        }
        self.set_tags(self.arn("workgroup", &request.name), tags);
        let group = Group {
            enabled: true,
            description: request.description,
            configuration,
            created: Some(call.now),
        };
        self.work_groups.0.insert(request.name, group);
        Ok(CreateWorkGroupResponse {})
    }

    /// GetWorkGroup. An empty description is left out (measured).
    pub fn get_work_group(&self, request: &GetWorkGroupRequest) -> Result<GetWorkGroupResponse> {
        let group = self.work_groups.get(&request.work_group)?;
        Ok(GetWorkGroupResponse {
            work_group: Some(WorkGroup {
                name: request.work_group.clone(),
                state: Some(group.state().to_owned()),
                configuration: Some(group.configuration.clone()),
                description: group.description.clone().filter(|text| !text.is_empty()),
                creation_time: group.created,
                identity_center_application_arn: None,
            }),
        })
    }

    /// ListWorkGroups, in the order of their names. An empty description is an empty text
    /// (measured).
    pub fn list_work_groups(
        &self,
        request: &ListWorkGroupsRequest,
    ) -> Result<ListWorkGroupsResponse> {
        let items = self.work_groups.0.iter().map(|(name, group)| {
            let summary = WorkGroupSummary {
                name: Some(name.clone()),
                state: Some(group.state().to_owned()),
                description: Some(group.description.clone().unwrap_or_default()),
                creation_time: group.created,
                engine_version: group.configuration.engine_version.clone(),
                identity_center_application_arn: None,
            };
            (name.clone(), summary)
        });
        let size = page::size(request.max_results, limits::athena::LIST_PAGE_MAX);
        let from = request.next_token.as_deref();
        let (groups, next_token) = page::page("ListWorkGroups", items, from, size)?;
        Ok(ListWorkGroupsResponse {
            work_groups: Some(groups),
            next_token,
        })
    }

    /// UpdateWorkGroup: changes what is given.
    pub fn update_work_group(
        &mut self,
        call: &Call,
        request: UpdateWorkGroupRequest,
    ) -> Result<UpdateWorkGroupResponse> {
        let groups = &mut self.work_groups.0;
        let group = groups.get_mut(&request.work_group).ok_or_else(missing)?;
        if let Some(updates) = request.configuration_updates {
            group.configuration =
                configuration::updated(call, group.configuration.clone(), updates)?;
        }
        if let Some(description) = request.description {
            group.description = Some(description);
        }
        if let Some(state) = request.state {
            group.enabled = state == "ENABLED";
        }
        Ok(UpdateWorkGroupResponse {})
    }

    /// DeleteWorkGroup. With `RecursiveDeleteOption` its named queries, prepared statements and history go too, and
    /// work under way is cancelled.
    pub fn delete_work_group(
        &mut self,
        request: &DeleteWorkGroupRequest,
    ) -> Result<DeleteWorkGroupResponse> {
        let name = &request.work_group;
        if name == PRIMARY {
            return Err(Error::invalid("The primary WorkGroup cannot be deleted."));
        }
        self.work_groups.get(name)?;
        let used = self.named_queries.any_in(name)
            || self.prepared_statements.any_in(name)
            || self.executions.any_in(name);
        if used && request.recursive_delete_option != Some(true) {
            return Err(Error::invalid(format!("WorkGroup {name} is not empty")));
        }
        self.named_queries.forget_work_group(name);
        self.prepared_statements.forget_work_group(name);
        self.executions.forget_work_group(name);
        self.work_groups.0.remove(name);
        self.set_tags(
            self.arn("workgroup", name),
            std::collections::BTreeMap::new(),
        );
        Ok(DeleteWorkGroupResponse {})
    }

    /// ListEngineVersions: those that execute here.
    pub fn list_engine_versions(
        &self,
        request: &ListEngineVersionsRequest,
    ) -> Result<ListEngineVersionsResponse> {
        let version_3 = EngineVersion {
            selected_engine_version: Some(ENGINE_3.to_owned()),
            ..engine_version()
        };
        let items = [
            (AUTO.to_owned(), engine_version()),
            (ENGINE_3.to_owned(), version_3),
        ];
        let size = page::size(
            request.max_results,
            limits::athena::ENGINE_VERSIONS_PAGE_MAX,
        );
        let from = request.next_token.as_deref();
        let (versions, next_token) =
            page::page("ListEngineVersions", items.into_iter(), from, size)?;
        Ok(ListEngineVersionsResponse {
            engine_versions: Some(versions),
            next_token,
        })
    }
}

impl Group {
    fn state(&self) -> &'static str {
        if self.enabled { "ENABLED" } else { "DISABLED" }
    }
}
