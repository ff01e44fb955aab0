//! Rows on their way into a table: as its columns hold them.

use datafusion::logical_expr::{Expr, LogicalPlanBuilder};

use super::super::error::{Code, Result, TrinoError};
use super::super::function::Function;
use super::super::types::{Type, VARCHAR};
use super::super::value::Value;
use super::combine::{apply, coerce};
use super::scope::Typed;
use super::{OutputColumn, Plan, built};

impl Plan {
    /// Whether rows of this plan may be inserted into columns of these types, in their order.
    pub fn fits(&self, targets: &[Type]) -> bool {
        self.columns.len() == targets.len()
            && self
                .columns
                .iter()
                .zip(targets)
                .all(|(column, target)| fits(&column.ty, target))
    }

    /// The same rows as columns of other names and types; `sources` says which of this plan's columns
    /// each is made from, none for NULL.
    ///
    /// # Errors
    /// What a conversion makes impossible; values that do not fit fail when the plan runs.
    pub fn into_columns(self, targets: Vec<(OutputColumn, Option<usize>)>) -> Result<Self> {
        let have: Vec<Expr> = self
            .logical_plan
            .schema()
            .columns()
            .into_iter()
            .map(Expr::Column)
            .collect();
        let (mut exprs, mut columns) = (Vec::new(), Vec::new());
        for (at, (target, source)) in targets.into_iter().enumerate() {
            let found = source.and_then(|at| Some((have.get(at)?, self.columns.get(at)?)));
            let expr = match found {
                Some((expr, column)) => {
                    let value = Typed {
                        expr: expr.clone(),
                        ty: column.ty.clone(),
                        fails: false,
                        constant: None,
                    };
                    stored(value, &target.ty)?.expr
                }
                None => super::query::null_of(&target.ty)?,
            };
            exprs.push(expr.alias(format!("w{at}")));
            columns.push(target);
        }
        Ok(Self {
            logical_plan: built(
                LogicalPlanBuilder::from(self.logical_plan)
                    .project(exprs)
                    .and_then(LogicalPlanBuilder::build),
            )?,
            unnamed: None,
            columns,
        })
    }
}

fn fits(from: &Type, to: &Type) -> bool {
    from.coerces_to(to) || (from.is_text() && to.is_text())
}

/// A value as a column of the type holds it. Text is cut to the column's length where nothing but blanks
/// is lost, and fails otherwise.
fn stored(value: Typed, to: &Type) -> Result<Typed> {
    let length = match to {
        Type::Varchar(Some(length)) | Type::Char(length) => *length,
        _ => return coerce(value, to),
    };
    if value.ty == *to {
        return Ok(value);
    }
    let (from, target) = (value.ty.clone(), to.clone());
    let text = coerce(value, &VARCHAR)?;
    let cut = Function::new(
        format!("stored_as_{to}"),
        vec![VARCHAR],
        to.clone(),
        move |values| {
            let [Value::Text(text)] = values else {
                return Ok(Value::Null);
            };
            let text = match target {
                Type::Char(_) => text.trim_end_matches(' '),
                _ => text.as_str(),
            };
            let end = text
                .char_indices()
                .nth(usize::try_from(length).unwrap_or(usize::MAX))
                .map_or(text.len(), |(at, _)| at);
            let (kept, rest) = text.split_at(end);
            if rest.chars().any(|c| c != ' ') {
                return Err(TrinoError::in_data(
                    Code::InvalidCastArgument,
                    format!(
                        "Cannot truncate non-space characters when casting from {from} to {target} on INSERT"
                    ),
                ));
            }
            Ok(Value::Text(kept.to_owned()))
        },
    );
    apply(cut.failing(), vec![text])
}
