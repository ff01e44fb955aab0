//! Processors as configured; `intake` says in which order they are applied.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use crate::firehose::api::{ProcessingConfiguration, Processor};
use crate::firehose::buffer::Hints;
use crate::firehose::deaggregation::SubRecords;
use crate::firehose::partitioning::KeyQuery;
use crate::firehose::transform::Function;
use crate::firehose::{Error, Result};

/// The processors of a destination, checked.
#[derive(Clone, Debug, Default)]
pub(super) struct Processing {
    /// What is put behind every record in its object.
    pub delimiter: Option<Bytes>,
    /// How records are taken apart.
    pub sub_records: Option<SubRecords>,
    /// What records are handed to.
    pub function: Option<Function>,
    /// What partition keys are taken from.
    pub key_query: Option<KeyQuery>,
}

impl Processing {
    /// Checks an enabled configuration. Processors that are not executed here are refused by name;
    /// a configuration that is not enabled is kept and not applied. `partitioned` says whether
    /// dynamic partitioning is on, `functions` whether functions can be invoked.
    pub(super) fn new(
        configuration: Option<&ProcessingConfiguration>,
        partitioned: bool,
        functions: bool,
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
                "Lambda" if functions && processing.function.is_some() => {
                    return Err(Error::invalid("Cannot have more than 1 Lambda processor."));
                }
                "Lambda" if functions => processing.function = Some(function(processor)?),
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
        self.sub_records.is_none() && self.function.is_none() && self.key_query.is_none()
    }
}

fn function(processor: &Processor) -> Result<Function> {
    // The role that invokes is taken and not used: invoking is not a matter of permissions here.
    let [arn, retries, size, interval, _role] = parameters(
        processor,
        [
            "LambdaArn",
            "NumberOfRetries",
            "BufferSizeInMBs",
            "BufferIntervalInSeconds",
            "RoleArn",
        ],
    )?;
    let arn =
        arn.ok_or_else(|| Error::invalid("LambdaArn is required when Lambda processor is used."))?;
    if size.is_some() != interval.is_some() {
        return Err(Error::invalid(
            "BufferSizeInMBs and BufferIntervalInSeconds must be given together",
        ));
    }
    let size = number("BufferSizeInMBs", size, 0.2, 3.0, 1.0)?;
    Ok(Function {
        arn: arn.to_owned(),
        retries: number("NumberOfRetries", retries, 0.0, 300.0, 3.0)? as u32,
        hints: Hints {
            bytes: (size * 1024.0 * 1024.0) as usize,
            interval: Duration::from_secs_f64(number(
                "BufferIntervalInSeconds",
                interval,
                0.0,
                900.0,
                60.0,
            )?),
        },
    })
}

/// A parameter's number, `default` without one.
fn number(name: &str, text: Option<&str>, low: f64, high: f64, default: f64) -> Result<f64> {
    let Some(text) = text else {
        return Ok(default);
    };
    text.parse()
        .ok()
        .filter(|number| (low..=high).contains(number))
        .ok_or_else(|| {
            Error::invalid(format!(
                "{name} must be a number from {low} to {high}: {text}"
            ))
        })
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
