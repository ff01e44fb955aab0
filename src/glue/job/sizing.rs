//! How large a job may be: worker types, numbers, capacities, time-outs.

use crate::base::limits;
use crate::glue::error::{Error, Result};

/// The sizing members that jobs, updates and runs share.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sizing<'a> {
    pub command: &'a str,
    pub glue_version: &'a str,
    pub worker_type: Option<&'a str>,
    pub number_of_workers: Option<i32>,
    pub max_capacity: Option<f64>,
    pub execution_class: Option<&'a str>,
    pub timeout: Option<i32>,
}

impl Sizing<'_> {
    /// Refuses what AWS refuses at creation.
    pub(super) fn check(&self) -> Result<()> {
        let shell = self.command == "pythonshell";
        match (self.worker_type, self.number_of_workers) {
            (Some(_), None) | (None, Some(_)) => {
                return invalid("WorkerType and NumberOfWorkers must be set together.");
            }
            (Some(_), Some(n)) if n < 2 => {
                return invalid("NumberOfWorkers must be at least 2.");
            }
            (Some(_), Some(_)) if shell => {
                return invalid("WorkerType cannot be set for a Python shell job.");
            }
            _ => {}
        }
        if self.max_capacity.is_some() && self.worker_type.is_some() {
            return invalid(
                "Please do not set Max Capacity if using Worker Type and Number of Workers.",
            );
        }
        if shell
            && self
                .max_capacity
                .is_some_and(|dpu| dpu != 0.0625 && dpu != 1.0)
        {
            return invalid("MaxCapacity of a Python shell job must be 0.0625 or 1.");
        }
        if self.execution_class == Some("FLEX")
            && (self.command != "glueetl"
                || !matches!(self.worker_type, None | Some("G.1X" | "G.2X")))
        {
            return invalid(
                "ExecutionClass FLEX is only for glueetl jobs with worker type G.1X or G.2X.",
            );
        }
        match self.worker_type {
            Some("G.025X") if self.command != "gluestreaming" => {
                return invalid("Worker type G.025X is only for streaming jobs.");
            }
            Some("Z.2X") if self.command != "glueray" => {
                return invalid("Worker type Z.2X is only for Ray jobs.");
            }
            Some(kind @ ("G.12X" | "G.16X" | "R.1X" | "R.2X" | "R.4X" | "R.8X"))
                if major(self.glue_version) < 4 =>
            {
                return invalid(&format!(
                    "Worker type {kind} needs Glue version 4.0 or later."
                ));
            }
            _ => {}
        }
        if self
            .timeout
            .is_some_and(|minutes| minutes > limits::glue::MAX_TIMEOUT_MINS)
        {
            return invalid(&format!(
                "Timeout must be at most {} minutes.",
                limits::glue::MAX_TIMEOUT_MINS
            ));
        }
        Ok(())
    }

    /// DPUs in all: what is set, or workers by their size, or AWS's default for the command.
    pub(super) fn capacity(&self) -> f64 {
        match (self.max_capacity, self.worker_type, self.number_of_workers) {
            (Some(capacity), _, _) => capacity,
            (None, Some(kind), Some(workers)) => f64::from(workers) * dpu(kind),
            _ if self.command == "pythonshell" => 0.0625,
            _ => 10.0,
        }
    }

    /// Minutes a run may take.
    pub(super) fn timeout(&self) -> i32 {
        self.timeout.unwrap_or(if major(self.glue_version) >= 5 {
            limits::glue::DEFAULT_TIMEOUT_MINS_GLUE_5
        } else {
            limits::glue::DEFAULT_TIMEOUT_MINS_GLUE_4
        })
    }
}

/// DPUs of one worker. API reference, CreateJob.
fn dpu(worker_type: &str) -> f64 {
    match worker_type {
        "G.025X" => 0.25,
        "Z.2X" => 2.0,
        // `G.4X` is 4, `R.2X` is 2; `Standard` is 1.
        other => other
            .split_once('.')
            .and_then(|(_, size)| size.strip_suffix('X'))
            .and_then(|size| size.parse().ok())
            .unwrap_or(1.0),
    }
}

fn major(glue_version: &str) -> u32 {
    let major = glue_version.split('.').next().unwrap_or_default();
    // `auto` is the newest.
    major.parse().unwrap_or(u32::MAX)
}

fn invalid(text: &str) -> Result<()> {
    Err(Error::InvalidInput(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn etl() -> Sizing<'static> {
        Sizing {
            command: "glueetl",
            glue_version: "4.0",
            ..Sizing::default()
        }
    }

    #[test]
    fn sizes_follow_the_rules_that_aws_checks_at_creation() {
        let workers = |kind, n| Sizing {
            worker_type: Some(kind),
            number_of_workers: Some(n),
            ..etl()
        };
        let cases = [
            (etl(), true),
            (workers("G.1X", 2), true),
            (workers("G.1X", 1), false),
            (
                Sizing {
                    number_of_workers: None,
                    ..workers("G.1X", 2)
                },
                false,
            ),
            (
                Sizing {
                    max_capacity: Some(2.0),
                    ..workers("G.1X", 2)
                },
                false,
            ),
            (
                Sizing {
                    execution_class: Some("FLEX"),
                    ..workers("G.2X", 2)
                },
                true,
            ),
            (
                Sizing {
                    execution_class: Some("FLEX"),
                    ..workers("G.4X", 2)
                },
                false,
            ),
            (workers("G.025X", 2), false),
            (
                Sizing {
                    command: "gluestreaming",
                    ..workers("G.025X", 2)
                },
                true,
            ),
            (workers("Z.2X", 2), false),
            (
                Sizing {
                    glue_version: "3.0",
                    ..workers("R.1X", 2)
                },
                false,
            ),
            (workers("R.1X", 2), true),
            (
                Sizing {
                    command: "pythonshell",
                    ..workers("G.1X", 2)
                },
                false,
            ),
            (
                Sizing {
                    command: "pythonshell",
                    max_capacity: Some(0.0625),
                    ..etl()
                },
                true,
            ),
            (
                Sizing {
                    command: "pythonshell",
                    max_capacity: Some(2.0),
                    ..etl()
                },
                false,
            ),
            (
                Sizing {
                    timeout: Some(10_080),
                    ..etl()
                },
                true,
            ),
            (
                Sizing {
                    timeout: Some(10_081),
                    ..etl()
                },
                false,
            ),
        ];
        for (sizing, allowed) in cases {
            assert_eq!(sizing.check().is_ok(), allowed, "{sizing:?}");
        }
    }

    #[test]
    fn capacity_is_workers_times_their_size() {
        let capacity = |kind, n| {
            Sizing {
                worker_type: Some(kind),
                number_of_workers: Some(n),
                ..etl()
            }
            .capacity()
        };
        assert_eq!(capacity("G.025X", 4), 1.0);
        assert_eq!(capacity("G.1X", 10), 10.0);
        assert_eq!(capacity("G.8X", 2), 16.0);
        assert_eq!(capacity("R.2X", 3), 6.0);
        assert_eq!(etl().capacity(), 10.0);
        assert_eq!(etl().timeout(), 2_880);
        assert_eq!(
            Sizing {
                glue_version: "5.0",
                ..etl()
            }
            .timeout(),
            480
        );
    }
}
