//! Athena's DML language: Trino's grammar, types and rules on DataFusion.

pub mod ast;
pub mod classify;
pub mod error;
mod lexer;
pub mod parser;
mod print;

pub use classify::{Class, StatementType, classify};
pub use error::{Code, SyntaxError, TrinoError};
pub use parser::parse_statement;
