//! Processors: what happens to a record before it is delivered.

use bytes::Bytes;

use crate::firehose::api::{ProcessingConfiguration, Processor};
use crate::firehose::{Error, Result};

/// What an enabled configuration puts behind every record, if anything. Processors that are not
/// executed here are refused by name; a configuration that is not enabled is kept and not applied.
pub(super) fn delimiter(configuration: Option<&ProcessingConfiguration>) -> Result<Option<Bytes>> {
    let Some(configuration) = configuration.filter(|c| c.enabled.unwrap_or(false)) else {
        return Ok(None);
    };
    let processors = configuration.processors.as_deref().unwrap_or_default();
    if !(1..=5).contains(&processors.len()) {
        return Err(Error::invalid(
            "A maximum of 5 and a minimum of 1 processor needs to be supplied when processing is \
             enabled.",
        ));
    }
    let mut delimiter = None;
    for processor in processors {
        match processor.r#type.as_str() {
            "AppendDelimiterToRecord" => delimiter = Some(delimiter_of(processor)?),
            kind @ ("MetadataExtraction" | "RecordDeAggregation") => {
                return Err(Error::invalid(format!(
                    "class com.amazonaws.services.firehose.internal.model.{kind}Processor can \
                     only be present when Dynamic Partitioning is enabled."
                )));
            }
            other => {
                let what = format!("ProcessingConfiguration.Processors of type {other}");
                return Err(Error::NotSupported(what));
            }
        }
    }
    Ok(delimiter)
}

/// The delimiter of an AppendDelimiterToRecord processor, a newline unless it names another.
fn delimiter_of(processor: &Processor) -> Result<Bytes> {
    let mut delimiter = Bytes::from_static(b"\n");
    for parameter in processor.parameters.as_deref().unwrap_or_default() {
        if parameter.parameter_name != "Delimiter" {
            return Err(Error::invalid(format!(
                "Parameter {} is not valid for processor AppendDelimiterToRecord",
                parameter.parameter_name
            )));
        }
        delimiter = unescaped(&parameter.parameter_value).into();
    }
    Ok(delimiter)
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
