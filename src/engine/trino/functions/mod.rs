//! Trino's scalar functions, a file a family.

mod address;
mod binary;
mod collections;
pub mod documented;
mod format;
mod json;
pub mod like;
mod math;
pub mod nested;
mod numeric;
pub mod regex;
mod sequence;
mod string;
pub mod tiles;
mod time;
mod url;
mod words;

pub use time::AT_TIME_ZONE;

use super::error::Result;
use super::function::Function;
use super::types::{Type, VARCHAR};
use super::value::Value;

/// What a name and argument types resolve to.
pub enum Resolution {
    /// One overload.
    Found(Function),
    /// The function exists, not for these types; its signatures.
    Mismatch(&'static str),
    /// No such function.
    Unknown,
}

/// Finds the overload of a scalar function.
pub fn resolve(name: &str, arguments: &[Type]) -> Resolution {
    for family in [
        address::resolve,
        binary::resolve,
        collections::resolve,
        format::resolve,
        math::resolve,
        numeric::resolve,
        tiles::resolve,
        url::resolve,
        words::resolve,
        string::resolve,
        time::resolve,
        nested::resolve,
        regex::resolve,
        sequence::resolve,
        json::resolve,
    ] {
        match family(name, arguments) {
            Resolution::Unknown => {}
            found => return found,
        }
    }
    Resolution::Unknown
}

/// Whether a call that may fail cannot for these arguments: `None` is one that is not constant.
pub fn cannot_fail(name: &str, types: &[Type], constants: &[Option<&Value>]) -> bool {
    match (name, types, constants) {
        ("date_trunc", [_, ty], [Some(Value::Text(unit)), _])
        | ("date_diff", [_, ty, _], [Some(Value::Text(unit)), ..]) => time::has_unit(unit, ty),
        _ => false,
    }
}

/// Shorthand of the families: the overload, or the signatures that would have fit.
fn found(function: Option<Function>, signatures: &'static str) -> Resolution {
    match function {
        Some(function) => Resolution::Found(function),
        None => Resolution::Mismatch(signatures),
    }
}

/// A function of one overload that fails on no value.
fn simple(
    name: &str,
    arguments: &[Type],
    parameters: &[Type],
    result: Type,
    kernel: fn(&[Value]) -> Result<Value>,
) -> Resolution {
    match fits(arguments, parameters) {
        true => Resolution::Found(Function::new(name, parameters.to_vec(), result, kernel)),
        false => Resolution::Mismatch("other types"),
    }
}

/// The same, of one that some values make fail.
fn failing(
    name: &str,
    arguments: &[Type],
    parameters: &[Type],
    result: Type,
    kernel: fn(&[Value]) -> Result<Value>,
) -> Resolution {
    match simple(name, arguments, parameters, result, kernel) {
        Resolution::Found(function) => Resolution::Found(function.failing()),
        other => other,
    }
}

/// Whether every argument coerces to its parameter.
fn fits(arguments: &[Type], parameters: &[Type]) -> bool {
    arguments.len() == parameters.len()
        && arguments
            .iter()
            .zip(parameters)
            .all(|(have, want)| have.coerces_to(want) || (have.is_text() && *want == VARCHAR))
}
