//! GetAccountAuthorizationDetails: every user, group, role and policy with what connects them.

use super::api::{
    AttachedPolicy, GetAccountAuthorizationDetailsRequest, GetAccountAuthorizationDetailsResponse,
    GroupDetail, ManagedPolicyDetail, Policy, PolicyDetail, PolicyVersion, RoleDetail, UserDetail,
};
use super::attachment::Grants;
use super::entity::encode_document;
use super::group::GroupState;
use super::managed::AWS_POLICIES;
use super::paging::Page;
use super::role::{RoleState, boundary};
use super::user::UserState;
use super::{Account, Iam, Result};
use crate::base::Call;

/// One entry of the answer's four lists.
enum Detail {
    User(UserDetail),
    Group(GroupDetail),
    Role(RoleDetail),
    Policy(ManagedPolicyDetail),
}

impl Detail {
    /// Orders the entries: users, groups, roles, policies, each by name. Pages follow this order.
    fn key(&self) -> String {
        let (kind, name) = match self {
            Self::User(user) => ('1', &user.user_name),
            Self::Group(group) => ('2', &group.group_name),
            Self::Role(role) => ('3', &role.role_name),
            Self::Policy(policy) => ('4', &policy.arn),
        };
        format!("{kind}{}", name.as_deref().unwrap_or_default())
    }
}

impl Iam {
    /// GetAccountAuthorizationDetails. Of AWS's policies it lists those in use.
    ///
    /// # Errors
    /// By name when one of those in use is a policy whose document is not part of this program.
    pub fn get_account_authorization_details(
        &self,
        call: &Call,
        request: &GetAccountAuthorizationDetailsRequest,
    ) -> Result<GetAccountAuthorizationDetailsResponse> {
        let filter = request.filter.as_deref().unwrap_or_default();
        let wants = |kind: &str| filter.is_empty() || filter.iter().any(|wanted| wanted == kind);
        let mut details = Vec::new();
        if let Some(account) = self.account(call) {
            if wants("User") {
                let users = account.users.values();
                details.extend(users.map(|user| Detail::User(user_detail(account, user))));
            }
            if wants("Group") {
                let groups = account.groups.values();
                details.extend(groups.map(|group| Detail::Group(group_detail(group))));
            }
            if wants("Role") {
                let roles = account.roles.values();
                details.extend(roles.map(|role| Detail::Role(role_detail(account, role))));
            }
            if wants("LocalManagedPolicy") {
                let policies = account.policies.values().map(|policy| {
                    let shown = self.shown_policy(call, policy);
                    Detail::Policy(policy_detail(shown, policy.all_versions()))
                });
                details.extend(policies);
            }
            if wants("AWSManagedPolicy") {
                for policy in &AWS_POLICIES {
                    if self.is_used(call, &policy.arn()) {
                        let shown = self.shown_aws_policy(call, policy);
                        let version = policy.only_version("iam:GetAccountAuthorizationDetails")?;
                        details.push(Detail::Policy(policy_detail(shown, vec![version])));
                    }
                }
            }
        }
        let marker = request.marker.as_deref();
        let page = Page::cut(details, Detail::key, marker, request.max_items)?;
        let (mut users, mut groups) = (Vec::new(), Vec::new());
        let (mut roles, mut policies) = (Vec::new(), Vec::new());
        for detail in page.items {
            match detail {
                Detail::User(user) => users.push(user),
                Detail::Group(group) => groups.push(group),
                Detail::Role(role) => roles.push(role),
                Detail::Policy(policy) => policies.push(policy),
            }
        }
        Ok(GetAccountAuthorizationDetailsResponse {
            user_detail_list: Some(users),
            group_detail_list: Some(groups),
            role_detail_list: Some(roles),
            policies: Some(policies),
            is_truncated: page.is_truncated,
            marker: page.marker,
        })
    }
}

fn inline(grants: &Grants) -> Vec<PolicyDetail> {
    let inline = grants.inline();
    inline
        .map(|(name, document)| PolicyDetail {
            policy_name: Some(name.to_owned()),
            policy_document: Some(encode_document(document)),
        })
        .collect()
}

fn attached(grants: &Grants) -> Option<Vec<AttachedPolicy>> {
    Some(grants.attached().collect())
}

fn user_detail(account: &Account, user: &UserState) -> UserDetail {
    let groups = account.groups_of(&user.name);
    UserDetail {
        path: Some(user.path.clone()),
        user_name: Some(user.name.clone()),
        user_id: Some(user.id.clone()),
        arn: Some(user.arn.clone()),
        create_date: Some(user.created),
        user_policy_list: Some(inline(&user.grants)).filter(|policies| !policies.is_empty()),
        group_list: Some(groups.map(|group| group.name.clone()).collect()),
        attached_managed_policies: attached(&user.grants),
        permissions_boundary: boundary(user.boundary.as_deref()),
        tags: Some(user.tags.list()),
    }
}

fn group_detail(group: &GroupState) -> GroupDetail {
    GroupDetail {
        path: Some(group.path.clone()),
        group_name: Some(group.name.clone()),
        group_id: Some(group.id.clone()),
        arn: Some(group.arn.clone()),
        create_date: Some(group.created),
        group_policy_list: Some(inline(&group.grants)),
        attached_managed_policies: attached(&group.grants),
    }
}

fn role_detail(account: &Account, role: &RoleState) -> RoleDetail {
    let profiles = account.profiles.values();
    let profiles = profiles.filter(|profile| profile.role.as_ref() == Some(&role.name));
    RoleDetail {
        path: Some(role.path.clone()),
        role_name: Some(role.name.clone()),
        role_id: Some(role.id.clone()),
        arn: Some(role.arn.clone()),
        create_date: Some(role.created),
        assume_role_policy_document: Some(encode_document(&role.trust_policy)),
        instance_profile_list: Some(profiles.map(|profile| profile.shown(account)).collect()),
        role_policy_list: Some(inline(&role.grants)),
        attached_managed_policies: attached(&role.grants),
        permissions_boundary: boundary(role.boundary.as_deref()),
        tags: Some(role.tags.list()),
        role_last_used: Some(role.last_used.clone().unwrap_or_default()),
    }
}

fn policy_detail(policy: Policy, versions: Vec<PolicyVersion>) -> ManagedPolicyDetail {
    ManagedPolicyDetail {
        policy_name: policy.policy_name,
        policy_id: policy.policy_id,
        arn: policy.arn,
        path: policy.path,
        default_version_id: policy.default_version_id,
        attachment_count: policy.attachment_count,
        permissions_boundary_usage_count: policy.permissions_boundary_usage_count,
        is_attachable: policy.is_attachable,
        description: policy.description,
        create_date: policy.create_date,
        update_date: policy.update_date,
        policy_version_list: Some(versions),
    }
}
