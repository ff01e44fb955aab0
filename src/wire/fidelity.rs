//! What is executed and what is only validated: the rows of the fidelity table.

use std::collections::BTreeSet;

use crate::base::ServiceError;
use crate::wire::model::Facts;
use crate::wire::service::Service;

/// One operation of one service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The service.
    pub service: Service,
    /// The operation's name.
    pub operation: &'static str,
    /// Whether it is executed. If not, its requests are validated and refused with 501.
    pub handled: bool,
}

/// The operations that each adapter executes.
pub fn handled() -> [(Service, &'static [&'static str]); 7] {
    [
        (Service::Athena, super::athena::OPERATIONS),
        (Service::Firehose, super::firehose::OPERATIONS),
        (Service::Glue, super::glue::OPERATIONS),
        (Service::Iam, super::iam::OPERATIONS),
        (Service::Kinesis, super::kinesis::OPERATIONS),
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
