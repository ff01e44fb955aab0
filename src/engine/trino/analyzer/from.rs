//! FROM: tables, subqueries, joins, UNNEST.

use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, TimeUnit};
use datafusion::common::{Column, JoinType, UnnestOptions};
use datafusion::datasource::provider_as_source;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, cast};

use super::super::ast::{
    Criteria, Expression, Identifier, Join, JoinKind, Name, Node, Pos, Relation as Source,
};
use super::super::error::{Code, Result, TrinoError};
use super::super::function::Function;
use super::super::operators;
use super::super::types::Type;
use super::super::value::Value;
use super::combine::{apply, coerce, comparison};
use super::expression::Analyzer;
use super::scope::{Field, HIDDEN, Lookup, Relation, Typed, column, lookup};
use super::{Named, Planner, built, dotted};

impl Planner<'_> {
    /// A table, or a named query of that name.
    pub(super) fn table(&self, name: &Name, pos: Pos, named: &Named) -> Result<Relation> {
        if let [only] = name.as_slice()
            && let Some(relation) = named.get(&only.key())
        {
            return self.again(relation, &only.key());
        }
        let (database, table) = self.locate(name, pos)?;
        let tables = self.context.tables;
        if let Some(stored) = tables.view(&database, &table)? {
            return self.view(&stored, &database, &table, pos);
        }
        let catalog = self.context.catalog.to_lowercase();
        let hidden: Vec<String> = self.hidden.iter().cloned().collect();
        let Some(provider) = tables.table_with(&database, &table, &hidden)? else {
            return Err(if tables.database_exists(&database) {
                TrinoError::at(
                    pos,
                    Code::TableNotFound,
                    format!("Table '{catalog}.{database}.{table}' does not exist"),
                )
            } else {
                TrinoError::at(
                    pos,
                    Code::SchemaNotFound,
                    format!("Schema '{database}' does not exist"),
                )
            });
        };
        let schema = provider.schema();
        let scan = built(LogicalPlanBuilder::scan(
            format!("{table}_{}", self.fresh()),
            provider_as_source(provider),
            None,
        ))?;
        let (mut exprs, mut fields) = (Vec::new(), Vec::new());
        let qualified = scan.schema().columns();
        for (column, field) in qualified.into_iter().zip(schema.fields()) {
            let ty = Type::of_column(field.data_type()).ok_or_else(|| {
                TrinoError::unsupported(
                    pos,
                    format!("Column '{}' of type {}", field.name(), field.data_type()),
                )
            })?;
            let mut id = self.fresh();
            if field.name().starts_with(HIDDEN) {
                id.push(HIDDEN);
            }
            let held = Expr::Column(column);
            let held = match field.data_type() {
                have if *have == ty.arrow() => held,
                // Rounded to milliseconds, as Trino reads them; Arrow's cast would cut.
                DataType::Timestamp(TimeUnit::Microsecond | TimeUnit::Nanosecond, _) => {
                    operators::cast(Type::Timestamp(6), ty.clone(), false).expression(vec![held])
                }
                _ if matches!(ty, Type::Row(_) | Type::Array(_) | Type::Map(..)) => {
                    operators::held(ty.clone()).expression(vec![held])
                }
                _ => cast(held, ty.arrow()),
            };
            exprs.push(held.alias(&id));
            fields.push(Field {
                name: Some(field.name().to_lowercase()),
                qualifier: vec![catalog.clone(), database.clone(), table.clone()],
                id,
                ty,
            });
        }
        let plan = built(scan.project(exprs).and_then(LogicalPlanBuilder::build))?;
        Ok(Relation { plan, fields })
    }

    /// A named query once more: the same rows under new identities.
    fn again(&self, relation: &Arc<Relation>, name: &str) -> Result<Relation> {
        let mut fields = relation.fields.clone();
        let mut exprs = Vec::with_capacity(fields.len());
        for field in &mut fields {
            let id = self.fresh();
            exprs.push(column(&field.id).alias(&id));
            field.id = id;
            field.qualifier = vec![name.to_string()];
        }
        let plan = built(
            LogicalPlanBuilder::from(relation.plan.clone())
                .project(exprs)
                .and_then(LogicalPlanBuilder::build),
        )?;
        Ok(Relation { plan, fields })
    }

    /// All of FROM.
    pub(super) fn from(&self, sources: &[Source], named: &Named) -> Result<Relation> {
        let mut all: Option<Relation> = None;
        for source in sources {
            all = Some(match all {
                None => self.relation(source, named, None)?,
                Some(left) => self.joined_with(left, source, named)?,
            });
        }
        match all {
            Some(relation) => Ok(relation),
            None => Ok(Relation {
                plan: built(LogicalPlanBuilder::empty(true).build())?,
                fields: Vec::new(),
            }),
        }
    }

    fn joined_with(&self, left: Relation, source: &Source, named: &Named) -> Result<Relation> {
        if is_unnest(source) {
            return self.relation(source, named, Some(left));
        }
        if is_lateral(source) {
            return self.lateral(left, source, None, false, named);
        }
        let right = self.relation(source, named, None)?;
        cross(left, right)
    }

    /// The rows of `left`, each with those a relation has for it and for which a condition holds; with
    /// `keep`, a row without any stays.
    fn lateral(
        &self,
        left: Relation,
        source: &Source,
        condition: Option<&Expression>,
        keep: bool,
        named: &Named,
    ) -> Result<Relation> {
        let (right, bindings) = self.inside(&left.fields, || {
            let mut right = self.relation(source, named, None)?;
            if let Some(condition) = condition {
                let mut analyzer = Analyzer::new(self, named, &right.fields, "JOIN");
                let on = analyzer.condition(condition, "JOIN ON clause")?;
                let subqueries = std::mem::take(&mut analyzer.subqueries);
                right.plan = self.attach(right.plan, subqueries)?;
                right.plan = self.filtered(right.plan, on)?;
            }
            let shown: Vec<Expr> = right.fields.iter().map(|f| column(&f.id)).collect();
            right.plan = built(
                LogicalPlanBuilder::from(right.plan)
                    .project(shown)
                    .and_then(LogicalPlanBuilder::build),
            )?;
            Ok(right)
        })?;
        let mut fields = left.fields;
        fields.extend(right.fields);
        let plan = self.applied(left.plan, right.plan, bindings, keep)?;
        Ok(Relation { plan, fields })
    }

    /// One relation; `left` is what UNNEST may look at, and is then part of the result.
    fn relation(&self, source: &Source, named: &Named, left: Option<Relation>) -> Result<Relation> {
        match source {
            Source::Table(name, pos) => self.table(name, *pos, named),
            Source::Subquery(query) => self.unqualified(self.query(query, named)?),
            Source::Lateral(query, _) => self.unqualified(self.query(query, named)?),
            Source::Parenthesized(inner) => self.relation(inner, named, left),
            Source::Unnest(arrays, ordinality, _) => {
                let left = match left {
                    Some(left) => left,
                    None => self.from(&[], named)?,
                };
                Ok(self.unnest(left, arrays, *ordinality, named, false)?.0)
            }
            Source::Aliased(inner, alias, columns) => {
                if let Source::Unnest(arrays, ordinality, _) = inner.as_ref() {
                    let left = match left {
                        Some(left) => left,
                        None => self.from(&[], named)?,
                    };
                    let (mut all, made) = self.unnest(left, arrays, *ordinality, named, false)?;
                    let at = all.fields.len() - made;
                    let (_, new) = all.fields.split_at_mut(at);
                    aliased(new, alias, columns)?;
                    return Ok(all);
                }
                let mut relation = self.relation(inner, named, left)?;
                aliased(&mut relation.fields, alias, columns)?;
                Ok(relation)
            }
            Source::Join(join) => self.join(join, named),
            Source::Sampled(_, method, _) => {
                Err(TrinoError::unsupported(method.pos, "TABLESAMPLE"))
            }
        }
    }

    fn unqualified(&self, mut relation: Relation) -> Result<Relation> {
        for field in &mut relation.fields {
            field.qualifier.clear();
        }
        Ok(relation)
    }

    fn join(&self, join: &Join, named: &Named) -> Result<Relation> {
        let left = self.relation(&join.left, named, None)?;
        if is_lateral(&join.right) {
            let condition = match &join.criteria {
                Criteria::None => None,
                Criteria::On(condition) => Some(condition),
                _ => return Err(TrinoError::unsupported(join.pos, "LATERAL with USING")),
            };
            return match join.kind {
                JoinKind::Cross | JoinKind::Inner => {
                    self.lateral(left, &join.right, condition, false, named)
                }
                JoinKind::Left => self.lateral(left, &join.right, condition, true, named),
                JoinKind::Right | JoinKind::Full => {
                    let (right, bindings) =
                        self.inside(&left.fields, || self.relation(&join.right, named, None))?;
                    match condition {
                        Some(condition) if bindings.is_empty() => {
                            self.join_on(join.kind, left, right, condition, named)
                        }
                        _ => Err(TrinoError::at(
                            join.pos,
                            Code::InvalidColumnReference,
                            "LATERAL reference not allowed in RIGHT or FULL JOIN",
                        )),
                    }
                }
            };
        }
        if is_unnest(&join.right) {
            return self.join_unnest(join, left, named);
        }
        let right = self.relation(&join.right, named, None)?;
        match (&join.criteria, join.kind) {
            (Criteria::None, _) => cross(left, right),
            (Criteria::Natural, _) => Err(TrinoError::unsupported(join.pos, "NATURAL JOIN")),
            (Criteria::Using(names), kind) => self.join_using(kind, left, right, names, join.pos),
            (Criteria::On(condition), kind) => self.join_on(kind, left, right, condition, named),
        }
    }

    fn join_unnest(&self, join: &Join, left: Relation, named: &Named) -> Result<Relation> {
        let always = matches!(
            &join.criteria,
            Criteria::None
                | Criteria::On(Expression {
                    kind: Node::Boolean(true),
                    ..
                })
        );
        if !always {
            return Err(TrinoError::unsupported(
                join.pos,
                "JOIN involving UNNEST with condition other than ON TRUE",
            ));
        }
        match join.kind {
            JoinKind::Cross | JoinKind::Inner => self.relation(&join.right, named, Some(left)),
            JoinKind::Left => {
                let (unnest, alias) = match &join.right {
                    Source::Aliased(inner, alias, columns) => {
                        (inner.as_ref(), Some((alias, columns)))
                    }
                    other => (other, None),
                };
                let Source::Unnest(arrays, ordinality, _) = unnest else {
                    return Err(TrinoError::unsupported(join.pos, "This form of UNNEST"));
                };
                let (mut all, made) = self.unnest(left, arrays, *ordinality, named, true)?;
                if let Some((alias, columns)) = alias {
                    let at = all.fields.len() - made;
                    let (_, new) = all.fields.split_at_mut(at);
                    aliased(new, alias, columns)?;
                }
                Ok(all)
            }
            _ => Err(TrinoError::at(
                join.pos,
                Code::NotSupported,
                "UNNEST in conditional JOIN is not supported",
            )),
        }
    }

    fn join_on(
        &self,
        kind: JoinKind,
        left: Relation,
        right: Relation,
        condition: &Expression,
        named: &Named,
    ) -> Result<Relation> {
        let mut fields = left.fields.clone();
        fields.extend(right.fields.iter().cloned());
        let mut analyzer = Analyzer::new(self, named, &fields, "JOIN");
        let on = analyzer.condition(condition, "JOIN ON clause")?;
        if !analyzer.subqueries.is_empty() {
            let subqueries = std::mem::take(&mut analyzer.subqueries);
            return self.join_on_subquery(kind, (left, right), on, subqueries, condition, named);
        }
        if on.fails {
            return self.join_on_failing(kind, left, right, condition, named);
        }
        if on.constant == Some(Value::Boolean(true)) && kind == JoinKind::Inner {
            return cross(left, right);
        }
        let plan = built(
            LogicalPlanBuilder::from(left.plan)
                .join_on(right.plan, join_type(kind), vec![on.expr])
                .and_then(LogicalPlanBuilder::build),
        )?;
        Ok(Relation { plan, fields })
    }

    /// A join whose condition has subqueries: they are answered for every pair of rows.
    fn join_on_subquery(
        &self,
        kind: JoinKind,
        (left, right): (Relation, Relation),
        on: Typed,
        subqueries: Vec<super::subquery::Subquery>,
        condition: &Expression,
        named: &Named,
    ) -> Result<Relation> {
        match kind {
            JoinKind::Cross | JoinKind::Inner => {
                let all = cross(left, right)?;
                let plan = self.attach(all.plan, subqueries)?;
                let plan = self.filtered(plan, on)?;
                Ok(Relation { plan, ..all })
            }
            JoinKind::Left => self.left_by_row(left, right, condition, named),
            JoinKind::Right => self.right_by_row(left, right, condition, named),
            JoinKind::Full => Err(TrinoError::unsupported(
                condition.pos,
                "Subquery in the condition of a FULL JOIN",
            )),
        }
    }

    /// The same from the other side.
    fn right_by_row(
        &self,
        left: Relation,
        right: Relation,
        condition: &Expression,
        named: &Named,
    ) -> Result<Relation> {
        let width = right.fields.len();
        let mut all = self.left_by_row(right, left, condition, named)?;
        all.fields.rotate_left(width);
        Ok(all)
    }

    /// A left join that looks at the right side anew for every row of the left one.
    fn left_by_row(
        &self,
        left: Relation,
        right: Relation,
        condition: &Expression,
        named: &Named,
    ) -> Result<Relation> {
        let (inner, bindings) = self.inside(&left.fields, || {
            let mut analyzer = Analyzer::new(self, named, &right.fields, "JOIN");
            let on = analyzer.condition(condition, "JOIN ON clause")?;
            let subqueries = std::mem::take(&mut analyzer.subqueries);
            let plan = self.attach(right.plan.clone(), subqueries)?;
            let plan = self.filtered(plan, on)?;
            let shown: Vec<Expr> = right.fields.iter().map(|f| column(&f.id)).collect();
            built(
                LogicalPlanBuilder::from(plan)
                    .project(shown)
                    .and_then(LogicalPlanBuilder::build),
            )
        })?;
        let mut fields = left.fields;
        fields.extend(right.fields);
        let plan = self.applied(left.plan, inner, bindings, true)?;
        Ok(Relation { plan, fields })
    }

    /// A join whose condition can fail. An equation of both sides is computed on each side first, as
    /// Trino does; what else can fail is a filter after an inner join, and refused for the others.
    fn join_on_failing(
        &self,
        kind: JoinKind,
        mut left: Relation,
        mut right: Relation,
        condition: &Expression,
        named: &Named,
    ) -> Result<Relation> {
        let terms: &[Expression] = match &condition.kind {
            Node::And(terms) => terms,
            _ => std::slice::from_ref(condition),
        };
        let mut fields = left.fields.clone();
        fields.extend(right.fields.iter().cloned());
        let (mut safe, mut failing) = (Vec::new(), Vec::new());
        for term in terms {
            let mut analyzer = Analyzer::new(self, named, &fields, "JOIN");
            let whole = analyzer.condition(term, "JOIN ON clause")?;
            if !whole.fails {
                safe.push(whole.expr);
                continue;
            }
            let Node::Comparison("=", a, b) = &term.kind else {
                failing.push((whole, term.pos));
                continue;
            };
            let (a, b) = (analyzer.analyze(a)?, analyzer.analyze(b)?);
            let (a, b) = if of_side(&a, &left) && of_side(&b, &right) {
                (a, b)
            } else if of_side(&a, &right) && of_side(&b, &left) {
                (b, a)
            } else {
                failing.push((whole, term.pos));
                continue;
            };
            let (a, b) = (self.computed(&mut left, a)?, self.computed(&mut right, b)?);
            let equal = comparison("=", a, b, term.pos)?;
            safe.push(equal.expr);
        }
        if let Some((_, pos)) = failing.first().filter(|_| kind != JoinKind::Inner) {
            return match kind {
                JoinKind::Left => self.left_by_row(left, right, condition, named),
                JoinKind::Right => self.right_by_row(left, right, condition, named),
                _ => Err(TrinoError::unsupported(
                    *pos,
                    "A condition that can fail in a FULL JOIN",
                )),
            };
        }
        let mut plan = if safe.is_empty() {
            cross(left, right)?.plan
        } else {
            built(
                LogicalPlanBuilder::from(left.plan)
                    .join_on(right.plan, join_type(kind), safe)
                    .and_then(LogicalPlanBuilder::build),
            )?
        };
        for (condition, _) in failing {
            plan = self.filtered(plan, condition)?;
        }
        Ok(Relation { plan, fields })
    }

    /// A value as a column of its side.
    fn computed(&self, side: &mut Relation, value: Typed) -> Result<Typed> {
        let id = self.fresh();
        let mut exprs: Vec<Expr> = side
            .plan
            .schema()
            .columns()
            .into_iter()
            .map(Expr::Column)
            .collect();
        exprs.push(value.expr.alias(&id));
        side.plan = built(
            LogicalPlanBuilder::from(side.plan.clone())
                .project(exprs)
                .and_then(LogicalPlanBuilder::build),
        )?;
        Ok(Typed {
            expr: column(&id),
            ty: value.ty,
            fails: false,
            constant: None,
        })
    }

    fn join_using(
        &self,
        kind: JoinKind,
        left: Relation,
        right: Relation,
        names: &[Identifier],
        pos: Pos,
    ) -> Result<Relation> {
        let (mut conditions, mut shared) = (Vec::new(), Vec::new());
        let mut used = Vec::new();
        for name in names {
            let side =
                |fields: &[Field], which: &str| match lookup(fields, std::slice::from_ref(name)) {
                    Lookup::Found(field) => Ok(field.clone()),
                    Lookup::Ambiguous => Err(TrinoError::at(
                        name.pos,
                        Code::AmbiguousName,
                        format!("Column '{}' is ambiguous", name.value),
                    )),
                    Lookup::Missing => Err(TrinoError::at(
                        name.pos,
                        Code::ColumnNotFound,
                        format!(
                            "Column '{}' is missing from {which} side of join",
                            name.value
                        ),
                    )),
                };
            let (l, r) = (side(&left.fields, "left")?, side(&right.fields, "right")?);
            let ty = l.ty.common(&r.ty).ok_or_else(|| {
                TrinoError::at(
                    name.pos,
                    Code::TypeMismatch,
                    format!(
                        "Column '{}' has incompatible types on either side of the join: {}, {}",
                        name.value, l.ty, r.ty
                    ),
                )
            })?;
            let (lv, rv) = (coerce(l.typed(), &ty)?, coerce(r.typed(), &ty)?);
            conditions.push(comparison("=", lv.clone(), rv.clone(), pos)?.expr);
            let merged = match kind {
                JoinKind::Right => rv.expr,
                JoinKind::Full => {
                    use datafusion::logical_expr::when;
                    built(when(lv.expr.clone().is_not_null(), lv.expr).otherwise(rv.expr))?
                }
                _ => lv.expr,
            };
            let field = Field {
                name: Some(name.value.to_lowercase()),
                qualifier: Vec::new(),
                id: self.fresh(),
                ty,
            };
            shared.push((merged, field));
            used.extend([l.id, r.id]);
        }
        let joined = built(LogicalPlanBuilder::from(left.plan).join_on(
            right.plan,
            join_type(kind),
            conditions,
        ))?;
        let (mut exprs, mut fields) = (Vec::new(), Vec::new());
        for (merged, field) in shared {
            exprs.push(merged.alias(&field.id));
            fields.push(field);
        }
        for field in left.fields.into_iter().chain(right.fields) {
            if !used.contains(&field.id) {
                exprs.push(column(&field.id));
                fields.push(field);
            }
        }
        let plan = built(joined.project(exprs).and_then(LogicalPlanBuilder::build))?;
        Ok(Relation { plan, fields })
    }

    /// The rows of `left`, each once per element of its arrays. Returns how many columns are new.
    fn unnest(
        &self,
        left: Relation,
        arrays: &[Expression],
        ordinality: bool,
        named: &Named,
        keep_empty: bool,
    ) -> Result<(Relation, usize)> {
        let mut analyzer = Analyzer::new(self, named, &left.fields, "UNNEST");
        let mut columns: Vec<(Typed, Type)> = Vec::new();
        let mut rows: Vec<(usize, Vec<Type>)> = Vec::new();
        for array in arrays {
            let value = analyzer.analyze(array)?;
            match value.ty.clone() {
                Type::Array(item) => {
                    if let Type::Row(parts) = item.as_ref() {
                        let types = parts.iter().map(|(_, ty)| ty.clone()).collect();
                        rows.push((columns.len(), types));
                    }
                    columns.push((value, *item));
                }
                Type::Map(key, item) => {
                    for (function, ty) in [("map_keys", key), ("map_values", item)] {
                        let array = analyzer.call(function, vec![value.clone()], array.pos)?;
                        columns.push((array, *ty));
                    }
                }
                other => {
                    return Err(TrinoError::at(
                        array.pos,
                        Code::TypeMismatch,
                        format!("Cannot unnest type: {other}"),
                    ));
                }
            }
        }
        let subqueries = std::mem::take(&mut analyzer.subqueries);
        if ordinality {
            let numbers = apply(
                numbers(columns.iter().map(|(c, _)| c.ty.clone()).collect()),
                columns.iter().map(|(c, _)| c.clone()).collect(),
            )?;
            columns.push((numbers, Type::Bigint));
        }
        let plan = self.attach(left.plan, subqueries)?;
        let mut exprs: Vec<Expr> = left.fields.iter().map(|f| column(&f.id)).collect();
        let mut ids = Vec::new();
        for (value, item) in &columns {
            let id = self.fresh();
            let value = if keep_empty {
                apply(padded(item), vec![value.clone()])?
            } else {
                value.clone()
            };
            exprs.push(value.expr.alias(&id));
            ids.push(id);
        }
        let options = UnnestOptions::new().with_preserve_nulls(keep_empty);
        let unnested = ids.iter().map(Column::new_unqualified).collect();
        let plan = built(
            LogicalPlanBuilder::from(plan)
                .project(exprs)
                .and_then(|b| b.unnest_columns_with_options(unnested, options)),
        )?;
        // Arrays of rows give a column a field.
        let mut exprs: Vec<Expr> = left.fields.iter().map(|f| column(&f.id)).collect();
        let mut fields = left.fields;
        let before = fields.len();
        for (i, (id, (_, ty))) in ids.iter().zip(&columns).enumerate() {
            let parts = rows.iter().find(|(at, _)| *at == i);
            match parts {
                None => {
                    exprs.push(column(id));
                    fields.push(anonymous(id.clone(), ty.clone()));
                }
                Some((_, types)) => {
                    for (at, part) in types.iter().enumerate() {
                        let function = operators::row_field(ty.clone(), at, part.clone());
                        let id_of_part = self.fresh();
                        exprs.push(function.expression(vec![column(id)]).alias(&id_of_part));
                        let mut field = anonymous(id_of_part, part.clone());
                        if let Type::Row(names) = ty {
                            field.name = names.get(at).and_then(|(name, _)| name.clone());
                        }
                        fields.push(field);
                    }
                }
            }
        }
        let made = fields.len() - before;
        let plan: LogicalPlan = built(plan.project(exprs).and_then(LogicalPlanBuilder::build))?;
        Ok((Relation { plan, fields }, made))
    }
}

fn anonymous(id: String, ty: Type) -> Field {
    Field {
        name: None,
        qualifier: Vec::new(),
        id,
        ty,
    }
}

/// `[1, 2, … n]` for the longest of the arrays.
fn numbers(types: Vec<Type>) -> Function {
    let result = Type::Array(Box::new(Type::Bigint));
    Function::new("ordinality", types, result, |args| {
        let longest = args
            .iter()
            .map(|value| match value {
                Value::List(items) => items.len() as i64,
                _ => 0,
            })
            .max()
            .unwrap_or(0);
        Ok(Value::List((1..=longest).map(Value::Int).collect()))
    })
    .seeing_nulls()
}

/// An empty array as NULL, so that LEFT JOIN UNNEST keeps its row.
fn padded(item: &Type) -> Function {
    let ty = Type::Array(Box::new(item.clone()));
    Function::new("null_if_empty", vec![ty.clone()], ty, |args| {
        Ok(match args {
            [Value::List(items)] if !items.is_empty() => Value::List(items.clone()),
            _ => Value::Null,
        })
    })
}

fn is_unnest(source: &Source) -> bool {
    match source {
        Source::Unnest(..) => true,
        Source::Aliased(inner, ..) | Source::Parenthesized(inner) => is_unnest(inner),
        _ => false,
    }
}

/// Whether a value uses columns of one side alone.
fn of_side(value: &Typed, side: &Relation) -> bool {
    value
        .expr
        .column_refs()
        .iter()
        .all(|c| side.fields.iter().any(|f| f.id == c.name))
}

fn is_lateral(source: &Source) -> bool {
    match source {
        Source::Lateral(..) => true,
        Source::Aliased(inner, ..) | Source::Parenthesized(inner) => is_lateral(inner),
        _ => false,
    }
}

fn cross(left: Relation, right: Relation) -> Result<Relation> {
    let mut fields = left.fields;
    fields.extend(right.fields);
    let plan = built(
        LogicalPlanBuilder::from(left.plan)
            .cross_join(right.plan)
            .and_then(LogicalPlanBuilder::build),
    )?;
    Ok(Relation { plan, fields })
}

fn join_type(kind: JoinKind) -> JoinType {
    match kind {
        JoinKind::Cross | JoinKind::Inner => JoinType::Inner,
        JoinKind::Left => JoinType::Left,
        JoinKind::Right => JoinType::Right,
        JoinKind::Full => JoinType::Full,
    }
}

fn aliased(fields: &mut [Field], alias: &Identifier, columns: &[Identifier]) -> Result<()> {
    let visible = fields.iter().filter(|field| !field.is_hidden()).count();
    if !columns.is_empty() && columns.len() != visible {
        return Err(TrinoError::at(
            alias.pos,
            Code::ColumnAliasMismatch,
            format!(
                "Column alias list has {} entries but '{}' has {visible} columns available",
                columns.len(),
                dotted(std::slice::from_ref(alias)),
            ),
        ));
    }
    let mut names = columns.iter();
    for field in fields {
        field.qualifier = vec![alias.key()];
        if !field.is_hidden()
            && let Some(name) = names.next()
        {
            field.name = Some(name.value.clone());
        }
    }
    Ok(())
}
