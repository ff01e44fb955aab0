//! Requests against the API model: what passes, and the text of what does not.

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn refuse(service: Service, operation: &str, mut input: Value) -> ServiceError {
    let facts = Facts::of(service);
    check(facts, facts.operation(operation).unwrap(), &mut input).unwrap_err()
}

#[track_caller]
fn check_text(service: Service, operation: &str, input: Value, code: &str, message: &str) {
    let error = refuse(service, operation, input);
    assert_eq!(
        (error.code.as_str(), error.message.as_str()),
        (code, message)
    );
    assert_eq!(error.status, 400);
}

#[track_caller]
fn check_passes(service: Service, operation: &str, mut input: Value, normalised: Value) {
    let facts = Facts::of(service);
    check(facts, facts.operation(operation).unwrap(), &mut input).unwrap();
    assert_eq!(input, normalised);
}

#[test]
fn wrong_json_types_get_the_texts_measured_on_athena() {
    for (operation, input, message) in [
        (
            "ListWorkGroups",
            json!({"MaxResults": "1"}),
            "STRING_VALUE can not be converted to an Integer",
        ),
        (
            "ListWorkGroups",
            json!({"MaxResults": true}),
            "TRUE_VALUE can not be converted to an Integer",
        ),
        (
            "ListWorkGroups",
            json!({"MaxResults": [1]}),
            "Start of list found where not expected",
        ),
        (
            "ListWorkGroups",
            json!({"MaxResults": {"a": 1}}),
            "Start of structure or map found where not expected.",
        ),
        (
            "ListWorkGroups",
            json!({"NextToken": 1}),
            "NUMBER_VALUE can not be converted to a String",
        ),
        (
            "ListWorkGroups",
            json!([]),
            "Start of list found where not expected",
        ),
        ("ListWorkGroups", json!("x"), ""),
        ("ListWorkGroups", json!(null), ""),
        (
            "StartQueryExecution",
            json!({"ExecutionParameters": "x"}),
            "Expected list or null",
        ),
        (
            "StartQueryExecution",
            json!({"ExecutionParameters": [1]}),
            "NUMBER_VALUE can not be converted to a String",
        ),
        (
            "StartQueryExecution",
            json!({"ResultConfiguration": "x"}),
            "Expected null",
        ),
    ] {
        check_text(
            Service::Athena,
            operation,
            input,
            "SerializationException",
            message,
        );
    }
}

#[test]
fn athena_leaves_values_out_and_adds_its_error_code() {
    check_text(
        Service::Athena,
        "ListWorkGroups",
        json!({"MaxResults": 99_999_999_999_i64}),
        "InvalidRequestException",
        "1 validation error detected: Value at 'maxResults' failed to satisfy constraint: \
         Member must have value less than or equal to 50",
    );
    let error = refuse(
        Service::Athena,
        "GetQueryExecution",
        json!({"QueryExecutionId": null}),
    );
    assert_eq!(
        error.message,
        "1 validation error detected: Value null at 'queryExecutionId' failed to satisfy \
         constraint: Member must not be null"
    );
    assert_eq!(
        error.members,
        ["AthenaErrorCode", "ErrorCode"].map(|name| (name.to_owned(), "INVALID_INPUT".to_owned()))
    );
}

#[test]
fn kinesis_shows_values_and_gathers_every_violation() {
    check_text(
        Service::Kinesis,
        "CreateStream",
        json!({"StreamName": "", "ShardCount": 0}),
        "ValidationException",
        "3 validation errors detected: Value '' at 'streamName' failed to satisfy constraint: \
         Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+; \
         Value '' at 'streamName' failed to satisfy constraint: \
         Member must have length greater than or equal to 1; \
         Value '0' at 'shardCount' failed to satisfy constraint: \
         Member must have value greater than or equal to 1",
    );
    let long = "a".repeat(129);
    check_text(
        Service::Kinesis,
        "DeleteStream",
        json!({"StreamName": long}),
        "ValidationException",
        &format!(
            "1 validation error detected: Value '{long}' at 'streamName' failed to satisfy \
             constraint: Member must have length less than or equal to 128"
        ),
    );
    check_text(
        Service::Kinesis,
        "PutRecords",
        json!({"StreamName": "s", "Records": []}),
        "ValidationException",
        "1 validation error detected: Value '[]' at 'records' failed to satisfy constraint: \
         Member must have length greater than or equal to 1",
    );
}

#[test]
fn list_positions_count_from_one_and_at_most_ten_are_listed() {
    check_text(
        Service::Kinesis,
        "PutRecords",
        json!({"StreamName": "s", "Records": [{"Data": "", "PartitionKey": "k"}, {}]}),
        "ValidationException",
        "1 validation error detected: Value null at 'records.2.member.data' failed to \
         satisfy constraint: Member must not be null",
    );
    let records = vec![json!({}); 400];
    let error = refuse(
        Service::Kinesis,
        "PutRecords",
        json!({"StreamName": "s", "Records": records}),
    );
    assert!(error.message.starts_with("10 validation errors detected: "));
    assert_eq!(error.message.matches("failed to satisfy").count(), 10);
}

#[test]
fn blobs_are_measured_decoded_and_never_shown() {
    let data = "A".repeat(4 * 3_495_254);
    check_text(
        Service::Kinesis,
        "PutRecord",
        json!({"StreamName": "s", "PartitionKey": "k", "Data": data}),
        "ValidationException",
        "1 validation error detected: Value at 'data' failed to satisfy constraint: \
         Member must have length less than or equal to 10485760",
    );
    for (data, problem) in [
        (
            "23456",
            "Base64 encoded length is expected a multiple of 4 bytes but found: 5",
        ),
        ("=+/=", "Invalid Base64 character: '='"),
        ("+/+=", "Invalid last non-pad Base64 character dectected"),
    ] {
        check_text(
            Service::Kinesis,
            "PutRecord",
            json!({"Data": data}),
            "SerializationException",
            &format!("'{data}' can not be converted to a Blob: {problem}"),
        );
    }
}

#[test]
fn firehose_leaves_the_value_out_of_its_enum_message() {
    let input = json!({
        "DeliveryStreamName": "d",
        "ExtendedS3DestinationConfiguration": {
            "RoleARN": "arn:aws:iam::000000000000:role/r",
            "BucketARN": "arn:aws:s3:::b",
            "CompressionFormat": "SNAPPY",
        },
    });
    check_text(
        Service::Firehose,
        "CreateDeliveryStream",
        input,
        "ValidationException",
        "1 validation error detected: Value at \
         'extendedS3DestinationConfiguration.compressionFormat' failed to satisfy constraint: \
         Member must satisfy enum value set: [UNCOMPRESSED, GZIP, ZIP, Snappy, HADOOP_SNAPPY]",
    );
}

#[test]
fn query_services_answer_validation_error() {
    check_text(
        Service::Sts,
        "AssumeRole",
        json!({"RoleArn": "arn:aws:iam::000000000000:role/r", "RoleSessionName": "Session1:2"}),
        "ValidationError",
        "1 validation error detected: Value 'Session1:2' at 'roleSessionName' failed to satisfy \
         constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*",
    );
}

#[test]
fn plain_elements_are_refused_at_their_collection() {
    check_text(
        Service::Kinesis,
        "RemoveTagsFromStream",
        json!({"StreamName": "s", "TagKeys": ["a", ""]}),
        "ValidationException",
        "1 validation error detected: Value '[a, ]' at 'tagKeys' failed to satisfy constraint: \
         Member must satisfy constraint: [Member must have length less than or equal to 128, \
         Member must have length greater than or equal to 1]",
    );
    check_text(
        Service::Kinesis,
        "AddTagsToStream",
        json!({"StreamName": "s", "Tags": {"": "x"}}),
        "ValidationException",
        "1 validation error detected: Value '{=x}' at 'tags' failed to satisfy constraint: \
         Map keys must satisfy constraint: [Member must have length less than or equal to 128, \
         Member must have length greater than or equal to 1]",
    );
}

#[test]
fn what_passes_is_normalised() {
    check_passes(
        Service::Athena,
        "ListWorkGroups",
        json!({"MaxResults": 2.9, "NextToken": null, "Foo": {"kept": [1]}}),
        json!({"MaxResults": 2, "Foo": {"kept": [1]}}),
    );
    let record = json!({"Data": "YQ==", "PartitionKey": "k"});
    let input = json!({"StreamName": "s", "Records": [record]});
    check_passes(Service::Kinesis, "PutRecords", input.clone(), input);
}

#[test]
fn numbers_beyond_their_type_are_refused_by_its_bound() {
    check_text(
        Service::Glue,
        "CreateJob",
        json!({
            "Name": "j", "Role": "r", "Command": {}, "MaxRetries": 3_000_000_000_i64,
        }),
        "ValidationException",
        "1 validation error detected: Value '3000000000' at 'maxRetries' failed to satisfy \
         constraint: Member must have value less than or equal to 2147483647",
    );
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        let key = prop_oneof![
            Just("StreamName".to_owned()),
            Just("Records".to_owned()),
            Just("Data".to_owned()),
            Just("Tags".to_owned()),
            Just("TableInput".to_owned()),
            Just("Name".to_owned()),
            ".{0,6}",
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::hash_map(key, inner, 0..6)
                .prop_map(|m| Value::Object(m.into_iter().collect())),
        ]
    })
}

/// A document of a shape that is right but for what chance spoils.
fn plausible(facts: &Facts, id: ShapeId, chance: &mut Chance, depth: u8) -> Value {
    let odd = [
        json!(null),
        json!("x"),
        json!(-1),
        json!([]),
        json!({}),
        json!(1.5),
    ];
    if chance.one_in(60) {
        return odd[chance.below(odd.len())].clone();
    }
    let shape = facts.shape(id);
    let least = shape.min.unwrap_or(0.0).clamp(0.0, 40.0) as usize;
    let length = least + chance.below(3);
    match &shape.kind {
        Kind::Structure(structure) => {
            let mut members = Map::new();
            for member in &structure.members {
                let wanted = member.required && !chance.one_in(40);
                if wanted || (depth < 3 && chance.one_in(3)) {
                    let value = plausible(facts, member.shape, chance, depth + 1);
                    members.insert(member.name.clone(), value);
                }
            }
            if chance.one_in(10) {
                members.insert("Unknown".to_owned(), json!([1]));
            }
            Value::Object(members)
        }
        Kind::List(element, _) => (0..length)
            .map(|_| plausible(facts, *element, chance, depth + 1))
            .collect(),
        Kind::Map(_, element) => (0..length)
            .map(|n| {
                (
                    format!("key{n}"),
                    plausible(facts, *element, chance, depth + 1),
                )
            })
            .collect::<Map<_, _>>()
            .into(),
        Kind::String if !shape.variants.is_empty() => {
            json!(shape.variants[chance.below(shape.variants.len())])
        }
        Kind::String => json!(["a", "1", "é"][chance.below(3)].repeat(length)),
        Kind::Integer | Kind::Long => {
            json!(shape.min.unwrap_or(0.0) as i64 + chance.below(3) as i64)
        }
        Kind::Double => json!(1.5),
        Kind::Boolean => json!(true),
        Kind::Blob => json!(["", "AQ==", "AQI=", "AQID", "AQ=", "AR=="][chance.below(6)]),
        Kind::Timestamp(false) => json!(1_700_000_000),
        Kind::Timestamp(true) => json!("2025-04-30T00:00:00Z"),
        Kind::Document => json!({}),
    }
}

/// Small numbers that follow from a seed.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        let next = self.0.wrapping_mul(6_364_136_223_846_793_005);
        self.0 = next.wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end
    }

    fn one_in(&mut self, many: usize) -> bool {
        self.below(many) == 0
    }
}

/// What fits is what the two passes let through as it is; and most of what they let through fits.
#[test]
fn what_fits_needs_no_words() {
    let (mut fitting, mut passing) = (0, 0);
    for seed in 0..40 {
        for service in Service::ALL {
            let facts = Facts::of(service);
            for operation in facts.operations() {
                let Some(id) = operation.input else { continue };
                let mut value = plausible(facts, id, &mut Chance(seed), 0);
                if !value.is_object() {
                    continue;
                }
                let before = value.clone();
                let fit = fits(facts, id, &value);
                let passed = check_in_words(facts, id, &mut value).is_ok();
                passing += u32::from(passed);
                if fit {
                    assert!(passed, "{} {before}", operation.name);
                    assert_eq!(value, before, "{}", operation.name);
                    fitting += 1;
                }
            }
        }
    }
    assert!(fitting > 5_000, "{fitting} of {passing}");
    assert!(fitting * 2 > passing, "{fitting} of {passing}");
}

proptest! {
    #[test]
    fn a_blob_that_fits_is_base64(
        text in "[A-Za-z0-9+/=]{0,40}|[ -~]{0,9}|([A-Za-z0-9+/]{4}){0,20}([A-Z][AQgwB]==)?",
    ) {
        let decoded = base64_simd::STANDARD.check(text.as_bytes()).is_ok();
        prop_assert_eq!(base64_problem(&text).is_none(), decoded, "{}", text);
    }

    #[test]
    fn arbitrary_documents_pass_or_are_refused_but_never_panic(input in any_json(), at in 0usize..1000) {
        for service in Service::ALL {
            let facts = Facts::of(service);
            let operations: Vec<_> = facts.operations().collect();
            let mut value = input.clone();
            if check(facts, operations[at % operations.len()], &mut value).is_ok() {
                let mut again = value.clone();
                prop_assert!(check(facts, operations[at % operations.len()], &mut again).is_ok());
                prop_assert_eq!(again, value, "normalising is idempotent");
            }
        }
    }

    #[test]
    fn base64_is_judged_as_the_decoder_judges_it(text in "[A-Za-z0-9+/=]{0,9}|[ -~]{0,9}") {
        use base64::Engine as _;
        let decoded = base64::engine::general_purpose::STANDARD.decode(&text);
        prop_assert_eq!(base64_problem(&text).is_none(), decoded.is_ok());
        if let Ok(bytes) = decoded {
            prop_assert_eq!(blob_length(&text), bytes.len());
        }
    }
}
