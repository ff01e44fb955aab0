//! Every operation of every service in the API model, asked emptily, too much and wrongly, through the
//! router and without a port. Whatever comes back has the shape of its protocol and a request id; nothing
//! is answered with 500, and nothing that is not executed is answered with success.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use http::{HeaderMap, Request};
use http_body_util::BodyExt as _;
use s3s::Body;
use serde_json::{Map, Value, json};
use windfarm::base::limits::wire::{FORM_BODY_MAX_BYTES, JSON_BODY_MAX_BYTES};
use windfarm::emulator::Emulator;
use windfarm::wire::fidelity::{Row, handled, table};
use windfarm::wire::model::{Facts, Kind, Member, Operation, Shape};
use windfarm::wire::service::{Protocol, Service};

use crate::world;

/// Longer values than this are not sent: their patterns take long without optimisation, and the longest
/// that are allowed have gigabytes.
const MAX_SENT: f64 = 20_000.0;

/// Old names of operations of S3: the same requests as under the new ones.
const SAME_REQUEST: [&str; 2] = ["GetBucketLifecycle", "GetBucketNotification"];

/// Operations of S3 that are sent a document of 20 MiB: a few, as each is digested, which takes seconds
/// without optimisation.
const ENORMOUS_OF_S3: [&str; 3] = ["CompleteMultipartUpload", "CreateBucket", "PutBucketAbac"];

struct Reply {
    status: u16,
    headers: HeaderMap,
    body: Bytes,
}

impl Reply {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }
}

async fn send(emulator: &Emulator, request: Request<Body>) -> Reply {
    let (parts, body) = emulator.router().call(request).await.into_parts();
    Reply {
        status: parts.status.as_u16(),
        headers: parts.headers,
        body: body.collect().await.unwrap().to_bytes(),
    }
}

fn authorization(service: &str) -> String {
    format!(
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20250430/us-east-1/{service}/aws4_request, \
         SignedHeaders=host, Signature=00"
    )
}

fn json_request(service: Service, operation: &str, body: Bytes) -> Request<Body> {
    Request::post("/")
        .header("authorization", authorization(service.name()))
        .header("content-type", "application/x-amz-json-1.1")
        .header(
            "x-amz-target",
            format!("{}.{operation}", service.target().unwrap()),
        )
        .body(Body::from(body))
        .unwrap()
}

fn form_request(service: Service, body: Bytes) -> Request<Body> {
    Request::post("/")
        .header("authorization", authorization(service.name()))
        .header(
            "content-type",
            "application/x-www-form-urlencoded; charset=utf-8",
        )
        .body(Body::from(body))
        .unwrap()
}

fn form(operation: &Operation, version: &str, fields: &[(&str, &str)]) -> Bytes {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("Action", &operation.name)
        .append_pair("Version", version);
    for (name, value) in fields {
        form.append_pair(name, value);
    }
    form.finish().into()
}

fn rows(protocol: Protocol) -> Vec<Row> {
    let mut rows = table(&handled()).unwrap();
    rows.retain(|row| row.service.protocol() == protocol);
    rows
}

fn members<'f>(facts: &'f Facts, operation: &Operation) -> &'f [Member] {
    operation
        .input
        .and_then(|id| facts.shape(id).structure())
        .map_or(&[], |structure| &structure.members)
}

/// Element names close in the order they were opened, and there is one root.
fn is_well_formed(xml: &str) -> bool {
    let mut open = Vec::new();
    let mut roots = 0;
    for tag in xml.split('<').skip(1) {
        let Some((tag, _)) = tag.split_once('>') else {
            return false;
        };
        if tag.starts_with('?') {
            continue;
        }
        if let Some(name) = tag.strip_prefix('/') {
            if open.pop() != Some(name) {
                return false;
            }
            continue;
        }
        roots += usize::from(open.is_empty());
        if !tag.ends_with('/') {
            open.push(tag.split_whitespace().next().unwrap_or_default());
        }
    }
    open.is_empty() && roots == 1
}

/// The text inside the first element of this name.
fn inside<'x>(xml: &'x str, name: &str) -> Option<&'x str> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    Some(rest.split_once(&format!("</{name}>"))?.0)
}

/// What is wrong with a reply as one of its protocol; its error code, if it is an error.
fn code_of(protocol: Protocol, operation: &str, reply: &Reply) -> Result<Option<String>, String> {
    let text = reply.text();
    let failed = reply.status >= 400;
    if reply.status == 500 || !(200..600).contains(&reply.status) {
        return Err("not a status of AWS's".to_owned());
    }
    match protocol {
        Protocol::Json => {
            if reply.header("x-amzn-requestid").len() != 36 {
                return Err("no request id".to_owned());
            }
            if reply.header("content-type") != "application/x-amz-json-1.1" {
                return Err(format!("content type {}", reply.header("content-type")));
            }
            if !failed && text.is_empty() {
                return Ok(None);
            }
            let document: Value = serde_json::from_str(&text).map_err(|e| e.to_string())?;
            let document = document.as_object().ok_or("no document")?;
            match (failed, document.get("__type").and_then(Value::as_str)) {
                (true, Some(code)) => Ok(Some(code.to_owned())),
                (true, None) => Err("an error without a type".to_owned()),
                (false, Some(_)) => Err("a success with an error's type".to_owned()),
                (false, None) => Ok(None),
            }
        }
        Protocol::Query => {
            let id = reply.header("x-amzn-requestid");
            if id.len() != 36 || inside(&text, "RequestId") != Some(id) {
                return Err("the request id is not in header and document".to_owned());
            }
            if !reply.header("content-type").starts_with("text/xml") || !is_well_formed(&text) {
                return Err("no XML document".to_owned());
            }
            let root = if failed {
                "<ErrorResponse".to_owned()
            } else {
                format!("<{operation}Response")
            };
            if !text.contains(&root) {
                return Err(format!("no {root}>"));
            }
            match inside(&text, "Code").filter(|code| !code.is_empty()) {
                Some(code) if failed => Ok(Some(code.to_owned())),
                None if failed => Err("an error without a code".to_owned()),
                _ => Ok(None),
            }
        }
        Protocol::RestXml => {
            let id = reply.header("x-amz-request-id");
            if id.is_empty() || reply.header("x-amz-id-2").is_empty() {
                return Err("no request ids".to_owned());
            }
            if !failed || operation.starts_with("Head") {
                return Ok(None);
            }
            if !is_well_formed(&text) || inside(&text, "RequestId") != Some(id) {
                return Err("no error document with the request id".to_owned());
            }
            match inside(&text, "Code").filter(|code| !code.is_empty()) {
                Some(code) => Ok(Some(code.to_owned())),
                None => Err("an error without a code".to_owned()),
            }
        }
    }
}

/// What is found wrong, gathered so that one run shows all of it.
#[derive(Default)]
struct Findings {
    wrong: Vec<String>,
    asked: usize,
}

impl Findings {
    /// Looks at a reply; its error code.
    fn look(&mut self, row: &Row, kind: &str, reply: &Reply) -> Option<String> {
        self.asked += 1;
        let found = code_of(row.service.protocol(), row.operation, reply);
        let refused = reply.status == 501;
        match &found {
            Err(problem) => self.add(row, kind, reply, problem),
            Ok(None) if !row.handled && reply.status < 400 => {
                self.add(row, kind, reply, "a success of what is not executed");
            }
            Ok(Some(code)) if refused && code != "NotImplemented" => {
                self.add(row, kind, reply, "501 with another code");
            }
            // S3 tells some operations apart by a parameter that an empty request lacks.
            Ok(Some(_)) if row.service == Service::S3 && kind == "empty" => {}
            Ok(Some(_)) if refused && !reply.text().contains(&row.name()) => {
                self.add(
                    row,
                    kind,
                    reply,
                    "a refusal that does not name its operation",
                );
            }
            Ok(_) => {}
        }
        found.ok().flatten()
    }

    fn expect(&mut self, row: &Row, kind: &str, reply: &Reply, holds: bool, wanted: &str) {
        if !holds {
            self.add(row, kind, reply, wanted);
        }
    }

    fn add(&mut self, row: &Row, kind: &str, reply: &Reply, problem: &str) {
        let start: String = reply.text().chars().take(300).collect();
        self.wrong.push(format!(
            "{} {kind}: {problem}: {} {start}",
            row.name(),
            reply.status
        ));
    }

    #[track_caller]
    fn check(self, at_least: usize) {
        let shown: Vec<&String> = self.wrong.iter().take(60).collect();
        assert!(
            self.wrong.is_empty(),
            "{} of {}: {shown:#?}",
            self.wrong.len(),
            self.asked
        );
        assert!(self.asked >= at_least, "only {} requests", self.asked);
    }
}

/// The code that a service gives violated constraints.
fn constraint_code(service: Service) -> &'static str {
    match service {
        Service::Athena => "InvalidRequestException",
        Service::Iam | Service::Sts => "ValidationError",
        Service::Logs => "InvalidParameterException",
        _ => "ValidationException",
    }
}

/// Whether a message lists every required member as missing, in AWS's grammar.
fn lists_missing(text: &str, members: &[Member]) -> bool {
    let required: Vec<&Member> = members.iter().filter(|m| m.required).collect();
    let listed = required.len().min(10);
    let plural = if listed == 1 { "" } else { "s" };
    text.contains(&format!(
        "{listed} validation error{plural} detected: Value "
    )) && required.iter().take(listed).all(|member| {
        let path = &member.path;
        text.contains(&format!(
            "Value null at '{path}' failed to satisfy constraint: Member must not be null"
        ))
    })
}

/// A JSON value that the shape is not.
fn wrongly_typed(shape: &Shape) -> Option<Value> {
    Some(match shape.kind {
        Kind::Document => return None,
        Kind::Structure(_) | Kind::Map(..) => json!("text"),
        Kind::List(..) => json!({"a": 1}),
        Kind::String | Kind::Blob => json!(7),
        Kind::Integer | Kind::Long | Kind::Double | Kind::Boolean | Kind::Timestamp(_) => json!([]),
    })
}

/// A value longer or greater than the shape's maximum.
fn oversized(shape: &Shape) -> Option<Value> {
    let max = shape.max.filter(|max| *max < MAX_SENT)?;
    let beyond = max as usize + 1;
    match shape.kind {
        Kind::String => Some("x".repeat(beyond).into()),
        Kind::Blob => Some("AAAA".repeat(beyond / 3 + 1).into()),
        Kind::Integer | Kind::Long => Some(beyond.into()),
        Kind::Double => Some((max + 1.0).into()),
        _ => None,
    }
}

fn document(name: &str, value: Value) -> Bytes {
    Value::Object(Map::from_iter([(name.to_owned(), value)]))
        .to_string()
        .into()
}

#[tokio::test]
async fn every_operation_is_answered_as_its_protocol_answers() {
    let emulator = world::emulator(1);
    let mut findings = Findings::default();
    // One allocation for all requests; the router does not copy what it refuses.
    let enormous = Bytes::from(vec![b' '; JSON_BODY_MAX_BYTES + 1]);
    for row in rows(Protocol::Json) {
        let facts = Facts::of(row.service);
        let operation = facts.operation(row.operation).unwrap();
        let members = members(facts, operation);
        let ask = |body: Bytes| send(&emulator, json_request(row.service, row.operation, body));

        let reply = ask("{}".into()).await;
        let code = findings.look(&row, "empty", &reply);
        if members.iter().any(|member| member.required) {
            let holds = reply.status == 400
                && code.as_deref() == Some(constraint_code(row.service))
                && lists_missing(&reply.text(), members);
            findings.expect(
                &row,
                "empty",
                &reply,
                holds,
                "missing members are not listed",
            );
        }
        let reply = ask(enormous.clone()).await;
        let code = findings.look(&row, "enormous", &reply);
        let holds =
            reply.status == 413 && code.as_deref() == Some("RequestEntityTooLargeException");
        findings.expect(&row, "enormous", &reply, holds, "taken in");

        let mut wrong: Vec<Bytes> = ["[]", "7", "\"x\"", "{", "", "null", "\u{feff}{}"]
            .map(Bytes::from)
            .to_vec();
        wrong.extend(members.iter().filter_map(|member| {
            let value = wrongly_typed(facts.shape(member.shape))?;
            Some(document(&member.name, value))
        }));
        for body in wrong {
            let kind = format!("wrongly typed {}", String::from_utf8_lossy(&body));
            let reply = ask(body).await;
            let code = findings.look(&row, &kind, &reply);
            let holds = reply.status == 400 && code.as_deref() == Some("SerializationException");
            findings.expect(&row, &kind, &reply, holds, "no SerializationException");
        }
        for member in members {
            let shape = facts.shape(member.shape);
            let Some(value) = oversized(shape) else {
                continue;
            };
            let kind = format!("oversized {}", member.name);
            let reply = ask(document(&member.name, value)).await;
            let code = findings.look(&row, &kind, &reply);
            let holds = reply.status == 400
                && code.as_deref() == Some(constraint_code(row.service))
                && reply
                    .text()
                    .contains(&format!("at '{}' failed", member.path))
                && reply.text().contains("than or equal to");
            findings.expect(&row, &kind, &reply, holds, "the constraint is not named");
        }
    }
    findings.check(6_000);
}

#[tokio::test]
async fn every_query_operation_is_answered_in_xml() {
    let emulator = world::emulator(2);
    let mut findings = Findings::default();
    let enormous = Bytes::from(vec![b'x'; FORM_BODY_MAX_BYTES + 1]);
    for row in rows(Protocol::Query) {
        let facts = Facts::of(row.service);
        let operation = facts.operation(row.operation).unwrap();
        let members = members(facts, operation);
        let ask = |body: Bytes| send(&emulator, form_request(row.service, body));

        let reply = ask(form(operation, &facts.version, &[])).await;
        let code = findings.look(&row, "empty", &reply);
        if members.iter().any(|member| member.required) {
            let text = reply.text().replace("&apos;", "'").replace("&#39;", "'");
            let holds = reply.status == 400
                && code.as_deref() == Some("ValidationError")
                && lists_missing(&text, members);
            findings.expect(
                &row,
                "empty",
                &reply,
                holds,
                "missing members are not listed",
            );
        }
        let reply = ask(enormous.clone()).await;
        let code = findings.look(&row, "enormous", &reply);
        let holds = reply.status == 413 && code.is_some();
        findings.expect(&row, "enormous", &reply, holds, "taken in");

        for member in members {
            let shape = facts.shape(member.shape);
            let scalar = matches!(
                shape.kind,
                Kind::Integer | Kind::Long | Kind::Double | Kind::Boolean | Kind::Timestamp(_)
            );
            if scalar {
                let kind = format!("wrongly typed {}", member.name);
                let reply = ask(form(operation, &facts.version, &[(&member.name, "no")])).await;
                let code = findings.look(&row, &kind, &reply);
                let holds = reply.status == 400 && code.as_deref() == Some("MalformedInput");
                findings.expect(&row, &kind, &reply, holds, "no MalformedInput");
            }
            if let Some(value) = oversized(shape) {
                let kind = format!("oversized {}", member.name);
                let text = value
                    .as_str()
                    .map_or_else(|| value.to_string(), str::to_owned);
                let reply = ask(form(operation, &facts.version, &[(&member.name, &text)])).await;
                let code = findings.look(&row, &kind, &reply);
                let holds = reply.status == 400 && code.as_deref() == Some("ValidationError");
                findings.expect(&row, &kind, &reply, holds, "no ValidationError");
            }
        }
    }
    findings.check(700);
}

/// What the API facts say about the HTTP side of an S3 operation.
struct Binding {
    operation: String,
    method: String,
    path: String,
    /// Required headers and query parameters: location, name, kind of shape.
    required: Vec<(String, String)>,
    /// Numeric query parameters.
    numbers: Vec<String>,
    /// Whether the request has a document.
    document: bool,
}

fn bindings() -> BTreeMap<String, Binding> {
    let root = env!("CARGO_MANIFEST_DIR");
    let text = std::fs::read_to_string(format!("{root}/fixtures/api-model/s3.json")).unwrap();
    let facts: Value = serde_json::from_str(&text).unwrap();
    let operations = facts["operations"].as_object().unwrap();
    operations
        .iter()
        .map(|(name, operation)| {
            let input = &facts["shapes"][operation["in"].as_str().unwrap_or_default()];
            let empty = Map::new();
            let members = input["m"].as_object().unwrap_or(&empty);
            let required: BTreeSet<&str> = input["req"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .collect();
            let located = |wanted: &[&str]| {
                members
                    .iter()
                    .filter(|(_, member)| {
                        member["loc"]
                            .as_str()
                            .is_some_and(|loc| wanted.contains(&loc))
                    })
                    .collect::<Vec<_>>()
            };
            let wire = |member: &Value| {
                let location = member["loc"].as_str().unwrap_or_default().to_owned();
                (
                    location,
                    member["name"].as_str().unwrap_or_default().to_owned(),
                )
            };
            let binding = Binding {
                operation: name.clone(),
                method: operation["http"][0].as_str().unwrap().to_owned(),
                path: operation["http"][1].as_str().unwrap().to_owned(),
                required: located(&["header", "querystring"])
                    .into_iter()
                    .filter(|(name, _)| required.contains(name.as_str()))
                    .map(|(_, member)| wire(member))
                    .collect(),
                numbers: located(&["querystring"])
                    .into_iter()
                    .filter(|(_, member)| {
                        let shape = &facts["shapes"][member["s"].as_str().unwrap_or_default()];
                        shape["t"] == "integer"
                    })
                    .map(|(_, member)| wire(member).1)
                    .collect(),
                document: members
                    .values()
                    .any(|m| m["loc"].is_null() && m["stream"].is_null()),
            };
            (name.clone(), binding)
        })
        .collect()
}

/// A request of an S3 operation; `more` goes into the query.
fn s3_request(
    binding: &Binding,
    key: &str,
    with_required: bool,
    more: &[(&str, &str)],
    body: Bytes,
) -> Request<Body> {
    let mut path = binding
        .path
        .replace("{Bucket}", "bucket")
        .replace("{Key+}", key);
    let mut headers = vec![("authorization".to_owned(), authorization("s3"))];
    let mut query = more
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect::<Vec<_>>();
    for (location, name) in binding.required.iter().filter(|_| with_required) {
        match location.as_str() {
            "header" => headers.push((name.to_ascii_lowercase(), "/bucket/other".to_owned())),
            _ => query.push(format!("{name}=1")),
        }
    }
    // As the SDKs do. Two operations are other ones without their name.
    let named = ["ListDirectoryBuckets", "ListObjectAnnotations"];
    if with_required || named.contains(&binding.operation.as_str()) {
        query.push(format!("x-id={}", binding.operation));
    }
    for pair in query {
        path.push(if path.contains('?') { '&' } else { '?' });
        path.push_str(&pair);
    }
    let mut request = Request::builder().method(binding.method.as_str()).uri(path);
    for (name, value) in headers {
        request = request.header(name, value);
    }
    request.body(Body::from(body)).unwrap()
}

#[tokio::test]
async fn every_operation_of_s3_is_answered_or_refused_by_name() {
    let bindings = bindings();
    let mut findings = Findings::default();
    let enormous = Bytes::from(vec![b' '; 20 * 1024 * 1024 + 1]);
    let mut refused = BTreeSet::new();
    for row in rows(Protocol::RestXml) {
        if SAME_REQUEST.contains(&row.operation) {
            continue;
        }
        let binding = &bindings[row.operation];
        // Nothing one operation does can help or hinder another.
        let emulator = world::emulator(3);
        for (kind, required) in [("empty", false), ("with what is required", true)] {
            let request = s3_request(binding, "key", required, &[], Bytes::new());
            let reply = send(&emulator, request).await;
            let code = findings.look(&row, kind, &reply);
            let alone = ["ListBuckets", "CreateBucket"].contains(&row.operation);
            let holds = alone || reply.status >= 400;
            findings.expect(&row, kind, &reply, holds, "a success without a bucket");
            if required && code.as_deref() == Some("NotImplemented") {
                refused.insert(row.operation);
                findings.expect(
                    &row,
                    kind,
                    &reply,
                    !row.handled,
                    "refused and listed as executed",
                );
            }
        }
        // From here on there is a bucket, so that its absence hides nothing.
        let made = s3_request(&bindings["CreateBucket"], "", false, &[], Bytes::new());
        send(&emulator, made).await;
        for number in &binding.numbers {
            let kind = format!("wrongly typed {number}");
            let wrong = [(number.as_str(), "abc")];
            let request = s3_request(binding, "key", false, &wrong, Bytes::new());
            let reply = send(&emulator, request).await;
            findings.look(&row, &kind, &reply);
            findings.expect(
                &row,
                &kind,
                &reply,
                reply.status >= 400,
                "a number that is none",
            );
        }
        if binding.path.contains("{Key+}") {
            let request = s3_request(binding, &"k".repeat(1_025), true, &[], Bytes::new());
            let reply = send(&emulator, request).await;
            findings.look(&row, "oversized key", &reply);
            findings.expect(
                &row,
                "oversized key",
                &reply,
                reply.status >= 400,
                "a key too long",
            );
        }
        if binding.document {
            let mut bodies = vec![
                (
                    "a document of another kind",
                    Bytes::from("<Other><A>1</A></Other>"),
                ),
                ("no document", Bytes::from("{\"a\": ")),
                ("cut short", Bytes::from("<Tagging><TagSet>")),
            ];
            if ENORMOUS_OF_S3.contains(&row.operation) {
                bodies.push(("enormous", enormous.clone()));
            }
            for (kind, body) in bodies {
                let request = s3_request(binding, "key", true, &[], body);
                let reply = send(&emulator, request).await;
                findings.look(&row, kind, &reply);
                findings.expect(&row, kind, &reply, reply.status >= 400, "not refused");
            }
        }
    }
    // Each absent operation is refused by its own name at least once, not by a neighbour's.
    for row in rows(Protocol::RestXml) {
        // One that takes a document is refused for the lack of it.
        let told = bindings[row.operation].document || SAME_REQUEST.contains(&row.operation);
        if !row.handled && !told && !refused.contains(row.operation) {
            findings
                .wrong
                .push(format!("{}: never refused by its name", row.name()));
        }
    }
    findings.check(350);
}

#[tokio::test]
async fn unknown_operations_are_answered_as_on_aws() {
    let emulator = world::emulator(4);
    for service in Service::ALL {
        for operation in ["Nope", "", "listStreams", "GetCallerIdentity2", "a.b"] {
            match service.protocol() {
                Protocol::Json => {
                    let reply =
                        send(&emulator, json_request(service, operation, "{}".into())).await;
                    let found = (reply.status, reply.text());
                    let unknown = r#"{"__type":"UnknownOperationException"}"#.to_owned();
                    assert_eq!(found, (400, unknown), "{service}.{operation}");
                }
                Protocol::Query => {
                    let version = &Facts::of(service).version;
                    let body = format!("Action={operation}&Version={version}");
                    let reply = send(&emulator, form_request(service, body.into())).await;
                    let code = code_of(Protocol::Query, operation, &reply).unwrap();
                    let wanted = if operation.is_empty() {
                        "MissingAction"
                    } else {
                        "InvalidAction"
                    };
                    assert_eq!(code.as_deref(), Some(wanted), "{service}:{operation}");
                    assert_eq!(reply.status, 400);
                }
                Protocol::RestXml => {}
            }
        }
    }
}
