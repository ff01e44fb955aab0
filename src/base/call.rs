//! What a service's core is told about a request, and what it answers when it refuses.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use crate::base::{AccountId, Region, Timestamp};

/// The circumstances of one request: when, where and by whom.
///
/// Cores are pure: they take the time from here, never from a clock.
#[derive(Clone, Debug)]
pub struct Call {
    /// When the request arrived.
    pub now: Timestamp,
    /// The account it acts in.
    pub account: AccountId,
    /// The region it was signed for.
    pub region: Region,
    /// ARN of the caller, as STS GetCallerIdentity would answer.
    pub caller_arn: String,
    /// Where it came from.
    pub origin: Arc<Origin>,
}

/// Where a request came from, as policies may ask.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The access key it was signed with; none for unsigned requests and for the program's own calls.
    pub access_key: Option<String>,
    /// The other end of the connection; none in the process.
    pub source_ip: Option<IpAddr>,
    /// The `User-Agent` header.
    pub user_agent: Option<String>,
    /// Whether it came over TLS.
    pub secure: bool,
}

impl Call {
    /// A call by the account's root at `now`, in the default account and region.
    pub fn root(now: Timestamp) -> Self {
        let account = AccountId::default();
        Self {
            now,
            caller_arn: format!("arn:aws:iam::{account}:root"),
            account,
            region: Region::default(),
            origin: Arc::default(),
        }
    }
}

/// A refusal in AWS's terms: an error code, a client message, and extra members for protocols that
/// carry them. Rooms have their own `thiserror` enums and convert into this at their edge.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct ServiceError {
    /// The error code clients branch on, e.g. `ResourceNotFoundException`.
    pub code: String,
    /// The message the client sees.
    pub message: String,
    /// HTTP status.
    pub status: u16,
    /// Further members of the error document, e.g. Athena's `AthenaErrorCode` or S3's `Key`.
    pub members: Vec<(String, String)>,
}

impl ServiceError {
    /// A client error: status 400, which is what the JSON services answer for all of them.
    pub fn client(code: impl Into<String>, message: impl fmt::Display) -> Self {
        Self::with_status(400, code, message)
    }

    /// An error with its own status.
    pub fn with_status(status: u16, code: impl Into<String>, message: impl fmt::Display) -> Self {
        Self {
            code: code.into(),
            message: message.to_string(),
            status,
            members: Vec::new(),
        }
    }

    /// The refusal of something AWS has and this program does not: status 501, naming it.
    pub fn not_implemented(what: impl fmt::Display) -> Self {
        Self::with_status(
            501,
            "NotImplemented",
            format!("{what} is not implemented by windfarm; see docs/fidelity.md"),
        )
    }

    /// The same error with one more member in its document.
    #[must_use]
    pub fn member(mut self, name: &str, value: impl Into<String>) -> Self {
        self.members.push((name.to_owned(), value.into()));
        self
    }
}
