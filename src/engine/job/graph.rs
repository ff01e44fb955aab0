//! A job's graph: its nodes parsed, checked and put in the order of execution.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::members::Members;
use super::node::{Node, parse};

/// A graph that can be run.
#[derive(Debug)]
pub struct Graph {
    /// Nodes so that every one follows its inputs; otherwise in the order of their ids.
    pub nodes: Vec<Entry>,
}

/// A node with its place in the graph.
#[derive(Debug)]
pub struct Entry {
    /// Key in the graph.
    pub id: String,
    /// The member `Name`.
    pub name: String,
    /// The kind, e.g. `ApplyMapping`.
    pub kind: &'static str,
    /// Ids of the nodes it reads from.
    pub inputs: Vec<String>,
    /// What it does.
    pub node: Node,
}

impl Graph {
    /// Reads `CodeGenConfigurationNodes`; the error names node and member.
    pub fn parse(nodes: &BTreeMap<String, Value>) -> Result<Self, String> {
        if nodes.is_empty() {
            return Err("the graph has no nodes".to_owned());
        }
        let mut entries = Vec::new();
        for (id, value) in nodes {
            entries.push(entry(id, value)?);
        }
        for entry in &entries {
            for input in &entry.inputs {
                let Some(source) = entries.iter().find(|other| other.id == *input) else {
                    return Err(format!(
                        "node `{}` has the input `{input}`, which is not in the graph",
                        entry.id
                    ));
                };
                if matches!(source.node, Node::Target(_)) {
                    return Err(format!(
                        "node `{}` has the target `{input}` as input; windfarm does not read a target's rows on",
                        entry.id
                    ));
                }
            }
        }
        if !entries.iter().any(|e| matches!(e.node, Node::Target(_))) {
            return Err("the graph has no target: nothing would be written".to_owned());
        }
        Ok(Self {
            nodes: ordered(entries)?,
        })
    }

    /// How many nodes read from the node `id`.
    pub fn readers(&self, id: &str) -> usize {
        let inputs = self.nodes.iter().flat_map(|entry| &entry.inputs);
        inputs.filter(|input| *input == id).count()
    }
}

fn entry(id: &str, value: &Value) -> Result<Entry, String> {
    let kinds: Vec<(&String, &Value)> = match value {
        Value::Object(members) => members.iter().filter(|(_, body)| !body.is_null()).collect(),
        _ => Vec::new(),
    };
    let [(kind, body)] = kinds.as_slice() else {
        return Err(format!(
            "node `{id}` must have exactly one member, which names its kind"
        ));
    };
    let mut members = Members::new(format!("node `{id}` ({kind})"), body)?;
    let name = members.required("Name")?;
    let inputs = members.texts("Inputs")?;
    let (kind, node, arity) = parse(id, kind, members, &inputs)?;
    if !arity.contains(&inputs.len()) {
        return Err(format!(
            "node `{id}` ({kind}) has {} inputs and needs {}",
            inputs.len(),
            if arity.start() == arity.end() {
                arity.start().to_string()
            } else {
                format!("at least {}", arity.start())
            }
        ));
    }
    Ok(Entry {
        id: id.to_owned(),
        name,
        kind,
        inputs,
        node,
    })
}

fn ordered(mut waiting: Vec<Entry>) -> Result<Vec<Entry>, String> {
    let mut done: BTreeSet<String> = BTreeSet::new();
    let mut nodes = Vec::new();
    while !waiting.is_empty() {
        let next = waiting
            .iter()
            .position(|entry| entry.inputs.iter().all(|input| done.contains(input)));
        let Some(at) = next else {
            let ids: Vec<_> = waiting.iter().map(|entry| entry.id.as_str()).collect();
            return Err(format!("the nodes {} form a circle", ids.join(", ")));
        };
        let entry = waiting.remove(at);
        done.insert(entry.id.clone());
        nodes.push(entry);
    }
    Ok(nodes)
}
