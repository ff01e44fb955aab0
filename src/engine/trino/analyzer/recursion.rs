//! WITH RECURSIVE. Like Trino, this unrolls the recursion as deep as it may go.

use std::sync::Arc;

use datafusion::logical_expr::LogicalPlanBuilder;

use super::super::ast::{Body, NamedQuery, SetOperation};
use super::super::error::{Code, Result, TrinoError};
use super::super::function::Function;
use super::super::types::Type;
use super::combine::{apply, coerce};
use super::scope::{Relation, column};
use super::{Named, Planner, built};

/// How deep a recursion may go: the default of Trino's `max_recursion_depth`.
const MAX_DEPTH: usize = 10;

impl Planner<'_> {
    /// A query that refers to itself; `None` for one that does not.
    pub(super) fn recursive(&self, item: &NamedQuery, named: &Named) -> Result<Option<Relation>> {
        let Body::Set {
            operation: SetOperation::Union,
            all,
            left,
            right,
            pos,
        } = &item.query.body
        else {
            return Ok(None);
        };
        let name = item.name.key();
        if !mentions(&right.to_string(), &name) {
            return Ok(None);
        }
        if item.columns.is_empty() {
            return Err(TrinoError::at(
                item.name.pos,
                Code::MissingColumnName,
                "missing column aliases in recursive WITH query",
            ));
        }
        if !all {
            return Err(TrinoError::unsupported(
                *pos,
                "UNION DISTINCT in a recursive WITH query",
            ));
        }
        let mut inside = named.clone();
        for own in &item.query.with {
            let mut relation = self.query(&own.query, &inside)?;
            self.rename(&mut relation, &own.columns, own.name.pos)?;
            inside.insert(own.name.key(), Arc::new(relation));
        }
        let mut anchor = self.body(left, &inside)?;
        self.rename(&mut anchor, &item.columns, item.name.pos)?;
        let types: Vec<Type> = anchor.fields.iter().map(|f| f.ty.clone()).collect();
        let (mut all_rows, mut last) = (anchor.clone(), anchor.clone());
        for depth in 0..=MAX_DEPTH {
            inside.insert(name.clone(), Arc::new(last));
            let mut step = self.body(right, &inside)?;
            if step.fields.len() != types.len() {
                return Err(TrinoError::at(
                    *pos,
                    Code::TypeMismatch,
                    format!(
                        "base and step relations of recursion have different number of fields: {}, {}",
                        types.len(),
                        step.fields.len()
                    ),
                ));
            }
            for (at, (field, ty)) in step.fields.iter().zip(&types).enumerate() {
                if !field.ty.coerces_to(ty) {
                    return Err(TrinoError::at(
                        *pos,
                        Code::TypeMismatch,
                        format!(
                            "recursion step relation output type ({}) is not coercible to recursion base relation output type ({ty}) at column {}",
                            field.ty,
                            at + 1
                        ),
                    ));
                }
            }
            self.rename(&mut step, &item.columns, item.name.pos)?;
            let mut exprs = Vec::with_capacity(types.len());
            for (field, wanted) in step.fields.iter_mut().zip(&anchor.fields) {
                let mut value = coerce(field.typed(), &wanted.ty)?;
                if depth == MAX_DEPTH {
                    value = apply(too_deep(&wanted.ty), vec![value])?;
                }
                let id = self.fresh();
                exprs.push(value.expr.alias(&id));
                field.id = id;
                field.ty = wanted.ty.clone();
            }
            step.plan = built(
                LogicalPlanBuilder::from(step.plan)
                    .project(exprs)
                    .and_then(LogicalPlanBuilder::build),
            )?;
            let renamed = step
                .fields
                .iter()
                .zip(&all_rows.fields)
                .map(|(have, want)| column(&have.id).alias(&want.id));
            let more = built(
                LogicalPlanBuilder::from(step.plan.clone())
                    .project(renamed)
                    .and_then(LogicalPlanBuilder::build),
            )?;
            all_rows.plan = built(
                LogicalPlanBuilder::from(all_rows.plan)
                    .union(more)
                    .and_then(LogicalPlanBuilder::build),
            )?;
            last = step;
        }
        Ok(Some(all_rows))
    }
}

/// Whether a text has a word, in any case.
fn mentions(text: &str, word: &str) -> bool {
    text.to_lowercase()
        .split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .any(|part| part == word)
}

/// Fails for every row there is.
fn too_deep(ty: &Type) -> Function {
    Function::new("too_deep", vec![ty.clone()], ty.clone(), |_| {
        Err(TrinoError::in_data(
            Code::NotSupported,
            format!(
                "Recursion depth limit exceeded ({MAX_DEPTH}). Use 'max_recursion_depth' session property to modify the limit."
            ),
        ))
    })
    .seeing_nulls()
    .failing()
}
