//! What an entity is granted: managed policies attached to it, inline policies inside it.

use std::collections::BTreeMap;

use super::api::AttachedPolicy;
use super::{Error, Result};
use crate::base::limits::iam::{
    ATTACHED_POLICIES_MAX, INLINE_ROLE_MAX_CHARS, INLINE_USER_MAX_CHARS,
};

/// The kind of entity that holds policies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    Role,
    User,
}

impl Holder {
    /// As error messages name it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Role => "role",
            Self::User => "user",
        }
    }

    const fn quota(self) -> &'static str {
        match self {
            Self::Role => "PoliciesPerRole",
            Self::User => "PoliciesPerUser",
        }
    }

    const fn inline_max_chars(self) -> usize {
        match self {
            Self::Role => INLINE_ROLE_MAX_CHARS,
            Self::User => INLINE_USER_MAX_CHARS,
        }
    }
}

/// The policies of one entity.
#[derive(Clone, Debug, Default)]
pub struct Grants {
    /// ARNs of attached policies, in the order they were attached.
    attached: Vec<String>,
    /// Documents by policy name.
    inline: BTreeMap<String, String>,
}

impl Grants {
    /// Attaches a policy known to exist. Attaching twice is no error and changes nothing.
    pub fn attach(&mut self, holder: Holder, arn: &str) -> Result<bool> {
        if self.is_attached(arn) {
            return Ok(false);
        }
        if self.attached.len() >= ATTACHED_POLICIES_MAX {
            return Err(Error::LimitExceeded(format!(
                "Cannot exceed quota for {}: {ATTACHED_POLICIES_MAX}",
                holder.quota()
            )));
        }
        self.attached.push(arn.to_owned());
        Ok(true)
    }

    /// Detaches a policy.
    pub fn detach(&mut self, arn: &str) -> Result<()> {
        let before = self.attached.len();
        self.attached.retain(|attached| attached != arn);
        if self.attached.len() == before {
            return Err(Error::NoSuchEntity(format!("Policy {arn} was not found.")));
        }
        Ok(())
    }

    /// Whether a policy is attached.
    pub fn is_attached(&self, arn: &str) -> bool {
        self.attached.iter().any(|attached| attached == arn)
    }

    /// Attached policies, each with its name.
    pub fn attached(&self) -> impl Iterator<Item = AttachedPolicy> {
        self.attached.iter().map(|arn| AttachedPolicy {
            policy_name: arn.rsplit('/').next().map(str::to_owned),
            policy_arn: Some(arn.clone()),
        })
    }

    /// Stores an inline policy whose grammar was checked.
    pub fn put(&mut self, holder: Holder, owner: &str, name: &str, document: &str) -> Result<()> {
        let others = self.inline.iter().filter(|(other, _)| *other != name);
        let total: usize = others
            .map(|(_, document)| significant_chars(document))
            .sum();
        let max = holder.inline_max_chars();
        if total + significant_chars(document) > max {
            return Err(Error::LimitExceeded(format!(
                "Maximum policy size of {max} bytes exceeded for {} {owner}",
                holder.name()
            )));
        }
        self.inline.insert(name.to_owned(), document.to_owned());
        Ok(())
    }

    /// An inline policy's document.
    pub fn document(&self, holder: Holder, name: &str) -> Result<&str> {
        self.inline
            .get(name)
            .map(String::as_str)
            .ok_or_else(|| no_inline(holder, name))
    }

    /// Deletes an inline policy.
    pub fn delete(&mut self, holder: Holder, name: &str) -> Result<()> {
        let removed = self.inline.remove(name);
        removed.map(drop).ok_or_else(|| no_inline(holder, name))
    }

    /// ARNs of attached policies.
    pub fn attached_arns(&self) -> impl Iterator<Item = &str> {
        self.attached.iter().map(String::as_str)
    }

    /// Inline policies: name and document.
    pub fn inline(&self) -> impl Iterator<Item = (&str, &str)> {
        let inline = self.inline.iter();
        inline.map(|(name, document)| (name.as_str(), document.as_str()))
    }

    /// Names of inline policies.
    pub fn inline_names(&self) -> impl Iterator<Item = String> {
        self.inline.keys().cloned()
    }

    /// An entity with policies cannot be deleted.
    pub fn check_empty(&self) -> Result<()> {
        let conflict = |what: &str| {
            Err(Error::DeleteConflict(format!(
                "Cannot delete entity, must {what} first."
            )))
        };
        if !self.attached.is_empty() {
            return conflict("detach all policies");
        }
        if !self.inline.is_empty() {
            return conflict("delete policies");
        }
        Ok(())
    }
}

fn no_inline(holder: Holder, name: &str) -> Error {
    Error::NoSuchEntity(format!(
        "The {} policy with name {name} cannot be found.",
        holder.name()
    ))
}

/// The length quotas count: whitespace is free.
pub fn significant_chars(document: &str) -> usize {
    document.chars().filter(|c| !c.is_whitespace()).count()
}

/// `arn:aws:iam::aws:policy/service-role/X` → `/service-role/`.
pub fn policy_path(arn: &str) -> &str {
    let resource = arn.split_once(":policy").map_or("/", |(_, path)| path);
    let end = resource.rfind('/').map_or(0, |at| at + 1);
    resource.get(..end).unwrap_or("/")
}
