//! `Filter`: keeps the rows that meet conditions on single columns.
//!
//! A NULL meets no condition but ISNULL, negated or not.

use datafusion::arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::functions::regex::regexplike::RegexpLikeFunc;
use datafusion::logical_expr::{
    Expr, ExprSchemable, LogicalPlanBuilder, Operator, ScalarUDF, binary_expr, lit,
};

use super::frame::Frame;
use super::members::Members;
use super::node::{Node, Transform};
use super::run::Run;
use super::transform::column;
use crate::engine::error::{Error, Result};
use crate::engine::spark::{cast, functions};

#[derive(Debug)]
struct Filter {
    all: bool,
    conditions: Vec<Condition>,
}

#[derive(Debug)]
struct Condition {
    operation: Operation,
    negated: bool,
    column: String,
    operand: Option<Operand>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operation {
    Compare(Operator),
    Regex,
    IsNull,
}

#[derive(Debug)]
enum Operand {
    Column(String),
    Constant(String),
}

/// Parses `Filter`.
pub fn parse(mut members: Members) -> std::result::Result<Node, String> {
    let all = match members.required("LogicalOperator")?.as_str() {
        "AND" => true,
        "OR" => false,
        _ => return members.refuse("LogicalOperator"),
    };
    let conditions = members
        .structures("Filters")?
        .into_iter()
        .map(condition)
        .collect::<std::result::Result<Vec<_>, String>>()?;
    if conditions.is_empty() {
        return Err(format!("`Filters` of {} is empty", members.place()));
    }
    members.finish()?;
    Ok(Node::Transform(Box::new(Filter { all, conditions })))
}

fn condition(mut members: Members) -> std::result::Result<Condition, String> {
    let operation = match members.required("Operation")?.as_str() {
        "EQ" => Operation::Compare(Operator::Eq),
        "LT" => Operation::Compare(Operator::Lt),
        "GT" => Operation::Compare(Operator::Gt),
        "LTE" => Operation::Compare(Operator::LtEq),
        "GTE" => Operation::Compare(Operator::GtEq),
        "REGEX" => Operation::Regex,
        "ISNULL" => Operation::IsNull,
        _ => return members.refuse("Operation"),
    };
    let negated = members.flag("Negated")?.unwrap_or(false);
    let mut operands = Vec::new();
    for mut value in members.structures("Values")? {
        let kind = value.required("Type")?;
        let path = value.texts("Value")?;
        operands.push(match kind.as_str() {
            "COLUMNEXTRACTED" => Operand::Column(value.column("Value", path)?),
            "CONSTANT" => Operand::Constant(value.column("Value", path)?),
            _ => return value.refuse("Type"),
        });
        value.finish()?;
    }
    let wanted = if operation == Operation::IsNull { 1 } else { 2 };
    let place = members.place().to_owned();
    members.finish()?;
    let mut operands = operands.into_iter();
    let (Some(Operand::Column(column)), operand, None) =
        (operands.next(), operands.next(), operands.next())
    else {
        return Err(format!("`Values` of {place} must begin with a column"));
    };
    if operand.is_some() != (wanted == 2) {
        return Err(format!("`Values` of {place} must have {wanted} entries"));
    }
    if operation == Operation::Regex && !matches!(operand, Some(Operand::Constant(_))) {
        return Err(format!("the pattern of {place} must be a constant"));
    }
    Ok(Condition {
        operation,
        negated,
        column,
        operand,
    })
}

impl Transform for Filter {
    fn apply(&self, _: &Run<'_>, inputs: &[Frame]) -> Result<Frame> {
        let Some(frame) = inputs.first() else {
            return Err(Error::Internal("a transform without an input".to_owned()));
        };
        let mut conditions = Vec::new();
        for condition in &self.conditions {
            conditions.push(condition.expr(frame)?);
        }
        let joined = conditions
            .into_iter()
            .reduce(|a, b| if self.all { a.and(b) } else { a.or(b) })
            .unwrap_or_else(|| lit(true));
        let plan = LogicalPlanBuilder::from(frame.plan().clone())
            .filter(joined)?
            .build()?;
        Ok(Frame::new(plan))
    }
}

impl Condition {
    fn expr(&self, frame: &Frame) -> Result<Expr> {
        let left = Expr::Column(column(frame, &self.column)?);
        let of = cast::plain_type(&left.get_type(frame.plan().schema())?);
        let condition = match (self.operation, &self.operand) {
            (Operation::IsNull, _) => left.is_null(),
            (Operation::Regex, Some(Operand::Constant(pattern))) => {
                if of != DataType::Utf8 {
                    return Err(Error::Invalid(format!(
                        "REGEX needs a string, and `{}` is {}",
                        self.column,
                        cast::name(&of)
                    )));
                }
                // Python's re.match: at the start of the text, not necessarily to its end.
                let anchored = format!("^(?:{pattern})");
                if let Err(error) = regex::Regex::new(&anchored) {
                    return Err(Error::Unsupported(format!(
                        "the pattern `{pattern}` is not executed by windfarm: {error}"
                    )));
                }
                ScalarUDF::new_from_impl(RegexpLikeFunc::new()).call(vec![left, lit(anchored)])
            }
            (Operation::Compare(operator), Some(operand)) => {
                let right = match operand {
                    Operand::Constant(text) => lit(constant(&self.column, &of, text)?),
                    Operand::Column(name) => {
                        let right = Expr::Column(column(frame, name)?);
                        let other = cast::plain_type(&right.get_type(frame.plan().schema())?);
                        if other != of {
                            return Err(Error::Unsupported(format!(
                                "comparing `{}` ({}) with `{name}` ({}) is not executed by windfarm: map them to one type first",
                                self.column,
                                cast::name(&of),
                                cast::name(&other)
                            )));
                        }
                        right
                    }
                };
                if of.is_floating() {
                    return float_comparison(left, operator, right, self.negated);
                }
                binary_expr(left, operator, right)
            }
            _ => return Err(Error::Internal("a filter without an operand".to_owned())),
        };
        Ok(if self.negated {
            Expr::Not(Box::new(condition))
        } else {
            condition
        })
    }
}

/// A comparison of fractions as Python, in which Glue runs filters, makes it: both zeros are equal
/// and NaN meets nothing. Arrow would order them by their bits.
fn float_comparison(left: Expr, operator: Operator, right: Expr, negated: bool) -> Result<Expr> {
    let function = |name: &str| {
        let found = functions::find(name);
        found.ok_or_else(|| Error::Internal(format!("`{name}` is not registered")))
    };
    let (order, is_nan) = (function("float_order")?, function("isnan")?);
    let is_number = |expr: &Expr| Expr::Not(Box::new(is_nan.call(vec![expr.clone()])));
    let numbers = is_number(&left).and(is_number(&right));
    let given = left.clone().is_not_null().and(right.clone().is_not_null());
    let compared = binary_expr(order.call(vec![left]), operator, order.call(vec![right]));
    let holds = compared.and(numbers);
    Ok(if negated {
        Expr::Not(Box::new(holds)).and(given)
    } else {
        holds
    })
}

/// A constant as the column's type: text stays text, and what is not of the type is refused.
fn constant(column: &str, of: &DataType, text: &str) -> Result<ScalarValue> {
    let text_value = ScalarValue::Utf8(Some(text.to_owned()));
    if *of == DataType::Utf8 {
        return Ok(text_value);
    }
    // Whole numbers are compared as the fraction the constant may have.
    let of = if of.is_integer() && text.contains(['.', 'e', 'E']) {
        &DataType::Float64
    } else {
        of
    };
    let value = cast::cast(&text_value.to_array()?, of)?;
    let value = ScalarValue::try_from_array(&value, 0)?;
    if value.is_null() {
        return Err(Error::Invalid(format!(
            "the constant `{text}` is not of the type of `{column}`, {}",
            cast::name(of)
        )));
    }
    Ok(value)
}
