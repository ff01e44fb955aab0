//! Function calls, and the functions that are syntax: TRY, IF, COALESCE, NULLIF.

use super::super::ast::{Call, Expression, Pos};
use super::super::error::{Code, Result, TrinoError};
use super::super::function::Function;
use super::super::functions::{self, Resolution, documented};
use super::super::types::Type;
use super::super::value::Value;
use super::combine::{apply, boolean, case_of, coerce};
use super::dotted;
use super::expression::{Analyzer, text_literal};
use super::scope::Typed;

impl Analyzer<'_> {
    pub(super) fn any_call(&mut self, call: &Call, pos: Pos) -> Result<Typed> {
        let name = match call.name.as_slice() {
            [only] => only.key(),
            several => {
                return Err(TrinoError::at(
                    pos,
                    Code::FunctionNotFound,
                    format!("Function '{}' not registered", dotted(several)),
                ));
            }
        };
        if let Some(over) = &call.over {
            return self.window_call(&name, call, over, pos);
        }
        if super::aggregate::is_aggregate(&name) {
            return self.aggregate_call(&name, call, pos);
        }
        let plain =
            !call.distinct && !call.star && call.order_by.is_empty() && call.filter.is_none();
        if !plain {
            return Err(if documented::is_documented(&name) && !is_scalar(&name) {
                TrinoError::unsupported(pos, format!("Function {name}"))
            } else {
                TrinoError::at(
                    pos,
                    Code::FunctionNotAggregate,
                    format!(
                        "DISTINCT, ORDER BY and FILTER are not supported for non-aggregation functions: {name}"
                    ),
                )
            });
        }
        if let Some(lambda) = self.lambda_call(&name, call, pos)? {
            return Ok(lambda);
        }
        match (name.as_str(), call.arguments.as_slice()) {
            ("try", [inner]) => {
                let value = self.analyze(inner)?;
                self.try_of(value)
            }
            ("if", [condition, then]) => self.if_of(condition, then, None, pos),
            ("if", [condition, then, otherwise]) => {
                self.if_of(condition, then, Some(otherwise), pos)
            }
            ("coalesce", [_, _, ..]) => self.coalesce(&call.arguments, pos),
            ("nullif", [value, other]) => self.nullif(value, other, pos),
            ("now", []) => self.current("CURRENT_TIMESTAMP", None, pos),
            ("current_timezone", []) => text_literal("UTC"),
            ("typeof", [value]) => {
                let ty = self.analyze(value)?.ty;
                text_literal(&ty.to_string())
            }
            _ => {
                let arguments = self.all(&call.arguments)?;
                self.call(&name, arguments, pos)
            }
        }
    }

    /// A scalar function by its name.
    pub(super) fn call(&mut self, name: &str, arguments: Vec<Typed>, pos: Pos) -> Result<Typed> {
        let types: Vec<Type> = arguments.iter().map(|a| a.ty.clone()).collect();
        match functions::resolve(name, &types) {
            Resolution::Found(mut function) => {
                let constants: Vec<_> = arguments.iter().map(|a| a.constant.as_ref()).collect();
                function.fails &= !functions::cannot_fail(name, &types, &constants);
                apply(
                    function.seeded(|| self.planner.context.ids.rng()),
                    arguments,
                )
            }
            Resolution::Mismatch(_) if documented::is_unbuilt_overload(name, &types) => {
                let shown: Vec<String> = types.iter().map(ToString::to_string).collect();
                let what = format!("Function {name}({})", shown.join(", "));
                Err(TrinoError::unsupported(pos, what))
            }
            Resolution::Mismatch(signatures) => {
                let shown: Vec<String> = types.iter().map(ToString::to_string).collect();
                Err(TrinoError::at(
                    pos,
                    Code::FunctionNotFound,
                    format!(
                        "Unexpected parameters ({}) for function {name}. Expected: {signatures}",
                        shown.join(", ")
                    ),
                ))
            }
            Resolution::Unknown if documented::is_documented(name) => {
                Err(TrinoError::unsupported(pos, format!("Function {name}")))
            }
            Resolution::Unknown => Err(TrinoError::at(
                pos,
                Code::FunctionNotFound,
                format!("Function '{name}' not registered"),
            )),
        }
    }

    fn if_of(
        &mut self,
        condition: &Expression,
        then: &Expression,
        otherwise: Option<&Expression>,
        pos: Pos,
    ) -> Result<Typed> {
        let test = self.analyze(condition)?;
        if !test.ty.coerces_to(&Type::Boolean) {
            return Err(TrinoError::at(
                condition.pos,
                Code::TypeMismatch,
                format!(
                    "IF condition must evaluate to a boolean (actual: {})",
                    test.ty
                ),
            ));
        }
        let then = self.analyze(then)?;
        let otherwise = otherwise.map(|o| self.analyze(o)).transpose()?;
        case_of(vec![(coerce(test, &Type::Boolean)?, then)], otherwise, pos)
    }

    fn coalesce(&mut self, arguments: &[Expression], pos: Pos) -> Result<Typed> {
        let values = self.all(arguments)?;
        let mut ty = Type::Unknown;
        for value in &values {
            ty = ty.common(&value.ty).ok_or_else(|| {
                TrinoError::at(
                    pos,
                    Code::TypeMismatch,
                    format!("All COALESCE operands must be the same type: {ty}"),
                )
            })?;
        }
        let values = values
            .into_iter()
            .map(|v| coerce(v, &ty))
            .collect::<Result<Vec<_>>>()?;
        // An operand that can fail is computed only where the ones before it are NULL.
        if values.iter().skip(1).any(|v| v.fails) {
            let mut values = values.into_iter().rev();
            let last = values.next();
            let pairs: Vec<(Typed, Typed)> = values
                .rev()
                .map(|v| (boolean(v.expr.clone().is_not_null(), v.fails), v))
                .collect();
            return case_of(pairs, last, pos);
        }
        let types = vec![ty.clone(); values.len()];
        let function = Function::new("coalesce", types, ty, |args| {
            Ok(args
                .iter()
                .find(|v| !v.is_null())
                .cloned()
                .unwrap_or(Value::Null))
        })
        .seeing_nulls();
        apply(function, values)
    }

    fn nullif(&mut self, value: &Expression, other: &Expression, pos: Pos) -> Result<Typed> {
        let (value, other) = (self.analyze(value)?, self.analyze(other)?);
        let Some(common) = value.ty.common(&other.ty) else {
            return Err(TrinoError::at(
                pos,
                Code::TypeMismatch,
                format!(
                    "Types are not comparable with NULLIF: {} vs {}",
                    value.ty, other.ty
                ),
            ));
        };
        let (ty, of) = (value.ty.clone(), common.clone());
        let function = Function::new(
            "nullif",
            vec![ty.clone(), common.clone(), common],
            ty,
            move |args| {
                Ok(match args {
                    [value, a, b] => match super::super::compare::equal(a, b, &of) {
                        Some(true) => Value::Null,
                        _ => value.clone(),
                    },
                    _ => Value::Null,
                })
            },
        )
        .seeing_nulls();
        apply(function, vec![value.clone(), value, other])
    }
}

fn is_scalar(name: &str) -> bool {
    !matches!(functions::resolve(name, &[]), Resolution::Unknown)
}
