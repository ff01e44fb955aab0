//! Random operations against a reference model of the state machine.

use proptest::prelude::*;

use super::*;
use crate::athena::work_groups::PRIMARY;

/// What can happen. Numbers choose among the executions, texts and tokens there are.
#[derive(Clone, Debug)]
enum Op {
    Start {
        sql: usize,
        token: usize,
        group: usize,
    },
    Take,
    Started(usize),
    Succeed {
        at: usize,
        scanned: u64,
    },
    Fail(usize),
    Stop(usize),
    DeleteGroup,
}

const TEXTS: [&str; 3] = ["SELECT 1", "SHOW TABLES", "SELEC"];
const GROUPS: [&str; 2] = [PRIMARY, "team"];
const LIMIT: u64 = 10_000_000;

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        4 => (0..TEXTS.len(), 0..12usize, 0..GROUPS.len())
            .prop_map(|(sql, token, group)| Op::Start { sql, token, group }),
        2 => Just(Op::Take),
        3 => (0..8usize).prop_map(Op::Started),
        3 => (0..8usize, prop_oneof![Just(5), Just(LIMIT), Just(LIMIT + 1)])
            .prop_map(|(at, scanned)| Op::Succeed { at, scanned }),
        2 => (0..8usize).prop_map(Op::Fail),
        2 => (0..8usize).prop_map(Op::Stop),
        1 => Just(Op::DeleteGroup),
    ]
}

/// One execution of the model.
#[derive(Clone, Debug)]
struct Entry {
    id: String,
    sql: usize,
    group: usize,
    token: usize,
    state: &'static str,
    ordered: bool,
}

/// The whole of Athena's executions in a list and a few rules.
#[derive(Debug, Default)]
struct Model {
    entries: Vec<Entry>,
    /// Ids that were once there.
    gone: Vec<String>,
}

impl Model {
    fn id(&self, at: usize) -> Option<String> {
        let entry = self.entries.get(at % self.entries.len().max(1))?;
        Some(entry.id.clone())
    }

    fn entry(&mut self, at: usize) -> Option<&mut Entry> {
        let at = at % self.entries.len().max(1);
        self.entries.get_mut(at)
    }
}

fn create_team(athena: &mut Athena) {
    let request = CreateWorkGroupRequest {
        name: GROUPS[1].to_owned(),
        configuration: Some(WorkGroupConfiguration {
            bytes_scanned_cutoff_per_query: Some(i64::try_from(LIMIT).unwrap()),
            enforce_work_group_configuration: Some(false),
            ..WorkGroupConfiguration::default()
        }),
        ..CreateWorkGroupRequest::default()
    };
    athena.create_work_group(&call(0), request).unwrap();
}

fn apply(athena: &mut Athena, model: &mut Model, secs: i64, op: Op) {
    let now = Timestamp::from_secs(secs);
    match op {
        Op::Start { sql, token, group } => {
            let request = StartQueryExecutionRequest {
                work_group: Some(GROUPS[group].to_owned()),
                ..request(TEXTS[sql], token)
            };
            let answer = try_start(athena, secs, request);
            let earlier = model.entries.iter().find(|entry| entry.token == token);
            match (answer, earlier) {
                (Err(Error::MalformedQuery(_)), _) => assert_eq!(TEXTS[sql], "SELEC"),
                (Err(Error::IdempotentParameterMismatch), Some(earlier)) => {
                    assert_ne!(earlier.sql, sql);
                }
                (Ok(id), Some(earlier)) => {
                    assert_eq!((&id, sql), (&earlier.id, earlier.sql));
                }
                (Ok(id), None) => model.entries.push(Entry {
                    id,
                    sql,
                    group,
                    token,
                    state: "QUEUED",
                    ordered: true,
                }),
                (answer, earlier) => panic!("{answer:?} with {earlier:?}"),
            }
        }
        Op::Take => {
            let taken: Vec<String> = athena.take_orders().into_iter().map(|o| o.id).collect();
            let mut expected = Vec::new();
            for entry in &mut model.entries {
                if std::mem::take(&mut entry.ordered) {
                    expected.push(entry.id.clone());
                }
            }
            assert_eq!(taken, expected);
        }
        Op::Started(at) => {
            let Some(id) = model.id(at) else { return };
            let may = athena.started(now, &id);
            let entry = model.entry(at).unwrap();
            assert_eq!(may, entry.state == "QUEUED");
            if may {
                entry.state = "RUNNING";
            }
        }
        Op::Succeed { at, scanned } => {
            let Some(id) = model.id(at) else { return };
            let result = QueryResult {
                scanned_bytes: scanned,
                ..numbers(3)
            };
            athena.finish(now, &id, QueryOutcome::Succeeded(result));
            let entry = model.entry(at).unwrap();
            if matches!(entry.state, "QUEUED" | "RUNNING") {
                let over = entry.group == 1 && scanned > LIMIT;
                entry.state = if over { "CANCELLED" } else { "SUCCEEDED" };
            }
        }
        Op::Fail(at) => {
            let Some(id) = model.id(at) else { return };
            athena.finish(now, &id, QueryOutcome::Failed(failure("X: y")));
            let entry = model.entry(at).unwrap();
            if matches!(entry.state, "QUEUED" | "RUNNING") {
                entry.state = "FAILED";
            }
        }
        Op::Stop(at) => {
            let Some(id) = model.id(at) else { return };
            stop(athena, secs, &id).unwrap();
            let entry = model.entry(at).unwrap();
            if matches!(entry.state, "QUEUED" | "RUNNING") {
                entry.state = "CANCELLED";
                entry.ordered = false;
            }
        }
        Op::DeleteGroup => {
            let mut request = DeleteWorkGroupRequest {
                work_group: GROUPS[1].to_owned(),
                recursive_delete_option: None,
            };
            let used = model.entries.iter().any(|entry| entry.group == 1);
            assert_eq!(athena.delete_work_group(&request).is_err(), used);
            if used {
                request.recursive_delete_option = Some(true);
                athena.delete_work_group(&request).unwrap();
            }
            create_team(athena);
            let (gone, kept) = model.entries.drain(..).partition(|entry| entry.group == 1);
            model.entries = kept;
            model
                .gone
                .extend::<Vec<_>>(gone.into_iter().map(|entry: Entry| entry.id).collect());
        }
    }
}

fn check(athena: &Athena, model: &Model) {
    for entry in &model.entries {
        assert_eq!(state(athena, &entry.id), entry.state);
        assert_eq!(athena.is_cancelled(&entry.id), entry.state == "CANCELLED");
        let answer = page(athena, &entry.id, None, None);
        match entry.state {
            "SUCCEEDED" => assert!(answer.is_ok()),
            "FAILED" => assert_eq!(answer.is_ok(), TEXTS[entry.sql] == "SHOW TABLES"),
            "CANCELLED" => assert_eq!(answer, Err(Error::ResultNotFound)),
            _ => assert!(matches!(answer, Err(Error::InvalidQueryExecutionState(_)))),
        }
        let status = shown(athena, &entry.id).status.unwrap();
        let over = !matches!(entry.state, "QUEUED" | "RUNNING");
        assert_eq!(status.completion_date_time.is_some(), over);
    }
    for id in &model.gone {
        assert!(athena.is_cancelled(id));
        assert!(page(athena, id, None, None).is_err());
    }
    for (at, group) in GROUPS.iter().enumerate() {
        let request = ListQueryExecutionsRequest {
            work_group: Some((*group).to_owned()),
            ..ListQueryExecutionsRequest::default()
        };
        let listed = athena.list_query_executions(&call(50), &request).unwrap();
        let ids = model.entries.iter().rev().filter(|entry| entry.group == at);
        let expected: Vec<String> = ids.map(|entry| entry.id.clone()).take(50).collect();
        assert_eq!(listed.query_execution_ids.unwrap(), expected);
    }
}

proptest! {
    #[test]
    fn executions_follow_the_model(ops in prop::collection::vec(op(), 0..60)) {
        let mut athena = athena();
        create_team(&mut athena);
        let mut model = Model::default();
        for (secs, op) in ops.into_iter().enumerate() {
            apply(&mut athena, &mut model, i64::try_from(secs).unwrap(), op);
            check(&athena, &model);
        }
    }
}
