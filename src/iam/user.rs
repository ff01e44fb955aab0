//! Users and their access keys.

use super::api::{
    AccessKey, AccessKeyMetadata, CreateAccessKeyRequest, CreateAccessKeyResponse,
    CreateUserRequest, CreateUserResponse, DeleteAccessKeyRequest, DeleteAccessKeyResponse,
    DeleteUserRequest, DeleteUserResponse, GetUserRequest, GetUserResponse, ListAccessKeysRequest,
    ListAccessKeysResponse, ListUsersRequest, ListUsersResponse, UpdateAccessKeyRequest,
    UpdateAccessKeyResponse, UpdateUserRequest, UpdateUserResponse, User,
};
use super::attachment::Grants;
use super::entity::{Tags, check_room, is_taken, path_or_root};
use super::key_use::KeyUse;
use super::paging::Page;
use super::role::boundary;
use super::{Error, Iam, Result};
use crate::base::limits::iam::{ACCESS_KEYS_MAX, USERS_MAX};
use crate::base::{AccountId, Call, Timestamp};

/// A user.
#[derive(Clone, Debug)]
pub(super) struct UserState {
    pub path: String,
    pub name: String,
    pub id: String,
    pub arn: String,
    pub created: Timestamp,
    pub boundary: Option<String>,
    pub tags: Tags,
    pub grants: Grants,
}

/// An access key of a user or of an account's root.
#[derive(Clone, Debug)]
pub(super) struct AccessKeyState {
    pub account: AccountId,
    /// None for the root.
    pub user: Option<String>,
    pub active: bool,
    pub created: Timestamp,
    /// What requests are signed with.
    pub secret: String,
    /// None until a request is signed with it.
    pub last_use: Option<KeyUse>,
}

impl UserState {
    /// What every reply shows.
    pub(super) fn shown(&self) -> User {
        User {
            path: self.path.clone(),
            user_name: self.name.clone(),
            user_id: self.id.clone(),
            arn: self.arn.clone(),
            create_date: self.created,
            ..User::default()
        }
    }
}

pub(super) fn no_user(name: &str) -> Error {
    Error::NoSuchEntity(format!("The user with name {name} cannot be found."))
}

pub(super) fn no_key(id: &str) -> Error {
    Error::NoSuchEntity(format!("The Access Key with id {id} cannot be found."))
}

impl Iam {
    pub(super) fn user(&self, call: &Call, name: &str) -> Result<&UserState> {
        self.account(call)
            .and_then(|account| account.users.get(name))
            .ok_or_else(|| no_user(name))
    }

    pub(super) fn user_mut(&mut self, call: &Call, name: &str) -> Result<&mut UserState> {
        self.account_mut(call)
            .users
            .get_mut(name)
            .ok_or_else(|| no_user(name))
    }

    /// The user named, or the calling user; `None` when the caller is the root.
    fn user_or_caller(&self, call: &Call, name: Option<&str>) -> Result<Option<&UserState>> {
        let named = match name {
            Some(name) => Some(name),
            None => called_by_user(&call.caller_arn),
        };
        match named {
            Some(name) => self.user(call, name).map(Some),
            None if call.caller_arn.ends_with(":root") => Ok(None),
            None => Err(Error::Validation(
                "Must specify userName when calling with non-User credentials".to_owned(),
            )),
        }
    }

    /// ARN of an access key's owner.
    pub(super) fn key_owner_arn(&self, key: &AccessKeyState) -> String {
        let user = key.user.as_ref().and_then(|name| {
            let account = self.accounts.get(&key.account)?;
            account.users.get(name)
        });
        user.map_or_else(
            || format!("arn:aws:iam::{}:root", key.account),
            |user| user.arn.clone(),
        )
    }

    /// The unique id of a user, for GetCallerIdentity.
    pub(super) fn user_id(&self, call: &Call, arn: &str) -> Option<&str> {
        let name = called_by_user(arn)?;
        self.user(call, name).ok().map(|user| user.id.as_str())
    }

    /// CreateUser.
    pub fn create_user(
        &mut self,
        call: &Call,
        request: CreateUserRequest,
    ) -> Result<CreateUserResponse> {
        let tags = Tags::new(request.tags)?;
        if let Some(arn) = &request.permissions_boundary {
            self.policy_to_attach(call, arn)?;
        }
        let path = path_or_root(request.path);
        let arn = Self::arn(call, "user", &path, &request.user_name);
        let id = self.ids.iam("AIDA");
        let users = &mut self.account_mut(call).users;
        if is_taken(users, &request.user_name) {
            return Err(Error::EntityAlreadyExists(format!(
                "User with name {} already exists.",
                request.user_name
            )));
        }
        check_room(users, USERS_MAX, "UsersPerAccount")?;
        let user = UserState {
            path,
            name: request.user_name,
            id,
            arn,
            created: Self::instant(call),
            boundary: request.permissions_boundary,
            tags,
            grants: Grants::default(),
        };
        let shown = User {
            permissions_boundary: boundary(user.boundary.as_deref()),
            tags: user.tags.some(),
            ..user.shown()
        };
        users.insert(user.name.clone(), user);
        Ok(CreateUserResponse { user: Some(shown) })
    }

    /// GetUser. Without a name it describes the caller; the root has no user name.
    pub fn get_user(&self, call: &Call, request: &GetUserRequest) -> Result<GetUserResponse> {
        let user = match self.user_or_caller(call, request.user_name.as_deref())? {
            Some(user) => User {
                permissions_boundary: boundary(user.boundary.as_deref()),
                tags: user.tags.some(),
                ..user.shown()
            },
            None => User {
                user_id: call.account.to_string(),
                arn: call.caller_arn.clone(),
                create_date: Timestamp::EPOCH,
                ..User::default()
            },
        };
        Ok(GetUserResponse { user })
    }

    /// ListUsers.
    pub fn list_users(&self, call: &Call, request: &ListUsersRequest) -> Result<ListUsersResponse> {
        let prefix = request.path_prefix.as_deref().unwrap_or("/");
        let users = self
            .account(call)
            .into_iter()
            .flat_map(|account| account.users.values())
            .filter(|user| user.path.starts_with(prefix))
            .map(UserState::shown);
        let key = |user: &User| user.user_name.clone();
        let page = Page::cut(users, key, request.marker.as_deref(), request.max_items)?;
        Ok(ListUsersResponse {
            users: page.items,
            is_truncated: page.is_truncated,
            marker: page.marker,
        })
    }

    /// DeleteUser. What the user has must go first, its places in groups too.
    pub fn delete_user(
        &mut self,
        call: &Call,
        request: &DeleteUserRequest,
    ) -> Result<DeleteUserResponse> {
        self.user(call, &request.user_name)?.grants.check_empty()?;
        if self
            .keys_of(call, Some(&request.user_name))
            .next()
            .is_some()
        {
            return Err(Error::DeleteConflict(
                "Cannot delete entity, must delete access keys first.".to_owned(),
            ));
        }
        if self.groups_of(call, &request.user_name).next().is_some() {
            return Err(Error::DeleteConflict(
                "Cannot delete entity, must remove users from group first.".to_owned(),
            ));
        }
        self.account_mut(call).users.remove(&request.user_name);
        Ok(DeleteUserResponse {})
    }

    /// UpdateUser: another name or path. Access keys and places in groups follow; the ARN changes,
    /// the id stays.
    pub fn update_user(
        &mut self,
        call: &Call,
        request: UpdateUserRequest,
    ) -> Result<UpdateUserResponse> {
        let old = request.user_name;
        let mut user = self.user(call, &old)?.clone();
        if let Some(name) = request.new_user_name {
            let users = &self.account_mut(call).users;
            if name != old
                && users
                    .keys()
                    .any(|n| *n != old && n.eq_ignore_ascii_case(&name))
            {
                return Err(Error::EntityAlreadyExists(format!(
                    "User with name {name} already exists."
                )));
            }
            user.name = name;
        }
        if let Some(path) = request.new_path {
            user.path = path;
        }
        user.arn = Self::arn(call, "user", &user.path, &user.name);
        for key in self.keys.values_mut() {
            if key.account == call.account && key.user.as_ref() == Some(&old) {
                key.user = Some(user.name.clone());
            }
        }
        let account = self.account_mut(call);
        for group in account.groups.values_mut() {
            if group.members.remove(&old) {
                group.members.insert(user.name.clone());
            }
        }
        account.users.remove(&old);
        account.users.insert(user.name.clone(), user);
        Ok(UpdateUserResponse {})
    }

    /// UpdateAccessKey. A key set inactive is nobody's until it is active again.
    pub fn update_access_key(
        &mut self,
        call: &Call,
        request: &UpdateAccessKeyRequest,
    ) -> Result<UpdateAccessKeyResponse> {
        let user = self.user_or_caller(call, request.user_name.as_deref())?;
        let user = user.map(|user| user.name.clone());
        let active = match request.status.as_str() {
            "Active" => true,
            "Inactive" => false,
            // `Expired` is modelled but only AWS sets it.
            other => {
                return Err(Error::Validation(format!(
                    "Access key status {other} cannot be set."
                )));
            }
        };
        let id = &request.access_key_id;
        let key = self.keys.get_mut(id);
        let key = key.filter(|key| key.account == call.account && key.user == user);
        let key = key.ok_or_else(|| no_key(id))?;
        key.active = active;
        Ok(UpdateAccessKeyResponse {})
    }

    fn keys_of(
        &self,
        call: &Call,
        user: Option<&str>,
    ) -> impl Iterator<Item = (&String, &AccessKeyState)> {
        self.keys
            .iter()
            .filter(move |(_, key)| key.account == call.account && key.user.as_deref() == user)
    }

    /// CreateAccessKey. The only reply that ever shows the secret.
    pub fn create_access_key(
        &mut self,
        call: &Call,
        request: &CreateAccessKeyRequest,
    ) -> Result<CreateAccessKeyResponse> {
        let user = self.user_or_caller(call, request.user_name.as_deref())?;
        let user = user.map(|user| user.name.clone());
        if self.keys_of(call, user.as_deref()).count() >= ACCESS_KEYS_MAX {
            return Err(Error::LimitExceeded(format!(
                "Cannot exceed quota for AccessKeysPerUser: {ACCESS_KEYS_MAX}"
            )));
        }
        let id = self.access_key_id("AKIA");
        let created = Self::instant(call);
        let secret = self.ids.alphanumeric(40);
        let state = AccessKeyState {
            account: call.account.clone(),
            user: user.clone(),
            active: true,
            created,
            secret: secret.clone(),
            last_use: None,
        };
        self.keys.insert(id.clone(), state);
        Ok(CreateAccessKeyResponse {
            access_key: AccessKey {
                user_name: user.unwrap_or_default(),
                access_key_id: id,
                status: "Active".to_owned(),
                secret_access_key: secret,
                create_date: Some(created),
            },
        })
    }

    /// An access key id: 20 characters with its four-letter prefix.
    pub(super) fn access_key_id(&self, prefix: &str) -> String {
        self.ids.iam(prefix).chars().take(20).collect()
    }

    /// ListAccessKeys.
    pub fn list_access_keys(
        &self,
        call: &Call,
        request: &ListAccessKeysRequest,
    ) -> Result<ListAccessKeysResponse> {
        let user = self.user_or_caller(call, request.user_name.as_deref())?;
        let name = user.map(|user| user.name.as_str());
        let keys = self.keys_of(call, name).map(|(id, key)| AccessKeyMetadata {
            user_name: key.user.clone(),
            access_key_id: Some(id.clone()),
            status: Some(if key.active { "Active" } else { "Inactive" }.to_owned()),
            create_date: Some(key.created),
        });
        let id = |key: &AccessKeyMetadata| key.access_key_id.clone().unwrap_or_default();
        let page = Page::cut(keys, id, request.marker.as_deref(), request.max_items)?;
        Ok(ListAccessKeysResponse {
            access_key_metadata: page.items,
            is_truncated: page.is_truncated,
            marker: page.marker,
        })
    }

    /// DeleteAccessKey.
    pub fn delete_access_key(
        &mut self,
        call: &Call,
        request: &DeleteAccessKeyRequest,
    ) -> Result<DeleteAccessKeyResponse> {
        let user = self.user_or_caller(call, request.user_name.as_deref())?;
        let name = user.map(|user| user.name.clone());
        let id = &request.access_key_id;
        if !self
            .keys_of(call, name.as_deref())
            .any(|(key, _)| key == id)
        {
            return Err(no_key(id));
        }
        self.keys.remove(id);
        Ok(DeleteAccessKeyResponse {})
    }
}

/// The name in a user's ARN.
fn called_by_user(arn: &str) -> Option<&str> {
    let (_, path) = arn.split_once(":user/")?;
    path.rsplit('/').next()
}
