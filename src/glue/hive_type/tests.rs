//! Types read, printed and merged.

use proptest::prelude::*;

use super::*;

fn check_merge(a: &str, b: &str, expected: &str) {
    let (a, b): (HiveType, HiveType) = (a.parse().unwrap(), b.parse().unwrap());
    assert_eq!(a.merge(&b).to_string(), expected, "{a} + {b}");
    assert_eq!(by_name(b.merge(&a)), by_name(a.merge(&b)), "{b} + {a}");
}

#[test]
fn types_print_as_they_are_read() {
    for text in [
        "int",
        "decimal(38,18)",
        "varchar(10)",
        "array<map<string,double>>",
        "struct<a:int,b:array<string>,Hydraulic Pressure (bar):double>",
        "struct<>",
    ] {
        assert_eq!(text.parse::<HiveType>().unwrap().to_string(), text);
    }
    for (alias, name) in [
        ("INTEGER", "int"),
        ("long", "bigint"),
        ("decimal", "decimal(10,0)"),
        ("decimal(5)", "decimal(5,0)"),
        (" array < int > ", "array<int>"),
    ] {
        assert_eq!(alias.parse::<HiveType>().unwrap().to_string(), name);
    }
}

#[test]
fn what_is_not_a_type_is_refused_with_the_reason() {
    for (text, reason) in [
        ("", "a type is missing"),
        ("integr", "unknown type `integr`"),
        ("array<int", "expected `>` at the end"),
        ("decimal(39,0)", "decimal(39,0) is out of range"),
        ("decimal(3,4)", "decimal(3,4) is out of range"),
        ("struct<a:int,A:int>", "the struct field `A` appears twice"),
        ("int)", "unexpected `)`"),
        ("varchar(0)", "a length must not be 0"),
    ] {
        assert_eq!(
            text.parse::<HiveType>().unwrap_err().reason,
            reason,
            "{text}"
        );
    }
    let deep = "array<".repeat(100_000);
    assert!(deep.parse::<HiveType>().is_err());
}

#[test]
fn conflicting_types_widen_as_the_crawler_documents() {
    check_merge("int", "bigint", "bigint");
    check_merge("int", "double", "double");
    check_merge("bigint", "string", "string");
    check_merge("boolean", "int", "string");
    check_merge("void", "int", "int");
    check_merge("decimal(10,2)", "int", "decimal(12,2)");
    check_merge("decimal(38,0)", "decimal(38,38)", "double");
    check_merge("decimal(10,2)", "double", "double");
    check_merge(
        "struct<a:int>",
        "struct<a:double,b:string>",
        "struct<a:double,b:string>",
    );
    check_merge("struct<a:int>", "array<int>", "string");
    check_merge("array<int>", "array<void>", "array<int>");
    check_merge("date", "timestamp", "string");
}

#[test]
fn what_was_only_ever_null_settles_as_string() {
    let seen: HiveType = "struct<a:void,b:array<void>,c:int>".parse().unwrap();
    assert_eq!(
        seen.settled().to_string(),
        "struct<a:string,b:array<string>,c:int>"
    );
    assert!(!HiveType::Int.is_compatible(&HiveType::String));
    assert!(HiveType::Int.is_compatible(&HiveType::Double));
    assert!(HiveType::Void.is_compatible(&HiveType::Int));
    assert!(HiveType::String.is_compatible(&HiveType::Void));
}

/// The same type with struct fields sorted: the merge promises the set, not the order.
fn by_name(kind: HiveType) -> HiveType {
    match kind {
        HiveType::Array(item) => HiveType::Array(Box::new(by_name(*item))),
        HiveType::Map(k, v) => HiveType::Map(Box::new(by_name(*k)), Box::new(by_name(*v))),
        HiveType::Struct(fields) => {
            let mut fields: Vec<_> = fields.into_iter().map(|(n, t)| (n, by_name(t))).collect();
            fields.sort();
            HiveType::Struct(fields)
        }
        other => other,
    }
}

pub(crate) fn any_type() -> impl Strategy<Value = HiveType> {
    let leaf = prop_oneof![
        Just(HiveType::Void),
        Just(HiveType::Boolean),
        Just(HiveType::TinyInt),
        Just(HiveType::SmallInt),
        Just(HiveType::Int),
        Just(HiveType::BigInt),
        Just(HiveType::Float),
        Just(HiveType::Double),
        Just(HiveType::String),
        Just(HiveType::Binary),
        Just(HiveType::Date),
        Just(HiveType::Timestamp),
        (1u32..9).prop_map(HiveType::Char),
        (1u32..9).prop_map(HiveType::Varchar),
        (1u8..=38, 0u8..=38).prop_map(|(precision, scale)| HiveType::Decimal {
            precision,
            scale: scale.min(precision)
        }),
    ];
    leaf.prop_recursive(3, 16, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|t| HiveType::Array(Box::new(t))),
            (inner.clone(), inner.clone())
                .prop_map(|(k, v)| HiveType::Map(Box::new(k), Box::new(v))),
            proptest::collection::btree_map("[a-d]", inner, 0..4)
                .prop_map(|fields| HiveType::Struct(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn every_type_survives_its_text(t in any_type()) {
        prop_assert_eq!(t.to_string().parse::<HiveType>().unwrap(), t);
    }

    #[test]
    fn merging_is_commutative_associative_and_idempotent(
        a in any_type(), b in any_type(), c in any_type(),
    ) {
        prop_assert_eq!(by_name(a.merge(&b)), by_name(b.merge(&a)));
        prop_assert_eq!(a.merge(&b).merge(&c), a.merge(&b.merge(&c)));
        prop_assert_eq!(a.merge(&a), a.clone());
        // A join: merging again with what went in changes nothing.
        prop_assert_eq!(a.merge(&b).merge(&b), a.merge(&b));
        prop_assert_eq!(a.is_compatible(&b), b.is_compatible(&a));
    }
}
