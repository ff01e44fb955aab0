//! IAM as its clients see it.

mod accounts;
mod groups;
mod model;
mod sessions;

use serde_json::json;

use super::api::*;
use super::*;
use crate::base::{Region, Seed};

const GLUE: &str = "glue.amazonaws.com";

fn iam() -> Iam {
    Iam::new(Arc::new(Ids::seeded(Seed::new(7))))
}

fn call() -> Call {
    Call::root(Timestamp::from_millis(1_745_998_505_775))
}

fn trust(kind: &str, name: &str) -> String {
    json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {kind: name}, "Action": "sts:AssumeRole",
    }]})
    .to_string()
}

fn allow(action: &str) -> String {
    json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]})
        .to_string()
}

fn role_request(name: &str, trust_policy: &str) -> CreateRoleRequest {
    CreateRoleRequest {
        role_name: name.to_owned(),
        assume_role_policy_document: trust_policy.to_owned(),
        ..CreateRoleRequest::default()
    }
}

fn make_role(iam: &mut Iam, name: &str, trust_policy: &str) -> Role {
    iam.create_role(&call(), role_request(name, trust_policy))
        .unwrap()
        .role
}

fn make_policy(iam: &mut Iam, name: &str) -> String {
    let request = CreatePolicyRequest {
        policy_name: name.to_owned(),
        policy_document: allow("s3:*"),
        ..CreatePolicyRequest::default()
    };
    iam.create_policy(&call(), request)
        .unwrap()
        .policy
        .unwrap()
        .arn
        .unwrap()
}

fn attach(iam: &mut Iam, role: &str, policy: &str) -> Result<()> {
    let request = AttachRolePolicyRequest {
        role_name: role.to_owned(),
        policy_arn: policy.to_owned(),
    };
    iam.attach_role_policy(&call(), &request).map(drop)
}

fn put(iam: &mut Iam, role: &str, name: &str, document: &str) -> Result<()> {
    let request = PutRolePolicyRequest {
        role_name: role.to_owned(),
        policy_name: name.to_owned(),
        policy_document: document.to_owned(),
    };
    iam.put_role_policy(&call(), &request).map(drop)
}

fn named_role(name: &str) -> GetRoleRequest {
    GetRoleRequest {
        role_name: name.to_owned(),
    }
}

fn delete_role(iam: &mut Iam, name: &str) -> Result<()> {
    let request = DeleteRoleRequest {
        role_name: name.to_owned(),
    };
    iam.delete_role(&call(), &request).map(drop)
}

#[test]
fn replies_show_what_aws_shows() {
    let mut iam = iam();
    let created = make_role(&mut iam, "crawler", &trust("Service", GLUE));
    assert_eq!(created.arn, "arn:aws:iam::000000000000:role/crawler");
    assert!(created.role_id.starts_with("AROA"));
    assert_eq!(created.create_date, Timestamp::from_secs(1_745_998_505));
    assert_eq!(
        (created.max_session_duration, created.role_last_used),
        (None, None)
    );
    let shown = iam.get_role(&call(), &named_role("crawler")).unwrap().role;
    assert_eq!(shown.max_session_duration, Some(3_600));
    assert_eq!(shown.role_last_used, Some(RoleLastUsed::default()));
    let listed = iam
        .list_roles(&call(), &ListRolesRequest::default())
        .unwrap()
        .roles;
    assert_eq!(listed.len(), 1);
    assert_eq!(
        (listed[0].max_session_duration, &listed[0].role_last_used),
        (Some(3_600), &None)
    );
    let policy = make_policy(&mut iam, "read");
    let request = GetPolicyRequest { policy_arn: policy };
    let policy = iam.get_policy(&call(), &request).unwrap().policy.unwrap();
    assert_eq!(policy.attachment_count, Some(0));
    assert_eq!(policy.default_version_id.as_deref(), Some("v1"));
    assert_eq!(policy.is_attachable, Some(true));
}

#[test]
fn documents_survive_their_encoding() {
    let mut iam = iam();
    make_role(&mut iam, "r", &trust("Service", GLUE));
    let document = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::a/%3A ü*~",
    }]})
    .to_string();
    put(&mut iam, "r", "p", &document).unwrap();
    let request = GetRolePolicyRequest {
        role_name: "r".to_owned(),
        policy_name: "p".to_owned(),
    };
    let read = iam
        .get_role_policy(&call(), request)
        .unwrap()
        .policy_document;
    assert!(read.contains("%253A%20%C3%BC%2A~"), "{read}");
    let decoded = percent_encoding::percent_decode_str(&read)
        .decode_utf8()
        .unwrap();
    assert_eq!(decoded, document);
}

#[test]
fn names_are_unique_whatever_their_case() {
    let mut iam = iam();
    make_role(&mut iam, "Crawler", &trust("Service", GLUE));
    let again = iam.create_role(&call(), role_request("crawler", &trust("Service", GLUE)));
    assert_eq!(
        again.unwrap_err(),
        Error::EntityAlreadyExists("Role with name crawler already exists.".to_owned())
    );
    let other = Call {
        account: AccountId::parse("123456789012").unwrap(),
        ..call()
    };
    assert!(
        iam.create_role(&other, role_request("crawler", &trust("Service", GLUE)))
            .is_ok()
    );
    assert_eq!(
        iam.list_roles(&other, &ListRolesRequest::default())
            .unwrap()
            .roles
            .len(),
        1
    );
}

#[test]
fn attaching_checks_the_policy_and_is_idempotent() {
    let mut iam = iam();
    make_role(&mut iam, "r", &trust("Service", GLUE));
    let glue = "arn:aws:iam::aws:policy/service-role/AWSGlueServiceRole";
    attach(&mut iam, "r", glue).unwrap();
    attach(&mut iam, "r", glue).unwrap();
    let request = ListAttachedRolePoliciesRequest {
        role_name: "r".to_owned(),
        ..Default::default()
    };
    let attached = iam
        .list_attached_role_policies(&call(), &request)
        .unwrap()
        .attached_policies
        .unwrap();
    assert_eq!(attached.len(), 1);
    assert_eq!(
        attached[0].policy_name.as_deref(),
        Some("AWSGlueServiceRole")
    );
    let missing = "arn:aws:iam::000000000000:policy/nope";
    assert_eq!(
        attach(&mut iam, "r", missing).unwrap_err(),
        Error::NoSuchEntity(format!(
            "Policy {missing} does not exist or is not attachable."
        ))
    );
    assert_eq!(
        attach(&mut iam, "r", "notanarnbutlongenough").unwrap_err(),
        Error::Validation("Invalid ARN:  Could not be parsed!".to_owned())
    );
    let request = DeletePolicyRequest {
        policy_arn: missing.to_owned(),
    };
    assert_eq!(
        iam.delete_policy(&call(), &request).unwrap_err(),
        Error::NoSuchEntity(format!("Policy {missing} was not found."))
    );
}

#[test]
fn what_is_in_use_cannot_be_deleted() {
    let mut iam = iam();
    make_role(&mut iam, "r", &trust("Service", GLUE));
    let policy = make_policy(&mut iam, "p");
    attach(&mut iam, "r", &policy).unwrap();
    assert!(matches!(
        delete_role(&mut iam, "r"),
        Err(Error::DeleteConflict(_))
    ));
    let delete = DeletePolicyRequest {
        policy_arn: policy.clone(),
    };
    assert!(matches!(
        iam.delete_policy(&call(), &delete),
        Err(Error::DeleteConflict(_))
    ));
    let detach = DetachRolePolicyRequest {
        role_name: "r".to_owned(),
        policy_arn: policy,
    };
    iam.detach_role_policy(&call(), &detach).unwrap();
    assert!(matches!(
        iam.detach_role_policy(&call(), &detach),
        Err(Error::NoSuchEntity(_))
    ));
    put(&mut iam, "r", "inline", &allow("s3:*")).unwrap();
    assert!(matches!(
        delete_role(&mut iam, "r"),
        Err(Error::DeleteConflict(_))
    ));
    let inline = DeleteRolePolicyRequest {
        role_name: "r".to_owned(),
        policy_name: "inline".to_owned(),
    };
    iam.delete_role_policy(&call(), &inline).unwrap();
    delete_role(&mut iam, "r").unwrap();
    iam.delete_policy(&call(), &delete).unwrap();
    assert_eq!(
        delete_role(&mut iam, "r").unwrap_err(),
        Error::NoSuchEntity("The role with name r cannot be found.".to_owned())
    );
}

#[test]
fn a_policy_has_at_most_five_versions_and_always_a_default() {
    let mut iam = iam();
    let arn = make_policy(&mut iam, "p");
    let mut version = |set_as_default| {
        iam.create_policy_version(
            &call(),
            CreatePolicyVersionRequest {
                policy_arn: arn.clone(),
                policy_document: allow("kinesis:*"),
                set_as_default,
            },
        )
    };
    for expected in ["v2", "v3", "v4", "v5"] {
        let made = version(Some(expected == "v3"))
            .unwrap()
            .policy_version
            .unwrap();
        assert_eq!(made.version_id.as_deref(), Some(expected));
        assert_eq!(made.document, None);
    }
    assert!(matches!(version(None), Err(Error::LimitExceeded(_))));
    let delete = |iam: &mut Iam, id: &str| {
        iam.delete_policy_version(
            &call(),
            &DeletePolicyVersionRequest {
                policy_arn: arn.clone(),
                version_id: id.to_owned(),
            },
        )
    };
    assert!(matches!(
        delete(&mut iam, "v3"),
        Err(Error::DeleteConflict(_))
    ));
    delete(&mut iam, "v5").unwrap();
    let request = ListPolicyVersionsRequest {
        policy_arn: arn.clone(),
        ..Default::default()
    };
    let versions = iam
        .list_policy_versions(&call(), &request)
        .unwrap()
        .versions
        .unwrap();
    let ids: Vec<_> = versions
        .iter()
        .filter_map(|v| v.version_id.as_deref())
        .collect();
    assert_eq!(ids, ["v4", "v3", "v2", "v1"]);
    assert_eq!(
        versions
            .iter()
            .filter(|v| v.is_default_version == Some(true))
            .count(),
        1
    );
    let made = iam.create_policy_version(
        &call(),
        CreatePolicyVersionRequest {
            policy_arn: arn.clone(),
            policy_document: allow("kinesis:*"),
            set_as_default: None,
        },
    );
    let made = made.unwrap().policy_version.unwrap();
    assert_eq!(
        made.version_id.as_deref(),
        Some("v6"),
        "numbers are never used again"
    );
}

#[test]
fn long_documents_meet_their_quota() {
    let mut iam = iam();
    make_role(&mut iam, "r", &trust("Service", GLUE));
    let long = allow(&format!("s3:{}", "a".repeat(10_300)));
    assert!(matches!(
        put(&mut iam, "r", "p", &long),
        Err(Error::LimitExceeded(_))
    ));
    let spaced = allow("s3:*") + &" ".repeat(20_000);
    put(&mut iam, "r", "p", &spaced).unwrap();
}

#[test]
fn a_role_trusts_only_whom_its_policy_names() {
    let mut iam = iam();
    let role = make_role(&mut iam, "r", &trust("Service", GLUE)).arn;
    assert!(iam.role_trusts(&role, GLUE));
    assert!(!iam.role_trusts(&role, "firehose.amazonaws.com"));
    assert!(!iam.role_trusts("arn:aws:iam::000000000000:role/nope", GLUE));
    let denying = json!({"Statement": [
        {"Effect": "Allow", "Principal": {"Service": GLUE}, "Action": "sts:*"},
        {"Effect": "Deny", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"},
    ]});
    let role = make_role(&mut iam, "denying", &denying.to_string()).arn;
    assert!(!iam.role_trusts(&role, GLUE));
    let conditioned = |account: &str| {
        json!({"Statement": [{
            "Effect": "Allow", "Principal": {"Service": "firehose.amazonaws.com"}, "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"sts:ExternalId": account}},
        }]})
        .to_string()
    };
    for (name, account, trusts) in [
        ("own", "000000000000", true),
        ("other", "111111111111", false),
    ] {
        let role = make_role(&mut iam, name, &conditioned(account)).arn;
        assert_eq!(
            iam.role_trusts(&role, "firehose.amazonaws.com"),
            trusts,
            "{name}"
        );
    }
}

#[test]
fn access_keys_belong_to_their_user() {
    let mut iam = iam();
    let request = CreateUserRequest {
        user_name: "ana".to_owned(),
        ..Default::default()
    };
    let user = iam.create_user(&call(), request).unwrap().user.unwrap();
    let make = CreateAccessKeyRequest {
        user_name: Some("ana".to_owned()),
    };
    let key = iam.create_access_key(&call(), &make).unwrap().access_key;
    assert!(key.access_key_id.starts_with("AKIA") && key.access_key_id.len() == 20);
    assert_eq!(key.secret_access_key.len(), 40);
    assert_eq!(
        iam.caller_arn(&key.access_key_id, call().now),
        Some(user.arn.clone())
    );
    let as_ana = Call {
        caller_arn: user.arn,
        region: Region::new("eu-west-1"),
        ..call()
    };
    let me = iam
        .get_user(&as_ana, &GetUserRequest::default())
        .unwrap()
        .user;
    assert_eq!(
        (me.user_name.as_str(), me.user_id),
        ("ana", user.user_id.clone())
    );
    assert_eq!(iam.get_caller_identity(&as_ana).user_id, Some(user.user_id));
    iam.create_access_key(&as_ana, &CreateAccessKeyRequest::default())
        .unwrap();
    assert!(matches!(
        iam.create_access_key(&call(), &make),
        Err(Error::LimitExceeded(_))
    ));
    let delete = DeleteUserRequest {
        user_name: "ana".to_owned(),
    };
    assert!(matches!(
        iam.delete_user(&call(), &delete),
        Err(Error::DeleteConflict(_))
    ));
    let keys = iam
        .list_access_keys(&as_ana, &ListAccessKeysRequest::default())
        .unwrap();
    for key in keys.access_key_metadata {
        let request = DeleteAccessKeyRequest {
            user_name: Some("ana".to_owned()),
            access_key_id: key.access_key_id.unwrap(),
        };
        iam.delete_access_key(&call(), &request).unwrap();
    }
    iam.delete_user(&call(), &delete).unwrap();
    let root = iam
        .get_user(&call(), &GetUserRequest::default())
        .unwrap()
        .user;
    assert_eq!(
        (root.user_name.as_str(), root.arn.as_str()),
        ("", "arn:aws:iam::000000000000:root")
    );
}

#[test]
fn tags_ignore_the_case_of_their_keys() {
    let mut iam = iam();
    make_role(&mut iam, "r", &trust("Service", GLUE));
    let tag = |key: &str, value: &str| Tag {
        key: key.to_owned(),
        value: value.to_owned(),
    };
    let mut set = |tags| {
        iam.tag_role(
            &call(),
            TagRoleRequest {
                role_name: "r".to_owned(),
                tags,
            },
        )
        .map(drop)
    };
    set(vec![tag("Site", "a"), tag("team", "b")]).unwrap();
    set(vec![tag("site", "c")]).unwrap();
    assert!(matches!(
        set(vec![tag("x", ""), tag("X", "")]),
        Err(Error::InvalidInput(_))
    ));
    let many = (0..50).map(|n| tag(&format!("k{n}"), "")).collect();
    assert!(matches!(set(many), Err(Error::LimitExceeded(_))));
    let untag = UntagRoleRequest {
        role_name: "r".to_owned(),
        tag_keys: vec!["TEAM".to_owned(), "no".to_owned()],
    };
    iam.untag_role(&call(), &untag).unwrap();
    let request = ListRoleTagsRequest {
        role_name: "r".to_owned(),
        ..Default::default()
    };
    assert_eq!(
        iam.list_role_tags(&call(), &request).unwrap().tags,
        [tag("site", "c")]
    );
}

#[test]
fn a_role_in_an_instance_profile_stays() {
    let mut iam = iam();
    make_role(&mut iam, "r", &trust("Service", "ec2.amazonaws.com"));
    let request = CreateInstanceProfileRequest {
        instance_profile_name: "p".to_owned(),
        ..Default::default()
    };
    let made = iam
        .create_instance_profile(&call(), request)
        .unwrap()
        .instance_profile;
    assert_eq!(made.arn, "arn:aws:iam::000000000000:instance-profile/p");
    let add = AddRoleToInstanceProfileRequest {
        instance_profile_name: "p".to_owned(),
        role_name: "r".to_owned(),
    };
    iam.add_role_to_instance_profile(&call(), add.clone())
        .unwrap();
    assert!(matches!(
        iam.add_role_to_instance_profile(&call(), add),
        Err(Error::LimitExceeded(_))
    ));
    assert!(matches!(
        delete_role(&mut iam, "r"),
        Err(Error::DeleteConflict(_))
    ));
    let request = ListInstanceProfilesForRoleRequest {
        role_name: "r".to_owned(),
        ..Default::default()
    };
    let profiles = iam
        .list_instance_profiles_for_role(&call(), &request)
        .unwrap()
        .instance_profiles;
    assert_eq!(profiles[0].roles[0].role_name, "r");
    let remove = RemoveRoleFromInstanceProfileRequest {
        instance_profile_name: "p".to_owned(),
        role_name: "r".to_owned(),
    };
    iam.remove_role_from_instance_profile(&call(), &remove)
        .unwrap();
    delete_role(&mut iam, "r").unwrap();
    let request = DeleteInstanceProfileRequest {
        instance_profile_name: "p".to_owned(),
    };
    iam.delete_instance_profile(&call(), &request).unwrap();
}

#[test]
fn keys_follow_a_renamed_user_and_sleep_when_inactive() {
    let mut iam = iam();
    let request = CreateUserRequest {
        user_name: "ana".to_owned(),
        ..Default::default()
    };
    iam.create_user(&call(), request).unwrap();
    let make = CreateAccessKeyRequest {
        user_name: Some("ana".to_owned()),
    };
    let key = iam
        .create_access_key(&call(), &make)
        .unwrap()
        .access_key
        .access_key_id;
    let rename = UpdateUserRequest {
        user_name: "ana".to_owned(),
        new_user_name: Some("Ana".to_owned()),
        new_path: Some("/team/".to_owned()),
    };
    iam.update_user(&call(), rename).unwrap();
    let arn = "arn:aws:iam::000000000000:user/team/Ana";
    assert_eq!(iam.caller_arn(&key, call().now).as_deref(), Some(arn));
    let set = |status: &str| UpdateAccessKeyRequest {
        user_name: Some("Ana".to_owned()),
        access_key_id: key.clone(),
        status: status.to_owned(),
    };
    iam.update_access_key(&call(), &set("Inactive")).unwrap();
    assert_eq!(iam.caller_arn(&key, call().now), None);
    iam.update_access_key(&call(), &set("Active")).unwrap();
    assert_eq!(iam.caller_arn(&key, call().now).as_deref(), Some(arn));
}

#[test]
fn users_hold_policies_as_roles_do() {
    let mut iam = iam();
    let request = CreateUserRequest {
        user_name: "ana".to_owned(),
        ..Default::default()
    };
    iam.create_user(&call(), request).unwrap();
    let put = PutUserPolicyRequest {
        user_name: "ana".to_owned(),
        policy_name: "p".to_owned(),
        policy_document: allow("s3:*"),
    };
    iam.put_user_policy(&call(), &put).unwrap();
    let policy_arn = "arn:aws:iam::aws:policy/AmazonKinesisFullAccess".to_owned();
    let attach = AttachUserPolicyRequest {
        user_name: "ana".to_owned(),
        policy_arn: policy_arn.clone(),
    };
    iam.attach_user_policy(&call(), &attach).unwrap();
    let request = ListEntitiesForPolicyRequest {
        policy_arn,
        ..Default::default()
    };
    let users = iam
        .list_entities_for_policy(&call(), &request)
        .unwrap()
        .policy_users
        .unwrap();
    assert_eq!(users[0].user_name.as_deref(), Some("ana"));
    let delete = DeleteUserRequest {
        user_name: "ana".to_owned(),
    };
    assert!(matches!(
        iam.delete_user(&call(), &delete),
        Err(Error::DeleteConflict(_))
    ));
}
