//! What callers needed, and the least policy that would have let them do it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::need::Need;

/// Everything that was needed, by caller. Never grows beyond the different needs of each.
#[derive(Clone, Debug, Default)]
pub struct Audit {
    by_caller: BTreeMap<String, BTreeSet<Need>>,
}

type Keys<'a> = &'a [(String, String)];
type Resources = BTreeSet<String>;

impl Audit {
    /// Notes what a call of `caller` (the ARN of a user, of a role, or of a root) needed.
    pub fn note(&mut self, caller: &str, needs: impl IntoIterator<Item = Need>) {
        let noted = self.by_caller.entry(caller.to_owned()).or_default();
        noted.extend(needs);
    }

    /// The callers seen.
    pub fn callers(&self) -> impl Iterator<Item = &str> {
        self.by_caller.keys().map(String::as_str)
    }

    /// The least identity policy of a caller: what it needed and nothing else. `None` for a caller
    /// that needed nothing, because a policy has at least one statement.
    pub fn least_policy(&self, caller: &str) -> Option<Value> {
        let needs = self
            .by_caller
            .get(caller)
            .filter(|needs| !needs.is_empty())?;
        // Action and keys → resources, then actions that go to the same resources together.
        let mut resources: BTreeMap<(&str, Keys<'_>), Resources> = BTreeMap::new();
        for need in needs {
            let same = |other: &&Need| other.action == need.action && other.keys == need.keys;
            let mut others = needs.iter().filter(same);
            if others.any(|other| covers(other, need)) {
                continue;
            }
            let of_action = resources.entry((&need.action, &need.keys)).or_default();
            of_action.insert(pattern(need));
        }
        let mut together: BTreeMap<(Resources, Keys<'_>), Vec<&str>> = BTreeMap::new();
        for ((action, keys), resources) in resources {
            together.entry((resources, keys)).or_default().push(action);
        }
        let statements: Vec<Value> = together
            .into_iter()
            .map(|((resources, keys), actions)| {
                let mut statement = json!({
                    "Effect": "Allow",
                    "Action": actions,
                    "Resource": resources,
                });
                if !keys.is_empty()
                    && let Some(members) = statement.as_object_mut()
                {
                    let keys = keys.iter().map(|(key, value)| (key.clone(), json!(value)));
                    let condition = json!({"StringEquals": keys.collect::<Map<_, _>>()});
                    members.insert("Condition".to_owned(), condition);
                }
                statement
            })
            .collect();
        Some(json!({"Version": "2012-10-17", "Statement": statements}))
    }
}

/// Whether what one need allows is more than what another asks for.
fn covers(wide: &Need, narrow: &Need) -> bool {
    let Some(family) = &wide.within else {
        return false;
    };
    match &narrow.within {
        Some(within) => within.len() > family.len() && within.starts_with(family),
        None => narrow.resource.starts_with(family),
    }
}

/// What a policy names for a need.
fn pattern(need: &Need) -> String {
    match &need.within {
        Some(family) => literally(family) + "*",
        None => pattern_of(&need.resource),
    }
}

/// A resource as a policy names it: nothing in it is a wildcard or a variable by accident. Only the
/// end of a resource that stands for many (`table/lake/*`) stays a wildcard.
fn pattern_of(resource: &str) -> String {
    if resource == "*" {
        return resource.to_owned();
    }
    // Names of objects may end so; of theirs nothing is a family.
    let is_object = resource.starts_with("arn:aws:s3:::");
    let (plain, family) = match resource.strip_suffix("/*") {
        Some(plain) if !is_object => (plain, "/*"),
        _ => (resource, ""),
    };
    literally(plain) + family
}

/// A text without wildcards or variables.
fn literally(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '*' | '?' | '$' => pattern.extend(["${", c.encode_utf8(&mut [0; 4]), "}"]),
            c => pattern.push(c),
        }
    }
    pattern
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::iam::evaluate::{Case, Context, Kind, Policy, Standing, Subject};

    const ANN: &str = "arn:aws:iam::111111111111:user/ann";

    fn need(action: &str, resource: &str, keys: &[(&str, &str)]) -> Need {
        let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        Need {
            action: action.to_owned(),
            resource: resource.to_owned(),
            within: None,
            keys: keys.iter().map(owned).collect(),
        }
    }

    fn allows(policy: &Value, need: &Need) -> bool {
        let mut subject = Subject::new("111111111111", Standing::User(ANN.to_owned()));
        subject.identity = vec![Policy::parse(&policy.to_string()).unwrap()];
        let mut context = Context::new();
        for (key, value) in &need.keys {
            context.set(key, value.as_str());
        }
        let case = Case {
            subject: &subject,
            action: &need.action,
            resource: &need.resource,
            owner: None,
            resource_policy: None,
            resource_kind: Kind::Resource,
            context: &context,
        };
        case.decide().is_allowed()
    }

    #[test]
    fn the_least_policy_groups_what_goes_together() {
        let mut audit = Audit::default();
        let service = [("iam:PassedToService", "glue.amazonaws.com")];
        audit.note(
            ANN,
            [
                need("s3:GetObject", "arn:aws:s3:::lake/a", &[]),
                need("s3:PutObject", "arn:aws:s3:::lake/a", &[]),
                need("kinesis:ListStreams", "*", &[]),
                need("iam:PassRole", "arn:aws:iam::111111111111:role/r", &service),
                need("glue:GetTables", "arn:aws:glue:us-east-1:1:table/d/*", &[]),
            ],
        );
        audit.note(ANN, [need("s3:GetObject", "arn:aws:s3:::lake/a", &[])]);
        let expected = json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": ["kinesis:ListStreams"], "Resource": ["*"]},
            {"Effect": "Allow", "Action": ["glue:GetTables"],
             "Resource": ["arn:aws:glue:us-east-1:1:table/d/*"]},
            {"Effect": "Allow", "Action": ["iam:PassRole"],
             "Resource": ["arn:aws:iam::111111111111:role/r"],
             "Condition": {"StringEquals": {"iam:PassedToService": "glue.amazonaws.com"}}},
            {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"],
             "Resource": ["arn:aws:s3:::lake/a"]},
        ]});
        assert_eq!(audit.least_policy(ANN), Some(expected));
        assert_eq!(
            audit.least_policy("arn:aws:iam::111111111111:user/bob"),
            None
        );
        assert_eq!(audit.callers().collect::<Vec<_>>(), [ANN]);
    }

    #[test]
    fn one_of_many_stands_for_all_of_them() {
        let mut audit = Audit::default();
        let results = "arn:aws:s3:::lake/results/";
        let made_up = Need {
            within: Some(results.to_owned()),
            ..need("s3:PutObject", "arn:aws:s3:::lake/results/4711", &[])
        };
        let known = need("s3:PutObject", "arn:aws:s3:::lake/results/mine", &[]);
        let elsewhere = need("s3:PutObject", "arn:aws:s3:::lake/other", &[]);
        audit.note(ANN, [made_up, known, elsewhere]);
        let policy = audit.least_policy(ANN).unwrap();
        let resources = ["arn:aws:s3:::lake/other", "arn:aws:s3:::lake/results/*"];
        assert_eq!(policy["Statement"][0]["Resource"], json!(resources));
        assert_eq!(policy["Statement"].as_array().map(Vec::len), Some(1));
    }

    #[test]
    fn who_needed_nothing_has_no_policy() {
        let mut audit = Audit::default();
        audit.note(ANN, []);
        assert_eq!(audit.least_policy(ANN), None);
    }

    fn needs() -> impl Strategy<Value = BTreeSet<Need>> {
        let action = prop::sample::select(vec!["s3:GetObject", "s3:PutObject", "iam:PassRole"]);
        // Keys of objects may be anything, wildcards and variables included.
        let resource = prop_oneof![
            "[ab*?${}:/]{1,6}".prop_map(|key| format!("arn:aws:s3:::lake/{key}")),
            Just("arn:aws:iam::111111111111:role/r".to_owned()),
        ];
        let service =
            prop::sample::select(vec!["", "glue.amazonaws.com", "firehose.amazonaws.com"]);
        let one = (action, resource, service).prop_map(|(action, resource, service)| {
            let keys = [("iam:PassedToService", service)];
            let passes = action == "iam:PassRole" && !service.is_empty();
            need(action, &resource, if passes { &keys } else { &[] })
        });
        prop::collection::btree_set(one, 1..12)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1_000))]

        #[test]
        fn the_least_policy_allows_what_was_needed_and_nothing_else(needed in needs(), others in needs()) {
            let mut audit = Audit::default();
            audit.note(ANN, needed.clone());
            let policy = audit.least_policy(ANN).unwrap();
            for need in &needed {
                prop_assert!(allows(&policy, need), "{} by {}", need.action, policy);
            }
            for other in others {
                // Whoever may pass a role to anybody may pass it to glue.
                let unconditional = Need { keys: Vec::new(), ..other.clone() };
                let expected = needed.contains(&other) || needed.contains(&unconditional);
                prop_assert_eq!(allows(&policy, &other), expected, "{:?} by {}", other, policy);
            }
        }
    }
}
