//! IAM operations by name.

use serde_json::Value;

use super::adapter::{reply, request};
use crate::base::{Call, ServiceError};
use crate::iam::{Error, Iam};

/// What [`handle`] executes.
pub const OPERATIONS: &[&str] = &[
    "AddRoleToInstanceProfile",
    "AddUserToGroup",
    "AttachGroupPolicy",
    "AttachRolePolicy",
    "AttachUserPolicy",
    "CreateAccessKey",
    "CreateAccountAlias",
    "CreateGroup",
    "CreateInstanceProfile",
    "CreatePolicy",
    "CreatePolicyVersion",
    "CreateRole",
    "CreateServiceLinkedRole",
    "CreateUser",
    "DeleteAccessKey",
    "DeleteAccountAlias",
    "DeleteGroup",
    "DeleteGroupPolicy",
    "DeleteInstanceProfile",
    "DeletePolicy",
    "DeletePolicyVersion",
    "DeleteRole",
    "DeleteRolePermissionsBoundary",
    "DeleteRolePolicy",
    "DeleteServiceLinkedRole",
    "DeleteUser",
    "DeleteUserPermissionsBoundary",
    "DeleteUserPolicy",
    "DetachGroupPolicy",
    "DetachRolePolicy",
    "DetachUserPolicy",
    "GetAccessKeyLastUsed",
    "GetAccountAuthorizationDetails",
    "GetAccountSummary",
    "GetContextKeysForCustomPolicy",
    "GetContextKeysForPrincipalPolicy",
    "GetGroup",
    "GetGroupPolicy",
    "GetInstanceProfile",
    "GetPolicy",
    "GetPolicyVersion",
    "GetRole",
    "GetRolePolicy",
    "GetServiceLinkedRoleDeletionStatus",
    "GetUser",
    "GetUserPolicy",
    "ListAccessKeys",
    "ListAccountAliases",
    "ListAttachedGroupPolicies",
    "ListAttachedRolePolicies",
    "ListAttachedUserPolicies",
    "ListEntitiesForPolicy",
    "ListGroupPolicies",
    "ListGroups",
    "ListGroupsForUser",
    "ListInstanceProfiles",
    "ListInstanceProfilesForRole",
    "ListPolicies",
    "ListPolicyTags",
    "ListPolicyVersions",
    "ListRolePolicies",
    "ListRoleTags",
    "ListRoles",
    "ListUserPolicies",
    "ListUserTags",
    "ListUsers",
    "PutGroupPolicy",
    "PutRolePermissionsBoundary",
    "PutRolePolicy",
    "PutUserPermissionsBoundary",
    "PutUserPolicy",
    "RemoveRoleFromInstanceProfile",
    "RemoveUserFromGroup",
    "SetDefaultPolicyVersion",
    "SimulateCustomPolicy",
    "SimulatePrincipalPolicy",
    "TagPolicy",
    "TagRole",
    "TagUser",
    "UntagPolicy",
    "UntagRole",
    "UntagUser",
    "UpdateAccessKey",
    "UpdateAssumeRolePolicy",
    "UpdateGroup",
    "UpdateRole",
    "UpdateRoleDescription",
    "UpdateUser",
];

/// Runs one operation.
pub fn handle(
    core: &mut Iam,
    operation: &str,
    call: &Call,
    input: Value,
) -> Result<Value, ServiceError> {
    match operation {
        "AddRoleToInstanceProfile" => {
            reply(core.add_role_to_instance_profile(call, request(input)?))
        }
        "AddUserToGroup" => reply(core.add_user_to_group(call, request(input)?)),
        "AttachGroupPolicy" => reply(core.attach_group_policy(call, &request(input)?)),
        "AttachRolePolicy" => reply(core.attach_role_policy(call, &request(input)?)),
        "AttachUserPolicy" => reply(core.attach_user_policy(call, &request(input)?)),
        "CreateAccessKey" => reply(core.create_access_key(call, &request(input)?)),
        "CreateAccountAlias" => reply(core.create_account_alias(call, request(input)?)),
        "CreateGroup" => reply(core.create_group(call, request(input)?)),
        "CreateInstanceProfile" => reply(core.create_instance_profile(call, request(input)?)),
        "CreatePolicy" => reply(core.create_policy(call, request(input)?)),
        "CreatePolicyVersion" => reply(core.create_policy_version(call, request(input)?)),
        "CreateRole" => reply(core.create_role(call, request(input)?)),
        "CreateServiceLinkedRole" => reply(core.create_service_linked_role(call, request(input)?)),
        "CreateUser" => reply(core.create_user(call, request(input)?)),
        "DeleteAccessKey" => reply(core.delete_access_key(call, &request(input)?)),
        "DeleteAccountAlias" => reply(core.delete_account_alias(call, &request(input)?)),
        "DeleteGroup" => reply(core.delete_group(call, &request(input)?)),
        "DeleteGroupPolicy" => reply(core.delete_group_policy(call, &request(input)?)),
        "DeleteInstanceProfile" => reply(core.delete_instance_profile(call, &request(input)?)),
        "DeletePolicy" => reply(core.delete_policy(call, &request(input)?)),
        "DeletePolicyVersion" => reply(core.delete_policy_version(call, &request(input)?)),
        "DeleteRole" => reply(core.delete_role(call, &request(input)?)),
        "DeleteRolePermissionsBoundary" => {
            reply(core.delete_role_permissions_boundary(call, &request(input)?))
        }
        "DeleteRolePolicy" => reply(core.delete_role_policy(call, &request(input)?)),
        "DeleteServiceLinkedRole" => reply(core.delete_service_linked_role(call, &request(input)?)),
        "DeleteUser" => reply(core.delete_user(call, &request(input)?)),
        "DeleteUserPermissionsBoundary" => {
            reply(core.delete_user_permissions_boundary(call, &request(input)?))
        }
        "DeleteUserPolicy" => reply(core.delete_user_policy(call, &request(input)?)),
        "DetachGroupPolicy" => reply(core.detach_group_policy(call, &request(input)?)),
        "DetachRolePolicy" => reply(core.detach_role_policy(call, &request(input)?)),
        "DetachUserPolicy" => reply(core.detach_user_policy(call, &request(input)?)),
        "GetAccessKeyLastUsed" => reply(core.get_access_key_last_used(call, &request(input)?)),
        "GetAccountAuthorizationDetails" => {
            reply(core.get_account_authorization_details(call, &request(input)?))
        }
        "GetAccountSummary" => reply::<_, Error>(Ok(core.get_account_summary(call))),
        "GetContextKeysForCustomPolicy" => {
            reply(Iam::get_context_keys_for_custom_policy(&request(input)?))
        }
        "GetContextKeysForPrincipalPolicy" => {
            reply(core.get_context_keys_for_principal_policy(call, &request(input)?))
        }
        "GetGroup" => reply(core.get_group(call, &request(input)?)),
        "GetGroupPolicy" => reply(core.get_group_policy(call, request(input)?)),
        "GetInstanceProfile" => reply(core.get_instance_profile(call, &request(input)?)),
        "GetPolicy" => reply(core.get_policy(call, &request(input)?)),
        "GetPolicyVersion" => reply(core.get_policy_version(call, &request(input)?)),
        "GetRole" => reply(core.get_role(call, &request(input)?)),
        "GetRolePolicy" => reply(core.get_role_policy(call, request(input)?)),
        "GetServiceLinkedRoleDeletionStatus" => {
            reply(core.get_service_linked_role_deletion_status(call, &request(input)?))
        }
        "GetUser" => reply(core.get_user(call, &request(input)?)),
        "GetUserPolicy" => reply(core.get_user_policy(call, request(input)?)),
        "ListAccessKeys" => reply(core.list_access_keys(call, &request(input)?)),
        "ListAccountAliases" => reply(core.list_account_aliases(call, &request(input)?)),
        "ListAttachedGroupPolicies" => {
            reply(core.list_attached_group_policies(call, &request(input)?))
        }
        "ListAttachedRolePolicies" => {
            reply(core.list_attached_role_policies(call, &request(input)?))
        }
        "ListAttachedUserPolicies" => {
            reply(core.list_attached_user_policies(call, &request(input)?))
        }
        "ListEntitiesForPolicy" => reply(core.list_entities_for_policy(call, &request(input)?)),
        "ListGroupPolicies" => reply(core.list_group_policies(call, &request(input)?)),
        "ListGroups" => reply(core.list_groups(call, &request(input)?)),
        "ListGroupsForUser" => reply(core.list_groups_for_user(call, &request(input)?)),
        "ListInstanceProfiles" => reply(core.list_instance_profiles(call, &request(input)?)),
        "ListInstanceProfilesForRole" => {
            reply(core.list_instance_profiles_for_role(call, &request(input)?))
        }
        "ListPolicies" => reply(core.list_policies(call, &request(input)?)),
        "ListPolicyTags" => reply(core.list_policy_tags(call, &request(input)?)),
        "ListPolicyVersions" => reply(core.list_policy_versions(call, &request(input)?)),
        "ListRolePolicies" => reply(core.list_role_policies(call, &request(input)?)),
        "ListRoleTags" => reply(core.list_role_tags(call, &request(input)?)),
        "ListRoles" => reply(core.list_roles(call, &request(input)?)),
        "ListUserPolicies" => reply(core.list_user_policies(call, &request(input)?)),
        "ListUserTags" => reply(core.list_user_tags(call, &request(input)?)),
        "ListUsers" => reply(core.list_users(call, &request(input)?)),
        "PutGroupPolicy" => reply(core.put_group_policy(call, &request(input)?)),
        "PutRolePermissionsBoundary" => {
            reply(core.put_role_permissions_boundary(call, request(input)?))
        }
        "PutRolePolicy" => reply(core.put_role_policy(call, &request(input)?)),
        "PutUserPermissionsBoundary" => {
            reply(core.put_user_permissions_boundary(call, request(input)?))
        }
        "PutUserPolicy" => reply(core.put_user_policy(call, &request(input)?)),
        "RemoveRoleFromInstanceProfile" => {
            reply(core.remove_role_from_instance_profile(call, &request(input)?))
        }
        "RemoveUserFromGroup" => reply(core.remove_user_from_group(call, &request(input)?)),
        "SetDefaultPolicyVersion" => reply(core.set_default_policy_version(call, &request(input)?)),
        "SimulateCustomPolicy" => reply(core.simulate_custom_policy(call, request(input)?)),
        "SimulatePrincipalPolicy" => reply(core.simulate_principal_policy(call, request(input)?)),
        "TagPolicy" => reply(core.tag_policy(call, request(input)?)),
        "TagRole" => reply(core.tag_role(call, request(input)?)),
        "TagUser" => reply(core.tag_user(call, request(input)?)),
        "UntagPolicy" => reply(core.untag_policy(call, &request(input)?)),
        "UntagRole" => reply(core.untag_role(call, &request(input)?)),
        "UntagUser" => reply(core.untag_user(call, &request(input)?)),
        "UpdateAccessKey" => reply(core.update_access_key(call, &request(input)?)),
        "UpdateAssumeRolePolicy" => reply(core.update_assume_role_policy(call, request(input)?)),
        "UpdateGroup" => reply(core.update_group(call, request(input)?)),
        "UpdateRole" => reply(core.update_role(call, request(input)?)),
        "UpdateRoleDescription" => reply(core.update_role_description(call, request(input)?)),
        "UpdateUser" => reply(core.update_user(call, request(input)?)),
        _ => Err(ServiceError::not_implemented(format!("iam:{operation}"))),
    }
}
