//! What can go wrong in the pipeline, in terms of what the user was doing.

use std::error::Error as StdError;

use aws_sdk_kinesis::error::{ProvideErrorMetadata, SdkError};

/// Result of a pipeline step.
pub type Result<T> = std::result::Result<T, Error>;

/// A step that did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The service answered with an error.
    #[error("{action}: {code}: {message}")]
    Service {
        /// What was being done, e.g. `create the stream windfarm`.
        action: String,
        /// AWS error code.
        code: String,
        /// AWS error message.
        message: String,
    },
    /// No answer: nothing listens there, no credentials, a broken connection.
    #[error("{action}: no answer from the service: {cause}")]
    Unreachable {
        /// What was being done.
        action: String,
        /// The SDK's chain of causes.
        cause: String,
    },
    /// A resource reached a state from which the step cannot go on.
    #[error("{what} is {state}{}", if reason.is_empty() { String::new() } else { format!(": {reason}") })]
    State {
        /// The resource, e.g. `job run jr_…`.
        what: String,
        /// Its state.
        state: String,
        /// The service's reason, if it gave one.
        reason: String,
    },
    /// A resource did not reach the expected state in time.
    #[error("{what} did not become {expected} within {seconds} s")]
    TimedOut {
        /// The resource.
        what: String,
        /// The expected state.
        expected: String,
        /// How long was waited, on the target's clock.
        seconds: u64,
    },
    /// A reply that makes no sense, e.g. without a member the API promises.
    #[error("{0}")]
    Reply(String),
    /// Settings that cannot be run.
    #[error("{0}")]
    Settings(String),
}

impl Error {
    /// The AWS error code, if the service answered.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Service { code, .. } => Some(code),
            _ => None,
        }
    }
}

/// Turns an SDK error into [`Error`], saying what was being done.
pub fn doing<E, R>(action: impl Into<String>) -> impl FnOnce(SdkError<E, R>) -> Error
where
    E: ProvideErrorMetadata + StdError + 'static,
    R: std::fmt::Debug + 'static,
{
    move |error| {
        let action = action.into();
        match &error {
            SdkError::ServiceError(refusal) => Error::Service {
                action,
                code: refusal.err().code().unwrap_or("Unknown").to_owned(),
                message: refusal.err().message().unwrap_or_default().to_owned(),
            },
            other => Error::Unreachable {
                action,
                cause: causes(other),
            },
        }
    }
}

/// An error and what caused it, down to the root, on one line.
fn causes(error: &dyn StdError) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let text = inner.to_string();
        // Some errors tell their cause in their own text.
        if !line.ends_with(&text) {
            line.push_str(": ");
            line.push_str(&text);
        }
        cause = inner.source();
    }
    line
}
