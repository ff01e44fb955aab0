//! Checks a request against the API model and words refusals as AWS does.
//!
//! Two passes, as on AWS. The first turns JSON into the modelled types and stops at the first value
//! that cannot be: `SerializationException`, with texts measured on live Athena in 2026. On the way
//! it normalises: nulls are dropped, fractions cut where an integer is modelled, so that what passes
//! becomes a typed request without further care. Unknown members are left alone and ignored.
//!
//! The second gathers every violated constraint into one message of AWS's grammar, `N validation
//! errors detected: Value 'v' at 'memberPath' failed to satisfy constraint: Member must …`, with
//! lower-camel paths and list positions from one. At most ten are listed: measured on Kinesis,
//! inferred for the others. Firehose and Athena leave the value out, blobs do so everywhere. The
//! order of several errors is AWS's hash order and not reproduced: ours is the model's.

use serde_json::{Map, Number, Value};

use super::fits::fits;
use super::{Facts, Kind, Member, Operation, Shape, ShapeId};
use crate::base::ServiceError;
use crate::wire::service::Service;

/// How many violations one message lists.
const MAX_LISTED: usize = 10;
/// Longest echo of an offending value, in characters; AWS's own bound is unknown.
const MAX_ECHO: usize = 4_096;

/// Checks and normalises the request of an operation.
///
/// # Errors
/// `SerializationException` for a wrong JSON type (an empty message where AWS sends none), and the
/// service's validation error for violated constraints.
pub fn check(facts: &Facts, operation: &Operation, input: &mut Value) -> Result<(), ServiceError> {
    match input {
        Value::Object(_) => {}
        Value::Array(_) => return Err(serialization(UNEXPECTED_LIST)),
        // Measured: a body that is no document at all gets the code alone.
        _ => return Err(serialization("")),
    }
    let Some(shape) = operation.input else {
        return Ok(());
    };
    if fits(facts, shape, input) {
        return Ok(());
    }
    check_in_words(facts, shape, input)
}

/// The two passes.
fn check_in_words(facts: &Facts, shape: ShapeId, input: &mut Value) -> Result<(), ServiceError> {
    conform(facts, shape, input)?;
    let mut walk = Walk {
        facts,
        path: Vec::new(),
        violations: Vec::new(),
    };
    walk.check(facts.shape(shape), input);
    match walk.violations.len() {
        0 => Ok(()),
        count => Err(constraint_error(facts.service, count, &walk.violations)),
    }
}

/// The code of a constraint violation, and its message around the listed violations.
fn constraint_error(service: Service, count: usize, violations: &[String]) -> ServiceError {
    let message = format!(
        "{count} validation error{} detected: {}",
        if count == 1 { "" } else { "s" },
        violations.join("; ")
    );
    match service {
        Service::Athena => ServiceError::client("InvalidRequestException", message)
            .member("AthenaErrorCode", "INVALID_INPUT")
            .member("ErrorCode", "INVALID_INPUT"),
        Service::Iam | Service::Sts => ServiceError::client("ValidationError", message),
        Service::Logs => ServiceError::client("InvalidParameterException", message),
        _ => ServiceError::client("ValidationException", message),
    }
}

const UNEXPECTED_LIST: &str = "Start of list found where not expected";
const UNEXPECTED_STRUCTURE: &str = "Start of structure or map found where not expected.";

/// `SerializationException` with AWS's text.
pub fn serialization(message: &str) -> ServiceError {
    ServiceError::client("SerializationException", message)
}

/// The first pass: JSON types.
fn conform(facts: &Facts, id: ShapeId, value: &mut Value) -> Result<(), ServiceError> {
    match &facts.shape(id).kind {
        Kind::Structure(structure) => {
            let Value::Object(members) = value else {
                return Err(wrong_collection(value, "Expected null"));
            };
            if members.values().any(Value::is_null) {
                members.retain(|_, value| !value.is_null());
            }
            for member in &structure.members {
                if let Some(value) = members.get_mut(&member.name) {
                    conform(facts, member.shape, value)?;
                }
            }
            if structure.union {
                check_union(structure.members.iter(), members)?;
            }
            Ok(())
        }
        Kind::List(element, _) => {
            let Value::Array(elements) = value else {
                return Err(wrong_collection(value, "Expected list or null"));
            };
            elements
                .iter_mut()
                .filter(|value| !value.is_null())
                .try_for_each(|value| conform(facts, *element, value))
        }
        Kind::Map(_, element) => {
            let Value::Object(entries) = value else {
                return Err(wrong_collection(value, "Expected map or null"));
            };
            entries
                .values_mut()
                .filter(|value| !value.is_null())
                .try_for_each(|value| conform(facts, *element, value))
        }
        Kind::Document => Ok(()),
        scalar => conform_scalar(scalar, value),
    }
}

fn conform_scalar(kind: &Kind, value: &mut Value) -> Result<(), ServiceError> {
    let target = match kind {
        Kind::String => "a String",
        Kind::Integer => "an Integer",
        Kind::Long => "a Long",
        Kind::Double => "a Double",
        Kind::Boolean => "a Boolean",
        Kind::Blob => "a Blob",
        // Texts seen on other JSON services of AWS.
        Kind::Timestamp(_) => "milliseconds since epoch",
        _ => return Ok(()),
    };
    match (kind, &*value) {
        (Kind::String | Kind::Timestamp(true), Value::String(_))
        | (Kind::Boolean, Value::Bool(_))
        | (Kind::Double | Kind::Timestamp(false), Value::Number(_)) => Ok(()),
        (Kind::Integer | Kind::Long, Value::Number(number)) => {
            if !number.is_i64() {
                *value = Value::Number(truncated(number));
            }
            Ok(())
        }
        (Kind::Blob, Value::String(text)) => base64_problem(text).map_or(Ok(()), |problem| {
            Err(serialization(&format!(
                "'{}' can not be converted to a Blob: {problem}",
                echo(text)
            )))
        }),
        (_, Value::Array(_)) => Err(serialization(UNEXPECTED_LIST)),
        (_, Value::Object(_)) => Err(serialization(UNEXPECTED_STRUCTURE)),
        (_, found) => {
            let found = match found {
                Value::String(_) => "STRING_VALUE",
                Value::Bool(true) => "TRUE_VALUE",
                Value::Bool(false) => "FALSE_VALUE",
                _ => "NUMBER_VALUE",
            };
            let message = format!("{found} can not be converted to {target}");
            Err(serialization(&message))
        }
    }
}

/// What is said where a list, map or structure was expected.
fn wrong_collection(found: &Value, scalar: &str) -> ServiceError {
    serialization(match found {
        Value::Array(_) => UNEXPECTED_LIST,
        Value::Object(_) => UNEXPECTED_STRUCTURE,
        _ => scalar,
    })
}

/// A fraction cut, a number beyond 64 bits held at their end.
fn truncated(number: &Number) -> Number {
    match number.as_f64() {
        _ if number.is_u64() => i64::MAX.into(),
        Some(float) => (float.trunc() as i64).into(),
        None => number.clone(),
    }
}

/// A union has exactly one member. AWS's text for this is not recorded; the code is.
fn check_union<'a>(
    mut known: impl Iterator<Item = &'a Member>,
    members: &Map<String, Value>,
) -> Result<(), ServiceError> {
    let set = known.by_ref().filter(|m| members.contains_key(&m.name));
    match set.count() {
        1 => Ok(()),
        count => Err(serialization(&format!(
            "a union must have exactly one member, found {count}"
        ))),
    }
}

/// Why a text is not base64, in AWS's words.
fn base64_problem(text: &str) -> Option<String> {
    if !text.len().is_multiple_of(4) {
        return Some(format!(
            "Base64 encoded length is expected a multiple of 4 bytes but found: {}",
            text.len()
        ));
    }
    let body = text.trim_end_matches('=');
    let is_digit = |b: u8| b.is_ascii_alphanumeric() || b == b'+' || b == b'/';
    let padding = text.len() - body.len();
    if let Some(at) = body.bytes().position(|b| !is_digit(b)) {
        let wrong = body.get(at..).and_then(|rest| rest.chars().next());
        let wrong = wrong.unwrap_or(char::REPLACEMENT_CHARACTER);
        return Some(format!("Invalid Base64 character: '{wrong}'"));
    }
    if padding > 2 {
        return Some("Invalid Base64 character: '='".to_owned());
    }
    // Bits behind the last whole byte must be zero.
    let spare = match padding {
        1 => 0b11,
        2 => 0b1111,
        _ => 0,
    };
    let last = body.bytes().next_back().map_or(0, sextet);
    (last & spare != 0).then(|| "Invalid last non-pad Base64 character dectected".to_owned())
}

const fn sextet(digit: u8) -> u8 {
    match digit {
        b'A'..=b'Z' => digit - b'A',
        b'a'..=b'z' => digit - b'a' + 26,
        b'0'..=b'9' => digit - b'0' + 52,
        b'+' => 62,
        _ => 63,
    }
}

/// Bytes behind a valid base64 text.
fn blob_length(text: &str) -> usize {
    text.len() / 4 * 3 - text.bytes().rev().take_while(|b| *b == b'=').count()
}

/// Where in the request the second pass is.
enum Segment<'a> {
    Member(&'a str),
    /// Position in a list, from one.
    Element(usize),
    Key(&'a str),
}

/// The second pass: constraints.
struct Walk<'a> {
    facts: &'a Facts,
    path: Vec<Segment<'a>>,
    violations: Vec<String>,
}

impl<'a> Walk<'a> {
    fn check(&mut self, shape: &'a Shape, value: &'a Value) {
        if self.violations.len() >= MAX_LISTED {
            return;
        }
        if value.is_null() {
            return self.violated_null();
        }
        for constraint in violated(shape, value) {
            self.violated(shape, value, &constraint);
        }
        match (&shape.kind, value) {
            (Kind::Structure(structure), Value::Object(members)) => {
                for member in &structure.members {
                    self.path.push(Segment::Member(&member.path));
                    match members.get(&member.name) {
                        Some(value) => self.check(self.facts.shape(member.shape), value),
                        None if member.required => self.violated_null(),
                        None => {}
                    }
                    self.path.pop();
                }
            }
            (Kind::List(element, _), Value::Array(elements)) => {
                let element = self.facts.shape(*element);
                if is_scalar(element) && !elements.iter().any(Value::is_null) {
                    self.scalars(shape, value, "Member", element, elements.iter());
                } else {
                    for (at, value) in elements.iter().enumerate() {
                        self.path.push(Segment::Element(at + 1));
                        self.check(element, value);
                        self.path.pop();
                    }
                }
            }
            (Kind::Map(key, element), Value::Object(entries)) => {
                let (key, element) = (self.facts.shape(*key), self.facts.shape(*element));
                let wrong = |name: &&String| violates_text(key, name);
                if entries.keys().any(|name| wrong(&name)) {
                    let text = format!("Map keys must satisfy constraint: [{}]", all(key));
                    self.violated(shape, value, &text);
                }
                if is_scalar(element) && !entries.values().any(Value::is_null) {
                    self.scalars(shape, value, "Map value", element, entries.values());
                } else {
                    for (name, value) in entries {
                        self.path.push(Segment::Key(name));
                        self.check(element, value);
                        self.path.pop();
                    }
                }
            }
            _ => {}
        }
    }

    /// Elements that are plain values are refused together, at their collection.
    fn scalars<'v>(
        &mut self,
        shape: &Shape,
        value: &Value,
        what: &str,
        element: &Shape,
        mut values: impl Iterator<Item = &'v Value>,
    ) {
        if values.any(|value| !violated(element, value).is_empty()) {
            let text = format!("{what} must satisfy constraint: [{}]", all(element));
            self.violated(shape, value, &text);
        }
    }

    fn violated_null(&mut self) {
        let path = self.rendered_path();
        self.push(format!(
            "Value null at '{path}' failed to satisfy constraint: Member must not be null"
        ));
    }

    fn violated(&mut self, shape: &Shape, value: &Value, constraint: &str) {
        let path = self.rendered_path();
        let silent = matches!(self.facts.service, Service::Firehose | Service::Athena)
            || matches!(shape.kind, Kind::Blob);
        let value = if silent {
            String::new()
        } else {
            format!(" '{}'", rendered(value))
        };
        self.push(format!(
            "Value{value} at '{path}' failed to satisfy constraint: {constraint}"
        ));
    }

    fn push(&mut self, violation: String) {
        if self.violations.len() < MAX_LISTED {
            self.violations.push(violation);
        }
    }

    fn rendered_path(&self) -> String {
        let mut path = String::new();
        for segment in &self.path {
            if !path.is_empty() {
                path.push('.');
            }
            match segment {
                Segment::Member(name) => path.push_str(name),
                Segment::Element(at) => path.push_str(&format!("{at}.member")),
                Segment::Key(key) => path.push_str(&format!("{}.member", echo(key))),
            }
        }
        path
    }
}

const fn is_scalar(shape: &Shape) -> bool {
    !matches!(
        shape.kind,
        Kind::Structure(_) | Kind::List(..) | Kind::Map(..) | Kind::Document
    )
}

/// What the bounds of a shape bound.
enum Measure {
    Length,
    Value,
    Nothing,
}

fn measure(shape: &Shape) -> Measure {
    match shape.kind {
        Kind::String | Kind::Blob | Kind::List(..) | Kind::Map(..) => Measure::Length,
        Kind::Integer | Kind::Long | Kind::Double => Measure::Value,
        _ => Measure::Nothing,
    }
}

/// The constraints of `shape` itself that `value` violates, as AWS words them.
fn violated(shape: &Shape, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    if let (Kind::String, Value::String(text)) = (&shape.kind, value) {
        if !shape.variants.is_empty() && !shape.variants.iter().any(|v| v == text) {
            found.push(enum_text(shape));
        }
        if let Some(pattern) = &shape.pattern
            && !pattern.matches(text)
        {
            found.push(pattern_text(pattern.source()));
        }
    }
    let size = match value {
        // Java counts UTF-16 units.
        Value::String(text) => match shape.kind {
            Kind::Blob => blob_length(text) as f64,
            Kind::String if text.is_ascii() => text.len() as f64,
            Kind::String => text.encode_utf16().count() as f64,
            _ => return found,
        },
        Value::Number(number) => number.as_f64().unwrap_or(0.0),
        Value::Array(elements) => elements.len() as f64,
        Value::Object(entries) => entries.len() as f64,
        Value::Bool(_) | Value::Null => return found,
    };
    let (min, max) = bounds(shape);
    if let Some(min) = min.filter(|min| size < *min) {
        found.push(bound_text(shape, "greater", min));
    }
    if let Some(max) = max.filter(|max| size > *max) {
        found.push(bound_text(shape, "less", max));
    }
    found
}

/// The modelled bounds, and those of the type where it is narrower than JSON's numbers.
fn bounds(shape: &Shape) -> (Option<f64>, Option<f64>) {
    match (&shape.kind, measure(shape)) {
        (_, Measure::Nothing) => (None, None),
        (Kind::Integer, _) => (
            Some(shape.min.unwrap_or(f64::from(i32::MIN))),
            Some(shape.max.unwrap_or(f64::from(i32::MAX))),
        ),
        _ => (shape.min, shape.max),
    }
}

fn violates_text(shape: &Shape, text: &str) -> bool {
    !violated(shape, &Value::String(text.to_owned())).is_empty()
}

/// All constraints of an element, as AWS lists them when one is violated.
fn all(shape: &Shape) -> String {
    let mut texts = Vec::new();
    texts.extend(shape.max.map(|max| bound_text(shape, "less", max)));
    texts.extend(shape.min.map(|min| bound_text(shape, "greater", min)));
    texts.extend(shape.pattern.iter().map(|p| pattern_text(p.source())));
    if !shape.variants.is_empty() {
        texts.push(enum_text(shape));
    }
    texts.join(", ")
}

fn bound_text(shape: &Shape, side: &str, bound: f64) -> String {
    let what = match measure(shape) {
        Measure::Length => "length",
        _ => "value",
    };
    format!("Member must have {what} {side} than or equal to {bound}")
}

fn pattern_text(pattern: &str) -> String {
    format!("Member must satisfy regular expression pattern: {pattern}")
}

fn enum_text(shape: &Shape) -> String {
    format!(
        "Member must satisfy enum value set: [{}]",
        shape.variants.join(", ")
    )
}

/// A value as Java prints it.
fn rendered(value: &Value) -> String {
    fn write(out: &mut String, value: &Value) {
        if out.len() > MAX_ECHO {
            return;
        }
        match value {
            Value::String(text) => out.push_str(text),
            Value::Array(elements) => {
                out.push('[');
                for (at, element) in elements.iter().enumerate() {
                    if at > 0 {
                        out.push_str(", ");
                    }
                    write(out, element);
                }
                out.push(']');
            }
            Value::Object(entries) => {
                out.push('{');
                for (at, (key, value)) in entries.iter().enumerate() {
                    if at > 0 {
                        out.push_str(", ");
                    }
                    out.push_str(key);
                    out.push('=');
                    write(out, value);
                }
                out.push('}');
            }
            scalar => out.push_str(&scalar.to_string()),
        }
    }
    let mut out = String::new();
    write(&mut out, value);
    echo(&out).to_owned()
}

/// The beginning of a text that may be as long as a request.
fn echo(text: &str) -> &str {
    match text.char_indices().nth(MAX_ECHO) {
        Some((end, _)) => text.get(..end).unwrap_or(text),
        None => text,
    }
}

#[cfg(test)]
mod tests;
