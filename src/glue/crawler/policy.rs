//! What a crawler does about changes it finds.

use crate::glue::api::SchemaChangePolicy;

/// `SchemaChangePolicy.UpdateBehavior`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpdateBehavior {
    /// Changed tables stay; new tables and new partitions are still added.
    Log,
    /// Changed tables are updated.
    Update,
}

/// `SchemaChangePolicy.DeleteBehavior`, for tables and partitions whose data is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeleteBehavior {
    /// They stay.
    Log,
    /// They are deleted.
    Delete,
    /// They stay, marked with the parameter `DEPRECATED_BY_CRAWLER`.
    Deprecate,
}

/// The policy with AWS's defaults filled in, as GetCrawler shows it.
pub(super) fn filled(policy: Option<SchemaChangePolicy>) -> SchemaChangePolicy {
    let policy = policy.unwrap_or_default();
    SchemaChangePolicy {
        update_behavior: policy
            .update_behavior
            .or(Some("UPDATE_IN_DATABASE".to_owned())),
        delete_behavior: policy
            .delete_behavior
            .or(Some("DEPRECATE_IN_DATABASE".to_owned())),
    }
}

pub(super) fn behaviors(policy: &SchemaChangePolicy) -> (UpdateBehavior, DeleteBehavior) {
    let update = match policy.update_behavior.as_deref() {
        Some("LOG") => UpdateBehavior::Log,
        _ => UpdateBehavior::Update,
    };
    let delete = match policy.delete_behavior.as_deref() {
        Some("LOG") => DeleteBehavior::Log,
        Some("DELETE_FROM_DATABASE") => DeleteBehavior::Delete,
        _ => DeleteBehavior::Deprecate,
    };
    (update, delete)
}
