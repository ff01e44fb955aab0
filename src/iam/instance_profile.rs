//! Instance profiles: a name under which one role is handed to a machine. Nothing here runs on
//! machines; provisioners make and read them.

use super::api::{
    AddRoleToInstanceProfileRequest, AddRoleToInstanceProfileResponse,
    CreateInstanceProfileRequest, CreateInstanceProfileResponse, DeleteInstanceProfileRequest,
    DeleteInstanceProfileResponse, GetInstanceProfileRequest, GetInstanceProfileResponse,
    InstanceProfile, ListInstanceProfilesForRoleRequest, ListInstanceProfilesForRoleResponse,
    ListInstanceProfilesRequest, ListInstanceProfilesResponse,
    RemoveRoleFromInstanceProfileRequest, RemoveRoleFromInstanceProfileResponse, Role,
};
use super::entity::{Tags, is_taken, path_or_root};
use super::paging::Page;
use super::{Account, Error, Iam, Result};
use crate::base::{Call, Timestamp};

/// An instance profile. It holds at most one role.
#[derive(Clone, Debug)]
pub(super) struct ProfileState {
    path: String,
    name: String,
    id: String,
    pub arn: String,
    created: Timestamp,
    tags: Tags,
    pub role: Option<String>,
}

impl ProfileState {
    fn shown(&self, account: &Account) -> InstanceProfile {
        let role = self.role.as_ref().and_then(|name| account.roles.get(name));
        InstanceProfile {
            path: self.path.clone(),
            instance_profile_name: self.name.clone(),
            instance_profile_id: self.id.clone(),
            arn: self.arn.clone(),
            create_date: self.created,
            roles: role
                .map(super::role::RoleState::summary)
                .into_iter()
                .collect::<Vec<Role>>(),
            tags: None,
        }
    }
}

fn no_profile(name: &str) -> Error {
    Error::NoSuchEntity(format!("Instance Profile {name} cannot be found."))
}

impl Iam {
    fn profile(&self, call: &Call, name: &str) -> Result<(&Account, &ProfileState)> {
        self.account(call)
            .and_then(|account| Some((account, account.profiles.get(name)?)))
            .ok_or_else(|| no_profile(name))
    }

    /// CreateInstanceProfile.
    pub fn create_instance_profile(
        &mut self,
        call: &Call,
        request: CreateInstanceProfileRequest,
    ) -> Result<CreateInstanceProfileResponse> {
        let path = path_or_root(request.path);
        let name = request.instance_profile_name;
        let profile = ProfileState {
            arn: Self::arn(call, "instance-profile", &path, &name),
            path,
            id: self.ids.iam("AIPA"),
            created: Self::instant(call),
            tags: Tags::new(request.tags)?,
            role: None,
            name,
        };
        let account = self.account_mut(call);
        if is_taken(&account.profiles, &profile.name) {
            return Err(Error::EntityAlreadyExists(format!(
                "Instance Profile {} already exists.",
                profile.name
            )));
        }
        let shown = InstanceProfile {
            tags: profile.tags.some(),
            ..profile.shown(account)
        };
        account.profiles.insert(profile.name.clone(), profile);
        Ok(CreateInstanceProfileResponse {
            instance_profile: shown,
        })
    }

    /// GetInstanceProfile.
    pub fn get_instance_profile(
        &self,
        call: &Call,
        request: &GetInstanceProfileRequest,
    ) -> Result<GetInstanceProfileResponse> {
        let (account, profile) = self.profile(call, &request.instance_profile_name)?;
        Ok(GetInstanceProfileResponse {
            instance_profile: InstanceProfile {
                tags: profile.tags.some(),
                ..profile.shown(account)
            },
        })
    }

    /// DeleteInstanceProfile.
    pub fn delete_instance_profile(
        &mut self,
        call: &Call,
        request: &DeleteInstanceProfileRequest,
    ) -> Result<DeleteInstanceProfileResponse> {
        let name = &request.instance_profile_name;
        if self.profile(call, name)?.1.role.is_some() {
            return Err(Error::DeleteConflict(
                "Cannot delete entity, must remove roles from instance profile first.".to_owned(),
            ));
        }
        self.account_mut(call).profiles.remove(name);
        Ok(DeleteInstanceProfileResponse {})
    }

    /// AddRoleToInstanceProfile.
    pub fn add_role_to_instance_profile(
        &mut self,
        call: &Call,
        request: AddRoleToInstanceProfileRequest,
    ) -> Result<AddRoleToInstanceProfileResponse> {
        self.role(call, &request.role_name)?;
        let name = &request.instance_profile_name;
        let profiles = &mut self.account_mut(call).profiles;
        let profile = profiles.get_mut(name).ok_or_else(|| no_profile(name))?;
        if profile.role.is_some() {
            return Err(Error::LimitExceeded(
                "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1".to_owned(),
            ));
        }
        profile.role = Some(request.role_name);
        Ok(AddRoleToInstanceProfileResponse {})
    }

    /// RemoveRoleFromInstanceProfile.
    pub fn remove_role_from_instance_profile(
        &mut self,
        call: &Call,
        request: &RemoveRoleFromInstanceProfileRequest,
    ) -> Result<RemoveRoleFromInstanceProfileResponse> {
        let name = &request.instance_profile_name;
        let profiles = &mut self.account_mut(call).profiles;
        let profile = profiles.get_mut(name).ok_or_else(|| no_profile(name))?;
        if profile.role.as_ref() != Some(&request.role_name) {
            return Err(Error::NoSuchEntity(format!(
                "The role with name {} cannot be found.",
                request.role_name
            )));
        }
        profile.role = None;
        Ok(RemoveRoleFromInstanceProfileResponse {})
    }

    /// ListInstanceProfiles.
    pub fn list_instance_profiles(
        &self,
        call: &Call,
        request: &ListInstanceProfilesRequest,
    ) -> Result<ListInstanceProfilesResponse> {
        let prefix = request.path_prefix.as_deref().unwrap_or("/");
        let profiles = self
            .profiles(call)
            .filter(|profile| profile.path.starts_with(prefix));
        let page = Page::cut(
            profiles,
            by_name,
            request.marker.as_deref(),
            request.max_items,
        )?;
        Ok(ListInstanceProfilesResponse {
            instance_profiles: page.items,
            is_truncated: page.is_truncated,
            marker: page.marker,
        })
    }

    /// ListInstanceProfilesForRole.
    pub fn list_instance_profiles_for_role(
        &self,
        call: &Call,
        request: &ListInstanceProfilesForRoleRequest,
    ) -> Result<ListInstanceProfilesForRoleResponse> {
        self.role(call, &request.role_name)?;
        let holds = |profile: &InstanceProfile| {
            let mut roles = profile.roles.iter();
            roles.any(|role| role.role_name == request.role_name)
        };
        let profiles = self.profiles(call).filter(holds);
        let page = Page::cut(
            profiles,
            by_name,
            request.marker.as_deref(),
            request.max_items,
        )?;
        Ok(ListInstanceProfilesForRoleResponse {
            instance_profiles: page.items,
            is_truncated: page.is_truncated,
            marker: page.marker,
        })
    }

    fn profiles(&self, call: &Call) -> impl Iterator<Item = InstanceProfile> {
        self.account(call).into_iter().flat_map(|account| {
            account
                .profiles
                .values()
                .map(|profile| profile.shown(account))
        })
    }
}

fn by_name(profile: &InstanceProfile) -> String {
    profile.instance_profile_name.clone()
}
