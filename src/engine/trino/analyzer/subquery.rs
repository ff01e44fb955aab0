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
use super::combine::{apply, coerce};
use super::correlation::Binding;
use super::expression::Analyzer;
use super::scope::{Relation, Typed, column};
use super::{Planner, built};

/// A subquery met in an expression; `id` is the column that will hold its answer.
pub enum Subquery {
    /// `(query)`: one value, NULL without a row, an error with more than one.
    Scalar {
        relation: Relation,
        bindings: Vec<Binding>,
        id: String,
    },
    /// `EXISTS (query)`
    Exists {
        relation: Relation,
        bindings: Vec<Binding>,
        id: String,
    },
    /// All values of a query as one array, NULL without a row.
    Values {
        relation: Relation,
        bindings: Vec<Binding>,
        id: String,
    },
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
    pub fn values(&mut self) -> Vec<&mut Typed> {
        match self {
            Self::In { value, .. } => vec![value],
            Self::Scalar { bindings, .. }
            | Self::Exists { bindings, .. }
            | Self::Values { bindings, .. } => bindings.iter_mut().map(|(_, v)| v).collect(),
        }
    }
}

impl Analyzer<'_> {
    fn inner(&mut self, query: &Query, pos: Pos) -> Result<(Relation, Vec<Binding>)> {
        if !self.lambda.is_empty() {
            return Err(TrinoError::at(
                pos,
                Code::NotSupported,
                "Lambda expression cannot contain subqueries",
            ));
        }
        let found = self.planner.subquery(query, self.fields, self.named)?;
        for (id, value) in &found.1 {
            self.types.insert(id.clone(), value.ty.clone());
            if !self.inside_aggregate {
                self.used.push((id.clone(), id.clone(), pos));
            }
        }
        Ok(found)
    }

    /// The same, as one column: several are the fields of a row.
    fn inner_column(
        &mut self,
        query: &Query,
        pos: Pos,
    ) -> Result<(Relation, Vec<Binding>, super::scope::Field)> {
        let (relation, bindings) = self.inner(query, pos)?;
        if let [only] = relation.fields.as_slice() {
            let field = only.clone();
            return Ok((relation, bindings, field));
        }
        let types: Vec<Type> = relation.fields.iter().map(|f| f.ty.clone()).collect();
        let ty = Type::Row(
            relation
                .fields
                .iter()
                .map(|f| (f.name.clone(), f.ty.clone()))
                .collect(),
        );
        let parts = relation
            .fields
            .iter()
            .map(super::scope::Field::typed)
            .collect();
        let row = apply(operators::collect("row", types, ty.clone()), parts)?;
        let field = super::scope::Field {
            name: None,
            qualifier: Vec::new(),
            id: self.planner.fresh(),
            ty,
        };
        let plan = built(
            LogicalPlanBuilder::from(relation.plan)
                .project([row.expr.alias(&field.id)])
                .and_then(LogicalPlanBuilder::build),
        )?;
        let relation = Relation {
            plan,
            fields: vec![field.clone()],
        };
        Ok((relation, bindings, field))
    }

    pub(super) fn scalar_subquery(&mut self, query: &Query, pos: Pos) -> Result<Typed> {
        let (relation, bindings, field) = self.inner_column(query, pos)?;
        let id = self.planner.fresh();
        let typed = self.answer(&id, field.ty);
        self.subqueries.push(Subquery::Scalar {
            relation,
            bindings,
            id,
        });
        Ok(typed)
    }

    /// The column that will hold an answer.
    fn answer(&mut self, id: &str, ty: Type) -> Typed {
        self.types.insert(id.to_string(), ty.clone());
        Typed {
            expr: column(id),
            ty,
            fails: false,
            constant: None,
        }
    }

    pub(super) fn exists(&mut self, query: &Query, pos: Pos) -> Result<Typed> {
        let (relation, bindings) = self.inner(query, pos)?;
        let id = self.planner.fresh();
        let typed = self.answer(&id, Type::Boolean);
        self.subqueries.push(Subquery::Exists {
            relation,
            bindings,
            id,
        });
        Ok(typed)
    }

    pub(super) fn in_subquery(
        &mut self,
        value: &Expression,
        query: &Query,
        pos: Pos,
    ) -> Result<Typed> {
        let value = self.analyze(value)?;
        let (relation, bindings, field) = self.inner_column(query, pos)?;
        let ty = self.agreed(&value.ty, &field.ty, pos)?;
        let (value, key) = (coerce(value, &ty)?, coerce(field.typed(), &ty)?);
        let (value, key) = match (operators::join_key(&ty), operators::join_key(&ty)) {
            // A NaN key would read as NULL here, which IN treats otherwise.
            (Some(v), Some(k)) if !matches!(ty, Type::Double | Type::Real) => {
                (apply(v, vec![value])?, apply(k, vec![key])?)
            }
            (None, _) if ty.compares_natively() => (value, key),
            _ => return self.against_all("=", value, "ANY", (relation, bindings), key),
        };
        if !bindings.is_empty() {
            return self.against_all("=", value, "ANY", (relation, bindings), key);
        }
        let id = self.planner.fresh();
        let typed = self.answer(&id, Type::Boolean);
        self.subqueries.push(Subquery::In {
            value: Box::new(value),
            relation,
            key: Box::new(key),
            id,
        });
        Ok(typed)
    }

    fn agreed(&self, value: &Type, found: &Type, pos: Pos) -> Result<Type> {
        value.common(found).ok_or_else(|| {
            TrinoError::at(
                pos,
                Code::TypeMismatch,
                format!(
                    "Value expression and result of subquery must be of the same type: {value} vs {found}"
                ),
            )
        })
    }

    /// `value op ALL (query)` and `value op ANY (query)`.
    pub(super) fn quantified(
        &mut self,
        op: &'static str,
        value: &Expression,
        quantifier: &'static str,
        query: &Query,
        pos: Pos,
    ) -> Result<Typed> {
        let value = self.analyze(value)?;
        let (relation, bindings, field) = self.inner_column(query, pos)?;
        let ty = self.agreed(&value.ty, &field.ty, pos)?;
        if !matches!(op, "=" | "<>") && !ty.is_orderable() {
            return Err(TrinoError::at(
                pos,
                Code::TypeMismatch,
                format!(
                    "Type [{ty}] must be orderable in order to be used in quantified comparison"
                ),
            ));
        }
        let (value, key) = (coerce(value, &ty)?, coerce(field.typed(), &ty)?);
        self.against_all(op, value, quantifier, (relation, bindings), key)
    }

    /// A comparison with every value of a subquery, gathered in one array.
    fn against_all(
        &mut self,
        op: &'static str,
        value: Typed,
        quantifier: &'static str,
        (relation, bindings): (Relation, Vec<Binding>),
        key: Typed,
    ) -> Result<Typed> {
        let id = self.planner.fresh();
        let ty = key.ty.clone();
        let key_id = self.planner.fresh();
        let plan = built(
            LogicalPlanBuilder::from(relation.plan)
                .project([key.expr.alias(&key_id)])
                .and_then(LogicalPlanBuilder::build),
        )?;
        let field = super::scope::Field {
            name: None,
            qualifier: Vec::new(),
            id: key_id,
            ty: ty.clone(),
        };
        let array = self.answer(&id, Type::Array(Box::new(ty.clone())));
        self.subqueries.push(Subquery::Values {
            relation: Relation {
                plan,
                fields: vec![field],
            },
            bindings,
            id,
        });
        apply(
            operators::quantified(op, quantifier == "ALL", ty),
            vec![value, array],
        )
    }
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
                Subquery::Scalar {
                    relation,
                    bindings,
                    id,
                } => {
                    let value = relation
                        .fields
                        .first()
                        .map_or_else(|| lit(true), |f| column(&f.id));
                    let one = built(
                        LogicalPlanBuilder::from(relation.plan)
                            .aggregate(Vec::<Expr>::new(), vec![single_value(value).alias(&id)])
                            .and_then(LogicalPlanBuilder::build),
                    )?;
                    self.applied(plan, one, bindings, false)?
                }
                Subquery::Values {
                    relation,
                    bindings,
                    id,
                } => {
                    let value = relation
                        .fields
                        .first()
                        .map_or_else(|| lit(true), |f| column(&f.id));
                    let all = datafusion::functions_aggregate::expr_fn::array_agg(value);
                    let one = built(
                        LogicalPlanBuilder::from(relation.plan)
                            .aggregate(Vec::<Expr>::new(), vec![all.alias(&id)])
                            .and_then(LogicalPlanBuilder::build),
                    )?;
                    self.applied(plan, one, bindings, false)?
                }
                Subquery::Exists {
                    relation,
                    bindings,
                    id,
                } => {
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
                    self.applied(plan, one, bindings, false)?
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
