//! Statistics of tables and partitions, and what happens to them when these change.

use super::*;
use crate::base::Timestamp;
use crate::glue::api::{
    Column, ColumnStatisticsData, CreateDatabaseRequest, CreateTableRequest, DatabaseInput,
    LongColumnStatisticsData, PartitionInput, StorageDescriptor, TableInput, UpdateTableRequest,
};

fn call() -> Call {
    Call::root(Timestamp::from_secs(1))
}

fn table_input(columns: &[&str]) -> TableInput {
    let column = |name: &str, kind: &str| Column {
        name: name.to_owned(),
        r#type: Some(kind.to_owned()),
        ..Column::default()
    };
    TableInput {
        name: "t".to_owned(),
        storage_descriptor: Some(StorageDescriptor {
            columns: Some(columns.iter().map(|name| column(name, "bigint")).collect()),
            ..StorageDescriptor::default()
        }),
        partition_keys: Some(vec![column("day", "int")]),
        ..TableInput::default()
    }
}

fn catalog() -> Catalog {
    let mut catalog = Catalog::default();
    let database = CreateDatabaseRequest {
        database_input: DatabaseInput {
            name: "wind".to_owned(),
            ..DatabaseInput::default()
        },
        ..CreateDatabaseRequest::default()
    };
    catalog.create_database(&call(), database).unwrap();
    let table = CreateTableRequest {
        database_name: "wind".to_owned(),
        table_input: Some(table_input(&["a", "b"])),
        ..CreateTableRequest::default()
    };
    catalog.create_table(&call(), table).unwrap();
    for day in ["1", "2"] {
        catalog
            .add_partition(&call(), "wind", "t", partition(day))
            .unwrap();
    }
    catalog
}

fn partition(day: &str) -> PartitionInput {
    PartitionInput {
        values: Some(vec![day.to_owned()]),
        ..PartitionInput::default()
    }
}

fn statistics(column: &str, nulls: i64) -> ColumnStatistics {
    ColumnStatistics {
        column_name: column.to_owned(),
        column_type: "bigint".to_owned(),
        analyzed_time: Timestamp::from_secs(1),
        statistics_data: ColumnStatisticsData {
            r#type: "LONG".to_owned(),
            long_column_statistics_data: Some(LongColumnStatisticsData {
                number_of_nulls: nulls,
                ..LongColumnStatisticsData::default()
            }),
            ..ColumnStatisticsData::default()
        },
    }
}

fn update_table(catalog: &mut Catalog, list: Vec<ColumnStatistics>) -> Vec<ColumnStatisticsError> {
    let request = UpdateColumnStatisticsForTableRequest {
        database_name: "wind".to_owned(),
        table_name: "t".to_owned(),
        column_statistics_list: list,
        ..UpdateColumnStatisticsForTableRequest::default()
    };
    catalog
        .update_column_statistics_for_table(&call(), request)
        .unwrap()
        .errors
        .unwrap()
}

fn update_partition(catalog: &mut Catalog, day: &str, nulls: i64) {
    let request = UpdateColumnStatisticsForPartitionRequest {
        database_name: "wind".to_owned(),
        table_name: "t".to_owned(),
        partition_values: vec![day.to_owned()],
        column_statistics_list: vec![statistics("a", nulls)],
        ..UpdateColumnStatisticsForPartitionRequest::default()
    };
    catalog
        .update_column_statistics_for_partition(&call(), request)
        .unwrap();
}

/// Columns that have statistics, of the table.
fn of_table(catalog: &Catalog, names: &[&str]) -> (Vec<String>, Vec<ColumnError>) {
    let request = GetColumnStatisticsForTableRequest {
        database_name: "wind".to_owned(),
        table_name: "t".to_owned(),
        column_names: names.iter().map(|n| (*n).to_owned()).collect(),
        ..GetColumnStatisticsForTableRequest::default()
    };
    let found = catalog
        .get_column_statistics_for_table(&call(), &request)
        .unwrap();
    let names = found
        .column_statistics_list
        .unwrap()
        .into_iter()
        .map(|s| s.column_name);
    (names.collect(), found.errors.unwrap())
}

/// The nulls of column `a` in a partition, if it has statistics.
fn of_partition(catalog: &Catalog, day: &str) -> Result<Option<i64>> {
    let request = GetColumnStatisticsForPartitionRequest {
        database_name: "wind".to_owned(),
        table_name: "t".to_owned(),
        partition_values: vec![day.to_owned()],
        column_names: vec!["a".to_owned()],
        ..GetColumnStatisticsForPartitionRequest::default()
    };
    let found = catalog.get_column_statistics_for_partition(&call(), &request)?;
    let data = found.column_statistics_list.unwrap_or_default().pop();
    Ok(data
        .and_then(|s| s.statistics_data.long_column_statistics_data)
        .map(|d| d.number_of_nulls))
}

#[test]
fn columns_without_statistics_are_errors_inside_a_good_reply() {
    let mut catalog = catalog();
    assert!(update_table(&mut catalog, vec![statistics("A", 3)]).is_empty());
    let (found, errors) = of_table(&catalog, &["a", "b"]);
    assert_eq!(found, ["a"]);
    assert_eq!(
        serde_json::to_value(errors).unwrap(),
        serde_json::json!([{"ColumnName": "b", "Error": {"ErrorCode": "EntityNotFoundException",
            "ErrorMessage": "Statistics do not exist for this column"}}])
    );
    let delete = DeleteColumnStatisticsForTableRequest {
        database_name: "wind".to_owned(),
        table_name: "t".to_owned(),
        column_name: "a".to_owned(),
        ..DeleteColumnStatisticsForTableRequest::default()
    };
    catalog
        .delete_column_statistics_for_table(&call(), &delete)
        .unwrap();
    assert!(
        catalog
            .delete_column_statistics_for_table(&call(), &delete)
            .is_err()
    );
}

#[test]
fn statistics_of_no_column_or_without_their_data_are_not_kept() {
    let mut catalog = catalog();
    let mut bare = statistics("b", 0);
    bare.statistics_data.long_column_statistics_data = None;
    let errors = update_table(
        &mut catalog,
        vec![statistics("gone", 0), bare, statistics("a", 0)],
    );
    let codes: Vec<_> = errors
        .into_iter()
        .filter_map(|e| e.error?.error_code)
        .collect();
    assert_eq!(codes, ["EntityNotFoundException", "InvalidInputException"]);
    assert_eq!(of_table(&catalog, &["a", "b"]).0, ["a"]);
}

#[test]
fn statistics_follow_their_partition_and_column() {
    let mut catalog = catalog();
    update_partition(&mut catalog, "1", 7);
    assert_eq!(of_partition(&catalog, "1").unwrap(), Some(7));
    assert_eq!(of_partition(&catalog, "2").unwrap(), None);
    let old = ["1".to_owned()];
    catalog
        .change_partition(&call(), "wind", "t", &old, partition("9"))
        .unwrap();
    assert_eq!(of_partition(&catalog, "9").unwrap(), Some(7));
    assert_eq!(
        of_partition(&catalog, "1").unwrap_err().code(),
        "EntityNotFoundException"
    );
    catalog
        .remove_partition("wind", "t", &["9".to_owned()])
        .unwrap();
    catalog
        .add_partition(&call(), "wind", "t", partition("9"))
        .unwrap();
    assert_eq!(of_partition(&catalog, "9").unwrap(), None);

    update_table(&mut catalog, vec![statistics("a", 1), statistics("b", 1)]);
    let update = UpdateTableRequest {
        database_name: "wind".to_owned(),
        table_input: Some(table_input(&["b"])),
        ..UpdateTableRequest::default()
    };
    catalog.update_table(&call(), update).unwrap();
    assert_eq!(of_table(&catalog, &["a", "b"]).0, ["b"]);
}
