//! Why a command could not do its work, for a person.

use std::process::ExitCode;

use crate::pipeline;

/// One line that says what is wrong and what to do, and the exit code that goes with it.
#[derive(Debug)]
pub struct Failure {
    message: String,
    /// Resources that were made before the failure and still stand.
    standing: Vec<String>,
}

impl Failure {
    /// A failure with its line.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            standing: Vec::new(),
        }
    }

    /// Names what was made and still stands.
    #[must_use]
    pub fn leaving(mut self, standing: Vec<String>) -> Self {
        self.standing = standing;
        self
    }

    /// Prints the line to standard error.
    pub fn report(&self) -> ExitCode {
        eprintln!("windfarm: {}", self.message);
        if !self.standing.is_empty() {
            eprintln!(
                "windfarm: made before that and left standing: {}",
                self.standing.join(", ")
            );
        }
        ExitCode::from(2)
    }
}

impl From<pipeline::Error> for Failure {
    fn from(error: pipeline::Error) -> Self {
        let advice = match &error {
            pipeline::Error::Unreachable { .. } => {
                "; is the endpoint right and something listening there? `windfarm up` starts one"
            }
            _ => "",
        };
        Self::new(format!("{error}{advice}"))
    }
}
