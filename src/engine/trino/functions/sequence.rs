//! `sequence`: numbers and times in steps, to be unnested.

use super::super::arithmetic::months_later;
use super::super::calendar::{MILLI_PICOS, plus_months};
use super::super::error::{Code, Result, TrinoError};
use super::super::function::Function;
use super::super::types::Type;
use super::super::value::Value;
use super::{Resolution, found};

/// The longest array `sequence` makes.
const MAX_ENTRIES: usize = 10_000;

const DAY_MILLIS: i64 = 86_400_000;

fn invalid(message: &str) -> TrinoError {
    TrinoError::in_data(Code::InvalidFunctionArgument, message)
}

/// Finds `sequence`.
pub fn resolve(name: &str, arguments: &[Type]) -> Resolution {
    if name != "sequence" {
        return Resolution::Unknown;
    }
    let whole = |ty: &Type| ty.coerces_to(&Type::Bigint);
    let function = match arguments {
        [a, b] if whole(a) && whole(b) => Some(made(vec![Type::Bigint; 2], Type::Bigint)),
        [a, b, c] if whole(a) && whole(b) && whole(c) => {
            Some(made(vec![Type::Bigint; 3], Type::Bigint))
        }
        [Type::Date, Type::Date] => Some(made(vec![Type::Date; 2], Type::Date)),
        [
            Type::Date,
            Type::Date,
            step @ (Type::IntervalDay | Type::IntervalYear),
        ] => Some(made(vec![Type::Date, Type::Date, step.clone()], Type::Date)),
        [
            Type::Timestamp(a),
            Type::Timestamp(b),
            step @ (Type::IntervalDay | Type::IntervalYear),
        ] => {
            let ty = Type::Timestamp(*a.max(b));
            Some(made(vec![ty.clone(), ty.clone(), step.clone()], ty))
        }
        _ => None,
    };
    found(
        function,
        "sequence(bigint, bigint[, bigint]), sequence(date, date[, interval]), sequence(timestamp, timestamp, interval)",
    )
}

fn made(parameters: Vec<Type>, item: Type) -> Function {
    let in_months = parameters.get(2) == Some(&Type::IntervalYear);
    let result = Type::Array(Box::new(item));
    Function::new("sequence", parameters, result, move |args| match args {
        [start, stop, step @ ..] => {
            let step = match step.first() {
                Some(Value::Int(step)) => Some(*step),
                _ => None,
            };
            between(start, stop, step, in_months).map(Value::List)
        }
        _ => Ok(Value::Null),
    })
    .failing()
}

/// A value as a number that steps can be added to, and back.
fn position(value: &Value) -> i128 {
    match value {
        Value::Timestamp(at) => *at,
        Value::Int(at) => i128::from(*at),
        Value::Date(days) => i128::from(*days),
        _ => 0,
    }
}

fn like(value: &Value, at: i128) -> Value {
    match value {
        Value::Date(_) => i32::try_from(at).map_or(Value::Null, Value::Date),
        Value::Timestamp(_) => Value::Timestamp(at),
        _ => i64::try_from(at).map_or(Value::Null, Value::Int),
    }
}

fn between(start: &Value, stop: &Value, step: Option<i64>, in_months: bool) -> Result<Vec<Value>> {
    let (first, last) = (position(start), position(stop));
    let step = match (start, step) {
        (_, None) => {
            if first <= last {
                1
            } else {
                -1
            }
        }
        (_, Some(step)) if in_months => i128::from(step),
        (Value::Date(_), Some(millis)) => {
            if millis % DAY_MILLIS != 0 {
                return Err(invalid(
                    "sequence step must be a day interval if start and end values are dates",
                ));
            }
            i128::from(millis / DAY_MILLIS)
        }
        (Value::Timestamp(_), Some(millis)) => i128::from(millis) * i128::from(MILLI_PICOS),
        (_, Some(step)) => i128::from(step),
    };
    if step == 0 {
        return Err(invalid("step must not be zero"));
    }
    if (step > 0) != (first <= last) && first != last {
        return Err(invalid(
            "sequence stop value should be greater than or equal to start value if step is greater than zero otherwise stop should be less than or equal to start",
        ));
    }
    let mut items = Vec::new();
    for nth in 0_i64.. {
        let Some(at) = stepped(start, nth, step, in_months) else {
            break;
        };
        if (step > 0 && at > last) || (step < 0 && at < last) {
            break;
        }
        if items.len() == MAX_ENTRIES {
            return Err(invalid(
                "result of sequence function must not have more than 10000 entries",
            ));
        }
        items.push(like(start, at));
    }
    Ok(items)
}

/// The nth value; `None` past the end of the type.
fn stepped(start: &Value, nth: i64, step: i128, in_months: bool) -> Option<i128> {
    let far = step.checked_mul(i128::from(nth))?;
    let first = position(start);
    let within = |at: i128| match start {
        Value::Int(_) => i64::try_from(at).is_ok(),
        _ => true,
    };
    if !in_months {
        return first.checked_add(far).filter(|at| within(*at));
    }
    // From the start each time: a step from the last day of a short month would stay short.
    let months = i64::try_from(far).ok()?;
    match start {
        Value::Date(days) => Some(plus_months(i64::from(*days), months).into()),
        _ => Some(months_later(first, months)),
    }
}
