//! Typed expressions made of typed expressions: logic, comparisons, conversions and calls.

use datafusion::logical_expr::{Case, Cast, Expr, Operator, binary_expr, lit};

use super::super::ast::Pos;
use super::super::cast::can_cast;
use super::super::error::{Code, Result, TrinoError};
use super::super::function::Function;
use super::super::operators;
use super::super::types::Type;
use super::super::value::Value;
use super::literal::literal;
use super::query::null_of;
use super::scope::Typed;

/// The error of an operator that these types do not have.
pub fn cannot_apply(op: &str, left: &Type, right: &Type, pos: Pos) -> TrinoError {
    TrinoError::at(
        pos,
        Code::TypeMismatch,
        format!("Cannot apply operator: {left} {op} {right}"),
    )
}

/// A boolean expression.
pub fn boolean(expr: Expr, fails: bool) -> Typed {
    Typed {
        expr,
        ty: Type::Boolean,
        fails,
        constant: None,
    }
}

/// NOT, three-valued.
pub fn not(value: Typed) -> Typed {
    match value.constant {
        Some(Value::Boolean(b)) => {
            return Typed {
                expr: lit(!b),
                constant: Some(Value::Boolean(!b)),
                ..value
            };
        }
        Some(_) => return value,
        None => {}
    }
    boolean(Expr::Not(Box::new(value.expr)), value.fails)
}

/// AND (or OR) of several terms, three-valued. From the first term that can fail on, a row reaches a
/// term only if the terms before it have not decided.
pub fn and(terms: Vec<Typed>, conjunction: bool) -> Typed {
    let deciding = !conjunction;
    let mut kept: Vec<Typed> = Vec::with_capacity(terms.len());
    for term in terms {
        match term.constant {
            // Terms before this one might still fail, so they stay.
            Some(Value::Boolean(b)) if b == deciding => {
                kept.push(term);
                break;
            }
            Some(Value::Boolean(_)) => {}
            _ => kept.push(term),
        }
    }
    if let [only] = kept.as_slice() {
        return only.clone();
    }
    if kept.is_empty() {
        return Typed {
            constant: Some(Value::Boolean(conjunction)),
            ..boolean(lit(conjunction), false)
        };
    }
    let fails = kept.iter().any(|t| t.fails);
    let operator = if conjunction {
        Operator::And
    } else {
        Operator::Or
    };
    let guarded = kept.iter().skip(1).any(|t| t.fails);
    if !guarded {
        return boolean(balanced(kept, operator), fails);
    }
    // What cannot fail and comes first stays a plain conjunct too: it may reach the table scan.
    let first_failing = kept.iter().position(|t| t.fails).unwrap_or(0);
    let branches = kept
        .iter()
        .take(kept.len() - 1)
        .map(|term| {
            let decided = if conjunction {
                Expr::IsFalse(Box::new(term.expr.clone()))
            } else {
                Expr::IsTrue(Box::new(term.expr.clone()))
            };
            (decided, lit(deciding))
        })
        .collect();
    let safe: Vec<Typed> = kept.iter().take(first_failing).cloned().collect();
    let whole = balanced(kept, operator);
    let guarded = lazy_boolean(branches, whole);
    if safe.is_empty() || !conjunction {
        return boolean(guarded, true);
    }
    boolean(
        binary_expr(balanced(safe, operator), operator, guarded),
        true,
    )
}

/// A CASE of boolean results that stays one: DataFusion rewrites such a CASE into AND and OR, which
/// compute every branch for every row. So the results travel as numbers.
fn lazy_boolean(branches: Vec<(Expr, Expr)>, otherwise: Expr) -> Expr {
    let flag = |expr: Expr| operators::flag().expression(vec![expr]);
    let branches = branches
        .into_iter()
        .map(|(when, then)| (Box::new(when), Box::new(flag(then))))
        .collect();
    let chosen = Expr::Case(Case::new(None, branches, Some(Box::new(flag(otherwise)))));
    operators::from_flag().expression(vec![chosen])
}

/// A tree as flat as can be: a thousand conjuncts must not nest a thousand deep.
fn balanced(mut terms: Vec<Typed>, operator: Operator) -> Expr {
    if terms.len() > 1 {
        let right = terms.split_off(terms.len() / 2);
        return binary_expr(
            balanced(terms, operator),
            operator,
            balanced(right, operator),
        );
    }
    terms.pop().map_or_else(|| lit(true), |term| term.expr)
}

/// CASE of boolean conditions.
pub fn case_of(pairs: Vec<(Typed, Typed)>, otherwise: Option<Typed>, pos: Pos) -> Result<Typed> {
    let mut ty = Type::Unknown;
    for value in pairs.iter().map(|(_, v)| v).chain(&otherwise) {
        ty = ty.common(&value.ty).ok_or_else(|| {
            TrinoError::at(
                pos,
                Code::TypeMismatch,
                format!("All CASE results must be the same type: {ty}"),
            )
        })?;
    }
    // A constant condition decides here: what it excludes is never computed.
    let mut open = Vec::new();
    let mut otherwise = otherwise;
    for (condition, value) in pairs {
        match condition.constant {
            Some(Value::Boolean(true)) => {
                otherwise = Some(value);
                break;
            }
            Some(_) => {}
            None => open.push((condition, value)),
        }
    }
    let otherwise = match otherwise {
        Some(value) => coerce(value, &ty)?,
        None => literal(Value::Null, ty.clone())?,
    };
    if open.is_empty() {
        return Ok(otherwise);
    }
    let mut fails = otherwise.fails;
    let mut branches = Vec::with_capacity(open.len());
    for (condition, value) in open {
        let value = coerce(value, &ty)?;
        fails |= condition.fails || value.fails;
        branches.push((condition.expr, value.expr));
    }
    let expr = if ty == Type::Boolean && fails {
        lazy_boolean(branches, otherwise.expr)
    } else {
        let branches = branches
            .into_iter()
            .map(|(when, then)| (Box::new(when), Box::new(then)))
            .collect();
        Expr::Case(Case::new(None, branches, Some(Box::new(otherwise.expr))))
    };
    Ok(Typed {
        expr,
        ty,
        fails,
        constant: None,
    })
}

/// A comparison; both sides coerce to their common type.
pub fn comparison(op: &'static str, left: Typed, right: Typed, pos: Pos) -> Result<Typed> {
    let ordering = !matches!(op, "=" | "<>");
    // Errors name the operator that Trino makes of this one.
    let operator = match op {
        "<>" => "=",
        ">" => "<",
        ">=" => "<=",
        op => op,
    };
    let ty = left
        .ty
        .common(&right.ty)
        .filter(|ty| !ordering || ty.is_orderable())
        .ok_or_else(|| cannot_apply(operator, &left.ty, &right.ty, pos))?;
    let (left, right) = (coerce(left, &ty)?, coerce(right, &ty)?);
    if ty == Type::Unknown {
        return literal(Value::Null, Type::Boolean);
    }
    let constant = left.constant.is_some() && right.constant.is_some();
    if ty.compares_natively() && !constant && !matches!(ty, Type::Char(_)) {
        let operator = match op {
            "=" => Operator::Eq,
            "<>" => Operator::NotEq,
            "<" => Operator::Lt,
            "<=" => Operator::LtEq,
            ">" => Operator::Gt,
            _ => Operator::GtEq,
        };
        let fails = left.fails || right.fails;
        return Ok(boolean(binary_expr(left.expr, operator, right.expr), fails));
    }
    if op == "="
        && !constant
        && let (Some(l), Some(r)) = (operators::join_key(&ty), operators::join_key(&ty))
    {
        // The key form keeps equality in Arrow's hands, so joins on it hash; NaN equals nothing.
        let nan_or_null = matches!(ty, Type::Double | Type::Real);
        if !nan_or_null {
            let (l, r) = (apply(l, vec![left])?, apply(r, vec![right])?);
            let fails = l.fails || r.fails;
            return Ok(boolean(binary_expr(l.expr, Operator::Eq, r.expr), fails));
        }
    }
    apply(operators::comparison(op, ty), vec![left, right])
}

/// IS DISTINCT FROM.
pub fn is_distinct(left: Typed, right: Typed, pos: Pos) -> Result<Typed> {
    let Some(ty) = left.ty.common(&right.ty) else {
        return Err(TrinoError::at(
            pos,
            Code::TypeMismatch,
            format!("Cannot check if {} is distinct from {}", left.ty, right.ty),
        ));
    };
    let (left, right) = (coerce(left, &ty)?, coerce(right, &ty)?);
    apply(operators::distinct(ty), vec![left, right])
}

/// A value in the form it is ordered by.
pub fn ordered(value: Typed) -> Result<Typed> {
    match operators::order_key(&value.ty) {
        Some(key) => apply(key, vec![value]),
        None => Ok(value),
    }
}

/// An explicit CAST or TRY_CAST.
pub fn cast(value: Typed, to: &Type, safe: bool, pos: Pos) -> Result<Typed> {
    if !can_cast(&value.ty, to) {
        return Err(TrinoError::at(
            pos,
            Code::TypeMismatch,
            format!("Cannot cast {} to {to}", value.ty),
        ));
    }
    if value.ty == *to {
        return Ok(value);
    }
    apply_or_widen(value, to, safe)
}

/// A value where another type is wanted.
pub fn coerce(value: Typed, to: &Type) -> Result<Typed> {
    if value.ty == *to {
        return Ok(value);
    }
    apply_or_widen(value, to, false)
}

fn apply_or_widen(value: Typed, to: &Type, safe: bool) -> Result<Typed> {
    match (&value.ty, to) {
        (Type::Unknown, _) => {
            let expr = null_of(to)?;
            return Ok(Typed {
                expr,
                ty: to.clone(),
                fails: false,
                constant: Some(Value::Null),
            });
        }
        // Longer text is the same text.
        (Type::Varchar(from), Type::Varchar(to_length))
            if to_length.is_none() || from.zip(*to_length).is_some_and(|(a, b)| a <= b) =>
        {
            return Ok(Typed {
                ty: to.clone(),
                ..value
            });
        }
        // More digits are the same time, where they are held alike.
        (Type::Time(a), Type::Time(b))
        | (Type::TimeTz(a), Type::TimeTz(b))
        | (Type::Timestamp(a), Type::Timestamp(b))
        | (Type::TimestampTz(a), Type::TimestampTz(b))
            if a <= b && value.ty.arrow() == to.arrow() =>
        {
            return Ok(Typed {
                ty: to.clone(),
                ..value
            });
        }
        // Arrow widens as Trino does, and DataFusion sees through it when it prunes.
        (from, to)
            if value.constant.is_none()
                && ((from.is_integral() && to.is_integral() && from.coerces_to(to))
                    || (from.is_integral() && *to == Type::Double)
                    || (*from == Type::Real && *to == Type::Double)) =>
        {
            return Ok(Typed {
                expr: Expr::Cast(Cast::new(Box::new(value.expr), to.arrow())),
                ty: to.clone(),
                fails: value.fails,
                constant: None,
            });
        }
        _ => {}
    }
    let function = operators::cast(value.ty.clone(), to.clone(), safe);
    apply(function, vec![value])
}

/// A call: arguments coerced, folded when they are constants.
pub fn apply(function: Function, arguments: Vec<Typed>) -> Result<Typed> {
    let arguments = arguments
        .into_iter()
        .zip(&function.arguments)
        .map(|(argument, ty)| match (&argument.ty, ty) {
            // `char` where text is wanted: padded, as CAST would.
            (have, want) if have == want => Ok(argument),
            (_, want) => coerce(argument, want),
        })
        .collect::<Result<Vec<_>>>()?;
    let constants: Option<Vec<Value>> = arguments.iter().map(|a| a.constant.clone()).collect();
    let ty = function.result.clone();
    // What fails on constants must still fail only if a row gets there.
    if function.draw.is_none()
        && let Some(constants) = constants
        && let Ok(value) = function.call(&constants)
    {
        return literal(value, ty);
    }
    let fails = function.fails || arguments.iter().any(|a| a.fails);
    let expr = function.expression(arguments.into_iter().map(|a| a.expr).collect());
    Ok(Typed {
        expr,
        ty,
        fails,
        constant: None,
    })
}
