//! Condition keys of a request: where it came from, and what it says.
//!
//! A key that AWS has and that is not gathered here cannot be told from one that the request does not
//! have, so a policy that asks for one is not judged by: see [`check_known`].

use std::collections::BTreeSet;

use serde_json::Value;

use super::Refusal;
use crate::base::Call;
use crate::iam::evaluate::Context;

/// Every condition key that is gathered, or is truly absent because what it tells of does not exist here
/// (organisations, networks of one's own, second factors), in lower case. One that ends in `/` has a tag's
/// key after it.
/// Source: "AWS global condition context keys", IAM guide; Service Authorization Reference.
const KNOWN: &[&str] = &[
    "aws:currenttime",
    "aws:epochtime",
    "aws:multifactorauthage",
    "aws:multifactorauthpresent",
    "aws:principalaccount",
    "aws:principalarn",
    "aws:principalisawsservice",
    "aws:principalorgid",
    "aws:principaltag/",
    "aws:principaltype",
    "aws:requestedregion",
    "aws:requesttag/",
    "aws:resourceaccount",
    "aws:resourcetag/",
    "aws:securetransport",
    "aws:sourceaccount",
    "aws:sourcearn",
    "aws:sourceidentity",
    "aws:sourceip",
    "aws:sourcevpc",
    "aws:sourcevpce",
    "aws:tagkeys",
    "aws:useragent",
    "aws:userid",
    "aws:username",
    "aws:viaawsservice",
    "aws:calledvia",
    "iam:passedtoservice",
    "iam:permissionsboundary",
    "iam:awsservicename",
    "iam:policyarn",
    "iam:resourcetag/",
    "s3:authtype",
    "s3:delimiter",
    "s3:existingobjecttag/",
    "s3:max-keys",
    "s3:prefix",
    "s3:requestobjecttag/",
    "s3:requestobjecttagkeys",
    "s3:resourceaccount",
    "s3:signatureversion",
    "s3:versionid",
    "s3:x-amz-acl",
    "s3:x-amz-content-sha256",
    "s3:x-amz-copy-source",
    "s3:x-amz-grant-full-control",
    "s3:x-amz-grant-read",
    "s3:x-amz-grant-read-acp",
    "s3:x-amz-grant-write",
    "s3:x-amz-grant-write-acp",
    "s3:x-amz-metadata-directive",
    "s3:x-amz-server-side-encryption",
    "s3:x-amz-server-side-encryption-aws-kms-key-id",
    "s3:x-amz-storage-class",
    "sts:externalid",
    "sts:rolesessionname",
    "sts:sourceidentity",
    "sts:transitivetagkeys",
];

/// Refuses condition keys that nobody gathers.
pub(super) fn check_known(keys: &BTreeSet<String>) -> Result<(), Refusal> {
    for key in keys {
        let folded = key.to_ascii_lowercase();
        let known = KNOWN.iter().any(|known| {
            known.strip_suffix('/').map_or(folded == *known, |tag| {
                folded.split_once('/').is_some_and(|(kind, _)| kind == tag)
            })
        });
        if !known {
            return Err(Refusal::Unjudged(format!("the condition key {key}")));
        }
    }
    Ok(())
}

/// Whether a condition key is about the tags of what is acted on.
pub(super) fn is_of_resource(key: &str) -> bool {
    let folded = key.to_ascii_lowercase();
    let kinds = [
        "aws:resourcetag/",
        "iam:resourcetag/",
        "s3:existingobjecttag/",
    ];
    kinds.iter().any(|kind| folded.starts_with(kind))
}

/// What every request has.
pub(super) fn of_call(call: &Call) -> Context {
    let mut context = Context::new();
    context.set("aws:CurrentTime", call.now.iso_millis());
    context.set("aws:EpochTime", call.now.secs().to_string());
    context.set("aws:RequestedRegion", call.region.as_str());
    context.set("aws:SecureTransport", call.origin.secure.to_string());
    context.set("aws:ViaAWSService", "false");
    if let Some(address) = call.origin.source_ip {
        context.set("aws:SourceIp", address.to_string());
    }
    if let Some(agent) = &call.origin.user_agent {
        context.set("aws:UserAgent", agent);
    }
    context
}

/// What a request says.
pub(super) fn of_request(service: &str, input: &Value) -> Context {
    let mut context = Context::new();
    let text = |member: &str| input.get(member).and_then(Value::as_str);
    tags(&mut context, input);
    let members: &[(&str, &str)] = match service {
        "iam" => &[
            ("PolicyArn", "iam:PolicyARN"),
            ("PermissionsBoundary", "iam:PermissionsBoundary"),
            ("AWSServiceName", "iam:AWSServiceName"),
        ],
        "sts" => &[
            ("ExternalId", "sts:ExternalId"),
            ("RoleSessionName", "sts:RoleSessionName"),
            ("SourceIdentity", "sts:SourceIdentity"),
        ],
        "s3" => &[
            ("ACL", "s3:x-amz-acl"),
            ("CopySource", "s3:x-amz-copy-source"),
            ("Delimiter", "s3:delimiter"),
            ("MaxKeys", "s3:max-keys"),
            ("Prefix", "s3:prefix"),
            ("ContentSha256", "s3:x-amz-content-sha256"),
            ("GrantFullControl", "s3:x-amz-grant-full-control"),
            ("GrantRead", "s3:x-amz-grant-read"),
            ("GrantReadACP", "s3:x-amz-grant-read-acp"),
            ("GrantWrite", "s3:x-amz-grant-write"),
            ("GrantWriteACP", "s3:x-amz-grant-write-acp"),
            ("MetadataDirective", "s3:x-amz-metadata-directive"),
            ("ServerSideEncryption", "s3:x-amz-server-side-encryption"),
            (
                "SSEKMSKeyId",
                "s3:x-amz-server-side-encryption-aws-kms-key-id",
            ),
            ("StorageClass", "s3:x-amz-storage-class"),
            ("VersionId", "s3:VersionId"),
        ],
        _ => &[],
    };
    for (member, key) in members {
        if let Some(value) = text(member) {
            context.set(key, value);
        }
    }
    if service == "sts"
        && let Some(keys) = input.get("TransitiveTagKeys").and_then(Value::as_array)
    {
        let keys = keys.iter().filter_map(Value::as_str).map(str::to_owned);
        context.set_all("sts:TransitiveTagKeys", keys);
    }
    if service == "s3" {
        context.set("s3:authType", text("AuthType").unwrap_or("REST-HEADER"));
        context.set("s3:signatureversion", "AWS4-HMAC-SHA256");
        if let Some(tagging) = text("Tagging") {
            let tags: Vec<_> = form_urlencoded::parse(tagging.as_bytes()).collect();
            for (key, value) in &tags {
                context.set(&format!("s3:RequestObjectTag/{key}"), value.as_ref());
            }
            let keys = tags.iter().map(|(key, _)| key.to_string());
            context.set_all("s3:RequestObjectTagKeys", keys);
        }
    }
    context
}

/// Tags that a request sets or removes: a list of `Key` and `Value`, an object of them, or keys alone.
fn tags(context: &mut Context, input: &Value) {
    let mut keys: Vec<String> = Vec::new();
    let mut set = |key: &str, value: Option<&str>, keys: &mut Vec<String>| {
        if let Some(value) = value {
            context.set(&format!("aws:RequestTag/{key}"), value);
        }
        keys.push(key.to_owned());
    };
    for member in ["Tags", "TagsToAdd"] {
        match input.get(member) {
            Some(Value::Array(tags)) => {
                for tag in tags {
                    let part = |name: &str| tag.get(name).and_then(Value::as_str);
                    if let Some(key) = part("Key") {
                        set(key, part("Value"), &mut keys);
                    }
                }
            }
            Some(Value::Object(tags)) => {
                for (key, value) in tags {
                    set(key, value.as_str(), &mut keys);
                }
            }
            _ => {}
        }
    }
    for member in ["TagKeys", "TagsToRemove"] {
        let removed = input.get(member).and_then(Value::as_array);
        let removed = removed.into_iter().flatten().filter_map(Value::as_str);
        keys.extend(removed.map(str::to_owned));
    }
    context.set_all("aws:TagKeys", keys);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn tags_of_every_form_are_gathered() {
        let list = of_request("iam", &json!({"Tags": [{"Key": "team", "Value": "wind"}]}));
        assert_eq!(list.single("aws:RequestTag/team"), Some("wind"));
        let object = of_request("glue", &json!({"TagsToAdd": {"team": "wind"}}));
        assert_eq!(object.single("aws:RequestTag/team"), Some("wind"));
        let removed = of_request("kinesis", &json!({"TagKeys": ["team", "cost"]}));
        let keys = ["team".to_owned(), "cost".to_owned()];
        assert_eq!(removed.get("aws:TagKeys"), Some(keys.as_slice()));
        assert_eq!(of_request("iam", &json!({})).get("aws:TagKeys"), None);
    }

    #[test]
    fn what_s3_is_asked_is_gathered() {
        let asked = json!({"Bucket": "lake", "Prefix": "raw/", "Tagging": "a=1&b=2"});
        let context = of_request("s3", &asked);
        assert_eq!(context.single("s3:prefix"), Some("raw/"));
        assert_eq!(context.single("s3:RequestObjectTag/b"), Some("2"));
        assert_eq!(context.single("s3:delimiter"), None);
    }

    #[test]
    fn a_key_that_nobody_gathers_is_refused_by_name() {
        let check = |key: &str| check_known(&BTreeSet::from([key.to_owned()]));
        assert_eq!(check("aws:PrincipalTag/Team"), Ok(()));
        assert_eq!(check("AWS:SourceIp"), Ok(()));
        for key in ["ec2:Vpc", "aws:PrincipalTag", "s3:TlsVersion"] {
            let refused = check(key).unwrap_err();
            assert_eq!(
                refused,
                Refusal::Unjudged(format!("the condition key {key}"))
            );
        }
    }
}
