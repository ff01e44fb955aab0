//! STS: assumed roles, tokens, federated users.

use super::*;
use crate::iam::sts_api::{
    AssumeRoleRequest, AssumeRoleResponse, GetFederationTokenRequest, GetSessionTokenRequest,
};

fn assume(iam: &mut Iam, call: &Call, role_arn: &str) -> Result<AssumeRoleResponse> {
    iam.assume_role(
        call,
        AssumeRoleRequest {
            role_arn: role_arn.to_owned(),
            role_session_name: "me".to_owned(),
            ..AssumeRoleRequest::default()
        },
    )
}

#[test]
fn assumed_roles_act_under_their_own_name_until_they_expire() {
    let mut iam = iam();
    let request = CreateRoleRequest {
        path: Some("/team/".to_owned()),
        ..role_request("Analyst", &trust("AWS", "arn:aws:iam::000000000000:root"))
    };
    let role = iam.create_role(&call(), request).unwrap().role;
    let assumed = assume(&mut iam, &call(), &role.arn).unwrap();
    let credentials = assumed.credentials.unwrap();
    let user = assumed.assumed_role_user.unwrap();
    assert_eq!(
        user.arn,
        "arn:aws:sts::000000000000:assumed-role/Analyst/me"
    );
    assert_eq!(user.assumed_role_id, format!("{}:me", role.role_id));
    assert_eq!(
        credentials.expiration,
        Timestamp::from_secs(1_745_998_505 + 3_600)
    );
    let caller = iam.caller(&credentials.access_key_id, call().now).unwrap();
    assert_eq!(caller.arn, user.arn);
    assert_eq!(
        iam.caller(&credentials.access_key_id, credentials.expiration),
        None
    );
    let session = Call {
        caller_arn: user.arn,
        ..call()
    };
    assert_eq!(
        iam.get_caller_identity(&session).user_id,
        Some(user.assumed_role_id)
    );
    let used = iam
        .get_role(&call(), &named_role("Analyst"))
        .unwrap()
        .role
        .role_last_used
        .unwrap();
    assert_eq!(used.region.as_deref(), Some("us-east-1"));
}

#[test]
fn a_missing_role_and_a_role_that_does_not_trust_are_denied_alike() {
    let mut iam = iam();
    let role = make_role(&mut iam, "r", &trust("Service", GLUE)).arn;
    for arn in [role.as_str(), "arn:aws:iam::000000000000:role/missing"] {
        assert_eq!(
            assume(&mut iam, &call(), arn).unwrap_err(),
            Error::AccessDenied(format!(
                "User: arn:aws:iam::000000000000:root is not authorized to perform: \
                 sts:AssumeRole on resource: {arn}"
            ))
        );
    }
    assert_eq!(
        assume(&mut iam, &call(), "arn:aws:s3:::not-a-role-at-all").unwrap_err(),
        Error::Validation("arn:aws:s3:::not-a-role-at-all is invalid".to_owned())
    );
}

#[test]
fn sessions_of_the_caller_keep_its_name() {
    let mut iam = iam();
    let token = iam
        .get_session_token(&call(), &GetSessionTokenRequest::default())
        .unwrap();
    let credentials = token.credentials.unwrap();
    assert_eq!(
        credentials
            .expiration
            .since(Timestamp::from_secs(call().now.secs()))
            .as_secs(),
        3_600
    );
    assert_eq!(
        iam.caller_arn(&credentials.access_key_id, call().now)
            .as_deref(),
        Some("arn:aws:iam::000000000000:root")
    );
    let request = GetFederationTokenRequest {
        name: "bob".to_owned(),
        ..Default::default()
    };
    let federated = iam.get_federation_token(&call(), &request).unwrap();
    assert_eq!(
        federated.federated_user.unwrap().federated_user_id,
        "000000000000:bob"
    );
    assert_eq!(federated.packed_policy_size, Some(0));
    let with_mfa = GetSessionTokenRequest {
        token_code: Some("123456".to_owned()),
        ..Default::default()
    };
    assert!(matches!(
        iam.get_session_token(&call(), &with_mfa),
        Err(Error::NotImplemented(_))
    ));
}
