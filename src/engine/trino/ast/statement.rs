//! Statements: what stands around a query.

use super::{Expression, Identifier, Name, Pos, Query};

/// One statement.
#[derive(Clone, Debug, PartialEq)]
pub enum Statement {
    /// Rows are wanted.
    Query(Box<Query>),
    /// `EXPLAIN …`
    Explain(Box<Explain>),
    /// `CREATE [OR REPLACE] VIEW`
    CreateView(Box<CreateView>),
    /// `DROP VIEW`
    DropView {
        /// The view.
        name: Name,
        /// IF EXISTS.
        if_exists: bool,
        /// Where it starts.
        pos: Pos,
    },
    /// `CREATE TABLE … AS query`
    CreateTableAs(Box<CreateTableAs>),
    /// `INSERT INTO`
    Insert(Box<Insert>),
    /// `UNLOAD (query) TO`
    Unload(Box<Unload>),
    /// `PREPARE name FROM statement`
    Prepare {
        /// Its name.
        name: Identifier,
        /// The statement's text as written.
        text: String,
    },
    /// `EXECUTE name USING …`
    Execute {
        /// Which prepared statement.
        name: Identifier,
        /// Values of the question marks.
        parameters: Vec<Expression>,
    },
    /// `DEALLOCATE PREPARE name`
    Deallocate {
        /// Which prepared statement.
        name: Identifier,
    },
    /// In Athena's language, but not executed by this front end.
    Unsupported {
        /// Its name, such as `MERGE`.
        what: String,
        /// Where it starts.
        pos: Pos,
    },
}

/// `name = value` of a WITH clause.
#[derive(Clone, Debug, PartialEq)]
pub struct Property {
    /// The name.
    pub name: Identifier,
    /// The value.
    pub value: Expression,
}

/// CREATE VIEW.
#[derive(Clone, Debug, PartialEq)]
pub struct CreateView {
    /// OR REPLACE.
    pub replace: bool,
    /// The view.
    pub name: Name,
    /// COMMENT.
    pub comment: Option<String>,
    /// SECURITY DEFINER or INVOKER, in capitals.
    pub security: Option<String>,
    /// Its rows.
    pub query: Query,
    /// Where it starts.
    pub pos: Pos,
}

/// CREATE TABLE AS.
#[derive(Clone, Debug, PartialEq)]
pub struct CreateTableAs {
    /// IF NOT EXISTS.
    pub if_not_exists: bool,
    /// The table.
    pub name: Name,
    /// Names of its columns, if given.
    pub columns: Vec<Identifier>,
    /// COMMENT.
    pub comment: Option<String>,
    /// WITH (…).
    pub properties: Vec<Property>,
    /// Its rows.
    pub query: Query,
    /// False for WITH NO DATA.
    pub with_data: bool,
    /// Where it starts.
    pub pos: Pos,
}

/// INSERT INTO.
#[derive(Clone, Debug, PartialEq)]
pub struct Insert {
    /// The table.
    pub table: Name,
    /// The columns that are given, all of them if empty.
    pub columns: Vec<Identifier>,
    /// The rows.
    pub query: Query,
    /// Where it starts.
    pub pos: Pos,
}

/// UNLOAD.
#[derive(Clone, Debug, PartialEq)]
pub struct Unload {
    /// The rows.
    pub query: Query,
    /// Where to.
    pub location: String,
    /// WITH (…).
    pub properties: Vec<Property>,
    /// Where it starts.
    pub pos: Pos,
}

/// EXPLAIN.
#[derive(Clone, Debug, PartialEq)]
pub struct Explain {
    /// ANALYZE: the statement is executed.
    pub analyze: bool,
    /// ANALYZE VERBOSE.
    pub verbose: bool,
    /// FORMAT, if given.
    pub format: Option<ExplainFormat>,
    /// TYPE, if given.
    pub kind: Option<ExplainKind>,
    /// What is explained.
    pub statement: Statement,
    /// Where it starts.
    pub pos: Pos,
}

/// FORMAT of EXPLAIN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum ExplainFormat {
    Text,
    Json,
    Graphviz,
}

impl ExplainFormat {
    /// As written.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Text => "TEXT",
            Self::Json => "JSON",
            Self::Graphviz => "GRAPHVIZ",
        }
    }
}

/// TYPE of EXPLAIN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum ExplainKind {
    Logical,
    Distributed,
    Validate,
    Io,
}

impl ExplainKind {
    /// As written.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Logical => "LOGICAL",
            Self::Distributed => "DISTRIBUTED",
            Self::Validate => "VALIDATE",
            Self::Io => "IO",
        }
    }
}
