//! Random sequences of calls against a small reference model of roles.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

/// What a role is granted, as the reference model keeps it.
#[derive(Debug, Default, PartialEq)]
struct ModelRole {
    attached: Vec<u8>,
    inline: Vec<u8>,
}

#[derive(Clone, Debug)]
enum Step {
    Create(u8),
    Delete(u8),
    Attach(u8, u8),
    Detach(u8, u8),
    Put(u8, u8),
    Remove(u8, u8),
}

fn step() -> impl Strategy<Value = Step> {
    let (role, policy) = (0u8..3, 0u8..3);
    prop_oneof![
        2 => role.clone().prop_map(Step::Create),
        1 => role.clone().prop_map(Step::Delete),
        3 => (role.clone(), policy.clone()).prop_map(|(r, p)| Step::Attach(r, p)),
        2 => (role.clone(), policy.clone()).prop_map(|(r, p)| Step::Detach(r, p)),
        3 => (role.clone(), policy.clone()).prop_map(|(r, p)| Step::Put(r, p)),
        2 => (role, policy).prop_map(|(r, p)| Step::Remove(r, p)),
    ]
}

proptest! {
    #[test]
    fn roles_behave_as_the_model(steps in prop::collection::vec(step(), 0..60)) {
        let mut iam = iam();
        // Policies 0 and 1 exist, 2 does not.
        let arns = [make_policy(&mut iam, "p0"), make_policy(&mut iam, "p1"),
            "arn:aws:iam::000000000000:policy/p2".to_owned()];
        let mut model: BTreeMap<u8, ModelRole> = BTreeMap::new();
        let name = |n: u8| format!("r{n}");
        for step in steps {
            let (done, expected) = match step {
                Step::Create(r) => (
                    iam.create_role(&call(), role_request(&name(r), &trust("Service", GLUE))).is_ok(),
                    if let std::collections::btree_map::Entry::Vacant(slot) = model.entry(r) {
                        slot.insert(ModelRole::default());
                        true
                    } else { false },
                ),
                Step::Delete(r) => (
                    delete_role(&mut iam, &name(r)).is_ok(),
                    if model.get(&r) == Some(&ModelRole::default()) { model.remove(&r).is_some() } else { false },
                ),
                Step::Attach(r, p) => (
                    attach(&mut iam, &name(r), &arns[usize::from(p)]).is_ok(),
                    p < 2 && model.get_mut(&r).is_some_and(|role| {
                        if !role.attached.contains(&p) { role.attached.push(p); }
                        true
                    }),
                ),
                Step::Detach(r, p) => (
                    iam.detach_role_policy(&call(), &DetachRolePolicyRequest { role_name: name(r), policy_arn: arns[usize::from(p)].clone() }).is_ok(),
                    model.get_mut(&r).is_some_and(|role| {
                        let before = role.attached.len();
                        role.attached.retain(|a| *a != p);
                        role.attached.len() < before
                    }),
                ),
                Step::Put(r, p) => (
                    put(&mut iam, &name(r), &format!("i{p}"), &allow("s3:*")).is_ok(),
                    model.get_mut(&r).is_some_and(|role| {
                        if !role.inline.contains(&p) { role.inline.push(p); }
                        true
                    }),
                ),
                Step::Remove(r, p) => (
                    iam.delete_role_policy(&call(), &DeleteRolePolicyRequest { role_name: name(r), policy_name: format!("i{p}") }).is_ok(),
                    model.get_mut(&r).is_some_and(|role| {
                        let before = role.inline.len();
                        role.inline.retain(|a| *a != p);
                        role.inline.len() < before
                    }),
                ),
            };
            prop_assert_eq!(done, expected, "{:?}", step);
        }
        let roles = iam.list_roles(&call(), &ListRolesRequest::default()).unwrap().roles;
        let names: Vec<String> = roles.into_iter().map(|role| role.role_name).collect();
        prop_assert_eq!(names, model.keys().map(|r| name(*r)).collect::<Vec<_>>());
        for (at, arn) in arns.iter().take(2).enumerate() {
            let uses = model.values().filter(|role| role.attached.contains(&(at as u8))).count();
            let request = GetPolicyRequest { policy_arn: arn.clone() };
            let policy = iam.get_policy(&call(), &request).unwrap().policy.unwrap();
            prop_assert_eq!(policy.attachment_count, Some(uses as i32));
            let request = ListEntitiesForPolicyRequest { policy_arn: arn.clone(), ..Default::default() };
            let entities = iam.list_entities_for_policy(&call(), &request).unwrap();
            prop_assert_eq!(entities.policy_roles.unwrap().len(), uses);
        }
    }
}
