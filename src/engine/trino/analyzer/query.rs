//! Queries: WITH, set operations, VALUES, ORDER BY and limits outside SELECT blocks.

use std::sync::Arc;

use datafusion::common::ScalarValue;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, SortExpr};

use super::super::ast::{Body, Expression, Node, Pos, Query, SetOperation, SortItem};
use super::super::error::{Code, Result, TrinoError};
use super::super::operators::grouped_by;
use super::super::types::Type;
use super::super::value::Value;
use super::combine::coerce;
use super::expression::Analyzer;
use super::scope::{Field, Relation, Typed, column};
use super::{Named, Planner, built};

impl Planner<'_> {
    /// Plans a query; `named` are the named queries around it.
    pub(super) fn query(&self, query: &Query, named: &Named) -> Result<Relation> {
        let mut named = named.clone();
        let mut own = Vec::new();
        for item in &query.with {
            if own.contains(&item.name.key()) {
                return Err(TrinoError::at(
                    item.name.pos,
                    Code::DuplicateNamedQuery,
                    format!(
                        "WITH query name '{}' specified more than once",
                        item.name.value
                    ),
                ));
            }
            let relation = match query.recursive {
                true => self.recursive(item, &named)?,
                false => None,
            };
            let relation = match relation {
                Some(relation) => relation,
                None => {
                    let mut relation = self.query(&item.query, &named)?;
                    self.rename(&mut relation, &item.columns, item.name.pos)?;
                    relation
                }
            };
            own.push(item.name.key());
            named.insert(item.name.key(), Arc::new(relation));
        }
        let relation = match &query.body {
            Body::Select(select) => self.select(select, &query.order_by, &named)?,
            body => {
                let relation = self.body(body, &named)?;
                self.order(relation, &query.order_by, &named)?
            }
        };
        self.limit(relation, query)
    }

    /// Column aliases of a WITH query.
    pub(super) fn rename(
        &self,
        relation: &mut Relation,
        columns: &[super::Identifier],
        pos: Pos,
    ) -> Result<()> {
        if columns.is_empty() {
            return Ok(());
        }
        if columns.len() != relation.fields.len() {
            return Err(TrinoError::at(
                pos,
                Code::ColumnAliasMismatch,
                format!(
                    "WITH column alias list has {} entries but WITH query has {} columns",
                    columns.len(),
                    relation.fields.len()
                ),
            ));
        }
        for (field, name) in relation.fields.iter_mut().zip(columns) {
            field.name = Some(name.value.clone());
        }
        Ok(())
    }

    pub(super) fn body(&self, body: &Body, named: &Named) -> Result<Relation> {
        match body {
            Body::Select(select) => self.select(select, &[], named),
            Body::Nested(query) => self.query(query, named),
            Body::Table(name, pos) => self.table(name, *pos, named).and_then(visible),
            Body::Values(rows, pos) => self.values(rows, *pos, named),
            Body::Set {
                operation,
                all,
                left,
                right,
                pos,
            } => {
                let left = self.body(left, named)?;
                let right = self.body(right, named)?;
                self.set_operation(*operation, *all, left, right, *pos)
            }
        }
    }

    fn values(&self, rows: &[Expression], pos: Pos, named: &Named) -> Result<Relation> {
        let mut analyzed: Vec<Vec<Typed>> = Vec::with_capacity(rows.len());
        let mut plan = built(LogicalPlanBuilder::empty(true).build())?;
        for row in rows {
            let parts: &[Expression] = match &row.kind {
                Node::Row(parts) => parts,
                _ => std::slice::from_ref(row),
            };
            let mut analyzer = Analyzer::new(self, named, &[], "VALUES");
            let values = parts
                .iter()
                .map(|part| analyzer.analyze(part))
                .collect::<Result<Vec<_>>>()?;
            // One value of a row type is a row.
            let values = match (values.as_slice(), &row.kind) {
                ([only], kind) if !matches!(kind, Node::Row(_)) => {
                    expanded(only)?.unwrap_or(values)
                }
                _ => values,
            };
            if !analyzer.subqueries.is_empty() {
                // Every row sees one row of input: subqueries join onto it.
                plan = self.attach(plan, std::mem::take(&mut analyzer.subqueries))?;
            }
            analyzed.push(values);
        }
        let width = analyzed.first().map_or(0, Vec::len);
        let mut types = vec![Type::Unknown; width];
        for row in &analyzed {
            if row.len() != width {
                return Err(TrinoError::at(
                    pos,
                    Code::TypeMismatch,
                    format!(
                        "Values rows have mismatched sizes: {width} vs {}",
                        row.len()
                    ),
                ));
            }
            for (ty, value) in types.iter_mut().zip(row) {
                *ty = ty.common(&value.ty).ok_or_else(|| {
                    TrinoError::at(
                        pos,
                        Code::TypeMismatch,
                        format!("Values rows have mismatched types: {ty} vs {}", value.ty),
                    )
                })?;
            }
        }
        let ids: Vec<String> = types.iter().map(|_| self.fresh()).collect();
        let constant = analyzed.iter().flatten().all(|v| v.constant.is_some());
        let converted: Vec<Vec<Expr>> = analyzed
            .into_iter()
            .map(|row| {
                row.into_iter()
                    .zip(&types)
                    .map(|(value, ty)| coerce(value, ty).map(|v| v.expr))
                    .collect::<Result<_>>()
            })
            .collect::<Result<_>>()?;
        let plan = if constant {
            let values = built(LogicalPlanBuilder::values(converted))?;
            let renamed: Vec<Expr> = values
                .schema()
                .columns()
                .into_iter()
                .zip(&ids)
                .map(|(have, id)| Expr::Column(have).alias(id))
                .collect();
            built(values.project(renamed).and_then(LogicalPlanBuilder::build))?
        } else {
            self.rows(&plan, converted, &ids)?
        };
        let fields = ids
            .into_iter()
            .zip(types)
            .map(|(id, ty)| Field {
                name: None,
                qualifier: Vec::new(),
                id,
                ty,
            })
            .collect();
        Ok(Relation { plan, fields })
    }

    /// One projection a row, put together: for rows that are not plain values.
    fn rows(&self, one: &LogicalPlan, rows: Vec<Vec<Expr>>, ids: &[String]) -> Result<LogicalPlan> {
        let mut all: Option<LogicalPlanBuilder> = None;
        for row in rows {
            let exprs: Vec<Expr> = row
                .into_iter()
                .zip(ids)
                .map(|(e, id)| e.alias(id))
                .collect();
            let plan = built(
                LogicalPlanBuilder::from(one.clone())
                    .project(exprs)
                    .and_then(LogicalPlanBuilder::build),
            )?;
            all = Some(match all {
                None => LogicalPlanBuilder::from(plan),
                Some(before) => built(before.union(plan))?,
            });
        }
        built(
            all.unwrap_or_else(|| LogicalPlanBuilder::empty(false))
                .build(),
        )
    }

    fn set_operation(
        &self,
        operation: SetOperation,
        all: bool,
        left: Relation,
        right: Relation,
        pos: Pos,
    ) -> Result<Relation> {
        let name = operation.name();
        if left.fields.len() != right.fields.len() {
            return Err(TrinoError::at(
                pos,
                Code::TypeMismatch,
                format!(
                    "{name} query has different number of fields: {}, {}",
                    left.fields.len(),
                    right.fields.len()
                ),
            ));
        }
        let mut types = Vec::with_capacity(left.fields.len());
        for (i, (a, b)) in left.fields.iter().zip(&right.fields).enumerate() {
            types.push(a.ty.common(&b.ty).ok_or_else(|| {
                TrinoError::at(
                    pos,
                    Code::TypeMismatch,
                    format!(
                        "column {} in {name} query has incompatible types: {}, {}",
                        i + 1,
                        a.ty,
                        b.ty
                    ),
                )
            })?);
        }
        let distinct = !(all && operation == SetOperation::Union);
        let ids: Vec<String> = types.iter().map(|_| self.fresh()).collect();
        let names: Vec<Option<String>> = left.fields.iter().map(|f| f.name.clone()).collect();
        let left = self.converted(left, &types, &ids, distinct)?;
        let right = self.converted(right, &types, &ids, distinct)?;
        let plan = match (operation, all) {
            (SetOperation::Union, true) => built(
                LogicalPlanBuilder::from(left)
                    .union(right)
                    .and_then(LogicalPlanBuilder::build),
            )?,
            (SetOperation::Union, false) => {
                let both = built(
                    LogicalPlanBuilder::from(left)
                        .union(right)
                        .and_then(LogicalPlanBuilder::build),
                )?;
                let columns: Vec<_> = ids.iter().cloned().zip(types.iter().cloned()).collect();
                self.distinct_rows(both, &columns)?
            }
            (operation, true) => {
                // Equal rows of a side are numbered: then no two are equal, and the n-th of one side
                // answers to the n-th of the other.
                let number = self.fresh();
                let columns: Vec<_> = ids.iter().cloned().zip(types.iter().cloned()).collect();
                let left = numbered(left, &columns, &number)?;
                let right = numbered(right, &columns, &number)?;
                let mut keys = columns;
                keys.push((number, Type::Bigint));
                let kept = self.difference(operation, left, right, &keys)?;
                let shown: Vec<Expr> = ids.iter().map(|id| column(id)).collect();
                built(
                    LogicalPlanBuilder::from(kept)
                        .project(shown)
                        .and_then(LogicalPlanBuilder::build),
                )?
            }
            (operation, false) => {
                let columns: Vec<_> = ids.iter().cloned().zip(types.iter().cloned()).collect();
                self.difference(operation, left, right, &columns)?
            }
        };
        let fields = ids
            .into_iter()
            .zip(names)
            .zip(types)
            .map(|((id, name), ty)| Field {
                name,
                qualifier: Vec::new(),
                id,
                ty,
            })
            .collect();
        Ok(Relation { plan, fields })
    }

    fn converted(
        &self,
        relation: Relation,
        types: &[Type],
        ids: &[String],
        distinct: bool,
    ) -> Result<LogicalPlan> {
        let exprs = relation
            .fields
            .iter()
            .zip(types)
            .zip(ids)
            .map(|((field, ty), id)| {
                let expr = coerce(field.typed(), ty)?.expr;
                let expr = if distinct { grouped_by(expr, ty) } else { expr };
                Ok(expr.alias(id))
            })
            .collect::<Result<Vec<_>>>()?;
        built(
            LogicalPlanBuilder::from(relation.plan)
                .project(exprs)
                .and_then(LogicalPlanBuilder::build),
        )
    }

    /// INTERSECT and EXCEPT: rows of both sides grouped, NULLs alike, with a mark for each side.
    fn difference(
        &self,
        operation: SetOperation,
        left: LogicalPlan,
        right: LogicalPlan,
        columns: &[(String, Type)],
    ) -> Result<LogicalPlan> {
        use datafusion::functions_aggregate::expr_fn::max;
        use datafusion::logical_expr::lit;
        let (from_left, from_right) = (self.fresh(), self.fresh());
        let marked = |plan: LogicalPlan, l: i32, r: i32| {
            let mut exprs: Vec<Expr> = columns.iter().map(|(id, _)| column(id)).collect();
            exprs.push(lit(l).alias(&from_left));
            exprs.push(lit(r).alias(&from_right));
            built(
                LogicalPlanBuilder::from(plan)
                    .project(exprs)
                    .and_then(LogicalPlanBuilder::build),
            )
        };
        let both = built(
            LogicalPlanBuilder::from(marked(left, 1, 0)?)
                .union(marked(right, 0, 1)?)
                .and_then(LogicalPlanBuilder::build),
        )?;
        let (has_left, has_right) = (self.fresh(), self.fresh());
        let wanted = i32::from(operation == SetOperation::Intersect);
        let marks = vec![
            max(column(&from_left)).alias(&has_left),
            max(column(&from_right)).alias(&has_right),
        ];
        let grouped = self.grouped_rows(both, columns, marks)?;
        built(
            LogicalPlanBuilder::from(grouped)
                .filter(
                    column(&has_left)
                        .eq(lit(1))
                        .and(column(&has_right).eq(lit(wanted))),
                )
                .and_then(|b| b.project(columns.iter().map(|(id, _)| column(id))))
                .and_then(LogicalPlanBuilder::build),
        )
    }

    /// The rows of a plan, each once.
    pub(super) fn distinct_rows(
        &self,
        plan: LogicalPlan,
        columns: &[(String, Type)],
    ) -> Result<LogicalPlan> {
        if columns
            .iter()
            .all(|(_, ty)| super::super::key::key(ty).is_none())
        {
            return built(
                LogicalPlanBuilder::from(plan)
                    .distinct()
                    .and_then(LogicalPlanBuilder::build),
            );
        }
        self.grouped_rows(plan, columns, Vec::new())
    }

    /// ORDER BY over the columns of a finished relation.
    fn order(&self, relation: Relation, items: &[SortItem], named: &Named) -> Result<Relation> {
        if items.is_empty() {
            return Ok(relation);
        }
        let mut plan = relation.plan;
        let mut exprs: Vec<Expr> = relation.fields.iter().map(|f| column(&f.id)).collect();
        let mut keys = Vec::new();
        for item in items {
            let key = match ordinal(&item.expression, relation.fields.len())? {
                Some(at) => match relation.fields.get(at) {
                    Some(field) => field.typed(),
                    None => continue,
                },
                None => {
                    let mut analyzer = Analyzer::new(self, named, &relation.fields, "ORDER BY");
                    let key = analyzer.analyze(&item.expression)?;
                    plan = self.attach(plan, std::mem::take(&mut analyzer.subqueries))?;
                    key
                }
            };
            self.sortable(&key.ty, item.expression.pos)?;
            let id = self.fresh();
            exprs.push(key.expr.alias(&id));
            keys.push(sort(&id, &key.ty, item));
        }
        let outputs: Vec<Expr> = relation.fields.iter().map(|f| column(&f.id)).collect();
        let plan = built(
            LogicalPlanBuilder::from(plan)
                .project(exprs)
                .and_then(|b| b.sort(keys))
                .and_then(|b| b.project(outputs))
                .and_then(LogicalPlanBuilder::build),
        )?;
        Ok(Relation {
            plan,
            fields: relation.fields,
        })
    }

    fn limit(&self, relation: Relation, query: &Query) -> Result<Relation> {
        let skip = match &query.offset {
            Some(count) => self.count(count)?,
            None => 0,
        };
        let fetch = match &query.limit {
            Some(limit) if limit.with_ties => {
                return Err(TrinoError::unsupported(
                    limit.count.pos,
                    "FETCH FIRST … WITH TIES",
                ));
            }
            Some(limit) => Some(self.count(&limit.count)?),
            None => None,
        };
        if skip == 0 && fetch.is_none() {
            return Ok(relation);
        }
        let plan = built(
            LogicalPlanBuilder::from(relation.plan)
                .limit(skip, fetch)
                .and_then(LogicalPlanBuilder::build),
        )?;
        Ok(Relation {
            plan,
            fields: relation.fields,
        })
    }

    fn count(&self, count: &Expression) -> Result<usize> {
        let named = Named::new();
        let value = Analyzer::new(self, &named, &[], "LIMIT").analyze(count)?;
        match value.constant {
            Some(Value::Int(n)) if n >= 0 => Ok(usize::try_from(n).unwrap_or(usize::MAX)),
            _ => Err(TrinoError::at(
                count.pos,
                Code::TypeMismatch,
                "Non constant or invalid row count",
            )),
        }
    }

    /// One row of each set of rows that are the same in these columns, with aggregates over the set.
    /// What Arrow would group otherwise is grouped by its key.
    pub(super) fn grouped_rows(
        &self,
        plan: LogicalPlan,
        columns: &[(String, Type)],
        mut aggregates: Vec<Expr>,
    ) -> Result<LogicalPlan> {
        let mut before: Vec<Expr> = plan
            .schema()
            .columns()
            .into_iter()
            .map(Expr::Column)
            .collect();
        let mut after: Vec<Expr> = aggregates
            .iter()
            .map(|a| column(&a.schema_name().to_string()))
            .collect();
        let (mut groups, mut keyed) = (Vec::new(), false);
        for (id, ty) in columns {
            let Some(key) = super::super::key::key(ty) else {
                groups.push(column(id));
                after.push(column(id));
                continue;
            };
            let (key_id, first) = (self.fresh(), self.fresh());
            before.push(key.expression(vec![column(id)]).alias(&key_id));
            groups.push(column(&key_id));
            aggregates.push(first_of(column(id)).alias(&first));
            after.push(column(&first).alias(id));
            keyed = true;
        }
        let builder = LogicalPlanBuilder::from(plan);
        let builder = if keyed {
            built(builder.project(before))?
        } else {
            builder
        };
        built(
            builder
                .aggregate(groups, aggregates)
                .and_then(|b| b.project(after))
                .and_then(LogicalPlanBuilder::build),
        )
    }

    /// Refuses types that have no order.
    pub(super) fn sortable(&self, ty: &Type, pos: Pos) -> Result<()> {
        match ty {
            Type::Map(..) => Err(TrinoError::at(
                pos,
                Code::TypeMismatch,
                format!("Type {ty} is not orderable, and therefore cannot be used in ORDER BY"),
            )),
            ty if !ty.is_orderable() => Err(TrinoError::at(
                pos,
                Code::TypeMismatch,
                format!("Type {ty} is not orderable, and therefore cannot be used in ORDER BY"),
            )),
            _ => Ok(()),
        }
    }
}

/// The relation without its hidden columns.
fn visible(relation: Relation) -> Result<Relation> {
    if !relation.fields.iter().any(Field::is_hidden) {
        return Ok(relation);
    }
    let mut fields = relation.fields;
    fields.retain(|field| !field.is_hidden());
    let shown: Vec<Expr> = fields.iter().map(|field| column(&field.id)).collect();
    let plan = built(
        LogicalPlanBuilder::from(relation.plan)
            .project(shown)
            .and_then(LogicalPlanBuilder::build),
    )?;
    Ok(Relation { plan, fields })
}

/// A plan with one column more, `number`: 1, 2, … within rows that are equal in `ids`.
fn numbered(plan: LogicalPlan, columns: &[(String, Type)], number: &str) -> Result<LogicalPlan> {
    use datafusion::functions_window::expr_fn::row_number;
    use datafusion::logical_expr::ExprFunctionExt;
    let keys = columns.iter().map(|(id, ty)| sorted_by(column(id), ty));
    let window = built(row_number().partition_by(keys.collect()).build())?;
    let have = window.schema_name().to_string();
    let mut outputs: Vec<Expr> = columns.iter().map(|(id, _)| column(id)).collect();
    outputs.push(column(&have).alias(number));
    built(
        LogicalPlanBuilder::from(plan)
            .window([window])
            .and_then(|b| b.project(outputs))
            .and_then(LogicalPlanBuilder::build),
    )
}

/// The fields of a row as values.
fn expanded(value: &Typed) -> Result<Option<Vec<Typed>>> {
    let Type::Row(fields) = &value.ty else {
        return Ok(None);
    };
    fields
        .iter()
        .enumerate()
        .map(|(at, (_, ty))| {
            let field = super::super::operators::row_field(value.ty.clone(), at, ty.clone());
            super::combine::apply(field, vec![value.clone()])
        })
        .collect::<Result<_>>()
        .map(Some)
}

/// A sort key on a column.
pub(super) fn sort(id: &str, ty: &Type, item: &SortItem) -> SortExpr {
    SortExpr::new(
        sorted_by(column(id), ty),
        !item.descending,
        item.nulls_first,
    )
}

/// An expression in the form it is sorted by.
pub(super) fn sorted_by(expr: Expr, ty: &Type) -> Expr {
    match super::super::key::key(ty) {
        Some(key) => key.expression(vec![expr]),
        None => expr,
    }
}

/// Any value of a group.
pub(super) fn first_of(expr: Expr) -> Expr {
    datafusion::functions_aggregate::first_last::first_value_udaf().call(vec![expr])
}

/// `ORDER BY 2`, `GROUP BY 2`: the position from 0.
pub(super) fn ordinal(expression: &Expression, columns: usize) -> Result<Option<usize>> {
    let Node::Integer(text) = &expression.kind else {
        return Ok(None);
    };
    match text.parse::<usize>() {
        Ok(at) if (1..=columns).contains(&at) => Ok(Some(at - 1)),
        _ => Err(TrinoError::at(
            expression.pos,
            Code::InvalidColumnReference,
            format!("ORDER BY position {text} is not in select list"),
        )),
    }
}

/// A NULL of a type.
pub(super) fn null_of(ty: &Type) -> Result<Expr> {
    let scalar: ScalarValue = super::super::value::scalar_of(Value::Null, ty)?;
    Ok(Expr::Literal(scalar, None))
}
