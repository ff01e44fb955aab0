//! A node's members, taken one by one: what nobody took is refused by name.

use serde_json::{Map, Value};

/// The members of one node (or of a structure inside one).
#[derive(Debug)]
pub struct Members {
    /// How errors name the node: `node \`id\` (Kind)`.
    place: String,
    members: Map<String, Value>,
}

/// Members AWS Glue Studio writes for its own display; they mean nothing to a run.
const DISPLAY_ONLY: [&str; 2] = ["OutputSchemas", "GlueStudioType"];

impl Members {
    /// The members of a node's body.
    pub fn new(place: String, body: &Value) -> Result<Self, String> {
        match body {
            Value::Object(members) => Ok(Self {
                place,
                members: members.clone(),
            }),
            _ => Err(format!("{place} is not a structure")),
        }
    }

    /// How errors name the node.
    pub fn place(&self) -> &str {
        &self.place
    }

    fn take(&mut self, name: &str) -> Option<Value> {
        self.members.remove(name).filter(|value| !value.is_null())
    }

    fn wrong(&self, name: &str, wanted: &str) -> String {
        format!("`{name}` of {} is not {wanted}", self.place)
    }

    /// A string, if given. Glue Studio generates code in which strings stand in quotes; some
    /// clients send those along.
    pub fn text(&mut self, name: &str) -> Result<Option<String>, String> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(self.wrong(name, "a string")),
        }
    }

    /// A string that must be given and not be empty.
    pub fn required(&mut self, name: &str) -> Result<String, String> {
        match self.text(name)? {
            Some(text) if !text.is_empty() => Ok(text),
            _ => Err(format!("`{name}` of {} is missing", self.place)),
        }
    }

    /// A boolean; false when not given.
    pub fn flag(&mut self, name: &str) -> Result<Option<bool>, String> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(flag)),
            Some(_) => Err(self.wrong(name, "a boolean")),
        }
    }

    /// A list of strings; empty when not given.
    pub fn texts(&mut self, name: &str) -> Result<Vec<String>, String> {
        match self.take(name) {
            None => Ok(Vec::new()),
            Some(value) => {
                serde_json::from_value(value).map_err(|_| self.wrong(name, "a list of strings"))
            }
        }
    }

    /// A list of paths, each a list of names; empty when not given.
    pub fn paths(&mut self, name: &str) -> Result<Vec<Vec<String>>, String> {
        match self.take(name) {
            None => Ok(Vec::new()),
            Some(value) => {
                serde_json::from_value(value).map_err(|_| self.wrong(name, "a list of paths"))
            }
        }
    }

    /// A list of paths of one name each: columns at the top level.
    pub fn columns(&mut self, name: &str) -> Result<Vec<String>, String> {
        self.paths(name)?
            .into_iter()
            .map(|path| self.column(name, path))
            .collect()
    }

    /// A path of one name: a column at the top level.
    pub fn column(&self, name: &str, path: Vec<String>) -> Result<String, String> {
        match <[String; 1]>::try_from(path) {
            Ok([column]) => Ok(column),
            Err(path) => Err(format!(
                "`{name}` of {} names the nested field `{}`, which windfarm does not execute yet",
                self.place,
                path.join(".")
            )),
        }
    }

    /// A list of structures; empty when not given.
    pub fn structures(&mut self, name: &str) -> Result<Vec<Members>, String> {
        let values = match self.take(name) {
            None => return Ok(Vec::new()),
            Some(Value::Array(values)) => values,
            Some(_) => return Err(self.wrong(name, "a list")),
        };
        values
            .iter()
            .enumerate()
            .map(|(at, value)| Members::new(format!("`{name}[{at}]` of {}", self.place), value))
            .collect()
    }

    /// A structure, if given.
    pub fn structure(&mut self, name: &str) -> Result<Option<Members>, String> {
        self.take(name)
            .map(|value| Members::new(format!("`{name}` of {}", self.place), &value))
            .transpose()
    }

    /// Takes members that change speed or display but no result.
    pub fn harmless(&mut self, names: &[&str]) {
        for name in names {
            self.members.remove(*name);
        }
    }

    /// Refuses the node because of what a member asks.
    pub fn refuse<T>(&self, name: &str) -> Result<T, String> {
        Err(format!(
            "`{name}` of {} is not executed by windfarm yet",
            self.place
        ))
    }

    /// Ends reading: every member that was not taken and asks for something is refused.
    pub fn finish(self) -> Result<(), String> {
        for (name, value) in &self.members {
            let asks_nothing = match value {
                Value::Null => true,
                Value::Array(values) => values.is_empty(),
                Value::String(text) => text.is_empty(),
                Value::Object(members) => members.is_empty(),
                _ => false,
            };
            if !asks_nothing && !DISPLAY_ONLY.contains(&name.as_str()) {
                return self.refuse(name);
            }
        }
        Ok(())
    }
}
