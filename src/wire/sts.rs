//! STS operations by name. Their state is IAM's.

use serde_json::Value;

use super::adapter::{reply, request};
use crate::base::{Call, ServiceError};
use crate::iam::{Error, Iam};

/// What [`handle`] executes.
pub const OPERATIONS: &[&str] = &[
    "AssumeRole",
    "GetAccessKeyInfo",
    "GetCallerIdentity",
    "GetFederationToken",
    "GetSessionToken",
];

/// Runs one operation.
pub fn handle(
    core: &mut Iam,
    operation: &str,
    call: &Call,
    input: Value,
) -> Result<Value, ServiceError> {
    match operation {
        "AssumeRole" => reply(core.assume_role(call, request(input)?)),
        "GetAccessKeyInfo" => reply::<_, Error>(Ok(core.get_access_key_info(&request(input)?))),
        "GetCallerIdentity" => reply::<_, Error>(Ok(core.get_caller_identity(call))),
        "GetFederationToken" => reply(core.get_federation_token(call, &request(input)?)),
        "GetSessionToken" => reply(core.get_session_token(call, &request(input)?)),
        _ => Err(ServiceError::not_implemented(format!("sts:{operation}"))),
    }
}
