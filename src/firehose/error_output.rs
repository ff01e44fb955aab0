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
    /// A record could not be converted.
    FormatConversionFailed,
    /// More partitions at once than allowed.
    ActivePartitionExceeded,
}

impl ErrorOutput {
    /// The value of `!{firehose:error-output-type}`.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::ProcessingFailed => "processing-failed",
            Self::FormatConversionFailed => "format-conversion-failed",
            Self::ActivePartitionExceeded => "activePartitionExceeded",
        }
    }
}

/// Record bytes as error lines carry them.
pub(super) fn base64(raw: &[u8]) -> String {
    STANDARD.encode(raw)
}

/// Why a record is not delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rejection {
    pub output: ErrorOutput,
    pub code: String,
    pub message: String,
    /// Attempts made to process it.
    pub attempts: u32,
    /// The function that did not, if one did not.
    pub function_arn: Option<String>,
}

impl Rejection {
    /// The rejection of a record at the first attempt.
    pub(super) fn new(output: ErrorOutput, code: &str, message: String) -> Self {
        Self {
            output,
            code: code.to_owned(),
            message,
            attempts: 1,
            function_arn: None,
        }
    }

    /// The line of the error object, with the record as it was received. Members are in the order
    /// observed.
    pub(super) fn line(&self, raw: &[u8], arrival: Timestamp, now: Timestamp) -> Bytes {
        let mut line = json!({
            "rawData": base64(raw),
            "errorCode": self.code,
            "errorMessage": self.message,
            "attemptsMade": self.attempts,
            "arrivalTimestamp": arrival.millis(),
            "attemptEndingTimestamp": now.millis(),
        });
        if let (Some(line), Some(arn)) = (line.as_object_mut(), &self.function_arn) {
            line.insert("lambdaARN".to_owned(), arn.clone().into());
        }
        format!("{line}\n").into()
    }
}
