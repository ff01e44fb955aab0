//! Aggregate functions: types, and how each is computed with DataFusion's.

use std::sync::Arc;

use datafusion::arrow::datatypes::DataType;
use datafusion::functions_aggregate::{
    array_agg::array_agg_udaf,
    average::avg_udaf,
    bool_and_or::{bool_and_udaf, bool_or_udaf},
    correlation::corr_udaf,
    count::count_udaf,
    covariance::{covar_pop_udaf, covar_samp_udaf},
    first_last::first_value_udaf,
    min_max::{max_udaf, min_udaf},
    stddev::{stddev_pop_udaf, stddev_udaf},
    sum::sum_udaf,
    variance::{var_pop_udaf, var_samp_udaf},
};
use datafusion::logical_expr::expr::AggregateFunction;
use datafusion::logical_expr::{AggregateUDF, Cast, Expr, SortExpr, lit};

use super::super::aggregates;
use super::super::ast::{Call, Node, Pos};
use super::super::cast::{fits, integral_range, ten_to};
use super::super::error::{Code, Result, TrinoError};
use super::super::fold::Fold;
use super::super::function::Function;
use super::super::operators;
use super::super::types::Type;
use super::super::value::Value;
use super::combine::{apply, coerce, ordered};
use super::expression::Analyzer;
use super::scope::{Typed, column};

/// One aggregate call; `id` is the column that will hold its result.
#[derive(Clone, Debug)]
pub struct AggregateCall {
    /// Column of the result.
    pub id: String,
    /// Function.
    pub name: String,
    /// Arguments, coerced.
    pub arguments: Vec<Typed>,
    /// DISTINCT.
    pub distinct: bool,
    /// FILTER.
    pub filter: Option<Typed>,
    /// ORDER BY: key, descending, nulls first.
    pub order_by: Vec<(Typed, bool, bool)>,
    /// Result type.
    pub ty: Type,
    /// The kernel of an aggregate that DataFusion has not.
    pub fold: Option<Fold>,
}

/// One DataFusion aggregate that takes part in a call.
pub struct Part {
    /// Column of its result.
    pub id: String,
    /// Function.
    pub function: Arc<AggregateUDF>,
    /// Arguments.
    pub arguments: Vec<Expr>,
    /// DISTINCT.
    pub distinct: bool,
    /// FILTER.
    pub filter: Option<Expr>,
    /// ORDER BY.
    pub order_by: Vec<SortExpr>,
}

impl Part {
    /// As an aggregate expression.
    pub fn expression(self) -> Expr {
        Expr::AggregateFunction(AggregateFunction::new_udf(
            self.function,
            self.arguments,
            self.distinct,
            self.filter.map(Box::new),
            self.order_by,
            None,
        ))
        .alias(self.id)
    }
}

const NAMES: &[&str] = &[
    "any_value",
    "approx_distinct",
    "arbitrary",
    "array_agg",
    "avg",
    "bool_and",
    "bool_or",
    "corr",
    "count",
    "count_if",
    "covar_pop",
    "covar_samp",
    "every",
    "geometric_mean",
    "max",
    "max_by",
    "min",
    "min_by",
    "stddev",
    "stddev_pop",
    "stddev_samp",
    "sum",
    "var_pop",
    "var_samp",
    "variance",
];

/// Whether a name is an aggregate computed here.
pub fn is_aggregate(name: &str) -> bool {
    NAMES.contains(&name) || aggregates::NAMES.contains(&name)
}

/// Parameter types and result type of an overload.
fn resolve(name: &str, arguments: &[Type]) -> Option<(Vec<Type>, Type)> {
    let double = || (vec![Type::Double], Type::Double);
    Some(match (name, arguments) {
        ("count", []) => (vec![], Type::Bigint),
        ("count" | "approx_distinct", [ty]) => (vec![ty.clone()], Type::Bigint),
        ("count_if", [ty]) if ty.coerces_to(&Type::Boolean) => (vec![Type::Boolean], Type::Bigint),
        ("bool_and" | "bool_or" | "every", [ty]) if ty.coerces_to(&Type::Boolean) => {
            (vec![Type::Boolean], Type::Boolean)
        }
        ("sum", [ty]) if ty.is_integral() || *ty == Type::Unknown => {
            (vec![Type::Bigint], Type::Bigint)
        }
        ("sum", [Type::Decimal(p, s)]) => (vec![Type::Decimal(*p, *s)], Type::Decimal(38, *s)),
        ("sum" | "avg", [ty @ (Type::Real | Type::Double)]) => (vec![ty.clone()], ty.clone()),
        ("avg", [ty]) if ty.is_integral() || *ty == Type::Unknown => double(),
        ("avg", [Type::Decimal(p, s)]) => (vec![Type::Decimal(*p, *s)], Type::Decimal(*p, *s)),
        ("sum" | "avg", [ty @ (Type::IntervalDay | Type::IntervalYear)]) => {
            (vec![ty.clone()], ty.clone())
        }
        ("min" | "max", [ty])
            if ty.is_orderable() && !matches!(ty, Type::Array(_) | Type::Row(_)) =>
        {
            (vec![ty.clone()], ty.clone())
        }
        ("min_by" | "max_by", [value, by])
            if by.is_orderable() && !matches!(by, Type::Array(_) | Type::Row(_)) =>
        {
            (vec![value.clone(), by.clone()], value.clone())
        }
        ("arbitrary" | "any_value", [ty]) => (vec![ty.clone()], ty.clone()),
        ("array_agg", [ty]) => (vec![ty.clone()], Type::Array(Box::new(ty.clone()))),
        (
            "stddev" | "stddev_samp" | "stddev_pop" | "variance" | "var_samp" | "var_pop"
            | "geometric_mean",
            [ty],
        ) if ty.coerces_to(&Type::Double) => double(),
        ("corr" | "covar_pop" | "covar_samp", [a, b])
            if a.coerces_to(&Type::Double) && b.coerces_to(&Type::Double) =>
        {
            (vec![Type::Double, Type::Double], Type::Double)
        }
        _ => return None,
    })
}

impl Analyzer<'_> {
    /// Arguments, filter and order of an aggregate, under the result's identity.
    pub(super) fn aggregate(&mut self, name: &str, call: &Call, pos: Pos) -> Result<AggregateCall> {
        if call.ignore_nulls {
            return Err(TrinoError::unsupported(
                pos,
                format!("IGNORE NULLS of {name}"),
            ));
        }
        let distinct_works = [
            "count",
            "count_if",
            "sum",
            "avg",
            "min",
            "max",
            "array_agg",
            "bool_and",
            "bool_or",
            "every",
            "approx_distinct",
        ];
        if call.distinct && !distinct_works.contains(&name) && !aggregates::NAMES.contains(&name) {
            return Err(TrinoError::unsupported(pos, format!("{name}(DISTINCT …)")));
        }
        if call.star && name != "count" {
            return Err(mismatch(name, "*", pos));
        }
        if call
            .arguments
            .iter()
            .any(|a| matches!(a.kind, Node::Lambda(..)))
        {
            return Err(if name == "reduce_agg" {
                TrinoError::unsupported(pos, format!("Function {name}"))
            } else {
                mismatch(name, "<function>", pos)
            });
        }
        let arguments = self.all(&call.arguments)?;
        let types: Vec<Type> = arguments.iter().map(|a| a.ty.clone()).collect();
        let nested = matches!(
            types.as_slice(),
            [Type::Array(_) | Type::Row(_) | Type::Map(..)]
        );
        let fold = match name {
            "count" if !(call.distinct && nested) => None,
            "array_agg" | "approx_distinct" if nested && (call.distinct || name != "array_agg") => {
                aggregates::by_rows(name, &types)
            }
            // Frames move, and DataFusion's own cannot let go of rows.
            "array_agg" | "min_by" | "max_by" | "arbitrary" | "any_value" | "approx_distinct"
                if self.inside_window =>
            {
                aggregates::by_rows(name, &types)
            }
            name => aggregates::resolve(name, &types),
        };
        let found = match &fold {
            Some(fold) => Some((fold.arguments.clone(), fold.result.clone())),
            None => resolve(name, &types),
        };
        let Some((parameters, ty)) = found else {
            let shown: Vec<String> = types.iter().map(ToString::to_string).collect();
            return Err(if unsupported_form(name, &types) {
                TrinoError::unsupported(pos, format!("{name}({})", shown.join(", ")))
            } else {
                mismatch(name, &shown.join(", "), pos)
            });
        };
        let counts_distinct = (call.distinct || name == "approx_distinct") && fold.is_none();
        let arguments = arguments
            .into_iter()
            .zip(&parameters)
            .map(|(argument, ty)| {
                let argument = coerce(argument, ty)?;
                match operators::group_key(ty).filter(|_| counts_distinct) {
                    Some(key) => apply(key, vec![argument]),
                    // Only their number is asked for, so instants stand for times with zones.
                    None if fold.is_none() && matches!(name, "count" | "approx_distinct") => {
                        ordered(argument)
                    }
                    None => Ok(argument),
                }
            })
            .collect::<Result<Vec<_>>>()?;
        let filter = call
            .filter
            .as_ref()
            .map(|f| self.condition(f, "FILTER"))
            .transpose()?;
        let mut order_by = Vec::new();
        for item in &call.order_by {
            let key = self.analyze(&item.expression)?;
            self.planner.sortable(&key.ty, item.expression.pos)?;
            let key = ordered(key)?;
            order_by.push((key, item.descending, item.nulls_first));
        }
        let sorted_by_argument = |key: &Typed| arguments.iter().any(|a: &Typed| a.expr == key.expr);
        if call.distinct && !order_by.iter().all(|(key, ..)| sorted_by_argument(key)) {
            return Err(TrinoError::at(
                pos,
                Code::ExpressionNotInDistinct,
                "For aggregate function with DISTINCT, ORDER BY expressions must appear in arguments",
            ));
        }
        Ok(AggregateCall {
            id: self.planner.fresh(),
            name: name.to_string(),
            arguments,
            distinct: call.distinct,
            filter,
            order_by,
            ty,
            fold,
        })
    }

    /// An aggregate outside a window: gathered, its column returned.
    pub(super) fn aggregate_call(&mut self, name: &str, call: &Call, pos: Pos) -> Result<Typed> {
        if self.gathered.is_none() || !self.lambda.is_empty() {
            return Err(self.not_scalar(pos, call));
        }
        if self.inside_aggregate {
            return Err(TrinoError::at(
                pos,
                Code::NestedAggregation,
                format!("Cannot nest aggregations inside aggregation '{name}'"),
            ));
        }
        let outer = std::mem::take(&mut self.subqueries);
        self.inside_aggregate = true;
        let aggregate = self.aggregate(name, call, pos);
        self.inside_aggregate = false;
        let inner = std::mem::replace(&mut self.subqueries, outer);
        self.inner_subqueries.extend(inner);
        let aggregate = aggregate?;
        self.types
            .insert(aggregate.id.clone(), aggregate.ty.clone());
        let typed = Typed {
            expr: column(&aggregate.id),
            ty: aggregate.ty.clone(),
            fails: false,
            constant: None,
        };
        if let Some(gathered) = &mut self.gathered {
            gathered.aggregates.push(aggregate);
        }
        Ok(typed)
    }
}

fn mismatch(name: &str, shown: &str, pos: Pos) -> TrinoError {
    TrinoError::at(
        pos,
        Code::FunctionNotFound,
        format!("Unexpected parameters ({shown}) for function {name}"),
    )
}

/// Overloads Trino has and this front end has not.
fn unsupported_form(name: &str, types: &[Type]) -> bool {
    matches!(
        (name, types),
        ("min" | "max", [_] | [_, _])
            | ("min_by" | "max_by", [_, _] | [_, _, _])
            | ("approx_distinct", [_, _])
            | ("avg", [Type::Date | Type::Timestamp(_)])
    )
}

/// The DataFusion aggregates of a call, and its result over their columns.
pub fn parts(
    call: &AggregateCall,
    fresh: &mut dyn FnMut() -> String,
) -> Result<(Vec<Part>, Typed)> {
    let filter = call.filter.as_ref().map(|f| f.expr.clone());
    let argument = |at: usize| {
        call.arguments
            .get(at)
            .map_or_else(|| lit(1_i64), |a| a.expr.clone())
    };
    let order_by: Vec<SortExpr> = call
        .order_by
        .iter()
        .map(|(key, descending, nulls_first)| {
            let key = super::query::sorted_by(key.expr.clone(), &key.ty);
            SortExpr::new(key, !descending, *nulls_first)
        })
        .collect();
    let mut part = |function: Arc<AggregateUDF>, arguments: Vec<Expr>| Part {
        id: fresh(),
        function,
        arguments,
        distinct: call.distinct,
        filter: filter.clone(),
        order_by: order_by.clone(),
    };
    let also = |filter: Option<Expr>, more: Expr| match filter {
        Some(filter) => filter.and(more),
        None => more,
    };
    let held = |part: &Part, ty: Type| Typed {
        expr: column(&part.id),
        ty,
        fails: false,
        constant: None,
    };
    let plain = |part: Part| {
        let result = held(&part, call.ty.clone());
        (vec![part], result)
    };
    let wide = |expr: Expr, ty: DataType| Expr::Cast(Cast::new(Box::new(expr), ty));
    if let Some(fold) = &call.fold {
        let mut fold = fold.clone();
        let mut arguments: Vec<Expr> = (0..fold.arguments.len()).map(argument).collect();
        for (key, descending, nulls_first) in &call.order_by {
            arguments.push(key.expr.clone());
            fold = fold.ordered_by(key.ty.clone(), *descending, *nulls_first);
        }
        let mut part = part(fold.udaf(), arguments);
        part.order_by.clear();
        return Ok(plain(part));
    }
    Ok(match call.name.as_str() {
        "count" => plain(part(count_udaf(), vec![argument(0)])),
        "approx_distinct" => {
            // Exact, which is within every error bound the function may be asked for.
            let mut part = part(count_udaf(), vec![argument(0)]);
            part.distinct = true;
            plain(part)
        }
        "count_if" => {
            let mut part = part(count_udaf(), vec![lit(1_i64)]);
            if call.distinct {
                part.arguments = vec![argument(0)];
            }
            part.filter = Some(also(part.filter, argument(0)));
            plain(part)
        }
        "sum" if call.ty == Type::Bigint => {
            // In 38 digits, so that the sum cannot wrap before it is checked.
            let part = part(
                sum_udaf(),
                vec![wide(argument(0), DataType::Decimal128(38, 0))],
            );
            let sum = held(&part, Type::Decimal(38, 0));
            (vec![part], apply(checked_sum(), vec![sum])?)
        }
        "sum" if matches!(call.ty, Type::Decimal(..)) => {
            let scale = i8::try_from(call.ty.scale()).unwrap_or(0);
            let part = part(
                sum_udaf(),
                vec![wide(argument(0), DataType::Decimal256(76, scale))],
            );
            let expr = wide(column(&part.id), call.ty.arrow());
            let result = Typed {
                expr,
                fails: true,
                ..held(&part, call.ty.clone())
            };
            (vec![part], result)
        }
        name @ ("sum" | "avg") if is_interval(&call.ty) => {
            let sum = part(
                sum_udaf(),
                vec![wide(argument(0), DataType::Decimal128(38, 0))],
            );
            let count = part(count_udaf(), vec![argument(0)]);
            let total = held(&sum, Type::Decimal(38, 0));
            let rows = held(&count, Type::Bigint);
            let result = apply(interval_total(name == "avg", &call.ty), vec![total, rows])?;
            (vec![sum, count], result)
        }
        "avg" if matches!(call.ty, Type::Decimal(..)) => {
            let scale = i8::try_from(call.ty.scale()).unwrap_or(0);
            let sum = part(
                sum_udaf(),
                vec![wide(argument(0), DataType::Decimal256(76, scale))],
            );
            let count = part(count_udaf(), vec![argument(0)]);
            let total = Type::Decimal(38, u8::try_from(call.ty.scale()).unwrap_or(0));
            let total = Typed {
                expr: wide(column(&sum.id), total.arrow()),
                ..held(&sum, total)
            };
            let rows = held(&count, Type::Bigint);
            let result = apply(decimal_average(&call.ty), vec![total, rows])?;
            (vec![sum, count], result)
        }
        name @ ("sum" | "avg") => {
            let function = if name == "sum" {
                sum_udaf()
            } else {
                avg_udaf()
            };
            let part = part(function, vec![wide(argument(0), DataType::Float64)]);
            let result = coerce_back(held(&part, Type::Double), &call.ty);
            (vec![part], result)
        }
        name @ ("min" | "max") => {
            let function = if name == "min" { min_udaf } else { max_udaf };
            let all = part(function(), vec![argument(0)]);
            let Some(key) = operators::join_key(&call.ty).filter(|_| is_float(&call.ty)) else {
                return Ok(plain(all));
            };
            // NaN is an answer only where there is nothing else.
            let numbers = part(function(), vec![key.expression(vec![argument(0)])]);
            let (first, second) = (held(&numbers, call.ty.clone()), held(&all, call.ty.clone()));
            let either = Function::new(
                "number_or_nan",
                vec![call.ty.clone(), call.ty.clone()],
                call.ty.clone(),
                |a| {
                    Ok(a.iter()
                        .find(|v| !v.is_null())
                        .cloned()
                        .unwrap_or(Value::Null))
                },
            )
            .seeing_nulls();
            (vec![numbers, all], apply(either, vec![first, second])?)
        }
        name @ ("min_by" | "max_by") => {
            let mut part = part(first_value_udaf(), vec![argument(0)]);
            let by = call.arguments.get(1).map(|a| a.ty.clone()).filter(is_float);
            let key = match by.as_ref().and_then(operators::join_key) {
                Some(key) => key.expression(vec![argument(1)]),
                None => argument(1),
            };
            part.order_by = vec![SortExpr::new(key, name == "min_by", false)];
            part.filter = Some(also(part.filter, argument(1).is_not_null()));
            plain(part)
        }
        "arbitrary" | "any_value" => {
            let mut part = part(first_value_udaf(), vec![argument(0)]);
            part.filter = Some(also(part.filter, argument(0).is_not_null()));
            plain(part)
        }
        "array_agg" => plain(part(array_agg_udaf(), vec![argument(0)])),
        "bool_and" | "every" => plain(part(bool_and_udaf(), vec![argument(0)])),
        "bool_or" => plain(part(bool_or_udaf(), vec![argument(0)])),
        "stddev" | "stddev_samp" => plain(part(stddev_udaf(), vec![argument(0)])),
        "stddev_pop" => plain(part(stddev_pop_udaf(), vec![argument(0)])),
        "variance" | "var_samp" => plain(part(var_samp_udaf(), vec![argument(0)])),
        "var_pop" => plain(part(var_pop_udaf(), vec![argument(0)])),
        "corr" => plain(part(corr_udaf(), vec![argument(0), argument(1)])),
        "covar_samp" => plain(part(covar_samp_udaf(), vec![argument(0), argument(1)])),
        "covar_pop" => plain(part(covar_pop_udaf(), vec![argument(0), argument(1)])),
        "geometric_mean" => {
            let value = call.arguments.first().cloned();
            let logarithm = match value {
                Some(value) => apply(real_function("ln", f64::ln), vec![value])?.expr,
                None => lit(0.0),
            };
            let part = part(avg_udaf(), vec![logarithm]);
            let mean = held(&part, Type::Double);
            (
                vec![part],
                apply(real_function("exp", f64::exp), vec![mean])?,
            )
        }
        other => {
            return Err(TrinoError::in_data(
                Code::GenericInternalError,
                format!("aggregate {other}"),
            ));
        }
    })
}

const fn is_float(ty: &Type) -> bool {
    matches!(ty, Type::Double | Type::Real)
}

const fn is_interval(ty: &Type) -> bool {
    matches!(ty, Type::IntervalDay | Type::IntervalYear)
}

/// The sum of intervals, or their average, rounded half up.
fn interval_total(average: bool, ty: &Type) -> Function {
    let parameters = vec![Type::Decimal(38, 0), Type::Bigint];
    let (low, high) = match ty {
        Type::IntervalYear => integral_range(&Type::Integer),
        _ => integral_range(&Type::Bigint),
    };
    let name = if average {
        "interval_average"
    } else {
        "interval_sum"
    };
    Function::new(name, parameters, ty.clone(), move |a| match a {
        [Value::Decimal(sum), Value::Int(count)] => {
            let count = i128::from((*count).max(1));
            let total = if average {
                (2 * sum + count).div_euclid(2 * count)
            } else {
                *sum
            };
            i64::try_from(total)
                .ok()
                .filter(|total| (low..=high).contains(total))
                .map(Value::Int)
                .ok_or_else(|| {
                    TrinoError::in_data(Code::NumericValueOutOfRange, "bigint addition overflow")
                })
        }
        _ => Ok(Value::Null),
    })
    .failing()
}

fn coerce_back(value: Typed, ty: &Type) -> Typed {
    if *ty == Type::Real {
        return Typed {
            expr: Expr::Cast(Cast::new(Box::new(value.expr), DataType::Float32)),
            ty: Type::Real,
            ..value
        };
    }
    value
}

fn real_function(name: &str, apply: fn(f64) -> f64) -> Function {
    Function::new(name, vec![Type::Double], Type::Double, move |a| {
        Ok(match a {
            [Value::Double(x)] => Value::Double(apply(*x)),
            _ => Value::Null,
        })
    })
}

fn checked_sum() -> Function {
    Function::new(
        "checked_sum",
        vec![Type::Decimal(38, 0)],
        Type::Bigint,
        |a| match a {
            [Value::Decimal(sum)] => i64::try_from(*sum).map(Value::Int).map_err(|_| {
                TrinoError::in_data(Code::NumericValueOutOfRange, "bigint addition overflow")
            }),
            _ => Ok(Value::Null),
        },
    )
    .failing()
}

/// Sum over count, half up, at the argument's scale.
fn decimal_average(ty: &Type) -> Function {
    let scale = u8::try_from(ty.scale()).unwrap_or(0);
    Function::new(
        "decimal_average",
        vec![Type::Decimal(38, scale), Type::Bigint],
        ty.clone(),
        |a| {
            Ok(match a {
                [Value::Decimal(sum), Value::Int(count)] if *count > 0 => {
                    let count = i128::from(*count);
                    let (quotient, remainder) = (sum / count, sum % count);
                    let away = remainder.unsigned_abs() * 2 >= count.unsigned_abs();
                    let average = quotient + if away { sum.signum() } else { 0 };
                    debug_assert!(
                        fits(average, 38) || average.unsigned_abs() == ten_to(38).unsigned_abs()
                    );
                    Value::Decimal(average)
                }
                _ => Value::Null,
            })
        },
    )
}
