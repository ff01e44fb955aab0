//! Partition expressions: examples, refusals, and random predicates against direct evaluation.

use proptest::prelude::*;

use super::*;

fn keys() -> Vec<Column> {
    [
        ("region", "string"),
        ("day", "int"),
        ("price", "decimal(10,2)"),
        ("on_date", "date"),
        ("at", "timestamp"),
        ("ratio", "float"),
    ]
    .map(|(name, kind)| Column {
        name: name.to_owned(),
        r#type: Some(kind.to_owned()),
        ..Column::default()
    })
    .to_vec()
}

const ROW: [&str; 6] = [
    "eu",
    "10",
    "9.50",
    "2025-04-30",
    "2025-04-30 17:35:05",
    "0.5",
];

fn check(expression: &str, expected: bool) {
    let filter = PartitionFilter::parse(expression, &keys()).unwrap();
    let row = ROW.map(str::to_owned);
    assert_eq!(filter.selects(&row).unwrap(), expected, "{expression}");
}

fn check_refused(expression: &str, expected: &str) {
    let error = PartitionFilter::parse(expression, &keys()).unwrap_err();
    assert_eq!(
        error,
        Error::InvalidInput(expected.to_owned()),
        "{expression}"
    );
}

#[test]
fn literals_compare_as_the_type_of_the_key() {
    check("day > 9", true);
    check("day = '10'", true);
    check("day = 010", true);
    check("9 < day", true);
    check("10 > day", false);
    check("region = 'eu'", true);
    check("region <> 'EU'", true);
    check("price = 9.5", true);
    check("price BETWEEN 9 AND 10", true);
    check("price > '9.499'", true);
    check("on_date >= '2025-04-01'", true);
    check("on_date = date '2025-04-30'", true);
    check("at < '2025-04-30 17:35:06'", true);
    check("at >= timestamp '2025-05-01 00:00:00'", false);
}

#[test]
fn operators_combine_as_in_sql() {
    check("day = 1 OR day = 10 AND region = 'us'", false);
    check("(day = 1 or day = 10) and region = 'eu'", true);
    check("NOT day = 10", false);
    check("day NOT IN (1, 2)", true);
    check("day in (1,10)", true);
    check("day not between 1 and 9", true);
    check("region LIKE 'e_'", true);
    check("region not like '%u'", false);
    check("\"region\" = 'eu' AND `day` != 11", true);
    check("region IS NULL", false);
    check("region is not null", true);
    check("   ", true);
}

#[test]
fn null_is_neither_equal_nor_different() {
    let row = [NULL_PARTITION_VALUE, NULL_PARTITION_VALUE].map(str::to_owned);
    for (expression, expected) in [
        ("region = 'eu'", false),
        ("region <> 'eu'", false),
        ("NOT region = 'eu'", false),
        ("region IS NULL AND day IS NULL", true),
        ("day IN (1) OR region IS NULL", true),
        ("NOT (day > 1 AND region = 'eu')", false),
    ] {
        let filter = PartitionFilter::parse(expression, &keys()).unwrap();
        assert_eq!(filter.selects(&row).unwrap(), expected, "{expression}");
    }
}

#[test]
fn a_quote_in_a_text_is_doubled() {
    let filter = PartitionFilter::parse("region = 'O''Brien'", &keys()).unwrap();
    assert!(filter.selects(&["O'Brien".to_owned()]).unwrap());
}

#[test]
fn what_does_not_parse_is_refused_with_the_reason() {
    for bad in [
        "day >",
        "day",
        "(day = 1",
        "day = 1)",
        "day = 1 day = 2",
        "day = region",
        "day = 1 AND",
        "upper(region) = 'EU'",
        "day = 'open",
        "day == 1",
        "day IN ()",
        "region LIKE 5",
        "day = 1; drop",
        "1 = 1",
    ] {
        let error = PartitionFilter::parse(bad, &keys()).unwrap_err();
        assert_eq!(error.code(), "InvalidInputException", "{bad}: {error}");
    }
    check_refused("day >", "Unsupported expression 'day >'");
    check_refused("hour = 1", "Invalid partition expression!");
    check_refused("day = 'test'", "\"test\" is not an integer.");
    check_refused(
        "day LIKE '1%'",
        "Integral data type doesn't support operation 'LIKE'",
    );
    check_refused("ratio = 1", "Unknown type : 'float'");
    let error = PartitionFilter::parse("a = 1", &[]).unwrap_err();
    assert_eq!(error.to_string(), "Invalid partition expression!");
    assert!(PartitionFilter::parse(&"(".repeat(2_000), &keys()).is_err());
    assert!(PartitionFilter::parse(&"not ".repeat(500), &keys()).is_err());
}

#[test]
fn a_stored_value_of_the_wrong_type_is_an_invalid_state_only_when_its_key_is_used() {
    let mut row = ROW.map(str::to_owned);
    row[1] = "tenth".to_owned();
    let day = PartitionFilter::parse("day = 10", &keys()).unwrap();
    assert_eq!(
        day.selects(&row).unwrap_err().code(),
        "InvalidStateException"
    );
    let region = PartitionFilter::parse("region = 'eu'", &keys()).unwrap();
    assert!(region.selects(&row).unwrap());
}

/// A predicate over (text, integer) rows, with its meaning written down a second time.
#[derive(Clone, Debug)]
enum Model {
    Text(&'static str, String),
    Integer(&'static str, i64),
    IntegerIn(Vec<i64>, bool),
    IntegerBetween(i64, i64, bool),
    Null(usize, bool),
    Not(Box<Model>),
    And(Box<Model>, Box<Model>),
    Or(Box<Model>, Box<Model>),
}

type Row = (Option<String>, Option<i64>);

fn holds<T: Ord>(a: &T, sign: &str, b: &T) -> bool {
    match sign {
        "=" => a == b,
        "<>" => a != b,
        "<" => a < b,
        "<=" => a <= b,
        ">" => a > b,
        _ => a >= b,
    }
}

impl Model {
    fn text(&self) -> String {
        let not = |negated: &bool| if *negated { "NOT " } else { "" };
        match self {
            Self::Text(sign, text) => format!("region {sign} '{}'", text.replace('\'', "''")),
            Self::Integer(sign, n) => format!("day {sign} {n}"),
            Self::IntegerIn(list, negated) => {
                let list: Vec<String> = list.iter().map(i64::to_string).collect();
                format!("day {}IN ({})", not(negated), list.join(", "))
            }
            Self::IntegerBetween(low, high, negated) => {
                format!("day {}BETWEEN {low} AND {high}", not(negated))
            }
            Self::Null(0, negated) => format!("region IS {}NULL", not(negated)),
            Self::Null(_, negated) => format!("day IS {}NULL", not(negated)),
            Self::Not(inner) => format!("NOT ({})", inner.text()),
            Self::And(a, b) => format!("({}) AND ({})", a.text(), b.text()),
            Self::Or(a, b) => format!("({}) OR ({})", a.text(), b.text()),
        }
    }

    fn truth(&self, row: &Row) -> Option<bool> {
        match self {
            Self::Text(sign, text) => row.0.as_ref().map(|v| holds(v, sign, text)),
            Self::Integer(sign, n) => row.1.as_ref().map(|v| holds(v, sign, n)),
            Self::IntegerIn(list, negated) => row.1.map(|v| list.contains(&v) != *negated),
            Self::IntegerBetween(low, high, negated) => {
                row.1.map(|v| (*low..=*high).contains(&v) != *negated)
            }
            Self::Null(0, negated) => Some(row.0.is_none() != *negated),
            Self::Null(_, negated) => Some(row.1.is_none() != *negated),
            Self::Not(inner) => inner.truth(row).map(|t| !t),
            // Kleene's logic as minimum and maximum of false < unknown < true.
            Self::And(a, b) => back(level(a.truth(row)).min(level(b.truth(row)))),
            Self::Or(a, b) => back(level(a.truth(row)).max(level(b.truth(row)))),
        }
    }
}

fn level(truth: Option<bool>) -> i8 {
    match truth {
        Some(false) => -1,
        None => 0,
        Some(true) => 1,
    }
}

fn back(level: i8) -> Option<bool> {
    (level != 0).then_some(level > 0)
}

fn model() -> impl Strategy<Value = Model> {
    let sign = || prop::sample::select(vec!["=", "<>", "<", "<=", ">", ">="]);
    let number = -3i64..15;
    let leaf = prop_oneof![
        (sign(), "[a-c']{0,2}").prop_map(|(s, t)| Model::Text(s, t)),
        (sign(), number.clone()).prop_map(|(s, n)| Model::Integer(s, n)),
        (
            proptest::collection::vec(number.clone(), 1..4),
            any::<bool>()
        )
            .prop_map(|(list, negated)| Model::IntegerIn(list, negated)),
        (number.clone(), number, any::<bool>())
            .prop_map(|(a, b, negated)| Model::IntegerBetween(a, b, negated)),
        (0usize..2, any::<bool>()).prop_map(|(key, negated)| Model::Null(key, negated)),
    ];
    leaf.prop_recursive(4, 24, 2, |inner| {
        prop_oneof![
            inner.clone().prop_map(|m| Model::Not(Box::new(m))),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| Model::And(Box::new(a), Box::new(b))),
            (inner.clone(), inner).prop_map(|(a, b)| Model::Or(Box::new(a), Box::new(b))),
        ]
    })
}

proptest! {
    #[test]
    fn filtering_selects_what_direct_evaluation_selects(
        model in model(),
        rows in proptest::collection::vec(
            (proptest::option::of("[a-c']{0,2}"), proptest::option::of(-3i64..15)), 1..20,
        ),
    ) {
        let text = model.text();
        let filter = PartitionFilter::parse(&text, &keys()).unwrap();
        for row in rows {
            let stored = [
                row.0.clone().unwrap_or_else(|| NULL_PARTITION_VALUE.to_owned()),
                row.1.map_or_else(|| NULL_PARTITION_VALUE.to_owned(), |n| n.to_string()),
            ];
            let selected = filter.selects(&stored).unwrap();
            prop_assert_eq!(selected, model.truth(&row) == Some(true), "{} on {:?}", &text, stored);
        }
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in "[a-z0-9'\"`()<>=!,. -]{0,60}") {
        let _ = PartitionFilter::parse(&text, &keys());
    }
}
