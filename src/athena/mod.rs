//! Athena's API of one account and region, as a pure state machine.
//!
//! Invariants: nothing here reads a clock, a socket or an object, and nothing knows SQL. Whether a
//! text is a statement is asked of a [`Language`], what the data catalog holds of a [`Metadata`].
//! A query is handed out as an order ([`executions::QueryOrder`]) and comes back as an outcome; no
//! state changes with time alone, so there are no timers.

use std::sync::Arc;

use crate::base::{AccountId, Ids, Region, Timestamp};

pub mod api;
mod data_catalogs;
pub mod error;
pub mod executions;
mod named_queries;
mod page;
mod prepared_statements;
pub mod results;
pub mod surroundings;
mod tags;
pub mod work_groups;

pub use error::Error;
pub use executions::{QueryFailure, QueryOrder, QueryOutcome, QueryState, Reuse};
pub use results::{QueryResult, ResultColumn, ResultFile};
pub use surroundings::{
    Classification, ColumnFacts, DatabaseFacts, Executed, Language, Metadata, SyntaxRefusal,
    TableFacts,
};

/// Athena of one account and region.
#[derive(Debug)]
pub struct Athena {
    account: AccountId,
    region: Region,
    ids: Arc<Ids>,
    /// The last part of the engine's query ids: which coordinator planned them.
    coordinator: String,
    executions: executions::Executions,
    work_groups: work_groups::WorkGroups,
    named_queries: named_queries::NamedQueries,
    prepared_statements: prepared_statements::PreparedStatements,
    tags: tags::Tags,
}

impl Athena {
    /// An Athena with the work group `primary` and nothing else. What was there from the start has
    /// no time of creation.
    pub fn new(account: AccountId, region: Region, ids: Arc<Ids>) -> Self {
        Self {
            coordinator: ids.hex(5),
            account,
            region,
            ids,
            executions: executions::Executions::default(),
            work_groups: work_groups::WorkGroups::default(),
            named_queries: named_queries::NamedQueries::default(),
            prepared_statements: prepared_statements::PreparedStatements::default(),
            tags: tags::Tags::default(),
        }
    }

    /// When the next timer is due: never, states change by reports alone.
    pub fn next_due(&self) -> Option<Timestamp> {
        None
    }
}
