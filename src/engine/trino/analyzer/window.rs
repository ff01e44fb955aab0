//! Window functions.

use std::sync::Arc;

use datafusion::common::ScalarValue;
use datafusion::functions_window::{
    cume_dist::cume_dist_udwf,
    lead_lag::{lag_udwf, lead_udwf},
    nth_value::{first_value_udwf, last_value_udwf, nth_value_udwf},
    ntile::ntile_udwf,
    rank::{dense_rank_udwf, percent_rank_udwf, rank_udwf},
    row_number::row_number_udwf,
};
use datafusion::logical_expr::expr::{NullTreatment, WindowFunction, WindowFunctionParams};
use datafusion::logical_expr::{
    Expr, SortExpr, WindowFrame, WindowFrameBound, WindowFrameUnits, WindowFunctionDefinition,
    WindowUDF,
};

use super::super::ast::{Bound, Call, Expression, FrameUnit, Pos, SortItem, Window, WindowSpec};
use super::super::error::{Code, Result, TrinoError};
use super::super::types::Type;
use super::super::value::Value;
use super::aggregate::{self, AggregateCall};
use super::combine::{coerce, ordered};
use super::expression::Analyzer;
use super::scope::{Typed, column};

/// What a window computes.
#[derive(Clone, Debug)]
pub enum Computed {
    /// A ranking or value function: name and arguments.
    Function(Arc<WindowUDF>, Vec<Typed>),
    /// An aggregate over the frame.
    Aggregate(Box<AggregateCall>),
}

/// One window call; `id` is the column that will hold its result.
#[derive(Clone, Debug)]
pub struct WindowCall {
    /// Column of the result.
    pub id: String,
    /// What is computed.
    pub computed: Computed,
    /// PARTITION BY.
    pub partition_by: Vec<Typed>,
    /// ORDER BY: key, descending, nulls first.
    pub order_by: Vec<(Typed, bool, bool)>,
    /// The frame.
    pub frame: WindowFrame,
    /// IGNORE NULLS.
    pub ignore_nulls: bool,
    /// Result type.
    pub ty: Type,
}

impl WindowCall {
    /// All expressions of the call, to be rewritten in place.
    pub fn expressions(&mut self) -> Vec<&mut Typed> {
        let mut all: Vec<&mut Typed> = self.partition_by.iter_mut().collect();
        all.extend(self.order_by.iter_mut().map(|(key, ..)| key));
        match &mut self.computed {
            Computed::Function(_, arguments) => all.extend(arguments),
            Computed::Aggregate(call) => {
                all.extend(&mut call.arguments);
                all.extend(&mut call.filter);
                all.extend(call.order_by.iter_mut().map(|(key, ..)| key));
            }
        }
        all
    }

    /// The DataFusion window expressions, each with the column it is to be named, and the result over
    /// those columns.
    pub fn build(&self, fresh: &mut dyn FnMut() -> String) -> Result<(Vec<(String, Expr)>, Typed)> {
        let order_by: Vec<SortExpr> = self
            .order_by
            .iter()
            .map(|(key, descending, nulls_first)| {
                let key = super::query::sorted_by(key.expr.clone(), &key.ty);
                SortExpr::new(key, !descending, *nulls_first)
            })
            .collect();
        let window =
            |fun: WindowFunctionDefinition, args: Vec<Expr>, filter: Option<Expr>, distinct| {
                Expr::WindowFunction(Box::new(WindowFunction {
                    fun,
                    params: WindowFunctionParams {
                        args,
                        partition_by: self
                            .partition_by
                            .iter()
                            .map(|p| super::query::sorted_by(p.expr.clone(), &p.ty))
                            .collect(),
                        order_by: order_by.clone(),
                        window_frame: self.frame.clone(),
                        filter: filter.map(Box::new),
                        null_treatment: self.ignore_nulls.then_some(NullTreatment::IgnoreNulls),
                        distinct,
                    },
                }))
            };
        match &self.computed {
            Computed::Function(function, arguments) => {
                let id = fresh();
                let expr = window(
                    WindowFunctionDefinition::WindowUDF(Arc::clone(function)),
                    arguments.iter().map(|a| a.expr.clone()).collect(),
                    None,
                    false,
                );
                let cast = Expr::Cast(datafusion::logical_expr::Cast::new(
                    Box::new(column(&id)),
                    self.ty.arrow(),
                ));
                let result = Typed {
                    expr: cast,
                    ty: self.ty.clone(),
                    fails: false,
                    constant: None,
                };
                Ok((vec![(id, expr)], result))
            }
            Computed::Aggregate(call) => {
                let (parts, result) = aggregate::parts(call, fresh)?;
                let exprs = parts
                    .into_iter()
                    .map(|part| {
                        let fun = WindowFunctionDefinition::AggregateUDF(part.function);
                        let expr = window(fun, part.arguments, part.filter, part.distinct);
                        (part.id, expr)
                    })
                    .collect();
                Ok((exprs, result))
            }
        }
    }
}

impl Analyzer<'_> {
    pub(super) fn not_scalar(&self, pos: Pos, call: &Call) -> TrinoError {
        TrinoError::at(
            pos,
            Code::ExpressionNotScalar,
            format!(
                "{} clause cannot contain aggregations, window functions or grouping operations: [{call}]",
                self.clause_name()
            ),
        )
    }

    /// `f(…) OVER …`: gathered, its column returned.
    pub(super) fn window_call(
        &mut self,
        name: &str,
        call: &Call,
        over: &Window,
        pos: Pos,
    ) -> Result<Typed> {
        if self.gathered.is_none() || self.inside_aggregate || !self.lambda.is_empty() {
            return Err(self.not_scalar(pos, call));
        }
        if self.inside_window {
            return Err(TrinoError::at(
                pos,
                Code::NestedWindow,
                format!("Cannot nest window functions inside window function '{name}'"),
            ));
        }
        self.inside_window = true;
        let made = self.window_here(name, call, over, pos);
        self.inside_window = false;
        let made = made?;
        self.types.insert(made.id.clone(), made.ty.clone());
        let typed = Typed {
            expr: column(&made.id),
            ty: made.ty.clone(),
            fails: false,
            constant: None,
        };
        if let Some(gathered) = &mut self.gathered {
            gathered.windows.push(made);
        }
        Ok(typed)
    }

    fn window_here(
        &mut self,
        name: &str,
        call: &Call,
        over: &Window,
        pos: Pos,
    ) -> Result<WindowCall> {
        let spec = self.spec(over, pos)?;
        let partition_by = self.all(&spec.partition_by)?;
        let partition_by = partition_by
            .into_iter()
            .map(ordered)
            .collect::<Result<_>>()?;
        let mut order_by = self.sort_keys(&spec.order_by)?;
        self.widen_key(&spec, &mut order_by)?;
        let ranked = !order_by.is_empty();
        let key = match order_by.as_slice() {
            [(key, ..)] => Some(key.ty.clone()),
            _ => None,
        };
        let frame = self.frame(&spec, ranked, key.as_ref())?;
        let (computed, ty) = if aggregate::is_aggregate(name) {
            if call.distinct || !call.order_by.is_empty() {
                return Err(TrinoError::unsupported(
                    pos,
                    "DISTINCT or ORDER BY in window function parameters",
                ));
            }
            let aggregate = self.aggregate(name, call, pos)?;
            let ty = aggregate.ty.clone();
            (Computed::Aggregate(Box::new(aggregate)), ty)
        } else {
            if call.filter.is_some() {
                return Err(TrinoError::at(
                    pos,
                    Code::FunctionNotAggregate,
                    format!("FILTER is not allowed for function {name}"),
                ));
            }
            self.window_function(name, call, pos)?
        };
        Ok(WindowCall {
            id: self.planner.fresh(),
            computed,
            partition_by,
            order_by,
            frame,
            ignore_nulls: call.ignore_nulls,
            ty,
        })
    }

    fn window_function(&mut self, name: &str, call: &Call, pos: Pos) -> Result<(Computed, Type)> {
        let arguments = self.all(&call.arguments)?;
        let types: Vec<Type> = arguments.iter().map(|a| a.ty.clone()).collect();
        let constant_count = |at: usize| match arguments.get(at) {
            None => Ok(None),
            Some(Typed {
                constant: Some(Value::Int(n)),
                ..
            }) if *n >= 0 => Ok(Some(*n)),
            Some(_) => Err(TrinoError::unsupported(
                pos,
                format!("{name} with an offset that is not a constant"),
            )),
        };
        let (function, ty, arity) = match (name, types.as_slice()) {
            ("row_number", []) => (row_number_udwf(), Type::Bigint, 0),
            ("rank", []) => (rank_udwf(), Type::Bigint, 0),
            ("dense_rank", []) => (dense_rank_udwf(), Type::Bigint, 0),
            ("percent_rank", []) => (percent_rank_udwf(), Type::Double, 0),
            ("cume_dist", []) => (cume_dist_udwf(), Type::Double, 0),
            ("ntile", [_]) => {
                constant_count(0)?;
                (ntile_udwf(), Type::Bigint, 1)
            }
            ("lag" | "lead", [ty, ..]) if types.len() <= 3 => {
                constant_count(1)?;
                let function = if name == "lag" {
                    lag_udwf()
                } else {
                    lead_udwf()
                };
                (function, ty.clone(), types.len())
            }
            ("first_value", [ty]) => (first_value_udwf(), ty.clone(), 1),
            ("last_value", [ty]) => (last_value_udwf(), ty.clone(), 1),
            ("nth_value", [ty, _]) => {
                constant_count(1)?;
                (nth_value_udwf(), ty.clone(), 2)
            }
            (
                "row_number" | "rank" | "dense_rank" | "percent_rank" | "cume_dist" | "ntile"
                | "lag" | "lead" | "first_value" | "last_value" | "nth_value",
                _,
            ) => {
                let shown: Vec<String> = types.iter().map(ToString::to_string).collect();
                return Err(TrinoError::at(
                    pos,
                    Code::FunctionNotFound,
                    format!(
                        "Unexpected parameters ({}) for function {name}",
                        shown.join(", ")
                    ),
                ));
            }
            _ if super::super::functions::documented::is_documented(name) => {
                return Err(TrinoError::unsupported(
                    pos,
                    format!("Function {name} OVER"),
                ));
            }
            _ => {
                return Err(TrinoError::at(
                    pos,
                    Code::FunctionNotFound,
                    format!("Function '{name}' not registered"),
                ));
            }
        };
        let mut converted = Vec::with_capacity(arity);
        for (at, argument) in arguments.into_iter().enumerate() {
            let wanted = match (name, at) {
                ("lag" | "lead", 2) => ty.clone(),
                (_, 0) if name != "ntile" => ty.clone(),
                _ => Type::Bigint,
            };
            if !argument.ty.coerces_to(&wanted) {
                return Err(TrinoError::at(
                    pos,
                    Code::FunctionNotFound,
                    format!(
                        "Unexpected parameters ({}) for function {name}",
                        argument.ty
                    ),
                ));
            }
            converted.push(coerce(argument, &wanted)?);
        }
        Ok((Computed::Function(function, converted), ty))
    }

    fn sort_keys(&mut self, items: &[SortItem]) -> Result<Vec<(Typed, bool, bool)>> {
        let mut keys = Vec::new();
        for item in items {
            let key = self.analyze(&item.expression)?;
            self.planner.sortable(&key.ty, item.expression.pos)?;
            let key = ordered(key)?;
            keys.push((key, item.descending, item.nulls_first));
        }
        Ok(keys)
    }

    /// The specification, with what it takes over from a named window.
    fn spec(&self, over: &Window, pos: Pos) -> Result<WindowSpec> {
        let missing = |name: &super::Identifier| {
            TrinoError::at(
                name.pos,
                Code::InvalidWindowFrame,
                format!("Cannot resolve WINDOW name {}", name.value),
            )
        };
        match over {
            Window::Named(name) => self
                .specs
                .get(&name.key())
                .cloned()
                .ok_or_else(|| missing(name)),
            Window::Spec(spec) => match &spec.base {
                None => Ok(spec.as_ref().clone()),
                Some(base) => {
                    let mut all = self
                        .specs
                        .get(&base.key())
                        .cloned()
                        .ok_or_else(|| missing(base))?;
                    if !spec.partition_by.is_empty() {
                        return Err(TrinoError::at(
                            pos,
                            Code::InvalidWindowFrame,
                            "WINDOW specification with named WINDOW reference cannot specify PARTITION BY",
                        ));
                    }
                    if !spec.order_by.is_empty() {
                        all.order_by.clone_from(&spec.order_by);
                    }
                    if spec.frame.is_some() {
                        all.frame.clone_from(&spec.frame);
                    }
                    Ok(all)
                }
            },
        }
    }

    fn frame(
        &mut self,
        spec: &WindowSpec,
        ranked: bool,
        key: Option<&Type>,
    ) -> Result<WindowFrame> {
        let Some(frame) = &spec.frame else {
            return Ok(WindowFrame::new(ranked.then_some(false)));
        };
        let invalid = |message: &str| TrinoError::at(frame.pos, Code::InvalidWindowFrame, message);
        let (units, unbounded) = match frame.unit {
            FrameUnit::Rows => (WindowFrameUnits::Rows, ScalarValue::UInt64(None)),
            FrameUnit::Groups => (WindowFrameUnits::Groups, ScalarValue::UInt64(None)),
            FrameUnit::Range => (WindowFrameUnits::Range, ScalarValue::Null),
        };
        if frame.unit == FrameUnit::Groups && !ranked {
            return Err(TrinoError::at(
                frame.pos,
                Code::MissingOrderBy,
                "Window frame of type GROUPS requires ORDER BY",
            ));
        }
        let current = Bound::CurrentRow;
        let end = frame.end.as_ref().unwrap_or(&current);
        match (&frame.start, end) {
            (Bound::UnboundedFollowing, _) => {
                return Err(invalid("Window frame start cannot be UNBOUNDED FOLLOWING"));
            }
            (_, Bound::UnboundedPreceding) => {
                return Err(invalid("Window frame end cannot be UNBOUNDED PRECEDING"));
            }
            (Bound::CurrentRow, Bound::Preceding(_)) => {
                return Err(invalid(
                    "Window frame starting from CURRENT ROW cannot end with PRECEDING",
                ));
            }
            (Bound::Following(_), Bound::Preceding(_)) => {
                return Err(invalid(
                    "Window frame starting from FOLLOWING cannot end with PRECEDING",
                ));
            }
            (Bound::Following(_), Bound::CurrentRow) => {
                return Err(invalid(
                    "Window frame starting from FOLLOWING cannot end with CURRENT ROW",
                ));
            }
            _ => {}
        }
        let mut bound = |bound: &Bound| {
            Ok::<_, TrinoError>(match bound {
                Bound::UnboundedPreceding => WindowFrameBound::Preceding(unbounded.clone()),
                Bound::UnboundedFollowing => WindowFrameBound::Following(unbounded.clone()),
                Bound::CurrentRow => WindowFrameBound::CurrentRow,
                Bound::Preceding(n) => WindowFrameBound::Preceding(self.offset(n, units, key)?),
                Bound::Following(n) => WindowFrameBound::Following(self.offset(n, units, key)?),
            })
        };
        let (start, end) = (bound(&frame.start)?, bound(end)?);
        let is_empty = match (&start, &end) {
            (WindowFrameBound::Preceding(from), WindowFrameBound::Preceding(to)) => from < to,
            (WindowFrameBound::Following(from), WindowFrameBound::Following(to)) => from > to,
            _ => false,
        };
        if is_empty
            && !matches!(
                start,
                WindowFrameBound::Preceding(ScalarValue::UInt64(None))
            )
        {
            return Err(TrinoError::unsupported(
                frame.pos,
                "A window frame that ends before it starts",
            ));
        }
        Ok(WindowFrame::new_bounds(units, start, end))
    }

    fn offset(
        &mut self,
        expression: &Expression,
        units: WindowFrameUnits,
        key: Option<&Type>,
    ) -> Result<ScalarValue> {
        if units == WindowFrameUnits::Range {
            return self.range_offset(expression, key);
        }
        match self.analyze(expression)?.constant {
            Some(Value::Int(n)) if n >= 0 => Ok(ScalarValue::UInt64(u64::try_from(n).ok())),
            Some(_) => Err(TrinoError::at(
                expression.pos,
                Code::InvalidWindowFrame,
                "Window frame offset value must not be negative or null",
            )),
            None => Err(TrinoError::unsupported(
                expression.pos,
                "Window frame offset that is not a constant",
            )),
        }
    }

    /// A sort key that a wider offset is added to is as wide as it.
    fn widen_key(&mut self, spec: &WindowSpec, order_by: &mut [(Typed, bool, bool)]) -> Result<()> {
        let (Some(frame), [(key, ..)]) = (&spec.frame, order_by) else {
            return Ok(());
        };
        if frame.unit != FrameUnit::Range || !key.ty.is_numeric() {
            return Ok(());
        }
        for bound in [Some(&frame.start), frame.end.as_ref()]
            .into_iter()
            .flatten()
        {
            if let Bound::Preceding(offset) | Bound::Following(offset) = bound {
                let offset = self.analyze(offset)?.ty;
                if let Some(common) = key.ty.common(&offset).filter(Type::is_numeric) {
                    *key = coerce(key.clone(), &common)?;
                }
            }
        }
        Ok(())
    }

    /// An offset that is added to the only sort key.
    fn range_offset(&mut self, expression: &Expression, key: Option<&Type>) -> Result<ScalarValue> {
        let pos = expression.pos;
        let Some(key) = key else {
            return Err(TrinoError::at(
                pos,
                Code::InvalidOrderBy,
                "Window frame of type RANGE PRECEDING or FOLLOWING requires single sort item in ORDER BY",
            ));
        };
        let offset = self.analyze(expression)?;
        let refused = || {
            TrinoError::at(
                pos,
                Code::InvalidWindowFrame,
                "Window frame offset value must not be negative or null",
            )
        };
        let fits = match (&offset.ty, key) {
            (Type::Unknown, _) => true,
            (ty, key) if key.is_numeric() => ty.coerces_to(key),
            (Type::IntervalDay | Type::IntervalYear, Type::Date | Type::Timestamp(0..=6)) => true,
            (Type::IntervalDay | Type::IntervalYear, Type::Timestamp(_)) => {
                return Err(TrinoError::unsupported(
                    pos,
                    format!("RANGE frame over {key}"),
                ));
            }
            _ => false,
        };
        if !fits {
            return Err(TrinoError::at(
                pos,
                Code::TypeMismatch,
                format!(
                    "Window frame offset value type ({}) not compatible with sort item type ({key})",
                    offset.ty
                ),
            ));
        }
        let Some(value) = offset.constant.clone() else {
            return Err(TrinoError::unsupported(
                pos,
                "Window frame offset that is not a constant",
            ));
        };
        let negative = match &value {
            Value::Null => true,
            Value::Int(i) => *i < 0,
            Value::Decimal(d) => *d < 0,
            Value::Double(x) => *x < 0.0 || x.is_nan(),
            Value::Real(x) => *x < 0.0 || x.is_nan(),
            _ => false,
        };
        if negative {
            return Err(refused());
        }
        match (&offset.ty, &value) {
            (Type::IntervalDay, Value::Int(millis)) => {
                let (days, rest) = (millis / 86_400_000, millis % 86_400_000);
                let days = i32::try_from(days).map_err(|_| refused())?;
                Ok(ScalarValue::new_interval_mdn(0, days, rest * 1_000_000))
            }
            (Type::IntervalYear, Value::Int(months)) => {
                let months = i32::try_from(*months).map_err(|_| refused())?;
                Ok(ScalarValue::new_interval_mdn(months, 0, 0))
            }
            _ => match coerce(offset, key)?.constant {
                Some(value) => super::super::value::scalar_of(value, key),
                None => Err(refused()),
            },
        }
    }
}
