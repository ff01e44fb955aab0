//! Whether a policy, or all policies together, let somebody do something.
//!
//! Pure: everything a judgement depends on comes in. [`Policy`] reads a document, [`Context`] holds
//! the condition keys of one request, [`Subject`] is who asks with what was granted to them, and
//! [`Case::decide`] puts them together in AWS's order ("Policy evaluation logic", IAM guide):
//!
//! 1. an explicit deny in any policy decides;
//! 2. a resource policy that allows the very principal (a user, or a role's session) in the
//!    resource's own account suffices; one that allows a role or everybody stands in for the
//!    identity policies alone;
//! 3. without it, the identity policies must allow; the account's root needs none;
//! 4. the permissions boundary, if there is one, must allow, and so must the session policies;
//! 5. across accounts both the resource policy and the caller's own side must allow, and where the
//!    resource's policy has the last word (a role's trust policy) it must always allow.
//!
//! Organisations' control policies do not exist here.

mod condition;
mod context;
mod decide;
mod pattern;
mod policy;
#[cfg(test)]
mod reference;
#[cfg(test)]
mod tests;

pub use condition::{Condition, Operator};
pub use context::Context;
pub use decide::{Case, Kind, Matched, Standing, Subject, Verdict};
pub use pattern::{like, resource_matches};
pub use policy::{Policy, Principals, Statement, Unreadable};
