//! Tags, which Glue keeps across its parts.

use super::api::{GetTagsRequest, TagResourceRequest, UntagResourceRequest};
use super::*;
use crate::base::Seed;
use crate::glue::api::{DatabaseInput, DeleteDatabaseRequest};

fn call(secs: i64) -> Call {
    Call::root(Timestamp::from_secs(secs))
}

const ARN: &str = "arn:aws:glue:us-east-1:000000000000:database/wind";

fn with_database() -> Glue {
    let ids = Arc::new(Ids::seeded(Seed::new(1)));
    let mut glue = Glue::new(AccountId::default(), Region::default(), ids);
    let request = CreateDatabaseRequest {
        database_input: DatabaseInput {
            name: "Wind".to_owned(),
            ..DatabaseInput::default()
        },
        tags: Some([("team".to_owned(), "wind".to_owned())].into()),
        ..CreateDatabaseRequest::default()
    };
    glue.create_database(&call(1), request).unwrap();
    glue
}

fn tags(glue: &Glue, arn: &str) -> Result<Vec<String>> {
    let request = GetTagsRequest {
        resource_arn: arn.to_owned(),
    };
    let tags = glue.get_tags(&request)?.tags.unwrap_or_default();
    Ok(tags
        .into_iter()
        .map(|(key, value)| format!("{key}={value}"))
        .collect())
}

#[test]
fn tags_are_added_replaced_and_removed() {
    let mut glue = with_database();
    let add = |pairs: &[(&str, &str)]| TagResourceRequest {
        resource_arn: ARN.to_owned(),
        tags_to_add: pairs
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect(),
    };
    glue.tag_resource(add(&[("team", "sun"), ("env", "test")]))
        .unwrap();
    assert_eq!(tags(&glue, ARN).unwrap(), ["env=test", "team=sun"]);
    let remove = UntagResourceRequest {
        resource_arn: ARN.to_owned(),
        tags_to_remove: vec!["team".to_owned(), "gone".to_owned()],
    };
    glue.untag_resource(&remove).unwrap();
    assert_eq!(tags(&glue, ARN).unwrap(), ["env=test"]);
    let many: Vec<String> = (0..50).map(|n| n.to_string()).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|n| (n.as_str(), "")).collect();
    assert_eq!(
        glue.tag_resource(add(&many)).unwrap_err().code(),
        "InvalidInputException"
    );
}

#[test]
fn tags_go_with_their_resource() {
    let mut glue = with_database();
    let delete = DeleteDatabaseRequest {
        catalog_id: None,
        name: "wind".to_owned(),
    };
    glue.delete_database(&call(2), &delete).unwrap();
    assert_eq!(
        tags(&glue, ARN).unwrap_err().code(),
        "EntityNotFoundException"
    );
    let request = CreateDatabaseRequest {
        database_input: DatabaseInput {
            name: "wind".to_owned(),
            ..DatabaseInput::default()
        },
        ..CreateDatabaseRequest::default()
    };
    glue.create_database(&call(3), request).unwrap();
    assert!(tags(&glue, ARN).unwrap().is_empty());
}

#[test]
fn what_is_no_resource_of_this_account_has_no_tags() {
    let glue = with_database();
    for (arn, code) in [
        ("nonsense", "InvalidInputException"),
        (
            "arn:aws:glue:us-east-1:111111111111:database/wind",
            "InvalidInputException",
        ),
        (
            "arn:aws:glue:us-east-1:000000000000:job/wind",
            "EntityNotFoundException",
        ),
        (
            "arn:aws:glue:us-east-1:000000000000:trigger/wind",
            "NotImplemented",
        ),
    ] {
        assert_eq!(tags(&glue, arn).unwrap_err().code(), code, "{arn}");
    }
}
