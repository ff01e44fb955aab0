//! The XML documents of the Query protocol.

use serde_json::Value;

use crate::base::Timestamp;
use crate::wire::model::{Facts, Kind, Operation, ShapeId};

/// `<CreateRoleResponse><CreateRoleResult>…</CreateRoleResult><ResponseMetadata>…`.
pub fn reply(facts: &Facts, operation: &Operation, output: &Value, request_id: &str) -> String {
    let mut out = String::new();
    let root = format!("{}Response", operation.name);
    open_with_namespace(&mut out, &root, &facts.namespace);
    if let (Some(shape), Some(wrapper)) = (operation.output, &operation.wrapper) {
        element(&mut out, wrapper, |out| write(facts, shape, output, out));
    }
    element(&mut out, "ResponseMetadata", |out| {
        element(out, "RequestId", |out| escape(request_id, out));
    });
    close(&mut out, &root);
    out
}

/// `<ErrorResponse><Error><Type>Sender</Type><Code/><Message/></Error><RequestId/></ErrorResponse>`.
pub fn error(namespace: &str, status: u16, code: &str, message: &str, request_id: &str) -> String {
    let mut out = String::new();
    open_with_namespace(&mut out, "ErrorResponse", namespace);
    element(&mut out, "Error", |out| {
        let side = if status < 500 { "Sender" } else { "Receiver" };
        element(out, "Type", |out| out.push_str(side));
        element(out, "Code", |out| escape(code, out));
        element(out, "Message", |out| escape(message, out));
    });
    element(&mut out, "RequestId", |out| escape(request_id, out));
    close(&mut out, "ErrorResponse");
    out
}

/// The inside of the element that holds a value. What the facts do not know is left out.
fn write(facts: &Facts, id: ShapeId, value: &Value, out: &mut String) {
    match (&facts.shape(id).kind, value) {
        (Kind::Structure(structure), Value::Object(members)) => {
            for member in &structure.members {
                match members.get(&member.name) {
                    None | Some(Value::Null) => {}
                    Some(value) => element(out, &member.name, |out| {
                        write(facts, member.shape, value, out);
                    }),
                }
            }
        }
        (Kind::List(shape, name), Value::Array(elements)) => {
            for value in elements {
                element(out, name, |out| write(facts, *shape, value, out));
            }
        }
        (Kind::Map(_, shape), Value::Object(entries)) => {
            for (key, value) in entries {
                element(out, "entry", |out| {
                    element(out, "key", |out| escape(key, out));
                    element(out, "value", |out| write(facts, *shape, value, out));
                });
            }
        }
        (Kind::Timestamp(_), value) => match serde_json::from_value::<Timestamp>(value.clone()) {
            Ok(instant) => out.push_str(&iso(instant)),
            Err(_) => tracing::warn!(%value, "not an instant"),
        },
        (_, Value::String(text)) => escape(text, out),
        (_, Value::Null) => {}
        (_, scalar) => escape(&scalar.to_string(), out),
    }
}

/// ISO 8601 in UTC: whole seconds without a fraction, as IAM and STS keep them.
fn iso(instant: Timestamp) -> String {
    let text = instant.iso_millis();
    match text.strip_suffix(".000Z") {
        Some(seconds) => format!("{seconds}Z"),
        None => text,
    }
}

fn element(out: &mut String, name: &str, inside: impl FnOnce(&mut String)) {
    out.push('<');
    out.push_str(name);
    out.push('>');
    inside(out);
    close(out, name);
}

fn open_with_namespace(out: &mut String, name: &str, namespace: &str) {
    out.push('<');
    out.push_str(name);
    if !namespace.is_empty() {
        out.push_str(" xmlns=\"");
        escape(namespace, out);
        out.push('"');
    }
    out.push('>');
}

fn close(out: &mut String, name: &str) {
    out.push_str("</");
    out.push_str(name);
    out.push('>');
}

/// Text content. Characters XML 1.0 cannot carry become U+FFFD; a carriage return is written as a
/// reference because parsers turn a bare one into a line feed.
pub fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\r' => out.push_str("&#xD;"),
            '\t' | '\n' | '\u{20}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'.. => {
                out.push(c);
            }
            _ => out.push('\u{FFFD}'),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::wire::service::Service;

    #[test]
    fn replies_have_their_golden_bytes() {
        let sts = Facts::of(Service::Sts);
        let identity = json!({
            "Account": "000000000000",
            "UserId": "000000000000",
            "Arn": "arn:aws:iam::000000000000:root",
        });
        assert_eq!(
            reply(
                sts,
                sts.operation("GetCallerIdentity").unwrap(),
                &identity,
                "r-1"
            ),
            "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\
             <GetCallerIdentityResult><UserId>000000000000</UserId><Account>000000000000</Account>\
             <Arn>arn:aws:iam::000000000000:root</Arn></GetCallerIdentityResult>\
             <ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata>\
             </GetCallerIdentityResponse>"
        );
        let iam = Facts::of(Service::Iam);
        let roles = json!({
            "Roles": [{
                "Path": "/", "RoleName": "a&b", "RoleId": "AROA", "Arn": "x",
                "CreateDate": 1_745_998_505.0, "Tags": [{"Key": "k", "Value": "<v>"}],
            }],
            "IsTruncated": false,
        });
        assert_eq!(
            reply(iam, iam.operation("ListRoles").unwrap(), &roles, "r"),
            "<ListRolesResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\">\
             <ListRolesResult><Roles><member><Path>/</Path><RoleName>a&amp;b</RoleName>\
             <RoleId>AROA</RoleId><Arn>x</Arn><CreateDate>2025-04-30T07:35:05Z</CreateDate>\
             <Tags><member><Key>k</Key><Value>&lt;v&gt;</Value></member></Tags></member></Roles>\
             <IsTruncated>false</IsTruncated></ListRolesResult>\
             <ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></ListRolesResponse>"
        );
        assert_eq!(
            reply(iam, iam.operation("DeleteRole").unwrap(), &json!({}), "r"),
            "<DeleteRoleResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\">\
             <ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></DeleteRoleResponse>"
        );
    }

    #[test]
    fn errors_have_their_golden_bytes() {
        assert_eq!(
            error("ns", 404, "NoSuchEntity", "The role \"x\" is gone.", "r"),
            "<ErrorResponse xmlns=\"ns\"><Error><Type>Sender</Type><Code>NoSuchEntity</Code>\
             <Message>The role &quot;x&quot; is gone.</Message></Error><RequestId>r</RequestId>\
             </ErrorResponse>"
        );
        assert!(error("", 501, "c", "m", "r").contains("<Type>Receiver</Type>"));
    }

    /// The reading side, enough to undo `escape`.
    fn unescape(text: &str) -> String {
        text.replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&quot;", "\"")
            .replace("&#xD;", "\r")
            .replace("&amp;", "&")
    }

    proptest! {
        #[test]
        fn escaped_text_has_no_markup_and_reads_back(text in any::<String>()) {
            let mut escaped = String::new();
            escape(&text, &mut escaped);
            prop_assert!(!escaped.contains(['<', '>', '"']));
            let legal: String = text
                .chars()
                .map(|c| match c {
                    '\0'..='\u{8}' | '\u{B}' | '\u{C}' | '\u{E}'..='\u{1F}' | '\u{FFFE}' | '\u{FFFF}' => '\u{FFFD}',
                    c => c,
                })
                .collect();
            prop_assert_eq!(unescape(&escaped), legal);
        }
    }
}
