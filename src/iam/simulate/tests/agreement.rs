//! Simulations of random policies against the evaluator, asked one by one.

use proptest::prelude::*;

use super::*;
use crate::iam::evaluate::{Case, Context, Kind, Policy, Verdict};

const ACTIONS: [&str; 3] = ["s3:GetObject", "s3:PutObject", "kinesis:PutRecord"];
const RESOURCES: [&str; 3] = [
    OBJECT,
    "arn:aws:s3:::lake/b",
    "arn:aws:kinesis:us-east-1:111111111111:stream/s",
];
const CALLERS: [&str; 2] = [ANN, "arn:aws:iam::111111111111:user/bob"];

/// Statements over a small world; with a principal when they are a resource's.
fn statements(with_principal: bool) -> impl Strategy<Value = Vec<Value>> {
    let pick = |of: &'static [&'static str]| prop::sample::select(of);
    let one = (
        prop::bool::weighted(0.75),
        pick(&["s3:GetObject", "s3:*", "*", "kinesis:Put*"]),
        any::<bool>(),
        pick(&[
            OBJECT,
            "arn:aws:s3:::lake/*",
            "*",
            "arn:aws:kinesis:*:*:stream/*",
        ]),
        pick(&[ANN, "111111111111", "*", "arn:aws:iam::000000000000:root"]),
        prop::option::weighted(0.3, pick(&["eu-west-1", "us-east-1"])),
    );
    let one = one.prop_map(
        move |(allow, action, not_action, resource, principal, region)| {
            let mut statement = json!({
                "Effect": if allow { "Allow" } else { "Deny" },
                (if not_action { "NotAction" } else { "Action" }): action,
                "Resource": resource,
            });
            if with_principal {
                statement["Principal"] = json!({"AWS": principal});
            }
            if let Some(region) = region {
                statement["Condition"] = json!({"StringEquals": {"aws:RequestedRegion": region}});
            }
            statement
        },
    );
    prop::collection::vec(one, 1..4)
}

/// The statement at a reference's position in a document of one line.
fn at(text: &str, statement: &Statement) -> Value {
    let column = |position: &Option<Position>| {
        let position = position.as_ref().unwrap();
        assert_eq!(position.line, Some(1));
        usize::try_from(position.column.unwrap()).unwrap() - 1
    };
    let span = &text[column(&statement.start_position)..column(&statement.end_position)];
    serde_json::from_str(span.trim_start_matches(',')).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn simulations_agree_with_the_evaluator(
        identity in prop::collection::vec(statements(false), 1..3),
        boundary in prop::option::of(statements(false)),
        resource in prop::option::of(statements(true)),
        caller in 0..2_usize,
        region in prop::option::of(prop::sample::select(vec!["eu-west-1", "us-east-1"])),
        owner in prop::option::of(prop::sample::select(vec!["000000000000", "111111111111"])),
    ) {
        let iam = Iam::new(Arc::new(Ids::seeded(Seed::new(7))));
        let write = |statements: &Vec<Value>| policy(json!(statements));
        let documents: Vec<String> = identity.iter().map(write).collect();
        let (boundary, resource_policy) = (boundary.as_ref().map(write), resource.as_ref().map(write));
        let entries = region.map(|region| vec![ContextEntry {
            context_key_name: Some("aws:RequestedRegion".to_owned()),
            context_key_values: Some(texts(&[region])),
            context_key_type: Some("string".to_owned()),
        }]);
        let request = SimulateCustomPolicyRequest {
            policy_input_list: documents.clone(),
            permissions_boundary_policy_input_list: boundary.clone().map(|policy| vec![policy]),
            action_names: texts(&ACTIONS),
            resource_arns: Some(texts(&RESOURCES)),
            resource_policy: resource_policy.clone(),
            resource_owner: owner.map(str::to_owned),
            caller_arn: Some(CALLERS[caller].to_owned()),
            context_entries: entries,
            ..SimulateCustomPolicyRequest::default()
        };
        let answers = results(iam.simulate_custom_policy(&call(), request));
        prop_assert_eq!(answers.len(), ACTIONS.len());

        // The evaluator, asked one by one.
        let account = CALLERS[caller].split(':').nth(4).unwrap();
        let mut subject = Subject::new(account, Standing::User(CALLERS[caller].to_owned()));
        let read = |text: &String| Policy::parse(text).unwrap();
        subject.identity = documents.iter().map(read).collect();
        subject.boundary = boundary.as_ref().map(read);
        let attached = resource_policy.as_ref().map(read);
        let mut context = Context::new();
        if let Some(region) = region {
            context.set("aws:RequestedRegion", region);
        }
        for (answer, action) in answers.iter().zip(ACTIONS) {
            let specific = answer.resource_specific_results.as_ref().unwrap();
            let mut worst = 0;
            for (result, resource) in specific.iter().zip(RESOURCES) {
                let of_stream = resource.contains(":kinesis:").then_some("111111111111");
                // Without a resource policy, owners count once the request names one.
                let counts = attached.is_some() || owner.is_some();
                let owner = of_stream.or(owner).unwrap_or(account);
                let verdict = Case {
                    subject: &subject,
                    action,
                    resource,
                    owner: counts.then_some(owner),
                    resource_policy: attached.as_ref(),
                    resource_kind: Kind::Resource,
                    context: &context,
                }
                .decide();
                let (severity, decision) = match verdict {
                    Verdict::Allowed => (0, "allowed"),
                    Verdict::NotAllowedBy(_) => (1, "implicitDeny"),
                    Verdict::DeniedBy(_) => (2, "explicitDeny"),
                };
                prop_assert_eq!(&result.eval_resource_decision, decision, "{} on {}", action, resource);
                worst = worst.max(severity);
                // What led there stands where the answer says, and says what it must.
                let matched = result.matched_statements.as_ref().unwrap();
                prop_assert_eq!(matched.is_empty(), severity == 1);
                for statement in matched {
                    let text = match statement.source_policy_id.as_deref().unwrap() {
                        "ResourcePolicy" => resource_policy.as_ref().unwrap(),
                        "PermissionsBoundaryPolicyInputList.1" => boundary.as_ref().unwrap(),
                        id => {
                            let number: usize = id.strip_prefix("PolicyInputList.").unwrap().parse().unwrap();
                            &documents[number - 1]
                        }
                    };
                    let effect = if severity == 0 { "Allow" } else { "Deny" };
                    prop_assert_eq!(&at(text, statement)["Effect"], effect);
                }
            }
            let summed = ["allowed", "implicitDeny", "explicitDeny"][worst];
            prop_assert_eq!(&answer.eval_decision, summed);
        }
    }
}
