//! Objects, copies and multipart uploads through the SDK.

use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{self, ChecksumMode};

use super::{check_code, client, start};

#[tokio::test]
async fn an_object_makes_the_round_trip_with_its_headers_and_checksum() {
    let client = client().await;
    let put = client
        .put_object()
        .bucket("lake")
        .key("raw/a b+c/ü.json")
        .body(ByteStream::from_static(b"0123456789"))
        .content_type("application/json")
        .content_encoding("gzip")
        .cache_control("no-cache")
        .metadata("Site", "Fläming")
        .tagging("site=south")
        .send()
        .await
        .unwrap();
    assert_eq!(put.e_tag(), Some("\"781e5e245d69b566979b86e28d23f2c7\""));
    assert_eq!(put.checksum_crc32(), Some("poTHxg=="));
    assert_eq!(put.server_side_encryption().unwrap().as_str(), "AES256");
    let get = client
        .get_object()
        .bucket("lake")
        .key("raw/a b+c/ü.json")
        .checksum_mode(ChecksumMode::Enabled)
        .send()
        .await
        .unwrap();
    assert_eq!(get.content_type(), Some("application/json"));
    assert_eq!(get.content_encoding(), Some("gzip"));
    assert_eq!(get.cache_control(), Some("no-cache"));
    // What is not ASCII comes back as RFC 2047 writes it.
    assert_eq!(get.metadata().unwrap()["site"], "=?UTF-8?B?RmzDpG1pbmc=?=");
    assert_eq!(get.checksum_crc32(), Some("poTHxg=="));
    assert_eq!(get.tag_count(), Some(1));
    assert_eq!(get.last_modified().unwrap().secs(), start().secs());
    let body = get.body.collect().await.unwrap().into_bytes();
    assert_eq!(body, "0123456789");
    let head = client
        .head_object()
        .bucket("lake")
        .key("raw/a b+c/ü.json")
        .send()
        .await
        .unwrap();
    assert_eq!(head.content_length(), Some(10));
    let plain = client
        .put_object()
        .bucket("lake")
        .key("plain")
        .send()
        .await
        .unwrap();
    assert_eq!(plain.e_tag(), Some("\"d41d8cd98f00b204e9800998ecf8427e\""));
}

#[tokio::test]
async fn ranges_and_parts_are_partial_answers() {
    let client = client().await;
    let body = ByteStream::from_static(b"0123456789");
    client
        .put_object()
        .bucket("lake")
        .key("a")
        .body(body)
        .send()
        .await
        .unwrap();
    let get = |range: &str| {
        client
            .get_object()
            .bucket("lake")
            .key("a")
            .range(range)
            .send()
    };
    let part = get("bytes=2-4").await.unwrap();
    assert_eq!(part.content_range(), Some("bytes 2-4/10"));
    assert_eq!(part.body.collect().await.unwrap().into_bytes(), "234");
    // Recorded against AWS: reversed, malformed and multiple ranges are ignored.
    for ignored in ["bytes=4-2", "bytes=0-1,3-4", "lines=1-2"] {
        let whole = get(ignored).await.unwrap();
        assert_eq!(
            (whole.content_range(), whole.content_length()),
            (None, Some(10))
        );
    }
    check_code(get("bytes=10-12").await, 416, "InvalidRange");
    let both = client
        .get_object()
        .bucket("lake")
        .key("a")
        .range("bytes=0-1")
        .part_number(1);
    check_code(both.send().await, 400, "InvalidRequest");
}

#[tokio::test]
async fn many_keys_are_deleted_in_one_call() {
    let client = client().await;
    client
        .put_object()
        .bucket("lake")
        .key("a")
        .send()
        .await
        .unwrap();
    let id = |key: &str| types::ObjectIdentifier::builder().key(key).build().unwrap();
    let delete = types::Delete::builder()
        .objects(id("a"))
        .objects(id("missing"))
        .build()
        .unwrap();
    let deleted = client
        .delete_objects()
        .bucket("lake")
        .delete(delete)
        .send()
        .await
        .unwrap();
    assert_eq!(deleted.deleted().len(), 2);
    assert!(deleted.errors().is_empty());
    let listed = client
        .list_objects_v2()
        .bucket("lake")
        .send()
        .await
        .unwrap();
    assert_eq!(listed.key_count(), Some(0));
    client
        .delete_object()
        .bucket("lake")
        .key("missing")
        .send()
        .await
        .unwrap();
}

#[tokio::test]
async fn an_upload_in_parts_completes_through_the_sdk() {
    let client = client().await;
    let upload = client
        .create_multipart_upload()
        .bucket("lake")
        .key("big")
        .send()
        .await
        .unwrap();
    let id = upload.upload_id().unwrap();
    let part = |number: i32, body: Vec<u8>| {
        let part = client.upload_part().bucket("lake").key("big").upload_id(id);
        part.part_number(number).body(ByteStream::from(body)).send()
    };
    let one = part(1, vec![b'a'; 5 * 1024 * 1024]).await.unwrap();
    let two = part(2, vec![b'b'; 10]).await.unwrap();
    let uploads = client
        .list_multipart_uploads()
        .bucket("lake")
        .send()
        .await
        .unwrap();
    assert_eq!(uploads.uploads()[0].upload_id(), Some(id));
    let parts = client
        .list_parts()
        .bucket("lake")
        .key("big")
        .upload_id(id)
        .send()
        .await
        .unwrap();
    assert_eq!(parts.parts()[1].size(), Some(10));
    let listed = |number: i32, etag: Option<&str>, crc32: Option<&str>| {
        let part = types::CompletedPart::builder().part_number(number);
        part.set_e_tag(etag.map(str::to_owned))
            .set_checksum_crc32(crc32.map(str::to_owned))
            .build()
    };
    let list = types::CompletedMultipartUpload::builder()
        .parts(listed(1, one.e_tag(), one.checksum_crc32()))
        .parts(listed(2, two.e_tag(), two.checksum_crc32()))
        .build();
    let complete = client
        .complete_multipart_upload()
        .bucket("lake")
        .key("big")
        .upload_id(id)
        .multipart_upload(list);
    let done = complete.clone().send().await.unwrap();
    assert_eq!(done.e_tag(), Some("\"8b0be7847da5564ae08e97af63b60885-2\""));
    complete.send().await.unwrap();
    let second = client
        .get_object()
        .bucket("lake")
        .key("big")
        .part_number(2)
        .send()
        .await
        .unwrap();
    assert_eq!(
        (second.parts_count(), second.content_length()),
        (Some(2), Some(10))
    );
    let whole = client
        .get_object()
        .bucket("lake")
        .key("big")
        .send()
        .await
        .unwrap();
    assert_eq!(
        whole.body.collect().await.unwrap().into_bytes().len(),
        5 * 1024 * 1024 + 10
    );
    let attributes = client
        .get_object_attributes()
        .bucket("lake")
        .key("big")
        .object_attributes(types::ObjectAttributes::Etag)
        .object_attributes(types::ObjectAttributes::ObjectParts)
        .object_attributes(types::ObjectAttributes::ObjectSize)
        .send()
        .await
        .unwrap();
    assert_eq!(
        attributes.e_tag(),
        Some("8b0be7847da5564ae08e97af63b60885-2")
    );
    assert_eq!(
        attributes.object_parts().unwrap().total_parts_count(),
        Some(2)
    );
    check_code(
        client
            .abort_multipart_upload()
            .bucket("lake")
            .key("big")
            .upload_id(id)
            .send()
            .await,
        404,
        "NoSuchUpload",
    );
}

#[tokio::test]
async fn copies_are_made_in_place_and_by_part() {
    let client = client().await;
    let body = ByteStream::from_static(b"0123456789");
    client
        .put_object()
        .bucket("lake")
        .key("a b")
        .body(body)
        .metadata("k", "v")
        .send()
        .await
        .unwrap();
    let copy = client
        .copy_object()
        .bucket("lake")
        .key("c")
        .copy_source("lake/a%20b")
        .send()
        .await
        .unwrap();
    let result = copy.copy_object_result().unwrap();
    assert_eq!(result.e_tag(), Some("\"781e5e245d69b566979b86e28d23f2c7\""));
    let head = client
        .head_object()
        .bucket("lake")
        .key("c")
        .send()
        .await
        .unwrap();
    assert_eq!(head.metadata().unwrap()["k"], "v");
    let itself = client
        .copy_object()
        .bucket("lake")
        .key("c")
        .copy_source("/lake/c");
    check_code(itself.send().await, 400, "InvalidRequest");
    let upload = client
        .create_multipart_upload()
        .bucket("lake")
        .key("d")
        .send()
        .await
        .unwrap();
    let part = client
        .upload_part_copy()
        .bucket("lake")
        .key("d")
        .upload_id(upload.upload_id().unwrap())
        .part_number(1)
        .copy_source("lake/c")
        .copy_source_range("bytes=2-4")
        .send()
        .await
        .unwrap();
    assert_eq!(
        part.copy_part_result().unwrap().e_tag(),
        Some("\"289dff07669d7a23de0ef88d2f7129e7\"")
    );
}
