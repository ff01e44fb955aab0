//! Whom an access key stands for, and what was granted to them.

use std::sync::Arc;

use super::*;
use crate::base::{Ids, Origin, Seed, Timestamp};
use crate::iam::api::{
    AttachUserPolicyRequest, CreateAccessKeyRequest, CreateRoleRequest, CreateUserRequest,
    PutRolePolicyRequest, PutUserPolicyRequest, UpdateAccessKeyRequest,
};
use crate::iam::evaluate::{Case, Kind};
use crate::iam::sts_api::{AssumeRoleRequest, GetFederationTokenRequest};

const READ: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}}"#;
const TRUST_ALL: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"000000000000"},"Action":"sts:AssumeRole"}}"#;

fn call(access_key: Option<&str>) -> Call {
    Call {
        origin: Arc::new(Origin {
            access_key: access_key.map(str::to_owned),
            ..Origin::default()
        }),
        ..Call::root(Timestamp::from_secs(1_700_000_000))
    }
}

fn may(iam: &Iam, call: &Call, action: &str) -> bool {
    let principal = iam.principal(call).unwrap();
    let case = Case {
        subject: &principal.subject,
        action,
        resource: "arn:aws:s3:::lake/a",
        owner: Some("000000000000"),
        resource_policy: None,
        resource_kind: Kind::Resource,
        context: &principal.context,
    };
    case.decide().is_allowed()
}

/// An IAM with the user `ann`, who may read, and her access key.
fn with_ann() -> (Iam, String) {
    let mut iam = Iam::new(Arc::new(Ids::seeded(Seed::new(3))));
    let user = CreateUserRequest {
        user_name: "ann".to_owned(),
        ..CreateUserRequest::default()
    };
    iam.create_user(&call(None), user).unwrap();
    let policy = PutUserPolicyRequest {
        user_name: "ann".to_owned(),
        policy_name: "read".to_owned(),
        policy_document: READ.to_owned(),
    };
    iam.put_user_policy(&call(None), &policy).unwrap();
    let key = CreateAccessKeyRequest {
        user_name: Some("ann".to_owned()),
    };
    let made = iam.create_access_key(&call(None), &key).unwrap();
    (iam, made.access_key.access_key_id)
}

#[test]
fn users_may_what_their_policies_say_and_roots_everything() {
    let (iam, key) = with_ann();
    assert!(may(&iam, &call(Some(&key)), "s3:GetObject"));
    assert!(!may(&iam, &call(Some(&key)), "s3:PutObject"));
    assert!(may(&iam, &call(Some("test")), "s3:PutObject"));
    assert!(!may(&iam, &call(None), "s3:GetObject"));
}

#[test]
fn a_key_that_is_switched_off_stands_for_nobody() {
    let (mut iam, key) = with_ann();
    let off = UpdateAccessKeyRequest {
        user_name: Some("ann".to_owned()),
        access_key_id: key.clone(),
        status: "Inactive".to_owned(),
    };
    iam.update_access_key(&call(None), &off).unwrap();
    assert!(!may(&iam, &call(Some(&key)), "s3:GetObject"));
}

#[test]
fn a_session_may_what_its_role_and_its_own_policies_allow() {
    let (mut iam, _) = with_ann();
    let role = CreateRoleRequest {
        role_name: "reader".to_owned(),
        path: Some("/eng/".to_owned()),
        assume_role_policy_document: TRUST_ALL.to_owned(),
        ..CreateRoleRequest::default()
    };
    let arn = iam.create_role(&call(None), role).unwrap().role.arn;
    let policy = PutRolePolicyRequest {
        role_name: "reader".to_owned(),
        policy_name: "all".to_owned(),
        policy_document: READ.replace("s3:GetObject", "s3:*"),
    };
    iam.put_role_policy(&call(None), &policy).unwrap();
    let assume = |iam: &mut Iam, policy: Option<&str>| {
        let request = AssumeRoleRequest {
            role_arn: arn.clone(),
            role_session_name: "s".to_owned(),
            policy: policy.map(str::to_owned),
            ..AssumeRoleRequest::default()
        };
        let answer = iam.assume_role(&call(Some("test")), request).unwrap();
        answer.credentials.unwrap()
    };
    let wide = assume(&mut iam, None).access_key_id;
    let narrow = assume(&mut iam, Some(READ));
    assert!(may(&iam, &call(Some(&wide)), "s3:PutObject"));
    let narrow_call = call(Some(&narrow.access_key_id));
    assert!(may(&iam, &narrow_call, "s3:GetObject"));
    assert!(!may(&iam, &narrow_call, "s3:PutObject"));
    assert_eq!(iam.principal(&narrow_call).unwrap().name, arn);
    let late = Call {
        now: narrow.expiration,
        ..narrow_call
    };
    assert!(!may(&iam, &late, "s3:GetObject"));
    let service = iam.role_principal(&arn, "delivery").unwrap().unwrap();
    let session = "arn:aws:sts::000000000000:assumed-role/reader/delivery";
    assert_eq!(service.caller_arn, session);
}

#[test]
fn a_federated_user_needs_policies_of_its_own() {
    let (mut iam, key) = with_ann();
    let arn = iam.principal(&call(Some(&key))).unwrap().caller_arn;
    let as_ann = Call {
        caller_arn: arn,
        ..call(Some(&key))
    };
    for (policy, expected) in [(None, false), (Some(READ), true)] {
        let request = GetFederationTokenRequest {
            name: "bob".to_owned(),
            policy: policy.map(str::to_owned),
            ..GetFederationTokenRequest::default()
        };
        let answer = iam.get_federation_token(&as_ann, &request).unwrap();
        let key = answer.credentials.unwrap().access_key_id;
        assert_eq!(may(&iam, &call(Some(&key)), "s3:GetObject"), expected);
    }
}

#[test]
fn a_policy_whose_document_is_not_known_cannot_be_judged_by() {
    let (mut iam, key) = with_ann();
    let arn = "arn:aws:iam::aws:policy/AmazonAthenaFullAccess";
    let attach = AttachUserPolicyRequest {
        user_name: "ann".to_owned(),
        policy_arn: arn.to_owned(),
    };
    iam.attach_user_policy(&call(None), &attach).unwrap();
    let refused = iam.principal(&call(Some(&key))).unwrap_err();
    assert_eq!(refused, Unjudged::AwsPolicy(arn.to_owned()));
}
