//! Mathematical functions.

use super::super::arithmetic;
use super::super::cast::{integral_range, rescale, ten_to};
use super::super::compare;
use super::super::error::{Code, Result, TrinoError};
use super::super::function::Function;
use super::super::operators;
use super::super::types::Type;
use super::super::value::Value;
use super::{Resolution, fits, found};

const DOUBLE: Type = Type::Double;

/// Finds a function of this family.
pub fn resolve(name: &str, arguments: &[Type]) -> Resolution {
    if let Some(unary) = unary(name) {
        let function = fits(arguments, &[DOUBLE]).then(|| doubles(name, move |x, _| unary(x), 1));
        return found(function, "f(double)");
    }
    match name {
        "pi" | "e" | "nan" | "infinity" => {
            let value = match name {
                "pi" => std::f64::consts::PI,
                "e" => std::f64::consts::E,
                "nan" => f64::NAN,
                _ => f64::INFINITY,
            };
            let function = arguments
                .is_empty()
                .then(|| Function::new(name, vec![], DOUBLE, move |_| Ok(Value::Double(value))));
            found(function, "f()")
        }
        "power" | "pow" => binary("power", arguments, f64::powf),
        "atan2" => binary(name, arguments, f64::atan2),
        "log" => binary(name, arguments, |base, x| x.ln() / base.ln()),
        "is_nan" | "is_finite" | "is_infinite" => {
            let test: fn(f64) -> bool = match name {
                "is_nan" => f64::is_nan,
                "is_finite" => f64::is_finite,
                _ => f64::is_infinite,
            };
            let function = fits(arguments, &[DOUBLE]).then(|| {
                Function::new(name, vec![DOUBLE], Type::Boolean, move |args| match args {
                    [Value::Double(x)] => Ok(Value::Boolean(test(*x))),
                    _ => Ok(Value::Null),
                })
            });
            found(function, "f(double)")
        }
        "abs" => found(one_number(arguments).map(abs), "abs(number)"),
        "sign" => found(one_number(arguments).map(sign), "sign(number)"),
        "ceil" | "ceiling" => found(
            one_number(arguments).map(|ty| to_whole("ceiling", ty)),
            "ceiling(number)",
        ),
        "floor" => found(
            one_number(arguments).map(|ty| to_whole("floor", ty)),
            "floor(number)",
        ),
        "truncate" if arguments.len() == 2 => {
            found(truncate(arguments), "truncate(decimal, bigint)")
        }
        "truncate" => found(
            one_number(arguments).map(|ty| to_whole("truncate", ty)),
            "truncate(number)",
        ),
        "round" => round(arguments),
        "mod" => {
            let resolved = match arguments {
                [Type::Unknown, ty] | [ty, Type::Unknown] if ty.is_numeric() => {
                    arithmetic::resolve("%", ty, ty)
                }
                [a, b] if a.is_numeric() && b.is_numeric() => arithmetic::resolve("%", a, b),
                _ => None,
            };
            found(
                resolved.map(|types| operators::arithmetic("%", types)),
                "mod(number, number)",
            )
        }
        "greatest" | "least" => found(extreme(name, arguments), "f(E, …) E orderable"),
        _ => Resolution::Unknown,
    }
}

fn unary(name: &str) -> Option<fn(f64) -> f64> {
    Some(match name {
        "sqrt" => f64::sqrt,
        "cbrt" => f64::cbrt,
        "exp" => f64::exp,
        "ln" => f64::ln,
        "log2" => f64::log2,
        "log10" => f64::log10,
        "sin" => f64::sin,
        "cos" => f64::cos,
        "tan" => f64::tan,
        "asin" => f64::asin,
        "acos" => f64::acos,
        "atan" => f64::atan,
        "sinh" => f64::sinh,
        "cosh" => f64::cosh,
        "tanh" => f64::tanh,
        "degrees" => f64::to_degrees,
        "radians" => f64::to_radians,
        _ => return None,
    })
}

fn doubles(
    name: &str,
    apply: impl Fn(f64, f64) -> f64 + Send + Sync + 'static,
    count: usize,
) -> Function {
    Function::new(name, vec![DOUBLE; count], DOUBLE, move |args| {
        Ok(match args {
            [Value::Double(x)] => Value::Double(apply(*x, 0.0)),
            [Value::Double(x), Value::Double(y)] => Value::Double(apply(*x, *y)),
            _ => Value::Null,
        })
    })
}

fn binary(name: &str, arguments: &[Type], apply: fn(f64, f64) -> f64) -> Resolution {
    let function = fits(arguments, &[DOUBLE, DOUBLE]).then(|| doubles(name, apply, 2));
    found(function, "f(double, double)")
}

fn one_number(arguments: &[Type]) -> Option<Type> {
    match arguments {
        [Type::Unknown] => Some(DOUBLE),
        [ty] if ty.is_numeric() => Some(ty.clone()),
        _ => None,
    }
}

fn out_of_range(ty: &Type, value: i64) -> TrinoError {
    TrinoError::in_data(
        Code::NumericValueOutOfRange,
        format!("Value {value} is out of range for abs({ty})"),
    )
}

fn abs(ty: Type) -> Function {
    let of = ty.clone();
    let fails = ty.is_integral();
    let function = Function::new("abs", vec![ty.clone()], ty, move |args| {
        Ok(match args {
            [Value::Int(i)] if *i == integral_range(&of).0 => return Err(out_of_range(&of, *i)),
            [Value::Int(i)] => Value::Int(i.abs()),
            [Value::Decimal(d)] => Value::Decimal(d.abs()),
            [Value::Double(x)] => Value::Double(x.abs()),
            [Value::Real(x)] => Value::Real(x.abs()),
            _ => Value::Null,
        })
    });
    if fails { function.failing() } else { function }
}

fn sign(ty: Type) -> Function {
    let result = match ty {
        Type::Decimal(..) => Type::Decimal(1, 0),
        _ => ty.clone(),
    };
    Function::new("sign", vec![ty], result, |args| {
        Ok(match args {
            [Value::Int(i)] => Value::Int(i.signum()),
            [Value::Decimal(d)] => Value::Decimal(d.signum()),
            [Value::Double(x)] if *x == 0.0 || x.is_nan() => Value::Double(*x),
            [Value::Double(x)] => Value::Double(x.signum()),
            [Value::Real(x)] if *x == 0.0 || x.is_nan() => Value::Real(*x),
            [Value::Real(x)] => Value::Real(x.signum()),
            _ => Value::Null,
        })
    })
}

/// `ceiling`, `floor` and `truncate` to no fraction.
fn to_whole(name: &'static str, ty: Type) -> Function {
    let (scale, result) = match ty {
        Type::Decimal(p, s) if name == "truncate" => (s, Type::Decimal((p - s).max(1), 0)),
        Type::Decimal(p, s) => (s, Type::Decimal((p - s + s.min(1)).max(1), 0)),
        _ => (0, ty.clone()),
    };
    let apply: fn(f64) -> f64 = match name {
        "ceiling" => f64::ceil,
        "floor" => f64::floor,
        _ => f64::trunc,
    };
    Function::new(name, vec![ty], result, move |args| {
        Ok(match args {
            [Value::Double(x)] => Value::Double(apply(*x)),
            [Value::Real(x)] => Value::Real(apply(f64::from(*x)) as f32),
            [Value::Decimal(d)] => {
                let unit = ten_to(scale);
                Value::Decimal(match name {
                    "ceiling" => -(-d).div_euclid(unit),
                    "floor" => d.div_euclid(unit),
                    _ => d / unit,
                })
            }
            [other] => other.clone(),
            _ => Value::Null,
        })
    })
}

/// `truncate` of a decimal to a number of digits behind the point, or before it.
fn truncate(arguments: &[Type]) -> Option<Function> {
    let [ty, digits] = arguments else { return None };
    let (precision, scale) = match ty {
        Type::Unknown => (1, 0),
        ty => ty.as_decimal()?,
    };
    if !digits.coerces_to(&Type::Bigint) {
        return None;
    }
    let ty = Type::Decimal(precision, scale);
    let parameters = vec![ty.clone(), Type::Bigint];
    Some(Function::new("truncate", parameters, ty, move |args| {
        let [Value::Decimal(d), Value::Int(digits)] = args else {
            return Ok(Value::Null);
        };
        let places = i64::from(scale).saturating_sub(*digits);
        Ok(Value::Decimal(match u8::try_from(places) {
            Ok(places) if places <= 38 => d - d % ten_to(places),
            Ok(_) => 0,
            Err(_) if places < 0 => *d,
            Err(_) => 0,
        }))
    }))
}

fn round(arguments: &[Type]) -> Resolution {
    const SIGNATURES: &str = "round(number), round(number, integer)";
    let (number, digits) = match arguments {
        [ty] => (ty.clone(), false),
        [ty, digits] if digits.coerces_to(&Type::Integer) => (ty.clone(), true),
        _ => return Resolution::Mismatch(SIGNATURES),
    };
    let Some(ty) = one_number(&[number]) else {
        return Resolution::Mismatch(SIGNATURES);
    };
    let (scale, result) = match (&ty, digits) {
        (Type::Decimal(p, s), false) => (*s, Type::Decimal((p - s + s.min(&1)).clamp(1, 38), 0)),
        (Type::Decimal(p, s), true) => (*s, Type::Decimal((p + 1).min(38), *s)),
        _ => (0, ty.clone()),
    };
    let mut parameters = vec![ty.clone()];
    if digits {
        parameters.push(Type::Integer);
    }
    let of = ty.clone();
    let fails = ty.is_integral() || matches!(ty, Type::Decimal(..));
    let function = Function::new("round", parameters, result, move |args| {
        let to = match args.get(1) {
            Some(Value::Int(to)) => *to,
            _ => 0,
        };
        round_value(args.first().unwrap_or(&Value::Null), to, digits, &of, scale)
    });
    Resolution::Found(if fails { function.failing() } else { function })
}

fn round_value(value: &Value, to: i64, digits: bool, ty: &Type, scale: u8) -> Result<Value> {
    let too_large = || {
        TrinoError::in_data(
            Code::NumericValueOutOfRange,
            format!("{ty} rounding overflow"),
        )
    };
    Ok(match value {
        Value::Double(x) => Value::Double(round_double(*x, to)),
        Value::Real(x) => Value::Real(round_double(f64::from(*x), to) as f32),
        Value::Int(i) if to >= 0 => Value::Int(*i),
        Value::Int(i) => {
            let rounded = rounded_at(i128::from(*i), to.unsigned_abs()).ok_or_else(too_large)?;
            let (low, high) = integral_range(ty);
            if rounded < i128::from(low) || rounded > i128::from(high) {
                return Err(too_large());
            }
            Value::Int(i64::try_from(rounded).unwrap_or(0))
        }
        Value::Decimal(d) if !digits => Value::Decimal(rescale(*d, scale, 0).unwrap_or(0)),
        Value::Decimal(d) if to >= i64::from(scale) => Value::Decimal(*d),
        Value::Decimal(d) => {
            let places = (i64::from(scale) - to).unsigned_abs();
            Value::Decimal(rounded_at(*d, places).ok_or_else(too_large)?)
        }
        _ => Value::Null,
    })
}

/// Rounded half up at 10^places, keeping the scale.
fn rounded_at(value: i128, places: u64) -> Option<i128> {
    let places = u8::try_from(places).ok().filter(|p| *p <= 38);
    let Some(places) = places else {
        return Some(0);
    };
    rescale(value, places, 0)?.checked_mul(ten_to(places))
}

/// Half away from zero at a number of decimals.
fn round_double(x: f64, to: i64) -> f64 {
    if !x.is_finite() {
        return x;
    }
    let factor = 10_f64.powi(i32::try_from(to).unwrap_or(0));
    let scaled = x * factor;
    if !scaled.is_finite() || scaled.abs() >= 9.007_199_254_740_992e15 {
        // No fraction is left to round at this place.
        return if to > 0 { x } else { scaled.round() / factor };
    }
    scaled.round() / factor
}

fn extreme(name: &str, arguments: &[Type]) -> Option<Function> {
    let (first, rest) = arguments.split_first()?;
    let ty = rest
        .iter()
        .try_fold(first.clone(), |ty, next| ty.common(next))?;
    if !ty.is_orderable() || arguments.len() > 127 {
        return None;
    }
    let greatest = name == "greatest";
    let of = ty.clone();
    let nested = matches!(ty, Type::Array(_) | Type::Row(_));
    let function = Function::new(name, vec![ty.clone(); arguments.len()], ty, move |args| {
        compare::extreme(args.iter(), &of, greatest)
    });
    Some(if nested { function.failing() } else { function })
}
