//! The core against a small reference model, and its edges one by one.

mod model;
mod multipart;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::*;
use crate::base::{Call, Region, Seed, Timestamp};
use crate::store::Objects as _;

fn now() -> Timestamp {
    Timestamp::parse("2025-04-29T12:00:00.123Z").unwrap()
}

fn core() -> S3 {
    let core = S3::new(Arc::new(Ids::seeded(Seed::new(1))));
    create(&core, "lake").unwrap();
    core
}

fn create(core: &S3, name: &str) -> Result<BucketFacts> {
    core.create_bucket(
        &Call::root(now()),
        CreateBucket {
            name: name.to_owned(),
            ..CreateBucket::default()
        },
    )
}

fn put(core: &S3, key: &str, body: &str) -> Written {
    core.put(now(), "lake", key, body.to_owned(), BTreeMap::new())
        .unwrap()
}

fn get(core: &S3, key: &str) -> Result<String> {
    let read = core.read_object(&ReadRequest {
        bucket: "lake".to_owned(),
        key: key.to_owned(),
        ..ReadRequest::default()
    })?;
    Ok(String::from_utf8(read.body.to_bytes().to_vec()).unwrap())
}

fn delete(core: &S3, key: &str, version: Option<&str>) -> Deleted {
    core.delete_object(
        now(),
        &DeleteOne {
            bucket: "lake".to_owned(),
            key: key.to_owned(),
            version: version.map(str::to_owned),
            if_match: None,
        },
    )
    .unwrap()
}

fn list_request(prefix: &str, delimiter: Option<&str>, max: i32) -> ListRequest {
    ListRequest {
        bucket: "lake".to_owned(),
        prefix: prefix.to_owned(),
        delimiter: delimiter.map(str::to_owned),
        after: None,
        max: Some(max),
    }
}

#[track_caller]
fn check_code<T: std::fmt::Debug>(result: Result<T>, code: &str) {
    assert_eq!(result.unwrap_err().code(), code);
}

#[test]
fn creating_a_bucket_again_is_harmless_only_in_us_east_1() {
    let core = core();
    assert!(create(&core, "lake").is_ok());
    let mut call = Call::root(now());
    call.region = Region::new("eu-west-1");
    let request = CreateBucket {
        name: "nord".to_owned(),
        location: Some("eu-west-1".to_owned()),
        ownership: None,
        tags: None,
    };
    let facts = core.create_bucket(&call, request.clone()).unwrap();
    assert_eq!(facts.region, Region::new("eu-west-1"));
    check_code(
        core.create_bucket(&call, request.clone()),
        "BucketAlreadyOwnedByYou",
    );
    call.account = AccountId::parse("123456789012").unwrap();
    check_code(core.create_bucket(&call, request), "BucketAlreadyExists");
    assert_eq!(
        core.list_buckets(&call, &ListBuckets::default())
            .unwrap()
            .buckets,
        []
    );
    check_code(create(&core, "Lake"), "InvalidBucketName");
}

#[test]
fn buckets_are_listed_in_pages() {
    let core = core();
    for name in ["alpha", "beta", "gamma"] {
        create(&core, name).unwrap();
    }
    let call = Call::root(now());
    let mut request = ListBuckets {
        max: Some(2),
        ..ListBuckets::default()
    };
    let mut names = Vec::new();
    loop {
        let page = core.list_buckets(&call, &request).unwrap();
        names.extend(page.buckets.into_iter().map(|bucket| bucket.name));
        match page.next {
            Some(next) => request.token = Some(next),
            None => break,
        }
    }
    assert_eq!(names, ["alpha", "beta", "gamma", "lake"]);
    request.region = Some("nowhere".to_owned());
    check_code(core.list_buckets(&call, &request), "InvalidArgument");
}

#[test]
fn a_bucket_with_objects_cannot_be_deleted() {
    let core = core();
    put(&core, "a", "1");
    check_code(core.delete_bucket("lake"), "BucketNotEmpty");
    delete(&core, "a", None);
    core.delete_bucket("lake").unwrap();
    check_code(core.bucket("lake"), "NoSuchBucket");
    check_code(get(&core, "a"), "NoSuchBucket");
}

#[test]
fn what_is_put_is_what_is_got() {
    let core = core();
    let written = put(&core, "a", "hello");
    assert_eq!(written.object.etag, "5d41402abc4b2a76b9719d911017c592");
    assert_eq!(written.object.checksum.algorithm, Algorithm::Crc64Nvme);
    assert_eq!(written.modified, now().floor_millis());
    assert_eq!(get(&core, "a").unwrap(), "hello");
    put(&core, "a", "again");
    assert_eq!(get(&core, "a").unwrap(), "again");
    delete(&core, "a", None);
    check_code(get(&core, "a"), "NoSuchKey");
    delete(&core, "a", None);
    let long = "k".repeat(1025);
    check_code(
        core.put(now(), "lake", &long, "", BTreeMap::new()),
        "KeyTooLongError",
    );
    let headers = BTreeMap::from([("x-unknown".to_owned(), String::new())]);
    check_code(core.put(now(), "lake", "a", "", headers), "NotImplemented");
}

#[test]
fn conditional_writes_guard_against_lost_updates() {
    let core = core();
    let write = |if_match: Option<&str>, if_none_match: Option<&str>| {
        core.put_object(
            now(),
            Put {
                bucket: "lake".to_owned(),
                key: "lock".to_owned(),
                body: Body::from("x"),
                condition: WriteCondition {
                    if_match: if_match.map(str::to_owned),
                    if_none_match: if_none_match.map(str::to_owned),
                },
                ..Put::default()
            },
        )
    };
    check_code(write(Some("\"abc\""), None), "NoSuchKey");
    let first = write(None, Some("*")).unwrap();
    check_code(write(None, Some("*")), "PreconditionFailed");
    check_code(write(Some("\"abc\""), None), "PreconditionFailed");
    write(Some(&format!("\"{}\"", first.object.etag)), None).unwrap();
    write(Some(&first.object.etag), None).unwrap();
    check_code(write(None, Some("abc")), "NotImplemented");
    check_code(write(Some("*"), None), "NotImplemented");
    check_code(write(Some("a"), Some("*")), "NotImplemented");
}

#[test]
fn conditional_reads_follow_http() {
    let core = core();
    let etag = put(&core, "a", "hello").object.etag.clone();
    let read = |condition: ReadCondition| {
        let read = core.read_object(&ReadRequest {
            bucket: "lake".to_owned(),
            key: "a".to_owned(),
            condition,
            ..ReadRequest::default()
        });
        read.map_or_else(|error| error.code(), |_| "OK")
    };
    let matching = |etag: &str| Some(format!("\"{etag}\""));
    let (earlier, same) = (Some(Timestamp::EPOCH), Some(now()));
    let check = |condition: ReadCondition, expected: &str| {
        assert_eq!(read(condition.clone()), expected, "{condition:?}");
    };
    let none = ReadCondition::default;
    check(
        ReadCondition {
            if_match: matching(&etag),
            ..none()
        },
        "OK",
    );
    check(
        ReadCondition {
            if_match: matching("x"),
            ..none()
        },
        "PreconditionFailed",
    );
    check(
        ReadCondition {
            if_none_match: matching(&etag),
            ..none()
        },
        "NotModified",
    );
    check(
        ReadCondition {
            if_none_match: matching("x"),
            ..none()
        },
        "OK",
    );
    check(
        ReadCondition {
            if_modified_since: same,
            ..none()
        },
        "NotModified",
    );
    check(
        ReadCondition {
            if_modified_since: earlier,
            ..none()
        },
        "OK",
    );
    check(
        ReadCondition {
            if_unmodified_since: earlier,
            ..none()
        },
        "PreconditionFailed",
    );
    check(
        ReadCondition {
            if_unmodified_since: same,
            ..none()
        },
        "OK",
    );
    // An entity tag that matches wins over a date.
    let both = ReadCondition {
        if_match: matching(&etag),
        if_unmodified_since: earlier,
        ..none()
    };
    check(both, "OK");
    let both = ReadCondition {
        if_none_match: matching("x"),
        if_modified_since: same,
        ..none()
    };
    check(both, "OK");
}

fn enable_versioning(core: &S3, versioning: Versioning) {
    core.configure("lake", |config| config.versioning = Some(versioning))
        .unwrap();
}

#[test]
fn a_delete_marker_hides_a_key_and_its_removal_brings_it_back() {
    let core = core();
    let null = put(&core, "a", "null");
    assert_eq!(null.version, None);
    enable_versioning(&core, Versioning::Enabled);
    let one = put(&core, "a", "one").version.unwrap();
    let marker = delete(&core, "a", None);
    assert!(marker.marker);
    check_code(get(&core, "a"), "NoSuchKey");
    let id = marker.version.unwrap();
    check_code(
        core.stored("lake", "a", Some(&id), "GET"),
        "MethodNotAllowed",
    );
    let at = |id: &str| core.stored("lake", "a", Some(id), "GET").unwrap();
    assert_eq!(at(&one).object.body.to_bytes(), "one");
    assert_eq!(at("null").object.body.to_bytes(), "null");
    check_code(core.delete_bucket("lake"), "BucketNotEmpty");
    assert!(delete(&core, "a", Some(&id)).marker);
    assert_eq!(get(&core, "a").unwrap(), "one");
    check_code(
        core.stored("lake", "a", Some("bad id"), "GET"),
        "InvalidArgument",
    );
    check_code(
        core.stored("lake", "a", Some(&"x".repeat(32)), "GET"),
        "NoSuchVersion",
    );
    enable_versioning(&core, Versioning::Suspended);
    put(&core, "a", "newer null");
    let listing = core.list_versions(&VersionRequest {
        list: list_request("", None, 1000),
        after_version: None,
    });
    let versions = listing.unwrap().versions;
    let ids: Vec<&str> = versions.iter().map(|v| v.version_id.as_str()).collect();
    assert_eq!(ids, ["null", &one]);
    assert!(versions[0].latest && !versions[1].latest);
}

#[test]
fn versions_are_paged_within_and_across_keys() {
    let core = core();
    enable_versioning(&core, Versioning::Enabled);
    for key in ["a", "b/x", "b/y", "c"] {
        for body in ["1", "2", "3"] {
            put(&core, key, body);
        }
    }
    delete(&core, "c", None);
    let pages = |delimiter: Option<&str>, max: i32| {
        let mut request = VersionRequest {
            list: list_request("", delimiter, max),
            after_version: None,
        };
        let mut seen = Vec::new();
        loop {
            let page = core.list_versions(&request).unwrap();
            assert!(page.versions.len() + page.prefixes.len() <= max as usize);
            seen.extend(
                page.versions
                    .iter()
                    .map(|v| format!("{} {}", v.key, v.version_id)),
            );
            seen.extend(page.prefixes);
            match page.next {
                Some((key, version)) => {
                    request.list.after = Some(key);
                    request.after_version = version;
                }
                None => break,
            }
        }
        seen.sort();
        seen
    };
    for delimiter in [None, Some("/")] {
        let whole = pages(delimiter, 1000);
        assert_eq!(whole.len(), if delimiter.is_some() { 8 } else { 13 });
        for max in 1..=9 {
            assert_eq!(pages(delimiter, max), whole, "{delimiter:?} {max}");
        }
    }
    let without_key = VersionRequest {
        list: list_request("", None, 10),
        after_version: Some("x".repeat(32)),
    };
    check_code(core.list_versions(&without_key), "InvalidArgument");
}

#[test]
fn a_copy_onto_itself_must_change_something() {
    let core = core();
    let headers = BTreeMap::from([
        ("content-type".to_owned(), "text/plain".to_owned()),
        ("x-amz-meta-site".to_owned(), "south".to_owned()),
    ]);
    core.put(now(), "lake", "a", "hello", headers).unwrap();
    let copy = |key: &str, change: &dyn Fn(&mut Copy)| {
        let mut request = Copy {
            source: CopySource {
                bucket: "lake".to_owned(),
                key: "a".to_owned(),
                ..CopySource::default()
            },
            bucket: "lake".to_owned(),
            key: key.to_owned(),
            ..Copy::default()
        };
        change(&mut request);
        core.copy_object(now(), request)
    };
    check_code(copy("a", &|_| ()), "InvalidRequest");
    let copied = copy("b", &|_| ()).unwrap().written;
    assert_eq!(copied.object.attributes.metadata["site"], "south");
    assert_eq!(
        copied.object.attributes.headers["content-type"],
        "text/plain"
    );
    let replaced = copy("a", &|copy| copy.replace_metadata = true)
        .unwrap()
        .written;
    assert!(replaced.object.attributes.metadata.is_empty());
    let hashed = copy("c", &|copy| copy.algorithm = Some(Algorithm::Sha1)).unwrap();
    assert_eq!(hashed.written.object.checksum.algorithm, Algorithm::Sha1);
    let failing = |copy: &mut Copy| copy.source.condition.if_match = Some("x".to_owned());
    check_code(copy("d", &failing), "PreconditionFailed");
    check_code(
        copy("d", &|copy| copy.source.key = "none".to_owned()),
        "NoSuchKey",
    );
}

#[test]
fn absent_sub_resources_answer_by_their_own_codes() {
    let core = core();
    check_code(core.policy("lake"), "NoSuchBucketPolicy");
    check_code(core.bucket_tags("lake"), "NoSuchTagSet");
    check_code(
        core.document("lake", SubResource::Cors),
        "NoSuchCORSConfiguration",
    );
    assert_eq!(
        core.ownership("lake").unwrap(),
        Ownership::BucketOwnerEnforced
    );
    assert!(
        core.public_access_block("lake")
            .unwrap()
            .block_public_policy
    );
    core.configure("lake", |config| {
        config.ownership = None;
        config.public_access = None;
    })
    .unwrap();
    check_code(core.ownership("lake"), "OwnershipControlsNotFoundError");
    check_code(
        core.public_access_block("lake"),
        "NoSuchPublicAccessBlockConfiguration",
    );
}

#[test]
fn a_policy_is_kept_as_sent_and_a_public_one_is_blocked() {
    let core = core();
    let put = |policy: &str| core.put_policy("lake", policy.to_owned());
    assert_eq!(
        put("").unwrap_err().to_string(),
        "Policies must be valid JSON and the first byte must be '{'"
    );
    assert_eq!(
        put("{}").unwrap_err().to_string(),
        "Missing required field Statement"
    );
    let public = r#"{"Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:*"}]}"#;
    check_code(put(public), "AccessDenied");
    let private = r#"{ "Statement": [ ] }"#;
    put(private).unwrap();
    assert_eq!(core.policy("lake").unwrap(), private);
    core.configure("lake", |config| config.public_access = None)
        .unwrap();
    put(public).unwrap();
}

#[test]
fn archived_objects_must_be_restored_before_they_are_read() {
    let core = core();
    let headers = BTreeMap::from([("x-amz-storage-class".to_owned(), "GLACIER".to_owned())]);
    core.put(now(), "lake", "a", "x", headers).unwrap();
    check_code(get(&core, "a"), "InvalidObjectState");
    let headers = BTreeMap::from([("x-amz-storage-class".to_owned(), "LUNAR".to_owned())]);
    check_code(
        core.put(now(), "lake", "a", "x", headers),
        "InvalidStorageClass",
    );
}

#[tokio::test]
async fn other_rooms_read_and_write_without_http() {
    let space = Space::new(Arc::new(core()), crate::base::Clock::starting_at(now()));
    let headers = BTreeMap::from([("content-type".to_owned(), "text/csv".to_owned())]);
    let info = space
        .write("lake", "x/1", "hello".into(), headers)
        .await
        .unwrap();
    assert_eq!((info.size, info.last_modified), (5, now().floor_millis()));
    assert_eq!(space.head("lake", "x/1").await.unwrap(), info);
    assert_eq!(space.read("lake", "x/1", Some(1..3)).await.unwrap(), "el");
    assert_eq!(space.read("lake", "x/1", Some(3..99)).await.unwrap(), "lo");
    for n in 0..1001 {
        let key = format!("x/{n:04}");
        space
            .write("lake", &key, "".into(), BTreeMap::new())
            .await
            .unwrap();
    }
    assert_eq!(space.list("lake", "x/").await.unwrap().len(), 1002);
    space.delete("lake", "x/1").await.unwrap();
    let missing = space.head("lake", "x/1").await.unwrap_err();
    assert!(matches!(
        missing,
        crate::store::ObjectsError::NoSuchKey { .. }
    ));
    let missing = space.list("sea", "").await.unwrap_err();
    assert!(matches!(
        missing,
        crate::store::ObjectsError::NoSuchBucket(_)
    ));
}
