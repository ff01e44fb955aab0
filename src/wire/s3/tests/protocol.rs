//! What the SDK hides: addressing, errors on the wire, presigned URLs, chunked bodies, refusals.

use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::primitives::ByteStream;
use http::Request;

use super::{bare, check_code, client_of, new_service, request, start};
use crate::wire::s3::OPERATIONS;

#[tokio::test]
async fn errors_carry_codes_statuses_and_members() {
    let service = new_service();
    let client = client_of(&service, true);
    check_code(
        client.get_object().bucket("sea").key("a").send().await,
        404,
        "NoSuchBucket",
    );
    client.create_bucket().bucket("lake").send().await.unwrap();
    check_code(
        client.get_object().bucket("lake").key("a").send().await,
        404,
        "NoSuchKey",
    );
    let head = client.head_object().bucket("lake").key("a").send().await;
    assert!(head.unwrap_err().into_service_error().is_not_found());
    let (status, headers, xml) = bare(&service, request("GET", "/lake/a%3Cb"), "").await;
    assert_eq!(status, 404);
    assert_eq!(headers["content-type"], "application/xml");
    assert_eq!(headers["server"], "AmazonS3");
    let id = headers["x-amz-request-id"].to_str().unwrap();
    assert!(xml.contains("<Code>NoSuchKey</Code>"), "{xml}");
    assert!(xml.contains("<Key>a&lt;b</Key>"), "{xml}");
    assert!(
        xml.contains(&format!("<RequestId>{id}</RequestId>")),
        "{xml}"
    );
    let (status, _, xml) = bare(&service, request("HEAD", "/lake/a"), "").await;
    assert_eq!((status.as_u16(), xml.as_str()), (404, ""));
    let (status, _, xml) = bare(&service, request("PUT", "/Bad_Name"), "").await;
    assert_eq!(status, 400);
    assert!(
        xml.contains("<Code>InvalidBucketName</Code><Message>"),
        "{xml}"
    );
}

#[tokio::test]
async fn virtual_hosts_and_paths_address_the_same_objects() {
    let service = new_service();
    let (path, host) = (client_of(&service, true), client_of(&service, false));
    host.create_bucket().bucket("lake").send().await.unwrap();
    let body = ByteStream::from_static(b"x");
    host.put_object()
        .bucket("lake")
        .key("a//b/")
        .body(body)
        .send()
        .await
        .unwrap();
    let get = path
        .get_object()
        .bucket("lake")
        .key("a//b/")
        .send()
        .await
        .unwrap();
    assert_eq!(get.body.collect().await.unwrap().into_bytes(), "x");
    let listed = host.list_objects_v2().bucket("lake").send().await.unwrap();
    assert_eq!(listed.contents()[0].key(), Some("a//b/"));
    let (status, ..) = bare(
        &service,
        Request::builder()
            .uri("/a//b/")
            .header("host", "lake.s3.localhost:4566"),
        "",
    )
    .await;
    assert_eq!(status, 200);
    let (status, ..) = bare(
        &service,
        Request::builder()
            .uri("/lake/a//b/")
            .header("host", "127.0.0.1:4566"),
        "",
    )
    .await;
    assert_eq!(status, 200);
}

#[tokio::test]
async fn presigned_urls_work_until_they_expire() {
    let service = new_service();
    let client = client_of(&service, true);
    client.create_bucket().bucket("lake").send().await.unwrap();
    let clock_start = std::time::UNIX_EPOCH + std::time::Duration::from_secs(start().secs() as u64);
    let presign = |signed_before_secs: u64| {
        PresigningConfig::builder()
            .start_time(clock_start - std::time::Duration::from_secs(signed_before_secs))
            .expires_in(std::time::Duration::from_secs(60))
            .build()
            .unwrap()
    };
    let put = client
        .put_object()
        .bucket("lake")
        .key("a")
        .presigned(presign(0))
        .await
        .unwrap();
    let (status, _, xml) = bare(&service, request("PUT", put.uri()), "hello").await;
    assert_eq!(status, 200, "{xml}");
    let get = client
        .get_object()
        .bucket("lake")
        .key("a")
        .presigned(presign(59))
        .await
        .unwrap();
    let (status, _, body) = bare(&service, request("GET", get.uri()), "").await;
    assert_eq!((status.as_u16(), body.as_str()), (200, "hello"));
    let get = client
        .get_object()
        .bucket("lake")
        .key("a")
        .presigned(presign(61))
        .await
        .unwrap();
    let (status, _, xml) = bare(&service, request("GET", get.uri()), "").await;
    assert_eq!(status, 403);
    assert!(
        xml.contains("<Message>Request has expired</Message>"),
        "{xml}"
    );
    let half = "/lake/a?X-Amz-Algorithm=AWS4-HMAC-SHA256";
    let (status, _, xml) = bare(&service, request("GET", half), "").await;
    assert_eq!(status, 400);
    assert!(xml.contains("AuthorizationQueryParametersError"), "{xml}");
}

#[tokio::test]
async fn every_form_of_chunked_body_is_stored_decoded() {
    let service = new_service();
    bare(&service, request("PUT", "/lake"), "").await;
    let put = |sha256: &str| {
        request("PUT", "/lake/a")
            .header("x-amz-content-sha256", sha256)
            .header("x-amz-decoded-content-length", "5")
            .header("content-encoding", "aws-chunked,gzip")
    };
    let cases = [
        (
            "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
            Some("x-amz-checksum-crc32"),
            "5\r\nHello\r\n0\r\nx-amz-checksum-crc32:99GJgg==\r\n\r\n",
        ),
        (
            "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
            None,
            "3;chunk-signature=aa\r\nHel\r\n2;chunk-signature=bb\r\nlo\r\n0;chunk-signature=cc\r\n\r\n",
        ),
    ];
    for (sha256, trailer, wire) in cases {
        let mut head = put(sha256);
        if let Some(trailer) = trailer {
            head = head.header("x-amz-trailer", trailer);
        }
        let (status, headers, xml) = bare(&service, head, wire).await;
        assert_eq!(status, 200, "{xml}");
        assert!(headers.get("content-encoding").is_none());
        let (_, headers, body) = bare(&service, request("GET", "/lake/a"), "").await;
        assert_eq!(body, "Hello");
        assert_eq!(headers["content-encoding"], "gzip");
    }
    let undeclared =
        put("STREAMING-UNSIGNED-PAYLOAD-TRAILER").header("x-amz-trailer", "x-amz-checksum-crc32");
    let (_, _, xml) = bare(&service, undeclared, "5\r\nHello\r\n0\r\n\r\n").await;
    assert!(xml.contains("MalformedTrailerError"), "{xml}");
    let (_, _, xml) = bare(
        &service,
        put("STREAMING-UNSIGNED-PAYLOAD-TRAILER"),
        "3\r\nHel\r\n0\r\n\r\n",
    )
    .await;
    assert!(xml.contains("IncompleteBody"), "{xml}");
    let wrong = request("PUT", "/lake/a").header("x-amz-content-sha256", "00".repeat(32));
    let (_, _, xml) = bare(&service, wrong, "Hello").await;
    assert!(xml.contains("XAmzContentSHA256Mismatch"), "{xml}");
}

/// Every operation of the API model answers as itself: no request falls through to another one, and
/// one without a handler is refused by its name.
#[tokio::test]
async fn no_operation_falls_through_to_another() {
    let model: serde_json::Value =
        serde_json::from_str(include_str!("../../../../fixtures/api-model/s3.json")).unwrap();
    let operations = model["operations"].as_object().unwrap();
    let mut refused = 0;
    for (operation, facts) in operations {
        // Operations at the same address are told apart by a parameter, or are an old and a new
        // form of the same.
        let siblings: Vec<&str> = operations
            .iter()
            .filter(|(_, other)| other["http"] == facts["http"])
            .map(|(name, _)| name.as_str())
            .collect();
        // WriteGetObjectResponse has a host of its own, and the other is for directory buckets.
        let elsewhere = ["WriteGetObjectResponse", "ListDirectoryBuckets"];
        if siblings
            .iter()
            .any(|name| OPERATIONS.contains(name) || elsewhere.contains(name))
        {
            continue;
        }
        let service = new_service();
        let address = |at: usize| facts["http"][at].as_str().unwrap();
        let method = address(0);
        let uri = address(1)
            .replace("{Bucket}", "lake")
            .replace("{Key+}", "key");
        // These configurations are many to a bucket, told apart by an id.
        let uri = match uri.split_once('?') {
            Some((_, "analytics" | "intelligent-tiering" | "inventory" | "metrics")) => {
                format!("{uri}&id=one")
            }
            _ => uri,
        };
        let (status, _, xml) = bare(&service, request(method, &uri), "").await;
        let named = status == 501 && siblings.iter().any(|name| xml.contains(name));
        // Without its document a write is refused before its operation is asked.
        let undocumented = status == 400
            && (xml.contains("MalformedXML") || xml.contains("MissingRequestBodyError"))
            && method != "GET";
        assert!(named || undocumented, "{operation}: {status} {xml}");
        refused += usize::from(named);
        let (status, ..) = bare(&service, request("HEAD", "/lake"), "").await;
        assert_eq!(status, 404, "{operation} created a bucket");
    }
    assert!(refused > 20, "{refused}");
}

#[tokio::test]
async fn a_sub_resource_asked_with_a_wrong_method_is_not_taken_for_its_bucket() {
    let service = new_service();
    bare(&service, request("PUT", "/lake"), "").await;
    for (method, uri) in [
        ("PUT", "/lake?versions"),
        ("DELETE", "/lake?versioning"),
        ("PUT", "/lake?location"),
        ("DELETE", "/lake?acl"),
        ("DELETE", "/lake/key?acl"),
        ("POST", "/lake/key"),
    ] {
        let (status, ..) = bare(&service, request(method, uri), "").await;
        assert_eq!(status, 405, "{method} {uri}");
    }
    let (status, ..) = bare(&service, request("HEAD", "/lake"), "").await;
    assert_eq!(status, 200);
    let (status, ..) = bare(&service, request("PUT", "/lake/key?partNumber=1"), "x").await;
    assert_eq!(status, 400);
    let form = request("POST", "/lake").header("content-type", "multipart/form-data; boundary=b");
    let (status, _, xml) = bare(&service, form, "--b--").await;
    assert_eq!(status, 501);
    assert!(xml.contains("s3:PostObject is not implemented"), "{xml}");
}

#[tokio::test]
async fn an_object_without_a_content_type_is_binary() {
    let service = new_service();
    bare(&service, request("PUT", "/lake"), "").await;
    let meta = request("PUT", "/lake/a")
        .header("x-amz-meta-site", "south")
        .header("cache-control", "no-cache")
        .header("expires", "soon");
    let (status, headers, _) = bare(&service, meta, "x").await;
    assert_eq!(status, 200);
    // An answer to a write repeats nothing of what was stored.
    for name in [
        "x-amz-meta-site",
        "cache-control",
        "expires",
        "content-type",
    ] {
        assert!(headers.get(name).is_none(), "{name}");
    }
    let (_, headers, _) = bare(&service, request("GET", "/lake/a"), "").await;
    assert_eq!(headers["content-type"], "binary/octet-stream");
    assert_eq!(headers["x-amz-meta-site"], "south");
    assert_eq!(headers["expires"], "soon");
    assert!(headers.get("x-amz-checksum-crc64nvme").is_none());
    let checked = request("GET", "/lake/a").header("x-amz-checksum-mode", "ENABLED");
    let (_, headers, _) = bare(&service, checked, "").await;
    assert!(headers.get("x-amz-checksum-crc64nvme").is_some());
    let conditional = request("GET", "/lake/a").header("if-none-match", "\"nope\", *");
    let (status, headers, body) = bare(&service, conditional, "").await;
    assert_eq!((status.as_u16(), body.as_str()), (304, ""));
    assert!(headers.get("etag").is_some());
}

#[tokio::test]
async fn attributes_may_be_named_in_one_header() {
    let service = new_service();
    bare(&service, request("PUT", "/lake"), "").await;
    bare(&service, request("PUT", "/lake/a"), "hello").await;
    let asked = request("GET", "/lake/a?attributes")
        .header("x-amz-object-attributes", "ETag,ObjectSize, Checksum");
    let (status, _, xml) = bare(&service, asked, "").await;
    assert_eq!(status, 200);
    for part in [
        "<ETag>5d41402abc4b2a76b9719d911017c592</ETag>",
        "<ObjectSize>5</ObjectSize>",
        "<ChecksumType>FULL_OBJECT</ChecksumType>",
    ] {
        assert!(xml.contains(part), "{xml}");
    }
}
