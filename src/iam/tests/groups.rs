//! Groups: calls one by one, then random sequences of them against a small reference model.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;

fn make_user(iam: &mut Iam, name: &str) -> Result<()> {
    let request = CreateUserRequest {
        user_name: name.to_owned(),
        ..CreateUserRequest::default()
    };
    iam.create_user(&call(), request).map(drop)
}

fn delete_user(iam: &mut Iam, name: &str) -> Result<()> {
    let request = DeleteUserRequest {
        user_name: name.to_owned(),
    };
    iam.delete_user(&call(), &request).map(drop)
}

fn make_group(iam: &mut Iam, name: &str) -> Result<()> {
    let request = CreateGroupRequest {
        group_name: name.to_owned(),
        ..CreateGroupRequest::default()
    };
    iam.create_group(&call(), request).map(drop)
}

fn delete_group(iam: &mut Iam, name: &str) -> Result<()> {
    let request = DeleteGroupRequest {
        group_name: name.to_owned(),
    };
    iam.delete_group(&call(), &request).map(drop)
}

fn join(iam: &mut Iam, group: &str, user: &str) -> Result<()> {
    let request = AddUserToGroupRequest {
        group_name: group.to_owned(),
        user_name: user.to_owned(),
    };
    iam.add_user_to_group(&call(), request).map(drop)
}

fn leave(iam: &mut Iam, group: &str, user: &str) -> Result<()> {
    let request = RemoveUserFromGroupRequest {
        group_name: group.to_owned(),
        user_name: user.to_owned(),
    };
    iam.remove_user_from_group(&call(), &request).map(drop)
}

fn attach_to_group(iam: &mut Iam, group: &str, policy: &str) -> Result<()> {
    let request = AttachGroupPolicyRequest {
        group_name: group.to_owned(),
        policy_arn: policy.to_owned(),
    };
    iam.attach_group_policy(&call(), &request).map(drop)
}

fn detach_from_group(iam: &mut Iam, group: &str, policy: &str) -> Result<()> {
    let request = DetachGroupPolicyRequest {
        group_name: group.to_owned(),
        policy_arn: policy.to_owned(),
    };
    iam.detach_group_policy(&call(), &request).map(drop)
}

fn put_in_group(iam: &mut Iam, group: &str, name: &str) -> Result<()> {
    let request = PutGroupPolicyRequest {
        group_name: group.to_owned(),
        policy_name: name.to_owned(),
        policy_document: allow("s3:*"),
    };
    iam.put_group_policy(&call(), &request).map(drop)
}

fn groups_of(iam: &Iam, user: &str) -> Vec<String> {
    let request = ListGroupsForUserRequest {
        user_name: user.to_owned(),
        ..ListGroupsForUserRequest::default()
    };
    let groups = iam.list_groups_for_user(&call(), &request).unwrap().groups;
    groups.into_iter().map(|group| group.group_name).collect()
}

fn users_of(iam: &Iam, group: &str) -> Vec<String> {
    let request = GetGroupRequest {
        group_name: group.to_owned(),
        ..GetGroupRequest::default()
    };
    let users = iam.get_group(&call(), &request).unwrap().users;
    users.into_iter().map(|user| user.user_name).collect()
}

#[test]
fn a_group_is_shown_with_its_users() {
    let mut iam = iam();
    let request = CreateGroupRequest {
        path: Some("/eng/".to_owned()),
        group_name: "Operators".to_owned(),
    };
    let made = iam.create_group(&call(), request).unwrap().group;
    assert_eq!(made.arn, "arn:aws:iam::000000000000:group/eng/Operators");
    assert!(made.group_id.starts_with("AGPA") && made.group_id.len() == 21);
    assert_eq!(
        make_group(&mut iam, "operators").unwrap_err(),
        Error::EntityAlreadyExists("Group with name operators already exists.".to_owned())
    );
    for user in ["bob", "ann", "cid"] {
        make_user(&mut iam, user).unwrap();
        join(&mut iam, "Operators", user).unwrap();
    }
    join(&mut iam, "Operators", "ann").unwrap();
    let page = |marker: Option<String>| GetGroupRequest {
        group_name: "Operators".to_owned(),
        max_items: Some(2),
        marker,
    };
    let first = iam.get_group(&call(), &page(None)).unwrap();
    assert_eq!((first.group, first.is_truncated), (made, Some(true)));
    let rest = iam.get_group(&call(), &page(first.marker)).unwrap();
    let names = first.users.iter().chain(&rest.users);
    let names: Vec<&str> = names.map(|user| user.user_name.as_str()).collect();
    assert_eq!(names, ["ann", "bob", "cid"]);
    let request = ListGroupsRequest {
        path_prefix: Some("/ops/".to_owned()),
        ..ListGroupsRequest::default()
    };
    assert_eq!(iam.list_groups(&call(), &request).unwrap().groups, []);
    assert_eq!(
        join(&mut iam, "nope", "ann").unwrap_err(),
        Error::NoSuchEntity("The group with name nope cannot be found.".to_owned())
    );
    assert_eq!(
        join(&mut iam, "Operators", "nobody").unwrap_err(),
        Error::NoSuchEntity("The user with name nobody cannot be found.".to_owned())
    );
}

#[test]
fn what_a_group_holds_must_go_before_it() {
    let mut iam = iam();
    make_group(&mut iam, "g").unwrap();
    make_user(&mut iam, "ann").unwrap();
    join(&mut iam, "g", "ann").unwrap();
    let conflict = "Cannot delete entity, must remove users from group first.";
    for refused in [delete_group(&mut iam, "g"), delete_user(&mut iam, "ann")] {
        assert_eq!(
            refused.unwrap_err(),
            Error::DeleteConflict(conflict.to_owned())
        );
    }
    leave(&mut iam, "g", "ann").unwrap();
    assert!(matches!(
        leave(&mut iam, "g", "ann"),
        Err(Error::NoSuchEntity(_))
    ));
    let policy = make_policy(&mut iam, "p");
    attach_to_group(&mut iam, "g", &policy).unwrap();
    put_in_group(&mut iam, "g", "i").unwrap();
    assert!(matches!(
        delete_group(&mut iam, "g"),
        Err(Error::DeleteConflict(_))
    ));
    detach_from_group(&mut iam, "g", &policy).unwrap();
    assert!(matches!(
        delete_group(&mut iam, "g"),
        Err(Error::DeleteConflict(_))
    ));
    let request = DeleteGroupPolicyRequest {
        group_name: "g".to_owned(),
        policy_name: "i".to_owned(),
    };
    iam.delete_group_policy(&call(), &request).unwrap();
    assert_eq!(
        iam.delete_group_policy(&call(), &request).unwrap_err(),
        Error::NoSuchEntity("The group policy with name i cannot be found.".to_owned())
    );
    delete_group(&mut iam, "g").unwrap();
    delete_user(&mut iam, "ann").unwrap();
}

#[test]
fn renaming_keeps_users_and_policies_together() {
    let mut iam = iam();
    make_group(&mut iam, "old").unwrap();
    make_user(&mut iam, "ann").unwrap();
    join(&mut iam, "old", "ann").unwrap();
    put_in_group(&mut iam, "old", "i").unwrap();
    let rename = UpdateUserRequest {
        user_name: "ann".to_owned(),
        new_user_name: Some("anna".to_owned()),
        ..UpdateUserRequest::default()
    };
    iam.update_user(&call(), rename).unwrap();
    let rename = UpdateGroupRequest {
        group_name: "old".to_owned(),
        new_path: Some("/eng/".to_owned()),
        new_group_name: Some("new".to_owned()),
    };
    iam.update_group(&call(), rename).unwrap();
    assert_eq!(users_of(&iam, "new"), ["anna"]);
    assert_eq!(groups_of(&iam, "anna"), ["new"]);
    assert_eq!(
        iam.group_arn(&AccountId::default(), "new").as_deref(),
        Some("arn:aws:iam::000000000000:group/eng/new")
    );
    let request = GetGroupPolicyRequest {
        group_name: "new".to_owned(),
        policy_name: "i".to_owned(),
    };
    let read = iam.get_group_policy(&call(), request).unwrap();
    let document = percent_encoding::percent_decode_str(&read.policy_document);
    assert_eq!(document.decode_utf8().unwrap(), allow("s3:*"));
    make_group(&mut iam, "Other").unwrap();
    let clash = UpdateGroupRequest {
        group_name: "new".to_owned(),
        new_group_name: Some("oTHER".to_owned()),
        ..UpdateGroupRequest::default()
    };
    assert!(matches!(
        iam.update_group(&call(), clash),
        Err(Error::EntityAlreadyExists(_))
    ));
}

#[test]
fn groups_keep_to_their_quotas() {
    let mut iam = iam();
    make_user(&mut iam, "ann").unwrap();
    for n in 0..300 {
        make_group(&mut iam, &format!("g{n}")).unwrap();
    }
    assert_eq!(
        make_group(&mut iam, "one-more").unwrap_err(),
        Error::LimitExceeded("Cannot exceed quota for GroupsPerAccount: 300".to_owned())
    );
    for n in 0..10 {
        join(&mut iam, &format!("g{n}"), "ann").unwrap();
    }
    assert_eq!(
        join(&mut iam, "g10", "ann").unwrap_err(),
        Error::LimitExceeded("Cannot exceed quota for GroupsPerUser: 10".to_owned())
    );
    join(&mut iam, "g9", "ann").unwrap();
    let request = PutGroupPolicyRequest {
        group_name: "g0".to_owned(),
        policy_name: "long".to_owned(),
        policy_document: allow(&format!("s3:{}", "a".repeat(5_100))),
    };
    assert_eq!(
        iam.put_group_policy(&call(), &request).unwrap_err(),
        Error::LimitExceeded("Maximum policy size of 5120 bytes exceeded for group g0".to_owned())
    );
}

/// What a group has, as the reference model keeps it.
#[derive(Debug, Default)]
struct ModelGroup {
    members: BTreeSet<u8>,
    attached: BTreeSet<u8>,
    inline: BTreeSet<u8>,
}

#[derive(Debug, Default)]
struct Model {
    users: BTreeSet<u8>,
    groups: BTreeMap<u8, ModelGroup>,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    MakeUser(u8),
    DeleteUser(u8),
    RenameUser(u8, u8),
    MakeGroup(u8),
    DeleteGroup(u8),
    RenameGroup(u8, u8),
    Join(u8, u8),
    Leave(u8, u8),
    Attach(u8, u8),
    Detach(u8, u8),
    Put(u8, u8),
}

impl Model {
    /// Does a step; whether it succeeds. Policies 0 and 1 exist, 2 does not.
    fn step(&mut self, step: Step) -> bool {
        match step {
            Step::MakeUser(u) => self.users.insert(u),
            Step::DeleteUser(u) => {
                let member = self.groups.values().any(|group| group.members.contains(&u));
                !member && self.users.remove(&u)
            }
            Step::RenameUser(u, to) => {
                if !self.users.contains(&u) || (u != to && self.users.contains(&to)) {
                    return false;
                }
                self.users.remove(&u);
                self.users.insert(to);
                for group in self.groups.values_mut() {
                    if group.members.remove(&u) {
                        group.members.insert(to);
                    }
                }
                true
            }
            Step::MakeGroup(g) => {
                let free = !self.groups.contains_key(&g);
                self.groups.entry(g).or_default();
                free
            }
            Step::DeleteGroup(g) => {
                let empty = self.groups.get(&g).is_some_and(|group| {
                    group.members.is_empty() && group.attached.is_empty() && group.inline.is_empty()
                });
                empty && self.groups.remove(&g).is_some()
            }
            Step::RenameGroup(g, to) => {
                if g != to && self.groups.contains_key(&to) {
                    return false;
                }
                let group = self.groups.remove(&g);
                let found = group.is_some();
                self.groups.extend(group.map(|group| (to, group)));
                found
            }
            Step::Join(g, u) => {
                let known = self.users.contains(&u);
                let group = self.groups.get_mut(&g).filter(|_| known);
                group.map(|group| group.members.insert(u)).is_some()
            }
            Step::Leave(g, u) => {
                let group = self.groups.get_mut(&g);
                group.is_some_and(|group| group.members.remove(&u))
            }
            Step::Attach(g, p) => {
                let group = self.groups.get_mut(&g).filter(|_| p < 2);
                group.map(|group| group.attached.insert(p)).is_some()
            }
            Step::Detach(g, p) => {
                let group = self.groups.get_mut(&g);
                group.is_some_and(|group| group.attached.remove(&p))
            }
            Step::Put(g, p) => {
                let group = self.groups.get_mut(&g);
                group.map(|group| group.inline.insert(p)).is_some()
            }
        }
    }
}

fn step() -> impl Strategy<Value = Step> {
    let (a, b) = (|| 0u8..4, || 0u8..3);
    prop_oneof![
        3 => a().prop_map(Step::MakeUser),
        1 => a().prop_map(Step::DeleteUser),
        1 => (a(), a()).prop_map(|(u, to)| Step::RenameUser(u, to)),
        3 => b().prop_map(Step::MakeGroup),
        1 => b().prop_map(Step::DeleteGroup),
        1 => (b(), b()).prop_map(|(g, to)| Step::RenameGroup(g, to)),
        5 => (b(), a()).prop_map(|(g, u)| Step::Join(g, u)),
        3 => (b(), a()).prop_map(|(g, u)| Step::Leave(g, u)),
        2 => (b(), b()).prop_map(|(g, p)| Step::Attach(g, p)),
        2 => (b(), b()).prop_map(|(g, p)| Step::Detach(g, p)),
        1 => (b(), b()).prop_map(|(g, p)| Step::Put(g, p)),
    ]
}

fn user(n: u8) -> String {
    format!("u{n}")
}

fn group(n: u8) -> String {
    format!("g{n}")
}

fn run(iam: &mut Iam, step: Step, policies: &[String; 3]) -> bool {
    match step {
        Step::MakeUser(u) => make_user(iam, &user(u)),
        Step::DeleteUser(u) => delete_user(iam, &user(u)),
        Step::RenameUser(u, to) => {
            let request = UpdateUserRequest {
                user_name: user(u),
                new_user_name: Some(user(to)),
                new_path: None,
            };
            iam.update_user(&call(), request).map(drop)
        }
        Step::MakeGroup(g) => make_group(iam, &group(g)),
        Step::DeleteGroup(g) => delete_group(iam, &group(g)),
        Step::RenameGroup(g, to) => {
            let request = UpdateGroupRequest {
                group_name: group(g),
                new_group_name: Some(group(to)),
                new_path: None,
            };
            iam.update_group(&call(), request).map(drop)
        }
        Step::Join(g, u) => join(iam, &group(g), &user(u)),
        Step::Leave(g, u) => leave(iam, &group(g), &user(u)),
        Step::Attach(g, p) => attach_to_group(iam, &group(g), &policies[usize::from(p)]),
        Step::Detach(g, p) => detach_from_group(iam, &group(g), &policies[usize::from(p)]),
        Step::Put(g, p) => put_in_group(iam, &group(g), &format!("i{p}")),
    }
    .is_ok()
}

proptest! {
    #[test]
    fn groups_behave_as_the_model(steps in prop::collection::vec(step(), 0..80)) {
        let mut iam = iam();
        let policies = [make_policy(&mut iam, "p0"), make_policy(&mut iam, "p1"),
            "arn:aws:iam::000000000000:policy/p2".to_owned()];
        let mut model = Model::default();
        for step in steps {
            prop_assert_eq!(run(&mut iam, step, &policies), model.step(step), "{:?}", step);
        }
        let listed = iam.list_groups(&call(), &ListGroupsRequest::default()).unwrap().groups;
        let listed: Vec<String> = listed.into_iter().map(|group| group.group_name).collect();
        prop_assert_eq!(listed, model.groups.keys().map(|g| group(*g)).collect::<Vec<_>>());
        for (g, expected) in &model.groups {
            let members: Vec<String> = expected.members.iter().map(|u| user(*u)).collect();
            prop_assert_eq!(users_of(&iam, &group(*g)), members);
        }
        for u in &model.users {
            let holding = model.groups.iter().filter(|(_, group)| group.members.contains(u));
            let names: Vec<String> = holding.map(|(g, _)| group(*g)).collect();
            prop_assert_eq!(groups_of(&iam, &user(*u)), names);
        }
        for (p, arn) in policies.iter().enumerate().take(2) {
            let holding = model.groups.iter().filter(|(_, group)| group.attached.contains(&(p as u8)));
            let names: Vec<Option<String>> = holding.map(|(g, _)| Some(group(*g))).collect();
            let request = GetPolicyRequest { policy_arn: arn.clone() };
            let policy = iam.get_policy(&call(), &request).unwrap().policy.unwrap();
            prop_assert_eq!(policy.attachment_count, Some(names.len() as i32));
            let request = ListEntitiesForPolicyRequest { policy_arn: arn.clone(), ..Default::default() };
            let entities = iam.list_entities_for_policy(&call(), &request).unwrap();
            let listed = entities.policy_groups.unwrap().into_iter().map(|group| group.group_name);
            prop_assert_eq!(listed.collect::<Vec<_>>(), names);
        }
    }
}
