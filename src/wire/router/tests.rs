//! The front door before IAM, STS and services that refuse.

use std::sync::Mutex;

use http_body_util::BodyExt as _;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::base::{Ids, Seed};
use crate::iam::Iam;
use crate::wire::{iam, sts};

/// IAM and STS for real; every other service is asked by name and refuses.
struct Backdoor {
    iam: Mutex<Iam>,
    ids: Arc<Ids>,
    /// Calls that came through: `service:Operation account region`.
    calls: Mutex<Vec<String>>,
}

#[async_trait]
impl Backend for Backdoor {
    fn now(&self) -> Timestamp {
        Timestamp::from_secs(1_745_998_505)
    }

    fn request_id(&self) -> String {
        self.ids.uuid()
    }

    fn secret(&self, access_key: &str) -> Option<Secret> {
        self.iam.lock().unwrap().secret(access_key, self.now())
    }

    fn identity(&self, access_key: &str) -> Option<Identity> {
        let caller = self.iam.lock().unwrap().caller(access_key, self.now())?;
        Some(Identity {
            account: caller.account,
            caller_arn: caller.arn,
        })
    }

    async fn call(
        &self,
        service: Service,
        operation: &str,
        call: &Call,
        input: Value,
    ) -> Result<Value, ServiceError> {
        let line = format!("{service}:{operation} {} {}", call.account, call.region);
        self.calls.lock().unwrap().push(line);
        let mut core = self.iam.lock().unwrap();
        match service {
            Service::Iam => iam::handle(&mut core, operation, call, input),
            Service::Sts => sts::handle(&mut core, operation, call, input),
            Service::Kinesis if operation == "ListStreams" => {
                Ok(json!({"StreamNames": [], "HasMoreStreams": false}))
            }
            Service::Kinesis if operation == "CreateStream" => Ok(json!({})),
            _ => Err(ServiceError::not_implemented(format!(
                "{service}:{operation}"
            ))),
        }
    }

    async fn s3(&self, call: &Call, request: http::Request<Body>) -> http::Response<Body> {
        let line = format!(
            "s3 {} {} {}",
            request.uri().path(),
            call.account,
            call.region
        );
        self.calls.lock().unwrap().push(line);
        http::Response::new(Body::from("s3".to_owned()))
    }

    async fn admin(&self, request: http::Request<Body>) -> http::Response<Body> {
        http::Response::new(Body::from(format!("admin {}", request.uri().path())))
    }
}

fn door() -> (Router, Arc<Backdoor>) {
    door_that(Authentication::Off)
}

fn door_that(authentication: Authentication) -> (Router, Arc<Backdoor>) {
    let ids = Arc::new(Ids::seeded(Seed::new(1)));
    let backend = Arc::new(Backdoor {
        iam: Mutex::new(Iam::new(Arc::clone(&ids))),
        ids,
        calls: Mutex::default(),
    });
    (
        Router::new(Arc::clone(&backend) as Arc<dyn Backend>, authentication),
        backend,
    )
}

struct Reply {
    status: u16,
    headers: HeaderMap,
    body: String,
}

fn send(router: &Router, request: http::Request<Body>) -> Reply {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async {
        let (parts, body) = router.call(request).await.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Reply {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body: String::from_utf8_lossy(&body).into_owned(),
        }
    })
}

fn signed(service: &str) -> String {
    format!(
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20250430/eu-west-1/{service}/aws4_request, \
         SignedHeaders=host, Signature=00"
    )
}

fn json_request(service: &str, target: &str, body: impl Into<Bytes>) -> http::Request<Body> {
    http::Request::post("/")
        .header("authorization", signed(service))
        .header("content-type", json::CONTENT)
        .header("x-amz-target", target)
        .body(Body::from(body.into()))
        .unwrap()
}

fn form_request(service: &str, form: &str) -> http::Request<Body> {
    http::Request::post("/")
        .header("authorization", signed(service))
        .header(
            "content-type",
            "application/x-www-form-urlencoded; charset=utf-8",
        )
        .body(Body::from(form.to_owned()))
        .unwrap()
}

#[test]
fn requests_find_their_service() {
    let (router, backend) = door();
    let list = send(
        &router,
        json_request("kinesis", "Kinesis_20131202.ListStreams", "{}"),
    );
    assert_eq!(list.status, 200);
    assert_eq!(list.body, r#"{"StreamNames":[],"HasMoreStreams":false}"#);
    assert_eq!(list.headers["content-type"], json::CONTENT);
    assert_eq!(list.headers["x-amzn-requestid"].len(), 36);
    assert_eq!(list.headers["x-amz-id-2"].len(), 96);

    let who = send(
        &router,
        form_request("sts", "Action=GetCallerIdentity&Version=2011-06-15"),
    );
    assert_eq!(who.status, 200);
    assert_eq!(who.headers["content-type"], "text/xml");
    assert!(
        who.body
            .contains("<Arn>arn:aws:iam::000000000000:root</Arn>"),
        "{}",
        who.body
    );

    let presigned = "/?Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Algorithm=AWS4-HMAC-SHA256\
                     &X-Amz-Credential=123456789012%2F20250430%2Fus-east-2%2Fsts%2Faws4_request";
    let who = send(
        &router,
        http::Request::get(presigned).body(Body::empty()).unwrap(),
    );
    assert!(
        who.body.contains("<Account>123456789012</Account>"),
        "{}",
        who.body
    );

    for path in ["/_windfarm/health", "/_localstack/health"] {
        let health = send(
            &router,
            http::Request::get(path).body(Body::empty()).unwrap(),
        );
        assert_eq!(health.body, format!("admin {path}"));
    }
    let object = http::Request::get("/lake/_windfarm/x?list-type=2");
    send(&router, object.body(Body::empty()).unwrap());
    let form =
        http::Request::post("/bucket").header("content-type", "application/x-www-form-urlencoded");
    send(
        &router,
        form.body(Body::from("Action=x".to_owned())).unwrap(),
    );
    assert_eq!(
        *backend.calls.lock().unwrap(),
        [
            "kinesis:ListStreams 000000000000 eu-west-1",
            "sts:GetCallerIdentity 000000000000 eu-west-1",
            "sts:GetCallerIdentity 123456789012 us-east-2",
            "s3 /lake/_windfarm/x 000000000000 us-east-1",
            "s3 /bucket 000000000000 us-east-1",
        ]
    );
}

#[test]
fn kinesis_is_spoken_to_in_cbor() {
    let (router, _) = door();
    let ask = |target: &str, body: &'static [u8]| {
        let mut request = json_request("kinesis", target, body);
        let content = HeaderValue::from_static(cbor::CONTENT);
        request.headers_mut().insert("content-type", content);
        send(&router, request)
    };
    let list = ask("Kinesis_20131202.ListStreams", b"\xbf\xff");
    assert_eq!(
        (list.status, &list.headers["content-type"]),
        (200, &HeaderValue::from_static(cbor::CONTENT))
    );
    assert!(list.body.contains("StreamNames"), "{}", list.body);
    let wrong = ask("Kinesis_20131202.ListStreams", b"\xa1\x65Limit\x61x");
    assert_eq!(wrong.status, 400);
    assert!(
        wrong.body.contains("SerializationException"),
        "{}",
        wrong.body
    );
    let created = ask("Kinesis_20131202.CreateStream", b"\xa1\x6aStreamName\x61s");
    assert_eq!((created.status, created.body.as_str()), (200, ""));
}

#[test]
fn an_operation_that_answers_nothing_has_an_empty_body() {
    let (router, _) = door();
    let created = send(
        &router,
        json_request(
            "kinesis",
            "Kinesis_20131202.CreateStream",
            r#"{"StreamName":"s"}"#,
        ),
    );
    assert_eq!((created.status, created.body.as_str()), (200, ""));
}

#[test]
fn unknown_and_unsigned_requests_are_refused_as_on_aws() {
    let (router, _) = door();
    for target in [
        "Kinesis_20131202.Nope",
        "ListStreams",
        "DynamoDB_20120810.ListTables",
        "kinesis_20131202.ListStreams",
    ] {
        let reply = send(&router, json_request("kinesis", target, "{}"));
        assert_eq!(
            (reply.status, reply.body.as_str()),
            (400, r#"{"__type":"UnknownOperationException"}"#)
        );
    }
    let body_first = send(
        &router,
        json_request("athena", "AmazonAthena.ListWorkGroups", "{"),
    );
    assert_eq!(body_first.body, r#"{"__type":"SerializationException"}"#);

    let mut unsigned = json_request("kinesis", "Kinesis_20131202.ListStreams", "{}");
    unsigned.headers_mut().remove("authorization");
    let reply = send(&router, unsigned);
    assert_eq!(
        reply.body,
        r#"{"__type":"MissingAuthenticationTokenException","message":"Missing Authentication Token"}"#
    );
    let mut unsigned = form_request("iam", "Action=ListRoles&Version=2010-05-08");
    unsigned.headers_mut().remove("authorization");
    let reply = send(&router, unsigned);
    assert_eq!(reply.status, 403);
    assert!(
        reply
            .body
            .contains("<Code>MissingAuthenticationToken</Code>"),
        "{}",
        reply.body
    );

    let reply = send(
        &router,
        form_request("iam", "Action=Nope&Version=2010-05-08"),
    );
    assert_eq!(reply.status, 400);
    assert!(
        reply.body.contains("<Code>InvalidAction</Code><Message>Could not find operation Nope for version 2010-05-08</Message>"),
        "{}", reply.body
    );
    let reply = send(&router, form_request("iam", "Version=2010-05-08"));
    assert!(
        reply.body.contains("<Code>MissingAction</Code>"),
        "{}",
        reply.body
    );
}

#[test]
fn a_request_for_a_service_not_spoken_here_does_not_fall_into_s3() {
    let (router, backend) = door();
    let request = http::Request::get("/2015-03-31/functions")
        .header("authorization", signed("lambda"))
        .body(Body::empty())
        .unwrap();
    let reply = send(&router, request);
    assert_eq!(reply.status, 501);
    assert!(
        reply
            .body
            .contains("the service `lambda` is not implemented"),
        "{}",
        reply.body
    );
    let mut request = json_request("kinesis", "x", "{}");
    request.headers_mut().remove("x-amz-target");
    *request.uri_mut() = "/service/Kinesis/operation/ListStreams".parse().unwrap();
    let protocol = HeaderValue::from_static("rpc-v2-cbor");
    request.headers_mut().insert("smithy-protocol", protocol);
    let reply = send(&router, request);
    assert_eq!(reply.status, 501);
    let refusal = "the protocol `rpc-v2-cbor` is not implemented";
    assert!(reply.body.contains(refusal), "{}", reply.body);
    let reply = send(
        &router,
        form_request("sqs", "Action=ListQueues&Version=2012-11-05"),
    );
    assert_eq!(reply.status, 400);
    assert!(
        reply.body.contains("<Code>InvalidAction</Code>"),
        "{}",
        reply.body
    );
    assert!(backend.calls.lock().unwrap().is_empty());
}

#[test]
fn bodies_have_a_limit_and_may_be_packed() {
    use std::io::Write as _;
    let (router, _) = door();
    let huge = vec![b' '; JSON_BODY_MAX_BYTES + 1];
    let reply = send(
        &router,
        json_request("kinesis", "Kinesis_20131202.ListStreams", huge.clone()),
    );
    assert_eq!(reply.status, 413);
    assert!(
        reply
            .body
            .starts_with(r#"{"__type":"RequestEntityTooLargeException""#)
    );

    let pack = |bytes: &[u8]| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        let mut request = json_request(
            "kinesis",
            "Kinesis_20131202.ListStreams",
            encoder.finish().unwrap(),
        );
        request
            .headers_mut()
            .insert("content-encoding", HeaderValue::from_static("gzip"));
        request
    };
    assert_eq!(send(&router, pack(b"{}")).status, 200);
    assert_eq!(
        send(&router, pack(&huge)).status,
        413,
        "a bomb is not unpacked"
    );
}

/// The request as somebody with the root key signs it, for its service and its body as sent.
fn with_signature(service: &str, request: http::Request<Bytes>) -> http::Request<Body> {
    use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
    let identity = aws_credential_types::Credentials::new("test", "test", None, None, "test");
    let identity = identity.into();
    let params = aws_sigv4::sign::v4::SigningParams::builder()
        .identity(&identity)
        .region("eu-west-1")
        .name(service)
        .time(std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_745_998_505))
        .settings(SigningSettings::default())
        .build()
        .unwrap()
        .into();
    let mut request = request;
    request.headers_mut().remove("authorization");
    *request.uri_mut() = "http://localhost:4566/".parse().unwrap();
    let uri = request.uri().to_string();
    let headers = request
        .headers()
        .iter()
        .map(|(name, value)| (name.as_str(), value.to_str().unwrap()));
    let body = SignableBody::Bytes(request.body());
    let signable = SignableRequest::new("POST", &uri, headers, body).unwrap();
    let (instructions, _) = sign(signable, &params).unwrap().into_parts();
    instructions.apply_to_request_http1x(&mut request);
    request.map(Body::from)
}

#[test]
fn with_verification_only_what_was_signed_passes() {
    use std::io::Write as _;
    let (router, backend) = door_that(Authentication::Verify);
    let request = |target: &str, body: &[u8], gzip: bool| {
        let mut request = http::Request::post("/")
            .header("content-type", json::CONTENT)
            .header("x-amz-target", target);
        if gzip {
            request = request.header("content-encoding", "gzip");
        }
        request.body(Bytes::copy_from_slice(body)).unwrap()
    };
    let list = "Kinesis_20131202.ListStreams";
    let signed = with_signature("kinesis", request(list, b"{}", false));
    assert_eq!(send(&router, signed).status, 200);
    // The signature of a packed body covers what was sent.
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(b"{}").unwrap();
    let packed = encoder.finish().unwrap();
    let signed = with_signature("kinesis", request(list, &packed, true));
    assert_eq!(send(&router, signed).status, 200);

    let (parts, _) = with_signature("kinesis", request(list, b"{}", false)).into_parts();
    let changed = http::Request::from_parts(parts, Body::from(r#"{"Limit":1}"#.to_owned()));
    let refused = send(&router, changed);
    assert_eq!(refused.status, 400);
    assert!(
        refused
            .body
            .contains(r#"{"__type":"InvalidSignatureException""#),
        "{}",
        refused.body
    );
    let refused = send(&router, with_signature("glue", request(list, b"{}", false)));
    assert!(
        refused.body.contains("correct service: 'kinesis'"),
        "{}",
        refused.body
    );

    // The constraints are not looked at before the signature is; the document is.
    let put = "Kinesis_20131202.PutRecord";
    let refused = send(&router, json_request("kinesis", put, "{}"));
    assert!(
        refused.body.contains("IncompleteSignature"),
        "{}",
        refused.body
    );
    let refused = send(&router, json_request("kinesis", put, "{"));
    assert!(
        refused.body.contains("SerializationException"),
        "{}",
        refused.body
    );

    let who = "Action=GetCallerIdentity&Version=2011-06-15";
    let form = http::Request::post("/").header("content-type", "application/x-www-form-urlencoded");
    let form = form.body(Bytes::from_static(who.as_bytes())).unwrap();
    let answer = send(&router, with_signature("sts", form));
    assert_eq!(answer.status, 200, "{}", answer.body);
    let refused = send(&router, form_request("sts", who));
    assert_eq!(refused.status, 403);
    let federated = "Action=AssumeRoleWithWebIdentity&Version=2011-06-15";
    let mut unsigned = form_request("sts", federated);
    unsigned.headers_mut().remove("authorization");
    let refused = send(&router, unsigned);
    assert!(refused.body.contains("ValidationError"), "{}", refused.body);

    let object = http::Request::get("/lake/key").header("authorization", "AWS AKID:c2ln");
    let refused = send(&router, object.body(Body::empty()).unwrap());
    assert_eq!(refused.status, 400);
    assert!(
        refused.body.contains("Please use AWS4-HMAC-SHA256."),
        "{}",
        refused.body
    );
    assert!(refused.headers.contains_key("x-amz-id-2"));
    let head = http::Request::head("/lake/key")
        .body(Body::empty())
        .unwrap();
    let refused = send(&router, head);
    assert_eq!((refused.status, refused.body.as_str()), (403, ""));
    assert_eq!(
        *backend.calls.lock().unwrap(),
        [
            "kinesis:ListStreams 000000000000 eu-west-1",
            "kinesis:ListStreams 000000000000 eu-west-1",
            "sts:GetCallerIdentity 000000000000 eu-west-1",
        ]
    );
}

#[test]
fn headers_have_a_limit_and_every_answer_an_id() {
    let (router, _) = door();
    let much = HeaderValue::from_str(&"m".repeat(HEADER_MAX_BYTES)).unwrap();
    let mut large = json_request("kinesis", "Kinesis_20131202.ListStreams", "{}");
    large.headers_mut().insert("x-much", much.clone());
    let reply = send(&router, large);
    assert_eq!(reply.status, 431);
    assert!(
        reply.body.contains("RequestHeaderFieldsTooLargeException"),
        "{}",
        reply.body
    );
    assert!(reply.headers.contains_key("x-amzn-requestid"));
    let mut large = form_request("iam", "Action=ListRoles&Version=2010-05-08");
    large.headers_mut().insert("x-much", much);
    assert_eq!(send(&router, large).status, 431);
    let object =
        http::Request::get("/lake/key").header("x-amz-meta-a", "m".repeat(S3_HEADER_MAX_BYTES));
    let reply = send(&router, object.body(Body::empty()).unwrap());
    assert_eq!(reply.status, 400);
    assert!(
        reply
            .body
            .contains("<Code>RequestHeaderSectionTooLarge</Code>"),
        "{}",
        reply.body
    );
    assert!(reply.headers.contains_key("x-amz-request-id"));
    let health = http::Request::get("/_windfarm/health")
        .body(Body::empty())
        .unwrap();
    assert!(
        send(&router, health)
            .headers
            .contains_key("x-amzn-requestid")
    );
}

#[test]
fn encodings_that_old_sdks_name_mean_nothing() {
    let (router, _) = door();
    let mut request = json_request("kinesis", "Kinesis_20131202.ListStreams", "{}");
    let encoding = HeaderValue::from_static("amz-1.0");
    request.headers_mut().insert("content-encoding", encoding);
    assert_eq!(send(&router, request).status, 200);
    let mut request = json_request("kinesis", "Kinesis_20131202.ListStreams", "{}");
    let encoding = HeaderValue::from_static("gzip");
    request.headers_mut().insert("content-encoding", encoding);
    let reply = send(&router, request);
    assert!(
        reply.body.contains("SerializationException"),
        "no gzip: {}",
        reply.body
    );
}

#[test]
fn issued_credentials_name_their_caller() {
    let (router, _) = door();
    let trust = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"000000000000"},"Action":"sts:AssumeRole"}]}"#;
    let form: String = form_urlencoded::Serializer::new(String::new())
        .append_pair("Action", "CreateRole")
        .append_pair("Version", "2010-05-08")
        .append_pair("RoleName", "Analyst")
        .append_pair("Path", "/team/")
        .append_pair("AssumeRolePolicyDocument", trust)
        .finish();
    let created = send(&router, form_request("iam", &form));
    assert_eq!(created.status, 200, "{}", created.body);
    assert!(
        created
            .body
            .contains("<AssumeRolePolicyDocument>%7B%22Version%22"),
        "{}",
        created.body
    );
    assert!(
        created
            .body
            .contains("<CreateDate>2025-04-30T07:35:05Z</CreateDate>")
    );
    let assumed = send(
        &router,
        form_request(
            "sts",
            "Action=AssumeRole&Version=2011-06-15&RoleSessionName=me\
             &RoleArn=arn:aws:iam::000000000000:role/team/Analyst",
        ),
    );
    assert_eq!(assumed.status, 200, "{}", assumed.body);
    let between = |open: &str| {
        let (_, rest) = assumed.body.split_once(open).unwrap();
        rest.split_once('<').unwrap().0.to_owned()
    };
    let key = between("<AccessKeyId>");
    assert!(key.starts_with("ASIA"));
    let mut request = form_request("sts", "Action=GetCallerIdentity&Version=2011-06-15");
    let authorization = signed("sts").replace("AKIDEXAMPLE", &key);
    request
        .headers_mut()
        .insert("authorization", authorization.parse().unwrap());
    let who = send(&router, request);
    assert!(
        who.body
            .contains("<Arn>arn:aws:sts::000000000000:assumed-role/Analyst/me</Arn>"),
        "{}",
        who.body
    );
    assert!(
        who.body
            .contains(&format!("<UserId>{}</UserId>", between("<AssumedRoleId>")))
    );
}

/// What an adapter lists and what the facts have.
fn handled() -> Vec<(Service, &'static [&'static str])> {
    vec![
        (Service::Iam, iam::OPERATIONS),
        (Service::Sts, sts::OPERATIONS),
        (Service::Kinesis, &["ListStreams", "CreateStream"]),
        (Service::Firehose, &[]),
        (Service::Glue, &[]),
        (Service::Athena, &[]),
        (Service::Logs, &[]),
    ]
}

/// A request of an operation in its service's protocol, signed.
fn request_of(service: Service, operation: &str, document: &Value) -> http::Request<Body> {
    match service.target() {
        Some(target) => json_request(
            service.name(),
            &format!("{target}.{operation}"),
            document.to_string(),
        ),
        None => {
            let version = &Facts::of(service).version;
            let mut form = form_urlencoded::Serializer::new(String::new());
            form.append_pair("Action", operation)
                .append_pair("Version", version);
            for (name, value) in document.as_object().unwrap() {
                let text = value
                    .as_str()
                    .map_or_else(|| value.to_string(), str::to_owned);
                form.append_pair(name, &text);
            }
            form_request(service.name(), &form.finish())
        }
    }
}

#[test]
fn every_operation_of_every_service_answers_and_none_pretends() {
    let (router, _) = door();
    let rows = crate::wire::fidelity::table(&handled()).unwrap();
    assert!(rows.len() > 700, "{}", rows.len());
    let oversized = "x".repeat(20_000);
    for row in rows {
        let facts = Facts::of(row.service);
        let operation = facts.operation(row.operation).unwrap();
        let members: Vec<&str> = operation
            .input
            .and_then(|id| facts.shape(id).structure())
            .map(|structure| structure.members.iter().map(|m| m.name.as_str()).collect())
            .unwrap_or_default();
        let with = |value: Value| -> Value {
            Value::Object(
                members
                    .iter()
                    .map(|name| ((*name).to_owned(), value.clone()))
                    .collect(),
            )
        };
        for (kind, document) in [
            ("empty", json!({})),
            ("oversized", with(oversized.as_str().into())),
            ("wrongly typed", with(json!([[{"a": 1}]]))),
        ] {
            let reply = send(&router, request_of(row.service, row.operation, &document));
            let name = format!(
                "{}:{} {kind}: {} {}",
                row.service,
                row.operation,
                reply.status,
                reply.body.chars().take(300).collect::<String>()
            );
            assert!(reply.headers.contains_key("x-amzn-requestid"), "{name}");
            if !row.handled {
                assert!(reply.status >= 400, "{name}");
            }
            if reply.status == 501 {
                assert!(!row.handled, "{name}");
                let named = format!("{}:{}", row.service, row.operation);
                assert!(reply.body.contains(&named), "{name}");
            }
            if kind == "wrongly typed" && !members.is_empty() && row.service.target().is_some() {
                assert!(reply.body.contains("SerializationException"), "{name}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn arbitrary_requests_never_panic(
        method in "GET|POST|PUT|DELETE|HEAD|OPTIONS",
        path in "/[a-z_/]{0,12}",
        query in "([A-Za-z-]{1,18}=[A-Za-z0-9%/]{0,12}&){0,4}",
        target in prop::option::of("(Kinesis_20131202|AWSGlue|AmazonAthena|Firehose_20150804|x)?\\.?(ListStreams|PutRecords|GetTable|[A-Za-z]{0,8})"),
        authorization in prop::option::of("(AWS4-HMAC-SHA256 Credential=)?[ -~]{0,60}"),
        content in "(application/x-amz-json-1\\.1|application/x-www-form-urlencoded|text/plain)",
        body in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..120),
            "(Action=[A-Za-z]{0,20}&Version=(2010-05-08|2011-06-15)&[A-Za-z.0-9=&]{0,60})".prop_map(String::into_bytes),
            "[\\{\\}\\[\\]\":,a-z0-9]{0,60}".prop_map(String::into_bytes),
        ],
    ) {
        let (router, _) = door();
        let mut request = http::Request::builder()
            .method(method.as_str())
            .uri(format!("{path}?{query}"))
            .header("content-type", content);
        if let Some(target) = target {
            request = request.header("x-amz-target", target);
        }
        if let Some(authorization) = authorization {
            request = request.header("authorization", authorization);
        }
        let reply = send(&router, request.body(Body::from(body)).unwrap());
        prop_assert!((100..600).contains(&reply.status));
    }
}
