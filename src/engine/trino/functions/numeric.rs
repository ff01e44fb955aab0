//! Bits, bases, buckets, chance and distributions.

use super::super::distributions;
use super::super::error::{Code, Result, TrinoError};
use super::super::function::Function;
use super::super::types::{Type, VARCHAR};
use super::super::value::Value;
use super::{Resolution, failing, found, simple};

const BIGINT: Type = Type::Bigint;
const DOUBLE: Type = Type::Double;

fn invalid(message: impl Into<String>) -> TrinoError {
    TrinoError::in_data(Code::InvalidFunctionArgument, message)
}

/// Finds a function of this family.
pub fn resolve(name: &str, arguments: &[Type]) -> Resolution {
    match name {
        "bitwise_and" => bits(name, arguments, |a, b| a & b),
        "bitwise_or" => bits(name, arguments, |a, b| a | b),
        "bitwise_xor" => bits(name, arguments, |a, b| a ^ b),
        "bitwise_not" => simple(name, arguments, &[BIGINT], BIGINT, |a| match a {
            [Value::Int(i)] => Ok(Value::Int(!i)),
            _ => Ok(Value::Null),
        }),
        "bitwise_left_shift" | "bitwise_right_shift" | "bitwise_right_shift_arithmetic" => {
            found(shift(name, arguments), "f(integer, bigint)")
        }
        "bit_count" => failing(name, arguments, &[BIGINT, BIGINT], BIGINT, bit_count),
        "from_base" => failing(name, arguments, &[VARCHAR, BIGINT], BIGINT, from_base),
        "to_base" => {
            let result = Type::Varchar(Some(64));
            failing(name, arguments, &[BIGINT, BIGINT], result, to_base)
        }
        "width_bucket" if matches!(arguments, [_, Type::Array(_)]) => {
            let bins = Type::Array(Box::new(DOUBLE));
            failing(name, arguments, &[DOUBLE, bins], BIGINT, bucket_of_bins)
        }
        "width_bucket" => {
            let parameters = [DOUBLE, DOUBLE, DOUBLE, BIGINT];
            failing(name, arguments, &parameters, BIGINT, bucket)
        }
        "rand" | "random" => found(random(arguments), "random(), random(n), random(m, n)"),
        "cosine_similarity" => {
            let map = Type::Map(Box::new(VARCHAR), Box::new(DOUBLE));
            simple(name, arguments, &[map.clone(), map], DOUBLE, cosine)
        }
        "normal_cdf" | "inverse_normal_cdf" | "beta_cdf" | "inverse_beta_cdf" => {
            let apply: fn(f64, f64, f64) -> Result<f64> = match name {
                "normal_cdf" => normal,
                "inverse_normal_cdf" => inverse_normal,
                "beta_cdf" => beta,
                _ => inverse_beta,
            };
            let function = super::fits(arguments, &[DOUBLE, DOUBLE, DOUBLE]).then(|| {
                Function::new(name, vec![DOUBLE; 3], DOUBLE, move |a| match a {
                    [Value::Double(x), Value::Double(y), Value::Double(z)] => {
                        apply(*x, *y, *z).map(Value::Double)
                    }
                    _ => Ok(Value::Null),
                })
                .failing()
            });
            found(function, "f(double, double, double)")
        }
        "wilson_interval_lower" | "wilson_interval_upper" => {
            let sign = if name.ends_with("lower") { -1.0 } else { 1.0 };
            let function = super::fits(arguments, &[BIGINT, BIGINT, DOUBLE]).then(|| {
                Function::new(name, vec![BIGINT, BIGINT, DOUBLE], DOUBLE, move |a| {
                    wilson(a, sign).map(Value::Double)
                })
                .failing()
            });
            found(function, "f(bigint, bigint, double)")
        }
        _ => Resolution::Unknown,
    }
}

fn bits(name: &str, arguments: &[Type], apply: fn(i64, i64) -> i64) -> Resolution {
    let function = super::fits(arguments, &[BIGINT, BIGINT]).then(|| {
        Function::new(name, vec![BIGINT, BIGINT], BIGINT, move |a| {
            Ok(match a {
                [Value::Int(a), Value::Int(b)] => Value::Int(apply(*a, *b)),
                _ => Value::Null,
            })
        })
    });
    found(function, "f(bigint, bigint)")
}

/// Shifts keep the type of what is shifted; a count past its width leaves nothing, or the sign.
fn shift(name: &str, arguments: &[Type]) -> Option<Function> {
    let [ty, by] = arguments else { return None };
    if !(ty.is_integral() || *ty == Type::Unknown) || !by.coerces_to(&BIGINT) {
        return None;
    }
    let ty = if ty.is_integral() { ty.clone() } else { BIGINT };
    let width = match ty {
        Type::Tinyint => 8,
        Type::Smallint => 16,
        Type::Integer => 32,
        _ => 64,
    };
    let kind = name.to_string();
    Some(Function::new(
        name,
        vec![ty.clone(), BIGINT],
        ty,
        move |a| {
            let [Value::Int(value), Value::Int(by)] = a else {
                return Ok(Value::Null);
            };
            // Back from the low bits to a signed number of the width.
            let signed = |bits: u64| ((bits << (64 - width)) as i64) >> (64 - width);
            let unsigned = (*value as u64) << (64 - width) >> (64 - width);
            let by = u32::try_from(*by).unwrap_or(u32::MAX);
            let gone = by >= width;
            Ok(Value::Int(match kind.as_str() {
                "bitwise_left_shift" if gone => 0,
                "bitwise_left_shift" => signed(unsigned << by),
                "bitwise_right_shift" if gone => 0,
                "bitwise_right_shift" => signed(unsigned >> by),
                _ if gone => -i64::from(*value < 0),
                _ => value >> by,
            }))
        },
    ))
}

fn bit_count(a: &[Value]) -> Result<Value> {
    let [Value::Int(value), Value::Int(bits)] = a else {
        return Ok(Value::Null);
    };
    if *bits == 64 {
        return Ok(Value::Int(i64::from(value.count_ones())));
    }
    let width = u32::try_from(*bits).ok().filter(|b| (2..=64).contains(b));
    let width = width.ok_or_else(|| {
        invalid(format!(
            "Bits specified in bit_count must be between 2 and 64, got {bits}"
        ))
    })?;
    let low = -(1_i64 << (width - 1));
    let high = (1_i64 << (width - 1)) - 1;
    if *value < low || *value > high {
        return Err(invalid(format!(
            "Number must be representable with the bits specified. {value} cannot be represented with {bits} bits"
        )));
    }
    let mask = high << 1 | 1;
    Ok(Value::Int(i64::from((value & mask).count_ones())))
}

fn radix(value: i64) -> Result<u32> {
    u32::try_from(value)
        .ok()
        .filter(|r| (2..=36).contains(r))
        .ok_or_else(|| invalid("Radix must be between 2 and 36"))
}

fn from_base(a: &[Value]) -> Result<Value> {
    let [Value::Text(text), Value::Int(base)] = a else {
        return Ok(Value::Null);
    };
    let base = radix(*base)?;
    i64::from_str_radix(text, base)
        .map(Value::Int)
        .map_err(|_| invalid(format!("Not a valid base-{base} number: {text}")))
}

fn to_base(a: &[Value]) -> Result<Value> {
    let [Value::Int(value), Value::Int(base)] = a else {
        return Ok(Value::Null);
    };
    let base = u64::from(radix(*base)?);
    let mut rest = value.unsigned_abs();
    let mut digits = Vec::new();
    loop {
        let digit = u32::try_from(rest % base).unwrap_or(0);
        digits.extend(char::from_digit(digit, 36));
        rest /= base;
        if rest == 0 {
            break;
        }
    }
    if *value < 0 {
        digits.push('-');
    }
    Ok(Value::Text(digits.into_iter().rev().collect()))
}

fn bucket(a: &[Value]) -> Result<Value> {
    let [
        Value::Double(x),
        Value::Double(first),
        Value::Double(second),
        Value::Int(count),
    ] = a
    else {
        return Ok(Value::Null);
    };
    if *count <= 0 {
        return Err(invalid("bucketCount must be greater than 0"));
    }
    if x.is_nan() {
        return Err(invalid("operand must not be NaN"));
    }
    if !first.is_finite() {
        return Err(invalid("first bound must be finite"));
    }
    if !second.is_finite() {
        return Err(invalid("second bound must be finite"));
    }
    if first == second {
        return Err(invalid("bounds cannot equal each other"));
    }
    let (low, high) = (first.min(*second), first.max(*second));
    let rising = if *x < low {
        0
    } else if *x >= high {
        count.checked_add(1).ok_or_else(|| {
            TrinoError::in_data(
                Code::NumericValueOutOfRange,
                format!(
                    "Bucket for value {} is out of range",
                    super::super::text::double_java(*x)
                ),
            )
        })?
    } else {
        (*count as f64 * (x - low) / (high - low) + 1.0) as i64
    };
    Ok(Value::Int(if first > second {
        count - rising + 1
    } else {
        rising
    }))
}

fn bucket_of_bins(a: &[Value]) -> Result<Value> {
    let [Value::Double(x), Value::List(bins)] = a else {
        return Ok(Value::Null);
    };
    if bins.is_empty() {
        return Err(invalid("Bins cannot be an empty array"));
    }
    if x.is_nan() {
        return Err(invalid("Operand cannot be NaN"));
    }
    let bin = |at: usize| match bins.get(at) {
        Some(Value::Double(bin)) if bin.is_finite() => Ok(*bin),
        Some(Value::Double(bin)) => Err(invalid(format!(
            "Bin value must be finite, got {}",
            super::super::text::double_java(*bin)
        ))),
        _ => Err(invalid("Bin values cannot be NULL")),
    };
    // Halving, and looking only at the bins that decides on, as Trino does.
    let (mut lower, mut upper) = (0, bins.len());
    while lower < upper {
        if bin(lower)? > bin(upper - 1)? {
            return Err(invalid("Bin values are not sorted in ascending order"));
        }
        let middle = (lower + upper) / 2;
        if *x < bin(middle)? {
            upper = middle;
        } else {
            lower = middle + 1;
        }
    }
    Ok(Value::Int(lower as i64))
}

fn random(arguments: &[Type]) -> Option<Function> {
    let narrow = |types: &[Type]| {
        types
            .iter()
            .try_fold(Type::Unknown, |ty, next| ty.common(next))
            .map(|ty| if ty == Type::Unknown { BIGINT } else { ty })
            .filter(Type::is_integral)
    };
    match arguments {
        [] => Some(Function::random("random", vec![], DOUBLE, |rng, _| {
            Ok(Value::Double(rng.unit()))
        })),
        [_] | [_, _] => {
            let ty = narrow(arguments)?;
            let function =
                Function::random("random", vec![ty.clone(); arguments.len()], ty, |rng, a| {
                    let (start, stop) = match a {
                        [Value::Int(stop)] if *stop <= 0 => {
                            return Err(invalid("bound must be positive"));
                        }
                        [Value::Int(stop)] => (0, *stop),
                        [Value::Int(start), Value::Int(stop)] if start >= stop => {
                            return Err(invalid("start value must be less than stop value"));
                        }
                        [Value::Int(start), Value::Int(stop)] => (*start, *stop),
                        _ => return Ok(Value::Null),
                    };
                    let width = (i128::from(stop) - i128::from(start)) as f64;
                    let far = (rng.unit() * width) as i128;
                    let value = (i128::from(start) + far).min(i128::from(stop) - 1);
                    Ok(Value::Int(i64::try_from(value).unwrap_or(start)))
                });
            Some(function.failing())
        }
        _ => None,
    }
}

fn cosine(a: &[Value]) -> Result<Value> {
    let [Value::Map(a), Value::Map(b)] = a else {
        return Ok(Value::Null);
    };
    let number = |value: &Value| match value {
        Value::Double(x) => Some(*x),
        _ => None,
    };
    let norm = |entries: &[(Value, Value)]| -> Option<f64> {
        let squares: Option<Vec<f64>> = entries
            .iter()
            .map(|(_, v)| number(v).map(|x| x * x))
            .collect();
        let norm = squares?.iter().sum::<f64>().sqrt();
        (norm != 0.0).then_some(norm)
    };
    let Some((left, right)) = norm(a).zip(norm(b)) else {
        return Ok(Value::Null);
    };
    let dot: f64 = a
        .iter()
        .filter_map(|(key, x)| {
            let (_, y) = b.iter().find(|(other, _)| other == key)?;
            Some(number(x)? * number(y)?)
        })
        .sum();
    Ok(Value::Double(dot / (left * right)))
}

fn normal(mean: f64, sd: f64, value: f64) -> Result<f64> {
    if sd.is_nan() || sd <= 0.0 {
        return Err(invalid("standardDeviation must be > 0"));
    }
    Ok(distributions::normal_cdf(mean, sd, value))
}

fn inverse_normal(mean: f64, sd: f64, p: f64) -> Result<f64> {
    if !(p > 0.0 && p < 1.0) {
        return Err(invalid("p must be 0 > p > 1"));
    }
    if sd.is_nan() || sd <= 0.0 {
        return Err(invalid("sd must be > 0"));
    }
    Ok(distributions::inverse_normal_cdf(mean, sd, p))
}

fn beta_parameters(a: f64, b: f64) -> Result<()> {
    if a > 0.0 && b > 0.0 {
        Ok(())
    } else {
        Err(invalid("a, b must be > 0"))
    }
}

fn beta(a: f64, b: f64, value: f64) -> Result<f64> {
    if !(0.0..=1.0).contains(&value) {
        return Err(invalid("value must be 0 >= v >= 1"));
    }
    beta_parameters(a, b)?;
    Ok(distributions::beta_cdf(a, b, value))
}

fn inverse_beta(a: f64, b: f64, p: f64) -> Result<f64> {
    if !(0.0..=1.0).contains(&p) {
        return Err(invalid("p must be 0 >= p >= 1"));
    }
    beta_parameters(a, b)?;
    Ok(distributions::inverse_beta_cdf(a, b, p))
}

fn wilson(a: &[Value], sign: f64) -> Result<f64> {
    let [Value::Int(successes), Value::Int(trials), Value::Double(z)] = a else {
        return Ok(f64::NAN);
    };
    if *successes < 0 {
        return Err(invalid("number of successes must not be negative"));
    }
    if *trials <= 0 {
        return Err(invalid("number of trials must be positive"));
    }
    if successes > trials {
        return Err(invalid(
            "number of successes must not be larger than number of trials",
        ));
    }
    if *z < 0.0 {
        return Err(invalid("z-score must not be negative"));
    }
    let (s, n) = (*successes as f64, *trials as f64);
    let p = s / n;
    Ok(if sign < 0.0 {
        // Written so that nothing is subtracted from something near it.
        (p + z * z / (2.0 * n) - z * ((p * (1.0 - p) + z * z / (4.0 * n)) / n).sqrt())
            / (1.0 + z * z / n)
    } else {
        (p + z * z / (2.0 * n) + z * ((p * (1.0 - p) + z * z / (4.0 * n)) / n).sqrt())
            / (1.0 + z * z / n)
    })
}
