//! The standard's JSON path language: what a path yields for an item, in lax or strict mode.

use std::cmp::Ordering;

use super::super::arithmetic;
use super::super::cast::{cast_value, text_of};
use super::super::compare;
use super::super::types::{Type, VARCHAR};
use super::super::value::Value;
use super::Json;
pub use super::path_parser::parse;

/// An item of a sequence: JSON, with scalars as SQL values.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// JSON null.
    Null,
    /// A scalar.
    Scalar(Value, Type),
    /// An array.
    Array(Vec<Item>),
    /// An object.
    Object(Vec<(String, Item)>),
}

impl Item {
    /// JSON as an item; numbers get the narrowest type Trino would give them.
    pub fn of(json: &Json) -> Self {
        match json {
            Json::Null => Self::Null,
            Json::Boolean(b) => Self::Scalar(Value::Boolean(*b), Type::Boolean),
            Json::Text(text) => Self::Scalar(Value::Text(text.clone()), VARCHAR),
            Json::Number(text) => Self::number(text),
            Json::Array(items) => Self::Array(items.iter().map(Self::of).collect()),
            Json::Object(members) => Self::Object(
                super::last_of_each(members.clone())
                    .iter()
                    .map(|(k, v)| (k.clone(), Self::of(v)))
                    .collect(),
            ),
        }
    }

    fn number(text: &str) -> Self {
        if let Ok(whole) = text.parse::<i64>() {
            let narrow = i32::try_from(whole).is_ok();
            let ty = if narrow { Type::Integer } else { Type::Bigint };
            return Self::Scalar(Value::Int(whole), ty);
        }
        match super::super::text::parse_decimal(text) {
            Some((value, precision, 0)) if super::is_whole(text) => {
                Self::Scalar(Value::Decimal(value), Type::Decimal(precision, 0))
            }
            _ => Self::Scalar(
                Value::Double(super::super::text::parse_double(text).unwrap_or(f64::NAN)),
                Type::Double,
            ),
        }
    }

    /// An item as JSON.
    pub fn json(&self) -> Json {
        match self {
            Self::Null => Json::Null,
            Self::Scalar(Value::Text(text), Type::Char(_) | Type::Varchar(_)) => {
                Json::Text(text.clone())
            }
            Self::Scalar(value, ty) if ty.is_numeric() || *ty == Type::Boolean => {
                super::from_value(value, ty)
            }
            Self::Scalar(value, ty) => Json::Text(text_of(value, ty)),
            Self::Array(items) => Json::Array(items.iter().map(Self::json).collect()),
            Self::Object(members) => {
                Json::Object(members.iter().map(|(k, v)| (k.clone(), v.json())).collect())
            }
        }
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::Null => "NULL",
            Self::Array(_) => "ARRAY",
            Self::Object(_) => "OBJECT",
            Self::Scalar(_, Type::Boolean) => "BOOLEAN",
            Self::Scalar(_, ty) if ty.is_text() => "STRING",
            Self::Scalar(_, ty) if ty.is_numeric() => "NUMBER",
            Self::Scalar(..) => "SCALAR",
        }
    }
}

/// A path.
#[derive(Clone, Debug, PartialEq)]
pub struct Path {
    /// Lax mode forgives what does not fit.
    pub lax: bool,
    /// What it yields.
    pub root: Node,
}

/// A part of a path that yields a sequence.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// `$`
    Context,
    /// `$name`
    Variable(String),
    /// `@`
    Current,
    /// `last`
    Last,
    /// A literal.
    Literal(Item),
    /// `base.name`
    Member(Box<Node>, String),
    /// `base.*`
    AnyMember(Box<Node>),
    /// `base..name`
    Descendant(Box<Node>, String),
    /// `base[from to to, …]`
    Elements(Box<Node>, Vec<(Node, Option<Node>)>),
    /// `base[*]`
    AnyElement(Box<Node>),
    /// `base?(predicate)`
    Filter(Box<Node>, Box<Predicate>),
    /// `base.method()`
    Method(Box<Node>, &'static str),
    /// `+a`, `-a`
    Sign(bool, Box<Node>),
    /// `a + b`
    Arithmetic(&'static str, Box<Node>, Box<Node>),
}

/// A condition of a filter.
#[derive(Clone, Debug, PartialEq)]
pub enum Predicate {
    /// `a && b`
    And(Box<Predicate>, Box<Predicate>),
    /// `a || b`
    Or(Box<Predicate>, Box<Predicate>),
    /// `!(a)`
    Not(Box<Predicate>),
    /// `a == b`
    Comparison(&'static str, Node, Node),
    /// `exists(a)`
    Exists(Node),
    /// `(a) is unknown`
    IsUnknown(Box<Predicate>),
    /// `a starts with b`
    StartsWith(Node, Node),
    /// `a like_regex "…"`
    LikeRegex(Node, String),
}

/// Why a path has no answer.
pub type Failure = String;

type Answer = std::result::Result<Vec<Item>, Failure>;

/// What a path is evaluated over.
pub struct Context<'a> {
    /// `$`
    pub item: &'a Item,
    /// `$name`; no items for JSON text that was NULL.
    pub variables: &'a [(String, Option<Item>)],
}

impl Path {
    /// The items the path yields.
    ///
    /// # Errors
    /// What is wrong with the data, as Trino words it.
    pub fn evaluate(&self, context: &Context<'_>) -> Answer {
        let run = Run {
            lax: self.lax,
            context,
        };
        run.node(&self.root, None, None)
    }

    /// The names of its variables.
    pub fn variables(&self) -> Vec<String> {
        let mut names = Vec::new();
        collect(&self.root, &mut names);
        names
    }
}

fn collect(node: &Node, names: &mut Vec<String>) {
    match node {
        Node::Variable(name) => names.push(name.clone()),
        Node::Context | Node::Current | Node::Last | Node::Literal(_) => {}
        Node::Member(base, _)
        | Node::AnyMember(base)
        | Node::Descendant(base, _)
        | Node::AnyElement(base)
        | Node::Method(base, _)
        | Node::Sign(_, base) => collect(base, names),
        Node::Elements(base, subscripts) => {
            collect(base, names);
            for (from, to) in subscripts {
                collect(from, names);
                if let Some(to) = to {
                    collect(to, names);
                }
            }
        }
        Node::Filter(base, predicate) => {
            collect(base, names);
            collect_of(predicate, names);
        }
        Node::Arithmetic(_, a, b) => {
            collect(a, names);
            collect(b, names);
        }
    }
}

fn collect_of(predicate: &Predicate, names: &mut Vec<String>) {
    match predicate {
        Predicate::And(a, b) | Predicate::Or(a, b) => {
            collect_of(a, names);
            collect_of(b, names);
        }
        Predicate::Not(inner) | Predicate::IsUnknown(inner) => collect_of(inner, names),
        Predicate::Comparison(_, a, b) | Predicate::StartsWith(a, b) => {
            collect(a, names);
            collect(b, names);
        }
        Predicate::Exists(node) | Predicate::LikeRegex(node, _) => collect(node, names),
    }
}

struct Run<'a> {
    lax: bool,
    context: &'a Context<'a>,
}

fn structural(what: impl std::fmt::Display) -> Failure {
    format!("structural error: {what}")
}

fn wrong_kind(wanted: &str, item: &Item) -> Failure {
    structural(format!(
        "invalid item type. Expected: {wanted}, actual: {}",
        item.kind()
    ))
}

impl Run<'_> {
    fn node(&self, node: &Node, current: Option<&Item>, last: Option<i64>) -> Answer {
        let inner = |node: &Node| self.node(node, current, last);
        Ok(match node {
            Node::Context => vec![self.context.item.clone()],
            Node::Variable(name) => {
                let found = self.context.variables.iter().find(|(n, _)| n == name);
                found
                    .and_then(|(_, item)| item.clone())
                    .into_iter()
                    .collect()
            }
            Node::Current => current.cloned().into_iter().collect(),
            Node::Last => match last {
                Some(last) => vec![Item::Scalar(Value::Int(last), Type::Integer)],
                None => return Err("accessing the last array index with no enclosing array".into()),
            },
            Node::Literal(item) => vec![item.clone()],
            Node::Member(base, name) => {
                let mut out = Vec::new();
                for item in self.unwrapped(inner(base)?) {
                    match &item {
                        Item::Object(members) => {
                            match members.iter().find(|(key, _)| key == name) {
                                Some((_, value)) => out.push(value.clone()),
                                None if self.lax => {}
                                None => {
                                    return Err(structural(format!(
                                        "missing member '{name}' in JSON object"
                                    )));
                                }
                            }
                        }
                        _ if self.lax => {}
                        other => return Err(wrong_kind("OBJECT", other)),
                    }
                }
                out
            }
            Node::AnyMember(base) => {
                let mut out = Vec::new();
                for item in self.unwrapped(inner(base)?) {
                    match item {
                        Item::Object(members) => out.extend(members.into_iter().map(|(_, v)| v)),
                        _ if self.lax => {}
                        other => return Err(wrong_kind("OBJECT", &other)),
                    }
                }
                out
            }
            Node::Descendant(base, name) => {
                let mut out = Vec::new();
                for item in inner(base)? {
                    descend(&item, name, &mut out);
                }
                out
            }
            Node::Elements(base, subscripts) => {
                let mut out = Vec::new();
                for item in inner(base)? {
                    let items = match item {
                        Item::Array(items) => items,
                        other if self.lax => vec![other],
                        other => return Err(wrong_kind("ARRAY", &other)),
                    };
                    self.elements(&items, subscripts, current, &mut out)?;
                }
                out
            }
            Node::AnyElement(base) => {
                let mut out = Vec::new();
                for item in inner(base)? {
                    match item {
                        Item::Array(items) => out.extend(items),
                        other if self.lax => out.push(other),
                        other => return Err(wrong_kind("ARRAY", &other)),
                    }
                }
                out
            }
            Node::Filter(base, predicate) => {
                let mut out = Vec::new();
                for item in self.unwrapped(inner(base)?) {
                    if self.predicate(predicate, &item, last) == Some(true) {
                        out.push(item);
                    }
                }
                out
            }
            Node::Method(base, method) => {
                let mut out = Vec::new();
                let items = inner(base)?;
                let items = match *method {
                    "type" | "size" => items,
                    _ => self.unwrapped(items),
                };
                for item in items {
                    self.method(method, &item, &mut out)?;
                }
                out
            }
            Node::Sign(negative, base) => {
                let mut out = Vec::new();
                for item in self.unwrapped(inner(base)?) {
                    let Item::Scalar(value, ty) = &item else {
                        return Err(wrong_kind("NUMBER", &item));
                    };
                    if !ty.is_numeric() {
                        return Err(wrong_kind("NUMBER", &item));
                    }
                    out.push(if *negative {
                        let negated = arithmetic::negate(value, ty).map_err(|e| e.message)?;
                        Item::Scalar(negated, ty.clone())
                    } else {
                        item
                    });
                }
                out
            }
            Node::Arithmetic(op, a, b) => {
                let (a, b) = (self.unwrapped(inner(a)?), self.unwrapped(inner(b)?));
                let ([Item::Scalar(x, tx)], [Item::Scalar(y, ty)]) = (a.as_slice(), b.as_slice())
                else {
                    return Err(
                        "arithmetic binary expression requires singleton numeric operands".into(),
                    );
                };
                vec![arithmetic_of(op, (x, tx), (y, ty))?]
            }
        })
    }

    fn unwrapped(&self, items: Vec<Item>) -> Vec<Item> {
        if !self.lax {
            return items;
        }
        let mut out = Vec::with_capacity(items.len());
        for item in items {
            match item {
                Item::Array(items) => out.extend(items),
                other => out.push(other),
            }
        }
        out
    }

    fn elements(
        &self,
        items: &[Item],
        subscripts: &[(Node, Option<Node>)],
        current: Option<&Item>,
        out: &mut Vec<Item>,
    ) -> std::result::Result<(), Failure> {
        let size = items.len() as i64;
        let index = |node: &Node| -> std::result::Result<i64, Failure> {
            let found = self.unwrapped(self.node(node, current, Some(size - 1))?);
            match found.as_slice() {
                [Item::Scalar(value, ty)] if ty.is_numeric() => {
                    let whole = match value {
                        Value::Int(i) => Some(*i),
                        // Without its fraction.
                        Value::Double(x) => x.is_finite().then_some(x.trunc() as i64),
                        other => match cast_value(other.clone(), ty, &Type::Double) {
                            Ok(Value::Double(x)) => Some(x.trunc() as i64),
                            _ => None,
                        },
                    };
                    whole.ok_or_else(|| "array subscript is not a number".to_string())
                }
                _ => Err("array subscript 'from' value must be singleton numeric".into()),
            }
        };
        for (from, to) in subscripts {
            let from = index(from)?;
            let to = match to {
                Some(to) => index(to)?,
                None => from,
            };
            if !self.lax && (from < 0 || from > to || to >= size) {
                return Err(structural(format!(
                    "invalid array subscript: [{from}, {to}] for array of size {size}"
                )));
            }
            for at in from.max(0)..=to.min(size - 1) {
                out.extend(
                    usize::try_from(at)
                        .ok()
                        .and_then(|at| items.get(at))
                        .cloned(),
                );
            }
        }
        Ok(())
    }

    fn method(
        &self,
        method: &str,
        item: &Item,
        out: &mut Vec<Item>,
    ) -> std::result::Result<(), Failure> {
        let text = |text: &str| Item::Scalar(Value::Text(text.into()), VARCHAR);
        match (method, item) {
            ("type", item) => out.push(text(match item {
                Item::Null => "null",
                Item::Array(_) => "array",
                Item::Object(_) => "object",
                Item::Scalar(_, Type::Boolean) => "boolean",
                Item::Scalar(_, Type::Date) => "date",
                Item::Scalar(_, Type::Timestamp(_)) => "timestamp without time zone",
                Item::Scalar(_, Type::TimestampTz(_)) => "timestamp with time zone",
                Item::Scalar(_, ty) if ty.is_numeric() => "number",
                Item::Scalar(..) => "string",
            })),
            ("size", Item::Array(items)) => {
                out.push(Item::Scalar(Value::Int(items.len() as i64), Type::Integer))
            }
            ("size", other) if !self.lax => return Err(wrong_kind("ARRAY", other)),
            ("size", _) => out.push(Item::Scalar(Value::Int(1), Type::Integer)),
            ("keyvalue", Item::Object(members)) => {
                for (id, (key, value)) in members.iter().enumerate() {
                    out.push(Item::Object(vec![
                        ("name".into(), text(key)),
                        ("value".into(), value.clone()),
                        (
                            "id".into(),
                            Item::Scalar(Value::Int(id as i64), Type::Integer),
                        ),
                    ]));
                }
            }
            ("keyvalue", other) => return Err(wrong_kind("OBJECT", other)),
            ("double", Item::Scalar(value, ty)) if ty.is_numeric() || ty.is_text() => {
                let number = cast_value(value.clone(), ty, &Type::Double).map_err(|e| e.message)?;
                out.push(Item::Scalar(number, Type::Double));
            }
            (name @ ("ceiling" | "floor" | "abs"), Item::Scalar(value, ty)) if ty.is_numeric() => {
                match super::super::functions::resolve(name, std::slice::from_ref(ty)) {
                    super::super::functions::Resolution::Found(function) => {
                        let made = function
                            .call(std::slice::from_ref(value))
                            .map_err(|e| e.message)?;
                        out.push(Item::Scalar(made, function.result.clone()));
                    }
                    _ => return Err(wrong_kind("NUMBER", item)),
                }
            }
            (_, other) => return Err(wrong_kind("NUMBER", other)),
        }
        Ok(())
    }

    /// `None` is unknown.
    fn predicate(&self, predicate: &Predicate, item: &Item, last: Option<i64>) -> Option<bool> {
        match predicate {
            Predicate::And(a, b) => match self.predicate(a, item, last) {
                Some(false) => Some(false),
                a => match self.predicate(b, item, last) {
                    Some(false) => Some(false),
                    Some(true) => a,
                    None => None,
                },
            },
            Predicate::Or(a, b) => match self.predicate(a, item, last) {
                Some(true) => Some(true),
                a => match self.predicate(b, item, last) {
                    Some(true) => Some(true),
                    Some(false) => a,
                    None => None,
                },
            },
            Predicate::Not(inner) => self.predicate(inner, item, last).map(|b| !b),
            Predicate::IsUnknown(inner) => Some(self.predicate(inner, item, last).is_none()),
            Predicate::Exists(node) => {
                let found = self.node(node, Some(item), last).ok()?;
                Some(!found.is_empty())
            }
            Predicate::Comparison(op, a, b) => {
                let a = self.unwrapped(self.node(a, Some(item), last).ok()?);
                let b = self.unwrapped(self.node(b, Some(item), last).ok()?);
                self.any(
                    a.iter()
                        .flat_map(|a| b.iter().map(move |b| compared(op, a, b))),
                )
            }
            Predicate::StartsWith(whole, start) => {
                let whole = self.unwrapped(self.node(whole, Some(item), last).ok()?);
                let start = self.node(start, Some(item), last).ok()?;
                let [Item::Scalar(Value::Text(start), _)] = start.as_slice() else {
                    return None;
                };
                self.any(whole.iter().map(|item| match item {
                    Item::Scalar(Value::Text(text), _) => Some(text.starts_with(start.as_str())),
                    _ => None,
                }))
            }
            Predicate::LikeRegex(node, pattern) => {
                let found = self.unwrapped(self.node(node, Some(item), last).ok()?);
                let regex = regex::Regex::new(pattern).ok()?;
                self.any(found.iter().map(|item| match item {
                    Item::Scalar(Value::Text(text), _) => Some(regex.is_match(text)),
                    _ => None,
                }))
            }
        }
    }

    /// Lax mode stops at the first answer; strict mode looks for one that is unknown.
    fn any(&self, answers: impl Iterator<Item = Option<bool>>) -> Option<bool> {
        let mut found = false;
        for answer in answers {
            match answer {
                None => return None,
                Some(true) if self.lax => return Some(true),
                Some(answer) => found |= answer,
            }
        }
        Some(found)
    }
}

fn descend(item: &Item, name: &str, out: &mut Vec<Item>) {
    match item {
        Item::Object(members) => {
            if let Some((_, value)) = members.iter().find(|(key, _)| key == name) {
                out.push(value.clone());
            }
            for (_, value) in members {
                descend(value, name, out);
            }
        }
        Item::Array(items) => {
            for item in items {
                descend(item, name, out);
            }
        }
        _ => {}
    }
}

fn arithmetic_of(
    op: &'static str,
    (x, tx): (&Value, &Type),
    (y, ty): (&Value, &Type),
) -> std::result::Result<Item, Failure> {
    let numbers = tx.is_numeric() && ty.is_numeric();
    let types = arithmetic::resolve(op, tx, ty).filter(|_| numbers);
    let types =
        types.ok_or_else(|| format!("invalid operand types to {op} operator ({tx}, {ty})"))?;
    let convert = |value: &Value, from: &Type, to: &Type| {
        cast_value(value.clone(), from, to).map_err(|e| e.message)
    };
    let (x, y) = (convert(x, tx, &types.left)?, convert(y, ty, &types.right)?);
    let made = arithmetic::apply(op, &x, &y, &types).map_err(|e| e.message)?;
    Ok(Item::Scalar(made, types.result))
}

fn compared(op: &str, a: &Item, b: &Item) -> Option<bool> {
    let answer = |order: Ordering| match op {
        "==" => order.is_eq(),
        "<>" => order.is_ne(),
        "<" => order.is_lt(),
        "<=" => order.is_le(),
        ">" => order.is_gt(),
        _ => order.is_ge(),
    };
    match (a, b) {
        (Item::Null, Item::Null) => match op {
            "==" => Some(true),
            "<>" => Some(false),
            _ => None,
        },
        (Item::Null, Item::Scalar(..)) | (Item::Scalar(..), Item::Null) => match op {
            "==" => Some(false),
            "<>" => Some(true),
            _ => None,
        },
        (Item::Scalar(x, tx), Item::Scalar(y, ty)) => {
            let common = tx.common(ty)?;
            let x = cast_value(x.clone(), tx, &common).ok()?;
            let y = cast_value(y.clone(), ty, &common).ok()?;
            match op {
                "==" => compare::equal(&x, &y, &common),
                "<>" => compare::equal(&x, &y, &common).map(|same| !same),
                _ => match compare::compare(&x, &y, &common) {
                    Ok(Some(order)) => Some(answer(order)),
                    Ok(None) => Some(false),
                    Err(_) => None,
                },
            }
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(json: &str, path: &str, expected: Result<&str, &str>) {
        let item = Item::of(&Json::parse(json).unwrap());
        let path = parse(path).unwrap();
        let context = Context {
            item: &item,
            variables: &[("n".into(), Some(Item::number("1")))],
        };
        let got = path
            .evaluate(&context)
            .map(|items| Json::Array(items.iter().map(Item::json).collect()).to_string());
        assert_eq!(got.as_deref().map_err(String::as_str), expected, "{path:?}");
    }

    #[test]
    fn paths_reach_into_arrays_and_objects() {
        let json = r#"{"a": [1, 2, {"b": "x"}], "c": 2.5}"#;
        check(json, "lax $.a[1]", Ok("[2]"));
        check(json, "lax $.a[last].b", Ok("[\"x\"]"));
        check(json, "lax $.a.b", Ok("[\"x\"]"));
        check(json, "lax $.*", Ok(r#"[[1,2,{"b":"x"}],2.5]"#));
        check(
            json,
            "lax $.a[0 to $n] + 0",
            Err("arithmetic binary expression requires singleton numeric operands"),
        );
        check(json, "lax $.a[$n] * 10 - 1", Ok("[19]"));
        check(json, "lax $..b", Ok("[\"x\"]"));
        check(json, "lax $.z", Ok("[]"));
        check(
            json,
            "strict $.z",
            Err("structural error: missing member 'z' in JSON object"),
        );
        check(
            json,
            "strict $.a[7]",
            Err("structural error: invalid array subscript: [7, 7] for array of size 3"),
        );
        check(json, "lax $.a.size()", Ok("[3]"));
        check(json, "lax $.c.floor()", Ok("[2.0]"));
        check(
            json,
            "lax $.a[*].type()",
            Ok(r#"["number","number","object"]"#),
        );
    }

    #[test]
    fn filters_keep_what_is_surely_so() {
        let json = r#"[1, 2, "abc", null, 5]"#;
        check(json, "lax $[*]?(@ > 1)", Ok("[2,5]"));
        check(
            json,
            "lax $[*]?(@ starts with \"a\" || @ == null)",
            Ok("[\"abc\",null]"),
        );
        check(json, "lax $[*]?((@ > 1) is unknown)", Ok("[\"abc\",null]"));
        check(json, "lax $[*]?(!(@ < 5) && exists(@))", Ok("[5]"));
        check(
            json,
            "lax $[*]?(@ like_regex \"^A\" flag \"i\")",
            Ok("[\"abc\"]"),
        );
    }

    #[test]
    fn what_is_no_path_is_refused_with_its_place() {
        for path in [
            "certainly not",
            "lax",
            "lax $.",
            "lax $[",
            "lax $?(@)",
            "lax $ $",
            "lax $.a(",
        ] {
            assert!(parse(path).is_err(), "{path}");
        }
        let error = parse("certainly not").unwrap_err();
        assert_eq!(error.0, 0);
        assert_eq!(
            error.1,
            "mismatched input 'certainly' expecting {'lax', 'strict'}"
        );
    }
}
