//! SELECT blocks: WHERE, grouping, windows, the select list, DISTINCT and ORDER BY, in that order.

use std::collections::{HashMap, HashSet};

use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::functions_aggregate::expr_fn::count;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, lit};

use super::super::ast::{
    Expression, GroupBy, GroupingElement, Node, Pos, Select, SelectItem, SortItem,
};
use super::super::error::{Code, Result, TrinoError};
use super::super::operators::grouped_by;
use super::super::types::Type;
use super::aggregate::{self, AggregateCall, Part};
use super::expression::{Analyzer, Gathered, name_parts};
use super::query::{first_of, null_of, ordinal, sort};
use super::scope::{Field, Relation, Typed, column};
use super::subquery::Subquery;
use super::window::WindowCall;
use super::{Named, Planner, built, dotted};

struct Output {
    name: Option<String>,
    value: Typed,
}

struct Key {
    value: Typed,
    /// Set when the key is an output column.
    output: Option<usize>,
}

/// Grouping keys and, for each grouping set, which of them it has.
struct Grouping {
    keys: Vec<Typed>,
    sets: Vec<Vec<usize>>,
}

/// What grouping keys became: expressions to look for, columns to put there.
type Replacements = Vec<(Expr, String)>;

impl Planner<'_> {
    /// Plans a SELECT block with the ORDER BY that belongs to it.
    pub(super) fn select(
        &self,
        select: &Select,
        order_by: &[SortItem],
        named: &Named,
    ) -> Result<Relation> {
        let from = self.from(&select.from, named)?;
        let mut plan = from.plan;
        if let Some(filter) = &select.filter {
            let mut analyzer = Analyzer::new(self, named, &from.fields, "WHERE");
            let terms = analyzer.conjuncts(filter, "WHERE clause")?;
            plan = self.attach(plan, std::mem::take(&mut analyzer.subqueries))?;
            plan = self.filtered_by_all(plan, terms)?;
        }
        let mut analyzer = Analyzer::new(self, named, &from.fields, "SELECT");
        analyzer.gathered = Some(Gathered::default());
        for (name, spec) in &select.windows {
            if analyzer.specs.insert(name.key(), spec.clone()).is_some() {
                return Err(TrinoError::at(
                    name.pos,
                    Code::DuplicateWindowName,
                    format!("WINDOW name '{}' specified more than once", name.value),
                ));
            }
        }
        let mut outputs = self.outputs(select, &from.fields, &mut analyzer)?;
        let windows_in_list = analyzer.gathered.as_ref().map_or(0, |g| g.windows.len());
        let mut having = select
            .having
            .as_ref()
            .map(|h| analyzer.condition(h, "HAVING clause"))
            .transpose()?;
        if let Some(clause) = &select.having
            && analyzer
                .gathered
                .as_ref()
                .is_some_and(|g| g.windows.len() > windows_in_list)
        {
            return Err(TrinoError::at(
                clause.pos,
                Code::NestedWindow,
                "HAVING clause cannot contain window functions",
            ));
        }
        let mut keys = self.order_keys(order_by, &outputs, select.distinct, &mut analyzer)?;
        let gathered = analyzer.gathered.take().unwrap_or_default();
        let used = std::mem::take(&mut analyzer.used);
        let inner = std::mem::take(&mut analyzer.inner_subqueries);
        let mut subqueries = std::mem::take(&mut analyzer.subqueries);
        let mut windows = gathered.windows;

        let grouped =
            select.group_by.is_some() || having.is_some() || !gathered.aggregates.is_empty();
        if grouped {
            let (grouping, group_subqueries) = self.grouping(
                select.group_by.as_ref(),
                &outputs,
                &from.fields,
                named,
                &gathered.aggregates,
            )?;
            plan = self.attach(plan, inner)?;
            plan = self.attach(plan, group_subqueries)?;
            let (grouped, replacements) = self.aggregated(
                plan,
                grouping,
                gathered.aggregates,
                &gathered.groupings,
                (&from.fields, named),
            )?;
            plan = grouped;
            let mut all: Vec<&mut Typed> = outputs.iter_mut().map(|o| &mut o.value).collect();
            all.extend(keys.iter_mut().map(|k| &mut k.value));
            all.extend(&mut having);
            all.extend(windows.iter_mut().flat_map(WindowCall::expressions));
            all.extend(subqueries.iter_mut().flat_map(Subquery::values));
            let inputs: HashSet<&str> = from.fields.iter().map(|f| f.id.as_str()).collect();
            for value in all {
                value.expr = replaced(value.expr.clone(), &replacements)?;
                check_grouped(&value.expr, &inputs, &used, select.pos)?;
            }
        } else if !gathered.groupings.is_empty() {
            return Err(TrinoError::at(
                select.pos,
                Code::MissingGroupBy,
                "A GROUPING() operation can only be used with a corresponding GROUPING SET/CUBE/ROLLUP/GROUP BY clause",
            ));
        } else {
            plan = self.attach(plan, inner)?;
        }
        plan = self.attach(plan, subqueries)?;
        if let Some(condition) = having {
            plan = self.filtered(plan, condition)?;
        }
        if !windows.is_empty() {
            plan = self.windowed(plan, windows)?;
        }
        self.finish(plan, select, outputs, keys, order_by)
    }

    fn outputs(
        &self,
        select: &Select,
        fields: &[Field],
        analyzer: &mut Analyzer<'_>,
    ) -> Result<Vec<Output>> {
        let mut outputs = Vec::new();
        for item in &select.items {
            match item {
                SelectItem::Expression(expression, alias) => {
                    let value = analyzer.analyze(expression)?;
                    let name = match (alias, &expression.kind) {
                        (Some(alias), _) => Some(alias.value.clone()),
                        (None, Node::Column(name) | Node::Field(_, name)) => {
                            Some(name.value.clone())
                        }
                        _ => None,
                    };
                    outputs.push(Output { name, value });
                }
                SelectItem::All(pos) => {
                    if select.from.is_empty() {
                        return Err(TrinoError::at(
                            *pos,
                            Code::ColumnNotFound,
                            "SELECT * not allowed in queries without FROM clause",
                        ));
                    }
                    let shown = fields.iter().filter(|field| !field.is_hidden());
                    outputs.extend(shown.map(|field| starred(field, *pos, analyzer)));
                }
                SelectItem::AllOf(base, aliases, pos) => {
                    outputs.extend(all_of(base, aliases, fields, *pos, analyzer)?);
                }
            }
        }
        Ok(outputs)
    }

    fn order_keys(
        &self,
        order_by: &[SortItem],
        outputs: &[Output],
        distinct: bool,
        analyzer: &mut Analyzer<'_>,
    ) -> Result<Vec<Key>> {
        // In ORDER BY a name means an output column first.
        analyzer.aliases = outputs
            .iter()
            .filter_map(|o| Some((o.name.as_ref()?.to_lowercase(), o.value.clone())))
            .collect();
        let mut keys = Vec::new();
        for item in order_by {
            let key = match ordinal(&item.expression, outputs.len())? {
                Some(at) => match outputs.get(at) {
                    Some(output) => Key {
                        value: output.value.clone(),
                        output: Some(at),
                    },
                    None => continue,
                },
                None => {
                    analyzer.alias_used = false;
                    let value = analyzer.analyze(&item.expression)?;
                    // Under DISTINCT an expression over an output column is none of the select list's,
                    // even if it reads like one: `SELECT DISTINCT a, a + b … ORDER BY a + b`.
                    let foreign = distinct
                        && analyzer.alias_used
                        && !matches!(item.expression.kind, Node::Column(_));
                    let output = outputs
                        .iter()
                        .position(|o| !foreign && o.value.expr == value.expr);
                    Key { value, output }
                }
            };
            self.sortable(&key.value.ty, item.expression.pos)?;
            keys.push(key);
        }
        analyzer.aliases.clear();
        Ok(keys)
    }

    // --- grouping ---------------------------------------------------------------------------------

    fn grouping(
        &self,
        group_by: Option<&GroupBy>,
        outputs: &[Output],
        fields: &[Field],
        named: &Named,
        aggregates: &[AggregateCall],
    ) -> Result<(Grouping, Vec<Subquery>)> {
        let mut grouping = Grouping {
            keys: Vec::new(),
            sets: vec![Vec::new()],
        };
        let Some(group_by) = group_by else {
            return Ok((grouping, Vec::new()));
        };
        let mut analyzer = Analyzer::new(self, named, fields, "GROUP BY");
        let mut key = |grouping: &mut Grouping, expression: &Expression| -> Result<usize> {
            let value = match ordinal(expression, outputs.len()).map_err(|error| TrinoError {
                message: error.message.replace("ORDER BY", "GROUP BY"),
                ..error
            })? {
                Some(at) => match outputs.get(at) {
                    Some(output) => output.value.clone(),
                    None => analyzer.analyze(expression)?,
                },
                None => analyzer.analyze(expression)?,
            };
            let of_aggregate = value
                .expr
                .column_refs()
                .iter()
                .any(|c| aggregates.iter().any(|call| call.id == c.name));
            if of_aggregate {
                return Err(TrinoError::at(
                    expression.pos,
                    Code::ExpressionNotScalar,
                    "GROUP BY clause cannot contain aggregations, window functions or grouping operations",
                ));
            }
            let have = grouping.keys.iter().position(|k| k.expr == value.expr);
            Ok(have.unwrap_or_else(|| {
                grouping.keys.push(value);
                grouping.keys.len() - 1
            }))
        };
        for element in &group_by.elements {
            let mut all = |expressions: &[Expression]| -> Result<Vec<usize>> {
                expressions.iter().map(|e| key(&mut grouping, e)).collect()
            };
            let sets: Vec<Vec<usize>> = match element {
                GroupingElement::Simple(expressions) => vec![all(expressions)?],
                GroupingElement::Rollup(expressions) => {
                    let groups = groups_of(expressions, &mut all)?;
                    (0..=groups.len())
                        .rev()
                        .map(|n| groups.iter().take(n).flatten().copied().collect())
                        .collect()
                }
                GroupingElement::Cube(expressions) => {
                    let groups = groups_of(expressions, &mut all)?;
                    if groups.len() > 10 {
                        let pos = expressions.first().map_or(Pos::default(), |e| e.pos);
                        return Err(TrinoError::unsupported(pos, "CUBE of more than 10 columns"));
                    }
                    (0..1_usize << groups.len())
                        .rev()
                        .map(|mask| {
                            groups
                                .iter()
                                .enumerate()
                                .filter(|(i, _)| mask & (1 << (groups.len() - 1 - i)) != 0)
                                .flat_map(|(_, keys)| keys.iter().copied())
                                .collect()
                        })
                        .collect()
                }
                GroupingElement::Sets(sets) => {
                    sets.iter().map(|set| all(set)).collect::<Result<_>>()?
                }
            };
            // Elements multiply.
            grouping.sets = grouping
                .sets
                .iter()
                .flat_map(|before| {
                    sets.iter().map(|set| {
                        let mut both = before.clone();
                        both.extend(set.iter().filter(|k| !before.contains(k)));
                        both
                    })
                })
                .collect();
        }
        for set in &mut grouping.sets {
            let mut seen = HashSet::new();
            set.retain(|key| seen.insert(*key));
        }
        if group_by.distinct {
            let mut seen = HashSet::new();
            grouping.sets.retain(|set| {
                let mut sorted = set.clone();
                sorted.sort_unstable();
                seen.insert(sorted)
            });
        }
        Ok((grouping, std::mem::take(&mut analyzer.subqueries)))
    }

    fn aggregated(
        &self,
        plan: LogicalPlan,
        grouping: Grouping,
        mut calls: Vec<AggregateCall>,
        groupings: &[(Vec<Expression>, String)],
        (fields, named): (&[Field], &Named),
    ) -> Result<(LogicalPlan, Replacements)> {
        let key_ids: Vec<String> = grouping.keys.iter().map(|_| self.fresh()).collect();
        let mut before = Before::default();
        // What Arrow would group otherwise has a key beside it, and is any value of its group.
        let mut keyed: HashMap<usize, String> = HashMap::new();
        for (at, (key, id)) in grouping.keys.iter().zip(&key_ids).enumerate() {
            before.add(grouped_by(key.expr.clone(), &key.ty).alias(id), id);
            if let Some(function) = super::super::key::key(&key.ty) {
                let key_id = self.fresh();
                let made = function.expression(vec![key.expr.clone()]);
                before.add(made.alias(&key_id), &key_id);
                keyed.insert(at, key_id);
            }
        }
        for call in &mut calls {
            let typed = call
                .arguments
                .iter_mut()
                .chain(&mut call.filter)
                .chain(call.order_by.iter_mut().map(|(key, ..)| key));
            for value in typed {
                before.compute(value, self);
            }
        }
        let plan = before.project(plan)?;
        let mut masks = Vec::new();
        for (arguments, id) in groupings {
            let mut analyzer = Analyzer::new(self, named, fields, "GROUPING");
            let keys = arguments
                .iter()
                .map(|argument| {
                    let value = analyzer.analyze(argument)?;
                    grouping
                        .keys
                        .iter()
                        .position(|k| k.expr == value.expr)
                        .ok_or_else(|| {
                            TrinoError::at(
                                argument.pos,
                                Code::InvalidArguments,
                                "The arguments to GROUPING() must be expressions referenced by the GROUP BY at the associated query level",
                            )
                        })
                })
                .collect::<Result<Vec<usize>>>()?;
            masks.push((keys, id));
        }
        let mut all: Option<LogicalPlanBuilder> = None;
        for set in &grouping.sets {
            let mut fresh = || self.fresh();
            let (mut parts, mut results) = (Vec::new(), Vec::new());
            for call in &calls {
                let (own, result) = aggregate::parts(call, &mut fresh)?;
                parts.extend(own.into_iter().map(Part::expression));
                results.push(result.expr.alias(&call.id));
            }
            if parts.is_empty() && set.is_empty() {
                parts.push(count(lit(1_i64)).alias(self.fresh()));
            }
            let groups: Vec<Expr> = set
                .iter()
                .filter_map(|at| keyed.get(at).or_else(|| key_ids.get(*at)))
                .map(|id| column(id))
                .collect();
            let mut exprs = Vec::new();
            for (at, (key, id)) in grouping.keys.iter().zip(&key_ids).enumerate() {
                exprs.push(if set.contains(&at) && keyed.contains_key(&at) {
                    let first = self.fresh();
                    parts.push(first_of(column(id)).alias(&first));
                    column(&first).alias(id)
                } else if set.contains(&at) {
                    column(id)
                } else {
                    null_of(&key.ty)?.alias(id)
                });
            }
            exprs.extend(results);
            for (keys, id) in &masks {
                let mask = keys
                    .iter()
                    .fold(0_i64, |mask, key| mask << 1 | i64::from(!set.contains(key)));
                exprs.push(if keys.len() <= 31 {
                    lit(i32::try_from(mask).unwrap_or(i32::MAX)).alias(*id)
                } else {
                    lit(mask).alias(*id)
                });
            }
            if exprs.is_empty() {
                exprs.push(lit(true).alias(self.fresh()));
            }
            let one = built(
                LogicalPlanBuilder::from(plan.clone())
                    .aggregate(groups, parts)
                    .and_then(|b| b.project(exprs))
                    .and_then(LogicalPlanBuilder::build),
            )?;
            all = Some(match all {
                None => LogicalPlanBuilder::from(one),
                Some(before) => built(before.union(one))?,
            });
        }
        let plan = built(
            all.unwrap_or_else(|| LogicalPlanBuilder::empty(false))
                .build(),
        )?;
        let replacements = grouping
            .keys
            .into_iter()
            .map(|key| key.expr)
            .zip(key_ids)
            .collect();
        Ok((plan, replacements))
    }

    // --- windows ----------------------------------------------------------------------------------

    fn windowed(&self, plan: LogicalPlan, mut windows: Vec<WindowCall>) -> Result<LogicalPlan> {
        let mut before = Before::default();
        for column in plan.schema().columns() {
            let name = column.name.clone();
            before.add(Expr::Column(column), &name);
        }
        for call in &mut windows {
            for value in call.expressions() {
                before.compute(value, self);
            }
        }
        let plan = before.project(plan)?;
        let kept: Vec<Expr> = plan
            .schema()
            .columns()
            .into_iter()
            .map(Expr::Column)
            .collect();
        let mut made: HashMap<String, Expr> = HashMap::new();
        let (mut named, mut results) = (Vec::new(), Vec::new());
        let mut fresh = || self.fresh();
        for call in &windows {
            let (exprs, result) = call.build(&mut fresh)?;
            for (id, expr) in exprs {
                let name = expr.schema_name().to_string();
                named.push(super::scope::column(&name).alias(&id));
                made.entry(name).or_insert(expr);
            }
            results.push(result.expr.alias(&call.id));
        }
        let mut with_parts = kept.clone();
        with_parts.extend(named);
        let mut outputs = kept;
        outputs.extend(results);
        let windowed = built(LogicalPlanBuilder::window_plan(plan, made.into_values()))?;
        built(
            LogicalPlanBuilder::from(windowed)
                .project(with_parts)
                .and_then(|b| b.project(outputs))
                .and_then(LogicalPlanBuilder::build),
        )
    }

    // --- the end ----------------------------------------------------------------------------------

    fn finish(
        &self,
        plan: LogicalPlan,
        select: &Select,
        outputs: Vec<Output>,
        keys: Vec<Key>,
        order_by: &[SortItem],
    ) -> Result<Relation> {
        let (mut exprs, mut fields) = (Vec::new(), Vec::new());
        for output in outputs {
            let id = self.fresh();
            let value = output.value;
            let expr = if select.distinct {
                grouped_by(value.expr, &value.ty)
            } else {
                value.expr
            };
            exprs.push(expr.alias(&id));
            fields.push(Field {
                name: output.name,
                qualifier: Vec::new(),
                id,
                ty: value.ty,
            });
        }
        let mut sorts = Vec::new();
        for (key, item) in keys.into_iter().zip(order_by) {
            let ty = key.value.ty.clone();
            let id = match key.output.and_then(|at| fields.get(at)) {
                Some(field) => field.id.clone(),
                None if select.distinct => {
                    return Err(TrinoError::at(
                        select.pos,
                        Code::ExpressionNotInDistinct,
                        "For SELECT DISTINCT, ORDER BY expressions must appear in select list",
                    ));
                }
                None => {
                    let id = self.fresh();
                    exprs.push(key.value.expr.alias(&id));
                    id
                }
            };
            sorts.push(sort(&id, &ty, item));
        }
        let hidden = exprs.len() > fields.len();
        let mut builder = built(LogicalPlanBuilder::from(plan).project(exprs))?;
        if select.distinct {
            let columns: Vec<_> = fields
                .iter()
                .map(|f| (f.id.clone(), f.ty.clone()))
                .collect();
            let distinct = self.distinct_rows(built(builder.build())?, &columns)?;
            builder = LogicalPlanBuilder::from(distinct);
        }
        if !sorts.is_empty() {
            builder = built(builder.sort(sorts))?;
        }
        if hidden {
            let shown: Vec<Expr> = fields.iter().map(|f| column(&f.id)).collect();
            builder = built(builder.project(shown))?;
        }
        Ok(Relation {
            plan: built(builder.build())?,
            fields,
        })
    }
}

/// The elements of ROLLUP and CUBE: columns in parentheses come and go together.
fn groups_of(
    expressions: &[Expression],
    keys: &mut dyn FnMut(&[Expression]) -> Result<Vec<usize>>,
) -> Result<Vec<Vec<usize>>> {
    expressions
        .iter()
        .map(|expression| match &expression.kind {
            Node::Row(parts) => keys(parts),
            _ => keys(std::slice::from_ref(expression)),
        })
        .collect()
}

/// Columns computed before an operator that shall see plain columns alone.
#[derive(Default)]
struct Before {
    exprs: Vec<Expr>,
    ids: HashSet<String>,
    /// What was computed already, and as which column.
    computed: Vec<(Expr, String)>,
}

impl Before {
    fn add(&mut self, expr: Expr, id: &str) {
        if self.ids.insert(id.to_string()) {
            self.exprs.push(expr);
        }
    }

    /// Makes a value a plain column, unless it is a literal.
    fn compute(&mut self, value: &mut Typed, planner: &Planner<'_>) {
        if value.constant.is_some() {
            return;
        }
        if let Expr::Column(column) = &value.expr {
            let name = column.name.clone();
            self.add(value.expr.clone(), &name);
            return;
        }
        let id = match self.computed.iter().find(|(expr, _)| *expr == value.expr) {
            Some((_, id)) => id.clone(),
            None => {
                let id = planner.fresh();
                self.computed.push((value.expr.clone(), id.clone()));
                self.add(value.expr.clone().alias(&id), &id);
                id
            }
        };
        value.expr = column(&id);
        value.fails = false;
    }

    fn project(self, plan: LogicalPlan) -> Result<LogicalPlan> {
        if self.exprs.is_empty() {
            return Ok(plan);
        }
        built(
            LogicalPlanBuilder::from(plan)
                .project(self.exprs)
                .and_then(LogicalPlanBuilder::build),
        )
    }
}

fn starred(field: &Field, pos: Pos, analyzer: &mut Analyzer<'_>) -> Output {
    analyzer.types.insert(field.id.clone(), field.ty.clone());
    let name = field.name.clone();
    let shown = name.clone().unwrap_or_default();
    analyzer.used.push((field.id.clone(), shown, pos));
    Output {
        name,
        value: field.typed(),
    }
}

/// `t.*`, or `row.*`
fn all_of(
    base: &Expression,
    aliases: &[super::Identifier],
    fields: &[Field],
    pos: Pos,
    analyzer: &mut Analyzer<'_>,
) -> Result<Vec<Output>> {
    let prefix = name_parts(base);
    let of_table: Vec<&Field> = match &prefix {
        Some(prefix) => fields
            .iter()
            .filter(|f| f.comes_from(prefix) && !f.is_hidden())
            .collect(),
        None => Vec::new(),
    };
    let mut outputs: Vec<Output> = if let (Some(prefix), true) = (&prefix, of_table.is_empty()) {
        match analyzer.planner.outer_table(prefix) {
            Some(outer) => outer
                .into_iter()
                .map(|(name, value)| Output { name, value })
                .collect(),
            None => fields_of_row(base, Some(prefix), pos, analyzer)?,
        }
    } else if of_table.is_empty() {
        fields_of_row(base, None, pos, analyzer)?
    } else {
        of_table
            .into_iter()
            .map(|field| starred(field, pos, analyzer))
            .collect()
    };
    if !aliases.is_empty() && aliases.len() != outputs.len() {
        return Err(TrinoError::at(
            pos,
            Code::ColumnAliasMismatch,
            format!(
                "Column alias list has {} entries but relation has {} columns",
                aliases.len(),
                outputs.len()
            ),
        ));
    }
    for (output, alias) in outputs.iter_mut().zip(aliases) {
        output.name = Some(alias.value.clone());
    }
    Ok(outputs)
}

fn fields_of_row(
    base: &Expression,
    prefix: Option<&Vec<super::Identifier>>,
    pos: Pos,
    analyzer: &mut Analyzer<'_>,
) -> Result<Vec<Output>> {
    let value = match (analyzer.analyze(base), prefix) {
        (Ok(value), _) => value,
        (Err(error), Some(prefix)) if error.code == Code::ColumnNotFound => {
            return Err(TrinoError::at(
                pos,
                Code::TableNotFound,
                format!("Unable to resolve reference {}", dotted(prefix)),
            ));
        }
        (Err(error), _) => return Err(error),
    };
    let Type::Row(parts) = value.ty.clone() else {
        return Err(TrinoError::at(
            pos,
            Code::TypeMismatch,
            format!("expected expression of type Row, actual: {}", value.ty),
        ));
    };
    parts
        .into_iter()
        .enumerate()
        .map(|(at, (name, ty))| {
            let field = super::super::operators::row_field(value.ty.clone(), at, ty);
            let value = super::combine::apply(field, vec![value.clone()])?;
            Ok(Output { name, value })
        })
        .collect()
}

fn replaced(expr: Expr, replacements: &Replacements) -> Result<Expr> {
    let result = expr.transform_down(|node| {
        let hit = replacements.iter().find(|(key, _)| *key == node);
        Ok(match hit {
            Some((_, id)) => Transformed::new(column(id), true, TreeNodeRecursion::Jump),
            None => Transformed::no(node),
        })
    });
    built(result.map(|transformed| transformed.data))
}

/// After grouping, no column of the input may be left.
fn check_grouped(
    expr: &Expr,
    inputs: &HashSet<&str>,
    used: &[(String, String, Pos)],
    pos: Pos,
) -> Result<()> {
    let left: HashSet<String> = expr
        .column_refs()
        .into_iter()
        .filter(|c| inputs.contains(c.name.as_str()))
        .map(|c| c.name.clone())
        .collect();
    if left.is_empty() {
        return Ok(());
    }
    let (name, pos) = used
        .iter()
        .find(|(id, ..)| left.contains(id))
        .map_or((String::new(), pos), |(_, name, pos)| (name.clone(), *pos));
    Err(TrinoError::at(
        pos,
        Code::ExpressionNotAggregate,
        format!("'{name}' must be an aggregate expression or appear in GROUP BY clause"),
    ))
}
