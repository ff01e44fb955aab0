//! Processors: what happens to a record between its arrival and its buffer.
//!
//! Order, as on AWS: records taken apart, partition keys extracted, and at delivery the delimiter.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use crate::firehose::api::{ProcessingConfiguration, Processor};
use crate::firehose::deaggregation::SubRecords;
use crate::firehose::error_output::{ErrorOutput, Rejection};
use crate::firehose::partitioning::{KeyQuery, PartitionKeys};
use crate::firehose::{Error, Result};

/// The processors of a destination, checked.
#[derive(Clone, Debug, Default)]
pub(super) struct Processing {
    /// What is put behind every record in its object.
    pub delimiter: Option<Bytes>,
    /// How records are taken apart.
    pub sub_records: Option<SubRecords>,
    /// What partition keys are taken from.
    pub key_query: Option<KeyQuery>,
}

/// A record that goes on to a buffer, or the reason why not.
pub(super) type Processed = std::result::Result<(PartitionKeys, Bytes), Rejection>;

impl Processing {
    /// Checks an enabled configuration. Processors that are not executed here are refused by name;
    /// a configuration that is not enabled is kept and not applied. `partitioned` says whether
    /// dynamic partitioning is on.
    pub(super) fn new(
        configuration: Option<&ProcessingConfiguration>,
        partitioned: bool,
    ) -> Result<Self> {
        let mut processing = Self::default();
        let Some(configuration) = configuration.filter(|c| c.enabled.unwrap_or(false)) else {
            return Ok(processing);
        };
        let processors = configuration.processors.as_deref().unwrap_or_default();
        if !(1..=5).contains(&processors.len()) {
            return Err(Error::invalid(
                "A maximum of 5 and a minimum of 1 processor needs to be supplied when processing \
                 is enabled.",
            ));
        }
        for processor in processors {
            match processor.r#type.as_str() {
                "AppendDelimiterToRecord" => {
                    let [delimiter] = parameters(processor, ["Delimiter"])?;
                    let delimiter = delimiter.map_or("\n".to_owned(), unescaped);
                    processing.delimiter = Some(delimiter.into());
                }
                kind @ ("MetadataExtraction" | "RecordDeAggregation") if !partitioned => {
                    return Err(Error::invalid(format!(
                        "class com.amazonaws.services.firehose.internal.model.{kind}Processor can \
                         only be present when Dynamic Partitioning is enabled."
                    )));
                }
                "MetadataExtraction" => processing.key_query = Some(key_query(processor)?),
                "RecordDeAggregation" => processing.sub_records = Some(sub_records(processor)?),
                other => {
                    let what = format!("ProcessingConfiguration.Processors of type {other}");
                    return Err(Error::NotSupported(what));
                }
            }
        }
        Ok(processing)
    }

    /// Whether a record passes through unchanged, into the one buffer there is.
    pub(super) fn is_identity(&self) -> bool {
        self.sub_records.is_none() && self.key_query.is_none()
    }

    /// What becomes of one record.
    pub(super) fn process(&self, data: Bytes) -> Vec<Processed> {
        let records = match &self.sub_records {
            None => vec![data],
            Some(how) => match how.split(&data) {
                Ok(records) => records,
                Err(message) => return vec![Err(failed("RecordDeAggregationFailed", message))],
            },
        };
        records
            .into_iter()
            .map(|record| match &self.key_query {
                None => Ok((PartitionKeys::new(), record)),
                Some(query) => query
                    .keys(&record)
                    .map(|keys| (keys, record))
                    .map_err(|message| failed("MetadataExtractionFailed", message)),
            })
            .collect()
    }
}

fn failed(what: &str, message: String) -> Rejection {
    Rejection {
        output: ErrorOutput::ProcessingFailed,
        code: match what {
            "MetadataExtractionFailed" => "DynamicPartitioning.MetadataExtractionFailed",
            _ => "DynamicPartitioning.RecordDeAggregationFailed",
        },
        message,
    }
}

fn key_query(processor: &Processor) -> Result<KeyQuery> {
    let [query, engine] = parameters(processor, ["MetadataExtractionQuery", "JsonParsingEngine"])?;
    if engine != Some("JQ-1.6") {
        return Err(Error::invalid(
            "JsonParsingEngine must be JQ-1.6 for the MetadataExtraction processor",
        ));
    }
    let query = query.ok_or_else(|| {
        Error::invalid("MetadataExtractionQuery is required for the MetadataExtraction processor")
    })?;
    KeyQuery::parse(query)
}

fn sub_records(processor: &Processor) -> Result<SubRecords> {
    let [kind, delimiter] = parameters(processor, ["SubRecordType", "Delimiter"])?;
    match (kind, delimiter) {
        (Some("JSON"), _) => Ok(SubRecords::Json),
        (Some("DELIMITED"), None) => {
            Err(Error::invalid("Delimiter should be present for DELIMITED"))
        }
        (Some("DELIMITED"), Some(delimiter)) => STANDARD
            .decode(delimiter)
            .ok()
            .filter(|delimiter| !delimiter.is_empty())
            .map(|delimiter| SubRecords::Delimited(delimiter.into()))
            .ok_or_else(|| Error::invalid("Delimiter must be Base64 for DELIMITED")),
        _ => Err(Error::invalid("SubRecordType must be JSON or DELIMITED")),
    }
}

/// The values of a processor's parameters, in the order of `names`; others are refused.
fn parameters<'a, const N: usize>(
    processor: &'a Processor,
    names: [&str; N],
) -> Result<[Option<&'a str>; N]> {
    let given = processor.parameters.as_deref().unwrap_or_default();
    if let Some(other) = given
        .iter()
        .find(|parameter| !names.contains(&parameter.parameter_name.as_str()))
    {
        return Err(Error::invalid(format!(
            "Parameter {} is not valid for processor {}",
            other.parameter_name, processor.r#type
        )));
    }
    Ok(names.map(|name| {
        given
            .iter()
            .find(|parameter| parameter.parameter_name == name)
            .map(|parameter| parameter.parameter_value.as_str())
    }))
}

/// Resolves the escapes with which delimiters are written in JSON twice over (`\\n`).
fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            plain.push(c);
            continue;
        }
        match chars.next() {
            Some('n') => plain.push('\n'),
            Some('r') => plain.push('\r'),
            Some('t') => plain.push('\t'),
            Some('\\') | None => plain.push('\\'),
            Some(other) => plain.extend(['\\', other]),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delimiters_are_unescaped() {
        for (sent, meant) in [
            (r"\n", "\n"),
            ("\n", "\n"),
            (r"\r\n", "\r\n"),
            (r"|\t|", "|\t|"),
            (r"\\n", r"\n"),
            (r"\x", r"\x"),
            (r"\", r"\"),
        ] {
            assert_eq!(unescaped(sent), meant, "{sent:?}");
        }
    }
}
