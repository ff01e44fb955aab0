//! Athena's DML language: Trino's grammar, types and rules on DataFusion.
//!
//! [`parse_statement`] reads a text, [`plan`] gives it meaning over the tables of a [`TableSource`], and
//! [`run()`] yields its rows as Athena shows them. What is not built here is refused by name.

mod address;
mod aggregates;
mod analyzer;
mod apply;
mod arithmetic;
pub mod ast;
mod calendar;
mod cast;
pub mod classify;
mod compare;
mod distributions;
pub mod error;
mod evaluate;
mod fence;
mod fold;
mod function;
mod functions;
mod json;
mod key;
mod lexer;
mod operators;
pub mod parser;
mod print;
mod print_json;
mod render;
mod run;
mod text;
pub mod types;
mod value;

pub use analyzer::{
    OutputColumn, Plan, PlanContext, StoredView, TableSource, locate, plan, plan_query,
};
pub use classify::{Class, StatementType, classify};
pub use error::{Code, SyntaxError, TrinoError};
pub(in crate::engine) use function::inward;
pub use parser::{count_parameters, parse_expression, parse_statement};
pub use print::formatted;
pub use render::render;
pub use run::{Row, Rows, physical, run};
pub use value::{Value, canonical, value_at};

#[cfg(test)]
mod tests;
