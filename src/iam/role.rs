//! Roles: made, described, changed, tagged, given policies, deleted.

use super::api::{
    AttachRolePolicyRequest, AttachRolePolicyResponse, AttachedPermissionsBoundary,
    CreateRoleRequest, CreateRoleResponse, DeleteRolePermissionsBoundaryRequest,
    DeleteRolePermissionsBoundaryResponse, DeleteRolePolicyRequest, DeleteRolePolicyResponse,
    DeleteRoleRequest, DeleteRoleResponse, DetachRolePolicyRequest, DetachRolePolicyResponse,
    GetRolePolicyRequest, GetRolePolicyResponse, GetRoleRequest, GetRoleResponse,
    ListAttachedRolePoliciesRequest, ListAttachedRolePoliciesResponse, ListRolePoliciesRequest,
    ListRolePoliciesResponse, ListRoleTagsRequest, ListRoleTagsResponse, ListRolesRequest,
    ListRolesResponse, PutRolePermissionsBoundaryRequest, PutRolePermissionsBoundaryResponse,
    PutRolePolicyRequest, PutRolePolicyResponse, Role, RoleLastUsed, TagRoleRequest,
    TagRoleResponse, UntagRoleRequest, UntagRoleResponse, UpdateAssumeRolePolicyRequest,
    UpdateAssumeRolePolicyResponse, UpdateRoleDescriptionRequest, UpdateRoleDescriptionResponse,
    UpdateRoleRequest, UpdateRoleResponse,
};
use super::attachment::{Grants, Holder, policy_path, significant_chars};
use super::document::{Document, Place};
use super::entity::{Tags, check_room, encode_document, is_taken, path_or_root};
use super::paging::Page;
use super::service_linked::{check_free_path, protected};
use super::trust::Question;
use super::{Error, Iam, Result};
use crate::base::limits::iam::{DEFAULT_MAX_SESSION_SECS, ROLES_MAX, TRUST_POLICY_MAX_CHARS};
use crate::base::{AccountId, Arn, Call, Timestamp};

/// A role.
#[derive(Clone, Debug)]
pub(super) struct RoleState {
    pub path: String,
    pub name: String,
    pub id: String,
    pub arn: String,
    pub created: Timestamp,
    /// As it was sent, not encoded.
    pub trust_policy: String,
    pub description: Option<String>,
    pub max_session_secs: i32,
    pub boundary: Option<String>,
    pub tags: Tags,
    pub grants: Grants,
    pub last_used: Option<RoleLastUsed>,
}

impl RoleState {
    /// What every reply shows.
    pub(super) fn summary(&self) -> Role {
        Role {
            path: self.path.clone(),
            role_name: self.name.clone(),
            role_id: self.id.clone(),
            arn: self.arn.clone(),
            create_date: self.created,
            assume_role_policy_document: Some(encode_document(&self.trust_policy)),
            ..Role::default()
        }
    }

    /// What GetRole shows besides.
    fn full(&self) -> Role {
        Role {
            description: self.description.clone(),
            max_session_duration: Some(self.max_session_secs),
            permissions_boundary: boundary(self.boundary.as_deref()),
            tags: self.tags.some(),
            role_last_used: Some(self.last_used.clone().unwrap_or_default()),
            ..self.summary()
        }
    }
}

/// How replies show a permissions boundary.
pub(super) fn boundary(arn: Option<&str>) -> Option<AttachedPermissionsBoundary> {
    arn.map(|arn| AttachedPermissionsBoundary {
        permissions_boundary_type: Some("Policy".to_owned()),
        permissions_boundary_arn: Some(arn.to_owned()),
    })
}

pub(super) fn no_role(name: &str) -> Error {
    Error::NoSuchEntity(format!("The role with name {name} cannot be found."))
}

fn check_trust_policy(document: &str) -> Result<()> {
    Document::parse(document, Place::Trust)?;
    if significant_chars(document) > TRUST_POLICY_MAX_CHARS {
        return Err(Error::LimitExceeded(format!(
            "Cannot exceed quota for ACLSizePerRole: {TRUST_POLICY_MAX_CHARS}"
        )));
    }
    Ok(())
}

impl Iam {
    pub(super) fn role(&self, call: &Call, name: &str) -> Result<&RoleState> {
        self.account(call)
            .and_then(|account| account.roles.get(name))
            .ok_or_else(|| no_role(name))
    }

    /// A role, to be described or tagged otherwise.
    fn role_mut(&mut self, call: &Call, name: &str) -> Result<&mut RoleState> {
        self.account_mut(call)
            .roles
            .get_mut(name)
            .ok_or_else(|| no_role(name))
    }

    /// A role whose trust and grants are the customer's to change.
    fn own_role_mut(&mut self, call: &Call, name: &str) -> Result<&mut RoleState> {
        let role = self.role_mut(call, name)?;
        protected(role)?;
        Ok(role)
    }

    /// A role by its ARN, in any account.
    pub(super) fn role_by_arn(&self, arn: &str) -> Option<&RoleState> {
        let parsed: Arn = arn.parse().ok()?;
        let account = self.accounts.get(&AccountId::parse(&parsed.account)?)?;
        account
            .roles
            .get(parsed.resource_name())
            .filter(|role| role.arn == arn)
    }

    /// Whether the role exists and lets a service such as `firehose.amazonaws.com` assume it.
    ///
    /// The service is taken to act for the role's own account, as AWS requires: that account is the
    /// `aws:SourceAccount` and, for Firehose, the `sts:ExternalId` a condition may ask for.
    pub fn role_trusts(&self, role_arn: &str, service_principal: &str) -> bool {
        let Some(role) = self.role_by_arn(role_arn) else {
            return false;
        };
        let account = role_arn.split(':').nth(4).unwrap_or_default();
        Question {
            action: "sts:assumerole",
            kind: "Service",
            names: &[service_principal.to_owned()],
            context: &[("sts:ExternalId", account), ("aws:SourceAccount", account)],
        }
        .allowed_by(&role.trust_policy)
    }

    /// Whether a role of this ARN exists.
    pub fn role_exists(&self, role_arn: &str) -> bool {
        self.role_by_arn(role_arn).is_some()
    }

    /// CreateRole.
    pub fn create_role(
        &mut self,
        call: &Call,
        request: CreateRoleRequest,
    ) -> Result<CreateRoleResponse> {
        check_trust_policy(&request.assume_role_policy_document)?;
        let tags = Tags::new(request.tags)?;
        if let Some(arn) = &request.permissions_boundary {
            self.policy_to_attach(call, arn)?;
        }
        let path = path_or_root(request.path);
        check_free_path(&path)?;
        let arn = Self::arn(call, "role", &path, &request.role_name);
        let id = self.ids.iam("AROA");
        let roles = &mut self.account_mut(call).roles;
        if is_taken(roles, &request.role_name) {
            return Err(Error::EntityAlreadyExists(format!(
                "Role with name {} already exists.",
                request.role_name
            )));
        }
        check_room(roles, ROLES_MAX, "RolesPerAccount")?;
        let role = RoleState {
            path,
            name: request.role_name,
            id,
            arn,
            created: Self::instant(call),
            trust_policy: request.assume_role_policy_document,
            description: request.description,
            max_session_secs: request
                .max_session_duration
                .unwrap_or(DEFAULT_MAX_SESSION_SECS),
            boundary: request.permissions_boundary,
            tags,
            grants: Grants::default(),
            last_used: None,
        };
        let shown = Role {
            description: role.description.clone(),
            permissions_boundary: boundary(role.boundary.as_deref()),
            tags: role.tags.some(),
            ..role.summary()
        };
        roles.insert(role.name.clone(), role);
        Ok(CreateRoleResponse { role: shown })
    }

    /// GetRole.
    pub fn get_role(&self, call: &Call, request: &GetRoleRequest) -> Result<GetRoleResponse> {
        let role = self.role(call, &request.role_name)?.full();
        Ok(GetRoleResponse { role })
    }

    /// ListRoles. Leaves out tags, boundaries and last use, as AWS does.
    pub fn list_roles(&self, call: &Call, request: &ListRolesRequest) -> Result<ListRolesResponse> {
        let prefix = request.path_prefix.as_deref().unwrap_or("/");
        let roles = self
            .account(call)
            .into_iter()
            .flat_map(|account| account.roles.values())
            .filter(|role| role.path.starts_with(prefix))
            .map(|role| Role {
                description: role.description.clone(),
                max_session_duration: Some(role.max_session_secs),
                ..role.summary()
            });
        let key = |role: &Role| role.role_name.clone();
        let page = Page::cut(roles, key, request.marker.as_deref(), request.max_items)?;
        Ok(ListRolesResponse {
            roles: page.items,
            is_truncated: page.is_truncated,
            marker: page.marker,
        })
    }

    /// UpdateRole. Absent members keep their value.
    pub fn update_role(
        &mut self,
        call: &Call,
        request: UpdateRoleRequest,
    ) -> Result<UpdateRoleResponse> {
        let role = self.role_mut(call, &request.role_name)?;
        if let Some(secs) = request.max_session_duration {
            protected(role)?;
            role.max_session_secs = secs;
        }
        if let Some(description) = request.description {
            role.description = Some(description);
        }
        Ok(UpdateRoleResponse {})
    }

    /// UpdateAssumeRolePolicy.
    pub fn update_assume_role_policy(
        &mut self,
        call: &Call,
        request: UpdateAssumeRolePolicyRequest,
    ) -> Result<UpdateAssumeRolePolicyResponse> {
        let role = self.own_role_mut(call, &request.role_name)?;
        check_trust_policy(&request.policy_document)?;
        role.trust_policy = request.policy_document;
        Ok(UpdateAssumeRolePolicyResponse {})
    }

    /// DeleteRole.
    pub fn delete_role(
        &mut self,
        call: &Call,
        request: &DeleteRoleRequest,
    ) -> Result<DeleteRoleResponse> {
        let role = self.role(call, &request.role_name)?;
        protected(role)?;
        role.grants.check_empty()?;
        let account = self.account(call).into_iter();
        if account
            .flat_map(|account| account.profiles.values())
            .any(|profile| profile.role.as_ref() == Some(&request.role_name))
        {
            return Err(Error::DeleteConflict(
                "Cannot delete entity, must remove roles from instance profile first.".to_owned(),
            ));
        }
        self.account_mut(call).roles.remove(&request.role_name);
        Ok(DeleteRoleResponse {})
    }

    /// TagRole.
    pub fn tag_role(&mut self, call: &Call, request: TagRoleRequest) -> Result<TagRoleResponse> {
        self.role_mut(call, &request.role_name)?
            .tags
            .set(request.tags)?;
        Ok(TagRoleResponse {})
    }

    /// UntagRole.
    pub fn untag_role(
        &mut self,
        call: &Call,
        request: &UntagRoleRequest,
    ) -> Result<UntagRoleResponse> {
        self.role_mut(call, &request.role_name)?
            .tags
            .remove(&request.tag_keys);
        Ok(UntagRoleResponse {})
    }

    /// ListRoleTags.
    pub fn list_role_tags(
        &self,
        call: &Call,
        request: &ListRoleTagsRequest,
    ) -> Result<ListRoleTagsResponse> {
        let tags = self.role(call, &request.role_name)?.tags.list();
        let page = Page::cut(
            tags,
            |tag| tag.key.clone(),
            request.marker.as_deref(),
            request.max_items,
        )?;
        Ok(ListRoleTagsResponse {
            tags: page.items,
            is_truncated: page.is_truncated,
            marker: page.marker,
        })
    }

    /// PutRolePolicy.
    pub fn put_role_policy(
        &mut self,
        call: &Call,
        request: &PutRolePolicyRequest,
    ) -> Result<PutRolePolicyResponse> {
        let role = self.own_role_mut(call, &request.role_name)?;
        Document::parse(&request.policy_document, Place::Identity)?;
        role.grants.put(
            Holder::Role,
            &request.role_name,
            &request.policy_name,
            &request.policy_document,
        )?;
        Ok(PutRolePolicyResponse {})
    }

    /// GetRolePolicy.
    pub fn get_role_policy(
        &self,
        call: &Call,
        request: GetRolePolicyRequest,
    ) -> Result<GetRolePolicyResponse> {
        let role = self.role(call, &request.role_name)?;
        let document = role.grants.document(Holder::Role, &request.policy_name)?;
        Ok(GetRolePolicyResponse {
            policy_document: encode_document(document),
            role_name: request.role_name,
            policy_name: request.policy_name,
        })
    }

    /// DeleteRolePolicy.
    pub fn delete_role_policy(
        &mut self,
        call: &Call,
        request: &DeleteRolePolicyRequest,
    ) -> Result<DeleteRolePolicyResponse> {
        let role = self.own_role_mut(call, &request.role_name)?;
        role.grants.delete(Holder::Role, &request.policy_name)?;
        Ok(DeleteRolePolicyResponse {})
    }

    /// ListRolePolicies.
    pub fn list_role_policies(
        &self,
        call: &Call,
        request: &ListRolePoliciesRequest,
    ) -> Result<ListRolePoliciesResponse> {
        let names = self.role(call, &request.role_name)?.grants.inline_names();
        let page = Page::cut(
            names,
            String::clone,
            request.marker.as_deref(),
            request.max_items,
        )?;
        Ok(ListRolePoliciesResponse {
            policy_names: page.items,
            is_truncated: page.is_truncated,
            marker: page.marker,
        })
    }

    /// AttachRolePolicy.
    pub fn attach_role_policy(
        &mut self,
        call: &Call,
        request: &AttachRolePolicyRequest,
    ) -> Result<AttachRolePolicyResponse> {
        self.role(call, &request.role_name)?;
        self.policy_to_attach(call, &request.policy_arn)?;
        let role = self.own_role_mut(call, &request.role_name)?;
        role.grants.attach(Holder::Role, &request.policy_arn)?;
        Ok(AttachRolePolicyResponse {})
    }

    /// DetachRolePolicy.
    pub fn detach_role_policy(
        &mut self,
        call: &Call,
        request: &DetachRolePolicyRequest,
    ) -> Result<DetachRolePolicyResponse> {
        let role = self.own_role_mut(call, &request.role_name)?;
        role.grants.detach(&request.policy_arn)?;
        Ok(DetachRolePolicyResponse {})
    }

    /// ListAttachedRolePolicies.
    pub fn list_attached_role_policies(
        &self,
        call: &Call,
        request: &ListAttachedRolePoliciesRequest,
    ) -> Result<ListAttachedRolePoliciesResponse> {
        let role = self.role(call, &request.role_name)?;
        let prefix = request.path_prefix.as_deref().unwrap_or("/");
        let attached = role.grants.attached().filter(|p| {
            p.policy_arn
                .as_deref()
                .is_some_and(|arn| policy_path(arn).starts_with(prefix))
        });
        let key = |p: &super::api::AttachedPolicy| p.policy_arn.clone().unwrap_or_default();
        let page = Page::cut(attached, key, request.marker.as_deref(), request.max_items)?;
        Ok(ListAttachedRolePoliciesResponse {
            attached_policies: Some(page.items),
            is_truncated: page.is_truncated,
            marker: page.marker,
        })
    }

    /// PutRolePermissionsBoundary.
    pub fn put_role_permissions_boundary(
        &mut self,
        call: &Call,
        request: PutRolePermissionsBoundaryRequest,
    ) -> Result<PutRolePermissionsBoundaryResponse> {
        self.role(call, &request.role_name)?;
        self.policy_to_attach(call, &request.permissions_boundary)?;
        let role = self.own_role_mut(call, &request.role_name)?;
        role.boundary = Some(request.permissions_boundary);
        Ok(PutRolePermissionsBoundaryResponse {})
    }

    /// DeleteRolePermissionsBoundary.
    pub fn delete_role_permissions_boundary(
        &mut self,
        call: &Call,
        request: &DeleteRolePermissionsBoundaryRequest,
    ) -> Result<DeleteRolePermissionsBoundaryResponse> {
        let role = self.own_role_mut(call, &request.role_name)?;
        if role.boundary.take().is_none() {
            return Err(Error::NoSuchEntity(format!(
                "The permissions boundary for role {} cannot be found.",
                request.role_name
            )));
        }
        Ok(DeleteRolePermissionsBoundaryResponse {})
    }

    /// UpdateRoleDescription.
    pub fn update_role_description(
        &mut self,
        call: &Call,
        request: UpdateRoleDescriptionRequest,
    ) -> Result<UpdateRoleDescriptionResponse> {
        let role = self.role_mut(call, &request.role_name)?;
        role.description = Some(request.description);
        Ok(UpdateRoleDescriptionResponse {
            role: Some(role.full()),
        })
    }
}
