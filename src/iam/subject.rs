//! Who acts, with everything granted: the caller of a request, or a role in a service's hands.
//!
//! What policies judge is put together here from the entities; [`evaluate`](super::evaluate) judges.

use super::attachment::Grants;
use super::evaluate::{Context, Policy, Standing, Subject};
use super::managed::AwsPolicy;
use super::role::RoleState;
use super::sts::{Issuer, Session, SessionPolicies};
use super::user::UserState;
use super::{Account, Iam};
use crate::base::{AccountId, Arn, Call};

/// Why nobody can say what somebody may do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unjudged {
    /// One of AWS's policies of which this program knows the name alone.
    #[error("judging by {0}, whose document is not part of it,")]
    AwsPolicy(String),
    /// A document that passed the grammar and cannot be judged by.
    #[error("judging by {policy}: {reason};")]
    Unreadable {
        /// Its name.
        policy: String,
        /// What is not understood.
        reason: String,
    },
}

/// Somebody who acts.
#[derive(Clone, Debug)]
pub struct Principal {
    /// ARN of the user, role or root whose policies count: whom an audit names.
    pub name: String,
    /// ARN that refusals name: the user's, the session's or the root's.
    pub caller_arn: String,
    /// What was granted.
    pub subject: Subject,
    /// Condition keys about whom acts.
    pub context: Context,
}

impl Iam {
    /// Who sent a call. An access key that nobody made here is its account's root; a call without one, or
    /// with one that is not valid any more, is anonymous.
    ///
    /// # Errors
    /// When a policy of theirs cannot be judged by.
    pub fn principal(&self, call: &Call) -> Result<Principal, Unjudged> {
        let Some(access_key) = &call.origin.access_key else {
            return Ok(anonymous());
        };
        if let Some(session) = self.sessions.get(access_key) {
            if session.expiration <= call.now {
                return Ok(anonymous());
            }
            let mut principal = self.session_principal(session)?;
            // Long-term keys do not have this one at all.
            principal.context.set("aws:MultiFactorAuthPresent", "false");
            return Ok(principal);
        }
        let Some(key) = self.keys.get(access_key) else {
            return Ok(root(&call.account));
        };
        if !key.active {
            return Ok(anonymous());
        }
        let account = self.accounts.get(&key.account);
        match (account, &key.user) {
            (_, None) => Ok(root(&key.account)),
            (Some(account), Some(name)) => match account.users.get(name) {
                Some(user) => user_principal(&key.account, account, user),
                None => Ok(anonymous()),
            },
            (None, Some(_)) => Ok(anonymous()),
        }
    }

    /// A role in the hands of a service that assumed it under a session name; `None` when there is no
    /// such role.
    ///
    /// # Errors
    /// When a policy of the role cannot be judged by.
    pub fn role_principal(
        &self,
        role_arn: &str,
        session_name: &str,
    ) -> Option<Result<Principal, Unjudged>> {
        let role = self.role_by_arn(role_arn)?;
        let account = AccountId::parse(role_arn.split(':').nth(4)?)?;
        let session = session_arn(&account, &role.name, session_name);
        let user_id = format!("{}:{session_name}", role.id);
        Some(self.role_session(role, &account, &session, &user_id, None))
    }

    /// A user or a role by ARN as an identity of its own, without any session: what the simulator asks
    /// about. `None` when there is none.
    ///
    /// # Errors
    /// When a policy of theirs cannot be judged by.
    pub fn subject_of(&self, arn: &str) -> Option<Result<Subject, Unjudged>> {
        let parsed: Arn = arn.parse().ok()?;
        let id = AccountId::parse(&parsed.account)?;
        let account = self.accounts.get(&id)?;
        if parsed.resource.starts_with("user/") {
            let user = account.users.get(parsed.resource_name())?;
            let principal = user_principal(&id, account, user);
            return (user.arn == arn).then(|| principal.map(|principal| principal.subject));
        }
        let role = self.role_by_arn(arn)?;
        let session = session_arn(&id, &role.name, "simulation");
        let principal = self.role_session(role, &id, &session, "", None);
        Some(principal.map(|principal| principal.subject))
    }

    fn session_principal(&self, session: &Session) -> Result<Principal, Unjudged> {
        let holder = &session.holder;
        let policies = session.policies.as_ref();
        let account = self.accounts.get(&holder.account);
        match &session.issuer {
            Issuer::Role(role_arn) => match self.role_by_arn(role_arn) {
                Some(role) => self
                    .role_session(
                        role,
                        &holder.account,
                        &holder.arn,
                        &holder.user_id,
                        policies,
                    )
                    .map(|mut principal| {
                        tag(&mut principal.context, &session.tags);
                        if let Some(identity) = &session.source_identity {
                            principal.context.set("aws:SourceIdentity", identity);
                        }
                        principal
                    }),
                // The role is gone: its sessions live on and may do nothing.
                None => Ok(Principal {
                    name: role_arn.clone(),
                    caller_arn: holder.arn.clone(),
                    subject: Subject::new(
                        holder.account.as_str(),
                        Standing::Session {
                            role: role_arn.clone(),
                            session: holder.arn.clone(),
                        },
                    ),
                    context: Context::new(),
                }),
            },
            Issuer::Owner => match user_of(account, &holder.arn) {
                Some((account, user)) => user_principal(&holder.account, account, user),
                None => Ok(root(&holder.account)),
            },
            Issuer::Federation(issuer) => {
                let mut principal = match user_of(account, issuer) {
                    Some((account, user)) => user_principal(&holder.account, account, user)?,
                    None => root(&holder.account),
                };
                principal.caller_arn.clone_from(&holder.arn);
                principal.subject.standing = Standing::Federated {
                    issuer: issuer.clone(),
                    session: holder.arn.clone(),
                };
                principal.context.set("aws:PrincipalType", "FederatedUser");
                principal.context.set("aws:userid", &holder.user_id);
                // A federated user without policies of its own may do nothing by its issuer's.
                let policies = policies.map_or_else(|| Ok(Vec::new()), |p| self.read_session(p));
                principal.subject.session = Some(policies?);
                Ok(principal)
            }
        }
    }

    fn role_session(
        &self,
        role: &RoleState,
        account_id: &AccountId,
        session_arn: &str,
        user_id: &str,
        policies: Option<&SessionPolicies>,
    ) -> Result<Principal, Unjudged> {
        let account = self.accounts.get(account_id);
        let standing = Standing::Session {
            role: role.arn.clone(),
            session: session_arn.to_owned(),
        };
        let mut subject = Subject::new(account_id.as_str(), standing);
        subject.identity = identity_policies(account, &role.grants)?;
        subject.boundary = boundary_policy(account, role.boundary.as_deref())?;
        subject.session = policies.map(|p| self.read_session(p)).transpose()?;
        let mut context = context_of(account_id, &role.arn, "AssumedRole");
        context.set("aws:userid", user_id);
        tag(&mut context, &pairs(role.tags.list()));
        Ok(Principal {
            name: role.arn.clone(),
            caller_arn: session_arn.to_owned(),
            subject,
            context,
        })
    }

    /// Session policies, those given by ARN as they are now.
    fn read_session(&self, policies: &SessionPolicies) -> Result<Vec<Policy>, Unjudged> {
        let inline = policies.document.iter();
        let inline = inline.map(|document| read("the session policy", document));
        let managed = policies.arns.iter().filter_map(|arn| {
            let account = arn.split(':').nth(4).and_then(AccountId::parse);
            let account = account.and_then(|account| self.accounts.get(&account));
            managed_policy(account, arn).transpose()
        });
        inline.chain(managed).collect()
    }
}

/// The ARN of a role's session; the role's path is not part of it.
pub(super) fn session_arn(account: &AccountId, role_name: &str, session: &str) -> String {
    let resource = format!("assumed-role/{role_name}/{session}");
    Arn::global("sts", account, resource).to_string()
}

fn anonymous() -> Principal {
    let mut context = Context::new();
    context.set("aws:PrincipalType", "Anonymous");
    Principal {
        name: "anonymous".to_owned(),
        caller_arn: "anonymous".to_owned(),
        subject: Subject::new("", Standing::Anonymous),
        context,
    }
}

fn root(account: &AccountId) -> Principal {
    let arn = format!("arn:aws:iam::{account}:root");
    let mut context = context_of(account, &arn, "Account");
    context.set("aws:userid", account.as_str());
    Principal {
        subject: Subject::new(account.as_str(), Standing::Root),
        name: arn.clone(),
        caller_arn: arn,
        context,
    }
}

fn user_of<'a>(account: Option<&'a Account>, arn: &str) -> Option<(&'a Account, &'a UserState)> {
    let account = account?;
    let parsed: Arn = arn.parse().ok()?;
    let user = account.users.get(parsed.resource_name())?;
    (user.arn == arn).then_some((account, user))
}

fn user_principal(
    id: &AccountId,
    account: &Account,
    user: &UserState,
) -> Result<Principal, Unjudged> {
    let mut subject = Subject::new(id.as_str(), Standing::User(user.arn.clone()));
    subject.identity = identity_policies(Some(account), &user.grants)?;
    subject.boundary = boundary_policy(Some(account), user.boundary.as_deref())?;
    let mut context = context_of(id, &user.arn, "User");
    context.set("aws:userid", &user.id);
    context.set("aws:username", &user.name);
    tag(&mut context, &pairs(user.tags.list()));
    Ok(Principal {
        name: user.arn.clone(),
        caller_arn: user.arn.clone(),
        subject,
        context,
    })
}

fn context_of(account: &AccountId, arn: &str, kind: &str) -> Context {
    let mut context = Context::new();
    context.set("aws:PrincipalAccount", account.as_str());
    context.set("aws:PrincipalArn", arn);
    context.set("aws:PrincipalType", kind);
    context.set("aws:PrincipalIsAWSService", "false");
    context
}

fn pairs(tags: Vec<super::api::Tag>) -> Vec<(String, String)> {
    tags.into_iter().map(|tag| (tag.key, tag.value)).collect()
}

fn tag(context: &mut Context, tags: &[(String, String)]) {
    for (key, value) in tags {
        context.set(&format!("aws:PrincipalTag/{key}"), value);
    }
}

/// Inline policies and attached ones, as they are now.
pub(super) fn identity_policies(
    account: Option<&Account>,
    grants: &Grants,
) -> Result<Vec<Policy>, Unjudged> {
    let inline = grants.inline();
    let inline = inline.map(|(name, document)| read(&format!("the policy {name}"), document));
    let managed = grants
        .attached_arns()
        .filter_map(|arn| managed_policy(account, arn).transpose());
    inline.chain(managed).collect()
}

/// A permissions boundary.
pub(super) fn boundary_policy(
    account: Option<&Account>,
    arn: Option<&str>,
) -> Result<Option<Policy>, Unjudged> {
    match arn {
        // A boundary that is gone allows nothing.
        Some(arn) => managed_policy(account, arn).map(|policy| Some(policy.unwrap_or_default())),
        None => Ok(None),
    }
}

/// The default version of a managed policy; `None` when there is no such policy.
fn managed_policy(account: Option<&Account>, arn: &str) -> Result<Option<Policy>, Unjudged> {
    if let Some(policy) = AwsPolicy::by_arn(arn) {
        let document = policy.document;
        let document = document.ok_or_else(|| Unjudged::AwsPolicy(arn.to_owned()))?;
        return read(arn, document).map(Some);
    }
    let name = arn.rsplit('/').next().unwrap_or_default();
    let found = account.and_then(|account| account.policies.get(name));
    found
        .filter(|policy| policy.arn == arn)
        .and_then(super::policy::ManagedPolicy::default_document)
        .map(|document| read(arn, document))
        .transpose()
}

fn read(name: &str, document: &str) -> Result<Policy, Unjudged> {
    Policy::parse(document).map_err(|unreadable| Unjudged::Unreadable {
        policy: name.to_owned(),
        reason: unreadable.0,
    })
}

#[cfg(test)]
mod tests;
