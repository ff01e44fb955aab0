//! Resource policies of streams. They are kept and checked for form; who enforces policies asks for them.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::base::{Arn, Call};
use crate::kinesis::api::{
    DeleteResourcePolicyRequest, GetResourcePolicyRequest, GetResourcePolicyResponse,
    PutResourcePolicyRequest,
};
use crate::kinesis::token::ShardIterator;
use crate::kinesis::{Address, Error, Kinesis, Result};

impl Kinesis {
    /// PutResourcePolicy, on a stream.
    pub fn put_resource_policy(
        &mut self,
        call: &Call,
        request: PutResourcePolicyRequest,
    ) -> Result<()> {
        let name = self.policy_stream(call, &request.resource_arn, request.stream_id.as_deref())?;
        check_policy(&request.policy, &request.resource_arn)?;
        self.stream_mut(&name)?.policy = Some(request.policy);
        Ok(())
    }

    /// GetResourcePolicy: `{}` when none is set.
    pub fn get_resource_policy(
        &mut self,
        call: &Call,
        request: GetResourcePolicyRequest,
    ) -> Result<GetResourcePolicyResponse> {
        let name = self.policy_stream(call, &request.resource_arn, request.stream_id.as_deref())?;
        Ok(GetResourcePolicyResponse {
            policy: self
                .stream(&name)?
                .policy
                .clone()
                .unwrap_or_else(|| "{}".to_owned()),
        })
    }

    /// DeleteResourcePolicy: an error when none is set.
    pub fn delete_resource_policy(
        &mut self,
        call: &Call,
        request: DeleteResourcePolicyRequest,
    ) -> Result<()> {
        let name = self.policy_stream(call, &request.resource_arn, request.stream_id.as_deref())?;
        match self.stream_mut(&name)?.policy.take() {
            Some(_) => Ok(()),
            None => Err(Error::NotFound(format!(
                "No resource policy found for resource ARN {}",
                request.resource_arn
            ))),
        }
    }

    /// The policy of a stream by name, if it has one.
    pub fn resource_policy_of(&self, name: &str) -> Option<String> {
        self.stream(name).ok()?.policy.clone()
    }

    /// The tags of a stream by name.
    pub fn tags_of_stream(&self, name: &str) -> Option<BTreeMap<String, String>> {
        Some(self.stream(name).ok()?.tags.clone())
    }

    /// ARN of the stream of a shard iterator; `None` for what is no iterator of this account.
    pub fn stream_of_iterator(&self, iterator: &str) -> Option<String> {
        let iterator = ShardIterator::open(iterator, &self.token_key)?;
        let resource = format!("stream/{}", iterator.stream);
        let arn = Arn::regional("kinesis", &self.region, &self.account, resource);
        Some(arn.to_string())
    }

    fn policy_stream(&mut self, call: &Call, arn: &str, stream_id: Option<&str>) -> Result<String> {
        let name = self.begin(
            call,
            Address {
                name: None,
                arn: Some(arn),
                stream_id,
            },
        )?;
        if Self::is_consumer_arn(arn) {
            return Err(Error::NotImplemented(
                "kinesis: resource policies of consumers",
            ));
        }
        self.stream(&name)?;
        Ok(name)
    }
}

fn refuse<T>(why: impl Into<String>) -> Result<T> {
    Err(Error::InvalidArgument(why.into()))
}

/// A member that is one thing or a list of it.
fn items(value: &Value) -> &[Value] {
    match value {
        Value::Array(items) => items,
        single => std::slice::from_ref(single),
    }
}

fn check_policy(text: &str, resource_arn: &str) -> Result<()> {
    let Ok(Value::Object(policy)) = serde_json::from_str::<Value>(text) else {
        return refuse("Policy validation error: The policy is not a JSON object");
    };
    let Some(statements) = policy.get("Statement") else {
        return refuse("Policy validation error: Missing required field Statement");
    };
    for statement in items(statements) {
        if statement.get("NotPrincipal").is_some() {
            return refuse("Policy validation error: NotPrincipal is not allowed");
        }
        for field in ["Effect", "Principal", "Action", "Resource"] {
            if statement.get(field).is_none() {
                return refuse(format!(
                    "Policy validation error: Missing required field {field}"
                ));
            }
        }
        if !matches!(statement["Effect"].as_str(), Some("Allow" | "Deny")) {
            return refuse("Policy validation error: Effect must be Allow or Deny");
        }
        let wildcard = items(&statement["Action"])
            .iter()
            .any(|action| action.as_str().is_none_or(|action| action.contains('*')));
        if wildcard {
            return refuse("Policy validation error: Wildcards are not allowed in Action");
        }
        let foreign = items(&statement["Resource"])
            .iter()
            .any(|resource| resource.as_str() != Some(resource_arn));
        if foreign {
            return refuse("The resource policy's resource must be the same as the resource ARN.");
        }
    }
    Ok(())
}
