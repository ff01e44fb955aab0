//! Subqueries in expressions, joined to the rows the expression is computed on.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray};
use datafusion::arrow::datatypes::{DataType, Field as ArrowField, FieldRef, Int64Type};
use datafusion::common::{JoinType, Result as DataFusionResult, ScalarValue};
use datafusion::functions_aggregate::expr_fn::count;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, Case, Expr, LogicalPlan, LogicalPlanBuilder,
    Signature, Volatility, lit,
};

use super::super::ast::{Expression, Pos, Query};
use super::super::error::{Code, Result, TrinoError};
use super::super::function::outward;
use super::super::operators;
use super::super::types::Type;
use super::combine::{apply, boolean, coerce};
use super::expression::Analyzer;
use super::scope::{Relation, Typed, column};
use super::{Planner, built};

/// A subquery met in an expression; `id` is the column that will hold its answer.
pub enum Subquery {
    /// `(query)`: one value, NULL without a row, an error with more than one.
    Scalar { relation: Relation, id: String },
    /// `EXISTS (query)`
    Exists { relation: Relation, id: String },
    /// `value IN (query)`, both already of a type Arrow compares as Trino would.
    In {
        value: Box<Typed>,
        relation: Relation,
        key: Box<Typed>,
        id: String,
    },
}

impl Subquery {
    /// What of it is computed on the outer rows.
    pub fn value(&mut self) -> Option<&mut Typed> {
        match self {
            Self::In { value, .. } => Some(value),
            _ => None,
        }
    }
}

impl Analyzer<'_> {
    fn inner(&self, query: &Query) -> Result<Relation> {
        self.planner.query(query, self.named).map_err(|error| {
            // A name that only the outer query knows makes the subquery correlated.
            if error.code == Code::ColumnNotFound
                && let Some(name) = quoted(&error.message)
                && self.knows(&name)
                && let Some(pos) = error.at
            {
                return TrinoError::unsupported(pos, "Correlated subquery");
            }
            error
        })
    }

    fn knows(&self, name: &str) -> bool {
        let parts: Vec<super::Identifier> = name
            .split('.')
            .map(|part| super::Identifier {
                value: part.to_string(),
                quoted: false,
                pos: Pos::default(),
            })
            .collect();
        !matches!(
            super::scope::lookup(self.fields, &parts),
            super::scope::Lookup::Missing
        )
    }

    pub(super) fn scalar_subquery(&mut self, query: &Query, pos: Pos) -> Result<Typed> {
        let relation = self.inner(query)?;
        let ty = match relation.fields.as_slice() {
            [only] => only.ty.clone(),
            _ => {
                return Err(TrinoError::unsupported(
                    pos,
                    "A subquery of several columns",
                ));
            }
        };
        let id = self.planner.fresh();
        self.types.insert(id.clone(), ty.clone());
        let typed = Typed {
            expr: column(&id),
            ty,
            fails: false,
            constant: None,
        };
        self.subqueries.push(Subquery::Scalar { relation, id });
        Ok(typed)
    }

    pub(super) fn exists(&mut self, query: &Query) -> Result<Typed> {
        let relation = self.inner(query)?;
        let id = self.planner.fresh();
        self.types.insert(id.clone(), Type::Boolean);
        let typed = boolean(column(&id), false);
        self.subqueries.push(Subquery::Exists { relation, id });
        Ok(typed)
    }

    pub(super) fn in_subquery(
        &mut self,
        value: &Expression,
        query: &Query,
        pos: Pos,
    ) -> Result<Typed> {
        let value = self.analyze(value)?;
        let relation = self.inner(query)?;
        let field = match relation.fields.as_slice() {
            [only] => only.clone(),
            _ => {
                return Err(TrinoError::unsupported(
                    pos,
                    "A subquery of several columns",
                ));
            }
        };
        let ty = value.ty.common(&field.ty).ok_or_else(|| {
            TrinoError::at(
                pos,
                Code::TypeMismatch,
                format!(
                    "Value expression and result of subquery must be of the same type: {} vs {}",
                    value.ty, field.ty
                ),
            )
        })?;
        let (mut value, mut key) = (coerce(value, &ty)?, coerce(field.typed(), &ty)?);
        if let (Some(v), Some(k)) = (operators::join_key(&ty), operators::join_key(&ty)) {
            if matches!(ty, Type::Double | Type::Real) {
                // A NaN key would read as NULL here, which IN treats otherwise.
                return Err(TrinoError::unsupported(
                    pos,
                    format!("IN (subquery) of type {ty}"),
                ));
            }
            (value, key) = (apply(v, vec![value])?, apply(k, vec![key])?);
        } else if !ty.compares_natively() {
            return Err(TrinoError::unsupported(
                pos,
                format!("IN (subquery) of type {ty}"),
            ));
        }
        let id = self.planner.fresh();
        self.types.insert(id.clone(), Type::Boolean);
        self.subqueries.push(Subquery::In {
            value: Box::new(value),
            relation,
            key: Box::new(key),
            id: id.clone(),
        });
        Ok(boolean(column(&id), false))
    }
}

fn quoted(message: &str) -> Option<String> {
    let (_, rest) = message.split_once('\'')?;
    rest.split_once('\'').map(|(name, _)| name.to_string())
}

impl Planner<'_> {
    /// Joins the answers of subqueries to the rows of a plan.
    pub(super) fn attach(
        &self,
        plan: LogicalPlan,
        subqueries: Vec<Subquery>,
    ) -> Result<LogicalPlan> {
        let mut plan = plan;
        for subquery in subqueries {
            plan = match subquery {
                Subquery::Scalar { relation, id } => {
                    let value = relation
                        .fields
                        .first()
                        .map_or_else(|| lit(true), |f| column(&f.id));
                    let one = built(
                        LogicalPlanBuilder::from(relation.plan)
                            .aggregate(Vec::<Expr>::new(), vec![single_value(value).alias(&id)])
                            .and_then(LogicalPlanBuilder::build),
                    )?;
                    built(
                        LogicalPlanBuilder::from(plan)
                            .cross_join(one)
                            .and_then(LogicalPlanBuilder::build),
                    )?
                }
                Subquery::Exists { relation, id } => {
                    let rows = self.fresh();
                    let one = built(
                        LogicalPlanBuilder::from(relation.plan)
                            .limit(0, Some(1))
                            .and_then(|b| {
                                b.aggregate(
                                    Vec::<Expr>::new(),
                                    vec![count(lit(1_i64)).alias(&rows)],
                                )
                            })
                            .and_then(|b| b.project([column(&rows).gt(lit(0_i64)).alias(&id)]))
                            .and_then(LogicalPlanBuilder::build),
                    )?;
                    built(
                        LogicalPlanBuilder::from(plan)
                            .cross_join(one)
                            .and_then(LogicalPlanBuilder::build),
                    )?
                }
                Subquery::In {
                    value,
                    relation,
                    key,
                    id,
                } => self.attach_in(plan, *value, relation, *key, &id)?,
            };
        }
        Ok(plan)
    }

    /// The answer is true with a match; NULL if the value, or any of the others, is NULL; else false.
    fn attach_in(
        &self,
        plan: LogicalPlan,
        value: Typed,
        relation: Relation,
        key: Typed,
        id: &str,
    ) -> Result<LogicalPlan> {
        let [value_id, key_id, mark, rows, known] = std::array::from_fn(|_| self.fresh());
        let kept: Vec<Expr> = plan
            .schema()
            .columns()
            .into_iter()
            .map(Expr::Column)
            .collect();
        let mut with_value = kept.clone();
        with_value.push(value.expr.alias(&value_id));
        let keys = built(
            LogicalPlanBuilder::from(relation.plan)
                .project([key.expr.alias(&key_id)])
                .and_then(LogicalPlanBuilder::build),
        )?;
        let counts = built(
            LogicalPlanBuilder::from(keys.clone())
                .aggregate(
                    Vec::<Expr>::new(),
                    vec![
                        count(lit(1_i64)).alias(&rows),
                        count(column(&key_id)).alias(&known),
                    ],
                )
                .and_then(LogicalPlanBuilder::build),
        )?;
        let distinct = built(
            LogicalPlanBuilder::from(keys)
                .filter(column(&key_id).is_not_null())
                .and_then(LogicalPlanBuilder::distinct)
                .and_then(|b| b.project([column(&key_id), lit(true).alias(&mark)]))
                .and_then(LogicalPlanBuilder::build),
        )?;
        let unknown = column(&value_id)
            .is_null()
            .or(column(&rows).not_eq(column(&known)));
        let answer = Expr::Case(Case::new(
            None,
            vec![
                (Box::new(column(&mark)), Box::new(lit(true))),
                (Box::new(column(&rows).eq(lit(0_i64))), Box::new(lit(false))),
                (
                    Box::new(unknown),
                    Box::new(Expr::Literal(ScalarValue::Boolean(None), None)),
                ),
            ],
            Some(Box::new(lit(false))),
        ));
        let mut outputs = kept;
        outputs.push(answer.alias(id));
        built(
            LogicalPlanBuilder::from(plan)
                .project(with_value)
                .and_then(|b| {
                    b.join_on(
                        distinct,
                        JoinType::Left,
                        [column(&value_id).eq(column(&key_id))],
                    )
                })
                .and_then(|b| b.cross_join(counts))
                .and_then(|b| b.project(outputs))
                .and_then(LogicalPlanBuilder::build),
        )
    }
}

/// The only value of a column: NULL without rows, an error with several.
fn single_value(value: Expr) -> Expr {
    AggregateUDF::new_from_impl(SingleValue {
        signature: Signature::any(1, Volatility::Immutable),
    })
    .call(vec![value])
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct SingleValue {
    signature: Signature,
}

impl AggregateUDFImpl for SingleValue {
    fn name(&self) -> &str {
        "single_value"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, types: &[DataType]) -> DataFusionResult<DataType> {
        Ok(types.first().cloned().unwrap_or(DataType::Null))
    }

    fn accumulator(&self, args: AccumulatorArgs) -> DataFusionResult<Box<dyn Accumulator>> {
        let value = ScalarValue::try_from(args.return_field.data_type())?;
        Ok(Box::new(SingleValueState { value, rows: 0 }))
    }

    fn state_fields(&self, args: StateFieldsArgs) -> DataFusionResult<Vec<FieldRef>> {
        Ok(vec![
            Arc::new(ArrowField::new(
                format!("{}[value]", args.name),
                args.return_field.data_type().clone(),
                true,
            )),
            Arc::new(ArrowField::new(
                format!("{}[rows]", args.name),
                DataType::Int64,
                false,
            )),
        ])
    }
}

#[derive(Debug)]
struct SingleValueState {
    value: ScalarValue,
    rows: i64,
}

impl SingleValueState {
    fn take(&mut self, values: &ArrayRef, row: usize, rows: i64) -> DataFusionResult<()> {
        if rows == 0 {
            return Ok(());
        }
        self.rows += rows;
        if self.rows > 1 {
            return Err(outward(TrinoError::in_data(
                Code::SubqueryMultipleRows,
                "Scalar sub-query has returned multiple rows",
            )));
        }
        self.value = ScalarValue::try_from_array(values, row)?;
        Ok(())
    }
}

impl Accumulator for SingleValueState {
    fn update_batch(&mut self, values: &[ArrayRef]) -> DataFusionResult<()> {
        let Some(values) = values.first() else {
            return Ok(());
        };
        if values.is_empty() {
            return Ok(());
        }
        self.take(values, 0, i64::try_from(values.len()).unwrap_or(i64::MAX))
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> DataFusionResult<()> {
        let [values, rows] = states else {
            return Ok(());
        };
        let Some(rows) = rows.as_primitive_opt::<Int64Type>() else {
            return Ok(());
        };
        for row in 0..rows.len() {
            self.take(values, row, rows.value(row))?;
        }
        Ok(())
    }

    fn state(&mut self) -> DataFusionResult<Vec<ScalarValue>> {
        Ok(vec![
            self.value.clone(),
            ScalarValue::Int64(Some(self.rows)),
        ])
    }

    fn evaluate(&mut self) -> DataFusionResult<ScalarValue> {
        Ok(self.value.clone())
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.value.size()
    }
}
