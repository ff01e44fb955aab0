//! The context keys given with a simulation.

use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::super::api::ContextEntry;
use super::super::evaluate::{Context, instant};
use super::super::{Error, Result};

/// The context of a simulation: the keys given and no others.
///
/// # Errors
/// `InvalidInput` for an entry without name or values, for a key given twice, and for values that
/// are not of the type the entry says they are.
pub(super) fn read(entries: &[ContextEntry]) -> Result<Context> {
    let mut context = Context::new();
    for entry in entries {
        let invalid = |what: &str| {
            let name = entry.context_key_name.as_deref().unwrap_or_default();
            Error::InvalidInput(format!("Invalid context entry {name}: {what}."))
        };
        let name = entry.context_key_name.as_deref();
        let name = name.ok_or_else(|| invalid("it has no ContextKeyName"))?;
        let values = entry.context_key_values.as_deref().unwrap_or_default();
        if values.is_empty() {
            return Err(invalid("it has no ContextKeyValues"));
        }
        if context.get(name).is_some() {
            return Err(invalid("the key is given twice"));
        }
        if let Some(kind) = entry.context_key_type.as_deref() {
            let element = kind.strip_suffix("List");
            if element.is_none() && values.len() > 1 {
                return Err(invalid(&format!("a {kind} has one value")));
            }
            let element = element.unwrap_or(kind);
            if let Some(odd) = values.iter().find(|value| !is_of(element, value)) {
                return Err(invalid(&format!("{odd} is no {element}")));
            }
        }
        context.set_all(name, values.iter().cloned());
    }
    Ok(context)
}

/// Whether a value can be read as one of `ContextKeyTypeEnum`'s types, which the API model has
/// checked.
fn is_of(kind: &str, value: &str) -> bool {
    match kind {
        "numeric" => value.parse::<f64>().is_ok_and(f64::is_finite),
        "boolean" => ["true", "false"]
            .iter()
            .any(|b| value.eq_ignore_ascii_case(b)),
        "ip" => value.parse::<IpAddr>().is_ok(),
        "binary" => STANDARD.decode(value).is_ok(),
        "date" => instant(value).is_some(),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(kind: Option<&str>, values: &[&str], accepted: bool) {
        let entry = ContextEntry {
            context_key_name: Some("aws:Key".to_owned()),
            context_key_values: Some(values.iter().map(|value| (*value).to_owned()).collect()),
            context_key_type: kind.map(str::to_owned),
        };
        match read(std::slice::from_ref(&entry)) {
            Ok(context) => {
                assert!(accepted, "{kind:?} {values:?}");
                assert_eq!(
                    context.get("AWS:key").map(<[String]>::len),
                    Some(values.len())
                );
            }
            Err(error) => {
                assert!(!accepted, "{kind:?} {values:?}: {error}");
                assert!(matches!(error, Error::InvalidInput(_)));
            }
        }
        assert!(read(&[entry.clone(), entry]).is_err());
    }

    #[test]
    fn values_must_be_of_their_type() {
        check(None, &["a", "b"], true);
        check(Some("string"), &["a"], true);
        check(Some("string"), &["a", "b"], false);
        check(Some("stringList"), &["a", "b"], true);
        check(Some("stringList"), &[], false);
        check(Some("numeric"), &["1.5"], true);
        check(Some("numericList"), &["1", "two"], false);
        check(Some("boolean"), &["True"], true);
        check(Some("boolean"), &["yes"], false);
        check(Some("ip"), &["203.0.113.7"], true);
        check(Some("ipList"), &["2001:db8::1", "203.0.113.0/24"], false);
        check(Some("binary"), &["QmluYXJ5"], true);
        check(Some("binary"), &["%"], false);
        check(Some("date"), &["2018-08-16T12:00:00Z"], true);
        check(Some("dateList"), &["1745998505", "2018-08-16"], true);
        check(Some("date"), &["yesterday"], false);
    }

    #[test]
    fn an_entry_needs_a_name() {
        let nameless = ContextEntry {
            context_key_values: Some(vec!["a".to_owned()]),
            ..ContextEntry::default()
        };
        assert!(matches!(read(&[nameless]), Err(Error::InvalidInput(_))));
    }
}
