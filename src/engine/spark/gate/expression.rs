//! Expressions: checked part by part, literals and casts made ours.

use datafusion::sql::sqlparser::ast::*;

use super::syntax::{binary, call, cast, fold, negate, refuse, take, text};
use super::{Checked, Gate};
use crate::engine::calendar;
use crate::engine::table::types::arrow_type;
use crate::glue::hive_type::HiveType;

impl Gate {
    /// Checks and rewrites an expression.
    pub fn expr(&self, expr: &mut Expr) -> Checked {
        let rewritten = match expr {
            Expr::Identifier(ident) => {
                fold(ident);
                return Ok(());
            }
            Expr::CompoundIdentifier(parts) => {
                if parts.len() != 2 {
                    return refuse(format!("`{}`", Expr::CompoundIdentifier(parts.clone())));
                }
                parts.iter_mut().for_each(fold);
                return Ok(());
            }
            Expr::IsNull(inner)
            | Expr::IsNotNull(inner)
            | Expr::IsTrue(inner)
            | Expr::IsNotTrue(inner)
            | Expr::IsFalse(inner)
            | Expr::IsNotFalse(inner)
            | Expr::Nested(inner) => return self.expr(inner),
            Expr::UnaryOp {
                op: UnaryOperator::Not | UnaryOperator::Minus | UnaryOperator::Plus,
                expr: inner,
            } => return self.expr(inner),
            Expr::BinaryOp { left, right, .. } => {
                self.expr(left)?;
                return self.expr(right);
            }
            Expr::Between {
                expr,
                negated,
                low,
                high,
            } => {
                self.expr(expr)?;
                self.expr(low)?;
                self.expr(high)?;
                let within = binary(
                    binary((**expr).clone(), BinaryOperator::GtEq, take(low)),
                    BinaryOperator::And,
                    binary(take(expr), BinaryOperator::LtEq, take(high)),
                );
                negate(within, *negated)
            }
            Expr::InList {
                expr,
                list,
                negated,
            } => {
                self.expr(expr)?;
                list.iter_mut().try_for_each(|value| self.expr(value))?;
                let mut args = vec![take(expr)];
                args.append(list);
                negate(call("in", args), *negated)
            }
            Expr::Like {
                any: false,
                expr,
                pattern,
                escape_char: None,
                ..
            } => {
                self.expr(expr)?;
                return self.expr(pattern);
            }
            Expr::Cast {
                kind: CastKind::Cast,
                expr,
                data_type,
                array: false,
                format: None,
            } => {
                let of = cast_type(data_type)?;
                self.expr(expr)?;
                cast(take(expr), &of)
            }
            Expr::Value(value) => self.literal(&value.value)?,
            Expr::TypedString(TypedString {
                data_type,
                value,
                uses_odbc_syntax: false,
            }) => self.typed(data_type, &value.value)?,
            Expr::Case {
                operand,
                conditions,
                else_result,
                ..
            } => {
                if let Some(operand) = operand {
                    self.expr(operand)?;
                }
                for when in conditions.iter_mut() {
                    self.expr(&mut when.condition)?;
                    self.expr(&mut when.result)?;
                    if let Some(operand) = operand.as_deref() {
                        let value = take(&mut when.condition);
                        when.condition = binary(operand.clone(), BinaryOperator::Eq, value);
                    }
                }
                *operand = None;
                return match else_result {
                    Some(otherwise) => self.expr(otherwise),
                    None => Ok(()),
                };
            }
            Expr::Trim {
                expr,
                trim_where,
                trim_what: None,
                trim_characters: None,
            } => {
                let name = match trim_where {
                    None | Some(TrimWhereField::Both) => "trim",
                    Some(TrimWhereField::Leading) => "ltrim",
                    Some(TrimWhereField::Trailing) => "rtrim",
                };
                self.expr(expr)?;
                call(name, vec![take(expr)])
            }
            Expr::Substring {
                expr,
                substring_from: Some(from),
                substring_for,
                ..
            } => {
                let mut args = vec![take(expr), take(from)];
                args.extend(substring_for.as_deref_mut().map(take));
                args.iter_mut().try_for_each(|arg| self.expr(arg))?;
                call("substring", args)
            }
            Expr::Floor {
                expr,
                field: CeilFloorKind::DateTimeField(DateTimeField::NoDateTime),
            } => {
                self.expr(expr)?;
                call("floor", vec![take(expr)])
            }
            Expr::Ceil {
                expr,
                field: CeilFloorKind::DateTimeField(DateTimeField::NoDateTime),
            } => {
                self.expr(expr)?;
                call("ceil", vec![take(expr)])
            }
            Expr::Extract { field, expr, .. } => {
                let name = match field {
                    DateTimeField::Year => "year",
                    DateTimeField::Month => "month",
                    DateTimeField::Day => "day",
                    DateTimeField::Hour => "hour",
                    DateTimeField::Minute => "minute",
                    other => return refuse(format!("EXTRACT({other} …)")),
                };
                self.expr(expr)?;
                call(name, vec![take(expr)])
            }
            Expr::Function(function) => self.function(function)?,
            other => return refuse(format!("`{other}`")),
        };
        *expr = rewritten;
        Ok(())
    }

    fn literal(&self, value: &Value) -> Checked<Expr> {
        match value {
            Value::Null | Value::Boolean(_) => Ok(Expr::Value(value.clone().with_empty_span())),
            Value::SingleQuotedString(found) | Value::DoubleQuotedString(found) => {
                if found.contains('\\') {
                    return refuse(format!("the escape in the literal '{found}'"));
                }
                Ok(text(found))
            }
            Value::Number(number, long) => {
                let digits = number.to_string();
                if digits.contains(['e', 'E']) {
                    return Ok(cast(text(&digits), &HiveType::Double));
                }
                if let Some((whole, fraction)) = digits.split_once('.') {
                    let whole = whole.trim_start_matches('0').len();
                    let decimal = u8::try_from(fraction.len())
                        .ok()
                        .zip(u8::try_from((whole + fraction.len()).max(1)).ok())
                        .filter(|(_, precision)| *precision <= 38);
                    let Some((scale, precision)) = decimal else {
                        return refuse(format!("the literal {digits}"));
                    };
                    return Ok(cast(text(&digits), &HiveType::Decimal { precision, scale }));
                }
                if !long && digits.parse::<i32>().is_ok() {
                    return Ok(cast(text(&digits), &HiveType::Int));
                }
                if digits.parse::<i64>().is_ok() {
                    return Ok(cast(text(&digits), &HiveType::BigInt));
                }
                refuse(format!("the literal {digits}"))
            }
            other => refuse(format!("the literal {other}")),
        }
    }

    fn typed(&self, of: &DataType, value: &Value) -> Checked<Expr> {
        let Value::SingleQuotedString(found) = value else {
            return refuse(format!("the literal {value}"));
        };
        let (hive, valid) = match cast_type(of)? {
            HiveType::Date => (HiveType::Date, calendar::parse_spark_date(found).is_some()),
            HiveType::Timestamp => (
                HiveType::Timestamp,
                calendar::parse_spark_timestamp(found).is_some(),
            ),
            other => return refuse(format!("a literal of type {other}")),
        };
        if !valid {
            return Err(format!("cannot parse the value '{found}' as {hive}"));
        }
        Ok(cast(text(found), &hive))
    }
}

fn cast_type(of: &DataType) -> Checked<HiveType> {
    let text = of.to_string().to_lowercase();
    let name = match text.as_str() {
        "byte" => "tinyint",
        "short" => "smallint",
        "integer" => "int",
        "long" => "bigint",
        "real" => "float",
        "text" => return refuse("a cast to text"),
        "dec" | "numeric" | "decimal" => "decimal(10,0)",
        other => other,
    };
    let hive = name.parse::<HiveType>();
    let hive = hive.map_err(|_| format!("a cast to {of} is not executed by windfarm yet"))?;
    let scalar = crate::engine::table::types::is_scalar(&hive);
    let sized = matches!(
        hive,
        HiveType::Char(_) | HiveType::Varchar(_) | HiveType::Void
    );
    if !scalar || sized {
        return refuse(format!("a cast to {of}"));
    }
    Ok(hive)
}

/// The Arrow type a `cast_…` function's name stands for.
pub fn cast_target(name: &str) -> Option<datafusion::arrow::datatypes::DataType> {
    let hive = name.strip_prefix("cast_")?.parse::<HiveType>().ok()?;
    Some(arrow_type(&hive))
}
