//! Buckets, their settings and their listings through the SDK.

use aws_sdk_s3::types;

use super::{check_code, client, client_of, new_service};

#[tokio::test]
async fn buckets_follow_the_location_rules() {
    let service = new_service();
    let client = client_of(&service, true);
    let created = client.create_bucket().bucket("lake").send().await.unwrap();
    assert_eq!(created.location(), Some("/lake"));
    assert_eq!(created.bucket_arn(), Some("arn:aws:s3:::lake"));
    let located = |region: &str| {
        let configuration = types::CreateBucketConfiguration::builder()
            .location_constraint(region.into())
            .build();
        client
            .create_bucket()
            .bucket("nord")
            .create_bucket_configuration(configuration)
            .send()
    };
    check_code(located("us-east-1").await, 400, "InvalidLocationConstraint");
    let created = located("eu-north-1").await.unwrap();
    assert_eq!(created.location(), Some("http://nord.s3.amazonaws.com/"));
    let location = client
        .get_bucket_location()
        .bucket("nord")
        .send()
        .await
        .unwrap();
    assert_eq!(
        location.location_constraint().unwrap().as_str(),
        "eu-north-1"
    );
    let location = client
        .get_bucket_location()
        .bucket("lake")
        .send()
        .await
        .unwrap();
    assert!(
        location
            .location_constraint()
            .is_none_or(|region| region.as_str().is_empty())
    );
    let head = client.head_bucket().bucket("nord").send().await.unwrap();
    assert_eq!(head.bucket_region(), Some("eu-north-1"));
    let listed = client.list_buckets().send().await.unwrap();
    let names: Vec<_> = listed.buckets().iter().filter_map(|b| b.name()).collect();
    assert_eq!(names, ["lake", "nord"]);
    let other = client
        .head_bucket()
        .bucket("lake")
        .expected_bucket_owner("123456789012");
    assert_eq!(
        other
            .send()
            .await
            .unwrap_err()
            .raw_response()
            .unwrap()
            .status()
            .as_u16(),
        403
    );
    client.delete_bucket().bucket("nord").send().await.unwrap();
    assert!(
        client
            .head_bucket()
            .bucket("nord")
            .send()
            .await
            .unwrap_err()
            .into_service_error()
            .is_not_found()
    );
}

#[tokio::test]
async fn listings_page_and_encode() {
    let client = client().await;
    for key in ["a/1", "a/2", "b", "c d", "é"] {
        client
            .put_object()
            .bucket("lake")
            .key(key)
            .send()
            .await
            .unwrap();
    }
    let first = client
        .list_objects_v2()
        .bucket("lake")
        .delimiter("/")
        .max_keys(2)
        .send()
        .await
        .unwrap();
    assert_eq!(
        (first.key_count(), first.is_truncated()),
        (Some(2), Some(true))
    );
    assert_eq!(first.common_prefixes()[0].prefix(), Some("a/"));
    let token = first.next_continuation_token().unwrap();
    let rest = client
        .list_objects_v2()
        .bucket("lake")
        .delimiter("/")
        .continuation_token(token)
        .encoding_type(types::EncodingType::Url)
        .send()
        .await
        .unwrap();
    let keys: Vec<_> = rest
        .contents()
        .iter()
        .filter_map(|object| object.key())
        .collect();
    assert_eq!(keys, ["c%20d", "%C3%A9"]);
    assert!(rest.contents()[0].owner().is_none());
    let bad = client
        .list_objects_v2()
        .bucket("lake")
        .continuation_token("zz");
    check_code(bad.send().await, 400, "InvalidArgument");
    let v1 = client
        .list_objects()
        .bucket("lake")
        .max_keys(1)
        .send()
        .await
        .unwrap();
    assert_eq!((v1.next_marker(), v1.is_truncated()), (None, Some(true)));
    assert!(v1.contents()[0].owner().is_some());
    let v1 = client
        .list_objects()
        .bucket("lake")
        .delimiter("/")
        .max_keys(1)
        .send()
        .await
        .unwrap();
    assert_eq!(v1.next_marker(), Some("a/"));
}

#[tokio::test]
async fn versions_and_delete_markers_show_in_headers() {
    let client = client().await;
    let enabled = types::VersioningConfiguration::builder()
        .status(types::BucketVersioningStatus::Enabled)
        .build();
    client
        .put_bucket_versioning()
        .bucket("lake")
        .versioning_configuration(enabled)
        .send()
        .await
        .unwrap();
    let first = client
        .put_object()
        .bucket("lake")
        .key("a")
        .send()
        .await
        .unwrap();
    assert!(first.version_id().is_some());
    let deleted = client
        .delete_object()
        .bucket("lake")
        .key("a")
        .send()
        .await
        .unwrap();
    assert_eq!(deleted.delete_marker(), Some(true));
    let missing = client
        .get_object()
        .bucket("lake")
        .key("a")
        .send()
        .await
        .unwrap_err();
    let response = missing.raw_response().unwrap();
    assert_eq!(response.headers().get("x-amz-delete-marker"), Some("true"));
    let marker = deleted.version_id().unwrap();
    let by_version = client
        .get_object()
        .bucket("lake")
        .key("a")
        .version_id(marker);
    check_code(by_version.send().await, 405, "MethodNotAllowed");
    let versions = client
        .list_object_versions()
        .bucket("lake")
        .send()
        .await
        .unwrap();
    assert_eq!(
        (versions.versions().len(), versions.delete_markers().len()),
        (1, 1)
    );
    client
        .delete_object()
        .bucket("lake")
        .key("a")
        .version_id(marker)
        .send()
        .await
        .unwrap();
    client
        .get_object()
        .bucket("lake")
        .key("a")
        .send()
        .await
        .unwrap();
}

#[tokio::test]
async fn a_fresh_bucket_answers_an_infrastructure_refresh_exactly() {
    let client = client().await;
    macro_rules! absent {
        ($operation:ident, $code:literal) => {
            check_code(client.$operation().bucket("lake").send().await, 404, $code)
        };
    }
    absent!(get_bucket_policy, "NoSuchBucketPolicy");
    absent!(get_bucket_tagging, "NoSuchTagSet");
    absent!(
        get_bucket_lifecycle_configuration,
        "NoSuchLifecycleConfiguration"
    );
    absent!(get_bucket_cors, "NoSuchCORSConfiguration");
    absent!(get_bucket_website, "NoSuchWebsiteConfiguration");
    absent!(
        get_bucket_replication,
        "ReplicationConfigurationNotFoundError"
    );
    absent!(
        get_object_lock_configuration,
        "ObjectLockConfigurationNotFoundError"
    );
    macro_rules! present {
        ($operation:ident) => {
            client.$operation().bucket("lake").send().await.unwrap()
        };
    }
    assert_eq!(present!(get_bucket_versioning).status(), None);
    assert_eq!(present!(get_bucket_accelerate_configuration).status(), None);
    assert!(present!(get_bucket_logging).logging_enabled().is_none());
    assert!(
        present!(get_bucket_notification_configuration)
            .queue_configurations()
            .is_empty()
    );
    assert_eq!(
        present!(get_bucket_request_payment)
            .payer()
            .unwrap()
            .as_str(),
        "BucketOwner"
    );
    assert_eq!(present!(get_bucket_acl).grants().len(), 1);
    let encryption = present!(get_bucket_encryption);
    let rules = encryption
        .server_side_encryption_configuration()
        .unwrap()
        .rules();
    let default = rules[0].apply_server_side_encryption_by_default().unwrap();
    assert_eq!(default.sse_algorithm().as_str(), "AES256");
    let block = present!(get_public_access_block);
    assert_eq!(
        block
            .public_access_block_configuration()
            .unwrap()
            .block_public_acls(),
        Some(true)
    );
    let ownership = present!(get_bucket_ownership_controls);
    let rule = &ownership.ownership_controls().unwrap().rules()[0];
    assert_eq!(rule.object_ownership().as_str(), "BucketOwnerEnforced");
    client
        .delete_public_access_block()
        .bucket("lake")
        .send()
        .await
        .unwrap();
    absent!(
        get_public_access_block,
        "NoSuchPublicAccessBlockConfiguration"
    );
    client
        .delete_bucket_ownership_controls()
        .bucket("lake")
        .send()
        .await
        .unwrap();
    absent!(
        get_bucket_ownership_controls,
        "OwnershipControlsNotFoundError"
    );
    client
        .delete_bucket_policy()
        .bucket("lake")
        .send()
        .await
        .unwrap();
}

#[tokio::test]
async fn settings_come_back_as_they_were_set() {
    let client = client().await;
    let tag = |key: &str| types::Tag::builder().key(key).value("v").build().unwrap();
    let tagging = types::Tagging::builder().tag_set(tag("k")).build().unwrap();
    client
        .put_bucket_tagging()
        .bucket("lake")
        .tagging(tagging.clone())
        .send()
        .await
        .unwrap();
    let tags = client
        .get_bucket_tagging()
        .bucket("lake")
        .send()
        .await
        .unwrap();
    assert_eq!(tags.tag_set()[0].key(), "k");
    client
        .put_object()
        .bucket("lake")
        .key("a")
        .send()
        .await
        .unwrap();
    client
        .put_object_tagging()
        .bucket("lake")
        .key("a")
        .tagging(tagging)
        .send()
        .await
        .unwrap();
    let tags = client
        .get_object_tagging()
        .bucket("lake")
        .key("a")
        .send()
        .await
        .unwrap();
    assert_eq!(tags.tag_set().len(), 1);
    client
        .delete_object_tagging()
        .bucket("lake")
        .key("a")
        .send()
        .await
        .unwrap();
    let tags = client
        .get_object_tagging()
        .bucket("lake")
        .key("a")
        .send()
        .await
        .unwrap();
    assert!(tags.tag_set().is_empty());
    let rule = types::CorsRule::builder()
        .allowed_methods("GET")
        .allowed_origins("*")
        .build()
        .unwrap();
    let cors = types::CorsConfiguration::builder()
        .cors_rules(rule)
        .build()
        .unwrap();
    client
        .put_bucket_cors()
        .bucket("lake")
        .cors_configuration(cors)
        .send()
        .await
        .unwrap();
    let cors = client
        .get_bucket_cors()
        .bucket("lake")
        .send()
        .await
        .unwrap();
    assert_eq!(cors.cors_rules()[0].allowed_origins(), ["*"]);
    let policy = r#"{"Statement":[]}"#;
    client
        .put_bucket_policy()
        .bucket("lake")
        .policy(policy)
        .send()
        .await
        .unwrap();
    let stored = client
        .get_bucket_policy()
        .bucket("lake")
        .send()
        .await
        .unwrap();
    assert_eq!(stored.policy(), Some(policy));
    let acl = client
        .put_object()
        .bucket("lake")
        .key("a")
        .acl(types::ObjectCannedAcl::PublicRead);
    check_code(acl.send().await, 400, "AccessControlListNotSupported");
}

#[tokio::test]
async fn lifecycle_rules_are_kept_and_announced_on_objects() {
    let client = client().await;
    let expiration = types::LifecycleExpiration::builder().days(3).build();
    let filter = types::LifecycleRuleFilter::builder().prefix("raw/").build();
    let rule = types::LifecycleRule::builder()
        .id("short")
        .status(types::ExpirationStatus::Enabled)
        .filter(filter)
        .expiration(expiration);
    let put = |rule: types::LifecycleRule| {
        let configuration = types::BucketLifecycleConfiguration::builder()
            .rules(rule)
            .build()
            .unwrap();
        client
            .put_bucket_lifecycle_configuration()
            .bucket("lake")
            .lifecycle_configuration(configuration)
            .send()
    };
    put(rule.clone().build().unwrap()).await.unwrap();
    let stored = client
        .get_bucket_lifecycle_configuration()
        .bucket("lake")
        .send()
        .await
        .unwrap();
    assert_eq!(stored.rules(), [rule.clone().build().unwrap()]);
    let object = client
        .put_object()
        .bucket("lake")
        .key("raw/a")
        .send()
        .await
        .unwrap();
    assert_eq!(
        object.expiration(),
        Some("expiry-date=\"Sat, 03 May 2025 00:00:00 GMT\", rule-id=\"short\"")
    );
    let transition = types::Transition::builder()
        .days(1)
        .storage_class(types::TransitionStorageClass::Glacier)
        .build();
    let refused = put(rule.transitions(transition).build().unwrap()).await;
    check_code(refused, 501, "NotImplemented");
}

#[tokio::test]
async fn the_null_version_is_named_once_a_bucket_has_versions() {
    let client = client().await;
    let put = || client.put_object().bucket("lake").key("a").send();
    assert_eq!(put().await.unwrap().version_id(), None);
    for status in ["Enabled", "Suspended"] {
        let configuration = types::VersioningConfiguration::builder()
            .status(status.into())
            .build();
        client
            .put_bucket_versioning()
            .bucket("lake")
            .versioning_configuration(configuration)
            .send()
            .await
            .unwrap();
        let head = client.head_object().bucket("lake").key("a").send().await;
        assert_eq!(head.unwrap().version_id(), Some("null"), "{status}");
    }
    assert_eq!(put().await.unwrap().version_id(), Some("null"));
}

#[tokio::test]
async fn a_bucket_can_be_created_with_tags() {
    let client = client().await;
    let tag = types::Tag::builder()
        .key("site")
        .value("a&b")
        .build()
        .unwrap();
    let configuration = types::CreateBucketConfiguration::builder()
        .tags(tag)
        .build();
    let create = || {
        client
            .create_bucket()
            .bucket("tagged")
            .create_bucket_configuration(configuration.clone())
            .send()
    };
    // `&` is no character of a tag.
    check_code(create().await, 400, "InvalidTag");
    let tag = types::Tag::builder()
        .key("site")
        .value("a b")
        .build()
        .unwrap();
    let configuration = types::CreateBucketConfiguration::builder()
        .tags(tag)
        .build();
    let create = || {
        client
            .create_bucket()
            .bucket("tagged")
            .create_bucket_configuration(configuration.clone())
            .send()
    };
    create().await.unwrap();
    let tags = client.get_bucket_tagging().bucket("tagged").send().await;
    assert_eq!(tags.unwrap().tag_set()[0].value(), "a b");
    check_code(create().await, 409, "BucketAlreadyOwnedByYou");
}
