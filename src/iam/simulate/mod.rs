//! The policy simulator: what policies would say about calls that nobody makes.
//!
//! It judges as [`evaluate`](super::evaluate) judges, by what the request gives and, for a principal,
//! by what the principal has. It is told, not asked, about everything else: only the context keys of
//! the request are there, resource policies are those of the request, and a resource in another
//! account is foreign only once the request has a resource policy or names an owner. An account here
//! is in no organization: service control policies are those of the request.
//!
//! Answers are of the newer form: one result an action, which sums up the results of its resources.

mod context;
mod exclusion;
mod judge;
mod position;
mod source;
mod template;

use super::api::{
    ContextEntry, GetContextKeysForCustomPolicyRequest, GetContextKeysForCustomPolicyResponse,
    GetContextKeysForPrincipalPolicyRequest, GetContextKeysForPrincipalPolicyResponse,
    OrderedOrganizationPolicyType, SimulateCustomPolicyRequest, SimulateCustomPolicyResponse,
    SimulatePrincipalPolicyRequest, SimulatePrincipalPolicyResponse,
};
use super::attachment::Holder;
use super::evaluate::{Policy, Standing, Subject};
use super::paging::Page;
use super::{Error, Iam, Result};
use crate::base::limits::iam::{DEFAULT_MAX_ITEMS, SIMULATED_AT_ONCE};
use crate::base::{AccountId, Arn, Call};
use exclusion::Exclusions;
use judge::{Scene, keys_of};
use source::{Origin, Source};

/// What both kinds of simulation are asked.
#[derive(Debug, Default)]
struct Questions {
    actions: Vec<String>,
    resources: Option<Vec<String>>,
    resource_policy: Option<String>,
    resource_owner: Option<String>,
    caller: Option<String>,
    boundaries: Option<Vec<String>>,
    context: Option<Vec<ContextEntry>>,
    handling: Option<String>,
    max_items: Option<i32>,
    marker: Option<String>,
}

impl Iam {
    /// SimulateCustomPolicy: the policies of the request, in the hands of nobody in particular or of
    /// its `CallerArn`.
    ///
    /// # Errors
    /// `InvalidInput` for what cannot be simulated.
    pub fn simulate_custom_policy(
        &self,
        call: &Call,
        request: SimulateCustomPolicyRequest,
    ) -> Result<SimulateCustomPolicyResponse> {
        let identity = source::given(Some(&request.policy_input_list), "PolicyInputList")?;
        let organization = request.ordered_organization_policy_input_list;
        let organization = organization.as_deref().map(levels).transpose()?;
        let questions = Questions {
            actions: request.action_names,
            resources: request.resource_arns,
            resource_policy: request.resource_policy,
            resource_owner: request.resource_owner,
            caller: request.caller_arn,
            boundaries: request.permissions_boundary_policy_input_list,
            context: request.context_entries,
            handling: request.resource_handling_option,
            max_items: request.max_items,
            marker: request.marker,
        };
        let operation = "iam:SimulateCustomPolicy";
        let mut scene = questions.scene(call, operation, identity, None)?;
        scene.organization = organization;
        questions.answer(&scene)
    }

    /// SimulatePrincipalPolicy: the policies of a user, group or role of the account, those of a
    /// user's groups included, and those of the request.
    ///
    /// # Errors
    /// `NoSuchEntity` for a principal that does not exist, `InvalidInput` for what cannot be
    /// simulated, and by name for AWS's policies whose documents are not part of this program.
    pub fn simulate_principal_policy(
        &self,
        call: &Call,
        request: SimulatePrincipalPolicyRequest,
    ) -> Result<SimulatePrincipalPolicyResponse> {
        let operation = "iam:SimulatePrincipalPolicy";
        let exclusions = Exclusions::new(request.policy_exclusion_list)?;
        let (account, entity) = self.entity(call, &request.policy_source_arn)?;
        let origins = entity.origins(account).into_iter();
        let mut identity = origins
            .filter(|origin| !exclusions.leave_out(origin))
            .map(|origin| account.source(&origin, operation))
            .collect::<Result<Vec<_>>>()?;
        identity.extend(source::given(
            request.policy_input_list.as_deref(),
            "PolicyInputList",
        )?);
        let given = request.permissions_boundary_policy_input_list;
        let has_own = given.as_ref().is_some_and(|list| !list.is_empty());
        let boundary = entity
            .boundary()
            .filter(|_| !has_own && !exclusions.leave_out_boundary())
            .map(|arn| account.source(&Origin::Managed(arn), operation))
            .transpose()?;
        let questions = Questions {
            actions: request.action_names,
            resources: request.resource_arns,
            resource_policy: request.resource_policy,
            resource_owner: request.resource_owner,
            caller: request.caller_arn.or(Some(request.policy_source_arn)),
            boundaries: given,
            context: request.context_entries,
            handling: request.resource_handling_option,
            max_items: request.max_items,
            marker: request.marker,
        };
        let scene = questions.scene(call, operation, identity, boundary)?;
        questions.answer(&scene)
    }

    /// GetContextKeysForCustomPolicy.
    ///
    /// # Errors
    /// `InvalidInput` for what is no policy.
    pub fn get_context_keys_for_custom_policy(
        request: &GetContextKeysForCustomPolicyRequest,
    ) -> Result<GetContextKeysForCustomPolicyResponse> {
        let sources = source::given(Some(&request.policy_input_list), "PolicyInputList")?;
        Ok(context_keys(&sources))
    }

    /// GetContextKeysForPrincipalPolicy.
    ///
    /// # Errors
    /// As [`Iam::simulate_principal_policy`].
    pub fn get_context_keys_for_principal_policy(
        &self,
        call: &Call,
        request: &GetContextKeysForPrincipalPolicyRequest,
    ) -> Result<GetContextKeysForPrincipalPolicyResponse> {
        let operation = "iam:GetContextKeysForPrincipalPolicy";
        let (account, entity) = self.entity(call, &request.policy_source_arn)?;
        let origins = entity.origins(account).into_iter();
        let mut sources = origins
            .map(|origin| account.source(&origin, operation))
            .collect::<Result<Vec<_>>>()?;
        let given = request.policy_input_list.as_deref();
        sources.extend(source::given(given, "PolicyInputList")?);
        Ok(context_keys(&sources))
    }
}

fn context_keys(sources: &[Source]) -> GetContextKeysForCustomPolicyResponse {
    GetContextKeysForCustomPolicyResponse {
        context_key_names: Some(keys_of(sources.iter().map(|source| &source.policy))),
    }
}

/// The service control policies of each level of an organization.
fn levels(given: &[OrderedOrganizationPolicyType]) -> Result<Vec<Vec<Policy>>> {
    let numbered = given.iter().zip(1..);
    numbered
        .map(|(level, number)| {
            let list = level.service_control_policy_input_list.as_deref();
            let name = format!("OrderedOrganizationPolicyInputList.{number}");
            let sources = source::given(list, &name)?;
            Ok(sources.into_iter().map(|source| source.policy).collect())
        })
        .collect()
}

impl Questions {
    /// Puts everything on the scene. `attached` is the principal's own boundary, which one of the
    /// request replaces.
    fn scene(
        &self,
        call: &Call,
        operation: &str,
        identity: Vec<Source>,
        attached: Option<Source>,
    ) -> Result<Scene> {
        if self.handling.is_some() {
            return Err(Error::NotImplemented(format!(
                "{operation} ResourceHandlingOption"
            )));
        }
        let parameter = "PermissionsBoundaryPolicyInputList";
        let mut given = source::given(self.boundaries.as_deref(), parameter)?;
        if given.len() > 1 {
            return Err(Error::InvalidInput(format!(
                "{parameter} can have one policy."
            )));
        }
        let boundary = given.pop().or(attached);
        let resource = self.resource_policy.as_deref();
        let resource = resource
            .map(|text| Source::read("ResourcePolicy".to_owned(), text))
            .transpose()?;
        let (account, standing) = self.standing(call, resource.is_some())?;
        let mut caller = Subject::new(account, standing);
        caller.identity = identity.iter().map(|s| s.policy.clone()).collect();
        caller.boundary = boundary.as_ref().map(|source| source.policy.clone());
        let entries = self.context.as_deref().unwrap_or_default();
        let owner = self.resource_owner.as_deref().map(account_of).transpose()?;
        Ok(Scene {
            caller,
            identity,
            boundary,
            resource,
            owner,
            organization: None,
            context: context::read(entries)?,
        })
    }

    /// Account and standing of the simulated caller.
    fn standing(&self, call: &Call, has_resource_policy: bool) -> Result<(String, Standing)> {
        let Some(text) = &self.caller else {
            if has_resource_policy {
                return Err(Error::InvalidInput(
                    "CallerArn is required with ResourcePolicy.".to_owned(),
                ));
            }
            // Somebody who is not the account's root; nothing asks for the name.
            let account = call.account.to_string();
            return Ok((account, Standing::User(String::new())));
        };
        let (holder, arn) = source::named(text)?;
        let standing = match holder {
            Holder::User | Holder::Group => Standing::User(text.clone()),
            Holder::Role if has_resource_policy => {
                return Err(Error::InvalidInput(
                    "Simulation of resource-based policies isn't supported for IAM roles."
                        .to_owned(),
                ));
            }
            Holder::Role => Standing::Session {
                role: text.clone(),
                session: String::new(),
            },
        };
        Ok((arn.account, standing))
    }

    /// The answers to one page of the actions. A page is shorter than asked when there are many
    /// resources, so that no request takes long.
    fn answer(&self, scene: &Scene) -> Result<SimulateCustomPolicyResponse> {
        for action in &self.actions {
            check_action(action)?;
        }
        let all = ["*".to_owned()];
        let given = self.resources.as_deref().filter(|list| !list.is_empty());
        let resources = given.unwrap_or(&all);
        for resource in resources {
            check_resource(resource)?;
        }
        let most = (SIMULATED_AT_ONCE / resources.len().max(1)).max(1);
        let asked = self.max_items.map(usize::try_from);
        let size = asked.map_or(DEFAULT_MAX_ITEMS, |asked| asked.unwrap_or(1));
        let size = i32::try_from(size.min(most)).ok();
        let numbered = self.actions.iter().enumerate();
        let key = |(number, _): &(usize, &String)| format!("{number:08}");
        let page = Page::cut(numbered, key, self.marker.as_deref(), size)?;
        let results = page.items.into_iter();
        let results = results.map(|(_, action)| scene.result(action, resources));
        Ok(SimulateCustomPolicyResponse {
            evaluation_results: Some(results.collect()),
            is_truncated: page.is_truncated,
            marker: page.marker,
        })
    }
}

/// An action has its service's prefix and no wildcards.
fn check_action(action: &str) -> Result<()> {
    let parts = action.split_once(':');
    let sound = parts.is_some_and(|(service, name)| {
        !service.is_empty() && !name.is_empty() && !name.contains(':')
    });
    if sound && !action.contains(['*', '?']) {
        return Ok(());
    }
    Err(Error::InvalidInput(format!(
        "Invalid action name: {action}"
    )))
}

fn check_resource(resource: &str) -> Result<()> {
    if resource == "*" || resource.parse::<Arn>().is_ok() {
        return Ok(());
    }
    Err(Error::InvalidInput(format!(
        "Invalid resource ARN: {resource}"
    )))
}

/// The account of `ResourceOwner`: its id, or the ARN of its root.
fn account_of(owner: &str) -> Result<String> {
    let arn: Option<Arn> = owner.parse().ok();
    let id = match &arn {
        Some(arn) if arn.service == "iam" && arn.resource == "root" => arn.account.as_str(),
        Some(_) => "",
        None => owner,
    };
    let account = AccountId::parse(id);
    let account = account.map(|account| account.to_string());
    account.ok_or_else(|| Error::InvalidInput(format!("Invalid resource owner: {owner}")))
}

#[cfg(test)]
mod tests;
