//! Operators and casts as functions, with whole-array forms where queries spend their time.

use std::cmp::Ordering;
use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, PrimitiveArray, PrimitiveBuilder,
};
use datafusion::arrow::compute::kernels::arity::{binary, try_binary};
use datafusion::arrow::datatypes::{
    ArrowPrimitiveType, Float64Type, Int32Type, Int64Type, TimestampMicrosecondType,
    TimestampMillisecondType,
};
use datafusion::arrow::error::ArrowError;
use datafusion::logical_expr::Expr;

use super::arithmetic::{self, Resolved};
use super::cast;
use super::compare;
use super::error::Result;
use super::function::Function;
use super::functions::like::Pattern;
use super::text;
use super::types::Type;
use super::value::Value;

/// `left op right` for `+ - * / %`.
pub fn arithmetic(op: &'static str, types: Resolved) -> Function {
    let result = types.result.clone();
    let arguments = vec![types.left.clone(), types.right.clone()];
    // Floats never fail: division by zero is infinite, as in Java.
    let fails = !matches!(result, Type::Double | Type::Real);
    let name = match op {
        "+" => "add",
        "-" => "subtract",
        "*" => "multiply",
        "/" => "divide",
        _ => "modulus",
    };
    let function = Function::new(name, arguments, result.clone(), move |args| match args {
        [a, b] => arithmetic::apply(op, a, b, &types),
        _ => Ok(Value::Null),
    });
    let function = match result {
        Type::Bigint => function.with_columns(move |a| {
            checked::<Int64Type>(op, a, i64::checked_add, i64::checked_sub, i64::checked_mul)
        }),
        Type::Integer => function.with_columns(move |a| {
            checked::<Int32Type>(op, a, i32::checked_add, i32::checked_sub, i32::checked_mul)
        }),
        Type::Double => function.with_columns(move |a| doubles(op, a)),
        _ => function,
    };
    if fails { function.failing() } else { function }
}

/// Whole arrays of integers; any overflow hands the batch to the row kernel, which words the error.
fn checked<T: ArrowPrimitiveType>(
    op: &str,
    arrays: &[ArrayRef],
    add: fn(T::Native, T::Native) -> Option<T::Native>,
    subtract: fn(T::Native, T::Native) -> Option<T::Native>,
    multiply: fn(T::Native, T::Native) -> Option<T::Native>,
) -> Option<Result<ArrayRef>> {
    let [a, b] = arrays else { return None };
    let (a, b) = (a.as_primitive_opt::<T>()?, b.as_primitive_opt::<T>()?);
    let apply = match op {
        "+" => add,
        "-" => subtract,
        "*" => multiply,
        _ => return None,
    };
    let result: PrimitiveArray<T> = try_binary(a, b, |a, b| {
        apply(a, b).ok_or_else(|| ArrowError::ArithmeticOverflow(String::new()))
    })
    .ok()?;
    Some(Ok(Arc::new(result)))
}

fn doubles(op: &str, arrays: &[ArrayRef]) -> Option<Result<ArrayRef>> {
    let [a, b] = arrays else { return None };
    let (a, b) = (
        a.as_primitive_opt::<Float64Type>()?,
        b.as_primitive_opt::<Float64Type>()?,
    );
    // One NaN: the machine's own has a sign, and Arrow would sort it first.
    let one_nan = |x: f64| if x.is_nan() { f64::NAN } else { x };
    let result: PrimitiveArray<Float64Type> = match op {
        "+" => binary(a, b, |a, b| one_nan(a + b)),
        "-" => binary(a, b, |a, b| one_nan(a - b)),
        "*" => binary(a, b, |a, b| one_nan(a * b)),
        "/" => binary(a, b, |a, b| one_nan(a / b)),
        _ => binary(a, b, |a, b| one_nan(a % b)),
    }
    .ok()?;
    Some(Ok(Arc::new(result)))
}

/// Unary minus.
pub fn negate(ty: Type) -> Function {
    let fails = ty.is_integral();
    let of = ty.clone();
    let function = Function::new("negate", vec![ty.clone()], ty, move |args| match args {
        [value] => arithmetic::negate(value, &of),
        _ => Ok(Value::Null),
    });
    if fails { function.failing() } else { function }
}

/// How the names of [`comparison`]s begin.
pub const COMPARISON: &str = "compare ";

/// A comparison of two values of one type that Arrow would compare otherwise.
pub fn comparison(op: &'static str, ty: Type) -> Function {
    let of = ty.clone();
    let nested = matches!(ty, Type::Array(_) | Type::Row(_) | Type::Map(..));
    let ordering = !matches!(op, "=" | "<>");
    let function = Function::new(
        format!("{COMPARISON}{op}"),
        vec![ty.clone(), ty.clone()],
        Type::Boolean,
        move |args| match args {
            [a, b] => compare_values(op, a, b, &of),
            _ => Ok(Value::Null),
        },
    );
    let function = if ty == Type::Double {
        function.with_columns(move |arrays| compare_doubles(op, arrays))
    } else {
        function
    };
    if nested && ordering {
        function.failing()
    } else {
        function
    }
}

fn compare_values(op: &str, a: &Value, b: &Value, ty: &Type) -> Result<Value> {
    let truth = match op {
        "=" => compare::equal(a, b, ty),
        "<>" => compare::equal(a, b, ty).map(|equal| !equal),
        op => {
            let order = compare::compare(a, b, ty)?;
            Some(order.is_some_and(|order| ordered(op, order)))
        }
    };
    Ok(truth.map_or(Value::Null, Value::Boolean))
}

fn ordered(op: &str, order: Ordering) -> bool {
    match op {
        "<" => order.is_lt(),
        "<=" => order.is_le(),
        ">" => order.is_gt(),
        _ => order.is_ge(),
    }
}

fn compare_doubles(op: &str, arrays: &[ArrayRef]) -> Option<Result<ArrayRef>> {
    let [a, b] = arrays else { return None };
    let (a, b) = (
        a.as_primitive_opt::<Float64Type>()?,
        b.as_primitive_opt::<Float64Type>()?,
    );
    let test: fn(&f64, &f64) -> bool = match op {
        "=" => |a, b| a == b,
        "<>" => |a, b| a != b,
        "<" => |a, b| a < b,
        "<=" => |a, b| a <= b,
        ">" => |a, b| a > b,
        _ => |a, b| a >= b,
    };
    let nulls = datafusion::arrow::buffer::NullBuffer::union(a.nulls(), b.nulls());
    let bits = a
        .values()
        .iter()
        .zip(b.values())
        .map(|(a, b)| test(a, b))
        .collect();
    Some(Ok(Arc::new(BooleanArray::new(bits, nulls))))
}

/// IS DISTINCT FROM for types Arrow would compare otherwise.
pub fn distinct(ty: Type) -> Function {
    let of = ty.clone();
    Function::new(
        "is_distinct",
        vec![ty.clone(), ty],
        Type::Boolean,
        move |args| match args {
            [a, b] => Ok(Value::Boolean(!compare::same(a, b, &of))),
            _ => Ok(Value::Null),
        },
    )
    .seeing_nulls()
}

/// A column of a file in the form its type is held in: what [`canonical`](super::value::canonical)
/// makes of every argument.
pub fn held(ty: Type) -> Function {
    let first = |arguments: &[Value]| Ok(arguments.first().cloned().unwrap_or(Value::Null));
    Function::new(format!("held {ty}"), vec![ty.clone()], ty, first)
        .with_columns(|arrays| arrays.first().map(|array| Ok(Arc::clone(array))))
}

/// IN over a value and its list, `sides` in all: every element is computed, whichever matches.
pub fn among(ty: Type, sides: usize) -> Function {
    let of = ty.clone();
    Function::new("among", vec![ty; sides], Type::Boolean, move |args| {
        let Some((value, list)) = args.split_first() else {
            return Ok(Value::Null);
        };
        compare::any(list.iter().map(|item| Ok(compare::equal(value, item, &of))))
    })
    .seeing_nulls()
}

/// `value op ALL (array)`, or ANY; NULL for the array is one without values.
pub fn quantified(op: &'static str, all: bool, ty: Type) -> Function {
    let of = ty.clone();
    let array = Type::Array(Box::new(ty.clone()));
    let name = format!("quantified {op} {}", if all { "all" } else { "any" });
    let nested = matches!(ty, Type::Array(_) | Type::Row(_));
    let ordering = !matches!(op, "=" | "<>");
    let function = Function::new(name, vec![ty, array], Type::Boolean, move |args| {
        let [value, Value::List(items)] = args else {
            return Ok(Value::Boolean(all));
        };
        let answers = items.iter().map(|item| {
            if value.is_null() || item.is_null() {
                return Ok(None);
            }
            Ok(match compare_values(op, value, item, &of)? {
                Value::Boolean(answer) => Some(answer != all),
                _ => None,
            })
        });
        // ALL holds where no comparison fails.
        Ok(match compare::any(answers)? {
            Value::Boolean(answer) => Value::Boolean(answer != all),
            open => open,
        })
    })
    .seeing_nulls();
    if nested && ordering {
        function.failing()
    } else {
        function
    }
}

/// CAST; with `safe`, TRY_CAST.
pub fn cast(from: Type, to: Type, safe: bool) -> Function {
    let fails = !safe && cast::can_fail(&from, &to);
    let (source, target) = (from.clone(), to.clone());
    let function = Function::new(
        // Both types are in the name: plans and lambdas are told apart by it.
        format!("{} {from} to {to}", if safe { "try_cast" } else { "cast" }),
        vec![from.clone()],
        to.clone(),
        move |args| match args {
            [value] => match cast::cast_value(value.clone(), &source, &target) {
                Err(_) if safe => Ok(Value::Null),
                result => result,
            },
            _ => Ok(Value::Null),
        },
    );
    let function = match (&from, &to) {
        (Type::Varchar(_), Type::Double) => {
            function.with_columns(move |a| read_texts::<Float64Type>(a, safe, text::parse_double))
        }
        (Type::Varchar(_), Type::Bigint) => {
            function.with_columns(move |a| read_texts::<Int64Type>(a, safe, |t| t.parse().ok()))
        }
        (Type::Timestamp(4..=6), Type::Timestamp(3)) => function.with_columns(|arrays| {
            let micros = arrays
                .first()?
                .as_primitive_opt::<TimestampMicrosecondType>()?;
            let millis: PrimitiveArray<TimestampMillisecondType> =
                micros.unary(|t| t.saturating_add(500).div_euclid(1_000));
            Some(Ok(Arc::new(millis)))
        }),
        (Type::Varchar(_), Type::Integer) => {
            function.with_columns(move |a| read_texts::<Int32Type>(a, safe, |t| t.parse().ok()))
        }
        _ => function,
    };
    if fails { function.failing() } else { function }
}

/// CAST of a time of day to a timestamp on a day.
pub fn on_day(from: Type, days: i64, to: Type) -> Function {
    let target = to.clone();
    // The day is in the name: plans are told apart by it.
    let name = format!("cast {from} on {days} to {to}");
    Function::new(name, vec![from], to, move |args| match args {
        [time] => cast::on_day(time, days, &target),
        _ => Ok(Value::Null),
    })
}

/// Whole arrays of texts; one that does not read hands the batch to the row kernel, which words the
/// error, unless NULL is wanted for it.
fn read_texts<T: ArrowPrimitiveType>(
    arrays: &[ArrayRef],
    safe: bool,
    read: impl Fn(&str) -> Option<T::Native>,
) -> Option<Result<ArrayRef>> {
    let texts = arrays.first()?.as_string_opt::<i32>()?;
    let mut numbers = PrimitiveBuilder::<T>::with_capacity(texts.len());
    for text in texts {
        match text {
            None => numbers.append_null(),
            Some(text) => match read(text) {
                None if !safe => return None,
                number => numbers.append_option(number),
            },
        }
    }
    Some(Ok(Arc::new(numbers.finish())))
}

/// A value that Arrow compares for equality as Trino would: joins are matched on it. `None` for types
/// that have no such form.
pub fn join_key(ty: &Type) -> Option<Function> {
    Some(match ty {
        Type::Double => Function::new("join_key", vec![ty.clone()], ty.clone(), |args| {
            Ok(match args {
                [Value::Double(x)] if !x.is_nan() => Value::Double(x + 0.0),
                _ => Value::Null,
            })
        })
        .with_columns(|arrays| {
            let numbers = arrays.first()?.as_primitive_opt::<Float64Type>()?;
            let keys: PrimitiveArray<Float64Type> =
                numbers.unary_opt(|x| (!x.is_nan()).then_some(x + 0.0));
            Some(Ok(Arc::new(keys)))
        }),
        Type::Real => Function::new("join_key", vec![ty.clone()], ty.clone(), |args| {
            Ok(match args {
                [Value::Real(x)] if !x.is_nan() => Value::Real(x + 0.0),
                _ => Value::Null,
            })
        }),
        Type::TimestampTz(_) => {
            let instant = Type::Timestamp(12);
            Function::new("join_key", vec![ty.clone()], instant, |args| {
                Ok(match args {
                    [Value::Zoned(zoned)] => Value::Timestamp(zoned.picos()),
                    _ => Value::Null,
                })
            })
        }
        Type::TimeTz(_) => {
            let moment = Type::Time(12);
            Function::new("join_key", vec![ty.clone()], moment, |args| {
                Ok(match args {
                    [Value::ZonedTime(time)] => Value::Time(time.utc()),
                    _ => Value::Null,
                })
            })
        }
        _ => return None,
    })
}

/// A time with a zone as its instant: what it is ordered and grouped by. `None` for types that Arrow
/// orders as Trino does.
pub fn order_key(ty: &Type) -> Option<Function> {
    match ty {
        Type::TimestampTz(_) | Type::TimeTz(_) => join_key(ty),
        _ => None,
    }
}

/// A float with one zero and one NaN, for grouping: Arrow tells −0.0 from 0.0 there. `None` for types
/// Arrow groups as Trino does.
pub fn group_key(ty: &Type) -> Option<Function> {
    Some(match ty {
        Type::Double => Function::new("group_key", vec![ty.clone()], ty.clone(), |args| {
            Ok(match args {
                [Value::Double(x)] => Value::Double(x + 0.0),
                _ => Value::Null,
            })
        })
        .with_columns(|arrays| {
            let numbers = arrays.first()?.as_primitive_opt::<Float64Type>()?;
            let keys: PrimitiveArray<Float64Type> =
                numbers.unary(|x| if x.is_nan() { f64::NAN } else { x + 0.0 });
            Some(Ok(Arc::new(keys)))
        }),
        Type::Real => Function::new("group_key", vec![ty.clone()], ty.clone(), |args| {
            Ok(match args {
                [Value::Real(x)] => Value::Real(x + 0.0),
                _ => Value::Null,
            })
        }),
        _ => return None,
    })
}

/// An expression in the form it is grouped by.
pub fn grouped_by(expr: Expr, ty: &Type) -> Expr {
    match group_key(ty) {
        Some(key) => key.expression(vec![expr]),
        None => expr,
    }
}

/// A boolean as a number, and back: see where the analyzer builds CASE.
pub fn flag() -> Function {
    Function::new("flag", vec![Type::Boolean], Type::Tinyint, |args| {
        Ok(match args {
            [Value::Boolean(b)] => Value::Int(i64::from(*b)),
            _ => Value::Null,
        })
    })
    .with_columns(|arrays| converted(arrays, &Type::Tinyint))
}

/// The inverse of [`flag`].
pub fn from_flag() -> Function {
    Function::new("from_flag", vec![Type::Tinyint], Type::Boolean, |args| {
        Ok(match args {
            [Value::Int(flag)] => Value::Boolean(*flag != 0),
            _ => Value::Null,
        })
    })
    .with_columns(|arrays| converted(arrays, &Type::Boolean))
}

fn converted(arrays: &[ArrayRef], to: &Type) -> Option<Result<ArrayRef>> {
    let array = arrays.first()?;
    datafusion::arrow::compute::cast(array, &to.arrow())
        .ok()
        .map(Ok)
}

/// `value LIKE pattern [ESCAPE escape]`.
pub fn like(escaped: bool) -> Function {
    let text = Type::Varchar(None);
    let mut arguments = vec![text.clone(), text.clone()];
    if escaped {
        arguments.push(text);
    }
    let function = Function::new("like", arguments, Type::Boolean, |args| {
        let (value, pattern) = match args {
            [Value::Text(value), Value::Text(pattern)] => (value, Pattern::new(pattern, None)?),
            [
                Value::Text(value),
                Value::Text(pattern),
                Value::Text(escape),
            ] => (value, Pattern::new(pattern, Some(escape))?),
            _ => return Ok(Value::Null),
        };
        Ok(Value::Boolean(pattern.fits(value)))
    });
    if escaped {
        function.failing()
    } else {
        function.with_columns(like_columns)
    }
}

/// Whole arrays: a pattern is read once as long as it stays the same.
fn like_columns(arrays: &[ArrayRef]) -> Option<Result<ArrayRef>> {
    let [values, patterns] = arrays else {
        return None;
    };
    let (values, patterns) = (
        values.as_string_opt::<i32>()?,
        patterns.as_string_opt::<i32>()?,
    );
    let mut last: Option<(&str, Pattern)> = None;
    let mut answers = Vec::with_capacity(values.len());
    for (value, text) in values.iter().zip(patterns) {
        let (Some(value), Some(text)) = (value, text) else {
            answers.push(None);
            continue;
        };
        let pattern = match last.take() {
            Some((before, pattern)) if before == text => pattern,
            _ => Pattern::new(text, None).ok()?,
        };
        answers.push(Some(pattern.fits(value)));
        last = Some((text, pattern));
    }
    Some(Ok(Arc::new(BooleanArray::from(answers))))
}

/// `row.field` by position.
pub fn row_field(row: Type, at: usize, result: Type) -> Function {
    Function::new(format!("field {at}"), vec![row], result, move |args| {
        Ok(match args {
            [Value::List(parts)] => parts.get(at).cloned().unwrap_or(Value::Null),
            _ => Value::Null,
        })
    })
}

/// `ARRAY[…]` and `ROW(…)`.
pub fn collect(name: &str, arguments: Vec<Type>, result: Type) -> Function {
    Function::new(name, arguments, result, |args| {
        Ok(Value::List(args.to_vec()))
    })
    .seeing_nulls()
}
