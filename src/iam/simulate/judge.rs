//! What becomes of one action, on one resource and on all of them together.

use std::collections::{BTreeMap, BTreeSet};

use super::super::api::{
    EvaluationResult, OrganizationsDecisionDetail, PermissionsBoundaryDecisionDetail,
    ResourceSpecificResult, Statement,
};
use super::super::evaluate::{Case, Context, Kind, Matched, Policy, Subject, Verdict};
use super::source::{Source, type_of};
use super::template;
use crate::base::Arn;

/// `PolicyEvaluationDecisionType`, from the least restrictive to the most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Decision {
    Allowed,
    ImplicitDeny,
    ExplicitDeny,
}

impl Decision {
    /// As answers show it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::ImplicitDeny => "implicitDeny",
            Self::ExplicitDeny => "explicitDeny",
        }
    }

    /// What statements with these effects decide.
    fn of(allows: impl Iterator<Item = bool>) -> Self {
        allows
            .map(|allow| {
                if allow {
                    Self::Allowed
                } else {
                    Self::ExplicitDeny
                }
            })
            .max()
            .unwrap_or(Self::ImplicitDeny)
    }
}

impl From<Verdict> for Decision {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Allowed => Self::Allowed,
            Verdict::DeniedBy(_) => Self::ExplicitDeny,
            Verdict::NotAllowedBy(_) => Self::ImplicitDeny,
        }
    }
}

/// Everything that a simulation's decisions depend on, save for the action and the resource.
#[derive(Debug)]
pub(super) struct Scene {
    /// The simulated caller. Its identity policies and its boundary are those of the sources below.
    pub caller: Subject,
    pub identity: Vec<Source>,
    pub boundary: Option<Source>,
    pub resource: Option<Source>,
    /// The account of resources whose ARNs do not tell it, if the request told it.
    pub owner: Option<String>,
    /// Service control policies, from the organization's root to the account.
    pub organization: Option<Vec<Vec<Policy>>>,
    pub context: Context,
}

/// What becomes of an action on one resource.
#[derive(Debug)]
struct Outcome {
    decision: Decision,
    matched: Vec<Statement>,
    /// Whether the boundary allows, if there is one.
    boundary: Option<bool>,
    /// Whether the service control policies allow, if there are any.
    organization: Option<bool>,
    /// What each type of policy decides, when caller and resource are of different accounts.
    details: Option<BTreeMap<&'static str, Decision>>,
}

impl Scene {
    /// The answer about one action. `resources` is `["*"]` when all of them are meant.
    pub(super) fn result(&self, action: &str, resources: &[String]) -> EvaluationResult {
        let outcomes: Vec<(&String, Outcome)> = resources
            .iter()
            .map(|resource| (resource, self.judge(action, resource)))
            .collect();
        let all = || outcomes.iter().map(|(_, outcome)| outcome);
        let decision = all().map(|outcome| outcome.decision).max();
        let decision = decision.unwrap_or(Decision::ImplicitDeny);
        let mut matched: Vec<Statement> = Vec::new();
        for outcome in all().filter(|outcome| outcome.decision == decision) {
            for statement in &outcome.matched {
                if !matched.contains(statement) {
                    matched.push(statement.clone());
                }
            }
        }
        let mut details: BTreeMap<&str, Decision> = BTreeMap::new();
        for (kind, decided) in all()
            .filter_map(|outcome| outcome.details.as_ref())
            .flatten()
        {
            let most = details.entry(kind).or_insert(*decided);
            *most = (*most).max(*decided);
        }
        let everywhere = |of: fn(&Outcome) -> Option<bool>| {
            all().filter_map(of).reduce(|before, here| before && here)
        };
        let organization = everywhere(|outcome| outcome.organization);
        let missing = self.missing_keys();
        let any = resources.iter().all(|resource| resource == "*");
        let specific = || {
            let results = outcomes
                .iter()
                .map(|(resource, outcome)| self.specific(resource, outcome, missing.clone()));
            results.collect()
        };
        EvaluationResult {
            eval_action_name: action.to_owned(),
            eval_resource_name: Some(template::of(resources)),
            eval_decision: decision.name().to_owned(),
            matched_statements: Some(matched),
            missing_context_values: Some(missing.clone()),
            organizations_decision_detail: organization.map(|allowed| {
                OrganizationsDecisionDetail {
                    allowed_by_organizations: Some(allowed),
                }
            }),
            permissions_boundary_decision_detail: everywhere(|outcome| outcome.boundary)
                .map(boundary_detail),
            // Where service control policies deny, the rest is not gone into.
            eval_decision_details: (!any && organization != Some(false)).then(|| shown(&details)),
            resource_specific_results: (!any).then(specific),
        }
    }

    fn specific(
        &self,
        resource: &str,
        outcome: &Outcome,
        missing: Vec<String>,
    ) -> ResourceSpecificResult {
        ResourceSpecificResult {
            eval_resource_name: resource.to_owned(),
            eval_resource_decision: outcome.decision.name().to_owned(),
            matched_statements: Some(outcome.matched.clone()),
            missing_context_values: Some(missing),
            eval_decision_details: outcome.details.as_ref().map(shown),
            permissions_boundary_decision_detail: outcome.boundary.map(boundary_detail),
        }
    }

    fn judge(&self, action: &str, resource: &str) -> Outcome {
        let owner = self.owner_of(resource);
        let case = Case {
            subject: &self.caller,
            action,
            resource,
            owner: owner.as_deref(),
            resource_policy: self.resource.as_ref().map(|source| &source.policy),
            resource_kind: Kind::Resource,
            context: &self.context,
        };
        let (verdict, matched) = case.explain();
        let of_kind = |kind: Kind| {
            let matched = matched.iter().filter(move |matched| matched.kind == kind);
            Decision::of(matched.map(|matched| matched.allow))
        };
        let organization = self.organization(action, resource);
        let mut decision = Decision::from(verdict);
        let statements = self.statements(decision, &matched);
        if let Some(organization) = organization {
            decision = decision.max(organization);
        }
        let allowed_above = organization.map(|decided| decided == Decision::Allowed);
        let foreign = owner.is_some_and(|owner| owner != self.caller.account);
        let details = (foreign && allowed_above != Some(false)).then(|| {
            let kinds = [Kind::Identity, Kind::Resource];
            let bounded = self.boundary.as_ref().map(|_| Kind::Boundary);
            let kinds = kinds.into_iter().chain(bounded);
            kinds.map(|kind| (type_of(kind), of_kind(kind))).collect()
        });
        Outcome {
            matched: if Decision::from(verdict) == decision {
                statements
            } else {
                Vec::new()
            },
            decision,
            boundary: self
                .boundary
                .as_ref()
                .map(|_| of_kind(Kind::Boundary) == Decision::Allowed),
            organization: allowed_above,
            details,
        }
    }

    /// The statements that led to a decision: those that deny, or those that allow. What a boundary
    /// allows grants nothing, and no statement leads to an implicit denial.
    fn statements(&self, decision: Decision, matched: &[Matched]) -> Vec<Statement> {
        let led = |matched: &&Matched| match decision {
            Decision::ExplicitDeny => !matched.allow,
            Decision::Allowed => matched.kind != Kind::Boundary,
            Decision::ImplicitDeny => false,
        };
        let shown = |matched: &Matched| {
            let source = match matched.kind {
                Kind::Boundary => self.boundary.as_ref(),
                Kind::Resource => self.resource.as_ref(),
                _ => self.identity.get(matched.policy),
            };
            source.map(|source| source.statement(matched.kind, matched.statement))
        };
        matched.iter().filter(led).filter_map(shown).collect()
    }

    /// The account that a resource belongs to, where it matters: with a resource policy, or when the
    /// request names an owner. Without either the caller's own policies alone are judged.
    fn owner_of(&self, resource: &str) -> Option<String> {
        if self.resource.is_none() && self.owner.is_none() {
            return None;
        }
        let arn: Option<Arn> = resource.parse().ok();
        let told = arn.map(|arn| arn.account);
        let told = told.filter(|account| !account.is_empty() && account != "*");
        told.or_else(|| self.owner.clone())
            .or_else(|| Some(self.caller.account.clone()))
    }

    /// What service control policies decide: every level must allow, none may deny.
    fn organization(&self, action: &str, resource: &str) -> Option<Decision> {
        let action = action.to_ascii_lowercase();
        let levels = self.organization.as_ref()?.iter();
        let decisions = levels.map(|level| {
            let about = level
                .iter()
                .flat_map(|policy| policy.about(&action, resource, &self.context));
            Decision::of(about.map(|(_, statement)| statement.allow))
        });
        Some(decisions.max().unwrap_or(Decision::Allowed))
    }

    /// Condition keys that the caller's and the resource's policies ask for and the request does not
    /// have.
    fn missing_keys(&self) -> Vec<String> {
        let sources = self.identity.iter().chain(&self.resource);
        let keys = keys_of(sources.map(|source| &source.policy)).into_iter();
        keys.filter(|key| self.context.get(key).is_none()).collect()
    }
}

/// The condition keys that policies ask for, in their order, each once whatever its case.
pub(super) fn keys_of<'a>(policies: impl Iterator<Item = &'a Policy>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    policies
        .flat_map(Policy::context_keys)
        .filter(|key| seen.insert(key.to_ascii_lowercase()))
        .collect()
}

fn boundary_detail(allowed: bool) -> PermissionsBoundaryDecisionDetail {
    PermissionsBoundaryDecisionDetail {
        allowed_by_permissions_boundary: Some(allowed),
    }
}

fn shown(details: &BTreeMap<&'static str, Decision>) -> BTreeMap<String, String> {
    let details = details.iter();
    details
        .map(|(kind, decided)| ((*kind).to_owned(), decided.name().to_owned()))
        .collect()
}
