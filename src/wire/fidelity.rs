//! What is executed, what is refused and what is not known at all: the rows of the fidelity table, from
//! which `docs/fidelity.md` and `windfarm operations` are made.

pub mod remarks;

use std::collections::BTreeSet;

use crate::base::ServiceError;
use crate::wire::model::Facts;
use crate::wire::service::{Protocol, Service};
use remarks::{REMARKS, Remark};

/// What becomes of an operation's requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// Executed.
    Implemented,
    /// Executed but for what the remark says, which is refused by name.
    Partly,
    /// Validated against the API model, then refused with 501 by name.
    Refused,
    /// Refused with 501 by name without being validated: S3's operations without a handler.
    Absent,
}

impl State {
    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Implemented => "implemented",
            Self::Partly => "partly",
            Self::Refused => "refused",
            Self::Absent => "absent",
        }
    }
}

/// One operation of one service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The service.
    pub service: Service,
    /// The operation's name.
    pub operation: &'static str,
    /// Whether it is executed. If not, its requests are refused with 501.
    pub handled: bool,
}

impl Row {
    /// `service:Operation`.
    pub fn name(&self) -> String {
        format!("{}:{}", self.service, self.operation)
    }

    /// What is left out of it or differs from AWS, if anything does.
    pub fn remark(&self) -> Option<&'static Remark> {
        let name = self.name();
        REMARKS.iter().find(|remark| remark.operation == name)
    }

    /// What becomes of its requests.
    pub fn state(&self) -> State {
        match (self.handled, self.service.protocol()) {
            (true, _) if self.remark().is_some_and(|remark| remark.partly) => State::Partly,
            (true, _) => State::Implemented,
            (false, Protocol::RestXml) => State::Absent,
            (false, _) => State::Refused,
        }
    }

    /// The test, or the module of tests, that shows it.
    pub fn shown_by(&self) -> &'static str {
        match self.remark() {
            Some(remark) => remark.shown_by,
            None if !self.handled => {
                "front_door::every_operation_is_answered_as_its_protocol_answers"
            }
            None => match self.service {
                Service::Sts => "iam::sts",
                Service::S3 => "s3::tests",
                Service::Iam => "iam::tests",
                Service::Glue => "glue::tests",
                Service::Kinesis => "kinesis::tests",
                Service::Firehose => "firehose::tests",
                Service::Athena => "athena",
                Service::Logs => "wire::router::tests",
            },
        }
    }
}

/// The operations that each adapter executes.
pub fn handled() -> [(Service, &'static [&'static str]); 8] {
    [
        (Service::Athena, super::athena::OPERATIONS),
        (Service::Firehose, super::firehose::OPERATIONS),
        (Service::Glue, super::glue::OPERATIONS),
        (Service::Iam, super::iam::OPERATIONS),
        (Service::Kinesis, super::kinesis::OPERATIONS),
        // No core of CloudWatch Logs yet: every operation is refused by name.
        (Service::Logs, &[]),
        (Service::S3, super::s3::OPERATIONS),
        (Service::Sts, super::sts::OPERATIONS),
    ]
}

/// Every operation of every service in `handled`, which lists the operations of its adapter.
///
/// # Errors
/// The names of adapters' operations that their service does not have: a misspelling.
pub fn table(handled: &[(Service, &[&str])]) -> Result<Vec<Row>, Vec<String>> {
    let mut rows = Vec::new();
    let mut unknown = Vec::new();
    for (service, operations) in handled {
        let facts = Facts::of(*service);
        let executed: BTreeSet<&str> = operations.iter().copied().collect();
        unknown.extend(
            executed
                .iter()
                .filter(|name| facts.operation(name).is_none())
                .map(|name| format!("{service}:{name}")),
        );
        rows.extend(facts.operations().map(|operation| Row {
            service: *service,
            operation: &operation.name,
            handled: executed.contains(operation.name.as_str()),
        }));
    }
    if unknown.is_empty() {
        Ok(rows)
    } else {
        Err(unknown)
    }
}

/// Where an adapter's list and its answers disagree: operations it lists and refuses as not
/// implemented, and operations it runs without listing them. `ask` calls the adapter with an empty
/// request.
pub fn disagreements(
    service: Service,
    listed: &[&str],
    mut ask: impl FnMut(&str) -> Result<serde_json::Value, ServiceError>,
) -> Vec<String> {
    Facts::of(service)
        .operations()
        .filter(|operation| {
            let name = format!("{service}:{} ", operation.name);
            let refused = matches!(ask(&operation.name), Err(error)
                if error.status == 501 && error.message.starts_with(&name));
            refused == listed.contains(&operation.name.as_str())
        })
        .map(|operation| format!("{service}:{}", operation.name))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Call, Ids, Seed, Timestamp};
    use crate::iam::Iam;
    use crate::wire::{iam, sts};

    #[test]
    fn adapters_run_what_they_list() {
        let mut core = Iam::new(std::sync::Arc::new(Ids::seeded(Seed::new(1))));
        let call = Call::root(Timestamp::from_secs(1));
        let empty = || serde_json::json!({});
        let wrong = disagreements(Service::Iam, iam::OPERATIONS, |operation| {
            iam::handle(&mut core, operation, &call, empty())
        });
        assert_eq!(wrong, [""; 0]);
        let wrong = disagreements(Service::Sts, sts::OPERATIONS, |operation| {
            sts::handle(&mut core, operation, &call, empty())
        });
        assert_eq!(wrong, [""; 0]);
        let wrong = disagreements(Service::Sts, &["AssumeRoot"], |operation| {
            sts::handle(&mut core, operation, &call, empty())
        });
        assert_eq!(wrong.len(), sts::OPERATIONS.len() + 1);
    }

    #[test]
    fn what_every_executed_operation_needs_is_known() {
        let known: BTreeSet<&str> = crate::iam::need::operations().collect();
        let missing: Vec<String> = handled()
            .iter()
            .flat_map(|(service, operations)| {
                operations.iter().map(move |o| format!("{service}:{o}"))
            })
            .filter(|operation| !known.contains(operation.as_str()))
            .collect();
        assert_eq!(missing, [""; 0]);
        // Nor does the table name what AWS does not have.
        for operation in known {
            let (service, name) = operation.split_once(':').unwrap();
            let facts = Facts::of(Service::by_name(service).unwrap());
            assert!(facts.operation(name).is_some(), "{operation}");
        }
    }

    #[test]
    fn the_table_lists_every_operation_once() {
        let rows = table(&[(Service::Sts, &["GetCallerIdentity"])]).unwrap();
        assert_eq!(rows.len(), 11);
        let handled: Vec<_> = rows.iter().filter(|row| row.handled).collect();
        assert_eq!(handled.len(), 1);
        assert_eq!(handled[0].operation, "GetCallerIdentity");
    }

    #[test]
    fn a_misspelt_operation_is_found() {
        let unknown = table(&[(Service::Sts, &["GetCalleridentity"])]).unwrap_err();
        assert_eq!(unknown, ["sts:GetCalleridentity"]);
    }
}
