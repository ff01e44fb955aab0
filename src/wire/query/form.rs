//! `Action=CreateRole&Tags.member.1.Key=site` → the same JSON value a JSON client would send.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use serde_json::{Map, Number, Value};

use crate::base::ServiceError;
use crate::wire::model::{Facts, Kind, Operation, ShapeId};

/// Deeper than any request of a Query service nests; stops recursive shapes.
const MAX_DEPTH: usize = 32;

/// A decoded form. The first of several values of one name counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Form(BTreeMap<String, String>);

impl Form {
    /// Decodes a form body or a query string. What is not UTF-8 becomes replacement characters.
    pub fn parse(encoded: &[u8]) -> Self {
        let mut fields = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(encoded) {
            fields
                .entry(name.into_owned())
                .or_insert_with(|| value.into_owned());
        }
        Self(fields)
    }

    /// The value of a field.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Adds the fields of another form, keeping those already there.
    pub fn extend(&mut self, other: Self) {
        for (name, value) in other.0 {
            self.0.entry(name).or_insert(value);
        }
    }

    /// The request of an operation. Fields it does not know are ignored, as on AWS.
    ///
    /// # Errors
    /// `MalformedInput` for a text where a number or a truth value is modelled.
    pub fn input(&self, facts: &Facts, operation: &Operation) -> Result<Value, ServiceError> {
        let mut members = Map::new();
        if let Some(structure) = operation
            .input
            .map(|id| facts.shape(id))
            .and_then(|s| s.structure())
        {
            for member in &structure.members {
                if let Some(value) = self.value(facts, member.shape, &member.name, 0)? {
                    members.insert(member.name.clone(), value);
                }
            }
        }
        Ok(Value::Object(members))
    }

    fn value(
        &self,
        facts: &Facts,
        id: ShapeId,
        name: &str,
        depth: usize,
    ) -> Result<Option<Value>, ServiceError> {
        if depth > MAX_DEPTH {
            return Ok(None);
        }
        match &facts.shape(id).kind {
            Kind::Structure(structure) => {
                let mut members = Map::new();
                for member in &structure.members {
                    let path = format!("{name}.{}", member.name);
                    if self.mentions(&path)
                        && let Some(value) = self.value(facts, member.shape, &path, depth + 1)?
                    {
                        members.insert(member.name.clone(), value);
                    }
                }
                let present = !members.is_empty() || self.get(name).is_some();
                Ok(present.then_some(Value::Object(members)))
            }
            Kind::List(element, element_name) => {
                let prefix = format!("{name}.{element_name}.");
                let mut elements = Vec::new();
                for at in self.positions(&prefix) {
                    let path = format!("{prefix}{at}");
                    elements.extend(self.value(facts, *element, &path, depth + 1)?);
                }
                // `Tags=` is how SDKs send an empty list.
                let present = !elements.is_empty() || self.get(name) == Some("");
                Ok(present.then_some(Value::Array(elements)))
            }
            Kind::Map(_, element) => {
                let prefix = format!("{name}.entry.");
                let mut entries = Map::new();
                for at in self.positions(&prefix) {
                    let key = self.get(&format!("{prefix}{at}.key")).unwrap_or_default();
                    let path = format!("{prefix}{at}.value");
                    let value = self.value(facts, *element, &path, depth + 1)?;
                    entries.insert(key.to_owned(), value.unwrap_or(Value::Null));
                }
                let present = !entries.is_empty() || self.get(name) == Some("");
                Ok(present.then_some(Value::Object(entries)))
            }
            scalar => self.get(name).map(|text| parsed(scalar, text)).transpose(),
        }
    }

    /// Whether there is a field of this name or below it.
    fn mentions(&self, name: &str) -> bool {
        let below = format!("{name}.");
        self.0.contains_key(name) || self.below(&below).next().is_some()
    }

    /// The numbers behind `prefix`, in order.
    fn positions(&self, prefix: &str) -> BTreeSet<u32> {
        self.below(prefix)
            .filter_map(|rest| rest.split('.').next()?.parse().ok())
            .collect()
    }

    /// Field names that start with `prefix`, without it.
    fn below<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = &'a str> {
        self.0
            .range::<str, _>((Bound::Included(prefix), Bound::Unbounded))
            .map_while(move |(name, _)| name.strip_prefix(prefix))
    }
}

fn parsed(kind: &Kind, text: &str) -> Result<Value, ServiceError> {
    let malformed = |what: &str| {
        ServiceError::client(
            "MalformedInput",
            format!("'{text}' can not be converted to {what}"),
        )
    };
    match kind {
        Kind::Integer | Kind::Long => text
            .parse::<i64>()
            .map(Value::from)
            .map_err(|_| malformed("an Integer")),
        Kind::Double => text
            .parse::<f64>()
            .ok()
            .and_then(Number::from_f64)
            .map(Value::Number)
            .ok_or_else(|| malformed("a Double")),
        Kind::Boolean => match text {
            "true" => Ok(Value::Bool(true)),
            "false" => Ok(Value::Bool(false)),
            _ => Err(malformed("a Boolean")),
        },
        Kind::Timestamp(_) => crate::base::Timestamp::parse(text)
            .and_then(|instant| serde_json::to_value(instant).ok())
            .ok_or_else(|| malformed("a Timestamp")),
        _ => Ok(Value::from(text)),
    }
}

#[cfg(test)]
mod tests;
