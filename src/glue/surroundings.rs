//! What Glue asks other rooms: whether a role lets it in, whether a job graph can be run.

use std::collections::BTreeMap;

use serde_json::Value;

/// Roles, as far as Glue cares.
pub trait RoleDirectory {
    /// Whether a role, given by name, path and name, or ARN, exists and may be assumed by
    /// `glue.amazonaws.com`.
    fn trusts_glue(&self, role: &str) -> bool;
}

/// Job graphs, as far as Glue cares. Implemented by the room that runs them.
pub trait GraphChecker {
    /// Whether every node of `CodeGenConfigurationNodes` is executed.
    ///
    /// # Errors
    /// Names the node and the field that is not, for the client.
    fn check(&self, nodes: &BTreeMap<String, Value>) -> Result<(), String>;
}

/// Everything a request may need of the rooms around Glue.
pub trait Surroundings: RoleDirectory + GraphChecker {}

impl<T: RoleDirectory + GraphChecker> Surroundings for T {}
