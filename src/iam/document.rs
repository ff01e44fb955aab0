//! Policy documents: JSON with a grammar that AWS checks when a policy is stored.
//!
//! Everything wrong is `MalformedPolicyDocument`; the code is certain, most texts are from public
//! observation of AWS.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::{Error, Result};

/// Where a document will stand; the grammar differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// On a role, user or session: says what may be done, to what.
    Identity,
    /// A role's trust policy: says who may assume it.
    Trust,
}

/// A document that passed.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// In the document's order.
    pub statements: Vec<Statement>,
}

/// One statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    /// `Allow`, else `Deny`.
    pub allow: bool,
    /// Action patterns; of `NotAction` when `not_action`.
    pub actions: Vec<String>,
    /// Whether `actions` lists the exceptions.
    pub not_action: bool,
    /// Principals as (type, value), e.g. (`Service`, `firehose.amazonaws.com`).
    pub principals: Vec<(String, String)>,
    /// Whether `principals` lists the exceptions.
    pub not_principal: bool,
    /// Conditions as (operator, key, values).
    pub conditions: Vec<(String, String, Vec<String>)>,
}

const STATEMENT_MEMBERS: [&str; 9] = [
    "Sid",
    "Effect",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Principal",
    "NotPrincipal",
    "Condition",
];

/// Condition operators without the `IfExists` and set-operator affixes. "IAM JSON policy elements:
/// Condition operators", IAM guide.
const OPERATORS: [&str; 27] = [
    "StringEquals",
    "StringNotEquals",
    "StringEqualsIgnoreCase",
    "StringNotEqualsIgnoreCase",
    "StringLike",
    "StringNotLike",
    "NumericEquals",
    "NumericNotEquals",
    "NumericLessThan",
    "NumericLessThanEquals",
    "NumericGreaterThan",
    "NumericGreaterThanEquals",
    "DateEquals",
    "DateNotEquals",
    "DateLessThan",
    "DateLessThanEquals",
    "DateGreaterThan",
    "DateGreaterThanEquals",
    "Bool",
    "BinaryEquals",
    "IpAddress",
    "NotIpAddress",
    "ArnEquals",
    "ArnLike",
    "ArnNotEquals",
    "ArnNotLike",
    "Null",
];

impl Document {
    /// Reads and checks a document.
    ///
    /// # Errors
    /// `MalformedPolicyDocument`.
    pub fn parse(text: &str, place: Place) -> Result<Self> {
        let invalid_json = match place {
            Place::Trust => "This policy contains invalid Json",
            Place::Identity => SYNTAX,
        };
        let Ok(Value::Object(document)) = serde_json::from_str(text) else {
            return malformed(invalid_json);
        };
        if let Some(unknown) = document
            .keys()
            .find(|key| !["Version", "Id", "Statement"].contains(&key.as_str()))
        {
            return malformed(format!("Unknown field {unknown}"));
        }
        match document.get("Version") {
            None => {}
            Some(Value::String(version))
                if ["2012-10-17", "2008-10-17"].contains(&version.as_str()) => {}
            Some(_) => {
                return malformed("Policy document must be version 2012-10-17 or greater.");
            }
        }
        let statements = match document.get("Statement") {
            Some(Value::Array(statements)) if !statements.is_empty() => statements.iter().collect(),
            Some(statement @ Value::Object(_)) => vec![statement],
            _ => return malformed(SYNTAX),
        };
        let mut sids = BTreeSet::new();
        let statements = statements
            .into_iter()
            .map(|statement| match statement {
                Value::Object(members) => Statement::parse(members, place, &mut sids),
                _ => malformed(SYNTAX),
            })
            .collect::<Result<_>>()?;
        Ok(Self { statements })
    }
}

const SYNTAX: &str = "Syntax errors in policy.";

fn malformed<T>(text: impl Into<String>) -> Result<T> {
    Err(Error::MalformedPolicyDocument(text.into()))
}

impl Statement {
    fn parse<'a>(
        members: &'a Map<String, Value>,
        place: Place,
        sids: &mut BTreeSet<&'a str>,
    ) -> Result<Self> {
        if let Some(unknown) = members
            .keys()
            .find(|key| !STATEMENT_MEMBERS.contains(&key.as_str()))
        {
            return malformed(format!("Unknown field {unknown}"));
        }
        if let Some(sid) = members.get("Sid") {
            let Some(sid) = sid.as_str() else {
                return malformed(SYNTAX);
            };
            // Trust policies may have spaces in theirs; identity policies may not.
            if place == Place::Identity && !sid.bytes().all(|b| b.is_ascii_alphanumeric()) {
                return malformed(format!(
                    "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies \
                     the regular expression [0-9A-Za-z]*: {sid}"
                ));
            }
            if !sid.is_empty() && !sids.insert(sid) {
                return malformed("Statement IDs (SID) in a single policy must be unique.");
            }
        }
        let allow = match members.get("Effect").and_then(Value::as_str) {
            Some("Allow") => true,
            Some("Deny") => false,
            _ => return malformed(SYNTAX),
        };
        let (actions, not_action) = one_of(members, "Action", "NotAction")?
            .ok_or_else(|| text_error("Policy statement must contain actions."))?;
        actions.iter().try_for_each(|action| check_action(action))?;
        let resources = one_of(members, "Resource", "NotResource")?;
        let (principals, not_principal) = match place {
            Place::Identity => {
                if members.contains_key("Principal") || members.contains_key("NotPrincipal") {
                    return malformed("Policy document should not specify a principal.");
                }
                let (resources, _) = resources
                    .ok_or_else(|| text_error("Policy statement must contain resources."))?;
                resources.iter().try_for_each(|r| check_resource(r))?;
                (Vec::new(), false)
            }
            Place::Trust => {
                if resources.is_some() {
                    return malformed("Has prohibited field Resource");
                }
                if not_action || actions.iter().any(|action| !is_assume_action(action)) {
                    return malformed("AssumeRole policy may only specify STS AssumeRole actions.");
                }
                principals(members)?
            }
        };
        Ok(Self {
            allow,
            actions,
            not_action,
            principals,
            not_principal,
            conditions: conditions(members.get("Condition"))?,
        })
    }
}

fn text_error(text: &str) -> Error {
    Error::MalformedPolicyDocument(text.to_owned())
}

/// A text or a list of texts.
fn texts(value: &Value) -> Result<Vec<String>> {
    match value {
        Value::String(text) => Ok(vec![text.clone()]),
        Value::Array(values) if !values.is_empty() => values
            .iter()
            .map(|value| match value {
                Value::String(text) => Ok(text.clone()),
                _ => malformed(SYNTAX),
            })
            .collect(),
        _ => malformed(SYNTAX),
    }
}

/// `Action` xor `NotAction`, with whether it was the latter.
fn one_of(
    members: &Map<String, Value>,
    plain: &str,
    negated: &str,
) -> Result<Option<(Vec<String>, bool)>> {
    match (members.get(plain), members.get(negated)) {
        (Some(_), Some(_)) => malformed(SYNTAX),
        (Some(value), None) => Ok(Some((texts(value)?, false))),
        (None, Some(value)) => Ok(Some((texts(value)?, true))),
        (None, None) => Ok(None),
    }
}

fn check_action(action: &str) -> Result<()> {
    if action == "*" {
        return Ok(());
    }
    let Some((vendor, name)) = action.split_once(':') else {
        return malformed(
            "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
        );
    };
    if name.contains(':') {
        return malformed("Actions/Condition can contain only one colon.");
    }
    let is_vendor = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
    if vendor.is_empty() || !vendor.chars().all(is_vendor) || name.is_empty() {
        return malformed(format!("Vendor {vendor} is not valid"));
    }
    Ok(())
}

fn is_assume_action(action: &str) -> bool {
    let action = action.to_ascii_lowercase();
    action == "*"
        || action.strip_prefix("sts:").is_some_and(|name| {
            name.contains('*')
                || [
                    "assumerole",
                    "assumerolewithsaml",
                    "assumerolewithwebidentity",
                    "tagsession",
                    "setsourceidentity",
                    "setcontext",
                ]
                .contains(&name)
        })
}

fn check_resource(resource: &str) -> Result<()> {
    if resource == "*" {
        return Ok(());
    }
    let mut segments = resource.splitn(6, ':');
    let mut next = || segments.next();
    if next() != Some("arn") {
        return malformed(format!(
            "Resource {resource} must be in ARN format or \"*\"."
        ));
    }
    let (partition, service, region, account, rest) = (next(), next(), next(), next(), next());
    // `arn:aws:s3:::*` may be shortened with a trailing wildcard.
    let shortened = resource.ends_with('*') && rest.is_none();
    if let Some(partition) = partition.filter(|p| !p.contains('*'))
        && !partition.starts_with("aws")
    {
        return malformed(format!(
            "Partition \"{partition}\" is not valid for resource \"{resource}\"."
        ));
    }
    if shortened {
        return Ok(());
    }
    let (Some(service), Some(region), Some(_), Some(_)) = (service, region, account, rest) else {
        return malformed("The policy failed legacy parsing");
    };
    match service {
        "iam" if !region.is_empty() => malformed(format!(
            "IAM resource {resource} cannot contain region information."
        )),
        "s3" if !region.is_empty() => malformed(format!(
            "Resource {resource} can not contain region information."
        )),
        _ => Ok(()),
    }
}

fn principals(members: &Map<String, Value>) -> Result<(Vec<(String, String)>, bool)> {
    let (value, negated) = match (members.get("Principal"), members.get("NotPrincipal")) {
        (Some(value), None) => (value, false),
        (None, Some(value)) => (value, true),
        (None, None) => return malformed("Missing required field Principal"),
        _ => return malformed(SYNTAX),
    };
    let Value::Object(by_type) = value else {
        return malformed("AssumeRole policy must contain principals with a type.");
    };
    let mut principals = Vec::new();
    for (kind, values) in by_type {
        if !["AWS", "Service", "Federated", "CanonicalUser"].contains(&kind.as_str()) {
            return malformed(format!("Unknown principal type {kind}"));
        }
        for value in texts(values)? {
            principals.push((kind.clone(), value));
        }
    }
    if principals.is_empty() {
        return malformed("Missing required field Principal");
    }
    Ok((principals, negated))
}

fn conditions(value: Option<&Value>) -> Result<Vec<(String, String, Vec<String>)>> {
    let Some(value) = value else {
        return Ok(Vec::new());
    };
    let Value::Object(by_operator) = value else {
        return malformed(SYNTAX);
    };
    let mut conditions = Vec::new();
    for (operator, keys) in by_operator {
        let bare = ["ForAllValues:", "ForAnyValue:"]
            .iter()
            .find_map(|set| operator.strip_prefix(set))
            .unwrap_or(operator);
        let known = match bare.strip_suffix("IfExists") {
            Some("Null") => false,
            Some(bare) => OPERATORS.contains(&bare),
            None => OPERATORS.contains(&bare),
        };
        if !known {
            return malformed(format!("Invalid Condition type : {operator}"));
        }
        let Value::Object(keys) = keys else {
            return malformed(SYNTAX);
        };
        for (key, values) in keys {
            if !key.contains(':') {
                return malformed(
                    "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
                );
            }
            conditions.push((operator.clone(), key.clone(), scalars(values)?));
        }
    }
    Ok(conditions)
}

/// Condition values may be texts, numbers or truth values.
fn scalars(value: &Value) -> Result<Vec<String>> {
    match value {
        Value::String(text) => Ok(vec![text.clone()]),
        Value::Bool(_) | Value::Number(_) => Ok(vec![value.to_string()]),
        Value::Array(values) => {
            let lists: Vec<Vec<String>> = values.iter().map(scalars).collect::<Result<_>>()?;
            Ok(lists.into_iter().flatten().collect())
        }
        _ => malformed(SYNTAX),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn refused(place: Place, document: Value) -> String {
        match Document::parse(&document.to_string(), place) {
            Err(Error::MalformedPolicyDocument(text)) => text,
            other => panic!("{document} gave {other:?}"),
        }
    }

    fn statement(statement: Value) -> Value {
        json!({"Version": "2012-10-17", "Statement": [statement]})
    }

    #[test]
    fn sound_documents_pass() {
        let identity = json!({
            "Version": "2012-10-17",
            "Id": "x",
            "Statement": {
                "Sid": "ReadRaw1", "Effect": "Allow",
                "Action": ["s3:Get*", "kinesis:PutRecord"],
                "Resource": ["arn:aws:s3:::lake/*", "arn:aws:kinesis:*:000000000000:stream/s", "arn:aws:s3:*"],
                "Condition": {"StringLikeIfExists": {"aws:SourceArn": ["a", "b"]}, "Bool": {"aws:SecureTransport": true}},
            },
        });
        let document = Document::parse(&identity.to_string(), Place::Identity).unwrap();
        assert_eq!(document.statements[0].conditions.len(), 2);
        let trust = statement(json!({
            "Effect": "Allow", "Action": "sts:AssumeRole",
            "Principal": {"Service": ["glue.amazonaws.com", "firehose.amazonaws.com"]},
        }));
        let document = Document::parse(&trust.to_string(), Place::Trust).unwrap();
        assert_eq!(document.statements[0].principals.len(), 2);
    }

    #[test]
    fn text_that_is_no_json_is_refused_by_place() {
        for (place, text) in [
            (Place::Trust, "This policy contains invalid Json"),
            (Place::Identity, "Syntax errors in policy."),
        ] {
            let error = Document::parse("{", place).unwrap_err();
            assert_eq!(error, Error::MalformedPolicyDocument(text.to_owned()));
        }
    }

    #[test]
    fn the_grammar_of_identity_policies_is_checked() {
        let ok = json!({"Effect": "Allow", "Action": "s3:*", "Resource": "*"});
        let with = |name: &str, value: Value| {
            let mut members = ok.as_object().unwrap().clone();
            if value.is_null() {
                members.remove(name);
            } else {
                members.insert(name.to_owned(), value);
            }
            statement(Value::Object(members))
        };
        for (document, text) in [
            (json!({"Version": "2012-10-17"}), SYNTAX),
            (
                json!({"Version": "2020-01-01", "Statement": [ok]}),
                "Policy document must be version 2012-10-17 or greater.",
            ),
            (with("Effect", json!("allow")), SYNTAX),
            (
                with("Action", Value::Null),
                "Policy statement must contain actions.",
            ),
            (
                with("Resource", Value::Null),
                "Policy statement must contain resources.",
            ),
            (with("NotAction", json!("s3:*")), SYNTAX),
            (
                with("Principal", json!("*")),
                "Policy document should not specify a principal.",
            ),
            (
                with("Action", json!("GetObject")),
                "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
            ),
            (
                with("Action", json!("s3:a:b")),
                "Actions/Condition can contain only one colon.",
            ),
            (with("Action", json!("s*:Get")), "Vendor s* is not valid"),
            (
                with("Resource", json!("lake")),
                "Resource lake must be in ARN format or \"*\".",
            ),
            (
                with("Resource", json!("arn:aws:iam:us-east-1:1:role/x")),
                "IAM resource arn:aws:iam:us-east-1:1:role/x cannot contain region information.",
            ),
            (
                with("Resource", json!("arn:aws:s3")),
                "The policy failed legacy parsing",
            ),
            (
                with("Condition", json!({"StringIs": {"a:b": "c"}})),
                "Invalid Condition type : StringIs",
            ),
            (
                with("Condition", json!({"NullIfExists": {"a:b": "true"}})),
                "Invalid Condition type : NullIfExists",
            ),
            (with("Extra", json!(1)), "Unknown field Extra"),
        ] {
            assert_eq!(
                refused(Place::Identity, document.clone()),
                text,
                "{document}"
            );
        }
        let twice = json!({"Statement": [
            {"Sid": "a", "Effect": "Allow", "Action": "*", "Resource": "*"},
            {"Sid": "a", "Effect": "Deny", "Action": "*", "Resource": "*"},
        ]});
        assert_eq!(
            refused(Place::Identity, twice),
            "Statement IDs (SID) in a single policy must be unique."
        );
    }

    #[test]
    fn the_grammar_of_trust_policies_is_checked() {
        for (document, text) in [
            (
                json!({"Effect": "Allow", "Action": "sts:AssumeRole"}),
                "Missing required field Principal",
            ),
            (
                json!({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": "*"}),
                "AssumeRole policy must contain principals with a type.",
            ),
            (
                json!({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"}, "Resource": "*"}),
                "Has prohibited field Resource",
            ),
            (
                json!({"Effect": "Allow", "Action": "s3:GetObject", "Principal": {"AWS": "*"}}),
                "AssumeRole policy may only specify STS AssumeRole actions.",
            ),
        ] {
            assert_eq!(refused(Place::Trust, statement(document)), text);
        }
    }

    proptest! {
        #[test]
        fn arbitrary_text_never_panics(text in ".{0,200}") {
            let _ = Document::parse(&text, Place::Identity);
            let _ = Document::parse(&text, Place::Trust);
        }
    }
}
