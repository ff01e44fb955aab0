//! What was asked for, as `/_windfarm/iam/audit` shows it.

use serde_json::{Value, json};

use super::{Enforcement, Gate};

impl Enforcement {
    /// As the command line names it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Audit => "audit",
            Self::Enforce => "enforce",
        }
    }
}

impl Gate {
    /// For every principal seen: the least policy of what it asked for, and what of it the policies of
    /// that moment did not allow.
    pub fn report(&self) -> Value {
        let ledger = self.ledger();
        let principals: Vec<Value> = ledger
            .audit
            .callers()
            .map(|name| {
                let denied: Vec<Value> = ledger
                    .denied
                    .iter()
                    .filter(|(who, _)| who == name)
                    .map(|(_, need)| json!({"action": need.action, "resource": need.resource}))
                    .collect();
                json!({
                    "principal": name,
                    "policy": ledger.audit.least_policy(name),
                    "denied": denied,
                })
            })
            .collect();
        json!({"iam": self.enforcement.name(), "principals": principals})
    }
}
