//! What users are granted, what bounds them, and their tags.

use super::api::{
    AttachUserPolicyRequest, AttachUserPolicyResponse, AttachedPolicy,
    DeleteUserPermissionsBoundaryRequest, DeleteUserPermissionsBoundaryResponse,
    DeleteUserPolicyRequest, DeleteUserPolicyResponse, DetachUserPolicyRequest,
    DetachUserPolicyResponse, GetUserPolicyRequest, GetUserPolicyResponse,
    ListAttachedUserPoliciesRequest, ListAttachedUserPoliciesResponse, ListUserPoliciesRequest,
    ListUserPoliciesResponse, ListUserTagsRequest, ListUserTagsResponse,
    PutUserPermissionsBoundaryRequest, PutUserPermissionsBoundaryResponse, PutUserPolicyRequest,
    PutUserPolicyResponse, TagUserRequest, TagUserResponse, UntagUserRequest, UntagUserResponse,
};
use super::attachment::{Holder, policy_path};
use super::document::{Document, Place};
use super::entity::encode_document;
use super::paging::Page;
use super::{Error, Iam, Result};
use crate::base::Call;

impl Iam {
    /// PutUserPolicy.
    pub fn put_user_policy(
        &mut self,
        call: &Call,
        request: &PutUserPolicyRequest,
    ) -> Result<PutUserPolicyResponse> {
        let user = self.user_mut(call, &request.user_name)?;
        Document::parse(&request.policy_document, Place::Identity)?;
        let (name, document) = (&request.policy_name, &request.policy_document);
        user.grants
            .put(Holder::User, &request.user_name, name, document)?;
        Ok(PutUserPolicyResponse {})
    }

    /// GetUserPolicy.
    pub fn get_user_policy(
        &self,
        call: &Call,
        request: GetUserPolicyRequest,
    ) -> Result<GetUserPolicyResponse> {
        let user = self.user(call, &request.user_name)?;
        let document = user.grants.document(Holder::User, &request.policy_name)?;
        Ok(GetUserPolicyResponse {
            policy_document: encode_document(document),
            user_name: request.user_name,
            policy_name: request.policy_name,
        })
    }

    /// DeleteUserPolicy.
    pub fn delete_user_policy(
        &mut self,
        call: &Call,
        request: &DeleteUserPolicyRequest,
    ) -> Result<DeleteUserPolicyResponse> {
        let user = self.user_mut(call, &request.user_name)?;
        user.grants.delete(Holder::User, &request.policy_name)?;
        Ok(DeleteUserPolicyResponse {})
    }

    /// ListUserPolicies.
    pub fn list_user_policies(
        &self,
        call: &Call,
        request: &ListUserPoliciesRequest,
    ) -> Result<ListUserPoliciesResponse> {
        let names = self.user(call, &request.user_name)?.grants.inline_names();
        let marker = request.marker.as_deref();
        let page = Page::cut(names, String::clone, marker, request.max_items)?;
        Ok(ListUserPoliciesResponse {
            policy_names: page.items,
            is_truncated: page.is_truncated,
            marker: page.marker,
        })
    }

    /// AttachUserPolicy.
    pub fn attach_user_policy(
        &mut self,
        call: &Call,
        request: &AttachUserPolicyRequest,
    ) -> Result<AttachUserPolicyResponse> {
        self.user(call, &request.user_name)?;
        self.policy_to_attach(call, &request.policy_arn)?;
        let user = self.user_mut(call, &request.user_name)?;
        user.grants.attach(Holder::User, &request.policy_arn)?;
        Ok(AttachUserPolicyResponse {})
    }

    /// DetachUserPolicy.
    pub fn detach_user_policy(
        &mut self,
        call: &Call,
        request: &DetachUserPolicyRequest,
    ) -> Result<DetachUserPolicyResponse> {
        let user = self.user_mut(call, &request.user_name)?;
        user.grants.detach(&request.policy_arn)?;
        Ok(DetachUserPolicyResponse {})
    }

    /// ListAttachedUserPolicies.
    pub fn list_attached_user_policies(
        &self,
        call: &Call,
        request: &ListAttachedUserPoliciesRequest,
    ) -> Result<ListAttachedUserPoliciesResponse> {
        let user = self.user(call, &request.user_name)?;
        let prefix = request.path_prefix.as_deref().unwrap_or("/");
        let attached = user.grants.attached().filter(|policy| {
            let arn = policy.policy_arn.as_deref().unwrap_or_default();
            policy_path(arn).starts_with(prefix)
        });
        let key = |p: &AttachedPolicy| p.policy_arn.clone().unwrap_or_default();
        let page = Page::cut(attached, key, request.marker.as_deref(), request.max_items)?;
        Ok(ListAttachedUserPoliciesResponse {
            attached_policies: Some(page.items),
            is_truncated: page.is_truncated,
            marker: page.marker,
        })
    }

    /// PutUserPermissionsBoundary.
    pub fn put_user_permissions_boundary(
        &mut self,
        call: &Call,
        request: PutUserPermissionsBoundaryRequest,
    ) -> Result<PutUserPermissionsBoundaryResponse> {
        self.user(call, &request.user_name)?;
        self.policy_to_attach(call, &request.permissions_boundary)?;
        let user = self.user_mut(call, &request.user_name)?;
        user.boundary = Some(request.permissions_boundary);
        Ok(PutUserPermissionsBoundaryResponse {})
    }

    /// DeleteUserPermissionsBoundary.
    pub fn delete_user_permissions_boundary(
        &mut self,
        call: &Call,
        request: &DeleteUserPermissionsBoundaryRequest,
    ) -> Result<DeleteUserPermissionsBoundaryResponse> {
        let user = self.user_mut(call, &request.user_name)?;
        if user.boundary.take().is_none() {
            return Err(Error::NoSuchEntity(format!(
                "The permissions boundary for user {} cannot be found.",
                request.user_name
            )));
        }
        Ok(DeleteUserPermissionsBoundaryResponse {})
    }

    /// TagUser.
    pub fn tag_user(&mut self, call: &Call, request: TagUserRequest) -> Result<TagUserResponse> {
        let user = self.user_mut(call, &request.user_name)?;
        user.tags.set(request.tags)?;
        Ok(TagUserResponse {})
    }

    /// UntagUser.
    pub fn untag_user(
        &mut self,
        call: &Call,
        request: &UntagUserRequest,
    ) -> Result<UntagUserResponse> {
        let user = self.user_mut(call, &request.user_name)?;
        user.tags.remove(&request.tag_keys);
        Ok(UntagUserResponse {})
    }

    /// ListUserTags.
    pub fn list_user_tags(
        &self,
        call: &Call,
        request: &ListUserTagsRequest,
    ) -> Result<ListUserTagsResponse> {
        let tags = self.user(call, &request.user_name)?.tags.list();
        let marker = request.marker.as_deref();
        let page = Page::cut(tags, |tag| tag.key.clone(), marker, request.max_items)?;
        Ok(ListUserTagsResponse {
            tags: page.items,
            is_truncated: page.is_truncated,
            marker: page.marker,
        })
    }
}
