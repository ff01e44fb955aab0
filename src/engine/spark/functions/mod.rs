//! Spark's scalar functions that are executed, each with Spark's types, NULLs and edge cases.

mod arithmetic;
mod choice;
mod pattern;
mod text;
mod time;

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use datafusion::arrow::array::ArrayRef;
use datafusion::arrow::datatypes::DataType;
use datafusion::logical_expr::ScalarUDF;

use super::cast;
use super::function::{Evaluation, SparkFunction, Typing};
use crate::engine::error::{Error, Result};

/// Name, numbers of arguments, typing and evaluation.
type Entry = (&'static str, Typing, Evaluation);

static FUNCTIONS: LazyLock<BTreeMap<&'static str, Arc<ScalarUDF>>> = LazyLock::new(|| {
    [
        arithmetic::FUNCTIONS,
        choice::FUNCTIONS,
        text::FUNCTIONS,
        time::FUNCTIONS,
    ]
    .into_iter()
    .flatten()
    .map(|(name, typing, evaluation)| {
        (
            *name,
            Arc::new(SparkFunction::udf(name, *typing, *evaluation)),
        )
    })
    .collect()
});

/// The function of that name, in lower case.
pub fn find(name: &str) -> Option<Arc<ScalarUDF>> {
    FUNCTIONS.get(name).cloned()
}

/// Names a query may call; the others are operators' and the gate's own.
pub fn is_public(name: &str) -> bool {
    const INTERNAL: [&str; 5] = ["divide", "remainder", "div", "float_order", "in"];
    FUNCTIONS.contains_key(name) && !INTERNAL.contains(&name) && !name.ends_with(ARGUMENT)
}

/// Ends the names of the functions that make aggregates' arguments numbers.
pub const ARGUMENT: &str = "_argument";

/// Whether an aggregate, by DataFusion's name, takes numbers: its argument goes through the
/// function of its name and [`ARGUMENT`], which reads text as a double.
pub fn is_numeric_aggregate(name: &str) -> bool {
    FUNCTIONS.contains_key(format!("{name}{ARGUMENT}").as_str())
}

/// Refuses arguments.
fn wrong(of: &[DataType]) -> Error {
    let types: Vec<String> = of.iter().map(cast::name).collect();
    Error::Invalid(format!("it does not take ({})", types.join(", ")))
}

/// An argument cast to a type.
fn argument(arrays: &[ArrayRef], at: usize, to: &DataType) -> Result<ArrayRef> {
    let array = arrays
        .get(at)
        .ok_or_else(|| Error::Internal("an argument was lost".to_owned()))?;
    cast::cast(array, to)
}

/// Whether the type is cast to text without being asked.
fn is_textual(of: &DataType) -> bool {
    cast::is_castable(of, &DataType::Utf8)
}
