//! Signatures that AWS published, signatures by the SDK's own signer, and requests tampered with.

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SignatureLocation,
    SigningSettings, UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4;
use proptest::prelude::*;

use super::*;

/// The key of AWS's signing test suite.
const SUITE_SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
/// The key of the S3 API reference's examples.
const S3_SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

fn known(secret: &str) -> impl Fn(&str) -> Option<Secret> {
    let secret = secret.to_owned();
    move |access_key| {
        access_key.starts_with("AKI").then(|| Secret {
            secret: secret.clone(),
            token: None,
            expired: false,
        })
    }
}

fn parts(method: &str, uri: &str, headers: &[(&str, &str)]) -> Parts {
    let mut request = http::Request::builder().method(method).uri(uri);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap().into_parts().0
}

fn at(date: &str) -> Timestamp {
    basic_date(date).unwrap()
}

/// A request of the signing test suite: service `service`, 2015-08-30T12:36:00Z.
#[track_caller]
fn check_suite(
    method: &str,
    uri: &str,
    headers: &[(&str, &str)],
    body: &str,
    signed: &str,
    signature: &str,
) {
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
         SignedHeaders={signed}, Signature={signature}"
    );
    let mut all = vec![
        ("host", "example.amazonaws.com"),
        ("x-amz-date", "20150830T123600Z"),
        ("authorization", authorization.as_str()),
    ];
    all.extend_from_slice(headers);
    let verified = verify(
        &parts(method, uri, &all),
        "service",
        Payload::Body(body.as_bytes()),
        known(SUITE_SECRET),
        at("20150830T123600Z"),
    );
    assert!(verified.is_ok(), "{verified:?}");
}

#[test]
fn the_signing_test_suite_is_understood() {
    check_suite(
        "GET",
        "/",
        &[],
        "",
        "host;x-amz-date",
        "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
    );
    check_suite(
        "POST",
        "/",
        &[],
        "",
        "host;x-amz-date",
        "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
    );
    check_suite(
        "GET",
        "/",
        &[("my-header1", " value1"), ("my-header2", "\"a   b   c\"")],
        "",
        "host;my-header1;my-header2;x-amz-date",
        "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
    );
    check_suite(
        "GET",
        "/?Param-3=Value3&Param=Value2&%E1%88%B4=Value1",
        &[],
        "",
        "host;x-amz-date",
        "371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac",
    );
    check_suite(
        "POST",
        "/",
        &[
            ("content-type", "application/x-www-form-urlencoded"),
            ("content-length", "13"),
            (
                "x-amz-content-sha256",
                "9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e",
            ),
        ],
        "Param1=value1",
        "content-length;content-type;host;x-amz-content-sha256;x-amz-date",
        "d3875051da38690788ef43de4db0d8f280229d82040bfac253562e56c3f20e0b",
    );
}

#[test]
fn the_iam_guides_example_is_understood() {
    let authorization = "AWS4-HMAC-SHA256 \
        Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, \
        SignedHeaders=content-type;host;x-amz-date, \
        Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7";
    let list_users = parts(
        "GET",
        "/?Action=ListUsers&Version=2010-05-08",
        &[
            ("host", "iam.amazonaws.com"),
            (
                "content-type",
                "application/x-www-form-urlencoded; charset=utf-8",
            ),
            ("x-amz-date", "20150830T123600Z"),
            ("authorization", authorization),
        ],
    );
    let now = at("20150830T123600Z");
    let verified = verify(
        &list_users,
        "iam",
        Payload::Body(b""),
        known(SUITE_SECRET),
        now,
    );
    assert!(verified.is_ok(), "{verified:?}");
}

/// A request of the S3 API reference's examples: 24 May 2013, signed by the header.
fn s3_example(
    method: &str,
    uri: &str,
    host: &str,
    headers: &[(&str, &str)],
    signed: &str,
    signature: &str,
) -> Result<ChunkSigner, Problem> {
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,\
         SignedHeaders={signed},Signature={signature}"
    );
    let mut all = vec![
        ("host", host),
        ("x-amz-date", "20130524T000000Z"),
        ("authorization", authorization.as_str()),
    ];
    all.extend_from_slice(headers);
    verify(
        &parts(method, uri, &all),
        "s3",
        Payload::AsDeclared,
        known(S3_SECRET),
        at("20130524T000000Z"),
    )
}

#[test]
fn the_s3_references_examples_are_understood() {
    let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let get = s3_example(
        "GET",
        "/test.txt",
        "examplebucket.s3.amazonaws.com",
        &[("range", "bytes=0-9"), ("x-amz-content-sha256", empty)],
        "host;range;x-amz-content-sha256;x-amz-date",
        "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
    );
    assert!(get.is_ok(), "{get:?}");
    let lifecycle = s3_example(
        "GET",
        "/?lifecycle",
        "examplebucket.s3.amazonaws.com",
        &[("x-amz-content-sha256", empty)],
        "host;x-amz-content-sha256;x-amz-date",
        "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
    );
    assert!(lifecycle.is_ok(), "{lifecycle:?}");
    let presigned = parts(
        "GET",
        "/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256\
         &X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request\
         &X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host\
         &X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404",
        &[("host", "examplebucket.s3.amazonaws.com")],
    );
    let open = |now| verify(&presigned, "s3", Payload::AsDeclared, known(S3_SECRET), now);
    assert!(open(at("20130525T000000Z")).is_ok());
    let late = open(at("20130525T000001Z")).unwrap_err();
    assert!(matches!(
        late,
        Problem::Expired {
            expires: 86_400,
            ..
        }
    ));
    let early = open(at("20130523T234459Z")).unwrap_err();
    assert!(matches!(early, Problem::Early { .. }));
}

#[test]
fn the_s3_references_chunks_are_signed_one_after_the_other() {
    let mut chunks = s3_example(
        "PUT",
        "/examplebucket/chunkObject.txt",
        "s3.amazonaws.com",
        &[
            ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
            ("x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"),
            ("content-encoding", "aws-chunked"),
            ("x-amz-decoded-content-length", "66560"),
            ("content-length", "66824"),
        ],
        "content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;\
         x-amz-decoded-content-length;x-amz-storage-class",
        "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9",
    )
    .unwrap();
    let (first, second) = (vec![b'a'; 65_536], vec![b'a'; 1_024]);
    assert!(chunks.chunk(
        &first,
        "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648"
    ));
    assert!(chunks.chunk(
        &second,
        "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497"
    ));
    assert!(chunks.chunk(
        b"",
        "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9"
    ));
}

#[test]
fn the_s3_references_trailers_are_signed_last() {
    let mut chunks = s3_example(
        "PUT",
        "/examplebucket/chunkObject.txt",
        "s3.amazonaws.com",
        &[
            ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
            (
                "x-amz-content-sha256",
                "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
            ),
            ("content-encoding", "aws-chunked"),
            ("x-amz-decoded-content-length", "66560"),
            ("x-amz-trailer", "x-amz-checksum-crc32c"),
        ],
        "content-encoding;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;\
         x-amz-storage-class;x-amz-trailer",
        "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e",
    )
    .unwrap();
    for (size, signature) in [
        (
            65_536,
            "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2",
        ),
        (
            1_024,
            "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7",
        ),
        (
            0,
            "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992",
        ),
    ] {
        assert!(chunks.chunk(&vec![b'a'; size], signature), "{size}");
    }
    let trailer = "x-amz-checksum-crc32c:sOO8/Q==\n";
    assert!(chunks.clone().trailers(
        trailer,
        "d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435"
    ));
    assert!(!chunks.trailers("x-amz-checksum-crc32c:AAAAAA==\n", ""));
}

/// The same request as [`verify`] sees it, signed by the signer that the SDK uses.
fn signed_by_the_sdk(
    method: &str,
    uri: &str,
    headers: &[(String, String)],
    body: &[u8],
    service: &str,
    token: Option<&str>,
    presigned: bool,
) -> Parts {
    let mut settings = SigningSettings::default();
    if service == "s3" {
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    }
    if presigned {
        settings.signature_location = SignatureLocation::QueryParams;
        settings.expires_in = Some(Duration::from_secs(600));
    }
    let credentials = Credentials::new(
        "AKIDEXAMPLE",
        SUITE_SECRET,
        token.map(str::to_owned),
        None,
        "test",
    );
    let identity = credentials.into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region("eu-west-1")
        .name(service)
        .time(system_time(at("20250430T073505Z")))
        .settings(settings)
        .build()
        .unwrap()
        .into();
    let signable = if presigned && service == "s3" {
        SignableBody::UnsignedPayload
    } else {
        SignableBody::Bytes(body)
    };
    let pairs = headers.iter().map(|(n, v)| (n.as_str(), v.as_str()));
    let request = SignableRequest::new(method, uri, pairs, signable).unwrap();
    let (instructions, _) = sign(request, &params).unwrap().into_parts();
    let mut request = http::Request::builder().method(method).uri(uri);
    for (name, value) in headers {
        request = request.header(name, value);
    }
    let mut request = request.body(()).unwrap();
    instructions.apply_to_request_http1x(&mut request);
    request.into_parts().0
}

const NOW: &str = "20250430T073505Z";

fn verify_body(parts: &Parts, service: &str, body: &[u8]) -> Result<ChunkSigner, Problem> {
    let payload = if service == "s3" {
        Payload::AsDeclared
    } else {
        Payload::Body(body)
    };
    verify(parts, service, payload, known(SUITE_SECRET), at(NOW))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    #[test]
    fn what_the_sdk_signs_is_verified_and_nothing_else(
        method in "GET|POST|PUT|DELETE",
        segments in prop::collection::vec("[a-zA-Z0-9_~()!*',=+@:.-]{0,8}|%2F|%20|%C3%BC|\\.\\.", 0..5),
        query in prop::collection::vec(("[a-zA-Z~-]{1,6}", "[a-z0-9._~/-]{0,6}|%2B|%20x"), 0..4),
        values in prop::collection::vec("[!-~]( {0,3}[!-~]){0,5}", 0..4),
        body in prop::collection::vec(any::<u8>(), 0..64),
        service in "s3|kinesis|iam",
        token in prop::option::of("[a-z]{8}"),
        presigned in any::<bool>(),
        flip in 0usize..64,
    ) {
        let query: Vec<String> = query.iter().map(|(n, v)| format!("{n}={v}")).collect();
        // The SDK encodes what is reserved in a key before it signs; elsewhere it signs twice encoded.
        let plain = |c: char| c.is_ascii_alphanumeric() || "%/_~.-".contains(c);
        let path = segments.join("/").replace(|c| service == "s3" && !plain(c), "_");
        let uri = format!("http://localhost:4566/{path}?{}", query.join("&"));
        let headers: Vec<(String, String)> = values
            .iter()
            .enumerate()
            .map(|(at, value)| (format!("x-amz-meta-{at}"), value.clone()))
            .collect();
        let signed = signed_by_the_sdk(&method, &uri, &headers, &body, &service, None, presigned);
        let verified = verify_body(&signed, &service, &body);
        prop_assert!(verified.is_ok(), "{signed:?} {verified:?}");

        // Another method, another host, another secret.
        let mut other = signed.clone();
        other.method = if method == "GET" { http::Method::PUT } else { http::Method::GET };
        prop_assert!(verify_body(&other, &service, &body).is_err());
        let mut other = signed.clone();
        other.headers.insert("host", http::HeaderValue::from_static("elsewhere"));
        prop_assert!(verify_body(&other, &service, &body).is_err());
        let payload = if service == "s3" { Payload::AsDeclared } else { Payload::Body(&body) };
        let forged = verify(&signed, &service, payload, known("another"), at(NOW));
        prop_assert!(matches!(forged, Err(Problem::Mismatch { .. })), "{forged:?}");
        // A digit of the body.
        if service != "s3" && !body.is_empty() {
            let mut changed = body.clone();
            let place = flip % changed.len();
            changed[place] ^= 1;
            prop_assert!(verify_body(&signed, &service, &changed).is_err());
        }
        // Credentials that need a token, with it, without it, and with another.
        let need = |token: &str| Some(Secret {
            secret: SUITE_SECRET.to_owned(),
            token: Some(token.to_owned()),
            expired: false,
        });
        if let Some(token) = token {
            let with = signed_by_the_sdk(&method, &uri, &headers, &body, &service, Some(&token), presigned);
            prop_assert!(verify(&with, &service, payload, |_| need(&token), at(NOW)).is_ok());
            let wrong = verify(&with, &service, payload, |_| need("other"), at(NOW)).unwrap_err();
            let is_wrong = matches!(wrong, Problem::WrongToken { sent: true, .. });
            prop_assert!(is_wrong);
            let without = verify(&signed, &service, payload, |_| need(&token), at(NOW)).unwrap_err();
            let is_without = matches!(without, Problem::WrongToken { sent: false, .. });
            prop_assert!(is_without);
        }
    }

    #[test]
    fn arbitrary_signatures_never_panic(
        authorization in prop::option::of("(AWS4-HMAC-SHA256 )?(Credential=[A-Z0-9/a-z_]{0,40}, ?)?(SignedHeaders=[a-z;-]{0,20}, ?)?(Signature=[0-9a-f]{0,64})?[ -~]{0,10}"),
        date in prop::option::of("[0-9TZ:, A-Za-z]{0,30}|[0-9]{8}T[0-9]{6}Z"),
        query in "((X-Amz-(Algorithm|Credential|Date|Expires|SignedHeaders|Signature)|[a-z%]{1,4})=[A-Za-z0-9%/-]{0,30}&){0,8}",
        body in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        let mut request = http::Request::builder().uri(format!("/?{query}"));
        if let Some(authorization) = &authorization {
            request = request.header("authorization", authorization);
        }
        if let Some(date) = &date {
            request = request.header("x-amz-date", date);
        }
        let parts = request.body(()).unwrap().into_parts().0;
        for service in ["s3", "kinesis"] {
            let problem = verify_body(&parts, service, &body).unwrap_err();
            for dialect in [Dialect::Json, Dialect::Query, Dialect::S3] {
                prop_assert!(problem.clone().refusal(dialect).status >= 400);
            }
        }
    }
}

/// A request as the SDK signs it, received `secs` after it was signed.
fn received(service: &str, secs: i64) -> Problem {
    let signed = signed_by_the_sdk("POST", "http://localhost/", &[], b"", service, None, false);
    let now = Timestamp::from_secs(at(NOW).secs() + secs);
    let payload = Payload::Body(b"");
    verify(&signed, service, payload, known(SUITE_SECRET), now)
        .err()
        .unwrap_or(Problem::Unsigned)
}

#[test]
fn a_quarter_of_an_hour_is_tolerated_and_no_second_more() {
    for (secs, refused) in [(900, false), (901, true), (-900, false), (-901, true)] {
        let problem = received("kinesis", secs);
        assert_eq!(matches!(problem, Problem::Skewed { .. }), refused, "{secs}");
    }
    let check = |secs: i64, dialect: Dialect, status: u16, code: &str, message: &str| {
        let refusal = received("kinesis", secs).refusal(dialect);
        assert_eq!(
            (
                refusal.status,
                refusal.code.as_str(),
                refusal.message.as_str()
            ),
            (status, code, message)
        );
    };
    let expired = "Signature expired: 20250430T073505Z is now earlier than 20250430T073506Z \
                   (20250430T075006Z - 15 min.)";
    check(
        901,
        Dialect::Json,
        400,
        "InvalidSignatureException",
        expired,
    );
    check(901, Dialect::Query, 403, "SignatureDoesNotMatch", expired);
    check(
        -901,
        Dialect::Json,
        400,
        "InvalidSignatureException",
        "Signature not yet current: 20250430T073505Z is still later than 20250430T073504Z \
         (20250430T072004Z + 15 min.)",
    );
    check(
        901,
        Dialect::S3,
        403,
        "RequestTimeTooSkewed",
        "The difference between the request time and the current time is too large.",
    );
}

#[test]
fn each_protocol_has_its_own_codes() {
    let check = |problem: Problem, json: &str, query: &str, s3: &str| {
        let codes = [Dialect::Json, Dialect::Query, Dialect::S3]
            .map(|dialect| problem.clone().refusal(dialect).code);
        assert_eq!(codes, [json, query, s3]);
    };
    check(
        Problem::Unsigned,
        "MissingAuthenticationTokenException",
        "MissingAuthenticationToken",
        "AccessDenied",
    );
    check(
        Problem::UnknownKey("AKID".to_owned()),
        "UnrecognizedClientException",
        "InvalidClientTokenId",
        "InvalidAccessKeyId",
    );
    check(
        Problem::ExpiredToken,
        "ExpiredTokenException",
        "ExpiredToken",
        "ExpiredToken",
    );
    let mismatch = Problem::Mismatch {
        access_key: "AKID".to_owned(),
        sent: "00".to_owned(),
        string_to_sign: "AWS4".to_owned(),
        canonical: "GET\n".to_owned(),
    };
    check(
        mismatch.clone(),
        "InvalidSignatureException",
        "SignatureDoesNotMatch",
        "SignatureDoesNotMatch",
    );
    let shown = mismatch.refusal(Dialect::S3).members;
    assert!(shown.contains(&("StringToSignBytes".to_owned(), "41 57 53 34".to_owned())));
    check(
        Problem::Version2,
        "IncompleteSignatureException",
        "IncompleteSignature",
        "InvalidRequest",
    );
    check(
        Problem::OtherDay {
            scope: "20250429".to_owned(),
            date: NOW.to_owned(),
        },
        "InvalidSignatureException",
        "SignatureDoesNotMatch",
        "AuthorizationHeaderMalformed",
    );
}

#[test]
fn the_scope_and_the_signed_headers_must_fit() {
    let signed = signed_by_the_sdk(
        "POST",
        "http://localhost/",
        &[],
        b"",
        "kinesis",
        None,
        false,
    );
    let elsewhere = verify_body(&signed, "glue", b"").unwrap_err();
    assert_eq!(
        elsewhere.refusal(Dialect::Json).message,
        "Credential should be scoped to correct service: 'glue'. "
    );
    let edit = |from: &str, to: &str| {
        let mut parts = signed.clone();
        let text = parts.headers["authorization"].to_str().unwrap();
        let text = text.replace(from, to);
        parts.headers.insert("authorization", text.parse().unwrap());
        verify_body(&parts, "kinesis", b"").unwrap_err()
    };
    assert!(matches!(
        edit("/20250430/", "/20250429/"),
        Problem::OtherDay { .. }
    ));
    assert_eq!(edit("host;", ""), Problem::HostUnsigned);
    assert!(matches!(edit("Signature=", "Sig="), Problem::Unreadable(_)));
    assert!(matches!(
        edit("AKIDEXAMPLE", "nobody"),
        Problem::UnknownKey(_)
    ));
    let mut dated = signed.clone();
    let date = http::HeaderValue::from_static("2025-04-30");
    dated.headers.insert("x-amz-date", date);
    let bad = verify_body(&dated, "kinesis", b"").unwrap_err();
    assert_eq!(bad, Problem::BadDate("2025-04-30".to_owned()));
    dated.headers.remove("x-amz-date");
    assert_eq!(
        verify_body(&dated, "kinesis", b"").unwrap_err(),
        Problem::NoDate
    );

    let mut more = signed_by_the_sdk("GET", "http://localhost/k", &[], b"", "s3", None, false);
    let value = http::HeaderValue::from_static("public-read");
    more.headers.insert("x-amz-acl", value);
    assert_eq!(
        verify_body(&more, "s3", b"").unwrap_err(),
        Problem::HeadersUnsigned(vec!["x-amz-acl".to_owned()])
    );
}

#[test]
fn the_date_header_will_do_where_there_is_no_other() {
    let date = "Mon, 09 Sep 2011 23:36:00 GMT";
    assert_eq!(
        http_date(date).map(render_date).as_deref(),
        None,
        "a Friday"
    );
    let date = "Fri, 09 Sep 2011 23:36:00 GMT";
    assert_eq!(
        http_date(date).map(render_date).as_deref(),
        Some("20110909T233600Z")
    );
}
