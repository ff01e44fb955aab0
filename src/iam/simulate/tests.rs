//! What a simulation answers, case by case.

mod agreement;

use std::sync::Arc;

use serde_json::{Value, json};

use super::super::api::*;
use super::*;
use crate::base::{Ids, Seed, Timestamp};

const ANN: &str = "arn:aws:iam::000000000000:user/ann";
const OBJECT: &str = "arn:aws:s3:::lake/a";

fn call() -> Call {
    Call::root(Timestamp::from_millis(1_745_998_505_775))
}

fn policy(statements: Value) -> String {
    json!({"Version": "2012-10-17", "Statement": statements}).to_string()
}

fn says(effect: &str, action: &str) -> String {
    policy(json!({"Effect": effect, "Action": action, "Resource": "*"}))
}

fn allow(action: &str) -> String {
    says("Allow", action)
}

/// The user `ann` with an inline policy, one attached by AWS, and in the group `ops` that has one of
/// each kind as well; a role `reader`.
fn iam() -> Iam {
    let mut iam = Iam::new(Arc::new(Ids::seeded(Seed::new(7))));
    let request = CreateUserRequest {
        user_name: "ann".to_owned(),
        ..CreateUserRequest::default()
    };
    iam.create_user(&call(), request).unwrap();
    let request = PutUserPolicyRequest {
        user_name: "ann".to_owned(),
        policy_name: "own".to_owned(),
        policy_document: allow("kinesis:Get*"),
    };
    iam.put_user_policy(&call(), &request).unwrap();
    let request = AttachUserPolicyRequest {
        user_name: "ann".to_owned(),
        policy_arn: "arn:aws:iam::aws:policy/AmazonS3FullAccess".to_owned(),
    };
    iam.attach_user_policy(&call(), &request).unwrap();
    let request = CreateGroupRequest {
        group_name: "ops".to_owned(),
        ..CreateGroupRequest::default()
    };
    iam.create_group(&call(), request).unwrap();
    let request = PutGroupPolicyRequest {
        group_name: "ops".to_owned(),
        policy_name: "shared".to_owned(),
        policy_document: policy(json!([
            {"Effect": "Allow", "Action": "glue:*", "Resource": "*"},
            {"Effect": "Deny", "Action": "s3:DeleteBucket", "Resource": "*",
             "Condition": {"StringNotEquals": {"aws:PrincipalTag/team": "wind"}}},
        ])),
    };
    iam.put_group_policy(&call(), &request).unwrap();
    let request = CreatePolicyRequest {
        policy_name: "queries".to_owned(),
        policy_document: allow("athena:*"),
        ..CreatePolicyRequest::default()
    };
    let made = iam.create_policy(&call(), request).unwrap();
    let request = AttachGroupPolicyRequest {
        group_name: "ops".to_owned(),
        policy_arn: made.policy.and_then(|policy| policy.arn).unwrap(),
    };
    iam.attach_group_policy(&call(), &request).unwrap();
    let request = AddUserToGroupRequest {
        group_name: "ops".to_owned(),
        user_name: "ann".to_owned(),
    };
    iam.add_user_to_group(&call(), request).unwrap();
    let trust = json!({"Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "Principal": {"Service": "glue.amazonaws.com"}, "Action": "sts:AssumeRole"}});
    let request = CreateRoleRequest {
        role_name: "reader".to_owned(),
        assume_role_policy_document: trust.to_string(),
        ..CreateRoleRequest::default()
    };
    iam.create_role(&call(), request).unwrap();
    iam
}

fn texts(list: &[&str]) -> Vec<String> {
    list.iter().map(|text| (*text).to_owned()).collect()
}

fn of_principal(arn: &str, actions: &[&str]) -> SimulatePrincipalPolicyRequest {
    SimulatePrincipalPolicyRequest {
        policy_source_arn: arn.to_owned(),
        action_names: texts(actions),
        ..SimulatePrincipalPolicyRequest::default()
    }
}

fn custom(policies: &[&str], actions: &[&str]) -> SimulateCustomPolicyRequest {
    SimulateCustomPolicyRequest {
        policy_input_list: texts(policies),
        action_names: texts(actions),
        ..SimulateCustomPolicyRequest::default()
    }
}

#[track_caller]
fn results(answer: Result<SimulateCustomPolicyResponse>) -> Vec<EvaluationResult> {
    answer.unwrap().evaluation_results.unwrap()
}

#[track_caller]
fn only(answer: Result<SimulateCustomPolicyResponse>) -> EvaluationResult {
    let [result] = results(answer).try_into().unwrap();
    result
}

/// Decision and, of each statement that led to it, policy and type.
fn told(result: &EvaluationResult) -> (&str, Vec<(&str, &str)>) {
    let matched = result.matched_statements.as_deref().unwrap_or_default();
    let matched = matched.iter().map(|statement| {
        (
            statement.source_policy_id.as_deref().unwrap(),
            statement.source_policy_type.as_deref().unwrap(),
        )
    });
    (&result.eval_decision, matched.collect())
}

#[test]
fn a_principal_has_its_own_policies_and_those_of_its_groups() {
    let iam = iam();
    let actions = [
        "kinesis:GetRecords",
        "s3:GetObject",
        "glue:GetTable",
        "athena:GetWorkGroup",
        "s3:DeleteBucket",
        "kinesis:PutRecord",
    ];
    let of =
        |arn: &str| results(iam.simulate_principal_policy(&call(), of_principal(arn, &actions)));
    let answers = of(ANN);
    let kind = "IAM Policy";
    let expected = [
        ("allowed", vec![("user_ann_own", kind)]),
        ("allowed", vec![("AmazonS3FullAccess", kind)]),
        ("allowed", vec![("group_ops_shared", kind)]),
        ("allowed", vec![("queries", kind)]),
        ("explicitDeny", vec![("group_ops_shared", kind)]),
        ("implicitDeny", vec![]),
    ];
    assert_eq!(answers.iter().map(told).collect::<Vec<_>>(), expected);
    for answer in &answers {
        assert_eq!(answer.eval_resource_name.as_deref(), Some("*"));
        assert_eq!(answer.resource_specific_results, None);
        assert_eq!(answer.eval_decision_details, None);
        assert_eq!(answer.organizations_decision_detail, None);
        assert_eq!(
            answer.missing_context_values,
            Some(texts(&["aws:PrincipalTag/team"]))
        );
    }
    let decisions = |arn: &str| -> Vec<String> {
        let answers = of(arn).into_iter();
        answers.map(|answer| answer.eval_decision).collect()
    };
    let no = "implicitDeny";
    assert_eq!(
        decisions("arn:aws:iam::000000000000:group/ops"),
        [no, no, "allowed", "allowed", "explicitDeny", no]
    );
    assert_eq!(decisions("arn:aws:iam::000000000000:role/reader"), [no; 6]);
}

#[test]
fn policies_are_added_and_left_out_by_the_request() {
    let iam = iam();
    let ask = |change: &dyn Fn(&mut SimulatePrincipalPolicyRequest)| {
        let mut request = of_principal(ANN, &["s3:GetObject"]);
        change(&mut request);
        let answer = only(iam.simulate_principal_policy(&call(), request));
        let bounded = answer.permissions_boundary_decision_detail;
        let bounded = bounded.and_then(|detail| detail.allowed_by_permissions_boundary);
        (answer.eval_decision, bounded)
    };
    let exclude = |kind: &str| {
        Some(vec![PolicyIdentifier {
            policy_type: Some(kind.to_owned()),
            ..PolicyIdentifier::default()
        }])
    };
    assert_eq!(ask(&|_| {}), ("allowed".to_owned(), None));
    assert_eq!(
        ask(&|request| request.policy_input_list = Some(vec![says("Deny", "s3:*")])),
        ("explicitDeny".to_owned(), None)
    );
    assert_eq!(
        ask(&|request| request.policy_exclusion_list = exclude("aws-managed")),
        ("implicitDeny".to_owned(), None)
    );
    assert_eq!(
        ask(&|request| request.policy_exclusion_list = exclude("inline")),
        ("allowed".to_owned(), None)
    );
}

#[test]
fn a_boundary_bounds_unless_the_request_brings_another() {
    let mut iam = iam();
    let request = PutUserPermissionsBoundaryRequest {
        user_name: "ann".to_owned(),
        permissions_boundary: "arn:aws:iam::aws:policy/AmazonKinesisFullAccess".to_owned(),
    };
    iam.put_user_permissions_boundary(&call(), request).unwrap();
    let ask = |boundary: Option<String>, exclude: bool| {
        let mut request = of_principal(ANN, &["s3:GetObject", "kinesis:GetRecords"]);
        request.permissions_boundary_policy_input_list = boundary.map(|policy| vec![policy]);
        request.policy_exclusion_list = exclude.then(|| {
            vec![PolicyIdentifier {
                policy_type: Some("permission-boundary".to_owned()),
                ..PolicyIdentifier::default()
            }]
        });
        let answers = results(iam.simulate_principal_policy(&call(), request)).into_iter();
        let told = answers.map(|answer| {
            let detail = answer.permissions_boundary_decision_detail.clone();
            let bounded = detail.and_then(|detail| detail.allowed_by_permissions_boundary);
            let matched = told(&answer).1.len();
            (answer.eval_decision, bounded, matched)
        });
        <[_; 2]>::try_from(told.collect::<Vec<_>>()).unwrap()
    };
    let allowed = |bounded, matched| ("allowed".to_owned(), bounded, matched);
    let denied = ("implicitDeny".to_owned(), Some(false), 0);
    assert_eq!(ask(None, false), [denied.clone(), allowed(Some(true), 1)]);
    assert_eq!(
        ask(Some(allow("s3:*")), false),
        [allowed(Some(true), 1), denied]
    );
    assert_eq!(ask(None, true), [allowed(None, 1), allowed(None, 1)]);
    let explicit = ("explicitDeny".to_owned(), Some(false), 1);
    assert_eq!(
        ask(Some(says("Deny", "*")), false),
        [explicit.clone(), explicit]
    );
    let mut request = custom(&[&allow("*")], &["s3:GetObject"]);
    request.permissions_boundary_policy_input_list = Some(vec![says("Deny", "s3:*")]);
    let answer = only(iam.simulate_custom_policy(&call(), request));
    let source = (
        "PermissionsBoundaryPolicyInputList.1",
        "Permissions Boundary Policy",
    );
    assert_eq!(told(&answer), ("explicitDeny", vec![source]));
}

#[test]
fn an_action_is_summed_up_over_its_resources() {
    let iam = iam();
    let text = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::lake/*"}, {"Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::lake/x"}]}"#;
    let ask = |resources: &[&str]| {
        let mut request = custom(&[text], &["s3:GetObject"]);
        request.resource_arns = Some(texts(resources));
        only(iam.simulate_custom_policy(&call(), request))
    };
    let at = |column| {
        Some(Position {
            line: Some(1),
            column: Some(column),
        })
    };
    let statement = |start, end| Statement {
        source_policy_id: Some("PolicyInputList.1".to_owned()),
        source_policy_type: Some("IAM Policy".to_owned()),
        start_position: at(start),
        end_position: at(end),
    };
    let specific =
        |resource: &str, decision: &str, matched: Vec<Statement>| ResourceSpecificResult {
            eval_resource_name: resource.to_owned(),
            eval_resource_decision: decision.to_owned(),
            matched_statements: Some(matched),
            missing_context_values: Some(Vec::new()),
            eval_decision_details: None,
            permissions_boundary_decision_detail: None,
        };
    let allowing = statement(41, 113);
    let denying = statement(113, 186);
    assert_eq!(&text[40..41], "{");
    assert_eq!(&text[111..114], "}, ");
    assert_eq!(
        ask(&[OBJECT]),
        EvaluationResult {
            eval_action_name: "s3:GetObject".to_owned(),
            eval_resource_name: Some("arn:${Partition}:s3:::${BucketName}/${KeyName}".to_owned()),
            eval_decision: "allowed".to_owned(),
            matched_statements: Some(vec![allowing.clone()]),
            missing_context_values: Some(Vec::new()),
            organizations_decision_detail: None,
            permissions_boundary_decision_detail: None,
            eval_decision_details: Some(Default::default()),
            resource_specific_results: Some(vec![specific(
                OBJECT,
                "allowed",
                vec![allowing.clone()]
            )]),
        }
    );
    let (pond, denied) = ("arn:aws:s3:::pond/a", "arn:aws:s3:::lake/x");
    let answer = ask(&[OBJECT, pond]);
    assert_eq!(told(&answer), ("implicitDeny", vec![]));
    let answer = ask(&[OBJECT, pond, denied]);
    assert_eq!(answer.eval_decision, "explicitDeny");
    assert_eq!(answer.matched_statements, Some(vec![denying.clone()]));
    assert_eq!(
        answer.resource_specific_results,
        Some(vec![
            specific(OBJECT, "allowed", vec![allowing]),
            specific(pond, "implicitDeny", Vec::new()),
            specific(denied, "explicitDeny", vec![denying]),
        ])
    );
}

#[test]
fn resource_policies_are_judged_with_their_caller_and_owner() {
    let iam = iam();
    let bob = "arn:aws:iam::111111111111:user/bob";
    let ask = |identity: &str, principal: &str, caller: &str, owner: Option<&str>| {
        let mut request = custom(&[identity], &["s3:GetObject"]);
        request.resource_arns = Some(texts(&[OBJECT]));
        request.caller_arn = Some(caller.to_owned());
        request.resource_owner = owner.map(str::to_owned);
        request.resource_policy = Some(policy(
            json!([{"Effect": "Allow", "Principal": {"AWS": principal},
            "Action": "s3:GetObject", "Resource": "arn:aws:s3:::lake/*"}]),
        ));
        let answer = only(iam.simulate_custom_policy(&call(), request));
        let details = answer.eval_decision_details.clone().unwrap();
        let specific = &answer.resource_specific_results.as_ref().unwrap()[0];
        assert_eq!(
            specific.eval_decision_details.clone().unwrap_or_default(),
            details
        );
        let details: Vec<String> = details
            .into_iter()
            .map(|(kind, what)| format!("{kind}: {what}"))
            .collect();
        let (decision, matched) = told(&answer);
        let matched: Vec<String> = matched
            .into_iter()
            .map(|(id, kind)| format!("{id}, {kind}"))
            .collect();
        (decision.to_owned(), matched, details)
    };
    let nothing = allow("kinesis:*");
    let here = Some("000000000000");
    let resource = "ResourcePolicy, Resource Policy".to_owned();
    let identity = "PolicyInputList.1, IAM Policy".to_owned();
    // Within an account the resource's policy suffices, for whom it names.
    assert_eq!(
        ask(&nothing, ANN, ANN, None),
        ("allowed".to_owned(), vec![resource.clone()], vec![])
    );
    assert_eq!(
        ask(&nothing, bob, ANN, None),
        ("implicitDeny".to_owned(), vec![], vec![])
    );
    // Across accounts both sides must allow, and each is told.
    let sides = |identity: &str, resource: &str| {
        vec![
            format!("IAM Policy: {identity}"),
            format!("Resource Policy: {resource}"),
        ]
    };
    assert_eq!(
        ask(&nothing, bob, bob, here),
        (
            "implicitDeny".to_owned(),
            vec![],
            sides("implicitDeny", "allowed")
        )
    );
    let root = "arn:aws:iam::000000000000:root";
    assert_eq!(
        ask(&allow("s3:*"), bob, bob, Some(root)),
        (
            "allowed".to_owned(),
            vec![identity, resource],
            sides("allowed", "allowed")
        )
    );
    assert_eq!(
        ask(&allow("s3:*"), ANN, bob, here).2,
        sides("allowed", "implicitDeny")
    );
}

#[test]
fn context_keys_are_those_given() {
    let iam = iam();
    let text = policy(
        json!({"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*",
        "Condition": {"StringLike": {"s3:prefix": "${aws:username}/*"}, "IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}}),
    );
    let ask = |entries: &[(&str, &str, &str)]| {
        let mut request = custom(&[&text], &["s3:ListBucket"]);
        let entries = entries.iter().map(|(name, value, kind)| ContextEntry {
            context_key_name: Some((*name).to_owned()),
            context_key_values: Some(texts(&[value])),
            context_key_type: Some((*kind).to_owned()),
        });
        request.context_entries = Some(entries.collect());
        let answer = only(iam.simulate_custom_policy(&call(), request));
        (answer.eval_decision, answer.missing_context_values.unwrap())
    };
    assert_eq!(
        ask(&[]),
        (
            "implicitDeny".to_owned(),
            texts(&["aws:username", "s3:prefix", "aws:SourceIp"])
        )
    );
    let name = ("aws:username", "ann", "string");
    let prefix = ("S3:Prefix", "ann/2025", "string");
    assert_eq!(
        ask(&[name, prefix, ("aws:sourceip", "203.0.113.7", "ip")]),
        ("allowed".to_owned(), vec![])
    );
    assert_eq!(
        ask(&[name, prefix]),
        ("implicitDeny".to_owned(), texts(&["aws:SourceIp"]))
    );
    let request = GetContextKeysForCustomPolicyRequest {
        policy_input_list: vec![text.clone(), text],
    };
    let keys = Iam::get_context_keys_for_custom_policy(&request).unwrap();
    assert_eq!(
        keys.context_key_names,
        Some(texts(&["aws:username", "s3:prefix", "aws:SourceIp"]))
    );
    let request = GetContextKeysForPrincipalPolicyRequest {
        policy_source_arn: ANN.to_owned(),
        policy_input_list: None,
    };
    let keys = iam.get_context_keys_for_principal_policy(&call(), &request);
    assert_eq!(
        keys.unwrap().context_key_names,
        Some(texts(&["aws:PrincipalTag/team"]))
    );
}

#[test]
fn every_level_of_an_organization_must_allow() {
    let iam = iam();
    let ask = |levels: &[&[String]]| {
        let mut request = custom(&[&allow("s3:*")], &["s3:GetObject"]);
        request.resource_arns = Some(texts(&[OBJECT]));
        let levels = levels.iter().map(|level| OrderedOrganizationPolicyType {
            service_control_policy_input_list: Some(level.to_vec()),
        });
        request.ordered_organization_policy_input_list = Some(levels.collect());
        let answer = only(iam.simulate_custom_policy(&call(), request));
        let detail = answer.organizations_decision_detail.clone().unwrap();
        let matched = told(&answer).1.len();
        let detailed = answer.eval_decision_details.is_some();
        assert_eq!(detail.allowed_by_organizations, Some(detailed));
        (answer.eval_decision, matched, detailed)
    };
    let all = [allow("*")];
    assert_eq!(ask(&[&all, &all]), ("allowed".to_owned(), 1, true));
    assert_eq!(ask(&[&all, &[]]), ("implicitDeny".to_owned(), 0, false));
    let some = [allow("*"), says("Deny", "s3:GetObject")];
    assert_eq!(ask(&[&some, &all]), ("explicitDeny".to_owned(), 0, false));
}

#[test]
fn what_cannot_be_simulated_is_refused() {
    let iam = iam();
    let invalid = |change: &dyn Fn(&mut SimulateCustomPolicyRequest)| {
        let mut request = custom(&[&allow("s3:*")], &["s3:GetObject"]);
        change(&mut request);
        match iam.simulate_custom_policy(&call(), request) {
            Err(Error::InvalidInput(_)) => {}
            other => panic!("{other:?}"),
        }
    };
    let resource_policy = || {
        Some(policy(
            json!({"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*"}),
        ))
    };
    invalid(&|request| request.action_names = texts(&["s3:Get*"]));
    invalid(&|request| request.action_names = texts(&["GetObject"]));
    invalid(&|request| request.resource_arns = Some(texts(&["lake"])));
    invalid(&|request| request.policy_input_list = texts(&["{}"]));
    invalid(&|request| request.policy_input_list = resource_policy().into_iter().collect());
    invalid(&|request| request.resource_policy = resource_policy());
    invalid(&|request| {
        request.resource_policy = resource_policy();
        request.caller_arn = Some("arn:aws:iam::000000000000:role/reader".to_owned());
    });
    invalid(&|request| {
        request.resource_policy = Some("{".to_owned());
        request.caller_arn = Some(ANN.to_owned());
    });
    invalid(&|request| request.resource_owner = Some("arn:aws:s3:::lake".to_owned()));
    invalid(&|request| {
        let session = "arn:aws:sts::000000000000:assumed-role/reader/s";
        request.caller_arn = Some(session.to_owned());
    });
    invalid(&|request| {
        let boundaries = vec![allow("s3:*"), allow("s3:*")];
        request.permissions_boundary_policy_input_list = Some(boundaries);
    });
    invalid(&|request| request.context_entries = Some(vec![ContextEntry::default()]));

    let mut request = custom(&[&allow("s3:*")], &["s3:GetObject"]);
    request.resource_handling_option = Some("EC2-VPC-EBS".to_owned());
    assert_eq!(
        iam.simulate_custom_policy(&call(), request).unwrap_err(),
        Error::NotImplemented("iam:SimulateCustomPolicy ResourceHandlingOption".to_owned())
    );
    let of =
        |arn: &str| iam.simulate_principal_policy(&call(), of_principal(arn, &["s3:GetObject"]));
    assert_eq!(
        of("arn:aws:sts::000000000000:assumed-role/reader/s").unwrap_err(),
        Error::InvalidInput(
            "Invalid Entity Arn: arn:aws:sts::000000000000:assumed-role/reader/s does not clearly \
             define entity type and name."
                .to_owned()
        )
    );
    for missing in [
        "arn:aws:iam::000000000000:user/nobody",
        "arn:aws:iam::000000000000:user/other-path/ann",
        "arn:aws:iam::111111111111:user/ann",
    ] {
        assert!(matches!(of(missing), Err(Error::NoSuchEntity(_))));
    }
}

#[test]
fn policies_without_a_document_are_named() {
    let mut iam = iam();
    let arn = "arn:aws:iam::aws:policy/AmazonAthenaFullAccess";
    let request = AttachRolePolicyRequest {
        role_name: "reader".to_owned(),
        policy_arn: arn.to_owned(),
    };
    iam.attach_role_policy(&call(), &request).unwrap();
    let mut request = of_principal("arn:aws:iam::000000000000:role/reader", &["s3:GetObject"]);
    assert_eq!(
        iam.simulate_principal_policy(&call(), request.clone())
            .unwrap_err(),
        Error::NotImplemented(format!("iam:SimulatePrincipalPolicy with {arn}"))
    );
    request.policy_exclusion_list = Some(vec![PolicyIdentifier {
        policy_arn: Some(arn.to_owned()),
        ..PolicyIdentifier::default()
    }]);
    only(iam.simulate_principal_policy(&call(), request));
}

#[test]
fn answers_come_in_pages() {
    let iam = iam();
    let actions: Vec<String> = (0..25).map(|n| format!("s3:Action{n}")).collect();
    let ask = |max_items: Option<i32>, resources: usize| {
        let (mut marker, mut pages, mut seen) = (None, Vec::new(), Vec::new());
        loop {
            let mut request = custom(&[&allow("s3:*")], &[]);
            request.action_names.clone_from(&actions);
            let arns = (0..resources).map(|n| format!("arn:aws:s3:::lake/{n}"));
            request.resource_arns = Some(arns.collect());
            (request.max_items, request.marker) = (max_items, marker);
            let answer = iam.simulate_custom_policy(&call(), request).unwrap();
            let results = answer.evaluation_results.unwrap();
            pages.push(results.len());
            seen.extend(results.into_iter().map(|result| result.eval_action_name));
            marker = answer.marker;
            if marker.is_none() {
                assert_eq!(seen, actions);
                return pages;
            }
        }
    };
    assert_eq!(ask(None, 0), [25]);
    assert_eq!(ask(Some(10), 2), [10, 10, 5]);
    // Many resources make short pages.
    assert_eq!(ask(Some(20), 900), [11, 11, 3]);
}
