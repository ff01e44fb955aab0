//! What services ask about each other, answered from the emulator's state.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::MutexGuard;

use serde_json::Value;

use crate::base::AccountId;
use crate::emulator::State;
use crate::emulator::site::Site;
use crate::firehose;
use crate::glue::{GraphChecker, RoleDirectory};
use crate::kinesis::Kinesis;

/// The emulator around one site.
pub(super) struct Around<'a> {
    pub state: &'a State,
    pub site: &'a Site,
}

impl Around<'_> {
    /// A role given by name, path and name, or ARN, as an ARN.
    fn role_arn(account: &AccountId, role: &str) -> String {
        if role.starts_with("arn:") {
            role.to_owned()
        } else {
            format!(
                "arn:aws:iam::{account}:role/{}",
                role.trim_start_matches('/')
            )
        }
    }
}

impl RoleDirectory for Around<'_> {
    fn trusts_glue(&self, role: &str) -> bool {
        let arn = Self::role_arn(&self.site.account, role);
        self.state.iam().role_trusts(&arn, "glue.amazonaws.com")
    }
}

impl GraphChecker for Around<'_> {
    fn check(&self, nodes: &BTreeMap<String, Value>) -> Result<(), String> {
        self.site.engine.check_graph(nodes)
    }
}

/// What Firehose asks, answered under locks that are taken before Firehose's own (`Site` gives the
/// order).
pub(super) struct AroundFirehose<'a> {
    pub state: &'a State,
    pub kinesis: RefCell<MutexGuard<'a, Kinesis>>,
}

impl firehose::Surroundings for AroundFirehose<'_> {
    fn role_trusts(&self, role_arn: &str, service: &str) -> bool {
        self.state.iam().role_trusts(role_arn, service)
    }

    fn stream_exists(&self, stream_arn: &str) -> bool {
        let now = self.state.clock.now();
        self.kinesis
            .borrow_mut()
            .stream_counts(now, stream_arn)
            .is_ok()
    }
}
