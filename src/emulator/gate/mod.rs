//! Whether callers, and services in their roles' names, may do what they ask for.
//!
//! Every request passes [`Gate::permit`] once, before its service sees it; S3's own front end asks the
//! same gate ([`s3`]). Services that act for others (Firehose, crawlers, jobs, queries) do so through
//! [`hands`], which asks for each object and each table. [`directory`] knows what names stand for and
//! which resources have policies; [`context`] gathers condition keys.
//!
//! Invariant: what is judged is noted in the audit first, so that the least policy of an audited run is
//! the least policy of the same run enforced.

mod context;
mod directory;
pub(super) mod hands;
mod report;
mod s3;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use serde_json::Value;

use crate::base::{Call, Clock, ServiceError};
use crate::emulator::site::Sites;
use crate::iam::Iam;
use crate::iam::audit::Audit;
use crate::iam::evaluate::{Case, Context, Policy, Verdict};
use crate::iam::need::{self, Need};
use crate::iam::subject::{Principal, Unjudged};
use crate::s3::S3;
use directory::Directory;

/// Whether policies are judged by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Enforcement {
    /// Everybody may do everything.
    #[default]
    Off,
    /// Everybody may do everything; what they needed is noted.
    Audit,
    /// Nobody may do what policies do not allow; what they asked for is noted.
    Enforce,
}

/// Judges, and keeps the audit.
pub(super) struct Gate {
    enforcement: Enforcement,
    clock: Clock,
    iam: Arc<Mutex<Iam>>,
    s3: Arc<S3>,
    /// Weak: sites have parts that ask the gate.
    sites: Weak<Sites>,
    ledger: Mutex<Ledger>,
}

/// What was asked for, and what of it the policies of that moment did not allow.
#[derive(Debug, Default)]
struct Ledger {
    audit: Audit,
    denied: BTreeSet<(String, Need)>,
    /// Who listed which beginnings of keys, as ARNs.
    listed: BTreeSet<(String, String)>,
}

impl Ledger {
    /// Notes what a principal needs. Whoever finds objects by listing meets other keys there next time.
    fn note(&mut self, principal: &str, needs: &mut [Need], context: &Context) {
        for need in &mut *needs {
            let Some(path) = need.resource.strip_prefix("arn:aws:s3:::") else {
                continue;
            };
            if need.action == "s3:ListBucket" {
                let prefix = context.single("s3:prefix").unwrap_or_default();
                let listed = format!("arn:aws:s3:::{path}/{prefix}");
                self.listed.insert((principal.to_owned(), listed));
            } else if need.within.is_none() && path.contains('/') {
                let of_theirs = |(who, listed): &&(String, String)| {
                    who == principal && need.resource.starts_with(listed.as_str())
                };
                let found = self
                    .listed
                    .iter()
                    .filter(of_theirs)
                    .map(|(_, listed)| listed);
                need.within = found.min_by_key(|listed| listed.len()).cloned();
            }
        }
        self.audit.note(principal, needs.iter().cloned());
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate")
            .field("enforcement", &self.enforcement)
            .finish_non_exhaustive()
    }
}

/// Why something may not be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Policies do not allow it; the message as AWS words it.
    Denied(String),
    /// It cannot be judged; what is missing here.
    Unjudged(String),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Denied(message) => f.write_str(message),
            Self::Unjudged(what) => ServiceError::not_implemented(what).message.fmt(f),
        }
    }
}

impl From<Unjudged> for Refusal {
    fn from(unjudged: Unjudged) -> Self {
        Self::Unjudged(unjudged.to_string())
    }
}

impl Gate {
    pub fn new(
        enforcement: Enforcement,
        clock: Clock,
        iam: Arc<Mutex<Iam>>,
        s3: Arc<S3>,
        sites: Weak<Sites>,
    ) -> Self {
        Self {
            enforcement,
            clock,
            iam,
            s3,
            sites,
            ledger: Mutex::default(),
        }
    }

    /// Whether anything is judged or noted at all.
    pub fn looks(&self) -> bool {
        self.enforcement != Enforcement::Off
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn iam(&self) -> MutexGuard<'_, Iam> {
        self.iam.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets what was noted.
    pub fn forget(&self) {
        *self.ledger() = Ledger::default();
    }

    /// Whether the caller may have an operation of a JSON or Query service carried out.
    ///
    /// # Errors
    /// Access denied as the service words it; 501 for what cannot be judged.
    pub fn permit(
        &self,
        service: &str,
        operation: &str,
        call: &Call,
        input: &Value,
    ) -> Result<(), ServiceError> {
        if !self.looks() {
            return Ok(());
        }
        let refused = self.ask(service, operation, call, input);
        refused.map_err(|refusal| match refusal {
            Refusal::Denied(message) if matches!(service, "iam" | "sts") => {
                ServiceError::with_status(403, "AccessDenied", message)
            }
            Refusal::Denied(message) => ServiceError::client("AccessDeniedException", message),
            Refusal::Unjudged(what) => ServiceError::not_implemented(what),
        })
    }

    fn ask(
        &self,
        service: &str,
        operation: &str,
        call: &Call,
        input: &Value,
    ) -> Result<(), Refusal> {
        let directory = Directory { gate: self, call };
        let name = format!("{service}:{operation}");
        let Some(needs) = need::needs(&name, call, input, &directory) else {
            // What nobody knows the needs of is nobody's to do; its service would refuse it too.
            return match self.enforcement {
                Enforcement::Enforce => Err(Refusal::Unjudged(name)),
                _ => Ok(()),
            };
        };
        let principal = self.iam().principal(call);
        let context = context::of_call(call).with(&context::of_request(service, input));
        self.decide(principal, call, needs, &context)
    }

    /// Judges all needs of one act; the first that is not allowed decides.
    fn decide(
        &self,
        principal: Result<Principal, Unjudged>,
        call: &Call,
        mut needs: Vec<Need>,
        context: &Context,
    ) -> Result<(), Refusal> {
        let principal = match principal {
            Ok(principal) => principal,
            Err(unjudged) if self.enforcement == Enforcement::Enforce => {
                return Err(unjudged.into());
            }
            Err(_) => {
                self.ledger().note(&call.caller_arn, &mut needs, context);
                return Ok(());
            }
        };
        self.ledger().note(&principal.name, &mut needs, context);
        for need in needs {
            match self.judge(&principal, &need, context) {
                Ok(Verdict::Allowed) => {}
                Ok(verdict) => {
                    let message = message(&principal, &need, verdict);
                    self.ledger().denied.insert((principal.name.clone(), need));
                    if self.enforcement == Enforcement::Enforce {
                        return Err(Refusal::Denied(message));
                    }
                }
                Err(refusal) if self.enforcement == Enforcement::Enforce => return Err(refusal),
                Err(_) => {}
            }
        }
        Ok(())
    }

    fn judge(
        &self,
        principal: &Principal,
        need: &Need,
        context: &Context,
    ) -> Result<Verdict, Refusal> {
        let resource = self.resource(need)?;
        let mut context = principal.context.with(context);
        for (key, value) in &need.keys {
            context.set(key, value.as_str());
        }
        let subject = &principal.subject;
        let own = subject.identity.iter().chain(&subject.boundary);
        let own = own.chain(subject.session.iter().flatten());
        let keys = own.chain(&resource.policy).flat_map(Policy::context_keys);
        let keys: BTreeSet<String> = keys.collect();
        context::check_known(&keys)?;
        if keys.iter().any(|key| context::is_of_resource(key)) {
            for (key, value) in self.tags(&need.resource) {
                context.set(&key, value);
            }
        }
        if let Some(owner) = &resource.owner {
            context.set("aws:ResourceAccount", owner);
            context.set("s3:ResourceAccount", owner);
        }
        let case = Case {
            subject,
            action: &need.action,
            resource: &need.resource,
            owner: resource.owner.as_deref(),
            resource_policy: resource.policy.as_ref(),
            resource_kind: resource.kind,
            context: &context,
        };
        Ok(case.decide())
    }
}

/// The refusal as AWS words it: "Troubleshoot access denied error messages", IAM guide.
fn message(principal: &Principal, need: &Need, verdict: Verdict) -> String {
    use crate::iam::evaluate::Standing;

    let Need {
        action, resource, ..
    } = need;
    if principal.subject.standing == Standing::Anonymous {
        return "Access Denied".to_owned();
    }
    let who = &principal.caller_arn;
    let mut text = if action.starts_with("s3:") {
        format!("User: {who} is not authorized to perform: {action} on resource: \"{resource}\"")
    } else {
        format!("User: {who} is not authorized to perform: {action} on resource: {resource}")
    };
    // STS keeps to itself whether the role exists.
    if action != "sts:AssumeRole" {
        text.push(' ');
        text.push_str(&verdict.reason(action));
    }
    text
}
