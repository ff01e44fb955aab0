//! What every thin service adapter does the same: JSON in, typed request, typed reply, JSON out.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::base::ServiceError;

/// The typed form of a request that passed validation against the API model.
pub fn request<T: DeserializeOwned>(input: Value) -> Result<T, ServiceError> {
    serde_json::from_value(input)
        .map_err(|error| ServiceError::client("SerializationException", error))
}

/// A core's answer as JSON.
pub fn reply<T: Serialize, E: Into<ServiceError>>(
    answer: Result<T, E>,
) -> Result<Value, ServiceError> {
    let answer = answer.map_err(Into::into)?;
    serde_json::to_value(answer).map_err(|error| {
        ServiceError::with_status(500, "InternalFailure", format!("cannot serialise: {error}"))
    })
}
