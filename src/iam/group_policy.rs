//! What groups grant to their users.

use super::api::{
    AttachGroupPolicyRequest, AttachGroupPolicyResponse, AttachedPolicy, DeleteGroupPolicyRequest,
    DeleteGroupPolicyResponse, DetachGroupPolicyRequest, DetachGroupPolicyResponse,
    GetGroupPolicyRequest, GetGroupPolicyResponse, ListAttachedGroupPoliciesRequest,
    ListAttachedGroupPoliciesResponse, ListGroupPoliciesRequest, ListGroupPoliciesResponse,
    PutGroupPolicyRequest, PutGroupPolicyResponse,
};
use super::attachment::{Holder, policy_path};
use super::document::{Document, Place};
use super::entity::encode_document;
use super::paging::Page;
use super::{Iam, Result};
use crate::base::Call;

impl Iam {
    /// PutGroupPolicy.
    pub fn put_group_policy(
        &mut self,
        call: &Call,
        request: &PutGroupPolicyRequest,
    ) -> Result<PutGroupPolicyResponse> {
        let group = self.group_mut(call, &request.group_name)?;
        Document::parse(&request.policy_document, Place::Identity)?;
        let (name, document) = (&request.policy_name, &request.policy_document);
        group
            .grants
            .put(Holder::Group, &request.group_name, name, document)?;
        Ok(PutGroupPolicyResponse {})
    }

    /// GetGroupPolicy.
    pub fn get_group_policy(
        &self,
        call: &Call,
        request: GetGroupPolicyRequest,
    ) -> Result<GetGroupPolicyResponse> {
        let group = self.group(call, &request.group_name)?;
        let document = group.grants.document(Holder::Group, &request.policy_name)?;
        Ok(GetGroupPolicyResponse {
            policy_document: encode_document(document),
            group_name: request.group_name,
            policy_name: request.policy_name,
        })
    }

    /// DeleteGroupPolicy.
    pub fn delete_group_policy(
        &mut self,
        call: &Call,
        request: &DeleteGroupPolicyRequest,
    ) -> Result<DeleteGroupPolicyResponse> {
        let group = self.group_mut(call, &request.group_name)?;
        group.grants.delete(Holder::Group, &request.policy_name)?;
        Ok(DeleteGroupPolicyResponse {})
    }

    /// ListGroupPolicies.
    pub fn list_group_policies(
        &self,
        call: &Call,
        request: &ListGroupPoliciesRequest,
    ) -> Result<ListGroupPoliciesResponse> {
        let names = self.group(call, &request.group_name)?.grants.inline_names();
        let marker = request.marker.as_deref();
        let page = Page::cut(names, String::clone, marker, request.max_items)?;
        Ok(ListGroupPoliciesResponse {
            policy_names: page.items,
            is_truncated: page.is_truncated,
            marker: page.marker,
        })
    }

    /// AttachGroupPolicy.
    pub fn attach_group_policy(
        &mut self,
        call: &Call,
        request: &AttachGroupPolicyRequest,
    ) -> Result<AttachGroupPolicyResponse> {
        self.group(call, &request.group_name)?;
        self.policy_to_attach(call, &request.policy_arn)?;
        let group = self.group_mut(call, &request.group_name)?;
        group.grants.attach(Holder::Group, &request.policy_arn)?;
        Ok(AttachGroupPolicyResponse {})
    }

    /// DetachGroupPolicy.
    pub fn detach_group_policy(
        &mut self,
        call: &Call,
        request: &DetachGroupPolicyRequest,
    ) -> Result<DetachGroupPolicyResponse> {
        let group = self.group_mut(call, &request.group_name)?;
        group.grants.detach(&request.policy_arn)?;
        Ok(DetachGroupPolicyResponse {})
    }

    /// ListAttachedGroupPolicies.
    pub fn list_attached_group_policies(
        &self,
        call: &Call,
        request: &ListAttachedGroupPoliciesRequest,
    ) -> Result<ListAttachedGroupPoliciesResponse> {
        let group = self.group(call, &request.group_name)?;
        let prefix = request.path_prefix.as_deref().unwrap_or("/");
        let attached = group.grants.attached().filter(|policy| {
            let arn = policy.policy_arn.as_deref().unwrap_or_default();
            policy_path(arn).starts_with(prefix)
        });
        let key = |policy: &AttachedPolicy| policy.policy_arn.clone().unwrap_or_default();
        let page = Page::cut(attached, key, request.marker.as_deref(), request.max_items)?;
        Ok(ListAttachedGroupPoliciesResponse {
            attached_policies: Some(page.items),
            is_truncated: page.is_truncated,
            marker: page.marker,
        })
    }
}
