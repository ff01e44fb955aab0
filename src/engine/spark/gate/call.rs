//! Calls of functions: aggregates, windows and scalars, under the names they are executed by.

use datafusion::sql::sqlparser::ast::*;

use super::syntax::{binary, call, case, cast, refuse, take, text};
use super::{Checked, Gate};
use crate::base::Timestamp;
use crate::engine::calendar;
use crate::engine::spark::functions;
use crate::glue::hive_type::HiveType;

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

impl Gate {
    /// Checks and rewrites a call.
    pub(super) fn function(&self, function: &mut Function) -> Checked<Expr> {
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
