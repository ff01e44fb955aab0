//! The `Configuration` of a crawler: a JSON document with a version, read once and typed here.
//!
//! "Setting crawler configuration options", Glue guide. A member that is not acted on is refused
//! by name.

use serde_json::{Map, Value};

use crate::glue::error::{Error, Result};

/// What a crawler's configuration says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Configuration {
    /// `CrawlerOutput.Partitions.AddOrUpdateBehavior: InheritFromTable`: partitions take columns,
    /// format and SerDe from the table.
    pub partitions_inherit: bool,
    /// `CrawlerOutput.Tables.AddOrUpdateBehavior: MergeNewColumns`: columns that the data no longer
    /// has stay.
    pub merge_new_columns: bool,
    /// `Grouping.TableGroupingPolicy: CombineCompatibleSchemas`: schemas need not be similar.
    pub combine_compatible_schemas: bool,
    /// `Grouping.TableLevelConfiguration`: the folder level of tables; the bucket is level 1.
    pub table_level: Option<usize>,
}

impl Configuration {
    /// Parses the text of a request; an absent or empty one is the default.
    pub fn parse(text: Option<&str>) -> Result<Self> {
        let Some(text) = text.filter(|text| !text.trim().is_empty()) else {
            return Ok(Self::default());
        };
        let Ok(Value::Object(document)) = serde_json::from_str::<Value>(text) else {
            return invalid("Error parsing JSON");
        };
        match document.get("Version") {
            None => return invalid("missing required key: Version."),
            Some(Value::Number(number)) if number.as_f64() == Some(1.0) => {}
            Some(Value::Number(number)) => {
                return invalid(format!("Version {number} is not supported"));
            }
            Some(other) => {
                return invalid(format!(
                    "Version type invalid: expected Double, received {}",
                    kind(other)
                ));
            }
        }
        let mut configuration = Self::default();
        for (key, value) in &document {
            match key.as_str() {
                "Version" => {}
                "CrawlerOutput" => configuration.output(object(key, value)?)?,
                "Grouping" => configuration.grouping(object(key, value)?)?,
                "CreatePartitionIndex" if *value == Value::Bool(false) => {}
                _ => return refused(key),
            }
        }
        Ok(configuration)
    }

    fn output(&mut self, output: &Map<String, Value>) -> Result<()> {
        for (key, value) in output {
            let behavior = behavior(key, object(key, value)?)?;
            match (key.as_str(), behavior) {
                (_, None) => {}
                ("Partitions", Some("InheritFromTable")) => self.partitions_inherit = true,
                ("Tables", Some("MergeNewColumns")) => self.merge_new_columns = true,
                (_, Some(other)) => {
                    return refused(&format!("CrawlerOutput.{key}.AddOrUpdateBehavior {other}"));
                }
            }
        }
        Ok(())
    }

    fn grouping(&mut self, grouping: &Map<String, Value>) -> Result<()> {
        for (key, value) in grouping {
            match (key.as_str(), value) {
                ("TableGroupingPolicy", Value::String(policy))
                    if policy == "CombineCompatibleSchemas" =>
                {
                    self.combine_compatible_schemas = true;
                }
                ("TableLevelConfiguration", Value::Number(level)) => {
                    let level = level.as_u64().and_then(|n| usize::try_from(n).ok());
                    match level {
                        Some(level) if level >= 1 => self.table_level = Some(level),
                        _ => return invalid("TableLevelConfiguration must be at least 1"),
                    }
                }
                _ => return refused(&format!("Grouping.{key} {value}")),
            }
        }
        Ok(())
    }
}

fn behavior<'a>(parent: &str, object: &'a Map<String, Value>) -> Result<Option<&'a str>> {
    let mut found = None;
    for (key, value) in object {
        match (key.as_str(), value) {
            ("AddOrUpdateBehavior", Value::String(behavior)) => found = Some(behavior.as_str()),
            _ => return refused(&format!("CrawlerOutput.{parent}.{key}")),
        }
    }
    Ok(found)
}

fn object<'a>(key: &str, value: &'a Value) -> Result<&'a Map<String, Value>> {
    match value {
        Value::Object(object) => Ok(object),
        other => invalid(format!(
            "{key} type invalid: expected Object, received {}",
            kind(other)
        )),
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "Null",
        Value::Bool(_) => "Boolean",
        Value::Number(_) => "Double",
        Value::String(_) => "String",
        Value::Array(_) => "Array",
        Value::Object(_) => "Object",
    }
}

fn invalid<T>(what: impl std::fmt::Display) -> Result<T> {
    Err(Error::InvalidInput(format!(
        "Crawler configuration not valid: {what}"
    )))
}

fn refused<T>(what: &str) -> Result<T> {
    Err(Error::Unsupported(format!(
        "the crawler configuration {what}"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_says_what_the_guide_says() {
        let parse = |text| Configuration::parse(Some(text)).unwrap();
        assert_eq!(
            Configuration::parse(None).unwrap(),
            Configuration::default()
        );
        assert_eq!(parse(""), Configuration::default());
        assert_eq!(
            parse(
                r#"{"Version":1.0,"CrawlerOutput":{"Partitions":{"AddOrUpdateBehavior":
                "InheritFromTable"},"Tables":{"AddOrUpdateBehavior":"MergeNewColumns"}},
                "Grouping":{"TableGroupingPolicy":"CombineCompatibleSchemas",
                "TableLevelConfiguration":3}}"#
            ),
            Configuration {
                partitions_inherit: true,
                merge_new_columns: true,
                combine_compatible_schemas: true,
                table_level: Some(3),
            }
        );
    }

    #[test]
    fn what_is_wrong_or_not_acted_on_is_named() {
        for (text, message) in [
            ("{", "Crawler configuration not valid: Error parsing JSON"),
            (
                "{}",
                "Crawler configuration not valid: missing required key: Version.",
            ),
            (
                r#"{"Version":"1.0"}"#,
                "Crawler configuration not valid: Version type invalid: expected Double, received String",
            ),
            (
                r#"{"Version":1.0,"CreatePartitionIndex":true}"#,
                "the crawler configuration CreatePartitionIndex",
            ),
            (
                r#"{"Version":1.0,"Grouping":{"TableThreshold":5}}"#,
                "the crawler configuration Grouping.TableThreshold 5",
            ),
        ] {
            let error = Configuration::parse(Some(text)).unwrap_err();
            assert_eq!(error.to_string(), message, "{text}");
        }
    }
}
