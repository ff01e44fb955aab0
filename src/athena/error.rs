//! Why Athena refuses, in the room's own terms.

use crate::base::ServiceError;

/// What an Athena operation answers instead of a result.
///
/// Most refusals are one exception, `InvalidRequestException`; clients tell them apart by its member
/// `AthenaErrorCode`, which travels a second time as `ErrorCode` (measured on live Athena, 2026-09).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The request contradicts itself or the state: `INVALID_INPUT`.
    #[error("{0}")]
    InvalidInput(String),
    /// The statement is not in the language: `MALFORMED_QUERY`. No execution exists.
    #[error("{0}")]
    MalformedQuery(String),
    /// The token was used for another request: `IDEMPOTENT_PARAMETER_MISMATCH`.
    #[error("Idempotent parameters do not match")]
    IdempotentParameterMismatch,
    /// No execution of this id: `QUERY_EXECUTION_NOT_FOUND`.
    #[error("QueryExecution {0} was not found")]
    QueryExecutionNotFound(String),
    /// The execution has no results, or none yet: `INVALID_QUERY_EXECUTION_STATE`.
    #[error("{0}")]
    InvalidQueryExecutionState(String),
    /// The execution was cancelled and left nothing: `RESULT_NOT_FOUND`.
    #[error("Could not find results")]
    ResultNotFound,
    /// The resource of an ARN does not exist.
    #[error("Resource {0} not found")]
    ResourceNotFound(String),
    /// The data catalog refused, e.g. because a database or table does not exist.
    #[error("{0}")]
    Metadata(String),
    /// AWS has it and this program does not: named, never ignored.
    #[error("{0}")]
    Unsupported(String),
}

/// The room's results.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// A refusal of what a client sent.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::InvalidInput(message.into())
    }

    /// Refuses `what`, a parameter or a value of one, by name when it is `present`.
    pub(crate) fn refuse(present: bool, what: &str) -> Result<()> {
        if present {
            return Err(Self::Unsupported(what.to_owned()));
        }
        Ok(())
    }

    /// `AthenaErrorCode`, of the refusals that carry one.
    pub fn athena_error_code(&self) -> Option<&'static str> {
        match self {
            Self::InvalidInput(_) => Some("INVALID_INPUT"),
            Self::MalformedQuery(_) => Some("MALFORMED_QUERY"),
            Self::IdempotentParameterMismatch => Some("IDEMPOTENT_PARAMETER_MISMATCH"),
            Self::QueryExecutionNotFound(_) => Some("QUERY_EXECUTION_NOT_FOUND"),
            Self::InvalidQueryExecutionState(_) => Some("INVALID_QUERY_EXECUTION_STATE"),
            Self::ResultNotFound => Some("RESULT_NOT_FOUND"),
            Self::ResourceNotFound(_) | Self::Metadata(_) | Self::Unsupported(_) => None,
        }
    }
}

impl From<Error> for ServiceError {
    fn from(error: Error) -> Self {
        match &error {
            Error::Unsupported(what) => Self::not_implemented(format!("athena: {what}")),
            Error::ResourceNotFound(arn) => Self::client("ResourceNotFoundException", &error)
                .member("ResourceName", arn.clone()),
            Error::Metadata(_) => Self::client("MetadataException", &error),
            _ => {
                let refused = Self::client("InvalidRequestException", &error);
                match error.athena_error_code() {
                    Some(code) => refused
                        .member("AthenaErrorCode", code)
                        .member("ErrorCode", code),
                    None => refused,
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_code_travels_twice_beside_the_message() {
        let error = ServiceError::from(Error::QueryExecutionNotFound("q".to_owned()));
        assert_eq!(error.code, "InvalidRequestException");
        assert_eq!(error.message, "QueryExecution q was not found");
        let code = "QUERY_EXECUTION_NOT_FOUND".to_owned();
        assert_eq!(
            error.members,
            [
                ("AthenaErrorCode".to_owned(), code.clone()),
                ("ErrorCode".to_owned(), code)
            ]
        );
    }
}
