//! Whether a request is right as it is, found out in one pass and without a word.
//!
//! Nearly every request is. [`validate`](super::validate) words what is wrong and mends what AWS mends;
//! it looks only at what does not fit here. *Invariant: what fits, the two passes leave alone and pass.*

use serde_json::Value;

use super::{Facts, Kind, Shape, ShapeId, Structure};

/// Whether a value satisfies its shape and needs no mending.
pub(super) fn fits(facts: &Facts, id: ShapeId, value: &Value) -> bool {
    let shape = facts.shape(id);
    match (&shape.kind, value) {
        (Kind::Structure(structure), Value::Object(members)) => {
            structure_fits(facts, structure, members)
        }
        (Kind::List(element, _), Value::Array(elements)) => {
            within(shape, elements.len())
                && elements.iter().all(|value| fits(facts, *element, value))
        }
        (Kind::Map(key, element), Value::Object(entries)) => {
            let key = facts.shape(*key);
            within(shape, entries.len())
                && entries
                    .iter()
                    .all(|(name, value)| text_fits(key, name) && fits(facts, *element, value))
        }
        (Kind::String, Value::String(text)) => text_fits(shape, text),
        (Kind::Blob, Value::String(text)) => blob_fits(shape, text),
        (Kind::Boolean, Value::Bool(_)) => true,
        (Kind::Integer, Value::Number(number)) => number
            .as_i64()
            .is_some_and(|number| i32::try_from(number).is_ok() && between(shape, number as f64)),
        (Kind::Long, Value::Number(number)) => number
            .as_i64()
            .is_some_and(|number| between(shape, number as f64)),
        (Kind::Double, Value::Number(number)) => {
            number.as_f64().is_some_and(|number| between(shape, number))
        }
        (Kind::Timestamp(false), Value::Number(_)) => true,
        // Dates as texts and documents are seldom; the other passes look at them.
        _ => false,
    }
}

fn structure_fits(
    facts: &Facts,
    structure: &Structure,
    members: &serde_json::Map<String, Value>,
) -> bool {
    if structure.union {
        return false;
    }
    let mut required = 0;
    for (name, value) in members {
        match structure.members.iter().find(|member| member.name == *name) {
            Some(member) => {
                if !fits(facts, member.shape, value) {
                    return false;
                }
                required += usize::from(member.required);
            }
            // Left alone, unless it is a null, which is dropped.
            None if value.is_null() => return false,
            None => {}
        }
    }
    required == structure.required
}

fn between(shape: &Shape, size: f64) -> bool {
    shape.min.is_none_or(|min| size >= min) && shape.max.is_none_or(|max| size <= max)
}

fn within(shape: &Shape, length: usize) -> bool {
    between(shape, length as f64)
}

fn text_fits(shape: &Shape, text: &str) -> bool {
    // Java counts UTF-16 units: other texts are the other passes' affair.
    text.is_ascii()
        && within(shape, text.len())
        && (shape.variants.is_empty() || shape.variants.iter().any(|variant| variant == text))
        && shape
            .pattern
            .as_ref()
            .is_none_or(|pattern| pattern.matches(text))
}

fn blob_fits(shape: &Shape, text: &str) -> bool {
    let digits = text.as_bytes();
    let padding = digits.iter().rev().take_while(|digit| **digit == b'=');
    let length = (digits.len() / 4 * 3).saturating_sub(padding.count());
    within(shape, length) && base64_simd::STANDARD.check(digits).is_ok()
}
