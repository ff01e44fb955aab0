//! Work groups: defaults, refusals, updates, where results go, tags.

use std::sync::Arc;

use super::*;
use crate::athena::Athena;
use crate::athena::api::*;
use crate::base::{AccountId, Ids, Region, Seed, ServiceError};

fn call(secs: i64) -> Call {
    Call::root(Timestamp::from_secs(secs))
}

fn athena() -> Athena {
    let ids = Arc::new(Ids::seeded(Seed::new(7)));
    Athena::new(AccountId::default(), Region::default(), ids)
}

fn located(location: &str) -> ResultConfiguration {
    ResultConfiguration {
        output_location: Some(location.to_owned()),
        ..ResultConfiguration::default()
    }
}

fn create(
    athena: &mut Athena,
    name: &str,
    configuration: WorkGroupConfiguration,
) -> Result<CreateWorkGroupResponse> {
    let request = CreateWorkGroupRequest {
        name: name.to_owned(),
        configuration: Some(configuration),
        ..CreateWorkGroupRequest::default()
    };
    athena.create_work_group(&call(5), request)
}

fn get(athena: &Athena, name: &str) -> WorkGroup {
    let request = GetWorkGroupRequest {
        work_group: name.to_owned(),
    };
    athena.get_work_group(&request).unwrap().work_group.unwrap()
}

fn update(
    athena: &mut Athena,
    name: &str,
    updates: WorkGroupConfigurationUpdates,
) -> Result<UpdateWorkGroupResponse> {
    let request = UpdateWorkGroupRequest {
        work_group: name.to_owned(),
        configuration_updates: Some(updates),
        ..UpdateWorkGroupRequest::default()
    };
    athena.update_work_group(&call(6), request)
}

#[track_caller]
fn check_refused<T: std::fmt::Debug>(answer: Result<T>, message: &str) {
    let error = ServiceError::from(answer.unwrap_err());
    assert_eq!(
        (error.code.as_str(), error.message.as_str()),
        ("InvalidRequestException", message)
    );
    assert_eq!(error.members[0].1, "INVALID_INPUT");
}

#[test]
fn primary_is_there_from_the_start_as_on_athena() {
    let group = serde_json::to_value(get(&athena(), "primary")).unwrap();
    assert_eq!(
        group,
        serde_json::json!({"Name": "primary", "State": "ENABLED", "Configuration": {
            "ResultConfiguration": {}, "EnforceWorkGroupConfiguration": false,
            "PublishCloudWatchMetricsEnabled": false, "RequesterPaysEnabled": false,
            "EngineVersion": {"SelectedEngineVersion": "AUTO",
                "EffectiveEngineVersion": "Athena engine version 3"},
            "EnableMinimumEncryptionConfiguration": false}})
    );
}

#[test]
fn a_new_group_enforces_its_settings_unless_it_says_otherwise() {
    let mut athena = athena();
    let configuration = WorkGroupConfiguration {
        result_configuration: Some(located("s3://team/")),
        ..WorkGroupConfiguration::default()
    };
    create(&mut athena, "team", configuration).unwrap();
    let group = get(&athena, "team");
    assert_eq!(group.creation_time, Some(Timestamp::from_secs(5)));
    let configuration = group.configuration.unwrap();
    assert_eq!(configuration.enforce_work_group_configuration, Some(true));
    assert_eq!(
        configuration.publish_cloud_watch_metrics_enabled,
        Some(false)
    );
    assert_eq!(configuration.engine_version, Some(engine_version()));
    check_refused(
        create(&mut athena, "team", WorkGroupConfiguration::default()),
        "WorkGroup already exists",
    );
}

#[test]
fn configurations_are_refused_with_the_texts_of_athena() {
    let check = |configuration: WorkGroupConfiguration, message: &str| {
        check_refused(create(&mut athena(), "team", configuration), message);
    };
    let with_results = |results: ResultConfiguration| WorkGroupConfiguration {
        result_configuration: Some(results),
        ..WorkGroupConfiguration::default()
    };
    check(
        with_results(located("team")),
        "OutputLocation is not a valid S3 path.",
    );
    for option in ["SSE_KMS", "CSE_KMS"] {
        let results = ResultConfiguration {
            encryption_configuration: Some(EncryptionConfiguration {
                encryption_option: option.to_owned(),
                kms_key: None,
            }),
            ..located("s3://team/")
        };
        check(
            with_results(results),
            "KMS Customer Master Key ID is null or empty",
        );
    }
    check(
        WorkGroupConfiguration {
            engine_version: Some(EngineVersion {
                selected_engine_version: Some("Athena engine version 1".to_owned()),
                effective_engine_version: None,
            }),
            ..WorkGroupConfiguration::default()
        },
        "The selected engine version is not valid.",
    );
    check(
        WorkGroupConfiguration {
            managed_query_results_configuration: Some(ManagedQueryResultsConfiguration {
                enabled: true,
                encryption_configuration: None,
            }),
            ..with_results(located("s3://team/"))
        },
        "ManagedQueryResultsConfiguration and ResultConfiguration cannot be set together.",
    );
}

#[test]
fn spark_and_keys_are_refused_by_name() {
    let check = |configuration: WorkGroupConfiguration, name: &str| {
        let error = create(&mut athena(), "team", configuration).unwrap_err();
        assert!(
            matches!(&error, Error::Unsupported(what) if what.contains(name)),
            "{error:?}"
        );
    };
    let none = WorkGroupConfiguration::default;
    check(
        WorkGroupConfiguration {
            execution_role: Some("arn:aws:iam::000000000000:role/r".to_owned()),
            ..none()
        },
        "ExecutionRole",
    );
    check(
        WorkGroupConfiguration {
            managed_query_results_configuration: Some(ManagedQueryResultsConfiguration {
                enabled: true,
                encryption_configuration: None,
            }),
            ..none()
        },
        "ManagedQueryResultsConfiguration",
    );
    check(
        WorkGroupConfiguration {
            engine_version: Some(EngineVersion {
                selected_engine_version: Some("PySpark engine version 3".to_owned()),
                effective_engine_version: None,
            }),
            ..none()
        },
        "PySpark",
    );
}

#[test]
fn updates_change_what_they_name_and_remove_what_they_say() {
    let mut athena = athena();
    let configuration = WorkGroupConfiguration {
        result_configuration: Some(ResultConfiguration {
            encryption_configuration: Some(EncryptionConfiguration {
                encryption_option: "SSE_S3".to_owned(),
                kms_key: None,
            }),
            ..located("s3://team/a/")
        }),
        bytes_scanned_cutoff_per_query: Some(10_000_000),
        ..WorkGroupConfiguration::default()
    };
    create(&mut athena, "team", configuration).unwrap();
    assert_eq!(
        athena.work_groups.get("team").unwrap().scan_limit_bytes(),
        Some(10_000_000)
    );
    let updates = WorkGroupConfigurationUpdates {
        result_configuration_updates: Some(ResultConfigurationUpdates {
            output_location: Some("s3://team/b/".to_owned()),
            remove_encryption_configuration: Some(true),
            ..ResultConfigurationUpdates::default()
        }),
        remove_bytes_scanned_cutoff_per_query: Some(true),
        enforce_work_group_configuration: Some(false),
        ..WorkGroupConfigurationUpdates::default()
    };
    update(&mut athena, "team", updates).unwrap();
    let configuration = get(&athena, "team").configuration.unwrap();
    assert_eq!(
        configuration.result_configuration,
        Some(located("s3://team/b/"))
    );
    assert_eq!(configuration.bytes_scanned_cutoff_per_query, None);
    assert_eq!(configuration.enforce_work_group_configuration, Some(false));
    assert_eq!(
        configuration.publish_cloud_watch_metrics_enabled,
        Some(false)
    );
    // A refused update changes nothing.
    let updates = WorkGroupConfigurationUpdates {
        enforce_work_group_configuration: Some(true),
        result_configuration_updates: Some(ResultConfigurationUpdates {
            output_location: Some("nowhere".to_owned()),
            ..ResultConfigurationUpdates::default()
        }),
        ..WorkGroupConfigurationUpdates::default()
    };
    check_refused(
        update(&mut athena, "team", updates),
        "OutputLocation is not a valid S3 path.",
    );
    assert_eq!(get(&athena, "team").configuration.unwrap(), configuration);
}

#[test]
fn the_groups_place_wins_where_it_is_enforced_and_fills_in_where_it_is_not() {
    let group = |enforced: bool, own: Option<&str>| Group {
        enabled: true,
        description: None,
        configuration: WorkGroupConfiguration {
            result_configuration: own.map(located),
            enforce_work_group_configuration: Some(enforced),
            ..configuration::of_primary()
        },
        created: None,
    };
    let check = |group: Group, asked: Option<&str>, expected: Option<&str>| {
        let asked = asked.map(located);
        let found = group.results_of_query(&call(1), asked.as_ref()).unwrap();
        assert_eq!(
            found.output_location.as_deref(),
            expected,
            "{group:?} {asked:?}"
        );
    };
    let (own, client) = (Some("s3://group/"), Some("s3://client/"));
    check(group(true, own), client, own);
    check(group(true, own), None, own);
    check(group(true, None), client, None);
    check(group(false, own), client, client);
    check(group(false, own), None, own);
    check(group(false, own), Some(""), own);
    check(group(false, None), client, client);
    check(group(false, None), None, None);
    // What an enforcing group overrides is not looked at.
    let odd = ResultConfiguration {
        expected_bucket_owner: Some("111111111111".to_owned()),
        ..located("nowhere")
    };
    assert!(
        group(true, own)
            .results_of_query(&call(1), Some(&odd))
            .is_ok()
    );
    assert!(
        group(false, own)
            .results_of_query(&call(1), Some(&odd))
            .is_err()
    );
}

#[test]
fn groups_are_listed_by_name_and_a_foreign_token_is_named() {
    let mut athena = athena();
    for n in (0..60).rev() {
        create(
            &mut athena,
            &format!("g{n:02}"),
            WorkGroupConfiguration::default(),
        )
        .unwrap();
    }
    let mut request = ListWorkGroupsRequest::default();
    let first = athena.list_work_groups(&request).unwrap();
    let names = |response: &ListWorkGroupsResponse| -> Vec<String> {
        let groups = response.work_groups.iter().flatten();
        groups.map(|group| group.name.clone().unwrap()).collect()
    };
    assert_eq!(names(&first).len(), 50);
    assert_eq!(names(&first)[0], "g00");
    let summary = &first.work_groups.as_ref().unwrap()[0];
    assert_eq!(summary.description.as_deref(), Some(""));
    assert_eq!(get(&athena, "g00").description, None);
    request.next_token = first.next_token;
    let second = athena.list_work_groups(&request).unwrap();
    assert_eq!(names(&second).len(), 11);
    assert_eq!(names(&second)[10], "primary");
    assert_eq!(second.next_token, None);
    request.next_token = Some("no-token".to_owned());
    check_refused(
        athena.list_work_groups(&request),
        "The nextPageToken is malformed: no-token",
    );
}

#[test]
fn a_group_with_content_is_deleted_only_on_demand_and_primary_never() {
    let mut athena = athena();
    create(&mut athena, "team", WorkGroupConfiguration::default()).unwrap();
    let query = CreateNamedQueryRequest {
        name: "q".to_owned(),
        database: "d".to_owned(),
        query_string: "SELECT 1".to_owned(),
        work_group: Some("team".to_owned()),
        ..CreateNamedQueryRequest::default()
    };
    let made = athena
        .create_named_query(query)
        .unwrap()
        .named_query_id
        .unwrap();
    let mut request = DeleteWorkGroupRequest {
        work_group: "team".to_owned(),
        recursive_delete_option: None,
    };
    check_refused(
        athena.delete_work_group(&request),
        "WorkGroup team is not empty",
    );
    request.recursive_delete_option = Some(true);
    athena.delete_work_group(&request).unwrap();
    check_refused(
        athena.delete_work_group(&request),
        "WorkGroup is not found.",
    );
    let named = GetNamedQueryRequest {
        named_query_id: made,
    };
    assert!(athena.get_named_query(&named).is_err());
    request.work_group = PRIMARY.to_owned();
    assert!(athena.delete_work_group(&request).is_err());
    assert_eq!(get(&athena, "primary").name, "primary");
}

#[test]
fn a_disabled_group_refuses_until_it_is_enabled() {
    let mut athena = athena();
    let mut set = |state: &str| {
        let request = UpdateWorkGroupRequest {
            work_group: PRIMARY.to_owned(),
            state: Some(state.to_owned()),
            ..UpdateWorkGroupRequest::default()
        };
        athena.update_work_group(&call(6), request).unwrap();
        let state = get(&athena, PRIMARY).state.unwrap();
        (
            state,
            athena
                .work_groups
                .get(PRIMARY)
                .unwrap()
                .check_enabled()
                .is_ok(),
        )
    };
    assert_eq!(set("DISABLED"), ("DISABLED".to_owned(), false));
    assert_eq!(set("ENABLED"), ("ENABLED".to_owned(), true));
}

#[test]
fn tags_belong_to_a_group_and_go_with_it() {
    let mut athena = athena();
    let arn = "arn:aws:athena:us-east-1:000000000000:workgroup/team".to_owned();
    let tag = |key: &str, value: &str| Tag {
        key: Some(key.to_owned()),
        value: Some(value.to_owned()),
    };
    let list = |athena: &Athena| {
        let request = ListTagsForResourceRequest {
            resource_arn: arn.clone(),
            ..ListTagsForResourceRequest::default()
        };
        athena
            .list_tags_for_resource(&request)
            .map(|response| response.tags.unwrap())
    };
    assert_eq!(list(&athena), Err(Error::ResourceNotFound(arn.clone())));
    let request = CreateWorkGroupRequest {
        name: "team".to_owned(),
        tags: Some(vec![tag("a", "1"), tag("b", "2")]),
        ..CreateWorkGroupRequest::default()
    };
    athena.create_work_group(&call(1), request).unwrap();
    assert_eq!(list(&athena).unwrap(), [tag("a", "1"), tag("b", "2")]);
    let request = TagResourceRequest {
        resource_arn: arn.clone(),
        tags: vec![tag("b", "3"), tag("c", "4")],
    };
    athena.tag_resource(request).unwrap();
    let request = UntagResourceRequest {
        resource_arn: arn.clone(),
        tag_keys: vec!["a".to_owned(), "z".to_owned()],
    };
    athena.untag_resource(&request).unwrap();
    assert_eq!(list(&athena).unwrap(), [tag("b", "3"), tag("c", "4")]);
    let request = TagResourceRequest {
        resource_arn: arn.clone(),
        tags: (0..50).map(|n| tag(&format!("t{n}"), "")).collect(),
    };
    assert!(athena.tag_resource(request).is_err());
    assert_eq!(list(&athena).unwrap().len(), 2);
    let request = DeleteWorkGroupRequest {
        work_group: "team".to_owned(),
        recursive_delete_option: None,
    };
    athena.delete_work_group(&request).unwrap();
    create(&mut athena, "team", WorkGroupConfiguration::default()).unwrap();
    assert_eq!(list(&athena).unwrap(), []);
}
