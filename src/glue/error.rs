//! Why Glue refuses, in the room's own terms.

use crate::base::ServiceError;

/// What a Glue operation answers instead of a result.
///
/// The variants are Glue's modelled exceptions; clients (Iceberg, Spark, dbt, Terraform) branch on
/// the code, people read the text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The named thing does not exist.
    #[error("{0}")]
    EntityNotFound(String),
    /// The name is taken.
    #[error("{0}")]
    AlreadyExists(String),
    /// The request contradicts itself or the catalog.
    #[error("{0}")]
    InvalidInput(String),
    /// What is stored cannot be used as the request wants, e.g. a partition value that is no integer.
    #[error("{0}")]
    InvalidState(String),
    /// An optimistic lock failed: read again and retry.
    #[error("{0}")]
    ConcurrentModification(String),
    /// The crawler runs.
    #[error("{0}")]
    CrawlerRunning(String),
    /// The crawler does not run.
    #[error("{0}")]
    CrawlerNotRunning(String),
    /// The crawler is stopping already.
    #[error("{0}")]
    CrawlerStopping(String),
    /// The crawler's schedule is on already.
    #[error("{0}")]
    SchedulerRunning(String),
    /// The crawler's schedule is off already.
    #[error("{0}")]
    SchedulerNotRunning(String),
    /// The crawler has no schedule.
    #[error("{0}")]
    NoSchedule(String),
    /// The job has as many runs under way as it allows.
    #[error("{0}")]
    ConcurrentRunsExceeded(String),
    /// Policies do not allow it; what they say.
    #[error("{0}")]
    AccessDenied(String),
    /// AWS has it and this program does not: named, never ignored.
    #[error("{0}")]
    Unsupported(String),
}

/// The room's results.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// The exception name on the wire.
    pub fn code(&self) -> &'static str {
        match self {
            Self::EntityNotFound(_) => "EntityNotFoundException",
            Self::AlreadyExists(_) => "AlreadyExistsException",
            Self::InvalidInput(_) => "InvalidInputException",
            Self::InvalidState(_) => "InvalidStateException",
            Self::ConcurrentModification(_) => "ConcurrentModificationException",
            Self::CrawlerRunning(_) => "CrawlerRunningException",
            Self::CrawlerNotRunning(_) => "CrawlerNotRunningException",
            Self::CrawlerStopping(_) => "CrawlerStoppingException",
            Self::SchedulerRunning(_) => "SchedulerRunningException",
            Self::SchedulerNotRunning(_) => "SchedulerNotRunningException",
            Self::NoSchedule(_) => "NoScheduleException",
            Self::ConcurrentRunsExceeded(_) => "ConcurrentRunsExceededException",
            Self::AccessDenied(_) => "AccessDeniedException",
            Self::Unsupported(_) => "NotImplemented",
        }
    }

    /// Refuses `what`, a parameter or a value of one, by name when it is `present`.
    pub(crate) fn refuse(present: bool, what: &str) -> Result<()> {
        if present {
            return Err(Self::Unsupported(what.to_owned()));
        }
        Ok(())
    }
}

impl From<Error> for ServiceError {
    fn from(error: Error) -> Self {
        match &error {
            Error::Unsupported(what) => Self::not_implemented(format!("glue: {what}")),
            other => Self::client(other.code(), other),
        }
    }
}
