//! `+ - * / %` and unary minus: types and checked values.

use datafusion::arrow::datatypes::i256;

use super::calendar::{
    DAY_PICOS, MILLI_PICOS, Zoned, ZonedTime, join_day, millis_of, plus_months, round_picos,
    split_day,
};
use super::cast::{fits, integral_range, ten_to};
use super::error::{Code, Result, TrinoError};
use super::types::Type;
use super::value::Value;

/// Operand types (after coercion) and result type of an operator.
pub struct Resolved {
    /// Left operand.
    pub left: Type,
    /// Right operand.
    pub right: Type,
    /// Result.
    pub result: Type,
}

/// Finds the operator's overload.
pub fn resolve(op: &str, left: &Type, right: &Type) -> Option<Resolved> {
    let same = |ty: Type| {
        Some(Resolved {
            left: ty.clone(),
            right: ty.clone(),
            result: ty,
        })
    };
    let kept = |result: Type| {
        Some(Resolved {
            left: left.clone(),
            right: right.clone(),
            result,
        })
    };
    match (left, right) {
        (Type::Unknown, Type::Unknown) => None,
        (Type::Unknown, ty) | (ty, Type::Unknown) if ty.is_numeric() => resolve(op, ty, ty),
        (a, b) if a.is_numeric() && b.is_numeric() => match a.common(b)? {
            Type::Decimal(..) => decimal(op, a.as_decimal()?, b.as_decimal()?),
            ty => same(ty),
        },
        (
            Type::Date | Type::Timestamp(_) | Type::TimestampTz(_),
            Type::IntervalDay | Type::IntervalYear,
        )
        | (Type::Time(_) | Type::TimeTz(_), Type::IntervalDay)
            if matches!(op, "+" | "-") =>
        {
            kept(moved(left, right))
        }
        (
            Type::IntervalDay | Type::IntervalYear,
            Type::Date | Type::Timestamp(_) | Type::TimestampTz(_),
        )
        | (Type::IntervalDay, Type::Time(_) | Type::TimeTz(_))
            if op == "+" =>
        {
            kept(moved(right, left))
        }
        (Type::IntervalDay, Type::IntervalDay) | (Type::IntervalYear, Type::IntervalYear)
            if matches!(op, "+" | "-") =>
        {
            same(left.clone())
        }
        (
            Type::Timestamp(_)
            | Type::TimestampTz(_)
            | Type::Date
            | Type::Time(_)
            | Type::TimeTz(_),
            _,
        ) if op == "-" && left.common(right).is_some() => {
            let ty = left.common(right)?;
            Some(Resolved {
                left: ty.clone(),
                right: ty,
                result: Type::IntervalDay,
            })
        }
        (interval @ (Type::IntervalDay | Type::IntervalYear), n)
            if matches!(op, "*" | "/") && n.is_numeric() =>
        {
            // Intervals are divided by doubles only.
            let number = if n.is_integral() && op == "*" {
                Type::Bigint
            } else {
                Type::Double
            };
            Some(Resolved {
                left: interval.clone(),
                right: number,
                result: interval.clone(),
            })
        }
        (n, interval @ (Type::IntervalDay | Type::IntervalYear)) if op == "*" && n.is_numeric() => {
            let number = if n.is_integral() {
                Type::Bigint
            } else {
                Type::Double
            };
            Some(Resolved {
                left: number,
                right: interval.clone(),
                result: interval.clone(),
            })
        }
        _ => None,
    }
}

/// A date moved by a day interval stays a date; a timestamp keeps at least milliseconds.
fn moved(time: &Type, interval: &Type) -> Type {
    match (time, interval) {
        (Type::Time(p), Type::IntervalDay) => Type::Time((*p).max(3)),
        (Type::TimeTz(p), Type::IntervalDay) => Type::TimeTz((*p).max(3)),
        (Type::Timestamp(p), Type::IntervalDay) => Type::Timestamp((*p).max(3)),
        (Type::TimestampTz(p), Type::IntervalDay) => Type::TimestampTz((*p).max(3)),
        (ty, _) => ty.clone(),
    }
}

fn decimal(op: &str, (p1, s1): (u8, u8), (p2, s2): (u8, u8)) -> Option<Resolved> {
    let (scale, precision) = match op {
        "+" | "-" => {
            let scale = s1.max(s2);
            (scale, (p1 - s1).max(p2 - s2) + scale + 1)
        }
        "*" => (s1 + s2, p1 + p2),
        "/" => {
            let scale = s1.max(s2);
            (scale, p1 + s2 + s2.saturating_sub(s1))
        }
        _ => {
            let scale = s1.max(s2);
            (scale, (p1 - s1).min(p2 - s2) + scale)
        }
    };
    if scale > 38 {
        return None;
    }
    Some(Resolved {
        left: Type::Decimal(p1, s1),
        right: Type::Decimal(p2, s2),
        result: Type::Decimal(precision.clamp(1, 38), scale),
    })
}

fn overflow(ty: &Type, what: &str, shown: String) -> TrinoError {
    TrinoError::in_data(
        Code::NumericValueOutOfRange,
        format!("{ty} {what} overflow: {shown}"),
    )
}

fn by_zero() -> TrinoError {
    TrinoError::in_data(Code::DivisionByZero, "Division by zero")
}

/// Applies an operator to values of the resolved types; neither is NULL.
pub fn apply(op: &str, a: &Value, b: &Value, types: &Resolved) -> Result<Value> {
    match (a, b, &types.result) {
        (Value::Int(a), Value::Int(b), ty) if ty.is_integral() => integral(op, *a, *b, ty),
        (Value::Double(a), Value::Double(b), Type::Double) => Ok(Value::Double(match op {
            "+" => a + b,
            "-" => a - b,
            "*" => a * b,
            "/" => a / b,
            _ => a % b,
        })),
        (Value::Real(a), Value::Real(b), Type::Real) => Ok(Value::Real(match op {
            "+" => a + b,
            "-" => a - b,
            "*" => a * b,
            "/" => a / b,
            _ => a % b,
        })),
        (Value::Decimal(a), Value::Decimal(b), Type::Decimal(precision, scale)) => {
            let scales = (scale_of(&types.left), scale_of(&types.right), *scale);
            decimal_value(op, *a, *b, scales, *precision)
        }
        _ => intervals(op, a, b, types),
    }
}

fn scale_of(ty: &Type) -> u8 {
    ty.as_decimal().map_or(0, |(_, scale)| scale)
}

fn integral(op: &str, a: i64, b: i64, ty: &Type) -> Result<Value> {
    let (what, sign, result) = match op {
        "+" => ("addition", "+", a.checked_add(b)),
        "-" => ("subtraction", "-", a.checked_sub(b)),
        "*" => ("multiplication", "*", a.checked_mul(b)),
        "/" if b == 0 => return Err(by_zero()),
        "%" if b == 0 => return Err(by_zero()),
        "/" => ("division", "/", a.checked_div(b)),
        _ => ("modulus", "%", Some(a.checked_rem(b).unwrap_or(0))),
    };
    let (low, high) = integral_range(ty);
    match result {
        Some(value) if value >= low && value <= high => Ok(Value::Int(value)),
        _ => Err(overflow(ty, what, format!("{a} {sign} {b}"))),
    }
}

fn decimal_value(
    op: &str,
    a: i128,
    b: i128,
    (sa, sb, scale): (u8, u8, u8),
    precision: u8,
) -> Result<Value> {
    let too_large = || TrinoError::in_data(Code::NumericValueOutOfRange, "Decimal overflow");
    let wide =
        |value: i128, power: u8| i256::from_i128(value).checked_mul(i256::from_i128(ten_to(power)));
    let result = match op {
        "+" | "-" => {
            let (a, b) = (wide(a, scale - sa), wide(b, scale - sb));
            let (a, b) = a.zip(b).ok_or_else(too_large)?;
            // An operand that does not fit 38 digits at the common scale is refused by itself.
            if [a, b]
                .iter()
                .any(|x| x.to_i128().is_none_or(|x| !fits(x, 38)))
            {
                return Err(too_large());
            }
            if op == "+" {
                a.checked_add(b)
            } else {
                a.checked_sub(b)
            }
        }
        "*" => i256::from_i128(a).checked_mul(i256::from_i128(b)),
        _ if b == 0 => return Err(by_zero()),
        "/" => {
            // a/10^sa ÷ b/10^sb at `scale`: a × 10^(scale − sa + sb) ÷ b, half up.
            let power = scale - sa + sb;
            let dividend = wide(a, power.min(38))
                .and_then(|d| d.checked_mul(i256::from_i128(ten_to(power.saturating_sub(38)))))
                .ok_or_else(too_large)?;
            let divisor = i256::from_i128(b);
            let quotient = dividend.checked_div(divisor).ok_or_else(too_large)?;
            let remainder = dividend.checked_rem(divisor).ok_or_else(too_large)?;
            let twice = remainder
                .wrapping_abs()
                .checked_mul(i256::from_i128(2))
                .ok_or_else(too_large)?;
            let away = twice >= divisor.wrapping_abs();
            let unit = if (a < 0) == (b < 0) {
                i256::ONE
            } else {
                i256::MINUS_ONE
            };
            if away {
                quotient.checked_add(unit)
            } else {
                Some(quotient)
            }
        }
        _ => {
            let (a, b) = (wide(a, scale - sa), wide(b, scale - sb));
            let (a, b) = a.zip(b).ok_or_else(too_large)?;
            a.checked_rem(b)
        }
    };
    result
        .and_then(i256::to_i128)
        .filter(|value| fits(*value, 38))
        .filter(|value| precision == 38 || fits(*value, precision))
        .map(Value::Decimal)
        .ok_or_else(too_large)
}

fn intervals(op: &str, a: &Value, b: &Value, types: &Resolved) -> Result<Value> {
    let minus = op == "-";
    let out = || overflow(&types.result, "arithmetic", op.to_string());
    match (a, b, &types.left, &types.right) {
        (Value::Int(a), Value::Int(b), Type::IntervalDay, Type::IntervalDay)
        | (Value::Int(a), Value::Int(b), Type::IntervalYear, Type::IntervalYear) => {
            let sum = if minus {
                a.checked_sub(*b)
            } else {
                a.checked_add(*b)
            };
            sum.map(Value::Int).ok_or_else(out)
        }
        (Value::Timestamp(a), Value::Timestamp(b), ..) => Ok(Value::Int(whole_millis(a - b))),
        (Value::Zoned(a), Value::Zoned(b), ..) => {
            Ok(Value::Int(whole_millis(a.picos() - b.picos())))
        }
        (Value::Time(a), Value::Time(b), ..) => Ok(Value::Int(whole_millis((a - b).into()))),
        (Value::ZonedTime(a), Value::ZonedTime(b), ..) => {
            Ok(Value::Int(whole_millis((a.utc() - b.utc()).into())))
        }
        (Value::Date(a), Value::Date(b), ..) => {
            Ok(Value::Int((i64::from(*a) - i64::from(*b)) * 86_400_000))
        }
        (Value::Int(n), other, Type::IntervalDay | Type::IntervalYear, _)
            if matches!(op, "*" | "/") =>
        {
            scaled(op, *n, other)
        }
        (other, Value::Int(n), _, Type::IntervalDay | Type::IntervalYear) if op == "*" => {
            scaled(op, *n, other)
        }
        (time, Value::Int(interval), ty, kind @ (Type::IntervalDay | Type::IntervalYear)) => {
            let by = if minus { -*interval } else { *interval };
            shift(time, by, ty, kind, minus)
        }
        (Value::Int(interval), time, kind, ty) => shift(time, *interval, ty, kind, false),
        _ => Err(out()),
    }
}

fn scaled(op: &str, interval: i64, by: &Value) -> Result<Value> {
    let refused = |what: &str, by: f64| {
        let by = super::text::double_java(by);
        TrinoError::in_data(
            Code::InvalidFunctionArgument,
            format!("Cannot {what} by double {by}"),
        )
    };
    match (op, by) {
        ("*", Value::Int(n)) => Ok(Value::Int(interval.saturating_mul(*n))),
        ("*", Value::Double(x)) if x.is_nan() => Err(refused("multiply", *x)),
        ("*", Value::Double(x)) => Ok(Value::Int((interval as f64 * x) as i64)),
        (_, Value::Double(x)) if x.is_nan() || *x == 0.0 => Err(refused("divide", *x)),
        (_, Value::Double(x)) => Ok(Value::Int((interval as f64 / x) as i64)),
        _ => Ok(Value::Null),
    }
}

/// The difference of two times as an interval, rounded half up.
fn whole_millis(picos: i128) -> i64 {
    millis_of(round_picos(picos, 3))
}

fn out_of_range(what: &str) -> TrinoError {
    TrinoError::in_data(
        Code::InvalidFunctionArgument,
        format!("{what} is out of range"),
    )
}

/// Picoseconds of the local time `months` later, the day clipped to the month.
pub fn months_later(picos: i128, months: i64) -> i128 {
    let (days, of_day) = split_day(picos);
    join_day(plus_months(days, months), of_day)
}

/// A date or time moved by an interval.
fn shift(time: &Value, by: i64, ty: &Type, kind: &Type, minus: bool) -> Result<Value> {
    let months = *kind == Type::IntervalYear;
    let far = i128::from(by) * i128::from(MILLI_PICOS);
    let date = |days: i64| {
        i32::try_from(days)
            .map(Value::Date)
            .map_err(|_| out_of_range("Date"))
    };
    let of_day = |picos: i64| {
        let moved = (i128::from(picos) + far).rem_euclid(i128::from(DAY_PICOS));
        i64::try_from(moved).unwrap_or(0)
    };
    Ok(match time {
        Value::Date(days) if months => date(plus_months(i64::from(*days), by))?,
        Value::Date(days) => {
            if by % 86_400_000 != 0 {
                let message = if minus {
                    "Cannot subtract hour, minutes or seconds from a date"
                } else {
                    "Cannot add hour, minutes or seconds to a date"
                };
                return Err(TrinoError::in_data(Code::InvalidFunctionArgument, message));
            }
            date(i64::from(*days) + by / 86_400_000)?
        }
        Value::Time(picos) => Value::Time(of_day(*picos)),
        Value::ZonedTime(time) => Value::ZonedTime(ZonedTime {
            picos: of_day(time.picos),
            ..*time
        }),
        Value::Timestamp(picos) if months => Value::Timestamp(months_later(*picos, by)),
        Value::Timestamp(picos) => Value::Timestamp(picos + far),
        Value::Zoned(zoned) => {
            let moved = if months {
                Zoned::from_local(months_later(zoned.local_picos(), by), zoned.zone)
            } else {
                Zoned::at(zoned.picos() + far, zoned.zone)
            };
            Value::Zoned(moved.ok_or_else(|| out_of_range("Timestamp"))?)
        }
        _ => {
            return Err(TrinoError::in_data(
                Code::GenericInternalError,
                format!("{kind} on {ty}"),
            ));
        }
    })
}

/// Unary minus.
pub fn negate(value: &Value, ty: &Type) -> Result<Value> {
    Ok(match value {
        Value::Int(i) => {
            let (low, _) = integral_range(ty);
            if ty.is_integral() && *i == low {
                return Err(overflow(ty, "negation", i.to_string()));
            }
            Value::Int(-i)
        }
        Value::Double(x) => Value::Double(-x),
        Value::Real(x) => Value::Real(-x),
        Value::Decimal(d) => Value::Decimal(-d),
        other => other.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(op: &str, a: (i128, u8, u8), b: (i128, u8, u8), expected: &str) {
        let types = resolve(op, &Type::Decimal(a.1, a.2), &Type::Decimal(b.1, b.2)).unwrap();
        let got = match apply(op, &Value::Decimal(a.0), &Value::Decimal(b.0), &types) {
            Ok(value) => format!(
                "{} {}",
                super::super::cast::text_of(&value, &types.result),
                types.result
            ),
            Err(e) => e.to_string(),
        };
        assert_eq!(got, expected);
    }

    #[test]
    fn decimals_keep_trinos_types_and_round_half_up() {
        check("+", (150, 3, 2), (5, 1, 0), "6.50 decimal(4,2)");
        check("*", (150, 3, 2), (25, 2, 1), "3.750 decimal(5,3)");
        check("/", (10, 2, 1), (3, 1, 0), "0.3 decimal(2,1)");
        check("/", (-2, 1, 0), (3, 1, 0), "-1 decimal(1,0)");
        check(
            "/",
            (1, 1, 0),
            (0, 1, 0),
            "DIVISION_BY_ZERO: Division by zero",
        );
        check("%", (7, 1, 0), (4, 1, 0), "3 decimal(1,0)");
        let nines = ten_to(38) - 1;
        check(
            "+",
            (nines, 38, 0),
            (1, 1, 0),
            "NUMERIC_VALUE_OUT_OF_RANGE: Decimal overflow",
        );
    }

    #[test]
    fn whole_numbers_overflow_loudly() {
        let types = resolve("+", &Type::Integer, &Type::Integer).unwrap();
        let error = apply("+", &Value::Int(2_147_483_647), &Value::Int(1), &types).unwrap_err();
        assert_eq!(
            error.to_string(),
            "NUMERIC_VALUE_OUT_OF_RANGE: integer addition overflow: 2147483647 + 1"
        );
    }
}
