//! Policies judged by: tables of cases, and random policies against a small reference.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::reference::{ACTIONS, Ask, PRINCIPALS, REGIONS, RESOURCES, Rule, World};
use super::*;

const ACCOUNT: &str = "111111111111";
const USER: &str = "arn:aws:iam::111111111111:user/ann";
const ROLE: &str = "arn:aws:iam::111111111111:role/reader";
const SESSION: &str = "arn:aws:sts::111111111111:assumed-role/reader/s";
const OBJECT: &str = "arn:aws:s3:::lake/a";

fn policy(statements: &[Value]) -> Policy {
    let document = json!({"Version": "2012-10-17", "Statement": statements});
    Policy::parse(&document.to_string()).unwrap()
}

/// Allow or Deny of everything, to a principal in resource policies.
fn says(effect: &str, principal: Option<&str>) -> Policy {
    let mut statement = json!({"Effect": effect, "Action": "s3:*", "Resource": "*"});
    if let Some(principal) = principal {
        statement["Principal"] = json!({"AWS": principal});
    }
    policy(&[statement])
}

fn user() -> Subject {
    Subject::new(ACCOUNT, Standing::User(USER.to_owned()))
}

fn session() -> Subject {
    let (role, session) = (ROLE.to_owned(), SESSION.to_owned());
    Subject::new(ACCOUNT, Standing::Session { role, session })
}

fn judge(subject: &Subject, resource_policy: Option<&Policy>, owner: &str) -> Verdict {
    Case {
        subject,
        action: "s3:GetObject",
        resource: OBJECT,
        owner: Some(owner),
        resource_policy,
        resource_kind: Kind::Resource,
        context: &Context::new(),
    }
    .decide()
}

/// One row of the documented order: what each kind of policy says (`+` allows, `-` denies, space
/// says nothing, `.` is not there), to whom the resource policy says it, and the verdict.
#[track_caller]
fn check(
    mut subject: Subject,
    [identity, boundary, session, resource]: [char; 4],
    principal: &str,
    owner: &str,
    expected: Verdict,
) {
    let read = |sign: char, principal: Option<&str>| match sign {
        '+' => Some(says("Allow", principal)),
        '-' => Some(says("Deny", principal)),
        ' ' => Some(policy(&[])),
        _ => None,
    };
    subject.identity = read(identity, None).into_iter().collect();
    subject.boundary = read(boundary, None);
    subject.session = read(session, None).map(|policy| vec![policy]);
    let resource = read(resource, Some(principal));
    let verdict = judge(&subject, resource.as_ref(), owner);
    assert_eq!(verdict, expected, "{subject:?}");
}

#[test]
fn the_documented_order_is_kept_within_an_account() {
    use Kind::*;
    use Verdict::*;
    let own = ACCOUNT;
    let root = "arn:aws:iam::111111111111:root";
    // Nothing said: denied. Said by the identity: allowed.
    check(
        user(),
        ['.', '.', '.', '.'],
        "*",
        own,
        NotAllowedBy(Identity),
    );
    check(user(), ['+', '.', '.', '.'], "*", own, Allowed);
    // A deny anywhere wins.
    check(user(), ['-', '.', '.', '+'], USER, own, DeniedBy(Identity));
    check(user(), ['+', '-', '.', '+'], USER, own, DeniedBy(Boundary));
    check(
        session(),
        ['+', '.', '-', '+'],
        SESSION,
        own,
        DeniedBy(Session),
    );
    check(user(), ['+', '.', '.', '-'], root, own, DeniedBy(Resource));
    // Either side suffices; a boundary limits identities, and what names a role or everybody.
    check(user(), [' ', '.', '.', '+'], USER, own, Allowed);
    check(
        user(),
        ['+', ' ', '.', '.'],
        "*",
        own,
        NotAllowedBy(Boundary),
    );
    check(user(), [' ', ' ', '.', '+'], USER, own, Allowed);
    check(session(), [' ', ' ', '.', '+'], SESSION, own, Allowed);
    check(
        session(),
        [' ', ' ', '.', '+'],
        ROLE,
        own,
        NotAllowedBy(Boundary),
    );
    check(
        session(),
        [' ', '+', ' ', '+'],
        ROLE,
        own,
        NotAllowedBy(Session),
    );
    check(session(), [' ', ' ', ' ', '+'], SESSION, own, Allowed);
    check(
        session(),
        ['+', '+', ' ', '.'],
        "*",
        own,
        NotAllowedBy(Session),
    );
    check(session(), ['+', '+', '+', '.'], "*", own, Allowed);
    // The account as principal only hands the question on.
    check(
        user(),
        [' ', '.', '.', '+'],
        root,
        own,
        NotAllowedBy(Identity),
    );
    check(user(), ['+', '.', '.', '+'], ACCOUNT, own, Allowed);
}

#[test]
fn across_accounts_both_sides_must_allow() {
    use Kind::*;
    use Verdict::*;
    let other = "222222222222";
    check(
        user(),
        ['+', '.', '.', '.'],
        "*",
        other,
        NotAllowedBy(Resource),
    );
    check(
        user(),
        [' ', '.', '.', '+'],
        USER,
        other,
        NotAllowedBy(Identity),
    );
    check(user(), ['+', '.', '.', '+'], USER, other, Allowed);
    check(user(), ['+', '.', '.', '+'], ACCOUNT, other, Allowed);
    check(
        user(),
        ['+', '.', '.', '+'],
        other,
        other,
        NotAllowedBy(Resource),
    );
    check(
        session(),
        ['+', ' ', '.', '+'],
        SESSION,
        other,
        NotAllowedBy(Boundary),
    );
}

#[test]
fn the_root_needs_no_identity_policy_and_obeys_denials() {
    use Verdict::*;
    let root = || Subject::new(ACCOUNT, Standing::Root);
    check(root(), ['.', '.', '.', '.'], "*", ACCOUNT, Allowed);
    check(
        root(),
        ['.', '.', '.', '-'],
        "*",
        ACCOUNT,
        DeniedBy(Kind::Resource),
    );
    let other = "222222222222";
    check(
        root(),
        ['.', '.', '.', '.'],
        "*",
        other,
        NotAllowedBy(Kind::Resource),
    );
    check(root(), ['.', '.', '.', '+'], ACCOUNT, other, Allowed);
}

#[test]
fn the_unsigned_get_what_everybody_gets() {
    use Verdict::*;
    let nobody = || Subject::new("", Standing::Anonymous);
    check(nobody(), ['.', '.', '.', '+'], "*", ACCOUNT, Allowed);
    check(
        nobody(),
        ['.', '.', '.', '+'],
        USER,
        ACCOUNT,
        NotAllowedBy(Kind::Resource),
    );
    check(
        nobody(),
        ['.', '.', '.', '.'],
        "*",
        ACCOUNT,
        NotAllowedBy(Kind::Resource),
    );
}

#[test]
fn a_role_is_assumed_by_whom_it_trusts() {
    let trust = |principal: Value| {
        let statement = json!({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal,
            "Condition": {"StringEquals": {"sts:ExternalId": "x"}}});
        policy(&[statement])
    };
    let ask = |subject: &Subject, trust: &Policy, external_id: &str| {
        let mut context = Context::new();
        context.set("sts:ExternalId", external_id);
        Case {
            subject,
            action: "sts:AssumeRole",
            resource: ROLE,
            owner: Some(ACCOUNT),
            resource_policy: Some(trust),
            resource_kind: Kind::Trust,
            context: &context,
        }
        .decide()
    };
    let mut ann = user();
    let named = trust(json!({"AWS": USER}));
    assert_eq!(ask(&ann, &named, "x"), Verdict::Allowed);
    assert_eq!(ask(&ann, &named, "y"), Verdict::NotAllowedBy(Kind::Trust));
    let account = trust(json!({"AWS": ACCOUNT}));
    assert_eq!(
        ask(&ann, &account, "x"),
        Verdict::NotAllowedBy(Kind::Identity)
    );
    ann.identity = vec![policy(&[
        json!({"Effect": "Allow", "Action": "sts:*", "Resource": ROLE}),
    ])];
    assert_eq!(ask(&ann, &account, "x"), Verdict::Allowed);
    let firehose = Subject::new("", Standing::Service("firehose.amazonaws.com".to_owned()));
    let service = trust(json!({"Service": "firehose.amazonaws.com"}));
    assert_eq!(ask(&firehose, &service, "x"), Verdict::Allowed);
    assert_eq!(
        ask(&firehose, &named, "x"),
        Verdict::NotAllowedBy(Kind::Trust)
    );
    assert_eq!(ask(&ann, &service, "x"), Verdict::NotAllowedBy(Kind::Trust));
}

#[test]
fn not_principal_spares_only_those_listed_with_their_account() {
    let deny_all_but = |listed: &[&str]| {
        policy(&[
            json!({"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*"}),
            json!({"Effect": "Deny", "NotPrincipal": {"AWS": listed}, "Action": "s3:*", "Resource": "*"}),
        ])
    };
    let denied = Verdict::DeniedBy(Kind::Resource);
    let judge =
        |subject: &Subject, listed: &[&str]| judge(subject, Some(&deny_all_but(listed)), ACCOUNT);
    assert_eq!(judge(&user(), &[USER, ACCOUNT]), Verdict::Allowed);
    assert_eq!(judge(&user(), &[USER]), denied);
    assert_eq!(judge(&user(), &[ROLE, ACCOUNT]), denied);
    assert_eq!(judge(&session(), &[ROLE, ACCOUNT]), denied);
    assert_eq!(
        judge(&session(), &[ROLE, SESSION, ACCOUNT]),
        Verdict::Allowed
    );
}

#[test]
fn refusals_are_worded_as_aws_words_them() {
    let action = "kinesis:PutRecord";
    for (verdict, reason) in [
        (
            Verdict::NotAllowedBy(Kind::Identity),
            "because no identity-based policy allows the kinesis:PutRecord action",
        ),
        (
            Verdict::NotAllowedBy(Kind::Boundary),
            "because no permissions boundary allows the kinesis:PutRecord action",
        ),
        (
            Verdict::DeniedBy(Kind::Identity),
            "with an explicit deny in an identity-based policy",
        ),
        (
            Verdict::DeniedBy(Kind::Resource),
            "with an explicit deny in a resource-based policy",
        ),
        (Verdict::Allowed, ""),
    ] {
        assert_eq!(verdict.reason(action), reason);
    }
}

#[test]
fn the_statements_that_took_part_are_named() {
    let mut subject = user();
    subject.identity = vec![
        policy(&[]),
        policy(&[
            json!({"Effect": "Allow", "Action": "kinesis:*", "Resource": "*"}),
            json!({"Effect": "Allow", "NotAction": "kinesis:*", "Resource": "*"}),
        ]),
    ];
    let case = Case {
        subject: &subject,
        action: "S3:getobject",
        resource: OBJECT,
        owner: None,
        resource_policy: None,
        resource_kind: Kind::Resource,
        context: &Context::new(),
    };
    let (verdict, matched) = case.explain();
    assert_eq!(verdict, Verdict::Allowed);
    let only = Matched {
        kind: Kind::Identity,
        policy: 1,
        statement: 1,
        allow: true,
    };
    assert_eq!(matched, [only]);
}

#[test]
fn keys_that_a_policy_asks_for_are_listed() {
    let asked = policy(&[json!({"Effect": "Allow", "Action": "s3:*",
        "Resource": "arn:aws:s3:::lake/${aws:username}/${*}",
        "Condition": {"StringLike": {"s3:prefix": ["${aws:PrincipalTag/team, 'x'}/*"]}}})]);
    let keys: Vec<String> = asked.context_keys().collect();
    assert_eq!(keys, ["aws:username", "aws:PrincipalTag/team", "s3:prefix"]);
}

#[test]
fn what_is_no_policy_is_not_judged_by() {
    for text in [
        "",
        "[]",
        "{}",
        r#"{"Statement":[1]}"#,
        r#"{"Statement":{"Effect":"allow","Action":"*","Resource":"*"}}"#,
        r#"{"Statement":{"Effect":"Allow","Resource":"*"}}"#,
        r#"{"Statement":{"Effect":"Allow","Action":"*","NotAction":"*"}}"#,
        r#"{"Statement":{"Effect":"Allow","Action":"*","Principal":"ann"}}"#,
        r#"{"Statement":{"Effect":"Allow","Action":"*","Condition":{"StringIs":{"a:b":"c"}}}}"#,
    ] {
        assert!(Policy::parse(text).is_err(), "{text}");
    }
}

fn rules(most: usize) -> impl Strategy<Value = Vec<Rule>> {
    let rule = (
        prop::bool::weighted(0.8),
        0..ACTIONS.len() + 2,
        prop::bool::weighted(0.2),
        0..RESOURCES.len() + 2,
        prop::bool::weighted(0.2),
        0..PRINCIPALS.len(),
        prop::option::weighted(0.3, prop::sample::select(&REGIONS[..])),
    )
        .prop_map(
            |(allow, action, not_action, resource, not_resource, principal, region)| Rule {
                allow,
                action,
                not_action,
                resource,
                not_resource,
                principal,
                region,
            },
        );
    prop::collection::vec(rule, 0..=most)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn it_agrees_with_the_reference(
        identity in rules(3),
        boundary in prop::option::of(rules(3)),
        session_rules in prop::option::of(rules(3)),
        resource in rules(3),
        ask in (0..ACTIONS.len(), 0..RESOURCES.len(), prop::sample::select(&REGIONS[..]), any::<bool>(), any::<bool>()),
    ) {
        let ask = Ask { action: ask.0, resource: ask.1, region: ask.2, is_session: ask.3, same_account: ask.4 };
        let world = World { identity, boundary, session: session_rules, resource };
        let read = |rules: &[Rule], with_principal: bool| {
            let statements: Vec<Value> = rules.iter().map(|rule| rule.document(with_principal)).collect();
            policy(&statements)
        };
        let mut subject = if ask.is_session { session() } else { user() };
        subject.identity = vec![read(&world.identity, false)];
        subject.boundary = world.boundary.as_ref().map(|rules| read(rules, false));
        subject.session = world.session.as_ref().map(|rules| vec![read(rules, false)]);
        let mut context = Context::new();
        context.set("aws:RequestedRegion", ask.region);
        let verdict = Case {
            subject: &subject,
            action: ACTIONS[ask.action],
            resource: RESOURCES[ask.resource],
            owner: Some(if ask.same_account { ACCOUNT } else { "222222222222" }),
            resource_policy: Some(&read(&world.resource, true)),
            resource_kind: Kind::Resource,
            context: &context,
        }
        .decide();
        prop_assert_eq!(verdict.is_allowed(), world.allows(&ask), "{:?}", verdict);
    }

    #[test]
    fn arbitrary_patterns_never_panic(pattern in "[arn:$*?{}, ']{0,30}|.{0,30}", text in "[arn:x]{0,20}|.{0,20}") {
        let _ = resource_matches(&pattern, &text, Some(&Context::new()));
    }
}
