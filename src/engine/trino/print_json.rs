//! SQL/JSON calls back into text.

use std::fmt::{Formatter, Result, Write as _};

use super::ast::{JsonBehavior, JsonInput, JsonMaker, JsonPathCall, JsonPathFunction, TypeName};

fn input(f: &mut Formatter<'_>, input: &JsonInput) -> Result {
    write!(f, "{}", input.value)?;
    format(f, input.format.as_deref())
}

fn format(f: &mut Formatter<'_>, format: Option<&str>) -> Result {
    match format {
        None => Ok(()),
        Some("") => f.write_str(" FORMAT JSON"),
        Some(encoding) => write!(f, " FORMAT JSON ENCODING {encoding}"),
    }
}

fn returning(f: &mut Formatter<'_>, returning: Option<&(TypeName, Option<String>)>) -> Result {
    if let Some((ty, of)) = returning {
        write!(f, " RETURNING {ty}")?;
        format(f, of.as_deref())?;
    }
    Ok(())
}

fn behavior(f: &mut Formatter<'_>, of: Option<&JsonBehavior>, when: &str, exists: bool) -> Result {
    match of {
        None => return Ok(()),
        Some(JsonBehavior::Error) => f.write_str(" ERROR")?,
        Some(JsonBehavior::Null) if exists => f.write_str(" UNKNOWN")?,
        Some(JsonBehavior::Null) => f.write_str(" NULL")?,
        Some(JsonBehavior::Boolean(true)) => f.write_str(" TRUE")?,
        Some(JsonBehavior::Boolean(false)) => f.write_str(" FALSE")?,
        Some(JsonBehavior::EmptyArray) => f.write_str(" EMPTY ARRAY")?,
        Some(JsonBehavior::EmptyObject) => f.write_str(" EMPTY OBJECT")?,
        Some(JsonBehavior::Default(value)) => write!(f, " DEFAULT {value}")?,
    }
    write!(f, " ON {when}")
}

/// `JSON_VALUE(…)` and its like.
pub fn path_call(f: &mut Formatter<'_>, call: &JsonPathCall) -> Result {
    f.write_str(match call.function {
        JsonPathFunction::Exists => "JSON_EXISTS(",
        JsonPathFunction::Value => "JSON_VALUE(",
        JsonPathFunction::Query => "JSON_QUERY(",
    })?;
    input(f, &call.input)?;
    write!(f, ", '{}'", call.path.replace('\'', "''"))?;
    for (i, (value, name)) in call.passing.iter().enumerate() {
        f.write_str(if i == 0 { " PASSING " } else { ", " })?;
        input(f, value)?;
        write!(f, " AS {name}")?;
    }
    returning(f, call.returning.as_ref())?;
    match call.wrapper {
        Some(true) => f.write_str(" WITH UNCONDITIONAL ARRAY WRAPPER")?,
        Some(false) => f.write_str(" WITH CONDITIONAL ARRAY WRAPPER")?,
        None => {}
    }
    match call.omit_quotes {
        Some(true) => f.write_str(" OMIT QUOTES")?,
        Some(false) => f.write_str(" KEEP QUOTES")?,
        None => {}
    }
    let exists = call.function == JsonPathFunction::Exists;
    behavior(f, call.on_empty.as_ref(), "EMPTY", exists)?;
    behavior(f, call.on_error.as_ref(), "ERROR", exists)?;
    f.write_char(')')
}

/// `JSON_OBJECT(…)` and `JSON_ARRAY(…)`.
pub fn maker(f: &mut Formatter<'_>, maker: &JsonMaker) -> Result {
    f.write_str(if maker.object {
        "JSON_OBJECT("
    } else {
        "JSON_ARRAY("
    })?;
    for (i, (key, value)) in maker.parts.iter().enumerate() {
        if i > 0 {
            f.write_str(", ")?;
        }
        if let Some(key) = key {
            write!(f, "KEY {key} VALUE ")?;
        }
        input(f, value)?;
    }
    match maker.keep_nulls {
        Some(true) => f.write_str(" NULL ON NULL")?,
        Some(false) => f.write_str(" ABSENT ON NULL")?,
        None => {}
    }
    match maker.unique_keys {
        Some(true) => f.write_str(" WITH UNIQUE KEYS")?,
        Some(false) => f.write_str(" WITHOUT UNIQUE KEYS")?,
        None => {}
    }
    returning(f, maker.returning.as_ref())?;
    f.write_char(')')
}
