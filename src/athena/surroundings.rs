//! What Athena asks other rooms: whether a text is a statement, and what the data catalog holds.

use std::collections::BTreeMap;

use crate::athena::error::Error;
use crate::base::Timestamp;

/// The languages of Athena. Implemented by the room that parses them.
pub trait Language {
    /// What kind of statement a text is.
    ///
    /// # Errors
    /// When StartQueryExecution refuses it at once; no execution is created then.
    fn check(&self, sql: &str) -> Result<Classification, SyntaxRefusal>;

    /// The same for a text whose names without a database mean those of `database`: DESCRIBE and SHOW
    /// COLUMNS are refused at once when their table is absent, and are another kind for a view
    /// (measured).
    ///
    /// # Errors
    /// As [`Language::check`].
    fn check_in(
        &self,
        sql: &str,
        _database: Option<&str>,
    ) -> Result<Classification, SyntaxRefusal> {
        self.check(sql)
    }

    /// The prepared statement that a text executes; `None` when it executes none.
    fn executed(&self, _sql: &str) -> Option<Executed> {
        None
    }
}

/// `EXECUTE name USING …`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Executed {
    /// The prepared statement.
    pub name: String,
    /// The values behind USING, as expressions.
    pub parameters: Vec<String>,
}

/// What kind of statement a text is; it decides where results lie and what they look like.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Classification {
    /// `StatementType`: `DDL`, `DML` or `UTILITY`.
    pub statement_type: String,
    /// `SubstatementType`: `SELECT`, `CREATE_TABLE_AS_SELECT`, `SHOW_TABLES`, …
    pub substatement_type: Option<String>,
    /// Whether Hive's side of Athena carries it out. When such a statement fails, its reason lies
    /// in the result file and GetQueryResults answers an empty set instead of refusing (measured).
    pub hive: bool,
    /// Whether it is a SELECT of literals alone, which Athena answers without planning: its
    /// metadata names the execution instead of the engine's query (measured).
    pub literal: bool,
}

/// Why StartQueryExecution refuses a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxRefusal {
    /// The client's message, e.g. `line 1:1: mismatched input 'SELEC'. Expecting: …`.
    pub message: String,
    /// Whether the text is a statement that names something absent (`INVALID_INPUT`) rather than
    /// no statement at all (`MALFORMED_QUERY`). DESCRIBE and SHOW COLUMNS of a missing table are
    /// refused in the first way (measured).
    pub well_formed: bool,
}

impl SyntaxRefusal {
    /// The refusal of what is no statement.
    pub fn malformed(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            well_formed: false,
        }
    }

    /// The refusal of a statement that cannot be meant.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            well_formed: true,
        }
    }
}

impl From<SyntaxRefusal> for Error {
    fn from(refusal: SyntaxRefusal) -> Self {
        if refusal.well_formed {
            Self::InvalidInput(refusal.message)
        } else {
            Self::MalformedQuery(refusal.message)
        }
    }
}

/// The data catalog behind `AwsDataCatalog`, as far as Athena's metadata operations read it. Names
/// are matched as the catalog does it: in lower case.
pub trait Metadata {
    /// All databases.
    fn databases(&self) -> Vec<DatabaseFacts>;

    /// One database.
    fn database(&self, name: &str) -> Option<DatabaseFacts>;

    /// All tables of a database; `None` when there is no such database.
    fn tables(&self, database: &str) -> Option<Vec<TableFacts>>;

    /// One table.
    fn table(&self, database: &str, name: &str) -> Option<TableFacts>;
}

/// A database of the catalog.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DatabaseFacts {
    /// Its name.
    pub name: String,
    /// Its description.
    pub description: Option<String>,
    /// Its properties.
    pub parameters: BTreeMap<String, String>,
}

/// A table or view of the catalog.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TableFacts {
    /// Its name.
    pub name: String,
    /// When it was created.
    pub create_time: Option<Timestamp>,
    /// When it was last read, if somebody wrote that down.
    pub last_access_time: Option<Timestamp>,
    /// `EXTERNAL_TABLE`, `VIRTUAL_VIEW`, …
    pub table_type: Option<String>,
    /// Columns that lie in the files.
    pub columns: Vec<ColumnFacts>,
    /// Columns that come from the partition.
    pub partition_keys: Vec<ColumnFacts>,
    /// Table properties.
    pub parameters: BTreeMap<String, String>,
    /// Where the files lie.
    pub location: Option<String>,
    /// Hadoop's input format.
    pub input_format: Option<String>,
    /// Hadoop's output format.
    pub output_format: Option<String>,
    /// The SerDe's class.
    pub serde_library: Option<String>,
    /// The SerDe's properties.
    pub serde_parameters: BTreeMap<String, String>,
}

/// A column of a table of the catalog.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ColumnFacts {
    /// Its name.
    pub name: String,
    /// Its type in Hive's spelling.
    pub hive_type: Option<String>,
    /// Its comment.
    pub comment: Option<String>,
}
