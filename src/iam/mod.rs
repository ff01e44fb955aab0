//! IAM and STS: who may act, and under which name.
//!
//! [`Iam`] holds every account's entities; accounts do not see each other. It is global: regions do
//! not matter. What is here is bookkeeping done right (names, documents, attachments, versions,
//! sessions). Policies are stored and checked for their grammar: nothing in
//! this room asks whether a caller may, except for a role's trust policy where a role is assumed
//! ([`Iam::assume_role`], [`Iam::role_trusts`]). Who enforces puts three things together: [`subject`]
//! tells who asks with what was granted, [`need`] what an operation needs, [`evaluate`] judges.
//!
//! Invariants: a managed policy's version list is never empty and contains its default version;
//! attachments name policies that exist; names are unique within a type whatever their case.

pub mod api;
pub mod error;
pub mod sts_api;

mod attachment;
pub mod audit;
pub mod document;
pub mod evaluate;
mod entity;
mod instance_profile;
mod managed;
pub mod need;
mod paging;
mod policy;
mod role;
mod sts;
pub mod subject;
mod trust;
mod user;
mod user_policy;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::base::{AccountId, Arn, Call, Ids, Timestamp};

pub use error::{Error, Result};

use instance_profile::ProfileState;
use policy::ManagedPolicy;
use role::RoleState;
use sts::Session;
use user::{AccessKeyState, UserState};

/// The state of IAM and STS in all accounts.
#[derive(Debug)]
pub struct Iam {
    ids: Arc<Ids>,
    accounts: BTreeMap<AccountId, Account>,
    /// Access keys of users, in all accounts: a request names nothing but the key.
    keys: BTreeMap<String, AccessKeyState>,
    /// Temporary credentials, by access key id.
    sessions: BTreeMap<String, Session>,
}

#[derive(Debug, Default)]
struct Account {
    roles: BTreeMap<String, RoleState>,
    users: BTreeMap<String, UserState>,
    /// Customer managed policies, by name.
    policies: BTreeMap<String, ManagedPolicy>,
    profiles: BTreeMap<String, ProfileState>,
}

/// The owner of an access key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The account.
    pub account: AccountId,
    /// ARN of the user, role session or root.
    pub arn: String,
}

/// What a request by an access key is signed with.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret {
    /// The secret access key.
    pub secret: String,
    /// The session token of temporary credentials.
    pub token: Option<String>,
    /// Whether temporary credentials have run out.
    pub expired: bool,
}

/// Secrets stay out of logs.
impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Secret")
            .field("expired", &self.expired)
            .finish_non_exhaustive()
    }
}

impl Iam {
    /// No entities; identifiers come from `ids`.
    pub fn new(ids: Arc<Ids>) -> Self {
        Self {
            ids,
            accounts: BTreeMap::new(),
            keys: BTreeMap::new(),
            sessions: BTreeMap::new(),
        }
    }

    /// Who owns an access key made here; `None` for keys made elsewhere, for deactivated ones and
    /// for sessions that have expired at `now`.
    pub fn caller(&self, access_key: &str, now: Timestamp) -> Option<Caller> {
        if let Some(key) = self.keys.get(access_key) {
            return key.active.then(|| Caller {
                account: key.account.clone(),
                arn: self.key_owner_arn(key),
            });
        }
        let session = self.sessions.get(access_key)?;
        (now < session.expiration).then(|| Caller {
            account: session.holder.account.clone(),
            arn: session.holder.arn.clone(),
        })
    }

    /// The secret of an access key made here; `None` for keys made elsewhere and for deactivated ones.
    pub fn secret(&self, access_key: &str, now: Timestamp) -> Option<Secret> {
        if let Some(key) = self.keys.get(access_key) {
            return key.active.then(|| Secret {
                secret: key.secret.clone(),
                token: None,
                expired: false,
            });
        }
        let session = self.sessions.get(access_key)?;
        Some(Secret {
            secret: session.secret.clone(),
            token: Some(session.token.clone()),
            expired: session.expiration <= now,
        })
    }

    /// ARN of a role by its name, or its path and name.
    pub fn role_arn(&self, account: &AccountId, name: &str) -> Option<String> {
        let name = name.rsplit('/').next()?;
        let role = self.accounts.get(account)?.roles.get(name)?;
        Some(role.arn.clone())
    }

    /// ARN of a user by its name.
    pub fn user_arn(&self, account: &AccountId, name: &str) -> Option<String> {
        let user = self.accounts.get(account)?.users.get(name)?;
        Some(user.arn.clone())
    }

    /// ARN of an instance profile by its name.
    pub fn profile_arn(&self, account: &AccountId, name: &str) -> Option<String> {
        let profile = self.accounts.get(account)?.profiles.get(name)?;
        Some(profile.arn.clone())
    }

    /// The tags of a role, user or policy by ARN.
    pub fn tags_of(&self, arn: &str) -> Vec<(String, String)> {
        let tags = || {
            let parsed: Arn = arn.parse().ok()?;
            let account = self.accounts.get(&AccountId::parse(&parsed.account)?)?;
            let name = parsed.resource_name();
            match parsed.resource.split('/').next()? {
                "role" => account.roles.get(name).map(|role| &role.tags),
                "user" => account.users.get(name).map(|user| &user.tags),
                "policy" => account.policies.get(name).map(|policy| &policy.tags),
                _ => None,
            }
        };
        let tags = tags().map(entity::Tags::list).unwrap_or_default();
        tags.into_iter().map(|tag| (tag.key, tag.value)).collect()
    }

    /// The trust policy of a role.
    pub fn trust_policy(&self, role_arn: &str) -> Option<String> {
        let role = self.role_by_arn(role_arn)?;
        Some(role.trust_policy.clone())
    }

    /// ARN of the owner of an access key made here. See [`Iam::caller`].
    pub fn caller_arn(&self, access_key: &str, now: Timestamp) -> Option<String> {
        self.caller(access_key, now).map(|caller| caller.arn)
    }

    fn account(&self, call: &Call) -> Option<&Account> {
        self.accounts.get(&call.account)
    }

    fn account_mut(&mut self, call: &Call) -> &mut Account {
        self.accounts.entry(call.account.clone()).or_default()
    }

    /// When an entity is made: IAM keeps whole seconds.
    fn instant(call: &Call) -> Timestamp {
        Timestamp::from_secs(call.now.secs())
    }

    fn arn(call: &Call, kind: &str, path: &str, name: &str) -> String {
        Arn::global("iam", &call.account, format!("{kind}{path}{name}")).to_string()
    }
}

#[cfg(test)]
mod tests;
