//! `SparkSQL`: a query over the inputs, in Spark's dialect.

use super::frame::Frame;
use super::members::Members;
use super::node::{Node, Transform};
use super::run::Run;
use crate::engine::error::{Error, Result};
use crate::engine::spark;

#[derive(Debug)]
struct SparkSql {
    query: spark::Query,
    /// The table name of each input, in the order of the inputs.
    aliases: Vec<String>,
}

/// Parses `SparkSQL`; the query is checked as far as it can be without its inputs' columns.
pub fn parse(mut members: Members, inputs: &[String]) -> std::result::Result<Node, String> {
    let text = members.required("SqlQuery")?;
    let mut named: Vec<(String, String)> = Vec::new();
    for mut given in members.structures("SqlAliases")? {
        let from = given.required("From")?;
        let alias = given.required("Alias")?;
        given.finish()?;
        named.push((from, alias.to_lowercase()));
    }
    let place = members.place().to_owned();
    members.finish()?;
    let mut aliases = Vec::new();
    for input in inputs {
        let found = named.iter().find(|(from, _)| from == input);
        let Some((_, alias)) = found else {
            return Err(format!(
                "`SqlAliases` of {place} has no alias for the input `{input}`"
            ));
        };
        if aliases.contains(alias) {
            return Err(format!(
                "`SqlAliases` of {place} gives the alias `{alias}` twice"
            ));
        }
        aliases.push(alias.clone());
    }
    if let Some((from, _)) = named.iter().find(|(from, _)| !inputs.contains(from)) {
        return Err(format!(
            "`SqlAliases` of {place} names `{from}`, which is no input"
        ));
    }
    let query =
        spark::Query::parse(&text).map_err(|why| format!("`SqlQuery` of {place}: {why}"))?;
    Ok(Node::Transform(Box::new(SparkSql { query, aliases })))
}

impl Transform for SparkSql {
    fn apply(&self, run: &Run<'_>, inputs: &[Frame]) -> Result<Frame> {
        if inputs.len() != self.aliases.len() {
            return Err(Error::Internal("an input was lost".to_owned()));
        }
        let tables = self.aliases.iter().cloned();
        let tables = tables.zip(inputs.iter().map(|frame| frame.plan().clone()));
        let plan = self
            .query
            .plan(run.session, tables.collect(), run.call.now)?;
        Ok(Frame::new(plan))
    }
}
