//! IAM that means it: refusals, roles in services' hands, and the least policy of what was audited.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_sdk_athena::types::ResultConfiguration;
use aws_sdk_firehose::types::{BufferingHints, ExtendedS3DestinationConfiguration, Record};
use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::primitives::ByteStream;
use http_body_util::BodyExt as _;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use windfarm::base::{Clock, Seed};
use windfarm::emulator::{Emulator, Enforcement, Settings};
use windfarm::pipeline::produce::Pace;
use windfarm::pipeline::progress::Silent;
use windfarm::pipeline::{self, Clients, Plan};

use crate::world;

fn emulator(iam: Enforcement) -> Emulator {
    Emulator::start(Settings {
        clock: Clock::starting_at(world::start() - Duration::from_secs(1_800)),
        seed: Seed::new(7),
        iam,
        ..Settings::default()
    })
}

fn allow(actions: &[&str], resources: &[&str]) -> Value {
    json!({"Effect": "Allow", "Action": actions, "Resource": resources})
}

fn document(statements: &[Value]) -> String {
    json!({"Version": "2012-10-17", "Statement": statements}).to_string()
}

/// A new user with policies of one or more statements each, and clients that sign with its key.
async fn user(emulator: &Emulator, name: &str, policies: &[String]) -> Clients {
    let root = world::clients(emulator).await;
    root.iam.create_user().user_name(name).send().await.unwrap();
    for (number, policy) in policies.iter().enumerate() {
        let policy_name = format!("{name}-{number}");
        let made = root.iam.create_policy().policy_name(&policy_name);
        let made = made.policy_document(policy).send().await.unwrap();
        let arn = made.policy().unwrap().arn().unwrap().to_owned();
        let attach = root.iam.attach_user_policy().user_name(name);
        attach.policy_arn(arn).send().await.unwrap();
    }
    let key = root.iam.create_access_key().user_name(name).send().await;
    let key = key.unwrap().access_key().unwrap().clone();
    let (id, secret) = (key.access_key_id(), key.secret_access_key());
    world::clients_as(emulator, Credentials::new(id, secret, None, None, "test"))
}

/// A new role that a service or an account may assume, with one inline policy.
async fn role(root: &Clients, name: &str, principal: Value, statements: &[Value]) -> String {
    let trust = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}]});
    let made = root.iam.create_role().role_name(name);
    let made = made.assume_role_policy_document(trust.to_string());
    let arn = made.send().await.unwrap().role().unwrap().arn().to_owned();
    put_role_policy(root, name, statements).await;
    arn
}

async fn put_role_policy(root: &Clients, name: &str, statements: &[Value]) {
    let put = root.iam.put_role_policy().role_name(name);
    let put = put.policy_name("own").policy_document(document(statements));
    put.send().await.unwrap();
}

/// What was noted of a principal.
async fn audited(emulator: &Emulator, principal: &str) -> Value {
    let request = http::Request::get("/_windfarm/iam/audit");
    let request = request.body(s3s::Body::empty()).unwrap();
    let answer = emulator.router().call(request).await;
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    let report: Value = serde_json::from_slice(&body).unwrap();
    let found = report["principals"].as_array().unwrap().iter();
    let mut found = found.filter(|one| one["principal"].as_str().unwrap().ends_with(principal));
    found.next().cloned().unwrap_or_default()
}

/// A policy as several, none longer than a managed one may be.
fn split(policy: &Value) -> Vec<String> {
    // Who needed nothing has no policy.
    let Some(statements) = policy["Statement"].as_array() else {
        return Vec::new();
    };
    // A statement may itself be too long: its resources are as good one by one.
    let mut single = Vec::new();
    for statement in statements {
        for resources in statement["Resource"].as_array().unwrap().chunks(20) {
            let mut part = statement.clone();
            part["Resource"] = json!(resources);
            single.push(part);
        }
    }
    let mut policies: Vec<Vec<Value>> = Vec::new();
    for statement in single {
        match policies.last_mut() {
            Some(last) if document(last).len() + statement.to_string().len() < 6_000 => {
                last.push(statement);
            }
            _ => policies.push(vec![statement]),
        }
    }
    policies
        .iter()
        .map(|statements| document(statements))
        .collect()
}

fn code<T, E: ProvideErrorMetadata>(answer: Result<T, E>) -> String {
    match answer {
        Ok(_) => "done".to_owned(),
        Err(error) => error.code().unwrap_or("no code").to_owned(),
    }
}

fn message<T: std::fmt::Debug, E: ProvideErrorMetadata>(answer: Result<T, E>) -> String {
    answer.unwrap_err().message().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_say_what_is_missing() {
    let emulator = emulator(Enforcement::Enforce);
    let root = world::clients(&emulator).await;
    world::bucket(&root, "lake").await;
    let policies = [document(&[
        allow(&["s3:GetObject", "kinesis:*"], &["*"]),
        json!({"Effect": "Deny", "Action": "kinesis:DeleteStream", "Resource": "*"}),
    ])];
    let ann = user(&emulator, "ann", &policies).await;
    let me = "arn:aws:iam::000000000000:user/ann";

    let put = ann.s3.put_object().bucket("lake").key("a");
    let put = put.body(ByteStream::from_static(b"1")).send().await;
    let refused = put.unwrap_err().into_service_error();
    assert_eq!(refused.code(), Some("AccessDenied"));
    let expected = format!(
        "User: {me} is not authorized to perform: s3:PutObject on resource: \
         \"arn:aws:s3:::lake/a\" because no identity-based policy allows the s3:PutObject action"
    );
    assert_eq!(refused.message(), Some(expected.as_str()));

    let delete = ann.kinesis.delete_stream().stream_name("wind").send().await;
    let expected = format!(
        "User: {me} is not authorized to perform: kinesis:DeleteStream on resource: \
         arn:aws:kinesis:us-east-1:000000000000:stream/wind with an explicit deny in an \
         identity-based policy"
    );
    assert_eq!(message(delete), expected);

    assert_eq!(code(ann.iam.list_roles().send().await), "AccessDenied");
    let databases = ann.glue.get_databases().send().await;
    assert_eq!(code(databases), "AccessDeniedException");
    // Whoever may not list does not learn what is missing.
    let missing = ann.s3.get_object().bucket("lake").key("none");
    assert_eq!(code(missing.send().await), "AccessDenied");
    let missing = root.s3.get_object().bucket("lake").key("none");
    assert_eq!(code(missing.send().await), "NoSuchKey");
    // Needs nothing.
    let identity = ann.sts.get_caller_identity().send().await.unwrap();
    assert_eq!(identity.arn(), Some(me));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_of_deletes_is_judged_key_by_key() {
    use aws_sdk_s3::types::{Delete, ObjectIdentifier};

    let emulator = emulator(Enforcement::Enforce);
    let root = world::clients(&emulator).await;
    world::bucket(&root, "lake").await;
    let policies = [document(&[allow(
        &["s3:DeleteObject"],
        &["arn:aws:s3:::lake/mine/*"],
    )])];
    let ann = user(&emulator, "ann", &policies).await;
    let object = |key: &str| ObjectIdentifier::builder().key(key).build().unwrap();
    let delete = Delete::builder()
        .objects(object("mine/1"))
        .objects(object("theirs/2"))
        .build()
        .unwrap();
    let answer = ann.s3.delete_objects().bucket("lake").delete(delete);
    let answer = answer.send().await.unwrap();
    let deleted: Vec<_> = answer.deleted().iter().filter_map(|d| d.key()).collect();
    assert_eq!(deleted, ["mine/1"]);
    let errors: Vec<_> = answer
        .errors()
        .iter()
        .map(|e| (e.key(), e.code()))
        .collect();
    assert_eq!(errors, [(Some("theirs/2"), Some("AccessDenied"))]);
}

#[tokio::test(flavor = "multi_thread")]
async fn across_accounts_both_sides_must_allow() {
    let emulator = emulator(Enforcement::Enforce);
    let root = world::clients(&emulator).await;
    world::bucket(&root, "lake").await;
    let put = root.s3.put_object().bucket("lake").key("a");
    put.body(ByteStream::from_static(b"1"))
        .send()
        .await
        .unwrap();
    let other =
        |key: &str| world::clients_as(&emulator, Credentials::new(key, "x", None, None, "t"));
    let stranger = other("123456789012");
    let get = || stranger.s3.get_object().bucket("lake").key("a").send();
    assert_eq!(code(get().await), "AccessDenied");
    let policy = json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow",
        "Principal": {"AWS": "123456789012"}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::lake/*"}});
    let shared = root.s3.put_bucket_policy().bucket("lake");
    shared.policy(policy.to_string()).send().await.unwrap();
    assert_eq!(code(get().await), "done");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_is_assumed_by_whom_it_trusts_and_does_what_it_may() {
    let emulator = emulator(Enforcement::Enforce);
    let root = world::clients(&emulator).await;
    world::bucket(&root, "lake").await;
    let account = json!({"AWS": "arn:aws:iam::000000000000:root"});
    let list = allow(&["s3:ListBucket"], &["arn:aws:s3:::lake"]);
    let arn = role(&root, "lister", account, &[list]).await;
    let stranger = user(&emulator, "eve", &[]).await;
    let assume = |clients: &Clients| {
        let call = clients.sts.assume_role().role_arn(&arn);
        call.role_session_name("work").send()
    };
    assert_eq!(code(assume(&stranger).await), "AccessDenied");
    let policies = [document(&[allow(&["sts:AssumeRole"], &[&arn])])];
    let ann = user(&emulator, "ann", &policies).await;
    let made = assume(&ann).await.unwrap();
    let made = made.credentials().unwrap();
    let session = world::clients_as(
        &emulator,
        Credentials::new(
            made.access_key_id(),
            made.secret_access_key(),
            Some(made.session_token().to_owned()),
            None,
            "test",
        ),
    );
    assert_eq!(
        code(session.s3.list_objects_v2().bucket("lake").send().await),
        "done"
    );
    let refused = message(session.s3.list_buckets().send().await);
    let me = "User: arn:aws:sts::000000000000:assumed-role/lister/work is not authorized";
    assert!(refused.starts_with(me), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_judged_is_refused_by_name() {
    let emulator = emulator(Enforcement::Enforce);
    let mut statement = allow(&["s3:*"], &["*"]);
    statement["Condition"] = json!({"NumericEquals": {"s3:TlsVersion": "1.3"}});
    let ann = user(&emulator, "ann", &[document(&[statement])]).await;
    let refused = ann.s3.list_buckets().send().await.unwrap_err();
    assert_eq!(refused.code(), Some("NotImplemented"));
    let text = refused.message().unwrap();
    assert!(text.contains("s3:TlsVersion"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn tags_of_objects_and_streams_are_conditions() {
    let emulator = emulator(Enforcement::Enforce);
    let root = world::clients(&emulator).await;
    world::bucket(&root, "lake").await;
    let mut objects = allow(&["s3:GetObject"], &["*"]);
    objects["Condition"] = json!({"StringEquals": {"s3:ExistingObjectTag/team": "wind"}});
    let mut streams = allow(&["kinesis:DescribeStreamSummary"], &["*"]);
    streams["Condition"] =
        json!({"StringEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}});
    let ann = user(&emulator, "ann", &[document(&[objects, streams])]).await;
    let tag = aws_sdk_iam::types::Tag::builder()
        .key("team")
        .value("wind")
        .build();
    let tagged = root.iam.tag_user().user_name("ann").tags(tag.unwrap());
    tagged.send().await.unwrap();
    for (name, team) in [("ours", "wind"), ("theirs", "sun")] {
        let put = root.s3.put_object().bucket("lake").key(name);
        let put = put
            .tagging(format!("team={team}"))
            .body(ByteStream::from_static(b"1"));
        put.send().await.unwrap();
        let create = root
            .kinesis
            .create_stream()
            .stream_name(name)
            .shard_count(1);
        create.tags("team", team).send().await.unwrap();
    }
    for (name, end) in [("ours", "done"), ("theirs", "AccessDenied")] {
        assert_eq!(
            code(ann.s3.get_object().bucket("lake").key(name).send().await),
            end
        );
        let describe = ann.kinesis.describe_stream_summary().stream_name(name);
        assert!(code(describe.send().await).starts_with(end), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn firehose_writes_with_its_role_and_waits_for_its_rights() {
    let emulator = emulator(Enforcement::Enforce);
    let root = world::clients(&emulator).await;
    world::bucket(&root, "lake").await;
    let service = json!({"Service": "firehose.amazonaws.com"});
    let elsewhere = allow(&["s3:PutObject"], &["arn:aws:s3:::pond/*"]);
    let arn = role(&root, "delivery", service, &[elsewhere]).await;
    let hints = BufferingHints::builder()
        .interval_in_seconds(60)
        .size_in_mbs(1);
    let destination = ExtendedS3DestinationConfiguration::builder()
        .role_arn(&arn)
        .bucket_arn("arn:aws:s3:::lake")
        .buffering_hints(hints.build())
        .build()
        .unwrap();
    let create = root
        .firehose
        .create_delivery_stream()
        .delivery_stream_name("d");
    let create = create.extended_s3_destination_configuration(destination);
    create.send().await.unwrap();
    emulator.clock().join().sleep(Duration::from_secs(60)).await;
    let record = Record::builder()
        .data(aws_sdk_firehose::primitives::Blob::new("x"))
        .build();
    let put = root
        .firehose
        .put_record()
        .delivery_stream_name("d")
        .record(record.unwrap());
    put.send().await.unwrap();
    let objects = || async {
        let listed = root
            .s3
            .list_objects_v2()
            .bucket("lake")
            .send()
            .await
            .unwrap();
        listed.contents().len()
    };
    emulator
        .clock()
        .join()
        .sleep(Duration::from_secs(600))
        .await;
    assert_eq!(objects().await, 0);
    let here = allow(&["s3:PutObject"], &["arn:aws:s3:::lake/*"]);
    put_role_policy(&root, "delivery", &[here]).await;
    emulator
        .clock()
        .join()
        .sleep(Duration::from_secs(3_600))
        .await;
    assert_eq!(objects().await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn queries_read_and_write_with_their_callers_rights() {
    let emulator = emulator(Enforcement::Enforce);
    let root = world::clients(&emulator).await;
    for bucket in ["lake", "results"] {
        world::bucket(&root, bucket).await;
    }
    let run = |clients: Clients, sql: &'static str| {
        let clock = emulator.clock().clone();
        async move {
            let results = ResultConfiguration::builder().output_location("s3://results/");
            let start = clients.athena.start_query_execution().query_string(sql);
            let start = start.result_configuration(results.build()).send().await;
            let id = start.unwrap().query_execution_id().unwrap().to_owned();
            clock.join().sleep(Duration::from_secs(5)).await;
            let got = clients.athena.get_query_execution().query_execution_id(&id);
            let status = got
                .send()
                .await
                .unwrap()
                .query_execution()
                .unwrap()
                .status()
                .cloned();
            status
                .unwrap()
                .state_change_reason()
                .unwrap_or("done")
                .to_owned()
        }
    };
    let athena = allow(&["athena:*"], &["*"]);
    let write = allow(
        &["s3:GetBucketLocation", "s3:PutObject"],
        &["arn:aws:s3:::results", "arn:aws:s3:::results/*"],
    );
    let alone = user(
        &emulator,
        "alone",
        &[document(std::slice::from_ref(&athena))],
    )
    .await;
    let why = run(alone, "SELECT 1").await;
    assert!(
        why.starts_with("Unable to verify/create output bucket results"),
        "{why}"
    );
    let writer = user(
        &emulator,
        "writer",
        &[document(&[athena.clone(), write.clone()])],
    )
    .await;
    assert_eq!(run(writer.clone(), "SELECT 1").await, "done");

    let sql = "CREATE DATABASE farm";
    assert_eq!(run(root.clone(), sql).await, "done");
    let sql = "CREATE EXTERNAL TABLE farm.t (a int) ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe' \
               LOCATION 's3://lake/t/'";
    assert_eq!(run(root.clone(), sql).await, "done");
    let put = root.s3.put_object().bucket("lake").key("t/1");
    put.body(ByteStream::from_static(b"{\"a\":1}\n"))
        .send()
        .await
        .unwrap();
    let sql = "SELECT sum(a) FROM farm.t";
    assert_eq!(run(root.clone(), sql).await, "done");
    let why = run(writer, sql).await;
    assert!(why.contains("not authorized to perform: glue:Get"), "{why}");
    let catalog = allow(&["glue:Get*"], &["*"]);
    let blind = [document(&[athena.clone(), write.clone(), catalog.clone()])];
    let blind = user(&emulator, "blind", &blind).await;
    let why = run(blind, sql).await;
    assert!(why.contains("not authorized to perform: s3:"), "{why}");
    let read = allow(
        &["s3:ListBucket", "s3:GetObject"],
        &["arn:aws:s3:::lake", "arn:aws:s3:::lake/t/*"],
    );
    let reader = [document(&[athena, write, catalog, read])];
    let reader = user(&emulator, "reader", &reader).await;
    assert_eq!(run(reader, sql).await, "done");
}

/// Everything the course's project does, by somebody who may do everything but is audited; then by
/// somebody with the least policy of that; then by somebody who lacks one of its actions.
#[tokio::test(flavor = "multi_thread")]
async fn the_pipeline_runs_with_the_least_policy_of_its_audit() {
    let plan = Plan::new("windfarm-iam");
    let production = world::production(3);
    let run = |clients: Clients| {
        let (plan, production) = (plan.clone(), production.clone());
        async move {
            pipeline::run(
                &clients,
                &plan,
                &production,
                &Pace::Target,
                Arc::new(Silent),
            )
            .await
        }
    };
    let first = emulator(Enforcement::Audit);
    let everything = document(&[allow(&["*"], &["*"])]);
    let deployer = user(&first, "deployer", &[everything]).await;
    world::check_books(3, &run(deployer).await.unwrap());
    let seen = audited(&first, "user/deployer").await;
    assert_eq!(seen["denied"], json!([]));
    let policies = split(&seen["policy"]);

    let second = emulator(Enforcement::Enforce);
    let deployer = user(&second, "deployer", &policies).await;
    world::check_books(3, &run(deployer).await.unwrap());

    let third = emulator(Enforcement::Enforce);
    let lacking: Vec<String> = policies
        .iter()
        .map(|policy| policy.replace("\"glue:StartCrawler\"", "\"glue:ListCrawls\""))
        .collect();
    assert_ne!(policies, lacking);
    let deployer = user(&third, "deployer", &lacking).await;
    let refused = run(deployer).await.unwrap_err().to_string();
    assert!(refused.contains("glue:StartCrawler"), "{refused}");
}

/// One call of a random sequence.
#[derive(Clone, Copy, Debug)]
enum Step {
    CreateBucket,
    PutObject(u8),
    GetObject(u8),
    HeadObject(u8),
    DeleteObject(u8),
    CopyObject(u8, u8),
    ListObjects,
    CreateStream,
    PutRecord,
    GetRecords,
    ListStreams,
    CreateDatabase,
    CreateTable(u8),
    GetTable(u8),
    GetTables,
    CreateRole,
    GetRole,
    AssumeRole,
    CreateDelivery,
    CreateCrawler,
    Query,
}

fn step() -> impl Strategy<Value = Step> {
    use Step::*;
    let n = 0u8..3;
    prop_oneof![
        4 => Just(CreateBucket),
        3 => n.clone().prop_map(PutObject),
        2 => n.clone().prop_map(GetObject),
        1 => n.clone().prop_map(HeadObject),
        1 => n.clone().prop_map(DeleteObject),
        1 => (n.clone(), n.clone()).prop_map(|(from, to)| CopyObject(from, to)),
        1 => Just(ListObjects),
        3 => Just(CreateStream),
        1 => Just(PutRecord),
        1 => Just(GetRecords),
        1 => Just(ListStreams),
        3 => Just(CreateDatabase),
        2 => n.clone().prop_map(CreateTable),
        1 => n.prop_map(GetTable),
        1 => Just(GetTables),
        3 => Just(CreateRole),
        1 => Just(GetRole),
        1 => Just(AssumeRole),
        1 => Just(CreateDelivery),
        1 => Just(CreateCrawler),
        1 => Just(Query),
    ]
}

/// Carries a step out and says how it ended.
async fn take(clients: &Clients, step: Step) -> String {
    let key = |n: u8| format!("folder/{n}*");
    let s3 = &clients.s3;
    match step {
        Step::CreateBucket => code(s3.create_bucket().bucket("lake").send().await),
        Step::PutObject(n) => {
            let put = s3.put_object().bucket("lake").key(key(n));
            code(put.body(ByteStream::from_static(b"{\"a\":1}")).send().await)
        }
        Step::GetObject(n) => code(s3.get_object().bucket("lake").key(key(n)).send().await),
        Step::HeadObject(n) => code(s3.head_object().bucket("lake").key(key(n)).send().await),
        Step::DeleteObject(n) => code(s3.delete_object().bucket("lake").key(key(n)).send().await),
        Step::CopyObject(from, to) => {
            let copy = s3.copy_object().copy_source(format!("lake/{}", key(from)));
            code(copy.bucket("lake").key(key(to)).send().await)
        }
        Step::ListObjects => code(s3.list_objects_v2().bucket("lake").send().await),
        Step::CreateStream => {
            let create = clients.kinesis.create_stream().stream_name("wind");
            let made = code(create.shard_count(1).send().await);
            clients.clock.join().sleep(Duration::from_secs(30)).await;
            made
        }
        Step::PutRecord => {
            let put = clients
                .kinesis
                .put_record()
                .stream_name("wind")
                .partition_key("1");
            let data = aws_sdk_kinesis::primitives::Blob::new("x");
            code(put.data(data).send().await)
        }
        Step::GetRecords => {
            use aws_sdk_kinesis::types::ShardIteratorType::TrimHorizon;
            let iterator = clients.kinesis.get_shard_iterator().stream_name("wind");
            let iterator = iterator.shard_id("shardId-000000000000");
            match iterator.shard_iterator_type(TrimHorizon).send().await {
                Ok(iterator) => {
                    let get = clients.kinesis.get_records();
                    code(get.set_shard_iterator(iterator.shard_iterator).send().await)
                }
                Err(error) => code(Err::<(), _>(error)),
            }
        }
        Step::ListStreams => code(clients.kinesis.list_streams().send().await),
        Step::CreateDatabase => {
            let input = aws_sdk_glue::types::DatabaseInput::builder()
                .name("Farm")
                .build();
            code(
                clients
                    .glue
                    .create_database()
                    .database_input(input.unwrap())
                    .send()
                    .await,
            )
        }
        Step::CreateTable(n) => {
            let input = aws_sdk_glue::types::TableInput::builder()
                .name(format!("T{n}"))
                .build();
            let create = clients.glue.create_table().database_name("farm");
            code(create.table_input(input.unwrap()).send().await)
        }
        Step::GetTable(n) => {
            let get = clients.glue.get_table().database_name("farm");
            code(get.name(format!("t{n}")).send().await)
        }
        Step::GetTables => code(clients.glue.get_tables().database_name("farm").send().await),
        Step::CreateRole => {
            let trust = json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sts:AssumeRole",
                "Principal": {"AWS": "000000000000", "Service": ["firehose.amazonaws.com", "glue.amazonaws.com"]}}});
            let create = clients.iam.create_role().role_name("helper").path("/team/");
            code(
                create
                    .assume_role_policy_document(trust.to_string())
                    .send()
                    .await,
            )
        }
        Step::GetRole => code(clients.iam.get_role().role_name("helper").send().await),
        Step::AssumeRole => {
            let assume = clients.sts.assume_role().role_session_name("session");
            let arn = "arn:aws:iam::000000000000:role/team/helper";
            code(assume.role_arn(arn).send().await)
        }
        Step::CreateDelivery => {
            let destination = ExtendedS3DestinationConfiguration::builder()
                .role_arn("arn:aws:iam::000000000000:role/team/helper")
                .bucket_arn("arn:aws:s3:::lake")
                .build();
            let create = clients
                .firehose
                .create_delivery_stream()
                .delivery_stream_name("d");
            let create = create.extended_s3_destination_configuration(destination.unwrap());
            code(create.send().await)
        }
        Step::CreateCrawler => {
            let target = aws_sdk_glue::types::S3Target::builder().path("s3://lake/folder/");
            let targets = aws_sdk_glue::types::CrawlerTargets::builder().s3_targets(target.build());
            let create = clients.glue.create_crawler().name("c").role("team/helper");
            let create = create.database_name("farm").targets(targets.build());
            code(create.send().await)
        }
        Step::Query => {
            let results = ResultConfiguration::builder().output_location("s3://lake/results/");
            let start = clients
                .athena
                .start_query_execution()
                .query_string("SELECT 1");
            match start.result_configuration(results.build()).send().await {
                Ok(started) => {
                    clients.clock.join().sleep(Duration::from_secs(5)).await;
                    let id = started.query_execution_id().unwrap();
                    let get = clients.athena.get_query_execution().query_execution_id(id);
                    match get.send().await {
                        Ok(got) => {
                            let status = got.query_execution().unwrap().status().unwrap();
                            let state = status.state().unwrap().as_str();
                            state.to_owned()
                        }
                        Err(error) => code(Err::<(), _>(error)),
                    }
                }
                Err(error) => code(Err::<(), _>(error)),
            }
        }
    }
}

async fn take_all(clients: &Clients, steps: &[Step]) -> Vec<String> {
    let mut ends = Vec::new();
    for step in steps {
        ends.push(take(clients, *step).await);
    }
    ends
}

/// A sequence audited and then enforced with its least policy ends call by call in the same way, and
/// without any one action of that policy it does not.
#[test]
fn the_least_policy_of_any_sequence_lets_it_run_again_and_nothing_less_does() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let config = Config {
        cases: 32,
        failure_persistence: None,
        ..Config::default()
    };
    let sequences = (
        prop::collection::vec(step(), 1..16),
        any::<prop::sample::Index>(),
    );
    let checked = TestRunner::new(config).run(&sequences, |(steps, which)| {
        runtime.block_on(async {
            let first = emulator(Enforcement::Audit);
            let ann = user(&first, "ann", &[document(&[allow(&["*"], &["*"])])]).await;
            let audited_ends = take_all(&ann, &steps).await;
            let policy = audited(&first, "user/ann").await["policy"].take();

            let second = emulator(Enforcement::Enforce);
            let ann = user(&second, "ann", &split(&policy)).await;
            let enforced_ends = take_all(&ann, &steps).await;
            prop_assert_eq!(&enforced_ends, &audited_ends, "{}", policy);

            // Each action of the policy was needed by some call.
            let mut lacking = policy.clone();
            let Some(statements) = lacking["Statement"].as_array_mut() else {
                return Ok(());
            };
            let mut actions: BTreeMap<usize, usize> = BTreeMap::new();
            for (at, statement) in statements.iter().enumerate() {
                actions.insert(at, statement["Action"].as_array().unwrap().len());
            }
            let total: usize = actions.values().sum();
            let mut number = which.index(total);
            for (at, count) in actions {
                if number < count {
                    let actions = statements[at]["Action"].as_array_mut().unwrap();
                    // An action that nothing needs stands in for it: a statement needs at least one.
                    // STS does not tell a role that is not there from one that may not be assumed.
                    if actions[number] == "sts:AssumeRole" {
                        return Ok(());
                    }
                    actions[number] = json!("s3:GetBucketWebsite");
                    break;
                }
                number -= count;
            }
            let third = emulator(Enforcement::Enforce);
            let ann = user(&third, "ann", &split(&lacking)).await;
            let lacking_ends = take_all(&ann, &steps).await;
            prop_assert_ne!(&lacking_ends, &audited_ends, "{}", lacking);
            Ok(())
        })
    });
    checked.unwrap_or_else(|failure| panic!("{failure}"));
}
