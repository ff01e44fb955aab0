//! Forms to values and back.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::wire::service::Service;

#[track_caller]
fn check(service: Service, operation: &str, form: &str, input: Value) {
    let facts = Facts::of(service);
    let form = Form::parse(form.as_bytes());
    let read = form.input(facts, facts.operation(operation).unwrap());
    assert_eq!(read.unwrap(), input);
}

#[test]
fn forms_become_the_values_of_their_shapes() {
    check(
        Service::Iam,
        "CreateRole",
        "Action=CreateRole&Version=2010-05-08&RoleName=glue&MaxSessionDuration=7200\
         &AssumeRolePolicyDocument=%7B%22a%22%3A+1%7D&Tags.member.2.Key=b&Tags.member.2.Value=\
         &Tags.member.1.Key=a&Tags.member.1.Value=x&Unknown=1",
        json!({
            "RoleName": "glue",
            "AssumeRolePolicyDocument": "{\"a\": 1}",
            "MaxSessionDuration": 7200,
            "Tags": [{"Key": "a", "Value": "x"}, {"Key": "b", "Value": ""}],
        }),
    );
    check(
        Service::Iam,
        "CreateRole",
        "RoleName=x&Tags=",
        json!({"RoleName": "x", "Tags": []}),
    );
    check(
        Service::Iam,
        "UntagRole",
        "RoleName=r&TagKeys.member.10=j&TagKeys.member.2=b",
        json!({"RoleName": "r", "TagKeys": ["b", "j"]}),
    );
    check(
        Service::Sts,
        "GetCallerIdentity",
        "Action=GetCallerIdentity",
        json!({}),
    );
}

#[test]
fn texts_that_are_no_numbers_are_malformed() {
    let facts = Facts::of(Service::Sts);
    let form = Form::parse(b"DurationSeconds=soon");
    let error = form
        .input(facts, facts.operation("GetSessionToken").unwrap())
        .unwrap_err();
    assert_eq!(error.code, "MalformedInput");
}

/// Writes a value as an SDK would.
fn write(facts: &Facts, id: ShapeId, name: &str, value: &Value, out: &mut Vec<(String, String)>) {
    match (&facts.shape(id).kind, value) {
        (Kind::Structure(structure), Value::Object(members)) => {
            for member in &structure.members {
                if let Some(value) = members.get(&member.name) {
                    write(
                        facts,
                        member.shape,
                        &format!("{name}.{}", member.name),
                        value,
                        out,
                    );
                }
            }
        }
        (Kind::List(_, _), Value::Array(elements)) if elements.is_empty() => {
            out.push((name.to_owned(), String::new()));
        }
        (Kind::List(element, element_name), Value::Array(elements)) => {
            for (at, value) in elements.iter().enumerate() {
                write(
                    facts,
                    *element,
                    &format!("{name}.{element_name}.{}", at + 1),
                    value,
                    out,
                );
            }
        }
        (Kind::Map(_, element), Value::Object(entries)) => {
            for (at, (key, value)) in entries.iter().enumerate() {
                out.push((format!("{name}.entry.{}.key", at + 1), key.clone()));
                write(
                    facts,
                    *element,
                    &format!("{name}.entry.{}.value", at + 1),
                    value,
                    out,
                );
            }
        }
        (Kind::Timestamp(_), value) => {
            let instant: crate::base::Timestamp = serde_json::from_value(value.clone()).unwrap();
            out.push((name.to_owned(), instant.iso_millis()));
        }
        (_, Value::String(text)) => out.push((name.to_owned(), text.clone())),
        (_, value) => out.push((name.to_owned(), value.to_string())),
    }
}

/// A value of a shape, ignoring its constraints; never an empty structure or map, which a form
/// cannot say.
fn arbitrary(facts: &'static Facts, id: ShapeId, depth: usize) -> BoxedStrategy<Option<Value>> {
    let some = |strategy: BoxedStrategy<Value>| {
        prop_oneof![1 => Just(None), 3 => strategy.prop_map(Some)].boxed()
    };
    if depth > 4 {
        return Just(None).boxed();
    }
    match &facts.shape(id).kind {
        Kind::Structure(structure) => structure
            .members
            .iter()
            .map(|member| {
                arbitrary(facts, member.shape, depth + 1)
                    .prop_map(|value| value.map(|value| (member.name.clone(), value)))
            })
            .collect::<Vec<_>>()
            .prop_map(|members| {
                let members: Map<String, Value> = members.into_iter().flatten().collect();
                (!members.is_empty()).then_some(Value::Object(members))
            })
            .boxed(),
        Kind::List(element, _) => some(
            prop::collection::vec(arbitrary(facts, *element, depth + 1), 0..4)
                .prop_map(|elements| elements.into_iter().flatten().collect())
                .boxed(),
        ),
        Kind::Map(_, element) => {
            prop::collection::vec((".{0,5}", arbitrary(facts, *element, depth + 1)), 1..4)
                .prop_map(|entries| {
                    let entries: Map<String, Value> = entries
                        .into_iter()
                        .filter_map(|(key, value)| Some((key, value?)))
                        .collect();
                    (!entries.is_empty()).then_some(Value::Object(entries))
                })
                .boxed()
        }
        Kind::Integer | Kind::Long => some(any::<i32>().prop_map(Value::from).boxed()),
        Kind::Double => some((-1e6..1e6).prop_map(Value::from).boxed()),
        Kind::Boolean => some(any::<bool>().prop_map(Value::from).boxed()),
        Kind::Timestamp(_) => some(
            (0i64..4_000_000_000_000)
                .prop_map(|millis| {
                    serde_json::to_value(crate::base::Timestamp::from_millis(millis)).unwrap()
                })
                .boxed(),
        ),
        _ => some(".{0,12}".prop_map(Value::from).boxed()),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_value_survives_its_form(at in any::<prop::sample::Index>(), seed in any::<u64>()) {
        let operations: Vec<_> = [Service::Iam, Service::Sts]
            .into_iter()
            .flat_map(|service| Facts::of(service).operations().map(move |o| (Facts::of(service), o)))
            .filter(|(_, operation)| operation.input.is_some())
            .collect();
        let (facts, operation) = operations[at.index(operations.len())];
        let rng = proptest::test_runner::TestRng::from_seed(
            proptest::test_runner::RngAlgorithm::ChaCha,
            &std::array::from_fn::<u8, 32, _>(|i| seed.to_be_bytes()[i % 8]),
        );
        let mut runner = proptest::test_runner::TestRunner::new_with_rng(ProptestConfig::default(), rng);
        let input = operation.input.unwrap();
        let value = arbitrary(facts, input, 0).new_tree(&mut runner).unwrap().current();
        let value = value.unwrap_or_else(|| json!({}));
        let mut fields = Vec::new();
        for member in &facts.shape(input).structure().unwrap().members {
            if let Some(value) = value.get(&member.name) {
                write(facts, member.shape, &member.name, value, &mut fields);
            }
        }
        let encoded = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(&fields)
            .finish();
        let read = Form::parse(encoded.as_bytes()).input(facts, operation).unwrap();
        prop_assert_eq!(read, value);
    }

    #[test]
    fn arbitrary_forms_never_panic(form in prop::collection::vec(any::<u8>(), 0..200), names in "[A-Za-z.0-9&=]{0,120}") {
        for service in [Service::Iam, Service::Sts] {
            let facts = Facts::of(service);
            for operation in facts.operations() {
                let _ = Form::parse(&form).input(facts, operation);
                let _ = Form::parse(names.as_bytes()).input(facts, operation);
            }
        }
    }
}
