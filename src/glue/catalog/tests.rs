//! Catalog operations: texts, versions, batches, and partitions against a plain map.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::base::Timestamp;
use crate::glue::api::*;

const DB: &str = "wind";

fn call(secs: i64) -> Call {
    Call::root(Timestamp::from_secs(secs))
}

fn column(name: &str, kind: &str) -> Column {
    Column {
        name: name.to_owned(),
        r#type: Some(kind.to_owned()),
        ..Column::default()
    }
}

fn table_input(name: &str, keys: &[(&str, &str)]) -> TableInput {
    TableInput {
        name: name.to_owned(),
        storage_descriptor: Some(StorageDescriptor {
            columns: Some(vec![column("Site", "string"), column("rpm", "double")]),
            location: Some(format!("s3://lake/{name}/")),
            ..StorageDescriptor::default()
        }),
        partition_keys: Some(keys.iter().map(|(name, kind)| column(name, kind)).collect()),
        ..TableInput::default()
    }
}

fn catalog_with(table: TableInput) -> Catalog {
    let mut catalog = Catalog::default();
    let request = CreateDatabaseRequest {
        database_input: DatabaseInput {
            name: "Wind".to_owned(),
            ..DatabaseInput::default()
        },
        ..CreateDatabaseRequest::default()
    };
    catalog.create_database(&call(1), request).unwrap();
    create(&mut catalog, table).unwrap();
    catalog
}

fn create(catalog: &mut Catalog, table: TableInput) -> Result<CreateTableResponse> {
    let request = CreateTableRequest {
        database_name: DB.to_owned(),
        table_input: Some(table),
        ..CreateTableRequest::default()
    };
    catalog.create_table(&call(2), request)
}

fn update(
    catalog: &mut Catalog,
    input: TableInput,
    skip_archive: bool,
    version: Option<&str>,
) -> Result<UpdateTableResponse> {
    let request = UpdateTableRequest {
        database_name: DB.to_owned(),
        table_input: Some(input),
        skip_archive: Some(skip_archive),
        version_id: version.map(str::to_owned),
        ..UpdateTableRequest::default()
    };
    catalog.update_table(&call(3), request)
}

fn versions(catalog: &Catalog, table: &str) -> Vec<String> {
    let request = GetTableVersionsRequest {
        database_name: DB.to_owned(),
        table_name: table.to_owned(),
        ..GetTableVersionsRequest::default()
    };
    let found = catalog.get_table_versions(&call(9), &request).unwrap();
    found
        .table_versions
        .unwrap()
        .into_iter()
        .filter_map(|v| v.version_id)
        .collect()
}

fn partition(values: &[&str]) -> PartitionInput {
    PartitionInput {
        values: Some(values.iter().map(|v| (*v).to_owned()).collect()),
        storage_descriptor: Some(StorageDescriptor {
            columns: Some(vec![column("site", "string")]),
            location: Some(format!("s3://lake/{}/", values.join("/"))),
            ..StorageDescriptor::default()
        }),
        ..PartitionInput::default()
    }
}

fn add(catalog: &mut Catalog, table: &str, partitions: Vec<PartitionInput>) -> Vec<PartitionError> {
    let request = BatchCreatePartitionRequest {
        database_name: DB.to_owned(),
        table_name: table.to_owned(),
        partition_input_list: partitions,
        ..BatchCreatePartitionRequest::default()
    };
    catalog
        .batch_create_partition(&call(4), request)
        .unwrap()
        .errors
        .unwrap()
}

#[test]
fn names_are_kept_and_looked_up_in_lower_case() {
    let catalog = catalog_with(table_input("Turbine", &[("Day", "int")]));
    let table = catalog.table("WIND", "TURBINE").unwrap();
    assert_eq!(table.name, "turbine");
    assert_eq!(table.database_name.as_deref(), Some("wind"));
    let columns = table
        .storage_descriptor
        .as_ref()
        .unwrap()
        .columns
        .as_ref()
        .unwrap();
    assert_eq!(columns[0].name, "site");
    assert_eq!(table.partition_keys.as_ref().unwrap()[0].name, "day");
}

#[test]
fn a_database_shows_the_permissions_that_lake_formation_defaults_to() {
    let catalog = catalog_with(table_input("t", &[]));
    let request = GetDatabaseRequest {
        catalog_id: Some("000000000000".to_owned()),
        name: "wind".to_owned(),
    };
    let database = catalog
        .get_database(&call(5), &request)
        .unwrap()
        .database
        .unwrap();
    let json = serde_json::to_value(database).unwrap();
    assert_eq!(
        json,
        serde_json::json!({"Name": "wind", "CreateTime": 1.0, "CatalogId": "000000000000",
            "CreateTableDefaultPermissions": [{"Principal":
                {"DataLakePrincipalIdentifier": "IAM_ALLOWED_PRINCIPALS"}, "Permissions": ["ALL"]}]})
    );
    let foreign = GetDatabaseRequest {
        catalog_id: Some("111111111111".to_owned()),
        name: "wind".to_owned(),
    };
    assert_eq!(
        catalog.get_database(&call(5), &foreign).unwrap_err().code(),
        "NotImplemented"
    );
}

#[test]
fn a_table_reply_has_exactly_the_members_that_were_sent_or_are_computed() {
    let catalog = catalog_with(table_input("t", &[]));
    let request = GetTableRequest {
        database_name: DB.to_owned(),
        name: "t".to_owned(),
        ..GetTableRequest::default()
    };
    let table = catalog.get_table(&call(5), &request).unwrap().table;
    let json = serde_json::to_value(table).unwrap();
    let members: Vec<&str> = json
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(
        members,
        [
            "Name",
            "DatabaseName",
            "CreateTime",
            "UpdateTime",
            "Retention",
            "StorageDescriptor",
            "PartitionKeys",
            "CreatedBy",
            "IsRegisteredWithLakeFormation",
            "CatalogId",
            "VersionId",
            "IsMultiDialectView"
        ]
    );
    assert_eq!(json["VersionId"], "0");
    assert_eq!(json["CreatedBy"], "arn:aws:iam::000000000000:root");
}

#[test]
fn an_update_replaces_everything_and_keeps_the_old_version() {
    let mut catalog = catalog_with(TableInput {
        parameters: Some([("a".to_owned(), "b".to_owned())].into()),
        ..table_input("t", &[])
    });
    update(&mut catalog, table_input("T", &[]), false, None).unwrap();
    let table = catalog.table(DB, "t").unwrap();
    assert_eq!(table.parameters, None);
    assert_eq!(table.version_id.as_deref(), Some("1"));
    assert_eq!(table.create_time, Some(Timestamp::from_secs(2)));
    assert_eq!(table.update_time, Some(Timestamp::from_secs(3)));
    assert_eq!(versions(&catalog, "t"), ["1", "0"]);

    update(&mut catalog, table_input("t", &[]), true, Some("1")).unwrap();
    assert_eq!(versions(&catalog, "t"), ["2", "0"]);
    let stale = update(&mut catalog, table_input("t", &[]), true, Some("1")).unwrap_err();
    assert_eq!(
        stale,
        Error::ConcurrentModification(
            "Update table failed due to concurrent modifications.".to_owned()
        )
    );
    let request = DeleteTableVersionRequest {
        database_name: DB.to_owned(),
        table_name: "t".to_owned(),
        version_id: "2".to_owned(),
        ..DeleteTableVersionRequest::default()
    };
    assert!(
        catalog.delete_table_version(&call(6), &request).is_err(),
        "the current one"
    );
}

#[test]
fn refusals_carry_the_texts_that_people_know() {
    let mut catalog = catalog_with(table_input("t", &[("day", "int")]));
    assert_eq!(
        create(&mut catalog, table_input("T", &[]))
            .unwrap_err()
            .to_string(),
        "Table already exists."
    );
    let missing = catalog.partitions("WIND", "Gone", None).unwrap_err();
    assert_eq!(
        missing,
        Error::EntityNotFound("Table gone not found.".to_owned())
    );
    let missing = catalog.partitions("Gone", "t", None).unwrap_err();
    assert_eq!(
        missing,
        Error::EntityNotFound("Database gone not found.".to_owned())
    );
    let twice = table_input("x", &[("site", "string")]);
    assert_eq!(
        create(&mut catalog, twice).unwrap_err().code(),
        "InvalidInputException"
    );
    let request = CreateTableRequest {
        database_name: DB.to_owned(),
        table_input: Some(table_input("y", &[("day", "int")])),
        partition_indexes: Some(vec![PartitionIndex {
            keys: vec!["day".to_owned()],
            index_name: "i".to_owned(),
        }]),
        ..CreateTableRequest::default()
    };
    let refused = catalog.create_table(&call(3), request).unwrap_err();
    assert_eq!(
        refused,
        Error::Unsupported("CreateTable.PartitionIndexes".to_owned())
    );
}

#[test]
fn a_batch_reports_each_refusal_and_does_the_rest() {
    let mut catalog = catalog_with(table_input("t", &[("day", "int"), ("region", "string")]));
    let errors = add(
        &mut catalog,
        "t",
        vec![
            partition(&["1", "eu"]),
            partition(&["1", "eu"]),
            partition(&["2"]),
            partition(&["2", "EU"]),
        ],
    );
    let codes: Vec<_> = errors
        .iter()
        .map(|e| e.error_detail.clone().unwrap().error_code.unwrap())
        .collect();
    assert_eq!(codes, ["AlreadyExistsException", "InvalidInputException"]);
    assert_eq!(catalog.partitions(DB, "t", None).unwrap().len(), 2);
    assert_eq!(
        catalog.partitions(DB, "t", Some("day > 1")).unwrap().len(),
        1
    );

    let list = |values: &[&str]| PartitionValueList {
        values: values.iter().map(|v| (*v).to_owned()).collect(),
    };
    let get = BatchGetPartitionRequest {
        database_name: DB.to_owned(),
        table_name: "t".to_owned(),
        partitions_to_get: vec![list(&["2", "EU"]), list(&["9", "eu"])],
        ..BatchGetPartitionRequest::default()
    };
    let got = catalog.batch_get_partition(&call(5), &get).unwrap();
    assert_eq!(got.partitions.unwrap().len(), 1);
    assert_eq!(got.unprocessed_keys, Some(Vec::new()));

    let update = BatchUpdatePartitionRequest {
        database_name: DB.to_owned(),
        table_name: "t".to_owned(),
        entries: vec![
            BatchUpdatePartitionRequestEntry {
                partition_value_list: list(&["1", "eu"]).values,
                partition_input: partition(&["3", "eu"]),
            },
            BatchUpdatePartitionRequestEntry {
                partition_value_list: list(&["1", "eu"]).values,
                partition_input: partition(&["4", "eu"]),
            },
        ],
        ..BatchUpdatePartitionRequest::default()
    };
    let errors = catalog
        .batch_update_partition(&call(6), update)
        .unwrap()
        .errors
        .unwrap();
    assert_eq!(
        errors.len(),
        1,
        "the first renamed what the second addresses"
    );

    let delete = BatchDeletePartitionRequest {
        database_name: DB.to_owned(),
        table_name: "t".to_owned(),
        partitions_to_delete: vec![list(&["3", "eu"]), list(&["1", "eu"])],
        ..BatchDeletePartitionRequest::default()
    };
    let errors = catalog
        .batch_delete_partition(&call(7), delete)
        .unwrap()
        .errors
        .unwrap();
    assert_eq!(
        serde_json::to_value(errors).unwrap(),
        serde_json::json!([{"PartitionValues": ["1", "eu"], "ErrorDetail": {
            "ErrorCode": "EntityNotFoundException", "ErrorMessage": "Cannot find partition."}}])
    );
}

#[test]
fn a_renamed_partition_does_not_overwrite_another() {
    let mut catalog = catalog_with(table_input("t", &[("day", "int")]));
    add(
        &mut catalog,
        "t",
        vec![partition(&["1"]), partition(&["2"])],
    );
    let request = UpdatePartitionRequest {
        database_name: DB.to_owned(),
        table_name: "t".to_owned(),
        partition_value_list: vec!["1".to_owned()],
        partition_input: partition(&["2"]),
        ..UpdatePartitionRequest::default()
    };
    let error = catalog.update_partition(&call(5), request).unwrap_err();
    assert_eq!(error.to_string(), "Partition already exists.");
    assert_eq!(catalog.partitions(DB, "t", None).unwrap().len(), 2);
}

#[test]
fn table_names_are_filtered_by_a_regular_expression_over_the_whole_name() {
    let mut catalog = catalog_with(table_input("turbine", &[]));
    create(&mut catalog, table_input("turbine_raw", &[])).unwrap();
    let names = |expression: &str| {
        let request = GetTablesRequest {
            database_name: DB.to_owned(),
            expression: Some(expression.to_owned()),
            attributes_to_get: Some(vec!["NAME".to_owned()]),
            ..GetTablesRequest::default()
        };
        let found = catalog.get_tables(&call(5), &request)?.table_list.unwrap();
        assert!(found.iter().all(|t| t.storage_descriptor.is_none()));
        Ok::<_, Error>(found.into_iter().map(|t| t.name).collect::<Vec<_>>())
    };
    assert_eq!(names("turbine").unwrap(), ["turbine"]);
    assert_eq!(names("TURB.*").unwrap(), ["turbine", "turbine_raw"]);
    assert_eq!(names("").unwrap().len(), 2);
    assert_eq!(names("*").unwrap().len(), 2);
    assert_eq!(names("[").unwrap_err().code(), "InvalidInputException");
}

fn pages(catalog: &Catalog, request: &GetPartitionsRequest) -> Vec<Vec<String>> {
    let mut request = request.clone();
    let mut seen = Vec::new();
    loop {
        let page = catalog.get_partitions(&call(8), &request).unwrap();
        seen.extend(
            page.partitions
                .unwrap()
                .into_iter()
                .map(|p| p.values.unwrap()),
        );
        request.next_token = page.next_token;
        if request.next_token.is_none() {
            return seen;
        }
    }
}

#[test]
fn segments_are_disjoint_and_complete() {
    let mut catalog = catalog_with(table_input("t", &[("day", "int")]));
    for start in [0, 100, 200] {
        let list = (start..start + 100)
            .map(|n| partition(&[&n.to_string()]))
            .collect();
        assert!(add(&mut catalog, "t", list).is_empty());
    }
    let mut all = Vec::new();
    for segment_number in 0..5 {
        let request = GetPartitionsRequest {
            database_name: DB.to_owned(),
            table_name: "t".to_owned(),
            segment: Some(Segment {
                segment_number,
                total_segments: 5,
            }),
            max_results: Some(7),
            ..GetPartitionsRequest::default()
        };
        let part = pages(&catalog, &request);
        assert!(part.len() > 30, "segments are about even: {}", part.len());
        all.extend(part);
    }
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 300);
}

#[test]
fn column_schemas_can_be_left_out() {
    let mut catalog = catalog_with(table_input("t", &[("day", "int")]));
    add(&mut catalog, "t", vec![partition(&["1"])]);
    let request = GetPartitionsRequest {
        database_name: DB.to_owned(),
        table_name: "t".to_owned(),
        exclude_column_schema: Some(true),
        ..GetPartitionsRequest::default()
    };
    let page = catalog
        .get_partitions(&call(5), &request)
        .unwrap()
        .partitions
        .unwrap();
    let descriptor = page[0].storage_descriptor.as_ref().unwrap();
    assert_eq!(
        (&descriptor.columns, descriptor.location.is_some()),
        (&None, true)
    );
}

/// One step on the partitions of a table with one integer key, and on a plain map.
#[derive(Clone, Debug)]
enum Step {
    Create(u8),
    Delete(u8),
    Rename(u8, u8),
}

fn step() -> impl Strategy<Value = Step> {
    let day = 0u8..12;
    prop_oneof![
        day.clone().prop_map(Step::Create),
        day.clone().prop_map(Step::Delete),
        (day.clone(), day).prop_map(|(a, b)| Step::Rename(a, b)),
    ]
}

proptest! {
    #[test]
    fn partitions_behave_as_a_map(steps in proptest::collection::vec(step(), 0..60), size in 1i32..6) {
        let mut catalog = catalog_with(table_input("t", &[("day", "int")]));
        let mut model: BTreeMap<u8, ()> = BTreeMap::new();
        for step in steps {
            let (result, expected) = match step {
                Step::Create(day) => (
                    catalog.add_partition(&call(5), DB, "t", partition(&[&day.to_string()])),
                    model.insert(day, ()).is_none(),
                ),
                Step::Delete(day) => (
                    catalog.remove_partition(DB, "t", &[day.to_string()]),
                    model.remove(&day).is_some(),
                ),
                Step::Rename(from, to) => {
                    let allowed = model.contains_key(&from) && (from == to || !model.contains_key(&to));
                    if allowed {
                        model.remove(&from);
                        model.insert(to, ());
                    }
                    let input = partition(&[&to.to_string()]);
                    (catalog.change_partition(&call(5), DB, "t", &[from.to_string()], input), allowed)
                }
            };
            prop_assert_eq!(result.is_ok(), expected);
        }
        let request = GetPartitionsRequest {
            database_name: DB.to_owned(),
            table_name: "t".to_owned(),
            expression: Some("day >= 3".to_owned()),
            max_results: Some(size),
            ..GetPartitionsRequest::default()
        };
        let mut found: Vec<u8> = pages(&catalog, &request).iter().map(|v| v[0].parse().unwrap()).collect();
        found.sort_unstable();
        let expected: Vec<u8> = model.keys().copied().filter(|day| *day >= 3).collect();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn versions_count_up_and_skipped_ones_are_not_kept(skips in proptest::collection::vec(any::<bool>(), 0..20)) {
        let mut catalog = catalog_with(table_input("t", &[]));
        let mut kept = Vec::new();
        for (at, skip) in skips.iter().enumerate() {
            if !skip {
                kept.push(at);
            }
            update(&mut catalog, table_input("t", &[]), *skip, Some(&at.to_string())).unwrap();
        }
        kept.push(skips.len());
        kept.reverse();
        let kept: Vec<String> = kept.iter().map(usize::to_string).collect();
        prop_assert_eq!(versions(&catalog, "t"), kept);
    }
}

#[test]
fn tables_are_searched_by_text_and_properties() {
    let mut catalog = catalog_with(TableInput {
        description: Some("Readings of turbines".to_owned()),
        parameters: Some([("classification".to_owned(), "json".to_owned())].into()),
        ..table_input("raw", &[("day", "int")])
    });
    create(
        &mut catalog,
        table_input("curated", &[("event_date", "date")]),
    )
    .unwrap();
    let search = |text: &str, filter: Option<(&str, &str, &str)>, sort: Option<&str>| {
        let request = SearchTablesRequest {
            search_text: Some(text.to_owned()),
            filters: filter.map(|(key, comparator, value)| {
                vec![PropertyPredicate {
                    key: Some(key.to_owned()),
                    value: Some(value.to_owned()),
                    comparator: Some(comparator.to_owned()),
                }]
            }),
            sort_criteria: sort.map(|order| {
                vec![SortCriterion {
                    field_name: Some("Name".to_owned()),
                    sort: Some(order.to_owned()),
                }]
            }),
            ..SearchTablesRequest::default()
        };
        let found = catalog
            .search_tables(&call(5), &request)
            .unwrap()
            .table_list
            .unwrap();
        found.into_iter().map(|t| t.name).collect::<Vec<_>>()
    };
    assert_eq!(search("", None, None), ["curated", "raw"]);
    assert_eq!(search("", None, Some("DESC")), ["raw", "curated"]);
    assert_eq!(search("TURBINE", None, None), ["raw"]);
    assert_eq!(search("event", None, None), ["curated"]);
    assert!(search("\"event\"", None, None).is_empty());
    assert_eq!(search("\"rpm\"", None, None).len(), 2);
    assert_eq!(
        search("", Some(("classification", "EQUALS", "json")), None),
        ["raw"]
    );
    assert_eq!(
        search("", Some(("DatabaseName", "EQUALS", "Wind")), None).len(),
        2
    );
    assert!(search("", Some(("CreateTime", "GREATER_THAN", "2")), None).is_empty());
    assert_eq!(
        search("", Some(("CreateTime", "GREATER_THAN_EQUALS", "2")), None).len(),
        2
    );
}

#[test]
fn a_table_has_no_partition_indexes_and_says_so() {
    let catalog = catalog_with(table_input("t", &[]));
    let request = GetPartitionIndexesRequest {
        database_name: DB.to_owned(),
        table_name: "t".to_owned(),
        ..GetPartitionIndexesRequest::default()
    };
    let none = catalog.get_partition_indexes(&call(5), &request).unwrap();
    assert_eq!(none.partition_index_descriptor_list, Some(Vec::new()));
}
