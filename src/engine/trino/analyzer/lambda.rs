//! TRY, and functions that take lambdas.

use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::logical_expr::Expr;

use super::super::ast::{Call, Expression, Identifier, Node, Pos};
use super::super::error::{Code, Result, TrinoError};
use super::super::evaluate::Body;
use super::super::function::Function;
use super::super::types::Type;
use super::super::value::{Value, array_of, values};
use super::built;
use super::combine::{apply, coerce};
use super::expression::Analyzer;
use super::literal::literal;
use super::scope::{Field, Typed, column};

/// A lambda's body, typed, with the columns it takes from around.
pub(super) struct Lambda {
    pub(super) body: Typed,
    parameters: Vec<(String, Type)>,
    pub(super) captured: Vec<Typed>,
    /// What the captured values are called in the body.
    names: Vec<String>,
}

impl Lambda {
    pub(super) fn prepared(&self) -> Result<Body> {
        let mut inputs = self.parameters.clone();
        for (name, typed) in self.names.iter().zip(&self.captured) {
            inputs.push((name.clone(), typed.ty.clone()));
        }
        Body::new(&self.body.expr, &inputs, self.body.ty.clone())
    }
}

impl Analyzer<'_> {
    /// A body in which every value from around has a name, and these values. Columns keep their own
    /// names; columns of outer queries get one.
    fn captured(
        &self,
        value: &Typed,
        own: &[(String, Type)],
    ) -> Result<(Typed, Vec<(String, Typed)>)> {
        let mut outer: Vec<(String, Expr)> = Vec::new();
        let named = value.expr.clone().transform(|expr| {
            Ok(match &expr {
                Expr::OuterReferenceColumn(_, referred) => {
                    let name = format!("outer_{}", referred.name);
                    let inside = column(&name);
                    if !outer.iter().any(|(have, _)| *have == name) {
                        outer.push((name, expr));
                    }
                    Transformed::yes(inside)
                }
                _ => Transformed::no(expr),
            })
        });
        let expr = built(named)?.data;
        let mut names: Vec<String> = expr
            .column_refs()
            .into_iter()
            .map(|c| c.name.clone())
            .filter(|name| !own.iter().any(|(id, _)| id == name))
            .collect();
        names.sort();
        let mut captured = Vec::with_capacity(names.len());
        for name in names {
            if let Some((_, referred)) = outer.iter().find(|(have, _)| *have == name) {
                let ty = match referred {
                    Expr::OuterReferenceColumn(_, column) => self.planner.outer_type(&column.name),
                    _ => None,
                };
                captured.push((
                    name,
                    Typed {
                        expr: referred.clone(),
                        ty: ty.unwrap_or(Type::Unknown),
                        fails: false,
                        constant: None,
                    },
                ));
            } else if let Some(ty) = self.types.get(&name) {
                let field = Field {
                    name: None,
                    qualifier: Vec::new(),
                    id: name.clone(),
                    ty: ty.clone(),
                };
                captured.push((name, field.typed()));
            }
        }
        let body = Typed {
            expr,
            ..value.clone()
        };
        Ok((body, captured))
    }

    /// `TRY(value)`
    pub(super) fn try_of(&mut self, value: Typed) -> Result<Typed> {
        if !value.fails {
            return Ok(value);
        }
        let (named, captured) = self.captured(&value, &[])?;
        let (names, captured): (Vec<String>, Vec<Typed>) = captured.into_iter().unzip();
        let lambda = Lambda {
            body: named,
            parameters: Vec::new(),
            captured: captured.clone(),
            names,
        };
        let body = lambda.prepared()?;
        if captured.is_empty() {
            let result = values(&body.tried(&[], 1)?, &value.ty)?;
            return literal(result.into_iter().next().unwrap_or(Value::Null), value.ty);
        }
        let types = captured.iter().map(|c| c.ty.clone()).collect();
        let name = format!("try({})", value.expr);
        let of = body.clone();
        let function = Function::new(name, types, value.ty.clone(), |_| Ok(Value::Null))
            .seeing_nulls()
            .with_columns(move |arrays| {
                let rows = arrays.first().map_or(1, |a| a.len());
                Some(of.tried(arrays, rows))
            });
        let mut result = apply(function, captured)?;
        // What TRY does not catch still fails the query.
        result.fails = true;
        Ok(result)
    }

    pub(super) fn lambda(
        &mut self,
        names: &[Identifier],
        body: &Expression,
        types: &[Type],
        pos: Pos,
    ) -> Result<Lambda> {
        if names.len() != types.len() {
            return Err(TrinoError::at(
                pos,
                Code::InvalidFunctionArgument,
                format!(
                    "Expected a lambda that takes {} argument(s) but got {}",
                    types.len(),
                    names.len()
                ),
            ));
        }
        let mut parameters = Vec::new();
        for (name, ty) in names.iter().zip(types) {
            // By depth, so that the same lambda twice is the same expression.
            let id = format!("l{}", self.lambda.len());
            parameters.push((id.clone(), ty.clone()));
            self.lambda.push(Field {
                name: Some(name.key()),
                qualifier: Vec::new(),
                id,
                ty: ty.clone(),
            });
        }
        let subqueries = self.subqueries.len();
        let analyzed = self.analyze(body);
        self.lambda.truncate(self.lambda.len() - names.len());
        let body_value = analyzed?;
        if self.subqueries.len() > subqueries {
            return Err(TrinoError::at(
                body.pos,
                Code::NotSupported,
                "Lambda expression cannot contain subqueries",
            ));
        }
        let (body, captured) = self.captured(&body_value, &parameters)?;
        let (names, captured) = captured.into_iter().unzip();
        Ok(Lambda {
            body,
            parameters,
            captured,
            names,
        })
    }

    /// Functions over lambdas; `None` for any other function.
    pub(super) fn lambda_call(
        &mut self,
        name: &str,
        call: &Call,
        pos: Pos,
    ) -> Result<Option<Typed>> {
        let lambda_of = |at: usize| match call.arguments.get(at).map(|a| (&a.kind, a.pos)) {
            Some((Node::Lambda(names, body), pos)) => Some((names.as_slice(), body.as_ref(), pos)),
            _ => None,
        };
        match (name, call.arguments.as_slice()) {
            ("transform" | "filter" | "any_match" | "all_match" | "none_match", [array, _]) => {
                let Some((names, body, at)) = lambda_of(1) else {
                    return Ok(None);
                };
                let array = self.analyze(array)?;
                let Type::Array(item) = array.ty.clone() else {
                    return Err(wrong(name, &array.ty, pos));
                };
                let mut lambda = self.lambda(names, body, &[item.as_ref().clone()], at)?;
                if name != "transform" {
                    if !lambda.body.ty.coerces_to(&Type::Boolean) {
                        return Err(wrong(name, &lambda.body.ty, pos));
                    }
                    lambda.body = coerce(lambda.body, &Type::Boolean)?;
                }
                over_array(name, array, &item, &lambda).map(Some)
            }
            ("reduce", [array, start, _, _]) => {
                let (Some(step), Some(end)) = (lambda_of(2), lambda_of(3)) else {
                    return Ok(None);
                };
                let (array, start) = (self.analyze(array)?, self.analyze(start)?);
                let Type::Array(item) = array.ty.clone() else {
                    return Err(wrong(name, &array.ty, pos));
                };
                self.reduce(array, &item, start, step, end, pos).map(Some)
            }
            (name, arguments) if super::lambda_functions::takes_lambda(name, arguments) => {
                self.lambda_function(name, arguments, pos).map(Some)
            }
            _ if call
                .arguments
                .iter()
                .any(|a| matches!(a.kind, Node::Lambda(..))) =>
            {
                Err(TrinoError::unsupported(pos, format!("Function {name}")))
            }
            _ => Ok(None),
        }
    }

    fn reduce(
        &mut self,
        array: Typed,
        item: &Type,
        start: Typed,
        (step_names, step_body, step_pos): (&[Identifier], &Expression, Pos),
        (end_names, end_body, end_pos): (&[Identifier], &Expression, Pos),
        pos: Pos,
    ) -> Result<Typed> {
        // The state's type is what start and step agree on.
        let mut state = start.ty.clone();
        let mut step = self.lambda(
            step_names,
            step_body,
            &[state.clone(), item.clone()],
            step_pos,
        )?;
        if step.body.ty != state {
            let narrower = step.body.ty != Type::Unknown && step.body.ty.coerces_to(&state);
            state = state
                .common(&step.body.ty)
                .filter(|_| !narrower)
                .ok_or_else(|| wrong("reduce", &step.body.ty, pos))?;
            step = self.lambda(
                step_names,
                step_body,
                &[state.clone(), item.clone()],
                step_pos,
            )?;
            if !step.body.ty.coerces_to(&state) {
                return Err(wrong("reduce", &step.body.ty, pos));
            }
        }
        step.body = coerce(step.body, &state)?;
        let end = self.lambda(end_names, end_body, std::slice::from_ref(&state), end_pos)?;
        let (step_run, end_run) = (step.prepared()?, end.prepared()?);
        let mut arguments = vec![array, coerce(start, &state)?];
        let first = step.captured.len();
        arguments.extend(step.captured.iter().cloned());
        arguments.extend(end.captured.iter().cloned());
        let types: Vec<Type> = arguments.iter().map(|a| a.ty.clone()).collect();
        let result = end.body.ty.clone();
        let (item, of, made) = (item.clone(), state, result.clone());
        let array_type = Type::Array(Box::new(item.clone()));
        let name = format!("reduce({}; {})", step.body.expr, end.body.expr);
        let function = Function::new(name, types, result, |_| Ok(Value::Null))
            .seeing_nulls()
            .failing()
            .with_columns(move |arrays| {
                let [lists, starts, captured @ ..] = arrays else {
                    return None;
                };
                let (for_step, for_end) = captured.split_at_checked(first)?;
                let run = || {
                    let lists = values(lists, &array_type)?;
                    let starts = values(starts, &of)?;
                    let mut results = Vec::with_capacity(lists.len());
                    for (row, (list, start)) in lists.into_iter().zip(starts).enumerate() {
                        let Value::List(items) = list else {
                            results.push(Value::Null);
                            continue;
                        };
                        let at = [u32::try_from(row).unwrap_or(u32::MAX)];
                        let mut state = start;
                        for element in items {
                            let inputs =
                                vec![array_of(vec![state], &of)?, array_of(vec![element], &item)?];
                            let next = step_run.for_each(inputs, for_step, &at)?;
                            state = next.into_iter().next().unwrap_or(Value::Null);
                        }
                        let last =
                            end_run.for_each(vec![array_of(vec![state], &of)?], for_end, &at)?;
                        results.extend(last);
                    }
                    array_of(results, &made)
                };
                Some(run())
            });
        columnwise(function, arguments)
    }
}

fn wrong(name: &str, ty: &Type, pos: Pos) -> TrinoError {
    TrinoError::at(
        pos,
        Code::FunctionNotFound,
        format!("Unexpected parameters ({ty}) for function {name}"),
    )
}

/// A call that has a whole-array form alone: constants become one-row arrays, never folded.
pub(super) fn columnwise(function: Function, arguments: Vec<Typed>) -> Result<Typed> {
    let arguments: Vec<Typed> = arguments
        .into_iter()
        .map(|a| Typed {
            constant: None,
            ..a
        })
        .collect();
    apply(function, arguments)
}

fn over_array(name: &str, array: Typed, item: &Type, lambda: &Lambda) -> Result<Typed> {
    let body = lambda.prepared()?;
    let result = match name {
        "transform" => Type::Array(Box::new(lambda.body.ty.clone())),
        "filter" => array.ty.clone(),
        _ => Type::Boolean,
    };
    let mut arguments = vec![array.clone()];
    arguments.extend(lambda.captured.iter().cloned());
    let types: Vec<Type> = arguments.iter().map(|a| a.ty.clone()).collect();
    let (kind, of, made, item) = (name.to_string(), array.ty, result.clone(), item.clone());
    let function = Function::new(
        format!("{name}({})", lambda.body.expr),
        types,
        result,
        |_| Ok(Value::Null),
    )
    .seeing_nulls()
    .with_columns(move |arrays| {
        let [lists, captured @ ..] = arrays else {
            return None;
        };
        let run = || {
            let lists = values(lists, &of)?;
            let (mut elements, mut rows) = (Vec::new(), Vec::new());
            for (row, list) in lists.iter().enumerate() {
                if let Value::List(items) = list {
                    elements.extend(items.iter().cloned());
                    let row = u32::try_from(row).unwrap_or(u32::MAX);
                    rows.resize(rows.len() + items.len(), row);
                }
            }
            let answers = body.for_each(vec![array_of(elements, &item)?], captured, &rows)?;
            let mut answers = answers.into_iter();
            let results = lists
                .into_iter()
                .map(|list| match list {
                    Value::List(items) => {
                        let own: Vec<Value> = answers.by_ref().take(items.len()).collect();
                        folded(&kind, items, own)
                    }
                    _ => Value::Null,
                })
                .collect();
            array_of(results, &made)
        };
        Some(run())
    });
    let function = if lambda.body.fails {
        function.failing()
    } else {
        function
    };
    columnwise(function, arguments)
}

fn folded(kind: &str, items: Vec<Value>, answers: Vec<Value>) -> Value {
    match kind {
        "transform" => Value::List(answers),
        "filter" => Value::List(
            items
                .into_iter()
                .zip(answers)
                .filter(|(_, keep)| *keep == Value::Boolean(true))
                .map(|(item, _)| item)
                .collect(),
        ),
        kind => {
            let decisive = Value::Boolean(kind != "all_match");
            if answers.contains(&decisive) {
                Value::Boolean(kind == "any_match")
            } else if answers.iter().any(Value::is_null) {
                Value::Null
            } else {
                Value::Boolean(kind != "any_match")
            }
        }
    }
}
