//! Dynamic partitioning: keys taken out of each record by a jq expression.
//!
//! AWS runs jq 1.6; this is jaq, compared with jq 1.6 by a test (`fixtures/firehose/jq-keys.*`).
//! The filters that reach out of the record (`now`, `env`, `halt`) fail. Source: "Dynamic
//! Partitioning".

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::Term;
use jaq_core::load::{Arena, File, Loader, parse};
use jaq_core::{Compiler, Ctx, Vars, data, unwrap_valr};
use jaq_json::{Val, read};

use crate::firehose::{Error, Result};

/// Who names a partition key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum KeySource {
    /// `!{partitionKeyFromQuery:…}`.
    Query,
    /// `!{partitionKeyFromLambda:…}`.
    Function,
}

/// Values of partition keys by source and name: what keeps buffers of a delivery stream apart.
pub(super) type PartitionKeys = BTreeMap<(KeySource, String), String>;

type Program = jaq_core::compile::Filter<jaq_core::Native<data::JustLut<Val>>>;

/// A compiled MetadataExtractionQuery.
#[derive(Clone)]
pub(super) struct KeyQuery {
    text: String,
    names: BTreeSet<String>,
    program: Arc<Program>,
}

/// What stands for the filters that would reach out of the record: into this process, its
/// environment and its clock.
const INSTEAD: &str = r#"
    def halt($exit_code): "halt is not available" | error;
    def env: "env is not available" | error;
    def now: "now is not available" | error;
"#;

impl fmt::Debug for KeyQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("KeyQuery").field(&self.text).finish()
    }
}

impl KeyQuery {
    /// Compiles `{name: expression, …}`.
    pub(super) fn parse(text: &str) -> Result<Self> {
        let refused = || Error::invalid(format!("Invalid MetadataExtractionQuery: {text}"));
        let term = parse(text, |parser| parser.term()).ok_or_else(refused)?;
        let names = names_of(&term).ok_or_else(refused)?;
        let instead = parse(INSTEAD, |parser| parser.defs()).ok_or_else(refused)?;
        let definitions = jaq_core::defs()
            .chain(instead)
            .chain(jaq_std::defs())
            .chain(jaq_json::defs());
        let functions = jaq_core::funs()
            .chain(jaq_std::funs())
            .chain(jaq_json::funs())
            .filter(|(name, _, _)| !["halt", "env", "now"].contains(name));
        let arena = Arena::default();
        let file = File {
            code: text,
            path: (),
        };
        let modules = Loader::new(definitions)
            .load(&arena, file)
            .map_err(|_| refused())?;
        let program = Compiler::default()
            .with_funs(functions)
            .compile(modules)
            .map_err(|_| refused())?;
        Ok(Self {
            text: text.to_owned(),
            names,
            program: Arc::new(program),
        })
    }

    /// Names of the keys it yields.
    pub(super) fn names(&self) -> &BTreeSet<String> {
        &self.names
    }

    /// The keys of one record, or why there are none.
    pub(super) fn keys(
        &self,
        record: &[u8],
    ) -> std::result::Result<BTreeMap<String, String>, String> {
        let input = read::parse_single(record)
            .map_err(|error| format!("Non JSON record provided: {error}"))?;
        let context = Ctx::<data::JustLut<Val>>::new(&self.program.lut, Vars::new([]));
        let mut outputs = self.program.id.run((context, input)).map(unwrap_valr);
        let found = match (outputs.next(), outputs.next()) {
            (Some(Ok(Val::Obj(found))), None) => found,
            (Some(Err(error)), _) => return Err(error.to_string()),
            _ => return Err("the query does not yield exactly one object".to_owned()),
        };
        found
            .iter()
            .map(|(name, value)| match (text_of(name), text_of(value)) {
                (Some(name), Some(value)) if !value.is_empty() => Ok((name, value)),
                _ => Err("partitionKeys values must not be null or empty".to_owned()),
            })
            .collect()
    }
}

/// A value as it stands in a path: strings without quotes, `None` for null.
fn text_of(value: &Val) -> Option<String> {
    match value {
        Val::Null => None,
        Val::TStr(text) => Some(String::from_utf8_lossy(text).into_owned()),
        Val::Num(number) => number.to_string().parse().ok().and_then(number_text),
        other => Some(other.to_string()),
    }
}

/// A number as jq 1.6 prints it: all numbers are doubles, the shortest digits that mean the same,
/// with an exponent when there would be more than 15 zeros behind or more than three before them.
/// `None` for what JSON cannot write.
fn number_text(number: f64) -> Option<String> {
    if !number.is_finite() {
        return None;
    }
    let scientific = format!("{number:e}");
    let (mantissa, exponent) = scientific.split_once('e')?;
    let exponent: i32 = exponent.parse().ok()?;
    let digits = i32::try_from(mantissa.bytes().filter(u8::is_ascii_digit).count()).ok()?;
    if exponent < -4 || exponent >= digits + 15 {
        let sign = if exponent < 0 { '-' } else { '+' };
        return Some(format!("{mantissa}e{sign}{:02}", exponent.abs()));
    }
    Some(number.to_string())
}

/// The keys of an object constructor; `None` for any other expression and for computed keys.
fn names_of(term: &Term<&str>) -> Option<BTreeSet<String>> {
    let Term::Obj(entries) = term else {
        return None;
    };
    entries
        .iter()
        .map(|(key, _)| match key {
            Term::Var(name) => name.strip_prefix('$').map(str::to_owned),
            Term::Str(None, parts) => parts
                .iter()
                .map(|part| match part {
                    StrPart::Str(text) => Some((*text).to_owned()),
                    StrPart::Char(c) => Some(c.to_string()),
                    StrPart::Term(_) => None,
                })
                .collect(),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(query: &str, record: &str, expected: std::result::Result<&str, &str>) {
        let found = KeyQuery::parse(query).unwrap().keys(record.as_bytes());
        let found = found.map(|keys| {
            let pairs: Vec<_> = keys.iter().map(|(k, v)| format!("{k}={v}")).collect();
            pairs.join("/")
        });
        match expected {
            Ok(keys) => assert_eq!(found.as_deref(), Ok(keys), "{query} on {record}"),
            Err(message) => {
                let error = found.unwrap_err();
                assert!(error.contains(message), "{query} on {record}: {error}");
            }
        }
    }

    #[test]
    fn keys_are_taken_out_of_records() {
        check("{site:.site}", r#"{"site":"north"}"#, Ok("site=north"));
        check(
            r#"{customer_id:.customer_id,year:.ts|strftime("%Y"),h:(.ts|strftime("%H"))}"#,
            r#"{"customer_id":42,"ts":1764000000}"#,
            Ok("customer_id=42/h=16/year=2025"),
        );
        check("{site}", r#"{"site":true}"#, Ok("site=true"));
        check(
            r#"{"a b":.x.y|ascii_downcase, n:(.n|tonumber|floor)}"#,
            r#"{"x":{"y":"NORTH"},"n":"7.9"}"#,
            Ok("a b=north/n=7"),
        );
        check(
            r#"{d:.t[0:10]}"#,
            r#"{"t":"2026-11-24T05"}"#,
            Ok("d=2026-11-24"),
        );
    }

    /// Queries that jq 1.6 answers otherwise.
    const DIFFERENT: &[&str] = &["{x:(now|type)}"];

    #[test]
    fn jq_1_6_gives_the_same_keys() {
        let golden = include_str!("../../fixtures/firehose/jq-keys.txt");
        let mut different = Vec::new();
        for line in golden.lines() {
            let mut parts = line.split('\t');
            let (query, record) = (parts.next().unwrap(), parts.next().unwrap());
            let found = KeyQuery::parse(query)
                .map_err(|error| error.to_string())
                .and_then(|query| query.keys(record.as_bytes()));
            let expected = serde_json::from_str(parts.next().unwrap()).ok();
            if found.clone().ok() != expected {
                println!("{query}: {found:?}, jq: {expected:?}");
                different.push(query);
            }
        }
        assert!(golden.lines().count() > 50);
        assert_eq!(different, DIFFERENT);
    }

    #[test]
    fn records_without_keys_are_told_apart_from_broken_ones() {
        let empty = "partitionKeys values must not be null or empty";
        check("{site:.site}", r#"{"place":"north"}"#, Err(empty));
        check("{site:.site}", r#"{"site":""}"#, Err(empty));
        check("{site:.site}", r#"{"site":null}"#, Err(empty));
        check("{site:.site}", "not json", Err("Non JSON record provided"));
        check(
            "{site:.site}",
            r#"{"site":1} x"#,
            Err("Non JSON record provided"),
        );
        check("{s:.s|tonumber}", r#"{"s":"x"}"#, Err("x"));
        for outside in ["halt", "halt(3)", "env.HOME", "now", "halt_error"] {
            check(&format!("{{s:({outside})}}"), "{}", Err("is not available"));
        }
        check("{s:.[]}", r#"{"a":1,"b":2}"#, Err("exactly one object"));
    }

    #[test]
    fn queries_are_object_constructors() {
        let names = |text| KeyQuery::parse(text).unwrap().names().clone();
        assert_eq!(
            names(r#"{a:.x, "b":.y|{z:1}.z, c}"#),
            ["a", "b", "c"].map(String::from).into()
        );
        for bad in [
            ".site",
            "{site:",
            "{(.k):.v}",
            "{a:nothing_such}",
            "",
            "[.a]",
        ] {
            assert!(KeyQuery::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_query_can_be_shared_between_threads() {
        fn shared<T: Send + Sync>() {}
        shared::<KeyQuery>();
    }
}
