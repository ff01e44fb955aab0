//! Functions of maps and pairs of arrays that take a lambda: each is a kernel over one row that calls
//! its lambda for many values at once.

use std::cmp::Ordering;

use super::super::ast::{Expression, Node, Pos};
use super::super::compare::same;
use super::super::error::{Code, Result, TrinoError};
use super::super::evaluate::Body;
use super::super::function::Function;
use super::super::functions::nested::map_of;
use super::super::functions::regex::{Cache, matches};
use super::super::types::{Type, VARCHAR};
use super::super::value::{Value, array_of, values};
use super::combine::coerce;
use super::expression::Analyzer;
use super::lambda::{Lambda, columnwise};
use super::scope::Typed;

/// Calls a lambda for each row of its parameters, given as columns.
type Call<'a> = dyn FnMut(Vec<Vec<Value>>) -> Result<Vec<Value>> + 'a;

/// What a function does to one row; NULL arguments have been dealt with, unless it sees them.
type Kernel = Box<dyn Fn(&[Value], &mut Call<'_>) -> Result<Value> + Send + Sync>;

/// Whether a call is one of these functions.
pub fn takes_lambda(name: &str, arguments: &[Expression]) -> bool {
    let arity = match name {
        "apply" | "map_filter" | "transform_keys" | "transform_values" | "array_sort" => 2,
        "zip_with" | "map_zip_with" | "regexp_replace" => 3,
        _ => return false,
    };
    arguments.len() == arity
        && arguments
            .last()
            .is_some_and(|last| matches!(last.kind, Node::Lambda(..)))
}

/// Types of the lambda's parameters.
fn parameters(name: &str, types: &[Type]) -> Option<Vec<Type>> {
    Some(match (name, types) {
        ("apply", [ty]) => vec![ty.clone()],
        ("map_filter" | "transform_keys" | "transform_values", [Type::Map(key, item)]) => {
            vec![key.as_ref().clone(), item.as_ref().clone()]
        }
        ("regexp_replace", [text, pattern]) if text.is_text() && pattern.is_text() => {
            vec![Type::Array(Box::new(VARCHAR))]
        }
        ("array_sort", [Type::Array(item)]) => vec![item.as_ref().clone(); 2],
        ("zip_with", [Type::Array(a), Type::Array(b)]) => {
            vec![a.as_ref().clone(), b.as_ref().clone()]
        }
        ("map_zip_with", [Type::Map(k, a), Type::Map(l, b)]) => {
            vec![k.common(l)?, a.as_ref().clone(), b.as_ref().clone()]
        }
        _ => return None,
    })
}

/// Type the lambda's body is wanted in, the result's type, and the kernel.
fn overload(name: &str, types: &[Type], body: &Type) -> Option<(Type, Type, Kernel)> {
    let keep = body.clone();
    Some(match (name, types) {
        ("apply", _) => (
            keep.clone(),
            keep,
            Box::new(|a, call| {
                let column = vec![a.first().cloned().unwrap_or(Value::Null)];
                Ok(one(call(vec![column])?))
            }),
        ),
        ("map_filter", [map]) => (
            Type::Boolean,
            map.clone(),
            Box::new(|a, call| {
                let entries = entries_of(a.first());
                let answers = call(columns(&entries))?;
                let kept = entries.into_iter().zip(answers);
                let kept = kept.filter(|(_, keep)| *keep == Value::Boolean(true));
                Ok(Value::Map(kept.map(|(entry, _)| entry).collect()))
            }),
        ),
        ("transform_keys", [Type::Map(_, item)]) => (
            keep.clone(),
            Type::Map(Box::new(keep.clone()), item.clone()),
            Box::new(move |a, call| {
                let entries = entries_of(a.first());
                let keys = call(columns(&entries))?;
                let items = entries.into_iter().map(|(_, v)| v);
                map_of(keys.into_iter().zip(items), &keep, "keys")
            }),
        ),
        ("transform_values", [Type::Map(key, _)]) => (
            keep.clone(),
            Type::Map(key.clone(), Box::new(keep)),
            Box::new(|a, call| {
                let entries = entries_of(a.first());
                let items = call(columns(&entries))?;
                let keys = entries.into_iter().map(|(k, _)| k);
                Ok(Value::Map(keys.zip(items).collect()))
            }),
        ),
        ("zip_with", _) => (
            keep.clone(),
            Type::Array(Box::new(keep)),
            Box::new(|a, call| {
                let (mut left, mut right) = (list_of(a.first()), list_of(a.get(1)));
                let longest = left.len().max(right.len());
                left.resize(longest, Value::Null);
                right.resize(longest, Value::Null);
                call(vec![left, right]).map(Value::List)
            }),
        ),
        ("map_zip_with", [Type::Map(a, _), Type::Map(b, _)]) => {
            let key = a.common(b)?;
            (
                keep.clone(),
                Type::Map(Box::new(key.clone()), Box::new(keep)),
                Box::new(move |a, call| zipped_maps(a, call, &key)),
            )
        }
        ("regexp_replace", _) => {
            let cache = Cache::default();
            (
                VARCHAR,
                VARCHAR,
                Box::new(move |a, call| replaced(a, call, &cache)),
            )
        }
        ("array_sort", [array]) => (
            Type::Integer,
            array.clone(),
            Box::new(|a, call| sorted(list_of(a.first()), call).map(Value::List)),
        ),
        _ => return None,
    })
}

impl Analyzer<'_> {
    /// A call of one of these functions.
    pub(super) fn lambda_function(
        &mut self,
        name: &str,
        arguments: &[Expression],
        pos: Pos,
    ) -> Result<Typed> {
        let Some((last, plain)) = arguments.split_last() else {
            return Err(wrong(name, &[], pos));
        };
        let Node::Lambda(names, body) = &last.kind else {
            return Err(wrong(name, &[], pos));
        };
        let mut plain = self.all(plain)?;
        let types: Vec<Type> = plain.iter().map(|a| a.ty.clone()).collect();
        let parameters = parameters(name, &types).ok_or_else(|| wrong(name, &types, pos))?;
        let mut lambda = self.lambda(names, body, &parameters, last.pos)?;
        let (wanted, result, kernel) =
            overload(name, &types, &lambda.body.ty).ok_or_else(|| wrong(name, &types, pos))?;
        if !lambda.body.ty.coerces_to(&wanted) {
            return Err(wrong(name, &[lambda.body.ty.clone()], pos));
        }
        lambda.body = coerce(lambda.body, &wanted)?;
        // Both maps have the key the lambda sees.
        if let ("map_zip_with", Some(key)) = (name, parameters.first()) {
            plain = plain
                .into_iter()
                .map(|map| match map.ty.clone() {
                    Type::Map(_, item) => coerce(map, &Type::Map(Box::new(key.clone()), item)),
                    _ => Ok(map),
                })
                .collect::<Result<_>>()?;
        }
        let function = rowwise(name, &plain, &lambda, &parameters, result, kernel)?;
        let mut all = plain;
        all.extend(lambda.captured.iter().cloned());
        columnwise(function, all)
    }
}

fn wrong(name: &str, types: &[Type], pos: Pos) -> TrinoError {
    let mut shown: Vec<String> = types.iter().map(ToString::to_string).collect();
    shown.push("<function>".into());
    TrinoError::at(
        pos,
        Code::FunctionNotFound,
        format!(
            "Unexpected parameters ({}) for function {name}",
            shown.join(", ")
        ),
    )
}

fn rowwise(
    name: &str,
    plain: &[Typed],
    lambda: &Lambda,
    parameters: &[Type],
    result: Type,
    kernel: Kernel,
) -> Result<Function> {
    let body: Body = lambda.prepared()?;
    let own: Vec<Type> = plain.iter().map(|a| a.ty.clone()).collect();
    let mut types = own.clone();
    types.extend(lambda.captured.iter().map(|c| c.ty.clone()));
    let (parameters, made) = (parameters.to_vec(), result.clone());
    let sees_nulls = name == "apply";
    let function = Function::new(
        format!("{name}({})", lambda.body.expr),
        types,
        result,
        |_| Ok(Value::Null),
    )
    .seeing_nulls()
    // What they build may fail too: a key that is there twice, a comparator that contradicts itself.
    .failing()
    .with_columns(move |arrays| {
        let (plain, captured) = arrays.split_at_checked(own.len())?;
        let run = || {
            let columns = plain
                .iter()
                .zip(&own)
                .map(|(array, ty)| values(array, ty))
                .collect::<Result<Vec<_>>>()?;
            let rows = columns.first().map_or(0, Vec::len);
            let mut results = Vec::with_capacity(rows);
            for row in 0..rows {
                let arguments: Vec<Value> = columns
                    .iter()
                    .map(|column| column.get(row).cloned().unwrap_or(Value::Null))
                    .collect();
                if !sees_nulls && arguments.iter().any(Value::is_null) {
                    results.push(Value::Null);
                    continue;
                }
                let at = u32::try_from(row).unwrap_or(u32::MAX);
                let mut call = |inputs: Vec<Vec<Value>>| {
                    let count = inputs.first().map_or(0, Vec::len);
                    let inputs = inputs
                        .into_iter()
                        .zip(&parameters)
                        .map(|(column, ty)| array_of(column, ty))
                        .collect::<Result<Vec<_>>>()?;
                    body.for_each(inputs, captured, &vec![at; count])
                };
                results.push(kernel(&arguments, &mut call)?);
            }
            array_of(results, &made)
        };
        Some(run())
    });
    Ok(function)
}

fn one(values: Vec<Value>) -> Value {
    values.into_iter().next().unwrap_or(Value::Null)
}

fn list_of(value: Option<&Value>) -> Vec<Value> {
    match value {
        Some(Value::List(items)) => items.clone(),
        _ => Vec::new(),
    }
}

fn entries_of(value: Option<&Value>) -> Vec<(Value, Value)> {
    match value {
        Some(Value::Map(entries)) => entries.clone(),
        _ => Vec::new(),
    }
}

fn columns(entries: &[(Value, Value)]) -> Vec<Vec<Value>> {
    vec![
        entries.iter().map(|(k, _)| k.clone()).collect(),
        entries.iter().map(|(_, v)| v.clone()).collect(),
    ]
}

/// The keys of both maps, each with its two values.
fn zipped_maps(a: &[Value], call: &mut Call<'_>, key: &Type) -> Result<Value> {
    let (left, right) = (entries_of(a.first()), entries_of(a.get(1)));
    let find = |entries: &[(Value, Value)], wanted: &Value| {
        entries
            .iter()
            .find(|(have, _)| same(have, wanted, key))
            .map(|(_, item)| item.clone())
    };
    let mut keys: Vec<Value> = left.iter().map(|(k, _)| k.clone()).collect();
    keys.extend(
        right
            .iter()
            .filter(|(k, _)| find(&left, k).is_none())
            .map(|(k, _)| k.clone()),
    );
    let side = |entries: &[(Value, Value)]| -> Vec<Value> {
        keys.iter()
            .map(|k| find(entries, k).unwrap_or(Value::Null))
            .collect()
    };
    let made = call(vec![keys.clone(), side(&left), side(&right)])?;
    Ok(Value::Map(keys.into_iter().zip(made).collect()))
}

/// Every match gives way to what the lambda makes of its groups; what it makes NULL is left out.
fn replaced(a: &[Value], call: &mut Call<'_>, cache: &Cache) -> Result<Value> {
    let [Value::Text(text), Value::Text(pattern)] = a else {
        return Ok(Value::Null);
    };
    let regex = cache.compile(pattern)?;
    let hits = matches(&regex, text);
    let groups = hits.iter().map(|captures| {
        let groups = (1..captures.len()).map(|at| {
            captures
                .get(at)
                .map_or(Value::Null, |group| Value::Text(group.as_str().to_string()))
        });
        Value::List(groups.collect())
    });
    let made = call(vec![groups.collect()])?;
    let (mut out, mut last) = (String::new(), 0);
    for (captures, by) in hits.iter().zip(made) {
        let Some(whole) = captures.get(0) else {
            continue;
        };
        out.push_str(text.get(last..whole.start()).unwrap_or_default());
        if let Value::Text(by) = by {
            out.push_str(&by);
        }
        last = whole.end();
    }
    out.push_str(text.get(last..).unwrap_or_default());
    Ok(Value::Text(out))
}

/// Merge sort: stable, and every comparison is a call.
fn sorted(items: Vec<Value>, call: &mut Call<'_>) -> Result<Vec<Value>> {
    let mut runs: Vec<Vec<Value>> = items.into_iter().map(|item| vec![item]).collect();
    while runs.len() > 1 {
        let mut merged = Vec::with_capacity(runs.len().div_ceil(2));
        let mut left = runs.into_iter();
        while let Some(a) = left.next() {
            merged.push(match left.next() {
                Some(b) => merge(a, b, call)?,
                None => a,
            });
        }
        runs = merged;
    }
    Ok(runs.pop().unwrap_or_default())
}

fn merge(a: Vec<Value>, b: Vec<Value>, call: &mut Call<'_>) -> Result<Vec<Value>> {
    let mut out = Vec::with_capacity(a.len() + b.len());
    let (mut a, mut b) = (a.into_iter().peekable(), b.into_iter().peekable());
    while let (Some(x), Some(y)) = (a.peek(), b.peek()) {
        let order = match one(call(vec![vec![x.clone()], vec![y.clone()]])?) {
            Value::Int(-1) => Ordering::Less,
            Value::Int(0) => Ordering::Equal,
            Value::Int(1) => Ordering::Greater,
            _ => {
                return Err(TrinoError::in_data(
                    Code::InvalidFunctionArgument,
                    "Lambda comparator must return either -1, 0, or 1",
                ));
            }
        };
        out.extend(if order.is_gt() { b.next() } else { a.next() });
    }
    out.extend(a);
    out.extend(b);
    Ok(out)
}
