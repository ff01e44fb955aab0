//! Arrays put together otherwise: combinations, n-grams, zipped and trimmed arrays, multimaps.

use super::super::compare::{equal, same};
use super::super::error::{Code, Result, TrinoError};
use super::super::function::Function;
use super::super::types::Type;
use super::super::value::Value;
use super::{Resolution, found};

/// The most arrays `combinations` makes.
const MAX_COMBINATIONS: u64 = 100_000;

fn invalid(message: impl Into<String>) -> TrinoError {
    TrinoError::in_data(Code::InvalidFunctionArgument, message)
}

fn list_of(value: Option<&Value>) -> &[Value] {
    match value {
        Some(Value::List(items)) => items,
        _ => &[],
    }
}

fn int_of(value: Option<&Value>) -> i64 {
    match value {
        Some(Value::Int(i)) => *i,
        _ => 0,
    }
}

fn array(item: &Type) -> Type {
    Type::Array(Box::new(item.clone()))
}

/// Finds a function of this family.
pub fn resolve(name: &str, arguments: &[Type]) -> Resolution {
    let function = match (name, arguments) {
        ("combinations" | "ngrams", [ty @ Type::Array(_), size])
            if size.coerces_to(&Type::Bigint) =>
        {
            let kernel: fn(&[Value]) -> Result<Value> = match name {
                "combinations" => combinations,
                _ => ngrams,
            };
            let parameters = vec![ty.clone(), Type::Bigint];
            Some(Function::new(name, parameters, array(ty), kernel).failing())
        }
        ("trim_array", [ty @ Type::Array(_), size]) if size.coerces_to(&Type::Bigint) => {
            Some(Function::new(name, vec![ty.clone(), Type::Bigint], ty.clone(), trim).failing())
        }
        ("contains_sequence", [Type::Array(a), Type::Array(b)]) => a.common(b).map(|item| {
            let of = item.clone();
            Function::new(
                name,
                vec![array(&item), array(&item)],
                Type::Boolean,
                move |a| {
                    let (whole, part) = (list_of(a.first()), list_of(a.get(1)));
                    Ok(Value::Boolean(
                        part.is_empty()
                            || whole
                                .windows(part.len())
                                .any(|w| w.iter().zip(part).all(|(a, b)| same(a, b, &of))),
                    ))
                },
            )
        }),
        ("zip", [_, _, ..]) if arguments.len() <= 5 => zip(arguments),
        ("shuffle", [ty @ Type::Array(_)]) => {
            let function = Function::random(name, vec![ty.clone()], ty.clone(), |rng, a| {
                let mut items = list_of(a.first()).to_vec();
                for at in (1..items.len()).rev() {
                    items.swap(at, rng.below(at as u64 + 1) as usize);
                }
                Ok(Value::List(items))
            });
            Some(function)
        }
        ("multimap_from_entries", [ty @ Type::Array(entry)]) => match entry.as_ref() {
            Type::Row(fields) => match fields.as_slice() {
                [(_, key), (_, item)] => Some(multimap(ty, key.clone(), item)),
                _ => None,
            },
            Type::Unknown => Some(multimap(ty, Type::Unknown, &Type::Unknown)),
            _ => None,
        },
        ("map_from_entries", [ty @ Type::Array(entry)]) if **entry == Type::Unknown => {
            let result = Type::Map(Box::new(Type::Unknown), Box::new(Type::Unknown));
            let function = Function::new(name, vec![ty.clone()], result, |a| {
                match list_of(a.first()).is_empty() {
                    true => Ok(Value::Map(Vec::new())),
                    false => Err(invalid("map entry cannot be null")),
                }
            });
            Some(function.failing())
        }
        (
            "combinations"
            | "ngrams"
            | "trim_array"
            | "contains_sequence"
            | "zip"
            | "shuffle"
            | "multimap_from_entries",
            _,
        ) => None,
        _ => return Resolution::Unknown,
    };
    found(function, "arrays")
}

/// Selections of a size, the last element changing slowest.
fn combinations(a: &[Value]) -> Result<Value> {
    let (items, size) = (list_of(a.first()), int_of(a.get(1)));
    if size < 0 {
        return Err(invalid(format!(
            "combination size must not be negative: {size}"
        )));
    }
    if size > 5 {
        return Err(invalid(
            "combination size must not exceed 5: ".to_string() + &size.to_string(),
        ));
    }
    let size = usize::try_from(size).unwrap_or(0);
    if size == 0 {
        return Ok(Value::List(vec![Value::List(Vec::new())]));
    }
    if size > items.len() {
        return Ok(Value::List(Vec::new()));
    }
    let count = (0..size as u64).try_fold(1_u64, |count, i| {
        Some(count.checked_mul(items.len() as u64 - i)? / (i + 1))
    });
    if count.is_none_or(|count| count > MAX_COMBINATIONS) {
        return Err(invalid("combinations exceed max size"));
    }
    let mut out = Vec::new();
    let mut chosen: Vec<usize> = (0..size).collect();
    loop {
        let selection = chosen.iter().filter_map(|at| items.get(*at).cloned());
        out.push(Value::List(selection.collect()));
        // The first index that can move up without meeting the next one; those before start again.
        let movable = (0..size).find(|i| {
            let limit = chosen.get(i + 1).copied().unwrap_or(items.len());
            chosen.get(*i).is_some_and(|at| at + 1 < limit)
        });
        let Some(movable) = movable else {
            return Ok(Value::List(out));
        };
        for (i, at) in chosen.iter_mut().enumerate() {
            if i < movable {
                *at = i;
            } else if i == movable {
                *at += 1;
            }
        }
    }
}

fn ngrams(a: &[Value]) -> Result<Value> {
    let (items, size) = (list_of(a.first()), int_of(a.get(1)));
    let size = usize::try_from(size).ok().filter(|size| *size > 0);
    let size = size.ok_or_else(|| invalid("N must be positive"))?;
    if size >= items.len() {
        return Ok(Value::List(vec![Value::List(items.to_vec())]));
    }
    let grams = items.windows(size).map(|w| Value::List(w.to_vec()));
    Ok(Value::List(grams.collect()))
}

fn trim(a: &[Value]) -> Result<Value> {
    let (items, size) = (list_of(a.first()), int_of(a.get(1)));
    let size =
        usize::try_from(size).map_err(|_| invalid(format!("size must not be negative: {size}")))?;
    let kept = items.len().checked_sub(size).ok_or_else(|| {
        invalid(format!(
            "size must not exceed array cardinality {}: {size}",
            items.len()
        ))
    })?;
    Ok(Value::List(items.iter().take(kept).cloned().collect()))
}

fn zip(arguments: &[Type]) -> Option<Function> {
    let items = arguments
        .iter()
        .map(|ty| match ty {
            Type::Array(item) => Some(item.as_ref().clone()),
            Type::Unknown => Some(Type::Unknown),
            _ => None,
        })
        .collect::<Option<Vec<Type>>>()?;
    let parameters = items.iter().map(array).collect();
    let row = Type::Row(items.into_iter().map(|ty| (None, ty)).collect());
    Some(Function::new("zip", parameters, array(&row), |a| {
        let longest = a.iter().map(|list| list_of(Some(list)).len()).max();
        let rows = (0..longest.unwrap_or(0)).map(|at| {
            let parts = a
                .iter()
                .map(|list| list_of(Some(list)).get(at).cloned().unwrap_or(Value::Null));
            Value::List(parts.collect())
        });
        Ok(Value::List(rows.collect()))
    }))
}

fn multimap(ty: &Type, key: Type, item: &Type) -> Function {
    let result = Type::Map(Box::new(key.clone()), Box::new(array(item)));
    Function::new(
        "multimap_from_entries",
        vec![ty.clone()],
        result,
        move |a| {
            let mut out: Vec<(Value, Value)> = Vec::new();
            for entry in list_of(a.first()) {
                let Value::List(parts) = entry else {
                    return Err(invalid("map entry cannot be null"));
                };
                let (have, value) = match parts.as_slice() {
                    [key, value] => (key.clone(), value.clone()),
                    _ => (Value::Null, Value::Null),
                };
                if have.is_null() {
                    return Err(invalid("map key cannot be null"));
                }
                if equal(&have, &have, &key).is_none() {
                    return Err(invalid("map key cannot be indeterminate"));
                }
                match out.iter_mut().find(|(k, _)| same(k, &have, &key)) {
                    Some((_, Value::List(values))) => values.push(value),
                    _ => out.push((have, Value::List(vec![value]))),
                }
            }
            Ok(Value::Map(out))
        },
    )
    .failing()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn combinations_change_their_first_element_first() {
        let items: Vec<Value> = (1..=4).map(Value::Int).collect();
        let Ok(Value::List(got)) = combinations(&[Value::List(items.clone()), Value::Int(2)])
        else {
            panic!()
        };
        let shown: Vec<Vec<i64>> = got
            .iter()
            .map(|pair| {
                list_of(Some(pair))
                    .iter()
                    .map(|v| int_of(Some(v)))
                    .collect()
            })
            .collect();
        assert_eq!(
            shown,
            [[1, 2], [1, 3], [2, 3], [1, 4], [2, 4], [3, 4]].map(Vec::from)
        );
        let none = combinations(&[Value::List(items), Value::Int(5)]);
        assert_eq!(none, Ok(Value::List(Vec::new())));
    }
}
