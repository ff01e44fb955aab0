//! What IAM and STS refuse, with the codes and statuses of their Query errors.

use crate::base::ServiceError;

/// Results of this room.
pub type Result<T> = std::result::Result<T, Error>;

/// A refusal. The text is the client's message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// What was named does not exist. 404.
    #[error("{0}")]
    NoSuchEntity(String),
    /// The name is taken. 409.
    #[error("{0}")]
    EntityAlreadyExists(String),
    /// It still has parts or users. 409.
    #[error("{0}")]
    DeleteConflict(String),
    /// A quota would be exceeded. 409.
    #[error("{0}")]
    LimitExceeded(String),
    /// The policy's JSON or grammar is wrong. 400.
    #[error("{0}")]
    MalformedPolicyDocument(String),
    /// A value makes no sense where it stands. 400.
    #[error("{0}")]
    InvalidInput(String),
    /// A value is wrong in itself. 400.
    #[error("{0}")]
    Validation(String),
    /// STS: a value contradicts another. 400.
    #[error("{0}")]
    InvalidParameterValue(String),
    /// The entity belongs to AWS. 400.
    #[error("{0}")]
    UnmodifiableEntity(String),
    /// The role does not trust the caller, or does not exist. 403.
    #[error("{0}")]
    AccessDenied(String),
    /// A parameter this program does not act on. 501.
    #[error("{0}")]
    NotImplemented(String),
}

impl From<Error> for ServiceError {
    fn from(error: Error) -> Self {
        let (status, code) = match &error {
            Error::NoSuchEntity(_) => (404, "NoSuchEntity"),
            Error::EntityAlreadyExists(_) => (409, "EntityAlreadyExists"),
            Error::DeleteConflict(_) => (409, "DeleteConflict"),
            Error::LimitExceeded(_) => (409, "LimitExceeded"),
            Error::MalformedPolicyDocument(_) => (400, "MalformedPolicyDocument"),
            Error::InvalidInput(_) => (400, "InvalidInput"),
            Error::Validation(_) => (400, "ValidationError"),
            Error::InvalidParameterValue(_) => (400, "InvalidParameterValue"),
            Error::UnmodifiableEntity(_) => (400, "UnmodifiableEntity"),
            Error::AccessDenied(_) => (403, "AccessDenied"),
            Error::NotImplemented(what) => return Self::not_implemented(what),
        };
        Self::with_status(status, code, error)
    }
}
