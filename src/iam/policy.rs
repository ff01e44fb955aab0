//! Managed policies: made, versioned, listed, deleted; AWS's own beside the customer's.

use std::collections::BTreeMap;

use super::api::{
    CreatePolicyRequest, CreatePolicyResponse, CreatePolicyVersionRequest,
    CreatePolicyVersionResponse, DeletePolicyRequest, DeletePolicyResponse,
    DeletePolicyVersionRequest, DeletePolicyVersionResponse, GetPolicyRequest, GetPolicyResponse,
    GetPolicyVersionRequest, GetPolicyVersionResponse, ListEntitiesForPolicyRequest,
    ListEntitiesForPolicyResponse, ListPoliciesRequest, ListPoliciesResponse,
    ListPolicyTagsRequest, ListPolicyTagsResponse, ListPolicyVersionsRequest,
    ListPolicyVersionsResponse, Policy, PolicyRole, PolicyUser, PolicyVersion,
    SetDefaultPolicyVersionRequest, SetDefaultPolicyVersionResponse, TagPolicyRequest,
    TagPolicyResponse, UntagPolicyRequest, UntagPolicyResponse,
};
use super::attachment::significant_chars;
use super::document::{Document, Place};
use super::entity::{Tags, encode_document, is_taken, path_or_root};
use super::managed::{AWS_POLICIES, AwsPolicy};
use super::paging::Page;
use super::{Error, Iam, Result};
use crate::base::limits::iam::{MANAGED_POLICY_MAX_CHARS, POLICY_VERSIONS_MAX};
use crate::base::{Arn, Call, Timestamp};

/// A customer managed policy.
#[derive(Clone, Debug)]
pub(super) struct ManagedPolicy {
    pub path: String,
    pub name: String,
    pub id: String,
    pub arn: String,
    pub created: Timestamp,
    pub updated: Timestamp,
    pub description: Option<String>,
    pub tags: Tags,
    /// By number; numbers are never used again.
    versions: BTreeMap<u32, Version>,
    default_version: u32,
    next_version: u32,
}

#[derive(Clone, Debug)]
struct Version {
    document: String,
    created: Timestamp,
}

/// How often a policy is used.
#[derive(Clone, Copy, Debug, Default)]
struct Uses {
    attachments: i32,
    boundaries: i32,
}

/// A policy of either kind.
enum Found<'a> {
    Customer(&'a ManagedPolicy),
    Aws(&'static AwsPolicy),
}

fn not_found(arn: &str) -> Error {
    Error::NoSuchEntity(format!("Policy {arn} was not found."))
}

fn no_version(arn: &str, version: &str) -> Error {
    Error::NoSuchEntity(format!(
        "Policy {arn} version {version} does not exist or is not attachable."
    ))
}

fn check_document(document: &str) -> Result<()> {
    Document::parse(document, Place::Identity)?;
    if significant_chars(document) > MANAGED_POLICY_MAX_CHARS {
        return Err(Error::LimitExceeded(format!(
            "Cannot exceed quota for PolicySize: {MANAGED_POLICY_MAX_CHARS}"
        )));
    }
    Ok(())
}

impl ManagedPolicy {
    fn shown(&self, uses: Uses) -> Policy {
        Policy {
            policy_name: Some(self.name.clone()),
            policy_id: Some(self.id.clone()),
            arn: Some(self.arn.clone()),
            path: Some(self.path.clone()),
            default_version_id: Some(format!("v{}", self.default_version)),
            attachment_count: Some(uses.attachments),
            permissions_boundary_usage_count: Some(uses.boundaries),
            is_attachable: Some(true),
            create_date: Some(self.created),
            update_date: Some(self.updated),
            ..Policy::default()
        }
    }

    /// The document that counts.
    pub(super) fn default_document(&self) -> Option<&str> {
        let version = self.versions.get(&self.default_version)?;
        Some(&version.document)
    }

    fn version(&self, id: &str) -> Option<(u32, &Version)> {
        let number = id.strip_prefix('v')?.parse().ok()?;
        self.versions.get(&number).map(|version| (number, version))
    }

    fn shown_version(&self, number: u32, version: &Version, with_document: bool) -> PolicyVersion {
        PolicyVersion {
            document: with_document.then(|| encode_document(&version.document)),
            version_id: Some(format!("v{number}")),
            is_default_version: Some(number == self.default_version),
            create_date: Some(version.created),
        }
    }
}

impl AwsPolicy {
    fn shown(&self, uses: Uses) -> Policy {
        Policy {
            policy_name: Some(self.name.to_owned()),
            policy_id: Some(self.id()),
            arn: Some(self.arn()),
            path: Some(self.path.to_owned()),
            default_version_id: Some("v1".to_owned()),
            attachment_count: Some(uses.attachments),
            permissions_boundary_usage_count: Some(uses.boundaries),
            is_attachable: Some(true),
            // When IAM introduced managed policies; the real dates differ a policy.
            create_date: Some(Timestamp::from_secs(1_423_180_800)),
            update_date: Some(Timestamp::from_secs(1_423_180_800)),
            ..Policy::default()
        }
    }
}

impl Iam {
    fn policy(&self, call: &Call, arn: &str) -> Result<Found<'_>> {
        if let Some(policy) = AwsPolicy::by_arn(arn) {
            return Ok(Found::Aws(policy));
        }
        let name = parsed(arn)?.resource_name().to_owned();
        self.account(call)
            .and_then(|account| account.policies.get(&name))
            .filter(|policy| policy.arn == arn)
            .map(Found::Customer)
            .ok_or_else(|| not_found(arn))
    }

    fn customer_policy_mut(&mut self, call: &Call, arn: &str) -> Result<&mut ManagedPolicy> {
        if AwsPolicy::by_arn(arn).is_some() {
            return Err(Error::AccessDenied(format!(
                "User: {} is not authorized to perform this action on resource: policy {arn}",
                call.caller_arn
            )));
        }
        let name = parsed(arn)?.resource_name().to_owned();
        self.account_mut(call)
            .policies
            .get_mut(&name)
            .filter(|policy| policy.arn == arn)
            .ok_or_else(|| not_found(arn))
    }

    /// Checks that a policy can be attached or be a boundary.
    pub(super) fn policy_to_attach(&self, call: &Call, arn: &str) -> Result<()> {
        self.policy(call, arn)
            .map(drop)
            .map_err(|error| match error {
                Error::NoSuchEntity(_) => Error::NoSuchEntity(format!(
                    "Policy {arn} does not exist or is not attachable."
                )),
                other => other,
            })
    }

    fn uses(&self, call: &Call, arn: &str) -> Uses {
        let mut uses = Uses::default();
        if let Some(account) = self.account(call) {
            let roles = account.roles.values().map(|r| (&r.grants, &r.boundary));
            let users = account.users.values().map(|u| (&u.grants, &u.boundary));
            for (grants, boundary) in roles.chain(users) {
                uses.attachments += i32::from(grants.is_attached(arn));
                uses.boundaries += i32::from(boundary.as_deref() == Some(arn));
            }
        }
        uses
    }

    /// CreatePolicy.
    pub fn create_policy(
        &mut self,
        call: &Call,
        request: CreatePolicyRequest,
    ) -> Result<CreatePolicyResponse> {
        check_document(&request.policy_document)?;
        let tags = Tags::new(request.tags)?;
        let path = path_or_root(request.path);
        let arn = Self::arn(call, "policy", &path, &request.policy_name);
        let id = self.ids.iam("ANPA");
        let now = Self::instant(call);
        let policies = &mut self.account_mut(call).policies;
        if is_taken(policies, &request.policy_name) {
            return Err(Error::EntityAlreadyExists(format!(
                "A policy called {} already exists. Duplicate names are not allowed.",
                request.policy_name
            )));
        }
        let first = Version {
            document: request.policy_document,
            created: now,
        };
        let policy = ManagedPolicy {
            path,
            name: request.policy_name,
            id,
            arn,
            created: now,
            updated: now,
            description: request.description,
            tags,
            versions: BTreeMap::from([(1, first)]),
            default_version: 1,
            next_version: 2,
        };
        let shown = Policy {
            tags: policy.tags.some(),
            ..policy.shown(Uses::default())
        };
        policies.insert(policy.name.clone(), policy);
        Ok(CreatePolicyResponse {
            policy: Some(shown),
        })
    }

    /// GetPolicy.
    pub fn get_policy(&self, call: &Call, request: &GetPolicyRequest) -> Result<GetPolicyResponse> {
        let uses = self.uses(call, &request.policy_arn);
        let policy = match self.policy(call, &request.policy_arn)? {
            Found::Customer(policy) => Policy {
                description: policy.description.clone(),
                tags: Some(policy.tags.list()),
                ..policy.shown(uses)
            },
            Found::Aws(policy) => Policy {
                tags: Some(Vec::new()),
                ..policy.shown(uses)
            },
        };
        Ok(GetPolicyResponse {
            policy: Some(policy),
        })
    }

    /// ListPolicies. Without a scope, AWS's policies are listed too.
    pub fn list_policies(
        &self,
        call: &Call,
        request: &ListPoliciesRequest,
    ) -> Result<ListPoliciesResponse> {
        let prefix = request.path_prefix.as_deref().unwrap_or("/");
        let scope = request.scope.as_deref().unwrap_or("All");
        let customer = self
            .account(call)
            .filter(|_| scope != "AWS")
            .into_iter()
            .flat_map(|account| account.policies.values())
            .map(|policy| policy.shown(self.uses(call, &policy.arn)));
        let aws = AWS_POLICIES
            .iter()
            .filter(|_| scope != "Local")
            .map(|policy| policy.shown(self.uses(call, &policy.arn())));
        let shown = customer.chain(aws).filter(|policy| {
            let attached = policy.attachment_count.unwrap_or(0);
            let bounding = policy.permissions_boundary_usage_count.unwrap_or(0);
            policy
                .path
                .as_deref()
                .is_some_and(|path| path.starts_with(prefix))
                && (request.only_attached != Some(true) || attached > 0)
                && match request.policy_usage_filter.as_deref() {
                    Some("PermissionsPolicy") => attached > 0,
                    Some("PermissionsBoundary") => bounding > 0,
                    _ => true,
                }
        });
        let key = |policy: &Policy| policy.arn.clone().unwrap_or_default();
        let page = Page::cut(shown, key, request.marker.as_deref(), request.max_items)?;
        Ok(ListPoliciesResponse {
            policies: Some(page.items),
            is_truncated: page.is_truncated,
            marker: page.marker,
        })
    }

    /// DeletePolicy.
    pub fn delete_policy(
        &mut self,
        call: &Call,
        request: &DeletePolicyRequest,
    ) -> Result<DeletePolicyResponse> {
        let uses = self.uses(call, &request.policy_arn);
        let policy = self.customer_policy_mut(call, &request.policy_arn)?;
        if uses.attachments + uses.boundaries > 0 {
            return Err(Error::DeleteConflict(
                "Cannot delete a policy attached to entities.".to_owned(),
            ));
        }
        if policy.versions.len() > 1 {
            return Err(Error::DeleteConflict(
                "This policy has more than one version. Before you delete a policy, you must \
                 delete the policy's versions. The default version is deleted with the policy."
                    .to_owned(),
            ));
        }
        let name = policy.name.clone();
        self.account_mut(call).policies.remove(&name);
        Ok(DeletePolicyResponse {})
    }

    /// CreatePolicyVersion.
    pub fn create_policy_version(
        &mut self,
        call: &Call,
        request: CreatePolicyVersionRequest,
    ) -> Result<CreatePolicyVersionResponse> {
        let now = Self::instant(call);
        let policy = self.customer_policy_mut(call, &request.policy_arn)?;
        check_document(&request.policy_document)?;
        if policy.versions.len() >= POLICY_VERSIONS_MAX {
            return Err(Error::LimitExceeded(format!(
                "A managed policy can have up to {POLICY_VERSIONS_MAX} versions. Before you create \
                 a new version, you must delete an existing version."
            )));
        }
        let number = policy.next_version;
        policy.next_version += 1;
        let version = Version {
            document: request.policy_document,
            created: now,
        };
        if request.set_as_default == Some(true) {
            policy.default_version = number;
        }
        policy.updated = now;
        let shown = policy.shown_version(number, &version, false);
        policy.versions.insert(number, version);
        Ok(CreatePolicyVersionResponse {
            policy_version: Some(shown),
        })
    }

    /// GetPolicyVersion: the only reply with the document.
    pub fn get_policy_version(
        &self,
        call: &Call,
        request: &GetPolicyVersionRequest,
    ) -> Result<GetPolicyVersionResponse> {
        let (arn, id) = (&request.policy_arn, &request.version_id);
        let version = match self.policy(call, arn)? {
            Found::Customer(policy) => {
                let (number, version) = policy.version(id).ok_or_else(|| no_version(arn, id))?;
                policy.shown_version(number, version, true)
            }
            Found::Aws(_) if id != "v1" => return Err(no_version(arn, id)),
            Found::Aws(policy) => {
                let document = policy.document.ok_or_else(|| {
                    Error::NotImplemented(format!("iam:GetPolicyVersion of {arn}"))
                })?;
                PolicyVersion {
                    document: Some(encode_document(document)),
                    version_id: Some("v1".to_owned()),
                    is_default_version: Some(true),
                    create_date: policy.shown(Uses::default()).create_date,
                }
            }
        };
        Ok(GetPolicyVersionResponse {
            policy_version: Some(version),
        })
    }

    /// ListPolicyVersions, newest first.
    pub fn list_policy_versions(
        &self,
        call: &Call,
        request: &ListPolicyVersionsRequest,
    ) -> Result<ListPolicyVersionsResponse> {
        let versions: Vec<PolicyVersion> = match self.policy(call, &request.policy_arn)? {
            Found::Customer(policy) => policy
                .versions
                .iter()
                .map(|(number, version)| policy.shown_version(*number, version, false))
                .collect(),
            Found::Aws(policy) => vec![PolicyVersion {
                document: None,
                version_id: Some("v1".to_owned()),
                is_default_version: Some(true),
                create_date: policy.shown(Uses::default()).create_date,
            }],
        };
        // Counted down, so that the newest sorts first.
        let key = |version: &PolicyVersion| {
            let number = version
                .version_id
                .as_deref()
                .and_then(|id| id.get(1..)?.parse().ok());
            format!("{:010}", u32::MAX - number.unwrap_or(0))
        };
        let page = Page::cut(versions, key, request.marker.as_deref(), request.max_items)?;
        Ok(ListPolicyVersionsResponse {
            versions: Some(page.items),
            is_truncated: page.is_truncated,
            marker: page.marker,
        })
    }

    /// DeletePolicyVersion.
    pub fn delete_policy_version(
        &mut self,
        call: &Call,
        request: &DeletePolicyVersionRequest,
    ) -> Result<DeletePolicyVersionResponse> {
        let policy = self.customer_policy_mut(call, &request.policy_arn)?;
        let (number, _) = policy
            .version(&request.version_id)
            .ok_or_else(|| no_version(&request.policy_arn, &request.version_id))?;
        if number == policy.default_version {
            return Err(Error::DeleteConflict(
                "Cannot delete the default version of a policy.".to_owned(),
            ));
        }
        policy.versions.remove(&number);
        Ok(DeletePolicyVersionResponse {})
    }

    /// SetDefaultPolicyVersion.
    pub fn set_default_policy_version(
        &mut self,
        call: &Call,
        request: &SetDefaultPolicyVersionRequest,
    ) -> Result<SetDefaultPolicyVersionResponse> {
        let policy = self.customer_policy_mut(call, &request.policy_arn)?;
        let (number, _) = policy
            .version(&request.version_id)
            .ok_or_else(|| no_version(&request.policy_arn, &request.version_id))?;
        policy.default_version = number;
        Ok(SetDefaultPolicyVersionResponse {})
    }

    /// TagPolicy.
    pub fn tag_policy(
        &mut self,
        call: &Call,
        request: TagPolicyRequest,
    ) -> Result<TagPolicyResponse> {
        let policy = self.customer_policy_mut(call, &request.policy_arn)?;
        policy.tags.set(request.tags)?;
        Ok(TagPolicyResponse {})
    }

    /// UntagPolicy.
    pub fn untag_policy(
        &mut self,
        call: &Call,
        request: &UntagPolicyRequest,
    ) -> Result<UntagPolicyResponse> {
        let policy = self.customer_policy_mut(call, &request.policy_arn)?;
        policy.tags.remove(&request.tag_keys);
        Ok(UntagPolicyResponse {})
    }

    /// ListPolicyTags. AWS's own policies have none.
    pub fn list_policy_tags(
        &self,
        call: &Call,
        request: &ListPolicyTagsRequest,
    ) -> Result<ListPolicyTagsResponse> {
        let tags = match self.policy(call, &request.policy_arn)? {
            Found::Customer(policy) => policy.tags.list(),
            Found::Aws(_) => Vec::new(),
        };
        let marker = request.marker.as_deref();
        let page = Page::cut(tags, |tag| tag.key.clone(), marker, request.max_items)?;
        Ok(ListPolicyTagsResponse {
            tags: page.items,
            is_truncated: page.is_truncated,
            marker: page.marker,
        })
    }

    /// ListEntitiesForPolicy.
    pub fn list_entities_for_policy(
        &self,
        call: &Call,
        request: &ListEntitiesForPolicyRequest,
    ) -> Result<ListEntitiesForPolicyResponse> {
        enum Entity {
            Role(PolicyRole),
            User(PolicyUser),
        }
        let arn = &request.policy_arn;
        self.policy(call, arn)?;
        let prefix = request.path_prefix.as_deref().unwrap_or("/");
        let filter = request.entity_filter.as_deref();
        let wants = |kind: &str| filter.is_none_or(|filter| filter == kind);
        let bounding = request.policy_usage_filter.as_deref() == Some("PermissionsBoundary");
        let uses = |attached: bool, boundary: Option<&str>| {
            if bounding {
                boundary == Some(arn.as_str())
            } else {
                attached
            }
        };
        let mut entities = Vec::new();
        if let Some(account) = self.account(call) {
            if wants("Role") {
                let roles = account.roles.values().filter(|role| {
                    role.path.starts_with(prefix)
                        && uses(role.grants.is_attached(arn), role.boundary.as_deref())
                });
                entities.extend(roles.map(|role| {
                    let shown = PolicyRole {
                        role_name: Some(role.name.clone()),
                        role_id: Some(role.id.clone()),
                    };
                    (format!("role/{}", role.name), Entity::Role(shown))
                }));
            }
            if wants("User") {
                let users = account.users.values().filter(|user| {
                    user.path.starts_with(prefix)
                        && uses(user.grants.is_attached(arn), user.boundary.as_deref())
                });
                entities.extend(users.map(|user| {
                    let shown = PolicyUser {
                        user_name: Some(user.name.clone()),
                        user_id: Some(user.id.clone()),
                    };
                    (format!("user/{}", user.name), Entity::User(shown))
                }));
            }
        }
        let page = Page::cut(
            entities,
            |(key, _)| key.clone(),
            request.marker.as_deref(),
            request.max_items,
        )?;
        let (mut roles, mut users) = (Vec::new(), Vec::new());
        for (_, entity) in page.items {
            match entity {
                Entity::Role(role) => roles.push(role),
                Entity::User(user) => users.push(user),
            }
        }
        Ok(ListEntitiesForPolicyResponse {
            policy_groups: Some(Vec::new()),
            policy_users: Some(users),
            policy_roles: Some(roles),
            is_truncated: page.is_truncated,
            marker: page.marker,
        })
    }
}

fn parsed(arn: &str) -> Result<Arn> {
    arn.parse::<Arn>()
        .ok()
        .filter(|arn| arn.service == "iam" && arn.resource.starts_with("policy/"))
        .ok_or_else(|| Error::Validation("Invalid ARN:  Could not be parsed!".to_owned()))
}
