//! Aggregates that DataFusion has not, or has otherwise: maps, histograms, the first n, moments, bits.

use std::cmp::Ordering;
use std::collections::HashMap;

use super::compare::sort_order;
use super::error::{Code, Result, TrinoError};
use super::fold::Fold;
use super::key::key_of;
use super::types::{Type, VARCHAR};
use super::value::Value;

/// Names of the aggregates of this file alone; others have overloads here.
pub const NAMES: &[&str] = &[
    "approx_most_frequent",
    "approx_percentile",
    "bitwise_and_agg",
    "bitwise_or_agg",
    "entropy",
    "histogram",
    "kurtosis",
    "listagg",
    "map_agg",
    "map_union",
    "multimap_agg",
    "numeric_histogram",
    "regr_intercept",
    "regr_slope",
    "skewness",
];

fn invalid(message: impl Into<String>) -> TrinoError {
    TrinoError::in_data(Code::InvalidFunctionArgument, message)
}

fn array(item: &Type) -> Type {
    Type::Array(Box::new(item.clone()))
}

fn map(key: &Type, item: &Type) -> Type {
    Type::Map(Box::new(key.clone()), Box::new(item.clone()))
}

fn double(value: Option<&Value>) -> f64 {
    match value {
        Some(Value::Double(x)) => *x,
        Some(Value::Int(i)) => *i as f64,
        _ => f64::NAN,
    }
}

fn int(value: Option<&Value>) -> i64 {
    match value {
        Some(Value::Int(i)) => *i,
        _ => 0,
    }
}

/// Finds an overload.
pub fn resolve(name: &str, types: &[Type]) -> Option<Fold> {
    let whole = |ty: &Type| ty.coerces_to(&Type::Bigint);
    let number = |ty: &Type| ty.coerces_to(&Type::Double);
    Some(match (name, types) {
        ("min" | "max", [ty @ (Type::Array(_) | Type::Row(_))]) if ty.is_orderable() => {
            let of = ty.clone();
            let greatest = name == "max";
            Fold::new(name, vec![ty.clone()], ty.clone(), move |rows| {
                let best = first_of(rows, &of, 0, greatest, 1)?;
                Ok(best
                    .into_iter()
                    .next()
                    .map_or(Value::Null, |row| at(row, 0)))
            })
        }
        ("min" | "max", [ty, n]) if ty.is_orderable() && whole(n) => {
            let of = ty.clone();
            let (greatest, name_of) = (name == "max", name.to_string());
            Fold::new(
                name,
                vec![ty.clone(), Type::Bigint],
                array(ty),
                move |rows| {
                    let Some(n) = count_of(&rows, 1, &name_of)? else {
                        return Ok(Value::Null);
                    };
                    let best = first_of(rows, &of, 0, greatest, n)?;
                    Ok(Value::List(
                        best.into_iter().map(|row| at(row, 0)).collect(),
                    ))
                },
            )
        }
        ("min_by" | "max_by", [_, Type::Array(_) | Type::Row(_)]) => by_rows(name, types)?,
        ("min_by" | "max_by", [value, by, n]) if by.is_orderable() && whole(n) => {
            let of = by.clone();
            let (greatest, name_of) = (name == "max_by", name.to_string());
            let parameters = vec![value.clone(), by.clone(), Type::Bigint];
            Fold::new(name, parameters, array(value), move |rows| {
                let known = rows
                    .into_iter()
                    .filter(|row| row.get(1).is_some_and(|v| !v.is_null()));
                let known: Vec<_> = known.collect();
                let Some(n) = count_of(&known, 2, &name_of)? else {
                    return Ok(Value::Null);
                };
                let best = first_of(known, &of, 1, greatest, n)?;
                Ok(Value::List(
                    best.into_iter().map(|row| at(row, 0)).collect(),
                ))
            })
            .seeing_nulls()
        }
        ("map_agg", [key, item]) => {
            let of = key.clone();
            Fold::new(name, types.to_vec(), map(key, item), move |rows| {
                Ok(first_of_each(pairs(rows), &of))
            })
            .seeing_nulls()
        }
        ("map_union", [ty @ Type::Map(key, _)]) => {
            let of = key.as_ref().clone();
            Fold::new(name, vec![ty.clone()], ty.clone(), move |rows| {
                if rows.is_empty() {
                    return Ok(Value::Null);
                }
                let entries = rows
                    .into_iter()
                    .flat_map(|row| match row.into_iter().next() {
                        Some(Value::Map(entries)) => entries,
                        _ => Vec::new(),
                    });
                Ok(match first_of_each(entries.collect(), &of) {
                    Value::Null => Value::Map(Vec::new()),
                    made => made,
                })
            })
        }
        ("multimap_agg", [key, item]) => {
            let of = key.clone();
            Fold::new(name, types.to_vec(), map(key, &array(item)), move |rows| {
                let mut places = HashMap::new();
                let mut out: Vec<(Value, Value)> = Vec::new();
                for (key, value) in pairs(rows) {
                    if key.is_null() {
                        continue;
                    }
                    let place = *places.entry(key_of(&key, &of)).or_insert(out.len());
                    match out.get_mut(place) {
                        Some((_, Value::List(values))) => values.push(value),
                        _ => out.push((key, Value::List(vec![value]))),
                    }
                }
                Ok(if out.is_empty() {
                    Value::Null
                } else {
                    Value::Map(out)
                })
            })
            .seeing_nulls()
        }
        ("histogram", [ty]) => {
            let of = ty.clone();
            Fold::new(name, types.to_vec(), map(ty, &Type::Bigint), move |rows| {
                let counts = counted(rows, 0, &of);
                Ok(if counts.is_empty() {
                    Value::Null
                } else {
                    let counts = counts.into_iter().map(|(v, n)| (v, Value::Int(n)));
                    Value::Map(counts.collect())
                })
            })
        }
        ("approx_most_frequent", [buckets, ty, capacity]) if whole(buckets) && whole(capacity) => {
            let of = ty.clone();
            let parameters = vec![Type::Bigint, ty.clone(), Type::Bigint];
            Fold::new(name, parameters, map(ty, &Type::Bigint), move |rows| {
                let buckets = int(rows.first().and_then(|row| row.first()));
                if buckets < 2 && !rows.is_empty() {
                    return Err(invalid(format!(
                        "approx_most_frequent bucket count must be greater than one, input bucket count: {buckets}"
                    )));
                }
                // Exact, which is within the error the function allows itself.
                let mut counts = counted(rows, 1, &of);
                counts.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
                counts.truncate(usize::try_from(buckets).unwrap_or(0));
                Ok(if counts.is_empty() {
                    Value::Null
                } else {
                    let counts = counts.into_iter().map(|(v, n)| (v, Value::Int(n)));
                    Value::Map(counts.collect())
                })
            })
        }
        ("bitwise_and_agg" | "bitwise_or_agg", [ty]) if whole(ty) => {
            let and = name == "bitwise_and_agg";
            Fold::new(name, vec![Type::Bigint], Type::Bigint, move |rows| {
                let bits = rows.iter().map(|row| int(row.first()));
                let all = bits.reduce(|a, b| if and { a & b } else { a | b });
                Ok(all.map_or(Value::Null, Value::Int))
            })
        }
        ("entropy", [ty]) if whole(ty) => {
            Fold::new(name, vec![Type::Bigint], Type::Double, entropy)
        }
        ("skewness", [ty]) if number(ty) => {
            Fold::new(name, vec![Type::Double], Type::Double, |rows| {
                let (n, m2, m3, _) = moments(&rows);
                Ok(if n < 3.0 {
                    Value::Null
                } else {
                    Value::Double(n.sqrt() * m3 / m2.powf(1.5))
                })
            })
        }
        ("kurtosis", [ty]) if number(ty) => {
            Fold::new(name, vec![Type::Double], Type::Double, |rows| {
                let (n, m2, _, m4) = moments(&rows);
                Ok(if n < 4.0 {
                    Value::Null
                } else {
                    let scale = (n - 1.0) * n * (n + 1.0) / ((n - 2.0) * (n - 3.0));
                    let less = 3.0 * (n - 1.0) * (n - 1.0) / ((n - 2.0) * (n - 3.0));
                    Value::Double(scale * m4 / (m2 * m2) - less)
                })
            })
        }
        ("regr_slope" | "regr_intercept", [y, x]) if number(y) && number(x) => {
            let real = types.iter().all(|ty| *ty == Type::Real);
            let result = if real { Type::Real } else { Type::Double };
            let slope_wanted = name == "regr_slope";
            Fold::new(
                name,
                vec![Type::Double, Type::Double],
                result,
                move |rows| {
                    let made = regression(&rows, slope_wanted);
                    Ok(match made {
                        Some(x) if real => Value::Real(x as f32),
                        Some(x) => Value::Double(x),
                        None => Value::Null,
                    })
                },
            )
        }
        ("numeric_histogram", [buckets, values]) if whole(buckets) && number(values) => Fold::new(
            name,
            vec![Type::Bigint, Type::Double],
            map(&Type::Double, &Type::Double),
            histogram,
        ),
        ("numeric_histogram", [buckets, values, weights])
            if whole(buckets) && number(values) && number(weights) =>
        {
            let parameters = vec![Type::Bigint, Type::Double, Type::Double];
            Fold::new(
                name,
                parameters,
                map(&Type::Double, &Type::Double),
                histogram,
            )
        }
        ("approx_percentile", _) => percentile(types)?,
        ("listagg", [text, separator, ..]) if text.is_text() && separator.is_text() => {
            let parameters = vec![VARCHAR, VARCHAR, Type::Boolean, VARCHAR, Type::Boolean];
            Fold::new(name, parameters, VARCHAR, listagg)
        }
        ("count", [ty @ (Type::Array(_) | Type::Row(_) | Type::Map(..))]) => {
            Fold::new("count distinct", vec![ty.clone()], Type::Bigint, |rows| {
                Ok(Value::Int(rows.len() as i64))
            })
        }
        ("approx_distinct", [ty, error]) if number(error) => {
            let of = ty.clone();
            Fold::new(
                name,
                vec![ty.clone(), Type::Double],
                Type::Bigint,
                move |rows| {
                    let wanted = rows.first().map_or(0.01, |row| double(row.get(1)));
                    if !(0.004_062_5..=0.26).contains(&wanted) {
                        return Err(invalid(format!(
                            "Standard error must be in [0.0040625, 0.26]: {}",
                            super::text::double_java(wanted)
                        )));
                    }
                    let known = rows
                        .into_iter()
                        .filter(|row| row.first().is_some_and(|v| !v.is_null()));
                    Ok(Value::Int(counted(known.collect(), 0, &of).len() as i64))
                },
            )
            .seeing_nulls()
        }
        _ => return None,
    })
}

/// Overloads that DataFusion has, but not for all types and frames.
pub fn by_rows(name: &str, types: &[Type]) -> Option<Fold> {
    Some(match (name, types) {
        ("array_agg", [ty]) => Fold::new(name, types.to_vec(), array(ty), |rows| {
            Ok(if rows.is_empty() {
                Value::Null
            } else {
                Value::List(rows.into_iter().map(|row| at(row, 0)).collect())
            })
        })
        .seeing_nulls(),
        ("approx_distinct", [ty]) => {
            let of = ty.clone();
            Fold::new(name, types.to_vec(), Type::Bigint, move |rows| {
                Ok(Value::Int(counted(rows, 0, &of).len() as i64))
            })
        }
        ("arbitrary" | "any_value", [ty]) => Fold::new(name, types.to_vec(), ty.clone(), |rows| {
            Ok(rows
                .into_iter()
                .next()
                .map_or(Value::Null, |row| at(row, 0)))
        }),
        ("min_by" | "max_by", [value, by]) if by.is_orderable() => {
            let of = by.clone();
            let greatest = name == "max_by";
            Fold::new(name, types.to_vec(), value.clone(), move |rows| {
                let known = rows
                    .into_iter()
                    .filter(|row| row.get(1).is_some_and(|v| !v.is_null()));
                let best = first_of(known.collect(), &of, 1, greatest, 1)?;
                Ok(best
                    .into_iter()
                    .next()
                    .map_or(Value::Null, |row| at(row, 0)))
            })
            .seeing_nulls()
        }
        _ => return resolve(name, types),
    })
}

fn at(row: Vec<Value>, place: usize) -> Value {
    row.into_iter().nth(place).unwrap_or(Value::Null)
}

fn pairs(rows: Vec<Vec<Value>>) -> Vec<(Value, Value)> {
    rows.into_iter()
        .map(|row| {
            let mut row = row.into_iter();
            let (key, value) = (row.next(), row.next());
            (key.unwrap_or(Value::Null), value.unwrap_or(Value::Null))
        })
        .collect()
}

/// A map of the first value of each key; NULL without one.
fn first_of_each(pairs: Vec<(Value, Value)>, key: &Type) -> Value {
    let mut seen = std::collections::HashSet::new();
    let entries: Vec<(Value, Value)> = pairs
        .into_iter()
        .filter(|(k, _)| !k.is_null() && seen.insert(key_of(k, key)))
        .collect();
    if entries.is_empty() {
        Value::Null
    } else {
        Value::Map(entries)
    }
}

/// Different values and how often each is there, in the order they came.
fn counted(rows: Vec<Vec<Value>>, place: usize, ty: &Type) -> Vec<(Value, i64)> {
    let mut places = HashMap::new();
    let mut out: Vec<(Value, i64)> = Vec::new();
    for row in rows {
        let value = at(row, place);
        let place = *places.entry(key_of(&value, ty)).or_insert(out.len());
        match out.get_mut(place) {
            Some((_, count)) => *count += 1,
            None => out.push((value, 1)),
        }
    }
    out
}

/// The n of `max(x, n)`, the same in every row; `None` without rows.
fn count_of(rows: &[Vec<Value>], place: usize, name: &str) -> Result<Option<usize>> {
    let Some(n) = rows.first().map(|row| int(row.get(place))) else {
        return Ok(None);
    };
    let which = if place == 1 { "second" } else { "third" };
    if n <= 0 {
        return Err(invalid(format!(
            "{which} argument of {name} must be a positive integer"
        )));
    }
    if n > 10_000 {
        return Err(invalid(format!(
            "{which} argument of {name} must be less than or equal to 10000; found {n}"
        )));
    }
    Ok(usize::try_from(n).ok())
}

/// The first n rows in the order of one of their values; NaN is never among them while there is a number.
fn first_of(
    mut rows: Vec<Vec<Value>>,
    ty: &Type,
    place: usize,
    greatest: bool,
    n: usize,
) -> Result<Vec<Vec<Value>>> {
    let mut refusal = None;
    let nan = |value: &Value| match value {
        Value::Double(x) => x.is_nan(),
        Value::Real(x) => x.is_nan(),
        _ => false,
    };
    rows.sort_by(|a, b| {
        let (Some(a), Some(b)) = (a.get(place), b.get(place)) else {
            return Ordering::Equal;
        };
        if nan(a) || nan(b) {
            return nan(a).cmp(&nan(b));
        }
        match sort_order(a, b, ty) {
            Ok(order) if greatest => order.reverse(),
            Ok(order) => order,
            Err(error) => {
                refusal = Some(error);
                Ordering::Equal
            }
        }
    });
    match refusal {
        Some(error) => Err(error),
        None => {
            rows.truncate(n);
            Ok(rows)
        }
    }
}

fn entropy(rows: Vec<Vec<Value>>) -> Result<Value> {
    let (mut sum, mut weighted) = (0.0, 0.0);
    for row in &rows {
        let count = int(row.first());
        if count < 0 {
            return Err(invalid("Entropy count argument must be non-negative"));
        }
        if count > 0 {
            let count = count as f64;
            sum += count;
            weighted += count * count.ln();
        }
    }
    let nats = if sum > 0.0 {
        (sum.ln() - weighted / sum).max(0.0)
    } else {
        0.0
    };
    Ok(Value::Double(nats / std::f64::consts::LN_2))
}

/// Count, and the sums of the second to fourth powers of what lies off the mean.
fn moments(rows: &[Vec<Value>]) -> (f64, f64, f64, f64) {
    let values: Vec<f64> = rows.iter().map(|row| double(row.first())).collect();
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let power = |p: i32| values.iter().map(|x| (x - mean).powi(p)).sum::<f64>();
    (n, power(2), power(3), power(4))
}

fn regression(rows: &[Vec<Value>], slope_wanted: bool) -> Option<f64> {
    if rows.is_empty() {
        return None;
    }
    // Means that move with the rows, and sums of what lies off them: large values lose nothing.
    let (mut seen, mut mean_x, mut mean_y, mut sxy, mut sxx) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for row in rows {
        let (y, x) = (double(row.first()), double(row.get(1)));
        seen += 1.0;
        let off = x - mean_x;
        mean_x += off / seen;
        mean_y += (y - mean_y) / seen;
        sxy += off * (y - mean_y);
        sxx += off * (x - mean_x);
    }
    let slope = sxy / sxx;
    let made = if slope_wanted {
        slope
    } else {
        mean_y - slope * mean_x
    };
    made.is_finite().then_some(made)
}

/// Buckets merged two by two, the nearest first, until few enough are left.
fn histogram(rows: Vec<Vec<Value>>) -> Result<Value> {
    let Some(buckets) = rows.first().map(|row| int(row.first())) else {
        return Ok(Value::Null);
    };
    if buckets < 2 {
        return Err(invalid(
            "numeric_histogram bucket count must be greater than one",
        ));
    }
    let mut bars: Vec<(f64, f64)> = rows
        .iter()
        .map(|row| {
            let weight = row.get(2).map_or(1.0, |w| double(Some(w)));
            (double(row.get(1)), weight)
        })
        .collect();
    bars.sort_by(|a, b| a.0.total_cmp(&b.0));
    let merged = |a: (f64, f64), b: (f64, f64)| {
        let weight = a.1 + b.1;
        ((a.0 * a.1 + b.0 * b.1) / weight, weight)
    };
    let mut distinct: Vec<(f64, f64)> = Vec::new();
    for bar in bars {
        match distinct.last_mut() {
            Some(last) if last.0 == bar.0 => last.1 += bar.1,
            _ => distinct.push(bar),
        }
    }
    while distinct.len() > usize::try_from(buckets).unwrap_or(usize::MAX) {
        let gaps = distinct.windows(2).enumerate();
        let nearest = gaps.min_by(|(_, a), (_, b)| {
            let gap = |pair: &[(f64, f64)]| match pair {
                [a, b] => (b.0 - a.0, a.1 + b.1),
                _ => (f64::INFINITY, f64::INFINITY),
            };
            let (a, b) = (gap(a), gap(b));
            a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1))
        });
        let Some((place, [a, b])) = nearest else {
            break;
        };
        let bar = merged(*a, *b);
        distinct.splice(place..place + 2, [bar]);
    }
    let bars = distinct.into_iter();
    Ok(Value::Map(
        bars.map(|(x, w)| (Value::Double(x), Value::Double(w)))
            .collect(),
    ))
}

fn percentile(types: &[Type]) -> Option<Fold> {
    let held = |ty: &Type| {
        Some(match ty {
            Type::Real => Type::Real,
            ty if ty.coerces_to(&Type::Bigint) => Type::Bigint,
            ty if ty.coerces_to(&Type::Double) => Type::Double,
            _ => return None,
        })
    };
    let many = |ty: &Type| matches!(ty, Type::Array(item) if item.coerces_to(&Type::Double));
    let share = |ty: &Type| {
        if many(ty) {
            Some(array(&Type::Double))
        } else {
            ty.coerces_to(&Type::Double).then_some(Type::Double)
        }
    };
    let (value, weighted, shares) = match types {
        [value, shares] => (held(value)?, false, share(shares)?),
        [value, weight, shares] if weight.coerces_to(&Type::Double) => {
            (held(value)?, true, share(shares)?)
        }
        [value, weight, shares, accuracy]
            if weight.coerces_to(&Type::Double) && accuracy.coerces_to(&Type::Double) =>
        {
            (held(value)?, true, share(shares)?)
        }
        _ => return None,
    };
    let mut parameters = vec![value.clone()];
    if weighted {
        parameters.push(Type::Double);
    }
    parameters.push(shares.clone());
    if types.len() == 4 {
        parameters.push(Type::Double);
    }
    let result = match shares {
        Type::Array(_) => array(&value),
        _ => value.clone(),
    };
    let of = value;
    let place = if weighted { 2 } else { 1 };
    Some(Fold::new(
        "approx_percentile",
        parameters,
        result,
        move |rows| percentiles(rows, &of, weighted, place),
    ))
}

/// Exact: the first value at which the weight so far reaches the share.
fn percentiles(
    mut rows: Vec<Vec<Value>>,
    ty: &Type,
    weighted: bool,
    place: usize,
) -> Result<Value> {
    let Some(shares) = rows.first().and_then(|row| row.get(place)).cloned() else {
        return Ok(Value::Null);
    };
    rows.sort_by(|a, b| match (a.first(), b.first()) {
        (Some(a), Some(b)) => sort_order(a, b, ty).unwrap_or(Ordering::Equal),
        _ => Ordering::Equal,
    });
    let weight = |row: &Vec<Value>| if weighted { double(row.get(1)) } else { 1.0 };
    if rows.iter().map(weight).any(|w| w.is_nan() || w <= 0.0) {
        return Err(invalid("percentile weight must be > 0"));
    }
    let total: f64 = rows.iter().map(weight).sum();
    let one = |share: &Value| -> Result<Value> {
        let share = match share {
            Value::Double(share) if (0.0..=1.0).contains(share) => *share,
            Value::Null => return Err(invalid("Percentile cannot be null")),
            _ => return Err(invalid("percentile must be between 0 and 1")),
        };
        let mut before = 0.0;
        for row in &rows {
            before += weight(row);
            if before > share * total || (share >= 1.0 && before >= total) {
                return Ok(row.first().cloned().unwrap_or(Value::Null));
            }
        }
        Ok(rows
            .last()
            .and_then(|row| row.first())
            .cloned()
            .unwrap_or(Value::Null))
    };
    match &shares {
        Value::List(shares) => shares
            .iter()
            .map(one)
            .collect::<Result<_>>()
            .map(Value::List),
        share => one(share),
    }
}

fn listagg(rows: Vec<Vec<Value>>) -> Result<Value> {
    /// The longest text an aggregate may make.
    const MAX: usize = 1_048_576;
    let Some(first) = rows.first() else {
        return Ok(Value::Null);
    };
    let text = |value: Option<&Value>| match value {
        Some(Value::Text(text)) => text.clone(),
        _ => String::new(),
    };
    let yes = |value: Option<&Value>| value == Some(&Value::Boolean(true));
    let (separator, truncates) = (text(first.get(1)), yes(first.get(2)));
    let (filler, counts) = (text(first.get(3)), yes(first.get(4)));
    let mut out = String::new();
    for (done, row) in rows.iter().enumerate() {
        let item = text(row.first());
        let glue = if done > 0 { separator.as_str() } else { "" };
        if out.len() + glue.len() + item.len() > MAX {
            if !truncates {
                return Err(invalid(format!(
                    "Concatenated string has the length in bytes larger than the maximum output length {MAX}"
                )));
            }
            out.push_str(glue);
            out.push_str(&filler);
            if counts {
                out.push_str(&format!("({})", rows.len() - done));
            }
            break;
        }
        out.push_str(glue);
        out.push_str(&item);
    }
    Ok(Value::Text(out))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(name: &str, types: &[Type], rows: &[&[Value]]) -> Value {
        let fold = resolve(name, types).unwrap();
        (fold.kernel)(rows.iter().map(|row| row.to_vec()).collect()).unwrap()
    }

    fn check(name: &str, values: &[f64], expected: f64) {
        let rows: Vec<Vec<Value>> = values.iter().map(|x| vec![Value::Double(*x)]).collect();
        let rows: Vec<&[Value]> = rows.iter().map(Vec::as_slice).collect();
        let Value::Double(got) = folded(name, &[Type::Double], &rows) else {
            panic!("{name}");
        };
        assert!((got - expected).abs() < 1e-12, "{name}: {got}");
    }

    #[test]
    fn moments_describe_a_distribution() {
        // Three equal steps lean to no side; (0, 0, 3) does by √2 ⁄ 2.
        check("skewness", &[1.0, 2.0, 3.0], 0.0);
        check(
            "skewness",
            &[0.0, 0.0, 3.0],
            std::f64::consts::FRAC_1_SQRT_2,
        );
        check("kurtosis", &[1.0, 2.0, 3.0, 4.0], -1.2);
    }

    #[test]
    fn the_first_n_come_in_order() {
        let rows = [3, 1, 2].map(|i| [Value::Int(i), Value::Int(2)]);
        let rows: Vec<&[Value]> = rows.iter().map(<[Value; 2]>::as_slice).collect();
        let list = |items: [i64; 2]| Value::List(items.map(Value::Int).to_vec());
        let types = [Type::Bigint, Type::Bigint];
        assert_eq!(folded("max", &types, &rows), list([3, 2]));
        assert_eq!(folded("min", &types, &rows), list([1, 2]));
    }

    #[test]
    fn percentiles_are_values_of_the_group() {
        let rows: Vec<Vec<Value>> = (1..=10)
            .map(|i| vec![Value::Int(i), Value::Double(0.5)])
            .collect();
        let rows: Vec<&[Value]> = rows.iter().map(Vec::as_slice).collect();
        let types = [Type::Bigint, Type::Double];
        assert_eq!(folded("approx_percentile", &types, &rows), Value::Int(6));
    }
}
