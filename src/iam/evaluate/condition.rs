//! Condition operators: "IAM JSON policy elements: Condition operators" and "Single-valued vs.
//! multivalued context keys", IAM guide.

use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::pattern::{replaced, resource_matches, text_matches};
use super::{Context, Unreadable};
use crate::base::Timestamp;

/// How a value of the request is compared with one of the policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// `StringEquals`; letters in either case with the flag.
    StringEquals {
        /// `…IgnoreCase`.
        ignore_case: bool,
    },
    /// `StringLike`: wildcards.
    StringLike,
    /// `Numeric…`.
    Numeric(Order),
    /// `Date…`.
    Date(Order),
    /// `Bool`.
    Bool,
    /// `BinaryEquals`: base64.
    BinaryEquals,
    /// `IpAddress`: an address in a CIDR range.
    IpAddress,
    /// `ArnEquals` and `ArnLike`, which are the same.
    Arn,
}

/// What must hold between the request's value and the policy's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// `=`
    Equal,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

impl Order {
    fn holds<T: PartialOrd>(self, given: &T, wanted: &T) -> bool {
        match self {
            Self::Equal => given == wanted,
            Self::Less => given < wanted,
            Self::LessOrEqual => given <= wanted,
            Self::Greater => given > wanted,
            Self::GreaterOrEqual => given >= wanted,
        }
    }
}

/// How the values of a key with many are taken together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Set {
    /// No set operator.
    One,
    /// `ForAllValues:`. Holds when the key is absent.
    All,
    /// `ForAnyValue:`. Does not hold when the key is absent.
    Any,
}

/// One key of one operator of a statement's `Condition`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// The key as written.
    pub key: String,
    /// The policy's values.
    pub values: Vec<String>,
    test: Test,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Test {
    /// `Null`.
    Null,
    Compare {
        operator: Operator,
        negated: bool,
        set: Set,
        if_exists: bool,
    },
}

/// Name, operator, whether it is negated.
const OPERATORS: [(&str, Operator, bool); 26] = [
    (
        "StringEquals",
        Operator::StringEquals { ignore_case: false },
        false,
    ),
    (
        "StringNotEquals",
        Operator::StringEquals { ignore_case: false },
        true,
    ),
    (
        "StringEqualsIgnoreCase",
        Operator::StringEquals { ignore_case: true },
        false,
    ),
    (
        "StringNotEqualsIgnoreCase",
        Operator::StringEquals { ignore_case: true },
        true,
    ),
    ("StringLike", Operator::StringLike, false),
    ("StringNotLike", Operator::StringLike, true),
    ("NumericEquals", Operator::Numeric(Order::Equal), false),
    ("NumericNotEquals", Operator::Numeric(Order::Equal), true),
    ("NumericLessThan", Operator::Numeric(Order::Less), false),
    (
        "NumericLessThanEquals",
        Operator::Numeric(Order::LessOrEqual),
        false,
    ),
    (
        "NumericGreaterThan",
        Operator::Numeric(Order::Greater),
        false,
    ),
    (
        "NumericGreaterThanEquals",
        Operator::Numeric(Order::GreaterOrEqual),
        false,
    ),
    ("DateEquals", Operator::Date(Order::Equal), false),
    ("DateNotEquals", Operator::Date(Order::Equal), true),
    ("DateLessThan", Operator::Date(Order::Less), false),
    (
        "DateLessThanEquals",
        Operator::Date(Order::LessOrEqual),
        false,
    ),
    ("DateGreaterThan", Operator::Date(Order::Greater), false),
    (
        "DateGreaterThanEquals",
        Operator::Date(Order::GreaterOrEqual),
        false,
    ),
    ("Bool", Operator::Bool, false),
    ("BinaryEquals", Operator::BinaryEquals, false),
    ("IpAddress", Operator::IpAddress, false),
    ("NotIpAddress", Operator::IpAddress, true),
    ("ArnEquals", Operator::Arn, false),
    ("ArnLike", Operator::Arn, false),
    ("ArnNotEquals", Operator::Arn, true),
    ("ArnNotLike", Operator::Arn, true),
];

impl Condition {
    /// A condition from its operator's name in a document.
    ///
    /// # Errors
    /// For an operator that AWS does not have.
    pub fn new(operator: &str, key: &str, values: Vec<String>) -> Result<Self, Unreadable> {
        let unknown = || Unreadable(format!("the condition operator `{operator}` is unknown"));
        let (set, bare) = match operator.split_once(':') {
            Some(("ForAllValues", bare)) => (Set::All, bare),
            Some(("ForAnyValue", bare)) => (Set::Any, bare),
            Some(_) => return Err(unknown()),
            None => (Set::One, operator),
        };
        let (name, if_exists) = match bare.strip_suffix("IfExists") {
            Some(name) => (name, true),
            None => (bare, false),
        };
        let test = if name == "Null" && !if_exists {
            Test::Null
        } else {
            let (_, operator, negated) = OPERATORS
                .into_iter()
                .find(|(known, ..)| *known == name)
                .ok_or_else(unknown)?;
            Test::Compare {
                operator,
                negated,
                set,
                if_exists,
            }
        };
        Ok(Self {
            key: key.to_owned(),
            values,
            test,
        })
    }

    /// Whether the condition is met. `variables`: whether the policy's version knows them.
    pub fn is_met(&self, context: &Context, variables: bool) -> bool {
        let given = context.get(&self.key);
        let (operator, negated, set, if_exists) = match self.test {
            Test::Null => {
                let absent = given.is_none();
                return self.values.iter().any(|value| {
                    value.eq_ignore_ascii_case(if absent { "true" } else { "false" })
                });
            }
            Test::Compare {
                operator,
                negated,
                set,
                if_exists,
            } => (operator, negated, set, if_exists),
        };
        let Some(given) = given else {
            // What is absent differs from everything, and all of nothing is as wanted.
            return if_exists
                || match set {
                    Set::One => negated,
                    Set::All => true,
                    Set::Any => false,
                };
        };
        let variables = variables.then_some(context);
        // The policy's values are alternatives; a negated operator wants none of them.
        let fits = |given: &String| {
            let any = self
                .values
                .iter()
                .any(|wanted| operator.holds(given, wanted, variables));
            any != negated
        };
        match set {
            // Several values without a set operator are nothing AWS defines: all must fit.
            Set::One | Set::All => given.iter().all(fits),
            Set::Any => given.iter().any(fits),
        }
    }
}

impl Operator {
    fn holds(self, given: &str, wanted: &str, context: Option<&Context>) -> bool {
        match self {
            Self::StringEquals { ignore_case } => replaced(wanted, context).is_some_and(|wanted| {
                if ignore_case {
                    given.to_lowercase() == wanted.to_lowercase()
                } else {
                    given == wanted
                }
            }),
            Self::StringLike => text_matches(wanted, given, context),
            Self::Arn => resource_matches(wanted, given, context),
            Self::Numeric(order) => both(given, wanted, |text| text.parse::<f64>().ok())
                .is_some_and(|(given, wanted)| order.holds(&given, &wanted)),
            Self::Date(order) => both(given, wanted, instant)
                .is_some_and(|(given, wanted)| order.holds(&given, &wanted)),
            Self::Bool => given.eq_ignore_ascii_case(wanted),
            Self::BinaryEquals => both(given, wanted, |text| STANDARD.decode(text).ok())
                .is_some_and(|(given, wanted)| given == wanted),
            Self::IpAddress => in_range(given, wanted),
        }
    }
}

fn both<T>(given: &str, wanted: &str, read: impl Fn(&str) -> Option<T>) -> Option<(T, T)> {
    Some((read(given.trim())?, read(wanted.trim())?))
}

/// RFC 3339, a day alone, or seconds since the epoch.
fn instant(text: &str) -> Option<Timestamp> {
    if let Ok(secs) = text.parse::<i64>() {
        return Some(Timestamp::from_secs(secs));
    }
    Timestamp::parse(text).or_else(|| Timestamp::parse(&format!("{text}T00:00:00Z")))
}

/// Whether an address lies in `address/bits`, or is the address.
fn in_range(given: &str, range: &str) -> bool {
    let (network, bits) = match range.trim().split_once('/') {
        Some((network, bits)) => (network, Some(bits)),
        None => (range.trim(), None),
    };
    let parsed = (given.parse::<IpAddr>(), network.parse::<IpAddr>());
    let (given, network, width) = match parsed {
        (Ok(IpAddr::V4(given)), Ok(IpAddr::V4(network))) => (
            u128::from(given.to_bits()),
            u128::from(network.to_bits()),
            32,
        ),
        (Ok(IpAddr::V6(given)), Ok(IpAddr::V6(network))) => {
            (given.to_bits(), network.to_bits(), 128)
        }
        _ => return false,
    };
    let bits: u32 = match bits.map(str::parse) {
        None => width,
        Some(Ok(bits)) if bits <= width => bits,
        Some(_) => return false,
    };
    // A shift by the whole width is no shift in Rust.
    let shift = |address: u128| address.checked_shr(width - bits).unwrap_or(0);
    shift(given) == shift(network)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `key` has `given`; does `operator` hold against `wanted`?
    #[track_caller]
    fn check(operator: &str, given: &[&str], wanted: &[&str], expected: bool) {
        let mut context = Context::new();
        context.set_all("x:key", given.iter().map(|value| (*value).to_owned()));
        context.set("aws:username", "ann");
        let wanted_values = wanted.iter().map(|value| (*value).to_owned()).collect();
        let condition = Condition::new(operator, "X:Key", wanted_values).unwrap();
        assert_eq!(
            condition.is_met(&context, true),
            expected,
            "{operator} {given:?} {wanted:?}"
        );
    }

    #[test]
    fn texts_are_compared() {
        check("StringEquals", &["a"], &["b", "a"], true);
        check("StringEquals", &["a"], &["A"], false);
        check("StringEquals", &["ann"], &["${aws:username}"], true);
        check("StringEquals", &["a*"], &["a*"], true);
        check("StringEquals", &["ab"], &["a*"], false);
        check("StringEqualsIgnoreCase", &["a"], &["A"], true);
        check("StringNotEquals", &["a"], &["b", "a"], false);
        check("StringNotEquals", &["c"], &["b", "a"], true);
        check("StringLike", &["raw/2025/x"], &["raw/*"], true);
        check("StringLike", &[""], &[""], true);
        check("StringNotLike", &["raw/2025/x"], &["raw/*"], false);
    }

    #[test]
    fn numbers_dates_and_truths_are_compared() {
        check("NumericLessThanEquals", &["10"], &["10.0"], true);
        check("NumericGreaterThan", &["10"], &["9", "11"], true);
        check("NumericEquals", &["x"], &["x"], false);
        check("NumericNotEquals", &["1"], &["2"], true);
        check(
            "DateGreaterThan",
            &["2025-04-29T00:00:01Z"],
            &["2025-04-29"],
            true,
        );
        check(
            "DateLessThan",
            &["1745884800"],
            &["2025-04-29T00:00:00Z"],
            false,
        );
        check(
            "DateEquals",
            &["1745884800"],
            &["2025-04-29T00:00:00Z"],
            true,
        );
        check("Bool", &["true"], &["True"], true);
        check("Bool", &["false"], &["true"], false);
        check("BinaryEquals", &["QmluYXJ5"], &["QmluYXJ5"], true);
    }

    #[test]
    fn addresses_lie_in_ranges() {
        check("IpAddress", &["203.0.113.7"], &["203.0.113.0/24"], true);
        check("IpAddress", &["203.0.114.7"], &["203.0.113.0/24"], false);
        check("IpAddress", &["203.0.114.7"], &["0.0.0.0/0"], true);
        check("IpAddress", &["203.0.113.7"], &["203.0.113.7"], true);
        check("IpAddress", &["::1"], &["203.0.113.0/24", "::/0"], true);
        check("IpAddress", &["2001:db8::1"], &["2001:db8::/32"], true);
        check("IpAddress", &["203.0.113.7"], &["203.0.113.0/33"], false);
        check("NotIpAddress", &["203.0.113.7"], &["203.0.113.0/24"], false);
    }

    #[test]
    fn arns_are_compared_by_segment() {
        let topic = "arn:aws:sns:us-east-1:000000000000:t";
        check("ArnLike", &[topic], &["arn:aws:sns:*:000000000000:*"], true);
        check("ArnEquals", &[topic], &["arn:aws:sns:*:*:*"], true);
        check("ArnLike", &[topic], &["arn:aws:sns:*:t"], false);
        check("ArnNotLike", &[topic], &["arn:aws:sqs:*:*:*"], true);
    }

    #[test]
    fn absent_keys_meet_what_they_should() {
        check("StringEquals", &[], &["a"], false);
        check("StringNotEquals", &[], &["a"], true);
        check("StringEqualsIfExists", &[], &["a"], true);
        check("StringEqualsIfExists", &["b"], &["a"], false);
        check("Bool", &[], &["false"], false);
        check("BoolIfExists", &[], &["false"], true);
        check("Null", &[], &["true"], true);
        check("Null", &["a"], &["true"], false);
        check("Null", &["a"], &["false"], true);
    }

    #[test]
    fn many_values_are_taken_together() {
        check(
            "ForAllValues:StringEquals",
            &["a", "b"],
            &["a", "b", "c"],
            true,
        );
        check(
            "ForAllValues:StringEquals",
            &["a", "d"],
            &["a", "b", "c"],
            false,
        );
        check("ForAllValues:StringEquals", &[], &["a"], true);
        check("ForAnyValue:StringEquals", &["a", "d"], &["a", "b"], true);
        check("ForAnyValue:StringEquals", &["c", "d"], &["a", "b"], false);
        check("ForAnyValue:StringEquals", &[], &["a"], false);
        check("ForAnyValue:StringEqualsIfExists", &[], &["a"], true);
        check("ForAllValues:StringNotEquals", &["c"], &["a", "b"], true);
        check("ForAnyValue:StringLike", &["abc"], &["a*"], true);
    }

    #[test]
    fn operators_that_aws_has_not_are_refused() {
        for operator in ["StringIs", "NullIfExists", "ForSome:StringEquals", ""] {
            assert!(Condition::new(operator, "a:b", Vec::new()).is_err());
        }
    }
}
