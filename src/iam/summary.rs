//! GetAccountSummary: how much an account has and may have.

use std::collections::BTreeMap;

use super::api::GetAccountSummaryResponse;
use super::managed::AWS_POLICIES;
use super::{Account, Iam};
use crate::base::Call;
use crate::base::limits::iam::{
    ACCESS_KEYS_MAX, ATTACHED_POLICIES_MAX, GROUPS_MAX, GROUPS_PER_USER_MAX,
    INLINE_GROUP_MAX_CHARS, INLINE_ROLE_MAX_CHARS, INLINE_USER_MAX_CHARS, INSTANCE_PROFILES_MAX,
    MANAGED_POLICY_MAX_CHARS, POLICIES_MAX, POLICY_VERSIONS_MAX, ROLES_MAX, TRUST_POLICY_MAX_CHARS,
    USERS_MAX,
};

/// Quotas that the operations here keep to.
const QUOTAS: [(&str, usize); 16] = [
    ("UsersQuota", USERS_MAX),
    ("GroupsQuota", GROUPS_MAX),
    ("RolesQuota", ROLES_MAX),
    ("InstanceProfilesQuota", INSTANCE_PROFILES_MAX),
    ("PoliciesQuota", POLICIES_MAX),
    ("GroupsPerUserQuota", GROUPS_PER_USER_MAX),
    ("AccessKeysPerUserQuota", ACCESS_KEYS_MAX),
    ("VersionsPerPolicyQuota", POLICY_VERSIONS_MAX),
    ("AttachedPoliciesPerGroupQuota", ATTACHED_POLICIES_MAX),
    ("AttachedPoliciesPerRoleQuota", ATTACHED_POLICIES_MAX),
    ("AttachedPoliciesPerUserQuota", ATTACHED_POLICIES_MAX),
    ("PolicySizeQuota", MANAGED_POLICY_MAX_CHARS),
    ("AssumeRolePolicySizeQuota", TRUST_POLICY_MAX_CHARS),
    ("GroupPolicySizeQuota", INLINE_GROUP_MAX_CHARS),
    ("RolePolicySizeQuota", INLINE_ROLE_MAX_CHARS),
    ("UserPolicySizeQuota", INLINE_USER_MAX_CHARS),
];

/// What cannot be made here: none of it exists, and its quotas are AWS's.
const ABSENT: [(&str, usize); 11] = [
    ("ServerCertificates", 0),
    ("ServerCertificatesQuota", 20),
    ("SigningCertificatesPerUserQuota", 2),
    ("AccountSigningCertificatesPresent", 0),
    ("MFADevices", 0),
    ("MFADevicesInUse", 0),
    ("AccountMFAEnabled", 0),
    ("AccountPasswordPresent", 0),
    ("Providers", 0),
    ("PolicyVersionsInUseQuota", 10_000),
    // Tokens of the global STS endpoint are valid in the default regions alone: AWS's default.
    ("GlobalEndpointTokenVersion", 1),
];

impl Iam {
    /// GetAccountSummary.
    pub fn get_account_summary(&self, call: &Call) -> GetAccountSummaryResponse {
        let nothing = Account::default();
        let account = self.account(call).unwrap_or(&nothing);
        let customer: usize = account
            .policies
            .values()
            .map(super::policy::ManagedPolicy::version_count)
            .sum();
        // AWS's policies count once they are used; each has one version here.
        let aws = AWS_POLICIES
            .iter()
            .filter(|policy| self.is_used(call, &policy.arn()))
            .count();
        let mut root_keys = self.keys.values();
        let has_root_key = root_keys.any(|key| key.account == call.account && key.user.is_none());
        let held = [
            ("Users", account.users.len()),
            ("Groups", account.groups.len()),
            ("Roles", account.roles.len()),
            ("InstanceProfiles", account.profiles.len()),
            ("Policies", account.policies.len()),
            ("PolicyVersionsInUse", customer + aws),
            ("AccountAccessKeysPresent", usize::from(has_root_key)),
        ];
        let all = held.into_iter().chain(QUOTAS).chain(ABSENT);
        let map: BTreeMap<String, i32> = all
            .map(|(key, count)| (key.to_owned(), i32::try_from(count).unwrap_or(i32::MAX)))
            .collect();
        GetAccountSummaryResponse {
            summary_map: Some(map),
        }
    }
}
