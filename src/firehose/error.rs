//! Why Firehose refuses, and how it says so to a client.

use crate::base::{AccountId, ServiceError};

/// The outcome of a Firehose operation.
pub type Result<T> = std::result::Result<T, Error>;

/// A refusal. The texts are those of the service where they are known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// There is no such delivery stream.
    #[error("Firehose {name} under account {account} not found.")]
    NotFound {
        /// The name asked for.
        name: String,
        /// The account looked in.
        account: AccountId,
    },
    /// A delivery stream of that name exists.
    #[error("Firehose {name} under accountId {account} already exists")]
    AlreadyExists {
        /// The name.
        name: String,
        /// The account.
        account: AccountId,
    },
    /// The delivery stream is in a state that does not allow the operation.
    #[error("{0}")]
    InUse(String),
    /// A member has a value that the service does not accept.
    #[error("{0}")]
    InvalidArgument(String),
    /// A feature of AWS that is not executed here, refused by name.
    #[error("{0} is not supported by windfarm; see docs/fidelity.md")]
    NotSupported(String),
    /// A constraint of the API model that only the core can check.
    #[error("{0}")]
    Validation(String),
    /// An update named a version that is no longer current.
    #[error(
        "Cannot update firehose: {name} since the current version id: {current} and specified version id: {specified} do not match"
    )]
    ConcurrentModification {
        /// The delivery stream.
        name: String,
        /// Its version.
        current: u64,
        /// The version the caller named.
        specified: String,
    },
    /// A quota is used up.
    #[error("{0}")]
    LimitExceeded(String),
    /// More was put than the delivery stream takes in a second.
    #[error("Slow down.")]
    SlowDown,
    /// A role of another account.
    #[error("Cross-account pass role is not allowed.")]
    CrossAccountRole,
}

impl Error {
    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self::InvalidArgument(message.into())
    }

    /// The error code of the API.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotFound { .. } => "ResourceNotFoundException",
            Self::AlreadyExists { .. } | Self::InUse(_) => "ResourceInUseException",
            Self::InvalidArgument(_) | Self::NotSupported(_) => "InvalidArgumentException",
            Self::Validation(_) => "ValidationException",
            Self::ConcurrentModification { .. } => "ConcurrentModificationException",
            Self::LimitExceeded(_) => "LimitExceededException",
            Self::SlowDown => "ServiceUnavailableException",
            Self::CrossAccountRole => "AccessDeniedException",
        }
    }
}

impl From<Error> for ServiceError {
    fn from(error: Error) -> Self {
        match error {
            Error::SlowDown => Self::with_status(503, error.code(), &error),
            _ => Self::client(error.code(), &error),
        }
    }
}
