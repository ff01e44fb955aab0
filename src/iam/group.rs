//! Groups of users: made, listed, renamed, deleted, joined and left.
//!
//! A group is no principal: it holds policies for its users. Membership lies with the group alone;
//! what a user is in is looked up.

use std::collections::BTreeSet;

use super::api::{
    AddUserToGroupRequest, AddUserToGroupResponse, CreateGroupRequest, CreateGroupResponse,
    DeleteGroupRequest, DeleteGroupResponse, GetGroupRequest, GetGroupResponse, Group,
    ListGroupsForUserRequest, ListGroupsForUserResponse, ListGroupsRequest, ListGroupsResponse,
    RemoveUserFromGroupRequest, RemoveUserFromGroupResponse, UpdateGroupRequest,
    UpdateGroupResponse, User,
};
use super::attachment::Grants;
use super::entity::{check_room, is_taken, path_or_root};
use super::paging::Page;
use super::user::{UserState, no_user};
use super::{Account, Error, Iam, Result};
use crate::base::limits::iam::{GROUPS_MAX, GROUPS_PER_USER_MAX};
use crate::base::{AccountId, Call, Timestamp};

/// A group.
#[derive(Clone, Debug)]
pub(super) struct GroupState {
    pub path: String,
    pub name: String,
    pub id: String,
    pub arn: String,
    pub created: Timestamp,
    pub grants: Grants,
    /// Names of users, all of which exist.
    pub members: BTreeSet<String>,
}

impl GroupState {
    fn shown(&self) -> Group {
        Group {
            path: self.path.clone(),
            group_name: self.name.clone(),
            group_id: self.id.clone(),
            arn: self.arn.clone(),
            create_date: self.created,
        }
    }
}

fn no_group(name: &str) -> Error {
    Error::NoSuchEntity(format!("The group with name {name} cannot be found."))
}

fn name_taken(name: &str) -> Error {
    Error::EntityAlreadyExists(format!("Group with name {name} already exists."))
}

impl Account {
    /// The groups a user is in, by name.
    pub(super) fn groups_of<'a>(
        &'a self,
        user: &'a str,
    ) -> impl Iterator<Item = &'a GroupState> + use<'a> {
        let groups = self.groups.values();
        groups.filter(move |group| group.members.contains(user))
    }
}

impl Iam {
    /// ARN of a group by name.
    pub fn group_arn(&self, account: &AccountId, name: &str) -> Option<String> {
        let group = self.accounts.get(account)?.groups.get(name)?;
        Some(group.arn.clone())
    }

    pub(super) fn group(&self, call: &Call, name: &str) -> Result<&GroupState> {
        self.account(call)
            .and_then(|account| account.groups.get(name))
            .ok_or_else(|| no_group(name))
    }

    pub(super) fn group_mut(&mut self, call: &Call, name: &str) -> Result<&mut GroupState> {
        self.account_mut(call)
            .groups
            .get_mut(name)
            .ok_or_else(|| no_group(name))
    }

    /// The groups a user of the call's account is in.
    pub(super) fn groups_of<'a>(
        &'a self,
        call: &Call,
        user: &'a str,
    ) -> impl Iterator<Item = &'a GroupState> + use<'a> {
        let account = self.account(call).into_iter();
        account.flat_map(move |account| account.groups_of(user))
    }

    /// CreateGroup.
    pub fn create_group(
        &mut self,
        call: &Call,
        request: CreateGroupRequest,
    ) -> Result<CreateGroupResponse> {
        let path = path_or_root(request.path);
        let name = request.group_name;
        let group = GroupState {
            arn: Self::arn(call, "group", &path, &name),
            path,
            id: self.ids.iam("AGPA"),
            created: Self::instant(call),
            grants: Grants::default(),
            members: BTreeSet::new(),
            name,
        };
        let groups = &mut self.account_mut(call).groups;
        if is_taken(groups, &group.name) {
            return Err(name_taken(&group.name));
        }
        check_room(groups, GROUPS_MAX, "GroupsPerAccount")?;
        let shown = group.shown();
        groups.insert(group.name.clone(), group);
        Ok(CreateGroupResponse { group: shown })
    }

    /// GetGroup: the group and, in pages, its users.
    pub fn get_group(&self, call: &Call, request: &GetGroupRequest) -> Result<GetGroupResponse> {
        let group = self.group(call, &request.group_name)?;
        let users = group
            .members
            .iter()
            .filter_map(|name| self.user(call, name).ok())
            .map(UserState::shown);
        let key = |user: &User| user.user_name.clone();
        let page = Page::cut(users, key, request.marker.as_deref(), request.max_items)?;
        Ok(GetGroupResponse {
            group: group.shown(),
            users: page.items,
            is_truncated: page.is_truncated,
            marker: page.marker,
        })
    }

    /// ListGroups.
    pub fn list_groups(
        &self,
        call: &Call,
        request: &ListGroupsRequest,
    ) -> Result<ListGroupsResponse> {
        let prefix = request.path_prefix.as_deref().unwrap_or("/");
        let groups = self
            .account(call)
            .into_iter()
            .flat_map(|account| account.groups.values())
            .filter(|group| group.path.starts_with(prefix))
            .map(GroupState::shown);
        let page = Page::cut(
            groups,
            by_name,
            request.marker.as_deref(),
            request.max_items,
        )?;
        Ok(ListGroupsResponse {
            groups: page.items,
            is_truncated: page.is_truncated,
            marker: page.marker,
        })
    }

    /// ListGroupsForUser.
    pub fn list_groups_for_user(
        &self,
        call: &Call,
        request: &ListGroupsForUserRequest,
    ) -> Result<ListGroupsForUserResponse> {
        self.user(call, &request.user_name)?;
        let groups = self.groups_of(call, &request.user_name);
        let groups = groups.map(GroupState::shown);
        let page = Page::cut(
            groups,
            by_name,
            request.marker.as_deref(),
            request.max_items,
        )?;
        Ok(ListGroupsForUserResponse {
            groups: page.items,
            is_truncated: page.is_truncated,
            marker: page.marker,
        })
    }

    /// UpdateGroup: another name or path. The ARN changes, the id, the policies and the users stay.
    pub fn update_group(
        &mut self,
        call: &Call,
        request: UpdateGroupRequest,
    ) -> Result<UpdateGroupResponse> {
        let old = request.group_name;
        let mut group = self.group(call, &old)?.clone();
        let groups = &mut self.account_mut(call).groups;
        if let Some(name) = request.new_group_name {
            let mut others = groups.keys().filter(|other| **other != old);
            if others.any(|other| other.eq_ignore_ascii_case(&name)) {
                return Err(name_taken(&name));
            }
            group.name = name;
        }
        if let Some(path) = request.new_path {
            group.path = path;
        }
        group.arn = Self::arn(call, "group", &group.path, &group.name);
        groups.remove(&old);
        groups.insert(group.name.clone(), group);
        Ok(UpdateGroupResponse {})
    }

    /// DeleteGroup, once it has neither users nor policies.
    pub fn delete_group(
        &mut self,
        call: &Call,
        request: &DeleteGroupRequest,
    ) -> Result<DeleteGroupResponse> {
        let group = self.group(call, &request.group_name)?;
        if !group.members.is_empty() {
            return Err(Error::DeleteConflict(
                "Cannot delete entity, must remove users from group first.".to_owned(),
            ));
        }
        group.grants.check_empty()?;
        self.account_mut(call).groups.remove(&request.group_name);
        Ok(DeleteGroupResponse {})
    }

    /// AddUserToGroup. Adding twice is no error and changes nothing.
    pub fn add_user_to_group(
        &mut self,
        call: &Call,
        request: AddUserToGroupRequest,
    ) -> Result<AddUserToGroupResponse> {
        let group = self.group(call, &request.group_name)?;
        self.user(call, &request.user_name)?;
        if !group.members.contains(&request.user_name)
            && self.groups_of(call, &request.user_name).count() >= GROUPS_PER_USER_MAX
        {
            return Err(Error::LimitExceeded(format!(
                "Cannot exceed quota for GroupsPerUser: {GROUPS_PER_USER_MAX}"
            )));
        }
        let group = self.group_mut(call, &request.group_name)?;
        group.members.insert(request.user_name);
        Ok(AddUserToGroupResponse {})
    }

    /// RemoveUserFromGroup. A user that is not in the group is one that cannot be found there.
    pub fn remove_user_from_group(
        &mut self,
        call: &Call,
        request: &RemoveUserFromGroupRequest,
    ) -> Result<RemoveUserFromGroupResponse> {
        let group = self.group_mut(call, &request.group_name)?;
        if !group.members.remove(&request.user_name) {
            return Err(no_user(&request.user_name));
        }
        Ok(RemoveUserFromGroupResponse {})
    }
}

fn by_name(group: &Group) -> String {
    group.group_name.clone()
}
