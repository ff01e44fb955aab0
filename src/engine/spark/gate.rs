//! The gate in front of DataFusion's planner: a query passes when every part of it is one whose
//! Spark meaning is executed; the parts are rewritten to say that meaning outright.
//!
//! What is rewritten: identifiers to lower case (Spark's are case-insensitive), literals to typed
//! values, `BETWEEN`, `IN` and simple `CASE` to the comparisons they stand for, casts and functions
//! to our own, ordering to Spark's place of NULLs.

mod call;
mod expression;
mod syntax;

use datafusion::sql::sqlparser::ast::*;

use self::syntax::{fold, refuse};
use crate::base::Timestamp;

pub use self::call::{AGGREGATES, WINDOWS};
pub use self::expression::cast_target;

type Checked<T = ()> = Result<T, String>;

/// Checks and rewrites one query.
#[derive(Debug)]
pub struct Gate {
    /// What `current_timestamp` is; without it the functions are refused.
    now: Option<Timestamp>,
}

impl Gate {
    /// A gate for a query at `now`.
    pub fn new(now: Option<Timestamp>) -> Self {
        Self { now }
    }

    /// Checks and rewrites a query.
    pub fn query(&self, query: &mut Query) -> Checked {
        if let Some(with) = &mut query.with {
            if with.recursive {
                return refuse("WITH RECURSIVE");
            }
            for cte in &mut with.cte_tables {
                self.alias(&mut cte.alias)?;
                if cte.materialized.is_some() || cte.from.is_some() {
                    return refuse("this form of WITH");
                }
                self.query(&mut cte.query)?;
            }
        }
        self.body(&mut query.body)?;
        if let Some(order) = &mut query.order_by {
            if order.interpolate.is_some() {
                return refuse("INTERPOLATE");
            }
            match &mut order.kind {
                OrderByKind::Expressions(keys) => self.ordering(keys)?,
                OrderByKind::All(_) => return refuse("ORDER BY ALL"),
            }
        }
        match &query.limit_clause {
            None => {}
            Some(LimitClause::LimitOffset {
                limit: Some(limit),
                offset: None,
                limit_by,
            }) if limit_by.is_empty() && is_count(limit) => {}
            Some(_) => return refuse("a LIMIT other than a number, or OFFSET,"),
        }
        let other = query.fetch.is_some()
            || !query.locks.is_empty()
            || query.for_clause.is_some()
            || query.settings.is_some()
            || query.format_clause.is_some()
            || !query.pipe_operators.is_empty();
        if other {
            return refuse("a clause at the end of the query");
        }
        Ok(())
    }

    fn body(&self, body: &mut SetExpr) -> Checked {
        match body {
            SetExpr::Select(select) => self.select(select),
            SetExpr::Query(query) => self.query(query),
            SetExpr::SetOperation {
                left,
                op: SetOperator::Union,
                set_quantifier: SetQuantifier::All | SetQuantifier::Distinct | SetQuantifier::None,
                right,
            } => {
                self.body(left)?;
                self.body(right)
            }
            SetExpr::SetOperation { op, .. } => refuse(op),
            _ => refuse("a query without SELECT"),
        }
    }

    fn select(&self, select: &mut Select) -> Checked {
        match &select.distinct {
            None | Some(Distinct::Distinct | Distinct::All) => {}
            Some(Distinct::On(_)) => return refuse("DISTINCT ON"),
        }
        let other = [
            (!select.optimizer_hints.is_empty(), "a hint"),
            (select.select_modifiers.is_some(), "a modifier of SELECT"),
            (select.top.is_some(), "TOP"),
            (select.exclude.is_some(), "EXCLUDE"),
            (select.into.is_some(), "INTO"),
            (!select.lateral_views.is_empty(), "LATERAL VIEW"),
            (select.prewhere.is_some(), "PREWHERE"),
            (!select.connect_by.is_empty(), "CONNECT BY"),
            (!select.cluster_by.is_empty(), "CLUSTER BY"),
            (!select.distribute_by.is_empty(), "DISTRIBUTE BY"),
            (!select.sort_by.is_empty(), "SORT BY"),
            (!select.named_window.is_empty(), "WINDOW"),
            (select.qualify.is_some(), "QUALIFY"),
            (select.value_table_mode.is_some(), "AS STRUCT"),
            (
                select.flavor != SelectFlavor::Standard,
                "FROM before SELECT",
            ),
        ];
        if let Some((_, name)) = other.iter().find(|(present, _)| *present) {
            return refuse(name);
        }
        for item in &mut select.projection {
            self.item(item)?;
        }
        for table in &mut select.from {
            self.table(&mut table.relation)?;
            for join in &mut table.joins {
                self.join(join)?;
            }
        }
        if let Some(filter) = &mut select.selection {
            self.expr(filter)?;
        }
        match &mut select.group_by {
            GroupByExpr::Expressions(keys, modifiers) if modifiers.is_empty() => {
                for key in keys {
                    if matches!(key, Expr::Rollup(_) | Expr::Cube(_) | Expr::GroupingSets(_)) {
                        return refuse("GROUP BY with several groupings");
                    }
                    // A number is the place of a column.
                    if !is_count(key) {
                        self.expr(key)?;
                    }
                }
            }
            GroupByExpr::Expressions(..) => return refuse("GROUP BY with a modifier"),
            GroupByExpr::All(_) => return refuse("GROUP BY ALL"),
        }
        if let Some(having) = &mut select.having {
            self.expr(having)?;
        }
        Ok(())
    }

    fn item(&self, item: &mut SelectItem) -> Checked {
        match item {
            SelectItem::UnnamedExpr(expr) => {
                if !matches!(expr, Expr::Identifier(_) | Expr::CompoundIdentifier(_)) {
                    return Err(format!("`{expr}` needs a name: write `{expr} AS name`"));
                }
                self.expr(expr)
            }
            SelectItem::ExprWithAlias { expr, alias } => {
                // `1.8D` is one double in Spark; here it would read as 1.8 named D.
                let suffix = ["d", "f", "l", "s", "y", "bd"];
                let ends_in_number = expr.to_string().ends_with(|c: char| c.is_ascii_digit());
                let adjoins = expr.span().end == alias.span.start;
                if adjoins
                    && ends_in_number
                    && suffix.contains(&alias.value.to_lowercase().as_str())
                {
                    return refuse(format!("a number with the suffix {}", alias.value));
                }
                fold(alias);
                self.expr(expr)
            }
            SelectItem::QualifiedWildcard(
                SelectItemQualifiedWildcardKind::ObjectName(name),
                options,
            ) => {
                object_name(name)?;
                plain_wildcard(options)
            }
            SelectItem::Wildcard(options) => plain_wildcard(options),
            _ => refuse("this form of a column list"),
        }
    }

    fn alias(&self, alias: &mut TableAlias) -> Checked {
        if alias.at.is_some() {
            return refuse("AT");
        }
        fold(&mut alias.name);
        for column in &mut alias.columns {
            if column.data_type.is_some() {
                return refuse("a typed column alias");
            }
            fold(&mut column.name);
        }
        Ok(())
    }

    fn table(&self, table: &mut TableFactor) -> Checked {
        match table {
            TableFactor::Table {
                name,
                alias,
                args: None,
                with_hints,
                version: None,
                with_ordinality: false,
                partitions,
                json_path: None,
                sample: None,
                index_hints,
            } if with_hints.is_empty() && partitions.is_empty() && index_hints.is_empty() => {
                if name.0.len() != 1 {
                    return Err(format!(
                        "`{name}` is no input: tables are named by the aliases of the node"
                    ));
                }
                object_name(name)?;
                alias.as_mut().map_or(Ok(()), |alias| self.alias(alias))
            }
            TableFactor::Derived {
                lateral: false,
                subquery,
                alias,
                sample: None,
            } => {
                self.query(subquery)?;
                alias.as_mut().map_or(Ok(()), |alias| self.alias(alias))
            }
            TableFactor::NestedJoin {
                table_with_joins,
                alias: None,
            } => {
                self.table(&mut table_with_joins.relation)?;
                for join in &mut table_with_joins.joins {
                    self.join(join)?;
                }
                Ok(())
            }
            other => refuse(format!("`{other}` in FROM")),
        }
    }

    fn join(&self, join: &mut Join) -> Checked {
        if join.global {
            return refuse("GLOBAL JOIN");
        }
        self.table(&mut join.relation)?;
        let constraint = match &mut join.join_operator {
            JoinOperator::Join(constraint)
            | JoinOperator::Inner(constraint)
            | JoinOperator::Left(constraint)
            | JoinOperator::LeftOuter(constraint)
            | JoinOperator::Right(constraint)
            | JoinOperator::RightOuter(constraint)
            | JoinOperator::FullOuter(constraint)
            | JoinOperator::CrossJoin(constraint)
            | JoinOperator::LeftSemi(constraint)
            | JoinOperator::LeftAnti(constraint) => constraint,
            _ => return refuse("this kind of JOIN"),
        };
        match constraint {
            JoinConstraint::On(condition) => self.expr(condition),
            JoinConstraint::Using(columns) => columns.iter_mut().try_for_each(object_name),
            JoinConstraint::None => Ok(()),
            JoinConstraint::Natural => refuse("NATURAL JOIN"),
        }
    }

    fn ordering(&self, keys: &mut [OrderByExpr]) -> Checked {
        for key in keys {
            if key.with_fill.is_some() {
                return refuse("WITH FILL");
            }
            if !is_count(&key.expr) {
                self.expr(&mut key.expr)?;
            }
            // Spark holds NULL to be the smallest value.
            let ascending = key.options.asc.unwrap_or(true);
            key.options.asc = Some(ascending);
            key.options.nulls_first.get_or_insert(ascending);
        }
        Ok(())
    }
}

fn object_name(name: &mut ObjectName) -> Checked {
    for part in &mut name.0 {
        match part {
            ObjectNamePart::Identifier(ident) => fold(ident),
            other => return refuse(format!("`{other}`")),
        }
    }
    Ok(())
}

fn plain_wildcard(options: &WildcardAdditionalOptions) -> Checked {
    let other = options.opt_ilike.is_some()
        || options.opt_exclude.is_some()
        || options.opt_except.is_some()
        || options.opt_replace.is_some()
        || options.opt_rename.is_some()
        || options.opt_alias.is_some();
    if other {
        refuse("`*` with options")
    } else {
        Ok(())
    }
}

/// A bare whole number: a LIMIT, or the place of a column.
fn is_count(expr: &Expr) -> bool {
    let Expr::Value(value) = expr else {
        return false;
    };
    matches!(&value.value, Value::Number(number, false) if number.to_string().parse::<u32>().is_ok())
}
