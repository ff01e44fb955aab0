//! IAM operations by name.

use serde_json::Value;

use super::adapter::{reply, request};
use crate::base::{Call, ServiceError};
use crate::iam::Iam;

/// What [`handle`] executes.
pub const OPERATIONS: &[&str] = &[
    "AttachRolePolicy",
    "CreateAccessKey",
    "CreatePolicy",
    "CreatePolicyVersion",
    "CreateRole",
    "CreateUser",
    "DeleteAccessKey",
    "DeletePolicy",
    "DeletePolicyVersion",
    "DeleteRole",
    "DeleteRolePolicy",
    "DeleteUser",
    "DetachRolePolicy",
    "GetPolicy",
    "GetPolicyVersion",
    "GetRole",
    "GetRolePolicy",
    "GetUser",
    "ListAccessKeys",
    "ListAttachedRolePolicies",
    "ListEntitiesForPolicy",
    "ListInstanceProfilesForRole",
    "ListPolicies",
    "ListPolicyVersions",
    "ListRolePolicies",
    "ListRoleTags",
    "ListRoles",
    "ListUsers",
    "PutRolePolicy",
    "SetDefaultPolicyVersion",
    "TagRole",
    "UntagRole",
    "UpdateAssumeRolePolicy",
    "UpdateRole",
];

/// Runs one operation.
pub fn handle(
    core: &mut Iam,
    operation: &str,
    call: &Call,
    input: Value,
) -> Result<Value, ServiceError> {
    match operation {
        "AttachRolePolicy" => reply(core.attach_role_policy(call, &request(input)?)),
        "CreateAccessKey" => reply(core.create_access_key(call, &request(input)?)),
        "CreatePolicy" => reply(core.create_policy(call, request(input)?)),
        "CreatePolicyVersion" => reply(core.create_policy_version(call, request(input)?)),
        "CreateRole" => reply(core.create_role(call, request(input)?)),
        "CreateUser" => reply(core.create_user(call, request(input)?)),
        "DeleteAccessKey" => reply(core.delete_access_key(call, &request(input)?)),
        "DeletePolicy" => reply(core.delete_policy(call, &request(input)?)),
        "DeletePolicyVersion" => reply(core.delete_policy_version(call, &request(input)?)),
        "DeleteRole" => reply(core.delete_role(call, &request(input)?)),
        "DeleteRolePolicy" => reply(core.delete_role_policy(call, &request(input)?)),
        "DeleteUser" => reply(core.delete_user(call, &request(input)?)),
        "DetachRolePolicy" => reply(core.detach_role_policy(call, &request(input)?)),
        "GetPolicy" => reply(core.get_policy(call, &request(input)?)),
        "GetPolicyVersion" => reply(core.get_policy_version(call, &request(input)?)),
        "GetRole" => reply(core.get_role(call, &request(input)?)),
        "GetRolePolicy" => reply(core.get_role_policy(call, request(input)?)),
        "GetUser" => reply(core.get_user(call, &request(input)?)),
        "ListAccessKeys" => reply(core.list_access_keys(call, &request(input)?)),
        "ListAttachedRolePolicies" => {
            reply(core.list_attached_role_policies(call, &request(input)?))
        }
        "ListEntitiesForPolicy" => reply(core.list_entities_for_policy(call, &request(input)?)),
        "ListInstanceProfilesForRole" => {
            reply(core.list_instance_profiles_for_role(call, &request(input)?))
        }
        "ListPolicies" => reply(core.list_policies(call, &request(input)?)),
        "ListPolicyVersions" => reply(core.list_policy_versions(call, &request(input)?)),
        "ListRolePolicies" => reply(core.list_role_policies(call, &request(input)?)),
        "ListRoleTags" => reply(core.list_role_tags(call, &request(input)?)),
        "ListRoles" => reply(core.list_roles(call, &request(input)?)),
        "ListUsers" => reply(core.list_users(call, &request(input)?)),
        "PutRolePolicy" => reply(core.put_role_policy(call, &request(input)?)),
        "SetDefaultPolicyVersion" => reply(core.set_default_policy_version(call, &request(input)?)),
        "TagRole" => reply(core.tag_role(call, request(input)?)),
        "UntagRole" => reply(core.untag_role(call, &request(input)?)),
        "UpdateAssumeRolePolicy" => reply(core.update_assume_role_policy(call, request(input)?)),
        "UpdateRole" => reply(core.update_role(call, request(input)?)),
        _ => Err(ServiceError::not_implemented(format!("iam:{operation}"))),
    }
}
