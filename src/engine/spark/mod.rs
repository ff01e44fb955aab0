//! Spark's meaning of SQL, as a Glue job's `SparkSQL` node has it, with ANSI mode off.
//!
//! sqlparser reads the text in Spark's dialect, the [gate] lets through what is executed and
//! rewrites it, and DataFusion plans it with our [operators], [functions] and [casts](cast).

pub mod cast;
pub mod function;
pub mod functions;
mod gate;
pub mod number;
mod operators;

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::arrow::datatypes::DataType;
use datafusion::common::TableReference;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::config::ConfigOptions;
use datafusion::datasource::{ViewTable, provider_as_source};
use datafusion::logical_expr::planner::{ContextProvider, ExprPlanner};
use datafusion::logical_expr::{
    AggregateUDF, Expr, ExprSchemable, HigherOrderUDF, LogicalPlan, LogicalPlanBuilder, ScalarUDF,
    TableSource, WindowUDF,
};
use datafusion::sql::planner::{ParserOptions, SqlToRel};
use datafusion::sql::sqlparser::ast::{SelectItem, SetExpr, Statement};
use datafusion::sql::sqlparser::dialect::SparkSqlDialect;
use datafusion::sql::sqlparser::parser::Parser;

use self::gate::{AGGREGATES, Gate, WINDOWS};
use crate::base::Timestamp;
use crate::engine::error::{Error, Result};
use crate::engine::session::Session;

/// A query whose constructs and functions are all executed.
#[derive(Clone, Debug)]
pub struct Query {
    query: datafusion::sql::sqlparser::ast::Query,
}

impl Query {
    /// Parses and checks a query; the error names what is not executed.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim().trim_end_matches(';');
        let dialect = SparkSqlDialect {};
        let mut statements =
            Parser::parse_sql(&dialect, text).map_err(|error| error.to_string())?;
        let (Some(Statement::Query(query)), true) = (statements.pop(), statements.is_empty())
        else {
            return Err("it must be one SELECT".to_owned());
        };
        let query = Self { query: *query };
        // The time does not matter for what is refused.
        Gate::new(Some(Timestamp::EPOCH)).query(&mut query.query.clone())?;
        Ok(query)
    }

    /// The plan over tables of these names; columns keep the spelling the query gives them.
    pub fn plan(
        &self,
        session: &Session,
        tables: Vec<(String, LogicalPlan)>,
        now: Timestamp,
    ) -> Result<LogicalPlan> {
        let mut spellings = spellings(&self.query.body);
        let mut sources: BTreeMap<String, Arc<dyn TableSource>> = BTreeMap::new();
        for (name, plan) in tables {
            for column in plan.schema().columns() {
                let lower = column.name.to_lowercase();
                spellings.entry(lower).or_insert(column.name);
            }
            let view = ViewTable::new(lowered(plan)?, None);
            sources.insert(name.to_lowercase(), provider_as_source(Arc::new(view)));
        }
        let mut query = self.query.clone();
        Gate::new(Some(now))
            .query(&mut query)
            .map_err(Error::Unsupported)?;
        let options = session.context().copied_config().options().as_ref().clone();
        let names = Names { sources, options };
        let planner = SqlToRel::new_with_options(&names, ParserOptions::default());
        let plan = planner.sql_statement_to_plan(Statement::Query(Box::new(query)))?;
        check_types(&plan)?;
        let columns = plan.schema().columns().into_iter().map(|column| {
            let spelling = spellings.get(&column.name.to_lowercase());
            let name = spelling.cloned().unwrap_or_else(|| column.name.clone());
            Expr::Column(column).alias(name)
        });
        let columns: Vec<Expr> = columns.collect();
        Ok(LogicalPlanBuilder::from(plan).project(columns)?.build()?)
    }
}

/// The rows with their columns named in lower case.
fn lowered(plan: LogicalPlan) -> Result<LogicalPlan> {
    let columns = plan.schema().columns();
    let mut seen: Vec<String> = Vec::new();
    for column in &columns {
        let lower = column.name.to_lowercase();
        if seen.contains(&lower) {
            return Err(Error::Invalid(format!("the column `{lower}` is ambiguous")));
        }
        seen.push(lower);
    }
    let columns = columns.into_iter().zip(seen);
    let columns = columns.map(|(column, lower)| Expr::Column(column).alias(lower));
    let columns: Vec<Expr> = columns.collect();
    Ok(LogicalPlanBuilder::from(plan).project(columns)?.build()?)
}

/// How the query spells the columns it puts out, by their names in lower case.
fn spellings(body: &SetExpr) -> BTreeMap<String, String> {
    use datafusion::sql::sqlparser::ast::Expr as Ast;
    let mut found = BTreeMap::new();
    let mut body = body;
    let select = loop {
        match body {
            SetExpr::Select(select) => break select,
            SetExpr::Query(query) => body = &query.body,
            SetExpr::SetOperation { left, .. } => body = left,
            _ => return found,
        }
    };
    for item in &select.projection {
        let ident = match item {
            SelectItem::ExprWithAlias { alias, .. } => Some(alias),
            SelectItem::UnnamedExpr(Ast::Identifier(ident)) => Some(ident),
            SelectItem::UnnamedExpr(Ast::CompoundIdentifier(parts)) => parts.last(),
            _ => None,
        };
        if let Some(ident) = ident {
            found.insert(ident.value.to_lowercase(), ident.value.clone());
        }
    }
    found
}

/// What the planner may look up: the inputs, and functions with Spark's meaning. Nothing else.
struct Names {
    sources: BTreeMap<String, Arc<dyn TableSource>>,
    options: ConfigOptions,
}

impl ContextProvider for Names {
    fn get_table_source(
        &self,
        name: TableReference,
    ) -> datafusion::common::Result<Arc<dyn TableSource>> {
        let source = self.sources.get(name.table()).cloned();
        source.ok_or_else(|| {
            let known: Vec<_> = self.sources.keys().map(String::as_str).collect();
            Error::Invalid(format!(
                "the table `{}` cannot be found; the inputs are: {}",
                name.table(),
                known.join(", ")
            ))
            .into()
        })
    }

    fn get_expr_planners(&self) -> &[Arc<dyn ExprPlanner>] {
        static PLANNERS: std::sync::LazyLock<Vec<Arc<dyn ExprPlanner>>> =
            std::sync::LazyLock::new(|| vec![Arc::new(operators::SparkOperators)]);
        &PLANNERS
    }

    fn get_function_meta(&self, name: &str) -> Option<Arc<ScalarUDF>> {
        match gate::cast_target(name) {
            Some(to) => Some(function::cast_udf(&to)),
            None => functions::find(name),
        }
    }

    fn get_higher_order_meta(&self, _name: &str) -> Option<Arc<HigherOrderUDF>> {
        None
    }

    fn get_aggregate_meta(&self, name: &str) -> Option<Arc<AggregateUDF>> {
        use datafusion::functions_aggregate as aggregates;
        AGGREGATES.iter().find(|(_, own)| *own == name)?;
        aggregates::all_default_aggregate_functions()
            .into_iter()
            .find(|f| f.name() == name || f.aliases().iter().any(|alias| alias == name))
    }

    fn get_window_meta(&self, name: &str) -> Option<Arc<WindowUDF>> {
        WINDOWS.contains(&name).then_some(())?;
        let all = datafusion::functions_window::all_default_window_functions();
        all.into_iter().find(|f| f.name() == name)
    }

    fn get_variable_type(&self, _names: &[String]) -> Option<DataType> {
        None
    }

    fn options(&self) -> &ConfigOptions {
        &self.options
    }

    fn udf_names(&self) -> Vec<String> {
        Vec::new()
    }

    fn higher_order_function_names(&self) -> Vec<String> {
        Vec::new()
    }

    fn udaf_names(&self) -> Vec<String> {
        Vec::new()
    }

    fn udwf_names(&self) -> Vec<String> {
        Vec::new()
    }
}

/// Refuses what DataFusion would coerce by its own rules: branches of CASE and arguments of
/// aggregates whose types Spark treats otherwise.
fn check_types(plan: &LogicalPlan) -> Result<()> {
    let mut refused: Option<Error> = None;
    plan.apply_with_subqueries(|node| {
        let inputs = node.inputs();
        node.apply_expressions(|expr| {
            expr.apply(|expr| {
                for input in &inputs {
                    let schema = input.schema();
                    let of = |expr: &Expr| expr.get_type(schema.as_ref()).ok();
                    if let Some(error) = check_expr(expr, &of) {
                        refused.get_or_insert(error);
                        return Ok(TreeNodeRecursion::Stop);
                    }
                }
                Ok(TreeNodeRecursion::Continue)
            })
        })
    })?;
    refused.map_or(Ok(()), Err)
}

fn check_expr(expr: &Expr, of: &impl Fn(&Expr) -> Option<DataType>) -> Option<Error> {
    match expr {
        Expr::Case(case) => {
            let branches = case.when_then_expr.iter().map(|(_, then)| then.as_ref());
            let branches = branches.chain(case.else_expr.as_deref());
            let mut types: Vec<DataType> = Vec::new();
            for found in branches.filter_map(of) {
                let found = cast::plain_type(&found);
                if found != DataType::Null && !types.contains(&found) {
                    types.push(found);
                }
            }
            let meets = |a: &DataType, b: &DataType| {
                // DataFusion's common type of these is Spark's.
                let same_kind = a.is_integer() && b.is_integer();
                let to_double = (a.is_integer() && *b == DataType::Float64)
                    || (b.is_integer() && *a == DataType::Float64);
                same_kind || to_double
            };
            let mut pairs = types.windows(2).map(|pair| (pair.first(), pair.last()));
            let odd = pairs.any(|pair| !matches!(pair, (Some(a), Some(b)) if meets(a, b)));
            odd.then(|| {
                let names: Vec<String> = types.iter().map(cast::name).collect();
                Error::Unsupported(format!(
                    "CASE, IF or COALESCE over {} is not executed by windfarm: cast them to one type",
                    names.join(" and ")
                ))
            })
        }
        Expr::AggregateFunction(aggregate) => {
            let name = aggregate.func.name();
            check_aggregate(name, aggregate.params.args.first().and_then(of))
        }
        Expr::WindowFunction(window) => {
            check_aggregate(window.fun.name(), window.params.args.first().and_then(of))
        }
        Expr::Like(like) => {
            let text =
                |expr: &Expr| of(expr).is_none_or(|of| cast::plain_type(&of) == DataType::Utf8);
            (!text(&like.expr) || !text(&like.pattern)).then(|| {
                Error::Unsupported(
                    "LIKE on other than strings is not executed by windfarm: cast to string"
                        .to_owned(),
                )
            })
        }
        _ => None,
    }
}

fn check_aggregate(name: &str, of: Option<DataType>) -> Option<Error> {
    let of = cast::plain_type(&of?);
    let numeric = of.is_integer() || of.is_floating() || of == DataType::Null;
    let executed = match name {
        "sum" => numeric || of.is_decimal(),
        "avg" | "stddev" | "stddev_pop" | "var" | "var_pop" | "var_samp" | "stddev_samp" => numeric,
        _ => true,
    };
    (!executed).then(|| {
        Error::Unsupported(format!(
            "`{name}` of {} is not executed by windfarm: cast to double",
            cast::name(&of)
        ))
    })
}

#[cfg(test)]
mod tests;
