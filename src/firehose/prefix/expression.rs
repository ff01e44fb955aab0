//! A prefix, parsed: text and `!{namespace:value}` expressions.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use jiff::ZonedDateTime;

use crate::firehose::partitioning::{KeySource, PartitionKeys};
use crate::firehose::prefix::pattern::Pattern;
use crate::firehose::{Error, Result};

/// Which of the two prefixes of a destination a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::firehose) enum Kind {
    /// `Prefix`.
    Data,
    /// `ErrorOutputPrefix`.
    Errors,
}

impl Kind {
    fn member(self) -> &'static str {
        match self {
            Self::Data => "Prefix",
            Self::Errors => "ErrorOutputPrefix",
        }
    }
}

/// A parsed prefix.
#[derive(Clone, Debug)]
pub(in crate::firehose) struct Prefix {
    kind: Kind,
    parts: Vec<Part>,
}

#[derive(Clone, Debug)]
enum Part {
    Text(String),
    Timestamp(Pattern),
    RandomString,
    ErrorOutputType,
    PartitionKey((KeySource, String)),
}

/// What expressions stand for in one object's key.
pub(super) struct Values<'a> {
    /// Arrival of the oldest record, in the destination's time zone.
    pub at: &'a ZonedDateTime,
    /// Draws a random string.
    pub random: &'a dyn Fn() -> String,
    /// The group of errors; empty for records.
    pub error_output: &'a str,
    /// The partition keys of the records.
    pub keys: &'a PartitionKeys,
}

impl Prefix {
    /// Parses a prefix and refuses expressions that may not stand in it.
    pub(super) fn parse(text: &str, kind: Kind) -> Result<Self> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, behind)) = rest.split_once("!{") {
            if !before.is_empty() {
                parts.push(Part::Text(before.to_owned()));
            }
            let (expression, behind) = behind
                .split_once('}')
                .ok_or_else(|| Error::invalid("Invalid expression usage"))?;
            parts.push(parse_expression(expression, kind)?);
            rest = behind;
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
        }
        let prefix = Self { kind, parts };
        if kind == Kind::Errors
            && prefix.has_expressions()
            && !prefix
                .parts
                .iter()
                .any(|part| matches!(part, Part::ErrorOutputType))
        {
            return Err(Error::invalid(
                "Ths supplied prefix(es) do not satisfy the following constraint: \
                 ErrorOutputPrefix must contain !{firehose:error-output-type} when it contains \
                 expressions",
            ));
        }
        Ok(prefix)
    }

    /// Whether any `!{…}` stands in it.
    pub(super) fn has_expressions(&self) -> bool {
        self.parts.iter().any(|part| !matches!(part, Part::Text(_)))
    }

    /// Names of the partition keys in it.
    pub(super) fn partition_keys(&self) -> BTreeSet<&(KeySource, String)> {
        self.parts
            .iter()
            .filter_map(|part| match part {
                Part::PartitionKey(key) => Some(key),
                _ => None,
            })
            .collect()
    }

    /// The text with values for its expressions. A prefix without any gets `yyyy/MM/dd/HH/` behind
    /// it, and for errors their group before that.
    pub(super) fn evaluate(&self, values: &Values<'_>) -> String {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Text(literal) => text.push_str(literal),
                Part::Timestamp(pattern) => pattern.format(values.at, &mut text),
                Part::RandomString => text.push_str(&(values.random)()),
                Part::ErrorOutputType => text.push_str(values.error_output),
                Part::PartitionKey(key) => {
                    text.push_str(values.keys.get(key).map_or("", String::as_str));
                }
            }
        }
        if !self.has_expressions() {
            if self.kind == Kind::Errors {
                text.push_str(values.error_output);
                text.push('/');
            }
            // Writing to a String does not fail.
            let _ = write!(text, "{}", values.at.strftime("%Y/%m/%d/%H/"));
        }
        text
    }
}

fn parse_expression(expression: &str, kind: Kind) -> Result<Part> {
    let (namespace, value) = expression
        .split_once(':')
        .ok_or_else(|| Error::invalid("Invalid expression usage"))?;
    match (namespace, value) {
        ("timestamp", "") => Err(Error::invalid("Invalid expression usage")),
        ("timestamp", pattern) => match Pattern::parse(pattern) {
            Some(pattern) => Ok(Part::Timestamp(pattern)),
            None => Err(Error::invalid(format!(
                "Invalid conversion character used in the value of the expression in {}",
                kind.member()
            ))),
        },
        ("firehose", "random-string") => Ok(Part::RandomString),
        ("firehose", "error-output-type") if kind == Kind::Errors => Ok(Part::ErrorOutputType),
        ("firehose", "error-output-type") => Err(Error::invalid(
            "Prefix must not contain any occurrence of !{firehose:error-output-type}",
        )),
        ("firehose", _) => Err(Error::invalid("Invalid expression usage")),
        ("partitionKeyFromQuery" | "partitionKeyFromLambda", "") => {
            Err(Error::invalid("Invalid expression usage"))
        }
        ("partitionKeyFromQuery" | "partitionKeyFromLambda", _) if kind == Kind::Errors => {
            Err(Error::invalid(format!(
                "ErrorOutputPrefix must not contain any occurrence of !{{{namespace}}}"
            )))
        }
        ("partitionKeyFromQuery", name) => {
            Ok(Part::PartitionKey((KeySource::Query, name.to_owned())))
        }
        ("partitionKeyFromLambda", name) => {
            Ok(Part::PartitionKey((KeySource::Function, name.to_owned())))
        }
        _ => Err(Error::invalid(format!(
            "Namespace to the left of colon ({namespace}) is an invalid keyword!"
        ))),
    }
}
