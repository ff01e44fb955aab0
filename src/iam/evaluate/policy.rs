//! A policy document, read for judging by it. [`super::super::document`] checks the grammar when a
//! document is stored; here anything of a statement's form is read, whatever kind of policy it is.

use serde_json::{Map, Value};

use super::pattern::{like, resource_matches};
use super::{Condition, Context};

/// Why a document cannot be judged by.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unreadable(pub String);

/// A document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// In the document's order.
    pub statements: Vec<Statement>,
    /// Whether `${…}` is a variable: in version 2012-10-17 only.
    pub variables: bool,
}

/// One statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Its name, if it has one.
    pub sid: Option<String>,
    /// `Allow`, else `Deny`.
    pub allow: bool,
    /// In lower case.
    pub actions: Vec<String>,
    /// Whether `actions` lists the exceptions.
    pub not_action: bool,
    /// `None` in trust policies: the role itself.
    pub resources: Option<Vec<String>>,
    /// Whether `resources` lists the exceptions.
    pub not_resource: bool,
    /// `None` in identity policies: whoever they are attached to.
    pub principals: Option<Principals>,
    /// All must be met.
    pub conditions: Vec<Condition>,
}

/// Whom a resource policy's statement is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principals {
    /// Type (`AWS`, `Service`, …) and name; everybody is (`AWS`, `*`).
    pub listed: Vec<(String, String)>,
    /// Whether these are the exceptions.
    pub except: bool,
}

impl Policy {
    /// Reads a document.
    ///
    /// # Errors
    /// When it is not of the form that AWS documents.
    pub fn parse(text: &str) -> Result<Self, Unreadable> {
        let Ok(Value::Object(document)) = serde_json::from_str(text) else {
            return unreadable("the policy is not a JSON object");
        };
        let statements = match document.get("Statement") {
            Some(Value::Array(statements)) => statements.iter().collect(),
            Some(statement @ Value::Object(_)) => vec![statement],
            _ => return unreadable("the policy has no Statement"),
        };
        let statements = statements
            .into_iter()
            .map(|statement| match statement {
                Value::Object(members) => Statement::read(members),
                _ => unreadable("a statement is not an object"),
            })
            .collect::<Result<_, _>>()?;
        Ok(Self {
            statements,
            variables: document.get("Version").and_then(Value::as_str) == Some("2012-10-17"),
        })
    }

    /// The context where this policy's variables are looked up.
    fn variables<'a>(&self, context: &'a Context) -> Option<&'a Context> {
        self.variables.then_some(context)
    }

    /// The statements that are about `action` (in lower case) on `resource` under `context`,
    /// whoever asks, each with its place in the document.
    pub fn about<'a>(
        &'a self,
        action: &'a str,
        resource: &'a str,
        context: &'a Context,
    ) -> impl Iterator<Item = (usize, &'a Statement)> {
        self.statements
            .iter()
            .enumerate()
            .filter(move |(_, statement)| {
                statement.covers_action(action)
                    && statement.covers_resource(resource, self.variables(context))
                    && statement
                        .conditions
                        .iter()
                        .all(|condition| condition.is_met(context, self.variables))
            })
    }

    /// Every condition key that the policy asks for or uses as a variable, as written.
    pub fn context_keys(&self) -> impl Iterator<Item = String> {
        let mut keys = Vec::new();
        for statement in &self.statements {
            let values = statement.conditions.iter().flat_map(|c| &c.values);
            let texts = statement.resources.iter().flatten().chain(values);
            if self.variables {
                keys.extend(texts.flat_map(|text| variables_of(text)));
            }
            keys.extend(statement.conditions.iter().map(|c| c.key.clone()));
        }
        keys.into_iter()
    }
}

/// The keys that stand as variables in a text.
fn variables_of(text: &str) -> Vec<String> {
    let mut keys = Vec::new();
    let mut rest = text;
    while let Some((name, behind)) = rest
        .split_once("${")
        .and_then(|(_, behind)| behind.split_once('}'))
    {
        let key = name.split(',').next().unwrap_or_default().trim();
        if key.contains(':') {
            keys.push(key.to_owned());
        }
        rest = behind;
    }
    keys
}

impl Statement {
    fn read(members: &Map<String, Value>) -> Result<Self, Unreadable> {
        let allow = match members.get("Effect").and_then(Value::as_str) {
            Some("Allow") => true,
            Some("Deny") => false,
            _ => return unreadable("Effect is neither Allow nor Deny"),
        };
        let Some((actions, not_action)) = one_of(members, "Action", "NotAction")? else {
            return unreadable("a statement has no Action");
        };
        let (resources, not_resource) = match one_of(members, "Resource", "NotResource")? {
            Some((resources, negated)) => (Some(resources), negated),
            None => (None, false),
        };
        let principals = match (members.get("Principal"), members.get("NotPrincipal")) {
            (Some(value), None) => Some((value, false)),
            (None, Some(value)) => Some((value, true)),
            (None, None) => None,
            _ => return unreadable("a statement has Principal and NotPrincipal"),
        };
        let principals = principals
            .map(|(value, except)| {
                let listed = principals_of(value)?;
                Ok::<_, Unreadable>(Principals { listed, except })
            })
            .transpose()?;
        Ok(Self {
            sid: members
                .get("Sid")
                .and_then(Value::as_str)
                .map(str::to_owned),
            allow,
            actions: actions.iter().map(|a| a.to_ascii_lowercase()).collect(),
            not_action,
            resources,
            not_resource,
            principals,
            conditions: conditions(members.get("Condition"))?,
        })
    }

    fn covers_action(&self, action: &str) -> bool {
        let listed = self.actions.iter().any(|pattern| like(pattern, action));
        listed != self.not_action
    }

    fn covers_resource(&self, resource: &str, variables: Option<&Context>) -> bool {
        let Some(resources) = &self.resources else {
            return true;
        };
        let listed = resources
            .iter()
            .any(|pattern| resource_matches(pattern, resource, variables));
        listed != self.not_resource
    }
}

fn unreadable<T>(why: &str) -> Result<T, Unreadable> {
    Err(Unreadable(why.to_owned()))
}

/// A text or a list of texts.
fn texts(value: &Value) -> Result<Vec<String>, Unreadable> {
    match value {
        Value::String(text) => Ok(vec![text.clone()]),
        Value::Bool(_) | Value::Number(_) => Ok(vec![value.to_string()]),
        Value::Array(values) => {
            let lists: Vec<_> = values.iter().map(texts).collect::<Result<_, _>>()?;
            Ok(lists.into_iter().flatten().collect())
        }
        _ => unreadable("a value is neither a text nor a list of texts"),
    }
}

type Listed = Option<(Vec<String>, bool)>;

fn one_of(members: &Map<String, Value>, plain: &str, negated: &str) -> Result<Listed, Unreadable> {
    match (members.get(plain), members.get(negated)) {
        (Some(_), Some(_)) => Err(Unreadable(format!("a statement has {plain} and {negated}"))),
        (Some(value), None) => Ok(Some((texts(value)?, false))),
        (None, Some(value)) => Ok(Some((texts(value)?, true))),
        (None, None) => Ok(None),
    }
}

fn principals_of(value: &Value) -> Result<Vec<(String, String)>, Unreadable> {
    match value {
        Value::String(everybody) if everybody == "*" => {
            Ok(vec![("AWS".to_owned(), "*".to_owned())])
        }
        Value::Object(by_type) => {
            let mut listed = Vec::new();
            for (kind, names) in by_type {
                let names = texts(names)?.into_iter();
                listed.extend(names.map(|name| (kind.clone(), name)));
            }
            Ok(listed)
        }
        _ => unreadable("a principal is neither * nor an object"),
    }
}

fn conditions(value: Option<&Value>) -> Result<Vec<Condition>, Unreadable> {
    let mut conditions = Vec::new();
    match value {
        None => {}
        Some(Value::Object(by_operator)) => {
            for (operator, keys) in by_operator {
                let Value::Object(keys) = keys else {
                    return unreadable("a condition's keys are not an object");
                };
                for (key, values) in keys {
                    conditions.push(Condition::new(operator, key, texts(values)?)?);
                }
            }
        }
        Some(_) => return unreadable("Condition is not an object"),
    }
    Ok(conditions)
}
