//! The policies that take part in a simulation, and how its answer names them.

use super::super::api::Statement;
use super::super::attachment::{Grants, Holder};
use super::super::document::{Document, Place};
use super::super::evaluate::{Kind, Policy};
use super::super::group::GroupState;
use super::super::managed::AwsPolicy;
use super::super::role::RoleState;
use super::super::user::UserState;
use super::super::{Account, Error, Iam, Result};
use super::position::{self, Span};
use crate::base::{Arn, Call};

/// One policy.
#[derive(Clone, Debug)]
pub(super) struct Source {
    /// `SourcePolicyId`.
    pub id: String,
    /// What it says.
    pub policy: Policy,
    spans: Vec<Span>,
}

impl Source {
    /// A policy given with the request, which must pass the grammar of identity policies.
    ///
    /// # Errors
    /// `InvalidInput` for what is no such policy.
    pub(super) fn given(id: String, text: &str) -> Result<Self> {
        Document::parse(text, Place::Identity)
            .map_err(|error| Error::InvalidInput(format!("{id}: {error}")))?;
        Self::read(id, text)
    }

    /// A policy whose grammar was checked when it was stored, or one of a resource, for which there
    /// is no other grammar than that it can be judged by.
    ///
    /// # Errors
    /// `InvalidInput` for what cannot be judged by.
    pub(super) fn read(id: String, text: &str) -> Result<Self> {
        let policy = Policy::parse(text)
            .map_err(|unreadable| Error::InvalidInput(format!("{id}: {unreadable}")))?;
        Ok(Self {
            id,
            policy,
            spans: position::statements(text),
        })
    }

    /// How an answer refers to a statement.
    pub(super) fn statement(&self, kind: Kind, number: usize) -> Statement {
        let span = self.spans.get(number);
        Statement {
            source_policy_id: Some(self.id.clone()),
            source_policy_type: Some(type_of(kind).to_owned()),
            start_position: span.map(|span| span.start.shown()),
            end_position: span.map(|span| span.end.shown()),
        }
    }
}

/// A list of policies given with the request, named after the parameter they came in.
pub(super) fn given(list: Option<&[String]>, parameter: &str) -> Result<Vec<Source>> {
    let numbered = list.unwrap_or_default().iter().zip(1..);
    numbered
        .map(|(text, number)| Source::given(format!("{parameter}.{number}"), text))
        .collect()
}

/// The kinds of policies as the simulator names them, in its `SourcePolicyType`s and in the details
/// of its decisions.
pub(super) const fn type_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Identity | Kind::Session => "IAM Policy",
        Kind::Boundary => "Permissions Boundary Policy",
        Kind::Resource | Kind::Trust => "Resource Policy",
    }
}

/// Where a principal has a policy from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin<'a> {
    /// Inside a user, group or role.
    Inline {
        /// What it is inside of.
        holder: Holder,
        /// The name of that.
        entity: &'a str,
        /// Its own name.
        name: &'a str,
    },
    /// Attached, by ARN.
    Managed(&'a str),
}

impl Origin<'_> {
    /// `SourcePolicyId`: a managed policy's name, an inline policy's with its owner's.
    pub(super) fn id(&self) -> String {
        match self {
            Self::Inline {
                holder,
                entity,
                name,
            } => format!("{}_{entity}_{name}", holder.name()),
            Self::Managed(arn) => arn.rsplit('/').next().unwrap_or_default().to_owned(),
        }
    }
}

/// A principal, or a group, whose policies are simulated.
#[derive(Clone, Copy, Debug)]
pub(super) enum Entity<'a> {
    User(&'a UserState),
    Group(&'a GroupState),
    Role(&'a RoleState),
}

/// The kind and the name in the ARN of a user, group or role.
///
/// # Errors
/// `InvalidInput` for any other ARN.
pub(super) fn named(text: &str) -> Result<(Holder, Arn)> {
    let unclear = || {
        Error::InvalidInput(format!(
            "Invalid Entity Arn: {text} does not clearly define entity type and name."
        ))
    };
    let arn: Arn = text.parse().map_err(|_| unclear())?;
    let kind = arn.resource.split_once('/').map(|(kind, _)| kind);
    let holder = match kind {
        Some("user") => Holder::User,
        Some("group") => Holder::Group,
        Some("role") => Holder::Role,
        _ => return Err(unclear()),
    };
    if arn.service != "iam" || arn.resource_name().is_empty() {
        return Err(unclear());
    }
    Ok((holder, arn))
}

impl Iam {
    /// The entity of an ARN in the caller's account, with that account.
    ///
    /// # Errors
    /// `InvalidInput` for what is no ARN of a user, group or role, `NoSuchEntity` for one that does
    /// not exist here.
    pub(super) fn entity(&self, call: &Call, arn: &str) -> Result<(&Account, Entity<'_>)> {
        let (holder, parsed) = named(arn)?;
        let name = parsed.resource_name();
        let entity = match holder {
            Holder::User => Entity::User(self.user(call, name)?),
            Holder::Group => Entity::Group(self.group(call, name)?),
            Holder::Role => Entity::Role(self.role(call, name)?),
        };
        let account = self.account(call).filter(|_| entity.arn() == arn);
        let account = account.ok_or_else(|| {
            Error::NoSuchEntity(format!(
                "The {} with name {name} cannot be found.",
                holder.name()
            ))
        })?;
        Ok((account, entity))
    }
}

impl<'a> Entity<'a> {
    fn arn(self) -> &'a str {
        match self {
            Self::User(user) => &user.arn,
            Self::Group(group) => &group.arn,
            Self::Role(role) => &role.arn,
        }
    }

    /// The ARN of its permissions boundary.
    pub(super) fn boundary(self) -> Option<&'a str> {
        match self {
            Self::User(user) => user.boundary.as_deref(),
            Self::Group(_) => None,
            Self::Role(role) => role.boundary.as_deref(),
        }
    }

    /// Everything granted to it, to a user through its groups as well.
    pub(super) fn origins(self, account: &'a Account) -> Vec<Origin<'a>> {
        let mut origins = Vec::new();
        match self {
            Self::User(user) => {
                add(&mut origins, Holder::User, &user.name, &user.grants);
                for group in account.groups_of(&user.name) {
                    add(&mut origins, Holder::Group, &group.name, &group.grants);
                }
            }
            Self::Group(group) => add(&mut origins, Holder::Group, &group.name, &group.grants),
            Self::Role(role) => add(&mut origins, Holder::Role, &role.name, &role.grants),
        }
        origins
    }
}

fn add<'a>(origins: &mut Vec<Origin<'a>>, holder: Holder, entity: &'a str, grants: &'a Grants) {
    let inline = grants.inline().map(|(name, _)| Origin::Inline {
        holder,
        entity,
        name,
    });
    let managed = grants.attached_arns().map(Origin::Managed);
    for origin in inline.chain(managed) {
        // What a user has from two groups is one policy.
        if !origins.contains(&origin) {
            origins.push(origin);
        }
    }
}

impl Account {
    /// Reads a policy that somebody has.
    ///
    /// # Errors
    /// By name for those of AWS's policies whose documents are not part of this program; `asked` is
    /// the operation that needs it.
    pub(super) fn source(&self, origin: &Origin<'_>, asked: &str) -> Result<Source> {
        let document = match origin {
            Origin::Inline {
                holder,
                entity,
                name,
            } => {
                let grants = match holder {
                    Holder::User => self.users.get(*entity).map(|user| &user.grants),
                    Holder::Group => self.groups.get(*entity).map(|group| &group.grants),
                    Holder::Role => self.roles.get(*entity).map(|role| &role.grants),
                };
                grants.and_then(|grants| grants.document(*holder, name).ok())
            }
            Origin::Managed(arn) => match AwsPolicy::by_arn(arn) {
                Some(policy) => Some(
                    policy
                        .document
                        .ok_or_else(|| Error::NotImplemented(format!("{asked} with {arn}")))?,
                ),
                None => {
                    let name = arn.rsplit('/').next().unwrap_or_default();
                    let policy = self.policies.get(name);
                    policy.and_then(super::super::policy::ManagedPolicy::default_document)
                }
            },
        };
        let document = document
            .ok_or_else(|| Error::NoSuchEntity(format!("Policy {} was not found.", origin.id())))?;
        Source::read(origin.id(), document)
    }
}
