//! Operators with Spark's types: which common type two sides meet in, and what arithmetic gives.
//!
//! Planned before DataFusion sees the expression, so that none of its own coercions applies: it
//! would compare a string with a number as text.

use std::sync::Arc;

use datafusion::arrow::datatypes::DataType;
use datafusion::common::DFSchema;
use datafusion::logical_expr::planner::{ExprPlanner, PlannerResult, RawBinaryExpr};
use datafusion::logical_expr::{Expr, ExprSchemable, Operator, ScalarUDF, binary_expr};
use datafusion::sql::sqlparser::ast::BinaryOperator;

use super::cast::{self, TIMESTAMP};
use super::function::cast_expr;
use super::functions;
use crate::engine::error::{Error, Result};

/// Plans binary operators.
#[derive(Debug)]
pub struct SparkOperators;

impl ExprPlanner for SparkOperators {
    fn plan_binary_op(
        &self,
        expr: RawBinaryExpr,
        schema: &DFSchema,
    ) -> datafusion::common::Result<PlannerResult<RawBinaryExpr>> {
        let planned = match &expr.op {
            BinaryOperator::And | BinaryOperator::Or => {
                return Ok(PlannerResult::Original(expr));
            }
            BinaryOperator::Eq => compare(expr, Operator::Eq, schema)?,
            BinaryOperator::NotEq => compare(expr, Operator::NotEq, schema)?,
            BinaryOperator::Lt => compare(expr, Operator::Lt, schema)?,
            BinaryOperator::LtEq => compare(expr, Operator::LtEq, schema)?,
            BinaryOperator::Gt => compare(expr, Operator::Gt, schema)?,
            BinaryOperator::GtEq => compare(expr, Operator::GtEq, schema)?,
            BinaryOperator::Spaceship => compare(expr, Operator::IsNotDistinctFrom, schema)?,
            BinaryOperator::Plus => arithmetic(expr, Operator::Plus, schema)?,
            BinaryOperator::Minus => arithmetic(expr, Operator::Minus, schema)?,
            BinaryOperator::Multiply => arithmetic(expr, Operator::Multiply, schema)?,
            BinaryOperator::Divide => call("divide", expr)?,
            BinaryOperator::Modulo => call("remainder", expr)?,
            BinaryOperator::MyIntegerDivide => call("div", expr)?,
            BinaryOperator::StringConcat => call("concat", expr)?,
            other => {
                return Err(Error::Unsupported(format!(
                    "the operator `{other}` is not executed by windfarm yet"
                ))
                .into());
            }
        };
        Ok(PlannerResult::Planned(planned))
    }
}

fn call(name: &str, expr: RawBinaryExpr) -> Result<Expr> {
    Ok(function(name)?.call(vec![expr.left, expr.right]))
}

fn function(name: &str) -> Result<Arc<ScalarUDF>> {
    functions::find(name).ok_or_else(|| Error::Internal(format!("`{name}` is not registered")))
}

fn cast_to(expr: Expr, from: &DataType, to: &DataType) -> Expr {
    if from == to || *from == DataType::Null {
        expr
    } else {
        cast_expr(expr, to)
    }
}

fn types(expr: &RawBinaryExpr, schema: &DFSchema) -> Result<(DataType, DataType)> {
    Ok((
        cast::plain_type(&expr.left.get_type(schema)?),
        cast::plain_type(&expr.right.get_type(schema)?),
    ))
}

fn compare(expr: RawBinaryExpr, operator: Operator, schema: &DFSchema) -> Result<Expr> {
    let (left, right) = types(&expr, schema)?;
    let Some(common) = comparison_type(&left, &right) else {
        return Err(Error::Unsupported(format!(
            "comparing {} with {} is not executed by windfarm: cast one of them",
            cast::name(&left),
            cast::name(&right)
        )));
    };
    let mut sides = [
        cast_to(expr.left, &left, &common),
        cast_to(expr.right, &right, &common),
    ];
    if common.is_floating() {
        // Spark holds 0.0 = -0.0 and NaN = NaN; Arrow orders floats by their bits.
        let order = function("float_order")?;
        sides = sides.map(|side| order.call(vec![side]));
    }
    let [a, b] = sides;
    Ok(binary_expr(a, operator, b))
}

fn integer_rank(of: &DataType) -> Option<u8> {
    match of {
        DataType::Int8 => Some(0),
        DataType::Int16 => Some(1),
        DataType::Int32 => Some(2),
        DataType::Int64 => Some(3),
        _ => None,
    }
}

/// Digits before and behind the point.
fn digits(of: &DataType) -> Option<(u8, u8)> {
    match of {
        DataType::Int8 => Some((3, 0)),
        DataType::Int16 => Some((5, 0)),
        DataType::Int32 => Some((10, 0)),
        DataType::Int64 => Some((20, 0)),
        DataType::Decimal128(precision, scale) => {
            let scale = scale.unsigned_abs();
            Some((precision.saturating_sub(scale), scale))
        }
        _ => None,
    }
}

/// The type in which two numbers meet; `None` for what is no number, or a decimal too wide.
pub fn number_type(a: &DataType, b: &DataType) -> Option<DataType> {
    use DataType::*;
    if let (Some(x), Some(y)) = (integer_rank(a), integer_rank(b)) {
        return Some(if x >= y { a.clone() } else { b.clone() });
    }
    match (a, b) {
        (Float64, n) | (n, Float64) => (digits(n).is_some() || n.is_floating()).then_some(Float64),
        (Float32, Float32) => Some(Float32),
        (Float32, n) | (n, Float32) if integer_rank(n).is_some() => Some(Float32),
        (Float32, Decimal128(..)) | (Decimal128(..), Float32) => Some(Float64),
        _ => {
            let ((aw, af), (bw, bf)) = (digits(a)?, digits(b)?);
            let (whole, fraction) = (aw.max(bw), af.max(bf));
            let precision = whole.checked_add(fraction).filter(|p| *p <= 38)?;
            Some(Decimal128(precision, i8::try_from(fraction).ok()?))
        }
    }
}

/// The type in which two values are compared.
pub fn comparison_type(a: &DataType, b: &DataType) -> Option<DataType> {
    use DataType::*;
    match (a, b) {
        (a, b) if a == b => matches!(a, Null | Boolean | Utf8 | Binary | Date32)
            .then(|| a.clone())
            .or_else(|| (*a == TIMESTAMP || a.is_numeric()).then(|| a.clone())),
        (Null, other) | (other, Null) => Some(other.clone()),
        (Utf8, Decimal128(..)) | (Decimal128(..), Utf8) => Some(Float64),
        (Utf8, other) | (other, Utf8) => {
            (other.is_numeric() || matches!(other, Boolean | Date32) || *other == TIMESTAMP)
                .then(|| other.clone())
        }
        (Date32, other) | (other, Date32) if *other == TIMESTAMP => Some(TIMESTAMP),
        (a, b) => number_type(a, b),
    }
}

/// The type in which two operands of arithmetic meet; text is a double there.
pub fn arithmetic_type(a: &DataType, b: &DataType) -> Option<DataType> {
    use DataType::*;
    let number = |of: &DataType| match of {
        Utf8 => Float64,
        other => other.clone(),
    };
    match (number(a), number(b)) {
        (Null, Null) => Some(Float64),
        (Null, n) | (n, Null) => n.is_numeric().then_some(n),
        (a, b) => number_type(&a, &b),
    }
}

fn arithmetic(expr: RawBinaryExpr, operator: Operator, schema: &DFSchema) -> Result<Expr> {
    let (left, right) = types(&expr, schema)?;
    let common = arithmetic_type(&left, &right).filter(|common| !common.is_decimal());
    let Some(common) = common else {
        return Err(Error::Unsupported(format!(
            "`{operator}` of {} and {} is not executed by windfarm: cast to double or bigint",
            cast::name(&left),
            cast::name(&right)
        )));
    };
    let left = match left {
        DataType::Null => cast_expr(expr.left, &common),
        left => cast_to(expr.left, &left, &common),
    };
    let right = match right {
        DataType::Null => cast_expr(expr.right, &common),
        right => cast_to(expr.right, &right, &common),
    };
    Ok(binary_expr(left, operator, right))
}
