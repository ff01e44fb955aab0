//! Why Kinesis refuses, in its own words.
//!
//! Texts that clients match on were observed on AWS (by kinesalite's recordings, by the KPL's and
//! LocalStack's); where none was observed the text is ours and says what to change.

use crate::base::{AccountId, ServiceError};
use crate::kinesis::shard_id::ShardId;

/// What a Kinesis operation answers.
pub type Result<T> = std::result::Result<T, Error>;

/// A refusal. Each variant is one AWS error code (`code`), except the last.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A combination of parameters or a value that makes no sense: `InvalidArgumentException`.
    #[error("{0}")]
    InvalidArgument(String),
    /// A constraint of the API model that only the core can check: `ValidationException`.
    #[error("{0}")]
    Validation(String),
    /// No such stream: `ResourceNotFoundException`.
    #[error("Stream {stream} under account {account} not found.")]
    StreamNotFound {
        /// The name asked for.
        stream: String,
        /// The account it was looked for in.
        account: AccountId,
    },
    /// No such shard, consumer or policy: `ResourceNotFoundException`.
    #[error("{0}")]
    NotFound(String),
    /// The name is taken or the resource is in use: `ResourceInUseException`.
    #[error("{0}")]
    InUse(String),
    /// The stream must be ACTIVE for this: `ResourceInUseException`.
    #[error("Stream {stream} under account {account} not ACTIVE, instead in state {state}")]
    NotActive {
        /// The stream.
        stream: String,
        /// Its account.
        account: AccountId,
        /// The state it is in.
        state: &'static str,
    },
    /// A quota or a call rate: `LimitExceededException`.
    #[error("{0}")]
    LimitExceeded(String),
    /// A shard's capacity is used up: `ProvisionedThroughputExceededException`.
    #[error("Rate exceeded for shard {shard} in stream {stream} under account {account}.")]
    RateExceeded {
        /// The shard.
        shard: ShardId,
        /// Its stream.
        stream: String,
        /// Its account.
        account: AccountId,
    },
    /// A shard iterator older than five minutes: `ExpiredIteratorException`.
    #[error("{0}")]
    ExpiredIterator(String),
    /// A page token older than five minutes: `ExpiredNextTokenException`.
    #[error("{0}")]
    ExpiredNextToken(String),
    /// A KMS key that cannot exist here: `KMSNotFoundException`.
    #[error("{0}")]
    KmsNotFound(String),
    /// What `DryRun` asks for when the call would have succeeded: `DryRunOperationException`.
    #[error("The request would have succeeded, but DryRun is set.")]
    DryRun,
    /// Something AWS has and this program does not; the text names it.
    #[error("{0}")]
    NotImplemented(&'static str),
}

impl Error {
    /// The AWS error code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::InvalidArgument(_) => "InvalidArgumentException",
            Self::Validation(_) => "ValidationException",
            Self::StreamNotFound { .. } | Self::NotFound(_) => "ResourceNotFoundException",
            Self::InUse(_) | Self::NotActive { .. } => "ResourceInUseException",
            Self::LimitExceeded(_) => "LimitExceededException",
            Self::RateExceeded { .. } => "ProvisionedThroughputExceededException",
            Self::ExpiredIterator(_) => "ExpiredIteratorException",
            Self::ExpiredNextToken(_) => "ExpiredNextTokenException",
            Self::KmsNotFound(_) => "KMSNotFoundException",
            Self::DryRun => "DryRunOperationException",
            Self::NotImplemented(_) => "NotImplemented",
        }
    }
}

impl From<Error> for ServiceError {
    fn from(error: Error) -> Self {
        match error {
            Error::NotImplemented(what) => Self::not_implemented(what),
            other => Self::client(other.code(), &other),
        }
    }
}

/// Constraint failures in the grammar all JSON services share, at most ten of them as on AWS.
#[derive(Debug, Default)]
pub(crate) struct Violations(Vec<String>);

impl Violations {
    /// Notes that `member` is missing.
    pub(crate) fn missing(&mut self, member: &str) {
        self.0.push(format!(
            "Value null at '{member}' failed to satisfy constraint: Member must not be null"
        ));
    }

    /// Notes that the blob `member` is longer than `max` bytes.
    pub(crate) fn too_long(&mut self, member: &str, max: usize) {
        self.0.push(format!(
            "Value at '{member}' failed to satisfy constraint: Member must have length less than or equal to {max}."
        ));
    }

    /// Whether AWS would still list a further failure.
    pub(crate) fn full(&self) -> bool {
        self.0.len() >= 10
    }

    /// Fails if anything was noted.
    pub(crate) fn check(self) -> Result<()> {
        let count = self.0.len();
        if count == 0 {
            return Ok(());
        }
        let plural = if count == 1 { "" } else { "s" };
        Err(Error::Validation(format!(
            "{count} validation error{plural} detected: {}",
            self.0.join("; ")
        )))
    }
}
