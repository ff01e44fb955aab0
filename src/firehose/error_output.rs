//! Records that go under the error prefix: why, and the lines they become.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::json;

use crate::base::Timestamp;

/// The groups of errors, each in objects of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum ErrorOutput {
    /// A processor failed.
    ProcessingFailed,
    /// More partitions at once than allowed.
    ActivePartitionExceeded,
}

impl ErrorOutput {
    /// The value of `!{firehose:error-output-type}`.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::ProcessingFailed => "processing-failed",
            Self::ActivePartitionExceeded => "activePartitionExceeded",
        }
    }
}

/// Why a record is not delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rejection {
    pub output: ErrorOutput,
    pub code: &'static str,
    pub message: String,
}

impl Rejection {
    /// The line of the error object, with the record as it was received.
    pub(super) fn line(&self, raw: &[u8], arrival: Timestamp, now: Timestamp) -> Bytes {
        let line = json!({
            "rawData": STANDARD.encode(raw),
            "errorCode": self.code,
            "errorMessage": self.message,
            "attemptsMade": 1,
            "arrivalTimestamp": arrival.millis(),
            "attemptEndingTimestamp": now.millis(),
        });
        format!("{line}\n").into()
    }
}
