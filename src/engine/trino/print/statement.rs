//! Statements as text.

use std::fmt::{self, Display, Formatter};

use super::{Dotted, List, Text};
use crate::engine::trino::ast::{
    CreateTableAs, CreateView, Explain, Insert, Property, Statement, Unload,
};

impl Display for Statement {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Query(query) => query.fmt(f),
            Self::Explain(explain) => explain.fmt(f),
            Self::CreateView(view) => view.fmt(f),
            Self::DropView {
                name, if_exists, ..
            } => {
                let exists = if *if_exists { "IF EXISTS " } else { "" };
                write!(f, "DROP VIEW {exists}{}", Dotted(name))
            }
            Self::CreateTableAs(table) => table.fmt(f),
            Self::Insert(insert) => insert.fmt(f),
            Self::Unload(unload) => unload.fmt(f),
            Self::Prepare { name, text } => write!(f, "PREPARE {name} FROM {text}"),
            Self::Execute { name, parameters } => {
                write!(f, "EXECUTE {name}")?;
                if parameters.is_empty() {
                    return Ok(());
                }
                write!(f, " USING {}", List(parameters))
            }
            Self::Deallocate { name } => write!(f, "DEALLOCATE PREPARE {name}"),
            Self::Unsupported { what, .. } => f.write_str(what),
        }
    }
}

impl Display for Property {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} = {}", self.name, self.value)
    }
}

fn with(f: &mut Formatter<'_>, properties: &[Property]) -> fmt::Result {
    if properties.is_empty() {
        return Ok(());
    }
    write!(f, " WITH ({})", List(properties))
}

impl Display for CreateView {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let replace = if self.replace { "OR REPLACE " } else { "" };
        write!(f, "CREATE {replace}VIEW {}", Dotted(&self.name))?;
        if let Some(comment) = &self.comment {
            write!(f, " COMMENT {}", Text(comment))?;
        }
        if let Some(security) = &self.security {
            write!(f, " SECURITY {security}")?;
        }
        write!(f, " AS {}", self.query)
    }
}

impl Display for CreateTableAs {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let exists = if self.if_not_exists {
            "IF NOT EXISTS "
        } else {
            ""
        };
        write!(f, "CREATE TABLE {exists}{}", Dotted(&self.name))?;
        if !self.columns.is_empty() {
            write!(f, " ({})", List(&self.columns))?;
        }
        if let Some(comment) = &self.comment {
            write!(f, " COMMENT {}", Text(comment))?;
        }
        with(f, &self.properties)?;
        write!(f, " AS {}", self.query)?;
        f.write_str(if self.with_data { "" } else { " WITH NO DATA" })
    }
}

impl Display for Insert {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "INSERT INTO {}", Dotted(&self.table))?;
        if !self.columns.is_empty() {
            write!(f, " ({})", List(&self.columns))?;
        }
        write!(f, " {}", self.query)
    }
}

impl Display for Unload {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "UNLOAD ({}) TO {}", self.query, Text(&self.location))?;
        with(f, &self.properties)
    }
}

impl Display for Explain {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("EXPLAIN ")?;
        f.write_str(if self.analyze { "ANALYZE " } else { "" })?;
        f.write_str(if self.verbose { "VERBOSE " } else { "" })?;
        let format = self
            .format
            .map(|format| format!("FORMAT {}", format.name()));
        let kind = self.kind.map(|kind| format!("TYPE {}", kind.name()));
        let options: Vec<String> = format.into_iter().chain(kind).collect();
        if !options.is_empty() {
            write!(f, "({}) ", options.join(", "))?;
        }
        self.statement.fmt(f)
    }
}
