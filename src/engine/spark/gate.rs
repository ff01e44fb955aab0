//! The gate in front of DataFusion's planner: a query passes when every part of it is one whose
//! Spark meaning is executed; the parts are rewritten to say that meaning outright.
//!
//! What is rewritten: identifiers to lower case (Spark's are case-insensitive), literals to typed
//! values, `BETWEEN`, `IN` and simple `CASE` to the comparisons they stand for, casts and functions
//! to our own, ordering to Spark's place of NULLs.

use datafusion::sql::sqlparser::ast::helpers::attached_token::AttachedToken;
use datafusion::sql::sqlparser::ast::*;

use super::functions;
use crate::base::Timestamp;
use crate::engine::calendar;
use crate::engine::table::types::arrow_type;
use crate::glue::hive_type::HiveType;

type Checked<T = ()> = Result<T, String>;

/// Aggregate functions with Spark's meaning under DataFusion's name.
pub const AGGREGATES: [(&str, &str); 12] = [
    ("count", "count"),
    ("sum", "sum"),
    ("avg", "avg"),
    ("mean", "avg"),
    ("min", "min"),
    ("max", "max"),
    ("stddev", "stddev_samp"),
    ("stddev_samp", "stddev_samp"),
    ("stddev_pop", "stddev_pop"),
    ("variance", "var_samp"),
    ("var_samp", "var_samp"),
    ("var_pop", "var_pop"),
];

/// Window functions; those that count are `int` in Spark.
pub const WINDOWS: [&str; 7] = [
    "row_number",
    "rank",
    "dense_rank",
    "lag",
    "lead",
    "first_value",
    "last_value",
];
const COUNTING_WINDOWS: [&str; 3] = ["row_number", "rank", "dense_rank"];

/// Other names of scalar functions.
const ALIASES: [(&str, &str); 12] = [
    ("ucase", "upper"),
    ("lcase", "lower"),
    ("char_length", "length"),
    ("character_length", "length"),
    ("len", "length"),
    ("substr", "substring"),
    ("ceiling", "ceil"),
    ("power", "pow"),
    ("dayofmonth", "day"),
    ("date_diff", "datediff"),
    ("dateadd", "date_add"),
    ("to_unix_timestamp", "unix_timestamp"),
];

/// Functions that are casts, with their types.
const CASTING: [&str; 10] = [
    "boolean",
    "tinyint",
    "smallint",
    "int",
    "bigint",
    "float",
    "double",
    "string",
    "date",
    "timestamp",
];

/// Checks and rewrites one query.
#[derive(Debug)]
pub struct Gate {
    /// What `current_timestamp` is; without it the functions are refused.
    now: Option<Timestamp>,
}

fn refuse<T>(what: impl std::fmt::Display) -> Checked<T> {
    Err(format!("{what} is not executed by windfarm yet"))
}

fn take(expr: &mut Expr) -> Expr {
    std::mem::replace(expr, Expr::Value(Value::Null.with_empty_span()))
}

fn text(value: &str) -> Expr {
    Expr::Value(Value::SingleQuotedString(value.to_owned()).with_empty_span())
}

/// A call of one of our functions.
fn call(name: &str, args: Vec<Expr>) -> Expr {
    let args = args
        .into_iter()
        .map(|arg| FunctionArg::Unnamed(FunctionArgExpr::Expr(arg)))
        .collect();
    Expr::Function(Function {
        name: ObjectName::from(vec![Ident::with_quote('"', name)]),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(FunctionArgumentList {
            duplicate_treatment: None,
            args,
            clauses: Vec::new(),
        }),
        filter: None,
        null_treatment: None,
        over: None,
        within_group: Vec::new(),
    })
}

fn cast(expr: Expr, of: &HiveType) -> Expr {
    call(&format!("cast_{of}"), vec![expr])
}

fn binary(left: Expr, op: BinaryOperator, right: Expr) -> Expr {
    Expr::Nested(Box::new(Expr::BinaryOp {
        left: Box::new(left),
        op,
        right: Box::new(right),
    }))
}

fn case(conditions: Vec<(Expr, Expr)>, otherwise: Option<Expr>) -> Expr {
    Expr::Case {
        case_token: AttachedToken::empty(),
        end_token: AttachedToken::empty(),
        operand: None,
        conditions: conditions
            .into_iter()
            .map(|(condition, result)| CaseWhen { condition, result })
            .collect(),
        else_result: otherwise.map(Box::new),
    }
}

fn negate(expr: Expr, negated: bool) -> Expr {
    if !negated {
        return expr;
    }
    Expr::UnaryOp {
        op: UnaryOperator::Not,
        expr: Box::new(Expr::Nested(Box::new(expr))),
    }
}

fn fold(ident: &mut Ident) {
    ident.value = ident.value.to_lowercase();
    // Quoted, so that it is taken as it is.
    ident.quote_style = Some('"');
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

    /// Checks and rewrites an expression.
    pub fn expr(&self, expr: &mut Expr) -> Checked {
        let rewritten = match expr {
            Expr::Identifier(ident) => {
                fold(ident);
                return Ok(());
            }
            Expr::CompoundIdentifier(parts) => {
                if parts.len() != 2 {
                    return refuse(format!("`{}`", Expr::CompoundIdentifier(parts.clone())));
                }
                parts.iter_mut().for_each(fold);
                return Ok(());
            }
            Expr::IsNull(inner)
            | Expr::IsNotNull(inner)
            | Expr::IsTrue(inner)
            | Expr::IsNotTrue(inner)
            | Expr::IsFalse(inner)
            | Expr::IsNotFalse(inner)
            | Expr::Nested(inner) => return self.expr(inner),
            Expr::UnaryOp {
                op: UnaryOperator::Not | UnaryOperator::Minus | UnaryOperator::Plus,
                expr: inner,
            } => return self.expr(inner),
            Expr::BinaryOp { left, right, .. } => {
                self.expr(left)?;
                return self.expr(right);
            }
            Expr::Between {
                expr,
                negated,
                low,
                high,
            } => {
                self.expr(expr)?;
                self.expr(low)?;
                self.expr(high)?;
                let within = binary(
                    binary((**expr).clone(), BinaryOperator::GtEq, take(low)),
                    BinaryOperator::And,
                    binary(take(expr), BinaryOperator::LtEq, take(high)),
                );
                negate(within, *negated)
            }
            Expr::InList {
                expr,
                list,
                negated,
            } => {
                self.expr(expr)?;
                list.iter_mut().try_for_each(|value| self.expr(value))?;
                let mut args = vec![take(expr)];
                args.append(list);
                negate(call("in", args), *negated)
            }
            Expr::Like {
                any: false,
                expr,
                pattern,
                escape_char: None,
                ..
            } => {
                self.expr(expr)?;
                return self.expr(pattern);
            }
            Expr::Cast {
                kind: CastKind::Cast,
                expr,
                data_type,
                array: false,
                format: None,
            } => {
                let of = cast_type(data_type)?;
                self.expr(expr)?;
                cast(take(expr), &of)
            }
            Expr::Value(value) => self.literal(&value.value)?,
            Expr::TypedString(TypedString {
                data_type,
                value,
                uses_odbc_syntax: false,
            }) => self.typed(data_type, &value.value)?,
            Expr::Case {
                operand,
                conditions,
                else_result,
                ..
            } => {
                if let Some(operand) = operand {
                    self.expr(operand)?;
                }
                for when in conditions.iter_mut() {
                    self.expr(&mut when.condition)?;
                    self.expr(&mut when.result)?;
                    if let Some(operand) = operand.as_deref() {
                        let value = take(&mut when.condition);
                        when.condition = binary(operand.clone(), BinaryOperator::Eq, value);
                    }
                }
                *operand = None;
                return match else_result {
                    Some(otherwise) => self.expr(otherwise),
                    None => Ok(()),
                };
            }
            Expr::Trim {
                expr,
                trim_where,
                trim_what: None,
                trim_characters: None,
            } => {
                let name = match trim_where {
                    None | Some(TrimWhereField::Both) => "trim",
                    Some(TrimWhereField::Leading) => "ltrim",
                    Some(TrimWhereField::Trailing) => "rtrim",
                };
                self.expr(expr)?;
                call(name, vec![take(expr)])
            }
            Expr::Substring {
                expr,
                substring_from: Some(from),
                substring_for,
                ..
            } => {
                let mut args = vec![take(expr), take(from)];
                args.extend(substring_for.as_deref_mut().map(take));
                args.iter_mut().try_for_each(|arg| self.expr(arg))?;
                call("substring", args)
            }
            Expr::Floor {
                expr,
                field: CeilFloorKind::DateTimeField(DateTimeField::NoDateTime),
            } => {
                self.expr(expr)?;
                call("floor", vec![take(expr)])
            }
            Expr::Ceil {
                expr,
                field: CeilFloorKind::DateTimeField(DateTimeField::NoDateTime),
            } => {
                self.expr(expr)?;
                call("ceil", vec![take(expr)])
            }
            Expr::Extract { field, expr, .. } => {
                let name = match field {
                    DateTimeField::Year => "year",
                    DateTimeField::Month => "month",
                    DateTimeField::Day => "day",
                    DateTimeField::Hour => "hour",
                    DateTimeField::Minute => "minute",
                    other => return refuse(format!("EXTRACT({other} …)")),
                };
                self.expr(expr)?;
                call(name, vec![take(expr)])
            }
            Expr::Function(function) => self.function(function)?,
            other => return refuse(format!("`{other}`")),
        };
        *expr = rewritten;
        Ok(())
    }

    fn literal(&self, value: &Value) -> Checked<Expr> {
        match value {
            Value::Null | Value::Boolean(_) => Ok(Expr::Value(value.clone().with_empty_span())),
            Value::SingleQuotedString(found) | Value::DoubleQuotedString(found) => {
                if found.contains('\\') {
                    return refuse(format!("the escape in the literal '{found}'"));
                }
                Ok(text(found))
            }
            Value::Number(number, long) => {
                let digits = number.to_string();
                if digits.contains(['e', 'E']) {
                    return Ok(cast(text(&digits), &HiveType::Double));
                }
                if let Some((whole, fraction)) = digits.split_once('.') {
                    let whole = whole.trim_start_matches('0').len();
                    let decimal = u8::try_from(fraction.len())
                        .ok()
                        .zip(u8::try_from((whole + fraction.len()).max(1)).ok())
                        .filter(|(_, precision)| *precision <= 38);
                    let Some((scale, precision)) = decimal else {
                        return refuse(format!("the literal {digits}"));
                    };
                    return Ok(cast(text(&digits), &HiveType::Decimal { precision, scale }));
                }
                if !long && digits.parse::<i32>().is_ok() {
                    return Ok(cast(text(&digits), &HiveType::Int));
                }
                if digits.parse::<i64>().is_ok() {
                    return Ok(cast(text(&digits), &HiveType::BigInt));
                }
                refuse(format!("the literal {digits}"))
            }
            other => refuse(format!("the literal {other}")),
        }
    }

    fn typed(&self, of: &DataType, value: &Value) -> Checked<Expr> {
        let Value::SingleQuotedString(found) = value else {
            return refuse(format!("the literal {value}"));
        };
        let (hive, valid) = match cast_type(of)? {
            HiveType::Date => (HiveType::Date, calendar::parse_spark_date(found).is_some()),
            HiveType::Timestamp => (
                HiveType::Timestamp,
                calendar::parse_spark_timestamp(found).is_some(),
            ),
            other => return refuse(format!("a literal of type {other}")),
        };
        if !valid {
            return Err(format!("cannot parse the value '{found}' as {hive}"));
        }
        Ok(cast(text(found), &hive))
    }

    fn function(&self, function: &mut Function) -> Checked<Expr> {
        let [ObjectNamePart::Identifier(name)] = function.name.0.as_slice() else {
            return refuse(format!("the function `{}`", function.name));
        };
        let name = name.value.to_lowercase();
        if !matches!(function.parameters, FunctionArguments::None)
            || function.uses_odbc_syntax
            || !function.within_group.is_empty()
            || function.null_treatment.is_some()
        {
            return refuse(format!("this form of `{name}`"));
        }
        if let Some(window) = &mut function.over {
            let WindowType::WindowSpec(spec) = window else {
                return refuse("a named window");
            };
            if spec.window_name.is_some() {
                return refuse("a named window");
            }
            spec.partition_by
                .iter_mut()
                .try_for_each(|key| self.expr(key))?;
            self.ordering(&mut spec.order_by)?;
        }
        let over = function.over.is_some();
        let distinct = match &mut function.args {
            FunctionArguments::None => None,
            FunctionArguments::Subquery(_) => return refuse(format!("a query in `{name}`")),
            FunctionArguments::List(list) => {
                if !list.clauses.is_empty() {
                    return refuse(format!("this form of `{name}`"));
                }
                for arg in &mut list.args {
                    match arg {
                        FunctionArg::Unnamed(FunctionArgExpr::Expr(arg)) => self.expr(arg)?,
                        FunctionArg::Unnamed(FunctionArgExpr::Wildcard) if name == "count" => {}
                        _ => return refuse(format!("`{arg}` as argument of `{name}`")),
                    }
                }
                list.duplicate_treatment
            }
        };
        let is_window = over && WINDOWS.contains(&name.as_str());
        if let Some((_, own)) = AGGREGATES.iter().find(|(spark, _)| *spark == name) {
            if distinct == Some(DuplicateTreatment::Distinct) && (over || own.contains("_")) {
                return refuse(format!("this DISTINCT in `{name}`"));
            }
            let arguments = arguments(&function.args);
            if arguments != 1 {
                return refuse(format!("`{name}` of {arguments} values"));
            }
            if let Some(filter) = &mut function.filter {
                self.expr(filter)?;
            }
            function.name = ObjectName::from(vec![Ident::with_quote('"', *own)]);
            for arg in arguments_mut(&mut function.args) {
                *arg = match std::mem::replace(arg, FunctionArgExpr::Wildcard) {
                    // What counts every row is a value that is never NULL.
                    FunctionArgExpr::Wildcard => FunctionArgExpr::Expr(Expr::Value(
                        Value::Number("1".into(), false).with_empty_span(),
                    )),
                    FunctionArgExpr::Expr(arg) if functions::is_numeric_aggregate(own) => {
                        FunctionArgExpr::Expr(call(&format!("{own}_argument"), vec![arg]))
                    }
                    other => other,
                };
            }
            return Ok(Expr::Function(function.clone()));
        }
        if distinct.is_some() || function.filter.is_some() {
            return refuse(format!("DISTINCT or FILTER in `{name}`"));
        }
        if is_window {
            function.name = ObjectName::from(vec![Ident::with_quote('"', &name)]);
            let planned = Expr::Function(function.clone());
            return Ok(if COUNTING_WINDOWS.contains(&name.as_str()) {
                cast(planned, &HiveType::Int)
            } else {
                planned
            });
        }
        if over {
            return refuse(format!("`{name}` OVER"));
        }
        self.scalar(&name, values(function))
    }

    fn scalar(&self, name: &str, mut args: Vec<Expr>) -> Checked<Expr> {
        let canonical = ALIASES.iter().find(|(alias, _)| *alias == name);
        let name = canonical.map_or(name, |(_, name)| name);
        let is_null = |expr: &Expr| Expr::IsNull(Box::new(expr.clone()));
        let is_given = |expr: &Expr| Expr::IsNotNull(Box::new(expr.clone()));
        Ok(match (name, args.as_mut_slice()) {
            ("current_date", []) => {
                let now = self.moment(name)?;
                let days = i32::try_from(now.micros().div_euclid(calendar::DAY_MICROS));
                let date = days.ok().and_then(calendar::format_date);
                cast(text(&date.unwrap_or_default()), &HiveType::Date)
            }
            ("current_timestamp" | "now", []) => {
                let now = calendar::format_timestamp(self.moment(name)?.micros());
                cast(text(&now.unwrap_or_default()), &HiveType::Timestamp)
            }
            ("coalesce" | "nvl" | "ifnull", [_, ..]) => {
                let last = args.pop();
                let conditions = args.into_iter().map(|arg| (is_given(&arg), arg));
                let conditions: Vec<_> = conditions.collect();
                match (conditions.is_empty(), last) {
                    (true, Some(only)) => only,
                    (_, last) => case(conditions, last),
                }
            }
            ("nullif", [a, b]) => {
                let null = Expr::Value(Value::Null.with_empty_span());
                let same = binary(a.clone(), BinaryOperator::Eq, take(b));
                case(vec![(same, null)], Some(take(a)))
            }
            ("if", [condition, a, b]) => case(vec![(take(condition), take(a))], Some(take(b))),
            ("isnull", [a]) => is_null(a),
            ("isnotnull", [a]) => is_given(a),
            (of, [value]) if CASTING.contains(&of) => {
                let hive = of.parse::<HiveType>().map_err(|error| error.to_string())?;
                cast(take(value), &hive)
            }
            _ if functions::is_public(name) => call(name, args),
            _ => return refuse(format!("the function `{name}`")),
        })
    }

    fn moment(&self, name: &str) -> Checked<Timestamp> {
        self.now.ok_or_else(|| format!("`{name}` has no time here"))
    }
}

fn arguments(args: &FunctionArguments) -> usize {
    match args {
        FunctionArguments::List(list) => list.args.len(),
        _ => 0,
    }
}

fn arguments_mut(args: &mut FunctionArguments) -> Vec<&mut FunctionArgExpr> {
    match args {
        FunctionArguments::List(list) => list
            .args
            .iter_mut()
            .filter_map(|arg| match arg {
                FunctionArg::Unnamed(arg) => Some(arg),
                _ => None,
            })
            .collect(),
        _ => Vec::new(),
    }
}

fn values(function: &mut Function) -> Vec<Expr> {
    match &mut function.args {
        FunctionArguments::List(list) => list
            .args
            .drain(..)
            .filter_map(|arg| match arg {
                FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr),
                _ => None,
            })
            .collect(),
        _ => Vec::new(),
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

fn cast_type(of: &DataType) -> Checked<HiveType> {
    let text = of.to_string().to_lowercase();
    let name = match text.as_str() {
        "byte" => "tinyint",
        "short" => "smallint",
        "integer" => "int",
        "long" => "bigint",
        "real" => "float",
        "text" => return refuse("a cast to text"),
        "dec" | "numeric" | "decimal" => "decimal(10,0)",
        other => other,
    };
    let hive = name.parse::<HiveType>();
    let hive = hive.map_err(|_| format!("a cast to {of} is not executed by windfarm yet"))?;
    let scalar = crate::engine::table::types::is_scalar(&hive);
    let sized = matches!(
        hive,
        HiveType::Char(_) | HiveType::Varchar(_) | HiveType::Void
    );
    if !scalar || sized {
        return refuse(format!("a cast to {of}"));
    }
    Ok(hive)
}

/// The Arrow type a `cast_…` function's name stands for.
pub fn cast_target(name: &str) -> Option<datafusion::arrow::datatypes::DataType> {
    let hive = name.strip_prefix("cast_")?.parse::<HiveType>().ok()?;
    Some(arrow_type(&hive))
}
