//! What is asked of a whole account: summary, details, aliases, uses of keys, service-linked roles.

use super::*;
use crate::base::Region;
use crate::iam::sts_api::AssumeRoleRequest;

fn make_ann(iam: &mut Iam) -> String {
    let request = CreateUserRequest {
        user_name: "ann".to_owned(),
        ..CreateUserRequest::default()
    };
    iam.create_user(&call(), request).unwrap();
    let request = CreateAccessKeyRequest {
        user_name: Some("ann".to_owned()),
    };
    let made = iam.create_access_key(&call(), &request).unwrap();
    made.access_key.access_key_id
}

fn last_use(iam: &Iam, key: &str) -> Result<AccessKeyLastUsed> {
    let request = GetAccessKeyLastUsedRequest {
        access_key_id: key.to_owned(),
    };
    let answer = iam.get_access_key_last_used(&call(), &request)?;
    assert_eq!(answer.user_name.as_deref(), Some("ann"));
    Ok(answer.access_key_last_used.unwrap())
}

#[test]
fn a_key_tells_its_last_use_and_none_before_the_first() {
    let mut iam = iam();
    let key = make_ann(&mut iam);
    let unused = AccessKeyLastUsed {
        last_used_date: None,
        service_name: "N/A".to_owned(),
        region: "N/A".to_owned(),
    };
    assert_eq!(last_use(&iam, &key).unwrap(), unused);
    iam.key_used(&key, &call(), "iam");
    let later = Call {
        now: Timestamp::from_millis(1_745_998_600_999),
        region: Region::new("eu-west-1"),
        ..call()
    };
    iam.key_used(&key, &later, "kinesis");
    iam.key_used("AKIAMADEELSEWHERE000", &later, "s3");
    let used = AccessKeyLastUsed {
        last_used_date: Some(Timestamp::from_secs(1_745_998_600)),
        service_name: "kinesis".to_owned(),
        region: "eu-west-1".to_owned(),
    };
    assert_eq!(last_use(&iam, &key).unwrap(), used);
    assert!(matches!(
        last_use(&iam, "AKIAMADEELSEWHERE000"),
        Err(Error::NoSuchEntity(_))
    ));
    let account = AccountId::default();
    assert_eq!(
        iam.key_owner(&account, &key).as_deref(),
        Some("arn:aws:iam::000000000000:user/ann")
    );
    let other = AccountId::parse("111111111111").unwrap();
    assert_eq!(iam.key_owner(&other, &key), None);
}

#[test]
fn the_use_of_a_session_is_a_use_of_its_role() {
    let mut iam = iam();
    let role = make_role(&mut iam, "r", &trust("AWS", "000000000000"));
    let request = AssumeRoleRequest {
        role_arn: role.arn,
        role_session_name: "s".to_owned(),
        ..AssumeRoleRequest::default()
    };
    let session = iam.assume_role(&call(), request).unwrap();
    let later = Call {
        now: Timestamp::from_secs(1_745_998_600),
        region: Region::new("eu-west-1"),
        ..call()
    };
    iam.key_used(&session.credentials.unwrap().access_key_id, &later, "s3");
    let used = iam.get_role(&call(), &named_role("r")).unwrap().role;
    let expected = RoleLastUsed {
        last_used_date: Some(later.now),
        region: Some("eu-west-1".to_owned()),
    };
    assert_eq!(used.role_last_used, Some(expected));
}

#[test]
fn an_account_has_one_alias_and_no_other_account_the_same() {
    let mut iam = iam();
    let other = Call {
        account: AccountId::parse("111111111111").unwrap(),
        ..call()
    };
    let create = |iam: &mut Iam, call: &Call, alias: &str| {
        let request = CreateAccountAliasRequest {
            account_alias: alias.to_owned(),
        };
        iam.create_account_alias(call, request).map(drop)
    };
    let list = |iam: &Iam, call: &Call| {
        let request = ListAccountAliasesRequest::default();
        let answer = iam.list_account_aliases(call, &request).unwrap();
        answer.account_aliases
    };
    assert_eq!(list(&iam, &call()), [""; 0]);
    create(&mut iam, &call(), "wind").unwrap();
    create(&mut iam, &call(), "farm").unwrap();
    assert_eq!(list(&iam, &call()), ["farm"]);
    assert_eq!(
        create(&mut iam, &other, "farm").unwrap_err(),
        Error::EntityAlreadyExists("The account alias farm already exists.".to_owned())
    );
    create(&mut iam, &other, "wind").unwrap();
    let delete = DeleteAccountAliasRequest {
        account_alias: "farm".to_owned(),
    };
    assert!(iam.delete_account_alias(&other, &delete).is_err());
    iam.delete_account_alias(&call(), &delete).unwrap();
    assert_eq!(list(&iam, &call()), [""; 0]);
    assert_eq!(list(&iam, &other), ["wind"]);
}

/// Everything of one kind, connected.
fn furnished() -> Iam {
    let mut iam = iam();
    make_ann(&mut iam);
    let request = CreateGroupRequest {
        group_name: "ops".to_owned(),
        ..CreateGroupRequest::default()
    };
    iam.create_group(&call(), request).unwrap();
    let request = AddUserToGroupRequest {
        group_name: "ops".to_owned(),
        user_name: "ann".to_owned(),
    };
    iam.add_user_to_group(&call(), request).unwrap();
    let policy = make_policy(&mut iam, "p");
    let request = CreatePolicyVersionRequest {
        policy_arn: policy.clone(),
        policy_document: allow("kinesis:*"),
        set_as_default: None,
    };
    iam.create_policy_version(&call(), request).unwrap();
    let request = AttachGroupPolicyRequest {
        group_name: "ops".to_owned(),
        policy_arn: policy,
    };
    iam.attach_group_policy(&call(), &request).unwrap();
    make_role(&mut iam, "r", &trust("Service", GLUE));
    put(&mut iam, "r", "inline", &allow("s3:*")).unwrap();
    attach(&mut iam, "r", "arn:aws:iam::aws:policy/AmazonS3FullAccess").unwrap();
    let request = PutUserPermissionsBoundaryRequest {
        user_name: "ann".to_owned(),
        permissions_boundary: "arn:aws:iam::aws:policy/AmazonKinesisFullAccess".to_owned(),
    };
    iam.put_user_permissions_boundary(&call(), request).unwrap();
    iam
}

#[test]
fn the_summary_counts_what_is_there() {
    let iam = furnished();
    let map = iam.get_account_summary(&call()).summary_map.unwrap();
    for (key, count) in [
        ("Users", 1),
        ("Groups", 1),
        ("Roles", 1),
        ("InstanceProfiles", 0),
        ("Policies", 1),
        // Two of the customer's policy and one of each of AWS's two.
        ("PolicyVersionsInUse", 4),
        ("AccountAccessKeysPresent", 0),
        ("GroupsQuota", 300),
        ("GroupPolicySizeQuota", 5_120),
        ("AttachedPoliciesPerRoleQuota", 10),
    ] {
        assert_eq!(map.get(key), Some(&count), "{key}");
    }
    assert_eq!(map.len(), 34);
    let other = Call {
        account: AccountId::parse("111111111111").unwrap(),
        ..call()
    };
    let map = iam.get_account_summary(&other).summary_map.unwrap();
    assert_eq!((map["Users"], map["UsersQuota"]), (0, 5_000));
}

#[test]
fn the_details_show_everything_and_what_connects_it() {
    let mut iam = furnished();
    let all = |iam: &Iam, filter: &[&str]| {
        let request = GetAccountAuthorizationDetailsRequest {
            filter: Some(filter.iter().map(|kind| (*kind).to_owned()).collect()),
            ..GetAccountAuthorizationDetailsRequest::default()
        };
        iam.get_account_authorization_details(&call(), &request)
    };
    let details = all(&iam, &[]).unwrap();
    let user = &details.user_detail_list.unwrap()[0];
    assert_eq!(user.group_list, Some(vec!["ops".to_owned()]));
    let boundary = user.permissions_boundary.as_ref().unwrap();
    assert_eq!(
        boundary.permissions_boundary_arn.as_deref(),
        Some("arn:aws:iam::aws:policy/AmazonKinesisFullAccess")
    );
    let group = &details.group_detail_list.unwrap()[0];
    let attached = group.attached_managed_policies.as_ref().unwrap();
    assert_eq!(attached[0].policy_name.as_deref(), Some("p"));
    let role = &details.role_detail_list.unwrap()[0];
    let inline = &role.role_policy_list.as_ref().unwrap()[0];
    assert_eq!(inline.policy_name.as_deref(), Some("inline"));
    let policies = details.policies.unwrap();
    let names = policies.iter().map(|policy| policy.policy_name.as_deref());
    assert_eq!(
        names.collect::<Vec<_>>(),
        [
            Some("p"),
            Some("AmazonKinesisFullAccess"),
            Some("AmazonS3FullAccess")
        ]
    );
    let versions = policies[0].policy_version_list.as_ref().unwrap();
    let ids = versions.iter().map(|version| version.version_id.as_deref());
    assert_eq!(ids.collect::<Vec<_>>(), [Some("v2"), Some("v1")]);
    assert!(versions.iter().all(|version| version.document.is_some()));

    // Page by page the same.
    let (mut marker, mut seen) = (None, 0);
    loop {
        let request = GetAccountAuthorizationDetailsRequest {
            max_items: Some(1),
            marker,
            ..GetAccountAuthorizationDetailsRequest::default()
        };
        let page = iam
            .get_account_authorization_details(&call(), &request)
            .unwrap();
        seen += page.user_detail_list.unwrap().len() + page.group_detail_list.unwrap().len();
        seen += page.role_detail_list.unwrap().len() + page.policies.unwrap().len();
        marker = page.marker;
        if marker.is_none() {
            break;
        }
    }
    assert_eq!(seen, 6);

    // A document that is not known is named, unless nobody asks for it.
    attach(
        &mut iam,
        "r",
        "arn:aws:iam::aws:policy/AWSGlueConsoleFullAccess",
    )
    .unwrap();
    assert_eq!(
        all(&iam, &["AWSManagedPolicy"]).unwrap_err(),
        Error::NotImplemented(
            "iam:GetAccountAuthorizationDetails of \
             arn:aws:iam::aws:policy/AWSGlueConsoleFullAccess"
                .to_owned()
        )
    );
    let groups = all(&iam, &["Group"]).unwrap();
    assert_eq!(groups.group_detail_list.unwrap().len(), 1);
    assert_eq!(groups.user_detail_list, Some(Vec::new()));
}

fn link(iam: &mut Iam, service: &str, suffix: Option<&str>) -> Result<Role> {
    let request = CreateServiceLinkedRoleRequest {
        aws_service_name: service.to_owned(),
        description: None,
        custom_suffix: suffix.map(str::to_owned),
    };
    let answer = iam.create_service_linked_role(&call(), request)?;
    Ok(answer.role.unwrap())
}

#[test]
fn service_linked_roles_are_their_services_to_change() {
    let mut iam = iam();
    let role = link(&mut iam, "ecs.amazonaws.com", None).unwrap();
    assert_eq!(
        role.arn,
        "arn:aws:iam::000000000000:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS"
    );
    assert!(iam.role_trusts(&role.arn, "ecs.amazonaws.com"));
    assert!(!iam.role_trusts(&role.arn, GLUE));
    let protected = Error::UnmodifiableEntity(
        "Cannot perform the operation on the protected role 'AWSServiceRoleForECS' - this role is \
         only modifiable by AWS"
            .to_owned(),
    );
    let name = "AWSServiceRoleForECS";
    let refused = [
        delete_role(&mut iam, name),
        put(&mut iam, name, "p", &allow("s3:*")),
        attach(&mut iam, name, "arn:aws:iam::aws:policy/AmazonS3FullAccess"),
    ];
    for refused in refused {
        assert_eq!(refused.unwrap_err(), protected);
    }
    let describe = UpdateRoleRequest {
        role_name: name.to_owned(),
        description: Some("runs containers".to_owned()),
        max_session_duration: None,
    };
    iam.update_role(&call(), describe).unwrap();
    assert_eq!(
        link(&mut iam, "ecs.amazonaws.com", None).unwrap_err(),
        Error::InvalidInput(
            "Service role name AWSServiceRoleForECS has been taken in this account, please try a \
             different suffix."
                .to_owned()
        )
    );
    let request = CreateRoleRequest {
        path: Some("/aws-service-role/ecs.amazonaws.com/".to_owned()),
        ..role_request("mine", &trust("Service", GLUE))
    };
    assert!(matches!(
        iam.create_role(&call(), request),
        Err(Error::InvalidInput(_))
    ));
}

#[test]
fn service_linked_roles_have_suffixes_where_their_service_allows_them() {
    let mut iam = iam();
    let role = link(&mut iam, "autoscaling.amazonaws.com", Some("blue")).unwrap();
    assert_eq!(role.role_name, "AWSServiceRoleForAutoScaling_blue");
    link(&mut iam, "autoscaling.amazonaws.com", None).unwrap();
    assert_eq!(
        link(&mut iam, "ecs.amazonaws.com", Some("blue")).unwrap_err(),
        Error::InvalidInput("Custom suffix is not allowed for ecs.amazonaws.com".to_owned())
    );
    assert_eq!(
        link(&mut iam, "nope.amazonaws.com", None).unwrap_err(),
        Error::NotImplemented(
            "the role of nope.amazonaws.com (iam:CreateServiceLinkedRole)".to_owned()
        )
    );
}

#[test]
fn the_deletion_of_a_service_linked_role_is_a_task() {
    let mut iam = iam();
    let role = link(&mut iam, "ecs.amazonaws.com", None).unwrap();
    make_role(&mut iam, "plain", &trust("Service", GLUE));
    let delete = |iam: &mut Iam, name: &str| {
        let request = DeleteServiceLinkedRoleRequest {
            role_name: name.to_owned(),
        };
        let answer = iam.delete_service_linked_role(&call(), &request);
        answer.map(|answer| answer.deletion_task_id)
    };
    let status = |iam: &Iam, task: &str| {
        let request = GetServiceLinkedRoleDeletionStatusRequest {
            deletion_task_id: task.to_owned(),
        };
        let answer = iam.get_service_linked_role_deletion_status(&call(), &request);
        answer.map(|answer| answer.status)
    };
    let task = delete(&mut iam, "AWSServiceRoleForECS").unwrap();
    let prefix = "task/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS/";
    assert!(task.starts_with(prefix), "{task}");
    assert_eq!(status(&iam, &task).unwrap(), "SUCCEEDED");
    assert!(iam.get_role(&call(), &named_role(&role.role_name)).is_err());
    let deleted = Iam::deleted_role_arn(&AccountId::default(), &task);
    assert_eq!(deleted, Some(role.arn));
    for name in ["AWSServiceRoleForECS", "plain", "missing"] {
        assert!(matches!(
            delete(&mut iam, name),
            Err(Error::NoSuchEntity(_))
        ));
    }
    assert!(matches!(
        status(&iam, "task/x"),
        Err(Error::NoSuchEntity(_))
    ));
}
